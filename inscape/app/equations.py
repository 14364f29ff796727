"""The learned law as a reader wants it: plain lines for a terminal, MathML for a page."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import sympy

    from inscape.models.model import Model

Term = tuple[float, "sympy.Expr"]


def equations(model: Model) -> tuple[str, ...]:
    """One line a state variable, such as "dx/dt = -10 x + 10 y"; empty where the model has no short equation."""
    system = readable_law(model)
    if system is None:
        return ()
    lines = []
    for state, terms in _terms(system):
        lines.append(f"{_left(state, system)} = {_sum(terms)}")
    return tuple(lines)


def mathml(model: Model) -> tuple[str, ...]:
    """The same lines as MathML elements, every name escaped."""
    system = readable_law(model)
    if system is None:
        return ()
    lines = []
    for state, terms in _terms(system):
        left, right = _left_mathml(state, system), "".join(_term_mathml(k, c, m) for k, (c, m) in enumerate(terms))
        lines.append(f'<math display="block"><mrow>{left}<mo>=</mo>{right or "<mn>0</mn>"}</mrow></math>')
    return tuple(lines)


def readable_law(model: Model) -> Any:
    """The model's law if it can be written down in a few lines, else None."""
    from inscape.models.complexity import is_symbolic

    if not is_symbolic(model):
        return None
    try:
        return model.law
    except (AttributeError, NotImplementedError):
        return None


def number(value: float, digits: int = 4) -> str:
    """A coefficient to some digits, without a zero more than needed."""
    text = f"{value:.{digits}g}"
    return text.replace("e-0", "e-").replace("e+0", "e+").replace("e+", "e")


def _terms(system: Any) -> list[tuple[str, list[Term]]]:
    import sympy

    values = {
        s: sympy.Float(v) for s, v in zip(system.definition.parameter_symbols, system.parameters.values(), strict=True)
    }
    lines = []
    for state, expression in zip(system.state_names, system.definition.expressions, strict=True):
        plain = sympy.expand(expression.xreplace(values))
        terms = [(float(c), m) for c, m in (a.as_coeff_Mul() for a in sympy.Add.make_args(plain))]
        terms = [(c, m) for c, m in terms if c != 0.0]
        lines.append((state, sorted(terms, key=lambda term: _rank(term[1]))))
    return lines


def _rank(monomial: Any) -> tuple[int, str]:
    return len(monomial.free_symbols) + int(monomial.is_Pow) + int(monomial.is_Mul), str(monomial)


def _left(state: str, system: Any) -> str:
    return f"d{state}/dt" if _is_flow(system) else f"{state}(k+1)"


def _is_flow(system: Any) -> bool:
    return type(system).__name__ != "Map"


def _sum(terms: list[Term]) -> str:
    if not terms:
        return "0"
    parts = []
    for k, (coefficient, monomial) in enumerate(terms):
        sign = "-" if coefficient < 0 else "+"
        size = number(abs(coefficient))
        name = "" if monomial == 1 else str(monomial).replace("**", "^").replace("*", " ")
        body = size if not name else name if size == "1" else f"{size} {name}"
        parts.append((f"-{body}" if sign == "-" else body) if k == 0 else f"{sign} {body}")
    return " ".join(parts)


def _left_mathml(state: str, system: Any) -> str:
    if _is_flow(system):
        return f"<mfrac><mrow><mi>d</mi>{_name(state)}</mrow><mrow><mi>d</mi><mi>t</mi></mrow></mfrac>"
    return f"<msub>{_name(state)}<mrow><mi>k</mi><mo>+</mo><mn>1</mn></mrow></msub>"


def _term_mathml(place: int, coefficient: float, monomial: Any) -> str:
    sign = "<mo>&#x2212;</mo>" if coefficient < 0 else "" if place == 0 else "<mo>+</mo>"
    size = number(abs(coefficient))
    mantissa, _, exponent = size.partition("e")
    digits = f"<mn>{mantissa}</mn>"
    if exponent:
        digits += f"<mo>&#xD7;</mo><msup><mn>10</mn><mn>{exponent.replace('-', '&#x2212;')}</mn></msup>"
    if monomial == 1:
        return f"{sign}{digits}"
    gap = "" if size == "1" else digits + '<mspace width=".17em"/>'
    return f"{sign}{gap}{_product(monomial)}"


def _product(monomial: Any) -> str:
    import sympy

    parts = []
    for factor in sympy.Mul.make_args(monomial):
        base, power = factor.as_base_exp()
        if not base.is_Symbol:
            printed = sympy.mathml(factor, printer="presentation")
            parts.append(printed)
        elif power == 1:
            parts.append(_name(str(base)))
        else:
            parts.append(f"<msup>{_name(str(base))}<mn>{html.escape(str(power))}</mn></msup>")
    return '<mspace width=".12em"/>'.join(parts)


def _name(name: str) -> str:
    stem, _, below = name.partition("_")
    if below:
        return f"<msub><mi>{html.escape(stem)}</mi><mi>{html.escape(below)}</mi></msub>"
    return f"<mi>{html.escape(name)}</mi>"


def coefficients(model: Model) -> dict[str, dict[str, float]]:
    """The law as numbers: for each state variable its terms and their coefficients; empty where there is none."""
    system = readable_law(model)
    if system is None:
        return {}
    return {state: {str(m): float(np.float64(c)) for c, m in terms} for state, terms in _terms(system)}
