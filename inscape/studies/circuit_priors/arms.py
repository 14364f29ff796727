"""The pieces of study 05: plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import numpy as np

from inscape import control
from inscape.control import circuits, search
from inscape.systems import worlds

KINDS = ("prop", "osc", "ipsi", "contra")
DESIGNED = (1, 1, 1, -1)
JUDGES = 90_000
"""Episodes on which policies are judged are reset from here on; no search sees them."""


def at_birth(item: Mapping[str, Any]) -> dict[str, Any]:
    """Returns of the untrained circuit, of random torques and of untrained networks.

    item : "episodes", "networks", "steps" (of an episode).
    """
    world = worlds.Swimmer(time_limit=item["steps"])
    circuit = fitted(circuits.swimmer(), item["steps"])
    nets = [network_policy(seed, (len(world.observation_names), 64, 64, 5)) for seed in range(item["networks"])]
    return {
        "circuit": world.returns(circuit, episodes=item["episodes"], seed=JUDGES).tolist(),
        "random": world.returns(control.RandomPolicy(world, seed=1), episodes=item["episodes"], seed=JUDGES).tolist(),
        "network": [float(world.returns(net, episodes=2, seed=JUDGES).mean()) for net in nets],
    }


def in_dm_control(item: Mapping[str, Any]) -> dict[str, Any]:
    """The untrained circuit on the same starts in our world and in dm_control's.

    item : "episodes", "steps".
    """
    import importlib.util

    if importlib.util.find_spec("dm_control") is None:
        return {"ours": [], "theirs": []}
    from dm_control.suite import swimmer as suite

    world, circuit = worlds.Swimmer(time_limit=item["steps"]), fitted(circuits.swimmer(), item["steps"])
    environment = suite.swimmer(n_links=6, random=0, time_limit=1e9)
    ours, theirs = [], []
    for seed in range(item["episodes"]):
        seen, _ = world.reset(seed=JUDGES + seed)
        environment.reset()
        physics = environment.physics
        with physics.reset_context():
            physics.data.qpos[:] = world.state[:8]
        mine = their = 0.0
        for step in range(item["steps"]):
            mine += world.step(circuit.act(seen))[1]
            now = np.concatenate([physics.joints(), physics.body_velocities(), [2.0 * step / item["steps"] - 1.0]])
            environment.step(circuit.act(now))
            their += float(np.clip(-physics.named.data.sensordata["head_vel"][1] / 0.1, 0.0, 1.0))
            seen = world.observe(world.state)
        ours.append(mine)
        theirs.append(their)
    return {"ours": ours, "theirs": theirs}


def signs(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Mean return of each of the 16 sign patterns of the four weights.

    item : "episodes", "steps".
    """
    world = worlds.Swimmer(time_limit=item["steps"])
    rows = []
    for pattern in product((1, -1), repeat=4):
        circuit = fitted(circuits.swimmer(signs=dict(zip(KINDS, pattern, strict=True))), item["steps"])
        rows.append(
            {
                **dict(zip(KINDS, ("+" if s > 0 else "-" for s in pattern), strict=True)),
                "designed": pattern == DESIGNED,
                "return": float(world.returns(circuit, episodes=item["episodes"], seed=JUDGES).mean()),
            }
        )
    return rows


def ablations(item: Mapping[str, Any]) -> dict[str, Any]:
    """Returns without a kind of synapse, and of drawn magnitudes with and without the right signs.

    item : "draws", "episodes", "steps", "seed".
    """
    world = worlds.Swimmer(time_limit=item["steps"])
    whole = fitted(circuits.swimmer(), item["steps"])
    rng = np.random.default_rng(item["seed"])

    def earned(circuit: Any, episodes: int) -> float:
        return float(world.returns(circuit, episodes=episodes, seed=JUDGES).mean())

    sizes = rng.uniform(0.0, 1.0, (item["draws"], 4))
    free = rng.uniform(-1.0, 1.0, (item["draws"], 4))
    return {
        "whole": earned(whole, item["episodes"]),
        **{f"no {kind}": earned(whole.cut(kind), item["episodes"]) for kind in KINDS},
        "magnitude": [earned(whole.with_parameters(s * np.array(DESIGNED)), 1) for s in sizes],
        "free": [earned(whole.without_signs().with_parameters(s), 1) for s in free],
    }


