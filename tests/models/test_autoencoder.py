"""A convolutional code of series is causal, of a third of the length, and learns to read itself back."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError

torch = pytest.importorskip("torch", reason="needs inscape[neural]")

from inscape.models.autoencoder import SeriesAutoencoder  # noqa: E402


@pytest.fixture
def network() -> SeriesAutoencoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return SeriesAutoencoder()


def waves(count: int, length: int) -> np.ndarray:
    random = np.random.default_rng(1)
    return np.sin(random.uniform(0.1, 0.6, (count, 1)) * np.arange(length) + random.uniform(0, 6, (count, 1)))


@pytest.mark.parametrize("length", [5, 24, 99, 100, 151])
def test_codes_have_a_third_of_the_samples_and_the_answer_all_of_them(network, length):
    series = waves(3, length)
    assert network.codes(series).shape == (3, 8, -(-length // 3))
    assert network(torch.from_numpy(series.astype(np.float32))).shape == (3, length)


def test_the_code_of_the_past_does_not_hang_on_the_future(network):
    series = waves(1, 99)
    changed = series.copy()
    changed[:, 60:] += 5.0
    apart = np.abs(network.codes(series) - network.codes(changed)).max(axis=1)[0]
    assert apart[:20].max() == 0
    assert apart[20:].max() > 0


def test_training_lowers_the_loss(network):
    losses = network.fit_windows(waves(128, 60), epochs=15)
    assert losses[-1] < 0.5 * losses[0]


def test_windows_with_gaps_are_refused(network):
    with pytest.raises(InputError, match="finite"):
        network.fit_windows(np.full((3, 20), np.nan), epochs=1)
