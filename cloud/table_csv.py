"""Tables as CSV (RFC 4180), for programs and spreadsheets: UTF-8 with its mark, times in UTC as ISO 8601 has them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from cloud.core.exporting.columns import ColumnView, Row

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell of text that begins so may be a formula to a spreadsheet."""


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula: what might be one has an apostrophe before it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_file(columns: Sequence[ColumnView], blocks: Iterable[list[Row]]) -> Iterator[bytes]:
    """The file, a piece for each block; its head is in the first, so that nothing is begun that can not be read."""
    lines = _Lines("\ufeff")
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([one.name for one in columns])
    words = [(at, _WORDS[one.kind]) for at, one in enumerate(columns) if one.kind in _WORDS]
    for block in blocks:
        for row in block:
            cells: list[Any] = [*row]
            for at, word in words:
                if cells[at] is not None:
                    cells[at] = word(cells[at])
            writer.writerow(cells)
        yield lines.taken()
    if rest := lines.taken():
        yield rest


def iso(at_ms: int) -> str:
    """A moment in UTC, to the millisecond; "" for 0, which is none."""
    if not at_ms:
        return ""
    seconds, ms = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


_WORDS: dict[str, Callable[[Any], str]] = {
    "text": safe,
    "time": iso,
    "flag": lambda value: "true" if value else "false",
}


class _Lines:
    """What the writer of the standard library writes to."""

    def __init__(self, mark: str) -> None:
        self._held = [mark]  # without it spreadsheets take the file for another encoding

    def write(self, line: str) -> None:
        self._held.append(line)

    def taken(self) -> bytes:
        held, self._held = self._held, []
        return "".join(held).encode()
