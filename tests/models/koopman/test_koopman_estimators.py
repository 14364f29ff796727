"""Koopman laws keep the house's contract: scikit-learn's habits, plain errors, a folder to be kept in, the contest."""

from __future__ import annotations

import pickle
import time

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from inscape.app.model_state import decode_model, encode_model
from inscape.errors import InputError
from inscape.models.koopman import EDMD, Dictionary, KernelEDMD, MeasurePreservingEDMD
from inscape.models.koopman.entrants import koopman
from inscape.trajectories import Trajectory, as_trajectories

MODELS = [
    EDMD(),
    EDMD(Dictionary.rbf(20) | Dictionary.delays(3), held_out=0),
    EDMD(Dictionary.polynomial(3), reproject=True),
    EDMD(Dictionary.terms(["sin(x)", "v**2"]) | Dictionary.identity()),
    EDMD(Dictionary.net(3, hidden=(8,), steps=5)),
    MeasurePreservingEDMD(Dictionary.delays(4)),
    KernelEDMD(rank=30),
    KernelEDMD("laplacian", delays=3, reproject=True, held_out=0.2),
]


def spring(samples=400, dt=0.1):
    states = np.empty((samples, 2))
    states[0] = 2, 0
    for k in range(samples - 1):
        x, v = states[k]
        for _ in range(20):
            v += dt / 20 * (-x - 0.3 * x**3 - 0.02 * v)
            x += dt / 20 * v
        states[k + 1] = x, v
    return Trajectory(dt * np.arange(samples), states, state_names=("x", "v"))


RUN = spring()


@pytest.fixture(params=MODELS, ids=lambda m: " ".join(repr(m).split())[:60])
def model(request):
    if "Neural" in repr(request.param):
        pytest.importorskip("torch")
    return clone(request.param)


def test_fit_returns_the_model_keeps_its_parameters_and_learns_the_same_twice(model):
    before = repr(model.get_params())
    assert model.fit(RUN[:300]) is model
    assert repr(model.get_params()) == before
    one = model.forecast(RUN[:300], 25)
    two = clone(model).fit(RUN[:300]).forecast(RUN[:300], 25)
    assert one.states.shape == (25, 2)
    assert one.state_names == ("x", "v")
    np.testing.assert_array_equal(one.states, two.states)


def test_a_user_s_dictionary_stays_as_it_was(model):
    if not hasattr(model, "dictionary") or model.dictionary is None:
        pytest.skip("a law without a dictionary of the user's")
    model.fit(RUN)
    assert not [name for name in vars(model.dictionary) if name.endswith("_")]


def test_an_unfitted_law_says_so(model):
    with pytest.raises(NotFittedError):
        model.forecast(RUN, 3)
    with pytest.raises(NotFittedError):
        model.eigen()


def test_a_fitted_law_travels_between_processes_and_is_kept_without_pickling(model):
    model.fit(RUN)
    expected = model.forecast(RUN, 15).states
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).forecast(RUN, 15).states, expected)
    there = decode_model(*encode_model(model))
    np.testing.assert_array_equal(there.forecast(RUN, 15).states, expected)
    np.testing.assert_array_equal(there.eigen().residuals, model.eigen().residuals)


def test_forecasts_side_by_side_are_those_one_by_one(model):
    model.fit(RUN[:300])
    histories = [RUN[:300], RUN[:320], RUN[:350]]
    together = model.forecast_each(histories, 20)
    for history, states in zip(histories, together, strict=True):
        np.testing.assert_allclose(states, model.forecast(history, 20).states, atol=1e-6)


def test_a_short_forecast_beats_the_mean(model):
    model.fit(RUN[:300])
    made = model.forecast(RUN[:300], 5).states
    limit = np.abs(RUN.states[:300]).max() if "Neural" in repr(model) else 0.5 * np.abs(RUN.states[300:305]).mean()
    assert np.abs(made - RUN.states[300:305]).mean() < limit


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        (np.empty((0, 2)), "."),
        (np.ones((1, 2)), "1 sample"),
        (np.where(np.arange(400)[:, None] == 3, np.inf, RUN.states), "infinite"),
        (np.full((400, 2), np.nan), "no number"),
        (RUN.states.astype(object), "type object"),
        ("text", "expected"),
        (Trajectory(np.sort(np.random.default_rng(0).uniform(0, 40, 400)), RUN.states), "uneven|even sampling"),
        (Trajectory(RUN.times, RUN.states, inputs=np.ones((400, 1))), "take none"),
    ],
)
def test_a_recording_that_cannot_be_learned_from_is_refused_in_one_line(model, recording, message):
    with pytest.raises(InputError, match=message) as caught:
        model.fit(recording, dt=None if isinstance(recording, Trajectory) else 0.1)
    assert "\n" not in str(caught.value)


