"""`Electrolyte`: what salt between the electrodes takes from the voltage - the "e" of the extended model.

The concentration obeys eps dc/dt = d/dx (B D(c) dc/dx) + source, the source (1 - t+) I / (F A L) spread evenly over the
anode and taken out evenly over the cathode; the voltage loses the concentration overpotential and the Ohmic drops of
salt and solid (Marquis et al. 2019, SIAM J. Appl. Math. 79, 2047, eqs. 3.12 to 3.14, with the logarithm kept). None of
it depends on the particles, so it is solved once for all runs under one current.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from inscape.errors import InputError
from inscape.systems.battery.cell import FARADAY, Cell
from inscape.systems.battery.curve import Curve
from inscape.systems.battery.drive import StepPlan
from inscape.systems.battery.particle_kernel import evaluate
from inscape.systems.battery.salt_losses import SaltLosses

SPAN = 4.0
"""Properties are tabulated up to so many times the initial concentration."""
CELLS = (14, 8, 14)
"""Finite volumes of anode, separator and cathode."""


@dataclass(frozen=True)
class Electrolyte:
    """The salt of a cell.

    Parameters
    ----------
    concentration : at rest, mol/m3.
    diffusivity, conductivity : m2/s and S/m, of the concentration over `SPAN` times that at rest.
    transference : of the cation, t+.
    activity : thermodynamic factor 1 + dlnf/dlnc.
    porosity : of anode, separator, cathode.
    efficiency : of transport in each, the porosity to Bruggeman's power.
    separator : its thickness, m.
    solid_conductivity : effective, of anode and cathode, S/m.

    Raises
    ------
    InputError : if a number is not physical.
    """

    concentration: float
    diffusivity: Curve
    conductivity: Curve
    transference: float
    activity: float
    porosity: tuple[float, float, float]
    efficiency: tuple[float, float, float]
    separator: float
    solid_conductivity: tuple[float, float]

    def __post_init__(self) -> None:
        numbers = (self.concentration, self.separator, *self.porosity, *self.efficiency, *self.solid_conductivity)
        if not all(np.isfinite(v) and v > 0 for v in numbers) or not 0 <= self.transference < 1:
            raise InputError(f"electrolyte: {self} holds a number that is not positive and finite")
        if self.concentration < 20:
            raise InputError(
                f"concentration: {self.concentration:g} mol/m3 found; this looks like kmol/m3: give "
                f"{1000 * self.concentration:g}"
            )


def salt_losses(cell: Cell, plan: StepPlan) -> SaltLosses:
    """Solve the salt along the steps of a plan, one row for each current; NaN from where it is used up."""
    salt = cell.electrolyte
    if salt is None:
        raise InputError(f"{cell.name}: no electrolyte known, expected one for electrolyte=True; leave it False")
    lengths = (cell.anode.thickness, salt.separator, cell.cathode.thickness)
    widths = np.concatenate([np.full(n, length / n) for n, length in zip(CELLS, lengths, strict=True)])
    porosity = np.concatenate([np.full(n, e) for n, e in zip(CELLS, salt.porosity, strict=True)])
    efficiency = np.concatenate([np.full(n, e) for n, e in zip(CELLS, salt.efficiency, strict=True)])
    source = np.zeros(sum(CELLS))
    per_ampere = (1.0 - salt.transference) / (FARADAY * cell.area)
    source[: CELLS[0]] = per_ampere / lengths[0]
    source[-CELLS[2] :] = -per_ampere / lengths[2]
    # In units of SPAN concentrations at rest, in which the properties are tabulated.
    unit = SPAN * salt.concentration
    rows, count = len(plan.currents), len(plan.outputs)
    logs = np.empty((rows, 2, count))
    roots = np.empty((rows, 2, count))
    for row in range(rows):
        _diffuse(
            widths, porosity, efficiency, source / unit, plan.sizes, plan.restarts, plan.outputs, plan.charges[row],
            salt.diffusivity.values, salt.diffusivity.slopes, 1.0 / SPAN, CELLS[0], CELLS[2], logs[row], roots[row],
        )  # fmt: skip
    thermal = cell.thermal_voltage
    concentration = 2.0 * (1.0 - salt.transference) * salt.activity * thermal * (logs[:, 1] - logs[:, 0])
    conductivity = float(salt.conductivity(1.0 / SPAN))
    liquid = sum(
        share * length / (conductivity * b)
        for share, length, b in zip((1 / 3, 1.0, 1 / 3), lengths, salt.efficiency, strict=True)
    )
    solid = lengths[0] / (3 * salt.solid_conductivity[0]) + lengths[2] / (3 * salt.solid_conductivity[1])
    ohmic = -(liquid + solid) / cell.area * plan.at_outputs
    return SaltLosses(
        np.ascontiguousarray(concentration + ohmic),
        np.ascontiguousarray(roots[:, 0] * np.sqrt(SPAN)),
        np.ascontiguousarray(roots[:, 1] * np.sqrt(SPAN)),
    )


@njit(cache=True)
def _diffuse(  # type: ignore[no-untyped-def]
    widths, porosity, efficiency, source, steps, restarts, outputs, charges, values, slopes, start, first, last, logs,
    roots,
):  # fmt: skip
    """Means of the logarithm and of the root of the salt in both electrodes (2, time), by variable-step BDF2."""
    n = widths.size
    c = np.full(n, start)
    before = np.full(n, start)
    upper = np.empty(n)
    right = np.empty(n)
    flow = np.zeros(n + 1)
    output = 0
    step_before = 1.0
    for k in range(-1, steps.size):
        if k >= 0:
            dt = steps[k]
            a0, a1, a2, ratio = 1.0, 1.0, 0.0, 0.0
            if restarts[k] == 0:
                ratio = dt / step_before
                a0 = (1.0 + 2.0 * ratio) / (1.0 + ratio)
                a1 = 1.0 + ratio
                a2 = ratio * ratio / (1.0 + ratio)
            # The charge that has passed, not a sampled current, feeds the salt.
            passed = a0 * charges[k + 1] - a1 * charges[k] + a2 * charges[max(k - 1, 0)]
            for i in range(1, n):
                below = c[i - 1] + ratio * (c[i - 1] - before[i - 1])
                above = c[i] + ratio * (c[i] - before[i])
                low = 0.5 * widths[i - 1] / (efficiency[i - 1] * evaluate(values, slopes, below))
                high = 0.5 * widths[i] / (efficiency[i] * evaluate(values, slopes, above))
                flow[i] = 1.0 / (low + high)
            for i in range(n):
                scale = dt / (widths[i] * porosity[i])
                left = -scale * flow[i]
                after = -scale * flow[i + 1]
                value = a1 * c[i] - a2 * before[i] + source[i] * passed / porosity[i]
                pivot = a0 - left - after
                if i > 0:
                    pivot -= left * upper[i - 1]
                    value -= left * right[i - 1]
                upper[i] = after / pivot
                right[i] = value / pivot
            for i in range(n):
                before[i] = c[i]
            c[n - 1] = right[n - 1]
            for i in range(n - 2, -1, -1):
                c[i] = right[i] - upper[i] * c[i + 1]
            step_before = dt
        while output < outputs.size and outputs[output] == k + 1:
            for side in range(2):
                begin = 0 if side == 0 else n - last
                end = first if side == 0 else n
                log, root = 0.0, 0.0
                for i in range(begin, end):
                    if c[i] > 0.0:
                        log += np.log(c[i])
                        root += np.sqrt(c[i])
                    else:
                        log, root = np.nan, np.nan
                logs[side, output] = log / (end - begin)
                roots[side, output] = root / (end - begin)
            output += 1
