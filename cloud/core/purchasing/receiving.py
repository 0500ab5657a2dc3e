"""What the sensors saw arriving, matched with what was ordered; and the receipt that a person makes of it.

Nothing is booked by itself: shelves and readers propose an arrival, somebody says what it was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from math import exp, fsum
from typing import Final, NamedTuple

from msgspec import Struct

from cloud.core.book.entries import Entry
from cloud.core.purchasing.acting import Listed, act
from cloud.core.purchasing.orders import Line, Order
from cloud.core.purchasing.steps import unasked
from cloud.core.refusals import Refusal
from protocols.trade import Buying

HOUR_MS: Final = 3_600_000
GAP_MS: Final = 12 * HOUR_MS
"""What is put on shelves, or read by tags, within so long of the last is one delivery being put away."""
DELIVERY_MS: Final = 36 * HOUR_MS
"""No delivery takes longer to be put away."""
DUE_SPREAD_DAYS: Final = 4.0
"""An order whose date is so many days off is e times less likely to be the one that came."""
DUE_UNKNOWN: Final = 0.4
"""Without a date an order is as likely as one whose date is some four days off."""
PART_LEAST: Final = 0.3
"""Less than was ordered may always be a part of it; how likely that is beside all of it."""
NOT_SHIPPED: Final = 0.8
"""How likely an order is that nobody said was shipped, beside one that was."""
ALONE: Final = 0.7
"""How likely an order is of which nothing else is seen coming, beside one of which something is."""
ANOTHER: Final = 0.15
"""How likely it is that the goods belong to none of the orders: a return, say."""


class Sign(NamedTuple):
    """Units of one SKU that came from somewhere: put on a slot unexplained, or heard by their tags."""

    at_ms: int
    units: int
    slot: str = ""


class Arrival(Struct, frozen=True):
    """Units of one line that seem to have come between two times. `evidence`: units by "weight" and by "tags";
    `confidence` that it is this order; `difference` to what was expected of the line: of what was shipped, where
    the supplier said so, else of the rest. `taken`: as many of them as are taken in without asking."""

    order: int
    sku: str
    units: int
    from_ms: int
    to_ms: int
    slots: list[str]
    evidence: dict[str, int]
    confidence: float
    difference: int
    taken: int = 0

    @property
    def id(self) -> str:
        """One a line: "ORDER:SKU"."""
        return f"{self.order}:{self.sku}"


class Receipt(Struct, frozen=True):
    """What to store together when goods were taken in: the order's new version, and the entries of the book."""

    order: Order
    entries: list[Entry]


class _Burst(NamedTuple):
    sku: str
    from_ms: int
    to_ms: int
    weight: int
    tags: int
    slots: tuple[str, ...]

    @property
    def units(self) -> int:
        """Tags are missed, and not all goods are on the shelf yet: both may be too few, none too many."""
        return max(self.weight, self.tags)


def arrivals(
    puts: Mapping[str, Sequence[tuple[int, int, str]]],
    tags: Mapping[str, Sequence[tuple[int, int]]],
    orders: Iterable[Order],
) -> list[Arrival]:
    """What seems to have come, surest first: at most one arrival an order line.

    `puts`: SKU -> the unexplained puts of its account, (at, units, slot). `tags`: SKU -> (at, tags seen arriving).
    Signs are put together to deliveries; each is given to the line it fits best by quantity, date, the supplier's
    advice, and other lines of that order coming at the same time. What is above that line's rest goes to the next.
    What was seen before an order was sent is no sign of it: where one was sent, a delivery ends.
    """
    waiting = [one for one in orders if one.state in ("sent", "confirmed", "partly_received")]
    of_sku: dict[str, list[Order]] = {}
    for order in waiting:
        for line in order.lines:
            of_sku.setdefault(line.sku, []).append(order)
    bursts = []
    for sku in sorted({*puts, *tags}):
        weighed, heard = ([Sign(*one) for one in of.get(sku, ())] for of in (puts, tags))
        bursts += _bursts(sku, weighed, heard, sorted(one.sent_ms for one in of_sku.get(sku, ())))
    seen: dict[str, list[_Burst]] = {}
    for burst in bursts:
        seen.setdefault(burst.sku, []).append(burst)
    pairs = []
    for place, burst in enumerate(bursts):
        fits = [(fit, order) for order in of_sku.get(burst.sku, ()) if (fit := _fit(burst, order, seen)) > 0]
        total = fsum(fit for fit, _ in fits) + ANOTHER
        pairs += [(fit, fit / total, place, order) for fit, order in fits]
    pairs.sort(key=lambda one: (-one[0], one[2], one[3].id))
    left = {place: burst.units for place, burst in enumerate(bursts)}
    rests = {(order.id, line.sku): line.rest for order in waiting for line in order.lines}
    given: dict[tuple[int, str], list[tuple[_Burst, int, float]]] = {}
    first: dict[int, tuple[int, str]] = {}
    for _, sure, place, order in pairs:
        key = (order.id, bursts[place].sku)
        units = min(left[place], rests[key])
        if units > 0:
            given.setdefault(key, []).append((bursts[place], units, sure))
            first.setdefault(place, key)
            left[place] -= units
            rests[key] -= units
    for place, over in left.items():
        if over and place in first:  # more than any order waits for: the best is told how much too many
            parts = given[first[place]]
            at = next(i for i, (burst, _, _) in enumerate(parts) if burst is bursts[place])
            parts[at] = (parts[at][0], parts[at][1] + over, parts[at][2])
    lines = {(order.id, line.sku): line for order in waiting for line in order.lines}
    found = [_arrival(key, lines[key], parts) for key, parts in given.items()]
    return sorted(found, key=lambda one: (-one.confidence, one.order, one.sku))


