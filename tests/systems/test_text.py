"""Systems from text: what is read, what is refused and how, and that nothing is ever run."""

from __future__ import annotations

import contextlib
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError
from inscape.systems import DelayFlow, Flow, Map, from_file, from_text, zoo
from inscape.systems.symbols import delayed

LORENZ = """
# the Lorenz system
name: lorenz63
x' = sigma*(y - x)         # convection
dy/dt = x*(rho - z) - y; z' = x*y - beta*z
sigma = 10
rho = 28
beta = 8/3
x(0) = -1.5
z(0) = rho - 1
period: 0.75
units: x = K, time = s
"""


def test_a_system_is_read_with_its_numbers():
    system = from_text(LORENZ)
    assert isinstance(system, Flow)
    assert system.name == "lorenz63"
    assert system.state_names == ("x", "y", "z")
    assert dict(system.parameters) == {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3}
    np.testing.assert_array_equal(system.initial, [-1.5, 1.0, 27.0])
    assert system.period == 0.75
    assert system.simulate(times=[0, 1]).units == {"x": "K", "time": "s"}
    x, y, z = 0.3, -1.2, 5.0
    np.testing.assert_allclose(system.rhs([x, y, z]), [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], rtol=1e-15)


def test_powers_choices_and_other_spellings():
    system = from_text("x' = 2·x^3 − max(x, 0)**2 + (1 if x > 0 else -1) + ln(e) + |x|".replace("|x|", "abs(x)"))
    for x in (-2.0, 0.5):
        expected = 2 * x**3 - max(x, 0) ** 2 + (1 if x > 0 else -1) + 1 + abs(x)
        assert system.rhs([x])[0] == pytest.approx(expected)


def test_shorthand_stands_for_its_expression_in_any_order():
    system = from_text("v' = -current/c\ncurrent = g*(v - rest)\nrest = -65\nc = 2\ng = gain*3\ngain = 0.5")
    assert set(system.parameters) == {"rest", "c", "gain"}
    assert system.rhs([-60.0])[0] == pytest.approx(-1.5 * 5 / 2)


def test_maps_inputs_delays_and_reserved_words():
    logistic = from_text("x[n+1] = lambda*x[n]*(1 - x[n])\nlambda = 3.5\nx(0) = 0.2")
    assert isinstance(logistic, Map)
    np.testing.assert_allclose(logistic.simulate(steps=1).states[:, 0], [0.2, 3.5 * 0.2 * 0.8])
    chirikov = from_text("p[n+1] = p + k*sin(x)\nx[n+1] = x + p[n+1]\nk = 0.9")
    assert chirikov.rhs([0.1, 0.2])[1] == pytest.approx(0.2 + 0.1 + 0.9 * np.sin(0.2))
    driven = from_text("inputs: u\nx' = -x + u")
    assert driven.simulate([0.0], [0, 1], inputs=[1, 1]).states[-1, 0] == pytest.approx(1 - np.exp(-1))
    glass = from_text("x' = b*x(t - tau)/(1 + x(t - tau)^10) - g*x\nb = 0.2\ng = 0.1\ntau = 17")
    assert isinstance(glass, DelayFlow)
    assert glass.definition.expressions[0].has(delayed(*glass.definition.states, glass.definition.parameter_symbols[2]))


def test_an_equation_may_run_over_lines():
    assert from_text("x' = (1 +\n   x\n  )*2").rhs([3.0])[0] == 8.0


