"""Restore of a backup: checked before anything is touched, and nothing is ever overwritten.

What lies where the restored files go is set aside beside them. A restored ledger is older than what it has signed
since; when a gateway says hello the service asks for that again (`protocols.uplink.Resend`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from cloud import running
from cloud.backup import (
    DATABASES,
    FORMAT,
    LEDGER,
    MANIFEST,
    NAME,
    SITE,
    BackupError,
    Manifest,
    Part,
    Places,
    stamp,
    sync,
)
from cloud.stores import copies

RESTORING = "restoring-"
MANIFEST_BYTES_MAX = 16 << 20
_CHUNK = 1 << 20


class Restored(Struct, frozen=True):
    """What a restore did: from when the state is now, where the former one lies ("" when there was none), and which
    gateways were allowed there but are not now. `site`: where the site file went, "" when it stayed as it was."""

    made_ms: int
    aside: str
    gateways_gone: list[str]
    site: str
    elsewhere: list[str]


def restore(where: Places, source: Path, schemas: Mapping[str, tuple[str, ...]], now_ms: int, force: bool) -> Restored:
    """Put a backup in place. `schemas`: which schema versions of each database are understood here. The backup is
    checked before anything is touched. Raises `BackupError`, `running.InUse`, `Unreadable` or `OSError`."""
    with running.alone(where.state), _opened(source) as read:
        manifest = _manifest(source, read)
        _fits(where, manifest, schemas)
        taken = [path for path in _present(where) if path != where.site]
        if taken and not force:
            what = f"{where.state} holds a service's state already ({', '.join(sorted(path.name for path in taken))})"
            raise BackupError(f"{what}: give another --state, or --force to set it aside")
        fresh = where.state / f"{RESTORING}{stamp(now_ms)}"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            for part in manifest.parts:
                _take(part, read(part.name), fresh / part.name)
            ledger = fresh / LEDGER
            if ledger.exists():
                copies.end_sessions(ledger)
            return _exchange(where, manifest, fresh, now_ms)
        except BaseException:
            if fresh.exists() and not (fresh / MANIFEST).exists():
                shutil.rmtree(fresh)
            raise


def _present(where: Places) -> Iterator[Path]:
    """What of a service's state there is now; a log beside a database belongs to it."""
    for name in (*DATABASES, SITE, "sign-in.txt"):
        path = where.of(name)
        logs = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
        yield from (one for one in (path, *logs) if one.exists())
    for folder in ("keys", "gateways"):
        if any((where.state / folder).glob("*")):
            yield where.state / folder


class _Reader:
    """Opens a backup's files by name, from a folder or a tar file."""

    def __init__(self, source: Path, tar: tarfile.TarFile | None) -> None:
        self._source, self._tar = source, tar

    def __call__(self, name: str) -> IO[bytes]:
        if self._tar is None:
            return (self._source / name).open("rb")
        try:
            file = self._tar.extractfile(name)
        except KeyError:
            file = None
        if file is None:
            raise BackupError(f"{self._source} lacks {name}: it is no backup, or not a whole one")
        return file


@contextmanager
def _opened(source: Path) -> Iterator[_Reader]:
    with ExitStack() as stack:
        try:
            tar = None if source.is_dir() else stack.enter_context(tarfile.open(source, "r:*"))
            yield _Reader(source, tar)
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise BackupError(f"{source} is no backup, or a damaged one: {str(error).splitlines()[0]}") from error


def _manifest(source: Path, read: _Reader) -> Manifest:
    try:
        with closing(read(MANIFEST)) as file:
            manifest = msgspec.json.decode(file.read(MANIFEST_BYTES_MAX), type=Manifest)
    except FileNotFoundError:
        raise BackupError(f"{source} lacks {MANIFEST}: it is no backup, or not a whole one") from None
    except msgspec.DecodeError as error:
        raise BackupError(f"{source}: its {MANIFEST} can not be read: {error}") from error
    if manifest.format != FORMAT:
        raise BackupError(
            f"{source} has format {manifest.format}, {FORMAT} is known here: use the version that made it"
        )
    strange = [part.name for part in manifest.parts if not NAME.fullmatch(part.name)]
    if strange:
        raise BackupError(f"{source} wants to write {strange[0]!r}, which is no part of a service's state")
    return manifest


def _fits(where: Places, manifest: Manifest, schemas: Mapping[str, tuple[str, ...]]) -> None:
    for part in manifest.parts:
        known = schemas.get(part.name)
        if known is not None and part.schema not in known:
            raise BackupError(
                f"the backup's {part.name} has schema {part.schema!r}, known here are {', '.join(known)}:"
                " restore it with the version that made it, or a newer one"
            )
        if where.away(part.name):
            raise BackupError(
                f"the backup holds a {part.name}, but --{part.name.partition('.')[0]} names a database on the network:"
                " give the same options as when it was made"
            )


def _take(part: Part, file: IO[bytes], target: Path) -> None:
    """Copy one file of a backup, which has to be the one that the manifest tells of."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    out = os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    with closing(file), out:
        while block := file.read(_CHUNK):
            size += len(block)
            if size > part.bytes:
                break
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    if size != part.bytes or digest.hexdigest() != part.sha256:
        raise BackupError(
            f"the backup's {part.name} is not what was backed up (its sha256 differs): use another backup"
        )
    found = copies.flaw(target) if part.name in DATABASES else ""
    if found:
        raise BackupError(f"the backup's {part.name} is damaged: {found}; use another backup")


def _exchange(where: Places, manifest: Manifest, fresh: Path, now_ms: int) -> Restored:
    """Set aside what is there, put in what was checked. With the manifest in it `fresh` is a restore under way: if this
    is cut short, `doctor` finds it, and all files are still there."""
    running.write(fresh / MANIFEST, msgspec.json.encode(manifest))
    aside = where.state / f"before-{stamp(now_ms)}"
    while aside.exists():
        aside = aside.with_name(aside.name + "-again")
    before = {path.stem for path in (where.state / "gateways").glob("*.key")}
    moved = [path for path in _present(where) if path != where.site]
    for path in moved:
        aside.mkdir(mode=0o700, exist_ok=True)
        shutil.move(path, aside / path.name)
    site = ""
    for part in sorted(manifest.parts, key=lambda one: one.name == LEDGER):  # the ledger last
        target = where.of(part.name)
        if part.name == SITE:
            if target.exists():
                continue
            site = str(target)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.move(fresh / part.name, target)
        sync(target.parent)
    shutil.rmtree(fresh)
    sync(where.state)
    gone = sorted(before - {path.stem for path in (where.state / "gateways").glob("*.key")})
    return Restored(manifest.made_ms, str(aside) if moved else "", gone, site, manifest.elsewhere)
