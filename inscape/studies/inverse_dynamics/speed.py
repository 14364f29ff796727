"""How fast: many heads trained and rolled out as one, beside imitation's behaviour cloning one by one."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.systems.worlds import PointMass, demonstrations


def peer_is_here() -> bool:
    """Whether imitation and stable-baselines3 can be imported."""
    found = [importlib.util.find_spec(name) for name in ("imitation", "stable_baselines3")]
    # A script called imitation.py would answer to the name as well.
    return all(spec is not None and spec.submodule_search_locations for spec in found)


def heads_together(item: Mapping[str, Any]) -> dict[str, Any]:
    """CPU and wall seconds for `heads` policies on the true state, cloned and rolled out; ours and, where it is
    installed, imitation's, with networks of one size, the same demonstrations, steps, batches and episodes.

    item : "heads", "demonstrations" (episodes for each head), "steps", "batch", "episodes" (to evaluate), "seed".
    """
    import torch

    torch.set_num_threads(1)
    goals = PointMass().draw_goals(item["heads"], np.random.default_rng(item["seed"]))
    worlds = [PointMass(goal) for goal in goals]
    sets = [
        demonstrations(world, episodes=item["demonstrations"], seed=item["seed"] + i) for i, world in enumerate(worlds)
    ]
    told: dict[str, Any] = {"ours": _timed(_ours, item, worlds, sets)}
    told["peer"] = _timed(_peer, item, worlds, sets) if peer_is_here() else None
    return told


def _timed(work: Any, item: Mapping[str, Any], worlds: list[PointMass], sets: list[Any]) -> dict[str, float]:
    # The first call of each library loads and compiles; one small round of the same work does that before the clock.
    work({**item, "steps": 20, "episodes": 1}, worlds[:2], sets[:2])
    started, on_wall = time.process_time(), time.perf_counter()
    success = work(item, worlds, sets)
    return {"cpu": time.process_time() - started, "wall": time.perf_counter() - on_wall, "success": success}


def _ours(item: Mapping[str, Any], worlds: list[PointMass], sets: list[Any]) -> float:
    import torch

    from inscape.control import clone, evaluate
    from inscape.models.representation import Encoder

    # The bare state, as the other library is given it.
    encoder = Encoder.of_module(torch.nn.Flatten(), (4,))
    cloned = clone(
        encoder, sets, hidden=(128, 128), dropout=0.0, steps=item["steps"], batch=item["batch"], seed=item["seed"]
    )
    return evaluate(cloned, worlds, episodes=item["episodes"], seed=item["seed"]).mean


def _peer(item: Mapping[str, Any], worlds: list[PointMass], sets: list[Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return _peer_logging_to(folder, item, worlds, sets)


def _peer_logging_to(folder: str, item: Mapping[str, Any], worlds: list[PointMass], sets: list[Any]) -> float:
    from imitation.algorithms import bc
    from imitation.data.types import Transitions
    from imitation.util import logger
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.monitor import Monitor
    from stable_baselines3.common.policies import ActorCriticPolicy

    reached = []
    silent = logger.configure(folder, format_strs=[])
    for number, (world, given) in enumerate(zip(worlds, sets, strict=True)):
        seen = np.concatenate([run.states[:-1] for run in given])
        then = np.concatenate([run.states[1:] for run in given])
        acted = np.concatenate([run.inputs[:-1] for run in given]).astype(np.float32)
        rows = Transitions(
            obs=seen,
            acts=acted,
            infos=np.array([{}] * len(seen)),
            next_obs=then,
            dones=np.zeros(len(seen), dtype=bool),
        )
        policy = ActorCriticPolicy(world.observation_space, world.action_space, lambda _: 1e-3, net_arch=[128, 128])
        trainer = bc.BC(
            observation_space=world.observation_space,
            action_space=world.action_space,
            rng=np.random.default_rng(item["seed"] + number),
            demonstrations=rows,
            batch_size=item["batch"],
            policy=policy,
            device="cpu",
            custom_logger=silent,
        )
        trainer.train(n_batches=item["steps"], progress_bar=False, log_interval=10**9)
        earned, _ = evaluate_policy(
            trainer.policy, Monitor(world), n_eval_episodes=item["episodes"], return_episode_rewards=True
        )
        # A goal reached at any step has earned something by the end.
        reached.append(float(np.mean(np.asarray(earned) > 0)))
    return float(np.mean(reached))
