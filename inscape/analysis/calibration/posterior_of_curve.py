"""`calibrate`: the posterior of a model's parameters given a measured curve, with what may be wrong with it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Float

from inscape.analysis.calibration.bias import SurrogateBias, surrogate_bias
from inscape.analysis.calibration.curve_model import CurveModel, Forward
from inscape.analysis.calibration.fisher import Identifiability, identifiability
from inscape.analysis.calibration.gauss_newton import BestFit, refine
from inscape.analysis.calibration.grid import grid_posterior
from inscape.analysis.posterior import Posterior, sample
from inscape.analysis.priors import PriorLike
from inscape.errors import InputError, UnknownNameError

CurveSampler = Literal["grid", "nautilus", "dynesty", "emcee", "nuts"]
TOLERATED = 0.2
"""A surrogate may move a parameter by so many sigmas before it is called out."""
MISFIT = (0.5, 1.6)
"""Chi squared for each degree of freedom outside this is called out."""
FEWEST_CELLS = 60
"""A grid with fewer cells than this under the posterior is called out: its means may be off by a tenth of a sigma."""


class CalibrationWarning(UserWarning):
    """A posterior stands on something that the data or the exact model contradict."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """The parameters of a model that a measured curve leaves possible.

    Parameters
    ----------
    posterior : draws, names, evidence.
    means, sigmas : by name; on a grid these are the grid's own sums, not those of the draws.
    best : the best fit.
    model, exact : the model that was sampled, and the one it was checked with, if any.
    observed : (time,) the curve. kept : (time,) which samples were measured.
    sigma : (time,) standard deviation of the errors, as given or found.
    bias : what the surrogate does to the estimates, where an exact model was given.
    notes : what a reader must know.
    """

    posterior: Posterior
    means: Mapping[str, float]
    sigmas: Mapping[str, float]
    best: BestFit
    model: Forward
    exact: Forward | None
    observed: Float[np.ndarray, "time"]
    kept: Bool[np.ndarray, "time"]
    sigma: Float[np.ndarray, "time"]
    bias: SurrogateBias | None
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.posterior.names

    def identifiability(self) -> Identifiability:
        """How well the curve could tell the parameters apart, at the best fit (Fisher's information)."""
        model = self.exact if self.exact is not None else self.model
        return identifiability(model, self.best.parameters, sigma=self.sigma, names=self.names, kept=self.kept)

    def correlation(self) -> Float[np.ndarray, "parameter parameter"]:
        """Of the draws."""
        return np.corrcoef(self.posterior.samples.T) if len(self.names) > 1 else np.ones((1, 1))

    def predict(
        self, share: float = 0.95, draws: int = 400, seed: int | np.random.Generator | None = 0
    ) -> tuple[Float[np.ndarray, "time"], Float[np.ndarray, "time"], Float[np.ndarray, "time"]]:
        """Mean, low and high end of the curve without measurement error, over draws of the posterior."""
        chosen = np.random.default_rng(seed).choice(
            len(self.posterior.samples), min(draws, len(self.posterior.samples))
        )
        curves = np.asarray(self.model(self.posterior.samples[chosen]))
        low, high = np.nanquantile(curves, [(1 - share) / 2, (1 + share) / 2], axis=0)
        return np.nanmean(curves, axis=0), low, high

    def __repr__(self) -> str:
        found = ", ".join(f"{n} = {self.means[n]:.4g} +- {self.sigmas[n]:.2g}" for n in self.names)
        return "\n".join((f"Calibration({found})", *(f"  {note}" for note in self.notes)))

    def rows(self) -> list[dict[str, Any]]:
        """For each parameter: best fit, mean, deviation and the central 95 % interval."""
        return [
            {"parameter": n, "best": self.best.parameters[n], "mean": self.means[n], "sigma": self.sigmas[n]}
            | dict(zip(("2.5 %", "97.5 %"), self.posterior.interval(n, 0.95), strict=True))
            for n in self.names
        ]

    def to_arviz(self, draws: int = 200) -> Any:
        """ArviZ `InferenceData`: posterior, sample statistics, observed data and curves of some draws.

        Raises
        ------
        MissingExtraError : if arviz is not installed.
        """
        from inscape.extras import require

        arviz = require("arviz", "sky")
        found = self.posterior.to_arviz()
        chosen = np.linspace(0, len(self.posterior.samples) - 1, min(draws, len(self.posterior.samples))).astype(int)
        curves = np.asarray(self.model(self.posterior.samples[chosen]))[None]
        found.extend(arviz.from_dict(posterior_predictive={"curve": curves}, observed_data={"curve": self.observed}))
        return found


def calibrate(
    model: Forward,
    observed: Float[np.ndarray, "time"],
    *,
    sigma: float | Float[np.ndarray, "time"] | Literal["cover"],
    prior: PriorLike | None = None,
    names: Sequence[str] | None = None,
    sampler: CurveSampler = "grid",
    check_with: Any = None,
    points: int = 25_000,
    draws: int = 4_000,
    warmup: int = 500,
    chains: int = 2,
    live: int = 500,
    target_accept: float = 0.9,
    seed: int | np.random.Generator | None = 0,
) -> Calibration:
    """The posterior of a model's parameters given a curve with independent Gaussian errors.

    Parameters
    ----------
    model : (run, parameter) to (run, time), all runs at once; a row of NaN is a curve that cannot be.
    observed : (time,); NaN marks what was not measured.
    sigma : standard deviation of an error in the unit of the curve, one for all or one for each sample; "cover" finds
        the least with which 95 % of the curve lies within two sigma of the best fit.
    prior : by name or in order: (lowest, highest), `Uniform`, `LogUniform`, `Normal`; the model's `box` if None.
    names : of the parameters; the model's own if None.
    sampler : "grid" (up to four parameters), "nautilus", "dynesty", "emcee" (see `inscape.analysis.posterior.sample`)
        or "nuts" (numpyro).
    check_with : the exact model, if `model` is a surrogate: a function like it, or an object whose
        `forward(names, times, current)` makes one.
    points : of the grid. draws : of the posterior, of each chain for NUTS.
    warmup, chains, target_accept : of NUTS. live : live points of the nested samplers.
    seed : the same seed, the same draws.

    Raises
    ------
    InputError : if shapes disagree, the model has no finite curve, or the grid has too many parameters.
    MissingExtraError : if the sampler is not installed.
    """
    if sampler not in get_args(CurveSampler):
        raise UnknownNameError("sampler", str(sampler), get_args(CurveSampler))
    if isinstance(sigma, str) and sigma != "cover":
        raise InputError(f"sigma: {sigma!r} found, expected a number, (time,) numbers or 'cover'")
    random = np.random.default_rng(seed)
    notes: list[str] = []
    target = CurveModel(model, observed, 1.0 if isinstance(sigma, str) else sigma, names, prior)
    best = refine(target, 200, 4, random)
    if isinstance(sigma, str):
        found = _covering_sigma(target, best.row)
        target = CurveModel(model, observed, found, names, prior)
        best = refine(target, 200, 4, random)
        notes.append(f"sigma {found:.4g} found: with it 95 % of the curve lies within two sigma of the best fit")
    missing = int((~target.kept).sum())
    if missing:
        notes.append(f"{missing} of {len(target.kept)} samples were not measured and are left out")
    means: dict[str, float] = {}
    sigmas: dict[str, float] = {}
    if sampler == "grid":
        posterior, centre, spread = grid_posterior(target, points, draws, random, target.levels(best.row[None])[0])
        means = dict(zip(target.names, map(float, centre), strict=True))
        sigmas = dict(zip(target.names, map(float, spread), strict=True))
        if not posterior.finished or posterior.effective_samples < FEWEST_CELLS:
            notes.append(
                f"doubt: the posterior lies in {posterior.effective_samples:.0f} cells of the grid, too few for its "
                f"shape; give more points than {points}, or sampler='nautilus'"
            )
    elif sampler == "nuts":
        from inscape.analysis.calibration.hamiltonian import nuts_posterior

        posterior = nuts_posterior(
            target, target.levels(best.row[None])[0], draws=draws, warmup=warmup, chains=chains,
            target_accept=target_accept, seed=random,
        )  # fmt: skip
    else:
        posterior = sample(
            target.log_likelihood, target.priors, target.names, sampler=sampler, seed=random, live=live, draws=draws,
            vectorized=True, start=best.row,
        )  # fmt: skip
    means = means or {n: posterior.mean(n) for n in target.names}
    sigmas = sigmas or {n: posterior.error(n) for n in target.names}
    _remark_on_fit(best, isinstance(sigma, str), notes)
    exact = None if check_with is None else _exact(check_with, model, target)
    bias = None if exact is None else _checked(exact, target, posterior, notes, random)
    for note in notes:
        if note.startswith("doubt"):
            warnings.warn(note, CalibrationWarning, stacklevel=2)
    return Calibration(
        posterior, means, sigmas, best, model, exact, target.observed, target.kept, np.array(target.sigma), bias,
        tuple(notes),
    )  # fmt: skip


def _covering_sigma(target: CurveModel, row: np.ndarray) -> float:
    """By bisection: the least sigma with which 95 % of the residuals are within two of them."""
    missed = np.abs(target.residuals(row[None])[0]) * target.sigma[target.kept]
    low, high = 0.0, float(missed.max()) + 1e-12
    for _ in range(60):
        middle = 0.5 * (low + high)
        covered = float((missed <= 2.0 * middle).mean()) >= 0.95
        low, high = (low, middle) if covered else (middle, high)
    return max(high, 1e-9)


def _remark_on_fit(best: BestFit, sigma_was_found: bool, notes: list[str]) -> None:
    if not sigma_was_found and best.reduced > MISFIT[1]:
        notes.append(
            f"doubt: the best fit misses the curve by {np.sqrt(best.reduced):.2g} sigma; the model lacks something or "
            "sigma is too small, and the intervals are too narrow"
        )
    elif not sigma_was_found and best.reduced < MISFIT[0]:
        notes.append(
            f"the best fit is nearer than sigma allows (chi squared {best.reduced:.2g} for each degree of freedom): "
            "sigma is too large, or the curve was smoothed"
        )
    if best.at_edge:
        notes.append(f"doubt: {', '.join(best.at_edge)} ended at the edge of the prior; widen it or trust it")


def _exact(check_with: Any, model: Any, target: CurveModel) -> Forward:
    if callable(check_with):
        return check_with
    maker = getattr(check_with, "forward", None)
    times = getattr(model, "times", None)
    if maker is None or times is None:
        raise InputError(
            "check_with: expected a function like the model, or a cell whose forward() makes one for a model with times"
        )
    return maker(target.names, times, getattr(model, "current", None))


def _checked(
    exact: Forward, target: CurveModel, posterior: Posterior, notes: list[str], random: np.random.Generator
) -> SurrogateBias:
    chosen = random.choice(len(posterior.samples), 9, replace=False)
    centre = posterior.samples.mean(axis=0, keepdims=True)
    points = np.concatenate([centre, posterior.samples[chosen]])
    bias = surrogate_bias(target.model, exact, points, sigma=target.sigma, names=target.names, kept=target.kept)
    worst = bias.rows()
    mean = max(worst, key=lambda row: row["median in sigma"])
    if mean["median in sigma"] > TOLERATED:
        notes.append(
            f"doubt: the surrogate moves {mean['parameter']} by {mean['median in sigma']:.2g} sigma "
            f"(its curves err by {np.median(bias.mean_error):.2g} in mean); take a finer one"
        )
    return bias
