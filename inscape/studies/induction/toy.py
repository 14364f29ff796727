"""Bar 4: the toy of three vectors, free and with one or two of them clamped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.analysis.phase_change import phase_change
from inscape.models.tensor_product import TensorProduct

ARMS: dict[str, tuple[str, ...]] = {"none": (), "c": ("c",), "b and c": ("b", "c")}
HELD_OUT = 1000
"""Seeds from here on were never looked at while the toy was built."""


def toy(item: Mapping[str, Any]) -> dict[str, Any]:
    """Times and sharpness of each arm, its loss curves, and decay against the closed form on held-out seeds.

    item : "seeds", how many; "steps".
    """
    found: dict[str, Any] = {}
    times = np.arange(item["steps"] + 1.0)
    for name, clamped in ARMS.items():
        run = TensorProduct(clamped=clamped).train(item["steps"], seeds=range(item["seeds"]))
        changes = [phase_change(times, loss, level) for loss, level in zip(run.losses, run.plateau, strict=True)]
        found[name] = {
            "sharpness": np.array([c.sharpness for c in changes]),
            "t50": np.array([c.t50 for c in changes]),
            "losses": run.losses / run.plateau[:, None],
        }
    model = TensorProduct(clamped=("b", "c"))
    held = model.train(21, seeds=range(HELD_OUT, HELD_OUT + item["seeds"]))
    measured = held.losses[:, 21] / held.losses[:, 20]
    # Of the rates, -log of the factor by which the loss shrinks in a step.
    found["decay_error"] = np.abs(np.log(measured) / np.log(model.decay(held.truth)) - 1.0)
    return found
