"""Measure the period and the largest exponent of each variant of the zoo, and write them into variants.json.

Run as `python tools/measure_variants.py [NAME ...]`. Where the period is null the published one holds; else it is
measured as the dominant one of 200 published periods at 50 points each. The exponent comes from 5,000 periods (of a
delay law 2,000, of a map a million steps) or 90 seconds, whichever ends first.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from inscape.analysis.lyapunov import lyapunov_spectrum
from inscape.analysis.period import dominant_period
from inscape.systems import zoo

VARIANTS = Path(__file__).resolve().parents[1] / "inscape" / "systems" / "zoo" / "variants.json"


def main() -> None:
    """Measure and write."""
    rows = json.loads(VARIANTS.read_text(encoding="utf-8"))
    chosen = sys.argv[1:] or [row["name"] for row in rows]
    for row in rows:
        if row["name"] not in chosen:
            continue
        system = zoo[row["name"]]
        published = zoo.card(row["of"])
        hidden = {*published.unbounded, published.phase}
        seen = [i for i, state in enumerate(system.state_names) if state not in hidden]
        if row["period"] is not None:
            path = system.simulate(periods=200, per_period=50, transient=50 * published.period)
            row["period"] = float(f"{dominant_period(path.states[:, seen], dt=path.dt).period:.6g}")
            system.period = row["period"]
        periods = {"flow": 5_000, "delay": 2_000, "map": 1_000_000}[published.kind]
        count = 2 if published.kind == "delay" else None
        spectrum = lyapunov_spectrum(system, periods=periods, count=count, max_seconds=90)
        row["largest_exponent"] = float(f"{spectrum.exponents[0]:.5g}")
        row["error"] = float(f"{spectrum.errors[0]:.2g}")
        print(f"{row['name']}: period {system.period}, {spectrum.exponents} +- {spectrum.errors}", flush=True)
    VARIANTS.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
