"""How much of an observable lies in eigenfunctions: the share of point spectrum, from delays alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inscape.analysis.series import series_of, truth_value, whole
from inscape.errors import InputError

_RANK_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class PointEnergy:
    """P(n, L) = mean over l < L of ||Q_n K^l g||^2 / ||g||^2, Q_n the projection on g, K g, ..., K^(n-1) g.

    The share of g in eigenfunctions is the limit of L to infinity, then of n to infinity; neither order can be
    exchanged, and no finite table proves the limit.

    Parameters
    ----------
    delays : (count,) numbers n of delays.
    horizons : (horizon,) lags L.
    table : (count, horizon) P(n, L).
    samples : snapshots in each inner product, both halves together.
    """

    delays: Int[np.ndarray, "count"]
    horizons: Int[np.ndarray, "horizon"]
    table: Float[np.ndarray, "count horizon"]
    samples: int

    @property
    def share(self) -> float:
        """The share at the longest horizon, carried to infinitely many delays, within [0, 1].

        n delays filter a line out of a continuous background but for a part that goes as 1 / n, so the last step of P
        is added once more.
        """
        last = self.table[:, -1]
        return float(np.clip(last[-1] + (last[-1] - last[-2] if len(last) > 1 else 0.0), 0.0, 1.0))

    @property
    def over_horizons(self) -> float:
        """Change of P as the horizon last doubled: how far the first limit is from settled."""
        return float(abs(self.table[-1, -1] - self.table[-1, -2])) if self.table.shape[1] > 1 else float("nan")

    @property
    def over_delays(self) -> float:
        """Change of P as the delays last doubled: how far the second limit is from settled."""
        return float(abs(self.table[-1, -1] - self.table[-2, -1])) if len(self.table) > 1 else float("nan")


def point_energy(
    recording: Any,
    *,
    delays: int = 80,
    horizon: int = 10_000,
    stride: int = 1,
    samples: int | None = None,
    column: int | str = 0,
    centre: bool = True,
) -> PointEnergy:
    """Share of an observable's energy in eigenfunctions of the Koopman operator, by the RAGE theorem.

    Energy in continuous spectrum leaves every finite set of delays on average over time (Ruelle 1969, Amrein and
    Georgescu 1973, Enss 1978; for Koopman operators Colbrook, Mezic & Stepanenko 2024, arXiv 2407.06312). Projections
    come from a QR of delays at M snapshots. A finite M would let noise score n / M: each projection is computed on two
    halves of the snapshots, and their product takes the place of the square, which does away with that. The first half
    of the lags is left out of the mean, for what g has not yet forgotten has no place in the limit. O(n T log T) for T
    samples.

    Parameters
    ----------
    recording : one evenly sampled run, or (time,) values of g; g = `column`, by number or state name.
    delays : largest n; smaller ones by halving.
    horizon : longest L, in samples, well above `delays`; smaller ones by halving.
    stride : samples between two snapshots of an inner product.
    samples : snapshots M; as many as fit, if None.
    centre : subtract the mean, whose energy is in the constant eigenfunction.

    Raises
    ------
    InputError : if the run is too short for `delays` and `horizon`, is constant, or misses values.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    g = series_of(recording, "recording", column=column, least=16)
    delays, horizon, stride = whole(delays, "delays"), whole(horizon, "horizon", 4), whole(stride, "stride")
    fits = (len(g) - horizon - delays) // stride
    if fits < 4 * delays:
        raise InputError(
            f"recording: {len(g)} samples found for {horizon} lags and {delays} delays, expected at least "
            f"{horizon + delays + 4 * delays * stride}; lower horizon, delays or stride"
        )
    if samples is not None:
        if whole(samples, "samples", 4 * delays) > fits:
            raise InputError(f"samples: {samples} found, expected at most {fits} for this recording")
        fits = samples
    if truth_value(centre, "centre"):
        g = g - g.mean()
    if np.ptp(g) <= 1e-12 * max(float(np.abs(g).max()), 1e-300) and centre:
        raise InputError("recording: a constant observable found, expected one that varies, or centre=False")
    if not g.any():
        raise InputError("recording: an observable of zeros found, expected one that is not zero")
    half = fits // 2
    starts = np.arange(2 * half) * stride
    embedded = g[starts[:, None] + np.arange(delays)]
    basis, factor = np.linalg.qr(embedded)
    # Delays that the earlier ones already span add nothing to the projection.
    independent = np.abs(np.diagonal(factor)) > _RANK_TOLERANCE * np.abs(np.diagonal(factor)).max()
    counts = _halved(delays, 1)
    horizons = _halved(horizon, 4)
    squares = np.cumsum(np.concatenate([[0.0], g**2]))
    span = stride * (half - 1) + 1 + horizon
    size = next_fast_len(span)
    waves = [rfft(g[begin : begin + span], size) for begin in (0, half * stride)]
    scored = np.zeros((delays, horizon))
    for j in np.flatnonzero(independent):
        inner = []
        for part, wave in enumerate(waves):
            spread = np.zeros(stride * (half - 1) + 1)
            spread[::stride] = basis[part * half : (part + 1) * half, j]
            inner.append(irfft(wave * rfft(spread, size).conj(), size)[:horizon])
        # Each half holds half of the unit norm of its basis vector, hence the four.
        scored[j] = 4 * inner[0] * inner[1]
    # ||K^l g||^2 over the stretch of the snapshots, as it moves on with l.
    energy = (squares[stride * 2 * half :][:horizon] - squares[:horizon]) / stride
    cumulated = np.cumsum(scored, axis=0) / energy
    table = np.array([[cumulated[n - 1, el // 2 : el].mean() for el in horizons] for n in counts])
    return PointEnergy(np.array(counts), np.array(horizons), table, 2 * half)


def _halved(most: int, least: int) -> list[int]:
    values = [most]
    while values[-1] // 2 >= least and len(values) < 5:
        values.append(values[-1] // 2)
    return values[::-1]
