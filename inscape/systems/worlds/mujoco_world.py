"""`MujocoWorld`: a world whose physics is a MuJoCo model; single, or many on MuJoCo's own threads."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from inscape.errors import InputError
from inscape.extras import require
from inscape.systems.worlds.world import World

if TYPE_CHECKING:
    import mujoco

    from inscape.systems.worlds.picture import View
else:
    mujoco = require("mujoco", "robots")

_PHYSICS = int(mujoco.mjtState.mjSTATE_PHYSICS)
_BAD = tuple(
    int(w)
    for w in (mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL, mujoco.mjtWarning.mjWARN_BADQACC)
)
_VELOCITY = int(mujoco.mjtStage.mjSTAGE_VEL)
_NOTHING = int(mujoco.mjtStage.mjSTAGE_NONE)
_ROWS = 1024


class MujocoWorld(World):
    """A world whose physics is a MuJoCo model.

    `state` is MuJoCo's (qpos, qvel, act). Its contact solver starts each step from its last solution, cold after a
    reset or a set state, exactly as in `dm_control` and in `gymnasium`; `batch` keeps it too, and gives the numbers of
    so many single worlds to the last bit.

    A leaf says `start`, `observe`, `reward` and, where actions are no plain controls, `controls`; what it needs of
    MuJoCo's derived quantities (sensors, positions of bodies) it asks of `derived`.

    Parameters
    ----------
    model : an XML text, the path of an XML file, an `MjSpec` or a compiled `MjModel`.
    frame_skip : physical steps for one action.
    time_limit : actions in an episode.
    observation_names : names for what `observe` gives; joints and their velocities unless said.
    action_names : names of the actions; the actuators unless said.
    action_low, action_high : bounds of the actions; the control ranges unless said.
    parameters : physical constants, by name.

    Raises
    ------
    InputError : if MuJoCo cannot compile the model, or it has nothing to act with.
    """

    view: View | None = None
    """What `picture` looks at; the whole model from the side if None."""

    def __init__(
        self,
        model: Any,
        *,
        frame_skip: int = 1,
        time_limit: int = 1000,
        observation_names: Sequence[str] | None = None,
        action_names: Sequence[str] | None = None,
        action_low: Any = None,
        action_high: Any = None,
        parameters: Mapping[str, float] | None = None,
        render_mode: str | None = None,
    ):
        self.model = compiled(model)
        self.data = mujoco.MjData(self.model)
        if isinstance(frame_skip, bool) or int(frame_skip) != frame_skip or frame_skip < 1:
            raise InputError(f"frame_skip: {frame_skip!r} found, expected a whole number, at least 1")
        self.frame_skip = int(frame_skip)
        if self.model.nu == 0 and action_names is None:
            raise InputError(f"{type(self).__name__}: the model has no actuator; a world needs something to act with")
        limited = self.model.actuator_ctrllimited.astype(bool)
        ranges = np.where(limited[:, None], self.model.actuator_ctrlrange, [[-np.inf, np.inf]])
        super().__init__(
            _joint_names(self.model) if observation_names is None else observation_names,
            _names(self.model, mujoco.mjtObj.mjOBJ_ACTUATOR, self.model.nu, "u")
            if action_names is None
            else action_names,
            dt=self.model.opt.timestep * self.frame_skip,
            time_limit=time_limit,
            action_low=ranges[:, 0] if action_low is None else action_low,
            action_high=ranges[:, 1] if action_high is None else action_high,
            parameters=parameters,
            render_mode=render_mode,
        )
        self._size = mujoco.mj_stateSize(self.model, _PHYSICS)
        self._was_placed = False
        self._scratch: dict[int, Any] = {}

    @property
    def state_size(self) -> int:
        return self._size

    @property
    def positions_size(self) -> int:
        """How many of the first numbers of `state` are positions (qpos); the velocities follow."""
        return int(self.model.nq)

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "state"]:
        """The model's own reference position at rest."""
        return np.concatenate([self.model.qpos0, np.zeros(self._size - self.model.nq)])

    def controls(self, actions: Float[np.ndarray, "*batch action"]) -> Float[np.ndarray, "*batch control"]:
        """What the actuators are told; the actions themselves unless the leaf says otherwise."""
        return actions

    def observe(self, states: Float[np.ndarray, "*batch state"]) -> Float[np.ndarray, "*batch observation"]:
        """Positions and velocities of the joints, unless the leaf says otherwise."""
        return np.array(states, dtype=float)[..., : self.model.nq + self.model.nv]

    @property
    def state(self) -> Float[np.ndarray, "state"]:
        if not self._was_placed:
            raise InputError(f"{self.name}: no state yet; call reset() first")
        found = np.empty(self._size)
        mujoco.mj_getState(self.model, self.data, found, _PHYSICS)
        return found

    @state.setter
    def state(self, state: Float[np.ndarray, "state"]) -> None:
        self._place(self.checked_states(state))
        self._steps = 0

    @property
    def _is_new(self) -> bool:
        return not self._was_placed

    def _place(self, state: Float[np.ndarray, "state"]) -> None:
        mujoco.mj_resetData(self.model, self.data)
        mujoco.mj_setState(self.model, self.data, np.ascontiguousarray(state), _PHYSICS)
        self._was_placed = True

    def _advance(self, action: Float[np.ndarray, "action"]) -> None:
        self.data.ctrl[:] = self.controls(action)
        mujoco.mj_step(self.model, self.data, self.frame_skip)
        # MuJoCo answers a blown-up state by starting anew without a word; only its warnings tell.
        if any(self.data.warning[w].number for w in _BAD):
            for w in _BAD:
                self.data.warning[w].number = 0
            raise InputError(_blown_up(self.name, self._steps + 1))

    def move(
        self, states: Float[np.ndarray, "*batch state"], actions: Float[np.ndarray, "*batch action"]
    ) -> Float[np.ndarray, "*batch state"]:
        """The states one action later, the contact solver starting cold."""
        states, actions = np.asarray(states, dtype=float), np.asarray(actions, dtype=float)
        lead = np.broadcast_shapes(states.shape[:-1], actions.shape[:-1])
        rows = np.broadcast_to(states, (*lead, states.shape[-1])).reshape(-1, states.shape[-1])
        acts = np.broadcast_to(actions, (*lead, actions.shape[-1])).reshape(-1, actions.shape[-1])
        moved = np.empty_like(rows)
        for first in range(0, len(rows), _ROWS):
            part = slice(first, min(first + _ROWS, len(rows)))
            batch, which = self._scratch_for(part.stop - part.start)
            batch.reset(which, stage=_NOTHING)
            batch.state[: len(which), 1 : 1 + self._size] = rows[part]
            batch.bind("ctrl")[: len(which)] = self.controls(acts[part])
            batch.warning[: len(which)] = 0
            batch.step(which, nstep=self.frame_skip)
            moved[part] = batch.state[: len(which), 1 : 1 + self._size]
            _check_warnings(self.name, batch.warning[: len(which)], 1)
        return moved.reshape(*lead, -1)

    def derived(self, states: Float[np.ndarray, "*batch state"], field: str) -> Float[np.ndarray, "*batch *shape"]:
        """A quantity that MuJoCo derives from positions and velocities, for each of the states.

        Parameters
        ----------
        field : a field of `mujoco.MjData` up to its velocity stage, such as "sensordata", "xpos", "site_xpos", "cvel".
        """
        states = np.asarray(states, dtype=float)
        rows = states.reshape(-1, states.shape[-1])
        found = []
        for first in range(0, len(rows), _ROWS):
            part = rows[first : first + _ROWS]
            batch, which = self._scratch_for(len(part))
            values = batch.bind(field)
            batch.state[: len(part), 1 : 1 + self._size] = part
            batch.forward(which, stage=_VELOCITY)
            found.append(np.array(values[: len(part)]))
        values = np.concatenate(found) if found else np.empty((0, *np.shape(getattr(self.data, field))))
        return values.reshape(*states.shape[:-1], *values.shape[1:])

    def _scratch_for(self, count: int) -> tuple[Any, Int[np.ndarray, "used"]]:
        # Powers of two, so that a few pools serve every size asked for.
        size = 1 << max(0, count - 1).bit_length()
        if size not in self._scratch:
            self._scratch[size] = pool(self.model, size, None)
        return self._scratch[size], np.arange(count, dtype=np.int32)

    def crowd(self, count: int, threads: int | None = None) -> MujocoCrowd:
        return MujocoCrowd(self, count, threads)

    def picture(self, *, width: int = 480, height: int = 320) -> UInt8[np.ndarray, "height width 3"]:
        """The model's shapes as they stand, seen in parallel projection; see `picture.draw_model`."""
        from inscape.systems.worlds.picture import draw_model

        if not self._was_placed:
            raise InputError(f"{self.name}: no state yet; call reset() first")
        # The step leaves positions of bodies one physical step behind.
        mujoco.mj_kinematics(self.model, self.data)
        return draw_model(self.model, self.data, self.view, width=width, height=height)

    def __getstate__(self) -> dict[str, Any]:
        kept = self.__dict__.copy()
        kept["_scratch"] = {}
        return kept


