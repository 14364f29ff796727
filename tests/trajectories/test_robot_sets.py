"""Data sets of demonstrations, written here in the layouts of robot learning and read back."""

from __future__ import annotations

import io
import json
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from inscape.errors import InputError, InscapeError, UnknownNameError
from inscape.trajectories import d4rl_episodes, read_demonstrations

RANDOM = np.random.default_rng(0)
LENGTHS = (5, 3, 4)
STATES = [RANDOM.normal(size=(n, 3)) for n in LENGTHS]
ACTIONS = [RANDOM.normal(size=(n, 2)) for n in LENGTHS]
FRAMES = [RANDOM.integers(0, 255, (n, 6, 8, 3), dtype=np.uint8) for n in LENGTHS]


def a_lerobot_folder(place: Path, *, version: int = 3, images: bool = False) -> Path:
    """A folder as LeRobot writes it: all episodes in one table (v3) or one a file (v2)."""
    features = {
        "observation.state": {"dtype": "float32", "shape": [3], "names": {"motors": ["a", "b", "c"]}},
        "action": {"dtype": "float32", "shape": [2], "names": {"motors": ["da", "db"]}},
    }
    if images:
        features["observation.images.top"] = {"dtype": "image", "shape": [6, 8, 3], "names": None}
    (place / "meta").mkdir(parents=True)
    info = {"codebase_version": f"v{version}.0", "fps": 20, "features": features, "total_episodes": 3}
    (place / "meta" / "info.json").write_text(json.dumps(info))
    tables = []
    for episode, (states, actions) in enumerate(zip(STATES, ACTIONS, strict=True)):
        columns = {
            "observation.state": states.astype(np.float32).tolist(),
            "action": actions.astype(np.float32).tolist(),
            "timestamp": np.arange(len(states)) / 20,
            "frame_index": np.arange(len(states)),
            "episode_index": np.full(len(states), episode),
            "task_index": np.full(len(states), episode % 2),
        }
        if images:
            columns["observation.images.top"] = [{"bytes": png(frame), "path": None} for frame in FRAMES[episode]]
        tables.append(pa.table(columns))
    chunk = place / "data" / "chunk-000"
    chunk.mkdir(parents=True)
    if version == 3:
        # Within a file, rows need not stand in order.
        whole = pa.concat_tables(tables)
        parquet.write_table(whole.take(list(range(len(whole)))[::-1]), chunk / "file-000.parquet")
        tasks = pa.table({"task_index": [0, 1], "__index_level_0__": ["lift the cube", "push the cube"]})
        parquet.write_table(tasks, place / "meta" / "tasks.parquet")
    else:
        for episode, table in enumerate(tables):
            parquet.write_table(table, chunk / f"episode_{episode:06d}.parquet")
        lines = [json.dumps({"task_index": i, "task": t}) for i, t in enumerate(["lift the cube", "push the cube"])]
        (place / "meta" / "tasks.jsonl").write_text("\n".join(lines))
    return place


def png(frame: np.ndarray) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(frame).save(out, format="PNG")
    return out.getvalue()


@pytest.mark.parametrize("version", [2, 3])
def test_lerobot_folders_of_both_versions_come_back_episode_by_episode(tmp_path, version):
    runs = read_demonstrations(a_lerobot_folder(tmp_path / "set", version=version))
    assert runs.lengths == LENGTHS
    for run, states, actions in zip(runs, STATES, ACTIONS, strict=True):
        assert run.states == pytest.approx(states, abs=1e-6)
        assert run.inputs == pytest.approx(actions, abs=1e-6)
    assert runs[0].dt == pytest.approx(1 / 20)
    assert runs.state_names == ("observation.state.a", "observation.state.b", "observation.state.c")
    assert runs.input_names == ("action.da", "action.db")
    assert [run.context["task"] for run in runs] == ["lift the cube", "push the cube", "lift the cube"]
    some = read_demonstrations(tmp_path / "set", episodes=(2, 0))
    assert some.lengths == (4, 5)


def test_images_inside_a_lerobot_table_become_frames(tmp_path):
    pytest.importorskip("PIL")
    folder = a_lerobot_folder(tmp_path / "set", images=True)
    runs = read_demonstrations(folder, observations="observation.images.top", episodes=1)
    assert runs[0].states.shape == (5, 6, 8, 3)
    assert runs[0].states == pytest.approx(FRAMES[0] / 255, abs=1e-6)
    assert read_demonstrations(folder)[0].states.shape == (5, 3)


