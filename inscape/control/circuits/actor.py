"""A circuit as the actor of stable-baselines3: PPO, A2C and their kin, and TD3 and DDPG."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.td3.policies import Actor, TD3Policy
from torch import nn

from inscape.control.circuits.circuit import Circuit
from inscape.control.circuits.module import Constraint
from inscape.errors import InputError


class CircuitActorCritic(ActorCriticPolicy):
    """An actor-critic policy whose mean action is a circuit of the raw observations; the critic is a network.

    Give it to any on-policy algorithm of stable-baselines3:
    `PPO(CircuitActorCritic, env, policy_kwargs={"circuit": circuit})`.

    Parameters
    ----------
    circuit : the actor; without memory.
    noise : standard deviation of the exploration; NCAP's is 0.1.
    learns_noise : whether it is learned as well.
    constraint : of the weights' signs; see `CircuitModule`.
    """

    def __init__(
        self,
        *args: Any,
        circuit: Circuit,
        noise: float = 0.1,
        learns_noise: bool = False,
        constraint: Constraint = "projection",
        **kwargs: Any,
    ):
        _check_noise(noise)
        self._made_of = (circuit, constraint, learns_noise)
        kwargs.setdefault("net_arch", {"pi": [], "vf": [64, 64]})
        kwargs["log_std_init"] = float(np.log(noise))
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Any) -> None:
        super()._build(lr_schedule)
        circuit, constraint, learns_noise = self._made_of
        _check_fit(circuit, self.observation_space, self.action_space)
        self.action_net = _core(circuit, constraint)
        self.log_std.requires_grad_(learns_noise)
        moving = [p for p in self.parameters() if p.requires_grad]
        self.optimizer = self.optimizer_class(moving, lr=lr_schedule(1), **self.optimizer_kwargs)  # type: ignore[call-arg]

    @property
    def circuit(self) -> Circuit:
        """The circuit as it has been learned so far, free of torch."""
        return self.action_net.as_circuit()  # type: ignore[operator]

    def _get_constructor_parameters(self) -> dict[str, Any]:
        circuit, constraint, learns_noise = self._made_of
        own = {"circuit": circuit, "constraint": constraint, "learns_noise": learns_noise}
        kept = super()._get_constructor_parameters()
        start = kept.pop("log_std_init")
        return kept | own | {"noise": float(np.exp(start))}


class CircuitTD3(TD3Policy):
    """TD3 and DDPG with a circuit for the actor and networks for the critics; use as `CircuitActorCritic`."""

    def __init__(self, *args: Any, circuit: Circuit, constraint: Constraint = "projection", **kwargs: Any):
        self._made_of = (circuit, constraint)
        super().__init__(*args, **kwargs)

    def make_actor(self, features_extractor: Any = None) -> Actor:
        actor = super().make_actor(features_extractor)
        circuit, constraint = self._made_of
        _check_fit(circuit, self.observation_space, self.action_space)
        actor.mu = nn.Sequential(_core(circuit, constraint))
        return actor.to(self.device)

    @property
    def circuit(self) -> Circuit:
        """The circuit as it has been learned so far, free of torch."""
        return self.actor.mu[0].as_circuit()  # type: ignore[operator]

    def _get_constructor_parameters(self) -> dict[str, Any]:
        circuit, constraint = self._made_of
        return super()._get_constructor_parameters() | {"circuit": circuit, "constraint": constraint}


def _core(circuit: Circuit, constraint: Constraint) -> nn.Module:
    if circuit.has_memory:
        raise InputError(f"{circuit.name}: this circuit has memory, which these algorithms do not carry")
    return circuit.torch(constraint)


def _check_fit(circuit: Circuit, observations: Any, actions: Any) -> None:
    if observations.shape != (len(circuit.layout),):
        raise InputError(
            f"{circuit.name}: a world with observations of shape {observations.shape} found, expected "
            f"({len(circuit.layout)},)"
        )
    if actions.shape != (len(circuit.motors),) or not (np.all(actions.low == -1) and np.all(actions.high == 1)):
        raise InputError(
            f"{circuit.name}: a world with actions of shape {actions.shape} found, expected ({len(circuit.motors)},) "
            "from -1 to 1"
        )


def _check_noise(noise: float) -> None:
    if not (np.isfinite(noise) and noise > 0):
        raise InputError(f"noise: {noise!r} found, expected a positive number")
