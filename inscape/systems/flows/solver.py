"""`Fluid`: an incompressible fluid, with a passive scalar or without, in a periodic box, by a pseudo-spectral method.

Waves above a third of the grid's are dropped; viscosity and diffusion are exact by integrating factors. Time goes by
the third-order Runge-Kutta scheme of Williamson 1980 (J. Comput. Phys. 35) in two registers, or by the classical
fourth-order one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.systems.flows.initial_states import STATES
from inscape.systems.flows.march import March
from inscape.systems.flows.spectral import Backend, Box
from inscape.trajectories.velocity_fields.field import VelocityField

Precision = Literal["double", "single"]
Scheme = Literal["rk3", "rk4"]


@dataclass(frozen=True, eq=False)
class Budget:
    """Kinetic energy and its dissipation, per unit mass, at every step of a run.

    Parameters
    ----------
    times, energy, dissipation : (step,).
    """

    times: Float[np.ndarray, "step"]
    energy: Float[np.ndarray, "step"]
    dissipation: Float[np.ndarray, "step"]

    @property
    def steps(self) -> int:
        return len(self.times) - 1

    @property
    def imbalance(self) -> float:
        """Energy lost that viscosity did not take, over the initial energy and per unit time; largest of the run."""
        if len(self.times) < 2:
            return 0.0
        from scipy.integrate import cumulative_simpson, cumulative_trapezoid

        integrate = cumulative_simpson if len(self.times) > 2 else cumulative_trapezoid
        taken = integrate(self.dissipation, x=self.times, initial=0.0)
        span = self.times[-1] - self.times[0]
        return float(np.abs(self.energy - self.energy[0] + taken).max() / (self.energy[0] * span))


@dataclass(frozen=True, eq=False)
class FluidRun:
    """Frames of a run and its energy budget."""

    field: VelocityField
    budget: Budget


class Fluid:
    """An incompressible fluid in a periodic box.

    Parameters
    ----------
    grid, box : points and lengths along x, y, z.
    viscosity : kinematic.
    schmidt : viscosity over the scalar's diffusivity.
    start : name of an initial state: "plane-jet", "mixing-layer", "slab", "taylor-green" or "abc".
    thickness, noise, wavelength : of the shear layers, of the velocity's noise (rms) and of its strongest waves.
    seed : of the noise.
    backend, device : "scipy", or "torch" with a device such as "cuda".
    precision : "double" or "single".
    courant : time step times the sum of |u_i| / dx_i, at most; above about 0.8 the third-order scheme is unstable.
    scheme : "rk3", three evaluations a step, or "rk4", four.
    scalar : whether a scalar is carried; without one a step costs a third less.

    Raises
    ------
    InputError, UnknownNameError : if an argument is not what it should be.
    """

    def __init__(
        self,
        *,
        grid: Sequence[int],
        box: Sequence[float],
        viscosity: float,
        schmidt: float = 1.0,
        start: str = "taylor-green",
        thickness: float = 0.05,
        noise: float = 0.1,
        wavelength: float = 0.8,
        seed: int | np.random.Generator | None = 0,
        backend: Backend = "scipy",
        device: str = "cpu",
        precision: Precision = "double",
        courant: float = 0.6,
        scheme: Scheme = "rk3",
        scalar: bool = True,
    ):
        if precision not in ("double", "single"):
            raise UnknownNameError("precision", str(precision), ("double", "single"))
        if scheme not in ("rk3", "rk4"):
            raise UnknownNameError("scheme", str(scheme), ("rk3", "rk4"))
        if start not in STATES:
            raise UnknownNameError("initial state", str(start), STATES)
        self.viscosity = _positive("viscosity", viscosity)
        self.schmidt = _positive("schmidt", schmidt)
        self.courant = _positive("courant", courant)
        if self.courant > 1.0:
            raise InputError(f"courant: {courant:g} found, expected at most 1; the scheme is unstable beyond")
        self.scheme = scheme
        self.has_scalar = bool(scalar)
        self.start = start
        self.thickness = _positive("thickness", thickness)
        self.wavelength = _positive("wavelength", wavelength)
        self.noise = float(noise)
        if not (np.isfinite(self.noise) and self.noise >= 0):
            raise InputError(f"noise: {noise!r} found, expected a number of at least 0")
        self.seed = seed
        self.box = Box(grid, box, backend=backend, device=device, is_double=precision == "double")

    @property
    def state_names(self) -> tuple[str, ...]:
        return ("u", "v", "w", "scalar") if self.has_scalar else ("u", "v", "w")

    @property
    def parameters(self) -> Mapping[str, float]:
        return {"viscosity": self.viscosity, "schmidt": self.schmidt}

    def initial_state(self) -> tuple[Float[np.ndarray, "3 x y z"], Float[np.ndarray, "x y z"]]:
        """Velocity and scalar of the named initial state."""
        random = np.random.default_rng(self.seed)
        return STATES[self.start](self.box, random, self.thickness, self.noise, self.wavelength)

    def simulate(
        self,
        initial: tuple[Float[np.ndarray, "3 x y z"], Float[np.ndarray, "x y z"]] | None = None,
        times: Float[np.ndarray, "time"] | Sequence[float] | None = None,
        inputs: None = None,
    ) -> VelocityField:
        """Frames at rising `times` (from 0, where the fluid starts); `field.trajectory()` has them as a run.

        `initial` is velocity and scalar on the grid (which a fluid without one leaves aside); the named initial state
        if None.
        """
        if inputs is not None:
            raise InputError("inputs: found some, but the fluid is not driven")
        return self.run(initial, times).field

    def run(
        self,
        initial: tuple[Float[np.ndarray, "3 x y z"], Float[np.ndarray, "x y z"]] | None = None,
        times: Float[np.ndarray, "time"] | Sequence[float] | None = None,
    ) -> FluidRun:
        """As `simulate`, with the energy budget of every step.

        Raises
        ------
        InputError : if times do not rise from 0 or later, or an initial state does not fit the grid.
        DivergedError : if the velocity stops being finite.
        """
        instants = _instants(times)
        velocity, scalar = self.initial_state() if initial is None else _checked(initial, self.box.grid)
        march = March(self, np.concatenate([velocity, scalar[None]]) if self.has_scalar else velocity)
        kind = np.float64 if self.box.is_double else np.float32
        velocities = np.empty((len(instants), 3, *self.box.grid), dtype=kind)
        scalars = np.empty((len(instants), *self.box.grid), dtype=kind) if self.has_scalar else None
        for k, instant in enumerate(instants):
            march.go_on_to(float(instant))
            fields = march.fields()
            velocities[k] = fields[:3]
            if scalars is not None:
                scalars[k] = fields[3]
        field = VelocityField(
            times=instants,
            axes=self.box.axes,
            velocity=velocities,
            scalar=scalars,
            periodic=True,
            viscosity=self.viscosity,
            source=f"{self.start}, {' x '.join(map(str, self.box.grid))}, viscosity {self.viscosity:g}",
        )
        history = np.array(march.history)
        return FluidRun(field, Budget(history[:, 0], history[:, 1], history[:, 2]))


def _positive(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not (np.isfinite(number) and number > 0):
        raise InputError(f"{name}: {value!r} found, expected a positive number")
    return number


def _instants(times: Any) -> np.ndarray:
    try:
        instants = np.asarray(times, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"times: {type(times).__name__} found, expected rising instants") from None
    if instants.ndim != 1 or instants.size == 0 or not np.isfinite(instants).all():
        raise InputError("times: expected a list of finite instants")
    if instants[0] < 0 or (np.diff(instants) <= 0).any():
        raise InputError("times: expected rising instants from 0 or later")
    return instants


def _checked(initial: Any, grid: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    try:
        velocity, scalar = (np.asarray(part, dtype=float) for part in initial)
    except (TypeError, ValueError):
        raise InputError("initial: expected velocity (3, *grid) and scalar (*grid)") from None
    if velocity.shape != (3, *grid) or scalar.shape != tuple(grid):
        raise InputError(
            f"initial: shapes {velocity.shape}, {scalar.shape} found, expected {(3, *grid)}, {tuple(grid)}"
        )
    if not (np.isfinite(velocity).all() and np.isfinite(scalar).all()):
        raise InputError("initial: values that are not finite found")
    return velocity, scalar
