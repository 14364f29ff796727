"""`Map`: a law in discrete time, x(n + 1) = f(x(n), n)."""

from __future__ import annotations

from inscape.systems.symbolic import SymbolicSystem


class Map(SymbolicSystem):
    """A difference equation."""
