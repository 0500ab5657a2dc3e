"""What tables are made from, as the service offers it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from cloud.alerts.lifecycle import Alert
from cloud.core.book.entries import Entry, Sensed
from cloud.core.cold_view import ExcursionView, ExposureView
from cloud.core.counting.findings import Finding
from cloud.core.maintenance.work import WorkOrder
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

    def scores(self, span: Span) -> Iterable[Mark]:
        """What suppliers were given, by when."""
        ...

    async def samples(self, span: Span) -> Iterable[Sample]:
        """Values of the history."""
        ...
