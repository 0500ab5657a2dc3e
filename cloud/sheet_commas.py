"""Commas within the numbers of a file whose cells are parted by commas, too: "5,129" is five or five thousand.

The other cells of its column tell: "5,12" and "0,129" are decimals, "1,234.5" and "1,234,567" have thousands. Where
none does, that reading is chosen which lies nearer to the column's plain numbers, else decimals; each cell is noted.
"""

from __future__ import annotations

import re
from statistics import median

from msgspec import Struct, field

NUMBER = re.compile(r"[-+]?[\d.,]*\d")
GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
DECIMAL = re.compile(r"[-+]?(\d*|[1-9]\d{0,2}(\.\d{3})+),\d+")
PLAIN = re.compile(r"[-+]?\d+(\.\d+)?")
UNGROUPED = 1000
"""Who parts thousands writes no whole number from here on without."""
PLAIN_MAX = 1000
"""So many plain numbers are looked at."""
NEARER = 1000**0.5
"""The two readings are a thousand apart; this is the middle."""


class Commas(Struct):
    """What a column tells of its commas so far: how many cells can be read one way only, and its plain numbers; and how
    they are read, which stays."""

    decimals: int = 0
    thousands: int = 0
    plain: list[float] = field(default_factory=list)
    is_decimal: bool | None = None

    def look(self, cell: str) -> None:
        """Take note of a cell."""
        found = NUMBER.match(cell.strip())
        text = found[0] if found else ""
        grouped, decimal = GROUPED.fullmatch(text), DECIMAL.fullmatch(text)
        if grouped and not decimal:
            self.thousands += 1
        elif decimal and not grouped:
            self.decimals += 1
        elif PLAIN.fullmatch(text) and len(self.plain) < PLAIN_MAX:
            self.plain.append(abs(float(text)))
            if "." in text:
                self.thousands += 1
            elif self.plain[-1] >= UNGROUPED:
                self.decimals += 1

    @property
    def is_told(self) -> bool:
        """Whether some cells tell, and none the contrary."""
        return (self.decimals > 0) != (self.thousands > 0)

    def plainly(self, text: str) -> tuple[str, str]:
        """A cell with a comma as it is with a decimal point, and how the comma was read where no other cell tells.
        ("", "") where it can not be read so."""
        found = NUMBER.match(text)
        number = found[0] if found else ""
        grouped, decimal = GROUPED.fullmatch(number), DECIMAL.fullmatch(number)
        if not grouped and not decimal:
            return "", ""
        if self.is_decimal is None:
            self.look(text)
            self.is_decimal = self._choose(float(number.replace(",", "")) if grouped and decimal else 0.0)
        if not (decimal if self.is_decimal else grouped):
            return "", ""
        point = number.replace(".", "").replace(",", ".") if self.is_decimal else number.replace(",", "")
        unsure = grouped and decimal and not self.is_told
        said = ("comma read as decimal" if self.is_decimal else "comma read as thousands") if unsure else ""
        return point + text[len(number) :], said

    def _choose(self, thousands: float) -> bool:
        """Whether commas are decimal; `thousands` is the first cell that may be either, read as thousands."""
        if self.decimals != self.thousands:
            return self.decimals > self.thousands
        return not (thousands and self.plain and median(self.plain) > abs(thousands) / NEARER)


def has_commas(text: str) -> bool:
    """Whether it is, or begins with, a number with commas."""
    found = NUMBER.match(text)
    return found is not None and bool(GROUPED.fullmatch(found[0]) or DECIMAL.fullmatch(found[0]))
