"""Where the book is wrong: alarms that hold what they promise, and how often things go wrong at this site.

An alarm rises when the posterior has said P(n = book) < 1 - `DOUBT` for `UPDATES` judgements in a row, `APART_MS`
apart, and the slot is in the largest set whose mean P(n = book) stays below `FALSE_SHARE` (Bayesian false discovery
rate: Newton et al., Biostatistics 2004; the posterior over the count as DeHoratius, Mersereau & Schrage, MSOM 2008).
It rises once; it is armed again by a count, by a corrected book, or when book and posterior agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from msgspec import Struct

DOUBT = 0.99
UPDATES = 2
APART_MS = 10 * 3_600_000
"""Judgements count from this distance on: a booking that is hours late must not make two of them."""
FALSE_SHARE = 0.005
AGREE = 0.5
"""Book and posterior agree again from this probability on."""
LEAST = 0.02
"""Cases that are never unlearnt: nothing is impossible."""
FORGET = 20_000.0
"""Slot-days (and tag-days) after which what was learnt of the site's rates weighs half: a site changes."""


class Rates(Struct):
    """How often things go wrong at this site, fitted as it runs. The first values are weak assumptions, worth no more
    than `slot_days` and `bookings`: a unit lost in a hundred slot-days, a wrong booking in a hundred, one unit in
    twenty without a tag that answers, one tag in a thousand shadowed each day."""

    lost: float = 0.25
    found: float = 0.025
    slot_days: float = 25.0
    wrong: float = 0.25
    bookings: float = 25.0
    silent: float = 5.0
    tagged: float = 100.0
    shadowed: float = 1.0
    tag_days: float = 1000.0

    @property
    def lost_a_day(self) -> float:
        """Unrecorded losses per slot and day."""
        return self.lost / self.slot_days

    @property
    def found_a_day(self) -> float:
        """Unrecorded finds per slot and day."""
        return self.found / self.slot_days

    @property
    def wrong_share(self) -> float:
        """Share of bookings that are not what happened."""
        return min(0.5, self.wrong / self.bookings)

    @property
    def silent_share(self) -> float:
        """Share of units without a tag that answers."""
        return min(0.9, max(0.001, self.silent / self.tagged))

    @property
    def shadowed_a_day(self) -> float:
        """Probability a day that a tag which answers is shadowed, and will answer again."""
        return min(0.2, self.shadowed / self.tag_days)


def learn(rates: Rates, days: float, bookings: int, lost: float, found: float, blamed: float = 0.5) -> float:
    """Watched one slot over `days` and so many bookings: by how much it became likelier, meanwhile, that it holds less
    (`lost`), or more (`found`), beside the book than before. Below zero where an earlier suspicion went away; of that
    the share `blamed` had been put on bookings.

    Expectations are summed, not sure cases only: slots that lose units are longer unsure than those that do not. Who
    caused it is not seen: it is shared between time and bookings by how likely each was (EM). The share on bookings,
    of what was suspected now, is returned.
    """
    rates.slot_days += days
    rates.bookings += bookings
    by_booking = 0.5 * rates.wrong_share * bookings  # either way alike
    shares = []
    for name, much in (("lost", lost), ("found", found)):
        by_time = getattr(rates, name) / rates.slot_days * days
        shares.append(by_booking / (by_booking + by_time) if by_booking + by_time > 0.0 else blamed)
        on_bookings = (shares[-1] if much > 0.0 else blamed) * much
        rates.wrong = max(LEAST, rates.wrong + on_bookings)
        setattr(rates, name, max(LEAST, getattr(rates, name) + much - on_bookings))
    if rates.slot_days > 2.0 * FORGET:
        for name in ("lost", "found", "slot_days", "wrong", "bookings"):
            setattr(rates, name, max(LEAST, 0.5 * getattr(rates, name)))
    return shares[1] if found > lost else shares[0]


