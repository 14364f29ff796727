"""Orders that were searched for, and maps of what each place does for a batch, beside retraining."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.probes import order
from inscape.probes.order.orders import moved
from inscape.studies.training_order.fidelity import VALIDATION, chronological, rank_correlation
from inscape.studies.training_order.worlds import recorded_run


def curricula(item: Mapping[str, Any]) -> dict[str, Any]:
    """True perplexities of searched, random and heuristic orders, and what leaving a batch out does.

    item : as of `recorded_run`, with "rank", "population", "generations", "random" (orders retrained), and
        "fut_population", "fut_generations" for the search with the paper's estimator.
    """
    import torch

    torch.set_num_threads(1)
    reference = recorded_run(item)
    estimator, truth = order.carried(reference, rank=item["rank"]), order.retrain(reference)
    searched = estimator.search(
        VALIDATION, population=item["population"], generations=item["generations"], seed=item["seed"]
    )
    by_fut = order.fut1(reference).search(
        VALIDATION, population=item["fut_population"], generations=item["fut_generations"], seed=item["seed"]
    )
    drawn = order.random_orders(len(reference), item["random"], item["seed"] + 3)
    difficulty = np.argsort(reference.batch_losses(reference.path[0]), kind="stable")
    orders: dict[str, Any] = {"searched": searched.order, "searched by fut1": by_fut.order}
    orders |= {"easy first": difficulty, "hard first": difficulty[::-1].copy()} | chronological(len(reference))
    true = {name: float(np.exp(truth.losses([o], VALIDATION).values[0])) for name, o in orders.items()}
    few = order.random_orders(len(reference), 6, item["seed"] + 5)
    return {
        "orders": {name: np.array(o) for name, o in orders.items()},
        "true": true,
        "random": np.exp(truth.losses(drawn, VALIDATION).values),
        "names": list(reference.names),
        "evaluated": searched.evaluated,
        "evaluated_by_fut": by_fut.evaluated,
        "history": np.exp(searched.history),
        "left_out": _left_out(estimator, truth),
        "precedence": _precedence(estimator, truth, few),
    }


def _left_out(estimator: order.Estimator, truth: order.Estimator) -> dict[str, Any]:
    """Loss without each batch, estimated and true: presence, told by the same recursion."""
    size = len(estimator.reference)
    subsets = np.stack([np.delete(np.arange(size), batch) for batch in range(size)])
    estimated, true = (e.losses(subsets, VALIDATION, subset=True).values for e in (estimator, truth))
    return {"estimated": estimated, "true": true, "correlation": rank_correlation(estimated, true)}


def _precedence(estimator: order.Estimator, truth: order.Estimator, few: np.ndarray) -> dict[str, Any]:
    """The report of pairs, and exchanges of neighbours in a few orders beside the truth."""
    report = estimator.precedence(VALIDATION, orders=32)
    exchanged = few.copy()
    exchanged[:, [2, -3]] = exchanged[:, [-3, 2]]
    gains = [e.losses(exchanged, VALIDATION).values - e.losses(few, VALIDATION).values for e in (estimator, truth)]
    return {
        "gain": report["gain"].values,
        "confidence": report["confidence"].values,
        "exchanged_estimated": gains[0],
        "exchanged_true": gains[1],
    }


def maps(item: Mapping[str, Any]) -> dict[str, Any]:
    """Memorisation and generalisation maps (batch, position): retrained, by `carried`, and by the paper's estimator.

    item : as of `recorded_run`, with "rank"; "only_true" leaves the paper's estimator out.
    """
    import torch

    torch.set_num_threads(1)
    reference = recorded_run(item)
    size = len(reference)
    like = [f"like {batch}" for batch in range(size)]
    estimator = order.carried(reference, rank=item["rank"])
    found: dict[str, Any] = {
        "carried": {
            "memorisation": estimator.map().values,
            "generalisation": estimator.map("generalisation", similar=like).values,
        },
        "names": list(reference.names),
    }
    # An order is retrained once for both maps.
    found["true"] = _both(order.retrain(reference), reference, like)
    if not item.get("only_true"):
        found["fut1"] = _both(order.fut1(reference), reference, like)
    found["similarity"] = _similarity(reference)
    return found


def _both(estimator: order.Estimator, reference: order.Reference, like: list[str]) -> dict[str, Any]:
    size = len(reference)
    memorised, generalised = np.empty((2, size, size))
    for batch in range(size):
        for position in range(size):
            end = estimator(moved(range(size), batch, position)).parameters
            memorised[batch, position] = reference.landscape.value(end, reference.batches[batch])
            generalised[batch, position] = reference.probe_loss(end, like[batch])
    return {"memorisation": memorised, "generalisation": generalised}


def _similarity(reference: order.Reference) -> np.ndarray:
    """Cosine of the gradients of each batch and of the unseen text like it, half way (batch,)."""
    from inscape.probes.order.estimator import cosine

    found = []
    for batch in range(len(reference)):
        _, seen = reference.gradient(reference.middle, batch)
        _, unseen = reference.landscape.gradient(reference.middle, reference.probe(f"like {batch}")[0])
        found.append(cosine(seen, unseen))
    return np.array(found)
