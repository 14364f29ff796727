"""One training run of study 01: a network, its arm, and every gauge along the way, as plain data."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np

from inscape.probes import routing
from inscape.probes.routing import RouterLog
from inscape.probes.routing.history import gauges_of
from inscape.systems.modular_arithmetic import ModularArithmetic, modular_arithmetic

THRESHOLDS = (0.5, 0.6, 0.7, 0.8)
ANSWER = " at the answer"


def trained(item: dict[str, Any]) -> dict[str, Any]:
    """Train one network and measure it every so many steps.

    item : domains {name: share of training}, modulus, shuffled, seed, layers, deviation (of the starting weights),
        steps, every, probes (samples a domain whose routing is compared), course (arguments of `Course`), olmoe (the
        library's class in place of ours), change ("freeze", "shuffle", "share" or None) and change_step.

    Returns
    -------
    steps (checkpoint,); domains {name: {train_accuracy, test_accuracy, train_loss, test_loss, every gauge, and
    "expert_distance_normalised at 0.5" and so on, each (checkpoint,), per_layer (checkpoint, layer), losses
    (checkpoint, sample), correct (checkpoint, item)}}; cross (checkpoint,) distance between the first two domains.
    """
    # Torch is loaded when a network is trained, not when the studies are listed.
    import torch

    from inscape.models.mixture_of_experts import Course, train

    torch.set_num_threads(1)
    tables = modular_arithmetic(item["domains"], item["modulus"], shuffled=item["shuffled"], seed=item["seed"])
    network = _network(tables, item)
    asked = tables.questions()
    book = _Book(tables, item["probes"], item["seed"])
    change = item.get("change")
    clamp = routing.RouterClamp(network, change, step=item["change_step"], seed=item["seed"]) if change else None
    with clamp if clamp is not None else nullcontext():
        train(
            network,
            asked.tokens,
            asked.answers,
            Course(steps=item["steps"], **item["course"]),
            observe=book.write,
            before=None if clamp is None else lambda step: clamp.advance(step=step),
            every=item["every"],
            seed=item["seed"],
        )
    return book.told()


def _network(tables: ModularArithmetic, item: dict[str, Any]) -> Any:
    from inscape.models.mixture_of_experts import MixtureOfExperts, small_olmoe

    build = small_olmoe if item["olmoe"] else MixtureOfExperts
    return build(
        tables.vocabulary,
        tables.tokens.shape[1],
        layers=item["layers"],
        deviation=item["deviation"],
        seed=item["seed"],
    )


class _Book:
    """What is written down at every checkpoint."""

    def __init__(self, tables: ModularArithmetic, probes: int, seed: int) -> None:
        self.tables = tables
        random = np.random.default_rng(seed)
        self.probes = {}
        for name in tables.domains:
            rows = tables.questions(name)
            chosen = np.sort(random.permutation(len(rows.rows))[:probes])
            self.probes[name] = rows.tokens[chosen]
        self.steps: list[int] = []
        self.cross: list[float] = []
        self.domains: dict[str, dict[str, list[Any]]] = {name: {} for name in tables.domains}

    def write(self, step: int, network: Any) -> None:
        self.steps.append(step)
        logs = {name: routing.record(network, tokens, dtype="float32") for name, tokens in self.probes.items()}
        for name, log in logs.items():
            last = routing.record(network, self.probes[name], tokens="last", dtype="float32")
            told = _scores(network, self.tables, name) | _gauges(log) | _gauges_of_answer(last)
            for key, value in told.items():
                self.domains[name].setdefault(key, []).append(value)
        first, *others = logs.values()
        self.cross.append(
            routing.distance(first, others[0], unit="expert", normalised=True, per_layer=False, keep_matrix=False).mean
            if others
            else float("nan")
        )

    def told(self) -> dict[str, Any]:
        return {
            "steps": np.array(self.steps),
            "cross": np.array(self.cross),
            "domains": {n: {k: np.array(v) for k, v in kept.items()} for n, kept in self.domains.items()},
        }


def _scores(network: Any, tables: ModularArithmetic, domain: str) -> dict[str, Any]:
    from inscape.models.mixture_of_experts import answers_of

    found: dict[str, Any] = {}
    for part in ("train", "test"):
        asked = tables.questions(domain, train=part == "train")
        told = answers_of(network, asked.tokens).numpy()
        losses = -told[np.arange(len(told)), asked.answers]
        correct = told.argmax(axis=1) == asked.answers
        found[f"{part}_accuracy"] = float(correct.mean())
        found[f"{part}_loss"] = float(losses.mean())
        found["losses" if part == "train" else "correct"] = losses.astype(np.float32) if part == "train" else correct
    return found


def _gauges_of_answer(log: RouterLog) -> dict[str, float]:
    """The gauges of the one token at which an answer is asked for, their names ending in ANSWER."""
    wanted = ("string_distance", "expert_distance_normalised", "overlap", "smoothness", "entropy")
    return {f"{k}{ANSWER}": v for k, v in gauges_of(log, most=None).items() if k in wanted}


def _gauges(log: RouterLog) -> dict[str, Any]:
    found: dict[str, Any] = {k: v for k, v in gauges_of(log, most=None).items() if k != "loss"}
    found["per_layer"] = routing.distance(log, keep_matrix=False).per_layer
    for threshold in THRESHOLDS:
        for unit, normalised in (("char", False), ("expert", True)):
            name = "string_distance" if unit == "char" else "expert_distance_normalised"
            found[f"{name} at {threshold:g}"] = routing.distance(
                log,
                threshold=threshold,
                unit=unit,  # type: ignore[arg-type]
                normalised=normalised,
                per_layer=False,
                keep_matrix=False,
            ).mean
    return found
