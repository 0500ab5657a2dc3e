"""Backup of the service's state: ledger, history, spool, keys, allowed gateways and the site file.

A backup is a folder, or a tar file of one, with a `manifest.json`: what is in it, its schemas and sha256 sums. It is
taken while the service runs, in this order: **ledger, spool, history**. The service gives a batch's samples to the
history (or its spool) before it commits the batch to the ledger; so a history copied later holds all that an earlier
ledger has signed for, and what it holds beyond that comes again and replaces itself. The other way round, signed
samples would be missing for good. So too a PostgreSQL ledger is dumped before, an InfluxDB is backed up after.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from cloud import running
from cloud.stores import copies
from protocols.sequences import Sequence

FORMAT = 1
MANIFEST = "manifest.json"
LEDGER, HISTORY, SPOOL, SITE = "ledger.db", "history.db", "history-spool.db", "site.toml"
DATABASES = (LEDGER, SPOOL, HISTORY)
"""In the order they are copied."""
LAST = "last-backup.json"
NAME = re.compile(
    r"(?:keys|gateways)/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}|(?:ledger|history|history-spool)\.db|site\.toml|sign-in\.txt"
)
"""What a backup may hold a file as."""


class BackupError(ValueError):
    """The backup or the restore can not be made; the message says why and what to do. Nothing was changed."""


class Places(Struct, frozen=True):
    """Where a service keeps what. `ledger`, `history`: None where a database on the network keeps them; then
    `elsewhere` says, a sentence each, what else has to be done."""

    state: Path
    ledger: Path | None
    history: Path | None
    site: Path
    elsewhere: tuple[str, ...] = ()

    def of(self, name: str) -> Path:
        """Where the part of this name belongs."""
        known = {LEDGER: self.ledger, HISTORY: self.history, SITE: self.site}
        return known.get(name) or self.state / name

    def away(self, name: str) -> bool:
        """Whether this part is kept by a database on the network."""
        return (name == LEDGER and self.ledger is None) or (name == HISTORY and self.history is None)


class Part(Struct, frozen=True):
    """One file of a backup; `schema` of a database."""

    name: str
    bytes: int
    sha256: str
    schema: str = ""


class Manifest(Struct, frozen=True):
    """What a backup holds. `tops`: the highest number of each gateway's lane in its ledger. `elsewhere`: what it does
    not hold, and how that is backed up."""

    format: int
    made_ms: int
    parts: list[Part]
    tops: dict[str, dict[str, int]] = {}
    elsewhere: list[str] = []


class LastBackup(Struct, frozen=True):
    """When the last backup of a state folder was made, and to where."""

    at_ms: int
    path: str


def places(state: Path, ledger: str, history: str, site: Path) -> Places:
    """Where a service with these options keeps what ("" for the URLs: as by default)."""
    elsewhere = []
    ledger_file, history_file = _file(ledger, state / LEDGER), _file(history, state / HISTORY)
    if ledger_file is None:
        elsewhere.append("the ledger is in PostgreSQL: take `pg_dump --format=custom` BEFORE this, and `pg_restore` it")
    if history_file is None:
        elsewhere.append("the history is in InfluxDB: take `influx backup` AFTER this, and `influx restore` it")
    return Places(state, ledger_file, history_file, site, tuple(elsewhere))


def make(where: Places, target: Path, now_ms: int) -> tuple[Path, Manifest]:
    """Back up to a new folder, to a new file (`*.tar`, `*.tar.gz`), or, where `target` is a folder already, to a new
    folder in it named by the time. Returns where it is now. Raises `BackupError`, `Unreadable` or `OSError`."""
    archive = target.name.endswith((".tar", ".tar.gz", ".tgz"))
    if target.is_dir() and not archive:
        target = target / f"cloud-{stamp(now_ms)}"
    if target.exists():
        raise BackupError(f"{target} is there already: give another name; no backup is overwritten")
    if not any(path.exists() for path in (where.ledger, where.state / SPOOL, where.state / "keys") if path):
        raise BackupError(f"{where.state} holds no state of a service: give --state")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        made = work / "backup"
        made.mkdir(mode=0o700)
        manifest = _fill(where, made, now_ms)
        if archive:
            _pack(made, work / "packed", compressed=not target.name.endswith(".tar"))
            made = work / "packed"
        made.rename(target)
        sync(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    running.write(where.state / LAST, msgspec.json.encode(LastBackup(now_ms, str(target.resolve()))))
    return target, manifest


def last(state: Path) -> LastBackup | None:
    """The last backup of this state, None when there was none."""
    try:
        return msgspec.json.decode((state / LAST).read_bytes(), type=LastBackup)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _file(url: str, usual: Path) -> Path | None:
    if not url:
        return usual
    if not url.startswith("sqlite"):
        return None
    return Path(url.partition(":///")[2].partition("?")[0])


def _fill(where: Places, folder: Path, now_ms: int) -> Manifest:
    tops: dict[str, dict[str, int]] = {}
    for name in DATABASES:
        if where.of(name).exists() and not where.away(name):
            copies.copy(where.of(name), folder / name)
            found = copies.flaw(folder / name)
            if found:
                raise BackupError(f"{where.of(name)} is damaged, and a copy of it no backup: {found}")
            if name == LEDGER:
                for gateway, lane, held, _ in copies.tops(folder / name):
                    tops.setdefault(gateway, {})[lane] = msgspec.msgpack.decode(held, type=Sequence).top
    plain = [path for folder_name in ("keys", "gateways") for path in sorted((where.state / folder_name).glob("*"))]
    for path in (*plain, where.state / "sign-in.txt"):
        if path.is_file() and NAME.fullmatch(name := path.relative_to(where.state).as_posix()):
            _keep(path, folder / name)
    elsewhere = list(where.elsewhere)
    if where.site.is_file():
        _keep(where.site, folder / SITE)
    else:
        elsewhere.append(f"the site file: there was none at {where.site}; give --site SITE.toml")
    parts = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        parts.append(Part(name, path.stat().st_size, digest, copies.schema(path) if name in DATABASES else ""))
    manifest = Manifest(FORMAT, now_ms, parts, tops, elsewhere)
    running.write(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def _keep(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    running.write(target, source.read_bytes())


def _pack(folder: Path, file: Path, compressed: bool) -> None:
    """The folder as a tar file, the manifest first. What is big in it is compressed already: gzip only lightly."""
    paths = sorted((one for one in folder.rglob("*") if one.is_file()), key=lambda one: (one.name != MANIFEST, one))
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        with ExitStack() as stack:
            packed = stack.enter_context(gzip.GzipFile("", "wb", 1, out)) if compressed else out
            tar = stack.enter_context(tarfile.open(fileobj=packed, mode="w"))
            for path in paths:
                tar.add(path, path.relative_to(folder).as_posix(), recursive=False)
        out.flush()
        os.fsync(out.fileno())


def stamp(now_ms: int) -> str:
    """A time as it stands in a file's name, UTC."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def sync(folder: Path) -> None:
    """The names in a folder are on the disk when this returns."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
