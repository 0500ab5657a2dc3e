"""`python -m cloud watch`: a line a row, events with why, faults named; the same from a file and from a pipe."""

from __future__ import annotations

import gzip
import io
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
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


def cooled(at: int) -> str:
    """A cooler's swing, with an hour and a half much too warm."""
    return f"{4 + abs(at % 20 - 10) / 10 + (8 if 2000 <= at < 2100 else 0):.2f}"


def test_a_channel_that_begins_with_bad_cells_is_judged_on_the_rest_beside_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = [f"{'#VALUE!' if at < 150 else cooled(at)},{50 + at * 7 % 13}" for at in range(600)]

    lines, _ = told(capsys, str(written(tmp_path, values, "value,humidity")))

    assert lines[-1]["summary"]["channels"] == ["value", "humidity"]
    assert lines[-1]["summary"]["notes"]["no number"]["count"] == 150
    assert lines[-1]["summary"]["judged"] == 600
    assert lines[-1]["summary"]["from_row"] == {"value": 151, "humidity": 1}


@pytest.mark.parametrize("bad", ["#VALUE!", "Bad Input"])
def test_a_series_whose_first_300_cells_are_bad_is_judged_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str
) -> None:
    lines, _ = told(capsys, str(written(tmp_path, [bad if at < 300 else cooled(at) for at in range(2400)])))

    assert (lines[-1]["summary"]["judged"], lines[-1]["summary"]["notes"]["no number"]["count"]) == (2100, 300)
    assert lines[-1]["summary"]["events"] > 0


def test_a_column_that_is_left_out_is_said_with_counts_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = [f"{cooled(at)},{'fine' if at else '7'},0" for at in range(150)]

    _, faults = told(capsys, str(written(tmp_path, values, "value,remark,label")))

    said = "1 of its 150 cells are numbers, 'fine' in line 3 is none; --channels remark watches it"
    assert faults[0].endswith(f":1: column 'remark' is left out: {said}")
    assert "column 'label' is left out: a column of that name" in faults[1]
    assert told(capsys, str(tmp_path / "series.csv"), "--channels", "value")[1] == []


def test_a_column_that_begins_late_hides_nothing_and_says_from_where_it_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = [cooled(at) for at in range(2400)]
    alone, _ = told(capsys, str(written(tmp_path, values)))
    beside = [f"{one},{'' if at != 2300 else 7}" for at, one in enumerate(values)]

    lines, faults = told(capsys, str(written(tmp_path, beside, "value,remark")))

    rows = [one for one in lines if "row" in one]
    assert [one["score"] for one in rows] == [one["score"] for one in alone if "row" in one]
    assert all(one["judged"] for one in rows)
    assert lines[-1]["summary"]["events"] == alone[-1]["summary"]["events"] > 0
    assert lines[-1]["summary"]["from_row"] == {"value": 1, "remark": 2301}
    assert rows[2300]["notes"] == [["begins late", "remark", "2301"]]
    assert faults[0].endswith(":2302: remark begins here, and counts from row 2301 on")


def test_a_pipe_waits_for_a_column_that_has_no_number_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [f"{cooled(at)},{'nan' if at < 300 else at % 5},," for at in range(400)]
    monkeypatch.setattr(sys, "stdin", io.StringIO(written(tmp_path, values, "value,late,other,").read_text()))

    lines, faults = told(capsys, "-")

    assert lines[-1]["summary"]["judged"] == 400
    assert lines[-1]["summary"]["from_row"] == {"value": 1, "late": 301, "other": None}
    assert lines[-1]["summary"]["left_out"] == [""]
    assert {what: one["count"] for what, one in lines[-1]["summary"]["notes"].items()} == {
        "no number": 300,
        "begins late": 1,
    }
    assert [one.partition(":")[2] for one in faults[1:]] == [
        "2: late is 'nan', which is no number",
        "302: late begins here, and counts from row 301 on",
        " other had no number that could be judged",
    ]


def test_of_a_comma_that_nothing_tells_the_choice_is_named_once_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = [f'"{4 + at % 7},{100 + at % 90}"' for at in range(150)]

    lines, faults = told(capsys, str(written(tmp_path, values)))

    assert lines[-1]["summary"]["notes"]["comma read as decimal"]["count"] == 150
    assert [one.partition(": ")[2] for one in faults] == [
        "value is '4,100': commas are read as decimals from here on, for want of a cell that tells"
    ]


