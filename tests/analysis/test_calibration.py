"""Calibration answers what a linear model's algebra answers, and says what may be wrong."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.calibration import (
    CalibrationWarning,
    best_fit,
    calibrate,
    error_budget,
    identifiability,
    surrogate_bias,
)
from inscape.errors import InputError, MissingExtraError, UnknownNameError

TIMES = np.linspace(0, 1, 60)
DESIGN = np.stack([np.ones(60), TIMES], axis=1)
SIGMA = 0.1
PRIOR = {"level": (0.5, 5.0), "slope": (0.5, 5.0)}
NAMES = tuple(PRIOR)


def line(rows):
    return np.atleast_2d(rows) @ DESIGN.T


@pytest.fixture(scope="module")
def observed():
    return line([[2.0, 3.0]])[0] + SIGMA * np.random.default_rng(3).standard_normal(60)


@pytest.fixture(scope="module")
def algebra(observed):
    covariance = np.linalg.inv(DESIGN.T @ DESIGN) * SIGMA**2
    return covariance @ DESIGN.T @ observed / SIGMA**2, np.sqrt(np.diag(covariance)), covariance


def test_the_grid_has_the_means_deviations_and_evidence_of_the_algebra(observed, algebra):
    mean, spread, covariance = algebra
    found = calibrate(line, observed, sigma=SIGMA, prior=PRIOR, names=NAMES)
    for k, name in enumerate(NAMES):
        assert abs(found.means[name] - mean[k]) < 0.01 * spread[k]
        assert found.sigmas[name] == pytest.approx(spread[k], rel=0.01)
        assert found.best.parameters[name] == pytest.approx(mean[k], abs=1e-5)
    residual = observed - DESIGN @ mean
    log = -0.5 * residual @ residual / SIGMA**2 - 60 * np.log(SIGMA * np.sqrt(2 * np.pi))
    evidence = log + 0.5 * np.log(np.linalg.det(2 * np.pi * covariance)) - 2 * np.log(4.5)
    assert found.posterior.log_evidence == pytest.approx(evidence, abs=0.01)
    assert found.posterior.error("slope") == pytest.approx(spread[1], rel=0.05)
    assert repr(found).startswith(f"Calibration(level = {found.means['level']:.4g} +- ")
    assert found.correlation()[0, 1] == pytest.approx(covariance[0, 1] / spread.prod(), abs=0.05)


def test_a_grid_closes_in_on_a_posterior_a_thousandth_of_its_prior(algebra, observed):
    wide = {"level": (-500.0, 500.0), "slope": (-500.0, 500.0)}
    found = calibrate(line, observed, sigma=SIGMA, prior=wide, names=NAMES)
    assert found.sigmas["level"] == pytest.approx(algebra[1][0], rel=0.02)


@pytest.mark.parametrize("place", [0.79, 0.80, 0.81, 0.82])
def test_a_slanted_posterior_narrower_than_a_search_s_cells_is_not_cut(place):
    spread = np.array([0.058, 0.002])
    covariance = np.outer(spread, spread) * np.array([[1.0, -0.6], [-0.6, 1.0]])
    directions = np.linalg.qr(np.random.default_rng(4).standard_normal((60, 2)))[0]
    design = SIGMA * directions @ np.linalg.cholesky(np.linalg.inv(covariance)).T
    prior = {"level": (0.3, 3.0), "slope": (0.3, 3.0)}
    curve = design @ [1.2, place]
    found = calibrate(lambda rows: np.atleast_2d(rows) @ design.T, curve, sigma=SIGMA, prior=prior, names=NAMES)
    for name, truth, width in zip(NAMES, (1.2, place), spread, strict=True):
        assert abs(found.means[name] - truth) < 0.01 * width
        assert found.sigmas[name] == pytest.approx(width, rel=0.01)
    assert found.posterior.finished


def test_a_grid_too_coarse_for_its_posterior_is_called_out():
    times = np.linspace(5.0, 6.0, 60)
    design = np.stack([times**k for k in range(4)], axis=1)
    curve = design @ [1.0, 1.0, 1.0, 1.0]
    names = ("a", "b", "c", "d")
    with pytest.warns(CalibrationWarning, match="too few for its shape; give more points than 2000"):
        calibrate(
            lambda rows: np.atleast_2d(rows) @ design.T, curve, sigma=0.1, prior=dict.fromkeys(names, (0.0, 3.0)),
            names=names, points=2000,
        )  # fmt: skip


def test_fisher_s_deviations_are_those_of_the_algebra(algebra):
    known = identifiability(line, {"level": 2.0, "slope": 3.0}, sigma=SIGMA)
    assert np.allclose(known.sigmas, algebra[1], rtol=1e-6)
    assert known.correlation[0, 1] == pytest.approx(algebra[2][0, 1] / algebra[1].prod(), rel=1e-6)
    assert known.alone[0] == pytest.approx(SIGMA / np.sqrt(60))
    assert known.worst_pair[:2] == ("level", "slope")


def test_at_the_edge_of_a_model_s_box_nothing_outside_is_asked_for():
    class Boxed:
        names = NAMES
        box = PRIOR

        def __call__(self, rows):
            assert (rows >= 0.5).all()
            return line(rows)

    at_edge = identifiability(Boxed(), {"level": 0.5, "slope": 3.0}, sigma=SIGMA)
    assert np.allclose(at_edge.sigmas, identifiability(line, {"level": 2.0, "slope": 3.0}, sigma=SIGMA).sigmas)


def test_two_parameters_that_do_the_same_are_called_out():
    def twin(rows):
        rows = np.atleast_2d(rows)
        return (rows.sum(axis=1)[:, None]) * (1 + TIMES) + 1e-3 * rows[:, :1] * TIMES

    known = identifiability(twin, {"a": 1.0, "b": 1.0}, sigma=SIGMA)
    assert known.correlation[0, 1] < -0.99
    assert any("hard to tell apart" in line for line in known.report())


def test_a_parameter_that_moves_nothing_is_named():
    with pytest.raises(InputError, match="idle"):
        identifiability(lambda r: np.atleast_2d(r)[:, :1] * TIMES, {"a": 1.0, "idle": 1.0}, sigma=SIGMA)


def test_the_shift_of_a_surrogate_is_its_error_seen_through_the_model(observed):
    def high(rows):
        return line(rows) + 0.05

    moved = surrogate_bias(high, line, np.array([[2.0, 3.0]]), sigma=SIGMA, names=NAMES)
    assert moved.shifts[0] == pytest.approx([-0.05, 0.0], abs=1e-9)
    exact = calibrate(line, observed, sigma=SIGMA, prior=PRIOR, names=NAMES)
    with pytest.warns(CalibrationWarning, match="surrogate moves level"):
        found = calibrate(high, observed, sigma=SIGMA, prior=PRIOR, names=NAMES, check_with=line)
    assert found.means["level"] - exact.means["level"] == pytest.approx(-0.05, abs=0.002)
    assert found.bias.worst == pytest.approx(0.05 / exact.sigmas["level"], rel=0.05)


def test_an_error_budget_grows_with_the_error():
    small = error_budget(line, {"level": 2.0, "slope": 3.0}, error=0.01, sigma=SIGMA, draws=200)
    large = error_budget(line, {"level": 2.0, "slope": 3.0}, error=0.02, sigma=SIGMA, draws=200)
    assert np.allclose(large.median, 2 * small.median)
    assert small.error_for(0.2) == pytest.approx(large.error_for(0.2))
    assert (small.high >= small.median).all()
    # At the size that is told, the parameter that minds most moves by the share, and no other by more.
    told = error_budget(line, {"level": 2.0, "slope": 3.0}, error=large.error_for(0.3), sigma=SIGMA, draws=200)
    assert told.median_in_sigmas.max() == pytest.approx(0.3, rel=1e-6)


def test_a_missing_sample_is_left_out_and_a_missing_curve_is_impossible(observed):
    gappy = observed.copy()
    gappy[[3, 30]] = np.nan
    found = calibrate(line, gappy, sigma=SIGMA, prior=PRIOR, names=NAMES)
    assert any("2 of 60" in note for note in found.notes)

    def broken(rows):
        curves = line(rows)
        curves[np.atleast_2d(rows)[:, 0] > 2.05] = np.nan
        return curves

    cut = calibrate(broken, observed, sigma=SIGMA, prior=PRIOR, names=NAMES)
    assert cut.posterior["level"].max() < 2.08


def test_noise_is_found_and_a_misfit_is_called_out(observed):
    found = calibrate(line, observed, sigma="cover", prior=PRIOR, names=NAMES)
    assert found.sigma[0] == pytest.approx(SIGMA, rel=0.3)
    with pytest.warns(CalibrationWarning, match="misses the curve"):
        calibrate(line, observed + np.sin(20 * TIMES), sigma=SIGMA, prior=PRIOR, names=NAMES)
    with pytest.warns(CalibrationWarning, match="edge of the prior"):
        calibrate(line, observed, sigma=SIGMA, prior={"level": (0.5, 1.5), "slope": (0.5, 5.0)}, names=NAMES)


def test_the_band_of_the_posterior_lies_about_the_curve(observed):
    found = calibrate(line, observed, sigma=SIGMA, prior=PRIOR, names=NAMES)
    middle, low, high = found.predict()
    truth = line([[2.0, 3.0]])[0]
    assert ((low <= truth) & (truth <= high)).mean() > 0.8
    assert (low <= middle).all()
    assert (middle <= high).all()


def test_a_best_fit_says_where_it_is_and_how_good(observed, algebra):
    found = best_fit(line, observed, sigma=SIGMA, prior=PRIOR, names=NAMES)
    assert found.row == pytest.approx(algebra[0], abs=1e-5)
    assert 0.5 < found.reduced < 1.6
    assert found.at_edge == ()


def test_emcee_agrees_with_the_grid(observed, algebra):
    pytest.importorskip("emcee")
    found = calibrate(line, observed, sigma=SIGMA, prior=PRIOR, names=NAMES, sampler="emcee", draws=4000)
    assert found.means["level"] == pytest.approx(algebra[0][0], abs=0.2 * algebra[1][0])
    assert found.sigmas["level"] == pytest.approx(algebra[1][0], rel=0.2)


def test_nuts_agrees_with_the_grid(observed, algebra, request):
    pytest.importorskip("numpyro")
    import jax

    # PyBaMM sets it for the whole process: after a test that imported it, any code would pass.
    before = jax.config.jax_enable_x64
    request.addfinalizer(lambda: jax.config.update("jax_enable_x64", before))
    jax.config.update("jax_enable_x64", False)
    found = calibrate(line, observed, sigma=SIGMA, prior=PRIOR, names=NAMES, sampler="nuts", draws=500, warmup=200)
    assert found.means["level"] == pytest.approx(algebra[0][0], abs=0.25 * algebra[1][0])
    assert found.sigmas["slope"] == pytest.approx(algebra[1][1], rel=0.25)
    assert not jax.config.jax_enable_x64


def test_arviz_gets_posterior_curves_and_data(observed):
    pytest.importorskip("arviz")
    found = calibrate(line, observed, sigma=SIGMA, prior=PRIOR, names=NAMES).to_arviz(20)
    assert found.posterior["slope"].shape == (1, 4000)
    assert found.posterior_predictive["curve"].shape == (1, 20, 60)


def test_bad_input_is_answered_in_one_line(observed):
    good = {"sigma": SIGMA, "prior": PRIOR, "names": NAMES}
    with pytest.raises(InputError, match="sigma"):
        calibrate(line, observed, **good | {"sigma": 0.0})
    with pytest.raises(InputError, match="sigma"):
        calibrate(line, observed, **good | {"sigma": "free"})
    with pytest.raises(InputError, match="infinite"):
        calibrate(line, np.where(TIMES > 0.5, np.inf, observed), **good)
    with pytest.raises(InputError, match="finite samples"):
        calibrate(line, np.full(60, np.nan), **good)
    with pytest.raises(InputError, match="answer of shape"):
        calibrate(line, observed[:30], **good)
    with pytest.raises(InputError, match="shape"):
        calibrate(line, np.zeros((3, 60)), **good)
    with pytest.raises(InputError, match="numbers"):
        calibrate(line, np.array(["a"] * 60), **good)
    with pytest.raises(UnknownNameError, match="nautilus"):
        calibrate(line, observed, **good, sampler="nautilos")
    with pytest.raises(InputError, match="names"):
        calibrate(line, observed, sigma=SIGMA, prior=PRIOR)
    with pytest.raises(InputError, match="prior"):
        calibrate(line, observed, sigma=SIGMA, names=NAMES)
    with pytest.raises(InputError, match="no finite curve"):
        calibrate(lambda rows: np.full((len(rows), 60), np.nan), observed, **good)


def test_a_sampler_that_is_not_installed_is_named(observed, monkeypatch):
    import inscape.analysis.calibration.hamiltonian as hamiltonian

    def absent(module, extra):
        raise MissingExtraError(module, extra)

    monkeypatch.setattr(hamiltonian, "require", absent)
    with pytest.raises(MissingExtraError, match="studies"):
        calibrate(line, observed, sigma=SIGMA, prior=PRIOR, names=NAMES, sampler="nuts")
