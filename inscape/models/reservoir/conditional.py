"""Whether a reservoir forgets where it started: its Lyapunov exponents along a run that its own input drives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.reservoir.network import Network, State, as_inputs
from inscape.models.reservoir.one_step import design_inhibition
from inscape.systems.plan import number

if TYPE_CHECKING:
    from inscape.analysis import LyapunovSpectrum

STRETCH = 20
"""Steps over which growth is averaged before its error is taken."""

GAINS = (0.2, 60.0)
"""Gains between which the edge is looked for."""


def driven_exponents(
    network: Network,
    inputs: Float[np.ndarray, "time input"],
    *,
    count: int = 1,
    washout: int | None = None,
    seed: int | np.random.Generator | None = 0,
) -> LyapunovSpectrum:
    """Conditional Lyapunov exponents of a network driven by a series, per step, largest first.

    The network has the echo state property along this input - two copies in different states come together - if and
    only if the largest is negative (Pecora and Carroll 1990). The tangent vectors are orthonormalised after every step.

    Parameters
    ----------
    network : logistic, as `dale_network` makes it.
    inputs : (time, input) what drives it; missing samples hold the state.
    count : how many exponents.
    washout : steps before growth is counted; a fifth of the series, at most 500, if None.
    seed : of the first tangent vectors.

    Raises
    ------
    InputError : if the series is too short, or all nodes are stuck, so that nothing grows or decays.
    """
    from inscape.analysis.batch_means import batch_means
    from inscape.analysis.exponents import LyapunovSpectrum
    from inscape.models.reservoir import drive

    series = as_inputs(inputs, network.inputs)
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 1 <= count <= network.nodes:
        raise InputError(f"count: {count!r} found, expected a whole number from 1 to {network.nodes} nodes")
    first = min(500, len(series) // 5) if washout is None else int(washout)
    if len(series) - first < 2 * STRETCH:
        raise InputError(f"inputs: {len(series)} samples found, expected at least {first + 2 * STRETCH}")
    state = State.at_rest(network)
    table = network.synapses
    random = np.random.default_rng(seed)
    frame = np.ascontiguousarray(np.linalg.qr(random.standard_normal((network.nodes, int(count))))[0].T)
    growth = np.zeros((len(series), int(count)))
    done = drive.run_tangent(
        table.starts, table.sources, table.weights, network.entering, series, state.potential, state.activity,
        network.numbers, frame, growth,
    )  # fmt: skip
    if done < len(series):
        raise InputError(
            f"network: no tangent vector is left after {done} steps, every node is stuck at 0 or 1; "
            "scale the input down or balance the network"
        )
    moving = growth[first:][np.isfinite(series[first:]).all(axis=1)]
    stretches = len(moving) // STRETCH
    local = moving[len(moving) - stretches * STRETCH :].reshape(stretches, STRETCH, -1).mean(axis=1)
    means = batch_means(local)
    return LyapunovSpectrum(
        means.mean,
        means.covariance,
        means.degrees_of_freedom,
        float(stretches * STRETCH),
        float(network.nodes),
        local=local,
        sample_duration=float(STRETCH),
        interval=1.0,
        system="driven reservoir",
    )


def gain_at_edge(
    network: Network,
    inputs: Float[np.ndarray, "time input"],
    targets: Float[np.ndarray, "node"],
    mean_input: Float[np.ndarray, "input"],
    *,
    edge: float = -0.05,
    tolerance: float = 0.01,
    steps: int = 1_000,
) -> float:
    """The gain c at which the designed network's largest conditional exponent on this input is `edge`, just negative.

    Memory is longest just before the network stops forgetting its start; a node's slope at its target rate is
    c rho (1 - rho), so that one number sets it for all. Gains rise in equal ratios until the exponent first passes the
    edge, then that interval is halved; each trial has a one-step design of its own, run for the first `steps` samples.

    Raises
    ------
    InputError : if the edge is not negative, or the exponent is above it at every gain.
    """
    if not number("edge", edge, "a negative number") < 0:
        raise InputError(f"edge: {edge!r} found, expected a negative number: at 0 a reservoir no longer forgets")
    series = as_inputs(inputs, network.inputs)[:steps]

    def exponent(gain: float) -> float:
        tried = design_inhibition(replace(network, gain=gain), targets, mean_input).network
        return float(driven_exponents(tried, series).exponents[0])

    grid = np.geomspace(*GAINS, 14)
    if exponent(grid[0]) > edge:
        raise InputError(f"edge: largest conditional exponent above {edge:g} at every gain; lower the retention")
    # The exponent may fall again beyond: strong drives can synchronise a chaotic network. The first crossing counts.
    passed = next((k for k in range(1, len(grid)) if exponent(grid[k]) > edge), None)
    if passed is None:
        return float(grid[-1])
    low, high = float(grid[passed - 1]), float(grid[passed])
    while np.log(high / low) > tolerance:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if exponent(middle) <= edge else (low, middle)
    return low
