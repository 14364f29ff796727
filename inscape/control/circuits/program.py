"""A circuit as arrays, and the compiled step that runs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float

from inscape.control.circuits.anatomy import computing_order
from inscape.control.circuits.parts import ACTIVATIONS, SENSOR_KINDS, WAVES
from inscape.errors import InputError

if TYPE_CHECKING:
    from inscape.control.circuits.circuit import Circuit


class Tables(NamedTuple):
    """What the compiled step reads. Signals are numbered: the tonic one, sensors, clocks (two each), neurons."""

    sensors: np.ndarray  # (sensor, 2) channel, kind
    scales: np.ndarray  # (sensor,)
    clocks: np.ndarray  # (clock, 4) period, steps on, offset in steps, wave
    time: np.ndarray  # (2,) channel of the step count or -1, horizon
    order: np.ndarray  # (neuron,) numbers of the neurons as they are computed
    first: np.ndarray  # (neuron + 1,) where the synapses of each neuron begin
    synapses: np.ndarray  # (synapse, 2) signal, whether it is heard a step late
    weights: np.ndarray  # (synapse,) as they act
    kinds: np.ndarray  # (neuron,) activation
    membranes: np.ndarray  # (neuron, 2) 1 / tau, clamp or NaN
    motors: np.ndarray  # (term, 3) motor, signal, sign


@dataclass(frozen=True)
class Program:
    """A compiled circuit.

    Parameters
    ----------
    tables : its parts as arrays.
    layout : names of the observations.
    """

    name: str
    tables: Tables
    layout: tuple[str, ...]
    neurons: int
    actions: int

    def start(self, batch: tuple[int, ...] = ()) -> Float[np.ndarray, "*batch two neuron"]:
        """Memory of a circuit at rest: potential and activation of each neuron."""
        return np.zeros((*batch, 2, self.neurons))

    def respond(
        self,
        observation: Float[np.ndarray, "*batch observation"],
        memory: Float[np.ndarray, "*batch two neuron"] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Actions (*batch, action) and activity (*batch, neuron); a memory given is moved on in place.

        Raises
        ------
        InputError : for another number of observations, NaN or inf.
        """
        try:
            array = np.asarray(observation, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"{self.name}: observation is not an array of numbers") from None
        if array.ndim < 1 or array.shape[-1] != len(self.layout):
            raise InputError(
                f"{self.name}: observation of shape {array.shape} found, expected (..., {len(self.layout)}): "
                f"{_shortened(self.layout)}"
            )
        batch = array.shape[:-1]
        rows = array.reshape(-1, array.shape[-1])
        kept = self.start((len(rows),)) if memory is None else memory.reshape(len(rows), 2, self.neurons)
        actions = np.empty((len(rows), self.actions))
        bad = kernel()(rows, kept, self.tables, actions)
        if bad >= 0:
            row, channel = divmod(bad, array.shape[-1])
            where = f" in row {row}" if batch else ""
            raise InputError(
                f"{self.name}: observation {self.layout[channel]!r} is {rows[row, channel]}{where}, expected a finite "
                "number"
            )
        if memory is not None and not np.shares_memory(memory, kept):
            memory[...] = kept.reshape(memory.shape)
        return actions.reshape(*batch, self.actions), kept[:, 1].reshape(*batch, self.neurons)


def compiled(circuit: Circuit) -> Program:
    """The program of a circuit."""
    from inscape.control.circuits.circuit import signals

    number = {name: k for k, name in enumerate(signals(circuit))}
    neuron = {name: k for k, name in enumerate(circuit.neuron_names)}
    channel = {name: k for k, name in enumerate(circuit.layout)}
    acting = circuit.effective_weights
    by_target: list[list[Any]] = [[] for _ in circuit.neurons]
    for synapse in circuit.synapses:
        by_target[neuron[synapse.target]].append((number[synapse.source], int(synapse.delayed), acting[synapse.weight]))
    flat = [entry for entries in by_target for entry in entries]
    clocks = [(c.period, np.floor(c.duty * c.period), c.offset * c.period, WAVES.index(c.wave)) for c in circuit.clocks]
    terms = [
        (k, number[source], sign)
        for k, motor in enumerate(circuit.motors)
        for sign, sources in ((1, motor.plus), (-1, motor.minus))
        for source in sources
    ]
    tables = Tables(
        sensors=_integers([(channel[s.channel], SENSOR_KINDS.index(s.kind)) for s in circuit.sensors], 2),
        scales=np.array([s.scale for s in circuit.sensors], dtype=float),
        clocks=np.array(clocks, dtype=float).reshape(-1, 4),
        time=np.array([channel[circuit.time] if circuit.clocks else -1, circuit.horizon], dtype=float),
        order=np.array(computing_order(circuit), dtype=np.int64),
        first=np.cumsum([0, *map(len, by_target)]).astype(np.int64),
        synapses=_integers([entry[:2] for entry in flat], 2),
        weights=np.array([entry[2] for entry in flat], dtype=float),
        kinds=np.array([ACTIVATIONS.index(n.activation) for n in circuit.neurons], dtype=np.int64),
        membranes=np.array(
            [(1.0 / n.tau if n.tau else 1.0, circuit.clamps.get(n.name, np.nan)) for n in circuit.neurons], dtype=float
        ).reshape(-1, 2),
        motors=_integers(terms, 3),
    )
    return Program(circuit.name, tables, circuit.layout, len(circuit.neurons), len(circuit.motors))


def _integers(rows: list[Any], width: int) -> np.ndarray:
    return np.array(rows, dtype=np.int64).reshape(-1, width)


def _shortened(names: tuple[str, ...]) -> str:
    return ", ".join(names if len(names) <= 6 else (*names[:3], "...", names[-1]))


@cache
def kernel() -> Any:
    """The compiled step: observations (row, observation), memory (row, 2, neuron) moved on in place, tables, actions
    (row, action) filled. Returns -1, or row * observations + channel of the first number that is not finite."""
    from inscape.control.circuits.kernel import step

    return step
