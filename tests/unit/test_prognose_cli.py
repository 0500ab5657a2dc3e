"""`python -m cloud prognose`: plain files in, what is left of each unit out; what can not be used is named."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud import cli, prognose_cli
from cloud.runs_sheet import read_runs, rising
from cloud.sheets import Problems, SheetError
from tests.unit.wearing import as_csv, machines

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With runs to failure in old.csv and six running units in now.csv."""
    (tmp_path / "old.csv").write_text(as_csv(machines(20, seed=21)))
    (tmp_path / "now.csv").write_text(as_csv(machines(6, seed=22), [20, 30, 40, 50, 60, 70]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(printed: Printed) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.readouterr().out.splitlines()]


def test_learn_then_judge(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "--train", "old.csv", "--json"]) == 0
    (learned,) = said(capsys)
    assert learned["runs"] == 20
    assert learned["channels"] == ["heat", "hum"]
    assert cli.main(["prognose", "now.csv", "--json"]) == 0
    units = said(capsys)
    assert [one["unit"] for one in units] == ["1", "2", "3", "4", "5", "6"]
    for one in units:
        assert 0 <= one["low"] <= one["left"] <= one["high"]
        assert 0 <= one["health"] <= 1
    assert cli.main(["prognose", "now.csv"]) == 0
    assert capsys.readouterr().out.count("\n") == 7


def test_learning_and_judging_in_one_go_says_the_same(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "now.csv", "--train", "old.csv", "--json"]) == 0
    once = said(capsys)
    assert cli.main(["prognose", "old.csv", "--train"]) == 0
    capsys.readouterr()
    assert cli.main(["prognose", "now.csv", "--json"]) == 0
    assert said(capsys) == once


def test_without_a_model_it_says_what_to_do(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "now.csv"]) == 2
    assert "learn one with --train OLD.csv" in capsys.readouterr().err
    assert cli.main(["prognose"]) == 2
    assert "give RUNS.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{}", "is no model"),
        ("[1", "is no model"),
        ('{"version": 99}', "is no model"),
        (None, "is of version 0, not 1"),
    ],
)
def test_a_file_that_is_no_model_is_refused(folder: Path, capsys: Printed, content: str | None, told: str) -> None:
    model = folder / "m.json"
    assert cli.main(["prognose", "--train", "old.csv", "--model", "m.json"]) == 0
    model.write_text(content or model.read_text().replace('"version": 1', '"version": 0'))
    assert cli.main(["prognose", "now.csv", "--model", "m.json"]) == 2
    assert told in capsys.readouterr().err


def test_units_kept_from_file_to_file_stand_where_one_file_would_leave_them(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "--train", "old.csv"]) == 0
    lines = (folder / "now.csv").read_text().splitlines(keepends=True)
    (folder / "a.csv").write_text("".join(lines[:150]))
    (folder / "b.csv").write_text(lines[0] + "".join(lines[150:]))
    for command in (["a.csv", "--resume", "kept.json"], ["now.csv", "--resume", "kept.json", "--json"]):
        capsys.readouterr()
        assert cli.main(["prognose", *command]) == 0
    grown = said(capsys)
    assert cli.main(["prognose", "now.csv", "--json"]) == 0
    assert said(capsys) == grown
    assert all(one["rows_left_out"] == 0 for one in grown)
    (folder / "kept.json").unlink()
    for command in (["a.csv", "--resume", "kept.json"], ["b.csv", "--resume", "kept.json", "--json"]):
        capsys.readouterr()
        assert cli.main(["prognose", *command]) == 0
    parts = {one["unit"]: one["left"] for one in said(capsys)}
    whole = {one["unit"]: one["left"] for one in grown}
    assert parts.items() <= whole.items()


def test_units_of_another_model_are_refused(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "now.csv", "--train", "old.csv", "--resume", "kept.json"]) == 0
    (folder / "other.csv").write_text(as_csv(machines(15, seed=23)))
    assert cli.main(["prognose", "now.csv", "--train", "other.csv", "--resume", "kept.json"]) == 2
    assert "of another model" in capsys.readouterr().err
    (folder / "kept.json").write_text("?")
    assert cli.main(["prognose", "now.csv", "--resume", "kept.json"]) == 2


