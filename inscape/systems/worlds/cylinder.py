"""Flow past a cylinder that is turned to calm its wake: a lattice Boltzmann world."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from inscape.errors import InputError
from inscape.systems.worlds.lattice import (
    MAGIC,
    VELOCITIES,
    Links,
    equilibrium,
    lattice_step,
    links_of_circle,
    padded,
)
from inscape.systems.worlds.world import World

SPEED = 0.1
"""Free stream in nodes a step: a seventeenth of it is compressible error in the square, 0.03."""
UPSTREAM, LENGTH, HEIGHT, FRINGE = 12, 30, 24, 3
"""Of the lattice, in diameters: before the cylinder, in all, across, and the fringe at its end."""
FRINGE_STRENGTH = 0.05
HEAD = ("lift", "lift_rate", "drag", "turning_rate", "angle")
PHASES = 8
"""Snapshots of one shedding period among which an episode begins."""
GROWTH, KICK = 80.0, 6.0
"""Time units in which the street grows from a cylinder that is first turned, and those of the turn."""


class Cylinder(World):
    """A cylinder across a stream at Reynolds number 100, turned about its axis.

    Lengths are in diameters D, velocities in those of the stream U, times in D/U. The action is the turning rate,
    within +-pi/2, that the cylinder reaches at the end of the action; it changes linearly until then. Observed are the
    lift coefficient behind a low-pass filter and the rate at which that changes. The reward is the negative of the drag
    coefficient, averaged over the action; since it cannot be computed from what is observed, `reward` says so, and a
    learner has to learn it. Episodes begin at one of eight phases of the grown vortex street.

    The flow is computed on a lattice (see `lattice`), in single precision, compiled by numba. The first reset in a
    process grows the street, which is kept for all cylinders of that kind.

    Parameters
    ----------
    reynolds : U D / kinematic viscosity, 1 to 300 (a plane flow is no model of a real wake much above 180).
    resolution : lattice nodes in a diameter, and lattice steps in an action; even, 6 to 80.
    time_limit : actions in an episode, of 0.1 D/U each.
    filter_time : time constant of the filter on the lift, in D/U; the lift itself is `state[0]` where it is 0.
    render_mode : "rgb_array" or None.

    Raises
    ------
    InputError : if a number is out of its range.
    """

    def __init__(
        self,
        *,
        reynolds: float = 100.0,
        resolution: int = 16,
        time_limit: int = 300,
        filter_time: float = 0.1,
        render_mode: str | None = None,
    ):
        if not (np.isfinite(reynolds) and 1 <= reynolds <= 300):
            raise InputError(f"reynolds: {reynolds!r} found, expected 1 to 300")
        if isinstance(resolution, bool) or int(resolution) != resolution or not 6 <= resolution <= 80 or resolution % 2:
            raise InputError(f"resolution: {resolution!r} found, expected an even number of nodes, 6 to 80")
        if not (np.isfinite(filter_time) and filter_time >= 0.01):
            raise InputError(f"filter_time: {filter_time!r} found, expected at least 0.01")
        super().__init__(
            ("lift", "lift_rate"),
            ("turning_rate",),
            dt=0.1,
            time_limit=time_limit,
            action_low=-np.pi / 2,
            action_high=np.pi / 2,
            parameters={
                "reynolds": float(reynolds),
                "filter_time": float(filter_time),
                "resolution": float(resolution),
            },
            render_mode=render_mode,
        )
        self.reynolds, self.resolution, self.filter_time = float(reynolds), int(resolution), float(filter_time)
        self.columns, self.rows = LENGTH * self.resolution, HEIGHT * self.resolution
        self._body: Body | None = None

    # -- physics ---------------------------------------------------------------------------------------------------

    @property
    def state_size(self) -> int:
        return len(HEAD) + 9 * self.columns * self.rows

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "state"]:
        """The grown street at a random one of its phases, the cylinder at rest."""
        return grown_street(self.reynolds, self.resolution, self.filter_time)[rng.integers(PHASES)].state

    def observe(self, states: Float[np.ndarray, "*batch state"]) -> Float[np.ndarray, "*batch 2"]:
        return np.array(np.asarray(states)[..., :2], dtype=float)

    def reward(self, observations: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Unknown: drag is paid for, and only lift is seen."""
        raise InputError(
            f"{self.name}: its reward is the drag, which is no function of the observed lift; "
            "learn it from recorded rewards, or give one"
        )

    def step_reward(
        self,
        states: Float[np.ndarray, "*batch state"],
        actions: Float[np.ndarray, "*batch 1"],
        observations: Float[np.ndarray, "*batch 2"],
    ) -> Float[np.ndarray, "*batch"]:
        """The negative drag coefficient, averaged over the action."""
        return -np.asarray(states)[..., 2].astype(float)

    def out_of_bounds(self, observations: Float[np.ndarray, "*batch 2"]) -> Bool[np.ndarray, "*batch"]:
        """Where a learned law is no longer believed: a lift of 10, several times what turning can do."""
        return ~(np.abs(observations) < np.array([10.0, 100.0])).all(axis=-1)

    def move(
        self, states: Float[np.ndarray, "*batch state"], actions: Float[np.ndarray, "*batch 1"]
    ) -> Float[np.ndarray, "*batch state"]:
        states, actions = np.asarray(states, dtype=float), np.asarray(actions, dtype=float)
        lead = np.broadcast_shapes(states.shape[:-1], actions.shape[:-1])
        rows = np.broadcast_to(states, (*lead, states.shape[-1])).reshape(-1, states.shape[-1])
        turns = np.broadcast_to(actions, (*lead, 1)).reshape(-1)
        bodies = [Body.of_state(self, row) for row in rows]
        for body, turn in zip(bodies, turns, strict=True):
            body.advance(turn)
        return np.stack([body.state for body in bodies]).reshape(*lead, -1)

    def crowd(self, count: int, threads: int | None = None) -> CylinderCrowd:
        return CylinderCrowd(self, count, threads)

    @property
    def state(self) -> Float[np.ndarray, "state"]:
        """What `HEAD` names, and the populations (9, column, row) of the lattice."""
        return self._standing.state

    @state.setter
    def state(self, state: Float[np.ndarray, "state"]) -> None:
        self._place(self.checked_states(state))
        self._steps = 0

    @property
    def _standing(self) -> Body:
        if self._body is None:
            raise InputError(f"{self.name}: no state yet; call reset() first")
        return self._body

    @property
    def _is_new(self) -> bool:
        return self._body is None

    def _visible(self) -> np.ndarray:
        return self._standing.head.copy()

    def _place(self, state: Float[np.ndarray, "state"]) -> None:
        self._body = Body.of_state(self, state)

    def _advance(self, action: Float[np.ndarray, "action"]) -> None:
        self._standing.advance(float(action[0]))

    # -- what can be seen ------------------------------------------------------------------------------------------

    def velocity(self) -> Float[np.ndarray, "column row 2"]:
        """The velocity at every node, in units of the stream."""
        return self._standing.velocity()

    def vorticity(self) -> Float[np.ndarray, "column row"]:
        """Curl of the velocity at every node, in U/D."""
        flow = self.velocity()
        return (np.gradient(flow[..., 1], axis=0) - np.gradient(flow[..., 0], axis=1)) * self.resolution

    def picture(self, *, width: int = 480, height: int = 320) -> UInt8[np.ndarray, "height width 3"]:
        """Vorticity around and behind the cylinder: blue turns clockwise, orange against the clock."""
        from PIL import Image, ImageDraw

        d = self.resolution
        long = 14 * d
        tall = min(self.rows, round(long * height / width))
        first, low = (UPSTREAM - 3) * d, (self.rows - tall) // 2
        shown = np.clip(self.vorticity()[first : first + long, low : low + tall].T[::-1] / 3.0, -1, 1)
        strength = np.abs(shown)[..., None] ** 0.6
        hue = np.where(shown[..., None] > 0, np.array([213.0, 94.0, 0.0]), np.array([0.0, 114.0, 178.0]))
        image = Image.fromarray((255 + strength * (hue - 255)).astype(np.uint8)).resize((width, height))
        pen = ImageDraw.Draw(image)
        scale = width / long
        centre = np.array([3 * d + 0.5, tall / 2]) * scale
        radius = d / 2 * scale
        pen.ellipse([*(centre - radius), *(centre + radius)], fill=(70, 75, 82))
        angle = self._standing.head[4]
        pen.line(
            [*centre, *(centre + radius * np.array([np.cos(angle), -np.sin(angle)]))], fill=(255, 255, 255), width=2
        )
        return np.asarray(image, dtype=np.uint8)


