"""A circuit as a formula: a function of a few lines in Python or C that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count, product
from string import ascii_letters
from typing import Literal

from inscape.control.circuits.anatomy import computing_order
from inscape.control.circuits.circuit import Circuit
from inscape.control.circuits.parts import TONIC
from inscape.errors import InputError, UnknownNameError

Language = Literal["python", "c"]
LANGUAGES = ("python", "c")
# Names that the formulas themselves use.
TAKEN = {"o", "t", "g", "f", "as", "if", "in", "is", "or", "do", "u", "m"}


def formula(circuit: Circuit, language: Language = "python", digits: int = 3) -> str:
    """The circuit as source code: `f(o, t)` of the observations and the step count, to the actions.

    What no motor hears is left out, and so is what is multiplied by 0. The five-joint swimmer is under 1,000 bytes.

    Parameters
    ----------
    language : "python", returning a list, or "c", `void f(double *o, int t, double *u)`.
    digits : significant digits of the numbers.

    Raises
    ------
    InputError : for a circuit with memory or a sine clock, which no such formula holds.
    """
    if language not in LANGUAGES:
        raise UnknownNameError("language", str(language), LANGUAGES)
    if circuit.has_memory or any(c.wave != "square" for c in circuit.clocks):
        raise InputError(f"{circuit.name}: a formula holds no memory and no sine clock; export circuit.text() instead")
    lines, names = [], _short_names(circuit)
    used = _heard(circuit)
    value: dict[str, str] = {TONIC: "1"}
    for clock in circuit.clocks:
        if clock.on in used or clock.off in used:
            on = f"{_clock(clock.period, clock.offset, language)}<{int(clock.duty * clock.period)}"
            name = next(names)
            lines.append(f"{name}={'int(' + on + ')' if language == 'python' else on}")
            value |= {clock.on: name, clock.off: f"(1-{name})"}
    for sensor in circuit.sensors:
        if sensor.name in used:
            x = f"o[{circuit.layout.index(sensor.channel)}]"
            name = next(names)
            lines.append(f"{name}={_sensed(x, sensor.kind, sensor.scale, digits, language)}")
            value[sensor.name] = name
    acting = circuit.effective_weights
    for k in computing_order(circuit):
        neuron = circuit.neurons[k]
        if neuron.name not in used:
            continue
        name = next(names)
        heard = [(acting[s.weight], s.source) for s in circuit.synapses if s.target == neuron.name]
        total = _sum([(w, value[source]) for w, source in heard if w != 0.0], digits)
        if neuron.name in circuit.clamps:
            total, activation = _number(circuit.clamps[neuron.name], digits), "linear"
        else:
            activation = neuron.activation
        lines.append(f"{name}={_activated(total, activation, language)}")
        value[neuron.name] = name
    outputs = []
    for motor in circuit.motors:
        told = _sum([(1.0, value[p]) for p in motor.plus] + [(-1.0, value[p]) for p in motor.minus], digits)
        # Two graded muscles against each other cannot leave [-1, 1].
        bounded = len(motor.plus) <= 1 and len(motor.minus) <= 1 and _is_graded(circuit, (*motor.plus, *motor.minus))
        outputs.append(told if bounded else (f"max(-1,min(1,{told}))" if language == "python" else f"m({told})"))
    return _program(lines, outputs, language)


def _program(lines: list[str], outputs: list[str], language: str) -> str:
    if language == "python":
        body = "".join(f" {line}\n" for line in lines)
        return f"g=lambda x:max(0,min(1,x))\ndef f(o,t):\n{body} return[{','.join(outputs)}]\n"
    bounds = "#include<math.h>\nstatic double g(double x){return fmax(0,fmin(1,x));}\n"
    bounds += "static double m(double x){return fmax(-1,fmin(1,x));}\n" if any("m(" in o for o in outputs) else ""
    declared = "".join(f"double {line};\n" for line in lines)
    told = "".join(f"u[{k}]={out};" for k, out in enumerate(outputs))
    return f"{bounds}void f(double*o,int t,double*u){{\n{declared}{told}}}\n"


def _heard(circuit: Circuit) -> set[str]:
    """Every signal that reaches a motor."""
    acting = circuit.effective_weights
    used = {s for motor in circuit.motors for s in (*motor.plus, *motor.minus)}
    while True:
        more = {
            s.source
            for s in circuit.synapses
            if s.target in used and s.target not in circuit.clamps and acting[s.weight] != 0.0
        }
        if more <= used:
            return used
        used |= more


def _clock(period: float, offset: float, language: str) -> str:
    moved = f"(t+{_number(offset * period, 6)})" if offset else "t"
    if language == "c" and (period % 1 or offset):
        return f"fmod({moved},{_number(period, 6)})"
    return f"{moved}%{_number(period, 6)}"


def _sensed(x: str, kind: str, scale: float, digits: int, language: str) -> str:
    factor = "" if scale == 1.0 else f"{_number(1.0 / scale, digits)}*"
    size = f"abs({x})" if language == "python" else f"fabs({x})"
    compared = {
        "above": f"{x}>{_number(scale, digits)}",
        "below": f"-{x}>{_number(scale, digits)}",
        "within": f"{size}<={_number(scale, digits)}",
    }
    if kind in compared:
        return f"int({compared[kind]})" if language == "python" else compared[kind]
    return {"raw": f"{factor}{x}", "positive": f"g({factor}{x})", "negative": f"g(-{factor}{x})"}.get(
        kind, f"{factor}{size}"
    )


def _activated(total: str, kind: str, language: str) -> str:
    if kind == "graded":
        return f"g({total})"
    if kind == "rectified":
        return f"max(0,{total})" if language == "python" else f"fmax(0,{total})"
    return total


def _sum(terms: list[tuple[float, str]], digits: int) -> str:
    text = ""
    for weight, signal in terms:
        size = _number(abs(weight), digits)
        text += ("-" if weight < 0 else "+") + (signal if size == "1" else f"{size}*{signal}")
    return text.removeprefix("+") or "0"


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}g}"
    return re.sub(r"^(-?)0\.", r"\1.", text)


def _is_graded(circuit: Circuit, sources: tuple[str, ...]) -> bool:
    kinds = {n.name: n.activation for n in circuit.neurons}
    return all(kinds.get(s) == "graded" and abs(circuit.clamps.get(s, 0.0)) <= 1.0 for s in sources)


def _short_names(circuit: Circuit) -> Iterator[str]:
    for width in count(1):
        for letters in product(ascii_letters, repeat=width):
            name = "".join(letters)
            if name not in TAKEN:
                yield name
