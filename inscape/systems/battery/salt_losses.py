"""`SaltLosses`: what the electrolyte takes from a cell's voltage along a current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class SaltLosses:
    """What the electrolyte does to the voltage at each output.

    Parameters
    ----------
    shift : (run, time) V added to the voltage.
    anode, cathode : (run, time) factors on the exchange currents, the root of the concentration over that at rest.
    """

    shift: Float[np.ndarray, "run time"]
    anode: Float[np.ndarray, "run time"]
    cathode: Float[np.ndarray, "run time"]
