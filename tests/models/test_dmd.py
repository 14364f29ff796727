"""Linear laws: against PyDMD, and on systems whose eigenvalues are known."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.models import DMD
from inscape.models.dmd import optimal_rank
from inscape.trajectories import Trajectory

DT = 0.1


def damped_waves(noise=0.0):
    t = DT * np.arange(200)
    waves = [np.exp(-0.05 * t) * np.sin(2 * t), np.exp(-0.05 * t) * np.cos(2 * t), np.sin(0.7 * t), np.cos(0.7 * t)]
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(10, 4)) @ np.stack(waves)
    return (mixed + noise * rng.normal(size=mixed.shape)).T


def pydmd(kind, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydmd

        return getattr(pydmd, kind)(**options).fit(damped_waves(1e-3).T)


@pytest.mark.parametrize(
    ("model", "kind", "options"),
    [
        (DMD(4, offset=False), "DMD", {"svd_rank": 4, "exact": True}),
        (DMD("optimal", offset=False), "DMD", {"svd_rank": 0, "exact": True}),
        (DMD(4, offset=False, variant="total"), "DMD", {"svd_rank": 4, "tlsq_rank": 4, "exact": True}),
        (DMD(4, offset=False, delays=5), "HankelDMD", {"svd_rank": 4, "d": 5, "exact": True}),
    ],
)
def test_eigenvalues_equal_those_of_pydmd(model, kind, options):
    ours = model.fit(damped_waves(1e-3), dt=DT).eigenvalues_
    theirs = pydmd(kind, **options).eigs
    np.testing.assert_allclose(np.sort_complex(ours), np.sort_complex(theirs), atol=1e-10)


def test_modes_span_those_of_pydmd():
    ours = DMD(4, offset=False).fit(damped_waves(1e-3), dt=DT)
    theirs = pydmd("DMD", svd_rank=4, exact=True)
    for value, mode in zip(ours.eigenvalues_, ours.modes_.T, strict=True):
        other = theirs.modes[:, np.argmin(np.abs(theirs.eigs - value))]
        cosine = abs(np.vdot(mode, other)) / np.linalg.norm(mode) / np.linalg.norm(other)
        assert cosine == pytest.approx(1, abs=1e-10)


def test_forward_backward_is_near_pydmd_and_less_biased_than_exact():
    noisy = damped_waves(0.02)
    truth = np.exp(DT * np.array([-0.05 + 2j, -0.05 - 2j, 0.7j, -0.7j]))

    def miss(model):
        values = model.fit(noisy, dt=DT).eigenvalues_
        return np.abs(np.sort_complex(values) - np.sort_complex(truth)).sum()

    assert miss(DMD(4, offset=False, variant="forward-backward")) < miss(DMD(4, offset=False))
    theirs = pydmd("FbDMD", svd_rank=4).eigs
    ours = DMD(4, offset=False, variant="forward-backward").fit(damped_waves(1e-3), dt=DT).eigenvalues_
    np.testing.assert_allclose(np.sort_complex(ours), np.sort_complex(theirs), atol=1e-5)


def test_frequencies_and_growth_rates_are_those_of_the_waves():
    model = DMD(4, offset=False).fit(damped_waves(), dt=DT)
    rates = np.sort_complex(model.continuous_eigenvalues_)
    np.testing.assert_allclose(rates, np.sort_complex([-0.05 + 2j, -0.05 - 2j, 0.7j, -0.7j]), atol=1e-9)
    assert np.abs(model.frequencies_).max() == pytest.approx(2 / (2 * np.pi))


def test_the_forecast_of_a_linear_system_is_exact():
    series = damped_waves() + 5.0
    model = DMD().fit(series[:150], dt=DT)
    np.testing.assert_allclose(model.forecast(series[:150], 50).states, series[150:], atol=1e-8)


def test_one_measured_wave_is_forecast_with_delays_only():
    wave = np.sin(0.3 * np.arange(300))
    with_delays = DMD(delays=2).fit(wave[:200], dt=1.0).forecast(wave[:200], 100)
    np.testing.assert_allclose(with_delays.states[:, 0], wave[200:], atol=1e-6)
    without = DMD().fit(wave[:200], dt=1.0).forecast(wave[:200], 100)
    assert np.abs(without.states[:, 0] - wave[200:]).max() > 0.5


def driven_run(rng):
    a, b = np.array([[0.9, 0.2], [-0.1, 0.95]]), np.array([[0.0], [0.5]])
    u, x = rng.normal(size=(300, 1)), np.zeros((300, 2))
    for k in range(299):
        x[k + 1] = a @ x[k] + b @ u[k]
    return Trajectory(np.arange(300.0), x, u), a, b


def test_control_separates_the_operator_from_the_input():
    run, a, b = driven_run(np.random.default_rng(0))
    model = DMD(offset=False).fit(run[:250])
    np.testing.assert_allclose(model.operator_, a, atol=1e-10)
    np.testing.assert_allclose(model.input_operator_, b, atol=1e-10)
    forecast = model.forecast(run[:250], 50, inputs=run.inputs[250:])
    np.testing.assert_allclose(forecast.states, run.states[250:], atol=1e-9)


def test_the_law_is_a_map_and_a_flow_that_agree():
    from scipy.linalg import expm

    series = damped_waves()[:, :2]
    two = np.stack([np.sin(0.5 * DT * np.arange(100)), np.cos(0.5 * DT * np.arange(100))], axis=1)
    model = DMD().fit(two, dt=DT)
    assert model.law.state_names == ("x0", "x1")
    np.testing.assert_allclose(model.law.rhs(two[:-1]), two[1:], atol=1e-9)
    generator = model.flow.jacobian(np.zeros(2))
    np.testing.assert_allclose(expm(generator * DT), model.operator_, atol=1e-9)
    assert DMD(delays=3).fit(series, dt=DT).law.state_names[-1] == "x1_back2"


def test_a_map_with_a_negative_eigenvalue_has_no_flow():
    flip = np.stack([(-0.9) ** np.arange(30), 0.5 ** np.arange(30)], axis=1)
    model = DMD(offset=False).fit(flip, dt=1.0)
    with pytest.raises(AttributeError, match="no flow"):
        _ = model.flow


def test_the_optimal_rank_finds_the_signal_in_noise():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(100, 200))
    signal = 60 * np.linalg.qr(rng.normal(size=(100, 3)))[0] @ np.linalg.qr(rng.normal(size=(200, 3)))[0].T
    assert optimal_rank(np.linalg.svd(noise + signal, compute_uv=False), (100, 200)) == 3


def test_missing_samples_leave_the_fit_alone():
    series = damped_waves()
    broken = series.copy()
    broken[40:43] = np.nan
    one = DMD(4, offset=False).fit(series, dt=DT).eigenvalues_
    two = DMD(4, offset=False).fit(broken, dt=DT).eigenvalues_
    np.testing.assert_allclose(np.sort_complex(one), np.sort_complex(two), atol=1e-8)


@pytest.mark.parametrize("options", [{"rank": 0}, {"rank": "best"}, {"delays": 0}, {"delays": 1.5}])
def test_bad_parameters_are_refused(options):
    with pytest.raises(InputError):
        DMD(**options).fit(damped_waves(), dt=DT)


def test_an_unknown_variant_lists_the_nearest():
    with pytest.raises(UnknownNameError, match="forward-backward"):
        DMD(variant="forwardbackward").fit(damped_waves(), dt=DT)


def test_too_many_delays_for_the_run_are_refused():
    with pytest.raises(InputError, match="expected over 200"):
        DMD(delays=200).fit(damped_waves(), dt=DT)


def test_a_recording_that_stands_still_is_forecast_to_stand_still():
    made = DMD().fit(np.full((50, 2), 3.0), dt=1.0).forecast(np.full((5, 2), 3.0), 4)
    np.testing.assert_array_equal(made.states, np.full((4, 2), 3.0))
