"""The swing-up runs: one seed of one arm is one item of plain data in, one out."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from inscape.control.agent import Agent
from inscape.control.closed_loop import equilibrium
from inscape.control.distillation import distillation
from inscape.control.dyna import Dyna
from inscape.control.gaussian_policy import GaussianPolicy
from inscape.control.mbmpo import MBMPO
from inscape.control.model_free import ModelFree
from inscape.control.policy import RandomPolicy
from inscape.control.ppo import PPO
from inscape.control.surrogate import SurrogateWarning
from inscape.errors import DivergedError
from inscape.models import SINDy, dictionary
from inscape.models.neural_ensemble import NeuralEnsemble
from inscape.studies.sindy_rl.curves import JUDGES
from inscape.systems.worlds import CartpoleSwingup, record, returns


def law_of(kind: str, seed: int) -> Any:
    """The law of an arm, with the settings of the paper's configuration files."""
    circle = CartpoleSwingup.on_circle
    if kind == "network":
        return NeuralEnsemble(5, (64, 64), subset=0.6, epochs=50, project=circle, seed=seed)
    if kind == "linear":
        library = dictionary.affine(1)
        return SINDy(library, threshold=0.0, alpha=0.0, time="discrete", ensemble=20, bootstrap="rows", project=circle)
    library = dictionary.affine(2, tensor=True)
    settings: dict[str, Any] = {"threshold": 7e-3, "alpha": 5e-5, "ensemble": 20, "drop": 1, "bootstrap": "rows"}
    return SINDy(library, time="discrete", project=circle, seed=seed, **settings)


def learner_of(seed: int) -> PPO:
    """The same PPO for every arm."""
    return PPO(learning_rate=(1e-3, 0.0), segment=64, epochs=6, minibatch=1024, reward_scale=0.1, seed=seed)


