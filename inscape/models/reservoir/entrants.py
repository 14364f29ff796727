"""Reservoirs in the contest: small committees of echo states, one for each memory and each strength of penalty."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.models.echo_state import EchoState
from inscape.models.ensemble import Ensemble
from inscape.models.model import Model
from inscape.models.registry import register
from inscape.models.reservoir.reservoir import Reservoir
from inscape.trajectories import Trajectories

MEMBERS = (
    (0.9, 1.0, 1.0), (0.9, 0.5, 0.7), (0.5, 1.0, 1.4), (1.2, 1.0, 1.0), (0.9, 1.0, 0.7), (0.5, 0.5, 1.0),
    (0.9, 1.0, 1.4), (0.7, 0.7, 1.0),
)  # fmt: skip
"""Spectral radius, input scaling and leak (in units of the committee's) of each member.

Their forecasts go astray at different times and in different directions: over the zoo, the median has about half the
error of one."""

LONG = 400
FEWEST = 40
INPUTS_OF_A_UNIT = 10
PENALTIES = {"exact": (1e-12, 1e-10, 1e-8), "careful": (1e-6,), "cautious": (1e-4,)}
"""Penalties that members take in turn: for recordings without noise, with a trace of it, and with some per cent."""

MEMORIES = (1.5, 4.0)
"""Leak times pace: a slow reservoir and a quick one."""

SELF_BALANCING = 300


@register("reservoir")
def reservoir(trajectories: Trajectories) -> list[tuple[str, Model]]:
    """Committees of echo states with squares in the readout, and a reservoir that balances itself.

    A unit that takes over the share `leak` of its new activity at each step remembers about 1 / leak samples: the
    leaks tried go with the pace of the motion, so that recordings of one system at different rates are read alike.
    """
    longest = max(map(len, trajectories))
    if longest < FEWEST:
        return []
    entered: list[tuple[str, Model]] = []
    if not trajectories.input_names:
        for leak in leaks(pace(max(trajectories, key=len).states[-20_000:])):
            entered += [
                (f"{manner} reservoirs, leak {leak:.2g} (echo state)", committee(longest, leak, manner))
                for manner in PENALTIES
            ]
    if trajectories.samples >= SELF_BALANCING:
        entered.append(
            (
                "self-balancing reservoir",
                Reservoir(200, degree=40, gain="edge", squares=True, washout=min(100, longest // 8)),
            )
        )
    return entered


def leaks(samples: float) -> tuple[float, ...]:
    """Shares of new activity at a step that are worth trying where the motion takes so many samples (see `pace`)."""
    return tuple(sorted({round(min(1.0, max(0.02, k / samples)), 3) for k in MEMORIES}, reverse=True))


def pace(states: Float[np.ndarray, "time state"]) -> float:
    """Samples in which the motion goes as far as its spread: 1 / (2 pi) of the period of a sine wave.

    A period that is read from a spectrum jumps to multiples where the motion is chaotic; this does not.
    """
    spread = np.nanstd(states, axis=0)
    steps = np.sqrt(np.nanmean(np.diff(states, axis=0) ** 2, axis=0))
    moving = (spread > 0) & (steps > 0)
    return float(np.median(spread[moving] / steps[moving])) if moving.any() else 1.0


def committee(samples: int, leak: float, manner: str) -> Ensemble:
    """Echo states whose median forecasts."""
    units = 300 if samples <= LONG else 150
    penalties = PENALTIES[manner]
    return Ensemble(
        [
            EchoState(
                units,
                spectral_radius=radius,
                input_scaling=scaling,
                bias_scaling=1.0,
                leak=min(1.0, leak * quickness),
                density=INPUTS_OF_A_UNIT / units,
                squares=True,
                ridge=penalties[k % len(penalties)],
                washout=min(60, max(3, samples // 12)),
                warmup=min(200, samples // 3),
                seed=k,
            )
            for k, (radius, scaling, quickness) in enumerate(MEMBERS)
        ]
    )
