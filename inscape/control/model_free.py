"""`ModelFree`: the same learner in the world itself, the rival that every learned law must beat in steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inscape.control.agent import Agent, Refit
from inscape.control.checkpoint import read_checkpoint, write_checkpoint
from inscape.control.dyna import CHECKPOINT
from inscape.control.gaussian_policy import GaussianPolicy
from inscape.control.ppo import PPO
from inscape.errors import InputError
from inscape.extras import require
from inscape.systems.worlds import as_world, returns


class ModelFree:
    """A `PPO` that learns in copies of the world; every step of every copy is counted.

    Parameters
    ----------
    world : one of ours, or a function that makes a gymnasium environment.
    learner : the `PPO`.
    worlds : how many copies play side by side.
    report_every : iterations between two evaluations, at which a checkpoint is kept.
    evaluate : episodes of each evaluation, counted apart.
    folder : where checkpoints go; a run that was killed goes on from the last, its worlds reset. None keeps none.
    seed : of the evaluations.
    """

    def __init__(
        self,
        world: Any,
        learner: PPO,
        *,
        worlds: int = 16,
        report_every: int = 10,
        evaluate: int = 4,
        folder: Path | str | None = None,
        seed: int = 0,
    ):
        for name, value in (("worlds", worlds), ("report_every", report_every), ("evaluate", evaluate)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
        self._make = world if callable(world) else None
        self.world = as_world(world() if callable(world) else world)
        self.learner, self.worlds, self.report_every, self.evaluate = learner, worlds, report_every, evaluate
        self.folder = None if folder is None else Path(folder)
        self.seed = seed

    def learn(
        self, steps: int, *, start: Path | str | None = None, until: float | None = None, patience: int = 1
    ) -> Agent:
        """Learn for so many steps of the world.

        Parameters
        ----------
        start : a checkpoint to begin from, where the folder holds none.
        until : stop once the median return was so large in `patience` evaluations.
        """
        training = self.learner.begin(self._env(), steps)
        history: list[Refit] = []
        best: GaussianPolicy | None = None
        own = None if self.folder is None else self.folder / CHECKPOINT
        file = own if own is not None and own.exists() else start
        if file is not None:
            kept = read_checkpoint(Path(file))
            if kept.get("world") != self.world.name:
                raise InputError(f"{file}: a checkpoint of world {kept.get('world')} found, this is {self.world.name}")
            # The worlds themselves are not kept: they begin new episodes.
            training.restore({k: v for k, v in kept["training"].items() if k not in ("seen", "skip", "returns")})
            history = [Refit.of_plain(r) for r in kept["history"]]
            best = GaussianPolicy.of_state(kept["best"])
        while training.steps < steps and not _reached(history, until, patience):
            for _ in range(self.report_every):
                training.iterate()
            policy = training.policy
            draw = int(np.random.SeedSequence([self.seed, len(history)]).generate_state(1)[0])
            earned = tuple(map(float, returns(self.world, policy, episodes=self.evaluate, seed=draw)))
            played = self.evaluate * self.world.time_limit * (len(history) + 1)
            rate = float(np.mean(earned)) / self.world.time_limit
            history.append(Refit(training.steps, played, 0, rate, earned, None, 0.0, 0.0))
            if best is None or history[-1].score >= max(r.score for r in history):
                best = policy
            if own is not None:
                told = [r.plain() for r in history]
                record = {"world": self.world.name, "training": training.state(), "history": told, "best": best.state()}
                write_checkpoint(own, record | {"real_steps": training.steps})
        policy = training.policy
        first = Refit(0, 0, 0, np.nan, (), None, 0.0, 0.0)
        return Agent(
            policy=policy if best is None else best,
            last_policy=policy,
            law=None,
            reward=None,
            history=(first, *history),
            data=None,
            surrogate=None,
            time_limit=self.world.time_limit,
        )

    def _env(self) -> Any:
        if self.world.moves_in_crowds:
            return self.world.batch(self.worlds)
        if self._make is None:
            raise InputError("world: a single environment found; give the function that makes it, for copies of it")
        return require("gymnasium", "robots").vector.SyncVectorEnv([self._make] * self.worlds)


def _reached(history: list[Refit], until: float | None, patience: int) -> bool:
    return until is not None and sum(r.score >= until for r in history) >= patience
