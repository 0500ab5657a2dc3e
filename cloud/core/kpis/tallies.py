"""The fold of facts into tallies by SKU and day, and into the site's sums by day, that key figures are made of.

Facts of different SKUs, and all facts but steps, may come in any order. Steps of one SKU come in the order of the book;
one that comes late is not taken: its SKU's steps are told anew (`retell`), as its account is folded anew. Either way
the end is the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import isfinite, isnan, nan
from typing import Final, Literal

from msgspec import Struct, field

from cloud.core.counting.accuracy import compared
from cloud.core.days import local_day
from cloud.core.kpis.courses import (
    AHEAD_MAX,
    DAYS,
    Course,
    Pacing,
    excess,
    is_dead,
    lost,
    monday_of,
    shares,
    week_error,
)
from cloud.core.kpis.facts import Counted, Fact, Pace, Refused, Step, Told

Outcome = Literal["taken", "late", "unknown", "old", "unfit"]
"""`late`: tell this SKU's steps anew. `unknown`: no SKU that was entered. `old`: before the days kept, or too far
ahead. `unfit`: no finite figure. In all but the first nothing was done."""
OPENINGS: Final = ("change", "held", "begun")
SUMS: Final = (
    *("picked", "owed", "cost", "lost", "out", *OPENINGS),
    *("counts", "agreed", "compared", "differed"),
)
"""What the site's days hold. `change` (of value), `held` (that x holding rate) and `begun` (SKUs) are what came on;
`compared` is the larger of what was counted and what the book said."""
ERRORS: Final = ("told", "came", "off", "judged")
"""What the site's weeks hold, at each one's Monday."""
STANDING: Final = ("dead", "dead_skus", "slow", "slow_skus", "covered", "pace_cost", "paced_skus", "on_hand_skus")
"""What holds at this moment: values, numbers of SKUs, the cost of a day's expected demand."""


class Tallies(Struct):
    """A site's tallies up to `now_ms`, its days being those of `timezone`. Bounded: `courses.DAYS` days of each SKU
    entered. `openings`: what the days before those kept had added up to. `out`: SKUs that are out of stock now.
    `version` grows with every fact told and every day that begins: what was made by the same differs by time alone.
    """

    timezone: str
    now_ms: int
    today: int
    courses: dict[str, Course] = field(default_factory=dict)
    days: dict[str, array[float]] = field(default_factory=dict)
    openings: dict[str, float] = field(default_factory=dict)
    standing: dict[str, float] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)
    version: int = 0


def tallies(timezone: str, now_ms: int) -> Tallies:
    """Empty tallies of a site."""
    days = {name: array("d", bytes(8 * DAYS)) for name in (*SUMS, *ERRORS)}
    opening, standing = dict.fromkeys(OPENINGS, 0.0), dict.fromkeys(STANDING, 0.0)
    return Tallies(timezone, now_ms, local_day(timezone, now_ms), {}, days, opening, standing)


def enter(site: Tallies, sku: str, holding_rate: float, stocked: bool = True) -> None:
    """Make an SKU known, before its facts. `stocked`: nothing on hand is a stock-out. Twice changes nothing."""
    if sku not in site.courses:
        site.courses[sku] = Course(holding_rate, stocked)


def tell(site: Tallies, fact: Fact) -> Outcome:
    """Take one fact. What happened after today, as a wrong clock says, counts as of today."""
    course = site.courses.get(fact.sku)
    if course is None:
        return "unknown"
    site.version += 1
    match fact:
        case Step():
            return _step(site, course, fact)
        case Refused():
            return _refused(site, course, fact)
        case Counted():
            return _counted(site, fact)
        case Told():
            return _told(site, course, fact)
        case Pace():
            return _pace(site, course, fact)


