"""Levenberg-Marquardt finds the minima that are known, and those that SciPy finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from inscape.errors import DivergedError, InputError
from inscape.models.levenberg_marquardt import (
    ResidualProblem,
    central_differences,
    levenberg_marquardt,
    numpy_problem,
    torch_problem,
)


def rosenbrock(w: np.ndarray) -> np.ndarray:
    return np.array([10 * (w[1] - w[0] ** 2), 1 - w[0]])


def decay_residuals() -> tuple[np.ndarray, np.ndarray]:
    times = np.linspace(0, 4, 60)
    noise = 0.02 * np.random.default_rng(0).normal(size=60)
    return times, 2.5 * np.exp(-1.3 * times) + 0.7 + noise


@pytest.mark.parametrize("solver", ["cholesky", "qr"])
@pytest.mark.parametrize("scaling", [False, True])
def test_the_valley_of_rosenbrock_is_followed_to_its_end(solver: str, scaling: bool) -> None:
    start = np.array([-1.2, 1.0])
    fit = levenberg_marquardt(numpy_problem(rosenbrock, at=start), start, solver=solver, scaling=scaling)
    np.testing.assert_allclose(fit.parameters, [1.0, 1.0], atol=1e-6)
    assert fit.cost < 1e-12
    assert (np.diff(fit.costs) < 0).all()


@pytest.mark.parametrize("solver", ["cholesky", "qr"])
def test_a_decay_is_fitted_as_scipy_fits_it(solver: str) -> None:
    times, measured = decay_residuals()

    def residuals(w: np.ndarray) -> np.ndarray:
        return w[0] * np.exp(-w[1] * times) + w[2] - measured

    start = np.array([1.0, 0.3, 0.0])
    fit = levenberg_marquardt(numpy_problem(residuals, at=start), start, solver=solver, tolerance=1e-14)
    peer = least_squares(residuals, start, method="lm", xtol=1e-14, ftol=1e-14)
    np.testing.assert_allclose(fit.parameters, peer.x, rtol=1e-6)
    assert fit.cost == pytest.approx(2 * peer.cost / 60, rel=1e-10)


def test_a_linear_problem_ends_at_the_normal_equations() -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(size=(40, 5)), random.normal(size=40)
    problem = numpy_problem(lambda w: a @ w - b, lambda w: a, at=np.zeros(5))
    fit = levenberg_marquardt(problem, np.zeros(5))
    np.testing.assert_allclose(fit.parameters, np.linalg.lstsq(a, b)[0], atol=1e-6)


def test_torch_and_numpy_problems_take_the_same_steps() -> None:
    torch = pytest.importorskip("torch")
    times, measured = decay_residuals()

    def of_one(w: object, t: object, y: object) -> object:
        return (w[0] * torch.exp(-w[1] * t) + w[2] - y)[None]  # type: ignore[index]

    start = np.array([1.0, 0.3, 0.0])
    by_torch = torch_problem(of_one, times, measured)
    whole = numpy_problem(lambda w: w[0] * np.exp(-w[1] * times) + w[2] - measured, at=start)
    residuals, jacobian = by_torch.linearise(start, np.arange(60))
    expected, slopes = whole.linearise(start, np.arange(60))
    np.testing.assert_allclose(residuals, expected, atol=1e-14)
    np.testing.assert_allclose(jacobian, slopes, atol=1e-8)
    fits = [levenberg_marquardt(p, start) for p in (by_torch, whole)]
    np.testing.assert_allclose(fits[0].parameters, fits[1].parameters, rtol=1e-6)
    chunked = torch_problem(of_one, times, measured, chunk=7)
    np.testing.assert_allclose(chunked.linearise(start, np.arange(60))[1], jacobian, atol=1e-15)
    with pytest.raises(InputError, match="one number of samples"):
        torch_problem(of_one, times, measured[:3])


def test_fresh_batches_reach_the_minimum_of_a_problem_without_noise() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(500, 3))
    y = np.tanh(x @ [0.5, -1.0, 0.3])

    def linearise(w: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z = np.tanh(x[rows] @ w)
        return (z - y[rows])[:, None], ((1 - z**2)[:, None] * x[rows])[:, None, :]

    problem = ResidualProblem(500, lambda w, rows: linearise(w, rows)[0], linearise)
    fits = [levenberg_marquardt(problem, np.zeros(3), batch=50, seed=s, steps=30) for s in (3, 3, 4)]
    np.testing.assert_allclose(fits[0].parameters, [0.5, -1.0, 0.3], atol=1e-6)
    np.testing.assert_array_equal(fits[0].costs, fits[1].costs)
    assert not np.array_equal(fits[0].costs[:3], fits[2].costs[:3])


def test_both_solvers_take_the_same_step_with_more_parameters_than_residuals() -> None:
    a = np.random.default_rng(0).normal(size=(3, 6))
    fits = [
        levenberg_marquardt(
            numpy_problem(lambda w: a @ w - 1, lambda w: a, at=np.ones(6)), np.ones(6), steps=1, solver=s
        )
        for s in ("cholesky", "qr")
    ]
    np.testing.assert_allclose(fits[0].parameters, fits[1].parameters, atol=1e-12)


def test_differences_agree_with_the_derivative() -> None:
    at = np.array([3.0, -2.0])
    exact = np.array([[-60.0, 10.0], [-1.0, 0.0]])
    np.testing.assert_allclose(central_differences(rosenbrock, at), exact, atol=1e-7)


def test_it_ends_for_a_reason_it_names() -> None:
    start = np.array([-1.2, 1.0])
    problem = numpy_problem(rosenbrock, at=start)
    assert levenberg_marquardt(problem, start, steps=2).stopped == "2 steps done"
    assert "zero" in levenberg_marquardt(problem, np.ones(2)).stopped
    flat = numpy_problem(lambda w: np.ones(3), at=np.zeros(1))
    assert "attempts" in levenberg_marquardt(flat, np.zeros(1)).stopped
    slow = ResidualProblem(2, problem.residuals, problem.linearise)
    assert "processor time" in levenberg_marquardt(slow, start, budget_s=1e-9).stopped


def test_what_cannot_be_solved_is_refused() -> None:
    start = np.zeros(2)
    problem = numpy_problem(rosenbrock, at=start)
    for wrong in (np.zeros((2, 2)), np.array([np.nan, 0]), np.zeros(0), [object()]):
        with pytest.raises(InputError, match="start"):
            levenberg_marquardt(problem, wrong)
    for name, value in (("steps", 0), ("batch", 1.5), ("damping", -1.0), ("budget_s", 0), ("solver", "svd")):
        with pytest.raises(InputError, match=name):
            levenberg_marquardt(problem, start, **{name: value})
    with pytest.raises(InputError, match="residuals: shape"):
        numpy_problem(lambda w: np.zeros((2, 2)), at=start)
    infinite = numpy_problem(lambda w: np.full(2, np.inf), lambda w: np.ones((2, 2)), at=start)
    with pytest.raises(DivergedError, match="not finite"):
        levenberg_marquardt(infinite, start)
