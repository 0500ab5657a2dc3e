"""Lots with their expiry dates: what is there of each, which goes first, and what runs out of time.

Units without a lot are those of the lot "". A pick that names no lot takes what expires first (FEFO, first expired
first out); what has no date goes last. Dates are ISO, so that they compare as text.

What a lot went through may end it before the date on its label. Where somebody knows of that (`ends`: lot -> the last
day on which it may be used), what is proposed and told goes by it. What units that left were of goes by the labels: the
book is made of what was told, and nobody told which lot it was.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct, field

if TYPE_CHECKING:
    from cloud.core.book.state import Account

UNDATED = "9999-99-99"
"""Sorts behind every date."""
HORIZONS_DAYS = (30, 60, 90)


class Batch(NamedTuple):
    """Units of a lot."""

    lot: str
    units: int
    expiry: str


class Lots(Struct):
    """Units and expiry of the lots that are there, and the order in which they go."""

    units: dict[str, int] = field(default_factory=dict)
    expiry: dict[str, str] = field(default_factory=dict)
    queue: list[tuple[str, str]] = field(default_factory=list)

    def come(self, lot: str, units: int, expiry: str = "") -> None:
        """Units of a lot come; a date that is told anew stands from then on."""
        held = self.units.get(lot)
        if held is None:
            if units <= 0:
                return
            self.units[lot], self.expiry[lot] = units, expiry
            insort(self.queue, (expiry or UNDATED, lot))
            return
        self.units[lot] = held + units
        if expiry and expiry != self.expiry[lot]:
            del self.queue[self._at(lot)]
            self.expiry[lot] = expiry
            insort(self.queue, (expiry, lot))

    def take(
        self,
        units: int,
        lot: str = "",
        kept: Mapping[str, int] | None = None,
        today: str = "",
        held: Mapping[str, int] | None = None,
    ) -> list[Batch]:
        """Units leave: of the lot named while it lasts, then what expires first. What had expired by `today` (an ISO
        date; "": that does not matter), behind it what is `kept` of a lot (in quarantine), and last what of that is
        `held` for a breach, go only when nothing else is left. Fewer where fewer are there."""
        taken: list[Batch] = []
        if lot and lot in self.units:
            units -= self._take(lot, units, taken)
        turns = [(kept, today), (kept, "")] if today else [(kept, "")]
        for spared, since in [*turns, *([(held, "")] if held else []), (None, "")] if kept else turns:
            at = bisect_left(self.queue, (since, "")) if since else 0
            while units and at < len(self.queue):
                name, length = self.queue[at][1], len(self.queue)
                free = self.units[name] - (spared.get(name, 0) if spared else 0)
                if free > 0:
                    units -= self._take(name, min(units, free), taken)
                if len(self.queue) == length:
                    at += 1
        return taken

    def swap(self, units: int, lot: str, expiry: str, kept: Mapping[str, int]) -> int:
        """Units that were taken from a lot were of the others, as they go, what is `kept` of them last: how many."""
        left = units
        for spared in (kept, dict[str, int]()):
            for _, name in [*self.queue]:
                free = self.units[name] - spared.get(name, 0) if name != lot and left else 0
                if free > 0:
                    left -= self._take(name, min(left, free), [])
        self.come(lot, units - left, expiry)
        return units - left

    def rename(self, units: int, lot: str, expiry: str) -> None:
        """Units of which the lot was not known, while they last, are of this one."""
        known = min(units, self.units.get("", 0))
        if lot and known:
            self._take("", known, [])
            self.come(lot, known, expiry)

    def _take(self, lot: str, units: int, taken: list[Batch]) -> int:
        held, expiry = self.units[lot], self.expiry[lot]
        if units >= held:
            units = held
            del self.queue[self._at(lot)], self.units[lot], self.expiry[lot]
        else:
            self.units[lot] = held - units
        taken.append(Batch(lot, units, expiry))
        return units

    def _at(self, lot: str) -> int:
        return bisect_left(self.queue, (self.expiry[lot] or UNDATED, lot))


NO_ENDS: Mapping[str, str] = MappingProxyType({})


def turns(account: Account, ends: Mapping[str, str] = NO_ENDS) -> list[tuple[str, str]]:
    """The last day on which each lot may be used (`UNDATED` where it has none), and the lot: in the order they go."""
    queue = account.batches.queue
    return sorted((ends.get(lot, day), lot) for day, lot in queue) if ends else queue


class LeftOut(NamedTuple):
    """Units that are there and not to be picked. `lot` is "" where it is not known which."""

    lot: str
    units: int
    why: Literal["quarantined", "expired"]


class PickList(Struct, frozen=True):
    """Which lots to pick, first that which expires first; `missing` units were asked for and can not be picked."""

    lines: list[tuple[str, int]]
    missing: int
    left_out: list[LeftOut]


def fefo(account: Account, units: int, today: str, ends: Mapping[str, str] = NO_ENDS) -> PickList:
    """Where to take so many units from. `today` is an ISO date: what expires today may still be picked."""
    lines: list[tuple[str, int]] = []
    left_out: list[LeftOut] = []
    lots, aside = account.batches, account.aside
    unnamed = aside.get("", 0) - lots.units.get("", 0)  # set aside without a lot's name: of whichever goes last
    free: list[tuple[str, int]] = []
    for key, lot in turns(account, ends):
        there = lots.units[lot]
        held = min(there, aside.get(lot, 0))
        if held:
            left_out.append(LeftOut(lot, held, "quarantined"))
        if key < today and there > held:
            left_out.append(LeftOut(lot, there - held, "expired"))
        elif there > held:
            free.append((lot, there - held))
    may = sum(there for _, there in free) - max(0, unnamed)
    if unnamed > 0:
        left_out.append(LeftOut("", unnamed, "quarantined"))
    wanted = min(units, max(0, may))
    missing = units - wanted
    for lot, there in free:
        if not wanted:
            break
        lines.append((lot, min(wanted, there)))
        wanted -= lines[-1][1]
    return PickList(lines, missing, left_out)


def unusable(account: Account, today: str, ends: Mapping[str, str] = NO_ENDS) -> int:
    """Units that are there and not to be used: set aside, or expired before `today` (an ISO date). No unit counts as
    both; what is set aside without a lot's name are units that have not expired, while there are such."""
    lots, aside, expired = account.batches, account.aside, 0
    for key, lot in turns(account, ends):
        if key >= today:
            break
        expired += max(0, lots.units[lot] - aside.get(lot, 0))
    set_aside = account.quarantined
    return max(set_aside, min(set_aside + expired, sum(lots.units.values()))) if expired else set_aside


