"""inscape opens up the internal dynamics of systems: generate their motion, learn its law, look inside, steer.

A system moves, and a trajectory is what it leaves behind; a law learned from a trajectory is a system again.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from inscape.app.learn import learn as learn
    from inscape.app.model_folder import load as load
    from inscape.systems import DelayFlow as DelayFlow
    from inscape.systems import Flow as Flow
    from inscape.systems import Map as Map
    from inscape.systems import zoo as zoo
    from inscape.trajectories import Trajectories as Trajectories
    from inscape.trajectories import Trajectory as Trajectory
    from inscape.trajectories import check as check
    from inscape.trajectories import read as read
    from inscape.trajectories import write as write

# Where a public name lives; it is imported when it is first used, so that `import inscape` costs nothing.
_HOMES = {
    "learn": "inscape.app.learn",
    "load": "inscape.app.model_folder",
    "read": "inscape.trajectories",
    "write": "inscape.trajectories",
    "check": "inscape.trajectories",
    "Trajectory": "inscape.trajectories",
    "Trajectories": "inscape.trajectories",
    "Flow": "inscape.systems",
    "Map": "inscape.systems",
    "DelayFlow": "inscape.systems",
    "zoo": "inscape.systems",
    "InscapeError": "inscape.errors",
}
_ROOMS = ("analysis", "app", "errors", "extras", "models", "parallel", "studies", "systems", "trajectories")

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("inscape")
        except PackageNotFoundError:  # a checkout that was not installed
            return "0"
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
