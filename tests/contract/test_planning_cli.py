"""`python -m cloud plan` and `forecast` on plain files, as a person or a program uses them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cloud import cli, planning
from cloud.core.planning.cards import Card
from cloud.planning import plans
from cloud.sheets import Problems, read_demand, read_items

HEADER = "sku,unit_cost,order_cost,holding_rate,lead_time_days,moq,pack,on_hand,service_level,backorder_cost\n"
GLOVES = "gloves,4.5,18,0.25,6,10,10,40,0.97,\n"
SPLINT = "splint,38,15,0.25,4,1,1,2,,120\n"
VALVE = "valve,250,40,0.2,21,1,1,-1,0.9,\n"
FIRST = date(2025, 11, 3)


@pytest.fixture
def sheets(tmp_path: Path) -> tuple[Path, Path]:
    """Gloves that sell daily, splints now and then, a valve that is owed and never sells; half a year."""
    items, demand, random = tmp_path / "items.csv", tmp_path / "demand.csv", Random(7)
    items.write_text(HEADER + GLOVES + SPLINT + VALVE)
    rows = [f"gloves,{FIRST + timedelta(day)},{random.randint(4, 16)}\n" for day in range(180)]
    rows += [f"splint,{FIRST + timedelta(day)},{random.randint(1, 2)}\n" for day in range(3, 180, 7)]
    demand.write_text("sku,date,units\n" + "".join(rows))
    return items, demand


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[str], list[str]]:
    """Exit status, lines printed, lines on stderr."""
    capsys.readouterr()
    status = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


def cards_of(capsys: pytest.CaptureFixture[str], items: Path, demand: Path, *words: str) -> dict[str, dict[str, Any]]:
    """The cards that `plan --json` prints, by SKU."""
    status, printed, _ = run(capsys, "plan", "--items", items, "--demand", demand, "--json", *words)
    assert status == 0
    return {one["sku"]: one for one in map(json.loads, printed)}


def test_a_plan_is_a_table_with_a_row_for_each_item(
    sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    status, printed, said = run(capsys, "plan", "--items", sheets[0], "--demand", sheets[1])

    assert status == 0
    head, *rows = printed
    assert head.split()[:3] == ["sku", "class", "order"]
    assert [(row.split()[0], row.split()[-1]) for row in rows] == [
        ("gloves", "order"),
        ("splint", "enough"),
        ("valve", "owed"),
    ]
    assert {len(row) for row in printed} == {len(head)}
    assert "3 SKUs planned" in said[-1]
    assert said[-1].endswith("2 to order; 0 rows left out")


def test_a_plan_for_a_program_is_a_card_a_line(sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    made = cards_of(capsys, *sheets)

    assert [*made] == ["gloves", "splint", "valve"]
    assert set(made["gloves"]) == set(Card.__struct_fields__)
    assert (made["gloves"]["order"] % 10, made["gloves"]["abc"] + made["gloves"]["xyz"]) == (0, "AX")
    assert made["gloves"]["ahead"]["daily"] == pytest.approx(10, abs=1)
    assert made["gloves"]["promise"]["fill"] >= 0.97
    assert (made["splint"]["policy"], made["valve"]["order"]) == ("s,S", 1)
    assert all(one["rejected"] == [] for one in made.values())


def test_the_policies_that_were_rejected_are_told_when_asked(
    sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made, told = cards_of(capsys, *sheets), cards_of(capsys, *sheets, "--why")

    assert {one["policy"] for one in told["splint"]["rejected"]} >= {"economic_lot_and_service", "textbook"}
    assert {sku: one | {"rejected": []} for sku, one in told.items()} == made


def test_bad_rows_are_named_with_their_line_and_the_others_are_planned(
    sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    items, demand = sheets
    good = cards_of(capsys, items, demand)
    items.write_text(HEADER + "tape,2,8,0.25,,1,1,0,,\n" + GLOVES + GLOVES + SPLINT + VALVE)
    with demand.open("a") as more:
        more.write("gloves,31.11.2025,9\ngloves,2025-11-04,-2\nsplint,2025-11-05,NaN\nnobody,2025-11-05,1\n")

    status, printed, said = run(capsys, "plan", "--items", items, "--demand", demand, "--json")

    assert status == 0
    assert {one["sku"]: one for one in map(json.loads, printed)} == good
    count = len(demand.read_text().splitlines())
    assert said[:-1] == [
        f"{demand}:{count - 3}: date '31.11.2025' is no date; write it as YYYY-MM-DD",
        f"{demand}:{count - 2}: units are -2: demand is not below 0; leave returns out",
        f"{demand}:{count - 1}: units are 'NaN', which is no number",
        f"{items}:2: no lead_time_days; give one",
        f"{items}:4: sku 'gloves' stands in line 3 already; leave one out",
    ]
    assert said[-1].endswith(f"5 rows left out; 1 SKUs of {demand} are not among the items")


def test_an_item_whose_figures_do_not_fit_each_other_is_named_and_the_others_are_planned(
    sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    items, demand = sheets
    items.write_text(HEADER + GLOVES + SPLINT.replace(",1,1,2,", ",900000000,1,2,"))

    status, printed, said = run(capsys, "plan", "--items", items, "--demand", demand)

    assert status == 0
    assert [row.split()[-1] for row in printed[1:]] == ["order", "unfit"]
    assert said[0].startswith(f"{items}:3: sku 'splint' is not planned: the least order, 900000000 units, lasts over")
    assert said[-1].startswith("1 SKUs planned")
    assert "; 1 rows left out" in said[-1]


def test_where_no_row_can_be_used_each_is_named_before_that_is_said(
    sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    items, demand = sheets
    demand.write_text("sku,date,units\ngloves,2025-11-03,-1\ngloves,2025-11-04,nan\n")
    named = [
        f"{demand}:2: units are -1: demand is not below 0; leave returns out",
        f"{demand}:3: units are 'nan', which is no number",
    ]

    for words in (("plan", "--items", items), ("forecast",), ("backtest", "--items", items)):
        status, _, said = run(capsys, *words, "--demand", demand)
        assert (status, said[:-1]) == (2, named)
        assert said[-1] == f"error: {demand} has no row that can be used"


def test_days_that_could_not_be_read_make_nobody_think_that_demand_dies(
    sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    items, demand = sheets
    text = demand.read_text()
    before = cards_of(capsys, items, demand)["gloves"]
    for day in range(160, 180):
        at = text.index(f"gloves,{FIRST + timedelta(day)},")
        text = text[:at] + f"gloves,{FIRST + timedelta(day)},?" + text[text.index("\n", at) :]
    demand.write_text(text)
    after = cards_of(capsys, items, demand)["gloves"]

    assert (after["ahead"]["kind"], after["ahead"]["days"]) == (before["ahead"]["kind"], 160)
    assert after["ahead"]["daily"] == pytest.approx(before["ahead"]["daily"], rel=0.05)
    status, printed, _ = run(capsys, "forecast", "--demand", demand, "--json")
    assert status == 0
    assert json.loads(printed[0])["mean_day"] == pytest.approx(10, abs=1)


def test_two_goals_for_one_item_are_said(sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    items, demand = sheets
    items.write_text(HEADER + GLOVES.replace("0.97,", "0.97,3"))
    status, _, said = run(capsys, "plan", "--items", items, "--demand", demand)

    assert status == 0
    assert said[0] == (
        f"{items}:2: service_level and backorder_cost are both given: the backorder_cost decides; leave one out"
    )
    assert "0 rows left out" in said[-1]


@pytest.mark.parametrize(
    ("items", "demand", "reason"),
    [
        ("sku,unit_cost\nbolt,1\n", "sku,date,units\nbolt,2025-11-03,1\n", "has no column order_cost"),
        (HEADER, "sku,date,units\nbolt,2025-11-03,1\n", "has no row that can be planned"),
        (HEADER + "bolt,0,8,0.25,7,1,1,0,,\n", "sku,date,units\nbolt,2025-11-03,1\n", "has no row that can be planned"),
        (HEADER + GLOVES, "sku,date,units\ngloves,2025-11-03,-1\n", "has no row that can be used"),
        (HEADER + GLOVES, "sku,date,units\ngloves,yesterday,1\n", "'yesterday' is no date; write them as YYYY-MM-DD"),
        (HEADER + GLOVES, "", "has no column sku or date or units"),
    ],
)
def test_where_nothing_can_be_planned_one_sentence_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], items: str, demand: str, reason: str
) -> None:
    for name, text in (("items.csv", items), ("demand.csv", demand)):
        (tmp_path / name).write_text(text)

    status, printed, said = run(
        capsys, "plan", "--items", tmp_path / "items.csv", "--demand", tmp_path / "demand.csv", "--json"
    )

    assert (status, printed) == (2, [])
    assert said[-1].startswith("error: ")
    assert reason in said[-1]
    assert not any(line.startswith("error: ") for line in said[:-1])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("plan", "--demand", "DEMAND"), "plain files are planned from both"),
        (("plan", "--items", "nowhere.csv", "--demand", "DEMAND"), "nowhere.csv: No such file or directory"),
        (("forecast", "--demand", "nowhere.csv"), "nowhere.csv: No such file or directory"),
        (("forecast", "--demand", "DEMAND", "--horizon", "0"), "--horizon 0: give whole days, 1 to 3650"),
        (("forecast", "--demand", "DEMAND", "--horizon", "99999999999"), "give whole days, 1 to 3650"),
        (("forecast", "--demand", "DEMAND", "--quantiles", "95"), "give shares between 0 and 1"),
        (("forecast", "--demand", "DEMAND", "--quantiles", "half"), "give shares between 0 and 1"),
    ],
)
def test_a_request_that_can_not_be_met_is_refused_in_one_sentence(
    sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str], words: tuple[str, ...], reason: str
) -> None:
    status, printed, said = run(capsys, *(sheets[1] if word == "DEMAND" else word for word in words))

    assert (status, printed) == (2, [])
    (line,) = said
    assert line.startswith("error: ")
    assert reason in line


def test_a_forecast_tells_days_quantiles_class_and_method(
    sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("forecast", "--demand", sheets[1], "--horizon", "28", "--quantiles", ".5,.9,.95")
    status, printed, _ = run(capsys, *words, "--json")

    assert status == 0
    gloves, splint = map(json.loads, printed)
    assert (gloves["sku"], splint["sku"]) == ("gloves", "splint")
    assert (gloves["from"], gloves["to"]) == ("2026-05-02", "2026-05-29")
    assert gloves["total"] == pytest.approx(28 * gloves["mean_day"])
    assert [*gloves["quantiles"]] == ["0.5", "0.9", "0.95"]
    assert gloves["quantiles"]["0.5"] < gloves["total"] + 10 < gloves["quantiles"]["0.95"] + 10
    assert all(units == int(units) for units in gloves["quantiles"].values())
    assert (gloves["class"], splint["class"], gloves["days"]) == ("smooth", "intermittent", 180)

    status, shown, said = run(capsys, *words)
    assert status == 0
    assert [line.split()[0] for line in shown] == ["gloves", "splint"]
    assert shown[0].endswith("smooth, smoothing")
    assert said == ["2 SKUs, 2026-05-02 to 2026-05-29; 0 rows left out"]


def test_several_processes_make_the_cards_that_one_makes(
    sheets: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = Problems()
    (gloves, splint, valve), demand = read_items(sheets[0], problems).values(), read_demand(sheets[1], problems)
    items = {one.sku: one for one in (splint, valve, gloves)}
    alone = list(plans(items, demand, why=True))

    monkeypatch.setattr(planning, "ALONE_MAX", 0)
    monkeypatch.setattr(planning, "CHUNK", 1)

    assert list(plans(items, demand, why=True)) == alone
    assert [one.sku for one in alone] == ["gloves", "splint", "valve"]


def test_the_classes_go_by_the_value_of_a_year_and_by_weeks(
    sheets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    items, demand = sheets
    items.write_text(HEADER + GLOVES.replace("4.5", "0.005") + SPLINT)

    made = cards_of(capsys, items, demand)

    assert {sku: one["abc"] for sku, one in made.items()} == {"gloves": "C", "splint": "A"}
    assert {sku: one["xyz"] for sku, one in made.items()} == {"gloves": "X", "splint": "X"}
