"""Needs as they are kept: each with how it was before, so that what somebody was told stays explained."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from cloud.core.ordering import Ordering
from cloud.core.overview import need_view
from cloud.core.replenishment import Need, versions_with
from cloud.core.view import NeedView
from cloud.desks.refusing import OnDisk
from cloud.stores.ledger import Ledger, LedgerUnavailable
from cloud.web.desk import NotFound, Unavailable


class KeptNeeds:
    """The needs of one site in the ledger. `tell` hears of each that was kept."""

    def __init__(self, ordering: Ordering, ledger: Ledger, on_disk: OnDisk, tell: Callable[[Need], None]) -> None:
        self._ordering, self._ledger, self._on_disk, self._tell = ordering, ledger, on_disk, tell

    async def keep(self, need: Need) -> Need:
        """Store a need; it has a number then."""
        kept: Need = await self._on_disk(self._write, need)
        self._tell(kept)
        return kept

    async def versions(self, need: int) -> list[NeedView]:
        """How a need was, the newest last. Raises `NotFound`, `Unavailable`."""
        known = [*self._ordering.past, *self._ordering.needs.values()]
        last = next((one for one in known if one.id == need), None)
        try:
            if last is None:
                every = await asyncio.to_thread(self._ledger.needs)
                last = next((one for one in every if one.id == need), None)
            if last is None:
                raise NotFound(f"there is no need {need}", "the list shows the latest")
            earlier = await asyncio.to_thread(self._earlier, need)
        except LedgerUnavailable as error:
            raise Unavailable("the ledger can not be read now", "try again in a moment") from error
        return [need_view(one) for one in [*earlier, last]]

    def _earlier(self, need: int) -> list[Need]:
        blob = self._ledger.books.kept(f"need:{need}")
        return msgspec.json.decode(blob, type=list[Need]) if blob is not None else []

    def _write(self, need: Need) -> Need:
        """First how it was before."""
        before = self._ordering.needs.get(need.sku)
        if before is not None and before.id == need.id:
            known = self._earlier(need.id)
            if (versions := versions_with(known, before, need)) != known:
                self._ledger.books.keep(f"need:{need.id}", msgspec.json.encode(versions))
        return self._ledger.keep_need(need)
