"""Taking back what was received: the order as it would be, had nobody told so of that line of that delivery.

The good and the rejected units of the line leave it; what was shipped is what it would be without them. The number of
the delivery stays used: who was wrong tells what came under another, and a late copy of the first changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec.structs import replace

from cloud.core.book.entries import Entry, order_of
from cloud.core.purchasing.keys import back_of
from cloud.core.purchasing.orders import Line, Order
from cloud.core.purchasing.receiving import receipt_key
from cloud.core.purchasing.steps import settled
from cloud.core.refusals import Refusal

OVER: Final = frozenset(("closed", "cancelled"))


class Event(NamedTuple):
    """What one key did to a line: units `shipped`, or that came, `good` and `bad` ones. What came and was taken back is
    not `live`."""

    shipped: int = 0
    good: int = 0
    bad: int = 0
    live: bool = True


def take_back(versions: Sequence[Order], receipt: Entry, by: str, now_ms: int, note: str = "") -> Order | Refusal:
    """The next version of an order, without what a receipt of the book says came; `versions` are all, oldest first.

    An order that was closed is open again for what is missing now, and for nothing else: what was given up with it
    stays given up. Where nothing is missing (more had come than was ordered), it stays closed.
    """
    order = versions[-1] if versions else None
    line = order.line(receipt.sku) if order is not None else None
    if order is None or line is None or order.id != order_of(receipt):
        return _strange(receipt)
    key = receipt.key.removeprefix(receipt_key(order.id, line.sku, ""))
    events, mark = _events(versions, line.sku), f"receive:{key}"
    if mark not in events or receipt.key != receipt_key(order.id, line.sku, key):
        return _strange(receipt)
    if not events.pop(mark).live:
        said = f"What delivery {key!r} brought of {line.sku} was taken back of order {order.id} already."
        return Refusal("taken_back", said, "There is nothing left to do.")
    after = _line(line, events.values())
    lines = [after if one is line else one for one in order.lines]
    keys = [*order.keys, back_of(line.sku, key)]
    made = replace(
        order, lines=lines, keys=keys, note=note or order.note, version=order.version + 1, changed_ms=now_ms, by=by
    )
    if order.state not in OVER:
        return settled(made)
    return settled(_opened(order, made)) if after.rest > line.rest else made


def _opened(closed: Order, made: Order) -> Order:
    """The order open again, for what it now misses and had when it was closed: the rest that was given up then is not
    wanted any more."""
    given_up: Mapping[str, int] = {one.sku: one.rest for one in closed.lines}
    lines = [replace(one, units=one.units - given_up[one.sku]) for one in made.lines]
    return replace(made, lines=lines, closed_ms=0)


def _events(versions: Iterable[Order], sku: str) -> dict[str, Event]:
    """What was shipped and came of a line, by the key of the order, in the order in which it was told."""
    told: dict[str, Event] = {}
    for before, after in pairwise(versions):
        was, now = before.line(sku), after.line(sku)
        if was is None or now is None:
            continue
        known = {*before.keys}
        for mark in (one for one in after.keys if one not in known):
            if mark.startswith("ship:"):
                told[mark] = Event(now.shipped - was.shipped)
            elif mark.startswith("receive:"):
                told[mark] = Event(0, now.received - was.received, now.rejected - was.rejected)
            elif mark.startswith(begin := back_of(sku, "")) and (gone := f"receive:{mark[len(begin) :]}") in told:
                told[gone] = told[gone]._replace(live=False)
    return told


def _line(line: Line, events: Iterable[Event]) -> Line:
    """A line as these make it; what came was shipped, whether the supplier said so or not."""
    shipped = good = bad = 0
    for one in events:
        if one.live:
            good, bad = good + one.good, bad + one.bad
            shipped = max(shipped + one.shipped, good + bad)
    return replace(line, received=good, rejected=bad, shipped=shipped)


def _strange(receipt: Entry) -> Refusal:
    said = f"Entry {receipt.id} says that it came of {receipt.ref}, which knows nothing of it."
    hint = f"Tell an adjustment of {-receipt.units} for what did not come, or count what is there."
    return Refusal("of_order", said, hint)
