"""What the steady flow of a barrier field does: active FTLE and active polar rotation.

Haller et al. 2020, J. Fluid Mech. 905, section 7: x' = b(x) over a dummy time.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.analysis.flow_structures.barriers import BarrierField
from inscape.analysis.flow_structures.flow_maps import FlowMap, flow_map
from inscape.analysis.flow_structures.rotation import polar_rotation
from inscape.analysis.flow_structures.stretching import ftle
from inscape.errors import InputError
from inscape.systems.flows.gridded import GriddedFlow
from inscape.trajectories.velocity_fields.field import VelocityField


def active_ftle(
    barrier: BarrierField, dummy_time: float, *, steps: int | None = None, threads: int = 1
) -> Float[np.ndarray, "*shape"]:
    """FTLE of the barrier field's own steady flow: its ridges are active barriers that repel (dummy_time > 0).

    Parameters
    ----------
    barrier : what `momentum_barrier` or `vorticity_barrier` gives for one duration, on a grid of seeds.
    dummy_time : how long the steady flow runs. The field is first scaled to a root mean square of 1, so that this is
        a length: about how far a typical particle goes.
    steps, threads : as of `flow_map`.

    Raises
    ------
    InputError : if the barrier is not on a grid, or is zero everywhere.
    """
    return ftle(_steady_map(barrier, dummy_time, steps, threads))


def active_rotation(
    barrier: BarrierField, dummy_time: float, *, steps: int | None = None, threads: int = 1
) -> Float[np.ndarray, "*shape"]:
    """Polar rotation angle of the barrier field's own steady flow, radians; closed level sets are active vortices.

    Parameters and errors as of `active_ftle`.
    """
    return polar_rotation(_steady_map(barrier, dummy_time, steps, threads))


def _steady_map(barrier: BarrierField, dummy_time: float, steps: int | None, threads: int) -> FlowMap:
    if not isinstance(barrier, BarrierField):
        raise InputError(f"barrier: {type(barrier).__name__} found, expected one of momentum_barrier(...)[duration]")
    seeds = barrier.seeds
    if seeds.axes is None:
        raise InputError("barrier: scattered seeds found, expected a grid of them")
    strength = float(np.sqrt(np.nanmean(barrier.values**2) * seeds.dimension))
    if not (np.isfinite(strength) and strength > 0):
        raise InputError("barrier: zero or missing everywhere, so it moves nothing")
    velocity = np.moveaxis(barrier.values, -1, 0)[None] / strength
    field = VelocityField(np.zeros(1), seeds.axes, velocity, periodic=seeds.periodic)
    steady = GriddedFlow(field)
    return flow_map(steady, at=0.0, over=dummy_time, steps=steps, tolerance=1e-4, threads=threads)[dummy_time]
