"""`FullModel`: the pseudo-2D (Doyle-Fuller-Newman) model of PyBaMM as truth behind the same call as the fast model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.systems.battery.pybamm_sets import values_of

PyBaMMModel = Literal["SPM", "SPMe", "DFN"]
_ENTRIES = {
    "i0_a": "Negative electrode exchange-current density [A.m-2]",
    "i0_c": "Positive electrode exchange-current density [A.m-2]",
    "ds_a": "Negative particle diffusivity [m2.s-1]",
    "ds_c": "Positive particle diffusivity [m2.s-1]",
    "d_e": "Electrolyte diffusivity [m2.s-1]",
    "kappa_e": "Electrolyte conductivity [S.m-1]",
}


class FullModel:
    """A PyBaMM model as a function from factors to voltages, all runs handed to its solver as one list.

    Parameters
    ----------
    parameters : name of a PyBaMM set, or `ParameterValues`.
    names : factors that the columns are: i0_a, i0_c, ds_a, ds_c, d_e, kappa_e.
    times : (time,) s, from 0.
    c_rate : of the constant discharge.
    model : "DFN", "SPMe" or "SPM".
    radial_points : in each particle; PyBaMM's own number if None.

    Raises
    ------
    MissingExtraError : if pybamm is not installed.
    UnknownNameError : for a factor that it does not have.
    """

    def __init__(
        self,
        parameters: Any = "Chen2020",
        names: Sequence[str] = ("i0_a", "ds_c"),
        times: Any = None,
        *,
        c_rate: float = 1.0,
        model: PyBaMMModel = "DFN",
        radial_points: int | None = None,
    ):
        pybamm = require("pybamm", "battery")
        for name in names:
            if name not in _ENTRIES:
                raise UnknownNameError("factor of a PyBaMM model", name, _ENTRIES)
        kinds = {"SPM": pybamm.lithium_ion.SPM, "SPMe": pybamm.lithium_ion.SPMe, "DFN": pybamm.lithium_ion.DFN}
        if model not in kinds:
            raise UnknownNameError("PyBaMM model", str(model), kinds)
        self.names = tuple(names)
        self.times = np.asarray(np.arange(0.0, 3001.0, 30.0) if times is None else times, dtype=float)
        if self.times.ndim != 1 or len(self.times) < 2 or self.times[0] != 0 or (np.diff(self.times) <= 0).any():
            raise InputError("times: expected (time,) rising seconds that start at 0")
        self.model = model
        values, self.name = values_of(parameters)
        values = values.copy()
        values["Current function [A]"] = c_rate * float(values["Nominal cell capacity [A.h]"])
        for name in self.names:
            values[_ENTRIES[name]] = _scaled(values[_ENTRIES[name]], pybamm.InputParameter(name))
        # Voltages below the limits are wanted too: a calibration passes through bad parameters.
        values["Lower voltage cut-off [V]"] = 1.0
        self._simulation = pybamm.Simulation(
            kinds[model](),
            var_pts=kinds[model]().default_var_pts
            | ({} if radial_points is None else {"r_n": radial_points, "r_p": radial_points}),
            parameter_values=values,
            solver=pybamm.IDAKLUSolver(output_variables=["Voltage [V]"]),
        )
        self.cpu_seconds = 0.0
        self.calls = 0

    def __call__(self, parameters: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        """Voltages, V; NaN after the end of a run that stopped early."""
        rows = np.atleast_2d(np.asarray(parameters, dtype=float))
        if rows.shape[1] != len(self.names) or not (np.isfinite(rows) & (rows > 0)).all():
            raise InputError(
                f"parameters: shape {rows.shape} found, expected (run, {len(self.names)}) positive finite factors"
            )
        inputs: list[Mapping[str, float]] = [dict(zip(self.names, map(float, row), strict=True)) for row in rows]
        began = time.process_time()
        solutions = self._simulation.solve(
            [float(self.times[0]), float(self.times[-1])], t_interp=self.times, inputs=inputs
        )
        self.cpu_seconds += time.process_time() - began
        self.calls += len(rows)
        solutions = solutions if isinstance(solutions, list) else [solutions]
        found = np.full((len(rows), len(self.times)), np.nan)
        for row, solution in zip(found, solutions, strict=True):
            values = np.asarray(solution["Voltage [V]"].data, dtype=float).ravel()
            count = min(len(values), len(self.times))
            row[:count] = values[:count]
        return found


def _scaled(law: Any, factor: Any) -> Any:
    if not callable(law):
        return factor * law

    def scaled(*arguments: Any) -> Any:
        return factor * law(*arguments)

    return scaled