class MujocoCrowd:
    """Many bodies of one MuJoCo world, moved on MuJoCo's own thread pool.

    Parameters
    ----------
    world : what they are copies of.
    count : how many.
    threads : how many at a time; every core if None.
    """

    def __init__(self, world: MujocoWorld, count: int, threads: int | None = None):
        self.world = world
        self._pool = pool(world.model, count, threads)
        self._columns = slice(1, 1 + world.state_size)
        self._controls = self._pool.bind("ctrl")
        self._steps = 0

    @property
    def states(self) -> Float[np.ndarray, "world state"]:
        return self._pool.state[:, self._columns].copy()

    def visible(self) -> Float[np.ndarray, "world state"]:
        return self.states

    def place(self, which: Int[np.ndarray, "placed"], states: Float[np.ndarray, "placed state"]) -> None:
        if len(which):
            self._pool.reset(np.asarray(which, dtype=np.int32), stage=_NOTHING)
            self._pool.state[which, self._columns] = states

    def advance(self, actions: Float[np.ndarray, "world action"]) -> None:
        self._controls[:] = self.world.controls(actions)
        self._pool.warning[:] = 0
        self._pool.step(nstep=self.world.frame_skip)
        self._steps += 1
        _check_warnings(self.world.name, self._pool.warning, self._steps)


