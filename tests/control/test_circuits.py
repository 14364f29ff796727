"""Circuits of named neurons: what they answer, what they refuse, and what is kept of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("mujoco")
pytest.importorskip("gymnasium")

from inscape.control import circuits
from inscape.control.circuits import Circuit, Clock, Motor, Neuron, Sensor, Synapse
from inscape.errors import InputError, UnknownNameError

LIMIT = 2 * np.pi / 6


def observations(count: int, joints: int = 5, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    seen = rng.normal(size=(count, 4 * joints + 4))
    seen[:, -1] = 2 * rng.integers(0, 1000, count) / 1000 - 1
    return seen


def obvious(seen: np.ndarray, prop: float, osc: float, ipsi: float, contra: float, period: int = 60) -> np.ndarray:
    """The published equations, written out for one observation of five joints."""

    def g(x: float) -> float:
        return min(max(x, 0.0), 1.0)

    step = round((seen[-1] + 1) / 2 * 1000)
    on = step % period < period // 2
    bends = np.clip(seen[:5] / LIMIT, -1, 1)
    told = []
    for i in range(5):
        if i == 0:
            b_d, b_v = g(max(osc, 0) * on), g(max(osc, 0) * (not on))
        else:
            b_d, b_v = g(max(prop, 0) * max(bends[i - 1], 0)), g(max(prop, 0) * max(-bends[i - 1], 0))
        told.append(g(max(ipsi, 0) * b_d + min(contra, 0) * b_v) - g(max(ipsi, 0) * b_v + min(contra, 0) * b_d))
    return np.array(told)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.integers(2, 150), st.integers(0, 10))
def test_the_compiled_step_is_the_published_equations(weights: list[float], period: int, seed: int) -> None:
    circuit = circuits.swimmer(period=period).with_parameters(np.array(weights))
    seen = observations(4, seed=seed)
    assert np.allclose(circuit.act(seen), [obvious(row, *weights, period) for row in seen], atol=1e-12)


def test_a_circuit_has_four_weights_shared_and_thirty_apart() -> None:
    assert circuits.swimmer().parameter_names == ("prop", "osc", "ipsi", "contra")
    assert len(circuits.swimmer(shared=False).parameters) == 30
    seen = observations(20)
    assert np.allclose(circuits.swimmer().act(seen), circuits.swimmer(shared=False).act(seen))


def test_a_batch_is_answered_as_its_rows_are() -> None:
    circuit, seen = circuits.swimmer(), observations(6).reshape(2, 3, -1)
    assert circuit.act(seen).shape == (2, 3, 5)
    assert np.array_equal(circuit.act(seen)[1, 2], circuit.act(seen[1, 2]))


def test_period_and_duty_are_parameters_where_they_are_learned() -> None:
    circuit = circuits.swimmer(learned=("period", "duty"))
    assert circuit.parameters[-2:] == pytest.approx([0.0, 0.0])
    moved = circuit.with_parameters([1, 1, 1, -1, np.log(40 / 60), 0.0])
    assert moved.clocks[0].period == pytest.approx(40)
    assert moved.parameters == pytest.approx([1, 1, 1, -1, np.log(40 / 60), 0.0])
    assert circuit.with_parameters([1, 1, 1, -1, -50.0, 0.0]).clocks[0].period == 2.0


def test_a_weight_beyond_zero_acts_as_nothing_and_is_kept() -> None:
    circuit = circuits.swimmer().with_parameters([-0.5, 1, 1, 2.0])
    assert circuit.weights["prop"] == -0.5
    assert circuit.effective_weights == {"prop": 0.0, "osc": 1.0, "ipsi": 1.0, "contra": 0.0}


def test_text_formula_and_pickle_keep_what_a_circuit_answers() -> None:
    circuit = circuits.swimmer(period=50, learned=("period",)).with_parameters([0.7, 1.2, 0.9, -0.4, 0.1])
    seen = observations(200)
    answer = circuit.act(seen)
    assert np.array_equal(circuits.from_text(circuit.text()).act(seen), answer)
    assert np.array_equal(pickle.loads(pickle.dumps(circuit)).act(seen), answer)
    whole = circuits.swimmer(weights={"prop": 0.7, "contra": -0.4})
    made: dict = {}
    exec(whole.formula(digits=15), made)
    told = [made["f"](row, round((row[-1] + 1) * 500)) for row in seen]
    assert np.allclose(told, whole.act(seen), atol=1e-9)


def test_the_trained_circuit_is_a_formula_of_less_than_a_kilobyte() -> None:
    trained = circuits.swimmer(weights={"prop": 2.88, "osc": 0.27, "ipsi": 2.08, "contra": -2.51})
    assert len(trained.formula().encode()) < 1024
    assert len(trained.formula("c").encode()) < 1024
    with pytest.raises(InputError, match="no memory and no sine"):
        circuits.swimmer(wave="sine").formula()


def test_the_c_formula_answers_as_the_circuit_does(tmp_path) -> None:
    import ctypes
    import shutil
    import subprocess

    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    circuit = circuits.swimmer()
    (tmp_path / "f.c").write_text(circuit.formula("c", digits=15))
    subprocess.run([compiler, "-shared", "-fPIC", "-o", tmp_path / "f.so", tmp_path / "f.c", "-lm"], check=True)
    function = ctypes.CDLL(str(tmp_path / "f.so")).f
    told = np.zeros(5)
    for row in observations(30):
        pointer = ctypes.POINTER(ctypes.c_double)
        step = ctypes.c_int(round((row[-1] + 1) * 500))
        function(row.ctypes.data_as(pointer), step, told.ctypes.data_as(pointer))
        assert np.allclose(told, circuit.act(row), atol=1e-9)


def test_circuits_pass_to_bodies_of_other_lengths_with_their_numbers() -> None:
    trained = circuits.swimmer(period=50).with_parameters([2, 0.3, 2, -2])
    longer = trained.for_joints(9)
    assert len(longer.motors) == 9
    assert longer.clocks[0].period == 50
    assert np.array_equal(longer.parameters, trained.parameters)
    apart = circuits.swimmer(shared=False).with_parameters(np.r_[np.full(10, 0.5), np.full(10, 2.0), np.full(10, -1.0)])
    assert len(apart.for_joints(7).parameters) == 2 + 12 + 28


def test_a_silenced_neuron_is_silent_and_a_stimulated_one_speaks() -> None:
    circuit, seen = circuits.swimmer(), observations(50)
    held = circuit.silence("m_2_*").stimulate({"b_0_d": 1.0})
    activity = dict(zip(circuit.neuron_names, held.activity(seen).T, strict=True))
    assert (activity["m_2_d"] == 0).all()
    assert (activity["m_2_v"] == 0).all()
    assert (activity["b_0_d"] == 1).all()
    assert (held.act(seen)[:, 2] == 0).all()
    assert np.array_equal(held.released().act(seen), circuit.act(seen))
    assert "prop" not in circuit.cut("prop").weights


def test_a_half_centre_with_fatigue_oscillates_by_itself() -> None:
    """Two neurons that inhibit each other and tire take turns: no clock is needed (Matsuoka 1985)."""
    neurons = [Neuron("left", "rectified", 3.0), Neuron("right", "rectified", 3.0)]
    neurons += [Neuron("tired_left", "linear", 15.0), Neuron("tired_right", "linear", 15.0)]
    synapses = []
    for one, other in (("left", "right"), ("right", "left")):
        synapses += [
            Synapse("tonic", one, 1, f"drive_{one}"),
            Synapse(other, one, -1, "cross", delayed=True),
            Synapse(f"tired_{one}", one, -1, "fatigue", delayed=True),
            Synapse(one, f"tired_{one}", 1, "load", delayed=True),
        ]
    weights = {"drive_left": 1.0, "drive_right": 0.9, "cross": -2.0, "fatigue": -2.5, "load": 1.0}
    circuit = Circuit((), (), tuple(neurons), tuple(synapses), (Motor("m", ("left",), ("right",)),), weights, ("x",))
    with pytest.raises(InputError, match="memory"):
        circuit.act(np.zeros(1))
    policy = circuit.running()
    torques = np.array([policy.act(np.zeros(1))[0] for _ in range(600)])[200:]
    turns = np.sum(np.diff(np.sign(torques[torques != 0])) != 0)
    assert turns >= 6
    module = circuit.torch()
    import torch

    memory, told = None, []
    for _ in range(600):
        action, memory = module.step(torch.zeros(1, 1), memory)
        told.append(action[0, 0].item())
    assert np.allclose(told[200:], torques, atol=1e-3)


def test_the_text_form_holds_memory_delays_and_free_signs() -> None:
    text = """
    observation x time
    time time 100
    clock a b period=20
    sensor s = raw x / 2
    neuron n graded tau=4 = + w * a ~ f * s - v * n'   # it hears itself late
    motor m = + n
    weight w = 1
    weight f = -0.5
    weight v = -0.25 frozen
    """
    circuit = circuits.from_text(text)
    assert circuit.has_memory
    assert circuit.frozen == {"v"}
    assert circuit.signs == {"w": 1, "f": 0, "v": -1}
    assert circuits.from_text(circuit.text()).text() == circuit.text()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: circuits.swimmer(1), "joints: 1 found"),
        (lambda: circuits.swimmer(period=1.5), "period 1.5 found"),
        (lambda: circuits.swimmer(weights={"prop": -1.0}), "-1 contradicts the circuit"),
        (lambda: circuits.swimmer(signs={"prop": 2}), "sign of 'prop': 2"),
        (lambda: circuits.swimmer(5).act(np.zeros(16)), r"shape \(16,\) found"),
        (lambda: circuits.swimmer(5).act(np.r_[np.zeros(3), np.nan, np.zeros(20)]), "'joint_3' is nan"),
        (lambda: circuits.swimmer(5).act([None] * 24), "not an array of numbers|is nan"),
        (lambda: circuits.swimmer(5).with_parameters([1, 2]), r"shape \(2,\) found"),
        (lambda: circuits.swimmer(5).with_parameters([1, 1, np.nan, -1]), "NaN or inf found for ipsi"),
        (lambda: circuits.swimmer(5).silence("b_9_d"), "'b_9_d' is not known"),
        (lambda: circuits.swimmer(5).cut("nothing"), "'nothing' is not known"),
        (lambda: circuits.swimmer(5).with_weights(pop=1.0), "nearest: prop"),
        (lambda: circuits.from_text(""), "no text"),
        (lambda: circuits.from_text("neuron"), "line 1"),
        (lambda: circuits.from_text("spring a b"), "line 1"),
        (lambda: circuits.quadruped(2.0), "drive: 2.0 found"),
    ],
)
def test_what_cannot_be_is_refused_by_name(make, words: str) -> None:
    with pytest.raises((InputError, UnknownNameError), match=words):
        make()


def test_parts_that_do_not_fit_are_refused() -> None:
    def circuit(synapses: tuple[Synapse, ...], weights: dict[str, float]) -> Circuit:
        return Circuit(
            (Sensor("s", "x"),), (), (Neuron("n"), Neuron("k")), synapses, (Motor("m", ("n",)),), weights, ("x",)
        )

    loop = (Synapse("n", "k", 1, "a"), Synapse("k", "n", 1, "b"))
    with pytest.raises(InputError, match="loop among n, k"):
        circuit(loop, {"a": 1.0, "b": 1.0})
    with pytest.raises(InputError, match="contradicts"):
        circuit((Synapse("s", "n", 1, "a"), Synapse("s", "k", -1, "a")), {"a": 1.0})
    with pytest.raises(UnknownNameError, match="nearest"):
        circuit((Synapse("sx", "n", 1, "a"),), {"a": 1.0})
    with pytest.raises(InputError, match="no value"):
        circuit((Synapse("s", "n", 1, "a"),), {})
    with pytest.raises(InputError, match="clocks need the observation"):
        Circuit((), (Clock("a", "b"),), (Neuron("n"),), (), (Motor("m", ("n",)),), {}, ("x",))
