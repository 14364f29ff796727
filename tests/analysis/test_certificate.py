"""The ledger: what is stated, what is withheld, and why."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import Galerkin, certificate, point_energy, preservation_defect, residual_bands, spectral_measure
from inscape.errors import InputError, UnknownNameError
from tests.analysis.koopman_cases import doubling, fourier, rotation, smooth_galerkin

NEAR = "distance of eigenvalues to the spectrum"


def test_without_declarations_only_sums_over_the_samples_are_stated():
    ledger = certificate(rotation(4, 0.1))
    withheld = {s.quantity for s in ledger.withheld}
    assert "residuals on the samples" not in withheld
    assert {"residuals of the operator", "pseudospectrum", NEAR, "nothing else in the spectrum"} <= withheld
    assert all(s.withheld for s in ledger.withheld)
    assert "not declared" in ledger["residuals of the operator"].withheld


def test_a_unitary_operator_lets_residuals_bound_distances():
    ledger = certificate(rotation(4, 0.1), sampling="quadrature", measure_preserving=True, invertible=True)
    assert not ledger[NEAR].withheld
    assert ledger[NEAR].value.startswith("8 eigenvalues within 0.1")
    assert not ledger["adjoint side"].withheld


def test_a_map_that_folds_has_its_distances_and_its_adjoint_withheld():
    ledger = certificate(doubling(8), sampling="quadrature", measure_preserving=True, invertible=False)
    assert "normal" in ledger[NEAR].withheld
    assert "least_adjoint_residual" in ledger["adjoint side"].withheld


def test_that_nothing_is_missing_is_never_stated():
    for declared in ({}, {"lipschitz": 2.0}, {"lipschitz": 2.0, "measure_preserving": True, "invertible": True}):
        ledger = certificate(rotation(4, 0.1), sampling="quadrature", **declared)
        assert ledger["nothing else in the spectrum"].withheld
    assert certificate(rotation(4, 0.1))["nothing else in the spectrum"].limits is None


def test_a_modulus_of_continuity_turns_two_limits_into_one_that_is_verified():
    quantity = "approximate point spectrum"
    g = rotation(4, 0.1)
    assert certificate(g)[quantity].limits == 3
    assert certificate(g, measure_preserving=True)[quantity].limits == 2
    declared = certificate(g, measure_preserving=True, lipschitz=1.0)[quantity]
    assert declared.limits == 1
    assert declared.sci.startswith("Sigma_1")


def test_measure_preservation_that_the_data_contradict_withholds_what_rests_on_it():
    g = smooth_galerkin(20, 4_000)
    assert preservation_defect(g) > 0.5
    assert preservation_defect(rotation(4, 0.1)) < 1e-12
    measure = spectral_measure(g, np.eye(20)[0], epsilon=0.1, order=2)
    ledger = certificate(g, sampling="independent", measure_preserving=True, invertible=True, measure=measure)
    assert "changes the energy" in ledger["spectral measure"].withheld
    assert "changes the energy" in ledger[NEAR].withheld
    assert "speaks against" in ledger["measure preservation"].proved


def test_samples_without_a_band_or_outside_of_what_was_validated_withhold_residuals():
    x = np.random.default_rng(0).random(2_000)
    g = Galerkin.of(fourier(x[:1_000], 3), fourier(2 * x[:1_000] % 1, 3))
    assert "band" in certificate(g, sampling="independent")["residuals of the operator"].withheld
    pairs = g.eigen()
    functions = g.basis @ pairs.vectors
    held = x[1_000:]
    bands = residual_bands(fourier(held, 3) @ functions, fourier(2 * held % 1, 3) @ functions, pairs.eigenvalues)
    ledger = certificate(g, sampling="independent", bands=bands, max_residual=2.0)
    assert ledger["residuals of the operator"].value.startswith("6 eigenpairs at most 2")
    beyond = certificate(
        g,
        sampling="independent",
        bands=bands,
        validation_range=np.array([[0.0], [1.0]]),
        states=np.array([[0.5], [3.0]]),
    )
    assert beyond["residuals of the operator"].withheld.startswith("1 of 2 states lie outside")


def test_measures_and_energies_enter_with_their_errors_and_limits():
    g = rotation(4, 0.1)
    measure = spectral_measure(g, np.eye(8)[0])
    energy = point_energy(np.cos(0.4 * np.arange(4_000)), delays=8, horizon=1_000)
    ledger = certificate(g, sampling="quadrature", measure_preserving=True, measure=measure, energy=energy)
    assert ledger["spectral measure"].limits == 2
    assert ledger["share of energy in eigenfunctions"].limits == 3
    assert "1.000" in ledger["share of energy in eigenfunctions"].value
    assert certificate(g, sampling="quadrature", measure=measure)["spectral measure"].withheld
    text = str(ledger)
    for word in ("proved:", "assuming:", "breaks if:", "class:", "withheld"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 120


def test_what_makes_no_sense_is_refused_in_one_line():
    g = rotation(2, 0.1)
    for call in (
        lambda: certificate(None),
        lambda: certificate(g, sampling="guess"),
        lambda: certificate(g, measure_preserving="yes"),
        lambda: certificate(g, lipschitz=-1),
        lambda: certificate(g, max_residual=np.nan),
        lambda: certificate(g, validation_range=np.ones((2, 2)), states=np.ones((3, 1))),
        lambda: preservation_defect(None),
    ):
        with pytest.raises(InputError) as error:
            call()
        assert "\n" not in str(error.value)
    with pytest.raises(UnknownNameError, match="nearest"):
        certificate(g)["residuals"]
