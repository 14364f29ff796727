"""Study 24: coherent structures at turbulent interfaces. The recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.study import Study
from inscape.studies.turbulent_interface import checks, figures, speed
from inscape.studies.turbulent_interface.claims import CLAIMS, PAPER
from inscape.studies.turbulent_interface.remarks import remarks
from inscape.studies.turbulent_interface.sizes import jets, larger_jet
from inscape.studies.turbulent_interface.structures import structures

STUDY = Study(
    number=24,
    name="turbulent-interface",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "Where does a turbulent patch end, and which structures carry fluid and momentum across its edge? Jets are "
        "simulated, their interfaces found from the scalar, and stretching and diffusive flux are followed along paths."
    ),
    rooms=("systems", "analysis"),
)

Seed = Mapping[str, Any]


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    exactness(lab, findings)
    timing(lab, findings)
    larger = larger_jet(lab)
    # The longest first, so that no core waits for it at the end.
    everything = lab.parallel_map(structures, [*larger, *jets(lab)], label="jets")
    found = everything[len(larger) :]
    if larger:
        at_higher_reynolds(findings, everything[:1])
    outer_interface(findings, found)
    time_scales(findings, found)
    internal_interface(findings, found)
    superlayer(findings, found)
    past_against_future(findings, found)
    beyond(findings, found)
    solver(findings, found)
    findings.figures = {
        "structures": figures.structure_maps(found[0]["slice"]),
        "jumps": figures.jumps_with_time(found),
        "memory": figures.memory_of_structures(found),
        "profiles": figures.layer_profiles(found),
        "past and future": figures.past_and_future(found),
    }
    findings.notes = remarks(findings)
    return findings


def exactness(lab: Lab, findings: Findings) -> None:
    """Bars 1, 2 and 4: flows whose answer is known."""
    steps = lab.choose(smoke=400, desk=1000, paper=1000)
    linear = lab.step("linear flows", checks.linear_flows, steps)
    for name in ("saddle", "shear", "rotation"):
        findings.measured[name] = Measured(linear[name], setting=f"{steps} steps")
    item = {"count": lab.choose(smoke=20, desk=64, paper=64), "duration": 0.5}
    barrier = lab.step("ABC barriers", checks.abc_barriers, item)
    findings.measured["abc_barrier"] = Measured(barrier["variational"], setting="T 1.5, 200 steps, 500 points")
    findings.measured["abc_barrier_grid"] = Measured(barrier["grid"], setting=f"{item['count']}^3 points, T 0.5")
    count = lab.choose(smoke=16, desk=32, paper=64)
    findings.measured["abc_decay"] = Measured(
        lab.step("ABC decay", checks.abc_decay, count), setting=f"{count}^3 points, one unit of time"
    )
    gyre = {
        "seeds": lab.choose(smoke=[81, 41], desk=[401, 201], paper=[401, 201]),
        "steps": 200,
        "reference": 2000,
    }
    error = lab.step("double gyre", checks.gyre, gyre)
    findings.measured["gyre"] = Measured(
        error["median"], setting=f"{gyre['steps']} steps, largest error {error['largest']:.1e}"
    )


STEPS = [20, 30, 40, 44, 48, 52, 60, 80, 120]
"""Steps of the flow map that are tried, of which the cheapest counts that errs no more than the peer."""


def timing(lab: Lab, findings: Findings) -> None:
    """Bars 2, 3, 4 and 8, one measurement at a time."""
    # At the smallest scale peers would compile for longer than all else takes, and no ratio would mean anything.
    peers = lab.scale != "smoke"
    item = {
        "peers": peers,
        "seeds": lab.choose(smoke=[81, 41], desk=[401, 201], paper=[401, 201]),
        "steps": lab.choose(smoke=[40], desk=STEPS, paper=STEPS),
        "reference": lab.choose(smoke=200, desk=1000, paper=1000),
    }
    gridded = lab.step("gridded FTLE", speed.gridded_ftle, item)
    setting = _why_not_timed("numbacs", peers)
    if gridded["theirs"] is not None:
        setting = f"numbacs {gridded['theirs']:.3g} CPU-s at a median map error of {gridded['their_error']:.1e}"
    findings.measured["speed_ftle"] = Measured(gridded["ratio"], setting=setting)
    findings.measured["gyre_numbacs"] = Measured(gridded["difference"], setting=setting)
    findings.tables["gridded FTLE"] = Table(
        "Gridded double gyre, T 10: our CPU time and median errors by number of steps",
        tuple(
            {"steps": r["steps"], "CPU s": r["seconds"], "map error": r["error"], "FTLE error": r["ftle"]}
            for r in gridded["rows"]
        ),
    )
    step = {
        "peers": peers,
        "grid": lab.choose(smoke=[16, 24, 12], desk=[64, 96, 48], paper=[64, 96, 48]),
        "box": [4.0, 6.0, 3.0],
        "time": lab.choose(smoke=0.5, desk=0.4, paper=0.4),
        "their_steps": lab.choose(smoke=2, desk=10, paper=10),
    }
    solver_step = lab.step("solver step", speed.solver_step, step)
    for name, ratio, ours in (
        ("speed_fluidsim", "ratio", "ours"),
        ("speed_fluidsim_scalar", "ratio_with_scalar", "with_scalar"),
    ):
        findings.measured[name] = Measured(
            solver_step[ratio],
            setting=_why_not_timed("fluidsim", peers)
            if solver_step["theirs"] is None
            else f"{solver_step[ours]:.3g} s against {solver_step['theirs']:.3g} s, double precision, RK4 both",
        )
    particles: dict[str, Any] = {
        "grid": lab.choose(smoke=[24, 24, 24], desk=[64, 96, 48], paper=[64, 96, 48]),
        "steps": 4,
    }
    rate = lab.step("particles in space", speed.particle_evaluations, particles)
    findings.measured["evaluations"] = Measured(
        rate / 1e6, setting=f"{int(np.prod(particles['grid']))} particles, RK4, trilinear"
    )


def _why_not_timed(peer: str, is_asked: bool) -> str:
    return f"{peer} not installed" if is_asked else f"{peer} is timed at the larger scales"


def outer_interface(findings: Findings, found: Sequence[Seed]) -> None:
    """C1, and the scales of the jets."""
    _over_seeds(findings, "vorticity_step", found, lambda s: s["vorticity_step"])
    _over_seeds(findings, "internal_interface", found, lambda s: s["internal"])
    _over_seeds(findings, "reynolds", found, lambda s: s["reynolds"])
    findings.tables["jets"] = Table(
        "The jets: clusters, thresholds and scales at the first instant",
        tuple(
            {
                "seed": number,
                "cluster centres": ", ".join(f"{c:.2f}" for c in seed["centres"]),
                "TNTI threshold": float(seed["thresholds"][0]),
                "u'": seed["velocity"],
                "Taylor scale": seed["taylor"],
                "Reynolds number": seed["reynolds"],
                "integral time": seed["integral_time"],
                "spacing / Kolmogorov": seed["resolution"],
                "steps": seed["steps"],
            }
            for number, seed in enumerate(found)
        ),
    )


def time_scales(findings: Findings, found: Sequence[Seed]) -> None:
    """C2 and C3."""
    _over_seeds(findings, "jump_short", found, lambda s: s["jumps"][0])
    _over_seeds(findings, "jump_fall", found, lambda s: _after(s, "jumps", 1.0) / s["jumps"][0], "one integral time")
    _over_seeds(findings, "flux_jump_short", found, lambda s: s["flux_jumps"][0])
    _over_seeds(findings, "flux_jump_long", found, lambda s: _after(s, "flux_jumps", 1.0), "one integral time")
    for name in ("flux_memory", "stretching_memory"):
        _over_seeds(findings, name, found, partial(_memory, name=name, integral_times=0.4), "0.4 integral times")
    durations = np.asarray(found[0]["durations"])
    findings.tables["contrasts"] = Table(
        "Contrast across the interfaces by the time followed, means over seeds",
        tuple(
            {
                "time": float(duration),
                "integral times": float(np.mean([duration / s["integral_time"] for s in found])),
                "FTLE": float(np.mean([s["jumps"][k] for s in found])),
                "|b|": float(np.mean([s["flux_jumps"][k] for s in found])),
                "FTLE, internal": float(np.mean([s["inner_jumps"][k] for s in found])),
            }
            for k, duration in enumerate(durations)
        ),
    )


def internal_interface(findings: Findings, found: Sequence[Seed]) -> None:
    """C4."""
    _over_seeds(findings, "layer_inside", found, lambda s: s["layer"])
    _over_seeds(findings, "jump_inside", found, lambda s: s["inner_jumps"][0] / s["jumps"][0])


def at_higher_reynolds(findings: Findings, found: Sequence[Seed]) -> None:
    """C4 and the constancy of C5 on the one larger jet."""
    _over_seeds(findings, "reynolds_larger", found, lambda s: s["reynolds"])
    _over_seeds(findings, "layer_inside_larger", found, lambda s: s["layer"])
    _over_seeds(findings, "jump_inside_larger", found, lambda s: s["inner_jumps"][0] / s["jumps"][0])
    _over_seeds(findings, "constancy_larger", found, _spread_in_time, "five instants")


def superlayer(findings: Findings, found: Sequence[Seed]) -> None:
    """C5."""
    _over_seeds(findings, "superlayer", found, lambda s: s["superlayer"])
    _over_seeds(findings, "tangential", found, lambda s: s["tangential"])
    _over_seeds(
        findings,
        "constancy",
        found,
        _spread_in_time,
        "five instants",
    )


def past_against_future(findings: Findings, found: Sequence[Seed]) -> None:
    """C6."""
    longest = float(found[0]["both"][-1])
    _over_seeds(findings, "backward_gradient", found, lambda s: s["backward"][-1], f"T {longest:g}")
    _over_seeds(
        findings, "backward_over_forward", found, lambda s: s["backward"][-1] / s["forward"][-1], f"T {longest:g}"
    )


def beyond(findings: Findings, found: Sequence[Seed]) -> None:
    """The audit of rules, and what a plane sees."""
    _over_seeds(findings, "audit", found, lambda s: s["audit_spread"])
    _over_seeds(findings, "planar_stretching", found, lambda s: s["planar_stretching"])
    _over_seeds(findings, "planar_flux", found, lambda s: s["planar_flux"])
    findings.tables["rules"] = Table(
        "The outer interface by every rule (first seed); moved: Taylor scales further in than by clusters",
        tuple(found[0]["audit"]),
    )


def solver(findings: Findings, found: Sequence[Seed]) -> None:
    """Bar 4 on the jets themselves, and memory."""
    _over_seeds(findings, "budget", found, lambda s: 100.0 * s["budget"], worst=max)
    _over_seeds(findings, "step", found, lambda s: s["step"], "single precision, with scalar")
    _over_seeds(findings, "memory", found, lambda s: s["memory"], "peak of a worker", worst=max)


def _over_seeds(
    findings: Findings,
    name: str,
    found: Sequence[Seed],
    value: Callable[[Seed], float],
    setting: str = "",
    worst: Callable[[Sequence[float]], float] | None = None,
) -> None:
    """Mean over the seeds with its bootstrap interval, or the worst of them."""
    values = np.array([float(value(seed)) for seed in found])
    words = f"{len(values)} seed{'s' if len(values) > 1 else ''}{', ' + setting if setting else ''}"
    if worst is not None:
        findings.measured[name] = Measured(worst(list(values)), setting=f"worst of {words}")
        return
    low, high = bootstrap_interval(list(values), lambda v: float(np.mean(v)))
    findings.measured[name] = Measured(float(values.mean()), low, high, setting=words)


def _after(seed: Seed, name: str, integral_times: float) -> float:
    """A contrast after so many integral times, linear between durations; NaN beyond the longest."""
    durations = np.asarray(seed["durations"]) / seed["integral_time"]
    if integral_times > durations[-1]:
        return float("nan")
    return float(np.interp(integral_times, durations, np.asarray(seed[name])))


def _memory(seed: Seed, name: str, integral_times: float) -> float:
    durations = np.asarray(seed["memory_durations"])
    if durations.size == 0 or integral_times > durations[-1] + 1e-9:
        return float("nan")
    return float(np.interp(integral_times, durations, np.asarray(seed[name])))


def _spread_in_time(seed: Seed) -> float:
    """Standard deviation over the instants of the tangential flux at the interface, in percent of its mean."""
    values = np.asarray(seed["constancy"]["values"])
    return float(100.0 * values.std() / values.mean())
