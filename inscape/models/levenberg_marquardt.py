"""Levenberg-Marquardt for small nonlinear least squares, the residuals given by NumPy or by torch functions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float
from scipy import linalg

from inscape.errors import DivergedError, InputError
from inscape.extras import require

if TYPE_CHECKING:
    from numpy.random import Generator

Solver = Literal["cholesky", "qr"]
MOST_DAMPING = 1e12
LEAST_DAMPING = 1e-12


@dataclass(frozen=True)
class ResidualProblem:
    """What is to be made small: residuals of `samples` independent samples, as functions of one flat parameter vector.

    Parameters
    ----------
    samples : number of samples; an answer may hold several outputs of each.
    residuals : (parameters (parameter,), rows (row,)) -> (row, output), for the samples numbered `rows`.
    linearise : the same arguments -> residuals (row, output) and their Jacobian (row, output, parameter).
    """

    samples: int
    residuals: Callable[[np.ndarray, np.ndarray], np.ndarray]
    linearise: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class LeastSquaresFit:
    """Where Levenberg-Marquardt ended.

    Parameters
    ----------
    parameters : (parameter,).
    cost : mean squared residual over every sample, at `parameters`.
    costs : (step,) mean squared residual over the batch of each accepted step, after it.
    damping : the last damping.
    seconds : processor time.
    stopped : why it ended.
    """

    parameters: Float[np.ndarray, "parameter"]
    cost: float
    costs: Float[np.ndarray, "step"]
    damping: float
    seconds: float
    stopped: str

    @property
    def steps(self) -> int:
        """Accepted steps."""
        return len(self.costs)


def levenberg_marquardt(
    problem: ResidualProblem,
    start: Float[np.ndarray, "parameter"],
    *,
    steps: int = 100,
    batch: int | None = None,
    damping: float = 1e-2,
    attempts: int = 20,
    solver: Solver = "cholesky",
    scaling: bool = False,
    tolerance: float = 1e-10,
    budget_s: float | None = None,
    seed: int | Generator | None = 0,
) -> LeastSquaresFit:
    """Damped Gauss-Newton: (J'J / m + damping D) step = -J'r / m, the damping led by the gain ratio.

    Levenberg (1944), Marquardt (1963); damping by Nielsen (1999). A step is kept only if the mean squared residual of
    its own batch falls. With D = I a step is bounded in the parameters' own units; `scaling` takes D = diag(J'J / m).

    Parameters
    ----------
    start : (parameter,) where to begin.
    steps : most accepted steps.
    batch : samples drawn afresh (without replacement) for each step; all if None.
    damping : first damping, in units of the mean squared entry of a column of J.
    attempts : how often a step is tried with more damping before its batch is given up.
    solver : "cholesky" of the normal equations, or "qr" of the stacked Jacobian, for an ill-conditioned one.
    tolerance : stop when the cost of all samples falls by less than this share in a step (full batch only).
    budget_s : stop after this much processor time, in seconds; with it, the answer depends on the machine.
    seed : of the batches.

    Raises
    ------
    InputError : if `start` is not a vector of finite numbers, or a setting is out of its range.
    DivergedError : if the residuals are not finite at `start`.
    """
    parameters = _start(start)
    random = np.random.default_rng(seed)
    _check_settings(problem, steps, batch, damping, attempts, solver, tolerance, budget_s)
    count = problem.samples if batch is None else min(int(batch), problem.samples)
    whole = count == problem.samples
    began = time.process_time()
    costs: list[float] = []
    growth = 2.0
    stopped = f"{steps} steps done"
    stuck = 0
    while len(costs) < steps:
        if budget_s is not None and time.process_time() - began > budget_s:
            stopped = f"{budget_s:g} s of processor time spent"
            break
        rows = np.arange(count) if whole else random.choice(problem.samples, count, replace=False)
        residuals, jacobian = problem.linearise(parameters, rows)
        cost = _mean_square(residuals)
        if not np.isfinite(cost):
            raise DivergedError("residuals: not finite where the step begins; start from smaller parameters")
        if cost == 0.0:
            stopped = "residuals are zero"
            break
        damped = _damped_system(residuals, jacobian, solver, scaling)
        found = False
        for _ in range(attempts):
            step = damped(damping)
            if step is not None:
                after = _mean_square(problem.residuals(parameters + step.move, rows))
                if np.isfinite(after) and after < cost:
                    gain = (cost - after) / max(step.promised, np.finfo(float).tiny)
                    damping = max(LEAST_DAMPING, damping * max(1.0 / 3.0, 1.0 - (2.0 * gain - 1.0) ** 3))
                    growth = 2.0
                    found = True
                    break
            damping = damping * growth
            growth *= 2.0
            if damping > MOST_DAMPING:
                break
        if not found:
            damping, growth = min(damping, MOST_DAMPING), 2.0
            stuck += 1
            if whole or stuck > 3:
                stopped = f"no step of {attempts} attempts lowered the cost"
                break
            continue
        stuck = 0
        parameters = parameters + step.move  # type: ignore[union-attr]
        costs.append(after)
        if whole and cost - after <= tolerance * cost:
            stopped = f"the cost fell by less than {tolerance:g} of itself"
            break
    final = _mean_square(problem.residuals(parameters, np.arange(problem.samples)))
    return LeastSquaresFit(parameters, final, np.array(costs), damping, time.process_time() - began, stopped)


def numpy_problem(
    residuals: Callable[[np.ndarray], np.ndarray],
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None,
    *,
    at: Float[np.ndarray, "parameter"],
) -> ResidualProblem:
    """A problem of NumPy functions of the parameters alone.

    Parameters
    ----------
    residuals : (parameter,) -> (sample,).
    jacobian : (parameter,) -> (sample, parameter); central differences if None.
    at : (parameter,) where the number of samples is found out.
    """
    first = np.asarray(residuals(_start(at)), dtype=float)
    if first.ndim != 1 or not len(first):
        raise InputError(f"residuals: shape {first.shape} found, expected (sample,)")

    def chosen(parameters: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.asarray(residuals(parameters), dtype=float)[rows, None]

    def linearise(parameters: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope = central_differences(residuals, parameters) if jacobian is None else np.asarray(jacobian(parameters))
        return chosen(parameters, rows), slope[rows, None, :]

    return ResidualProblem(len(first), chosen, linearise)


def torch_problem(
    residual: Callable[..., Any], *samples: Float[np.ndarray, "sample *entry"], chunk: int | None = None
) -> ResidualProblem:
    """A problem of a torch function of one sample; its Jacobian comes from `torch.func` over a whole batch at once.

    Parameters
    ----------
    residual : (parameters tensor (parameter,), one entry of each of `samples`) -> tensor (output,), in operations that
        `torch.func.vmap` knows; the collocation points of an equation are samples as much as measurements are.
    samples : arrays with one leading axis in common.
    chunk : samples whose Jacobian is taken at once; all of a batch if None.

    Raises
    ------
    InputError : if the arrays hold different numbers of samples or none.
    MissingExtraError : without torch.
    """
    torch = require("torch", "neural")
    tensors = [torch.as_tensor(np.ascontiguousarray(s), dtype=torch.float64) for s in samples]
    counts = {len(t) for t in tensors}
    if len(counts) != 1 or 0 in counts:
        raise InputError(f"samples: {sorted(counts)} found in the arrays, expected one number of samples, not zero")
    axes = (None, *(0 for _ in tensors))
    over_batch = torch.func.vmap(residual, in_dims=axes)

    def twice(parameters: Any, *sample: Any) -> tuple[Any, Any]:
        answer = residual(parameters, *sample)
        return answer, answer

    slope = torch.func.vmap(torch.func.jacrev(twice, has_aux=True), in_dims=axes, chunk_size=chunk)

    def batch(rows: np.ndarray) -> list[Any]:
        index = torch.as_tensor(rows)
        return [t[index] for t in tensors]

    def residuals(parameters: np.ndarray, rows: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return over_batch(torch.as_tensor(parameters), *batch(rows)).numpy()

    def linearise(parameters: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        jacobian, answer = slope(torch.as_tensor(parameters), *batch(rows))
        return answer.detach().numpy(), jacobian.detach().numpy()

    return ResidualProblem(counts.pop(), residuals, linearise)


def central_differences(
    function: Callable[[np.ndarray], np.ndarray], parameters: Float[np.ndarray, "parameter"]
) -> Float[np.ndarray, "sample parameter"]:
    """Jacobian by central differences, each step the cube root of the rounding unit in the parameter's own size."""
    steps = np.cbrt(np.finfo(float).eps) * np.maximum(1.0, np.abs(parameters))
    columns = []
    for k, step in enumerate(steps):
        above, below = parameters.copy(), parameters.copy()
        above[k] += step
        below[k] -= step
        columns.append((np.asarray(function(above)) - np.asarray(function(below))) / (above[k] - below[k]))
    return np.stack(columns, axis=-1)


