"""Residuals with bands: how often they hold the truth, and what they say of other people's models."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from inscape.analysis import Eigenfunctions, Galerkin, residual, residual_bands, residuals_of
from inscape.errors import InputError
from inscape.models import DMD
from inscape.models.koopman import EDMD, Dictionary
from inscape.trajectories import Trajectories, Trajectory
from tests.analysis.koopman_cases import doubling, fourier

T = np.arange(900) * 0.1
TONES = np.stack([np.cos(T) + 0.3 * np.cos(2.3 * T), np.sin(T), np.cos(2.3 * T), np.sin(2.3 * T)], axis=1)
SEEN, UNSEEN = TONES[:300], TONES[300:]
FREQUENCIES = np.exp(0.1j * np.array([1, -1, 2.3, -2.3]))


def doubling_pairs(rng, samples):
    """Eigenpairs of a fit to random samples, with what they are on samples apart and in the limit."""
    n = 6
    x, held = rng.random(samples), rng.random(samples)
    g = Galerkin.of(fourier(x, n), fourier(2 * x % 1, n))
    pairs = g.eigen()
    functions, values = (g.basis @ pairs.vectors)[:, [0, 4, 9]], pairs.eigenvalues[[0, 4, 9]]
    exact = doubling(n)
    limit = residual(exact, values, exact.coordinates_of(functions))
    return fourier(held, n) @ functions, fourier(2 * held % 1, n) @ functions, values, limit


def test_bands_of_95_percent_hold_the_limit_of_infinite_data_in_90_to_99_percent_of_200_repeats():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(200):
        before, after, values, limit = doubling_pairs(rng, 300)
        bands = residual_bands(before, after, values, block_length=1, draws=400)
        held.append((bands.low <= limit) & (limit <= bands.high))
    assert 0.9 <= np.mean(held) <= 0.99


@pytest.mark.slow
def test_bands_over_runs_and_over_stretches_of_one_run_hold_the_limit_too():
    # x -> 0.9 x + noise, g = x, lambda = 0.8: |miss|^2 / |g|^2 = 0.1^2 + noise^2 / var(x).
    rng = np.random.default_rng(1)
    limit = np.sqrt(0.01 + (1 - 0.81))
    held = {"runs": [], "stretches": []}
    for _ in range(200):
        noise = rng.normal(size=(40, 101))
        x = np.empty((40, 101))
        x[:, 0] = rng.normal(size=40) / np.sqrt(1 - 0.81)
        for k in range(100):
            x[:, k + 1] = 0.9 * x[:, k] + noise[:, k]
        for name, runs in (("runs", np.repeat(np.arange(40), 100)), ("stretches", None)):
            before, after = x[:, :-1].reshape(-1, 1), x[:, 1:].reshape(-1, 1)
            bands = residual_bands(before, after, [0.8], runs=runs, draws=400)
            held[name].append(bool(bands.low[0] <= limit <= bands.high[0]))
    assert 0.9 <= np.mean(held["runs"]) <= 0.99
    assert 0.9 <= np.mean(held["stretches"]) <= 0.99


def test_bands_narrow_as_the_root_of_the_samples_and_a_seed_repeats_them():
    rng = np.random.default_rng(2)
    widths = []
    for samples in (400, 6_400):
        before, after, values, _ = doubling_pairs(rng, samples)
        bands = residual_bands(before, after, values, block_length=1)
        assert (bands.low <= bands.residuals).all()
        assert (bands.residuals <= bands.high).all()
        widths.append(np.mean(bands.high - bands.low))
    assert 2.5 < widths[0] / widths[1] < 6.5
    again = residual_bands(before, after, values, block_length=1)
    assert np.array_equal(again.high, bands.high)


def test_too_few_blocks_give_no_band_and_missing_rows_are_counted():
    rng = np.random.default_rng(3)
    before, after = rng.normal(size=(2, 12, 1))
    before[3] = np.nan
    bands = residual_bands(before, after, [0.5], block_length=4)
    assert np.isnan(bands.low).all()
    assert (bands.samples, bands.dropped) == (11, 1)


def test_a_function_that_vanishes_on_the_samples_has_an_infinite_residual():
    bands = residual_bands(np.zeros((40, 1)), np.ones((40, 1)), [1.0], block_length=1)
    assert np.isinf(bands.residuals[0])


def matched(audit):
    """The residual at each of the four true eigenvalues."""
    nearest = np.abs(audit.eigenvalues[:, None] - FREQUENCIES).argmin(axis=0)
    return audit.residuals[nearest], np.abs(audit.eigenvalues[nearest] - FREQUENCIES).max()


@pytest.mark.parametrize("kind", ["DMD", "HankelDMD", "BOPDMD", "EDMD"])
def test_the_modes_of_pydmd_are_audited(kind):
    pydmd = pytest.importorskip("pydmd")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "BOPDMD":
            model = pydmd.BOPDMD(svd_rank=4).fit(SEEN.T, T[:300])
        elif kind == "HankelDMD":
            model = pydmd.HankelDMD(svd_rank=-1, d=3)
            model.fit(SEEN.T)
        elif kind == "EDMD":
            model = pydmd.EDMD(svd_rank=4, kernel_metric="linear")
            model.fit(SEEN.T)
        else:
            model = pydmd.DMD(svd_rank=-1)
            model.fit(SEEN.T)
    audit = residuals_of(model, Trajectory(T[300:], UNSEEN))
    residuals, off = matched(audit)
    assert off < 1e-6
    assert residuals.max() < 1e-6
    if kind == "HankelDMD":
        # Eight of its twelve modes are rounding, and nothing in PyDMD says so.
        assert audit.accepted(0.1).sum() == 4
        assert (audit.residuals > 0.5).sum() == 8


def test_a_kernel_regression_of_kooplearn_is_audited():
    kernel = pytest.importorskip("kooplearn.kernel")
    model = kernel.KernelRidge(n_components=6, kernel="poly", degree=2, alpha=1e-8).fit(SEEN)
    audit = residuals_of(model, UNSEEN)
    residuals, off = matched(audit)
    assert off < 1e-2
    assert residuals.max() < 1e-2
    assert audit.residuals.max() > 0.05
    assert "residual" in str(audit)


def test_our_own_dmd_is_audited_with_its_constant():
    run = Trajectory(T[:300], SEEN + 5.0)
    audit = residuals_of(DMD(delays=2).fit(run), Trajectory(T[300:], UNSEEN + 5.0))
    residuals, off = matched(audit)
    assert off < 1e-8
    assert residuals.max() < 1e-8
    assert audit.residuals[np.abs(audit.eigenvalues) < 0.5].min() > 0.5


def test_our_koopman_models_are_audited_and_judge_themselves_as_the_audit_does():
    model = EDMD(Dictionary.delays(3)).fit(Trajectory(T[:300], SEEN))
    audit = residuals_of(model, Trajectory(T[300:], UNSEEN))
    residuals, off = matched(audit)
    assert off < 1e-8
    assert residuals.max() < 1e-8
    assert np.array_equal(audit.eigenvalues, model.eigenvalues_)


def test_eigenvalues_with_a_function_of_states_are_audited_over_several_runs_with_gaps():
    states = UNSEEN.copy()
    states[50] = np.nan
    runs = Trajectories([Trajectory(T[:300], states[:300]), Trajectory(T[:300], states[300:])])
    model = (np.array([np.exp(0.1j * 2.3), 0.5]), lambda x: np.stack([x[:, 2] + 1j * x[:, 3], x[:, 1]], axis=1))
    audit = residuals_of(model, runs)
    assert audit.residuals[0] < 1e-12
    assert audit.residuals[1] > 0.4
    assert (audit.bands.samples, audit.bands.dropped) == (596, 2)
    assert residuals_of(Eigenfunctions(*model), runs).residuals[1] == audit.residuals[1]


def test_what_has_no_eigenfunctions_is_refused_in_one_line():
    pydmd = pytest.importorskip("pydmd")
    good = (np.array([1.0]), lambda x: x[:, :1])
    uneven = Trajectory(np.array([0.0, 1.0, 3.0, 3.5]), np.ones((4, 1)))
    for call in (
        lambda: residuals_of(None, SEEN),
        lambda: residuals_of(pydmd.DMD(), SEEN),
        lambda: residuals_of(DMD(), SEEN),
        lambda: residuals_of(good, uneven),
        lambda: residuals_of(good, SEEN[:1]),
        lambda: residuals_of(good, np.full((9, 2), np.nan)),
        lambda: residuals_of((np.array([1.0, 2.0]), lambda x: x[:, :1]), SEEN),
        lambda: residuals_of((np.ones((2, 2)), lambda x: x), SEEN),
        lambda: residuals_of(DMD().fit(SEEN, dt=0.1), SEEN[:, :2]),
        lambda: residuals_of(good, SEEN).accepted(-1),
        lambda: residual_bands(np.ones((5, 1)), np.ones((5, 2)), [1.0]),
        lambda: residual_bands(np.ones((5, 1)), np.ones((5, 1)), [1.0, 2.0]),
        lambda: residual_bands(np.ones((5, 1)), np.ones((5, 1)), [1.0], level=2),
        lambda: residual_bands(np.ones((5, 1)), np.ones((5, 1)), [1.0], runs=[0, 1, 0, 1, 0]),
        lambda: residual_bands(np.ones((5, 1)), np.ones((5, 1)), [1.0], runs=[0, 1]),
        lambda: residual_bands(np.ones((5, 1)), np.ones((5, 1)), [1.0], block_length=0),
        lambda: residual_bands(np.ones((5, 1)), np.ones((5, 1)), [1.0], seed="x"),
    ):
        with pytest.raises(InputError) as error:
            call()
        assert "\n" not in str(error.value)
