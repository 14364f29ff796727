"""`Cell` and `Electrode`: the numbers that make a single-particle model a particular cell. SI: mol, m, s, A, V."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.battery.curve import Curve

if TYPE_CHECKING:
    from inscape.systems.battery.electrolyte import Electrolyte

FARADAY = 96485.33212  # C/mol
GAS = 8.314462618  # J/mol/K


@dataclass(frozen=True)
class Electrode:
    """One porous electrode, seen as many equal spheres.

    Parameters
    ----------
    radius : of a particle, m.
    thickness : of the electrode, m.
    active_fraction : volume of active material over volume of electrode.
    maximum_concentration : of lithium in the active material, mol/m3.
    initial_stoichiometry : concentration over its maximum at the start.
    diffusivity : m2/s against stoichiometry, or a number.
    exchange_current : A/m2 of particle surface, or a number.
    potential : open-circuit potential against lithium, V.

    Raises
    ------
    InputError : if a number is not physical; a concentration in kmol/m3 and a radius in um are named as such.
    """

    radius: float
    thickness: float
    active_fraction: float
    maximum_concentration: float
    initial_stoichiometry: float
    diffusivity: Curve
    exchange_current: Curve
    potential: Curve

    def __post_init__(self) -> None:
        for field in fields(self)[:5]:
            value = getattr(self, field.name)
            if not isinstance(value, (int, float, np.integer, np.floating)) or not np.isfinite(value) or value <= 0:
                raise InputError(f"{field.name}: {value!r} found, expected a positive finite number")
            object.__setattr__(self, field.name, float(value))
        for name in ("diffusivity", "exchange_current", "potential"):
            value = getattr(self, name)
            object.__setattr__(self, name, value if isinstance(value, Curve) else Curve(value, name))
        if self.maximum_concentration < 200:
            raise InputError(
                f"maximum_concentration: {self.maximum_concentration:g} mol/m3 found, electrodes hold 10,000 or more; "
                f"this looks like kmol/m3: give {1000 * self.maximum_concentration:g}"
            )
        if self.radius > 1e-3 or self.thickness > 1e-2:
            raise InputError(
                f"radius {self.radius:g} m, thickness {self.thickness:g} m found, expected metres: "
                "a particle is some 1e-6 m, an electrode some 1e-5 m"
            )
        if self.active_fraction > 1 or not self.initial_stoichiometry < 1:
            raise InputError(
                f"active_fraction {self.active_fraction:g}, initial_stoichiometry {self.initial_stoichiometry:g} "
                "found, expected both below 1"
            )
        if (self.diffusivity.values <= 0).any() or (self.exchange_current.values < -1e-9).any():
            raise InputError("diffusivity or exchange_current: a negative value found, expected positive on [0, 1]")

    def charge(self, area: float) -> float:
        """The charge that takes the stoichiometry from 0 to 1 (C), for an electrode of `area` m2."""
        return area * self.thickness * self.active_fraction * self.maximum_concentration * FARADAY

    def surface(self, area: float) -> float:
        """The surface of all its particles, m2."""
        return area * self.thickness * 3.0 * self.active_fraction / self.radius


@dataclass(frozen=True)
class Cell:
    """A cell for the single-particle model.

    Parameters
    ----------
    name : for titles.
    anode, cathode : its electrodes (negative and positive).
    area : of the electrodes that face each other, all layers together, m2.
    temperature : K.
    capacity : nominal, A h; currents may be given as C-rates of it.
    resistance : in series, Ohm.
    limits : lowest and highest allowed voltage, V.
    source : where the numbers come from.
    electrolyte : its salt, for the extended model; None where nothing is known of it.
    """

    name: str
    anode: Electrode
    cathode: Electrode
    area: float
    temperature: float = 298.15
    capacity: float = 1.0
    resistance: float = 0.0
    limits: tuple[float, float] = (2.5, 4.2)
    source: str = ""
    electrolyte: Electrolyte | None = None

    def __post_init__(self) -> None:
        for name in ("area", "temperature", "capacity"):
            value = float(getattr(self, name))
            if not np.isfinite(value) or value <= 0:
                raise InputError(f"{name}: {value:g} found, expected a positive finite number")
        if self.temperature < 150:
            raise InputError(
                f"temperature: {self.temperature:g} K found; for degrees Celsius give {self.temperature + 273.15:g}"
            )
        if not self.limits[0] < self.limits[1]:
            raise InputError(f"limits: {self.limits} found, expected (lowest, highest) voltage")

    @property
    def thermal_voltage(self) -> float:
        """R T / F, V."""
        return GAS * self.temperature / FARADAY

    def replace(self, **changes: Any) -> Cell:
        """The same cell with some fields changed."""
        return replace(self, **changes)

    def open_circuit_voltage(self) -> float:
        """At the initial stoichiometries, V."""
        positive = self.cathode.potential(self.cathode.initial_stoichiometry)
        return float(positive - self.anode.potential(self.anode.initial_stoichiometry))


PARAMETERS: Mapping[str, str] = {
    "i0_a": "factor on the anode's exchange current",
    "ds_a": "factor on the anode's diffusivity",
    "i0_c": "factor on the cathode's exchange current",
    "ds_c": "factor on the cathode's diffusivity",
    "eps_a": "factor on the anode's active material",
    "eps_c": "factor on the cathode's active material",
    "x0_a": "the anode's stoichiometry at the start",
    "x0_c": "the cathode's stoichiometry at the start",
    "resistance": "in series, Ohm",
}
"""What may differ from run to run, and be fitted."""


def default_parameters(cell: Cell) -> np.ndarray:
    """(9,) the values of `PARAMETERS` that leave the cell as it is."""
    start = (cell.anode.initial_stoichiometry, cell.cathode.initial_stoichiometry)
    return np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, *start, cell.resistance])


def check_physical(name: str, column: Float[np.ndarray, "run"]) -> None:
    """Refuse values of a parameter that no cell can have, naming the first of them."""
    good = np.isfinite(column) & (column >= 0 if name == "resistance" else column > 0)
    if name.startswith("x0"):
        good &= column < 1
    if not good.all():
        wanted = {"x0": "between 0 and 1", "re": "at least 0"}.get(name[:2], "positive")
        raise InputError(
            f"{name}: {column[~good][0]:g} at run {int(np.argmin(good))} found ({int((~good).sum())} in all), "
            f"expected finite and {wanted}"
        )
