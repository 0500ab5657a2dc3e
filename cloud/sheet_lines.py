"""The lines of a sheet: UTF-8, or UTF-16 as spreadsheets save it (known by its first bytes); from the last up, too."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from io import SEEK_END, BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO

BLOCK_BYTES = 1 << 16
WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAVE = "save it as CSV UTF-8"


def opened(path: Path, errors: str, newline: str | None = None) -> TextIOWrapper:
    """A file open for reading its text; `errors` and `newline` as `open` has them. Raises `OSError`."""
    source = path.open("rb")
    return _as_text(source, source.peek(4)[:4], errors, newline)


def opened_bytes(body: bytes, errors: str, newline: str | None = None) -> TextIOWrapper:
    """The same of a file's bytes."""
    return _as_text(BytesIO(body), body[:4], errors, newline)


def _as_text(source: IO[bytes], first: bytes, errors: str, newline: str | None) -> TextIOWrapper:
    wide = next((encoding for mark, encoding in WIDE if first.startswith(mark)), "")
    if wide:
        return TextIOWrapper(source, wide, "replace", newline)
    return TextIOWrapper(source, "utf-8-sig", errors, newline)


def is_wide(line: str) -> bool:
    """Whether a first line looks like UTF-16 that does not say so."""
    return "\0" in line


def can_turn(path: Path) -> bool:
    """Whether `backwards` reads it: a file on disk, of UTF-8."""
    if not path.is_file():
        return False
    with path.open("rb") as source:
        first = source.read(4)
    return not any(first.startswith(mark) for mark, _ in WIDE)


def backwards(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file, each with its number from 1, from the last to the second; memory is that of some lines.
    Raises `OSError`."""
    with path.open("rb") as source:
        first = source.read(BLOCK_BYTES)
        ends = b"\n" if b"\n" in first else b"\r"
        source.seek(0)
        number, last = 1, b""
        while block := source.read(BLOCK_BYTES):
            number, last = number + block.count(ends), block
        if last.endswith(ends):
            number -= 1
        place = source.seek(0, SEEK_END)
        rest = b""
        begun = False
        while place > 0:
            size = min(BLOCK_BYTES, place)
            place -= size
            source.seek(place)
            rest, *lines = (source.read(size) + rest).split(ends)
            if not begun and lines and not lines[-1]:
                lines.pop()
            begun = True
            for line in reversed(lines):
                if number > 1:
                    yield number, line.decode(errors="replace")
                number -= 1
