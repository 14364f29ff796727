"""`ChebyshevSurrogate`: surface stoichiometries as Chebyshev series in what moves them; potentials stay exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.operator_surrogate.boxed import Boxed, Outside
from inscape.models.operator_surrogate.profiles import check_cell, plan_of
from inscape.systems.battery.single_particle import SingleParticle

LADDER = (3, 4, 6, 8, 12, 16, 24)
MOST_NODES = 6000


class ChebyshevSurrogate(Boxed):
    """Voltages under a fixed current, from tensor Chebyshev series of the two surface stoichiometries.

    Only diffusivity, active material and start of an electrode move its surface; exchange currents and resistance
    enter the voltage in closed form and cost no term.

    Parameters
    ----------
    cell : the model that it stands for; `exact` solves are finer.
    box, times, outside : as of `Boxed`. current : as of `SingleParticle.voltages`.
    terms : of the series in each parameter; if None, as many as bring the last ones below `tolerance`.
    tolerance : in stoichiometry.

    Raises
    ------
    InputError : if an electrode has so many parameters in the box that its nodes would be more than 6,000.
    """

    def __init__(
        self,
        cell: SingleParticle,
        box: Mapping[str, tuple[float, float]],
        times: Any,
        current: Any = None,
        *,
        terms: int | None = None,
        tolerance: float = 1e-6,
        start: float = 0.0,
        outside: Outside = "refuse",
    ):
        super().__init__(box, times, outside)
        check_cell(cell, self.names)
        if terms is not None and (not isinstance(terms, (int, np.integer)) or terms < 1):
            raise InputError(f"terms: {terms!r} found, expected a whole number of at least 1")
        self.cell = cell
        self.current = cell.current if current is None else current
        self.start = start
        self._plan = plan_of(cell, self.times, self.current, start)
        self._salt = cell.salt(self._plan)
        exact = cell.refined(max(48, cell.shells), min(2.0, cell.longest_step))
        self.solves = 0
        self._sides: dict[str, tuple[list[int], int, np.ndarray]] = {}
        for number, side in enumerate("ac"):
            moving = [k for k, n in enumerate(self.names) if n in (f"ds_{side}", f"eps_{side}", f"x0_{side}")]
            self._sides[side] = (moving, *self._series(exact, number, moving, terms, tolerance))

    def _series(
        self, exact: SingleParticle, number: int, moving: list[int], terms: int | None, tolerance: float
    ) -> tuple[int, np.ndarray]:
        """The number of terms of one electrode, and its coefficients (terms ** moving, time)."""
        ladder = LADDER if terms is None else (int(terms),)
        count, coefficients = 1, np.empty((0, 0))
        for count in ladder if moving else (1,):
            if count ** len(moving) > MOST_NODES:
                if coefficients.size:
                    break
                raise InputError(
                    f"box: {count ** len(moving)} nodes for {', '.join(self.names[k] for k in moving)}, at most "
                    f"{MOST_NODES} are solved; take fewer terms or leave a parameter out"
                )
            coefficients = self._solved(exact, number, moving, count)
            cube = np.abs(coefficients).max(axis=1).reshape((count,) * len(moving)) if moving else np.zeros(1)
            last = max((np.take(cube, -1, axis=k).max() for k in range(len(moving))), default=0.0)
            if last < tolerance:
                break
        return round(len(coefficients) ** (1.0 / len(moving))) if moving else 1, coefficients

    def _solved(self, exact: SingleParticle, number: int, moving: list[int], count: int) -> np.ndarray:
        nodes = np.cos(np.pi * (np.arange(count) + 0.5) / count)
        unit = np.zeros((count ** len(moving), len(self.names)))
        if moving:
            mesh = np.meshgrid(*([nodes] * len(moving)), indexing="ij")
            for column, values in zip(moving, mesh, strict=True):
                unit[:, column] = values.ravel()
        rows = self.from_unit(unit)
        parameters = {self.names[k]: rows[:, k] for k in moving}
        surface = exact.surfaces(parameters, self.times, self.current, start=self.start)[number]
        self.solves += len(surface)
        # Discrete cosine transform along each parameter.
        k = np.arange(count)
        transform = 2.0 / count * np.cos(np.pi * np.outer(k, np.arange(count) + 0.5) / count)
        transform[0] *= 0.5
        values = surface.reshape((count,) * len(moving) + (-1,))
        for axis in range(len(moving)):
            values = np.moveaxis(np.tensordot(transform, values, axes=(1, axis)), 0, axis)
        return np.ascontiguousarray(values.reshape(-1, len(self.times)))

    def _surface(self, side: str, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        moving, count, coefficients = self._sides[side]
        if not moving:
            return coefficients, np.zeros(len(unit), dtype=np.int64)
        basis = np.ones((len(unit), 1))
        for column in moving:
            angle = np.arccos(np.clip(unit[:, column], -1.0, 1.0))
            terms = np.cos(angle[:, None] * np.arange(count))
            basis = (basis[:, :, None] * terms[:, None, :]).reshape(len(unit), -1)
        return basis @ coefficients, np.arange(len(unit))

    def _curves(self, rows: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        unit = self.unit(rows)
        every = self.cell.rows(dict(zip(self.names, rows.T, strict=True)))
        xa, a_index = self._surface("a", unit)
        xc, c_index = self._surface("c", unit)
        return self.cell.voltages_of_surfaces(every, xa, xc, self._plan, a_index, c_index, self._salt)
