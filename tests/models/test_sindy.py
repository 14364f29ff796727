"""Sparse laws: what is put into a system comes out of its trajectories."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from inscape.errors import InputError, UnknownNameError
from inscape.models import SINDy, dictionary
from inscape.models.weak import bump_and_slope, noise_level, weak_rows
from inscape.systems import Flow, zoo
from inscape.trajectories import Trajectories, Trajectory

ZOO_SAMPLE = (
    *("Aizawa", "Arneodo", "Bouali", "Chen", "ChenLee", "Coullet", "Finance", "GenesioTesi", "Halvorsen"),
    *("HindmarshRose", "Lorenz", "Lorenz84", "NoseHoover", "Rossler", "Rucklidge", "SprottA", "SprottTorus"),
    *("WangSun", "IsothermalChemical", "VallisElNino"),
)


def true_support(system):
    """Exponents of the monomials in each right-hand side, after expansion at the system's own parameters."""
    numbers = dict(zip(system.definition.parameter_symbols, system.parameter_values, strict=True))
    supports = []
    for expression in system.definition.expressions:
        poly = sympy.Poly(sympy.expand(expression.subs(numbers)), *system.definition.states)
        supports.append({m for m, c in poly.terms() if abs(float(c)) > 1e-12})
    return supports


def found_support(model):
    return [{tuple(map(int, model.terms_.powers[i])) for i in np.flatnonzero(row)} for row in model.coef_]


def clean_run(name, periods=20):
    system = zoo[name]
    return system, system.simulate(periods=periods, per_period=100, transient=5 * system.period)


def with_noise(run, share, seed=0):
    noise = np.random.default_rng(seed).normal(size=run.states.shape)
    return run.replace(states=run.states + share * run.states.std(axis=0) * noise)


@pytest.fixture(scope="module")
def lorenz():
    return clean_run("Lorenz")[1]


LORENZ = {"x": {"x": -10.0, "y": 10.0}, "y": {"x": 28.0, "y": -1.0, "x*z": -1.0}, "z": {"z": -2.667, "x*y": 1.0}}


def as_tables(model):
    return {
        state: {model.terms_.names[i]: row[i] for i in np.flatnonzero(row)}
        for state, row in zip(model.state_names_, model.coef_, strict=True)
    }


def assert_is_lorenz(model, tolerance):
    found = as_tables(model)
    assert {k: set(v) for k, v in found.items()} == {k: set(v) for k, v in LORENZ.items()}
    for state, row in LORENZ.items():
        for term, value in row.items():
            assert found[state][term] == pytest.approx(value, abs=tolerance * abs(value))


# --- without tuning -------------------------------------------------------------------------------------------------


def test_a_clean_lorenz_run_gives_its_law_to_ten_digits(lorenz):
    model = SINDy().fit(lorenz)
    assert_is_lorenz(model, 1e-10)
    assert model.method_ == "shooting"


@pytest.mark.parametrize("seed", range(3))
def test_one_per_cent_of_noise_leaves_the_lorenz_support_true(lorenz, seed):
    model = SINDy().fit(with_noise(lorenz, 0.01, seed))
    assert_is_lorenz(model, 0.05)
    assert model.method_ == "weak"


def test_untuned_supports_are_exact_on_at_least_17_of_20_clean_zoo_systems():
    exact = [name for name in ZOO_SAMPLE if found_support(SINDy().fit(clean_run(name)[1])) == true_support(zoo[name])]
    assert len(exact) >= 17, sorted(set(ZOO_SAMPLE) - set(exact))


@pytest.mark.slow
def test_untuned_supports_are_exact_on_at_least_70_polynomial_zoo_systems():
    exact, wrong = [], []
    for name in zoo.search(kind="flow", polynomial=True):
        system, run = clean_run(name)
        if not system.is_smooth or not system.definition.is_autonomous:
            continue
        same = found_support(SINDy().fit(run)) == true_support(system)
        (exact if same else wrong).append(name)
    assert len(exact) >= 70, wrong


def test_float32_recordings_are_clean_enough(lorenz):
    assert_is_lorenz(SINDy().fit(lorenz.replace(states=lorenz.states.astype(np.float32))), 1e-4)