def test_bad_rows_are_named_with_their_lines_and_the_rest_is_judged(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "--train", "old.csv"]) == 0
    lines = (folder / "now.csv").read_text().splitlines()
    cells = lines[5].split(",")
    lines[5] = ",".join([*cells[:3], "#VALUE!", *cells[4:]])
    lines[7], lines[8] = lines[8], lines[7]
    lines.insert(12, lines[11])
    del lines[30:33]
    lines += ["lonely,1," + ",".join(cells[2:]), "6,soon,10,60,5,7,0", ",3,10,60,5,7,0", "6,9"]
    (folder / "now.csv").write_text("\n".join(lines))
    capsys.readouterr()
    assert cli.main(["prognose", "now.csv", "--json"]) == 0
    out, err = capsys.readouterr()
    units = {one["unit"]: one for one in map(json.loads, out.splitlines())}
    assert (units["1"]["rows_left_out"], units["1"]["rows_sorted"]) == (1, 1)
    assert units["1"]["cells_unread"] == 1
    assert units["2"]["gaps"] == 1
    assert units["lonely"]["problem"] == "1 rows, at least 5 are wanted"
    assert units["lonely"]["left"] is None
    for told in (
        "now.csv:6: heat is '#VALUE!', which is no number; the rest of the row is used",
        "now.csv:8: unit '1': 1 of 21 rows stand out of order, the first here; they are sorted by cycle",
        "now.csv:13: unit '1': cycle 11 comes again (it stands in line 12)",
        "unit '2': 1 gaps, 3 cycles in all",
        "cycle is 'soon', which is no number",
        "no unit; name one",
        "2 fields where",
        "6 of 7 units judged; 4 rows left out",
    ):
        assert told in err, told


def test_rows_in_no_order_are_sorted_by_cycle_and_told_the_same(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "now.csv", "--train", "old.csv"]) == 0
    ordered = capsys.readouterr().out
    head, *lines = (folder / "now.csv").read_text().splitlines()
    Random(7).shuffle(lines)
    (folder / "now.csv").write_text("\n".join([head, *lines]))

    assert cli.main(["prognose", "now.csv", "--json"]) == 0

    out, err = capsys.readouterr()
    assert all(one["rows_left_out"] == 0 < one["rows_sorted"] for one in map(json.loads, out.splitlines()))
    assert "of 70 rows stand out of order" in err
    assert cli.main(["prognose", "now.csv"]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(ordered.splitlines())


@pytest.mark.parametrize("cell", ["NaN", "", "x1000"])
def test_a_unit_without_a_reading_of_a_channel_is_told_with_counts(folder: Path, capsys: Printed, cell: str) -> None:
    assert cli.main(["prognose", "--train", "old.csv"]) == 0
    head, *lines = (folder / "now.csv").read_text().splitlines()
    at = head.split(",").index("heat")
    for place, line in enumerate(lines):
        cells = line.split(",")
        if cells[0] == "2":
            cells[at] = f"{1000 * float(cells[at])}" if cell == "x1000" else cell
            lines[place] = ",".join(cells)
    (folder / "now.csv").write_text("\n".join([head, *lines]))
    capsys.readouterr()

    assert cli.main(["prognose", "now.csv", "--json"]) == 0

    out, err = capsys.readouterr()
    units = {one["unit"]: one for one in map(json.loads, out.splitlines())}
    assert (units["2"]["without"], units["1"]["without"]) == (["heat"], [])
    assert units["2"]["cells_unread"] + units["2"]["cells_beyond"] == units["2"]["rows"] == 30
    assert "unit '2' has no reading of heat to judge it by: its interval was not learned so" in err
    if cell == "x1000":
        assert "30 of 30 readings of heat are farther off than any learned from, perhaps a thousand times too la" in err
    else:
        assert f"unit '2': 30 cells of heat are missing; the rest of their rows is used (the first is {cell!r})" in err


def test_semicolons_may_go_with_decimal_commas_and_spreadsheets_may_save_utf_16(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "now.csv", "--train", "old.csv"]) == 0
    plain = capsys.readouterr().out
    text = (folder / "now.csv").read_text().replace(",", ";").replace(".", ",")

    for encoding in ("utf-8", "utf-16"):
        (folder / "now.csv").write_text(text, encoding=encoding)
        assert cli.main(["prognose", "now.csv"]) == 0
        assert capsys.readouterr().out == plain


def test_cycles_below_nought_are_refused_with_their_line(folder: Path, capsys: Printed) -> None:
    text = (folder / "now.csv").read_text()
    head, first, rest = text.split("\n", 2)
    (folder / "now.csv").write_text("\n".join([head, first.replace("1,1,", "1,-385,", 1), rest]))

    assert cli.main(["prognose", "now.csv", "--train", "old.csv"]) == 0

    assert "now.csv:2: cycle is '-385', but cycles count from new, and are not below 0" in capsys.readouterr().err


def test_by_a_limit_too_a_unit_that_measures_otherwise_is_told(folder: Path, capsys: Printed) -> None:
    rows = [
        f"{unit},{cycle},{times * (2 + 0.05 * cycle + 0.02 * (-1) ** cycle):.3f}"
        for unit, times in (("a", 1), ("b", 1), ("c", 1000))
        for cycle in range(1, 31)
    ]
    (folder / "pumps.csv").write_text("\n".join(["unit,cycle,vibration", *rows]))

    assert cli.main(["prognose", "pumps.csv", "--limit", "vibration=7.1"]) == 0

    assert "unit 'c': 30 of 30 readings of vibration are perhaps a thousand times too large" in capsys.readouterr().err


def test_a_column_the_model_wants_and_the_file_lacks_is_named(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "--train", "old.csv"]) == 0
    (folder / "now.csv").write_text((folder / "now.csv").read_text().replace("heat", "warmth", 1))
    assert cli.main(["prognose", "now.csv"]) == 2
    assert "has no column heat" in capsys.readouterr().err


