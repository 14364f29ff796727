"""Compiled form of a law with modes: Taylor integrators that stop at switching surfaces, and what to know there."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float

from inscape.systems.definition import Definition, symbol
from inscape.systems.heyoka_backend import Translator, base_table, inline
from inscape.systems.switching import Chosen, SwitchedLaw, switched_law
from inscape.systems.symbols import t
from inscape.systems.taylor import INLINED_NODES, check_tolerance, tangent_equations
from inscape.systems.thresholds import rate_of, watch_rate

_KEPT_LAWS = 64


class ModeTranslator(Translator):
    """Adds the choice between two branches, which a mode makes once for a whole Taylor step."""

    def _translate(self, e: sympy.Basic) -> Any:
        import heyoka as hy

        if isinstance(e, Chosen):
            mode, first, second = (self(a) for a in e.args)
            return hy.select(hy.gt(mode, hy.expression(0.0)), first, second)
        return super()._translate(e)


@dataclass(frozen=True)
class Stop:
    """What an event watches: the crossing of a surface (side 0), or the end of sliding on it, towards a side (+-1)."""

    surface: int
    side: int


@dataclass
class CompiledMotion:
    """One vector field: a Taylor integrator with a terminal event for each of its stops."""

    integrator: Any
    stops: Sequence[Stop]


class SwitchedFlow:
    """Everything compiled about a law with modes, for any values of its parameters.

    The parameters of its integrators are those of the definition, then `degree + 1` polynomial coefficients for each
    input and the time from which they count, then the modes.
    """

    def __init__(self, definition: Definition, tolerance: float, tangent: int, degree: int):
        import heyoka as hy

        self.definition = definition
        self.law: SwitchedLaw = switched_law(definition)
        self.tolerance, self.tangent = tolerance, tangent
        self.degree = degree if definition.input_names else 0
        count = len(definition.input_names)
        parameters = len(definition.parameters)
        self.first_mode = parameters + (count * (self.degree + 1) + 1 if count else 0)
        values = {symbol(n): definition.parameters[n] for n in definition.exponent_names}
        table = base_table(definition, values)
        clock = hy.time - hy.par[self.first_mode - 1] if count else None
        for i, u in enumerate(definition.inputs):
            first = parameters + i * (self.degree + 1)
            value, rate = hy.par[first + self.degree], hy.expression(0.0)
            for power in reversed(range(self.degree)):
                # Horner's scheme and its derivative.
                rate = value + clock * rate
                value = hy.par[first + power] + clock * value
            table[u] = value
            table[rate_of(u)] = rate
        for i, mode in enumerate(self.law.modes):
            table[mode] = hy.par[self.first_mode + i]
        self._translate = ModeTranslator(table)
        self._variables = [table[s] for s in definition.states]
        self.sides = tuple(inline(e, values) for e in self.law.expressions)
        self.functions = tuple(inline(e, values) for e in self.law.functions)
        self.parameters = self.first_mode + len(self.law.modes)
        watched = [g.free_symbols for g in self.functions]
        self.inputs_switch = any(s & set(definition.inputs) for s in watched)
        self._input_rates = [rate_of(u) for u in definition.inputs]
        self._motions: dict[int | None, CompiledMotion] = {}
        self._rates = [self.rate(g) for g in self.functions]
        self._observe = self._function([*self.sides, *self.functions, *self._rates])
        self._slopes = self._function([sympy.diff(g, s) for g in self.functions for s in definition.states])

    def rate(self, function: sympy.Expr) -> sympy.Expr:
        """dg/dt along the flow."""
        along = zip((*self.definition.states, *self.definition.inputs), (*self.sides, *self._input_rates), strict=True)
        return sum((sympy.diff(function, s) * f for s, f in along), sympy.diff(function, t))

    def observe(
        self, state: Float[np.ndarray, "state"], time: float, parameters: Float[np.ndarray, "parameter"]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Velocity (state,), switching functions (mode,) and their rates along the flow (mode,)."""
        seen = self._observe(state, parameters, time)
        n, m = len(self.sides), len(self.functions)
        return seen[:n], seen[n : n + m], seen[n + m :]

    def gradient(
        self, index: int, state: Float[np.ndarray, "state"], time: float, parameters: Float[np.ndarray, "parameter"]
    ) -> Float[np.ndarray, "state"]:
        """Gradient of switching function `index` with respect to the state."""
        n = len(self.sides)
        return self._slopes(state, parameters, time)[index * n : (index + 1) * n]

    def motion(self) -> CompiledMotion:
        """An integrator of one's own for motion off the switching surfaces."""
        if None not in self._motions:
            stops = [Stop(i, 0) for i, g in enumerate(self.functions) if self._moves(g)]
            self._motions[None] = self._compile(self.sides, [self.functions[s.surface] for s in stops], stops)
        return copy.deepcopy(self._motions[None])

    def sliding(self, index: int) -> CompiledMotion:
        """An integrator of one's own for motion along surface `index`, into which the law points from both sides.

        The velocity is the mean of those of the two sides that stays on the surface (Filippov 1988, ch. 2, sect. 4).
        The motion ends where one of the two sides ceases to point at the surface.
        """
        if index not in self._motions:
            mode = self.law.modes[index]
            above, below = ([e.subs(mode, side) for e in (*self.sides, self._rates[index])] for side in (1, -1))
            up, down = above.pop(), below.pop()
            mean = [(down * a - up * b) / (down - up) for a, b in zip(above, below, strict=True)]
            stops = [Stop(i, 0) for i, g in enumerate(self.functions) if i != index and self._moves(g)]
            events = [self.functions[s.surface].subs(mode, 1) for s in stops]
            for rate, side in ((up, 1), (down, -1)):
                if self._moves(rate):
                    stops.append(Stop(index, side))
                    events.append(rate)
            self._motions[index] = self._compile(mean, events, stops)
        return copy.deepcopy(self._motions[index])

    def _moves(self, function: sympy.Expr) -> bool:
        return bool(function.free_symbols & {*self.definition.states, *self.definition.inputs, t})

    def _compile(
        self, sides: Sequence[sympy.Expr], events: Sequence[sympy.Expr], stops: Sequence[Stop]
    ) -> CompiledMotion:
        import heyoka as hy

        translated = [self._translate(e) for e in sides]
        system = list(zip(self._variables, translated, strict=True))
        nodes = self._translate.nodes * (1 + self.tangent)
        if self.tangent:
            system += tangent_equations(self._variables, translated, self.tangent)
        watch = watch_rate(sides, self.definition.states, self.definition.inputs)
        if watch is not None:
            system.append((hy.expression("watch"), self._translate(watch)))
        translated_events = [self._translate(g) for g in events]
        integrator = hy.taylor_adaptive(
            system,
            np.ones(len(system)),
            pars=np.zeros(_parameters_used([*(side for _, side in system), *translated_events])),
            tol=self.tolerance,
            t_events=[hy.t_event(g) for g in translated_events],
            compact_mode=nodes > INLINED_NODES,
        )
        return CompiledMotion(integrator, stops)

    def _function(self, expressions: Sequence[sympy.Expr]) -> Any:
        import heyoka as hy

        if not expressions:
            return lambda state, parameters, time: np.empty(0)
        translated = [self._translate(e) for e in expressions]
        compiled = hy.cfunc(translated, self._variables, compact_mode=self._translate.nodes > INLINED_NODES)
        # heyoka wants exactly the parameters up to the last one that is used.
        used = _parameters_used(translated)
        return lambda state, parameters, time: compiled(state, pars=parameters[:used], time=time)


def _parameters_used(expressions: Sequence[Any]) -> int:
    import heyoka as hy

    return 1 + max((int(str(p)[1:]) for p in hy.get_params(list(expressions))), default=-1)


_flows: OrderedDict[Hashable, SwitchedFlow] = OrderedDict()


def switched_flow(definition: Definition, *, tolerance: float, tangent: int = 0, degree: int = 1) -> SwitchedFlow:
    """The compiled form of a law with switches, from this process's cache where it was compiled before."""
    check_tolerance(tolerance)
    inlined = tuple((n, definition.parameters[n]) for n in definition.exponent_names)
    names = (definition.state_names, definition.input_names, tuple(definition.parameters))
    key = (definition.expressions, names, inlined, tolerance, tangent, degree)
    if key not in _flows:
        _flows[key] = SwitchedFlow(definition, tolerance, tangent, degree)
        while len(_flows) > _KEPT_LAWS:
            _flows.popitem(last=False)
    _flows.move_to_end(key)
    return _flows[key]
