"""Planners find what can be found on paper, and refuse what cannot be planned."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.control.plan import CEM, ICEM, MPPI, coloured_noise
from inscape.errors import DivergedError, InputError

PLANNERS = {
    "CEM": lambda **o: CEM(**{"horizon": 6, "samples": 120, "elites": 15, "rounds": 6, "std": 0.6, **o}),
    "ICEM": lambda **o: ICEM(
        **{"horizon": 6, "samples": 60, "elites": 8, "rounds": 6, "std": 0.6, "exponent": 0.5, **o}
    ),
    "MPPI": lambda **o: MPPI(**{"horizon": 6, "samples": 150, "rounds": 8, "std": 0.4, "temperature": 0.1, **o}),
}
A, B = np.array([[1.0, 0.3], [0.0, 1.0]]), np.array([[0.0], [0.3]])
BOUNDS = (-np.ones(1) * 3, np.ones(1) * 3)


def step(states, actions):
    return states @ A.T + actions @ B.T


def cost(states, actions):
    return (states**2).sum(axis=1) + 0.1 * (actions**2).sum(axis=1)


def best_cost(start, horizon):
    """The least cost of this linear-quadratic problem, backwards through the Riccati equation."""
    value = np.zeros((2, 2))
    for _ in range(horizon):
        ahead = np.eye(2) + value
        gain = np.linalg.solve(0.1 * np.eye(1) + B.T @ ahead @ B, B.T @ ahead @ A)
        value = A.T @ ahead @ (A - B @ gain)
    return float(start @ value @ start)


def paid(plan, start):
    states, total = start[None], 0.0
    for action in plan:
        states = step(states, action[None])
        total += float(cost(states, action[None])[0])
    return total


@pytest.mark.parametrize("name", PLANNERS)
def test_a_planner_comes_near_the_exact_solution_of_a_linear_quadratic_problem(name):
    start = np.array([1.0, -0.5])
    plan = PLANNERS[name]().plan(step, cost, start, bounds=BOUNDS)
    assert plan.shape == (6, 1)
    assert best_cost(start, 6) - 1e-9 <= paid(plan, start) < 1.1 * best_cost(start, 6)


@pytest.mark.parametrize("name", PLANNERS)
def test_a_policy_that_plans_brings_the_mass_to_rest(name):
    policy = PLANNERS[name]().policy(step, cost, bounds=BOUNDS)
    state = np.array([1.0, 0.0])
    for _ in range(40):
        state = step(state[None], policy.act(state)[None])[0]
    assert np.abs(state).max() < 0.1


@pytest.mark.parametrize("name", PLANNERS)
def test_the_same_seed_plans_the_same_and_another_seed_another(name):
    plans = [PLANNERS[name](seed=s).plan(step, cost, np.ones(2), bounds=BOUNDS) for s in (1, 1, 2)]
    assert np.array_equal(plans[0], plans[1])
    assert not np.array_equal(plans[0], plans[2])


@pytest.mark.parametrize("name", PLANNERS)
def test_plans_stay_within_their_bounds_and_without_bounds_are_not_clipped(name):
    def far(states, actions):
        return -actions[:, 0]

    inside = PLANNERS[name]().plan(step, far, np.zeros(2), bounds=(np.array([-0.2]), np.array([0.3])))
    assert inside.max() <= 0.3
    assert PLANNERS[name]().plan(step, far, np.zeros(2), actions=1).max() > 0.6


def test_cem_as_released_starts_anew_and_draws_a_last_round():
    planner = CEM(horizon=4, samples=30, elites=5, rounds=3)
    planner.plan(step, cost, np.ones(2), actions=1)
    assert planner.steps_asked == 4 * 30 * 4
    assert CEM(horizon=4).warm_start is False
    warm = CEM(horizon=4, samples=30, elites=5, rounds=1, warm_start=True, last="mean")
    first = warm.plan(step, cost, np.ones(2), actions=1)
    assert warm.steps_asked == 30 * 4
    assert np.allclose(warm._mean, first)


def test_a_warm_start_and_coloured_noise_need_fewer_steps_of_the_law():
    def hill(states, actions):
        # A long push is wanted, which white noise hardly ever tries.
        return -states[:, 0]

    def heavy(states, actions):
        return states + 0.1 * np.column_stack([states[:, 1], actions[:, 0]])

    reached, asked = [], []
    planners = (
        CEM(30, 120, 12, 3, 0.5, seed=3),
        ICEM(30, 32, 6, 3, 0.5, exponent=2.5, seed=3),
    )
    for planner in planners:
        policy, state = planner.policy(heavy, hill, bounds=(-np.ones(1), np.ones(1))), np.zeros(2)
        for _ in range(15):
            state = heavy(state[None], policy.act(state)[None])[0]
        reached.append(state[0])
        asked.append(policy.planner.steps_asked)
    assert reached[1] >= reached[0]
    assert asked[1] <= asked[0] / 4


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0])
def test_coloured_noise_has_unit_variance_and_its_spectrum_falls_by_the_exponent(exponent):
    noise = coloured_noise(exponent, (4000, 64), np.random.default_rng(0))
    assert noise.var() == pytest.approx(1, rel=0.05)
    power = (np.abs(np.fft.rfft(noise)) ** 2).mean(axis=0)[1:-1]
    slope = np.polyfit(np.log(np.arange(1, len(power) + 1)), np.log(power), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.05)


def test_observations_of_several_episodes_each_have_their_own_plan():
    policy = PLANNERS["ICEM"]().policy(step, cost, bounds=BOUNDS)
    seen = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    actions = policy.act(seen)
    assert actions.shape == (3, 1)
    assert actions[0, 0] < -0.1 < 0.1 < actions[1, 0]


def test_a_cost_that_is_no_number_is_named_by_plan_step_and_task():
    def broken(states, actions):
        return np.full(len(states), np.nan)

    with pytest.raises(DivergedError, match="plan 0 of task 'left': cost nan at step 1 of the horizon"):
        PLANNERS["CEM"]().plan(step, broken, np.zeros(2), actions=1, task="left")


def test_a_sequence_that_the_law_cannot_follow_is_the_worst_and_all_of_them_are_an_error():
    def cliff(states, actions):
        return np.where(actions > 0.5, np.inf, states + 0.3 * actions)

    plan = PLANNERS["ICEM"]().plan(cliff, lambda s, a: -a[:, 0], np.zeros(2), actions=1)
    assert plan.max() <= 0.5
    with pytest.raises(DivergedError, match="the law diverged along all"):
        PLANNERS["CEM"]().plan(lambda s, a: s * np.nan, cost, np.zeros(2), actions=1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CEM(horizon=0), "horizon: 0 found"),
        (lambda: CEM(samples=10, elites=11), "elites: 11 found, expected at most the 10 samples"),
        (lambda: CEM(std=-1.0), "std: -1.0 found"),
        (lambda: CEM(last="median"), "last: 'median' found"),
        (lambda: ICEM(decay=0.5), "decay: 0.5 found, expected 1 to 10"),
        (lambda: MPPI(temperature=0.0), "temperature: 0.0 found"),
        (lambda: CEM(elites=True), "elites: True found"),
        (lambda: coloured_noise(-1, (3, 4), np.random.default_rng(0)), "exponent: -1 found"),
        (lambda: PLANNERS["CEM"]().plan(step, cost, [np.nan, 0.0], actions=1), r"state: shape \(2,\) found"),
        (lambda: PLANNERS["CEM"]().plan(step, cost, np.zeros(2)), "actions: None found"),
        (lambda: PLANNERS["CEM"]().plan(step, cost, np.zeros(2), bounds=([1.0], [0.0])), "bounds: "),
        (lambda: PLANNERS["CEM"]().plan(step, lambda s, a: np.zeros(3), np.zeros(2), actions=1), r"cost: shape \(3,\)"),
        (lambda: PLANNERS["CEM"]().policy("law", cost, bounds=BOUNDS), "law: str found"),
        (lambda: PLANNERS["CEM"]().policy(step, 3.0, bounds=BOUNDS), "cost: float found"),
    ],
)
def test_what_cannot_be_planned_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
