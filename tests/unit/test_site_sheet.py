"""Sheets of slots, SKUs and devices: what was written is read again unchanged; each problem has its line and column."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, to_builtins
from msgspec.structs import replace

from cloud import site_sheet
from cloud.core.site_edit.editing import Revised, load, revise
from cloud.core.site_edit.fields import Table, names
from cloud.core.site_edit.previewing import Previewed, preview
from cloud.site_sheet import rows, written
from protocols import layout
from tests.unit import shop
from tests.unit.pages import blocks

SHOP = load(blocks(shop.page("site"), "toml")[0][1], "site.toml")


def looked(text: str | bytes, table: Table = "slots", now: Revised = SHOP) -> Previewed:
    """The preview of a sheet."""
    body = text.encode() if isinstance(text, str) else text
    found, bad = rows(body, now, table)
    return preview(now, table, found, bad)


def told(found: Previewed) -> list[tuple[int, str, str]]:
    """Line, column and kind of each problem."""
    return [(one.line, one.column, one.code) for one in found.problems]


@pytest.mark.parametrize("table", ["zones", "racks", "skus", "slots", "devices"])
def test_what_is_exported_imports_again_without_a_change(table: Table) -> None:
    found = looked(written(SHOP, table), table)

    assert (found.added, found.changed, found.problems) == (0, 0, [])
    assert found.unchanged == found.rows == len(getattr(SHOP.site, table))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_sheets_of_any_usual_kind_say_the_same(separator: str, encoding: str) -> None:
    point = "." if separator == "," else ","
    lines = [["id", "Zone", "SKU", "device", "channel", "capacity", "tare_g"]]
    lines += [["A-2", "aisle", "insulin", "shelf-1", "9", "12", f"180{point}5"], ["K-1", "cold", "", "", "", "31", ""]]
    lines[2][2:5] = ["insulin", "shelf-1", "2"]
    text = "\r\n".join(separator.join(line) for line in lines)

    found = looked(text.encode(encoding))

    assert told(found) == []
    assert (found.added, found.changed) == (1, 1)
    assert found.after is not None
    made = found.after.site.slot_by_id
    assert (made["A-2"].tare_g, made["A-2"].capacity) == (180.5, 12)
    assert (made["K-1"].capacity, made["K-1"].tare_g) == (31, 0.0)
    assert [(one.name, one.before, one.after) for one in found.changes[1].cells] == [
        ("capacity", 30, 31), ("tare_g", 180.0, None),
    ]  # fmt: skip


def test_a_column_that_is_not_there_leaves_its_field_alone() -> None:
    found = looked("id,capacity\nK-1,31\n")

    assert found.after is not None
    assert found.after.site.slot_by_id["K-1"].tare_g == 180.0


def test_every_problem_has_its_line_and_column() -> None:
    found = looked(
        "id,zone,sku,device,channel,capacity,shelf\n"
        "A-2,cellar,insulin,shelf-1,8,10,\n"
        "A-3,aisle,insulin,shelf-1,9,ten,\n"
        "A-2,aisle,insulin,shelf-1,10,10,\n"
        ",aisle,insulin,shelf-1,11,10,\n"
        "K-1,cold,insulin,shelf-1,1,30,\n"
        "A-4,aisle,insulin,shelf-1,12,10,,,,x\n"
    )

    assert told(found) == [
        (1, "shelf", "unknown_field"), (2, "zone", "unlisted"), (3, "capacity", "wants_whole"), (4, "id", "row_twice"),
        (5, "id", "needed"), (6, "channel", "shared"), (7, "", "many_cells"),
    ]  # fmt: skip
    assert found.after is None
    assert "is `" not in found.problems[0].detail
    assert "a whole number, 1 or more" in found.problems[2].detail


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"", (1, "id", "no_header")),
        (b"zone,sku\naisle,insulin\n", (1, "id", "no_header")),
        (b"id,zone\nA-1,\xff\xfeaisle\n", (2, "", "not_text")),
        (b"id,zone,zone\nA-1,aisle,aisle\n", (1, "zone", "column_twice")),
        ("id,zone\nA-1,aisle\n".encode("utf-16-le"), (1, "", "not_text")),
        (b"\x00\x01\x02", (1, "", "not_text")),
        (b"i" * 200_000 + b",id\nA-1,A-1\n", (1, "", "sheet")),
    ],
)
def test_what_is_no_sheet_is_told_and_breaks_nothing(body: bytes, wrong: tuple[int, str, str]) -> None:
    found = looked(body)

    assert wrong in told(found)
    assert found.after is None


def test_an_id_that_is_none_hides_nothing_else_and_is_told_in_plain_words() -> None:
    found = looked(
        "id,zone,sku,device,channel,capacity\n"
        "A 2,cellar,insulin,shelf-1,8,10\nA-3,aisle,tea,shelf-1,9,10\n,aisle,tea,shelf-1,9,10\n"
    )

    assert told(found) == [
        (2, "id", "wants_text"), (2, "zone", "unlisted"), (3, "sku", "unlisted"), (4, "id", "needed"),
    ]  # fmt: skip
    assert all("regex" not in one.detail for one in found.problems)


def test_a_figure_that_is_none_is_told_once_and_hides_nothing_in_other_rows() -> None:
    found = looked("id,name,unit_mass_g,zone\ntea,Tea,heavy,\nrice,Rice,500,cellar\n", "skus")

    assert told(found) == [(2, "unit_mass_g", "wants_number"), (3, "zone", "unlisted")]


@pytest.mark.parametrize(
    ("text", "unclear"),
    [
        ("id;capacity;tare_g\nK-1;1.000;180\n", ["capacity"]),
        ("id;capacity;tare_g\nK-1;1,000;1,500\n", ["capacity", "tare_g"]),
        ('id,capacity\nK-1,"1,000"\n', ["capacity"]),
        ("id;capacity;tare_g\nK-1;1.000;1.5\n", ["capacity"]),
    ],
)
def test_a_number_that_may_be_a_thousand_or_one_is_asked_about(text: str, unclear: list[str]) -> None:
    found = looked(text)

    assert told(found) == [(2, one, "unclear") for one in unclear]
    assert [found.problems[0].told[key] for key in ("thousands", "decimal")] == ["1000", "1"]
    assert "can be 1000 or 1;" in found.problems[0].detail


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id;capacity;tare_g\nK-1;1.000;1.500,5\n", (1000, 1500.5)),
        ("id;capacity;tare_g\nK-1;1,000;180.5\n", (1000, 180.5)),
        ("id;capacity;tare_g\nK-1;1.000.000;2.500\n", (1_000_000, 2500.0)),
        ('id,capacity,tare_g\nK-1,"1,000",0.5\n', (1000, 0.5)),
        ("id;capacity;tare_g\nK-1;7;1.125\nA-1;7;0.5\n", (7, 1.125)),
    ],
)
def test_the_other_numbers_of_a_sheet_tell_its_thousands(text: str, said: tuple[int, float]) -> None:
    found = looked(text)

    assert told(found) == []
    assert found.after is not None
    slot = found.after.site.slot_by_id["K-1"]
    assert (slot.capacity, slot.tare_g) == said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;;;"])
def test_a_line_that_only_excel_reads_is_passed_over_and_lines_keep_their_numbers(first: str, encoding: str) -> None:
    found = looked(f"{first}\r\nid;capacity;tare_g\r\nK-1;31;180,5\r\nA-1;many;\r\n".encode(encoding))

    assert told(found) == [(4, "capacity", "wants_whole")]
    assert [(one.line, one.id) for one in found.changes] == [(3, "K-1")]


def test_a_column_that_is_no_field_is_named_as_it_is_written_with_what_may_be_meant() -> None:
    found = looked("id,Capacty,A01-01\nK-1,31,x\n")

    assert [one.told for one in found.problems] == [
        {"value": "Capacty", "near": "capacity"},
        {"value": "A01-01", "near": "", "choices": ", ".join(names("slots"))},
    ]
    assert "no field `A01-01`; take one of id, zone, sku" in found.problems[1].detail


def test_a_place_is_read_with_decimal_commas_too() -> None:
    found = looked("id;area\naisle;1,5 3,0 6,0 1,2\n", "zones")

    assert told(found) == []
    assert found.after is not None
    area = found.after.site.zones[0].area
    assert area is not None
    assert (area.x_m, area.y_m, area.width_m, area.depth_m) == (1.5, 3.0, 6.0, 1.2)


def test_a_number_with_a_digit_too_many_is_told() -> None:
    found = looked("id;capacity;tare_g\nK-1;99999999999999999999;1e12\n")

    assert told(found) == [(2, "capacity", "too_large"), (2, "tare_g", "too_large")]
    assert found.problems[0].told["most"] == 1_000_000_000


def test_what_is_told_of_a_cell_has_it_as_people_would_write_it() -> None:
    found = looked("id;capacity\nK-1;1\xa0000\nA-1;it's\n")

    assert [one.detail.partition(" can not be")[0] for one in found.problems] == ["`1\xa0000`", "`it's`"]


def test_more_rows_than_are_read_at_once_are_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_sheet, "ROWS_MAX", 1)

    assert told(looked("id;capacity\nK-1;31\nA-1;31\n")) == [(3, "", "many_rows")]


def test_a_unit_in_a_cell_is_not_guessed_at() -> None:
    assert told(looked("id,unit_mass_g\ninsulin,0.2 kg\n", "skus")) == [(2, "unit_mass_g", "wants_number")]


def test_what_a_spreadsheet_would_work_out_is_written_as_text_and_read_back() -> None:
    after = revise(SHOP, looked("id,name\ninsulin,'=1+1\n", "skus").edits)
    assert isinstance(after, Revised)

    assert after.site.sku_by_id["insulin"].name == "=1+1"
    assert b"'=1+1" in written(after, "skus")
    assert looked(written(after, "skus"), "skus", after).changed == 0


TEXT = st.text(string.printable + "é柏\u2028\ufeff'=+", max_size=12)
SKUS = st.builds(
    layout.Sku,
    id=st.just("x"),
    name=TEXT,
    unit_mass_g=st.floats(0.001, 1e9),
    service_level=st.none() | st.floats(0.01, 0.99),
    moq=st.integers(1, 10**6),
    shelf_life_days=st.none() | st.floats(0.1, 1e6),
    discontinued=st.booleans(),
    replenish=st.sampled_from(["observe", "propose", "order"]),
)
READERS = st.builds(
    layout.Device,
    id=st.just("x"),
    kind=st.just("rfid"),
    zone=st.just("aisle"),
    name=TEXT,
    address=TEXT,
    antennas=st.dictionaries(st.sampled_from("1234"), st.sampled_from(["aisle", "cold"])),
    outer=st.just([1, 2]),
    inner=st.lists(st.integers(3, 9), min_size=1, unique=True),
)


@given(st.lists(SKUS, max_size=3), st.lists(READERS, max_size=3))
@settings(max_examples=60, deadline=None)
def test_whatever_the_file_says_its_sheet_imports_unchanged(
    skus: list[layout.Sku], readers: list[layout.Device]
) -> None:
    def numbered(things: list[Any], what: str) -> list[dict[str, Any]]:
        made: list[Struct] = [replace(one, id=f"{what}{n}") for n, one in enumerate(things)]
        return [{key: value for key, value in to_builtins(one).items() if value is not None} for one in made]

    more = {"skus": numbered(skus, "s"), "devices": numbered(readers, "r")}
    raw = SHOP.raw | {table: SHOP.raw[table] + things for table, things in more.items()}
    now = Revised(raw, layout.of(raw, "site.toml"))

    tables: list[Table] = ["skus", "devices"]
    for table in tables:
        found = looked(written(now, table), table, now)
        assert (found.changed, found.added, found.problems) == (0, 0, [])
        assert found.unchanged == len(getattr(now.site, table))
