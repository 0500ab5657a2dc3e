"""Restore of a gateway's backup: checked before anything is touched, and nothing is ever overwritten.

What the gateway has said since the backup is with the service, under numbers that the backup does not know. So a
restored gateway gives none of these again: its lanes go on far above, and the first thing said on each is which numbers
will not come. The first count of each slot is told as a first count, which is no movement of goods: what was picked
since the backup has been told already. And of each device's own numbers those since the backup are not called lost:
the gateway that took them in told of them. (What that one had not handed to the service yet is gone.)
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from edge.backup import KEYS, STORE, BackupError, stamp, sync, unpack
from edge.core.care import health
from edge.running import RESTORING, alone
from edge.store import Group, Store
from edge.storing.disk import Mark
from protocols.reports import LANES, Lane
from protocols.sequences import Sequence

MARK = "edge.mark"
BESIDE = ("edge.db-wal", "edge.db-shm", MARK)
"""What lies beside a store and belongs to it: SQLite's log, and how far the numbers had got."""


class Restored(Struct, frozen=True):
    """What a restore did: of when the state is now, where the former one lies ("" when there was none), and of each
    lane the numbers from .. to that will never come."""

    made_ms: int
    aside: str
    given_up: dict[Lane, tuple[int, int]]


def restore(file: Path, state: Path, now_ms: int, force: bool = False) -> Restored:
    """Put a backup in place of a gateway's state; with `force` also where there is one, which is set aside.

    Raises `BackupError`, `StoreError` (a later version's store, say), `UsageError` (a gateway is running) or `OSError`;
    then all is as it was.
    """
    with alone(state, restoring=True):
        taken = list(_present(state))
        if taken and not force:
            what = f"{state} holds a gateway's state already ({', '.join(path.name for path in taken)})"
            raise BackupError(f"{what}: give another --state, or --force to set it aside")
        for left in state.glob(f"{RESTORING}*"):
            shutil.rmtree(left)
        fresh = state / f"{RESTORING}{stamp(now_ms)}"
        fresh.mkdir(mode=0o700)
        try:
            manifest = unpack(file, fresh)
            if manifest.made_ms > now_ms:
                hint = "set this machine's clock; numbers that go on from it would have been given before"
                raise BackupError(f"{file} was made after what this machine takes for now: {hint}")
            given_up = _begin_again(fresh / STORE, max([now_ms, *_marked(state)]), now_ms)
            aside = _exchange(state, fresh, taken, now_ms)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return Restored(manifest.made_ms, str(aside or ""), given_up)


def _present(state: Path) -> Iterator[Path]:
    for name in (STORE, *BESIDE, KEYS):
        if (state / name).exists():
            yield state / name


def _marked(state: Path) -> list[int]:
    """How far the numbers of the state that is there had got, as far as it is known."""
    if not (state / MARK).exists():
        return []
    mark = Mark(state / MARK)
    try:
        return [*mark.read().values()]
    finally:
        mark.close()


def _begin_again(path: Path, at_least: int, now_ms: int) -> dict[Lane, tuple[int, int]]:
    """Make a copy of a store the store of a gateway that does not know what it has said since; what it gives up."""
    store = Store(path)
    try:
        memory = store.restore()
        for slot in memory.slots.values():
            slot.known = None
        for device in memory.devices.values():
            device.pulse.lost_before = health.lost(device.pulse)
            device.pulse.boots = {boot: Sequence() for boot in device.pulse.boots}
        store.commit(Group(now_ms, _packed(memory.devices), _packed(memory.slots)))
        before = dict(store.next_seq)
        store.jump(at_least, "restored")
        goes_on = store.next_seq["telemetry"]
    finally:
        store.close()
    return {lane: (before[lane], goes_on - 1) for lane in LANES}


def _packed(states: Mapping[str, Any]) -> dict[str, bytes]:
    return {name: msgspec.msgpack.encode(state) for name, state in states.items()}


def _exchange(state: Path, fresh: Path, taken: list[Path], now_ms: int) -> Path | None:
    """Set aside what is there, put in what was checked. If this is cut short no gateway starts here (`running.alone`),
    and all files are still there."""
    aside = state / f"before-{stamp(now_ms)}"
    while aside.exists():
        aside = aside.with_name(aside.name + "-again")
    moves = [(path, aside / path.name) for path in taken]
    moves += [(fresh / name, state / name) for name in (KEYS, MARK, STORE) if (fresh / name).exists()]
    if taken:
        aside.mkdir(mode=0o700)
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.rename(target)
            done.append((source, target))
        sync(state)
    except OSError:
        for source, target in reversed(done):
            target.rename(source)
        raise
    return aside if taken else None
