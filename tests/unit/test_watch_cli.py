"""`python -m cloud watch`: a line a row, events with why, faults named; the same from a file and from a pipe."""

from __future__ import annotations

import gzip
import io
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cloud import cli

AIR = Path(__file__).resolve().parents[3] / "shared" / "data" / "maintenance" / "air_handler"
SEEN = datetime(2026, 3, 2)


def written(folder: Path, values: list[str], name: str = "value") -> Path:
    """A file of one row a minute."""
    path = folder / "series.csv"
    lines = [f"{SEEN + timedelta(minutes=at)},{one}" for at, one in enumerate(values)]
    path.write_text("\n".join([f"timestamp,{name}", *lines, ""]))
    return path


def plain(rows: int = 1200) -> list[str]:
    return [f"{one:.3f}" for one in np.random.default_rng(4).uniform(3, 5, rows)]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[list[dict[str, Any]], list[str]]:
    assert cli.main(["watch", *arguments, "--json"]) == 0
    said = capsys.readouterr()
    return [json.loads(line) for line in said.out.splitlines()], said.err.splitlines()


def test_every_row_has_a_score_and_an_event_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = plain()
    values[900] = "19.5"

    lines, faults = told(capsys, str(written(tmp_path, values)))

    rows = [one for one in lines if "row" in one]
    assert [one["row"] for one in rows] == [*range(1, 1201)]
    assert list(rows[0]) == ["row", "line", "timestamp", "score", "in_event", "judged"]
    assert rows[900]["score"] == max(one["score"] for one in rows) > 0.9
    assert (rows[900]["timestamp"], rows[900]["line"]) == ("2026-03-02 15:00:00", 902)
    assert rows[900]["in_event"]
    assert not rows[899]["in_event"]
    event = next(one["event"] for one in lines if "event" in one and one["event"]["score"] > 0.9)
    assert (event["begin"], event["end"], event["kind"]) == ("2026-03-02 15:00:00", "2026-03-02 15:00:00", "spike")
    assert {"level"} <= {one["feature"] for one in event["why"]}
    assert lines[-1]["summary"]["channels"] == ["value"]
    assert faults == []


def test_what_is_wrong_is_named_counted_and_the_rest_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = plain(400)
    path = written(tmp_path, values)
    lines = path.read_text().splitlines()
    lines[100] = lines[100].replace(",", ",#VALUE!,").rsplit(",", 1)[0]
    lines[120] = lines[119]
    lines[140] = lines[30]
    lines[160] = "soon,4.0"
    lines[180] = lines[180].rsplit(",", 1)[0] + ",4021.5"
    del lines[200:230]
    path.write_text("\n".join(lines))

    found, faults = told(capsys, str(path))

    summary = found[-1]["summary"]
    assert {what: one["count"] for what, one in summary["notes"].items()} == {
        "no number": 1,
        "repeated": 1,
        "reversed": 1,
        "a time that can not be read": 1,
        "perhaps a thousand times too large": 1,
        "gap": 1,
    }
    assert summary["notes"]["no number"]["lines"] == [101]
    assert (summary["rows"], summary["judged"]) == (370, 365)
    assert len(faults) == 6
    assert f"{path}:101: value is '#VALUE!', which is no number" in faults
    bad = [one for one in found if one.get("notes")]
    assert [one["line"] for one in bad] == [101, 121, 141, 161, 181, 201]
    assert [one["judged"] for one in bad] == [False, False, False, False, False, True]


def test_a_pipe_is_told_the_same_as_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = plain(600)
    values[500] = "9"
    path = written(tmp_path, values)
    from_file, _ = told(capsys, str(path))

    monkeypatch.setattr(sys, "stdin", io.StringIO(path.read_text()))
    from_pipe, _ = told(capsys, "-")

    assert from_pipe == from_file


def test_several_columns_are_watched_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(8)
    a = generator.normal(10, 1, 900)
    b = a + generator.normal(0, 0.1, 900)
    b[700:] -= 3
    pairs = [f"{one:.3f},{other:.3f},{int(at >= 700)}" for at, (one, other) in enumerate(zip(a, b, strict=True))]

    lines, _ = told(capsys, str(written(tmp_path, pairs, "a,b,label")), "--without", "label")

    scores = [one["score"] for one in lines if "row" in one]
    assert min(scores[720:]) > 0.5
    assert lines[-1]["summary"]["channels"] == ["a", "b"]
    assert [one["event"]["kind"] for one in lines if "event" in one][-1] == "state"


def test_people_are_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = plain()
    values[900] = "19.5"

    assert cli.main(["watch", str(written(tmp_path, values))]) == 0

    *events, counts = capsys.readouterr().out.splitlines()
    assert any("spike" in one and "level 19.5, was 3" in one for one in events)
    assert counts.startswith("1200 rows, 1200 judged, ")


def test_a_file_without_a_time_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")

    assert cli.main(["watch", str(path), "--json"]) == 2
    assert "no column timestamp" in capsys.readouterr().err


@pytest.mark.skipif(
    not AIR.exists(), reason="the air handlers (../shared/data/maintenance beside the project) are not here"
)
def test_a_real_air_handler_with_bad_cells_is_judged_throughout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "SZCAV.csv"
    path.write_bytes(gzip.decompress((AIR / "SZCAV.csv.gz").read_bytes()))

    lines, faults = told(capsys, str(path), "--without", "Fault Detection Ground Truth")

    summary = lines[-1]["summary"]
    assert (summary["rows"], summary["judged"], summary["notes"]["no number"]["count"]) == (21_600, 21_600, 90)
    assert sum("'#VALUE!', which is no number" in one for one in faults) == 90
