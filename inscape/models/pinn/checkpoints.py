"""A training kept in one file: weights of every level, time spent, history, and what model they belong to."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.atomic import draft_of
from inscape.errors import InputError
from inscape.models.pinn.schedule import Progress

if TYPE_CHECKING:
    from inscape.models.pinn.hierarchical import HierarchicalPINN, TrainedLevel


def store(model: HierarchicalPINN, below: tuple[TrainedLevel, ...], now: Progress) -> None:
    """Write where a training stands, whole or not at all."""
    assert model.checkpoint is not None
    arrays: dict[str, np.ndarray] = {"settings": np.array(_settings(model))}
    done = [Progress(one.weights, _spent(one), one.history) for one in below]
    for number, progress in enumerate([*done, now]):
        for name, value in progress.weights.items():
            arrays[f"level{number}/{name}"] = value
        arrays[f"level{number}/spent"] = np.array(progress.spent)
        arrays[f"level{number}/history"] = np.array(_thinned(progress.history)).reshape(-1, 2)
    model.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    with draft_of(model.checkpoint) as draft, draft.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def restore(model: HierarchicalPINN) -> list[Progress]:
    """The levels that a checkpoint holds, the last perhaps unfinished.

    Raises
    ------
    InputError : if it is no checkpoint, or of a model with other settings.
    """
    assert model.checkpoint is not None
    try:
        with np.load(model.checkpoint, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError) as error:
        raise InputError(f"{model.checkpoint.name}: not a checkpoint of a network ({error})") from None
    found, wanted = str(arrays.get("settings", "")), _settings(model)
    if found != wanted:
        raise InputError(
            f"{model.checkpoint.name}: holds another model ({found[:80]}), expected {wanted[:80]}; "
            "give another checkpoint or delete it"
        )
    levels = sorted({int(name.split("/")[0][5:]) for name in arrays if name.startswith("level")})
    kept = []
    for number in levels:
        own = {name.split("/", 1)[1]: value for name, value in arrays.items() if name.startswith(f"level{number}/")}
        spent, history = float(own.pop("spent")), own.pop("history")
        kept.append(Progress(own, spent, history))
    return kept


def _settings(model: HierarchicalPINN) -> str:
    """What makes a network's weights its own; the budget is no part of it, so that a training can be prolonged."""
    cell: Any = model.cell.cell
    material = hashlib.sha256()
    for electrode in (cell.anode, cell.cathode):
        for curve in (electrode.diffusivity, electrode.exchange_current, electrode.potential):
            material.update(np.round(curve.values, 12).tobytes())
    record = {
        "base": model.base,
        "levels": [[dict(one.reference or {}), one.until] for one in model.levels],
        "box": model.box,
        "c_rate": model.cell.c_rate,
        "cell": cell.name,
        "material": material.hexdigest()[:12],
        "duration": model.duration,
        "coordinate": model.coordinate,
        "potentials": model.potentials,
        "tau": model.tau,
        "width": model.width,
        "weights": model.loss_weights,
        "finish": model.schedule.finish,
        "seed": model.seed,
    }
    return json.dumps(record, sort_keys=True)


def _spent(level: TrainedLevel) -> float:
    return level.history[-1][0] if level.history else 0.0


def _thinned(history: list[tuple[float, float]], most: int = 200) -> list[tuple[float, float]]:
    if len(history) <= most:
        return history
    return [history[k] for k in np.unique(np.linspace(0, len(history) - 1, most).astype(int))]