@dataclass(frozen=True)
class _Step:
    move: np.ndarray
    promised: float


def _damped_system(
    residuals: np.ndarray, jacobian: np.ndarray, solver: Solver, scaling: bool
) -> Callable[[float], _Step | None]:
    """The step as a function of the damping; what does not depend on the damping is computed once."""
    rows = jacobian.reshape(-1, jacobian.shape[-1])
    flat = residuals.reshape(-1)
    count = len(flat)
    gradient = rows.T @ flat / count
    if solver == "qr":
        size = np.einsum("ij,ij->j", rows, rows) / count
        triangle, rotated = (
            linalg.qr_multiply(rows, flat, mode="right")[::-1] if count >= rows.shape[1] else (rows, flat)
        )
        triangle, rotated = triangle / np.sqrt(count), rotated / np.sqrt(count)
    else:
        # The product with itself is half the work where BLAS knows that it is symmetric.
        gram = linalg.blas.dsyrk(1.0 / count, rows.T, lower=1)
        size = np.diag(gram)
    weight = np.maximum(size, 1e-12 * size.max()) if scaling else np.full(len(size), size.mean())
    weight = np.where(weight > 0, weight, 1.0)

    def solve(damping: float) -> _Step | None:
        if solver == "qr":
            stacked = np.concatenate([triangle, np.diag(np.sqrt(damping * weight))])
            right = np.concatenate([rotated, np.zeros(len(weight))])
            move = -linalg.lstsq(stacked, right, lapack_driver="gelsy", check_finite=False)[0]
        else:
            damped = gram.copy()
            damped[np.diag_indices(len(weight))] += damping * weight
            try:
                move = -linalg.cho_solve(linalg.cho_factor(damped, lower=True, check_finite=False), gradient)
            except linalg.LinAlgError:
                return None
        if not np.isfinite(move).all():
            return None
        return _Step(move, float(damping * weight * move @ move - gradient @ move))

    return solve


