"""What does a clamp cost, what does a stack of runs save, and how fast is a step beside TransformerLens with hooks?

TransformerLens is the peer (pip install transformer-lens); without it only our own ratios are printed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

RUNS, STEPS, BLOCKS = 8, 20, 25


def main() -> None:
    import torch

    from inscape.studies.induction.speed import has_transformer_lens, step_times

    seconds = step_times({"steps": STEPS, "blocks": BLOCKS, "runs": RUNS})
    plain = seconds["none"]
    print(f"torch {torch.__version__}, one thread, batch of 32, CPU time of a training step, least of {BLOCKS} blocks")
    print(f"{'':44s} {'ms':>8s} {'over plain':>11s}")
    for name, value in seconds.items():
        title = {
            "none": "plain",
            "stack": f"{RUNS} stacked runs",
            "peer": "TransformerLens, clamp by hook",
        }.get(name, f"clamp: {name.replace('_', ' ')}")
        print(f"{title:44s} {1e3 * value:8.3f} {value / plain:10.2f}x")
    slowest = max(seconds[name] for name in seconds if name not in ("none", "stack", "peer"))
    print(f"slowest clamp over plain {slowest / plain:.2f}x (at most 1.15)")
    print(f"{RUNS} stacked runs over one {seconds['stack'] / plain:.2f}x (at most 4; one by one they cost {RUNS})")
    if has_transformer_lens():
        print(f"TransformerLens over ours, same clamp {seconds['peer'] / seconds['previous_token']:.2f}x (at least 2)")
    else:
        print("TransformerLens is not installed: pip install transformer-lens")


if __name__ == "__main__":
    main()
