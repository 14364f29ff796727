"""Gaits of chains: known waves are measured as they were made."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import gait, kymograph, strouhal
from inscape.errors import InputError


def wave(frequency: float, lag: float, joints: int = 5, dt: float = 0.02, seconds: float = 20.0) -> np.ndarray:
    time = np.arange(0, seconds, dt)
    return np.sin(2 * np.pi * frequency * time[:, None] - lag * np.arange(joints)) + 0.3


@pytest.mark.parametrize("lag", [0.8, -0.5, 2.0])
def test_a_made_wave_is_measured_as_it_was_made(lag: float) -> None:
    found = gait(wave(0.7, lag), 0.02, length=0.6)
    assert found.frequency == pytest.approx(0.7, rel=1e-3)
    assert np.allclose(found.phase_lags, lag, atol=0.02)
    assert np.allclose(found.amplitudes, 1.0, atol=0.02)
    assert found.wave_number == pytest.approx(lag * 4 / (2 * np.pi) / (4 / 6), rel=0.02)
    assert found.wave_speed == pytest.approx(0.7 * 0.6 / found.wave_number, rel=0.01)


def test_unlocked_joints_are_incoherent_and_resting_ones_say_nothing() -> None:
    time = np.arange(0, 60, 0.02)
    apart = np.stack([np.sin(2 * np.pi * 0.7 * time), np.sin(2 * np.pi * 1.13 * time)], axis=1)
    assert gait(apart, 0.02).coherence[0] < 0.2
    still = np.stack([np.sin(2 * np.pi * 0.7 * time), np.zeros_like(time)], axis=1)
    assert np.isnan(gait(still, 0.02).phase_lags[0])
    assert np.isnan(gait(np.zeros((100, 3)), 0.02).frequency)


def test_kymograph_and_strouhal() -> None:
    along, bending = kymograph(wave(0.7, 0.8), places=20)
    assert bending.shape == (1000, 20)
    assert along[0] == pytest.approx(1 / 6)
    assert np.allclose(bending[:, 0], wave(0.7, 0.8)[:, 0])
    assert strouhal(2.0, 0.1, -0.5) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gait(np.zeros(50), 0.1), "shape"),
        (lambda: gait(np.zeros((5, 3)), 0.1), "20 samples"),
        (lambda: gait(np.full((50, 3), np.nan), 0.1), "NaN"),
        (lambda: gait(np.zeros((50, 3)), 0.0), "dt"),
        (lambda: gait(np.array([["a", "b"]]), 0.1), "numbers"),
        (lambda: strouhal(1.0, np.inf, 1.0), "amplitude"),
        (lambda: strouhal(1.0, 1.0, 0.0), "stands still"),
        (lambda: kymograph(np.zeros((50, 3)), places=1), "places"),
    ],
)
def test_bad_angles_are_one_clear_line(call, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()
