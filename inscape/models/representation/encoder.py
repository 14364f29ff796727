"""`Encoder`: from an observation to the few numbers that a small policy is cloned on."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float

from inscape.atomic import draft_of
from inscape.errors import InputError
from inscape.extras import require
from inscape.models.representation.batches import centred
from inscape.models.representation.corpus import corpus_of
from inscape.models.representation.networks import EncoderPlan, trunk_of

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

_CHUNK = 4096
_FORMAT = "inscape encoder 1"


@dataclass(frozen=True)
class Probe:
    """How well a linear map reads the true state from codes, on episodes that it was not fitted on.

    Parameters
    ----------
    rmse : (coordinate,) root mean squared error, in the state's own units.
    r2 : (coordinate,) share of the variance explained.
    names : of the coordinates.
    """

    rmse: Float[np.ndarray, "coordinate"]
    r2: Float[np.ndarray, "coordinate"]
    names: tuple[str, ...]

    def __str__(self) -> str:
        read = zip(self.names, self.rmse, self.r2, strict=True)
        return ", ".join(f"{name}: rmse {e:.3g} (R² {r:.3f})" for name, e, r in read)


class Encoder:
    """Codes of observations; made by `pretrain`, `Encoder.untrained`, `Encoder.standardising` or `Encoder.of_module`.

    Attributes
    ----------
    shape : of one observation: (coordinate,), (height, width) or (height, width, channel).
    width : numbers in a code.
    objective : what it was trained for; "untrained", "standardising" or "module" where it was not trained here.
    offset : steps between the two observations of a pair in training.
    actions : number of actions in the corpus, None if it was trained without them.
    scale : (action,) what actions were divided by.
    losses : (report,) mean training loss over equal stretches of the training.
    notes : what was decided on the way.
    network : the torch module.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        shape: tuple[int, ...],
        width: int,
        *,
        plan: EncoderPlan | None = None,
        objective: str = "module",
        offset: int = 0,
        actions: int | None = None,
        scale: np.ndarray | None = None,
        mean: np.ndarray | None = None,
        deviation: np.ndarray | None = None,
        losses: np.ndarray | None = None,
        notes: tuple[str, ...] = (),
    ):
        self.network = network.eval()
        self.shape, self.width, self.plan = tuple(shape), int(width), plan
        self.objective, self.offset, self.actions = objective, offset, actions
        self.scale = np.ones(0, np.float32) if scale is None else np.asarray(scale, np.float32)
        self.mean = np.zeros(1, np.float32) if mean is None else np.asarray(mean, np.float32)
        self.deviation = np.ones(1, np.float32) if deviation is None else np.asarray(deviation, np.float32)
        self.losses = np.zeros(0) if losses is None else np.asarray(losses, float)
        self.notes = notes

    def __repr__(self) -> str:
        return f"Encoder({' x '.join(map(str, self.shape))} -> {self.width}, {self.objective})"

    @property
    def takes_frames(self) -> bool:
        """Whether observations are images."""
        return len(self.shape) > 1

    @classmethod
    def untrained(cls, demonstrations: Any, plan: EncoderPlan | None = None, *, seed: int = 0) -> Encoder:
        """Random weights: the start of a policy trained from scratch, and a baseline when frozen."""
        corpus = corpus_of(demonstrations, needs_actions=False)
        plan = plan or EncoderPlan()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = trunk_of(corpus.shape, plan)
        return cls(
            network, corpus.shape, plan.width, plan=plan, objective="untrained", mean=corpus.mean,
            deviation=corpus.deviation, actions=corpus.actions.shape[1] or None, scale=corpus.scale,
        )  # fmt: skip

    @classmethod
    def standardising(cls, demonstrations: Any) -> Encoder:
        """Observations in standard deviations and nothing else: the baseline that is given the true state."""
        corpus = corpus_of(demonstrations, needs_actions=False)
        return cls(
            torch.nn.Flatten(), corpus.shape, int(np.prod(corpus.shape)), objective="standardising", mean=corpus.mean,
            deviation=corpus.deviation, actions=corpus.actions.shape[1] or None, scale=corpus.scale,
        )  # fmt: skip

    @classmethod
    def of_module(cls, module: torch.nn.Module, shape: tuple[int, ...]) -> Encoder:
        """A network of the user's own: (sample, channel, h, w) brightness less 0.5, or (sample, coordinate), to codes.

        Raises
        ------
        InputError : if it does not give (sample, code) of finite numbers for observations of this shape.
        """
        blank = torch.zeros((2, *shape), dtype=torch.uint8 if len(shape) > 1 else torch.float32)
        try:
            with torch.no_grad():
                codes = module.eval()(centred(blank, torch.zeros(1), torch.ones(1)))
        except RuntimeError as error:
            raise InputError(f"module: fails on observations of shape {shape} ({str(error).splitlines()[0]})") from None
        if not isinstance(codes, torch.Tensor) or codes.ndim != 2 or len(codes) != 2 or not torch.isfinite(codes).all():
            found = tuple(codes.shape) if isinstance(codes, torch.Tensor) else type(codes).__name__
            raise InputError(f"module: {found} found for 2 observations, expected (2, code) of finite numbers")
        return cls(module, shape, codes.shape[1])

    def __call__(self, observations: Float[np.ndarray, "*lead shape"]) -> Float[np.ndarray, "*lead code"]:
        """The code of each observation; any leading axes.

        Frames are bytes, or brightnesses from 0 to 1.

        Raises
        ------
        InputError : on observations of another shape, or not finite.
        """
        array = np.asarray(observations)
        lead = array.shape[: array.ndim - len(self.shape)]
        if array.shape[len(lead) :] != self.shape or array.ndim < len(self.shape):
            raise InputError(
                f"observations: shape {array.shape} found, this encoder takes "
                f"(..., {', '.join(map(str, self.shape))}); render or resize to that"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InputError(f"observations: {int((~np.isfinite(array)).sum())} values are not finite")
        flat = array.reshape(-1, *self.shape)
        if self.takes_frames and flat.dtype != np.uint8:
            if flat.size and (flat.min() < -1e-6 or flat.max() > 1 + 1e-6):
                raise InputError(
                    f"observations: brightness {flat.min():.4g} to {flat.max():.4g} found, expected 0 to 1, or bytes"
                )
            flat = np.rint(np.clip(flat, 0, 1) * 255).astype(np.uint8)
        elif not self.takes_frames:
            flat = flat.astype(np.float32)
        codes = [self.codes(torch.from_numpy(flat[i : i + _CHUNK])) for i in range(0, len(flat), _CHUNK)]
        stacked = torch.cat(codes).numpy() if codes else np.zeros((0, self.width), np.float32)
        return stacked.reshape(*lead, self.width)

    def codes(self, observations: torch.Tensor) -> torch.Tensor:
        """(sample, *shape) bytes or single precision -> (sample, width), without gradients."""
        with torch.no_grad():
            return self.network(
                centred(observations, torch.from_numpy(self.mean), torch.from_numpy(self.deviation))
            ).float()

    def encode(self, demonstrations: Any) -> Float[np.ndarray, "sample code"]:
        """The codes of all samples of a corpus, one below the other."""
        return self(corpus_of(demonstrations, needs_actions=False).observations)

    def probe(
        self,
        demonstrations: Any,
        truth: Any = None,
        *,
        names: tuple[str, ...] = (),
        held_out: float = 0.2,
        ridge: float = 1e-6,
        seed: int = 0,
    ) -> Probe:
        """Read the true state from codes by ridge regression, and say how far off it is on episodes left out.

        Parameters
        ----------
        demonstrations : Trajectories; those of our own worlds carry the true state (`.truth`).
        truth : (sample, coordinate), (episode, time, coordinate) or one array an episode, where they do not.
        held_out : share of the episodes that the regression does not see.
        ridge : penalty, times the number of samples.

        Raises
        ------
        InputError : if the truth is missing or of another length, or fewer than two episodes are given.
        """
        corpus = corpus_of(demonstrations, needs_actions=False)
        if truth is None:
            truth, names = getattr(demonstrations, "truth", None), getattr(demonstrations, "truth_names", names)
        if truth is None:
            raise InputError("truth: none found, expected the true state of each sample, truth=(sample, coordinate)")
        state = np.concatenate(truth) if isinstance(truth, (list, tuple)) else np.asarray(truth, dtype=float)
        state = state.reshape(-1, state.shape[-1]) if state.ndim == 3 else state
        if state.ndim != 2 or len(state) != len(corpus) or not np.isfinite(state).all():
            raise InputError(f"truth: shape {state.shape} found, expected ({len(corpus)}, coordinate) finite numbers")
        if corpus.episodes < 2:
            raise InputError(
                "demonstrations: 1 episode found, a probe is fitted on some and read on others: 2 at least"
            )
        order = np.random.default_rng(seed).permutation(corpus.episodes)
        left = max(1, min(corpus.episodes - 1, round(held_out * corpus.episodes)))
        is_left = np.isin(corpus.episode_of, order[:left])
        codes = self(corpus.observations).astype(float)
        x, y = codes[~is_left], state[~is_left]
        mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
        gram = (x - mean_x).T @ (x - mean_x) + ridge * len(x) * np.eye(x.shape[1])
        weights = np.linalg.lstsq(gram, (x - mean_x).T @ (y - mean_y), rcond=None)[0]
        wrong = mean_y + (codes[is_left] - mean_x) @ weights - state[is_left]
        error = (wrong**2).mean(axis=0)
        spread = state[is_left].var(axis=0)
        known = tuple(names) or tuple(f"s{i}" for i in range(state.shape[1]))
        return Probe(np.sqrt(error), 1 - error / np.where(spread > 0, spread, 1.0), known)

    def save(self, path: str | Path) -> Path:
        """Write weights and sizes to one file (npz), without pickling.

        Raises
        ------
        InputError : for an encoder of the user's own module, which only the user can rebuild.
        """
        if self.objective == "module":
            raise InputError("save: the network is a module of your own; keep it with torch.save")
        record = {
            "format": _FORMAT,
            "shape": list(self.shape),
            "width": self.width,
            "plan": None if self.plan is None else asdict(self.plan),
            "objective": self.objective,
            "offset": self.offset,
            "actions": self.actions,
            "notes": list(self.notes),
        }
        weights = {f"weight/{name}": tensor.numpy(force=True) for name, tensor in self.network.state_dict().items()}
        arrays = {"scale": self.scale, "mean": self.mean, "deviation": self.deviation, "losses": self.losses}
        target = Path(path)
        with draft_of(target) as draft, draft.open("wb") as file:
            np.savez_compressed(file, record=np.array(json.dumps(record)), **arrays, **weights)  # type: ignore[arg-type]
        return target

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError : if the file is absent or holds something else.
        """
        file = Path(path)
        if not file.exists():
            raise InputError(f"{file}: no such file; check the path")
        try:
            with np.load(file, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            record = json.loads(str(arrays["record"]))
            if record["format"] != _FORMAT:
                raise KeyError("format")
            plan = None if record["plan"] is None else EncoderPlan(**record["plan"])
            shape = tuple(record["shape"])
            network = torch.nn.Flatten() if plan is None else trunk_of(shape, plan)
            prefix = "weight/"
            found = {n[len(prefix) :]: torch.from_numpy(a) for n, a in arrays.items() if n.startswith(prefix)}
            network.load_state_dict(found)
        except (KeyError, ValueError, OSError, RuntimeError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"{file.name}: no encoder of inscape ({str(error).splitlines()[0][:120]})") from None
        return cls(
            network, shape, record["width"], plan=plan, objective=record["objective"], offset=record["offset"],
            actions=record["actions"], scale=arrays["scale"], mean=arrays["mean"], deviation=arrays["deviation"],
            losses=arrays["losses"], notes=tuple(record["notes"]),
        )  # fmt: skip
