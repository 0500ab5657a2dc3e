"""Min and Max in force, from the columns `min` and `max` of a file of items. Bad rows are named, not raised."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TextIO

from cloud.core.planning.items import UNITS_MAX
from cloud.sheets import KEPT, SEPARATORS, Problems

Levels = dict[str, tuple[float, float]]


def read_levels(path: Path, items: Collection[str], problems: Problems) -> Levels | None:
    """Min and Max in force, of each item that has both; None where the file has no such columns. Items without are not
    judged, so that all policies are on the same SKUs."""
    with path.open(newline="", encoding="utf-8-sig", errors=KEPT) as source:
        first = source.readline()
        separator = max(SEPARATORS, key=first.count)
        header = [name.strip().lower() for name in next(csv.reader([first], delimiter=separator), [])]
        if "min" not in header or "max" not in header:
            return None
        found: Levels = {}
        for line, row in _rows(source, separator):
            cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
            if cells.get("sku", "") not in items or cells["sku"] in found:
                continue
            low, high = _units(cells.get("min", "")), _units(cells.get("max", ""))
            if low is None or high is None or low > high:
                problems.add(str(path), line, "min and max must be numbers of units, min no more than max; not judged")
            else:
                found[cells["sku"]] = (low, high)
    return found


def _rows(source: TextIO, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are CSV; those that are not were named before."""
    reader = csv.reader(source, delimiter=separator)
    while True:
        try:
            for row in reader:
                yield reader.line_num + 1, row
            return
        except csv.Error:
            continue


def _units(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -UNITS_MAX <= number <= UNITS_MAX else None
