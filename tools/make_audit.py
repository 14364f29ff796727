"""Measure every system of the zoo and its variants, and write inscape/systems/zoo/audited.csv.

Run as `python tools/make_audit.py [--missing] [NAME ...]`. What 1,000 periods leave unresolved gets 20,000. A rerun at
the same seed gives the same numbers, as long as no run is cut short by --seconds.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from pathlib import Path
from typing import Any

from inscape.analysis.audit import AuditRow, audit
from inscape.systems import zoo

AUDITED = Path(__file__).resolve().parents[1] / "inscape" / "systems" / "zoo" / "audited.csv"
COLUMNS = (
    "name",
    "verdict",
    "finding",
    "exponents",
    "errors",
    "kaplan_yorke",
    "kaplan_yorke_error",
    "divergence",
    "sum_mismatch",
    "zero_exponent",
    "duration_periods",
    "seed",
)


def row(found: AuditRow, seed: int) -> dict[str, Any]:
    """One line of the file; numbers with as many digits as their errors deserve."""
    return {
        "name": found.name,
        "verdict": found.verdict,
        "finding": found.finding,
        "exponents": json.dumps([float(f"{e:.6g}") for e in found.exponents]),
        "errors": json.dumps([float(f"{e:.3g}") for e in found.errors]),
        "kaplan_yorke": _number(found.kaplan_yorke),
        "kaplan_yorke_error": _number(found.kaplan_yorke_error, 3),
        "divergence": _number(found.divergence),
        "sum_mismatch": _number(found.sum_mismatch, 3),
        "zero_exponent": _number(found.zero_exponent, 3),
        "duration_periods": _number(found.duration_periods),
        "seed": seed,
    }


def _number(value: float, digits: int = 6) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}g}"


def _rows() -> dict[str, dict[str, Any]]:
    if not AUDITED.is_file():
        return {}
    with AUDITED.open(newline="", encoding="utf-8") as file:
        return {line["name"]: line for line in csv.DictReader(file)}


def main() -> None:
    """Audit, and write after each system, so that a broken run loses nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these; all if none is given")
    parser.add_argument("--missing", action="store_true", help="only those that have no row yet")
    parser.add_argument("--periods", type=float, default=1_000)
    parser.add_argument("--seconds", type=float, default=120, help="the longest that one system may take")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    order = zoo.names(variants=True)
    for name in chosen.names or order:
        if chosen.missing and name in _rows():
            continue
        found = audit(name, periods=chosen.periods, seed=chosen.seed, max_seconds=chosen.seconds)
        if found.verdict == "unresolved" and found.exponents:
            found = audit(name, periods=20 * chosen.periods, seed=chosen.seed, max_seconds=chosen.seconds)
        # Read anew each time: another run may have written its own rows meanwhile.
        rows = _rows() | {name: row(found, chosen.seed)}
        with AUDITED.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[each] for each in order if each in rows)
        print(f"{found.seconds:7.1f} s  {name}: {found.verdict} {found.finding}", flush=True)


if __name__ == "__main__":
    main()
