"""Flow maps, stretching and rotation of flows whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.flow_structures import flow_map, ftle, lavd, polar_rotation, ridges, strain_directions, vortices
from inscape.analysis.flow_structures.deformation import grid_gradient
from inscape.analysis.flow_structures.seeds import Seeds
from inscape.analysis.flow_structures.stretching import largest_stretch
from inscape.errors import InputError, UnknownNameError
from inscape.systems.flows import GriddedFlow, bickley_jet, double_gyre, rotation, saddle, shear
from inscape.trajectories.velocity_fields import VelocityField
from inscape.trajectories.velocity_fields.derivatives import derivative_along

BOX = (np.linspace(-1, 1, 9), np.linspace(-1, 1, 7))
GYRE = (np.linspace(0, 2, 81), np.linspace(0, 1, 41))


def gridded_gyre(shape=(41, 21), frames=101, duration=10.0, **options):
    times = np.linspace(0, duration, frames)
    axes = (np.linspace(0, 2, shape[0]), np.linspace(0, 1, shape[1]))
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    velocity = np.stack([np.moveaxis(double_gyre().rhs(nodes, t), -1, 0) for t in times])
    return VelocityField(times, axes, velocity, **options)


@pytest.fixture(scope="module")
def gyre_field():
    return gridded_gyre()


@pytest.mark.parametrize("gradient", ["grid", "auxiliary", "variational"])
def test_a_saddle_stretches_at_its_rate(gradient):
    maps = flow_map(saddle(rate=0.7), at=0.0, over=[2.0, -2.0], seeds=BOX, steps=400, gradient=gradient)
    bar = 1e-10 if gradient == "variational" else 1e-8
    assert np.abs(ftle(maps[2.0]) - 0.7).max() < bar
    assert np.abs(ftle(maps[-2.0]) - 0.7).max() < bar


def test_a_shear_stretches_as_its_formula_says():
    rate, duration = 1.3, 4.0
    maps = flow_map(shear(rate=rate), at=0.0, over=duration, seeds=BOX, steps=50, gradient="variational")
    exact = np.log((rate * duration + np.sqrt(rate**2 * duration**2 + 4)) / 2) / duration
    assert np.abs(ftle(maps[duration]) - exact).max() < 1e-8


def test_solid_rotation_stretches_nothing_and_turns_by_its_angle():
    maps = flow_map(rotation(rate=0.5), at=0.0, over=3.0, seeds=BOX, steps=400, gradient="variational")
    assert np.abs(ftle(maps[3.0])).max() < 1e-9
    assert np.abs(polar_rotation(maps[3.0]) - 1.5).max() < 1e-9


def test_solid_rotation_has_no_vorticity_deviation():
    assert np.abs(lavd(rotation(), at=0.0, over=[1.0], seeds=BOX, steps=10)[1.0]).max() < 1e-12


@pytest.mark.parametrize("size", [2, 3])
def test_the_largest_stretch_is_the_largest_eigenvalue(size):
    gradient = np.random.default_rng(0).standard_normal((50, size, size)) + 3.0 * np.eye(size)
    gradient[0], gradient[1] = np.eye(size), np.diag([5.0] + [1.0] * (size - 1))
    gradient[2, 0, 0], gradient[3] = np.nan, 1e-3 * gradient[3]
    known = [k for k in range(50) if k != 2]
    exact = np.linalg.eigvalsh(np.swapaxes(gradient, 1, 2)[known] @ gradient[known])[:, -1]
    found = largest_stretch(gradient)
    assert np.allclose(found[known], exact, rtol=1e-13, atol=0.0)
    assert np.isnan(found[2])


@pytest.mark.parametrize("periodic", [True, False])
def test_the_gradient_between_seeds_is_the_derivative_of_their_positions(periodic):
    axes = tuple(np.arange(n) * 2 * np.pi / n for n in (7, 8, 9))
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    seeds = Seeds(nodes.reshape(-1, 3), axes, (periodic,) * 3)
    moved = np.random.default_rng(1).standard_normal(nodes.shape)
    found = grid_gradient(nodes + moved, seeds)
    for i in range(3):
        for j in range(3):
            exact = derivative_along(moved[..., i], j, seeds.spacing[j], periodic=periodic, spectral=False)
            assert np.allclose(found[..., i, j], exact + (i == j), atol=1e-12)


def test_every_duration_comes_from_one_integration():
    together = flow_map(double_gyre(), at=1.0, over=[2.0, 4.0, -3.0], seeds=GYRE, steps=80)
    alone = flow_map(double_gyre(), at=1.0, over=[2.0], seeds=GYRE, steps=40)
    assert list(together) == [2.0, 4.0, -3.0]
    assert np.abs(together[2.0].positions - alone[2.0].positions).max() < 1e-12


def test_backward_undoes_forward():
    there = flow_map(double_gyre(), at=0.0, over=3.0, seeds=GYRE, steps=200)[3.0]
    back = flow_map(double_gyre(), at=3.0, over=-3.0, seeds=there.positions.reshape(-1, 2), steps=200)[-3.0]
    assert np.abs(back.positions - there.seeds.points).max() < 1e-7


def test_the_direction_of_a_saddle_is_its_axis():
    values, vectors = strain_directions(
        flow_map(saddle(), at=0.0, over=1.0, seeds=BOX, steps=100, gradient="variational")[1.0]
    )
    assert np.allclose(values, [np.exp(-2.0), np.exp(2.0)], rtol=1e-8)
    assert np.allclose(np.abs(vectors[..., :, 1]), [1.0, 0.0], atol=1e-8)


def test_the_bickley_jet_is_free_of_divergence():
    assert bickley_jet().definition.divergence.simplify() == 0


def test_a_gridded_gyre_moves_like_the_analytic_one(gyre_field):
    exact = flow_map(double_gyre(), at=0.0, over=8.0, seeds=GYRE, steps=800)[8.0].positions
    found = flow_map(GriddedFlow(gyre_field), at=0.0, over=8.0, seeds=GYRE, steps=80)[8.0].positions
    assert np.median(np.linalg.norm(found - exact, axis=-1)) < 5e-4


def test_cubic_interpolation_is_of_fourth_order():
    errors = []
    for count in (21, 41):
        flow = GriddedFlow(gridded_gyre((2 * count - 1, count), frames=41, duration=2.0))
        points = np.random.default_rng(0).uniform([0, 0], [2, 1], (500, 2))
        errors.append(np.abs(flow.rhs(points, 0.93) - double_gyre().rhs(points, 0.93)).max())
    assert errors[0] / errors[1] > 10.0


def test_uneven_frames_are_read_at_their_own_times():
    times = np.sort(np.random.default_rng(1).uniform(0, 2, 30))
    axes = (np.linspace(0, 1, 8), np.linspace(0, 1, 8))
    velocity = np.ones((30, 2, 8, 8)) * (times**3)[:, None, None, None]
    flow = GriddedFlow(VelocityField(times, axes, velocity))
    assert np.allclose(flow.rhs([0.4, 0.6], 1.0), 1.0, atol=1e-9)


def test_a_periodic_flow_carries_particles_round():
    axes = (np.arange(16) * 2 * np.pi / 16,) * 2
    x, _ = np.meshgrid(*axes, indexing="ij")
    field = VelocityField([0.0], axes, np.stack([np.full_like(x, 2.0), np.sin(x)])[None], periodic=True)
    moved = flow_map(GriddedFlow(field), at=0.0, over=np.pi, steps=100)[np.pi]
    assert moved.lost == 0
    assert np.allclose(moved.positions[..., 0] - moved.seeds.points.reshape(16, 16, 2)[..., 0], 2 * np.pi)
    assert np.abs(moved.positions[..., 1] - moved.seeds.points.reshape(16, 16, 2)[..., 1]).max() < 1e-3


def test_space_and_plane_agree_on_a_flow_without_depth(gyre_field):
    deep = np.repeat(gyre_field.velocity[..., None], 5, axis=-1)
    deep = np.concatenate([deep, np.zeros_like(deep[:, :1])], axis=1)
    field = VelocityField(gyre_field.times, (*gyre_field.axes, np.arange(5.0)), deep)
    points = np.random.default_rng(2).uniform([0.1, 0.1], [1.9, 0.9], (50, 2))
    for interpolation in ("cubic", "linear"):
        plane = GriddedFlow(gyre_field, interpolation=interpolation)
        space = GriddedFlow(field, interpolation=interpolation)
        flat = flow_map(plane, at=0.0, over=3.0, seeds=points, steps=30)[3.0].positions
        tall = flow_map(space, at=0.0, over=3.0, seeds=np.c_[points, np.full(50, 2.3)], steps=30)[3.0].positions
        assert np.allclose(tall[:, :2], flat, atol=1e-12)
        assert np.allclose(tall[:, 2], 2.3)


def test_threads_change_nothing(gyre_field):
    flow = GriddedFlow(gyre_field)
    seeds = (np.linspace(0, 2, 101), np.linspace(0, 1, 51))
    one = flow_map(flow, at=0.0, over=2.0, seeds=seeds, steps=10)[2.0].positions
    two = flow_map(flow, at=0.0, over=2.0, seeds=seeds, steps=10, threads=2)[2.0].positions
    assert np.array_equal(one, two)


def test_steps_follow_from_the_tolerance(gyre_field):
    flow = GriddedFlow(gyre_field)
    rough = flow_map(flow, at=0.0, over=5.0, seeds=GYRE, tolerance=1e-2)
    fine = flow_map(flow, at=0.0, over=5.0, seeds=GYRE, tolerance=1e-5)
    assert rough.steps < fine.steps
    assert fine.error < 1e-5


def test_particles_that_leave_are_lost_and_counted(gyre_field):
    drift = gyre_field.velocity + np.array([0.2, 0.0])[:, None, None]
    flow = GriddedFlow(VelocityField(gyre_field.times, gyre_field.axes, drift))
    moved = flow_map(flow, at=0.0, over=4.0, seeds=GYRE, steps=40)[4.0]
    assert 0 < moved.lost < moved.positions[..., 0].size
    assert moved.lost == np.isnan(moved.positions).any(axis=-1).sum()
    inside = moved.positions[np.isfinite(moved.positions).all(axis=-1)]
    assert inside[:, 0].max() <= 2.0 + 1e-6
    assert np.isnan(ftle(moved)).sum() >= moved.lost


def test_a_particle_that_meets_a_masked_vector_is_lost():
    axes = (np.linspace(0, 10, 21), np.linspace(0, 4, 9))
    velocity = np.zeros((1, 2, 21, 9))
    velocity[:, 0] = 1.0
    velocity[:, :, 10:12, 3:5] = np.nan
    flow = GriddedFlow(VelocityField([0.0], axes, velocity))
    paths = flow.simulate(np.array([[1.0, 1.75], [1.0, 3.5]]), np.linspace(0, 8, 33))
    assert "left the window" in paths[0].context["stopped"]
    assert np.nanmax(paths[0].states[:, 0]) <= 5.0
    assert np.isfinite(paths[1].states).all()
    assert paths[1].states[-1, 0] == pytest.approx(9.0)


def test_lavd_of_a_gyre_peaks_at_its_centre(gyre_field):
    found = lavd(GriddedFlow(gyre_field), at=0.0, over=5.0, seeds=GYRE, steps=50)[5.0]
    place = np.unravel_index(np.nanargmax(found), found.shape)
    centre = np.array([GYRE[0][place[0]], GYRE[1][place[1]]])
    assert min(np.linalg.norm(centre - [0.5, 0.5]), np.linalg.norm(centre - [1.5, 0.5])) < 0.35


def test_the_ridge_of_a_bump_is_its_crest():
    x, y = np.linspace(-1, 1, 41), np.linspace(-1, 1, 31)
    crest = 0.2 * x[:, None] + 0.013
    points = ridges(np.exp(-((y[None] - crest) ** 2) / 0.02), (x, y), quantile=0.7)
    assert len(points) > 30
    assert np.abs(points[:, 1] - 0.2 * points[:, 0] - 0.013).max() < 0.01


def test_on_a_sphere_solid_rotation_stretches_nothing():
    lon, lat = np.linspace(-20, 20, 41), np.linspace(30, 60, 31)
    speed = 6.371e6 * np.cos(np.deg2rad(lat)) * np.deg2rad(1.0) / 86_400  # One degree of longitude a day.
    velocity = np.zeros((1, 2, 41, 31))
    velocity[0, 0] = speed
    flow = GriddedFlow(VelocityField([0.0], (lon, lat), velocity, on_sphere=True))
    seeds = (np.linspace(-15, 0, 16), np.linspace(35, 55, 21))
    moved = flow_map(flow, at=0.0, over=5 * 86_400.0, seeds=seeds, steps=20)[5 * 86_400.0]
    assert np.allclose(moved.positions[..., 0] - seeds[0][:, None], 5.0, atol=1e-4)
    assert np.abs(ftle(moved) * 5 * 86_400).max() < 1e-4


def test_a_duration_beyond_the_record_names_the_longest(gyre_field):
    with pytest.raises(InputError, match=r"the longest forward is 3"):
        flow_map(GriddedFlow(gyre_field), at=7.0, over=4.0)
    with pytest.raises(InputError, match=r"the longest backward is -7"):
        flow_map(GriddedFlow(gyre_field), at=7.0, over=[-8.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"over": []}, "over"),
        ({"over": 0.0}, "duration of 0"),
        ({"over": np.nan}, "finite"),
        ({"over": "long"}, "numbers|number"),
        ({"at": 99.0}, "record runs"),
        ({"steps": 0}, "steps"),
        ({"tolerance": -1.0}, "tolerance"),
        ({"seeds": np.zeros((4, 3))}, "seeds"),
        ({"seeds": ([0.0, np.nan], [0.0, 1.0])}, "not finite"),
        ({"seeds": (np.array([0, 1, 2, 3, 4, 9.0]), np.arange(6.0))}, "uneven"),
        ({"seeds": "grid"}, "seeds"),
        ({"gradient": "variational"}, "gridded"),
    ],
)
def test_bad_requests_are_refused_in_one_line(gyre_field, options, message):
    with pytest.raises(InputError, match=message) as caught:
        flow_map(GriddedFlow(gyre_field), **{"at": 1.0, "over": 1.0, **options})
    assert "\n" not in str(caught.value)


def test_names_that_are_not_known_are_refused(gyre_field):
    with pytest.raises(UnknownNameError):
        flow_map(GriddedFlow(gyre_field), at=0.0, over=1.0, gradient="magic")
    with pytest.raises(UnknownNameError):
        GriddedFlow(gyre_field, interpolation="quintic")
    with pytest.raises(UnknownNameError):
        flow_map(GriddedFlow(gyre_field), at=0.0, over=1.0, steps=4)[2.0]
    with pytest.raises(InputError, match="expected a GriddedFlow or a Flow"):
        flow_map(lambda x: x, at=0.0, over=1.0, seeds=GYRE)


def test_vortices_are_the_round_hills_that_are_closed():
    x, y = np.linspace(-3, 3, 121), np.linspace(-2, 2, 81)
    squares = [(x[:, None] - a) ** 2 + (y[None] - b) ** 2 for a, b in ((-1.2, 0.0), (1.2, 0.3), (3.0, -2.0))]
    found = vortices(sum(h * np.exp(-s / 0.18) for h, s in zip((1.0, 0.8, 0.9), squares, strict=True)), (x, y))
    assert len(found) == 2
    assert np.allclose([v.centre for v in found], [[-1.2, 0.0], [1.2, 0.3]], atol=0.05)
    for vortex in found:
        radii = np.linalg.norm(vortex.boundary - vortex.centre, axis=1)
        assert np.ptp(radii) < 0.25 * radii.mean()
        assert vortex.area == pytest.approx(np.pi * radii.mean() ** 2, rel=0.2)
    with pytest.raises(InputError, match="convexity"):
        vortices(np.zeros((121, 81)), (x, y), convexity=2.0)
    with pytest.raises(InputError, match="shape"):
        vortices(np.zeros((3, 3)), (x, y))
