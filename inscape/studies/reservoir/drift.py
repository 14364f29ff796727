"""A sensor whose gain grows: networks that keep adapting beside networks that stay as they were made."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.models.reservoir import dale_network, design_inhibition
from inscape.models.reservoir.homeostasis import run_online
from inscape.models.reservoir.recursive import RecursiveReadout
from inscape.single_thread import single_thread
from inscape.studies.reservoir.tasks import Series

GROWTH = 3.0
BLOCK = 250
"""Samples over which errors are averaged."""

AHEAD = 10
LAW = ("beta", 8, 8)
RATE, NO_RATE = 1e-3, 0.0
FROZEN, HOMEOSTATIC, ECHO = "designed, then frozen", "homeostatic", "tanh network of ReservoirPy, frozen"


def errors(item: Mapping[str, Any]) -> dict[str, Float[np.ndarray, "block"]]:
    """Root-mean-square error (block,) in standard deviations of the target, every readout learning on by one rule.

    The input grows threefold at half time; the target is what it was: the Mackey-Glass series `AHEAD` samples later, or
    NARMA-10.

    item : "network", "series" (fields of `Series`), "offset" added to the input before it grows, "seed".
    """
    series = Series(**item["series"])
    ahead = AHEAD if series.task == "mackey-glass" else 0
    length = (len(series.inputs) - ahead) // BLOCK * BLOCK
    desired = series.inputs[ahead : ahead + length] if ahead else series.answers[:length]
    half = length // BLOCK // 2 * BLOCK
    heard = (series.inputs[:length] + item["offset"]) * np.where(np.arange(length) < half, 1.0, GROWTH)
    base = dale_network(**item["network"])
    design = design_inhibition(base, LAW, float(heard[:half].mean()), seed=item["seed"]).network
    found = {}
    with single_thread():
        for name, rate in ((FROZEN, NO_RATE), (HOMEOSTATIC, RATE)):
            run = run_online(design, heard, desired, LAW, rate=rate, seed=item["seed"])
            found[name] = run.answers[:, 0] - desired
        if importlib.util.find_spec("reservoirpy"):
            from reservoirpy.nodes import Reservoir

            node = Reservoir(base.nodes, sr=0.9, input_scaling=item["network"]["input_scale"], seed=item["seed"])
            found[ECHO] = _answers(np.asarray(node.run(heard[:, None])), desired) - desired
    spread = desired.std()
    return {name: np.sqrt((missed.reshape(-1, BLOCK) ** 2).mean(axis=1)) / spread for name, missed in found.items()}


def _answers(states: np.ndarray, desired: np.ndarray) -> Float[np.ndarray, "time"]:
    readout = RecursiveReadout(states.shape[1], 1)
    answers = np.empty(len(states))
    for k, (state, truth) in enumerate(zip(states, desired, strict=True)):
        answers[k] = readout.answer(state)[0]
        readout.learn(state, np.array([truth]))
    return answers
