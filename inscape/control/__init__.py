"""Policies and planners that act in a world, and how they are found: search, learning in a law, imitation, circuits.

Every name is imported when it is first used: the room opens without torch or gymnasium, and a missing one is one clear
line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.control import circuits as circuits
    from inscape.control import search as search
    from inscape.control.agent import Agent as Agent
    from inscape.control.buffer import Buffer as Buffer
    from inscape.control.closed_loop import Equilibrium as Equilibrium
    from inscape.control.closed_loop import equilibrium as equilibrium
    from inscape.control.dictionary_policy import DictionaryPolicy as DictionaryPolicy
    from inscape.control.distillation import Distilled as Distilled
    from inscape.control.distillation import distill as distill
    from inscape.control.dyna import Dyna as Dyna
    from inscape.control.evaluation import Evaluation as Evaluation
    from inscape.control.evaluation import evaluate as evaluate
    from inscape.control.gaussian_policy import GaussianPolicy as GaussianPolicy
    from inscape.control.imitate import Clones as Clones
    from inscape.control.imitate import clone as clone
    from inscape.control.mbmpo import MBMPO as MBMPO
    from inscape.control.model_free import ModelFree as ModelFree
    from inscape.control.plan import CEM as CEM
    from inscape.control.plan import ICEM as ICEM
    from inscape.control.plan import MPPI as MPPI
    from inscape.control.plan import PlannedPolicy as PlannedPolicy
    from inscape.control.plan import improve as improve
    from inscape.control.policy import ChirpPolicy as ChirpPolicy
    from inscape.control.policy import ConstantPolicy as ConstantPolicy
    from inscape.control.policy import Policy as Policy
    from inscape.control.policy import RandomPolicy as RandomPolicy
    from inscape.control.policy import as_policy as as_policy
    from inscape.control.population import Population as Population
    from inscape.control.ppo import PPO as PPO
    from inscape.control.surrogate import Surrogate as Surrogate

# Where a public name lives.
_HOMES = {
    "Agent": "inscape.control.agent",
    "Buffer": "inscape.control.buffer",
    "DictionaryPolicy": "inscape.control.dictionary_policy",
    "Distilled": "inscape.control.distillation",
    "Dyna": "inscape.control.dyna",
    "GaussianPolicy": "inscape.control.gaussian_policy",
    "MBMPO": "inscape.control.mbmpo",
    "ModelFree": "inscape.control.model_free",
    "PPO": "inscape.control.ppo",
    "Population": "inscape.control.population",
    "Surrogate": "inscape.control.surrogate",
    "distill": "inscape.control.distillation",
    "Clones": "inscape.control.imitate",
    "Equilibrium": "inscape.control.closed_loop",
    "equilibrium": "inscape.control.closed_loop",
    "Evaluation": "inscape.control.evaluation",
    "clone": "inscape.control.imitate",
    "evaluate": "inscape.control.evaluation",
    "CEM": "inscape.control.plan",
    "ICEM": "inscape.control.plan",
    "MPPI": "inscape.control.plan",
    "PlannedPolicy": "inscape.control.plan",
    "improve": "inscape.control.plan",
    "ChirpPolicy": "inscape.control.policy",
    "ConstantPolicy": "inscape.control.policy",
    "Policy": "inscape.control.policy",
    "RandomPolicy": "inscape.control.policy",
    "as_policy": "inscape.control.policy",
}
# Modules and packages that are used by their own name: `search.cma(policy, world)`.
_MODULES: tuple[str, ...] = ("circuits", "search")

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
