"""One law in all its forms: they must say the same at any point."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError, UnknownNameError
from inscape.systems import Flow, Map, zoo
from inscape.systems.heyoka_backend import KINKS
from inscape.systems.symbols import Abs, Max, Min, Piecewise, exp, floor, heaviside, log, modulo, sign, sqrt, t, tanh

ODES = zoo.names("flow")
MAPS = zoo.names("map")
LARGE = {"BlinkingRotlet", "BlinkingVortex", "LidDrivenCavityFlow", "InteriorSquirmer", "OscillatingFlow"}
FEW = ["Lorenz", "Thomas", "HindmarshRose", "Colpitts", "SprottMore", "Chua", "Torus", "CellCycle", "ForcedBrusselator"]


@Flow
def everything(x, y, *, n=3, k=0.7, u):
    return (
        tanh(x) ** n / (1 + y**2) + sqrt(1 + x**2) ** -3 + sympy.pi * u - t * Abs(y) ** 2.5,
        Max(x, y, 0) - Min(x, k) * sign(y) + heaviside(x - k) + modulo(x, 1.5) + floor(y) + exp(-k) * log(3),
    )


def points(system, count=5):
    rng = np.random.default_rng(7)
    return system.initial + 0.2 * np.maximum(np.abs(system.initial), 0.5) * rng.uniform(
        -1, 1, (count, system.dimension)
    )


def finite_rows(states, *values):
    keep = np.isfinite(values[0]).all(axis=-1)
    return states[keep], *(v[keep] for v in values)


def plain_value(system, state):
    """The slow, obvious value: numbers put into the symbols."""
    definition = system.definition
    numbers = dict(zip(definition.states, map(float, state), strict=True))
    numbers |= dict(zip(definition.parameter_symbols, definition.parameters.values(), strict=True)) | {t: 0.0}
    return [float(sympy.N(e.subs(numbers))) for e in definition.expressions]


def heyoka_value(system, states):
    import heyoka as hy

    pairs = system.compile("heyoka")
    function = hy.cfunc([side for _, side in pairs], [variable for variable, _ in pairs], compact_mode=True)
    arguments = {"pars": system.parameter_values[: function.nparams]} if function.nparams else {}
    arguments |= {"time": 0.0} if function.is_time_dependent else {}
    return np.array([function(x, **arguments) for x in states])


@pytest.mark.parametrize("name", FEW)
def test_numpy_values_are_those_of_the_symbols(name):
    system = zoo[name]
    states = points(system, 2)
    np.testing.assert_allclose(system.rhs(states), [plain_value(system, x) for x in states], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", FEW[:4])
def test_numba_values_are_those_of_numpy(name):
    system = zoo[name]
    kernel = system.compile("numba")
    states = points(system)
    out = np.empty(system.dimension)
    for x in states:
        kernel(x, system.parameter_values, 0.0, out)
        np.testing.assert_allclose(out, system.rhs(x), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", [n for n in ODES if n not in LARGE])
def test_heyoka_values_are_those_of_numpy(name):
    system = zoo[name]
    if any(e.has(*KINKS) for e in system.definition.expressions):
        with pytest.raises(InputError, match="kink"):
            system.compile("heyoka")
        return
    states, expected = finite_rows(points(system), system.rhs(points(system)))
    np.testing.assert_allclose(heyoka_value(system, states), expected, rtol=1e-9, atol=1e-11)


def test_torch_values_are_those_of_numpy_on_the_whole_zoo():
    torch = pytest.importorskip("torch")
    for name in [*ODES, *MAPS]:
        system = zoo[name]
        states, expected = finite_rows(points(system), system.rhs(points(system)))
        values = system.compile("torch")(torch.tensor(states, dtype=torch.float64)).numpy()
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-11, err_msg=name)


def test_python_source_runs_on_its_own_and_agrees_on_the_whole_zoo():
    for name in [*ODES, *MAPS]:
        system = zoo[name]
        scope: dict = {}
        exec(system.python(), scope)
        function = next(v for k, v in scope.items() if callable(v) and getattr(v, "__module__", "") != "numpy")
        for x in points(system, 2):
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(function(0.0, x), system.rhs(x), rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("name", ["Lorenz", "Rossler", "Finance", "Henon"])
def test_julia_source_reads_as_the_same_arithmetic(name):
    system = zoo[name]
    text = system.julia()
    assert text.rstrip().count("function") == 1
    rows = [line.split(" = ", 1)[1] for line in text.splitlines() if line.strip().startswith("d[")]
    names = {**system.parameters, "exp": math.exp, "sin": math.sin, "cos": math.cos, "abs": abs, "sqrt": math.sqrt}
    x = points(system, 1)[0]
    scope = {**names, **dict(zip(system.state_names, x, strict=True))}
    values = [eval(row.replace("^", "**"), {}, scope) for row in rows]
    np.testing.assert_allclose(values, system.rhs(x), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=2), st.floats(-2, 2), st.floats(0, 2))
def test_every_function_means_the_same_in_every_form(state, drive, time):
    torch = pytest.importorskip("torch")
    states, inputs = np.array([state]), np.array([[drive]])
    x, y = state
    k, n = 0.7, 3
    expected = [
        math.tanh(x) ** n / (1 + y * y) + (1 + x * x) ** -1.5 + math.pi * drive - time * abs(y) ** 2.5,
        max(x, y, 0) - min(x, k) * np.sign(y) + (x - k > 0) + x % 1.5 + math.floor(y) + math.exp(-k) * math.log(3),
    ]
    out = np.empty(2)
    everything.compile("numba")(states[0], np.array([n, k, drive]), time, out)
    np.testing.assert_allclose(everything.rhs(states, time, inputs)[0], expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)
    tensors = (torch.tensor(states), time, torch.tensor(inputs))
    np.testing.assert_allclose(everything.compile("torch")(*tensors).numpy()[0], expected, rtol=1e-12, atol=1e-12)


def test_leading_axes_are_kept_and_constants_fill_them():
    @Flow
    def mixed(x, y, *, c=2.0):
        return c, x * y

    values = mixed.rhs(np.ones((4, 5, 2)))
    assert values.shape == (4, 5, 2)
    np.testing.assert_array_equal(values[..., 0], 2.0)
    assert mixed.rhs([1.0, 3.0]).tolist() == [2.0, 3.0]
    assert mixed.jacobian(np.ones((4, 2))).shape == (4, 2, 2)
    assert mixed.rhs(np.ones((0, 2))).shape == (0, 2)


def test_time_may_be_one_number_for_each_state():
    @Flow
    def clocked(x):
        return x * t

    np.testing.assert_array_equal(clocked.rhs(np.ones((3, 1)), time=np.arange(3.0))[:, 0], [0, 1, 2])


def test_the_jacobian_is_the_slope_of_the_right_hand_side():
    system = zoo["Lorenz"]
    x, step = system.initial, 1e-6
    columns = [(system.rhs(x + step * e) - system.rhs(x - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(system.jacobian(x), np.array(columns).T, atol=1e-7)


def test_torch_gradients_flow_to_states_and_to_parameters():
    torch = pytest.importorskip("torch")
    system = zoo["Lorenz"]
    law = system.compile("torch")
    states = torch.tensor(points(system), requires_grad=True)
    jacobian = torch.func.vmap(torch.func.jacrev(law))(states)
    np.testing.assert_allclose(jacobian.detach().numpy(), system.jacobian(points(system)), rtol=1e-12)
    rho = torch.tensor(28.0, dtype=torch.float64, requires_grad=True)
    law(states, parameters={"rho": rho})[..., 1].sum().backward()
    assert rho.grad.item() == pytest.approx(points(system)[:, 0].sum())


def test_torch_keeps_the_type_of_its_states():
    torch = pytest.importorskip("torch")
    assert zoo["Thomas"].compile("torch")(torch.ones(2, 3, dtype=torch.float32)).dtype == torch.float32


def test_latex_names_every_state_and_map_steps():
    assert r"\dot{x} &= \sigma \left(y - x\right)" in zoo["Lorenz"].latex()
    assert "x_{n+1} &=" in zoo["Henon"].latex()


def test_polynomial_terms_are_the_law_multiplied_out():
    @Flow
    def quartic(x, y, *, a=2.0, n=2, gone=0.0):
        return a * (x + y) ** n + gone * x, 3

    terms = quartic.polynomial_terms()
    assert terms == {"x": {(0, 2): 2.0, (1, 1): 4.0, (2, 0): 2.0}, "y": {(0, 0): 3.0}}
    assert zoo["Lorenz"].polynomial_terms()["z"] == {(0, 0, 1): -2.667, (1, 1, 0): 1.0}
    for law in (lambda x: sympy.sin(x), lambda x: 1 / x, lambda x: Abs(x), lambda x: x * t, lambda x: x**0.5):
        assert Flow(law, name="other").polynomial_terms() is None


@pytest.mark.parametrize("name", ["Lorenz", "Rossler", "SprottA", "Hadley", "LorenzStenflo"])
def test_polynomial_terms_give_back_the_right_hand_side(name):
    system = zoo[name]
    states = points(system)
    terms = system.polynomial_terms()
    values = [
        sum(c * np.prod(states ** np.array(powers), axis=1) for powers, c in terms[s].items())
        for s in system.state_names
    ]
    np.testing.assert_allclose(np.array(values).T, system.rhs(states), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("states", "words"),
    [(np.ones(2), r"expected \(\.\.\., 3\)"), (1.0, "shape"), ("abc", "states"), ([[1, 2], [3]], "states")],
)
def test_wrong_states_are_named(states, words):
    with pytest.raises(InputError, match=words):
        zoo["Lorenz"].rhs(states)


def test_the_rate_of_a_missing_sample_is_missing():
    assert np.isnan(zoo["Lorenz"].rhs([np.nan] * 3)).all()


def test_inputs_and_targets_are_checked():
    with pytest.raises(InputError, match="no inputs"):
        everything.rhs([0.0, 0.0])
    with pytest.raises(InputError, match="inputs: shape"):
        everything.rhs([0.0, 0.0], inputs=[1.0, 2.0])
    with pytest.raises(UnknownNameError, match="numpy"):
        zoo["Lorenz"].compile("nump")
    with pytest.raises(InputError, match="expected a function"):
        Flow(3)


def test_a_choice_is_made_point_by_point():
    @Map
    def tent(x):
        return Piecewise((2 * x, x < 0.5), (2 - 2 * x, True))

    np.testing.assert_allclose(tent.rhs(np.array([[0.25], [0.75]])), [[0.5], [0.5]])
