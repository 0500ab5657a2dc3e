"""What waits to be ordered, as somebody decides about it: which runs out first and why, from whom and at what; snoozed,
or put on drafts together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple

from cloud.core.book.positions import Position
from cloud.core.ordering import Ordering
from cloud.core.planning.cards import Card
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.sourcing import Sourcing
from cloud.core.refusals import Refusal
from cloud.core.replenishment import GATEWAY, Need
from cloud.core.sku_view import Queue, Suggestion, Why
from cloud.core.supplying import projecting
from cloud.desks.purchasing import Purchasing
from cloud.desks.refusing import storing
from cloud.desks.supplying import Supplying
from cloud.planner import Planner
from cloud.web.desk import NotFound, Refused
from protocols.layout import Site, Sku

AHEAD_DAYS: Final = 30
"""A need's course is told so far ahead."""
SNOOZE_MAX_MS: Final = 366 * 86_400_000


class _Facts(NamedTuple):
    """What a suggestion is made of, gathered in one go."""

    need: Need
    place: Sku
    there: Position
    card: Card | None
    daily: float | None
    orders: list[Order]
    order: int | None


class Replenishing:
    """The queue of one site. `keep` stores a need, `acted` shows what came of it."""

    def __init__(
        self,
        site: Site,
        ordering: Ordering,
        planner: Planner,
        purchasing: Purchasing,
        supplying: Supplying,
        now_ms: Callable[[], int],
    ) -> None:
        self.position: Callable[[str], Position] = lambda _: Position(0)
        self.keep: Callable[[Need], Awaitable[Need]] | None = None
        self.acted: Callable[[], object] = lambda: None
        self._site, self._ordering, self._planner = site, ordering, planner
        self._purchasing, self._supplying, self._now_ms = purchasing, supplying, now_ms
        self._names = {one.id: one.name for one in site.suppliers}

    async def queue(self, limit: int) -> Queue:
        """See `cloud.web.supply.QueueDesk`."""
        now_ms = self._now_ms()
        found = [self._facts(one) for one in self._ordering.needs.values() if one.sku in self._site.sku_by_id]
        ranked = sorted(found, key=lambda one: (self._out_ms(one, now_ms), one.need.id))
        rows = await asyncio.to_thread(self._rows, ranked[:limit], now_ms)
        return Queue(now_ms, rows, max(0, len(ranked) - limit))

    async def one(self, number: int) -> Suggestion:
        """See `cloud.web.supply.QueueDesk`."""
        need = self._purchasing.needs.wanted(number)
        if need.sku not in self._site.sku_by_id:
            raise NotFound(f"the SKU of need {number} is not in the site file", "look at the need itself")
        [row] = await asyncio.to_thread(self._rows, [self._facts(need)], self._now_ms())
        return row

    async def snooze(self, number: int, until_ms: int, note: str, by: str) -> Suggestion:
        """See `cloud.web.supply.QueueDesk`."""
        now_ms = self._now_ms()
        if until_ms and not now_ms < until_ms <= now_ms + SNOOZE_MAX_MS:
            raise Refused("date", "That is no time to look at it again.", "Give one to come, within a year.")
        if (on := self._purchasing.on(number)) is not None:
            raise Refused("ordered", f"Need {number} is on order {on} already.", "Look at that order.")
        assert self.keep is not None, "who stores needs is known before anybody may write"
        with storing():
            need = await self._planner.snooze(number, until_ms, by, note, now_ms, self.keep)
        if need is None:
            raise NotFound(f"need {number} is not open any more", "the list says what became of it")
        self.acted()
        return await self.one(number)

    async def draft(self, needs: Mapping[int, int], seen: Mapping[int, int], supplier: str, by: str) -> object:
        """See `cloud.web.supply.QueueDesk`."""
        for number, changed_ms in seen.items():
            if changed_ms and self._purchasing.needs.wanted(number).changed_ms != changed_ms:
                raise Refused("changed", f"Need {number} was changed meanwhile.", "Look at it again, then decide.")
        return await self._purchasing.draft_needs(needs, supplier, by)

    def _facts(self, need: Need) -> _Facts:
        outlook = self._planner.outlook(need.sku)
        return _Facts(
            need,
            self._site.sku_by_id[need.sku],
            self.position(need.sku),
            self._planner.card(need.sku),
            outlook.mean if outlook is not None else None,
            self._purchasing.of(need.sku),
            self._purchasing.on(need.id),
        )

    def _out_ms(self, one: _Facts, now_ms: int) -> float:
        """When it is out; what owes or is out already before that, by how much it lacks for a day."""
        out_ms = self._course(one, now_ms)[1]
        return out_ms or float("inf")

    def _course(self, one: _Facts, now_ms: int) -> tuple[list[float], int]:
        what = projecting.coming(one.orders, one.need.sku, now_ms)
        return projecting.runs_out(one.there.available, one.daily or 0.0, what, AHEAD_DAYS, now_ms)

    def _rows(self, facts: Sequence[_Facts], now_ms: int) -> list[Suggestion]:
        return [self._row(one, now_ms) for one in facts]

    def _row(self, one: _Facts, now_ms: int) -> Suggestion:
        need, place, there, card = one.need, one.place, one.there, one.card
        found = self._supplying.source(need.sku, need.quantity, there.projected)
        splits = found.splits if isinstance(found, Sourcing) else []
        assert isinstance(found, Sourcing | Refusal)
        first = splits[0] if splits else None
        course, out_ms = self._course(one, now_ms)
        lead = max((split.due_days for split in splits), default=place.lead_time_days)
        supplier = first.supplier if first is not None else ""
        by, note = need.why.get("snoozed_by"), need.why.get("snoozed_note")
        return Suggestion(
            need.id, need.sku, place.name, need.quantity, "observed" if need.state == "observed" else "proposed",
            there.on_hand, there.available, there.on_order + there.in_transit,
            card.reorder_point if card is not None else None, card.order_up_to if card is not None else None, one.daily,
            card.risk if card is not None else None, _why(one, out_ms, now_ms + round(lead * 86_400_000), now_ms),
            supplier, self._names.get(supplier, supplier), round(lead, 2),
            first.price if first is not None else place.unit_cost,
            round(sum(split.cost for split in splits), 2) if splits else None, out_ms, course, need.created_ms,
            need.changed_ms, one.order, need.snoozed_until_ms, by if isinstance(by, str) else "",
            note if isinstance(note, str) else "",
        )  # fmt: skip


def _why(one: _Facts, out_ms: int, there_ms: int, now_ms: int) -> list[Why]:
    """Why it waits to be ordered."""
    need, there, card = one.need, one.there, one.card
    point = card.reorder_point if card is not None else None
    said: list[tuple[Why, bool]] = [
        ("owed", there.available < 0),
        ("out", there.on_hand <= 0 <= there.available),
        ("before_delivery", there.available > 0 and 0 < out_ms < there_ms),
        ("below_point", point is not None and there.projected <= point),
        ("expires", there.perishing > 0),
        ("gateway", need.why.get("formula") == GATEWAY),
        ("revised", bool(need.why.get("revised"))),
        ("held", need.held_until_ms > now_ms),
    ]
    return [name for name, holds in said if holds]
