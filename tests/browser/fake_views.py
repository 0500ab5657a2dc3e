"""What the live stream brings of trade, for as long as a page is tried without the service: orders, arrivals, figures."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from cloud.core import view
from cloud.core.purchasing.orders import Line
from cloud.web.live import Live


class OrderView(Struct, frozen=True):
    """An order as it is shown; `may` is what can be done with it now."""

    id: int
    supplier: str
    supplier_name: str
    state: str
    value: float
    lines: list[Line]
    created_ms: int
    changed_ms: int
    by: str
    sent_ms: int
    needs: list[int]
    note: str
    version: int
    late: bool
    may: list[str]


class ArrivalView(Struct, frozen=True):
    """What the shelves saw coming; with 0 units it is gone."""

    id: str
    order: int
    sku: str
    units: int
    from_ms: int
    to_ms: int
    slots: list[str]
    evidence: dict[str, int]
    confidence: float
    difference: int


class MeasureView(Struct, frozen=True):
    """A figure of how the site does."""

    id: str
    value: float | None
    unit: str
    n: int
    since_ms: int
    trend: float | None
    target: float | None
    better: str
    reason: str


class Snapshot(view.Snapshot, frozen=True, tag_field="k", tag="s"):
    """Everything, and trade."""

    orders: list[OrderView] = field(default_factory=list)
    arrivals: list[ArrivalView] = field(default_factory=list)
    measures: list[MeasureView] = field(default_factory=list)


class Delta(view.Delta, frozen=True, tag_field="k", tag="d", omit_defaults=True):
    """What changed, of trade too."""

    orders: list[OrderView] = []
    arrivals: list[ArrivalView] = []
    measures: list[MeasureView] = []


class TradeLive(Live):
    """A live stream that tells trade too."""

    def publish(self, snapshot: view.Snapshot) -> None:
        """Show this from now on."""
        before = self.current
        after = replace(snapshot, epoch=before.epoch, q=before.q + 1)
        assert isinstance(before, Snapshot)
        assert isinstance(after, Snapshot)
        news = {name: _changed(getattr(before, name), getattr(after, name)) for name in ("orders", "arrivals", "measures")}
        self._append(after, Delta(**asdict(view.delta(before, after)) | news))


def _changed(before: list[Any], after: list[Any]) -> list[Any]:
    held = {one.id: one for one in before}
    return [one for one in after if held.get(one.id) != one]
