"""What the gateway decides by itself: its alarms and its reorder proposals, from what it knows at this moment.

It does so whether the service is there or not; the service takes each thing up once (see cloud.core.ordering and
cloud.alerts.reported).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from edge.core import alarms, reorder
from edge.core.alarms import Own
from edge.core.care.health import Pulse
from edge.core.reorder import Position
from edge.core.slots.shelves import SlotState
from protocols.layout import Device, Site, Slot
from protocols.reports import Report
from protocols.uplink import Policy

ORDERS_MS = 5_000
"""How often every SKU is held against its policy."""


class Alone:
    """The books of alarms and proposals of one site, and the policies the service sent last."""

    def __init__(
        self,
        site: Site,
        alarms_kept: alarms.Book | None = None,
        orders_kept: reorder.Book | None = None,
        policies: Mapping[str, Policy] | None = None,
    ) -> None:
        self.site = site
        self.alarms = alarms_kept or alarms.Book()
        self.orders = orders_kept or reorder.Book()
        self.policies: dict[str, Policy] = dict(policies or {})
        self._listens_from_ms = 0
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

    def decide(
        self,
        pulses: Collection[tuple[Device, Pulse]],
        climate: dict[str, list[tuple[str, int, float]]],
        slots: Mapping[str, SlotState],
        own: Own,
        now_ms: int,
    ) -> list[Report]:
        """The alarms and proposals that this moment brings. `climate`: see `alarms.of_zones`."""
        seen = [
            *alarms.of_zones(self.site, climate, now_ms),
            *alarms.of_devices(pulses, self.listen(own.listening, now_ms)),
            *_differing(self.site, slots),
            *alarms.of_gateway(own),
        ]
        speaking = {device.id for device, pulse in pulses if pulse.state == "ok"}
        told: list[Report] = list(alarms.step(self.alarms, seen, now_ms, own.linked))
        if 0 <= now_ms - self.orders.at_ms < ORDERS_MS:
            return told

        def position_of(sku: str) -> Position:
            return _position(self._slots.get(sku, []), slots, speaking)

        told += reorder.step(self.orders, self.site, position_of, self.policies, now_ms, own.linked)
        return told


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
