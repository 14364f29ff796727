"""The arms of study 18: worlds, networks, clamps, and a training of several seeds at once as one item of work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inscape.analysis.phase_change import plateau_length, time_to_threshold
from inscape.systems.few_shot import FewShot, gaussian_few_shot, omniglot_few_shot

LN2 = float(np.log(2.0))
HEAD = 3
"""The one head of the last layer that clamped trainings keep."""
CLAMPS = ("none", "previous_token", "earlier_layer", "copy", "match", "earlier_layer_and_copy")
PARTS: dict[str, frozenset[str]] = {
    "none": frozenset(),
    "earlier_layer": frozenset("A"),
    "informed_match": frozenset("B"),
    "copy": frozenset("C"),
    "match": frozenset("AB"),
    "earlier_layer_and_copy": frozenset("AC"),
    "informed_match_and_copy": frozenset("BC"),
}
"""What each clamp stands in for: A copies the token before, B matches, C copies the label."""
WORLDS = ("drawings", "centred drawings", "gaussian")
"""Handwriting as the paper has it, features with their mean; the same without it; Gaussian classes."""
ARCHIVES = ("images_background_small1.zip", "images_background_small2.zip")


def drawings_folder() -> Path | None:
    """Where Omniglot's small archives lie: `18-induction-heads` in the folder that INSCAPE_DATA names."""
    named = os.environ.get("INSCAPE_DATA")
    folder = Path(named) / "18-induction-heads" if named else None
    return folder if folder is not None and all((folder / name).is_file() for name in ARCHIVES) else None


def world_of(item: Mapping[str, Any]) -> FewShot:
    """The few-shot world of an arm: "kind" (of `WORLDS`), "classes", "labels", "features"."""
    settings = {"classes": item["classes"], "labels": item["labels"], "seed": 0}
    if item["kind"] == "gaussian":
        return gaussian_few_shot(**settings, features=item["features"])
    folder = drawings_folder()
    if folder is None:
        raise FileNotFoundError("Omniglot's archives are gone; set INSCAPE_DATA")
    paths = [folder / name for name in ARCHIVES]
    return omniglot_few_shot(paths, **settings, features=item["features"], centred=item["kind"] == "centred drawings")


def clamp_of(net: Any, name: str, runs: list[int] | None = None, when: Any = None) -> Any:
    """The clamps of an arm by name, on all runs of a stack or some."""
    from inscape.probes import Instruments, circuit_clamps

    parts = [] if name == "none" else name.split("_and_")
    return Instruments(*(getattr(circuit_clamps, part)(net, runs=runs, when=when) for part in parts))


def trained(item: Mapping[str, Any]) -> dict[str, Any]:
    """Train the runs of one arm side by side.

    item : "world"; "seeds", one run for each, of its weights and its stream; "clamps", one name for all runs or one
        for each; "heads" of the last layer that stay alive, all if None, one list for all or one for each run;
        "sequences", "learning_rate", "every"; "stop_below", the loss below which all must be for an early end;
        "release_below", the loss below which clamps let go, None if never; "looks_inside".

    Returns
    -------
    "sequences" (log,), the log's columns (log, run); of a look inside, what `inside` says.
    """
    import torch

    from inscape.models.attention_only import AttentionOnly, train
    from inscape.probes import Instruments, WhenBelow
    from inscape.probes.induction import keep_heads

    torch.set_num_threads(1)
    task = world_of(item["world"])
    seeds = list(item["seeds"])
    net = AttentionOnly(task.width, task.labels, seeds=seeds)
    kit = []
    if item.get("heads") is not None:
        kept = np.zeros((net.runs, net.heads), dtype=bool)
        alive = item["heads"] if isinstance(item["heads"][0], list) else [item["heads"]] * net.runs
        for place, heads in enumerate(alive):
            kept[place, heads] = True
        kit.append(keep_heads(net, kept))
    release = item.get("release_below")
    names = [item["clamps"]] * net.runs if isinstance(item["clamps"], str) else item["clamps"]
    for name in dict.fromkeys(names):
        runs = [place for place, other in enumerate(names) if other == name]
        when = None if release is None else ~WhenBelow("loss train", release, stays=True)
        kit.append(clamp_of(net, name, None if len(runs) == net.runs else runs, when))
    measures = _measures(net, task) if item.get("looks_inside") else {}
    splits = task.splits if item.get("looks_inside") else ("train",)
    low = item["stop_below"]
    with Instruments(*kit) as instruments:
        run = train(
            net,
            task,
            sequences=item["sequences"],
            learning_rate=item["learning_rate"],
            streams=seeds,
            every=item["every"],
            splits=splits,
            evaluation=item.get("evaluation", 500),
            measures=measures,
            instruments=instruments,
            stop_when=lambda columns: bool((columns["loss train"] < low).all()),
        )
        found: dict[str, Any] = {"sequences": run.sequences, **run.logged}
        if item.get("looks_inside"):
            found |= inside(net, task, item.get("probed"))
    return found


def inside(net: Any, task: FewShot, count: int | None = None) -> dict[str, Any]:
    """Strengths, accuracies of lone heads and without each head, direct effect of layer 1: on all training sequences.

    count : look at so many drawn ones instead.
    """
    from inscape.models.attention_only import Batch
    from inscape.probes import induction

    batch = Batch.of(task, task.every_train_sequence() if count is None else task.draw(count, seed=7), net)
    effect = induction.direct_effect(net, batch)
    return {
        "strength": induction.induction_strength(net, batch),
        "lone": induction.lone_head_accuracy(net, batch),
        "without": induction.accuracy_without(net, batch),
        "lost": effect["accuracy_before"] - effect["accuracy"],
    }


def _measures(net: Any, task: FewShot) -> dict[str, Any]:
    from inscape.models.attention_only import Batch
    from inscape.probes.induction import induction_strength

    batch = Batch.of(task, task.draw(300, seed=7), net)
    return {"head": lambda passing: induction_strength(passing, batch)}


def time_below(found: Mapping[str, Any], level: float) -> np.ndarray:
    """(run,) sequences until the training loss lies below a level; NaN where it never did."""
    return time_to_threshold(found["sequences"], found["loss train"], level)


def plateau(found: Mapping[str, Any]) -> np.ndarray:
    """(run,) sequences spent within a tenth of ln 2 on the way down."""
    return plateau_length(found["sequences"], found["loss train"], LN2)


def median_time(times: np.ndarray, budget: float) -> float:
    """The median over runs; a run that never got there counts as one that took the whole budget, and more."""
    return float(np.median(np.where(np.isfinite(times), times, budget)))
