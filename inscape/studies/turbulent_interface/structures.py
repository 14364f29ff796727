"""One jet of study 24: simulated, its interfaces found, and everything that is asked of them."""

from __future__ import annotations

import resource
import time
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from inscape.analysis.flow_structures import (
    flow_map,
    ftle,
    interface,
    interface_audit,
    momentum_barrier,
    planar_error,
    turbulence_scales,
)
from inscape.analysis.flow_structures.interface import Interfaces
from inscape.analysis.flow_structures.path_correlation import pearson
from inscape.analysis.flow_structures.profiles import Profile
from inscape.analysis.flow_structures.turbulence_scales import TurbulenceScales
from inscape.single_thread import single_thread
from inscape.systems.flows import GriddedFlow, Jet
from inscape.trajectories.velocity_fields import VelocityField, curl, gradient, laplacian

EVEN = (0, 2)
HALF_WIDTH = 0.5
FEWEST = 100
# Durations in integral times at which correlations are reported.
MEMORY = (0.1, 0.25, 0.4, 0.5)


def structures(item: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that is measured on the jet of one seed, as plain numbers and arrays."""
    with single_thread(), warnings.catch_warnings():
        # A jet of low Reynolds number is smooth outside, where the grid is coarse against nothing.
        warnings.filterwarnings("ignore", message="grid: its spacing")
        return _structures(item)


def _structures(item: Mapping[str, Any]) -> dict[str, Any]:
    began = time.process_time()
    jet = Jet(
        grid=item["grid"],
        box=item["box"],
        reynolds=item["reynolds"],
        thickness=item["thickness"],
        noise=item["noise"],
        seed=item["seed"],
        precision="single",
        backend="torch" if has_gpu() else "scipy",
        device="cuda" if has_gpu() else "cpu",
    )
    run = jet.run(times=np.linspace(item["first"], item["last"], item["frames"]))
    spent = time.process_time() - began
    field, stride = run.field, item["stride"]
    flow = GriddedFlow(field, interpolation="linear")

    @cache
    def state(frame: int) -> tuple[Interfaces, TurbulenceScales]:
        return _state(field, frame, stride)

    first, middle = float(item["first"]), float(item["middle"])
    found: dict[str, Any] = {
        "budget": run.budget.imbalance,
        "steps": run.budget.steps,
        "step": spent / run.budget.steps,
        **_early(flow, first, item["forward"], stride, item["rate"], *state(field.frame(first))),
        **_middle(flow, middle, item["both"], stride, item["rate"], *state(field.frame(middle))),
        "constancy": _tangential_in_time(field, stride, state),
    }
    longest = max(item["both"])
    steps = _steps(item["rate"], longest)
    plane = planar_error(field, at=middle, over=longest, index=0, steps=steps, flux=stride == 1, flow=flow)
    found |= {"planar_stretching": plane.stretching, "planar_flux": plane.flux}
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return found


def _early(
    flow: GriddedFlow,
    at: float,
    forward: list[float],
    stride: int,
    rate: float,
    edges: Interfaces,
    scales: TurbulenceScales,
) -> dict[str, Any]:
    """Jumps of stretching and flux as time goes on, and how long both live."""
    field = flow.field
    seeds = tuple(axis[::stride] for axis in field.axes)
    maps = flow_map(flow, at=at, over=forward, seeds=seeds, steps=_steps(rate, max(forward)))
    barriers = momentum_barrier(flow, maps)
    jumps, inner, flux = [], [], []
    for duration in forward:
        fields = {"ftle": ftle(maps[duration]), "flux": barriers[duration].magnitude}
        outer_profile = interface.profile(fields, edges.tnti, unit=scales.taylor)
        jumps.append(outer_profile.jump("ftle"))
        flux.append(outer_profile.jump("flux"))
        inner.append(interface.profile(fields, edges.tti, unit=scales.taylor).jump("ftle"))
    spin = _thin(np.linalg.norm(_spin(field, at), axis=0), stride)
    at_edge = interface.profile({"vorticity": spin}, edges.tnti, unit=scales.taylor)
    inside = interface.profile({"vorticity": spin}, edges.tti, unit=scales.taylor)
    asked = [m * scales.integral_time for m in MEMORY if m * scales.integral_time <= max(forward)]
    shortest = min(forward[0], 0.5 * asked[0]) if asked else forward[0]
    near = _whole(np.abs(edges.tnti.distance) <= scales.taylor, stride)
    memory = interface.decorrelation(
        flow, at=at, over=[shortest, *asked], region=near, steps=_steps(rate, max([shortest, *asked]))
    )
    layer = inside.at("vorticity", 0.0) / np.nanmean([inside.at("vorticity", d) for d in (1.0, 1.5, 2.0)])
    return {
        "centres": edges.centres,
        "thresholds": np.array(edges.thresholds),
        "taylor": scales.taylor,
        "reynolds": scales.reynolds,
        "velocity": scales.velocity,
        "integral_time": scales.integral_time,
        "resolution": scales.resolution,
        "durations": np.array(forward),
        "jumps": np.array(jumps),
        "inner_jumps": np.array(inner),
        "flux_jumps": np.array(flux),
        "vorticity_step": at_edge.at("vorticity", 0.6) / at_edge.at("vorticity", -0.9),
        "internal": 100.0 * edges.tti.inside.sum() / edges.tnti.inside.sum(),
        "layer": float(layer),
        "vorticity_outer": _plain(at_edge, "vorticity"),
        "vorticity_inner": _plain(inside, "vorticity"),
        "memory_durations": np.array([d / scales.integral_time for d in asked]),
        "flux_memory": memory.flux[1:],
        "stretching_memory": memory.stretching[1:],
    }


def _middle(
    flow: GriddedFlow,
    at: float,
    both: list[float],
    stride: int,
    rate: float,
    edges: Interfaces,
    scales: TurbulenceScales,
) -> dict[str, Any]:
    """Past against future, tangential against normal, and the audit of the rules."""
    field = flow.field
    seeds = tuple(axis[::stride] for axis in field.axes)
    maps = flow_map(flow, at=at, over=[*both, *(-d for d in both)], seeds=seeds, steps=_steps(rate, max(both)))
    stretched = {d: ftle(maps[d]) for d in maps}
    place = field.frame(at)
    spacing, closes = field.spacing, field.periodic
    slope = gradient(field.scalar[place].astype(float), spacing, closes)  # type: ignore[index, arg-type]
    steep = _thin(np.linalg.norm(slope, axis=0), stride)
    deep = edges.tnti.inside
    backward = [pearson(stretched[-d][deep], steep[deep]) for d in both]
    forward = [pearson(stretched[d][deep], steep[deep]) for d in both]
    longest = max(both)
    tangential, normal = _flux(field, place, edges.tnti.normals, stride)
    viscosity = float(field.viscosity)  # type: ignore[arg-type]
    fields = {
        "back": stretched[-longest],
        "forth": stretched[longest],
        "tangential": viscosity * tangential,
        "normal": viscosity * normal,
        "scalar": _thin(field.scalar[place], stride),  # type: ignore[index]
    }
    outer = interface.profile(fields, edges.tnti, unit=scales.taylor)
    inner = interface.profile(fields, edges.tti, unit=scales.taylor)
    at_edge = np.abs(edges.tnti.distance) <= 0.3 * scales.taylor
    thin_field = field if stride == 1 else _thin_field(field, stride)
    audit = interface_audit(
        thin_field,
        at,
        {"ftle": stretched[both[0]], "back": stretched[-longest]},
        unit=scales.taylor,
        reference=edges.tnti,
    )
    depth = stretched[longest].shape[2] // 2
    return {
        "both": np.array(both),
        "backward": np.array(backward),
        "forward": np.array(forward),
        "superlayer": outer.rise("tangential"),
        "tangential": float(tangential[at_edge].mean() / normal[at_edge].mean()),
        "outer": {name: _plain(outer, name) for name in fields},
        "inner": {name: _plain(inner, name) for name in fields},
        "audit": [
            {k: v if isinstance(v, str) else float(v) for k, v in row.items()}
            for row in audit.to_pandas().to_dict("records")
        ],
        "audit_failures": dict(audit.failures),
        "audit_spread": audit.spread("ftle"),
        "lost": int(maps.lost),
        "slice": {
            "x": field.axes[0][::stride],
            "y": field.axes[1][::stride],
            "back": stretched[-longest][:, :, depth].astype(np.float32),
            "forth": stretched[longest][:, :, depth].astype(np.float32),
            "flux": (viscosity * tangential)[:, :, depth].astype(np.float32),
            "scalar": _thin(field.scalar[place], stride)[:, :, depth].astype(np.float32),  # type: ignore[index]
            "thresholds": np.array(edges.thresholds),
        },
    }


def _tangential_in_time(
    field: VelocityField, stride: int, state: Callable[[int], tuple[Interfaces, TurbulenceScales]]
) -> dict[str, Any]:
    """Tangential diffusive flux within 0.3 Taylor scales of the interface, at five instants."""
    places = np.unique(np.linspace(0, len(field) - 1, 5).astype(int))
    values = []
    for place in places:
        edges, scales = state(int(place))
        tangential, _ = _flux(field, int(place), edges.tnti.normals, stride)
        near = np.abs(edges.tnti.distance) <= 0.3 * scales.taylor
        values.append(float(field.viscosity * tangential[near].mean()))
    return {"times": field.times[places], "values": np.array(values)}


def _steps(rate: float, duration: float) -> int:
    return max(2, int(np.ceil(rate * duration)))


def _state(field: VelocityField, frame: int, stride: int) -> tuple[Interfaces, TurbulenceScales]:
    """The interfaces of a frame, and the scales of the turbulence inside."""
    scalar = _thin(field.scalar[frame], stride)  # type: ignore[index]
    axes = tuple(axis[::stride] for axis in field.axes)
    edges = interface.from_clusters(scalar, clusters=4, axes=axes, periodic=field.periodic)
    inside = _whole(edges.tnti.inside, stride)
    at = float(field.times[frame])
    return edges, turbulence_scales(field, at, inside=inside, even_along=EVEN, integral_length=HALF_WIDTH)


def _flux(field: VelocityField, place: int, normals: np.ndarray, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes of Lap u along the interface and across it."""
    spread = laplacian(field.velocity[place].astype(float), field.spacing, field.periodic)  # type: ignore[arg-type]
    carried = np.moveaxis(_thin(spread, stride), 0, -1)
    across = (carried * normals).sum(axis=-1)
    along = np.linalg.norm(carried - across[..., None] * normals, axis=-1)
    return along, np.abs(across)


def _spin(field: VelocityField, at: float) -> np.ndarray:
    return curl(field.velocity[field.frame(at)].astype(float), field.spacing, field.periodic)  # type: ignore[arg-type]


def _thin(values: np.ndarray, stride: int) -> np.ndarray:
    return values[..., ::stride, ::stride, ::stride]


def _whole(mask: np.ndarray, stride: int) -> np.ndarray:
    """A mask of the thinned grid on the whole one."""
    out = mask
    for axis in range(3):
        out = np.repeat(out, stride, axis=axis)
    return out


def _thin_field(field: VelocityField, stride: int) -> VelocityField:
    return VelocityField(
        field.times,
        tuple(axis[::stride] for axis in field.axes),
        _thin(field.velocity, stride),
        _thin(field.scalar, stride),  # type: ignore[arg-type]
        periodic=field.periodic,
        viscosity=field.viscosity,
    )


def _plain(profile: Profile, name: str) -> dict[str, np.ndarray]:
    # A mean over a handful of points is noise.
    enough = profile.counts >= FEWEST
    return {
        "distance": profile.distance,
        "mean": np.where(enough, profile.means[name], np.nan),
        "error": np.asarray(profile.errors[name]),
    }


def has_gpu() -> bool:
    """Whether torch is there and sees a GPU."""
    import importlib.util

    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())