@pytest.mark.parametrize("per_period", [25, 400])
def test_other_sampling_rates_need_no_tuning_either(per_period):
    system = zoo["Rossler"]
    run = system.simulate(periods=20, per_period=per_period, transient=5 * system.period)
    assert found_support(SINDy().fit(run)) == true_support(system)
    assert found_support(SINDy().fit(with_noise(run, 0.005))) == true_support(system)


def test_units_do_not_matter(lorenz):
    scale = np.array([1e-4, 1.0, 1e5])
    stretched = Trajectory(lorenz.times * 1e3, lorenz.states * scale, state_names=lorenz.state_names)
    model = SINDy().fit(stretched)
    plain = SINDy().fit(lorenz)
    assert np.array_equal(model.coef_ != 0, plain.coef_ != 0)
    factors = scale[:, None] / 1e3 / np.prod(scale**model.terms_.powers, axis=1)
    np.testing.assert_allclose(model.coef_, plain.coef_ * factors, rtol=1e-7)


def test_the_order_of_state_variables_does_not_matter(lorenz):
    assert as_tables(SINDy().fit(lorenz.select(["z", "x", "y"]))) == pytest.approx(
        {"z": pytest.approx(LORENZ["z"]), "x": pytest.approx(LORENZ["x"]), "y": pytest.approx(LORENZ["y"])}
    )


def test_several_short_runs_are_as_good_as_one_long_run():
    runs = zoo["Lorenz"].simulate(runs=8, periods=3, per_period=100)
    assert_is_lorenz(SINDy().fit(runs), 1e-8)


def test_missing_samples_are_left_out(lorenz):
    states = lorenz.states.copy()
    states[100:110, 1] = np.nan
    states[1500] = np.nan
    assert_is_lorenz(SINDy().fit(lorenz.replace(states=states)), 1e-8)


def test_a_driven_pendulum_is_learned_with_its_input():
    @Flow
    def pendulum(angle, rate, *, damping=0.2, torque):
        from inscape.systems.symbols import sin

        return rate, -sin(angle) - damping * rate + torque

    times = np.linspace(0, 60, 3001)
    drive = (0.8 * np.sin(0.7 * times) + 0.3 * np.sin(1.9 * times))[:, None]
    run = pendulum.simulate([0.5, 0.0], times, drive)
    library = dictionary.polynomial(1) + dictionary.trigonometric(["angle"]) + dictionary.user("torque^2")
    model = SINDy(library).fit(run)
    assert as_tables(model)["rate"] == pytest.approx({"sin(angle)": -1, "rate": -0.2, "torque": 1}, abs=1e-4)
    forecast = model.forecast(run[:2000], 500, inputs=run.inputs[2000:2500])
    assert np.abs(forecast.states - run.states[2000:2500]).max() < 1e-3


def test_the_henon_map_is_learned_in_discrete_time():
    x = np.zeros((300, 2))
    for k in range(299):
        x[k + 1] = 1 - 1.4 * x[k, 0] ** 2 + x[k, 1], 0.3 * x[k, 0]
    model = SINDy(time="discrete").fit(x, dt=1.0)
    assert model.equations() == ("x0[k+1] = 1 + x1 - 1.4 x0**2", "x1[k+1] = 0.3 x0")
    np.testing.assert_allclose(model.law.rhs(x[:-1]), x[1:], atol=1e-10)
    np.testing.assert_allclose(model.forecast(x[:200], 5).states, x[200:205], atol=1e-8)


# --- tuned by hand --------------------------------------------------------------------------------------------------


def test_given_thresholds_find_lorenz_too(lorenz):
    model = SINDy(dictionary.polynomial(2), threshold=0.1).fit(lorenz)
    assert_is_lorenz(model, 1e-4)
    assert model.complexity == 7
    assert model.equations()[0] == "x' = -10 x + 10 y"


