"""`python -m cloud schedule` and `forecast --period` on plain files, as a person or a program uses them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import pairwise, product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cloud import cli

HEADER = "sku,unit_cost,order_cost,holding_rate,lead_time_days,moq,pack,on_hand,reserved,policy,review_days\n"
DUE = "sku,date,units\nflange,2026-05-04,10\nflange,2026-05-11,40\nflange,2026-05-14,5\nflange,2026-06-22,60\n"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, what was printed as JSON lines, stderr."""
    capsys.readouterr()
    status = cli.main([str(word) for word in (*words, "--json")])
    said = capsys.readouterr()
    return status, [json.loads(line) for line in said.out.splitlines()], said.err


def written(folder: Path, items: str, due: str = DUE) -> tuple[object, ...]:
    (folder / "items.csv").write_text(HEADER + items)
    (folder / "due.csv").write_text(due)
    return "schedule", "--items", folder / "items.csv", "--due", folder / "due.csv"


def test_known_demand_is_ordered_a_lead_time_ahead_in_lots_of_least_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, orders, _ = run(capsys, *written(tmp_path, "flange,10,5,0.25,7,1,1,0,0,,\n"))

    assert status == 0
    made = [(one["order"], one["arrive"], one["units"]) for one in orders]
    assert made == [("2026-04-27", "2026-05-04", 55), ("2026-06-15", "2026-06-22", 60)]


def test_no_other_lots_cost_less(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    units, random = [0] * 8, Random(5)
    for day in range(0, 8):
        units[day] = random.choice([0, 3, 30, 90])
    units[0] = 10
    due = "sku,date,units\n" + "".join(f"flange,{date(2026, 5, 4) + timedelta(n)},{u}\n" for n, u in enumerate(units))

    _, orders, _ = run(capsys, *written(tmp_path, "flange,73,0.9,0.5,0,1,1,0,0,,\n", due))  # 0.1 a unit and day

    def cost(first_days: tuple[int, ...]) -> float:
        starts = [0, *(day for day in range(1, 8) if first_days[day - 1]), 8]
        spans = [range(one, other) for one, other in pairwise(starts)]
        return sum(
            0.9 * (sum(units[d] for d in span) > 0) + sum(0.1 * (d - span[0]) * units[d] for d in span)
            for span in spans
        )

    arrivals = {(date.fromisoformat(one["arrive"]) - date(2026, 5, 4)).days: one["units"] for one in orders}
    left, held = 0, 0.0
    for day, asked in enumerate(units):
        left += arrivals.get(day, 0) - asked
        assert left >= 0
        held += 0.1 * left
    assert 0.9 * len(orders) + held == pytest.approx(min(map(cost, product((0, 1), repeat=7))))


def test_by_what_is_due_stock_goes_first_and_packs_carry_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, orders, _ = run(capsys, *written(tmp_path, "flange,10,5,0.25,7,1,8,14,2,,\n"), "--by", "due")

    assert [(one["arrive"], one["units"]) for one in orders] == [
        ("2026-05-11", 40),  # 2 left of what was free: 38 wanted
        ("2026-05-14", 8),  # 2 over of the pack
        ("2026-06-22", 56),
    ]


def test_a_schedule_of_nothing_known_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, said = run(capsys, *written(tmp_path, "bolt,10,5,0.25,7,1,1,0,0,,\n"))

    assert status == 2
    assert "no SKU of" in said


def test_an_item_asks_for_its_policy_in_a_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = "weekly,10,5,0.25,7,1,1,0,0,Periodic,7\nowed,10,5,0.25,7,1,10,3,9,jit,\nwrong,10,5,0.25,7,1,1,0,0,weekly,\n"
    written(tmp_path, items)
    rows = [
        f"{sku},{date(2025, 11, 3) + timedelta(day)},{day % 5}\n" for sku in ("weekly", "owed") for day in range(90)
    ]
    (tmp_path / "demand.csv").write_text("sku,date,units\n" + "".join(rows))

    _, cards, said = run(capsys, "plan", "--items", tmp_path / "items.csv", "--demand", tmp_path / "demand.csv")

    assert [(one["sku"], one["formula"], one["order"] > 0) for one in cards] == [
        ("weekly", "periodic_review", True),
        ("owed", "order_to_demand", True),
    ]
    assert cards[1]["order"] == 10
    assert cards[0]["terms"]["review_days"] == 7
    assert "items.csv:4: policy is 'weekly': leave it empty, or give one of periodic, jit" in said


@pytest.mark.parametrize(("kind", "whole", "until"), [("week", 12, "2026-02-22"), ("month", 2, "2026-04-30")])
def test_demand_is_forecast_by_whole_periods(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, whole: int, until: str
) -> None:
    rows = [f"flange,{date(2025, 11, 3) + timedelta(day)},2\n" for day in range(90)]  # to 2026-01-31
    (tmp_path / "demand.csv").write_text("sku,date,units\n" + "".join(rows))

    status, (told,), said = run(capsys, "forecast", "--demand", tmp_path / "demand.csv", "--period", kind)

    assert status == 0
    assert told[f"{kind}s"] == whole
    assert told["to"] == until
    assert told["total"] == pytest.approx(sum(told["units"]))
    assert told[f"mean_{kind}"] == pytest.approx({"week": 14, "month": 61}[kind], abs=2)
    assert told["method"]
    assert f"{whole} whole {kind}s known" in said


def test_too_little_for_a_month_and_horizons_out_of_reach_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demand.csv").write_text("sku,date,units\nflange,2026-05-04,3\nflange,2026-05-20,3\n")
    ask = ("forecast", "--demand", tmp_path / "demand.csv", "--period", "month")

    assert run(capsys, *ask)[0] == 2
    assert "no whole month" in run(capsys, *ask)[2]
    assert "1 to 120" in run(capsys, *ask, "--horizon", 500)[2]
