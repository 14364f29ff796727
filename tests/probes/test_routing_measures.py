"""Pathways, distances, overlaps, groups and pairs on weights whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.probes import routing
from inscape.probes.routing.distance import levenshtein
from inscape.probes.routing.pairs import mean_of_pairs
from inscape.studies.pathways.exactness import edit_distance


def random_weights(samples=30, layers=3, experts=14, seed=0, sharpness=2.0) -> np.ndarray:
    logits = sharpness * np.random.default_rng(seed).normal(size=(samples, layers, experts))
    weights = np.exp(logits)
    return weights / weights.sum(axis=-1, keepdims=True)


def test_a_pathway_holds_the_largest_weights_until_they_exceed_the_threshold():
    weights = np.array([[[0.1, 0.5, 0.1, 0.3], [0.75, 0.05, 0.1, 0.1]]])
    assert routing.pathways(weights, threshold=0.7) == ["1,3-0"]
    assert routing.pathways(weights, threshold=0.85) == ["1,3,0-0,2,3"]
    assert routing.pathway_length(weights, threshold=0.85).tolist() == [[3, 3]]
    assert routing.pathways(weights, threshold=0.85, most=1) == ["1-0"]


def test_a_sum_that_only_meets_the_threshold_does_not_exceed_it():
    assert routing.pathways(np.array([[[0.5, 0.25, 0.25]]]), threshold=0.5) == ["0,1"]


def test_string_distances_are_those_of_the_definition_on_a_thousand_pairs():
    weights = random_weights(46)
    paths = routing.pathways(weights)
    found = routing.distance(weights, most=None)
    pairs = [(i, j) for i in range(46) for j in range(i)][:1000]
    assert all(found.matrix[i, j] == edit_distance(paths[i], paths[j]) for i, j in pairs)
    assert len(pairs) == 1000
    assert found.mean == pytest.approx(
        np.mean([edit_distance(paths[i], paths[j]) for i in range(46) for j in range(i)]), rel=1e-6
    )


def test_distances_in_experts_count_experts_and_not_their_digits():
    weights = np.zeros((2, 1, 20))
    weights[0, 0, 3] = weights[1, 0, 12] = 1.0
    assert routing.distance(weights, unit="char").mean == 2
    assert routing.distance(weights, unit="expert").mean == 1
    assert routing.distance(weights, unit="expert", normalised=True).mean == 1


def test_expert_three_of_two_layers_is_two_experts():
    weights = np.zeros((2, 2, 5))
    weights[0, 0, 1] = weights[0, 1, 2] = weights[1, 0, 2] = weights[1, 1, 1] = 1.0
    found = routing.distance(weights, unit="expert")
    assert found.matrix[0, 1] == 2
    assert found.per_layer.tolist() == [1, 1]
    assert found.length == 2


def test_a_normalised_distance_does_not_grow_when_pathways_lengthen():
    flat, sharp = random_weights(sharpness=0.3), random_weights(sharpness=2.0)
    raw = [routing.distance(w, unit="expert").mean for w in (sharp, flat)]
    normalised = [routing.distance(w, unit="expert", normalised=True).mean for w in (sharp, flat)]
    assert raw[1] > 2 * raw[0]
    assert normalised[1] < 1.1 * normalised[0]


def test_the_distance_between_two_logs_is_taken_across_them():
    one, other = random_weights(8, seed=1), random_weights(11, seed=2)
    found = routing.distance(one, other)
    paths, others = routing.pathways(one), routing.pathways(other)
    assert found.matrix.shape == (8, 11)
    assert found.matrix[3, 7] == edit_distance(paths[3], others[7])
    assert found.mean == pytest.approx(found.matrix.mean(), rel=1e-6)


def test_equal_texts_are_compared_once_and_still_counted():
    texts = ["a,b", "c", "a,b", "a"]
    expected = [[edit_distance(a, b) for b in texts] for a in texts]
    assert levenshtein(texts).tolist() == expected
    assert levenshtein(texts, ["c", "c"]).tolist() == [[edit_distance(a, b) for b in "cc"] for a in texts]


def test_more_samples_than_asked_for_are_drawn_at_random_and_repeatably():
    weights = random_weights(60)
    one, again = (routing.distance(weights, most=20, seed=4) for _ in range(2))
    assert len(one.samples) == 20
    assert np.array_equal(one.samples, again.samples)
    assert one.mean == again.mean
    whole = routing.distance(weights, most=None)
    assert abs(one.mean - whole.mean) < 4 * one.standard_error


def test_the_standard_error_of_a_mean_of_pairs_is_its_spread_over_samplings():
    random = np.random.default_rng(0)
    means, errors = [], []
    for _ in range(400):
        x = random.normal(size=25)
        mean, error = mean_of_pairs((x[:, None] - x[None, :]) ** 2)
        means.append(mean)
        errors.append(error)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.15)
    assert np.mean(means) == pytest.approx(2.0, rel=0.05)


def test_overlap_is_the_mean_cosine_of_pairs():
    weights = random_weights(9)
    flat = weights.reshape(9, -1)
    cosines = [
        flat[i] @ flat[j] / np.linalg.norm(flat[i]) / np.linalg.norm(flat[j]) for i in range(9) for j in range(i)
    ]
    assert routing.overlap(weights).mean == pytest.approx(np.mean(cosines), rel=1e-10)
    assert routing.overlap(np.repeat(weights[:1], 5, axis=0)).mean == pytest.approx(1, rel=1e-10)


def test_total_variation_is_the_weight_that_must_move():
    weights = np.array([[[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]], [[0.0, 1.0, 0.0], [0.0, 0.5, 0.5]]])
    found = routing.total_variation(weights)
    assert found.per_layer.tolist() == [1.0, 0.5]
    assert found.mean == 0.75


def test_entropy_is_zero_for_one_expert_and_log_experts_for_all():
    weights = np.array([[[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]])
    assert routing.entropy(weights).tolist() == [[0.0, pytest.approx(math.log(4))]]


def test_smoothness_is_one_where_all_layers_route_alike_and_c_as_printed_is_then_zero():
    routers = np.tile(np.random.default_rng(0).normal(size=(1, 6, 5)), (4, 1, 1))
    weights = np.tile(random_weights(7, 1, 6), (1, 4, 1))
    found = routing.consistency(weights, routers=routers)
    assert found.smoothness == pytest.approx(np.ones(7))
    assert found.printed == pytest.approx(np.zeros(7), abs=1e-7)


def test_consistency_is_that_of_the_formula():
    weights, routers = random_weights(3, 4, 5), np.random.default_rng(1).normal(size=(4, 5, 6))
    found = routing.consistency(weights, routers=routers)
    for i in range(3):
        e = [weights[i, layer] @ routers[layer] for layer in range(4)]
        c = [e[k] @ e[k + 1] / np.linalg.norm(e[k]) / np.linalg.norm(e[k + 1]) for k in range(3)]
        assert found.cosines[i] == pytest.approx(c)
        assert found.printed[i] == pytest.approx(1 - sum(ck / (max(c) + 1e-8) for ck in c) / 3)
        assert found.smoothness[i] == pytest.approx(np.mean(c))


def test_one_layer_has_no_consistency_and_says_why():
    found = routing.consistency(random_weights(4, 1, 5), routers=np.ones((1, 5, 3)))
    assert np.isnan(found.printed).all()
    assert np.isnan(found.smoothness).all()
    assert "one layer" in found.reason


def test_a_sample_is_memorised_from_when_its_loss_is_low_for_good():
    losses = np.array(
        [
            # never low, low at once, low but not yet near its last, low late, low then high then low
            [3.0, 0.10, 0.90, 3.0, 0.1],
            [3.0, 0.12, 0.50, 3.0, 2.0],
            [3.0, 0.11, 0.12, 0.2, 0.1],
            [3.0, 0.10, 0.10, 0.2, 0.1],
        ]
    )
    assert routing.memorised(losses, epsilon=1.0).tolist() == [-1, 0, 2, 2, 2]


def test_the_bound_is_chosen_so_that_the_wished_share_is_memorised_early():
    random = np.random.default_rng(0)
    last = random.uniform(0, 3, 400)
    losses = np.stack([last + 2, last + 0.02, last])
    epsilon, share = routing.choose_epsilon(losses)
    assert 0.2 <= share <= 0.25
    early = routing.memorised(losses, epsilon=epsilon)
    assert np.mean(early == 1) == share
    assert np.quantile(last, share) == pytest.approx(epsilon - 0.02, abs=0.1)


def test_an_item_is_understood_from_when_it_is_answered_for_good():
    correct = np.array([[0, 1, 0, 1], [0, 1, 1, 0], [0, 1, 1, 1], [1, 1, 1, 0], [0, 1, 1, 1], [1, 1, 1, 0]])
    correct = np.concatenate([correct, np.tile([[1, 1, 1, 0]], (6, 1))])
    assert routing.generalised(correct).tolist() == [3, 0, 1, -1]


def test_groups_are_paired_with_those_that_mean_the_same():
    random = np.random.default_rng(0)
    centres = np.eye(3)
    train = centres[[0, 0, 1, 1, 2, 2]] + 0.05 * random.normal(size=(6, 3))
    test = centres[[2, 1, 0]] + 0.05 * random.normal(size=(3, 3))
    pairs = routing.pair_groups(train, np.array([1, 1, 4, 4, 7, 7]), test, np.array([9, 5, 3]))
    assert {(p.memorised, p.generalised, p.lag) for p in pairs} == {(1, 3, 2), (4, 5, 1), (7, 9, 2)}
    assert all(p.similarity > 0.9 for p in pairs)


def test_samples_of_no_group_are_not_paired():
    assert routing.pair_groups(np.eye(2), np.array([-1, -1]), np.eye(2), np.array([0, 1])) == ()


def test_a_text_that_the_network_expects_has_a_higher_min_k_score():
    random = np.random.default_rng(0)
    logits = 3 * random.normal(size=(50, 30))
    expected, surprising = logits.argmax(axis=1), logits.argmin(axis=1)
    assert routing.min_k(logits, expected) > 0 > routing.min_k(logits, surprising)


def test_min_k_is_that_of_its_formula():
    logits, aims = np.array([[1.0, 0.0, -1.0], [0.5, 0.5, 2.0]]), np.array([0, 1])
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    mean = (p * np.log(p)).sum(1)
    deviation = np.sqrt((p * np.log(p) ** 2).sum(1) - mean**2)
    scores = (np.log(p[[0, 1], aims]) - mean) / deviation
    assert routing.min_k(logits, aims, share=0.5) == pytest.approx(scores.min())
    assert routing.min_k(logits, aims, share=1.0) == pytest.approx(scores.mean())


def test_an_alarm_has_the_false_alarm_rate_that_it_states():
    random = np.random.default_rng(0)
    still = [0.02 * random.normal(size=25) for _ in range(40)]
    alarm = routing.calibrate_alarm(still, window=5, rate=0.02)
    assert alarm.rate == pytest.approx(0.02, abs=0.005)
    fresh = np.mean([alarm.fires(0.02 * random.normal(size=25))[4:].mean() for _ in range(400)])
    assert fresh == pytest.approx(0.02, abs=0.01)
    falling = np.concatenate([np.zeros(10), np.linspace(0, -2, 15)])
    assert alarm.first(falling) in range(9, 14)
    assert alarm.first(-falling) is None
    assert routing.calibrate_alarm(still, side="rising").first(-falling) is not None


BAD = [
    (lambda: routing.pathways(random_weights(), threshold=1.0), "between 0 and 1"),
    (lambda: routing.pathways(random_weights(), threshold=float("nan")), "between 0 and 1"),
    (lambda: routing.pathways(random_weights(), threshold=0), "between 0 and 1"),
    (lambda: routing.pathways(np.full((2, 2, 3), np.nan)), "non-negative"),
    (lambda: routing.pathways(np.full((2, 2, 3), 0.9)), "sums to 2.7"),
    (lambda: routing.pathways(-random_weights()), "non-negative"),
    (lambda: routing.pathways(np.zeros((0, 2, 3))), "expected numbers"),
    (lambda: routing.pathways(random_weights()[0]), "expected a RouterLog"),
    (lambda: routing.pathways([[["a"]]]), "expected a RouterLog"),
    (lambda: routing.pathways(None), "expected a RouterLog"),
    (lambda: routing.pathways([[1.0], [1.0, 2.0]]), "expected a RouterLog"),
    (lambda: routing.pathways(random_weights(), most=0), "most"),
    (lambda: routing.distance(random_weights(1)), "at least 2"),
    (lambda: routing.distance(random_weights(), most=1), "most"),
    (lambda: routing.distance(random_weights(), unit="digit"), "char, expert"),
    (lambda: routing.distance(random_weights(), random_weights(experts=5)), "other"),
    (lambda: routing.overlap(random_weights(1)), "at least 2"),
    (lambda: routing.overlap(random_weights(), random_weights(layers=2)), "other"),
    (lambda: routing.consistency(random_weights()), "routers"),
    (lambda: routing.consistency(random_weights(), routers=np.ones((2, 14, 3))), "routers"),
    (lambda: routing.consistency(random_weights(), routers=np.full((3, 14, 3), np.nan)), "finite"),
    (lambda: routing.memorised(np.ones(4), epsilon=1), "checkpoint, sample"),
    (lambda: routing.memorised(np.full((3, 2), np.nan), epsilon=1), "NaN"),
    (lambda: routing.memorised(np.ones((3, 2)), epsilon=-1), "epsilon"),
    (lambda: routing.memorised("losses", epsilon=1), "numbers"),
    (lambda: routing.choose_epsilon(np.ones((3, 2)), step=0), "step"),
    (lambda: routing.choose_epsilon(np.ones((3, 2)), share=(0.5, 0.2)), "share"),
    (lambda: routing.generalised(np.full((3, 2), 2.0)), "0 to 1"),
    (lambda: routing.pair_groups(np.eye(2), np.zeros(2, int), np.eye(3), np.zeros(3, int)), "features"),
    (lambda: routing.pair_groups(np.zeros((2, 2)), np.zeros(2, int), np.eye(2), np.zeros(2, int)), "row 0"),
    (lambda: routing.pair_groups(np.eye(2), np.zeros(3, int), np.eye(2), np.zeros(2, int)), "train_groups"),
    (lambda: routing.min_k(np.ones((3, 4)), np.array([0, 1])), "aims"),
    (lambda: routing.min_k(np.ones((2, 4)), np.array([0, 9])), "aims"),
    (lambda: routing.min_k(np.full((2, 4), np.inf), np.array([0, 1])), "finite"),
    (lambda: routing.min_k(np.ones((2, 4)), np.array([0, 1]), share=0), "share"),
    (lambda: routing.calibrate_alarm([]), "no run"),
    (lambda: routing.calibrate_alarm([np.ones(3)], window=5), "no run"),
    (lambda: routing.calibrate_alarm([np.ones(9)], window=2), "window"),
    (lambda: routing.calibrate_alarm([np.ones(9)], rate=1), "rate"),
    (lambda: routing.calibrate_alarm([np.ones(9)], side="down"), "falling or rising"),
    (lambda: routing.calibrate_alarm([np.full(9, np.nan)]), "finite"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_gets_one_clear_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
