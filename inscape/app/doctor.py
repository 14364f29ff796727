"""`inscape doctor`: what is installed, what is missing and how to get it, and whether the engine works."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CORE = (
    "numpy", "scipy", "sympy", "heyoka", "numba", "scikit-learn", "pandas", "xarray", "pyarrow", "h5py", "zarr",
    "statsmodels", "joblib", "typer", "rich", "plotly", "jinja2", "jaxtyping",
)  # fmt: skip
EXTRAS = {
    "neural": ("torch",),
    "cluster": ("dask", "distributed", "ray"),
    "studies": ("tsfresh", "aeon"),
}
_MODULES = {"scikit-learn": "sklearn"}


@dataclass(frozen=True)
class Check:
    """One line of the examination: what was looked at, whether it is well, and what was found or is to be done."""

    part: str
    name: str
    is_well: bool
    found: str
    is_needed: bool = True


def examine(as_json: bool = False) -> int:
    """Print the examination; 0 if inscape can do its work here, else 1."""
    from inscape.app.terminal import print_json, print_line, print_table

    checks = [*machine(), *packages(), *self_checks()]
    well = all(check.is_well for check in checks if check.is_needed)
    if as_json:
        print_json({"well": well, "checks": checks})
        return 0 if well else 1
    rows = [
        (c.part, c.name, "ok" if c.is_well else "missing" if c.is_needed else "not installed", c.found) for c in checks
    ]
    print_table("inscape doctor", ("part", "what", "state", "found"), rows)
    print_line("All is well." if well else "Something that inscape needs is missing; see the lines above.")
    return 0 if well else 1


def machine() -> list[Check]:
    """Python, processor and memory."""
    rows = [
        Check(
            "machine", "Python", sys.version_info >= (3, 11), f"{platform.python_version()}, 3.11 or newer is needed"
        ),
        Check("machine", "system", True, f"{platform.system()} {platform.machine()}"),
        Check("machine", "cores", True, str(usable_cores())),
    ]
    memory = available_memory()
    if memory is not None:
        enough = memory > 2 * 2**30
        advice = "" if enough else "; recordings of 10,000 samples need about 2 GiB"
        rows.append(Check("machine", "memory", enough, f"{memory / 2**30:.1f} GiB free{advice}", is_needed=False))
    return rows


def packages() -> list[Check]:
    """Every package of the core and of the extras, with its version or the way to get it."""
    rows = [Check("core", "inscape", True, _version("inscape") or "not installed; run from a checkout")]
    for name in CORE:
        found = _version(name)
        rows.append(Check("core", name, found is not None, found or f"pip install {name}"))
    for extra, names in EXTRAS.items():
        for name in names:
            found = _version(name)
            note = found or f"comes with: pip install 'inscape[{extra}]'"
            rows.append(Check(extra, name, found is not None, note, is_needed=False))
    return rows


def self_checks() -> list[Check]:
    """Short runs of the parts that everything stands on."""
    return [
        _tried("engine", "integrates Lorenz as SciPy does", _engine_agrees),
        _tried("engine", "learns a linear law", _law_comes_back),
    ]


def usable_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def available_memory() -> int | None:
    """Free memory in bytes, where the system says so."""
    table = Path("/proc/meminfo")
    if table.is_file():
        for line in table.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _version(package: str) -> str | None:
    try:
        found = version(package)
    except PackageNotFoundError:
        return None
    return found if find_spec(_MODULES.get(package, package)) is not None else None


def _tried(part: str, name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(part, name, True, attempt())
    except Exception as error:  # whatever is broken is the finding
        return Check(part, name, False, " ".join(f"{type(error).__name__}: {error}".split()))


def _engine_agrees() -> str:
    import numpy as np
    from scipy.integrate import solve_ivp

    from inscape.systems import zoo

    lorenz: Any = zoo["Lorenz"]
    times = np.linspace(0.0, 2.0, 21)
    ours = lorenz.simulate(lorenz.initial, times).states
    peer = solve_ivp(
        lambda t, y: lorenz.rhs(y), (0.0, 2.0), lorenz.initial, "DOP853", times, rtol=1e-11, atol=1e-11
    ).y.T
    error = float(np.abs(ours - peer).max())
    if not error < 1e-5:
        raise ArithmeticError(f"differs by {error:.2g}")
    return f"largest difference {error:.1g}"


def _law_comes_back() -> str:
    import numpy as np

    from inscape.models import DMD

    turn = np.array([[0.9, -0.3], [0.3, 0.9]])
    states = [np.array([1.0, 0.0])]
    for _ in range(30):
        states.append(turn @ states[-1])
    found = DMD().fit(np.array(states), dt=1.0).operator_
    error = float(np.abs(found - turn).max())
    if not error < 1e-9:
        raise ArithmeticError(f"operator off by {error:.2g}")
    return f"operator to {error:.1g}"
