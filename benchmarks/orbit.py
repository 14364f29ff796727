"""How much less CPU does the evidence of orbital decay and of precession take than orbdot with nestle, at equal ln Z?

Usage: python benchmarks/orbit.py [--live 1000]
The same 158 event times of WASP-12 b, the same priors, one thread. Without orbdot (pip install orbdot nestle) nested
sampling by dynesty on the same likelihood stands in for it. Last comes how the closed forms grow with the events.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from inscape.analysis.timing import fit, precession_scan
from inscape.analysis.timing.evidences import evidence
from inscape.single_thread import single_thread
from inscape.studies.orbital_decay.arms import orbdot_priors
from inscape.studies.orbital_decay.checks import nested
from inscape.trajectories.timing_tables import TimingTable
from inscape.trajectories.timing_tables.samples import sample_timing

MODELS = {"constant": ["t0", "P0"], "decay": ["t0", "P0", "PdE"], "precession": ["t0", "P0", "e0", "w0", "wdE"]}
PRIORS = {
    "t0": ["gaussian", 2456305.4555, 0.01],
    "P0": ["gaussian", 1.09142, 0.0001],
    "e0": ["uniform", 0.0, 0.1],
    "w0": ["uniform", 0.0, 2 * np.pi],
    "PdE": ["uniform", -1e-7, 0],
    "wdE": ["uniform", 0.0, 0.01],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", type=int, default=1000)
    live = parser.parse_args().live
    table = sample_timing("wasp-12")
    # orbdot leaves the constant term of a Gaussian out of its likelihood.
    norm = 0.5 * float(np.log(2 * np.pi * table.errors**2).sum())
    has_orbdot = importlib.util.find_spec("orbdot") is not None
    peer = "orbdot + nestle" if has_orbdot else "dynesty, same likelihood"
    with single_thread():
        theirs = _orbdot(table, live) if has_orbdot else _dynesty(norm, live)
        print(f"{'model':12} {peer + ' ln Z':>28} {'CPU s':>9} {'closed form ln Z':>17} {'CPU ms':>8} {'ratio':>9}")
        spent = {}
        for model in MODELS:
            name = "linear" if model == "constant" else model

            def work(name: str = name) -> float:
                return evidence(table, name, orbdot_priors(name), published_formula=True)

            ours = work() + norm
            spent[model] = _cpu(work)
            log_z, error, cpu = theirs[model]
            print(
                f"{model:12} {log_z:20.2f} +- {error:4.2f} {cpu:9.2f} {ours:17.2f} {1e3 * spent[model]:8.2f} "
                f"{cpu / spent[model]:8.0f}x"
            )
        both = (theirs["constant"][2] + theirs["decay"][2]) / (spent["constant"] + spent["decay"])
        print(f"constant and decay together: {both:.0f}x")
        _growth()


def _orbdot(table: TimingTable, live: int) -> dict[str, tuple[float, float, float]]:
    from orbdot.star_planet import StarPlanet

    epochs, period, zero = table.numbered()
    # orbdot counts an occultation by cutting its half-integer epoch towards zero.
    shift = round((2456305.4555 - zero) / period)
    lines = ["Epoch BJD Err_Day Source"]
    for epoch, at, error, behind in zip(epochs - shift, table.times, table.errors, table.is_occultation, strict=True):
        label = epoch if not behind else epoch + (0.5 if epoch >= 0 else -0.5)
        lines.append(f"{label:g} {at:.8f} {error:.8f} x")
    told = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        about = {"star_name": "WASP-12", "t0 [BJD_TDB]": [2456305.4555], "P [days]": [1.09142]}
        Path("info.json").write_text(json.dumps(about), encoding="utf-8")
        Path("times.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        fits = {"sampler": "nestle", "n_live_points": live, "evidence_tolerance": 0.01}
        settings = {
            "main_save_dir": "results/",
            "system_info_file": "info.json",
            "TTV_fit": {"save_dir": "ttv/", "data_file": "times.txt", "data_delimiter": " "} | fits,
            "prior": PRIORS,
        }
        Path("settings.json").write_text(json.dumps(settings), encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            planet = StarPlanet("settings.json")
            for model, free in MODELS.items():
                began = time.process_time()
                found = planet.run_ttv_fit(free, model=model, make_plot=False)
                told[model] = (found["stats"]["logZ"], found["stats"]["logZ_err"], time.process_time() - began)
    return told


def _dynesty(norm: float, live: int) -> dict[str, tuple[float, float, float]]:
    told = {}
    for model in MODELS:
        log_z, cpu = nested("linear" if model == "constant" else model, live, 0)
        told[model] = (log_z + norm, float(np.sqrt(20 / live)), cpu)
    return told


def _growth() -> None:
    random = np.random.default_rng(0)
    print(f"\n{'events':>7} {'decay fit with jitter, ms':>26} {'scan of precession, ms':>23}")
    for count in (100, 1_000, 10_000):
        epochs = np.sort(random.choice(20_000, count, replace=False))
        times = 2455000.0 + 0.8 * epochs + 1e-3 * random.standard_normal(count)
        table = TimingTable(times, np.full(count, 5e-4), period=0.8)
        decay = _cpu(lambda table=table: fit(table, "decay"))
        scan = _cpu(lambda table=table: precession_scan(table))
        print(f"{count:7d} {1e3 * decay:26.1f} {1e3 * scan:23.1f}")


def _cpu(work: Callable[[], object], least: float = 0.5) -> float:
    work()
    calls, began = 0, time.process_time()
    while time.process_time() - began < least:
        work()
        calls += 1
    return (time.process_time() - began) / calls


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "agg")
    main()
