"""docs/planning.md says what a back-test takes, does and prints."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from cloud import backtest_cli, cli, curve_cli
from cloud.core.planning import backtest, backtest_policies, mending
from tests.unit.pages import DOCS, blocks, tables

TEXT = (DOCS / "planning.md").read_text()
SHOWN = {rest: body for rest, body in blocks(TEXT, "text") if rest.startswith("backtest ")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the example's files lie."""
    for name, body in blocks(TEXT, "csv"):
        (tmp_path / name).write_text(body)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", SHOWN)
def test_the_example_prints_what_is_shown(folder: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert cli.main(shlex.split(command)) == 0
    assert capsys.readouterr().out == SHOWN[command]


def test_each_policy_and_each_column_that_is_printed_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backtest", "--items", "parts.csv", "--demand", "used.csv", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    policies = next(rows for rows in tables(TEXT, "policy") if rows[0][0] == "proposed")
    assert [row[0] for row in policies] == [line["policy"] for line in lines]
    told = next(rows for rows in tables(TEXT, "column") if rows[0][0] == backtest_cli.HEAD[1])
    assert [row[0] for row in told] == [*backtest_cli.HEAD[1:]]
    assert {"asked", "given"} <= lines[0].keys()


def test_the_first_day_that_is_named_is_the_one_judged_without_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["backtest", "--items", "parts.csv", "--demand", "used.csv"]
    assert cli.main(command) == 0
    unnamed = capsys.readouterr()
    assert cli.main([*command, "--from", "2025-09-12"]) == 0

    assert capsys.readouterr() == unnamed
    assert "judged 2025-09-12 to 2026-06-30" in unnamed.err


def test_the_figures_are_those_of_the_code() -> None:
    text = " ".join(TEXT.split())
    for said in (
        f"every {backtest.LEARN_DAYS} days from",
        f"the first {backtest.SHARE_KNOWN:.0%} of the days".replace("%", " %"),
        f"min lasts {backtest_policies.MIN_TIMES} lead times, max {backtest_policies.MAX_DAYS} days more",
        f"counted as {mending.ALIKE:.0f} more of them",
        f"at most {mending.MOST_TIMES} times the level",
        f"{mending.BUDGET:.0%} of the money of the levels in force".replace("%", " %"),
    ):
        assert said in text, said
    for word in (*curve_cli.CURVE_HEAD[3:5], curve_cli.MENDED_HEAD[-1]):
        assert f"`{word}`" in TEXT
