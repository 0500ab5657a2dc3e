"""Runs of machines from a plain file: one row a unit and cycle, all other columns are channels.

What can not be used is named by its line and left out: a row without unit or cycle, a cycle that comes again or goes
back, a cell that is no number (the rest of its row is used). A file that runs backwards is read from its end.
"""

from __future__ import annotations

from bisect import bisect_left
from math import inf, isfinite, nan
from pathlib import Path

from msgspec import Struct, field

from cloud.sheets import Problems, Sheet, SheetError, columns

ROWS_MAX = 2_000_000
CHANNELS_MAX = 500
TEXT_SHARE = 0.5
"""A column with more text than this is no channel."""
GAP_STEPS = 1.5
"""A step of so many usual ones leaves cycles out."""


class Rows(Struct):
    """The rows of one unit, in order of cycles: lines, cycles and cells (NaN where missing); and what was left out."""

    lines: list[int] = field(default_factory=list)
    cycles: list[float] = field(default_factory=list)
    cells: list[list[float]] = field(default_factory=list)
    left_out: int = 0
    unread: int = 0
    gaps: int = 0


class Runs(Struct):
    """The channels of a file and the rows of each unit, in the file's order."""

    channels: list[str]
    units: dict[str, Rows]


def read_runs(path: Path, problems: Problems) -> Runs:
    """The runs of a file with columns unit, cycle and any channels. Raises `SheetError` and `OSError`."""
    channels = [name for name in columns(path) if name not in ("unit", "cycle", "")]
    if len(channels) > CHANNELS_MAX:
        raise SheetError(f"{path} has {len(channels)} channels, over {CHANNELS_MAX}; leave some out")
    sheet = Sheet(path, ("unit", "cycle"), ("unit", "cycle", *channels), problems)
    units: dict[str, Rows] = {}
    texts: list[list[tuple[int, str]]] = [[] for _ in channels]
    filled = [0] * len(channels)
    read = 0
    for line, (unit, cycle, *cells) in sheet.rows():
        at = _number(cycle)
        if not unit:
            sheet.bad(line, "no unit; name one")
            continue
        rows = units.setdefault(unit, Rows())
        if not isfinite(at):
            sheet.bad(line, f"cycle is {cycle[:40]!r}, which is no number")
            rows.left_out += 1
            continue
        read += 1
        if read > ROWS_MAX:
            raise SheetError(f"{path} has over {ROWS_MAX} rows; give a part of the units at a time")
        values = [_number(cell) for cell in cells]
        for column, (cell, value) in enumerate(zip(cells, values, strict=True)):
            if cell:
                filled[column] += 1
                if value != value and cell.lower() != "nan":
                    rows.unread += 1
                    texts[column].append((line, cell[:40]))
        rows.lines.append(line)
        rows.cycles.append(at)
        rows.cells.append(values)
    if not read:
        raise SheetError(f"{path} has no row that can be used")
    kept = _told(path, channels, texts, filled, problems)
    for name, rows in units.items():
        _ordered(str(path), name, rows, problems)
        if len(kept) < len(channels):
            rows.cells = [[cells[column] for column in kept] for cells in rows.cells]
    return Runs([channels[column] for column in kept], units)


def _number(text: str) -> float:
    """NaN where it is none."""
    try:
        number = float(text)
    except ValueError:
        return nan
    return number if isfinite(number) and "_" not in text else nan


def _told(
    path: Path, channels: list[str], texts: list[list[tuple[int, str]]], filled: list[int], problems: Problems
) -> list[int]:
    """The columns that are channels; each cell that is no number is named, a column of text once."""
    kept = []
    for column, (name, found) in enumerate(zip(channels, texts, strict=True)):
        if not filled[column] or len(found) > TEXT_SHARE * filled[column]:
            what = f"{len(found)} cells of text" if found else "empty"
            problems.remark(str(path), 1, f"column {name!r} is no channel ({what}); it is left out")
            continue
        kept.append(column)
        for line, text in found:
            problems.remark(str(path), line, f"{name} is {text!r}, which is no number; the rest of the row is used")
    return kept


def _ordered(file: str, unit: str, rows: Rows, problems: Problems) -> None:
    """Keep the longest run of rows whose cycles rise; the others are named. Gaps are counted and told once a unit."""
    steps = [later - earlier for earlier, later in zip(rows.cycles, rows.cycles[1:], strict=False)]
    if sum(step < 0 for step in steps) > len(steps) / 2 and len(steps) > 1:
        problems.remark(file, rows.lines[0], f"unit {unit!r} runs backwards; its rows are read from the last")
        for column in (rows.lines, rows.cycles, rows.cells):
            column.reverse()
    kept = rising(rows.cycles)
    before = -inf
    for at, (line, cycle) in enumerate(zip(rows.lines, rows.cycles, strict=True)):
        if at in kept:
            before = cycle
            continue
        why = "comes again" if cycle == before else "is out of order"
        problems.add(file, line, f"unit {unit!r}: cycle {cycle:g} {why} (after {before:g})")
    rows.left_out += len(rows.cycles) - len(kept)
    places = sorted(kept)
    rows.lines, rows.cycles, rows.cells = (
        [rows.lines[at] for at in places],
        [rows.cycles[at] for at in places],
        [rows.cells[at] for at in places],
    )
    steps = sorted(later - earlier for earlier, later in zip(rows.cycles, rows.cycles[1:], strict=False))
    if not steps:
        return
    usual = steps[len(steps) // 2]
    wide = [at for at in range(1, len(rows.cycles)) if rows.cycles[at] - rows.cycles[at - 1] > GAP_STEPS * usual]
    rows.gaps = len(wide)
    if wide:
        lost = sum(rows.cycles[at] - rows.cycles[at - 1] - usual for at in wide)
        first = wide[0]
        what = (
            f"unit {unit!r}: {len(wide)} gaps, {lost:g} cycles in all, the first after cycle {rows.cycles[first - 1]:g}"
        )
        problems.remark(file, rows.lines[first], what)


def rising(values: list[float]) -> set[int]:
    """The places of a longest strictly rising run of values (Fredman 1975); of repeats, the first is kept."""
    tops: list[float] = []
    places: list[int] = []
    before: list[int] = []
    for at, value in enumerate(values):
        length = bisect_left(tops, value)
        before.append(places[length - 1] if length else -1)
        if length == len(tops):
            tops.append(value)
            places.append(at)
        elif value < tops[length]:
            tops[length], places[length] = value, at
    found: set[int] = set()
    at = places[-1] if places else -1
    while at >= 0:
        found.add(at)
        at = before[at]
    return found
