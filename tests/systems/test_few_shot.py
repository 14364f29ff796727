"""Sequences whose labels only the context can tell."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError, UnknownNameError
from inscape.systems.drawings import random_convolution_features, read_omniglot
from inscape.systems.few_shot import SPLITS, FewShot, gaussian_few_shot, omniglot_few_shot


@pytest.fixture(scope="module")
def task():
    return gaussian_few_shot(classes=9, new_classes=5, exemplars=3, features=16, seed=2)


@given(split=st.sampled_from(SPLITS), seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_query_shows_a_class_of_the_context_and_is_asked_for_its_label(split, seed):
    task = gaussian_few_shot(classes=9, new_classes=5, exemplars=3, features=16, seed=2)
    drawn = task.draw(20, split=split, seed=seed)
    classes = drawn.exemplars // task.exemplars_per_class
    assert (classes[:, 0] != classes[:, 1]).all()
    assert (drawn.labels[:, 0] != drawn.labels[:, 1]).all()
    rows = np.arange(20)
    np.testing.assert_array_equal(classes[:, 2], classes[rows, drawn.position])
    np.testing.assert_array_equal(drawn.targets, drawn.labels[rows, drawn.position])
    assert (classes >= task.classes).all() if split == "new class" else (classes < task.classes).all()
    which = drawn.exemplars % task.exemplars_per_class
    assert (which > 0).all() if split == "new exemplar" else (which == 0).all()


def test_five_labels_make_eight_pairs_to_train_and_two_that_were_never_together():
    task = gaussian_few_shot()
    assert len(task.train_pairs), len(task.new_pairs) == (8, 2)
    seen = {tuple(sorted(p)) for p in task.draw(2000).labels.tolist()}
    new = {tuple(sorted(p)) for p in task.draw(2000, split="relabelled").labels.tolist()}
    assert (len(seen), len(new)) == (8, 2)
    assert not seen & new


def test_fifty_classes_make_seventy_eight_thousand_four_hundred_sequences():
    every = gaussian_few_shot(features=4).every_train_sequence()
    assert len(every) == 78_400
    rows = np.concatenate([every.exemplars, every.labels, every.position[:, None]], axis=1)
    assert len(np.unique(rows, axis=0)) == 78_400


def test_classes_places_and_labels_are_drawn_evenly(task):
    drawn = task.draw(40_000, seed=1)
    share = np.bincount(drawn.exemplars[:, 0] // 3, minlength=9) / 40_000
    np.testing.assert_allclose(share, 1 / 9, atol=0.01)
    assert drawn.position.mean() == pytest.approx(0.5, abs=0.01)


def test_the_same_seed_draws_the_same_sequences(task):
    one, two, other = task.draw(50, seed=4), task.draw(50, seed=4), task.draw(50, seed=5)
    np.testing.assert_array_equal(one.exemplars, two.exemplars)
    assert not np.array_equal(one.exemplars, other.exemplars)


def test_training_exemplars_are_centred_and_of_unit_size(task):
    shown = task.features[::3][: task.classes]
    np.testing.assert_allclose(shown.mean(axis=0), 0, atol=1e-6)
    assert np.mean(shown**2) == pytest.approx(1, rel=1e-5)


def test_any_embeddings_will_do():
    vectors = np.random.default_rng(0).standard_normal((12, 7))
    task = FewShot(vectors, classes=4, labels=3)
    assert (task.classes, task.new_classes, task.width) == (4, 8, 7)
    assert task.splits == ("train", "relabelled", "new class")
    raw = FewShot(vectors, classes=4, labels=3, centred=False, scaled=False)
    assert {tuple(row) for row in raw.features} == {tuple(row) for row in vectors.astype(np.float32)}


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: FewShot(np.ones((5, 3)), classes=1), "classes: 1"),
        (lambda: FewShot(np.eye(5), classes=3, labels=1), "labels: 1"),
        (lambda: FewShot(np.eye(5), classes=6), "hold 5"),
        (lambda: FewShot(np.eye(5), classes=3, new_classes=4), "2 are left"),
        (lambda: FewShot(np.ones((5, 3)), classes=3), "look the same"),
        (lambda: FewShot([[1.0, np.nan]], classes=2), "NaN"),
        (lambda: FewShot(np.array([["a"]]), classes=2), "other than numbers"),
        (lambda: FewShot(np.zeros((0, 3)), classes=2), "shape"),
        (lambda: gaussian_few_shot(spread=-1.0), "spread"),
        (lambda: gaussian_few_shot(features=0), "features"),
        (lambda: FewShot(np.eye(4), classes=3).draw(5, split="new class"), "this world has none"),
        (lambda: gaussian_few_shot(features=4).draw(0), "count"),
    ],
)
def test_worlds_that_cannot_be_are_refused_in_one_line(call, told):
    with pytest.raises(InputError, match=told):
        call()


def test_an_unknown_split_is_answered_with_the_nearest(task):
    with pytest.raises(UnknownNameError, match="new class"):
        task.draw(3, split="new clas")


def archives(shared_data):
    pytest.importorskip("PIL")
    folder = shared_data / "18-induction-heads"
    if not folder.is_dir():
        pytest.skip("Omniglot's small archives are not beside the checkout")
    return [folder / f"images_background_small{i}.zip" for i in (1, 2)]


def test_both_small_omniglot_archives_hold_242_characters(shared_data):
    drawings = read_omniglot(archives(shared_data), exemplars=2)
    assert drawings.shape == (242, 2, 105, 105)
    assert set(np.unique(drawings)) == {0.0, 1.0}
    # Ink is the smaller part of a page.
    assert 0.01 < drawings.mean() < 0.2


def test_drawings_of_one_character_look_more_alike_than_of_two(shared_data):
    task = omniglot_few_shot(archives(shared_data), exemplars=2, features=128)
    seen = task.features.reshape(-1, 2, 128)
    seen = seen / np.linalg.norm(seen, axis=2, keepdims=True)
    likeness = seen[:, 0] @ seen[:, 1].T
    assert np.diag(likeness).mean() > np.abs(likeness).mean() + 0.1


def test_a_folder_and_an_archive_are_read_alike(tmp_path):
    image = pytest.importorskip("PIL.Image")
    random = np.random.default_rng(0)
    folder = tmp_path / "set" / "Latin"
    for character in ("character01", "character02"):
        (folder / character).mkdir(parents=True)
        for drawer in (1, 2):
            picture = image.fromarray((random.random((20, 20)) * 255).astype(np.uint8))
            picture.save(folder / character / f"0001_{drawer:02d}.png")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, file.relative_to(tmp_path))
    read = read_omniglot(tmp_path / "set", exemplars=2)
    assert read.shape == (2, 2, 20, 20)
    np.testing.assert_array_equal(read, read_omniglot(tmp_path / "set.zip", exemplars=2))
    with pytest.raises(InputError, match="2 drawings found"):
        read_omniglot(tmp_path / "set", exemplars=3)
    (folder / "character01" / "0001_01.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="not a picture"):
        read_omniglot(tmp_path / "set", exemplars=2)


def test_paths_without_drawings_are_refused(tmp_path):
    with pytest.raises(InputError, match="no drawing"):
        read_omniglot(tmp_path)
    with pytest.raises(InputError, match="no such"):
        read_omniglot(tmp_path / "absent.zip")
    (tmp_path / "text.zip").write_text("text")
    with pytest.raises(InputError, match="not a zip"):
        read_omniglot(tmp_path / "text.zip")
    with pytest.raises(InputError, match="none given"):
        read_omniglot([])


def test_random_convolutions_are_fixed_and_refuse_what_they_cannot_see():
    images = np.random.default_rng(0).random((3, 30, 30))
    seen = random_convolution_features(images, features=20)
    assert seen.shape == (3, 20)
    np.testing.assert_array_equal(seen, random_convolution_features(images, features=20))
    for wrong in (images[0], images[:, :10], images * np.nan):
        with pytest.raises(InputError):
            random_convolution_features(wrong)
