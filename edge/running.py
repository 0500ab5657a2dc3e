"""Whether a gateway works on a state folder: whoever does holds a lock on `<state>/lock`, which the system lets go of
when the process ends, however it ends. Two gateways on one store would give the same number twice.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.saying import UsageError

LOCK = "lock"
PATIENCE, PAUSE_S = 4, 0.05
RESTORING = "restoring-"
"""How the folder of a restore under way begins."""


@contextmanager
def alone(state: Path, restoring: bool = False) -> Iterator[None]:
    """Nobody else works on this state folder meanwhile; raises `UsageError`. Where a restore was cut short only the
    next one may: a gateway that began anew there would give numbers that it has given before."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(state / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(PATIENCE):  # someone may just be asking whether a gateway runs
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(PAUSE_S)
        else:
            raise UsageError(f"a gateway is running on {state}: stop it first, or name another --state")
        if not restoring and any(state.glob(f"{RESTORING}*")):
            raise UsageError(f"a restore into {state} was cut short: do it again, with --force")
        yield
    finally:
        os.close(lock)


def runs(state: Path) -> bool:
    """Whether a gateway, or a restore, works on this state folder now."""
    try:
        lock = os.open(state / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
