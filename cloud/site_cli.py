"""The site's desk put to a service's side, and the service started anew when another site file is put to use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from cloud.core.view import GatewayView, Snapshot
from cloud.desks import site_versions
from cloud.desks.gateways import Gateways
from cloud.desks.refusing import OnDisk
from cloud.desks.site_editing import SiteEditing
from cloud.desks.site_sharing import SiteSharing
from cloud.stores.books import Books
from protocols.revision import revision

ANSWERED_S = 0.5
"""So long after it was told to, the service starts anew: whoever told it is answered."""


class Anew:
    """Whether a service that stops is to start anew."""

    def __init__(self) -> None:
        self.wanted = False

    def arm(self, editing: SiteEditing, work: asyncio.Task[object]) -> Callable[[], None]:
        """From now on the desk may have the service start anew. What it gives stops it for good."""
        loop = asyncio.get_running_loop()
        stopped = False

        def again() -> None:
            self.wanted = not stopped
            loop.call_later(ANSWERED_S, work.cancel)

        def stop() -> None:
            nonlocal stopped
            stopped, self.wanted = True, False
            work.cancel()

        editing.restart = again
        return stop


def attach(
    path: Path,
    text: str,
    books: Books,
    on_disk: OnDisk,
    shown: Callable[[], Snapshot],
    gateways: Gateways,
    listed: Callable[[], list[GatewayView]],
    now_ms: Callable[[], int],
) -> tuple[SiteEditing, SiteSharing]:
    """The desk of the site file, by whose `text` a service works, and who gives it to gateways. Raises
    `LedgerUnavailable`."""
    before = {one.revision_before for one in site_versions.read(books)}
    sharing = SiteSharing(text, revision(text), before, gateways.ask, listed, now_ms)
    return SiteEditing(path, revision(text), books, on_disk, shown, sharing, now_ms), sharing
