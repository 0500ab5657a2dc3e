"""Tables as files: where their rows come from, and how a long one is read while somebody takes it piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from inspect import isawaitable
from threading import Semaphore
from zoneinfo import ZoneInfo

from cloud.alerts.lifecycle import Alert
from cloud.alerts.people import turns
from cloud.core.book.entries import Entry, Sensed
from cloud.core.cold_view import ExcursionView, ExposureView
from cloud.core.completeness import DeviceProof, LaneProof
from cloud.core.counting.findings import Finding
from cloud.core.crews_view import TurnView
from cloud.core.exporting.columns import ColumnView, Row, Table, TableView
from cloud.core.exporting.source import Sample, Span
from cloud.core.exporting.tables import TABLES
from cloud.core.maintenance.verdicts import RulePrecision, Verdict
from cloud.core.maintenance.work import WorkOrder
from cloud.core.office_view import SupplierView
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.scorecards import Mark
from cloud.core.replenishment import Need
from cloud.core.stock_view import Standing, WorthRow
from cloud.core.view import Snapshot
from cloud.desks.people import PeopleDesk
from cloud.desks.refusing import storing
from cloud.desks.trade import Trade
from cloud.stores.audit import Deed
from cloud.stores.exports import AlertChange
from cloud.stores.history import History, HistoryUnavailable
from cloud.stores.ledger import Ledger
from cloud.stores.notices import Kept
from cloud.table_csv import csv_file
from cloud.table_parquet import parquet_file
from cloud.web.desk import NotFound, Unavailable
from cloud.web.own import SessionView, TokenView
from cloud.web.posting import Delivery
from cloud.web.users import UserView

FORMATS: dict[str, Callable[[Sequence[ColumnView], Iterable[list[Row]]], Iterator[bytes]]] = {
    "csv": csv_file,
    "parquet": parquet_file,
}
OPEN_MAX = 4
"""Files that are made at once: each has a thread."""
DAY_MS = 86_400_000
WINDOW_MS_MAX = 400 * DAY_MS
SHORT_MS = 60_000
ROSTER_DAYS = 92
FEW, MANY = 5_000, 100_000
"""Samples in one reading of the history: fewer, and the next one looks further; more, and it looks less far."""


class Exporting:
    """The tables of one service. `now` is how everything is."""

    def __init__(
        self, trade: Trade, people: PeopleDesk, ledger: Ledger, history: History, now: Callable[[], Snapshot]
    ) -> None:
        self._trade, self._people, self._history, self._now = trade, people, history, now
        self._stored, self._proof = ledger.exports, ledger.proof
        self._room = Semaphore(OPEN_MAX)

    @property
    def now(self) -> Snapshot:
        """See `Source`."""
        return self._now()

    def tables(self) -> list[TableView]:
        """See `cloud.web.exports.Desk`."""
        return [one.told(self.now.site.currency) for one in TABLES.values()]

    async def file(self, table: Table, form: str, span: Span) -> AsyncGenerator[bytes, None]:
        """See `cloud.web.exports.Desk`."""
        if not self._room.acquire(blocking=False):
            raise Unavailable(f"{OPEN_MAX} tables are being written just now", "try again when one is done")
        worker = ThreadPoolExecutor(1, thread_name_prefix="export")
        loop = asyncio.get_running_loop()
        pieces: Iterator[bytes] = iter(())
        try:
            with storing():
                found = table.rows(self, span)
                rows = await found if isawaitable(found) else found
                columns = table.told(self.now.site.currency).columns
                pieces = FORMATS[form](columns, table.blocks(rows))
                while piece := await loop.run_in_executor(worker, next, pieces, b""):
                    yield piece
        except HistoryUnavailable as error:
            raise Unavailable("the history can not be read now", "try again in a moment") from error
        finally:
            worker.submit(self._close, pieces)  # behind what it still reads: who left does not wait for that
            worker.shutdown(wait=False)

    def _close(self, pieces: Iterator[bytes]) -> None:
        try:
            getattr(pieces, "close", lambda: None)()
        finally:
            self._room.release()

    def standings(self) -> list[Standing]:
        """See `Source`."""
        return [self._trade.promises.standing(one.id) for one in self._trade.book.site.skus]

    def exposures(self) -> Sequence[ExposureView]:
        """See `Source`."""
        return self._trade.cold.exposures("")

    def findings(self, span: Span) -> list[Finding]:
        """See `Source`."""
        return [one for one in self._trade.counts.found(span.from_ms) if one.at_ms < span.to_ms]

    def entries(self, span: Span) -> Iterator[Entry]:
        """See `Source`."""
        return self._stored.entries(span.from_ms, span.to_ms)

    def movements(self, span: Span) -> Iterator[Sensed]:
        """See `Source`."""
        return self._stored.movements(span.from_ms, span.to_ms)

    def reservations(self, span: Span) -> Iterator[Reservation]:
        """See `Source`."""
        return self._stored.reservations(span.from_ms, span.to_ms)

    def orders(self, span: Span) -> Iterator[Order]:
        """See `Source`."""
        return self._stored.orders(span.from_ms, span.to_ms)

    def needs(self, span: Span) -> Iterator[Need]:
        """See `Source`."""
        return self._stored.needs(span.from_ms, span.to_ms)

    def alerts(self, span: Span) -> Iterator[Alert]:
        """See `Source`."""
        return self._stored.alerts(span.from_ms, span.to_ms)

    def notices(self, span: Span) -> Iterator[Kept]:
        """See `Source`."""
        return self._stored.notices(span.from_ms, span.to_ms)

    def works(self, span: Span) -> Iterator[WorkOrder]:
        """See `Source`."""
        return self._stored.works(span.from_ms, span.to_ms)

    def scores(self, span: Span) -> Iterator[Mark]:
        """See `Source`."""
        return self._stored.scores(span.from_ms, span.to_ms)

    async def worth(self) -> list[WorthRow]:
        """See `Source`."""
        now_ms = self.now.t
        return (await self._trade.book.value(now_ms, now_ms)).skus

    def suppliers(self) -> list[SupplierView]:
        """See `Source`."""
        return self._trade.partners.suppliers()

    def deliveries(self) -> list[Delivery]:
        """See `Source`."""
        return [*self._trade.telling.posting.log]

    def alert_changes(self, span: Span) -> Iterator[AlertChange]:
        """See `Source`."""
        return self._stored.alert_changes(span.from_ms, span.to_ms)

    def verdicts(self, span: Span) -> Iterator[Verdict]:
        """See `Source`."""
        return self._stored.verdicts(span.from_ms, span.to_ms)

    def precision(self) -> list[RulePrecision]:
        """See `Source`."""
        return self._trade.works.precision()

    async def lanes(self) -> list[LaneProof]:
        """See `Source`."""
        return (await asyncio.to_thread(self._proof.look)).lanes

    async def heard(self) -> list[DeviceProof]:
        """See `Source`."""
        return (await asyncio.to_thread(self._proof.look)).devices

    def roster(self) -> list[TurnView]:
        """See `Source`."""
        site, from_ms = self._trade.book.site, self.now.t
        people, zone = {one.id: one for one in site.people}, ZoneInfo(site.site.timezone)
        return [
            TurnView(team.id, one.person, people[one.person].name, one.from_ms, one.until_ms, one.stands_in)
            for team in site.teams
            for one in turns(team, people, from_ms, from_ms + ROSTER_DAYS * DAY_MS, zone)
        ]

    async def users(self) -> list[UserView]:
        """See `Source`."""
        return await self._people.users()

    async def sessions(self) -> list[SessionView]:
        """See `Source`."""
        return await self._people.sessions("", "")

    async def tokens(self) -> list[TokenView]:
        """See `Source`."""
        return await self._people.tokens("")

    def deeds(self, span: Span) -> Iterator[Deed]:
        """See `Source`."""
        return self._stored.deeds(span.from_ms, span.to_ms)

    async def excursions(self, span: Span) -> list[ExcursionView]:
        """See `Source`."""
        found = await self._trade.cold.excursions("", span.from_ms, span.to_ms - 1)
        return found[::-1]

    async def samples(self, span: Span) -> Iterator[Sample]:
        """See `Source`. Raises `NotFound` for a series never heard of."""
        known = await asyncio.to_thread(self._history.latest, [*span.series])
        for one in span.series:
            if one not in known:
                raise NotFound(f"there is no series {one[:300]!r}", "take names from /api/v1/devices or /api/v1/zones")
        ends = {name: min(span.to_ms, at_ms + 1) for name, (at_ms, _) in known.items()}
        return (sample for name in span.series for sample in self._samples(name, span.from_ms, ends[name]))

    def _samples(self, series: str, from_ms: int, to_ms: int) -> Iterator[Sample]:
        """A series, window by window: no answer of the store is very long, and little is asked for in vain."""
        window_ms = DAY_MS
        while from_ms < to_ms:
            end_ms = min(to_ms, from_ms + window_ms)
            try:
                times, values = self._history.read(series, from_ms, end_ms, None)
            except ValueError:  # more than it gives at once
                if window_ms < SHORT_MS:
                    raise
                window_ms //= 4
                continue
            for at_ms, value in zip(times, values, strict=True):
                yield Sample(series, at_ms, value)
            if len(times) < FEW:
                window_ms = min(4 * window_ms, WINDOW_MS_MAX)
            elif len(times) > MANY:
                window_ms //= 2
            from_ms = end_ms
