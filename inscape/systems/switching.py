"""Kinks and switches of a law made explicit: which side of each switching surface the state is on becomes a parameter.

A Taylor step follows one analytic branch, so it runs straight over the kink of |x|. Here every |g|, sign(g), Heaviside,
maximum, minimum and piecewise choice is rewritten with a mode s = +1 or -1 that stands for the sign of its switching
function g. Between two crossings of g = 0 the rewritten law is smooth; at a crossing the mode flips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, Not, Or

from inscape.errors import InputError
from inscape.systems.definition import Definition
from inscape.systems.symbols import t

SWITCHING = (sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Max, sympy.Min, sympy.Piecewise)
STEPPING = (sympy.floor, sympy.ceiling, sympy.Mod, sympy.frac)


class Chosen(sympy.Function):
    """Chosen(s, a, b) is `a` while s > 0, else `b`; the branch not taken may be undefined there."""

    nargs = 3

    @classmethod
    def eval(cls, s: sympy.Expr, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr | None:
        if a == b:
            return a
        if s.is_number:
            return a if s > 0 else b
        return None

    def _eval_derivative(self, symbol: sympy.Symbol) -> sympy.Expr:
        # The mode is constant between crossings, and the derivative of the branch not taken may be infinite.
        s, a, b = self.args
        return Chosen(s, a.diff(symbol), b.diff(symbol))

    def _eval_is_extended_real(self) -> bool:
        return True


@dataclass(frozen=True)
class SwitchedLaw:
    """A law that is smooth while its modes stand still.

    Parameters
    ----------
    expressions : one right-hand side for each state variable, in states, parameters, inputs, time and modes.
    modes : the symbols of the modes, each +1 or -1.
    functions : the switching function whose sign each mode is; it may hold modes that stand before it.
    """

    expressions: tuple[sympy.Expr, ...]
    modes: tuple[sympy.Symbol, ...]
    functions: tuple[sympy.Expr, ...]


def has_switches(definition: Definition) -> bool:
    """Whether a kink or a jump stands in the law, so that a smooth integrator must not be used on it."""
    return any(e.has(*SWITCHING, *STEPPING) for e in definition.expressions)


def switched_law(definition: Definition) -> SwitchedLaw:
    """The law with a mode for each of its switching functions; equal functions share one mode.

    Raises
    ------
    InputError : if the law uses floor or modulo, or chooses where two numbers are equal.
    """
    modes = _Modes(definition.name, {*definition.states, *definition.inputs, t})
    expressions = tuple(modes.rewrite(e) for e in definition.expressions)
    return SwitchedLaw(expressions, tuple(modes.symbols), tuple(modes.functions))


class _Modes:
    """The modes met so far while a law is rewritten from the inside out."""

    def __init__(self, law: str, varying: set[sympy.Symbol]):
        self.law = law
        self.varying = varying
        self.symbols: list[sympy.Symbol] = []
        self.functions: list[sympy.Expr] = []

    def sign_of(self, function: sympy.Expr) -> sympy.Expr:
        """The mode (or minus the mode) that stands for the sign of `function`."""
        if function.is_number:
            return sympy.sign(function)
        flipped = bool(function.could_extract_minus_sign())
        # |x - 1| and |1 - x| share a surface, and so do |2x - 2| and H(x - 1).
        canonical = sympy.expand_mul(-function if flipped else function).as_content_primitive()[1]
        if canonical not in self.functions:
            self.functions.append(canonical)
            self.symbols.append(sympy.Symbol(f"mode_{len(self.symbols)}", real=True))
        mode = self.symbols[self.functions.index(canonical)]
        return -mode if flipped else mode

    def rewrite(self, expression: Any) -> Any:
        if isinstance(expression, STEPPING):
            raise InputError(
                f"{self.law}: {expression} jumps without end and cannot be followed by a flow; "
                "expected Abs, sign, heaviside, Max, Min or Piecewise"
            )
        if not expression.args or not expression.has(*SWITCHING, *STEPPING):
            return expression
        if isinstance(expression, sympy.Piecewise):
            return self._piecewise(expression)
        parts = [self.rewrite(a) for a in expression.args]
        if isinstance(expression, sympy.Abs):
            return self.sign_of(parts[0]) * parts[0]
        if isinstance(expression, sympy.sign):
            return self.sign_of(parts[0])
        if isinstance(expression, sympy.Heaviside):
            return (1 + self.sign_of(parts[0])) / 2
        if isinstance(expression, (sympy.Max, sympy.Min)):
            sense = 1 if isinstance(expression, sympy.Max) else -1
            best = parts[0]
            for other in parts[1:]:
                best = Chosen(sense * self.sign_of(best - other), best, other)
            return best
        return expression.func(*parts)

    def _piecewise(self, expression: sympy.Piecewise) -> sympy.Expr:
        chosen: sympy.Expr = sympy.nan
        for value, condition in reversed(expression.args):
            branch = self.rewrite(value)
            chosen = branch if condition == sympy.true else Chosen(2 * self._truth(condition) - 1, branch, chosen)
        return chosen

    def _truth(self, condition: Boolean) -> sympy.Expr:
        """1 where the condition holds, else 0."""
        if condition in (sympy.true, sympy.false):
            return sympy.Integer(1 if condition == sympy.true else 0)
        if isinstance(condition, And):
            return sympy.prod(self._truth(c) for c in condition.args)
        if isinstance(condition, Or):
            return 1 - sympy.prod(1 - self._truth(c) for c in condition.args)
        if isinstance(condition, Not):
            return 1 - self._truth(condition.args[0])
        if isinstance(condition, Relational) and condition.rel_op in (">", ">=", "<", "<="):
            return (1 + self.sign_of(self.rewrite(condition.gts - condition.lts))) / 2
        raise InputError(f"{self.law}: condition {condition} found, expected >, >=, < or <= and And, Or, Not of them")
