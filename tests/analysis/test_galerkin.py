"""Koopman matrices and residuals: closed forms, invariances, few snapshots, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.analysis import (
    Galerkin,
    GalerkinStream,
    kernel_galerkin,
    least_adjoint_residual,
    least_residual,
    residual,
    unitary_part,
)
from inscape.errors import InputError
from tests.analysis.koopman_cases import doubling, fourier, krylov, rotation, smooth_galerkin, waves

PLANE = np.array([0.0, 0.3, 0.5j, -0.8 + 0.1j, 1.0, np.exp(2j), 1.3, -1.1j])


def doubling_residual(z, n):
    length = int(np.floor(np.log2(n))) + 1
    return np.sqrt(1 + np.abs(z) ** 2 - 2 * np.abs(z) * np.cos(np.pi / (length + 1)))


@pytest.mark.parametrize("n", [1, 2, 5, 16, 40])
def test_the_doubling_map_has_the_residual_of_a_jordan_chain(n):
    assert np.abs(least_residual(doubling(n), PLANE) - doubling_residual(PLANE, n)).max() < 1e-13


def test_edmds_zeros_of_the_doubling_map_are_all_rejected():
    # Nilpotent: EDMD's eigenvalues are zero up to the rounding of a Jordan block, and K has none below modulus one.
    pairs = doubling(16).eigen()
    assert np.abs(pairs.eigenvalues).max() < 1e-2
    assert pairs.residuals.min() > 0.99


def test_a_rotation_has_no_residual_at_its_eigenvalues():
    pairs = rotation(10, 0.1234).eigen()
    expected = np.exp(2j * np.pi * 0.1234 * waves(10))
    assert pairs.residuals.max() < 1e-12
    assert np.abs(np.sort_complex(np.round(pairs.eigenvalues, 9)) - np.sort_complex(np.round(expected, 9))).max() < 1e-8


def test_residuals_resolve_what_squared_forms_cannot():
    # A feature that is moved by 1e-11 only: the squared residual is 1e-22, far below the rounding of <K g, K g>.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = x + 1e-11 * rng.normal(size=(200, 3))
    g = Galerkin.of(x, y)
    direct = min(np.linalg.norm((y - x) @ v) / np.linalg.norm(x @ v) for v in np.eye(3))
    assert 1e-12 < least_residual(g, 1.0) <= direct
    squared = g.image - g.cross - g.cross.T + np.eye(3)
    assert abs(np.linalg.eigvalsh(squared)[0]) < 1e-14


def test_eigenpairs_are_orthonormal_to_their_left_partners_and_residuals_are_ratios_on_the_samples():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(300, 6)), rng.normal(size=(300, 6))
    g = Galerkin.of(x, y)
    pairs = g.eigen()
    before, after = x @ g.basis @ pairs.vectors, y @ g.basis @ pairs.vectors
    ratio = np.linalg.norm(after - before * pairs.eigenvalues, axis=0) / np.linalg.norm(before, axis=0)
    assert np.allclose(pairs.residuals, ratio, atol=1e-12)
    assert np.allclose(pairs.left.conj().T @ pairs.vectors, np.eye(6), atol=1e-10)
    assert np.all(np.diff(pairs.residuals) >= 0)
    assert np.allclose(residual(g, pairs.eigenvalues, pairs.vectors), pairs.residuals)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.booleans())
def test_residuals_do_not_depend_on_the_basis_of_the_dictionary(seed, size, is_complex):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 40, size))
    if is_complex:
        x, y = x + 1j * rng.normal(size=x.shape), y + 1j * rng.normal(size=y.shape)
    mix = rng.normal(size=(size, size)) + 3 * np.eye(size)
    plain, mixed = Galerkin.of(x, y), Galerkin.of(x @ mix * 1e6, y @ mix * 1e6)
    z = complex(rng.normal(), rng.normal())
    assert np.isclose(least_residual(plain, z), least_residual(mixed, z), rtol=1e-7)


def test_weights_are_repeated_samples():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 30, 4))
    times = rng.integers(0, 4, 30)
    weighted = Galerkin.of(x, y, weights=times.astype(float))
    repeated = Galerkin.of(np.repeat(x, times, axis=0), np.repeat(y, times, axis=0))
    assert np.allclose(least_residual(weighted, PLANE), least_residual(repeated, PLANE), atol=1e-12)


def test_a_stream_of_chunks_is_the_whole():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 1_000, 5))
    x[17, 2] = np.nan
    stream = GalerkinStream()
    for rows in np.array_split(np.arange(1_000), 7):
        stream.add(x[rows], y[rows])
    streamed, whole = stream.finish(), Galerkin.of(x, y)
    assert (streamed.samples, streamed.dropped) == (whole.samples, whole.dropped) == (999, 1)
    assert np.allclose(least_residual(streamed, PLANE), least_residual(whole, PLANE), atol=1e-12)


def test_dependent_features_are_cut_off_and_change_nothing():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 60, 4))
    twice = Galerkin.of(np.hstack([x, x[:, :2], 0 * x[:, :1]]), np.hstack([y, y[:, :2], 0 * y[:, :1]]))
    assert (twice.rank, twice.features) == (4, 7)
    assert np.allclose(least_residual(twice, PLANE), least_residual(Galerkin.of(x, y), PLANE), atol=1e-10)
    psi = np.hstack([x, x[:, :2], 0 * x[:, :1]])
    assert np.allclose(psi @ twice.basis @ twice.coordinates_of(np.eye(7)), psi, atol=1e-10)


def test_exact_inner_products_give_what_exact_sums_give():
    by_sums = doubling(12)
    gram = np.eye(24)
    k = waves(12)
    cross = (k[:, None] == 2 * k[None]).astype(float)
    by_matrices = Galerkin.from_matrices(gram, cross, gram)
    assert np.abs(least_residual(by_matrices, PLANE) - least_residual(by_sums, PLANE)).max() < 1e-12


def test_the_kernel_form_knows_the_transfer_operator_without_projection_error():
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, (12, 2))
    y = np.stack([x[:, 1], -0.3 * x[:, 0] + x[:, 1] ** 2], axis=1)

    def kernel(a, b):
        return np.exp(-((a[:, None] - b) ** 2).sum(axis=-1))

    g = kernel_galerkin(kernel(x, x), kernel(x, y), kernel(y, y))
    assert g.side == "transfer"
    pairs = g.eigen()
    for k in range(3):
        c, z = g.basis @ pairs.vectors[:, k], pairs.eigenvalues[k]
        # ||sum c_m (k(y_m, .) - z k(x_m, .))|| in the kernel's own norm.
        square = (
            c.conj() @ kernel(y, y) @ c
            - 2 * np.real(np.conj(z) * (c.conj() @ kernel(x, y) @ c))
            + abs(z) ** 2 * (c.conj() @ kernel(x, x) @ c)
        ).real
        assert np.isclose(pairs.residuals[k] ** 2, square / (c.conj() @ kernel(x, x) @ c).real, atol=1e-6)


def test_left_eigenvectors_of_kernel_edmd_have_these_residuals():
    rng = np.random.default_rng(6)
    x = rng.uniform(-1, 1, (15, 1))
    y = np.cos(3 * x)

    def kernel(a, b):
        return (1 + a @ b.T) ** 4

    g = kernel_galerkin(kernel(x, x), kernel(x, y), kernel(y, y))
    assert g.rank == 5
    u = g.basis
    edmd, image = u.T @ kernel(y, x) @ u, u.T @ kernel(y, y) @ u
    values, left = np.linalg.eig(edmd.T)
    left = left.conj()
    squares = np.einsum("ij,ik,kj->j", left.conj(), image, left).real / (np.abs(left) ** 2).sum(axis=0)
    expected = np.sqrt(np.maximum(squares - np.abs(values) ** 2, 0))
    assert np.allclose(np.sort(expected), g.eigen().residuals, atol=1e-5)


def test_a_map_that_folds_hides_the_disc_in_its_adjoint():
    g = doubling(64)
    chain = np.flatnonzero(np.isin(waves(64), [1, 2, 4, 8, 16, 32, 64]))
    assert least_residual(g, 0.5) > 0.5 - 1e-9
    # sum_j 0.5^j exp(2 pi i 2^j x), cut after seven terms.
    assert least_adjoint_residual(g, 0.5, chain) < 0.5**6
    assert least_adjoint_residual(g, 1.2, chain) > 0.2


def test_the_adjoint_of_a_rotation_adds_nothing():
    g = rotation(20, 0.217)
    few = np.flatnonzero(np.abs(waves(20)) <= 4)
    nearest = np.abs(np.exp(2j * np.pi * 0.217 * waves(4)) - 0.6).min()
    assert np.isclose(least_adjoint_residual(g, 0.6, few), nearest, atol=1e-12)


def test_the_unitary_part_keeps_a_rotation_and_the_autocorrelations_of_delays():
    part = unitary_part(rotation(6, 0.31))
    assert np.allclose(np.abs(part.eigenvalues), 1)
    assert np.allclose(part.singular, 1)
    moments = np.array([1.25, 0.5, 0.2, 0.1j])
    g = krylov(moments, 12)
    c = unitary_part(g).coefficients(g.coordinates_of(np.eye(12)[0]))
    powers = unitary_part(g).eigenvalues[None] ** np.arange(12)[:, None]
    assert np.allclose(powers @ np.abs(c) ** 2, np.concatenate([moments, np.zeros(8)]), atol=1e-10)


def test_real_features_have_conjugate_pairs():
    g = smooth_galerkin(12, 400)
    assert g.is_real
    assert not doubling(3).is_real
    values = g.eigen().eigenvalues
    assert all(np.abs(values - v.conjugate()).min() < 1e-9 for v in values)


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (np.ones((5, 2)), np.ones((5, 3)), "psi_y: shape"),
        (np.ones(5), np.ones(5), "psi_x: shape"),
        (np.empty((0, 2)), np.empty((0, 2)), "psi_x: shape"),
        (np.full((5, 2), np.nan), np.ones((5, 2)), "all with a missing value"),
        (np.full((5, 2), np.inf), np.ones((5, 2)), "infinite"),
        (np.zeros((5, 2)), np.ones((5, 2)), "all features are zero"),
        (np.eye(4), np.eye(4), "kernel_galerkin"),
        (np.ones((1, 1)), np.ones((1, 1)), "kernel_galerkin"),
        ([["a"]], [["b"]], "expected numbers"),
        ([[1], [1, 2]], [[1], [2]], "unequal length"),
    ],
)
def test_features_that_will_not_do_are_refused_in_one_line(x, y, says):
    with pytest.raises(InputError, match=says) as error:
        Galerkin.of(x, y)
    assert "\n" not in str(error.value)


def test_settings_and_other_arguments_are_refused_in_one_line():
    g = doubling(3)
    x, y = np.random.default_rng(0).normal(size=(2, 9, 2))
    for call in (
        lambda: Galerkin.of(x, y, rtol=-1.0),
        lambda: Galerkin.of(x, y, weights=-np.ones(9)),
        lambda: Galerkin.of(x, y, weights=np.ones(3)),
        lambda: Galerkin.of(x, y, weights=np.zeros(9)),
        lambda: residual(g, np.nan, np.ones(6)),
        lambda: residual(g, 1.0, np.ones(5)),
        lambda: residual(g, [1, 2, 3], np.ones((6, 2))),
        lambda: residual(g, 1.0, np.zeros(6)),
        lambda: residual(x, 1.0, np.zeros(6)),
        lambda: least_residual(g, [1, np.inf]),
        lambda: least_residual("g", 1.0),
        lambda: least_adjoint_residual(g, 1.0, [99]),
        lambda: least_adjoint_residual(g, 1.0, [0.5]),
        lambda: g.coordinates_of(np.ones(5)),
        lambda: unitary_part(None),
        lambda: Galerkin.from_matrices(np.eye(2), np.eye(3), np.eye(2)),
        lambda: Galerkin.from_matrices(-np.eye(2), np.eye(2), np.eye(2)),
        lambda: Galerkin.from_matrices([[1, 1], [0, 1]], np.eye(2), np.eye(2)),
        lambda: kernel_galerkin(np.eye(2), np.eye(2), np.eye(2), rank=0),
        lambda: kernel_galerkin(np.diag([1.0, -1.0]), np.eye(2), np.eye(2)),
        lambda: GalerkinStream().finish(),
    ):
        with pytest.raises(InputError) as error:
            call()
        assert "\n" not in str(error.value)


def test_the_doubling_map_needs_no_quadrature_that_is_exact():
    # Independent samples: the residual at the circle is that of infinitely many, but for 1 / sqrt(samples).
    x = np.random.default_rng(0).random(20_000)
    g = Galerkin.of(fourier(x, 4), fourier(2 * x % 1, 4))
    assert abs(least_residual(g, 1.0) - doubling_residual(1.0, 4)) < 0.03
