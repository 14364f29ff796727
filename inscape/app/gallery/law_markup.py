"""The law of a system of the zoo, with its parameters as letters, as MathML that a browser sets without a script."""

from __future__ import annotations

import html
import re
from typing import Any


def law_mathml(system: Any) -> tuple[str, ...]:
    """One `<math>` element for each state variable, such as dx/dt = sigma (y - x)."""
    from sympy.printing.mathml import MathMLPresentationPrinter

    from inscape.systems.map import Map

    class Printer(MathMLPresentationPrinter):
        """Sympy's printer with the delayed value as a function of time."""

        def _print_Function(self, e: Any) -> Any:
            if e.func.__name__ != "delayed":
                return super()._print_Function(e)
            state, lag = e.args
            row = self.dom.createElement("mrow")
            row.appendChild(self._print(state))
            for text, tag in (("(", "mo"), ("t", "mi"), ("−", "mo")):
                row.appendChild(self._leaf(tag, text))
            row.appendChild(self._print(lag))
            row.appendChild(self._leaf("mo", ")"))
            return row

        def _leaf(self, tag: str, text: str) -> Any:
            leaf = self.dom.createElement(tag)
            leaf.appendChild(self.dom.createTextNode(text))
            return leaf

    printer = Printer({"order": "none", "mul_symbol_mathml_numbers": "&#xB7;"})

    def printed(expression: Any) -> str:
        # Asking the printer for its tree, since its text would be wrapped in an element of its own each time.
        text = printer._print(expression).toxml()
        # The printer writes entities that only HTML knows.
        text = re.sub(
            r"&(?:pi|ExponentialE|ImaginaryI|InvisibleTimes);", lambda found: html.unescape(found.group()), text
        )
        return text.replace("<mo>-</mo>", "<mo>−</mo>")

    lines = []
    for state, expression in zip(system.definition.states, system.definition.expressions, strict=True):
        name = printed(state)
        if isinstance(system, Map):
            left = f"<msub>{name}<mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msub>"
        else:
            left = f"<mfrac><mrow><mi>d</mi>{name}</mrow><mrow><mi>d</mi><mi>t</mi></mrow></mfrac>"
        right = printed(expression)
        if "<mfrac" not in right:  # Nothing tall stands inside, and the fraction on the left must not stretch them.
            right = right.replace("<mo>(</mo>", '<mo stretchy="false">(</mo>')
            right = right.replace("<mo>)</mo>", '<mo stretchy="false">)</mo>')
        lines.append(f'<math display="block"><mrow>{left}<mo>=</mo>{right}</mrow></math>')
    return tuple(lines)
