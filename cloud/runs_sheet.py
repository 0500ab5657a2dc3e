"""Runs of machines from a plain file: one row a unit and cycle, all other columns are channels.

What can not be used is named by its line and left out: a row without unit or cycle, a cycle that comes again or is far
from all others, a cell that is no number (the rest of its row is used). Rows out of order are sorted by cycle.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from math import nan
from pathlib import Path
from statistics import median
from typing import NamedTuple

from msgspec import Struct, field

from cloud.sheet_cells import CELL_SHOWN, Cells, Tally
from cloud.sheet_lines import opened
from cloud.sheets import KEPT, Problems, Sheet, SheetError, columns, separator_of

ROWS_MAX = 2_000_000
CHANNELS_MAX = 500
GAP_STEPS = 1.5
"""A step of so many usual ones leaves cycles out."""
FAR_STEPS, FAR_SHARE = 10, 0.1
"""A row out of order whose cycle is farther beyond all others, in usual steps and of their range, is a slip."""
MISSING = ("", "nan")
"""Programs write so where nothing was measured."""
TOLD = {
    "converted": "were converted to the unit of the channel's first one",
    "a unit among numbers without": "have a unit where the first one has none, and are not used",
    "no unit among numbers with": "have no unit where the first one has, and are taken as they stand",
    "another quantity": "are of another quantity, and are not used",
}
"""What is said of cells with a unit."""
USED = ("converted", "no unit among numbers with")


class _Odd(NamedTuple):
    line: int
    unit: str
    note: str
    cell: str


class Rows(Struct):
    """The rows of one unit, in order of cycles: lines, cycles and cells (NaN where missing); how many rows were left
    out or sorted, how many cells are no number, and how many gaps there are."""

    lines: list[int] = field(default_factory=list)
    cycles: list[float] = field(default_factory=list)
    cells: list[list[float]] = field(default_factory=list)
    left_out: int = 0
    sorted: int = 0
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
    with opened(path, KEPT) as source:
        numbers = Cells(separator_of(source.readline()))
    units: dict[str, Rows] = {}
    odd: list[list[_Odd]] = [[] for _ in channels]
    tallies = [Tally() for _ in channels]
    read = 0
    for line, (unit, cycle, *cells) in sheet.rows():
        at, _ = numbers.number(cycle, "cycle")
        if not unit:
            sheet.bad(line, "no unit; name one")
            continue
        rows = units.setdefault(unit, Rows())
        if at is None or at < 0:
            why = "which is no number" if at is None else "but cycles count from new, and are not below 0"
            sheet.bad(line, f"cycle is {cycle[:CELL_SHOWN]!r}, {why}")
            rows.left_out += 1
            continue
        read += 1
        if read > ROWS_MAX:
            raise SheetError(f"{path} has over {ROWS_MAX} rows; give a part of the units at a time")
        values = []
        for cell, channel, tally, found in zip(cells, channels, tallies, odd, strict=True):
            value, note = numbers.number(cell, channel)
            if value is None:
                values.append(nan)
                tally.add(numbers, line, cell)
            else:
                values.append(value)
                tally.numbers += 1
            if note:
                found.append(_Odd(line, unit, note, cell[:CELL_SHOWN]))
        rows.lines.append(line)
        rows.cycles.append(at)
        rows.cells.append(values)
    if not read:
        raise SheetError(f"{path} has no row that can be used")
    kept = []
    for column, (name, tally) in enumerate(zip(channels, tallies, strict=True)):
        if tally.is_channel or (tally.wrong and not tally.texts):
            kept.append(column)
            _tell(str(path), name, odd[column], units, problems)
        else:
            problems.remark(str(path), 1, f"column {name!r} is no channel ({tally.why_not}); it is left out")
    for name, rows in units.items():
        _ordered(str(path), name, rows, problems)
        if len(kept) < len(channels):
            rows.cells = [[cells[column] for column in kept] for cells in rows.cells]
    return Runs([channels[column] for column in kept], units)


def _tell(file: str, channel: str, odd: list[_Odd], units: dict[str, Rows], problems: Problems) -> None:
    """Name the cells of a channel that are not plain numbers: text each, all else once a unit with its count."""
    counts = Counter((one.unit, one.note) for one in odd if one.note in TOLD or one.cell.lower() in MISSING)
    for one in odd:
        if one.note not in USED:
            units[one.unit].unread += 1
        if one.note not in TOLD and one.cell.lower() not in MISSING:
            said = f"{channel} is {one.cell!r}, which is no number; the rest of the row is used"
            problems.remark(file, one.line, said)
        elif count := counts.pop((one.unit, one.note), 0):
            what = TOLD.get(one.note, "are missing; the rest of their rows is used")
            said = f"unit {one.unit!r}: {count} cells of {channel} {what} (the first is {one.cell!r})"
            problems.remark(file, one.line, said)


def _ordered(file: str, unit: str, rows: Rows, problems: Problems) -> None:
    """Put a unit's rows in the order of their cycles, and say how many stood out of it; repeats and slips are named and
    left out. Gaps are counted and told once a unit."""
    if len(rows.cycles) > 2 and all(rows.cycles[at] < rows.cycles[at - 1] for at in range(1, len(rows.cycles))):
        problems.remark(file, rows.lines[0], f"unit {unit!r} runs backwards; its rows are read from the last")
        for column in (rows.lines, rows.cycles, rows.cells):
            column.reverse()
    run = rising(rows.cycles)
    stands = {rows.cycles[at]: at for at in run}
    late = [at for at in range(len(rows.cycles)) if at not in run]
    out = set()
    for at in late:
        first = stands.setdefault(rows.cycles[at], at)
        if first != at:
            out.add(at)
            what = f"cycle {rows.cycles[at]:g} comes again (it stands in line {rows.lines[first]})"
            problems.add(file, rows.lines[at], f"unit {unit!r}: {what}")
    for at in sorted(_far(stands, run)):
        out.add(at)
        what = f"cycle {rows.cycles[at]:g} is out of order, and far from all others"
        problems.add(file, rows.lines[at], f"unit {unit!r}: {what}")
    moved = [at for at in late if at not in out]
    if moved:
        what = f"{len(moved)} of {len(rows.cycles)} rows stand out of order, the first here; they are sorted by cycle"
        problems.remark(file, rows.lines[moved[0]], f"unit {unit!r}: {what}")
    rows.sorted = len(moved)
    rows.left_out += len(out)
    places = [at for _, at in sorted(stands.items()) if at not in out]
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


def _far(stands: dict[float, int], run: set[int]) -> set[int]:
    """The places of rows out of order that lie far below or above all others: their cycles are slips."""
    cycles = sorted(stands)
    inside = [cycle for cycle in cycles if stands[cycle] in run]
    if len(cycles) == len(inside):
        return set()
    usual = median(later - earlier for earlier, later in pairwise(cycles))
    allowed = max(FAR_STEPS * usual, FAR_SHARE * (inside[-1] - inside[0]))
    low, high = inside[0], inside[-1]
    for cycle in cycles:
        if high < cycle <= high + allowed:
            high = cycle
    for cycle in reversed(cycles):
        if low - allowed <= cycle < low:
            low = cycle
    return {stands[cycle] for cycle in cycles if not low <= cycle <= high}


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
