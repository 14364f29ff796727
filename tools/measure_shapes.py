"""Measure the correlation dimension and multiscale entropy of the zoo's attractors, and write shapes.csv.

Run as `python tools/measure_shapes.py`. Each system runs for 500 of its periods at 20 points each (a map for 10,000
steps) after a transient of a tenth of that. Systems with a state that grows for ever are left out, since distances
along it mean nothing, and so are those whose run stops.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from inscape.analysis.dimensions import correlation_dimension
from inscape.analysis.entropy import multiscale_entropy
from inscape.errors import InscapeError
from inscape.systems import zoo

SHAPES = Path(__file__).resolve().parents[1] / "inscape" / "systems" / "zoo" / "shapes.csv"
COLUMNS = ("name", "correlation_dimension", "correlation_dimension_error", "multiscale_entropy")


def shape(name: str) -> tuple[str, str, str] | None:
    """Dimension, its error and the mean entropy over the scales, as text; None if the system is left out."""
    card, system = zoo.card(name), zoo[name]
    if card.unbounded or card.phase:
        return None
    if card.kind == "map":
        path = system.simulate(steps=10_000, transient=1_000)
    else:
        path = system.simulate(periods=500, per_period=20, transient=50 * card.period, max_seconds=60)
    if "stopped" in path.context or np.ptp(path.states, axis=0).max() < 1e-6:
        return None
    fit = correlation_dimension(path.states).dimension
    entropy = float(np.nanmean(multiscale_entropy(path.states).values))
    return _text(float(fit), 4), _text(fit.error, 2), _text(entropy, 4)


def _text(value: float, digits: int) -> str:
    # A cycle has dimension 0, which the fit meets up to rounding.
    return f"{0.0 if abs(value) < 1e-9 else value:.{digits}g}" if math.isfinite(value) else ""


def main() -> None:
    """Measure and write."""
    with SHAPES.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name in zoo.names():
            try:
                found = shape(name)
            except InscapeError as error:
                print(f"{name}: {error}", flush=True)
                continue
            if found is not None:
                writer.writerow((name, *found))
                print(name, *found, flush=True)


if __name__ == "__main__":
    main()
