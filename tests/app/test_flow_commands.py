"""`inscape flow ...` on small fields: what it prints, writes and refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inscape.app.cli import main
from inscape.systems.flows import Jet, double_gyre
from inscape.trajectories.velocity_fields import VelocityField, read_velocity


@pytest.fixture(scope="module")
def gyre_file(tmp_path_factory):
    axes = (np.linspace(0, 2, 41), np.linspace(0, 1, 21))
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    times = np.linspace(0, 5, 21)
    velocity = np.stack([np.moveaxis(double_gyre().rhs(nodes, t), -1, 0) for t in times])
    path = tmp_path_factory.mktemp("flow") / "gyre.nc"
    VelocityField(times, axes, velocity).to_xarray().to_netcdf(path, engine="scipy")
    return path


@pytest.fixture(scope="module")
def jet_file(tmp_path_factory):
    jet = Jet(grid=(16, 32, 12), box=(2.0, 4.0, 1.5), reynolds=100, thickness=0.12, noise=0.2)
    path = tmp_path_factory.mktemp("flow") / "jet.nc"
    jet.simulate(times=[0.0, 0.3, 0.6]).to_xarray().to_netcdf(path, engine="scipy")
    return path


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    return left.value.code


def test_ftle_both_ways_goes_to_terminal_file_and_page(gyre_file, tmp_path, capsys):
    page, out = tmp_path / "ftle.html", tmp_path / "ftle.nc"
    assert run("flow", "ftle", gyre_file, "--over", "-2,2", "--steps", 20, "--report", page, "--out", out) == 0
    said = capsys.readouterr().out
    assert "median FTLE" in said
    assert "lost particles" in said
    assert "backward FTLE, T = -2" in page.read_text()
    import xarray

    with xarray.open_dataset(out, engine="scipy") as fields:
        assert fields["ftle_0"].shape == (41, 21)
        assert fields["ftle_0"].attrs["duration"] == -2.0


def test_json_is_for_programs(gyre_file, capsys):
    assert run("flow", "ftle", gyre_file, "--at", 1, "--over", "3", "--steps", 20, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["FTLE in 1/time"]
    assert rows[0]["duration"] == 3.0
    assert rows[0]["median FTLE"] > 0


def test_barriers_of_a_plane_are_level_curves(gyre_file, tmp_path, capsys):
    page = tmp_path / "barriers.html"
    assert run("flow", "barriers", gyre_file, "--over", "0,2", "--at", 1, "--steps", 10, "--report", page) == 0
    assert "level curves" in capsys.readouterr().out
    assert "mean vorticity along the path" in page.read_text()


def test_an_interface_is_found_and_audited(jet_file, tmp_path, capsys):
    page, out = tmp_path / "interface.html", tmp_path / "interface.nc"
    arguments = ("--periodic", "x,y,z", "--even-along", "x,z", "--viscosity", 0.01, "--at", 0.3)
    assert run("flow", "interface", jet_file, *arguments, "--report", page, "--out", out) == 0
    said = capsys.readouterr().out
    assert "Taylor scale" in said
    assert "vorticity" in said
    assert "4 clusters" in said
    assert "signed distance to the interface" in page.read_text()


def test_a_jet_is_simulated_and_can_be_read_again(tmp_path, capsys):
    path = tmp_path / "small.nc"
    arguments = ("--grid", "12,24,12", "--box", "2,4,2", "--reynolds", 50, "--times", "0,0.1,2")
    assert run("flow", "jet", path, *arguments) == 0
    assert "energy balanced" in capsys.readouterr().out
    field = read_velocity(path)
    assert field.shape == (12, 24, 12)
    assert field.scalar is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--over", "100"], "longest forward"),
        (["--over", "soon"], "over"),
        (["--at", "77"], "record runs"),
        (["--names", "u"], "pairs"),
        (["--names", "u=nothing"], "nothing"),
        (["--periodic", "q"], "periodic"),
        (["--mask", "absent"], "absent"),
        (["--order", "xx"], "order"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(gyre_file, capsys, arguments, message):
    assert run("flow", "ftle", gyre_file, *arguments) == 2
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said


def test_a_file_without_a_scalar_has_no_interface(gyre_file, capsys):
    assert run("flow", "interface", gyre_file) == 2
    assert "no scalar" in capsys.readouterr().err
    assert run("flow", "ftle", "nowhere.nc") == 2
    assert "no such file" in capsys.readouterr().err


def test_a_field_that_was_written_here_is_read_with_its_periods_and_viscosity(jet_file, tmp_path, capsys):
    field = read_velocity(jet_file)
    assert field.periodic == (True, True, True)
    assert field.viscosity == pytest.approx(0.01)
    assert read_velocity(jet_file, periodic=False, viscosity=1.0).periodic == (False, False, False)
    assert run("flow", "ftle", jet_file, "--at", 0.3, "--over", "0.3", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["FTLE in 1/time"][0]["lost particles"] == 0
    assert any("as the file says" in note for note in found["notes"])


def test_a_mask_that_is_not_used_is_told_and_one_of_another_shape_refused(tmp_path, capsys):
    x, y, t = np.linspace(0, 2, 9), np.linspace(0, 1, 7), np.arange(3.0)
    u = np.ones((3, 7, 9))
    np.savez(tmp_path / "piv.npz", u=u, v=0 * u, x=x, y=y, t=t, isValid=u)
    assert any("isValid may be a mask" in note for note in read_velocity(tmp_path / "piv.npz").notes)
    assert not any("may be" in note for note in read_velocity(tmp_path / "piv.npz", mask="isValid").notes)
    np.savez(tmp_path / "bad.npz", u=u, v=0 * u, x=x, y=y, t=t, isValid=u[:, :5])
    assert run("flow", "ftle", tmp_path / "bad.npz", "--over", 1, "--mask", "isValid") == 2
    assert "isValid has shape (3, 5, 9)" in capsys.readouterr().err
    np.savez(tmp_path / "odd.npz", u=u, v=u[:, :5], x=x, y=y, t=t)
    assert run("flow", "ftle", tmp_path / "odd.npz", "--over", 1) == 2
    said = capsys.readouterr().err
    assert "u (3, 7, 9), v (3, 5, 9)" in said
    assert "Traceback" not in said


def test_nothing_is_computed_for_a_place_that_is_not_there(gyre_file, tmp_path, capsys):
    assert run("flow", "ftle", gyre_file, "--over", 1, "--out", tmp_path / "nowhere" / "ftle.nc") == 2
    assert "does not exist; make it first" in capsys.readouterr().err
