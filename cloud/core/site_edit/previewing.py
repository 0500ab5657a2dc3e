"""What an import would make of a site: row by row what is added, changed or left as it is, and every problem of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from msgspec import Struct

from cloud.core.site_edit import fields
from cloud.core.site_edit.editing import Edit, Revised, revise, things
from cloud.core.site_edit.fields import FieldView, Table
from protocols.layout_checks import SiteFlaw

CHANGES_SHOWN = 200
PROBLEMS_SHOWN = 500
"""Of more, the number is told."""
FORMULA = ("=", "+", "-", "@")
"""What begins so a spreadsheet would work out."""
_POINTER = re.compile(r"/(\d+)(?:/(\w+))?\Z")


class Row(Struct, frozen=True):
    """A row of a sheet as it was read: its line, its cells by column, and of those that are no such text as the file
    holds now, their values; `wrong` have their column as pointer."""

    line: int
    cells: dict[str, str]
    values: dict[str, Any]
    wrong: list[SiteFlaw] = []


class SheetFlaw(Struct, frozen=True):
    """What is wrong in a sheet: in which line and column ("": the line as a whole; line 0: the sheet as a whole)."""

    line: int
    column: str
    code: str
    detail: str
    told: dict[str, str | int | float] = {}


class CellChange(Struct, frozen=True):
    """A field as it is, and as it would be (null: left out)."""

    name: str
    before: Any
    after: Any


class RowChange(Struct, frozen=True):
    """A thing that a line of the sheet would add (`new`) or change."""

    line: int
    id: str
    new: bool
    cells: list[CellChange]


class Previewed(Struct, frozen=True):
    """What would come of a sheet: counts of rows, the first changes and problems, how many there are of each; what
    still `holds` though the site would change. `after` is there where nothing is wrong."""

    rows: int
    added: int
    changed: int
    unchanged: int
    changes: list[RowChange]
    problems: list[SheetFlaw]
    n_problems: int
    edits: list[Edit]
    after: Revised | None


def preview(before: Revised, table: Table, rows: Sequence[Row], bad: Sequence[SheetFlaw]) -> Previewed:
    """All of it."""
    known = {one["id"]: one for one in things(before.raw, table)}
    edits: list[Edit] = []
    lines: list[int] = []
    changes: list[RowChange] = []
    problems, first, unchanged = [*bad], dict[str, int](), 0
    for row in rows:
        problems += [SheetFlaw(row.line, one.pointer, one.code, one.detail, one.told) for one in row.wrong]
        name = row.cells.get("id", "")
        if not name:
            problems.append(SheetFlaw(row.line, "id", "needed", f"`id` is missing: it {_ID}"))
            continue
        if (line := first.setdefault(name, row.line)) != row.line:
            said = f"`{name}` stands in line {line} already; leave one out"
            problems.append(SheetFlaw(row.line, "id", "row_twice", said, {"value": name, "line": line}))
            continue
        if not row.values and name in known:
            unchanged += not row.wrong
            continue
        if any(one.pointer == "id" for one in row.wrong):
            name = _stand_in(row.line, known)
        edits.append(Edit(table, name, row.values, name not in known))
        lines.append(row.line)
        was = known.get(name, {})
        cells = [CellChange(key, was.get(key), value) for key, value in row.values.items()]
        changes.append(RowChange(row.line, name, name not in known, cells))
    after = revise(before, edits) if edits else before
    if isinstance(after, list):
        problems += [_at(one, lines) for one in after]
    at = {(row.line, one.pointer) for row in rows for one in row.wrong}
    problems = [one for one in problems if one.code != "needed" or (one.line, one.column) not in at]
    told = {(one.line, one.column, one.code) for one in bad}
    problems = [*bad, *(one for one in problems[len(bad) :] if (one.line, one.column, one.code) not in told)]
    problems.sort(key=lambda one: one.line)
    added = sum(one.new for one in changes)
    return Previewed(
        len(rows), added, len(changes) - added, unchanged, changes[:CHANGES_SHOWN], problems[:PROBLEMS_SHOWN],
        len(problems), edits, None if problems or isinstance(after, list) else after,
    )  # fmt: skip


def cell(field: FieldView, value: Any) -> str:
    """A value as a cell of a sheet; nothing as an empty one."""
    match field.kind, value:
        case _, None:
            return ""
        case "flag", _:
            return "true" if value else "false"
        case "pairs", _:
            return " ".join(f"{key}={one}" for key, one in value.items())
        case "wholes", _:
            return " ".join(map(str, value))
        case "area", _:
            return " ".join(repr(float(value[name])) for name in ("x_m", "y_m", "width_m", "depth_m"))
        case "text" | "choice", _:
            text = "".join(one if one.isprintable() else " " for one in value).strip()
            return f"'{text}" if text.startswith(FORMULA) else text
    return repr(value) if isinstance(value, float) else str(value)


def _stand_in(line: int, known: Collection[str]) -> str:
    """An id in the place of one that can be none, so that all else of its row is looked at."""
    name = f"line-{line}"
    while name in known:
        name += "-"
    return name


def _at(flaw: SiteFlaw, lines: Sequence[int]) -> SheetFlaw:
    """A flaw by the line of its edit."""
    found = _POINTER.match(flaw.pointer)
    line, column = (lines[int(found[1])], found[2] or "") if found else (0, "")
    return SheetFlaw(line, column, flaw.code, flaw.detail, flaw.told)


_ID = fields.wants(fields.fields("slots")[0])
