"""More data than memory: pieces give the law of the whole, and memory does not grow with their number."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models.koopman import EDMD, Dictionary
from inscape.trajectories import Trajectories, Trajectory, read, write

DICTIONARY = Dictionary.delays(4) | Dictionary.polynomial(3)


def noisy_spiral(samples, seed=0):
    rng = np.random.default_rng(seed)
    x = np.zeros((samples, 2))
    x[0] = 1, 0
    turn = 0.99 * np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    for k in range(samples - 1):
        x[k + 1] = turn @ x[k] + 0.1 * rng.normal(size=2)
    return x


RUN = noisy_spiral(3_000)


def assert_same_law(one, other):
    assert one.pairs_ == other.pairs_
    np.testing.assert_allclose(np.sort_complex(one.eigenvalues_), np.sort_complex(other.eigenvalues_), atol=1e-9)
    np.testing.assert_allclose(one.scale_, other.scale_, rtol=1e-9)
    np.testing.assert_allclose(one.range_, other.range_)
    made = one.forecast(RUN[:200], 50).states
    np.testing.assert_allclose(made, other.forecast(RUN[:200], 50).states, atol=1e-8)


@pytest.mark.parametrize("size", [100, 777, 3_000])
def test_consecutive_pieces_give_the_law_of_the_whole_run(size):
    settings = {"held_out": 0, "max_residual": np.inf}
    whole = EDMD(DICTIONARY, **settings).fit(RUN, dt=0.1)
    pieces = (RUN[k : k + size] for k in range(0, 3_000, size))
    assert_same_law(whole, EDMD(DICTIONARY, **settings).fit_stream(pieces, dt=0.1, joined=True))


def test_trajectories_whose_times_go_on_are_one_run():
    whole = Trajectory(0.1 * np.arange(3_000), RUN, state_names=("x", "y"))
    model = EDMD(DICTIONARY, held_out=0).fit_stream(whole[k : k + 250] for k in range(0, 3_000, 250))
    assert model.pairs_ == 3_000 - 4
    assert model.state_names_ == ("x", "y")


def test_plain_arrays_are_runs_of_their_own():
    model = EDMD(DICTIONARY, held_out=0).fit_stream((RUN[k : k + 250] for k in range(0, 3_000, 250)), dt=0.1)
    assert model.pairs_ == 12 * (250 - 4)


def test_little_memory_gives_the_same_law_as_much():
    settings = {"max_residual": np.inf}
    much = EDMD(DICTIONARY, **settings).fit(RUN, dt=0.1)
    little = EDMD(DICTIONARY, memory=10_000, **settings).fit(RUN, dt=0.1)
    assert_same_law(much, little)
    np.testing.assert_allclose(np.sort(much.residuals_), np.sort(little.residuals_), atol=1e-9)
    assert much.held_out_pairs_ == little.held_out_pairs_


def test_weighted_pairs_in_little_memory_give_the_same_law():
    x, y = RUN[:-1], RUN[1:]
    weights = np.random.default_rng(0).uniform(0.5, 1.5, len(x))
    much = EDMD(Dictionary.polynomial(3)).fit_pairs(x, y, weights=weights)
    little = EDMD(Dictionary.polynomial(3), memory=1_000).fit_pairs(x, y, weights=weights)
    np.testing.assert_allclose(np.sort(much.residuals_), np.sort(little.residuals_), atol=1e-9)
    np.testing.assert_allclose(np.sort_complex(much.eigenvalues_), np.sort_complex(little.eigenvalues_), atol=1e-9)
    assert much.pairs_ == little.pairs_ == 2_999


def test_a_stored_recording_is_read_piece_by_piece(tmp_path):
    runs = Trajectories(Trajectory(0.1 * np.arange(500), noisy_spiral(500, seed)) for seed in range(8))
    write(runs, tmp_path / "runs.zarr")
    settings = {"max_residual": np.inf}
    there = EDMD(DICTIONARY, memory=10_000, **settings).fit(read(tmp_path / "runs.zarr"))
    assert_same_law(EDMD(DICTIONARY, **settings).fit(runs), there)


def test_memory_is_bounded_however_long_the_stream_is():
    def peak(pieces):
        tracemalloc.start()
        stream = (RUN[seed % 2 * 1_000 :][:1_000].copy() for seed in range(pieces))
        EDMD(Dictionary.polynomial(4), memory=2**20).fit_stream(stream, dt=0.1)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    short, long = peak(50), peak(200)
    assert long < 1.1 * short
    # The features of 200,000 samples before and after a step are 48 MB, and are not all there are.
    assert long < 15e6


def test_a_stream_leaves_out_and_counts_what_is_missing():
    run = RUN.copy()
    run[700] = np.nan
    model = EDMD(Dictionary.delays(2), held_out=0)
    model.fit_stream((run[k : k + 500] for k in range(0, 3_000, 500)), dt=0.1, joined=True)
    assert model.missing_ == 3
    assert model.pairs_ == 3_000 - 2 - 3


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([], "no pair of windows"),
        ([RUN[:3]], "no pair of windows"),
        ([RUN[:100], RUN[:100, :1]], "variables"),
        ([RUN[:100], np.full((50, 2), np.inf)], "infinite"),
        (3, "expected an iterable"),
        ([Trajectory(np.array([0.0, 0.1, 0.5, 0.6, 0.9]), RUN[:5])], "uneven sampling"),
        (
            [Trajectory(0.1 * np.arange(50), RUN[:50]), Trajectory(0.2 * np.arange(50), RUN[:50])],
            "sampling interval 0.2",
        ),
        ([RUN[:40]], "use KernelEDMD"),
    ],
)
def test_a_stream_says_in_one_line_what_is_wrong(pieces, message):
    dictionary = Dictionary.delays(25) if message == "use KernelEDMD" else Dictionary.delays(3)
    with pytest.raises(InputError, match=message) as caught:
        EDMD(dictionary, held_out=0).fit_stream(pieces, dt=0.1)
    assert "\n" not in str(caught.value)
