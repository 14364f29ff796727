"""A genetic search for a good order of the batches: order crossover and swap mutation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.probes.order.orders import random_orders

if TYPE_CHECKING:
    from inscape.probes.order.estimate import Estimate
    from inscape.probes.order.estimator import Estimator

Fitness = Callable[[Int[np.ndarray, "order time"]], Float[np.ndarray, "order"]]
ELITE = 4
TOURNAMENT = 3
MUTATION = 0.4


@dataclass(frozen=True, eq=False)
class Search:
    """What a search found.

    Attributes
    ----------
    order : the best of the finalists.
    estimate : the network it would lead to.
    fitness : its loss at the estimated parameters.
    finalists : the orders that were looked at closely, and their losses there.
    history : the best estimated loss of every generation (generation,).
    evaluated : how many orders were estimated.
    """

    order: tuple[int, ...]
    estimate: Estimate
    fitness: float
    finalists: Int[np.ndarray, "finalist time"]
    finalist_losses: Float[np.ndarray, "finalist"]
    history: Float[np.ndarray, "generation"]
    evaluated: int


def search_order(
    estimator: Estimator,
    fitness: str | Callable[[Any], Any],
    *,
    population: int = 64,
    generations: int = 50,
    finalists: int = 4,
    seed: int | np.random.Generator | None = 0,
) -> Search:
    """The order with the least estimated loss that a genetic search finds.

    Parameters
    ----------
    fitness : a probe's name, whose loss is made small; or a function of the estimated losses on all batches
        (order, batch) that gives the number to make small (order,).
    population, generations : of the search.
    finalists : how many of the best are judged by a forward pass at their estimated parameters.

    Raises
    ------
    InputError : for numbers below what a search needs, or a fitness of the wrong shape.
    """
    least = {"population": (population, ELITE + 2), "generations": (generations, 1), "finalists": (finalists, 1)}
    for name, (number, lowest) in least.items():
        if number < lowest:
            raise InputError(f"{name}: {number} found, expected at least {lowest}")

    def judge(orders: Int[np.ndarray, "order time"]) -> Float[np.ndarray, "order"]:
        found = estimator.losses(orders, fitness) if isinstance(fitness, str) else fitness(estimator.losses(orders))
        values = np.asarray(found, dtype=float)
        if values.shape != (len(orders),):
            raise InputError(f"fitness: shape {values.shape} found, expected ({len(orders)},), a number for each order")
        return np.where(np.isfinite(values), values, np.inf)

    best, history, evaluated = breed(judge, len(estimator.reference), population, generations, finalists, seed)
    estimates = [estimator(order) for order in best]
    if isinstance(fitness, str):
        losses = np.array([e.loss(fitness, even_if_refused=True) for e in estimates])
    else:
        losses = judge(best)
    winner = int(np.argmin(losses))
    order = tuple(int(b) for b in best[winner])
    return Search(order, estimates[winner], float(losses[winner]), best, losses, history, evaluated)


def breed(
    judge: Fitness,
    batches: int,
    population: int = 64,
    generations: int = 50,
    finalists: int = 4,
    seed: int | np.random.Generator | None = 0,
) -> tuple[Int[np.ndarray, "finalist time"], Float[np.ndarray, "generation"], int]:
    """The best orders (finalist, time) found, the best value of each generation, and how many orders were judged.

    Parents are the best of `TOURNAMENT` drawn ones; the `ELITE` best live on; a child mutates with chance `MUTATION`.
    """
    random = np.random.default_rng(seed)
    known: dict[bytes, float] = {}

    def values_of(orders: Int[np.ndarray, "order time"]) -> Float[np.ndarray, "order"]:
        fresh = {row.tobytes(): row for row in orders if row.tobytes() not in known}
        if fresh:
            known.update(zip(fresh, judge(np.stack(list(fresh.values()))).tolist(), strict=True))
        return np.array([known[row.tobytes()] for row in orders])

    orders = random_orders(batches, population, random)
    values = values_of(orders)
    history = [values.min()]
    for _ in range(generations):
        ranked = np.argsort(values, kind="stable")
        children = []
        for _ in range(population - ELITE):
            mother, father = (orders[ranked[random.integers(0, population, TOURNAMENT).min()]] for _ in range(2))
            child = crossed(mother, father, random)
            if random.random() < MUTATION:
                one, other = random.choice(batches, 2, replace=False)
                child[[one, other]] = child[[other, one]]
            children.append(child)
        orders = np.concatenate([orders[ranked[:ELITE]], np.stack(children)])
        values = values_of(orders)
        history.append(values.min())
    best = sorted(known, key=known.__getitem__)[:finalists]
    return np.stack([np.frombuffer(row, dtype=np.int64) for row in best]), np.array(history), len(known)


def crossed(
    mother: Int[np.ndarray, "time"], father: Int[np.ndarray, "time"], random: np.random.Generator
) -> Int[np.ndarray, "time"]:
    """Order crossover: a stretch of the mother where it was, the rest in the father's order (Davis 1985)."""
    first, last = np.sort(random.integers(0, len(mother) + 1, 2))
    stretch = mother[first:last]
    rest = father[~np.isin(father, stretch)]
    return np.concatenate([rest[:first], stretch, rest[first:]])
