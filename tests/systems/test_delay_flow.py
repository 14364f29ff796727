"""Laws that look back: exact solutions by steps, roots of characteristic equations, and a peer."""

from __future__ import annotations

import json
from fractions import Fraction
from math import factorial

import numpy as np
import pytest
from scipy.special import lambertw

from inscape.analysis.lyapunov_delay import delay_lyapunov_spectrum
from inscape.errors import DivergedError, InputError
from inscape.systems import DelayFlow, zoo
from inscape.systems.delay_integrator import DelayIntegrator
from inscape.systems.delay_mesh import DelayMesh, common_step
from inscape.systems.gauss_collocation import gauss_collocation
from inscape.systems.symbols import delayed, t
from inscape.trajectories import Trajectories, Trajectory

NAMES = ("IkedaDelay", "MackeyGlass", "PiecewiseCircuit", "ScrollDelay", "SprottDelay", "VossDelay")


@DelayFlow
def decay(x, *, rate=1.0, tau=1.0):
    return -rate * delayed(x, tau)


def by_steps(time):
    """x' = -x(t - 1) with x = 1 before 0."""
    exact = Fraction(time)
    terms = ((-1) ** k * (exact - (k - 1)) ** k / factorial(k) for k in range(int(exact) + 2))
    return float(sum(terms))


def test_a_linear_law_follows_its_solution_by_steps():
    times = np.linspace(0, 8, 321)
    run = decay.simulate([1.0], times)
    assert run.states[:, 0] == pytest.approx([by_steps(s) for s in times], abs=1e-13)
    assert run.context["history"] == "constant"
    assert run.source == "decay"


