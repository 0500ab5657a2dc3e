"""Reports found in a damaged file page by page, when the pages that lead to them are spoilt.

Reads SQLite's file format itself (https://sqlite.org/fileformat2.html, sections 1.5, 1.6 and 2.1). Pages that were let
go still hold what they held: that is safe to take for a number that is missed, since a number's report never changes.
Of the log nothing is taken, where there may be groups that never were committed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import msgspec

from edge.storing import sums
from edge.storing.errors import StoreDamaged
from edge.storing.outbox import unpack
from protocols.reports import LANES, Lane

LEAF_ROW, LEAF_KEY, INNER_KEY = 0x0D, 0x0A, 0x02
"""The pages with records: of tables with numbered rows, of those without, and the latter's inner ones."""
_PAGE_SIZES = {1 << bits for bits in range(9, 17)}
_PAGE = 4096
_BLOB = 12
_CHAIN_MAX = 4096
_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
"""Bytes of a value by its serial type, up to 9."""


class Found(NamedTuple):
    """Reports `first`, `first + 1` ... of a lane: one, or a block (`packed`) with its row's numbers."""

    lane: Lane
    first: int
    reports: list[bytes]
    packed: bytes | None = None
    raw: int = 0


def scan(path: Path) -> Iterator[Found]:
    """Every report and block of reports in the file that is whole."""
    with path.open("rb") as file:
        head = file.read(100)
        size = int.from_bytes(head[16:18], "big")
        size = 65536 if size == 1 else size
        size = size if size in _PAGE_SIZES else _PAGE
        reserved = head[20] if len(head) > 20 and head[20] < 64 else 0
        file.seek(0)
        number = 0
        while page := file.read(size):
            number += 1
            start = 100 if number == 1 else 0
            if len(page) == size and page[start] in (LEAF_ROW, LEAF_KEY, INNER_KEY):
                at = file.tell()
                for payload in _payloads(_Pages(path, size, size - reserved), page, start):
                    found = _report(payload)
                    if found is not None:
                        yield found
                file.seek(at)


class _Pages(NamedTuple):
    path: Path
    size: int
    usable: int


def _payloads(pages: _Pages, page: bytes, start: int) -> Iterator[bytes]:
    """The payload of each cell of a page; those of blocks with what lies on further pages."""
    kind = page[start]
    usable = pages.usable
    cells = int.from_bytes(page[start + 3 : start + 5], "big")
    pointers = start + (12 if kind == INNER_KEY else 8)
    most = usable - 35 if kind == LEAF_ROW else (usable - 12) * 64 // 255 - 23
    least = (usable - 12) * 32 // 255 - 23
    for cell in range(min(cells, usable // 4)):
        at = int.from_bytes(page[pointers + 2 * cell : pointers + 2 * cell + 2], "big")
        if kind == INNER_KEY:
            at += 4
        total, at = _varint(page, at)
        if kind == LEAF_ROW:
            _, at = _varint(page, at)
        if total <= most:
            if at + total <= usable:
                yield page[at : at + total]
        elif kind == LEAF_ROW:
            # Only blocks may go on elsewhere: they have a checksum, which tells when those pages are another's now.
            local = least + (total - least) % (usable - 4)
            local = local if local <= most else least
            yield page[at : at + local] + _rest(pages, page[at + local : at + local + 4], total - local)


def _rest(pages: _Pages, first: bytes, left: int) -> bytes:
    found = bytearray()
    number = int.from_bytes(first, "big")
    with pages.path.open("rb") as file:
        for _ in range(min(_CHAIN_MAX, left // (pages.usable - 4) + 1)):
            if number < 1 or left <= 0:
                break
            file.seek((number - 1) * pages.size)
            page = file.read(pages.size)
            number = int.from_bytes(page[:4], "big")
            found += page[4 : 4 + min(left, pages.usable - 4)]
            left -= pages.usable - 4
    return bytes(found)


def _report(payload: bytes) -> Found | None:
    """What a record of `outbox` or `packed` holds; None for any other, and for what is not whole."""
    values = _values(payload)
    # With a checksum, or without as earlier versions wrote them.
    lane = values[0] if len(values) in (3, 4) else values[1] if len(values) in (7, 8) else None
    if lane not in LANES:
        return None
    if len(values) < 7:
        _, seq, blob, *kept = values
        if not isinstance(seq, int) or not isinstance(blob, bytes):
            return None
        try:
            msgspec.msgpack.decode(blob)
        except ValueError:
            return None
        if kept and not sums.fits(seq, blob, kept[0]):
            return None
        return Found(lane, seq, [blob])
    _, _, first, count, size, raw, blob, *kept = values
    if not isinstance(blob, bytes) or len(blob) != size or not all(isinstance(one, int) for one in (first, count, raw)):
        return None
    if kept and kept[0] is not None and not sums.fits(cast(int, first), blob, kept[0]):
        return None
    try:
        return Found(lane, cast(int, first), unpack(blob, cast(int, count)), blob, cast(int, raw))
    except StoreDamaged:
        return None


def _values(payload: bytes) -> list[int | str | bytes | None]:
    """The values of a record of as many columns as what is looked for has; floats as None."""
    end, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < end <= len(payload) and len(kinds) < 9:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    if len(kinds) not in (3, 4, 7, 8):
        return []
    values: list[int | str | bytes | None] = []
    at = end
    for kind in kinds:
        width = (kind - _BLOB) // 2 if kind >= _BLOB else _WIDTHS[kind] if kind < len(_WIDTHS) else 0
        part = payload[at : at + width]
        at += width
        if len(part) != width:
            return []
        if kind >= _BLOB:
            values.append(part if kind % 2 == 0 else part.decode("utf-8", "replace"))
        elif kind in (8, 9):
            values.append(kind - 8)
        else:
            values.append(int.from_bytes(part, "big", signed=True) if 1 <= kind <= 6 else None)
    return values


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes and where it ends; 0 beyond the end of the data."""
    value = 0
    for step in range(9):
        if at + step >= len(data):
            return 0, len(data)
        byte = data[at + step]
        if step == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + step + 1
    raise AssertionError("nine bytes end a number")
