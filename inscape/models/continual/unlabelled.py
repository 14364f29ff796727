"""Laws without a task's label: which task is this, and what embedding would foretell a body never met?"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.continual.task_inference import TaskGuess, guess_task
from inscape.models.continual.task_law import TaskLaw
from inscape.models.continual.task_laws import TaskLaws


class Unlabelled(TaskLaws):
    """What a continual model can say of motion whose task nobody named."""

    method: str

    def infer_task(self, history: Any, *, threshold: float = 10.0) -> TaskGuess:
        """Which known task a stretch of motion comes from, and whether it comes from none; see `TaskGuess`."""
        check_is_fitted(self)
        laws = {task: self.task_law(task) for task in self.tasks_}
        return guess_task(laws, self.residuals_, self._seen(history), threshold)

    @property
    def embeddings(self) -> Float[np.ndarray, "task embedding"]:
        """The embeddings of the tasks, in the order of `tasks_`."""
        return np.stack([e.detach().numpy() for e in self._hypernetted.hypernet.embeddings])

    def law_at(self, embedding: Float[np.ndarray, "embedding"], like: str | None = None) -> TaskLaw:
        """The law that the hypernetwork writes for any embedding, read and scaled like a known task's."""
        torch = require("torch", "neural")
        name = self._known(like)
        learner = self._hypernetted
        place = np.asarray(embedding, dtype=np.float32)
        if place.shape != (learner.hypernet.embedding_size,) or not np.isfinite(place).all():
            raise InputError(
                f"embedding: shape {place.shape} found, expected ({learner.hypernet.embedding_size},) finite numbers"
            )
        layers = learner.layers_at(torch.from_numpy(place)[None])
        return TaskLaw(f"near {name}", learner.plan, layers, *self._reading(name), **self._labels)

    def find_embedding(
        self, history: Any, like: str | None = None, *, steps: int = 200, learning_rate: float = 0.05
    ) -> Float[np.ndarray, "embedding"]:
        """The embedding that foretells a recording best: gradient on it alone, every weight left as it is.

        It starts at the known task that is likeliest, or at `like`, and uses that task's normaliser.
        """
        torch = require("torch", "neural")
        check_is_fitted(self)
        learner = self._hypernetted
        name = self.infer_task(history).task if like is None else self._known(like)
        seen = self._seen(history)
        features = torch.from_numpy(self.task_law(name).features(seen.states, seen.inputs))
        asked = self._coordinates.asked(seen.states, seen.nexts) / self.target_scale_
        answers = torch.from_numpy(asked.astype(np.float32))
        hypernet = learner.hypernet
        place = hypernet.embeddings[self.tasks_.index(name)].detach().clone()[None].requires_grad_()
        optimiser = torch.optim.Adam([place], lr=learning_rate)
        shared = [p.detach() for p in hypernet.shared_parameters()]
        for _ in range(steps):
            optimiser.zero_grad()
            tensors = hypernet.split(hypernet.weights_at(place, shared)[0])
            learner.plan.loss(torch.func.functional_call(hypernet.target, tensors, features), answers).backward()
            optimiser.step()
        return place.detach()[0].numpy()

    @property
    def _hypernetted(self) -> Any:
        check_is_fitted(self)
        if self.method != "hypernet":
            raise InputError(f'method: {self.method!r} has no embeddings; expected "hypernet"')
        return self._learner
