"""Whatever goes to a file comes back the same, in every format."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inscape.trajectories import Trajectories, Trajectory, read, write

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".csv.xz", ".parquet", ".npz", ".mat", ".h5", ".nc", ".zarr", ".wav", "mat-v7.3")
LETTERS = st.characters(exclude_categories=("Cs",))
NAMES = st.text(LETTERS, min_size=1, max_size=8)
VALUES = st.one_of(st.floats(allow_nan=False), st.text(LETTERS, max_size=8), st.integers(-(2**53), 2**53))


@st.composite
def runs(draw: st.DrawFn, names: tuple[str, ...], inputs: tuple[str, ...], shape: tuple[int, ...]) -> Trajectory:
    count = draw(st.integers(1, 6))
    steps = draw(hnp.arrays(float, count, elements=st.floats(1e-6, 1e6)))
    width = draw(st.sampled_from([32, 64]))
    numbers = st.floats(width=width)
    states = draw(hnp.arrays(f"f{width // 8}", (count, *shape), elements=numbers))
    driven = draw(hnp.arrays(float, (count, len(inputs)), elements=st.floats())) if inputs else None
    context = draw(st.dictionaries(NAMES, VALUES, max_size=3))
    units = draw(st.dictionaries(st.sampled_from((*names, "time")), st.text(LETTERS, max_size=4), max_size=2))
    times = draw(st.floats(-1e9, 1e9)) + np.cumsum(steps)
    if not (np.diff(times) > 0).all():
        times = np.cumsum(steps)
    return Trajectory(times, states, driven, context, names, inputs, units, draw(st.text(LETTERS, max_size=6)))


@st.composite
def recordings(draw: st.DrawFn) -> Trajectory | Trajectories:
    shape = draw(st.sampled_from([(1,), (2,), (3,), (2, 3), (1, 1, 2)]))
    labels = draw(st.lists(NAMES, min_size=6, max_size=6, unique=True))
    names = tuple(labels[: shape[0]]) if len(shape) == 1 else ()
    inputs = tuple(labels[4 : 4 + draw(st.integers(0, 2))])
    if draw(st.booleans()):
        return draw(runs(names, inputs, shape))
    return Trajectories(draw(st.lists(runs(names, inputs, shape), min_size=1, max_size=3)))


def written_and_read(recording: Trajectory | Trajectories, suffix: str) -> Trajectory | Trajectories:
    with tempfile.TemporaryDirectory() as folder:
        form = suffix if suffix == "mat-v7.3" else None
        path = Path(folder) / ("recording.mat" if form else f"recording{suffix}")
        write(recording, path, format=form)
        assert [item.name for item in Path(folder).iterdir()] == [path.name]
        found = read(path)
        return found if isinstance(found, Trajectory) else Trajectories(list(found))


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(recording=recordings())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_round_trip_loses_nothing(suffix: str, recording: Trajectory | Trajectories) -> None:
    found = written_and_read(recording, suffix)
    assert type(found) is type(recording)
    assert found == recording
    pairs = (
        zip([found], [recording], strict=True) if isinstance(found, Trajectory) else zip(found, recording, strict=True)
    )
    for back, first in pairs:
        assert back.states.dtype == first.states.dtype
        # An equal zero may differ in its sign; nothing at all may.
        assert back.times.tobytes() == first.times.tobytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_notes_of_the_reader_stay_with_a_run(suffix: str) -> None:
    run = Trajectory([0.0, 1.0], [1.0, 2.0], notes=("column 't' is taken as time",))
    assert written_and_read(run, suffix).notes == run.notes


def test_pandas_reads_a_table_of_ours(tmp_path: Path) -> None:
    import pandas

    run = Trajectory(np.arange(5) * 0.1, np.random.default_rng(0).normal(size=(5, 2)), state_names=("x", "y"))
    write(run, tmp_path / "a.csv")
    frame = pandas.read_csv(tmp_path / "a.csv", comment="#", float_precision="round_trip")
    assert list(frame.columns) == ["time", "x", "y"]
    assert np.array_equal(frame[["x", "y"]].to_numpy(), run.states)


def test_scipy_reads_matlab_and_sound_files_of_ours(tmp_path: Path) -> None:
    from scipy.io import loadmat, wavfile

    run = Trajectory(np.arange(50) / 8000, np.random.default_rng(0).normal(size=(50, 2)))
    write(run, tmp_path / "a.mat")
    assert np.array_equal(loadmat(tmp_path / "a.mat")["states"], run.states)
    write(run, tmp_path / "a.wav")
    with pytest.warns(wavfile.WavFileWarning, match="non-data"):
        rate, sound = wavfile.read(tmp_path / "a.wav")
    assert rate == 8000
    assert np.array_equal(sound, run.states)


def test_the_netcdf_library_reads_a_file_of_ours(tmp_path: Path) -> None:
    import subprocess
    import sys

    run = Trajectory(np.arange(5) * 0.5, np.arange(30.0).reshape(5, 2, 3), units={"time": "s"})
    write(run, tmp_path / "a.nc")
    # In a process of its own: two builds of HDF5 in one process are asking for trouble.
    code = (
        "import sys, netCDF4; f = netCDF4.Dataset(sys.argv[1]); v = f['states'];"
        "print(v.dimensions, float(v[4, 1, 2]), f['time'].units, float(f['time'][4]))"
    )
    output = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.nc")], capture_output=True, text=True)
    assert output.stdout.strip() == "('time', 'axis_0', 'axis_1') 29.0 s 2.0", output.stderr
