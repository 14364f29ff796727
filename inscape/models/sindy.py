"""`SINDy`: a sparse law x' = Theta(x, u) Xi or x[k+1] = Theta(x[k], u[k]) Xi, read off trajectories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError, UnknownNameError
from inscape.models.dictionary import Library, Monomials, Terms, polynomial
from inscape.models.discovery import discover, least_squares_on, supports_of
from inscape.models.formula import Formula
from inscape.models.model import Model
from inscape.models.normal_equations import (
    NormalEquations,
    block_bootstrap,
    dependent_terms,
    normal_equations,
    row_bootstrap,
)
from inscape.models.persistence import strongest_period
from inscape.models.rollout import next_states, rollout, tape
from inscape.models.rows import Rows, check_variables_move, given_rows, next_rows, rate_rows
from inscape.models.sparse_ensemble import AGGREGATES, check_ensemble, refuse_empty, sparse_ensemble
from inscape.models.sparse_law import SparseLaw
from inscape.models.weak import bump_half_width, noise_level, weak_rows
from inscape.systems.plan import number
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem

NOISY = 1e-4
"""Noise, in standard deviations of a state, above which derivative="auto" integrates instead of differentiating."""


class SINDy(Model):
    """Sparse identification of nonlinear dynamics, with ensembles (Brunton et al. 2016; Fasel et al. 2022).

    Parameters
    ----------
    library : candidate terms, of `inscape.models.dictionary`; if None, polynomials of the degree that the data ask for.
    threshold : coefficients below it are dropped; "auto" finds the support from the training data alone.
    alpha : ridge penalty while terms are dropped, as in PySINDy (not used by threshold="auto").
    time : "continuous" learns rates of change, "discrete" the next sample.
    derivative : how rates are found: "weak" (integrals against test functions), a method of
        `inscape.trajectories.derivative`, or "auto", which differentiates clean runs and integrates noisy ones.
    derivative_options : for that method.
    ensemble : number of bootstrap models; 0 fits once.
    bootstrap : "blocks" draws contiguous stretches, as suits a time series, "rows" single samples.
    drop : terms left out of each model at random (library ensemble).
    aggregate : "median" or "mean" of the models' coefficients.
    inclusion : terms present in a smaller share of the models are set to zero.
    normalize : divide terms by their norm before thresholding.
    max_rounds, refit : as of `stlsq`.
    project : (..., state) -> (..., state), applied after each step of a discrete law.
    seed : of the bootstrap.

    Notes
    -----
    After `fit`: `coef_` (state, term), `coef_samples_` (model, state, term), `inclusion_` (state, term),
    `terms_`, `condition_` (of the terms, columns scaled), `collinear_` (groups of term names that are linearly
    dependent on these data), `unexplained_` (state,) (rms of what the law leaves of each rate, as a share of its rms:
    large where the library lacks a term or noise drowns it), `rows_` (number of regression rows), `library_`,
    `threshold_` (with "auto", the smallest coefficient kept), `method_` (where the rows come from), `starts_`
    (run, state) (where the runs began).
    """

    _takes_inputs = True

    def __init__(
        self,
        library: Library | None = None,
        *,
        threshold: float | Literal["auto"] = "auto",
        alpha: float = 0.05,
        time: Literal["continuous", "discrete"] = "continuous",
        derivative: str = "auto",
        derivative_options: Mapping[str, Any] | None = None,
        ensemble: int = 0,
        bootstrap: Literal["blocks", "rows"] = "blocks",
        drop: int = 0,
        aggregate: Literal["median", "mean"] = "median",
        inclusion: float = 0.0,
        normalize: bool = False,
        max_rounds: int = 20,
        refit: bool = True,
        project: Callable[[np.ndarray], np.ndarray] | None = None,
        seed: int | None = 0,
    ):
        self.library = library
        self.threshold = threshold
        self.alpha = alpha
        self.time = time
        self.derivative = derivative
        self.derivative_options = derivative_options
        self.ensemble = ensemble
        self.bootstrap = bootstrap
        self.drop = drop
        self.aggregate = aggregate
        self.inclusion = inclusion
        self.normalize = normalize
        self.max_rounds = max_rounds
        self.refit = refit
        self.project = project
        self.seed = seed

    @property
    def _needs_uniform_sampling(self) -> bool:  # type: ignore[override]
        return self.time == "discrete" or self.derivative in ("weak", "savgol", "spectral")

    def fit(self, trajectories: Any, dt: float | None = None, *, derivatives: Any = None) -> Self:
        """Learn the law; `derivatives` are measured rates (time, state), one array for each run, where one has them.

        Raises
        ------
        InputError : with fewer rows than terms, a constant variable, uneven times, or when every term was dropped.
        """
        self._derivatives = derivatives
        self.method_ = "given"
        try:
            return super().fit(trajectories, dt)
        finally:
            del self._derivatives

    def _learn(self, runs: Trajectories) -> None:
        self._check_parameters()
        self.__dict__.pop("_flow", None)
        self.__dict__.pop("_tape", None)
        check_variables_move(runs)
        if self.threshold == "auto":
            self._discover(runs)
        else:
            self.library_ = polynomial(2) if self.library is None else self.library
            self.terms_ = self.library_.terms(runs.state_names, runs.input_names)
            self._solve(self._rows(runs, self.terms_), float(self.threshold))
        self.start_ = _last_complete(runs)
        self.starts_ = _first_complete(runs)
        longest = max(runs, key=len)
        season = strongest_period(longest.states)
        self.period_ = season * self.dt_ if season > 1 else None

    def _rows(self, runs: Trajectories, terms: Terms) -> Rows:
        options = dict(self.derivative_options or {})
        if self._derivatives is not None:
            return given_rows(runs, terms, self._derivatives)
        if self.time == "discrete":
            self.method_ = "next sample"
            return next_rows(runs, terms)
        method = self.derivative
        if method == "auto":
            method = "weak" if self._is_noisy(runs) else "finite"
            options = options if method == "weak" else {"order": 8} | options
        self.method_ = method
        return weak_rows(runs, terms, **options) if method == "weak" else rate_rows(runs, terms, method, options)

    def _is_noisy(self, runs: Trajectories) -> bool:
        long_enough = max(map(len, runs)) >= 8 * bump_half_width(runs) and all(run.is_uniform for run in runs)
        return long_enough and bool((noise_level(runs) > NOISY).any())

    def _discover(self, runs: Trajectories) -> None:
        own = self._derivatives is not None or (self.time == "continuous" and self.derivative != "auto")
        rows = (lambda terms: self._rows(runs, terms)) if own else None
        found = discover(
            runs, self.library, self.time == "discrete", rows, **dict(self.derivative_options or {}) if not own else {}
        )
        self.library_, self.terms_, table = found.library, found.terms, found.rows
        if not own:
            self.method_ = found.method
        single = normal_equations(table.terms, table.targets)
        self._describe(single)
        samples = found.coefficients[None]
        if self.ensemble:
            draw = block_bootstrap if self.bootstrap == "blocks" else row_bootstrap
            models = int(self.ensemble)
            matrix = draw(table.terms, table.targets, models, np.random.default_rng(self.seed)).matrix
            assert matrix is not None
            drawn = []
            for model in range(models):
                weighted = Rows(*matrix(model))
                support = supports_of(weighted.terms, weighted.targets, found.effective_rows)
                drawn.append(least_squares_on(weighted, support))
            samples = np.stack(drawn)
        kept = np.abs(found.coefficients[found.support])
        self._keep(samples, single, table, float(kept.min()) if kept.size else 0.0)

    def _solve(self, rows: Rows, threshold: float) -> None:
        single = normal_equations(rows.terms, rows.targets)
        self._describe(single)
        samples = sparse_ensemble(
            rows,
            threshold,
            self.alpha,
            models=int(self.ensemble),
            bootstrap=self.bootstrap,
            drop=int(self.drop),
            max_rounds=self.max_rounds,
            normalize=self.normalize,
            refit=self.refit,
            seed=self.seed,
            single=single,
        )[:, 0]
        self._keep(samples, single, rows, threshold)

    def _keep(self, samples: np.ndarray, single: NormalEquations, rows: Rows, threshold: float) -> None:
        self.threshold_ = threshold
        self.rows_ = len(rows.terms)
        self.coef_samples_ = samples
        self.inclusion_ = (samples != 0).mean(axis=0)
        combined = AGGREGATES[self.aggregate](samples, axis=0)
        self.coef_ = np.where(self.inclusion_ >= self.inclusion, combined, 0.0)
        size = np.sum(rows.targets**2, axis=0)
        left = np.sum((rows.targets - rows.terms @ self.coef_.T) ** 2, axis=0)
        self.unexplained_ = np.sqrt(left / np.where(size > 0, size, 1.0))
        if self.threshold == "auto" and not self.coef_.any():
            tried = "a polynomial" if self.library is None else repr(self.library)
            raise InputError(
                f"recording: no term of {tried} explains any state's motion beyond chance "
                f"({self.rows_} rows); record longer, with less noise, or give another library"
            )
        refuse_empty(self.coef_, single, threshold, self.alpha, self.terms_.names, self.state_names_)

    def _describe(self, single: NormalEquations) -> None:
        gram = single.gram[0]
        if not np.isfinite(gram).all():
            raise InputError("recording: squares of terms overflow; give the states in units in which they are near 1")
        scale = np.sqrt(np.diag(gram))
        scale = np.where(scale > 0, scale, 1.0)
        values = np.linalg.eigvalsh(gram / np.outer(scale, scale))
        lowest = values[0] / values[-1]
        self.condition_ = float(1 / np.sqrt(lowest)) if lowest > 0 else np.inf
        groups = dependent_terms(gram) if lowest < 1e-11 else ()
        self.collinear_ = tuple(tuple(self.terms_.names[i] for i in group) for group in groups)

    def predict(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
    ) -> Float[np.ndarray, "*batch state"]:
        """Rates of change (continuous) or next states (discrete) at states (..., state) and inputs (..., input)."""
        check_is_fitted(self)
        found = self.sparse_law_.rhs(*self._at(states, inputs))
        return self.project(found) if self.project is not None and self.time == "discrete" else found

    def variance(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
    ) -> Float[np.ndarray, "*batch state"]:
        """Variance of the prediction over the bootstrap models; zero without an ensemble."""
        check_is_fitted(self)
        columns = self.terms_.columns(*self._at(states, inputs))
        models, targets, terms = self.coef_samples_.shape
        said = columns @ self.coef_samples_.reshape(-1, terms).T
        return np.var(said.reshape(*columns.shape[:-1], models, targets), axis=-2)

    def step(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
    ) -> Float[np.ndarray, "*batch state"]:
        """The states one sampling interval later, under inputs held meanwhile, and projected.

        A discrete law is applied once; a continuous one is carried by a fourth-order Runge-Kutta step.
        """
        check_is_fitted(self)
        start, acting = self._at(states, inputs)
        if self.time == "discrete":
            following = self._next(start, acting)
        else:
            law, h = self.sparse_law_, float(self.dt_)
            with np.errstate(over="ignore", invalid="ignore"):
                k1 = law.rhs(start, acting)
                k2 = law.rhs(start + h / 2 * k1, acting)
                k3 = law.rhs(start + h / 2 * k2, acting)
                following = start + h / 6 * (k1 + 2 * k2 + 2 * k3 + law.rhs(start + h * k3, acting))
        return following if self.project is None else self.project(following)

    def _next(self, states: np.ndarray, inputs: np.ndarray | None) -> np.ndarray:
        if not isinstance(self.terms_, Monomials):
            return self.sparse_law_.rhs(states, inputs)
        if not hasattr(self, "_tape"):
            self._tape: Any = tape(self.sparse_law_)
        return next_states(self._tape, states, inputs)

    def simulate(self, initial: Any, steps: int, inputs: Any = None) -> Float[np.ndarray, "world step+1 state"]:
        """Many worlds under a discrete law at once: initial (world, state), inputs (world, step, input)."""
        check_is_fitted(self)
        if self.time != "discrete":
            raise InputError("simulate: the law is continuous; simulate model.law")
        start, acting = self._at(np.atleast_2d(np.asarray(initial, dtype=float)), inputs)
        return rollout(self.sparse_law_, start, steps, acting, self.project)

    def equations(self, digits: int = 4) -> tuple[str, ...]:
        """The law as text, one line a state variable."""
        check_is_fitted(self)
        return self.sparse_law_.equations(digits)

    def formula(self, name: str = "law") -> Formula:
        """The right-hand side as formulas that can be written as C, Python, ONNX or LaTeX; projections are left out."""
        check_is_fitted(self)
        ends = "_next" if self.time == "discrete" else "_rate"
        return Formula.of_sums(name, self.terms_, self.coef_, [state + ends for state in self.state_names_])

    @property
    def sparse_law_(self) -> SparseLaw:
        """Terms and coefficients together."""
        return SparseLaw(self.terms_, self.coef_, self.state_names_, self.input_names_, self.time)

    @property
    def complexity(self) -> int:
        """Number of terms in the law, over all state variables."""
        check_is_fitted(self)
        return int(np.count_nonzero(self.coef_))

    @property
    def law(self) -> SymbolicSystem:
        """The law as a `Flow` (continuous) or a `Map` (discrete)."""
        return self.system()

    def system(self, *, parametric: bool = False) -> SymbolicSystem:
        """The law as a system; `parametric` turns coefficients into parameters that `with_parameters` changes."""
        check_is_fitted(self)
        return self.sparse_law_.system("sindy", self.start_, self.period_, parametric)

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        last = history.states[-1].astype(float)
        acting = None
        if inputs is not None and history.inputs is not None:
            # The input at the last sample of the history drives the first step.
            acting = np.concatenate([history.inputs[-1:], inputs])
        if self.time == "discrete":
            driving = None if acting is None else acting[None, :-1]
            return rollout(self.sparse_law_, last[None], horizon, driving, self.project)[0, 1:]
        if not hasattr(self, "_flow"):
            self._flow: Any = self.law
        times = self.dt_ * np.arange(horizon + 1)
        run: Trajectory = self._flow.simulate(last, times, acting, max_seconds=60.0)
        states = np.full((horizon, len(last)), np.nan)
        states[: len(run) - 1] = run.states[1:]
        if "stopped" in run.context:
            self._stopped = str(run.context["stopped"])
        return states

    def _at(self, states: Any, inputs: Any) -> tuple[np.ndarray, np.ndarray | None]:
        values = np.asarray(states, dtype=float)
        if values.ndim == 0 or values.shape[-1] != len(self.state_names_):
            raise InputError(f"states: shape {values.shape} found, expected (..., {len(self.state_names_)})")
        if not self.input_names_:
            if inputs is not None:
                raise InputError("inputs: given, but the law has none")
            return values, None
        if inputs is None:
            raise InputError(f"inputs: None found, the law is driven by {', '.join(self.input_names_)}")
        driven = np.asarray(inputs, dtype=float)
        if driven.ndim == 0 or driven.shape[-1] != len(self.input_names_):
            raise InputError(f"inputs: shape {driven.shape} found, expected (..., {len(self.input_names_)})")
        return values, driven

    def _check_parameters(self) -> None:
        if self.time not in ("continuous", "discrete"):
            raise UnknownNameError("time", str(self.time), ("continuous", "discrete"))
        if not isinstance(self.derivative, str):
            raise InputError(f"derivative: {type(self.derivative).__name__} found, expected the name of a method")
        if not isinstance(self.derivative_options, Mapping | None):
            found = type(self.derivative_options).__name__
            raise InputError(f"derivative_options: {found} found, expected a mapping of names to values, or None")
        check_ensemble(self.ensemble, self.bootstrap, self.drop, self.aggregate)
        if self.library is not None and not isinstance(self.library, Library):
            raise InputError(f"library: {type(self.library).__name__} found, expected one of inscape.models.dictionary")
        if not (isinstance(self.threshold, str) and self.threshold == "auto"):
            number("threshold", self.threshold, "a number, not negative, or 'auto'", least=0.0)
        if number("inclusion", self.inclusion, share := "a share between 0 and 1", least=0.0) > 1:
            raise InputError(f"inclusion: {self.inclusion!r} found, expected {share}")

    def __getstate__(self) -> dict[str, Any]:
        # A compiled flow does not travel between processes; it is made again at the next forecast.
        return {k: v for k, v in super().__getstate__().items() if k not in ("_flow", "_tape")}


def _last_complete(runs: Trajectories) -> np.ndarray:
    states = np.concatenate([run.states for run in runs])
    return states[np.isfinite(states).all(axis=1)][-1].astype(float)


def _first_complete(runs: Trajectories) -> np.ndarray:
    firsts = np.array([run.states[0] for run in runs], dtype=float)
    complete = np.isfinite(firsts).all(axis=1)
    return firsts[complete] if complete.any() else _last_complete(runs)[None]
