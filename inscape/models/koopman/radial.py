"""`RadialFunctions`: bumps about centres that k-means lays over the recording."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.models.koopman.observables import Observables, embedded, embedded_names, positive, whole

SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exponential": lambda r: np.exp(-2 * r),
    "gaussian": lambda r: np.exp(-(r**2)),
    "lorentzian": lambda r: 1 / (1 + r**2),
    "inverse multiquadric": lambda r: 1 / np.sqrt(1 + r**2),
    "thin plate": lambda r: r**2 * np.log(np.where(r > 0, r, 1.0)),
}
"""Value at distance r from the centre, r in units of the width."""

MOST_CLUSTERED = 20_000
"""Points that k-means sees; more do not move the centres of a few hundred clusters."""


class RadialFunctions(Observables):
    """f(|x - c| / (width d)) for each centre c, d the mean distance of the recording from its mean.

    Parameters
    ----------
    centres : number of them, or (centre, delays * state) given points.
    shape : "exponential" exp(-2r) (as in Colbrook, Mezic, Stepanenko 2024), "gaussian" exp(-r^2), "lorentzian"
        1/(1+r^2), "inverse multiquadric" or "thin plate" r^2 log r.
    width : in units of d.
    delays, stride : samples looked at, and samples between them.
    standardize : measure distances after scaling each variable to deviation 1.
    seed : of k-means.

    Notes
    -----
    After `fit`: `centres_` (centre, delays * state) in scaled variables, `distance_` the d above, `scale_`.
    """

    def __init__(
        self,
        centres: int | np.ndarray = 100,
        shape: str = "exponential",
        *,
        width: float = 1.0,
        delays: int = 1,
        stride: int = 1,
        standardize: bool = True,
        seed: int | None = 0,
    ):
        self.centres = centres
        self.shape = shape
        self.width = width
        self.delays = delays
        self.stride = stride
        self.standardize = standardize
        self.seed = seed

    @property
    def past(self) -> int:
        return (whole("delays", self.delays) - 1) * whole("stride", self.stride) + 1

    @property
    def names(self) -> tuple[str, ...]:
        about = ", ".join(embedded_names(self.state_names_, int(self.delays), int(self.stride)))
        return tuple(f"{self.shape}({about} about centre {i})" for i in range(len(self.centres_)))

    def _learn(self, windows: np.ndarray) -> None:
        if self.shape not in SHAPES:
            raise UnknownNameError("shape", str(self.shape), SHAPES)
        positive("width", self.width)
        points = embedded(windows, int(self.delays), int(self.stride))
        deviation = points.std(axis=0) if self.standardize else np.ones(points.shape[1])
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        points = points / self.scale_
        spread = float(np.linalg.norm(points - points.mean(axis=0), axis=1).mean())
        self.distance_ = spread if spread > 0 else 1.0
        self.centres_ = self._centres(points)

    def _centres(self, points: np.ndarray) -> np.ndarray:
        if isinstance(self.centres, np.ndarray):
            if self.centres.ndim != 2 or self.centres.shape[1] != points.shape[1]:
                raise InputError(f"centres: shape {self.centres.shape} found, expected (centre, {points.shape[1]})")
            return self.centres / self.scale_
        from sklearn.cluster import KMeans

        count = whole("centres", self.centres)
        rng = np.random.default_rng(self.seed)
        if len(points) > MOST_CLUSTERED:
            points = points[np.sort(rng.choice(len(points), MOST_CLUSTERED, replace=False))]
        distinct = len(np.unique(points, axis=0))
        # Asked for more centres than there are places, k-means would warn and repeat some.
        if count >= distinct:
            return np.unique(points, axis=0)
        means = KMeans(count, n_init=1, max_iter=50, random_state=int(rng.integers(2**31)))
        return np.asarray(means.fit(points).cluster_centers_)

    def _evaluate(self, windows: np.ndarray) -> np.ndarray:
        from scipy.spatial.distance import cdist

        points = embedded(windows, int(self.delays), int(self.stride)) / self.scale_
        return SHAPES[self.shape](cdist(points, self.centres_) / (self.distance_ * self.width))
