"""The bytes of a MATLAB version 5 file, read with every claim of size held against what is there.

SciPy's compiled parser can end the process on a damaged file; this one answers with an error. The layout is that of
MathWorks' "MAT-File Format" (R2023b), chapter 1.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inscape.errors import InputError

_MATRIX, _COMPRESSED = 14, 15
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_LETTERS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_REFUSED = {1: "cell", 3: "object", 5: "sparse matrix", 16: "function", 17: "object"}
_CHAR, _STRUCT = 4, 2
_DEEPEST = 16
# Deflate packs at most 1032 to 1.
_DENSEST = 1100


@dataclass
class Contents:
    """What a file holds.

    Parameters
    ----------
    arrays : matrices of numbers by name, fields of 1 x 1 structs as "struct/field".
    texts : rows of letters by name.
    refused : what else is there, with its kind.
    """

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def contents_of(file: str, content: bytes) -> Contents:
    """Everything in a version 5 file.

    Raises
    ------
    InputError : if the bytes are damaged or cut short.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise InputError(f"{file}: no mark of byte order found; the file is damaged")
    found = Contents()
    reader = _Reader(file, order)
    for kind, part in reader.elements(memoryview(content)[128:], padded=False):
        if kind == _COMPRESSED:
            for inner_kind, inner in reader.elements(reader.unpacked(part)):
                if inner_kind == _MATRIX:
                    reader.matrix(inner, "", found, 0)
        elif kind == _MATRIX:
            reader.matrix(part, "", found, 0)
    return found


class _Reader:
    def __init__(self, file: str, order: str):
        self._file, self._order = file, order

    def damaged(self, what: str) -> InputError:
        return InputError(f"{self._file}: damaged or cut short ({what}); copy it again or save it anew")

    def unpacked(self, part: memoryview) -> memoryview:
        unpacker = zlib.decompressobj()
        try:
            plain = unpacker.decompress(part, _DENSEST * len(part) + 1024)
        except zlib.error:
            raise self.damaged("a packed variable does not unpack") from None
        if not unpacker.eof:
            raise self.damaged("a packed variable is incomplete")
        return memoryview(plain)

    def elements(self, part: memoryview, padded: bool = True) -> Iterator[tuple[int, memoryview]]:
        place = 0
        while place + 8 <= len(part):
            kind, size = (int(n) for n in np.frombuffer(part[place : place + 8], self._order + "u4"))
            if kind >> 16:
                # A small element: size and kind share one word, the content is in the other.
                size, kind = kind >> 16, kind & 0xFFFF
                if size > 4:
                    raise self.damaged(f"a small element of {size} bytes")
                yield kind, part[place + 4 : place + 4 + size]
                place += 8
                continue
            if size > len(part) - place - 8:
                raise self.damaged(f"{size} bytes claimed, {len(part) - place - 8} there")
            yield kind, part[place + 8 : place + 8 + size]
            place += 8 + size + (-size % 8 if padded or kind != _COMPRESSED else 0)

    def numbers(self, kind: int, part: memoryview) -> np.ndarray:
        if kind not in _STORED:
            raise self.damaged(f"numbers of kind {kind}")
        dtype = np.dtype(self._order + _STORED[kind])
        if len(part) % dtype.itemsize:
            raise self.damaged(f"{len(part)} bytes are no whole numbers")
        return np.frombuffer(part, dtype)

    def matrix(self, part: memoryview, name: str, found: Contents, depth: int) -> None:
        if len(part) == 0:
            return
        if depth > _DEEPEST:
            raise self.damaged("structs nested too deeply")
        rest = self.elements(part)
        flags, shape, label = self._following(rest, name), self._following(rest, name), self._following(rest, name)
        words = self.numbers(*flags)
        sizes = [int(size) for size in self.numbers(*shape)]
        if len(words) < 1 or not 1 <= len(sizes) <= 32 or min(sizes) < 0:
            raise self.damaged(f"the shape of {name or 'a variable'}")
        name = name or bytes(label[1]).decode("latin-1")
        kind = int(words[0]) & 0xFF
        count = int(np.prod(sizes, dtype=object))
        if kind in _CLASSES:
            found.arrays[name] = self._array(name, kind, sizes, count, rest)
            if int(words[0]) & 0x0800:
                found.arrays.pop(name)
                found.refused.append(f"{name} (complex)")
        elif kind == _CHAR:
            letters, text = self._following(rest, name)
            if count and sizes[0] == 1:
                found.texts[name] = self._text(letters, text)
        elif kind == _STRUCT and count == 1:
            self._struct(name, rest, found, depth)
        else:
            found.refused.append(f"{name} ({_REFUSED.get(kind, 'struct array')})")

    def _following(self, rest: Iterator[tuple[int, memoryview]], name: str) -> tuple[int, memoryview]:
        element = next(rest, None)
        if element is None:
            raise self.damaged(f"{name or 'a variable'} ends early")
        return element

    def _array(self, name: str, kind: int, sizes: list[int], count: int, rest: Any) -> np.ndarray:
        values = self.numbers(*self._following(rest, name))
        if len(values) != count:
            raise self.damaged(f"{name} has {len(values)} numbers for a shape of {' x '.join(map(str, sizes))}")
        # Whole numbers are stored as small as they fit; the class says what they are.
        return values.astype(_CLASSES[kind]).reshape(sizes, order="F")

    def _text(self, kind: int, part: memoryview) -> str:
        coding = _LETTERS.get(kind)
        if coding is None:
            raise self.damaged(f"letters of kind {kind}")
        if coding.startswith(("utf-16", "utf-32")):
            coding += "-le" if self._order == "<" else "-be"
        return bytes(part).decode(coding, "replace")

    def _struct(self, name: str, rest: Any, found: Contents, depth: int) -> None:
        widths = self.numbers(*self._following(rest, name))
        labels = bytes(self._following(rest, name)[1])
        width = int(widths[0]) if len(widths) else 0
        if width < 1:
            raise self.damaged(f"the field names of {name}")
        for start in range(0, len(labels), width):
            label = labels[start : start + width].split(b"\x00")[0].decode("latin-1")
            kind, inner = self._following(rest, name)
            if kind == _MATRIX:
                self.matrix(inner, f"{name}/{label}", found, depth + 1)
