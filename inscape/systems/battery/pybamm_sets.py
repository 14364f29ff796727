"""Cells from PyBaMM's parameter sets: Chen2020, Marquis2019, OKane2022 and their like."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.systems.battery.cell import Cell, Electrode
from inscape.systems.battery.curve import Curve
from inscape.systems.battery.electrolyte import SPAN, Electrolyte


def cell_from_pybamm(parameters: Any) -> Cell:
    """A cell for the single-particle model from a PyBaMM parameter set.

    Parameters
    ----------
    parameters : name of a set, or a `pybamm.ParameterValues`.

    Raises
    ------
    MissingExtraError : if pybamm is not installed.
    UnknownNameError : if no set has that name.
    InputError : if the set lacks what the model needs (a lead-acid or half-cell set, say).
    """
    values, name = values_of(parameters)
    temperature = float(values.get("Ambient temperature [K]", 298.15))

    def number(key: str, otherwise: float | None = None) -> float:
        found = values.get(key, otherwise)
        if found is None:
            raise InputError(f"{name}: no {key!r} found; the set does not describe a whole lithium-ion cell")
        try:
            return float(found)
        except (TypeError, ValueError):
            raise InputError(f"{name}: {key!r} is not a number, expected one") from None

    salt = number("Initial concentration in electrolyte [mol.m-3]")
    anode = _electrode(values, name, number, "Negative", salt, temperature)
    cathode = _electrode(values, name, number, "Positive", salt, temperature)
    area = number("Electrode height [m]") * number("Electrode width [m]")
    layers = number("Number of electrodes connected in parallel to make a cell", 1.0)
    series = number("Number of cells connected in series to make a battery", 1.0)
    if series != 1:
        raise InputError(f"{name}: {series:g} cells in series found, expected 1; give the set of one cell")
    return Cell(
        name,
        anode,
        cathode,
        area=area * layers,
        temperature=temperature,
        capacity=number("Nominal cell capacity [A.h]"),
        limits=(number("Lower voltage cut-off [V]"), number("Upper voltage cut-off [V]")),
        source=f"PyBaMM parameter set {name}",
        electrolyte=_electrolyte(values, number, temperature, salt),
    )


def values_of(parameters: Any) -> tuple[Any, str]:
    """PyBaMM's `ParameterValues` of a set's name, and a name to call them by."""
    pybamm = require("pybamm", "battery")
    if isinstance(parameters, str):
        known = list(pybamm.parameter_sets)
        if parameters not in known:
            raise UnknownNameError("PyBaMM parameter set", parameters, known)
        return pybamm.ParameterValues(parameters), parameters
    if not isinstance(parameters, pybamm.ParameterValues):
        raise InputError(f"parameters: {type(parameters).__name__} found, expected a set's name or ParameterValues")
    return parameters, "PyBaMM set"


def _electrode(values: Any, name: str, number: Any, side: str, salt: float, temperature: float) -> Electrode:
    import pybamm

    most = number(f"Maximum concentration in {side.lower()} electrode [mol.m-3]")
    heat = pybamm.Scalar(temperature)

    def tabulated(key: str, arguments: Any) -> Curve:
        law = values.get(key, None)
        if law is None:
            raise InputError(f"{name}: no {key!r} found; the set does not describe a whole lithium-ion cell")
        label = f"{name}, {key}"
        if not callable(law):
            return Curve(float(law), label)

        def of(x: np.ndarray) -> np.ndarray:
            symbol = law(*arguments(pybamm.Vector(x)))
            if not isinstance(symbol, pybamm.Symbol):
                return np.asarray(symbol, dtype=float)
            found = np.asarray(values.process_symbol(symbol).evaluate(), dtype=float).ravel()
            return found if found.size == x.size else np.full(x.size, found[0])

        return Curve(of, label)

    return Electrode(
        radius=number(f"{side} particle radius [m]"),
        thickness=number(f"{side} electrode thickness [m]"),
        active_fraction=number(f"{side} electrode active material volume fraction"),
        maximum_concentration=most,
        initial_stoichiometry=number(f"Initial concentration in {side.lower()} electrode [mol.m-3]") / most,
        diffusivity=tabulated(f"{side} particle diffusivity [m2.s-1]", lambda x: (x, heat)),
        exchange_current=tabulated(
            f"{side} electrode exchange-current density [A.m-2]",
            lambda x: (pybamm.Scalar(salt), x * most, pybamm.Scalar(most), heat),
        ),
        potential=tabulated(f"{side} electrode OCP [V]", lambda x: (x,)),
    )


def _electrolyte(values: Any, number: Any, temperature: float, salt: float) -> Electrolyte | None:
    """The salt of a set; None where the set does not describe one."""
    import pybamm

    wanted = ("Electrolyte diffusivity [m2.s-1]", "Electrolyte conductivity [S.m-1]", "Separator thickness [m]")
    if any(values.get(key, None) is None for key in wanted):
        return None
    heat = pybamm.Scalar(temperature)

    def at(law: Any, x: np.ndarray) -> np.ndarray:
        symbol = law(pybamm.Vector(np.maximum(x, 1e-4) * SPAN * salt), heat) if callable(law) else law
        if not isinstance(symbol, pybamm.Symbol):
            return np.full(x.size, float(symbol))
        found = np.asarray(values.process_symbol(symbol).evaluate(), dtype=float).ravel()
        return np.maximum(found if found.size == x.size else np.full(x.size, found[0]), 1e-16)

    def scalar(key: str, otherwise: float) -> float:
        return float(at(values.get(key, otherwise), np.array([1.0 / SPAN]))[0])

    sides = ("Negative electrode", "Separator", "Positive electrode")
    porosity = tuple(number(f"{side} porosity") for side in sides)
    power = tuple(number(f"{side} Bruggeman coefficient (electrolyte)", 1.5) for side in sides)
    solid = []
    for side in (sides[0], sides[2]):
        share = number(f"{side} active material volume fraction")
        solid.append(
            number(f"{side} conductivity [S.m-1]") * share ** number(f"{side} Bruggeman coefficient (electrode)", 1.5)
        )
    return Electrolyte(
        concentration=salt,
        diffusivity=Curve(lambda x: at(values[wanted[0]], x), "electrolyte diffusivity"),
        conductivity=Curve(lambda x: at(values[wanted[1]], x), "electrolyte conductivity"),
        transference=scalar("Cation transference number", 0.4),
        activity=scalar("Thermodynamic factor", 1.0),
        porosity=porosity,
        efficiency=tuple(e**b for e, b in zip(porosity, power, strict=True)),
        separator=number(wanted[2]),
        solid_conductivity=(solid[0], solid[1]),
    )
