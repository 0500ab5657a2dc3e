"""What to count today: the places where the book is likely to be wrong and much hangs on it, at most so many a day.

A place gets points for each reason to look at it, times a factor of the value at stake. Counts that are asked for
again come first, however many they are: somebody waits for them. Then come places of which nothing can be told; among
all others the score decides. Choosing by how likely the book is wrong finds over twice the differences of choosing by
lot (shops of a drugstore chain, MSOM 2022); the rhythm by ABC class reaches every place in the end, so a share of each
day is kept for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from statistics import median
from typing import Final, Literal

from msgspec import Struct

from protocols.layout import Sku
from protocols.reports import SlotLevel

DAY_MS = 86_400_000
Reason = Literal["recount", "unknown", "differs", "debt", "unexplained", "doubt", "due", "never"]
POINTS: Final[dict[Reason, float]] = {
    "recount": 1000.0,
    "unknown": 500.0,
    "differs": 300.0,
    "debt": 200.0,
    "unexplained": 100.0,
    "doubt": 100.0,
    "due": 50.0,
    "never": 100.0,
}
"""`doubt` times 1 - confidence, `due` times the age in intervals, so that nothing waits for ever; a place that was
never counted is as one that is two intervals old."""
DAYS: Final = {"A": 30.0, "B": 90.0, "C": 180.0}
"""Between two counts of a place, by the class of its SKU; one without a class is as a B."""
ROUNDING: Final = 1e-9
FIRST: Final[tuple[Reason, ...]] = ("recount", "unknown")


class Rhythm(Struct, frozen=True):
    """How this site counts: days between counts of a place by ABC class (left out: `DAYS`), counts a day at most, and
    the share of them kept for those whose time has come. From `doubt_from` on (1 - confidence) a place is worth a
    look; what a count did not cure is counted again for that only after `again_days`."""

    days: dict[str, float] = {}
    most_a_day: int = 20
    due_share: float = 0.25
    doubt_from: float = 0.05
    again_days: float = 7.0

    def interval_days(self, abc: str) -> float:
        """Days between two counts of a place whose SKU is of this class."""
        return max(1.0, self.days.get(abc, DAYS.get(abc, DAYS["B"])))


class Place(Struct, frozen=True):
    """What is known of one place of one SKU: `slot` ("" off the shelves), units by the book, when it was last counted
    by hand (0: never), and what speaks for a look. `unexplained` units were put there without a receipt, `debt` ones
    were picked that were not there; `recount`: a first count differed."""

    sku: str
    slot: str
    abc: str
    units: int
    unit_cost: float
    counted_ms: int = 0
    unknown: bool = False
    doubt: float = 0.0
    differs_ms: int = 0
    unexplained: int = 0
    debt: int = 0
    recount: bool = False

    @property
    def stake(self) -> float:
        """Money that hangs on this count."""
        return max(abs(self.units), self.unexplained, self.debt) * self.unit_cost


class Task(Struct, frozen=True):
    """One place to count: the reason that weighs most, the points of each, the score by which tasks are ordered, the
    value at stake, and the days since the last count by hand (None: there was none)."""

    slot: str
    sku: str
    reason: Reason
    points: dict[Reason, float]
    score: float
    stake: float
    age_days: float | None


class Round(Struct, frozen=True):
    """The tasks of today in order, and the backlog: how many more wait, how many a day the classes alone ask for, and
    the days until nothing waits any more; None when it never ends at this pace."""

    today: list[Task]
    waiting: int
    needed_a_day: float
    clears_days: int | None


def sensed_place(
    sku: Sku,
    level: SlotLevel | None,
    slot: str,
    abc: str,
    units: int,
    counted_ms: int = 0,
    unexplained: int = 0,
    debt: int = 0,
    recount: bool = False,
) -> Place:
    """A slot as its newest level has it. One that never told, or told of another SKU, is unknown."""
    told = level is not None and level.sku == sku.id
    unknown = level is None or not told or level.count is None
    doubt = 1.0 if level is None or not told else min(1.0, max(0.0, 1.0 - level.confidence))
    differs_ms = level.differs_ms if level is not None and told else 0
    return Place(
        sku.id, slot, abc, units, sku.unit_cost, counted_ms, unknown, doubt, differs_ms, unexplained, debt, recount
    )  # fmt: skip


def plan_round(places: Iterable[Place], now_ms: int, rhythm: Rhythm, done_today: int = 0) -> Round:
    """What to count today, where `done_today` counts have been made already: what was asked for again is never left
    out. The same places give the same round, in whatever order they come."""
    known = list(places)
    typical = median([one.stake for one in known if one.stake > 0] or [1.0])
    tasks = [task for one in known if (task := _task(one, now_ms, rhythm, typical)) is not None]
    tasks.sort(key=_order)
    asked = [one for one in tasks if "recount" in one.points]  # the first of them, by `_order`
    seats = max(0, rhythm.most_a_day - done_today - len(asked))
    today = [*asked, *_seats(tasks[len(asked) :], seats, rhythm.due_share)]
    waiting = len(tasks) - len(today)
    needed = sum(1 / rhythm.interval_days(one.abc) for one in known)
    spare = rhythm.most_a_day - needed - ROUNDING
    clears = 0 if not waiting else ceil(waiting / spare) if spare > 0 else None
    return Round(today, waiting, needed, clears)


def _task(place: Place, now_ms: int, rhythm: Rhythm, typical: float) -> Task | None:
    points = _points(place, now_ms, rhythm)
    if not points:
        return None
    stake = place.stake
    score = sum(points.values()) * (0.5 + stake / (stake + typical))
    reason = max(points, key=lambda one: points[one])
    age = max(0, now_ms - place.counted_ms) / DAY_MS if place.counted_ms else None
    return Task(place.slot, place.sku, reason, points, score, stake, age)


def _points(place: Place, now_ms: int, rhythm: Rhythm) -> dict[Reason, float]:
    found: dict[Reason, float] = {}
    if place.recount:
        found["recount"] = POINTS["recount"]
    age_days = (now_ms - place.counted_ms) / DAY_MS
    again = age_days >= rhythm.again_days
    if place.differs_ms and (again or place.differs_ms > place.counted_ms):
        found["differs"] = POINTS["differs"]
    if again:
        if place.unknown:
            found["unknown"] = POINTS["unknown"]
        elif place.doubt > rhythm.doubt_from:
            found["doubt"] = POINTS["doubt"] * place.doubt
        if place.debt > 0:
            found["debt"] = POINTS["debt"]
        if place.unexplained > 0:
            found["unexplained"] = POINTS["unexplained"]
    intervals = age_days / rhythm.interval_days(place.abc)
    if not place.counted_ms:
        found["never"] = POINTS["never"]
    elif intervals >= 1:
        found["due"] = POINTS["due"] * intervals
    return found


def _order(task: Task) -> tuple[int, float, str, str]:
    first = next((at for at, one in enumerate(FIRST) if one in task.points), len(FIRST))
    return first, -task.score, task.sku, task.slot


def _seats(tasks: Sequence[Task], seats: int, due_share: float) -> list[Task]:
    """The first tasks; the last seats of the day go to those whose time has come, should others take them all."""
    kept = ceil(seats * min(1.0, max(0.0, due_share)))
    front = list(tasks[: seats - kept])
    rest = tasks[seats - kept :]
    due = [one for one in rest if "due" in one.points or "never" in one.points]
    due_in_front = sum("due" in one.points or "never" in one.points for one in front)
    chosen = due[: max(0, kept - due_in_front)]
    for one in rest:
        if len(front) + len(chosen) == seats:
            break
        if one not in chosen:
            chosen.append(one)
    return sorted([*front, *chosen], key=_order)
