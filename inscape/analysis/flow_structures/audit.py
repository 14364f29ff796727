"""The interface by every rule side by side, and how far each conclusion moves with the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.analysis.flow_structures.interface import from_clusters, from_pdf_minimum, from_vorticity
from inscape.analysis.flow_structures.profiles import profile
from inscape.analysis.flow_structures.surface import Surface
from inscape.errors import InputError
from inscape.trajectories.velocity_fields.field import VelocityField

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class InterfaceAudit:
    """What each rule says.

    Parameters
    ----------
    surfaces : by rule.
    failures : why a rule gave none, by rule.
    moved : mean distance of a rule's surface from that of the clusters, in units; positive: it lies further inside.
    jumps : contrast of each quantity, by rule and then by quantity.
    """

    surfaces: Mapping[str, Surface]
    failures: Mapping[str, str]
    moved: Mapping[str, float]
    jumps: Mapping[str, Mapping[str, float]]

    def spread(self, quantity: str) -> float:
        """Largest minus smallest contrast of a quantity over the rules."""
        found = [jumps[quantity] for jumps in self.jumps.values()]
        return float(np.nanmax(found) - np.nanmin(found))

    def to_pandas(self) -> pandas.DataFrame:
        """A row for each rule."""
        import pandas

        rows = [
            {
                "rule": rule,
                "threshold": found.threshold,
                "inside": found.share_inside,
                "moved": self.moved[rule],
                **{f"jump of {name}": value for name, value in self.jumps[rule].items()},
            }
            for rule, found in self.surfaces.items()
        ]
        return pandas.DataFrame(rows)


def interface_audit(
    field: VelocityField,
    at: float,
    quantities: Mapping[str, Float[np.ndarray, "*grid"]],
    *,
    unit: float = 1.0,
    clusters: int = 4,
    width: float = 0.2,
    reference: Surface | None = None,
) -> InterfaceAudit:
    """The turbulent/non-turbulent interface by clusters, by one cluster more and less, vorticity and pdf minimum.

    Parameters
    ----------
    field, at : velocity with a scalar, and the instant.
    quantities : fields on its grid whose contrast across the interface is asked.
    unit, width : of the profiles, as of `interface.profile`.
    clusters : of the rule that the others are compared with.
    reference : the interface by that rule, where it has been found before.

    Raises
    ------
    InputError : if clusters, the rule that the others are compared with, find no interface.
    """
    if not quantities:
        raise InputError("audit: no quantity found, expected fields by name")
    if reference is None:
        reference = from_clusters(field, at=at, clusters=clusters).tnti
    rules = {
        f"{clusters + 1} clusters": lambda: from_clusters(field, at=at, clusters=clusters + 1).tnti,
        "vorticity": lambda: from_vorticity(field, at=at),
        "pdf minimum": lambda: from_pdf_minimum(field, at=at),
    }
    if clusters > 2:
        rules[f"{clusters - 1} clusters"] = lambda: from_clusters(field, at=at, clusters=clusters - 1).tnti
    surfaces, failures = {f"{clusters} clusters": reference}, {}
    for rule, find in rules.items():
        try:
            surfaces[rule] = find()
        except InputError as error:
            failures[rule] = str(error)
    near = np.abs(reference.distance)
    moved, jumps = {}, {}
    for rule, found in surfaces.items():
        # On the rule's own surface, the distance to the reference is how far it has moved.
        here = np.abs(found.distance) <= 0.75 * max(found.spacing)
        moved[rule] = float(np.nanmean(reference.distance[here & np.isfinite(near)]) / unit)
        profiles = profile(quantities, found, unit=unit, width=width)
        jumps[rule] = {name: profiles.jump(name) for name in quantities}
    return InterfaceAudit(surfaces, failures, moved, jumps)
