"""Plain files to plan from: items and demand as CSV. Every row that can not be used is reported, the others are used.

ITEMS has one row an SKU, DEMAND one a sale or a day: sku, date, units. Columns may stand in any order, others are left
alone; comma, semicolon or tab; UTF-8. A day of which a row could not be used is not known: it is no day without demand.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice, tee
from math import isfinite
from pathlib import Path
from typing import Any

from msgspec import Struct

from cloud.core.planning.demand_table import DemandTable, TooManyCellsError, demand_table, span
from cloud.core.planning.items import DEFAULTS, REQUIRED, TEXTS, WHOLE, Item, unfit
from cloud.sheet_dates import UnclearDatesError, days_of
from cloud.sheet_lines import SAVE, is_wide, opened

PROBLEMS_MAX = 100_000
"""Bad rows that are named; beyond, they are counted."""
SEPARATORS = ",;\t"
KEPT = "surrogateescape"
"""Bytes that are no UTF-8 are kept until their line is named (PEP 383)."""
UNITS_MAX = 1e9
MIXED = "the file's other dates do not tell; write YYYY-MM-DD, or say which with --dates"
BOTH = "service_level and backorder_cost are both given: the backorder_cost decides; leave one out"


class SheetError(ValueError):
    """A file can not be used as a whole; the message says why and what to do."""


class BadRow(Struct, frozen=True):
    """A row that was left out, or is remarked on: where it stands, why, and what to do; `code` and `told` for words."""

    file: str
    line: int
    reason: str
    code: str = "row"
    told: dict[str, int] = {}


class Problems:
    """The rows that were left out; from `PROBLEMS_MAX` on they are only counted. Beside them the `remarks` on rows that
    are used, and the line on which each item stands."""

    def __init__(self) -> None:
        self.rows: list[BadRow] = []
        self.remarks: list[BadRow] = []
        self.count = 0
        self.stands: dict[str, int] = {}

    def add(self, file: str, line: int, reason: str, code: str = "row", **told: int) -> None:
        """One more."""
        self.count += 1
        if len(self.rows) < PROBLEMS_MAX:
            self.rows.append(BadRow(file, line, reason, code, told))

    def remark(self, file: str, line: int, what: str) -> None:
        """A row is used, but this should be known of it."""
        if len(self.remarks) < PROBLEMS_MAX:
            self.remarks.append(BadRow(file, line, what))

    def told(self) -> list[str]:
        """A line for each, in the order of the files."""
        named = sorted([*self.rows, *self.remarks], key=lambda one: (one.file, one.line))
        lines = [f"{one.file}:{one.line}: {one.reason}" for one in named]
        more = self.count - len(self.rows)
        return [*lines, f"and {more} more rows that can not be used"] if more else lines


def columns(path: Path) -> list[str]:
    """The columns that a file's first line names, in small letters; no column where it is no text."""
    with opened(path, KEPT, "") as source:
        return header_of(source.readline())[1]


def separator_of(line: str) -> str:
    """What parts the fields of a file with this first line."""
    return max(SEPARATORS, key=line.count)


def header_of(line: str) -> tuple[str, list[str]]:
    """What parts the fields of a file with this first line, and the columns that it names, in small letters."""
    separator = separator_of(line)
    return separator, [name.strip().lower() for name in next(csv.reader([line], delimiter=separator), [])]


