"""A crowd: many copies of one world's physics that are moved together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from jaxtyping import Float, Int

if TYPE_CHECKING:
    from inscape.systems.worlds.world import World


class Crowd(Protocol):
    """Many bodies of one world."""

    @property
    def states(self) -> Float[np.ndarray, "world state"]:
        """The full state of each."""

    def visible(self) -> Float[np.ndarray, "world seen"]:
        """As much of the states as observing and paying look at."""

    def place(self, which: Int[np.ndarray, "placed"], states: Float[np.ndarray, "placed state"]) -> None:
        """Put some of the bodies into states, as if just reset."""

    def advance(self, actions: Float[np.ndarray, "world action"]) -> None:
        """Move every body by one action."""


class PlainCrowd:
    """Bodies that move by their world's own vectorised `move`."""

    def __init__(self, world: World, count: int):
        self.world = world
        self.states = np.zeros((count, world.state_size))

    def visible(self) -> Float[np.ndarray, "world state"]:
        return self.states.copy()

    def place(self, which: Int[np.ndarray, "placed"], states: Float[np.ndarray, "placed state"]) -> None:
        self.states[which] = states

    def advance(self, actions: Float[np.ndarray, "world action"]) -> None:
        self.states = np.array(self.world.move(self.states, actions), dtype=float)
