"""A surface that motion may cross: a plane, an equation in the state variables, or where a variable turns."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.series import check_finite, number, real_numbers, shown
from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import sympy

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    name: getattr(np, name) for name in ("sin", "cos", "tan", "exp", "log", "sqrt", "tanh", "abs")
}
_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}


@dataclass(frozen=True)
class Surface:
    """Where `level(states, velocities)` is zero; the states (..., state) and velocities alike.

    text : what it is, in words.
    direction : +1 to count crossings towards greater levels, -1 towards lesser, 0 both.
    """

    text: str
    level: Callable[[Float[np.ndarray, "*batch state"], Float[np.ndarray, "*batch state"]], Float[np.ndarray, "*batch"]]
    direction: int


def surface(where: Any, names: Sequence[str], direction: Any = None) -> Surface:
    """Read a surface off what a user writes.

    Parameters
    ----------
    where : an equation in the state variables, "z = 27" or "x**2 + y**2 = 1" (a lone expression is equal to zero);
        "maxima of x", "minima of x" or "extrema of x"; a pair (name, value); or a pair (normal (state,), offset) for
        the plane normal . x = offset.
    names : of the state variables.
    direction : "up" (or +1), "down" (-1) or "both" (0), the sense in which left side minus right side goes; "up" if
        None. Maxima and minima have theirs.

    Raises
    ------
    InputError, UnknownNameError : if it cannot be read.
    """
    names = tuple(names)
    sense = {None: 1, "up": 1, "down": -1, "both": 0, 1: 1, -1: -1, 0: 0}
    if isinstance(direction, (list, np.ndarray, dict)) or direction not in sense:
        raise InputError(f"direction: {shown(direction)} found, expected 'up', 'down' or 'both'")
    if isinstance(where, str):
        turning = re.fullmatch(r"\s*(maxima|minima|extrema) of (\S+)\s*", where)
        if turning:
            kind, column = turning[1], _column(turning[2], names)
            return Surface(where.strip(), lambda _, v: v[..., column], {"maxima": -1, "minima": 1, "extrema": 0}[kind])
        sides = where.split("=")
        if len(sides) > 2 or not where.strip():
            raise InputError(f"section: {shown(where)} found, expected one equation such as 'z = 27'")
        left, right = (_expression(s, names) for s in (sides[0], sides[1] if len(sides) == 2 else "0"))
        return Surface(where.strip(), lambda x, _: left(x) - right(x), sense[direction])
    if not isinstance(where, tuple | list) or len(where) != 2:
        raise InputError(f"section: {shown(where)} found, expected 'z = 27', ('z', 27) or (normal, offset)")
    if isinstance(where[0], str):
        column, value = _column(where[0], names), number(where[1], "section")
        return Surface(f"{where[0]} = {value:g}", lambda x, _: x[..., column] - value, sense[direction])
    normal, offset = real_numbers(where[0], "normal"), number(where[1], "section")
    check_finite(normal, "normal")
    if normal.shape != (len(names),) or not normal.any():
        raise InputError(f"normal: {normal.tolist()} found, expected {len(names)} numbers, not all zero")
    return Surface(f"{normal.tolist()} . x = {offset:g}", lambda x, _: x @ normal - offset, sense[direction])


def symbolic_level(cut: Surface, system: Any) -> sympy.Expr:
    """The level of a surface as an expression in the symbols of a flow, its velocities being the law."""
    import sympy

    states = np.array(system.definition.states, dtype=object)
    level = cut.level(states, np.array(system.definition.expressions, dtype=object))
    return sympy.sympify(np.asarray(level, dtype=object).item())


def _applied(name: str, value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value.item()
    if hasattr(value, "free_symbols"):
        import sympy

        return getattr(sympy, "Abs" if name == "abs" else name)(value)
    return _FUNCTIONS[name](value)


def _column(name: str, names: tuple[str, ...]) -> int:
    if name not in names:
        raise UnknownNameError("state", name, names)
    return names.index(name)


def _expression(text: str, names: tuple[str, ...]) -> Callable[[np.ndarray], Any]:
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except SyntaxError:
        raise InputError(f"section: {text.strip()!r} cannot be read as an expression") from None
    _evaluate(tree, np.ones(len(names)), names, text)
    return lambda states: _evaluate(tree, states, names, text)


def _evaluate(node: ast.expr, states: np.ndarray, names: tuple[str, ...], text: str) -> Any:
    # Walked by hand: a text that a user pastes must not be executed.
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        return np.pi if node.id == "pi" and "pi" not in names else states[..., _column(node.id, names)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _evaluate(node.operand, states, names, text)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        sides = (_evaluate(side, states, names, text) for side in (node.left, node.right))
        with np.errstate(all="ignore"):
            return _OPERATIONS[type(node.op)](*sides)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        if node.func.id not in _FUNCTIONS:
            raise UnknownNameError("function", node.func.id, _FUNCTIONS)
        with np.errstate(all="ignore"):
            return _applied(node.func.id, _evaluate(node.args[0], states, names, text))
    raise InputError(
        f"section: {ast.unparse(node)!r} in {text.strip()!r} found, expected arithmetic of state variables"
    )
