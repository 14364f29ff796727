"""The pieces of study 03 that are worked in parallel: plain data in, plain data out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from inscape.analysis.priors import Normal, Prior, Uniform
from inscape.analysis.timing import count_events, fit, joint
from inscape.analysis.timing.injection import coverage, null_alarms
from inscape.systems.orbit import SecularOrbit
from inscape.trajectories.timing_tables import TimingTable, VelocityTable
from inscape.trajectories.timing_tables.samples import sample_timing, sample_velocities

# Small telescopes' times that lie minutes off (Saeed et al. 2021), left out by most compilations.
AMATEURS = "2021AJ....162...18S"
LIST = "wasp43b/transit_times_ivshina_winn_2022.csv"
# Radians an orbit of 1.0914 d, up to which orbdot's example seeks precession.
FASTEST = float(np.degrees(0.01) / 1.09142)


def literature() -> TimingTable:
    """Transits of WASP-43 b from the literature and TESS, without refits and without amateurs."""
    return sample_timing("wasp-43").drop_refits().without(AMATEURS)


def orbdot_priors(model: str) -> dict[str, Prior]:
    """Priors of orbdot's example of WASP-12 b."""
    priors: dict[str, Prior] = {"reference": Normal(2456305.4555, 0.01), "period": Normal(1.09142, 0.0001)}
    if model == "decay":
        priors["period_change"] = Uniform(-1e-7, 0)
    if model == "precession":
        priors |= {"eccentricity": Uniform(0, 0.1), "rate": Uniform(0, FASTEST)}
    return priors


def list_of_planets() -> Path | None:
    """The list of Ivshina & Winn (2022), where the user has it in the folder that INSCAPE_DATA names."""
    named = os.environ.get("INSCAPE_DATA")
    path = Path(named) / LIST if named else None
    return path if path is not None and path.is_file() else None


def injected(item: dict[str, Any]) -> dict[str, Any]:
    """Injected orbits refitted: which intervals held the truth."""
    found = coverage(
        count_events(literature()), decay=item["decay"], rate=item["rate"], eccentricity=item["eccentricity"],
        jitter=item["jitter"], sets=item["sets"], seed=item["seed"],
    )  # fmt: skip
    return {
        "rates": found.rates,
        "decays": found.decays,
        "rate_held": found.rate_held.astype(float),
        "decay_held": found.decay_held.astype(float),
    }


def nulls(item: dict[str, Any]) -> np.ndarray:
    """False-alarm probabilities of times without precession."""
    return null_alarms(
        count_events(literature()), jitter=item["jitter"], sets=item["sets"], simulations=item["simulations"],
        seed=item["seed"],
    )  # fmt: skip


def wasp4(item: dict[str, Any]) -> dict[str, Any]:
    """Times and velocities of WASP-4 together."""
    times, velocities = sample_timing("wasp-4"), sample_velocities("wasp-4")
    found = joint(
        times, velocities, "decay+acceleration", live=item["live"], draws=item["draws"], seed=item["seed"],
        sampler=item["sampler"],
    )  # fmt: skip
    raw = fit(times.transits(), "decay", jitter="none")
    return {
        "names": list(found.names),
        "samples": found.samples,
        "evidence": found.log_evidence,
        "evaluations": found.evaluations,
        "cpu": found.cpu_seconds,
        "timing": raw.decay_rate,
        "timing_error": raw.decay_error,
    }


def made_up_wasp43(item: dict[str, Any]) -> dict[str, Any]:
    """A made-up set of velocities of WASP-43 joined to times of the paper's orbit at the real epochs."""
    from inscape.analysis.timing import inject
    from inscape.analysis.timing.models import MS_A_YEAR

    random = np.random.default_rng(item["seed"])
    table = literature()
    events = count_events(table)
    truth = {"decay": item["decay"], "rate": item["rate"], "eccentricity": item["eccentricity"], "pericentre": 40.0}
    made = inject(events, **truth, jitter=item["jitter"], seed=random)
    times = TimingTable(
        events.reference + events.period * events.orbits + made.offsets, events.errors, sources=table.sources,
        period=events.period, system="WASP-43",
    )  # fmt: skip
    orbit = SecularOrbit(
        events.reference, events.period, item["decay"] / MS_A_YEAR * events.period, item["eccentricity"], 40.0,
        item["rate"], item["semi_amplitude"],
    )  # fmt: skip
    at = np.sort(random.uniform(2455600, 2459300, item["points"]))
    spectrographs = np.array(["CORALIE", "HARPS", "HARPS-N"])[np.arange(item["points"]) % 3]
    noise = item["velocity_error"] * random.standard_normal(item["points"])
    measured = VelocityTable(
        at, orbit.radial_velocity(at) + noise, np.full(item["points"], item["velocity_error"]), tuple(spectrographs)
    )
    found = joint(
        times, measured, "decay+precession", live=item["live"], draws=item["draws"], seed=random,
        sampler=item["sampler"], priors={"rate": (0.03, 0.5), "sqrt_e_cos_w": (-0.1, 0.1), "sqrt_e_sin_w": (-0.1, 0.1)},
    )  # fmt: skip
    # What an observer has left: the fitted orbit and zero points are taken off, not the true ones.
    mean = dict(zip(found.names, found.samples.mean(axis=0), strict=True))
    e_cos_w, e_sin_w = mean["sqrt_e_cos_w"], mean["sqrt_e_sin_w"]
    fitted = SecularOrbit(
        mean["reference"], mean["period"], mean["period_change"], e_cos_w**2 + e_sin_w**2,
        float(np.degrees(np.arctan2(e_sin_w, e_cos_w))), mean["rate"], mean["semi_amplitude"],
    )  # fmt: skip
    levels = np.array([mean[f"zero point {name}"] for name in spectrographs])
    residuals = measured.velocities - fitted.radial_velocity(at) - levels
    return {
        "names": list(found.names),
        "samples": found.samples,
        "times": at,
        "residuals": residuals,
        "errors": measured.errors,
        "cpu": found.cpu_seconds,
    }
