"""A network that modulates a circuit's drive within a bound, and so cannot go around the circuit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from inscape.control.circuits.circuit import Circuit
from inscape.control.circuits.module import Constraint
from inscape.errors import InputError, UnknownNameError


class ResidualCircuit(nn.Module):
    """A circuit whose neurons are driven up or down by a small network, by no more than a share `trust`.

    What a driven neuron hears is multiplied by 1 + trust tanh(net(observation)). With trust below 1 the factor stays
    positive: the network can hurry, slow and bend the gait, but not turn a synapse's sign, nor move a muscle that the
    circuit leaves at rest.

    Parameters
    ----------
    circuit : without memory.
    trust : 0 is the circuit as it is, below 1.
    driven : neurons that hear the network; all if None.
    hidden : widths of the network.
    frozen : whether the circuit's own weights stay as they are.

    Raises
    ------
    InputError : for a trust outside [0, 1), or a circuit with memory.
    """

    def __init__(
        self,
        circuit: Circuit,
        trust: float = 0.3,
        *,
        driven: Sequence[str] | None = None,
        hidden: Sequence[int] = (32, 32),
        frozen: bool = False,
        constraint: Constraint = "projection",
    ):
        super().__init__()
        if not (np.isfinite(trust) and 0.0 <= trust < 1.0):
            raise InputError(f"trust: {trust!r} found, expected a number of at least 0 and below 1")
        if circuit.has_memory:
            raise InputError(f"{circuit.name}: this circuit has memory; a residual network drives one without")
        names = circuit.neuron_names if driven is None else tuple(driven)
        for name in names:
            if name not in circuit.neuron_names:
                raise UnknownNameError("neuron", name, circuit.neuron_names)
        self.core = circuit.torch(constraint)
        self.core.requires_grad_(not frozen)
        self.trust = float(trust)
        self.driven = [circuit.neuron_names.index(name) for name in names]
        widths = [len(circuit.layout), *hidden]
        layers: list[nn.Module] = []
        for one, after in pairwise(widths):
            layers += [nn.Linear(one, after), nn.Tanh()]
        last = nn.Linear(widths[-1], len(self.driven))
        # A last layer of zeros: at birth it is the circuit itself, whatever the trust.
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.network = nn.Sequential(*layers, last)

    def drive(self, observation: Float[Tensor, "batch observation"]) -> Float[Tensor, "batch neuron"]:
        """The factor on what each neuron hears, within 1 - trust and 1 + trust."""
        factors = observation.new_ones(len(observation), len(self.core.circuit.neurons))
        pushed = 1.0 + self.trust * torch.tanh(self.network(observation))
        return factors.index_copy(1, torch.tensor(self.driven), pushed)

    def forward(self, observation: Float[Tensor, "batch observation"]) -> Float[Tensor, "batch action"]:
        """The actions in [-1, 1]."""
        return self.core(observation, self.drive(observation))

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        """The actions, as a policy."""
        seen = np.asarray(observation, dtype=np.float32)
        if not np.isfinite(seen).all():
            raise InputError(f"{self.core.circuit.name}: observation with NaN or inf found, expected finite numbers")
        with torch.no_grad():
            told = self(torch.from_numpy(seen.reshape(-1, seen.shape[-1])))
        return told.numpy().astype(float).reshape(*seen.shape[:-1], -1)

    @property
    def parameters_vector(self) -> Float[np.ndarray, "parameter"]:
        """Every number that learns, in one vector."""
        return nn.utils.parameters_to_vector(p for p in self.parameters() if p.requires_grad).detach().double().numpy()
