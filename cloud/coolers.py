"""What a cooler's samples taught survives here: kept in the ledger now and then, and learnt again after a gap.

The maintenance fold goes forward only. Where a backlog comes behind newer samples, as after an outage, a stretch would
be missing for good; the history has it all, so the cooler is learnt anew from there once the backlog has ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from cloud import memory
from cloud.core.inventory import Inventory, Touched
from cloud.stores.history import History, HistoryUnavailable
from cloud.stores.ledger import Ledger, LedgerUnavailable

log = logging.getLogger(__name__)

KEPT_EVERY_MS = 60_000
CALM_MS = 3_000
"""A backlog has ended when nothing of it came for so long."""


class Coolers:
    """Keeps and mends the coolers of an inventory."""

    def __init__(
        self, inventory: Inventory, ledger: Ledger, history: History, on_disk: Callable[..., Awaitable[Any]]
    ) -> None:
        self._inventory, self._ledger, self._history, self._on_disk = inventory, ledger, history, on_disk
        self._changed: set[str] = set()
        self._gaps: dict[str, int] = {}
        self._kept_ms = 0

    def note(self, touched: Touched, now_ms: int) -> None:
        """Remember what a group of reports touched."""
        self._changed |= touched.coolers
        self._gaps |= dict.fromkeys(touched.gaps, now_ms)

    async def tick(self, now_ms: int) -> None:
        """Mend what can be mended, keep what is due. Raises `LedgerUnavailable`."""
        for series in [series for series, heard_ms in self._gaps.items() if now_ms - heard_ms >= CALM_MS]:
            await self._mend(series, now_ms)
        if now_ms - self._kept_ms >= KEPT_EVERY_MS:
            await self.keep()
            self._kept_ms = now_ms

    async def keep(self) -> None:
        """Store what has changed; on `LedgerUnavailable` it stays marked."""
        states = {series: msgspec.msgpack.encode(self._inventory.coolers[series]) for series in self._changed}
        if not states:
            return
        self._changed.clear()
        try:
            await self._on_disk(self._ledger.keep_coolers, states)
        except LedgerUnavailable:
            self._changed |= states.keys()
            raise

    async def _mend(self, series: str, now_ms: int) -> None:
        heard_ms = self._gaps.pop(series)
        try:
            # In a thread of its own: some weeks of samples take a moment, and receipts must not wait for it.
            self._inventory.coolers[series] = await asyncio.to_thread(memory.learned, self._history, series, now_ms)
        except HistoryUnavailable as error:
            log.warning("history: %s; %s is learnt again later", error, series)
            self._gaps.setdefault(series, heard_ms + CALM_MS)
            return
        self._changed.add(series)
        log.info("%s was learnt again from the history, a backlog came behind newer samples", series)
