"""Numba kernels of the delay integrator: collocation steps of a state and its tangent histories, and dense output."""

from __future__ import annotations

import numba
import numpy as np

DONE, ROUGH, DIVERGED = 0, 1, 2
_UNBOUNDED = 1e12
_ITERATIONS = 30


@numba.njit(cache=True, error_model="numpy")
def factorise(matrix, pivots):  # type: ignore[no-untyped-def]
    """LU factors with row pivoting, in place."""
    size = len(matrix)
    for k in range(size):
        best = k
        for i in range(k + 1, size):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        pivots[k] = best
        if best != k:
            for j in range(size):
                matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
        for i in range(k + 1, size):
            matrix[i, k] /= matrix[k, k]
            factor = matrix[i, k]
            for j in range(k + 1, size):
                matrix[i, j] -= factor * matrix[k, j]


@numba.njit(cache=True, error_model="numpy")
def substitute(matrix, pivots, right):  # type: ignore[no-untyped-def]
    """Solve with the factors; right (size, column) is overwritten."""
    size, columns = right.shape
    for k in range(size):
        best = pivots[k]
        if best != k:
            for c in range(columns):
                right[k, c], right[best, c] = right[best, c], right[k, c]
    for i in range(1, size):
        for j in range(i):
            factor = matrix[i, j]
            for c in range(columns):
                right[i, c] -= factor * right[j, c]
    for i in range(size - 1, -1, -1):
        for j in range(i + 1, size):
            factor = matrix[i, j]
            for c in range(columns):
                right[i, c] -= factor * right[j, c]
        for c in range(columns):
            right[i, c] /= matrix[i, i]


@numba.njit(cache=True, error_model="numpy")
def lagrange(points, barycentric, theta, out):  # type: ignore[no-untyped-def]
    """Weights of the values at `points` in the value of their polynomial at `theta`."""
    total = 0.0
    for i in range(len(points)):
        gap = theta - points[i]
        if gap == 0.0:
            out[:] = 0.0
            out[i] = 1.0
            return
        out[i] = barycentric[i] / gap
        total += out[i]
    for i in range(len(points)):
        out[i] /= total


@numba.njit(cache=True, error_model="numpy")
def evaluate(mesh, values, first, last, times, points, barycentric, out):  # type: ignore[no-untyped-def]
    """Values out (time, column) of the pieces first..last-1 of `values` (step, point, column) at rising `times`."""
    share = np.empty(len(points))
    step = first
    for k in range(len(times)):
        while step < last - 1 and times[k] > mesh[step + 1]:
            step += 1
        lagrange(points, barycentric, (times[k] - mesh[step]) / (mesh[step + 1] - mesh[step]), share)
        for c in range(values.shape[2]):
            total = 0.0
            for i in range(len(points)):
                total += share[i] * values[step, i, c]
            out[k, c] = total


