"""The cold chain as people see it: rooms, excursions with what was set aside and who decided, lots and their past."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict

from cloud.core.coldchain.chamber import Kept
from cloud.core.coldchain.dossier import Case, Signature
from cloud.core.coldchain.rooms import Kind as RoomKind
from cloud.core.coldchain.rooms import RoomNow
from protocols.excursions import Cause, Kind

__all__ = ["Signature"]


class RoomView(Struct, frozen=True):
    """A `RoomNow` with its limits. `kinetic_c` is the mean kinetic temperature of the last
    `kinetic_hours`, `series` names its thermometers, `doors` the contacts of its doors (1: open)."""

    id: str
    zone: str
    storage: str
    kind: RoomKind
    why: Cause
    side: int
    since_ms: int
    peak_c: float
    outside_ms: int
    celsius: float | None
    at_ms: int
    limit_c: float | None
    to_limit_min: float | None
    lots: int
    excursion: int
    undecided: int
    low_c: float | None
    high_c: float | None
    outer_low_c: float | None
    outer_high_c: float | None
    kinetic_c: float | None
    kinetic_limit_c: float | None
    kinetic_hours: float
    series: list[str]
    doors: list[str] = []


class LineView(Struct, frozen=True):
    """Units of a lot that a breach set aside; `gone` more had left before it was known."""

    number: int
    sku: str
    lot: str
    units: int
    gone: int
    at_ms: int
    entry: int
    decision: Literal["", "release", "scrap"]
    by: str
    decided_ms: int


class ExcursionView(Struct, frozen=True):
    """An excursion, and what came of it. `state`: nothing to decide, open, or decided. With a `sku` and a `lot` it is
    that lot's alone."""

    id: int
    zone: str
    storage: str
    kind: Kind
    why: Cause
    side: int
    began_ms: int
    ended_ms: int
    breach_ms: int
    peak_c: float
    outside_ms: int
    state: Literal["", "open", "decided"]
    lines: list[LineView]
    signatures: list[Signature]
    sku: str = ""
    lot: str = ""

    @property
    def far(self) -> bool:
        """Whether `peak_c` says anything: a lot may grow too old without ever being outside."""
        return not self.sku or (self.outside_ms > 0 and self.peak_c != 0)


class ExcursionsPage(Struct, frozen=True):
    """Excursions, newest first; `next` is where older ones are, None behind the last."""

    items: list[ExcursionView]
    next: str | None


class BudgetLeft(Struct, frozen=True):
    """A budget, and the minutes that are left of it (below 0: used up)."""

    above_c: float | None
    below_c: float | None
    minutes: float
    left_minutes: float


class ExposureView(Struct, frozen=True):
    """What a lot went through, as far as its room was known (`known`, a share of its time). `effective_expiry` is its
    `expiry` less the days that warmth took."""

    id: str
    sku: str
    lot: str
    units: int
    zone: str
    storage: str
    since_ms: int
    known: float
    outside_ms: int
    budgets: list[BudgetLeft]
    aged_days: float | None
    expiry: str
    effective_expiry: str
    days_left: float | None
    used_up: bool


def room_view(now: RoomNow, kept: Kept, series: list[str], doors: list[str]) -> RoomView:
    """A room with its limits."""
    by = kept.by
    kinetic = kept.course.kinetic.celsius() if by.kinetic_c is not None else None
    return RoomView(
        id=f"{now.zone}/{now.storage}",
        **asdict(now),
        low_c=by.low_c,
        high_c=by.high_c,
        outer_low_c=by.outer_low_c,
        outer_high_c=by.outer_high_c,
        kinetic_c=kinetic,
        kinetic_limit_c=by.kinetic_c,
        kinetic_hours=by.kinetic_hours,
        series=series,
        doors=doors,
    )


def excursion_view(case: Case) -> ExcursionView:
    """An excursion as it is shown."""
    lines = [
        LineView(
            one.number, one.sku, one.lot, one.units, one.gone, one.at_ms, one.entry, one.decision, one.by,
            one.decided_ms,
        )
        for one in case.lines
    ]  # fmt: skip
    return ExcursionView(
        case.number, case.zone, case.storage, case.kind, case.why, case.side, case.began_ms, case.ended_ms,
        case.breach_ms, case.peak_c, case.outside_ms, case.state, lines, [*case.signatures], case.sku, case.lot,
    )  # fmt: skip
