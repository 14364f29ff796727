"""`HyperNetwork`: a network that writes the weights of another one, for each task from a vector of ten numbers."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": torch.nn.functional.relu,
    "elu": torch.nn.functional.elu,
    "tanh": torch.tanh,
}


class HyperNetwork(torch.nn.Module):
    """All weights of a target network, written by a perceptron from a learned embedding of the task.

    Ha, Dai, Le (2017), HyperNetworks; von Oswald, Henning, Sacramento, Grewe (2020), Continual learning with
    hypernetworks. The weights of any number of tasks are written in one pass: the embeddings are rows of one batch,
    and the last layers of all target tensors are one matrix.

    Parameters
    ----------
    target : any torch module; its parameters are what is written, its buffers are shared by all tasks.
    embedding : numbers in a task's embedding, drawn from N(0, 1).
    hidden : units of each hidden layer of the perceptron.
    chunk : write this many weights at a time, from the task's embedding beside a learned embedding of the chunk; all
        at once if None.
    chunk_embedding : numbers in the embedding of a chunk.
    activation : "relu", "elu" or "tanh".
    seed : of the initial weights and embeddings. Weights are Xavier uniform, for each target tensor by its own size;
        biases are zero.

    Raises
    ------
    InputError : if the target has no parameters, or a size is not a whole number of at least 1.
    """

    def __init__(
        self,
        target: torch.nn.Module,
        embedding: int = 10,
        hidden: Sequence[int] = (50, 50),
        chunk: int | None = None,
        *,
        chunk_embedding: int = 20,
        activation: str = "relu",
        seed: int = 0,
    ):
        super().__init__()
        if not isinstance(target, torch.nn.Module) or not any(True for _ in target.parameters()):
            raise InputError(f"target: {type(target).__name__} found, expected a torch module with parameters")
        for name, value in (("embedding", embedding), ("chunk", chunk or 1), ("chunk_embedding", chunk_embedding)):
            check_size(name, value)
        if activation not in ACTIVATIONS:
            raise InputError(f"activation: {activation!r} found, expected one of {', '.join(ACTIVATIONS)}")
        # Held in a tuple, the target's own parameters are none of ours: they are never used, nor trained, nor saved.
        self._held = (copy.deepcopy(target),)
        self.shapes = {name: tuple(p.shape) for name, p in target.named_parameters()}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        self.weight_count = sum(self.sizes)
        self.embedding_size, self.chunk, self.activation = int(embedding), chunk, activation
        self.random = torch.Generator().manual_seed(int(seed))
        self.embeddings = torch.nn.ParameterList()

        entering = self.embedding_size + (0 if chunk is None else chunk_embedding)
        widths = [entering, *(check_size("hidden", width) for width in hidden)]
        matrices = [xavier(b, a, self.random) for a, b in pairwise(widths)]
        if chunk is None:
            # One linear layer a target tensor, stacked.
            last = torch.cat([xavier(size, widths[-1], self.random) for size in self.sizes])
        else:
            last = xavier(chunk, widths[-1], self.random)
        self.matrices = torch.nn.ParameterList([*matrices, last])
        self.biases = torch.nn.ParameterList([torch.zeros(len(m)) for m in self.matrices])
        chunks = 1 if chunk is None else -(-self.weight_count // chunk)
        self.chunk_embeddings = (
            None if chunk is None else torch.nn.Parameter(torch.randn(chunks, chunk_embedding, generator=self.random))
        )

    @property
    def target(self) -> torch.nn.Module:
        """The network whose weights are written; its own parameters play no part."""
        return self._held[0]

    @property
    def tasks(self) -> int:
        """How many tasks have an embedding."""
        return len(self.embeddings)

    def add_task(self) -> int:
        """A new embedding from N(0, 1); the number of its task."""
        embedding = torch.randn(self.embedding_size, generator=self.random)
        self.embeddings.append(embedding.to(self.biases[-1].device))
        return self.tasks - 1

    def shared_parameters(self) -> list[torch.nn.Parameter]:
        """Theta: everything but the embeddings of the tasks; the last matrix and its bias come last."""
        pairs = [p for pair in zip(self.matrices, self.biases, strict=True) for p in pair]
        return pairs if self.chunk_embeddings is None else [self.chunk_embeddings, *pairs]

    def rows(
        self, embeddings: Float[torch.Tensor, "task embedding"], shared: Sequence[torch.Tensor] | None = None
    ) -> Float[torch.Tensor, "row hidden"]:
        """What enters the last matrix: a row for each task, or for each task and chunk.

        shared : in place of `shared_parameters()`, without its last two.
        """
        known = list(self.shared_parameters()[:-2] if shared is None else shared)
        rows = embeddings
        if self.chunk_embeddings is not None:
            chunks = known.pop(0)
            rows = torch.cat([rows.repeat_interleave(len(chunks), dim=0), chunks.repeat(len(embeddings), 1)], dim=1)
        activation = ACTIVATIONS[self.activation]
        for matrix, bias in zip(known[::2], known[1::2], strict=True):
            rows = activation(torch.nn.functional.linear(rows, matrix, bias))
        return rows

    def weights(
        self, tasks: int | Iterable[int] | None = None, shared: Sequence[torch.Tensor] | None = None
    ) -> Float[torch.Tensor, "task weight"]:
        """All weights of the target for one task, some or all of them, written in one pass.

        shared : in place of `shared_parameters()`.
        """
        return self.weights_at(self.embeddings_of(tasks), shared)

    def weights_at(
        self, embeddings: Float[torch.Tensor, "task embedding"], shared: Sequence[torch.Tensor] | None = None
    ) -> Float[torch.Tensor, "task weight"]:
        """The weights that embeddings of no task, or of several mixed, would have."""
        known = self.shared_parameters() if shared is None else list(shared)
        written = torch.nn.functional.linear(self.rows(embeddings, known[:-2]), known[-2], known[-1])
        return written.view(len(embeddings), -1)[:, : self.weight_count]

    def embeddings_of(self, tasks: int | Iterable[int] | None = None) -> Float[torch.Tensor, "task embedding"]:
        """The embeddings of some tasks, or of all, as one matrix.

        Raises
        ------
        InputError : if there is no such task.
        """
        numbers = range(self.tasks) if tasks is None else [tasks] if isinstance(tasks, int) else list(tasks)
        if not len(numbers) or min(numbers) < 0 or max(numbers) >= self.tasks:
            raise InputError(f"tasks: {list(numbers)} found, expected numbers below {self.tasks}; add_task() adds one")
        return torch.stack([self.embeddings[number] for number in numbers])

    def split(self, weights: Float[torch.Tensor, "*batch weight"]) -> dict[str, torch.Tensor]:
        """Flat weights as the target's tensors by name, each with the leading axes kept."""
        parts = weights.split(self.sizes, dim=-1)
        return {
            name: part.reshape(*weights.shape[:-1], *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def forward(self, inputs: Any, task: int) -> Any:
        """The target's answer with the weights of a task."""
        return torch.func.functional_call(self.target, self.split(self.weights(int(task))[0]), inputs)

    def forward_each(
        self, inputs: Float[torch.Tensor, "task batch *shape"], tasks: Sequence[int] | None = None
    ) -> torch.Tensor:
        """The target's answers for several tasks side by side, (task, batch, ...)."""
        weights = self.split(self.weights(tasks))
        return torch.vmap(lambda w, x: torch.func.functional_call(self.target, w, x))(weights, inputs)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> HyperNetwork:
        # The target's buffers must follow to another device or precision.
        self.target._apply(fn)
        return super()._apply(fn, recurse)


def xavier(leaving: int, entering: int, random: torch.Generator) -> torch.Tensor:
    """A (leaving, entering) matrix, uniform with variance 2 / (entering + leaving) (Glorot, Bengio 2010)."""
    reach = math.sqrt(6.0 / (entering + leaving))
    return (2.0 * torch.rand(leaving, entering, generator=random) - 1.0) * reach


def check_size(name: str, value: Any) -> int:
    """A whole number of at least 1, or an error that names it."""
    try:
        whole = int(value)
    except (TypeError, ValueError):
        whole = 0
    if isinstance(value, bool) or whole != value or whole < 1:
        raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
    return whole
