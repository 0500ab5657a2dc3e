"""The shell of the service: ingest -> ledger -> inventory -> rules -> broadcast. Decides nothing.

The ledger and the history are used from one worker thread; the inventory, the plans and the alert book live in the
event loop's thread. A batch is signed for only after ledger and history have it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from cloud import memory, sight
from cloud.core import overview
from cloud.core.completeness import Completeness
from cloud.core.inventory import Inventory
from cloud.core.newest import Standing
from cloud.core.ordering import Ordering
from cloud.core.replenishment import Plan
from cloud.core.view import AlertView, GatewayView, NeedView, Snapshot
from cloud.desks.alerting import Alerting
from cloud.desks.assets import Assets
from cloud.desks.exporting import Exporting
from cloud.desks.front import FrontDesk
from cloud.desks.gateways import Gateways
from cloud.desks.graphing import Graphing
from cloud.desks.kept_needs import KeptNeeds
from cloud.desks.people import PeopleDesk
from cloud.desks.trade import Trade
from cloud.glimpses import Glimpses
from cloud.metrics import Counts
from cloud.planner import Planner
from cloud.sight import Seen, Sight
from cloud.stores.history import History, HistoryUnavailable, open_history
from cloud.stores.history_spool import SpooledHistory
from cloud.stores.history_sqlite import SqliteHistory
from cloud.stores.ledger import Applied, Ledger, LedgerUnavailable, Received
from cloud.uplink import Uplink
from cloud.web.app import Desks
from cloud.web.desk import DeskError, NotFound, Unavailable
from cloud.web.live import Live
from protocols.layout import Site
from protocols.reports import Alarm, Proposal, Report
from protocols.uplink import Policy

log = logging.getLogger(__name__)

TICK_S = 1.0
BEAT_S = 0.25
RETRY_S = 2.0
DRAIN_RETRY_MAX_S = 30.0

Result = TypeVar("Result")


class Options(Struct):
    """What the service is told at start. `history` and `ledger` are URLs; `build` names the page's build, and
    `site_text` is the file that `site` was read from."""

    site: Site
    state: Path
    history: str
    ledger: str
    build: str = ""
    site_text: str = ""


class Service:
    """One running service. It is the web's `Desk`."""

    def __init__(self, options: Options) -> None:
        self.site, self.site_text = options.site, options.site_text
        self.build = options.build
        self.ledger = Ledger(options.ledger)
        self.history_store = _open_history(options)
        self.inventory = Inventory(options.site)
        self.ordering = Ordering(options.site)
        self.planner = Planner(self.inventory, self.ordering, self.ledger.books, self._on_disk)
        books, history = self.ledger.books, self.history_store
        self.trade = Trade(self.inventory, self.ordering, self.planner, books, self._on_disk, _now_ms, history)
        self.assets = Assets(options.site, books, history, self._on_disk, _now_ms)
        self.sight = Sight(self.inventory, self.trade, self.ledger, history, options.state)
        self.front = FrontDesk(self.inventory, self.assets, books, self._on_disk, history, _now_ms)
        suppliers = [one.id for one in options.site.suppliers]
        self.people = PeopleDesk(self.ledger.people, self.ledger.audit, suppliers, _now_ms)
        self.alerting = Alerting(self.ledger, self._on_disk, _now_ms)
        self.graphing = Graphing(options.site, history)
        self.exporting = Exporting(self.trade, self.people, self.ledger, history, lambda: self.live.current)
        self.trade.works.assets = lambda: self.assets.current
        self.trade.works.verdicts.snooze = self.alerting.snooze
        self.trade.purchasing.acts_for = self._acts_for
        self.trade.works.people = lambda: [one.id for one in options.site.people]
        self.alerting.changed = lambda: self.live.publish(self._snapshot(_now_ms()))
        self.trade.works.acted = self.trade.cold.acted = self.trade.replenishing.acted = self.alerting.changed
        self._needs = KeptNeeds(self.ordering, self.ledger, self._on_disk, self.trade.telling.need)
        self.trade.replenishing.keep = self._needs.keep
        self._troubles: dict[str, str] = {}
        self.applied = self.refused = self.duplicates = 0
        self.glimpses = Glimpses(Standing(self.inventory, self.ordering.plans, self.trade.position), _now_ms)
        self.uplink: Uplink | None = None
        self.gateways = Gateways(options.site, lambda: self._gateways(_now_ms()))
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="stores")
        self._load()
        self.live = Live(self._snapshot(_now_ms(), secrets.token_hex(8)))

    async def run(self, uplink: Uplink) -> None:
        """Work until cancelled."""
        self.uplink, self.gateways.asking = uplink, uplink.asking
        # What was loaded stays: looking through it for garbage, again and again, would hold everybody up for a while.
        gc.collect()
        gc.freeze()
        tasks = [
            asyncio.create_task(uplink.run(), name="uplink"),
            asyncio.create_task(self._ticking(), name="tick"),
            asyncio.create_task(self._beat(), name="beat"),
            asyncio.create_task(self.glimpses.run(self.live), name="glimpses"),
            asyncio.create_task(self.trade.telling.run(), name="webhooks"),
        ]
        if isinstance(self.history_store, SpooledHistory):
            tasks.append(asyncio.create_task(self._drain(self.history_store), name="drain"))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            uplink.close()
            await self.assets.keep()
            await self.trade.cold.keep()

    def close(self) -> None:
        """Let go of the stores."""
        self._worker.shutdown()
        self.history_store.close()
        self.ledger.close()

    async def apply(self, received: list[Received]) -> list[Applied]:
        """Take batches: in the ledger and the history when this returns. Tries until it can."""
        while True:
            try:
                applied = await self._on_disk(self.ledger.apply, received, _now_ms(), self._keep_series)
                break
            except (LedgerUnavailable, HistoryUnavailable) as error:
                self._failed("ingest", error)
                await asyncio.sleep(RETRY_S)
        self._troubles.pop("ingest", None)
        for batch, taken in zip(received, applied, strict=True):
            touched = self.inventory.apply(taken.reports)
            now_ms = _now_ms()
            self.ordering.note(touched.skus, now_ms)
            self.glimpses.note(touched)
            self.trade.hear(taken.reports, now_ms)
            self.assets.hear(taken.reports, now_ms)
            self.sight.hear(taken.reports)
            self.gateways.hear(batch.gateway, taken.reports)
            if batch.lane == "events":
                self._hear(batch.gateway, taken, now_ms)
            self.applied += len(taken.numbered)
            self.refused += len(taken.refused)
            self.duplicates += taken.duplicates
        return applied

    def desks(self) -> Desks:
        """All that the web asks; it has no crews yet."""
        return self.trade.desks(self, self.assets, self.gateways, self.people, self.exporting, self.graphing)

    async def acknowledge(self, alert_id: int, user: str, note: str) -> AlertView:
        """See `Desk`."""
        return await self.alerting.acknowledge(alert_id, user, note)

    def picks(self, from_ms: int) -> dict[str, int]:
        """See `Desk`."""
        return self.inventory.heat.since(from_ms)

    async def alert(self, alert_id: int) -> AlertView:
        """See `Desk`."""
        return await self.alerting.one(alert_id)

    async def history(
        self, series: str, from_ms: int, to_ms: int, points: int
    ) -> tuple[Sequence[int], Sequence[float | None]]:
        """See `Desk`."""
        store = self.history_store  # which any thread may ask, so that nobody waits for what is being written
        try:
            times, values = await asyncio.to_thread(store.read, series, from_ms, to_ms, points)
            if not times and not await asyncio.to_thread(store.latest, [series]):
                raise NotFound(f"there is no series {series!r}", "take a name from /api/v1/devices or /api/v1/zones")
            return times, values
        except HistoryUnavailable as error:
            raise Unavailable("the history can not be read now", "try again in a moment") from error
        except ValueError as error:
            raise NotFound(str(error)) from error

    async def completeness(self, since_ms: int) -> Completeness:
        """See `Desk`."""
        try:
            return await asyncio.to_thread(self.ledger.proof.look, since_ms)
        except LedgerUnavailable as error:
            raise Unavailable("the ledger can not be read now", "try again in a moment") from error

    @property
    def plans(self) -> dict[str, Plan]:
        """The plan of every SKU that was planned since the start."""
        return self.ordering.plans

    def policies(self) -> list[Policy]:
        """By what gateways are to propose orders while we are away."""
        return self.ordering.policies()

    def ready(self) -> list[str]:
        """See `Desk`."""
        return ["the stores can not be written; gateways hold their reports meanwhile"] if self._troubles else []

    def counts(self) -> Counts:
        """See `Desk`."""
        links = self._gateways(_now_ms())
        up = self.uplink
        batches, strangers = (up.batches, up.strangers) if up is not None else (0, 0)
        frames = sum(link.bad for link in up.links.values()) if up is not None else 0
        connected = sum(one.connected for one in links)
        store = self.history_store
        backlog = store.backlog().samples if isinstance(store, SpooledHistory) else 0
        retained = store.retained if isinstance(store, SqliteHistory) else (0, 0)
        again = (self.duplicates, frames, strangers)
        return Counts(batches, self.applied, self.refused, connected, backlog, *retained, *again)

    async def decide(self, now_ms: int) -> None:
        """Plan what changed, judge by the rules, store what came of it. What the tick does, without publishing."""
        await self.planner.step(now_ms, self._behind(now_ms), self._needs.keep)
        await self.sight.look(now_ms)
        links = self._gateways(now_ms)
        self.assets.gateways(links, now_ms)
        seen = Seen(self.ordering.plans, links, self.trade.cold.rooms(), self.assets.current)
        await self.alerting.judge(self.sight.facts(seen, self.uplink, now_ms), self._behind(now_ms))

    async def tick(self, now_ms: int) -> None:
        """Decide, keep what should survive, and show it. Without the ledger what is known is shown all the same."""
        try:
            await self.decide(now_ms)
            self.trade.telling.alerts(self.alerting.firing(), now_ms)
            await self.trade.tick(now_ms)
            await self.assets.tick(now_ms)
            await self.front.take(self.live.current.kpi, now_ms)
            self._troubles.pop("tick", None)
        except (LedgerUnavailable, DeskError) as error:
            self._failed("tick", error)
        self.live.publish(self._snapshot(now_ms))

    def look_only(self) -> None:
        """Fill in the plans from what the stores hold, for one look; nothing is decided or written."""
        now_ms = _now_ms()
        self.planner.look(now_ms)
        self.live.publish(self._snapshot(now_ms))

    async def need_versions(self, need: int) -> list[NeedView]:
        """See `Desk`."""
        return await self._needs.versions(need)

    def _acts_for(self, name: str) -> str:
        person = self.ledger.people.account(name)
        return person.supplier if person is not None else ""

    def _hear(self, gateway: str, taken: Applied, now_ms: int) -> None:
        """What a gateway decided by itself."""
        for seq, report in taken.numbered:
            if type(report) is Proposal:
                self.ordering.hear(gateway, seq, report, now_ms)
            elif type(report) is Alarm:
                self.alerting.hear(gateway, seq, report, now_ms)

    async def _ticking(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            await self.tick(_now_ms())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self.live.tick(_now_ms())

    async def _drain(self, spool: SpooledHistory) -> None:
        """Move what waits in the spool to the time series database; what is in the spool is safe meanwhile."""
        delay_s = TICK_S
        while True:
            try:
                moved = await asyncio.to_thread(spool.drain)
                delay_s = 0.0 if moved else TICK_S
            except HistoryUnavailable as error:
                if delay_s <= TICK_S:
                    log.warning("history: %s; samples wait in the spool", error)
                delay_s = min(DRAIN_RETRY_MAX_S, max(TICK_S, delay_s * 2))
            await asyncio.sleep(delay_s)

    def _snapshot(self, now_ms: int, epoch: str = "") -> Snapshot:
        links = self._gateways(now_ms)
        seen = overview.Seen(
            self.ordering.plans,
            [*self.ordering.past, *self.ordering.needs.values()],
            self.alerting.shown(),
            links,
            self.planner.positions,
            self.trade.shown(),
            self.assets.shown(),
            sight.cut_off(self.site, links, self.ledger.senders, self.uplink, now_ms),
        )
        return overview.snapshot(self.inventory, seen, now_ms, self.build, epoch)

    def _behind(self, now_ms: int) -> bool:
        return sight.behind(self.ledger.lanes(), self.uplink, now_ms)

    def _gateways(self, now_ms: int) -> list[GatewayView]:
        return sight.gateways(self.ledger.lanes(), self.uplink, now_ms)

    def _load(self) -> None:
        """Everything as the stores have it."""
        now_ms = _now_ms()
        memory.from_ledger(self.inventory, self.ledger)
        self.trade.load()
        self.assets.load()
        self.sight.load()
        self.front.load()
        try:
            memory.from_history(self.inventory, self.history_store)
        except HistoryUnavailable as error:
            log.warning("history: %s; climate goes on from what was kept", error)
        for need in self.ledger.needs():
            self.ordering.restore(need)
            self.trade.telling.need(need)
        self.alerting.load()
        for gateway, seq, proposal in self.ledger.proposals():
            self.ordering.hear(gateway, seq, proposal, now_ms)

    def _keep_series(self, reports: list[Report]) -> None:
        samples = memory.samples(reports)
        if samples:
            self.history_store.append(samples)

    def _failed(self, what: str, error: Exception) -> None:
        if what not in self._troubles:
            log.error("stores: %s", error)
        self._troubles[what] = str(error)

    async def _on_disk(self, work: Callable[..., Result], *args: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._worker, partial(work, *args))


def _open_history(options: Options) -> History:
    """The embedded history as it is; a database on the network behind a spool, so that its outages lose nothing."""
    history = open_history(options.history)
    if options.history.startswith("sqlite"):
        return history
    return SpooledHistory(history, options.state / "history-spool.db")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
