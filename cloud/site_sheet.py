"""Sheets of slots, SKUs, devices, zones and racks: CSV or Parquet out, and CSV of any usual kind in.

Comma, semicolon or tab, also below a first line `sep=;`; a decimal point or comma; UTF-8, or UTF-16 that says so. A
cell that says what the file says already changes nothing, however it is written; an empty one leaves its field out, a
column that is not there its field as it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cloud.core.exporting.columns import ColumnView
from cloud.core.site_edit import fields
from cloud.core.site_edit.editing import Revised, things
from cloud.core.site_edit.fields import FieldView, Table
from cloud.core.site_edit.previewing import FORMULA, Row, SheetFlaw, cell
from cloud.sheet_cells import Cells
from cloud.sheet_commas import Commas
from cloud.sheet_lines import SAVE, is_wide, opened_bytes
from cloud.sheet_points import Points, Unclear
from cloud.sheets import KEPT, Problems, Sheet, SheetError, header_of
from cloud.table_parquet import parquet_file
from protocols.layout_checks import SiteFlaw

ROWS_MAX = 50_000
YES, NO = ("true", "yes", "1", "ja", "是", "y", "t"), ("false", "no", "0", "nein", "否", "n", "f")
WIDTHS = ("x_m", "y_m", "width_m", "depth_m")
SEPARATOR_LINE = re.compile(r'"?sep=.?"?[,;\t]*\s*', re.IGNORECASE)
"""What Excel reads before the columns, and nobody else."""


def written(now: Revised, table: Table) -> bytes:
    """All of a table, each with all its fields, as CSV that spreadsheets read."""
    made = io.StringIO()
    writer = csv.writer(made)
    known = fields.fields(table)
    writer.writerow(one.name for one in known)
    for thing in getattr(now.site, table):
        values = fields.as_values(thing)
        writer.writerow(cell(one, values[one.name]) for one in known)
    return made.getvalue().encode("utf-8-sig")


def parquet(now: Revised, table: Table) -> bytes:
    """The same as Parquet: numbers and flags as such, all else as text."""
    known = fields.fields(table)
    columns = [
        ColumnView(one.name, one.kind if one.kind in ("number", "whole", "flag") else "text", "") for one in known
    ]
    made = [
        tuple(_plain(one, values[one.name]) for one in known)
        for values in map(fields.as_values, getattr(now.site, table))
    ]
    return b"".join(parquet_file(columns, [made] if made else []))


def _plain(field: FieldView, value: Any) -> Any:
    if value is None or field.kind in ("text", "choice", "whole", "flag"):
        return value
    return float(value) if field.kind == "number" else cell(field, value)


def rows(body: bytes, now: Revised, table: Table) -> tuple[list[Row], list[SheetFlaw]]:
    """The rows of a sheet, and what is wrong with it apart from them."""
    with opened_bytes(body, KEPT, "") as source:
        first = source.readline()
        if not SEPARATOR_LINE.fullmatch(first):
            return _rows(body, first, now, table)
        rest = source.read()
    read, wrong = _rows(rest.encode("utf-8", KEPT), rest.partition("\n")[0], now, table)
    moved = [Row(one.line + 1, one.cells, one.values, one.wrong) for one in read]
    return moved, [SheetFlaw(one.line + 1, one.column, one.code, one.detail, one.told) for one in wrong]


def _rows(body: bytes, first: str, now: Revised, table: Table) -> tuple[list[Row], list[SheetFlaw]]:
    """The same of a sheet whose `first` line names the columns."""
    try:
        separator, header = header_of(first)
        written = next(csv.reader([first], delimiter=separator), [])
    except csv.Error as error:
        return [], [SheetFlaw(1, "", "sheet", f"the first line can not be read ({error})")]
    named = [one for one in header if one]
    wrong = [
        SheetFlaw(1, one[:64], flaw.code, flaw.detail, flaw.told)
        for one in dict.fromkeys(one.strip() for one in written)
        if one and fields.field_of(table, one.lower()) is None and (flaw := fields.unknown(table, one, ""))
    ]
    if any(is_wide(one) for one in header):
        return [], [SheetFlaw(1, "", "not_text", f"the sheet is not UTF-8 text; {SAVE}")]
    wanted = tuple(one for one in fields.names(table) if one in named)
    if "id" not in wanted:
        said = (
            f"the first line has to name the columns, `id` among them, like {separator.join(fields.names(table)[:6])}"
        )
        return [], [*wrong, SheetFlaw(1, "id", "no_header", said)]
    if twice := next((one for one in wanted if header.count(one) > 1), ""):
        said = f"there are two columns `{twice}`; leave one out"
        return [], [*wrong, SheetFlaw(1, twice, "column_twice", said, {"value": twice})]
    problems = Problems()
    points = Points()
    numbers = [at for at, one in enumerate(wanted) if _is_number(fields.field_of(table, one))]
    found: list[tuple[int, list[str]]] = []
    try:
        with opened_bytes(body, KEPT, "") as source:
            for line, values in Sheet(Path("sheet"), ("id",), wanted, problems).rows_of(source):
                if len(found) >= ROWS_MAX:
                    said = f"there are more than {ROWS_MAX:,} rows; import them in parts"
                    return [], [*wrong, SheetFlaw(line, "", "many_rows", said, {"most": ROWS_MAX})]
                if any(values):
                    found.append((line, values))
                    for at in numbers:
                        points.look(values[at])
    except SheetError as error:
        return [], [*wrong, SheetFlaw(1, "", "sheet", str(error).removeprefix("sheet "))]
    reader = _Reader(now, table, separator, points)
    read = [reader.row(line, dict(zip(wanted, values, strict=True))) for line, values in found]
    return read, [*wrong, *(SheetFlaw(one.line, "", one.code, one.reason, {**one.told}) for one in problems.rows)]


class _Reader:
    """Reads cells by what the file says now."""

    def __init__(self, now: Revised, table: Table, separator: str, points: Points) -> None:
        self._table, self._points = table, points
        self._known = {one.id: fields.as_values(one) for one in getattr(now.site, table)}
        self._raw = {one["id"]: one for one in things(now.raw, table)}
        self._commas: dict[str, Commas] = {}
        self._cells = Cells(separator, self._commas if separator == "," else None)

    def row(self, line: int, cells: dict[str, str]) -> Row:
        """One row."""
        was = self._known.get(cells["id"])
        values: dict[str, Any] = {}
        wrong: list[SiteFlaw] = []
        for name, text in cells.items():
            field = fields.field_of(self._table, name)
            assert field is not None
            if was is not None and text == cell(field, was[name]):
                continue
            value, flaw = self._value(field, text, None if was is None else was[name])
            if flaw is not None:
                wrong.append(flaw)
            elif was is None or (value if value is not None else field.default) != was[name]:
                values[name] = value
        if was is None:
            values = {name: value for name, value in values.items() if value is not None}
        return Row(line, cells, values, wrong)

    def _value(self, field: FieldView, text: str, now: Any) -> tuple[Any, SiteFlaw | None]:
        if not text:
            return ("" if field.needed and field.kind == "text" and field.name == "name" else None), None
        try:
            value = self._read(field, text)
        except Unclear as error:
            if field.kind == "number" and now in (float(error.thousands), float(error.decimal)):
                return now, None
            readings: dict[str, str | int | float] = {"thousands": error.thousands, "decimal": error.decimal}
            said = f"`{text[:40]}` can be {error.thousands} or {error.decimal}; write the one that is meant like that"
            return None, SiteFlaw(field.name, "unclear", said, {**readings, "value": text[:40]})
        except ValueError:
            value = text
        read, wrong = fields.read(self._table, {field.name: value})
        if wrong:
            told = {**wrong[0].told, "value": text[:40]}
            return None, SiteFlaw(field.name, wrong[0].code, f"`{text[:40]}` can not be: {wrong[0].detail}", told)
        return read[field.name], None

    def _read(self, field: FieldView, text: str) -> Any:
        """What a cell says; raises `ValueError` for what says nothing of its kind."""
        match field.kind:
            case "number" | "whole":
                return self._number(field, text)
            case "flag":
                if text.lower() in YES or text.lower() in NO:
                    return text.lower() in YES
                raise ValueError(text)
            case "pairs":
                return dict(_pairs(text, whole=field.name == "protected"))
            case "wholes":
                return [int(one) for one in text.replace(",", " ").split()]
            case "area":
                numbers = [float(one.replace(",", ".")) for one in text.split()]
                return dict(zip(WIDTHS, numbers, strict=True))
        return text[1:] if text.startswith("'") and text[1:2] in FORMULA else text

    def _number(self, field: FieldView, text: str) -> float | int:
        if any(one.isalpha() and one not in "eE" for one in text) or "%" in text:
            raise ValueError(text)  # a unit may be another one than the field's
        value, _ = self._cells.number(self._points.plain(text, whole=field.kind == "whole"), field.name)
        if value is None:
            raise ValueError(text)
        return int(value) if field.kind == "whole" and value.is_integer() else value


def _is_number(field: FieldView | None) -> bool:
    return field is not None and field.kind in ("number", "whole")


def _pairs(text: str, *, whole: bool) -> Iterator[tuple[str, Any]]:
    for part in text.replace(";", " ").split():
        key, parted, value = part.partition("=")
        if not parted:
            raise ValueError(text)
        yield key, int(value) if whole else value
