"""Arrays with named axes, as NetCDF and xarray write them: time first, packing undone, clocks told by their unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape.trajectories.collection import Trajectories
from inscape.trajectories.named_arrays import Labels, run_from_arrays
from inscape.trajectories.request import Request, time_unit_of_name
from inscape.trajectories.trajectory import Trajectory

_SINCE = re.compile(r"^\s*(?P<unit>[A-Za-z]+)\s+since\s+(?P<origin>.+?)\s*$")


@dataclass(frozen=True)
class LabelledArray:
    """A stored array with the names of its axes and its attributes (CF conventions)."""

    stored: Any
    axes: tuple[str, ...]
    attributes: Mapping[str, Any]
    first: str = ""

    @property
    def turned(self) -> int | None:
        """The place of the axis that is to come first, if it does not yet."""
        return self.axes.index(self.first) if self.first in self.axes[1:] else None

    @property
    def shape(self) -> tuple[int, ...]:
        shape = list(self.stored.shape)
        if self.turned is not None:
            shape.insert(0, shape.pop(self.turned))
        return tuple(shape)

    @property
    def dtype(self) -> np.dtype:
        packed = any(name in self.attributes for name in _PACKING) and np.dtype(self.stored.dtype).kind in "iuf"
        return np.dtype(float) if packed else np.dtype(self.stored.dtype)

    def __getitem__(self, key: Any) -> Any:
        values = np.asarray(self.stored[...])
        if values.dtype.kind in "iuf":
            values = self._unpacked(values)
        if self.turned is not None:
            values = np.ascontiguousarray(np.moveaxis(values, self.turned, 0))
        return values[key]

    def _unpacked(self, values: np.ndarray) -> np.ndarray:
        missing = np.zeros(values.shape, bool)
        for name in ("_FillValue", "missing_value"):
            if (mark := _number(self.attributes.get(name))) is not None:
                missing |= values == mark
        scale, offset = _number(self.attributes.get("scale_factor")), _number(self.attributes.get("add_offset"))
        if missing.any() or scale is not None or offset is not None:
            values = values.astype(np.float32 if values.dtype == np.float32 and scale is None else float)
            values[missing] = np.nan
            values = values * (1.0 if scale is None else scale) + (0.0 if offset is None else offset)
        return values


_PACKING = ("_FillValue", "missing_value", "scale_factor", "add_offset")


def run_from_labelled(
    file: str, arrays: Mapping[str, LabelledArray], attributes: Mapping[str, Any], request: Request
) -> Trajectory | Trajectories:
    """A run from arrays with named axes; coordinates other than time label, they are no states."""
    time = request.time if request.time in arrays else None
    if time is None:
        likely = [n for n, a in arrays.items() if len(a.axes) == 1 and time_unit_of_name(n) is not None]
        time = likely[0] if len(likely) == 1 else None
    axis = arrays[time].axes[0] if time is not None and arrays[time].axes else (time or "")
    asked = {*request.inputs, *(request.columns or ()), time}
    turned = {
        name: LabelledArray(array.stored, array.axes, array.attributes, axis)
        for name, array in arrays.items()
        if name in asked or not (array.axes == (name,) or "bnds" in name or "bounds" in name)
    }
    units = {name: str(array.attributes["units"]) for name, array in arrays.items() if _is_text(array, "units")}
    context: dict[str, float | str] = {}
    if time is not None and (since := _SINCE.match(units.get(time, ""))):
        units[time] = since["unit"]
        context["time_origin"] = since["origin"]
    for name, value in attributes.items():
        single = value.reshape(-1)[0] if isinstance(value, np.ndarray) and value.size == 1 else value
        if name.startswith("context_") and isinstance(single, (str, int, float, np.number)):
            context[name[8:]] = single.item() if isinstance(single, np.generic) else single
        if name.startswith("unit_") and isinstance(single, str):
            units[name[5:]] = str(single)
    return run_from_arrays(file, turned, request, Labels(units, context, _column_names(arrays, axis)))


def _column_names(arrays: Mapping[str, LabelledArray], axis: str) -> dict[str, tuple[str, ...]]:
    named = {}
    for name, array in arrays.items():
        across = [other for other in array.axes if other != axis]
        if len(array.axes) == 2 and len(across) == 1 and across[0] in arrays:
            labels = arrays[across[0]]
            if np.dtype(labels.stored.dtype).kind in "OSUT" and len(labels.stored.shape) == 1:
                texts = [t.decode("utf-8", "replace") if isinstance(t, bytes) else str(t) for t in labels.stored[...]]
                named[name] = tuple(texts)
    return named


def _is_text(array: LabelledArray, name: str) -> bool:
    return isinstance(array.attributes.get(name), str)


def _number(value: Any) -> float | None:
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    return float(value) if isinstance(value, (int, float, np.number)) else None
