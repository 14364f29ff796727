"""Recorded series: a laser and the sunspots, forecast from designed networks and from ReservoirPy's."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis import nrmse
from inscape.models.reservoir import dale_network, design_inhibition, ridge_path
from inscape.single_thread import single_thread
from inscape.studies.reservoir.arms import at_the_edge

SETS = ("laser", "sunspots")
LAW = ("beta", 8, 8)


def load(name: str) -> Float[np.ndarray, "time"] | None:
    """The Santa Fe laser of ReservoirPy (intensity, 8 bits) or the yearly sunspots of statsmodels; None if absent."""
    if name == "laser":
        if not importlib.util.find_spec("reservoirpy"):
            return None
        from reservoirpy.datasets import santafe_laser

        return np.asarray(santafe_laser(), dtype=float)[:, 0]
    from statsmodels.datasets import sunspots

    return np.asarray(sunspots.load_pandas().data["SUNACTIVITY"], dtype=float)


def forecast_errors(item: Mapping[str, Any]) -> dict[str, Any]:
    """Test NRMSE of two kinds of network, each with its tuning budget; the same readout serves both.

    Settings are judged on the last fifth of the training samples, the readout's penalty by cross-validation on what it
    learns from; the best setting then learns from all training samples.

    item : "series" (time,), "nodes", "budget" (settings tried by each), "steps" (ahead), "seed", "washout".
    """
    series = item["series"]
    training = len(series) * 2 // 3
    series = (series - series[:training].mean()) / series[:training].std()
    random = np.random.default_rng(item["seed"])
    ours = [_our_setting(random, k) for k in range(item["budget"])]
    theirs = [_their_setting(random) for _ in range(item["budget"])]
    edge = _edge_states(item, series)
    found: dict[str, Any] = {"edge": _error(edge, series, item, training, len(series))}
    found |= {"untuned": _error(_our_states(item, ours[0], series), series, item, training, len(series))}
    found["tuned"] = _best(item, series, training, ours, _our_states)
    found["theirs"] = _best(item, series, training, theirs, _their_states)
    return found


def _our_setting(random: np.random.Generator, number: int) -> dict[str, float]:
    """The first is the default of the estimator; the others are drawn."""
    drawn = {"input_scale": 10 ** random.uniform(-2, 0.5), "gain": 10 ** random.uniform(0.5, 1.2)}
    return {"input_scale": 0.1, "gain": 10.0} if number == 0 else drawn


def _their_setting(random: np.random.Generator) -> dict[str, float]:
    return {
        "sr": 10 ** random.uniform(-1, 0.3),
        "input_scaling": 10 ** random.uniform(-1.5, 0.5),
        "lr": 10 ** random.uniform(-1, 0),
    }


def _our_states(item: Mapping[str, Any], setting: Mapping[str, float], series: np.ndarray) -> np.ndarray:
    base = dale_network(
        item["nodes"],
        degree=item["nodes"] / 10,
        input_scale=setting["input_scale"],
        gain=setting["gain"],
        seed=item["seed"],
    )
    training = len(series) * 2 // 3
    return design_inhibition(base, LAW, series[:training].mean(), seed=item["seed"]).network.drive(series)


def _edge_states(item: Mapping[str, Any], series: np.ndarray) -> np.ndarray:
    learning = series[: len(series) * 2 // 3]
    base = dale_network(item["nodes"], degree=item["nodes"] / 10, seed=item["seed"])
    network = at_the_edge(base, learning, LAW, item["seed"])
    return design_inhibition(network, LAW, learning.mean(), seed=item["seed"]).network.drive(series)


def _their_states(item: Mapping[str, Any], setting: Mapping[str, float], series: np.ndarray) -> np.ndarray:
    from reservoirpy.nodes import Reservoir

    node = Reservoir(item["nodes"], rc_connectivity=0.1, seed=item["seed"], **setting)
    return np.asarray(node.run(series[:, None]))


def _best(item: Mapping[str, Any], series: np.ndarray, training: int, settings: list, states_of: Any) -> float:
    tuning = training * 4 // 5
    states = [states_of(item, setting, series) for setting in settings]
    chosen = min(range(len(settings)), key=lambda k: _error(states[k], series, item, tuning, training))
    return _error(states[chosen], series, item, training, len(series))


def _error(states: np.ndarray, series: np.ndarray, item: Mapping[str, Any], first: int, last: int) -> float:
    """NRMSE `steps` ahead on targets first..last, learned from all targets before."""
    ahead, start = item["steps"], item["washout"]
    features = np.concatenate([states, series[:, None]], axis=1)
    with single_thread():
        # Small penalties win here, below what a Gram matrix can tell from its rounding.
        readout = ridge_path(features[start : first - ahead], series[start + ahead : first, None], precise=True).readout
    return float(nrmse(series[first:last], readout(features[first - ahead : last - ahead])[:, 0]))