class Sheet:
    """A file's rows as (line, values of the wanted columns)."""

    def __init__(self, path: Path, required: tuple[str, ...], wanted: tuple[str, ...], problems: Problems) -> None:
        self.name, self._path, self._problems = str(path), path, problems
        self._required, self.wanted = required, wanted

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Raises `SheetError` where the header lacks a column, or is no text."""
        with opened(self._path, KEPT, "") as source:
            yield from self.rows_of(source)

    def rows_of(self, source: Any) -> Iterator[tuple[int, list[str]]]:
        """The same of text that is open already."""
        first = source.readline()
        if not _is_text(first) or is_wide(first):
            raise SheetError(f"{self.name} is not UTF-8 text; {SAVE}")
        separator, header = header_of(first)
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
        width, most = max(at) + 1, len(header)
        told, texts = tee(source)
        reader = csv.reader(told, delimiter=separator)
        rows, line = zip(reader, texts, strict=False), 1
        while True:
            try:
                for row, text in rows:
                    line += 1
                    if reader.line_num >= line:  # one row of several lines
                        lines = [text, *islice(texts, reader.line_num - line + 1)]
                        yield from self._several(row, lines, line, separator, at, most)
                        line = reader.line_num + 1
                    elif not text.isascii() and not _is_text(text):
                        self.bad(line, "not UTF-8 text; save the file as CSV UTF-8", "not_text")
                    elif width <= len(row) <= most:
                        yield line, [row[column].strip() if column >= 0 else "" for column in at]
                    else:
                        yield from self._odd(line, row, at, most)
                return
            except csv.Error as error:
                lines = list(islice(texts, reader.line_num - line + 1))
                if len(lines) == 1:
                    self.bad(line + 1, f"not CSV ({error})")
                else:
                    yield from self._several([], lines, line + 1, separator, at, most)
                line = reader.line_num + 1

    def _odd(self, line: int, row: list[str], at: list[int], most: int) -> Iterator[tuple[int, list[str]]]:
        """A row with fewer fields than are wanted, or more than the header names; empty ones too many do no harm."""
        width = max(at) + 1
        if any(row[most:]):
            why = f"{len(row)} fields where the first line names {most}; is a comma in a number? Write 1200.5"
            self.bad(line, why, "many_cells", n=len(row), most=most)
        elif len(row) >= width:
            yield line, [row[column].strip() if column >= 0 else "" for column in at]
        elif any(row):
            self.bad(line, f"{len(row)} fields where {width} are wanted", "few_cells", n=len(row), least=width)

    def _several(
        self, row: list[str], lines: list[str], first: int, separator: str, at: list[int], most: int
    ) -> Iterator[tuple[int, list[str]]]:
        """A row of several lines; or, where a quote was not closed, the rows that it took along."""
        width = max(at) + 1
        alone = [_alone(one, separator) for one in lines]
        ends = '""' not in lines[-1] and any('"' in field for field in alone[-1])  # a text of several lines
        if row and (ends or all(len(one) < width for one in alone[1:])):
            alone = [row]
        for line, one in enumerate(alone, first):
            if not all(map(_is_text, one)):
                self.bad(line, "not UTF-8 text; save the file as CSV UTF-8", "not_text")
            elif len(one) >= width:
                yield from self._odd(line, one, at, most)
            elif any(one):
                why = f"{len(one)} fields where {width} are wanted; is a quote not closed?"
                self.bad(line, why, "few_cells", n=len(one), least=width)

    def bad(self, line: int, reason: str, code: str = "row", **told: int) -> None:
        """Leave a row out."""
        self._problems.add(self.name, line, reason, code, **told)


def _is_text(line: str) -> bool:
    """Whether a line was UTF-8: of what was not, the bytes are kept as halves of letters (`KEPT`)."""
    return not any("\udc80" <= letter <= "\udcff" for letter in line)


def _alone(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return [line[:40]]


def read_items(path: Path, problems: Problems) -> dict[str, Item]:
    """The items by SKU, in the file's order. Raises `SheetError` and `OSError`."""
    wanted = tuple(name for name in Item.__struct_fields__)
    sheet = Sheet(path, REQUIRED, wanted, problems)
    found: dict[str, Item] = {}
    lines = problems.stands
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
            if name in TEXTS:
                try:
                    fields[name] = _TEXTS.get(name, str.lower)(text)
                except (KeyError, ValueError):
                    reason = f"{name} is {text[:40]!r}; write it like {_LIKE[name]}"
                    break
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
            if item.service_level is not None and item.backorder_cost is not None:
                problems.remark(sheet.name, line, BOTH)
    return found


