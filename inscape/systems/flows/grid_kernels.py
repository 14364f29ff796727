"""Compiled kernels of gridded velocity: frames blended in time first, then cubic or linear interpolation in space.

All particles of a stage share one time, so the whole grid is blended to it once, and a particle then reads 16 (or 4)
numbers per component in the plane, 64 (or 8) in space, in place of four times as many. Positions are in cells.
"""

from __future__ import annotations

import numba
import numpy as np

# NaN marks a lost particle, so arithmetic must respect it.
_FAST = {"contract", "reassoc", "nsz", "arcp"}
_EDGE = 1e-6


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def blend(frames: np.ndarray, first: int, weights: np.ndarray, out: np.ndarray) -> None:
    """out[m] = sum_k weights[k] frames[first + k, m], for two to four frames (time, value)."""
    count = weights.shape[0]
    if count == 4:
        a, b, c, d = weights[0], weights[1], weights[2], weights[3]
        for m in range(out.shape[0]):
            out[m] = (
                a * frames[first, m] + b * frames[first + 1, m] + c * frames[first + 2, m] + d * frames[first + 3, m]
            )
    else:
        for m in range(out.shape[0]):
            total = 0.0
            for k in range(count):
                total += weights[k] * frames[first + k, m]
            out[m] = total


@numba.njit(cache=True, inline="always")
def _cell(x: float, cells: int, closes: bool) -> tuple[int, float]:
    """The cell of a position and the fraction within; cell -1 outside the window."""
    if not (x > -1e9 and x < 1e9):
        return -1, 0.0
    base = np.floor(x)
    fraction = x - base
    cell = int(base)
    if closes:
        return cell % cells, fraction
    if cell < 0:
        return (0, 0.0) if x > -_EDGE else (-1, 0.0)
    if cell >= cells:
        return (cells - 1, 1.0) if x < cells + _EDGE else (-1, 0.0)
    return cell, fraction


@numba.njit(cache=True, inline="always")
def _cubic(f: float) -> tuple[float, float, float, float]:
    g = 1.0 - f
    third = 1.0 / 6.0
    return (
        g * g * g * third,
        (4.0 - 3.0 * f * f * (2.0 - f)) * third,
        (4.0 - 3.0 * g * g * (2.0 - g)) * third,
        f * f * f * third,
    )


