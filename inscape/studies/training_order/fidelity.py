"""How near the estimators come: losses, parameters and what is remembered, on orders that were retrained."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inscape.probes import order
from inscape.studies.training_order.worlds import recorded_run

VALIDATION = "validation"

ESTIMATORS: dict[str, Callable[[order.Reference, int], order.Estimator]] = {
    "exact": lambda reference, rank: order.carried(reference, exact=True),
    "carried": lambda reference, rank: order.carried(reference, rank=rank),
    "no curvature": lambda reference, rank: order.carried(reference, rank=0),
    "fut0": lambda reference, rank: order.Taylor(reference, 0),
    "fut1": lambda reference, rank: order.fut1(reference),
    "fut2": lambda reference, rank: order.fut2(reference),
    "fut1, projected": lambda reference, rank: order.fut1(reference, projection=0.03),
}


def compared(item: Mapping[str, Any]) -> dict[str, Any]:
    """Truth and every estimator on the same unseen orders.

    item : as of `recorded_run`, with "orders" (unseen ones), "rank", "calibrating" and "regressing" (retrainings).
    """
    import torch

    torch.set_num_threads(1)
    reference = recorded_run(item)
    size, random = len(reference), np.random.default_rng(item["seed"] + 1)
    unseen, calibrating, regressing = (
        order.random_orders(size, item[name], random) for name in ("orders", "calibrating", "regressing")
    )
    truth = order.retrain(reference)
    seconds = -time.process_time()
    ends = [truth(o).parameters for o in unseen]
    seconds += time.process_time()
    last = reference.path[-1]
    found: dict[str, Any] = {
        "true": _perplexities(reference, ends),
        "true_batches": np.stack([reference.batch_losses(end) for end in ends]),
        "recorded": float(np.exp(reference.probe_loss(last, VALIDATION))),
        "recorded_batches": reference.batch_losses(last),
        "start": float(np.exp(reference.probe_loss(reference.path[0], VALIDATION))),
        "retraining_seconds": seconds / len(unseen),
        "parameters": reference.landscape.size,
    }
    apart = torch.stack([end - last for end in ends]).norm(dim=1)
    for name, make in ESTIMATORS.items():
        started = time.process_time()
        estimator = make(reference, item["rank"])
        prepared = time.process_time() - started
        guessed = [estimator(o).parameters for o in unseen]
        errors = torch.stack([g - end for g, end in zip(guessed, ends, strict=True)]).norm(dim=1) / apart
        found[name] = {
            "perplexity": _perplexities(reference, guessed),
            "batches": np.stack([reference.batch_losses(g) for g in guessed]),
            "parameter_error": float(errors.median()),
            "prepared_seconds": prepared,
        }
        if name == "carried":
            found[name] |= _closed(estimator, unseen, calibrating, item)
        if name == "fut1":
            started = time.process_time()
            estimator.losses(unseen[:8], VALIDATION)
            found[name]["order_seconds"] = (time.process_time() - started) / len(unseen[:8])
        del estimator
    rival = order.PositionRidge().fit(regressing, truth.losses(regressing, VALIDATION).values)
    found["ridge"] = {"perplexity": np.exp(rival.predict(unseen))}
    return found


def _closed(estimator: order.Estimator, unseen: Any, calibrating: Any, item: Mapping[str, Any]) -> dict[str, Any]:
    """What the closed recursion says of many orders, calibrated and not, how long that takes, and how sure it is."""
    many = order.random_orders(len(estimator.reference), item["many"], item["seed"] + 2)
    started = time.process_time()
    estimator.losses(many, VALIDATION)
    seconds = time.process_time() - started
    calibrated = estimator.calibrate(calibrating, probes=[VALIDATION])
    spread = calibrated.calibration.spread(VALIDATION) if calibrated.calibration else np.nan
    return {
        "closed": np.exp(estimator.losses(unseen, VALIDATION).values),
        "closed_batches": estimator.losses(unseen).values,
        "calibrated": np.exp(calibrated.losses(unseen, VALIDATION).values),
        "spread": float(spread),
        "order_seconds": seconds / len(many),
        "trust": estimator.trusts(unseen),
    }


def _perplexities(reference: order.Reference, ends: list[Any]) -> Float[np.ndarray, "order"]:
    return np.exp([reference.probe_loss(end, VALIDATION) for end in ends])


def limits(item: Mapping[str, Any]) -> dict[str, Any]:
    """Trust and error of every order in a run whose steps may be too long to be linear; item as of `compared`."""
    import torch

    torch.set_num_threads(1)
    reference = recorded_run(item)
    unseen = order.random_orders(len(reference), item["orders"], item["seed"] + 1)
    estimator = order.carried(reference, rank=item["rank"])
    ends = [order.retrain(reference)(o).parameters for o in unseen]
    return {
        "true": _perplexities(reference, ends),
        "recorded": float(np.exp(reference.probe_loss(reference.path[-1], VALIDATION))),
        "estimated": np.exp(estimator.losses(unseen, VALIDATION).values),
        "trust": estimator.trusts(unseen),
    }


def bowl_error(item: Mapping[str, Any]) -> float:
    """Largest relative error of the parameters on quadratic losses under SGD, over random orders."""
    import torch

    random = np.random.default_rng(item["seed"])
    size, count = item["size"], item["batches"]

    def bowl() -> tuple[torch.Tensor, torch.Tensor]:
        sides = random.standard_normal((size, size))
        return torch.tensor(sides @ sides.T / size), torch.tensor(random.standard_normal(size))

    module = torch.nn.Module()
    module.place = torch.nn.Parameter(torch.tensor(random.standard_normal(size)))
    reference = order.record(
        module,
        [bowl() for _ in range(count)],
        loss=lambda m, b: (m.place - b[1]) @ b[0] @ (m.place - b[1]) / 2,
        optimizer="sgd",
        lr=0.05,
    )
    truth, worst = order.retrain(reference), 0.0
    for estimator in (order.carried(reference, exact=True), order.carried(reference, rank=size)):
        for one in order.random_orders(count, item["orders"], item["seed"]):
            true = truth(one).parameters
            worst = max(worst, float((estimator(one).parameters - true).norm() / true.norm()))
    return worst


def absolute_error(estimated: np.ndarray, true: np.ndarray) -> float:
    """The paper's AbsDiff: the mean absolute difference of estimated and true perplexity."""
    return float(np.abs(np.asarray(estimated) - np.asarray(true)).mean())


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's; NaN where one of the two does not vary."""
    from scipy.stats import spearmanr

    a, b = np.ravel(first), np.ravel(second)
    if not (np.isfinite(a).all() and np.isfinite(b).all()) or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(spearmanr(a, b).statistic)


def memory_pattern(estimated: Float[np.ndarray, "order batch"], true: Float[np.ndarray, "order batch"]) -> float:
    """Mean over orders of the rank correlation of what is remembered of each batch, the mean over orders taken off."""
    pairs = zip(estimated - estimated.mean(axis=0), true - true.mean(axis=0), strict=True)
    return float(np.mean([rank_correlation(e, t) for e, t in pairs]))


def chronological(size: int) -> dict[str, Int[np.ndarray, "time"]]:
    """Orders with a meaning."""
    return {"chronological": np.arange(size), "reversed": np.arange(size)[::-1].copy()}
