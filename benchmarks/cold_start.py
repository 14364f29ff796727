"""How long from nothing to a trajectory of every ODE of the zoo: 1,200 points each, compilation included, on two cores?

The compiled code that heyoka keeps on disk is left out of it, so that every run of this file starts cold.
"""

from __future__ import annotations

import os
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

from inscape.parallel import parallel_map
from inscape.systems import zoo

POINTS, PER_PERIOD = 1_200, 100
BAR_SECONDS = 120


def first_run(name: str) -> tuple[str, float, int, str]:
    """Seconds from a name to its trajectory, the samples reached, and why it stopped if it did."""
    import heyoka

    heyoka.llvm_state.set_diskcache_enabled(False)
    begun = time.perf_counter()
    run = zoo[name].simulate(periods=POINTS / PER_PERIOD, per_period=PER_PERIOD)
    return name, time.perf_counter() - begun, len(run), str(run.context.get("stopped", ""))


def main() -> None:
    names = zoo.names("flow")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        begun = time.perf_counter()
        rows = parallel_map(first_run, names, label="cold start", jobs=2)
        total = time.perf_counter() - begun
    print("the ten slowest:")
    for name, seconds, samples, stopped in sorted(rows, key=lambda row: -row[1])[:10]:
        print(f"  {name:26s} {seconds:7.2f} s  {samples} samples {stopped}")
    short = [row for row in rows if row[2] < POINTS]
    for name, _, samples, stopped in short:
        print(f"  {name}: {samples} of {POINTS} samples, {stopped}")
    print(f"{len(rows)} systems, {len(rows) - len(short)} complete, {total:.1f} s on 2 cores (bar: {BAR_SECONDS} s)")


if __name__ == "__main__":
    main()
