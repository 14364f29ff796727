"""The ledger of a Koopman analysis: what is proved of each number, under which assumption, in how many limits."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.galerkin import Galerkin
from inscape.analysis.point_energy import PointEnergy
from inscape.analysis.residual_bands import ResidualBands
from inscape.analysis.series import at_least_zero, one_of, real_numbers, shown, truth_value
from inscape.analysis.spectral_measure import SpectralMeasure
from inscape.errors import InputError, UnknownNameError

SAMPLINGS = ("quadrature", "independent", "ergodic")
# ||L - G|| above this, and above what so few samples leave, contradicts a claim of measure preservation.
CONTRADICTION = 0.05
_OPEN: tuple[str, None] = ("outside of the hierarchy for smooth measure-preserving maps", None)


@dataclass(frozen=True)
class Statement:
    """One line of the ledger.

    Parameters
    ----------
    quantity : what is spoken of.
    value : the number or numbers, in words; what is withheld has none.
    sci : its place in the hierarchy of the solvability complexity index, as far as it is known.
    limits : successive limits that any algorithm needs; 0 is arithmetic on the samples, None where no number is enough.
    proved : what holds, under `assumptions`.
    assumptions : all of them, those of the user marked as declared.
    breaks : what would make it wrong.
    withheld : why no value is given; empty if one is.
    """

    quantity: str
    value: str
    sci: str
    limits: int | None
    proved: str
    assumptions: tuple[str, ...] = ()
    breaks: str = ""
    withheld: str = ""

    def __str__(self) -> str:
        head = f"{self.quantity}: {'withheld' if self.withheld else self.value}"
        rows = [("because", self.withheld)] if self.withheld else [("proved", self.proved)]
        rows += [("assuming", "; ".join(self.assumptions)), ("breaks if", self.breaks)]
        rows += [("class", f"{self.sci}; limits: {'no number' if self.limits is None else self.limits}")]
        return "\n".join([head, *(textwrap.fill(f"  {k}: {v}", 110, subsequent_indent="    ") for k, v in rows if v)])


@dataclass(frozen=True)
class Certificate:
    """All statements on one analysis; `str` of it is the ledger to read."""

    statements: tuple[Statement, ...]

    @property
    def given(self) -> tuple[Statement, ...]:
        """The statements that carry a value."""
        return tuple(s for s in self.statements if not s.withheld)

    @property
    def withheld(self) -> tuple[Statement, ...]:
        """The statements that are not made, each with its reason."""
        return tuple(s for s in self.statements if s.withheld)

    def __getitem__(self, quantity: str) -> Statement:
        for statement in self.statements:
            if statement.quantity == quantity:
                return statement
        raise UnknownNameError("quantity", str(quantity), [s.quantity for s in self.statements])

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.statements))


def preservation_defect(galerkin: Galerkin) -> float:
    """||L - G|| in the orthonormal basis: 0 for a map that preserves the measure, but for sampling.

    The largest share by which K changes the energy of a function of the dictionary.
    """
    if not isinstance(galerkin, Galerkin):
        raise InputError(f"galerkin: {type(galerkin).__name__} found, expected Galerkin; make one by Galerkin.of")
    return float(np.linalg.norm(galerkin.image - galerkin.gram, 2))


def certificate(
    galerkin: Galerkin,
    *,
    sampling: str | None = None,
    measure_preserving: bool | None = None,
    invertible: bool | None = None,
    lipschitz: float | None = None,
    bands: ResidualBands | None = None,
    max_residual: float = 0.1,
    measure: SpectralMeasure | None = None,
    energy: PointEnergy | None = None,
    validation_range: Float[np.ndarray, "2 state"] | None = None,
    states: Float[np.ndarray, "time state"] | None = None,
) -> Certificate:
    """What may be said of the operator behind a recording, given what is declared; the rest is withheld with a reason.

    The limits are those of Colbrook, Mezic & Stepanenko 2024, arXiv 2407.06312: approximate point spectra of continuous
    maps take three, of measure-preserving ones two, of these with a known modulus of continuity one, with verification;
    for smooth measure-preserving maps without it no algorithm succeeds on all.

    Parameters
    ----------
    sampling : how the samples stand for the measure: "quadrature" (nodes and weights), "independent" (draws from it),
        "ergodic" (a long run); None if it is not known.
    measure_preserving, invertible : declared properties of the map; None if not known.
    lipschitz : declared Lipschitz constant of the map; None if there is none.
    bands : residuals on held-out samples with confidence bands (`residual_bands`).
    max_residual : up to which eigenpairs count as verified.
    measure, energy : results to enter in the ledger.
    validation_range : (2, state) least and largest states on which residuals were measured.
    states : (time, state) states at which results shall be used.

    Raises
    ------
    InputError : for an unknown kind of sampling, or settings that are out of range.
    """
    defect = preservation_defect(galerkin)
    if sampling is not None:
        one_of(sampling, "sampling", SAMPLINGS)
    for name, said in (("measure_preserving", measure_preserving), ("invertible", invertible)):
        if said is not None:
            truth_value(said, name)
    for name, given, kind in (
        ("bands", bands, ResidualBands),
        ("measure", measure, SpectralMeasure),
        ("energy", energy, PointEnergy),
    ):
        if given is not None and not isinstance(given, kind):
            raise InputError(f"{name}: {shown(given)} found, expected {kind.__name__} or None")
    slope = None if lipschitz is None else at_least_zero(lipschitz, "lipschitz")
    bound = at_least_zero(max_residual, "max_residual")
    outside = _outside(validation_range, states)
    exact = sampling == "quadrature" or not galerkin.samples
    noise = 0.0 if exact else 3 * float(np.sqrt(galerkin.rank / galerkin.samples))
    contradiction = ""
    if measure_preserving and defect > CONTRADICTION + noise:
        contradiction = (
            f"measure preservation is declared, but K changes the energy of a function by {defect:.2g} of it on these "
            f"samples, where {CONTRADICTION + noise:.2g} could be chance"
        )
    statements = [
        _residuals_on_samples(galerkin, bands, bound),
        _residuals_of_operator(galerkin, bands, bound, sampling, outside),
        _pseudospectrum(sampling, outside),
        _near_spectrum(galerkin, bound, sampling, measure_preserving, invertible, contradiction),
        _approximate_point_spectrum(measure_preserving, slope),
        _absence(slope),
        _adjoint_side(bool(invertible and measure_preserving)),
    ]
    if measure is not None:
        statements.append(_measure(measure, sampling, measure_preserving, contradiction))
    if energy is not None:
        statements.append(_energy(energy, measure_preserving, contradiction))
    statements.append(_preservation(defect, noise, measure_preserving, bool(contradiction)))
    return Certificate(tuple(statements))


def _residuals_on_samples(galerkin: Galerkin, bands: ResidualBands | None, bound: float) -> Statement:
    values = galerkin.eigen().residuals if bands is None else bands.residuals
    where = "the samples of the fit" if bands is None else f"{bands.samples} samples apart from the fit's"
    return Statement(
        "residuals on the samples",
        f"{int((values <= bound).sum())} of {len(values)} eigenpairs at most {bound:g}; least {values.min():.2g}",
        "arithmetic",
        0,
        f"the ratio of sums over {where}, to rounding",
    )


def _residuals_of_operator(
    galerkin: Galerkin, bands: ResidualBands | None, bound: float, sampling: str | None, outside: str
) -> Statement:
    quantity, sci = "residuals of the operator", "SCI 1, verified as samples grow where their error is known"
    if galerkin.side == "transfer":
        return Statement(
            quantity,
            f"{int((galerkin.eigen().residuals <= bound).sum())} eigenpairs of the adjoint at most {bound:g}",
            "exact for these snapshots",
            0,
            "||(K* - z) g|| / ||g|| in the norm of the kernel's space, for sums g of kernel sections, without a limit",
            ("K is bounded on the kernel's space", "snapshots without noise"),
            "observables of interest lie outside of the kernel's space, or y is not F(x) exactly",
        )
    assumptions: tuple[str, ...] = (
        "y = F(x) without noise",
        f"samples stand for the measure: {sampling or 'not declared'}",
    )
    breaks = "noise on y adds its variance over the functions; a run that has not visited all of the measure"
    withheld = outside
    if sampling is None:
        withheld = "how the samples stand for the measure is not declared (sampling=...); only sums over them are known"
    elif sampling != "quadrature" and (bands is None or not np.isfinite(bands.high).any()):
        withheld = "no confidence band: hand in bands=residual_bands(...) of samples apart from the fit's"
    elif not galerkin.samples:
        assumptions = ("the inner products given are exact",)
    value = "by the rule of quadrature given"
    if bands is not None and np.isfinite(bands.high).any():
        proved = int((bands.high <= bound).sum())
        value = f"{proved} eigenpairs at most {bound:g} at confidence {bands.level:g}, from {bands.blocks} blocks"
    return Statement(
        quantity,
        value,
        sci,
        1,
        "||(K - z) g|| / ||g|| within its band, pair by pair",
        assumptions,
        breaks,
        withheld,
    )


def _pseudospectrum(sampling: str | None, outside: str) -> Statement:
    return Statement(
        "pseudospectrum",
        "every z with res(z) < eps is in the approximate point eps-pseudospectrum",
        "SCI 2 for continuous maps; verified from inside in the second limit",
        2,
        "sets that grow with the dictionary, from inside, once samples are enough",
        ("y = F(x) without noise", f"samples stand for the measure: {sampling or 'not declared'}"),
        "samples are so few for the dictionary that least residuals come out too small; hold some out",
        outside or ("sampling is not declared" if sampling is None else ""),
    )


def _near_spectrum(
    galerkin: Galerkin,
    bound: float,
    sampling: str | None,
    preserving: bool | None,
    invertible: bool | None,
    contradiction: str,
) -> Statement:
    withheld = contradiction
    if not withheld and not (preserving and invertible):
        withheld = (
            "K is not declared normal (measure_preserving=True, invertible=True): a small residual puts z into a "
            "pseudospectrum, not near the spectrum"
        )
    elif not withheld and sampling is None:
        withheld = "sampling is not declared"
    values = galerkin.eigen()
    kept = np.maximum(values.residuals, np.abs(1 - np.abs(values.eigenvalues)))
    return Statement(
        "distance of eigenvalues to the spectrum",
        f"{int((kept <= bound).sum())} eigenvalues within {bound:g}, the best within {kept.min():.2g}",
        "SCI 2; Sigma_1 with a known modulus of continuity",
        2,
        "the distance is at most the residual, for a normal operator",
        ("declared: the map preserves the measure and can be undone", "residuals are those of the operator"),
        "the map is dissipative: K is not normal, and eigenvalues may be far off at small residuals",
        withheld,
    )


def _approximate_point_spectrum(preserving: bool | None, slope: float | None) -> Statement:
    if preserving and slope is not None:
        sci, limits = "Sigma_1: one limit, with verification", 1
        proved = f"converges with a bound of its error at each step, given |F(x) - F(x')| <= {slope:g} |x - x'|"
    elif preserving:
        sci, limits = "SCI 2 for continuous measure-preserving maps", 2
        proved = "converges as first samples, then the dictionary grow; no bound of the error from finite data"
    else:
        sci, limits = "SCI 3 for continuous maps", 3
        proved = "converges in three successive limits: samples, dictionary, resolution"
    return Statement(
        "approximate point spectrum",
        "the local minima of the residual (spectrum_with_error_control)",
        sci,
        limits,
        proved,
        ("the map is continuous", *(("declared: it preserves the measure",) if preserving else ())),
        "limits are taken in another order, or all at once",
    )


def _absence(slope: float | None) -> Statement:
    reason = (
        "finite data never exclude spectrum that the dictionary misses; a Lipschitz constant makes sure of what is "
        "found, not what is missing"
        if slope is not None
        else "an annulus that no sample has met can fill the circle with spectrum, and no algorithm, on any amount of "
        "data, learns the spectrum of all smooth measure-preserving maps; declare a Lipschitz constant"
    )
    sci, limits = ("Sigma_1: what is found is verified, never that it is all", 1) if slope is not None else _OPEN
    return Statement("nothing else in the spectrum", "", sci, limits, "", (), "", reason)


def _adjoint_side(unitary: bool) -> Statement:
    return Statement(
        "adjoint side",
        "empty: K and K* have the same spectrum up to conjugation, both approximated by residuals of K",
        "as the approximate point spectrum" if unitary else "one limit more than the approximate point spectrum",
        2 if unitary else 3,
        "for a unitary K there are no eigenvalues of K* alone",
        ("declared: the map can be undone and preserves the measure",),
        "the map folds: a non-invertible isometry has the disc as spectrum, the circle as approximate point spectrum",
        ""
        if unitary
        else "the map may fold or lose volume; eigenvalues of K* alone do not show in residuals of K "
        "(least_adjoint_residual gives a lower bound, unverified)",
    )


def _measure(m: SpectralMeasure, sampling: str | None, preserving: bool | None, contradiction: str) -> Statement:
    withheld = contradiction or ("" if preserving else "measure preservation is not declared; there may be no measure")
    withheld = withheld or ("sampling is not declared" if sampling is None else "")
    return Statement(
        "spectral measure",
        f"density within {m.error:.2g} (dictionary {m.truncation:.2g}, smoothing {m.smoothing:.2g}), "
        f"width {m.epsilon:.3g}, order {m.order}",
        "SCI 2: samples, then dictionary with the width",
        2,
        "the dictionary's part, by the autocorrelations that it reproduces; the part of smoothing is an estimate",
        ("declared: the map preserves the measure", "autocorrelations beyond the dictionary's reach are negligible"),
        "there are eigenvalues: no width resolves an atom, and the estimate of what smoothing does stays large",
        withheld,
    )


def _energy(e: PointEnergy, preserving: bool | None, contradiction: str) -> Statement:
    return Statement(
        "share of energy in eigenfunctions",
        f"{e.share:.3f}; last doubling of the horizon changed it by {e.over_horizons:.2g}, of the delays by "
        f"{e.over_delays:.2g}",
        "SCI 3: samples, horizon, delays, in this order",
        3,
        "nothing at finite length: an estimate whose limits exist",
        ("declared: the map preserves the measure", "the run is ergodic"),
        "lines nearer together than 1 / horizon, or correlations that outlast the horizon",
        contradiction or ("" if preserving else "measure preservation is not declared"),
    )


def _preservation(defect: float, noise: float, preserving: bool | None, contradicted: bool) -> Statement:
    return Statement(
        "measure preservation",
        f"||L - G|| = {defect:.2g} of ||G||, by chance up to about {noise:.2g}",
        "arithmetic",
        0,
        "a necessary condition on the dictionary's span; "
        + ("it speaks against what is declared" if contradicted else "it can contradict a claim, not prove it"),
        ("declared",) if preserving else (),
        "the samples do not follow the invariant measure",
    )


def _outside(validation_range: Any, states: Any) -> str:
    if validation_range is None or states is None:
        return ""
    limits, points = real_numbers(validation_range, "validation_range"), real_numbers(states, "states")
    if limits.ndim != 2 or len(limits) != 2 or points.ndim != 2 or points.shape[1] != limits.shape[1]:
        raise InputError(
            f"states: shape {points.shape} found for a validation range of shape {limits.shape}, expected "
            "(time, state) and (2, state)"
        )
    beyond = ((points < limits[0]) | (points > limits[1])).any(axis=1)
    if not beyond.any():
        return ""
    return f"{int(beyond.sum())} of {len(points)} states lie outside the range on which residuals were validated"
