"""The truth: what lies in each slot, who touches it, which doors stand open, where the tags are.

Nothing here is a measurement. `advance` yields what happened, in order of time; devices turn it into what they say,
`truth.truth_of` into lines for the scoreboard.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.random import Generator

from firmware_sim.physics.loadcell import Touch, unit_masses
from firmware_sim.physics.refrigerator import DAY_MS, HOUR_MS
from firmware_sim.scenario import Article, Pace, Scenario
from firmware_sim.truth import NEVER_MS, DoorMoved, Event, Handled, TagMoved
from protocols.gs1 import check_digit, sgtin_96
from protocols.layout import Site

TAGS_MAX = 60
PORTAL_MS = 8_000
"""How long a tag takes through the portal."""
TAG_STAY_S = 900.0
COMPANY_DIGITS = 7


@dataclass(slots=True)
class Shelf:
    """A slot's truth: the mass of every unit that lies there."""

    id: str
    zone: str
    article: Article
    tare_g: float
    units: list[float]
    busy_ms: int = 0
    restock_due: bool = False

    @property
    def load_g(self) -> float:
        """What the load cell carries."""
        return self.tare_g + sum(self.units)


@dataclass(slots=True)
class World:
    """One site's truth. All chance comes from `rng`, all time through `advance`."""

    scenario: Scenario
    site: Site
    rng: Generator
    at_ms: int
    pace: Pace = field(default_factory=Pace)
    held: set[str] = field(default_factory=set)
    """SKUs that nobody restocks just now."""
    shelves: dict[str, Shelf] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    doors: dict[str, bool] = field(default_factory=dict)
    _agenda: list[tuple[int, int, str, str]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _day: int = -1
    _shares: np.ndarray[tuple[int], np.dtype[np.float64]] = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        articles = {article.id: article for article in self.scenario.skus}
        low, high = self.scenario.fill
        for slot in self.site.slots:
            article = articles[slot.sku]
            filled = round(article.capacity * (low + (high - low) * self.rng.random()))
            self.shelves[slot.id] = Shelf(slot.id, slot.zone, article, slot.tare_g, self._lot(article, filled))
        self.doors = {machine.zone: False for machine in self.scenario.refrigerators}

    @property
    def next_ms(self) -> int:
        """When something happens next; far away when nothing is planned."""
        return self._agenda[0][0] if self._agenda else NEVER_MS

    @property
    def counts(self) -> dict[str, int]:
        """Units per slot."""
        return {shelf.id: len(shelf.units) for shelf in self.shelves.values()}

    def set_pace(self, pace: Pace) -> None:
        """Be this busy from now on; what was about to happen is forgotten, a due restock is planned anew."""
        self.pace = pace
        self._agenda.clear()
        for kind in ("pick", "hand", "door", "tag"):
            self._next(kind, self.at_ms)
        for zone, is_open in self.doors.items():
            if is_open:
                self._plan(self.at_ms, "close", zone)
        for epc, zone in self.tags.items():
            passing = zone == self._portal
            self._plan(
                self.at_ms + PORTAL_MS if passing else self._stay(self.at_ms), "pass" if passing else "leave", epc
            )
        for shelf in self.shelves.values():
            shelf.restock_due = False
            self._restock_when_low(shelf, self.at_ms)

    def set_stock(self, sku: str, target: int) -> list[Event]:
        """Bring a SKU to `target` units in all, as far as its slots hold them: fetched, or taken in bulk."""
        events: list[Event] = []
        mine = [shelf for shelf in self.shelves.values() if shelf.article.id == sku]
        missing = target - sum(len(shelf.units) for shelf in mine)
        for shelf in mine:
            units = max(-len(shelf.units), min(missing, shelf.article.capacity - len(shelf.units)))
            if units:
                events.append(self._handle(shelf, units, self.at_ms))
                missing -= units
        return events

    def place_tags(self) -> list[Event]:
        """The tags that stand in the zones of readers from the first."""
        zones = [reader.zone for reader in self.scenario.readers if not reader.portal]
        events: list[Event] = []
        for i in range(self.scenario.tags if zones else 0):
            moved = TagMoved(self.at_ms, self._new_epc(), "", zones[i % len(zones)])
            self.tags[moved.epc] = moved.zone
            events.append(moved)
        return events

    def advance(self, until_ms: int) -> list[Event]:
        """What happens up to and including `until_ms`."""
        events: list[Event] = []
        while self._agenda and self._agenda[0][0] <= until_ms:
            at_ms, _, kind, what = heapq.heappop(self._agenda)
            self.at_ms = max(self.at_ms, at_ms)
            event = self._happen(kind, what, at_ms)
            if event is not None:
                events.append(event)
        self.at_ms = max(self.at_ms, until_ms)
        return events

    @property
    def _portal(self) -> str:
        return next((reader.zone for reader in self.scenario.readers if reader.portal), "")

    def _plan(self, at_ms: int, kind: str, what: str = "") -> None:
        heapq.heappush(self._agenda, (at_ms, next(self._order), kind, what))

    def _next(self, kind: str, at_ms: int) -> None:
        """Plan the next of a Poisson stream, thinned by the hour of the day."""
        pace = self.pace
        possible = {"pick": bool(self.shelves), "hand": bool(self.shelves), "door": bool(self.doors)}
        rate = {
            "pick": pace.picks_per_hour,
            "hand": pace.hands_per_hour,
            "door": pace.doors_per_hour,
            "tag": pace.tags_per_hour,
        }[kind]
        if rate <= 0 or not possible.get(kind, bool(self.scenario.readers)):
            return
        peak = max(pace.hours) if pace.hours else 1.0
        moment = float(at_ms)
        while True:
            moment += self.rng.exponential(HOUR_MS / (rate * peak))
            if not pace.hours or self.rng.random() * peak < pace.hours[int(moment // HOUR_MS) % 24]:
                break
        self._plan(int(moment) + 1, kind)

    def _happen(self, kind: str, what: str, at_ms: int) -> Event | None:
        if kind == "restock":
            return self._restock(self.shelves[what], at_ms)
        if kind == "close":
            self.doors[what] = False
            return DoorMoved(at_ms, what, False)
        if kind in ("pass", "leave", "out"):
            return self._move(kind, what, at_ms)
        self._next(kind, at_ms)
        if kind == "pick":
            return self._pick(at_ms)
        if kind == "hand":
            shelf = list(self.shelves.values())[int(self.rng.integers(len(self.shelves)))]
            return None if shelf.busy_ms > at_ms else self._handle(shelf, 0, at_ms)
        if kind == "door":
            return self._open(at_ms)
        return self._arrive(at_ms)

    def _pick(self, at_ms: int) -> Event | None:
        day = at_ms // DAY_MS
        if day != self._day:
            self._day = day
            slots_of: dict[str, int] = {}
            for shelf in self.shelves.values():
                slots_of[shelf.article.id] = slots_of.get(shelf.article.id, 0) + 1
            weights = [_weight(shelf.article, day) / slots_of[shelf.article.id] for shelf in self.shelves.values()]
            self._shares = np.cumsum(np.array(weights) / max(sum(weights), 1e-9))
        luck = int(np.searchsorted(self._shares, self.rng.random()))
        shelf = list(self.shelves.values())[min(luck, len(self.shelves) - 1)]
        wanted = 1 + int(self.rng.poisson(shelf.article.pick_units - 1))
        units = min(wanted, len(shelf.units))
        if units == 0 or shelf.busy_ms > at_ms:
            return None  # nothing there, or somebody stands before it: the picker goes elsewhere
        event = self._handle(shelf, -units, at_ms)
        self._restock_when_low(shelf, event.touch.end_ms)
        return event

    def _handle(self, shelf: Shelf, units: int, at_ms: int) -> Handled:
        before_g = shelf.load_g
        if units < 0:
            for _ in range(-units):
                shelf.units.pop(int(self.rng.integers(len(shelf.units))))
        elif units > 0:
            shelf.units += self._lot(shelf.article, units)
        seconds = 4.0 + 6.0 * self.rng.random() if units > 0 else 1.0 + 3.0 * self.rng.random()
        bump_g = float(np.exp(self.rng.uniform(np.log(300.0), np.log(3000.0))))
        end_ms = at_ms + int(1000 * seconds)
        shelf.busy_ms = end_ms + 500
        return Handled(at_ms, shelf.id, units, len(shelf.units), Touch(at_ms, end_ms, bump_g, before_g, shelf.load_g))

    def _lot(self, article: Article, count: int) -> list[float]:
        lot_g = article.unit_mass_g
        if article.lot_cv:
            lot_g *= max(0.1, 1.0 + article.lot_cv * float(self.rng.standard_normal()))
        return unit_masses(lot_g, article.unit_cv, count, self.rng)

    def _restock_when_low(self, shelf: Shelf, at_ms: int) -> None:
        low = len(shelf.units) <= self.pace.restock_at * shelf.article.capacity
        if low and not shelf.restock_due and shelf.article.id not in self.held:
            shelf.restock_due = True
            self._plan(at_ms + int(1000 * self.rng.uniform(*self.pace.restock_delay_s)), "restock", shelf.id)

    def _restock(self, shelf: Shelf, at_ms: int) -> Event | None:
        if shelf.busy_ms > at_ms:
            self._plan(shelf.busy_ms + 1, "restock", shelf.id)
            return None
        shelf.restock_due = False
        target = round(shelf.article.capacity * (0.85 + 0.15 * self.rng.random()))
        units = target - len(shelf.units)
        return self._handle(shelf, units, at_ms) if units > 0 else None

    def _open(self, at_ms: int) -> Event | None:
        closed = [zone for zone, is_open in self.doors.items() if not is_open]
        if not closed:
            return None
        zone = closed[int(self.rng.integers(len(closed)))]
        self.doors[zone] = True
        self._plan(at_ms + int(1000 * self.rng.uniform(15, 120)), "close", zone)
        return DoorMoved(at_ms, zone, True)

    def _arrive(self, at_ms: int) -> Event | None:
        """A tag comes through the portal, or into the one zone that is watched; none when the site is full of them."""
        if len(self.tags) >= TAGS_MAX:
            return None
        epc = self._new_epc()
        zone = self._portal or self.scenario.readers[0].zone
        self.tags[epc] = zone
        self._plan(at_ms + PORTAL_MS if self._portal else self._stay(at_ms), "pass" if self._portal else "out", epc)
        return TagMoved(at_ms, epc, "", zone)

    def _new_epc(self) -> str:
        digits = f"06614141{int(self.rng.integers(1, 20)):05d}"
        return sgtin_96(digits + check_digit(digits), int(self.rng.integers(1, 1 << 38)), COMPANY_DIGITS)

    def _stay(self, at_ms: int) -> int:
        return at_ms + 20_000 + int(1000 * self.rng.exponential(TAG_STAY_S))

    def _move(self, kind: str, epc: str, at_ms: int) -> Event:
        """`pass`: from the portal inwards. `leave`: back into the portal. `out`: away."""
        origin = self.tags[epc]
        if kind == "out":
            del self.tags[epc]
            return TagMoved(at_ms, epc, origin, "")
        inner = [reader.zone for reader in self.scenario.readers if not reader.portal]
        if kind == "leave" and self._portal and origin != self._portal:
            zone, planned = self._portal, "out"
            self._plan(at_ms + PORTAL_MS, planned, epc)
        elif kind == "pass" and inner:
            zone = inner[int(self.rng.integers(len(inner)))]
            self._plan(self._stay(at_ms), "leave", epc)
        else:
            del self.tags[epc]
            return TagMoved(at_ms, epc, origin, "")
        self.tags[epc] = zone
        return TagMoved(at_ms, epc, origin, zone)


def _weight(article: Article, day: int) -> float:
    return article.weight * (article.daily[day % len(article.daily)] if article.daily else 1.0)
