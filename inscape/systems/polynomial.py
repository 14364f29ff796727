"""A law as a table of monomials, where it is a polynomial in its states and inputs."""

from __future__ import annotations

import sympy

from inscape.systems.definition import Definition, symbol
from inscape.systems.heyoka_backend import inline
from inscape.systems.symbols import t

Monomials = dict[tuple[int, ...], float]
"""Coefficient of each monomial, keyed by the exponents of the variables."""


def polynomial_terms(definition: Definition) -> dict[str, Monomials] | None:
    """The coefficients of each right-hand side, with the numbers of the parameters put in.

    The exponents run over the states and then the inputs. None if some right-hand side is not a polynomial in them, or
    holds time. Terms whose coefficient is 0 at these parameters are left out.
    """
    variables = (*definition.states, *definition.inputs)
    numbers = {symbol(name): value for name, value in definition.parameters.items()}
    exact = {s: sympy.Rational(repr(value)) for s, value in numbers.items()}
    exponents = {symbol(name): numbers[symbol(name)] for name in definition.exponent_names}
    tables: dict[str, Monomials] = {}
    for name, expression in zip(definition.state_names, definition.expressions, strict=True):
        if t in expression.free_symbols:
            return None
        # Products are multiplied out with the parameters still symbols; only then are numbers put in.
        terms = _terms(inline(expression, exponents), variables)
        if terms is None:
            return None
        values = {powers: float(value.xreplace(exact)) for powers, value in terms.items()}
        tables[name] = {powers: value for powers, value in sorted(values.items()) if value != 0}
    return tables


def _terms(expression: sympy.Expr, variables: tuple[sympy.Symbol, ...]) -> dict[tuple[int, ...], sympy.Expr] | None:
    if not expression.free_symbols & set(variables):
        return {(0,) * len(variables): expression}
    if not expression.is_polynomial(*variables):
        return None
    return dict(sympy.Poly(expression, *variables, domain="EX").terms())
