"""Exemplar-label sequences that only copying from the context can solve (Chan et al. 2022; Singh et al. 2024)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError, UnknownNameError

Split = Literal["train", "relabelled", "new exemplar", "new class"]
SPLITS: tuple[Split, ...] = ("train", "relabelled", "new exemplar", "new class")
TRAIN_SHARE = 0.8
"""Of the label pairs: 8 of the 10 pairs of five labels."""


@dataclass(frozen=True)
class Sequences:
    """Sequences of five tokens: exemplar, label, exemplar, label, query.

    Parameters
    ----------
    exemplars : (*run, sample, 3) rows of the task's `features`: the two of the context and the query.
    labels : (*run, sample, 2) labels of the two of the context.
    position : (*run, sample) 0 or 1, which of the two the query belongs to.
    """

    exemplars: Int[np.ndarray, "*run sample 3"]
    labels: Int[np.ndarray, "*run sample 2"]
    position: Int[np.ndarray, "*run sample"]

    def __len__(self) -> int:
        return int(self.position.shape[-1])

    @property
    def targets(self) -> Int[np.ndarray, "*run sample"]:
        """The label that belongs to the query."""
        return np.take_along_axis(self.labels, self.position[..., None], -1)[..., 0]

    def __getitem__(self, chosen: slice | np.ndarray) -> Sequences:
        """Some of the samples."""
        return Sequences(self.exemplars[..., chosen, :], self.labels[..., chosen, :], self.position[..., chosen])


class FewShot:
    """A world of classes whose labels are drawn anew for each sequence.

    Two different classes are shown with two different labels, then one of them again without; what is asked for is
    its label. No class owns a label, so only the context can tell.

    Parameters
    ----------
    embeddings : (class, exemplar, feature) or (class, feature); what the network sees of each exemplar.
    classes : how many classes training shows, always by their first exemplar; the rest are new to the network.
    labels : how many labels there are. Their unordered pairs are split: four fifths train, the rest are "relabelled".
    new_classes : how many of the rest the split "new class" draws from; all if None.
    seed : of the order of classes and of the split of label pairs.
    centred : take the mean of the training exemplars away.
    scaled : make their root mean square one.

    Raises
    ------
    InputError : if there are fewer than two classes or labels, or the embeddings are not finite numbers.
    """

    def __init__(
        self,
        embeddings: Float[np.ndarray, "class exemplar feature"] | Float[np.ndarray, "class feature"],
        *,
        classes: int = 50,
        labels: int = 5,
        new_classes: int | None = None,
        seed: int | np.random.Generator | None = 0,
        centred: bool = True,
        scaled: bool = True,
    ):
        array = _embeddings(embeddings)
        classes = _at_least("classes", classes, 2)
        self.labels = _at_least("labels", labels, 2)
        if classes > len(array):
            raise InputError(f"classes: {classes} asked for, the embeddings hold {len(array)}; ask for fewer")
        random = np.random.default_rng(seed)
        array = array[random.permutation(len(array))]
        held = len(array) - classes if new_classes is None else _at_least("new_classes", new_classes, 0)
        if held > len(array) - classes:
            raise InputError(
                f"new_classes: {held} asked for, {len(array) - classes} are left beside {classes} of training"
            )
        array = array[: classes + held]
        if np.ptp(array[:classes, 0], axis=0).max() == 0:
            raise InputError("embeddings: all classes look the same, expected vectors that tell them apart")
        if centred:
            array = array - array[:classes, 0].mean(axis=0)
        if scaled:
            array = array / np.sqrt(np.mean(array[:classes, 0] ** 2))
        self.classes, self.new_classes = classes, held
        self.exemplars_per_class = array.shape[1]
        self.features: Float[np.ndarray, "row feature"] = array.reshape(-1, array.shape[2]).astype(np.float32)
        pairs = np.array(list(combinations(range(self.labels), 2)))
        pairs = pairs[random.permutation(len(pairs))]
        kept = max(1, round(TRAIN_SHARE * len(pairs)))
        self.train_pairs: Int[np.ndarray, "pair 2"] = pairs[:kept]
        self.new_pairs: Int[np.ndarray, "pair 2"] = pairs[kept:]

    @property
    def width(self) -> int:
        """Features of an exemplar."""
        return int(self.features.shape[1])

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that this world can draw."""
        here = {
            "train": True,
            "relabelled": len(self.new_pairs) > 0,
            "new exemplar": self.exemplars_per_class > 1,
            "new class": self.new_classes >= 2,
        }
        return tuple(s for s in SPLITS if here[s])

    def __repr__(self) -> str:
        return (
            f"FewShot({self.classes} classes and {self.new_classes} new, {self.labels} labels, {self.width} features, "
            f"{self.exemplars_per_class} exemplars a class)"
        )

    def draw(
        self, count: int, *, split: Split = "train", seed: int | list[int] | np.random.Generator | None = 0
    ) -> Sequences:
        """`count` independent sequences of a split.

        "train": the classes and label pairs of training; "relabelled": pairs of labels never seen together;
        "new exemplar": training classes by other exemplars; "new class": classes never seen.
        """
        count = _at_least("count", count, 1)
        if split not in SPLITS:
            raise UnknownNameError("split", str(split), SPLITS)
        if split not in self.splits:
            raise InputError(f"split {split!r}: this world has none; it has {', '.join(self.splits)}")
        random = np.random.default_rng(seed)
        among = self.new_classes if split == "new class" else self.classes
        first = random.integers(0, among, count)
        second = (first + random.integers(1, among, count)) % among
        pairs = self.new_pairs if split == "relabelled" else self.train_pairs
        labels = pairs[random.integers(0, len(pairs), count)]
        labels = np.where(random.integers(0, 2, count)[:, None] == 1, labels[:, ::-1], labels)
        position = random.integers(0, 2, count)
        shown = np.stack([first, second, np.where(position == 0, first, second)], axis=1)
        start = self.classes if split == "new class" else 0
        which = np.zeros((count, 1), dtype=int)
        if split == "new exemplar":
            which = random.integers(1, self.exemplars_per_class, (count, 3))
        return Sequences((start + shown) * self.exemplars_per_class + which, labels, position)

    def every_train_sequence(self) -> Sequences:
        """All distinct training sequences: ordered class pairs x ordered label pairs x which of the two is asked."""
        classes = np.array([(a, b) for a in range(self.classes) for b in range(self.classes) if a != b])
        labels = np.concatenate([self.train_pairs, self.train_pairs[:, ::-1]])
        c, p, position = (i.ravel() for i in np.indices((len(classes), len(labels), 2)))
        shown = np.concatenate([classes[c], np.take_along_axis(classes[c], position[:, None], 1)], axis=1)
        return Sequences(shown * self.exemplars_per_class, labels[p], position)


