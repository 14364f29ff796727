"""Iterating a map: a plain Python loop for short runs, the same loop in machine code for long ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inscape.systems.array_backends import numba_kernel
from inscape.systems.definition import Definition

WORTH_COMPILING = 300_000
"""Fewer iterates than this take less time in plain Python than their compilation would."""


def iterate(
    definition: Definition,
    start: Float[np.ndarray, "run state"],
    parameters: Float[np.ndarray, "run parameter"],
    inputs: Float[np.ndarray, "run step input"],
    first: int,
    recorded: Int[np.ndarray, "time"],
) -> tuple[Float[np.ndarray, "run time state"], Int[np.ndarray, "run"]]:
    """States of each run after `recorded` (rising) numbers of iterates.

    Parameters
    ----------
    inputs : one row for each iterate; with no column if the map is not driven. One run serves all.
    first : step number of the initial states, which the law may use as time.

    Returns
    -------
    states, and how many of them are finite in each run; a run stops at the first that is not.
    """
    kernel = numba_kernel(definition, definition.expressions)
    states = np.full((len(start), len(recorded), start.shape[1]), np.nan)
    good = np.zeros(len(start), dtype=np.int64)
    work = len(start) * int(recorded[-1])
    driving = np.broadcast_to(inputs, (len(start), *inputs.shape[1:]))
    for run in range(len(start)):
        arguments = (start[run], parameters[run], driving[run], float(first), recorded, states[run])
        good[run] = _once(kernel, work, arguments)
    return states, good


def _once(kernel: Any, work: int, arguments: tuple[Any, ...]) -> int:
    if work < WORTH_COMPILING and not kernel.signatures:
        try:
            return _plain(kernel.py_func, *arguments)
        except (ArithmeticError, ValueError, TypeError):
            # Python raises, or makes a complex number, where machine code goes on with infinity or NaN and tells where.
            pass
    return _compiled()(kernel, *arguments)


def _plain(
    kernel: Callable[..., None],
    start: np.ndarray,
    parameters: np.ndarray,
    inputs: np.ndarray,
    first: float,
    recorded: np.ndarray,
    out: np.ndarray,
) -> int:
    x = start.tolist()
    p = parameters.tolist()
    constants = len(p)
    p += [0.0] * inputs.shape[1]
    wanted = recorded.tolist()
    row = 0
    for step in range(wanted[-1] + 1):
        if step == wanted[row]:
            out[row] = x
            row += 1
            if row == len(wanted):
                break
        if len(p) > constants:
            p[constants:] = inputs[step].tolist()
        kernel(x, p, first + step, x)
        if not all(-np.inf < v < np.inf for v in x):
            break
    return row


@cache
def _compiled() -> Callable[..., int]:
    import numba

    @numba.njit(error_model="numpy")
    def loop(
        kernel: Any,
        start: np.ndarray,
        parameters: np.ndarray,
        inputs: np.ndarray,
        first: float,
        recorded: np.ndarray,
        out: np.ndarray,
    ) -> int:
        x = start.copy()
        constants = len(parameters)
        p = np.empty(constants + inputs.shape[1])
        p[:constants] = parameters
        row = 0
        for step in range(recorded[-1] + 1):
            if step == recorded[row]:
                out[row] = x
                row += 1
                if row == len(recorded):
                    break
            if len(p) > constants:
                p[constants:] = inputs[step]
            kernel(x, p, first + step, x)
            if not np.isfinite(x).all():
                break
        return row

    return loop
