"""Backup of a gateway's state: its store, its keys and its API token, in one tar file that only its owner may read.

`manifest.json` comes first and names every other file with its size and SHA-256; `edge.restore` believes nothing else.
It is taken while the gateway works. The site file and the broker's passwords lie elsewhere and are not in it.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from edge.storing import copies

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 1 << 20
STORE = "edge.db"
KEYS = "keys"
NAME = re.compile(r"edge\.db|keys/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
"""What a backup may hold a file as."""
_CHUNK = 1 << 20


class BackupError(ValueError):
    """The backup or the restore can not be made; the message says why and what to do. Nothing was changed."""


class Part(Struct, frozen=True):
    """One file of a backup."""

    name: str
    bytes: int
    sha256: str


class Manifest(Struct, frozen=True):
    """What a backup holds. `schema`: the migrations that made its store, oldest first."""

    format: int
    made_ms: int
    schema: list[str]
    parts: list[Part]


def make(state: Path, file: Path, now_ms: int) -> Manifest:
    """Back up a gateway's state into a new file (0600). Raises `BackupError`, `Unreadable` or `OSError`, and then there
    is no file."""
    if file.exists():
        raise BackupError(f"{file} is there already: give another name; no backup is overwritten")
    if not (state / STORE).exists():
        raise BackupError(f"{state} holds no store of a gateway: give --state")
    copy, packed = (file.with_name(f".{file.name}.{end}") for end in ("store", "new"))
    try:
        copies.copy(state / STORE, copy)
        found = copies.flaw(copy)
        if found:
            raise BackupError(f"{state / STORE} is damaged, and a copy of it no backup: {found}")
        sources = {STORE: copy}
        for path in sorted((state / KEYS).glob("*")):
            if path.is_file() and NAME.fullmatch(f"{KEYS}/{path.name}"):
                sources[f"{KEYS}/{path.name}"] = path
        parts = [_part(name, path) for name, path in sources.items()]
        manifest = Manifest(FORMAT, now_ms, copies.schema(copy), parts)
        with os.fdopen(os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            _pack(out, manifest, sources)
            out.flush()
            os.fsync(out.fileno())
        packed.rename(file)
        sync(file.parent)
    finally:
        copy.unlink(missing_ok=True)
        packed.unlink(missing_ok=True)
    return manifest


def unpack(file: Path, folder: Path) -> Manifest:
    """Check a backup and write its files into an empty folder; raises `BackupError` or `OSError`."""
    try:
        with tarfile.open(file, "r:") as tar:
            manifest = _manifest(file, tar)
            for part in manifest.parts:
                with closing(_member(file, tar, part.name)) as source:
                    _take(part, source, folder / part.name)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{file} is no backup, or a damaged one: {error}") from error
    return manifest


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


def _part(name: str, path: Path) -> Part:
    with path.open("rb") as file:
        return Part(name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _pack(out: IO[bytes], manifest: Manifest, sources: dict[str, Path]) -> None:
    text = msgspec.json.format(msgspec.json.encode(manifest))
    with tarfile.open(fileobj=out, mode="w") as tar:

        def add(name: str, size: int, body: IO[bytes]) -> None:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = size, 0o600, manifest.made_ms // 1000
            tar.addfile(entry, body)

        add(MANIFEST, len(text), io.BytesIO(text))
        for part in manifest.parts:
            with sources[part.name].open("rb") as body:
                add(part.name, part.bytes, body)


def _manifest(file: Path, tar: tarfile.TarFile) -> Manifest:
    with closing(_member(file, tar, MANIFEST)) as body:
        try:
            manifest = msgspec.json.decode(body.read(MANIFEST_BYTES_MAX), type=Manifest)
        except msgspec.DecodeError as error:
            raise BackupError(f"{file}: its {MANIFEST} can not be read: {error}") from error
    if manifest.format != FORMAT:
        what = f"{file} has format {manifest.format}, {FORMAT} is known here"
        raise BackupError(f"{what}: use the version that made it")
    strange = [part.name for part in manifest.parts if not NAME.fullmatch(part.name)]
    if strange:
        raise BackupError(f"{file} wants to write {strange[0]!r}, which is no part of a gateway's state")
    if STORE not in [part.name for part in manifest.parts]:
        raise BackupError(f"{file} holds no store of a gateway")
    return manifest


def _member(file: Path, tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        body = tar.extractfile(name)
    except KeyError:
        body = None
    if body is None:
        raise BackupError(f"{file} lacks {name}: it is no backup, or not a whole one")
    return body


def _take(part: Part, source: IO[bytes], target: Path) -> None:
    """Copy one file of a backup, which has to be the one that the manifest tells of."""
    target.parent.mkdir(exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        for block in _blocks(source):
            size += len(block)
            if size > part.bytes:
                break
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    if size != part.bytes or digest.hexdigest() != part.sha256:
        raise BackupError(f"the backup's {part.name} is not what was backed up (its sha256 differs): use another one")


def _blocks(source: IO[bytes]) -> Iterator[bytes]:
    while block := source.read(_CHUNK):
        yield block
