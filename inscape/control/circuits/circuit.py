"""`Circuit`: neurons, synapses with a sign and a shared name, sensors and clocks; a policy whose weights have names."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.control.circuits.parts import SHORTEST_PERIOD, TONIC, Clock, Motor, Neuron, Sensor, Synapse
from inscape.errors import InputError, UnknownNameError
from inscape.extras import require

if TYPE_CHECKING:
    from inscape.control.circuits.program import Program

# Period and duty go into the vector of parameters as log(T / 60) and log(d / (1 - d)): any number is a fair one there,
# and a step of 0.1 means about as much as in a weight.
UNIT_PERIOD = 60.0


@dataclass(frozen=True, eq=False)
class Circuit:
    """A circuit of named neurons that acts: observations in, one action for each motor out. Immutable.

    Parameters
    ----------
    sensors, clocks, neurons, synapses, motors : its parts; see `parts`.
    weights : the raw value of every weight name. What acts is the value held to the sign of its synapses.
    layout : names of the observations that `act` is given, in order.
    time : the observation that tells the step count, -1 at the start and +1 after `horizon` steps; only clocks need it.
    frozen : weight names that are no parameters.
    learned : what else is a parameter: "clock.period" and "clock.duty" for the clocks of group "clock".
    clamps : neurons held at a value, whatever they hear.
    family : the circuit of the same design for a body with another number of joints.

    Raises
    ------
    InputError : for a part that names what is not there, two parts of one name, a loop without a delay, a weight of two
        signs, or a value against its sign.
    """

    sensors: tuple[Sensor, ...]
    clocks: tuple[Clock, ...]
    neurons: tuple[Neuron, ...]
    synapses: tuple[Synapse, ...]
    motors: tuple[Motor, ...]
    weights: Mapping[str, float]
    layout: tuple[str, ...]
    time: str = "time"
    horizon: float = 1000.0
    frozen: frozenset[str] = frozenset()
    learned: tuple[str, ...] = ()
    clamps: Mapping[str, float] = field(default_factory=dict)
    name: str = "circuit"
    family: Callable[[int], Circuit] | None = None

    def __post_init__(self) -> None:
        from inscape.control.circuits.anatomy import check

        for mapping in ("weights", "clamps"):
            plain = {str(k): float(v) for k, v in getattr(self, mapping).items()}
            object.__setattr__(self, mapping, MappingProxyType(plain))
        check(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only mappings do not pickle, and compiled programs need not travel.
        plain = (dict(self.weights), self.layout, self.time, self.horizon, self.frozen, self.learned, dict(self.clamps))
        return _rebuilt, (
            self.sensors,
            self.clocks,
            self.neurons,
            self.synapses,
            self.motors,
            *plain,
            self.name,
            self.family,
        )

    def __repr__(self) -> str:
        return (
            f"Circuit({self.name}: {len(self.neurons)} neurons, {len(self.synapses)} synapses, "
            f"{len(self.parameter_names)} parameters, {len(self.motors)} motors)"
        )

    # What it is

    @property
    def action_names(self) -> tuple[str, ...]:
        return tuple(motor.name for motor in self.motors)

    @property
    def neuron_names(self) -> tuple[str, ...]:
        return tuple(neuron.name for neuron in self.neurons)

    @cached_property
    def signs(self) -> Mapping[str, int]:
        """The sign of every weight name: +1, -1, or 0 where it is free."""
        return MappingProxyType({synapse.weight: synapse.sign for synapse in self.synapses})

    @property
    def effective_weights(self) -> dict[str, float]:
        """What acts: max(w, 0) where a synapse excites, min(w, 0) where it inhibits, w where it is free."""
        return {name: held(value, self.signs[name]) for name, value in self.weights.items()}

    @property
    def has_memory(self) -> bool:
        """Whether its answer depends on more than the observation: membranes, or delayed synapses."""
        return any(n.tau > 0 for n in self.neurons) or any(s.delayed for s in self.synapses)

    @cached_property
    def program(self) -> Program:
        """The circuit as arrays, in the order in which its neurons can be computed."""
        from inscape.control.circuits.program import compiled

        return compiled(self)

    # What it does

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        """The actions in [-1, 1].

        Raises
        ------
        InputError : for observations of another length than `layout`, NaN or inf, or a circuit with memory, whose steps
            need one: `running()` gives a policy that keeps it.
        """
        if self.has_memory:
            raise InputError(f"{self.name}: this circuit has memory; act with circuit.running(), one for each world")
        return self.program.respond(observation)[0]

    def activity(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch neuron"]:
        """What each neuron says to an observation, in the order of `neuron_names`; for circuits without memory."""
        if self.has_memory:
            raise InputError(f"{self.name}: this circuit has memory; its activity follows from circuit.running()")
        return self.program.respond(observation)[1]

    def running(self) -> Any:
        """A policy that keeps the circuit's memory from step to step of one world; see `Running`."""
        from inscape.control.circuits.running import Running

        return Running(self)

    def torch(self, constraint: str = "projection") -> Any:
        """The circuit as a `torch.nn.Module` with the same answers; see `CircuitModule`. Needs the extra "neural"."""
        require("torch", "neural")
        from inscape.control.circuits.module import CircuitModule

        return CircuitModule(self, constraint)  # type: ignore[arg-type]

    def text(self) -> str:
        """The circuit in its language, one part a line; `circuits.from_text` reads it back."""
        from inscape.control.circuits.text import to_text

        return to_text(self)

    def formula(self, language: str = "python", digits: int = 3) -> str:
        """The circuit as a function of its own in Python or C; see `formula.formula`."""
        from inscape.control.circuits.formula import formula

        return formula(self, language, digits)  # type: ignore[arg-type]

    # Its numbers

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        return (*(name for name in self.weights if name not in self.frozen), *self.learned)

    @property
    def parameters(self) -> Float[np.ndarray, "parameter"]:
        """Raw weights that are not frozen, then log(period / 60 steps) and the logit of the duty where learned."""
        values = []
        for name in self.parameter_names:
            if name in self.weights:
                values.append(self.weights[name])
            else:
                clock, kind = self._learned_clock(name)
                values.append(
                    math.log(clock.period / UNIT_PERIOD)
                    if kind == "period"
                    else math.log(clock.duty / (1.0 - clock.duty))
                )
        return np.array(values, dtype=float)

    def with_parameters(self, parameters: Float[np.ndarray, "parameter"]) -> Circuit:
        """The same circuit with other numbers. A raw weight beyond zero is kept as it is and acts as 0.

        Raises
        ------
        InputError : for another number of them, NaN or inf.
        """
        vector = np.asarray(parameters, dtype=float)
        if vector.shape != (len(self.parameter_names),):
            raise InputError(
                f"parameters: shape {vector.shape} found, expected ({len(self.parameter_names)},) for "
                f"{', '.join(self.parameter_names)}"
            )
        if not np.isfinite(vector).all():
            bad = [n for n, v in zip(self.parameter_names, vector, strict=True) if not np.isfinite(v)]
            raise InputError(f"parameters: NaN or inf found for {', '.join(bad)}, expected finite numbers")
        given = dict(zip(self.parameter_names, vector.tolist(), strict=True))
        weights = dict(self.weights) | {n: v for n, v in given.items() if n in self.weights}
        clocks = self.clocks
        for name in self.learned:
            group, kind = name.rsplit(".", 1)
            clocks = tuple(_retimed(c, kind, given[name]) if c.group == group else c for c in clocks)
        return _like(self, weights=weights, clocks=clocks)

    def with_weights(self, **weights: float) -> Circuit:
        """The same circuit with some weights set by name.

        Raises
        ------
        UnknownNameError : for a name it does not have.
        InputError : for a value against the sign of its synapses.
        """
        for name, value in weights.items():
            if name not in self.weights:
                raise UnknownNameError("weight", name, self.weights)
            if self.signs[name] * value < 0:
                kind = "excites" if self.signs[name] > 0 else "inhibits"
                raise InputError(f"weight {name!r}: {value:g} contradicts the circuit, where it {kind}")
        return replace(self, weights=dict(self.weights) | weights)

    def with_period(self, period: float, duty: float | None = None, group: str = "clock") -> Circuit:
        """The same circuit with another rhythm, in control steps."""
        if group not in {c.group for c in self.clocks}:
            raise UnknownNameError("clock group", group, {c.group for c in self.clocks})
        return replace(
            self,
            clocks=tuple(
                replace(c, period=period, duty=c.duty if duty is None else duty) if c.group == group else c
                for c in self.clocks
            ),
        )

    def without_signs(self) -> Circuit:
        """The same wiring with every sign free: the control arm of the sign constraint."""
        return replace(self, synapses=tuple(replace(s, sign=0) for s in self.synapses))

    # In silico

    def silence(self, *neurons: str) -> Circuit:
        """The circuit with these neurons held at 0; "*" matches any run of characters in a name."""
        return self.stimulate(dict.fromkeys(neurons, 0.0))

    def stimulate(self, values: Mapping[str, float]) -> Circuit:
        """The circuit with neurons held at a value, whatever they hear; "*" matches any run of characters."""
        clamps = dict(self.clamps)
        for pattern, value in values.items():
            if not np.isfinite(value):
                raise InputError(f"clamp of {pattern!r}: {value!r} found, expected a finite number")
            clamps |= dict.fromkeys(self._matching(pattern), float(value))
        return replace(self, clamps=clamps)

    def released(self) -> Circuit:
        """The circuit with no neuron held."""
        return replace(self, clamps={})

    def cut(self, *synapses: str) -> Circuit:
        """The circuit without synapses, named by "source -> target" or by weight name; others keep their numbers."""
        rest = list(self.synapses)
        for name in synapses:
            known = {s.label for s in rest} | {s.weight for s in rest}
            if name not in known:
                raise UnknownNameError("synapse", name, known)
            rest = [s for s in rest if name not in (s.label, s.weight)]
        kept = {s.weight for s in rest}
        return replace(
            self,
            synapses=tuple(rest),
            weights={n: v for n, v in self.weights.items() if n in kept},
            frozen=self.frozen & kept,
            family=None,
        )

    # On other bodies

    def for_joints(self, joints: int) -> Circuit:
        """The circuit of the same design and numbers for a body with `joints` joints.

        A weight that only one joint has goes to the joints nearest to its place along the body.

        Raises
        ------
        InputError : if the circuit belongs to no family of bodies.
        """
        if self.family is None:
            raise InputError(f"{self.name}: no rule for other bodies found; build the circuit for that body")
        other = self.family(joints)
        weights = {name: self.weights[_nearest(name, other.weights, self.weights)] for name in other.weights}
        by_group = {c.group: c for c in self.clocks}
        clocks = tuple(
            replace(c, period=by_group[c.group].period, duty=by_group[c.group].duty) if c.group in by_group else c
            for c in other.clocks
        )
        clamps = {n: v for n, v in self.clamps.items() if n in other.neuron_names}
        return replace(other, weights=weights, clocks=clocks, clamps=clamps, learned=self.learned)

    def for_layout(self, layout: tuple[str, ...] | list[str]) -> Circuit:
        """The circuit reading its channels by name from observations of another layout.

        Raises
        ------
        InputError : if a channel it needs is not there.
        """
        needed = dict.fromkeys(sensor.channel for sensor in self.sensors)
        missing = [channel for channel in needed if channel not in layout]
        if self.clocks and self.time not in layout:
            missing.append(self.time)
        if missing:
            raise InputError(
                f"{self.name}: observation {', '.join(map(repr, missing))} not found among {len(layout)} of the world; "
                f"expected a body with {len(self.motors)} motors that reports it"
            )
        return replace(self, layout=tuple(layout))

    def _matching(self, pattern: str) -> list[str]:
        shape = re.compile(".*".join(map(re.escape, pattern.split("*"))))
        found = [name for name in self.neuron_names if shape.fullmatch(name)]
        if not found:
            raise UnknownNameError("neuron", pattern, self.neuron_names)
        return found

    def _learned_clock(self, name: str) -> tuple[Clock, str]:
        group, kind = name.rsplit(".", 1)
        return next(c for c in self.clocks if c.group == group), kind