def test_given_rates_are_used_as_they_are(lorenz):
    rates = zoo["Lorenz"].rhs(lorenz.states)
    model = SINDy(dictionary.polynomial(3), threshold=0.1, alpha=0.0).fit(lorenz, derivatives=rates)
    assert_is_lorenz(model, 1e-9)
    with pytest.raises(InputError, match="derivatives"):
        SINDy().fit(lorenz, derivatives=rates[:-1])


def test_a_fit_through_the_estimator_equals_pysindy(lorenz):
    import pysindy

    rates = zoo["Lorenz"].rhs(lorenz.states)
    theirs = pysindy.SINDy(
        optimizer=pysindy.STLSQ(threshold=0.2, alpha=1e-3), feature_library=pysindy.PolynomialLibrary(3)
    ).fit(lorenz.states, t=lorenz.dt, x_dot=rates)
    ours = SINDy(dictionary.polynomial(3), threshold=0.2, alpha=1e-3).fit(lorenz, derivatives=rates)
    np.testing.assert_allclose(ours.coef_, theirs.coefficients(), atol=1e-9)


def test_lynx_and_hare_include_the_lotka_volterra_terms_and_no_others(shared_data):
    table = np.loadtxt(shared_data / "25-sindy-rl" / "lynx_hare_1900_1920.csv", delimiter=",", skiprows=1)
    counts = table[:, 1:] / table[:, 1:].std(axis=0)
    run = Trajectory(table[:, 0], counts, state_names=("hare", "lynx"))
    differences = {"derivative": "finite", "derivative_options": {"order": 2}}
    model = SINDy(dictionary.polynomial(2), threshold=0.19, ensemble=1000, bootstrap="rows", **differences).fit(run)
    names = model.terms_.names
    wanted = {("hare", "hare"), ("hare", "hare*lynx"), ("lynx", "lynx"), ("lynx", "hare*lynx")}
    for state, row in zip(model.state_names_, model.inclusion_, strict=True):
        for name, share in zip(names, row, strict=True):
            assert share >= 0.85 if (state, name) in wanted else share <= 0.40, (state, name, share)


def test_the_ensemble_is_the_same_for_the_same_seed_and_varies_off_the_data(lorenz):
    run = with_noise(lorenz, 0.01)
    one, two = (SINDy(dictionary.polynomial(2), threshold=0.2, ensemble=20, seed=4).fit(run) for _ in range(2))
    np.testing.assert_array_equal(one.coef_samples_, two.coef_samples_)
    on, off = one.variance(lorenz.states).mean(), one.variance(10 * lorenz.states).mean()
    assert off > 10 * on > 0


def test_the_aggregate_is_the_median_or_the_mean_of_the_models(lorenz):
    run = with_noise(lorenz, 0.02)
    for aggregate, function in (("median", np.median), ("mean", np.mean)):
        model = SINDy(dictionary.polynomial(2), threshold=0.2, ensemble=9, aggregate=aggregate, drop=1).fit(run)
        np.testing.assert_allclose(model.coef_, function(model.coef_samples_, axis=0))
        np.testing.assert_allclose(model.inclusion_, (model.coef_samples_ != 0).mean(axis=0))


def test_terms_of_low_inclusion_can_be_struck_out(lorenz):
    model = SINDy(dictionary.polynomial(2), threshold=0.2, ensemble=30, inclusion=0.9).fit(with_noise(lorenz, 0.02))
    assert not model.coef_[model.inclusion_ < 0.9].any()


def test_collinear_terms_are_named():
    rng = np.random.default_rng(0)
    angle, u = rng.uniform(-3, 3, 400), rng.normal(size=400)
    states = np.stack([np.cos(angle), np.sin(angle), rng.normal(size=400)], axis=1)
    run = Trajectory(np.arange(400.0), states, u, state_names=("c", "s", "v"))
    model = SINDy(dictionary.affine(2, tensor=True), threshold=1e-3, time="discrete").fit(run)
    assert ("u", "c**2*u", "s**2*u") in model.collinear_
    assert np.isfinite(model.coef_).all()


# --- the law is a system --------------------------------------------------------------------------------------------


