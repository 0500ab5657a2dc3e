"""A series as CSV: a time and the numbers of one or more channels in each row, read as they come.

Comma, semicolon or tab. The time column is named timestamp (or datetime, date, time), or stands first. Rows whose time
can not be read are told and left out, a cell that is no number is told and the rest of its row used. Where the newest
row stands first, a file is read from its end. Nothing is read one of two ways without a word.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise

from msgspec import Struct, field

from cloud.sheet_cells import CELL_SHOWN, Cells, Tally, tallies
from cloud.sheet_commas import Commas
from cloud.sheet_dates import ALIKE
from cloud.sheet_lines import SAVE, is_wide
from cloud.sheet_times import Order, order_by_end, order_of, tells_the_order, time_ms
from cloud.sheets import SheetError, separator_of

TIME_NAMES = ("timestamp", "datetime", "date", "time", "ts")
PEEK_ROWS = 200
"""So many first rows tell which columns hold numbers, and whether the day or the month comes first."""
LOOK_ROWS = 20_000
"""For a column that is no number in those, so many are looked at."""
CHANNELS_MAX = 64
LABELS = re.compile(
    r"(is[ _-]?)?(anomal(y|ies|ous)|outliers?|change[ _-]?points?)([ _-]?(scores?|labels?|flags?|prob(ability)?))?"
    r"|(.*[ _-])?labels?|.*ground[ _-]?truth",
    re.IGNORECASE,
)
"""A column named so says what is true of a row, or was judged of it, and is no channel unless it is asked for."""
LABEL = "a column of that name says what is true of a row, or was judged of it"
SPLIT_SHARE = 0.5
"""Where so many of the first rows look like numbers that a decimal comma cut in two, the file is not used."""
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
        dates: str = "",
    ) -> None:
        """`backwards` gives the lines from the last to the second, each with its number. `dates`: which of `ALIKE` its
        dates are, "" where the file is to tell. Raises `SheetError` where there is no header, no such column, or no
        column of numbers, where the newest row stands first in what can not be read from its end, and where numbers
        are cut in two."""
        source = iter(lines)
        first = next(source, "").removeprefix("\ufeff")
        if is_wide(first):
            raise SheetError(f"{name} is not UTF-8 text, but may be UTF-16; {SAVE}")
        self._separator = separator_of(first)
        self._commas: dict[str, Commas] | None = {} if self._separator == "," else None
        self._numbers = Cells(self._separator, self._commas)
        header = [one.strip() for one in self._cells(first)]
        unknown = [one for one in (*only, *without) if one not in header]
        if unknown:
            raise SheetError(f"{name} has no column {unknown[0]!r}; it has {', '.join(header)}")
        numbered: Iterator[tuple[int, str]] = enumerate(source, 2)
        ahead = list(islice(numbered, peek_rows))
        rows = [self._cells(text) for _, text in ahead]
        self._time = self._time_column(name, header, rows)
        texts = [row[self._time].strip() for row in rows if len(row) > self._time]
        self.day_first, self._order = (
            (dates == ALIKE[0], "") if dates else self._ordered(texts, ahead, numbered, peek_rows, look_rows, backwards)
        )
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
        self._columns = asked or self._chosen(header, told, len(ahead) >= look_rows)
        self.channels = [header[at] for at in self._columns]
        self.left_out = [header[at] for at in candidates if at not in self._columns]
        self.why_left_out = {header[at]: told[at].why_not for at in open_to if at not in self._columns}
        self.why_left_out |= {header[at]: LABEL for at in candidates if not only and at not in open_to}
        """Of each column that is not watched, where it was not chosen so."""
        self._texts = [at for at in open_to if at not in self._columns and not told[at].numbers]
        self._header = header
        self._rows = chain(ahead, numbered)
        self._look_at_commas(name, ahead)
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

    def _ordered(
        self,
        texts: list[str],
        ahead: list[tuple[int, str]],
        numbered: Iterator[tuple[int, str]],
        peek_rows: int,
        look_rows: int,
        backwards: Callable[[], Iterator[tuple[int, str]]] | None,
    ) -> Order:
        """Whether the day or the month comes first. Where the first rows do not tell, more rows, put into `ahead`, are
        looked at; then the last one."""
        order = order_of(texts)
        while order[1] and len(ahead) < look_rows:
            more = [*islice(numbered, min(peek_rows, look_rows - len(ahead)))]
            ahead += more
            fresh = [row[self._time].strip() for _, text in more if len(row := self._cells(text)) > self._time]
            texts += fresh
            if not more or tells_the_order(fresh):
                return order_of(texts)
        order = order_of(texts) if order[1] else order
        if order[1] == "default" and backwards is not None and texts:
            number, last = next(((line, row) for line, row in backwards() if row.strip()), (0, ""))
            cells = self._cells(last)
            if len(cells) > self._time:
                return order_by_end(texts, cells[self._time].strip(), number - 2)
        return order

    def _look_at_commas(self, name: str, ahead: list[tuple[int, str]]) -> None:
        """What the first rows tell of commas within numbers. Raises `SheetError` where they have cut these in two."""
        if self._commas is None:
            return
        split, first = 0, ""
        for line, text in ahead:
            row = self._cells(text)
            if self._is_split(row):
                split += 1
                what = f"line {line} has {len(row)} cells under {len(self._header)} names, as decimal commas make"
                first = first or f"{what}: {text.strip()[:CELL_SHOWN]!r}"
                continue
            for at, channel in zip(self._columns, self.channels, strict=True):
                if len(row) > at:
                    self._commas.setdefault(channel, Commas()).look(row[at])
        if split and split >= SPLIT_SHARE * len(ahead):
            raise SheetError(f"{name}: {first}; write points, put such numbers in quotes, or separate cells by ;")

    def _is_split(self, row: list[str]) -> bool:
        """Whether there are more cells than names, and two of them may be one number that its comma cut in two."""
        if self._commas is None or len(row) <= len(self._header) or not any(row[len(self._header) :]):
            return False
        pairs = ((row[at].strip(), row[at + 1].strip()) for at in self._columns)
        return any(whole.lstrip("+-").isdigit() and part.isdigit() for whole, part in pairs)

    @staticmethod
    def _chosen(header: list[str], told: dict[int, Tally], goes_on: bool) -> list[int]:
        """The columns of numbers. Where rows follow that were not looked at, one that has no cell of text is waited
        for, and in any case where there is no other."""
        found = [at for at, one in told.items() if one.is_channel]
        awaited = [at for at, one in told.items() if one.is_awaited and header.count(header[at]) == 1 and header[at]]
        if goes_on and len(found) + len(awaited) <= CHANNELS_MAX:
            return sorted(found + awaited)
        return found or [at for at in awaited if told[at].wrong]

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
        names = len(self._header)
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
            if self._order:
                way = ALIKE[0] if self.day_first else ALIKE[1]
                one.notes.append((f"dates {'taken' if self._order == 'default' else 'read'} as {way}", "", text))
                self._order = ""
            if len(row) > names and self._is_split(row):
                one.values = [None] * len(columns)
                one.notes.append(("more cells than names", "", written.strip()[:CELL_SHOWN]))
                yield one
                continue
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
