"""Stepping a network: machine code for one reservoir, and for several side by side on one graph.

All kernels step V(t + 1) = retention V(t) + W r(t) + W_in u(t) + bias and r = (1 - leak) r + leak f(V), with f the
logistic function 1 / (1 + exp(-gain (V - threshold))) or tanh(V). Row t of what they return is the activity *after*
sample t was read. A sample with a NaN is not read: the state is held.
"""

from __future__ import annotations

import numba
import numpy as np

LOGISTIC, TANH = 0, 1
LANES = 8
"""Reservoirs stepped side by side: one register of float64 on the widest machines in use."""

# Sums may be taken in any order, but NaN keeps its meaning: the state is held where a sample is missing.
_ANY_ORDER = {"reassoc", "contract", "nsz"}


_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6


@numba.njit(cache=True, fastmath=_ANY_ORDER)
def row_sum(weights, sources, first, last, activity):  # type: ignore[no-untyped-def]
    """sum_j w_j r[source_j] over the synapses first..last of a row, in four sums that do not wait for one another."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    k = first
    while k + 3 < last:
        a += weights[k] * activity[sources[k]]
        b += weights[k + 1] * activity[sources[k + 1]]
        c += weights[k + 2] * activity[sources[k + 2]]
        d += weights[k + 3] * activity[sources[k + 3]]
        k += 4
    while k < last:
        a += weights[k] * activity[sources[k]]
        k += 1
    return a + b + c + d


@numba.njit(cache=True, error_model="numpy", fastmath={"contract"})
def logistic(potential, gain, threshold, activity, powers):  # type: ignore[no-untyped-def]
    """activity = 1 / (1 + exp(-gain (potential - threshold))), to a few units in the last place.

    The exponential is written out (2^k times the Taylor series on +- ln 2 / 2) since calls of the library's own are
    not vectorised. `powers` is room for as many float64 as there are potentials.
    """
    bits = powers.view(np.int64)
    for i in range(len(potential)):
        x = -gain * (potential[i] - threshold)
        x = min(max(x, -700.0), 700.0)
        k = np.floor(x * _LOG2_E + 0.5)
        bits[i] = (np.int64(k) + 1023) << 52
        x = (x - k * _LN2_HIGH) - k * _LN2_LOW
        p = 1.0 / 6227020800.0
        p = p * x + 1.0 / 479001600.0
        p = p * x + 1.0 / 39916800.0
        p = p * x + 1.0 / 3628800.0
        p = p * x + 1.0 / 362880.0
        p = p * x + 1.0 / 40320.0
        p = p * x + 1.0 / 5040.0
        p = p * x + 1.0 / 720.0
        p = p * x + 1.0 / 120.0
        p = p * x + 1.0 / 24.0
        p = p * x + 1.0 / 6.0
        p = p * x + 0.5
        p = p * x + 1.0
        activity[i] = p * x + 1.0
    for i in range(len(potential)):
        activity[i] = 1.0 / (1.0 + activity[i] * powers[i])


@numba.njit(cache=True, error_model="numpy")
def run(starts, sources, weights, entering, bias, series, potential, activity, numbers, kind, rows):  # type: ignore[no-untyped-def]
    """Activity (time, node) of a network with synapses in rows, written to `rows`.

    Parameters
    ----------
    starts, sources, weights : compressed rows: the synapses onto node i are starts[i]..starts[i + 1].
    entering : (node, input); bias : (node,); series : (time, input).
    potential, activity : (node,) where the network stands; moved on in place.
    numbers : (gain, threshold, retention, leak).
    kind : LOGISTIC or TANH.
    """
    gain, threshold, retention, leak = numbers
    size = len(activity)
    inputs = series.shape[1]
    driven, answer, powers = np.empty(size), np.empty(size), np.empty(size)
    for t in range(len(series)):
        known = True
        for m in range(inputs):
            known = known and np.isfinite(series[t, m])
        if known:
            for i in range(size):
                total = bias[i]
                for m in range(inputs):
                    total += entering[i, m] * series[t, m]
                driven[i] = total + row_sum(weights, sources, starts[i], starts[i + 1], activity)
            for i in range(size):
                potential[i] = retention * potential[i] + driven[i]
            if kind == LOGISTIC:
                logistic(potential, gain, threshold, answer, powers)
            else:
                # tanh(v) = 2 / (1 + exp(-2 v)) - 1
                logistic(potential, 2.0, 0.0, answer, powers)
                for i in range(size):
                    answer[i] = 2.0 * answer[i] - 1.0
            for i in range(size):
                activity[i] = (1.0 - leak) * activity[i] + leak * answer[i]
        rows[t] = activity


@numba.njit(cache=True, error_model="numpy", fastmath=_ANY_ORDER)
def run_side_by_side(  # type: ignore[no-untyped-def]
    excitatory_starts,
    excitatory_sources,
    excitatory_weights,
    inhibitory_starts,
    inhibitory_sources,
    inhibitory_weights,
    inhibition,
    entering,
    series,
    potential,
    activity,
    numbers,
    rows,
):
    """Activity of LANES networks on one graph, written to `rows` (lane, time, node).

    They differ in the factor on the inhibition of each node, `inhibition` (node, lane), and in their input weights,
    `entering` (node, input, lane). potential, activity : (node, lane), moved on in place.
    """
    gain, threshold, retention, leak = numbers
    size = len(activity)
    inputs = series.shape[1]
    total = np.empty(LANES)
    held_back = np.empty(LANES)
    answer, powers = np.empty((size, LANES)), np.empty(size * LANES)
    for t in range(len(series)):
        known = True
        for m in range(inputs):
            known = known and np.isfinite(series[t, m])
        if known:
            for i in range(size):
                total[:] = 0.0
                held_back[:] = 0.0
                for k in range(excitatory_starts[i], excitatory_starts[i + 1]):
                    w, j = excitatory_weights[k], excitatory_sources[k]
                    for lane in range(LANES):
                        total[lane] += w * activity[j, lane]
                for k in range(inhibitory_starts[i], inhibitory_starts[i + 1]):
                    w, j = inhibitory_weights[k], inhibitory_sources[k]
                    for lane in range(LANES):
                        held_back[lane] += w * activity[j, lane]
                for lane in range(LANES):
                    total[lane] -= inhibition[i, lane] * held_back[lane]
                for m in range(inputs):
                    for lane in range(LANES):
                        total[lane] += entering[i, m, lane] * series[t, m]
                for lane in range(LANES):
                    potential[i, lane] = retention * potential[i, lane] + total[lane]
            logistic(potential.reshape(-1), gain, threshold, answer.reshape(-1), powers)
            for i in range(size):
                for lane in range(LANES):
                    activity[i, lane] = (1.0 - leak) * activity[i, lane] + leak * answer[i, lane]
        for i in range(size):
            for lane in range(LANES):
                rows[lane, t, i] = activity[i, lane]


@numba.njit(cache=True, fastmath=_ANY_ORDER)
def _two_sums(weights, sources, first, last, activity):  # type: ignore[no-untyped-def]
    """sum_j w_j r[source_j] and sum_j r[source_j] over the synapses first..last of a row."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    k = first
    while k + 1 < last:
        one, two = activity[sources[k]], activity[sources[k + 1]]
        a += weights[k] * one
        b += weights[k + 1] * two
        c += one
        d += two
        k += 2
    if k < last:
        one = activity[sources[k]]
        a += weights[k] * one
        c += one
    return a + b, c + d


