"""Whether the parts of a circuit fit together, and the order in which its neurons can be computed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from inscape.control.circuits.parts import TONIC
from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from inscape.control.circuits.circuit import Circuit


def check(circuit: Circuit) -> None:
    """Refuse a circuit whose parts do not fit, by name.

    Raises
    ------
    InputError : for two parts of one name, a weight of two signs, a value against its sign or not finite, a channel not
        in the layout, a loop without a delay.
    UnknownNameError : for a synapse, motor or clamp on what is not there.
    """
    from inscape.control.circuits.circuit import signals

    names = signals(circuit)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{circuit.name}: two parts named {', '.join(map(repr, twice))}, expected one each")
    if not circuit.motors:
        raise InputError(f"{circuit.name}: no motor found, expected at least one")
    _check_ends(circuit, set(names))
    _check_weights(circuit)
    _check_channels(circuit)
    computing_order(circuit)


def computing_order(circuit: Circuit) -> list[int]:
    """Numbers of the neurons, each after all that it hears without delay.

    Raises
    ------
    InputError : for a loop without a delay.
    """
    place = {neuron.name: k for k, neuron in enumerate(circuit.neurons)}
    waits: list[set[int]] = [set() for _ in circuit.neurons]
    for synapse in circuit.synapses:
        if not synapse.delayed and synapse.source in place:
            waits[place[synapse.target]].add(place[synapse.source])
    order: list[int] = []
    done: set[int] = set()
    while len(order) < len(waits):
        ready = [k for k in range(len(waits)) if k not in done and waits[k] <= done]
        if not ready:
            stuck = ", ".join(circuit.neurons[k].name for k in range(len(waits)) if k not in done)
            raise InputError(f"{circuit.name}: loop among {stuck}; make one of its synapses delayed")
        order += ready
        done |= set(ready)
    return order


def _check_ends(circuit: Circuit, names: set[str]) -> None:
    neurons = set(circuit.neuron_names)
    for synapse in circuit.synapses:
        if synapse.source not in names:
            raise UnknownNameError(f"source of synapse {synapse.label}", synapse.source, names)
        if synapse.target not in neurons:
            raise UnknownNameError(f"target of synapse {synapse.label}", synapse.target, neurons)
    for motor in circuit.motors:
        for source in (*motor.plus, *motor.minus):
            if source not in names:
                raise UnknownNameError(f"signal of motor {motor.name!r}", source, names)
    for name in circuit.clamps:
        if name not in neurons:
            raise UnknownNameError("neuron", name, neurons)
    groups = {clock.group for clock in circuit.clocks}
    for name in circuit.learned:
        if name not in {f"{group}.{kind}" for group in groups for kind in ("period", "duty")}:
            raise UnknownNameError("learned part", name, [f"{g}.{k}" for g in groups for k in ("period", "duty")])


def _check_weights(circuit: Circuit) -> None:
    signs: dict[str, int] = {}
    for synapse in circuit.synapses:
        if signs.setdefault(synapse.weight, synapse.sign) != synapse.sign:
            raise InputError(
                f"weight {synapse.weight!r}: sign {synapse.sign:+d} at {synapse.label} contradicts "
                f"{signs[synapse.weight]:+d} before; expected one sign for each shared weight"
            )
        if synapse.weight not in circuit.weights:
            raise InputError(f"weight {synapse.weight!r} of {synapse.label}: no value found; give one in weights")
    for name, value in circuit.weights.items():
        if name not in signs:
            raise UnknownNameError("weight", name, signs)
        if not np.isfinite(value):
            raise InputError(f"weight {name!r}: {value!r} found, expected a finite number")
    for name in circuit.frozen:
        if name not in signs:
            raise UnknownNameError("frozen weight", name, signs)


def _check_channels(circuit: Circuit) -> None:
    twice = [name for name, count in Counter(circuit.layout).items() if count > 1]
    if twice:
        raise InputError(f"{circuit.name}: layout names {', '.join(map(repr, twice))} twice, expected each once")
    for sensor in circuit.sensors:
        if sensor.channel not in circuit.layout:
            raise UnknownNameError(f"channel of sensor {sensor.name!r}", sensor.channel, circuit.layout)
    if circuit.clocks and circuit.time not in circuit.layout:
        raise InputError(
            f"{circuit.name}: its clocks need the observation {circuit.time!r}, not found in the layout of "
            f"{len(circuit.layout)} names"
        )
    if not (np.isfinite(circuit.horizon) and circuit.horizon > 0):
        raise InputError(f"{circuit.name}: horizon {circuit.horizon!r} found, expected a number of steps above 0")
    if TONIC in circuit.layout:
        raise InputError(f"{circuit.name}: {TONIC!r} is the constant signal, no observation; rename the channel")
