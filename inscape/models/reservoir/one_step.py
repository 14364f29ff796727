"""The one-step design: the inhibition that gives each node its target rate, in closed form.

Srinivasan, Plenz and Girvan (2025, arXiv 2504.12480, eq. 8). With every node at its target rate rho and the input at
its mean, a node rests at the potential V_i = theta + logit(rho_i) / c, so that its inhibition has to be scaled by

    Omega_i = (sum_j A^E_ij rho_j + (W_in u)_i - (1 - lambda) V_i) / sum_j A^I_ij rho_j.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.models.reservoir.network import Network
from inscape.models.reservoir.targets import target_rates


@dataclass(frozen=True, eq=False)
class Design:
    """A network with designed inhibition.

    Parameters
    ----------
    network : with the inhibition of node i scaled by factors[i].
    targets : (node,) rates asked for.
    factors : (node,) max(0, Omega); 1 where a node has no inhibition to scale.
    unreachable : the nodes that cannot reach their target by inhibition: Omega < 0, or no inhibitory input.
    """

    network: Network
    targets: Float[np.ndarray, "node"]
    factors: Float[np.ndarray, "node"]
    unreachable: Int[np.ndarray, "count"]


def design_inhibition(
    network: Network,
    targets: float | tuple[str, float, float] | Float[np.ndarray, "node"] = 0.5,
    mean_input: float | Float[np.ndarray, "input"] = 0.0,
    *,
    seed: int | np.random.Generator | None = 0,
) -> Design:
    """Scale the inhibition of every node so that its mean rate is its target, without running the network.

    Parameters
    ----------
    network : as `dale_network` makes it; it is not changed.
    targets : as of `target_rates`, which `seed` belongs to.
    mean_input : (input,) mean of the series that will drive it.

    Raises
    ------
    InputError : if a target is not in (0, 1), or the mean input is not one finite number for each input.
    """
    wanted = target_rates(targets, network.nodes, seed)
    mean = np.atleast_1d(np.asarray(mean_input, dtype=float))
    mean = np.repeat(mean, network.inputs) if mean.shape == (1,) else mean
    if mean.shape != (network.inputs,) or not np.isfinite(mean).all():
        raise InputError(f"mean_input: {mean_input!r} found, expected {network.inputs} finite numbers")
    potential = network.threshold + np.log(wanted / (1 - wanted)) / max(network.gain, np.finfo(float).tiny)
    excess = network.excitation.onto(wanted) + network.entering @ mean - (1 - network.retention) * potential
    held_back = network.inhibition.onto(wanted)
    inhibited = held_back > 0
    factors = np.ones(network.nodes)
    factors[inhibited] = excess[inhibited] / held_back[inhibited]
    unreachable = np.flatnonzero(~inhibited | (factors < 0))
    factors = np.maximum(factors, 0.0)
    return Design(network.with_inhibition(factors), wanted, factors, unreachable)
