"""A policy that swings the pole up, kept with the package so that a tour need not train it.

Made by `python -m inscape.studies.sindy_rl.checkpoint` (seed 0, one minute on one core): 26,500 steps in the world,
8,000 of them random, and 3.03 million inside the law; median return of its four evaluation episodes 863.6.
"""

from __future__ import annotations

import sys
from pathlib import Path

from inscape.control.checkpoint import read_checkpoint, write_checkpoint
from inscape.control.gaussian_policy import GaussianPolicy

FILE = Path(__file__).with_name("swing_up_policy.npz")


def swing_up_policy() -> GaussianPolicy:
    """The kept policy."""
    return GaussianPolicy.of_state(read_checkpoint(FILE)["policy"])


def main(seed: int = 0, file: Path = FILE) -> None:
    """Train it and keep it."""
    from inscape.studies.sindy_rl.swing_up import trained

    sizes = {"steps": 3_000_000, "worlds": 256, "random_steps": 8_000, "collect": 500, "evaluate": 4}
    found = trained(sizes | {"law": "quadratic", "refit": True, "seed": seed, "formula_steps": 5_000})
    kept = {"policy": found["policy"], "judged": found["judged"], "returns": found["returns"]}
    write_checkpoint(file, kept | {"real_steps": found["real_steps"], "seed": seed})
    formula = found["formula"]
    print(
        f"best {max(found['returns']):.1f}, judged {found['judged']:.1f}, {found['seconds']:.0f} CPU-s", file=sys.stderr
    )
    print(f"formula {formula['printed']:.1f} with {formula['printed_size']} numbers", file=sys.stderr)


if __name__ == "__main__":
    main()
