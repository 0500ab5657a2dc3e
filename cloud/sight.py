"""What the service sees of its gateways and zones at one moment, from its stores and its link, as values; and what the
rules of alerts see (`Sight`)."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from math import nan
from pathlib import Path

from msgspec import Struct

from cloud.alerts.facts import BacklogNow, ClimateNow, DiskNow, Facts, GatewayLink, LateNow
from cloud.core import ordering, overview, reach
from cloud.core.book.entries import Entry, Sensed, taken_back
from cloud.core.book.lots import UNDATED, turns
from cloud.core.book.staking import Stake, stake
from cloud.core.coldchain.rooms import RoomNow
from cloud.core.counting import shrinkage
from cloud.core.counting.shrinkage import Missing, Shrunk
from cloud.core.forecasting import watched
from cloud.core.forecasting.watched import Strayed
from cloud.core.inventory import Inventory
from cloud.core.kpis.courses import DAYS
from cloud.core.kpis.definitions import CENSORED
from cloud.core.lanes import LaneState
from cloud.core.maintenance.assets import AssetNow
from cloud.core.purchasing.orders import OPEN
from cloud.core.replenishment import Plan
from cloud.core.view import GatewayView
from cloud.core.whereabouts import TOLD_DAYS, Gone, Whereabouts
from cloud.desks.trade import Trade
from cloud.stores.history import History
from cloud.stores.history_spool import SpooledHistory
from cloud.stores.ledger import Ledger, LedgerUnavailable
from cloud.uplink import ALIVE_MS, Uplink
from protocols.layout import Site
from protocols.reports import Lane, Report, TagMove

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
SLOW_MS = 60_000
"""What changes slowly is looked at so often."""
LOSSES_MS = 3_600_000
FORECASTS_A_TICK = 20
"""Forecasts of so many SKUs are judged in one tick; the rest wait for the next."""
LEAVERS_MAX = 20
"""SKUs of which tags left whose facts are read in one look; the rest wait for the next."""

Lanes = Mapping[tuple[str, Lane], LaneState]


def gateways(lanes: Lanes, uplink: Uplink | None, now_ms: int) -> list[GatewayView]:
    """Every gateway that is in the ledger, or was heard since the start."""
    links = uplink.links if uplink is not None else {}
    views = []
    for name in sorted({gateway for gateway, _ in lanes} | links.keys()):
        events, telemetry = lanes.get((name, "events")), lanes.get((name, "telemetry"))
        link = links.get(name)
        seen_ms = max(
            link.last_seen_ms if link is not None else 0,
            events.last_ms if events is not None else 0,
            telemetry.last_ms if telemetry is not None else 0,
        )
        views.append(
            GatewayView(
                name,
                uplink is not None and uplink.connected(name, now_ms),
                seen_ms // 1000 * 1000,
                events.held.top if events is not None else -1,
                telemetry.held.top if telemetry is not None else -1,
                sum(one.refused for one in (events, telemetry) if one is not None),
            )
        )
    return views


def cut_off(
    site: Site,
    views: Sequence[GatewayView],
    senders: Callable[[], Mapping[str, str]],
    uplink: Uplink | None,
    now_ms: int,
) -> dict[str, str]:
    """The devices whose gateway is away, and that gateway. Who has not listened for long can not tell."""
    if uplink is None or now_ms - uplink.began_ms < ALIVE_MS:
        return {}
    return reach.cut_off(site.device_by_id, {one.id: one.connected for one in views}, senders)


def behind(lanes: Lanes, uplink: Uplink | None, now_ms: int) -> bool:
    """Whether a gateway that is connected has numbered more than is here."""
    return uplink is not None and any(
        ordering.behind(state) for (gateway, _), state in lanes.items() if uplink.connected(gateway, now_ms)
    )


def climate(inventory: Inventory) -> dict[str, ClimateNow]:
    """The newest climate of each zone that has any."""
    found = {}
    for zone in inventory.site.zones:
        warm = overview.newest(inventory, zone.id, "temperature_c")
        damp = overview.newest(inventory, zone.id, "humidity_pct")
        if warm or damp:
            at_ms = max(one[0] for one in (warm, damp) if one)
            found[zone.id] = ClimateNow(warm[1] if warm else None, damp[1] if damp else None, at_ms)
    return found


class Seen(Struct, frozen=True):
    """What others know at this moment."""

    plans: Mapping[str, Plan]
    gateways: Sequence[GatewayView]
    rooms: list[RoomNow] = []
    assets: list[AssetNow] = []


class Sight:
    """What the rules of one site see: `facts` as of now, of which the slow ones are looked up by `look`."""

    def __init__(self, inventory: Inventory, trade: Trade, ledger: Ledger, history: History, state: Path) -> None:
        self._inventory, self._trade, self._ledger = inventory, trade, ledger
        self._history, self._state, self._site = history, state, inventory.site
        self.tags = Whereabouts.of(inventory.site)
        self._open: dict[str, int] = {}
        """Doors by when they were first said to be open."""
        self._looked_ms = self._lost_ms = -LOSSES_MS
        self._read: dict[str, list[Entry]] = {}
        self._gone: list[Gone] = []
        self._shrunk: list[Shrunk] = []
        self._stakes: dict[str, Stake] = {}
        self._late: list[LateNow] = []
        self._disk: DiskNow | None = None
        self._judged: dict[str, Strayed | None] = {}
        self._turn = 0

    def load(self) -> None:
        """The tags as the ledger has them."""
        for move in sorted(self._ledger.tags(), key=lambda one: one.at_ms):
            self.tags.hear(move)

    def hear(self, reports: Iterable[Report]) -> None:
        """What gateways told, once it is in the ledger."""
        for one in reports:
            if type(one) is TagMove:
                self.tags.hear(one)

    async def look(self, now_ms: int) -> None:
        """What changes slowly, now and then. What can not be read stays as it was."""
        self._judge_forecasts(now_ms)
        if now_ms - self._looked_ms < SLOW_MS:
            return
        self._looked_ms = now_ms
        self._stakes = self._expiring()
        self._late = self._overdue(now_ms)
        try:
            usage = await asyncio.to_thread(shutil.disk_usage, self._state)
            self._disk = DiskNow(usage.free, usage.total)
            await self._look_for_losses(now_ms)
            await self._look_for_tags(now_ms)
        except (LedgerUnavailable, OSError) as error:
            log.warning("alerts: %s; what is known of losses and of the disk is as it was", error)

    def facts(self, seen: Seen, uplink: Uplink | None, now_ms: int) -> Facts:
        """The warehouse at this moment, as the rules see it."""
        links = {one.id: GatewayLink(one.connected, one.last_seen_ms) for one in seen.gateways}
        said = uplink.links if uplink is not None else {}
        trade, history = self._trade, self._history
        backlogs = {}
        if isinstance(history, SpooledHistory):
            held = history.backlog()
            backlogs["history"] = BacklogNow(held.samples, held.samples_max)
        strayed = [one for one in self._judged.values() if one is not None]
        return Facts(
            self._site,
            now_ms,
            self._inventory.levels,
            overview.sku_views(self._inventory, self._inventory.site.skus, seen.plans, trade.position),
            self._inventory.devices,
            climate(self._inventory),
            links,
            self._ledger.proof.lacking({gateway: link.connected for gateway, link in links.items()}, now_ms),
            self._ledger.senders(),
            trade.works.late(now_ms),
            trade.works.verdicts.asking(),
            seen.rooms,
            seen.assets,
            self._doors(),
            {name: link.ahead_ms / 1000 for name, link in said.items() if link.ahead_ms is not None},
            self._gone,
            self.tags.elsewhere(),
            self._shrunk,
            self._stakes,
            self._late,
            strayed,
            len(self._judged),
            backlogs,
            self._disk,
            trade.cold.aside(),
            trade.cold.watched(),
        )

    def _doors(self) -> dict[str, int]:
        now = {one.device: one for one in self._inventory.now.values() if one.quantity == "door_open"}
        ajar = {device: self._open.get(device, one.at_ms) for device, one in now.items() if one.value >= 0.5}
        self._open = ajar
        return ajar

    def _expiring(self) -> dict[str, Stake]:
        book, today = self._trade.book, date.fromisoformat(self._trade.book.today())
        found = {}
        for sku in self._site.skus:
            account = book.account(sku.id)
            lots, aside = account.batches, account.aside
            dated = [
                (lot, lots.units[lot] - aside.get(lot, 0), (date.fromisoformat(day) - today).days)
                for day, lot in turns(account, book.ends(sku.id))
                if day < UNDATED
            ]
            if dated and (at := stake([one for one in dated if one[1] > 0], self._trade.daily(sku.id))) is not None:
                found[sku.id] = at
        return found

    def _overdue(self, now_ms: int) -> list[LateNow]:
        names = {one.id: one.name for one in self._site.suppliers}
        found = []
        for order in self._trade.purchasing.every():
            late = [line for line in order.lines if line.rest and 0 < line.due_ms < now_ms]
            if late and order.sent_ms and order.state in OPEN:
                due_ms = min(line.due_ms for line in late)
                name = names.get(order.supplier, order.supplier)
                found.append(LateNow(order.id, order.supplier, name, due_ms, {line.sku: line.rest for line in late}))
        return found

    async def _look_for_losses(self, now_ms: int) -> None:
        if now_ms - self._lost_ms < LOSSES_MS:
            return
        from_ms = now_ms - shrinkage.DAYS * DAY_MS
        corrected = await asyncio.to_thread(self._ledger.books.corrections, from_ms)
        self._lost_ms, gone = now_ms, self._trade.book.gone
        missing = [
            Missing(one.sku, one.slot, one.at_ms, one.difference, max(0, one.expected))
            for one in self._trade.counts.found(from_ms)
        ]
        missing += [
            Missing(one.sku, one.place, one.happened_ms, one.units, -one.units)
            for one in corrected
            if one.id not in gone
        ]
        for level in self._inventory.levels.values():
            if level.differs_ms and level.booked is not None and level.count is not None:
                off = level.count - level.booked
                missing.append(Missing(level.sku, level.slot, max(level.differs_ms, from_ms + 1), off, level.booked))
        self._shrunk = shrinkage.shrunk(missing, now_ms)

    async def _look_for_tags(self, now_ms: int) -> None:
        leavers = self.tags.leavers(now_ms)
        read: dict[str, list[Entry]] = {}
        for sku in sorted(leavers, key=lambda one: one in self._read)[:LEAVERS_MAX]:
            read[sku] = await asyncio.to_thread(self._facts_of, sku, now_ms - TOLD_DAYS * DAY_MS)
        self._read = {sku: self._read[sku] for sku in leavers if sku in self._read} | read
        self._gone = self.tags.gone(self._read)

    def _facts_of(self, sku: str, from_ms: int) -> list[Entry]:
        gone = self._trade.book.gone
        facts = self._ledger.books.facts(sku, from_ms=from_ms)
        return [one for one in facts if type(one) is Sensed or (one.id not in gone and taken_back(one) is None)]

    def _judge_forecasts(self, now_ms: int) -> None:
        """Of some SKUs, in turn: whole days of which a forecast is known, and what came is."""
        tallies, skus = self._trade.book.tallies, self._site.skus
        from_day = tallies.today - watched.DAYS
        days = [day % DAYS for day in range(from_day, tallies.today)]
        for sku in skus[self._turn : self._turn + FORECASTS_A_TICK]:
            course = tallies.courses[sku.id]
            told = [course.told[at] if course.out[at] < CENSORED else nan for at in days]
            came = [course.picked[at] + course.refused[at] for at in days]
            first = max(course.first_day, from_day - watched.PAST_DAYS) if course.first_day else from_day
            past = [course.picked[day % DAYS] + course.refused[day % DAYS] for day in range(first, from_day)]
            self._judged[sku.id] = watched.strayed(sku.id, told, came, past)
        self._turn = self._turn + FORECASTS_A_TICK if self._turn + FORECASTS_A_TICK < len(skus) else 0
