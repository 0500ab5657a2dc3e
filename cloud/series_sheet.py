"""A series as CSV: a time and the numbers of one or more channels in each row, read as they come.

Comma, semicolon or tab; UTF-8. The time column is named timestamp (or datetime, date, time), or stands first. A cell
may carry its unit (`71.6 F`); a channel's first unit is its unit. Rows whose time can not be read are told and
left out, a cell that is no number is told and the rest of its row used.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice, pairwise
from math import isfinite

from msgspec import Struct, field

from cloud.sheets import SheetError, separator_of

TIME_NAMES = ("timestamp", "datetime", "date", "time", "ts")
PEEK_ROWS = 200
"""So many first rows tell which columns hold numbers, and whether the day or the month comes first."""
NUMBERS_SHARE = 0.5
CHANNELS_MAX = 64
LABELS = re.compile(r"(is_)?anomal(y|ies)|change_?points?|labels?|.*ground truth", re.IGNORECASE)
"""A column named so says what is true of a row, and is no channel unless it is asked for."""
VALUE_MAX = 1e100
"""No channel measures more; such a number is none."""
SECONDS_MAX = 1e11
"""A time that is a greater number counts milliseconds."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITTEN = re.compile(r"(\d{1,4})[/.](\d{1,2})[/.](\d{1,4})[ T]?(?:(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?")
CELL = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\W\d_]\w{0,5}|[°℃℉%]\w?)")
UNITS: dict[str, tuple[str, float, float]] = {
    **dict.fromkeys(("C", "°C", "degC", "℃"), ("temperature", 1.0, 0.0)),
    **dict.fromkeys(("F", "°F", "degF", "℉"), ("temperature", 1 / 1.8, -32 / 1.8)),
    "K": ("temperature", 1.0, -273.15),
    **{name: ("pressure", factor, 0.0) for name, factor in (("Pa", 1.0), ("hPa", 1e2), ("mbar", 1e2), ("kPa", 1e3))},
    **{name: ("pressure", factor, 0.0) for name, factor in (("bar", 1e5), ("psi", 6894.757293168361))},
    **{name: ("power", factor, 0.0) for name, factor in (("mW", 1e-3), ("W", 1.0), ("kW", 1e3))},
    **{name: ("current", factor, 0.0) for name, factor in (("mA", 1e-3), ("A", 1.0))},
    **{name: ("voltage", factor, 0.0) for name, factor in (("mV", 1e-3), ("V", 1.0), ("kV", 1e3))},
    **{name: ("mass", factor, 0.0) for name, factor in (("mg", 1e-3), ("g", 1.0), ("kg", 1e3))},
    "%": ("share", 1.0, 0.0),
}
"""Unit -> its quantity, and what brings a number to that quantity's first unit."""


class Row(Struct):
    """A row that has a time: its line, the time as written, a number of each channel or None, and what was wrong with
    it as (what, channel, cell)."""

    line: int
    timestamp: str
    at_ms: int
    values: list[float | None]
    notes: list[tuple[str, str, str]] = field(default_factory=list)


class Refused(Struct):
    """A row whose time can not be read."""

    line: int
    timestamp: str
    reason: str


