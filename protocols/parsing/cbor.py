"""CBOR (RFC 8949) as devices send it: maps, lists, texts, bytes, numbers, true, false and null, with limits."""

from __future__ import annotations

import struct
from typing import Any

DEPTH_MAX = 16
ITEMS_MAX = 65_536
_BREAK = object()


class CborError(ValueError):
    """The bytes are no CBOR, or more of it than is read; the message says where."""


def cbor_of(data: bytes) -> Any:
    """The one value in `data`. Tags are passed over. Raises `CborError`."""
    reader = _Reader(data)
    value = reader.value(0)
    if value is _BREAK or reader.at != len(data):
        raise CborError(f"something follows the value at byte {reader.at}")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.items = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        found = self.data[self.at : self.at + size]
        if len(found) < size:
            raise CborError(f"cut off at byte {self.at}")
        self.at += size
        return found

    def value(self, depth: int) -> Any:
        """The next value, or `_BREAK` at the end of a list of no told length."""
        self.items += 1
        if depth > DEPTH_MAX or self.items > ITEMS_MAX:
            raise CborError(f"more than {DEPTH_MAX} levels or {ITEMS_MAX} values")
        head = self.take(1)[0]
        major, low = head >> 5, head & 31
        if major == 7:
            return self.simple(low)
        if low == 31:
            if major not in (2, 3, 4, 5):
                raise CborError(f"no length at byte {self.at}")
            return self.unending(major, depth)
        count = self.count(low)
        if major == 0:
            return count
        if major == 1:
            return -1 - count
        if major in (2, 3):
            return self.text(major, self.take(count))
        if major == 6:
            return self.value(depth + 1)
        if major == 4:
            return [self.inner(depth) for _ in range(self.believable(count))]
        return {self.key(depth): self.inner(depth) for _ in range(self.believable(count))}

    def count(self, low: int) -> int:
        """The number that a head carries or that follows it."""
        if low < 24:
            return low
        if low > 27:
            raise CborError(f"a reserved length at byte {self.at}")
        return int.from_bytes(self.take(1 << (low - 24)), "big")

    def believable(self, count: int) -> int:
        """A count of values that the bytes left could hold."""
        if count > len(self.data) - self.at:
            raise CborError(f"{count} values announced at byte {self.at}, of which there are none")
        return count

    def inner(self, depth: int) -> Any:
        """A value within another, which no end may stand in for."""
        found = self.value(depth + 1)
        if found is _BREAK:
            raise CborError(f"an end in the place of a value at byte {self.at}")
        return found

    def key(self, depth: int) -> int | str:
        """A map's key: a number or a text."""
        found = self.inner(depth)
        if isinstance(found, bool) or not isinstance(found, int | str):
            raise CborError(f"a key that is neither number nor text at byte {self.at}")
        return found

    def text(self, major: int, raw: bytes) -> bytes | str:
        """Bytes, or the text in them."""
        try:
            return raw if major == 2 else raw.decode()
        except UnicodeDecodeError:
            raise CborError(f"a text that is no UTF-8 before byte {self.at}") from None

    def unending(self, major: int, depth: int) -> Any:
        """What goes on until an end is told."""
        parts: list[Any] = []
        while (part := self.value(depth + 1)) is not _BREAK:
            parts.append(part)
        if major == 4:
            return parts
        if major == 5:
            keys, values = parts[::2], parts[1::2]
            if len(parts) % 2 or not all(isinstance(key, int | str) and not isinstance(key, bool) for key in keys):
                raise CborError(f"no map before byte {self.at}")
            return dict(zip(keys, values, strict=True))
        wanted = bytes if major == 2 else str
        if not all(isinstance(part, wanted) for part in parts):
            raise CborError(f"a text in parts that are no texts before byte {self.at}")
        return wanted().join(parts)

    def simple(self, low: int) -> Any:
        """False, true, null, a float, an end."""
        if low in (20, 21):
            return low == 21
        if low in (22, 23):
            return None
        if low in (25, 26, 27):
            (number,) = struct.unpack({25: ">e", 26: ">f", 27: ">d"}[low], self.take(1 << (low - 24)))
            return number
        if low == 31:
            return _BREAK
        raise CborError(f"a simple value of no meaning at byte {self.at}")
