"""Shapley values: what each of a few parts contributes to what they do together."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import combinations
from typing import Any

from inscape.errors import InputError


def shapley_values(worth: Mapping[Any, float] | Callable[..., float], players: Iterable[Hashable]) -> dict[Any, float]:
    """Shares of the players in the worth of all of them together (Shapley 1953).

    phi_i = sum over subsets S without i of |S|! (n - |S| - 1)! / n! [v(S + i) - v(S)]

    Parameters
    ----------
    worth : v(S) for every subset, as a mapping from frozensets or a function of one.
    players : hashable names; with n of them 2^n subsets are asked for.

    Raises
    ------
    InputError : if there is no player, one comes twice, or a subset's worth is missing.
    """
    names = list(players)
    if not names or len(set(names)) != len(names):
        raise InputError(f"players: {names} found, expected different names, at least one")
    known: dict[frozenset, float] = {}
    for size in range(len(names) + 1):
        for members in combinations(names, size):
            subset = frozenset(members)
            try:
                known[subset] = float(worth(subset) if callable(worth) else worth[subset])
            except KeyError:
                raise InputError(
                    f"worth: no value for the subset {set(members) or '{}'}; every subset needs one"
                ) from None
    count = len(names)
    shares = {}
    for player in names:
        others = [name for name in names if name != player]
        total = 0.0
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            for members in combinations(others, size):
                total += weight * (known[frozenset(members) | {player}] - known[frozenset(members)])
        shares[player] = total
    return shares
