"""The networks that study 08 compares: tuned as a whole, adapted node by node, designed, and the controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.models.reservoir import Network, State, adapt_inhibition, dale_network, design_inhibition, target_rates
from inscape.models.reservoir.adaptation import saturated_share, synchrony
from inscape.models.reservoir.conditional import gain_at_edge
from inscape.studies.reservoir.tasks import WASHOUT, Series, score

PHASES = ((3e-3, 3_000), (3e-4, 1_000))


def name_of(law: Any) -> str:
    """A target law in words: "0.5" or "Beta(8, 8)"."""
    return f"Beta({law[1]:g}, {law[2]:g})" if isinstance(law, list | tuple) else f"{law:g}"


def scored(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The score and the state of every arm on one network and one task.

    item : "network" (arguments of `dale_network`), "series" (fields of `Series`), "arms", "seed".
    """
    base = dale_network(**item["network"])
    series = Series(**item["series"])
    found = []
    for arm in item["arms"]:
        network, notes = built(arm, base, series, item["seed"])
        wanted = notes.pop("wanted", None)
        found.append({"score": score(network, series), **notes})
        if item.get("looked_at"):
            found[-1] |= looked_at(network, series)
            if wanted is not None:
                found[-1]["frozen_error"] = float(np.abs(found[-1]["rates"] - wanted).mean())
    return found


def built(arm: Mapping[str, Any], base: Network, series: Series, seed: int) -> tuple[Network, dict[str, Any]]:
    """The network of an arm, made from an unbalanced one, and what the making says of it.

    Every arm has a "kind":

    - "global": inhibition of all nodes times 1 - "balance".
    - "local": inhibition adapted to "targets" on the task's input, or on "adapted_on" (time,) in its place.
    - "one-step": the closed form for "targets".
    - "edge": the same at the gain c at which the network only just forgets its start on the task's input.
    - "inhibition permuted": adapted to "targets", and each node then given the summed inhibition of another one.
    - "targets permuted": as "local", the drawn rates dealt to other nodes.
    - "rates of global": adapted to the rates that the network has at "balance", dealt to other nodes.
    - "gain of local": all weights times one factor, which gives the mean gain of the network adapted to "targets".
    """
    kind = arm["kind"]
    learning = series.inputs[: series.training]
    random = np.random.default_rng([seed, 1])
    if kind == "global":
        return base.with_balance(arm["balance"]), {}
    if kind in ("one-step", "edge"):
        if kind == "edge":
            base = at_the_edge(base, learning, _law(arm), seed)
        design = design_inhibition(base, _law(arm), float(learning.mean()), seed=seed)
        rates = design.network.drive(learning)[WASHOUT:].mean(axis=0)
        error = float(np.abs(rates - design.targets).mean())
        return design.network, {"rate_error": error, "unreachable": len(design.unreachable), "gain": base.gain}
    if kind == "rates of global":
        rates = base.with_balance(arm["balance"]).drive(learning)[WASHOUT:].mean(axis=0)
        law: Any = random.permutation(np.clip(rates, 1e-3, 1 - 1e-3))
    elif kind == "targets permuted":
        law = random.permutation(design_inhibition(base, _law(arm), seed=seed).targets)
    else:
        law = _law(arm)
    adapted = adapt_inhibition(base, arm.get("adapted_on", learning), law, phases=PHASES, seed=seed)
    notes = {
        "rate_error": adapted.rate_error,
        "unreachable": len(adapted.unreachable),
        "settled": adapted.has_settled,
        "wanted": adapted.targets,
    }
    if kind == "inhibition permuted":
        sums = adapted.network.inhibition.sums
        given = random.permutation(sums)
        return adapted.network.with_inhibition(given / np.where(sums > 0, sums, 1.0)), notes
    if kind == "gain of local":
        wanted = node_gains(adapted.network, adapted.network.drive(learning)).mean()
        return with_mean_gain(base, float(wanted), learning), notes
    return adapted.network, notes


def node_gains(network: Network, activity: Float[np.ndarray, "time node"]) -> Float[np.ndarray, "node"]:
    """How much a node passes on: the mean slope c <r (1 - r)> times the norm of its weights, sqrt(sum_j w_ij^2)."""
    after = activity[WASHOUT:]
    norms = np.sqrt(np.asarray((network.synapses.matrix.power(2)).sum(axis=1)).ravel())
    return network.gain * (after * (1.0 - after)).mean(axis=0) * norms


def with_mean_gain(base: Network, wanted: float, inputs: Float[np.ndarray, "time"]) -> Network:
    """All recurrent weights times the one factor at which the mean gain over nodes is `wanted`, by bisection.

    The gain first rises with the weights and then falls as nodes saturate; the factor is sought on the rising side,
    and where it cannot be reached the factor of the largest gain is taken.
    """
    factors = np.geomspace(0.25, 4.0, 17)
    gains = [_gain_at(base, f, inputs) for f in factors]
    top = int(np.argmax(gains))
    reached = next((k for k in range(top + 1) if gains[k] >= wanted), None)
    if reached is None or reached == 0:
        return scaled(base, factors[top if reached is None else 0])
    low, high = factors[reached - 1], factors[reached]
    for _ in range(8):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if _gain_at(base, middle, inputs) < wanted else (low, middle)
    return scaled(base, float(np.sqrt(low * high)))


def at_the_edge(base: Network, inputs: Float[np.ndarray, "time"], law: Any, seed: int) -> Network:
    """The network at the gain at which its design's largest conditional exponent on this input is -0.05 a step."""
    targets = target_rates(law, base.nodes, seed)
    return replace(base, gain=gain_at_edge(base, inputs, targets, np.array([inputs.mean()])))


def scaled(network: Network, factor: float) -> Network:
    """Excitation and inhibition of every node times one factor."""
    all_nodes = np.full(network.nodes, factor)
    return replace(
        network, excitation=network.excitation.scaled(all_nodes), inhibition=network.inhibition.scaled(all_nodes)
    )


def looked_at(network: Network, series: Series) -> dict[str, Any]:
    """What a network does on the task's input: rates, gains, saturation, synchrony, and whether it forgets its start.

    "forgets" is the mean distance between the activities of a run from rest and one from another start, after the
    training samples: at rounding where the network follows its input, large where it is chaotic of itself.
    """
    learning = series.inputs[: series.training]
    activity = network.drive(learning)
    other = State.at_rest(network)
    other.activity[:] = np.random.default_rng(0).uniform(0.2, 0.8, network.nodes)
    apart = np.abs(network.drive(learning, other)[-100:] - activity[-100:]).mean()
    gains = node_gains(network, activity)
    return {
        "rates": activity[WASHOUT:].mean(axis=0),
        "balance": network.balance,
        "gains": gains,
        "mean_gain": float(gains.mean()),
        "saturated": saturated_share(activity[WASHOUT:]),
        "synchrony": synchrony(activity[WASHOUT:]),
        "forgets": float(apart),
    }


def _gain_at(base: Network, factor: float, inputs: np.ndarray) -> float:
    network = scaled(base, factor)
    return float(node_gains(network, network.drive(inputs[: WASHOUT + 600])).mean())


def _law(arm: Mapping[str, Any]) -> Any:
    law = arm["targets"]
    return tuple(law) if isinstance(law, list) else law
