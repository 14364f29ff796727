"""Files of named arrays from other hands: NPZ, MATLAB, HDF5, NetCDF, Zarr and sound."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from inscape.errors import InputError, InscapeError
from inscape.trajectories import Trajectories, Trajectory, read, write

TIMES = np.arange(30) * 0.1
STATES = np.random.default_rng(0).normal(size=(30, 2))


class Bomb:
    """What an attacker would put into a pickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(Path(os.environ["BOMB"])),)


def test_time_and_states_of_a_numpy_archive_are_found(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", t=TIMES, x=STATES, force=TIMES**2)
    run = read(tmp_path / "a.npz", columns="x", inputs="force")
    assert np.array_equal(run.states, STATES)
    assert run.input_names == ("force",)
    with pytest.raises(InputError, match=r"several arrays could be the states: .*x \(30, 2\).* say which, columns="):
        read(tmp_path / "a.npz")


def test_lines_of_one_length_stand_side_by_side(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", time=TIMES, x=STATES[:, 0], y=STATES[:, 1], mass=2.0)
    run = read(tmp_path / "a.npz")
    assert run.state_names == ("x", "y")
    assert np.array_equal(run.states, STATES)


def test_a_bare_array_needs_its_interval(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(STATES))
    with pytest.raises(InputError, match=r"no time among states \(30, 2\); give the sampling interval"):
        read(tmp_path / "a.npy")
    assert np.array_equal(read(tmp_path / "a.npy", dt=0.5).states, STATES)


def test_pickles_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOMB", str(tmp_path / "exploded"))
    evil = np.array([Bomb()], dtype=object)
    np.savez(tmp_path / "a.npz", t=TIMES, x=evil)
    np.save(tmp_path / "a.npy", evil)
    for name in ("a.npz", "a.npy"):
        with pytest.raises(InputError, match="holds Python objects, which are never unpickled"):
            read(tmp_path / name, dt=1.0)
    store = tmp_path / "a.zarr"
    (store / "states").mkdir(parents=True)
    (store / ".zgroup").write_text('{"zarr_format": 2}')
    for dtype, filters in (("|O", [{"id": "pickle", "protocol": 5}]), ("<f8", [{"id": "pickle", "protocol": 5}])):
        about = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": dtype, "compressor": None, "fill_value": 0}
        (store / "states" / ".zarray").write_text(json.dumps({**about, "order": "C", "filters": filters}))
        (store / "states" / "0").write_bytes(pickle.dumps(evil))
        with pytest.raises(InputError):
            read(store, dt=1.0)
    assert not (tmp_path / "exploded").exists()
    pickle.loads(pickle.dumps(evil))
    assert (tmp_path / "exploded").exists()


def test_matlab_matrices_are_turned_where_time_lies_last(tmp_path: Path) -> None:
    from scipy.io import savemat

    savemat(tmp_path / "a.mat", {"t": TIMES[None], "x": STATES.T, "who": "ann"})
    run = read(tmp_path / "a.mat")
    assert np.array_equal(run.states, STATES)
    assert any("time last and was turned" in note for note in run.notes)


@pytest.mark.parametrize("packed", [True, False])
def test_fields_of_a_matlab_struct_are_arrays(tmp_path: Path, packed: bool) -> None:
    from scipy.io import savemat

    numbers = {"x": STATES[:, :1], "n": np.arange(30, dtype=np.int16), "f": np.arange(30, dtype=np.float32)}
    savemat(tmp_path / "a.mat", {"run": {"t": TIMES, **numbers}}, do_compression=packed)
    run = read(tmp_path / "a.mat")
    assert run.state_names == ("x", "n", "f")
    assert np.array_equal(run.states[:, 1], np.arange(30))


def test_our_matlab_parser_agrees_with_scipy_on_every_class(tmp_path: Path) -> None:
    from scipy.io import savemat

    from inscape.trajectories.formats.mat5 import contents_of

    rng = np.random.default_rng(1)
    kinds = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]
    arrays = {f"a_{kind}": (rng.normal(size=(3, 4, 2)) * 50).astype(kind) for kind in kinds}
    for packed in (True, False):
        savemat(
            tmp_path / "a.mat", {**arrays, "word": "héllo", "cell": np.array([[1, "a"]], object)}, do_compression=packed
        )
        found = contents_of("a.mat", (tmp_path / "a.mat").read_bytes())
        assert found.texts == {"word": "héllo"}
        assert found.refused == ["cell (cell)"]
        assert set(found.arrays) == set(arrays)
        for name, values in arrays.items():
            assert found.arrays[name].dtype == values.dtype
            assert np.array_equal(found.arrays[name], values)


def test_the_layout_of_matlab_itself_is_read_from_version_73(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        # MATLAB keeps a 30 x 2 matrix as 2 x 30, a row of letters as codes, a struct as a group.
        for name, values, kind in (
            ("run/t", TIMES[None, :], b"double"),
            ("run/x", STATES.T, b"double"),
            ("who", np.array([[97], [110]], "u2"), b"char"),
        ):
            file[name] = values
            file[name].attrs["MATLAB_class"] = np.bytes_(kind)
    with open(path, "r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    run = read(path)
    assert np.array_equal(run.states, STATES)
    assert np.array_equal(run.times, TIMES)


def test_hdf5_groups_units_and_tables_of_records_are_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["lab/time"] = TIMES
        file["lab/speed"] = STATES[:, 0]
        file["lab/speed"].attrs["units"] = "m/s"
        file["lab/time"].attrs["units"] = "min"
    run = read(tmp_path / "a.h5")
    assert run.state_names == ("speed",)
    assert dict(run.units) == {"speed": "m/s", "time": "min"}
    records = np.zeros(30, [("time", float), ("x", float)])
    records["time"], records["x"] = TIMES, STATES[:, 0]
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["table"] = records
    assert np.array_equal(read(tmp_path / "b.h5").states[:, 0], STATES[:, 0])


def test_hdf5_does_not_lead_out_of_its_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = STATES
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = h5py.ExternalLink("secret.h5", "/x")
        file["loop"] = h5py.SoftLink("/")
    with pytest.raises(InputError, match="no array of numbers"):
        read(tmp_path / "a.h5", dt=1.0)
    layout = h5py.VirtualLayout(shape=(30, 2), dtype=float)
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "x", shape=(30, 2))
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_virtual_dataset("x", layout)
    with pytest.raises(InputError, match="'x' lies in another file"):
        read(tmp_path / "b.h5", dt=1.0)


def test_arrays_of_objects_are_refused_by_name(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("words", data=["a", "b"], dtype=h5py.string_dtype())
    with pytest.raises(InputError, match="no array of numbers found; words hold objects"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_a_field_in_netcdf_is_a_trajectory_of_fields(tmp_path: Path, engine: str) -> None:
    import xarray

    pytest.importorskip(engine)
    field = np.random.default_rng(0).normal(size=(4, 3, 5))
    dataset = xarray.Dataset(
        {"height": (("y", "time", "x"), np.moveaxis(field, 0, 1), {"units": "m"})},
        {"time": ("time", np.array([0.0, 1, 2, 4]), {"units": "days since 2000-01-01"}), "x": np.arange(5.0)},
    )
    dataset.to_netcdf(tmp_path / "a.nc", engine=engine)
    run = read(tmp_path / "a.nc")
    assert np.array_equal(run.states, field)
    assert run.times.tolist() == [0, 1, 2, 4]
    assert run.units["time"] == "days"
    assert run.context["time_origin"] == "2000-01-01"


def test_packed_numbers_of_netcdf_are_unpacked(tmp_path: Path) -> None:
    from scipy.io import netcdf_file

    with netcdf_file(tmp_path / "a.nc", "w") as file:
        file.createDimension("time", 3)
        file.createVariable("time", "d", ("time",))[:] = [0, 1, 2]
        height = file.createVariable("height", "h", ("time",))
        height[:] = [10, -99, 30]
        height.scale_factor, height.add_offset, height._FillValue = 0.5, 100.0, np.int16(-99)
    states = read(tmp_path / "a.nc").states[:, 0]
    assert states[[0, 2]].tolist() == [105, 115]
    assert np.isnan(states[1])


def test_what_xarray_wrote_of_a_run_keeps_its_names(tmp_path: Path) -> None:
    pytest.importorskip("h5netcdf")
    run = Trajectory(TIMES, STATES, None, {"mass": 2.0}, ("x", "y"), (), {"time": "s", "x": "m"}, "here")
    run.to_xarray().to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    found = read(tmp_path / "a.nc")
    assert found.state_names == ("x", "y")
    assert dict(found.context) == {"mass": 2.0}
    assert dict(found.units) == {"time": "s", "x": "m"}
    run.to_xarray().to_zarr(tmp_path / "a.zarr")
    assert read(tmp_path / "a.zarr").state_names == ("x", "y")


def test_a_zarr_store_of_many_runs_loads_only_what_is_looked_at(tmp_path: Path) -> None:
    runs = Trajectories(Trajectory(TIMES[: 10 + k], STATES[: 10 + k] + k, context={"k": k}) for k in range(20))
    write(runs, tmp_path / "a.zarr")
    chunks = sorted(p for p in (tmp_path / "a.zarr").rglob("c/*") if p.is_file())
    assert chunks
    found = read(tmp_path / "a.zarr")
    # The store's numbers are taken away: labels are there, the numbers are not asked for.
    for chunk in chunks:
        chunk.rename(chunk.with_name("gone"))
    assert len(found) == 20
    assert found.lengths == runs.lengths
    assert found.state_names == runs.state_names
    assert "20 runs of 10 to 29 samples" in repr(found)
    for chunk in chunks:
        chunk.with_name("gone").rename(chunk)
    assert found[7] == runs[7]
    assert found[3:5] == runs[3:5]
    assert found == runs


def test_a_stored_collection_goes_to_other_processes_without_its_numbers(tmp_path: Path) -> None:
    runs = Trajectories(Trajectory(np.arange(9_000.0), np.random.default_rng(k).normal(size=9_000)) for k in range(9))
    write(runs, tmp_path / "a.zarr")
    parcel = pickle.dumps(read(tmp_path / "a.zarr"))
    assert len(parcel) < 50_000
    assert pickle.loads(parcel) == runs


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz", ".mat", ".h5", ".nc", ".zarr", ".wav"])
def test_a_choice_of_columns_is_heard_by_every_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    run = Trajectory(
        TIMES,
        np.stack([TIMES, 2 * TIMES, 3 * TIMES], axis=1),
        state_names=("a", "b", "c"),
        context={"k": 1.0},
        units={"b": "m"},
    )
    write(run, path)
    found = read(path, columns=["c", "a"], inputs="b", dtype="float32", units={"a": "kg"})
    assert (found.state_names, found.input_names) == (("c", "a"), ("b",))
    assert np.array_equal(found.states, np.stack([3 * TIMES, TIMES], axis=1).astype(np.float32))
    assert np.array_equal(found.inputs[:, 0], (2 * TIMES).astype(np.float32))
    assert dict(found.units) == {"a": "kg", "b": "m"}
    assert dict(found.context) == {"k": 1.0}
    assert read(path, inputs=["b"]).state_names == ("a", "c")
    with pytest.raises(InscapeError, match="'d' is not known"):
        read(path, columns="d")


@pytest.mark.parametrize("suffix", [".npz", ".mat", ".h5", ".nc", ".zarr", ".wav"])
def test_a_file_with_times_of_its_own_takes_no_others(tmp_path: Path, suffix: str) -> None:
    write(Trajectory(TIMES, STATES), tmp_path / f"a{suffix}")
    with pytest.raises(InputError, match=r"dt=0.5 given, but the file holds its own times"):
        read(tmp_path / f"a{suffix}", dt=0.5)


def test_looking_at_one_run_of_many_reads_little(tmp_path: Path) -> None:
    import tracemalloc

    runs = Trajectories(Trajectory(np.arange(50_000.0), np.full((50_000, 2), float(k))) for k in range(20))
    write(runs, tmp_path / "a.zarr")
    del runs
    read(tmp_path / "a.zarr")[0]
    tracemalloc.start()
    found = read(tmp_path / "a.zarr")
    assert tracemalloc.get_traced_memory()[1] < 2e6
    assert found[11].states[5, 1] == 11
    assert tracemalloc.get_traced_memory()[1] < 12e6
    tracemalloc.stop()


def test_sound_of_whole_numbers_is_scaled_to_one(tmp_path: Path) -> None:
    from scipy.io import wavfile

    wavfile.write(tmp_path / "a.wav", 8000, np.array([[0, 16384], [-32768, 8192]], np.int16))
    run = read(tmp_path / "a.wav")
    assert run.states.tolist() == [[0, 0.5], [-1, 0.25]]
    assert run.times[1] == 1 / 8000
    assert run.state_names == ("channel1", "channel2")
    assert read(tmp_path / "a.wav", columns="channel2", dt=1.0).states.tolist() == [[0.5], [0.25]]


FORMS = (".csv", ".csv.gz", ".csv.xz", ".parquet", ".npz", ".mat", ".h5", ".nc", ".wav")


@pytest.mark.parametrize("suffix", FORMS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
def test_a_file_cut_short_is_told_in_one_line(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"a{suffix}"
    write(
        Trajectory(np.arange(2000) * 0.1, np.random.default_rng(0).normal(size=(2000, 2)), TIMES[0] + np.arange(2000)),
        path,
    )
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InscapeError) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [*FORMS, ".zarr"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"PK\x03\x04 and so on", np.random.default_rng(0).bytes(5000)])
def test_other_bytes_under_a_known_name_are_told_in_one_line(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(InscapeError) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [*FORMS, ".zarr"])
def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"a{suffix}"
    first = Trajectory([0.0, 1.0], [1.0, 2.0])
    write(first, path)
    with pytest.raises(InputError, match="is there already"):
        write(first, path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    second = Trajectory([0.0, 1.0], [5.0, 6.0])
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(InputError, match="cannot be written"):
            write(second, path, overwrite=True)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert read(path) == first
    write(second, path, overwrite=True)
    assert read(path) == second
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_what_cannot_be_written_is_refused_before_a_file_is_made(tmp_path: Path) -> None:
    run = Trajectory([0.0, 1.0], [1.0, 2.0])
    for value, path, line in (
        (run, tmp_path / "a.xlsx", "suffix not known"),
        (run, tmp_path / "none" / "a.csv", "no such folder"),
        ([1, 2], tmp_path / "a.csv", "expected Trajectory or Trajectories"),
        (run, tmp_path / "a.npy", "would lose times and names"),
        (run.replace(context={"x": [1]}), tmp_path / "a.csv", "expected a number or a text"),
    ):
        with pytest.raises(InputError, match=line):
            write(value, path)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
