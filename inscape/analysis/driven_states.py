"""What a measurement of memory reads: the states of a driven system beside the input that drove them.

A system is measured through an array of its states with the input that drove it, or as itself: anything with a method
`drive`, or a function, that turns an input (time, input) into states (time, node). Row k of the states is what the
system holds once it has taken in row k of the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from inscape.analysis.series import points_of, shown, whole
from inscape.errors import InputError
from inscape.trajectories import Trajectory


@runtime_checkable
class Driven(Protocol):
    """A system that an input moves."""

    def drive(self, inputs: Float[np.ndarray, "time input"]) -> Float[np.ndarray, "time node"]:
        """States (time, node), row k after row k of the input."""
        ...


Source = Driven | Callable[[np.ndarray], np.ndarray] | Trajectory | np.ndarray


def driven_states(
    source: Any, inputs: Any, *, draw: Callable[[int], np.ndarray], length: int
) -> tuple[Float[np.ndarray, "time node"], Float[np.ndarray, "time"]]:
    """States and the one-channel input that moved them.

    Parameters
    ----------
    source : states (time, node), a Trajectory (its own inputs count where `inputs` is None), a `Driven` system, or a
        function from input (time, 1) to states.
    inputs : (time,) or (time, 1); drawn by `draw(length)` where a system is given without them.
    draw, length : how to make an input, and how many samples of it.

    Raises
    ------
    InputError : if states and input differ in length, are not finite, or the input has several channels.
    """
    answer = response_of(source)
    if answer is not None:
        signal = draw(whole(length, "length")) if inputs is None else _one_channel(inputs)
        states = points_of(answer(signal[:, None]), "states", least=1)
    else:
        states = points_of(source, "states")
        if inputs is None and isinstance(source, Trajectory):
            inputs = source.inputs
        if inputs is None:
            raise InputError("inputs: None found, expected the (time,) input that drove these states")
        signal = _one_channel(inputs)
    if len(states) != len(signal):
        raise InputError(f"states: {len(states)} samples found, expected one for each of the {len(signal)} inputs")
    if np.ptp(signal) == 0:
        raise InputError("inputs: an input that does not move found, expected one that varies")
    return states, signal


def response_of(source: Any) -> Callable[[np.ndarray], np.ndarray] | None:
    """The function that drives a system, or None where recorded states are given.

    Raises
    ------
    InputError : if it is neither a system nor an array.
    """
    if isinstance(source, type):
        raise InputError(f"source: the class {source.__name__} found, expected an instance of it")
    if isinstance(source, Driven):
        return source.drive
    if callable(source):
        return source
    if source is None or isinstance(source, str | bool | dict):
        raise InputError(f"source: {shown(source)} found, expected states (time, node), or a system with drive(inputs)")
    return None


def _one_channel(inputs: Any) -> Float[np.ndarray, "time"]:
    points = points_of(inputs, "inputs")
    if points.shape[1] != 1:
        raise InputError(f"inputs: {points.shape[1]} channels found, expected one; measure them one by one")
    return np.ascontiguousarray(points[:, 0])
