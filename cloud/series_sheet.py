"""A series as CSV: a time and the numbers of one or more channels in each row, read as they come.

Comma, semicolon or tab. The time column is named timestamp (or datetime, date, time), or stands first. Rows whose time
can not be read are told and left out, a cell that is no number is told and the rest of its row used. Where the newest
row stands first, a file is read from its end.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice, pairwise
from math import isfinite

from msgspec import Struct, field

from cloud.sheet_cells import CELL_SHOWN, Cells, Tally, tallies
from cloud.sheet_lines import SAVE, is_wide
from cloud.sheets import SheetError, separator_of

TIME_NAMES = ("timestamp", "datetime", "date", "time", "ts")
PEEK_ROWS = 200
"""So many first rows tell which columns hold numbers, and whether the day or the month comes first."""
LOOK_ROWS = 20_000
"""For a column that is no number in those, so many are looked at."""
CHANNELS_MAX = 64
LABELS = re.compile(r"(is_)?anomal(y|ies)|change_?points?|labels?|.*ground truth", re.IGNORECASE)
"""A column named so says what is true of a row, and is no channel unless it is asked for."""
SECONDS_MAX = 1e11
"""A time that is a greater number counts milliseconds."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITTEN = re.compile(r"(\d{1,4})[/.](\d{1,2})[/.](\d{1,4})[ T]?(?:(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?")
TURNED_STEPS, TURNED_SHARE = 5, 0.8
"""So many steps of time at least, and so many of them back: the newest row stands first."""


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
        look_rows: int = LOOK_ROWS,
        backwards: Callable[[], Iterator[tuple[int, str]]] | None = None,
    ) -> None:
        """`backwards` gives the lines from the last to the second, each with its number. Raises `SheetError` where
        there is no header, no such column, or no column of numbers, and where the newest row stands first in what can
        not be read from its end."""
        source = iter(lines)
        first = next(source, "").removeprefix("\ufeff")
        if is_wide(first):
            raise SheetError(f"{name} is not UTF-8 text, but may be UTF-16; {SAVE}")
        self._separator = separator_of(first)
        self._numbers = Cells(self._separator)
        header = [one.strip() for one in self._cells(first)]
        unknown = [one for one in (*only, *without) if one not in header]
        if unknown:
            raise SheetError(f"{name} has no column {unknown[0]!r}; it has {', '.join(header)}")
        numbered: Iterator[tuple[int, str]] = enumerate(source, 2)
        ahead = list(islice(numbered, peek_rows))
        rows = [self._cells(text) for _, text in ahead]
        self._time = self._time_column(name, header, rows)
        texts = [row[self._time] for row in rows if len(row) > self._time]
        self.day_first = _day_first(texts)
        steps, back = self._steps_back(texts)
        self.turned = steps >= TURNED_STEPS and back >= TURNED_SHARE * steps
        """Whether it is read from its end."""
        if self.turned:
            if backwards is None:
                what = f"the newest row stands first ({back} of the first {steps} steps of time go back)"
                raise SheetError(f"{name}: {what}; sort it by time, the oldest first, or give it as a file of UTF-8")
            numbered = backwards()
            ahead = list(islice(numbered, peek_rows))
        candidates = [at for at, one in enumerate(header) if at != self._time and one not in without]
        asked = [at for at in candidates if header[at] in only]
        open_to = [] if only else [at for at in candidates if not LABELS.fullmatch(header[at])]
        told = self._looked(ahead, numbered, open_to, peek_rows, look_rows)
        self._columns = asked or [at for at in open_to if told[at].is_channel]
        if not self._columns:  # of a live series nothing may have been measured yet
            self._columns = [at for at in open_to if told[at].wrong and not told[at].texts]
        self.channels = [header[at] for at in self._columns]
        self.left_out = [header[at] for at in candidates if at not in self._columns]
        self.why_left_out = {header[at]: told[at].why_not for at in open_to if at not in self._columns}
        """Of columns that are none of numbers."""
        self._texts = [at for at in open_to if at not in self._columns and not told[at].numbers]
        self._header = header
        self._rows = chain(ahead, numbered)
        if not self.channels:
            why = "".join(f"; {one}: {said}" for one, said in [*self.why_left_out.items()][:3])
            raise SheetError(f"{name} has no column of numbers{why}; its columns are such as timestamp,value")
        if len(self.channels) > CHANNELS_MAX:
            raise SheetError(
                f"{name} has {len(self.channels)} channels, {CHANNELS_MAX} at most; choose with --channels"
            )
        twice = next((one for one in self.channels if self.channels.count(one) > 1), "")
        if twice:
            raise SheetError(f"{name} has two columns {twice!r}; rename one")

    def _looked(
        self,
        ahead: list[tuple[int, str]],
        numbered: Iterator[tuple[int, str]],
        columns: Sequence[int],
        peek_rows: int,
        look_rows: int,
    ) -> dict[int, Tally]:
        """What the first rows have in each column; where that does not make it a channel, more rows, put into
        `ahead`, are looked at."""
        told = tallies(columns)
        open_to, seen = list(columns), 0
        while True:
            for line, text in ahead[seen:]:
                row = self._cells(text)
                for at in open_to:
                    if len(row) > at:
                        told[at].add(self._numbers, line, row[at])
            seen = len(ahead)
            open_to = [at for at in open_to if not told[at].is_channel]
            if not open_to or seen >= look_rows:
                return told
            ahead += islice(numbered, min(peek_rows, look_rows - seen))
            if len(ahead) == seen:
                return told

    def _steps_back(self, texts: Sequence[str]) -> tuple[int, int]:
        """How many steps of time the rows make, and how many of them go back."""
        known = [at_ms for text in texts if (at_ms := time_ms(text.strip(), self.day_first)) is not None]
        steps = [later - earlier for earlier, later in pairwise(known) if later != earlier]
        return len(steps), sum(step < 0 for step in steps)

    def _time_column(self, name: str, header: list[str], rows: list[list[str]]) -> int:
        lowered = [one.lower() for one in header]
        for known in TIME_NAMES:
            if known in lowered:
                return lowered.index(known)
        named = next((one for one in header if time_ms(one, False) is not None and not one.isdigit()), "")
        if named:
            raise SheetError(
                f"{name} has no line of names: its first line is a row (of {named!r}); put one before it, such as "
                f"timestamp,value"
            )
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
        number = self._numbers.number
        columns = [*zip(self._columns, self.channels, strict=True)]
        for line, written in self._rows:
            row = self._cells(written)
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
            for column, channel in columns:
                value, note = number(row[column], channel)
                one.values.append(value)
                if note:
                    one.notes.append((note, channel, row[column].strip()[:CELL_SHOWN]))
            if self._texts:
                self._look(row, one)
            yield one

    def _look(self, row: list[str], one: Row) -> None:
        """Note a number in a column that was taken for one of text, the first of each."""
        for column in self._texts:
            cell = row[column].strip() if len(row) > column else ""
            if cell and cell[0] in "0123456789+-.," and self._numbers.begins(cell):
                one.notes.append(("a number in a column left out", self._header[column], cell[:CELL_SHOWN]))
                self._texts = [at for at in self._texts if at != column]


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
