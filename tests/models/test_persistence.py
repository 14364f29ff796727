"""The reference forecasts."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models import Persistence
from inscape.models.persistence import strongest_period

WAVE = np.sin(2 * np.pi * np.arange(400) / 37)


def test_the_last_sample_is_repeated():
    made = Persistence().fit(WAVE, dt=0.5).forecast(WAVE, 4)
    np.testing.assert_array_equal(made.states, np.full((4, 1), WAVE[-1]))
    np.testing.assert_allclose(made.times, 0.5 * np.arange(400, 404))


def test_the_mean_is_that_of_the_recording():
    made = Persistence("mean").fit(WAVE + 3, dt=1.0).forecast(WAVE[:5], 2)
    np.testing.assert_allclose(made.states, (WAVE + 3).mean())


def test_drift_continues_a_line_exactly():
    line = np.stack([np.arange(50.0), 3 - 0.5 * np.arange(50)], axis=1)
    made = Persistence("drift").fit(line[:40], dt=1.0).forecast(line[:40], 10)
    np.testing.assert_allclose(made.states, line[40:], atol=1e-12)


def test_a_periodic_run_is_continued_exactly_by_its_last_season():
    model = Persistence("seasonal").fit(WAVE[:300], dt=1.0)
    assert model.season_ == 37
    np.testing.assert_allclose(model.forecast(WAVE[:300], 100).states[:, 0], WAVE[300:], atol=1e-9)


def test_the_season_of_noise_is_no_season_of_a_trend():
    assert strongest_period(np.arange(100.0)[:, None]) == 1
    assert strongest_period(np.zeros((10, 1))) == 1


def test_missing_samples_are_bridged_by_the_last_known_value():
    broken = WAVE.copy()
    broken[-3:] = np.nan
    made = Persistence().fit(broken, dt=1.0).forecast(broken, 2)
    np.testing.assert_array_equal(made.states, np.full((2, 1), WAVE[-4]))


@pytest.mark.parametrize("kind", ["last", "mean", "drift"])
def test_the_law_is_the_map_that_the_forecast_iterates(kind):
    model = Persistence(kind).fit(WAVE, dt=1.0)
    np.testing.assert_allclose(model.law.rhs(WAVE[-1:]), model.forecast(WAVE, 1).states[0], atol=1e-12)


def test_a_season_has_no_law_of_one_state():
    with pytest.raises(AttributeError, match="seasonal"):
        _ = Persistence("seasonal").fit(WAVE, dt=1.0).law


@pytest.mark.parametrize(
    "options", [{"kind": "latest"}, {"kind": "seasonal", "season": 0}, {"kind": "seasonal", "season": 999}]
)
def test_bad_parameters_are_refused(options):
    with pytest.raises(InputError):
        Persistence(**options).fit(WAVE, dt=1.0)
