"""HAVOK on Lorenz: how intermittent the forcing is, and whether its bursts come before the state changes its lobe."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.models.havok import HAVOK
from inscape.models.intermittency import best_threshold, forcing_statistics, foretell_switches, lobe_switches
from inscape.systems import zoo

INTERVAL = 0.001
HORIZON = 0.5
"""Time units ahead; a turn about a lobe takes about 0.65."""


def lobe_forecast(item: dict[str, Any]) -> dict[str, Any]:
    """HAVOK fitted on the first half of a run of x, its threshold chosen there; switches foretold in the second half.

    `item` holds `rank`, `delays`, `duration` (time units) and `seed`. The control takes the size of x itself, and of
    dx/dt, in place of the forcing: an excursion of x is a sign of its own.
    """
    times = INTERVAL * np.arange(round(item["duration"] / INTERVAL))
    system: Any = zoo["Lorenz"]
    run = system.simulate(times=times, seed=item["seed"], transient=20.0).select(["x"])
    half = len(run) // 2
    first, second = run[:half], run[half:]
    model = HAVOK(item["rank"], delays=item["delays"]).fit(first)
    learned, told = model.coordinates(first), model.coordinates(second)
    statistics = forcing_statistics(learned.times, learned.states[:, -1])
    answers: dict[str, Any] = {
        "rank": model.rank_,
        "excess_kurtosis": statistics.excess_kurtosis,
        "tail_share": statistics.tail_share,
        "reconstruction": float(_reconstruction(model, second[: round(20 / INTERVAL)])),
        "dominant": model.operator_[np.arange(len(model.operator_) - 1), np.arange(1, len(model.operator_))].tolist(),
    }
    signs = {
        "forcing": (learned.states[:, -1], told.states[:, -1]),
        "size of x": tuple(r.states[model.past - 1 :, 0] for r in (first, second)),
        "size of dx/dt": tuple(np.gradient(r.states[:, 0], INTERVAL)[model.past - 1 :] for r in (first, second)),
    }
    for name, (chosen_on, tested_on) in signs.items():
        before = lobe_switches(first.times, first.states[:, 0])
        after = lobe_switches(second.times, second.states[:, 0])
        # Every fifth sample: bursts last fifty, and the turns in time that give chance cost less.
        level = best_threshold(learned.times[::5], chosen_on[::5], before, horizon=HORIZON)
        found = foretell_switches(told.times[::5], tested_on[::5], after, threshold=level, horizon=HORIZON)
        answers[name] = {key: float(value) for key, value in vars(found).items()}
        if name == "forcing":
            known = foretell_switches(
                learned.times[::5], chosen_on[::5], before, threshold=level, horizon=HORIZON, turns=0
            )
            answers["learned_area"] = known.area
    shown = slice(0, round(25 / INTERVAL), 10)
    answers["picture"] = {
        "times": told.times[shown],
        "x": second.states[model.past - 1 :, 0][shown],
        "forcing": told.states[shown, -1],
        "threshold": answers["forcing"]["threshold"],
        "switches": after[after < told.times[shown][-1]],
    }
    return answers


def _reconstruction(model: HAVOK, run: Any) -> float:
    """Correlation of a held-out run with what its forcing alone drives the linear core to."""
    rebuilt = model.reconstruct(run)
    return np.corrcoef(rebuilt.states[:, 0], run.states[model.past - 1 :, 0])[0, 1]
