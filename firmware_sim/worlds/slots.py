"""Slots over months: picks, refills, theft and wrong bookings, seen by a scale, by tags, by the book and by people.

A day is made at a time (`pass_day`), as an alarm may send somebody to count and correct the book in between. Refills
follow the book, so a count changes what comes after it; every slot has a generator of its own, so in that slot only.
The physics is that of `firmware_sim.physics`: each unit keeps its mass for life, the zero of the cell wanders, tags
answer at rates of their own or never.

Seeds 1-9 are for tuning, 100 and above for reporting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import exp, log, pi, sin
from typing import NamedTuple

import numpy as np
from numpy.random import Generator, default_rng

from firmware_sim.physics.loadcell import LoadCell, rest, unit_masses

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_760_054_400_000 // DAY_MS * DAY_MS
READ_NOISE_G = 0.6
CYCLES = 20
"""Inventory cycles of the reader behind one look at the tags."""
LOOK_HOURS = (4, 10, 16, 22)
WEIGH_HOUR = 23
TAGS_A_SLOT = 1_000_000
"""Tag t was once put into slot t // TAGS_A_SLOT."""
LATE_SHARE = 0.05
PHYSICAL_FIRST_SHARE = 0.25
BLOCKED_RATE = 0.03


class Weighed(NamedTuple):
    """The scale of a slot came to rest at `mass_g`; `stepped`: because the load changed, else a look of the day."""

    at_ms: int
    slot: int
    mass_g: float
    stepped: bool


class Booked(NamedTuple):
    """The book was told that `delta` units were put (taken, below zero) at the slot."""

    at_ms: int
    slot: int
    delta: int


class Looked(NamedTuple):
    """The reader looked for `CYCLES` cycles: by tag the cycles in which it was read, cycle i as bit i."""

    at_ms: int
    slot: int
    reads: dict[int, int]


Evidence = Weighed | Booked | Looked


@dataclass(frozen=True)
class Regime:
    """What a world is like; rates are per slot and day unless named otherwise."""

    name: str
    slots: int = 300
    days: int = 120
    capacity: int = 60
    picks: float = 2.0
    theft: float = 0.01
    found: float = 0.001
    wrong: float = 0.02
    """A booking with a wrong number, one that is forgotten, or one for what happened elsewhere."""
    scale: str = "events"
    """When masses come: at each event and once a day (`events`), once a day (`daily`), never (`none`)."""
    cv: float = 0.02
    sample: int = 10
    spread: float = 1.0
    """True relative spread of the units over the one that is told."""
    lots: float = 0.0
    """Share of the spread that is common to a lot: each refill has a mean of its own."""
    walk_g: float = 0.15
    thermal_g: float = 0.28
    tags: bool = True
    read_rate: float = 0.9
    dead: float = 0.03
    untagged_lots: float = 0.0
    blocked_a_day: float = 0.002
    """A tag that answered is turned away or shadowed, or comes back from that."""


@dataclass
class _Item:
    mass_g: float
    tag: int
    rate: float
    blocked: bool = False


@dataclass
class _Place:
    """One slot's truth, and what its people and devices do next."""

    rng: Generator
    unit_g: float
    told_g: float
    cell: LoadCell
    items: list[_Item] = field(default_factory=list)
    weighed_ms: int = START_MS
    next_tag: int = 0


