"""Claims C1 and C2, bar 6: estimators against the adversary, and what one declared assumption proves."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.analysis.disk_certificate import DiskCertificate, disk_certificate
from inscape.models.koopman import EDMD, Dictionary
from inscape.studies.koopman.estimators import ESTIMATORS
from inscape.systems import adversary
from inscape.systems.adversary import CircleSpectrum

CERTAIN = 0.5
"""A point proved to be this near to the spectrum counts as found."""
SLOPPY = 1.2
"""The constant that is declared, in units of the true one: nobody knows it exactly."""
CENTRE, RADIUS = np.array([0.3, 0.0]), 0.6
"""Of the twist through which rotations are seen, so that the observables do not fit them."""


def play(item: dict[str, Any]) -> dict[str, Any]:
    """Rounds of one estimator on the disk: `item` holds `estimator`, `rounds`, `points`, `seed`.

    Returns the error of every round, and the share of truths on which the answer was within 1 when the adversary tosses
    a coin instead of choosing.
    """
    random = np.random.default_rng(item["seed"])
    answer = ESTIMATORS[item["estimator"]]
    played = [
        adversary.play_on_disk(answer, adversary.disk_points(item["points"], random)) for _ in range(item["rounds"])
    ]
    errors = np.array([round_.errors for round_ in played])
    return {"errors": errors.max(axis=1), "plain": errors[:, 0], "right": float((errors < 1).mean())}


def play_on_torus(item: dict[str, Any]) -> int:
    """Rounds on the torus that verified EDMD gets wrong: `item` holds `rounds`, `points`, `order`, `seed`.

    It says that an eigenfunction depends on y if one is verified that does.
    """
    random = np.random.default_rng(item["seed"])

    def answer(x: np.ndarray, y: np.ndarray) -> bool:
        model = EDMD(Dictionary.fourier(item["order"], period=1.0)).fit_pairs(x, y)
        waves = model.dictionary_.wavenumbers_
        share = np.abs(model.galerkin_.basis @ model.galerkin_.eigen().vectors) ** 2
        depends = share[waves[:, 1] != 0].sum(axis=0) > 0.5 * share.sum(axis=0)
        return bool((depends & (model.residual_high_ < 0.1)).any())

    rounds = [adversary.play_on_torus(answer, random.uniform(size=(item["points"], 2))) for _ in range(item["rounds"])]
    return sum(not round_.is_right for round_ in rounds)


def seen_aslant(turn: float, height: float, points: np.ndarray) -> tuple[np.ndarray, float]:
    """Images under h R h^-1, R a rotation by `turn` and h a twist about another centre; and its Lipschitz constant.

    The spectrum is that of R, since h preserves area.
    """
    there = adversary.disk_twist(height=height, inner=0.0, outer=RADIUS)
    back = there.with_parameters(height=-height)
    straight = back.rhs(points - CENTRE) + CENTRE
    turned = adversary.disk_twist(turn).rhs(straight)
    return there.rhs(turned - CENTRE) + CENTRE, adversary.lipschitz_constant(there) ** 2


def certified_rounds(item: dict[str, Any]) -> dict[str, Any]:
    """Rounds in which the certificate is held against exact spectra: `item` holds `rounds`, `points`, `seed`.

    A third of the rounds hide a bump between the points of the identity, and both truths are held against the
    certificate; a third show a rotation by p / q through a twist, whose spectrum is q points; a third show a twist,
    whose spectrum is the circle. Returns how many statements were made, how many were wrong, the largest ratio of a
    distance to the radius that was proved for it, and how many rounds were answered without a declaration.
    """
    random = np.random.default_rng(item["seed"])
    made, useful, wrong, answered, ratio = 0, 0, 0, 0, 0.0
    for number in range(item["rounds"]):
        x = adversary.disk_points(item["points"], random)
        y, constant, truths = _drawn(number % 3, x, random)
        answered += disk_certificate(x, y).is_known
        found = disk_certificate(x, y, lipschitz=SLOPPY * constant, rings=3, wavenumber=2)
        made += len(found.points)
        useful += int((found.radii[1:] < 1).any())
        for truth in truths:
            distances = truth.distances(found.points)
            wrong += int((distances > found.radii + 1e-12).sum())
            ratio = max(ratio, float((distances[1:] / found.radii[1:]).max(initial=0.0)))
    return {"made": made, "useful": useful, "wrong": wrong, "answered": answered, "ratio": ratio}


def _drawn(kind: int, x: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, float, list[CircleSpectrum]]:
    if kind == 0:
        hidden, _ = adversary.altered_twist(x)
        truths = [CircleSpectrum(1), adversary.disk_spectrum(hidden)]
        return x, adversary.lipschitz_constant(hidden), truths
    if kind == 1:
        order = int(random.integers(1, 8))
        turn = int(random.integers(1, order + 1)) / order
        y, constant = seen_aslant(turn, float(random.uniform(0.02, 0.2)), x)
        return y, constant, [adversary.disk_spectrum(adversary.disk_twist(turn))]
    inner, outer = np.sort(random.uniform(0, 1, 2))
    outer = min(1.0, max(outer, inner + 0.3))
    twist = adversary.disk_twist(
        float(random.uniform()), height=float(random.uniform(0.1, 0.5)), inner=inner, outer=outer
    )
    return twist.rhs(x), adversary.lipschitz_constant(twist), [adversary.disk_spectrum(twist)]


def convergence(item: dict[str, Any]) -> dict[str, float]:
    """One size of data for a fifth of a turn seen aslant: `item` holds `points`, `rings`, `wavenumber`, `seed`.

    Returns the distance of the found set to the five roots of unity, and the median radius of its ten best points.
    """
    x = adversary.disk_points(item["points"], item["seed"])
    y, constant = seen_aslant(0.2, 0.15, x)
    found = disk_certificate(x, y, lipschitz=constant, rings=item["rings"], wavenumber=item["wavenumber"])
    return {
        "distance": CircleSpectrum(5).hausdorff(found.within(CERTAIN)),
        "radius": float(np.median(found.radii[1:11])) if len(found.radii) > 1 else 2.0,
        "statements": float(len(found.within(CERTAIN))),
    }


def rescue(item: dict[str, Any]) -> dict[str, Any]:
    """For the picture: an estimator before the adversary, and the certificate on a fifth of a turn seen aslant."""
    random = np.random.default_rng(item["seed"])
    few, many = adversary.disk_points(item["few"], random), adversary.disk_points(item["many"], random)
    hidden, gap = adversary.altered_twist(few)
    proved: list[DiskCertificate] = []
    for x, rings in ((few, 3), (many, item["rings"])):
        images, constant = seen_aslant(0.2, item["height"], x)
        proved.append(disk_certificate(x, images, lipschitz=constant, rings=rings, wavenumber=2))
    estimate = ESTIMATORS["EDMD"](few, hidden.rhs(few))
    return {
        "gap": list(gap),
        "radii": np.hypot(few[:, 0], few[:, 1]),
        "estimate": np.stack([estimate.real, estimate.imag], axis=1),
        "proved": [np.stack([c.points.real, c.points.imag, c.radii], axis=1) for c in proved],
        "counts": [item["few"], item["many"]],
        "constant": constant,
    }
