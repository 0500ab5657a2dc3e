"""Whether "1.000" in a sheet is a thousand or one: the sheet's other numbers tell, or nobody can."""

from __future__ import annotations

import re

GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*")
PARTED = re.compile(r"[-+]?\d*([.,])\d+")
BOTH = re.compile(r"[-+]?[1-9]\d{0,2}(?:([.,])\d{3})+(?!\1)([.,])\d*")


class Unclear(ValueError):
    """A number that can be read in two ways, as texts without any mark between thousands."""

    def __init__(self, text: str, mark: str) -> None:
        super().__init__(text)
        self.thousands = text.replace(mark, "")
        self.decimal = f"{float(text.replace(mark, '.')):g}"


class Points:
    """What parts the decimals of a sheet, by those of its numbers that can be read in one way only."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def look(self, text: str) -> None:
        """Take note of a cell: "0.5", "1.234,5" and "1,234,567" tell."""
        if found := BOTH.fullmatch(text):
            self._told.add(found[2])
        elif found := GROUPED.fullmatch(text):
            if text.count(found[1]) > 1:
                self._told.add(_other(found[1]))
        elif found := PARTED.fullmatch(text):
            self._told.add(found[1])

    def plain(self, text: str, *, whole: bool) -> str:
        """A cell without marks between thousands and with a decimal point; as it is where it is no such number.
        Raises `Unclear`, for a `whole` number also where a mark that parts decimals has three digits behind it."""
        if found := BOTH.fullmatch(text):
            return text.replace(_other(found[2]), "").replace(found[2], ".")
        found = GROUPED.fullmatch(text)
        if found is None:
            return text
        mark = found[1]
        if text.count(mark) > 1 or self._told == {_other(mark)}:
            return text.replace(mark, "")
        if whole or self._told != {mark}:
            raise Unclear(text, mark)
        return text.replace(mark, ".")


def _other(mark: str) -> str:
    return "," if mark == "." else "."
