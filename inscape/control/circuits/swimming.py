"""The swimmer's circuit: a rhythm at the head, and every joint copies the bend of the one before it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

from inscape.control.circuits.circuit import Circuit
from inscape.control.circuits.parts import TONIC, Clock, Motor, Neuron, Sensor, Synapse
from inscape.errors import InputError, UnknownNameError
from inscape.systems.worlds.swimmer_body import observation_names

# Four kinds of synapse and, for a swimmer that is steered, two more.
SIGNS: Mapping[str, int] = {"prop": 1, "osc": 1, "ipsi": 1, "contra": -1, "turn": 1, "speed": -1}
COMMANDS = ("none", "hard", "learned")
SIDES = ("d", "v")


def swimmer(
    joints: int = 5,
    *,
    period: float = 60.0,
    duty: float = 0.5,
    commands: str = "none",
    shared: bool = True,
    constrained: bool = True,
    signs: Mapping[str, int] | None = None,
    weights: Mapping[str, float] | None = None,
    learned: Sequence[str] = (),
    wave: str = "square",
    turning_joints: int = 1,
) -> Circuit:
    """The swimming circuit of Bhattasali, Zador & Engel (2022), for a body of `joints` joints.

    With p_i = clip(q_i / L, -1, 1), L = 2 pi / (joints + 1), split into its dorsal and ventral half, the neurons of
    side s are b_i^s = g(prop p_{i-1}^s + turn c^s + speed (1 - u)) with osc o^s in place of the bend at the head, and
    the muscles m_i^d = g(ipsi b_i^d + contra b_i^v); the torque is m_i^d - m_i^v. There is no state but the clock.

    Parameters
    ----------
    joints : of the body, at least 2.
    period, duty : of the clock at the head, in control steps and as a share.
    commands : "none"; "hard", the published rule that turns to the target and brakes near it; or "learned", three
        neurons that hear the target's place through free weights. The last two need the task "navigate".
    shared : one weight for each kind of synapse (4 of them), or one for each synapse (30 on 5 joints).
    constrained : hold weights to their signs.
    signs : other signs by kind, such as {"contra": +1}; weights start at +1 or -1 by these.
    weights : other values by weight name.
    learned : "period", "duty": parts of the clock that are parameters too.
    wave : "square" as published, or "sine", through which a gradient reaches the period.
    turning_joints : how many joints from the head hear the turn.

    Raises
    ------
    InputError : for fewer than 2 joints, a period under 2 steps or a weight against its sign.
    """
    if not isinstance(joints, int) or isinstance(joints, bool) or joints < 2:
        raise InputError(f"joints: {joints!r} found, expected a whole number of at least 2")
    if commands not in COMMANDS:
        raise UnknownNameError("commands", str(commands), COMMANDS)
    chosen = dict(SIGNS)
    for kind, sign in (signs or {}).items():
        if kind not in SIGNS:
            raise UnknownNameError("kind of synapse", kind, SIGNS)
        if sign not in (-1, 1):
            raise InputError(f"sign of {kind!r}: {sign!r} found, expected +1 or -1; constrained=False frees all")
        chosen[kind] = sign
    synapses = [
        Synapse(source, target, chosen[kind] if constrained else 0, kind if shared else f"{kind}{place}")
        for source, target, kind, place in _wiring(joints, commands, turning_joints)
    ]
    start = {
        s.weight: float(chosen[_kind(s.weight)])
        for s in sorted(synapses, key=lambda s: list(SIGNS).index(_kind(s.weight)))
    }
    neurons = [Neuron(f"b_{i}_{s}") for i in range(joints) for s in SIDES]
    neurons += [Neuron(f"m_{i}_{s}") for i in range(joints) for s in SIDES]
    sensors = [
        Sensor(f"bend_{i}_{side}", f"joint_{i}", kind, 2.0 * math.pi / (joints + 1))  # type: ignore[arg-type]
        for i in range(joints - 1)
        for side, kind in zip(SIDES, ("positive", "negative"), strict=True)
    ]
    if commands == "hard":
        sensors += [
            Sensor("right", "target_x", "below", 0.1),
            Sensor("left", "target_x", "above", 0.1),
            Sensor("brake", "target_y", "within", 0.12),
        ]
    elif commands == "learned":
        sensors += [Sensor("target_side", "target_x"), Sensor("target_ahead", "target_y", "magnitude")]
        neurons = [Neuron(name) for name in ("right", "left", "brake")] + neurons
        guess = {"right": (-1.0, 0.0, 0.0), "left": (1.0, 0.0, 0.0), "brake": (0.0, -1.0, 0.5)}
        for command, values in guess.items():
            for source, value in zip(("target_side", "target_ahead", TONIC), values, strict=True):
                synapses.append(Synapse(source, command, 0, f"{command}<{source}"))
                start[f"{command}<{source}"] = value
    task = "swim" if commands == "none" else "navigate"
    circuit = Circuit(
        sensors=tuple(sensors),
        clocks=(Clock("rhythm_d", "rhythm_v", period=period, duty=duty, wave=wave),),  # type: ignore[arg-type]
        neurons=tuple(neurons),
        synapses=tuple(synapses),
        motors=tuple(Motor(f"motor_{i}", (f"m_{i}_d",), (f"m_{i}_v",)) for i in range(joints)),
        weights=start,
        layout=observation_names(joints + 1, task),
        learned=tuple(f"clock.{part}" for part in learned),
        name=f"swimmer of {joints} joints",
        family=partial(
            swimmer,
            period=period,
            duty=duty,
            commands=commands,
            shared=shared,
            constrained=constrained,
            signs=dict(chosen),
            learned=tuple(learned),
            wave=wave,
            turning_joints=turning_joints,
        ),
    )
    return circuit.with_weights(**weights) if weights else circuit


def _wiring(joints: int, commands: str, turning_joints: int) -> list[tuple[str, str, str, str]]:
    """Source, target, kind and the place that tells unshared weights apart."""
    other = {"d": "v", "v": "d"}
    command = {"d": "right", "v": "left"}
    wires = []
    for i in range(joints):
        for side in SIDES:
            if i == 0:
                wires.append((f"rhythm_{side}", f"b_{i}_{side}", "osc", f"_{side}"))
            else:
                wires.append((f"bend_{i - 1}_{side}", f"b_{i}_{side}", "prop", f"_{i}_{side}"))
            if commands != "none":
                if i < turning_joints:
                    wires.append((command[side], f"b_{i}_{side}", "turn", f"_{i}_{side}"))
                wires.append(("brake", f"b_{i}_{side}", "speed", f"_{i}_{side}"))
            wires.append((f"b_{i}_{side}", f"m_{i}_{side}", "ipsi", f"_{i}_{side}"))
            wires.append((f"b_{i}_{other[side]}", f"m_{i}_{side}", "contra", f"_{i}_{side}"))
    return wires


def _kind(weight: str) -> str:
    return weight.split("_")[0]
