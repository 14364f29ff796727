"""EigenScore: the determinant, its estimates, the published variants, and what units and samples add to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError, UnknownNameError
from inscape.probes.eigenscore import (
    Settled,
    StreamingEigenscore,
    eigenscore,
    leverage,
    pooled,
    score_without_unit,
    scores_by_chance,
)
from inscape.probes.eigenscore.chebyshev import largest_eigenvalue
from inscape.probes.eigenscore.trace import GramOperator

ALPHA = 1e-3


def slow(embeddings: np.ndarray, alpha: float = ALPHA) -> float:
    """The formula as printed, centring matrix and all."""
    samples, units = embeddings.shape
    centring = np.eye(units) - np.ones((units, units)) / units
    return np.linalg.slogdet(embeddings @ centring @ embeddings.T + alpha * np.eye(samples))[1] / samples


def conditioned(samples: int, units: int, condition: float, random: np.random.Generator) -> np.ndarray:
    """Embeddings whose regularised Gram matrix has eigenvalues spread evenly over `condition`."""
    rank = min(samples, units - 1)
    values = np.sqrt(np.maximum(np.geomspace(condition * ALPHA, ALPHA, rank) - ALPHA, 0))
    left = np.linalg.qr(random.standard_normal((samples, rank)))[0]
    right = random.standard_normal((units, rank))
    right = np.linalg.qr(right - right.mean(axis=0))[0]
    return (left * values) @ right.T


@given(samples=st.integers(2, 40), units=st.integers(2, 60), size=st.floats(0.01, 100), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_the_gram_score_is_the_determinant_of_the_printed_formula(samples, units, size, seed):
    embeddings = size * np.random.default_rng(seed).standard_normal((samples, units))
    assert eigenscore(embeddings, "gram").value == pytest.approx(slow(embeddings), abs=1e-8)


def test_exact_and_matrix_free_scores_agree_with_slogdet_on_a_hundred_matrices():
    random = np.random.default_rng(0)
    for _ in range(100):
        samples, units = int(random.integers(2, 80)), int(random.integers(4, 160))
        embeddings = conditioned(samples, units, 10 ** random.uniform(0, 4), random)
        expected = slow(embeddings)
        assert eigenscore(embeddings, "gram").value == pytest.approx(expected, abs=1e-8)
        assert eigenscore(embeddings, "slq", steps=80).value == pytest.approx(expected, rel=1e-2, abs=1e-2)
        assert eigenscore(embeddings, "chebyshev", moments=200).value == pytest.approx(expected, rel=1e-2, abs=1e-2)


@pytest.mark.parametrize("shape", [(300, 450), (400, 400), (700, 90)])
def test_a_spectrum_that_is_dense_at_its_edge_stays_within_the_interval_of_the_expansion(shape):
    # Power iteration stops below such an edge, and the expansion then grows without limit.
    embeddings = np.random.default_rng(0).standard_normal(shape)
    operator = GramOperator(embeddings)
    bound = largest_eigenvalue(operator, np.random.default_rng(1))
    assert 1.0 <= bound / np.linalg.norm(embeddings, 2) ** 2 < 1.6
    assert eigenscore(embeddings, "chebyshev").value == pytest.approx(eigenscore(embeddings).value, rel=2e-2)


def test_the_error_of_an_estimate_is_the_size_of_what_it_misses():
    random = np.random.default_rng(1)
    embeddings = conditioned(120, 150, 1e3, random)
    expected = slow(embeddings)
    found = [eigenscore(embeddings, "slq", vectors=6, tolerance=None, seed=seed) for seed in range(40)]
    misses = np.array([f.value - expected for f in found])
    errors = np.array([f.error for f in found])
    assert 0.6 < misses.std() / np.sqrt((errors**2).mean()) < 1.6
    assert abs(misses.mean()) < 3 * misses.std() / np.sqrt(40)


def test_units_that_are_all_moved_alike_do_not_count():
    embeddings = np.random.default_rng(2).standard_normal((6, 30))
    moved = embeddings + np.arange(6.0)[:, None]
    assert eigenscore(moved).value == pytest.approx(eigenscore(embeddings).value)


def test_what_all_answers_share_counts_as_published_and_not_when_answers_are_centred():
    random = np.random.default_rng(3)
    scatter, shared = random.standard_normal((8, 50)), 100 * random.standard_normal(50)
    assert eigenscore(scatter + shared).value > eigenscore(scatter).value + 0.5
    assert eigenscore(scatter + shared, centre="answers").value == pytest.approx(
        eigenscore(scatter, centre="answers").value, abs=1e-6
    )


def test_identical_answers_are_flagged_and_scored_little_above_the_floor():
    answer = np.random.default_rng(4).standard_normal(64)
    found = eigenscore(np.tile(answer, (10, 1)))
    length = ((answer - answer.mean()) ** 2).sum()
    assert found.degenerate
    assert found.value == pytest.approx((9 * np.log(ALPHA) + np.log(10 * length + ALPHA)) / 10, abs=1e-6)
    assert eigenscore(np.tile(answer, (10, 1)), centre="answers").value == pytest.approx(np.log(ALPHA), abs=1e-6)
    assert not eigenscore(np.random.default_rng(4).standard_normal((10, 64))).degenerate


def test_a_tiny_alpha_keeps_its_digits():
    embeddings = 1e3 * np.random.default_rng(5).standard_normal((5, 40))
    embeddings[4] = embeddings[3]
    rows = embeddings - embeddings.mean(axis=1, keepdims=True)
    values = np.linalg.svd(rows, compute_uv=False)
    expected = (np.log(values[:4] ** 2).sum() + np.log(1e-9)) / 5
    assert eigenscore(embeddings, alpha=1e-9).value == pytest.approx(expected, abs=1e-3)


def test_auto_is_exact_for_a_handful_of_answers_and_estimates_where_both_sides_are_long():
    random = np.random.default_rng(6)
    assert eigenscore(random.standard_normal((10, 576))).method == "gram"
    assert eigenscore(random.standard_normal((8000, 20))).method == "gram"


def test_the_printed_and_the_released_score_do_not_see_the_size_of_the_scatter():
    embeddings = np.random.default_rng(7).standard_normal((10, 200))
    for method in ("ees_paper", "ees_released"):
        small, large = eigenscore(embeddings, method), eigenscore(50 * embeddings, method)
        assert small.value == pytest.approx(large.value)
        assert np.isnan(small.error)
    assert eigenscore(50 * embeddings).value - eigenscore(embeddings).value == pytest.approx(2 * np.log(50), abs=1e-3)


def test_a_units_leverage_tells_what_the_score_loses_without_it():
    embeddings = np.random.default_rng(8).standard_normal((7, 25))
    rows = embeddings - embeddings.mean(axis=1, keepdims=True)
    found = score_without_unit(embeddings)
    for unit in (0, 11, 24):
        left = np.delete(rows, unit, axis=1)
        assert found[unit] == pytest.approx(np.linalg.slogdet(left @ left.T + ALPHA * np.eye(7))[1] / 7)
    shares = leverage(embeddings)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert shares.sum() == pytest.approx(7, abs=0.01)


def test_a_streamed_score_is_the_score_after_every_answer():
    embeddings = np.random.default_rng(9).standard_normal((12, 9))
    streaming = StreamingEigenscore()
    for count, embedding in enumerate(embeddings, 1):
        streaming.add(embedding)
        if count > 1:
            assert streaming.value == pytest.approx(slow(embeddings[:count]), abs=1e-6)


def test_the_score_of_so_many_answers_is_the_mean_over_their_sets_and_does_not_drift():
    random = np.random.default_rng(10)
    few, many = [], []
    for _ in range(200):
        streaming = StreamingEigenscore()
        for embedding in random.standard_normal((10, 30)):
            streaming.add(embedding)
            if len(streaming) == 6:
                few.append(streaming.at(4)[0])
        many.append(streaming.at(4)[0])
    assert np.mean(few) == pytest.approx(np.mean(many), abs=3 * np.std(few) / np.sqrt(200))
    assert np.std(many) < np.std(few)


def test_the_jackknife_error_is_the_spread_over_repetitions():
    random = np.random.default_rng(11)
    found = []
    for _ in range(150):
        streaming = StreamingEigenscore()
        for embedding in random.standard_normal((10, 30)) * np.exp(0.5 * random.standard_normal((10, 1))):
            streaming.add(embedding)
        found.append(streaming.at(4))
    values, errors = np.array(found).T
    assert 0.7 < np.sqrt((errors**2).mean()) / values.std() < 1.5


def test_sampling_ends_sooner_where_answers_are_all_of_one_kind():
    rule = Settled(width=0.3)
    random = np.random.default_rng(12)

    def answers_needed(spread: float) -> int:
        streaming = StreamingEigenscore()
        while not rule.is_met(streaming) and len(streaming) < 60:
            streaming.add(np.exp(spread * random.standard_normal()) * random.standard_normal(200))
        return len(streaming)

    assert answers_needed(0.0) == rule.at_least < answers_needed(1.0)


def test_answers_that_agree_score_below_answers_to_shuffled_prompts():
    random = np.random.default_rng(13)
    topics = 5 * random.standard_normal((20, 1, 40))
    embeddings = topics + random.standard_normal((20, 6, 40))
    chance = scores_by_chance(embeddings, 100, seed=1)
    own = np.array([eigenscore(e).value for e in embeddings])
    assert own.max() < chance.min()
    assert np.array_equal(chance, scores_by_chance(embeddings, 100, seed=1))


def test_pooling_reads_the_tokens_that_are_there():
    hidden = np.full((2, 3, 2), np.nan)
    hidden[0] = [[1, 0], [2, 0], [6, 3]]
    hidden[1, :1] = [[4, 5]]
    assert np.array_equal(pooled(hidden), [[4.5, 2.0], [4, 5]])
    assert np.array_equal(pooled(hidden, "mean"), [[3, 1], [4, 5]])
    assert np.array_equal(pooled(hidden, "last"), [[6, 3], [4, 5]])
    assert np.array_equal(pooled(hidden, "second-last"), [[2, 0], [4, 5]])


GOOD = np.random.default_rng(14).standard_normal((4, 8))
BROKEN = GOOD.copy()
BROKEN[2, 3] = np.nan


@pytest.mark.parametrize(
    ("embeddings", "settings", "said"),
    [
        (GOOD[:1], {}, "1 answer found, expected at least 2"),
        (GOOD[0], {}, r"expected \(sample, unit\)"),
        (GOOD[:0], {}, "0 answer"),
        (GOOD[:, :1], {}, "1 unit"),
        (BROKEN, {}, "NaN or inf in answer 2"),
        (np.array([[object()]]), {}, "not an array of numbers"),
        (GOOD, {"alpha": -1.0}, "alpha"),
        (GOOD, {"alpha": np.nan}, "alpha"),
        (GOOD.T, {"alpha": 0.0}, "determinant is 0"),
        (np.tile(GOOD[0], (3, 1)), {"alpha": 0.0}, "linearly dependent"),
        (GOOD, {"alpha": 0.0, "method": "slq"}, "alpha: 0"),
        (GOOD, {"centre": "mean"}, "centre"),
        (GOOD, {"method": "slq", "steps": 0}, "steps"),
        (GOOD, {"method": "slq", "tolerance": -1.0}, "tolerance"),
        (np.ones((3, 4)), {"method": "ees_paper"}, "all numbers are equal"),
    ],
)
def test_what_has_no_score_is_refused_in_a_line(embeddings, settings, said):
    with pytest.raises(InputError, match=said):
        eigenscore(embeddings, **settings)


def test_unknown_names_bring_the_nearest():
    with pytest.raises(UnknownNameError, match="chebyshev"):
        eigenscore(GOOD, "chebychev")
    with pytest.raises(UnknownNameError, match="steps"):
        eigenscore(GOOD, "slq", step=3)
    with pytest.raises(UnknownNameError, match="second-last"):
        pooled(GOOD[None], "secondlast")
    with pytest.raises(InputError, match="NaN or inf in answer 0"):
        StreamingEigenscore().add(BROKEN[2])
    with pytest.raises(InputError, match="1 prompt"):
        scores_by_chance(GOOD[None])
    with pytest.raises(InputError, match="width"):
        Settled(width=0)
    with pytest.raises(InputError, match="without a token"):
        pooled(np.full((1, 2, 3), np.nan))