def test_too_few_runs_are_not_learned_from(folder: Path, capsys: Printed) -> None:
    assert cli.main(["prognose", "--train", "now.csv"]) == 2
    assert "at least 10 are wanted" in capsys.readouterr().err
    assert not (folder / "var" / "cloud" / prognose_cli.MODEL).exists()


def test_without_runs_to_failure_a_limit_will_do(folder: Path, capsys: Printed) -> None:
    rows = "".join(f"pump,{cycle},{2 + 0.05 * cycle + 0.02 * (-1) ** cycle:.3f}\n" for cycle in range(1, 61))
    (folder / "pump.csv").write_text("unit,cycle,vibration\n" + rows)
    assert cli.main(["prognose", "pump.csv", "--limit", "vibration=7.1", "--json"]) == 0
    out, err = capsys.readouterr()
    (pump,) = map(json.loads, out.splitlines())
    assert pump["low"] <= (7.1 - 5) / 0.05 <= pump["high"]
    assert pump["left"] == pytest.approx(42, abs=3)
    assert "the interval was not calibrated" in err
    for limit, told in (("vibration", "write it as CHANNEL=VALUE"), ("speed=3", "has no channel 'speed'")):
        assert cli.main(["prognose", "pump.csv", "--limit", limit]) == 2
        assert told in capsys.readouterr().err


def test_a_unit_beyond_its_limit_has_nothing_left_and_one_that_does_not_move_is_open_ended(
    folder: Path, capsys: Printed
) -> None:
    random = machines(1, seed=30)[0].values[:60, 3]
    gone = "".join(f"gone,{cycle},{0.2 * cycle + 0.1 * random[cycle]:.3f}\n" for cycle in range(60))
    calm = "".join(f"calm,{cycle},{1 + 0.1 * random[cycle]:.3f}\n" for cycle in range(60))
    (folder / "two.csv").write_text("unit,cycle,wear\n" + gone + calm)
    assert cli.main(["prognose", "two.csv", "--limit", "wear=10", "--json"]) == 0
    worn, well = said(capsys)
    assert (worn["left"], worn["health"]) == (0.0, 0.0)
    assert well["high"] is None
    assert well["health"] > 0.9


def test_a_file_that_runs_backwards_is_read_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "back.csv"
    path.write_text("unit,cycle,heat\n" + "".join(f"a,{cycle},{cycle}\n" for cycle in range(9, 0, -1)))
    problems = Problems()
    rows = read_runs(path, problems).units["a"]
    assert rows.cycles == list(range(1, 10))
    assert problems.count == 0
    assert "runs backwards" in problems.told()[0]


def test_one_wrong_cycle_far_ahead_costs_one_row(tmp_path: Path) -> None:
    path = tmp_path / "slip.csv"
    path.write_text("unit,cycle,heat\n" + "".join(f"a,{cycle},1\n" for cycle in (1, 2, 9999, 3, 4, 5)))
    problems = Problems()
    assert read_runs(path, problems).units["a"].cycles == [1, 2, 3, 4, 5]
    assert [one.line for one in problems.rows] == [4]


def test_a_column_of_text_is_no_channel(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("unit;cycle;heat;note;empty\n" + "".join(f"a;{cycle};1;fine;\n" for cycle in range(20)))
    problems = Problems()
    assert read_runs(path, problems).channels == ["heat"]
    assert len(problems.told()) == 2


@pytest.mark.parametrize("text", ["", "unit,heat\na,1\n", "unit,cycle\n", "unit,cycle,heat\na,x,1\n"])
def test_a_file_without_a_row_to_use_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "empty.csv"
    path.write_text(text)
    with pytest.raises(SheetError):
        read_runs(path, Problems())


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "1", "2", "3", "-1", "", "x", "nan", '"', "1e400", "é"]), max_size=5))
)
def test_whatever_stands_in_a_file_it_is_read_or_refused(tmp_path: Path, rows: list[list[str]]) -> None:
    path = tmp_path / "any.csv"
    path.write_text("unit,cycle,heat,hum\n" + "\n".join(",".join(row) for row in rows))
    problems = Problems()
    try:
        units = read_runs(path, problems).units.values()
    except SheetError:
        return
    for one in units:
        assert one.cycles == sorted(set(one.cycles))
        assert len(one.cycles) == len(one.cells) == len(one.lines)


@given(st.lists(st.integers(0, 9), max_size=9))
def test_the_rows_that_are_kept_rise_and_none_could_be_added(values: list[int]) -> None:
    kept = sorted(rising([float(value) for value in values]))
    run = [values[at] for at in kept]
    assert run == sorted(set(run))

    def longest(at: int, above: int) -> int:
        if at == len(values):
            return 0
        without = longest(at + 1, above)
        return max(without, 1 + longest(at + 1, values[at])) if values[at] > above else without

    assert len(run) == longest(0, -1)