def test_uneven_times_are_put_on_even_ones_on_request():
    times = np.cumsum(np.random.default_rng(0).uniform(0.04, 0.06, 1_500))
    run = Trajectory(times, np.stack([np.cos(times), np.sin(times)], axis=1))
    model = EDMD(Dictionary.identity(), resample=True).fit(run)
    frequencies = model.eigen(max_residual=0.01).frequencies
    np.testing.assert_allclose(np.abs(frequencies).max(), 1 / (2 * np.pi), rtol=1e-3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dictionary": "rbf"}, "dictionary: str found"),
        ({"growth": "wild"}, "growth: 'wild' found"),
        ({"max_residual": -1}, "max_residual: -1 found"),
        ({"held_out": 1}, "held_out: 1 found"),
        ({"held_out": "no"}, "held_out: 'no' found"),
        ({"rtol": 2.0}, "rtol"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(settings, message):
    with pytest.raises(InputError, match=message):
        EDMD(**settings).fit(RUN)


@pytest.mark.parametrize(
    ("before", "after", "settings", "message"),
    [
        (np.ones((5, 2)), np.ones((4, 2)), {}, "after: shape"),
        (np.empty((0, 2)), np.empty((0, 2)), {}, "before: float64 of shape"),
        (np.full((5, 2), np.nan), np.ones((5, 2)), {}, "no complete pair"),
        (np.full((5, 2), np.inf), np.ones((5, 2)), {}, "infinite"),
        (np.ones((5, 2)), np.ones((5, 2)), {"dt": 0}, "dt: 0 found"),
        (np.ones((5, 2)), np.ones((5, 2)), {"weights": np.ones(4)}, r"expected \(5,\)"),
        (np.ones((5, 2)), np.ones((5, 2)), {"weights": -np.ones(5)}, "at least 0"),
    ],
)
def test_pairs_that_do_not_match_are_refused(before, after, settings, message):
    with pytest.raises(InputError, match=message):
        EDMD(Dictionary.identity(), held_out=0).fit_pairs(before, after, **settings)


def test_a_dictionary_that_overflows_is_named():
    with pytest.raises(InputError, match="not finite"), np.errstate(all="ignore"):
        EDMD(Dictionary.user(lambda x: np.exp(1e4 * np.abs(x)))).fit(RUN)


def test_an_observable_that_is_not_there_names_the_nearest():
    model = MeasurePreservingEDMD(Dictionary.delays(4)).fit(RUN)
    with pytest.raises(KeyError, match="x_back1"):
        model.spectral_measure("x_bak1")
    with pytest.raises(InputError, match="expected 0 to 1"):
        model.spectral_measure(5)


def test_settings_of_a_dictionary_can_be_searched():
    search = GridSearchCV(
        EDMD(Dictionary.delays(2), held_out=0, max_residual=np.inf), {"dictionary__count": [1, 8]}, cv=[([0], [0])]
    )
    search.fit([RUN])
    assert search.best_params_ == {"dictionary__count": 8}


@pytest.mark.parametrize("columns", [1, 2])
def test_entrants_are_few_named_and_quick(columns):
    recording = as_trajectories(spring(1_000).states[:, :columns], 0.1)
    entered = koopman(recording)
    assert 2 <= len(entered) <= 12
    assert len({label for label, _ in entered}) == len(entered)
    for label, law in entered:
        began = time.process_time()
        made = law.fit(recording).forecast(recording[0], 50)
        # A minute would mean that something is wrong, whatever else runs on the machine.
        assert time.process_time() - began < 60, label
        assert np.isfinite(made.states).all(), label


def test_recordings_too_short_or_driven_get_no_entrant():
    assert koopman(as_trajectories(RUN.states[:20], 0.1)) == []
    assert koopman(as_trajectories(Trajectory(RUN.times, RUN.states, inputs=np.ones((400, 1))))) == []
