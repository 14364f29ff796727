"""Worlds with actions: gymnasium environments whose physics reads as named methods, and that are systems of the house.

Every name is imported when it is first used: the room opens without gymnasium or mujoco, and a missing one is one clear
line. Any environment of gymnasium's is taken wherever these are.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.systems.worlds import cartpole_variants as cartpole_variants
    from inscape.systems.worlds import half_cheetah as half_cheetah
    from inscape.systems.worlds import hinge_door as hinge_door
    from inscape.systems.worlds import planar_pusher as planar_pusher
    from inscape.systems.worlds.adopted import as_world as as_world
    from inscape.systems.worlds.arm import Arm as Arm
    from inscape.systems.worlds.batched import BatchedWorld as BatchedWorld
    from inscape.systems.worlds.cartpole import CartpoleSwingup as CartpoleSwingup
    from inscape.systems.worlds.chain import Chain as Chain
    from inscape.systems.worlds.cylinder import Cylinder as Cylinder
    from inscape.systems.worlds.episode import Episode as Episode
    from inscape.systems.worlds.episode import rewards_of as rewards_of
    from inscape.systems.worlds.expert_episodes import Demonstrations as Demonstrations
    from inscape.systems.worlds.expert_episodes import demonstrations as demonstrations
    from inscape.systems.worlds.film import film as film
    from inscape.systems.worlds.goal_world import GoalWorld as GoalWorld
    from inscape.systems.worlds.linear_reaching import LinearReaching as LinearReaching
    from inscape.systems.worlds.mujoco_world import MujocoWorld as MujocoWorld
    from inscape.systems.worlds.point_mass import PointMass as PointMass
    from inscape.systems.worlds.quadruped import Quadruped as Quadruped
    from inscape.systems.worlds.record import record as record
    from inscape.systems.worlds.record import returns as returns
    from inscape.systems.worlds.swimmer import Swimmer as Swimmer
    from inscape.systems.worlds.world import World as World

# Where a public name lives.
_HOMES = {
    "Arm": "arm",
    "Demonstrations": "expert_episodes",
    "GoalWorld": "goal_world",
    "LinearReaching": "linear_reaching",
    "PointMass": "point_mass",
    "demonstrations": "expert_episodes",
    "BatchedWorld": "batched",
    "CartpoleSwingup": "cartpole",
    "Cylinder": "cylinder",
    "Episode": "episode",
    "MujocoWorld": "mujoco_world",
    "Chain": "chain",
    "Quadruped": "quadruped",
    "Swimmer": "swimmer",
    "World": "world",
    "as_world": "adopted",
    "film": "film",
    "record": "record",
    "returns": "record",
    "rewards_of": "episode",
}
# Modules that are used by their own name: `worlds.half_cheetah.bodies()`.
_MODULES: tuple[str, ...] = ("cartpole_variants", "half_cheetah", "hinge_door", "planar_pusher")

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Room(ModuleType):
    """A module of the same name as its function (`record`, `film`) must not hide it, whichever is loaded first."""

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system binds every loaded module in its package, under the module's name.
        hides = isinstance(value, ModuleType) and _HOMES.get(name) == name
        super().__setattr__(name, getattr(value, name) if hides else value)


sys.modules[__name__].__class__ = _Room