@numba.njit(cache=True, fastmath=_FAST)
def _velocity(
    c: np.ndarray,
    cells: np.ndarray,
    periodic: np.ndarray,
    blocked: np.ndarray,
    cubic: bool,
    x: float,
    y: float,
    z: float,
) -> tuple[bool, float, float, float]:
    """Whether the position can be read, and its velocity in cells per unit time; c is (x, y, z, component)."""
    u = v = w = 0.0
    i, fx = _cell(x, cells[0], periodic[0])
    j, fy = _cell(y, cells[1], periodic[1])
    if i < 0 or j < 0:
        return False, u, v, w
    masked = blocked.shape[0] > 0
    if c.shape[2] == 1:
        if masked and blocked[i, j, 0]:
            return False, u, v, w
        if cubic:
            wx, wy = _cubic(fx), _cubic(fy)
            for a in range(4):
                row_u = row_v = 0.0
                for b in range(4):
                    row_u += wy[b] * c[i + a, j + b, 0, 0]
                    row_v += wy[b] * c[i + a, j + b, 0, 1]
                u += wx[a] * row_u
                v += wx[a] * row_v
            return True, u, v, w
        gx, gy = 1.0 - fx, 1.0 - fy
        u = gx * (gy * c[i, j, 0, 0] + fy * c[i, j + 1, 0, 0]) + fx * (
            gy * c[i + 1, j, 0, 0] + fy * c[i + 1, j + 1, 0, 0]
        )
        v = gx * (gy * c[i, j, 0, 1] + fy * c[i, j + 1, 0, 1]) + fx * (
            gy * c[i + 1, j, 0, 1] + fy * c[i + 1, j + 1, 0, 1]
        )
        return True, u, v, w
    k, fz = _cell(z, cells[2], periodic[2])
    if k < 0 or (masked and blocked[i, j, k]):
        return False, u, v, w
    if cubic:
        wx, wy, wz = _cubic(fx), _cubic(fy), _cubic(fz)
        for a in range(4):
            for b in range(4):
                row_u = row_v = row_w = 0.0
                for d in range(4):
                    row_u += wz[d] * c[i + a, j + b, k + d, 0]
                    row_v += wz[d] * c[i + a, j + b, k + d, 1]
                    row_w += wz[d] * c[i + a, j + b, k + d, 2]
                weight = wx[a] * wy[b]
                u += weight * row_u
                v += weight * row_v
                w += weight * row_w
        return True, u, v, w
    for a in range(2):
        for b in range(2):
            weight = (fx if a else 1.0 - fx) * (fy if b else 1.0 - fy)
            near, far = weight * (1.0 - fz), weight * fz
            u += near * c[i + a, j + b, k, 0] + far * c[i + a, j + b, k + 1, 0]
            v += near * c[i + a, j + b, k, 1] + far * c[i + a, j + b, k + 1, 1]
            w += near * c[i + a, j + b, k, 2] + far * c[i + a, j + b, k + 1, 2]
    return True, u, v, w


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def rk4_step(
    first: np.ndarray,
    middle: np.ndarray,
    last: np.ndarray,
    cells: np.ndarray,
    periodic: np.ndarray,
    blocked: np.ndarray,
    cubic: bool,
    positions: np.ndarray,
    step: float,
) -> None:
    """One Runge-Kutta step of the fourth order for every particle (particle, axis), in place; lost ones become NaN.

    first, middle, last : coefficients at the three instants of the step, (x, y, z, component) in cells per unit time.
    blocked : (x, y, z) cells with a missing corner, or an empty array.
    """
    in_space = positions.shape[1] == 3
    half, sixth = 0.5 * step, step / 6.0
    for n in range(positions.shape[0]):
        x, y = positions[n, 0], positions[n, 1]
        z = positions[n, 2] if in_space else 0.0
        if x != x:
            continue
        good, u, v, w = _velocity(first, cells, periodic, blocked, cubic, x, y, z)
        su, sv, sw = u, v, w
        if good:
            good, u, v, w = _velocity(middle, cells, periodic, blocked, cubic, x + half * u, y + half * v, z + half * w)
            su, sv, sw = su + 2.0 * u, sv + 2.0 * v, sw + 2.0 * w
        if good:
            good, u, v, w = _velocity(middle, cells, periodic, blocked, cubic, x + half * u, y + half * v, z + half * w)
            su, sv, sw = su + 2.0 * u, sv + 2.0 * v, sw + 2.0 * w
        if good:
            good, u, v, w = _velocity(last, cells, periodic, blocked, cubic, x + step * u, y + step * v, z + step * w)
            su, sv, sw = su + u, sv + v, sw + w
        if good:
            positions[n, 0] = x + sixth * su
            positions[n, 1] = y + sixth * sv
            if in_space:
                positions[n, 2] = z + sixth * sw
        else:
            positions[n, :] = np.nan


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def sample(
    c: np.ndarray,
    cells: np.ndarray,
    periodic: np.ndarray,
    blocked: np.ndarray,
    cubic: bool,
    positions: np.ndarray,
    out: np.ndarray,
) -> None:
    """Values (particle, component) of a gridded field (x, y, z, component) at positions (particle, axis) in cells."""
    in_space = positions.shape[1] == 3
    masked = blocked.shape[0] > 0
    for n in range(positions.shape[0]):
        i, fx = _cell(positions[n, 0], cells[0], periodic[0])
        j, fy = _cell(positions[n, 1], cells[1], periodic[1])
        k, fz = (0, 0.0)
        if in_space:
            k, fz = _cell(positions[n, 2], cells[2], periodic[2])
        if i < 0 or j < 0 or k < 0 or (masked and blocked[i, j, k]):
            out[n, :] = np.nan
            continue
        out[n, :] = 0.0
        if cubic:
            wx, wy, wz = _cubic(fx), _cubic(fy), _cubic(fz)
            for a in range(4):
                for b in range(4):
                    plane = wx[a] * wy[b]
                    for d in range(4 if in_space else 1):
                        weight = plane * (wz[d] if in_space else 1.0)
                        for m in range(out.shape[1]):
                            out[n, m] += weight * c[i + a, j + b, k + d, m]
        else:
            for a in range(2):
                for b in range(2):
                    plane = (fx if a else 1.0 - fx) * (fy if b else 1.0 - fy)
                    for d in range(2 if in_space else 1):
                        weight = plane * ((fz if d else 1.0 - fz) if in_space else 1.0)
                        for m in range(out.shape[1]):
                            out[n, m] += weight * c[i + a, j + b, k + d, m]