@numba.njit(cache=True, error_model="numpy")
def run_adapting(  # type: ignore[no-untyped-def]
    excitatory_starts,
    excitatory_sources,
    excitatory_weights,
    inhibitory_starts,
    inhibitory_sources,
    inhibitory_weights,
    added,
    lowest,
    entering,
    series,
    offset,
    steps,
    targets,
    rate,
    potential,
    activity,
    numbers,
    blocks,
):
    """Step a network whose inhibition follows w <- max(0, w + rate (r_i - target_i)) after every step.

    All synapses onto a node change by the same amount, so none is written: with S the sum of the changes so far and L
    the lowest that S ever was, the rule gives w = S + max(w_0, -L) exactly. `added` (node,) is S, `lowest` is L, and
    `inhibitory_weights` is max(w_0, -L), all moved on in place, so that later calls go on where this one stopped.
    Inputs are rows offset, offset + 1, ... of `series`, again from the start when it ends; `blocks` (block, node)
    receives the mean activity in so many equal stretches.
    """
    gain, threshold, retention, leak = numbers
    size = len(activity)
    inputs = series.shape[1]
    answer, powers = np.empty(size), np.empty(size)
    length = steps // len(blocks)
    for t in range(steps):
        row = (offset + t) % len(series)
        for i in range(size):
            total = row_sum(
                excitatory_weights, excitatory_sources, excitatory_starts[i], excitatory_starts[i + 1], activity
            )
            weighted, plain = _two_sums(
                inhibitory_weights, inhibitory_sources, inhibitory_starts[i], inhibitory_starts[i + 1], activity
            )
            total -= weighted + added[i] * plain
            for m in range(inputs):
                total += entering[i, m] * series[row, m]
            potential[i] = retention * potential[i] + total
        logistic(potential, gain, threshold, answer, powers)
        block = min(t // length, len(blocks) - 1)
        for i in range(size):
            activity[i] = (1.0 - leak) * activity[i] + leak * answer[i]
            blocks[block, i] += activity[i]
            added[i] += rate * (activity[i] - targets[i])
            if added[i] < lowest[i]:
                lowest[i] = added[i]
                for k in range(inhibitory_starts[i], inhibitory_starts[i + 1]):
                    inhibitory_weights[k] = max(inhibitory_weights[k], -lowest[i])
    for block in range(len(blocks)):
        last = steps if block == len(blocks) - 1 else (block + 1) * length
        blocks[block] /= last - block * length


@numba.njit(cache=True, error_model="numpy")
def run_closed(  # type: ignore[no-untyped-def]
    starts,
    sources,
    weights,
    entering,
    bias,
    series,
    outside,
    known,
    lags,
    potential,
    activity,
    numbers,
    kind,
    coef,
    constant,
    squares,
    limit,
):
    """Feed a network its own answers: rows `known` and later of `series` (time, state) are written.

    The network stands where it has read row known - 1. It hears the states at `lags` (0 is the newest) one after the
    other, then the row of `outside` (time, input). An answer is coef' [r, r^2 (if squares), what it heard] + constant;
    the rows from the first answer beyond `limit` on are NaN.
    """
    gain, threshold, retention, leak = numbers
    size, width, heard = len(activity), series.shape[1], entering.shape[1]
    driven, answer, powers = np.empty(size), np.empty(size), np.empty(size)
    hearing = np.empty(heard)
    base = 2 * size if squares else size
    for t in range(known, len(series)):
        at = 0
        for lag in lags:
            for m in range(width):
                hearing[at] = series[t - 1 - lag, m]
                at += 1
        for m in range(outside.shape[1]):
            hearing[at] = outside[t - 1, m]
            at += 1
        if t > known:
            for i in range(size):
                total = bias[i]
                for m in range(heard):
                    total += entering[i, m] * hearing[m]
                driven[i] = total + row_sum(weights, sources, starts[i], starts[i + 1], activity)
            for i in range(size):
                potential[i] = retention * potential[i] + driven[i]
            if kind == LOGISTIC:
                logistic(potential, gain, threshold, answer, powers)
            else:
                logistic(potential, 2.0, 0.0, answer, powers)
                for i in range(size):
                    answer[i] = 2.0 * answer[i] - 1.0
            for i in range(size):
                activity[i] = (1.0 - leak) * activity[i] + leak * answer[i]
        bounded = True
        for j in range(width):
            total = constant[j]
            for i in range(size):
                total += coef[i, j] * activity[i]
            if squares:
                for i in range(size):
                    total += coef[size + i, j] * activity[i] * activity[i]
            for m in range(heard):
                total += coef[base + m, j] * hearing[m]
            series[t, j] = total
            bounded = bounded and abs(total) < limit
        if not bounded:
            series[t:, :] = np.nan
            return


@numba.njit(cache=True, error_model="numpy")
def run_tangent(starts, sources, weights, entering, series, potential, activity, numbers, frame, growth):  # type: ignore[no-untyped-def]
    """Carry tangent vectors of the potentials along a driven logistic run; all in place.

    `frame` (vector, node) holds orthonormal rows and is made orthonormal after every step; `growth` (time, vector)
    receives the logarithms by which they grew. A step at a missing sample changes nothing and counts as zero growth.
    """
    gain, threshold, retention, _ = numbers
    size, count, inputs = len(activity), len(frame), series.shape[1]
    answer, powers, pushed = np.empty(size), np.empty(size), np.empty(size)
    for t in range(len(series)):
        known = True
        for m in range(inputs):
            known = known and np.isfinite(series[t, m])
        growth[t] = 0.0
        if not known:
            continue
        for k in range(count):
            for i in range(size):
                pushed[i] = gain * activity[i] * (1.0 - activity[i]) * frame[k, i]
            for i in range(size):
                moved = row_sum(weights, sources, starts[i], starts[i + 1], pushed)
                frame[k, i] = retention * frame[k, i] + moved
        for i in range(size):
            total = row_sum(weights, sources, starts[i], starts[i + 1], activity)
            for m in range(inputs):
                total += entering[i, m] * series[t, m]
            potential[i] = retention * potential[i] + total
        logistic(potential, gain, threshold, answer, powers)
        activity[:] = answer
        for k in range(count):
            for _again in range(2):
                for m in range(k):
                    along = 0.0
                    for i in range(size):
                        along += frame[m, i] * frame[k, i]
                    for i in range(size):
                        frame[k, i] -= along * frame[m, i]
            norm = 0.0
            for i in range(size):
                norm += frame[k, i] * frame[k, i]
            norm = np.sqrt(norm)
            growth[t, k] = np.log(norm)
            if not norm > 1e-300:
                return t
            for i in range(size):
                frame[k, i] /= norm
    return len(series)
