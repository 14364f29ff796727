"""Laws and policies written out, and what the written ones compute."""

from __future__ import annotations

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.models import dictionary
from inscape.models.formula import Formula

POINTS = np.random.default_rng(0).normal(size=(50, 3))


def formula(library=None, bounds=True) -> Formula:
    terms = (library or dictionary.polynomial(3)).terms(["cart", "if", "double"])
    xi = np.random.default_rng(1).normal(size=(2, len(terms)))
    xi[:, ::3] = 0.0
    limits = (np.array([-1.0, -2.0]), np.array([1.0, 2.0])) if bounds else None
    return Formula.of_sums("policy", terms, xi, ("a", "b"), limits)


def expected(f: Formula) -> np.ndarray:
    values = f.terms.columns(POINTS) @ f.coefficients.T
    return values if f.bounds is None else np.clip(values, *f.bounds)


@pytest.mark.parametrize("library", [dictionary.polynomial(3), dictionary.polynomial(2) + dictionary.trigonometric()])
@pytest.mark.parametrize("bounds", [True, False])
def test_the_written_c_computes_the_formula(tmp_path, library, bounds):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    f = formula(library, bounds)
    header = f.save(tmp_path / "policy.h")
    source = tmp_path / "call.c"
    source.write_text(f'#include "{header.name}"\nvoid call(const double *x, double *y) {{ policy(x, y); }}\n')
    built = tmp_path / "call.so"
    subprocess.run([compiler, "-std=c99", "-O1", "-shared", "-fPIC", str(source), "-o", str(built), "-lm"], check=True)
    call = ctypes.CDLL(str(built)).call
    call.restype = None
    found = np.empty((len(POINTS), 2))
    for x, y in zip(POINTS.copy(), found, strict=True):
        call(x.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p))
    np.testing.assert_allclose(found, expected(f), rtol=1e-12, atol=1e-12)


def test_the_written_python_computes_the_formula_plain_and_compiled(tmp_path):
    f = formula(dictionary.polynomial(2) + dictionary.trigonometric())
    for numba in (False, True):
        space: dict = {}
        exec(compile(f.python(numba=numba), "policy", "exec"), space)
        found = np.array([space["policy"](x) for x in POINTS])
        np.testing.assert_allclose(found, expected(f), rtol=1e-12, atol=1e-12)
    assert "numba.njit" in f.save(tmp_path / "policy.py").read_text()


@pytest.mark.parametrize("bounds", [True, False])
def test_the_graph_computes_the_formula(tmp_path, bounds):
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    f = formula(bounds=bounds)
    session = runtime.InferenceSession(
        f.save(tmp_path / "policy.onnx").read_bytes(), providers=["CPUExecutionProvider"]
    )
    np.testing.assert_allclose(session.run(None, {"x": POINTS})[0], expected(f), rtol=1e-12, atol=1e-12)


def test_latex_has_one_line_an_output():
    text = formula().latex(2)
    assert text.count("&=") == 2
    assert r"\operatorname{clip}" in text


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(InputError, match="monomials"):
        formula(dictionary.trigonometric()).onnx()
    with pytest.raises(UnknownNameError, match="suffix"):
        formula().save(tmp_path / "policy.exe")
    for name in ("two words", "lambda", ""):
        with pytest.raises(InputError, match="name"):
            Formula.of_sums(name, formula().terms, formula().coefficients, ("a", "b"))
