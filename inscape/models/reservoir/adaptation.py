"""Local adaptation: each inhibitory synapse learns from the rate of the node that it ends on, and from nothing else.

Srinivasan, Plenz and Girvan (2025, arXiv 2504.12480, eq. 7): A^I_ij <- max(0, A^I_ij + delta (r_i - rho_i)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.models.reservoir.network import Network, State, as_inputs
from inscape.models.reservoir.targets import target_rates

PHASES = ((3e-3, 3_000), (3e-4, 1_000))
"""(rate of adaptation, steps): a fast one that reaches the targets, and a slow one that takes the ripple out."""

BLOCK = 100
"""Steps over which rates are averaged for the report."""

SETTLED_ERROR = 0.02
FALLING = 3.0
"""Standard errors by which a trend has to be below zero to count as one."""


@dataclass(frozen=True, eq=False)
class Adaptation:
    """What local adaptation came to.

    Parameters
    ----------
    network : with the adapted inhibition.
    targets : (node,) rates asked for.
    rates : (node,) means over the slow half of the last phase.
    errors : (block,) mean over nodes of |mean rate in a block of `BLOCK` steps - target|: its trend.
    unreachable : nodes whose inhibition can fall no further, or that receive none, and that miss their target.
    phases : (rate, steps) that were made.
    """

    network: Network
    targets: Float[np.ndarray, "node"]
    rates: Float[np.ndarray, "node"]
    errors: Float[np.ndarray, "block"]
    unreachable: Int[np.ndarray, "count"]
    phases: tuple[tuple[float, int], ...]

    @property
    def rate_error(self) -> float:
        """Mean |rate - target| at the end."""
        return float(np.mean(np.abs(self.rates - self.targets)))

    @property
    def has_settled(self) -> bool:
        """Whether the rate errors are small, or at least show no falling trend over the blocks of the last phase."""
        if self.rate_error <= SETTLED_ERROR:
            return True
        tail = self.errors[-max(1, int(self.phases[-1][1]) // BLOCK) :]
        if len(tail) < 4:
            return False
        steps = np.arange(len(tail)) - (len(tail) - 1) / 2
        slope = float(steps @ tail / (steps @ steps))
        scatter = np.sum((tail - tail.mean() - slope * steps) ** 2) / (len(tail) - 2)
        return slope > -FALLING * float(np.sqrt(scatter / (steps @ steps)))


def adapt_inhibition(
    network: Network,
    inputs: Float[np.ndarray, "time input"],
    targets: float | tuple[str, float, float] | Float[np.ndarray, "node"] = 0.5,
    *,
    phases: Sequence[tuple[float, int]] = PHASES,
    start: State | None = None,
    seed: int | np.random.Generator | None = 0,
) -> Adaptation:
    """Let the inhibition of a network adapt while the task's own input drives it; excitation and input stay.

    Parameters
    ----------
    network : as `dale_network` makes it; it is not changed.
    inputs : (time, input); a series shorter than the phases is played again. Samples with a NaN are passed over.
    targets : as of `target_rates`, which `seed` belongs to.
    phases : (rate delta, steps), one after the other.
    start : where the network stands; moved on in place.

    Raises
    ------
    InputError : if a target is not in (0, 1), a phase is not positive, or the series holds no complete sample.
    """
    from inscape.models.reservoir import drive

    series = as_inputs(inputs, network.inputs)
    series = series[np.isfinite(series).all(axis=1)]
    if not len(series):
        raise InputError("inputs: no complete sample found, expected some to adapt on")
    wanted = target_rates(targets, network.nodes, seed)
    made = tuple((float(rate), int(steps)) for rate, steps in phases)
    if not made or any(not (0 < rate < np.inf and steps > 0) for rate, steps in made):
        raise InputError(f"phases: {phases!r} found, expected pairs of a positive rate and a number of steps")
    state = State.at_rest(network) if start is None else start
    inhibition = network.inhibition
    weights = inhibition.weights.copy()
    added, lowest = np.zeros(network.nodes), np.zeros(network.nodes)
    means: list[np.ndarray] = []
    offset = 0
    for rate, steps in made:
        blocks = np.zeros((max(1, steps // BLOCK), network.nodes))
        drive.run_adapting(
            network.excitation.starts,
            network.excitation.sources,
            network.excitation.weights,
            inhibition.starts,
            inhibition.sources,
            weights,
            added,
            lowest,
            network.entering,
            series,
            offset,
            int(steps),
            wanted,
            rate,
            state.potential,
            state.activity,
            network.numbers,
            blocks,
        )
        offset += int(steps)
        means.append(blocks)
    adapted = np.maximum(0.0, weights + added[inhibition.targets])
    answer = replace(network, inhibition=replace(inhibition, weights=adapted))
    rates = means[-1][len(means[-1]) // 2 :].mean(axis=0)
    errors = np.concatenate([np.abs(m - wanted).mean(axis=1) for m in means])
    floor = (answer.inhibition.sums <= 1e-12) & (rates < wanted - SETTLED_ERROR / 2)
    floor[network.without_inhibition] |= np.abs(rates - wanted)[network.without_inhibition] > SETTLED_ERROR / 2
    return Adaptation(answer, wanted, rates, errors, np.flatnonzero(floor), made)


def saturated_share(activity: Float[np.ndarray, "time node"], *, margin: float = 0.02) -> float:
    """Share of nodes that are within `margin` of silence or of full activity nine steps in ten."""
    stuck = (activity < margin) | (activity > 1 - margin)
    return float(np.mean(stuck.mean(axis=0) > 0.9))


def synchrony(activity: Float[np.ndarray, "time node"]) -> float:
    """Correlation of the mean activity with itself two steps later, where it is opposite one step later; else 0.

    Near 1 the whole network alternates (period 2), as over-inhibited networks do.
    """
    mean = np.asarray(activity, dtype=float).mean(axis=1)
    if len(mean) < 8 or mean.std() < 1e-9:
        return 0.0
    z = mean - mean.mean()
    power = float(z @ z)
    one, two = float(z[1:] @ z[:-1]) / power, float(z[2:] @ z[:-2]) / power
    return two if one < 0 < two else 0.0