def test_the_law_is_a_flow_that_moves_like_the_original(lorenz):
    law = SINDy().fit(lorenz).law
    times = np.linspace(0, 1, 50)
    ours = law.simulate(lorenz.states[0], times).states
    np.testing.assert_allclose(ours, zoo["Lorenz"].simulate(lorenz.states[0], times).states, atol=1e-6)
    assert law.definition.divergence == pytest.approx(-10 - 1 - 2.667)


def test_coefficients_can_be_parameters_of_the_law(lorenz):
    model = SINDy().fit(lorenz)
    law = model.system(parametric=True)
    assert len(law.parameters) == 7
    np.testing.assert_allclose(law.rhs(lorenz.states), model.law.rhs(lorenz.states), rtol=1e-12)
    changed = law.with_parameters(**{next(iter(law.parameters)): 0.0})
    assert not np.allclose(changed.rhs(lorenz.states), law.rhs(lorenz.states))


def test_prediction_is_the_right_hand_side_of_the_law(lorenz):
    model = SINDy().fit(lorenz)
    np.testing.assert_allclose(model.predict(lorenz.states), model.law.rhs(lorenz.states), rtol=1e-9)


def test_a_forecast_continues_the_history(lorenz):
    model = SINDy().fit(lorenz[:1500])
    forecast = model.forecast(lorenz[:1500], 200)
    np.testing.assert_allclose(forecast.states, lorenz.states[1500:1700], atol=1e-4)
    np.testing.assert_allclose(forecast.times, lorenz.times[1500:1700])


def test_a_law_that_escapes_gives_its_good_part_and_the_reason():
    times = np.linspace(0, 0.9, 400)
    growing = Trajectory(times, 1 / (1 - times), state_names=("x",))
    made = SINDy().fit(growing).forecast(growing, 200)
    assert len(made) == 200
    assert np.isfinite(made.states[0]).all()
    assert np.isnan(made.states[-1]).all()
    assert made.context["stopped"]


def test_many_worlds_move_as_single_ones_do_and_projection_acts_on_each_step():
    rng = np.random.default_rng(0)
    angle = 0.1 * np.arange(300)
    run = Trajectory(
        np.arange(300.0), np.stack([np.cos(angle), np.sin(angle)], axis=1) + 1e-3 * rng.normal(size=(300, 2))
    )

    def on_circle(states):
        return states / np.linalg.norm(states, axis=-1, keepdims=True)

    free = SINDy(dictionary.polynomial(1), threshold=1e-3, time="discrete").fit(run)
    held = SINDy(dictionary.polynomial(1), threshold=1e-3, time="discrete", project=on_circle).fit(run)
    start = on_circle(rng.normal(size=(6, 2)))
    together = free.simulate(start, 20)
    assert together.shape == (6, 21, 2)
    for world in range(6):
        expected = [start[world]]
        for _ in range(20):
            expected.append(free.terms_.columns(expected[-1]) @ free.coef_.T)
        np.testing.assert_allclose(together[world], expected, rtol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(held.simulate(start, 20), axis=-1), 1.0, atol=1e-12)


# --- the weak form --------------------------------------------------------------------------------------------------


def test_integration_by_parts_holds_on_the_grid():
    times = np.linspace(0, 20, 2001)
    run = Trajectory(times, np.sin(times)[:, None])
    rows = weak_rows(Trajectories([run]), dictionary.user("x").terms(["x"]), half_width=60)
    bump, _ = bump_and_slope(60, 8, run.dt)
    exact = np.convolve(np.cos(times), bump, mode="valid")[::15]
    np.testing.assert_allclose(rows.targets[:, 0], exact, atol=1e-12)


def test_white_noise_is_told_from_a_smooth_run(lorenz):
    assert (noise_level(Trajectories([lorenz])) < 1e-6).all()
    level = noise_level(Trajectories([with_noise(lorenz, 0.01)]))
    np.testing.assert_allclose(level, 0.01, rtol=0.2)


def test_the_weak_form_loses_less_to_noise_than_differences(lorenz):
    noisy = with_noise(lorenz, 0.02)
    true = SINDy().fit(lorenz)

    def miss(derivative):
        found = SINDy(dictionary.polynomial(2), threshold=0.5, alpha=0.0, derivative=derivative).fit(noisy)
        return np.abs(found.coef_ - true.coef_).max()

    assert miss("weak") < 0.5 * miss("finite")


