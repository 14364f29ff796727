"""A map and its tangent map as machine code: the image of a state and the Jacobian there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from numba import njit, types

if TYPE_CHECKING:
    from inscape.systems.definition import Definition

_vector, _matrix = types.float64[::1], types.float64[:, ::1]
TANGENT_MAP = types.void(_vector, _vector, _vector, _matrix)
"""(state, parameters, image to be written, Jacobian to be written)."""

_STEPWISE = (sympy.floor, sympy.ceiling, sympy.sign, sympy.Heaviside)


def tangent_map(definition: Definition) -> Callable[..., None]:
    """The compiled tangent map of a law, with signature `TANGENT_MAP`; laws that differ in numbers share it."""
    own = getattr(definition, "tangent_map", None)
    if own is not None:  # a law of many nodes brings machine code, since sympy would take minutes
        made: Callable[..., None] = own()
        return made
    return _compiled(definition.expressions, definition.states, definition.parameter_symbols)


def almost_everywhere_jacobian(
    expressions: Sequence[sympy.Expr], states: Sequence[sympy.Symbol]
) -> list[list[sympy.Expr]]:
    """d(expression)/d(state) between the jumps: floor, sign, Heaviside and the like have derivative zero there."""
    plain = [e.replace(sympy.Mod, lambda u, m: u - m * sympy.floor(u / m)) for e in expressions]
    steps = sorted({a for e in plain for a in e.atoms(*_STEPWISE)}, key=lambda a: -a.count_ops())
    held = {a: sympy.Dummy(f"step_{k}", real=True) for k, a in enumerate(steps)}
    released = {dummy: a for a, dummy in held.items()}
    rows = []
    for e in plain:
        frozen = e.xreplace(held)
        # A derivative can bring new jumps (Abs gives sign), but those multiply nothing singular.
        rows.append([sympy.diff(frozen, s).xreplace(released) for s in states])
    return rows


@lru_cache(maxsize=256)
def _compiled(
    expressions: tuple[sympy.Expr, ...], states: tuple[sympy.Symbol, ...], parameters: tuple[sympy.Symbol, ...]
) -> Callable[..., None]:
    jacobian = [entry for row in almost_everywhere_jacobian(expressions, states) for entry in row]
    # Names of states and parameters may be words of Python (lambda); array slots are not.
    slots = {s: sympy.Symbol(f"state[{i}]", real=True) for i, s in enumerate(states)}
    slots |= {p: sympy.Symbol(f"parameters[{i}]", real=True) for i, p in enumerate(parameters)}
    sides = [e.rewrite(sympy.Heaviside, sympy.Piecewise) for e in [*expressions, *jacobian]]
    shared, sides = sympy.cse([_without_heaviside(e).xreplace(slots) for e in sides], sympy.numbered_symbols("_c"))
    size = len(states)
    lines = [f"    {name} = {_code(e)}" for name, e in shared]
    lines += [f"    image[{i}] = {_code(e)}" for i, e in enumerate(sides[:size])]
    lines += [f"    jacobian[{k // size}, {k % size}] = {_code(e)}" for k, e in enumerate(sides[size:])]
    source = "def step(state, parameters, image, jacobian):\n" + "\n".join(lines) + "\n"
    import math

    scope: dict[str, Any] = {"math": math}
    exec(compile(source, f"<tangent map of {size} variables>", "exec"), scope)
    return njit(TANGENT_MAP)(scope["step"])


def _without_heaviside(e: sympy.Expr) -> sympy.Expr:
    return e.replace(sympy.Heaviside, lambda u, *at: sympy.Piecewise((1, u > 0), (0, True)))


def _code(e: sympy.Expr) -> str:
    from sympy.printing.pycode import PythonCodePrinter

    return str(PythonCodePrinter({"fully_qualified_modules": True, "standard": "python3"}).doprint(e))


@njit(cache=True)
def _fresh_direction(frame, k):  # type: ignore[no-untyped-def]
    size = frame.shape[0]
    best, best_norm = 0, -1.0
    for axis in range(size):
        norm = 1.0
        for m in range(k):
            norm -= frame[axis, m] ** 2
        if norm > best_norm:
            best, best_norm = axis, norm
    frame[:, k] = 0.0
    frame[best, k] = 1.0
    for _ in range(2):
        for m in range(k):
            along = 0.0
            for i in range(size):
                along += frame[i, m] * frame[i, k]
            for i in range(size):
                frame[i, k] -= along * frame[i, m]
        norm = 0.0
        for i in range(size):
            norm += frame[i, k] ** 2
        for i in range(size):
            frame[i, k] /= np.sqrt(norm)


@njit(cache=True)
def _log_abs_det(matrix):  # type: ignore[no-untyped-def]
    """log |det| by elimination with pivots."""
    a = matrix.copy()
    size = a.shape[0]
    total = 0.0
    for c in range(size):
        pivot = c
        for r in range(c + 1, size):
            if abs(a[r, c]) > abs(a[pivot, c]):
                pivot = r
        if a[pivot, c] == 0.0:
            return -np.inf
        if pivot != c:
            for j in range(size):
                a[c, j], a[pivot, j] = a[pivot, j], a[c, j]
        total += np.log(abs(a[c, c]))
        for r in range(c + 1, size):
            factor = a[r, c] / a[c, c]
            for j in range(c, size):
                a[r, j] -= factor * a[c, j]
    return total


@njit(
    [
        types.int64(
            types.FunctionType(TANGENT_MAP),
            _vector,
            _vector,
            _matrix,
            types.int64,
            types.int64,
            _matrix,
            _vector,
        )
    ],
    cache=True,
)
def advance_tangent(step, parameters, state, tangent, samples, per_sample, growth, contraction):  # type: ignore[no-untyped-def]
    """Iterate a map with `k` orthonormal tangent vectors, in place.

    The vectors are orthonormalised (modified Gram-Schmidt, twice) after every iteration, so that no contraction is
    too strong. Adds the logarithms of their growth to `growth` (sample, k) and log |det Jacobian| to `contraction`
    (sample,). Returns the number of samples done: fewer than asked if the state left every bounded region.
    """
    size, count = tangent.shape
    image = np.empty(size)
    jacobian = np.empty((size, size))
    moved = np.empty((size, count))
    for sample in range(samples):
        for _ in range(per_sample):
            step(state, parameters, image, jacobian)
            for i in range(size):
                if not np.isfinite(image[i]) or abs(image[i]) > 1e100:
                    return sample
                state[i] = image[i]
            for i in range(size):
                for k in range(count):
                    total = 0.0
                    for j in range(size):
                        total += jacobian[i, j] * tangent[j, k]
                    moved[i, k] = total
            for k in range(count):
                before = 0.0
                for i in range(size):
                    before += moved[i, k] * moved[i, k]
                before = np.sqrt(before)
                for _again in range(2):
                    for m in range(k):
                        along = 0.0
                        for i in range(size):
                            along += moved[i, m] * moved[i, k]
                        for i in range(size):
                            moved[i, k] -= along * moved[i, m]
                norm = 0.0
                for i in range(size):
                    norm += moved[i, k] * moved[i, k]
                norm = np.sqrt(norm)
                if norm <= 1e-15 * before or norm == 0.0:
                    # A direction that the map crushes: minus infinity, and any fresh direction goes on.
                    growth[sample, k] = -np.inf
                    _fresh_direction(moved, k)
                else:
                    growth[sample, k] += np.log(norm)
                    for i in range(size):
                        moved[i, k] /= norm
            tangent[:, :] = moved
            contraction[sample] += _log_abs_det(jacobian)
    return samples
