"""`Network`: nodes that excite or inhibit, never both (Dale's law), and the balance between the two.

After Srinivasan, Plenz and Girvan (2025, arXiv 2504.12480, eq. 1): V(t + 1) = lambda V(t) + (A^E - A^I) r(t) +
W_in u(t), r = 1 / (1 + exp(-c (V - theta))).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Topology = Literal["erdos-renyi", "fixed"]
TOPOLOGIES: tuple[str, ...] = get_args(Topology)


@dataclass(frozen=True, eq=False)
class Synapses:
    """Positive weights in compressed rows: those onto node i stand at starts[i]..starts[i + 1].

    Parameters
    ----------
    starts : (node + 1,).
    sources : (synapse,) the node each comes from.
    weights : (synapse,) not negative.
    """

    starts: Int[np.ndarray, "node+1"]
    sources: Int[np.ndarray, "synapse"]
    weights: Float[np.ndarray, "synapse"]

    @classmethod
    def from_matrix(cls, matrix: Any) -> Synapses:
        """The entries of a (node, node) matrix, dense or sparse, that are not zero; row i is what node i receives."""
        from scipy.sparse import csr_array

        rows = csr_array(matrix)
        rows.eliminate_zeros()
        rows.sort_indices()
        return cls(rows.indptr.astype(np.int64), rows.indices.astype(np.uint32), rows.data.astype(float))

    @cached_property
    def targets(self) -> Int[np.ndarray, "synapse"]:
        """The node each synapse ends on."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    @property
    def sums(self) -> Float[np.ndarray, "node"]:
        """Summed weight onto each node."""
        return self.onto(np.ones(len(self.starts) - 1))

    def onto(self, rates: Float[np.ndarray, "node"]) -> Float[np.ndarray, "node"]:
        """What each node receives when every node is active at its rate."""
        return np.bincount(self.targets, self.weights * rates[self.sources], minlength=len(self.starts) - 1)

    def scaled(self, factors: Float[np.ndarray, "node"]) -> Synapses:
        """All synapses onto node i times factors[i]."""
        return replace(self, weights=self.weights * factors[self.targets])

    @property
    def matrix(self) -> csr_array:
        """The (node, node) weights as a sparse matrix."""
        from scipy.sparse import csr_array

        size = len(self.starts) - 1
        return csr_array((self.weights, self.sources.astype(np.int64), self.starts), shape=(size, size))


