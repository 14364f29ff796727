"""The front of size against accuracy, measured, and the best network within a budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.models.delay_forecaster import DelayForecaster
from inscape.models.structured.cost import Cost, network_cost
from inscape.models.structured.dense_net import DenseNet
from inscape.models.structured.hankel_net import HankelNet
from inscape.models.structured.network import Network
from inscape.models.structured.stnn import StNN
from inscape.trajectories import as_trajectories


@dataclass(frozen=True)
class FrontPoint:
    """One network, fitted.

    Parameters
    ----------
    forecaster : fitted.
    cost : of its network.
    error : mean squared one-step error on the held-out runs, in squared standard deviations of the target.
    """

    forecaster: DelayForecaster
    cost: Cost
    error: float


class Front(tuple[FrontPoint, ...]):
    """Measured points, cheapest first; prints as a table with those that nothing beats marked by a star."""

    __slots__ = ()

    def best(self, *, memory: float = np.inf, microseconds: float = np.inf, operations: float = np.inf) -> FrontPoint:
        """The most accurate point within every budget.

        Parameters
        ----------
        memory : bytes of weights in single precision.
        microseconds : of one compiled call.
        operations : sums and products of one answer.

        Raises
        ------
        InputError : if nothing is cheap enough; it names the cheapest.
        """
        fitting = [
            point
            for point in self
            if point.cost.bytes <= memory
            and (point.cost.microseconds or 0.0) <= microseconds
            and (point.cost.operations or 0) <= operations
        ]
        if not fitting:
            least = min(self, key=lambda point: point.cost.bytes)
            raise InputError(
                f"budget: no network of {len(self)} fits; the smallest, {least.cost.form}, takes {least.cost.bytes} "
                f"bytes, {least.cost.operations} operations and {least.cost.microseconds:.1f} microseconds"
            )
        return min(fitting, key=lambda point: point.error)

    def unbeaten(self) -> tuple[FrontPoint, ...]:
        """Points that no other matches in both weights and error."""
        return tuple(
            p
            for p in self
            if not any(
                q.cost.parameters <= p.cost.parameters
                and q.error <= p.error
                and q is not p
                and (q.cost.parameters, q.error) != (p.cost.parameters, p.error)
                for q in self
            )
        )

    def __str__(self) -> str:
        best = {id(p) for p in self.unbeaten()}
        lines = [f"  {'network':<40}{'weights':>9}{'operations':>12}{'us a call':>11}{'one-step MSE':>14}"]
        for p in self:
            c = p.cost
            done = "-" if c.operations is None else f"{c.operations:,}"
            lines.append(
                f"{'*' if id(p) in best else ' '} {c.form:<40}{c.parameters:>9}{done:>12}"
                f"{c.microseconds or np.nan:>11.1f}{p.error:>14.2e}"
            )
        return "\n".join(lines)

    __repr__ = __str__


def size_accuracy_front(
    learned_from: Any,
    held_out: Any,
    networks: Iterable[Network] | None = None,
    *,
    dt: float | None = None,
    **settings: Any,
) -> Front:
    """Fit networks of several sizes on the same windows and measure what each costs and how well it answers.

    Parameters
    ----------
    learned_from, held_out : runs of one system.
    networks : plans; Hankel, butterfly and dense networks of rising size if None.
    dt : sampling interval, for plain arrays.
    settings : of `DelayForecaster`: delays, target, method, steps, noise, seed, ...
    """
    runs, others = as_trajectories(learned_from, dt), as_trajectories(held_out, dt)
    forecaster = DelayForecaster(**settings)
    states = len(runs.state_names)
    inputs = int(forecaster.delays) * states
    points = []
    for network in default_networks(inputs, states) if networks is None else networks:
        fitted = DelayForecaster(network, **settings).fit(runs)
        cost = network_cost(network, inputs, states)
        points.append(FrontPoint(fitted, cost, fitted.one_step_mse(others)))
    if not points:
        raise InputError("networks: none found, expected at least one plan")
    return Front(sorted(points, key=lambda point: point.cost.parameters))


def default_networks(inputs: int, outputs: int) -> Sequence[Network]:
    """Hankel and butterfly networks of rising size, and dense ones of as many weights as each Hankel network has."""
    structured: list[Network] = [HankelNet(p) for p in (2, 4, 8, 16)]
    dense = [DenseNet.matched(net.parameters(inputs, outputs), inputs, outputs) for net in structured]
    return [*structured, *dense, *(StNN(p) for p in (1, 2, 4, 6) if outputs <= StNN(p).width(inputs))]
