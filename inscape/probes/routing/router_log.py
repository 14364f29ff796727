"""`RouterLog`: what the routers of a network gave to each expert, per sample and layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from inscape.atomic import draft_of
from inscape.errors import InputError

Kind = Literal["experts", "neurons"]


@dataclass(frozen=True, eq=False)
class RouterLog:
    """Routing weights averaged over a sample's tokens.

    Parameters
    ----------
    weights : (sample, layer, expert) softmax of the router over all experts, mean over the sample's tokens; float16
        unless asked otherwise. Of a dense network, the share of each unit in its layer's activity.
    layers : names of the routers (or of the layers), first layer first.
    tokens : (sample,) how many tokens were counted; padding never is.
    routers : (layer, expert, width) the routers' matrices at that time, row k the embedding of expert k; None if the
        routers have none or the network is dense.
    chosen : experts a token is sent to, None where unknown.
    truncated : how many samples were longer than the context and were cut.
    losses : (sample,) mean loss of the next token, None if it was not asked for.
    kind : "experts", or "neurons" for a dense network.
    """

    weights: Float[np.ndarray, "sample layer expert"]
    layers: tuple[str, ...]
    tokens: Int[np.ndarray, "sample"]
    routers: Float[np.ndarray, "layer expert width"] | None = None
    chosen: int | None = None
    truncated: int = 0
    losses: Float[np.ndarray, "sample"] | None = None
    kind: Kind = "experts"

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights)
        if weights.ndim != 3 or weights.dtype.kind != "f" or 0 in weights.shape:
            raise InputError(
                f"weights: {weights.dtype} of shape {weights.shape} found, expected numbers (sample, layer, expert); "
                "a list of chosen experts without their weights says too little"
            )
        if weights.shape[1] != len(self.layers):
            raise InputError(f"layers: {len(self.layers)} names found for {weights.shape[1]} layers")
        totals = weights.sum(axis=-1, dtype=np.float64)
        odd = ~np.isfinite(totals) | (np.abs(totals - 1) > 0.02) | (weights < 0).any(axis=-1)
        if odd.any():
            sample, layer = np.argwhere(odd)[0]
            raise InputError(
                f"weights: sample {sample} at {self.layers[layer]} sums to {totals[sample, layer]:.4g}, expected "
                "non-negative weights that sum to 1 over the experts"
            )
        object.__setattr__(self, "weights", weights)

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def probabilities(self) -> Float[np.ndarray, "sample layer expert"]:
        """The weights in double precision, summing to one exactly."""
        exact = self.weights.astype(np.float64)
        return exact / exact.sum(axis=-1, keepdims=True)

    def select(self, samples: Any) -> RouterLog:
        """Some of the samples: an index array, a mask or a slice."""
        losses = None if self.losses is None else self.losses[samples]
        return replace(self, weights=self.weights[samples], tokens=self.tokens[samples], losses=losses)

    def save(self, path: str | Path) -> None:
        """Write to one compressed file (npz)."""
        parts: dict[str, Any] = {"routers": self.routers, "losses": self.losses}
        optional = {name: part for name, part in parts.items() if part is not None}
        with draft_of(Path(path)) as draft, draft.open("wb") as file:
            np.savez_compressed(
                file,
                weights=self.weights,
                layers=np.array(self.layers),
                tokens=self.tokens,
                chosen=np.array(-1 if self.chosen is None else self.chosen),
                truncated=np.array(self.truncated),
                kind=np.array(self.kind),
                **optional,
            )

    @classmethod
    def load(cls, path: str | Path) -> RouterLog:
        """Read what `save` wrote.

        Raises
        ------
        InputError : if the file is absent or holds something else.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                kept = {name: file[name] for name in file.files}
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: no routing log could be read ({error})") from None
        missing = {"weights", "layers", "tokens"} - set(kept)
        if missing:
            raise InputError(f"{path}: {', '.join(sorted(missing))} not found, expected a file of RouterLog.save")
        chosen = int(kept.get("chosen", np.array(-1)))
        return cls(
            weights=kept["weights"],
            layers=tuple(str(name) for name in kept["layers"]),
            tokens=kept["tokens"],
            routers=kept.get("routers"),
            chosen=None if chosen < 0 else chosen,
            truncated=int(kept.get("truncated", np.array(0))),
            losses=kept.get("losses"),
            kind="neurons" if str(kept.get("kind", "experts")) == "neurons" else "experts",
        )


def as_log(log: Any) -> RouterLog:
    """The log itself, or one of plain weights (sample, layer, expert).

    Raises
    ------
    InputError : for anything else.
    """
    if isinstance(log, RouterLog):
        return log
    try:
        weights = np.asarray(log)
    except (TypeError, ValueError) as error:
        raise InputError(f"log: {error}; expected a RouterLog or weights (sample, layer, expert)") from None
    if weights.dtype.kind != "f" or weights.ndim != 3:
        raise InputError(
            f"log: {weights.dtype} of shape {weights.shape} found, expected a RouterLog or weights "
            "(sample, layer, expert); a list of chosen experts without their weights says too little"
        )
    names = tuple(f"layer {i}" for i in range(weights.shape[1]))
    return RouterLog(weights, names, np.ones(len(weights), dtype=np.int64))
