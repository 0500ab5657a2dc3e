"""What the gateway decides by itself: its alarms and its reorder proposals, from what it knows at this moment.

It does so whether the service is there or not; the service takes each thing up once (see cloud.core.ordering and
cloud.alerts.reported).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from edge.core import alarms, reorder, seen, telling
from edge.core.alarms import Condition, Own
from edge.core.glance import Glance
from edge.core.reorder import Position
from edge.core.rooms import Rooms
from edge.core.slots.shelves import SlotState
from protocols.excursions import Room
from protocols.layout import Site, Slot
from protocols.reports import Report, Series
from protocols.uplink import Policy

ORDERS_MS = 5_000
"""How often every SKU is held against its policy, and sensors' findings are looked at."""
TAGS_MS = 60_000
"""How often it is looked where the tags of every article are."""
OWN_MS = 5 * 60_000
"""How often the gateway tells figures of itself."""
OWN = "own"
"""The channel of the gateway's own figures; its zone is `gateway`."""


class Alone:
    """The books of alarms and proposals of one site, and the policies the service sent last."""

    def __init__(
        self,
        site: Site,
        alarms_kept: alarms.Book | None = None,
        orders_kept: reorder.Book | None = None,
        policies: Mapping[str, Policy] | None = None,
        told_kept: telling.Board | None = None,
        rooms_kept: Mapping[str, Room] | None = None,
    ) -> None:
        self.site = site
        self.alarms = alarms_kept or alarms.Book()
        self.orders = orders_kept or reorder.Book()
        self.policies: dict[str, Policy] = dict(policies or {})
        self.told = told_kept or telling.Board()
        self.rooms = Rooms(site, rooms_kept)
        self._rules = alarms.tuned(site.tuning)
        self._listens_from_ms = self._own_ms = self._tags_ms = 0
        self._places = seen.Places(site)
        self._goods: list[Condition] = []
        self._astray: list[Condition] = []
        self._slots: dict[str, list[Slot]] = {}
        for slot in site.slots:
            self._slots.setdefault(slot.sku, []).append(slot)

    def take(self, policies: Iterable[Policy]) -> None:
        """What the service says of these SKUs; others stay as they were, unlisted ones are left out."""
        self.policies.update((one.sku, one) for one in policies if one.sku in self.site.sku_by_id)

    def listen(self, hears: bool, now_ms: int) -> int:
        """For how long the gateway has been up and heard what is said, in ms; asked at every moment that passes."""
        if not hears or not self._listens_from_ms or now_ms - self.alarms.at_ms > alarms.AWAY_MS:
            self._listens_from_ms = now_ms
        return now_ms - self._listens_from_ms

    def decide(self, now: Glance, own: Own, now_ms: int) -> list[Report]:
        """The alarms, proposals and own figures that this moment brings."""
        ordering = not 0 <= now_ms - self.orders.at_ms < ORDERS_MS
        speaking = {device.id for device, pulse in now.pulses if pulse.state == "ok"} if ordering else set()
        positions: dict[str, Position] = {}

        def position_of(sku: str) -> Position:
            found = positions.get(sku)
            if found is None:
                found = positions[sku] = _position(self._slots.get(sku, []), now.slots, speaking)
            return found

        if ordering:
            goods = seen.of_stock(self._places, position_of, self.site, self.policies)
            # What only keeps an alarm is of no use where there is none, and there may be thousands of it.
            there = self.alarms.open
            self._goods = [one for one in goods if not one.sustain or f"{one.rule}/{one.subject}" in there]
            self._goods += seen.of_sensors(now.findings())
        if not 0 <= now_ms - self._tags_ms < TAGS_MS:
            self._tags_ms = now_ms
            self._astray = [*seen.of_tags(self._places, now.tags())] if self._places.by_gtin else []
        wrong = [
            *self.rooms.feel(now.climate, now_ms),
            *alarms.of_zones(self.site, now.climate, now_ms, self.rooms.zones),
            *alarms.of_devices(now.pulses, self.listen(own.listening, now_ms)),
            *_differing(self.site, now.slots),
            *seen.of_doors(now.doors),
            *self._goods,
            *self._astray,
            *alarms.of_gateway(own, now_ms),
        ]
        told: list[Report] = list(alarms.step(self.alarms, wrong, now_ms, own.linked, self._rules))
        if ordering:
            told += reorder.step(self.orders, self.site, position_of, self.policies, now_ms, own.linked)
        if not 0 <= now_ms - self._own_ms < OWN_MS:
            self._own_ms = now_ms
            told += _figures(own, now_ms)
        return told


def _figures(own: Own, now_ms: int) -> list[Series]:
    """The gateway itself in figures, for those who watch over months."""
    figures = {"outbox_used_pct": 100 * own.outbox_share, "clock_off_s": own.clock_off_s}
    if own.disk_free is None:
        return []  # nobody has looked yet
    figures["disk_free_pct"] = 100 * own.disk_free[0] / max(1, own.disk_free[1])
    if own.outbox_hours is not None:
        figures["outbox_hours"] = own.outbox_hours
    return [
        Series(own.name, OWN, quantity, "gateway", now_ms, [0], [round(value, 3)], now_ms)
        for quantity, value in figures.items()
    ]


def _position(places: list[Slot], slots: Mapping[str, SlotState], speaking: Collection[str]) -> Position:
    low = high = 0
    for slot in places:
        state = slots.get(slot.id)
        if state is None or slot.device not in speaking:
            high += slot.capacity
            continue
        said = state.estimate
        low += said.low if said.count is None else said.count
        high += said.high if said.count is None else said.count
    return Position(low, high, sum(slot.capacity for slot in places))


def _differing(site: Site, slots: Mapping[str, SlotState]) -> Iterable[alarms.Condition]:
    """Slots whose book is certainly wrong."""
    for slot_id, state in slots.items():
        slot = site.slot_by_id.get(slot_id)
        if slot is None or state.watch is None or not state.watch.told or state.stock.book is None:
            continue
        said = state.estimate
        params = {"booked": float(state.stock.book), "low": float(said.low), "high": float(said.high)}
        if said.count is not None:
            params["count"] = float(said.count)
        yield alarms.Condition("stock_differs", slot.id, slot.zone, params, since_ms=state.watch.since_ms)
