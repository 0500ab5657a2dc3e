"""What may be wrong with the state folder: its files, their modes, the disk, the backups."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator

from cloud import backup, channels
from cloud.backup import DATABASES
from cloud.doctor.case import DAY_MS, RECENT_MS, Case, Finding
from cloud.restore import RESTORING
from cloud.stores import copies
from cloud.stores.copies import Unreadable

DISK_FREE_MIN = 0.05
DISK_FREE_MIN_BYTES = 1 << 30
BACKUP_MS = 30 * DAY_MS


def _integrity(case: Case) -> Iterator[Finding]:
    for name in DATABASES:
        path = case.where.of(name)
        if case.where.away(name) or not path.exists():
            continue
        try:
            flaw, schema = copies.flaw(path), copies.schema(path)
        except Unreadable as error:
            flaw, schema = str(error), ""
        if flaw:
            why = "what lies in the damaged part is lost, and more with every write"
            remedy = f"stop the service, copy {path} away, `python -m cloud restore` the latest backup"
            yield Finding("damaged", str(path), f"it is damaged: {flaw}", why, remedy)
            continue
        known = case.schemas[name]
        if schema not in known:
            why = "this version would not see all that is in it"
            remedy = "use the version that wrote it, or restore a backup of before"
            yield Finding("later_schema", str(path), f"it has schema {schema!r}, known: {known[-1]}", why, remedy)
        elif case.runs and schema != known[-1]:
            why = "the service that runs is another version than this one, which may judge by rules it does not know"
            what = f"it has schema {schema!r}, this version makes {known[-1]!r} of it at the next start"
            yield Finding("earlier_schema", str(path), what, why, "back up, then restart the service")


def _restoring(case: Case) -> Iterator[Finding]:
    if case.runs:
        return
    for path in sorted(case.where.state.glob(f"{RESTORING}*")):
        why = "a part of the state is the backup's, a part is missing: a service that starts now begins with less"
        remedy = f"`python -m cloud restore --force` the same backup again, then delete {path}"
        yield Finding("restore_unfinished", str(path), "a restore was cut short", why, remedy)


def _disk(case: Case) -> Iterator[Finding]:
    folders = {path.parent for name in DATABASES if (path := case.where.of(name)).exists()}
    for folder in sorted(folders):
        usage = shutil.disk_usage(folder)
        if usage.free < max(DISK_FREE_MIN * usage.total, min(DISK_FREE_MIN_BYTES, usage.total / 2)):
            what = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.0f} are free"
            why = "on a full disk nothing is signed for; gateways hold their reports until their disks are full too"
            yield Finding("disk_nearly_full", str(folder), what, why, "make room, or shorten --history-raw-days")


def _modes(case: Case) -> Iterator[Finding]:
    state, remedy = case.where.state, "chmod -R go= "
    secret = [state, state / "keys", *(state / "keys").glob("*_secret"), state / "sign-in.txt", state / channels.NAME]
    secret += [case.where.of(name) for name in DATABASES]
    for path in (one for one in secret if one.exists()):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            why = "whoever has these can send in the service's name, or read and change what is kept"
            yield Finding("open_to_others", str(path), f"others may use it (mode {mode:04o})", why, f"{remedy}{path}")
    for path in (state / "gateways", *(state / "gateways").glob("*.key")):
        if path.exists() and path.stat().st_mode & 0o022:
            why = "whoever may write here can let a gateway in, whose reports count as true"
            yield Finding("open_to_others", str(path), "others may write it", why, f"chmod go-w {path}")
    if state.exists() and state.stat().st_uid != os.geteuid() != 0:
        why = "the service can not write what it does not own: nothing would be signed for"
        yield Finding(
            "not_ours", str(state), "it belongs to another user", why, "run this and the service as its owner"
        )


def _backups(case: Case) -> Iterator[Finding]:
    secret = case.where.state / "keys" / "service.key_secret"
    last = backup.last(case.where.state)
    if last is None:
        if secret.exists() and case.now_ms - secret.stat().st_mtime_ns // 1_000_000 > RECENT_MS:
            why = "when the disk dies, all of it is gone"
            remedy = "python -m cloud backup FOLDER, every night, to another disk"
            yield Finding("no_backup", str(case.where.state), "no backup of it was ever made", why, remedy)
    elif case.now_ms - last.at_ms > BACKUP_MS:
        days = (case.now_ms - last.at_ms) // DAY_MS
        why = "when the disk dies, what gateways do not keep any more of that time is gone"
        remedy = "python -m cloud backup FOLDER, every night, to another disk"
        yield Finding("backup_old", last.path, f"the last backup is {days} days old", why, remedy)


CHECKS = (_integrity, _restoring, _disk, _modes, _backups)
