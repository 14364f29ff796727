"""`OperatorNet`: from any current to a voltage, a small network on top of the exact mean and a linear memory.

The memory of a sphere are the amplitudes of its diffusion modes; with them the surface is known but for what the
varying diffusivity does across the profile. The network learns that rest from solved runs under random currents. Its
answer is multiplied by the size of the memory, so a cell at rest starts exactly at rest.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.operator_surrogate.boxed import Boxed, Outside
from inscape.models.operator_surrogate.profiles import check_cell, plan_of, surfaces_of
from inscape.systems.battery.box import draw_from_box
from inscape.systems.battery.cell import PARAMETERS
from inscape.systems.battery.drive import Drive
from inscape.systems.battery.single_particle import SingleParticle

KEPT_MODES = 4
"""Modes of the memory that the network sees."""
_PLACES = {name: place for place, name in enumerate(PARAMETERS)}


class OperatorNet(Boxed):
    """Voltages under any current, of any parameters in a box.

    Parameters
    ----------
    cell : the model that it learns from.
    box, times, outside : as of `Boxed`; `times` and `current` are those of its calls, not of its training.
    current : as of `SingleParticle.voltages`; `under(times, current)` gives the same network another one.
    largest : highest C-rate of the random currents that it learns from.
    modes : of the memory.
    width : of the two layers of the network.
    seed : of currents, parameters and weights.
    """

    def __init__(
        self,
        cell: SingleParticle,
        box: Mapping[str, tuple[float, float]],
        times: Any,
        current: Any = None,
        *,
        largest: float | None = None,
        modes: int = 8,
        width: int = 16,
        seed: int | None = 0,
        outside: Outside = "refuse",
    ):
        super().__init__(box, times, outside)
        check_cell(cell, self.names)
        if modes < KEPT_MODES:
            raise InputError(f"modes: {modes!r} found, expected at least {KEPT_MODES}")
        self.cell = cell
        self.current = cell.current if current is None else current
        self.largest = 1.5 * abs(cell.c_rate) if largest is None else float(largest)
        self.modes = int(modes)
        self.width = int(width)
        self.seed = seed
        self._nets: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        self._scales: dict[str, tuple[np.ndarray, np.ndarray, float]] = {}

    def fit(self, runs: int = 60, samples: int = 12_000) -> Self:
        """Learn from `runs` solved discharges under random pulses, ramps and rests; `samples` instants of them.

        After it `seconds_` is the CPU time that it took.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor

        began = time.process_time()
        random = np.random.default_rng(self.seed)
        every = self.cell.rows(dict(zip(self.names, draw_from_box(self.box, runs, random).T, strict=True)))
        ends = np.arange(0.0, max(self.times[-1], 100.0) + 1e-9, max(self.times[-1], 100.0) / 120)
        currents = np.array([random_current(len(ends), self.largest, random) for _ in range(runs)])
        drive = Drive(ends, currents * self.cell.cell.capacity, "previous")
        parameters = dict(zip(PARAMETERS, every.T, strict=True))
        exact = SingleParticle(self.cell.cell, shells=32, longest_step=2.0)
        truth = dict(zip("ac", exact.surfaces(parameters, ends, drive), strict=True))
        plan = plan_of(self.cell, ends, drive, 0.0)
        for side in "ac":
            surface, _, memory = surfaces_of(
                self.cell, side, every, plan, len(ends), "eigenmodes", self.modes, with_memory=True
            )
            features, size = self._features(side, every, surface, memory)
            missed = (truth[side] - surface) / np.maximum(size, 1e-9)
            inside = (truth[side] > 0.01) & (truth[side] < 0.99) & (surface > 0.01) & (surface < 0.99) & (size > 1e-5)
            x, y, weight = features[inside], missed[inside], size[inside]
            if len(x) < 100 or float(np.abs(missed[inside] * weight).max()) < 1e-7:
                continue  # a constant diffusivity leaves nothing to learn
            chosen = random.choice(len(x), min(samples, len(x)), replace=False)
            middle, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
            height = max(float(np.abs(y).std()), 1e-12)
            net = MLPRegressor(
                hidden_layer_sizes=(self.width, self.width), activation="tanh", solver="lbfgs", alpha=1e-6,
                max_iter=600, max_fun=800, random_state=int(random.integers(2**31)),
            )  # fmt: skip
            with warnings.catch_warnings():
                # It stops at its limit by design: the last digits of a loss are worth no minutes.
                warnings.simplefilter("ignore", ConvergenceWarning)
                net.fit((x[chosen] - middle) / spread, y[chosen] / height)
            self._nets[side] = list(zip(net.coefs_, net.intercepts_, strict=True))
            self._scales[side] = (middle, spread, height)
        self.seconds_ = time.process_time() - began
        return self

    def under(self, times: Any, current: Any) -> OperatorNet:
        """The same network for other times and another current; nothing is learned again."""
        other = OperatorNet(
            self.cell, self.box, times, current, largest=self.largest, modes=self.modes, width=self.width,
            seed=self.seed, outside=self.outside,
        )  # fmt: skip
        other._nets, other._scales, other.seconds_ = self._nets, self._scales, self.seconds_
        return other

    def _features(
        self, side: str, every: np.ndarray, surface: np.ndarray, memory: np.ndarray
    ) -> tuple[Float[np.ndarray, "run time feature"], Float[np.ndarray, "run time"]]:
        """What the network sees: surface and shape of the profile, log diffusivity; and the size of the memory."""
        size = np.abs(memory).sum(axis=2)
        shape = memory[:, :, :KEPT_MODES] / np.maximum(size, 1e-9)[:, :, None]
        factor = np.log(every[:, _PLACES[f"ds_{side}"]])[:, None, None]
        columns = [surface[:, :, None], size[:, :, None], shape, np.broadcast_to(factor, (*size.shape, 1))]
        return np.concatenate(columns, axis=2), size

    def _curves(self, rows: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        if not hasattr(self, "seconds_"):
            raise InputError("OperatorNet: not fitted yet; call fit()")
        every = self.cell.rows(dict(zip(self.names, rows.T, strict=True)))
        plan = plan_of(self.cell, self.times, self.current, 0.0)
        found = {}
        for side in "ac":
            surface, index, memory = surfaces_of(
                self.cell, side, every, plan, len(self.times), "eigenmodes", self.modes, with_memory=True
            )
            if side in self._nets:
                first = np.unique(index, return_index=True)[1]
                features, size = self._features(side, every[first], surface, memory)
                middle, spread, height = self._scales[side]
                state = (features - middle) / spread
                for number, (weights, bias) in enumerate(self._nets[side]):
                    state = state @ weights + bias
                    state = np.tanh(state) if number < len(self._nets[side]) - 1 else state
                surface = surface + state[:, :, 0] * height * size
            found[side] = (surface, index)
        (xa, a_index), (xc, c_index) = found["a"], found["c"]
        return self.cell.voltages_of_surfaces(every, xa, xc, plan, a_index, c_index)


def random_current(samples: int, largest: float, random: np.random.Generator) -> Float[np.ndarray, "sample"]:
    """A random drive in C-rates: stretches of discharge, some charge and rest, each held, ramped or pulsed."""
    found = np.empty(samples)
    at = 0
    while at < samples:
        length = int(random.integers(3, max(4, samples // 4)))
        level = float(random.choice([0.0, 1.0, 1.0, 1.0, -0.4])) * largest * random.random()
        kind = random.integers(3)
        piece = np.full(length, level)
        if kind == 1:
            piece = np.linspace(level, largest * random.random(), length)
        elif kind == 2:
            piece = piece * (np.arange(length) // 3 % 2)
        found[at : at + length] = piece[: samples - at]
        at += length
    return found
