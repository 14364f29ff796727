"""`March`: the spectra of one fluid on their way through time.

Momentum is carried by five products of velocities (Basdevant 1983, J. Comput. Phys. 50): the diagonal's last one only
shifts the pressure. With three transforms to the grid that makes 8, where the rotational form takes 9; a scalar adds 4.
Viscosity and diffusion are exact, by integrating factors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import DivergedError

if TYPE_CHECKING:
    from inscape.systems.flows.solver import Fluid

# Williamson's third-order scheme: share of the old register, weight of the new one, instants of the stages.
_KEEP = (0.0, -5.0 / 9.0, -153.0 / 128.0)
_TAKE = (1.0 / 3.0, 15.0 / 16.0, 8.0 / 15.0)
_THIRDS = (1.0 / 3.0, 5.0 / 12.0, 1.0 / 4.0)
# The classical fourth-order scheme: how far each change looks ahead, its share of the sum, what decays after it.
_AHEAD = (1.0 / 2.0, 1.0 / 2.0, 1.0, 0.0)
_SHARE = (1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0)
_HALVES = (1.0 / 2.0, 0.0, 1.0 / 2.0, 0.0)


class March:
    """Spectra of velocity, and of a scalar if there is one, from 0 onwards.

    Parameters
    ----------
    fluid : whose equations are stepped.
    fields : (3 or 4, *grid) velocity and scalar at time 0.

    `spectra`, `time` and `history`, (time, energy, dissipation) at every step, say where it is.
    """

    def __init__(self, fluid: Fluid, fields: np.ndarray):
        self.fluid, self.box = fluid, fluid.box
        fields = self.box.array(fields)
        self.spectra = self.box.spectral(fields)
        self.box.without_divergence(self.spectra[:3])
        self._transforms = self.box.transforms()
        # NumPy works in the same memory all the time; torch keeps its own stock.
        is_compiled = self.box.is_compiled
        self._product, self._square = (np.empty_like(fields[0]) if is_compiled else None for _ in range(2))
        self._rates = np.empty_like(self.spectra) if is_compiled else None
        self.time = 0.0
        self.history: list[tuple[float, float, float]] = []
        self._decays: tuple[float, tuple[Any, ...]] = (-1.0, ())
        self._note()

    def go_on_to(self, instant: float) -> None:
        while self.time < instant - 1e-12:
            self._step(instant)

    def fields(self) -> np.ndarray:
        """(field, *grid) velocity and scalar now."""
        return self.box.numpy(self.box.physical(self.spectra))

    def change(self, spectra: Any) -> Any:
        """Rates of change of the spectra by advection and pressure; NumPy's hold until the next call."""
        return self._tendency(self._transforms.on_grid(spectra))

    def _step(self, instant: float) -> None:
        fields = self._transforms.on_grid(self.spectra)
        step = self._length(self._speed(fields), instant)
        first = self._tendency(fields)
        if self.fluid.scheme == "rk3":
            self._low_storage(first, step)
        else:
            self._classical(first, step)
        # The last instant is met exactly.
        self.time = instant if abs(instant - self.time - step) < 1e-12 else self.time + step
        self._note()

    def _low_storage(self, change: Any, step: float) -> None:
        register = change * 0.0
        for stage, decay in enumerate(self._decay(step, _THIRDS)):
            if stage:
                change = self.change(self.spectra)
            if self.box.is_compiled:
                from inscape.systems.flows.wave_kernels import low_storage_stage

                weights = self.box.scalars(_KEEP[stage], step, _TAKE[stage])
                low_storage_stage(*map(_flat, (self.spectra, register, change, decay)), *weights)
            else:
                register = _KEEP[stage] * register + step * change
                self.spectra = (self.spectra + _TAKE[stage] * register) * decay
                register = register * decay

    def _classical(self, change: Any, step: float) -> None:
        total, probe = self.spectra * 1.0, self.spectra * 1.0
        for stage, decay in enumerate(self._decay(step, _HALVES)):
            if stage:
                change = self.change(probe)
            ahead, share = step * _AHEAD[stage], step * _SHARE[stage]
            if self.box.is_compiled:
                from inscape.systems.flows.wave_kernels import classical_stage

                arrays = map(_flat, (self.spectra, total, probe, change, decay))
                classical_stage(*arrays, *self.box.scalars(ahead, share))
            else:
                probe = (self.spectra + ahead * change) * decay
                total = (total + share * change) * decay
                self.spectra = self.spectra * decay
        self.spectra = total

    def _tendency(self, fields: Any) -> Any:
        """Spectra of -div(u u) without its divergence and of -div(u c)."""
        box = self.box
        kx, ky, kz = box.waves
        products = self._transforms.in_waves(self._products(fields), 5 + 3 * (len(fields) - 3))
        if box.is_compiled:
            from inscape.systems.flows.wave_kernels import tendency

            tendency(products, kx.ravel(), ky.ravel(), kz.ravel(), box.inverse_squared, self._rates)
            return self._rates
        xx, yy, xy, xz, yz = products[0], products[1], products[2], products[3], products[4]
        parts = [kx * xx + ky * xy + kz * xz, kx * xy + ky * yy + kz * yz, kx * xz + ky * yz]
        box.without_divergence(parts)
        if len(products) > 5:
            parts.append(kx * products[5] + ky * products[6] + kz * products[7])
        return -1j * box.module.stack(parts)

    def _products(self, fields: Any) -> Iterator[Any]:
        """uu - ww, vv - ww, uv, uw, vw, and uc, vc, wc where there is a scalar; one by one, so that each stays near."""
        multiply = self.box.module.multiply
        u, v, w = fields[0], fields[1], fields[2]
        square = multiply(w, w, out=self._square)
        for a in (u, v):
            product = multiply(a, a, out=self._product)
            product -= square
            yield product
        for a, b in ((u, v), (u, w), (v, w)):
            yield multiply(a, b, out=self._product)
        for k in range(3, len(fields)):
            for a in (u, v, w):
                yield multiply(a, fields[k], out=self._product)

    def _speed(self, fields: Any) -> float:
        """Largest sum of |u_i| / dx_i."""
        size = self.box.module.absolute
        hx, hy, hz = self.box.spacing
        total = size(fields[0], out=self._product)
        total /= hx
        for field, spacing in ((fields[1], hy), (fields[2], hz)):
            part = size(field, out=self._square)
            part /= spacing
            total += part
        return float(total.max())

    def _length(self, speed: float, instant: float) -> float:
        if not np.isfinite(speed):
            raise DivergedError(
                f"fluid: velocity is not finite at t = {self.time:g}; take a finer grid or more viscosity"
            )
        left = instant - self.time
        longest = self.fluid.courant / speed if speed > 0 else left
        return left / max(1, int(np.ceil(left / longest - 1e-9)))

    def _decay(self, step: float, shares: tuple[float, ...]) -> tuple[Any, ...]:
        """How viscosity and diffusion damp each wave over the parts of a step: (1 or field, *waves) for each."""
        if abs(self._decays[0] - step) > 1e-14:
            box, fluid = self.box, self.fluid
            damping = [fluid.viscosity] * 3 + [fluid.viscosity / fluid.schmidt] * (len(self.spectra) - 3)
            if len(set(damping)) == 1:
                damping = damping[:1]
            by_share = {
                share: box.module.stack([box.module.exp(box.squared * (-d * share * step)) for d in damping])
                for share in set(shares)
            }
            self._decays = (step, tuple(by_share[share] for share in shares))
        return self._decays[1]

    def _note(self) -> None:
        power = self.box.power(self.spectra[:3])
        energy = 0.5 * float(power.sum())
        if not np.isfinite(energy):
            raise DivergedError(
                f"fluid: energy is not finite at t = {self.time:g}; take a finer grid or more viscosity"
            )
        dissipation = self.fluid.viscosity * float((self.box.squared * power).sum())
        self.history.append((self.time, energy, dissipation))


def _flat(spectra: np.ndarray) -> np.ndarray:
    return spectra.reshape(len(spectra), -1)
