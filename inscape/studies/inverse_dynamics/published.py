"""The paper's bars, read from the figures of its notebook, beside ours."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path("16-inverse-dynamics-pretraining") / "published_success.csv"
READING_ERROR = 0.005
# Our arms by the names of the paper's methods.
METHODS = {
    "inverse": "ID",
    "cloning": "BC",
    "forward-explicit": "FD-e",
    "forward-implicit": "FD-i",
    "contrastive": "Cont",
    "scratch": "Pixels + Aug",
    "states": "States",
}
# Episodes of the point mass by the letters of its figures.
FINETUNE = {"S": 1, "M": 2, "L": 5, "XL": 10}
PRETRAIN = {"S": 10, "M": 100, "L": 1000}


def folder() -> Path | None:
    """The folder of research data: the one INSCAPE_DATA names, or `shared/data` beside the checkout; None if absent."""
    named = os.environ.get("INSCAPE_DATA")
    place = Path(named) if named else Path(__file__).resolve().parents[4] / "shared" / "data"
    return place if (place / FILE).is_file() else None


def published() -> list[dict[str, Any]]:
    """Every bar: figure, environment, sweep, size, method, success; empty if the file is not there."""
    place = folder()
    if place is None:
        return []
    with (place / FILE).open(newline="", encoding="utf-8") as file:
        return [dict(row) | {"success": float(row["success"])} for row in csv.DictReader(file)]


def beside_ours(
    bars: list[dict[str, Any]], ours: Mapping[tuple[str, str, str], tuple[float, float, float]]
) -> list[dict[str, Any]]:
    """One row for each published bar, with our success and its interval where we measured the same.

    ours : (sweep, size, method) of the point mass -> success, low, high.

    A row is met where the published bar, with its reading error, lies in our interval, and says so only where we have
    one.
    """
    rows = []
    for bar in bars:
        key = (bar["sweep"], bar["size"], bar["method"])
        found = ours.get(key) if bar["environment"] == "Point Mass" else None
        row = {name: bar[name] for name in ("figure", "environment", "sweep", "size", "method")}
        row["published"] = bar["success"]
        if found is None:
            rows.append(row | {"ours": None, "low": None, "high": None, "same": "not measured"})
            continue
        value, low, high = found
        inside = low - READING_ERROR <= bar["success"] <= high + READING_ERROR if np.isfinite(low) else None
        says = "not judged" if inside is None else "met" if inside else "not met"
        rows.append(row | {"ours": value, "low": low, "high": high, "same": says})
    return rows
