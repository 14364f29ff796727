"""A study small enough to be killed in the middle of; run as a script by the tests."""

from __future__ import annotations

import sys
import time

import numpy as np

from inscape.studies import Claim, Findings, Lab, Measured, Paper, Study, Table

STUDY = Study(
    number=99,
    name="toy walk",
    paper=Paper("How far a drunkard walks", year=1905, authors="K. Pearson", venue="Nature"),
    claims=[
        Claim("distance", "Root mean square distance after n steps is sqrt(n)", paper=10.0, at_least=8, at_most=12),
        Claim("bias", "The walk has no drift", paper=0.0, at_most=-5),
        Claim("unmeasured", "Something nobody can run here", paper=1.0, at_least=0),
    ],
)


def walk(item: dict) -> dict:
    steps = np.random.default_rng(item["seed"]).choice([-1.0, 1.0], size=item["steps"])
    if item["pause"]:
        print("done", flush=True)
        time.sleep(item["pause"])
    return {"end": steps.sum(), "path": np.cumsum(steps)}


PAUSE = float(sys.argv[2]) if __name__ == "__main__" else 0.0


@STUDY.run
def run(lab: Lab) -> Findings:
    count = lab.choose(smoke=12, desk=40, paper=1000)
    items = [{"seed": s, "steps": 100, "pause": PAUSE} for s in lab.seeds(count, "walks")]
    ends = np.array([r["end"] for r in lab.parallel_map(walk, items, label="walking")])
    mean = lab.step("averaging", np.mean, ends)
    return Findings(
        distance=Measured(float(np.sqrt(np.mean(ends**2))), setting=f"{count} walks"),
        bias=mean,
        unmeasured=Measured(None, setting="needs a drunkard"),
        tables={"ends": Table("Where the walks ended", tuple({"walk": i, "end": e} for i, e in enumerate(ends)))},
        notes=["The walk is drawn, not walked."],
    )


if __name__ == "__main__":
    STUDY.perform(scale="smoke", store=sys.argv[1], backend="serial", seed=3)
