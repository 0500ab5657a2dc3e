"""Checksums of single rows: SQLite has none, and a flipped bit in a row's value is no error to it.

CRC-32 (the one of zlib and IEEE 802.3) over the value, begun with what the row is known by: so a report under another's
number fails too. It finds every single flipped bit and all but one in four billion of other changes. A single bit can
even be put right, since each place has a remainder of its own (as far as 2^31 bits; Peterson and Brown, "Cyclic codes
for error detection", 1961).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import msgspec

from protocols.reports import Lane

STATES = ("device", "slot", "snapshot")
"""Tables of a name and a state each."""
_MASK = 0xFFFFFFFF
_POLYNOMIAL = 0xEDB88320
_pack = msgspec.msgpack.Encoder().encode


def of_report(seq: int, blob: bytes) -> int:
    """The checksum of a report, or of a block whose first number is `seq`."""
    return crc32(blob, seq & _MASK)


def of_state(name: str, blob: bytes) -> int:
    """The checksum of a row with a name and a state."""
    return crc32(blob, crc32(name.encode()))


def reports(lane: Lane, first: int, blobs: list[bytes]) -> list[tuple[Lane, int, bytes, int]]:
    """The rows of reports with consecutive numbers. (Written out here and below: each commit goes through it.)"""
    return [(lane, seq, blob, crc32(blob, seq & _MASK)) for seq, blob in enumerate(blobs, first)]


def states(named: dict[str, bytes]) -> list[tuple[str, bytes, int]]:
    """The rows of states."""
    return [(name, blob, crc32(blob, crc32(name.encode()))) for name, blob in named.items()]


def fits(seq: int, blob: object, kept: object) -> bool:
    """Whether a report or a block that was read is what was written under that number."""
    return type(blob) is bytes and crc32(blob, seq & _MASK) == kept


def of_row(*values: str | int | None) -> int:
    """The checksum of a row of plain values."""
    return crc32(_pack(values))


def of(table: str, values: Sequence[Any]) -> int | None:
    """The checksum of a row of states or of plain values, from all but the last column, which it is; None for values
    that such a row can not have."""
    try:
        return of_state(values[0], values[1]) if table in STATES else of_row(*values)
    except (TypeError, ValueError):
        return None


def put_right(blob: bytes, off: int) -> bytes | None:
    """The value as it was written, if one bit of it or of its checksum is off; None if it is more. `off`: the checksum
    that it has now exclusive-or the one that was written."""
    if off.bit_count() <= 1:
        return blob
    # How far two sums are apart, followed back byte by byte to where it began.
    for at in range(len(blob) - 1, -1, -1):
        byte = _BY_TOP[off >> 24]
        if off == _TABLE[byte] and byte.bit_count() == 1:
            return blob[:at] + bytes((blob[at] ^ byte,)) + blob[at + 1 :]
        off = ((off ^ _TABLE[byte]) << 8 | byte) & _MASK
    return None


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = tuple(map(_remainder, range(256)))
_BY_TOP = {entry >> 24: byte for byte, entry in enumerate(_TABLE)}
