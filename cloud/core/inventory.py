"""The inventory: what the reports amount to. A fold, in memory, over what the ledger holds; rebuilt from it at start.

Movements (stock events) carry demand, levels the stock, health the devices, series the climate. A report that is
older than what is known of the same thing changes nothing, so a backlog never overwrites the present.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct, field

from cloud.core.demand import DailyDemand
from cloud.core.heat import Heat
from protocols.layout import Site
from protocols.reports import DeviceHealth, Report, Series, SlotLevel, StockEvent

MINUTE_MS = 60_000
PICK_MINUTES_MAX = 240
"""The newest minutes in which something was picked are remembered one by one."""
NO_DEMAND = frozenset(("first", "count"))
"""Sources of changes in which no goods moved."""


class Now(Struct):
    """The newest value of one series."""

    device: str
    channel: str
    quantity: str
    zone: str
    at_ms: int
    value: float

    @property
    def series(self) -> str:
        """Its name in the history."""
        return f"{self.device}/{self.channel}/{self.quantity}"


class Stock(NamedTuple):
    """Units on hand, the slots whose count can not be told, and those of them of which nothing at all is known now
    (their last claim is counted)."""

    units: int
    uncertain: int
    blind: int


class Touched(Struct):
    """What a group of reports changed: of each SKU, when the newest of the facts happened; slots of which something
    was told."""

    skus: dict[str, int] = field(default_factory=dict)
    slots: set[str] = field(default_factory=set)


class Inventory:
    """One site's inventory."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.levels: dict[str, SlotLevel] = {}
        self.known: dict[str, tuple[int, int]] = {}
        """The last count of each slot that was claimed, and when it held."""
        self.devices: dict[str, DeviceHealth] = {}
        self.now: dict[str, Now] = {}
        self.demand: dict[str, DailyDemand] = {}
        self._slots: dict[str, list[str]] = {}
        for slot in site.slots:
            self._slots.setdefault(slot.sku, []).append(slot.id)
        self._picked: dict[int, int] = {}
        self.heat = Heat()

    def apply(self, reports: Iterable[Report]) -> Touched:
        """Fold reports in the order they came, of levels and healths those that are the last word (`Applied`)."""
        touched = Touched()
        for report in reports:
            if type(report) is StockEvent:
                self.move(report.slot, report.sku, report.delta, report.count, report.at_ms, report.source)
                touched.skus[report.sku] = max(report.at_ms, touched.skus.get(report.sku, 0))
            elif type(report) is SlotLevel:
                self.levels[report.slot] = report
                touched.slots.add(report.slot)
                touched.skus[report.sku] = max(report.at_ms, touched.skus.get(report.sku, 0))
            elif type(report) is DeviceHealth:
                self.devices[report.device] = report
            elif type(report) is Series:
                self.remember(report)
        return touched

    def move(self, slot: str, sku: str, delta: int, count: int, at_ms: int, source: str) -> None:
        """One movement. The first count of a slot, and what a person's count corrects, is no movement of goods."""
        place, held = self.site.slot_by_id.get(slot), self.known.get(slot)
        if place is not None and place.sku == sku and (held is None or held[1] <= at_ms):
            self.known[slot] = (count, at_ms)
        demand = self._demand(sku, at_ms)
        demand.turn(slot, at_ms, delta, count)
        if source not in NO_DEMAND and delta < 0:
            self.picked(sku, -delta, at_ms)
            self.heat.take(slot, -delta, at_ms)

    def picked(self, sku: str, units: int, at_ms: int) -> None:
        """Units were taken, off a shelf or from elsewhere: they were wanted then. Below 0: they were not, after all."""
        if units < 0:
            self._demand(sku, at_ms).take_back(at_ms, -units)
            return
        self._demand(sku, at_ms).add(at_ms, -units)
        minute = at_ms // MINUTE_MS
        self._picked[minute] = self._picked.get(minute, 0) + units
        if len(self._picked) > PICK_MINUTES_MAX:
            del self._picked[min(self._picked)]

    def _demand(self, sku: str, at_ms: int) -> DailyDemand:
        """An SKU's demand, known from then on at the latest."""
        demand = self.demand.get(sku)
        if demand is None:
            demand = self.demand[sku] = DailyDemand(self.site.site.timezone, at_ms)
        demand.since_ms = min(demand.since_ms, at_ms)
        return demand

    def stock(self, sku: str) -> Stock:
        """What an SKU's slots hold together. A slot that was given to it since it last reported is not known."""
        units = uncertain = blind = 0
        for slot in self.slots_of(sku):
            level = self.levels.get(slot)
            if level is not None and level.sku != sku:
                level = None
            if level is not None and level.count is not None:
                units += level.count
                continue
            uncertain += 1
            if level is not None and level.confidence > 0:
                # Not sure enough to claim a count, but the interval is known: its middle is the best guess.
                units += (level.low + level.high) // 2
            else:
                blind += 1
                units += self.known.get(slot, (0, 0))[0]
        return Stock(units, uncertain, blind)

    def capacity(self, sku: str) -> int:
        """The units its slots hold."""
        return sum(self.site.slot_by_id[slot].capacity for slot in self.slots_of(sku))

    def slots_of(self, sku: str) -> list[str]:
        """The slots that hold an SKU."""
        return self._slots.get(sku, [])

    def picks_since(self, from_ms: int) -> int:
        """Units taken since the minute of `from_ms` began, which is at most some hours ago."""
        first = from_ms // MINUTE_MS
        return sum(units for minute, units in self._picked.items() if minute >= first)

    def remember(self, report: Series) -> Now:
        """The newest value of a series, if it is newer than what is known; nothing else follows from it."""
        offsets, last = report.offsets_ms, len(report.offsets_ms) - 1
        if offsets[last] != max(offsets):  # samples that were buffered may lie behind newer ones
            last = max(range(len(offsets)), key=lambda i: (offsets[i], i))
        at_ms = report.at_ms + offsets[last]
        now = Now(report.device, report.channel, report.quantity, report.zone, at_ms, report.values[last])
        held = self.now.get(now.series)
        if held is None or held.at_ms <= at_ms:
            self.now[now.series] = now
        return now