# --- bad input ------------------------------------------------------------------------------------------------------


def test_a_threshold_above_every_coefficient_names_the_largest(lorenz):
    with pytest.raises(
        InputError, match=r"100 dropped every term; the largest coefficient is 28 \(x in the law of y\)"
    ):
        SINDy(dictionary.polynomial(2), threshold=100.0).fit(lorenz)


def test_noise_alone_has_no_law():
    with pytest.raises(InputError, match="beyond chance"):
        SINDy().fit(np.random.default_rng(0).normal(size=(500, 3)), dt=1.0)


def test_fewer_rows_than_terms_are_refused(lorenz):
    with pytest.raises(InputError, match="30 complete ones found for 35 terms"):
        SINDy(dictionary.polynomial(4), threshold=0.1).fit(lorenz[:30])


def test_a_constant_variable_is_named(lorenz):
    states = np.concatenate([lorenz.states, np.full((len(lorenz), 1), 3.0)], axis=1)
    with pytest.raises(InputError, match="still: constant"):
        SINDy().fit(Trajectory(lorenz.times, states, state_names=("x", "y", "z", "still")))


def test_a_variable_that_was_never_measured_is_named(lorenz):
    states = lorenz.states.copy()
    states[:, 1] = np.nan
    with pytest.raises(InputError, match="y holds no number"):
        SINDy().fit(lorenz.replace(states=states))


def test_uneven_times_are_refused_where_they_matter(lorenz):
    rng = np.random.default_rng(0)
    uneven = lorenz.replace(times=lorenz.times + 0.3 * lorenz.dt * rng.random(len(lorenz)))
    for options in ({"time": "discrete"}, {"derivative": "weak"}):
        with pytest.raises(InputError, match="resample"):
            SINDy(**options).fit(uneven)


def test_a_law_is_learned_from_uneven_times():
    system = zoo["Lorenz"]
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 30, 3000))
    run = system.simulate(clean_run("Lorenz", 2)[1].states[-1], times)
    assert_is_lorenz(SINDy().fit(run), 1e-6)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"time": "contiuous"}, UnknownNameError),
        ({"bootstrap": "row"}, UnknownNameError),
        ({"aggregate": "mode"}, UnknownNameError),
        ({"derivative": "finit"}, UnknownNameError),
        ({"threshold": "automatic"}, InputError),
        ({"threshold": -0.1}, InputError),
        ({"threshold": 0.1, "alpha": -1.0}, InputError),
        ({"library": "polynomial"}, InputError),
        ({"ensemble": -1}, InputError),
        ({"ensemble": 2.5}, InputError),
        ({"inclusion": 1.5}, InputError),
        ({"inclusion": None}, InputError),
        ({"threshold": None}, InputError),
        ({"threshold": float("nan")}, InputError),
        ({"aggregate": ["mean"]}, UnknownNameError),
        ({"derivative": []}, InputError),
        ({"derivative_options": 3}, InputError),
        ({"derivative": "weak", "derivative_options": {"half_width": 1}}, InputError),
    ],
)
def test_bad_parameters_are_refused(lorenz, options, kind):
    with pytest.raises(kind):
        SINDy(**options).fit(lorenz)


def test_wrong_shapes_at_prediction_are_refused(lorenz):
    model = SINDy().fit(lorenz)
    with pytest.raises(InputError, match="states"):
        model.predict(np.ones((4, 2)))
    with pytest.raises(InputError, match="inputs"):
        model.predict(np.ones((4, 3)), np.ones((4, 1)))


def test_states_whose_squares_overflow_are_refused():
    with pytest.raises(InputError, match="overflow"), np.errstate(over="ignore", invalid="ignore"):
        SINDy().fit(np.random.default_rng(0).random((60, 3)) * 1e300, dt=0.1)


