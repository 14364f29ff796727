"""Study 03: an orbit that decays and turns. The recipe."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from inscape.analysis.timing import (
    clipped,
    compare,
    find_aliases,
    fit,
    precession_scan,
    rank,
    robustness,
    tides,
)
from inscape.analysis.timing.robustness_card import RobustnessCard
from inscape.studies.lab import Lab
from inscape.studies.orbital_decay import arms, checks, figures
from inscape.studies.orbital_decay.claims import CLAIMS, PAPER, PAPER_DECAY, PAPER_DECAY_ERROR, PAPER_RATE
from inscape.studies.orbital_decay.remarks import remarks
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.study import Study
from inscape.trajectories.timing_tables.samples import sample_timing

STUDY = Study(
    number=3,
    name="orbital-decay",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "A planet so close to its star that tides may shrink its orbit and turn it. Public transit times are fitted "
        "with decay, precession and both, under every defensible choice; the choice is the quarrel."
    ),
    rooms=("trajectories", "systems", "analysis"),
    needs=("sky",),
)
BODIES = tides.Bodies(0.717, 0.667, 2.034, 1.036, period=0.8134741)
# Of orbits that are put onto the real epochs: the paper's, with the eccentricity and jitter that the times tell.
INJECTED = {"decay": PAPER_DECAY, "rate": PAPER_RATE, "eccentricity": 6e-4, "jitter": 6.0}


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    wasp12(lab, findings)
    card = wasp43(lab, findings)
    trials(lab, findings)
    wasp4(lab, findings)
    velocities(lab, findings)
    exact: dict[str, Any] = {
        "eccentricities": lab.choose(smoke=[0.3], desk=[0.001, 0.05, 0.3], paper=[0.001, 0.05, 0.3]),
        "pericentres": lab.choose(smoke=[40.0, 250.0], desk=[0.0, 40.0, 135.0, 250.0], paper=list(range(0, 360, 15))),
        "seed": lab.seed,
    }
    found = lab.step("exactness", checks.exactness, exact)
    setting = f"e of {exact['eccentricities']}, {len(exact['pericentres'])} pericentres"
    findings.measured["exact_times"] = Measured(found["times"], setting=f"heyoka at 1e-16; {setting}")
    findings.measured["exact_velocity"] = Measured(found["velocity"], setting=f"80 bisections; {setting}")
    doomed(findings)
    findings.notes = remarks(findings, card)
    return findings


def wasp12(lab: Lab, findings: Findings) -> None:
    """Bars 1 and 2, and the control of C6: a decay that nobody doubts."""
    table = sample_timing("wasp-12")
    still, moving = fit(table, "linear", jitter="none"), fit(table, "decay", jitter="none")
    turning = fit(table, "precession", jitter="none", rates=(0.01, 0.5))
    _put(findings, "wasp12_decay", moving.decay_rate, moving.decay_error, f"{len(table)} rows, raw errors")
    item = {
        "rates": 3000,
        "live": lab.choose(smoke=200, desk=1000, paper=1000),
        "seed": lab.seed,
    }
    told = lab.step("evidences", checks.evidences, item)
    setting = (
        f"{len(table)} rows; nested by dynesty, {item['live']} live points, in place of orbdot (see the benchmark)"
    )
    measured = findings.measured
    measured["wasp12_evidence"] = Measured(told["decay"] - told["linear"], setting=f"closed form, {len(table)} rows")
    measured["speed_evidence"] = Measured(
        (told["linear nested cpu"] + told["decay nested cpu"]) / (told["linear cpu"] + told["decay cpu"]),
        setting=setting,
    )
    measured["speed_precession"] = Measured(
        told["precession nested cpu"] / told["precession cpu"],
        setting=f"{1e3 * told['precession cpu']:.0f} ms; {setting}",
    )
    measured["precession_evidence"] = Measured(
        told["precession"] - told["decay"], setting="3,000 rates, 256 pericentres"
    )
    measured["precession_nested"] = Measured(told["precession nested"] - told["decay nested"], setting=setting)
    measured["formula_half"] = Measured(told["half"], setting="1.07e-3 radians an orbit")
    card = robustness(table)
    decays = 100 * card.verdicts.get("decays", 0) / len(card.choices)
    measured["wasp12_settled"] = Measured(decays, setting=f"{len(card.choices)} choices")
    findings.figures["wasp-12"] = figures.residual_figure(
        still, [moving, turning], "WASP-12 b: times less a constant period"
    )


def wasp43(lab: Lab, findings: Findings) -> RobustnessCard:
    """C1 to C4, C6, bars 3 and 4: what the public transits say, and under which choices."""
    table = arms.literature()
    kept = table.keep(clipped(table, by="scatter"))
    simulations = lab.choose(smoke=200, desk=2000, paper=20_000)
    measured = findings.measured
    whole, part = fit(table, "decay"), fit(kept, "decay")
    _put(findings, "wasp43_all", whole.decay_rate, whole.decay_error, f"{len(table)} rows, jitter free")
    _put(
        findings, "wasp43_clipped", part.decay_rate, part.decay_error, f"{len(kept)} of {len(table)} rows, jitter free"
    )
    measured["wasp43_error"] = Measured(part.decay_error, setting=f"{len(kept)} rows")
    apart = abs(part.decay_rate - PAPER_DECAY) / np.hypot(part.decay_error, PAPER_DECAY_ERROR)
    measured["wasp43_sigmas"] = Measured(float(apart), setting=f"{len(kept)} rows")
    found = compare(table, simulations=simulations, seed=lab.seed)
    both = found["decay+precession"]
    scan = both.scan
    assert scan is not None
    belief = scan.posterior()
    setting = f"{len(table)} rows, jitter free, 0.03 to 0.5 deg/d"
    _put(findings, "decay", both.decay_rate, both.decay_error, setting)
    low, high = belief.rate_quantile(0.1587), belief.rate_quantile(0.8413)
    measured["precession"] = Measured(both.values["rate"], low, high, setting)
    measured["both_decay"] = Measured(found.gain("decay+precession", "precession"), setting=setting)
    measured["both_precession"] = Measured(found.gain("decay+precession", "decay"), setting=setting)
    measured["scan_rate"] = Measured(scan.rate, low, high, f"gain {scan.gain:.1f}, {scan.amplitude:.1f} s; {setting}")
    # (1 + hits) / (1 + simulations): without a hit it is the least that so many simulations can tell.
    hits = round(found.false_alarm * (1 + simulations)) - 1
    told = f"reached by {hits} of {simulations} simulations"
    measured["scan_alarm"] = Measured(100 * found.false_alarm, setting=f"{told}; {setting}")
    measured["scan_distance"] = Measured(abs(scan.rate - PAPER_RATE), setting=setting)
    raw = precession_scan(table, 0.02, 1.0, jitter="none")
    measured["scan_raw"] = Measured(raw.rate, setting=f"{len(table)} rows, raw errors, gain {raw.gain:.0f}")
    love = tides.love_number(PAPER_RATE, BODIES, error=0.0086, seed=lab.seed)
    measured["love_number"] = Measured(
        love.needed, love.low, love.high, "the paper's rate; relativity and star taken off"
    )
    factor = tides.quality_factor(
        PAPER_DECAY, error=PAPER_DECAY_ERROR, mass_ratio=2.708e-3, star_over_axis=1 / 4.92, period=BODIES.period
    )
    measured["quality"] = Measured(factor.value, factor.low, factor.high, factor.sentence)
    card = robustness(sample_timing("wasp-43"))
    rates = [choice.decay for choice in card.choices]
    share = 100 * card.verdicts.get("decays", 0) / len(card.choices)
    measured["dissent"] = Measured(share, setting=f"{len(card.choices)} choices: {card.verdicts}")
    measured["dissent_span"] = Measured(max(rates) - min(rates), setting=f"{len(card.choices)} choices")
    findings.tables["models"] = Table("Models of WASP-43 b's transits", tuple(found.summary()))
    findings.tables["choices"] = Table("WASP-43 b under every choice", tuple(card.rows()))
    aliases = find_aliases(precession_scan(table, 0.02, 1.0))
    findings.tables["aliases"] = Table("Peaks of the periodogram", tuple(vars(alias) for alias in aliases))
    findings.figures["wasp-43"] = figures.residual_figure(
        found["linear"], [found["decay"], both], "WASP-43 b: times less a constant period"
    )
    findings.figures["precession"] = figures.periodogram_figure(
        scan, find_aliases(scan), scan.simulated_gains(simulations, lab.seed), {"Bernabo et al. 2025": PAPER_RATE}
    )
    findings.figures["choices"] = figures.robustness_figure(
        card,
        "WASP-43 b: does the period change?",
        {"Bernabo 2025": (PAPER_DECAY, PAPER_DECAY_ERROR), "Garai 2021": (-0.6, 1.2)},
    )
    return card


def trials(lab: Lab, findings: Findings) -> None:
    """Bar 5: injected orbits and nulls on the real epochs."""
    chunks = lab.choose(smoke=1, desk=10, paper=100)
    sets = lab.choose(smoke=10, desk=20, paper=100)
    items = [INJECTED | {"sets": sets, "seed": seed} for seed in lab.seeds(chunks, "injections")]
    parts = lab.parallel_map(arms.injected, items, label="injecting orbits")
    setting = f"{chunks * sets} sets: -1.99 ms/yr, 0.1727 deg/d, e 6e-4, jitter 6 s"
    for claim, key in (("cover_decay", "decay_held"), ("cover_rate", "rate_held")):
        held = np.concatenate([part[key] for part in parts])
        error = 100 * float(np.sqrt(held.mean() * (1 - held.mean()) / len(held)))
        _put(findings, claim, 100 * float(held.mean()), error, setting)
    item = {
        "jitter": 6.0,
        "sets": lab.choose(smoke=30, desk=200, paper=2000),
        "simulations": lab.choose(smoke=300, desk=2000, paper=20_000),
        "seed": lab.seed,
    }
    from scipy.stats import kstest

    alarms = lab.step("nulls", arms.nulls, item)
    findings.measured["null_even"] = Measured(
        float(kstest(alarms, "uniform").pvalue), setting=f"{item['sets']} sets without precession, jitter 6 s"
    )


def wasp4(lab: Lab, findings: Findings) -> None:
    """Bar 7: a decay that an acceleration explains."""
    item = {
        "live": lab.choose(smoke=150, desk=1000, paper=2000),
        "draws": lab.choose(smoke=500, desk=5000, paper=20_000),
        "sampler": lab.choose(smoke="emcee", desk="nautilus", paper="nautilus"),
        "seed": lab.seed,
    }
    told = lab.step("WASP-4", arms.wasp4, item)
    columns = dict(zip(told["names"], np.asarray(told["samples"]).T, strict=True))
    setting = (
        f"97 times, 48 velocities, {item['sampler']}, {told['evaluations']:,} evaluations, {told['cpu']:.0f} s CPU"
    )
    for claim, name in (("wasp4_acceleration", "acceleration"), ("wasp4_doppler", "doppler_rate")):
        _put(findings, claim, float(columns[name].mean()), float(columns[name].std()), setting)
    _put(findings, "wasp4_timing", told["timing"], told["timing_error"], "93 transits, raw errors")
    share = 100 * columns["doppler_rate"] / columns["decay_rate"]
    low, high = np.quantile(share, [0.1587, 0.8413])
    findings.measured["wasp4_share"] = Measured(float(np.median(share)), float(low), float(high), setting)
    findings.figures["wasp-4"] = figures.shares_figure(columns["decay_rate"], columns["doppler_rate"])
    findings.tables["wasp-4"] = Table("WASP-4: times and velocities together", _summary(columns))


def velocities(lab: Lab, findings: Findings) -> None:
    """C5, and the joint fit of the paper's kind, on velocities that are made up."""
    item: dict[str, Any] = INJECTED | {
        "points": 60,
        "velocity_error": 3.0,
        "semi_amplitude": 550.0,
        "live": lab.choose(smoke=100, desk=600, paper=2000),
        "draws": lab.choose(smoke=300, desk=3000, paper=20_000),
        "sampler": lab.choose(smoke="emcee", desk="nautilus", paper="nautilus"),
        "seed": lab.seed,
    }
    told = lab.step("made-up velocities", arms.made_up_wasp43, item)
    columns = dict(zip(told["names"], np.asarray(told["samples"]).T, strict=True))
    findings.tables["made-up velocities"] = Table(
        f"WASP-43 b's epochs with the paper's orbit and 60 made-up velocities of 3 m/s ({told['cpu']:.0f} s CPU)",
        _summary(columns),
    )
    periods = np.geomspace(5, 3700, 200)
    limits = tides.companion_limits(
        np.asarray(told["times"]), np.asarray(told["residuals"]), np.asarray(told["errors"]), periods, BODIES.star_mass
    )
    findings.measured["companion"] = Measured(float(limits.max()), setting="largest limit of 5 to 3,700 d, made-up set")


def doomed(findings: Findings) -> None:
    """Beyond: the whole list of planets, where the user has it."""
    path = arms.list_of_planets()
    if path is None:
        return
    began = time.process_time()
    ranked, left = rank(path)
    spent = time.process_time() - began
    changing = [one for one in ranked if one.reading in ("decays", "grows")]
    findings.measured["doomed"] = Measured(
        len(changing), setting=f"{len(ranked)} planets, {len(left)} left out: too few times, or none in BJD (TDB)"
    )
    findings.measured["doomed_seconds"] = Measured(spent, setting=f"{len(ranked)} planets")
    findings.tables["doomed"] = Table("The surest first", tuple(vars(one) for one in ranked[:20]))
    findings.figures["doomed"] = figures.ranking_figure(ranked)


def _put(findings: Findings, claim: str, value: float, error: float, setting: str) -> None:
    findings.measured[claim] = Measured(value, value - error, value + error, f"{setting}; one standard deviation")


def _summary(columns: dict[str, np.ndarray]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"parameter": name, "mean": float(draws.mean()), "sd": float(draws.std())} for name, draws in columns.items()
    )
