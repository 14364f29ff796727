"""Whole networks as single compiled loops: every level of the butterfly in one pass over one small buffer."""

from __future__ import annotations

import numba
import numpy as np

from inscape.models.structured.network import ACTIVATIONS, LEAK

CODES = {name: code for code, name in enumerate((*ACTIVATIONS, "portable_tanh"))}


@numba.njit(cache=True)
def bend(code: int, values: np.ndarray) -> None:
    """The activation of that code, in place."""
    kind = values.dtype.type
    if code == 0:
        leak = kind(LEAK)
        for k in range(len(values)):
            if values[k] < 0:
                values[k] *= leak
    elif code == 1:
        for k in range(len(values)):
            values[k] = np.tanh(values[k])
    elif code == 2:
        for k in range(len(values)):
            if values[k] < 0:
                values[k] = 0.0
    elif code == 4:
        # Lambert's continued fraction of tanh(x / 2), seven levels, doubled: off by 1e-8 at most, and the same number
        # on every machine, since only sums, products and quotients enter.
        nine, half, one = kind(9.0), kind(0.5), kind(1.0)
        a0, a1, a2 = kind(135135.0), kind(17325.0), kind(378.0)
        b1, b2, b3 = kind(62370.0), kind(3150.0), kind(28.0)
        for k in range(len(values)):
            x = half * min(nine, max(-nine, values[k]))
            s = x * x
            t = x * (a0 + s * (a1 + s * (a2 + s))) / (a0 + s * (b1 + s * (b2 + s * b3)))
            values[k] = (t + t) / (one + t * t)


@numba.njit(cache=True)
def halve(v: np.ndarray, twiddles: np.ndarray, at: int, length: int) -> None:
    """One level in place: each stretch of `length` becomes its sums and its twiddled differences."""
    half = length // 2
    for start in range(0, len(v), length):
        for k in range(half):
            first, second = v[start + k], v[start + half + k]
            v[start + k] = first + second
            v[start + half + k] = (first - second) * twiddles[at + k]


@numba.njit(cache=True)
def stnn_forward(
    x: np.ndarray,
    twiddles_in: np.ndarray,
    leaves_in: np.ndarray,
    bias_1: np.ndarray,
    diagonal: np.ndarray,
    twiddles_out: np.ndarray,
    leaves_out: np.ndarray,
    bias_2: np.ndarray,
    bias_3: np.ndarray,
    output: np.ndarray,
    bias_4: np.ndarray,
    positions: np.ndarray,
    code: int,
) -> np.ndarray:
    """(batch, inputs) -> (batch, outputs) of `StNN`; `positions` is `bit_reversal(2 n)`."""
    p, r = bias_1.shape
    m, n = len(bias_4), r // 2
    answers = np.empty((len(x), m), dtype=x.dtype)
    v, h1, h3 = np.empty(r, dtype=x.dtype), np.empty(r, dtype=x.dtype), np.empty(m, dtype=x.dtype)
    one_leaf = leaves_out.shape[1] == 1
    for sample in range(len(x)):
        answers[sample] = bias_4
        for j in range(p):
            v[:n] = 0.0
            for k in range(x.shape[1]):
                v[k] = x[sample, k]
            v[n:] = 0.0
            for k in range(x.shape[1]):
                v[n + k] = v[k] * twiddles_in[j, k]
            at, length = x.shape[1], n
            while length > 2:
                halve(v, twiddles_in[j], at, length)
                at += length // 2
                length //= 2
            for branch in range(n):
                leaf = leaves_in[j, branch % 2]
                first, second = v[2 * branch], v[2 * branch + 1]
                v[2 * branch] = leaf[0, 0] * first + leaf[0, 1] * second
                v[2 * branch + 1] = leaf[1, 0] * first + leaf[1, 1] * second
            for k in range(r):
                h1[k] = v[positions[k]] + bias_1[j, k]
            bend(code, h1)
            for k in range(r):
                v[k] = h1[k] * diagonal[j, k]
            at, length = 0, r
            while length > 2:
                halve(v, twiddles_out[j], at, length)
                at += length // 2
                length //= 2
            for i in range(m):
                # Output n - 1 - i lies in the first row of its branch: an even position, the last bit being the row.
                place = positions[n - 1 - i]
                leaf_row = leaves_out[j, 0 if one_leaf else (place // 2) % 2]
                h3[i] = leaf_row[0] * v[place] + leaf_row[1] * v[place + 1] + bias_2[j, i]
            bend(code, h3)
            for i in range(m):
                h3[i] += bias_3[j, i]
            bend(code, h3)
            for i in range(m):
                answers[sample, i] += h3[i] * output[j, i]
    return answers


@numba.njit(cache=True)
def hankel_net_forward(
    x: np.ndarray, inner: np.ndarray, bias: np.ndarray, outer: np.ndarray, offset: np.ndarray, code: int
) -> np.ndarray:
    """(batch, inputs) -> (batch, outputs) of `HankelNet`, its blocks multiplied out."""
    p, n = bias.shape
    m = len(offset)
    answers = np.empty((len(x), m), dtype=x.dtype)
    hidden = np.empty(n, dtype=x.dtype)
    # Products of all blocks are added unit by unit and summed at the end, so that the loops run in vector registers.
    products = np.empty((m, n), dtype=x.dtype)
    for sample in range(len(x)):
        products[:] = 0.0
        for j in range(p):
            hidden[:] = bias[j]
            for k in range(x.shape[1]):
                entry = x[sample, k]
                for i in range(n):
                    hidden[i] += inner[j, i + k] * entry
            bend(code, hidden)
            for i in range(m):
                for k in range(n):
                    products[i, k] += outer[j, i + k] * hidden[k]
        for i in range(m):
            total = offset[i]
            for k in range(n):
                total += products[i, k]
            answers[sample, i] = total
    return answers


@numba.njit(cache=True)
def dense_layer(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(batch, from) -> (batch, to), summed in the order of the inputs."""
    answers = np.empty((len(x), len(bias)), dtype=x.dtype)
    for sample in range(len(x)):
        for i in range(len(bias)):
            total = bias[i]
            for k in range(x.shape[1]):
                total += weight[i, k] * x[sample, k]
            answers[sample, i] = total
    return answers