def retell(site: Tallies, sku: str, steps: Iterable[Step]) -> Outcome:
    """Put the steps of one SKU, all of them in order, in place of those told before."""
    course = site.courses.get(sku)
    if course is None:
        return "unknown"
    site.version += 1
    _stand(site, course, -1)
    for day in range(site.today - DAYS + 1, site.today + 1):
        at = day % DAYS
        if course.picked[at] or course.owed[at] or course.cost[at] or course.change[at] or course.out[at]:
            _count(site, course, day, -1)
            course.picked[at] = course.owed[at] = course.cost[at] = course.change[at] = course.out[at] = 0
            _count(site, course, day, 1)
    site.openings["change"] -= course.opening
    site.openings["held"] -= course.opening * course.rate
    if course.first_day:
        _begun(site, course, -1)
    course.on_hand, course.value, course.opening = 0, 0.0, 0.0
    course.first_day, course.last_ms, course.moved_day, course.sold_day, course.out_ms = 0, -1, 0, 0, None
    site.out.discard(sku)
    taken = [_unfit(course, one) or _booked(site, course, one) for one in steps]
    _stand(site, course, 1)
    _settle(site)
    return next((one for one in taken if one != "taken"), "taken")


def advance(site: Tallies, now_ms: int) -> None:
    """Let time go by: new days begin, and who is out of stock stays so. An earlier time changes nothing."""
    today = local_day(site.timezone, now_ms)
    if today > site.today:
        site.version += 1
        site.today = max(site.today, today - DAYS)
        while site.today < today:
            _begin_day(site, site.today + 1)
        site.standing = dict.fromkeys(STANDING, 0.0)
        for course in site.courses.values():
            course.ahead = {day: units for day, units in course.ahead.items() if day > today}
            _stand(site, course, 1)
    site.now_ms = max(site.now_ms, now_ms)
    _settle(site)


def _begin_day(site: Tallies, day: int) -> None:
    at = day % DAYS
    for name, sums in site.days.items():
        if name in site.openings:
            site.openings[name] += sums[at]
        sums[at] = 0.0
    for course in site.courses.values():
        course.opening += course.change[at]
        course.change[at] = course.cost[at] = 0.0
        course.picked[at] = course.owed[at] = course.refused[at] = course.out[at] = 0.0
        course.told[at] = nan
    site.today = day
    for course in site.courses.values():
        if day in course.ahead:
            _foretell(site, course, day, course.ahead[day])


def _settle(site: Tallies) -> None:
    for sku in site.out:
        course = site.courses[sku]
        if course.out_ms is not None and course.out_ms < site.now_ms:
            _be_out(site, course, course.out_ms, site.now_ms, 1)
            course.out_ms = site.now_ms


def _be_out(site: Tallies, course: Course, from_ms: int, to_ms: int, sign: int) -> None:
    for day, share in shares(site.timezone, from_ms, to_ms, site.today - DAYS + 1):
        if day > site.today:
            break
        _count(site, course, day, -1)
        course.out[day % DAYS] = min(1.0, max(0.0, course.out[day % DAYS] + sign * share))
        _count(site, course, day, 1)


def _step(site: Tallies, course: Course, step: Step) -> Outcome:
    if no := _unfit(course, step):
        return no
    _stand(site, course, -1)
    booked = _booked(site, course, step)
    _stand(site, course, 1)
    return booked


def _unfit(course: Course, step: Step) -> Outcome | None:
    if step.at_ms < course.last_ms:
        return "late"
    return None if isfinite(step.value) and isfinite(step.cost) else "unfit"


def _booked(site: Tallies, course: Course, step: Step) -> Outcome:
    day, value = _day(site, step.at_ms), max(0.0, step.value)  # what is owed is no stock, and keeping it costs nothing
    if not course.first_day:
        course.first_day = day
        _begun(site, course, 1)
    if course.out_ms is not None:  # time up to now may have been booked before this came
        early = step.at_ms < course.out_ms
        span = (step.at_ms, course.out_ms) if early else (course.out_ms, step.at_ms)
        _be_out(site, course, *span, -1 if early else 1)
    changed = value - course.value
    if day > site.today - DAYS:
        at = day % DAYS
        _count(site, course, day, -1)
        course.picked[at] += step.picked
        course.owed[at] += step.owed
        course.cost[at] += step.cost
        course.change[at] += changed
        _count(site, course, day, 1)
    else:
        course.opening += changed
        site.openings["change"] += changed
        site.openings["held"] += changed * course.rate
    course.on_hand, course.value, course.last_ms = step.on_hand, value, step.at_ms
    course.moved_day = day if step.moved else course.moved_day
    course.sold_day = day if step.picked > 0 else course.sold_day
    out = step.on_hand <= 0 and course.stocked
    course.out_ms = step.at_ms if out else None
    (site.out.add if out else site.out.discard)(step.sku)
    return "taken"


