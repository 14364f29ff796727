"""Search for a policy's numbers without gradients: CMA-ES, augmented random search, an evolution strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require
from inscape.parallel import Backend, parallel_map

ADAM_DECAY, ADAM_SQUARES, ADAM_FLOOR = 0.9, 0.999, 1e-8


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found; it acts as the policy it found.

    Parameters
    ----------
    policy : the one with the best mean of the rechecked candidates, or the centre of the last generation.
    curve : (generation, 3) episodes played so far, best return so far, mean return of the generation.
    steps : actions taken in the world in all.
    """

    policy: Any
    curve: Float[np.ndarray, "generation 3"]
    steps: int

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        return self.policy.act(observation)

    @property
    def parameters(self) -> Float[np.ndarray, "parameter"]:
        return self.policy.parameters

    def with_parameters(self, parameters: Float[np.ndarray, "parameter"]) -> Any:
        return self.policy.with_parameters(parameters)

    def for_joints(self, joints: int) -> Any:
        """The found circuit on a body with another number of joints."""
        return self.policy.for_joints(joints)

    @property
    def best(self) -> float:
        """The best return of any episode."""
        return float(self.curve[-1, 1])

    def episodes_to(self, level: float) -> float:
        """Episodes played until a candidate earned `level`, to the end of that generation; inf if none did."""
        reached = self.curve[:, 1] >= level
        return float(self.curve[int(np.argmax(reached)), 0]) if reached.any() else float("inf")


@dataclass
class _Arena:
    """Plays candidates in a world, on as many workers as asked for, and keeps the books."""

    world: Any
    policy: Any
    rng: np.random.Generator
    jobs: int
    backend: Backend
    per_candidate: int
    played: int = 0
    steps: int = 0
    best: float = -np.inf
    curve: list[tuple[float, float, float]] = field(default_factory=list)

    def scores(self, candidates: Float[np.ndarray, "candidate parameter"], same_seeds: bool = False) -> np.ndarray:
        policies = [self.policy.with_parameters(c) for c in candidates]
        seeds = self.rng.integers(0, 2**31 - 1, (1 if same_seeds else len(policies), self.per_candidate))
        seeds = np.broadcast_to(seeds, (len(policies), self.per_candidate))
        parts = np.array_split(np.arange(len(policies)), min(self.jobs, len(policies)))
        items = [(self.world, [policies[i] for i in part], seeds[part].tolist()) for part in parts]
        answers = parallel_map(_earned, items, jobs=self.jobs, backend="serial" if self.jobs == 1 else self.backend)
        found = np.concatenate([a[0] for a in answers])
        self.steps += sum(a[1] for a in answers)
        self.played += len(policies) * self.per_candidate
        self.best = max(self.best, float(found.max()))
        self.curve.append((float(self.played), self.best, float(found.mean())))
        return found

    def left(self, episodes: int) -> int:
        return (episodes - self.played) // self.per_candidate


