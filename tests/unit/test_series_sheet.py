"""A series as CSV: whatever writes it, its times and numbers are read; what can not be is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.series_sheet import Refused, Row, Series
from cloud.sheet_cells import VALUE_MAX
from cloud.sheet_times import time_ms
from cloud.sheets import SheetError


def rows(text: str, only: Sequence[str] = ()) -> list[Row | Refused]:
    return list(Series("s.csv", text.splitlines(keepends=True), only))


def values(text: str) -> list[list[float | None]]:
    return [row.values for row in rows(text) if isinstance(row, Row)]


def notes(text: str) -> list[tuple[int, str, str, str]]:
    return [(row.line, *note) for row in rows(text) if isinstance(row, Row) for note in row.notes]


@pytest.mark.parametrize(
    "text",
    [
        "2014-04-01 00:05:00",
        "2014-04-01T00:05:00Z",
        "2014-04-01T02:05:00+02:00",
        "2014/4/1 0:05",
        "4/1/2014 0:05",
        "01.04.2014 00:05:00",
        "1396310700",
        "1396310700000",
        "1396310700.0",
        "4/1/2014 12:05 AM",
        "04/01/2014, 12:05:00 am",
        "4/1/2014 12:05\u202fa.m.",
        "2014-04-01 12:05:00 AM",
        "2014-4-1 0:05",
        "4-1-2014 0:05",
    ],
)
def test_a_time_is_read_however_it_is_written(text: str) -> None:
    assert time_ms(text, False) == 1_396_310_700_000


@pytest.mark.parametrize(
    ("text", "clock"),
    [("3:04 PM", "15:04:00"), ("3:04:05 pm", "15:04:05"), ("12:00 PM", "12:00:00"), ("11:59:59.5PM", "23:59:59.500")],
)
def test_a_clock_of_twelve_hours_is_read(text: str, clock: str) -> None:
    assert time_ms(f"1/2/2024 {text}", False) == time_ms(f"2024-01-02 {clock}", False)


@pytest.mark.parametrize(
    "text",
    [
        "1/2/2024 13:04 PM",
        "1/2/2024 0:04 AM",
        "3:04 PM",
        "",
        "x",
        "2014-13-01 00:00",
        "31/31/2014 0:00",
        "nan",
        "-5",
        "1e300",
        "12:00",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert time_ms(text, False) is None


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_every_time_of_iso_8601_is_read(when: datetime) -> None:
    assert time_ms(when.isoformat(), False) == round(when.timestamp() * 1000)


def test_the_day_comes_first_where_time_only_goes_on_so() -> None:
    days = [f"{day}/3/2026 12:00,{day}\n" for day in range(1, 12)]

    found = rows("time,value\n" + "".join(days))

    assert [row.at_ms - found[0].at_ms for row in found if isinstance(row, Row) and isinstance(found[0], Row)] == [
        86_400_000 * day for day in range(11)
    ]


def dated(*days: str) -> list[tuple[str, list[tuple[int, str, str, str]]]]:
    """A file of these days, as a day of the first row and all notes."""
    text = "time,value\n" + "".join(f"{day} 12:00,{at}\n" for at, day in enumerate(days))
    first = rows(text)[0]
    assert isinstance(first, Row)
    return [(datetime.fromtimestamp(first.at_ms / 1000, UTC).date().isoformat(), notes(text))]


def test_the_order_of_day_and_month_is_said_where_no_date_tells_it() -> None:
    first = "03/04/2026 12:00"

    assert dated("03/04/2026", "13/04/2026") == [("2026-04-03", [])]
    assert dated("03/04/2026", "03/14/2026") == [("2026-03-04", [])]
    assert dated("03/04/2026", "04/04/2026") == [("2026-04-03", [(2, "dates read as DD/MM/YYYY", "", first)])]
    assert dated("03/04/2026", "03/05/2026") == [("2026-03-04", [(2, "dates read as MM/DD/YYYY", "", first)])]
    assert dated("03/04/2026") == [("2026-03-04", [(2, "dates taken as MM/DD/YYYY", "", first)])]
    assert dated("2026/03/04", "03.04.2026")[0][1] == []


def test_a_date_far_down_tells_the_order_of_a_file() -> None:
    lines = [f"02/03/2026 {at // 60:02}:{at % 60:02},{at}\n" for at in range(600)]
    found = rows("".join(["time,value\n", *lines, "13/03/2026 00:00,5\n"]))

    assert all(isinstance(row, Row) and not row.notes for row in found)
    assert isinstance(found[0], Row)
    assert found[0].at_ms == time_ms("2026-03-02 00:00", False)


@pytest.mark.parametrize(
    ("last", "begins", "told"),
    [
        ("04/03/2026 00:00", "2026-03-02", "dates read as DD/MM/YYYY"),
        ("03/03/2026 00:00", "2026-03-02", "dates read as DD/MM/YYYY"),
        ("02/05/2026 00:00", "2026-02-03", "dates read as MM/DD/YYYY"),
        ("14/03/2026 00:00", "2026-03-02", ""),
        ("02/03/2026 23:00", "2026-02-03", "dates taken as MM/DD/YYYY"),
    ],
)
def test_the_last_row_tells_the_order_where_all_rows_looked_at_are_of_one_day(
    last: str, begins: str, told: str
) -> None:
    lines = [f"02/03/2026 {at // 60:02}:{at % 60:02},{at}\n" for at in range(1200)]
    end = (2 + 2 * 1440, f"{last},5\n")

    series = Series("s", ["time,value\n", *lines], look_rows=400, backwards=lambda: iter([(end[0] + 1, "\n"), end]))

    first = next(iter(series))
    assert isinstance(first, Row)
    assert first.at_ms == time_ms(begins, False)
    assert [what for what, _, _ in first.notes] == [told][: bool(told)]


def quoted(*cells: str) -> tuple[list[float | None], set[str]]:
    """A column of a file that is separated by commas: its numbers, and what was noted."""
    text = "timestamp,value\n" + "".join(f'2026-01-{at:02},"{cell}"\n' for at, cell in enumerate(cells, 1))
    return [one for (one,) in values(text)], {what for _, what, _, _ in notes(text)}


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["5,129", "5,13"], [5.129, 5.13]),
        (["5,129", "0,981"], [5.129, 0.981]),
        (["5,129 C", "4,9 C"], [5.129, 4.9]),
        (["5,129", "1.234,5"], [5.129, 1234.5]),
        (["5,129", "1200"], [5.129, 1200.0]),
        (["5,129", "1,234.5"], [5129.0, 1234.5]),
        (["1,234,567", "-5,129"], [1234567.0, -5129.0]),
        (["5,129", "998.5"], [5129.0, 998.5]),
    ],
)
def test_other_cells_tell_decimals_from_thousands(cells: list[str], numbers: list[float]) -> None:
    assert quoted(*cells) == (numbers, set())


def test_where_no_cell_tells_a_comma_is_read_as_what_lies_nearer_and_noted() -> None:
    assert quoted("5,129", "4,987") == ([5.129, 4.987], {"comma read as decimal"})
    assert quoted("5,129", "5") == ([5.129, 5.0], {"comma read as decimal"})
    assert quoted("998", "1,002") == ([998.0, 1002.0], {"comma read as thousands"})


def test_a_comma_that_can_not_be_read_as_the_others_is_no_number() -> None:
    assert quoted("1,234.5", "1,234.5", "5,12") == ([1234.5, 1234.5, None], {"no number"})
    assert quoted("5,12", "5,13", "1,234,567", "5,1,2") == ([5.12, 5.13, None, None], {"no number"})


def test_numbers_that_a_comma_cut_in_two_are_never_read_as_their_first_half() -> None:
    with pytest.raises(
        SheetError, match="line 2 has 3 cells under 2 names, as decimal commas make: '2026-01-01,5,129'"
    ):
        rows("timestamp,value\n2026-01-01,5,129\n2026-01-02,5,13\n2026-01-03,5\n")
    cells = ["5.1,a", "5,129,b", "5.2,door, open", "5.3,,"]
    text = "timestamp,value,remark\n" + "".join(f"2026-01-0{at},{one}\n" for at, one in enumerate(cells, 1))

    found = [one for one in rows(text, only=["value"]) if isinstance(one, Row)]

    assert [one.values for one in found] == [[5.1], [None], [5.2], [5.3]]
    assert [one.notes for one in found if one.notes] == [[("more cells than names", "", "2026-01-02,5,129,b")]]


def test_cells_that_are_no_numbers_are_named_and_their_rows_kept() -> None:
    text = "timestamp,a,b\n2026-01-01,1,2\n2026-01-02,#VALUE!,3\n2026-01-03,4,\n2026-01-04,nan,1_0\n"

    assert values(text) == [[1.0, 2.0], [None, 3.0], [4.0, None], [None, None]]
    assert notes(text) == [
        (3, "no number", "a", "#VALUE!"),
        (4, "empty", "b", ""),
        (5, "no number", "a", "nan"),
        (5, "no number", "b", "1_0"),
    ]


def test_a_row_without_a_time_is_refused_alone() -> None:
    found = rows('timestamp,value\n2026-01-01,1\nyesterday,2\n,3\n2026-01-02,"4\n2026-01-03,5\n')

    assert [(one.line, one.reason) for one in found if isinstance(one, Refused)] == [
        (3, "a time that can not be read"),
        (4, "no time"),
    ]
    assert [one.values for one in found if isinstance(one, Row)][0::2] == [[1.0], [5.0]]


def test_units_are_brought_to_that_of_the_first_cell() -> None:
    text = "timestamp,value\n2026-01-01,20 °C\n2026-01-02,68 F\n2026-01-03,21\n2026-01-04,3 bar\n2026-01-05,5 °C\n"

    assert values(text) == [[20.0], [pytest.approx(20.0)], [21.0], [None], [5.0]]
    assert notes(text) == [
        (3, "converted", "value", "68 F"),
        (4, "no unit among numbers with", "value", "21"),
        (5, "another quantity", "value", "3 bar"),
    ]


def test_a_unit_among_numbers_without_one_is_not_guessed() -> None:
    text = "timestamp,value\n2026-01-01,20\n2026-01-02,68 F\n"

    assert values(text) == [[20.0], [None]]
    assert notes(text) == [(3, "a unit among numbers without", "value", "68 F")]


def test_semicolons_may_go_with_decimal_commas() -> None:
    assert values("datetime;value;other\n2026-01-01;1,5;2\n2026-01-02;-0,25;3\n") == [[1.5, 2.0], [-0.25, 3.0]]


def test_a_decimal_comma_may_have_a_unit_and_points_between_thousands() -> None:
    text = "datetime;value\n2026-01-01;4,97 C\n2026-01-02;1.234,5 C\n2026-01-03;41,0 F\n2026-01-04;1,2,3\n"

    assert values(text) == [[4.97], [1234.5], [pytest.approx(5.0)], [None]]
    assert values(text.replace(";", "\t")) == values(text)


def test_columns_of_text_are_left_out_and_said() -> None:
    series = Series("s", ["Time,value,note,empty\n", "2026-01-01,1,ok,\n", "2026-01-02,2,bad,\n"])

    assert (series.channels, series.left_out) == (["value"], ["note", "empty"])


def test_labels_are_no_channels_unless_they_are_asked_for() -> None:
    text = ["datetime;flow;anomaly;changepoint\n", "2026-01-01;1;0;0\n"]

    assert Series("s", text).left_out == ["anomaly", "changepoint"]
    assert Series("s", text, only=["flow", "anomaly"]).channels == ["flow", "anomaly"]


@pytest.mark.parametrize(
    "name", ["anomaly_score", "is_anomaly", "Anomaly Label", "isAnomaly", "change_point", "outlier", "fault_label"]
)
def test_a_column_named_like_a_label_is_left_out_and_why(name: str) -> None:
    series = Series("s", [f"timestamp,value,{name}\n", "2026-01-01,1,0.5\n"])

    assert (series.channels, [*series.why_left_out]) == (["value"], [name])
    assert "says what is true of a row, or was judged of it" in series.why_left_out[name]
    assert Series("s", [f"timestamp,value,{name}\n", "2026-01-01,1,0\n"], only=[name]).channels == [name]
    with pytest.raises(SheetError, match=f"no column of numbers; {name}: a column of that name"):
        Series("s", [f"timestamp,{name}\n", "2026-01-01,1\n"])


def test_columns_can_be_chosen() -> None:
    text = ["timestamp,a,b,c\n", "2026-01-01,1,2,0\n"]

    assert Series("s", text, only=["b"]).channels == ["b"]
    assert Series("s", text, without=["c"]).channels == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column timestamp"),
        ("a,b\n1,2\n", "no column timestamp"),
        ("timestamp,value\n", "no column of numbers"),
        ("timestamp,value\n2026-01-01,x\n", "no column of numbers"),
        ("timestamp,value,value\n2026-01-01,1,2\n", "two columns 'value'"),
    ],
)
def test_a_file_that_can_not_be_used_says_why(text: str, said: str) -> None:
    with pytest.raises(SheetError, match=said):
        rows(text)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(SheetError, match="no column 'c'; it has timestamp, a"):
        rows("timestamp,a\n2026-01-01,1\n", only=["c"])


@given(st.text(max_size=300))
def test_any_text_after_a_header_is_read_or_refused(text: str) -> None:
    found = rows("timestamp,value\n2026-01-01,1\n" + text)

    assert found
    assert all(one is None or abs(one) <= VALUE_MAX for row in found if isinstance(row, Row) for one in row.values)
