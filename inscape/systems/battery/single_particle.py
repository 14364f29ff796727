"""`SingleParticle`: a lithium-ion cell seen as one particle an electrode; thousands of discharges in a second.

Each electrode is a sphere in which lithium diffuses, dc/dt = (1/r^2) d/dr (r^2 D(c) dc/dr), with the flux of the
current at its surface; the terminal voltage follows from the surface concentrations by Butler-Volmer kinetics
(Hassanaly et al. 2024, J. Energy Storage 98, 113103, with the full hyperbolic sine or its linear form).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.arrays import real_array
from inscape.errors import InputError, UnknownNameError
from inscape.systems.battery.box import draw_from_box
from inscape.systems.battery.cell import PARAMETERS, Cell, check_physical, default_parameters
from inscape.systems.battery.drive import Drive, Hold, StepPlan, plan_steps
from inscape.systems.battery.forward import Forward
from inscape.systems.battery.salt_losses import SaltLosses
from inscape.trajectories import Trajectories, Trajectory

Kinetics = Literal["full", "linear"]
_PLACES = {name: place for place, name in enumerate(PARAMETERS)}


class SingleParticle:
    """The single-particle model of a cell.

    Parameters
    ----------
    cell : its numbers.
    c_rate : of the constant current that flows where none is given; positive discharges.
    shells : of each particle, thinner towards the surface.
    longest_step : s.
    kinetics : "full" (hyperbolic sine) or "linear".
    electrolyte : add what the salt takes from the voltage (the extended model, "SPMe"), where the cell tells of it.

    Raises
    ------
    InputError : if a number is not physical.
    """

    state_names = ("voltage", "x_a", "x_c")

    def __init__(
        self,
        cell: Cell,
        *,
        c_rate: float = 1.0,
        shells: int = 16,
        longest_step: float = 10.0,
        kinetics: Kinetics = "full",
        electrolyte: bool = False,
    ):
        if not isinstance(cell, Cell):
            raise InputError(f"cell: {type(cell).__name__} found, expected a Cell: nmc_graphite(), cell_from_bpx(file)")
        if not isinstance(shells, (int, np.integer)) or shells < 3:
            raise InputError(f"shells: {shells!r} found, expected a whole number of at least 3")
        if not (np.isfinite(longest_step) and longest_step > 0):
            raise InputError(f"longest_step: {longest_step!r} found, expected positive seconds")
        if kinetics not in ("full", "linear"):
            raise InputError(f"kinetics: {kinetics!r} found, expected 'full' or 'linear'")
        if not np.isfinite(c_rate) or c_rate == 0:
            raise InputError(f"c_rate: {c_rate!r} found, expected a number other than zero; positive discharges")
        self.cell = cell
        self.c_rate = float(c_rate)
        self.shells = int(shells)
        self.longest_step = float(longest_step)
        self.kinetics: Kinetics = kinetics
        if electrolyte and cell.electrolyte is None:
            raise InputError(f"{cell.name}: no electrolyte known, expected one for electrolyte=True; leave it False")
        self.electrolyte = bool(electrolyte)

    def refined(self, shells: int, longest_step: float) -> SingleParticle:
        """The same model on another mesh."""
        return SingleParticle(
            self.cell, c_rate=self.c_rate, shells=shells, longest_step=longest_step, kinetics=self.kinetics,
            electrolyte=self.electrolyte,
        )  # fmt: skip

    @classmethod
    def from_csv(cls, folder: str | Path, *, c_rate: float = 1.0, **options: Any) -> SingleParticle:
        """The NMC-graphite cell with the polynomials of a folder's `polynomials.csv`."""
        from inscape.systems.battery.nmc_graphite import nmc_graphite_from_folder

        return cls(nmc_graphite_from_folder(folder), c_rate=c_rate, **options)

    @classmethod
    def from_pybamm(cls, parameters: Any, *, c_rate: float = 1.0, **options: Any) -> SingleParticle:
        """A PyBaMM parameter set, by name or as `ParameterValues`."""
        from inscape.systems.battery.pybamm_sets import cell_from_pybamm

        return cls(cell_from_pybamm(parameters), c_rate=c_rate, **options)

    @classmethod
    def from_bpx(cls, file: str | Path, *, c_rate: float = 1.0, **options: Any) -> SingleParticle:
        """A cell from a BPX file (JSON)."""
        from inscape.systems.battery.bpx import cell_from_bpx

        return cls(cell_from_bpx(file), c_rate=c_rate, **options)

    @property
    def parameters(self) -> Mapping[str, float]:
        return self.defaults

    @property
    def defaults(self) -> dict[str, float]:
        """The parameters that leave the cell as it is."""
        return dict(zip(PARAMETERS, map(float, default_parameters(self.cell)), strict=True))

    @property
    def current(self) -> float:
        """The constant current of `c_rate`, A."""
        return self.c_rate * self.cell.capacity

    def rows(self, parameters: Mapping[str, Any] | None) -> Float[np.ndarray, "run 9"]:
        """Every parameter of every run, from numbers or (run,) arrays by name.

        Raises
        ------
        UnknownNameError : for a name that is none of `PARAMETERS`.
        InputError : if lengths differ, or a value is not physical.
        """
        given = dict(parameters or {})
        for name in given:
            if name not in _PLACES:
                raise UnknownNameError("parameter of a single-particle model", str(name), PARAMETERS)
        columns = {name: np.atleast_1d(real_array(name, value).astype(float)) for name, value in given.items()}
        lengths = {len(c) for c in columns.values() if len(c) > 1}
        if len(lengths) > 1 or any(c.ndim > 1 or len(c) == 0 for c in columns.values()):
            shapes = ", ".join(f"{name} {c.shape}" for name, c in columns.items())
            raise InputError(f"parameters: {shapes} found, expected numbers or arrays of one length")
        count = lengths.pop() if lengths else 1
        rows = np.tile(default_parameters(self.cell), (count, 1))
        for name, column in columns.items():
            check_physical(name, column)
            rows[:, _PLACES[name]] = column
        return rows

    def voltages(
        self,
        parameters: Mapping[str, Any] | None,
        times: Float[np.ndarray, "time"],
        current: Any = None,
        *,
        start: float = 0.0,
        hold: Hold = "linear",
    ) -> Float[np.ndarray, "run time"]:
        """Terminal voltages, V; NaN from where a surface stoichiometry leaves (0, 1).

        Parameters
        ----------
        parameters : numbers or (run,) arrays by name.
        times : (time,) s, rising.
        current : A, positive discharges: a number, a function of time, a (time,) or (run, time) array at `times`, or
            a `Drive`; that of `c_rate` if None.
        start : when the simulation starts, at rest, s.
        hold : how a sampled current goes on between its samples.

        Raises
        ------
        InputError : if times do not rise, lie before the start, or anything is not finite.
        """
        rows = self.rows(parameters)
        at, plan = self._plan(times, current, start, hold, len(rows))
        xa, a_index = self._particle("a", rows, plan, len(at))[:2]
        xc, c_index = self._particle("c", rows, plan, len(at))[:2]
        return self.voltages_of_surfaces(rows, xa, xc, plan, a_index, c_index)

    def salt(self, plan: StepPlan) -> SaltLosses:
        """What the electrolyte does along a plan; nothing at all without one."""
        if self.electrolyte:
            from inscape.systems.battery.electrolyte import salt_losses

            return salt_losses(self.cell, plan)
        flat = np.zeros((1, len(plan.outputs)))
        return SaltLosses(flat, flat + 1.0, flat + 1.0)

    def voltages_of_surfaces(
        self,
        rows: Float[np.ndarray, "run 9"],
        xa: Float[np.ndarray, "anode time"],
        xc: Float[np.ndarray, "cathode time"],
        plan: StepPlan,
        a_index: Any = None,
        c_index: Any = None,
        salt: SaltLosses | None = None,
    ) -> Float[np.ndarray, "run time"]:
        """Voltages in closed form from surface stoichiometries; the indices say which row of them a run has.

        plan : the steps, whose currents at the outputs count. salt : of that plan; solved here if None.
        """
        from inscape.systems.battery.particle_kernel import terminal_voltage

        count = len(rows)
        a, c = self.cell.anode, self.cell.cathode
        voltages = np.empty((count, xa.shape[1]))
        losses = self.salt(plan) if salt is None else salt
        every = np.arange(count)
        terminal_voltage(
            xa, xc,
            every if a_index is None else a_index, every if c_index is None else c_index,
            plan.at_outputs,
            a.potential.values, a.potential.slopes, c.potential.values, c.potential.slopes,
            a.exchange_current.values, a.exchange_current.slopes,
            c.exchange_current.values, c.exchange_current.slopes,
            np.ascontiguousarray(rows[:, _PLACES["i0_a"]]), np.ascontiguousarray(rows[:, _PLACES["i0_c"]]),
            a.surface(self.cell.area) * rows[:, _PLACES["eps_a"]],
            c.surface(self.cell.area) * rows[:, _PLACES["eps_c"]],
            np.ascontiguousarray(rows[:, _PLACES["resistance"]]),
            self.cell.thermal_voltage, self.kinetics == "linear",
            losses.shift, losses.anode, losses.cathode, voltages,
        )  # fmt: skip
        return voltages

    def surfaces(
        self,
        parameters: Mapping[str, Any] | None,
        times: Float[np.ndarray, "time"],
        current: Any = None,
        *,
        start: float = 0.0,
        hold: Hold = "linear",
    ) -> tuple[Float[np.ndarray, "run time"], Float[np.ndarray, "run time"]]:
        """Surface stoichiometries of anode and cathode, as of `voltages`; they may pass 0 or 1."""
        rows = self.rows(parameters)
        at, plan = self._plan(times, current, start, hold, len(rows))
        xa, a_index, _ = self._particle("a", rows, plan, len(at))
        xc, c_index, _ = self._particle("c", rows, plan, len(at))
        return xa[a_index], xc[c_index]

    def profiles(
        self,
        parameters: Mapping[str, Any] | None,
        times: Float[np.ndarray, "time"],
        current: Any = None,
        *,
        start: float = 0.0,
        hold: Hold = "linear",
    ) -> tuple[Float[np.ndarray, "shell"], Float[np.ndarray, "run time shell"], Float[np.ndarray, "run time shell"]]:
        """Radii of the shells (in particle radii) and the stoichiometries of anode and cathode in them."""
        from inscape.systems.battery.particle_kernel import shell_radii

        rows = self.rows(parameters)
        at, plan = self._plan(times, current, start, hold, len(rows))
        a = self._particle("a", rows, plan, len(at), profiles=True)
        c = self._particle("c", rows, plan, len(at), profiles=True)
        return shell_radii(self.shells), a[2][a[1]], c[2][c[1]]

    def mean_stoichiometries(
        self, parameters: Mapping[str, Any] | None, times: Float[np.ndarray, "time"], current: Any = None,
        *, start: float = 0.0, hold: Hold = "linear",
    ) -> tuple[Float[np.ndarray, "run time"], Float[np.ndarray, "run time"]]:  # fmt: skip
        """The mean stoichiometry of each electrode, exactly: the charge that has passed over its capacity."""
        rows = self.rows(parameters)
        _, plan = self._plan(times, current, start, hold, len(rows))
        charge = plan.charges[:, plan.outputs]
        a = rows[:, [_PLACES["x0_a"]]] - charge / (self.cell.anode.charge(self.cell.area) * rows[:, [_PLACES["eps_a"]]])
        c = rows[:, [_PLACES["x0_c"]]] + charge / (
            self.cell.cathode.charge(self.cell.area) * rows[:, [_PLACES["eps_c"]]]
        )
        return a, c

    def simulate(
        self,
        initial: Any = None,
        times: Any = None,
        inputs: Any = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        n: int | None = None,
        seed: int | np.random.Generator | None = None,
        start: float = 0.0,
        hold: Hold = "linear",
        stop_at_limits: bool = False,
    ) -> Trajectory | Trajectories:
        """Voltage and surface stoichiometries as trajectories.

        Parameters
        ----------
        initial : (2,) stoichiometries of anode and cathode at the start; those of the cell if None.
        times : (time,) s.
        inputs : the current, as of `voltages`.
        parameters : numbers or (run,) arrays by name; with `n`, (lowest, highest) by name: a box to draw from.
        n : so many runs drawn from the box, evenly in the logarithm where it spans a factor of five.
        seed : of the draw.
        stop_at_limits : NaN from where the voltage leaves the cell's limits.

        Returns
        -------
        A trajectory, or several where there are several runs. Where a run ends early, its tail is NaN and
        `context["stopped"]` says when and why.
        """
        if times is None:
            raise InputError("times: None found, expected (time,) seconds")
        given = dict(parameters or {})
        if n is not None:
            given = dict(zip(given, draw_from_box(given, n, seed).T, strict=True))
        if initial is not None:
            pair = real_array("initial", initial).astype(float)
            if pair.shape != (2,):
                raise InputError(f"initial: shape {pair.shape} found, expected (2,): stoichiometries of anode, cathode")
            given |= {"x0_a": pair[0], "x0_c": pair[1]}
        rows = self.rows(given)
        at, plan = self._plan(times, inputs, start, hold, len(rows))
        xa, a_index, _ = self._particle("a", rows, plan, len(at))
        xc, c_index, _ = self._particle("c", rows, plan, len(at))
        voltages = self.voltages_of_surfaces(rows, xa, xc, plan, a_index, c_index)
        runs = [
            self._run(
                number, at, voltages[number], xa[a_index[number]], xc[c_index[number]], plan, given, stop_at_limits
            )
            for number in range(len(rows))
        ]
        return runs[0] if len(runs) == 1 and n is None else Trajectories(runs)

    def forward(self, names: Sequence[str], times: Any, current: Any = None, *, start: float = 0.0) -> Forward:
        """The model as a function of some parameters, at fixed times under a fixed current."""
        return Forward(self, names, times, current, start)

    def _plan(self, times: Any, current: Any, start: float, hold: Hold, runs: int) -> tuple[np.ndarray, StepPlan]:
        at = np.atleast_1d(real_array("times", times).astype(float))
        if at.ndim != 1 or at.size == 0 or not np.isfinite(at).all() or (np.diff(at) <= 0).any():
            raise InputError(f"times: shape {at.shape} found, expected (time,) finite and rising seconds")
        if at[0] < start:
            raise InputError(f"times: first {at[0]:g} s lies before the start at {start:g} s; give start={at[0]:g}")
        drive = Drive.of(self.current if current is None else current, at, hold)
        plan = plan_steps(drive, at, float(start), self.longest_step)
        if len(plan.currents) not in (1, runs):
            raise InputError(f"current: {len(plan.currents)} rows for {runs} runs, expected one or as many")
        return at, plan

    def _particle(
        self, side: str, rows: np.ndarray, plan: StepPlan, count: int, profiles: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Surfaces of the distinct particles (distinct, time), which of them each run has, and their profiles."""
        from inscape.systems.battery.particle_kernel import run_batch, shell_faces

        electrode = self.cell.anode if side == "a" else self.cell.cathode
        sign = 1.0 if side == "a" else -1.0
        columns = rows[:, [_PLACES[f"ds_{side}"], _PLACES[f"eps_{side}"], _PLACES[f"x0_{side}"]]]
        if len(plan.currents) > 1:
            distinct, index = columns, np.arange(len(rows))
        else:
            # A particle that does not differ between runs is followed once.
            distinct, index = np.unique(columns, axis=0, return_inverse=True)
        per_charge = sign / (3.0 * electrode.charge(self.cell.area) * distinct[:, 1])
        surface = np.empty((len(distinct), count))
        profile = np.empty((len(distinct), count, self.shells)) if profiles else np.empty((1, 1, 1))
        curve = electrode.diffusivity
        scale = electrode.radius**-2
        run_batch(
            shell_faces(self.shells), plan.sizes, plan.restarts, plan.outputs, plan.currents, plan.charges,
            per_charge, curve.values * scale, curve.slopes * scale, curve.is_constant,
            np.ascontiguousarray(distinct[:, 0]), np.ascontiguousarray(distinct[:, 2]),
            surface, profile, profiles,
        )  # fmt: skip
        return surface, index.ravel(), profile

    def _run(
        self, number: int, times: np.ndarray, voltage: np.ndarray, xa: np.ndarray, xc: np.ndarray, plan: StepPlan,
        given: Mapping[str, Any], stop_at_limits: bool,
    ) -> Trajectory:  # fmt: skip
        states = np.stack([voltage, xa, xc], axis=1)
        context: dict[str, float | str] = {"cell": self.cell.name}
        for name, value in given.items():
            column = np.atleast_1d(np.asarray(value, dtype=float))
            context[name] = float(column[number if len(column) > 1 else 0])
        low, high = self.cell.limits
        outside = (voltage < low) | (voltage > high)
        ended = np.isnan(voltage)
        if ended.any():
            first = int(np.argmax(ended))
            context["stopped"] = f"a stoichiometry left [0, 1] by {times[first]:g} s"
            states[first:] = np.nan
        elif outside.any():
            first = int(np.argmax(outside))
            context["beyond_limits"] = (
                f"voltage {voltage[first]:.4g} V at {times[first]:g} s, limits {low:g} to {high:g} V"
            )
            if stop_at_limits:
                context["stopped"] = context["beyond_limits"]
                states[first:] = np.nan
        currents = plan.at_outputs[number if len(plan.at_outputs) > 1 else 0]
        return Trajectory(
            times,
            states,
            inputs=currents[:, None],
            context=context,
            state_names=self.state_names,
            input_names=("current",),
            units={"time": "s", "voltage": "V", "current": "A"},
            source=f"single-particle model of {self.cell.name}",
        )
