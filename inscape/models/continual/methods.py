"""The learner that a `ContinualDynamics` asks for by name, and whether its settings can work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.models.continual.coordinates import Coordinates
from inscape.models.continual.dynamics import METHODS, STRENGTHS
from inscape.models.continual.learner import Course, Learner
from inscape.models.continual.perceptron import MODULES, Plan
from inscape.models.dictionary import Library

if TYPE_CHECKING:
    from inscape.models.continual.dynamics import ContinualDynamics


def learner_of(model: ContinualDynamics, coordinates: Coordinates) -> Learner:
    """The learner of a model's settings, for a system of so many states and inputs."""
    from inscape.models.continual.hypernet_learner import HypernetLearner
    from inscape.models.continual.progressive import ProgressiveLearner
    from inscape.models.continual.shared_body import SharedBodyLearner, SingleLearner

    plan = Plan(
        coordinates.features, coordinates.states, tuple(model.hidden), model.activation, model.loss == "gaussian"
    )
    course = Course(model.batch_size, model.learning_rate, model.clip, model.seed)
    if model.method == "hypernet":
        return HypernetLearner(
            plan,
            course,
            embedding=model.embedding,
            hidden=tuple(model.hyper_hidden),
            chunk=model.chunk,
            beta=model.beta,
            sampled=model.regularised_tasks,
            ahead=model.look_ahead,
            plastic=model.plastic,
            last_bias=model.last_bias,
        )
    if model.method in ("single", "progressive"):
        return (SingleLearner if model.method == "single" else ProgressiveLearner)(plan, course)
    strength = STRENGTHS.get(model.method) if model.strength is None else model.strength
    return SharedBodyLearner(
        plan,
        course,
        ewc=strength if model.method == "ewc" else None,
        si=strength if model.method == "si" else None,
        rehearsed={"coreset": model.coreset, "multitask": 0}.get(model.method),
    )


def check_settings(model: ContinualDynamics) -> None:
    """Refuse settings that cannot work, each in one line.

    Raises
    ------
    InputError, UnknownNameError : naming the setting.
    """
    if model.method not in METHODS:
        raise UnknownNameError("method", str(model.method), METHODS)
    if model.activation not in MODULES:
        raise InputError(f"activation: {model.activation!r} found, expected one of {', '.join(MODULES)}")
    if model.loss not in ("mse", "gaussian"):
        raise InputError(f'loss: {model.loss!r} found, expected "mse" or "gaussian"')
    for name in ("hidden", "hyper_hidden"):
        sizes = getattr(model, name)
        may_be_empty = name == "hidden" and model.method in ("hypernet", "single")
        if not isinstance(sizes, (tuple, list)) or not (sizes or may_be_empty) or not all(_whole(s, 1) for s in sizes):
            raise InputError(f"{name}: {sizes!r} found, expected whole numbers of at least 1, such as (64, 64)")
    if model.library is not None and not isinstance(model.library, Library):
        raise InputError(f"library: {type(model.library).__name__} found, expected one of inscape.models.dictionary")
    for name, least in (("embedding", 1), ("coreset", 1), ("minibatches", 0), ("batch_size", 1)):
        if not _whole(getattr(model, name), least):
            raise InputError(f"{name}: {getattr(model, name)!r} found, expected a whole number, at least {least}")
    for name in ("chunk", "regularised_tasks"):
        value = getattr(model, name)
        if value is not None and not _whole(value, 1):
            raise InputError(f"{name}: {value!r} found, expected None or a whole number, at least 1")
    for name in ("beta", "last_bias", "learning_rate", "clip", "strength"):
        value = getattr(model, name)
        if value is not None and not _number(value):
            raise InputError(f"{name}: {value!r} found, expected a finite number, at least 0")
    if not (_number(model.validation) and model.validation < 1):
        raise InputError(f"validation: {model.validation!r} found, expected a share from 0 to below 1")


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) >= least


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and 0 <= float(value) < np.inf
