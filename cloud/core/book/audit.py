"""Whether the book holds what it promises: every fact folded anew, each promise checked, each breach a `Finding`.

Facts come in one stream and are not held; what is kept are the accounts, one count a slot and one sum a receipt's order
line, so that a year of a large site is checked in its memory.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from cloud.core.book.accounts import Account, Terms, opened, post
from cloud.core.book.entries import Entry, Sensed, taken_back, withdrawn
from cloud.core.maintenance.parts import REF
from cloud.core.promising.reservations import Reservation, covered
from cloud.core.purchasing.orders import Order
from cloud.core.replenishment import Need
from protocols.reports import SlotLevel
from protocols.trade import Tier

CHECKS = {
    "layers": "The cost layers of an SKU, less what is short, add up to its units on hand.",
    "value": "What came in value less what left is what is there.",
    "layer_below_zero": "No cost layer and no lot has fewer than 0 units.",
    "lots": "The lots of an SKU add up to its units on hand, or to none while some are owed.",
    "debts": "The debts of an SKU add up to what is below 0 off its shelves.",
    "chain": "Each count a shelf tells is the one before it and what changed since, but where it was counted anew.",
    "level": "What a slot claims to hold is what its last movement says.",
    "shelf": "The book has of a slot what its scale claims, or what a person counted there.",
    "one_book": "The units of a slot are in the account of the SKU that lies there.",
    "below_zero": "An SKU that may not be owed and lies in no slot is not below 0.",
    "quarantine": "No more is in quarantine than is on hand, and of a lot than is there of it.",
    "promised": "No more is reserved than is there to be used; less is only where the world took it since, as is told.",
    "taken_back": "What takes an entry back names one that is there, of the same SKU, and is the only one to do so.",
    "received": "The receipts of an order add up to what the order says was received.",
    "kept": "An account the service holds is the one that its facts make.",
    "one_need": "An SKU has one open need at most.",
    "one_order": "A need is on one order at most, or split over several suppliers at once.",
}
"""Each check and what it promises."""
SHARE = 1e-6
"""Money is compared to this share of what moved; sums of floats differ in their last digits."""
SHOWN_MAX = 100
"""So many findings of a check are told, then how many more there are."""
NAMED_MAX = 5
"""Reservations named in one finding."""


class Finding(Struct, frozen=True):
    """A promise that does not hold: of which check, of what (an SKU, slot, order, need, entry), and what was found.
    Where that is no `breach` the book is right: the world is not as it was promised, and somebody has to act."""

    check: str
    subject: str
    detail: str
    breach: bool = True


class Beside(Struct):
    """What the facts are held against: as the service and its ledger have it now. `accounts` are those of the service,
    where it runs. `tiers` of customers, the first served first; `strict` are SKUs that may not be owed."""

    levels: Mapping[str, SlotLevel] = {}
    reservations: Iterable[Reservation] = ()
    orders: Iterable[Order] = ()
    needs: Iterable[Need] = ()
    accounts: Mapping[str, Account] = {}
    tiers: Sequence[Tier] = ()
    strict: Collection[str] = ()


def audit(
    facts: Iterable[Entry], takers: Iterable[Entry], terms: Mapping[str, Terms], beside: Beside
) -> Iterator[Finding]:
    """All findings. `facts` are those of all SKUs, of each in their order; `takers` those among them that take others
    back."""
    shown: Counter[tuple[str, bool]] = Counter()
    for one in _findings(facts, [*takers], terms, beside):
        shown[one.check, one.breach] += 1
        if shown[one.check, one.breach] <= SHOWN_MAX:
            yield one
    for (check, breach), count in shown.items():
        if count > SHOWN_MAX:
            yield Finding(check, "", f"and {count - SHOWN_MAX} more", breach)


def _findings(
    facts: Iterable[Entry], takers: list[Entry], terms: Mapping[str, Terms], beside: Beside
) -> Iterator[Finding]:
    gone = withdrawn(takers)
    accounts: dict[str, Account] = {}
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    received: dict[tuple[int, str], int] = defaultdict(int)
    asked = {taken_back(one): one for one in takers}
    met: set[int] = set()
    usual = Terms()
    pledges = _Pledges(beside.reservations, takers)
    for fact in facts:
        if type(fact) is Sensed:
            yield from _chained(fact, counts)
        elif fact.id in asked and fact.id and asked[fact.id].sku == fact.sku:
            met.add(fact.id)
        if type(fact) is not Sensed and fact.id in gone:
            continue
        if fact.kind == "receipt" and fact.ref.startswith("order:") and fact.ref[6:].isdecimal():
            received[int(fact.ref[6:]), fact.sku] += fact.units
        by = terms.get(fact.sku, usual)
        account = accounts.get(fact.sku)
        if account is None:
            account = accounts[fact.sku] = opened(fact.sku, by)
        before = pledges.there(account, fact)
        post(account, fact, by)
        if before:
            pledges.taken[fact.sku] += max(0, before - _usable(account))
    for sku, account in accounts.items():
        yield from sums(sku, account)
        if account.on_hand < 0 and sku in beside.strict and not terms.get(sku, usual).slots:
            yield Finding("below_zero", sku, f"{account.on_hand} are on hand, and it may not be owed")
        if sku in beside.accounts:
            yield from _kept(sku, account, beside.accounts[sku])
    yield from _levels(beside.levels, counts, accounts)
    yield from _promised(pledges, accounts, beside.tiers)
    yield from _withdrawals(takers, gone, met)
    yield from _orders([*beside.orders], received)
    yield from _needs(beside.needs)


def _chained(fact: Sensed, counts: dict[tuple[str, str], tuple[int, int]]) -> Iterator[Finding]:
    key = fact.place, fact.sku
    before = counts.get(key)
    if before is not None and fact.kind != "count" and before[0] + fact.units != fact.count:
        said = f"{before[0]} and {fact.units:+d} made {fact.count} at {fact.happened_ms} ms"
        yield Finding("chain", fact.place, said)
    counts[key] = fact.count, fact.happened_ms


def sums(sku: str, account: Account) -> Iterator[Finding]:
    """What does not add up in one account."""
    layers, flows, on_hand = account.layers, account.flows, account.on_hand
    if layers.units != on_hand:
        yield Finding("layers", sku, f"the layers hold {layers.units}, on hand are {on_hand}")
    left, value = flows.value_in - flows.value_out, account.value
    moved = abs(flows.value_in) + abs(flows.value_out) + abs(value)
    if not abs(left - value) <= SHARE * max(1.0, moved):
        yield Finding("value", sku, f"{flows.value_in:.6g} came, {flows.value_out:.6g} left, {value:.6g} is there")
    least = min([one.units for one in (*layers.layers, *layers.shorts)] + [*account.batches.units.values()], default=0)
    if least < 0:
        yield Finding("layer_below_zero", sku, f"a layer or lot has {least} units")
    lots = sum(account.batches.units.values())
    if lots != max(0, on_hand):
        yield Finding("lots", sku, f"the lots hold {lots}, on hand are {on_hand}")
    owed = sum(one.units for one in account.owed)
    if owed != max(0, -account.off):
        yield Finding("debts", sku, f"{owed} are owed, off the shelves are {account.off}")
    if account.quarantined > max(0, on_hand):
        yield Finding("quarantine", sku, f"{account.quarantined} are in quarantine, on hand are {on_hand}")
    for lot, units in account.aside.items():
        if lot and units > account.batches.units.get(lot, 0):
            said = f"{units} of lot {lot} are in quarantine, {account.batches.units.get(lot, 0)} are there"
            yield Finding("quarantine", sku, said)


def _kept(sku: str, anew: Account, kept: Account) -> Iterator[Finding]:
    if kept.last != anew.last:
        return  # more was told while this was read
    for name, was, now in (
        ("on hand", kept.on_hand, anew.on_hand),
        ("off the shelves", kept.off, anew.off),
        ("in quarantine", kept.quarantined, anew.quarantined),
    ):
        if was != now:
            yield Finding("kept", sku, f"the service has {was} {name}, its facts make {now}")
    if not abs(kept.value - anew.value) <= SHARE * max(1.0, abs(anew.value), abs(anew.flows.value_in)):
        yield Finding("kept", sku, f"the service values it at {kept.value:.6g}, its facts at {anew.value:.6g}")


def _levels(
    levels: Mapping[str, SlotLevel], counts: Mapping[tuple[str, str], tuple[int, int]], accounts: Mapping[str, Account]
) -> Iterator[Finding]:
    for (slot, sku), (count, at_ms) in counts.items():
        level = levels.get(slot)
        if level is None or slot in accounts[sku].given:  # off the shelves since, whatever was claimed last
            continue
        held = accounts[sku].shelves.get(slot, 0)
        if level.sku != sku:
            if held:
                yield Finding("one_book", slot, f"{held} of {sku} are in the book there, where {level.sku} lies now")
        elif level.count is not None and level.at_ms >= at_ms:
            if level.count != count:
                yield Finding("level", slot, f"it claims {level.count}, its last movement left {count}")
            elif held != (right := max(0, count + accounts[sku].bias.get(slot, 0))):
                if slot in accounts[sku].found:
                    said = f"a person counted {held} while it claimed nothing; it claims {count} again"
                    yield Finding("shelf", slot, said, breach=False)
                else:
                    yield Finding("shelf", slot, f"the book has {held} there, its scale and its counts {right}")
    known = {slot for slot, _ in counts}
    for slot, level in levels.items():
        if level.count and slot not in known:
            yield Finding("level", slot, f"it claims {level.count} of {level.sku}, of which nothing moved there")


class _Pledges:
    """What is reserved of each SKU, and how much of what was there for it the world took since: a loss, a quarantine, a
    count, what a shelf saw leaving. What people pick they are refused where it is reserved."""

    def __init__(self, reservations: Iterable[Reservation], takers: Iterable[Entry]) -> None:
        self.held: dict[str, list[Reservation]] = defaultdict(list)
        for one in reservations:
            if one.state == "held":
                self.held[one.sku].append(one)
        self._since = {sku: max(one.made_ms for one in theirs) for sku, theirs in self.held.items()}
        self.taken: Counter[str] = Counter()
        for taker in takers:
            if self._is_since(taker):
                self.taken[taker.sku] += abs(taker.units)

    def there(self, account: Account, fact: Entry) -> int:
        """Units there are before a fact that may take of them and became known since; 0 of others."""
        if not self._since or not self._is_since(fact):
            return 0
        picked = type(fact) is not Sensed and fact.kind in ("pick", "transfer") and not fact.place
        return 0 if picked else _usable(account)

    def _is_since(self, fact: Entry) -> bool:
        return fact.known_ms >= self._since.get(fact.sku, fact.known_ms + 1)


def _usable(account: Account | None) -> int:
    return max(0, account.on_hand - account.quarantined) if account is not None else 0


def _promised(pledges: _Pledges, accounts: Mapping[str, Account], tiers: Sequence[Tier]) -> Iterator[Finding]:
    for sku, theirs in pledges.held.items():
        there, units = _usable(accounts.get(sku)), sum(one.units for one in theirs)
        served = covered(theirs, there, tiers)
        if without := [str(one.id) for one in theirs if served[one.id] < one.units]:
            more = f" and {len(without) - NAMED_MAX} more" if len(without) > NAMED_MAX else ""
            named = f"not covered: {', '.join(without[:NAMED_MAX])}{more}"
            said = f"{units} are reserved, {there} are on hand and not in quarantine; {named}"
            waiting = sum(one.units for one in theirs if one.ref.startswith(REF))  # maintenance waits for its parts
            yield Finding("promised", sku, said, breach=units - waiting > there + pledges.taken[sku])


def _withdrawals(takers: list[Entry], gone: frozenset[int], met: set[int]) -> Iterator[Finding]:
    taken: Counter[int] = Counter()
    for taker in takers:
        target = taken_back(taker)
        if target is None or taker.id in gone:
            continue
        taken[target] += 1
        if target not in met:
            yield Finding("taken_back", f"entry:{taker.id}", f"it takes {taker.ref} back, which {taker.sku} has not")
    for target, times in taken.items():
        if times > 1:
            yield Finding("taken_back", f"entry:{target}", f"it was taken back {times} times")


def _orders(orders: list[Order], received: Mapping[tuple[int, str], int]) -> Iterator[Finding]:
    said: dict[tuple[int, str], int] = defaultdict(int)
    needs: dict[int, list[Order]] = defaultdict(list)
    for order in orders:
        for line in order.lines:
            said[order.id, line.sku] += line.received
        for need in set(order.needs):
            needs[need].append(order)
    for (order_id, sku), units in sorted({**dict.fromkeys(received, 0), **said}.items()):
        booked = received.get((order_id, sku), 0)
        if booked != units:
            yield Finding("received", f"order:{order_id}", f"it says {units} of {sku} came, its receipts {booked}")
    for need, on in needs.items():
        at_once = len({one.created_ms for one in on}) == 1 and len({one.supplier for one in on}) == len(on)
        if len(on) > 1 and not at_once:
            ids = ", ".join(str(one.id) for one in on)
            yield Finding("one_order", f"need:{need}", f"it is on the orders {ids}")


def _needs(needs: Iterable[Need]) -> Iterator[Finding]:
    open_needs: dict[str, list[int]] = defaultdict(list)
    for need in needs:
        if need.state == "proposed":
            open_needs[need.sku].append(need.id)
    for sku, ids in open_needs.items():
        if len(ids) > 1:
            yield Finding("one_need", sku, f"it has the open needs {', '.join(map(str, sorted(ids)))}")
