"""Lyapunov spectra of laws: how fast neighbours part, in every direction, with standard errors and checks."""

from __future__ import annotations

import time as clock
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.batch_means import batch_means
from inscape.analysis.exponents import LyapunovSpectrum
from inscape.analysis.series import at_least_zero, check_finite, positive, real_numbers, whole
from inscape.analysis.tangent_motion import FlowMotion, MapMotion, check_measurable, random_frame
from inscape.errors import DivergedError, InputError
from inscape.parallel import track
from inscape.systems.delay_flow import DelayFlow
from inscape.systems.flow import Flow
from inscape.systems.map import Map

PERIODS = 1_000
TRANSIENT_PERIODS = 100
ITERATIONS = 1_000_000
MOST_PERIODS = 50_000
_FEWEST_SAMPLES = 64
_MOST_SAMPLES = 4_096
_CHECK_EVERY = 64


def lyapunov_spectrum(
    system: Flow | Map | DelayFlow,
    *,
    initial: Float[np.ndarray, "state"] | None = None,
    duration: float | None = None,
    transient: float | None = None,
    periods: float | None = None,
    count: int | None = None,
    interval: float | None = None,
    target_error: float | None = None,
    seed: int | np.random.Generator | None = 0,
    tolerance: float | None = None,
    max_seconds: float | None = None,
    progress: bool | None = None,
) -> LyapunovSpectrum:
    """Lyapunov exponents, largest first, with the standard error of each.

    Tangent vectors are carried by the variational equations and made orthonormal by QR (Benettin et al. 1980;
    Shimada & Nagashima 1979). The time between two orthonormalisations adapts, so that no direction is lost in the
    growth of another. Errors are batch means over blocks longer than the memory of the growth rates.

    Parameters
    ----------
    system : law of motion with `state` variables; a delay flow is measured through its history.
    initial : (state,) where to start; the system's own initial state if None.
    duration, transient : in the system's time unit (iterations of a map); the transient is discarded. By default 1000
        and 100 dominant periods (1,000,000 and 10,000 iterations of a map).
    periods : the duration in dominant periods, and a tenth of it as transient; for those not given.
    count : how many exponents; all if None.
    interval : longest time between two orthonormalisations; found from how fast the vectors part if None.
    target_error : stop as soon as the standard error of the largest exponent is below this; the duration is then the
        longest run (50,000 periods if None).
    seed : for the directions of the first tangent vectors.
    tolerance : relative error of an integration step; 1e-12 if None, 1e-10 for a delay flow.
    max_seconds : stop after this much time and return what is known, with `stopped` saying so.
    progress : draw a bar; by default only on a terminal.

    Returns
    -------
    LyapunovSpectrum with `exponents` (count,) and `errors` (count,), in 1/time (1/iteration for a map).

    Raises
    ------
    InputError : if an argument is not what it should be, or the law has inputs.
    DivergedError : if the state leaves every bounded region before the end.
    """
    if isinstance(system, DelayFlow):
        from inscape.analysis.lyapunov_delay import delay_lyapunov_spectrum

        return delay_lyapunov_spectrum(
            system,
            initial=initial,
            duration=duration,
            transient=transient,
            periods=periods,
            count=count,
            interval=interval,
            seed=seed,
            tolerance=1e-10 if tolerance is None else tolerance,
            max_seconds=max_seconds,
            progress=progress,
        )
    tolerance = 1e-12 if tolerance is None else tolerance
    check_measurable(system)
    start = initial_state(system, initial)
    size = system.dimension
    count = size if count is None else whole(count, "count")
    if count > size:
        raise InputError(f"count: {count} found, expected at most {size}, the number of state variables")
    if target_error is not None:
        positive(target_error, "target_error")
    period = 1.0 if isinstance(system, Map) else typical_period(system, start)
    duration, transient = run_lengths(system, duration, transient, periods, period, target_error)
    longest = positive(interval, "interval") if interval is not None else np.inf
    frame = random_frame(size, count, np.random.default_rng(seed))
    motion: FlowMotion | MapMotion
    if isinstance(system, Map):
        motion = MapMotion(system, start, frame)
    else:
        motion = FlowMotion(system, start, frame, interval=period / 20, longest_interval=longest, tolerance=tolerance)

    is_autonomous_flow = isinstance(system, Flow) and system.definition.is_autonomous
    return average_growth(
        motion,
        duration,
        transient,
        period,
        system=system.name,
        dimension=size,
        autonomous=is_autonomous_flow,
        target_error=target_error,
        max_seconds=max_seconds,
        progress=progress,
    )


