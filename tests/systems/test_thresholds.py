"""Steep thresholds, which a Taylor step must not run over."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from inscape.analysis import lyapunov_spectrum
from inscape.systems import Flow
from inscape.systems.integrator import Integrator
from inscape.systems.symbols import t
from inscape.systems.thresholds import watch_rate


def reference(flow, initial, times):
    """A solver that looks at the law itself, in steps too short to miss anything here."""
    solved = solve_ivp(
        lambda time, state: flow.rhs(state, time),
        (times[0], times[-1]),
        initial,
        method="DOP853",
        rtol=1e-11,
        atol=1e-12,
        t_eval=times,
        max_step=(times[-1] - times[0]) / 2000,
    )
    return solved.y.T


@pytest.mark.parametrize(
    "law",
    [
        "x' = -x + tanh(200*sin(t))",
        "x' = -x + tanh(50*sin(t))",
        "x' = -x + 1/(1 + exp(-200*sin(t)))",
        "x' = -x + erf(200*sin(t))",
        "x' = -x + 1/cosh(100*sin(t))",
        "x' = -x + exp(-1000*sin(t)^2)",
        "x' = -x + 2^(-1000*sin(t)^2)",
        "x' = -abs(x) + tanh(200*sin(t))",
        "x' = y\ny' = -tanh(100*x) - 0.1*y",
        "x' = y\ny' = -x + x^40/(1 + x^40)",
    ],
)
def test_no_step_runs_over_a_steep_threshold(law):
    flow = Flow.from_text(law)
    start = [2.0, 0.0][: flow.dimension]
    times = np.linspace(0, 15, 61)
    ours = flow.simulate(start, times).states
    np.testing.assert_allclose(ours, reference(flow, start, times), atol=1e-8)
    many = flow.simulate(np.tile(start, (9, 1)), times)
    np.testing.assert_allclose(many[8].states, ours, atol=1e-9)


def test_a_threshold_of_an_input_is_seen():
    driven = Flow.from_text("inputs: u\nx' = -x + tanh(200*u)")
    times = np.linspace(0, 10, 41)
    inputs = np.sin(times)[:, None]
    ours = driven.simulate([0.3], times, inputs).states[:, 0]
    slope = Flow.from_text("x' = -x + tanh(200*(a + b*t))\na = 0\nb = 1")
    state = 0.3
    for k in range(40):
        b = (inputs[k + 1, 0] - inputs[k, 0]) / (times[k + 1] - times[k])
        piece = slope.with_parameters(a=inputs[k, 0] - b * times[k], b=b)
        state = reference(piece, [state], times[k : k + 2])[-1, 0]
        assert ours[k + 1] == pytest.approx(state, abs=1e-8)


def test_crossings_behind_a_steep_threshold_are_found():
    flow = Flow.from_text("x' = y\ny' = -tanh(100*x) - 0.1*y")
    found = flow.crossings("x", [0, 15], initial=[1.0, 0.0])
    path = reference(flow, [1.0, 0.0], np.linspace(0, 15, 3001))[:, 0]
    assert len(found) == np.count_nonzero(np.diff(np.sign(path)))


def test_exponents_of_a_law_with_thresholds_sum_to_its_divergence():
    flow = Flow.from_text("x' = y\ny' = -tanh(100*x) - 0.1*y + 0.5*cos(t)")
    spectrum = lyapunov_spectrum(flow, initial=[1.0, 0.0], duration=200.0, transient=50.0)
    assert sum(spectrum.exponents) == pytest.approx(-0.1, abs=1e-6)


def test_a_state_that_is_set_again_and_again_leaves_the_watch_within_its_bounds():
    integrator = Integrator(Flow.from_text("x' = 1 + tanh(x)/2"), tangent=1)
    for _ in range(50):
        integrator.state = [-20.0]
        integrator.advance(40.0)
    assert integrator.tangent.shape == (1, 1)
    assert abs(integrator._variables[-1]) <= 0.3 * np.pi


def test_laws_without_thresholds_carry_no_watch():
    for law in ("x' = 10*(y - x)\ny' = x*y - t", "x' = sin(x) + x^5 + exp(2)"):
        definition = Flow.from_text(law).definition
        assert watch_rate(definition.expressions, definition.states, definition.inputs) is None
    definition = Flow.from_text("x' = tanh(x) + tanh(-x) + tanh(x)*t").definition
    rate = watch_rate(definition.expressions, definition.states, ())
    assert rate is not None
    assert t in rate.free_symbols


@pytest.mark.parametrize(("law", "end"), [("x' = -sqrt(x)", 2.0), ("x' = -x^(2/3)", 3.0), ("x' = -3*sqrt(x)", 2 / 3)])
def test_a_tank_that_runs_empty_does_not_fill_again(law, end):
    run = Flow.from_text(law).simulate([1.0], np.linspace(0, 4, 101))
    assert run.times[-1] == pytest.approx(end, abs=0.0401)
    assert (np.diff(run.states[:, 0]) < 0).all()
    assert "fell to nothing" in run.context["stopped"] or "diverged" in run.context["stopped"]


def test_roots_of_what_never_vanishes_cost_nothing():
    law = "x' = y\ny' = -x/sqrt(x^2 + y^2 + 0.01)"
    times = np.linspace(0, 15, 61)
    flow = Flow.from_text(law)
    run = flow.simulate([1.0, 0.2], times)
    assert "stopped" not in run.context
    np.testing.assert_allclose(run.states, reference(flow, [1.0, 0.2], times), atol=1e-8)
