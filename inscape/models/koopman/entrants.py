"""The Koopman laws that enter every contest: few settings, each fitted in well under a second on 1,000 samples."""

from __future__ import annotations

from math import comb, inf

from inscape.models.koopman.dictionary import Dictionary
from inscape.models.koopman.edmd import EDMD
from inscape.models.koopman.kernel_edmd import KernelEDMD
from inscape.models.koopman.koopman_model import KoopmanModel
from inscape.models.persistence import strongest_period
from inscape.models.registry import register
from inscape.trajectories import Trajectories

MOST_KERNEL_SAMPLES = 2_000
"""Kernel matrices cost the cube of the samples."""
MOST_MONOMIALS = 130
SHORTEST = 30


@register("koopman")
def koopman(trajectories: Trajectories) -> list[tuple[str, KoopmanModel]]:
    """Modes of kernels and of radial functions over delays, and polynomials lifted anew at each step.

    Every mode is taken: which of them to trust is decided by the contest's held-out forecasts, not by a bound.
    """
    longest = max(map(len, trajectories))
    if trajectories.input_names or longest < SHORTEST:
        return []
    states = len(trajectories.state_names)
    entered: list[tuple[str, KoopmanModel]] = []
    for delays in _windows(trajectories, longest, states):
        past = f"{delays} sample{'s' if delays > 1 else ''}"
        pairs = longest - delays
        if trajectories.samples <= MOST_KERNEL_SAMPLES:
            for kernel, ranks in (("gaussian", (40, 100)), ("laplacian", (150,))):
                for rank in ranks:
                    kept = min(rank, 2 * pairs // 3)
                    label = f"{kept} modes of a {kernel} kernel of {past} (kernel EDMD)"
                    entered.append((label, KernelEDMD(kernel, delays=delays, rank=kept, held_out=0, max_residual=inf)))
        centres = min(80, pairs // 4 - delays * states)
        if centres >= 10:
            dictionary = Dictionary.rbf(centres, delays=delays) | Dictionary.delays(delays)
            label = f"modes of {centres} radial functions of {past} (EDMD)"
            entered.append((label, EDMD(dictionary, held_out=0, max_residual=inf)))
    if states > 1:
        for degree in (3, 5):
            terms = comb(states + degree, degree)
            if terms <= min(MOST_MONOMIALS, trajectories.samples // 3):
                law = EDMD(Dictionary.polynomial(degree), held_out=0, max_residual=inf, reproject=True)
                entered.append((f"polynomials of degree {degree}, lifted anew (EDMD)", law))
    return entered


def _windows(trajectories: Trajectories, longest: int, states: int) -> tuple[int, ...]:
    """Half a period and a whole one where a single variable has to tell its state; few samples where many do."""
    if states > 1:
        return tuple(d for d in (1, 4) if d <= longest // 8)
    period = strongest_period(max(trajectories, key=len).states[-20_000:])
    half = min(max(period // 2, 4), 50)
    return tuple(d for d in sorted({min(half, 8), half, min(2 * half, 50)}) if d <= longest // 4)
