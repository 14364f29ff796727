"""Which ridge penalty a forecaster should take: the one whose own forecasts, fed back, hold longest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from inscape.models.reservoir.dynamics import Dynamics
from inscape.models.reservoir.network import State
from inscape.models.reservoir.readout import RidgePath

ORIGINS = 10
REACH = 100
WORST = 3.0
"""Standard deviations beyond which a wrong sample counts no more: chaos ends every forecast sometime."""
EQUAL = 1.02


def closed_loop_errors(
    dynamics: Dynamics,
    path: RidgePath,
    runs: Sequence[tuple[Float[np.ndarray, "time input"], Float[np.ndarray, "time state"]]],
    first: Sequence[int],
    *,
    squares: bool,
) -> Float[np.ndarray, "penalty"]:
    """Mean absolute error of closed-loop forecasts for every penalty of a path; infinite where none could be made.

    Parameters
    ----------
    path : fitted to what lies before `first`.
    runs : (heard, activity) of each run; the states come first in what the network hears, in standard deviations.
    first : the row of each run from which forecasts are judged.
    """
    width = path.projected.shape[1]
    gain, threshold = dynamics.numbers[:2]
    errors = np.zeros(len(path.penalties))
    forecasts = 0
    readouts = [path.at(penalty) for penalty in path.penalties]
    for (heard, activity), start in zip(runs, first, strict=True):
        reach = min(REACH, (len(heard) - start) // 2)
        if reach < 1:
            continue
        for origin in np.unique(np.linspace(start, len(heard) - reach, ORIGINS).astype(int)):
            past, future = heard[origin - 1], heard[origin : origin + reach]
            if not (np.isfinite(past).all() and np.isfinite(future).all()):
                continue
            rates = activity[origin - 1]
            potential = np.zeros_like(rates)
            if dynamics.is_logistic:
                inside = np.clip(rates, 1e-15, 1 - 1e-15)
                potential = threshold + np.log(inside / (1 - inside)) / gain
            outside = heard[origin - 1 : origin - 1 + reach, width:]
            forecasts += 1
            for k, readout in enumerate(readouts):
                state = State(potential.copy(), rates.copy())
                made = dynamics.closed_loop(readout, past[None, :width], outside, state, squares=squares)
                error = np.abs(made - future[:, :width])
                errors[k] += np.mean(np.where(np.isfinite(error), np.minimum(error, WORST), WORST))
    return errors / forecasts if forecasts else np.full(len(errors), np.inf)


def smallest_error(errors: Float[np.ndarray, "penalty"]) -> int:
    """Index of the best penalty; among equals the strongest, which is the safest."""
    return int(np.flatnonzero(errors <= EQUAL * errors.min())[-1]) if np.isfinite(errors).any() else len(errors) // 2