def learn_silent(rates: Rates, silent: float, count: int) -> None:
    """One slot with `count` units, sure, of which so many are expected to carry no tag that answers."""
    rates.silent += 0.1 * max(0.0, silent)
    rates.tagged += 0.1 * count
    if rates.tagged > 2000.0:
        rates.silent, rates.tagged = 0.5 * rates.silent, 0.5 * rates.tagged


def learn_shadowed(rates: Rates, more: float, tag_days: float) -> None:
    """A look after so many days of so many tags: by how much more of them are shadowed than was foreseen."""
    rates.shadowed = max(LEAST, rates.shadowed + rates.shadowed_a_day * tag_days + more)
    rates.tag_days += tag_days
    if rates.tag_days > 2.0 * FORGET:
        rates.shadowed, rates.tag_days = 0.5 * rates.shadowed, 0.5 * rates.tag_days


class Doubt(Struct, frozen=True):
    """What is to be judged of one slot: its book, P(n = book) and the count that the posterior prefers."""

    slot: str
    book: int
    agree: float
    count: int
    low: int
    high: int
    at_ms: int


class Alarm(Struct, frozen=True):
    """The book of a slot is wrong: it says `book`, all evidence says `count` (`low` to `high`, 95 %)."""

    slot: str
    book: int
    count: int
    low: int
    high: int
    agree: float
    since_ms: int
    at_ms: int


class Watch(Struct, array_like=True):
    """One slot's doubt so far: judgements in a row, since when, and whether people were told of this gap."""

    run: int = 0
    since_ms: int = 0
    judged_ms: int = 0
    book: int | None = None
    told: bool = False


def judge(watches: dict[str, Watch], doubts: Sequence[Doubt]) -> list[Alarm]:
    """The alarms that rise now; `watches` (by slot) is brought up to date and holds the slots of `doubts` only."""
    ripe = []
    for doubt in doubts:
        watch = watches.setdefault(doubt.slot, Watch())
        if doubt.agree >= AGREE:
            watch.run, watch.told, watch.book = 0, False, None
            watch.judged_ms = doubt.at_ms
            continue
        if doubt.at_ms - watch.judged_ms >= APART_MS or watch.run == 0:
            watch.judged_ms = doubt.at_ms
            if doubt.agree < 1.0 - DOUBT:
                watch.since_ms = watch.since_ms if watch.run else doubt.at_ms
                watch.run += 1
            else:
                watch.run = 0
        if watch.run >= UPDATES and not watch.told:
            ripe.append(doubt)
    for slot in watches.keys() - {doubt.slot for doubt in doubts}:
        del watches[slot]
    alarms = []
    for doubt in within(ripe, FALSE_SHARE):
        watch = watches[doubt.slot]
        watch.told, watch.book = True, doubt.book
        alarms.append(
            Alarm(doubt.slot, doubt.book, doubt.count, doubt.low, doubt.high, doubt.agree, watch.since_ms, doubt.at_ms)
        )
    return alarms


def within(doubts: Sequence[Doubt], false_share: float) -> list[Doubt]:
    """The largest set, the surest first, in which the expected share of slots whose book is right is at most that."""
    chosen: list[Doubt] = []
    total = 0.0
    for doubt in sorted(doubts, key=lambda one: one.agree):
        total += doubt.agree
        if total > false_share * (len(chosen) + 1):
            break
        chosen.append(doubt)
    return chosen


class Losses(Struct, frozen=True):
    """Units lost without a record a month of 30.4 days and slot, and the bounds that hold it with about 95 %."""

    a_month: float
    low: float
    high: float


def losses(rates: Rates) -> Losses:
    """The site's rate of unrecorded losses (a Gamma posterior, its interval after Wilson and Hilferty)."""
    shape = rates.lost
    month = 30.4 / rates.slot_days
    bounds = [shape * max(0.0, 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * sqrt(shape))) ** 3 * month for z in (-1.96, 1.96)]
    return Losses(shape * month, bounds[0], bounds[1])
