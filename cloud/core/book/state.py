"""One SKU's state in the book, and how units come to it and leave it. `accounts` folds facts into it.

On hand = on the shelves (what each slot's scale says, absolute) + off the shelves (what entries say, signed). Layers,
lots and flows are of both together: the layers less the shorts, and the lots where nothing is owed, add up to it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from msgspec import Struct, field

from cloud.core.book.aside import SIGNED, set_aside, waiting
from cloud.core.book.entries import Entry
from cloud.core.book.layers import Flows, Layer, Layers
from cloud.core.book.lots import UNDATED, Batch, Lots
from cloud.core.days import iso_day
from protocols.layout import Sku
from protocols.trade import Costing

Came = Literal["received", "returned", "moved_in", "found"]
Left = Literal["goods", "losses", "moved_out", "missing"]
WANTED: Final[frozenset[Left]] = frozenset(("goods", "moved_out"))
"""What leaves so is to be used, and is not taken from what has expired while anything else is there."""
LAST_MS = 253_370_764_800_000
"""1 January 9999: dates end there."""

LAPSE_MS = 30 * 86_400_000
"""A put that nothing has explained for so long stays as it is, at its provisional cost."""
PUTS_MAX = 1_000
"""So does the oldest of more than so many."""
DEBTS_MAX = 200
"""Debts are named one by one up to so many; what is owed beyond is added to the last of them."""


class Terms(Struct, frozen=True):
    """What the site file says of an SKU that its account depends on: how it is valued, what a unit costs before any
    receipt says so, its slots, by which zone's days it expires."""

    costing: Costing = "fifo"
    unit_cost: float = 0.0
    slots: frozenset[str] = frozenset()
    zone: str = "UTC"


def terms(sku: Sku, slots: Iterable[str], zone: str = "UTC") -> Terms:
    """The terms of an SKU that lies in these slots, at a site of this time zone."""
    return Terms(sku.costing, sku.unit_cost, frozenset(slots), zone)


class Debt(Struct):
    """Units that left before any came to be taken: for what (the entry's `ref`, else its note or kind), since when."""

    units: int
    cause: str
    since_ms: int


class Put(Struct):
    """Units a shelf gained, of which nothing has said yet where they came from, and the cost layer they are in."""

    at_ms: int
    units: int
    slot: str
    unit_cost: float
    layer: Layer


class Unexplained(NamedTuple):
    """What is to be told of a `Put`."""

    at_ms: int
    units: int
    slot: str


class Seen(Struct):
    """Units a scale saw leaving, at what they cost, of which lots. `aside` of them people had set aside, by lot, and
    `held` a breach."""

    at_ms: int
    units: int
    unit_cost: float
    batches: list[Batch]
    aside: dict[str, int] = {}
    held: dict[str, int] = {}


class Told(Struct):
    """Units of which an entry said for what they left a slot. `inside`: they went elsewhere in the site."""

    entry: Entry
    units: int
    inside: bool

    @property
    def signed(self) -> bool:
        """Whether it is to be scrapped, as somebody signed: that waits until its scale saw it leave."""
        return self.entry.ref.startswith(SIGNED)


