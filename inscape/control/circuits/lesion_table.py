"""Lesion tables: every neuron and every synapse taken out in turn, and what is left of the gait."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.analysis.gait import gait
from inscape.control.circuits.circuit import Circuit
from inscape.control.circuits.watching import watch
from inscape.errors import InputError
from inscape.parallel import parallel_map

if TYPE_CHECKING:
    import pandas

KINDS = ("none", "neuron", "synapse", "weight")


@dataclass(frozen=True)
class Lesion:
    """What one lesion leaves.

    Parameters
    ----------
    kind : "none" for the whole circuit, "neuron" silenced, "synapse" cut, or "weight": all synapses of one name cut.
    name : of what was taken out.
    returned, share : mean return over the seeds, and its share of the whole circuit's.
    speed : mean forward speed, where the world knows one; in its unit.
    frequency, wave_number : of the gait, in Hz and waves on the body; NaN where no joint swings.
    """

    kind: str
    name: str
    returned: float
    share: float
    speed: float
    frequency: float
    wave_number: float


def lesions(
    circuit: Circuit, world: Any, *, kinds: tuple[str, ...] = KINDS, episodes: int = 1, seed: int = 0, jobs: int = 1
) -> pandas.DataFrame:
    """A table of every lesion, the whole circuit first, then the worst lesion first.

    Parameters
    ----------
    kinds : which lesions; see `Lesion`.
    episodes : for each, reset with seed, seed + 1, ...
    jobs : worker processes.

    Raises
    ------
    InputError : for a kind that is none, or a circuit that does not fit the world.
    """
    import pandas

    acting = getattr(circuit, "policy", circuit)
    wrong = [kind for kind in kinds if kind not in KINDS]
    if wrong:
        raise InputError(f"kinds: {wrong[0]!r} found, expected some of {', '.join(KINDS)}")
    if isinstance(episodes, bool) or int(episodes) != episodes or episodes < 1:
        raise InputError(f"episodes: {episodes!r} found, expected a whole number of at least 1")
    cases: list[tuple[str, str, Circuit]] = [("none", "whole circuit", acting)]
    if "neuron" in kinds:
        cases += [("neuron", name, acting.silence(name)) for name in acting.neuron_names]
    if "synapse" in kinds:
        cases += [("synapse", s.label, acting.cut(s.label)) for s in acting.synapses]
    if "weight" in kinds and len({s.weight for s in acting.synapses}) < len(acting.synapses):
        cases += [("weight", name, acting.cut(name)) for name in acting.weights]
    items = [(kind, name, case, world, episodes, seed) for kind, name, case in cases]
    rows = parallel_map(_lesioned, items, jobs=jobs, backend="serial" if jobs == 1 else "loky")
    whole = rows[0]["returned"]
    for row in rows:
        row["share"] = row["returned"] / whole if whole else float("nan")
    first, rest = rows[0], sorted(rows[1:], key=lambda row: row["returned"])
    return pandas.DataFrame([asdict(Lesion(**row)) for row in (first, *rest)])


def _lesioned(item: tuple[str, str, Circuit, Any, int, int]) -> dict[str, Any]:
    kind, name, circuit, world, episodes, seed = item
    runs = [watch(circuit, world, seed=seed + k) for k in range(episodes)]
    joints = [n for n in world.observation_names if n.startswith("joint_") and not n.endswith("_velocity")]
    gaits = [gait(run.select(joints).states, run.dt) for run in runs] if len(joints) > 1 else []
    seen = [run.states[:, : len(world.observation_names)] for run in runs]
    speed = getattr(world, "forward_speed", None)
    return {
        "kind": kind,
        "name": name,
        "returned": float(np.mean([float(run.context["return"]) for run in runs])),
        "speed": float(np.mean([speed(s).mean() for s in seen])) if speed else float("nan"),
        "frequency": float(np.mean([g.frequency for g in gaits])) if gaits else float("nan"),
        "wave_number": float(np.mean([g.wave_number for g in gaits])) if gaits else float("nan"),
    }
