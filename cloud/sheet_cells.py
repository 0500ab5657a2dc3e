"""The cells of a sheet as numbers: a decimal point or comma, with a unit or without; and which columns hold numbers.

A channel's first unit is its unit, and cells with another one of the same quantity are brought to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite

from msgspec import Struct

from cloud.sheet_commas import Commas, has_commas

VALUE_MAX = 1e100
"""No channel measures more; such a number is none."""
NUMBERS_SHARE = 0.1
"""A column of which so few cells are numbers, those apart that say only that nothing was measured, is one of text."""
CELL_SHOWN = 40
CELL = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\W\d_]\w{0,5}|[°℃℉%]\w?)")
COMMA = re.compile(r"([-+]?)(\d{1,3}(?:[.\s']\d{3})+|\d*),(\d.*)", re.DOTALL)
WRONG = re.compile(r"#.*|na|n/a|[-+]?nan|null|none|[-+]?inf(?:inity)?|[-.?]+", re.IGNORECASE)
"""What programs write where there is no number."""
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


class Cells:
    """How the cells of one file are read; it remembers the unit of each channel."""

    def __init__(self, separator: str, commas: dict[str, Commas] | None = None) -> None:
        """`commas`: for a file that is separated by commas, what each channel tells of those within its numbers;
        without it they are none."""
        self._commas = separator != ","
        self._told_by = commas
        self._units: dict[str, str] = {}

    def number(self, text: str, channel: str) -> tuple[float | None, str]:
        """A cell's number, finite, or None; and what there is to be noted of it ("": nothing)."""
        try:
            number = float(text)
        except ValueError:
            return self._told(text.strip(), channel)
        if abs(number) <= VALUE_MAX and "_" not in text:
            return number, "no unit among numbers with" if self._units.setdefault(channel, "") else ""
        return None, "no number"

    def _told(self, text: str, channel: str) -> tuple[float | None, str]:
        """A cell that is not simply a number."""
        if not text:
            return None, "empty"
        if self._commas and "," in text:
            point = COMMA.sub(_with_point, text)
            if point != text and _is_plain(point):
                return self.number(point, channel)
            text = point
        elif self._told_by is not None and "," in text:
            return self._by_others(text, channel, self._told_by)
        found = CELL.fullmatch(text)
        if found is None or found[2] not in UNITS:
            return None, "no number"
        own = self._units.setdefault(channel, found[2])
        if not own:
            return None, "a unit among numbers without"
        quantity, factor, summand = UNITS[found[2]]
        own_quantity, own_factor, own_summand = UNITS[own]
        if quantity != own_quantity:
            return None, "another quantity"
        number = float(found[1])
        if not abs(number) <= VALUE_MAX:
            return None, "no number"
        if (factor, summand) == (own_factor, own_summand):
            return number, ""
        return (factor * number + summand - own_summand) / own_factor, "converted"

    def _by_others(self, text: str, channel: str, commas: dict[str, Commas]) -> tuple[float | None, str]:
        """A cell with a comma, in a file that is separated by commas."""
        point, said = commas.setdefault(channel, Commas()).plainly(text)
        number, note = self.number(point, channel) if point else (None, "no number")
        return number, note or said

    def begins(self, text: str) -> bool:
        """Whether a cell is a number, whatever its unit."""
        text = text.strip()
        if self._commas and "," in text:
            text = COMMA.sub(_with_point, text)
        elif self._told_by is not None and has_commas(text):
            text = text.replace(",", "").replace(".", "")
        found = CELL.fullmatch(text)
        return found[2] in UNITS if found else _is_plain(text)


class Tally(Struct):
    """How many cells of a column are numbers, are text, and say that nothing was measured; and the first that is no
    number, with its line."""

    numbers: int = 0
    texts: int = 0
    wrong: int = 0
    first: str = ""
    line: int = 0

    def add(self, cells: Cells, line: int, cell: str) -> None:
        """Count one more; an empty cell tells nothing."""
        cell = cell.strip()
        if not cell:
            return
        if cells.begins(cell):
            self.numbers += 1
            return
        if WRONG.fullmatch(cell):
            self.wrong += 1
        else:
            self.texts += 1
        if not self.line:
            self.first, self.line = cell[:CELL_SHOWN], line

    @property
    def is_channel(self) -> bool:
        """Whether enough of them are numbers."""
        return self.numbers > 0 and self.numbers >= NUMBERS_SHARE * (self.numbers + self.texts)

    @property
    def is_awaited(self) -> bool:
        """Whether nothing was measured yet, and nothing tells that none will be."""
        return not self.numbers and not self.texts

    @property
    def why_not(self) -> str:
        """Why it is no channel, in a few words."""
        filled = self.numbers + self.texts + self.wrong
        if not filled:
            return "it is empty"
        return f"{self.numbers or 'none'} of its {filled} cells are numbers, {self.first!r} in line {self.line} is none"


def tallies(columns: Iterable[int]) -> dict[int, Tally]:
    """An empty tally of each column."""
    return {column: Tally() for column in columns}


def _with_point(found: re.Match[str]) -> str:
    """A number written 1.234,5 as 1234.5."""
    return f"{found[1]}{re.sub(r'[^0-9]', '', found[2])}.{found[3]}"


def _is_plain(text: str) -> bool:
    try:
        return isfinite(float(text)) and "_" not in text
    except ValueError:
        return False
