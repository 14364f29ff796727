"""What a circuit is made of: sensors, clocks, neurons, synapses, motors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from inscape.errors import InputError, UnknownNameError

SensorKind = Literal["raw", "positive", "negative", "magnitude", "above", "below", "within"]
Activation = Literal["graded", "rectified", "linear"]
Wave = Literal["square", "sine"]
SENSOR_KINDS: tuple[str, ...] = get_args(SensorKind)
ACTIVATIONS: tuple[str, ...] = get_args(Activation)
WAVES: tuple[str, ...] = get_args(Wave)
# The signal that is always 1: a synapse from it is a bias.
TONIC = "tonic"
# A shorter rhythm than this cannot be told from a constant by a controller that acts once a step.
SHORTEST_PERIOD = 2.0


@dataclass(frozen=True)
class Sensor:
    """A signal read from one channel x of the observation, with `scale` s.

    Parameters
    ----------
    name : of the signal.
    channel : name of the observation it reads.
    kind : "raw" x / s; "positive" clip(x / s, 0, 1); "negative" clip(-x / s, 0, 1); "magnitude" |x| / s;
        "above" 1 where x > s; "below" 1 where -x > s; "within" 1 where |x| <= s.
    scale : what counts as full, or the threshold of the last three; above 0.
    """

    name: str
    channel: str
    kind: SensorKind = "raw"
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in SENSOR_KINDS:
            raise UnknownNameError(f"kind of sensor {self.name!r}", str(self.kind), SENSOR_KINDS)
        _check_number(f"sensor {self.name!r}: scale", self.scale, above=0.0)


@dataclass(frozen=True)
class Clock:
    """A rhythm of two signals that take turns; it hears nothing but the step count t.

    Parameters
    ----------
    on, off : names of the two signals. Square: `on` is 1 while (t + offset T) mod T < floor(duty T), `off` else; sine:
        the positive and the negative half of sin(2 pi (t / T + offset)).
    period : T in control steps, at least 2.
    duty : share of the period in which `on` is 1, between 0 and 1; 0.5 for a sine.
    offset : share of the period by which the clock is ahead.
    group : clocks of one group share one learnable period and duty.
    """

    on: str
    off: str
    period: float = 60.0
    duty: float = 0.5
    offset: float = 0.0
    wave: Wave = "square"
    group: str = "clock"

    def __post_init__(self) -> None:
        _check_number(f"clock {self.on!r}: period", self.period, at_least=SHORTEST_PERIOD, unit=" control steps")
        _check_number(f"clock {self.on!r}: duty", self.duty, above=0.0, below=1.0)
        _check_number(f"clock {self.on!r}: offset", self.offset)
        if self.wave not in WAVES:
            raise UnknownNameError(f"wave of clock {self.on!r}", str(self.wave), WAVES)


@dataclass(frozen=True)
class Neuron:
    """A unit: activation of the weighted sum of its sources.

    Parameters
    ----------
    activation : "graded" clip(x, 0, 1); "rectified" max(x, 0); "linear" x.
    tau : time constant of the membrane in control steps, u += (sum - u) / tau; 0 for none, else at least 1.
    """

    name: str
    activation: Activation = "graded"
    tau: float = 0.0

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise UnknownNameError(f"activation of neuron {self.name!r}", str(self.activation), ACTIVATIONS)
        if self.tau != 0.0:
            _check_number(f"neuron {self.name!r}: tau", self.tau, at_least=1.0, unit=" control steps, or 0")


@dataclass(frozen=True)
class Synapse:
    """A connection: its weight is shared by all synapses of the same `weight` name, and held to its sign.

    Parameters
    ----------
    sign : +1 excites, weight max(w, 0); -1 inhibits, min(w, 0); 0 leaves it free.
    weight : name of the shared number.
    delayed : hears its source one control step late, as every loop needs.
    """

    source: str
    target: str
    sign: int
    weight: str
    delayed: bool = False

    def __post_init__(self) -> None:
        if self.sign not in (-1, 0, 1):
            raise InputError(f"synapse {self.label}: sign {self.sign!r} found, expected +1, -1 or 0 (free)")

    @property
    def label(self) -> str:
        return f"{self.source} -> {self.target}"


@dataclass(frozen=True)
class Motor:
    """An action: the sum of the `plus` signals less that of the `minus` signals, clipped to [-1, 1]."""

    name: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()


def _check_number(
    what: str,
    value: float,
    *,
    above: float | None = None,
    below: float | None = None,
    at_least: float | None = None,
    unit: str = "",
) -> None:
    is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    fits = is_number and bool(np.isfinite(value))
    fits = fits and (above is None or value > above) and (below is None or value < below)
    fits = fits and (at_least is None or value >= at_least)
    if not fits:
        wanted = [f"above {above:g}" if above is not None else "", f"below {below:g}" if below is not None else ""]
        wanted.append(f"at least {at_least:g}{unit}" if at_least is not None else "")
        bounds = " and ".join(w for w in wanted if w)
        raise InputError(f"{what} {value!r} found, expected a finite number{' ' + bounds if bounds else ''}")
