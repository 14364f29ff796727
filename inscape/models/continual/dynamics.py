"""`ContinualDynamics`: the laws of a sequence of tasks, learned one after another from the current task's data only."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import DivergedError, InputError
from inscape.extras import require
from inscape.models.continual.normaliser import Normaliser
from inscape.models.continual.task_scores import TaskScores
from inscape.models.continual.transitions import Transitions
from inscape.models.continual.unlabelled import Unlabelled
from inscape.models.dictionary import Library
from inscape.models.model import check_runs
from inscape.trajectories import Trajectories, Trajectory, as_trajectories

METHODS = ("hypernet", "finetune", "coreset", "ewc", "si", "multitask", "progressive", "single")
STRENGTHS = {"ewc": 1e4, "si": 0.1}
NO_LABEL = "all"
"""Name of the task of runs whose context names none."""


class ContinualDynamics(TaskScores, Unlabelled):
    """One law for every task of a sequence; what is kept of an old task depends on the method.

    Huang, Xie, Bharadhwaj, Shkurti (2021), Continual model-based reinforcement learning with hypernetworks,
    arXiv 2009.11997. A perceptron foretells the change of the state from state and input, both normalised by the task's
    own mean and deviation. Its weights come, by `method`:

    - "hypernet": from a hypernetwork and the task's embedding; the weights it writes for old tasks are held in place;
    - "finetune": from one body for all tasks, and a linear head for each;
    - "coreset": the same, rehearsing random samples kept of each old task; "multitask": rehearsing all of them;
    - "ewc", "si": the same body, held back by elastic weight consolidation or synaptic intelligence;
    - "progressive": from a network of its own for each task, which also looks into all networks before it;
    - "single": from a network of its own for each task.

    Parameters
    ----------
    method : one of these.
    hidden : units of each hidden layer of the perceptron; () for a law that is linear in what it sees ("hypernet" and
        "single" only).
    embedding, hyper_hidden, chunk : of the hypernetwork, as of `HyperNetwork`.
    beta : weight of the hypernetwork's regulariser.
    regularised_tasks : so many old tasks, drawn anew, are minded in each step; all if None.
    look_ahead : whether the regulariser stands at the weights that the task's loss alone would step to.
    plastic : whether embeddings of old tasks go on moving.
    last_bias : weight of an L1 norm of the last tensor that the hypernetwork writes.
    strength : of "ewc" (1e4) or "si" (0.1).
    coreset : samples kept of each old task.
    loss : "mse", or "gaussian" for a variance beside every prediction.
    minibatches, batch_size, learning_rate, clip : of each `partial_fit`: steps of Adam, samples in each, its rate and
        the largest norm of a gradient.
    activation : "relu", "elu" or "tanh".
    angles, absolute : names or positions of state variables that are angles, and of those that are predicted
        themselves, not by their change.
    library : terms, of `inscape.models.dictionary`, that are seen in place of state and inputs. With hidden=() the
        hypernetwork writes the coefficients of a SINDy law, all of them: see `TaskLaw.coefficients`.
    scale_targets : whether changes are measured in their standard deviations in the first task's data.
    validation : share of the transitions that is not trained on.
    seed : of weights and batches.

    Notes
    -----
    After `fit` or `partial_fit`: `tasks_`, `current_task_`, `normalisers_`, `residuals_` (mean squared error on the
    validation samples, a number for each state variable), `losses_` of the last `partial_fit`, and `target_scale_`.
    """

    _takes_inputs = True

    def __init__(
        self,
        method: str = "hypernet",
        *,
        hidden: tuple[int, ...] = (64, 64),
        embedding: int = 10,
        hyper_hidden: tuple[int, ...] = (32, 32),
        chunk: int | None = None,
        beta: float = 0.05,
        regularised_tasks: int | None = None,
        look_ahead: bool = True,
        plastic: bool = False,
        last_bias: float = 0.0,
        strength: float | None = None,
        coreset: int = 100,
        loss: str = "mse",
        minibatches: int = 1000,
        batch_size: int = 100,
        learning_rate: float = 1e-3,
        clip: float = 5.0,
        activation: str = "relu",
        angles: tuple[str | int, ...] = (),
        absolute: tuple[str | int, ...] = (),
        library: Library | None = None,
        scale_targets: bool = True,
        validation: float = 0.25,
        seed: int = 0,
    ):
        self.method = method
        self.hidden = hidden
        self.embedding = embedding
        self.hyper_hidden = hyper_hidden
        self.chunk = chunk
        self.beta = beta
        self.regularised_tasks = regularised_tasks
        self.look_ahead = look_ahead
        self.plastic = plastic
        self.last_bias = last_bias
        self.strength = strength
        self.coreset = coreset
        self.loss = loss
        self.minibatches = minibatches
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.clip = clip
        self.activation = activation
        self.angles = angles
        self.absolute = absolute
        self.library = library
        self.scale_targets = scale_targets
        self.validation = validation
        self.seed = seed

    def partial_fit(
        self, trajectories: Any, task: str | None = None, dt: float | None = None, *, minibatches: int | None = None
    ) -> Self:
        """Learn from runs of one task, beside what came before.

        A new name begins a new task, and what was recorded of the one before is let go. The current name again goes on
        where its training stood, with all its recordings so far; an older name makes that task the current one again.

        Parameters
        ----------
        trajectories : runs, as of `fit`; input k drives the step from sample k to k + 1.
        task : its name; the entry "task" of the runs' context if None.
        dt : sampling interval, for plain arrays.
        minibatches : in place of the model's own number; 0 only adds the recordings.

        Raises
        ------
        InputError : for other state variables than before, for fewer transitions than one batch.
        """
        runs = as_trajectories(trajectories, getattr(self, "dt_", None) if dt is None else dt)
        check_runs(runs, True)
        name = _task_of(runs) if task is None else str(task)
        self._same_system(runs.state_names, runs.input_names, max(runs, key=len).dt)
        return self._take(Transitions.of_runs(runs), name, minibatches)

    def partial_fit_pairs(
        self, states: Any, inputs: Any, nexts: Any, task: str, dt: float, *, minibatches: int | None = None
    ) -> Self:
        """`partial_fit` from single transitions: (sample, state), (sample, input), (sample, state) arrays."""
        pairs = Transitions.of_pairs(states, inputs, nexts)
        if hasattr(self, "dt_"):
            state_names, input_names = self.state_names_, self.input_names_
            if (len(state_names), len(input_names)) != (pairs.states.shape[1], pairs.inputs.shape[1]):
                state_names = input_names = ()
        if not hasattr(self, "dt_") or not state_names:
            state_names = tuple(f"x{k}" for k in range(pairs.states.shape[1]))
            input_names = tuple(f"u{k}" for k in range(pairs.inputs.shape[1]))
        self._same_system(state_names, input_names, float(dt))
        return self._take(pairs, str(task), minibatches)

    def finish(self) -> Self:
        """The current task is over: its recordings are let go, and the method keeps what it keeps."""
        check_is_fitted(self)
        if self.current_task_ is not None:
            self._learner.end(*self._tensors(self.current_task_))
            self.current_task_, self.kept_ = None, None
            self._laws = {}
        return self

    def train_together(self) -> Self:
        """Minibatches drawn evenly from the recordings of all tasks: the oracle that never had to forget.

        Raises
        ------
        InputError : unless the method is "multitask", which alone keeps all recordings.
        """
        check_is_fitted(self)
        if self.method != "multitask":
            raise InputError(f'method: {self.method!r} keeps no recordings of old tasks; expected "multitask"')
        self.finish()
        learner: Any = self._learner
        self.losses_ = np.array(learner.train_together(self.minibatches * len(self.tasks_)))
        self._laws = {}
        return self

    def _learn(self, runs: Trajectories) -> None:
        # `fit` forgets everything; several tasks in one recording are learned in the order they come in.
        for name in ("tasks_", "memory_", "_live", "dt_"):
            self.__dict__.pop(name, None)
        groups: dict[str, list[Trajectory]] = {}
        for run in runs:
            groups.setdefault(str(run.context.get("task", NO_LABEL)), []).append(run)
        together = self.method == "multitask" and len(groups) > 1
        held_out: dict[str, Transitions] = {}
        for task, group in groups.items():
            self.partial_fit(Trajectories(group), task, minibatches=0 if together else None)
            assert self.kept_ is not None
            kept = Transitions(**self.kept_)
            held_out[task] = kept if kept.trains.all() else kept.part(False)
        if together:
            self.train_together()
            self.residuals_ = {task: self._residual(task, seen) for task, seen in held_out.items()}

    def _take(self, fresh: Transitions, task: str, minibatches: int | None) -> Self:
        before = len(self.kept_["states"]) if self.kept_ is not None and task == self.current_task_ else 0
        if len(fresh) + before < self.batch_size:
            raise InputError(
                f"task {task!r}: {len(fresh) + before} complete transitions found, "
                f"expected at least one batch of {self.batch_size}; give more, or set batch_size"
            )
        if task != self.current_task_:
            self.finish()
        fresh = fresh.divided(self.validation, self.seed, before + 131 * len(self.tasks_))
        kept = fresh if self.kept_ is None else Transitions(**self.kept_).joined(fresh)
        if not kept.trains.any():
            raise InputError(f"task {task!r}: all transitions were drawn to validate with; lower validation")
        training = fresh.part(True)
        if self.target_scale_ is None:
            # Of the first task ever, so that errors of all tasks are in one unit.
            spread = self._coordinates.asked(training.states, training.nexts).std(axis=0)
            self.target_scale_ = np.where(spread > 1e-12, spread, 1.0) if self.scale_targets else np.ones(len(spread))
        features = self._coordinates.seen(training.states, training.inputs)
        old = self.normalisers_.get(task)
        normaliser = Normaliser.empty(features.shape[1]) if old is None else Normaliser.of(old)
        learner = self._learner
        learner.begin(task)
        self.tasks_, self.current_task_, self.kept_ = tuple(learner.tasks), task, kept.record()
        # A handful of new steps may all have been drawn to validate with.
        self.normalisers_[task] = (normaliser.seen(features) if len(features) else normaliser).array()
        steps = self.minibatches if minibatches is None else int(minibatches)
        self.losses_ = np.array(learner.train(*self._tensors(task), steps))
        if not np.isfinite(self.losses_).all():
            raise DivergedError(
                f"task {task!r}: loss not finite after {int(np.argmin(np.isfinite(self.losses_)))} minibatches; "
                "lower learning_rate"
            )
        self._laws = {}
        checked = kept.part(False)
        self.residuals_[task] = self._residual(task, checked if len(checked) else kept)
        return self

    def _residual(self, task: str, seen: Transitions) -> Float[np.ndarray, "state"]:
        return (self.task_law(task).errors(seen.states, seen.inputs, seen.nexts) ** 2).mean(axis=0).astype(np.float32)

    def _tensors(self, task: str) -> tuple[Any, Any]:
        """The current task's training samples as the network sees them."""
        torch = require("torch", "neural")
        assert self.kept_ is not None
        kept = Transitions(**self.kept_).part(True)
        normaliser = Normaliser.of(self.normalisers_[task])
        seen = (self._coordinates.seen(kept.states, kept.inputs) - normaliser.mean) / normaliser.deviation
        asked = self._coordinates.asked(kept.states, kept.nexts) / self.target_scale_
        return torch.from_numpy(seen.astype(np.float32)), torch.from_numpy(asked.astype(np.float32))

    def _same_system(self, state_names: tuple[str, ...], input_names: tuple[str, ...], dt: float) -> None:
        if hasattr(self, "dt_") and hasattr(self, "tasks_"):
            self._check_system(state_names, input_names, dt)
            return
        from inscape.models.continual.methods import check_settings

        check_settings(self)
        self.dt_, self.state_names_, self.input_names_ = dt, state_names, input_names
        if not hasattr(self, "scale_"):
            self.scale_ = np.ones(len(state_names))
        self.tasks_, self.current_task_, self.kept_, self.target_scale_ = (), None, None, None
        self.normalisers_, self.residuals_, self.scores_ = {}, {}, {}
        self.losses_ = np.empty(0)
        self._laws = {}


def _task_of(runs: Trajectories) -> str:
    names = {str(run.context.get("task", NO_LABEL)) for run in runs}
    if len(names) > 1:
        raise InputError(f"task: runs of {len(names)} tasks found ({', '.join(sorted(names)[:3])}), expected one")
    return names.pop()
