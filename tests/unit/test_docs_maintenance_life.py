"""docs/maintenance.md says what `prognose` takes, does and prints."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import msgspec
import pytest

from cloud import cli, prognose_cli
from cloud.core.maintenance import learning_life, passing
from tests.unit.pages import DOCS, blocks, tables
from tests.unit.wearing import as_csv, machines

TEXT = (DOCS / "maintenance.md").read_text()
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the example's file, and made-up runs."""
    (tmp_path / "pumps.csv").write_text(dict(blocks(TEXT, "csv"))["pumps.csv"])
    (tmp_path / "old.csv").write_text(as_csv(machines(12, seed=41)))
    (tmp_path / "now.csv").write_text(as_csv(machines(3, seed=42), [30, 40, 50]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_prints_what_is_shown(folder: Path, capsys: Printed) -> None:
    shown = dict(blocks(TEXT, "text"))
    command = next(name for name in shown if name.startswith("prognose "))
    assert cli.main(shlex.split(command)) == 0
    out, err = capsys.readouterr()
    assert [line.rstrip() for line in out.splitlines()] == [line.rstrip() for line in shown[command].splitlines()]
    assert err == shown["stderr"]


def test_the_commands_that_are_told_run_in_their_order(folder: Path) -> None:
    commands = [
        line.partition("#")[0].removeprefix("python -m cloud ")
        for _, body in blocks(TEXT)
        for line in body.splitlines()
        if line.startswith("python -m cloud prognose")
    ]
    assert len(commands) == 3
    for command in commands:
        assert cli.main(shlex.split(command)) == 0


def test_each_option_and_each_field_is_told() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    prognose_cli.add(lambda *_: parser)
    options = {one.option_strings[0] for one in parser._actions if one.option_strings}
    told = next(rows for rows in tables(TEXT, "option") if rows[0][0] == "--train")
    assert {row[0] for row in told} == options
    fields = next(rows for rows in tables(TEXT, "field") if rows[0][0] == "unit")
    names = [one.name for one in msgspec.structs.fields(prognose_cli.Judged)]
    assert sorted(row[0] for row in fields) == sorted(names)


def test_the_figures_are_those_of_the_code() -> None:
    text = " ".join(TEXT.split())
    for said in (
        f"At least {learning_life.RUNS_MIN} runs of {learning_life.RUN_ROWS_MIN} rows",
        f"a memory of {learning_life.SHORT_SHARE:.0%} of a life",
        f"a memory of {learning_life.LONG_SHARE:.0%}",
        f"{learning_life.CAP_SHARE} of the median life",
        f"at least {passing.ROWS_MIN} are wanted",
        "by tenths" if learning_life.FOLDS == 10 else "?",
        "the first quarter" if learning_life.HEALTHY_SHARE == 0.25 else "?",
        "three bands" if learning_life.BANDS == 3 else "?",
    ):
        assert said.replace("%", " %") in text, said