@dataclass(frozen=True, eq=False)
class Network:
    """A reservoir of excitatory and inhibitory nodes with logistic activity in (0, 1).

    Parameters
    ----------
    excitation, inhibition : synapses from excitatory and from inhibitory nodes, both as positive weights.
    entering : (node, input) weights of the input.
    gain, threshold : c and theta of the logistic function.
    retention : lambda, the share of a node's potential that it keeps for the next step.
    """

    excitation: Synapses
    inhibition: Synapses
    entering: Float[np.ndarray, "node input"]
    gain: float = 10.0
    threshold: float = 0.0
    retention: float = 0.0

    @property
    def nodes(self) -> int:
        return len(self.entering)

    @property
    def inputs(self) -> int:
        return self.entering.shape[1]

    @property
    def balance(self) -> Float[np.ndarray, "node"]:
        """beta of each node: summed excitation less summed inhibition; 0 is balanced, negative over-inhibited."""
        return self.excitation.sums - self.inhibition.sums

    @cached_property
    def synapses(self) -> Synapses:
        """Both kinds in one table, inhibition negative: what the network is stepped with."""
        return Synapses.from_matrix(self.excitation.matrix - self.inhibition.matrix)

    @property
    def without_inhibition(self) -> Int[np.ndarray, "count"]:
        """The nodes that no inhibitory node reaches: their rate cannot be regulated."""
        return np.flatnonzero(np.diff(self.inhibition.starts) == 0)

    def with_balance(self, balance: float) -> Network:
        """Inhibition times 1 - balance; with unit excitation and balanced means, the mean node then has that beta."""
        if not np.isfinite(balance) or balance > 1:
            raise InputError(f"balance: {balance!r} found, expected a number up to 1 (1 is no inhibition at all)")
        return self.with_inhibition(np.full(self.nodes, 1.0 - balance))

    def with_inhibition(self, factors: Float[np.ndarray, "node"]) -> Network:
        """The inhibition of node i times factors[i]."""
        return replace(self, inhibition=self.inhibition.scaled(np.asarray(factors, dtype=float)))

    def with_input_weights(self, entering: Float[np.ndarray, "node input"]) -> Network:
        """Other weights of the input."""
        return replace(self, entering=np.ascontiguousarray(entering, dtype=float))

    def drive(
        self,
        inputs: Float[np.ndarray, "time input"],
        start: State | None = None,
    ) -> Float[np.ndarray, "time node"]:
        """Activity after each sample was read; the state is held where a sample is missing (NaN).

        Parameters
        ----------
        inputs : (time, input), or (time,) for one input.
        start : where the network stands before; moved on in place. At rest (V = 0, r = 1/2) if None.
        """
        from inscape.models.reservoir import drive

        series = as_inputs(inputs, self.inputs)
        state = State.at_rest(self) if start is None else start
        table = self.synapses
        rows = np.empty((len(series), self.nodes))
        drive.run(
            table.starts,
            table.sources,
            table.weights,
            self.entering,
            np.zeros(self.nodes),
            series,
            state.potential,
            state.activity,
            self.numbers,
            drive.LOGISTIC,
            rows,
        )
        return rows

    @property
    def numbers(self) -> tuple[float, float, float, float]:
        """(gain, threshold, retention, leak) as the kernels want them."""
        return float(self.gain), float(self.threshold), float(self.retention), 1.0

    def record(self) -> dict[str, Any]:
        """The network as plain arrays and numbers; `from_record` brings it back."""
        return {
            "excitation_starts": self.excitation.starts,
            "excitation_sources": self.excitation.sources,
            "excitation_weights": self.excitation.weights,
            "inhibition_starts": self.inhibition.starts,
            "inhibition_sources": self.inhibition.sources,
            "inhibition_weights": self.inhibition.weights,
            "entering": self.entering,
            "gain": float(self.gain),
            "threshold": float(self.threshold),
            "retention": float(self.retention),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Network:
        """The inverse of `record`."""
        kinds = [
            Synapses(*(record[f"{kind}_{part}"] for part in ("starts", "sources", "weights")))
            for kind in ("excitation", "inhibition")
        ]
        return cls(kinds[0], kinds[1], record["entering"], record["gain"], record["threshold"], record["retention"])


@dataclass(eq=False)
class State:
    """Where a network stands: `potential` and `activity`, both (node,)."""

    potential: Float[np.ndarray, "node"]
    activity: Float[np.ndarray, "node"]

    @classmethod
    def at_rest(cls, network: Network) -> State:
        """No potential, and the activity that belongs to it."""
        rest = 1.0 / (1.0 + np.exp(network.gain * network.threshold))
        return cls(np.zeros(network.nodes), np.full(network.nodes, rest))

    def copy(self) -> State:
        return State(self.potential.copy(), self.activity.copy())


def dale_network(
    nodes: int = 500,
    inputs: int = 1,
    *,
    excitatory: float = 0.8,
    degree: float = 50,
    topology: Topology = "erdos-renyi",
    spread: float = 0.2,
    balance: float = 0.0,
    input_scale: float = 0.1,
    input_share: float = 1.0,
    gain: float = 10.0,
    threshold: float = 0.0,
    retention: float = 0.0,
    seed: int | np.random.Generator | None = 0,
) -> Network:
    """A random directed network in which excitation and inhibition balance on average.

    Weights are |normal| of mean mu and deviation `spread` mu, mu_E = 1 / (excitatory inputs of a node) and mu_I =
    1 / (inhibitory inputs), so that the expected excitation onto a node is 1 and so is the expected inhibition.
    The graph, its weights and the input weights come from streams of their own: with one seed, another `input_scale`
    scales the same input weights, and another `balance` the same inhibition.

    Parameters
    ----------
    nodes, inputs : how many.
    excitatory : share of excitatory nodes; they come first.
    degree : inputs of a node, of both kinds together: the mean ("erdos-renyi") or the number of every node ("fixed").
    topology : "erdos-renyi" (every pair with equal chance, so nodes differ in their balance) or "fixed".
    balance : global beta; inhibition is scaled by 1 - balance.
    input_scale : input weights are uniform in +- half of it.
    input_share : share of nodes that hear the input.
    gain, threshold, retention : as of `Network`.
    seed : same seed, same network.

    Raises
    ------
    InputError : if there are no inhibitory or no excitatory nodes, or fewer nodes than inputs onto one.
    """
    size, width = _whole("nodes", nodes, 2), _whole("inputs", inputs, 1)
    share = _between("excitatory", excitatory, 0.0, 1.0)
    many = round(share * size)
    if topology not in TOPOLOGIES:
        raise UnknownNameError("topology", str(topology), TOPOLOGIES)
    if many in (0, size):
        raise InputError(
            f"excitatory: {excitatory} of {size} nodes leaves {many} excitatory ones, expected some of each kind"
        )
    if not 0 < degree < size:
        raise InputError(
            f"degree: {degree!r} found, expected more than 0 and fewer than nodes={size} inputs onto a node"
        )
    _between("input_share", input_share, 0.0, 1.0)
    for name, value in (("spread", spread), ("input_scale", input_scale)):
        _number(name, value, least=0.0)
    _number("gain", gain, least=0.0)
    _number("threshold", threshold)
    _number("retention", retention, least=0.0)
    if retention >= 1:
        raise InputError(f"retention: {retention} found, expected less than 1, or potentials never forget")
    graph, weights, entering = np.random.default_rng(seed).spawn(3)
    fanned = [degree * many / size, degree * (size - many) / size]
    kinds = []
    for first, last, expected in ((0, many, fanned[0]), (many, size, fanned[1])):
        starts, sources = _wired(graph, size, first, last, expected, topology)
        mean = 1.0 / expected if topology == "erdos-renyi" else 1.0 / max(1, round(expected))
        strength = np.abs(weights.normal(mean, spread * mean, len(sources)))
        kinds.append(Synapses(starts, sources, strength))
    hearing = entering.permutation(size) < round(input_share * size)
    into = entering.uniform(-0.5, 0.5, (size, width)) * input_scale * hearing[:, None]
    made = Network(kinds[0], kinds[1], into, float(gain), float(threshold), float(retention))
    return made.with_balance(float(balance)) if balance else made


def _wired(
    random: np.random.Generator, size: int, first: int, last: int, expected: float, topology: str
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of sources first..last, none onto itself."""
    pool = last - first
    if topology == "erdos-renyi":
        linked = random.random((size, pool)) < expected / pool
    else:
        # The smallest keys of a row are a draw without replacement.
        keys = random.random((size, pool))
        keys[np.arange(first, last), np.arange(pool)] = np.inf
        count = min(max(1, round(expected)), pool - 1)
        linked = np.zeros((size, pool), dtype=bool)
        np.put_along_axis(linked, np.argpartition(keys, count - 1, axis=1)[:, :count], True, axis=1)
    linked[np.arange(first, last), np.arange(pool)] = False
    starts = np.concatenate([[0], np.cumsum(linked.sum(axis=1))]).astype(np.int64)
    return starts, (np.nonzero(linked)[1] + first).astype(np.uint32)


def as_inputs(inputs: Any, width: int) -> Float[np.ndarray, "time input"]:
    """A driving series as a contiguous float array, one column for each input.

    Raises
    ------
    InputError : if it has another shape or holds an infinity.
    """
    try:
        series = np.ascontiguousarray(inputs, dtype=float)
    except (TypeError, ValueError):
        raise InputError("inputs: something other than numbers found, expected an array (time, input)") from None
    series = series[:, None] if series.ndim == 1 else series
    if series.ndim != 2 or series.shape[1] != width or len(series) == 0:
        raise InputError(f"inputs: shape {np.shape(inputs)} found, expected (time, {width})")
    if np.isinf(series).any():
        raise InputError("inputs: infinite values found; mark missing samples as NaN")
    return series


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}: {value!r} found, expected a whole number, at least {least}")
    return int(value)


def _number(name: str, value: Any, least: float = -np.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not np.isfinite(value):
        raise InputError(f"{name}: {value!r} found, expected a finite number")
    if value < least:
        raise InputError(f"{name}: {value!r} found, expected {least:g} or more")
    return float(value)


def _between(name: str, value: Any, low: float, high: float) -> float:
    if not low < _number(name, value) <= high:
        raise InputError(f"{name}: {value!r} found, expected a share above {low:g} and up to {high:g}")
    return float(value)
