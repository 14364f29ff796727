"""One run and many: what they hold, what they refuse, and that nothing changes them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inscape.errors import InputError, InscapeError, UnknownNameError
from inscape.trajectories import (
    Trajectories,
    Trajectory,
    as_trajectories,
    cut_to_shortest,
    pad_to_longest,
    split_in_time,
    windows,
)


@st.composite
def trajectories(draw: st.DrawFn, fewest: int = 1) -> Trajectory:
    count = draw(st.integers(fewest, 30))
    steps = draw(hnp.arrays(float, count, elements=st.floats(0.001, 100)))
    width = draw(st.integers(1, 4))
    states = draw(hnp.arrays(float, (count, width), elements=st.floats()))
    inputs = draw(st.none() | hnp.arrays(float, (count, 2), elements=st.floats()))
    return Trajectory(np.cumsum(steps), states, inputs, {"k": draw(st.floats(allow_nan=False))})


@given(trajectories())
def test_a_run_survives_pickling_and_slicing_whole(run: Trajectory) -> None:
    assert pickle.loads(pickle.dumps(run)) == run
    assert run[:] == run
    assert run.replace() == run


@given(trajectories(fewest=2), st.floats(0.01, 0.99))
def test_the_two_parts_of_a_split_are_the_run(run: Trajectory, fraction: float) -> None:
    first, rest = split_in_time(run, fraction)
    assert np.array_equal(np.concatenate([first.times, rest.times]), run.times)
    assert np.array_equal(np.concatenate([first.states, rest.states]), run.states, equal_nan=True)
    assert first.context == run.context
    assert abs(len(first) - fraction * len(run)) <= 1


@given(st.lists(trajectories(fewest=2), min_size=1, max_size=4))
def test_runs_of_any_lengths_are_brought_to_one(runs: list[Trajectory]) -> None:
    same = [run.replace(states=run.states[:, :1], state_names=(), inputs=None, input_names=()) for run in runs]
    many = Trajectories(same)
    assert set(cut_to_shortest(many).lengths) == {min(many.lengths)}
    padded = pad_to_longest(many)
    assert padded.stack().shape == (len(many), max(many.lengths), 1)
    assert all(long[: len(short)] == short for long, short in zip(padded, many, strict=True))


@given(trajectories(fewest=2), st.integers(1, 10))
def test_windows_lie_end_to_end(run: Trajectory, length: int) -> None:
    if length > len(run):
        with pytest.raises(InputError, match="samples asked for"):
            windows(run, length)
        return
    pieces = windows(run, length)
    assert set(pieces.lengths) == {length}
    joined = np.concatenate([piece.times for piece in pieces])
    assert np.array_equal(joined, run.times[: len(joined)])
    assert len(run) - len(joined) < length


def test_nobody_can_change_a_run() -> None:
    run = Trajectory([0.0, 1.0], [1.0, 2.0], context={"mass": 1.0})
    with pytest.raises(ValueError, match="read-only"):
        run.states[0] = 5
    with pytest.raises(TypeError):
        run.context["mass"] = 2.0  # type: ignore[index]
    with pytest.raises(AttributeError):
        run.times = np.zeros(2)  # type: ignore[misc]


def test_a_change_of_the_callers_array_does_not_matter_to_its_shape() -> None:
    run = Trajectory([0.0, 1.0], [[1.0], [2.0]])
    assert run.states.shape == (2, 1)
    assert run.state_names == ("x",)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (([0, 1], [[1, 2]]), r"shape \(1, 2\) with \(2,\) times"),
        (([0, 1], [[1, 2], [3]]), "rows of unequal length"),
        (([], []), "no sample found"),
        (([0, 0], [1, 2]), "1 not later than the one before, first at row 1"),
        (([1, 0], [1, 2]), "sort and drop duplicates first"),
        (([0, np.nan], [1, 2]), "1 not finite, first at row 1"),
        (([0, np.inf], [1, 2]), "1 not finite, first at row 1"),
        (([0, 1], ["a", "b"]), "expected real numbers"),
        (([0, 1], [1j, 2j]), "expected real numbers"),
        (([0, 1], np.array([None, object()])), "expected real numbers"),
        (([0, 1], np.empty((2, 0))), "at least one state variable"),
        (([0, 1], [1, 2], [[1], [2], [3]]), r"inputs: shape \(3, 1\)"),
    ],
)
def test_what_is_no_run_is_refused_in_one_line(arguments: tuple, line: str) -> None:
    with pytest.raises(InputError, match=line):
        Trajectory(*arguments)


def test_names_are_checked_and_the_nearest_are_told() -> None:
    run = Trajectory([0.0, 1.0], np.zeros((2, 2)), state_names=("angle", "speed"))
    with pytest.raises(UnknownNameError, match="'angel' is not known; nearest: angle"):
        run.select(["angel"])
    with pytest.raises(InputError, match="1 names for 2 columns"):
        run.replace(state_names=("angle",))
    with pytest.raises(InputError, match="holds a name twice"):
        run.replace(state_names=("angle", "angle"))
    with pytest.raises(InputError, match="name a state as well"):
        run.replace(inputs=np.zeros(2), input_names=("speed",))


def test_runs_of_two_systems_are_no_collection() -> None:
    one = Trajectory([0.0, 1.0], np.zeros((2, 2)))
    with pytest.raises(InputError, match="one system, one set of names"):
        Trajectories([one, one.replace(state_names=("a", "b"))])
    with pytest.raises(InputError, match="one system, one shape"):
        Trajectories([Trajectory([0.0], np.zeros((1, 2, 3))), Trajectory([0.0], np.zeros((1, 3, 2)))])
    with pytest.raises(InputError, match="no run found"):
        Trajectories([])
    with pytest.raises(InputError, match="do not stack"):
        Trajectories([one, one[:1]]).stack()


def test_time_is_kept_in_double_precision() -> None:
    run = Trajectory(np.arange(3, dtype=np.float32), np.zeros((3, 1), np.float32))
    assert run.times.dtype == np.float64
    assert run.states.dtype == np.float32


def test_labels_survive_pandas_and_xarray() -> None:
    run = Trajectory(
        [0.0, 0.5], [[1.0, 2.0], [3.0, 4.0]], [[1.0], [0.0]], {"k": 1.0}, ("x", "y"), ("u",), {"time": "s"}
    )
    assert Trajectory.from_xarray(run.to_xarray()) == run
    frame = run.to_pandas()
    assert list(frame.columns) == ["x", "y", "u"]
    assert as_trajectories(frame[["x", "y"]])[0].times.tolist() == [0, 0.5]


@pytest.mark.parametrize(
    "recording", [None, "text", [], 3.0, np.zeros((2, 2, 2, 2)), np.array([object()]), [[1, 2], [3]], {"a": 1}]
)
def test_what_is_no_recording_is_refused_in_one_line(recording: object) -> None:
    with pytest.raises(InscapeError) as caught:
        as_trajectories(recording, 0.1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2, float("nan"), "half", None])
def test_a_split_outside_the_run_is_refused(fraction: object) -> None:
    with pytest.raises(InputError, match="expected a number between 0 and 1"):
        split_in_time(Trajectory([0.0, 1.0], [1.0, 2.0]), fraction)  # type: ignore[call-overload]