def gaussian_few_shot(
    *,
    classes: int = 50,
    labels: int = 5,
    new_classes: int = 100,
    exemplars: int = 5,
    features: int = 512,
    spread: float = 0.5,
    seed: int = 0,
) -> FewShot:
    """Classes as Gaussian vectors; exemplars scatter about them by `spread` of a class's own size.

    The first exemplar, the one of training, is the class vector itself.
    """
    for name, value in (("exemplars", exemplars), ("features", features)):
        _at_least(name, value, 1)
    if not (np.isfinite(spread) and spread >= 0):
        raise InputError(f"spread: {spread!r} found, expected a finite number of at least 0")
    random = np.random.default_rng([seed, 1])
    centres = random.standard_normal(
        (_at_least("classes", classes, 2) + _at_least("new_classes", new_classes, 0), 1, features)
    )
    scatter = spread * random.standard_normal((len(centres), exemplars, features))
    scatter[:, 0] = 0.0
    return FewShot(centres + scatter, classes=classes, labels=labels, new_classes=new_classes, seed=seed)


def omniglot_few_shot(
    paths: str | Path | Iterable[str | Path],
    *,
    classes: int = 50,
    labels: int = 5,
    new_classes: int = 100,
    exemplars: int = 5,
    features: int = 512,
    centred: bool = True,
    seed: int = 0,
) -> FewShot:
    """Handwritten characters (Lake, Salakhutdinov & Tenenbaum 2015) seen through fixed random convolutions.

    Parameters
    ----------
    paths : folders or zip archives in Omniglot's layout `alphabet/characterNN/id_drawer.png`; a character found in
        two of them counts once.
    exemplars : drawers a character; drawings in the order of the drawers.
    features : width of what the network sees of a drawing, as of `random_convolution_features`.
    centred : as of `FewShot`; what a rectified layer gives has a large mean, which uncentred features keep.
    """
    from inscape.systems.drawings import random_convolution_features, read_omniglot

    drawings = read_omniglot(paths, exemplars=_at_least("exemplars", exemplars, 1))
    if len(drawings) < classes + 2:
        raise InputError(f"classes: {classes} asked for, the drawings hold {len(drawings)} characters")
    seen = random_convolution_features(drawings.reshape(-1, *drawings.shape[2:]), features=features, seed=seed)
    seen = seen.reshape(*drawings.shape[:2], features)
    held = min(new_classes, len(drawings) - classes)
    return FewShot(seen, classes=classes, labels=labels, new_classes=held, seed=seed, centred=centred)


def _embeddings(values: object) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            "embeddings: something other than numbers found, expected (class, exemplar, feature)"
        ) from None
    array = array[:, None] if array.ndim == 2 else array
    if array.ndim != 3 or array.size == 0:
        raise InputError(f"embeddings: shape {array.shape} found, expected (class, exemplar, feature)")
    if not np.isfinite(array).all():
        rows = np.unique(np.argwhere(~np.isfinite(array))[:, 0])
        raise InputError(f"embeddings: NaN or infinity in class {', '.join(map(str, rows[:5]))}; leave it out")
    return array


def _at_least(name: str, value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}: {value!r} found, expected a whole number of at least {least}")
    return int(value)
