"""Linear laws of long delays: which enter a contest, and what they are good for."""

from __future__ import annotations

import numpy as np

from inscape.models.hankel_entrants import MOST_COLUMNS, hankel
from inscape.trajectories import Trajectories, Trajectory

PERIOD = 24


def turning(samples: int = 480, *, noise: float = 0.0, inputs: bool = False, width: int = 1) -> Trajectories:
    t = np.arange(samples)
    angles = 2 * np.pi * t / PERIOD
    wave = np.sin(angles) + 0.4 * np.sin(2 * angles + 1)
    states = np.stack([np.roll(wave, k) for k in range(width)], axis=1)
    states = states + noise * np.random.default_rng(0).standard_normal(states.shape)
    driven = np.zeros((samples, 1)) if inputs else None
    return Trajectories([Trajectory(t.astype(float), states, inputs=driven)])


def test_delays_are_a_half_one_and_two_periods_with_few_modes_or_as_many_as_stand_above_the_noise():
    entered = hankel(turning())
    assert sorted({model.delays for _, model in entered}) == [PERIOD // 2, PERIOD, 2 * PERIOD]
    assert all(model.growing == "steady" for _, model in entered)
    assert {model.most_modes for _, model in entered} == {None, 2, 6, 12}


def test_labels_tell_the_entrants_apart():
    labels = [label for label, _ in hankel(turning())]
    assert len(set(labels)) == len(labels)


def test_driven_recordings_get_no_entrants_of_few_modes():
    assert {model.most_modes for _, model in hankel(turning(inputs=True))} == {None}


def test_short_recordings_get_only_the_delays_they_can_teach():
    assert {model.delays for _, model in hankel(turning(60))} == {PERIOD // 2}
    assert hankel(turning(30)) == []


def test_windows_wider_than_a_fit_can_afford_stay_out():
    width = MOST_COLUMNS // PERIOD + 1
    assert {model.delays for _, model in hankel(turning(width=width))} == {PERIOD // 2}


def test_few_modes_hold_a_noisy_wave_for_ten_periods_where_a_linear_law_of_one_sample_cannot():
    noisy = turning(noise=0.1)[0]
    truth = turning(480 + 10 * PERIOD)[0].states[480:]
    errors = {}
    for label, model in hankel(Trajectories([noisy])):
        forecast = model.fit(noisy).forecast(noisy, len(truth)).states
        errors[label] = float(np.sqrt(np.mean((forecast - truth) ** 2)) / truth.std())
    assert min(errors.values()) < 0.1
    assert max(errors.values()) < 3, "growth was to be taken out"