class Account(Struct):
    """One SKU. `shelves` are units by slot; `off` those off the shelves, below 0 while some are owed. `bias` is by how
    much a person's count differs from what a slot's scale claims; `differs` since when more was picked there than the
    person had found. `last` is the (happened, known, id) that was folded last. `zone` is by whose days lots expire.

    `aside` is in quarantine, by lot: never more than is there of it. `by_people` of that people set aside; `held` waits
    for a signed word, by lot, also what of it is missing, with its `dates`; `turned_up` are units of lots that were
    found since (`aside.found_again`).

    `found` are slots whose units are a person's count, made while the scale claimed nothing, and when; `given` those
    that were given to another SKU. `taken` is what left a lot by facts that named none, until the lot is counted:
    units and date.
    """

    sku: str
    layers: Layers
    shelves: dict[str, int] = field(default_factory=dict)
    off: int = 0
    bias: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    taken: dict[str, tuple[int, str]] = field(default_factory=dict)
    differs: dict[str, int] = field(default_factory=dict)
    flows: Flows = field(default_factory=Flows)
    batches: Lots = field(default_factory=Lots)
    aside: dict[str, int] = field(default_factory=dict)
    by_people: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    turned_up: dict[str, int] = field(default_factory=dict)
    owed: deque[Debt] = field(default_factory=deque)
    puts: deque[Put] = field(default_factory=deque)
    seen: dict[str, deque[Seen]] = field(default_factory=dict)
    told: dict[str, deque[Told]] = field(default_factory=dict)
    last: tuple[int, int, int] = (0, 0, 0)
    zone: str = "UTC"

    @property
    def on_hand(self) -> int:
        """Units at the site; below 0 where more is owed than there is."""
        return sum(self.shelves.values()) + self.off

    @property
    def quarantined(self) -> int:
        """Units of them that are set aside."""
        return sum(self.aside.values())

    @property
    def value(self) -> float:
        """What is on hand is worth; below 0 where it is owed."""
        return self.layers.value

    @property
    def lots(self) -> dict[str, tuple[int, str]]:
        """Units and expiry by lot, in the order they go; those of no known lot are those of ""."""
        return {lot: (self.batches.units[lot], self.batches.expiry[lot]) for _, lot in self.batches.queue}

    @property
    def debts(self) -> list[Debt]:
        """What is owed, oldest first."""
        return [*self.owed]

    @property
    def unexplained(self) -> list[Unexplained]:
        """Puts that no receipt has explained, oldest first."""
        return [Unexplained(one.at_ms, one.units, one.slot) for one in self.puts]


def opened(sku: str, by: Terms) -> Account:
    """The account of an SKU of which nothing is known yet."""
    return Account(sku, Layers(by.costing, by.unit_cost), zone=by.zone)


def come(account: Account, units: int, unit_cost: float, batch: Batch, into: Came | None) -> None:
    """Units come to what is on hand, at a cost; `into` is the flow that they add to (None: they had only been away)."""
    flows, layers = account.flows, account.layers
    if into is not None:
        setattr(flows, into, getattr(flows, into) + units * unit_cost)
    settled = min(units, layers.short)
    _, corrected = layers.come(units, unit_cost, front=into is None)
    flows.corrections += corrected
    account.batches.come(batch.lot, units - settled, batch.expiry)


def leave(account: Account, units: int, into: Left, at_ms: int, lot: str = "") -> tuple[float, list[Batch]]:
    """Units leave what is on hand: what they cost, and of which lots they were."""
    flows = account.flows
    cost = account.layers.take(units)
    setattr(flows, into, getattr(flows, into) + cost)
    return cost, draw(account, units, into, at_ms, lot)


def draw(account: Account, units: int, into: Left, at_ms: int, lot: str = "") -> list[Batch]:
    """Of which lots units leave; those in quarantine that leave take it with them."""
    queue, today = account.batches.queue, ""
    if into in WANTED and len(queue) > 1 and queue[0][0] != UNDATED:
        today = iso_day(account.zone, min(max(at_ms, 0), LAST_MS))
    taken = account.batches.take(units, lot, account.aside or None, today, waiting(account))
    if not account.shelves:  # else lots are not counted
        for one in taken:
            if one.lot and one.lot != lot:
                before, _ = account.taken.get(one.lot, (0, ""))
                account.taken[one.lot] = before + one.units, one.expiry
    set_aside(account, {})
    return taken


NO_LOT = Batch("", 0, "")


