"""Kinks and jumps: every crossing found, every tangent vector carried over it."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from inscape.errors import DivergedError, InputError
from inscape.systems import Flow, zoo
from inscape.systems.switched_integrator import SwitchedIntegrator
from inscape.systems.switching import has_switches, switched_law
from inscape.systems.symbols import Abs, Max, Min, Piecewise, floor, heaviside, log, sign, sin, t

KINKED = (
    "AnishchenkoAstakhov",
    "BelousovZhabotinsky",
    "CellularNeuralNetwork",
    "Chua",
    "Colpitts",
    "FluidTrampoline",
    "MacArthur",
    "MultiChua",
    "SanUmSrisuchinwong",
    "SprottMore",
    "StickSlipOscillator",
)


@Flow
def bang_bang(x, v):
    return v, -sign(x)


@Flow
def dry_friction(x, v, *, grip=0.3):
    return v, -x - grip * sign(v)


def states_of(flow, times, initial=None, tangent=0):
    integrator = SwitchedIntegrator(flow, tangent=tangent)
    if initial is not None:
        integrator.state = initial
    integrator.time = times[0]
    states, reason = integrator.sample(np.asarray(times, dtype=float))
    assert reason is None
    return states, integrator


@pytest.mark.parametrize("name", KINKED)
def test_the_rewritten_law_equals_the_law_where_its_modes_are_the_signs_of_its_functions(name):
    flow = zoo[name]
    assert has_switches(flow.definition)
    law = switched_law(flow.definition)
    symbols = [*flow.definition.states, *flow.definition.parameter_symbols, *law.modes]
    choose = {"Chosen": lambda s, a, b: a if s > 0 else b}
    values = sympy.lambdify(symbols, [*law.functions, *law.expressions], modules=[choose, "math"], cse=True)
    rng = np.random.default_rng(1)
    for _ in range(4):
        state = flow.initial * rng.uniform(0.2, 1.5, flow.dimension)
        modes = np.ones(len(law.modes))
        for _ in law.modes:
            modes = np.sign(values(*state, *flow.parameter_values, *modes)[: len(modes)])
        rewritten = values(*state, *flow.parameter_values, *modes)[len(modes) :]
        assert rewritten == pytest.approx(flow.rhs(state).tolist(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", KINKED)
def test_every_kinked_system_of_the_zoo_follows_a_general_solver_for_a_while(name):
    flow = zoo[name]
    times = np.linspace(0, 0.5 * flow.period, 51)
    ours = flow.simulate(times=times).states
    solved = solve_ivp(
        lambda _, x: flow.rhs(x),
        times[[0, -1]],
        flow.initial,
        method="LSODA" if name == "BelousovZhabotinsky" else "DOP853",
        rtol=1e-9,
        atol=1e-11,
        max_step=flow.period / 500,
        t_eval=times,
    )
    assert np.abs(ours - solved.y.T).max() < 2e-5 * np.ptp(ours, axis=0).max()


def test_equal_switching_functions_share_one_mode():
    @Flow
    def law(x):
        return Abs(x - 1) + Abs(1 - x) + heaviside(2 * x - 2) + Max(x, 1) - Min(1, x)

    assert len(switched_law(law.definition).modes) == 1


def test_a_double_integrator_under_bang_bang_control_draws_parabolas():
    times = np.linspace(0, 60, 601)
    states, integrator = states_of(bang_bang, times, [1.0, 0.0])
    quarter = np.sqrt(2)
    phase = times % (4 * quarter)
    exact = np.where(
        phase < quarter,
        1 - phase**2 / 2,
        np.where(phase < 3 * quarter, (phase - 2 * quarter) ** 2 / 2 - 1, 1 - (phase - 4 * quarter) ** 2 / 2),
    )
    assert np.abs(states[:, 0] - exact).max() < 1e-11
    assert integrator.switches == 21


def test_chua_agrees_with_dop853_stopped_at_every_kink():
    flow = zoo["Chua"]
    alpha, beta, m0, m1 = (flow.parameters[k] for k in ("alpha", "beta", "m0", "m1"))
    state, time, end = flow.initial, 0.0, 10 * flow.period
    side = [np.sign(state[0] + 1), np.sign(state[0] - 1)]
    while time < end:

        def smooth(_, x, s=tuple(side)):
            bend = 0.5 * (m0 - m1) * (s[0] * (x[0] + 1) - s[1] * (x[0] - 1))
            return [alpha * (x[1] - x[0] - m1 * x[0] - bend), x[0] - x[1] + x[2], -beta * x[1]]

        def left(_, x):
            return x[0] + 1

        def right(_, x):
            return x[0] - 1

        left.terminal = right.terminal = True
        left.direction, right.direction = -side[0], -side[1]
        piece = solve_ivp(smooth, (time, end), state, method="DOP853", rtol=1e-13, atol=1e-13, events=[left, right])
        time, state = piece.t[-1], piece.y[:, -1]
        side = [-s if len(met) else s for s, met in zip(side, piece.t_events, strict=True)]
    run = flow.simulate(times=np.linspace(0, end, 1001), tolerance=1e-15)
    assert np.abs(run.states[-1] - state).max() < 1e-8 * np.ptp(run.states, axis=0).max()


@pytest.mark.parametrize("name", ["SprottMore", "FluidTrampoline", "StickSlipOscillator", "Chua", "SanUmSrisuchinwong"])
def test_tangent_vectors_pass_switches_as_finite_differences_say(name):
    flow = zoo[name]
    duration = 2.5 * flow.period
    _, moved = states_of(flow, [0.0, duration], tangent=flow.dimension)
    assert moved.switches > 0
    small = 1e-6
    for column in range(flow.dimension):
        ends = [
            states_of(flow, [0.0, duration], flow.initial + side * small * np.eye(flow.dimension)[column])[0][-1]
            for side in (1, -1)
        ]
        difference = (ends[0] - ends[1]) / (2 * small)
        assert moved.tangent[:, column] == pytest.approx(difference, rel=1e-4, abs=1e-4 * np.abs(moved.tangent).max())


def test_the_saltation_of_a_surface_that_moves_in_time_counts_its_motion():
    @Flow
    def law(x, y):
        return 2 + y + sign(x - sin(t)) / 2, -x

    start, times = np.array([-0.5, 0.3]), [0.0, 2.0]
    _, moved = states_of(law, times, start, tangent=2)
    assert moved.switches == 1
    small = 1e-6
    for column in range(2):
        shift = small * np.eye(2)[column]
        ends = [states_of(law, times, start + s * shift)[0][-1] for s in (1, -1)]
        assert moved.tangent[:, column] == pytest.approx((ends[0] - ends[1]) / (2 * small), rel=1e-6)


def test_a_swing_with_dry_friction_loses_twice_the_grip_each_half_and_sticks():
    times = np.array([0.0, np.pi, 2 * np.pi, 7.0, 50.0])
    states, integrator = states_of(dry_friction, times, [1.0, 0.0], tangent=2)
    assert states[1:, 0] == pytest.approx([-0.4, -0.2, -0.2, -0.2], abs=1e-11)
    assert states[3:, 1] == pytest.approx([0, 0], abs=1e-12)
    assert integrator.sliding == 0
    # All velocities have become one: what stuck has forgotten a direction.
    assert np.abs(integrator.tangent[1]).max() < 1e-12


def test_a_pulled_block_sticks_until_the_spring_wins():
    @Flow
    def block(x, v, *, pull=0.5, grip=0.8):
        return v, pull * t - x - grip * sign(v)

    slip = 0.8 / 0.5
    times = np.linspace(0, 3.0, 301)
    states, _ = states_of(block, times, [0.0, 0.0])
    after = np.maximum(times - slip, 0)
    assert states[:, 0] == pytest.approx(0.5 * (after - np.sin(after)), abs=1e-9)


def test_a_surface_that_is_only_touched_changes_nothing():
    @Flow
    def law(x, y, w):
        return y, -x, Abs(1 - x)

    times = np.linspace(0, 20, 201)
    states, _ = states_of(law, times, [1.0, 0.0, 0.0])
    assert states[:, 2] == pytest.approx(times - np.sin(times), abs=1e-10)


def test_a_run_may_start_on_a_surface():
    states, _ = states_of(bang_bang, [0.0, 1.0], [0.0, 1.0])
    assert states[-1] == pytest.approx([0.5, 0.0], abs=1e-12)
    states, _ = states_of(bang_bang, [0.0, 1.0], [0.0, -1.0])
    assert states[-1] == pytest.approx([-0.5, 0.0], abs=1e-12)


def test_two_surfaces_met_at_one_instant_are_both_crossed():
    @Flow
    def law(x, y, w):
        return 1, 1, sign(x) + sign(y)

    states, integrator = states_of(law, [0.0, 3.0], [-1.0, -1.0, 0.0])
    assert states[-1] == pytest.approx([2, 2, 2], abs=1e-12)
    assert integrator.switches == 2


def test_a_run_backward_returns_to_its_start():
    flow = zoo["Chua"]
    integrator = SwitchedIntegrator(flow)
    integrator.advance(2.0)
    integrator.advance(-2.0)
    assert integrator.time == pytest.approx(0, abs=1e-12)
    assert integrator.state == pytest.approx(flow.initial, abs=1e-8)


def test_a_branch_that_is_not_taken_may_be_undefined():
    @Flow
    def law(x):
        return Piecewise((1 + log(1 + x), x > 0), (1, True))

    states, _ = states_of(law, [0.0, 5.0], [-3.0])
    end = brentq(lambda x: quad(lambda s: 1 / (1 + np.log(1 + s)), 0, x)[0] - 2.0, 1, 10, xtol=1e-13)
    assert states[-1, 0] == pytest.approx(end, abs=1e-10)


def test_conditions_may_be_joined_and_denied():
    @Flow
    def law(x, y):
        return 1, Piecewise((1, sympy.And(x > 0, sympy.Not(x > 1))), (-1, sympy.Or(x > 2, x < -1)), (0, True))

    states, _ = states_of(law, np.arange(-2.0, 4.0), [-2.0, 0.0])
    assert states[:, 1] == pytest.approx([0, -1, -1, 0, 0, -1], abs=1e-12)


def test_putting_a_state_back_where_it_is_changes_no_mode():
    _, integrator = states_of(dry_friction, [0.0, 10.0], [1.0, 0.0])
    integrator.state = integrator.state
    integrator.time = integrator.time
    integrator.advance(1.0)
    assert integrator.state == pytest.approx([-0.2, 0.0], abs=1e-11)


def test_a_law_that_points_at_two_surfaces_from_all_sides_returns_its_good_part():
    @Flow
    def law(x, y):
        return -sign(x), -sign(y)

    run = law.simulate([1.0, 2.0], np.linspace(0, 5, 51))
    assert 20 <= len(run) <= 21
    assert "from all sides" in run.context["stopped"]


def test_a_kinked_run_that_diverges_returns_its_good_part():
    @Flow
    def law(x):
        return 1 + x * Abs(x)

    run = law.simulate([0.0], np.linspace(0, 3, 301))
    assert run.states[:, 0] == pytest.approx(np.tan(run.times), rel=1e-6)
    assert 150 < len(run) <= 158
    assert run.context["stopped"]
    with pytest.raises(DivergedError):
        SwitchedIntegrator(law).advance(3.0)


def test_floors_and_conditions_of_equality_are_refused():
    with pytest.raises(InputError, match="jumps without end"):
        switched_law(Flow(lambda x: floor(x), name="stairs").definition)
    with pytest.raises(InputError, match="condition"):
        switched_law(Flow(lambda x: Piecewise((1, sympy.Eq(x, 0)), (0, True)), name="point").definition)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tangent": 3}, "tangent"),
        ({"tangent": True}, "tangent"),
        ({"tolerance": 1.0}, "tolerance"),
        ({"inputs": [1.0]}, "inputs"),
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        SwitchedIntegrator(bang_bang, **arguments)
    integrator = SwitchedIntegrator(bang_bang, tangent=1)
    with pytest.raises(InputError, match="state"):
        integrator.state = [np.nan, 0.0]
    with pytest.raises(InputError, match="tangent"):
        integrator.tangent = np.eye(2)
