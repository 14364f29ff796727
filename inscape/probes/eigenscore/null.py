"""What the score would be if answers had nothing to do with their prompt."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.probes.eigenscore.embeddings import Centre
from inscape.probes.eigenscore.estimators import eigenscore


def scores_by_chance(
    embeddings: Float[np.ndarray, "prompt sample unit"],
    draws: int = 200,
    *,
    alpha: float = 1e-3,
    centre: Centre = "units",
    seed: int | np.random.Generator | None = 0,
) -> Float[np.ndarray, "draw"]:
    """Scores of answers whose prompts were shuffled: each draw takes one answer each from different prompts.

    Parameters
    ----------
    embeddings : of equally many answers to each prompt.
    draws : scores to return.

    Raises
    ------
    InputError : if there are fewer prompts than two.
    """
    try:
        array = np.asarray(embeddings, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("embeddings: not an array of numbers, expected (prompt, sample, unit)") from None
    if array.ndim != 3:
        raise InputError(f"embeddings: shape {array.shape} found, expected (prompt, sample, unit)")
    prompts, samples, _ = array.shape
    if prompts < 2:
        raise InputError(f"embeddings: {prompts} prompt found, expected at least 2: nothing can be shuffled")
    if draws < 1:
        raise InputError(f"draws: {draws} found, expected at least 1")
    random = np.random.default_rng(seed)
    found = np.empty(draws)
    for draw in range(draws):
        # Prompts repeat only where there are fewer of them than answers.
        asked = random.permutation(np.arange(max(prompts, samples)) % prompts)[:samples]
        mixed = array[asked, random.integers(0, samples, samples)]
        found[draw] = eigenscore(mixed, alpha=alpha, centre=centre).value
    return found
