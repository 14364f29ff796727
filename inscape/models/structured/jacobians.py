"""Answers of a batch and their derivatives by every weight, for Levenberg-Marquardt and Kalman steps."""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Float

from inscape.models.structured.kernels import CODES, bend, halve
from inscape.models.structured.network import LEAK


@numba.njit(cache=True)
def slope(code: int, bent: float) -> float:
    """Derivative of the activation where its value is `bent`."""
    if code == 0:
        return 1.0 if bent >= 0 else LEAK
    if code == 1:
        return 1.0 - bent * bent
    if code == 2:
        return 1.0 if bent > 0 else 0.0
    return 1.0


@numba.njit(cache=True)
def hankel_net_jacobian(
    x: np.ndarray, inner: np.ndarray, bias: np.ndarray, outer: np.ndarray, offset: np.ndarray, code: int
) -> tuple[np.ndarray, np.ndarray]:
    """(batch, output) and (batch, output, parameter) of `HankelNet`."""
    p, n = bias.shape
    m, inputs = len(offset), x.shape[1]
    first, second = inner.shape[1], outer.shape[1]
    at_bias, at_outer = p * first, p * (first + n)
    count = at_outer + p * second + m
    answers, jacobian = np.empty((len(x), m)), np.zeros((len(x), m, count))
    hidden = np.empty(n)
    for sample in range(len(x)):
        answers[sample] = offset
        for j in range(p):
            hidden[:] = bias[j]
            for k in range(inputs):
                for i in range(n):
                    hidden[i] += inner[j, i + k] * x[sample, k]
            bend(code, hidden)
            for o in range(m):
                row = jacobian[sample, o]
                for i in range(n):
                    answers[sample, o] += outer[j, o + i] * hidden[i]
                    row[at_outer + j * second + o + i] = hidden[i]
                    g = outer[j, o + i] * slope(code, hidden[i])
                    row[at_bias + j * n + i] = g
                    for k in range(inputs):
                        row[j * first + i + k] += g * x[sample, k]
        for o in range(m):
            jacobian[sample, o, count - m + o] = 1.0
    return answers, jacobian


@numba.njit(cache=True)
def _back(g: np.ndarray, stages: np.ndarray, twiddles: np.ndarray, to: np.ndarray, at: int, levels: int) -> None:
    """Through `levels` levels backwards: g becomes the gradient of their input, `to` gathers that of the twiddles.

    `stages[level]` is what went into each level; the first one has twiddles from `at` on and stretches of
    4 * 2**(levels - 1).
    """
    # Stretches of 2 (2^levels - 1) twiddles lie from `at` on, the shortest last.
    end = at + 2 * ((1 << levels) - 1)
    length = 4
    for level in range(levels - 1, -1, -1):
        half = length // 2
        end -= half
        v = stages[level]
        for start in range(0, len(g), length):
            for k in range(half):
                twisted = g[start + half + k]
                to[end + k] += twisted * (v[start + k] - v[start + half + k])
                twisted *= twiddles[end + k]
                plain = g[start + k]
                g[start + k] = plain + twisted
                g[start + half + k] = plain - twisted
        length *= 2


