"""docs/maintenance.md says what watching a series takes, does and prints."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from cloud import cli, series_sheet, watch_cli
from cloud.core.maintenance import clocks, events, states, streams, units, watching
from tests.unit.pages import DOCS, blocks, tables

TEXT = (DOCS / "maintenance.md").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the example makes its file."""
    ((name, code),) = blocks(TEXT, "python")
    made = io.StringIO()
    with contextlib.redirect_stdout(made):
        exec(compile(code, name, "exec"), {})
    (tmp_path / Path(name).with_suffix(".csv")).write_text(made.getvalue())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_example_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    ((command, shown),) = [one for one in blocks(TEXT, "text") if one[0].startswith("watch ")]

    assert cli.main(shlex.split(command)) == 0
    assert capsys.readouterr().out == shown


@pytest.mark.usefixtures("folder")
def test_the_lines_of_json_that_are_shown_are_printed_in_that_order(capsys: pytest.CaptureFixture[str]) -> None:
    ((command, shown),) = [one for one in blocks(TEXT, "json") if one[0].startswith("watch ")]
    assert cli.main(shlex.split(command)) == 0
    printed = capsys.readouterr().out.splitlines()

    assert [one for one in printed if one in shown.splitlines()] == shown.splitlines()


def test_every_kind_of_event_and_every_note_is_told() -> None:
    assert [row[0] for row in tables(TEXT, "kind")[0]] == [*get_args(events.Kind)]
    told = {name for row in tables(TEXT, "note")[-1] for name in row[0].replace("`", "").split(", ")}
    assert told == {*watch_cli.TOLD, "perhaps ...", "no time", "a time that can not be read"}


def test_the_numbers_are_those_of_the_code() -> None:
    text = " ".join(TEXT.split())
    for said in (
        f"the median of {streams.MEDIAN_ROWS}",
        f"the mean of {streams.SHORT_ROWS} against that of {streams.LONG_ROWS}",
        f"in the last {streams.BLOCK_ROWS:,} to {2 * streams.BLOCK_ROWS:,} samples",
        f"by {streams.EVIDENCE_HALF:.0%} of its width ({2 * streams.EVIDENCE_HALF:.0%} for the last two)".replace(
            "%", " %"
        ),
        f"The first {streams.LEARN_ROWS} samples",
        f"(`--learn`, {states.LEARN_ROWS})",
        f"a median of {states.SMOOTH_ROWS}",
        f"at most {['ten'][units.ROWS_MAX - 10]} in a row",
        f"{['ten'][clocks.BACK_ROWS - 10]} rows in order",
        f"What {states.LASTING_ROWS:,} rows long",
        f"whose first numbers come within {watching.GATHER_ROWS} rows",
        f"among the first {series_sheet.LOOK_ROWS:,} rows if need be ({watch_cli.LIVE_PEEK_ROWS} of a pipe)",
    ):
        assert said in text, said
    assert {f"`{one}`" for one in series_sheet.TIME_NAMES} <= set(re.findall(r"`\w+`", TEXT))
