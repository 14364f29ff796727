"""The share of energy in eigenfunctions, on mixtures of tones and chaos whose share is known."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import point_energy
from inscape.errors import InputError
from inscape.systems import zoo
from inscape.trajectories import Trajectory

SAMPLES = 40_000


@pytest.fixture(scope="module")
def parts():
    t = np.arange(SAMPLES)
    tones = np.cos(0.3 * t) + 0.7 * np.cos(np.sqrt(2) * 0.5 * t + 1)
    run = zoo["Lorenz"].simulate(times=0.05 * t, transient=50.0, tolerance=1e-9)
    lorenz = run.states[:, 0]
    return tones / tones.std(), (lorenz - lorenz.mean()) / lorenz.std()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.8, 1.0])
def test_the_share_of_tones_in_a_mixture_with_lorenz_is_found_within_a_twentieth(parts, share):
    tones, lorenz = parts
    found = point_energy(np.sqrt(share) * tones + np.sqrt(1 - share) * lorenz)
    assert abs(found.share - share) <= 0.05
    assert found.over_horizons < 0.05


def test_noise_has_no_eigenfunctions_however_few_the_samples():
    noise = np.random.default_rng(0).normal(size=4_000)
    assert point_energy(noise, delays=40, horizon=1_000).share < 0.02


def test_more_delays_see_more_of_a_line_in_noise():
    t = np.arange(20_000)
    mixed = np.cos(0.4 * t) * np.sqrt(2) + np.random.default_rng(1).normal(size=len(t))
    found = point_energy(mixed, delays=64, horizon=4_000)
    assert np.all(np.diff(found.table[:, -1]) > 0)
    assert abs(found.share - 0.5) < 0.02


def test_a_stride_between_snapshots_changes_little(parts):
    tones, lorenz = parts
    mixed = np.sqrt(0.5) * (tones + lorenz)
    assert abs(point_energy(mixed, stride=10, horizon=5_000).share - 0.5) < 0.06


def test_a_mean_is_energy_in_the_constant_eigenfunction(parts):
    lorenz = parts[1] + 2
    assert point_energy(lorenz, centre=False, horizon=5_000).share > 0.75
    run = Trajectory(np.arange(SAMPLES) * 0.05, lorenz[:, None], state_names=("speed",))
    assert point_energy(run, column="speed", horizon=5_000).share < 0.05


@pytest.mark.parametrize(
    ("recording", "settings"),
    [
        (np.ones(500), {"horizon": 100, "delays": 4}),
        (np.zeros(500), {"horizon": 100, "delays": 4, "centre": False}),
        (np.arange(50.0), {}),
        (np.full(500, np.nan), {"horizon": 100, "delays": 4}),
        (np.arange(500.0), {"horizon": 100, "delays": 0}),
        (np.arange(500.0), {"horizon": 2, "delays": 4}),
        (np.arange(500.0), {"horizon": 100, "delays": 4, "samples": 10_000}),
        (np.arange(500.0), {"horizon": 100, "delays": 4, "stride": 1.5}),
        (np.arange(500.0), {"horizon": 100, "delays": 4, "column": "q"}),
        ("x", {}),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(recording, settings):
    with pytest.raises(InputError) as error:
        point_energy(recording, **settings)
    assert "\n" not in str(error.value)