class Series:
    """An open series: its channels, and the columns that are none; iterate for its rows."""

    def __init__(
        self,
        name: str,
        lines: Iterable[str],
        only: Sequence[str] = (),
        without: Sequence[str] = (),
        peek_rows: int = PEEK_ROWS,
    ) -> None:
        """Raises `SheetError` where there is no header, no such column, or no column of numbers."""
        source = iter(lines)
        first = next(source, "").removeprefix("\ufeff")
        self._separator = separator_of(first)
        header = [one.strip() for one in self._cells(first)]
        unknown = [one for one in (*only, *without) if one not in header]
        if unknown:
            raise SheetError(f"{name} has no column {unknown[0]!r}; it has {', '.join(header)}")
        rows = ((line, self._cells(text)) for line, text in enumerate(source, 2))
        peeked = list(islice(rows, peek_rows))
        self._rows = chain(peeked, rows)
        self._time = self._time_column(name, header, [row for _, row in peeked])
        texts = [row[self._time] for _, row in peeked if len(row) > self._time]
        self.day_first = _day_first(texts)
        candidates = [at for at, one in enumerate(header) if at != self._time and one not in without]
        self._columns = [
            at
            for at in candidates
            if (
                header[at] in only if only else _is_channel(header[at], [row[at] for _, row in peeked if len(row) > at])
            )
        ]
        self.channels = [header[at] for at in self._columns]
        self.left_out = [header[at] for at in candidates if at not in self._columns]
        self._units: dict[str, str] = {}
        if not self.channels:
            raise SheetError(f"{name} has no column of numbers; its columns are such as timestamp,value")
        if len(self.channels) > CHANNELS_MAX:
            raise SheetError(
                f"{name} has {len(self.channels)} channels, {CHANNELS_MAX} at most; choose with --channels"
            )
        twice = next((one for one in self.channels if self.channels.count(one) > 1), "")
        if twice:
            raise SheetError(f"{name} has two columns {twice!r}; rename one")

    def _time_column(self, name: str, header: list[str], rows: list[list[str]]) -> int:
        lowered = [one.lower() for one in header]
        for known in TIME_NAMES:
            if known in lowered:
                return lowered.index(known)
        if len(header) > 1 and any(time_ms(row[0], False) is not None and "-" in row[0][1:] for row in rows if row):
            return 0
        raise SheetError(
            f"{name} has no column timestamp; its first line must name the columns, such as timestamp,value"
        )

    def _cells(self, text: str) -> list[str]:
        """A line's cells. Each line stands alone, so a quote that is not closed spoils no other."""
        if '"' in text:
            try:
                return next(csv.reader([text], delimiter=self._separator), [])
            except csv.Error:
                text = text.replace('"', "")
        return text.rstrip("\r\n").split(self._separator)

    def __iter__(self) -> Iterator[Row | Refused]:
        width = max(self._time, *self._columns) + 1
        for line, row in self._rows:
            if not any(map(str.strip, row)):
                continue
            text = row[self._time].strip() if len(row) > self._time else ""
            at_ms = time_ms(text, self.day_first)
            if at_ms is None:
                yield Refused(line, text[:40], "no time" if not text else "a time that can not be read")
                continue
            one = Row(line, text, at_ms, [])
            if len(row) < width:
                row = [*row, *[""] * (width - len(row))]
            for column, channel in zip(self._columns, self.channels, strict=True):
                one.values.append(self._number(row[column], channel, one))
            yield one

    def _number(self, text: str, channel: str, row: Row) -> float | None:
        try:
            number = float(text)
        except ValueError:
            return self._told(text.strip(), channel, row)
        if abs(number) <= VALUE_MAX and "_" not in text:
            self._units.setdefault(channel, "")
            return number
        row.notes.append(("no number", channel, text.strip()[:40]))
        return None

    def _told(self, text: str, channel: str, row: Row) -> float | None:
        """A cell that is not simply a number."""
        if not text:
            row.notes.append(("empty", channel, ""))
            return None
        if self._separator == ";" and text.count(",") == 1 and "." not in text:
            text = text.replace(",", ".")
            try:
                return float(text)
            except ValueError:
                pass
        found = CELL.fullmatch(text)
        if found is None or found[2].strip() not in UNITS:
            row.notes.append(("no number", channel, text[:40]))
            return None
        unit = found[2].strip()
        own = self._units.setdefault(channel, unit)
        if not own:
            row.notes.append(("a unit among numbers without", channel, text[:40]))
            return None
        quantity, factor, summand = UNITS[unit]
        own_quantity, own_factor, own_summand = UNITS[own]
        if quantity != own_quantity:
            row.notes.append(("another quantity", channel, text[:40]))
            return None
        if (factor, summand) == (own_factor, own_summand):
            return float(found[1])
        row.notes.append(("converted", channel, text[:40]))
        return (factor * float(found[1]) + summand - own_summand) / own_factor


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
    try:
        when = datetime(year + (2000 if year < 100 else 0), month, day, hour, minute, whole_s, tzinfo=UTC)
    except ValueError:
        return None
    return round((when - EPOCH).total_seconds() * 1000 + 1000 * float(found[7] or 0))


def _day_first(texts: Sequence[str]) -> bool:
    """Whether 3/4/2026 is the third of April: by dates that can be read one way only, else by how time goes on."""
    costs = []
    for day_first in (False, True):
        read = [time_ms(text, day_first) for text in texts]
        known = [one for one in read if one is not None]
        costs.append((len(read) - len(known), sum(abs(b - a) for a, b in pairwise(known))))
    return costs[1] < costs[0]


def _is_channel(name: str, cells: Sequence[str]) -> bool:
    """Whether at least half of the cells that are not empty are numbers, and they are no labels."""
    if LABELS.fullmatch(name):
        return False
    filled = [cell.strip() for cell in cells if cell.strip()]
    numbers = sum(1 for cell in filled if _begins_as_number(cell))
    return bool(filled) and numbers >= NUMBERS_SHARE * len(filled)


def _begins_as_number(cell: str) -> bool:
    found = CELL.fullmatch(cell)
    if found:
        return found[2].strip() in UNITS
    try:
        return isfinite(float(cell.replace(",", ".")))
    except ValueError:
        return False
