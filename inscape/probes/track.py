"""`Track`: the passes of one recorded site, in memory or in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, overload

import numpy as np

from inscape.errors import InputError


class Track(Sequence[Any]):
    """Passes of one site in the order in which they came, held in memory.

    Parameters
    ----------
    axes : names of the axes of one pass.
    keep : only so many of the newest passes are kept; None keeps all.
    """

    def __init__(self, axes: tuple[str, ...] = (), keep: int | None = None):
        self.axes = axes
        self.keep = keep
        self.numbers: list[int] = []
        self._steps: list[int | None] = []
        self._passes: list[Any] = []

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, number: int) -> Any: ...
    @overload
    def __getitem__(self, number: slice) -> list[Any]: ...
    def __getitem__(self, number: int | slice) -> Any:
        return self._passes[number]

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def append(self, passed: Any, number: int, step: int | None) -> int:
        """Take in a pass, with its number and its step; returns by how many bytes more memory is held."""
        self._passes.append(passed)
        self.numbers.append(number)
        self._steps.append(step)
        grown = int(passed.nbytes)
        if self.keep is not None and len(self._passes) > self.keep:
            grown -= self._passes.pop(0).nbytes
            del self.numbers[0], self._steps[0]
        return grown

    @property
    def steps(self) -> np.ndarray:
        """(pass,) step of each pass; its number where no step was set."""
        labels = [number if step is None else step for number, step in zip(self.numbers, self._steps, strict=True)]
        return np.array(labels, int)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The different shapes that passed, in the order in which they came."""
        return list(dict.fromkeys(tuple(one.shape) for one in self._passes))

    def stack(self) -> np.ndarray:
        """All passes as one array; they have one shape."""
        return np.stack([plain(one) for one in self._passes])


class FileTrack(Track):
    """Passes of one site that are written to a file as they come, one after the other without gaps.

    Parameters
    ----------
    path : the file, which must not exist if `number` and the rest are to be written to it.
    axes : as of `Track`.
    """

    def __init__(self, path: Path, axes: tuple[str, ...] = ()):
        super().__init__(axes)
        self.path = path
        self.dtype: np.dtype[Any] | None = None
        self._shapes: list[tuple[int, ...]] = []
        self._starts: list[int] = []
        self._size = 0
        self._file: IO[bytes] | None = None

    def append(self, passed: Any, number: int, step: int | None) -> int:
        values = np.ascontiguousarray(plain(passed))
        if self.dtype is not None and values.dtype != self.dtype:
            raise InputError(f"{self.path.name}: {values.dtype} passed after {self.dtype}; one file holds one type")
        if self._file is None:
            self._file = self.path.open("ab")
        self._file.write(values.data)
        self.note(values.shape, values.dtype, number, step)
        return 0

    def note(self, shape: tuple[int, ...], dtype: Any, number: int, step: int | None) -> None:
        """Take note of a pass that stands in the file after those noted before."""
        self.dtype = np.dtype(dtype)
        self._starts.append(self._size)
        self._shapes.append(shape)
        self._size += int(np.prod(shape, dtype=np.int64)) * self.dtype.itemsize
        self.numbers.append(number)
        self._steps.append(step)

    def flush(self) -> None:
        """What was taken in so far is in the file."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """No pass comes any more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __getitem__(self, number: int | slice) -> Any:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        number = range(len(self))[number]
        return self._mapped(self._starts[number], self._shapes[number])

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return list(dict.fromkeys(self._shapes))

    def stack(self) -> np.ndarray:
        return self._mapped(0, (len(self), *self._shapes[0]))

    def _mapped(self, start: int, shape: tuple[int, ...]) -> np.ndarray:
        self.flush()
        if 0 in shape:
            return np.zeros(shape, self.dtype)
        return np.memmap(self.path, self.dtype, mode="r", offset=start, shape=shape)


def plain(passed: Any) -> np.ndarray:
    """A pass as an array, whether it was kept as one or as a live tensor."""
    return passed if isinstance(passed, np.ndarray) else passed.detach().cpu().numpy()
