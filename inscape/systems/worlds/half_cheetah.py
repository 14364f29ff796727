"""Half-cheetahs whose bodies differ: gymnasium's model, changed part by part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.systems.worlds.picture import View
from inscape.systems.worlds.variant import Variant

if TYPE_CHECKING:
    import mujoco
else:
    mujoco = require("mujoco", "robots")

PARTS: Mapping[str, tuple[str, ...]] = {
    "torso": ("torso",),
    "thighs": ("bthigh", "fthigh"),
    "shins": ("bshin", "fshin"),
    "feet": ("bfoot", "ffoot"),
}
LEGS: Mapping[str, tuple[str, ...]] = {
    "back": ("bthigh", "bshin", "bfoot"),
    "front": ("fthigh", "fshin", "ffoot"),
}
CONTROL_COST = 0.1


class HalfCheetahBody(Variant):
    """A planar half-cheetah of gymnasium's (Wawrzyński 2009), with some of its parts changed.

    Observed are the forward velocity of the centre of mass, then positions (without x) and velocities of the joints:
    18 numbers. The reward is that velocity less 0.1 |action|^2. An action lasts 5 physical steps of 0.01 s.

    Parameters
    ----------
    task : name of this body.
    radius : factor on the capsule radius, by part: torso, thighs, shins, feet. The total mass stays 14 kg.
    gears : factor on the motors of the "back" and "front" leg; a negative one turns them round.
    gravity, damping : factors.
    time_limit : actions in an episode.

    Raises
    ------
    UnknownNameError : for a part or a leg that it does not have.
    InputError : for a factor that makes no body.
    """

    view = View(plane="xz", center=(0.0, 0.0), span=4.0, follow="torso")

    def __init__(
        self,
        task: str = "default",
        *,
        radius: Mapping[str, float] | None = None,
        gears: Mapping[str, float] | None = None,
        gravity: float = 1.0,
        damping: float = 1.0,
        time_limit: int = 1000,
    ):
        for label, given, known in (("part", radius, PARTS), ("leg", gears, LEGS)):
            for name in given or {}:
                if name not in known:
                    raise UnknownNameError(label, name, known)
        factors = [*(radius or {}).values(), damping]
        if (
            not all(np.isfinite(f) and f > 0 for f in factors)
            or not np.isfinite([gravity, *(gears or {}).values()]).all()
        ):
            raise InputError(
                "radius, gears, gravity, damping: expected finite factors, those of radius and damping > 0"
            )
        spec = mujoco.MjSpec.from_file(str(_model_file()))
        for part, factor in (radius or {}).items():
            for geom in PARTS[part]:
                spec.geom(geom).size[0] *= factor
        for leg, factor in (gears or {}).items():
            for motor in LEGS[leg]:
                spec.actuator(motor).gear[0] *= factor
        for joint in spec.joints:
            joint.damping[:] = np.asarray(joint.damping) * damping
        spec.option.gravity[:] = np.asarray(spec.option.gravity) * gravity
        spec.add_sensor(
            name="forward velocity",
            type=mujoco.mjtSensor.mjSENS_SUBTREELINVEL,
            objtype=mujoco.mjtObj.mjOBJ_BODY,
            objname="torso",
        )
        joints = ("height", "pitch", *LEGS["back"], *LEGS["front"])
        # The deprecated attribute of the model file, in the way that MuJoCo asks for now.
        total = spec.compiler.settotalmass
        spec.compiler.settotalmass = -1
        model = spec.compile()
        mujoco.mj_setTotalmass(model, total)
        mujoco.mj_setConst(model, mujoco.MjData(model))
        self.task = str(task)
        super().__init__(
            model,
            frame_skip=5,
            time_limit=time_limit,
            observation_names=(
                "forward velocity",
                *joints,
                *(f"{name} velocity" for name in ("root", *joints)),
            ),
            action_names=tuple(f"{name} torque" for leg in LEGS.values() for name in leg),
            parameters={f"radius {k}": float(v) for k, v in (radius or {}).items()}
            | {f"gear {k}": float(v) for k, v in (gears or {}).items()}
            | {"gravity": float(gravity), "damping": float(damping)},
        )

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "18"]:
        """Near the reference position, as in gymnasium."""
        return np.concatenate([rng.uniform(-0.1, 0.1, 9), 0.1 * rng.standard_normal(9)])

    def observe(self, states: Float[np.ndarray, "*batch 18"]) -> Float[np.ndarray, "*batch 18"]:
        states = np.asarray(states, dtype=float)
        return np.concatenate([self.derived(states, "sensordata")[..., :1], states[..., 1:]], axis=-1)

    def reward(
        self, observations: Float[np.ndarray, "*batch 18"], actions: Float[np.ndarray, "*batch 6"]
    ) -> Float[np.ndarray, "*batch"]:
        """Forward velocity less the cost of control."""
        return np.asarray(observations)[..., 0] - CONTROL_COST * np.square(actions).sum(axis=-1)


def bodies(**options: Any) -> list[HalfCheetahBody]:
    """HyperCRL's five tasks: the default body, and one whose torso, thighs, shins or feet are 1.25 times as thick."""
    return [HalfCheetahBody("default", **options)] + [
        HalfCheetahBody(part, radius={part: 1.25}, **options) for part in PARTS
    ]


def strong_sequence(**options: Any) -> list[HalfCheetahBody]:
    """Five bodies that differ much: motors turned round or weakened, gravity, thick feet and damping."""
    return [
        HalfCheetahBody("base", **options),
        HalfCheetahBody("front reversed", gears={"front": -1.0}, **options),
        HalfCheetahBody("back weak, light", gears={"back": 0.3}, gravity=0.5, **options),
        HalfCheetahBody("thick feet, damped", radius={"feet": 1.5}, damping=4.0, **options),
        HalfCheetahBody("back reversed, heavy", gears={"back": -1.0}, gravity=1.5, **options),
    ]


def _model_file() -> Path:
    package = require("gymnasium", "robots").__file__
    return Path(str(package)).parent / "envs" / "mujoco" / "assets" / "half_cheetah.xml"
