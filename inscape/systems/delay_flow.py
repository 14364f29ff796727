"""`DelayFlow`: a law in continuous time that looks back, dx/dt = f(x(t), x(t - tau), t)."""

from __future__ import annotations

from inscape.systems.symbolic import SymbolicSystem


class DelayFlow(SymbolicSystem):
    """A delay differential equation; the past stands in the law as `delayed(x, tau)`."""
