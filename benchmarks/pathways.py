"""How fast are the distances of 499,500 pathways against plain Python, and what does recording add to a forward pass?

Usage: python benchmarks/pathways.py [samples]
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

from inscape.studies.pathways.speed import all_pairs, recording

PAIRS = {"samples": 1000, "layers": 16, "experts": 64, "python_pairs": 20, "seed": 0}
PASS = {
    "width": 256,
    "layers": 8,
    "experts": 64,
    "chosen": 8,
    "hidden": 128,
    "batch": 16,
    "tokens": 64,
    "turns": 15,
    "seed": 0,
}


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS["samples"]
    pairs = all_pairs(PAIRS | {"samples": samples})
    print(f"{pairs['pairs']:,.0f} pairs of pathways of {pairs['length']:.0f} characters, one core, CPU seconds")
    print(f"  ours                  {pairs['ours']:10.2f} s")
    print(f"  plain Python (scaled) {pairs['python']:10.0f} s   ratio {pairs['python'] / pairs['ours']:.0f}x")
    print(f"  distances agree       {bool(pairs['agree'])}")
    cost = recording(PASS)
    print(f"forward pass of OLMoE, {PASS['layers']} layers of {PASS['experts']} experts, width {PASS['width']}")
    print(f"  alone    {1e3 * cost['alone']:8.1f} ms")
    print(f"  recorded {1e3 * cost['recorded']:8.1f} ms   adds {100 * cost['overhead']:.1f} %")


if __name__ == "__main__":
    main()
