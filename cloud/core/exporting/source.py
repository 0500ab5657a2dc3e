"""What tables are made from, as the service offers it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from cloud.alerts.lifecycle import Alert
from cloud.core.book.entries import Entry, Sensed
from cloud.core.cold_view import ExcursionView, ExposureView
from cloud.core.completeness import DeviceProof, LaneProof
from cloud.core.counting.findings import Finding
from cloud.core.crews_view import TurnView
from cloud.core.maintenance.verdicts import RulePrecision, Verdict
from cloud.core.maintenance.work import WorkOrder
from cloud.core.office_view import SupplierView
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.scorecards import Mark
from cloud.core.replenishment import Need
from cloud.core.stock_view import Standing
from cloud.core.view import Snapshot

SERIES_MAX = 20
"""Series of the history in one table: their names have to fit into one address."""


class Span(NamedTuple):
    """from_ms <= time < to_ms; and the `series` that are asked for."""

    from_ms: int
    to_ms: int
    series: Sequence[str] = ()


class Sample(NamedTuple):
    """A value of a series of the history."""

    series: str
    at_ms: int
    value: float


class Source(Protocol):
    """Each gives what happened within a span, oldest first, read as it is asked for. Reading raises
    `LedgerUnavailable` or `HistoryUnavailable`."""

    @property
    def now(self) -> Snapshot:
        """How everything is."""
        ...

    def standings(self) -> Sequence[Standing]:
        """Where every SKU stands, with its lots."""
        ...

    def exposures(self) -> Sequence[ExposureView]:
        """What lots in cold rooms went through."""
        ...

    def findings(self, span: Span) -> Sequence[Finding]:
        """What counts came to."""
        ...

    def entries(self, span: Span) -> Iterable[Entry]:
        """What people, papers and orders said, by when it happened."""
        ...

    def movements(self, span: Span) -> Iterable[Sensed]:
        """What shelves sensed, by when it happened."""
        ...

    def reservations(self, span: Span) -> Iterable[Reservation]:
        """Promises to customers, by when they were made."""
        ...

    def orders(self, span: Span) -> Iterable[Order]:
        """Purchase orders, by when they were made."""
        ...

    def needs(self, span: Span) -> Iterable[Need]:
        """Proposals, by when they were made."""
        ...

    def alerts(self, span: Span) -> Iterable[Alert]:
        """Alerts that fired, by since when."""
        ...

    def notices(self, span: Span) -> Iterable[Any]:
        """What people were told, by when."""
        ...

    def works(self, span: Span) -> Iterable[WorkOrder]:
        """Maintenance orders, by when they were made."""
        ...

    async def excursions(self, span: Span) -> Sequence[ExcursionView]:
        """Excursions, by when they began."""
        ...

    def worth(self) -> Awaitable[Iterable[Any]]:
        """What the stock of each SKU is worth."""
        ...

    def suppliers(self) -> Sequence[SupplierView]:
        """Everybody's card."""
        ...

    def deliveries(self) -> Sequence[Any]:
        """The latest tries to tell who subscribed."""
        ...

    def alert_changes(self, span: Span) -> Iterable[Any]:
        """What became of alerts, by when."""
        ...

    def verdicts(self, span: Span) -> Iterable[Verdict]:
        """What people said of alerts and orders, by when."""
        ...

    def precision(self) -> Sequence[RulePrecision]:
        """How each rule did."""
        ...

    def lanes(self) -> Awaitable[Iterable[LaneProof]]:
        """What of each gateway's lanes is here."""
        ...

    def heard(self) -> Awaitable[Iterable[DeviceProof]]:
        """What of each device was heard."""
        ...

    def roster(self) -> Sequence[TurnView]:
        """Who is asked first, from now on."""
        ...

    def users(self) -> Awaitable[Iterable[Any]]:
        """All accounts."""
        ...

    def sessions(self) -> Awaitable[Iterable[Any]]:
        """All open sessions."""
        ...

    def tokens(self) -> Awaitable[Iterable[Any]]:
        """All API tokens."""
        ...

    def deeds(self, span: Span) -> Iterable[Any]:
        """Who did what, by when."""
        ...

    def scores(self, span: Span) -> Iterable[Mark]:
        """What suppliers were given, by when."""
        ...

    async def samples(self, span: Span) -> Iterable[Sample]:
        """Values of the history."""
        ...
