"""`ProfileFormula`: a discharge from the exact mean and an assumed shape of the profile - nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.models.operator_surrogate.boxed import Boxed, Outside
from inscape.systems.battery.cell import PARAMETERS
from inscape.systems.battery.drive import Drive, StepPlan, plan_steps
from inscape.systems.battery.single_particle import SingleParticle

Shape = Literal["parabola", "quartic", "eigenmodes"]
_KINDS: dict[str, int] = {"parabola": 0, "quartic": 1, "eigenmodes": 2}
_PLACES = {name: place for place, name in enumerate(PARAMETERS)}


class ProfileFormula(Boxed):
    """Voltages from the exact mean stoichiometries and a formula for what the surface differs from them.

    Parameters
    ----------
    cell : the model that it stands for.
    box, times, outside : as of `Boxed`.
    current : as of `SingleParticle.voltages`; any I(t).
    shape : "parabola" (no memory), "quartic" (one number) or "eigenmodes" (`modes` numbers).
    """

    def __init__(
        self,
        cell: SingleParticle,
        box: Mapping[str, tuple[float, float]],
        times: Any,
        current: Any = None,
        *,
        shape: Shape = "quartic",
        modes: int = 8,
        start: float = 0.0,
        outside: Outside = "refuse",
    ):
        super().__init__(box, times, outside)
        check_cell(cell, self.names)
        if shape not in _KINDS:
            raise UnknownNameError("shape of a profile", str(shape), _KINDS)
        self.cell = cell
        self.shape = shape
        self.modes = int(modes)
        self.current = cell.current if current is None else current
        self.start = start
        self.plan = plan_of(cell, self.times, self.current, start)
        self._salt = cell.salt(self.plan)

    def _curves(self, rows: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        every = self.cell.rows(dict(zip(self.names, rows.T, strict=True)))
        xa, a_index = self.surface("a", every)
        xc, c_index = self.surface("c", every)
        return self.cell.voltages_of_surfaces(every, xa, xc, self.plan, a_index, c_index, self._salt)

    def surface(
        self, side: str, every: Float[np.ndarray, "run 9"]
    ) -> tuple[Float[np.ndarray, "distinct time"], np.ndarray]:
        """Surface stoichiometries of one electrode, and which of them each run has."""
        return surfaces_of(self.cell, side, every, self.plan, len(self.times), self.shape, self.modes)[:2]


def surfaces_of(
    cell: SingleParticle,
    side: str,
    every: np.ndarray,
    plan: StepPlan,
    count: int,
    shape: Shape,
    modes: int,
    with_memory: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Surfaces (distinct, time) of one electrode by a formula, which of them each run has, and the memory of each."""
    from inscape.models.operator_surrogate.diffusion_modes import eigenvalues, surfaces

    electrode = cell.cell.anode if side == "a" else cell.cell.cathode
    columns = every[:, [_PLACES[f"ds_{side}"], _PLACES[f"eps_{side}"], _PLACES[f"x0_{side}"]]]
    if len(plan.currents) > 1:
        distinct, index = columns, np.arange(len(every))
    else:
        distinct, index = np.unique(columns, axis=0, return_inverse=True)
    sign = 1.0 if side == "a" else -1.0
    per_charge = sign / (3.0 * electrode.charge(cell.cell.area) * distinct[:, 1])
    scale = electrode.radius**-2
    squares = eigenvalues(modes) ** 2
    width = modes if shape == "eigenmodes" else 1
    found = np.empty((len(distinct), count))
    memory = np.empty((len(distinct), count, width)) if with_memory else np.empty((1, 1, 1))
    surfaces(
        _KINDS[shape], squares, plan.sizes, plan.outputs, plan.currents, plan.charges, per_charge,
        electrode.diffusivity.values * scale, electrode.diffusivity.slopes * scale,
        np.ascontiguousarray(distinct[:, 0]), np.ascontiguousarray(distinct[:, 2]), found, memory, with_memory,
    )  # fmt: skip
    return found, index.ravel(), memory


def plan_of(cell: SingleParticle, times: np.ndarray, current: Any, start: float) -> StepPlan:
    """The internal steps along which a formula follows a current."""
    if times[0] < start:
        raise InputError(f"times: first {times[0]:g} s lies before the start at {start:g} s; give start={times[0]:g}")
    return plan_steps(Drive.of(current, times), times, start, cell.longest_step)


def check_cell(cell: Any, names: tuple[str, ...]) -> None:
    """Refuse what is no cell, and names that it does not know."""
    if not isinstance(cell, SingleParticle):
        raise InputError(f"cell: {type(cell).__name__} found, expected a SingleParticle")
    for name in names:
        if name not in _PLACES:
            raise UnknownNameError("parameter of a single-particle model", name, PARAMETERS)
