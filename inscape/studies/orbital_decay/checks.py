"""Bars 1, 2 and 6 of study 03: evidences, speed and exactness."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from inscape.analysis.priors import Normal, Uniform
from inscape.analysis.timing.evidences import evidence
from inscape.analysis.timing.models import constant_part, count_events, design_of
from inscape.single_thread import single_thread
from inscape.studies.orbital_decay.arms import FASTEST, orbdot_priors
from inscape.systems.orbit import SecularOrbit
from inscape.trajectories.timing_tables.samples import sample_timing


def evidences(item: dict[str, Any]) -> dict[str, Any]:
    """Evidences of WASP-12 b in closed form and by a nested sampler, with the CPU of each."""
    table = sample_timing("wasp-12")
    told: dict[str, Any] = {}
    with single_thread():
        for model in ("linear", "decay", "precession"):
            priors = orbdot_priors(model)

            def closed(model: str = model, priors: dict = priors) -> float:
                return evidence(table, model, priors, published_formula=True, rates=item["rates"])

            told[model] = closed()
            told[f"{model} cpu"] = _cpu(closed, 0.3)
            told[f"{model} nested"], told[f"{model} nested cpu"] = nested(model, item["live"], item["seed"])
    events = count_events(table, reference=2456305.4555, period=1.09142)
    # 0.00107 radians an orbit is orbdot's own best.
    told["half"] = 86_400 * float(constant_part(events, float(np.degrees(0.00107) / 1.09142)).max())
    return told


def nested(model: str, live: int, seed: int) -> tuple[float, float]:
    """Evidence by nested sampling (dynesty) of the same likelihood, one call a point as in orbdot; and its CPU."""
    from inscape.analysis.posterior import sample

    log_likelihood, priors = likelihood(model)
    found = sample(log_likelihood, priors, tuple(priors), sampler="dynesty", live=live, seed=seed)
    return found.log_evidence, found.cpu_seconds


def likelihood(model: str) -> tuple[Callable[[np.ndarray], float], dict[str, Any]]:
    """The likelihood of WASP-12 b's times by the published formula, as a sampler is given it, and its priors.

    Its point is (reference, period) with period_change or with e, w and turn (radians an orbit); reference and period
    are corrections of the numbers that orbdot's example starts from, days.
    """
    table = sample_timing("wasp-12")
    events = count_events(table, reference=2456305.4555, period=1.09142)
    norm = -0.5 * float(np.log(2 * np.pi * events.errors**2).sum())
    whole = events.orbits - 0.5 * events.is_occultation
    side = np.where(events.is_occultation, 1.0, -1.0)
    plain = design_of(events, model if model == "decay" else "linear", anomalistic_half=True)

    def log_likelihood(point: np.ndarray) -> float:
        if model != "precession":
            left = events.offsets - plain @ point
        else:
            reference, period, e, w, turn = point
            longer = 1 / (1 - turn / (2 * np.pi))
            left = events.offsets - reference - period * events.orbits
            left = left - 0.5 * events.is_occultation * (events.period + period) * (longer - 1)
            left = left - side * e * (events.period + period) * longer / np.pi * np.cos(w + turn * whole)
        return norm - 0.5 * float(((left / events.errors) ** 2).sum())

    priors: dict[str, Any] = {"reference": Normal(0, 0.01), "period": Normal(0, 0.0001)}
    if model == "decay":
        priors["period_change"] = Uniform(-1e-7, 0)
    if model == "precession":
        turn = float(np.radians(FASTEST) * 1.09142)
        priors |= {"e": Uniform(0, 0.1), "w": Uniform(0, 2 * np.pi), "turn": Uniform(0, turn)}
    return log_likelihood, priors


def exactness(item: dict[str, Any]) -> dict[str, float]:
    """Largest distance of event times from an integrated orbit (ms), of velocities from extended precision (m/s)."""
    random = np.random.default_rng(item["seed"])
    worst_time = worst_velocity = 0.0
    for e in item["eccentricities"]:
        for pericentre in item["pericentres"]:
            orbit = SecularOrbit(2455000.0, 0.8134741, eccentricity=e, pericentre=pericentre, semi_amplitude=550.0)
            worst_time = max(worst_time, 86_400_000 * _off_integrated(orbit))
            times = 2455000.0 + random.uniform(-2000, 2000, 200)
            worst_velocity = max(
                worst_velocity, float(np.abs(orbit.radial_velocity(times) - _slow(orbit, times)).max())
            )
    return {"times": worst_time, "velocity": worst_velocity}


def _off_integrated(orbit: SecularOrbit) -> float:
    """Days between transits and occultations of an orbit and those of its equations of motion, over five turns."""
    import heyoka

    x, y, u, v = heyoka.make_vars("x", "y", "u", "v")
    force = (x**2 + y**2) ** -1.5
    moments: list[float] = []
    crossing = heyoka.nt_event(x, lambda integrator, at, _: moments.append(float(at)))
    e = orbit.eccentricity
    equations = [(x, u), (y, v), (u, -x * force), (v, -y * force)]
    # At pericentre, with the orbit turned so that we look from y towards the star.
    turn = np.radians(orbit.pericentre)
    speed = np.sqrt((1 + e) / (1 - e))
    start = [(1 - e) * np.cos(turn), (1 - e) * np.sin(turn), -speed * np.sin(turn), speed * np.cos(turn)]
    integrator = heyoka.taylor_adaptive(equations, start, tol=1e-16, nt_events=[crossing])
    integrator.propagate_until(10 * np.pi)
    found = np.array(moments) * orbit.period / (2 * np.pi)
    epochs = np.arange(-2, 9)
    ours = np.sort(np.r_[orbit.transit_times(epochs), orbit.occultation_times(epochs)])
    # Time of a passage of pericentre: the one that puts both lists together, told by their first common event.
    at_transit = orbit.transit_times(np.array([0.0]))[0]
    true = np.pi / 2 - turn
    eccentric = 2 * np.arctan(np.sqrt((1 - e) / (1 + e)) * np.tan(true / 2))
    since_pericentre = (eccentric - e * np.sin(eccentric)) / (2 * np.pi) * orbit.period
    expected = found + at_transit - since_pericentre
    return float(max(np.abs(ours - one).min() for one in expected))


def _slow(orbit: SecularOrbit, times: np.ndarray) -> np.ndarray:
    """Radial velocity by bisection of Kepler's equation in extended precision."""
    e, turn = np.longdouble(orbit.eccentricity), np.radians(np.longdouble(orbit.pericentre))
    pi = np.arccos(np.longdouble(-1))
    since = (times.astype(np.longdouble) - np.longdouble(orbit.reference)) / np.longdouble(orbit.period)
    mean = (pi / 2 - turn + 2 * pi * since) % (2 * pi)
    low, high = np.zeros_like(mean), np.full_like(mean, 2 * pi)
    for _ in range(80):
        middle = (low + high) / 2
        above = middle - e * np.sin(middle) > mean
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    true = 2 * np.arctan2(np.sqrt(1 + e) * np.sin(low / 2), np.sqrt(1 - e) * np.cos(low / 2))
    return np.asarray(orbit.semi_amplitude * (np.cos(true + turn) + e * np.cos(turn)), dtype=float)


def _cpu(work: Callable[[], Any], least: float) -> float:
    """CPU seconds of one call, over as many as take `least` seconds."""
    calls, began = 0, time.process_time()
    while time.process_time() - began < least:
        work()
        calls += 1
    return (time.process_time() - began) / calls
