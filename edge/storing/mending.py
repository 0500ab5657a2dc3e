"""A store that can not be read is set aside, never overwritten; what can be read of it goes on in a new one.

The new store is made beside the damaged one and takes its name when it is whole, so an end in the middle costs nothing.
Its numbers go on far above any that were ever given, and an event a lane says which will not come.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from edge.storing import schema
from edge.storing.check import read_through
from edge.storing.errors import StoreDamaged, StoreError, is_damage
from edge.storing.salvage import carry
from protocols.reports import Lane

AT_ONCE_BYTES = 64 << 20
"""Up to this size all of it is read through at start, in some tenths of a second; above it while the gateway works."""
ASIDE_MAX = 5
"""With so many damaged stores set aside no further one is mended."""
ENDS = ("", "-wal", "-shm")


def look(path: Path, marked: dict[Lane, int]) -> str:
    """What is wrong with the store's file, "" when nothing is (a large one is looked at by `Check`, later). Finishes a
    mending that was cut short."""
    fresh = _with(path, ".new")
    if not path.exists():
        if not (fresh.exists() and _set_aside(path)):
            return "it is gone" if any(marked.values()) or _with(path, "-wal").exists() else ""
        _swap(path, _set_aside(path)[-1], fresh)
    size = path.stat().st_size
    if size == 0 and any(marked.values()):
        return "it is empty"
    if size == 0 or size > AT_ONCE_BYTES:
        return ""
    try:
        # Read only, or the log would be folded into what may be damaged.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            read_through(connection)
        return ""
    except StoreDamaged as damage:
        return str(damage).replace("\n", " ")
    except sqlite3.Error as error:
        if is_damage(error):
            return str(error)
        raise


def renew(path: Path, why: str, now_ms: int, marked: dict[Lane, int]) -> list[str]:
    """Put a new store with all that can be read in the place of a damaged one; what is to be said about it.

    The damaged file stays beside it under a name with the time. Raises sqlite3's errors and `OSError` when the new one
    can not be written; then nothing has changed.
    """
    fresh = _with(path, ".new")
    if len(_set_aside(path)) >= ASIDE_MAX:
        what = f"{ASIDE_MAX} damaged stores lie beside {path} already: the disk may be failing"
        raise StoreError(f"{what}; look at it, and move them away")
    for end in ENDS:
        _with(fresh, end).unlink(missing_ok=True)
    with closing(schema.opened(fresh)) as new:
        new.execute("PRAGMA synchronous=OFF")
        new.execute("BEGIN")
        said = carry(path, new, now_ms, marked)
        new.execute("COMMIT")
        new.execute("PRAGMA synchronous=FULL")
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stamp = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = _free_name(path, f".damaged-{stamp}")
    _swap(path, aside, fresh)
    where = f"; it is set aside as {aside.name}" if aside.exists() else ""
    return [f"the store {path} was damaged ({why}){where}", *said]


def _swap(path: Path, aside: Path, fresh: Path) -> None:
    """The damaged file and its log get a name of their own, then the new one takes their place. It may be cut short
    anywhere: `look` goes on with it. The new one never meets the old log."""
    for end in ENDS:
        if _with(path, end).exists():
            _with(path, end).rename(_with(aside, end))
    fresh.rename(path)
    opened = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _set_aside(path: Path) -> list[Path]:
    found = path.parent.glob(f"{path.name}.damaged-*")
    return sorted(one for one in found if not one.name.endswith(ENDS[1:]))


def _with(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _free_name(path: Path, end: str) -> Path:
    found, number = _with(path, end), 1
    while any(_with(found, part).exists() for part in ENDS):
        number += 1
        found = _with(path, f"{end}-{number}")
    return found
