"""A network as one C99 header without dependencies, and the same arithmetic here, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.structured.butterfly import bit_reversal
from inscape.models.structured.c_code import StepScales, activation_code, c_float, forward_code, step_code
from inscape.models.structured.hankel_net import HankelNet
from inscape.models.structured.network import Network
from inscape.models.structured.stnn import StNN

Number = Literal["float32", "int8"]


@dataclass(frozen=True)
class CHeader:
    """A header and what it computes.

    Parameters
    ----------
    text : the header; `name_forward(const float *x, float *y)` and, with scales, `name_step(const float *window,
        float *next)` in the recording's units.
    weight_bytes : constants, in bytes.
    buffer_bytes : what a call needs on the stack for its arrays, in bytes.
    forward : (inputs,) -> (outputs,) in single precision, the numbers that the compiled header gives.
    step : the same for `name_step`; None without scales.
    """

    text: str
    weight_bytes: int
    buffer_bytes: int
    forward: Callable[[np.ndarray], np.ndarray]
    step: Callable[[np.ndarray], np.ndarray] | None = None


def c_header(
    network: Network,
    flat: Float[np.ndarray, "parameter"],
    inputs: int,
    outputs: int,
    *,
    number: Number = "float32",
    name: str = "net",
    scales: StepScales | None = None,
) -> CHeader:
    """Write a network out in C.

    With "int8" each weight array is stored as 8-bit integers and one scale (symmetric, its largest entry at 127);
    arithmetic is in single precision either way. Compiled without contraction to fused multiply-adds (gcc -std=c99, or
    -ffp-contract=off) the results are those of `CHeader.forward`, bit for bit. tanh is a quotient of
    polynomials, off by at most 1e-8 before rounding.

    Raises
    ------
    InputError : if `name` is no C identifier, `number` is unknown or the network is of another kind.
    """
    if not (name.isidentifier() and name.isascii()):
        raise InputError(f"name: {name!r} found, expected a C identifier")
    if number not in ("float32", "int8"):
        raise InputError(f"number: {number!r} found, expected 'float32' or 'int8'")
    arrays = network.unpack(np.asarray(flat, dtype=float), inputs, outputs)
    kept, declarations, size = _stored(arrays, number, name)
    body, buffers = forward_code(network, inputs, outputs, name)
    forward = _reference(network, kept, inputs)
    text = [
        f"/* {type(network).__name__}: {inputs} inputs, {outputs} outputs, {sum(w.size for w in kept.values())} weights"
        f" as {number}. C99, no dependencies.",
        "   For the same bits everywhere compile without fused multiply-adds: gcc -std=c99 or -ffp-contract=off. */",
        f"#ifndef {name.upper()}_H",
        f"#define {name.upper()}_H",
        "",
        *declarations,
        "",
        activation_code(getattr(network, "activation", "identity"), name),
        body,
    ]
    step = None
    if scales is not None:
        text.append(step_code(scales, name, inputs, outputs))
        size += 4 * 4 * outputs
        buffers += 4 * (inputs + outputs)
        step = _reference_step(scales, forward)
    text += ["#endif", ""]
    return CHeader("\n".join(text), size, buffers, forward, step)


def _stored(
    arrays: Mapping[str, np.ndarray], number: Number, name: str
) -> tuple[dict[str, np.ndarray], list[str], int]:
    """The weights as the header knows them, its declarations, and their size in bytes."""
    kept, lines, size = {}, [], 0
    for key, values in arrays.items():
        flat = values.astype(np.float32).ravel()
        if number == "float32":
            kept[key] = values.astype(np.float32)
            numbers = ", ".join(c_float(v) for v in flat)
            lines.append(f"static const float {name}_{key}[{flat.size}] = {{{numbers}}};")
            lines.append(f"#define {name.upper()}_{key.upper()}(i) ({name}_{key}[i])")
            size += 4 * flat.size
            continue
        largest = np.abs(flat).max()
        scale = np.float32(largest / np.float32(127.0)) if largest > 0 else np.float32(1.0)
        whole = np.clip(np.rint(flat / scale), -127, 127).astype(np.int8)
        kept[key] = (whole.astype(np.float32) * scale).reshape(values.shape)
        numbers = ", ".join(str(int(v)) for v in whole)
        lines.append(f"static const signed char {name}_{key}[{flat.size}] = {{{numbers}}};")
        lines.append(f"#define {name.upper()}_{key.upper()}(i) ((float){name}_{key}[i] * {c_float(scale)})")
        size += flat.size + 4
    return kept, lines, size


def _reference(network: Network, kept: Mapping[str, np.ndarray], inputs: int) -> Callable[[np.ndarray], np.ndarray]:
    from inscape.models.structured.kernels import CODES, bend, dense_layer, hankel_net_forward, stnn_forward

    activation = getattr(network, "activation", "identity")
    code = CODES["portable_tanh" if activation == "tanh" else activation]
    weights = list(kept.values())

    def forward(x: np.ndarray) -> np.ndarray:
        row = np.ascontiguousarray(x, dtype=np.float32).reshape(1, inputs)
        if isinstance(network, StNN):
            return stnn_forward(row, *weights, bit_reversal(2 * network.width(inputs)), code)[0]
        if isinstance(network, HankelNet):
            return hankel_net_forward(row, *weights, code)[0]
        for k in range(0, len(weights), 2):
            row = dense_layer(row, weights[k], weights[k + 1])
            if k + 2 < len(weights):
                bend(code, row[0])
        return row[0]

    return forward


def _reference_step(
    scales: StepScales, forward: Callable[[np.ndarray], np.ndarray]
) -> Callable[[np.ndarray], np.ndarray]:
    single = {
        k: np.asarray(getattr(scales, k), dtype=np.float32)
        for k in ("centre", "spread", "target_centre", "target_spread")
    }

    def step(window: np.ndarray) -> np.ndarray:
        z = (np.asarray(window, dtype=np.float32).reshape(scales.delays, -1) - single["centre"]) / single["spread"]
        y = forward(z.ravel()) * single["target_spread"] + single["target_centre"]
        y = y + z[-1] if scales.increment else y
        return y * single["spread"] + single["centre"]

    return step
