"""`DMD`: dynamic mode decomposition - the best linear law of a recording, with delays and inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Complex, Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError, UnknownNameError
from inscape.models.mode_selection import Growing, check_selection, chosen_factors, mode_strengths
from inscape.models.model import Model
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem

VARIANTS = ("exact", "forward-backward", "total")


class DMD(Model):
    """Linear law of the (delay-embedded) state, h[k+1] = A h[k] + B u[k].

    Exact DMD after Tu et al. (2014, J. Comput. Dyn. 1:391), with inputs after Proctor, Brunton, Kutz (2016, SIAM J.
    Appl. Dyn. Syst. 15:142), on delays after Arbabi and Mezic (2017); forward-backward after Dawson et al. (2016) and
    total least squares after Hemati et al. (2017), which take the bias of sensor noise out of the eigenvalues.

    Parameters
    ----------
    rank : singular values kept: a number of them, "optimal" (Gavish and Donoho 2014) or None for all above rounding.
    variant : "exact", "forward-backward" or "total"; the last two without inputs.
    delays : samples in the embedded state, the newest first.
    offset : learn a constant as well, h[k+1] = A h[k] + B u[k] + c; without it, zero is a fixed point.
    growing : modes with an eigenvalue outside the unit circle, which blow long forecasts up: "keep" them, make them
        "steady" (moved onto the circle, their frequency kept), or "drop" them.
    most_modes : keep only so many, those that carry most of the recording; a conjugate pair stays whole.

    Notes
    -----
    After `fit`, n = state * delays: `operator_` (n, n), `input_operator_` (n, input), `eigenvalues_` (rank,) a sample,
    `modes_` (n, rank), `amplitudes_` (rank,) of the first sample, `strengths_` (rank,), the rms of what each mode
    carries of the recording, `rank_`, `singular_values_`, `constant_` (n,). Modes that were dropped are in none.
    """

    _takes_inputs = True

    def __init__(
        self,
        rank: int | Literal["optimal"] | None = None,
        *,
        variant: Literal["exact", "forward-backward", "total"] = "exact",
        delays: int = 1,
        offset: bool = True,
        growing: Growing = "keep",
        most_modes: int | None = None,
    ):
        self.rank = rank
        self.variant = variant
        self.delays = delays
        self.offset = offset
        self.growing = growing
        self.most_modes = most_modes

    def _learn(self, runs: Trajectories) -> None:
        self._check(runs)
        self._past = int(self.delays)
        driven = len(runs.input_names)
        before, after, acting = self._pairs(runs)
        if before.shape[1] < 1:
            raise InputError(
                f"recording: {max(map(len, runs))} samples in the longest run, expected over {self.delays} in a row"
            )
        means = [part.mean(axis=1, keepdims=True) if self.offset else 0.0 for part in (before, after, acting)]
        before, after, acting = (part - mean for part, mean in zip((before, after, acting), means, strict=True))
        if self.variant == "total":
            before, after = _total_least_squares(before, after, self._rank_of(np.concatenate([before, after])))
        joint = np.concatenate([before, acting]) if driven else before
        u, s, vt = np.linalg.svd(joint, full_matrices=False)
        self.singular_values_ = s
        self.rank_ = self._rank_of(joint, s)
        u, s, vt = u[:, : self.rank_], s[: self.rank_], vt[: self.rank_]
        self.start_ = (before[:, -1:] + means[0])[:, 0]
        size = len(before)
        # A recording that stands still has no direction to divide by; its constant says it all.
        mapped = after @ (vt.T * np.where(s > 0, 1 / np.where(s > 0, s, 1.0), 0.0))
        whole = mapped @ u.T
        self.operator_, self.input_operator_ = whole[:, :size], whole[:, size:]
        if driven:
            self.eigenvalues_, self.modes_, vectors = _sorted_eigen(self.operator_, None)
            self._select(vectors, np.linalg.pinv(vectors), before)
        else:
            reduced = u.T @ mapped
            if self.variant == "forward-backward":
                reduced = _forward_backward(reduced, u, before, after)
                self.operator_ = u @ reduced @ u.T
            # Exact modes carry the part of the next sample that leaves the space of the samples before.
            carrier = u if self.variant == "forward-backward" else mapped
            self.eigenvalues_, self.modes_, vectors = _sorted_eigen(reduced, carrier)
            self._select(u @ vectors, np.linalg.pinv(vectors) @ u.T, before)
        self.constant_ = np.zeros(size)
        if self.offset:
            drift = means[1] - self.operator_ @ means[0]
            self.constant_ = (drift - self.input_operator_ @ means[2])[:, 0] if driven else drift[:, 0]
        self.amplitudes_ = np.linalg.lstsq(self.modes_, before[:, 0].astype(complex), rcond=None)[0]

    def _select(self, right: np.ndarray, left: np.ndarray, before: np.ndarray) -> None:
        self.strengths_ = mode_strengths(right, left, before)
        factors = chosen_factors(self.eigenvalues_, self.strengths_, growing=self.growing, most_modes=self.most_modes)
        if (factors == 1).all():
            return
        self.operator_ = np.real(self.operator_ @ (right * factors) @ left)
        stays = factors > 0
        self.eigenvalues_ = (self.eigenvalues_ * factors)[stays]
        self.modes_, self.strengths_ = self.modes_[:, stays], self.strengths_[stays]

    def _pairs(self, runs: Trajectories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        d = int(self.delays)
        befores, afters, inputs = [], [], []
        for run in runs:
            if len(run) <= d:
                continue
            embedded = self._embed(run.states)
            acting = run.inputs[d - 1 : -1] if run.inputs is not None else np.empty((len(run) - d, 0))
            whole = np.isfinite(embedded).all(axis=1)
            known = whole[:-1] & whole[1:] & np.isfinite(acting).all(axis=1)
            befores.append(embedded[:-1][known])
            afters.append(embedded[1:][known])
            inputs.append(acting[known])
        if not befores:
            return np.empty((1, 0)), np.empty((1, 0)), np.empty((0, 0))
        return np.concatenate(befores).T, np.concatenate(afters).T, np.concatenate(inputs).T

    def _embed(self, states: np.ndarray) -> np.ndarray:
        d = int(self.delays)
        x = np.asarray(states, dtype=float)
        return np.concatenate([x[d - 1 - lag : len(x) - lag] for lag in range(d)], axis=1)

    def _rank_of(self, matrix: np.ndarray, singular: np.ndarray | None = None) -> int:
        s = np.linalg.svd(matrix, compute_uv=False) if singular is None else singular
        full = max(1, int((s > s[0] * max(matrix.shape) * np.finfo(float).eps).sum()))
        if self.rank is None:
            return full
        if self.rank == "optimal":
            return min(full, optimal_rank(s, matrix.shape))
        return min(full, int(self.rank))

    def _check(self, runs: Trajectories) -> None:
        if self.variant not in VARIANTS:
            raise UnknownNameError("variant", str(self.variant), VARIANTS)
        check_selection(self.growing, self.most_modes)
        if self.variant != "exact" and runs.input_names:
            raise InputError(f"variant: {self.variant!r} found for a driven recording, expected 'exact'")
        for name, value in (("delays", self.delays), ("rank", self.rank)):
            if name == "rank" and (value is None or value == "optimal"):
                continue
            if isinstance(value, (bool, str)) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        embedded = self._embed(history.states[-self._past :])[0]
        push = np.tile(self.constant_, (horizon, 1))
        if inputs is not None and history.inputs is not None:
            push += np.concatenate([history.inputs[-1:], inputs])[:-1] @ self.input_operator_.T
        states = np.empty((horizon, len(self.state_names_)))
        for step in range(horizon):
            embedded = self.operator_ @ embedded + push[step]
            states[step] = embedded[: states.shape[1]]
        return states

    @property
    def continuous_eigenvalues_(self) -> Complex[np.ndarray, "rank"]:
        """log(eigenvalue) / dt: growth rate and angular frequency, per time unit."""
        check_is_fitted(self)
        with np.errstate(divide="ignore"):
            return np.log(self.eigenvalues_.astype(complex)) / self.dt_

    @property
    def frequencies_(self) -> Float[np.ndarray, "rank"]:
        """Cycles per time unit of each mode."""
        return self.continuous_eigenvalues_.imag / (2 * np.pi)

    @property
    def law(self) -> SymbolicSystem:
        """A linear `Map` of the (delay-embedded) state; older samples are named x_back1, x_back2, ..."""
        from inscape.systems import Map

        check_is_fitted(self)
        definition = self._definition(self.operator_, self.input_operator_, self.constant_)
        return Map(definition, initial=self.start_)

    @property
    def flow(self) -> SymbolicSystem:
        """The linear `Flow` whose steps of length dt the map makes.

        Raises
        ------
        AttributeError : if the map has no real logarithm (an eigenvalue on the negative real axis, or zero).
        """
        from scipy.linalg import logm

        from inscape.systems import Flow

        check_is_fitted(self)
        values = np.linalg.eigvals(self.operator_)
        if (np.abs(values) < 1e-12).any() or ((values.real < 0) & (np.abs(values.imag) < 1e-12)).any():
            raise AttributeError("DMD has no flow: its map has an eigenvalue that is zero or negative; use law, a Map")
        # Held inputs and the constant are states that stand still, so one logarithm serves all three parts.
        still = np.concatenate([self.input_operator_, self.constant_[:, None]], axis=1)
        size = len(self.operator_)
        step = np.eye(size + still.shape[1])
        step[:size, :size], step[:size, size:] = self.operator_, still
        generator = np.real(logm(step)) / self.dt_
        definition = self._definition(generator[:size, :size], generator[:size, size:-1], generator[:size, -1])
        return Flow(definition, initial=self.start_)

    def _definition(self, operator: np.ndarray, driving: np.ndarray, constant: np.ndarray) -> Any:
        import sympy

        from inscape.systems.definition import Definition, symbol

        names = tuple(n if lag == 0 else f"{n}_back{lag}" for lag in range(self._past) for n in self.state_names_)
        variables = [symbol(n) for n in (*names, *self.input_names_)]
        rows = np.concatenate([operator, driving], axis=1)
        sides = tuple(
            sympy.Add(
                sympy.Float(float(c)) if c else sympy.S.Zero,
                *(sympy.Float(float(a)) * v for a, v in zip(row, variables, strict=True) if a),
            )
            for c, row in zip(constant, rows, strict=True)
        )
        return Definition("dmd", names, self.input_names_, {}, sides)


def optimal_rank(singular: Float[np.ndarray, "value"], shape: tuple[int, int]) -> int:
    """Singular values above the optimal hard threshold for white noise of unknown level.

    Gavish and Donoho (2014, IEEE Trans. Inf. Theory 60:5040), eq. 5 for the polynomial in the aspect ratio.
    """
    beta = min(shape) / max(shape)
    threshold = (0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43) * np.median(singular)
    return max(1, int((singular > threshold).sum()))


def _total_least_squares(before: np.ndarray, after: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    # Noise sits in both samples of a pair; both are projected on the directions in time that the pair shares.
    _, _, vt = np.linalg.svd(np.concatenate([before, after]), full_matrices=False)
    basis = vt[: min(rank, len(before))]
    return before @ basis.T @ basis, after @ basis.T @ basis


def _forward_backward(forward: np.ndarray, u: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    from scipy.linalg import sqrtm

    x, y = u.T @ before, u.T @ after
    backward = x @ np.linalg.pinv(y)
    root = sqrtm(forward @ np.linalg.inv(backward))
    if not np.isfinite(root).all():
        raise InputError("variant: 'forward-backward' finds no square root on these data; lower the rank")
    return np.real(root)


def _sorted_eigen(operator: np.ndarray, carrier: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values, vectors = np.linalg.eig(operator)
    order = np.argsort(-np.abs(values), kind="stable")
    values, vectors = values[order], vectors[:, order]
    return values, vectors if carrier is None else carrier @ vectors, vectors
