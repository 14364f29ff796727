"""Active barriers of flows whose barrier field is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.flow_structures import (
    active_ftle,
    active_rotation,
    flow_map,
    ftle,
    momentum_barrier,
    planar_error,
    vorticity_barrier,
)
from inscape.analysis.flow_structures.deformation import pulled_back
from inscape.analysis.flow_structures.path_integral import PathIntegral
from inscape.errors import InputError, UnknownNameError
from inscape.systems.flows import Fluid, GriddedFlow, abc_flow, double_gyre, flux_flow, shear
from inscape.trajectories.velocity_fields import VelocityField

VISCOSITY = 0.2


def abc_field(count, duration, frames):
    axes = (np.arange(count) * 2 * np.pi / count,) * 3
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    law = abc_flow(viscosity=VISCOSITY)
    times = np.linspace(0, duration, frames)
    velocity = np.stack([np.moveaxis(law.rhs(nodes, t), -1, 0) for t in times])
    return VelocityField(times, axes, velocity, periodic=True)


def exact_abc(points, duration):
    """b = -k^2 u0 (1 - exp(-nu k^2 T)) / (nu k^2 T) with k = 1: the flow carries its own flux along itself."""
    fade = (1.0 - np.exp(-VISCOSITY * duration)) / (VISCOSITY * duration)
    return -abc_flow(viscosity=VISCOSITY).rhs(points, 0.0) * fade


@pytest.mark.parametrize("duration", [1.5, -1.5])
def test_the_barrier_of_a_decaying_abc_flow_is_the_flow(duration):
    points = np.random.default_rng(0).uniform(0, 2 * np.pi, (200, 3))
    found = momentum_barrier(abc_flow(viscosity=VISCOSITY), at=0.0, over=[duration], seeds=points, steps=200)
    exact = exact_abc(points, duration)
    assert np.abs(found[duration].values - exact).max() / np.abs(exact).max() < 1e-6


def test_vorticity_of_a_beltrami_flow_has_the_same_barriers():
    points = np.random.default_rng(0).uniform(0, 2 * np.pi, (50, 3))
    law = abc_flow(viscosity=VISCOSITY)
    one = momentum_barrier(law, at=0.0, over=1.0, seeds=points, steps=20)[1.0]
    other = vorticity_barrier(law, at=0.0, over=1.0, seeds=points, steps=20)[1.0]
    assert np.allclose(one.values, other.values, atol=1e-10)


def test_a_gridded_abc_flow_has_the_same_barriers_to_the_grids_accuracy():
    field = abc_field(24, 0.6, 7)
    found = momentum_barrier(GriddedFlow(field, interpolation="cubic"), at=0.0, over=[0.0, 0.3, 0.6], steps=8)
    points = found[0.6].seeds.points
    for duration, bar in ((0.0, 1e-3), (0.3, 6e-3), (0.6, 2e-2)):
        exact = exact_abc(points, duration or 1e-9)
        error = np.linalg.norm(found[duration].values.reshape(-1, 3) - exact, axis=1)
        assert np.sqrt((error**2).mean() / (exact**2).sum(axis=1).mean()) < bar


@pytest.mark.slow
def test_a_fine_grid_gives_the_abc_barriers_to_a_thousandth():
    found = momentum_barrier(GriddedFlow(abc_field(64, 0.5, 9), interpolation="cubic"), at=0.0, over=[0.5], steps=8)
    exact = exact_abc(found[0.5].seeds.points, 0.5)
    assert np.abs(found[0.5].values.reshape(-1, 3) - exact).max() / np.abs(exact).max() < 1e-3


def test_in_the_plane_the_barrier_field_turns_the_gradient_of_mean_vorticity():
    count = 48
    axes = (np.arange(count) * 2 * np.pi / count,) * 2
    x, y = np.meshgrid(*axes, indexing="ij")
    # Steady cellular flow: vorticity -2 cos x cos y is kept along every path.
    velocity = np.stack([np.cos(x) * np.sin(y), -np.sin(x) * np.cos(y)])[None]
    field = VelocityField([0.0], axes, velocity, periodic=True)
    barriers = momentum_barrier(GriddedFlow(field), at=0.0, over=[0.0, 2.0], steps=20)
    exact = -2.0 * np.moveaxis(velocity[0], 0, -1)
    assert np.abs(barriers[0.0].values - exact).max() < 1e-3
    assert np.abs(barriers[2.0].potential + 2.0 * np.cos(x) * np.cos(y)).max() < 2e-3
    assert np.sqrt(((barriers[2.0].values - exact) ** 2).mean()) < 5e-3


def test_law_and_grid_agree_in_the_plane():
    axes = (np.linspace(0, 2, 101), np.linspace(0, 1, 51))
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    times = np.linspace(0, 1, 21)
    velocity = np.stack([np.moveaxis(double_gyre().rhs(nodes, t), -1, 0) for t in times])
    gridded = momentum_barrier(GriddedFlow(VelocityField(times, axes, velocity)), at=0.0, over=1.0, steps=20)[1.0]
    exact = momentum_barrier(double_gyre(), at=0.0, over=1.0, seeds=axes, steps=20)[1.0]
    inner = (slice(5, -5), slice(5, -5))
    apart = gridded.values[inner] - exact.values[inner]
    assert np.sqrt((apart**2).mean() / (exact.values[inner] ** 2).mean()) < 1e-2


def test_the_adjugate_is_the_inverse_of_what_keeps_volume():
    random = np.random.default_rng(1)
    for size in (2, 3):
        gradient = random.standard_normal((40, size, size))
        carried = random.standard_normal((40, size))
        found = pulled_back(gradient, carried) / np.linalg.det(gradient)[:, None]
        assert np.allclose(found, np.linalg.solve(gradient, carried[..., None])[..., 0])


def test_path_integrals_are_exact_for_parabolas_on_uneven_instants():
    times = np.array([0.0, 0.1, 0.4, 0.45, 1.0])
    integral = PathIntegral()
    for k, t in enumerate(times):
        integral.add(t, np.array([3.0 * t**2, 1.0]))
        if k > 1:
            assert np.allclose(integral.total, [t**3, t])


def test_active_stretching_of_abc_is_that_of_its_steady_flow():
    law = abc_flow()
    axes = (np.arange(20) * 2 * np.pi / 20,) * 3
    barrier = momentum_barrier(law, at=0.0, over=[0.0], seeds=axes, periods=(2 * np.pi,) * 3)[0.0]
    found = active_ftle(barrier, 0.5, steps=10)
    # b = -u, of rms sqrt(6): the same stretching backward in time.
    strength = np.sqrt(6.0)
    exact = flow_map(law, at=0.0, over=-0.5 / strength, seeds=axes, periods=(2 * np.pi,) * 3, steps=10)
    assert np.corrcoef(found.ravel(), ftle(exact[-0.5 / strength]).ravel())[0, 1] > 0.99
    turned = active_rotation(barrier, 0.5, steps=10)
    assert np.isfinite(turned).all()
    assert turned.max() < np.pi


def test_a_plane_of_a_flow_without_depth_sees_everything():
    count = 12
    axes = (np.arange(count) * 2 * np.pi / count,) * 3
    x, y, _ = np.meshgrid(*axes, indexing="ij")
    velocity = np.stack([np.cos(x) * np.sin(y), -np.sin(x) * np.cos(y), 0 * x])[None]
    field = VelocityField([0.0], axes, velocity, periodic=True)
    found = planar_error(field, at=0.0, over=1.0, steps=10)
    assert found.stretching == pytest.approx(1.0, abs=1e-6)
    assert found.flux > 0.97
    abc = Fluid(grid=(12,) * 3, box=(2 * np.pi,) * 3, viscosity=0.1, start="abc").simulate(times=[0.0])
    assert planar_error(abc, at=0.0, over=1.0, steps=10).stretching < 0.9


@pytest.mark.parametrize(("axis", "index", "periodic"), [(2, 0, True), (0, 5, True), (1, 1, False), (1, -1, False)])
def test_what_a_plane_is_compared_with_is_the_flow_in_space(axis, index, periodic):
    abc = abc_field(12, 0.4, 3)
    field = VelocityField(abc.times, abc.axes, abc.velocity, periodic=periodic)
    found = planar_error(field, at=0.0, over=0.4, axis=axis, index=index, steps=4, flux=False)
    whole = ftle(flow_map(GriddedFlow(field), at=0.0, over=0.4, steps=4)[0.4])
    assert np.allclose(found.spatial, np.take(whole, index, axis=axis), atol=1e-12, equal_nan=True)
    assert np.isfinite(found.spatial).any()


def test_barriers_refuse_what_they_cannot_do():
    with pytest.raises(InputError, match="vorticity is a scalar"):
        flux_flow(shear(), "vorticity")
    with pytest.raises(UnknownNameError, match="momentum"):
        flux_flow(abc_flow(), "energy")
    with pytest.raises(InputError, match="neither maps"):
        momentum_barrier(abc_flow())
    with pytest.raises(InputError, match="flow_map"):
        momentum_barrier(abc_flow(), {"a": 1})
    with pytest.raises(InputError, match="momentum_barrier"):
        active_ftle(np.zeros((3, 3)), 1.0)
    flow = GriddedFlow(abc_field(8, 1.0, 3))
    with pytest.raises(InputError, match="grid of seeds"):
        momentum_barrier(flow, at=0.0, over=0.5, seeds=np.ones((4, 3)))
    with pytest.raises(InputError, match="longest forward is 1"):
        momentum_barrier(flow, at=0.0, over=1.5)
    still = momentum_barrier(flow, at=0.0, over=[0.0])[0.0]
    normal = np.zeros_like(still.values)
    normal[..., 2] = 1.0
    through, within = still.split(normal)
    assert np.allclose(through**2 + within**2, still.magnitude**2)
