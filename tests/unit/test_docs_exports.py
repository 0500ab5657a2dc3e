"""docs/exports.md is true: its tables are those of the code."""

from __future__ import annotations

from cloud.core.exporting.source import SERIES_MAX
from cloud.core.exporting.tables import TABLES
from cloud.desks.exporting import OPEN_MAX
from cloud.web.exports import SEND_TIMEOUT_S
from tests.unit.pages import DOCS, tables

TEXT = (DOCS / "exports.md").read_text()


def test_the_tables_are_those_of_the_code() -> None:
    rows = [(name, row, time, right) for name, row, time, right in tables(TEXT, "table")[0]]

    assert rows == [(one.name, one.row, one.time or "now", one.right) for one in TABLES.values()]


def test_the_limits_are_those_of_the_code() -> None:
    assert (SERIES_MAX, OPEN_MAX, SEND_TIMEOUT_S) == (20, 4, 60)