def held(weight: float, sign: int) -> float:
    """A weight held to its sign by projection."""
    return max(weight, 0.0) if sign > 0 else min(weight, 0.0) if sign < 0 else weight


def signals(circuit: Circuit) -> tuple[str, ...]:
    """Every signal of a circuit by name, in the order in which programs number them."""
    clocks = [name for clock in circuit.clocks for name in (clock.on, clock.off)]
    return (TONIC, *(s.name for s in circuit.sensors), *clocks, *circuit.neuron_names)


def _retimed(clock: Clock, kind: str, value: float) -> Clock:
    if kind == "period":
        return replace(clock, period=max(SHORTEST_PERIOD, UNIT_PERIOD * math.exp(min(value, 10.0))))
    return replace(clock, duty=min(max(1.0 / (1.0 + math.exp(-max(min(value, 30.0), -30.0))), 1e-6), 1 - 1e-6))


def _like(circuit: Circuit, *, weights: Mapping[str, float], clocks: tuple[Clock, ...]) -> Circuit:
    # A search makes thousands of these: the parts were checked once, and only numbers change.
    copy = object.__new__(Circuit)
    copy.__dict__.update({name: circuit.__dict__[name] for name in circuit.__dataclass_fields__})
    for name in ("signs", "parameter_names"):
        if name in circuit.__dict__:
            copy.__dict__[name] = circuit.__dict__[name]
    copy.__dict__["weights"] = MappingProxyType(dict(weights))
    copy.__dict__["clocks"] = clocks
    return copy


def _nearest(name: str, here: Mapping[str, float], there: Mapping[str, float]) -> str:
    """The weight of another body at the same share of the way from head to tail."""
    if name in there and not re.search(r"_\d+", name):
        return name
    found = re.search(r"_(\d+)", name)
    if found is None:
        raise UnknownNameError("weight", name, there)
    stem, place = name[: found.start()] + "_{}" + name[found.end() :], int(found[1])
    shape = re.compile(re.escape(stem).replace(r"\{\}", r"(\d+)"))
    ours = sorted(int(m[1]) for m in map(shape.fullmatch, here) if m)
    theirs = sorted(int(m[1]) for m in map(shape.fullmatch, there) if m)
    if not theirs:
        raise UnknownNameError("weight", name, there)
    share = ours.index(place) / max(len(ours) - 1, 1)
    return stem.format(theirs[round(share * (len(theirs) - 1))])


def _rebuilt(*fields: Any) -> Circuit:
    return Circuit(*fields)
