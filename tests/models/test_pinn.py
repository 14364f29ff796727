"""Physics-informed networks: jets are derivatives, constraints hold whatever the weights, training is kept."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models.pinn.constraints import Sphere, base_parts, surface_modes, volume_nodes
from inscape.models.pinn.gradient_pathology import initial_weights, values
from inscape.systems.battery import SingleParticle, nmc_graphite

torch = pytest.importorskip("torch")

from inscape.models.pinn import HierarchicalPINN, Level  # noqa: E402
from inscape.models.pinn.jet_net import fields, potentials  # noqa: E402
from inscape.models.pinn.particle_equations import ParticleEquations, TorchCurve  # noqa: E402

BOX = {"i0_a": (0.5, 4.0), "ds_c": (1.0, 10.0)}
ROWS = np.array([[0.6, 1.2], [3.0, 7.0]])


@pytest.fixture(scope="module")
def cell():
    return SingleParticle(nmc_graphite(), c_rate=2)


@pytest.fixture(scope="module")
def weights():
    return initial_weights(2, 2, 2, 20, np.random.default_rng(0), zero_heads=False)


def test_the_network_has_the_published_number_of_weights(weights):
    # Two trunks and four gated heads of width 20.
    assert sum(w.size for w in weights.values()) == 80 + 440 + 4 * (5 * 420 + 21)


def test_a_jet_is_the_network_s_value_and_its_derivatives(weights):
    tensors = {n: torch.tensor(w) for n, w in weights.items()}
    time, unit = np.array([0.3, 0.7]), np.array([[0.1, -0.4], [0.9, 0.2]])
    radius = np.array([0.2, 0.5, 1.0])
    jets = fields(tensors, torch.tensor(time), torch.tensor(np.tile(radius, (2, 1))), torch.tensor(unit), 1350.0, 2)
    step = 1e-4

    def at(dt: float, dr: float) -> np.ndarray:
        return values(weights, time + dt, radius + dr, unit, (0, 1), True)

    middle = at(0, 0)
    for head in (0, 1):
        jet = jets[head].numpy()
        assert jet[0] == pytest.approx(middle[head], abs=1e-12)
        assert jet[1] == pytest.approx((at(0, step) - at(0, -step))[head] / (2 * step), abs=1e-5)
        assert jet[2] == pytest.approx((at(0, step) - 2 * middle + at(0, -step))[head] / step**2, abs=1e-4)
        assert jet[3] == pytest.approx((at(step, 0) - at(-step, 0))[head] / (2 * step) / 1350.0, abs=1e-7)
    heads = potentials(tensors, torch.tensor(time), torch.tensor(unit), 2, 2)
    assert heads[1].numpy() == pytest.approx(values(weights, time, np.ones(1), unit, (3,), False)[0, :, 0], abs=1e-12)


def test_a_curve_on_tensors_is_the_curve_and_its_derivative(cell):
    curve = cell.cell.cathode.potential
    x = np.linspace(0.3, 0.9, 50)
    value, slope = TorchCurve(curve)(torch.tensor(x))
    assert value.numpy() == pytest.approx(curve(x), abs=1e-12)
    assert slope.numpy() == pytest.approx((curve(x + 1e-6) - curve(x - 1e-6)) / 2e-6, rel=1e-4, abs=1e-5)


def test_gauss_s_rule_is_exact_for_means_over_a_sphere():
    squared, weight = volume_nodes()
    for power in range(11):
        assert weight @ squared**power == pytest.approx(3 / (2 * power + 3), rel=1e-12)


def test_the_modes_together_are_the_steady_profile():
    squared = np.array([0.2, 0.5, 0.8])
    value, slope, bend, squares = surface_modes(squared)
    assert value.sum(axis=0) == pytest.approx(0.5 * squared - 0.3, abs=2e-3)
    step = 1e-4
    up, down = surface_modes(squared + step)[0], surface_modes(squared - step)[0]
    assert slope[:6] == pytest.approx(((up - down) / (2 * step))[:6], rel=1e-3, abs=1e-6)
    assert bend[:4] == pytest.approx(((up - 2 * value + down) / step**2)[:4], rel=1e-2, abs=1e-3)
    assert np.sqrt(squares[0]) == pytest.approx(4.493409457909064)


@pytest.mark.parametrize("kind", ["plain", "mean", "parabolic", "modes"])
def test_a_base_s_derivatives_are_its_own_and_its_mean_is_that_of_the_charge(cell, kind):
    electrode = cell.cell.cathode
    scale = electrode.radius**-2
    curve = TorchCurve(electrode.diffusivity, scale)

    def parts(time: float, squared: np.ndarray):
        sphere = Sphere(*(torch.tensor([v], dtype=torch.float64) for v in (-9e-5, 2.0, 0.39)))
        at = torch.tensor(squared)[None]
        return [
            np.broadcast_to(p.numpy(), (1, len(squared)))[0]
            for p in base_parts(torch, kind, sphere, torch.tensor([time], dtype=torch.float64), at, curve)
        ]

    squared, weight = volume_nodes()
    value, slope, bend, change = parts(200.0, squared)
    assert slope == pytest.approx((parts(200.0, squared + 1e-5)[0] - parts(200.0, squared - 1e-5)[0]) / 2e-5, abs=1e-6)
    assert bend == pytest.approx((parts(200.0, squared + 1e-5)[1] - parts(200.0, squared - 1e-5)[1]) / 2e-5, abs=1e-5)
    assert change == pytest.approx((parts(201.0, squared)[0] - parts(199.0, squared)[0]) / 2, abs=1e-8)
    if kind != "plain":
        assert weight @ value == pytest.approx(0.39 + 3 * 9e-5 * 200.0, abs=1e-12)


@pytest.mark.parametrize("levels", [("mean", "net"), ("parabolic", "net", "net"), ("modes", "net")])
def test_no_weights_can_lose_lithium_on_a_conserving_base(cell, levels):
    model = HierarchicalPINN(cell, BOX, levels, most_steps=2, budget=5.0).fit()
    random = np.random.default_rng(1)
    for level in model.trained_:
        for name in level.weights:
            level.weights[name][...] += random.standard_normal(level.weights[name].shape)
    squared, weight = volume_nodes()
    found = model.profiles(ROWS, np.sqrt(squared))
    exact = cell.mean_stoichiometries(dict(zip(BOX, ROWS.T, strict=True)), model.times)
    # Six nodes see the highest modes of the first seconds only roughly; these have decayed by 100 s.
    late = model.times >= 100.0
    for ours, charge in zip(found, exact, strict=True):
        assert np.abs(ours @ weight - charge)[:, late].max() < 1e-9


@pytest.mark.parametrize(
    "options",
    [{"levels": ("plain", "net")}, {"levels": ("mean", "net")}, {"levels": ("plain", "net"), "potentials": "learned"}],
)
def test_the_state_at_the_start_is_exact_whatever_the_weights(cell, options):
    model = HierarchicalPINN(cell, BOX, most_steps=2, budget=5.0, seed=3, **options).fit()
    anode, cathode = model.profiles(ROWS, np.linspace(0, 1, 5))
    assert anode[:, 0] == pytest.approx(0.91, abs=1e-12)
    assert cathode[:, 0] == pytest.approx(0.39, abs=1e-12)
    kinetics = "linear" if options.get("potentials") == "learned" else "full"
    exact = SingleParticle(cell.cell, c_rate=2, kinetics=kinetics).voltages(dict(zip(BOX, ROWS.T, strict=True)), [0.0])
    assert model(ROWS)[:, 0] == pytest.approx(exact[:, 0], abs=1e-9)


def test_the_residuals_of_the_exact_solution_vanish(cell):
    """On a constant diffusivity the modes are the solution, so an untrained network has next to no residual."""
    from inscape.systems.battery import straight_lines

    line = SingleParticle(straight_lines(), c_rate=2)
    model = HierarchicalPINN(line, {"ds_c": (1.0, 2.0)}, ("modes", "net"))
    equations = ParticleEquations(model, (), model.levels[0], np.random.default_rng(0))
    points = equations.draw(40, 1.0)
    late = type(points)(points.time.clamp(min=20.0), points.unit, points.rows, points.radius)
    weights = {n: torch.tensor(w) for n, w in model._fresh(0).items()}
    for kind in equations.residuals(weights, late):
        assert float(kind.abs().max()) < 1e-6


def test_training_lowers_the_loss_and_the_voltage_s_error(cell):
    from inscape.models.operator_surrogate.rungs import errors_mV, exact_curves

    model = HierarchicalPINN(cell, BOX, ("mean", "net"), budget=30.0, most_steps=60, finish="none", rate=3e-3)
    truth = exact_curves(cell, BOX, ROWS, model.times)
    before = errors_mV(model(ROWS), truth, model.times)[0]
    model.fit()
    assert errors_mV(model(ROWS), truth, model.times)[0] < 0.7 * before
    losses = [loss for _, loss in model.history_[0]]
    assert losses[-1] < losses[0]


def test_a_training_is_kept_and_taken_up(cell, tmp_path):
    file = tmp_path / "kept.npz"
    options = {"budget": 0.5, "most_steps": 3, "checkpoint": file}
    first = HierarchicalPINN(cell, BOX, ("mean", "net"), **options).fit()
    kept = HierarchicalPINN(cell, BOX, ("mean", "net"), **options | {"budget": 1e-9}).fit()
    assert np.array_equal(first(ROWS), kept(ROWS))
    assert kept.seconds_ == pytest.approx(first.seconds_)
    longer = HierarchicalPINN(cell, BOX, ("mean", "net"), **options | {"budget": 60.0}).fit()
    assert longer.seconds_ > first.seconds_
    with pytest.raises(InputError, match="another model"):
        HierarchicalPINN(cell, BOX, ("parabolic", "net"), **options).fit()
    file.write_text("nothing")
    with pytest.raises(InputError, match="checkpoint"):
        HierarchicalPINN(cell, BOX, ("mean", "net"), **options).fit()


def test_levels_stand_on_one_another(cell):
    reference = {"i0_a": 0.5, "ds_c": 1.0}
    levels = ("plain", Level(reference=reference, until=300.0), Level())
    model = HierarchicalPINN(cell, BOX, levels, budget=2.0, most_steps=3, tau=100.0).fit()
    assert len(model.trained_) == 2
    assert model.begins == [0.0, 300.0, 0.0]
    early = model.times <= 300.0
    only_first = HierarchicalPINN(cell, BOX, levels[:2], times=model.times, tau=100.0)
    only_first.trained_ = model.trained_[:1]
    # Until the threshold the second level changes nothing.
    assert np.array_equal(model(ROWS)[:, early], only_first(ROWS)[:, early])


@pytest.mark.parametrize(
    ("base", "finish", "weighting"),
    [("mean", "lbfgs", "annealed"), ("modes", "gauss-newton", "attention"), ("plain", "gauss-newton", "fixed")],
)
def test_every_schedule_trains(cell, base, finish, weighting):
    model = HierarchicalPINN(
        cell, BOX, (base, "net"), budget=3.0, most_steps=3, groups=8, finish=finish, weighting=weighting, window=True
    ).fit()
    assert np.isfinite(model(ROWS)).all()


def test_the_published_network_trains_on_the_radius_with_learned_potentials(cell):
    model = HierarchicalPINN.as_published(cell, BOX, budget=2.0, most_steps=3).fit()
    assert model.coordinate == "r"
    assert np.isfinite(model(ROWS)).all()


def test_bad_input_is_answered_in_one_line(cell):
    with pytest.raises(InputError, match="first"):
        HierarchicalPINN(cell, BOX, ("net",))
    with pytest.raises(InputError, match="Level"):
        HierarchicalPINN(cell, BOX, ("mean", "network"))
    with pytest.raises(InputError, match="coordinate"):
        HierarchicalPINN(cell, BOX, ("mean", "net"), coordinate="r")
    for budget in ("five minutes", -1.0, float("nan")):
        with pytest.raises(InputError, match="budget"):
            HierarchicalPINN(cell, BOX, budget=budget)
    with pytest.raises(InputError, match="outside the box"):
        HierarchicalPINN(cell, BOX)(np.array([[9.0, 2.0]]))
    with pytest.raises(InputError, match="reference"):
        HierarchicalPINN(cell, BOX, ("plain", Level(reference={"i0_a": 1.0}))).fit()
