"""The cylinder: the loop with a learned law and a learned reward, in a flow whose drag is not observed."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.control.distillation import distillation
from inscape.control.dyna import Dyna
from inscape.control.model_free import ModelFree
from inscape.control.policy import ChirpPolicy, ConstantPolicy, RandomPolicy
from inscape.control.ppo import PPO
from inscape.control.surrogate import SurrogateWarning
from inscape.models import SINDy, SparseRegression, dictionary
from inscape.systems.worlds import Cylinder, record, rewards_of
from inscape.systems.worlds.cylinder import UPSTREAM

CHIRPS = (0.005, 0.1)
"""Cycles an action: from a third of the shedding frequency to six times it."""
JUDGED = 100
"""Seed of the episodes by which policies are compared; the same ones for all."""


def law_and_reward(seed: int) -> tuple[SINDy, SparseRegression]:
    """With the settings of the paper's configuration file."""
    ensemble: dict[str, Any] = {"ensemble": 20, "drop": 1, "bootstrap": "rows", "seed": seed}
    cubic = dictionary.affine(3, tensor=False)
    law = SINDy(cubic, threshold=1e-3, alpha=1e-5, time="discrete", **ensemble)
    names = ("lift", "lift_rate", "turning_rate")
    return law, SparseRegression(dictionary.polynomial(2), threshold=1e-4, alpha=1e-5, names=names, **ensemble)


def learner_of(item: dict[str, Any], minibatch: int) -> PPO:
    """The same PPO inside the law and in the world itself."""
    return PPO(learning_rate=3e-4, segment=64, minibatch=minibatch, epochs=6, reward_scale=1.0, seed=item["seed"])


def played(world: Cylinder, policy: Any, episodes: int) -> dict[str, Any]:
    """What a policy does in episodes of the world: `drag` and root mean square `turning` over their second halves, the
    whole `drags` and `turnings` (episode, action), and where the first one's `lift` went."""
    runs = record(world, policy, episodes=episodes, seed=JUDGED)
    drags = np.stack([-rewards_of(run) for run in runs])
    turnings = np.stack([run.inputs[:-1, 0] for run in runs if run.inputs is not None])
    half = drags.shape[1] // 2
    return {
        "drag": float(drags[:, half:].mean()),
        "turning": float(np.sqrt(np.mean(turnings[:, half:] ** 2))),
        "drags": drags,
        "turnings": turnings,
        "lift": runs[0].states[:, 0],
    }


def uncontrolled(item: dict[str, Any]) -> dict[str, Any]:
    """The street left to itself, its shedding frequency in U/D and its wake."""
    world = Cylinder(resolution=item["resolution"], time_limit=item["actions"])
    found = played(world, ConstantPolicy([0.0]), 1)
    lift = found["lift"]
    up = np.flatnonzero((lift[:-1] < 0) & (lift[1:] >= 0))
    crossings = up + lift[up] / (lift[up] - lift[up + 1])
    found["strouhal"] = float(1 / (world.dt * np.diff(crossings).mean())) if len(up) > 1 else None
    return found | {"wake": wake(world)}


def inside_laws(item: dict[str, Any]) -> dict[str, Any]:
    """One run of the loop, its network and formula in the world, and rotations that know nothing.

    `item`: `seed`, `resolution`, `actions` of an episode, `chirps` (first steps), `steps` in the surrogate,
    `refit_every` iterations, `collect`, `worlds`, `episodes` to judge by.
    """
    started = time.process_time()
    seed, actions = item["seed"], item["actions"]
    world = Cylinder(resolution=item["resolution"], time_limit=actions)
    law, reward = law_and_reward(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SurrogateWarning)
        agent = Dyna(
            world,
            law,
            learner_of(item, 1024),
            reward=reward,
            random_steps=item["chirps"],
            random_resets=actions,
            explore=ChirpPolicy(world, CHIRPS, steps=actions, seed=seed),
            refit_every=item["refit_every"],
            collect=item["collect"],
            buffer=2_400,
            worlds=item["worlds"],
            starts="buffer",
            seed=seed,
        ).learn(item["steps"])
    seconds = time.process_time() - started
    formula = distillation(
        agent.policy,
        dictionary.polynomial(3, bias=False),
        law,
        world=world,
        starts=agent.surrogate.starts,
        steps=5_000,
        resets=actions,
        largest_target=10.0,
        action_names=world.action_names,
    ).policy
    network = played(world, agent.policy, item["episodes"])
    seen = wake(world)
    steady = ConstantPolicy([min(network["turning"], float(world.action_space.high[0]))])
    return {
        "network": network,
        "wake": seen,
        "last": played(world, agent.last_policy, item["episodes"]),
        "formula": played(world, formula, item["episodes"]),
        "constant": played(world, steady, item["episodes"]),
        "random": played(world, RandomPolicy(world, seed=seed), item["episodes"]),
        "explained": explained(world, law, reward, seed),
        "real_steps": [r.real_steps for r in agent.history[1:]],
        "visits": [-r.reward_rate for r in agent.history[1:]],
        "policy": agent.policy.state(),
        "text": list(formula.equations()),
        "formula_size": len(formula.parameters),
        "equations": [*law.equations(), *reward.equations()],
        "seconds": seconds,
        "all_seconds": time.process_time() - started,
    }


def in_the_world(item: dict[str, Any]) -> dict[str, Any]:
    """The same PPO in the flow itself for `steps` steps; four flows side by side, minibatches a quarter of what they
    bring, so that it takes as many gradient steps from every batch as inside the law."""
    started = time.process_time()
    world = Cylinder(resolution=item["resolution"], time_limit=item["actions"])
    # Three times it is asked which policy is its best; the last of these iterations may pass the steps, in its favour.
    third = -(-item["steps"] // (3 * 64 * 4))
    rival = ModelFree(world, learner_of(item, 64), worlds=4, report_every=third, evaluate=1, seed=item["seed"])
    agent = rival.learn(item["steps"])
    found = played(world, agent.policy, item["episodes"])
    return found | {"real_steps": agent.real_steps, "all_seconds": time.process_time() - started}


def explained(world: Cylinder, law: SINDy, reward: SparseRegression, seed: int) -> dict[str, float]:
    """Share of variance that law and reward explain one step ahead, over an episode of chirps they never saw."""
    fresh = ChirpPolicy(world, CHIRPS, steps=world.time_limit, seed=seed + 1_000)
    run = record(world, fresh, episodes=1, seed=seed + 1_000)[0]
    assert run.inputs is not None
    acting, paid = run.inputs[:-1], rewards_of(run)
    following = law.step(run.states[:-1], acting)
    told = reward.predict(np.hstack([run.states[1:], acting]))[:, 0]
    return {
        "lift": _share(following[:, 0], run.states[1:, 0]),
        "lift_rate": _share(following[:, 1], run.states[1:, 1]),
        "drag": _share(told, paid),
    }


def wake(world: Cylinder) -> Float[np.ndarray, "row column"]:
    """Vorticity in U/D from two diameters before the cylinder to twelve behind it, six across, every second node."""
    d = world.resolution
    low = world.rows // 2 - 3 * d
    return np.round(world.vorticity()[(UPSTREAM - 2) * d : (UPSTREAM + 12) * d : 2, low : low + 6 * d : 2].T, 2)


def _share(told: np.ndarray, true: np.ndarray) -> float:
    return float(1 - np.mean((told - true) ** 2) / np.var(true))
