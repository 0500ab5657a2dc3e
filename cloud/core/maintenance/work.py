"""A maintenance order: something is to be done about an asset, by somebody, in a window, with parts.

    draft -> planned -> in_work -> done
    (each of the first three may be cancelled)

A draft is what the service proposes, nobody's decision yet; what a person opens is planned. Every change is a new
version, and all are kept. While an order's window holds, alerts about its asset (of its whole zone, where the order
says so) are shown and told to nobody; a window ends when it ends, whoever is late.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

State = Literal["draft", "planned", "in_work", "done", "cancelled"]
Said = Literal["right", "wrong", "not_now"]
Stands = Literal["", "right", "wrong", "not_now"]
"""What was said last; "" where nobody said anything."""
Late = Literal["", "not_started", "overrun"]
OPEN: Final[frozenset[State]] = frozenset(("draft", "planned", "in_work"))
SILENT: Final[frozenset[State]] = frozenset(("planned", "in_work"))
"""States in which an order's window holds: of a draft nobody has decided anything."""
LIFE_LEFT: Final = "life_left"
"""The rule behind an order that the service proposes by itself: the asset may not last as long as it should."""
SERVICE: Final = "service"
"""Who proposes."""


class Cause(Struct, frozen=True):
    """Why there is an order: the `rule` that saw something, the `fault` it took it for, the `alert` it raised (0:
    none), the days left (low, middle, high) as they were foretold then. All empty where a person had a reason of their
    own."""

    rule: str = ""
    fault: str = ""
    alert: int = 0
    days: tuple[float, float, float] | None = None


class Part(Struct, frozen=True):
    """Units of an SKU that are wanted in all, of them those taken off the stock, and of these those used in the end."""

    sku: str
    units: int
    taken: int = 0
    used: int = 0


class Note(Struct, frozen=True):
    """What somebody noted."""

    at_ms: int
    by: str
    text: str


class Outcome(Struct, frozen=True):
    """What was found and done; whether what told of it was right ("": nobody says)."""

    found: str
    did: str
    verdict: Literal["", "right", "wrong"] = ""


class WorkOrder(Struct, frozen=True):
    """One order as of one version; `by` made it so. The window is empty where both ends are 0. `said`: the keys that
    acts came with, each with a digest of what it said; `id` is the ledger's."""

    asset: str
    zone: str
    title: str
    state: State
    created_ms: int
    changed_ms: int
    by: str
    cause: Cause = Cause()
    from_ms: int = 0
    until_ms: int = 0
    whole_zone: bool = False
    assigned_to: str = ""
    parts: list[Part] = []
    notes: list[Note] = []
    outcome: Outcome | None = None
    started_ms: int = 0
    ended_ms: int = 0
    said: dict[str, str] = {}
    version: int = 1
    id: int = 0

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in OPEN

    def part(self, sku: str) -> Part | None:
        """The line of an SKU."""
        return next((one for one in self.parts if one.sku == sku), None)


class Version(Struct, frozen=True):
    """An order as it was from `at_ms` on, who made it so, and by what."""

    order: WorkOrder
    at_ms: int
    by: str
    action: str


class Window(Struct, frozen=True):
    """When alerts about an asset are told to nobody, by which order; of all in `zone`, where it names one."""

    asset: str
    zone: str
    from_ms: int
    until_ms: int
    order: int


class LateWork(Struct, frozen=True):
    """An order whose window is over, and what was to happen in it is not."""

    order: int
    asset: str
    zone: str
    late: Late
    until_ms: int
    assigned_to: str


def windows(orders: Iterable[WorkOrder], now_ms: int) -> list[Window]:
    """The windows that hold now: from their first moment on, and no moment after their last."""
    return [
        Window(one.asset, one.zone if one.whole_zone else "", one.from_ms, one.until_ms, one.id)
        for one in orders
        if one.state in SILENT and one.from_ms <= now_ms < one.until_ms
    ]


def covers(window: Window, subject: str, zone: str) -> bool:
    """Whether what happens to a subject (an asset, or a part of one: `reader-1.2`, `shelf-1/weight`) in a zone is in a
    window."""
    mine = subject == window.asset or subject.startswith((f"{window.asset}.", f"{window.asset}/"))
    return mine or (window.zone != "" and zone == window.zone)


def lateness(order: WorkOrder, now_ms: int) -> Late:
    """What an order's window is over without: without its start, or its end."""
    if order.state not in SILENT or not 0 < order.until_ms <= now_ms:
        return ""
    return "overrun" if order.state == "in_work" else "not_started"


def late(orders: Iterable[WorkOrder], now_ms: int) -> list[LateWork]:
    """The orders that are late, as they are told."""
    found = ((one, lateness(one, now_ms)) for one in orders)
    return [
        LateWork(one.id, one.asset, one.zone, how, one.until_ms, one.assigned_to) for one, how in found if how != ""
    ]


def claim(asset: str, cause: Cause) -> str:
    """What only one open order may be for: an asset and a cause; "" where there is no cause to tell it by. Whatever
    makes an asset's life short, it is one life."""
    fault = "" if cause.rule == LIFE_LEFT else cause.fault
    return f"{asset} {cause.rule} {fault}".rstrip() if cause.rule else ""