class Body:
    """One flow with its cylinder: `head` has what `HEAD` names, `flow` the populations."""

    def __init__(self, world: Cylinder, head: Float[np.ndarray, "5"], flow: Float[np.ndarray, "flat"]):
        # Side by side in memory, the two would make the compiled step take its slow path, which rounds otherwise.
        room = np.concatenate([flow, flow, flow])
        self.head, self.flow, self._other = head, room[: flow.size], room[-flow.size :]
        self._lattice = _lattice(world.reynolds, world.resolution)
        self._shape = (world.columns, world.rows)
        self._resolution, self._filter_time = world.resolution, world.filter_time

    @classmethod
    def of_state(cls, world: Cylinder, state: Float[np.ndarray, "state"]) -> Body:
        shape = (9, world.columns, world.rows)
        return cls(world, np.array(state[: len(HEAD)], dtype=float), padded(state[len(HEAD) :].reshape(shape)))

    @property
    def state(self) -> Float[np.ndarray, "state"]:
        columns, rows = self._shape
        inside = self.flow.reshape(9, columns, rows + 2)[:, :, 1:-1]
        return np.concatenate([self.head, inside.ravel()])

    def velocity(self) -> Float[np.ndarray, "column row 2"]:
        """The velocity at every node, in units of the stream."""
        columns, rows = self._shape
        inside = self.flow.reshape(9, columns, rows + 2)[:, :, 1:-1].astype(float)
        return np.einsum("ic,ixy->xyc", VELOCITIES.astype(float), inside) / SPEED

    def advance(self, turning_rate: float) -> None:
        """One action: as many lattice steps as nodes in a diameter, the turning rate changing linearly."""
        steps = self._resolution
        forces = np.zeros((steps, 2))
        now = float(self.head[3])
        # From U/D to nodes a step: the wall's lever counts in nodes.
        unit = SPEED / self._resolution
        self._lattice(self.flow, self._other, steps, now * unit, (turning_rate - now) * unit, forces)
        drag, lift = (2.0 * forces / (SPEED**2 * self._resolution)).T
        self.head[0], self.head[1] = self._filtered(lift)
        self.head[2] = drag.mean()
        self.head[4] = (self.head[4] + 0.05 * (now + turning_rate)) % (2 * np.pi)
        self.head[3] = turning_rate

    def _filtered(self, lift: Float[np.ndarray, "step"]) -> tuple[float, float]:
        """First-order low-pass, exact for a lift that is constant within a lattice step, and its rate of change."""
        share = -np.expm1(-SPEED / (self._resolution * self._filter_time))
        kept = float(self.head[0])
        for value in lift:
            kept += share * (value - kept)
        return kept, float(lift[-1] - kept) / self._filter_time


