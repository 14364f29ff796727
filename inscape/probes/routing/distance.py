"""How far apart the pathways of samples are: edit distance of strings (Li et al. 2025), counted in two units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.routing.pairs import chosen_samples, mean_across, mean_of_pairs, same_layers
from inscape.probes.routing.pathway import Unit, layer_texts
from inscape.probes.routing.router_log import RouterLog, as_log


@dataclass(frozen=True, eq=False)
class PathwayDistance:
    """Edit distances between pathways.

    Parameters
    ----------
    mean : over all pairs of different samples.
    standard_error : of the mean, over samples.
    per_layer : (layer,) mean distance of the parts of single layers.
    matrix : (sample, sample), or (sample, other) between two logs; None if not kept.
    length : mean length of a pathway in the unit.
    samples : (sample,) which samples of the log were compared.
    """

    mean: float
    standard_error: float
    per_layer: Float[np.ndarray, "layer"]
    matrix: Float[np.ndarray, "sample other"] | None
    length: float
    samples: np.ndarray


def distance(
    log: RouterLog | Any,
    other: RouterLog | Any | None = None,
    *,
    threshold: float = 0.7,
    unit: Unit = "char",
    normalised: bool = False,
    most: int | None = 1000,
    most_experts: int | None = None,
    per_layer: bool = True,
    keep_matrix: bool = True,
    seed: int | np.random.Generator | None = 0,
) -> PathwayDistance:
    """Levenshtein distances between the pathways of all pairs of samples.

    Parameters
    ----------
    log, other : logs or weights (sample, layer, expert); with `other`, pairs are taken between the two.
    threshold : as of `pathways`.
    unit : "char" compares strings as the paper does, where expert 12 costs two characters; "expert" counts experts.
    normalised : divide each distance by the longer pathway, so that it does not grow with the pathways themselves.
    most : compare at most this many samples, drawn at random; None for all.
    most_experts : as `most` of `pathways`.
    per_layer : also compare layer by layer.

    Raises
    ------
    InputError : for fewer than two samples, logs of different networks, or a threshold outside (0, 1).
    MissingExtraError : without rapidfuzz.
    """
    first = as_log(log)
    random = np.random.default_rng(seed)
    rows = chosen_samples(len(first), most, random)
    first = first.select(rows)
    second = None
    if other is not None:
        second = as_log(other)
        same_layers(first, second)
        second = second.select(chosen_samples(len(second), most, random))
    elif len(first) < 2:
        raise InputError(f"log: {len(first)} sample found, expected at least 2 to compare")
    texts = layer_texts(first, threshold, unit, most_experts)
    others = None if second is None else layer_texts(second, threshold, unit, most_experts)
    whole = _joined(texts)
    matrix = levenshtein(whole, None if others is None else _joined(others), normalised=normalised)
    mean, error = mean_of_pairs(matrix) if others is None else mean_across(matrix)
    layers = [
        _mean(levenshtein(texts[i], None if others is None else others[i], normalised=normalised), others is None)
        for i in range(len(texts) if per_layer else 0)
    ]
    return PathwayDistance(
        mean=mean,
        standard_error=error,
        per_layer=np.array(layers),
        matrix=matrix if keep_matrix else None,
        length=float(np.mean([_count(text, unit) for text in whole])),
        samples=rows,
    )


def levenshtein(
    texts: list[str], others: list[str] | None = None, *, normalised: bool = False
) -> Float[np.ndarray, "text other"]:
    """Levenshtein distances between all texts, or between them and others; over the longer one if normalised.

    One thread; equal texts are compared once.
    """
    process = require("rapidfuzz.process", "neural")
    scorer = require("rapidfuzz.distance", "neural").Levenshtein
    score = scorer.normalized_distance if normalised else scorer.distance
    unique, index = _unique(texts)
    if others is None:
        found = process.cdist(unique, unique, scorer=score, dtype=np.float32)
        return found[np.ix_(index, index)]
    second, where = _unique(others)
    return process.cdist(unique, second, scorer=score, dtype=np.float32)[np.ix_(index, where)]


def _unique(texts: list[str]) -> tuple[list[str], np.ndarray]:
    place: dict[str, int] = {}
    index = [place.setdefault(text, len(place)) for text in texts]
    return list(place), np.array(index)


def _joined(texts: list[list[str]]) -> list[str]:
    return ["-".join(parts) for parts in zip(*texts, strict=True)]


def _count(text: str, unit: Unit) -> int:
    return len(text) if unit == "char" else len(text.replace("-", ""))


def _mean(matrix: np.ndarray, is_within: bool) -> float:
    return mean_of_pairs(matrix)[0] if is_within else float(matrix.mean())
