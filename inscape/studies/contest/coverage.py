"""Whether the 90 % bands that come with a forecast hold nine out of ten of what then happens."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from inscape.errors import InscapeError
from inscape.models.contest import hold_contest
from inscape.studies.contest.arena import bout, on_one_thread, two_series

LEVEL = 0.9


@on_one_thread
def covered(item: dict[str, Any]) -> dict[str, Any]:
    """The share of a system's future that fell inside the band which `learn` drew from its 10 known periods.

    `item` holds `name`, `per_period`, `view`, `seed` and `laws`, as of `laws.judged`. Returns {"name", "share",
    "steps", "width", "promised", "seconds"}: "share" is NaN where the system does not hold out or no law could be
    fitted, "width" is the mean half-width of the band in standard deviations.
    """
    started = time.process_time()
    share = width = promised = float("nan")
    steps = 0
    runs = two_series(item)
    if runs is not None:
        seen = bout(runs, item["per_period"], view=item["view"])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = hold_contest(
                    seen.known, seen.dt, laws=item["laws"], level=LEVEL, seed=item["seed"] % 2**31, jobs=1
                )
            steps = len(found.bands.half_widths)
            errors = found.forecast.states[:steps] - seen.future[:steps]
            share = float(np.nanmean(found.bands.coverage(np.where(np.isfinite(errors), errors, np.inf)[None])))
            deviations = found.bands.half_widths / seen.known.std(axis=0)
            width = float(np.mean(np.minimum(deviations, 1e3)))
            promised = found.bands.promised
        except InscapeError:
            pass
    return {
        "name": item["name"],
        "share": share,
        "steps": steps,
        "width": width,
        "promised": promised,
        "seconds": time.process_time() - started,
    }
