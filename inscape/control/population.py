"""`Population`: several runs of Dyna side by side; the worst take over what the best have become, slightly changed.

Population-based training (Jaderberg et al. 2017, arXiv 1711.09846).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from inscape.control.agent import Agent
from inscape.control.checkpoint import read_checkpoint, write_checkpoint
from inscape.control.dyna import CHECKPOINT, Dyna
from inscape.control.model_free import ModelFree
from inscape.control.ppo import PPO
from inscape.errors import InputError
from inscape.parallel import Backend, parallel_map

RECORD = "population.npz"

CHOICES: dict[str, tuple[float, ...]] = {
    "learning_rate": (1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3),
    "smoothing": (0.9, 0.95, 0.99, 0.999, 0.9999, 1.0),
    "discount": (0.9, 0.95, 0.99, 0.999, 0.9999, 1.0),
}


@dataclass(frozen=True)
class Generation:
    """One generation: what each member was, where it came from and how it did.

    Parameters
    ----------
    numbers : hyperparameters of each member.
    parents : index, in the generation before, of the run that each member went on from.
    scores : mean real reward of a step at each member's last visit.
    real_steps : of all members' lines together, each step counted once.
    """

    numbers: tuple[Mapping[str, float], ...]
    parents: tuple[int, ...]
    scores: tuple[float, ...]
    real_steps: int


class Population:
    """Population-based training of agents.

    Parameters
    ----------
    world : a function without arguments that makes the world, importable by name; every member has its own.
    law : as of `Dyna`; every member fits a clone of it. None trains in the world itself, as `ModelFree`.
    learner : the `PPO` whose numbers vary.
    folder : where generations are kept; a run that was killed goes on from there.
    members : how many.
    every : iterations of the learner in a generation, a multiple of `refit_every`.
    quantile : share of the members that is replaced, by as many of the best.
    resample : chance that a replaced member's number is drawn anew, instead of moving to a neighbouring choice.
    choices : allowed values of the numbers of `PPO` that vary.
    settings : of `Dyna` (or `ModelFree`), `refit_every` (or `report_every`) among them.
    """

    def __init__(
        self,
        world: Callable[[], Any],
        law: Any,
        learner: PPO,
        folder: Path | str,
        *,
        members: int = 8,
        every: int = 50,
        quantile: float = 0.25,
        resample: float = 0.25,
        choices: Mapping[str, Sequence[float]] | None = None,
        seed: int = 0,
        **settings: Any,
    ):
        refit_every = int(settings.get("refit_every" if law is not None else "report_every", 10))
        if members < 2:
            raise InputError(f"members: {members!r} found, expected at least 2")
        if every < 1 or every % refit_every:
            raise InputError(f"every: {every!r} found, expected a multiple of refit_every = {refit_every}")
        if not 0 < quantile <= 0.5:
            raise InputError(f"quantile: {quantile!r} found, expected a share of at most one half")
        self.world, self.law, self.learner = world, law, learner
        self.folder = Path(folder)
        self.members, self.every, self.quantile, self.resample = int(members), int(every), quantile, resample
        self.choices = {k: tuple(map(float, v)) for k, v in dict(CHOICES if choices is None else choices).items()}
        self.seed = int(seed)
        self.settings = settings

    def learn(self, generations: int, *, backend: Backend = "loky", jobs: int = -1) -> tuple[Agent, list[Generation]]:
        """Train so many generations; returns the best agent of the last one, and all generations."""
        made = self._known()
        while len(made) < generations:
            numbers, parents = self._next(made)
            number = len(made)
            items = [
                {
                    "population": self,
                    "numbers": dict(numbers[member]),
                    "member": member,
                    "generation": number,
                    "parent": parents[member],
                }
                for member in range(self.members)
            ]
            told = parallel_map(_advanced, items, backend=backend, jobs=jobs, label=f"generation {number + 1}")
            before = made[-1].real_steps if made else 0
            scores = tuple(t["score"] for t in told)
            real = before + sum(t["real_steps"] for t in told)
            made.append(Generation(tuple(map(dict, numbers)), parents, scores, real))
            kept = [vars(g) | {"numbers": list(map(dict, g.numbers)), "parents": list(g.parents)} for g in made]
            write_checkpoint(self.folder / RECORD, {"seed": self.seed, "generations": kept})
            # The generation before the last is nobody's parent any more.
            shutil.rmtree(self.folder / f"generation-{number - 2}", ignore_errors=True)
        best = int(np.argmax(made[-1].scores))
        agent = self.member(best, len(made) - 1, made[-1].numbers[best]).learn(self._steps(len(made)))
        return agent, made

    def member(self, member: int, generation: int, numbers: Mapping[str, float]) -> Dyna | ModelFree:
        """The run of one member in one generation."""
        seed, home = self.seed * 1_000 + member, self._home(member, generation)
        learner = replace(self.learner, **numbers, seed=seed)  # type: ignore[arg-type]
        if self.law is None:
            return ModelFree(self.world, learner, folder=home, seed=seed, **self.settings)
        return Dyna(self.world(), clone(self.law), learner, folder=home, seed=seed, **self.settings)

    def _home(self, member: int, generation: int) -> Path:
        return self.folder / f"generation-{generation}" / f"member-{member}"

    def _steps(self, generations: int) -> int:
        return (
            generations
            * self.every
            * self.learner.segment
            * int(self.settings.get("worlds", 16 if self.law is None else 256))
        )

    def _known(self) -> list[Generation]:
        file = self.folder / RECORD
        if not file.exists():
            return []
        kept = read_checkpoint(file)
        if kept["seed"] != self.seed:
            raise InputError(f"{file}: a population of seed {kept['seed']} found, this one has {self.seed}")
        return [
            Generation(
                tuple(g["numbers"]), tuple(map(int, g["parents"])), tuple(map(float, g["scores"])), int(g["real_steps"])
            )
            for g in kept["generations"]
        ]

    def _next(self, made: Sequence[Generation]) -> tuple[list[dict[str, float]], tuple[int, ...]]:
        rng = np.random.default_rng([self.seed, len(made)])
        if not made:
            drawn = [{k: float(rng.choice(v)) for k, v in self.choices.items()} for _ in range(self.members)]
            return drawn, tuple(range(self.members))
        last = made[-1]
        order = np.argsort(last.scores)
        count = max(1, int(self.quantile * self.members))
        numbers, parents = [dict(n) for n in last.numbers], list(range(self.members))
        for loser in order[:count]:
            winner = int(rng.choice(order[-count:]))
            parents[loser] = winner
            numbers[loser] = {k: self._moved(k, v, rng) for k, v in last.numbers[winner].items()}
        return numbers, tuple(parents)

    def _moved(self, name: str, value: float, rng: np.random.Generator) -> float:
        choices = self.choices[name]
        if rng.random() < self.resample:
            return float(rng.choice(choices))
        place = int(np.argmin(np.abs(np.array(choices) - value))) + int(rng.choice((-1, 1)))
        return choices[min(max(place, 0), len(choices) - 1)]


def _advanced(item: dict[str, Any]) -> dict[str, Any]:
    population: Population = item["population"]
    generation = item["generation"]
    run = population.member(item["member"], generation, item["numbers"])
    start = None if generation == 0 else population._home(item["parent"], generation - 1) / CHECKPOINT
    before = 0 if start is None else int(read_checkpoint(start)["real_steps"])
    agent = run.learn(population._steps(generation + 1), start=start)
    return {"score": agent.history[-1].reward_rate, "real_steps": agent.real_steps - before}
