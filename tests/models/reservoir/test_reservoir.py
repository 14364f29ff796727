"""Reservoirs as forecasters: their certificate, their law, their readout and what they say of bad recordings."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

import inscape.models.reservoir.entrants  # noqa: F401  (registers the family)
from inscape.analysis import conditional_exponents, lyapunov_spectrum, nrmse
from inscape.app.model_state import decode_model, encode_model
from inscape.errors import InputError, UnknownNameError
from inscape.models import Reservoir
from inscape.models.contest import hold_contest
from inscape.models.registry import candidates
from inscape.models.reservoir import (
    RecursiveReadout,
    dale_network,
    design_inhibition,
    driven_exponents,
    gain_at_edge,
    ridge,
    ridge_path,
    run_online,
)
from inscape.models.reservoir.law import loop_start
from inscape.trajectories import Trajectory, as_trajectories


def mackey_glass(samples, delay=17, parts=10):
    """Runge-Kutta 4 at step 1 / parts, sampled at 1, with the delayed value interpolated between steps."""
    h, lag = 1 / parts, delay * parts
    x = list(1.2 + 0.1 * np.sin(0.3 * np.arange(lag + 1)))
    for k in range(lag, lag + (samples + 300) * parts):
        past, later = x[k - lag], x[k - lag + 1]

        def rate(now, delayed):
            return 0.2 * delayed / (1 + delayed**10) - 0.1 * now

        a = rate(x[k], past)
        b = rate(x[k] + h / 2 * a, (past + later) / 2)
        c = rate(x[k] + h / 2 * b, (past + later) / 2)
        d = rate(x[k] + h * c, later)
        x.append(x[k] + h / 6 * (a + 2 * b + 2 * c + d))
    return np.array(x[lag::parts])[300 : 300 + samples]


SERIES = mackey_glass(2_000)
T = np.arange(700) * 0.2
TONES = np.stack([np.sin(T) + 0.5 * np.sin(2.3 * T), np.cos(T)], axis=1)
SMALL = Reservoir(60, degree=15, topology="fixed", gain=6.0, input_scale=0.4, seed=1)


@pytest.fixture(scope="module")
def fitted():
    return clone(SMALL).fit(TONES, dt=0.2)


def test_a_reservoir_that_tunes_itself_forecasts_mackey_glass_84_samples_ahead():
    model = Reservoir(250, degree=40, gain="edge", squares=True, seed=0).fit(SERIES[:1_700], dt=1.0)
    made = model.forecast(SERIES[:1_700], 84).states[:, 0]
    assert np.abs(made - SERIES[1_700:1_784]).max() < 0.05 * SERIES.std()
    assert model.certificate.is_granted
    assert model.certificate.exponent == pytest.approx(-0.05, abs=0.03)


def test_the_gain_at_the_edge_puts_the_largest_conditional_exponent_there():
    network = dale_network(150, degree=30, seed=2)
    noise = np.random.default_rng(0).uniform(-1, 1, 1_000)
    targets = np.full(150, 0.5)
    gain = gain_at_edge(network, noise, targets, np.zeros(1), edge=-0.2)
    from dataclasses import replace

    designed = design_inhibition(replace(network, gain=gain), targets).network
    assert driven_exponents(designed, noise).exponents[0] == pytest.approx(-0.2, abs=0.02)


def test_two_copies_come_together_as_fast_as_the_conditional_exponent_says():
    network = design_inhibition(dale_network(100, degree=30, gain=7.0, seed=3), 0.5).network
    noise = np.random.default_rng(1).uniform(-1, 1, 4_000)
    exponent = driven_exponents(network, noise).exponents[0]
    from inscape.models.reservoir import State

    near, far = State(np.zeros(100), np.full(100, 0.5)), State(np.zeros(100), np.full(100, 0.5))
    network.drive(noise[:200], near)
    network.drive(noise[:200], far)
    far.activity += 1e-6 * np.random.default_rng(2).normal(size=100)
    steps = int(-12 / exponent)
    network.drive(noise[200 : 200 + steps // 3], near)
    network.drive(noise[200 : 200 + steps // 3], far)
    first = np.abs(near.activity - far.activity).max()
    rest = noise[200 + steps // 3 : 200 + steps]
    network.drive(rest, near)
    network.drive(rest, far)
    assert np.log(np.abs(near.activity - far.activity).max() / first) / len(rest) == pytest.approx(exponent, rel=0.15)


def test_the_closed_loop_law_forecasts_what_the_model_forecasts(fitted):
    start = loop_start(fitted, TONES)
    made = fitted.law.simulate(start, steps=15).states[1:, :2]
    assert np.abs(made - fitted.forecast(TONES, 15).states).max() < 1e-9


def test_the_open_loop_law_moves_as_the_driven_network(fitted):
    states = fitted.open_loop.simulate(np.zeros(60), steps=30, inputs=TONES[:31]).states
    activity = 1 / (1 + np.exp(-fitted.gain_ * states[1:31]))
    assert np.abs(activity - fitted.drive(fitted._heard(fitted._history(TONES)))[:30]).max() < 1e-10


def test_the_machine_code_of_the_law_and_its_symbols_have_the_same_exponents():
    model = Reservoir(8, degree=4, topology="fixed", squares=True, gain=4.0, ridge=1e-4, washout=20, seed=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        law = model.fit(TONES[:, :1], dt=0.2).law
    from inscape.systems import Map
    from inscape.systems.definition import Definition

    plain = Map(Definition("plain", law.state_names, (), {}, law.definition.expressions), initial=law.initial)
    found = [lyapunov_spectrum(m, duration=400, transient=50, count=3).exponents for m in (law, plain)]
    assert np.allclose(found[0], found[1], atol=1e-9)


def test_conditional_exponents_of_a_rotation_that_drives_a_reservoir_are_those_of_the_driven_network():
    from inscape.systems import Map
    from inscape.systems.definition import Definition, symbol

    model = Reservoir(8, degree=4, topology="fixed", gain=4.0, ridge=1e-3, washout=20, seed=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(np.cos(0.7 * np.arange(500.0)), dt=1.0)
    inner = model.open_loop.definition
    p, q = symbol("p"), symbol("q")
    cosine, sine = np.cos(0.7), np.sin(0.7)
    sides = [e.xreplace({inner.inputs[0]: p}) for e in inner.expressions]
    names = ("p", "q", *inner.state_names)
    whole = Map(
        Definition("driven by a rotation", names, (), {}, (cosine * p - sine * q, sine * p + cosine * q, *sides)),
        initial=np.array([1.0, 0.0, *np.zeros(8)]),
    )
    found = conditional_exponents(whole, inner.state_names, duration=1_500, transient=500).exponents[0]
    heard = (np.cos(0.7 * np.arange(2_000)) - model.centre_[0]) / model.spread_[0]
    assert driven_exponents(model.network, heard, washout=500).exponents[0] == pytest.approx(found, abs=1e-3)


def test_a_saturated_reservoir_gets_no_certificate_but_one_clear_line():
    model = Reservoir(100, degree=30, adapt=None, balance=0.8, seed=0)
    with pytest.warns(UserWarning, match=r"certificate withheld: \d+% of the nodes are saturated"):
        model.fit(TONES, dt=0.2)
    assert not model.certificate.is_granted


def test_an_unscaled_series_saturates_the_nodes_and_says_how_many():
    with pytest.warns(UserWarning, match=r"\d+% of the nodes are saturated.*standardise"):
        Reservoir(100, degree=30, input_scale=0.5, standardise=False, seed=0).fit(1e4 * TONES, dt=0.2)


def test_an_overinhibited_reservoir_is_told_of_its_period_two():
    with pytest.warns(UserWarning, match="alternates with period 2"):
        Reservoir(200, topology="fixed", adapt=None, balance=-2.0, seed=0).fit(TONES, dt=0.2)


def test_nodes_without_inhibition_are_named():
    with pytest.warns(UserWarning, match=r"no inhibitory input on \d+ nodes \(\d+"):
        Reservoir(60, degree=8, seed=0).fit(TONES, dt=0.2)


def test_the_balance_table_has_a_row_for_every_node(fitted):
    table = fitted.balance_
    assert table.shape == (60, 6)
    assert np.allclose(table["excitation"] - table["inhibition"], table["balance"])
    assert (table["is_reachable"] == fitted.reachable_).all()


def test_a_gap_is_passed_over_and_the_forecast_still_stands():
    series = TONES.copy()
    series[300:310] = np.nan
    model = clone(SMALL).fit(series[:650], dt=0.2)
    assert nrmse(TONES[650:670], model.forecast(series[:650], 20).states) < 0.3


def test_a_driven_system_is_followed_when_its_drive_is_known():
    rng = np.random.default_rng(3)
    drive = np.convolve(rng.normal(size=900), np.ones(8) / 8, mode="same")
    x = np.zeros(900)
    for k in range(899):
        x[k + 1] = 0.8 * x[k] + 0.5 * np.tanh(2 * drive[k])
    run = Trajectory(np.arange(900.0), x[:, None], inputs=drive[:, None], state_names=("x",), input_names=("u",))
    model = Reservoir(100, degree=30, gain=5.0, seed=2).fit(run[:800])
    made = model.forecast(run[:800], 60, inputs=run.inputs[800:860]).states[:, 0]
    assert np.abs(made - x[800:860]).max() < 0.1 * x.std()


def test_what_is_saved_comes_back_and_forecasts_the_same(fitted):
    again = decode_model(*encode_model(fitted))
    assert np.array_equal(again.forecast(TONES, 20).states, fitted.forecast(TONES, 20).states)
    assert again.certificate == fitted.certificate


def test_the_same_seed_gives_the_same_bits_and_clone_keeps_the_settings():
    first, second = (clone(SMALL).fit(TONES, dt=0.2) for _ in range(2))
    assert np.array_equal(first.readout_, second.readout_)
    assert clone(SMALL).get_params() == SMALL.get_params()


def test_a_sweep_has_the_same_bits_with_one_worker_and_with_two():
    grid = {"balance": [-0.5, -0.2, 0.0], "input_scale": [0.05, 0.1, 0.3, 1.0], "nodes": 60, "degree": 20}
    one, two = (Reservoir.sweep(SERIES[:600], dt=1.0, jobs=jobs, **grid) for jobs in (1, 2))
    assert len(one) == 12
    assert (one == two).all().all()
    assert one["nrmse"].min() < 0.05


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"adapt": "remote"}, "adapt"), ({"gain": "best"}, "gain"), ({"gain": "edge", "adapt": None}, "gain"),
     ({"ridge": "none"}, "ridge"), ({"washout": -1}, "washout"), ({"targets": 1.2}, "targets"),
     ({"gain": "edge", "edge": 0.1}, "edge"), ({"nodes": 10}, "degree")],
)  # fmt: skip
def test_settings_that_cannot_work_are_named(settings, words):
    with pytest.raises((InputError, UnknownNameError), match=words):
        Reservoir(**settings).fit(TONES, dt=0.2)


@pytest.mark.parametrize(
    "series", [np.ones((4, 1)), np.full((300, 1), np.nan), np.array([[1.0]]), np.full((90, 1), np.inf)]
)
def test_recordings_that_teach_nothing_are_refused_in_one_line(series):
    with pytest.raises(InputError):
        Reservoir(60, degree=15).fit(series, dt=1.0)


X = np.random.default_rng(0).normal(size=(200, 30)) @ np.diag(np.geomspace(1, 1e-3, 30)) + 2.0
Y = np.stack([X @ np.arange(30.0) + 0.1 * np.random.default_rng(1).normal(size=200), X[:, 0] ** 2], axis=1)


@pytest.mark.parametrize("precise", [True, False])
@pytest.mark.parametrize("rows", [200, 20])
def test_every_penalty_of_the_path_is_the_ridge_of_scikit_learn(precise, rows):
    path = ridge_path(X[:rows], Y[:rows], penalties=np.geomspace(1e-4, 1e2, 7), precise=precise)
    for penalty in path.penalties:
        oracle = Ridge(penalty, solver="svd").fit(X[:rows], Y[:rows]).predict(X)
        assert np.abs(path.at(penalty)(X) - oracle).max() < 1e-6 * np.abs(oracle).max()


def test_cross_validation_is_leave_one_out_with_the_mean_leverage():
    penalty = 0.3
    x, y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    hat = x @ np.linalg.solve(x.T @ x + penalty * np.eye(30), x.T) + 1 / 200
    wanted = np.mean((y - (hat - 1 / 200) @ y) ** 2, axis=0) / (1 - np.trace(hat) / 200) ** 2
    assert np.allclose(ridge_path(X, Y, penalties=np.array([penalty])).errors[0], wanted, rtol=1e-6)


def test_rows_with_a_gap_are_left_out_of_the_readout():
    holed = X.copy()
    holed[5, 3] = np.nan
    whole = ridge(np.delete(X, 5, axis=0), np.delete(Y, 5, axis=0), 0.1)
    assert np.allclose(ridge(holed, Y, 0.1).coef, whole.coef)


def test_recursive_least_squares_ends_where_the_ridge_of_all_samples_does():
    readout = RecursiveReadout(30, 2, forgetting=1.0, penalty=0.05)
    for x, y in zip(X, Y, strict=True):
        readout.learn(x, y)
    x = np.concatenate([X, np.ones((200, 1))], axis=1)
    assert np.allclose(readout.coef, np.linalg.solve(x.T @ x + 0.05 * np.eye(31), x.T @ Y), rtol=1e-5, atol=1e-6)


def test_homeostasis_recovers_from_a_threefold_input_where_a_frozen_network_stays_off_its_rates():
    rng = np.random.default_rng(0)
    signal = rng.uniform(-1, 1, 3_000)
    offset = np.where(np.arange(3_000) < 1_500, 1.0, 3.0)
    inputs = offset * (signal + 1.0)  # a sensor whose gain triples: level and swing together
    desired = np.roll(signal, 8)
    network = design_inhibition(dale_network(150, degree=40, input_scale=0.2, seed=4), 0.5, 1.0).network
    adapting = run_online(network, inputs, desired, rate=3e-3, forgetting=0.999)
    frozen = run_online(network, inputs, desired, rate=0.0, forgetting=0.999)
    late = slice(2_700, None)
    assert adapting.rate_errors[-5:].mean() < 0.3 * frozen.rate_errors[-5:].mean()
    assert np.sqrt(np.mean(adapting.errors[late] ** 2)) < 0.8 * np.sqrt(np.mean(frozen.errors[late] ** 2))


def test_reservoirs_enter_the_contest_and_one_of_them_wins_on_mackey_glass():
    names = [c.label for c in candidates(as_trajectories(SERIES[:400], 1.0), ["reservoir"]) if c.family == "reservoir"]
    assert sum("echo state" in n for n in names) == 6
    assert "self-balancing reservoir" in names
    contest = hold_contest(SERIES[:400], dt=1.0, laws=["reservoir"], jobs=1, progress=False)
    assert contest.winner.family in ("reservoir", "ensemble")  # an ensemble of reservoirs, as no other law takes part
    assert contest.beats_reference
