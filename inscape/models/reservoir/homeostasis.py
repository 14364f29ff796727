"""Online homeostasis: inhibition goes on adapting while the input drifts, and a recursive readout follows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.reservoir.adaptation import saturated_share
from inscape.models.reservoir.network import Network, State, as_inputs
from inscape.models.reservoir.recursive import RecursiveReadout
from inscape.models.reservoir.targets import target_rates
from inscape.systems.plan import number

CHUNK = 50
"""Steps between two looks at the rates."""


@dataclass(frozen=True, eq=False)
class OnlineRun:
    """A reservoir that worked while its input drifted.

    Parameters
    ----------
    network : as it stands at the end.
    answers : (time, target) of the readout, each before it learned from that sample.
    errors : (time,) root mean square over the targets of answer less truth, in standard deviations of the truth; NaN
        where there was none.
    rate_errors, saturated : (chunk,) mean |rate - target| and share of nodes at 0 or 1 over `CHUNK` steps each.
    """

    network: Network
    answers: Float[np.ndarray, "time target"]
    errors: Float[np.ndarray, "time"]
    rate_errors: Float[np.ndarray, "chunk"]
    saturated: Float[np.ndarray, "chunk"]


def run_online(
    network: Network,
    inputs: Float[np.ndarray, "time input"],
    desired: Float[np.ndarray, "time target"],
    targets: float | tuple[str, float, float] | Float[np.ndarray, "node"] = 0.5,
    *,
    rate: float = 3e-3,
    forgetting: float = 0.999,
    penalty: float = 1e-2,
    start: State | None = None,
    seed: int | np.random.Generator | None = 0,
) -> OnlineRun:
    """Step through a series once: hear, answer, learn the readout, adapt the inhibition.

    Parameters
    ----------
    desired : (time, target) the right answer after each sample; NaN where it is not known, then nothing is learned.
    targets : rates, as of `target_rates`, which `seed` belongs to.
    rate : of adaptation; 0 freezes the network and leaves only the readout to follow.
    forgetting, penalty : of `RecursiveReadout`.
    start : where the network stands; moved on in place.

    Raises
    ------
    InputError : if lengths disagree or a number is out of its range.
    """
    from inscape.models.reservoir import drive

    series = as_inputs(inputs, network.inputs)
    truth = np.asarray(desired, dtype=float)
    truth = truth[:, None] if truth.ndim == 1 else truth
    if truth.ndim != 2 or len(truth) != len(series):
        raise InputError(f"desired: shape {np.shape(desired)} found, expected ({len(series)}, target)")
    number("rate", rate, "a number, not negative", least=0.0)
    wanted = target_rates(targets, network.nodes, seed)
    state = State.at_rest(network) if start is None else start
    readout = RecursiveReadout(network.nodes, truth.shape[1], forgetting=forgetting, penalty=penalty)
    inhibition, excitation = network.inhibition, network.excitation
    weights = inhibition.weights.copy()
    added, lowest = np.zeros(network.nodes), np.zeros(network.nodes)
    answers = np.empty_like(truth)
    rate_errors, saturated = [], []
    for first in range(0, len(series), CHUNK):
        part = series[first : first + CHUNK]
        activity = np.empty((len(part), network.nodes))
        for k, sample in enumerate(part):
            if np.isfinite(sample).all():
                drive.run_adapting(
                    excitation.starts, excitation.sources, excitation.weights, inhibition.starts, inhibition.sources,
                    weights, added, lowest, network.entering, sample[None], 0, 1, wanted, float(rate),
                    state.potential, state.activity, network.numbers, np.zeros((1, network.nodes)),
                )  # fmt: skip
            activity[k] = state.activity
            known = bool(np.isfinite(sample).all() and np.isfinite(truth[first + k]).all())
            answers[first + k] = readout.answer(state.activity)
            if known:
                readout.learn(state.activity, truth[first + k])
        rate_errors.append(float(np.mean(np.abs(activity.mean(axis=0) - wanted))))
        saturated.append(saturated_share(activity))
    spread = np.nanstd(truth, axis=0)
    errors = np.sqrt(np.mean(((answers - truth) / np.where(spread > 0, spread, 1.0)) ** 2, axis=1))
    adapted = replace(inhibition, weights=np.maximum(0.0, weights + added[inhibition.targets]))
    return OnlineRun(replace(network, inhibition=adapted), answers, errors, np.array(rate_errors), np.array(saturated))
