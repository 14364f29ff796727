"""LeRobot folders, v3 (many episodes a file) and v2 (a file an episode): Parquet tables, images in them, videos."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.robot_sets.episodes import Wanted, episode_run, observed
from inscape.trajectories.trajectory import Trajectory

_IMAGES, _VIDEOS = "image", "video"


def read(path: Path, wanted: Wanted) -> Trajectories:
    """Read `meta/info.json`, `data/chunk-*/*.parquet` and, where a video is asked for, its frames."""
    import pyarrow.parquet as parquet

    info = json.loads((path / "meta" / "info.json").read_text(encoding="utf-8"))
    features: Mapping[str, Any] = info.get("features", {})
    if "action" not in features:
        raise InputError(f"{path.name}: features {', '.join(features) or 'none'} found, expected an 'action'")
    files = sorted((path / "data").glob("chunk-*/*.parquet"))
    if not files:
        raise InputError(f"{path.name}: no data/chunk-*/*.parquet found; was the data set downloaded with its tables?")
    names = _wanted_features(path.name, features, wanted.observations)
    videos = [name for name in names if features[name]["dtype"] == _VIDEOS]
    columns = ["episode_index", "frame_index", "task_index", "action", *(n for n in names if n not in videos)]
    present = set(parquet.read_schema(files[0]).names)
    missing = [c for c in columns if c not in present and c != "task_index"]
    if missing:
        raise UnknownNameError(f"{path.name}: column", missing[0], present)
    columns = [c for c in columns if c in present]
    index = [np.asarray(parquet.read_table(f, columns=["episode_index"])["episode_index"]) for f in files]
    episodes = np.unique(np.concatenate(index))
    chosen = [int(episodes[i]) for i in wanted.choose(path.name, len(episodes))]
    tasks = _tasks(path)
    dt = wanted.dt if wanted.dt is not None else 1.0 / float(info["fps"])
    runs: dict[int, Trajectory] = {}
    for file, held in zip(files, index, strict=True):
        here = [number for number in chosen if number in held]
        if not here:
            continue
        table = parquet.read_table(file, columns=columns, filters=[("episode_index", "in", here)])
        episode_of, frame_of = np.asarray(table["episode_index"]), np.asarray(table["frame_index"])
        for number in here:
            rows = np.flatnonzero(episode_of == number)
            rows = rows[np.argsort(frame_of[rows], kind="stable")]
            source = f"{path.name}, episode {number}"
            arrays = {
                name: _column(source, table[name].take(rows), features[name]) for name in names if name not in videos
            }
            for name in videos:
                arrays[name] = _video(path, info, name, number, len(rows))
            seen, columns_of = observed(source, arrays, tuple(names))
            context: dict[str, float | str] = {"episode": float(number)}
            if "task_index" in columns:
                task = int(table["task_index"][int(rows[0])].as_py())
                context["task"] = tasks.get(task, str(task))
            runs[number] = episode_run(
                source,
                seen,
                _column(source, table["action"].take(rows), features["action"]),
                names=_labels(names, features, columns_of),
                action_names=_labels(["action"], features, ()),
                dt=dt,
                context=context,
            )
    return Trajectories(runs[number] for number in chosen)


def _wanted_features(source: str, features: Mapping[str, Any], asked: tuple[str, ...] | None) -> list[str]:
    offered = [name for name in features if name.startswith("observation")]
    if asked is not None:
        for name in asked:
            if name not in offered:
                raise UnknownNameError(f"{source}: observation", name, offered)
        return list(asked)
    vectors = [name for name in sorted(offered) if features[name]["dtype"] not in (_IMAGES, _VIDEOS)]
    if not vectors:
        raise InputError(f"{source}: only images found ({', '.join(offered)}); name one, observations={offered[:1]}")
    return vectors


def _labels(names: list[str], features: Mapping[str, Any], plain: tuple[str, ...]) -> tuple[str, ...]:
    """The names that the data set gives to single numbers, where it does for all of them and no two are the same."""
    told: list[str] = []
    for name in names:
        given = features[name].get("names")
        if isinstance(given, Mapping):
            given = next((value for value in given.values() if isinstance(value, list)), None)
        shape = features[name].get("shape") or [1]
        if not isinstance(given, list) or len(shape) != 1 or len(given) != shape[0]:
            return plain
        told += [f"{name}.{label}" for label in given]
    return tuple(told) if len(set(told)) == len(told) else plain


def _column(source: str, column: Any, feature: Mapping[str, Any]) -> np.ndarray:
    rows = column.to_pylist()
    if feature["dtype"] == _IMAGES:
        return _images(source, rows)
    array = np.asarray(rows, dtype=float)
    return array[:, None] if array.ndim == 1 else array


def _images(source: str, rows: list[Any]) -> np.ndarray:
    require("PIL", "robots")
    from PIL import Image

    frames = []
    for row in rows:
        if not isinstance(row, Mapping) or row.get("bytes") is None:
            raise InputError(f"{source}: an image without its bytes found, expected images inside the table")
        with Image.open(io.BytesIO(row["bytes"])) as picture:
            frames.append(np.asarray(picture.convert("RGB"), dtype=np.uint8))
    return np.stack(frames)


def _video(path: Path, info: Mapping[str, Any], name: str, episode: int, count: int) -> np.ndarray:
    """The frames of one episode; in v3 they stand somewhere in a longer file."""
    imageio = require("imageio.v3", "robots")
    told = _episode_record(path, episode)
    template = info.get("video_path") or "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
    first = 0
    if f"videos/{name}/file_index" in told:
        file = template.format(
            video_key=name,
            chunk_index=int(told[f"videos/{name}/chunk_index"]),
            file_index=int(told[f"videos/{name}/file_index"]),
        )
        first = round(float(told[f"videos/{name}/from_timestamp"]) * float(info["fps"]))
    else:
        chunk = episode // int(info.get("chunks_size", 1000))
        file = template.format(video_key=name, episode_chunk=chunk, episode_index=episode)
    if not (path / file).exists():
        raise InputError(f"{path.name}: no {file} found; was the data set downloaded with its videos?")
    frames = []
    for position, frame in enumerate(imageio.imiter(path / file)):
        if position >= first + count:
            break
        if position >= first:
            frames.append(np.asarray(frame, dtype=np.uint8))
    if len(frames) != count:
        raise InputError(f"{path.name}: {len(frames)} frames in {file} for episode {episode}, expected {count}")
    return np.stack(frames)


def _episode_record(path: Path, episode: int) -> Mapping[str, Any]:
    import pyarrow.parquet as parquet

    for file in sorted((path / "meta" / "episodes").glob("chunk-*/*.parquet")):
        rows = parquet.read_table(file, filters=[("episode_index", "==", episode)]).to_pylist()
        if rows:
            return rows[0]
    return {}


def _tasks(path: Path) -> dict[int, str]:
    """Task texts by number: a table in v3, lines of JSON in v2."""
    table, lines = path / "meta" / "tasks.parquet", path / "meta" / "tasks.jsonl"
    if table.exists():
        import pyarrow.parquet as parquet

        rows = parquet.read_table(table).to_pylist()
        # The text is the index of the frame that was written, whatever name that got.
        return {
            int(row["task_index"]): str(next(v for k, v in row.items() if k != "task_index"))
            for row in rows
            if len(row) > 1
        }
    if lines.exists():
        told = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {int(row["task_index"]): str(row["task"]) for row in told}
    return {}
