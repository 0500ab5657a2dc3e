"""Plain files to plan from: items and demand as CSV. Every row that can not be used is reported, the others are used.

ITEMS has one row an SKU, DEMAND one a sale or a day: sku, date, units. Columns may stand in any order, others are left
alone; comma, semicolon or tab; UTF-8. A file has one way to write dates, that of most of its rows.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice, tee
from math import isfinite
from pathlib import Path
from typing import Any

from msgspec import Struct

from cloud.core.planning.demand_table import DemandTable, TooManyCellsError, demand_table, span
from cloud.core.planning.items import DEFAULTS, REQUIRED, WHOLE, Item, unfit

PROBLEMS_MAX = 100_000
"""Bad rows that are named; beyond, they are counted."""
SEPARATORS = ",;\t"
DATES = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYY/MM/DD": "%Y/%m/%d",
    "YYYYMMDD": "%Y%m%d",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
}
"""Ways to write a date."""
UNITS_MAX = 1e9
YEARS = (1900, 2199)


class SheetError(ValueError):
    """A file can not be used as a whole; the message says why and what to do."""


class BadRow(Struct, frozen=True):
    """A row that was left out: where it stands, why, and what to do."""

    file: str
    line: int
    reason: str


class Problems:
    """The rows that were left out; from `PROBLEMS_MAX` on they are only counted."""

    def __init__(self) -> None:
        self.rows: list[BadRow] = []
        self.count = 0

    def add(self, file: str, line: int, reason: str) -> None:
        """One more."""
        self.count += 1
        if len(self.rows) < PROBLEMS_MAX:
            self.rows.append(BadRow(file, line, reason))


class _Sheet:
    """A file's rows as (line, values of the wanted columns)."""

    def __init__(self, path: Path, required: tuple[str, ...], wanted: tuple[str, ...], problems: Problems) -> None:
        self.name, self._path, self._problems = str(path), path, problems
        self._required, self.wanted = required, wanted

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Raises `SheetError` where the header lacks a column, or the file is no text."""
        try:
            with self._path.open(newline="", encoding="utf-8-sig") as source:
                yield from self._rows(source)
        except UnicodeDecodeError as error:
            raise SheetError(f"{self.name} is not UTF-8 text ({error.reason}); save it as CSV UTF-8") from None

    def _rows(self, source: Any) -> Iterator[tuple[int, list[str]]]:
        first = source.readline()
        separator = max(SEPARATORS, key=first.count)
        header = [name.strip().lower() for name in next(csv.reader([first], delimiter=separator), [])]
        missing = [name for name in self._required if name not in header]
        if missing:
            raise SheetError(
                f"{self.name} has no column {' or '.join(missing)}; its first line must name the columns, "
                f"such as {separator.join(self.wanted)}"
            )
        twice = next((name for name in self.wanted if header.count(name) > 1), "")
        if twice:
            raise SheetError(f"{self.name} has two columns {twice}; leave one out")
        at = [header.index(name) if name in header else -1 for name in self.wanted]
        width = max(at) + 1
        told, texts = tee(source)
        reader = csv.reader(told, delimiter=separator)
        rows, line = zip(reader, texts, strict=False), 1
        while True:
            try:
                for row, text in rows:
                    line += 1
                    if reader.line_num >= line:  # one row of several lines
                        lines = [text, *islice(texts, reader.line_num - line + 1)]
                        yield from self._several(row, lines, line, separator, at)
                        line = reader.line_num + 1
                    elif len(row) >= width:
                        yield line, [row[column].strip() if column >= 0 else "" for column in at]
                    elif any(row):
                        self.bad(line, f"{len(row)} fields where {width} are wanted")
                return
            except csv.Error as error:
                lines = list(islice(texts, reader.line_num - line + 1))
                if len(lines) == 1:
                    self.bad(line + 1, f"not CSV ({error})")
                else:
                    yield from self._several([], lines, line + 1, separator, at)
                line = reader.line_num + 1

    def _several(
        self, row: list[str], lines: list[str], first: int, separator: str, at: list[int]
    ) -> Iterator[tuple[int, list[str]]]:
        """A row of several lines; or, where a quote was not closed, the rows that it took along."""
        width = max(at) + 1
        alone = [_alone(one, separator) for one in lines]
        ends = '""' not in lines[-1] and any('"' in field for field in alone[-1])  # a text of several lines
        if row and (ends or all(len(one) < width for one in alone[1:])):
            alone = [row]
        for line, one in enumerate(alone, first):
            if len(one) >= width:
                yield line, [one[column].strip() if column >= 0 else "" for column in at]
            elif any(one):
                self.bad(line, f"{len(one)} fields where {width} are wanted; is a quote not closed?")

    def bad(self, line: int, reason: str) -> None:
        """Leave a row out."""
        self._problems.add(self.name, line, reason)


def _alone(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return [line[:40]]


def read_items(path: Path, problems: Problems) -> dict[str, Item]:
    """The items by SKU, in the file's order. Raises `SheetError` and `OSError`."""
    wanted = tuple(name for name in Item.__struct_fields__)
    sheet = _Sheet(path, REQUIRED, wanted, problems)
    found: dict[str, Item] = {}
    lines: dict[str, int] = {}
    for line, values in sheet.rows():
        fields: dict[str, Any] = {}
        reason = ""
        for name, text in zip(wanted[1:], values[1:], strict=True):
            if text == "":
                if name in REQUIRED:
                    reason = f"no {name}; give one"
                    break
                fields[name] = DEFAULTS[name]
                continue
            number = _number(text)
            if number is None:
                reason = f"{name} is {text[:40]!r}, which is no number"
                break
            fields[name] = int(number) if name in WHOLE and number == int(number) else number
        sku = values[0]
        if not sku:
            reason = "no sku; name one"
        elif not reason and sku in found:
            reason = f"sku {sku!r} stands in line {lines[sku]} already; leave one out"
        item = Item(sku, **fields) if not reason else None
        reason = reason or unfit(item)
        if item is None or reason:
            sheet.bad(line, reason)
        else:
            found[sku], lines[sku] = item, line
    return found


