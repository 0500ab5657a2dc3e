"""A table as a file: read back by the standard library and as Parquet it is what it was, whatever stands in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from arro3.core import DataType
from arro3.io import read_parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.exporting.columns import BLOCK, ColumnView, Row, Table, flag, money, number, text, time, whole
from cloud.core.exporting.tables import TABLES
from cloud.table_csv import csv_file, iso, safe
from cloud.table_parquet import parquet_file

COLUMNS = [
    ColumnView("sku", "text", ""),
    ColumnView("units", "whole", "units"),
    ColumnView("value_eur", "number", "EUR"),
    ColumnView("at_utc", "time", "UTC"),
    ColumnView("differs", "flag", ""),
]
NOON_MS = 1_763_762_400_123


def as_csv(*rows: Row) -> list[list[str]]:
    text = b"".join(csv_file(COLUMNS, [[*rows]])).decode("utf-8-sig")
    return [*csv.reader(io.StringIO(text, newline=""))]


def as_parquet(blocks: list[list[Row]]) -> list[tuple[object, ...]]:
    table = read_parquet(io.BytesIO(b"".join(parquet_file(COLUMNS, blocks)))).read_all()
    columns = [table.column(name).to_pylist() for name in table.column_names]
    return [*zip(*columns, strict=True)]


def test_a_csv_names_the_units_in_its_head_and_tells_times_in_utc() -> None:
    assert as_csv(("bolt", -3, 1.25, NOON_MS, True), ("nut", None, None, 0, False)) == [
        ["sku", "units", "value_eur", "at_utc", "differs"],
        ["bolt", "-3", "1.25", "2025-11-21T22:00:00.123Z", "true"],
        ["nut", "", "", "", "false"],
    ]


def test_a_csv_has_the_line_ends_and_quotes_of_rfc_4180_and_the_mark_that_spreadsheets_look_for() -> None:
    text = b"".join(csv_file(COLUMNS[:1], [[('5" pipe, red\r\n(new)',), ("螺栓",)]]))

    assert text == b"\xef\xbb\xbf" + 'sku\r\n"5"" pipe, red\r\n(new)"\r\n螺栓\r\n'.encode()


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_what_somebody_wrote_is_no_formula_in_a_spreadsheet(begin: str) -> None:
    [_, [cell, *_]] = as_csv((f"{begin}HYPERLINK(1)", 1, 1.0, 0, False))

    assert cell == f"'{begin}HYPERLINK(1)"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ROWS = st.tuples(
    st.none() | TEXT,
    st.none() | st.integers(-(2**53), 2**53),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.integers(1, 2**41),
    st.none() | st.booleans(),
)


@settings(max_examples=50)
@given(st.lists(ROWS, min_size=1, max_size=5))
def test_whatever_is_in_a_table_is_in_its_files(rows: list[Row]) -> None:
    told = [
        [safe(str(sku or "")), "" if units is None else str(units), "" if value is None else repr(value), iso(int(at))]
        for sku, units, value, at, _ in rows
        if at is not None
    ]

    assert [row[:4] for row in as_csv(*rows)[1:]] == told
    assert [row[:3] + row[4:] for row in as_parquet([rows])] == [row[:3] + row[4:] for row in rows]


def test_a_parquet_file_knows_its_columns_and_their_units_and_holds_moments() -> None:
    row = ("bolt", 3, 1.5, NOON_MS, True)
    table = read_parquet(io.BytesIO(b"".join(parquet_file(COLUMNS, [[row], [(*row[:3], 0, None)]])))).read_all()

    kinds = [DataType.utf8(), DataType.int64(), DataType.float64(), DataType.timestamp("ms", tz="UTC"), DataType.bool()]

    assert [table.schema.field(one.name).type for one in COLUMNS] == kinds
    assert table.schema.field("units").metadata_str == {"unit": "units"}
    first, second = table.column("at_utc").to_pylist()
    assert first.isoformat() == "2025-11-21T22:00:00.123000+00:00"
    assert second is None


def test_a_table_without_rows_is_a_file_all_the_same() -> None:
    assert as_csv() == [[one.name for one in COLUMNS]]
    assert as_parquet([]) == []


def test_what_goes_wrong_with_the_rows_is_said_by_both_kinds_of_files() -> None:
    def blocks() -> Iterator[list[Row]]:
        yield [("bolt", 1, 1.0, 0, False)]
        raise OSError("the disk is gone")

    for made in (csv_file(COLUMNS, blocks()), parquet_file(COLUMNS, blocks())):
        with pytest.raises(OSError, match="the disk is gone"):
            b"".join(made)


def test_who_leaves_a_parquet_file_stops_its_rows() -> None:
    read = 0

    def blocks() -> Iterator[list[Row]]:
        nonlocal read
        while True:
            read += 1
            yield [(f"sku-{read}-{n}", read * n, n / 7, n + 1, True) for n in range(BLOCK)]

    made = parquet_file(COLUMNS, blocks())
    assert next(made)[:4] == b"PAR1"
    made.close()  # type: ignore[attr-defined]
    stopped = read

    assert stopped < 200, "it waits for who reads"
    assert read == stopped


def test_columns_have_their_units_at_the_end_of_their_names() -> None:
    columns = (text("sku"), whole("units", "units"), number("mass_g", "g"), money("unit_cost"), time("at"), flag("on"))
    table = Table("things", "A thing.", columns, lambda _, __: [])

    assert [(one.name, one.unit) for one in table.told("CHF").columns] == [
        ("sku", ""), ("units", "units"), ("mass_g", "g"), ("unit_cost_chf", "CHF"), ("at_utc", "UTC"), ("on", ""),
    ]  # fmt: skip


def test_every_table_has_its_own_columns_and_the_one_its_span_looks_at() -> None:
    for table in TABLES.values():
        names = [one.name for one in table.columns]
        assert len(set(names)) == len(names)
        assert table.time in ("", *names)
