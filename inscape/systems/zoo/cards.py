"""`Card`: what the zoo knows of one system, without its law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["flow", "delay", "map"]
KINDS: tuple[Kind, ...] = ("flow", "delay", "map")

NOT_AUDITED = "not audited"


@dataclass(frozen=True)
class Invariants:
    """Numbers that do not depend on the orbit, in units of the system's own time (of one step for a map).

    Parameters
    ----------
    exponents, errors : Lyapunov exponents, largest first, and their standard errors (empty where not known).
    largest_exponent : the greatest of them, by whatever method the source took.
    kaplan_yorke, correlation_dimension : dimensions of the attractor; with standard errors where they are known.
    multiscale_entropy, pesin_entropy : entropy of the series over scales; sum of the positive exponents.
    duration : how long a run the numbers rest on, in periods (in steps for a map).
    """

    exponents: tuple[float, ...] = ()
    errors: tuple[float, ...] = ()
    largest_exponent: float | None = None
    kaplan_yorke: float | None = None
    kaplan_yorke_error: float | None = None
    correlation_dimension: float | None = None
    correlation_dimension_error: float | None = None
    multiscale_entropy: float | None = None
    pesin_entropy: float | None = None
    duration: float | None = None


@dataclass(frozen=True)
class Variant:
    """A mended or second form of a published system.

    Parameters
    ----------
    of, label, name : the published system, what the variant is for ("chaotic", "conservative", ...), its full name.
    change : what was changed, and why.
    law : name of its own definition; the published system's where only numbers were changed.
    parameters : the parameters that differ.
    initial, period : starting state and dominant period; the published ones if None.
    largest_exponent, error : measured, per time unit.
    """

    of: str
    label: str
    name: str
    change: str
    law: str
    parameters: Mapping[str, float]
    initial: tuple[float, ...] | None = None
    period: float | None = None
    largest_exponent: float | None = None
    error: float | None = None


@dataclass(frozen=True)
class Card:
    """What the zoo knows of one system.

    Parameters
    ----------
    name, kind, dimension, state_names, parameters, initial, period : as published; array parameters are flat (`k_0_1`).
    description, citation, fields : what it is, where it is from, the sciences it belongs to.
    polynomial_degree : of the right-hand side in the states; None where it is not a polynomial.
    nonsmooth : functions in the law that have a kink or a jump.
    phase : the state that is only a clock for the forcing, or None.
    unbounded, bounded_view : states that grow for ever, and what to look at in their stead (one expression a column).
    published : invariants as published with the collection.
    audited : the same measured by inscape, with errors; None before the audit has run.
    verdict : what the audit says of the system ("chaotic", ...).
    notes : known problems.
    variants : mended or second forms.
    """

    name: str
    kind: Kind
    dimension: int
    state_names: tuple[str, ...]
    parameters: Mapping[str, float]
    initial: tuple[float, ...]
    period: float | None
    description: str
    citation: str
    fields: tuple[str, ...]
    polynomial_degree: int | None
    nonsmooth: tuple[str, ...]
    phase: str | None
    unbounded: tuple[str, ...]
    bounded_view: tuple[str, ...]
    published: Invariants
    audited: Invariants | None
    verdict: str
    notes: str
    variants: tuple[Variant, ...]

    @property
    def is_polynomial(self) -> bool:
        return self.polynomial_degree is not None

    @property
    def is_smooth(self) -> bool:
        return not self.nonsmooth

    @property
    def is_forced(self) -> bool:
        return self.phase is not None

    @property
    def is_chaotic(self) -> bool | None:
        """What the audit found; None where it has not run or could not tell."""
        return {"chaotic": True, "hyperchaotic": True, "not chaotic": False}.get(self.verdict)
