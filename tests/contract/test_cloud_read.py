"""`python -m cloud read` as a person uses it: a paper is printed with its problems, what is none is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cloud import cli

PAPER = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260908*1030*U*00401*000000007*0*P*>~"
    "GS*PO*SENDER*RECEIVER*20260908*1030*7*X*004010~ST*850*0001~BEG*00*SA*PO-9**20260908~"
    "PO1*1*12*EA*4.50**VP*BO\x1bLT~SE*3*0001~GE*1*7~IEA*1*000000007~"
)


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """An order that counts its segments wrong, with an escape character in an item's number."""
    path = tmp_path / "order.edi"
    path.write_text(PAPER)
    return path


def test_a_person_sees_the_order_its_lines_and_its_problems(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["read", str(paper)]) == 0

    printed = capsys.readouterr().out
    assert "paper=order  number=PO-9  day=2026-09-08" in printed
    assert "item.number=BO?LT" in printed, "nothing that moves a cursor is printed"
    assert "code=x12.segment_count" in printed


def test_a_program_gets_one_json_line(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["read", "--json", str(paper)]) == 0

    (line,) = capsys.readouterr().out.splitlines()
    document = json.loads(line)
    assert document["standard"] == "X12"
    assert document["contents"][0]["lines"][0]["quantity"] == 12.0
    assert [one["code"] for one in document["problems"]] == ["x12.segment_count"]


@pytest.mark.parametrize("text", ["", "hello", "ISA*", '{"a":1}'])
def test_what_is_no_paper_is_refused_in_one_sentence(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "letter.txt"
    path.write_text(text)

    assert cli.main(["read", str(path)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"error: {path}: ")
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["read", str(tmp_path / "none.edi")]) == 2
    assert "none.edi" in capsys.readouterr().err
