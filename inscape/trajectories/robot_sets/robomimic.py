"""robomimic's HDF5 files: `data/demo_0/actions`, `data/demo_0/obs/...`."""

from __future__ import annotations

from pathlib import Path

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats.hdf5 import opened, text_attribute
from inscape.trajectories.robot_sets.episodes import Wanted, episode_run, observed
from inscape.trajectories.robot_sets.minari import arrays_of


def read(path: Path, wanted: Wanted) -> Trajectories:
    """Read the demonstrations; files without observations give the simulator's own `states`."""
    with opened(path) as stored:
        if "data" not in stored:
            raise InputError(f"{path.name}: {', '.join(stored) or 'nothing'} found, expected a group 'data'")
        demos = stored["data"]
        names = sorted((n for n in demos if n.startswith("demo")), key=lambda n: int(n.rsplit("_", 1)[-1]))
        world = text_attribute(demos, "env", "env_args")[:200]
        runs = []
        for number in wanted.choose(path.name, len(names)):
            demo = demos[names[number]]
            source = f"{path.name}, {names[number]}"
            if "actions" not in demo or not ("obs" in demo or "states" in demo):
                raise InputError(f"{source}: {', '.join(demo)} found, expected actions, and obs or states")
            arrays = arrays_of(demo["obs"], "obs") if "obs" in demo else {"states": demo["states"][()]}
            seen, columns = observed(source, arrays, wanted.observations)
            context: dict[str, float | str] = {"demo": names[number]} | ({"world": world} if world else {})
            if "rewards" in demo:
                context["return"] = float(demo["rewards"][()].sum())
            runs.append(episode_run(source, seen, demo["actions"][()], names=columns, dt=wanted.dt, context=context))
    return Trajectories(runs)
