"""What a network costs: weights, operations, time of a call, bytes - beside dense and transform forms of its size."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape.models.structured.dense_net import DenseNet
from inscape.models.structured.hankel_net import HankelNet
from inscape.models.structured.network import Network
from inscape.models.structured.stnn import StNN


@dataclass(frozen=True)
class Cost:
    """Cost of one form of a network.

    Parameters
    ----------
    form : what it is.
    inputs, padded, outputs : numbers in a window, after padding, and in an answer.
    parameters : weights.
    operations : real sums and products of one answer, counted as torch dispatches them; None without torch.
    activations : evaluations of the activation for one answer; None without torch.
    microseconds : wall time of one compiled call with one window, on this machine, least of several; None if not taken.
    bytes : of the weights in single precision.
    """

    form: str
    inputs: int
    padded: int
    outputs: int
    parameters: int
    operations: int | None
    activations: int | None
    microseconds: float | None
    bytes: int


class CostTable(tuple[Cost, ...]):
    """Costs side by side, the network's own first; prints as a table."""

    __slots__ = ()

    @property
    def own(self) -> Cost:
        """The network's own cost."""
        return self[0]

    def __str__(self) -> str:
        own = self[0]
        padding = "" if own.padded == own.inputs else f", padded to {own.padded}"
        lines = [
            f"window of {own.inputs} numbers{padding}; {own.outputs} outputs",
            f"{'form':<44}{'weights':>9}{'operations':>12}{'us a call':>11}{'bytes':>9}",
        ]
        lines += [
            f"{c.form:<44}{c.parameters:>9}{_shown(c.operations):>12}{_shown(c.microseconds):>11}{c.bytes:>9}"
            for c in self
        ]
        return "\n".join(lines)

    __repr__ = __str__


def network_cost(network: Network, inputs: int, outputs: int, *, form: str | None = None, timed: bool = True) -> Cost:
    """The cost of one network on windows of `inputs` numbers."""
    parameters = network.parameters(inputs, outputs)
    operations = activations = None
    try:
        from inscape.models.structured.operations import count_operations
    except ImportError:
        # Operations are counted by torch; everything else is known without it.
        pass
    else:
        counted = count_operations(network.module(inputs, outputs), inputs)
        operations, activations = counted.arithmetic, counted.activations
    microseconds = None
    if timed:
        call = network.compiled(network.start(inputs, outputs), inputs, outputs, np.float32)
        microseconds = call_time(call, np.zeros((1, inputs), dtype=np.float32))
    return Cost(
        label(network) if form is None else form,
        inputs,
        network.width(inputs),
        outputs,
        parameters,
        operations,
        activations,
        microseconds,
        4 * parameters,
    )


def compare_costs(network: Network, inputs: int, outputs: int, *, timed: bool = True) -> CostTable:
    """The network beside dense nets of its widths and of its number of weights, and its form by Fourier transforms."""

    def cost(other: Network, form: str) -> Cost:
        return network_cost(other, inputs, outputs, form=form, timed=timed)

    own = network_cost(network, inputs, outputs, timed=timed)
    rows = [own]
    if isinstance(network, DenseNet):
        return CostTable(rows)
    same = DenseNet.same_widths(network, inputs, outputs)
    rows.append(cost(same, "dense, same widths " + "-".join(map(str, same.hidden))))
    matched = DenseNet.matched(own.parameters, inputs, outputs)
    rows.append(cost(matched, "dense, as many weights " + "-".join(map(str, matched.hidden))))
    if isinstance(network, StNN):
        exact = HankelNet(network.p, n=network.width(inputs), activation=network.activation, mode="fft")
        rows.append(cost(exact, "exact Hankel blocks of its size by FFT"))
    elif isinstance(network, HankelNet):
        for mode, form in (("dense", "its blocks multiplied out"), ("fft", "its blocks by FFT")):
            rows.append(cost(network.__class__(**{**network.get_params(), "mode": mode}), form))
    return CostTable(rows)


def label(network: Network) -> str:
    """The network in a few words: its kind, its size, its activation where it is not tanh."""
    sizes = network.get_params()
    size = "-".join(map(str, sizes["hidden"])) if "hidden" in sizes else f"p={sizes.get('p')}"
    rows = f" n={sizes['n']}" if sizes.get("n") is not None else ""
    bend = sizes.get("activation", "tanh")
    return f"{type(network).__name__} {size}{rows}{'' if bend == 'tanh' else ' ' + bend}"


def call_time(call: Callable[[Any], Any], argument: Any, *, calls: int = 30, repeats: int = 7) -> float:
    """Wall time of one call in microseconds: the least mean over `repeats` rounds of `calls`, after a first call."""
    call(argument)
    best = np.inf
    for _ in range(repeats):
        began = time.perf_counter()
        for _ in range(calls):
            call(argument)
        best = min(best, (time.perf_counter() - began) / calls)
    return 1e6 * best


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
