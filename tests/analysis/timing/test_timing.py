"""Fits, evidences, periodogram and card of event times: published numbers, the slow formula, injected truths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inscape.analysis import timing
from inscape.analysis.priors import LogUniform, Normal, Uniform
from inscape.analysis.timing import tides
from inscape.analysis.timing.conditional import fits_at
from inscape.analysis.timing.evidences import evidence
from inscape.analysis.timing.injection import null_alarms
from inscape.analysis.timing.jitter import fit_with_jitter, plausible_jitters
from inscape.analysis.timing.linear_gaussian import linear_fit, log_evidence
from inscape.analysis.timing.models import design_of, ms_a_year
from inscape.errors import InputError, UnknownNameError
from inscape.studies.orbital_decay.arms import literature, orbdot_priors
from inscape.studies.orbital_decay.checks import likelihood
from inscape.trajectories.timing_tables import TimingTable, VelocityTable
from inscape.trajectories.timing_tables.samples import sample_timing


@pytest.fixture(scope="module")
def wasp12():
    return sample_timing("wasp-12")


@pytest.fixture(scope="module")
def wasp43():
    return literature()


def test_wasp_12_b_decays_as_published(wasp12):
    found = timing.fit(wasp12, "decay", jitter="none")
    assert found.decay_rate == pytest.approx(-29.07, abs=0.3)
    assert found.decay_error == pytest.approx(2.0, abs=0.1)


def test_the_evidence_of_decay_is_that_of_nested_sampling(wasp12):
    gain = evidence(wasp12, "decay", orbdot_priors("decay")) - evidence(wasp12, "linear", orbdot_priors("linear"))
    assert gain == pytest.approx(100.2, abs=0.5)


def test_a_linear_evidence_is_the_integral_over_the_priors():
    random = np.random.default_rng(2)
    design = np.stack([np.ones(9), np.linspace(-1, 1, 9)], axis=1)
    errors = np.full(9, 0.3)
    values = design @ np.array([0.4, -0.2]) + errors * random.standard_normal(9)
    priors = (Normal(0.2, 0.5), Uniform(-0.5, 1.5))
    found = log_evidence(linear_fit(design, values, errors**2), priors)
    a = np.linspace(-3, 3, 801)[:, None]
    b = np.linspace(-0.5, 1.5, 801)[None, :]
    left = values - a[..., None] * design[:, 0] - b[..., None] * design[:, 1]
    density = np.exp(-0.5 * ((left / errors) ** 2 + np.log(2 * np.pi * errors**2)).sum(axis=2))
    density = density * np.exp(-0.5 * ((a - 0.2) / 0.5) ** 2) / np.sqrt(2 * np.pi) / 0.5 / 2
    slow = np.log(np.trapezoid(np.trapezoid(density, b[0], axis=1), a[:, 0]))
    # One wall cuts a little of a correlated Gaussian; the closed form takes the parameters one at a time.
    assert found == pytest.approx(slow, abs=2e-3)


def test_the_evidence_of_precession_is_the_integral_over_the_priors():
    random = np.random.default_rng(4)
    epochs = np.sort(random.choice(600, 40, replace=False)).astype(float)
    table = TimingTable(2455000.0 + 1.1 * epochs + 3e-4 * random.standard_normal(40), np.full(40, 3e-4), period=1.1)
    priors = {"reference": Normal(2455000.0, 0.01), "period": Normal(1.1, 1e-4)}
    polar = {"eccentricity": Uniform(0, 0.001), "rate": Uniform(0.2, 0.6)}
    found = evidence(table, "precession", priors | polar, rates=400)
    events = timing.count_events(table, reference=2455000.0, period=1.1)
    level = []
    for _ in range(3000):
        e, w, rate = 0.001 * random.random(), 2 * np.pi * random.random(), 0.2 + 0.4 * random.random()
        design = design_of(events, "precession", rate)
        moved = events.with_offsets(events.offsets - design[:, 2:] @ (e * np.array([np.cos(w), np.sin(w)])))
        fitted = linear_fit(design[:, :2], moved.offsets, events.errors**2)
        level.append(log_evidence(fitted, (Normal(0, 0.01), Normal(0, 1e-4))))
    top = max(level)
    weights = np.exp(np.array(level) - top)
    error = weights.std() / weights.mean() / np.sqrt(len(weights))
    assert found == pytest.approx(top + np.log(weights.mean()), abs=4 * error)


@pytest.mark.parametrize("degrees_a_day", [0.02, 0.0573, 0.3])
def test_the_published_formula_is_the_likelihood_that_its_other_codes_sample(wasp12, degrees_a_day):
    # Written out in e, w and radians an orbit there, linear in e cos w and e sin w here.
    log_likelihood, _ = likelihood("precession")
    events = timing.count_events(wasp12, reference=2456305.4555, period=1.09142)
    found = fits_at(events, "precession", np.array([degrees_a_day]), events.errors**2, anomalistic_half=True)
    reference, period, e_cos_w, e_sin_w = found.coefficients[0]
    turn = np.radians(degrees_a_day) * events.period
    point = np.array([reference, period, np.hypot(e_cos_w, e_sin_w), np.arctan2(e_sin_w, e_cos_w), turn])
    assert log_likelihood(point) == pytest.approx(found.log_likelihood[0], abs=0.02)
    exact = fits_at(events, "precession", np.array([degrees_a_day]), events.errors**2)
    assert abs(exact.log_likelihood[0] - found.log_likelihood[0]) > 0.05


def test_the_evidence_of_precession_on_wasp_12_is_that_of_a_sum_over_a_grid(wasp12):
    # -116.611 by brute force over e, w and rate (benchmarks/orbit_evidence.py), without the errors' constant.
    norm = 0.5 * np.log(2 * np.pi * wasp12.errors**2).sum()
    found = evidence(wasp12, "precession", orbdot_priors("precession"), published_formula=True)
    assert found + norm == pytest.approx(-116.611, abs=0.002)


def test_evidence_with_jitter_takes_errors_as_they_are_or_widens_them(wasp43):
    priors = {
        "reference": Normal(2456917.4688, 0.01),
        "period": Normal(0.813474, 1e-5),
        "period_change": Uniform(-1e-8, 1e-8),
    }
    raw = evidence(wasp43, "decay", priors)
    assert evidence(wasp43, "decay", priors | {"jitter": LogUniform(1e-9, 2e-9)}) == pytest.approx(raw, abs=0.01)
    assert evidence(wasp43, "decay", priors | {"jitter": LogUniform(1e-6, 1e-3)}) > raw + 10


def test_belief_in_a_rate_is_the_sum_over_jitters_of_what_each_alone_would_say(wasp43):
    events = timing.count_events(wasp43)
    scan = timing.precession_scan(events, oversample=2)
    belief = scan.posterior()
    widths = plausible_jitters(design_of(events, "decay+precession", scan.rate), events.offsets, events.errors)
    level, mean, variance = (np.empty((len(widths), len(scan.rates))) for _ in range(3))
    for k, width in enumerate(widths):
        variances = events.errors**2 + width**2
        # Reference, period and its change are integrated out; what e cos w and e sin w may be grows with the errors.
        volume = (
            0.5 * np.linalg.slogdet(linear_fit(design_of(events, "decay"), events.offsets, variances).covariance)[1]
        )
        for r, rate in enumerate(scan.rates):
            fitted = linear_fit(design_of(events, "decay+precession", rate), events.offsets, variances)
            level[k, r] = fitted.log_likelihood + volume
            mean[k, r], variance[k, r] = fitted.coefficients[2], fitted.covariance[2, 2]
    weights = np.exp(level - level.max())
    assert belief.weights == pytest.approx(weights.sum(axis=0) / weights.sum(), abs=1e-6)
    share = weights / weights.sum(axis=0)
    first, second = (share * mean).sum(axis=0), (share * (variance + mean**2)).sum(axis=0)
    unit = ms_a_year(1.0, events.period)
    assert belief.decay_means == pytest.approx(unit * first, rel=1e-5)
    assert belief.decay_errors == pytest.approx(unit * np.sqrt(second - first**2), rel=1e-5)


def test_wasp_43_b_hangs_on_the_clipping(wasp43):
    whole = timing.fit(wasp43, "decay")
    part = timing.fit(wasp43.keep(timing.clipped(wasp43, by="scatter")), "decay")
    assert whole.decay_rate == pytest.approx(-0.55, abs=0.05)
    assert part.decay_rate == pytest.approx(-1.53, abs=0.05)
    assert 0.45 <= part.decay_error <= 0.52


def test_the_published_rate_of_precession_is_in_the_public_transits(wasp43):
    scan = timing.precession_scan(wasp43)
    assert scan.rate == pytest.approx(0.1727, abs=0.01)
    assert scan.false_alarm(500, seed=1) < 0.01
    belief = scan.posterior()
    assert belief.rate_quantile(0.16) < 0.1727 < belief.rate_quantile(0.9)
    assert belief.weights.sum() == pytest.approx(1)


def test_the_gain_of_the_scan_is_the_fall_of_chi_squared(wasp43):
    scan = timing.precession_scan(wasp43, 0.1, 0.3)
    events, k = scan.events, 7
    with_it = linear_fit(design_of(events, "decay+precession", scan.rates[k]), events.offsets, scan.variances)
    without = linear_fit(design_of(events, "decay"), events.offsets, scan.variances)
    assert scan.gains[k] == pytest.approx(without.chi_squared - with_it.chi_squared, rel=1e-6)
    assert scan.fits.log_likelihood[k] == pytest.approx(with_it.log_likelihood, abs=1e-6)


def test_aliases_hold_the_highest_peak_and_nights_split_the_first_two(wasp43):
    scan = timing.precession_scan(wasp43, 0.02, 1.0)
    aliases = timing.find_aliases(scan)
    assert aliases[0].relation == "highest"
    assert aliases[0].echo == pytest.approx(aliases[0].gain, rel=1e-6)
    nights = timing.splitting_nights(scan, 2460600.0, 2461300.0)
    assert np.all(np.diff([night.sigmas for night in nights]) <= 0)
    assert all(2460599 < night.time < 2461301 for night in nights)


def test_injected_times_scatter_by_errors_and_jitter_about_the_orbit(wasp43):
    events = timing.count_events(wasp43)
    plain = timing.inject(events, decay=-2.0, seed=1)
    wide = timing.inject(events, decay=-2.0, jitter=60.0, seed=1)
    parabola = 0.5 * (-2.0 / ms_a_year(1.0, events.period)) * events.orbits**2
    drawn = (plain.offsets - parabola) / events.errors
    assert np.std(drawn) == pytest.approx(1.0, abs=0.15)
    # The same draws, of another width.
    assert wide.offsets - parabola == pytest.approx(drawn * np.hypot(events.errors, 60 / 86_400), abs=1e-9)


def test_intervals_of_injected_orbits_hold_the_truth_and_nulls_are_even(wasp43):
    events = timing.count_events(wasp43)
    found = timing.coverage(events, decay=-1.99, rate=0.1727, eccentricity=2e-3, jitter=3.0, sets=24, seed=3)
    assert np.median(found.rates) == pytest.approx(0.1727, abs=0.002)
    assert np.median(found.decays) == pytest.approx(-1.99, abs=0.3)
    assert 0.4 <= found.of_rate <= 0.95
    assert 0.4 <= found.of_decay <= 0.95
    alarms = null_alarms(events, jitter=6.0, sets=30, simulations=300, seed=5)
    assert 0.3 < alarms.mean() < 0.7


def test_jitter_is_found_for_all_and_for_each_source():
    random = np.random.default_rng(6)
    epochs = np.arange(300.0)
    errors = np.full(300, 10 / 86_400)
    sources = ["quiet"] * 150 + ["loud"] * 147 + ["rare"] * 3
    extra = np.where(np.array(sources) == "loud", 60 / 86_400, 0.0)
    times = 2455000.0 + 1.3 * epochs + np.hypot(errors, extra) * random.standard_normal(300)
    table = TimingTable(times, errors, sources=sources)
    events = timing.count_events(table)
    found = fit_with_jitter(design_of(events, "decay"), events.offsets, events.errors, events.sources, "per source")
    assert found.jitter["loud"] * 86_400 == pytest.approx(60, rel=0.2)
    assert found.jitter["quiet"] * 86_400 < 6
    one = timing.fit(table, "decay", jitter="one")
    assert 30 < one.jitter["all"] * 86_400 < 60
    assert one.log_likelihood < found.fit.log_likelihood


def test_a_fitted_orbit_foretells_the_times_it_was_fitted_to(wasp43):
    found = timing.fit(wasp43, "decay+precession")
    events = found.events
    foretold = found.predict(events.orbits - 0.5 * events.is_occultation, events.is_occultation)
    measured = events.reference + events.period * events.orbits + events.offsets
    assert np.abs(measured - foretold - found.residuals).max() * 86_400 < 0.05


def test_the_card_settles_wasp_12_and_not_wasp_43(wasp12):
    settled = timing.robustness(wasp12, {"all": wasp12}, jitters=("none", "one"))
    assert settled.is_settled
    assert settled.choices[0].verdict == "decays"
    open_ = timing.robustness(sample_timing("wasp-43"), jitters=("none", "one"))
    assert not open_.is_settled
    assert "hangs on the choice" in open_.sentence


def test_a_magnetic_cycle_moves_the_period_by_nine_times_its_share_of_the_quadrupole():
    bodies = tides.Bodies(1.0, 1.0, 1.0, 1.0, period=4.0)
    moment = 1.989e30 * bodies.semi_major_axis**2
    # Applegate (1992): dP / P = 9 dQ / (M a^2), and times that swing by A over a cycle have dP / P = 2 pi A / cycle.
    share = 9 * tides.applegate_quadrupole(30.0, 10.0, bodies) / moment
    assert share == pytest.approx(2 * np.pi * 30.0 / (10.0 * 365.25 * 86_400), rel=1e-3)
    with pytest.raises(InputError, match="cycle"):
        tides.applegate_quadrupole(30.0, 0.0, bodies)


def test_velocities_within_half_a_transit_of_its_middle_are_left_out():
    times = 2455000.0 + np.array([0.0, 0.04, 0.06, 0.5, 0.95, 0.97, 1.0])
    table = VelocityTable(times, np.zeros(7), np.ones(7), tuple("abcdefg"))
    assert table.outside_transit(2455000.0, 1.0, 0.1).instruments == ("c", "d")
    assert table.outside_transit(2455007.0, 1.0, 0.09).instruments == ("c", "d", "e")


def test_one_stray_time_does_not_cost_a_planet_its_place(wasp12):
    astray = replace(wasp12, times=np.r_[wasp12.times[:-1], wasp12.times[-1] + 0.4])
    with pytest.raises(InputError, match="1 times lie more than"):
        timing.count_events(astray)
    (one,), left = timing.rank({"a": astray})
    assert left == {}
    assert one.reading == "decays"
    assert one.events + one.clipped == 158
    _, left = timing.rank({"a": astray}, clip=False)
    assert "1 times lie more than" in left["a"]


def test_a_ranking_puts_the_surest_first(wasp12, wasp43):
    ranked, left = timing.rank({"b": wasp43, "a": wasp12, "c": wasp43.keep(np.arange(4))})
    assert [one.system for one in ranked] == ["a", "b"]
    assert ranked[0].reading == "decays"
    assert "at least 6" in left["c"]


def test_tides_turn_rates_into_quality_and_refuse_an_impossible_love_number():
    factor = tides.quality_factor(-1.99, error=0.1, mass_ratio=2.708e-3, star_over_axis=1 / 4.92, period=0.8134741)
    assert factor.value == pytest.approx(6.3e5, rel=0.02)
    assert factor.decay_time == pytest.approx(35, rel=0.02)
    assert np.isnan(tides.quality_factor(0.5, error=1, mass_ratio=1e-3, star_over_axis=0.2, period=1.0).value)
    bodies = tides.Bodies(0.717, 0.667, 2.034, 1.036, 0.8134741)
    assert tides.relativistic_rate(bodies) == pytest.approx(6.2e-4, rel=0.02)
    assert tides.tidal_rate(bodies) == pytest.approx(0.0441, rel=0.02)
    love = tides.love_number(0.1727, bodies, error=0.0086)
    assert not love.is_physical
    assert love.needed > 1.5
    assert "no Love number" in love.sentence
    assert tides.love_number(0.02, bodies, error=0.002).is_physical
    assert tides.doppler_rate(-0.0422, 1.3382) == pytest.approx(-5.9, abs=0.1)
    # Jupiter moves the Sun by 12.5 m/s in 4,333 days.
    assert tides.companion_mass(12.5, 4332.6, 1.0) == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize(
    ("work", "part"),
    [
        (lambda t: timing.fit(t, "wobble"), "wobble"),
        (lambda t: timing.fit(t, jitter="some"), "some"),
        (lambda t: timing.fit(t.keep(np.arange(4)), "decay"), "at least"),
        (lambda t: timing.precession_scan(t, 0.5, 0.1), "low < high"),
        (lambda t: timing.precession_scan(t).false_alarm(0), "at least 1"),
        (lambda t: timing.clipped(t, limit=0.5), "above 1"),
        (lambda t: timing.clipped(t, by="hand"), "hand"),
        (lambda t: timing.compare(t, []), "expected some of"),
        (lambda t: evidence(t, "decay", {"reference": Normal(0, 1)}), "missing"),
        (lambda t: timing.robustness(t, clips=("much",)), "much"),
        (lambda t: timing.joint(t, None, "acceleration"), "without velocities"),
        (lambda t: timing.joint(t, None, "decay+wind"), "wind"),
        (lambda t: tides.quality_factor(np.nan, mass_ratio=1, star_over_axis=1, period=1), "finite"),
        (lambda t: tides.Bodies(0, 1, 1, 1, 1), "star_mass"),
    ],
)
def test_what_cannot_be_done_is_one_line(wasp43, work, part):
    with pytest.raises((InputError, UnknownNameError)) as error:
        work(wasp43)
    assert part in str(error.value)
    assert "\n" not in str(error.value)
