"""Copies trained side by side learn what each would have learned alone."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import DivergedError, InputError

torch = pytest.importorskip("torch", reason="needs inscape[neural]")

from inscape.models.nbeats import NBEATS, NBEATSNetwork  # noqa: E402
from inscape.models.recurrent import RecurrentNetwork  # noqa: E402
from inscape.models.replicas import Replicas  # noqa: E402


def build() -> NBEATSNetwork:
    return NBEATSNetwork(4, 1, width=8)


def samples(replicas: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.normal(size=(replicas, 40, 4, 1))
    return x, x.sum(axis=2)


def test_a_copy_learns_the_same_alone_as_among_others():
    x, y = samples(3)
    together, alone = Replicas(build, 3, seed=1), Replicas(build, 1, seed=1)
    together.fit(x, y, epochs=5, batch_size=16, seed=2)
    alone.fit(x[:1], y[:1], epochs=5, batch_size=16, seed=2)
    assert np.allclose(together.predict(x)[0], alone.predict(x[:1])[0], atol=1e-5)


def test_a_copy_taken_out_is_the_same_network():
    x, y = samples(2)
    replicas = Replicas(build, 2)
    replicas.fit(x, y, epochs=2)
    out = replicas.network(1)(torch.from_numpy(x[1].astype(np.float32))).detach().numpy()
    assert np.allclose(out, replicas.predict(x)[1], atol=1e-6)
    assert replicas.parameter_count == sum(p.numel() for p in build().parameters())


def test_training_follows_the_gradient_that_torch_alone_gives():
    x, y = samples(1)
    replicas = Replicas(build, 1, seed=4)
    network = replicas.network(0)
    replicas.fit(x, y, epochs=3, learning_rate=1e-2)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    xt, yt = (torch.from_numpy(a[0].astype(np.float32)) for a in (x, y))
    for _ in range(3):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(network(xt), yt).backward()
        optimiser.step()
    assert np.allclose(network(xt).detach().numpy(), replicas.predict(x)[0], atol=1e-5)


def test_the_recurrent_network_computes_what_the_lstm_of_torch_computes():
    ours = RecurrentNetwork(2, 5)
    theirs = torch.nn.LSTM(2, 5, batch_first=True)
    # torch keeps its gates as input, forget, cell, output; ours stand as forget, input, output, cell.
    gates = [1, 0, 3, 2]
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(ours.from_input.weight.view(4, 5, 2)[gates].reshape(20, 2))
        theirs.weight_hh_l0.copy_(ours.from_hidden.weight.view(4, 5, 5)[gates].reshape(20, 5))
        theirs.bias_ih_l0.copy_(ours.from_input.bias.view(4, 5)[gates].reshape(20))
        theirs.bias_hh_l0.zero_()
    window = torch.randn(7, 11, 2, generator=torch.Generator().manual_seed(0))
    expected = ours.readout(theirs(window)[0][:, -1])
    assert torch.allclose(ours(window), expected, atol=1e-6)


def test_a_loss_that_blows_up_names_the_copy():
    x, y = samples(2)
    y = y.copy()
    y[1] *= 1e30
    with pytest.raises(DivergedError, match="copy 1"):
        Replicas(build, 2).fit(x, y, epochs=3)


@pytest.mark.parametrize("bad", [np.zeros((3, 4)), np.full((2, 5, 4, 1), np.nan), np.zeros((2, 0, 4, 1))])
def test_samples_of_the_wrong_shape_or_with_gaps_are_refused(bad):
    with pytest.raises(InputError):
        Replicas(build, 2).fit(bad, np.zeros((2, 5, 1)), epochs=1)


def test_nbeats_forecasts_a_sine_better_than_persistence():
    t = np.arange(600) * 0.1
    series = np.sin(t)
    forecast = NBEATS(20, width=32, epochs=60, seed=1).fit(series[:500], dt=0.1).forecast(series[:500], 50).states[:, 0]
    assert np.abs(forecast - series[500:550]).mean() < 0.25 * np.abs(series[499] - series[500:550]).mean()
