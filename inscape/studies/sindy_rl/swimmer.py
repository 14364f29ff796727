"""The swimmer: a population inside learned laws with a learned reward, against a population in the world itself."""

from __future__ import annotations

import tempfile
import warnings
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.control.population import Generation, Population
from inscape.control.ppo import PPO
from inscape.control.surrogate import SurrogateWarning
from inscape.extras import require
from inscape.models import SINDy, SparseRegression, dictionary
from inscape.systems.worlds.adopted import AdoptedWorld

LIMITS = np.array([np.pi, np.deg2rad(100), np.deg2rad(100), 10.0, 10.0, 10.0, 10.0, 10.0])
"""Bounds of the three angles, the tip's two velocities and the three rates, from the paper's configuration."""
TERMS = tuple(f"x{i}" for i in range(8))


def swimmer() -> Any:
    """gymnasium's Swimmer-v5, 1000 steps an episode."""
    return require("gymnasium", "robots").make("Swimmer-v5")


class BoundedSwimmer(AdoptedWorld):
    """The same with the bounds within which its learned law is believed."""

    def __init__(self) -> None:
        super().__init__(swimmer())

    def out_of_bounds(self, observations: Float[np.ndarray, "*batch 8"]) -> Bool[np.ndarray, "*batch"]:
        return ~(np.abs(observations) < LIMITS).all(axis=-1)


def population(item: dict[str, Any]) -> dict[str, Any]:
    """Best return and steps in the world after each generation; `item`: `law`, `seed`, `members`, `generations`,
    `every`, `worlds`, `random_steps`, `collect`."""
    learner = PPO(learning_rate=3e-4, segment=item["segment"], minibatch=item["minibatch"], reward_scale=0.1)
    common: dict[str, Any] = {"members": item["members"], "every": item["every"], "seed": item["seed"]}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", SurrogateWarning)
        if item["law"]:
            many: dict[str, Any] = {"ensemble": 20, "drop": 1, "bootstrap": "rows"}
            law = SINDy(
                dictionary.affine(2, tensor=True, cross=False), time="discrete", threshold=2e-2, alpha=0.5, **many
            )
            names = (*TERMS, "u0", "u1")
            reward = SparseRegression(
                dictionary.polynomial(2, cross=False, bias=False),
                threshold=5e-2,
                alpha=1e-5,
                names=names,
                variables=TERMS,
            )
            runs = Population(
                BoundedSwimmer,
                law,
                learner,
                folder,
                worlds=item["worlds"],
                reward=reward,
                random_steps=item["random_steps"],
                random_resets=100,
                refit_every=5,
                collect=item["collect"],
                buffer=12_000,
                horizon=item["horizon"],
                **common,
            )
        else:
            runs = Population(
                swimmer, None, learner, folder, worlds=item["worlds"], report_every=5, evaluate=1, **common
            )
        _, made = runs.learn(item["generations"], backend="serial")
    return {"real_steps": [g.real_steps for g in made], "returns": _best_so_far(made)}


def _best_so_far(made: list[Generation]) -> list[float]:
    best = [1000.0 * float(np.nanmax(generation.scores)) for generation in made]
    return np.maximum.accumulate(best).tolist()
