"""Leaving out what no model of the orbit explains: events far off a parabola, again and again until none is."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool

from inscape.analysis.timing.jitter import Jitter, fit_with_jitter
from inscape.analysis.timing.models import Events, count_events, design_of
from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.timing_tables import TimingTable

ClipBy = Literal["errors", "scatter"]


def clipped(
    table: TimingTable | Events,
    *,
    limit: float = 3.0,
    by: ClipBy = "errors",
    jitter: Jitter = "none",
    rounds: int = 50,
) -> Bool[np.ndarray, "event"]:
    """Which events are kept when those beyond `limit` off a fitted parabola are left out, round after round.

    Parameters
    ----------
    by : "errors" measures each residual in its own error (with the jitter, if one is fitted); "scatter" measures all in
        the standard deviation of the residuals, whatever their errors are.

    Raises
    ------
    InputError : if `limit` is not above 1, or fewer than five events are left.
    UnknownNameError : if `by` is neither.
    """
    if by not in get_args(ClipBy):
        raise UnknownNameError("clip", str(by), get_args(ClipBy))
    if not (np.isfinite(limit) and limit > 1):
        raise InputError(f"limit: {limit} found, expected a number above 1")
    events = table if isinstance(table, Events) else count_events(table)
    kept = np.ones(len(events), dtype=bool)
    for _ in range(rounds):
        part = events.keep(kept)
        if len(part) < 5:
            raise InputError(f"clip: {len(part)} events left of {len(events)}, expected at least 5; raise the limit")
        fitted = fit_with_jitter(design_of(part, "decay"), part.offsets, part.errors, part.sources, jitter).fit
        unit = np.sqrt(fitted.variances) if by == "errors" else np.std(fitted.residuals)
        far = np.abs(fitted.residuals) > limit * unit
        if not far.any():
            break
        kept[np.flatnonzero(kept)[far]] = False
    return kept
