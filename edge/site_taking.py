"""Another site file, given by the service: taken whole, checked as at a start, written in the place of the one here;
then the gateway starts anew by it."""

from __future__ import annotations

import base64
import logging
import os
import stat
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from edge.core.decoding import Decoder
from protocols.asked import SitePart
from protocols.layout import LayoutError, parse
from protocols.revision import revision

log = logging.getLogger(__name__)

PARTS_MAX = 400
TEXT_BYTES_MAX = 64 << 20
"""No site file is larger."""


class SiteTaking:
    """The site file at `path` (None: a gateway that was given none) and the revision by which the gateway works."""

    def __init__(self, path: Path | None, used: str) -> None:
        self.restart: Callable[[], None] = lambda: None
        self.used = used
        self._path = path
        self._parts: tuple[str, list[bytes]] = "", []

    def take(self, body: bytes) -> bool:
        """One more part; True once the whole is in its place. Raises `ValueError` with why it is not taken."""
        try:
            part = msgspec.json.decode(body, type=SitePart)
            data = base64.b64decode(part.data, validate=True)
        except (msgspec.DecodeError, ValueError) as error:
            raise ValueError(f"this is no part of a site file: {error}") from None
        if not 0 <= part.number < part.of <= PARTS_MAX:
            raise ValueError(f"part {part.number} of {part.of} can not be; a site file has at most {PARTS_MAX}")
        if part.number == 0:
            self._parts = part.revision, []
        if (part.revision, part.number) != (self._parts[0], len(self._parts[1])):
            raise ValueError("the parts came in another order; begin with the first again")
        self._parts[1].append(data)
        if part.number < part.of - 1:
            return False
        packed, self._parts = b"".join(self._parts[1]), ("", [])
        self._put(packed, part.revision)
        return True

    def _put(self, packed: bytes, wanted: str) -> None:
        unpacking = zlib.decompressobj()
        try:
            text = unpacking.decompress(packed, TEXT_BYTES_MAX).decode()
            if not unpacking.eof or revision(text) != wanted:
                raise ValueError("the site file came damaged; send it again")
            site = parse(text, "the site file")
        except (zlib.error, UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise ValueError("the site file came damaged; send it again") from None
        except LayoutError as error:
            raise ValueError(f"{error}; is this gateway of an older version?") from None
        Decoder(site)  # its sources, too
        if self._path is None:
            raise ValueError("this gateway was started without a site file of its own")
        try:
            if revision(self._path.read_text("utf-8")) != wanted:
                _replace(self._path.resolve(), text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            why = getattr(error, "strerror", "") or str(error)
            raise ValueError(f"{self._path} can not be written here ({why}); put the file there by hand") from None
        if wanted != self.used:
            log.info("the service gave another site file (%s); starting anew by it", wanted)
            self.restart()


def _replace(path: Path, text: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    part = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text.encode())
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # or the old one might be back after a power cut
    finally:
        os.close(folder)
