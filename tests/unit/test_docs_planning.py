"""docs/planning.md says what planning from plain files takes, does and prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from cloud import cli, periods_cli, sheet_dates, sheets
from cloud.core.book.positions import Position
from cloud.core.forecasting import choose, classes, levels, periods
from cloud.core.planning import bounds, cards, choice, deals, demand_table, expiry, fitting, items, settling
from cloud.core.planning.emergency import Rescue
from tests.unit.pages import DOCS, blocks, fields_of, tables, told

TEXT = (DOCS / "planning.md").read_text()
SHOWN = dict(blocks(TEXT, "text"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the example's files lie."""
    for name, body in blocks(TEXT, "csv"):
        (tmp_path / name).write_text(body)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", [rest for rest in SHOWN if rest.startswith(("plan ", "forecast ", "schedule "))])
def test_the_example_prints_what_is_shown(folder: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert cli.main(shlex.split(command)) == 0
    said = capsys.readouterr()

    assert said.out == SHOWN[command]
    named = [line for line in SHOWN["stderr"].splitlines(keepends=True) if line.partition(":")[0] in command]
    assert said.err.startswith("".join(named))


def test_every_command_that_is_shown_can_be_run(folder: Path) -> None:
    commands = re.findall(r"^python -m cloud ([^#\n]+)", TEXT, re.MULTILINE)

    assert len(commands) == 7
    assert [cli.main(shlex.split(command)) for command in commands] == [0] * 7


def test_the_columns_are_those_of_an_item() -> None:
    assert told(tables(TEXT, "column")[0]) == fields_of(items.Item)


def test_every_field_of_a_card_is_told() -> None:
    said = {row[0]: row[1] for row in tables(TEXT, "field")[0]}

    assert [*said] == [*cards.Card.__struct_fields__]
    parts = {"position": Position, "ahead": cards.Ahead, "promise": cards.Promise, "rejected": cards.Rejected}
    parts |= {"terms": cards.Terms, "rescue": Rescue, "supply": deals.Supply}
    for name, part in parts.items():
        assert set(part.__struct_fields__) <= set(re.findall(r"\w+", said[name])), name
    assert set(get_args(cards.Verdict)) <= set(re.findall(r"\w+", said["verdict"]))
    assert set(get_args(bounds.Limit)) <= set(re.findall(r"\w+", said["limits"]))


def test_every_formula_class_and_method_is_listed() -> None:
    assert {row[0] for row in tables(TEXT, "formula")[-1]} == set(get_args(choice.Name))
    assert {row[0] for row in tables(TEXT, "method")[0]} == {*choose.METHODS, periods.NONE}
    table = tables(TEXT, "class")[0]
    assert {one for row in table for one in re.findall(r"\w+", row[0])} == {*classes.CLASSES, "any"}
    assert {re.findall(r"\w+", row[2])[0] for row in table} == set(levels.METHODS)


def test_the_figures_are_those_of_the_code() -> None:
    text = " ".join(TEXT.split())
    for said in (
        f"without this and the next, {settling.SERVICE_LEVEL}",
        f"{items.LEVEL_LEAST} to {items.LEVEL_MAX}",
        f"{items.BACKORDER_LEAST} to {items.BACKORDER_MAX:,.0f} times what holding one costs",
        f"up to {items.LEAD_MAX_DAYS:,}",
        f"{demand_table.FAR_SHARE:.0%}".replace("%", " % of the rows"),
        f"{demand_table.FAR_DAYS} days away and {demand_table.FAR_TIMES} times",
        f"the fewer above {sheet_dates.SLIPS_SHARE:.0%}".replace("%", " %"),
        f"of the years {sheet_dates.YEARS[0]} to {sheet_dates.YEARS[1]}",
        f"Up to {demand_table.CELLS_MAX:,} days",
        f"{sheets.PROBLEMS_MAX:,} bad rows are named",
        f"more than {sheets.UNITS_MAX:,.0f} units",
        f"every so many days it is looked at, 1 to {items.REVIEW_MAX_DAYS}",
        {6: "up to six are planned in full"}[deals.TRIED_MAX],
        f"up to {periods.ORIGINS} past periods with {periods.PERIODS_MIN} before them",
        f"at most {periods.BETTER:.0%} of its own".replace("%", " %"),
        f"on stderr from {periods_cli.CASES_MIN} cases on",
        f"economic lots of over {choice.SPAN_EXACT:,} units",
        f"{fitting.PROPORTION:g} times what the cheapest policy costs that needs no more room",
        f"more than {fitting.WORTH:.0%} of their price each".replace("%", " %"),
        f"drawn demand of {expiry.MANY.paths} × {expiry.MANY.periods} periods",
        f"Where at most {fitting.SPOILT_LEAST:.1%} of demand".replace("%", " %"),
        f"fewer than {classes.NEW_DAYS} days",
        f"every {classes.ADI_LIMIT}nd day",
        f"CV² below {classes.CV2_LIMIT}",
        "in the last {}, {} or {} days".format(*classes.DYING_WINDOWS_DAYS),
        f"beyond {levels.TREND_Z:g} standard errors over at least {levels.TREND_MIN_DAYS} days",
        f"read {levels.LINE_AHEAD_DAYS} days ahead",
        "first {:.0f} % of a year's value, up to {:.0f} %".format(*(100 * share for share in classes.ABC_SHARES)),
    ):
        assert said in text, said
    for way in sheet_dates.DATES:
        assert f"`{way}`" in TEXT
    assert (settling.LOT_YEARS_MAX, levels.PRIOR_UNITS, settling.DEMAND_LEAST) == (10_000, 0.25, 1.0)
