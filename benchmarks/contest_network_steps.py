"""Do more gradient steps lower the error of N-BEATS as the contest runs it? (neuralforecast, one network a system)"""

from __future__ import annotations

import time

import numpy as np

from inscape.studies.chaos_zoo.series import flows
from inscape.studies.contest import peers
from inscape.studies.contest.arena import bout, two_series

PER_PERIOD = 15
SYSTEMS = 6


def main() -> None:
    seen = [
        bout(runs, PER_PERIOD, view="univariate")
        for name in flows(SYSTEMS)
        if (runs := two_series({"name": name, "per_period": PER_PERIOD, "seed": 0})) is not None
    ]
    print(f"N-BEATS on {len(seen)} systems, {PER_PERIOD} points a period, lookback of one period")
    print(f"{'steps':>6} {'median sMAPE':>13} {'mean sMAPE':>11} {'CPU s a fit':>12}")
    for steps in (100, 200, 400, 800):
        started = time.process_time()
        answers = [
            peers.network("N-BEATS", one.known, len(one.future), input_size=PER_PERIOD, steps=steps, windows=64, seed=0)
            for one in seen
        ]
        seconds = (time.process_time() - started) / len(seen)
        scores = [one.score(answer)["smape"] for one, answer in zip(seen, answers, strict=True)]
        print(f"{steps:>6} {np.median(scores):>13.1f} {np.mean(scores):>11.1f} {seconds:>12.1f}")


if __name__ == "__main__":
    main()
