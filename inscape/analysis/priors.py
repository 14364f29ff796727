"""Priors of parameters that are sampled: each is the map from a uniform number in [0, 1] to the parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


@runtime_checkable
class Prior(Protocol):
    """What is believed of one parameter before the data."""

    def quantile(self, level: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The parameter below which a share `level` of the belief lies."""
        ...

    def cumulative(self, value: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The share of the belief that lies below `value`: the inverse of `quantile`."""
        ...


@dataclass(frozen=True)
class Uniform:
    """Equally likely between `low` and `high`, in the unit of the parameter."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise InputError(f"uniform prior: ({self.low}, {self.high}) found, expected two finite numbers, low < high")

    def quantile(self, level: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The parameter at a share `level` of the way."""
        return self.low + (self.high - self.low) * level

    def cumulative(self, value: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The share of the way at which `value` lies."""
        return np.clip((value - self.low) / (self.high - self.low), 0.0, 1.0)


@dataclass(frozen=True)
class LogUniform:
    """Every factor equally likely between `low` and `high`, both above zero (Jeffreys' prior of a scale)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and 0 < self.low < self.high):
            raise InputError(
                f"log-uniform prior: ({self.low}, {self.high}) found, expected two finite numbers, 0 < low < high"
            )

    def quantile(self, level: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The parameter at a share `level` of the way in the logarithm."""
        return self.low * (self.high / self.low) ** np.asarray(level)

    def cumulative(self, value: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The share of the way in the logarithm at which `value` lies."""
        inside = np.clip(value, self.low, self.high)
        return np.log(inside / self.low) / np.log(self.high / self.low)


@dataclass(frozen=True)
class Normal:
    """Gaussian about `mean` with standard deviation `sigma`, in the unit of the parameter."""

    mean: float
    sigma: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean) and np.isfinite(self.sigma) and self.sigma > 0):
            raise InputError(f"normal prior: ({self.mean}, {self.sigma}) found, expected a finite mean and sigma > 0")

    def quantile(self, level: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The parameter below which a share `level` of the Gaussian lies."""
        from scipy.special import ndtri

        # The cube's own faces are at infinity; a sampler may step on one.
        return self.mean + self.sigma * ndtri(np.clip(level, 1e-300, 1 - 1e-16))

    def cumulative(self, value: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The share of the Gaussian below `value`."""
        from scipy.special import ndtr

        return ndtr((np.asarray(value) - self.mean) / self.sigma)


PriorLike = Mapping[str, "Prior | tuple[float, float]"] | Sequence["Prior | tuple[float, float]"] | np.ndarray


def priors_of(prior: PriorLike, names: Sequence[str]) -> tuple[Prior, ...]:
    """One prior for each name: given by name or in order; a pair (low, high) is `Uniform`.

    Raises
    ------
    InputError : if a name has no prior, a prior has no name, or a pair is not two numbers.
    """
    if len(names) == 0 or len(set(names)) < len(names):
        raise InputError(f"names: {list(names)} found, expected one different name for each parameter")
    if isinstance(prior, Mapping):
        missing = [n for n in names if n not in prior]
        unknown = [n for n in prior if n not in names]
        if missing or unknown:
            raise InputError(f"prior: nothing for {missing}, and {unknown} are no parameters; expected {list(names)}")
        given = [prior[n] for n in names]
    else:
        given = list(prior)
        if len(given) != len(names):
            raise InputError(f"prior: {len(given)} found for {len(names)} parameters ({', '.join(names)})")
    return tuple(_one_prior(one, name) for one, name in zip(given, names, strict=True))


def _one_prior(given: object, name: str) -> Prior:
    if isinstance(given, Prior):
        return given
    try:
        low, high = (float(edge) for edge in given)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise InputError(
            f"prior of {name}: {given!r} found, expected (low, high), Uniform, LogUniform or Normal"
        ) from None
    return Uniform(low, high)
