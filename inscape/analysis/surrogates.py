"""Surrogate recordings: what a series would look like if only its spectrum, or only its values, mattered."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.analysis.series import generator, one_of, points_of, whole
from inscape.trajectories import Trajectories, Trajectory

SurrogateKind = Literal["random_phase", "iaaft", "aaft", "shuffle"]


def surrogates(
    states: Any,
    kind: SurrogateKind = "random_phase",
    *,
    count: int = 1,
    seed: int | np.random.Generator | None = None,
    iterations: int = 100,
) -> Float[np.ndarray, "surrogate time *state"]:
    """Random recordings that share some of the original's statistics and are else as disorderly as can be.

    Parameters
    ----------
    states : trajectory, (time,) or (time, state); the surrogates have its shape. Variables share their random phases
        (and shuffles), so that their cross-spectra are kept (Prichard & Theiler 1994).
    kind : "random_phase" keeps the power spectrum (Theiler et al. 1992); "aaft" keeps the values and roughly the
        spectrum; "iaaft" keeps the values and, iterated, nearly the spectrum (Schreiber & Schmitz 1996); "shuffle"
        keeps the values only.
    iterations : most rounds of "iaaft", which stops as soon as a round changes nothing.
    """
    points = points_of(states, least=4)
    flat = not isinstance(states, Trajectory | Trajectories) and np.ndim(states) == 1
    count, iterations = whole(count, "count"), whole(iterations, "iterations")
    rng = generator(seed)
    makers = {"random_phase": _random_phase, "aaft": _aaft, "shuffle": _shuffle}
    one_of(kind, "kind", ("random_phase", "iaaft", "aaft", "shuffle"))
    made = np.empty((count, *points.shape))
    for number in range(count):
        made[number] = _iaaft(points, rng, iterations) if kind == "iaaft" else makers[kind](points, rng)
    return made[..., 0] if flat else made


def _random_phase(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    spectrum = np.fft.rfft(points, axis=0)
    turn = np.exp(2j * np.pi * rng.random((len(spectrum), 1)))
    # The zero and, of an even number of samples, the last frequency have no phase to turn.
    turn[0] = 1.0
    if len(points) % 2 == 0:
        turn[-1] = rng.choice([-1.0, 1.0])
    return np.fft.irfft(spectrum * turn, len(points), axis=0)


def _shuffle(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return points[rng.permutation(len(points))]


def _aaft(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    gaussian = np.sort(rng.standard_normal(points.shape), axis=0)
    turned = _random_phase(_reordered(gaussian, points), rng)
    return _reordered(np.sort(points, axis=0), turned)


def _iaaft(points: np.ndarray, rng: np.random.Generator, iterations: int) -> np.ndarray:
    values = np.sort(points, axis=0)
    spectrum = np.fft.rfft(points, axis=0)
    amplitude, phase = np.abs(spectrum), np.angle(spectrum)
    surrogate = _shuffle(points, rng)
    ranks = np.argsort(surrogate, axis=0, kind="stable")
    for _ in range(iterations):
        turned = np.fft.rfft(surrogate, axis=0)
        # One turn for all variables keeps their phase differences (Schreiber & Schmitz 2000, equation 25).
        turn = np.angle((np.exp(1j * (np.angle(turned) - phase))).sum(axis=1, keepdims=True))
        shaped = np.fft.irfft(amplitude * np.exp(1j * (phase + turn)), len(points), axis=0)
        surrogate = _reordered(values, shaped)
        new_ranks = np.argsort(shaped, axis=0, kind="stable")
        if np.array_equal(ranks, new_ranks):
            break
        ranks = new_ranks
    return surrogate


def _reordered(values: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """Sorted `values`, put in the order in which `pattern` rises and falls."""
    placed = np.empty_like(values)
    np.put_along_axis(placed, np.argsort(pattern, axis=0, kind="stable"), values, axis=0)
    return placed
