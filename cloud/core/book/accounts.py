"""The fold from facts to an account, one SKU at a time.

An entry at a slot explains what its scale saw or will see, and never moves a count a second time. What a shelf gained
is drawn from off the shelves; what is not there is *unexplained* until a receipt explains it, so that a receipt may be
told before or after the shelf saw it, with the same end. What left a shelf are goods, unless an entry at that slot says
for what it left.

Facts are folded in the order they happened (`entries.order`). One that comes late is not squeezed in: the account is
folded anew, of this one SKU (`out_of_turn`). A fact costs the same however long the account has run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from cloud.core.book.aside import SIGNED, found_again, hold, set_aside, waiting
from cloud.core.book.entries import NO_CLAIM, SLOT, Entry, Sensed, order, taken_back, withdrawn
from cloud.core.book.lots import Batch
from cloud.core.book.state import (
    Account,
    Came,
    Debt,
    Left,
    Seen,
    Terms,
    Told,
    Unexplained,
    arrive,
    close,
    differ,
    draw,
    leave,
    opened,
    owe,
    put,
    settle,
    terms,
    untold,
)

__all__ = ["Account", "Debt", "Terms", "Unexplained", "fold", "opened", "out_of_turn", "post", "terms"]

SEEN_MAX = 16
"""So many of the newest picks of a slot can still be explained; older ones stay goods that left."""
SEEN_MS = 30 * 86_400_000
"""For so long."""
TOLD_MS = 86_400_000
"""What an entry says of a slot waits so long for its scale to see it, and lapses then."""
TOLD_MAX = 64
"""So does the oldest of more than so many."""

GAINED: dict[str, Came] = {"transfer": "moved_in", "put": "returned", "receipt": "received"}
LOST: dict[str, Left] = {"loss": "losses", "transfer": "moved_out", "adjustment": "missing"}


def out_of_turn(account: Account, entry: Entry) -> bool:
    """Whether an entry can not be folded behind what is: it happened before, or takes another one back. The account has
    to be folded anew, then."""
    return order(entry) < account.last or taken_back(entry) is not None


def fold(
    entries: Iterable[Entry], by: Terms, without: Collection[int] | None = None, account: Account | None = None
) -> Account:
    """The account that entries of one SKU make. They come in their order, and `without` are the ids of those that are
    taken back (`entries.withdrawn`); where that is not given, all entries are held, and sorted, to find them. `account`
    is one to go on from."""
    if without is None:
        entries = sorted(entries, key=order)
        without = withdrawn(entries)
    account = opened("", by) if account is None else account
    for entry in entries:
        if type(entry) is Sensed or entry.id not in without or not entry.id:
            post(account, entry, by)
    return account


def post(account: Account, entry: Entry, by: Terms) -> None:
    """Fold one more fact. What takes another one back changes nothing here (`fold` leaves both out)."""
    if not account.held:
        _post(account, entry, by)
        return
    before = {**account.batches.units}
    _post(account, entry, by)
    found_again(account, entry, before)


def _post(account: Account, entry: Entry, by: Terms) -> None:
    account.sku = account.sku or entry.sku
    account.last = (entry.happened_ms, entry.known_ms, entry.id)
    if type(entry) is Sensed:
        _sense(account, entry)
    elif taken_back(entry) is not None or (not entry.units and entry.kind != "count"):
        return
    elif entry.kind == "count":
        _count(account, entry)
    elif entry.kind == "quarantine":
        lot = entry.lot or entry.expiry
        if entry.ref.startswith(SIGNED):
            hold(account, lot, entry.units)
        else:
            set_aside(account, {lot: entry.units})
    elif entry.ref.startswith(SLOT):
        _give(account, entry)
    elif entry.kind == "transfer":
        _transfer(account, entry, by)
    elif not entry.place or (entry.units > 0 and entry.kind != "adjustment"):
        _move(account, entry)
    elif entry.units < 0:
        _tell(account, entry, entry.place, inside=False)


def _sense(account: Account, entry: Sensed) -> None:
    slot, units = entry.place, entry.units
    held = account.shelves.get(slot)
    found = account.found.pop(slot, None) is not None
    if entry.kind == "count":
        account.given.discard(slot)
        if held is None and entry.by == "first" and account.off > 0:
            held = min(account.off, units)  # a shelf put up for what was in the store room
            account.off -= held
        account.shelves[slot] = units
        account.bias.pop(slot, None)
        account.differs.pop(slot, None)
        differ(account, units - (held or 0), entry.happened_ms)
        return
    there = entry.count
    if found:  # a person's count stood, for the scale claimed nothing: what is otherwise now moved since then
        units = there - (held or 0)
    elif held is None and slot in account.given:  # its gateway does not know yet that it was given to another SKU
        account.given.discard(slot)
        held = max(0, min(account.off, there - units))
        account.off -= held
    if account.bias and slot in account.bias:
        there += account.bias[slot]
        if entry.count == 0:  # an empty shelf is empty, whatever was counted
            there = 0
            del account.bias[slot]
            account.differs.pop(slot, None)
        elif there < 0:  # more left than the person had found: what was found stands, and is to be looked at again
            there = 0
            account.bias[slot] = -entry.count
            account.differs[slot] = entry.happened_ms
    gap = there - (held or 0) - units
    account.shelves[slot] = there
    if gap:
        differ(account, gap, entry.happened_ms)
    if units > 0:
        put(account, slot, units, entry.happened_ms)
    elif units < 0:
        before, waited = {**account.by_people} if account.aside else {}, waiting(account)
        cost, batches = leave(account, -units, "goods", entry.happened_ms)
        aside = {lot: of - account.by_people.get(lot, 0) for lot, of in before.items()}
        waits = waiting(account)
        left = {lot: of - waits.get(lot, 0) for lot, of in waited.items()}
        seen = account.seen.get(slot)
        if seen is None:
            seen = account.seen[slot] = deque(maxlen=SEEN_MAX)
        seen.append(Seen(entry.happened_ms, -units, cost / -units, batches, aside, left))
        if account.told and slot in account.told:
            _explain(account, slot, entry.happened_ms)


def _give(account: Account, entry: Entry) -> None:
    """A slot is the SKU's no more: what the book has there lies off the shelves from now on, and settles what is owed
    there. Nothing came or left."""
    slot = entry.place
    account.given.add(slot)
    settle(account, account.shelves.pop(slot, 0))
    account.seen.pop(slot, None)
    account.told.pop(slot, None)
    for of in (account.bias, account.found, account.differs):
        of.pop(slot, None)


def lapsed_ms(account: Account, slot: str, now_ms: int) -> int:
    """Since when something that was told of a slot is not believed, for its scale saw nothing of it; 0: nothing is."""
    waiting = account.told.get(slot)
    lapsed = waiting[0].entry.happened_ms + TOLD_MS if waiting else now_ms
    return lapsed if lapsed < now_ms else 0


def _count(account: Account, entry: Entry) -> None:
    """What a person found stands: at a slot against what its scale claims, until the scale is counted itself or says
    that the slot is empty; more than was found can not leave meanwhile. Where the scale claimed nothing, it stands
    until the scale claims something again. A count of what is off the shelves closes what came and left before it: what
    is told of that later changes the difference it found, never what is there from then on. A count of one lot closes
    that lot: what more is found of it was taken from other lots by who named none."""
    batch = Batch(entry.lot or entry.expiry, entry.units, entry.expiry)
    if entry.place:
        held = account.shelves.get(entry.place)
        account.shelves[entry.place] = entry.units
        account.differs.pop(entry.place, None)
        if lapsed_ms(account, entry.place, entry.happened_ms):
            untold(account, entry.place)
        if entry.other == NO_CLAIM:
            account.bias.pop(entry.place, None)
            account.found[entry.place] = entry.happened_ms
        elif held is not None:
            account.bias[entry.place] = account.bias.get(entry.place, 0) + entry.units - held
        differ(account, entry.units - (held or 0), entry.happened_ms, entry.unit_cost, batch)
        return
    if batch.lot and not account.shelves:  # of one lot; all of it is off the shelves
        more = entry.units - account.batches.units.get(batch.lot, 0)
        units, expiry = account.taken.pop(batch.lot, (0, ""))
        if (theirs := min(more, units)) > 0:
            more -= account.batches.swap(theirs, batch.lot, batch.expiry or expiry, account.aside)
            set_aside(account, {})
        _adjust(account, more, entry, batch)
        return
    close(account)
    _adjust(account, entry.units - account.off, entry, batch)


def _adjust(account: Account, units: int, entry: Entry, batch: Batch) -> None:
    if units > 0:
        settle(account, units)
    else:
        owe(account, -units, _cause(entry), entry.happened_ms)
    differ(account, units, entry.happened_ms, entry.unit_cost, batch)


def _move(account: Account, entry: Entry) -> None:
    """Off the shelves; what came straight onto a shelf, too, for the shelf draws it from there."""
    lot, units = entry.lot or entry.expiry, entry.units
    if entry.kind == "adjustment":
        _adjust(account, units, entry, Batch(lot, units, entry.expiry))
    elif units < 0:
        owe(account, -units, _cause(entry), entry.happened_ms)
        leave(account, -units, LOST.get(entry.kind, "goods"), entry.happened_ms, lot)
    else:
        into = GAINED.get(entry.kind, "returned")
        if entry.unit_cost is not None and into != "returned":
            account.layers.last_cost = entry.unit_cost
        arrive(account, Batch(lot, units, entry.expiry), entry.unit_cost, into, entry.happened_ms)


def _transfer(account: Account, entry: Entry, by: Terms) -> None:
    inside = not entry.other or entry.other in by.slots or entry.other in account.shelves
    if inside:
        source = entry.place if entry.units < 0 else entry.other
        if source:  # onto a shelf from off the shelves needs no more than the shelf's own word
            _tell(account, entry, source, inside=True)
    elif entry.place and entry.units < 0:
        _tell(account, entry, entry.place, inside=False)
    else:
        _move(account, entry)


def _tell(account: Account, entry: Entry, slot: str, inside: bool) -> None:
    told = account.told.get(slot)
    if told is None:
        told = account.told[slot] = deque(maxlen=TOLD_MAX)
    told.append(Told(entry, abs(entry.units), inside))
    _explain(account, slot, entry.happened_ms)


def _explain(account: Account, slot: str, now_ms: int) -> None:
    """Join what was told of a slot, oldest first, with what its scale saw leaving, newest first. What is not seen in a
    day lapses; what somebody signed for waits on, behind what people tell."""
    told, seen = account.told[slot], account.seen.get(slot)
    for old in [one for one in told if now_ms - one.entry.happened_ms > TOLD_MS and not one.signed]:
        told.remove(old)
        account.differs[slot] = old.entry.happened_ms + TOLD_MS  # nobody saw it leave: to be counted
    for said in sorted(told, key=lambda one: one.signed and now_ms - one.entry.happened_ms > TOLD_MS):
        while said.units and seen and now_ms - seen[-1].at_ms <= SEEN_MS:
            saw = seen[-1]
            units = min(said.units, _meant(account, said, saw))
            if not units:
                break
            _name(account, said, saw, units, now_ms)
            said.units -= units
            saw.units -= units
            if not saw.units:
                seen.pop()
    left = [one for one in told if one.units]
    if left:
        account.told[slot] = deque(left, maxlen=TOLD_MAX)
    else:
        del account.told[slot]


def _meant(account: Account, told: Told, seen: Seen) -> int:
    """Units a scale saw leaving that may be those that are told of. To be scrapped are none that had left before, but
    for those that a breach had set aside and that are missing still."""
    if not told.signed or seen.at_ms >= told.entry.happened_ms:
        return seen.units
    lot = told.entry.lot
    missing = account.held.get(lot, 0) - waiting(account).get(lot, 0)
    return max(0, min(seen.units, seen.held.get(lot, 0), missing))


def _name(account: Account, told: Told, seen: Seen, units: int, now_ms: int) -> None:
    """Units that left as goods left for what was told."""
    entry, flows, cost = told.entry, account.flows, units * seen.unit_cost
    if told.signed:
        seen.held[entry.lot] = seen.held.get(entry.lot, 0) - units
    if told.inside:
        flows.goods -= cost
        left, back = units, _parted(seen.batches, units)
        for batch in back:
            arrive(account, batch, seen.unit_cost, None, now_ms)
            left -= batch.units
        if left:
            arrive(account, Batch("", left, ""), seen.unit_cost, None, now_ms)
        _aside_again(account, seen, back, units)
        return
    into: Left = LOST.get(entry.kind, "goods")
    flows.goods -= cost
    setattr(flows, into, getattr(flows, into) + cost)
    if entry.lot or entry.expiry:
        back = _parted(seen.batches, units)
        for batch in back:
            account.batches.come(*batch)
        _aside_again(account, seen, back, units)
        draw(account, sum(one.units for one in back), into, now_ms, entry.lot or entry.expiry)
    if told.signed:
        hold(account, entry.lot, -units)


def _aside_again(account: Account, seen: Seen, back: list[Batch], units: int) -> None:
    """Units that had left were only away: those in quarantine are in it still."""
    more = {}
    for lot, of in seen.aside.items():
        more[lot] = min(of, sum(one.units for one in back if one.lot == lot) if lot else units)
        seen.aside[lot] -= more[lot]
    set_aside(account, more)


def _parted(batches: list[Batch], units: int) -> list[Batch]:
    """Units off the end of what left, at most as many as there are of them."""
    parted = []
    while units and batches:
        last = batches.pop()
        part = min(units, last.units)
        parted.append(Batch(last.lot, part, last.expiry))
        if part < last.units:
            batches.append(Batch(last.lot, last.units - part, last.expiry))
        units -= part
    return parted


def _cause(entry: Entry) -> str:
    return entry.ref or entry.note or entry.kind
