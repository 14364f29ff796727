"""How long does `inscape learn` take on 10,000 and 1,000,000 samples of 3 variables, and how much memory?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from inscape.app.samples import lorenz
from inscape.trajectories import write

BARS = {10_000: (60.0, 2.0), 1_000_000: (600.0, 8.0)}
"""Seconds and GiB that may be taken, by number of samples."""


def main() -> None:
    sizes = [int(a.replace(",", "")) for a in sys.argv[1:]] or list(BARS)
    print(f"{'samples':>10} {'seconds':>9} {'bar':>6} {'peak GiB':>9} {'bar':>5}  verdict")
    with tempfile.TemporaryDirectory() as folder:
        for samples in sizes:
            run = lorenz(noise=0.01, samples=samples)
            file = Path(folder) / f"lorenz{samples}.npz"
            write(run, file)
            report = Path(folder) / "report.html"
            command = [sys.executable, "-m", "inscape", "learn", str(file), "--report", str(report), "--json"]
            seconds, peak, out = measured(command)
            found = json.loads(out)
            bar_seconds, bar_memory = BARS.get(samples, (np.nan, np.nan))
            print(
                f"{samples:>10,} {seconds:>9.1f} {bar_seconds:>6.0f} {peak / 2**30:>9.2f} {bar_memory:>5.0f}  "
                f"{found['verdict']['kind']}: {'; '.join(found['law'])}; report {report.stat().st_size / 2**20:.1f} MiB"
            )


def measured(command: list[str]) -> tuple[float, float, str]:
    """Wall time, greatest memory of the process and its workers together, and what it printed."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, start_new_session=True)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, memory_of_session(process.pid))
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        out.seek(0)
        text = out.read()
    if process.returncode != 0:
        raise SystemExit(f"inscape learn ended with {process.returncode}")
    return seconds, peak, text


def memory_of_session(session: int) -> float:
    """Proportional memory in bytes of all processes of a session; pages that they share count once."""
    total = 0.0
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            if os.getsid(int(place.name)) != session:
                continue
            for line in (place / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += float(line.split()[1]) * 1024
        except (OSError, ValueError):
            continue  # it ended meanwhile
    return total


if __name__ == "__main__":
    main()