def trained(item: dict[str, Any]) -> dict[str, Any]:
    """One run of the loop.

    `item` holds `law` (quadratic, linear, network), `seed`, `steps` in the surrogate, `worlds`, `random_steps`,
    `collect`, `refit` (False never visits the world before the end), `evaluate`.
    """
    started = time.process_time()
    world, law = CartpoleSwingup(), law_of(item["law"], item["seed"])
    per_iteration = 64 * item["worlds"]
    refit_every = 5 if item["refit"] else -(-item["steps"] // per_iteration)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SurrogateWarning)
        agent = Dyna(
            world,
            law,
            learner_of(item["seed"]),
            random_steps=item["random_steps"],
            refit_every=refit_every,
            collect=item["collect"],
            worlds=item["worlds"],
            evaluate=item["evaluate"],
            seed=item["seed"],
        ).learn(item["steps"])
    found = _told(world, law, agent, time.process_time() - started)
    if item["law"] == "quadratic" and item["refit"]:
        found |= {
            "formula": _formulas(world, law, agent.policy, item["formula_steps"]),
            "variance": _variance(world, law, agent.policy),
        }
    return found


def meta_trained(item: dict[str, Any]) -> dict[str, Any]:
    """One run of the loop with MB-MPO: networks as law, each of them a task of its own to the policy.

    `item` holds `hidden` units of those networks, `seed`, `steps` inside the law, `worlds`, `random_steps`,
    `refit_every` iterations, `collect`, `evaluate`; `inner_rate` where it is not the method's own.
    """
    started = time.process_time()
    world = CartpoleSwingup()
    law = NeuralEnsemble(
        5, tuple(item["hidden"]), subset=0.6, epochs=50, project=CartpoleSwingup.on_circle, seed=item["seed"]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SurrogateWarning)
        agent = Dyna(
            world,
            law,
            MBMPO(learning_rate=(1e-3, 0.0), inner_rate=item.get("inner_rate", MBMPO.inner_rate), seed=item["seed"]),
            random_steps=item["random_steps"],
            refit_every=item["refit_every"],
            collect=item["collect"],
            worlds=item["worlds"],
            evaluate=item["evaluate"],
            seed=item["seed"],
        ).learn(item["steps"])
    return _told(world, law, agent, time.process_time() - started)


def _told(world: CartpoleSwingup, law: Any, agent: Agent, seconds: float) -> dict[str, Any]:
    """What every arm tells of a run."""
    judged = returns(world, agent.policy, episodes=JUDGES, seed=JUDGES)
    last = returns(world, agent.last_policy, episodes=JUDGES, seed=JUDGES)
    return {
        "real_steps": [r.real_steps for r in agent.history[1:]],
        "evaluation_steps": [r.evaluation_steps for r in agent.history[1:]],
        "returns": agent.returns,
        "share_left": [r.share_left for r in agent.history[1:]],
        "fit_seconds": float(sum(r.fit_seconds for r in agent.history)),
        "seconds": seconds,
        "judged": float(np.median(judged)),
        "last": float(np.median(last)),
        "policy": agent.policy.state(),
        "equations": list(law.equations()) if hasattr(law, "equations") else [],
        "terms": int(law.complexity),
    }


def _formulas(world: CartpoleSwingup, law: SINDy, policy: GaussianPolicy, steps: int) -> dict[str, Any]:
    """Formulas of the network: as the paper makes them, and with states gathered where the formula itself leads."""
    rng = np.random.default_rng(0)
    angle = rng.normal(np.pi, 0.1, 64)
    rest = rng.normal(0.0, 0.25, (64, 3))
    hanging = np.stack([rest[:, 0], np.cos(angle), np.sin(angle), rest[:, 1], rest[:, 2]], axis=1)
    cubic = dictionary.polynomial(3, bias=False)
    found: dict[str, Any] = {
        "network": float(np.median(returns(world, policy, episodes=JUDGES, seed=JUDGES))),
        "network_size": len(policy.parameters),
        "network_jerk": _jerk(world, policy),
    }
    for name, rounds in (("printed", 1), ("more", 4)):
        made = distillation(
            policy,
            cubic,
            law,
            (-1.0, 1.0),
            world=world,
            starts=hanging,
            steps=steps,
            resets=min(500, steps),
            rounds=rounds,
            action_names=world.action_names,
        )
        found[name] = float(np.median(returns(world, made.policy, episodes=JUDGES, seed=JUDGES)))
        found[f"{name}_size"] = len(made.policy.parameters)
        found[f"{name}_jerk"] = _jerk(world, made.policy)
        found[f"{name}_policy"] = made.policy.state()
        found[f"{name}_text"] = list(made.policy.equations())
        found[f"{name}_multiplier"] = _largest_multiplier(law, made.policy)
    return found


def _largest_multiplier(law: SINDy, policy: Any) -> float:
    """Largest modulus of a multiplier where law and policy hold the pole upright; infinite where they do not."""
    try:
        held = equilibrium(law, policy, np.array([0.0, 1.0, 0.0, 0.0, 0.0]))
    except DivergedError:
        return float("inf")
    return float(np.abs(held.multipliers[0])) if held.state[1] > 0.9 else float("inf")


def _jerk(world: CartpoleSwingup, policy: Any) -> float:
    """Mean change of the action from one step to the next over an episode."""
    run = record(world, policy, episodes=1, seed=JUDGES)[0]
    assert run.inputs is not None
    return float(np.abs(np.diff(run.inputs[:-1], axis=0)).mean())


def _variance(world: CartpoleSwingup, law: SINDy, policy: GaussianPolicy) -> dict[str, Any]:
    """Ensemble variance of a law of random steps alone: on them, and where the trained policy leads."""
    early = law_of("quadratic", 0).fit(record(world, RandomPolicy(world.action_space, seed=1), steps=4000, seed=1))
    seen = record(world, RandomPolicy(world.action_space, seed=2), steps=1000, seed=2)[0]
    off = record(world, policy, steps=1000, seed=3)[0]
    found: dict[str, Any] = {}
    variances, errors = [], []
    for name, run in (("on", seen), ("off", off)):
        assert run.inputs is not None
        variance = early.variance(run.states[:-1], run.inputs[:-1]).sum(axis=1)
        error = np.sum((early.step(run.states[:-1], run.inputs[:-1]) - run.states[1:]) ** 2, axis=1)
        found[name] = float(np.median(variance))
        found[f"{name}_states"] = run.states[:-1:10]
        found[f"{name}_variance"] = variance[::10]
        variances.append(variance)
        errors.append(error)
    ranks = [np.argsort(np.argsort(np.concatenate(part))) for part in (variances, errors)]
    return found | {"correlation": float(np.corrcoef(np.stack(ranks).astype(float))[0, 1])}


def model_free(item: dict[str, Any]) -> dict[str, Any]:
    """The same PPO in the world itself: `seed`, `steps`, `worlds`, and `until` which return it goes on."""
    started = time.process_time()
    rival = ModelFree(
        CartpoleSwingup(), learner_of(item["seed"]), worlds=item["worlds"], report_every=2, seed=item["seed"]
    )
    agent = rival.learn(item["steps"], until=item["until"], patience=3)
    return {
        "real_steps": [r.real_steps for r in agent.history[1:]],
        "returns": agent.returns,
        "seconds": time.process_time() - started,
        "policy": agent.policy.state(),
    }


def random_return(item: dict[str, Any]) -> float:
    """What random actions earn."""
    world = CartpoleSwingup()
    return float(np.median(returns(world, RandomPolicy(world, seed=item["seed"]), episodes=JUDGES, seed=item["seed"])))
