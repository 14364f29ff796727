"""How fast are Lyapunov spectra beside jitcode and dysts, and exponents from data beside nolds, at what accuracy?

Run as `OMP_NUM_THREADS=1 python benchmarks/lyapunov.py`. Lorenz (10, 28, 8/3): lambda_1 = 0.9056, lambda_3 = -14.572;
logistic map at 4: ln 2. Compilation is in the times, but for numba's (it is kept on disk).
"""

from __future__ import annotations

import importlib.util
import sysconfig
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from inscape.analysis import largest_exponent_from_data, lyapunov_spectrum
from inscape.systems import Flow

TRUE = np.array([0.9056, 0.0, -14.5723])
DURATION, TRANSIENT = 1500.0, 50.0


@Flow
def lorenz(x, y, z, *, sigma=10.0, rho=28.0, beta=8 / 3):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def ours() -> np.ndarray:
    start = [1.0, 1.0, 20.0]
    return lyapunov_spectrum(lorenz, initial=start, duration=DURATION, transient=TRANSIENT).exponents


def with_jitcode() -> np.ndarray:
    from jitcode import jitcode_lyap, y

    law = [10 * (y(1) - y(0)), y(0) * (28 - y(2)) - y(1), y(0) * y(1) - 8 / 3 * y(2)]
    system = jitcode_lyap(law, n_lyap=3, verbose=False)
    system.set_integrator("dop853", rtol=1e-12, atol=1e-12)
    system.set_initial_value([1.0, 1.0, 20.0], 0.0)
    system.integrate(TRANSIENT)
    times = np.arange(TRANSIENT + 0.25, TRANSIENT + DURATION + 0.1, 0.25)
    return np.mean([system.integrate(instant)[1] for instant in times], axis=0)


def with_dysts() -> np.ndarray:
    from dysts.analysis import find_lyapunov_exponents
    from dysts.flows import Lorenz

    model = Lorenz()
    model.beta = 8 / 3
    # Thirty periods at 500 points each, as its published spectra were made.
    return np.asarray(find_lyapunov_exponents(model, 15_000, pts_per_period=500))


def nolds_measures() -> ModuleType:
    """nolds' measures by themselves: the package as a whole does not import on Python 3.11."""
    file = Path(sysconfig.get_paths()["purelib"]) / "nolds" / "measures.py"
    spec = importlib.util.spec_from_file_location("nolds_measures", file)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def logistic(samples: int) -> np.ndarray:
    x = np.empty(samples)
    x[0] = 0.3
    for i in range(samples - 1):
        x[i + 1] = 4 * x[i] * (1 - x[i])
    return x


def main() -> None:
    """Print one table for laws and one for recordings."""
    warnings.simplefilter("ignore")
    cold, _ = seconds(ours)
    warm, measured = seconds(ours)
    print(f"Lorenz spectrum{'':14s}{'seconds':>9s}{'time units':>12s}{'worst error':>13s}{'slower than ours':>24s}")
    rows: list[tuple[str, float, float, np.ndarray]] = [
        ("inscape, cold", cold, DURATION, measured),
        ("inscape, warm", warm, DURATION, measured),
    ]
    for name, peer, length in (("jitcode dop853 1e-12", with_jitcode, DURATION), ("dysts", with_dysts, 45.0)):
        try:
            took, found = seconds(peer)
            rows.append((name, took, length, np.sort(found)[::-1]))
        except Exception as error:  # a peer that does not run must not hide the others
            print(f"{name:29s}{type(error).__name__}: {error}")
    for name, took, length, found in rows:
        worst = float(np.max(np.abs(found - TRUE)))
        ratio = (took / length) / (warm / DURATION)
        print(f"{name:29s}{took:9.3f}{length:12.0f}{worst:13.4f}{ratio:21.1f} x per time unit")

    nolds = nolds_measures()
    print(f"\n{'exponent from data':29s}{'seconds':>9s}{'error of nolds':>16s}{'ours':>9s}{'seconds':>9s}{'ratio':>9s}")
    for samples in (1_000, 4_000):
        series = logistic(samples)
        theirs, value = seconds(
            lambda s=series: nolds.lyap_r(s, emb_dim=3, lag=1, min_tsep=5, trajectory_len=7, fit="poly")
        )
        mine, found = seconds(lambda s=series: largest_exponent_from_data(s, dimension=3, lag=1, theiler=5))
        errors = abs(value - np.log(2)), abs(found.exponent - np.log(2))
        print(
            f"logistic map, {samples:5d} samples   {theirs:9.3f}{errors[0]:16.4f}{errors[1]:9.4f}{mine:9.3f}"
            f"{theirs / mine:8.1f} x"
        )


if __name__ == "__main__":
    main()
