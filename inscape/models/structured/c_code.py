"""The C of a network: one function for its kind, in the order of operations of `kernels`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.structured.dense_net import DenseNet
from inscape.models.structured.hankel_net import HankelNet
from inscape.models.structured.network import LEAK, Network
from inscape.models.structured.stnn import StNN


@dataclass(frozen=True)
class StepScales:
    """What turns a window into the next sample: standardise, ask the network, undo."""

    delays: int
    increment: bool
    centre: Float[np.ndarray, "state"]
    spread: Float[np.ndarray, "state"]
    target_centre: Float[np.ndarray, "state"]
    target_spread: Float[np.ndarray, "state"]


def c_float(value: np.floating) -> str:
    """A single-precision number as C reads it back exactly."""
    text = f"{float(value):.9g}"
    return f"{text}f" if any(c in text for c in ".en") else f"{text}.0f"


def activation_code(activation: str, name: str) -> str:
    """`name_bend`."""
    if activation == "tanh":
        return f"""static float {name}_bend(float x)
{{
    float s, t;
    x = 0.5f * (x > 9.0f ? 9.0f : x < -9.0f ? -9.0f : x);
    s = x * x;
    t = x * (135135.0f + s * (17325.0f + s * (378.0f + s)))
        / (135135.0f + s * (62370.0f + s * (3150.0f + s * 28.0f)));
    return (t + t) / (1.0f + t * t);
}}
"""
    rule = {"leaky_relu": f"x < 0.0f ? x * {c_float(np.float32(LEAK))} : x", "relu": "x < 0.0f ? 0.0f : x"}
    return f"static float {name}_bend(float x) {{ return {rule.get(activation, 'x')}; }}\n"


def forward_code(network: Network, inputs: int, outputs: int, name: str) -> tuple[str, int]:
    """`name_forward`, and the bytes of its buffers."""
    if isinstance(network, StNN):
        return _stnn(network, inputs, outputs, name)
    if isinstance(network, HankelNet):
        return _hankel_net(network, inputs, outputs, name)
    if isinstance(network, DenseNet):
        return _dense(network, inputs, outputs, name)
    raise InputError(f"network: {type(network).__name__} found, expected StNN, HankelNet or DenseNet")


def _stnn(network: StNN, inputs: int, outputs: int, name: str) -> tuple[str, int]:
    n = network.width(inputs)
    r, m, big = 2 * n, outputs, name.upper()
    twiddles, leaves = r - 2 - (n - inputs), network.shapes(inputs, outputs)["leaves_out"][1]
    bits = r.bit_length() - 1
    leaf = "0" if leaves == 1 else "(place / 2) % 2"
    return (
        f"""static int {name}_position(int k)
{{
    int b, place = 0;
    for (b = 0; b < {bits}; b++) place = 2 * place + ((k >> b) & 1);
    return place;
}}