def driven_map(samples=400, seed=0):
    rng = np.random.default_rng(seed)
    u, s = rng.uniform(-1, 1, (samples, 1)), np.zeros((samples, 2))
    for k in range(samples - 1):
        s[k + 1] = [
            0.8 * s[k, 0] + 0.1 * s[k, 1] + 0.3 * u[k, 0],
            0.7 * s[k, 1] - 0.1 * s[k, 0] ** 2 + 0.1 * u[k, 0] * s[k, 0],
        ]
    return Trajectory(np.arange(float(samples)), s, u)


def test_one_step_of_a_discrete_law_is_its_right_hand_side_and_is_projected():
    run = driven_map()
    law = SINDy(dictionary.affine(2, tensor=True), threshold=1e-3, alpha=1e-9, time="discrete").fit(run)
    states, inputs = run.states[:-1].reshape(3, 133, 2), run.inputs[:-1].reshape(3, 133, 1)
    np.testing.assert_allclose(law.step(states, inputs), law.sparse_law_.rhs(states, inputs), atol=1e-14)
    np.testing.assert_allclose(law.step(states, inputs).reshape(-1, 2), run.states[1:], atol=1e-9)
    np.testing.assert_allclose(law.step(run.states[5], run.inputs[5]), run.states[6], atol=1e-9)
    halved = SINDy(
        dictionary.affine(2, tensor=True), threshold=1e-3, alpha=1e-9, time="discrete", project=lambda s: s / 2
    )
    np.testing.assert_allclose(halved.fit(run).step(states, inputs), law.step(states, inputs) / 2)
    waves = SINDy(
        dictionary.polynomial(2) + dictionary.trigonometric(), threshold=1e-3, alpha=1e-9, time="discrete"
    ).fit(run)
    np.testing.assert_allclose(waves.step(states, inputs), waves.sparse_law_.rhs(states, inputs))


def test_one_step_of_a_continuous_law_follows_its_flow(lorenz):
    law = SINDy(threshold=0.1).fit(lorenz)
    times = law.dt_ * np.arange(2)
    ahead = law.law.simulate(lorenz.states[40], times).states[-1]
    np.testing.assert_allclose(law.step(lorenz.states[40]), ahead, rtol=1e-4)


def test_a_law_that_was_fitted_again_steps_by_the_new_one():
    run = driven_map()
    law = SINDy(dictionary.affine(2, tensor=True), threshold=1e-3, alpha=1e-9, time="discrete").fit(run)
    before = law.step(run.states[:1], run.inputs[:1])
    law.fit(run.replace(states=2 * run.states))
    assert np.abs(law.step(run.states[:1] + 1, run.inputs[:1]) - before).max() > 0
    np.testing.assert_allclose(law.step(2 * run.states[3], run.inputs[3]), 2 * run.states[4], atol=1e-9)


def test_a_law_tells_where_its_runs_began():
    runs = [driven_map(seed=s)[10 * s :] for s in (1, 2)]
    law = SINDy(dictionary.affine(2, tensor=True), threshold=1e-3, alpha=1e-9, time="discrete").fit(runs)
    np.testing.assert_array_equal(law.starts_, [runs[0].states[0], runs[1].states[0]])


def test_each_model_of_a_library_ensemble_lacks_the_terms_it_was_denied():
    law = SINDy(
        dictionary.affine(2, tensor=True),
        threshold=0.0,
        alpha=1e-9,
        time="discrete",
        ensemble=15,
        bootstrap="rows",
        drop=2,
    ).fit(driven_map())
    assert ((law.coef_samples_ == 0).all(axis=1).sum(axis=1) == 2).all()
    with pytest.raises(InputError, match="drop"):
        SINDy(dictionary.affine(1), threshold=0.0, time="discrete", ensemble=3, drop=3).fit(driven_map())


def test_a_law_written_in_c_is_the_law():
    law = SINDy(dictionary.affine(2, tensor=True), threshold=1e-3, alpha=1e-9, time="discrete").fit(driven_map())
    space: dict = {}
    exec(compile(law.formula().python(), "law", "exec"), space)
    np.testing.assert_allclose(
        space["law"]([0.3, 0.2, 0.5]), law.step(np.array([0.3, 0.2]), np.array([0.5])), rtol=1e-12
    )
