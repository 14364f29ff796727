"""Three samplers agree with posteriors and evidences that are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import posterior
from inscape.analysis.priors import LogUniform, Normal, Uniform, priors_of
from inscape.errors import InputError, UnknownNameError

CENTRE, WIDTH = np.array([0.3, -0.4]), np.array([0.05, 0.1])


def gaussian(points):
    """Log-likelihood of a Gaussian of unit peak, for one point or many."""
    return -0.5 * (((np.asarray(points) - CENTRE) / WIDTH) ** 2).sum(axis=-1)


# The integral of the peak over a box of side 2 in each parameter, all of it inside.
LOG_EVIDENCE = float(np.log(2 * np.pi * WIDTH.prod() / 4))


@pytest.mark.parametrize("sampler", ["nautilus", "dynesty", "emcee"])
def test_every_sampler_finds_a_gaussian_in_a_box(sampler):
    pytest.importorskip(sampler)
    found = posterior.sample(
        gaussian, [(-1, 1), (-1, 1)], ("a", "b"), sampler=sampler, seed=3, live=200, draws=2000, vectorized=True
    )
    assert found.mean("a") == pytest.approx(0.3, abs=0.01)
    assert found.error("b") == pytest.approx(0.1, rel=0.12)
    if sampler == "emcee":
        assert np.isnan(found.log_evidence)
        assert max(found.convergence().values()) < 1.05
    else:
        assert found.log_evidence == pytest.approx(LOG_EVIDENCE, abs=0.3)


def test_the_same_seed_gives_the_same_draws_and_arviz_holds_them():
    pytest.importorskip("emcee")
    runs = [
        posterior.sample(
            gaussian, [(-1, 1), (-1, 1)], ("a", "b"), sampler="emcee", seed=5, draws=2000, vectorized=True, start=CENTRE
        )
        for _ in range(2)
    ]
    assert np.array_equal(runs[0].samples, runs[1].samples)
    pytest.importorskip("arviz")
    held = runs[0].to_arviz()
    assert held.posterior["a"].shape == (32, 500)


def test_priors_run_from_the_cube_and_back():
    levels = np.linspace(0.01, 0.99, 7)
    for prior in (Uniform(-2, 5), LogUniform(1e-3, 10), Normal(1, 0.2)):
        assert np.allclose(prior.cumulative(prior.quantile(levels)), levels)
    assert priors_of({"b": (0, 1), "a": Normal(0, 1)}, ("a", "b"))[1] == Uniform(0, 1)


@pytest.mark.parametrize(
    ("prior", "names", "part"),
    [
        ([(0, 1)], ("a", "b"), "1 found for 2"),
        ([(1, 0), (0, 1)], ("a", "b"), "low < high"),
        ([(0, np.inf), (0, 1)], ("a", "b"), "finite"),
        ({"a": (0, 1)}, ("a", "b"), "nothing for"),
        ([(0, 1), "wide"], ("a", "b"), "expected (low, high)"),
        ([(0, 1), (0, 1)], ("a", "a"), "different name"),
    ],
)
def test_a_wrong_prior_is_one_line(prior, names, part):
    with pytest.raises(InputError) as error:
        posterior.sample(gaussian, prior, names)
    assert part in str(error.value)


@pytest.mark.parametrize(
    ("likelihood", "part"),
    [
        (lambda p: np.full(len(p), np.nan), "nan found at a ="),
        (lambda p: np.zeros((len(p), 2)), "shape"),
        (lambda p: np.full(len(p), -np.inf), "-inf at all"),
        (lambda p: ["x"] * len(p), "expected numbers"),
    ],
)
def test_a_wrong_likelihood_is_one_line(likelihood, part):
    with pytest.raises(InputError) as error:
        posterior.sample(likelihood, [(0, 1)], ("a",), vectorized=True)
    assert part in str(error.value)


def test_an_unknown_sampler_names_the_nearest():
    with pytest.raises(UnknownNameError, match="nautilus"):
        posterior.sample(gaussian, [(0, 1), (0, 1)], ("a", "b"), sampler="nautilos")
