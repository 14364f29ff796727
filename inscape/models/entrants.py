"""The laws of this house that enter every contest, each with the settings that are worth trying on a recording."""

from __future__ import annotations

from math import comb

from inscape.models.dictionary import polynomial
from inscape.models.dmd import DMD
from inscape.models.ensemble import Ensemble
from inscape.models.kernel_tuning import tuned
from inscape.models.model import Model
from inscape.models.nvar import NVAR
from inscape.models.persistence import Persistence, strongest_period
from inscape.models.registry import register
from inscape.models.sindy import SINDy
from inscape.models.state_estimation import EstimatedStart
from inscape.trajectories import Trajectories

MOST_TERMS = 200
"""Columns of a regression that is tried: its memory and time grow with rows times columns squared."""

FEWEST_FOR_KERNELS = 40
VOTERS_SHORT, VOTERS_LONG = (5, 20), (5,)
SHORT = 400
"""Samples up to which twenty regressions vote; on longer ones the best few differ more from the rest, and cost more."""

MOST_ESTIMATED = 12
"""State variables up to which the start of a forecast is estimated; tangent vectors cost their square."""


@register("persistence", is_reference=True)
def persistence(trajectories: Trajectories) -> list[tuple[str, Persistence]]:
    """The next sample is the last one, or drifts on from it."""
    return [("last value", Persistence("last")), ("last value with drift", Persistence("drift"))]


@register("mean", is_reference=True)
def mean(trajectories: Trajectories) -> list[tuple[str, Persistence]]:
    """The next sample is the mean of all."""
    return [("mean", Persistence("mean"))]


@register("seasonal", is_reference=True)
def seasonal(trajectories: Trajectories) -> list[tuple[str, Persistence]]:
    """The next season is the last one; only where there is a season."""
    season = strongest_period(max(trajectories, key=len).states[-20_000:])
    return [("last season", Persistence("seasonal"))] if season > 1 else []


@register("dmd")
def dmd(trajectories: Trajectories) -> list[tuple[str, DMD]]:
    """Linear laws of the state and of the state with its own past."""
    width = len(trajectories.state_names)
    longest = max(len(run) for run in trajectories)
    entered = [("linear law (DMD)", DMD())]
    if not trajectories.input_names:
        entered.append(("linear law (total least squares DMD)", DMD(variant="total")))
    for delays in (2, 4, 8, 16, 32):
        # Fewer than three rows a column would fit the noise.
        if delays * width <= MOST_TERMS // 2 and longest >= 4 * delays * max(1, width // 2):
            entered.append((f"linear law of {delays} samples (DMD)", DMD(delays=delays)))
            if delays >= 8:
                entered.append((f"linear law of {delays} samples, rank by noise (DMD)", DMD("optimal", delays=delays)))
    return entered


@register("nvar")
def nvar(trajectories: Trajectories) -> list[tuple[str, NVAR]]:
    """Polynomials of the last few samples; one variable needs more of its past than many do."""
    states, driven = len(trajectories.state_names), len(trajectories.input_names)
    lags = (2, 3, 4, 6, 9) if states == 1 else (1, 2, 3)
    strides = (1, *_strides(trajectories))
    entered = []
    for degree in (2, 3):
        for count in lags:
            for stride in strides if count > 1 else (1,):
                terms = comb(count * states + driven + degree, degree)
                past = (count - 1) * stride + 1
                if terms <= min(MOST_TERMS, trajectories.samples // 3) and past <= max(map(len, trajectories)) // 4:
                    every = "" if stride == 1 else f", every {stride}th"
                    label = f"polynomial of {count} sample{'s' if count > 1 else ''}{every}, degree {degree} (NVAR)"
                    entered.append((label, NVAR(lags=count, stride=stride, degree=degree)))
    return entered


@register("kernel regression")
def kernel_regression(trajectories: Trajectories) -> list[tuple[str, Model]]:
    """A smooth function of the last few samples; settings are tried within the recording, and the best vote."""
    variables = len(trajectories.state_names) + len(trajectories.input_names)
    if variables > MOST_TERMS or trajectories.samples < FEWEST_FOR_KERNELS:
        return []
    ranked = [t.model for t in tuned(trajectories)]
    if not ranked:
        return []
    best = ranked[0]
    every = "" if best.stride == 1 else f", every {best.stride}th"
    past = f"{best.lags} sample{'s' if best.lags > 1 else ''}{every}"
    entered: list[tuple[str, Model]] = [(f"kernel regression on {past}", best)]
    sizes = VOTERS_SHORT if trajectories.samples <= SHORT else VOTERS_LONG
    entered += [(f"median of {n} kernel regressions", Ensemble(ranked[:n])) for n in sizes if n <= len(ranked)]
    return entered


@register("sindy")
def sindy(trajectories: Trajectories) -> list[tuple[str, Model]]:
    """Sparse polynomial laws: rates of change, and the next sample; forecasts from one sample or an estimated state."""
    variables = len(trajectories.state_names) + len(trajectories.input_names)
    longest = max(map(len, trajectories))
    entered: list[tuple[str, Model]] = []
    for degree in (2, 3):
        terms = comb(variables + degree, degree)
        if terms > MOST_TERMS or trajectories.samples < terms + 4:
            continue
        kind = "quadratic" if degree == 2 else "cubic"
        entered.append((f"sparse {kind} law (SINDy)", SINDy(polynomial(degree))))
        entered.append((f"sparse {kind} map (SINDy)", SINDy(polynomial(degree), time="discrete")))
        if variables == len(trajectories.state_names) <= MOST_ESTIMATED:
            for window in _windows(trajectories, longest):
                label = f"sparse {kind} law from {window} samples (SINDy)"
                entered.append((label, EstimatedStart(SINDy(polynomial(degree)), window)))
    if variables + 1 <= MOST_TERMS and trajectories.samples >= variables + 5:
        entered.append(("sparse linear law (SINDy)", SINDy(polynomial(1))))
    return entered


def _windows(trajectories: Trajectories, longest: int) -> tuple[int, ...]:
    """Stretches that a start is fitted to: an eighth and a third of a period."""
    period = strongest_period(max(trajectories, key=len).states[-20_000:])
    return tuple(w for w in sorted({period // 8, period // 3}) if 4 <= w <= min(60, longest // 10))


def _strides(trajectories: Trajectories) -> tuple[int, ...]:
    """A quarter of the decay of the autocorrelation: lags that see the bend of the motion and not only its noise."""
    from inscape.errors import InscapeError
    from inscape.models.held_out import bridged
    from inscape.trajectories import choose_lag

    longest = max(trajectories, key=len)
    try:
        lag = choose_lag(bridged(longest[-5_000:]), "autocorrelation")
    except InscapeError:
        return ()
    return tuple(sorted({s for s in (lag // 4, lag // 2) if s > 1}))
