"""The Hankel matrix, its factors, and layers made of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import hankel

from inscape.errors import InputError, UnknownNameError
from inscape.models.structured import HankelFactors

torch = pytest.importorskip("torch")

SOME_SIZES = sorted(
    {*range(2, 70), 100, 127, 128, 129, 255, 257, 511, 513, 777, 1000, 1023, 1024, 1025, 1999, 2047, 2048}
)


def largest_error(n: int, mode: str) -> float:
    random = np.random.default_rng(n)
    c, x = random.normal(size=2 * n - 1), random.normal(size=(2, n))
    truth = x @ hankel(c[:n], c[n - 1 :]).T
    return float(np.abs(HankelFactors(c, n).apply(x, mode) - truth).max())


@pytest.mark.parametrize("mode", ["fft", "butterfly"])
def test_products_by_factors_are_those_of_scipys_hankel_matrix(mode: str) -> None:
    assert max(largest_error(n, mode) for n in SOME_SIZES) <= 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fft", "butterfly"])
def test_products_by_factors_are_those_of_scipys_hankel_matrix_at_every_size_to_2048(mode: str) -> None:
    assert max(largest_error(n, mode) for n in range(2, 2049)) <= 1e-12


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 2), (3, 7), (8, 8), (9, 4), (16, 16), (1, 12), (31, 5)])
def test_the_sparse_factors_multiply_out_to_the_matrix(rows: int, columns: int) -> None:
    factors = HankelFactors(np.random.default_rng(1).normal(size=rows + columns - 1), rows)
    product = np.eye(columns, dtype=complex)
    for factor in reversed(factors.factors()):
        product = factor @ product
    np.testing.assert_allclose(product, factors.dense(), atol=1e-13)


def test_the_factors_hold_n_log_n_numbers() -> None:
    counts = [sum(f.nnz for f in HankelFactors(np.ones(2 * n - 1), n).factors()) for n in (64, 128, 256, 512)]
    per_level = [count / (n * np.log2(4 * n)) for count, n in zip(counts, (64, 128, 256, 512), strict=True)]
    assert max(per_level) / min(per_level) < 1.1
    assert counts[-1] < 512**2 / 4


@pytest.mark.parametrize("mode", ["dense", "fft", "butterfly"])
@pytest.mark.parametrize(("n", "p", "outputs"), [(5, 1, 5), (6, 3, 2), (8, 2, 8), (3, 4, 7)])
def test_gradients_of_a_hankel_layer_are_exact(mode: str, n: int, p: int, outputs: int) -> None:
    from inscape.models.structured.hankel_product import hankel_apply

    torch.manual_seed(0)
    c = torch.randn(p, n + outputs - 1, dtype=torch.float64, requires_grad=True)
    shared = torch.randn(4, 1, n, dtype=torch.float64, requires_grad=True)
    apart = torch.randn(2, p, n, dtype=torch.float64, requires_grad=True)
    for x in (shared, apart):
        assert torch.autograd.gradcheck(lambda a, b: hankel_apply(a, b, outputs, mode), (c, x))
        assert torch.autograd.gradcheck(lambda a, b: hankel_apply(a, b, outputs, mode, summed=True), (c, x))


@pytest.mark.parametrize("apart", [False, True])
def test_every_mode_of_a_layer_gives_the_same_numbers(apart: bool) -> None:
    from inscape.models.structured import HankelLinear

    layers = [
        HankelLinear(21, 3, mode, outputs=10, bias=True).double() for mode in ("dense", "fft", "butterfly", "auto")
    ]
    x = torch.randn(5, 4, 3, 21, dtype=torch.float64) if apart else torch.randn(5, 4, 21, dtype=torch.float64)
    answers = [layer(x) for layer in layers]
    assert answers[0].shape == (5, 4, 3, 10)
    for answer in answers[1:]:
        torch.testing.assert_close(answer, answers[0], atol=1e-12, rtol=0)


def test_a_layer_knows_its_factors() -> None:
    from inscape.models.structured import HankelLinear

    layer = HankelLinear(12, 2, outputs=7).double()
    x = np.random.default_rng(3).normal(size=12)
    y = layer(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(layer.factors(1).apply(x), y[1], atol=1e-13)


def test_sizes_that_do_not_fit_are_named() -> None:
    from inscape.models.structured import HankelLinear

    with pytest.raises(InputError, match="antidiagonals"):
        HankelFactors(np.array([1.0, np.nan]), 1)
    with pytest.raises(InputError, match="antidiagonals"):
        HankelFactors(np.array([object()]), 1)
    with pytest.raises(InputError, match="rows"):
        HankelFactors(np.ones(3), 4)
    with pytest.raises(InputError, match="expected .*3"):
        HankelFactors(np.ones(5), 3).apply(np.ones(4))
    with pytest.raises(InputError, match="mode"):
        HankelFactors(np.ones(5), 3).apply(np.ones(3), "quick")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="butterfly"):
        HankelLinear(4, mode="buterfly")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"expected \(\*batch, 4\)"):
        HankelLinear(4)(torch.zeros(2, 5))
    with pytest.raises(InputError, match="n: 0"):
        HankelLinear(0)
