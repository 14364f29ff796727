"""How long does a large CSV take to read, and how much memory at its peak, beside pandas.read_csv?

    python benchmarks/read_csv.py [megabytes, 200]

Each reader runs in a process of its own, one thread; the peak is that of the process less what its imports took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

READERS = {
    "pandas.read_csv": "import pandas; load = lambda p: pandas.read_csv(p)",
    "inscape.read": "from inscape.trajectories import read; import pyarrow.csv, pandas; load = lambda p: read(p)",
    "inscape.read float32": (
        "from inscape.trajectories import read; import pyarrow.csv, pandas; load = lambda p: read(p, dtype='float32')"
    ),
}
MEASURE = """
import json, sys, time, resource
{setup}
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, start = peak(), time.perf_counter()
found = load(sys.argv[1])
print(json.dumps([time.perf_counter() - start, peak() - before]))
"""


def write_table(path: Path, megabytes: int) -> int:
    """A table of a time column and seven states, 17 digits each; the number of its rows."""
    rng = np.random.default_rng(0)
    rows = 0
    with open(path, "w") as file:
        file.write("time," + ",".join(f"x{i}" for i in range(7)) + "\n")
        while file.tell() < megabytes << 20:
            block = rng.normal(size=(20_000, 7))
            lines = [f"{(rows + k) * 0.01:.2f},{','.join(map(repr, row))}\n" for k, row in enumerate(block.tolist())]
            file.write("".join(lines))
            rows += len(block)
    return rows


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    threads = {"OMP_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        rows = write_table(path, megabytes)
        numbers = rows * 8 * 8 / (1 << 20)
        print(f"{megabytes} MiB of text, {rows} rows of 8 numbers, {numbers:.0f} MiB as float64")
        print(f"{'reader':22} {'seconds':>8} {'MiB/s':>7} {'peak MiB':>9} {'peak / numbers':>15}")
        results = {}
        for name, setup in READERS.items():
            command = [sys.executable, "-c", MEASURE.format(setup=setup), str(path)]
            output = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | threads)
            seconds, peak = results[name] = json.loads(output.stdout)
            print(f"{name:22} {seconds:8.2f} {megabytes / seconds:7.0f} {peak:9.0f} {peak / numbers:15.2f}")
        (slow, wide), (fast, narrow) = results["pandas.read_csv"], results["inscape.read"]
        print(f"pandas / inscape: time {slow / fast:.2f}, peak memory {wide / narrow:.2f}")


if __name__ == "__main__":
    main()