def test_right_hand_sides_of_the_zoo_match_the_published_checks(shared_data):
    listed = json.loads((shared_data / "22-chaos-zoo" / "systems.json").read_text())
    entries = listed if isinstance(listed, list) else listed["systems"]
    checked = [e for e in entries if e["kind"] == "dde"]
    assert {e["name"] for e in checked} == set(NAMES)
    for entry in checked:
        for check in entry["rhs_checks"]:
            found = zoo[entry["name"]].rhs(check["x"], delayed_states=check["x_delayed"])
            assert found == pytest.approx(check["f"], rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_all_compiled_forms_of_a_delay_law_agree(name):
    import heyoka
    import torch

    flow = zoo[name]
    rng = np.random.default_rng(0)
    present, past = rng.uniform(0.1, 1.0, (2, 5, 1))
    expected = flow.compile("numpy")(present, delayed_states=past)
    torched = flow.compile("torch")(torch.as_tensor(present), inputs=torch.as_tensor(past))
    assert torched.numpy() == pytest.approx(expected, rel=1e-12)
    numbers = flow.parameter_values
    pairs = flow.compile("heyoka")
    function = heyoka.cfunc([side for _, side in pairs], [variable for variable, _ in pairs])
    kernel = flow.compile("numba")
    out = np.empty(1)
    for x, d, f in zip(present, past, expected, strict=True):
        kernel(x, np.concatenate((numbers, d)), 0.0, out)
        assert out == pytest.approx(f, rel=1e-12)
        assert function(x, pars=np.concatenate((numbers, d))) == pytest.approx(f, rel=1e-12)
    assert flow.without_memory.input_names == ("x_delayed",)
    scope = {}
    exec(flow.python(), scope)
    assert scope[name](0.0, present[0], past[0, 0]) == pytest.approx(expected[0], rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_every_delay_system_of_the_zoo_settles_as_the_tolerance_falls(name):
    flow = zoo[name]
    times = np.linspace(0, 4 * flow.delays.max(), 101)
    fine = flow.simulate(times=times, tolerance=1e-14)
    scale = np.abs(fine.states).max()
    for tolerance in (1e-7, 1e-10):
        coarse = flow.simulate(times=times, tolerance=tolerance)
        assert np.abs(coarse.states - fine.states).max() < 1e3 * tolerance * scale


def test_a_pure_wave_keeps_its_height():
    wave = decay.with_parameters(tau=np.pi / 2)
    times = np.linspace(0, 200, 1001)
    run = wave.simulate(times=times, history=np.cos)
    assert run.states[:, 0] == pytest.approx(np.cos(times), abs=1e-10)
    assert run.context["history"] == "function of time"


@pytest.mark.parametrize("delays", [(1.0, 2.5), (1.0, 1.0), (0.3, 0.7), (1.0, np.sqrt(2)), (0.1, 2.0), (1.0, 1.001)])
def test_several_delays_commensurate_or_not_reproduce_a_sine(delays):
    first, second = delays if delays[0] != delays[1] else (delays[0], delays[1] + 1)
    a, b = np.linalg.solve([[np.cos(first), np.cos(second)], [-np.sin(first), -np.sin(second)]], [0.0, 1.0])

    @DelayFlow
    def law(x):
        return a * delayed(x, first) + b * delayed(x, second)

    times = np.linspace(0, 3, 61)
    run = law.simulate(times=times, history=np.sin)
    assert run.states[:, 0] == pytest.approx(np.sin(times), abs=1e-9 * (1 + abs(a) + abs(b)) ** 3)


def test_corners_that_come_back_at_sums_of_delays_cost_no_accuracy():
    @DelayFlow
    def law(x):
        return -delayed(x, 1.0) - delayed(x, np.sqrt(2.0)) / 2

    # By steps, from x = 1 before 0: the first three pieces.
    root = np.sqrt(2.0)
    times = np.array([0.0, 0.5, 1.0, 1.2, root, 1.7, 2.0])
    exact = 1 - 1.5 * times + 0.75 * np.maximum(times - 1, 0) ** 2 + 0.375 * np.maximum(times - root, 0) ** 2
    assert law.simulate([1.0], times).states[:, 0] == pytest.approx(exact, abs=1e-13)


def test_vectors_and_delayed_expressions_follow_the_same_law_written_out():
    @DelayFlow
    def short(x, y):
        return -delayed(x + y * x, 1.0), delayed(delayed(x, 0.5), 0.5) - y + delayed(t, 0.25)

    @DelayFlow
    def long(x, y):
        return -delayed(x, 1.0) - delayed(y, 1.0) * delayed(x, 1.0), delayed(x, 1.0) - y + t - 0.25

    times = np.linspace(0, 10, 201)
    assert short.delays == pytest.approx([1.0])
    assert short.simulate([0.5, 0.1], times).states == pytest.approx(long.simulate([0.5, 0.1], times).states, abs=1e-12)


def test_a_run_goes_on_from_a_recorded_history():
    flow = zoo["MackeyGlass"]
    whole = flow.simulate([0.9], np.linspace(0, 150, 3001))
    rest = flow.simulate(times=whole.times[2000:], history=whole[:2001])
    assert rest.states == pytest.approx(whole.states[2000:], abs=1e-9)
    assert rest.context["history"].startswith("recorded")


def test_samples_do_not_depend_on_where_else_one_looks():
    flow = zoo["VossDelay"]
    coarse, fine = (flow.simulate(times=np.linspace(0, 60, n)) for n in (61, 60_001))
    assert np.array_equal(coarse.states, fine.states[::1000])


def test_a_transient_is_left_out():
    flow = zoo["SprottDelay"]
    late = flow.simulate(times=np.arange(0.0, 20.0), transient=30.0)
    whole = flow.simulate(times=np.arange(-30.0, 20.0))
    assert late.states == pytest.approx(whole.states[30:], abs=1e-12)


def test_many_runs_come_from_many_states_or_parameters():
    flow = zoo["MackeyGlass"]
    times = np.linspace(0, 40, 41)
    starts = flow.simulate([[0.5], [0.9], [1.1]], times)
    assert isinstance(starts, Trajectories)
    assert starts[1] == flow.simulate([0.9], times)
    sweep = flow.simulate([0.9], times, parameters={"tau": [8.0, 17.0]})
    assert sweep[1] == flow.with_parameters(tau=17.0).simulate([0.9], times)
    drawn = flow.simulate(times=times, runs=3, seed=4)
    assert drawn == flow.simulate(times=times, runs=3, seed=4)
    assert len({run.states[0, 0] for run in drawn}) == 3


def test_a_run_that_diverges_returns_its_good_part():
    @DelayFlow
    def law(x):
        return x**2 + 0 * delayed(x, 1.0) - delayed(x, 5.0) / 100

    run = law.simulate([1.0], np.linspace(0, 3, 301))
    assert 90 < len(run) < 110
    assert np.isfinite(run.states).all()
    assert run.context["stopped"]
    with pytest.raises(DivergedError):
        law.simulate([1.0], [5.0, 6.0], transient=5.0)


def test_a_history_with_corners_is_followed_and_its_error_told():
    def saw(time):
        return np.abs((3.3 * time) % 2 - 1)

    run = decay.simulate(times=np.linspace(0, 5, 101), history=saw)
    assert len(run) == 101
    assert 0 < run.context["local_error"] < 1e-3


def test_a_budget_of_time_or_steps_ends_a_run():
    run = zoo["IkedaDelay"].simulate(times=np.linspace(0, 1000, 1001), max_steps=20_000)
    assert 10 < len(run) < 1001
    assert "budget" in run.context["stopped"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"initial": [1.0, 2.0]}, "initial"),
        ({"initial": [np.nan]}, "initial"),
        ({"times": [2.0, 1.0]}, "backward"),
        ({"times": []}, "times"),
        ({"inputs": np.ones((3, 1))}, "inputs"),
        ({"history": 3.0}, "history"),
        ({"history": lambda s: [1.0, 2.0]}, "history"),
        ({"history": lambda s: np.nan}, "history"),
        ({"history": lambda s: "x"}, "history"),
        ({"history": Trajectory([0.0, 0.5], [1.0, 1.0])}, "longest delay"),
        ({"history": Trajectory([-2.0, -1.0, 0.0], [1.0, np.nan, 1.0])}, "missing"),
        ({"history": Trajectory([0.0, 2.0, 4.0], [1.0, 1.0, 1.0])}, "before the end"),
        ({"parameters": {"tau": -1.0}}, "positive"),
        ({"tolerance": 0.5}, "tolerance"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        decay.simulate(**{"times": [0.0, 1.0, 2.0], **arguments})


def test_laws_that_are_not_delay_laws_are_refused():
    with pytest.raises(InputError, match="nothing is delayed"):
        DelayFlow(lambda x: -x, name="plain").simulate(times=[0.0, 1.0])
    with pytest.raises(InputError, match="constant"):
        DelayFlow(lambda x: delayed(x, 1 + x**2), name="looks").simulate(times=[0.0, 1.0])

    @DelayFlow
    def driven(x, *, u):
        return u - delayed(x, 1.0)

    with pytest.raises(InputError, match="driven by u"):
        driven.simulate(times=[0.0, 1.0])


def test_gauss_collocation_integrates_polynomials_exactly():
    method = gauss_collocation(6)
    for degree in range(6):
        assert method.matrix @ method.nodes**degree == pytest.approx(method.nodes ** (degree + 1) / (degree + 1))
    assert method.weights @ method.nodes**11 == pytest.approx(1 / 12)
    values = np.exp(method.points)
    left, right = (half @ values for half in method.halves)
    assert left == pytest.approx(np.exp(method.points / 2), rel=1e-6)
    assert right == pytest.approx(np.exp((1 + method.points) / 2), rel=1e-6)


def test_the_mesh_holds_every_sum_of_delays_and_halving_keeps_its_ends():
    assert common_step(np.array([1.0, 2.5]))[0] == pytest.approx(0.5)
    for delays in ([1.0, 2.5], [1.0, np.sqrt(2)]):
        coarse, fine = (DelayMesh(0.0, np.array(delays), parts) for parts in (2, 4))
        ends = coarse.ends(0, 60)
        assert fine.ends(0, 119)[::2] == pytest.approx(ends, abs=1e-12)
        assert np.diff(ends).max() <= min(delays) / 2 + 1e-12
        for corner in (1.0, delays[1], 1.0 + delays[1], 2 * delays[1] + 1):
            assert np.abs(ends - corner).min() < 1e-12


def test_exponents_of_a_linear_law_are_the_real_parts_of_its_characteristic_roots():
    roots = np.sort([lambertw(-1, k).real for k in range(-6, 6)])[::-1]
    spectrum = delay_lyapunov_spectrum(decay, count=6, duration=3000.0, transient=100.0)
    assert spectrum.exponents == pytest.approx(roots[:6], abs=2e-3)
    assert spectrum.dimension == np.inf


def test_two_tangent_histories_of_one_direction_are_told_apart():
    integrator = DelayIntegrator(zoo["MackeyGlass"], tangent=3)
    integrator.reorthonormalise()
    assert integrator.reorthonormalise() == pytest.approx([0, 0, 0], abs=1e-12)
    integrator.advance(40.0)
    assert integrator.time >= 40.0
    grown = integrator.reorthonormalise()
    assert grown[0] > grown[2]


def test_a_tangent_history_is_the_difference_of_two_near_runs():
    flow = zoo["MackeyGlass"]
    small = 1e-6
    integrator = DelayIntegrator(
        flow,
        tangent=1,
        history=lambda times: np.full((len(times), 1), 0.9),
        tangent_history=lambda times: np.ones((len(times), 1)),
    )
    integrator.advance(64.0)
    ends = [flow.simulate([0.9 + side * small], [0.0, integrator.time]).states[-1, 0] for side in (1, -1)]
    assert integrator.tangent[0, 0] == pytest.approx((ends[0] - ends[1]) / (2 * small), rel=1e-6)


def test_going_back_repeats_what_was():
    integrator = DelayIntegrator(zoo["VossDelay"], tangent=2)
    integrator.advance(30.0)
    moment = integrator.remember()
    integrator.advance(50.0)
    first = integrator.time, integrator.state, integrator.tangent
    integrator.go_back(moment)
    integrator.advance(50.0)
    assert integrator.time == pytest.approx(first[0])
    assert integrator.state == pytest.approx(first[1], abs=1e-12)
    assert integrator.tangent == pytest.approx(first[2], rel=1e-9)


def test_mackey_glass_is_periodic_at_delay_16_and_chaotic_at_17():
    flow = zoo["MackeyGlass"]
    periodic = delay_lyapunov_spectrum(flow.with_parameters(tau=16.0), count=2, duration=40_000.0, transient=8_000.0)
    chaotic = delay_lyapunov_spectrum(flow.with_parameters(tau=17.0), count=2, duration=40_000.0, transient=8_000.0)
    assert abs(periodic.exponents[0]) < 5e-4
    assert periodic.exponents[1] < -5e-3
    assert chaotic.exponents[0] == pytest.approx(0.0052, abs=8e-4)
    assert abs(chaotic.exponents[1]) < 5e-4


@pytest.mark.slow
def test_mackey_glass_agrees_with_jitcdde():
    import jitcdde
    from jitcdde import jitcdde as peer
    from jitcdde import y as past

    past_value = past(0, jitcdde.t - 17)
    solver = peer([0.2 * past_value / (1 + past_value**10) - 0.1 * past(0)], verbose=False)
    solver.constant_past([0.9])
    solver.set_integration_parameters(rtol=1e-11, atol=1e-12)
    solver.step_on_discontinuities()
    start = solver.t
    times = np.arange(np.ceil(start), 201.0)
    theirs = np.array([solver.integrate(s)[0] for s in times])
    ours = zoo["MackeyGlass"].with_parameters(tau=17.0).simulate([0.9], np.concatenate(([0.0], times))).states[1:, 0]
    assert np.abs(ours - theirs).max() < 1e-7
