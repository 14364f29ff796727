"""`TaskLaw`: the law of one task, ready to be stepped by a planner, simulated, or looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.continual.coordinates import Coordinates
from inscape.models.continual.normaliser import Normaliser
from inscape.models.continual.perceptron import Layers, Plan, answer
from inscape.trajectories import Trajectory


class TaskLaw:
    """x(k+1) = x(k) + f(x(k), u(k)) with the weights of one task; a system, and free of torch.

    Parameters
    ----------
    task : name.
    plan, layers : sizes and weights of f.
    coordinates, normaliser, scale : what f sees and what its answers, in units of `scale` (state,), mean.
    state_names, input_names, dt : labels and sampling interval.
    """

    def __init__(
        self,
        task: str,
        plan: Plan,
        layers: Layers,
        coordinates: Coordinates,
        normaliser: Normaliser,
        scale: Float[np.ndarray, "state"],
        *,
        state_names: tuple[str, ...],
        input_names: tuple[str, ...],
        dt: float,
    ):
        self.task, self.plan, self.layers, self.coordinates = task, plan, layers, coordinates
        self.state_names, self.input_names, self.dt = state_names, input_names, dt
        self.scale = np.asarray(scale, dtype=float)
        self._centre = normaliser.mean
        self._rate = 1.0 / normaliser.deviation
        # The last matrix carries the scale: one pass fewer in every step of a plan.
        matrix, bias = layers[-1]
        means = slice(None, plan.outputs)
        self._scaled: Layers = [
            *layers[:-1],
            (
                (matrix[means] * self.scale[:, None]).astype(np.float32),
                (bias[means] * self.scale).astype(np.float32),
            ),
        ]

    @property
    def parameters(self) -> Mapping[str, float]:
        """A learned law has no named parameters."""
        return {}

    def features(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"]
    ) -> Float[np.ndarray, "*batch feature"]:
        """What the network sees: normalised, single precision."""
        seen = self.coordinates.seen(states, inputs)
        return ((seen - self._centre) * self._rate).astype(np.float32)

    def step(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"]
    ) -> Float[np.ndarray, "*batch state"]:
        """The states one sampling interval later.

        Raises
        ------
        InputError : for a wrong number of state variables or inputs.
        """
        states, inputs = self._checked(states, inputs)
        return self.coordinates.moved(states, answer(self._scaled, self.features(states, inputs), self.plan.activation))

    def coefficients(self) -> dict[str, Float[np.ndarray, "state"]]:
        """What a linear law adds up, by term, in the units of state and inputs; "1" is the constant.

        Raises
        ------
        InputError : if the network has hidden layers.
        """
        if self.plan.hidden:
            raise InputError(f"coefficients: a network with hidden layers {self.plan.hidden} found, expected hidden=()")
        matrix, bias = self._scaled[0]
        raw = matrix * self._rate
        terms = self.coordinates.terms
        names = terms.names if terms is not None else tuple(f"feature {k}" for k in range(raw.shape[1]))
        found = {"1": bias - raw @ self._centre}
        for name, column in zip(names, raw.T, strict=True):
            found[name] = found.get(name, 0.0) + column
        return found

    def variance(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"]
    ) -> Float[np.ndarray, "*batch state"]:
        """The variance that a Gaussian network predicts for `step`.

        Raises
        ------
        InputError : if the network was not fitted with `loss="gaussian"`.
        """
        if not self.plan.gaussian:
            raise InputError('variance: the law was fitted with loss="mse"; fit it with loss="gaussian"')
        states, inputs = self._checked(states, inputs)
        raw = answer(self.layers, self.features(states, inputs), self.plan.activation)[..., self.plan.outputs :]
        return self.plan.variance(raw) * self.scale**2

    def simulate(
        self,
        initial: Float[np.ndarray, "state"],
        times: Float[np.ndarray, "time"] | None = None,
        inputs: Float[np.ndarray, "time input"] | Callable[[float], np.ndarray] | None = None,
        *,
        steps: int | None = None,
    ) -> Trajectory:
        """A run from `initial`; input k drives the step from sample k to k + 1.

        Parameters
        ----------
        times : (time,) at the law's sampling interval; or give `steps`.
        inputs : (time, input), of which the last is not used, or a function of time; zeros if None.

        Raises
        ------
        InputError : for times at another interval, or inputs of another shape.
        """
        if times is None:
            count = int(steps) + 1 if steps is not None else 0
            if count < 1:
                raise InputError(f"steps: {steps!r} found, expected a whole number of at least 0, or times")
            times = self.dt * np.arange(count)
        times = np.asarray(times, dtype=float)
        if len(times) > 1 and np.abs(np.diff(times) - self.dt).max() > 1e-3 * self.dt:
            raise InputError(f"times: expected at the fitted interval {self.dt:.6g}")
        driven = self._driven(inputs, times)
        states = np.full((len(times), len(self.state_names)), np.nan)
        states[0] = self._checked(np.asarray(initial, dtype=float), driven[0])[0]
        context: dict[str, float | str] = {"task": self.task}
        for k in range(len(times) - 1):
            following = self.step(states[k], driven[k])
            if not np.isfinite(following).all():
                context["stopped"] = f"the law diverged after {k + 1} samples"
                break
            states[k + 1] = following
        return Trajectory(
            times,
            states,
            inputs=driven if self.input_names else None,
            context=context,
            state_names=self.state_names,
            input_names=self.input_names,
            source="TaskLaw",
        )

    def errors(
        self,
        states: Float[np.ndarray, "sample state"],
        inputs: Float[np.ndarray, "sample input"],
        nexts: Float[np.ndarray, "sample state"],
    ) -> Float[np.ndarray, "sample state"]:
        """Error of the answers, in units of `scale`."""
        found = answer(self._scaled, self.features(states, inputs), self.plan.activation)
        return (found - self.coordinates.asked(states, nexts)) / self.scale

    def _driven(self, inputs: Any, times: np.ndarray) -> np.ndarray:
        if inputs is None:
            return np.zeros((len(times), len(self.input_names)))
        given = np.array([inputs(t) for t in times]) if callable(inputs) else np.asarray(inputs, dtype=float)
        given = given.reshape(len(given), -1)
        if given.shape not in ((len(times), len(self.input_names)), (len(times) - 1, len(self.input_names))):
            raise InputError(f"inputs: shape {given.shape} found, expected ({len(times)}, {len(self.input_names)})")
        return given if len(given) == len(times) else np.concatenate([given, given[-1:]])

    def _checked(self, states: Any, inputs: Any) -> tuple[np.ndarray, np.ndarray]:
        states, inputs = np.asarray(states), np.asarray(inputs)
        wanted = (self.coordinates.states, self.coordinates.inputs)
        if states.dtype == object or inputs.dtype == object or states.ndim < 1 or inputs.ndim < 1:
            raise InputError(f"step: expected arrays of numbers (..., {wanted[0]}) and (..., {wanted[1]})")
        if (states.shape[-1], inputs.shape[-1]) != wanted or states.shape[:-1] != inputs.shape[:-1]:
            raise InputError(
                f"step: states {states.shape} and inputs {inputs.shape} found, "
                f"expected (..., {wanted[0]}) and (..., {wanted[1]}) with the same leading axes"
            )
        return states, inputs

    def __repr__(self) -> str:
        return f"TaskLaw({self.task!r}, {len(self.state_names)} states, {len(self.input_names)} inputs)"
