"""From arrays and frames as files hold them to a `VelocityField`: which is which, and which way round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.velocity_fields.field import VelocityField
from inscape.trajectories.velocity_fields.named_fields import NamedField

_KNOWN = {
    "u": (
        "u",
        "ux",
        "u_x",
        "vx",
        "velocity_x",
        "u_original",
        "u_filtered",
        "uo",
        "ugos",
        "water_u",
        "eastward_velocity",
    ),
    "v": (
        "v",
        "uy",
        "u_y",
        "vy",
        "velocity_y",
        "v_original",
        "v_filtered",
        "vo",
        "vgos",
        "water_v",
        "northward_velocity",
    ),
    "w": ("w", "uz", "u_z", "vz", "velocity_z", "wo"),
    "scalar": ("scalar", "c", "concentration", "dye", "temperature", "phi"),
    "x": ("x", "xc", "lon", "longitude", "nav_lon"),
    "y": ("y", "yc", "lat", "latitude", "nav_lat"),
    "z": ("z", "zc", "depth", "lev"),
    "time": ("time", "t", "times"),
}
_SHAPES = (
    *(("time", "y", "x"), ("time", "x", "y"), ("y", "x", "time"), ("x", "y", "time")),
    *(("y", "x"), ("x", "y"), ("z", "y", "x"), ("x", "y", "z")),
    *(("time", "z", "y", "x"), ("time", "x", "y", "z")),
)
_MASKS = ("valid", "mask", "typevector")
_LETTERS = {"t": "time", "x": "x", "y": "y", "z": "z"}
_SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86_400.0}


@dataclass(frozen=True, eq=False)
class Frame:
    """One instant of a plane: axes x and y, velocity (component, x, y) with NaN where it is missing, time or None."""

    axes: tuple[Float[np.ndarray, "point"], ...]
    velocity: Float[np.ndarray, "component *grid"]
    time: float | None = None
    note: str = ""


def from_frames(frames: Sequence[Frame], dt: float | None, **options: Any) -> VelocityField:
    """Frames of one grid as a field.

    Raises
    ------
    InputError : if grids differ, or several frames have neither times nor `dt`.
    """
    first = frames[0]
    for number, frame in enumerate(frames):
        same = frame.velocity.shape == first.velocity.shape
        if not same or not all(np.allclose(a, b) for a, b in zip(frame.axes, first.axes, strict=True)):
            raise InputError(f"frame {number}: its grid differs from that of the first; export all frames alike")
    if dt is not None:
        times = _spacing(dt) * np.arange(len(frames))
    elif len(frames) == 1:
        times = np.array([frames[0].time or 0.0])
    elif any(frame.time is None for frame in frames):
        raise InputError("times: the files have none; give dt=, the time between frames")
    else:
        times = np.array([frame.time for frame in frames], dtype=float)
    notes = tuple(sorted({frame.note for frame in frames if frame.note}))
    return VelocityField(times, first.axes, np.stack([f.velocity for f in frames]), notes=notes, **options)


def from_arrays(
    file: str,
    arrays: Mapping[str, NamedField],
    names: Mapping[str, str],
    mask: str | None,
    order: str | None,
    dt: float | None,
    on_sphere: bool | None,
    **options: Any,
) -> VelocityField:
    """Named arrays as a field.

    Raises
    ------
    InputError : if velocity or an axis is not found, or the order of axes cannot be told.
    UnknownNameError : if a name asked for is not in the file.
    """
    places = places_of(file, arrays, names)
    if "velocity" not in places and not {"u", "v"} <= places.keys():
        raise InputError(
            f"{file}: no velocity found among {', '.join(sorted(arrays))}; name it: names={{'u': ..., 'v': ...}}"
        )
    whole = _whole(file, arrays, places)
    shapes = {name: stored.values.shape for name, stored in whole.items()}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{places.get(name, name)} {shape}" for name, shape in shapes.items())
        raise InputError(f"{file}: shapes {listed} found, expected the same for every component and the scalar")
    coordinates: dict[str, np.ndarray] = {
        k: line_of(arrays[places[k]], k) for k in ("x", "y", "z", "time") if k in places
    }
    axes = order_of(file, whole["u"], coordinates, order)
    has_depth = "z" in axes and len(coordinates.get("z", [0, 0])) > 1
    kept = ["x", "y", *(["z"] if has_depth else [])]
    missing = [k for k in kept if k not in coordinates]
    if missing:
        raise InputError(
            f"{file}: no coordinates of {', '.join(missing)} found; name them: names={{'{missing[0]}': ...}}"
        )
    notes: list[str] = []

    def arranged(values: np.ndarray) -> np.ndarray:
        moved = _arranged(file, values, axes, kept)
        for place, name in enumerate(kept, start=1):
            if coordinates[name][0] > coordinates[name][-1]:
                moved = np.flip(moved, axis=place)
        return moved

    components = [arranged(whole[name].numbers()) for name in ("u", "v", "w") if name in whole]
    velocity = np.stack(components[: 3 if len(components) == 3 else 2], axis=1)
    if mask is not None:
        if mask not in arrays:
            raise UnknownNameError(f"array of {file}", mask, arrays)
        try:
            marks = np.broadcast_to(arrays[mask].values, whole["u"].values.shape)
        except ValueError:
            raise InputError(
                f"{file}: {mask} has shape {arrays[mask].values.shape}, expected that of the velocity, "
                f"{whole['u'].values.shape}, or of one frame"
            ) from None
        bad = arranged(marks.astype(float)) == 0
        velocity = np.where(bad[:, None], np.nan, velocity)
        notes.append(f"{mask} leaves out {bad.mean():.1%} of the vectors")
    else:
        unused = sorted(name for name in arrays if any(word in name.lower() for word in _MASKS))
        notes += [f"{name} may be a mask and was not used; to leave out its zeros: mask={name!r}" for name in unused]
    for name in kept:
        if coordinates[name][0] > coordinates[name][-1]:
            coordinates[name] = coordinates[name][::-1]
            notes.append(f"{name} fell in the file and was turned round")
    times, note = times_of(file, arrays, places, coordinates, len(velocity), dt)
    notes += [note] if note else []
    sphere = _is_sphere(arrays, places) if on_sphere is None else on_sphere
    units: dict[str, str] = {k: u for k in ("x", "time") if k in places and (u := arrays[places[k]].text("units"))}
    if note:
        units["time"] = "s"
    scalar = arranged(whole["scalar"].numbers()) if "scalar" in whole else None
    return VelocityField(
        times,
        tuple(coordinates[k] for k in kept),
        velocity,
        scalar,
        on_sphere=sphere and not has_depth,
        units=units,
        source=file,
        notes=tuple(notes),
        **options,
    )


def places_of(file: str, arrays: Mapping[str, NamedField], names: Mapping[str, str]) -> dict[str, str]:
    for role, name in names.items():
        if role not in _KNOWN:
            raise UnknownNameError("role of an array", role, _KNOWN)
        if name not in arrays:
            raise UnknownNameError(f"array of {file}", name, arrays)
    by_lower = {name.split("/")[-1].lower(): name for name in arrays}
    found = {role: by_lower[known] for role, many in _KNOWN.items() for known in reversed(many) if known in by_lower}
    if "velocity" in by_lower and not {"u", "v"} <= names.keys():
        found["velocity"] = by_lower["velocity"]
    return found | dict(names)


def _whole(file: str, arrays: Mapping[str, NamedField], places: Mapping[str, str]) -> dict[str, NamedField]:
    """u, v, w and scalar as arrays of their own, also where one array holds all components."""
    whole = {k: arrays[places[k]] for k in ("u", "v", "w", "scalar") if k in places}
    if "velocity" not in places:
        return whole
    both = arrays[places["velocity"]]
    if both.axes is None or "component" not in both.axes:
        raise InputError(f"{file}: velocity has no axis named component; give u, v (and w) as arrays of their own")
    axis = both.axes.index("component")
    rest = tuple(a for a in both.axes if a != "component")
    for place, name in enumerate("uvw"[: both.values.shape[axis]]):
        whole[name] = NamedField(np.take(both.values, place, axis=axis), rest, both.attributes)
    return whole


def line_of(stored: NamedField, role: str) -> np.ndarray:
    """A coordinate as one line of numbers, also where the file repeats it over the grid."""
    values = stored.numbers().astype(float)
    if values.ndim <= 1:
        return np.atleast_1d(values)
    squeezed = values.reshape(-1, *values.shape[-2:])[0] if values.ndim > 2 else values
    if min(squeezed.shape) == 1:
        return squeezed.ravel()
    for line, other in ((squeezed[0], squeezed), (squeezed[:, 0], squeezed.T)):
        if np.allclose(other, line[None, :], rtol=1e-5, atol=0.0):
            return line.copy()
    raise InputError(f"{role}: a curved grid found, expected coordinates that depend on one axis each")


def order_of(
    file: str, stored: NamedField, coordinates: Mapping[str, np.ndarray], order: str | None
) -> tuple[str, ...]:
    """Which axis of the arrays is which."""
    size = stored.values.ndim
    if order is not None:
        if len(order) != size or len(set(order)) != size or not set(order) <= set(_LETTERS):
            raise InputError(f"order: {order!r} found, expected {size} of the letters t, x, y, z, such as 'tyx'")
        return tuple(_LETTERS[letter] for letter in order)
    if stored.axes is not None:
        roles = {known: role for role, many in _KNOWN.items() for known in many}
        found = tuple(roles.get(a.lower(), a) for a in stored.axes)
        if set(found) <= {"time", "x", "y", "z"} and len(set(found)) == len(found):
            return found
    matches = [
        shape
        for shape in _SHAPES
        if len(shape) == size
        and all(
            len(coordinates[a]) == n if a in coordinates else a == "time"
            for a, n in zip(shape, stored.values.shape, strict=True)
        )
    ]
    if len(matches) != 1:
        said = "several orders of axes fit" if matches else "no order of axes fits"
        raise InputError(f"{file}: {said} shape {stored.values.shape}; give order=, such as 'tyx'")
    return matches[0]


def _arranged(file: str, values: np.ndarray, axes: tuple[str, ...], kept: Sequence[str]) -> np.ndarray:
    """(time, x, y[, z]) whatever the order in the file; an axis of one depth is dropped."""
    order = list(axes)
    if "z" in order and "z" not in kept:
        place = order.index("z")
        if values.shape[place] != 1:
            raise InputError(f"{file}: {values.shape[place]} depths without coordinates; name them: names={{'z': ...}}")
        values = np.take(values, 0, axis=place)
        order.remove("z")
    if "time" not in order:
        values, order = values[None], ["time", *order]
    return np.transpose(values, [order.index(name) for name in ("time", *kept)])


def times_of(
    file: str,
    arrays: Mapping[str, NamedField],
    places: Mapping[str, str],
    coordinates: Mapping[str, np.ndarray],
    count: int,
    dt: float | None,
) -> tuple[np.ndarray, str]:
    if dt is not None:
        return _spacing(dt) * np.arange(count), ""
    if "time" not in coordinates:
        if count > 1:
            raise InputError(f"{file}: {count} frames and no times; give dt=, the time between frames")
        return np.zeros(1), ""
    times = coordinates["time"]
    if len(times) != count:
        raise InputError(f"{file}: {len(times)} times for {count} frames")
    units = arrays[places["time"]].text("units")
    step = _SECONDS.get(units.split(" since ")[0].strip().lower()) if " since " in units else None
    if step is None:
        return times, ""
    return (
        times - times[0]
    ) * step, f"times are seconds since the first frame ({units.split(' since ')[0]} in the file)"


def _is_sphere(arrays: Mapping[str, NamedField], places: Mapping[str, str]) -> bool:
    names = [places.get(k, "").split("/")[-1].lower() for k in ("x", "y")]
    units = [arrays[places[k]].text("units").lower() for k in ("x", "y") if k in places]
    named = all(n.startswith(("lon", "lat", "nav_")) for n in names)
    return named or (len(units) == 2 and all(u.startswith("degree") for u in units))


def _spacing(dt: Any) -> float:
    try:
        step = float(dt)
    except (TypeError, ValueError):
        step = np.nan
    if not (np.isfinite(step) and step > 0):
        raise InputError(f"dt: {dt!r} found, expected a positive number")
    return step
