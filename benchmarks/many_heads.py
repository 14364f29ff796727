"""How much faster are 24 cloned policies, trained and rolled out together, than one by one with imitation's BC?

Usage: python benchmarks/many_heads.py [heads]
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

from inscape.studies.inverse_dynamics.speed import heads_together

WORK = {"heads": 24, "demonstrations": 2, "steps": 600, "batch": 64, "episodes": 20, "seed": 0}


def main() -> None:
    heads = int(sys.argv[1]) if len(sys.argv) > 1 else WORK["heads"]
    told = heads_together(WORK | {"heads": heads})
    print(
        f"{heads} policies of 128-128 on the point mass's state: {WORK['steps']} steps of {WORK['batch']}, "
        f"then {WORK['episodes']} episodes of 100 steps each; one thread"
    )
    ours, peer = told["ours"], told["peer"]
    print(
        f"  ours, all together         {ours['cpu']:8.2f} CPU s {ours['wall']:8.2f} s   success {ours['success']:.2f}"
    )
    if peer is None:
        print("  imitation                  not installed: pip install imitation")
        return
    print(
        f"  imitation, one by one      {peer['cpu']:8.2f} CPU s {peer['wall']:8.2f} s   success {peer['success']:.2f}"
    )
    print(f"  ratio                      {peer['cpu'] / ours['cpu']:8.1f} x")


if __name__ == "__main__":
    main()
