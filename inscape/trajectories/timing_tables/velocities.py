"""`VelocityTable`: radial velocities of one star by one or several spectrographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.trajectories.timing_tables.table import EARLIEST, LATEST


@dataclass(frozen=True, eq=False)
class VelocityTable:
    """Radial velocities.

    Parameters
    ----------
    times : (point,) BJD in the scale TDB, days.
    velocities, errors : (point,) m/s.
    instruments : one name for all, or one each; every instrument has a zero point of its own.

    Raises
    ------
    InputError : if shapes disagree, a number is not finite, an error is not above zero, or a time no full Julian date.
    """

    times: Float[np.ndarray, "point"]
    velocities: Float[np.ndarray, "point"]
    errors: Float[np.ndarray, "point"]
    instruments: Sequence[str] | str = "spectrograph"

    def __post_init__(self) -> None:
        arrays = {}
        for name in ("times", "velocities", "errors"):
            try:
                arrays[name] = np.array(getattr(self, name), dtype=float)
            except (TypeError, ValueError):
                raise InputError(f"{name}: something other than numbers found, expected (point,)") from None
        count = arrays["times"].size
        if count == 0 or any(array.shape != (count,) for array in arrays.values()):
            shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            raise InputError(f"radial velocities: {shapes} found, expected three arrays of one length, at least 1")
        for name, wrong in (
            ("times that are no full Julian date", ~((arrays["times"] >= EARLIEST) & (arrays["times"] <= LATEST))),
            ("velocities that are no numbers", ~np.isfinite(arrays["velocities"])),
            ("errors that are not above zero", ~(np.isfinite(arrays["errors"]) & (arrays["errors"] > 0))),
        ):
            if wrong.any():
                rows = ", ".join(str(k) for k in np.flatnonzero(wrong)[:5])
                raise InputError(f"radial velocities: {int(wrong.sum())} {name} (rows {rows}); mend or drop them")
        given = self.instruments
        names = (given,) * count if isinstance(given, str) else tuple(str(one) for one in given)
        if len(names) != count:
            raise InputError(f"radial velocities: {len(names)} instruments found for {count} points")
        for name, array in arrays.items():
            object.__setattr__(self, name, array)
        object.__setattr__(self, "instruments", names)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def spectrographs(self) -> tuple[str, ...]:
        """The instruments, in the order in which they first appear."""
        return tuple(dict.fromkeys(self.instruments))

    @property
    def membership(self) -> Float[np.ndarray, "point instrument"]:
        """1 where a point is of an instrument, else 0."""
        names = np.array(self.instruments, dtype=object)
        return np.stack([(names == one).astype(float) for one in self.spectrographs], axis=1)

    def keep(self, rows: Bool[np.ndarray, "point"]) -> Self:
        """Some of the rows."""
        chosen = np.arange(len(self))[np.asarray(rows)]
        names = tuple(self.instruments[k] for k in chosen)
        return replace(
            self, times=self.times[chosen], velocities=self.velocities[chosen], errors=self.errors[chosen],
            instruments=names,
        )  # fmt: skip

    def outside_transit(self, reference: float, period: float, duration: float) -> Self:
        """Without the points within half a `duration` (days) of a transit, where the star's rotation shows."""
        phase = np.abs((self.times - reference + 0.5 * period) % period - 0.5 * period)
        return self.keep(phase > 0.5 * duration)
