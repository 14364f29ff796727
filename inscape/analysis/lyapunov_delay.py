"""Lyapunov spectra of delay flows: tangent histories carried by the linearised law."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.batch_means import batch_means
from inscape.analysis.exponents import LyapunovSpectrum
from inscape.analysis.series import positive, whole
from inscape.analysis.tangent_motion import SPREAD_LIMIT, SPREAD_WANTED
from inscape.errors import DivergedError, InputError
from inscape.parallel import track
from inscape.systems.delay_flow import DelayFlow
from inscape.systems.plan import duration as length_of_time

PERIODS = 1_000
TRANSIENT_PERIODS = 100
MOST_EXPONENTS = 96
_FEWEST_SAMPLES = 64
_MOST_SAMPLES = 4_096
_UNITS_PER_SAMPLE = 4
_PILOT_DELAYS = 60


def delay_lyapunov_spectrum(
    system: DelayFlow,
    *,
    initial: Float[np.ndarray, "state"] | None = None,
    history: Callable[[float], Any] | None = None,
    duration: float | None = None,
    transient: float | None = None,
    periods: float | None = None,
    count: int | None = None,
    interval: float | None = None,
    seed: int | np.random.Generator | None = 0,
    tolerance: float = 1e-10,
    max_seconds: float | None = None,
    progress: bool | None = None,
) -> LyapunovSpectrum:
    """The largest Lyapunov exponents of a delay flow, with the standard error of each.

    The state of a delay flow is its history over the longest delay. Tangent histories are carried by the linearised law
    on the collocation points of the run itself, and made orthonormal by QR in the L2 norm of the history and its head
    (Farmer 1982, Physica D 4, 366). There are infinitely many exponents, and they tend to minus infinity.

    Parameters
    ----------
    system : law of motion.
    initial : (state,) a constant history; the system's own initial state if None.
    history : function of time before 0 that returns (state,), in place of a constant history.
    duration, transient : in the system's time unit; the transient is discarded. By default 1000 and 100 times the
        dominant period, or the longest delay where that is longer.
    periods : the duration in such units, and a tenth of it as transient; for those not given.
    count : how many exponents; as many as the Kaplan-Yorke dimension needs, and one more, if None.
    interval : first time between two orthonormalisations; half the longest delay if None.
    seed : for the first tangent histories.
    tolerance : largest relative error of a step.
    max_seconds : stop after this much time and return what is known, with `stopped` saying so.
    progress : draw a bar; by default only on a terminal.

    Returns
    -------
    LyapunovSpectrum with `exponents` (count,) and `errors` (count,), in 1/time.

    Raises
    ------
    InputError : if an argument is not what it should be.
    DivergedError : if the state leaves every bounded region before the end.
    """
    delay = float(system.delays.max())
    unit = max(system.period or 0.0, delay)
    if duration is None:
        duration = (PERIODS if periods is None else positive(periods, "periods")) * unit
    duration = positive(duration, "duration")
    if transient is None:
        transient = min(0.1 * duration, TRANSIENT_PERIODS * unit)
    transient = length_of_time("transient", transient)
    first = delay / 2 if interval is None else positive(interval, "interval")
    rng = np.random.default_rng(seed)
    deadline = clock.monotonic() + (positive(max_seconds, "max_seconds") if max_seconds is not None else np.inf)

    def motion(vectors: int) -> HistoryMotion:
        return HistoryMotion(system, vectors, first, tolerance, initial=initial, history=history, rng=rng)

    count = _enough(motion, delay) if count is None else whole(count, "count")
    moving = motion(count)
    moving.grow(transient, deadline)
    if clock.monotonic() > deadline:
        raise InputError(f"max_seconds: {max_seconds} s ended within the transient; allow more, or shorten `transient`")
    wanted = int(np.clip(round(duration / (_UNITS_PER_SAMPLE * unit)), _FEWEST_SAMPLES, _MOST_SAMPLES))
    # Whole steps, so that all samples last equally long; a step that is halved later still divides them.
    stretch = max(1, round(duration / wanted / moving.step)) * moving.step
    samples = max(1, round(duration / stretch))
    growth = np.empty((samples, count))
    done = 0
    stopped = None
    with track(samples, f"exponents of {system.name}", progress) as advance:
        for done in range(1, samples + 1):
            growth[done - 1] = moving.grow(stretch) / stretch
            advance()
            if clock.monotonic() > deadline and done < samples:
                stopped = f"{max_seconds} s were over after {done * stretch:.6g} of {duration:.6g} time units"
                break
    growth = growth[:done]
    means = batch_means(growth)
    order = np.argsort(-means.mean, kind="stable")
    return LyapunovSpectrum(
        exponents=means.mean[order],
        covariance=means.covariance[np.ix_(order, order)],
        degrees_of_freedom=means.degrees_of_freedom,
        duration=done * stretch,
        dimension=np.inf,
        autonomous=system.definition.is_autonomous,
        period=system.period or unit,
        local=growth[:, order],
        sample_duration=stretch,
        interval=moving.interval,
        system=system.name,
        stopped=stopped,
    )


class HistoryMotion:
    """A delay flow in motion with orthonormal tangent histories.

    The time between two orthonormalisations adapts: a stretch over which two histories part by more than e^12 is
    refused and done again in halves.
    """

    def __init__(
        self,
        system: DelayFlow,
        count: int,
        interval: float,
        tolerance: float,
        *,
        initial: Float[np.ndarray, "state"] | None,
        history: Callable[[float], Any] | None,
        rng: np.random.Generator,
    ):
        from inscape.systems.delay_history import as_history
        from inscape.systems.delay_integrator import DelayIntegrator

        self.name = system.name
        self.interval = interval
        past = as_history(system, history)
        start = None if history is not None and initial is None else _constant(system, initial)
        states = past.states
        if start is not None and states is None:
            constant = start[None]
            states = lambda times: np.repeat(constant, len(times), axis=0)  # noqa: E731
        self._motion = DelayIntegrator(system, count, tolerance, history=states, state=start, seed=rng)
        self._motion.reorthonormalise()

    @property
    def step(self) -> float:
        """The present length of a step."""
        return self._motion.step

    def grow(self, time: float, deadline: float = np.inf) -> Float[np.ndarray, "count"]:
        """Move on by `time` (to the end of a step) and return the growth of the orthonormal histories, in e-folds."""
        end = self._motion.time + time
        grown: Any = 0.0
        while end - self._motion.time > 1e-6 * self._motion.step and clock.monotonic() < deadline:
            moment = self._motion.remember()
            left = end - self._motion.time
            pieces = max(1, int(np.ceil(left / self.interval * (1 - 1e-9))))
            self._motion.advance(left / pieces)
            logarithms = self._motion.reorthonormalise()
            taken = self._motion.time - (end - left)
            spread = float(np.max(np.maximum(logarithms, 0)) - np.min(np.minimum(logarithms, 0)))
            if not spread <= SPREAD_LIMIT and taken > 1.5 * self._motion.step:
                self.interval = taken / 2
                self._motion.go_back(moment)
                continue
            if not np.isfinite(logarithms).all():
                raise DivergedError(f"{self.name}: tangent histories part by e^{spread:.3g} within one step")
            grown = grown + logarithms
            if spread < SPREAD_WANTED / 2:
                self.interval = min(1.3 * self.interval, time)
        return np.asarray(grown)


def _constant(system: DelayFlow, initial: Any) -> Float[np.ndarray, "state"]:
    from inscape.systems.plan import initial_states

    return system.initial if initial is None else initial_states(system, initial)[0]


def _enough(motion: Callable[[int], HistoryMotion], delay: float) -> int:
    """So many exponents that their sum is negative, by a short run."""
    count = 4
    while True:
        moving = motion(count)
        moving.grow(_PILOT_DELAYS * delay)
        sums = np.cumsum(moving.grow(2 * _PILOT_DELAYS * delay))
        negative = np.flatnonzero(sums < 0)
        if len(negative) and negative[0] + 2 <= count:
            return int(negative[0]) + 2
        if count >= MOST_EXPONENTS:
            return count
        count = min(2 * count, MOST_EXPONENTS)
