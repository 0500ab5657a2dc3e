"""The room there is on the disk, and the two small files beside the store: its ballast and its mark."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from edge.storing.errors import is_full
from protocols.reports import LANES, Lane

BALLAST_BYTES = 8 << 20
"""More than SQLite's log needs between two checkpoints (1,000 pages of 4 KiB): thinning has room to be written."""
SPARE_NUMBERS = 10**9
"""More than are given in years: so far numbers jump where the clock can not be trusted to be above them."""
AGAIN = 3
"""The ballast is taken again when the disk has this many times its size."""
LITTLE_BYTES = 1 << 20
"""With less than this free a disk is full, whatever the error says."""


def free_bytes(folder: Path) -> int:
    """What may still be written to the disk of a folder."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def room_of(folder: Path) -> tuple[int, int]:
    """Bytes that may still be written to the disk of a folder, and those of the whole disk."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


def lacks_room(folder: Path, error: Exception) -> bool:
    """Whether a file could not be opened because its disk is full: that says nothing against what is in it."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    try:
        free = free_bytes(folder)
    except OSError:
        return False
    return free < LITTLE_BYTES or (isinstance(error, sqlite3.Error) and is_full(error, free))


class Ballast:
    """A file that holds room for the moment when there is none: it is let go on a full disk."""

    def __init__(self, path: Path, size: int = BALLAST_BYTES) -> None:
        self.path, self.size = path, size

    @property
    def held(self) -> bool:
        """Whether the room is held now."""
        try:
            return self.path.stat().st_size >= self.size
        except OSError:
            return False

    def take(self) -> bool:
        """Hold the room if the disk has it to spare; whether it is held."""
        if self.held:
            return True
        if free_bytes(self.path.parent) < AGAIN * self.size:
            return False
        try:
            opened = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(opened, "wb", buffering=0) as file:
                for _ in range(self.size >> 20):
                    file.write(bytes(1 << 20))
        except OSError:
            self.let_go()
        return self.held

    def let_go(self) -> bool:
        """Give the room back; whether there was any."""
        held = self.held
        with suppress(OSError):
            self.path.unlink()
        return held


class Mark:
    """How far each lane's numbers had got, outside the database: whoever finds a database that is behind its mark knows
    that its end was lost (a cut log, an old copy put in its place), and that its next numbers were given before.

    Overwritten in place after each commit and never synced, so it may be behind after a power cut, never ahead.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened = -1
        with suppress(OSError):
            self._opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def read(self) -> dict[Lane, int]:
        """The next number of each lane as marked; empty when there is no mark that can be read."""
        try:
            *numbers, check = map(int, self.path.read_bytes().split())
        except (OSError, ValueError):
            return {}
        return (
            dict(zip(LANES, numbers, strict=True)) if len(numbers) == len(LANES) and check == _check(*numbers) else {}
        )

    def write(self, next_seq: dict[Lane, int]) -> None:
        """Note the next numbers. A disk that does not take it costs only the proof."""
        if self._opened >= 0:
            first, second = next_seq.values()
            with suppress(OSError):
                os.pwrite(self._opened, b"%020d %020d %020d\n" % (first, second, _check(first, second)), 0)

    def close(self) -> None:
        """Let go of the file."""
        if self._opened >= 0:
            os.close(self._opened)
            self._opened = -1


def _check(first: int, second: int) -> int:
    """A sum that a torn or spoilt line does not have."""
    return (first * 1_000_003 + second * 7_919 + 17) % 1_000_000_007


def beyond(now_ms: int, *given: int) -> int:
    """A number above all that can have been given: the time in ms, unless the clock is behind what is known."""
    most = max(0, *given)
    return now_ms if now_ms > most else most + SPARE_NUMBERS
