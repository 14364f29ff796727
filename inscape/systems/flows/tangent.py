"""What a flow does to small neighbourhoods, as a flow again: deformation gradient and transported flux along a path."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import sympy

from inscape.errors import InputError, UnknownNameError
from inscape.systems.definition import Definition, symbol
from inscape.systems.flow import Flow

Quantity = Literal["momentum", "vorticity"]


def tangent_flow(flow: Flow) -> Flow:
    """The flow of (x, G): positions, and the gradient of the flow map row by row, dG/dt = grad u G.

    G starts as the identity; `tangent_start` has it.
    """
    return Flow(_tangent(flow.definition), name=f"tangent of {flow.name}")


def flux_flow(flow: Flow, quantity: Quantity = "momentum") -> Flow:
    """The flow of (x, G, b): db/dt = adj(G) Lap u, the diffusive flux seen from where the particle started.

    b over the elapsed time is the barrier field of Haller et al. 2020 (J. Fluid Mech. 905, equations 24 and 30).
    `quantity` "vorticity" takes Lap curl u in place of Lap u.

    Raises
    ------
    InputError : if the flow has neither two nor three coordinates, or vorticity is asked for in the plane.
    UnknownNameError : if the quantity is another one.
    """
    if quantity not in ("momentum", "vorticity"):
        raise UnknownNameError("barrier quantity", str(quantity), ("momentum", "vorticity"))
    return Flow(_flux(flow.definition, quantity), name=f"{quantity} flux of {flow.name}")


@lru_cache(maxsize=32)
def _tangent(law: Definition) -> Definition:
    size = _checked(law)
    gradient = _matrix(size)
    rates = law.jacobian * gradient
    names = (*law.state_names, *(str(s) for s in gradient))
    return Definition(f"{law.name}_tangent", names, (), law.parameters, (*law.expressions, *rates))


@lru_cache(maxsize=32)
def _flux(law: Definition, quantity: Quantity) -> Definition:
    size = _checked(law)
    tangent = _tangent(law)
    gradient = _matrix(size)
    carried = list(law.expressions)
    if quantity == "vorticity":
        if size == 2:
            raise InputError(
                "vorticity barriers: a flow in the plane found; there vorticity is a scalar, take momentum"
            )
        x, (u, v, w) = law.states, carried
        carried = [
            sympy.diff(w, x[1]) - sympy.diff(v, x[2]),
            sympy.diff(u, x[2]) - sympy.diff(w, x[0]),
            sympy.diff(v, x[0]) - sympy.diff(u, x[1]),
        ]
    spread = sympy.Matrix([sum(sympy.diff(e, s, 2) for s in law.states) for e in carried])
    # The determinant is 1 for an incompressible flow, so the adjugate is the inverse, without its division.
    rates = gradient.adjugate() * spread
    names = (*tangent.state_names, *(f"b_{i}" for i in range(size)))
    return Definition(f"{law.name}_{quantity}_flux", names, (), law.parameters, (*tangent.expressions, *rates))


def _matrix(size: int) -> sympy.Matrix:
    return sympy.Matrix(size, size, lambda i, j: symbol(f"G_{i}_{j}"))


def _checked(law: Definition) -> int:
    size = len(law.state_names)
    if size not in (2, 3) or law.input_names:
        raise InputError(
            f"{law.name}: {size} states and {len(law.input_names)} inputs, expected 2 or 3 coordinates alone"
        )
    return size