def read_demand(path: Path, problems: Problems, dates: str = "") -> DemandTable:
    """The demand by day; several rows of one SKU and day add up. `dates` is one of `DATES`, "" the way that most rows
    are written in. Raises `SheetError`, also where that can not be told, and `OSError`."""
    sheet = _Sheet(path, ("sku", "date", "units"), ("sku", "date", "units"), problems)
    skus: dict[str, int] = {}
    written: dict[str, int] = {}
    rows, days, units, lines = [], [], [], []
    for line, (sku, day, text) in sheet.rows():
        number = _number(text)
        if not sku:
            sheet.bad(line, "no sku; name one")
        elif number is None:
            sheet.bad(line, f"units are {text[:40]!r}, which is no number")
        elif number < 0:
            sheet.bad(line, f"units are {text}: demand is not below 0; leave returns out")
        elif number > UNITS_MAX:
            sheet.bad(line, f"units are {text}: more than {UNITS_MAX:g} a row are not believed")
        else:
            rows.append(skus.setdefault(sku, len(skus)))
            days.append(written.setdefault(day, len(written)))
            units.append(number)
            lines.append(line)
    if not rows:
        raise SheetError(f"{sheet.name} has no row that can be used")
    ways = list(written)
    ordinals = _ordinals(ways, sheet, dates)
    first, last = span(ordinals, [count for _, count in sorted(Counter(days).items())])
    usable = [first <= ordinal <= last for ordinal in ordinals]
    usual = next(way for way, ordinal in zip(ways, ordinals, strict=True) if ordinal)
    good = []
    for at, which in enumerate(days):
        if usable[which]:
            good.append(at)
        elif ordinals[which]:
            most = f"nearly all rows are of {date.fromordinal(first)} to {date.fromordinal(last)}"
            sheet.bad(lines[at], f"date {ways[which][:40]!r} is years away from the others: {most}")
        else:
            sheet.bad(lines[at], f"date {ways[which][:40]!r} is not written like the others ({usual}), or is no date")
    on = [ordinals[days[at]] for at in good]
    try:
        return demand_table(list(skus), [rows[at] for at in good], on, [units[at] for at in good])
    except TooManyCellsError as error:
        between = f"{date.fromordinal(min(on))} to {date.fromordinal(max(on))}"
        hint = "is a date wrong? Else plan a part of the SKUs at a time"
        raise SheetError(f"{sheet.name}: {error}, {between}; {hint}") from None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) and "_" not in text else None


def _ordinals(texts: list[str], sheet: _Sheet, dates: str) -> list[int]:
    """Each text's day, 0 where it is not written as most are."""
    ways = {dates: DATES[dates]} if dates else DATES
    read = {way: [_day(text, form) for text in texts] for way, form in ways.items()}
    most = max(sum(map(bool, days)) for days in read.values())
    best = [way for way, days in read.items() if sum(map(bool, days)) == most]
    if most == 0:
        raise SheetError(f"{sheet.name}: {texts[0][:40]!r} is no date; write them as {' or '.join(DATES)}")
    if any(read[one] != read[best[0]] for one in best):
        raise SheetError(f"{sheet.name}: its dates may be {' or '.join(best)}; say which, with --dates")
    return read[best[0]]


def _day(text: str, form: str) -> int:
    try:
        day = datetime.strptime(text, form)
    except ValueError:
        return 0
    return day.toordinal() if YEARS[0] <= day.year <= YEARS[1] else 0
