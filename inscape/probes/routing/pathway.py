"""The pathway of a sample: in each layer the experts that carry most of its routing weight (Li et al. 2025)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from inscape.errors import InputError
from inscape.probes.routing.router_log import RouterLog, as_log

Unit = Literal["char", "expert"]
UNITS: tuple[str, ...] = ("char", "expert")


def pathways(log: RouterLog | Any, *, threshold: float = 0.7, most: int | None = None) -> list[str]:
    """One string a sample: experts by falling weight until their sum exceeds `threshold`, "3,1,5-...-9,1".

    Parameters
    ----------
    log : a `RouterLog`, or weights (sample, layer, expert).
    threshold : between 0 and 1; the paper takes 0.7 and tests 0.5 to 0.8.
    most : keep at most this many a layer; for the units of a dense network, which are thousands.

    Raises
    ------
    InputError : for a threshold outside (0, 1).
    """
    return [
        "-".join(",".join(map(str, experts)) for experts in layers) for layers in chosen_experts(log, threshold, most)
    ]


def chosen_experts(log: RouterLog | Any, threshold: float = 0.7, most: int | None = None) -> list[list[list[int]]]:
    """The same as numbers: for each sample and layer the experts by falling weight."""
    order, kept = _ranked(as_log(log), threshold, most)
    return [
        [experts[:count].tolist() for experts, count in zip(layers, counts, strict=True)]
        for layers, counts in zip(order, kept, strict=True)
    ]


def pathway_length(log: RouterLog | Any, *, threshold: float = 0.7) -> np.ndarray:
    """(sample, layer) how many experts the pathway holds there."""
    return _ranked(as_log(log), threshold, None)[1]


def layer_texts(log: RouterLog, threshold: float, unit: Unit, most: int | None = None) -> list[list[str]]:
    """(layer, sample) strings to be compared: digits and commas, or one character an expert.

    An expert's character belongs to its layer, so that expert 3 of two layers is two different experts.
    """
    if unit not in UNITS:
        raise InputError(f"unit: {unit!r} found, expected one of {', '.join(UNITS)}")
    order, kept = _ranked(log, threshold, most)
    layers, experts = order.shape[1:]
    texts = []
    for layer in range(layers):
        if unit == "char":
            words, join = [str(e) for e in range(experts)], ","
        else:
            words, join = [_character(layer * experts + e) for e in range(experts)], ""
        rows = zip(order[:, layer].tolist(), kept[:, layer].tolist(), strict=True)
        texts.append([join.join([words[e] for e in row[:count]]) for row, count in rows])
    return texts


def _ranked(log: RouterLog, threshold: float, most: int | None) -> tuple[np.ndarray, np.ndarray]:
    is_number = isinstance(threshold, (int, float, np.number)) and not isinstance(threshold, bool)
    if not is_number or not 0 < threshold < 1:
        raise InputError(f"threshold: {threshold!r} found, expected a number between 0 and 1; the paper takes 0.7")
    if most is not None and (isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 1):
        raise InputError(f"most: {most!r} found, expected a whole number of at least 1")
    weights = log.probabilities
    order = np.argsort(-weights, axis=-1, kind="stable")
    total = np.cumsum(np.take_along_axis(weights, order, axis=-1), axis=-1)
    limit = weights.shape[-1] if most is None else min(int(most), weights.shape[-1])
    return order, np.minimum(1 + (total <= threshold).sum(axis=-1), limit)


def _character(code: int) -> str:
    # Surrogates are no characters; hyphen and comma lie below the first one used.
    point = 0x100 + code
    return chr(point if point < 0xD800 else point + 0x800)
