"""`KoopmanEigen`: eigenvalues of a Koopman operator, each with what it is worth."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Bool, Complex, Float

MOST_SHOWN = 20


@dataclass(frozen=True, eq=False, repr=False)
class KoopmanEigen:
    """Eigenpairs, smallest residual first; printing it gives the table.

    Parameters
    ----------
    eigenvalues : a sample.
    exponents : log(eigenvalue) / dt: growth rate and angular frequency, per time unit.
    residuals : ||(K - eigenvalue) g|| / ||g|| of the eigenfunction g, on pairs that were held out where there are such.
    low, high : 95 % band of the residual in the limit of infinite data; NaN where too little was held out to tell.
    errors : standard error of the eigenvalue, to first order.
    modes : (eigenvalue, state) the part of the state that moves with the eigenvalue.
    names : state variables.
    verified : the band lies below `max_residual`.
    max_residual : the bound that was asked for, if any.
    of : eigenvalues before any was pruned.
    """

    eigenvalues: Complex[np.ndarray, "pair"]
    exponents: Complex[np.ndarray, "pair"]
    residuals: Float[np.ndarray, "pair"]
    low: Float[np.ndarray, "pair"]
    high: Float[np.ndarray, "pair"]
    errors: Float[np.ndarray, "pair"]
    modes: Complex[np.ndarray, "pair state"]
    names: tuple[str, ...]
    verified: Bool[np.ndarray, "pair"]
    max_residual: float | None
    of: int

    def __len__(self) -> int:
        return len(self.eigenvalues)

    @property
    def growth_rates(self) -> Float[np.ndarray, "pair"]:
        """Real part of the exponents, per time unit."""
        return self.exponents.real

    @property
    def frequencies(self) -> Float[np.ndarray, "pair"]:
        """Cycles per time unit."""
        return self.exponents.imag / (2 * np.pi)

    def kept(self, rows: Any) -> KoopmanEigen:
        """The pairs at these places."""
        picked = {f.name: getattr(self, f.name) for f in fields(self)}
        return KoopmanEigen(**{k: v[rows] if isinstance(v, np.ndarray) else v for k, v in picked.items()})

    def to_frame(self) -> Any:
        """One row an eigenvalue, as a pandas DataFrame."""
        import pandas

        return pandas.DataFrame(
            {
                "eigenvalue": self.eigenvalues,
                "growth_rate": self.growth_rates,
                "frequency": self.frequencies,
                "residual": self.residuals,
                "residual_low": self.low,
                "residual_high": self.high,
                "error": self.errors,
                "verified": self.verified,
            }
        )

    def __repr__(self) -> str:
        bound = "" if self.max_residual is None else f" with a residual of at most {self.max_residual:g}"
        lines = [f"{len(self)} of {self.of} eigenvalues{bound}"]
        if len(self):
            lines.append("        eigenvalue      +-    growth  frequency  residual   95 % band")
        for i in range(min(len(self), MOST_SHOWN)):
            value = self.eigenvalues[i]
            known = np.isfinite(self.low[i]) and np.isfinite(self.high[i])
            band = f"{self.low[i]:.2e} to {self.high[i]:.2e}" if known else "not known"
            lines.append(
                f"{value.real:9.5f} {value.imag:+9.5f}i {self.errors[i]:7.1e} {self.growth_rates[i]:9.4g} "
                f"{self.frequencies[i]:10.4g} {self.residuals[i]:9.2e}   {band}"
            )
        if len(self) > MOST_SHOWN:
            lines.append(f"... {len(self) - MOST_SHOWN} more")
        return "\n".join(lines)