def test_the_frames_of_an_episode_are_found_in_a_longer_video(tmp_path):
    imageio = pytest.importorskip("imageio.v2")
    pytest.importorskip("imageio_ffmpeg")
    folder = a_lerobot_folder(tmp_path / "set")
    info = json.loads((folder / "meta" / "info.json").read_text())
    info["features"]["observation.images.top"] = {"dtype": "video", "shape": [32, 32, 3], "names": None}
    info["video_path"] = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
    (folder / "meta" / "info.json").write_text(json.dumps(info))
    brightness = np.concatenate([np.full(n, 60 * (e + 1)) for e, n in enumerate(LENGTHS)])
    film = folder / "videos" / "observation.images.top" / "chunk-000" / "file-000.mp4"
    film.parent.mkdir(parents=True)
    with imageio.get_writer(film, fps=20, macro_block_size=None) as writer:
        for value in brightness:
            writer.append_data(np.full((32, 32, 3), value, np.uint8))
    key = "videos/observation.images.top"
    records = [
        {
            "episode_index": episode,
            f"{key}/chunk_index": 0,
            f"{key}/file_index": 0,
            f"{key}/from_timestamp": sum(LENGTHS[:episode]) / 20,
        }
        for episode in range(3)
    ]
    meta = folder / "meta" / "episodes" / "chunk-000"
    meta.mkdir(parents=True)
    parquet.write_table(pa.Table.from_pylist(records), meta / "file-000.parquet")
    runs = read_demonstrations(folder, observations="observation.images.top")
    assert [round(float(run.states.mean()) * 255 / 60) for run in runs] == [1, 2, 3]
    assert runs.lengths == LENGTHS


def a_minari_file(folder: Path, *, nested: bool = False) -> Path:
    (folder / "data").mkdir(parents=True)
    with h5py.File(folder / "data" / "main_data.hdf5", "w") as file:
        for episode, (states, actions) in enumerate(zip(STATES, ACTIONS, strict=True)):
            group = file.create_group(f"episode_{episode}")
            seen = np.vstack([states, states[-1:]])
            if nested:
                group["observations/observation"] = seen[:, :2]
                group["observations/achieved_goal"] = seen[:, 2:]
            else:
                group["observations"] = seen
            group["actions"] = actions
            group["rewards"] = np.ones(len(actions))
    return folder


def test_minari_has_an_observation_more_than_actions(tmp_path):
    runs = read_demonstrations(a_minari_file(tmp_path / "set"), dt=0.1)
    assert runs.lengths == tuple(n + 1 for n in LENGTHS)
    assert runs[1].inputs[:-1] == pytest.approx(ACTIONS[1])
    assert np.isnan(runs[1].inputs[-1]).all()
    assert runs[1].context["return"] == 3
    direct = read_demonstrations(tmp_path / "set" / "data" / "main_data.hdf5", dt=0.1)
    assert direct[0].states.tolist() == runs[0].states.tolist()


def test_parts_of_a_dictionary_observation_are_chosen_by_name(tmp_path):
    folder = a_minari_file(tmp_path / "set", nested=True)
    assert read_demonstrations(folder).state_names == ("achieved_goal", "observation[0]", "observation[1]")
    assert read_demonstrations(folder, observations="observation")[0].states[:-1] == pytest.approx(STATES[0][:, :2])
    with pytest.raises(UnknownNameError, match="observatoin.*nearest: observation"):
        read_demonstrations(folder, observations="observatoin")


def test_robomimic_files_hold_demos_with_observations_or_bare_states(tmp_path):
    with h5py.File(tmp_path / "demo.hdf5", "w") as file:
        data = file.create_group("data")
        data.attrs["env_args"] = json.dumps({"env_name": "Lift"})
        for number in (0, 10, 2):
            place = {0: 0, 10: 2, 2: 1}[number]
            demo = data.create_group(f"demo_{number}")
            demo["actions"] = ACTIONS[place]
            demo["obs/eef"] = STATES[place][:, :2]
            demo["obs/gripper"] = STATES[place][:, 2]
            demo["obs/camera"] = FRAMES[place]
    runs = read_demonstrations(tmp_path / "demo.hdf5")
    assert runs.lengths == LENGTHS
    assert runs.state_names == ("eef[0]", "eef[1]", "gripper")
    assert runs[2].states == pytest.approx(STATES[2])
    assert "Lift" in runs[0].context["world"]
    assert read_demonstrations(tmp_path / "demo.hdf5", observations="camera")[1].states.shape == (3, 6, 8, 3)
    with pytest.raises(InputError, match="camera.*holds images"):
        read_demonstrations(tmp_path / "demo.hdf5", observations=("eef", "camera"))
    with h5py.File(tmp_path / "bare.hdf5", "w") as file:
        file["data/demo_0/actions"], file["data/demo_0/states"] = ACTIONS[0], STATES[0]
    assert read_demonstrations(tmp_path / "bare.hdf5")[0].states == pytest.approx(STATES[0])


