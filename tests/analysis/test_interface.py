"""Interfaces, their distances and profiles, on fields whose shape is known."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.flow_structures import interface, interface_audit, turbulence_scales
from inscape.analysis.flow_structures.profiles import Profile
from inscape.analysis.flow_structures.regions import labelled, largest_region, without_holes
from inscape.errors import InputError, UnknownNameError
from inscape.systems.flows import GriddedFlow, Jet
from inscape.trajectories.velocity_fields import VelocityField


def ball(count=33, radius=0.6):
    axes = (np.linspace(-1, 1, count),) * 3
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return radius - np.linalg.norm(nodes, axis=-1), axes


def slab(count=32):
    """Ambient fluid at 0, a zone at 0.5 and a core at 1, periodic in x."""
    axes = (np.arange(count) / count, np.linspace(0, 6, 6 * 16 + 1))
    y = np.broadcast_to(axes[1] - 3, (count, axes[1].size))
    edge = 1.5 + 0.2 * np.sin(2 * np.pi * axes[0])[:, None]
    step = [0.5 / (1 + np.exp(-(width - np.abs(y)) / 0.05)) for width in (edge, 0.5 * edge)]
    return step[0] + step[1], axes, edge


@pytest.fixture(scope="module")
def young_jet():
    jet = Jet(grid=(16, 32, 12), box=(2.0, 4.0, 1.5), reynolds=100, thickness=0.12, noise=0.2)
    return jet.simulate(times=[0.0, 0.4, 0.8])


def test_the_distance_to_a_sphere_is_that_to_its_centre_less_its_radius():
    values, axes = ball()
    found = interface.from_threshold(values, 0.0, axes=axes)
    assert np.abs(found.distance - values).max() < 0.2 * found.spacing[0]
    assert np.abs(np.linalg.norm(found.points, axis=1) - 0.6).max() < 0.05 * found.spacing[0]
    near = np.abs(values) < 0.2
    assert np.median(np.abs((found.normals[near] ** 2).sum(axis=-1) - 1.0)) < 1e-9


def test_the_distance_to_a_plane_is_exact_and_wraps_round():
    axes = (np.arange(12) / 12, np.arange(24) / 12)
    values = np.broadcast_to(0.55 - np.abs(axes[1] - 1.0), (12, 24))
    found = interface.from_threshold(values, 0.0, axes=axes, periodic=True)
    assert np.abs(found.distance - values).max() < 1e-12


def test_clusters_find_the_zones_and_the_surfaces_between_them():
    values, axes, _ = slab()
    found = interface.from_clusters(values, clusters=3, axes=axes, periodic=(True, False))
    assert np.allclose(found.centres, [0.0, 0.5, 1.0], atol=0.03)
    assert found.shares.sum() == pytest.approx(1.0)
    assert found.tnti.threshold == pytest.approx(0.25, abs=0.03)
    upper = found.tnti.points[found.tnti.points[:, 1] > 3]
    exact = 3 + 1.5 + 0.2 * np.sin(2 * np.pi * upper[:, 0])
    assert np.abs(upper[:, 1] - exact).max() < 0.05
    assert found.tti.share_inside < found.tnti.share_inside


def test_islands_are_left_out_and_holes_filled():
    values, axes = ball()
    values = values.copy()
    values[16, 16, 16] = -1.0
    values[1:3, 1:3, 1:3] = 0.5
    found = interface.from_threshold(values, 0.0, axes=axes)
    assert found.inside[16, 16, 16]
    assert not found.inside[1, 1, 1]


def test_regions_join_across_a_periodic_edge():
    mask = np.zeros((8, 8), dtype=bool)
    mask[0], mask[-1], mask[4, 2] = True, True, True
    assert labelled(mask, (True, False))[1] == 2
    assert labelled(mask, (False, False))[1] == 3
    assert largest_region(mask, (True, False)).sum() == 16
    ring = np.ones((8, 8), dtype=bool)
    ring[4, 4] = ring[0, 0] = False
    filled = without_holes(ring, (False, False))
    assert filled[4, 4]
    assert not filled[0, 0]


def test_a_profile_returns_what_depends_on_distance_alone():
    values, axes = ball(41)
    found = interface.from_threshold(values, 0.0, axes=axes)
    step = np.where(values > 0, 3.0, 1.0)
    profile = interface.profile({"value": values, "step": step}, found, unit=0.1, width=0.5, reach=(-3, 3))
    assert np.allclose(profile.means["value"], 0.1 * profile.distance, atol=0.012)
    assert profile.jump("step") == pytest.approx(0.5, abs=0.05)
    assert profile.counts.sum() == (np.abs(found.distance) < 0.3).sum()
    assert list(profile.to_pandas()) == ["distance", "points", "value", "value error", "step", "step error"]
    assert profile.at("step", 2.0) == pytest.approx(3.0)
    with pytest.raises(UnknownNameError, match="step"):
        profile.jump("stop")


def test_the_rise_of_a_ramp_is_its_width():
    values, axes = ball(61)
    found = interface.from_threshold(values, 0.0, axes=axes)
    ramp = np.clip((values + 0.1) / 0.2, 0.0, 1.0)
    profile = interface.profile({"ramp": ramp}, found, unit=0.1, width=0.25)
    assert profile.rise("ramp") == pytest.approx(1.2, abs=0.1)
    assert np.isnan(interface.profile({"flat": 0 * ramp}, found, unit=0.1).rise("flat"))


def test_the_pdf_minimum_lies_between_the_peaks():
    values, axes, _ = slab()
    found = interface.from_pdf_minimum(values, axes=axes, periodic=(True, False))
    assert 0.05 < found.threshold < 0.95


def test_taylor_scale_of_a_single_wave_is_its_formula():
    count = 32
    axes = (np.arange(count) * 2 * np.pi / count,) * 3
    x, y, z = np.meshgrid(*axes, indexing="ij")
    velocity = np.stack([np.sin(2 * y), np.sin(2 * z), np.sin(2 * x)])[None]
    field = VelocityField([0.0], axes, velocity, periodic=True, viscosity=0.1)
    scales = turbulence_scales(field, 0.0)
    # <2 s_ij s_ij> = mean square of vorticity = 3 k^2 / 2 for three sine waves of k = 2.
    assert scales.velocity == pytest.approx(np.sqrt(0.5))
    assert scales.dissipation == pytest.approx(0.1 * 6.0)
    assert scales.taylor == pytest.approx(np.sqrt(0.5) * np.sqrt(15 / 6))
    assert scales.reynolds == pytest.approx(scales.velocity * scales.taylor / 0.1)
    assert scales.kolmogorov == pytest.approx((0.1**3 / 0.6) ** 0.25)
    assert scales.resolution == pytest.approx(field.spacing[0] / scales.kolmogorov)


def test_the_error_of_a_profile_of_noise_is_that_of_a_mean():
    values, axes = ball(49)
    surface = interface.from_threshold(values, 0.0, axes=axes)
    noise = np.random.default_rng(0).standard_normal(values.shape)
    found = interface.profile({"noise": noise}, surface, width=0.1, reach=(-0.5, 0.4))
    in_units = found.errors["noise"] * np.sqrt(found.counts)
    assert np.nanmean(in_units) == pytest.approx(1.0, abs=0.2)
    assert np.nanmax(np.abs(found.means["noise"] / found.errors["noise"])) < 4


def test_a_rise_starts_outside_even_where_the_least_lies_inside():
    distance = np.linspace(-2, 2, 41)
    climb = np.interp(distance, [-1, 0, 1, 1.1, 2], [0.0, 0.5, 1.0, -3.0, -3.0])
    found = Profile(distance, {"climb": climb}, {}, np.ones(41), 1.0)
    assert found.rise("climb") == pytest.approx(1.2, abs=0.02)


def test_a_grid_too_coarse_for_its_turbulence_is_warned_of(young_jet):
    thin = VelocityField(
        young_jet.times, young_jet.axes, young_jet.velocity, young_jet.scalar, periodic=True, viscosity=1e-6
    )
    with pytest.warns(UserWarning, match="Kolmogorov"):
        turbulence_scales(thin, 0.4, even_along=(0, 2))


def test_flux_and_stretching_decorrelate_from_one(young_jet):
    flow = GriddedFlow(young_jet)
    found = interface.decorrelation(flow, at=0.0, over=[0.1, 0.4, 0.8], steps=8)
    assert found.stretching[0] == pytest.approx(1.0)
    assert 1.0 > found.flux[0] > found.flux[2] > -1.0
    with pytest.raises(InputError, match="one sign"):
        interface.decorrelation(flow, at=0.4, over=[0.1, -0.1])
    with pytest.raises(InputError, match="region"):
        interface.decorrelation(flow, at=0.0, over=[0.1], region=np.zeros(flow.field.shape, dtype=bool))


def test_an_audit_puts_the_rules_side_by_side(young_jet):
    spin = np.linalg.norm(young_jet.vorticity()[1], axis=0)
    found = interface_audit(young_jet, 0.4, {"vorticity": spin}, unit=0.2)
    table = found.to_pandas()
    assert {"4 clusters", "vorticity"} <= set(found.surfaces)
    assert abs(found.moved["4 clusters"]) < 0.3
    assert len(table) == len(found.surfaces)
    assert found.spread("vorticity") >= 0.0
    assert all(found.jumps[rule]["vorticity"] <= 1.0 for rule in found.surfaces)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scalar": np.ones((8, 8))}, "fewer than two clusters"),
        ({"scalar": np.full((8, 8), np.nan)}, "missing everywhere"),
        ({"scalar": np.full((8, 8), np.inf)}, "missing everywhere or infinite"),
        ({"scalar": np.zeros((8, 7))}, "one point for each"),
        ({"scalar": "dye"}, "expected numbers"),
        ({"clusters": 1}, "at least 2"),
        ({"clusters": 2.5}, "at least 2"),
        ({"axes": None}, "axes"),
    ],
)
def test_scalars_without_an_interface_are_refused(change, message):
    values = np.add.outer(np.arange(8.0), np.zeros(8))
    options = {"scalar": values, "axes": (np.arange(8.0),) * 2, "clusters": 4, **change}
    with pytest.raises(InputError, match=message) as caught:
        interface.from_clusters(options.pop("scalar"), **options)
    assert "\n" not in str(caught.value)


def test_a_threshold_out_of_view_says_what_is_in_view():
    values, axes = ball(9)
    with pytest.raises(InputError, match="no crossing of 5 in view"):
        interface.from_threshold(values, 5.0, axes=axes)
    field = VelocityField([0.0], axes, np.zeros((1, 3, 9, 9, 9)))
    with pytest.raises(InputError, match="field has none"):
        interface.from_clusters(field, at=0.0)
    with pytest.raises(InputError, match="zero everywhere"):
        interface.from_vorticity(field, at=0.0)
    with pytest.raises(InputError, match="nothing moves"):
        turbulence_scales(field, 0.0)
    with pytest.raises(InputError, match="surface's grid"):
        interface.profile({"a": np.zeros(3)}, interface.from_threshold(values, 0.0, axes=axes))