@numba.njit(cache=True)
def stnn_jacobian(
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
) -> tuple[np.ndarray, np.ndarray]:
    """(batch, output) and (batch, output, parameter) of `StNN`; `positions` is `bit_reversal(2 n)`."""
    p, r = bias_1.shape
    m, n, inputs = len(bias_4), r // 2, x.shape[1]
    tin, tout, leaves = twiddles_in.shape[1], twiddles_out.shape[1], leaves_out.shape[1]
    a_leaf = p * tin
    a_b1 = a_leaf + 8 * p
    a_diag = a_b1 + p * r
    a_tout = a_diag + p * r
    a_lout = a_tout + p * tout
    a_b2 = a_lout + p * leaves * 2
    a_b3, a_out, a_b4 = a_b2 + p * m, a_b2 + 2 * p * m, a_b2 + 3 * p * m
    answers, jacobian = np.empty((len(x), m)), np.zeros((len(x), m, a_b4 + m))
    levels = 0
    while (2 << (levels + 1)) <= n:
        levels += 1
    # The first level of the input transform is W x alone; `levels` more follow it. The output transform has one more.
    into, out_of = np.empty((levels + 1, r)), np.empty((levels + 2, r))
    h1, one, two, g = np.empty(r), np.empty(1), np.empty(1), np.empty(r)
    for sample in range(len(x)):
        answers[sample] = bias_4
        for j in range(p):
            v = into[0]
            v[:] = 0.0
            for k in range(inputs):
                v[k] = x[sample, k]
                v[n + k] = x[sample, k] * twiddles_in[j, k]
            at, length = inputs, n
            for level in range(levels):
                into[level + 1] = into[level]
                halve(into[level + 1], twiddles_in[j], at, length)
                at += length // 2
                length //= 2
            v = into[levels]
            for k in range(r):
                branch, row = positions[k] // 2, positions[k] % 2
                leaf = leaves_in[j, branch % 2, row]
                h1[k] = leaf[0] * v[2 * branch] + leaf[1] * v[2 * branch + 1] + bias_1[j, k]
            bend(code, h1)
            for k in range(r):
                out_of[0, k] = h1[k] * diagonal[j, k]
            at, length = 0, r
            for level in range(levels + 1):
                out_of[level + 1] = out_of[level]
                halve(out_of[level + 1], twiddles_out[j], at, length)
                at += length // 2
                length //= 2
            w = out_of[levels + 1]
            for o in range(m):
                row_o = jacobian[sample, o]
                place = positions[n - 1 - o]
                which = 0 if leaves == 1 else (place // 2) % 2
                leaf_0, leaf_1 = leaves_out[j, which, 0], leaves_out[j, which, 1]
                one[0] = leaf_0 * w[place] + leaf_1 * w[place + 1] + bias_2[j, o]
                bend(code, one)
                two[0] = one[0] + bias_3[j, o]
                bend(code, two)
                answers[sample, o] += two[0] * output[j, o]
                row_o[a_out + j * m + o] = two[0]
                third = output[j, o] * slope(code, two[0])
                row_o[a_b3 + j * m + o] = third
                second = third * slope(code, one[0])
                row_o[a_b2 + j * m + o] = second
                row_o[a_lout + (j * leaves + which) * 2] = second * w[place]
                row_o[a_lout + (j * leaves + which) * 2 + 1] = second * w[place + 1]
                g[:] = 0.0
                g[place], g[place + 1] = second * leaf_0, second * leaf_1
                _back(g, out_of, twiddles_out[j], row_o[a_tout + j * tout : a_tout + (j + 1) * tout], 0, levels + 1)
                for k in range(r):
                    row_o[a_diag + j * r + k] = g[k] * h1[k]
                    row_o[a_b1 + j * r + k] = g[k] * diagonal[j, k] * slope(code, h1[k])
                g[:] = 0.0
                for k in range(r):
                    branch, row = positions[k] // 2, positions[k] % 2
                    entering = row_o[a_b1 + j * r + k]
                    to = a_leaf + 8 * j + 4 * (branch % 2) + 2 * row
                    row_o[to] += entering * v[2 * branch]
                    row_o[to + 1] += entering * v[2 * branch + 1]
                    leaf = leaves_in[j, branch % 2, row]
                    g[2 * branch] += entering * leaf[0]
                    g[2 * branch + 1] += entering * leaf[1]
                _back(g, into, twiddles_in[j], row_o[j * tin : (j + 1) * tin], inputs, levels)
                for k in range(inputs):
                    row_o[j * tin + k] = g[n + k] * x[sample, k]
        for o in range(m):
            jacobian[sample, o, a_b4 + o] = 1.0
    return answers, jacobian


def dense_jacobian(
    x: Float[np.ndarray, "batch input"], weights: list[np.ndarray], activation: str
) -> tuple[Float[np.ndarray, "batch output"], Float[np.ndarray, "batch output parameter"]]:
    """Answers and Jacobian of dense layers [weight, bias, weight, bias, ...]."""
    code = CODES[activation]
    hidden = [np.asarray(x, dtype=float)]
    for k in range(0, len(weights), 2):
        z = hidden[-1] @ weights[k].T + weights[k + 1]
        if k + 2 < len(weights):
            bend(code, z.reshape(-1))
        hidden.append(z)
    answers = hidden[-1]
    delta = np.broadcast_to(np.eye(answers.shape[1]), (len(x), answers.shape[1], answers.shape[1]))
    parts: list[np.ndarray] = []
    for layer in range(len(weights) // 2 - 1, -1, -1):
        come = hidden[layer]
        parts[:0] = [(delta[..., None] * come[:, None, None, :]).reshape(*delta.shape[:2], -1), delta]
        if layer:
            delta = (delta @ weights[2 * layer]) * _slopes(code, come)[:, None]
    return answers, np.concatenate(parts, axis=2)


def _slopes(code: int, bent: np.ndarray) -> np.ndarray:
    if code == 1:
        return 1.0 - bent * bent
    if code == 0:
        return np.where(bent >= 0, 1.0, LEAK)
    return (bent > 0).astype(float) if code == 2 else np.ones_like(bent)
