"""Tables of modular arithmetic are whole, right, and split as asked."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.systems.modular_arithmetic import modular_arithmetic


def test_every_row_answers_its_question():
    tables = modular_arithmetic(modulus=11)
    a, sign, b = tables.tokens.T
    by_name = {"add": a + b, "subtract": a - b, "multiply": a * b}
    for index, name in enumerate(tables.domains):
        rows = tables.domain == index
        assert (sign[rows] == 11 + index).all()
        assert np.array_equal(tables.answers[rows], by_name[name][rows] % 11)
        assert len({(x, y) for x, y in zip(a[rows], b[rows], strict=True)}) == 121


def test_training_and_test_rows_part_the_table_in_the_shares_asked_for():
    tables = modular_arithmetic({"add": 0.8, "subtract": 0.5}, modulus=23)
    for name, share in (("add", 0.8), ("subtract", 0.5)):
        train, test = tables.questions(name), tables.questions(name, train=False)
        assert len(train.rows) == round(share * 529)
        assert sorted([*train.rows, *test.rows]) == np.flatnonzero(tables.domain == tables.domains.index(name)).tolist()
    assert len(tables.questions().rows) == len(tables.questions("add").rows) + len(tables.questions("subtract").rows)


def test_shuffled_labels_keep_their_counts_and_lose_their_meaning():
    true, shuffled = (modular_arithmetic({"add": 0.8}, 23, shuffled=s) for s in (False, True))
    assert np.array_equal(np.bincount(true.answers), np.bincount(shuffled.answers))
    assert np.mean(true.answers == shuffled.answers) < 0.1
    assert np.array_equal(true.is_train, shuffled.is_train)


def test_the_same_seed_gives_the_same_split():
    one, same, other = (modular_arithmetic({"add": 0.5}, seed=s).is_train for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_row_reads_as_arithmetic():
    tables = modular_arithmetic({"subtract": 0.5}, modulus=7)
    row = int(np.flatnonzero((tables.tokens[:, 0] == 2) & (tables.tokens[:, 2] == 5))[0])
    assert tables.text(row) == "2 - 5 = 4 (mod 7)"
    assert tables.vocabulary == 8


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: modular_arithmetic({"divide": 0.5}), UnknownNameError, "operation 'divide'"),
        (lambda: modular_arithmetic({}), InputError, "domains"),
        (lambda: modular_arithmetic(["add"]), InputError, "domains"),
        (lambda: modular_arithmetic({"add": 1.0}), InputError, "test rows"),
        (lambda: modular_arithmetic({"add": float("nan")}), InputError, "test rows"),
        (lambda: modular_arithmetic({"add": "half"}), InputError, "test rows"),
        (lambda: modular_arithmetic(modulus=2), InputError, "modulus"),
        (lambda: modular_arithmetic(modulus=5.5), InputError, "modulus"),
        (lambda: modular_arithmetic().questions("divide"), UnknownNameError, "domain"),
        (lambda: modular_arithmetic().text(99999), InputError, "row"),
    ],
)
def test_bad_input_gets_one_clear_line(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
