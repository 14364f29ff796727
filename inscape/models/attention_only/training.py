"""Training of a stacked network on few-shot sequences: Adam, a log, clamps that live through it, and resuming."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.attention_only.batch import Batch
from inscape.models.attention_only.checkpoint import Checkpoint
from inscape.models.attention_only.log import Log, Measure
from inscape.models.attention_only.losses import cross_entropy
from inscape.models.attention_only.net import AttentionOnly
from inscape.models.attention_only.stream import TrainingStream
from inscape.parallel import track
from inscape.systems.few_shot import SPLITS, FewShot, Split
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

EVALUATION_SEED = 1


class Advancing(Protocol):
    """What training tells the step and the newest measures: any instrument of `inscape.probes`, or several as one."""

    def advance(self, *, step: int, measures: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class TrainingRun:
    """A training that was run: the network as it ended, and its log.

    Parameters
    ----------
    net : trained in place.
    sequences : (log,) sequences seen at each line of the log.
    logged : name -> (log, run).
    """

    net: AttentionOnly
    sequences: Float[np.ndarray, "log"]
    logged: Mapping[str, Float[np.ndarray, "log run"]]

    @property
    def curves(self) -> Trajectories:
        """The log as one trajectory a run, over sequences seen."""
        names = tuple(self.logged)
        return Trajectories(
            Trajectory(
                self.sequences,
                np.stack([self.logged[name][:, run] for name in names], axis=1),
                state_names=names,
                context={"seed": seed},
                units={"time": "sequences"},
                source="attention-only training",
            )
            for run, seed in enumerate(self.net.seeds)
        )


def train(
    net: AttentionOnly,
    task: FewShot,
    *,
    sequences: int = 120_000,
    batch: int = 32,
    learning_rate: float = 1e-4,
    streams: int | Sequence[int] = 0,
    every: int = 2_000,
    splits: Sequence[Split] = ("train",),
    evaluation: int = 1_000,
    measures: Mapping[str, Measure] | None = None,
    instruments: Advancing | None = None,
    stop_when: Callable[[Mapping[str, Float[np.ndarray, "run"]]], bool] | None = None,
    folder: str | Path | None = None,
    label: str = "",
    progress: bool | None = None,
) -> TrainingRun:
    """Train in place by Adam (0.9, 0.999, 1e-8) on the cross-entropy at the query, without decay.

    Clamps act through the run if it is called within their `with` block, in the passes of the log too.

    Parameters
    ----------
    sequences : to train on; in batches of `batch`.
    streams : seed of the sequences that a run sees; one for all runs, or one for each. Runs of the same stream see
        the same batches.
    every : sequences between two lines of the log, the first before any step.
    splits : of the task, evaluated for the log on `evaluation` fixed sequences each: columns "loss train",
        "accuracy train" and so on.
    measures : further columns by name: functions of the network that return (run,) or (run, column).
    instruments : told each step and the newest log; schedules of clamps follow it.
    stop_when : ends the training early where it is true of the newest line of the log.
    folder : where the state is kept now and then; a training found there with the same settings goes on where it
        stopped. An interrupted one keeps its state.
    label, progress : of the progress bar.

    Raises
    ------
    InputError : if settings do not fit, instruments are not attached, or `folder` holds a training with other settings.
    DivergedError : if the loss is no longer finite.
    """
    steps, log_steps = _steps(sequences, batch, every)
    for split in splits:
        if split not in task.splits:
            raise InputError(f"splits: {split!r} found, this task has {', '.join(task.splits)}")
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise InputError(f"learning_rate: {learning_rate!r} found, expected a positive number")
    if not getattr(instruments, "is_attached", True):
        raise InputError("instruments: not attached, so they would do nothing; call train inside their `with` block")
    if net.labels != task.labels:
        raise InputError(f"net: {net.labels} labels, the task has {task.labels}; build it with labels={task.labels}")
    held: dict[str, Batch] = {
        s: Batch.of(task, task.draw(evaluation, split=s, seed=[EVALUATION_SEED, SPLITS.index(s)]), net) for s in splits
    }
    log = Log(net, held, measures or {})
    optimiser = torch.optim.Adam(net.parameters(), lr=learning_rate, fused=_has_one_kernel(net))
    kept = None
    if folder is not None:
        kept = Checkpoint(
            Path(folder),
            {
                "seeds": list(net.seeds),
                "layers": len(net.layers),
                "heads": net.heads,
                "width": net.width,
                "task": repr(task),
                "batch": batch,
                "learning_rate": learning_rate,
                "streams": np.ravel(streams).tolist(),
                "every": log_steps,
                "columns": [*splits, *(measures or {})],
            },
        )
    stream = TrainingStream(task, net, batch, streams)
    step = 0 if kept is None else kept.restore(net, optimiser, log)
    for line in log:
        # Clamps that wait for a measure learn again what they knew.
        _advance(instruments, round(line.sequences / batch), line.columns)
    if step == 0:
        _advance(instruments, 0)
        _warn_of_cut_paths(net, stream.batch(0))
    with track(steps, label, progress) as tick:
        for _ in range(step):
            tick()
        while True:
            fresh: Mapping[str, Any] = {}
            if step % log_steps == 0 or step >= steps:
                _advance(instruments, step)
                fresh = log.write(step * batch)
                if kept is not None:
                    kept.write_now_and_then(step, net, optimiser, log)
                if step >= steps or (stop_when is not None and stop_when(fresh)):
                    break
            _advance(instruments, step, fresh)
            _adam_step(net, optimiser, stream.batch(step))
            step += 1
            tick()
    if kept is not None:
        kept.write(step, net, optimiser, log)
    return TrainingRun(net, log.times, log.columns)


def _adam_step(net: AttentionOnly, optimiser: torch.optim.Optimizer, batch: Batch) -> None:
    # The sum over runs: each run's derivative is the one it would have alone.
    loss = cross_entropy(net(batch), batch).sum()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _advance(instruments: Advancing | None, step: int, measures: Mapping[str, Any] | None = None) -> None:
    if instruments is not None:
        instruments.advance(step=step, measures=measures or {})


def _warn_of_cut_paths(net: AttentionOnly, batch: Batch) -> None:
    loss = cross_entropy(net(batch), batch).sum()
    slopes = torch.autograd.grad(loss, list(net.parameters()), allow_unused=True) if loss.requires_grad else ()
    moves = torch.zeros(net.runs, dtype=torch.bool)
    for slope in slopes:
        if slope is not None:
            moves |= (slope.flatten(1) != 0).any(1).cpu()
    still = [run for run in range(net.runs) if not moves[run]]
    if still:
        runs = "every run" if len(still) == net.runs else f"run {', '.join(map(str, still))}"
        warnings.warn(
            f"training: no gradient reaches any weight of {runs}; the clamps cut every path, so nothing will be learnt",
            stacklevel=3,
        )


def _has_one_kernel(net: AttentionOnly) -> bool:
    weights = list(net.parameters())
    return weights[0].device.type in ("cpu", "cuda") and all(w.is_floating_point() for w in weights)


def _steps(sequences: int, batch: int, every: int) -> tuple[int, int]:
    for name, value in (("sequences", sequences), ("batch", batch), ("every", every)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name}: {value!r} found, expected a whole number of at least 1")
    if sequences < batch:
        raise InputError(f"sequences: {sequences} found, expected at least one batch of {batch}")
    return sequences // batch, max(1, round(every / batch))
