"""`LyapunovSpectrum`: exponents, how well they are known, and the checks that they must pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float

from inscape.analysis.dimensions import Dimension, kaplan_yorke_dimension

Verdict = Literal["chaotic", "regular", "unresolved"]

SIGNIFICANT = 3.0
"""Standard errors that part a number from zero."""
FOLDS_OF_CHAOS = 10.0
"""Regular motion parts neighbours as a power of time: a tangent vector that grew by e^10 beyond its errors did not."""
SLOW = 0.02
"""Growth per period (as an upper bound) below which motion that shows no chaos is called regular."""


@dataclass(frozen=True, eq=False)
class LyapunovSpectrum:
    """Lyapunov exponents, largest first.

    Parameters
    ----------
    exponents : (count,) in 1/time (1/iteration for a map).
    covariance : (count, count) of the exponents, by batch means.
    degrees_of_freedom : of the errors; blocks less one.
    duration : time over which they were averaged, after the transient.
    dimension : number of state variables; infinite for a delay flow.
    divergence : mean divergence of the law along the run (mean log |det Jacobian| for a map), NaN if not measured.
    autonomous : whether the law is an autonomous flow, so that one exponent must be zero.
    period : time unit by which "slow" is judged.
    local : (sample, count) mean growth rates over consecutive stretches of the run.
    sample_duration : length of such a stretch.
    interval : mean time between two orthonormalisations.
    system : name of the law.
    stopped : why the run ended before its time, or None.
    reason : why the exponents must not be trusted, if so; the verdict is then "unresolved".
    """

    exponents: Float[np.ndarray, "count"]
    covariance: Float[np.ndarray, "count count"]
    degrees_of_freedom: int
    duration: float
    dimension: float
    divergence: float = float("nan")
    autonomous: bool = False
    period: float = 1.0
    local: Float[np.ndarray, "sample count"] = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    sample_duration: float = float("nan")
    interval: float = float("nan")
    system: str = ""
    stopped: str | None = None
    reason: str = ""

    @cached_property
    def errors(self) -> Float[np.ndarray, "count"]:
        """(count,) standard error of each exponent."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def is_complete(self) -> bool:
        """Whether there are as many exponents as state variables."""
        return len(self.exponents) == self.dimension

    @property
    def sum_mismatch(self) -> float:
        """|sum of exponents - mean divergence| over the largest of their sizes; NaN if the spectrum is not complete.

        Sizes under one e-fold in the whole run count as one e-fold.
        """
        if not self.is_complete or not np.isfinite(self.divergence):
            return float("nan")
        scale = max(abs(self.divergence), float(np.max(np.abs(self.exponents))), 1 / self.duration)
        return abs(float(self.exponents.sum()) - self.divergence) / scale

    @property
    def sum_matches_divergence(self) -> bool:
        """Whether the exponents sum to the mean divergence to one part in a million."""
        return bool(self.sum_mismatch < 1e-6)

    @property
    def zero_exponent(self) -> tuple[int, float] | None:
        """(index, z) of the exponent that is fewest standard errors from zero.

        An autonomous flow that does not end in a fixed point has one within 3 (Haken 1983); None where none is due.
        One e-fold over the whole run is added to the error in quadrature: that much hangs on the first tangent vector
        and on the norm.
        """
        if not self.autonomous or not np.isfinite(self.errors).any():
            return None
        if not self.is_complete and self.exponents[-1] > SIGNIFICANT * self.errors[-1]:
            return None
        z = self.exponents / np.hypot(self.errors, 1 / self.duration)
        index = int(np.nanargmin(np.abs(z)))
        return index, float(z[index])

    @property
    def has_zero_exponent(self) -> bool | None:
        """Whether some exponent is within 3 standard errors of zero; None where none is due."""
        return None if self.zero_exponent is None else abs(self.zero_exponent[1]) < SIGNIFICANT

    @property
    def folds(self) -> float:
        """Times that the fastest tangent vector grew e-fold, beyond three standard errors."""
        return float((self.exponents[0] - SIGNIFICANT * self.errors[0]) * self.duration)

    @property
    def verdict(self) -> Verdict:
        """ "chaotic": more than ten e-folds beyond three standard errors; "regular": not chaotic, and the growth per
        period is under 0.02 with three standard errors added; else "unresolved".
        """
        if self.reason:
            return "unresolved"
        if not np.isfinite([self.exponents[0], self.errors[0]]).all():
            return "regular" if self.exponents[0] == -np.inf else "unresolved"
        if self.folds > FOLDS_OF_CHAOS:
            return "chaotic"
        bound = (self.exponents[0] + SIGNIFICANT * self.errors[0]) * self.period
        return "regular" if bound < SLOW else "unresolved"

    @property
    def kaplan_yorke(self) -> Dimension:
        """Kaplan-Yorke dimension with its standard error (first order, with the covariance of the exponents).

        An exponent within three standard errors of zero counts as zero; an exponent of minus infinity adds nothing.
        NaN if too few exponents were measured for their sum to turn negative.
        """
        finite = np.isfinite(self.exponents)
        if not finite.any():
            return Dimension(0.0, 0.0)
        if not self.is_complete and (np.cumsum(self.exponents) > 0).all():
            return Dimension(np.nan)
        known = bool(np.isfinite(self.errors[finite]).all())
        rates = self.exponents[finite]
        dimension = kaplan_yorke_dimension(rates, self.errors[finite] if known else None)
        kept = int(dimension)
        if not known or kept == 0 or kept == len(rates):
            return Dimension(float(dimension), 0.0 if known else np.nan)
        slope = np.zeros(len(self.exponents))
        slope[:kept] = 1 / abs(rates[kept])
        slope[kept] = rates[:kept].sum() / rates[kept] ** 2
        return Dimension(float(dimension), self._error_along(slope))

    @property
    def pesin_entropy(self) -> tuple[float, float]:
        """Sum of the positive exponents, an upper bound of the metric entropy, with its standard error (Pesin 1977)."""
        positive = (self.exponents > 0).astype(float)
        return float(np.sum(self.exponents, where=self.exponents > 0)), self._error_along(positive)

    def _error_along(self, slope: Float[np.ndarray, "count"]) -> float:
        used = slope != 0
        part = self.covariance[np.ix_(used, used)]
        return float(np.sqrt(max(slope[used] @ part @ slope[used], 0.0)))

    @property
    def running(self) -> Float[np.ndarray, "sample count"]:
        """(sample, count) means up to each stretch of the run: how the exponents settled."""
        return np.cumsum(self.local, axis=0) / np.arange(1, len(self.local) + 1)[:, None]

    def table(self) -> str:
        """The spectrum and its checks as text."""
        unit = "1/time"
        lines = [f"{self.system or 'spectrum'}: {self.verdict} ({self.folds:.3g} e-folds beyond 3 standard errors)"]
        lines += [
            f"  lambda_{k + 1:<3d} {value: .6g} +- {error:.2g} {unit}"
            for k, (value, error) in enumerate(zip(self.exponents, self.errors, strict=True))
        ]
        dimension = self.kaplan_yorke
        entropy, entropy_error = self.pesin_entropy
        lines.append(f"  Kaplan-Yorke dimension {float(dimension):.4f} +- {dimension.error:.2g}")
        lines.append(f"  Pesin entropy {entropy:.6g} +- {entropy_error:.2g} {unit}")
        if self.is_complete and np.isfinite(self.divergence):
            lines.append(f"  sum against mean divergence {self.divergence:.6g}: off by {self.sum_mismatch:.1e}")
        if self.zero_exponent is not None:
            index, z = self.zero_exponent
            lines.append(f"  exponent nearest zero: number {index + 1}, {z:.2g} standard errors away")
        lines.append(f"  over {self.duration:.6g} time units, {self.degrees_of_freedom} degrees of freedom")
        if self.reason:
            lines.append(f"  {self.reason}")
        if self.stopped:
            lines.append(f"  stopped: {self.stopped}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.table()