class CylinderCrowd:
    """Several flows, one on each thread at a time."""

    def __init__(self, world: Cylinder, count: int, threads: int | None = None):
        self.world, self.count, self._threads = world, count, threads
        self._bodies: list[Body] = []

    @property
    def states(self) -> Float[np.ndarray, "world state"]:
        return np.stack([body.state for body in self._bodies])

    def visible(self) -> Float[np.ndarray, "world 5"]:
        return np.stack([body.head for body in self._bodies])

    def place(self, which: Int[np.ndarray, "placed"], states: Float[np.ndarray, "placed state"]) -> None:
        if not self._bodies:
            self._bodies = [Body.of_state(self.world, states[0]) for _ in range(self.count)]
        for i, state in zip(which, states, strict=True):
            self._bodies[i] = Body.of_state(self.world, state)

    def advance(self, actions: Float[np.ndarray, "world action"]) -> None:
        with ThreadPoolExecutor(self._threads) as threads:
            list(threads.map(Body.advance, self._bodies, actions[:, 0].tolist()))


@lru_cache(maxsize=4)
def grown_street(reynolds: float, resolution: int, filter_time: float) -> tuple[Body, ...]:
    """Snapshots of the vortex street over about one period, grown from the free stream; kept in the process."""
    world = Cylinder(reynolds=reynolds, resolution=resolution, filter_time=filter_time)
    stream = np.tile([SPEED, 0.0], (world.columns, world.rows, 1))
    flow = equilibrium(np.zeros(stream.shape[:2]), stream)
    body = Body.of_state(world, np.concatenate([np.zeros(len(HEAD)), flow.ravel()]))
    for step in range(round(GROWTH / world.dt)):
        # A turn and its end break the symmetry that would keep the wake still for long.
        body.advance(1.5 if step * world.dt < KICK else 0.0)
    body.head[4] = 0.0
    found = []
    for _ in range(PHASES):
        # 0.165 shedding periods go by in one time unit: eight snapshots of 0.8 are about one period.
        for _ in range(8):
            body.advance(0.0)
        found.append(Body.of_state(world, body.state))
    return tuple(found)


@lru_cache(maxsize=8)
def _lattice(reynolds: float, resolution: int) -> _Lattice:
    return _Lattice(reynolds, resolution)


class _Lattice:
    """The compiled step with everything that stays the same."""

    def __init__(self, reynolds: float, resolution: int):
        columns, rows = LENGTH * resolution, HEIGHT * resolution
        viscosity = SPEED * resolution / reynolds
        symmetric = 3 * viscosity + 0.5
        antisymmetric = MAGIC / (symmetric - 0.5) + 0.5
        centre = (float(UPSTREAM * resolution), rows / 2 - 0.5)
        self.links: Links = links_of_circle(columns, rows, centre, resolution / 2)
        along = np.clip((np.arange(columns) - (columns - FRINGE * resolution)) / (FRINGE * resolution), 0, 1)
        fringe = FRINGE_STRENGTH * np.sin(np.pi * along) ** 2
        inflow = equilibrium(np.zeros(()), np.array([SPEED, 0.0]))
        k = self.links
        self._step = lattice_step(columns, rows)
        self._rates = (1 / symmetric, 1 / antisymmetric, fringe.astype(np.float32), inflow.astype(np.float32))
        self._links = (k.inner, k.outer, k.beyond, k.target, k.fraction, k.moment, k.along, k.solid)

    def __call__(
        self, flow: np.ndarray, other: np.ndarray, steps: int, rate: float, change: float, forces: np.ndarray
    ) -> None:
        self._step(flow, other, steps, rate, change, *self._rates, *self._links, forces)