def read_demand(path: Path, problems: Problems, dates: str = "", today: int = 0) -> DemandTable:
    """The demand by day; several rows of one SKU and day add up. `dates` is one of `DATES`, the only one that is read
    then; "" is any of them; a few rows after `today`, an ordinal, are slips. Raises `SheetError`, also where that can
    not be told, and `OSError`."""
    sheet = Sheet(path, ("sku", "date", "units"), ("sku", "date", "units"), problems)
    skus: dict[str, int] = {}
    written: dict[str, int] = {}
    rows, days, units, lines = [], [], [], []
    refused: dict[tuple[int, int], bool] = {}  # whose row, and of which date -> whether all of them are returns
    for line, (sku, day, text) in sheet.rows():
        number = _number(text)
        if not sku:
            sheet.bad(line, "no sku; name one")
            continue
        row, on = skus.setdefault(sku, len(skus)), written.setdefault(day, len(written))
        if number is not None and 0 <= number <= UNITS_MAX:
            rows.append(row)
            days.append(on)
            units.append(number)
            lines.append(line)
        else:
            sheet.bad(line, _unusable(number, text))
            refused[row, on] = refused.get((row, on), True) and number is not None and number < 0
    if not rows:
        raise SheetError(f"{sheet.name} has no row that can be used")
    counts = Counter(days)
    try:
        meant = days_of([*written], [counts[on] for on in range(len(written))], dates)
    except UnclearDatesError as error:
        raise SheetError(f"{sheet.name}: {error}") from None
    ordinals = [each[0] if len(each) == 1 and on in counts else 0 for on, each in enumerate(meant)]
    good = _dated(sheet, [*written], meant, ordinals, days, lines, dates, today) if any(ordinals) else []
    for at in set(range(len(days))).difference(good) if len(good) < len(days) else ():
        refused[rows[at], days[at]] = False
    if not good:
        raise SheetError(f"{sheet.name} has no row that can be used")
    used = [rows[at] for at in good], [ordinals[days[at]] for at in good]
    there = set(zip(*used, strict=True)) if any(refused.values()) else set()
    hidden = [
        (row, day)
        for (row, on), returned in refused.items()
        for day in meant[on]
        if not (returned and (row, day) in there)  # what came back makes a day's sales no less known
    ]
    try:
        return demand_table([*skus], *used, [units[at] for at in good], hidden)
    except TooManyCellsError as error:
        between = f"{date.fromordinal(min(used[1]))} to {date.fromordinal(max(used[1]))}"
        hint = "is a date wrong? Else plan a part of the SKUs at a time"
        raise SheetError(f"{sheet.name}: {error}, {between}; {hint}") from None


def _unusable(number: float | None, text: str) -> str:
    """Why such units can not be."""
    if number is None:
        return f"units are {text[:40]!r}, which is no number"
    if number < 0:
        return f"units are {text}: demand is not below 0; leave returns out"
    return f"units are {text}: more than {UNITS_MAX:g} a row are not believed"


def _dated(
    sheet: Sheet,
    ways: list[str],
    meant: list[tuple[int, ...]],
    ordinals: list[int],
    days: list[int],
    lines: list[int],
    way: str,
    today: int,
) -> list[int]:
    """The rows whose day is known; the others are named."""
    counts = Counter(days)
    first, last = span(ordinals, [counts[on] for on in range(len(ways))], today)
    good = []
    for at, which in enumerate(days):
        told = f"date {ways[which][:40]!r}"
        if first <= ordinals[which] <= last:
            good.append(at)
        elif ordinals[which]:
            most = f"nearly all rows are of {date.fromordinal(first)} to {date.fromordinal(last)}"
            what = "is not over yet" if 0 < today < ordinals[which] else "is far from the others"
            sheet.bad(lines[at], f"{told} {what}, {most}: is it a slip? If not, give rows of the days between")
        elif meant[which]:
            either = " or ".join(str(date.fromordinal(day)) for day in meant[which])
            sheet.bad(lines[at], f"{told} may be {either}: {MIXED}")
        else:
            sheet.bad(lines[at], f"{told} is no date; write it as {way or 'YYYY-MM-DD'}")
    return good


def _breaks(text: str) -> tuple[tuple[int, float], ...]:
    """Units and price of each: 100:4.90 500:4.70."""
    return tuple((int(first), float(price)) for first, price in (one.split(":") for one in text.split()))


def _yes(text: str) -> bool:
    return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[text.lower()]


_TEXTS: dict[str, Callable[[str], Any]] = {"breaks": _breaks, "incremental": _yes}
_LIKE = {"breaks": "100:4.90 500:4.70", "incremental": "yes"}


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) and "_" not in text else None
