"""The zoo is complete, right, and quick to open."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import sympy

from inscape.errors import InputError, UnknownNameError
from inscape.studies.chaos_zoo.integration import published_sides
from inscape.systems import Flow, Map, zoo
from inscape.systems.definition import Definition, symbol

CHECKS = published_sides()
FLOWS = zoo.names("flow")
DELAYS = zoo.names("delay")
MAPS = zoo.names("map")

# Their tanh is so steep that it is written with kinks at its ends, which the record does not know.
STEEP = {"WindmiReduced", "BlinkingRotlet", "BlinkingVortex", "InteriorSquirmer", "LidDrivenCavityFlow"}


def points(name: str) -> tuple[np.ndarray, np.ndarray]:
    """States (point, state) and the published right-hand side there; for a delay law (now, past)."""
    rows = CHECKS[name]
    states = np.array([np.r_[row["x"], row.get("x_delayed", [])] for row in rows], dtype=float)
    return states, np.array([row["f"] for row in rows], dtype=float)


def tolerance(name: str) -> float:
    return 1e-6 if name in MAPS else 1e-9


def assert_matches(name: str, found: np.ndarray, published: np.ndarray) -> None:
    scale = np.max(np.abs(published), axis=-1, keepdims=True)
    assert np.max(np.abs(found - published) / scale) < tolerance(name), name


def with_the_past_as_a_state(name: str) -> Flow:
    """A delay law as a flow of (now, past), so that every back end can evaluate it at a given past."""
    law = zoo[name].definition
    past = symbol("past")
    side = law.expressions[0].replace(lambda e: e.func.__name__ == "delayed", lambda e: past)
    return Flow(Definition(name, ("x", "past"), (), law.parameters, (side, sympy.S.Zero)))


def compiled(name: str) -> Flow | Map:
    return with_the_past_as_a_state(name) if name in DELAYS else zoo[name]


def test_the_zoo_holds_129_equations_6_delays_and_23_maps():
    assert (len(FLOWS), len(DELAYS), len(MAPS)) == (129, 6, 23)
    assert len(zoo) == 158 == len(set(zoo)) == len(zoo.names())


@pytest.mark.parametrize("name", [*FLOWS, *MAPS])
def test_right_hand_sides_match_the_published_ones_in_numpy(name):
    states, published = points(name)
    assert_matches(name, zoo[name].rhs(states), published)


@pytest.mark.parametrize("name", DELAYS)
def test_delay_laws_match_the_published_ones_in_numpy(name):
    states, published = points(name)
    assert_matches(name, zoo[name].rhs(states[:, :1], delayed_states=states[:, 1:]), published)


def test_right_hand_sides_match_the_published_ones_in_torch():
    torch = pytest.importorskip("torch")
    for name in zoo:
        states, published = points(name)
        found = compiled(name).compile("torch")(torch.tensor(states, dtype=torch.float64)).numpy()
        assert_matches(name, found[:, : published.shape[1]], published)


def on_its_side(law: Definition, state: np.ndarray) -> Definition:
    """The smooth law that holds on the side of every kink on which `state` lies, as the switching integrator has it."""
    here = dict(zip((*law.states, *law.parameter_symbols), (*state, *law.parameters.values()), strict=True))

    def sign(u: sympy.Expr) -> int:
        return 1 if u.subs(here) > 0 else -1

    sides = [
        side.replace(sympy.Abs, lambda u: sign(u) * u)
        .replace(sympy.sign, lambda u: sympy.Integer(sign(u)))
        .replace(sympy.Heaviside, lambda u, *_: sympy.Integer(max(sign(u), 0)))
        .replace(sympy.Max, lambda *branches: max(branches, key=lambda b: b.subs(here)))
        .replace(sympy.Min, lambda *branches: min(branches, key=lambda b: b.subs(here)))
        for side in law.expressions
    ]
    return Definition(law.name, law.state_names, (), law.parameters, tuple(sides))


def heyoka_value(system: Flow, state: np.ndarray) -> np.ndarray:
    import heyoka as hy

    variables, sides = zip(*system.compile("heyoka"), strict=True)
    function = hy.cfunc(list(sides), list(variables), compact_mode=True)
    given = {"pars": system.parameter_values[: function.nparams]} if function.nparams else {}
    if function.is_time_dependent:
        given["time"] = 0.0
    return function(np.ascontiguousarray(state), **given)


def test_right_hand_sides_match_the_published_ones_in_heyoka():
    pytest.importorskip("heyoka")
    for name in (*FLOWS, *DELAYS):
        states, published = points(name)
        system = compiled(name)
        for state, rate in zip(states[:1], published[:1], strict=True):
            smooth = system if zoo.card(name).is_smooth else Flow(on_its_side(system.definition, state))
            assert_matches(name, heyoka_value(smooth, state)[: len(rate)], rate)


def test_the_checks_are_those_of_the_research_data(shared_data):
    records = {r["name"]: r for r in json.loads((shared_data / "22-chaos-zoo" / "systems.json").read_text())}
    assert set(records) == set(zoo)
    for name, record in records.items():
        assert record["rhs_checks"] == CHECKS[name]
        flat = {}
        for parameter, value in record["parameters"].items():
            array = np.asarray(value, dtype=float)
            for index in np.ndindex(array.shape):
                flat["_".join([parameter, *map(str, index)])] = float(array[index])
        assert dict(zoo[name].parameters) == flat
        if record["kind"] != "map":
            assert list(zoo[name].state_names) == record["states"]
            assert zoo.card(name).polynomial_degree == record["polynomial_degree"]
            assert bool(zoo.card(name).nonsmooth) == (bool(record["nonsmooth"]) or name in STEEP)
            assert zoo[name].period == record["period"]


def test_every_card_is_complete_and_agrees_with_its_system():
    for name in zoo:
        card, system = zoo.card(name), zoo[name]
        assert card.name == system.name == name
        assert card.citation
        assert card.description.endswith(".")
        assert card.fields
        assert card.state_names == system.state_names
        assert card.dimension == system.dimension
        assert dict(card.parameters) == dict(system.parameters)
        assert np.array_equal(card.initial, system.initial)
        assert np.isfinite(system.initial).all()
        assert card.period == system.period
        assert card.period > 0
        assert set(card.unbounded) <= set(card.state_names)
        assert len(card.bounded_view) in (0, card.dimension)
        if card.kind != "map":
            assert card.published.exponents or card.published.largest_exponent is not None


def test_descriptions_tell_systems_apart():
    descriptions = [zoo.card(name).description for name in zoo]
    assert len(set(descriptions)) == len(descriptions)


def test_polynomial_degrees_agree_with_the_derivatives():
    for name in FLOWS:
        system, degree = zoo[name], zoo.card(name).polynomial_degree
        if degree is not None:
            states = system.definition.states
            polynomials = [sympy.Poly(side, *states) for side in system.definition.expressions]
            assert max(p.total_degree() for p in polynomials) == degree
    assert sum(zoo.card(name).is_polynomial for name in FLOWS) == 83


def test_the_phase_of_a_forced_system_runs_like_a_clock():
    forced = [zoo[name] for name in zoo.search(forced=True)]
    assert len(forced) == 16
    rng = np.random.default_rng(0)
    for system in forced:
        speeds = system.rhs(rng.uniform(0.2, 0.8, (5, system.dimension)))[:, -1]
        assert np.ptp(speeds) == 0
        assert speeds[0] != 0
        assert zoo.card(system.name).phase == system.state_names[-1]


def test_kinks_in_a_law_are_declared():
    for name in FLOWS:
        assert zoo[name].is_smooth == zoo.card(name).is_smooth, name


def test_names_are_found_in_upper_and_lower_case():
    assert zoo["LORENZ"].name == zoo["lorenz"].name == "Lorenz"
    assert "chua" in zoo
    assert "nothing" not in zoo
    assert 3 not in zoo


def test_an_unknown_name_brings_the_three_nearest():
    with pytest.raises(UnknownNameError, match="Lorentz") as caught:
        zoo["Lorentz"]
    assert "Lorenz" in caught.value.nearest
    assert len(caught.value.nearest) == 3
    with pytest.raises(InputError, match="int"):
        zoo[3]


def test_the_search_meets_every_condition():
    assert zoo.search("lorenz", kind="flow", dimension=6) == ("LorenzCoupled",)
    assert set(zoo.search(kind="delay")) == set(DELAYS)
    assert "Chua" in zoo.search(smooth=False, field="circuits")
    assert "Chua" not in zoo.search(smooth=True)
    assert len(zoo.search(kind="flow", polynomial=True)) == 83
    assert set(zoo.search(polynomial=True)) | set(zoo.search(polynomial=False)) == set(zoo)
    assert "MackeyGlass" in zoo.search(fixed=True)
    assert "Lorenz" not in zoo.search(fixed=True)
    assert zoo.search("no such words") == ()


def test_a_search_for_what_is_not_there_says_so():
    with pytest.raises(UnknownNameError, match="ecology"):
        zoo.search(field="ecolgy")
    with pytest.raises(InputError, match="flow, delay, map"):
        zoo.search(kind="ode")


def test_chaotic_and_regular_systems_are_told_apart_by_the_audit():
    chaotic, regular = zoo.search(chaotic=True), zoo.search(chaotic=False)
    assert {"Lorenz", "Rossler", "Henon", "Chua"} <= set(chaotic)
    assert {"Torus", "MackeyGlass", "PanXuZhou"} <= set(regular)
    assert not set(chaotic) & set(regular)


def test_the_audit_covers_the_zoo_and_its_variants():
    for name in zoo.names(variants=True):
        card = zoo.card(name)
        assert card.verdict in {"chaotic", "hyperchaotic", "not chaotic", "unresolved"}, name
    lorenz = zoo.card("Lorenz").audited
    assert abs(lorenz.largest_exponent - 0.9056) < 3 * lorenz.errors[0] + 1e-3
    assert abs(sum(lorenz.exponents) + 10 + 1 + 2.667) < 1e-3


def test_audited_dimensions_of_well_known_attractors_agree_with_the_literature():
    # Grassberger & Procaccia (1983): Lorenz 2.05 +- 0.01, Henon 1.21 +- 0.01.
    assert zoo.card("Lorenz").audited.correlation_dimension == pytest.approx(2.05, abs=0.05)
    assert zoo.card("Henon").audited.correlation_dimension == pytest.approx(1.21, abs=0.03)
    assert zoo.card("Lorenz").audited.kaplan_yorke == pytest.approx(2.062, abs=0.003)
    assert zoo.card("Rossler").audited.kaplan_yorke == pytest.approx(2.013, abs=0.003)


def test_audited_exponents_of_flows_with_constant_divergence_add_up_to_it():
    tested = 0
    for name in FLOWS:
        audited, definition = zoo.card(name).audited, zoo[name].definition
        numbers = dict(zip(definition.parameter_symbols, definition.parameters.values(), strict=True))
        if zoo.card(name).is_polynomial and len(audited.exponents) == len(definition.states):
            divergence = sympy.expand(definition.divergence.subs(numbers))
            if divergence.is_number:
                # Exponents are kept to six digits.
                largest = max(map(abs, audited.exponents))
                assert sum(audited.exponents) == pytest.approx(float(divergence), abs=1e-5 * max(largest, 1)), name
                tested += 1
    assert tested > 40


def test_jacobians_match_central_differences_between_the_jumps():
    for name in (*FLOWS, *MAPS):
        system, state = zoo[name], points(name)[0][-1]
        steps = np.diag(1e-6 * np.maximum(np.abs(state), 1e-3))
        differences = (system.rhs(state + steps) - system.rhs(state - steps)).T / (2 * np.diag(steps))
        scale = np.max(np.abs(differences)) + 1e-12
        assert np.max(np.abs(system.jacobian(state) - differences)) < 1e-4 * scale, name


@pytest.mark.parametrize("name", [v.name for n in zoo for v in zoo.card(n).variants])
def test_variants_stand_beside_the_published_form(name):
    variant = next(v for n in zoo for v in zoo.card(n).variants if v.name == name)
    system = zoo[variant.of, variant.label]
    assert system == zoo[name] == zoo.variant(variant.of)
    assert system.name == name
    assert np.isfinite(system.rhs(system.initial)).all()
    assert variant.largest_exponent > 3 * variant.error > 0
    changed = {k: v for k, v in system.parameters.items() if zoo[variant.of].parameters.get(k) != v}
    assert changed or variant.initial is not None


def test_a_variant_that_does_not_exist_is_refused_with_its_reason():
    with pytest.raises(InputError, match="fixed=True"):
        zoo.variant("Lorenz")
    with pytest.raises(UnknownNameError, match="chaotic"):
        zoo["MackeyGlass", "periodic"]


def energy(th1, th2, p1, p2, g=9.81):
    """Of the double pendulum of unit masses and rods."""
    delta = th1 - th2
    kinetic = (p1**2 + 2 * p2**2 - 2 * p1 * p2 * np.cos(delta)) / (2 * (1 + np.sin(delta) ** 2))
    return kinetic - 2 * g * np.cos(th1) - g * np.cos(th2)


def energy_gain(system, state):
    """dH/dt along the law, by central differences of the energy."""
    rate, step = system.rhs(state), 1e-6
    return (energy(*(state + step * rate)) - energy(*(state - step * rate))) / (2 * step)


def test_the_mended_double_pendulum_conserves_energy_and_the_published_one_does_not():
    state = np.array([0.6, 1.1, 0.8, -0.5])
    assert abs(energy_gain(zoo["DoublePendulum", "conservative"], state)) < 1e-7
    assert energy_gain(zoo["DoublePendulum"], state) == pytest.approx(0.233, abs=1e-3)


def test_the_mended_friction_vanishes_with_the_slip():
    system = zoo["StickSlipOscillator", "consistent"].with_parameters(gamma=0.0, t0=0.0)
    at_belt_speed = np.array([0.0, system.parameters["vs"], 0.0])
    assert system.rhs(at_belt_speed)[1] == 0
    published = zoo["StickSlipOscillator"].with_parameters(gamma=0.0, t0=0.0)
    assert published.rhs(at_belt_speed)[1] != 0


def test_opening_the_zoo_does_not_load_sympy_and_a_system_loads_only_its_file():
    script = """
import sys
from inscape.systems import zoo
zoo.search(polynomial=True, dimension=3); zoo.card("Chua")
assert "sympy" not in sys.modules
zoo["Chua"]
rooms = [m for m in sys.modules if m.startswith("inscape.systems.zoo.")]
assert set(rooms) == {"inscape.systems.zoo." + m for m in ("cards", "collection", "circuits")}, rooms
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("name", ["WindmiReduced", "BlinkingVortex"])
def test_a_long_step_ends_where_short_ones_do_though_the_threshold_is_steep(name):
    from inscape.systems.integrator import Integrator

    flow = zoo[name]
    for part in range(4):
        at_once, in_pieces = Integrator(flow), Integrator(flow)
        start = flow.simulate(times=[0.0, (0.3 + part) * flow.period]).states[-1]
        at_once.state = in_pieces.state = start
        at_once.advance(flow.period)
        for _ in range(256):
            in_pieces.advance(flow.period / 256)
        np.testing.assert_allclose(at_once.state, in_pieces.state, rtol=1e-7, atol=1e-9)
