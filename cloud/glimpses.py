"""Shows shelves as they move: a page shall not wait for the next tick to show an empty shelf."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cloud.core.inventory import Touched
from cloud.core.newest import Standing, amended
from cloud.web.live import Live

EVERY_S = 0.1
"""What moved is shown at once, and then no oftener than so."""
SENT_MAX = 700
"""Frames a second to all who look on together: with more than seventy of them each is shown a little less often."""
SLOTS_MAX = 1000
"""When more slots moved meanwhile, a backlog comes in: the next tick shows them."""


class Glimpses:
    """What moved since the last look."""

    def __init__(self, standing: Standing, now_ms: Callable[[], int]) -> None:
        self._standing, self._now_ms = standing, now_ms
        self._moved, self._news = Touched(), asyncio.Event()

    def note(self, touched: Touched) -> None:
        """This moved."""
        self._moved.slots |= touched.slots
        self._moved.skus |= touched.skus
        if touched.slots:
            self._news.set()

    async def run(self, live: Live) -> None:
        """Show it, until cancelled; what follows from it comes with the next tick."""
        while True:
            await self._news.wait()
            self._news.clear()
            moved, self._moved = self._moved, Touched()
            if live.clients and len(moved.slots) <= SLOTS_MAX:
                live.publish(*amended(live.current, self._standing, moved, self._now_ms()))
            await asyncio.sleep(max(EVERY_S, live.clients / SENT_MAX))
