"""A law written out: plain text that can be read in again, LaTeX, and source for Python and Julia."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from inscape.systems.definition import Definition


class _Plain(StrPrinter):
    """Text of an expression whose numbers keep every digit."""

    def _print_Float(self, e: sympy.Float) -> str:
        return repr(float(e))


class _Numpy(NumPyPrinter):
    _module = "np"

    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True})

    def doprint(self, expr: Any, assign_to: Any = None) -> str:
        # The tables of the parent class spell the module out.
        return re.sub(r"\bnumpy\.", "np.", super().doprint(expr, assign_to))

    def _print_Float(self, e: sympy.Float) -> str:
        return repr(float(e))

    def _nested(self, name: str, e: sympy.Expr) -> str:
        text = self._print(e.args[0])
        for argument in e.args[1:]:
            text = f"np.{name}({text}, {self._print(argument)})"
        return text

    def _print_Max(self, e: sympy.Max) -> str:
        return self._nested("maximum", e)

    def _print_Min(self, e: sympy.Min) -> str:
        return self._nested("minimum", e)

    def _print_Heaviside(self, e: sympy.Heaviside) -> str:
        return f"np.heaviside({self._print(e.args[0])}, {self._print(e.args[1])})"

    def _print_Piecewise(self, e: sympy.Piecewise) -> str:
        text = "np.nan"
        for value, condition in reversed(e.args):
            value_text = self._print(value)
            text = (
                value_text if condition == sympy.true else f"np.where({self._print(condition)}, {value_text}, {text})"
            )
        return text


class _Julia(StrPrinter):
    """Julia writes powers with ^, choices as a ? b : c, and has most functions under the names of sympy."""

    _names: ClassVar[dict[str, str]] = {"Abs": "abs", "Mod": "mod", "Max": "max", "Min": "min", "ceiling": "ceil"}

    def _print_Float(self, e: sympy.Float) -> str:
        return repr(float(e))

    def _print_Pow(self, e: sympy.Pow, rational: bool = False) -> str:
        if e.base is sympy.E:
            return f"exp({self._print(e.exp)})"
        if e.exp == sympy.Rational(1, 2):
            return f"sqrt({self._print(e.base)})"
        if e.exp.is_Rational and e.exp.is_negative:
            return f"1/{self.parenthesize(sympy.Pow(e.base, -e.exp), PRECEDENCE['Pow'])}"
        base = self.parenthesize(e.base, PRECEDENCE["Pow"] + 1)
        return f"{base}^{self.parenthesize(e.exp, PRECEDENCE['Pow'] + 1)}"

    def _print_Rational(self, e: sympy.Rational) -> str:
        return f"{e.p}/{e.q}"

    def _print_Function(self, e: sympy.Function) -> str:
        name = type(e).__name__
        return f"{self._names.get(name, name)}({', '.join(self._print(a) for a in e.args)})"

    _print_Abs = _print_Mod = _print_Max = _print_Min = _print_Function  # noqa: N815

    def _print_Exp1(self, _: Any) -> str:
        return "exp(1)"

    def _print_Heaviside(self, e: sympy.Heaviside) -> str:
        u, at_zero = (self._print(a) for a in e.args)
        return f"({u} > 0 ? 1.0 : ({u} < 0 ? 0.0 : {at_zero}))"

    def _print_Piecewise(self, e: sympy.Piecewise) -> str:
        text = "NaN"
        for value, condition in reversed(e.args):
            chosen = self._print(value)
            text = chosen if condition == sympy.true else f"({self._print(condition)} ? {chosen} : {text})"
        return text

    def _print_And(self, e: sympy.Basic) -> str:
        return " && ".join(f"({self._print(a)})" for a in e.args)

    def _print_Or(self, e: sympy.Basic) -> str:
        return " || ".join(f"({self._print(a)})" for a in e.args)


def expression_text(expression: sympy.Basic) -> str:
    """One expression as plain text, every digit of its numbers kept."""
    return _Plain({"order": "none"}).doprint(expression)


def as_latex(definition: Definition, is_map: bool) -> str:
    """The law as an `aligned` block of LaTeX."""
    printer = LatexPrinter({"order": "none"})
    lines = []
    for state, expression in zip(definition.states, definition.expressions, strict=True):
        name = printer.doprint(state)
        left = f"{_with_index(name)}" if is_map else f"\\dot{{{name}}}"
        lines.append(f"{left} &= {printer.doprint(expression)}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _with_index(name: str) -> str:
    return f"{name[:-1]}, n+1}}" if re.search(r"_\{[^{}]*\}$", name) else f"{name}_{{n+1}}"


def python_source(definition: Definition, is_map: bool) -> str:
    """A NumPy function `name(t, state, ...)` that needs nothing of this package; parameters are its defaults."""
    names, renamed = _identifiers(definition)
    printer = _Numpy()
    rows = [f"        {printer.doprint(e.xreplace(renamed))}," for e in definition.expressions]
    inputs = [names[n] for n in definition.input_names]
    numbers = [f"{names[n]}={value!r}" for n, value in definition.parameters.items()]
    unpacked = _tuple(names[n] for n in definition.state_names)
    what = "Next state" if is_map else "Time derivative of the state"
    return "\n".join(
        [
            "import numpy as np",
            "",
            "",
            f"def {_identifier(definition.name)}({', '.join(['t', 'state', *inputs, *numbers])}):",
            f'    """{what} of {definition.name}."""',
            f"    {unpacked} = state",
            "    return np.array([",
            *rows,
            "    ])",
            "",
        ]
    )


def julia_source(definition: Definition, is_map: bool) -> str:
    """A Julia function `name!(d, state, p, t)` as DifferentialEquations.jl and DynamicalSystems.jl want it."""
    names, renamed = _identifiers(definition)
    printer = _Julia({"order": "none"})
    what = "next state" if is_map else "time derivative of the state"
    given = [names[n] for n in (*definition.parameters, *definition.input_names)]
    lines = [f'"{definition.name}: {what}; p = ({_tuple(given)})"']
    lines.append(f"function {_identifier(definition.name)}!(d, state, p, t)")
    lines.append(f"    {_tuple(names[n] for n in definition.state_names)} = state")
    if given:
        lines.append(f"    {_tuple(given)} = p")
    lines += [f"    d[{i + 1}] = {printer.doprint(e.xreplace(renamed))}" for i, e in enumerate(definition.expressions)]
    lines += ["    return nothing", "end", ""]
    lines.append(f"parameters = ({_tuple(repr(float(v)) for v in definition.parameters.values())})")
    return "\n".join(lines) + "\n"


def plain_text(
    definition: Definition,
    is_map: bool,
    initial: Iterable[float] = (),
    period: float | None = None,
    units: Mapping[str, str] | None = None,
) -> str:
    """The law as equations that `text.from_text` reads back."""
    lines = [f"name: {definition.name}"]
    if definition.input_names:
        lines.append(f"inputs: {', '.join(definition.input_names)}")
    for state, expression in zip(definition.state_names, definition.expressions, strict=True):
        lines.append(f"{state}{'[n+1]' if is_map else chr(39)} = {expression_text(expression)}")
    lines += [f"{name} = {float(value)!r}" for name, value in definition.parameters.items()]
    lines += [f"{s}(0) = {float(v)!r}" for s, v in zip(definition.state_names, initial, strict=False)]
    if period is not None and not is_map:
        lines.append(f"period: {float(period)!r}")
    if units:
        lines.append("units: " + ", ".join(f"{name} = {unit}" for name, unit in units.items()))
    return "\n".join(lines) + "\n"


def _tuple(items: Iterable[str]) -> str:
    listed = list(items)
    return f"{listed[0]}," if len(listed) == 1 else ", ".join(listed)


def _identifier(name: str) -> str:
    word = re.sub(r"\W", "_", name)
    return f"{word}_" if keyword.iskeyword(word) or not word or word[0].isdigit() else word


_TAKEN = {"t", "state", "np", "d", "p", "pi"}


def _identifiers(definition: Definition) -> tuple[dict[str, str], dict[sympy.Symbol, sympy.Symbol]]:
    """A name for each symbol that is one in Python and in Julia, and the symbols renamed to it."""
    symbols = (*definition.states, *definition.inputs, *definition.parameter_symbols)
    names: dict[str, str] = {}
    for s in symbols:
        word = _identifier(str(s))
        while word in names.values() or word in _TAKEN:
            word += "_"
        names[str(s)] = word
    return names, {s: sympy.Symbol(names[str(s)], real=True) for s in symbols if names[str(s)] != str(s)}
