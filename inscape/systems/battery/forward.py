"""`Forward`: a cell, a current and times, as a function from parameters to voltages - what a calibration calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    from inscape.systems.battery.single_particle import SingleParticle


class Forward:
    """Voltages at fixed times under a fixed current, of any rows of parameters.

    Parameters
    ----------
    model : the single-particle model.
    names : which parameters the columns are; the others stay as the cell has them.
    times : (time,) s.
    current : as of `SingleParticle.voltages`.
    start : when the discharge began, s.
    """

    def __init__(
        self, model: SingleParticle, names: Sequence[str], times: Any, current: Any = None, start: float = 0.0
    ):
        self.model = model
        self.names = tuple(names)
        self.times = np.asarray(times, dtype=float)
        self.current = current
        self.start = start
        model.rows({name: model.defaults[name] for name in self.names})  # an unknown name is found here

    def __call__(self, parameters: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        """Voltages, V; NaN from where a stoichiometry leaves (0, 1)."""
        rows = np.atleast_2d(np.asarray(parameters, dtype=float))
        named = dict(zip(self.names, rows.T, strict=True))
        return self.model.voltages(named, self.times, self.current, start=self.start)

    def __repr__(self) -> str:
        return f"Forward({self.model.cell.name}, {', '.join(self.names)}, {len(self.times)} times)"
