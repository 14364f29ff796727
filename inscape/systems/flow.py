"""`Flow`: a law in continuous time, dx/dt = f(x, t)."""

from __future__ import annotations

from inscape.systems.symbolic import SymbolicSystem


class Flow(SymbolicSystem):
    """An ordinary differential equation."""
