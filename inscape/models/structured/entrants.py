"""Structured networks for the contest of laws, where a recording is small enough to train them in seconds."""

from __future__ import annotations

from inscape.models.delay_forecaster import DelayForecaster
from inscape.models.registry import register
from inscape.models.structured.hankel_net import HankelNet
from inscape.trajectories import Trajectories

LONGEST_WINDOW = 32
"""Numbers in a window up to which networks are tried."""

MOST_STATES = 6
"""State variables up to which networks are tried: a step of the training costs rows of the Jacobian, one for each."""

STEPS, BATCH = 40, 600
"""40 steps on 600 windows of three variables: 2 s of processor time for 491 weights."""


@register("structured network")
def structured_networks(trajectories: Trajectories) -> list[tuple[str, DelayForecaster]]:
    """Hankel networks of some hundred weights; none where windows are too wide or too few for so many weights."""
    states = len(trajectories.state_names)
    if trajectories.input_names or states > MOST_STATES:
        return []
    longest = max(map(len, trajectories))
    windows_of = (16, 8) if states == 1 else (8, 4)
    for delays in (d for d in windows_of if d * states <= LONGEST_WINDOW and longest >= 4 * d):
        inputs = delays * states
        network = HankelNet(8 if inputs <= 16 else 5)
        windows = sum(max(0, len(run) - delays) for run in trajectories)
        if windows * states >= 2 * network.parameters(inputs, states):
            return [
                (f"Hankel network of {delays} samples, noise {noise:g}",
                 DelayForecaster(network, delays, noise=noise, steps=STEPS, batch=BATCH))
                for noise in (1e-3, 3e-2)
            ]  # fmt: skip
    return []
