"""`Dynamics`: a network ready to be stepped, driven by a series or fed its own answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from inscape.models.reservoir.network import Network, State, Synapses
from inscape.models.reservoir.readout import Readout

BLOWN_UP = 1e3
"""Standard deviations of the recording beyond which a forecast counts as diverged."""


@dataclass(frozen=True, eq=False)
class Dynamics:
    """V(t + 1) = retention V(t) + W r(t) + W_in u(t) + bias; r(t + 1) = (1 - leak) r(t) + leak f(V(t + 1)).

    Parameters
    ----------
    synapses : the signed weights W, in rows.
    entering : (node, input) W_in; bias : (node,).
    numbers : (gain, threshold, retention, leak).
    is_logistic : f is the logistic function of gain and threshold; else tanh.
    """

    synapses: Synapses
    entering: Float[np.ndarray, "node input"]
    bias: Float[np.ndarray, "node"]
    numbers: tuple[float, float, float, float]
    is_logistic: bool

    @classmethod
    def of(cls, network: Network) -> Dynamics:
        """Those of a network that keeps Dale's law."""
        return cls(network.synapses, network.entering, np.zeros(network.nodes), network.numbers, True)

    def at_rest(self) -> State:
        """No potential, and the activity that belongs to it."""
        gain, threshold = self.numbers[:2]
        rest = 1.0 / (1.0 + np.exp(gain * threshold)) if self.is_logistic else 0.0
        return State(np.zeros(len(self.bias)), np.full(len(self.bias), rest))

    def driven(self, heard: Float[np.ndarray, "time input"], state: State) -> Float[np.ndarray, "time node"]:
        """Activity after each sample; the state moves on in place, and is held where a sample is missing."""
        from inscape.models.reservoir import drive

        rows = np.empty((len(heard), len(self.bias)))
        table = self.synapses
        drive.run(
            table.starts, table.sources, table.weights, self.entering, self.bias, np.ascontiguousarray(heard, float),
            state.potential, state.activity, self.numbers, drive.LOGISTIC if self.is_logistic else drive.TANH, rows,
        )  # fmt: skip
        return rows

    def closed_loop(
        self,
        readout: Readout,
        past: Float[np.ndarray, "past state"],
        outside: Float[np.ndarray, "horizon input"],
        state: State,
        *,
        squares: bool,
        limit: float = BLOWN_UP,
    ) -> Float[np.ndarray, "horizon state"]:
        """Answers of a network that has read `past` to its end and then hears its own; NaN from the first beyond limit.

        Parameters
        ----------
        outside : what it hears beside the states, row k with the k-th sample that it reads; the first row is the one
            of the last sample of the past.
        """
        from inscape.models.reservoir import drive

        series = np.full((1 + len(outside), past.shape[1]), np.nan)
        series[0] = past[-1]
        table = self.synapses
        drive.run_closed(
            table.starts, table.sources, table.weights, self.entering, self.bias, series,
            np.ascontiguousarray(outside, float), 1, np.zeros(1, np.int64), state.potential, state.activity,
            self.numbers, drive.LOGISTIC if self.is_logistic else drive.TANH, np.ascontiguousarray(readout.coef),
            readout.constant, squares, float(limit),
        )  # fmt: skip
        return series[1:]


def read_features(
    activity: Float[np.ndarray, "time node"], heard: Float[np.ndarray, "time input"], squares: bool
) -> Float[np.ndarray, "time feature"]:
    """What the readout sees: the activity, its squares where wanted, and what the network has just heard."""
    return np.concatenate([activity, activity**2, heard] if squares else [activity, heard], axis=1)


def usable_rows(
    heard: Float[np.ndarray, "time input"], states: Float[np.ndarray, "time state"], washout: int, after_gap: int
) -> Bool[np.ndarray, "time"]:
    """Rows whose features may be learned from, to answer with the next state.

    Left out: the first `washout` rows, rows without a next state, and after a gap as many rows as the network needs
    to forget that it was held.
    """
    known = np.isfinite(heard).all(axis=1)
    rows = known.copy()
    for gap in np.flatnonzero(~known):
        rows[gap : gap + 1 + after_gap] = False
    rows[: int(washout)] = False
    rows[:-1] &= np.isfinite(states[1:]).all(axis=1)
    rows[-1] = False
    return rows
