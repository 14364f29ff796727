"""Tangent motion: a state that moves, and a frame of tangent vectors that is carried along and kept orthonormal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import sympy
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.systems.definition import Definition, symbol
from inscape.systems.flow import Flow
from inscape.systems.map import Map

SPREAD_LIMIT = 12.0
"""Largest difference of the logarithmic growth of two tangent vectors between orthonormalisations. At e^12 the weakest
direction still stands five digits above the error of an integrator at 1e-12; at e^20 it is lost in it."""
SPREAD_WANTED = 4.0
CRUSHED = 30.0
"""Beyond this many e-folds nothing but rounding is left of the weaker direction."""


@dataclass(frozen=True, eq=False)
class Growth:
    """What a frame did over one stretch of time.

    Parameters
    ----------
    logarithms : (count,) growth of the orthonormal vectors, e-folds.
    log_volume : integral of the divergence over the stretch (NaN if not measured).
    orthonormalisations : how many there were.
    """

    logarithms: Float[np.ndarray, "count"]
    log_volume: float
    orthonormalisations: int


class TangentMotion(Protocol):
    """A state with an orthonormal frame that can be moved on."""

    time: float
    state: Float[np.ndarray, "state"]
    frame: Float[np.ndarray, "state count"]
    factors: list[Float[np.ndarray, "count count"]] | None

    def grow(self, time: float) -> Growth:
        """Move on to `time` and say how the frame grew."""
        ...


def random_frame(dimension: int, count: int, rng: np.random.Generator) -> Float[np.ndarray, "state count"]:
    """Orthonormal columns in directions without preference."""
    frame, _ = sign_fixed_qr(rng.standard_normal((dimension, count)))
    return frame


def sign_fixed_qr(
    vectors: Float[np.ndarray, "state count"],
) -> tuple[Float[np.ndarray, "state count"], Float[np.ndarray, "count count"]]:
    """QR factors with a positive diagonal of R, so that the frame turns continuously."""
    q, r = np.linalg.qr(vectors)
    sign = np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return q * sign, r * sign[:, None]


class FlowMotion:
    """Tangent motion of a flow by its variational equations (Benettin et al. 1980; Shimada & Nagashima 1979).

    The time between two orthonormalisations adapts: a step over which two vectors part by more than e^12 is refused
    and done again in halves. A direction that is crushed in no time, as where a state begins to slide along a jump of
    the law, has the growth minus infinity.

    Parameters
    ----------
    flow : the law.
    state : (state,) where to start, at time `time`.
    frame : (state, count) orthonormal columns.
    interval : first time between two orthonormalisations.
    longest_interval : what it may grow to.
    tolerance : relative error of an integration step.
    measure_volume : whether to integrate the divergence along.
    """

    def __init__(
        self,
        flow: Flow,
        state: Float[np.ndarray, "state"],
        frame: Float[np.ndarray, "state count"],
        *,
        interval: float,
        longest_interval: float = np.inf,
        tolerance: float,
        time: float = 0.0,
        measure_volume: bool = True,
    ):
        from inscape.systems.integrator import Integrator

        self.dimension, self.count = frame.shape
        self.interval = min(interval, longest_interval)
        self.longest_interval = longest_interval
        self._divergence = _constant_divergence(flow) if measure_volume else float("nan")
        self._augmented = self._divergence is None
        moving = with_log_volume(flow) if self._augmented else flow
        self._motion = Integrator(moving, tangent=self.count, tolerance=tolerance)
        self._motion.time = time
        self._load(state, frame)
        self._jumps = has_jumps(flow.definition)
        self.factors: list[Float[np.ndarray, "count count"]] | None = None
        """Set to a list to keep the triangular factor of every orthonormalisation."""

    @property
    def time(self) -> float:
        return float(self._motion.time)

    @property
    def state(self) -> Float[np.ndarray, "state"]:
        return np.array(self._motion.state[: self.dimension])

    @property
    def frame(self) -> Float[np.ndarray, "state count"]:
        return np.array(self._motion.tangent[: self.dimension])

    def _load(self, state: Float[np.ndarray, "state"], frame: Float[np.ndarray, "state count"]) -> None:
        # The integrated divergence starts from zero each time: grown large, it would slacken the step control.
        pad = int(self._augmented)
        self._motion.state = np.append(state, np.zeros(pad))
        self._motion.tangent = np.vstack([frame, np.zeros((pad, self.count))])

    def restart(self, state: Float[np.ndarray, "state"], frame: Float[np.ndarray, "state count"]) -> None:
        """Begin again at time 0."""
        self._motion.time = 0.0
        self._load(state, frame)

    def grow(self, time: float) -> Growth:
        """Move on to `time`; see `TangentMotion`.

        Raises
        ------
        DivergedError : if the integrator cannot go on, or vectors part faster than any step can follow.
        """
        start = self.time
        logarithms = np.zeros(self.count)
        log_volume = 0.0
        done = 0
        while (left := time - self.time) > 1e-12 * abs(time - start):
            pieces = int(np.ceil(left / self.interval * (1 - 1e-9)))
            until = time if pieces <= 1 else self.time + left / pieces
            before = self.time, self.state, self.frame
            try:
                self._motion.advance(until - before[0])
                vectors = self._motion.tangent[: self.dimension]
                finite = bool(np.isfinite(vectors).all())
            except DivergedError:
                # A tangent vector may overflow where the state does not; a shorter interval mends only that.
                largest = np.max(np.abs(self._motion.tangent), initial=0.0, where=np.isfinite(self._motion.tangent))
                if not largest > 1e50:
                    raise
                finite = False
            if finite:
                frame, factor = sign_fixed_qr(vectors)
                # Directions that the vectors cannot take (the driver of a driven part) stay free of rounding.
                frame[~vectors.any(axis=1)] = 0.0
                with np.errstate(divide="ignore"):
                    grown = np.log(np.diagonal(factor))
                spread = float(np.max(np.maximum(grown, 0)) - np.min(np.minimum(grown, 0)))
            else:
                spread = np.inf
            if self._jumps and finite and spread > CRUSHED:
                # Onto a surface along which the state then slides: no shorter interval would part cause and effect.
                grown = np.where(grown < np.max(grown) - CRUSHED, -np.inf, grown)
            elif not spread <= SPREAD_LIMIT:
                self.interval = (until - before[0]) / 2
                if self.interval < 1e-9 * (time - start):
                    raise DivergedError(f"tangent vectors part without bound at time {before[0]:.6g}")
                self._motion.time = before[0]
                self._load(before[1], before[2])
                continue
            state = self.state
            if self._divergence is None:
                log_volume += float(self._motion.state[-1])
            else:
                log_volume += self._divergence * (until - before[0])
            logarithms += grown
            done += 1
            if self.factors is not None:
                self.factors.append(factor)
            self._load(state, frame)
            if spread < SPREAD_WANTED / 2:
                self.interval = min(1.3 * self.interval, self.longest_interval, max(time - start, self.interval))
        return Growth(logarithms, log_volume, done)


def _constant_divergence(flow: Flow) -> float | None:
    """The divergence if it is one number everywhere, NaN if it cannot be integrated exactly, None if it varies."""
    definition = flow.definition
    if has_jumps(definition):
        # The volume changes at the jump as well, which an integral of the divergence does not see.
        return float("nan")
    divergence = definition.divergence
    moving = {*definition.states, symbol("t")}
    # Only polynomials: expanding the quotients and exponentials of a nerve cell takes minutes.
    if divergence.is_polynomial(*moving):
        divergence = sympy.expand(divergence)
    if divergence.free_symbols & moving:
        return None
    return float(divergence.subs({symbol(k): v for k, v in definition.parameters.items()}))


def has_jumps(definition: Definition) -> bool:
    """Whether the right-hand side itself (not only its derivative) may jump."""
    jumps = (sympy.floor, sympy.ceiling, sympy.sign, sympy.Heaviside, sympy.Mod, sympy.Piecewise)
    return any(e.has(*jumps) for e in definition.expressions)


def with_log_volume(flow: Flow) -> Flow:
    """The flow with one more state variable, whose rate is the divergence of the others."""
    definition = flow.definition
    name = "log_volume"
    while name in {*definition.state_names, *definition.input_names, *definition.parameters}:
        name += "_"
    rate = definition.divergence if flow.is_smooth else _switched_divergence(definition)
    larger = Definition(
        f"{definition.name} with log volume",
        (*definition.state_names, name),
        definition.input_names,
        definition.parameters,
        (*definition.expressions, rate),
    )
    return Flow(larger, initial=np.append(flow.initial, 0.0), period=flow.period)


def _switched_divergence(definition: Definition) -> sympy.Expr:
    """The divergence of a kinked law, in terms of the same switching functions that stand in the law.

    The plain derivative of a minimum of several arguments would compare them anew, in every order.
    """
    from inscape.systems.switching import switched_law

    law = switched_law(definition)
    sides = zip(law.expressions, definition.states, strict=True)
    divergence = sum((sympy.diff(e, s) for e, s in sides), sympy.S.Zero)
    # A switching function holds only modes that stand before its own.
    for mode, function in reversed(list(zip(law.modes, law.functions, strict=True))):
        divergence = divergence.xreplace({mode: sympy.sign(function)})
    return divergence


class MapMotion:
    """Tangent motion of a map; the frame is made orthonormal after every iteration.

    Parameters
    ----------
    system : the map.
    state : (state,) where to start.
    frame : (state, count) orthonormal columns.
    """

    def __init__(
        self, system: Map, state: Float[np.ndarray, "state"], frame: Float[np.ndarray, "state count"], time: float = 0.0
    ):
        from inscape.analysis.map_tangent import tangent_map

        self._step = tangent_map(system.definition)
        self._parameters = system.parameter_values
        self.name = system.name
        self.state = np.array(state, dtype=float)
        self.frame = np.ascontiguousarray(frame, dtype=float)
        self.time = time
        self.factors: list[Float[np.ndarray, "count count"]] | None = None

    def restart(self, state: Float[np.ndarray, "state"], frame: Float[np.ndarray, "state count"]) -> None:
        """Begin again at time 0."""
        self.time = 0.0
        self.state = np.array(state, dtype=float)
        self.frame = np.array(frame, dtype=float, order="C")

    def grow(self, time: float) -> Growth:
        """Iterate up to `time`; see `TangentMotion`.

        Raises
        ------
        DivergedError : if the state leaves every bounded region.
        """
        steps = round(time - self.time)
        if self.factors is None:
            logarithms, volume = self._grow(1, steps)
            return Growth(logarithms[0], float(volume[0]), steps)
        total, contraction = np.zeros(self.frame.shape[1]), 0.0
        for _ in range(steps):
            before = self.state.copy(), self.frame.copy()
            logarithms, volume = self._grow(1, 1)
            total, contraction = total + logarithms[0], contraction + float(volume[0])
            self.factors.append(np.triu(self.frame.T @ self._jacobian(before[0]) @ before[1]))
        return Growth(total, contraction, steps)

    def _jacobian(self, state: Float[np.ndarray, "state"]) -> Float[np.ndarray, "state state"]:
        jacobian = np.empty((len(state), len(state)))
        self._step(state, self._parameters, np.empty(len(state)), jacobian)
        return jacobian

    def _grow(
        self, samples: int, per_sample: int
    ) -> tuple[Float[np.ndarray, "sample count"], Float[np.ndarray, "sample"]]:
        from inscape.analysis.map_tangent import advance_tangent

        growth = np.zeros((samples, self.frame.shape[1]))
        contraction = np.zeros(samples)
        done = advance_tangent(
            self._step, self._parameters, self.state, self.frame, samples, per_sample, growth, contraction
        )
        self.time += samples * per_sample
        if done < samples:
            raise DivergedError(f"{self.name}: the state left every bounded region; start nearer to the attractor")
        return growth, contraction


def check_measurable(system: Flow | Map) -> None:
    """Raise `InputError` unless `system` is a flow or a map without inputs."""
    if not isinstance(system, Flow | Map):
        raise InputError(f"system: {type(system).__name__} found, expected a Flow or a Map")
    if isinstance(system, Map) and not system.definition.is_autonomous:
        raise InputError(f"{system.name}: t found in the law of a map; make it a state variable n with n -> n + 1")
    if system.input_names:
        raise InputError(
            f"{system.name}: driven by {', '.join(system.input_names)}; write the drive into the law as a function of t"
        )