class Slots:
    """All slots of one regime; `counts` is true, `books` what the book says."""

    def __init__(self, regime: Regime, seed: int) -> None:
        self.regime = regime
        self.day = 0
        seeds = np.random.SeedSequence(seed).spawn(regime.slots + 1)
        self._people = default_rng(seeds[-1])
        self._places = [self._place(number, default_rng(one)) for number, one in enumerate(seeds[:-1])]
        self.books = [len(place.items) for place in self._places]
        self._later: list[Evidence] = []

    @property
    def counts(self) -> list[int]:
        """How many units truly lie in each slot."""
        return [len(place.items) for place in self._places]

    @property
    def told_g(self) -> list[float]:
        """The unit mass in grams that the site file says of each slot, learnt from a sample."""
        return [place.told_g for place in self._places]

    def recount(self, slot: int) -> int:
        """A person counts the slot and the book is set to what they say: right 98.5 times in 100."""
        true, luck = len(self._places[slot].items), self._people.random()
        said = true
        if luck < 0.012:
            said = max(0, true + (1 if luck < 0.006 else -1))
        elif luck < 0.015:
            said = max(0, true + int(self._people.integers(-5, 6)))
        self.books[slot] = said
        return said

    def pass_day(self) -> list[Evidence]:
        """Everything the gateway learns in the next day, in the order in which it learns it."""
        told = self._later
        for slot, place in enumerate(self._places):
            told += self._live(slot, place)
        self.day += 1
        told.sort(key=lambda one: (one.at_ms, one.slot))
        end_ms = START_MS + self.day * DAY_MS
        self._later = [one for one in told if one.at_ms >= end_ms]
        return [one for one in told if one.at_ms < end_ms]

    def _place(self, number: int, rng: Generator) -> _Place:
        regime = self.regime
        unit_g = exp(rng.uniform(log(80.0), log(500.0)))
        told_g = unit_g * (1.0 + regime.cv * regime.spread * rng.standard_normal() / regime.sample**0.5)
        cell = LoadCell(READ_NOISE_G, regime.walk_g, regime.thermal_g)
        place = _Place(rng, unit_g, told_g, cell, next_tag=number * TAGS_A_SLOT)
        self._put(place, int(rng.integers(10, regime.capacity - 9)))
        return place

    def _put(self, place: _Place, count: int) -> None:
        regime, rng = self.regime, place.rng
        cv = regime.cv * regime.spread
        common = 1.0 + cv * regime.lots**0.5 * float(rng.standard_normal())
        tagged = bool(rng.random() >= regime.untagged_lots)
        for mass_g in unit_masses(place.unit_g * common, cv * (1.0 - regime.lots) ** 0.5, count, rng):
            dead = not tagged or bool(rng.random() < regime.dead)
            rate = 0.0 if dead else float(rng.beta(8 * regime.read_rate, 8 * (1 - regime.read_rate)))
            place.items.append(_Item(mass_g, place.next_tag, rate))
            place.next_tag += 1

    def _take(self, place: _Place, count: int) -> None:
        for _ in range(count):
            place.items.pop(int(place.rng.integers(len(place.items))))

    def _live(self, slot: int, place: _Place) -> Iterator[Evidence]:
        """One slot's day: the order of things is drawn first, then they happen."""
        regime, rng = self.regime, place.rng
        start_ms = START_MS + self.day * DAY_MS
        doings: list[tuple[int, str]] = [(start_ms + 6 * HOUR_MS, "refill")]
        picks = rng.poisson(regime.picks)
        doings += [(start_ms + int(rng.uniform(7, 21) * HOUR_MS), "pick") for _ in range(picks)]
        for what, rate in (("theft", regime.theft), ("found", regime.found), ("elsewhere", 0.25 * regime.wrong)):
            if rng.random() < rate:
                doings.append((start_ms + int(rng.uniform(7, 21) * HOUR_MS), what))
        wrong = "" if rng.random() >= 0.75 * regime.wrong else ("number" if rng.random() < 2 / 3 else "forgotten")
        doings += [(start_ms + hour * HOUR_MS, "look") for hour in LOOK_HOURS if regime.tags]
        if regime.scale != "none":
            doings.append((start_ms + WEIGH_HOUR * HOUR_MS, "weigh"))
        for at_ms, what in sorted(doings):
            if what == "look":
                yield self._look(slot, place, at_ms)
            elif what == "weigh":
                yield self._weigh(slot, place, at_ms, False)
            elif what == "elsewhere":
                yield self._book(slot, at_ms, -1)
            else:
                delta = self._act(slot, place, what)
                if delta and regime.scale == "events":
                    yield self._weigh(slot, place, at_ms, True)
                if delta and what in ("pick", "refill"):
                    if wrong == "number":
                        booked = delta + (1 if rng.random() < 0.5 else -1)
                    else:
                        booked = 0 if wrong == "forgotten" else delta
                    wrong = ""
                    if booked:
                        yield self._book(slot, at_ms + self._delay_ms(rng), booked)
        for item in place.items:
            if item.rate and rng.random() < (0.3 if item.blocked else regime.blocked_a_day):
                item.blocked = not item.blocked

    def _act(self, slot: int, place: _Place, what: str) -> int:
        """Do it; the change of the count."""
        regime, rng = self.regime, place.rng
        if what == "refill":
            # People refill by the book, up to what fits.
            if self.books[slot] > 10:
                return 0
            count = min(48 - max(0, self.books[slot]), regime.capacity - len(place.items))
            self._put(place, count)
            return count
        if what == "found":
            count = int(len(place.items) < regime.capacity)
            self._put(place, count)
            return count
        count = min(len(place.items), 1 + int(rng.choice(3, p=(0.75, 0.17, 0.08))))
        self._take(place, count)
        return -count

    def _book(self, slot: int, at_ms: int, delta: int) -> Booked:
        self.books[slot] += delta
        return Booked(at_ms, slot, delta)

    @staticmethod
    def _delay_ms(rng: Generator) -> int:
        """From the movement to its booking: mostly the scan comes some seconds before the hand."""
        luck = rng.random()
        if luck < LATE_SHARE:
            return int(rng.uniform(0.2, 6.0) * HOUR_MS)
        if luck < LATE_SHARE + PHYSICAL_FIRST_SHARE:
            return int(rng.uniform(5_000, 600_000))
        return -int(rng.uniform(5_000, 120_000))

    def _weigh(self, slot: int, place: _Place, at_ms: int, stepped: bool) -> Weighed:
        load_g = sum(item.mass_g for item in place.items)
        rest(place.cell, load_g, (at_ms - place.weighed_ms) / 1000.0, place.rng)
        place.weighed_ms = at_ms
        warmer_c = 3.0 * sin(2 * pi * (at_ms % DAY_MS) / DAY_MS) + 4.0 * sin(2 * pi * self.day / 90)
        zero_g = place.cell.zero_g + place.cell.creep_g + place.cell.thermal_g * warmer_c
        return Weighed(at_ms, slot, load_g + zero_g + READ_NOISE_G * float(place.rng.standard_normal()), stepped)

    def _look(self, slot: int, place: _Place, at_ms: int) -> Looked:
        answering = [item for item in place.items if item.rate > 0.0]
        rates = np.array([BLOCKED_RATE if item.blocked else item.rate for item in answering])
        bits = (place.rng.random((len(rates), CYCLES)) < rates[:, None]) @ (1 << np.arange(CYCLES))
        return Looked(at_ms, slot, {item.tag: int(n) for item, n in zip(answering, bits, strict=True) if n})
