"""How many closed-loop steps a second does a swimmer take with the same circuit, here and in dm_control?"""

from __future__ import annotations

import time

from inscape.control import circuits, search
from inscape.studies.circuit_priors.speed import closed_loop
from inscape.systems.worlds import Swimmer

STEPS, EPISODES = 1000, 8


def main() -> None:
    found = closed_loop({"steps": STEPS, "episodes": EPISODES})
    print(f"{'closed loop, one core':32s} {'us a step':>10s} {'steps a second':>15s} {'ratio':>7s}")
    theirs = found["theirs"]
    ours = (("ours, one world", found["single"]), (f"ours, {EPISODES} together", found["ours"]))
    for name, seconds in (("dm_control", theirs), *ours):
        if seconds is None:
            print(f"{name:32s} {'not installed':>10s}")
            continue
        ratio = f"{theirs / seconds:7.2f}" if theirs else ""
        print(f"{name:32s} {1e6 * seconds:10.1f} {1 / seconds:15.0f} {ratio}")
    began = time.process_time()
    best = search.cma(circuits.swimmer(), Swimmer(), episodes=80, seed=1, jobs=1)
    spent = time.process_time() - began
    print(f"\nCMA-ES on four weights, 80 episodes: best {best.best:.0f}, {spent:.1f} CPU-s")


if __name__ == "__main__":
    main()
