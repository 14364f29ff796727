"""Cells from BPX files: the Battery Parameter eXchange standard, JSON (bpxstandard.com)."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.systems.battery.cell import FARADAY, GAS, Cell, Electrode
from inscape.systems.battery.curve import Curve
from inscape.systems.battery.electrolyte import SPAN, Electrolyte

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "tanh": np.tanh, "log": np.log, "log10": np.log10, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos,
    "sinh": np.sinh, "cosh": np.cosh, "abs": np.abs, "arctan": np.arctan,
}  # fmt: skip
_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
    ast.USub: np.negative, ast.UAdd: np.positive,
}  # fmt: skip


def cell_from_bpx(file: str | Path) -> Cell:
    """A cell for the single-particle model from a BPX file.

    The cell starts full: the anode at its largest stoichiometry, the cathode at its smallest.

    Raises
    ------
    InputError : if the file is no JSON, lacks a field, or describes blended electrodes.
    """
    path = Path(file)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: not JSON ({error}); expected a BPX file") from None
    if not isinstance(record, Mapping) or not isinstance(record.get("Parameterisation"), Mapping):
        raise InputError(f"{path.name}: no 'Parameterisation' found, expected a BPX file")
    parts = record["Parameterisation"]
    whole = _section(parts, "Cell", path.name)
    # Since version 1.0 the temperatures of the start stand in a section of their own.
    state = record.get("State") or parts.get("State") or {}
    reference = _number(whole, "Reference temperature [K]", path.name, 298.15)
    temperature = _number(
        {**whole, **(state if isinstance(state, Mapping) else {})}, "Initial temperature [K]", path.name, reference
    )
    layers = _number(whole, "Number of electrode pairs connected in parallel to make a cell", path.name, 1.0)
    header = record.get("Header") if isinstance(record.get("Header"), Mapping) else {}
    return Cell(
        str((header or {}).get("Title") or path.stem),
        _electrode(parts, "Negative electrode", "Maximum stoichiometry", path.name, temperature, reference),
        _electrode(parts, "Positive electrode", "Minimum stoichiometry", path.name, temperature, reference),
        area=_number(whole, "Electrode area [m2]", path.name) * layers,
        temperature=temperature,
        capacity=_number(whole, "Nominal cell capacity [A.h]", path.name),
        limits=(
            _number(whole, "Lower voltage cut-off [V]", path.name),
            _number(whole, "Upper voltage cut-off [V]", path.name),
        ),
        source=path.name,
        electrolyte=_electrolyte(parts, path.name, temperature, reference),
    )


def _electrode(
    parts: Mapping[str, Any], title: str, start: str, file: str, temperature: float, reference: float
) -> Electrode:
    section = _section(parts, title, file)
    if isinstance(section.get("Particle"), Mapping):
        raise InputError(
            f"{file}: {title} is blended of {', '.join(section['Particle'])}; the model has one kind of particle"
        )
    radius = _number(section, "Particle radius [m]", file)
    most = _number(section, "Maximum concentration [mol.m-3]", file)
    rate = _number(section, "Reaction rate constant [mol.m-2.s-1]", file)
    rate *= _arrhenius(section, "Reaction rate constant activation energy [J.mol-1]", file, temperature, reference)
    warmth = _arrhenius(section, "Diffusivity activation energy [J.mol-1]", file, temperature, reference)
    return Electrode(
        radius=radius,
        thickness=_number(section, "Thickness [m]", file),
        active_fraction=_number(section, "Surface area per unit volume [m-1]", file) * radius / 3.0,
        maximum_concentration=most,
        initial_stoichiometry=_number(section, start, file),
        diffusivity=curve_of(section.get("Diffusivity [m2.s-1]"), f"{file}: {title}, diffusivity").times(warmth),
        exchange_current=Curve(lambda x: FARADAY * rate * np.sqrt(x * (1.0 - x)), f"{title}, exchange current"),
        potential=curve_of(section.get("OCP [V]"), f"{file}: {title}, OCP"),
    )


def _electrolyte(parts: Mapping[str, Any], file: str, temperature: float, reference: float) -> Electrolyte | None:
    """The salt, where the file describes it; formulas are functions of the concentration in mol/m3."""
    salt, separator = parts.get("Electrolyte"), parts.get("Separator")
    if not isinstance(salt, Mapping) or not isinstance(separator, Mapping):
        return None
    anode, cathode = (_section(parts, f"{side} electrode", file) for side in ("Negative", "Positive"))
    rest = _number(salt, "Initial concentration [mol.m-3]", file, 1000.0)

    def stretched(key: str, energy: str) -> Curve:
        value = salt.get(key)
        warmth = _arrhenius(salt, energy, file, temperature, reference)
        if isinstance(value, str):
            law = formula_of_x(value, f"{file}: electrolyte")
            return Curve(lambda x: warmth * law(np.maximum(x, 1e-4) * SPAN * rest), key)
        if isinstance(value, Mapping):
            table = {"x": [float(v) / (SPAN * rest) for v in value.get("x", [])], "y": value.get("y", [])}
            return curve_of(table, f"{file}: {key}").times(warmth)
        return curve_of(value, f"{file}: {key}").times(warmth)

    three = (anode, separator, cathode)
    return Electrolyte(
        concentration=rest,
        diffusivity=stretched("Diffusivity [m2.s-1]", "Diffusivity activation energy [J.mol-1]"),
        conductivity=stretched("Conductivity [S.m-1]", "Conductivity activation energy [J.mol-1]"),
        transference=_number(salt, "Cation transference number", file),
        activity=1.0,
        porosity=tuple(_number(part, "Porosity", file) for part in three),  # type: ignore[arg-type]
        efficiency=tuple(_number(part, "Transport efficiency", file) for part in three),  # type: ignore[arg-type]
        separator=_number(separator, "Thickness [m]", file),
        solid_conductivity=(
            _number(anode, "Conductivity [S.m-1]", file),
            _number(cathode, "Conductivity [S.m-1]", file),
        ),
    )


def curve_of(value: Any, name: str) -> Curve:
    """A curve from a number, a formula in x, or a table {"x": [...], "y": [...]}: the three ways of BPX.

    Raises
    ------
    InputError : if it is none of them.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Curve(float(value), name)
    if isinstance(value, str):
        return Curve(formula_of_x(value, name), name)
    if isinstance(value, Mapping) and {"x", "y"} <= set(value):
        return Curve.from_points(value["x"], value["y"], name)
    raise InputError(f"{name}: {type(value).__name__} found, expected a number, a formula in x or a table of x and y")


