"""What the networks cost: exactness of the factors, weights, counted operations, and the time of one answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.errors import InscapeError
from inscape.models.delay_forecaster import DelayForecaster
from inscape.models.structured import DenseNet, HankelNet, StNN
from inscape.models.structured.cost import call_time, network_cost
from inscape.models.structured.hankel import HankelFactors
from inscape.single_thread import single_thread
from inscape.studies.stnn.contestants import DELAYS, contestants
from inscape.studies.stnn.recordings import HISTORY, recordings

LORENZ_INPUTS, LORENZ_OUTPUTS = 12, 3
FULL_WIDTH = 16
LONG, LONG_BLOCKS = 1024, 4


def factor_error(sizes: list[int]) -> float:
    """Largest relative difference between a Hankel product by factors and by `scipy.linalg.hankel`."""
    from scipy.linalg import hankel

    worst = 0.0
    random = np.random.default_rng(0)
    for n in sizes:
        c, x = random.normal(size=2 * n - 1), random.normal(size=n)
        dense = hankel(c[:n], c[n - 1 :])
        expected = dense @ x
        bound = np.abs(dense) @ np.abs(x)
        factors = HankelFactors(c, n)
        for found in (factors.apply(x, "fft"), factors.apply(x, "butterfly")):
            worst = max(worst, float(np.max(np.abs(found - expected) / bound)))
    return worst


def gradients_hold() -> bool:
    """Whether torch's gradcheck in double precision passes for the two layers of a HankelNet and an StNN."""
    import torch

    for plan in (HankelNet(2), StNN(2)):
        flat = torch.from_numpy(plan.start(6, 3, 0)).requires_grad_()
        x = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)

        def answer(weights: Any, window: Any, plan: Any = plan) -> Any:
            return plan.compute(plan.unpack(weights, 6, 3), window, 6, 3)

        if not torch.autograd.gradcheck(answer, (flat, x), raise_exception=False):
            return False
    return True


def sizes() -> list[dict[str, Any]]:
    """Weights, and operations of one answer, of each net: 16 -> 16, and as used on Lorenz."""
    rows = []
    for inputs, outputs in ((FULL_WIDTH, FULL_WIDTH), (LORENZ_INPUTS, LORENZ_OUTPUTS)):
        stnn = StNN(6)
        plans = {
            "StNN p=6": stnn,
            "HankelNet p=12": HankelNet(12),
            "dense, same widths": DenseNet.same_widths(stnn, inputs, outputs),
            "dense, equal size": DenseNet.matched(stnn.parameters(inputs, outputs), inputs, outputs),
        }
        for name, plan in plans.items():
            cost = network_cost(plan, inputs, outputs, form=name, timed=False)
            rows.append(
                {
                    "net": name,
                    "window": inputs,
                    "outputs": outputs,
                    "parameters": cost.parameters,
                    "operations": cost.operations,
                }
            )
    return rows


@single_thread()
def long_windows(n: int) -> dict[str, float]:
    """Microseconds of one answer to one window of n numbers: two Hankel layers against two dense ones of their shape.

    n inputs, n hidden units a block, n outputs, with `LONG_BLOCKS` blocks and, as "..._one", with one; compiled, single
    precision, one core.
    """
    found = {}
    for blocks, suffix in ((LONG_BLOCKS, ""), (1, "_one")):
        for name, plan in (("hankel", HankelNet(blocks, n=n)), ("dense", DenseNet((blocks * n,)))):
            call = plan.compiled(plan.start(n, n), n, n, np.float32)
            found[name + suffix] = call_time(call, np.zeros((1, n), dtype=np.float32))
    return found


@single_thread()
def short_windows() -> dict[str, float]:
    """Microseconds of one answer at n = 16: StNN and the dense net of its widths, compiled, single precision."""
    found = {}
    stnn = StNN(6)
    plans = {"stnn": stnn, "dense": DenseNet.same_widths(stnn, FULL_WIDTH, FULL_WIDTH)}
    for name, plan in plans.items():
        call = plan.compiled(plan.start(FULL_WIDTH, FULL_WIDTH), FULL_WIDTH, FULL_WIDTH, np.float32)
        found[name] = call_time(call, np.zeros((1, FULL_WIDTH), dtype=np.float32))
    return found


@single_thread()
def forecast_times(item: dict[str, Any]) -> dict[str, float | None]:
    """Microseconds a sample of a 200-sample forecast from one history, for every contestant as users call it.

    `item` holds `steps`, of a training that is short on purpose: time does not depend on the weights.
    """
    import time

    data = recordings("Lorenz", seed=0, training=4, tests=1)
    times: dict[str, float | None] = {}
    for name, build in contestants(3, item["steps"]).items():
        model = build(0.0, 0)
        try:
            model.fit(data.training)
            history = data.test[0][:HISTORY]
            model.forecast(history, 200)
            began = time.perf_counter()
            for _ in range(5):
                model.forecast(history, 200)
            times[name] = 1e6 * (time.perf_counter() - began) / 1000
        except InscapeError:
            times[name] = None
        if isinstance(model, DelayForecaster):
            plan = model.network_
            call = plan.compiled(model.weights_, DELAYS * 3, 3, np.float32)
            times[f"{name}, one call"] = call_time(call, np.zeros((1, DELAYS * 3), dtype=np.float32))
    return times
