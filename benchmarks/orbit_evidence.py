"""Whose evidence of precession is right where they differ: nested sampling's by ellipsoids, or the closed form's?

Usage: python benchmarks/orbit_evidence.py [--seeds 2] [--live 500]
The 158 event times of WASP-12 b under the priors of orbdot's example. The integral is also taken by brute force: over a
grid of eccentricity, pericentre and rate, exactly in reference and period. nestle, which orbdot calls, is run on the
very same likelihood (pip install nestle), its ellipsoids enlarged more and more: what they cut off makes ln Z too high.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from inscape.analysis.timing import count_events
from inscape.analysis.timing.conditional import fits_at
from inscape.analysis.timing.evidences import evidence
from inscape.studies.orbital_decay.arms import orbdot_priors
from inscape.studies.orbital_decay.checks import likelihood
from inscape.trajectories.timing_tables.samples import sample_timing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--live", type=int, default=500)
    options = parser.parse_args()
    table = sample_timing("wasp-12")
    # orbdot leaves the constant term of a Gaussian out of its likelihood.
    norm = 0.5 * float(np.log(2 * np.pi * table.errors**2).sum())
    for model in ("linear", "decay", "precession"):
        found = evidence(table, model, orbdot_priors(model), published_formula=True) + norm
        print(f"closed form, {model:11} {found:10.3f}")
    for cells in ((60, 64, 400), (120, 96, 800)):
        print(f"brute force, precession {brute_force(*cells) + norm:10.3f}  cells of e, w and rate: {cells}")
    if importlib.util.find_spec("nestle") is None:
        print("nestle is not installed: pip install nestle")
        return
    for enlarge in (1.2, 4.0, 8.0):
        count, share = left_out(1000, 15.0, enlarge)
        print(
            f"nestle's {count} ellipsoids x {enlarge:g} round 1,000 points above the highest ln L less 15 leave out "
            f"{share:.1%} of such points"
        )
    for model, enlargements in (("decay", (1.2,)), ("precession", (1.2, 4.0, 8.0))):
        for enlarge in enlargements:
            began = time.process_time()
            runs = np.array([by_nestle(model, options.live, enlarge, seed) for seed in range(options.seeds)]) + norm
            print(
                f"nestle, {model:11} {runs.mean():15.3f}  ellipsoids x {enlarge:g}, scatter {runs.std(ddof=1):.3f}, "
                f"{options.seeds} seeds, {(time.process_time() - began) / options.seeds:.0f} CPU s each"
            )


def by_nestle(model: str, live: int, enlarge: float, seed: int) -> float:
    import nestle

    log_likelihood, priors = likelihood(model)
    found = nestle.sample(
        log_likelihood, in_units(priors), len(priors), npoints=live, dlogz=0.01, method="multi", enlarge=enlarge,
        rstate=np.random.RandomState(seed),
    )  # fmt: skip
    return float(found.logz)


def left_out(live: int, depth: float, enlarge: float) -> tuple[int, float]:
    """How many ellipsoids nestle lays round `live` points of the prior whose ln L is within `depth` of the highest, and
    the share of further such points that lie outside all of them.

    Given the rate, the others lie evenly in a four-dimensional ellipsoid, but for the density 1 / e of the pericentre's
    and eccentricity's prior: so they are drawn exactly.
    """
    import nestle
    from scipy.special import ndtr

    random = np.random.default_rng(0)
    events = count_events(sample_timing("wasp-12"), reference=2456305.4555, period=1.09142)
    priors = likelihood("precession")[1]
    most = priors["turn"].high
    turns = (np.arange(8000) + 0.5) / 8000 * most
    rates = np.degrees(turns) / events.period
    parts = [
        fits_at(events, "precession", rates[k : k + 500], events.errors**2, anomalistic_half=True)
        for k in range(0, 8000, 500)
    ]
    level, centre, spread = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("log_likelihood", "coefficients", "covariances")
    )
    gap = np.maximum(level - level.max() + depth, 0.0)
    volume = gap**2 * np.exp(0.5 * (np.linalg.slogdet(spread)[1] - np.linalg.slogdet(spread)[1].max()))
    chosen = random.choice(8000, 100 * live, p=volume / volume.sum())
    ball = random.standard_normal((len(chosen), 4))
    ball *= (random.random(len(chosen)) ** 0.25 / np.linalg.norm(ball, axis=1))[:, None]
    ball = np.einsum("nij,nj->ni", np.linalg.cholesky(spread[chosen]), ball) * np.sqrt(2 * gap[chosen])[:, None]
    reference, period, e_cos_w, e_sin_w = (centre[chosen] + ball).T
    e, w = np.hypot(e_cos_w, e_sin_w), np.arctan2(e_sin_w, e_cos_w) % (2 * np.pi)
    kept = (e < priors["e"].high) & (random.random(len(e)) < np.quantile(e, 0.001) / e)
    unit = [ndtr(reference / 0.01), ndtr(period / 1e-4), e / priors["e"].high, w / (2 * np.pi), turns[chosen] / most]
    points = np.stack(unit, axis=1)[kept]
    ellipsoids = nestle.bounding_ellipsoids(points[:live])
    for one in ellipsoids:
        one.scale_to_vol(one.vol * enlarge)
    inside = [any(bool(one.contains(point)) for one in ellipsoids) for point in points[live : 4 * live]]
    return len(ellipsoids), 1.0 - float(np.mean(inside))


def in_units(priors: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """From the unit cube to parameters."""
    every = tuple(priors.values())
    return lambda cube: np.array([float(p.quantile(np.asarray(u))) for p, u in zip(every, cube, strict=True)])


def brute_force(eccentricities: int, directions: int, rates: int) -> float:
    """ln Z of precession, from sums over a grid; at each point the integral over reference and period is a Gaussian."""
    priors = likelihood("precession")[1]
    events = count_events(sample_timing("wasp-12"), reference=2456305.4555, period=1.09142)
    whole = events.orbits - 0.5 * events.is_occultation
    side = np.where(events.is_occultation, 1.0, -1.0) / np.pi
    # Cells that narrow towards a round orbit, where the belief is; each counts by its width.
    edges = np.linspace(0, 1, eccentricities + 1) ** 3
    e = priors["e"].high * 0.5 * (edges[1:] + edges[:-1])
    w = (np.arange(directions) + 0.5) / directions * 2 * np.pi
    terms = []
    for turn in (np.arange(rates) + 0.5) / rates * priors["turn"].high:
        longer = 1 / (1 - turn / (2 * np.pi))
        shape = 0.5 * events.is_occultation * (longer - 1) + (
            e[:, None, None] * longer * side * np.cos(w[:, None] + turn * whole)
        )
        column, value = events.orbits + shape, events.offsets - events.period * shape
        precise = 1 / events.errors**2
        least = [1 / priors[name].sigma ** 2 for name in ("reference", "period")]
        a, b, c = precise.sum() + least[0], column @ precise, (column**2) @ precise + least[1]
        y, yc, yy = value @ precise, (value * column) @ precise, (value**2) @ precise
        size = a * c - b**2
        chi = yy - (y**2 * c - 2 * y * yc * b + yc**2 * a) / size
        terms.append(-0.5 * (chi + np.log(size) - np.log(least[0] * least[1])))
    log = np.array(terms) + np.log(np.diff(edges))[:, None]
    most = log.max()
    total = float(most + np.log(np.exp(log - most).sum() / (directions * rates)))
    return total - 0.5 * float(np.log(2 * np.pi * events.errors**2).sum())


if __name__ == "__main__":
    main()
