"""The law of a reservoir as a system: a driven map in open loop, an autonomous one when fed its own answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.reservoir.network import State
from inscape.systems.definition import Definition, symbol
from inscape.systems.map import Map

if TYPE_CHECKING:
    from inscape.models.reservoir.reservoir import Reservoir

LARGEST = 200
"""Nodes up to which the law is written out: it has a term for every pair of nodes."""


@dataclass(frozen=True, eq=False)
class RateLaw:
    """s' = constant + linear s + rates r + squared r^2 + driven u, with r the activity of the potentials in s.

    Parameters
    ----------
    constant : (state,); linear : (state, state); rates, squared : (state, node); driven : (state, input).
    first : index in s of the first potential; the others follow.
    gain, threshold : of the logistic activity.
    """

    constant: Float[np.ndarray, "state"]
    linear: Float[np.ndarray, "state state"]
    rates: Float[np.ndarray, "state node"]
    squared: Float[np.ndarray, "state node"]
    driven: Float[np.ndarray, "state input"]
    first: int
    gain: float
    threshold: float

    def expressions(self, states: list[sympy.Symbol], inputs: list[sympy.Symbol]) -> tuple[sympy.Expr, ...]:
        """The law in symbols."""
        gain, threshold = sympy.Float(self.gain), sympy.Float(self.threshold)
        activity = [1 / (1 + sympy.exp(-gain * (v - threshold))) for v in states[self.first :]]
        squares = [r**2 for r in activity]
        pairs = ((self.linear, states), (self.rates, activity), (self.squared, squares), (self.driven, inputs))
        sides = []
        for i in range(len(states)):
            terms = [sympy.Float(float(self.constant[i]))]
            for table, factors in pairs:
                terms += [sympy.Float(float(table[i, j])) * factors[j] for j in np.flatnonzero(table[i])]
            sides.append(sympy.Add(*terms))
        return tuple(sides)

    def tangent_map(self) -> Callable[..., None]:
        """The map and its Jacobian as machine code, with the signature of `analysis.map_tangent.TANGENT_MAP`."""
        import numba

        from inscape.analysis.map_tangent import TANGENT_MAP

        constant, linear, rates, squared = self.constant, self.linear, self.rates, self.squared
        first, gain, threshold, nodes = self.first, self.gain, self.threshold, self.rates.shape[1]

        def step(state: Any, parameters: Any, image: Any, jacobian: Any) -> None:
            activity = np.empty(nodes)
            for j in range(nodes):
                activity[j] = 1.0 / (1.0 + np.exp(-gain * (state[first + j] - threshold)))
            for i in range(len(state)):
                total = constant[i]
                for j in range(len(state)):
                    total += linear[i, j] * state[j]
                    jacobian[i, j] = linear[i, j]
                for j in range(nodes):
                    r = activity[j]
                    total += (rates[i, j] + squared[i, j] * r) * r
                    jacobian[i, first + j] += (rates[i, j] + 2.0 * squared[i, j] * r) * gain * r * (1.0 - r)
                image[i] = total

        return numba.njit(TANGENT_MAP)(step)


@dataclass(frozen=True, eq=False)
class RateDefinition(Definition):
    """A law of rates in symbols, which brings its own machine code: sympy need not derive what is known."""

    rate_law: RateLaw

    def tangent_map(self) -> Callable[..., None]:
        """See `RateLaw.tangent_map`."""
        return self.rate_law.tangent_map()


def closed_loop_map(model: Reservoir) -> Map:
    """State variables x and potentials v of all nodes: x' = readout(r(v), x), v' = retention v + W r(v) + W_in z(x').

    What drives the recorded system stays an input of the map and acts on the step that starts at it. The initial state
    is the mean of the recording with the network at rest.
    """
    _check_size(model)
    network = model.network
    nodes, width, driven = network.nodes, len(model.state_names_), len(model.input_names_)
    coef = model.readout_.T
    of_rates = coef[:, :nodes]
    of_squares = coef[:, nodes : 2 * nodes] if model.squares else np.zeros((width, nodes))
    # What the readout and the network hear is standardised; the map speaks in the units of the recording.
    of_states = coef[:, -(width + driven) :][:, :width] / model.spread_
    of_inputs = coef[:, coef.shape[1] - driven :] / model.input_spread_
    base = model.constant_ - of_states @ model.centre_ - of_inputs @ model.input_centre_
    into, beside = network.entering[:, :width], network.entering[:, width:] / model.input_spread_
    spread = model.spread_[:, None]
    linear = np.zeros((width + nodes, width + nodes))
    linear[:width, :width] = spread * of_states
    linear[width:, :width] = into @ of_states
    linear[width:, width:] = network.retention * np.eye(nodes)
    law = RateLaw(
        np.concatenate([model.centre_ + model.spread_ * base, into @ base - beside @ model.input_centre_]),
        linear,
        np.concatenate([spread * of_rates, network.synapses.matrix.toarray() + into @ of_rates]),
        np.concatenate([spread * of_squares, into @ of_squares]),
        np.concatenate([spread * of_inputs, into @ of_inputs + beside]),
        width,
        network.gain,
        network.threshold,
    )
    names = (*model.state_names_, *_potential_names(model))
    initial = np.concatenate([model.centre_, np.zeros(nodes)])
    return _map("reservoir", law, names, model.input_names_, initial)


def driven_map(model: Reservoir) -> Map:
    """Potentials v of all nodes, driven by what the network hears, in the units of the recording."""
    _check_size(model)
    network = model.network
    nodes = network.nodes
    centre = np.concatenate([model.centre_, model.input_centre_])
    entering = network.entering / np.concatenate([model.spread_, model.input_spread_])
    law = RateLaw(
        -entering @ centre,
        network.retention * np.eye(nodes),
        network.synapses.matrix.toarray(),
        np.zeros((nodes, nodes)),
        entering,
        0,
        network.gain,
        network.threshold,
    )
    inputs = (*model.state_names_, *model.input_names_)
    return _map("driven reservoir", law, _potential_names(model), inputs, np.zeros(nodes))


def loop_start(model: Reservoir, history: object) -> Float[np.ndarray, "state"]:
    """The state (variables, then potentials) of the closed-loop map after it has read a history."""
    past = model._history(history)
    network = model.network
    state = State.at_rest(network)
    network.drive(model._heard(past), state)
    return np.concatenate([past.states[-1], state.potential])


def _map(name: str, law: RateLaw, states: tuple[str, ...], inputs: tuple[str, ...], initial: np.ndarray) -> Map:
    sides = law.expressions([symbol(n) for n in states], [symbol(n) for n in inputs])
    return Map(RateDefinition(name, states, inputs, {}, sides, law), initial=initial)


def _potential_names(model: Reservoir) -> tuple[str, ...]:
    prefix = "v"
    while any(n.startswith(prefix) and n[len(prefix) :].isdigit() for n in (*model.state_names_, *model.input_names_)):
        prefix += "_"
    return tuple(f"{prefix}{i}" for i in range(model.network.nodes))


def _check_size(model: Reservoir) -> None:
    if len(model.rates_) > LARGEST:
        raise InputError(
            f"law: {len(model.rates_)} nodes found, a reservoir's law is written out for up to {LARGEST}; "
            "driven_exponents and forecast work at every size"
        )