@pytest.mark.parametrize(
    ("latex", "state", "expected"),
    [
        (
            r"\dot{x} = \sigma (y - x) \\ \frac{dy}{dt} = x\left(\rho - z\right) - y \\ \dot z = xy - \frac83 z",
            [1, 2, 3],
            [10, 23, -6],
        ),
        (r"\dot{x} = -\frac{x^{2}}{1 + y^2} + \sqrt{y}" + "\n" + r"\dot{y} = 0", [2, 4], [2 - 4 / 17, 0]),
        (
            r"\dot{x} = \sin 2 x \cos(y) + \tanh^2 x + e^{-x}" + "\n" + r"\dot{y} = |y|",
            [0.3, -2],
            [np.sin(0.6) * np.cos(2) + np.tanh(0.3) ** 2 + np.exp(-0.3), 2],
        ),
        (r"\begin{aligned}\dot{x_1} &= x_1 x_2 \end{aligned}" + "\n" + r"\dot{x_2} = 2 \cdot x_1", [3, 4], [12, 6]),
    ],
)
def test_latex_is_read_as_papers_print_it(latex, state, expected):
    system = from_text(latex + "\nsigma = 10\nrho = 28")
    np.testing.assert_allclose(system.rhs(state), expected, rtol=1e-12)


def test_the_whole_zoo_survives_the_way_to_text_and_back():
    for name in (*zoo.names("flow"), *zoo.names("map")):
        system = zoo[name]
        again = from_text(system.text())
        assert type(again) is type(system), name
        assert dict(again.parameters) == dict(system.parameters), name
        np.testing.assert_array_equal(again.initial, system.initial)
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(
                again.rhs(system.initial, 0.3), system.rhs(system.initial, 0.3), rtol=1e-9, atol=1e-9, err_msg=name
            )


