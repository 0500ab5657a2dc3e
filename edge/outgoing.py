"""What the link needs of the gateway, done in the store's thread and tried until the disk lets it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from edge.clock import Clock
from edge.core.alone import Alone
from edge.core.forwarding import Wanted
from edge.store import Store
from protocols.reports import Lane
from protocols.uplink import Policy, Refused

log = logging.getLogger(__name__)


class Outgoing:
    """The store's outbox as the uplink sees it (see edge.uplink.Outbox), and the policies that come the other way."""

    def __init__(self, store: Store, until_done: Callable[..., Awaitable[Any]], clock: Clock, alone: Alone) -> None:
        self._store, self._until_done = store, until_done
        self._clock, self._alone = clock, alone

    @property
    def next_seq(self) -> dict[Lane, int]:
        """See `Outbox`."""
        return self._store.next_seq

    @property
    def unsigned_from(self) -> dict[Lane, int]:
        """See `Outbox`."""
        return self._store.unsigned_from

    @property
    def kept_from(self) -> dict[Lane, int]:
        """See `Outbox`."""
        return self._store.kept_from

    async def waiting(self, wanted: Wanted, reports_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """See `Outbox`."""
        work = self._store.waiting
        found: list[tuple[int, bytes]] = await self._until_done(
            work, wanted.lane, wanted.after, wanted.before, reports_max, bytes_max, self._clock.now_ms()
        )
        return found

    async def settle(self, lane: Lane, seqs: list[int], refused: list[Refused]) -> None:
        """See `Outbox`."""
        for one in refused:
            log.warning("service refused report %s/%d: %s", lane, one.seq, one.reason)
        reasons = [(one.seq, one.reason) for one in refused]
        await self._until_done(self._store.settle, lane, seqs, reasons, self._clock.now_ms())

    async def resend(self, lane: Lane, first: int, last: int) -> None:
        """See `Outbox`."""
        count, not_kept = await self._until_done(self._store.resend, lane, first, last, self._clock.now_ms())
        gone = f"; not kept any more: {not_kept}" if not_kept else ""
        log.info("service: asked for %s/%d..%d again: %d reports%s", lane, first, last, count, gone)

    async def take_policies(self, policies: list[Policy]) -> None:
        """Kept first, then in force."""
        await self._until_done(self._store.keep_policies, policies, self._clock.now_ms())
        self._alone.take(policies)
