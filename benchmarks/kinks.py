"""How far does each integrator carry Chua's circuit over its kinks: ours, a Taylor method that does not stop, DOP853?

The reference is ours at tolerance 1e-16; how far DOP853 at 1e-13, restarted at every kink, ends from it is printed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import heyoka as hy
import numpy as np
from scipy.integrate import solve_ivp

from inscape.systems import zoo

PERIODS, POINTS = 10, 1_001
FLOW = zoo["Chua"]
ALPHA, BETA, M0, M1 = (FLOW.parameters[k] for k in ("alpha", "beta", "m0", "m1"))
TIMES = np.linspace(0, PERIODS * FLOW.period, POINTS)


def ours(tolerance: float) -> np.ndarray:
    return FLOW.simulate(times=TIMES, tolerance=tolerance).states


def taylor_without_stops() -> Callable[[], np.ndarray]:
    """|u| as a choice inside the Taylor series, which a step then follows beyond the kink."""
    x, y, z = hy.make_vars("x", "y", "z")

    def magnitude(u: hy.expression) -> hy.expression:
        return hy.select(hy.gt(u, hy.expression(0.0)), u, -u)

    bend = 0.5 * (M0 - M1) * (magnitude(x + 1.0) - magnitude(x - 1.0))
    law = [(x, ALPHA * (y - x - M1 * x - bend)), (y, x - y + z), (z, -BETA * y)]
    integrator = hy.taylor_adaptive(law, FLOW.initial, tol=1e-12)

    def run() -> np.ndarray:
        integrator.time = 0.0
        integrator.state[:] = FLOW.initial
        return integrator.propagate_grid(TIMES)[-1]

    return run


def dop853(tolerance: float) -> np.ndarray:
    """The usual way: let step control feel the kinks."""

    def law(_: float, s: np.ndarray) -> list[float]:
        bend = 0.5 * (M0 - M1) * (abs(s[0] + 1) - abs(s[0] - 1))
        return [ALPHA * (s[1] - s[0] - M1 * s[0] - bend), s[0] - s[1] + s[2], -BETA * s[1]]

    return solve_ivp(
        law, TIMES[[0, -1]], FLOW.initial, method="DOP853", rtol=tolerance, atol=tolerance, t_eval=TIMES
    ).y.T


def dop853_restarted() -> np.ndarray:
    """DOP853 at 1e-13, stopped at every kink and started again behind it; the last state only."""
    state, now, side = FLOW.initial, 0.0, [np.sign(FLOW.initial[0] + 1), np.sign(FLOW.initial[0] - 1)]
    while now < TIMES[-1]:

        def law(_: float, s: np.ndarray, sides: tuple[float, ...] = tuple(side)) -> list[float]:
            bend = 0.5 * (M0 - M1) * (sides[0] * (s[0] + 1) - sides[1] * (s[0] - 1))
            return [ALPHA * (s[1] - s[0] - M1 * s[0] - bend), s[0] - s[1] + s[2], -BETA * s[1]]

        def left(_: float, s: np.ndarray) -> float:
            return s[0] + 1

        def right(_: float, s: np.ndarray) -> float:
            return s[0] - 1

        for event, from_side in ((left, side[0]), (right, side[1])):
            event.terminal, event.direction = True, -from_side  # type: ignore[attr-defined]
        piece = solve_ivp(law, (now, TIMES[-1]), state, method="DOP853", rtol=1e-13, atol=1e-13, events=[left, right])
        now, state = piece.t[-1], piece.y[:, -1]
        side = [-s if len(met) else s for s, met in zip(side, piece.t_events, strict=True)]
    return state


def timed(run: Callable[[], np.ndarray], repeats: int) -> tuple[np.ndarray, float]:
    run()
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        states = run()
        seconds.append(time.perf_counter() - begun)
    return states, min(seconds)


def main() -> None:
    reference = ours(1e-16)
    spread = np.ptp(reference, axis=0)
    apart = np.abs((reference[-1] - dop853_restarted()) / spread).max()
    print(f"{PERIODS} periods of Chua, {POINTS} points; two references end {apart:.1e} of the spread apart")
    rows = [
        ("ours, 1e-12", *timed(lambda: ours(1e-12), 20)),
        ("ours, 1e-16", *timed(lambda: ours(1e-16), 20)),
        ("Taylor without stops, 1e-12", *timed(taylor_without_stops(), 20)),
        ("DOP853, 1e-12", *timed(lambda: dop853(1e-12), 2)),
        ("DOP853, 1e-13", *timed(lambda: dop853(1e-13), 2)),
    ]
    own = rows[0][2]
    print(f"{'':30s}{'largest error / spread':>24s}{'milliseconds':>14s}{'times ours':>12s}")
    for name, states, seconds in rows:
        error = np.abs((states - reference) / spread).max()
        print(f"{name:30s}{error:24.1e}{1e3 * seconds:14.2f}{seconds / own:12.1f}")


if __name__ == "__main__":
    main()
