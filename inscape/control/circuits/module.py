"""A circuit as a torch module: the same answers, and gradients to every weight."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from inscape.control.circuits.anatomy import computing_order
from inscape.control.circuits.circuit import UNIT_PERIOD, Circuit, signals
from inscape.control.circuits.parts import SENSOR_KINDS, SHORTEST_PERIOD, Clock
from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from torch import Tensor

Constraint = Literal["projection", "softplus"]
# A softplus weight of zero has no raw value; this is as near as it starts.
LEAST = 1e-3


class CircuitModule(nn.Module):
    """A circuit whose weights learn by gradients and keep their signs.

    Parameters
    ----------
    circuit : the wiring and the numbers to start from; its parameters become `raw`, in the same order.
    constraint : "projection", as published: a weight acts as max(w, 0) or min(w, 0), and one pushed beyond zero has no
        gradient until something else brings it back; "softplus": it acts as +-log(1 + exp(w)), never 0 and never
        without a gradient.

    Attributes
    ----------
    raw : (parameter,) what an optimiser moves.
    """

    def __init__(self, circuit: Circuit, constraint: Constraint = "projection"):
        super().__init__()
        if constraint not in ("projection", "softplus"):
            raise UnknownNameError("constraint", str(constraint), ("projection", "softplus"))
        moving = [n for n in circuit.learned if n.endswith(".duty")]
        waves = {c.wave for c in circuit.clocks}
        if moving or (circuit.learned and waves != {"sine"}):
            raise InputError(
                f"{circuit.name}: {', '.join(circuit.learned)} learned, but a square wave has no gradient there; "
                "expected wave='sine' and no learned duty, or a search without gradients"
            )
        self.circuit = circuit
        self.constraint = constraint
        names = list(circuit.weights)
        start = np.array([circuit.weights[n] for n in names])
        self._signs = torch.tensor([float(circuit.signs[n]) for n in names])
        if constraint == "softplus":
            size = np.maximum(np.abs(start), LEAST)
            start = np.where(self._signs.numpy() == 0, start, np.log(np.expm1(size)))
        self._free = [names.index(n) for n in circuit.parameter_names if n in circuit.weights]
        self._weights = torch.tensor(start, dtype=torch.float32)
        periods = [math.log(self._clock(n).period / UNIT_PERIOD) for n in circuit.learned]
        self.raw = nn.Parameter(torch.cat([self._weights[self._free], torch.tensor(periods, dtype=torch.float32)]))
        self._wire(names)

    def forward(
        self, observation: Float[Tensor, "batch observation"], drive: Float[Tensor, "batch neuron"] | None = None
    ) -> Float[Tensor, "batch action"]:
        """The actions in [-1, 1]; for circuits without memory.

        `drive` multiplies what each neuron hears before its activation: 1 leaves it as it is.
        """
        if self.circuit.has_memory:
            raise InputError(f"{self.circuit.name}: this circuit has memory; call step(observation, memory)")
        return self.step(observation, None, drive)[0]

    def step(
        self,
        observation: Float[Tensor, "batch observation"],
        memory: Float[Tensor, "batch two neuron"] | None,
        drive: Float[Tensor, "batch neuron"] | None = None,
    ) -> tuple[Float[Tensor, "batch action"], Float[Tensor, "batch two neuron"]]:
        """The actions, and the memory one step further; None is a circuit at rest."""
        neurons = len(self.circuit.neurons)
        rows = observation.shape[0]
        old = observation.new_zeros(rows, 2, neurons) if memory is None else memory
        weights = self.weights()[self._synapse_weight]
        heard = torch.cat([observation.new_ones(rows, 1), self._sensed(observation), self._rhythm(observation)], dim=1)
        matrix = weights.new_zeros(neurons, self._base + 2 * neurons)
        matrix = matrix.index_put((self._target, self._source), weights, accumulate=True)
        fixed = heard @ matrix[:, : self._base].T + old[:, 1] @ matrix[:, self._base + neurons :].T
        within = matrix[:, self._base : self._base + neurons]
        said: list[Tensor | None] = [None] * neurons
        potential: list[Tensor | None] = [None] * neurons
        for level in self._levels:
            total = fixed[:, level]
            earlier = [k for k in range(neurons) if said[k] is not None]
            if earlier:
                total = total + torch.stack([said[k] for k in earlier], dim=1) @ within[level][:, earlier].T  # type: ignore[misc]
            if drive is not None:
                total = total * drive[:, level]
            moved = old[:, 0, level] + (total - old[:, 0, level]) * self._leaks[level]
            answer = self._activated(moved, level)
            for place, k in enumerate(level):
                held = self._clamps[k]
                potential[k] = moved[:, place]
                said[k] = answer[:, place] if math.isnan(held) else torch.full_like(answer[:, place], held)
        spoken = torch.stack(said, dim=1)  # type: ignore[arg-type]
        everything = torch.cat([heard, spoken], dim=1)
        actions = torch.clamp(everything @ self._motors.T, -1.0, 1.0)
        return actions, torch.stack([torch.stack(potential, dim=1), spoken], dim=1)  # type: ignore[arg-type]

    def weights(self) -> Float[Tensor, "weight"]:
        """Every weight as it acts, in the order of `circuit.weights`."""
        raw = self._weights.to(self.raw.device).index_put(
            (torch.tensor(self._free, dtype=torch.long),), self.raw[: len(self._free)]
        )
        signs = self._signs.to(raw.device)
        if self.constraint == "softplus":
            return torch.where(signs == 0, raw, signs * nn.functional.softplus(raw))
        return torch.where(signs > 0, raw.clamp(min=0.0), torch.where(signs < 0, raw.clamp(max=0.0), raw))

    def as_circuit(self) -> Circuit:
        """The circuit with what was learned: acts alike, without torch."""
        values = self.weights().detach().cpu().double().numpy()
        weights = dict(zip(self.circuit.weights, values.tolist(), strict=True))
        learned = self.raw[len(self._free) :].detach().cpu().double().numpy()
        vector = [weights[n] for n in self.circuit.parameter_names if n in weights]
        return self.circuit.with_parameters(np.array([*vector, *learned.tolist()]))

    def _wire(self, names: list[str]) -> None:
        circuit = self.circuit
        number = {name: k for k, name in enumerate(signals(circuit))}
        neuron = {name: k for k, name in enumerate(circuit.neuron_names)}
        neurons = len(neuron)
        self._base = len(number) - neurons
        late = [neurons if s.delayed and s.source in neuron else 0 for s in circuit.synapses]
        self._source = torch.tensor([number[s.source] + d for s, d in zip(circuit.synapses, late, strict=True)])
        self._target = torch.tensor([neuron[s.target] for s in circuit.synapses])
        self._synapse_weight = torch.tensor([names.index(s.weight) for s in circuit.synapses])
        self._leaks = torch.tensor([1.0 / n.tau if n.tau else 1.0 for n in circuit.neurons])
        self._clamps = [circuit.clamps.get(n.name, math.nan) for n in circuit.neurons]
        self._motors = torch.zeros(len(circuit.motors), len(number))
        for row, motor in enumerate(circuit.motors):
            for sign, sources in ((1.0, motor.plus), (-1.0, motor.minus)):
                for source in sources:
                    self._motors[row, number[source]] += sign
        waits = [
            {neuron[s.source] for s in circuit.synapses if not s.delayed and s.target == n.name and s.source in neuron}
            for n in circuit.neurons
        ]
        depth: dict[int, int] = {}
        for k in computing_order(circuit):
            depth[k] = 1 + max((depth[j] for j in waits[k]), default=-1)
        self._levels = [
            [k for k in range(neurons) if depth[k] == d] for d in range(max(depth.values(), default=-1) + 1)
        ]

    def _sensed(self, observation: Tensor) -> Tensor:
        if not self.circuit.sensors:
            return observation.new_zeros(len(observation), 0)
        layout = self.circuit.layout
        x = observation[:, [layout.index(s.channel) for s in self.circuit.sensors]]
        x = x / torch.tensor([s.scale for s in self.circuit.sensors], dtype=x.dtype)
        seen = {
            "raw": lambda v: v,
            "positive": lambda v: v.clamp(0.0, 1.0),
            "negative": lambda v: (-v).clamp(0.0, 1.0),
            "magnitude": torch.abs,
            "above": lambda v: (v > 1.0).to(v.dtype),
            "below": lambda v: (-v > 1.0).to(v.dtype),
            "within": lambda v: (v.abs() <= 1.0).to(v.dtype),
        }
        assert set(seen) == set(SENSOR_KINDS)
        return torch.stack([seen[s.kind](x[:, k]) for k, s in enumerate(self.circuit.sensors)], dim=1)

    def _rhythm(self, observation: Tensor) -> Tensor:
        if not self.circuit.clocks:
            return observation.new_zeros(len(observation), 0)
        shown = observation[:, self.circuit.layout.index(self.circuit.time)].double()
        count = torch.round(0.5 * (shown + 1.0) * self.circuit.horizon)
        columns = []
        for clock in self.circuit.clocks:
            name = f"{clock.group}.period"
            period: Tensor | float = clock.period
            if name in self.circuit.learned:
                own = self.raw[len(self._free) + self.circuit.learned.index(name)]
                period = (UNIT_PERIOD * torch.exp(own)).clamp(min=SHORTEST_PERIOD).double()
            phase = torch.remainder(count + clock.offset * period, period)
            if clock.wave == "square":
                on = ((phase < math.floor(clock.duty * clock.period) - 1e-9) | (phase > clock.period - 1e-9)).double()
                columns += [on, 1.0 - on]
            else:
                swing = torch.sin(2.0 * math.pi * phase / period)
                columns += [swing.clamp(min=0.0), (-swing).clamp(min=0.0)]
        return torch.stack(columns, dim=1).to(observation.dtype)

    def _activated(self, x: Tensor, level: list[int]) -> Tensor:
        kinds = [self.circuit.neurons[k].activation for k in level]
        if all(kind == kinds[0] for kind in kinds):
            return {"graded": lambda v: v.clamp(0.0, 1.0), "rectified": torch.relu, "linear": lambda v: v}[kinds[0]](x)
        graded = torch.tensor([kind == "graded" for kind in kinds])
        linear = torch.tensor([kind == "linear" for kind in kinds])
        return torch.where(graded, x.clamp(0.0, 1.0), torch.where(linear, x, torch.relu(x)))

    def _clock(self, learned: str) -> Clock:
        group = learned.rsplit(".", 1)[0]
        return next(c for c in self.circuit.clocks if c.group == group)
