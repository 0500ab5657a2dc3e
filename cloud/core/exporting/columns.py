"""What a table and its columns are. A column's name has its unit at the end, so that it is in a file's header."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from cloud.core.exporting.source import Source, Span

Kind = Literal["text", "whole", "number", "time", "flag"]
"""`time`: ms since 1970, UTC, where 0 says that there is none. Of all kinds None says that it is not known."""
Value = str | int | float | bool | None
Row = tuple[Value, ...]
Found = Iterable[Any] | Awaitable[Iterable[Any]]

BLOCK = 2_000
"""Rows that are worked on at once."""
MONEY = "money"
"""The unit of what is in the site's currency, in whose name it is told."""


class Column(NamedTuple):
    """`of`: the attribute of what a row is made from, dotted for one of an attribute, or a function of it."""

    name: str
    kind: Kind
    of: str | Callable[[Any], Value]
    unit: str = ""

    def told(self, currency: str) -> ColumnView:
        """As the list of tables tells of it."""
        if self.unit == MONEY:
            return ColumnView(f"{self.name}_{currency.lower()}", self.kind, currency)
        return ColumnView(self.name, self.kind, self.unit)


class Table(NamedTuple):
    """`row` says what a row is; `right` who may have it. `time` names the column that `from` and `to` look at, "" in a
    table of how things are now. `wants` names what has to be asked for. `rows` finds what the rows are made from; what
    it looks at of the present it does at once, what is stored may be read later, in another thread."""

    name: str
    row: str
    columns: tuple[Column, ...]
    rows: Callable[[Source, Span], Found]
    time: str = ""
    right: Literal["look", "buy", "govern"] = "look"
    wants: Literal["", "series"] = ""

    def told(self, currency: str) -> TableView:
        """As the list of tables tells of it."""
        columns = [one.told(currency) for one in self.columns]
        return TableView(self.name, self.row, self.right, self.time, self.wants, columns)

    def blocks(self, found: Iterable[Any], size: int = BLOCK) -> Iterator[list[Row]]:
        """The rows of what was found, so many at a time, as they are asked for."""
        of = [one.of if callable(one.of) else attrgetter(one.of) for one in self.columns]
        paths = [one.of for one in self.columns if isinstance(one.of, str)]
        # One call a row where every column is an attribute: this is most of what a long table costs here.
        made: Callable[[Any], Row] = (
            attrgetter(*paths) if 1 < len(paths) == len(of) else lambda one: tuple(get(one) for get in of)
        )
        rows = map(made, found)
        while block := [*islice(rows, size)]:
            yield block


class ColumnView(Struct, frozen=True):
    """A column: its name as it stands in a file, what it holds, and in which unit."""

    name: str
    kind: Kind
    unit: str


class TableView(Struct, frozen=True):
    """A table that can be had: what a row is, which right it asks for, which column `from` and `to` look at ("": it is
    of now), and what has to be named."""

    name: str
    row: str
    right: str
    time: str
    wants: str
    columns: list[ColumnView]


def text(name: str, of: str | Callable[[Any], Value] = "") -> Column:
    """A column of text."""
    return Column(name, "text", of or name)


def whole(name: str, unit: str = "", of: str | Callable[[Any], Value] = "") -> Column:
    """A column of whole numbers."""
    return Column(name, "whole", of or name, unit)


def number(name: str, unit: str = "", of: str | Callable[[Any], Value] = "") -> Column:
    """A column of numbers."""
    return Column(name, "number", of or name, unit)


def money(name: str, of: str | Callable[[Any], Value] = "") -> Column:
    """A column of money; the currency is put at the end of its name."""
    return Column(name, "number", of or name, MONEY)


def time(name: str, of: str | Callable[[Any], Value] = "") -> Column:
    """A column of moments: `name` is that of a field in ms, the column's ends in `_utc`."""
    return Column(f"{name}_utc", "time", of or f"{name}_ms", "UTC")


def minutes(name: str, of: str) -> Column:
    """A column of minutes, from a field in ms."""
    get = attrgetter(of)
    return Column(f"{name}_min", "number", lambda one: round(get(one) / 60_000, 3), "min")


def flag(name: str, of: str | Callable[[Any], Value] = "") -> Column:
    """A column of yes and no."""
    return Column(name, "flag", of or name)


def joined(values: Sequence[object]) -> str:
    """Several short things in one cell."""
    return " ".join(map(str, values))
