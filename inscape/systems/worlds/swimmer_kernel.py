"""What a swimmer sees, compiled: the motion of each link in its own frame, and the target from its nose."""

from __future__ import annotations

import math

import numba
import numpy as np

from inscape.systems.worlds.swimmer_body import HALF_LINK, NOSE


@numba.njit(cache=True)
def observe(states: np.ndarray, links: int, targets: bool, control_step: float, limit: float, seen: np.ndarray) -> None:
    """Fill `seen` (row, observation) from `states` (row, state): qpos, qvel, clock and, where there is one, the target.

    Velocities pass from link to link: to the hinge, into the next link's frame, on to its centre.
    """
    coordinates = links + 2
    for row in range(len(states)):
        q, v = states[row, :coordinates], states[row, coordinates : 2 * coordinates]
        memory = states[row, 2 * coordinates :]
        place = links - 1
        for joint in range(links - 1):
            seen[row, joint] = q[3 + joint]
        cosine, sine = math.cos(q[2]), math.sin(q[2])
        if targets:
            reach = HALF_LINK - NOSE
            gap_x = memory[1] - (q[0] - reach * sine)
            gap_y = memory[2] - (q[1] - HALF_LINK + reach * cosine)
            seen[row, place] = cosine * gap_x + sine * gap_y
            seen[row, place + 1] = -sine * gap_x + cosine * gap_y
            place += 2
        turning = v[2]
        along_x = cosine * v[0] + sine * v[1] - HALF_LINK * turning
        along_y = -sine * v[0] + cosine * v[1]
        for link in range(links):
            if link > 0:
                at_hinge = along_x - HALF_LINK * turning
                cosine, sine = math.cos(q[2 + link]), math.sin(q[2 + link])
                turning += v[2 + link]
                along_x, along_y = (
                    cosine * at_hinge + sine * along_y - HALF_LINK * turning,
                    -sine * at_hinge + cosine * along_y,
                )
            seen[row, place], seen[row, place + 1], seen[row, place + 2] = along_x, along_y, turning
            place += 3
        seen[row, place] = 2.0 * np.rint(memory[0] / control_step) / limit - 1.0
