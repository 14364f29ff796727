"""`Formula`: sums of terms written out as C, Python, LaTeX or an ONNX graph - a law or a policy without its toolkit."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float

from inscape.atomic import draft_of, write_text
from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.models.dictionary import Monomials, Terms

if TYPE_CHECKING:
    import sympy

OPSET = 17
FORMAT = 8
"""Version of the ONNX file format that goes with the operator set."""
SUFFIXES = (".h", ".onnx", ".py", ".tex")


@dataclass(frozen=True)
class Formula:
    """outputs = clip(coefficients . terms(variables), low, high).

    Parameters
    ----------
    name : of the function that is written.
    terms : over the variables.
    coefficients : (output, term).
    outputs : their names.
    bounds : (output,) low and high, or None.
    """

    name: str
    terms: Terms
    coefficients: Float[np.ndarray, "output term"]
    outputs: tuple[str, ...]
    bounds: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def of_sums(
        cls,
        name: str,
        terms: Terms,
        coefficients: Float[np.ndarray, "output term"],
        outputs: Sequence[str],
        bounds: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> Self:
        """A formula under a name that C and Python take.

        Raises
        ------
        InputError : if the name is none in those languages.
        """
        if not re.fullmatch(r"[A-Za-z_]\w*", name) or keyword.iskeyword(name):
            raise InputError(f"name: {name!r} found, expected letters, digits and _, as a function is called")
        return cls(name, terms, np.asarray(coefficients, dtype=float), tuple(outputs), bounds)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables, in the order in which the functions take them."""
        return tuple(map(str, self.terms.variables))

    def c(self) -> str:
        """A C99 header: `void name(const double *x, double *y)`, no dependency but math.h."""
        shared, sums = self._reduced()
        lines = [
            f"/* {self.name}: {', '.join(self.variables)} -> {', '.join(self.outputs)} */",
            f"#ifndef {self.name.upper()}_H",
            f"#define {self.name.upper()}_H",
            "#include <math.h>",
            f"static inline void {self.name}(const double *x, double *y) {{",
        ]
        lines += [f"  const double {left} = {_in_c(right)};" for left, right in shared]
        for index, value in enumerate(sums):
            text = _in_c(value)
            if self.bounds is not None:
                text = f"fmin(fmax({text}, {float(self.bounds[0][index])!r}), {float(self.bounds[1][index])!r})"
            lines.append(f"  y[{index}] = {text};")
        return "\n".join([*lines, "}", "#endif", ""])

    def python(self, *, numba: bool = False) -> str:
        """A Python function name(x) -> tuple; with `numba`, decorated to be compiled."""
        from sympy.printing.pycode import pycode

        shared, sums = self._reduced()
        lines = ["import math", ""]
        if numba:
            lines += ["import numba", "", ""]
            lines.append("@numba.njit")
        else:
            lines.append("")
        lines.append(f"def {self.name}(x):")
        lines.append(f'    """{", ".join(self.variables)} -> {", ".join(self.outputs)}"""')
        lines += [f"    {left} = {pycode(right)}" for left, right in shared]
        texts = []
        for index, value in enumerate(sums):
            text = pycode(value)
            if self.bounds is not None:
                text = f"min(max({text}, {float(self.bounds[0][index])!r}), {float(self.bounds[1][index])!r})"
            texts.append(text)
        return "\n".join([*lines, f"    return ({', '.join(texts)},)", ""])

    def latex(self, digits: int = 4) -> str:
        """One aligned equation an output."""
        import sympy

        rows = []
        for index, (name, value) in enumerate(zip(self.outputs, self._sums(digits), strict=True)):
            left = sympy.latex(sympy.Symbol(name))
            right = sympy.latex(value)
            if self.bounds is not None:
                low, high = self.bounds[0][index], self.bounds[1][index]
                right = rf"\operatorname{{clip}}\left({right},\ {low:g},\ {high:g}\right)"
            rows.append(f"{left} &= {right}")
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n"

    def onnx(self) -> bytes:
        """An ONNX model in double precision: "x" (batch, variable) -> "y" (batch, output).

        Raises
        ------
        InputError : if a term is no monomial.
        MissingExtraError : without onnx.
        """
        if not isinstance(self.terms, Monomials):
            raise InputError("onnx: terms other than monomials found; write this formula as C or Python")
        onnx = require("onnx", "neural")
        helper, double = onnx.helper, onnx.TensorProto.DOUBLE
        used = np.flatnonzero(self.coefficients.any(axis=0))
        factors = _factors(self.terms.powers[used])
        nodes, constants = [], []

        def constant(name: str, values: np.ndarray) -> str:
            constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
            return name

        width = len(self.variables)
        # A column of ones stands for the factors that a shorter product does not have.
        padded = helper.make_node(
            "Pad", ["x", constant("pads", np.array([0, 0, 0, 1])), constant("one", np.array(1.0))], ["px"]
        )
        nodes.append(padded)
        product = ""
        for k, column in enumerate(factors.T):
            index = constant(f"i{k}", np.where(column < 0, width, column).astype(np.int64))
            nodes.append(helper.make_node("Gather", ["px", index], [f"f{k}"], axis=1))
            if k:
                nodes.append(helper.make_node("Mul", [product, f"f{k}"], [f"p{k}"]))
            product = f"p{k}" if k else "f0"
        sums = ["sums"] if self.bounds is not None else ["y"]
        nodes.append(helper.make_node("MatMul", [product, constant("xi", self.coefficients[:, used].T)], sums))
        if self.bounds is not None:
            nodes.append(helper.make_node("Max", ["sums", constant("low", self.bounds[0])], ["above"]))
            nodes.append(helper.make_node("Min", ["above", constant("high", self.bounds[1])], ["y"]))
        ends = [("x", width), ("y", len(self.outputs))]
        come, go = ([helper.make_tensor_value_info(n, double, ["batch", size])] for n, size in ends)
        graph = helper.make_graph(nodes, self.name, come, go, constants)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, producer_name="inscape", ir_version=FORMAT)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())

    def save(self, path: Path | str) -> Path:
        """Write one file; its suffix says what: .h (C), .py (numba), .tex (LaTeX), .onnx.

        Raises
        ------
        UnknownNameError : for another suffix.
        """
        target = Path(path)
        if target.suffix not in SUFFIXES:
            raise UnknownNameError("suffix", target.suffix, SUFFIXES)
        if target.suffix == ".onnx":
            content = self.onnx()
            with draft_of(target) as draft:
                draft.write_bytes(content)
        elif target.suffix == ".h":
            write_text(target, self.c())
        elif target.suffix == ".py":
            write_text(target, self.python(numba=True))
        else:
            write_text(target, self.latex())
        return target

    def _sums(self, digits: int | None = None) -> list[sympy.Expr]:
        import sympy

        expressions = self.terms.expressions
        sums = []
        for row in self.coefficients:
            known = ((float(row[i]), expressions[i]) for i in np.flatnonzero(row))
            parts = [(sympy.Float(v) if digits is None else sympy.Float(v, digits)) * e for v, e in known]
            sums.append(sympy.Add(*parts))
        return sums

    def _reduced(self) -> tuple[list[tuple[Any, Any]], list[Any]]:
        # Variables become entries of one array, so that no name of theirs can clash with a word of the language.
        import sympy

        entries = {v: sympy.Symbol(f"x[{i}]", real=True) for i, v in enumerate(self.terms.variables)}
        sums = [s.subs(entries) for s in self._sums()]
        shared, reduced = sympy.cse(sums, symbols=sympy.numbered_symbols("t"), optimizations="basic")
        return shared, reduced


def _in_c(expression: sympy.Expr) -> str:
    import sympy

    # Small powers as products: pow() costs a hundred of them on a small processor.
    small = (lambda b, e: e.is_Integer and 1 < e <= 4, lambda b, e: "*".join([f"({b})"] * int(e)))
    return sympy.ccode(expression, user_functions={"Pow": [small, (lambda b, e: True, "pow")]})


def _factors(powers: np.ndarray) -> np.ndarray:
    """Each monomial as a list of variables to multiply, padded with -1: (term, degree)."""
    degree = max(1, int(powers.sum(axis=1).max(initial=0)))
    factors = np.full((len(powers), degree), -1)
    for row, power in zip(factors, powers, strict=True):
        listed = np.repeat(np.arange(len(power)), power)
        row[: len(listed)] = listed
    return factors
