"""A cell at another state of charge: where lithium must stand for the open-circuit voltage to be what was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inscape.errors import InputError
from inscape.systems.battery.cell import Cell


def after_charge(cell: Cell, coulombs: float) -> Cell:
    """The same cell, at rest, after so much charge was drawn from it (C; negative: put in).

    Raises
    ------
    InputError : if an electrode would be emptied or overfilled.
    """
    anode = cell.anode.initial_stoichiometry - coulombs / cell.anode.charge(cell.area)
    cathode = cell.cathode.initial_stoichiometry + coulombs / cell.cathode.charge(cell.area)
    if not (0 < anode < 1 and 0 < cathode < 1):
        raise InputError(
            f"coulombs: {coulombs:g} C would bring the anode to {anode:.3g} and the cathode to {cathode:.3g}, "
            "expected both between 0 and 1"
        )
    return cell.replace(
        anode=replace(cell.anode, initial_stoichiometry=anode),
        cathode=replace(cell.cathode, initial_stoichiometry=cathode),
    )


def at_voltage(cell: Cell, voltage: float) -> Cell:
    """The same cell, at rest at this open-circuit voltage: both electrodes move along one line of charge.

    Raises
    ------
    InputError : if no state of charge of the cell has this voltage.
    """
    from scipy.optimize import brentq

    full = cell.anode.initial_stoichiometry * cell.anode.charge(cell.area)
    room = (1.0 - cell.cathode.initial_stoichiometry) * cell.cathode.charge(cell.area)
    drawn = np.linspace(
        -min(
            (1.0 - cell.anode.initial_stoichiometry) * cell.anode.charge(cell.area),
            cell.cathode.initial_stoichiometry * cell.cathode.charge(cell.area),
        )
        * 0.999,
        min(full, room) * 0.999,
        401,
    )

    def missed(coulombs: float) -> float:
        return after_charge(cell, coulombs).open_circuit_voltage() - voltage

    values = np.array([missed(q) for q in drawn])
    crossings = np.flatnonzero((values[:-1] >= 0) & (values[1:] < 0))
    if not np.isfinite(voltage) or crossings.size == 0:
        raise InputError(
            f"voltage: {voltage:g} V found, the cell's open-circuit voltage goes from {values.min() + voltage:.4g} to "
            f"{values.max() + voltage:.4g} V"
        )
    # Of several crossings of a polynomial that wiggles, the one nearest to where the cell is.
    nearest = crossings[np.argmin(np.abs(drawn[crossings]))]
    return after_charge(cell, float(brentq(missed, drawn[nearest], drawn[nearest + 1])))
