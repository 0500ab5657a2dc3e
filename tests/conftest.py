"""For all tests: what is slow on a busy machine is not wrong (speed is measured by `make bench`); and files lie in
memory where there is room, as most of the wait for a store is for its disk, and a kill needs no disk to be true."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import settings

MEMORY = Path("/dev/shm")
ROOM_BYTES = 2_000_000_000
"""A run needs at most a quarter of it."""

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def _has_room(folder: Path) -> bool:
    """Whether so much is free, and programs may run there: in containers it is often small, and for data only."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize >= ROOM_BYTES and not told.f_flag & os.ST_NOEXEC


if "TMPDIR" not in os.environ and _has_room(MEMORY):
    os.environ["TMPDIR"] = str(MEMORY)  # for what the tests start, too
    tempfile.tempdir = None
