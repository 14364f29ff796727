"""The NMC-graphite cell of Hassanaly et al. 2024 (J. Energy Storage 98, 113103), and its simple stand-in.

The polynomial coefficients in `nmc_graphite.csv` are those of NREL/PINNSTRIPES (BSD-3-Clause, Alliance for Sustainable
Energy, LLC, 2023).
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np

from inscape.errors import InputError
from inscape.systems.battery.cell import Cell, Electrode
from inscape.systems.battery.curve import Curve

CAPACITY = 1.89e-2  # A h
QUANTITIES = (
    "U_anode_V",
    "U_cathode_V",
    "log10_Ds_cathode_before_factor_2.25",
    "i0_cathode_before_factor_9",
)
SALT = 1.2  # kmol/m3


def nmc_graphite() -> Cell:
    """The cell of the paper at 303.15 K, 91 % charged: 18.9 mA h on 14 cm2."""
    text = files("inscape.systems.battery").joinpath("nmc_graphite.csv").read_text(encoding="utf-8")
    return _cell(text.splitlines(), "NMC-graphite, Hassanaly et al. 2024")


def nmc_graphite_from_folder(folder: str | Path) -> Cell:
    """The same cell from a folder that holds `polynomials.csv`, with the coefficients found there.

    Raises
    ------
    InputError : if the file is not there or lacks a quantity.
    """
    path = Path(folder) / "polynomials.csv"
    if not path.is_file():
        raise InputError(f"{folder}: no polynomials.csv found; expected the columns quantity, power_of_x, coefficient")
    return _cell(path.read_text(encoding="utf-8-sig").splitlines(), str(path))


def straight_lines() -> Cell:
    """The paper's simple set: straight open-circuit potentials, constant kinetics and diffusivities."""
    full = nmc_graphite()
    anode = _with(full.anode, 3e-14, 2.0, lambda x: 0.2 - 0.2 * x)
    cathode = _with(full.cathode, 3.5e-15, 3.0, lambda x: 5.0 - 1.4 * x)
    return full.replace(name="straight lines", anode=anode, cathode=cathode, source="PINNSTRIPES, simple set")


def _with(electrode: Electrode, diffusivity: float, exchange: float, potential: object) -> Electrode:
    from dataclasses import replace

    return replace(
        electrode,
        diffusivity=Curve(diffusivity, "diffusivity"),
        exchange_current=Curve(exchange, "exchange_current"),
        potential=Curve(potential, "potential"),  # type: ignore[arg-type]
    )


def _cell(lines: list[str], source: str) -> Cell:
    powers: dict[str, dict[int, float]] = {}
    for row in csv.DictReader(lines):
        try:
            powers.setdefault(row["quantity"], {})[int(row["power_of_x"])] = float(row["coefficient"])
        except (KeyError, TypeError, ValueError):
            raise InputError(
                f"{source}: row {row} found, expected the columns quantity, power_of_x, coefficient"
            ) from None
    missing = [name for name in QUANTITIES if name not in powers]
    if missing:
        raise InputError(f"{source}: no coefficients of {', '.join(missing)} found")
    falling = {
        name: np.array([found.get(power, 0.0) for power in range(max(found), -1, -1)]) for name, found in powers.items()
    }
    potential_a, potential_c, diffusivity, kinetics = (falling[name] for name in QUANTITIES)
    concentration_a = 30.53  # kmol/m3
    anode = Electrode(
        radius=4e-6,
        thickness=44e-6,
        active_fraction=0.5430727763,
        maximum_concentration=1000.0 * concentration_a,
        initial_stoichiometry=0.91,
        diffusivity=Curve(3e-14, "anode diffusivity"),
        exchange_current=Curve(
            lambda x: 0.675 * concentration_a * np.sqrt(SALT * (1.0 - x) * x), "anode exchange current"
        ),
        potential=Curve(lambda x: np.polyval(potential_a, x), "anode potential"),
    )
    cathode = Electrode(
        radius=1.8e-6,
        thickness=42e-6,
        active_fraction=0.47662,
        maximum_concentration=49600.0,
        initial_stoichiometry=0.39,
        diffusivity=Curve(lambda x: 2.25 * 10.0 ** np.clip(np.polyval(diffusivity, x), -17.0, -12.0), "D cathode"),
        # The quintic dips below zero where no cell is; a small floor keeps its logarithm there.
        exchange_current=Curve(lambda x: np.maximum(9.0 * np.polyval(kinetics, x), 1e-3), "i0 cathode"),
        potential=Curve(lambda x: np.polyval(potential_c, x), "cathode potential"),
    )
    return Cell(
        "nmc-graphite", anode, cathode, area=1.4e-3, temperature=303.15, capacity=CAPACITY, limits=(2.8, 4.3),
        source=source,
    )  # fmt: skip
