"""How many steps a second do worlds take, alone and in batches, against dm_control, gymnasium and stable-baselines3?

Peers and ours move the same bodies; after a start from the same states under the same actions, the greatest difference
of what is observed is printed beside the rates.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MUJOCO_GL", "disable")

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from inscape.systems.worlds import CartpoleSwingup, Cylinder, MujocoWorld

WORLDS = 64
SINGLE, BATCHED = 3_000, 60
BLOCKS = 3


def cheetah() -> MujocoWorld:
    """gymnasium's half-cheetah, as a model for ours."""
    import gymnasium.envs.mujoco as theirs

    return MujocoWorld(Path(theirs.__file__).parent / "assets" / "half_cheetah.xml", frame_skip=5)


def rate(step: Callable[[np.ndarray], Any], actions: np.ndarray, worlds: int = 1) -> tuple[float, float]:
    """Steps in a CPU second and in a second on the clock, of all worlds together: the best of some blocks."""
    best_cpu = best_wall = np.inf
    for _ in range(BLOCKS):
        began, wall = time.process_time(), time.perf_counter()
        for action in actions:
            step(action)
        best_cpu = min(best_cpu, time.process_time() - began)
        best_wall = min(best_wall, time.perf_counter() - wall)
    return len(actions) * worlds / best_cpu, len(actions) * worlds / best_wall


def row(name: str, found: tuple[float, float], against: tuple[float, float]) -> None:
    ratios = f"{found[0] / against[0]:9.2f} x{found[1] / against[1]:8.2f} x"
    print(f"  {name:<52}{found[0]:12,.0f}{found[1]:12,.0f}{ratios}", flush=True)


def heading(title: str) -> None:
    print(f"\n{title}\n  {'':<52}{'steps/CPU s':>12}{'steps/s':>12}{'ratio CPU':>11}{'clock':>10}")


def one_cartpole(rng: np.random.Generator) -> None:
    from dm_control import suite

    theirs = suite.load("cartpole", "swingup", task_kwargs={"random": 0}, environment_kwargs={"flat_observation": True})
    ours = CartpoleSwingup(time_limit=10**9)
    actions = rng.uniform(-1, 1, (SINGLE, 1))
    theirs.reset()
    ours.reset(options={"state": np.concatenate([theirs.physics.data.qpos, theirs.physics.data.qvel])})
    worst = 0.0
    for action in actions[:900]:
        worst = max(worst, float(np.abs(theirs.step(action).observation["observations"] - ours.step(action)[0]).max()))
    heading("One cart and pole, a step of 0.01 s")
    peer = rate(theirs.step, actions)
    row("dm_control", peer, peer)
    row("inscape CartpoleSwingup", rate(ours.step, actions), peer)
    print(f"  greatest difference of observations in 900 steps: {worst:.1e}")


def many_cartpoles(rng: np.random.Generator) -> None:
    from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

    actions = rng.uniform(-1, 1, (BATCHED, WORLDS, 1)).astype(np.float32)
    heading(f"{WORLDS} carts and poles")
    dummy = DummyVecEnv([CartpoleSwingup] * WORLDS)
    dummy.seed(0)
    first = dummy.reset()
    peer = rate(dummy.step, actions, WORLDS)
    row("stable-baselines3 DummyVecEnv of our worlds", peer, peer)
    try:
        across = SubprocVecEnv([CartpoleSwingup] * WORLDS, start_method="fork")
        across.reset()
        _, wall = rate(across.step, actions, WORLDS)
        across.close()
        row("stable-baselines3 SubprocVecEnv (clock only)", (np.nan, wall), peer)
    except OSError as error:
        print(f"  SubprocVecEnv: {error}")
    for threads in sorted({1, os.cpu_count() or 1}):
        ours = CartpoleSwingup().batch(WORLDS, threads=threads)
        seen, _ = ours.reset(seed=0)
        row(f"inscape batch, {threads} thread{'s' * (threads > 1)}", rate(ours.step, actions, WORLDS), peer)
    print(f"  first observations differ by {np.abs(seen - first).max():.1e}")


def many_cheetahs(rng: np.random.Generator) -> None:
    import gymnasium
    from stable_baselines3.common.vec_env import DummyVecEnv

    theirs = gymnasium.make("HalfCheetah-v5").unwrapped
    ours = cheetah()
    actions = rng.uniform(-1, 1, (BATCHED, WORLDS, 6)).astype(np.float32)
    theirs.reset(seed=0)
    start = np.concatenate([theirs.data.qpos, theirs.data.qvel])
    ours.reset(options={"state": start})
    theirs.set_state(theirs.data.qpos.copy(), theirs.data.qvel.copy())
    worst = 0.0
    for action in actions[:, 0].astype(float):
        worst = max(worst, float(np.abs(theirs.step(action)[0][:8] - ours.step(action)[0][1:9]).max()))
    heading(f"{WORLDS} half-cheetahs, 5 physical steps an action")
    dummy = DummyVecEnv([lambda: gymnasium.make("HalfCheetah-v5")] * WORLDS)
    dummy.reset()
    peer = rate(dummy.step, actions, WORLDS)
    row("stable-baselines3 DummyVecEnv of gymnasium's", peer, peer)
    for threads in sorted({1, os.cpu_count() or 1}):
        batch = ours.batch(WORLDS, threads=threads)
        batch.reset(seed=0)
        row(f"inscape batch, {threads} thread{'s' * (threads > 1)}", rate(batch.step, actions, WORLDS), peer)
    print(f"  greatest difference of positions in {BATCHED} steps: {worst:.1e}")


def one_cylinder(rng: np.random.Generator) -> None:
    print("\nCylinder at Reynolds number 100, an action of 0.1 D/U (the figure to beat: 35 ms)")
    for resolution in (8, 16):
        world = Cylinder(resolution=resolution)
        began = time.process_time()
        world.reset(seed=0)
        grown = time.process_time() - began
        cpu, _ = rate(world.step, rng.uniform(-1, 1, (100, 1)))
        nodes = world.columns * world.rows
        print(
            f"  {resolution:3} nodes a diameter: {1e3 / cpu:7.2f} ms an action, "
            f"{nodes * resolution * cpu / 1e6:6.0f} million node steps a second, street grown in {grown:.1f} s",
            flush=True,
        )


def main() -> None:
    # MuJoCo's compiler says of every copy of gymnasium's model that an attribute in it is old.
    logging.getLogger("absl").setLevel(logging.ERROR)
    rng = np.random.default_rng(0)
    one_cartpole(rng)
    many_cartpoles(rng)
    many_cheetahs(rng)
    one_cylinder(rng)


if __name__ == "__main__":
    main()
