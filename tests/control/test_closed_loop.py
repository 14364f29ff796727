"""Equilibria of laws under policies."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.control.closed_loop import equilibrium
from inscape.control.dictionary_policy import DictionaryPolicy
from inscape.errors import DivergedError, InputError
from inscape.models import dictionary
from tests.control.cart import PUSH, STEP, ExactLaw

TERMS = dictionary.polynomial(1, bias=True).terms(["x", "v"])


def held_by(bias, gain_x, gain_v):
    return DictionaryPolicy(TERMS, [[bias, gain_x, gain_v]], -1.0, 1.0)


def test_the_multipliers_are_the_eigenvalues_of_the_closed_loop():
    found = equilibrium(ExactLaw(), held_by(0.2, -1.0, -1.5), [0.5, 0.1])
    np.testing.assert_allclose(found.state, [0.2, 0.0], atol=1e-8)
    expected = np.linalg.eigvals(STEP + PUSH @ np.array([[-1.0, -1.5]]))
    np.testing.assert_allclose(np.sort(np.abs(found.multipliers)), np.sort(np.abs(expected)), atol=1e-6)
    assert found.is_stable
    assert found.rest < 1e-9


def test_a_policy_that_pushes_outwards_is_not_stable():
    assert not equilibrium(ExactLaw(), held_by(0.0, 1.0, 0.5), [0.01, 0.0]).is_stable


def test_a_law_that_never_rests_is_told_in_one_line():
    with pytest.raises(DivergedError, match="none found near"):
        equilibrium(ExactLaw(), held_by(1.0, 0.0, 0.0), [0.0, 0.0])
    with pytest.raises(InputError, match="near"):
        equilibrium(ExactLaw(), held_by(0.0, -1.0, -1.0), [np.nan, 0.0])
