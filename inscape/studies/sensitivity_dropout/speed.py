"""What a score costs by each method, beside the form with a centring matrix; and what the mask costs in training."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from inscape.probes.eigenscore import eigenscore
from inscape.probes.eigenscore.estimators import Method
from inscape.single_thread import single_thread

METHODS: tuple[Method, ...] = ("gram", "slq", "chebyshev")
PUBLISHED = ("ees_paper", "ees_released")
HOPELESS = 3.0


def naive(embeddings: np.ndarray, alpha: float = 1e-3) -> float:
    """The score by its formula: a units x units centring matrix, and the eigenvalues of the product."""
    units = embeddings.shape[1]
    centring = np.eye(units) - np.ones((units, units)) / units
    product = embeddings @ centring @ embeddings.T + alpha * np.eye(len(embeddings))
    return float(np.log(np.linalg.eigvalsh(product)).mean())


def peer(embeddings: np.ndarray) -> Callable[[], float] | None:
    """lm-polygraph's EigenScore of the same embeddings, its centring matrix built anew; None where it is absent."""
    if not importlib.util.find_spec("lm_polygraph"):
        return None
    from lm_polygraph.estimators.eigenscore import EigenScore

    return lambda: float(EigenScore()({"sample_embeddings": [embeddings]})[0])


