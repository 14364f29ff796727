"""How much faster than lm-polygraph's is the exact eigenscore, and is the method chosen by shape the best one?

The peer needs: pip install lm-polygraph (or a python that has it, with inscape on PYTHONPATH).
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from inscape.probes.eigenscore import eigenscore
from inscape.studies.sensitivity_dropout import speed

SHAPES = ((4096, 10), (2048, 100), (5000, 500), (4000, 2000))
GRID = [(units, samples) for units in (576, 4096) for samples in (10, 100, 1000, 8000)]


def against_the_peer() -> None:
    """CPU seconds of one score of 10 answers of 4,096 units."""
    embeddings = np.random.default_rng(2).standard_normal((10, 4096))
    theirs = speed.peer(embeddings)
    if theirs is None:
        print("lm-polygraph is not installed: pip install lm-polygraph; its formula with numpy stands in for it")
    calls = {"exact": lambda: float(eigenscore(embeddings)), "theirs": theirs or (lambda: speed.naive(embeddings))}
    spent = speed.by_turns(calls, least=1.0)
    apart = abs(calls["exact"]() - calls["theirs"]())
    print(f"exact {1e3 * spent['exact']:.3f} ms, lm-polygraph {1e3 * spent['theirs']:.1f} ms", end="")
    print(f": {spent['theirs'] / spent['exact']:.0f} x; values differ by {apart:.1e}")
    if theirs is not None:
        from lm_polygraph.estimators.eigenscore import EigenScore

        kept = EigenScore()
        kept({"sample_embeddings": [embeddings]})
        warm = speed.by_turns({"kept": lambda: kept({"sample_embeddings": [embeddings]})}, least=1.0)["kept"]
        print(f"with its centring matrix kept from an earlier call {1e3 * warm:.1f} ms: {warm / spent['exact']:.0f} x")


def all_methods() -> None:
    """CPU milliseconds and values over the shapes of the paper's figure."""
    methods = ["gram", "naive", "slq", "chebyshev", "ees_paper", "ees_released"]
    print(f"\n{'units x answers':>16}" + "".join(f"{m:>24}" for m in methods))
    for row in speed.table({"shapes": SHAPES, "methods": methods, "least": 0.3}):
        cells = "".join(f"{1e3 * row[m]:>12.3g} ms ({row[f'{m}_value']:>6.3f})" for m in methods)
        print(f"{row['units']:>8} x {row['samples']:<5}{cells}")


def the_choice() -> None:
    """The chosen method against the best over the grid; bar: 1.2."""
    print(f"\n{'units x answers':>16}{'best':>12}{'auto / best':>13}" + "".join(f"{m:>14}" for m in speed.METHODS))
    for row in speed.choice({"shapes": GRID, "least": 0.3}):
        cells = "".join(f"{1e3 * row[m]:>11.3g} ms" for m in speed.METHODS)
        print(f"{row['units']:>8} x {row['samples']:<5}{row['best']:>12}{row['ratio']:>13.2f}{cells}")


def main() -> None:
    against_the_peer()
    all_methods()
    the_choice()


if __name__ == "__main__":
    main()
