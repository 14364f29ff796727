"""Networks small enough to know by heart, for the tests of the instruments."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from inscape.models.tap import Tap  # noqa: E402


class TwoLayers(torch.nn.Module):
    """Two tanh layers, a tap that shows the second as two heads of two units, and a readout."""

    def __init__(self, seed: int = 0):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(2))
            self.heads = Tap(("sample", "head", "unit"))
            self.readout = torch.nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return self.readout(self.heads(x.unflatten(1, (2, 2))).flatten(1))


class Attends(torch.nn.Module):
    """One head-split attention layer without a mask, in double precision, and a readout; stacked over runs if asked."""

    def __init__(self, runs: int | None = None, seed: int = 0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        lead = () if runs is None else (runs, 1)
        draw = lambda *shape: torch.nn.Parameter(torch.randn(*lead, *shape, generator=generator, dtype=torch.float64))  # noqa: E731
        self.to_query, self.to_key, self.to_value, self.out = draw(6, 6), draw(6, 6), draw(6, 6), draw(6, 2)
        self.scores = Tap(("run", "sample", "head", "query", "key"))
        self.pattern = Tap(("run", "sample", "head", "query", "key"))
        self.values = Tap(("run", "sample", "head", "key", "unit"))
        self.stream = Tap(("run", "sample", "token", "unit"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stream(x)
        parts = [(x @ w).unflatten(-1, (2, 3)).transpose(-2, -3) for w in (self.to_query, self.to_key, self.to_value)]
        pattern = self.pattern(self.scores(parts[0] @ parts[1].transpose(-1, -2)).softmax(-1))
        mixed = pattern @ self.values(parts[2])
        return mixed.transpose(-2, -3).flatten(-2) @ self.out


def hooks_on(model: torch.nn.Module) -> int:
    """How many hooks hang on a network."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules())