def test_most_published_equations_are_read_from_their_latex(shared_data):
    import json
    import re

    systems = json.loads((shared_data / "22-chaos-zoo" / "systems.json").read_text())
    read = right = 0
    for entry in systems:
        lines = [*entry["equations_latex"], *(entry["definitions_latex"] or [])]
        for name, value in entry["parameters"].items():
            if np.isscalar(value):
                # The catalogue writes a_1 in its equations and a1 in its parameters.
                split = re.sub(r"^([a-zA-Z]+)(\d+)$", r"\1_\2", name)
                lines.append(f"{name if name in ' '.join(lines) else split} = {value}")
        try:
            system = from_text("\n".join(lines))
        except InputError:
            continue
        states = entry.get("states", system.state_names)
        if set(states) != set(system.state_names):
            continue
        if "delayed" in str(entry["rhs_checks"]):
            assert isinstance(system, DelayFlow), entry["name"]
            continue
        order = [system.state_names.index(s) for s in states]
        read += 1
        checks = []
        for check in entry["rhs_checks"]:
            state = np.zeros(len(order))
            state[order] = check["x"]
            checks.append(np.allclose(system.rhs(state)[order], check["f"], rtol=1e-6, atol=1e-9))
        right += all(checks)
    assert read >= 120
    # What is read is read rightly: prose and sums over indices are refused, not guessed.
    assert right == read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x' = sigm*(y - x)\ny' = x\nsigma = 10", r"line 1: sigm has no value.*nearest: sigma"),
        ("x' = 2x", r"line 1: '2x' found.*write \*"),
        ("\n\nx' = x +", r"line 3: 'x \+' cannot be read"),
        ("x' = x y", "line 1"),
        ("x = 1", "no equation of motion"),
        ("", "no equation of motion"),
        ("x' = 1\nx' = 2", r"line 2: x' is set a second time; the first was in line 1"),
        ("x' = foo(x)", "foo is not a function.*nearest"),
        ("x' = sin(x, x)", "sin takes 1 values, 2 found"),
        ("x' = sin", "sin is a function"),
        ("x' = x*(1 - x)(2)", "line 1"),
        ("x' = k(x)\nk = 2", r"k is a number; write k\*"),
        ("x' = 1/0", "divides by zero"),
        ("x' = 9^9^9^9*x", "no finite number"),
        ("x' = 1e999*x", "finite"),
        ("x' = 1j*x", "real number"),
        ("x' = 'a'", "real number"),
        ("x' = x\nz(0) = 1", r"line 2: z\(0\) found.*nearest: x"),
        ("x' = a\na = b\nb = a", "defined through itself"),
        ("x[n+1] = y[n+1]\ny[n+1] = x[n+1]", "defined through itself"),
        ("x' = x[n]", "index"),
        ("x[n+1] = x[n-1]", "add a state"),
        ("x' = x if x else 2", "expected a comparison"),
        ("x' = x > 2", "comparison"),
        ("x' = x\ny[n+1] = y", "step"),
        ("x' = x\nq", "name = expression"),
        ("x' = x = 2", "name = expression"),
        ("3x' = x", "on the left"),
        ("inputs: x\nx' = x", "state variable and an input"),
        ("x' = x\nx = 3", "state variable"),
        ("x' = x\nunits: q = mm", "units: q"),
        ("x' = x\nunits: mm", "unit 'mm'"),
        ("x' = x\nperiod: -2", "period"),
        ("x' = x\nperiod: y", "y has no value"),
        ("x' = x(3)", "delay"),
        ("x' = x(t - x)", "delay"),
        (r"\dot{x} = \frac{x", "LaTeX breaks off"),
        ("x' = " + "(" * 5_000 + "x" + ")" * 5_000, "cannot be read|nested"),
        ("x' = " + "-" * 50_000 + "x", "cannot be read|nested"),
        ("x' = __import__('os').system('true')", "not arithmetic"),
        ("x' = (lambda: x)()", "line 1"),
        ("x' = [x for x in (1, 2)]", "line 1"),
        ("x' = x.__class__", "not arithmetic"),
        ("x' = open('f')", "open is not a function"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_line(text, words):
    with pytest.raises(InputError, match=words) as caught:
        from_text(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_files_are_named_in_their_errors(tmp_path):
    good = tmp_path / "decay.txt"
    good.write_text("x' = -k*x\nk = 2\n")
    assert from_file(good).name == "decay"
    bad = tmp_path / "bad.txt"
    bad.write_text("x' = -q*x\n")
    with pytest.raises(InputError, match=r"bad\.txt: line 1: q has no value"):
        from_file(bad)
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00x")
    with pytest.raises(InputError, match="UTF-8"):
        from_file(tmp_path / "binary.txt")
    with pytest.raises(InputError, match="No such file"):
        from_file(tmp_path / "absent.txt")
    with pytest.raises(InputError, match="directory"):
        from_file(tmp_path)


def test_a_class_reads_only_its_own_kind():
    assert Flow.from_text("x' = -x").dimension == 1
    with pytest.raises(InputError, match="a Map found, expected a Flow"):
        Flow.from_text("x[n+1] = x")
    with pytest.raises(InputError, match="expected a string"):
        from_text(3)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=string.ascii_letters + string.digits + "=+-*/^()[]{}'.,;:#\\_|<> \n\t·σ", max_size=60))
def test_any_text_is_read_or_refused(text):
    for attempt in (text, f"x' = {text}", f"\\dot{{x}} = {text}"):
        with contextlib.suppress(InputError):
            assert from_text(attempt).dimension >= 1


@settings(max_examples=100, deadline=None)
@given(st.recursive(
    st.sampled_from(["x", "y", "k", "2", "0.5", "pi"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda p: f"sin({p})"), inner.map(lambda p: f"({p})^2"), inner.map(lambda p: f"exp(-({p})^2)"),
    ), max_leaves=8,
))  # fmt: skip
def test_a_formula_means_what_python_makes_of_it(formula):
    system = from_text(f"x' = {formula}\ny' = 1\nk = 1.25")
    scope = {"x": 0.7, "y": -1.1, "k": 1.25, "pi": np.pi, "sin": np.sin, "exp": np.exp}
    expected = eval(formula.replace("^", "**"), scope)
    assert system.rhs([0.7, -1.1])[0] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert from_text(system.text()).rhs([0.7, -1.1])[0] == pytest.approx(expected, rel=1e-9, abs=1e-9)
