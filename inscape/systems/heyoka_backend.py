"""From sympy to heyoka: the expressions of a law as the Taylor integrator wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import sympy

from inscape.errors import InputError
from inscape.systems.definition import Definition, symbol
from inscape.systems.symbols import t

if TYPE_CHECKING:
    import heyoka

KINKS: tuple[type, ...] = (
    sympy.Abs,
    sympy.sign,
    sympy.Heaviside,
    sympy.Max,
    sympy.Min,
    sympy.Piecewise,
    sympy.floor,
    sympy.ceiling,
    sympy.Mod,
)
"""Functions across which a Taylor series must not step."""

_UNROLLED_POWER = 64


class Translator:
    """Turns sympy expressions into heyoka ones; equal sub-expressions are turned once.

    Parameters
    ----------
    table : the heyoka expression of every symbol, and of any sub-expression that needs one of its own (a kink held
        by a parameter, for instance); looked up before anything else.
    """

    def __init__(self, table: Mapping[sympy.Basic, Any]):
        self._known: dict[sympy.Basic, Any] = dict(table)

    @property
    def nodes(self) -> int:
        """Number of distinct sub-expressions seen so far."""
        return len(self._known)

    def __call__(self, expression: sympy.Basic) -> heyoka.expression:
        """The heyoka form of `expression`.

        Raises
        ------
        InputError : if a symbol is not in the table, or a function has no Taylor series here.
        """
        known = self._known.get(expression)
        if known is None:
            known = self._known[expression] = self._translate(expression)
        return known

    def _translate(self, e: Any) -> Any:
        import heyoka as hy

        if e.is_Symbol:
            raise InputError(f"law: symbol {e} has no value; expected a state, a parameter, an input or t")
        if e is sympy.pi:
            return hy.pi
        if e.is_number:
            return _constant(e)
        if e.is_Add:
            return hy.sum([self(a) for a in e.args])
        if e.is_Mul:
            return self._product(e.args)
        if e.is_Pow:
            return self._power(*e.args)
        for kind, build in _elementary().items():
            if isinstance(e, kind):
                return build(*(self(a) for a in e.args))
        if isinstance(e, KINKS):
            raise InputError(f"law: {e} has a kink; it needs the switching integrator")
        rewritten = _rewrite(e)
        if rewritten is None:
            raise InputError(f"law: {type(e).__name__} is not a function that can be integrated; found {e}")
        return self(rewritten)

    def _product(self, factors: Iterable[Any]) -> Any:
        import heyoka as hy

        above, below = [], []
        for factor in factors:
            if factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
                below.append(self(sympy.Pow(factor.base, -factor.exp)))
            else:
                above.append(self(factor))
        numerator = hy.prod(above) if above else hy.expression(1.0)
        return numerator / hy.prod(below) if below else numerator

    def _power(self, base: Any, exponent: sympy.Basic) -> Any:
        import heyoka as hy

        if base is sympy.E:
            return hy.exp(self(exponent))
        if exponent.is_number:
            value = float(exponent)
            if value < 0:
                return hy.expression(1.0) / self(sympy.Pow(base, -exponent))
            if value == 0.5:
                return hy.sqrt(self(base))
            if value == int(value) and value <= _UNROLLED_POWER:
                # The Taylor recurrence of a general power divides by the base and fails at 0; products do not.
                return _integer_power(self(base), int(value))
            if 2 * value == int(2 * value) and value <= _UNROLLED_POWER:
                root = self(base)
                return hy.sqrt(root) * _integer_power(root, int(value))
            return self(base) ** value
        return self(base) ** self(exponent)


def _constant(e: Any) -> Any:
    import heyoka as hy

    value = complex(e)
    if value.imag or value != value or abs(value) == float("inf"):
        raise InputError(f"law: constant {e} found, expected a finite real number")
    return hy.expression(value.real)


def _integer_power(base: Any, exponent: int) -> Any:
    if exponent == 1:
        return base
    half = _integer_power(base, exponent // 2)
    square = half * half
    return square * base if exponent % 2 else square


_ELEMENTARY = (
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("asinh", "acosh", "atanh", "exp", "log", "erf", "atan2"),
)


@cache
def _elementary() -> dict[Any, Callable[..., Any]]:
    import heyoka as hy

    return {getattr(sympy, name): getattr(hy, name) for name in _ELEMENTARY}


def _rewrite(e: Any) -> sympy.Basic | None:
    reciprocal: dict[Any, Any] = {
        sympy.sec: sympy.cos,
        sympy.csc: sympy.sin,
        sympy.cot: sympy.tan,
        sympy.sech: sympy.cosh,
        sympy.csch: sympy.sinh,
        sympy.coth: sympy.tanh,
    }
    for kind, inverse in reciprocal.items():
        if isinstance(e, kind):
            return 1 / inverse(e.args[0])
    inverses: dict[Any, Any] = {
        sympy.asec: sympy.acos,
        sympy.acsc: sympy.asin,
        sympy.acot: sympy.atan,
        sympy.asech: sympy.acosh,
        sympy.acsch: sympy.asinh,
        sympy.acoth: sympy.atanh,
    }
    for kind, inverse in inverses.items():
        if isinstance(e, kind):
            return inverse(1 / e.args[0])
    for form in (sympy.exp, sympy.erf):
        rewritten = e.rewrite(form)
        if rewritten != e:
            return rewritten
    return None


def is_smooth(expressions: Sequence[sympy.Expr]) -> bool:
    """Whether no expression holds a function with a kink or a jump (Abs, sign, Heaviside, Max, floor, ...)."""
    return not any(e.has(*KINKS) for e in expressions)


def exponent_parameters(definition: Definition) -> frozenset[sympy.Symbol]:
    """The symbols of `definition.exponent_names`."""
    return frozenset(symbol(name) for name in definition.exponent_names)


def base_table(definition: Definition, inlined: Mapping[sympy.Symbol, float]) -> dict[sympy.Basic, Any]:
    """States as heyoka variables, parameters as `par[i]` in their own order, time; inlined parameters as numbers."""
    import heyoka as hy

    table: dict[sympy.Basic, Any] = {t: hy.time}
    table |= {s: hy.expression(f"s_{i}") for i, s in enumerate(definition.states)}
    table |= {p: hy.par[i] for i, p in enumerate(definition.parameter_symbols)}
    return table | {p: hy.expression(float(v)) for p, v in inlined.items()}


def inline(expression: sympy.Expr, values: Mapping[sympy.Symbol, float]) -> sympy.Expr:
    """The expression with numbers for some symbols; whole numbers stay whole, so that powers can be unrolled."""
    exact = {s: sympy.Integer(int(v)) if float(v).is_integer() else sympy.Float(v) for s, v in values.items()}
    return expression.xreplace(exact) if exact else expression
