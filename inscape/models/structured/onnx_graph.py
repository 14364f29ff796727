"""A network as an ONNX graph that keeps its structure: butterflies as sums and products, Hankel blocks as filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.structured.butterfly import bit_reversal
from inscape.models.structured.c_code import StepScales
from inscape.models.structured.dense_net import DenseNet
from inscape.models.structured.hankel_net import HankelNet
from inscape.models.structured.network import LEAK, Network
from inscape.models.structured.stnn import StNN

OPSET = 17
FORMAT = 8
"""Version of the ONNX file format that goes with the operator set; newer runtimes read it, older ones too."""


def onnx_bytes(
    network: Network,
    flat: Float[np.ndarray, "parameter"],
    inputs: int,
    outputs: int,
    *,
    scales: StepScales | None = None,
) -> bytes:
    """The network as a serialised ONNX model in single precision.

    Without `scales`: "x" (batch, inputs) -> "y" (batch, outputs). With them: "window" (batch, delays, state), oldest
    sample first, -> "next" (batch, state), in the recording's units.

    Raises
    ------
    InputError : if the network is of another kind.
    MissingExtraError : without onnx.
    """
    onnx = require("onnx", "neural")
    graph = _Graph(onnx)
    weights = network.unpack(np.asarray(flat, dtype=float), inputs, outputs)
    if scales is None:
        last = _network(graph, network, weights, "x", inputs, outputs)
        graph.name(last, "y")
        ends = ("x", ["batch", inputs]), ("y", ["batch", outputs])
    else:
        z = graph.node("Div", graph.node("Sub", "window", graph.constant(scales.centre)), graph.constant(scales.spread))
        y = _network(graph, network, weights, graph.reshape(z, [0, inputs]), inputs, outputs)
        y = graph.node("Mul", y, graph.constant(scales.target_spread))
        y = graph.node("Add", y, graph.constant(scales.target_centre))
        if scales.increment:
            y = graph.node("Add", y, graph.node("Gather", z, graph.index(scales.delays - 1), axis=1))
        y = graph.node("Mul", y, graph.constant(scales.spread))
        graph.name(graph.node("Add", y, graph.constant(scales.centre)), "next")
        ends = ("window", ["batch", scales.delays, outputs]), ("next", ["batch", outputs])
    (come, come_shape), (go, go_shape) = ends
    single = onnx.TensorProto.FLOAT
    helper = onnx.helper
    built = helper.make_graph(
        graph.nodes,
        type(network).__name__,
        [helper.make_tensor_value_info(come, single, come_shape)],
        [helper.make_tensor_value_info(go, single, go_shape)],
        graph.constants,
    )
    model = helper.make_model(
        built, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="inscape", ir_version=FORMAT
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and constants of a graph under construction; every method returns the name of what it made."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, operator: str, *come: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, list(come), [name], **attributes))
        return name

    def constant(self, values: Any, kind: type = np.float32) -> str:
        name = f"c{len(self.constants)}"
        array = np.ascontiguousarray(values, dtype=kind).reshape(np.shape(values))
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def index(self, values: Any) -> str:
        return self.constant(values, np.int64)

    def reshape(self, x: str, shape: list[int]) -> str:
        return self.node("Reshape", x, self.index(shape))

    def part(self, x: str, start: int, stop: int, axis: int) -> str:
        return self.node("Slice", x, self.index([start]), self.index([stop]), self.index([axis]))

    def name(self, last: str, name: str) -> None:
        self.nodes.append(self.onnx.helper.make_node("Identity", [last], [name]))

    def bend(self, x: str, activation: str) -> str:
        if activation == "tanh":
            return self.node("Tanh", x)
        if activation == "relu":
            return self.node("Relu", x)
        return self.node("LeakyRelu", x, alpha=LEAK) if activation == "leaky_relu" else x


def _network(
    graph: _Graph, network: Network, weights: Mapping[str, np.ndarray], x: str, inputs: int, outputs: int
) -> str:
    if isinstance(network, StNN):
        return _stnn(graph, network, weights, x, inputs, outputs)
    if isinstance(network, HankelNet):
        return _hankel_net(graph, network, weights, x, inputs, outputs)
    if isinstance(network, DenseNet):
        for k in range(1, len(network.hidden) + 2):
            weight, bias = graph.constant(weights[f"weight_{k}"]), graph.constant(weights[f"bias_{k}"])
            x = graph.node("Gemm", x, weight, bias, transB=1)
            x = graph.bend(x, network.activation) if k <= len(network.hidden) else x
        return x
    raise InputError(f"network: {type(network).__name__} found, expected StNN, HankelNet or DenseNet")


def _hankel_net(
    graph: _Graph, network: HankelNet, weights: Mapping[str, np.ndarray], x: str, inputs: int, outputs: int
) -> str:
    """Two convolutions: H(c) x is the reversal of x filtered by c."""
    p, n = network.p, network.hidden(inputs)
    x = graph.reshape(x, [0, 1, inputs])
    first = graph.constant(weights["inner"][:, None, :])
    hidden = _reversed(graph, graph.node("Conv", x, first, pads=[n - 1, n - 1]), n)
    hidden = graph.bend(graph.node("Add", hidden, graph.constant(weights["bias"].reshape(1, p, n))), network.activation)
    second = graph.constant(weights["outer"][None])
    y = _reversed(graph, graph.node("Conv", hidden, second, pads=[outputs - 1, outputs - 1]), outputs)
    return graph.node("Add", graph.reshape(y, [0, outputs]), graph.constant(weights["offset"]))


def _reversed(graph: _Graph, x: str, length: int) -> str:
    return graph.node("Gather", x, graph.index(np.arange(length)[::-1]), axis=2)


def _stnn(graph: _Graph, network: StNN, weights: Mapping[str, np.ndarray], x: str, inputs: int, outputs: int) -> str:
    p, n = network.p, network.width(inputs)
    r, twiddles = 2 * n, weights["twiddles_in"]
    x = graph.reshape(x, [0, 1, inputs])
    twisted = graph.node("Mul", x, graph.constant(twiddles[:, :inputs]))
    plain = graph.node("Add", x, graph.constant(np.zeros((p, 1))))
    v = graph.node("Concat", graph.reshape(plain, [0, p, 1, inputs]), graph.reshape(twisted, [0, p, 1, inputs]), axis=2)
    if n > inputs:
        v = graph.node("Pad", v, graph.index([0, 0, 0, 0, 0, 0, 0, n - inputs]), graph.constant(0.0))
    v = _levels(graph, v, twiddles, inputs, 2, n, p)
    # (batch, p, n / 2, 2 branches, 1, 2) against leaves (p, 1, 2 branches, 2 rows, 2).
    v = graph.node("Mul", graph.reshape(v, [0, p, n // 2, 2, 1, 2]), graph.constant(weights["leaves_in"][:, None]))
    v = graph.node("ReduceSum", v, graph.index([-1]), keepdims=0)
    v = graph.node("Gather", graph.reshape(v, [0, p, r]), graph.index(bit_reversal(r)), axis=2)
    h1 = graph.bend(graph.node("Add", v, graph.constant(weights["bias_1"])), network.activation)
    v = graph.reshape(graph.node("Mul", h1, graph.constant(weights["diagonal"])), [0, p, 1, r])
    v = _levels(graph, v, weights["twiddles_out"], 0, 1, r, p)
    rows = bit_reversal(n)[n - 1 - np.arange(outputs)]
    leaves = weights["leaves_out"]
    chosen = leaves[:, rows % 2 if leaves.shape[1] == 2 else 0 * rows]
    v = graph.node("Mul", graph.node("Gather", v, graph.index(rows), axis=2), graph.constant(chosen))
    v = graph.node("ReduceSum", v, graph.index([-1]), keepdims=0)
    h2 = graph.bend(graph.node("Add", v, graph.constant(weights["bias_2"])), network.activation)
    h3 = graph.bend(graph.node("Add", h2, graph.constant(weights["bias_3"])), network.activation)
    y = graph.node("ReduceSum", graph.node("Mul", h3, graph.constant(weights["output"])), graph.index([1]), keepdims=0)
    return graph.node("Add", y, graph.constant(weights["bias_4"]))


def _levels(graph: _Graph, v: str, twiddles: np.ndarray, at: int, branches: int, length: int, p: int) -> str:
    """The levels of a butterfly on (batch, p, branch, length), down to length 2."""
    while length > 2:
        half = length // 2
        first, second = graph.part(v, 0, half, 3), graph.part(v, half, length, 3)
        twisted = graph.node("Mul", graph.node("Sub", first, second), graph.constant(twiddles[:, None, at : at + half]))
        halves = [graph.reshape(h, [0, p, branches, 1, half]) for h in (graph.node("Add", first, second), twisted)]
        v = graph.reshape(graph.node("Concat", *halves, axis=3), [0, p, 2 * branches, half])
        at, branches, length = at + half, 2 * branches, half
    return v
