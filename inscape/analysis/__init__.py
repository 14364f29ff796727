"""Measurements on systems and trajectories: exponents, dimensions, entropies, sections, spectra, forecast scores."""

from inscape.analysis.dimensions import Dimension, kaplan_yorke_dimension
from inscape.analysis.scores import (
    ValidTime,
    correlation,
    crps,
    mase,
    measure_distance,
    nrmse,
    r2,
    rmse,
    smape,
    spectral_distance,
    valid_time,
)

__all__ = [
    "Dimension",
    "ValidTime",
    "correlation",
    "crps",
    "kaplan_yorke_dimension",
    "mase",
    "measure_distance",
    "nrmse",
    "r2",
    "rmse",
    "smape",
    "spectral_distance",
    "valid_time",
]
