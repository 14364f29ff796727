"""How long do we and jitcdde take for the same Mackey-Glass run at the same error, and for its Lyapunov exponents?"""

from __future__ import annotations

import os
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from inscape.analysis.lyapunov_delay import delay_lyapunov_spectrum
from inscape.systems import zoo

DELAY, START, END = 17.0, 0.9, 500.0
TIMES = np.arange(100.0, END + 0.5)
FLOW = zoo["MackeyGlass"].with_parameters(tau=DELAY)
EXPONENTS_OVER = 50_000.0
REPEATS = 5


def ours(tolerance: float) -> np.ndarray:
    return FLOW.simulate([START], np.concatenate(([0.0], TIMES)), tolerance=tolerance).states[1:, 0]


def law() -> list[object]:
    import jitcdde
    from jitcdde import y as past

    delayed = past(0, jitcdde.t - DELAY)
    return [0.2 * delayed / (1 + delayed**10) - 0.1 * past(0)]


def theirs(tolerance: float) -> tuple[np.ndarray, float]:
    """The run, and the seconds it took once compiled."""
    from jitcdde import jitcdde

    solver = jitcdde(law(), verbose=False)
    solver.compile_C()
    solver.constant_past([START])
    solver.set_integration_parameters(rtol=tolerance, atol=tolerance)
    begun = time.perf_counter()
    solver.step_on_discontinuities()
    states = np.array([solver.integrate(s)[0] for s in TIMES])
    return states, time.perf_counter() - begun


def their_exponents(count: int, duration: float) -> tuple[np.ndarray, float]:
    from jitcdde import jitcdde_lyap

    solver = jitcdde_lyap(law(), n_lyap=count, verbose=False)
    solver.compile_C()
    solver.constant_past([START])
    solver.set_integration_parameters(rtol=1e-6, atol=1e-8)
    begun = time.perf_counter()
    solver.step_on_discontinuities()
    grown = []
    for end in np.arange(solver.t + 10, solver.t + duration, 10):
        _, local, weight = solver.integrate(end)
        grown.append((weight, local))
    seconds = time.perf_counter() - begun
    late = grown[len(grown) // 4 :]
    return np.average([g for _, g in late], axis=0, weights=[w for w, _ in late]), seconds


def main() -> None:
    warnings.filterwarnings("ignore")
    reference = ours(1e-14)
    ours(1e-7)
    rows = []
    for tolerance in (1e-7, 1e-10, 1e-12):
        seconds = np.inf
        for _ in range(REPEATS):
            begun = time.perf_counter()
            states = ours(tolerance)
            seconds = min(seconds, time.perf_counter() - begun)
        rows.append((f"ours, tolerance {tolerance:.0e}", np.abs(states - reference).max(), seconds))
    for tolerance in (1e-6, 1e-8, 1e-10):
        states, seconds = min((theirs(tolerance) for _ in range(REPEATS)), key=lambda run: run[1])
        rows.append((f"jitcdde, tolerance {tolerance:.0e}", np.abs(states - reference).max(), seconds))
    print(f"Mackey-Glass, delay {DELAY:g}, to t = {END:g}, {len(TIMES)} points")
    print(f"{'':30s}{'largest error':>16s}{'milliseconds':>14s}")
    for name, error, seconds in rows:
        print(f"{name:30s}{error:16.1e}{1e3 * seconds:14.2f}")
    for name, error, seconds in rows[3:]:
        as_good = [s for _, e, s in rows[:3] if e <= error]
        if as_good:
            print(f"{name}: {seconds / min(as_good):.0f} times ours at no larger error")

    exponents, seconds = their_exponents(2, EXPONENTS_OVER)
    print(f"two exponents over {EXPONENTS_OVER:g} time units: jitcdde {np.round(exponents, 4)}, {seconds:.2f} s")
    begun = time.perf_counter()
    spectrum = delay_lyapunov_spectrum(
        FLOW, count=2, duration=EXPONENTS_OVER, transient=EXPONENTS_OVER / 4, tolerance=1e-8
    )
    own = time.perf_counter() - begun
    print(f"  ours {np.round(spectrum.exponents, 4)}, {own:.3f} s: {seconds / own:.0f} times faster")
    long = delay_lyapunov_spectrum(FLOW, count=2, duration=200_000.0, tolerance=1e-8)
    print(f"  ours over 200,000 time units: {long.exponents[0]:.5f} +- {long.errors[0]:.5f}")


if __name__ == "__main__":
    main()
