"""Lattice Boltzmann flow past a turning cylinder: a D2Q9 lattice, two relaxation rates, walls between the nodes.

Populations are stored as deviations from rest with unit density, which keeps single precision exact enough (He & Luo
1997, the incompressible model). Two relaxation rates with a fixed product (Ginzburg et al. 2008) put walls where they
belong at any viscosity. The cylinder is a list of links that cross its surface, each with its fraction q (Bouzidi,
Firdaouss & Lallemand 2001, linear interpolation, with a moving wall); the force is the momentum that these links
exchange (Ladd 1994). All edges are periodic: a fringe of columns at the outflow brings the flow back to the free
stream.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Int

# Opposite directions are neighbours: 1 and 2, 3 and 4, 5 and 6, 7 and 8.
VELOCITIES = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]])
WEIGHTS = np.array([4 / 9] + [1 / 9] * 4 + [1 / 36] * 4)
OPPOSITE = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7])
MAGIC = 0.25
"""Product of the two relaxation times less one half: the value of greatest stability."""

Step = Callable[..., None]


@dataclass(frozen=True)
class Links:
    """Links of the lattice that cross a circle, from a fluid node along direction `along` to a solid one.

    `inner`, `outer` and `beyond` are flat indices into the populations: of `along` at the fluid node, of the opposite
    direction there, of `along` at the fluid node behind; `target` is where the fluid node will read what comes back.
    `moment` is the lever of a unit turning rate on the link, weight times 6 c.u of the wall.
    """

    inner: Int[np.ndarray, "link"]
    outer: Int[np.ndarray, "link"]
    beyond: Int[np.ndarray, "link"]
    target: Int[np.ndarray, "link"]
    fraction: Float[np.ndarray, "link"]
    moment: Float[np.ndarray, "link"]
    along: Int[np.ndarray, "link 2"]
    solid: Int[np.ndarray, "solid"]


def links_of_circle(columns: int, rows: int, centre: tuple[float, float], radius: float) -> Links:
    """The links that cross a circle on a lattice of columns x rows nodes (node (x, y) stands at (x, y))."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij")
    inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2
    stride = rows + 2
    plane = columns * stride

    def flat(direction: np.ndarray | int, at: np.ndarray) -> np.ndarray:
        return direction * plane + at[:, 0] * stride + at[:, 1] + 1

    found: list[tuple[np.ndarray, ...]] = []
    for i in range(1, 9):
        ahead = np.roll(inside, -VELOCITIES[i], axis=(0, 1))
        nodes = np.argwhere(~inside & ahead)
        offset = nodes - np.array(centre)
        # |offset + q c| = radius, the smaller root.
        a = float((VELOCITIES[i] ** 2).sum())
        b = offset @ VELOCITIES[i]
        q = (-b - np.sqrt(b**2 - a * ((offset**2).sum(axis=1) - radius**2))) / a
        wall = offset + q[:, None] * VELOCITIES[i]
        turning = np.stack([-wall[:, 1], wall[:, 0]], axis=1)
        found.append(
            (
                flat(i, nodes),
                flat(OPPOSITE[i], nodes),
                flat(i, nodes - VELOCITIES[i]),
                flat(OPPOSITE[i], nodes + VELOCITIES[i]),
                q,
                6 * WEIGHTS[i] * (turning @ VELOCITIES[i]),
                np.broadcast_to(VELOCITIES[i], (len(nodes), 2)),
            )
        )
    inner, outer, beyond, target, fraction, moment, along = (np.concatenate(c) for c in zip(*found, strict=True))
    covered = np.argwhere(inside)
    solid = np.concatenate([flat(i, covered) for i in range(9)])
    return Links(inner, outer, beyond, target, fraction, moment, np.ascontiguousarray(along), solid)


def equilibrium(
    density: Float[np.ndarray, "*node"], velocity: Float[np.ndarray, "*node 2"]
) -> Float[np.ndarray, "9 *node"]:
    """Populations of a flow in equilibrium, as deviations from rest; `density` is the deviation from 1."""
    along = np.einsum("ic,...c->i...", VELOCITIES.astype(float), velocity)
    speed = (velocity**2).sum(axis=-1)
    weights = WEIGHTS.reshape(9, *[1] * speed.ndim)
    return weights * (density + 3 * along + 4.5 * along**2 - 1.5 * speed)


def padded(populations: Float[np.ndarray, "9 columns rows"]) -> Float[np.ndarray, "9*columns*(rows+2)"]:
    """Single precision, with the two rows that close the lattice upward and downward, flat."""
    return np.ascontiguousarray(np.pad(populations, ((0, 0), (0, 0), (1, 1)), mode="wrap"), dtype=np.float32).ravel()


