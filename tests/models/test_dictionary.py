"""Libraries of candidate terms: what they hold, and that columns and expressions agree."""

from __future__ import annotations

import pickle
from math import comb

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError, UnknownNameError
from inscape.models import dictionary
from inscape.models.dictionary import Terms


@settings(max_examples=30, deadline=None)
@given(variables=st.integers(1, 5), degree=st.integers(0, 4))
def test_a_polynomial_library_has_as_many_terms_as_there_are_monomials(variables, degree):
    names = [f"x{i}" for i in range(variables)]
    assert len(dictionary.polynomial(degree).terms(names)) == comb(variables + degree, degree)


def test_the_swing_up_library_has_41_terms():
    terms = dictionary.affine(2, tensor=True).terms(["x", "c", "s", "v", "w"], ["u"])
    assert len(terms) == 41
    assert terms.names[20] == "u"
    assert "1" not in terms.names


def test_without_cross_terms_only_powers_stand():
    names = dictionary.polynomial(3, cross=False, bias=False).terms(["x", "y"]).names
    assert names == ("x", "y", "x**2", "y**2", "x**3", "y**3")


LIBRARIES = [
    dictionary.polynomial(3),
    dictionary.affine(2, tensor=True),
    dictionary.fourier(2, frequency=1.5),
    dictionary.trigonometric(["x"]),
    dictionary.polynomial(1) * dictionary.trigonometric(["y"]),
    dictionary.polynomial(2) + dictionary.user(["exp(-x) * y", "u / (1 + y^2)"]),
]


@pytest.mark.parametrize("library", LIBRARIES, ids=repr)
def test_columns_are_the_values_of_the_expressions(library):
    terms = library.terms(["x", "y"], ["u"])
    rng = np.random.default_rng(0)
    states, inputs = rng.normal(size=(7, 2)), rng.normal(size=(7, 1))
    columns = terms.columns(states, inputs)
    assert columns.shape == (7, len(terms))
    variables = sympy.symbols("x y u", real=True)
    for row in range(2):
        values = dict(zip(variables, [*states[row], *inputs[row]], strict=True))
        for index, expression in enumerate(terms.expressions):
            assert columns[row, index] == pytest.approx(float(expression.subs(values)), rel=1e-12)


def test_columns_keep_leading_axes():
    terms = dictionary.polynomial(2).terms(["x", "y"])
    states = np.random.default_rng(0).normal(size=(3, 4, 2))
    np.testing.assert_array_equal(terms.columns(states)[1, 2], terms.columns(states[1, 2]))


def test_sums_and_products_hold_no_term_twice():
    names = (dictionary.polynomial(2) + dictionary.polynomial(3)).terms(["x", "y"]).names
    assert len(names) == len(set(names)) == 10
    squares = (dictionary.polynomial(1) * dictionary.polynomial(1)).terms(["x", "y"])
    assert sorted(squares.names) == sorted(dictionary.polynomial(2).terms(["x", "y"]).names)


def test_the_fast_monomials_equal_the_general_terms():
    terms = dictionary.polynomial(4).terms(["x", "y", "z"])
    states = np.random.default_rng(1).normal(size=(20, 3))
    general = Terms(terms.expressions, terms.variables).columns(states)
    np.testing.assert_allclose(terms.columns(states), general, rtol=1e-12)


def test_a_user_function_of_named_variables_is_applied_to_those():
    assert dictionary.user(lambda x, z: x * z).terms(["x", "y", "z"]).names == ("x*z",)


def test_a_user_function_of_other_names_is_applied_to_every_combination():
    assert len(dictionary.user(lambda a, b: a / b).terms(["x", "y", "z"])) == 3


def test_libraries_compare_by_what_they_hold_and_pickle():
    assert dictionary.polynomial(3) == dictionary.polynomial(3)
    assert dictionary.polynomial(3) != dictionary.polynomial(2)
    terms = dictionary.fourier(1).terms(["x"])
    terms.columns(np.ones((1, 1)))
    again = pickle.loads(pickle.dumps(terms))
    np.testing.assert_array_equal(again.columns(np.ones((1, 1))), terms.columns(np.ones((1, 1))))


@pytest.mark.parametrize("text", ["__import__('os')", "x.real", "x[0]", "lambda: 1", "'x'", "x +"])
def test_a_text_that_is_not_arithmetic_is_refused(text):
    with pytest.raises((InputError, UnknownNameError)):
        dictionary.user(text).terms(["x"])


def test_an_unknown_name_in_a_text_lists_the_nearest():
    with pytest.raises(UnknownNameError, match="nearest"):
        dictionary.user("sinn(x)").terms(["x"])


def test_a_function_of_arrays_is_refused_in_one_line():
    with pytest.raises(InputError, match="symbols"):
        dictionary.user(lambda x: np.tanh(x)).terms(["x"])


@pytest.mark.parametrize("degree", [-1, 1.5, True, "2"])
def test_a_degree_is_a_whole_number(degree):
    with pytest.raises(InputError, match="degree"):
        dictionary.polynomial(degree)


def test_a_library_over_other_variables_is_refused():
    with pytest.raises(InputError, match="variables"):
        dictionary.polynomial(2).terms(["x", "y"]).columns(np.ones((3, 3)))
    with pytest.raises(UnknownNameError):
        dictionary.trigonometric(["angle"]).terms(["x"])
