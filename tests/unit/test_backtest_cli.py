"""`python -m cloud backtest`: policies judged on two plain files; bad rows are named, all others are judged."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from cloud import backtest_cli
from cloud.cli import main
from cloud.core.planning.efficient import LEVELS

HEADER = "sku,unit_cost,order_cost,holding_rate,lead_time_days,min,max\n"
ROWS = ("bolt,2.5,8,0.25,3,4,20\n", "nut,0.5,8,0.25,5,10,40\n", "washer,1,8,0.25,2,3,9\n")
SKUS = ("bolt", "nut", "washer")
BEGINS = date(2025, 3, 1)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Three items, and a hundred days of them."""
    sold = (
        f"{sku},{BEGINS + timedelta(day)},{1 + (day + at) % 4}\n" for day in range(100) for at, sku in enumerate(SKUS)
    )
    return written(tmp_path, HEADER + "".join(ROWS), "sku,date,units\n" + "".join(sold))


def written(folder: Path, items: str, demand: str = "") -> list[str]:
    """The arguments that name the two files."""
    (folder / "items.csv").write_text(items)
    if demand:
        (folder / "demand.csv").write_text(demand)
    return ["backtest", "--items", str(folder / "items.csv"), "--demand", str(folder / "demand.csv")]


def judged(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, object]], str]:
    """The lines on stdout, and what was said on stderr."""
    assert main([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    return [json.loads(line) for line in out.splitlines()], err


def test_each_policy_has_a_line_and_that_in_force_is_among_them(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines, said = judged(files, capsys)

    assert [line["policy"] for line in lines] == ["proposed", "in_force", "mended", "min_max", "eoq_and_z"]
    assert {(line["skus"], line["days"]) for line in lines} == {(3, 40)}
    assert all(0 <= line["fill"] <= 1 for line in lines if isinstance(line["fill"], float))
    assert "3 SKUs, judged 2025-04-30 to 2025-06-08; 0 rows left out" in said


def test_the_table_shows_the_same_policies(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(files) == 0
    rows = capsys.readouterr().out.splitlines()

    assert [row.split()[0] for row in rows] == ["policy", "proposed", "in_force", "mended", "min_max", "eoq_and_z"]


def test_without_min_and_max_there_is_no_policy_in_force(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "sku,unit_cost,order_cost,holding_rate,lead_time_days\nbolt,2.5,8,0.25,3\n")
    lines, _ = judged(files, capsys)

    assert [line["policy"] for line in lines] == ["proposed", "min_max", "eoq_and_z"]


@pytest.mark.parametrize("levels", [",", "9,3", "few,20", "nan,nan"])
def test_an_item_whose_min_and_max_can_not_be_is_named_and_judged_under_no_policy(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], levels: str
) -> None:
    written(tmp_path, HEADER + f"bolt,2.5,8,0.25,3,{levels}\n" + "".join(ROWS[1:]))
    lines, said = judged(files, capsys)

    assert {line["skus"] for line in lines} == {2}
    assert f"{tmp_path / 'items.csv'}:2: min and max must be numbers of units" in said


def test_bad_rows_of_both_files_are_named_with_their_line(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, HEADER + "".join(ROWS[:2]) + "washer,1,8,0.25,,3,9\n")
    with (tmp_path / "demand.csv").open("a") as file:
        file.write("bolt,2025-06-01,-4\nnut,31.06.2025,2\n")
    lines, said = judged(files, capsys)

    assert {line["skus"] for line in lines} == {2}
    assert f"{tmp_path / 'items.csv'}:4: no lead_time_days; give one" in said
    assert f"{tmp_path / 'demand.csv'}:302: units are -4" in said
    assert f"{tmp_path / 'demand.csv'}:303: date '31.06.2025'" in said


@pytest.mark.parametrize("more", [[], ["--mended"]])
def test_an_item_that_would_not_be_planned_is_named_and_not_judged(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    without, _ = judged(files, capsys)
    header = HEADER.replace(",min", ",moq,min")
    rows = [*(row.replace(",4,", ",,4,", 1).replace(",10,", ",,10,").replace(",3,9", ",,3,9") for row in ROWS)]
    with (tmp_path / "demand.csv").open("a") as file:
        file.write("screw,2025-03-01,9\nscrew,2025-06-01,3\n")
    written(tmp_path, header + "".join(rows) + "screw,1,8,0.25,2,1000000000,0,1\n")
    lines, said = judged([*files, *more], capsys)

    assert f"{tmp_path / 'items.csv'}:5: sku 'screw' is not judged: the least order, 1000000000 units, lasts" in said
    assert [line.get("sku") for line in lines] == [*SKUS] if more else lines == without
    assert more or "3 SKUs, judged 2025-04-30 to 2025-06-08; 1 rows left out" in said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--from", "soon"], "is no date"),
        (["--from", "2025-03-01"], "some of it must come before"),
        (["--from", "2027-01-01"], "demand is known 2025-03-01 to 2025-06-08"),
    ],
)
def test_a_first_day_that_can_not_be_is_refused_in_one_sentence(
    files: list[str], capsys: pytest.CaptureFixture[str], more: list[str], sentence: str
) -> None:
    assert main([*files, *more]) == 2
    assert sentence in capsys.readouterr().err


def test_the_days_judged_begin_where_it_is_asked(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines, said = judged([*files, "--from", "2025-06-01"], capsys)

    assert {line["days"] for line in lines} == {8}
    assert "judged 2025-06-01 to 2025-06-08" in said


def test_files_without_an_sku_in_both_are_refused(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, HEADER + "screw,2.5,8,0.25,3,4,20\n")

    assert main(files) == 2
    assert "no SKU of" in capsys.readouterr().err


def test_several_processes_judge_as_one(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, _ = judged(files, capsys)
    monkeypatch.setattr(backtest_cli, "BLOCK", 2)
    together, _ = judged(files, capsys)

    assert together == [pytest.approx(one) for one in alone]


def test_a_curve_of_each_sku_and_of_all_is_printed(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines, said = judged([*files, "--curve"], capsys)

    assert [line["sku"] for line in lines] == [*SKUS, ""]
    assert all(isinstance(line["in_force"], dict) and isinstance(line["proposed"], dict) for line in lines)
    assert "3 SKUs drawn, 0 without a plan" in said


def test_the_curve_of_one_sku_is_a_table_with_both_policies_marked(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*files, "--curve", "--sku", "nut"]) == 0
    rows = capsys.readouterr().out.splitlines()

    assert [row.split("  ")[0] for row in rows[-2:]] == ["proposed", "in force"]
    assert len(rows) == 1 + len(LEVELS) + 2
    assert rows[-1].split()[-2:] == ["10", "30"]


def test_an_sku_that_sold_nothing_is_drawn_without_points_and_alone_refused(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "demand.csv").open("a") as file:
        file.write("screw,2025-03-01,0\n")
    written(tmp_path, HEADER + "".join(ROWS) + "screw,1,8,0.25,2,0,1\n")
    lines, said = judged([*files, "--curve"], capsys)

    assert [line["points"] == [] for line in lines] == [False, False, False, True, False]
    assert "3 SKUs drawn, 1 without a plan" in said
    assert main([*files, "--curve", "--sku", "screw"]) == 2
    assert "no demand: less than a unit a year" in capsys.readouterr().err


def test_levels_are_mended_for_the_money_they_tie_up(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines, said = judged([*files, "--mended"], capsys)

    assert [(line["sku"], line["min"], line["max"]) for line in lines] == [
        ("bolt", 4, 20),
        ("nut", 10, 40),
        ("washer", 3, 9),
    ]
    for line in lines:
        assert line["mended_max"] - line["mended_min"] == line["max"] - line["min"]  # type: ignore[operator]
    assert "raised" in said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--mended"], "no columns min and max"),
        (["--curve", "--sku", "screw"], "'screw' is not in both files"),
    ],
)
def test_what_can_not_be_drawn_or_mended_is_refused_in_one_sentence(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], sentence: str
) -> None:
    written(tmp_path, "sku,unit_cost,order_cost,holding_rate,lead_time_days\nbolt,2.5,8,0.25,3\n")

    assert main([*files, *more]) == 2
    assert sentence in capsys.readouterr().err
