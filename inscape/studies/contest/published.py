"""The released scores of the sixteen published methods.

`published_smape.csv` holds the sMAPE of 131 systems x 16 methods at 15 points a period, univariate, 10 periods to learn
from and 2 to forecast. Source: result files (2021) of williamgilpin/dysts, Apache-2.0, reshaped by us into one table.
No scores at 100 points a period are at hand.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np
from jaxtyping import Float

METHODS = {
    "NBEATSModel": "N-BEATS",
    "RNNModel": "LSTM",
    "RandomForest": "random forest",
    "TransformerModel": "transformer",
    "TCNModel": "TCN",
    "LinearRegressionModel": "linear regression",
    "ARIMA": "ARIMA",
    "AutoARIMA": "AutoARIMA",
    "FFT": "FFT",
    "Prophet": "Prophet",
    "ExponentialSmoothing": "exponential smoothing",
    "Theta": "Theta",
    "FourTheta": "4Theta",
    "NaiveMean": "naive mean",
    "NaiveDrift": "naive drift",
    "NaiveSeasonal": "naive seasonal",
}
"""Column of the file -> the name of the method here."""


@cache
def released() -> dict[str, dict[str, float]]:
    """sMAPE by system and method, 0 to 200."""
    text = files(__package__).joinpath("published_smape.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["system"]: {name: float(row[column]) for column, name in METHODS.items()} for row in rows}


def released_table(systems: list[str]) -> dict[str, Float[np.ndarray, "system"]]:
    """Scores of every published method over those systems, in their order."""
    known = released()
    return {method: np.array([known[s][method] for s in systems]) for method in METHODS.values()}
