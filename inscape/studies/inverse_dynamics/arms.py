"""The arms of study 16: an encoder pretrained in one way, frozen, and policies cloned on it for goals it never saw."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inscape.systems.worlds import Arm, Demonstrations, PointMass, demonstrations
from inscape.systems.worlds.goal_world import GoalWorld

SEED_GOALS, SEED_SHOWN, SEED_STARTS, SEED_PROBE = 101, 202, 303, 404


def pretrained(item: Mapping[str, Any]) -> dict[str, Any]:
    """Pretrain, freeze, probe, clone, roll out.

    item : "world" ("point mass" or "arm"), "objective" (of `pretrain`, or "untrained", "states" or "standardised
        states"), "contexts" (goals in pretraining, an episode each), "goals" (new ones to clone), "sizes" (episodes of
        each), "steps", "batch", "plan" (sizes of the encoder, or None), "render", "shows_goal", "offset", "crop",
        "crops_apart", "includes" (whether episodes of the new goals are part of pretraining), "head_steps",
        "head_batch", "episodes", "seed", "probes" (episodes), "heads_seed".

    Returns
    -------
    "success" (size, goal), "goal" (2,) the first one, "paths" (episode, time, 2) towards it, "train" and "held_out"
    (size, goal) errors of the actions, "probe" (rmse of each true coordinate), "probe_r2", "cloning_error", "losses",
    "expert" (share of new episodes that succeed), "seconds" (CPU) and "wall".
    """
    import torch

    from inscape.control import clone, evaluate
    from inscape.models.representation import Encoder, corpus_of, pretrain
    from inscape.models.representation.offsets import cloning_error

    torch.set_num_threads(1)
    worlds = new_worlds(item)
    render = None if item["objective"].endswith("states") else item["render"]
    hide = None if item["shows_goal"] else "goal"
    shown = _pretraining(item, worlds, render, hide)
    started, on_wall = time.process_time(), time.perf_counter()
    if item["objective"] == "states":
        encoder = Encoder.of_module(torch.nn.Flatten(), (len(shown.world.observation_names),))
    elif item["objective"] == "standardised states":
        encoder = Encoder.standardising(shown)
    elif item["objective"] == "untrained":
        encoder = Encoder.untrained(shown[:10], _plan(item), seed=item["seed"])
    else:
        encoder = pretrain(
            corpus_of(shown),
            item["objective"],
            steps=item["steps"],
            batch=item["batch"],
            offset=item["offset"],
            crop=item["crop"],
            crops_apart=item["crops_apart"],
            plan=_plan(item),
            device="cuda" if item["plan"] is not None and torch.cuda.is_available() else "cpu",
            seed=item["seed"],
        )
    spent = {"seconds": time.process_time() - started, "wall": time.perf_counter() - on_wall}
    sets, fresh = _new_demonstrations(item, worlds, render, hide)
    cloned = clone(encoder, sets, steps=item["head_steps"], batch=item["head_batch"], seed=item["heads_seed"])
    rolled = evaluate(cloned, worlds * len(item["sizes"]), episodes=item["episodes"], seed=SEED_STARTS, keep_paths=True)
    shape = (len(item["sizes"]), len(worlds))
    unseen = demonstrations(
        _body(item), contexts=item["probes"], render=render, hide=hide, seed=SEED_PROBE + item["seed"] % 1000
    )
    probe = encoder.probe(unseen)
    return spent | {
        "success": rolled.success.reshape(shape),
        "train": cloned.losses.reshape(shape),
        "held_out": cloned.errors(list(fresh) * len(item["sizes"])).reshape(shape),
        "probe": probe.rmse,
        "probe_r2": probe.r2,
        "cloning_error": cloning_error(encoder, unseen),
        "losses": encoder.losses,
        "goal": worlds[0].goal,
        "paths": _paths_to_first_goal(rolled, item, len(worlds)),
        "expert": float(np.mean([f.reached.mean() for f in fresh])),
    }


def from_scratch(item: Mapping[str, Any]) -> dict[str, Any]:
    """One policy trained from pixels with random crops, encoder and head together, on one goal.

    item : as of `pretrained`, and "goal" (which of the new ones), "size", "scratch_steps", "scratch_batch",
        "scratch_crop".
    """
    import torch

    from inscape.control import clone, evaluate
    from inscape.models.representation import Encoder

    torch.set_num_threads(1)
    worlds = new_worlds(item)
    sets, fresh = _new_demonstrations({**item, "sizes": [item["size"]]}, worlds, item["render"], "goal")
    given, world = sets[item["goal"]], worlds[item["goal"]]
    started = time.process_time()
    cloned = clone(
        Encoder.untrained(given, _plan(item), seed=item["seed"] + item["goal"]),
        given,
        steps=item["scratch_steps"],
        batch=item["scratch_batch"],
        crop=item["scratch_crop"],
        tune_encoder=True,
        seed=item["heads_seed"] + item["goal"],
    )
    spent = time.process_time() - started
    rolled = evaluate(cloned, world, episodes=item["episodes"], seed=SEED_STARTS)
    return {
        "success": rolled.mean,
        "train": float(cloned.losses[0]),
        "held_out": float(cloned.errors([fresh[item["goal"]]])[0]),
        "seconds": spent,
    }


def new_worlds(item: Mapping[str, Any]) -> list[GoalWorld]:
    """The worlds of the new goals; the same for every arm."""
    body = _body(item)
    return [body.with_goal(goal) for goal in body.draw_goals(item["goals"], np.random.default_rng(SEED_GOALS))]


def _plan(item: Mapping[str, Any]) -> Any:
    from inscape.models.representation import EncoderPlan

    return None if item["plan"] is None else EncoderPlan(**item["plan"])


def _paths_to_first_goal(rolled: Any, item: Mapping[str, Any], goals: int, episodes: int = 8) -> np.ndarray:
    """(episode, time, 2) of the second size of demonstrations."""
    head = goals * min(1, len(item["sizes"]) - 1)
    return np.asarray(rolled.paths[head, :episodes], dtype=np.float32)


def _body(item: Mapping[str, Any]) -> GoalWorld:
    shows = item["shows_goal"]
    return Arm(task="place", shows_goal=shows) if item["world"] == "arm" else PointMass(shows_goal=shows)


def _pretraining(item: Mapping[str, Any], worlds: Sequence[GoalWorld], render: int | None, hide: Any) -> Demonstrations:
    body = _body(item)
    goals = body.draw_goals(item["contexts"], np.random.default_rng(item["seed"] + 1))
    if item["includes"]:
        # The same number of episodes in all: those of the new goals take the place of others.
        known = np.array([world.goal for world in worlds])[: item["contexts"]]
        goals[: len(known)] = known
    return demonstrations(body, contexts=goals, render=render, hide=hide, seed=item["seed"] + 2)


def _new_demonstrations(
    item: Mapping[str, Any], worlds: Sequence[GoalWorld], render: int | None, hide: Any
) -> tuple[list[Demonstrations], list[Demonstrations]]:
    """For each size and goal the first episodes of one collection, and for each goal some that no policy is shown."""
    most = max(item["sizes"])
    collected = [
        demonstrations(world, episodes=most + 4, render=render, hide=hide, seed=SEED_SHOWN + number)
        for number, world in enumerate(worlds)
    ]
    return [runs[:size] for size in item["sizes"] for runs in collected], [runs[most:] for runs in collected]
