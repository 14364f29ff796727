"""A circuit watched while it acts: observations, torques and what every neuron said, as one trajectory."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.control.circuits.circuit import Circuit
from inscape.errors import InputError
from inscape.systems.worlds.adopted import as_world
from inscape.trajectories import Trajectory


def watch(circuit: Circuit, world: Any, *, steps: int | None = None, seed: int = 0) -> Trajectory:
    """An episode of a circuit in a world with its neurons beside the observations.

    Parameters
    ----------
    circuit : or anything with `policy`, such as what a search found.
    steps : actions; the world's episode if None.

    Returns
    -------
    Trajectory with states (time, observation + neuron), the neurons named as in the circuit, and inputs (time, motor).
    `context["return"]` is what was earned.

    Raises
    ------
    InputError : if the circuit does not fit the world.
    """
    acting = getattr(circuit, "policy", circuit)
    if not isinstance(acting, Circuit):
        raise InputError(f"circuit: {type(acting).__name__} found, expected a Circuit")
    place = as_world(world)
    fitted = acting.for_layout(place.observation_names)
    seen, _ = place.reset(seed=seed)
    memory = fitted.program.start()
    rows: list[np.ndarray] = []
    torques: list[np.ndarray] = []
    earned = 0.0
    longest = place.time_limit if steps is None else steps
    while len(rows) < longest:
        action, said = fitted.program.respond(seen, memory)
        rows.append(np.concatenate([seen, said]))
        torques.append(action)
        seen, reward, terminated, truncated, _ = place.step(action)
        earned += float(reward)
        if terminated or truncated:
            break
    return Trajectory(
        np.arange(len(rows)) * place.dt,
        np.array(rows),
        np.array(torques),
        context={**place.parameters, "return": earned, "seed": float(seed)},
        state_names=(*place.observation_names, *fitted.neuron_names),
        input_names=place.action_names,
        units={"time": "s"},
        source=f"{fitted.name} in {place.name}",
    )


def diagram(circuit: Circuit, run: Trajectory, *, seconds: float | None = 6.0) -> Any:
    """Who fired when: a plotly figure with a row for each neuron, dark where it is active.

    Parameters
    ----------
    run : of `watch`.
    seconds : of its beginning that are shown; all if None.

    Raises
    ------
    InputError : if the run does not hold the circuit's neurons.
    """
    import plotly.graph_objects as go

    acting = getattr(circuit, "policy", circuit)
    missing = [name for name in acting.neuron_names if name not in run.state_names]
    if missing:
        raise InputError(f"run: neuron {missing[0]!r} not found, expected a run of circuits.watch with this circuit")
    shown = run.times - run.times[0] <= (np.inf if seconds is None else seconds)
    activity = run.select(acting.neuron_names).states[shown]
    figure = go.Figure()
    figure.add_heatmap(
        x=run.times[shown],
        y=list(acting.neuron_names),
        z=activity.T,
        colorscale="Cividis",
        reversescale=True,
        colorbar={"title": "activity"},
    )
    figure.update_layout(
        title=f"Who fired when: {acting.name}",
        xaxis={"title": f"time ({run.units.get('time', 'steps')})"},
        yaxis={"title": "neuron", "autorange": "reversed"},
        height=max(320, 22 * len(acting.neuron_names)),
    )
    return figure
