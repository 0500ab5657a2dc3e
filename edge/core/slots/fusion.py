"""One posterior per slot from all that is known of it: settled masses, tags, booked movements, people's counts.

Each source speaks its own way and is believed as far as it has earned:

    mass      per count a likelihood with the scale's and the units' state (belief.py); a step tells what changed
    tags      per count and number of answering tags (tagcount.py); silent units stay silent
    bookings  the count changes by k, with the share of wrong bookings that was fitted to this site (discrepancy.py)
    people    a count, nearly always right, near misses likelier
    time      what is lost and found without a record

A booking and the change of mass that it explains come in either order, seconds to hours apart, and are one movement:
a booking waits for its step, a step for its booking. Functions change the `Stock` they are given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.core.slots import belief, bookings, people, tagcount
from edge.core.slots.bookings import OPEN_MAX, WAIT_MS, YOUNG_MS, Booking, Kernel, Step
from edge.core.slots.counting import CLAIM, Estimate, Unit
from edge.core.slots.discrepancy import Doubt, Rates, learn, learn_shadowed, learn_silent
from edge.core.slots.stock import Since, Stock, Words

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

UNWEIGHED_CLAIM = 0.98
"""Where no scale speaks a mistake stays for weeks, so a claim needs more; a person's count alone reaches it."""
OVERFULL = 5
"""Slots are filled above their capacity, small ones by a few units at least."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SCALE_MS = 36 * HOUR_MS
"""A scale that was silent for so long is not waited for: bookings move the count by themselves."""
LOOK_APART_MS = 3 * HOUR_MS
"""Looks at the tags nearer than this see the same chances: only one of them counts."""
HAPPENED = 0.9
"""A step just after a booking is that booking's, with this probability."""
SURPRISE_STEP, SURPRISE_STILL = 0.1, 1e-4
"""Probability that something else than what was booked happened: when the load stepped, and when it did not."""
KNOWN = 0.5
PATHS_MAX = 32
"""Of a step that waits for its booking so many ways (count to count) are remembered, the likeliest."""


