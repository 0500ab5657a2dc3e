"""Times as programs write them: ISO 8601, days and months in either order, a clock of 12 hours, seconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import inf, isfinite
from statistics import median

SECONDS_MAX = 1e11
"""A time that is a greater number counts milliseconds."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITTEN = re.compile(
    r"(?!\d{1,3}-\d{1,2}-\d{1,3}(?!\d))(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})"
    r"(?:(?:,?\s+|T|)(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?(?:\s*([ap])\.?m\.?)?)?",
    re.IGNORECASE,
)
NOON = 12
Order = tuple[bool, str]
"""Whether the day comes before the month, and what makes it so: "" where a date can be read one way only, "order" where
rows follow one another so, "default" where nothing tells."""


def time_ms(text: str, day_first: bool) -> int | None:
    """A time as ms since 1970; one without a zone is taken as it stands. None where it is none."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return _odd_time_ms(text.strip(), day_first)
    if len(text) < 8 or text.isdigit():
        return _odd_time_ms(text, day_first)
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def _odd_time_ms(text: str, day_first: bool) -> int | None:
    try:
        number = float(text)
    except ValueError:
        return _written_ms(text, day_first)
    if not isfinite(number) or not 0 <= number < 1e15:
        return None
    return round(number if number > SECONDS_MAX else number * 1000)


def _written_ms(text: str, day_first: bool) -> int | None:
    found = WRITTEN.fullmatch(text)
    if found is None:
        return None
    first, second, third = (int(one) for one in found.groups()[:3])
    year, month, day = (first, second, third) if len(found[1]) == 4 else (third, first, second)
    if len(found[1]) != 4 and (day_first or "." in text[:3]):
        month, day = day, month
    hour, minute, whole_s = (int(one or 0) for one in found.groups()[3:6])
    if found[8]:
        if not 1 <= hour <= NOON:
            return None
        hour = hour % NOON + (NOON if found[8] in "pP" else 0)
    try:
        when = datetime(year + (2000 if year < 100 else 0), month, day, hour, minute, whole_s, tzinfo=UTC)
    except ValueError:
        return None
    return round((when - EPOCH).total_seconds() * 1000 + 1000 * float(found[7] or 0))


def may_be_two_days(text: str) -> bool:
    """Whether it is a date of which the looks do not tell whether the day or the month comes first."""
    found = WRITTEN.fullmatch(text.strip())
    return found is not None and len(found[1]) != 4 and "." not in text.strip()[:3]


def tells_the_order(texts: Iterable[str]) -> bool:
    """Whether there is a date that can be read one way only."""
    return any(may_be_two_days(one) and (time_ms(one, False) is None) != (time_ms(one, True) is None) for one in texts)


def order_of(texts: Sequence[str]) -> Order:
    """Whether 3/4/2026 is the third of April: by dates that can be read one way only, else by how time goes on."""
    costs = []
    for day_first in (False, True):
        read = [time_ms(text, day_first) for text in texts]
        known = [one for one in read if one is not None]
        costs.append((len(read) - len(known), sum(abs(b - a) for a, b in pairwise(known))))
    day_first = costs[1] < costs[0]
    if tells_the_order(texts) or not any(map(may_be_two_days, texts)):
        return day_first, ""
    return day_first, "default" if costs[0] == costs[1] else "order"


def order_by_end(texts: Sequence[str], last: str, rows: int) -> Order:
    """The same, where these first dates do not tell, by a last one so many rows after the first: the order in which the
    rows between took as long as the first rows do."""
    known = [one for text in texts if (one := time_ms(text, False)) is not None]
    first_ms, last_ms = ([time_ms(text, way) for way in (False, True)] for text in (texts[0], last))
    steps = [abs(later - earlier) for earlier, later in pairwise(known)]
    if not steps or None in first_ms or last_ms == first_ms:
        return False, "default"
    lasted_ms = median(steps) * rows
    away = [
        inf if end is None or begin is None else abs(abs(end - begin) - lasted_ms)
        for begin, end in zip(first_ms, last_ms, strict=True)
    ]
    if away[0] == away[1]:
        return False, "default"
    return away[1] < away[0], "" if inf in away else "order"