static void {name}_forward(const float *x, float *y)
{{
    float v[{r}], h[{r}], a, b;
    int i, j, k, s, at, length, place;
    for (i = 0; i < {m}; i++) y[i] = {big}_BIAS_4(i);
    for (j = 0; j < {network.p}; j++) {{
        for (k = 0; k < {r}; k++) v[k] = 0.0f;
        for (k = 0; k < {inputs}; k++) {{ v[k] = x[k]; v[{n} + k] = x[k] * {big}_TWIDDLES_IN(j * {twiddles} + k); }}
        for (at = {inputs}, length = {n}; length > 2; at += length / 2, length /= 2)
            for (s = 0; s < {r}; s += length)
                for (k = 0; k < length / 2; k++) {{
                    a = v[s + k]; b = v[s + length / 2 + k];
                    v[s + k] = a + b;
                    v[s + length / 2 + k] = (a - b) * {big}_TWIDDLES_IN(j * {twiddles} + at + k);
                }}
        for (k = 0; k < {n}; k++) {{
            a = v[2 * k]; b = v[2 * k + 1];
            i = 8 * j + 4 * (k % 2);
            v[2 * k] = {big}_LEAVES_IN(i) * a + {big}_LEAVES_IN(i + 1) * b;
            v[2 * k + 1] = {big}_LEAVES_IN(i + 2) * a + {big}_LEAVES_IN(i + 3) * b;
        }}
        for (k = 0; k < {r}; k++) h[k] = {name}_bend(v[{name}_position(k)] + {big}_BIAS_1({r} * j + k));
        for (k = 0; k < {r}; k++) v[k] = h[k] * {big}_DIAGONAL({r} * j + k);
        for (at = 0, length = {r}; length > 2; at += length / 2, length /= 2)
            for (s = 0; s < {r}; s += length)
                for (k = 0; k < length / 2; k++) {{
                    a = v[s + k]; b = v[s + length / 2 + k];
                    v[s + k] = a + b;
                    v[s + length / 2 + k] = (a - b) * {big}_TWIDDLES_OUT(j * {r - 2} + at + k);
                }}
        for (i = 0; i < {m}; i++) {{
            place = {name}_position({n - 1} - i);
            k = {2 * leaves} * j + 2 * ({leaf});
            a = {big}_LEAVES_OUT(k) * v[place] + {big}_LEAVES_OUT(k + 1) * v[place + 1] + {big}_BIAS_2({m} * j + i);
            a = {name}_bend({name}_bend(a) + {big}_BIAS_3({m} * j + i));
            y[i] += a * {big}_OUTPUT({m} * j + i);
        }}
    }}
}}
""",
        8 * r,
    )


def _hankel_net(network: HankelNet, inputs: int, outputs: int, name: str) -> tuple[str, int]:
    n, m, big = network.hidden(inputs), outputs, name.upper()
    first, second = n + inputs - 1, n + outputs - 1
    return (
        f"""static void {name}_forward(const float *x, float *y)
{{
    float h[{n}], sums[{m}][{n}];
    int i, j, k;
    for (i = 0; i < {m}; i++) for (k = 0; k < {n}; k++) sums[i][k] = 0.0f;
    for (j = 0; j < {network.p}; j++) {{
        for (i = 0; i < {n}; i++) h[i] = {big}_BIAS({n} * j + i);
        for (k = 0; k < {inputs}; k++)
            for (i = 0; i < {n}; i++) h[i] += {big}_INNER({first} * j + i + k) * x[k];
        for (i = 0; i < {n}; i++) h[i] = {name}_bend(h[i]);
        for (i = 0; i < {m}; i++)
            for (k = 0; k < {n}; k++) sums[i][k] += {big}_OUTER({second} * j + i + k) * h[k];
    }}
    for (i = 0; i < {m}; i++) {{
        y[i] = {big}_OFFSET(i);
        for (k = 0; k < {n}; k++) y[i] += sums[i][k];
    }}
}}
""",
        4 * n * (1 + m),
    )


def _dense(network: DenseNet, inputs: int, outputs: int, name: str) -> tuple[str, int]:
    widths = (inputs, *network.hidden, outputs)
    widest, big = max(widths), name.upper()
    lines = [
        f"static void {name}_forward(const float *x, float *y)",
        "{",
        f"    float a[{widest}], b[{widest}], total;",
        "    int i, k;",
        f"    for (k = 0; k < {inputs}; k++) a[k] = x[k];",
    ]
    for layer in range(1, len(widths)):
        come, go = widths[layer - 1], widths[layer]
        bent = f"{name}_bend(total)" if layer + 1 < len(widths) else "total"
        lines += [
            f"    for (i = 0; i < {go}; i++) {{",
            f"        total = {big}_BIAS_{layer}(i);",
            f"        for (k = 0; k < {come}; k++) total += {big}_WEIGHT_{layer}({come} * i + k) * a[k];",
            f"        b[i] = {bent};",
            "    }",
            f"    for (k = 0; k < {go}; k++) a[k] = b[k];",
        ]
    lines += [f"    for (k = 0; k < {outputs}; k++) y[k] = a[k];", "}", ""]
    return "\n".join(lines), 8 * widest


def step_code(scales: StepScales, name: str, inputs: int, outputs: int) -> str:
    """`name_step`."""
    lines = []
    for key in ("centre", "spread", "target_centre", "target_spread"):
        numbers = ", ".join(c_float(v) for v in np.asarray(getattr(scales, key), dtype=np.float32))
        lines.append(f"static const float {name}_{key}[{outputs}] = {{{numbers}}};")
    last = inputs - outputs
    held = f" + z[{last} + i]" if scales.increment else ""
    return "\n".join(
        [
            *lines,
            "",
            f"/* window: {scales.delays} samples of {outputs}, oldest first; next: the sample after them. */",
            f"static void {name}_step(const float *window, float *next)",
            "{",
            f"    float z[{inputs}], y[{outputs}];",
            "    int i;",
            f"    for (i = 0; i < {inputs}; i++)",
            f"        z[i] = (window[i] - {name}_centre[i % {outputs}]) / {name}_spread[i % {outputs}];",
            f"    {name}_forward(z, y);",
            f"    for (i = 0; i < {outputs}; i++) {{",
            f"        y[i] = y[i] * {name}_target_spread[i] + {name}_target_centre[i]{held};",
            f"        next[i] = y[i] * {name}_spread[i] + {name}_centre[i];",
            "    }",
            "}",
            "",
        ]
    )
