"""A world small enough for a test: a cart that is pushed along a line and should rest in its middle."""

from __future__ import annotations

import numpy as np

from inscape.models import SINDy, dictionary
from inscape.systems.worlds import World
from inscape.trajectories import Trajectories, Trajectory

STEP = np.array([[1.0, 0.1], [0.0, 1.0]])
PUSH = np.array([[0.0], [0.3]])


class Cart(World):
    """(x, v) pushed by u in [-1, 1]; the reward is 1 at rest in the middle."""

    def __init__(self, time_limit=40, push=0.3):
        super().__init__(("x", "v"), ("u",), dt=0.1, time_limit=time_limit, parameters={"push": push})

    def start(self, rng):
        return np.array([rng.uniform(-1, 1), 0.1 * rng.normal()])

    def move(self, states, actions):
        return states @ STEP.T + actions @ PUSH.T

    def reward(self, observations, actions):
        x, v = observations[..., 0], observations[..., 1]
        return 1 / (1 + 4 * x**2 + v**2)

    def out_of_bounds(self, observations):
        return np.abs(observations[..., 0]) > 3.0


class ExactLaw:
    """The cart's own law, as a learned one would be asked."""

    starts_ = np.array([[0.8, 0.0], [-0.7, 0.1]])
    state_names_ = ("x", "v")

    def step(self, states, inputs):
        return states @ STEP.T + inputs @ PUSH.T


def driven_runs(count=4, steps=100, seed=0) -> Trajectories:
    """Runs of the cart under random pushes."""
    rng = np.random.default_rng(seed)
    runs = []
    for _ in range(count):
        u = rng.uniform(-1, 1, (steps + 1, 1))
        s = np.zeros((steps + 1, 2))
        s[0] = rng.uniform(-1, 1, 2)
        for k in range(steps):
            s[k + 1] = STEP @ s[k] + PUSH @ u[k]
        times = 0.1 * np.arange(steps + 1)
        runs.append(Trajectory(times, s, u, state_names=("x", "v"), input_names=("u",)))
    return Trajectories(runs)


def sparse_law(**options) -> SINDy:
    """A law that can be the cart's."""
    defaults = {"threshold": 1e-3, "alpha": 1e-8, "time": "discrete"}
    return SINDy(dictionary.affine(1), **(defaults | options))