def receive(
    order: Order,
    units: Mapping[str, int],
    by: str,
    role: str,
    now_ms: int,
    limits: Buying,
    *,
    came_ms: int,
    key: str,
    told_ms: int = 0,
    rejected: Mapping[str, int] | None = None,
    lots: Mapping[str, tuple[str, str]] | None = None,
    note: str = "",
    anyway: bool = False,
    listed: Listed = lambda sku, units: 0.0,
) -> Receipt | Refusal:
    """The receipt of good `units` (and `rejected` ones, which the book never sees) of an order, by SKU.

    `came_ms`: when the goods came, an arrival's `from_ms`, unless somebody told it (`told_ms`); `lots`: SKU -> (lot,
    expiry as an ISO date). Booked before under this `key`: the order as it is, and no entries.
    """
    after = act(
        order, "receive", by, role, now_ms, limits,
        units=units, rejected=rejected, note=note, key=key, anyway=anyway, lots=lots, came_ms=told_ms,
        listed=listed,
    )  # fmt: skip
    if isinstance(after, Refusal):
        return after
    entries = []
    for line in after.lines:
        before = order.line(line.sku)
        came = line.received - (before.received if before is not None else 0)
        if not came:
            continue
        lot, expiry = (lots or {}).get(line.sku, ("", ""))
        entries.append(
            Entry(
                "receipt",
                line.sku,
                came,
                min(told_ms or came_ms, now_ms),
                now_ms,
                lot=lot,
                expiry=expiry,
                unit_cost=line.unit_price,
                ref=f"order:{order.id}",
                by=by,
                note=note,
                key=receipt_key(order.id, line.sku, key),
            )
        )
    return Receipt(after, entries)


def receipt_key(order: int, sku: str, key: str) -> str:
    """The key of the entry of one line of a delivery."""
    return f"order:{order}:{sku}:{key}"


def came_at(order: int, receipts: Iterable[Entry]) -> dict[tuple[str, str], int]:
    """(Key of the delivery, SKU) -> when it came, from an order's entries, for `facts.facts`."""
    begin = f"order:{order}:"
    found = {}
    for one in receipts:
        if one.kind == "receipt" and one.key.startswith(f"{begin}{one.sku}:"):
            found[one.key.removeprefix(f"{begin}{one.sku}:"), one.sku] = one.happened_ms
    return found


def _bursts(sku: str, puts: Sequence[Sign], tags: Sequence[Sign], sent_ms: Sequence[int]) -> list[_Burst]:
    signs = sorted(
        [(one.at_ms, one.units, 0, one.slot) for one in puts] + [(one.at_ms, 0, one.units, "") for one in tags]
    )
    found: list[_Burst] = []
    for at_ms, weight, tag, slot in signs:
        last = found[-1] if found else None
        cut = last is not None and bisect_right(sent_ms, last.to_ms) < bisect_right(sent_ms, at_ms)
        if last is None or cut or at_ms - last.to_ms > GAP_MS or at_ms - last.from_ms > DELIVERY_MS:
            found.append(_Burst(sku, at_ms, at_ms, weight, tag, (slot,) if slot else ()))
        else:
            slots = last.slots if not slot or slot in last.slots else (*last.slots, slot)
            found[-1] = _Burst(sku, last.from_ms, at_ms, last.weight + weight, last.tags + tag, slots)
    return [one for one in found if one.units > 0]


def _fit(burst: _Burst, order: Order, seen: Mapping[str, Sequence[_Burst]]) -> float:
    """How well a delivery fits an order, 0 (cannot be) to 1; `seen` are all deliveries by SKU."""
    line = order.line(burst.sku)
    if line is None or not line.rest or burst.from_ms < order.sent_ms:
        return 0.0
    wanted, units = line.in_transit or line.rest, burst.units
    amount = min(wanted, units) / max(wanted, units)
    if units < wanted:
        amount = max(amount, PART_LEAST)
    days = abs(burst.from_ms - line.due_ms) / (24 * HOUR_MS)
    date = exp(-days / DUE_SPREAD_DAYS) if line.due_ms else DUE_UNKNOWN
    others = [one for one in order.lines if one.rest and one.sku != burst.sku]
    also = sum(any(_together(burst, other) for other in seen.get(one.sku, ())) for one in others)
    company = (0.5 + 0.5 * (1 + also) / (1 + len(others))) * (1.0 if also else ALONE)
    return amount * max(date, 1e-3) * (1.0 if line.in_transit else NOT_SHIPPED) * company


def _together(one: _Burst, other: _Burst) -> bool:
    return other.from_ms <= one.to_ms + GAP_MS and one.from_ms <= other.to_ms + GAP_MS


def _arrival(key: tuple[int, str], line: Line, parts: Sequence[tuple[_Burst, int, float]]) -> Arrival:
    units = sum(n for _, n, _ in parts)
    slots = sorted({slot for burst, _, _ in parts for slot in burst.slots})
    evidence = {
        name: seen
        for name, seen in (
            ("weight", sum(min(burst.weight, n) for burst, n, _ in parts)),
            ("tags", sum(min(burst.tags, n) for burst, n, _ in parts)),
        )
        if seen
    }
    sure = sum(n * confidence for _, n, confidence in parts) / units
    from_ms, to_ms = min(burst.from_ms for burst, _, _ in parts), max(burst.to_ms for burst, _, _ in parts)
    wanted = line.in_transit or line.rest
    taken = min(units, unasked(line) - line.received)
    return Arrival(key[0], key[1], units, from_ms, to_ms, slots, evidence, sure, units - wanted, taken)