def _refused(site: Tallies, course: Course, fact: Refused) -> Outcome:
    day = _day(site, fact.at_ms)
    if day <= site.today - DAYS:
        return "old"
    _count(site, course, day, -1)
    course.refused[day % DAYS] += fact.units
    _count(site, course, day, 1)
    return "taken"


def _counted(site: Tallies, fact: Counted) -> Outcome:
    day, sign = _day(site, fact.at_ms), -1 if fact.undo else 1
    if day <= site.today - DAYS:
        return "old"
    for name, amount in (
        ("counts", 1),
        ("agreed", fact.agreed),
        ("compared", compared(fact.counted, fact.expected)),
        ("differed", abs(fact.counted - fact.expected)),
    ):
        site.days[name][day % DAYS] += sign * amount
    return "taken"


def _told(site: Tallies, course: Course, fact: Told) -> Outcome:
    if not (isfinite(fact.units) and fact.units >= 0):
        return "unfit"
    if not site.today - DAYS < fact.day <= site.today + AHEAD_MAX:
        return "old"
    if fact.day > site.today:
        course.ahead[fact.day] = fact.units
    else:
        _foretell(site, course, fact.day, fact.units)
    return "taken"


def _foretell(site: Tallies, course: Course, day: int, units: float) -> None:
    _count(site, course, day, -1, foretold=True)
    course.told[day % DAYS] = units
    _count(site, course, day, 1, foretold=True)


def _pace(site: Tallies, course: Course, fact: Pace) -> Outcome:
    if not (isfinite(fact.units_a_day) and fact.units_a_day >= 0 and isfinite(fact.unit_cost)):
        return "unfit"
    _stand(site, course, -1)
    course.pace = Pacing(fact.units_a_day, fact.unit_cost)
    _stand(site, course, 1)
    return "taken"


def _day(site: Tallies, at_ms: int) -> int:
    return min(local_day(site.timezone, at_ms), site.today)


def _begun(site: Tallies, course: Course, sign: int) -> None:
    if not course.stocked:
        return
    if course.first_day > site.today - DAYS:
        site.days["begun"][course.first_day % DAYS] += sign
    else:
        site.openings["begun"] += sign


def _count(site: Tallies, course: Course, day: int, sign: int, foretold: bool = False) -> None:
    """Add (or take off) what one day of an SKU is to the site's sums; that of a day without a forecast is nothing to
    its week, but when it gets one."""
    at, days = day % DAYS, site.days
    change = sign * course.change[at]
    days["picked"][at] += sign * course.picked[at]
    days["owed"][at] += sign * course.owed[at]
    days["cost"][at] += sign * course.cost[at]
    days["change"][at] += change
    days["held"][at] += change * course.rate
    days["lost"][at] += sign * lost(course, at)
    days["out"][at] += sign * course.out[at]
    monday = monday_of(day)
    if (isnan(course.told[at]) and not foretold) or monday <= site.today - DAYS:
        return
    told, came, judged = week_error(course, monday, site.today)
    at = monday % DAYS
    days["told"][at] += sign * told
    days["came"][at] += sign * came
    days["off"][at] += sign * abs(told - came)
    days["judged"][at] += sign * judged


def _stand(site: Tallies, course: Course, sign: int) -> None:
    """Add (or take off) how one SKU stands now."""
    now = site.standing
    if course.on_hand > 0:
        now["on_hand_skus"] += sign
        if is_dead(course, site.today):
            now["dead"] += sign * course.value
            now["dead_skus"] += sign
        elif slow := excess(course, site.today):
            now["slow"] += sign * slow * course.value
            now["slow_skus"] += sign
    if course.pace is not None:
        now["covered"] += sign * course.value
        now["pace_cost"] += sign * course.pace.units * course.pace.cost
        now["paced_skus"] += sign
