"""What the site file said before its last changes: who changed it, when, what, and its text, kept in the ledger."""

from __future__ import annotations

import hashlib
import zlib
from typing import Literal

import msgspec
from msgspec import Struct

from cloud.stores.books import Books
from cloud.web.site_editor import SiteVersion

KEY = "site:versions"
KEPT = 20
"""The last changes; the oldest leave."""
THINGS_SHOWN = 3


class Version(Struct, frozen=True):
    """A change: the text before it (compressed) and its revision, the text's digest after it, and the things that it is
    about, as `slots/A-1`."""

    number: int
    at_ms: int
    by: str
    what: Literal["edit", "import", "undo"]
    things: list[str]
    before: bytes
    revision_before: str
    after: str

    @property
    def text(self) -> str:
        """The file before the change."""
        return zlib.decompress(self.before).decode()

    def view(self) -> SiteVersion:
        """As people see it."""
        return SiteVersion(self.number, self.at_ms, self.by, self.what, len(self.things), self.things[:THINGS_SHOWN])


def packed(text: str) -> bytes:
    """A text as it is kept."""
    return zlib.compress(text.encode())


def digest(text: str) -> str:
    """By what a text is known to be that very one."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(books: Books) -> list[Version]:
    """The last changes, the newest last. Raises `LedgerUnavailable`."""
    blob = books.kept(KEY)
    return [] if blob is None else msgspec.msgpack.decode(blob, type=list[Version])


def keep(books: Books, versions: list[Version]) -> None:
    """Store them. Raises `LedgerUnavailable`."""
    books.keep(KEY, msgspec.msgpack.encode(versions[-KEPT:]))
