"""`python -m cloud export` as a person uses it: a table on the screen or in a file, and what it does not write."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from arro3.io import read_parquet

from cloud import cli
from cloud.service import Options, Service
from protocols.reports import Report
from tests import depot
from tests.depot import NOON_MS, batches, stock


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    """A depot of which two changes of a slot are in the ledger."""
    (tmp_path / "site.toml").write_text(depot.SITE_TEXT)
    state = tmp_path / "cloud"
    state.mkdir()
    service = Service(Options(depot.site(), state, *(f"sqlite:///{state}/{one}.db" for one in ("history", "ledger"))))
    changes: list[Report] = [stock("A1", 6, 6, NOON_MS, "first"), stock("A1", -2, 4, NOON_MS + 1000)]
    asyncio.run(service.apply(batches(changes)))
    service.close()
    return ["--state", str(state), "--site", str(tmp_path / "site.toml")]


def test_a_table_is_printed_or_written_as_either_kind_of_file(
    places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "m.parquet"

    assert cli.main(["export", "movements", *places]) == 0
    printed = capsys.readouterr().out.removeprefix("\ufeff")
    assert cli.main(["export", "movements", *places, "--format", "parquet", "-o", str(file)]) == 0
    told = read_parquet(file).read_all()

    head, *lines = printed.splitlines()
    assert head.split(",")[:6] == ["id", "slot", "sku", "kind", "units", "count_units"] == told.column_names[:6]
    assert [line.split(",")[3:6] for line in lines] == [["count", "6", "6"], ["pick", "-2", "4"]]
    assert told.column("units").to_pylist() == [6, -2]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["stocks"], "there is no table 'stocks'"),
        (["stock", "--from", "7d"], "stock is of now"),
        (["history"], "--series names the series"),
        (["history", "--series", "a/b/c"], "there is no series 'a/b/c'"),
    ],
)
def test_what_can_not_be_written_is_said_and_leaves_no_file(
    places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    assert cli.main(["export", *asked, *places, "-o", str(tmp_path / "file.csv")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "file.csv").exists()


def test_get_writes_a_file_as_it_is_and_ends_a_text_with_a_line(
    places: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    def got(path: str) -> bytes:
        assert cli.main(["get", path, *places]) == 0
        return capsysbinary.readouterr().out

    table = read_parquet(io.BytesIO(got("/api/v1/exports/movements?format=parquet"))).read_all()
    assert table.num_rows == 2
    sheet = got("/api/v1/exports/movements?format=csv")
    assert sheet.startswith(b"\xef\xbb\xbf")
    assert sheet.count(b"\n") == sheet.count(b"\r\n") == 3
    assert got("/api/v1/stock").endswith(b"]\n")
