"""The circuit language: a circuit as lines of text, and back."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from inscape.control.circuits.circuit import Circuit
from inscape.control.circuits.parts import Clock, Motor, Neuron, Sensor, Synapse
from inscape.errors import InputError

SIGN_MARKS = {"+": 1, "-": -1, "~": 0}
_TERM = re.compile(r"([+\-~])\s*(\S+)\s*\*\s*(\S+?)(')?(?=\s|$)")


def to_text(circuit: Circuit) -> str:
    """The circuit in its language; `from_text` reads it back to the same numbers.

    One part a line; in a neuron's line "+ w * a" is a synapse from a that excites with the shared weight w, "-" one
    that inhibits, "~" one that is free, and a' is what a said one step before.
    """
    marks = {sign: mark for mark, sign in SIGN_MARKS.items()}
    lines = [f"circuit {circuit.name}", f"observation {' '.join(circuit.layout)}"]
    if circuit.clocks:
        lines.append(f"time {circuit.time} {circuit.horizon!r}")
    lines += [
        f"clock {c.on} {c.off} period={c.period!r} duty={c.duty!r} offset={c.offset!r} wave={c.wave} group={c.group}"
        for c in circuit.clocks
    ]
    lines += [f"sensor {s.name} = {s.kind} {s.channel} / {s.scale!r}" for s in circuit.sensors]
    for n in circuit.neurons:
        heard = [
            f" {marks[s.sign]} {s.weight} * {s.source}{chr(39) if s.delayed else ''}"
            for s in circuit.synapses
            if s.target == n.name
        ]
        membrane = f" tau={n.tau!r}" if n.tau else ""
        lines.append(f"neuron {n.name} {n.activation}{membrane} ={''.join(heard)}")
    for m in circuit.motors:
        lines.append(f"motor {m.name} = {' '.join([*(f'+ {p}' for p in m.plus), *(f'- {p}' for p in m.minus)])}")
    for name, value in circuit.weights.items():
        lines.append(f"weight {name} = {value!r}{' frozen' if name in circuit.frozen else ''}")
    lines += [f"learn {name}" for name in circuit.learned]
    lines += [f"clamp {name} = {value!r}" for name, value in circuit.clamps.items()]
    return "\n".join(lines) + "\n"


def from_text(text: str | Path) -> Circuit:
    """A circuit of its language, or of a file of it.

    Raises
    ------
    InputError : that names the line which cannot be read, or as of `Circuit`.
    """
    if isinstance(text, Path):
        if not text.is_file():
            raise InputError(f"circuit: no file {str(text)!r}")
        text = text.read_text()
    if not isinstance(text, str) or not text.strip():
        raise InputError("circuit: no text found, expected one part a line")
    found: dict[str, Any] = {name: [] for name in ("sensors", "clocks", "neurons", "synapses", "motors", "learned")}
    found |= {"weights": {}, "clamps": {}, "frozen": set()}
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.split("#")[0].strip()
        if not bare:
            continue
        word, _, rest = bare.partition(" ")
        reader = _READERS.get(word)
        try:
            if reader is None:
                raise ValueError
            reader(rest.strip(), found)
        except (ValueError, IndexError, TypeError) as error:
            if isinstance(error, InputError):
                raise InputError(f"line {number}: {error}") from None
            raise InputError(f"line {number}: {bare!r} cannot be read; expected {_FORMS.get(word, _EVERY)}") from None
    if "layout" not in found:
        raise InputError("circuit: no line 'observation NAME ...' found; expected the names of what it is given")
    made = {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}
    return Circuit(**(made | {"frozen": frozenset(made["frozen"])}))


def _read_clock(rest: str, found: dict[str, Any]) -> None:
    on, off, *settings = rest.split()
    given = dict(s.split("=") for s in settings)
    kinds = {f.name for f in fields(Clock)} - {"on", "off"}
    if not set(given) <= kinds:
        raise ValueError
    numbers = {k: v if k in ("wave", "group") else float(v) for k, v in given.items()}
    found["clocks"].append(Clock(on, off, **numbers))  # type: ignore[arg-type]


def _read_sensor(rest: str, found: dict[str, Any]) -> None:
    name, equals, kind, channel, *scale = rest.split()
    if equals != "=" or (scale and scale[0] != "/"):
        raise ValueError
    found["sensors"].append(Sensor(name, channel, kind, float(scale[1]) if scale else 1.0))  # type: ignore[arg-type]


def _read_neuron(rest: str, found: dict[str, Any]) -> None:
    head, equals, heard = rest.partition("=") if "tau=" not in rest else _after_tau(rest)
    name, *settings = head.split()
    kind = next((s for s in settings if "=" not in s), "graded")
    tau = next((float(s.split("=")[1]) for s in settings if s.startswith("tau=")), 0.0)
    found["neurons"].append(Neuron(name, kind, tau))  # type: ignore[arg-type]
    if equals and _TERM.sub("", heard).strip():
        raise ValueError
    for mark, weight, source, late in _TERM.findall(heard):
        found["synapses"].append(Synapse(source, name, SIGN_MARKS[mark], weight, bool(late)))


def _after_tau(rest: str) -> tuple[str, str, str]:
    match = re.match(r"(.*?tau=\S+)\s*(=?)(.*)", rest)
    if match is None:
        raise ValueError
    return match[1], match[2], match[3]


def _read_motor(rest: str, found: dict[str, Any]) -> None:
    name, equals, *terms = rest.split()
    if equals != "=" or len(terms) % 2 or not terms:
        raise ValueError
    pairs = list(zip(terms[::2], terms[1::2], strict=True))
    if any(mark not in "+-" for mark, _ in pairs):
        raise ValueError
    found["motors"].append(
        Motor(name, tuple(s for mark, s in pairs if mark == "+"), tuple(s for mark, s in pairs if mark == "-"))
    )


def _read_weight(rest: str, found: dict[str, Any]) -> None:
    name, equals, value, *mark = rest.split()
    if equals != "=" or mark not in ([], ["frozen"]):
        raise ValueError
    found["weights"][name] = float(value)
    if mark:
        found["frozen"].add(name)


def _read_clamp(rest: str, found: dict[str, Any]) -> None:
    name, equals, value = rest.split()
    if equals != "=":
        raise ValueError
    found["clamps"][name] = float(value)


def _read_time(rest: str, found: dict[str, Any]) -> None:
    name, *horizon = rest.split()
    found["time"] = name
    if horizon:
        found["horizon"] = float(horizon[0])


_READERS: dict[str, Any] = {
    "circuit": lambda rest, found: found.update(name=rest),
    "observation": lambda rest, found: found.update(layout=tuple(rest.split())),
    "time": _read_time,
    "clock": _read_clock,
    "sensor": _read_sensor,
    "neuron": _read_neuron,
    "motor": _read_motor,
    "weight": _read_weight,
    "learn": lambda rest, found: found["learned"].append(rest),
    "clamp": _read_clamp,
}
_FORMS = {
    "clock": "clock ON OFF period=60 duty=0.5 offset=0 wave=square group=clock",
    "sensor": "sensor NAME = KIND CHANNEL / SCALE",
    "neuron": "neuron NAME KIND = + WEIGHT * SOURCE - WEIGHT * SOURCE'",
    "motor": "motor NAME = + SIGNAL - SIGNAL",
    "weight": "weight NAME = VALUE",
    "clamp": "clamp NEURON = VALUE",
    "time": "time CHANNEL STEPS",
}
_EVERY = f"a line that begins with {', '.join(_READERS)}"
