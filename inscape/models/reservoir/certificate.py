"""What is certain about a fitted reservoir: whether it forgets its start, moves freely, and keeps its target rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.models.reservoir.adaptation import saturated_share, synchrony

MOST_SATURATED = 0.2
SYNCHRONOUS = 0.9


@dataclass(frozen=True)
class Certificate:
    """The echo state property of a reservoir on the recording it learned from, or why it is withheld.

    Parameters
    ----------
    exponent, exponent_error : largest conditional Lyapunov exponent per step, and its standard error; NaN if no node
        moved or the recording is too short.
    saturated : share of nodes that stand at 0 or 1 nine steps in ten.
    synchrony : how strongly the whole network alternates with period 2, 0 to 1.
    rate_error : mean |rate - target| over the nodes; NaN without targets.
    has_settled : whether the rate errors of an adaptation had stopped falling.
    unreachable : how many nodes cannot reach their target by inhibition.
    reason : why the certificate is withheld; empty if it is granted.
    """

    exponent: float
    exponent_error: float
    saturated: float
    synchrony: float
    rate_error: float
    has_settled: bool
    unreachable: int
    reason: str

    @property
    def is_granted(self) -> bool:
        return not self.reason

    def __str__(self) -> str:
        if self.reason:
            return f"certificate withheld: {self.reason}"
        return (
            f"forgets its start: largest conditional exponent {self.exponent:.3g} +- {self.exponent_error:.1g} a step; "
            f"{self.saturated:.0%} of the nodes saturated"
        )


def certify(
    activity: Float[np.ndarray, "time node"],
    exponent: float,
    exponent_error: float,
    rate_error: float,
    has_settled: bool,
    unreachable: int,
) -> Certificate:
    """The certificate that an activity and a conditional exponent give."""
    saturated, together = saturated_share(activity), synchrony(activity)
    reason = ""
    if saturated > MOST_SATURATED:
        reason = (
            f"{saturated:.0%} of the nodes are saturated at 0 or 1, at most {MOST_SATURATED:.0%} may be; "
            "standardise the series, lower input_scale or lower the balance"
        )
    elif together > SYNCHRONOUS:
        reason = (
            f"the whole network alternates with period 2 (correlation {together:.2f}), it is over-inhibited; "
            "raise the balance or the target rates"
        )
    elif not has_settled:
        reason = f"the adaptation has not settled (mean rate error {rate_error:.3f}, still falling); adapt for longer"
    elif not np.isfinite(exponent):
        reason = "no conditional exponent could be measured; the recording is too short or no node moves"
    elif exponent + 2 * exponent_error >= 0:
        reason = (
            f"largest conditional exponent {exponent:.3g} +- {exponent_error:.1g} a step is not below zero: the state "
            'depends on where the network started; lower the gain or set gain="edge"'
        )
    return Certificate(
        float(exponent), float(exponent_error), saturated, together, float(rate_error), has_settled, unreachable, reason
    )
