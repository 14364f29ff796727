"""Thresholds: where a steep function of the state is flat, its Taylor series holds nothing of the change to come.

tanh(u) at u = 20 differs from 1 by less than rounding, and every coefficient of its series is as small: a step chosen
by them runs over the threshold without a sign of it. Its poles, which bound the step in truth, are seen by the series
of an algebraic relative with singularities of its own near the threshold: those of arctan fall only as powers of the
distance. Such a relative is carried along as one more variable. Nothing depends on it, but it has a say in the choice
of the step, which then shrinks with the distance to the threshold.

The end of a branch is hidden in the same way: the solution (1 - t/2)^2 of x' = -sqrt(x) is a polynomial, and its
series goes on to where the root would be negative. sin(log(u)) of what stands under the root has a singularity where
u vanishes, whatever u is, so that the run comes to an end there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import sympy

from inscape.systems.heyoka_backend import KINKS
from inscape.systems.symbols import t

_WIDTHS: dict[type, float] = {
    sympy.tanh: 5.0,
    sympy.coth: 5.0,
    sympy.exp: 10.0,
    sympy.sinh: 10.0,
    sympy.cosh: 10.0,
    sympy.sech: 10.0,
    sympy.csch: 10.0,
    sympy.erf: 2.0,
    sympy.erfc: 2.0,
}
"""Argument at which a function is still well seen by its own series; nearer than that the relative costs no step."""
_HIGH_POWER = 12
"""A power this high is flat around 0 to every order of the series; it rises where its base is about 1."""
_SHARE = 0.3
"""Bound of the relatives, in units of pi / 2 or 1: small, so that they never loosen the tolerance of a step."""


def rate_of(u: sympy.Symbol) -> sympy.Symbol:
    """The symbol of an input's rate of change."""
    return sympy.Symbol(f"rate_of_{u}", real=True)


def watch_rate(
    sides: Sequence[sympy.Expr], states: Sequence[sympy.Symbol], inputs: Sequence[sympy.Symbol]
) -> sympy.Expr | None:
    """Rate of change of the variable that watches the thresholds of dx/dt = `sides`; None where there are none.

    With u_k the arguments of steep functions and w_k the widths within which their series see them, the variable is
    the mean of the arctan(u_k / w_k), and of the sin(log(u)) of what is raised to a broken power, but for a factor
    and a constant.
    """
    rates: Mapping[sympy.Symbol, sympy.Expr] = {
        **dict(zip(states, sides, strict=True)),
        **{u: rate_of(u) for u in inputs},
        t: sympy.S.One,
    }

    def along(u: sympy.Expr) -> sympy.Expr:
        moving = sorted(u.free_symbols & set(rates), key=str)
        return sympy.Add(*(sympy.diff(u, s) * rates[s] for s in moving))

    terms = [along(u) / (1 + u**2) for u in _watched(sides, set(rates), _steep_argument)]
    terms += [sympy.cos(sympy.log(u)) * along(u) / u for u in _watched(sides, set(rates), _under_a_root)]
    return sympy.Float(_SHARE / len(terms)) * sympy.Add(*terms) if terms else None


def _watched(
    sides: Sequence[sympy.Expr],
    moving: set[sympy.Symbol],
    look: Callable[[sympy.Basic], sympy.Expr | None],
) -> list[sympy.Expr]:
    """What `look` finds in the parts of a law, each once: that which moves and can be differentiated."""
    found: dict[sympy.Expr, None] = {}
    for side in sides:
        for part in sympy.preorder_traversal(side):
            argument = look(part)
            if argument is None or not argument.free_symbols & moving or -argument in found:
                continue
            if not argument.has(*KINKS) and all(_is_plain(a) for a in sympy.preorder_traversal(argument)):
                found[argument] = None
    return list(found)


def _steep_argument(part: sympy.Basic) -> sympy.Expr | None:
    width = _WIDTHS.get(type(part))
    if width is not None:
        return part.args[0] / sympy.Float(width)
    if isinstance(part, sympy.Pow):
        base, exponent = part.args
        if exponent.is_number:
            return base if abs(float(exponent)) >= _HIGH_POWER else None
        if base.is_number and base.is_positive:
            return exponent * sympy.log(base) / sympy.Float(_WIDTHS[sympy.exp])
    return None


def _under_a_root(part: sympy.Basic) -> sympy.Expr | None:
    if not isinstance(part, sympy.Pow):
        return None
    base, exponent = part.args
    return base if exponent.is_number and not float(exponent).is_integer() else None


def _is_plain(part: sympy.Basic) -> bool:
    """Whether a part of an argument is differentiated by rule: no choice between branches, no unknown function."""
    return not part.is_Function or type(part).__module__.startswith("sympy.")