def formula_of_x(text: str, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """A function from a formula of x with numbers, + - * / ** and the usual functions; nothing else is carried out.

    Raises
    ------
    InputError : if the formula holds anything else.
    """
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError):
        raise InputError(f"{name}: {text[:60]!r} is no formula in x") from None

    def value(node: ast.AST, x: np.ndarray) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return float(node.value)
        if isinstance(node, ast.Name) and node.id == "x":
            return x
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](value(node.left, x), value(node.right, x))
        if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](value(node.operand, x))
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _FUNCTIONS
            and len(node.args) == 1
            and not node.keywords
        ):
            return _FUNCTIONS[node.func.id](value(node.args[0], x))
        raise InputError(
            f"{name}: {ast.unparse(node)[:40]!r} found in a formula, expected numbers, x, + - * / ** and "
            + ", ".join(_FUNCTIONS)
        )

    return lambda x: np.broadcast_to(value(tree, np.asarray(x, dtype=float)), np.shape(x))


def _section(parts: Mapping[str, Any], title: str, file: str) -> Mapping[str, Any]:
    found = parts.get(title)
    if not isinstance(found, Mapping):
        raise InputError(f"{file}: no section {title!r} found; sections: {', '.join(map(str, parts))}")
    return found


def _number(section: Mapping[str, Any], key: str, file: str, otherwise: float | None = None) -> float:
    found = section.get(key, otherwise)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise InputError(f"{file}: {key!r} is {found!r}, expected a number")
    return float(found)


def _arrhenius(section: Mapping[str, Any], key: str, file: str, temperature: float, reference: float) -> float:
    energy = _number(section, key, file, 0.0)
    return float(np.exp(energy / GAS * (1.0 / reference - 1.0 / temperature)))