@single_thread()
def table(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """CPU seconds and value of every method at each shape.

    item : "shapes" (units, samples), "methods", "least" (seconds spent on a method at least).
    """
    rows = []
    for units, samples in item["shapes"]:
        embeddings = np.random.default_rng(0).standard_normal((samples, units))
        row: dict[str, Any] = {"units": units, "samples": samples}
        for method in item["methods"]:
            call: Callable[[], Any] = (
                partial(naive, embeddings) if method == "naive" else partial(eigenscore, embeddings, method=method)
            )
            row[method], value = seconds(call, item["least"])
            row[f"{method}_value"] = float(value)
        rows.append(row)
    return rows


@single_thread()
def choice(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """CPU seconds of `auto` and of each method by turns, and how much slower than the best `auto` is.

    item : "shapes" (units, samples), "least".
    """
    rows = []
    for units, samples in item["shapes"]:
        embeddings = np.random.default_rng(1).standard_normal((samples, units))
        contestants: tuple[Method, ...] = ("auto", *METHODS)
        calls: dict[str, Callable[[], Any]] = {m: partial(eigenscore, embeddings, m) for m in contestants}
        spent = by_turns(calls, item["least"])
        best = min(METHODS, key=lambda m: spent[m])
        rows.append({"units": units, "samples": samples, "best": best, "ratio": spent["auto"] / spent[best]} | spent)
    return rows


@single_thread()
def against_peer(item: Mapping[str, Any]) -> dict[str, Any]:
    """Exact score against lm-polygraph's, or the same formula where that is absent.

    item : "units", "samples", "least".
    """
    embeddings = np.random.default_rng(2).standard_normal((item["samples"], item["units"]))
    theirs = peer(embeddings)
    spent = by_turns(
        {"ours": lambda: float(eigenscore(embeddings)), "theirs": theirs or (lambda: naive(embeddings))}, item["least"]
    )
    return spent | {"ratio": spent["theirs"] / spent["ours"], "peer": theirs is not None}


def overhead(item: Mapping[str, Any]) -> dict[str, float]:
    """What sensitivity dropout adds to an epoch of SmolLM2 or of a small model, in percent.

    Training steps with and without a mask by turns, and one reading of the tracked texts, eight trained texts to each.

    item : "model" ("smollm2" or "small"), "tokens", "steps", "tracked" and "trained" texts of an epoch.
    """
    import torch

    from inscape.models.language import small_language_model, smollm2
    from inscape.probes import SensitivityDropout

    torch.set_num_threads(1)
    lm = smollm2(attention="sdpa") if item["model"] == "smollm2" else small_language_model(["a", "b"], longest=512)
    vocabulary = int(lm.model.config.vocab_size)
    ids = torch.randint(3, vocabulary, (1, item["tokens"]), generator=torch.Generator().manual_seed(0))
    lm.model.train()
    optimiser = torch.optim.SGD(lm.model.parameters(), lr=0.0)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        lm.model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        optimiser.step()

    def read() -> np.ndarray:
        lm.model.eval()
        with torch.no_grad():
            found = lm.model.model(input_ids=ids, output_hidden_states=True).hidden_states[-2][0]
        lm.model.train()
        return ((found.mean(0) + found[-1]) / 2).numpy()[None]

    dropout = SensitivityDropout(0.2, window=2, hold=1, layer=-2, policy="random")
    step()
    plain, masked, reading = [], [], []
    for _ in range(item["steps"]):
        plain.append(_cpu(step))
        with dropout.on(lm.model, lambda _: read()):
            dropout.checkpoint()
            reading.append(_cpu(dropout.checkpoint))
            masked.append(_cpu(step))
    a_step = float(np.min(plain))
    mask = max(0.0, float(np.median(np.array(masked) / np.array(plain))) - 1.0)
    track = float(np.median(reading)) * item["tracked"] / (a_step * item["trained"])
    return {"percent": 100.0 * (mask + track), "mask": 100.0 * mask, "track": 100.0 * track, "step": a_step}


def seconds(call: Callable[[], Any], least: float) -> tuple[float, Any]:
    """Shortest CPU time of a call repeated for `least` seconds, and its value."""
    best, spent, value, calls = float("inf"), 0.0, None, 0
    # The first calls are slow where large arrays are made anew; one of many seconds is not asked again.
    while spent < least or not calls or (calls < 5 and best < 2):
        calls += 1
        started = time.process_time()
        value = call()
        took = time.process_time() - started
        best, spent = min(best, took), spent + max(took, 1e-6)
    return best, value


def by_turns(calls: Mapping[str, Callable[[], Any]], least: float) -> dict[str, float]:
    """Shortest CPU time of each of several calls, made by turns so that a busy machine slows all alike.

    A call that takes `HOPELESS` times as long as the fastest in its first go, and over 2 s, is not repeated.
    """
    best = {name: _cpu(call) for name, call in calls.items()}
    fastest = min(best.values())
    open_calls = {n: call for n, call in calls.items() if best[n] < max(2.0, HOPELESS * fastest)}
    # Large arrays that are made anew cost up to ten times as much while their pages are first touched.
    counts = {name: max(4 if best[name] < 2 else 1, int(least / max(best[name], 1e-6))) for name in open_calls}
    for _ in range(3):
        for name, call in open_calls.items():
            for _ in range(counts[name]):
                best[name] = min(best[name], _cpu(call))
    return best


def _cpu(call: Callable[[], Any]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def largest_miss(item: Mapping[str, Any]) -> dict[str, float]:
    """Largest difference of each method to `slogdet`, over the larger of 1 and the value, on random embeddings.

    item : "matrices", "largest" (samples), "seed".
    """
    random = np.random.default_rng(item["seed"])
    alpha = 1e-3
    misses: dict[str, list[float]] = {"gram": [], "slq": [], "chebyshev": []}
    given: dict[str, dict[str, int]] = {"gram": {}, "slq": {"steps": 80}, "chebyshev": {"moments": 200}}
    for _ in range(item["matrices"]):
        samples, units = int(random.integers(2, item["largest"])), int(random.integers(4, 2 * item["largest"]))
        embeddings = conditioned(samples, units, 10 ** random.uniform(0, 4), alpha, random)
        rows = embeddings - embeddings.mean(axis=1, keepdims=True)
        expected = np.linalg.slogdet(rows @ rows.T + alpha * np.eye(samples))[1] / samples
        for method, settings in given.items():
            found = float(eigenscore(embeddings, method, alpha=alpha, **settings))  # type: ignore[arg-type]
            misses[method].append(abs(found - expected) / max(1.0, abs(expected)))
    return {method: float(np.max(found)) for method, found in misses.items()}


def conditioned(samples: int, units: int, condition: float, alpha: float, random: np.random.Generator) -> np.ndarray:
    """Embeddings whose Gram matrix plus alpha has eigenvalues in equal ratios from alpha to `condition` alpha."""
    rank = min(samples, units - 1)
    values = np.sqrt(np.maximum(np.geomspace(condition * alpha, alpha, rank) - alpha, 0))
    left = np.linalg.qr(random.standard_normal((samples, rank)))[0]
    right = random.standard_normal((units, rank))
    right = np.linalg.qr(right - right.mean(axis=0))[0]
    return np.asarray((left * values) @ right.T)


def slowest(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The shape at which `auto` does worst."""
    return max(rows, key=lambda row: row["ratio"])
