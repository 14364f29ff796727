"""Posteriors by sampling: one call over three samplers (nested sampling by nautilus or dynesty; emcee), ArviZ out.

Every sampler walks the unit cube, and the priors are the map from the cube to the parameters: a prior is then never
weighed twice, and the same prior serves all three.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float

from inscape.analysis.priors import Prior, PriorLike, priors_of
from inscape.errors import InputError, UnknownNameError
from inscape.extras import require

Sampler = Literal["nautilus", "dynesty", "emcee"]
# Nested samplers compare likelihoods by rank; minus infinity has no rank among its equals.
_IMPOSSIBLE = -1e290
_TRIALS = 200


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws from a posterior, all of the same weight.

    Parameters
    ----------
    names : of the parameters.
    samples : (draw, parameter).
    log_likelihood : (draw,) natural logarithm.
    log_evidence, log_evidence_error : natural logarithm of the evidence; NaN for emcee, which does not know it.
    effective_samples : independent draws that the run is worth.
    evaluations : calls of the likelihood, one for each point.
    cpu_seconds : that the run took, of this process.
    sampler : which made it.
    chains : how many chains `samples` holds one after another (1 for nested samplers).
    finished : False if the run was cut off at `max_evaluations`.
    """

    names: tuple[str, ...]
    samples: Float[np.ndarray, "draw parameter"]
    log_likelihood: Float[np.ndarray, "draw"]
    log_evidence: float
    log_evidence_error: float
    effective_samples: float
    evaluations: int
    cpu_seconds: float
    sampler: str
    chains: int = 1
    finished: bool = True
    prior: tuple[Prior, ...] = field(default=(), repr=False)

    def __getitem__(self, name: str) -> Float[np.ndarray, "draw"]:
        """The draws of one parameter."""
        if name not in self.names:
            raise UnknownNameError("parameter", name, self.names)
        return self.samples[:, self.names.index(name)]

    @property
    def best(self) -> dict[str, float]:
        """The draw of the highest likelihood."""
        return dict(zip(self.names, self.samples[int(np.argmax(self.log_likelihood))].tolist(), strict=True))

    def mean(self, name: str) -> float:
        """Posterior mean of one parameter."""
        return float(self[name].mean())

    def error(self, name: str) -> float:
        """Posterior standard deviation of one parameter."""
        return float(self[name].std())

    def interval(self, name: str, share: float = 0.6827) -> tuple[float, float]:
        """The central interval that holds `share` of the draws."""
        if not 0 < share < 1:
            raise InputError(f"share: {share} found, expected a number between 0 and 1")
        low, high = np.quantile(self[name], [(1 - share) / 2, (1 + share) / 2])
        return float(low), float(high)

    def convergence(self) -> dict[str, float]:
        """Gelman and Rubin's ratio of each parameter over the split chains: 1 where they agree (below 1.01 is good)."""
        halves = 2 * self.chains
        length = len(self.samples) // halves
        if length < 2:
            return dict.fromkeys(self.names, float("nan"))
        parts = self.samples[: length * halves].reshape(halves, length, -1)
        within = parts.var(axis=1, ddof=1).mean(axis=0)
        between = parts.mean(axis=1).var(axis=0, ddof=1)
        ratio = np.sqrt((length - 1) / length + between / np.where(within > 0, within, np.nan))
        return dict(zip(self.names, ratio.tolist(), strict=True))

    def summary(self) -> list[dict[str, float | str]]:
        """For each parameter: mean, standard deviation and the ends of the central 68 % and 95 % intervals."""
        rows: list[dict[str, float | str]] = []
        for name in self.names:
            low, high = self.interval(name)
            lower, higher = self.interval(name, 0.95)
            rows.append(
                {
                    "parameter": name,
                    "mean": self.mean(name),
                    "sd": self.error(name),
                    "16%": low,
                    "84%": high,
                    "2.5%": lower,
                    "97.5%": higher,
                }
            )
        return rows

    def to_arviz(self) -> Any:
        """The draws as ArviZ `InferenceData` with groups `posterior` (chain, draw) and `sample_stats` (lp).

        Raises
        ------
        MissingExtraError : if arviz is not installed.
        """
        arviz = require("arviz", "sky")
        draws = len(self.samples) // self.chains
        kept = self.samples[: draws * self.chains].reshape(self.chains, draws, -1)
        likelihood = self.log_likelihood[: draws * self.chains].reshape(self.chains, draws)
        return arviz.from_dict(
            posterior={name: kept[..., k] for k, name in enumerate(self.names)},
            sample_stats={"lp": likelihood},
            attrs={"sampler": self.sampler, "log_evidence": self.log_evidence},
        )


