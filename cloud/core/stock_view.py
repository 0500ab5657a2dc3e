"""What people see of stock: where an SKU stands, what to pick, what is held for whom, what to count, its worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from cloud.core.book.entries import Entry
from cloud.core.book.lots import Expiring
from cloud.core.book.positions import Position
from cloud.core.book.state import Debt
from cloud.core.counting.causes import Cause
from cloud.core.counting.rounds import Reason
from cloud.core.promising.public import Shown
from protocols.trade import Costing


class LotView(Struct, frozen=True):
    """Units of a lot ("": of none in particular), the last day that its label names, and the last on which it may be
    used after what it went through ("": it does not expire). Lots go by the latter."""

    lot: str
    units: int
    expiry: str
    effective_expiry: str


class LayerView(Struct, frozen=True):
    """Units that came at one cost."""

    units: int
    unit_cost: float


class UnexplainedView(Struct, frozen=True):
    """Units a shelf gained of which nothing has said yet where they came from."""

    at_ms: int
    units: int
    slot: str


class UnseenView(Struct, frozen=True):
    """What was told of a slot whose scale saw nothing of it yet."""

    entry: int
    kind: str
    slot: str
    units: int
    at_ms: int


class Standing(Struct, frozen=True):
    """Where an SKU stands. `layers` and `value`: what it cost and is worth, for who may buy; none and null for others.
    `unseen`: what was told of slots whose scales saw nothing of it yet; after a day it holds no more."""

    sku: str
    position: Position
    available: int
    projected: int
    debts: Sequence[Debt]
    lots: list[LotView]
    expiring: list[Expiring]
    layers: list[LayerView]
    value: float | None
    unexplained: list[UnexplainedView]
    unseen: list[UnseenView]


class LeftOutView(Struct, frozen=True):
    """Units of a lot that are there and not picked, and why."""

    lot: str
    units: int
    why: Literal["quarantined", "expired"]


class PicksView(Struct, frozen=True):
    """From which lots to pick units of an SKU; so many are `missing`."""

    sku: str
    units: int
    lines: list[LotView]
    missing: int
    left_out: list[LeftOutView]


class ReservationView(Struct, frozen=True):
    """Units of an SKU that are held for a customer, of which `covered` are there for it. `until_ms` 0: without end."""

    sku: str
    units: int
    tier: str
    customer: str
    made_ms: int
    until_ms: int
    state: Literal["held", "picked", "released", "expired"]
    changed_ms: int
    ref: str
    note: str
    by: str
    key: str
    id: int
    covered: int


SkipReason = Literal["blocked", "moving", "not_found", "unsafe", "later"]
"""Why somebody left a place out."""


class CountSkipped(Struct, frozen=True):
    """Somebody stood before a place and did not count it."""

    reason: SkipReason
    by: str
    at_ms: int


class CountTask(Struct, frozen=True):
    """One place ("": off the shelves) to count, why today, what hangs on it in money, when it was counted last (0:
    never). `skipped`: somebody left it out in the last 24 hours."""

    place: str
    sku: str
    reason: Reason
    reasons: list[Reason]
    score: float
    stake: float
    last_ms: int
    skipped: CountSkipped | None = None


class CountMade(Struct, frozen=True):
    """Units that somebody counted at a moment."""

    units: int
    at_ms: int
    by: str


class CountDifference(Struct, frozen=True):
    """A count of a place that differs: what was counted, by whom, when, and what the book expected then. `waiting`: it
    waits for a second count, and `entry` is 0; else it stands in the book. `again`: it is to be counted once more."""

    place: str
    sku: str
    waiting: bool
    counts: list[CountMade]
    counted: int
    expected: int
    difference: int
    value: float
    at_ms: int
    entry: int
    again: bool = False


class CountDifferences(Struct, frozen=True):
    """Counts of the last 7 days that differ from the book, the dearest first; and how many counts stand since then."""

    items: list[CountDifference]
    stood: int


class AccuracyView(Struct, frozen=True):
    """How well counts agreed with the book: how many stand, and shares of them (None: there were none)."""

    counts: int
    records_agreed: float | None
    records_exact: float | None
    units_right: float | None
    difference_rate: float | None
    net_rate: float | None


class CountRound(Struct, frozen=True):
    """What to count today; how many more wait, how many a day that is, and in how many days nothing waits any more
    (None: never, at this pace)."""

    today: list[CountTask]
    waiting: int
    needed_a_day: float
    backlog_days: int | None
    accuracy: AccuracyView


class CountTold(Struct, frozen=True):
    """What a count came to, with the likely causes of a difference; `entry` is its number in the book (0: none yet)."""

    sku: str
    place: str
    verdict: Literal["agrees", "recount", "differs"]
    counted: int
    expected: int
    difference: int
    value: float
    causes: list[Cause]
    entry: int


class WorthRow(Struct, frozen=True):
    """What the stock of one SKU was worth."""

    sku: str
    units: int
    value: float
    costing: Costing


class Worth(Struct, frozen=True):
    """What all stock was worth at a moment, as known at another."""

    at_ms: int
    known_ms: int
    total: float
    skus: list[WorthRow]


class PublicStock(Struct, frozen=True):
    """What a group of customers sees."""

    site: str
    tier: str
    timezone: str
    at_ms: int
    skus: list[Shown]


class BookPage(Struct, frozen=True):
    """Entries of the book; `next` is where the following ones are, None behind the last."""

    items: list[Entry]
    next: str | None
