"""Whether a service runs on a state folder, and what it last said of itself: for `doctor`, `backup` and `restore`.

One service at a time works on a state folder: it holds a lock on `<state>/service.lock` which the system lets go of
when the process ends, however it ends. Beside it lies `service.json`, written every few seconds while it runs.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

LOCK = "service.lock"
SAID = "service.json"
PATIENCE = 4
PAUSE_S = 0.05


class InUse(ValueError):
    """Another process works on this state folder."""


class LinkSaid(Struct):
    """A gateway's link since the service started: the version it speaks (0: it did not say hello), when it spoke, how
    far its clock is ahead of the service's, in ms (None: not known), how often another connection took its place, and
    how many frames of it were refused as a whole."""

    version: int
    last_seen_ms: int
    ahead_ms: int | None = None
    taken_over: int = 0
    bad: int = 0


class Said(Struct):
    """A service's words about itself, as of `at_ms`. `url`, `uplink`: where it listens. `troubles`: what it could not
    do, a sentence each."""

    at_ms: int
    started_ms: int
    pid: int
    url: str
    uplink: str
    links: dict[str, LinkSaid] = {}
    troubles: list[str] = []


def ledger_url(state: Path, given: str) -> str:
    """The ledger's SQLAlchemy URL: the one that was given, else a file in the state folder, which is made."""
    if given:
        return given
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    return f"sqlite:///{state / 'ledger.db'}"


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Nobody else works on this state folder meanwhile; raises `InUse`."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(state / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(PATIENCE):  # someone may just be asking whether a service runs
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(PAUSE_S)
        else:
            raise InUse(f"another process works on {state}; stop it first, or give another --state")
        yield
    finally:
        os.close(lock)


def runs(state: Path) -> bool:
    """Whether a service, or a restore, works on this state folder now."""
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


def say(state: Path, said: Said) -> None:
    """Write it down, whole or not at all; raises `OSError`."""
    write(state / SAID, msgspec.json.encode(said))


def last_said(state: Path) -> Said | None:
    """What a service said last on this state folder; None when none ever did, or not in words known here."""
    try:
        return msgspec.json.decode((state / SAID).read_bytes(), type=Said)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write(path: Path, body: bytes) -> None:
    """A small file for its owner only, whole or not at all; raises `OSError`."""
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def beside(state: Path) -> Path:
    """The site file of a state folder where none was named: what lies somewhere else may be another warehouse's."""
    return (state.resolve() if state.name in ("", "..") else state).parent / "site.toml"
