"""`distill`: a network policy rewritten as a sparse formula of a few dozen numbers, inside the learned law.

The dictionary policy of SINDy-RL (Zolman et al. 2024): states are gathered where the network's own policy leads, noise
is added around them, and the network's unclipped mean is regressed on a dictionary over a grid of hyperparameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.control.dictionary_policy import DictionaryPolicy
from inscape.errors import InputError, UnknownNameError
from inscape.models.dictionary import Library, Terms
from inscape.models.rows import joined
from inscape.models.sparse_ensemble import AGGREGATES, sparse_ensemble

GRID = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
FAR = 1e3
"""An episode inside the law begins anew where it is so many times farther out than any start."""


@dataclass(frozen=True)
class Distilled:
    """What a distillation found.

    Parameters
    ----------
    policy : the chosen formula.
    alphas, thresholds : (candidate,) the grid.
    errors : (candidate,) mean squared error of the clipped action on states without noise.
    returns : (candidate,) mean return inside the law, NaN where it was not asked for.
    counts : (candidate,) numbers in each formula.
    chosen : index of the one taken.
    rounds : how often states were gathered.
    """

    policy: DictionaryPolicy
    alphas: Float[np.ndarray, "candidate"]
    thresholds: Float[np.ndarray, "candidate"]
    errors: Float[np.ndarray, "candidate"]
    returns: Float[np.ndarray, "candidate"]
    counts: Float[np.ndarray, "candidate"]
    chosen: int
    rounds: int


def distill(
    policy: Any,
    library: Library,
    law: Any,
    bounds: tuple[Any, Any] | None = None,
    **options: Any,
) -> DictionaryPolicy:
    """The formula alone; `distillation` tells how it was chosen, and documents the options."""
    return distillation(policy, library, law, bounds, **options).policy


def distillation(
    policy: Any,
    library: Library,
    law: Any,
    bounds: tuple[Any, Any] | None = None,
    *,
    world: Any = None,
    starts: Float[np.ndarray, "start observation"] | None = None,
    steps: int = 5_000,
    resets: int = 500,
    noise: float | Float[np.ndarray, "observation"] = 0.1,
    largest_target: float = 5.0,
    alphas: Sequence[float] = GRID,
    thresholds: Sequence[float] = GRID,
    ensemble: int = 20,
    choose: Literal["error", "return"] = "error",
    rounds: int = 1,
    names: Sequence[str] | None = None,
    action_names: Sequence[str] = (),
    seed: int = 0,
) -> Distilled:
    """Fit a formula to a policy where that policy leads.

    Parameters
    ----------
    policy : with act(observations), and mean(observations) for the unclipped action where it has one.
    library : terms of the formula.
    law : with step(states, inputs); a fitted `SINDy` also tells where episodes start.
    bounds : low and high of the actions; the world's, or the policy's, if None.
    world : whose bounds end episodes inside the law, and where choose="return" finds rewards.
    starts : states to start from; `law.starts_` if None.
    steps, resets : how many states are gathered, and steps of an episode.
    noise : standard deviation of what is added to a copy of those states.
    largest_target : the unclipped mean is cut to plus and minus this.
    alphas, thresholds : the grid is every pair of them.
    ensemble : bootstrap models behind each candidate, joined by their median.
    choose : "error" takes the candidate whose clipped action errs least on states without noise, "return" the one that
        earns most inside the law.
    rounds : more than one also gathers states where the formula leads, and asks the network there (Ross et al. 2011).
    names : of the observations; the law's if None.

    Raises
    ------
    InputError : if there is nothing to start from, or every candidate lost all its terms.
    """
    if choose not in ("error", "return"):
        raise UnknownNameError("choose", str(choose), ("error", "return"))
    if choose == "return" and world is None:
        raise InputError("world: None found, choose='return' needs one that tells rewards")
    first = getattr(law, "starts_", None) if starts is None else starts
    if first is None:
        raise InputError("starts: None found, and the law does not tell where episodes begin; give starts=")
    begin = np.atleast_2d(np.asarray(first, dtype=float))
    rng = np.random.default_rng(seed)
    labels = tuple(names) if names is not None else tuple(getattr(law, "state_names_", ()) or _names(begin.shape[1]))
    terms = library.terms(labels)
    low, high = _bounds(bounds, world, policy)
    grid_alphas, grid_thresholds = (g.ravel() for g in np.meshgrid(alphas, thresholds, indexing="ij"))
    clean = _visited(law, policy, begin, steps, resets, rng, world)
    shown = clean
    made: Distilled | None = None
    for done in range(1, int(rounds) + 1):
        if made is not None:
            shown = np.concatenate([shown, _visited(law, made.policy, begin, steps, resets, rng, world)])
        around = shown + noise * rng.normal(size=shown.shape)
        asked = np.concatenate([shown, around])
        rows = joined([(terms.columns(asked), np.clip(_mean(policy, asked), -largest_target, largest_target))], terms)
        samples = sparse_ensemble(rows, grid_thresholds, grid_alphas, models=ensemble, bootstrap="rows", seed=rng)
        found = _chosen(samples, terms, shown, policy, low, high, choose, law, world, begin, tuple(action_names), seed)
        made = Distilled(found[0], grid_alphas, grid_thresholds, *found[1:], rounds=done)
    assert made is not None
    return made


def _chosen(
    samples: np.ndarray,
    terms: Terms,
    states: np.ndarray,
    policy: Any,
    low: np.ndarray,
    high: np.ndarray,
    choose: str,
    law: Any,
    world: Any,
    begin: np.ndarray,
    action_names: tuple[str, ...],
    seed: int,
) -> tuple[DictionaryPolicy, np.ndarray, np.ndarray, np.ndarray, int]:
    combined = AGGREGATES["median"](samples, axis=0)
    counts = np.count_nonzero(combined, axis=(1, 2)).astype(float)
    if not counts.any():
        raise InputError("thresholds: every candidate lost all its terms; give smaller ones")
    said = np.clip(np.einsum("np,gtp->gnt", terms.columns(states), combined), low, high)
    errors = np.mean((said - np.clip(_mean(policy, states), low, high)) ** 2, axis=(1, 2))
    errors[counts == 0] = np.inf
    made = [
        DictionaryPolicy(terms, combined[g], low, high, action_names=action_names, samples=samples[:, g])
        for g in range(len(combined))
    ]
    returns = np.full(len(made), np.nan)
    if choose == "return":
        returns = np.array([return_inside(p, law, world, begin, seed=seed) for p in made])
        returns[counts == 0] = -np.inf
    best = int(np.argmin(errors)) if choose == "error" else int(np.argmax(returns))
    return made[best], errors, returns, counts, best


def return_inside(
    policy: Any,
    law: Any,
    world: Any,
    starts: Float[np.ndarray, "start observation"],
    *,
    worlds: int = 32,
    seed: int = 0,
) -> float:
    """Mean return of a policy over whole episodes inside a law."""
    from inscape.control.surrogate import Surrogate

    inside = Surrogate(law, world, worlds=worlds, starts=starts, seed=seed)
    total, going = np.zeros(worlds), np.ones(worlds, dtype=bool)
    for _ in range(inside.horizon):
        _, rewards, terminated, _, _ = inside.step(policy.act(inside.observations))
        total += np.where(going, rewards, 0.0)
        going &= ~terminated
        if not going.any():
            break
    return float(total.mean())


def _visited(
    law: Any, policy: Any, starts: np.ndarray, steps: int, resets: int, rng: np.random.Generator, world: Any
) -> np.ndarray:
    """States (sample, observation) where a policy leads from the starts; episodes run side by side."""
    worlds = max(1, -(-steps // resets))
    states = starts[rng.integers(0, len(starts), worlds)]
    farthest = FAR * max(1.0, float(np.abs(starts).max()))
    gathered = []
    for _ in range(min(resets, steps)):
        gathered.append(states)
        with np.errstate(all="ignore"):
            following = law.step(states, policy.act(states))
        lost = ~(np.abs(following) < farthest).all(axis=1)
        if hasattr(world, "out_of_bounds"):
            lost |= world.out_of_bounds(following)
        states = np.where(lost[:, None], starts[rng.integers(0, len(starts), worlds)], following)
    return np.concatenate(gathered)[:steps]


def _mean(policy: Any, states: np.ndarray) -> np.ndarray:
    return np.asarray(policy.mean(states) if hasattr(policy, "mean") else policy.act(states), dtype=float)


def _bounds(bounds: tuple[Any, Any] | None, world: Any, policy: Any) -> tuple[np.ndarray, np.ndarray]:
    if bounds is None and world is not None:
        bounds = (world.action_space.low, world.action_space.high)
    if bounds is None and hasattr(policy, "low"):
        bounds = (policy.low, policy.high)
    if bounds is None:
        raise InputError("bounds: None found, and neither world nor policy tells them; give (low, high)")
    low, high = (np.atleast_1d(np.asarray(b, dtype=float)) for b in bounds)
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
        raise InputError(f"bounds: {bounds!r} found, expected finite numbers, the first below the second")
    return low, high


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"x{i}" for i in range(count))
