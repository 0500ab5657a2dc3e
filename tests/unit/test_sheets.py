"""Plain files: every bad row is named with its line and reason, all others are used."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from cloud import sheets
from cloud.core.planning import demand_table
from cloud.sheets import Problems, SheetError, read_demand, read_items

HEADER = "sku,unit_cost,order_cost,holding_rate,lead_time_days,moq,pack,on_hand,service_level\n"


@pytest.fixture
def problems() -> Problems:
    return Problems()


def written(folder: Path, text: str) -> Path:
    path = folder / "sheet.csv"
    path.write_text(text, encoding="utf-8")
    return path


def lines(problems: Problems) -> list[int]:
    return [one.line for one in problems.rows]


def test_an_item_is_read_with_what_is_usual_where_nothing_is_said(tmp_path: Path, problems: Problems) -> None:
    path = written(tmp_path, HEADER + "bolt,2.5,8,0.25,7,,10,-3,\n")
    (bolt,) = read_items(path, problems).values()

    assert (bolt.sku, bolt.unit_cost, bolt.moq, bolt.pack, bolt.position.projected) == ("bolt", 2.5, 1, 10, -3)
    assert bolt.lead_time_sd_days == 0.0
    assert bolt.service_level is None
    assert problems.count == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("bolt,2.5,8,0.25,,1,1,0,", "no lead_time_days; give one"),
        ("bolt,2.5,8,0.25,soon,1,1,0,", "lead_time_days is 'soon', which is no number"),
        ("bolt,nan,8,0.25,7,1,1,0,", "unit_cost is 'nan', which is no number"),
        ("bolt,2.5,-8,0.25,7,1,1,0,", "order_cost is -8: it must be 0 or more"),
        ("bolt,2.5,8,0,7,1,1,0,", "holding_rate is 0: it must be above 0"),
        ("bolt,2.5,8,0.25,7,1,1.5,0,", "pack is 1.5: whole units are counted"),
        ("bolt,2.5,8,0.25,7,1,1,0,95", "service_level is 95: a share between 0 and 1, such as 0.95"),
        (",2.5,8,0.25,7,1,1,0,", "no sku; name one"),
        ("nut,2.5,8,0.25,7,1,1,0,", "sku 'nut' stands in line 2 already; leave one out"),
        ("bolt,2.5,8", "3 fields where 9 are wanted"),
    ],
)
def test_a_bad_item_is_named_and_the_others_are_used(tmp_path: Path, problems: Problems, row: str, reason: str) -> None:
    path = written(tmp_path, f"{HEADER}nut,1,8,0.25,7,1,1,0,\n{row}\nwasher,1,8,0.25,7,1,1,0,\n")
    items = read_items(path, problems)

    assert [*items] == ["nut", "washer"]
    assert [(one.line, one.reason) for one in problems.rows] == [(3, reason)]


def test_columns_may_stand_in_any_order_between_semicolons_and_beside_others(
    tmp_path: Path, problems: Problems
) -> None:
    path = written(tmp_path, "\ufeffUnits;colour;Date;SKU\n3;red;2025-11-03;bolt\n1,5;red;2025-11-04;bolt\n")
    demand = read_demand(path, problems)

    assert (demand.skus, demand.units.tolist()) == (["bolt"], [[3.0]])
    assert lines(problems) == [3]


def test_a_missing_column_is_said_of_the_file(tmp_path: Path, problems: Problems) -> None:
    with pytest.raises(SheetError, match="no column lead_time_days"):
        read_items(written(tmp_path, "sku,unit_cost,order_cost,holding_rate\n"), problems)
    with pytest.raises(SheetError, match="two columns units"):
        read_demand(written(tmp_path, "sku,date,units,units\n"), problems)
    with pytest.raises(SheetError, match="no row that can be used"):
        read_demand(written(tmp_path, "sku,date,units\n"), problems)
    binary = tmp_path / "binary.csv"
    binary.write_bytes("sku,date,units\n".encode("utf-16-le"))
    with pytest.raises(SheetError, match="is not UTF-8 text"):
        read_demand(binary, problems)


def test_days_without_a_row_have_no_demand_and_those_before_the_first_are_not_known(
    tmp_path: Path, problems: Problems
) -> None:
    path = written(
        tmp_path, "sku,date,units\nbolt,2025-11-01,2\nnut,2025-11-03,1\nbolt,2025-11-04,1\nbolt,2025-11-04,4\n"
    )
    demand = read_demand(path, problems)

    assert demand.first_day == date(2025, 11, 1).toordinal()
    assert demand.skus == ["bolt", "nut"]
    np.testing.assert_array_equal(demand.units, [[2, 0, 0, 5], [np.nan, np.nan, 1, 0]])


@pytest.mark.parametrize(
    ("units", "reason"),
    [
        ("-1", "units are -1: demand is not below 0; leave returns out"),
        ("nan", "units are 'nan', which is no number"),
        ("", "units are '', which is no number"),
        ("1_000", "units are '1_000', which is no number"),
        ("1e12", "units are 1e12: more than 1e+09 a row are not believed"),
    ],
)
def test_units_that_can_not_be_are_named(tmp_path: Path, problems: Problems, units: str, reason: str) -> None:
    path = written(tmp_path, f"sku,date,units\nbolt,2025-11-01,2\nbolt,2025-11-02,{units}\n")
    assert read_demand(path, problems).units.tolist() == [[2.0]]
    assert [(one.line, one.reason) for one in problems.rows] == [(3, reason)]


def test_dates_in_several_formats_are_all_read_where_each_can_be_one_day_only(
    tmp_path: Path, problems: Problems
) -> None:
    rows = "bolt,2025-11-13,1\nbolt,14.11.2025,2\nbolt,20251115,3\nbolt,16/11/2025,4\nbolt,2025-02-30,1\n"
    path = written(tmp_path, "sku,date,units\n" + rows)
    assert read_demand(path, problems).units.tolist() == [[1, 2, 3, 4]]
    [bad] = problems.rows
    assert (bad.line, bad.reason) == (6, "date '2025-02-30' is no date; write it as YYYY-MM-DD")


def test_a_date_that_may_be_two_days_is_left_out_and_neither_of_them_is_taken_for_known(
    tmp_path: Path, problems: Problems
) -> None:
    rows = "".join(f"bolt,2025-01-{day:02},1\n" for day in range(1, 6))
    path = written(tmp_path, f"sku,date,units\n{rows}nut,2025-01-01,1\nbolt,02/01/2025,7\nbolt,2025-02-03,1\n")
    units = read_demand(path, problems).units

    assert lines(problems) == [8]
    assert "may be 2025-01-02 or 2025-02-01: the file's other dates do not tell" in problems.rows[0].reason
    assert np.flatnonzero(np.isnan(units[0])).tolist() == [1, 31], "of the SKU whose row it is"
    assert not np.isnan(units[1]).any()


def test_a_file_with_days_and_months_both_ways_round_is_doubtful_and_no_day_is_guessed(
    tmp_path: Path, problems: Problems
) -> None:
    days = [date(2025, 1, 1) + timedelta(at) for at in range(90)]
    mixed = [day.strftime("%d/%m/%Y" if at % 5 < 3 else "%m/%d/%Y") for at, day in enumerate(days)]
    path = written(tmp_path, "sku,date,units\nbolt,2025-01-01,1\n" + "".join(f"bolt,{day},1\n" for day in mixed))
    units = read_demand(path, problems).units

    unsure = [day for day in days if day.day <= 12 and day.day != day.month]
    assert problems.count == len(unsure)
    assert all("may be 2025-" in one.reason and "--dates" in one.reason for one in problems.rows)
    right = [1.0 if day not in unsure else np.nan for day in days]
    right[0] = 2.0
    np.testing.assert_array_equal(units[0, :90], right)


def test_one_slip_among_very_many_dates_of_one_kind_makes_none_doubtful(tmp_path: Path, problems: Problems) -> None:
    days = [(date(2025, 1, 1) + timedelta(at)).strftime("%d/%m/%Y") for at in range(300)]
    rows = "".join(f"bolt,{day},1\n" for day in days)
    units = read_demand(written(tmp_path, f"sku,date,units\n{rows}bolt,01/31/2025,4\n"), problems).units

    assert problems.count == 0
    assert (units.shape, units[0, 30], units.sum()) == ((1, 300), 5, 304)


def test_of_a_day_whose_row_can_not_be_used_nothing_is_known(tmp_path: Path, problems: Problems) -> None:
    rows = "bolt,2025-11-01,1\nbolt,2025-11-02,nan\nbolt,2025-11-03,2\nbolt,2025-11-03,many\nnut,2025-11-05,1\n"
    units = read_demand(written(tmp_path, "sku,date,units\n" + rows), problems).units

    np.testing.assert_array_equal(units[0], [1, np.nan, np.nan, 0, 0])


def test_a_return_hides_a_day_only_where_nothing_else_is_known_of_it(tmp_path: Path, problems: Problems) -> None:
    rows = "bolt,2025-11-01,1\nbolt,2025-11-01,-1\nbolt,2025-11-02,-4\nbolt,2025-11-03,2\n"
    units = read_demand(written(tmp_path, "sku,date,units\n" + rows), problems).units

    np.testing.assert_array_equal(units[0], [1, np.nan, 2])
    assert lines(problems) == [3, 4]


def test_with_a_way_that_is_said_dates_of_no_other_are_read(tmp_path: Path, problems: Problems) -> None:
    path = written(tmp_path, "sku,date,units\nbolt,02/11/2025,1\nbolt,2025-02-13,1\n")

    assert read_demand(path, problems, "MM/DD/YYYY").units.tolist() == [[1]]
    assert problems.rows[0].reason == "date '2025-02-13' is no date; write it as MM/DD/YYYY"


def test_two_goals_for_one_item_are_remarked_and_it_is_used(tmp_path: Path, problems: Problems) -> None:
    path = written(
        tmp_path, HEADER.strip() + ",backorder_cost\nbolt,2.5,8,0.25,7,1,1,0,0.9,20\nnut,1,8,0.25,7,1,1,0,,\n"
    )

    assert [*read_items(path, problems)] == ["bolt", "nut"]
    assert (problems.count, problems.stands) == (0, {"bolt": 2, "nut": 3})
    (told,) = problems.told()
    assert told.startswith(f"{path}:2: service_level and backorder_cost are both given: the backorder_cost decides")


def test_dates_that_may_be_two_days_are_asked_about(tmp_path: Path, problems: Problems) -> None:
    path = written(tmp_path, "sku,date,units\nbolt,02/11/2025,1\nbolt,03/11/2025,1\n")
    with pytest.raises(SheetError, match=r"may be DD/MM/YYYY or MM/DD/YYYY; say which, with --dates"):
        read_demand(path, problems)
    assert read_demand(path, problems, "MM/DD/YYYY").first_day == date(2025, 2, 11).toordinal()

    path = written(tmp_path, "sku,date,units\nbolt,02/11/2025,1\nbolt,13/11/2025,1\n")
    assert read_demand(path, problems).first_day == date(2025, 11, 2).toordinal()


def test_a_date_far_off_is_asked_about_instead_of_filling_the_memory(
    tmp_path: Path, problems: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demand_table, "CELLS_MAX", 1000)
    path = written(tmp_path, "sku,date,units\nbolt,2025-11-01,1\nbolt,1925-11-01,1\n")
    with pytest.raises(SheetError, match="are more than 1,000 cells, 1925-11-01 to 2025-11-01; is a date wrong"):
        read_demand(path, problems)


def test_of_very_many_bad_rows_the_first_are_named_and_all_counted(
    tmp_path: Path, problems: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "PROBLEMS_MAX", 3)
    path = written(tmp_path, "sku,date,units\n" + "bolt,2025-11-01,-1\n" * 10 + "bolt,2025-11-01,1\n")
    read_demand(path, problems)
    assert (lines(problems), problems.count) == ([2, 3, 4], 10)


def test_a_quote_that_is_never_closed_swallows_no_row(tmp_path: Path, problems: Problems) -> None:
    path = written(
        tmp_path,
        'sku,date,units,note\nbolt,2025-11-01,1,"open\nbolt,2025-11-02,2,\nbolt,2025-11-03,-3,\nbolt,2025-11-04,4,x\n',
    )
    demand = read_demand(path, problems)

    np.testing.assert_array_equal(demand.units, [[1, 2, np.nan, 4]])
    assert lines(problems) == [4]


def test_a_note_of_several_lines_is_part_of_its_row(tmp_path: Path, problems: Problems) -> None:
    path = written(tmp_path, 'note,sku,date,units\n"one\ntwo, three",bolt,2025-11-01,1\n,bolt,2025-11-02,-2\n')
    demand = read_demand(path, problems)

    assert demand.units.tolist() == [[1]]
    assert lines(problems) == [4]


def test_a_few_dates_that_are_years_off_are_named_and_no_empty_decades_are_planned(
    tmp_path: Path, problems: Problems
) -> None:
    days = "".join(f"bolt,2025-{month:02}-{day:02},1\n" for month in range(1, 11) for day in range(1, 29))
    path = written(tmp_path, f"sku,date,units\nbolt,1970-01-01,1\n{days}bolt,2062-01-01,1\nbolt,9999-12-31,1\n")
    demand = read_demand(path, problems)

    assert demand.units.shape == (1, 301)
    assert lines(problems) == [2, 283, 284]
    assert "is far from the others, nearly all rows are of 2025-01-01 to 2025-10-28" in problems.rows[0].reason


def sold(year: int, months: range) -> str:
    return "".join(f"bolt,{year}-{month:02}-{day:02},1\n" for month in months for day in range(1, 29))


@pytest.mark.parametrize("slip", ["2026-03-30", "2026-11-30", "2024-03-30"])
def test_a_year_mistyped_is_named_and_makes_no_year_without_demand(
    tmp_path: Path, problems: Problems, slip: str
) -> None:
    path = written(tmp_path, f"sku,date,units\n{sold(2025, range(3, 13))}bolt,{slip},3\n")
    demand = read_demand(path, problems)

    assert demand.units.shape == (1, 303)
    assert lines(problems) == [282]


def test_a_season_that_begins_again_is_no_slip(tmp_path: Path, problems: Problems) -> None:
    seasons = "".join(sold(year, range(5, 9)) for year in (2023, 2024, 2025))
    demand = read_demand(written(tmp_path, f"sku,date,units\n{seasons}bolt,2026-05-02,3\n"), problems)

    assert demand.units[0, -1] == 3
    assert lines(problems) == []


def test_a_few_rows_of_days_to_come_are_named(tmp_path: Path, problems: Problems) -> None:
    path = written(tmp_path, f"sku,date,units\n{sold(2025, range(3, 13))}bolt,2026-01-20,3\n")
    demand = read_demand(path, problems, today=date(2025, 12, 29).toordinal())

    assert demand.units.shape == (1, 303)
    assert "is not over yet" in problems.rows[0].reason


def test_where_many_rows_are_of_days_to_come_the_clock_may_be_wrong(tmp_path: Path, problems: Problems) -> None:
    path = written(tmp_path, f"sku,date,units\n{sold(2025, range(3, 13))}")
    demand = read_demand(path, problems, today=date(2025, 6, 1).toordinal())

    assert demand.units.shape == (1, 303)
    assert lines(problems) == []


def test_a_row_of_more_fields_than_are_named_is_left_out(tmp_path: Path, problems: Problems) -> None:
    path = written(tmp_path, "sku,date,units\nbolt,2025-11-01,1,200\nbolt,2025-11-02,3\nbolt,2025-11-03,4,\n")
    demand = read_demand(path, problems)

    assert demand.units[0].tolist() == [3, 4]
    assert lines(problems) == [2]
    assert "4 fields where the first line names 3; is a comma in a number?" in problems.rows[0].reason


def test_a_line_that_is_no_text_is_named_and_the_others_are_read(tmp_path: Path, problems: Problems) -> None:
    path = tmp_path / "demand.csv"
    path.write_bytes(b"sku,date,units\nbolt,2025-11-01,1\ncaf\xe9,2025-11-02,3\ncaf\xc3\xa9,2025-11-02,4\n")
    demand = read_demand(path, problems)

    assert demand.skus == ["bolt", "caf\u00e9"]
    assert lines(problems) == [3]
    assert "not UTF-8 text" in problems.rows[0].reason


def test_price_breaks_are_read_and_what_can_not_be_one_is_named(tmp_path: Path, problems: Problems) -> None:
    head = "sku,unit_cost,order_cost,holding_rate,lead_time_days,breaks,incremental\n"
    rows = ("a,5,8,0.25,7,100:4.90 500:4.70,\n", "b,5,8,0.25,7,100:4.90,Yes\n", "c,5,8,0.25,7,,no\n")
    wrong = (
        "d,5,8,0.25,7,100,\n",
        "e,5,8,0.25,7,500:4 100:3,\n",
        "f,5,8,0.25,7,100:4.90,perhaps\n",
        "g,5,8,0.25,7,,yes\n",
    )

    found = read_items(written(tmp_path, head + "".join(rows + wrong)), problems)

    assert {sku: (one.breaks, one.incremental) for sku, one in found.items()} == {
        "a": (((100, 4.9), (500, 4.7)), False),
        "b": (((100, 4.9),), True),
        "c": ((), False),
    }
    assert lines(problems) == [5, 6, 7, 8]
    assert "100:4.90 500:4.70" in problems.rows[0].reason
    assert "have to rise" in problems.rows[1].reason
