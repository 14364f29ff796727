"""Flows against exact solutions, conservation laws, a peer's integrator, and wrong arguments."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from inscape.errors import DivergedError, InputError, UnknownNameError
from inscape.systems import Flow, zoo
from inscape.systems.symbols import Abs, cos, exp, sin, t
from inscape.trajectories import Trajectories, Trajectory


@Flow(period=2 * np.pi, initial=(1.0, 0.0))
def oscillator(x, v, *, k=1.0):
    return v, -k * x


@Flow
def growth(x, *, rate=1.0):
    return rate * x


@Flow
def explosion(x):
    return x**2


@Flow
def pushed(x, v, *, k=1.0, c=0.1, u):
    return v, -k * x - c * v + u


@Flow
def stiff(x, *, k=1e9):
    return -k * (x - cos(t))


def linear(matrix):
    @Flow
    def system(x, y, z, *, a=matrix):
        return [a[i, 0] * x + a[i, 1] * y + a[i, 2] * z for i in range(3)]

    return system


def test_an_oscillator_follows_the_cosine_for_fifty_periods():
    run = oscillator.simulate(periods=50, per_period=20)
    exact = np.stack([np.cos(run.times), -np.sin(run.times)], axis=1)
    assert np.abs(run.states - exact).max() < 1e-11
    assert len(run) == 1_000
    assert run.state_names == ("x", "v")


def test_exponential_growth_and_its_reverse():
    there = growth.simulate([2.0], times=[0, 1, 3])
    np.testing.assert_allclose(there.states[:, 0], 2 * np.exp([0, 1, 3]), rtol=1e-13)
    back = growth.simulate(there.states[-1], times=[3, 1, 0])
    assert list(back.times) == [0, 1, 3]
    np.testing.assert_allclose(back.states, there.states, rtol=1e-13)


def test_a_linear_flow_is_a_matrix_exponential():
    matrix = np.random.default_rng(3).normal(size=(3, 3))
    run = linear(matrix).simulate([1.0, -2.0, 0.5], times=np.linspace(0, 2, 9))
    exact = [expm(matrix * s) @ [1.0, -2.0, 0.5] for s in run.times]
    np.testing.assert_allclose(run.states, exact, rtol=1e-11, atol=1e-12)


def test_henon_heiles_keeps_its_energy():
    system = zoo["HenonHeiles"]
    run = system.simulate(periods=100)
    x, y, px, py = run.select(["x", "y", "px", "py"]).states.T
    lam = system.parameters.get("lam", 1.0)
    energy = (px**2 + py**2 + x**2 + y**2) / 2 + lam * (x**2 * y - y**3 / 3)
    assert np.ptp(energy) < 1e-12 * abs(energy[0]) * 1e2


@pytest.mark.parametrize("name", ["Lorenz", "Thomas", "Rossler", "LorenzCoupled", "Finance"])
def test_the_zoo_agrees_with_dop853(name):
    system = zoo[name]
    times = np.linspace(0, 1.5 * system.period, 60)
    theirs = solve_ivp(
        lambda s, x: system.rhs(x, s), (0, times[-1]), system.initial, "DOP853", times, rtol=1e-12, atol=1e-12
    ).y.T
    ours = system.simulate(times=times).states
    assert np.abs(ours - theirs).max() < 1e-8 * np.ptp(ours, axis=0).max()


def test_powers_and_roots_start_at_zero():
    @Flow
    def cubic(x, y, *, n=3.0, m=2.0):
        return 1 + x**n - y**5, 1 - y**m + exp(-(x**4))

    times = np.linspace(0, 0.5, 6)
    run = cubic.simulate([0.0, 0.0], times=times)
    theirs = solve_ivp(lambda s, x: cubic.rhs(x), (0, 0.5), [0, 0], "DOP853", times, rtol=1e-12, atol=1e-13).y.T
    np.testing.assert_allclose(run.states, theirs, atol=1e-11)


def test_time_may_stand_in_the_law():
    @Flow
    def clocked(x):
        return cos(t)

    run = clocked.simulate([0.0], times=np.linspace(0, 10, 21))
    np.testing.assert_allclose(run.states[:, 0], np.sin(run.times), atol=1e-13)
    later = clocked.simulate([0.0], times=[5.0, 6.0])
    np.testing.assert_allclose(later.states[1, 0], np.sin(6) - np.sin(5), atol=1e-13)


def test_an_ensemble_holds_the_single_runs():
    lorenz = zoo["Lorenz"]
    starts = lorenz.initial + np.random.default_rng(0).normal(size=(11, 3))
    times = np.linspace(0, 3, 40)
    many = lorenz.simulate(starts, times)
    assert isinstance(many, Trajectories)
    for start, run in zip(starts, many, strict=True):
        np.testing.assert_allclose(run.states, lorenz.simulate(start, times).states, rtol=1e-9, atol=1e-9)


def test_each_run_may_have_its_own_parameters():
    stiffness = np.linspace(0.5, 4, 19)
    runs = oscillator.simulate(times=[0, 1, 2], parameters={"k": stiffness})
    for k, run in zip(stiffness, runs, strict=True):
        np.testing.assert_allclose(run.states[:, 0], np.cos(np.sqrt(k) * run.times), atol=1e-12)
        assert run.context["k"] == k


def test_runs_with_different_exponents_are_each_right():
    @Flow
    def power(x, *, n=2.0):
        return -(x**n)

    runs = power.simulate([1.0], times=[0, 1], parameters={"n": [1.0, 2.0, 3.0]})
    np.testing.assert_allclose([r.states[1, 0] for r in runs], [np.exp(-1), 1 / 2, 1 / np.sqrt(3)], rtol=1e-12)


def test_one_diverging_run_leaves_its_neighbours_alone():
    starts = np.linspace(-1, 1.9, 10)[:, None]
    runs = explosion.simulate(starts, times=np.linspace(0, 1, 30))
    for start, run in zip(starts[:, 0], runs, strict=True):
        early = start * run.times < 0.95
        np.testing.assert_allclose(run.states[early, 0], start / (1 - start * run.times[early]), rtol=1e-10)
        assert (len(run) == 30) == (start < 1)
        assert ("stopped" in run.context) == (start >= 1)


def test_the_same_seed_gives_the_same_runs_and_another_seed_others():
    lorenz = zoo["Lorenz"]
    first, again, other = (lorenz.simulate(periods=1, runs=3, seed=s).stack() for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.ptp(first[:, 0, 0]) > 0.1


def test_a_transient_is_integrated_and_not_recorded():
    whole = oscillator.simulate(times=[0, 3, 4])
    late = oscillator.simulate(times=[0, 1], transient=3)
    np.testing.assert_allclose(late.states, whole.states[1:], atol=1e-13)


def test_changing_a_parameter_changes_the_motion_and_not_the_original():
    harder = oscillator.with_parameters(k=4.0)
    np.testing.assert_allclose(harder.simulate(times=[0, 1]).states[1, 0], np.cos(2), atol=1e-13)
    np.testing.assert_allclose(oscillator.simulate(times=[0, 1]).states[1, 0], np.cos(1), atol=1e-13)
    assert oscillator.parameters["k"] == 1.0


def test_a_run_that_blows_up_comes_back_as_far_as_it_is_good():
    run = explosion.simulate(times=np.linspace(0, 2, 41))
    assert 19 <= len(run) <= 21
    assert "diverged" in run.context["stopped"]
    assert np.isfinite(run.states).all()
    np.testing.assert_allclose(run.states[:19, 0], 1 / (1 - run.times[:19]), rtol=1e-9)


def test_a_stiff_run_stops_at_its_budget_of_steps_or_time():
    by_steps = stiff.simulate(times=[0, 1e-6, 1.0], max_steps=2_000)
    assert "step budget" in by_steps.context["stopped"]
    assert len(by_steps) == 2
    by_time = stiff.simulate(times=[0, 1e-6, 1e3], max_seconds=0.2)
    assert "time budget" in by_time.context["stopped"]


def test_a_run_that_never_begins_is_an_error():
    with pytest.raises(DivergedError, match=r"explosion.*transient"):
        explosion.simulate(times=[0, 1], transient=5)


def test_the_context_names_parameters_and_the_source_the_system():
    run = oscillator.simulate(times=[0, 1])
    assert dict(run.context) == {"k": 1.0}
    assert run.source == "oscillator"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"initial": [1.0, 2.0, 3.0], "times": [0, 1]}, InputError, r"initial: shape \(3,\)"),
        ({"initial": [1.0, np.nan], "times": [0, 1]}, InputError, "not finite"),
        ({"initial": ["a", "b"], "times": [0, 1]}, InputError, "real numbers"),
        ({"initial": np.array([1, None], dtype=object), "times": [0, 1]}, InputError, "real numbers"),
        ({"initial": [[1.0], [1.0, 2.0]], "times": [0, 1]}, InputError, "unequal length"),
        ({"initial": np.zeros((0, 2)), "times": [0, 1]}, InputError, "initial: shape"),
        ({"times": []}, InputError, "at least one instant"),
        ({"times": [0, 1, 0.5]}, InputError, "row 2"),
        ({"times": [0, 0, 1]}, InputError, "row 1"),
        ({"times": [0, np.inf]}, InputError, "times: 1 values not finite"),
        ({"periods": -1}, InputError, "periods: -1"),
        ({"periods": 1, "per_period": 0}, InputError, "per_period"),
        ({"periods": 1, "times": [0, 1]}, InputError, "both given"),
        ({}, InputError, "no times found"),
        ({"periods": "ten"}, InputError, "periods: 'ten'"),
        ({"periods": None, "times": "abc"}, InputError, "times"),
        ({"periods": [1, 2]}, InputError, "periods: 'list'"),
        ({"times": [0, 1], "tolerance": "fine"}, InputError, "tolerance: 'fine'"),
        ({"times": [0, 1], "max_seconds": "long"}, InputError, "max_seconds"),
        ({"times": [0, 1], "transient": "long"}, InputError, "transient"),
        ({"times": [0, 1], "parameters": {"k": "stiff"}}, InputError, "parameter k"),
        ({"times": [0, 1], "runs": 0}, InputError, "runs: 0"),
        ({"times": [0, 1], "runs": 2.5}, InputError, "runs: 2.5"),
        ({"times": [0, 1], "transient": -1}, InputError, "transient"),
        ({"times": [0, 1], "tolerance": 0}, InputError, "tolerance"),
        ({"times": [0, 1], "max_seconds": 0}, InputError, "max_seconds"),
        ({"times": [0, 1], "parameters": {"K": 1.0}}, UnknownNameError, "nearest: k"),
        ({"times": [0, 1], "parameters": {"k": np.nan}}, InputError, "parameter k"),
        ({"times": [0, 1], "parameters": {"k": [1, 2, 3]}, "initial": np.ones((2, 2))}, InputError, "is for 3"),
        ({"times": [0, 1], "inputs": [1, 2]}, InputError, "nothing drives"),
    ],
)
def test_wrong_arguments_are_named_in_one_line(arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        oscillator.simulate(**arguments)
    assert "\n" not in str(caught.value)


def test_wrong_systems_are_named_in_one_line():
    with pytest.raises(InputError, match="period: -1"):
        Flow(lambda x: -x, name="a", period=-1)
    with pytest.raises(InputError, match="expected 1 finite"):
        Flow(lambda x: -x, name="a", initial=[1, 2])
    with pytest.raises(InputError, match="parameter k"):
        oscillator.with_parameters(k=np.inf)
    with pytest.raises(InputError, match="parameter k: 'stiff'"):
        oscillator.with_parameters(k="stiff")
    with pytest.raises(UnknownNameError, match="nearest: sigma, beta, rho"):
        zoo["Lorenz"].with_parameters(sigam=1)
    with pytest.raises(InputError, match="period is not known"):
        growth.simulate(periods=1)
    with pytest.raises(InputError, match="Lorenz"):
        zoo["Lorenz"].simulate([1, 2], times=[0, 1])


def test_forcing_by_symbols_by_numbers_and_by_samples_is_the_same():
    times = np.linspace(0, 10, 401)
    symbols = pushed.simulate(times=times, inputs=lambda s: [sin(s)])
    numbers = pushed.simulate(times=times, inputs=np.sin)
    samples = pushed.simulate(times=times, inputs=np.sin(times))
    assert np.abs(symbols.states - numbers.states).max() < 1e-11
    # Straight lines between samples 0.025 apart miss a sine by its curvature, 0.025^2 / 8.
    assert np.abs(symbols.states - samples.states).max() < 4e-4
    np.testing.assert_allclose(numbers.inputs[:, 0], np.sin(times))
    assert samples.input_names == ("u",)


def test_forcing_meets_the_exact_response():
    times = np.linspace(0, 5, 6)
    ramp = pushed.simulate([0.0, 0.0], times, inputs=times, parameters={"c": 0.0})
    np.testing.assert_allclose(ramp.states[:, 0], times - np.sin(times), atol=1e-12)
    held = pushed.simulate([0.0, 0.0], [0, 2, 3], inputs=[[1], [0], [0]], parameters={"c": 0.0}, hold=True)
    np.testing.assert_allclose(held.states[1, 0], 1 - np.cos(2), atol=1e-12)
    np.testing.assert_allclose(held.states[2, 0], (1 - np.cos(2)) * np.cos(1) + np.sin(2) * np.sin(1), atol=1e-12)


def test_a_kinked_law_can_be_forced():
    @Flow
    def bumper(x, v, *, u):
        return v, -Abs(x) * x + u

    times = np.linspace(0, 6, 31)
    run = bumper.simulate(times=times, inputs=np.cos(times))
    theirs = solve_ivp(
        lambda s, x: bumper.rhs(x, s, [np.interp(s, times, np.cos(times))]),
        (0, 6), [1, 1], "DOP853", times, rtol=1e-11, atol=1e-11, max_step=0.01,
    ).y.T  # fmt: skip
    assert np.abs(run.states - theirs).max() < 1e-7


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (None, "no inputs"),
        ([1.0], r"expected \(3, 1\)"),
        ([1.0, np.nan, 2.0], "not finite"),
        (lambda s: [1.0, 2.0], "expected 1 finite"),
        (lambda s: float("nan"), "expected 1 finite"),
    ],
)
def test_wrong_inputs_are_named(inputs, words):
    with pytest.raises(InputError, match=words):
        pushed.simulate(times=[0, 1, 2], inputs=inputs)


def test_crossings_are_exact():
    found = oscillator.crossings("x = 0.5", times=(0, 20))
    exact = np.sort(
        np.concatenate([np.arccos(0.5) + 2 * np.pi * np.arange(4), -np.arccos(0.5) + 2 * np.pi * np.arange(1, 4)])
    )
    np.testing.assert_allclose(found.times, exact[exact < 20], atol=1e-12)
    np.testing.assert_allclose(found.states[:, 0], 0.5, atol=1e-13)
    np.testing.assert_array_equal(found.directions, np.where(np.arange(len(found)) % 2, 1, -1))
    rising = oscillator.crossings(lambda x, v: x - 0.5, times=(0, 20), direction="up")
    np.testing.assert_allclose(rising.times, found.times[1::2], atol=1e-12)
    assert len(oscillator.crossings("x - 0.5", times=(0, 20), most=2)) == 2
    assert len(oscillator.crossings("x - 3", times=(0, 20))) == 0


def test_crossings_of_a_kinked_law_lie_on_the_surface():
    found = zoo["Chua"].crossings("x", periods=20, direction="up")
    assert len(found) >= 2
    assert np.abs(found.states[:, 0]).max() < 1e-10


def test_a_run_ends_at_a_surface():
    run = oscillator.simulate(times=np.linspace(0, 10, 101), until="v + 0.5")
    assert run.times[-1] == pytest.approx(np.pi / 6, abs=1e-12)
    assert run.states[-1] == pytest.approx([np.cos(np.pi / 6), -0.5], abs=1e-12)
    assert "reached" in run.context["stopped"]
    never = oscillator.simulate(times=np.linspace(0, 10, 101), until="v - 2")
    assert len(never) == 101


@pytest.mark.parametrize("surface", ["q - 1", "1 + 1", "x = 1 = 2", "x >", "import os"])
def test_a_wrong_surface_is_named(surface):
    with pytest.raises(InputError, match="surface"):
        oscillator.crossings(surface, times=(0, 1))


def _end(system: Flow) -> Trajectory:
    return system.simulate(times=[0, 1])


def test_systems_pickle_compare_and_travel_to_other_processes():
    again = pickle.loads(pickle.dumps(zoo["Lorenz"]))
    assert again == zoo["Lorenz"]
    assert hash(again) == hash(zoo["Lorenz"])
    assert again != zoo["Lorenz"].with_parameters(rho=29.0)
    here = _end(zoo["Lorenz"])
    (there,) = joblib.Parallel(n_jobs=2)([joblib.delayed(_end)(zoo["Lorenz"])])
    assert here == there
