"""`Lab`: what a study's recipe works with - scale, seeds, checkpointed steps, parallel work."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from inscape.errors import InputError
from inscape.parallel import Backend, announce, parallel_map
from inscape.studies.codec import decode, encode
from inscape.studies.runs import RunFolder

Scale = Literal["smoke", "desk", "paper"]
SCALES: tuple[str, ...] = get_args(Scale)
Choice = TypeVar("Choice")


class Lab:
    """Where a study runs.

    Parameters
    ----------
    folder : the run's folder; finished steps found there are not done again.
    scale : "smoke" (seconds), "desk" (minutes on a laptop) or "paper" (the paper's own size).
    seed : the one number from which every random number of the run follows.
    backend, jobs : where `parallel_map` works, as of `inscape.parallel.parallel_map`.
    progress : draw progress bars; by default only on a terminal.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        scale: Scale = "desk",
        seed: int = 0,
        backend: Backend = "loky",
        jobs: int = -1,
        progress: bool | None = None,
    ):
        if scale not in SCALES:
            raise InputError(f"scale: {scale!r} found, expected one of {', '.join(SCALES)}")
        self.folder = folder
        self.scale = scale
        self.seed = seed
        self.backend = backend
        self.jobs = jobs
        self.progress = progress

    def choose(self, *, smoke: Choice, desk: Choice, paper: Choice) -> Choice:
        """The value that belongs to the lab's scale."""
        return {"smoke": smoke, "desk": desk, "paper": paper}[self.scale]

    def seeds(self, count: int, label: str = "") -> list[int]:
        """`count` independent seeds; the same label gives the same ones, a longer list begins with the shorter."""
        spawned = np.random.SeedSequence([self.seed, _digest(label)]).spawn(count)
        return [int(s.generate_state(1)[0]) for s in spawned]

    def step(self, label: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """The result of `function(*arguments)`, from disk if the run has done it before.

        Arguments and result are plain data: numbers, strings, arrays, dicts and lists.
        """
        key = encode(list(arguments))
        known, result = self.folder.recall(label, key)
        if known:
            return result
        announce(label)
        return self.folder.remember(label, key, function(*arguments))

    def parallel_map(self, function: Callable[[Any], Any], items: Iterable[Any], *, label: str) -> list[Any]:
        """`function` of every item, in order; each item is kept as soon as it is done and never done twice.

        Items and results are plain data, as of `step`; `label` names the step and the progress bar.
        """
        work = list(items)
        keys = [encode(item) for item in work]
        results: dict[int, Any] = {}
        for index, key in enumerate(keys):
            known, result = self.folder.recall(label, key)
            if known:
                results[index] = result
        missing = [index for index in range(len(work)) if index not in results]
        kept = partial(_work_and_keep, function, self.folder, label)
        fresh = parallel_map(
            kept, [keys[i] for i in missing], label=label, backend=self.backend, jobs=self.jobs, progress=self.progress
        )
        results |= dict(zip(missing, fresh, strict=True))
        return [results[index] for index in range(len(work))]


def _work_and_keep(function: Callable[[Any], Any], folder: RunFolder, label: str, key: str) -> Any:
    # The worker keeps its own result, so that a kill of the parent loses nothing that was finished.
    return folder.remember(label, key, function(decode(key)))


def _digest(label: str) -> int:
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:8], "big")


def bootstrap_interval(
    values: Any, statistic: Callable[[np.ndarray], float], *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of a statistic over independent units.

    Parameters
    ----------
    values : (unit, ...) one row per independent unit (system, seed).
    statistic : a function of such an array.
    level : coverage asked for.

    Returns
    -------
    Its low and high end; NaN where fewer than two units are given.
    """
    array = np.asarray(values, dtype=float)
    if len(array) < 2:
        return math.nan, math.nan
    random = np.random.default_rng(seed)
    drawn = [statistic(array[random.integers(0, len(array), len(array))]) for _ in range(draws)]
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
