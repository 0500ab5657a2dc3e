"""What can go wrong with the store's file, told apart by what is to be done about it."""

from __future__ import annotations

import sqlite3

_SIGNS = ("no such table", "Could not decode to UTF-8")
_SPOILT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NO_ROOM = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_FSYNC)


class StoreError(Exception):
    """The store can not be opened, read or written; the message says what to do."""


class StoreFull(StoreError):
    """There is no room for what is to be written."""


class OutboxFull(StoreFull):
    """As much waits for a receipt as may; the disk has nothing to do with it."""


class StoreDamaged(StoreError):
    """What is in the file is not what was written to it."""


def is_full(error: sqlite3.Error, disk_free_bytes: int) -> bool:
    """Whether a write failed for want of room. Some file systems say only that it failed: then the disk is asked."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_FULL or (code in _NO_ROOM and disk_free_bytes < 1 << 20)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file's content is the cause. Tables that are gone count: the list of tables is content too."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _SPOILT or (code in (0, sqlite3.SQLITE_ERROR) and any(sign in str(error) for sign in _SIGNS))
