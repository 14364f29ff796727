"""The vocabulary in which a law of motion is written: functions of symbols, time, and the delayed value."""

from sympy import (
    Abs,
    Expr,
    Function,
    Max,
    Min,
    Piecewise,
    Symbol,
    acos,
    asin,
    atan,
    cos,
    cosh,
    exp,
    floor,
    log,
    pi,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)
from sympy import Heaviside as _Heaviside
from sympy import Mod as modulo

t = Symbol("t", real=True)
"""Time."""

_delayed = Function("delayed")


def heaviside(u: Expr) -> Expr:
    """1 where `u` is positive, else 0 (0 at 0 as well, as the chaos zoo was published)."""
    return _Heaviside(u, 0)


def sigmoid(u: Expr) -> Expr:
    """The logistic function 1 / (1 + exp(-u))."""
    return 1 / (1 + exp(-u))


def delayed(state: Expr, delay: Expr) -> Expr:
    """The value of a state variable `delay` time units ago."""
    return _delayed(state, delay)


__all__ = [
    "Abs",
    "Max",
    "Min",
    "Piecewise",
    "acos",
    "asin",
    "atan",
    "cos",
    "cosh",
    "delayed",
    "exp",
    "floor",
    "heaviside",
    "log",
    "modulo",
    "pi",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "t",
    "tan",
    "tanh",
]
