"""The adversary's maps: they agree on the data to the last bit, preserve area, and have the spectra claimed."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.systems import adversary
from inscape.systems.adversary import CircleSpectrum


def disk_modes(system, wavenumbers, radii):
    """exp(i m phi(r)) on a grid of radii: what K multiplies each angular mode by, read off the map."""
    images = system.rhs(np.stack([radii, 0 * radii], axis=1))
    turned = (images[:, 0] + 1j * images[:, 1]) / radii
    return (turned[:, None] ** np.asarray(wavenumbers)).ravel()


@pytest.mark.parametrize("count", [1, 10, 1000, 100_000])
def test_an_unseen_annulus_flips_the_spectrum_however_many_points_are_seen(count):
    round_ = adversary.play_on_disk(lambda x, y: np.ones(1), adversary.disk_points(count, seed=1))
    assert round_.errors[0] == 0
    assert round_.errors[1] == pytest.approx(2, abs=1e-9)
    assert round_.truth is round_.altered


def test_whoever_answers_the_circle_is_told_of_the_identity():
    circle = np.exp(2j * np.pi * np.arange(1000) / 1000)
    round_ = adversary.play_on_disk(lambda x, y: circle, adversary.disk_points(50))
    assert round_.truth is round_.plain
    assert round_.error == pytest.approx(2, abs=1e-4)


def test_no_answer_is_within_less_than_one_of_both_truths():
    random = np.random.default_rng(0)
    points = adversary.disk_points(30, random)
    for _ in range(50):
        answer = random.normal(size=5) + 1j * random.normal(size=5)
        round_ = adversary.play_on_disk(lambda x, y, a=answer: a, points)
        assert round_.error >= 1 - 1e-3


def test_both_maps_of_a_round_send_the_data_to_the_same_images_bit_for_bit():
    points = adversary.disk_points(5000, seed=3)
    round_ = adversary.play_on_disk(lambda x, y: np.ones(1), points)
    assert np.array_equal(round_.plain.rhs(points), round_.altered.rhs(points))
    middle = np.array([[sum(round_.gap) / 2, 0.0]])
    assert not np.array_equal(round_.plain.rhs(middle), round_.altered.rhs(middle))


def test_a_bump_of_a_thousandth_fills_the_circle_through_high_angular_modes():
    system = adversary.disk_twist(height=1e-3, inner=0.5, outer=0.501)
    radii = np.linspace(0.5, 0.501, 101)[1:-1]
    values = disk_modes(system, np.arange(0, 6286, 15), radii)
    assert CircleSpectrum(None).hausdorff(values) < 0.01
    assert adversary.disk_spectrum(system) == CircleSpectrum(None)


@pytest.mark.parametrize(("turn", "order"), [(0.0, 1), (0.5, 2), (1 / 3, 3), (2 / 5, 5), (np.sqrt(2) - 1, None)])
def test_rotations_have_roots_of_unity_or_the_circle_for_a_spectrum(turn, order):
    system = adversary.disk_twist(turn)
    spectrum = adversary.disk_spectrum(system)
    assert spectrum == CircleSpectrum(order)
    values = disk_modes(system, np.arange(-200, 201), np.array([0.3]))
    assert spectrum.distances(values).max() < 1e-9
    assert spectrum.hausdorff(values) < (1e-9 if order else 0.05)


def test_twists_and_shears_preserve_area():
    random = np.random.default_rng(0)
    twist = adversary.disk_twist(0.2, height=1.3, inner=0.2, outer=0.9)
    shear = adversary.torus_shear(plateau=(0.2, 0.7))
    for system, points in ((twist, adversary.disk_points(200, random)), (shear, random.uniform(size=(200, 2)))):
        step = 1e-6
        columns = [(system.rhs(points + step * e) - system.rhs(points - step * e)) / (2 * step) for e in np.eye(2)]
        wraps = np.abs(columns[0]).max(axis=1) < 1e3  # A difference across the seam of the torus is none.
        wraps &= np.abs(columns[1]).max(axis=1) < 1e3
        determinant = columns[0][:, 0] * columns[1][:, 1] - columns[0][:, 1] * columns[1][:, 0]
        np.testing.assert_allclose(determinant[wraps], 1, atol=1e-6)
        assert wraps.mean() > 0.9


def test_the_lipschitz_constant_is_an_upper_bound_and_nearly_reached():
    system = adversary.disk_twist(height=0.8, inner=0.3, outer=0.9)
    bound = adversary.lipschitz_constant(system)
    x = adversary.disk_points(20_000, seed=0)
    direction = np.random.default_rng(1).normal(size=x.shape)
    near = x + 1e-7 * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    slopes = np.linalg.norm(system.rhs(near) - system.rhs(x), axis=1) / 1e-7
    assert 0.8 * bound < slopes.max() <= bound * (1 + 1e-6)
    assert adversary.lipschitz_constant(adversary.disk_twist(0.3)) == 1


def test_on_the_torus_every_answer_is_wrong():
    points = np.random.default_rng(0).uniform(size=(1000, 2))
    for answer in (True, False):
        round_ = adversary.play_on_torus(lambda x, y, a=answer: a, points)
        assert not round_.is_right
        assert np.array_equal(round_.plain.rhs(points), round_.altered.rhs(points))


def test_a_plateau_of_the_shear_carries_an_eigenfunction_that_depends_on_y():
    system = adversary.torus_shear(plateau=(0.2, 0.8))
    assert adversary.point_energy(system) == pytest.approx(0.2)
    x, y = np.meshgrid(np.linspace(0, 1, 600, endpoint=False), np.linspace(0, 1, 16, endpoint=False))
    points = np.stack([x.ravel(), y.ravel()], axis=1)

    def g(p):
        return np.where(np.abs(p[:, 0] - 0.5) < 0.099, np.exp(2j * np.pi * p[:, 1]), 0)

    np.testing.assert_allclose(g(system.rhs(points)), np.exp(2j * np.pi * 0.5) * g(points), atol=1e-12)
    assert adversary.point_energy(adversary.torus_shear()) == 0


def test_the_hausdorff_distance_counts_both_ways():
    assert CircleSpectrum(1).hausdorff([1]) == 0
    assert CircleSpectrum(4).hausdorff([1]) == pytest.approx(2)
    assert CircleSpectrum(4).hausdorff([1, 1j, -1, -1j, 3]) == pytest.approx(2)
    assert CircleSpectrum(None).hausdorff([0]) == pytest.approx(1)
    assert CircleSpectrum(2).hausdorff([]) == np.inf


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: adversary.disk_twist(inner=0.6, outer=0.4), "0 <= inner < outer"),
        (lambda: adversary.disk_twist(float("nan")), "finite"),
        (lambda: adversary.torus_shear(plateau=(0.4, 1.4)), "0 <= left < right"),
        (lambda: adversary.play_on_disk(lambda x, y: [1], np.zeros((0, 2))), "at least one pair"),
        (lambda: adversary.play_on_disk(lambda x, y: [1], [[np.nan, 0.0]]), "not finite"),
        (lambda: adversary.play_on_disk(lambda x, y: [1], [[2.0, 0.0]]), "outside"),
        (lambda: adversary.play_on_disk(lambda x, y: [np.nan], [[0.5, 0.0]]), "answer"),
        (lambda: adversary.play_on_disk(lambda x, y: ["a"], [[0.5, 0.0]]), "answer"),
        (lambda: adversary.play_on_disk(lambda x, y: [1], "nothing"), "array"),
        (lambda: adversary.disk_spectrum(adversary.torus_shear()), "expected a disk twist"),
        (lambda: adversary.point_energy("shear"), "expected a torus shear"),
    ],
)
def test_what_is_no_game_is_told_in_one_line(call, words):
    with pytest.raises(InputError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
