"""How many different inputs a system keeps apart, and how many alike ones it wrongly does (Legenstein & Maass 2007)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.driven_states import Source, response_of
from inscape.analysis.series import at_least_zero, generator, points_of, share, truth_value, whole
from inscape.errors import InputError


@dataclass(frozen=True)
class StateRank:
    """The number of independent directions among the states that many input streams leave behind.

    rank : singular values above the tolerance.
    singular_values : all of them, largest first.
    streams, nodes : size of the matrix of final states.
    """

    rank: int
    singular_values: Float[np.ndarray, "value"]
    streams: int
    nodes: int

    def __int__(self) -> int:
        return self.rank

    @property
    def participation(self) -> float:
        """Effective number of directions that needs no tolerance: (sum s^2)^2 / sum s^4."""
        power = self.singular_values**2
        return float(power.sum() ** 2 / (power**2).sum()) if power.any() else 0.0


def kernel_rank(
    source: Source,
    *,
    streams: int | None = None,
    length: int = 200,
    tolerance: float = 1e-3,
    centred: bool = True,
    seed: int | np.random.Generator | None = 0,
) -> StateRank:
    """Rank of the final states after as many different random inputs: the power to separate (Legenstein & Maass 2007).

    Parameters
    ----------
    source : final states (stream, node); or a system, as of `memory_capacity`, which is driven from rest by `streams`
        inputs U(-1, 1) of `length` samples.
    streams : number of inputs; as many as there are nodes if None, and one more for the mean if it is taken out.
    tolerance : singular values below this share of the largest one do not count.
    centred : take out the mean state, which would else be the largest direction of a network of rates.
    seed : of the inputs.

    Raises
    ------
    InputError : if the states are not a finite (stream, node) array.
    """
    samples, random = whole(length, "length"), generator(seed)

    def different(count: int) -> np.ndarray:
        return random.uniform(-1.0, 1.0, (count, samples))

    return _rank(_final_states(source, streams, different, centred), tolerance, centred)


def generalisation_rank(
    source: Source,
    *,
    streams: int | None = None,
    length: int = 200,
    common: int | None = None,
    noise: float = 0.1,
    tolerance: float = 1e-3,
    centred: bool = True,
    seed: int | np.random.Generator | None = 0,
) -> StateRank:
    """Rank of the final states after as many inputs that ought to count as one: the lower, the better it generalises.

    Parameters
    ----------
    source, streams, length, tolerance, centred, seed : as of `kernel_rank`.
    common : the inputs agree in their last `common` samples and differ before; if None they are all one input with
        uniform noise in +- `noise` added (the way of Vidamour et al. 2022).
    """
    samples, random = whole(length, "length"), generator(seed)
    last = None if common is None else whole(common, "common", 1)
    width = at_least_zero(noise, "noise")
    if last is not None and last > samples:
        raise InputError(f"common: {last} found, expected at most the {samples} samples of an input")

    def alike(count: int) -> np.ndarray:
        shared = random.uniform(-1.0, 1.0, samples)
        if last is None:
            return shared + random.uniform(-width, width, (count, samples))
        inputs = random.uniform(-1.0, 1.0, (count, samples))
        inputs[:, samples - last :] = shared[samples - last :]
        return inputs

    return _rank(_final_states(source, streams, alike, centred), tolerance, centred)


def _final_states(source: Any, streams: int | None, draw: Any, centred: bool) -> np.ndarray:
    answer = response_of(source)
    if answer is None:
        return points_of(source, "states")
    count = None if streams is None else whole(streams, "streams", 2)
    if count is None:
        nodes = points_of(answer(draw(1)[0][:, None]), "states", least=1).shape[1]
        count = max(nodes + truth_value(centred, "centred"), 2)
    return np.stack([points_of(answer(u[:, None]), "states", least=1)[-1] for u in draw(count)])


def _rank(states: np.ndarray, tolerance: float, centred: bool) -> StateRank:
    share(tolerance, "tolerance")
    scale = np.abs(states).max()
    if centred:
        states = states - states.mean(axis=0)
    values = np.linalg.svd(states, compute_uv=False)
    # States that do not differ at all leave rounding, which is no direction.
    floor = scale * np.finfo(float).eps * max(states.shape)
    return StateRank(int((values > max(tolerance * values[0], floor)).sum()), values, *states.shape)