def _mean_square(residuals: np.ndarray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.mean(residuals * residuals))


def _start(start: Any) -> np.ndarray:
    try:
        parameters = np.array(start, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"start: {type(start).__name__} found, expected a vector of numbers") from None
    if parameters.ndim != 1 or not len(parameters) or not np.isfinite(parameters).all():
        raise InputError(f"start: shape {parameters.shape} found, expected (parameter,) finite numbers")
    return parameters


def _check_settings(
    problem: ResidualProblem,
    steps: Any,
    batch: Any,
    damping: Any,
    attempts: Any,
    solver: Any,
    tolerance: Any,
    budget_s: Any,
) -> None:
    if problem.samples < 1:
        raise InputError("problem: 0 samples found, expected at least 1")
    for name, value in (("steps", steps), ("attempts", attempts), ("batch", batch)):
        if value is None and name == "batch":
            continue
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
    for name, value in (("damping", damping), ("budget_s", budget_s)):
        if value is not None and not (np.isreal(value) and np.isfinite(value) and value > 0):
            raise InputError(f"{name}: {value!r} found, expected a positive number")
    if not (np.isreal(tolerance) and tolerance >= 0):
        raise InputError(f"tolerance: {tolerance!r} found, expected a number, at least 0")
    if solver not in ("cholesky", "qr"):
        raise InputError(f"solver: {solver!r} found, expected 'cholesky' or 'qr'")
