"""Lyapunov spectra of flows: analytic values, published ones, invariances and exact checks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.analysis import lyapunov_spectrum
from inscape.errors import DivergedError, InputError
from inscape.systems import Flow, zoo
from inscape.systems.symbols import Abs, cos, exp, sin, t


@Flow
def lorenz(x, y, z, *, sigma=10.0, rho=28.0, beta=8 / 3):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


@Flow
def henon_heiles(x, y, u, v):
    return u, v, -x - 2 * x * y, -y - x**2 + y**2


@Flow
def van_der_pol(x, y, *, mu=1.0):
    return y, mu * (1 - x**2) * y - x


def test_a_linear_flow_has_the_real_parts_of_its_eigenvalues():
    @Flow
    def linear(x, y, z, *, a=-0.3, b=2.0, c=-1.5):
        return a * x - b * y, b * x + a * y, x + c * z

    found = lyapunov_spectrum(linear, initial=[1.0, 0.0, 0.5], duration=60.0, transient=40.0)
    np.testing.assert_allclose(found.exponents, [-0.3, -0.3, -1.5], atol=0.02)
    assert found.exponents.sum() == pytest.approx(-2.1, rel=1e-12)
    assert found.divergence == pytest.approx(-2.1)
    assert found.verdict == "regular"


def test_the_spectrum_of_lorenz_is_the_published_one_and_sums_to_its_divergence():
    found = lyapunov_spectrum(lorenz, target_error=0.0025)
    assert abs(found.exponents[0] - 0.9056) < 0.005 + 2 * found.errors[0]
    assert abs(found.exponents[2] + 14.572) < 0.02
    assert found.sum_mismatch < 1e-9
    assert found.divergence == pytest.approx(-41 / 3)
    assert found.has_zero_exponent
    assert found.zero_exponent[0] == 1
    assert found.verdict == "chaotic"
    assert float(found.kaplan_yorke) == pytest.approx(2.062, abs=0.002)
    assert found.kaplan_yorke.error < 0.001
    entropy, error = found.pesin_entropy
    assert abs(entropy - 0.9056) < 4 * error + 0.005


@pytest.mark.slow
def test_long_runs_of_lorenz_and_rossler_meet_the_published_exponents():
    rossler = zoo["Rossler"]
    assert dict(rossler.parameters) == {"a": 0.2, "b": 0.2, "c": 5.7}
    assert lyapunov_spectrum(lorenz, periods=10_000).exponents[0] == pytest.approx(0.9056, abs=0.005)
    assert lyapunov_spectrum(rossler, periods=6_000).exponents[0] == pytest.approx(0.0714, abs=0.002)


@pytest.mark.parametrize(
    ("name", "published"), [("SprottB", 0.210), ("SprottC", 0.163), ("SprottE", 0.078), ("SprottL", 0.061)]
)
def test_the_flows_of_sprott_have_the_exponents_of_his_table(name, published):
    found = lyapunov_spectrum(zoo[name], periods=1500)
    assert abs(found.exponents[0] - published) < 3.5 * found.errors[0] + 0.0005
    assert found.sum_matches_divergence
    assert found.has_zero_exponent


def test_the_divergence_is_integrated_where_it_varies():
    found = lyapunov_spectrum(zoo["Aizawa"], periods=100)
    assert found.divergence < -0.1
    assert found.sum_mismatch < 1e-9


def test_a_hamiltonian_flow_has_paired_exponents_and_no_divergence():
    found = lyapunov_spectrum(henon_heiles, initial=[0.0, -0.25, 0.42, 0.0], duration=6_000.0, transient=500.0)
    assert found.verdict == "chaotic"
    np.testing.assert_allclose(found.exponents, -found.exponents[::-1], atol=4e-4)
    assert found.divergence == 0.0
    assert abs(found.exponents.sum()) < 1e-9


def test_a_limit_cycle_is_regular_with_a_zero_and_the_floquet_exponent():
    found = lyapunov_spectrum(van_der_pol, periods=300)
    assert found.verdict == "regular"
    assert found.has_zero_exponent
    assert found.exponents[1] == pytest.approx(-1.059, abs=0.005)
    assert float(found.kaplan_yorke) == 1.0


def test_motion_on_a_torus_is_regular_though_its_vectors_shear():
    @Flow
    def pendulum(q, p):
        return p, -sin(q)

    found = lyapunov_spectrum(pendulum, initial=[1.0, 0.0], duration=5_000.0)
    assert found.verdict == "regular"
    assert found.has_zero_exponent


def test_a_forced_flow_owes_no_zero_exponent():
    @Flow
    def duffing(x, v, *, damping=0.1, force=0.35):
        return v, x - x**3 - damping * v + force * cos(1.4 * t)

    found = lyapunov_spectrum(duffing, duration=1000.0)
    assert found.zero_exponent is None
    assert found.exponents.sum() == pytest.approx(-0.1, rel=1e-9)


def test_a_kink_changes_neither_sum_nor_zero():
    found = lyapunov_spectrum(zoo["Chua"], periods=150)
    assert found.sum_mismatch < 1e-9
    assert found.has_zero_exponent
    assert found.verdict == "chaotic"


def test_a_kinked_flow_in_one_dimension_has_the_slope_on_its_side():
    @Flow
    def decay(x, *, k=0.7):
        return -k * Abs(x)

    # Decay to zero from above, without ever crossing the kink.
    assert lyapunov_spectrum(decay, initial=[1.0], duration=20.0, transient=0.0).exponents[0] == pytest.approx(-0.7)


def test_the_divergence_of_a_kinked_law_brings_no_new_kinks():
    from inscape.analysis.tangent_motion import with_log_volume
    from inscape.systems.switching import switched_law

    flow = zoo["MacArthur"]
    assert len(switched_law(with_log_volume(flow).definition).modes) == len(switched_law(flow.definition).modes)


def test_a_direction_that_sliding_crushes_has_the_exponent_minus_infinity():
    found = lyapunov_spectrum(zoo["StickSlipOscillator"], periods=200)
    assert found.exponents[2] == -np.inf
    assert abs(found.exponents[0]) < 0.01
    assert found.verdict == "regular"
    assert np.isnan(found.sum_mismatch)


@pytest.mark.parametrize("interval", [None, 0.3])
def test_the_time_between_orthonormalisations_does_not_matter(interval):
    found = lyapunov_spectrum(zoo["WindmiReduced"], periods=200, interval=interval)
    assert abs(found.exponents[0] - 0.0854) < 3.5 * found.errors[0]
    assert abs(found.exponents[2] + 1.548) < 3.5 * found.errors[2]
    assert abs(found.zero_exponent[1]) < 3


def test_a_strongly_contracted_direction_is_not_lost():
    @Flow
    def stiff(x, y, z, w):
        return 10 * (y - x), x * (28 - z) - y, x * y - 8 * z / 3, -500 * (w - x)

    found = lyapunov_spectrum(stiff, initial=[1.0, 1.0, 20.0, 1.0], duration=100.0, transient=20.0)
    assert found.exponents[3] == pytest.approx(-500, rel=1e-6)
    assert found.sum_mismatch < 1e-9


@settings(max_examples=5, deadline=None)
@given(st.lists(st.floats(0.2, 3.0), min_size=2, max_size=2), st.floats(-1.0, 1.0), st.floats(0.3, 3.0))
def test_the_spectrum_survives_linear_changes_of_variables_and_scales_with_time(scales, shear, speed):
    original = lyapunov_spectrum(van_der_pol, duration=150.0, transient=50.0, initial=[2.0, 0.0])
    a, b = scales

    @Flow
    def changed(p, q):
        # p = a x, q = b (y + shear x), and time runs `speed` times as fast.
        x = p / a
        y = q / b - shear * x
        dx, dy = y, (1 - x**2) * y - x
        return speed * a * dx, speed * b * (dy + shear * dx)

    start = [2.0 * a, b * shear * 2.0]
    found = lyapunov_spectrum(changed, duration=150.0 / speed, transient=50.0 / speed, initial=start)
    np.testing.assert_allclose(found.exponents, speed * original.exponents, atol=0.06 * speed)
    assert found.divergence == pytest.approx(speed * original.divergence, abs=1e-6)


def test_fewer_exponents_are_the_first_of_all():
    everything = lyapunov_spectrum(lorenz, periods=300)
    first = lyapunov_spectrum(lorenz, periods=300, count=1)
    assert first.exponents.shape == (1,)
    assert abs(first.exponents[0] - everything.exponents[0]) < 4 * np.hypot(first.errors[0], everything.errors[0])
    assert np.isnan(first.sum_mismatch)
    assert np.isnan(float(first.kaplan_yorke))
    assert first.zero_exponent is None


def test_the_errors_cover_the_scatter_of_independent_runs():
    rng = np.random.default_rng(1)
    runs = [lyapunov_spectrum(lorenz, periods=300, initial=[*rng.normal(size=2), 20.0], seed=int(k)) for k in range(24)]
    scatter = np.std([r.exponents[0] for r in runs], ddof=1)
    claimed = np.sqrt(np.mean([r.errors[0] ** 2 for r in runs]))
    # 24 runs know their scatter to 15 %; errors may be too wide, but hardly too narrow.
    assert 0.8 < claimed / scatter < 3.5


def test_the_same_seed_gives_the_same_numbers():
    one, two = (lyapunov_spectrum(lorenz, periods=50, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.exponents, two.exponents)


def test_a_run_stops_when_its_time_is_over_and_says_so():
    found = lyapunov_spectrum(lorenz, periods=1e6, transient=1.0, max_seconds=0.5)
    assert "0.5 s were over" in found.stopped
    assert found.exponents[0] == pytest.approx(0.9, abs=0.15)


def test_a_period_is_found_where_none_is_known():
    from inscape.analysis.lyapunov import typical_period

    assert typical_period(van_der_pol, np.array([2.0, 0.0])) == pytest.approx(6.66, rel=0.2)


def test_the_table_names_every_check():
    text = lyapunov_spectrum(lorenz, periods=50).table()
    for words in ("lambda_1", "Kaplan-Yorke", "Pesin", "mean divergence", "nearest zero", "degrees of freedom"):
        assert words in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 4}, "at most 3"),
        ({"count": 0}, "count"),
        ({"duration": -1.0}, "duration"),
        ({"duration": np.nan}, "duration"),
        ({"transient": np.inf}, "transient"),
        ({"initial": [1.0, 2.0]}, "shape"),
        ({"initial": [1.0, np.nan, 0.0]}, "not finite"),
        ({"initial": np.array([1, "a", 2], dtype=object)}, "real numbers"),
        ({"interval": 0.0}, "interval"),
        ({"periods": 0}, "periods"),
        ({"tolerance": 2.0}, "tolerance"),
        ({"max_seconds": -1}, "max_seconds"),
        ({"target_error": 0}, "target_error"),
    ],
)
def test_a_wrong_argument_is_answered_in_one_line(arguments, message):
    with pytest.raises(InputError, match=message) as caught:
        lyapunov_spectrum(lorenz, **arguments)
    assert "\n" not in str(caught.value)


def test_what_is_no_system_is_refused():
    with pytest.raises(InputError, match="expected a Flow or a Map"):
        lyapunov_spectrum(np.eye(3))


def test_a_flow_with_inputs_is_refused():
    @Flow
    def driven(x, *, u):
        return u - x

    with pytest.raises(InputError, match="driven by u"):
        lyapunov_spectrum(driven)


def test_a_run_that_leaves_every_bound_is_an_error():
    @Flow
    def escape(x):
        return 1 + x**2 * exp(0 * x)

    with pytest.raises(DivergedError):
        lyapunov_spectrum(escape, initial=[0.0], duration=100.0, transient=0.0)
