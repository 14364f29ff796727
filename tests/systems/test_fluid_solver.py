"""The pseudo-spectral solver against exact solutions, conservation laws and itself."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.systems.flows import Fluid, Jet
from inscape.systems.flows.march import March
from inscape.systems.flows.spectral import Box

CUBE = {"grid": (16, 16, 16), "box": (2 * np.pi,) * 3}


def test_waves_survive_the_way_to_the_grid_and_back():
    box = Box((12, 18, 10), (1.0, 2.0, 3.0))
    spectra = box.spectral(np.random.default_rng(0).standard_normal((2, 12, 18, 10)))
    again = box.spectral(box.physical(spectra))
    assert np.abs(again - spectra).max() < 1e-14
    assert spectra.shape == (2, 7, 11, 4)


def test_energy_in_waves_is_energy_on_the_grid():
    box = Box((12, 18, 10), (1.0, 2.0, 3.0))
    spectra = box.spectral(np.random.default_rng(0).standard_normal((3, 12, 18, 10)))
    assert box.mean_square(spectra) == pytest.approx((box.physical(spectra) ** 2).sum(axis=0).mean(), rel=1e-12)


def test_the_curl_is_that_of_the_formula():
    box = Box((12, 12, 12), (2 * np.pi,) * 3)
    fluid = Fluid(**CUBE, viscosity=0.1, start="abc")
    velocity, _ = fluid.initial_state()
    curl = fluid.box.physical(fluid.box.curl(fluid.box.spectral(velocity)))
    assert np.abs(curl - velocity).max() < 1e-13
    assert box.spacing[0] == pytest.approx(2 * np.pi / 12)


def _rotational_change(fields, lengths):
    """Spectra of u x curl u without its divergence and of -div(u c), by whole transforms and NumPy alone."""
    grid = fields.shape[1:]
    waves = [2 * np.pi / length * np.fft.fftfreq(n, 1 / n) for length, n in zip(lengths, grid, strict=True)]
    kx, ky, kz = np.meshgrid(waves[0], waves[1], np.abs(waves[2][: grid[2] // 2 + 1]), indexing="ij")
    u, v, w, c = np.fft.rfftn(fields, axes=(1, 2, 3), norm="forward")

    def to_grid(spectrum):
        return np.fft.irfftn(spectrum, s=grid, axes=(0, 1, 2), norm="forward")

    def to_waves(field):
        return np.fft.rfftn(field, norm="forward")

    x, y, z, s = map(to_grid, (u, v, w, c))
    p, q, r = map(to_grid, (1j * (ky * w - kz * v), 1j * (kz * u - kx * w), 1j * (kx * v - ky * u)))
    a, b, d = map(to_waves, (y * r - z * q, z * p - x * r, x * q - y * p))
    pressure = (kx * a + ky * b + kz * d) / np.maximum(kx**2 + ky**2 + kz**2, 1e-300)
    carried = -1j * (kx * to_waves(x * s) + ky * to_waves(y * s) + kz * to_waves(z * s))
    return np.stack([a - kx * pressure, b - ky * pressure, d - kz * pressure, carried])


@pytest.mark.parametrize("backend", ["scipy", "torch"])
@pytest.mark.parametrize("grid", [(12, 18, 10), (15, 14, 9)])
def test_the_change_is_that_of_the_rotational_form(grid, backend):
    if backend == "torch":
        pytest.importorskip("torch")
    lengths = (2.0, 3.0, 1.5)
    fluid = Fluid(grid=grid, box=lengths, viscosity=0.1, start="slab", noise=1.0, wavelength=1.0, backend=backend)
    march = March(fluid, np.concatenate([fluid.initial_state()[0], fluid.initial_state()[1][None]]))
    found = march.box.numpy(march.change(march.spectra))
    exact = _rotational_change(march.fields(), lengths)
    held = [np.concatenate([np.arange(k + 1), np.arange(-k, 0)]) for k in march.box.highest[:2]]
    kept = exact[:, held[0]][:, :, held[1]][..., : march.box.highest[2] + 1]
    assert np.abs(kept).max() > 0.1
    assert np.abs(found - kept).max() < 1e-12 * np.abs(kept).max()


def test_a_step_is_williamsons():
    fluid = Jet(grid=(12, 24, 12), box=(2.0, 4.0, 2.0), reynolds=50, schmidt=0.5, thickness=0.15)
    march = March(fluid, np.concatenate([fluid.initial_state()[0], fluid.initial_state()[1][None]]))
    state, register, step = march.spectra.copy(), 0.0, 1e-3
    rate = -march.box.squared * np.array([0.02, 0.02, 0.02, 0.04])[:, None, None, None]
    keeps, takes, lasts = (0, -5 / 9, -153 / 128), (1 / 3, 15 / 16, 8 / 15), (1 / 3, 5 / 12, 1 / 4)
    for keep, take, lasting in zip(keeps, takes, lasts, strict=True):
        register = keep * register + step * march.change(state)
        state = (state + take * register) * np.exp(rate * lasting * step)
        register = register * np.exp(rate * lasting * step)
    march.go_on_to(step)
    assert len(march.history) == 2
    assert np.abs(march.spectra - state).max() < 1e-14


def test_a_fluid_without_a_scalar_moves_alike():
    make = {"grid": (12, 24, 12), "box": (2.0, 4.0, 2.0), "reynolds": 50, "thickness": 0.15}
    alone = Jet(**make, scalar=False).simulate(times=[0.3])
    assert alone.scalar is None
    assert np.array_equal(alone.velocity, Jet(**make).simulate(times=[0.3]).velocity)
    assert Jet(**make, scalar=False).state_names == ("u", "v", "w")


@pytest.mark.parametrize("backend", ["scipy", "torch"])
def test_the_classical_scheme_is_of_fourth_order(backend):
    if backend == "torch":
        pytest.importorskip("torch")
    ends = {}
    for courant in (1.0, 0.5, 0.125):
        fluid = Fluid(**CUBE, viscosity=0.01, courant=courant, scheme="rk4", backend=backend)
        ends[courant] = fluid.simulate(times=[1.0]).velocity
    errors = [np.abs(ends[c] - ends[0.125]).max() for c in (1.0, 0.5)]
    assert errors[0] / errors[1] > 12.0


def test_the_abc_flow_decays_exactly():
    run = Fluid(**CUBE, viscosity=0.3, start="abc").run(times=[0.0, 0.5, 1.0])
    exact = run.field.velocity[0] * np.exp(-0.3)
    assert np.abs(run.field.velocity[2] - exact).max() / np.abs(exact).max() < 1e-6


def test_energy_is_lost_to_viscosity_alone():
    run = Fluid(grid=(24, 24, 24), box=(2 * np.pi,) * 3, viscosity=0.05, courant=0.5).run(times=[1.0])
    assert run.budget.imbalance < 1e-3
    assert run.budget.energy[-1] < run.budget.energy[0]


def test_velocity_stays_free_of_divergence_and_the_scalar_keeps_its_sum():
    jet = Jet(grid=(12, 24, 12), box=(2.0, 4.0, 2.0), reynolds=50, thickness=0.15)
    field = jet.simulate(times=[0.0, 0.5])
    spectra = jet.box.spectral(field.velocity[1])
    assert np.abs(jet.box.divergence(spectra)).max() < 1e-12
    assert field.scalar[1].mean() == pytest.approx(field.scalar[0].mean(), rel=1e-12)
    assert field.velocity[1, 0].mean() == pytest.approx(field.velocity[0, 0].mean(), rel=1e-12)


def test_the_scheme_is_of_third_order():
    ends = {}
    for courant in (0.5, 0.25, 0.0625):
        fluid = Fluid(**CUBE, viscosity=0.01, courant=courant)
        ends[courant] = fluid.simulate(times=[1.0]).velocity
    errors = [np.abs(ends[c] - ends[0.0625]).max() for c in (0.5, 0.25)]
    assert errors[0] / errors[1] > 6.0


def test_the_same_seed_gives_the_same_jet():
    make = {"grid": (12, 24, 12), "box": (2.0, 4.0, 2.0), "reynolds": 50, "thickness": 0.15}
    one, two, other = (Jet(**make, seed=s).simulate(times=[0.2]) for s in (1, 1, 2))
    assert np.array_equal(one.velocity, two.velocity)
    assert not np.allclose(one.velocity, other.velocity)


@pytest.mark.parametrize("start", ["mixing-layer", "slab", "taylor-green", "plane-jet", "abc"])
def test_every_initial_state_moves_and_loses_energy(start):
    fluid = Fluid(grid=(12, 24, 12), box=(2.0, 4.0, 2.0), viscosity=0.02, start=start, thickness=0.15)
    run = fluid.run(times=[0.1])
    assert np.isfinite(run.field.velocity).all()
    assert run.budget.energy[-1] < run.budget.energy[0]


def test_single_precision_agrees_with_double():
    make = {"grid": (12, 24, 12), "box": (2.0, 4.0, 2.0), "reynolds": 50, "thickness": 0.15}
    fine = Jet(**make).simulate(times=[0.3])
    rough = Jet(**make, precision="single").simulate(times=[0.3])
    assert rough.velocity.dtype == np.float32
    assert np.abs(fine.velocity - rough.velocity).max() < 1e-5


def test_torch_gives_the_numbers_of_scipy():
    pytest.importorskip("torch")
    make = {"grid": (12, 24, 12), "box": (2.0, 4.0, 2.0), "reynolds": 50, "thickness": 0.15}
    fine = Jet(**make).simulate(times=[0.3])
    other = Jet(**make, backend="torch").simulate(times=[0.3])
    assert np.abs(fine.velocity - other.velocity).max() < 1e-12
    assert np.abs(fine.scalar - other.scalar).max() < 1e-12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grid": (12, 12)}, "grid"),
        ({"grid": (12, 12.5, 12)}, "grid"),
        ({"box": (1.0, -1.0, 1.0)}, "box"),
        ({"viscosity": 0.0}, "viscosity"),
        ({"viscosity": "thin"}, "viscosity"),
        ({"schmidt": np.nan}, "schmidt"),
        ({"courant": 2.0}, "unstable"),
        ({"noise": -1.0}, "noise"),
    ],
)
def test_impossible_fluids_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Fluid(**{**CUBE, "viscosity": 0.1, **options})


def test_unknown_names_and_wrong_times_are_refused():
    with pytest.raises(UnknownNameError, match="plane-jet"):
        Fluid(**CUBE, viscosity=0.1, start="plain-jet")
    with pytest.raises(UnknownNameError):
        Fluid(**CUBE, viscosity=0.1, precision="half")
    with pytest.raises(UnknownNameError, match="rk4"):
        Fluid(**CUBE, viscosity=0.1, scheme="euler")
    fluid = Fluid(**CUBE, viscosity=0.1)
    for times in (None, [], [1.0, 0.5], [-1.0], [np.nan], "later"):
        with pytest.raises(InputError, match="times"):
            fluid.simulate(times=times)
    with pytest.raises(InputError, match="shapes"):
        fluid.simulate((np.zeros((3, 4, 4, 4)), np.zeros((4, 4, 4))), [1.0])
    with pytest.raises(InputError, match="reynolds"):
        Jet(reynolds=0)
