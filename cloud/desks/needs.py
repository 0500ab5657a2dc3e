"""What becomes of needs: those that may be ordered without anybody are, and what nobody has to approve is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from cloud.core.office_view import OfferView
from cloud.core.purchasing import needs
from cloud.core.purchasing.acting import act
from cloud.core.purchasing.needs import Asked, Left
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.sourcing import Sourcing
from cloud.core.refusals import Refusal
from cloud.core.replenishment import Need
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.offering import WHY, Offering
from cloud.desks.refusing import OnDisk
from cloud.desks.supplying import Supplying
from cloud.desks.versions import Versions
from cloud.desks.withdrawing import Withdrawing
from cloud.stores.books import Books
from cloud.web.desk import NotFound, Refused
from protocols.layout import Site
from protocols.trade import Action

AGAIN_MS = 60_000
"""What could not be ordered is tried again after so long, or when something else is wanted."""


class Needs:
    """The needs of one site, and the orders they become."""

    def __init__(
        self, book: Bookkeeping, supplying: Supplying, versions: Versions, books: Books, on_disk: OnDisk
    ) -> None:
        self.site = book.site
        self.known: Callable[[], Sequence[Need]] = list
        """The open ones."""
        self._book, self._supplying, self._versions = book, supplying, versions
        self._books, self._on_disk = books, on_disk
        self.withdrawing = Withdrawing(versions.known, versions.turns, books, versions.keep)
        self._offering = Offering(supplying, self._projected)
        self._left: dict[int, tuple[int, int]] = {}
        """Need -> the units of it that could not be ordered, and until when that is not tried again."""

    async def tick(self, now_ms: int) -> None:
        """Order what may be ordered without anybody, and send what was approved so: also what a stop left unsent."""
        await self.withdrawing.tick(now_ms)
        orders, turns = self._versions.known, self._versions.turns
        unsent = [one.id for one in orders.open.values() if _is_unsent(one)]
        free = [
            one
            for one in self.known()
            if one.state == "proposed" and max(one.held_until_ms, one.snoozed_until_ms) <= now_ms
        ]
        asked = [self._asked(one) for one in free if one.sku in self.site.sku_by_id]
        asked = [one for one in asked if one.level == "order" and self._is_due(one, now_ms)]
        if not (unsent or asked or turns.doubtful):
            return
        async with turns.turn():
            for number in unsent:
                if (order := orders.open.get(number)) is not None and _is_unsent(order):
                    await self._send(order, now_ms)
            if asked:
                _, left = await self._order(asked, "", now_ms)
                units = {one.need: one.units for one in asked}
                self._left = {one.need: (units[one.need], now_ms + AGAIN_MS) for one in left}

    def offers(self, need: int) -> list[OfferView]:
        """What each supplier would ask for it."""
        return self._offering.of(self.wanted(need))

    async def order(self, needs: Mapping[int, int], supplier: str, now_ms: int, by: str) -> list[Order]:
        """The orders that needs become because a person, `by`, asks for them, all or none: need -> units (0: as
        proposed). The lines are the service's, as it weighed them; the history names the person. Within a turn."""
        asked = [self._by_hand(need, units) for need, units in needs.items()]
        for one in asked:
            if one.level == "observe" and len(asked) > 1:  # of several it would be left out in silence
                raise Refused("observed", f"{one.sku} is only observed.", WHY["observed"], {"told": {"sku": one.sku}})
        made, left = await self._order(asked, supplier, now_ms, by)
        if left and not made:
            why = left[0].reason
            sku = next(one.sku for one in asked if one.need == left[0].need)
            hint = WHY.get(why, "Look at its offers.")
            raise Refused(why, f"{sku} can not be ordered.", hint, {"told": {"sku": sku}})
        return made

    def _by_hand(self, need: int, units: int) -> Asked:
        wanted = self.wanted(need)
        if (on := self._versions.known.on.get(need)) is not None:
            raise Refused("ordered", f"Need {need} is on order {on} already.", "Look at that order.")
        still_wanted(self.site, wanted.sku)
        asked = self._asked(wanted)
        # what the service would order by itself a person does now, and looks at it
        level: Action = "propose" if asked.level == "order" else asked.level
        return replace(asked, level=level, units=units or asked.units)

    def wanted(self, need: int) -> Need:
        """An open need. Raises `NotFound`."""
        wanted = next((one for one in self.known() if one.id == need), None)
        if wanted is None:
            raise NotFound(f"need {need} is not open any more", "the list says what became of it")
        return wanted

    def _is_due(self, asked: Asked, now_ms: int) -> bool:
        units, until_ms = self._left.get(asked.need, (0, 0))
        return asked.need not in self._versions.known.on and (units != asked.units or now_ms >= until_ms)

    def _asked(self, need: Need) -> Asked:
        place = self.site.sku_by_id[need.sku]
        return Asked(need.id, need.sku, need.quantity, "observe" if place.discontinued else place.replenish)

    async def _order(
        self, asked: Sequence[Asked], supplier: str, now_ms: int, by: str = needs.BY
    ) -> tuple[list[Order], list[Left]]:
        """Make orders of needs, and store them; those approved without anybody are sent. And what was left out."""

        def source(sku: str, units: int) -> Sourcing | Refusal:
            return self._supplying.source(sku, units, self._projected(sku), supplier)

        def worked() -> tuple[needs.Made, dict[int, object]]:
            made = needs.orders_of(
                asked,
                [*self._versions.known.open.values()],
                source,
                self.site.buying,
                now_ms,
                managed={sku for one in self.site.agreements if one.decides == "supplier" for sku in one.skus},
                mates=self._supplying.mates(self._projected, [one.sku for one in asked]),
                order_costs={one.id: one.order_cost for one in self.site.suppliers},
                ordered=[*self._versions.known.on],
                offer=self._supplying.price,
            )
            return made, self._offering.records(asked, made.sourced, by_hand=supplier != "")

        made, kept_why = await asyncio.to_thread(worked)
        kept = await self._versions.of_needs(made.new, by) if made.new else []
        for need, why in kept_why.items():
            with self._versions.turns.writing():
                await self._on_disk(self._books.keep, f"sourced:{need}", msgspec.json.encode(why))
        for before, after in made.changed:
            kept.append(await self._versions.keep(before, after, "change", by))
        kept = [await self._send(one, now_ms) if one.state == "approved" else one for one in kept]
        return kept, made.left

    async def _send(self, order: Order, now_ms: int) -> Order:
        sent = act(order, "send", needs.BY, "nobody", now_ms, self.site.buying)
        return await self._versions.keep(order, sent, "send", needs.BY) if isinstance(sent, Order) else order

    def _projected(self, sku: str) -> int:
        return self._book.position(sku).projected


def still_wanted(site: Site, sku: str) -> None:
    """Raises `Refused` where an SKU is not bought any more, or never was."""
    place = site.sku_by_id.get(sku)
    if place is None:
        raise Refused("unknown_sku", f"The site file has no SKU {sku!r}.", "Is it spelled as there?")
    if place.discontinued:
        hint = "Change that in the site file, to order it again."
        raise Refused("discontinued", f"{sku} is discontinued.", hint, {"told": {"sku": sku}})


def _is_unsent(order: Order) -> bool:
    """Whether nobody had to approve it, and nobody has to send it."""
    return order.state == "approved" and order.by == needs.BY
