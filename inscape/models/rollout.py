"""Iterating a sparse discrete law: one compiled kernel reads any polynomial law, so nothing is compiled per law."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.models.dictionary import Monomials
from inscape.models.sparse_law import SparseLaw

Tape = tuple[np.ndarray, np.ndarray, np.ndarray]


def rollout(
    law: SparseLaw,
    initial: Float[np.ndarray, "world state"],
    steps: int,
    inputs: Float[np.ndarray, "world step input"] | None = None,
    project: Any = None,
) -> Float[np.ndarray, "world step+1 state"]:
    """States of many worlds under a discrete law, the initial one first.

    Parameters
    ----------
    inputs : the input that acts during each step, where the law is driven.
    project : a function (world, state) -> (world, state) applied after each step, e.g. back onto a circle.
    """
    worlds, dimension = initial.shape
    states = np.empty((worlds, steps + 1, dimension))
    states[:, 0] = initial
    read = tape(law) if isinstance(law.terms, Monomials) else None
    if project is None and read is not None:
        acting = np.zeros((worlds, steps, 0)) if inputs is None else np.ascontiguousarray(inputs, dtype=float)
        _kernel()(states, acting, *read)
        return states
    for step in range(steps):
        pushed = None if inputs is None else inputs[:, step]
        following = law.rhs(states[:, step], pushed) if read is None else next_states(read, states[:, step], pushed)
        states[:, step + 1] = following if project is None else project(following)
    return states


def next_states(
    read: Tape, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
) -> Float[np.ndarray, "*batch state"]:
    """One step of a polynomial law that was read into a `tape`."""
    shape = states.shape if inputs is None else inputs.shape[:-1] + states.shape[-1:]
    pair = np.empty((int(np.prod(shape[:-1])), 2, shape[-1]))
    pair[:, 0] = np.broadcast_to(states, shape).reshape(-1, shape[-1])
    acting = np.zeros((len(pair), 1, 0)) if inputs is None else inputs.reshape(len(pair), 1, -1).astype(float)
    _kernel()(pair, acting, *read)
    return pair[:, 1].reshape(shape)


def tape(law: SparseLaw) -> Tape:
    """The law as arrays: products (slot, 2) of earlier slots, and (state, slot) pairs with their coefficients.

    Slots begin with the variables and the number one; each later slot is the product of two before it. Only terms that
    the law uses are there.
    """
    terms = law.terms
    assert isinstance(terms, Monomials)
    variables = len(terms.variables)
    where: dict[tuple[int, ...], int] = {}
    products: list[tuple[int, int]] = []

    def slot(row: tuple[int, ...]) -> int:
        raised = [i for i, k in enumerate(row) if k]
        if not raised:
            return variables
        if sum(row) == 1:
            return raised[0]
        if row not in where:
            lower = list(row)
            lower[raised[-1]] -= 1
            pair = (slot(tuple(lower)), raised[-1])
            products.append(pair)
            where[row] = variables + len(products)
        return where[row]

    states, used = np.nonzero(law.coefficients)
    slots = [slot(tuple(int(k) for k in terms.powers[index])) for index in used]
    rows = np.stack([states, np.array(slots, dtype=int)], axis=1) if len(slots) else np.empty((0, 2), dtype=int)
    return np.array(products, dtype=int).reshape(-1, 2), rows, law.coefficients[states, used].astype(float)


@cache
def _kernel() -> Any:
    import numba

    @numba.njit(cache=True, fastmath=False)
    def iterate(states, inputs, products, rows, values):  # type: ignore[no-untyped-def]
        worlds, count, dimension = states.shape
        driven = inputs.shape[2]
        base = dimension + driven
        slots = np.empty(base + 1 + len(products))
        slots[base] = 1.0
        for world in range(worlds):
            for step in range(count - 1):
                for i in range(dimension):
                    slots[i] = states[world, step, i]
                for i in range(driven):
                    slots[dimension + i] = inputs[world, step, i]
                for k in range(len(products)):
                    slots[base + 1 + k] = slots[products[k, 0]] * slots[products[k, 1]]
                for i in range(dimension):
                    states[world, step + 1, i] = 0.0
                for k in range(len(values)):
                    states[world, step + 1, rows[k, 0]] += values[k] * slots[rows[k, 1]]

    return iterate
