"""Linear laws of long delays, with growth taken out: what helps a forecast of one noisy, turning variable."""

from __future__ import annotations

from inscape.models.dmd import DMD
from inscape.models.persistence import strongest_period
from inscape.models.registry import register
from inscape.trajectories import Trajectories

MOST_COLUMNS = 400
"""Delays times variables; a fit costs their square times the samples."""
LONGEST = 20_000


@register("hankel")
def hankel(trajectories: Trajectories) -> list[tuple[str, DMD]]:
    """Hankel-DMD over a half, one and two periods, its rank cut at the noise or at a few modes, growth made steady."""
    width = len(trajectories.state_names)
    longest = max(trajectories, key=len)
    period = strongest_period(longest.states[-LONGEST:])
    entered = []
    for delays in sorted({period // 2, period, 2 * period}):
        if delays < 4 or delays * width > MOST_COLUMNS or len(longest) < 3 * delays:
            continue
        label = f"linear law of {delays} samples, steadied"
        entered.append((f"{label}, rank by noise (Hankel-DMD)", DMD("optimal", delays=delays, growing="steady")))
        if not trajectories.input_names:
            for count in (2, 6, 12):
                if count < delays * width:
                    model = DMD("optimal", delays=delays, growing="steady", most_modes=count)
                    entered.append((f"{label}, {count} modes (Hankel-DMD)", model))
    return entered
