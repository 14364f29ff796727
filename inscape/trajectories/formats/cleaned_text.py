"""Text files as the table parser wants them: UTF-8, without comments, one delimiter, unpacked."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from inscape.errors import InputError

BLOCK = 1 << 20
LONGEST_LINE = 1 << 26
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def open_unpacked(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked if it is gzip, bzip2 or xz by its first bytes, whatever its name says."""
    with open(path, "rb") as file:
        magic = file.read(6)
    if magic[:2] == b"\x1f\x8b":
        import gzip

        return gzip.open(path, "rb")  # type: ignore[return-value]
    if magic[:3] == b"BZh":
        import bz2

        return bz2.open(path, "rb")  # type: ignore[return-value]
    if magic == b"\xfd7zXZ\x00":
        import lzma

        return lzma.open(path, "rb")  # type: ignore[return-value]
    return open(path, "rb")


def encoding_of(file: str, start: bytes) -> tuple[str, int]:
    """The encoding of a text from its first bytes, and the length of its byte order mark.

    Raises
    ------
    InputError : if the bytes are not text.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    odd = sum(start.count(bytes([code])) for code in (*range(9), *range(14, 27), 28, 29, 30, 31))
    if b"\x00" in start or odd > 0.02 * len(start):
        raise InputError(f"{file}: binary content found, expected text; give the format, format=..., or another file")
    try:
        # The block may end within a character.
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1252", 0
    return "utf-8", 0


class CleanedText(io.RawIOBase):
    """A readable stream of the table's lines alone.

    Parameters
    ----------
    path : the file.
    encoding, mark : as of `encoding_of`.
    comment : lines that begin with this are left out; "" keeps all.
    squeeze : turn every run of blanks into one tab (tables parted by white space).
    """

    def __init__(self, path: Path, encoding: str, mark: int, comment: str, squeeze: bool):
        self._file = open_unpacked(path)
        self._file.read(mark)
        self._name = path.name
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
        self._comment = comment.encode()
        self._pattern = re.compile(rb"^[ \t]*" + re.escape(self._comment) + rb"[^\r\n]*(?:\r\n|\r|\n|\Z)", re.MULTILINE)
        self._squeeze = squeeze
        self._rest = b""
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if self._ended:
                return 0
            self._ready = memoryview(self._next())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _next(self) -> bytes:
        block = self._file.read(BLOCK)
        self._ended = not block
        if self._decoder is not None:
            block = self._decoder.decode(block, final=self._ended).encode("utf-8", "replace")
        block = self._rest + block if self._rest else block
        if not self._ended:
            # Whole lines only, so that a comment is never seen by half; "\r\n" is not parted.
            end = max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1
            block, self._rest = block[:end], block[end:]
            if len(self._rest) > LONGEST_LINE:
                raise InputError(f"{self._name}: a line longer than {LONGEST_LINE >> 20} MiB found, expected a table")
        else:
            self._rest = b""
        if self._comment and self._comment in block:
            block = self._pattern.sub(b"", block)
        if self._squeeze:
            block = re.sub(rb"[ \t]+", b"\t", re.sub(rb"^[ \t]+|[ \t]+(?=\r|$)", b"", block, flags=re.MULTILINE))
        return block


def count_lines(open_text: Callable[[], io.RawIOBase]) -> int:
    """Number of lines of a text, by one pass over it in bounded memory; an upper bound of its rows."""
    lines, last = 0, b"\n"
    buffer = bytearray(BLOCK)
    with open_text() as text:
        while count := text.readinto(buffer) or 0:
            newlines = buffer.count(b"\n", 0, count)
            # Old files end their lines with a bare carriage return.
            lines += newlines or buffer.count(b"\r", 0, count)
            last = bytes(buffer[count - 1 : count])
    return lines + (last not in (b"\n", b"\r"))
