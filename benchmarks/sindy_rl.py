"""What do refits, roll-outs and training inside a learned law cost beside PySINDy 2.1 and stable-baselines3's PPO?

CPU time of one thread. Where PySINDy would take minutes it fits a share of the models and its time is scaled up.
"""

from __future__ import annotations

import os
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import numpy as np

from inscape.control import PPO, RandomPolicy, Surrogate
from inscape.models import SINDy, dictionary
from inscape.models.normal_equations import row_bootstrap
from inscape.models.stlsq import stlsq
from inscape.studies.sindy_rl.speed import cpu_seconds, fits, rollouts
from inscape.systems.worlds import CartpoleSwingup, record


def regression() -> None:
    print(f"{'20 models':<34} {'PySINDy':>10} {'rows':>10} {'ratio':>7} {'blocks':>10} {'ratio':>7}")
    for case, rows, theirs in (("refit", 16_000, 20), ("lorenz96", 20_000, 1), ("grid", 16_000, 5)):
        told = fits({"case": case, "rows": rows, "theirs": theirs})
        ratios = [told["theirs"] / told[name] for name in ("rows", "blocks")]
        share = "" if theirs == 20 else f" ({theirs} of 20 by PySINDy)"
        print(
            f"{case + share:<34} {told['theirs']:>8.3f} s {told['rows']:>8.3f} s {ratios[0]:>6.0f}x "
            f"{told['blocks']:>8.3f} s {ratios[1]:>6.0f}x"
        )
    told = rollouts({"steps": 100_000, "their_steps": 200})
    print(
        f"roll-out, a step: PySINDy {1e6 * told['theirs']:.0f} us, one world {1e6 * told['one']:.2f} us "
        f"({told['theirs'] / told['one']:,.0f}x), 256 worlds {1e-6 / told['many']:.1f} million steps/s"
    )


def growth() -> None:
    print("\nFit time of 20 models by rows, ms (5 targets)")
    sizes = (2_000, 8_000, 32_000)
    print(f"{'terms':>8}" + "".join(f"{n:>12,} rows" for n in sizes))
    rng = np.random.default_rng(0)
    for terms in (20, 41, 120):
        cells = []
        for rows in sizes:
            x, y = rng.normal(size=(rows, terms)), rng.normal(size=(rows, 5))

            def fit(x: np.ndarray = x, y: np.ndarray = y) -> None:
                stlsq(row_bootstrap(x, y, 20, np.random.default_rng(0)), 1e-3, 1e-5)

            cells.append(cpu_seconds(fit, 2))
        print(f"{terms:>8}" + "".join(f"{1e3 * c:>17.0f}" for c in cells))


def training() -> None:
    import stable_baselines3

    from inscape.control.sb3 import SB3Worlds

    world = CartpoleSwingup()
    runs = record(world, RandomPolicy(world.action_space, seed=0), steps=4000, resets=1000)
    library = dictionary.affine(2, tensor=True)
    law = SINDy(library, threshold=7e-3, alpha=5e-5, time="discrete", project=world.on_circle).fit(runs)
    surrogate = Surrogate(law, world, worlds=256)
    actions = np.random.default_rng(0).uniform(-1, 1, (256, 1))
    step = cpu_seconds(lambda: [surrogate.step(actions) for _ in range(200)]) / (200 * 256)
    batch = world.batch(256, threads=1)
    batch.reset(seed=0)
    real = cpu_seconds(lambda: [batch.step(actions) for _ in range(100)]) / (100 * 256)
    print(
        f"\nsurrogate of 256 worlds: {1e-3 / step:.0f} thousand steps/s; the world itself, batched: {1e-3 / real:.0f}"
    )
    # The same segment, passes and minibatch for both; the first iteration of each warms up.
    ours = PPO(segment=64, epochs=6, minibatch=1024).begin(surrogate, 0)
    theirs = stable_baselines3.PPO(
        "MlpPolicy", SB3Worlds(surrogate), n_steps=64, n_epochs=6, batch_size=1024, device="cpu"
    )
    samples = 64 * 256
    theirs.learn(samples)
    ours.iterate()
    started = time.process_time()
    theirs.learn(2 * samples, reset_num_timesteps=False)
    middle = time.process_time()
    for _ in range(2):
        ours.iterate()
    mine, other = (time.process_time() - middle) / 2, (middle - started) / 2
    print(f"PPO, {samples:,} steps in it: stable-baselines3 {other:.2f} s, ours {mine:.2f} s, {other / mine:.1f}x")


def main() -> None:
    warnings.simplefilter("ignore")
    regression()
    growth()
    training()


if __name__ == "__main__":
    main()
