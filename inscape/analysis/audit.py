"""The audit of the chaos zoo: what was published of each system against what is measured, with errors and checks."""

from __future__ import annotations

import time as clock
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from inscape.analysis.exponents import FOLDS_OF_CHAOS, SIGNIFICANT, LyapunovSpectrum
from inscape.analysis.lyapunov import lyapunov_spectrum
from inscape.errors import DivergedError, InputError
from inscape.parallel import Backend, parallel_map

AGREES_WITHIN = 0.1
"""Relative difference of the largest exponents up to which two sources agree, whatever their errors."""
SUM_AGREES_WITHIN = 0.02
SUM_AGREES_WITHIN_ROUNDING = 1e-6
MAP_STEPS_PER_PERIOD = 1_000
"""A map has no period: so many of its steps count as one in the length of an audit."""


@dataclass(frozen=True)
class AuditRow:
    """Published and measured exponents of one system.

    Parameters
    ----------
    name, kind : of the system.
    verdict : "chaotic", "hyperchaotic" (two exponents above zero), "not chaotic" or "unresolved".
    finding : the comparison in words.
    exponents, errors : (exponent,) measured, largest first, per time unit (per step for a map).
    published : (exponent,) as published.
    kaplan_yorke, kaplan_yorke_error : measured dimension.
    divergence : mean divergence along the run, NaN if it was not measured.
    sum_mismatch : of the measured exponents against the divergence, relative.
    published_sum_mismatch : of the published ones against it, relative; NaN if not published.
    zero_exponent : standard errors between zero and the exponent nearest to it; NaN where none is due.
    ratio : published largest exponent over the measured one.
    duration_periods : length of the run, in dominant periods (in steps for a map).
    degrees_of_freedom : of the errors.
    seconds : wall time.
    stopped : why the run ended early, or "".
    """

    name: str
    kind: str
    verdict: str
    finding: str
    exponents: tuple[float, ...] = ()
    errors: tuple[float, ...] = ()
    published: tuple[float, ...] = ()
    kaplan_yorke: float = float("nan")
    kaplan_yorke_error: float = float("nan")
    divergence: float = float("nan")
    sum_mismatch: float = float("nan")
    published_sum_mismatch: float = float("nan")
    zero_exponent: float = float("nan")
    ratio: float = float("nan")
    duration_periods: float = float("nan")
    degrees_of_freedom: int = 0
    seconds: float = float("nan")
    stopped: str = ""


def audit(
    name: str,
    *,
    periods: float = 1_000,
    seed: int = 0,
    tolerance: float | None = None,
    max_seconds: float | None = 120.0,
) -> AuditRow:
    """Measure the Lyapunov spectrum of a system of the zoo and compare it with the published one.

    Parameters
    ----------
    name : of a system of the zoo, or of a mended variant.
    periods : length of the run in dominant periods; for a map, in thousands of steps.
    seed, tolerance, max_seconds : as of `lyapunov_spectrum`.

    Returns
    -------
    AuditRow; a system that cannot be measured has the verdict "unresolved" and the reason as finding.

    Raises
    ------
    UnknownNameError : if the zoo has no such system.
    """
    from inscape.systems import zoo

    system = zoo[name]
    card = zoo.card(name)
    is_published = system.name == card.name
    published = tuple(card.published.exponents) if is_published else ()
    largest = published[0] if published else card.published.largest_exponent if is_published else None
    steps = periods * MAP_STEPS_PER_PERIOD if card.kind == "map" else periods
    began = clock.perf_counter()
    try:
        spectrum = lyapunov_spectrum(
            system, periods=steps, seed=seed, tolerance=tolerance, max_seconds=max_seconds, progress=False
        )
    except (DivergedError, InputError) as error:
        seconds = clock.perf_counter() - began
        return AuditRow(name, card.kind, "unresolved", str(error), published=published, seconds=seconds)
    if tolerance is None and spectrum.sum_mismatch > SUM_AGREES_WITHIN_ROUNDING:
        # Exponents so small that the usual tolerance shows in their sum.
        spectrum = lyapunov_spectrum(
            system, periods=steps, seed=seed, tolerance=1e-15, max_seconds=max_seconds, progress=False
        )
    seconds = clock.perf_counter() - began
    published_mismatch = float("nan")
    if len(published) == len(spectrum.exponents) and spectrum.is_complete:
        scale = max(abs(spectrum.divergence), float(np.max(np.abs(spectrum.exponents))))
        published_mismatch = abs(sum(published) - spectrum.divergence) / scale
    zero = spectrum.zero_exponent
    return AuditRow(
        name=name,
        kind=card.kind,
        verdict=_verdict(spectrum),
        finding=compare(spectrum, largest, published_mismatch),
        exponents=tuple(spectrum.exponents.tolist()),
        errors=tuple(spectrum.errors.tolist()),
        published=published,
        kaplan_yorke=float(spectrum.kaplan_yorke),
        kaplan_yorke_error=spectrum.kaplan_yorke.error,
        divergence=spectrum.divergence,
        sum_mismatch=spectrum.sum_mismatch,
        published_sum_mismatch=published_mismatch,
        zero_exponent=float("nan") if zero is None else zero[1],
        ratio=float("nan") if largest is None else float(largest / spectrum.exponents[0]),
        duration_periods=spectrum.duration / spectrum.period,
        degrees_of_freedom=spectrum.degrees_of_freedom,
        seconds=seconds,
        stopped=spectrum.stopped or "",
    )


def audit_all(
    names: Iterable[str] | None = None,
    *,
    periods: float = 1_000,
    seed: int = 0,
    tolerance: float | None = None,
    max_seconds: float | None = 120.0,
    jobs: int = -1,
    progress: bool | None = None,
) -> list[AuditRow]:
    """`audit` of many systems, all of the zoo if None, on `jobs` cores; rows in the order of the names."""
    from inscape.systems import zoo

    chosen = list(zoo.names() if names is None else names)
    one = partial(audit, periods=periods, seed=seed, tolerance=tolerance, max_seconds=max_seconds)
    backend: Backend = "serial" if jobs == 1 else "loky"
    return parallel_map(one, chosen, label="audit of the zoo", backend=backend, jobs=jobs, progress=progress)


def compare(spectrum: LyapunovSpectrum, published: float | None, published_sum_mismatch: float = float("nan")) -> str:
    """A published largest exponent against a measured spectrum, in words."""
    measured, error = float(spectrum.exponents[0]), float(spectrum.errors[0])
    parts: list[str] = []
    if spectrum.verdict == "unresolved":
        parts.append("unresolved")
    elif spectrum.verdict == "regular":
        parts.append("not chaotic as published" if published is not None and published > 0 else "not chaotic")
    elif published is None:
        parts.append("not published")
    else:
        difference = abs(published - measured)
        if difference <= max(AGREES_WITHIN * abs(measured), SIGNIFICANT * error):
            parts.append("agrees")
        else:
            parts.append(f"differs by {100 * difference / abs(measured):.3g} %")
    if published_sum_mismatch > SUM_AGREES_WITHIN:
        parts.append(f"published sum misses the divergence by {100 * published_sum_mismatch:.3g} %")
    return "; ".join(parts)


def _verdict(spectrum: LyapunovSpectrum) -> str:
    if spectrum.verdict != "chaotic":
        return {"regular": "not chaotic"}.get(spectrum.verdict, "unresolved")
    folds = (spectrum.exponents - SIGNIFICANT * spectrum.errors) * spectrum.duration
    return "hyperchaotic" if int(np.sum(folds > FOLDS_OF_CHAOS)) > 1 else "chaotic"
