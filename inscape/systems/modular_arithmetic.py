"""Tables of arithmetic modulo a prime: tasks that a network memorises first and understands later (Power et al. 2022).

A sample is three tokens, "a operation b"; the answer is a number. A part of each table is for training, the rest tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from inscape.errors import InputError, UnknownNameError

OPERATIONS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
}
SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*"}
THREE_DOMAINS: Mapping[str, float] = {"add": 0.8, "subtract": 0.65, "multiply": 0.5}


class Questions(NamedTuple):
    """A part of the tables: tokens (sample, 3), answers (sample,), rows (sample,) of the whole set."""

    tokens: Int[np.ndarray, "sample token"]
    answers: Int[np.ndarray, "sample"]
    rows: Int[np.ndarray, "sample"]


@dataclass(frozen=True)
class ModularArithmetic:
    """Whole tables of one or more operations modulo `modulus`, and which rows are for training.

    Parameters
    ----------
    modulus : numbers are 0 to modulus - 1, and so are their tokens; the operations follow as tokens.
    domains : names of the operations.
    tokens : (sample, 3) a, operation, b.
    answers : (sample,) what is to be said; dealt anew within a domain where the labels are shuffled.
    domain : (sample,) index into `domains`.
    is_train : (sample,).
    """

    modulus: int
    domains: tuple[str, ...]
    tokens: Int[np.ndarray, "sample token"]
    answers: Int[np.ndarray, "sample"]
    domain: Int[np.ndarray, "sample"]
    is_train: Bool[np.ndarray, "sample"]

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return self.modulus + len(self.domains)

    def questions(self, domain: str | None = None, *, train: bool = True) -> Questions:
        """The training (or test) rows of a domain, of all if None.

        Raises
        ------
        UnknownNameError : if there is no such domain.
        """
        chosen = self.is_train == bool(train)
        if domain is not None:
            if domain not in self.domains:
                raise UnknownNameError("domain", str(domain), self.domains)
            chosen = chosen & (self.domain == self.domains.index(domain))
        rows = np.flatnonzero(chosen)
        return Questions(self.tokens[rows], self.answers[rows], rows)

    def text(self, row: int) -> str:
        """A row as it is read, such as "3 + 4 = 7 (mod 23)"."""
        if not 0 <= row < len(self.tokens):
            raise InputError(f"row: {row} found, expected 0 to {len(self.tokens) - 1}")
        a, operation, b = self.tokens[row]
        sign = SYMBOLS[self.domains[operation - self.modulus]]
        return f"{a} {sign} {b} = {self.answers[row]} (mod {self.modulus})"


def modular_arithmetic(
    domains: Mapping[str, float] = THREE_DOMAINS,
    modulus: int = 23,
    *,
    shuffled: bool = False,
    seed: int | np.random.Generator | None = 0,
) -> ModularArithmetic:
    """Every pair (a, b) under each operation, split at random into training and test.

    Parameters
    ----------
    domains : operation ("add", "subtract", "multiply") -> share of its table that is for training.
    modulus : at least 3; the field's papers take a prime.
    shuffled : deal the answers of each domain to its rows at random, so that only memory can help.

    Raises
    ------
    UnknownNameError : for another operation.
    InputError : for a modulus below 3 or a share that leaves no row on one side.
    """
    random = np.random.default_rng(seed)
    if isinstance(modulus, bool) or not isinstance(modulus, (int, np.integer)) or modulus < 3:
        raise InputError(f"modulus: {modulus!r} found, expected a whole number of at least 3")
    if not isinstance(domains, Mapping) or not domains:
        raise InputError(f"domains: {domains!r} found, expected operation -> share of training, such as {{'add': 0.8}}")
    a, b = (grid.ravel() for grid in np.meshgrid(np.arange(modulus), np.arange(modulus), indexing="ij"))
    parts = []
    for index, (name, share) in enumerate(domains.items()):
        if name not in OPERATIONS:
            raise UnknownNameError("operation", str(name), OPERATIONS)
        count = _training_rows(name, share, len(a))
        answers = OPERATIONS[name](a, b) % modulus
        is_train = np.zeros(len(a), dtype=bool)
        is_train[random.permutation(len(a))[:count]] = True
        if shuffled:
            answers = random.permutation(answers)
        sign = np.full(len(a), modulus + index)
        parts.append((np.stack([a, sign, b], axis=1), answers, np.full(len(a), index), is_train))
    tokens, answers, domain, is_train = (np.concatenate(column) for column in zip(*parts, strict=True))
    return ModularArithmetic(int(modulus), tuple(domains), tokens, answers, domain, is_train)


def _training_rows(name: str, share: float, rows: int) -> int:
    is_number = isinstance(share, (int, float, np.number)) and not isinstance(share, bool)
    count = round(float(share) * rows) if is_number and np.isfinite(share) else 0
    if not 0 < count < rows:
        raise InputError(f"domains[{name!r}]: {share!r} found, expected a share between 0 and 1 that leaves test rows")
    return count
