"""A network in C and in ONNX gives the numbers it gives here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models import DelayForecaster
from inscape.models.structured import DenseNet, HankelNet, Network, StNN
from inscape.models.structured.c_code import StepScales
from inscape.models.structured.c_header import CHeader, c_header
from inscape.models.structured.onnx_graph import onnx_bytes

PLANS = [
    StNN(3),
    StNN(2, activation="leaky_relu"),
    HankelNet(3),
    HankelNet(2, n=7, activation="relu"),
    DenseNet((9, 5)),
]
SIZES = [(12, 3), (16, 16), (2, 1)]

MAIN = """#include <stdio.h>
#include "net.h"
int main(void)
{{
    float x[{inputs}], y[{outputs}];
    while (fread(x, 4, {inputs}, stdin) == {inputs}) {{
        net_forward(x, y);
        fwrite(y, 4, {outputs}, stdout);
        net_step(x, y);
        fwrite(y, 4, {outputs}, stdout);
    }}
    return 0;
}}
"""


def run_in_c(header: CHeader, folder: Path, x: np.ndarray, outputs: int) -> np.ndarray:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed, so the header cannot be compiled")
    (folder / "net.h").write_text(header.text)
    (folder / "main.c").write_text(MAIN.format(inputs=x.shape[1], outputs=outputs))
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"]
    subprocess.run([compiler, *flags, "-o", folder / "net", folder / "main.c"], check=True)
    done = subprocess.run([folder / "net"], input=x.astype(np.float32).tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(len(x), 2, outputs)


def scales(inputs: int, outputs: int, increment: bool) -> StepScales:
    random = np.random.default_rng(5)
    ones = [random.normal(size=outputs), random.uniform(1, 2, outputs)]
    return StepScales(
        inputs // outputs, increment, *ones, random.normal(size=outputs), random.uniform(0.1, 0.2, outputs)
    )


@pytest.mark.parametrize("number", ["float32", "int8"])
@pytest.mark.parametrize("network", PLANS, ids=lambda n: " ".join(repr(n).split()))
def test_the_c_header_gives_the_same_bits(network: Network, number: str, tmp_path: Path) -> None:
    for k, (inputs, outputs) in enumerate(SIZES):
        flat = network.start(inputs, outputs, 1)
        header = c_header(network, flat, inputs, outputs, number=number, scales=scales(inputs, outputs, k % 2 == 0))
        x = np.random.default_rng(2).normal(scale=3.0, size=(40, inputs)).astype(np.float32)
        folder = tmp_path / str(k)
        folder.mkdir()
        expected = np.array([[header.forward(row), header.step(row)] for row in x])
        np.testing.assert_array_equal(run_in_c(header, folder, x, outputs), expected)


@pytest.mark.parametrize("network", PLANS, ids=lambda n: " ".join(repr(n).split()))
def test_single_precision_loses_little_and_eight_bits_a_known_amount(network: Network) -> None:
    flat, x = network.start(12, 3, 1), np.random.default_rng(0).normal(size=(50, 12))
    exact = network.compiled(flat, 12, 3)(x)
    for number, tolerance in (("float32", 2e-6), ("int8", 0.05)):
        header = c_header(network, flat, 12, 3, number=number)
        off = np.array([header.forward(row) for row in x]) - exact
        assert np.abs(off).max() <= tolerance * max(1.0, np.abs(exact).max())


def test_eight_bit_weights_and_buffers_of_a_six_block_net_fit_into_2_kilobytes() -> None:
    header = c_header(StNN(6), StNN(6).start(12, 3), 12, 3, number="int8", scales=scales(12, 3, True))
    assert header.weight_bytes + header.buffer_bytes < 2_048


@pytest.mark.parametrize("network", PLANS, ids=lambda n: " ".join(repr(n).split()))
def test_the_onnx_graph_gives_the_same_numbers(network: Network) -> None:
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    for inputs, outputs in [*SIZES, (5, 2)]:
        flat = network.start(inputs, outputs, 1)
        session = runtime.InferenceSession(onnx_bytes(network, flat, inputs, outputs))
        x = np.random.default_rng(0).normal(size=(7, inputs))
        answer = session.run(None, {"x": x.astype(np.float32)})[0]
        np.testing.assert_allclose(answer, network.compiled(flat, inputs, outputs)(x), atol=5e-6)


def test_onnx_keeps_a_hankel_block_as_a_filter() -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(onnx_bytes(HankelNet(3), HankelNet(3).start(32, 2), 32, 2))
    assert [n.op_type for n in model.graph.node].count("Conv") == 2
    stored = sum(int(np.prod(c.dims)) for c in model.graph.initializer if c.data_type == onnx.TensorProto.FLOAT)
    assert stored == HankelNet(3).parameters(32, 2)


@pytest.mark.parametrize("target", ["increment", "state"])
def test_an_exported_forecaster_steps_in_the_units_of_the_recording(target: str, tmp_path: Path) -> None:
    times = 0.1 * np.arange(400)
    states = np.stack([20 + 3 * np.sin(times), np.cos(times) * np.sin(0.3 * times)], axis=1)
    fitted = DelayForecaster(HankelNet(3), 3, target=target, steps=10).fit(states, dt=0.1)
    truth = fitted.forecast(states[:50], 1).states[0]
    header = fitted.to_c(tmp_path / "net.h", name="pump")
    assert (tmp_path / "net.h").read_text() == header.text
    assert "pump_step" in header.text
    np.testing.assert_allclose(header.step(states[47:50]), truth, rtol=1e-5, atol=1e-5)
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(fitted.export("onnx", tmp_path / "net.onnx"))
    window = states[None, 47:50].astype(np.float32)
    np.testing.assert_allclose(session.run(None, {"window": window})[0][0], truth, rtol=1e-5, atol=1e-5)


def test_what_cannot_be_exported_is_said() -> None:
    flat = HankelNet(2).start(4, 1)
    with pytest.raises(InputError, match="C identifier"):
        c_header(HankelNet(2), flat, 4, 1, name="1net")
    with pytest.raises(InputError, match="int8"):
        c_header(HankelNet(2), flat, 4, 1, number="int4")  # type: ignore[arg-type]
    fitted = DelayForecaster(HankelNet(2), 2, steps=1).fit(np.sin(np.arange(30.0)), dt=1.0)
    with pytest.raises(InputError, match="to_c"):
        fitted.export("c")  # type: ignore[arg-type]
