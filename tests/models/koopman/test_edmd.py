"""EDMD: eigenvalues of systems whose spectrum is known, and residuals that tell true ones from artefacts."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.galerkin import Galerkin
from inscape.analysis.residuals import least_residual
from inscape.models.koopman import EDMD, Dictionary, KernelEDMD, KoopmanWarning
from inscape.trajectories import Trajectories, Trajectory

TURN = 2 * np.pi


def decaying_rotation(samples=400, dt=0.1, rate=-0.05, omega=2.0, mean=1.3):
    t = dt * np.arange(samples)
    return np.exp(rate * t)[:, None] * np.stack([np.cos(omega * t), np.sin(omega * t)], axis=1) + mean


def two_tones(samples=3_000, dt=0.1):
    t = dt * np.arange(samples)
    return (np.cos(t) + 0.5 * np.cos(np.sqrt(2) * t + 0.3))[:, None]


def lorenz(samples=3_000, dt=0.05):
    from inscape.systems import zoo

    return zoo["Lorenz"].simulate(times=dt * np.arange(samples)).states


def test_a_decaying_rotation_has_its_two_eigenvalues_and_one():
    model = EDMD(Dictionary.identity()).fit(decaying_rotation(), dt=0.1)
    true = np.exp(0.1 * np.array([0, -0.05 + 2j, -0.05 - 2j]))
    assert all(np.abs(model.eigenvalues_ - z).min() < 1e-12 for z in true)
    assert model.residuals_.max() < 1e-12
    table = model.eigen()
    assert sorted(table.growth_rates.round(9)) == [-0.05, -0.05, 0]
    np.testing.assert_allclose(sorted(table.frequencies), [-1 / np.pi, 0, 1 / np.pi], atol=1e-9)


def test_monomials_of_a_linear_map_have_the_products_of_its_eigenvalues():
    a = np.array([[0.9, 0.2], [0.0, 0.5]])
    x = np.random.default_rng(0).normal(size=(300, 2))
    model = EDMD(Dictionary.polynomial(3)).fit_pairs(x, x @ a.T)
    expected = sorted(0.9**i * 0.5**j for i in range(4) for j in range(4 - i))
    np.testing.assert_allclose(np.sort(model.eigenvalues_.real), expected, atol=1e-9)
    assert model.residuals_.max() < 1e-9


def test_a_rotation_of_the_circle_turns_each_mode_by_a_multiple():
    theta = np.random.default_rng(0).uniform(0, TURN, 500)
    model = EDMD(Dictionary.fourier(4)).fit_pairs(theta[:, None], theta[:, None] + 0.7)
    expected = np.exp(0.7j * np.arange(-4, 5))
    assert all(np.abs(model.eigenvalues_ - z).min() < 1e-10 for z in expected)
    assert model.residuals_.max() < 1e-10


@pytest.mark.parametrize("n", [8, 20, 32])
def test_the_doubling_map_has_the_residual_of_its_shift_and_no_false_zero_survives(n):
    # Off the constant, the operator on Fourier modes is a sum of truncated shifts, the longest of floor(log2 n) + 1.
    grid = (np.arange(1024) + 0.5) / 1024 * TURN
    weights = np.full(1024, 1 / 1024)
    model = EDMD(Dictionary.fourier(n), max_residual=0.05)
    model.fit_pairs(grid[:, None], np.mod(2 * grid, TURN)[:, None], weights=weights)
    zeros = np.abs(model.eigenvalues_) < 0.5
    assert zeros.sum() == 2 * n
    # A nilpotent block of size six scatters its zeros by rounding to the sixth root.
    np.testing.assert_allclose(model.residuals_[zeros], 1, atol=1e-3)
    kept = model.eigen(max_residual=0.05)
    assert len(kept) == 1
    np.testing.assert_allclose(kept.eigenvalues, 1, atol=1e-12)
    length = int(np.floor(np.log2(n))) + 1
    places = Dictionary.fourier(n).fit(grid[:, None, None])
    moving = [i for i, k in enumerate(places.wavenumbers_[:, 0]) if k]
    before, after = places.features(grid[:, None, None]), places.features(2 * grid[:, None, None])
    off_constant = Galerkin.of(before[:, moving], after[:, moving], weights)
    for z in (0.3, 0.9j, -1.0, 0.5 + 0.5j, 1.2):
        expected = np.sqrt(1 + abs(z) ** 2 - 2 * abs(z) * np.cos(np.pi / (length + 1)))
        assert abs(least_residual(off_constant, z) - expected) < 1e-10


def test_no_eigenvalue_of_the_cat_map_is_kept_but_that_of_the_constant():
    side = np.arange(24) * TURN / 24
    x = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    y = np.stack([2 * x[:, 0] + x[:, 1], x[:, 0] + x[:, 1]], axis=1)
    model = EDMD(Dictionary.fourier(4), held_out=0).fit_pairs(x, y)
    assert len(model.eigenvalues_) == 81
    assert len(model.eigen(max_residual=0.9)) == 1


def test_plain_edmd_has_the_eigenvalues_of_pydmd():
    pydmd = pytest.importorskip("pydmd")
    rng = np.random.default_rng(1)
    x = lorenz(400) + 0.01 * rng.normal(size=(400, 3))
    peer = pydmd.DMD(svd_rank=0, exact=True)
    peer = pydmd.DMD(svd_rank=3).fit(x.T)
    ours = EDMD(Dictionary.identity(), constant=False, held_out=0).fit(x, dt=1.0)
    np.testing.assert_allclose(np.sort_complex(ours.eigenvalues_), np.sort_complex(peer.eigs), atol=1e-10)


def test_plain_edmd_has_the_eigenvalues_of_kooplearn():
    linear = pytest.importorskip("kooplearn.linear_model")
    psi = Dictionary.polynomial(2).fit(lorenz(500)[:, None])
    features = psi.features(lorenz(500)[:, None])
    peer = linear.Ridge(n_components=10, reduced_rank=False, alpha=None, eigen_solver="dense").fit(features)
    ours = EDMD(Dictionary.polynomial(2), held_out=0).fit(lorenz(500), dt=1.0)
    np.testing.assert_allclose(np.sort_complex(ours.eigenvalues_), np.sort_complex(peer.eig()), atol=1e-6)


def test_eigenfunctions_move_as_their_eigenvalues_say():
    run = two_tones()
    model = EDMD(Dictionary.delays(4)).fit(run[:2_000], dt=0.1)
    values = model.eigenfunctions(run[2_000:])
    np.testing.assert_allclose(values[1:], values[:-1] * model.eigenvalues_, atol=1e-8)


def test_modes_of_delays_give_the_state_back():
    run = two_tones()
    model = EDMD(Dictionary.delays(4), max_residual=np.inf).fit(run, dt=0.1)
    np.testing.assert_allclose((model.eigenfunctions(run) @ model.modes_).real, run[3:], atol=1e-8)


def test_a_forecast_continues_a_quasi_periodic_motion():
    run = two_tones()
    made = EDMD(Dictionary.delays(6)).fit(run[:1_000], dt=0.1).forecast(run[:1_000], 2_000)
    np.testing.assert_allclose(made.states, run[1_000:], atol=1e-5)
    assert "caution" not in made.context
    assert made.context["modes"] == 5


def test_without_a_verified_mode_a_forecast_says_that_it_has_no_certificate():
    x = np.random.default_rng(0).normal(size=(600, 1))
    made = EDMD(Dictionary.delays(5)).fit(x, dt=1.0).forecast(x, 20)
    assert "no moving mode is verified" in made.context["caution"]
    assert made.context["modes"] == 6
    assert np.abs(made.states).max() < 3


def test_leaving_the_range_of_the_recording_is_said_and_certificates_are_withheld():
    run = two_tones(4_000)
    model = EDMD(Dictionary.delays(6), measure_preserving=True).fit(run, dt=0.1)
    assert "leaves the range" in model.forecast(10 * run[:60], 5).context["caution"]
    assert "outside the range" in model.certificate(3 * run, sampling="ergodic")["residuals of the operator"].withheld
    assert model.certificate(run, sampling="ergodic", invertible=True)["residuals of the operator"].withheld == ""


def test_growth_that_no_residual_bears_out_is_tamed():
    x = lorenz(200)
    free = KernelEDMD(rank=80, max_residual=np.inf, growth="free").fit(x, dt=0.05)
    assert np.abs(free.eigenvalues_).max() > 1.001
    assert np.nanmax(np.abs(free.forecast(x, 10_000).states)) > 1e3 * np.abs(x).max()
    tame = KernelEDMD(rank=80, max_residual=np.inf).fit(x, dt=0.05)
    assert np.abs(tame.forecast(x, 10_000).states).max() < 3 * np.abs(x).max()


def test_growth_that_a_residual_bears_out_is_kept():
    run = decaying_rotation(rate=0.05)
    made = EDMD(Dictionary.delays(3)).fit(run[:300], dt=0.1).forecast(run[:300], 100)
    np.testing.assert_allclose(made.states, run[300:], atol=1e-6)


def test_lifting_anew_at_each_step_forecasts_a_quadratic_map():
    x = np.empty((400, 2))
    x[0] = 0.1, 0.1
    for k in range(399):
        x[k + 1] = 1 - 1.4 * x[k, 0] ** 2 + x[k, 1], 0.3 * x[k, 0]
    model = EDMD(Dictionary.polynomial(2), reproject=True, held_out=0).fit(x[:300], dt=1.0)
    np.testing.assert_allclose(model.forecast(x[:300], 15).states, x[300:315], atol=1e-6)
    modes = EDMD(Dictionary.polynomial(2), max_residual=np.inf, held_out=0).fit(x[:300], dt=1.0)
    assert np.abs(modes.forecast(x[:300], 15).states - x[300:315]).max() > 0.1


def test_the_law_of_delays_is_a_map_that_moves_as_the_forecast_does():
    run = decaying_rotation()[:, :1]
    model = EDMD(Dictionary.delays(2)).fit(run, dt=0.1)
    moved = model.law.simulate(np.array([run[299, 0], run[298, 0]]), np.arange(51)).states[1:, 0]
    np.testing.assert_allclose(moved, model.forecast(run[:300], 50).states[:, 0], atol=1e-8)


def test_functions_of_the_state_have_no_law_of_the_state():
    with pytest.raises(AttributeError, match="delays only"):
        _ = EDMD(Dictionary.polynomial(2)).fit(decaying_rotation(), dt=0.1).law


def test_a_claim_of_measure_preservation_is_contradicted_with_its_size():
    x = np.random.default_rng(0).normal(size=(500, 2))
    with pytest.warns(KoopmanWarning, match=r"\|\|L - G\|\| is 0.7"):
        EDMD(Dictionary.identity(), measure_preserving=True).fit_pairs(x, 0.5 * x)


def test_a_residual_is_at_least_the_distance_from_the_circle_where_a_measure_is_preserved():
    x = lorenz(2_000)
    plain = EDMD(Dictionary.rbf(60)).fit(x, dt=0.05)
    held = EDMD(Dictionary.rbf(60), measure_preserving=True)
    held.fit(x, dt=0.05)
    off = np.abs(1 - np.abs(held.eigenvalues_))
    np.testing.assert_allclose(held.residuals_, np.maximum(plain.residuals_, off), atol=1e-12)


def test_residuals_of_pairs_that_the_fit_saw_are_smaller_than_on_those_it_did_not():
    x = np.random.default_rng(0).normal(size=(200, 2))
    seen = EDMD(Dictionary.rbf(80), held_out=0).fit(x, dt=1.0)
    unseen = EDMD(Dictionary.rbf(80), held_out=0.3).fit(x, dt=1.0)
    assert np.median(seen.residuals_) < 0.9 * np.median(unseen.residuals_)


def test_the_error_of_an_eigenvalue_is_its_scatter_over_recordings():
    rng = np.random.default_rng(0)
    found, said = [], []
    for _ in range(60):
        x = np.zeros((600, 1))
        for k in range(599):
            x[k + 1] = 0.8 * x[k] + rng.normal()
        model = EDMD(Dictionary.identity(), constant=False, held_out=0).fit(x, dt=1.0)
        found.append(model.eigenvalues_[0].real)
        said.append(model.eigenvalue_errors_[0])
    assert 0.75 < np.median(said) / np.std(found) < 1.33


def test_missing_samples_cost_their_own_pairs_only():
    run = decaying_rotation()
    run[50] = np.nan
    run[200, 1] = np.nan
    model = EDMD(Dictionary.delays(2)).fit(run, dt=0.1)
    assert model.missing_ == 6
    assert "6 snapshot pairs" in str(model)
    assert model.residuals_.min() < 1e-10


def test_a_dictionary_whose_observables_depend_on_each_other_is_cut_and_the_cut_is_told():
    run = decaying_rotation()
    model = EDMD(Dictionary.delays(4) | Dictionary.identity()).fit(run, dt=0.1)
    assert (model.rank_, model.cut_) == (3, 8)
    assert "8 of 11 observables depend on the others" in str(model)


def test_the_table_is_printed_with_residuals_and_can_be_a_frame():
    model = EDMD(Dictionary.identity()).fit(decaying_rotation(), dt=0.1)
    assert "residual" in str(model)
    assert "3 of 3 eigenvalues" in repr(model.eigen())
    frame = model.eigen().to_frame()
    assert list(frame["verified"]) == [True] * 3


def test_runs_of_their_own_lengths_are_learned_from_together():
    runs = Trajectories(
        Trajectory(0.1 * np.arange(n), decaying_rotation(n, mean=0.0) * s) for n, s in ((40, 1), (25, 2), (60, -1))
    )
    model = EDMD(Dictionary.identity()).fit(runs)
    assert np.abs(model.eigenvalues_ - np.exp(0.1 * (-0.05 + 2j))).min() < 1e-10


def test_the_spectral_measure_of_two_tones_stands_at_their_angles():
    model = EDMD(Dictionary.delays(40), measure_preserving=True).fit(two_tones(), dt=0.1)
    angles = np.linspace(0.02, 0.4, 400)
    measure = model.spectral_measure("x", angles, epsilon=0.004, order=2)
    rises = np.diff(measure.density) > 0
    peaks = angles[1:-1][rises[:-1] & ~rises[1:] & (measure.density[1:-1] > 0.05 * measure.density.max())]
    np.testing.assert_allclose(peaks, [0.1, 0.1 * np.sqrt(2)], atol=2e-3)


def test_the_pseudospectrum_of_a_rotation_is_its_circle():
    theta = np.arange(64) * TURN / 64
    model = EDMD(Dictionary.fourier(10), held_out=0).fit_pairs(theta[:, None], theta[:, None] + np.sqrt(2))
    found = model.pseudospectrum(np.array([1.0, 1j, 0.5, 0.0]))
    near = np.abs(np.exp(1j * np.sqrt(2) * np.arange(-10, 11))[:, None] - np.array([1, 1j, 0.5, 0])).min(axis=0)
    np.testing.assert_allclose(found.values, near, atol=0.011)


def test_the_energy_of_two_tones_lies_in_eigenfunctions():
    model = EDMD(Dictionary.delays(4)).fit(two_tones(), dt=0.1)
    assert model.point_energy(two_tones(12_000), delays=20, horizon=4_000).share > 0.95
