"""Chaos as a forced linear law: against PyDMD, on motions whose answer is known, and before changes of lobe."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.linalg import hankel as scipy_hankel
from sklearn.base import clone

from inscape.app.model_state import decode_model, encode_model
from inscape.errors import InputError
from inscape.models.hankel_svd import complete_stretches, delay_coordinates, hankel_svd
from inscape.models.havok import HAVOK
from inscape.models.intermittency import best_threshold, forcing_statistics, foretell_switches, lobe_switches
from inscape.systems import zoo
from inscape.trajectories import Trajectories, Trajectory

DT = 0.002


@pytest.fixture(scope="module")
def lorenz():
    """60 time units of x, sampled every 0.002."""
    run = zoo["Lorenz"].simulate(times=DT * np.arange(30_000), seed=0, transient=20.0)
    return run.select(["x"])


def pydmd_havok(run, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydmd = pytest.importorskip("pydmd", reason="the peer")
        return pydmd.HAVOK(**options).fit(run.states[:, 0], DT)


def two_waves(samples=400):
    t = 0.05 * np.arange(samples)
    return np.sin(2 * t) + 0.5 * np.cos(5 * t)


@pytest.mark.parametrize("structured", [False, True])
def test_the_law_of_lorenz_is_that_of_pydmd(lorenz, structured):
    run = lorenz[:12_000]
    theirs = pydmd_havok(run, svd_rank=7, delays=60, structured=structured)
    ours = HAVOK(7, delays=60, order=2, structured=structured).fit(run)
    np.testing.assert_allclose(ours.singular_values_[:7], theirs.singular_vals, rtol=1e-9)
    signs = np.sign((ours.modes_ * theirs.modes).sum(axis=0))
    np.testing.assert_allclose(ours.modes_ * signs, theirs.modes, atol=1e-8)
    scale = np.abs(theirs.operator).max()
    np.testing.assert_allclose(ours.operator_ * np.outer(signs[:6], signs[:6]), theirs.A, atol=1e-5 * scale)
    np.testing.assert_allclose(ours.forcing_operator_ * np.outer(signs[:6], signs[6:]), theirs.B, atol=1e-5 * scale)


def test_the_core_driven_by_its_forcing_is_that_of_pydmd(lorenz):
    run = lorenz[:6_000]
    theirs = pydmd_havok(run, svd_rank=7, delays=60)
    ours = HAVOK(7, delays=60, order=2).fit(run)
    rebuilt = ours.reconstruct(run)
    # PyDMD turns its windows back by their last column; ours answers with the newest sample of each.
    columns = theirs.reconstructed_embeddings * theirs.singular_vals[:6] @ theirs.modes[-1, :6]
    np.testing.assert_allclose(rebuilt.states[:, 0], columns, atol=1e-4)
    assert np.corrcoef(rebuilt.states[:, 0], run.states[59:, 0])[0, 1] > 0.99


def test_the_decomposition_is_that_of_the_whole_matrix():
    random = np.random.default_rng(0)
    parts = [random.normal(size=(300, 1)).cumsum(axis=0), random.normal(size=(9_000, 1)).cumsum(axis=0)]
    modes, singular = hankel_svd(parts, 12, 3)
    whole = np.concatenate([np.stack([p[3 * k : len(p) - 33 + 3 * k, 0] for k in range(12)], axis=1) for p in parts])
    u, s, _ = np.linalg.svd(whole, full_matrices=False)
    np.testing.assert_allclose(singular, s, rtol=1e-10)
    coordinates = np.concatenate([delay_coordinates(p, modes, singular, 12, 3) for p in parts])
    np.testing.assert_allclose(np.abs((coordinates * u).sum(axis=0)), 1.0, rtol=1e-9)
    first = scipy_hankel(parts[0][:12, 0], parts[0][11:, 0])
    np.testing.assert_allclose(hankel_svd(parts[:1], 12, 1)[1], np.linalg.svd(first, compute_uv=False), rtol=1e-10)


def test_two_waves_are_four_coordinates_that_turn_at_their_frequencies():
    model = HAVOK(5, delays=40).fit(two_waves(), dt=0.05)
    # The fifth singular value is rounding, so four coordinates are all there are, and one of them is called forcing.
    assert model.rank_ == 4
    whole = HAVOK(4, delays=40, forcings=1).fit(two_waves() + 1e-6 * np.random.default_rng(0).normal(size=400), dt=0.05)
    assert whole.rank_ == 4
    free = np.linalg.eigvals(
        np.linalg.lstsq(whole.coordinates(two_waves()).states, whole._rates(whole.coordinates(two_waves()).states))[0]
    )
    np.testing.assert_allclose(np.sort(np.abs(free.imag)), [2, 2, 5, 5], atol=1e-2)


def test_differences_of_order_four_err_less_than_those_of_order_two():
    t = 0.05 * np.arange(200)
    model = HAVOK(order=4)
    model.dt_ = 0.05
    v = np.stack([np.sin(2 * t), np.cos(3 * t)], axis=1)
    truth = np.stack([2 * np.cos(2 * t), -3 * np.sin(3 * t)], axis=1)
    fourth = np.abs(model._rates(v) - truth).max()
    second = np.abs(np.gradient(v, 0.05, axis=0, edge_order=2) - truth).max()
    assert fourth < 2e-3 < second


def test_a_held_out_run_is_rebuilt_from_its_forcing(lorenz):
    model = HAVOK(11, delays=50).fit(lorenz[:20_000])
    rebuilt = model.reconstruct(lorenz[20_000:])
    truth = lorenz.states[20_000 + model.past - 1 :, 0]
    assert np.corrcoef(rebuilt.states[:, 0], truth)[0, 1] > 0.95
    np.testing.assert_allclose(rebuilt.times, lorenz.times[20_000 + model.past - 1 :])


def test_a_constant_forcing_moves_the_core_as_the_exponential_says():
    model = HAVOK(5, delays=50).fit(zoo["Lorenz"].simulate(times=DT * np.arange(4_000), seed=1).select(["x"]))
    from scipy.linalg import expm

    start, push = np.array([1e-3, -2e-3, 1e-3, 0.0]), 0.01
    driven = model.drive(np.full(101, push), start)
    whole = np.zeros((5, 5))
    whole[:4, :4], whole[:4, 4] = model.operator_, model.forcing_operator_[:, 0] * push
    expected = expm(whole * 100 * DT) @ np.append(start, 1.0)
    np.testing.assert_allclose(driven[-1], expected[:4], rtol=1e-9, atol=1e-14)


def test_the_law_is_a_linear_flow_driven_by_the_forcing(lorenz):
    model = HAVOK(5, delays=50).fit(lorenz[:5_000])
    assert model.law.state_names == ("v1", "v2", "v3", "v4")
    assert model.law.input_names == ("v5",)
    v, u = np.array([1e-3, 2e-3, -1e-3, 5e-4]), np.array([2e-3])
    expected = model.operator_ @ v + model.forcing_operator_ @ u
    np.testing.assert_allclose(model.law.rhs(v, 0.0, u), expected, rtol=1e-12)


def test_a_forecast_follows_the_signal_for_a_while(lorenz):
    model = HAVOK(11, delays=50).fit(lorenz[:20_000])
    made = model.forecast(lorenz[20_000:21_000], 50)
    assert np.abs(made.states - lorenz.states[21_000:21_050]).max() < 0.2
    assert made.times[0] == pytest.approx(lorenz.times[21_000])


def test_a_saved_model_forecasts_the_same(lorenz):
    model = HAVOK(7, delays=50).fit(lorenz[:5_000])
    again = decode_model(*encode_model(model))
    np.testing.assert_array_equal(again.forecast(lorenz[:500], 20).states, model.forecast(lorenz[:500], 20).states)
    assert clone(model).get_params() == model.get_params()


def test_windows_across_a_gap_are_left_out(lorenz):
    states = lorenz.states[:6_000].copy()
    states[3_000:3_010] = np.nan
    broken = HAVOK(5, delays=50).fit(lorenz[:6_000].replace(states=states))
    parts = Trajectories([lorenz[:3_000], lorenz[3_010:6_000]])
    apart = HAVOK(5, delays=50).fit(parts)
    np.testing.assert_allclose(broken.operator_, apart.operator_, rtol=1e-10, atol=1e-12)
    found = broken.coordinates(lorenz[:6_000].replace(states=states))
    assert np.isnan(found.states[3_000]).all()
    assert np.isfinite(found.states[:2_900]).all()
    assert complete_stretches(states, 50) == [slice(0, 3_000), slice(3_010, 6_000)]


def test_several_variables_share_their_windows(lorenz):
    run = zoo["Lorenz"].simulate(times=0.01 * np.arange(3_000), seed=0, transient=20.0)
    model = HAVOK(9, delays=20).fit(run)
    assert model.modes_.shape == (60, 9)
    assert model.forecast(run, 5).states.shape == (5, 3)


def test_the_forcing_of_lorenz_bursts_and_a_gaussian_does_not(lorenz):
    model = HAVOK(11, delays=50).fit(lorenz)
    coordinates = model.coordinates(lorenz)
    bursting = forcing_statistics(coordinates.times, coordinates.states[:, -1])
    calm = forcing_statistics(np.arange(50_000.0), np.random.default_rng(0).normal(size=50_000))
    assert bursting.excess_kurtosis > 5 > 0.2 > abs(calm.excess_kurtosis)
    assert bursting.tail_share > 3 * calm.tail_share
    assert calm.tail_share == pytest.approx(0.0027, abs=1e-3)
    assert (bursting.bursts[:, 1] >= bursting.bursts[:, 0]).all()


def test_bursts_foretell_changes_of_lobe_better_than_chance(lorenz):
    first, second = lorenz[:15_000], lorenz[15_000:]
    model = HAVOK(9, delays=50).fit(first)
    learned, told = model.coordinates(first), model.coordinates(second)
    before = lobe_switches(first.times, first.states[:, 0])
    after = lobe_switches(second.times, second.states[:, 0])
    level = best_threshold(learned.times, learned.states[:, -1], before, horizon=0.5)
    found = foretell_switches(told.times, told.states[:, -1], after, threshold=level, horizon=0.5, turns=29)
    assert found.switches == pytest.approx(len(after), abs=2)
    assert found.sensitivity > 0.9
    assert found.precision > found.chance_precision
    assert found.area > 0.65 > found.chance_area
    assert 0 < found.lead <= 0.5
    assert found.p_value <= 2 / 30


def test_switches_that_know_nothing_of_the_forcing_are_not_foretold():
    random = np.random.default_rng(0)
    found = [
        foretell_switches(
            np.arange(4_000.0),
            random.normal(size=4_000),
            np.sort(random.uniform(0, 4_000, 40)),
            threshold=2.5,
            horizon=20.0,
            turns=19,
        )
        for _ in range(12)
    ]
    assert np.mean([f.area for f in found]) == pytest.approx(0.5, abs=0.02)
    # Where there is nothing to find, p-values are spread evenly.
    assert 0.25 < np.mean([f.p_value for f in found]) < 0.75


def test_a_sign_that_leads_every_switch_is_found_exactly():
    t = np.arange(1_000.0)
    switches = np.array([100.5, 300.5, 700.5])
    u = np.zeros(1_000)
    for s in switches:
        u[int(s) - 9 : int(s) - 4] = 5.0
    found = foretell_switches(t, u, switches, threshold=1.0, horizon=10.0, turns=9)
    assert (found.foretold, found.switches, found.bursts, found.true_bursts) == (3, 3, 3, 3)
    assert found.lead == pytest.approx(9.5)
    assert best_threshold(t, u, switches, horizon=10.0) == 5.0


def test_crossings_are_interpolated_between_samples():
    t = 0.1 * np.arange(200)
    np.testing.assert_allclose(lobe_switches(t, np.sin(t)), np.pi * np.arange(1, 7), atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rank": 0}, "rank"),
        ({"rank": "best"}, "rank"),
        ({"delays": 1.5}, "delays"),
        ({"lag": 0}, "lag"),
        ({"forcings": True}, "forcings"),
        ({"order": 3}, "order"),
        ({"rank": 1}, "more than the 1"),
        ({"delays": 2000}, "expected 2004"),
    ],
)
def test_bad_settings_say_what_is_wrong(options, message):
    with pytest.raises(InputError, match=message):
        HAVOK(**{"delays": 20, **options}).fit(two_waves(), dt=0.05)


def test_bad_recordings_say_what_is_wrong():
    model = HAVOK(4, delays=10).fit(two_waves(), dt=0.05)
    for wrong in (np.zeros((5, 1)), np.zeros((50, 2)), np.array(["a"] * 50, dtype=object)):
        with pytest.raises(InputError):
            model.coordinates(wrong)
    with pytest.raises(InputError, match="forcing"):
        model.drive(np.full(5, np.nan), np.zeros(3))
    with pytest.raises(InputError, match="initial"):
        model.drive(np.zeros(5), np.zeros(7))
    gap = two_waves()
    gap[50] = np.nan
    with pytest.raises(InputError, match="missing"):
        model.reconstruct(Trajectory(0.05 * np.arange(400), gap[:, None]))
    with pytest.raises(InputError):
        HAVOK(delays=10).fit(np.full(100, np.inf), dt=1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: forcing_statistics([0.0, 1.0], [1.0, 2.0]),
        lambda: forcing_statistics(np.arange(5.0), np.ones(5)),
        lambda: forcing_statistics(np.arange(5.0), np.arange(5.0), threshold=-1),
        lambda: lobe_switches(np.arange(5.0), np.array([1, 2, np.nan, 3, 4])),
        lambda: lobe_switches(np.arange(5.0)[::-1], np.arange(5.0)),
        lambda: lobe_switches(np.arange(5.0), ["a"] * 5),
        lambda: foretell_switches(np.arange(50.0), np.arange(50.0), [], threshold=1.0, horizon=5.0),
        lambda: foretell_switches(np.arange(50.0), np.arange(50.0), [20.0], threshold=np.nan, horizon=5.0),
        lambda: best_threshold(np.arange(50.0), np.arange(50.0), [], horizon=5.0),
    ],
)
def test_bad_forcings_and_switches_are_refused(call):
    with pytest.raises(InputError):
        call()
