"""`Fluid`: an incompressible fluid with a passive scalar in a periodic box, by a pseudo-spectral method.

Rotational form of the Navier-Stokes equations; waves above a third of the grid's dropped; viscosity and diffusion exact
by integrating factors; the third-order Runge-Kutta scheme of Williamson 1980 (J. Comput. Phys. 35) in two registers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError, UnknownNameError
from inscape.systems.flows.initial_states import STATES
from inscape.systems.flows.spectral import Backend, Box
from inscape.trajectories.velocity_fields.field import VelocityField

Precision = Literal["double", "single"]
# Williamson's third-order scheme: share of the old register, weight of the new one, instants of the stages.
_KEEP = (0.0, -5.0 / 9.0, -153.0 / 128.0)
_TAKE = (1.0 / 3.0, 15.0 / 16.0, 8.0 / 15.0)
_INSTANT = (0.0, 1.0 / 3.0, 3.0 / 4.0, 1.0)


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
    courant : time step times the sum of |u_i| / dx_i, at most; above about 0.8 the scheme is unstable.

    Raises
    ------
    InputError, UnknownNameError : if an argument is not what it should be.
    """

    state_names = ("u", "v", "w", "scalar")

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
    ):
        if precision not in ("double", "single"):
            raise UnknownNameError("precision", str(precision), ("double", "single"))
        if start not in STATES:
            raise UnknownNameError("initial state", str(start), STATES)
        self.viscosity = _positive("viscosity", viscosity)
        self.schmidt = _positive("schmidt", schmidt)
        self.courant = _positive("courant", courant)
        if self.courant > 1.0:
            raise InputError(f"courant: {courant:g} found, expected at most 1; the scheme is unstable beyond")
        self.start = start
        self.thickness = _positive("thickness", thickness)
        self.wavelength = _positive("wavelength", wavelength)
        self.noise = float(noise)
        if not (np.isfinite(self.noise) and self.noise >= 0):
            raise InputError(f"noise: {noise!r} found, expected a number of at least 0")
        self.seed = seed
        self.box = Box(grid, box, backend=backend, device=device, is_double=precision == "double")

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

        `initial` is velocity and scalar on the grid; the named initial state if None.
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
        march = _March(self, self.initial_state() if initial is None else _checked(initial, self.box.grid))
        frames, scalars = [], []
        for instant in instants:
            march.go_on_to(float(instant))
            velocity, scalar = march.fields()
            frames.append(velocity)
            scalars.append(scalar)
        field = VelocityField(
            times=instants,
            axes=self.box.axes,
            velocity=np.stack(frames),
            scalar=np.stack(scalars),
            periodic=True,
            viscosity=self.viscosity,
            source=f"{self.start}, {' x '.join(map(str, self.box.grid))}, viscosity {self.viscosity:g}",
        )
        history = np.array(march.history)
        return FluidRun(field, Budget(history[:, 0], history[:, 1], history[:, 2]))


class _March:
    """One run: spectra of velocity and scalar, and their way through time."""

    def __init__(self, fluid: Fluid, state: tuple[np.ndarray, np.ndarray]):
        self.fluid, self.box = fluid, fluid.box
        velocity, scalar = state
        box = self.box
        both = box.spectral(box.array(np.concatenate([velocity, scalar[None]])))
        box.without_divergence(both[:3])
        self.spectra = both
        self.register = both * 0.0
        self.time = 0.0
        self.history: list[tuple[float, float, float]] = []
        self._decays: tuple[float, list[Any]] = (-1.0, [])
        self._note()

    def go_on_to(self, instant: float) -> None:
        while self.time < instant - 1e-12:
            self._step(instant)

    def fields(self) -> tuple[np.ndarray, np.ndarray]:
        both = self.box.numpy(self.box.physical(self.spectra))
        return both[:3].copy(), both[3].copy()

    def _step(self, instant: float) -> None:
        step = 0.0
        for stage in range(3):
            change, speed = self._change(stage == 0)
            if stage == 0:
                step = self._length(speed, instant)
                decays = self._decay(step)
            if stage:
                self.register *= _KEEP[stage]
                self.register += change * step
            else:
                self.register = change * step
            self.spectra += _TAKE[stage] * self.register
            self.spectra *= decays[stage]
            if stage < 2:
                self.register *= decays[stage]
        # The last instant is met exactly.
        self.time = instant if abs(instant - self.time - step) < 1e-12 else self.time + step
        self._note()

    def _change(self, wants_speed: bool) -> tuple[Any, float]:
        """Spectra of u x curl u without its divergence, and of -div(u c); the largest sum of |u_i| / dx_i."""
        box = self.box
        stack = box.module.concatenate
        fields = box.physical(stack((self.spectra, box.curl(self.spectra[:3]))))
        u, v, w, c = fields[0], fields[1], fields[2], fields[3]
        p, q, r = fields[4], fields[5], fields[6]
        speed = 0.0
        if wants_speed:
            hx, hy, hz = box.spacing
            speed = float((abs(u) / hx + abs(v) / hy + abs(w) / hz).max())
        products = box.module.stack((v * r - w * q, w * p - u * r, u * q - v * p, u * c, v * c, w * c))
        spectra = box.spectral(products)
        box.without_divergence(spectra[:3])
        spectra[3] = -box.divergence(spectra[3:])
        return spectra[:4], speed

    def _length(self, speed: float, instant: float) -> float:
        if not np.isfinite(speed):
            raise DivergedError(
                f"fluid: velocity is not finite at t = {self.time:g}; take a finer grid or more viscosity"
            )
        left = instant - self.time
        longest = self.fluid.courant / speed if speed > 0 else left
        return left / max(1, int(np.ceil(left / longest - 1e-9)))

    def _decay(self, step: float) -> list[Any]:
        """How viscosity and diffusion damp each wave over the three parts of a step."""
        if abs(self._decays[0] - step) > 1e-14:
            box, fluid = self.box, self.fluid
            shares = np.diff(_INSTANT)
            damping = [fluid.viscosity] * 3 + [fluid.viscosity / fluid.schmidt]
            found = []
            for share in shares:
                by_field = {d: box.module.exp(box.squared * (-d * share * step)) for d in set(damping)}
                found.append(
                    by_field[damping[0]] if len(by_field) == 1 else box.module.stack([by_field[d] for d in damping])
                )
            self._decays = (step, found)
        return self._decays[1]

    def _note(self) -> None:
        velocity = self.spectra[:3]
        energy = 0.5 * self.box.mean_square(velocity)
        if not np.isfinite(energy):
            raise DivergedError(
                f"fluid: energy is not finite at t = {self.time:g}; take a finer grid or more viscosity"
            )
        dissipation = self.fluid.viscosity * self.box.mean_square(velocity, self.box.squared)
        self.history.append((self.time, energy, dissipation))


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