@pytest.mark.parametrize(("dates", "begin"), [("", "2026-02-03"), ("DD/MM/YYYY", "2026-03-02")])
def test_the_order_of_dates_that_no_row_tells_is_said_and_can_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dates: str, begin: str
) -> None:
    values = plain(400)
    values[330] = "19.5"
    path = written(tmp_path, values)
    path.write_text(path.read_text().replace("2026-03-02", "02/03/2026"))

    lines, faults = told(capsys, str(path), *(["--dates", dates] if dates else []))

    assert {one["event"]["begin"][:10] for one in lines if "event" in one} == {begin}
    said = "'02/03/2026 00:00:00' is taken as MM/DD/YYYY, for no row tells; else --dates DD/MM/YYYY"
    assert [one.partition(":2: ")[2] for one in faults] == ([] if dates else [said])


def test_a_pipe_says_when_a_column_of_text_turns_out_to_have_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [f"{cooled(at)},{'offline' if at < 30 else '5'}" for at in range(60)]
    monkeypatch.setattr(sys, "stdin", io.StringIO(written(tmp_path, values, "value,other").read_text()))

    lines, faults = told(capsys, "-")

    assert lines[-1]["summary"]["notes"] == {"a number in a column left out": {"count": 1, "lines": [32]}}
    assert "name it with --channels" in faults[-1]


def test_a_file_with_the_newest_row_first_is_read_from_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, [cooled(at) for at in range(2400)])
    onwards, _ = told(capsys, str(path))
    head, *lines = path.read_text().splitlines()
    turned = "\n".join([head, *reversed(lines)])
    path.write_text(turned)

    backwards, faults = told(capsys, str(path))

    assert [one["score"] for one in backwards if "row" in one] == [one["score"] for one in onwards if "row" in one]
    assert [one["line"] for one in backwards if "row" in one] == [*range(2401, 1, -1)]
    assert backwards[-1]["summary"]["judged"] == 2400
    assert faults[-1].endswith(":2: the newest row stands first: the file is read from its end, 2400 rows")

    monkeypatch.setattr(sys, "stdin", io.StringIO(turned))
    assert cli.main(["watch", "-"]) == 2
    assert "the newest row stands first (19 of the first 19 steps of time go back); sort it" in capsys.readouterr().err


def test_a_file_in_no_order_is_said_to_want_sorting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, plain(400))
    head, *lines = path.read_text().splitlines()
    Random(3).shuffle(lines)
    path.write_text("\n".join([head, *lines]))

    found, faults = told(capsys, str(path))

    older = found[-1]["summary"]["notes"]["reversed"]["count"]
    assert older > 100
    assert f"{older} of 400 rows are older than one before them, and were not judged; sort it by time" in faults[-1]


@pytest.mark.parametrize("zone", ["", "+02:00", "-05:30", "Z"])
def test_an_event_has_the_zone_of_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str], zone: str) -> None:
    values = plain(400)
    values[330] = "19.5"
    path = written(tmp_path, values)
    path.write_text(
        "\n".join(one.replace(",", f"{zone},") if at else one for at, one in enumerate(path.read_text().splitlines()))
    )

    lines, _ = told(capsys, str(path))

    event = max((one["event"] for one in lines if "event" in one), key=lambda one: float(one["score"]))
    assert (event["begin"], event["end"]) == (f"2026-03-02 05:30:00{zone}", f"2026-03-02 05:30:00{zone}")


def test_utf_16_is_read_and_said_where_it_does_not_say_so_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, plain(150))
    text = path.read_text()
    plainly, _ = told(capsys, str(path))

    for encoding in ("utf-16", "utf-32"):
        path.write_text(text, encoding=encoding)
        assert told(capsys, str(path))[0] == plainly
    path.write_text(text, encoding="utf-16-le")
    assert cli.main(["watch", str(path)]) == 2
    assert "is not UTF-8 text, but may be UTF-16; save it as CSV UTF-8" in capsys.readouterr().err


def test_a_file_without_names_is_said_to_have_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, plain(100))
    path.write_text(path.read_text().partition("\n")[2])

    assert cli.main(["watch", str(path)]) == 2
    assert "has no line of names: its first line is a row (of '2026-03-02 00:00:00')" in capsys.readouterr().err


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