@cache
def lattice_step(columns: int, rows: int) -> Step:
    """The compiled step of a lattice of this size.

    step(source, target, steps, rate, rate_change, symmetric, antisymmetric, fringe, inflow, links..., forces) advances
    by so many steps and leaves the force of each in `forces` (step, 2). `source` and `target` take turns; after an
    even number of steps the flow is in `source`. The sizes are constants of the compiled code, without which the inner
    loop is not vectorised.
    """
    import numba

    stride = rows + 2
    plane = columns * stride

    @numba.njit(cache=True, fastmath=True, nogil=True, error_model="numpy")
    def collide(
        source: np.ndarray, target: np.ndarray, fast: float, slow: float, fringe: np.ndarray, inflow: np.ndarray
    ) -> None:
        one, half = np.float32(1), np.float32(0.5)
        w0, w1, w2 = np.float32(4 / 9), np.float32(1 / 9), np.float32(1 / 36)
        three, nine_halves, three_halves = np.float32(3), np.float32(4.5), np.float32(1.5)
        a, b = np.float32(fast), np.float32(slow)
        for x in range(columns):
            here = x * stride
            left = ((x - 1) % columns) * stride
            right = ((x + 1) % columns) * stride
            pull = np.float32(fringe[x])
            for y in range(1, rows + 1):
                g0 = source[here + y]
                g1 = source[plane + left + y]
                g2 = source[2 * plane + right + y]
                g3 = source[3 * plane + here + y - 1]
                g4 = source[4 * plane + here + y + 1]
                g5 = source[5 * plane + left + y - 1]
                g6 = source[6 * plane + right + y + 1]
                g7 = source[7 * plane + left + y + 1]
                g8 = source[8 * plane + right + y - 1]
                density = g0 + g1 + g2 + g3 + g4 + g5 + g6 + g7 + g8
                u = g1 - g2 + g5 - g6 + g7 - g8
                v = g3 - g4 + g5 - g6 - g7 + g8
                rest = density - three_halves * (u * u + v * v)
                plus, minus = u + v, u - v
                s1 = a * (half * (g1 + g2) - w1 * (rest + nine_halves * u * u))
                s3 = a * (half * (g3 + g4) - w1 * (rest + nine_halves * v * v))
                s5 = a * (half * (g5 + g6) - w2 * (rest + nine_halves * plus * plus))
                s7 = a * (half * (g7 + g8) - w2 * (rest + nine_halves * minus * minus))
                d1 = b * (half * (g1 - g2) - w1 * three * u)
                d3 = b * (half * (g3 - g4) - w1 * three * v)
                d5 = b * (half * (g5 - g6) - w2 * three * plus)
                d7 = b * (half * (g7 - g8) - w2 * three * minus)
                keep = one - pull
                target[here + y] = keep * (g0 - a * (g0 - w0 * rest)) + pull * inflow[0]
                target[plane + here + y] = keep * (g1 - s1 - d1) + pull * inflow[1]
                target[2 * plane + here + y] = keep * (g2 - s1 + d1) + pull * inflow[2]
                target[3 * plane + here + y] = keep * (g3 - s3 - d3) + pull * inflow[3]
                target[4 * plane + here + y] = keep * (g4 - s3 + d3) + pull * inflow[4]
                target[5 * plane + here + y] = keep * (g5 - s5 - d5) + pull * inflow[5]
                target[6 * plane + here + y] = keep * (g6 - s5 + d5) + pull * inflow[6]
                target[7 * plane + here + y] = keep * (g7 - s7 - d7) + pull * inflow[7]
                target[8 * plane + here + y] = keep * (g8 - s7 + d7) + pull * inflow[8]

    @numba.njit(cache=True, nogil=True, error_model="numpy")
    def close(flow: np.ndarray, solid: np.ndarray) -> None:
        for i in range(9):
            for x in range(columns):
                at = i * plane + x * stride
                flow[at] = flow[at + rows]
                flow[at + rows + 1] = flow[at + 1]
        # What a solid node computed is nobody's flow, and must not grow.
        for k in range(len(solid)):
            flow[solid[k]] = 0

    @numba.njit(cache=True, nogil=True, error_model="numpy")
    def reflect(
        flow: np.ndarray,
        rate: float,
        inner: np.ndarray,
        outer: np.ndarray,
        beyond: np.ndarray,
        target: np.ndarray,
        fraction: np.ndarray,
        moment: np.ndarray,
        along: np.ndarray,
        force: np.ndarray,
    ) -> None:
        drag, lift = 0.0, 0.0
        for k in range(len(inner)):
            q, there = fraction[k], flow[inner[k]]
            if q < 0.5:
                back = 2 * q * there + (1 - 2 * q) * flow[beyond[k]] - rate * moment[k]
            else:
                back = (there + (2 * q - 1) * flow[outer[k]] - rate * moment[k]) / (2 * q)
            flow[target[k]] = back
            drag += along[k, 0] * (there + back)
            lift += along[k, 1] * (there + back)
        force[0], force[1] = drag, lift

    @numba.njit(cache=True, nogil=True, error_model="numpy")
    def advance(
        source: np.ndarray,
        target: np.ndarray,
        steps: int,
        rate: float,
        rate_change: float,
        fast: float,
        slow: float,
        fringe: np.ndarray,
        inflow: np.ndarray,
        inner: np.ndarray,
        outer: np.ndarray,
        beyond: np.ndarray,
        reflected: np.ndarray,
        fraction: np.ndarray,
        moment: np.ndarray,
        along: np.ndarray,
        solid: np.ndarray,
        forces: np.ndarray,
    ) -> None:
        now, following = source, target
        for step in range(steps):
            close(now, solid)
            turning = rate + rate_change * (step + 1) / steps
            reflect(now, turning, inner, outer, beyond, reflected, fraction, moment, along, forces[step])
            collide(now, following, fast, slow, fringe, inflow)
            now, following = following, now

    return advance