def searched(item: Mapping[str, Any]) -> dict[str, Any]:
    """One search for a swimmer's weights, and what it found played in fresh episodes.

    item : "method" ("cma", "ars", "es"), "shared", "learned", "episodes", "seed", "steps", "judged", "settings".
    """
    world = worlds.Swimmer(time_limit=item["steps"])
    start = circuits.swimmer(shared=item["shared"], learned=item["learned"])
    start = fitted(start, item["steps"])
    method: Any = {"cma": search.cma, "ars": search.ars, "es": search.evolution_strategy}[item["method"]]
    found = method(start, world, episodes=item["episodes"], seed=item["seed"], jobs=1, **item.get("settings", {}))
    return {
        "weights": dict(found.policy.weights),
        "period": found.policy.clocks[0].period,
        "parameters": found.parameters.tolist(),
        "curve": found.curve.tolist(),
        "return": float(world.returns(found, episodes=item["judged"], seed=JUDGES).mean()),
        "formula": len(found.policy.formula()),
    }


def ppo(item: Mapping[str, Any]) -> dict[str, Any]:
    """stable-baselines3's PPO at its defaults, on a network of 64-64 or on the circuit.

    item : "actor" ("network" or "circuit"), "world" ("swimmer" or "quadruped"), "steps_in_all", "steps" (of an
    episode), "seed", "judged".
    """
    import torch
    from stable_baselines3 import PPO

    torch.set_num_threads(1)
    world = (
        worlds.Swimmer(time_limit=item["steps"])
        if item["world"] == "swimmer"
        else worlds.Quadruped(time_limit=item["steps"])
    )
    if item["actor"] == "circuit":
        actor = fitted(circuits.swimmer(), item["steps"])
        model = PPO(
            circuits.CircuitActorCritic, world, policy_kwargs={"circuit": actor}, seed=item["seed"], device="cpu"
        )
    else:
        model = PPO("MlpPolicy", world, seed=item["seed"], device="cpu")
    model.learn(item["steps_in_all"], callback=(log := EpisodeLog()).callback)
    judged = model.policy.circuit if item["actor"] == "circuit" else model
    trained = [p for p in model.policy.parameters() if p.requires_grad]
    transfer = {}
    if item["world"] == "quadruped":
        for name, other in unseen(item["steps"]).items():
            transfer[name] = float(other.returns(judged, episodes=item["judged"], seed=JUDGES).mean())
    return {
        "returns": log.returns,
        "steps": log.steps,
        "return": float(world.returns(judged, episodes=item["judged"], seed=JUDGES).mean()),
        "parameters": sum(p.numel() for p in trained),
        "transfer": transfer,
    }


