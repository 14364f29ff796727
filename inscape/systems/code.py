"""Source of a law for the array libraries: one walk over the sympy trees, each shared sub-expression computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import sympy
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from inscape.errors import InputError

_UNROLLED_POWER = 8

_CALLS: dict[type, str] = {
    **{getattr(sympy, n): n for n in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")},
    **{getattr(sympy, n): n for n in ("asinh", "acosh", "atanh", "exp", "log", "erf", "sign", "floor", "atan2")},
    sympy.Abs: "absolute",
    sympy.ceiling: "ceil",
}
_RECIPROCALS: dict[type, str] = {
    sympy.sec: "cos",
    sympy.csc: "sin",
    sympy.cot: "tan",
    sympy.sech: "cosh",
    sympy.csch: "sinh",
    sympy.coth: "tanh",
}
_RELATIONS: dict[type, str] = {
    sympy.StrictGreaterThan: ">",
    sympy.GreaterThan: ">=",
    sympy.StrictLessThan: "<",
    sympy.LessThan: "<=",
    sympy.Equality: "==",
    sympy.Unequality: "!=",
}


class Writer:
    """Writes expressions as lines of Python that call `sin`, `where`, `maximum`, ... by their NumPy names.

    Parameters
    ----------
    names : how each symbol is written.

    Attributes
    ----------
    lines : assignments of shared sub-expressions, to be run in this order.
    """

    def __init__(self, names: Mapping[sympy.Basic, str]):
        self._written: dict[sympy.Basic, str] = dict(names)
        self._uses: Counter[sympy.Basic] = Counter()
        self.lines: list[str] = []

    def write(self, expressions: Sequence[sympy.Basic]) -> list[str]:
        """The text of each expression, given that `lines` ran before."""
        for e in expressions:
            self._count(e)
        return [self._text(e) for e in expressions]

    def _count(self, e: sympy.Basic) -> None:
        self._uses[e] += 1
        if self._uses[e] == 1:
            for a in e.args:
                self._count(a)
        if e.is_Pow and e.exp.is_Integer and 2 <= abs(int(e.exp)) <= _UNROLLED_POWER:
            self._uses[e.base] += 1

    def _text(self, e: sympy.Basic) -> str:
        known = self._written.get(e)
        if known is not None:
            return known
        text = self._form(e)
        if e.args and not e.is_number and self._uses[e] > 1:
            name = f"v{len(self.lines)}"
            self.lines.append(f"{name} = {text}")
            text = name
        self._written[e] = text
        return text

    def _form(self, e: sympy.Basic) -> str:
        if e.is_Symbol:
            raise InputError(f"law: symbol {e} has no value; expected a state, a parameter, an input or t")
        if isinstance(e, (BooleanTrue, BooleanFalse)):
            return "True" if e else "False"
        if getattr(e, "is_number", False) and not e.is_Relational:
            value = complex(e)
            if value.imag or value != value or abs(value) == float("inf"):
                raise InputError(f"law: constant {e} found, expected a finite real number")
            return repr(value.real) if value.real >= 0 else f"({value.real!r})"
        if e.is_Add:
            return "(" + " + ".join(self._text(a) for a in e.args) + ")"
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(e.base, e.exp)
        return self._call(e)

    def _product(self, e: sympy.Basic) -> str:
        above, below = [], []
        for factor in e.args:
            if factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
                below.append(self._power(factor.base, -factor.exp))
            else:
                above.append(self._text(factor))
        numerator = "*".join(above) or "1.0"
        return f"({numerator}/({'*'.join(below)}))" if below else f"({numerator})"

    def _power(self, base: sympy.Basic, exponent: sympy.Basic) -> str:
        if base is sympy.E:
            return f"exp({self._text(exponent)})"
        if exponent.is_Rational and exponent.is_negative:
            return f"(1.0/{self._power(base, -exponent)})"
        text = self._text(base)
        if exponent == sympy.Rational(1, 2):
            return f"sqrt({text})"
        if exponent.is_Integer and int(exponent) <= _UNROLLED_POWER:
            return "(" + "*".join([text] * int(exponent)) + ")"
        return f"({text})**{self._text(exponent)}"

    def _call(self, e: sympy.Basic) -> str:
        parts = [self._text(a) for a in e.args] if not isinstance(e, sympy.Piecewise) else []
        if type(e) in _CALLS:
            return f"{_CALLS[type(e)]}({', '.join(parts)})"
        if type(e) in _RECIPROCALS:
            return f"(1.0/{_RECIPROCALS[type(e)]}({parts[0]}))"
        if type(e) in _RELATIONS:
            return f"({parts[0]} {_RELATIONS[type(e)]} {parts[1]})"
        if isinstance(e, sympy.Heaviside):
            return f"heaviside({parts[0]}, {parts[1]})"
        if isinstance(e, sympy.Mod):
            return f"remainder({parts[0]}, {parts[1]})"
        if isinstance(e, (sympy.Max, sympy.Min, And, Or)):
            name = {sympy.Max: "maximum", sympy.Min: "minimum", And: "logical_and", Or: "logical_or"}[type(e)]
            nested = parts[0]
            for part in parts[1:]:
                nested = f"{name}({nested}, {part})"
            return nested
        if isinstance(e, Not):
            return f"logical_not({parts[0]})"
        if isinstance(e, sympy.Piecewise):
            return self._pieces(e)
        for form in (sympy.exp, sympy.floor, sympy.erf):
            rewritten = e.rewrite(form)
            if rewritten != e:
                self._count(rewritten)
                return self._text(rewritten)
        raise InputError(f"law: {type(e).__name__} is not a function that can be computed; found {e}")

    def _pieces(self, e: sympy.Piecewise) -> str:
        text = "nan"
        for value, condition in reversed(e.args):
            if condition == sympy.true:
                text = self._text(value)
            else:
                text = f"where({self._text(condition)}, {self._text(value)}, {text})"
        return text


def array_source(arguments: Sequence[sympy.Symbol], expressions: Sequence[sympy.Expr]) -> str:
    """Source of `function(*arguments)`, which returns the list of values of `expressions`."""
    names = {s: f"a{i}" for i, s in enumerate(arguments)}
    writer = Writer(names)
    values = writer.write(expressions)
    body = [*writer.lines, f"return [{', '.join(values)}]"]
    return "\n    ".join([f"def function({', '.join(names.values())}):", *body]) + "\n"


def kernel_source(
    states: Sequence[sympy.Symbol],
    parameters: Sequence[sympy.Symbol],
    time: sympy.Symbol,
    expressions: Sequence[sympy.Expr],
) -> str:
    """Source of `kernel(x, p, t, out)` for one state, which writes the values of `expressions` into `out`."""
    names: dict[sympy.Basic, str] = {s: f"x{i}" for i, s in enumerate(states)}
    names |= {s: f"p[{i}]" for i, s in enumerate(parameters)}
    names[time] = "t"
    writer = Writer(names)
    values = writer.write(expressions)
    # The state is read before anything is written, so that `out` may be `x` itself.
    body = [f"x{i} = x[{i}]" for i in range(len(states))] + writer.lines
    body += [f"y{i} = {value}" for i, value in enumerate(values)]
    body += [f"out[{i}] = y{i}" for i in range(len(values))]
    return "\n    ".join(["def kernel(x, p, t, out):", *body]) + "\n"