@numba.njit(cache=True, error_model="numpy")
def _system(h, a, slopes, size, matrix):  # type: ignore[no-untyped-def]
    """I - h A (x) J, with the slopes J of each node."""
    stages = len(a)
    for i in range(stages):
        for j in range(stages):
            for r in range(size):
                for c in range(size):
                    same = 1.0 if i == j and r == c else 0.0
                    matrix[i * size + r, j * size + c] = (
                        same - h * a[i, j] * slopes[j, r * (slopes.shape[1] // size) + c]
                    )


@numba.njit(cache=True, error_model="numpy")
def take_steps(  # type: ignore[no-untyped-def]
    velocity,
    slope,
    constant_slopes,
    parameters,
    mesh,
    values,
    tangents,
    first,
    last,
    delays,
    lags,
    past_state,
    past_delay,
    a,
    b,
    points,
    barycentric,
    legendre,
    tolerance,
    scale,
):
    """Take the steps first..last-1 of `mesh`; what was before stands in `values` (step, point, state) already.

    The pasts of a delay that is a whole number `lags` of steps are stage values themselves, so that the order at the
    ends of the steps is twice the number of stages (Bellen 1984); other pasts are read off the polynomials.
    `tangents` is (step, point, state * k), and moves by the linearised law.

    Returns the step before which it stopped, the reason (DONE, ROUGH, DIVERGED), and the largest Legendre coefficient
    of highest degree that it met, relative to `scale` (state,), which grows with the values met.
    """
    stages, size, pasts = len(b), values.shape[2], len(past_state)
    count = tangents.shape[2] // size
    x = np.empty((stages, size))
    d = np.empty((stages, pasts))
    f = np.empty((stages, size))
    times = np.empty(stages)
    slopes = np.empty((stages, size * (size + pasts)))
    rows = stages * size
    matrix = np.empty((rows, rows))
    pivots = np.empty(rows, np.int64)
    right = np.empty((rows, 1))
    right_tangent = np.empty((rows, count))
    drive = np.empty((rows, count))
    share = np.empty((stages, len(delays), stages + 1))
    source = np.empty((stages, len(delays)), np.int64)
    factored_for = 0.0
    searched = np.zeros(len(delays), np.int64)
    worst = 0.0
    for s in range(first, last):
        start = mesh[s]
        h = mesh[s + 1] - start
        for i in range(stages):
            times[i] = start + points[i + 1] * h
            for j in range(len(delays)):
                if lags[j] > 0:
                    source[i, j] = s - lags[j]
                    continue
                when = times[i] - delays[j]
                r = searched[j]
                while r < s - 1 and mesh[r + 1] < when:
                    r += 1
                searched[j] = r
                source[i, j] = r
                lagrange(points, barycentric, (when - mesh[r]) / (mesh[r + 1] - mesh[r]), share[i, j])
            for q in range(pasts):
                j = past_delay[q]
                if lags[j] > 0:
                    d[i, q] = values[source[i, j], i + 1, past_state[q]]
                else:
                    total = 0.0
                    for k in range(stages + 1):
                        total += share[i, j, k] * values[source[i, j], k, past_state[q]]
                    d[i, q] = total
            for v in range(size):
                x[i, v] = values[s, 0, v]
        # Simplified Newton iteration; the factors are kept while they serve.
        before = np.inf
        stale = abs(factored_for - h) > 1e-9 * h
        settled = False
        for _ in range(_ITERATIONS):
            velocity(times, x, d, parameters, f)
            if stale:
                slope(times, x, d, parameters, slopes)
                _system(h, a, slopes, size, matrix)
                factorise(matrix, pivots)
                factored_for = h
                stale = False
            for i in range(stages):
                for v in range(size):
                    total = values[s, 0, v] - x[i, v]
                    for j in range(stages):
                        total += h * a[i, j] * f[j, v]
                    right[i * size + v, 0] = total
            substitute(matrix, pivots, right)
            moved = 0.0
            for i in range(stages):
                for v in range(size):
                    x[i, v] += right[i * size + v, 0]
                    reach = abs(x[i, v])
                    if reach > scale[v]:
                        scale[v] = reach
                    moved = max(moved, abs(right[i * size + v, 0]) / (scale[v] + 1e-300))
            if not moved < 1e300:
                break
            if moved < 2e-15 or (moved < 1e-13 and moved >= 0.5 * before):
                settled = True
                break
            stale = moved > 0.1 * before and not constant_slopes
            before = moved
        if not settled:
            # A step too long for the iteration is as rough as one too long for the polynomial.
            return s, ROUGH, np.inf
        for v in range(size):
            total = values[s, 0, v]
            for i in range(stages):
                values[s, i + 1, v] = x[i, v]
                total += h * b[i] * f[i, v]
            values[s + 1, 0, v] = total
            if not abs(total) < _UNBOUNDED:
                return s, DIVERGED, worst
            top = 0.0
            next_to_top = 0.0
            for k in range(stages + 1):
                top += legendre[stages, k] * values[s, k, v]
                next_to_top += legendre[stages - 1, k] * values[s, k, v]
            tail = max(abs(top), 0.1 * abs(next_to_top)) / (scale[v] + 1e-300)
            if tail > tolerance:
                return s, ROUGH, tail
            worst = max(worst, tail)
        if count > 0:
            slope(times, x, d, parameters, slopes)
            if not (constant_slopes and abs(factored_for - h) <= 1e-9 * h):
                _system(h, a, slopes, size, matrix)
                factorise(matrix, pivots)
                factored_for = h
            width = size + pasts
            for i in range(stages):
                for v in range(size):
                    for c in range(count):
                        drive[i * size + v, c] = 0.0
                for q in range(pasts):
                    j = past_delay[q]
                    u = past_state[q]
                    for c in range(count):
                        if lags[j] > 0:
                            past = tangents[source[i, j], i + 1, u * count + c]
                        else:
                            past = 0.0
                            for k in range(stages + 1):
                                past += share[i, j, k] * tangents[source[i, j], k, u * count + c]
                        for v in range(size):
                            drive[i * size + v, c] += slopes[i, v * width + size + q] * past
            for i in range(stages):
                for v in range(size):
                    for c in range(count):
                        right_tangent[i * size + v, c] = tangents[s, 0, v * count + c]
                    for j in range(stages):
                        for c in range(count):
                            right_tangent[i * size + v, c] += h * a[i, j] * drive[j * size + v, c]
            substitute(matrix, pivots, right_tangent)
            for v in range(size):
                for c in range(count):
                    tangents[s + 1, 0, v * count + c] = tangents[s, 0, v * count + c]
                for i in range(stages):
                    for c in range(count):
                        tangents[s, i + 1, v * count + c] = right_tangent[i * size + v, c]
                        total = drive[i * size + v, c]
                        for u in range(size):
                            total += slopes[i, v * width + u] * right_tangent[i * size + u, c]
                        tangents[s + 1, 0, v * count + c] += h * b[i] * total
    return last, DONE, worst