class EpisodeLog:
    """Returns of training episodes, and the steps at which they ended."""

    def __init__(self) -> None:
        self.returns: list[float] = []
        self.steps: list[int] = []

    def callback(self, local: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
        for info in local.get("infos", ()):
            if "episode" in info:
                self.returns.append(float(info["episode"]["r"]))
                self.steps.append(int(local["self"].num_timesteps))
        return True


def transfer(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Weights of 6 links, and none trained, on other bodies and in other media.

    item : "weights" (one dict for each seed), "links", "episodes", "steps".
    """
    born = fitted(circuits.swimmer(), item["steps"])
    trained = [born.with_weights(**weights) for weights in item["weights"]]
    places: list[dict[str, Any]] = [{"links": links} for links in item["links"]]
    places += [{"links": 6, "density": d} for d in (1500.0, 6000.0)]
    places += [{"links": 6, "viscosity": v} for v in (0.01, 0.1)]
    rows = []
    for place in places:
        world = worlds.Swimmer(**place, time_limit=item["steps"])
        fit = [fitted(c.for_joints(place["links"] - 1), item["steps"]) for c in (born, *trained)]
        earned = [float(world.returns(c, episodes=item["episodes"], seed=JUDGES).mean()) for c in fit]
        named = ", ".join(f"{name} {value:g}" for name, value in place.items() if name != "links") or "home"
        rows.append(
            {"links": place["links"], "medium": named, "birth": earned[0], "trained": float(np.mean(earned[1:]))}
        )
    return rows


def periods(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The untrained circuit by its period.

    item : "periods", "episodes", "steps".
    """
    world, circuit = worlds.Swimmer(time_limit=item["steps"]), fitted(circuits.swimmer(), item["steps"])
    return [
        {
            "period": p,
            "return": float(world.returns(circuit.with_period(p), episodes=item["episodes"], seed=JUDGES).mean()),
        }
        for p in item["periods"]
    ]


def lesion_rows(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every neuron silenced and every weight cut in turn.

    item : "weights", "steps".
    """
    world = worlds.Swimmer(time_limit=item["steps"])
    circuit = fitted(circuits.swimmer(weights=item["weights"]), item["steps"])
    table = circuits.lesions(circuit, world, kinds=("neuron", "weight"), seed=JUDGES)
    return table.round(4).to_dict("records")


def watched(item: Mapping[str, Any]) -> dict[str, Any]:
    """A run of a circuit: times, joint angles and activities, for pictures.

    item : "weights", "steps".
    """
    world = worlds.Swimmer(time_limit=item["steps"])
    circuit = fitted(circuits.swimmer(weights=item["weights"]), item["steps"])
    run = circuits.watch(circuit, world, seed=JUDGES)
    return {
        "times": run.times,
        "joints": run.states[:, :5],
        "neurons": run.select(circuit.neuron_names).states,
        "names": list(circuit.neuron_names),
    }


def constrained(item: Mapping[str, Any]) -> dict[str, int]:
    """Gradient steps of five optimisers towards signs the circuit forbids: violations and NaN counted.

    item : "steps", "seed".
    """
    import torch

    generator = torch.Generator().manual_seed(item["seed"])
    wrong = broken = 0
    signs = torch.tensor([float(s) for s in DESIGNED])
    for constraint, name in product(("projection", "softplus"), ("SGD", "Adam", "AdamW", "RMSprop", "Rprop")):
        module = circuits.swimmer().torch(constraint)
        optimiser = getattr(torch.optim, name)(module.parameters(), lr=0.05)
        for _ in range(item["steps"]):
            seen = torch.randn(16, 24, generator=generator)
            seen[:, -1] = torch.randint(0, 1000, (16,), generator=generator) / 500 - 1
            # It asks for actions of the opposite sign, which no allowed weight gives.
            loss = ((module(seen) + 2.0 * torch.sign(seen[:, :5])) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            broken += int(not torch.isfinite(module.raw.grad).all())
            optimiser.step()
            wrong += int((module.weights() * signs < 0).any())
    return {"wrong": wrong, "nan": broken}


def walker(item: Mapping[str, Any]) -> dict[str, Any]:
    """The walker's circuit at birth and trained by CMA-ES, on flat ground and where it never was.

    item : "episodes", "seed", "steps", "judged".
    """
    world = worlds.Quadruped(time_limit=item["steps"])
    start = fitted(circuits.quadruped(), item["steps"])
    found = search.cma(
        start, world, episodes=item["episodes"], seed=item["seed"], sigma=0.1, population=16, per_candidate=2, jobs=1
    )
    places = {"flat": world, **unseen(item["steps"])}
    return {
        "parameters": len(start.parameters),
        "birth": {n: float(w.returns(start, episodes=item["judged"], seed=JUDGES).mean()) for n, w in places.items()},
        "trained": {n: float(w.returns(found, episodes=item["judged"], seed=JUDGES).mean()) for n, w in places.items()},
        "curve": found.curve.tolist(),
        "steps": found.steps,
        "vector": found.parameters.tolist(),
    }


def unseen(steps: int) -> dict[str, worlds.Quadruped]:
    """Grounds and loads that no walker is trained on."""
    return {
        "rough": worlds.Quadruped(ground="rough", bump=0.025, time_limit=steps),
        "loaded": worlds.Quadruped(load=3.0, time_limit=steps),
    }


def fitted(circuit: circuits.Circuit, steps: int) -> circuits.Circuit:
    """The circuit reading the clock of a world whose episodes have another length."""
    return replace(circuit, horizon=float(steps))


def network_policy(seed: int, widths: tuple[int, ...]) -> Any:
    """An untrained tanh network, its weights orthogonal, with gain sqrt 2 and 1 in the last layer."""
    rng = np.random.default_rng(seed)
    layers = []
    for k, (one, after) in enumerate(pairwise(widths)):
        square = np.linalg.qr(rng.standard_normal((max(one, after), max(one, after))))[0]
        # A gain of 0.01 at the end would only rest: exploration of standard deviation 1 is what moves it in training.
        layers.append(square[:one, :after] * (np.sqrt(2.0) if k < len(widths) - 2 else 1.0))

    def act(observation: np.ndarray) -> np.ndarray:
        x = np.asarray(observation, dtype=float)
        for layer in layers[:-1]:
            x = np.tanh(x @ layer)
        return np.clip(x @ layers[-1], -1.0, 1.0)

    return act
