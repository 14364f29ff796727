"""The walker's circuit: a frozen rhythm for each leg, a pattern of what hip and knee make of it, afferent feedback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from inscape.control.circuits.circuit import Circuit
from inscape.control.circuits.parts import Clock, Motor, Neuron, Sensor, Synapse
from inscape.errors import InputError, UnknownNameError
from inscape.systems.worlds.quadruped import LEGS, Quadruped

# By how much of a period each leg is ahead: front left, front right, hind left, hind right.
GAITS: Mapping[str, tuple[float, float, float, float]] = {
    "walk": (0.0, 0.5, 0.75, 0.25),
    "trot": (0.0, 0.5, 0.5, 0.0),
    "bound": (0.0, 0.0, 0.5, 0.5),
}
# Drives from which each gait begins, and the periods in control steps at the least and the greatest drive.
ONSETS: Mapping[str, float] = {"walk": 0.0, "trot": 1 / 3, "bound": 2 / 3}
SLOWEST, FASTEST = 22.0, 16.0
# What the body feels and each joint may hear: leaning, rolling, turning about both axes, and its own bend.
AFFERENTS = ("gravity_x", "gravity_y", "wx", "wy")
# Set by hand from a scan of 72 trots on flat ground: a prior, not a fit to the body at hand.
START = {"reach": 0.35, "push": -0.35, "lift": 0.3, "load": -0.15, "raise": 0.0, "sink": 0.0}


def quadruped(
    drive: float = 0.4,
    *,
    constrained: bool = True,
    feedback: bool = True,
    gait: str | None = None,
    period: float | None = None,
    learned: Sequence[str] = (),
) -> Circuit:
    """A walking circuit in the design of Bhattasali et al. (2024): rhythm generation, pattern formation, feedback.

    The rhythm of each leg is two pairs of half-centres in quadrature, frozen; the drive sets their frequency and, as it
    rises, walk, trot and bound. The equations of the published rhythm were not readable: these clocks are ours. Pattern
    formation takes the half-centres of a leg to its hip and knee by 24 signed weights, feedback what the body feels and
    the joint's own bend by 40 free ones that start at 0: 64 parameters.

    Parameters
    ----------
    drive : of the brainstem, 0 to 1.
    constrained : hold the pattern's weights to their signs.
    feedback : with the afferent weights, or without.
    gait, period : instead of what the drive says; the period in control steps.
    learned : "period".

    Raises
    ------
    InputError : for a drive outside 0 to 1.
    """
    if isinstance(drive, bool) or not np.isfinite(drive) or not 0.0 <= drive <= 1.0:
        raise InputError(f"drive: {drive!r} found, expected a number from 0 to 1")
    chosen = max((g for g in ONSETS if ONSETS[g] <= drive), key=lambda g: ONSETS[g]) if gait is None else gait
    if chosen not in GAITS:
        raise UnknownNameError("gait", str(chosen), GAITS)
    steps = SLOWEST + drive * (FASTEST - SLOWEST) if period is None else float(period)
    clocks: list[Clock] = []
    neurons: list[Neuron] = []
    synapses: list[Synapse] = []
    weights: dict[str, float] = {}
    sensors = [Sensor(f"felt_{name}", name) for name in AFFERENTS] if feedback else []
    for leg, lead in zip(LEGS, GAITS[chosen], strict=True):
        # Reach trails lift by a quarter: the leg swings forward while it is up.
        clocks.append(Clock(f"{leg}_up", f"{leg}_down", period=steps, offset=lead, wave="sine"))
        clocks.append(Clock(f"{leg}_fore", f"{leg}_back", period=steps, offset=lead - 0.25, wave="sine"))
        for joint, pattern in (
            ("hip", (("fore", "reach"), ("back", "push"), ("up", "raise"))),
            ("knee", (("up", "lift"), ("down", "load"), ("fore", "sink"))),
        ):
            name = f"{leg}_{joint}"
            neurons.append(Neuron(f"n_{name}", "linear"))
            for source, kind in pattern:
                sign = (-1 if kind in ("push", "load") else 1) if constrained else 0
                weight = f"{kind}.{leg}"
                synapses.append(Synapse(f"{leg}_{source}", f"n_{name}", sign, weight))
                weights[weight] = START[kind]
            if feedback:
                sensors.append(Sensor(f"bend_{name}", name))
                for source in (*(f"felt_{a}" for a in AFFERENTS), f"bend_{name}"):
                    weight = f"{source.removeprefix('felt_')}>{name}" if source.startswith("felt_") else f"own>{name}"
                    synapses.append(Synapse(source, f"n_{name}", 0, weight))
                    weights[weight] = 0.0
    return Circuit(
        sensors=tuple(sensors),
        clocks=tuple(clocks),
        neurons=tuple(neurons),
        synapses=tuple(synapses),
        motors=tuple(Motor(f"{n.name[2:]}_pull", (n.name,)) for n in neurons),
        weights=weights,
        layout=_layout(),
        horizon=500.0,
        learned=tuple(f"clock.{part}" for part in learned),
        name=f"quadruped, {chosen}",
    )


def _layout() -> tuple[str, ...]:
    return Quadruped().observation_names