def compiled(model: Any) -> mujoco.MjModel:
    """A MuJoCo model of an XML text, a path, a spec, or one that is compiled already.

    Raises
    ------
    InputError : in MuJoCo's words, on one line, if it does not compile.
    """
    if isinstance(model, mujoco.MjModel):
        return model
    try:
        if isinstance(model, mujoco.MjSpec):
            return model.compile()
        if isinstance(model, os.PathLike) or (isinstance(model, str) and "<" not in model):
            if not Path(model).is_file():
                raise InputError(f"model: no file {str(model)!r}; expected an XML text, a path or an MjSpec")
            return mujoco.MjModel.from_xml_path(str(model))
        if isinstance(model, str):
            return mujoco.MjModel.from_xml_string(model)
    except (ValueError, mujoco.FatalError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"model: MuJoCo says: {' '.join(str(error).split())}") from None
    raise InputError(f"model: {type(model).__name__} found, expected an XML text, a path, an MjSpec or an MjModel")


def pool(model: mujoco.MjModel, count: int, threads: int | None) -> Any:
    """MuJoCo's own batch of simulations; the threads include the caller's.

    Raises
    ------
    InputError : for a count or a number of threads below 1.
    """
    for label, value in (("count", count), ("threads", threads)):
        if value is not None and (isinstance(value, bool) or int(value) != value or value < 1):
            raise InputError(f"{label}: {value!r} found, expected a whole number, at least 1")
    batch = require("mujoco.batch", "robots")
    # A pool for a handful of bodies costs more in waking threads than it saves.
    wanted = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return batch.Batch(model, int(count), min(wanted, max(1, count // 8)) if threads is None else int(threads))


def _check_warnings(name: str, warnings: Float[np.ndarray, "world warning 2"], step: int) -> None:
    # The last axis is (last info, number).
    bad = warnings[:, list(_BAD), 1].any(axis=1)
    if bad.any():
        raise InputError(_blown_up(f"{name} (world {int(np.argmax(bad))})", step))


def _blown_up(name: str, step: int) -> str:
    return (
        f"{name}: state NaN or beyond MuJoCo's limits at step {step}, expected finite numbers; "
        "take smaller actions or a smaller time step"
    )


def _names(model: mujoco.MjModel, kind: Any, count: int, stem: str) -> list[str]:
    return [mujoco.mj_id2name(model, kind, i) or f"{stem}{i}" for i in range(count)]


def _joint_names(model: mujoco.MjModel) -> list[str]:
    widths = {0: (7, 6), 1: (4, 3), 2: (1, 1), 3: (1, 1)}
    names = _names(model, mujoco.mjtObj.mjOBJ_JOINT, model.njnt, "joint")
    positions, velocities = [], []
    for name, kind in zip(names, model.jnt_type, strict=True):
        many_positions, many_velocities = widths[int(kind)]
        positions += [name] if many_positions == 1 else [f"{name}_{i}" for i in range(many_positions)]
        velocities += [name] if many_velocities == 1 else [f"{name}_{i}" for i in range(many_velocities)]
    return positions + [f"{name}_velocity" for name in velocities]
