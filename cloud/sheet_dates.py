"""Which day a written date means, in a file that may write its dates in several ways.

Most ways are told apart by their looks, and a file may have several of them. 03/04/2026 may be two days; then the
others of the file decide, and where they are of both kinds, nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

DATES = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYY/MM/DD": "%Y/%m/%d",
    "YYYYMMDD": "%Y%m%d",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
}
"""Ways to write a date."""
ALIKE = ("DD/MM/YYYY", "MM/DD/YYYY")
"""What may be either of these may be two days."""
SLIPS_SHARE = 0.01
"""Of the dates that only one of `ALIKE` fits, so small a share of the other kind are slips."""
YEARS = (1900, 2199)


class UnclearDatesError(ValueError):
    """No text is a date, or nothing tells what most of them mean."""


def days_of(texts: Sequence[str], rows: Sequence[int], way: str = "") -> list[tuple[int, ...]]:
    """The ordinal of each text's day: none where it is no date, two where it may be either of them. `rows` tells how
    often each is written. With a `way` of `DATES` it alone is read. Raises `UnclearDatesError`."""
    read = [{name: day for name, form in _ways(way).items() if (day := _day(text, form))} for text in texts]
    if not any(read):
        raise UnclearDatesError(f"{texts[0][:40]!r} is no date; write them as {' or '.join(DATES)}")
    days = [tuple(sorted(set(one.values()))) for one in read]
    sure = dict.fromkeys(ALIKE, 0)
    for one, count in zip(read, rows, strict=True):
        fits = [name for name in ALIKE if name in one]
        if len(fits) == 1:
            sure[fits[0]] += count
    less, more = sorted(ALIKE, key=sure.__getitem__)
    dates = sum(count for one, count in zip(days, rows, strict=True) if one)
    doubtful = sum(count for one, count in zip(days, rows, strict=True) if len(one) > 1)
    if sure[more] == 0 < doubtful and 2 * doubtful >= dates:
        raise UnclearDatesError(f"its dates may be {' or '.join(ALIKE)}; say which, with --dates")
    if sure[more] and sure[less] <= SLIPS_SHARE * (sure[less] + sure[more]):
        return [(one[more],) if len(told) > 1 else told for one, told in zip(read, days, strict=True)]
    return days


def _ways(way: str) -> dict[str, str]:
    return {way: DATES[way]} if way else DATES


def _day(text: str, form: str) -> int:
    try:
        day = datetime.strptime(text, form)
    except ValueError:
        return 0
    return day.toordinal() if YEARS[0] <= day.year <= YEARS[1] else 0
