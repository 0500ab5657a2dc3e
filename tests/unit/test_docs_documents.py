"""docs/documents.md says what is read of a paper: kinds, problems, limits, and the example as it is printed."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from cloud import cli
from protocols.documents import edifact, papers, x12_papers
from tests import house
from tests.unit.pages import CODE, DOCS, blocks, tables

TEXT = (DOCS / "documents.md").read_text()
SAYERS = ("Problem", "blame", "_same", "_refused")
"""What is called with the code of a problem."""


def codes() -> set[str]:
    """Every code of a paper's problems, from the code."""
    calls = [
        node
        for source in house.files("protocols/documents/")
        for node in source.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYERS
    ]
    texts = [str(one.value) for call in calls for one in call.args[:2] if isinstance(one, ast.Constant)]
    return set(filter(CODE.fullmatch, texts))


def test_the_example_is_printed_as_it_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "order.edi"
    path.write_text(blocks(TEXT, "edi")[0][1])

    assert cli.main(["read", str(path)]) == 0
    assert capsys.readouterr().out == blocks(TEXT, "text")[0][1]


def test_every_kind_of_paper_is_listed() -> None:
    (table,) = tables(TEXT, "paper")
    said = " ".join(row[1] for row in table)

    assert {row[0] for row in table} == {kind.__struct_config__.tag for kind in get_args(papers.Content)}
    for kind in (*x12_papers.READERS, *edifact.READERS):
        assert kind in said


def test_every_problem_is_listed() -> None:
    (table,) = tables(TEXT, "code")

    assert {row[0] for row in table} == codes()


def test_the_limits_are_those_of_the_code() -> None:
    limits = f"{papers.BYTES_MAX >> 20} MiB a paper, {papers.LINES_MAX:,} lines, {papers.PROBLEMS_MAX} problems"

    assert limits in TEXT
