"""What this machine does to a gateway's data: its disk, the store's file, and who may read and write the secrets."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from edge.backup import KEYS, STORE
from edge.doctor.leaks import Look
from edge.running import RESTORING
from edge.storing import copies

FREE_SHARE_MIN, FREE_BYTES_MIN = 0.05, 1 << 30
"""A disk is nearly full with less than either, but a small one not while half of it is free: the service's rule."""
STEERING = "who changes it changes what the gateway counts"
"""Of files that nobody else may write."""
SECRET = "who has it can sign in as this gateway or its devices, and say what is not true"
TELLING = "who has it can tell people what is not true, in this gateway's name"
"""Of files that nobody else may read."""


def examine(state: Path, credentials: Path | None, others: Iterable[Path], channels: Path | None = None) -> Look:
    """Look a state folder over, the files with the broker's passwords and with the secrets of the channels by which
    people are told, and `others` that steer what the gateway does."""
    look = Look(checked=[f"the disk and the files of {state}"])
    _disk(state, look)
    _store(state, look)
    secrets = [state / STORE, *sorted((state / KEYS).glob("*_secret")), state / KEYS / "api-token"]
    _modes([*secrets, *([credentials] if credentials is not None else [])], SECRET, look)
    _modes([channels] if channels is not None else [], TELLING, look)
    _modes([state, state / KEYS, *others], STEERING, look)
    return look


def _disk(state: Path, look: Look) -> None:
    usage = shutil.disk_usage(state)
    if usage.free < max(FREE_SHARE_MIN * usage.total, min(FREE_BYTES_MIN, usage.total / 2)):
        what = f"{usage.free >> 20} MB of {usage.total >> 20} MB are free"
        why = "when it is full telemetry is thinned, then nothing is acknowledged any more"
        look.leak("disk_full", "may_lose", str(state), what, why, "free some disk, or move the state to a larger one")


def _store(state: Path, look: Look) -> None:
    path = state / STORE
    if not path.exists():
        look.skip("the store", f"there is no {STORE} in {state}; --state names a gateway's folder")
        return
    try:
        flaw = copies.flaw(path)
    except copies.Unreadable as error:
        flaw = str(error)
    if flaw:
        why = "what can not be read is lost; what is written to it may be, too"
        remedy = "start the gateway anew: it saves what can be read; or `python -m edge restore` a backup"
        look.leak("store_damaged", "loses", str(path), flaw[:300], why, remedy)
    for left in sorted(state.glob(f"{RESTORING}*")):
        why = "no gateway starts here until it is done"
        look.leak("restore_cut_short", "may_lose", str(left), "a restore was cut short", why, "restore again, --force")
    for damaged in sorted(state.glob(f"{STORE}.damaged-*")):
        if not damaged.name.endswith(("-wal", "-shm")):
            what = "a store was set aside, as it could not be read whole"
            why = "what was in it and could not be read will not come; the service knows which numbers"
            remedy = "look for a failing disk; when nothing more is wanted of it, remove the file"
            look.leak("was_damaged", "loses", str(damaged), what, why, remedy)


def _modes(paths: Iterable[Path], why: str, look: Look) -> None:
    for path in paths:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            continue
        except OSError as error:
            look.skip(f"who may use {path}", str(error.strerror))
            continue
        if why != STEERING and mode & 0o077:
            look.leak("secret_open", "may_lose", str(path), f"others may use it (mode {mode:04o})", why, "chmod 600")
        elif why == STEERING and mode & 0o022 and not mode & stat.S_ISVTX:
            remedy = f"chmod {'700' if path.is_dir() else '644'}"
            look.leak("writable", "may_lose", str(path), f"others may write it (mode {mode:04o})", why, remedy)