def sample(
    log_likelihood: Callable[[Any], Any],
    prior: PriorLike,
    names: Sequence[str],
    *,
    sampler: Sampler = "nautilus",
    seed: int | np.random.Generator | None = 0,
    live: int = 1000,
    draws: int = 10_000,
    vectorized: bool = False,
    max_evaluations: int | None = None,
    start: Float[np.ndarray, "parameter"] | None = None,
) -> Posterior:
    """Draw from the posterior of a likelihood under independent priors.

    Parameters
    ----------
    log_likelihood : natural logarithm of the likelihood; takes (parameter,) and returns a number, or, if `vectorized`,
        takes (point, parameter) and returns (point,). Minus infinity is a point that cannot be; NaN is refused.
    prior : one of each parameter, by name or in order: (low, high), `Uniform`, `LogUniform`, `Normal`.
    names : of the parameters.
    sampler : "nautilus" (importance nested sampling with neural bounds, Lange 2023, MNRAS 525, 3181), "dynesty" (nested
        sampling, Speagle 2020, MNRAS 493, 3132) or "emcee" (affine-invariant and differential-evolution moves,
        Foreman-Mackey et al. 2013, PASP 125, 306), which gives no evidence.
    seed : the same seed, the same draws.
    live : live points of the nested samplers; emcee uses no such thing.
    draws : effective draws that nautilus goes on to collect; the steps of emcee are `draws` over its walkers, at least
        500, after half as many that are thrown away.
    max_evaluations : stop there; `finished` is then False.
    start : (parameter,) where emcee starts; the best of many draws from the prior if None.

    Raises
    ------
    InputError : if a prior or a name is wrong, the likelihood answers NaN or a wrong shape, or it cannot be anywhere.
    MissingExtraError : if the sampler is not installed.
    """
    if sampler not in get_args(Sampler):
        raise UnknownNameError("sampler", str(sampler), get_args(Sampler))
    for label, value, least in (("live", live, 10), ("draws", draws, 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise InputError(f"{label}: {value!r} found, expected a whole number, at least {least}")
    priors = priors_of(prior, names)
    cube = _Cube(log_likelihood, priors, tuple(names), vectorized)
    random = np.random.default_rng(seed)
    cube.check_possible(random)
    began = time.process_time()
    most = np.inf if max_evaluations is None else max_evaluations
    if sampler == "nautilus":
        result = _by_nautilus(cube, random, int(live), int(draws), most)
    elif sampler == "dynesty":
        result = _by_dynesty(cube, random, int(live), most)
    else:
        result = _by_emcee(cube, random, int(draws), most, start)
    levels, likelihood, evidence, error, effective, chains, finished = result
    return Posterior(
        tuple(names),
        cube.parameters(levels),
        likelihood,
        evidence,
        error,
        effective,
        cube.evaluations,
        time.process_time() - began,
        sampler,
        chains,
        finished,
        priors,
    )


_Result = tuple[np.ndarray, np.ndarray, float, float, float, int, bool]


class _Cube:
    """A likelihood seen from the unit cube of its priors."""

    def __init__(
        self, log_likelihood: Callable[[Any], Any], priors: tuple[Prior, ...], names: tuple[str, ...], vectorized: bool
    ):
        self.log_likelihood = log_likelihood
        self.priors = priors
        self.names = names
        self.vectorized = vectorized
        self.evaluations = 0

    @property
    def size(self) -> int:
        return len(self.priors)

    def parameters(self, levels: Float[np.ndarray, "point parameter"]) -> Float[np.ndarray, "point parameter"]:
        return np.stack([prior.quantile(levels[:, k]) for k, prior in enumerate(self.priors)], axis=1)

    def at(self, levels: Float[np.ndarray, "point parameter"]) -> Float[np.ndarray, "point"]:
        """Logarithm of the likelihood at points of the cube; a point that cannot be has a very low one."""
        points = self.parameters(levels[:, : self.size])
        self.evaluations += len(points)
        answer = self.log_likelihood(points) if self.vectorized else [self.log_likelihood(point) for point in points]
        try:
            values = np.asarray(answer, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"log_likelihood: {type(answer).__name__} found, expected numbers") from None
        if values.shape != (len(points),):
            wanted = f"({len(points)},)" if self.vectorized else "one number a point"
            raise InputError(f"log_likelihood: an answer of shape {values.shape} found, expected {wanted}")
        wrong = np.flatnonzero(np.isnan(values) | (values == np.inf))
        if len(wrong):
            at = ", ".join(f"{n} = {v:.6g}" for n, v in zip(self.names, points[wrong[0]], strict=True))
            raise InputError(
                f"log_likelihood: {values[wrong[0]]} found at {at}; expected a number, or -inf where it cannot be"
            )
        return np.maximum(values, _IMPOSSIBLE)

    def at_one(self, level: Float[np.ndarray, "parameter"]) -> float:
        return float(self.at(np.asarray(level)[None])[0])

    def check_possible(self, random: np.random.Generator) -> None:
        if (self.at(random.random((_TRIALS, self.size))) <= _IMPOSSIBLE).all():
            raise InputError(
                f"log_likelihood: -inf at all {_TRIALS} draws of the prior; expected some that can be: too wide?"
            )


def _equal_weights(
    levels: np.ndarray, log_weights: np.ndarray, likelihood: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Weighted draws resampled to equal weight, in random order; and how many independent ones they are worth."""
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    effective = float(1 / (weights**2).sum())
    count = max(int(effective), 1)
    # Systematic resampling adds the least noise of all (Kitagawa 1996).
    at = np.searchsorted(np.cumsum(weights), (random.random() + np.arange(count)) / count)
    at = random.permutation(np.minimum(at, len(weights) - 1))
    return levels[at], likelihood[at], effective


def _by_nautilus(cube: _Cube, random: np.random.Generator, live: int, draws: int, most: float) -> _Result:
    nautilus = require("nautilus", "sky")
    run = nautilus.Sampler(
        lambda level: level,
        cube.at,
        # Nautilus wants two parameters; a second that nothing depends on leaves the evidence as it is.
        n_dim=max(cube.size, 2),
        n_live=live,
        vectorized=True,
        pass_dict=False,
        seed=int(random.integers(2**31)),
    )
    finished = bool(run.run(n_eff=draws, n_like_max=most, verbose=False))
    levels, log_weights, likelihood = run.posterior()
    kept, at_kept, _ = _equal_weights(np.asarray(levels)[:, : cube.size], log_weights, likelihood, random)
    effective = float(run.n_eff)
    return kept, at_kept, float(run.log_z), 1 / np.sqrt(max(effective, 1.0)), effective, 1, finished


def _by_dynesty(cube: _Cube, random: np.random.Generator, live: int, most: float) -> _Result:
    dynesty = require("dynesty", "sky")
    with warnings.catch_warnings():
        # Said of every curved posterior, hundreds of times a run.
        warnings.filterwarnings("ignore", message="The enlargement factor", category=UserWarning)
        # Uniform draws from ellipsoids waste nearly all points on a curved ridge of four parameters or more.
        walk = {"sample": "unif"} if cube.size < 4 else {"sample": "rwalk", "bootstrap": 0}
        run = dynesty.NestedSampler(cube.at_one, lambda level: level, cube.size, nlive=live, rstate=random, **walk)
        run.run_nested(print_progress=False, maxcall=None if np.isinf(most) else int(most))
    results = run.results
    kept, at_kept, effective = _equal_weights(results["samples_u"], results["logwt"], results["logl"], random)
    error = float(results["logzerr"][-1])
    return kept, at_kept, float(results["logz"][-1]), error, effective, 1, bool(cube.evaluations < most)


def _by_emcee(cube: _Cube, random: np.random.Generator, draws: int, most: float, start: np.ndarray | None) -> _Result:
    emcee = require("emcee", "sky")
    walkers = max(4 * cube.size, 32)
    steps = int(min(max(draws // walkers, 500), max(most / walkers / 1.5, 10)))

    def log_density(levels: np.ndarray) -> np.ndarray:
        inside = ((levels > 0) & (levels < 1)).all(axis=1)
        values = np.full(len(levels), -np.inf)
        if inside.any():
            values[inside] = cube.at(levels[inside])
        return np.where(values <= _IMPOSSIBLE, -np.inf, values)

    if start is None:
        tried = random.random((50 * walkers, cube.size))
        centre = tried[int(np.argmax(cube.at(tried)))]
    else:
        given = np.asarray(start, dtype=float)
        if given.shape != (cube.size,) or not np.isfinite(given).all():
            raise InputError(f"start: shape {given.shape} found, expected {cube.size} finite numbers")
        centre = np.array([float(p.cumulative(np.asarray(v))) for p, v in zip(cube.priors, given, strict=True)])
    spread = np.clip(centre, 2e-4, 1 - 2e-4) + 1e-4 * random.uniform(-1, 1, (walkers, cube.size))
    moves = [(emcee.moves.DEMove(), 0.6), (emcee.moves.DESnookerMove(), 0.1), (emcee.moves.StretchMove(), 0.3)]
    run = emcee.EnsembleSampler(walkers, cube.size, log_density, moves=moves, vectorize=True)
    run.random_state = np.random.RandomState(int(random.integers(2**31))).get_state()
    run.run_mcmc(run.run_mcmc(spread, steps // 2, store=False), steps)
    memory = np.asarray(run.get_autocorr_time(quiet=True, tol=0), dtype=float)
    longest = float(np.nanmax(memory)) if np.isfinite(memory).any() else float(steps)
    chain = np.asarray(run.get_chain()).swapaxes(0, 1)
    likelihood = np.asarray(run.get_log_prob()).T
    effective = walkers * steps / max(longest, 1.0)
    flat = chain.reshape(-1, cube.size)
    return flat, likelihood.ravel(), float("nan"), float("nan"), effective, walkers, cube.evaluations < most
