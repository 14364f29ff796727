"""Many settings of one reservoir at once: the same graph, stepped side by side."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.reservoir.adaptation import saturated_share, synchrony
from inscape.models.reservoir.network import Network, as_inputs
from inscape.models.reservoir.readout import ridge_path
from inscape.parallel import parallel_map

if TYPE_CHECKING:
    import pandas

TAIL = 0.25
"""Share of the series on which readouts are judged; they learn from the rest, after the washout."""


def activities(
    network: Network,
    inputs: Float[np.ndarray, "time input"],
    inhibition: Float[np.ndarray, "setting node"],
    input_factors: Float[np.ndarray, "setting"],
) -> Iterator[Float[np.ndarray, "time node"]]:
    """Activity of one network under many settings, in their order.

    Settings are stepped several at a time and unused places are filled, so that the numbers of a setting depend
    neither on its neighbours nor on the number of workers.

    Parameters
    ----------
    inhibition : factors on the inhibition of each node.
    input_factors : factors on the input weights.
    """
    from inscape.models.reservoir import drive

    series = as_inputs(inputs, network.inputs)
    count, lanes = len(inhibition), drive.LANES
    excitation, inhibitory = network.excitation, network.inhibition
    rest = 1.0 / (1.0 + np.exp(network.gain * network.threshold))
    for first in range(0, count, lanes):
        places = [min(k, count - 1) for k in range(first, first + lanes)]
        rows = np.empty((lanes, len(series), network.nodes))
        drive.run_side_by_side(
            excitation.starts, excitation.sources, excitation.weights, inhibitory.starts, inhibitory.sources,
            inhibitory.weights, np.ascontiguousarray(inhibition[places].T, dtype=float),
            np.ascontiguousarray(network.entering[:, :, None] * input_factors[places]), series,
            np.zeros((network.nodes, lanes)), np.full((network.nodes, lanes), rest), network.numbers, rows,
        )  # fmt: skip
        yield from rows[: min(lanes, count - first)]


def sweep(
    network: Network,
    inputs: Float[np.ndarray, "time input"],
    targets: Float[np.ndarray, "time target"],
    *,
    balance: Sequence[float],
    input_scale: Sequence[float],
    scale_of_network: float,
    washout: int = 200,
    penalties: Float[np.ndarray, "penalty"] | None = None,
    jobs: int = -1,
) -> pandas.DataFrame:
    """Error of the readout for every pair of balance and input scale, with what the network did.

    Parameters
    ----------
    network : balanced (beta 0); its input weights were drawn at `scale_of_network`.
    targets : (time, target) what the readout has to answer after each sample; NaN is left out.
    penalties : tried by generalised cross-validation, as of `ridge_path`.
    jobs : as of `parallel_map`; the numbers do not depend on it.

    Returns
    -------
    One row a setting: balance, input_scale, nrmse (on the last quarter), rate, saturated, synchrony.
    """
    import pandas

    settings = list(itertools.product((float(b) for b in balance), (float(s) for s in input_scale)))
    if not settings:
        raise InputError("sweep: no setting found, expected at least one balance and one input_scale")
    for beta, scale in settings:
        if not (np.isfinite(beta) and beta <= 1 and np.isfinite(scale) and scale >= 0):
            raise InputError(f"sweep: balance {beta!r}, input_scale {scale!r} found, expected beta <= 1 and scale >= 0")
    series = as_inputs(inputs, network.inputs)
    answers = np.asarray(targets, dtype=float)
    answers = answers[:, None] if answers.ndim == 1 else answers
    if len(answers) != len(series) or len(series) < washout + 40:
        raise InputError(
            f"sweep: {len(series)} samples and {len(answers)} targets found, expected as many of each and at least "
            f"{washout + 40}"
        )
    lanes = 8
    chunks = [settings[k : k + lanes] for k in range(0, len(settings), lanes)]
    tasks = [_Task(network, series, answers, chunk, scale_of_network, washout, penalties) for chunk in chunks]
    rows = parallel_map(_judge, tasks, label="sweeping", jobs=jobs, backend="serial" if jobs == 1 else "loky")
    return pandas.DataFrame([row for chunk in rows for row in chunk])


@dataclass(frozen=True, eq=False)
class _Task:
    network: Network
    series: np.ndarray
    answers: np.ndarray
    settings: list[tuple[float, float]]
    scale: float
    washout: int
    penalties: np.ndarray | None


def _judge(task: _Task) -> list[dict[str, float]]:
    balance, scales = np.array(task.settings).T
    inhibition = np.repeat((1.0 - balance)[:, None], task.network.nodes, axis=1)
    found = []
    cut = len(task.series) - round(TAIL * (len(task.series) - task.washout))
    y = task.answers
    known = np.isfinite(y[cut:]).all(axis=1)
    for (beta, scale), activity in zip(
        task.settings, activities(task.network, task.series, inhibition, scales / task.scale), strict=True
    ):
        path = ridge_path(activity[task.washout : cut], y[task.washout : cut], penalties=task.penalties, jointly=True)
        error = path.readout(activity[cut:][known]) - y[cut:][known]
        spread = y[cut:][known].std(axis=0)
        nrmse = float(np.mean(np.sqrt(np.mean(error**2, axis=0)) / np.where(spread > 0, spread, 1.0)))
        # A thousand steps in a row tell how the network stands.
        late = activity[-1_000:]
        found.append(
            {
                "balance": beta,
                "input_scale": scale,
                "nrmse": nrmse,
                "rate": float(late.mean()),
                "saturated": saturated_share(late),
                "synchrony": synchrony(late),
            }
        )
    return found
