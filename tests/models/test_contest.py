"""The contest: who wins, by what rule, and what may be believed afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from inscape.app.samples import lorenz, lynx_hare, sunspots
from inscape.errors import InputError
from inscape.models import DMD, registry
from inscape.models.contest import Contest, hold_contest
from inscape.models.held_out import TimeSplit, windows
from inscape.models.registry import register
from inscape.models.scores import are_equal, beats, score_of, standard_error
from inscape.models.verdict import judge
from inscape.trajectories import Trajectories, Trajectory, as_trajectories

LORENZ_SUPPORT = {"x": {"x", "y"}, "y": {"x", "y", "x*z"}, "z": {"z", "x*y"}}


def support(contest: Contest) -> dict[str, set[str]]:
    from inscape.app.equations import coefficients

    return {state: set(terms) for state, terms in coefficients(contest.model).items()}


@pytest.fixture(scope="module")
def clean() -> Contest:
    return hold_contest(lorenz(samples=2_000), laws=["sindy", "dmd"], jobs=1)


@pytest.fixture(scope="module")
def noisy() -> Contest:
    return hold_contest(lorenz(noise=0.01, samples=3_000), laws=["sindy", "dmd"], jobs=1)


def test_the_lorenz_law_is_found_with_its_support_and_coefficients(clean: Contest) -> None:
    from inscape.app.equations import coefficients

    assert support(clean) == LORENZ_SUPPORT
    assert coefficients(clean.model)["y"]["x"] == pytest.approx(28.0, abs=1e-6)
    verdict = judge(clean)
    assert verdict.kind == "law"
    assert verdict.headline.startswith("Law found")


def test_the_lorenz_law_is_found_under_one_percent_noise(noisy: Contest) -> None:
    assert support(noisy) == LORENZ_SUPPORT
    assert judge(noisy).kind == "law"


def test_every_term_of_a_sure_law_comes_back_when_the_recording_is_resampled(noisy: Contest) -> None:
    kept = [term for term in judge(noisy).inclusion if term.is_in_law]
    assert len(kept) == 7
    assert all(term.probability >= 0.9 for term in kept)
    assert all(term.low <= term.coefficient <= term.high for term in kept)


def test_an_estimated_start_forecasts_better_than_one_noisy_sample(noisy: Contest) -> None:
    errors = {e.name: e.held_out.mean for e in noisy.entries if e.held_out is not None}
    assert noisy.winner.name.startswith("sparse")
    assert errors[noisy.winner.name] < 0.8 * errors["sparse quadratic law (SINDy)"]


@pytest.mark.parametrize("seed", range(3))
def test_white_noise_has_no_law(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=(400, 2))
    contest = hold_contest(noise, dt=1.0, laws=["dmd", "sindy"], jobs=1)
    assert not contest.beats_reference
    verdict = judge(contest)
    assert verdict.kind == "none"
    assert verdict.headline.startswith("No law is shown to beat the mean")


def test_lynx_and_hare_do_not_single_out_a_law() -> None:
    verdict = judge(hold_contest(lynx_hare(), jobs=1))
    assert verdict.kind == "undecided"
    assert verdict.headline.startswith("21 samples do not single out a law")


def test_one_variable_is_forecast_from_its_own_past() -> None:
    contest = hold_contest(sunspots(), jobs=1)
    assert contest.winner.held_out is not None
    assert contest.winner.held_out.mean < 0.75  # the mean errs by about 1
    assert contest.winner.model is not None
    assert contest.winner.model.past > 1


def test_a_turning_wheel_is_a_linear_law() -> None:
    t = np.arange(600) * 0.1
    contest = hold_contest(np.stack([np.sin(t), np.cos(t)], axis=1), dt=0.1, laws=["dmd", "sindy"], jobs=1)
    assert judge(contest).kind == "law"
    assert contest.winner.terms <= 4


def test_the_same_seed_gives_the_same_contest() -> None:
    run = lorenz(noise=0.02, samples=1_000)
    one, two = (hold_contest(run, laws=["sindy", "dmd"], jobs=1, seed=3) for _ in range(2))
    assert [e.name for e in one.entries] == [e.name for e in two.entries]
    assert np.array_equal(one.forecast.states, two.forecast.states)


def test_the_choice_never_sees_the_test_part() -> None:
    run = lorenz(noise=0.01, samples=1_500)
    spoiled_states = np.array(run.states)
    start, stop = TimeSplit.of(as_trajectories(run)).span(0, "test")
    spoiled_states[start:stop] = np.random.default_rng(0).normal(size=(stop - start, 3)) * 1_000
    one = hold_contest(run, laws=["sindy", "dmd"], jobs=1, horizon=20)
    two = hold_contest(run.replace(states=spoiled_states), laws=["sindy", "dmd"], jobs=1, horizon=20)
    assert one.winner.name == two.winner.name
    assert np.array_equal(one.bands.half_widths, two.bands.half_widths)
    assert [e.selection.mean for e in one.entries if e.selection] == [
        e.selection.mean for e in two.entries if e.selection
    ]


@pytest.fixture
def broken_law() -> Iterator[None]:
    registry.families()
    before = dict(registry._REGISTERED)

    class Broken(DMD):
        def _learn(self, runs: Trajectories) -> None:
            raise ZeroDivisionError("the law broke\nin two lines")

    @register("broken")
    def broken(trajectories: Trajectories) -> list[tuple[str, DMD]]:
        return [("broken law", Broken())]

    yield
    registry._REGISTERED.clear()
    registry._REGISTERED.update(before)


@pytest.mark.usefixtures("broken_law")
def test_a_law_that_breaks_is_shown_with_its_reason_and_takes_nothing_with_it() -> None:
    contest = hold_contest(lorenz(samples=400), laws=["broken", "dmd"], jobs=1)
    failed = next(e for e in contest.entries if e.family == "broken")
    assert failed.failure == "ZeroDivisionError: the law broke in two lines"
    assert contest.winner.family != "broken"
    assert contest.leaderboard[-1] is failed


def test_missing_samples_do_not_stop_the_contest() -> None:
    run = lorenz(samples=1_200)
    states = np.array(run.states)
    states[np.random.default_rng(0).random(len(states)) < 0.02] = np.nan
    contest = hold_contest(run.replace(states=states), laws=["dmd", "sindy"], jobs=1)
    assert contest.winner.held_out is not None
    assert np.isfinite(contest.winner.held_out.mean)


def test_a_driven_recording_is_forecast_with_its_inputs() -> None:
    rng = np.random.default_rng(0)
    u = np.repeat(rng.normal(size=100), 8)
    x = np.zeros(801)
    for k in range(800):
        x[k + 1] = 0.9 * x[k] + 0.5 * u[k]
    run = Trajectory(np.arange(800.0), x[:800], inputs=u, input_names=("push",))
    contest = hold_contest(run, laws=["dmd", "sindy"], jobs=1)
    assert contest.winner.held_out is not None
    assert contest.winner.held_out.mean < 1e-3
    assert contest.beats_reference


def test_many_runs_are_each_split_in_time() -> None:
    runs = Trajectories([lorenz(samples=500), lorenz(samples=300)])
    split = TimeSplit.of(runs)
    assert [cut[-1] for cut in split.cuts] == [500, 300]
    for run, origin in split.origins("test", 10, 40):
        start, stop = split.span(run, "test")
        assert start <= origin
        assert origin + 10 <= stop


def test_windows_show_the_past_and_nothing_else() -> None:
    runs = as_trajectories(np.arange(200.0)[:, None], dt=1.0)
    for window in windows(runs, TimeSplit.of(runs), "test", 5, 10):
        assert window.history.times[-1] < window.future.times[0]
        assert len(window.future) == 5


@pytest.mark.parametrize("samples", [1, 3, 7])
def test_a_recording_that_cannot_be_split_is_refused(samples: int) -> None:
    with pytest.raises(InputError, match="at least 8"):
        hold_contest(np.arange(float(samples)), dt=1.0)


@pytest.mark.parametrize("horizon", [0, -3, 2.5, True])
def test_a_horizon_that_is_no_number_of_samples_is_refused(horizon: object) -> None:
    with pytest.raises(InputError, match="horizon"):
        hold_contest(np.random.default_rng(0).normal(size=50), dt=1.0, horizon=horizon)  # type: ignore[arg-type]


def test_overlapping_forecasts_do_not_pass_for_independent_ones() -> None:
    rng = np.random.default_rng(0)
    means, claimed = [], []
    for _ in range(200):
        each = np.convolve(rng.normal(size=120), np.ones(8) / 8, mode="valid")
        means.append(each.mean())
        claimed.append(standard_error(each))
    # The naive error is about a third of the true one here.
    assert np.std(means) == pytest.approx(np.median(claimed), rel=0.3)


def test_a_paired_difference_is_seen_where_single_errors_drown_it() -> None:
    rng = np.random.default_rng(0)
    hard = rng.exponential(size=(40, 1, 1))
    one, other = score_of(hard, np.ones(1)), score_of(hard + 0.05, np.ones(1))
    assert beats(one, other)
    assert not beats(other, one)
    assert are_equal(one, other)


def test_two_forecasts_prove_nothing() -> None:
    good, bad = score_of(np.zeros((2, 1, 1)), np.ones(1)), score_of(np.ones((2, 1, 1)), np.ones(1))
    assert not beats(good, bad)


def test_a_forecast_that_broke_down_counts_as_worthless_and_not_as_infinite() -> None:
    errors = np.full((5, 4, 2), np.inf)
    assert score_of(errors, np.ones(2)).mean == 3.0


def monomials_of(system: object) -> dict[str, set[str]]:
    """The true support: the monomials of each right-hand side whose coefficient is not zero."""
    import sympy

    definition = system.definition  # type: ignore[attr-defined]
    values = dict(zip(definition.parameter_symbols, definition.parameters.values(), strict=True))
    found = {}
    for name, side in zip(definition.state_names, definition.expressions, strict=True):
        terms = sympy.Add.make_args(sympy.expand(side.xreplace({s: sympy.Float(v) for s, v in values.items()})))
        parted = (term.as_coeff_Mul() for term in terms)
        found[name] = {str(monomial) for coefficient, monomial in parted if abs(float(coefficient)) > 1e-12}
    return found


@pytest.mark.slow
def test_at_least_17_of_20_clean_polynomial_systems_give_their_true_support() -> None:
    from inscape.systems import zoo

    known = [zoo.card(name) for name in zoo.search(kind="flow", polynomial=True, smooth=True)]
    chosen = [c for c in known if (c.polynomial_degree or 9) <= 3 and c.dimension <= 4 and not c.is_forced][:20]
    right = []
    for card in chosen:
        system = zoo[card.name]
        assert system.period is not None
        run = system.simulate(periods=20, per_period=100, transient=20 * system.period)
        contest = hold_contest(run, laws=["sindy"], jobs=1)
        if support(contest) == monomials_of(system):
            right.append(card.name)
    assert len(right) >= 17, sorted({c.name for c in chosen} - set(right))


def test_a_law_that_errs_a_millionth_of_the_last_season_is_preferred_to_it() -> None:
    """A periodic recording without noise: the last season errs by less than what counts as a difference elsewhere."""
    from scipy.integrate import solve_ivp

    times = np.linspace(0, 60, 1_500)
    orbit = solve_ivp(
        lambda _, s: [s[0] - 0.5 * s[0] * s[1], -0.8 * s[1] + 0.3 * s[0] * s[1]],
        (0, 60), [2.0, 1.0], t_eval=times, rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    contest = hold_contest(Trajectory(times, orbit.y.T), laws=["sindy"], jobs=1)
    assert contest.reference.errors.mean < 0.005
    assert contest.beats_reference
    assert judge(contest).kind == "law"


def test_traces_of_other_terms_do_not_cast_doubt_on_a_driven_law() -> None:
    """Inputs are drawn straight between samples, which leaves coefficients of 1e-8 where none belong."""
    from scipy.integrate import solve_ivp

    times = np.linspace(0, 100, 2_000)
    orbit = solve_ivp(
        lambda t, s: [s[1], -0.3 * s[1] + s[0] - s[0] ** 3 + 0.5 * np.cos(1.2 * t)],
        (0, 100), [1.0, 0.0], t_eval=times, rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    run = Trajectory(times, orbit.y.T, state_names=("x", "v"), inputs=np.cos(1.2 * times)[:, None], input_names=("u",))
    contest = hold_contest(run, laws=["sindy"], jobs=1)
    verdict = judge(contest)
    assert verdict.kind == "law"
    assert support(contest) == {"x": {"v"}, "v": {"x", "v", "u", "x**3"}}
