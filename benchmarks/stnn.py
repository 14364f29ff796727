"""How long does a structured network take beside the dense network of the same widths, and how does that grow?"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from inscape.models import DelayForecaster
from inscape.models.structured import DenseNet, HankelLinear, HankelNet, Network, StNN
from inscape.systems import zoo

SIZES = (16, 64, 256, 1024)
BLOCKS = 4
SINGLE = np.float32


def microseconds(call: Callable[[], object], *, least_s: float = 0.15) -> float:
    """Least processor time of a call over rounds that last `least_s` seconds together."""
    call()
    call()
    best, began = np.inf, time.process_time()
    while time.process_time() - began < least_s:
        calls = 1 if best > 2e-3 else 20
        start = time.process_time()
        for _ in range(calls):
            call()
        best = min(best, (time.process_time() - start) / calls)
    return 1e6 * best


def growth(sizes: tuple[int, ...], times: list[float]) -> float:
    """Exponent of a power law through times at two sizes and above (the smallest ones measure the call itself)."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def torch_forward(network: Network, n: int) -> Callable[[], object]:
    module, x = network.module(n, n), torch.randn(1, n)

    def call() -> object:
        with torch.inference_mode():
            return module(x)

    return call


def torch_both(network: Network, n: int) -> Callable[[], object]:
    module, x = network.module(n, n), torch.randn(1, n)

    def call() -> None:
        for weight in module.parameters():
            weight.grad = None
        module(x).sum().backward()

    return call


def compiled(network: Network, n: int) -> Callable[[], object]:
    call, x = network.compiled(network.start(n, n), n, n, SINGLE), np.random.default_rng(0).normal(size=(1, n))
    x = x.astype(SINGLE)
    return lambda: call(x)


def pairs() -> None:
    """Two Hankel layers around an activation, against two dense layers of the same shape."""
    print(f"\ntwo layers n -> {BLOCKS} n -> n, batch 1, single precision, microseconds of processor time a call")
    heads = ("n", 6), ("dense torch", 13), ("ours torch", 12), ("ours", 9), ("ratio", 8)
    both = ("dense f+b", 12), ("ours f+b", 11), ("ratio", 8)
    print("".join(f"{head:>{width}}" for head, width in (*heads, *both)))
    ours, dense = [], []
    for n in SIZES:
        net = HankelNet(BLOCKS, n=n)
        wide = DenseNet.same_widths(net, n, n)
        row = [torch_forward(wide, n), torch_forward(net, n), compiled(net, n), torch_both(wide, n), torch_both(net, n)]
        d, t, c, db, tb = (microseconds(call) for call in row)
        dense.append(d)
        ours.append(c)
        print(f"{n:>6}{d:>13.1f}{t:>12.1f}{c:>9.1f}{d / c:>8.1f}{db:>12.1f}{tb:>11.1f}{db / tb:>8.1f}", flush=True)
    print(f"growth from n = 64: dense n^{growth(SIZES[1:], dense[1:]):.2f}, ours n^{growth(SIZES[1:], ours[1:]):.2f}")
    print(f"n = 1024: ours is {dense[-1] / ours[-1]:.1f} times as fast (bound: at least 10)")


def butterflies() -> None:
    """The fused four-layer butterfly network against dense layers of its widths."""
    print("\nbutterfly network p = 6 (n = 16, 64, 256) against dense layers of its widths, batch 1")
    print(f"{'n':>6}{'dense torch':>13}{'dense BLAS':>12}{'StNN torch':>12}{'StNN fused':>12}{'fused / BLAS':>14}")
    fused = []
    for n in SIZES[:3]:
        net = StNN(6)
        wide = DenseNet.same_widths(net, n, n)
        calls = torch_forward(wide, n), compiled(wide, n), torch_forward(net, n), compiled(net, n)
        d, b, t, f = (microseconds(call) for call in calls)
        fused.append(f)
        print(f"{n:>6}{d:>13.1f}{b:>12.1f}{t:>12.1f}{f:>12.1f}{f / b:>14.2f}", flush=True)
    print(f"growth: fused n^{growth(SIZES[:3], fused):.2f}; bound at n = 16: at most 1.5 times the dense net")


def modes() -> None:
    """One Hankel layer by its matrix, its fused butterfly and its Fourier transforms: where each is fastest."""
    print(
        "\none Hankel layer of 6 blocks: forward / forward and backward, microseconds; the fastest forward is starred"
    )
    print(f"{'n':>6}{'batch':>7}{'dense':>20}{'butterfly':>22}{'fft':>20}")
    for n in (16, 32, 48, 64, 128, 1024):
        for batch in (1, 64):
            x, row = torch.randn(batch, n), []
            for mode in ("dense", "butterfly", "fft"):
                layer = HankelLinear(n, 6, mode)

                def both(layer: HankelLinear = layer, x: torch.Tensor = x) -> None:
                    layer.antidiagonals.grad = None
                    layer(x).sum().backward()

                with torch.no_grad():
                    forward = microseconds(lambda layer=layer, x=x: layer(x), least_s=0.05)
                row.append((forward, microseconds(both, least_s=0.05)))
            best = min(f for f, _ in row)
            cells = "".join(f"{'*' if f == best else ' '}{f:>9.0f} / {b:<9.0f}" for f, b in row)
            print(f"{n:>6}{batch:>7}{cells}", flush=True)


def noise() -> None:
    """What noise on the windows of training does to one step and to a rollout."""
    runs = zoo["Lorenz"].simulate(runs=30, times=0.02 * np.arange(520), transient=20.0, seed=0)
    print("\nLorenz, 20 runs learned, 10 held out; 979 weights, 40 steps of Levenberg-Marquardt, seed 0")
    for level in (0.0, 1e-4, 1e-3, 1e-2):
        model = DelayForecaster(HankelNet(16), 4, steps=40, batch=700, noise=level).fit(runs[:20])
        rolled = model.rollout(runs[20:], steps=500)
        print(
            f"noise {level:<7g} one step {model.one_step_mse(runs[20:]):.1e}  valid time {rolled.vpt():.2f}", flush=True
        )


def main() -> None:
    torch.set_num_threads(1)
    pairs()
    butterflies()
    modes()
    noise()


if __name__ == "__main__":
    main()
