"""Claim C6: forecasts of monthly fields through residual-ordered modes, against DMD, climatology and persistence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models import DMD
from inscape.models.koopman import KernelEDMD, KoopmanWarning

YEAR = 12
METHODS = ("verified modes", "all modes", "DMD", "climatology", "persistence")
DELAYS = (6, 12, 24)
MODES = (5, 9, 17)
"""Choices of the kernel law; DMD chooses among as many."""
RANKS: tuple[int | None, ...] = (5, 20, None)
RANK = 40

Months = Float[np.ndarray, "month cell"]
Forecaster = Callable[[int], Months]


def el_nino() -> Months:
    """Monthly sea-surface temperature of the Nino 1+2 region, January 1950 to December 2010, degrees Celsius.

    The series is the one that statsmodels ships, of the United States' Climate Prediction Center.
    """
    import statsmodels.api as api

    table = api.datasets.elnino.load_pandas().data
    return table.iloc[:, 1:].to_numpy(dtype=float).reshape(-1, 1)


def anomalies(series: Months, split: int) -> tuple[Months, Months]:
    """Departures from the mean year of the first `split` months, and that mean year (12, cell)."""
    if split < YEAR or split % YEAR:
        raise InputError(f"split: {split} months found, expected whole years")
    year = series[:split].reshape(-1, YEAR, series.shape[1]).mean(axis=0)
    return series - np.tile(year, (-(-len(series) // YEAR), 1))[: len(series)], year


def residual_ordered(departures: Months, split: int, delays: int, modes: int | None) -> KernelEDMD:
    """A Lorentzian kernel on the departures before `split`, of which a forecast takes the modes of least residual."""
    settings: dict[str, Any] = {"delays": delays, "rank": RANK, "growth": "none", "held_out": 0.0}
    model = KernelEDMD("lorentzian", max_residual=np.inf, **settings).fit(departures[:split], dt=1.0)
    if modes is None:
        return model
    bound = float(np.sort(model.residuals_)[min(modes, len(model.residuals_)) - 1])
    return model.set_params(max_residual=bound)


def _of_model(model: Any, departures: Months, horizon: int) -> Forecaster:
    return lambda month: model.forecast(departures[month - model.past : month], horizon).states


def squared_errors(
    departures: Months, forecaster: Forecaster, months: list[int], horizon: int
) -> Float[np.ndarray, "origin lead"]:
    """Mean over the cells of the squared error of each forecast, by the month that it starts from and its lead."""
    return np.array([((forecaster(m) - departures[m : m + horizon]) ** 2).mean(axis=1) for m in months])


def _best(candidates: dict[Any, Callable[[], Forecaster]], departures: Months, months: list[int], horizon: int) -> Any:
    scored = {
        name: float(squared_errors(departures, build(), months, horizon).mean()) for name, build in candidates.items()
    }
    return min(scored, key=lambda name: scored[name])


def forecast_contest(item: dict[str, Any]) -> dict[str, Any]:
    """Squared errors of every method: `item` holds `series`, `split` (months to learn from), `horizon`, `step`.

    The kernel law and DMD each choose among nine settings on the last fifth of the months to learn from, and learn anew
    from all of them. Returns (origin, lead) errors by method, and what was chosen.
    """
    series = np.asarray(item["series"], dtype=float)
    split, horizon, step = item["split"], item["horizon"], item["step"]
    early = split * 4 // 5 // YEAR * YEAR
    if split + horizon >= len(series) or early + horizon >= split:
        raise InputError(f"series: {len(series)} months found, expected over {split + horizon}, to forecast {horizon}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KoopmanWarning)
        past, _ = anomalies(series[:split], early)
        inner = list(range(early, split - horizon, step))
        kernel, linear = (
            _best(_candidates(kind, past, early, horizon), past, inner, horizon) for kind in ("kernel", "linear")
        )
        departures, _ = anomalies(series, split)
        months = list(range(split, len(series) - horizon + 1, step))
        ordered = residual_ordered(departures, split, *kernel)
        laws = {
            "verified modes": _of_model(ordered, departures, horizon),
            "all modes": _of_model(residual_ordered(departures, split, kernel[0], None), departures, horizon),
            "DMD": _candidates("linear", departures, split, horizon)[linear](),
            "climatology": lambda month: np.zeros((horizon, series.shape[1])),
            "persistence": lambda month: np.repeat(departures[month - 1 : month], horizon, axis=0),
        }
        errors = {name: squared_errors(departures, law, months, horizon) for name, law in laws.items()}
    values = ordered.eigenvalues_
    return {
        "errors": errors,
        "chosen": {"delays": kernel[0], "modes": kernel[1], "DMD delays": linear[0], "DMD rank": linear[1] or 0},
        "eigenvalues": np.stack([values.real, values.imag, ordered.residuals_], axis=1),
        "months": np.array(months),
    }


def _candidates(kind: str, departures: Months, split: int, horizon: int) -> dict[Any, Callable[[], Forecaster]]:
    def kernel(delays: int, modes: int) -> Forecaster:
        return _of_model(residual_ordered(departures, split, delays, modes), departures, horizon)

    def linear(delays: int, rank: int | None) -> Forecaster:
        return _of_model(DMD(rank, delays=delays).fit(departures[:split], dt=1.0), departures, horizon)

    if kind == "kernel":
        return {(d, k): partial(kernel, d, k) for d in DELAYS for k in MODES}
    return {(d, r): partial(linear, d, r) for d in DELAYS for r in RANKS}


def ratio_to(errors: dict[str, Any], rival: str, draws: int = 1000, seed: int = 0) -> tuple[float, float, float]:
    """Root-mean-square error of the verified modes over that of a rival, with a 95 % interval over blocks of a year."""
    ours, theirs = (np.asarray(errors[name]).mean(axis=1) for name in ("verified modes", rival))
    block = max(1, min(YEAR, len(ours) // 4))
    count = len(ours) // block
    grouped = [part[: count * block].reshape(count, block).mean(axis=1) for part in (ours, theirs)]
    picks = np.random.default_rng(seed).integers(0, count, (draws, count))
    drawn = np.sqrt(grouped[0][picks].mean(axis=1) / grouped[1][picks].mean(axis=1))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(np.sqrt(ours.mean() / theirs.mean())), float(low), float(high)