def test_d4rl_arrays_are_cut_behind_terminals_and_timeouts(tmp_path):
    arrays = {
        "observations": np.concatenate(STATES),
        "actions": np.concatenate(ACTIONS),
        "terminals": np.isin(np.arange(12), [4]),
        "timeouts": np.isin(np.arange(12), [7]),
        "rewards": np.ones(12),
    }
    runs = d4rl_episodes(arrays)
    assert runs.lengths == LENGTHS
    assert runs[2].inputs == pytest.approx(ACTIONS[2])
    with h5py.File(tmp_path / "walker.hdf5", "w") as file:
        for name, array in arrays.items():
            file[name] = array
    read = read_demonstrations(tmp_path / "walker.hdf5")
    assert [run.states.tolist() for run in read] == [run.states.tolist() for run in runs]
    with pytest.raises(InputError, match="11 actions"):
        d4rl_episodes(arrays | {"actions": arrays["actions"][1:]})
    with pytest.raises(InputError, match="no 'terminals'"):
        d4rl_episodes({"observations": np.ones((3, 1)), "actions": np.ones((3, 1))})


@pytest.mark.parametrize("time_first", [True, False])
def test_the_kitchen_triple_is_cut_to_what_exists(tmp_path, time_first):
    longest = max(LENGTHS)
    padded = [
        np.stack([np.pad(a, ((0, longest - len(a)), (0, 0))) for a in part], axis=1) for part in (STATES, ACTIONS)
    ]
    mask = np.stack([np.arange(longest) < n for n in LENGTHS], axis=1).astype(float)
    for name, array in zip(("observations_seq", "actions_seq", "existence_mask"), (*padded, mask), strict=True):
        np.save(tmp_path / f"{name}.npy", array if time_first else array.swapaxes(0, 1))
    runs = read_demonstrations(tmp_path, episodes=2)
    assert runs.lengths == LENGTHS[:2]
    assert runs[1].states == pytest.approx(STATES[1])
    assert runs[1].inputs == pytest.approx(ACTIONS[1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p / "absent", "no such file or folder"),
        (lambda p: p, "no data set of a known layout"),
        (lambda p: (p / "x.hdf5", h5py.File(p / "x.hdf5", "w").close())[0], "nothing found"),
        (lambda p: (p / "x.hdf5", (p / "x.hdf5").write_bytes(b"no file"))[0], "not HDF5"),
        (lambda p: (p, (p / "meta").mkdir(), (p / "meta" / "info.json").write_text("{not json"))[0], "damaged"),
        (lambda p: (p, (p / "meta").mkdir(), (p / "meta" / "info.json").write_text("{}"))[0], "expected an 'action'"),
        (lambda p: (p, np.save(p / "observations_seq.npy", np.ones(3)))[0], "no actions_seq.npy"),
    ],
)
def test_what_is_no_data_set_is_told_in_one_line(tmp_path, make, message):
    with pytest.raises(InscapeError, match=message) as found:
        read_demonstrations(make(tmp_path))
    assert "\n" not in str(found.value)


def test_requests_that_cannot_be_met_are_told_in_one_line(tmp_path):
    folder = a_minari_file(tmp_path / "set")
    for settings, message in (
        ({"episodes": (7,)}, "episode 7 asked for, it has 3"),
        ({"episodes": 0}, "episodes: 0"),
        ({"layout": "minary"}, "nearest: minari"),
        ({"dt": -1.0}, "dt: -1"),
        ({"observations": ()}, "none found"),
    ):
        with pytest.raises(InscapeError, match=message):
            read_demonstrations(folder, **settings)