def cma(
    policy: Any,
    world: Any,
    *,
    episodes: int = 80,
    population: int | None = None,
    sigma: float = 0.5,
    per_candidate: int = 1,
    seed: int = 0,
    jobs: int = 2,
    backend: Backend = "loky",
    recheck: int = 0,
) -> Found:
    """The covariance-matrix adaptation evolution strategy of Hansen, by the package `cma`.

    Parameters
    ----------
    policy : with `parameters` and `with_parameters`; where the search begins.
    world : one of ours, or any gymnasium environment.
    episodes : in all; the last generation is the last that fits.
    population : candidates a generation; 8, or cma's 4 + 3 ln n if that is more.
    sigma : first standard deviation of every parameter.
    per_candidate : episodes that a candidate is judged by.
    jobs : worker processes; the numbers are the same for any number of them.
    recheck : the best three candidates are played in so many more episodes each, and the best mean wins; with 0 the
        candidate with the best return does.

    Raises
    ------
    InputError : for a policy without parameters, or fewer episodes than a generation needs.
    """
    package = require("cma", "robots")
    start = _parameters(policy)
    arena = _arena(policy, world, seed, jobs, backend, per_candidate)
    size = max(8, 4 + int(3 * np.log(len(start)))) if population is None else population
    _whole("population", size, 2)
    _enough(episodes, size * per_candidate)
    if not (np.isfinite(sigma) and sigma > 0):
        raise InputError(f"sigma: {sigma!r} found, expected a positive number")
    single = len(start) == 1
    # cma works in two dimensions at least; a second one that nothing hears does no harm.
    origin = np.append(start, 0.0) if single else start
    options = {"popsize": size, "seed": int(arena.rng.integers(1, 2**31 - 1)), "verbose": -9, "verb_log": 0}
    strategy = package.CMAEvolutionStrategy(origin, sigma, options)
    tried: list[tuple[float, np.ndarray]] = []
    while arena.left(episodes) >= size and not strategy.stop():
        asked = strategy.ask()
        candidates = np.array(asked)[:, : len(start)]
        scores = arena.scores(candidates)
        strategy.tell(asked, list(-scores))
        tried += list(zip(scores.tolist(), candidates, strict=True))
    tried.sort(key=lambda pair: -pair[0])
    chosen = tried[0][1]
    if recheck:
        _whole("recheck", recheck, 1)
        finalists = np.array([c for _, c in tried[:3]] + [np.asarray(strategy.result.xfavorite)[: len(start)]])
        judge = replace(arena, per_candidate=recheck, curve=[])
        chosen = finalists[int(np.argmax(judge.scores(finalists, same_seeds=True)))]
        arena.steps = judge.steps
    return _found(policy, chosen, arena)


def ars(
    policy: Any,
    world: Any,
    *,
    episodes: int = 160,
    directions: int = 4,
    top: int | None = None,
    step_size: float = 0.1,
    noise: float = 0.1,
    seed: int = 0,
    jobs: int = 2,
    backend: Backend = "loky",
) -> Found:
    """Augmented random search (Mania, Guy & Recht 2018): steps along random directions by what both ends earn.

    Parameters
    ----------
    directions : pairs of candidates theta +- noise delta a generation.
    top : how many of the best pairs decide the step; all if None.
    step_size : of the centre, in units of the standard deviation of the returns.
    Others as of `cma`. The policy found is the last centre.
    """
    centre = _parameters(policy)
    arena = _arena(policy, world, seed, jobs, backend, 1)
    _whole("directions", directions, 1)
    kept = directions if top is None else top
    _whole("top", kept, 1)
    _enough(episodes, 2 * directions)
    while arena.left(episodes) >= 2 * directions:
        delta = arena.rng.standard_normal((directions, len(centre)))
        scores = arena.scores(np.concatenate([centre + noise * delta, centre - noise * delta]))
        up, down = scores[:directions], scores[directions:]
        best = np.argsort(-np.maximum(up, down))[:kept]
        spread = float(np.std(np.concatenate([up[best], down[best]]))) or 1.0
        centre = centre + step_size / (kept * spread) * ((up - down)[best] @ delta[best])
    return _found(policy, centre, arena)


