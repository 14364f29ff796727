"""Poles on carts whose lengths, masses and motors differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.worlds.cartpole import CartpoleSwingup
from inscape.systems.worlds.variant import Variant


class CartpoleVariant(Variant, CartpoleSwingup):
    """A pole to be swung up from wherever it hangs, by a motor that may be turned round.

    Observations, actions and reward of `CartpoleSwingup`, but an action lasts 0.04 s, and an episode 120 of them.

    Parameters
    ----------
    task : name of this one.
    gear : force of an action of 1 (N); a negative one pushes the other way.
    parameters : as of `CartpoleSwingup`.
    time_limit : actions in an episode.
    """

    def __init__(
        self,
        task: str = "10 N",
        *,
        gear: float = 10.0,
        parameters: Mapping[str, float] | None = None,
        time_limit: int = 120,
    ):
        if not (np.isfinite(gear) and gear != 0):
            raise InputError(f"gear: {gear!r} found, expected a finite number other than 0 (N)")
        self.direction = float(np.sign(gear))
        super().__init__(time_limit=time_limit, parameters={**(parameters or {}), "gear": abs(float(gear))})
        self.task = str(task)
        self.frame_skip = 4
        self.dt = 4 * self.model.opt.timestep

    def controls(self, actions: Float[np.ndarray, "*batch 1"]) -> Float[np.ndarray, "*batch 1"]:
        return self.direction * np.asarray(actions)

    def explore(self, rng: np.random.Generator) -> Float[np.ndarray, "4"]:
        """At any angle, as fast as a swing-up gets, and so far from the ends of the rail that none is hit at once."""
        return rng.uniform([-1.5, -np.pi, -5.0, -12.0], [1.5, np.pi, 5.0, 12.0])


def four(**options: Any) -> list[CartpoleVariant]:
    """Four carts: 10 N; turned round; 20 N with half the pole; turned round with a pole 1.4 times as long, 3 times as
    heavy."""
    return [
        CartpoleVariant("10 N", gear=10.0, **options),
        CartpoleVariant("-10 N", gear=-10.0, **options),
        CartpoleVariant("20 N, short", gear=20.0, parameters={"pole_length": 0.5, "pole_mass": 0.05}, **options),
        CartpoleVariant("-10 N, long", gear=-10.0, parameters={"pole_length": 1.4, "pole_mass": 0.3}, **options),
    ]


def many(count: int, *, seed: int = 0, **options: Any) -> list[CartpoleVariant]:
    """So many carts with lengths from 0.5 to 1.5 m and motors of 5 to 20 N to either side.

    Raises
    ------
    InputError : for a count below 1.
    """
    if isinstance(count, bool) or int(count) != count or count < 1:
        raise InputError(f"count: {count!r} found, expected a whole number, at least 1")
    rng = np.random.default_rng(seed)
    carts = []
    for k in range(int(count)):
        length, force = rng.uniform(0.5, 1.5), rng.uniform(5.0, 20.0) * rng.choice([-1.0, 1.0])
        carts.append(
            CartpoleVariant(
                f"cart {k}", gear=force, parameters={"pole_length": length, "pole_mass": 0.1 * length}, **options
            )
        )
    return carts
