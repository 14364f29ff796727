"""`Running`: a circuit that lives in one world and keeps its memory from step to step."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.control.circuits.circuit import Circuit
from inscape.errors import InputError


class Running:
    """A policy with the circuit's memory; it rests again wherever the clock it is shown stands at the start.

    Parameters
    ----------
    circuit : what acts. Its layout must hold the observation that tells the step count, or `start` must be called.
    """

    def __init__(self, circuit: Circuit):
        self.circuit = circuit
        self.memory: np.ndarray | None = None
        self._clock = circuit.layout.index(circuit.time) if circuit.time in circuit.layout else None

    def start(self) -> None:
        """Forget everything: the next step is the first of an episode."""
        self.memory = None

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        """The actions in [-1, 1], one step further.

        Raises
        ------
        InputError : as of `Circuit.act`, or for another batch than at the start.
        """
        seen = np.asarray(observation, dtype=float)
        batch = seen.shape[:-1]
        if self.memory is None:
            self.memory = self.circuit.program.start(batch)
        elif self.memory.shape[:-2] != batch:
            if self._clock is None or not (seen[..., self._clock] <= -1.0).all():
                raise InputError(
                    f"{self.circuit.name}: observations of batch {batch} found after {self.memory.shape[:-2]}; a "
                    "running circuit serves one world or batch of worlds at a time: call start() or take another"
                )
            self.memory = self.circuit.program.start(batch)
        if self._clock is not None and seen.shape[-1:] == (len(self.circuit.layout),):
            self.memory[seen[..., self._clock] <= -1.0] = 0.0
        return self.circuit.program.respond(seen, self.memory)[0]

    @property
    def activity(self) -> Float[np.ndarray, "*batch neuron"]:
        """What each neuron said in the last step."""
        if self.memory is None:
            raise InputError(f"{self.circuit.name}: no step taken yet, so no activity to show")
        return self.memory[..., 1, :].copy()
