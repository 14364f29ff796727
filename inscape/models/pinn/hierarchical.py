"""`HierarchicalPINN`: a single-particle model's discharge, learned from its equations alone, level upon level.

Hassanaly et al. 2024 (J. Energy Storage 98, 113103): hard initial state, merged gradient-pathology network, weighted
residuals, Adam then L-BFGS, and a hierarchy in which each network corrects what stands below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.operator_surrogate.boxed import Boxed, Outside
from inscape.models.operator_surrogate.profiles import check_cell, plan_of
from inscape.models.operator_surrogate.rungs import default_times
from inscape.models.pinn.constraints import Base, Sphere, amplitude, base_parts, ramp, volume_nodes
from inscape.models.pinn.gradient_pathology import initial_weights, values
from inscape.models.pinn.schedule import Finish, Progress, Schedule, Weighting, minimise
from inscape.systems.battery.cell import PARAMETERS
from inscape.systems.battery.single_particle import SingleParticle

_PLACES = {name: place for place, name in enumerate(PARAMETERS)}
PUBLISHED_WEIGHTS = {"diffusion": 10.0, "flux": 250.0, "centre": 1.0, "kinetics": 1.0}
WEIGHTS = {"diffusion": 1.0, "flux": 3.0, "centre": 1.0, "kinetics": 1.0}
CHUNK = 8192
"""Instants that are answered at a time."""


@dataclass(frozen=True)
class Level:
    """One network of a hierarchy.

    Parameters
    ----------
    reference : train it at these parameters only; None for the whole box.
    until : train it up to this time (s) only; the next level takes over from there.
    share : of the budget.
    """

    reference: Mapping[str, float] | None = None
    until: float | None = None
    share: float = 1.0


@dataclass(frozen=True)
class TrainedLevel:
    """A level with its weights and how its loss fell."""

    level: Level
    weights: Mapping[str, np.ndarray]
    history: tuple[tuple[float, float], ...] = field(default=())


class HierarchicalPINN(Boxed):
    """Networks that solve the single-particle model for every parameter of a box, without a solution to learn from.

    Parameters
    ----------
    cell : the model; its constant current is that of its `c_rate`.
    box : (lowest, highest) by name.
    levels : first what stands below every network: "plain" (the initial state, as published), "mean" (the exact mean;
        networks cannot lose lithium), "parabolic" (the steady profile on that mean) or "modes" (that profile as linear
        diffusion builds it up); then one "net" or `Level` each.
    times : (time,) of the curves; 136 over 1,350 s at 2C if None.
    budget : CPU time of the training: seconds, or "5 min".
    coordinate : what the network sees of the radius: "r2" or, on the plain base, "r".
    potentials : "closed" (from the surfaces by the kinetics) or "learned" (two heads, as published).
    tau : of the ramp from the initial state, s.
    width : of every layer. finish, weighting, window, rate, groups : as of `Schedule`.
    loss_weights : of "diffusion", "flux", "centre" and "kinetics".
    checkpoint : file (.npz) to keep the training in and take it up from.
    seed : of weights and points.

    After `fit`: `trained_` (levels), `seconds_` (CPU) and `history_`.
    """

    def __init__(
        self,
        cell: SingleParticle,
        box: Mapping[str, tuple[float, float]],
        levels: Sequence[str | Level] = ("mean", "net"),
        times: Any = None,
        *,
        budget: str | float = "1 min",
        coordinate: Literal["r2", "r"] = "r2",
        potentials: Literal["closed", "learned"] = "closed",
        tau: float | None = None,
        width: int = 20,
        finish: Finish = "lbfgs",
        weighting: Weighting = "fixed",
        window: bool = False,
        rate: float = 1e-3,
        groups: int = 64,
        loss_weights: Mapping[str, float] | None = None,
        most_steps: int | None = None,
        checkpoint: str | Path | None = None,
        seed: int = 0,
        outside: Outside = "refuse",
    ):
        check_cell(cell, tuple(box))
        super().__init__(box, default_times(cell) if times is None else times, outside)
        if not levels or levels[0] not in ("plain", "mean", "parabolic", "modes"):
            raise InputError(f"levels: {tuple(levels)} found, expected 'plain', 'mean', 'parabolic' or 'modes' first")
        self.base: Base = levels[0]  # type: ignore[assignment]
        if coordinate not in ("r2", "r") or (coordinate == "r" and self.base != "plain"):
            raise InputError(f"coordinate: {coordinate!r} found, expected 'r2', or 'r' on the plain base")
        if potentials not in ("closed", "learned"):
            raise InputError(f"potentials: {potentials!r} found, expected 'closed' or 'learned'")
        for one in levels[1:]:
            if one != "net" and not isinstance(one, Level):
                raise InputError(f"levels: {one!r} found, expected 'net' or a Level after the first")
        self.levels: tuple[Level, ...] = tuple(Level() if isinstance(one, str) else one for one in levels[1:])
        self.cell = cell
        self.current = cell.current
        self.duration = float(self.times[-1])
        self._plan = plan_of(cell, self.times, self.current, 0.0)
        self.coordinate = coordinate
        self.potentials = potentials
        self.tau = float(tau) if tau is not None else (1.0 if self.base == "plain" else 60.0)
        self.width = int(width)
        self.loss_weights = (PUBLISHED_WEIGHTS if self.base == "plain" else WEIGHTS) | dict(loss_weights or {})
        self.schedule = Schedule(
            seconds=seconds_of(budget), finish=finish, weighting=weighting, window=window, rate=rate, groups=groups,
            most_steps=most_steps,
        )  # fmt: skip
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.seed = int(seed)
        self.begins = [0.0, *(0.0 if one.until is None else float(one.until) for one in self.levels)]
        self.potential_scales = (0.074, 0.311)

    @classmethod
    def as_published(cls, cell: SingleParticle, box: Mapping[str, tuple[float, float]], **options: Any) -> Self:
        """The plain network with the published coordinate, ramp, weights and learned potentials."""
        chosen: dict[str, Any] = {
            "levels": ("plain", "net"),
            "coordinate": "r",
            "potentials": "learned",
            "tau": 1.0,
        } | options
        return cls(cell, box, **chosen)

    def fit(self) -> Self:
        """Train every level, taking up what the checkpoint holds.

        Raises
        ------
        MissingExtraError : if torch is not installed.
        InputError : if the checkpoint is of another model.
        """
        from inscape.models.pinn.checkpoints import restore, store
        from inscape.models.pinn.particle_equations import ParticleEquations

        kept = restore(self) if self.checkpoint is not None and self.checkpoint.is_file() else []
        self.trained_: tuple[TrainedLevel, ...] = ()
        shares = np.array([one.share for one in self.levels])
        total = 0.0
        for number, level in enumerate(self.levels):
            progress = Progress(self._fresh(number)) if number >= len(kept) else kept[number]
            schedule = replace(self.schedule, seconds=self.schedule.seconds * shares[number] / shares.sum())
            # The same points whether or not what stands below was trained in this call.
            equations = ParticleEquations(self, self.trained_, level, np.random.default_rng([self.seed, number]))

            def keep(now: Progress, below: tuple[TrainedLevel, ...] = self.trained_) -> None:
                store(self, below, now)

            if progress.spent < schedule.seconds:
                minimise(
                    equations.residuals,
                    equations.draw,
                    progress,
                    schedule,
                    None if self.checkpoint is None else keep,
                    equations.apart,
                )
            self.trained_ = (*self.trained_, TrainedLevel(level, progress.weights, tuple(progress.history)))
            total += progress.spent
        self.seconds_ = total
        return self

    @property
    def history_(self) -> list[tuple[tuple[float, float], ...]]:
        """(CPU seconds, loss) of each level's training."""
        return [one.history for one in self.trained_]

    def _fresh(self, number: int) -> dict[str, np.ndarray]:
        # On a base that is right already, and on a level below, a network begins by changing nothing.
        still = self.base != "plain" or number > 0
        heads = 2 if self.potentials == "learned" else 0
        random = np.random.default_rng([self.seed, number, 1])
        return initial_weights(len(self.names), 2, heads, self.width, random, still)

    def unit_of(self, reference: Mapping[str, float]) -> Float[np.ndarray, "parameter"]:
        """One set of parameters in [-1, 1] of the box (a reference may lie outside it)."""
        missing = [name for name in self.names if name not in reference]
        if missing:
            raise InputError(f"reference: no value for {', '.join(missing)}")
        return self.unit(np.array([[float(reference[name]) for name in self.names]]))[0]

    def surfaces(
        self, parameters: Float[np.ndarray, "run parameter"]
    ) -> tuple[Float[np.ndarray, "run time"], Float[np.ndarray, "run time"]]:
        """Surface stoichiometries of anode and cathode."""
        rows = self._rows(parameters)
        radius = np.ones(1)
        return self._fields(rows, radius)[0][..., 0], self._fields(rows, radius)[1][..., 0]

    def profiles(
        self, parameters: Float[np.ndarray, "run parameter"], radii: Float[np.ndarray, "node"]
    ) -> tuple[Float[np.ndarray, "run time node"], Float[np.ndarray, "run time node"]]:
        """Stoichiometries of anode and cathode at radii in [0, 1]."""
        at = np.asarray(radii, dtype=float)
        found = self._fields(self._rows(parameters), at**2 if self.coordinate == "r2" else at)
        return found[0], found[1]

    def _curves(self, rows: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        every = self._every(rows)
        if self.potentials == "learned" and hasattr(self, "trained_"):
            return self._learned_voltages(rows, every)
        found = self._fields(rows, np.ones(1))
        xa, xc = (np.ascontiguousarray(f[..., 0]) for f in found)
        return self.cell.voltages_of_surfaces(every, xa, xc, self._plan)

    def _every(self, rows: np.ndarray) -> np.ndarray:
        every = self.cell.rows(dict(zip(self.names, rows.T, strict=True)))
        return every if len(every) == len(rows) else np.repeat(every, len(rows), axis=0)

    def _instants(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Times (row x time,) and unit parameters (row x time, parameter)."""
        return np.tile(self.times, len(rows)), np.repeat(self.unit(rows), len(self.times), axis=0)

    def _fields(self, rows: np.ndarray, radius: np.ndarray) -> list[np.ndarray]:
        """Stoichiometries (run, time, node) of anode and cathode at values of the radial coordinate."""
        time, unit = self._instants(rows)
        every = np.repeat(self._every(rows), len(self.times), axis=0)
        nodes, weight = volume_nodes()
        zero_mean = self.base != "plain"
        seen = np.concatenate([nodes, radius]) if zero_mean else radius
        squared = seen if self.coordinate == "r2" else seen**2
        found = [np.empty((len(time), len(radius))) for _ in "ac"]
        for begin in range(0, len(time), CHUNK):
            part = slice(begin, begin + CHUNK)
            answers = []
            for one in getattr(self, "trained_", ()):
                at, shown = self._seen_by(one.level, time[part], unit[part])
                answers.append(values(one.weights, at, seen, shown, heads=(0, 1), radial=True))
            for number, side in enumerate("ac"):
                sphere, curve = self._sphere(side, every[part])
                field_now = base_parts(np, self.base, sphere, time[part], squared[None], curve)[0]
                first_rate = sphere.factor * curve(sphere.start)[0]
                for level, answer in enumerate(answers):
                    own = answer[number]
                    if zero_mean:
                        own = own - (own[:, : len(weight)] @ weight)[:, None]
                    elif level == 0:
                        own = 1.0 / (1.0 + np.exp(-own))
                    grown = ramp(np, time[part], self.begins[level], self.tau)[0]
                    field_now = field_now + (amplitude(self.base, level, sphere, first_rate) * grown)[:, None] * own
                # The published network is cut off where a concentration cannot be.
                field_now = np.clip(field_now, 0.0, 1.0) if not zero_mean else field_now
                found[number][part] = field_now[:, -len(radius) :]
        return [f.reshape(len(rows), len(self.times), -1) for f in found]

    def _seen_by(self, level: Level, time: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Time in durations and parameters as a level's network is shown them."""
        shown = unit if level.reference is None else np.broadcast_to(self.unit_of(level.reference), unit.shape)
        limit = self.duration if level.until is None else level.until
        return np.minimum(time, limit) / self.duration, shown

    def _sphere(self, side: str, every: np.ndarray) -> tuple[Sphere, Any]:
        electrode = self.cell.cell.anode if side == "a" else self.cell.cell.cathode
        sign = 1.0 if side == "a" else -1.0
        charge = 3.0 * electrode.charge(self.cell.cell.area)
        uptake = sign * self.cell.current / (charge * every[:, _PLACES[f"eps_{side}"]])
        sphere = Sphere(uptake, every[:, _PLACES[f"ds_{side}"]], every[:, _PLACES[f"x0_{side}"]])
        scale = electrode.radius**-2
        # Values alone are asked for here, so the slope is not worked out.
        return sphere, lambda x: (scale * electrode.diffusivity(x), 0.0)

    def _learned_voltages(self, rows: np.ndarray, every: np.ndarray) -> np.ndarray:
        cell, thermal = self.cell.cell, self.cell.cell.thermal_voltage
        x0 = every[:, _PLACES["x0_a"]], every[:, _PLACES["x0_c"]]
        load_a = self.cell.current / (cell.anode.surface(cell.area) * every[:, _PLACES["eps_a"]])
        load_c = self.cell.current / (cell.cathode.surface(cell.area) * every[:, _PLACES["eps_c"]])
        loss_a = thermal * load_a / (every[:, _PLACES["i0_a"]] * cell.anode.exchange_current(x0[0]))
        loss_c = thermal * load_c / (every[:, _PLACES["i0_c"]] * cell.cathode.exchange_current(x0[1]))
        first = cell.cathode.potential(x0[1]) - cell.anode.potential(x0[0]) - loss_a - loss_c
        time, unit = self._instants(rows)
        terminal = np.repeat(first, len(self.times))
        for number, one in enumerate(self.trained_):
            at, shown = self._seen_by(one.level, time, unit)
            head = values(one.weights, at, np.ones(1), shown, heads=(3,), radial=False)[0, :, 0]
            grown = ramp(np, time, self.begins[number], self.tau)[0]
            terminal = terminal + self.potential_scales[1] * (1.0 if number == 0 else 0.1) * grown * head
        return terminal.reshape(len(rows), -1)


def seconds_of(budget: str | float) -> float:
    """Seconds of "90 s", "5 min", "1 h" or a number.

    Raises
    ------
    InputError : if it is none of them.
    """
    if isinstance(budget, str):
        units = {"s": 1.0, "min": 60.0, "h": 3600.0}
        number, _, unit = budget.strip().partition(" ")
        try:
            return float(number) * units[unit or "s"]
        except (KeyError, ValueError):
            raise InputError(f"budget: {budget!r} found, expected seconds, or '90 s', '5 min', '1 h'") from None
    if not np.isfinite(budget) or budget <= 0:
        raise InputError(f"budget: {budget!r} found, expected positive seconds")
    return float(budget)
