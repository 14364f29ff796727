"""`Dyna`: learn a law from few steps in a world, a policy from many inside the law, and go round.

The loop of SINDy-RL (Zolman et al. 2024, arXiv 2403.09110), after Dyna (Sutton 1991), for any law that can step.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.control.agent import Agent, Refit
from inscape.control.buffer import Buffer
from inscape.control.checkpoint import read_checkpoint, write_checkpoint
from inscape.control.gaussian_policy import GaussianPolicy
from inscape.control.policy import RandomPolicy, as_policy
from inscape.control.ppo import PPO
from inscape.control.surrogate import Surrogate
from inscape.errors import InputError, UnknownNameError
from inscape.systems.worlds import as_world, record, returns, rewards_of
from inscape.trajectories import Trajectories

CHECKPOINT = "dyna.npz"
SEGMENT = 64
"""Steps of every world in one iteration of a learner that has no such number of its own."""


class Dyna:
    """Model-based reinforcement learning with a law that is refitted as the policy brings new data.

    Parameters
    ----------
    world : one of ours or any gymnasium environment; every step taken in it is counted.
    law : a model with `fit(trajectories)` and `step(states, inputs)`, such as a discrete `SINDy`; fitted in place.
    learner : "ppo", a `PPO`, an `MBMPO`, or a class of stable-baselines3 (or a function of its environment that makes
        one).
    reward : None uses the world's own formula; a regression with fit(x, y) and predict(x), such as
        `SparseRegression`, is fitted to the rewards seen, over next observations and actions.
    random_steps : first steps in the world, which nothing learned has chosen.
    explore : the policy of those steps, such as a `ChirpPolicy`; None draws actions evenly from the action space.
    random_resets : steps after which the world is reset meanwhile.
    refit_every : iterations of the learner between two visits to the world.
    collect : steps of each visit, by the policy's mean, or as the learner explores; the world is reset before it.
    buffer : steps of those visits that are kept; the random ones are kept for good.
    worlds, horizon : of the surrogate.
    starts : "reset" starts surrogate episodes where the world starts, "buffer" anywhere it has been.
    cautious : end surrogate episodes where the law's variance is above this quantile of its variance on the data.
    evaluate : episodes played after each refit to tell how good the policy is; they are no data, and are counted apart.
    folder : where checkpoints go; a run that was killed goes on from its last refit. None keeps none.
    seed : of the random actions, the surrogate and the resets; the learner has its own, where it is a `PPO`.
    """

    def __init__(
        self,
        world: Any,
        law: Any,
        learner: Any = "ppo",
        *,
        reward: Any = None,
        random_steps: int = 8_000,
        random_resets: int = 1_000,
        explore: Any = None,
        refit_every: int = 10,
        collect: int = 500,
        buffer: int = 8_000,
        worlds: int = 256,
        horizon: int | None = None,
        starts: Literal["reset", "buffer"] = "reset",
        cautious: float | None = None,
        evaluate: int = 0,
        folder: Path | str | None = None,
        seed: int = 0,
    ):
        for name, value in (
            ("random_steps", random_steps),
            ("random_resets", random_resets),
            ("refit_every", refit_every),
            ("collect", collect),
        ):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
        if isinstance(evaluate, bool) or not isinstance(evaluate, (int, np.integer)) or evaluate < 0:
            raise InputError(f"evaluate: {evaluate!r} found, expected a whole number of episodes, not negative")
        if starts not in ("reset", "buffer"):
            raise UnknownNameError("starts", str(starts), ("reset", "buffer"))
        if isinstance(learner, str) and learner != "ppo":
            raise UnknownNameError("learner", learner, ("ppo",))
        if cautious is not None and not 0 < cautious <= 1:
            raise InputError(f"cautious: {cautious!r} found, expected a quantile between 0 and 1")
        self.world, self.law, self.reward = as_world(world), law, reward
        self.learner = PPO(learning_rate=(1e-3, 0.0), seed=seed) if isinstance(learner, str) else learner
        self.random_steps, self.random_resets = int(random_steps), int(random_resets)
        self.explore = None if explore is None else as_policy(explore)
        self.refit_every, self.collect = int(refit_every), int(collect)
        self.buffer, self.worlds, self.horizon = buffer, worlds, horizon
        self.starts, self.cautious, self.evaluate = starts, cautious, int(evaluate)
        self.folder = None if folder is None else Path(folder)
        self.seed = int(seed)

    def learn(
        self,
        surrogate_steps: int,
        *,
        real_steps: int | None = None,
        start: Path | str | None = None,
        on_iteration: Callable[[Mapping[str, float]], None] | None = None,
    ) -> Agent:
        """Go round until the learner has taken so many steps in the surrogate.

        Parameters
        ----------
        real_steps : stop earlier, before more than so many steps were taken in the world.
        start : a checkpoint of another run of the same world to begin from, where the folder holds none.
        on_iteration : called with the learner's report after every iteration.

        Raises
        ------
        InputError : if the checkpoint is of another world or law.
        """
        progress = self._resumed(surrogate_steps, start) or self._begun(surrogate_steps)
        while progress.training.steps < surrogate_steps:
            if real_steps is not None and progress.real_steps + self.collect > real_steps:
                break
            for _ in range(self.refit_every):
                report = progress.training.iterate()
                if on_iteration is not None:
                    on_iteration(report)
            self._visit(progress)
            self._keep(progress)
        return progress.agent(self)

    def _begun(self, total: int) -> _Progress:
        explore = RandomPolicy(self.world.action_space, seed=self.seed) if self.explore is None else self.explore
        first = record(
            self.world,
            explore,
            steps=self.random_steps,
            resets=self.random_resets,
            seed=self.seed,
        )
        progress = _Progress(Buffer(), Buffer(self.buffer))
        progress.random.add(first, [rewards_of(run) for run in first])
        progress.real_steps = len(progress.random)
        seconds = self._fit(progress)
        self._enter(progress, total)
        progress.history.append(self._refit(progress, math.nan, (), seconds, 0.0))
        self._keep(progress)
        return progress

    def _enter(self, progress: _Progress, total: int) -> None:
        progress.surrogate = Surrogate(
            self.law,
            self.world,
            worlds=self.worlds,
            horizon=self.horizon,
            starts=_states(progress.data) if self.starts == "buffer" else None,
            reward=None if self.reward is None else _formula(self.reward),
            most_variance=self._most_variance(progress),
            seed=self.seed,
        )
        if isinstance(self.learner, PPO):
            progress.training = self.learner.begin(progress.surrogate, total)
        else:
            from inscape.control.sb3 import SB3Training

            progress.training = SB3Training(self.learner, progress.surrogate, SEGMENT, self.seed)

    def _visit(self, progress: _Progress) -> None:
        policy = progress.training.policy
        seeds = np.random.SeedSequence([self.seed, len(progress.history)]).generate_state(2)
        explorer = getattr(progress.training, "explorer", policy)
        runs = record(self.world, explorer, steps=self.collect, seed=int(seeds[0]))
        rewards = [rewards_of(run) for run in runs]
        progress.visits.add(runs, rewards)
        progress.real_steps += sum(map(len, rewards))
        earned: tuple[float, ...] = ()
        if self.evaluate:
            earned = tuple(map(float, returns(self.world, policy, episodes=self.evaluate, seed=int(seeds[1]))))
            progress.evaluation_steps += self.evaluate * self.world.time_limit
        share = progress.surrogate.share_left
        seconds = self._fit(progress)
        self._renew(progress.surrogate, progress)
        made = self._refit(progress, float(np.mean(np.concatenate(rewards))), earned, seconds, share)
        if progress.best is None or made.score > max(r.score for r in progress.history[1:]):
            progress.best = policy
        progress.history.append(made)

    def _fit(self, progress: _Progress) -> float:
        started = time.process_time()
        self.law.fit(progress.data)
        if self.reward is not None:
            parts = [buffer.rewarded() for buffer in (progress.random, progress.visits) if len(buffer)]
            self.reward.fit(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        return time.process_time() - started

    def _renew(self, surrogate: Surrogate, progress: _Progress) -> None:
        surrogate.most_variance = self._most_variance(progress)
        surrogate.take(self.law)
        if self.starts == "buffer":
            surrogate.starts = _states(progress.data)

    def _most_variance(self, progress: _Progress) -> float | None:
        if self.cautious is None:
            return None
        driven = [(run.states[:-1], run.inputs[:-1]) for run in progress.data if run.inputs is not None]
        seen = [self.law.variance(states, inputs).sum(axis=1) for states, inputs in driven]
        return float(np.quantile(np.concatenate(seen), self.cautious))

    def _refit(
        self, progress: _Progress, rate: float, earned: tuple[float, ...], seconds: float, share: float
    ) -> Refit:
        terms = getattr(self.law, "complexity", None)
        return Refit(
            real_steps=progress.real_steps,
            evaluation_steps=progress.evaluation_steps,
            surrogate_steps=progress.training.steps,
            reward_rate=rate,
            returns=earned,
            terms=None if terms is None else int(terms),
            share_left=share,
            fit_seconds=seconds,
        )

    def _keep(self, progress: _Progress) -> None:
        if self.folder is None:
            return
        best = progress.best
        kept = {
            "of": self._mark(),
            "random": progress.random.state(),
            "visits": progress.visits.state(),
            "surrogate": progress.surrogate.state(),
            "training": progress.training.state(),
            "best": best.state() if isinstance(best, GaussianPolicy) else None,
            "history": [r.plain() for r in progress.history],
            "real_steps": progress.real_steps,
            "evaluation_steps": progress.evaluation_steps,
        }
        write_checkpoint(self.folder / CHECKPOINT, kept)

    def _resumed(self, total: int, start: Path | str | None) -> _Progress | None:
        own = None if self.folder is None else self.folder / CHECKPOINT
        file = own if own is not None and own.exists() else start
        if file is None:
            return None
        kept = read_checkpoint(Path(file))
        found, expected = kept.get("of", {}), self._mark()
        for name, value in expected.items():
            if found.get(name) != value:
                raise InputError(
                    f"{file}: a checkpoint of {name} {found.get(name)} found, this is {value}; "
                    "give another folder, or delete it to begin anew"
                )
        progress = _Progress(Buffer(), Buffer(self.buffer))
        progress.random.restore(kept["random"])
        progress.visits.restore(kept["visits"])
        progress.real_steps, progress.evaluation_steps = kept["real_steps"], kept["evaluation_steps"]
        progress.history = [Refit.of_plain(r) for r in kept["history"]]
        # The law follows from the data and its own seed, so it is fitted again, to the same digits.
        self._fit(progress)
        self._enter(progress, total)
        progress.surrogate.restore(kept["surrogate"])
        progress.training.restore(kept["training"])
        if kept["best"] is not None:
            progress.best = GaussianPolicy.of_state(kept["best"])
        elif len(progress.history) > 1:
            progress.best = progress.training.policy
        return progress

    def _mark(self) -> dict[str, Any]:
        """What a checkpoint must share with this run to be taken up by it."""
        world = self.world
        return {
            "world": world.name,
            "observations": list(world.observation_names),
            "actions": list(world.action_names),
            "parameters": {k: float(v) for k, v in world.parameters.items()},
            # Functions among its parameters are told by name: where they lie in memory changes from run to run.
            "law": re.sub(r" at 0x[0-9a-f]+", "", " ".join(repr(self.law).split())),
            "learner": type(self.learner).__name__ if isinstance(self.learner, PPO) else self.learner.__name__,
        }


@dataclass
class _Progress:
    """Where a run stands between two refits."""

    random: Buffer
    visits: Buffer
    surrogate: Any = None
    training: Any = None
    best: Any = None
    history: list[Refit] = field(default_factory=list)
    real_steps: int = 0
    evaluation_steps: int = 0

    @property
    def data(self) -> Trajectories:
        return Trajectories([*self.random.runs, *self.visits.runs])

    def agent(self, dyna: Dyna) -> Agent:
        return Agent(
            policy=self.training.policy if self.best is None else self.best,
            last_policy=self.training.policy,
            law=dyna.law,
            reward=dyna.reward,
            history=tuple(self.history),
            data=self.data,
            surrogate=self.surrogate,
            time_limit=self.surrogate.horizon,
        )


def _states(data: Trajectories) -> Float[np.ndarray, "sample state"]:
    states = np.concatenate([run.states for run in data])
    return states[np.isfinite(states).all(axis=1)]


def _formula(reward: Any) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda following, actions: reward.predict(np.hstack([following, actions]))[:, 0]