def fresh(account: Account, today: str, ends: Mapping[str, str] = NO_ENDS) -> list[tuple[int, int]]:
    """The dated lots that can be used today (an ISO date): on how many days, today with them, and how many units; what
    goes first comes first."""
    start, lots, aside = date.fromisoformat(today), account.batches, account.aside
    return [
        ((date.fromisoformat(key) - start).days + 1, lots.units[lot] - aside.get(lot, 0))
        for key, lot in turns(account, ends)
        if today <= key < UNDATED and lots.units[lot] > aside.get(lot, 0)
    ]


def expires(account: Account, since: str, today: str, ends: Mapping[str, str] = NO_ENDS) -> bool:
    """Whether lots that could still be used on the day `since` can not be any more `today` (ISO dates)."""
    return any(since <= key < today for key, _ in turns(account, ends))


class Expiring(Struct, frozen=True):
    """A lot that has expired (`days` below 0), or will within so many `within` days. `expiry` is the last day on which
    it may be used."""

    lot: str
    units: int
    expiry: str
    days: int
    within: int


def expiring(
    account: Account, today: str, horizons: Sequence[int] = HORIZONS_DAYS, ends: Mapping[str, str] = NO_ENDS
) -> list[Expiring]:
    """The lots that expire within the longest horizon, soonest first, each with the shortest one it falls into (0: it
    has expired)."""
    start = date.fromisoformat(today)
    last = (start + timedelta(days=max(horizons))).isoformat()
    found = []
    for key, lot in turns(account, ends):
        if key > last:
            break
        days = (date.fromisoformat(key) - start).days
        within = 0 if days < 0 else min(one for one in horizons if one >= days)
        found.append(Expiring(lot, account.batches.units[lot], key, days, within))
    return found
