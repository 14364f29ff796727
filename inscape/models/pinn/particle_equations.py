"""The single-particle model as residuals of a stack of networks, in torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inscape.models.pinn import jets
from inscape.models.pinn.constraints import Sphere, amplitude, base_parts, ramp, surface_modes, volume_nodes
from inscape.models.pinn.jet_net import fields, potentials
from inscape.systems.battery.cell import PARAMETERS
from inscape.systems.battery.curve import NODES, Curve

if TYPE_CHECKING:
    from inscape.models.pinn.hierarchical import HierarchicalPINN, TrainedLevel

Tensor = torch.Tensor
_PLACES = {name: place for place, name in enumerate(PARAMETERS)}
RANDOM_NODES = 5


class TorchCurve:
    """A `Curve` and its derivative on tensors."""

    def __init__(self, curve: Curve, factor: float = 1.0):
        self.values = torch.tensor(curve.values * factor)
        self.slopes = torch.tensor(curve.slopes * factor)

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        place = x.clamp(0.0, 1.0) * (NODES - 1)
        left = place.detach().long().clamp(max=NODES - 2)
        u = place - left
        v, d0, d1 = self.values[left], self.slopes[left], self.slopes[left + 1]
        rise = self.values[left + 1] - v
        second, third = 3 * rise - 2 * d0 - d1, d0 + d1 - 2 * rise
        value = v + u * (d0 + u * (second + u * third))
        return value, (d0 + u * (2 * second + 3 * u * third)) * (NODES - 1)


@dataclass(frozen=True)
class Points:
    """Drawn instants: time (group,) s, unit parameters (group, parameter), every parameter (group, 9), and the radial
    coordinate (group, node), the surface last."""

    time: Tensor
    unit: Tensor
    rows: Tensor
    radius: Tensor


class ParticleEquations:
    """Residuals of one level of a `HierarchicalPINN`, those below it held fast.

    Parameters
    ----------
    model : whose cell, box, base and weights are meant.
    below : the levels already trained.
    level : what is trained now.
    seed : of the points.
    """

    def __init__(self, model: HierarchicalPINN, below: Sequence[TrainedLevel], level: Any, seed: np.random.Generator):
        self.model = model
        self.level = level
        self.number = len(below)
        self.random = seed
        self.squares = model.coordinate == "r2"
        cell = model.cell.cell
        self.below = [(lower, {name: torch.tensor(value) for name, value in lower.weights.items()}) for lower in below]
        self.sides = {
            side: (electrode, TorchCurve(electrode.diffusivity, electrode.radius**-2))
            for side, electrode in (("a", cell.anode), ("c", cell.cathode))
        }
        self.potential = {side: TorchCurve(e.potential) for side, (e, _) in self.sides.items()}
        self.exchange = {side: TorchCurve(e.exchange_current) for side, (e, _) in self.sides.items()}
        at, weight = volume_nodes()
        self.gauss, self.gauss_weight = torch.tensor(at), torch.tensor(weight)
        # The radii of a conserving base are always the same, its surface the last.
        self.modes = [torch.tensor(a) for a in surface_modes(np.append(at, 1.0))]

    def draw(self, groups: int, reach: float) -> Points:
        """Random instants and parameters; half of the instants even in time, half in its logarithm."""
        model, random = self.model, self.random
        begin = model.begins[self.number]
        end = model.duration if self.level.until is None else self.level.until
        share = random.random(groups)
        if model.base != "plain":
            late = random.random(groups) < 0.5
            share = np.where(late, share, 10.0 ** (3.0 * (share - 1.0)))
        time = begin + (end - begin) * reach * share
        if self.level.reference is not None:
            unit = np.tile(model.unit_of(self.level.reference), (groups, 1))
        else:
            unit = 2.0 * random.random((groups, len(model.names))) - 1.0
        rows = model.cell.rows(dict(zip(model.names, model.from_unit(unit).T, strict=True)))
        rows = rows if len(rows) == groups else np.repeat(rows, groups, axis=0)
        if model.base == "plain":
            inner = torch.tensor(random.random((groups, RANDOM_NODES)))
            edges = torch.tensor([[0.0, 1.0]], dtype=torch.float64).expand(groups, 2)
            radius = torch.cat([inner, edges], dim=1)
        else:
            radius = torch.cat([self.gauss, torch.ones(1, dtype=torch.float64)]).expand(groups, -1)
        return Points(torch.tensor(time), torch.tensor(unit), torch.tensor(rows), radius)

    def residuals(self, weights: Mapping[str, Tensor], points: Points) -> list[Tensor]:
        """Each kind of residual, weighted and scaled, as (residual,)."""
        found = []
        own = self._nets(weights, points)
        surfaces = {}
        for number, side in enumerate("ac"):
            sphere, curve = self.sphere(side, points)
            jet = self._field(side, number, sphere, curve, points, own)
            rate, slope = curve(jet[0])
            factor = sphere.factor[:, None]
            rate, slope = factor * rate, factor * slope
            rho = points.radius
            if self.squares:
                spread = 6.0 * rate * jet[1] + 4.0 * rho * (slope * jet[1] * jet[1] + rate * jet[2])
                flux = 2.0 * rate[:, -1] * jet[1][:, -1]
            else:
                # At the very centre 2 x_r / r is 2 x_rr.
                around = torch.where(rho > 1e-6, 2.0 * jet[1] / rho.clamp(min=1e-6), 2.0 * jet[2])
                spread = rate * (jet[2] + around) + slope * jet[1] * jet[1]
                flux = rate[:, -1] * jet[1][:, -1]
            room = sphere.start if self.empties(side) else 1.0 - sphere.start
            inside = (jet[3] - spread)[:, :-1] * (1800.0 / room)[:, None]
            found.append(self.model.loss_weights["diffusion"] * inside.reshape(-1))
            found.append(self.model.loss_weights["flux"] * (flux / sphere.uptake + 1.0))
            if not self.squares:
                found.append(self.model.loss_weights["centre"] * jet[1][:, -2])
            surfaces[side] = jet[0][:, -1]
        if self.model.potentials == "learned":
            found += self._kinetics(surfaces, weights, points)
        return found

    def empties(self, side: str) -> bool:
        """Whether the current takes lithium out of this electrode."""
        return (self.model.cell.current > 0) == (side == "a")

    def apart(self, points: Points) -> tuple[tuple[Tensor, ...], Any]:
        """The groups of points as tensors along their first axis, and how to make points of one of them again."""
        return (points.time, points.unit, points.rows, points.radius), lambda t, u, r, x: Points(
            t[None], u[None], r[None], points.radius[:1] if self.model.base != "plain" else x[None]
        )

    def sphere(self, side: str, points: Points) -> tuple[Sphere, TorchCurve]:
        """The electrode's particle for every group, and D / R^2 of its material."""
        electrode, curve = self.sides[side]
        charge = electrode.charge(self.model.cell.cell.area)
        sign = 1.0 if side == "a" else -1.0
        uptake = sign * self.model.cell.current / (3.0 * charge * points.rows[:, _PLACES[f"eps_{side}"]])
        factor, start = (points.rows[:, _PLACES[f"{name}_{side}"]] for name in ("ds", "x0"))
        return Sphere(uptake, factor, start), curve

    def _nets(self, weights: Mapping[str, Tensor], points: Points) -> list[tuple[list[Tensor], float, float]]:
        """For each level, the trained one last: jets of both fields, when its ramp begins, its time scale."""
        stack = [*((lower.level, kept) for lower, kept in self.below), (self.level, weights)]
        found = []
        for number, (level, kept) in enumerate(stack):
            unit = points.unit
            if level.reference is not None:
                unit = torch.tensor(self.model.unit_of(level.reference)).expand_as(points.unit)
            limit = self.model.duration if level.until is None else level.until
            live = (points.time <= limit).to(torch.float64)
            at = points.time.clamp(max=limit) / self.model.duration
            made = fields(kept, at, points.radius, unit, self.model.duration, 2)
            if level.until is not None:
                made = [torch.cat([jet[:3], (jet[3] * live[:, None])[None]]) for jet in made]
            found.append((made, self.model.begins[number], self.model.tau))
        return found

    def _field(
        self, side: str, number: int, sphere: Sphere, curve: TorchCurve, points: Points, nets: list[Any]
    ) -> Tensor:
        kind = self.model.base
        squared = points.radius if self.squares else points.radius**2
        # Only the plain base, which is flat, is ever seen along r itself.
        jet = torch.stack(base_parts(torch, kind, sphere, points.time, squared, curve, self.modes))
        first_rate = sphere.factor * curve(sphere.start)[0]
        for level, (made, begin, tau) in enumerate(nets):
            answer = made[number]
            if kind == "plain" and level == 0:
                answer = jets.sigmoid(answer)
            elif kind != "plain":
                inner = answer[:, :, : len(self.gauss_weight)] @ self.gauss_weight
                mask = torch.tensor([1.0, 0.0, 0.0, 1.0], dtype=torch.float64)[:, None, None]
                answer = answer - mask * inner[:, :, None]
            grown, growing = ramp(torch, points.time, begin, tau)
            scale = amplitude(kind, level, sphere, first_rate)
            gate = jets.of_time((scale * grown)[:, None], (scale * growing)[:, None])
            jet = jet + jets.product(answer, gate)
        return jet

    def _kinetics(self, surfaces: Mapping[str, Tensor], weights: Mapping[str, Tensor], points: Points) -> list[Tensor]:
        """Butler-Volmer, linear, for the learned potentials (phi_e, phi_s of the cathode)."""
        model = self.model
        thermal = model.cell.cell.thermal_voltage
        stack = [*((lower.level, kept) for lower, kept in self.below), (self.level, weights)]
        loads = {}
        for side in "ac":
            area = self.sides[side][0].surface(model.cell.cell.area) * points.rows[:, _PLACES[f"eps_{side}"]]
            loads[side] = model.cell.current / (area * points.rows[:, _PLACES[f"i0_{side}"]])
        start = {side: points.rows[:, _PLACES[f"x0_{side}"]] for side in "ac"}
        loss_a = thermal * loads["a"] / self.exchange["a"](start["a"])[0]
        loss_c = thermal * loads["c"] / self.exchange["c"](start["c"])[0]
        electrolyte = -self.potential["a"](start["a"])[0] - loss_a
        terminal = self.potential["c"](start["c"])[0] + electrolyte - loss_c
        for number, (level, kept) in enumerate(stack):
            unit = points.unit
            if level.reference is not None:
                unit = torch.tensor(model.unit_of(level.reference)).expand_as(points.unit)
            heads = potentials(kept, points.time / model.duration, unit, 2, 2)
            grown, _ = ramp(torch, points.time, model.begins[number], model.tau)
            damped = 1.0 if number == 0 else 0.1
            electrolyte = electrolyte + model.potential_scales[0] * damped * grown * heads[0]
            terminal = terminal + model.potential_scales[1] * damped * grown * heads[1]
        weight = model.loss_weights["kinetics"]
        i0_a, i0_c = self.exchange["a"](surfaces["a"])[0], self.exchange["c"](surfaces["c"])[0]
        over_a = -electrolyte - self.potential["a"](surfaces["a"])[0]
        over_c = electrolyte + self.potential["c"](surfaces["c"])[0] - terminal
        return [
            weight * (i0_a * over_a / (thermal * loads["a"]) - 1.0),
            weight * (i0_c * over_c / (thermal * loads["c"]) - 1.0),
        ]
