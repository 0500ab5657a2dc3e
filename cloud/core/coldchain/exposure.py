"""What the goods of a room went through: counted once for the room, and read off for each lot by when it came and left.

All that is counted only grows, so a lot has what came on since it was brought, and what it had before, elsewhere.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from cloud.core.coldchain.kinetic import DAY_MS, HOUR_MS, Kinetic, harm_at
from protocols.cold import Storage
from protocols.excursions import BACK_C, GAP_MS, Excursion, Room, step


class Worn(Struct, frozen=True):
    """Milliseconds that are known, that were outside the limits, beyond each budget; days of shelf life used; the harm
    of which the kinetic mean is made (0 where that is not limited)."""

    known_ms: int = 0
    outside_ms: int = 0
    beyond_ms: tuple[int, ...] = ()
    aged_days: float = 0.0
    harm: float = 0.0

    def plus(self, other: Worn, sign: int = 1) -> Worn:
        """Both together, or (-1) what came on since the other. Budgets that one of them does not have are its 0."""
        count = max(len(self.beyond_ms), len(other.beyond_ms))
        mine, theirs = (one.beyond_ms + (0,) * (count - len(one.beyond_ms)) for one in (self, other))
        return Worn(
            self.known_ms + sign * other.known_ms,
            self.outside_ms + sign * other.outside_ms,
            tuple(one + sign * more for one, more in zip(mine, theirs, strict=True)),
            self.aged_days + sign * other.aged_days,
            self.harm + sign * other.harm,
        )

    def part(self, share: float) -> Worn:
        """A share of all of it."""
        beyond = tuple(round(ms * share) for ms in self.beyond_ms)
        known_ms, outside_ms = round(self.known_ms * share), round(self.outside_ms * share)
        return Worn(known_ms, outside_ms, beyond, self.aged_days * share, self.harm * share)

    def most(self, other: Worn) -> Worn:
        """Of each the worse: of a lot that may have been in one place or in another."""
        count = max(len(self.beyond_ms), len(other.beyond_ms))
        mine, theirs = (one.beyond_ms + (0,) * (count - len(one.beyond_ms)) for one in (self, other))
        return Worn(
            max(self.known_ms, other.known_ms),
            max(self.outside_ms, other.outside_ms),
            tuple(map(max, mine, theirs)),
            max(self.aged_days, other.aged_days),
            max(self.harm, other.harm),
        )


class Course(Struct):
    """One room for goods that are kept alike: its excursion, its kinetic mean (where that is limited), the time in
    which that is too warm (`warm`), and what it counted so far."""

    kinetic: Kinetic
    room: Room = field(default_factory=Room)
    worn: Worn = field(default_factory=Worn)
    warm: Excursion | None = None

    @property
    def now(self) -> Excursion | None:
        """What the room is in, the worse of two."""
        one = self.room.now
        return self.warm if self.warm is not None and (one is None or one.kind != "breach") else one

    @property
    def going(self) -> list[Excursion]:
        """All that it is in."""
        return [one for one in (self.room.now, self.warm) if one is not None]

    @classmethod
    def of(cls, kept: Storage) -> Course:
        """Nothing is known yet."""
        return cls(Kinetic(round(kept.kinetic_hours * HOUR_MS)), worn=Worn(beyond_ms=(0,) * len(kept.budgets)))

    def take(self, at_ms: int, celsius: float, kept: Storage, gap_ms: int = GAP_MS) -> Excursion | None:
        """One more sample; the excursion where it is new, another or over. Until it comes, the sample before holds,
        but not for longer than `gap_ms`; one that is not newer is left out."""
        before = self.room
        self.worn = self.upto(at_ms, at_ms, kept, gap_ms)
        if kept.kinetic_c is not None and before.at_ms and before.at_ms < at_ms <= before.at_ms + gap_ms:
            self.kinetic.add(before.at_ms, at_ms, before.celsius)
        self.room, told = step(before, at_ms, celsius, kept, gap_ms)
        return told

    def upto(self, moment_ms: int, at_ms: int, kept: Storage, gap_ms: int = GAP_MS) -> Worn:
        """What is counted by a moment between the last sample and the next one, which is of `at_ms`."""
        sample, worn = self.room, self.worn
        if not sample.at_ms or not sample.at_ms < moment_ms <= at_ms <= sample.at_ms + gap_ms:
            return worn
        celsius, ms = sample.celsius, moment_ms - sample.at_ms
        beyond = worn.beyond_ms
        if kept.budgets:
            budgets = zip(beyond, kept.budgets, strict=True)
            beyond = tuple(spent + ms if one.beyond(celsius) else spent for spent, one in budgets)
        aged = kept.ageing(celsius) * ms / DAY_MS if kept.q10 or kept.activation_kj else 0.0
        outside_ms = worn.outside_ms + (ms if kept.side(celsius) else 0)
        harm = harm_at(celsius) * ms if kept.kinetic_c is not None else 0.0
        return Worn(worn.known_ms + ms, outside_ms, beyond, worn.aged_days + aged, worn.harm + harm)

    def mean(self, at_ms: int, kept: Storage) -> Excursion | None:
        """The time in which the kinetic mean is above what is borne, where it begins now or is over: whether or not the
        room is outside. It is asked of half a window at least, and over once the mean is lower by `BACK_C`."""
        if kept.kinetic_c is None or self.kinetic.ms < self.kinetic.window_ms / 2:
            return None
        mean, warm = self.kinetic.celsius(), self.warm
        assert mean is not None, "half of the window is known"
        if warm is None:
            if mean > kept.kinetic_c:
                self.warm = Excursion(at_ms, 1, mean, "breach", why="kinetic", breach_ms=at_ms)
            return self.warm
        if mean > kept.kinetic_c - BACK_C:
            self.warm = replace(warm, peak_c=max(warm.peak_c, mean), outside_ms=at_ms - warm.began_ms)
            return None
        self.warm = None
        return replace(warm, ended_ms=at_ms)


class Stay(Struct, frozen=True):
    """A lot in a room since a moment: what the room had counted by then, and what the lot had before it came."""

    since_ms: int
    at: Worn
    before: Worn = Worn()

    def worn(self, course: Course) -> Worn:
        """All that it went through by now."""
        return self.before.plus(course.worn.plus(self.at, -1))

    def moved(self, at_ms: int, course: Course, to: Course) -> Stay:
        """The same lot in another room."""
        return Stay(at_ms, to.worn, self.worn(course))


class Left(Struct, frozen=True):
    """What a lot may still bear: minutes of each budget, below 0 where it is used up, and days of shelf life (None: not
    told by temperature); the share of its time that is known."""

    minutes: tuple[float, ...]
    days: float | None
    known: float

    @property
    def used_up(self) -> bool:
        """Whether it may not be used without somebody's word."""
        return any(one < 0 for one in self.minutes) or (self.days is not None and self.days <= 0)


def left(worn: Worn, kept: Storage, since_ms: int, now_ms: int, shelf_life_days: float | None = None) -> Left:
    """What is left to a lot that is here since `since_ms`; time that is not known ages it as `ageing_c` does."""
    spent = worn.beyond_ms + (0,) * (len(kept.budgets) - len(worn.beyond_ms))
    minutes = tuple(one.minutes - ms / 60_000 for one, ms in zip(kept.budgets, spent, strict=False))
    lived_ms = max(1, now_ms - since_ms)
    days = None
    if shelf_life_days is not None and (kept.q10 or kept.activation_kj):
        days = shelf_life_days - worn.aged_days - max(0, lived_ms - worn.known_ms) / DAY_MS
    return Left(minutes, days, min(1.0, worn.known_ms / lived_ms))


def arrived(course: Course, at_ms: int, before: Worn | None = None) -> Stay:
    """A lot that is brought into a room now."""
    return Stay(at_ms, course.worn, before or Worn())
