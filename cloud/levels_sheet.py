"""Min and Max in force, from the columns `min` and `max` of a file of items. Bad rows are named, not raised."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from cloud.core.planning.items import UNITS_MAX
from cloud.sheets import Problems, Sheet, columns

Levels = dict[str, tuple[float, float]]
WANTED = ("sku", "min", "max")


def has_levels(path: Path) -> bool:
    """Whether a file of items has the columns."""
    return set(WANTED) <= set(columns(path))


def read_levels(path: Path, items: Collection[str], problems: Problems) -> Levels | None:
    """Min and Max in force, of each item that has both; None where the file has no such columns. Items without are not
    judged, so that all policies are on the same SKUs."""
    if not has_levels(path):
        return None
    found: Levels = {}
    named_before = Problems()  # rows that can not be read at all were named when the items were
    for line, (sku, least, most) in Sheet(path, WANTED, WANTED, named_before).rows():
        if sku not in items or sku in found:
            continue
        low, high = _units(least), _units(most)
        if low is None or high is None or low > high:
            problems.add(str(path), line, "min and max must be numbers of units, min no more than max; not judged")
        else:
            found[sku] = (low, high)
    return found


def _units(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -UNITS_MAX <= number <= UNITS_MAX else None
