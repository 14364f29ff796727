"""Published invariants against measured ones: spectra with errors, exact sums, zero exponents."""

from __future__ import annotations

from typing import Any

from inscape.analysis import lyapunov_spectrum
from inscape.errors import InscapeError
from inscape.systems import zoo

REFERENCE = {
    "Lorenz": (0.9056, 0.005),
    "Rossler": (0.0714, 0.002),
    "Henon": (0.4192, 0.001),
}
"""Largest exponents at the textbook parameters, and how close ours must come."""
TEXTBOOK = {
    "Lorenz": {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3},
    "Rossler": {"a": 0.2, "b": 0.2, "c": 5.7},
    "Henon": {"a": 1.4, "b": 0.3},
}


def measured_spectrum(item: dict[str, Any]) -> dict[str, Any]:
    """Exponents, errors and checks of one system.

    `item` holds `name`, `periods`, `seed`, `max_seconds` and, where it is prescribed, `per_period`: how often the
    tangent vectors are made orthonormal.
    """
    name = item["name"]
    system: Any = zoo[name]
    interval = (system.period or 1.0) / item["per_period"] if "per_period" in item else None
    try:
        spectrum = lyapunov_spectrum(
            system,
            duration=item["periods"] * (system.period or 1.0),
            transient=100 * (system.period or 1.0),
            interval=interval,
            seed=item["seed"],
            max_seconds=item["max_seconds"],
        )
    except InscapeError as error:
        return {"name": name, "reason": str(error), "exponents": None}
    zero = spectrum.zero_exponent if system.definition.is_autonomous else None
    return {
        "name": name,
        "reason": "",
        "exponents": list(map(float, spectrum.exponents)),
        "errors": list(map(float, spectrum.errors)),
        "sum_mismatch": float(spectrum.sum_mismatch),
        "zero_z": None if zero is None else abs(float(zero[1])),
        "verdict": str(spectrum.verdict),
        "period": float(system.period or 1.0),
        "smooth": bool(getattr(system, "is_smooth", True)),
        "kind": zoo.card(name).kind,
    }


def textbook_exponent(item: dict[str, Any]) -> dict[str, float]:
    """The largest exponent at textbook parameters: `item` holds `name`, `periods` (iterations for a map), `seed`."""
    system: Any = zoo[item["name"]].with_parameters(**TEXTBOOK[item["name"]])
    unit = system.period or 1.0
    spectrum = lyapunov_spectrum(system, duration=item["periods"] * unit, transient=100 * unit, seed=item["seed"])
    return {"exponent": float(spectrum.exponents[0]), "error": float(spectrum.errors[0])}


def published_exponents(names: list[str]) -> dict[str, float]:
    """The largest exponents as published, for those systems that have one."""
    exponents = {name: zoo.card(name).published.largest_exponent for name in names}
    return {name: exponent for name, exponent in exponents.items() if exponent is not None}


def remark_on_sum(row: dict[str, Any], finer: dict[str, Any]) -> str:
    """What a reader must know of a spectrum whose sum misses the divergence."""
    return (
        f"{row['name']}: the exponents sum to the divergence to {row['sum_mismatch']:.1e} only; made orthonormal 50 "
        f"times a period, the tangent vectors give {finer['sum_mismatch']:.1e}: shear that grows without stretching "
        "does not shorten the interval that the spectrum chooses by itself."
    )