def differ(
    account: Account,
    units: int,
    at_ms: int,
    unit_cost: float | None = None,
    batch: Batch = NO_LOT,
) -> None:
    """A count or an adjustment found so many units more (or fewer, below 0) than there were."""
    if units > 0:
        come(account, units, account.layers.last_cost if unit_cost is None else unit_cost, batch, "found")
    elif units < 0:
        leave(account, -units, "missing", at_ms, batch.lot)


def put(account: Account, slot: str, units: int, at_ms: int) -> None:
    """A shelf gained units: drawn from off the shelves while that lasts; the rest nobody has explained yet."""
    rest = units - max(0, min(units, account.off))
    account.off -= units - rest
    if not rest:
        return
    layers, puts = account.layers, account.puts
    while puts and (at_ms - puts[0].at_ms > LAPSE_MS or len(puts) >= PUTS_MAX):
        puts.popleft().layer.provisional = False
    account.flows.unbooked += rest * layers.last_cost
    settled = min(rest, layers.short)
    layer, corrected = layers.come(rest, layers.last_cost, provisional=True)
    account.flows.corrections += corrected
    account.batches.come("", rest - settled)
    puts.append(Put(at_ms, rest, slot, layers.last_cost, layer))


def owe(account: Account, units: int, cause: str, at_ms: int) -> None:
    """Units leave from off the shelves; those that are not there are owed from now on."""
    owed = units - max(0, min(units, account.off))
    account.off -= units
    if not owed:
        return
    if len(account.owed) < DEBTS_MAX:
        account.owed.append(Debt(owed, cause, at_ms))
    else:
        account.owed[-1].units += owed


def settle(account: Account, units: int) -> int:
    """Units come off the shelves: how many of them settle debts, the oldest first."""
    paid = left = min(units, max(0, -account.off))
    account.off += units
    while left:
        oldest = account.owed[0]
        part = min(left, oldest.units)
        oldest.units -= part
        left -= part
        if not oldest.units:
            account.owed.popleft()
    return paid


def arrive(account: Account, batch: Batch, unit_cost: float | None, into: Came | None, at_ms: int) -> None:
    """Units come to the site, off the shelves: they settle what is owed, then explain what the shelves gained already,
    and the rest waits there. `unit_cost` None: as the last known, or as what they explain was taken to cost."""
    layers, flows, puts = account.layers, account.flows, account.puts
    units = batch.units
    cost = layers.last_cost if unit_cost is None else unit_cost
    paid = settle(account, min(units, max(0, -account.off)))
    if paid:
        come(account, paid, cost, batch, into)
    rest = units - paid
    while puts and at_ms - puts[0].at_ms > LAPSE_MS:
        puts.popleft().layer.provisional = False
    while rest and puts:
        oldest = puts[0]
        part = min(rest, oldest.units)
        real = oldest.unit_cost if unit_cost is None else unit_cost
        flows.corrections += layers.reprice(oldest.layer, oldest.units, part, oldest.unit_cost, real)
        if not oldest.layer.provisional:
            oldest.layer = Layer(0, real, provisional=True)
        flows.unbooked -= part * oldest.unit_cost
        if into is not None:
            setattr(flows, into, getattr(flows, into) + part * real)
        account.batches.rename(part, batch.lot, batch.expiry)
        rest -= part
        oldest.units -= part
        if not oldest.units:
            puts.popleft()
    if rest:
        account.off += rest
        come(account, rest, cost, batch, into)


def untold(account: Account, slot: str) -> None:
    """What was told of a slot is not believed any more, but for what somebody signed for."""
    told = account.told.pop(slot)
    if signed := [one for one in told if one.signed]:
        account.told[slot] = deque(signed, maxlen=told.maxlen)


def close(account: Account) -> None:
    """What shelves gained and lost until now is not explained any more: it stays as it is. What somebody signed for
    waits on."""
    for one in account.puts:
        one.layer.provisional = False
    account.puts.clear()
    account.seen.clear()
    for slot in [*account.told]:
        untold(account, slot)
    account.taken.clear()
