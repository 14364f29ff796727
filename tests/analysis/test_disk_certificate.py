"""What one declared constant proves, and that nothing is said without it."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.disk_certificate import UNKNOWN, disk_certificate, polar_cells
from inscape.errors import InputError
from inscape.studies.koopman.games import certified_rounds, seen_aslant
from inscape.systems import adversary
from inscape.systems.adversary import CircleSpectrum


def test_without_a_declared_constant_it_cannot_be_known_from_these_data():
    points = adversary.disk_points(4000)
    found = disk_certificate(points, points)
    assert not found.is_known
    assert len(found.points) == len(found.radii) == 0
    assert found.verdict.startswith(UNKNOWN)
    assert "lipschitz=" in found.verdict


def test_what_is_proved_is_never_wrong_whichever_map_is_the_true_one():
    found = certified_rounds({"rounds": 30, "points": 4000, "seed": 5})
    assert found["wrong"] == 0
    assert found["answered"] == 0
    assert found["made"] > 500
    assert found["useful"] > 15


def test_a_certificate_that_ignored_the_gaps_between_the_data_would_be_wrong():
    # The points are off the spectrum by more than nothing, so that radii of zero would be wrong.
    x = adversary.disk_points(4000, seed=1)
    y, constant = seen_aslant(0.2, 0.15, x)
    found = disk_certificate(x, y, lipschitz=constant, rings=3, wavenumber=2)
    distances = CircleSpectrum(5).distances(found.points)
    assert distances.max() > 1e-3
    assert (distances <= found.radii).all()


def test_the_constant_function_is_proved_exactly():
    x = adversary.disk_points(100)
    found = disk_certificate(x, x, lipschitz=1.0)
    assert found.points[0] == 1
    assert found.radii[0] == 0


def test_more_pairs_prove_more_and_the_set_reaches_the_spectrum():
    radii, distances = [], []
    for count in (1000, 4000, 16_000):
        x = adversary.disk_points(count, seed=2)
        y, constant = seen_aslant(0.2, 0.1, x)
        found = disk_certificate(x, y, lipschitz=constant, rings=3, wavenumber=2)
        radii.append(np.median(found.radii[1:11]))
        distances.append(CircleSpectrum(5).hausdorff(found.within(0.5)))
    assert radii[0] > radii[1] > radii[2]
    assert distances[0] > 1 > 0.05 > distances[-1]


def test_a_steeper_declaration_proves_less():
    x = adversary.disk_points(4000)
    y = adversary.disk_twist(0.2).rhs(x)
    tight, loose = (disk_certificate(x, y, lipschitz=c, rings=3, wavenumber=2) for c in (1.0, 3.0))
    assert np.median(tight.radii[1:8]) < np.median(loose.radii[1:8])
    same = disk_certificate(x, y, modulus=lambda d: 1.0 * d, rings=3, wavenumber=2)
    np.testing.assert_allclose(same.radii, tight.radii)


def test_a_constant_that_the_pairs_contradict_is_refused():
    x = adversary.disk_points(4000)
    y = adversary.disk_twist(height=3.0, inner=0.2, outer=0.6).rhs(x)
    with pytest.raises(InputError, match="contradicts Lipschitz constant 1"):
        disk_certificate(x, y, lipschitz=1.0)


def test_cells_cover_the_disk_and_hold_its_area():
    centres, weights, reach = polar_cells(0.05)
    assert weights.sum() == pytest.approx(1)
    points = adversary.disk_points(2000, seed=0)
    distance = np.linalg.norm(points[:, None] - centres, axis=2)
    assert (distance <= reach).any(axis=1).all()


@pytest.mark.parametrize(
    ("points", "images", "settings", "words"),
    [
        (np.zeros((3, 3)), np.zeros((3, 2)), {"lipschitz": 1.0}, r"expected \(pair, 2\)"),
        (np.zeros((0, 2)), np.zeros((0, 2)), {"lipschitz": 1.0}, "at least one pair"),
        (np.zeros((3, 2)), np.zeros((2, 2)), {"lipschitz": 1.0}, "one for each of 3"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), {"lipschitz": 1.0}, "not finite"),
        (np.full((3, 2), 2.0), np.zeros((3, 2)), {"lipschitz": 1.0}, "unit disk"),
        ([[None, object()]], [[0, 0]], {"lipschitz": 1.0}, "expected numbers"),
        (np.zeros((3, 2)), np.zeros((3, 2)), {"lipschitz": -1.0}, "positive"),
        (np.zeros((3, 2)), np.zeros((3, 2)), {"lipschitz": 1.0, "modulus": np.sqrt}, "both found"),
        (np.zeros((3, 2)), np.zeros((3, 2)), {"modulus": 3}, "expected a function"),
        (np.zeros((3, 2)), np.zeros((3, 2)), {"modulus": lambda d: -d - 1}, ">= 0"),
        (np.zeros((3, 2)), np.zeros((3, 2)), {"lipschitz": 1.0, "rings": 1}, "at least 2"),
    ],
)
def test_bad_input_is_told_in_one_line(points, images, settings, words):
    with pytest.raises(InputError, match=words) as caught:
        disk_certificate(points, images, **settings)
    assert "\n" not in str(caught.value)
