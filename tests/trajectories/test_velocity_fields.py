"""Velocity fields: what they check, how they are derived, and how files of every kind are read."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from inscape.analysis.flow_structures import flow_map, ftle
from inscape.errors import InputError, MissingExtraError, UnknownNameError
from inscape.systems.flows import GriddedFlow
from inscape.trajectories.velocity_fields import (
    VelocityField,
    curl,
    derivative_along,
    fetch_cutout,
    geostrophic,
    laplacian,
    read_cutout,
    read_velocity,
)
from inscape.trajectories.velocity_fields.lavision import read_frame

X, Y = np.linspace(0, 2, 9), np.linspace(0, 1, 7)
TIMES = np.array([0.0, 0.5, 1.5])


def planar(times=TIMES, x=X, y=Y):
    """u = x + t, v = -y: linear, so that any order of axes shows."""
    u = np.broadcast_to(x[None, :, None] + times[:, None, None], (len(times), len(x), len(y)))
    v = np.broadcast_to(-y[None, None, :], u.shape)
    return VelocityField(times, (x, y), np.stack([u, v], axis=1), scalar=u * 0 + y)


@pytest.mark.parametrize("periodic", [True, False])
def test_derivatives_are_those_of_a_wave(periodic):
    x = np.arange(64) * 2 * np.pi / 64
    wave = np.sin(2 * x)
    bar = 1e-12 if periodic else 3e-3
    assert np.abs(derivative_along(wave, 0, x[1], periodic=periodic) - 2 * np.cos(2 * x)).max() < bar
    assert np.abs(derivative_along(wave, 0, x[1], periodic=periodic, order=2) + 4 * wave).max() < 10 * bar


def test_differences_are_exact_for_a_cubic_up_to_the_edge():
    x = np.linspace(0, 1, 7)
    assert np.allclose(derivative_along(x**3, 0, x[1]), 3 * x**2)
    assert np.allclose(derivative_along(x**3, 0, x[1], order=2), 6 * x)


def test_the_curl_of_a_rotation_is_twice_its_rate():
    x, y = np.meshgrid(X, Y, indexing="ij")
    assert np.allclose(curl(np.stack([-y, x]), (0.25, 1 / 6), (False, False)), 2.0)
    assert np.allclose(laplacian(x**2 + y**2, (0.25, 1 / 6), (False, False)), 4.0)


def test_a_field_survives_xarray_and_files(tmp_path):
    field = planar()
    again = VelocityField.from_xarray(field.to_xarray())
    assert np.array_equal(again.velocity, field.velocity)
    assert np.array_equal(again.scalar, field.scalar)
    path = tmp_path / "field.nc"
    field.to_xarray().to_netcdf(path, engine="scipy")
    read = read_velocity(path)
    assert np.allclose(read.velocity, field.velocity)
    assert np.allclose(read.times, field.times)
    assert field.trajectory().states.shape == (3, 2, 9, 7)


def test_a_plane_of_space_keeps_its_components_in_order():
    axes = (np.arange(6.0), np.arange(7.0), np.arange(8.0))
    velocity = np.arange(3.0)[None, :, None, None, None] * np.ones((1, 3, 6, 7, 8))
    plane = VelocityField([0.0], axes, velocity).slice_at(1, 2)
    assert plane.shape == (6, 8)
    assert plane.velocity[0, :, 0, 0].tolist() == [0.0, 2.0, 1.0]
    with pytest.raises(InputError, match="7 points"):
        VelocityField([0.0], axes, velocity).slice_at(1, 9)


def test_a_moving_camera_takes_its_speed_off():
    seen = planar().moving_with([1.0, -2.0])
    assert np.allclose(seen.velocity - planar().velocity, np.array([-1.0, 2.0])[:, None, None])


def test_uneven_axes_become_even():
    x = np.array([0.0, 0.1, 0.4, 0.9, 1.3, 2.0])
    field = planar(x=x)
    assert not field.has_even_axes
    with pytest.raises(InputError, match="on_even_axes"):
        GriddedFlow(field)
    even = field.on_even_axes()
    assert np.allclose(even.velocity[:, 0, :, 0], even.axes[0] + TIMES[:, None])


def test_hdf5_and_matlab_and_npz_give_the_same_field(tmp_path):
    import h5py
    from scipy.io import savemat

    field = planar()
    u, v = (field.velocity[:, k].transpose(0, 2, 1) for k in (0, 1))
    arrays = {"u": u, "v": v, "x": X, "y": Y, "time": TIMES}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, values in arrays.items():
            file[name] = values
    savemat(tmp_path / "a.mat", arrays)
    np.savez(tmp_path / "a.npz", **arrays)
    for name in ("a.h5", "a.mat", "a.npz"):
        assert np.allclose(read_velocity(tmp_path / name).velocity, field.velocity), name


def test_falling_axes_are_turned_round_and_masks_leave_out(tmp_path):
    field = planar()
    u, v = (field.velocity[:, k].transpose(0, 2, 1)[:, ::-1] for k in (0, 1))
    good = np.ones_like(u)
    good[:, 2, 3] = 0
    np.savez(tmp_path / "a.npz", vx=u, vy=v, X=X, Y=Y[::-1], t=TIMES, isValid=good)
    read = read_velocity(tmp_path / "a.npz", mask="isValid")
    assert np.isnan(read.velocity).sum() == 6
    known = np.isfinite(read.velocity)
    assert np.allclose(read.velocity[known], field.velocity[known])
    assert any("turned round" in note for note in read.notes)
    with pytest.raises(UnknownNameError, match="isValid"):
        read_velocity(tmp_path / "a.npz", mask="isvalid")


def test_an_order_that_lengths_do_not_tell_is_asked_for(tmp_path):
    side = np.arange(6.0)
    np.savez(tmp_path / "a.npz", u=np.zeros((2, 6, 6)), v=np.zeros((2, 6, 6)), x=side, y=side)
    with pytest.raises(InputError, match="order=") as caught:
        read_velocity(tmp_path / "a.npz", dt=0.1)
    assert "\n" not in str(caught.value)
    assert len(read_velocity(tmp_path / "a.npz", dt=0.1, order="tyx")) == 2
    with pytest.raises(InputError, match="order"):
        read_velocity(tmp_path / "a.npz", dt=0.1, order="abc")


def test_files_of_openpiv_are_frames(tmp_path):
    field = planar()
    for number in range(3):
        rows = []
        for j in reversed(range(len(Y))):
            for i in range(len(X)):
                u, v = field.velocity[number, :, i, j]
                rows.append([X[i], Y[j], u, v, float(i == 1 and j == 2), float(i == 4 and j == 3)])
        np.savetxt(tmp_path / f"frame_{number:03d}.txt", rows, delimiter="\t", header="x\ty\tu\tv\tflags\tmask")
    read = read_velocity(tmp_path, dt=0.5)
    assert read.times.tolist() == [0.0, 0.5, 1.0]
    assert np.isnan(read.velocity).sum() == 6
    known = np.isfinite(read.velocity)
    assert np.allclose(read.velocity[known], field.velocity[known])
    strict = read_velocity(tmp_path, dt=0.5, keep_replaced=False)
    assert np.isnan(strict.velocity).sum() == 12
    with pytest.raises(InputError, match="dt="):
        read_velocity(tmp_path)


def test_text_that_is_no_grid_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("0 0 1 1\n1 0 1 1\n0 1 1 1\n")
    with pytest.raises(InputError, match="3 vectors at 2 x and 2 y"):
        read_velocity(path)
    path.write_text("hello\n")
    with pytest.raises(InputError, match="no line of numbers"):
        read_velocity(path)
    path.write_text("1 2 3\n4 5 6\n")
    with pytest.raises(InputError, match="3 columns"):
        read_velocity(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no text"):
        read_velocity(path)


def test_frames_of_lavision_come_with_their_scales(tmp_path):
    vectors = np.ma.zeros((6, 7), dtype=[("u", float), ("v", float)])
    vectors["u"] = np.arange(7)[None, :]
    vectors["v"] = np.arange(6)[:, None]
    vectors[2, 3] = np.ma.masked
    axis = SimpleNamespace(offset=1.0, slope=0.5)
    down = SimpleNamespace(offset=5.0, slope=-0.5)
    frame = SimpleNamespace(
        as_masked_array=lambda: vectors,
        scales=SimpleNamespace(x=axis, y=down),
        grid=SimpleNamespace(x=2, y=2),
    )
    library = SimpleNamespace(read_buffer=lambda name: [frame])
    read = read_frame(tmp_path / "b.vc7", library)
    assert np.allclose(np.diff(read.axes[0]), 1.0)
    assert np.allclose(np.diff(read.axes[1]), 1.0)
    assert read.velocity[0, :, 0].tolist() == list(range(7))
    assert read.velocity[1, 0].tolist() == [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    assert np.isnan(read.velocity[:, 3, 3]).all()
    (tmp_path / "b.vc7").write_bytes(b"x")
    with pytest.raises((MissingExtraError, InputError)):
        read_velocity(tmp_path / "b.vc7")


class FakeToolkit:
    """What `givernylocal` gives, without its network."""

    def turb_dataset(self, dataset_title, output_path, auth_token):
        return {"title": dataset_title, "token": auth_token}

    def getCutout(self, opened, variable, ranges, strides):
        import xarray

        sizes = [int(r[1] - r[0]) // int(s) + 1 for r, s in zip(ranges, strides, strict=True)]
        x, y, z = (np.arange(n) * 0.1 for n in sizes[:3])
        data = {}
        for number in range(ranges[3][0], ranges[3][1] + 1):
            values = np.zeros((sizes[2], sizes[1], sizes[0], 3), dtype=np.float32)
            values[..., 0], values[..., 2] = x[None, None, :], z[:, None, None] + number
            data[f"velocity_{number:04d}"] = (("zcoor", "ycoor", "xcoor", "values"), values)
        return xarray.Dataset(data, {"xcoor": x, "ycoor": y, "zcoor": z})


def test_a_cutout_of_a_turbulence_database_is_a_field(tmp_path):
    field = fetch_cutout(
        "isotropic1024coarse",
        token="secret",
        ranges=[[1, 8], [1, 7], [1, 6], [3, 5]],
        dt=0.002,
        viscosity=1e-3,
        toolkit=FakeToolkit(),
    )
    assert field.shape == (8, 7, 6)
    assert np.allclose(field.times, [0.0, 0.002, 0.004])
    assert np.allclose(field.velocity[1, 0, :, 0, 0], field.axes[0])
    assert np.allclose(field.velocity[1, 2, 0, 0], field.axes[2] + 4)
    dataset = FakeToolkit().getCutout({}, "velocity", [[1, 8], [1, 7], [1, 6], [1, 1]], [1, 1, 1, 1])
    dataset.to_netcdf(tmp_path / "cut.nc", engine="scipy")
    assert read_cutout(tmp_path / "cut.nc").shape == (8, 7, 6)
    with pytest.raises(InputError, match="token"):
        fetch_cutout("a", token="", ranges=[[1, 2]] * 4)
    with pytest.raises(InputError, match="four pairs"):
        fetch_cutout("a", token="b", ranges=[[1, 2]])
    with pytest.raises(InputError, match="xcoor"):
        read_cutout({"velocity_0001": np.zeros((2, 2, 2, 3))})


def test_the_sea_moves_along_its_height(shared_data):
    path = shared_data / "turbulent-interface" / "sea_surface_height_cmems.nc"
    if not path.is_file():
        pytest.skip("the sea-surface sample is not there")
    field = geostrophic(path)
    assert field.shape == (146, 85)
    assert len(field) == 8
    assert np.allclose(np.diff(field.times), 86_400.0)
    # Balance: the flow is along the lines of equal height, so it carries no height.
    slopes = [derivative_along(field.scalar, k + 1, field.metric_spacing[k]) for k in (0, 1)]
    carried = field.velocity[:, 0] * slopes[0] + field.velocity[:, 1] * slopes[1]
    size = np.linalg.norm(field.velocity, axis=1) * np.hypot(*slopes)
    assert np.nanmedian(np.abs(carried) / size) < 0.06
    assert 0.05 < np.nanmedian(np.linalg.norm(field.velocity, axis=1)) < 1.0
    maps = flow_map(GriddedFlow(field), at=0.0, over=3 * 86_400.0, tolerance=1e-3)
    found = ftle(maps[3 * 86_400.0]) * 86_400
    assert 0.0 < np.nanmedian(found) < 1.0
    assert maps.lost > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": [0.0, 0.0, 1.0]}, "times: entry 1"),
        ({"times": [0.0, np.nan, 1.0]}, "not finite"),
        ({"axes": (X[::-1], Y)}, "flip"),
        ({"axes": (X,)}, "two"),
        ({"velocity": np.zeros((3, 2, 9, 6))}, "velocity: shape"),
        ({"velocity": np.zeros((3, 1, 9, 7))}, "components"),
        ({"velocity": np.full((3, 2, 9, 7), np.nan)}, "every vector is missing"),
        ({"velocity": np.full((3, 2, 9, 7), np.inf)}, "infinite"),
        ({"velocity": np.full((3, 2, 9, 7), "a")}, "expected real numbers"),
        ({"velocity": [[1, 2], [3]]}, "unequal"),
        ({"scalar": np.zeros((3, 9))}, "scalar"),
        ({"periodic": (True,)}, "periodic"),
        ({"viscosity": -1.0}, "viscosity"),
        ({"on_sphere": True, "axes": (X, Y + 89.5)}, "on_sphere"),
    ],
)
def test_fields_that_cannot_be_are_refused_in_one_line(change, message):
    options = {"times": TIMES, "axes": (X, Y), "velocity": planar().velocity, **change}
    with pytest.raises(InputError, match=message) as caught:
        VelocityField(**options)
    assert "\n" not in str(caught.value)


def test_files_that_hold_no_velocity_say_what_they_hold(tmp_path):
    np.savez(tmp_path / "a.npz", pressure=np.zeros((3, 4)), x=X)
    with pytest.raises(InputError, match="no velocity found among pressure, x"):
        read_velocity(tmp_path / "a.npz")
    (tmp_path / "b.mat").write_bytes(b"not a mat file at all" * 20)
    with pytest.raises(InputError, match=r"b\.mat"):
        read_velocity(tmp_path / "b.mat")
    (tmp_path / "c.png").write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match="expected NetCDF"):
        read_velocity(tmp_path / "c.png")
    with pytest.raises(InputError, match="no such file"):
        read_velocity(tmp_path / "none.nc")
    with pytest.raises(InputError, match="empty list"):
        read_velocity([])
    np.savez(tmp_path / "d.npz", u=np.zeros((3, 7, 9)), v=np.zeros((3, 7, 9)), x=X, y=Y)
    with pytest.raises(InputError, match="3 frames and no times"):
        read_velocity(tmp_path / "d.npz")
    with pytest.raises(UnknownNameError):
        read_velocity(tmp_path / "d.npz", names={"u": "speed"})
    with pytest.raises(UnknownNameError):
        read_velocity(tmp_path / "d.npz", names={"speed": "u"})