def begin(capacity: int, at_ms: int, book: int | None = None) -> Stock:
    """A slot before any evidence: any count up to its capacity and somewhat above, or likely what the book says."""
    stock = Stock(belief.begin(capacity + capacity // 2 + OVERFULL, at_ms), book, at_ms, Words(since_ms=at_ms))
    if book is not None:
        belief.reweigh(stock.belief, lambda n: people.likelihood(n, book))
    return stock


def weigh(
    stock: Stock,
    mass_g: float,
    at_ms: int,
    stepped: bool,
    unit: Unit,
    rates: Rates,
    samples: int = 1,
    warmed_c: float = 0.0,
) -> belief.Weighed:
    """Fold in a settled net mass in g; `stepped`: it settled because the load changed, else it is one of many.
    `warmed_c`: by how much its surroundings warmed since the last one, where that is measured."""
    pass_time(stock, at_ms, unit, rates)
    stock.live = stock.live or stepped
    # From a count that was never known no step is told: what the first mass shows may have lain there for long.
    stepped = stepped and (not stock.belief.fresh or float(belief.probabilities(stock.belief)[1].max()) > KNOWN)
    change = _changes(stock, mass_g, at_ms, stepped, unit, rates)
    said = belief.weigh(stock.belief, mass_g, at_ms, unit, change, samples, warmed_c)
    stock.words.mass_g, stock.words.mass_ms = mass_g, at_ms
    if said.paths is None:
        return said
    paths = said.paths
    if stock.column is not None:
        stock.column = tagcount.moved(stock.column, paths.before, paths.after, paths.p, rates)
    changes = paths.after - paths.before
    least = int(changes.min())
    seen = least + int(np.bincount(changes - least, paths.p).argmax())
    stock.opened, explained = bookings.close(stock.opened, stock.live, seen, at_ms)
    rest = seen - explained
    if rest and (seen or stepped):
        top = np.argsort(paths.p)[-PATHS_MAX:]
        ways = (one[top].tolist() for one in (paths.before, paths.after, paths.p))
        stock.steps = [*stock.steps, Step(at_ms, rest, *ways)][-OPEN_MAX:]
    return said


def book(stock: Stock, delta: int, at_ms: int, unit: Unit, rates: Rates) -> None:
    """Fold in a booked change: `delta` units put (taken, below zero). The same movement's step may have come or not."""
    pass_time(stock, at_ms, unit, rates)
    if stock.book is not None:
        stock.book += delta
    words = stock.words
    words.booked, words.booked_ms = delta, at_ms
    words.moved, words.bookings = words.moved + delta, words.bookings + 1
    if stock.since is not None:
        stock.since.bookings += 1
    if _explain_step(stock, delta, rates):
        return
    stock.opened.append(Booking(delta, at_ms))
    if not _weighed(stock, at_ms):
        _move_opened(stock, at_ms, unit, rates)
    elif len(stock.opened) > OPEN_MAX:
        _overflow(stock)


def see(stock: Stock, seen: tagcount.Look, at_ms: int, unit: Unit, rates: Rates) -> bool:
    """Fold in a look at the slot's tags (all item tags of its SKU where its antenna hears); False when it is not used,
    being too near to the one before, odd, or the count too open."""
    pass_time(stock, at_ms, unit, rates)
    stock.words.tags, stock.words.tags_ms = seen.tags, at_ms
    if at_ms - stock.look_ms < LOOK_APART_MS:
        return False
    counts, p = belief.probabilities(stock.belief)
    if len(counts) > tagcount.COUNTS_MAX:
        return False
    stock.look_ms = at_ms
    said: Array | None
    if stock.column is None or not set(stock.column.counts) & set(counts.tolist()):
        stock.column, said = tagcount.begin(counts, seen, rates, at_ms)
        _follow(stock, said)
        return True
    days = (at_ms - stock.column.at_ms) / DAY_MS
    stock.column = tagcount.pass_time(stock.column, rates, at_ms)
    foreseen = tagcount.silent(stock.column, counts, p)[1]
    stock.column, said = tagcount.meet(stock.column, seen, rates, at_ms)
    if said is None:
        return False
    _follow(stock, said)
    found = tagcount.silent(stock.column, *belief.probabilities(stock.belief))[1]
    learn_shadowed(rates, found - foreseen, max(0.0, days) * seen.tags)
    return True


def _follow(stock: Stock, said: Array) -> None:
    """Weigh each count by what the tags said of it."""
    assert stock.column is not None
    known = dict(zip(stock.column.counts, said.tolist(), strict=True))
    least = min(known.values())
    belief.reweigh(stock.belief, lambda n: np.array([known.get(int(one), least) for one in n]))
    kept, _ = belief.probabilities(stock.belief)
    stock.column = tagcount.narrowed(stock.column, kept.tolist())


def count(stock: Stock, counted: int, by: str, at_ms: int, unit: Unit, rates: Rates) -> None:
    """Fold in what a person counted; the book is what they say from now on.

    Against all other evidence one count is taken for a slip, and the slot stays with what it believes; the same count
    once more, of the same load, is believed outright: then a scale is off by whole units, as with a tray left on it.
    """
    pass_time(stock, at_ms, unit, rates)
    if _weighed(stock, at_ms):
        stock.opened.clear()  # no step was seen: what waits has not happened, or the count holds it already
    else:
        _move_opened(stock, at_ms, unit, rates)
    stock.steps.clear()
    belief.reweigh(stock.belief, lambda n: people.likelihood(n, counted))
    stock.book, stock.since = counted, None
    words = stock.words
    counts, p = belief.probabilities(stock.belief)
    if int(counts[p.argmax()]) == counted:
        words.slip = None
    elif words.slip is not None and people.once_more(words.slip, counted, stock.belief.mass_g, unit):
        belief.recount(stock.belief, counted, at_ms, unit)
        words.slip = None
    else:
        words.slip = (counted, stock.belief.mass_g)
    words.counted, words.counted_by, words.counted_ms, words.since_ms = counted, by, at_ms, at_ms
    words.moved = words.bookings = 0


def pass_time(stock: Stock, at_ms: int, unit: Unit, rates: Rates) -> None:
    """Let time pass: what waited too long stands for itself; where no scale watches, units get lost and found."""
    stock.steps = [step for step in stock.steps if at_ms - step.at_ms <= WAIT_MS]
    if not _weighed(stock, at_ms):
        _move_opened(stock, at_ms, unit, rates)
    elif stock.live:
        stock.opened = [one for one in stock.opened if at_ms - one.at_ms <= WAIT_MS]
    days = (at_ms - stock.at_ms) / DAY_MS
    if _weighed(stock, at_ms):
        stock.at_ms = max(stock.at_ms, at_ms)
    elif days >= 0.25:
        _move(stock, bookings.unrecorded(days, rates), at_ms, unit, rates)
        stock.at_ms = at_ms


def now(stock: Stock, rates: Rates) -> tuple[Counts, Array]:
    """The counts that are possible now, ascending, and their probabilities, bookings that wait for a poll included."""
    counts, p = belief.probabilities(stock.belief)
    if stock.live or not stock.opened:
        return counts, p
    kernel: Kernel = {0: 1.0}
    for one in stock.opened:
        kernel = bookings.convolved(kernel, bookings.happened(one.delta, rates))
    total: dict[int, float] = {}
    for n, share in zip(counts.tolist(), p.tolist(), strict=True):
        for change, chance in kernel.items():
            total[max(0, n + change)] = total.get(max(0, n + change), 0.0) + share * chance
    ordered = sorted(total)
    return np.array(ordered), np.array([total[n] for n in ordered])


def estimate(stock: Stock, unit: Unit, capacity: int, rates: Rates) -> Estimate:
    """The count where it is 97 % sure, its interval, and else the reason and remedy codes."""
    counts, p = now(stock, rates)
    best, low, high = _bounds(counts, p)
    said = Estimate(best, low, high, min(1.0, float(p.max())))
    trouble = stock.belief.trouble if stock.words.mass_ms else ""
    others = stock.column is not None and stock.words.tags_ms > stock.words.mass_ms - DAY_MS
    enough = CLAIM if _weighed(stock, stock.at_ms) else UNWEIGHED_CLAIM
    if said.confidence >= enough and not (trouble and not others):
        return said
    if trouble:
        return belief.estimate(stock.belief, unit, capacity)
    if _weighed(stock, stock.at_ms) and not stock.opened:
        why = belief.estimate(stock.belief, unit, capacity)
        if why.count is None:
            return Estimate(None, low, high, said.confidence, why.reason, why.remedy)
    return Estimate(None, low, high, said.confidence, "unrecorded", "recount")


def expected(stock: Stock) -> int | None:
    """What the book would say now, were everything booked that was seen, and seen that was booked; None without one."""
    if stock.book is None:
        return None
    unseen = sum(one.delta for one in stock.opened) if stock.live else 0
    return stock.book - unseen + sum(step.rest for step in stock.steps)


def doubt(stock: Stock, slot: str, at_ms: int, rates: Rates) -> Doubt | None:
    """What there is to judge of the slot's book: None without a book. Adds what is sure to the site's `rates`."""
    if stock.book is None:
        return None
    counts, p = now(stock, rates)
    best, low, high = _bounds(counts, p)
    _learn(stock, counts, p, at_ms, rates)
    return Doubt(slot, stock.book, float(p[counts == expected(stock)].sum()), best, low, high, at_ms)


def _bounds(counts: Counts, p: Array) -> tuple[int, int, int]:
    """The likeliest count, and the 95 % interval."""
    sums = np.cumsum(p) / p.sum()
    low, high = np.searchsorted(sums, (0.025, 0.975 - 1e-12)).tolist()
    return int(counts[p.argmax()]), int(counts[low]), int(counts[high])


def _learn(stock: Stock, counts: Counts, p: Array, at_ms: int, rates: Rates) -> None:
    gaps = counts - (expected(stock) or 0)
    gap = int(gaps[p.argmax()])
    since = stock.since
    if since is None:
        stock.since = Since(gap, at_ms)
        return
    lost, found = float(p[gaps < since.gap].sum()), float(p[gaps > since.gap].sum())
    days = max(0.0, (at_ms - since.at_ms) / DAY_MS)
    share = learn(rates, days, since.bookings, lost - since.lost, found - since.found, since.blamed)
    if p.max() < CLAIM:
        more = max(0.0, lost - since.lost) + max(0.0, found - since.found)
        held = max(0.0, since.lost) + max(0.0, since.found)
        blamed = (held * since.blamed + more * share) / (held + more) if held + more > 0.0 else since.blamed
        stock.since = Since(since.gap, at_ms, lost, found, 0, blamed)
        return
    stock.since = Since(gap, at_ms)
    best = int(counts[p.argmax()])
    if stock.column is not None and best >= 5:
        learn_silent(rates, tagcount.silent(stock.column, counts, p)[0], best)


def _weighed(stock: Stock, at_ms: int) -> bool:
    """Whether a scale watches the slot and can be believed now."""
    return bool(stock.words.mass_ms) and at_ms - stock.words.mass_ms <= SCALE_MS and not stock.belief.trouble


def _changes(stock: Stock, mass_g: float, at_ms: int, stepped: bool, unit: Unit, rates: Rates) -> Kernel | None:
    """How the count may have changed until this mass; None: anything, all alike."""
    if stepped and not stock.opened:
        return None
    if stock.live and not stepped:
        kernel = {0: 1.0}
    else:
        last_ms = stock.words.mass_ms or at_ms
        kernel = bookings.unrecorded(min(30.0, (at_ms - last_ms) / DAY_MS), rates)
    for one in stock.opened:
        if stepped:
            happened = HAPPENED
        elif stock.live:
            happened = 0.02
        else:
            happened = 0.5 if at_ms - one.at_ms < YOUNG_MS else 1.0
        booked = {change: happened * p for change, p in bookings.happened(one.delta, rates).items()}
        booked[0] = booked.get(0, 0.0) + 1.0 - happened
        kernel = bookings.convolved(kernel, booked)
    if not stock.belief.fresh:
        surprise = SURPRISE_STEP if stepped else SURPRISE_STILL
        kernel = {change: p * (1.0 - surprise) for change, p in kernel.items()}
        nearest = round((mass_g - stock.belief.mass_g) / unit.mass_g)
        for change in range(nearest - 2, nearest + 3):
            kernel[change] = kernel.get(change, 0.0) + surprise / 5
    return kernel


def _explain_step(stock: Stock, delta: int, rates: Rates) -> bool:
    """Whether a step that waits is this booking's movement; then the booking sharpens what that step was."""
    step = bookings.find(stock.steps, delta)
    if step is None:
        return False
    if abs(step.rest - delta) > 1:  # one of several bookings for the same step
        step.rest -= delta
        return True
    stock.steps = [one for one in stock.steps if one is not step]
    if step.at_ms == stock.words.mass_ms:
        said = bookings.sharpened(step, delta, rates)
        belief.reweigh(stock.belief, lambda n: np.log([said.get(int(one), bookings.FLOOR) for one in n]))
    return True


def _move_opened(stock: Stock, at_ms: int, unit: Unit, rates: Rates) -> None:
    """No scale will tell: what was booked has happened, as far as bookings go."""
    while stock.opened:
        one = stock.opened.pop(0)
        _move(stock, bookings.happened(one.delta, rates), at_ms, unit, rates, one.delta)


def _overflow(stock: Stock) -> None:
    """Too many bookings wait: of a live scale the oldest is given up, else the two oldest are one."""
    first, second = stock.opened[:2]
    stock.opened[:2] = [second] if stock.live else [Booking(first.delta + second.delta, first.at_ms)]


def _move(stock: Stock, kernel: Kernel, at_ms: int, unit: Unit, rates: Rates, booked: int = 0) -> None:
    """Units came or went by `kernel`, unseen; `booked` of that is in the book already."""
    counts, p = belief.probabilities(stock.belief)
    belief.move(stock.belief, kernel, at_ms, unit)
    _foresee(stock, kernel, counts, p, booked)
    if stock.column is None:
        return
    ways = [
        (n, n + change, share * chance)
        for n, share in zip(counts.tolist(), p.tolist(), strict=True)
        for change, chance in kernel.items()
        if n + change >= 0
    ]
    before, after, share = (np.array(one) for one in zip(*ways, strict=True))
    stock.column = tagcount.moved(stock.column, before, after, share, rates)


def _foresee(stock: Stock, kernel: Kernel, counts: Counts, p: Array, booked: int) -> None:
    """What was only foreseen teaches nothing: the rates grow by what is usual, however the suspicion grew by it."""
    since = stock.since
    if since is None or stock.book is None:
        return
    right = since.gap + stock.book - sum(one.delta for one in stock.opened) + sum(step.rest for step in stock.steps)
    then, q = belief.probabilities(stock.belief)
    usual = sum(chance for change, chance in kernel.items() if change < booked)
    since.lost += float(q[then < right].sum()) - float(p[counts + booked < right].sum()) - usual
    usual = sum(chance for change, chance in kernel.items() if change > booked)
    since.found += float(q[then > right].sum()) - float(p[counts + booked > right].sum()) - usual