def evolution_strategy(
    policy: Any,
    world: Any,
    *,
    episodes: int = 160,
    population: int = 8,
    sigma: float = 0.02,
    rate: float = 0.01,
    weight_decay: float = 0.005,
    decay_to: Float[np.ndarray, "parameter"] | None = None,
    seed: int = 0,
    jobs: int = 2,
    backend: Backend = "loky",
) -> Found:
    """The evolution strategy of Salimans et al. (2017) with Adam, at the settings of NCAP's published script.

    Parameters
    ----------
    population : candidates a generation, even: pairs theta +- sigma epsilon, weighted by rank.
    rate : of Adam.
    weight_decay : pull of the centre each step; as published it pulls every weight of a circuit to 0, towards no gait.
    decay_to : where to instead; 0 as published.
    """
    centre = _parameters(policy)
    arena = _arena(policy, world, seed, jobs, backend, 1)
    _whole("population", population, 2)
    if population % 2:
        raise InputError(f"population: {population} found, expected an even number, half of it mirrored")
    _enough(episodes, population)
    home = np.zeros_like(centre) if decay_to is None else np.asarray(decay_to, dtype=float)
    mean, square, step = np.zeros_like(centre), np.zeros_like(centre), 0
    while arena.left(episodes) >= population:
        drawn = arena.rng.standard_normal((population // 2, len(centre)))
        noise = np.concatenate([drawn, -drawn])
        scores = arena.scores(centre + sigma * noise)
        ranks = np.argsort(np.argsort(scores)) / (population - 1) - 0.5
        slope = -(ranks @ noise) / (population * sigma) + weight_decay * (centre - home)
        step += 1
        mean = ADAM_DECAY * mean + (1 - ADAM_DECAY) * slope
        square = ADAM_SQUARES * square + (1 - ADAM_SQUARES) * slope**2
        unbiased = mean / (1 - ADAM_DECAY**step), square / (1 - ADAM_SQUARES**step)
        centre = centre - rate * unbiased[0] / (np.sqrt(unbiased[1]) + ADAM_FLOOR)
    return _found(policy, centre, arena)


def _earned(item: tuple[Any, Sequence[Any], list[list[int]]]) -> tuple[Float[np.ndarray, "candidate"], int]:
    """Mean return of each candidate over its seeds, and the actions taken. All episodes are played side by side."""
    from inscape.systems.worlds.acting import begin
    from inscape.systems.worlds.adopted import as_world

    world, policies, seeds = as_world(item[0]), item[1], np.array(item[2])
    count, each = seeds.shape
    if not world.moves_in_crowds:
        from inscape.systems.worlds.record import record

        runs = [
            [record(world, p, episodes=1, seed=int(s))[0] for s in row] for p, row in zip(policies, seeds, strict=True)
        ]
        totals = np.array([[float(run.context["return"]) for run in row] for row in runs])
        return totals.mean(axis=1), sum(len(run) - 1 for row in runs for run in row)
    for policy in policies:
        begin(policy)
    batch = world.batch(count * each, threads=1)
    observations, _ = batch.reset(seed=seeds.ravel().tolist())
    answers = _side_by_side(policies, each)
    earned, playing, steps = np.zeros(count * each), np.ones(count * each, dtype=bool), 0
    while playing.any():
        observations, rewards, terminated, truncated, _ = batch.step(answers(observations))
        earned += np.where(playing, rewards, 0.0)
        steps += int(playing.sum())
        playing &= ~(terminated | truncated)
    return earned.reshape(count, each).mean(axis=1), steps


def _side_by_side(policies: Sequence[Any], each: int) -> Callable[[np.ndarray], np.ndarray]:
    def answered(observations: np.ndarray) -> np.ndarray:
        rows = observations.reshape(len(policies), each, -1)
        return np.concatenate([np.asarray(p.act(r), dtype=float) for p, r in zip(policies, rows, strict=True)])

    return answered


def _parameters(policy: Any) -> Float[np.ndarray, "parameter"]:
    vector = getattr(policy, "parameters", None)
    if vector is None or callable(vector) or not callable(getattr(policy, "with_parameters", None)):
        raise InputError(f"policy: {type(policy).__name__} found, expected one with parameters and with_parameters")
    vector = np.asarray(vector, dtype=float)
    if vector.ndim != 1 or not len(vector):
        raise InputError(f"policy: parameters of shape {vector.shape} found, expected at least one number to search")
    return vector.copy()


def _arena(policy: Any, world: Any, seed: int, jobs: int, backend: Backend, per_candidate: int) -> _Arena:
    _whole("per_candidate", per_candidate, 1)
    if jobs != -1:
        _whole("jobs", jobs, 1)
    import joblib

    fitted = policy
    names = getattr(world, "observation_names", None)
    if names is not None and hasattr(policy, "for_layout"):
        fitted = policy.for_layout(names)
        actions = getattr(world, "action_names", ())
        if len(actions) != len(policy.action_names):
            raise InputError(f"policy: {len(policy.action_names)} actions found, expected {len(actions)} as the world")
    return _Arena(world, fitted, np.random.default_rng(seed), joblib.effective_n_jobs(jobs), backend, per_candidate)


def _found(policy: Any, vector: np.ndarray, arena: _Arena) -> Found:
    return Found(policy.with_parameters(vector), np.array(arena.curve), arena.steps)


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}: {value!r} found, expected a whole number of at least {least}")


def _enough(episodes: Any, generation: int) -> None:
    _whole("episodes", episodes, 1)
    if episodes < generation:
        raise InputError(f"episodes: {episodes} found, expected at least {generation}, those of one generation")