def average_growth(
    motion: FlowMotion | MapMotion,
    duration: float,
    transient: float,
    period: float,
    *,
    system: str,
    dimension: int,
    autonomous: bool,
    target_error: float | None = None,
    max_seconds: float | None = None,
    progress: bool | None = None,
) -> LyapunovSpectrum:
    """The mean growth rates of a tangent motion after a transient; arguments as of `lyapunov_spectrum`."""
    deadline = clock.monotonic() + (positive(max_seconds, "max_seconds") if max_seconds is not None else np.inf)
    samples = int(np.clip(round(duration / period), _FEWEST_SAMPLES, _MOST_SAMPLES))
    stretch = duration / samples
    if isinstance(motion, MapMotion):
        stretch = max(1, round(stretch))
        samples = max(1, round(duration / stretch))
    if not _discard(motion, transient, stretch, deadline):
        raise InputError(f"max_seconds: {max_seconds} s ended within the transient; allow more, or shorten `transient`")

    growth = np.empty((samples, motion.frame.shape[1]))
    volume = np.empty(samples)
    orthonormalisations = 0
    done = 0
    stopped = None
    began = motion.time
    with track(samples, f"exponents of {system}", progress) as advance:
        for done in range(1, samples + 1):
            grown = motion.grow(began + done * stretch)
            growth[done - 1], volume[done - 1] = grown.logarithms / stretch, grown.log_volume / stretch
            orthonormalisations += grown.orthonormalisations
            advance()
            if clock.monotonic() > deadline and done < samples:
                stopped = f"{max_seconds} s were over after {done * stretch:.6g} of {duration:.6g} time units"
                break
            if target_error is None or done % _CHECK_EVERY:
                continue
            if float(batch_means(growth[:done, :1]).errors[0]) < target_error:
                break
    growth, volume = growth[:done], volume[:done]
    means = batch_means(growth)
    order = np.argsort(-means.mean, kind="stable")
    return LyapunovSpectrum(
        exponents=means.mean[order],
        covariance=means.covariance[np.ix_(order, order)],
        degrees_of_freedom=means.degrees_of_freedom,
        duration=done * stretch,
        dimension=dimension,
        divergence=float(volume.mean()),
        autonomous=autonomous,
        period=period,
        local=growth[:, order],
        sample_duration=stretch,
        interval=done * stretch / max(orthonormalisations, 1),
        system=system,
        stopped=stopped,
    )


def initial_state(system: Flow | Map, initial: Any) -> Float[np.ndarray, "state"]:
    """`initial` checked against the system, or the system's own initial state.

    Raises
    ------
    InputError : if it is not `state` finite numbers.
    """
    if initial is None:
        return np.array(system.initial, dtype=float)
    state = real_numbers(initial, "initial")
    if state.shape != (system.dimension,):
        raise InputError(
            f"initial: shape {state.shape} found, expected ({system.dimension},): one run of {system.name}"
        )
    check_finite(state, "initial")
    return state.copy()


def typical_period(system: Flow, state: Float[np.ndarray, "state"]) -> float:
    """The dominant period of a flow if it is known, else an estimate from how fast it moves about its mean.

    For a circle, 2 pi rms(distance from the mean) / rms(speed) is the period. The window over which both are taken
    doubles until it holds twenty such periods.
    """
    if system.period is not None:
        return float(system.period)
    from inscape.systems.integrator import Integrator

    motion = Integrator(system, tangent=0, tolerance=1e-9)
    motion.state = np.array(state)
    window = 1.0
    estimate = np.inf
    for _ in range(24):
        began = motion.time
        states, reason = motion.sample(began + np.linspace(0, window, 513))
        if reason is not None or len(states) < 513:
            raise DivergedError(f"{system.name}: {reason}; start nearer to the attractor, or set `period`")
        speed = np.gradient(states, window / 512, axis=0)
        moving = float(np.sqrt(np.mean(np.sum(speed**2, axis=1))))
        away = float(np.sqrt(np.sum(np.var(states, axis=0))))
        if moving * window <= 1e-12 * (1 + float(np.max(np.abs(states)))):
            return window if not np.isfinite(estimate) else estimate
        estimate = 2 * np.pi * away / moving
        if window >= 20 * estimate:
            break
        window *= 2
    return estimate


def run_lengths(
    system: Flow | Map,
    duration: float | None,
    transient: float | None,
    periods: float | None,
    period: float,
    target_error: float | None = None,
) -> tuple[float, float]:
    """(duration, transient) of a run in the system's time unit, from whichever of them is given."""
    is_map = isinstance(system, Map)
    if duration is None and periods is not None:
        duration = positive(periods, "periods") * period
    if transient is None:
        usual = 10_000 if is_map else TRANSIENT_PERIODS * period
        transient = usual if duration is None else min(0.1 * duration, usual)
    if duration is None:
        longest = 20 * ITERATIONS if is_map else MOST_PERIODS * period
        duration = longest if target_error is not None else (ITERATIONS if is_map else PERIODS * period)
    duration = positive(duration, "duration")
    transient = at_least_zero(transient, "transient")
    if is_map:
        if duration < 1:
            raise InputError(f"duration: {duration} iterations found, expected at least 1")
        return float(round(duration)), float(round(transient))
    return duration, float(transient)


def _discard(motion: FlowMotion | MapMotion, transient: float, stretch: float, deadline: float) -> bool:
    """Let the transient pass; whether it did before the deadline."""
    began = motion.time
    pieces = int(np.ceil(transient / stretch)) if transient > 0 else 0
    for piece in range(1, pieces + 1):
        motion.grow(began + min(piece * stretch, transient))
        if clock.monotonic() > deadline:
            return False
    return True
