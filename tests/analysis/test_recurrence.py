"""Recurrence measures against the plot itself, and on motions whose lines are known."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import recurrence_plot, recurrence_quantification
from inscape.errors import InputError

RNG = np.random.default_rng(0)


def runs_of(flags: np.ndarray) -> list[int]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return (edges[1::2] - edges[::2]).tolist()


@pytest.mark.parametrize("theiler", [1, 5])
def test_the_measures_are_those_of_the_lines_in_the_plot(theiler):
    points = np.cumsum(RNG.normal(size=(120, 2)), axis=0)
    plot = recurrence_plot(points, 2.0)
    rows, columns = np.indices(plot.shape)
    plot &= np.abs(rows - columns) >= theiler
    diagonals = [n for k in range(theiler, 120) for n in runs_of(np.diagonal(plot, k))]
    verticals = [n for column in plot.T for n in runs_of(column)]
    found = recurrence_quantification(points, radius=2.0, theiler=theiler)
    long_diagonals, long_verticals = [n for n in diagonals if n > 1], [n for n in verticals if n > 1]
    assert found.determinism == pytest.approx(sum(long_diagonals) / sum(diagonals))
    assert found.laminarity == pytest.approx(sum(long_verticals) / sum(verticals))
    assert found.mean_diagonal == pytest.approx(np.mean(long_diagonals))
    assert found.trapping_time == pytest.approx(np.mean(long_verticals))
    assert (found.longest_diagonal, found.longest_vertical) == (max(diagonals), max(verticals))
    assert found.divergence == 1 / max(diagonals)
    shares = np.unique(long_diagonals, return_counts=True)[1] / len(long_diagonals)
    assert found.entropy == pytest.approx(-(shares * np.log(shares)).sum())
    eligible = (np.abs(rows - columns) >= theiler).sum()
    assert found.rate == pytest.approx(plot.sum() / eligible)


def test_a_cycle_is_all_diagonals():
    found = recurrence_quantification(np.tile([0.0, 1.0, 5.0, 2.0], 50), radius=0.1)
    assert found.determinism == 1
    assert found.longest_diagonal == 196
    assert found.laminarity == 0


def test_noise_has_hardly_any_line():
    found = recurrence_quantification(RNG.normal(size=(1_500, 3)))
    assert found.rate == pytest.approx(0.05, abs=0.005)
    assert found.determinism < 0.15


def test_the_rate_asked_for_is_found_with_either_norm():
    points = RNG.normal(size=(800, 2))
    for norm in ("euclidean", "maximum"):
        assert recurrence_quantification(points, rate=0.1, norm=norm, theiler=10).rate == pytest.approx(0.1, abs=0.01)


def test_standing_still_is_laminar():
    found = recurrence_quantification(np.ones(60))
    assert found.rate == 1
    assert found.laminarity == pytest.approx(1, abs=0.01)


def test_what_cannot_be_quantified_is_refused():
    points = RNG.normal(size=(50, 2))
    for call in (
        lambda: recurrence_quantification(points[:3]),
        lambda: recurrence_quantification(points, radius=-1),
        lambda: recurrence_quantification(points, rate=2),
        lambda: recurrence_quantification(points, theiler=50),
        lambda: recurrence_quantification(points, norm="taxi"),
        lambda: recurrence_quantification(np.full((50, 2), np.nan)),
        lambda: recurrence_plot(np.zeros(6_000), 1.0),
    ):
        with pytest.raises(InputError):
            call()
