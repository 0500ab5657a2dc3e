"""A recording folds without a broker, in its own time, and a broken one names its line."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from edge import recording
from edge.core.inference import Inference
from edge.recording import Line, read, replay
from protocols import layout
from protocols.reports import DeviceHealth, SlotLevel, StockEvent
from tests.unit.test_inference import SITE, SITE_TEXT, T0

SHELF = "wh/v1/demo/shelf-1/shelf"


def line(at_ms: int, payload: str = '{"unit":"g","values":[1350,1350,1350],"step_ms":100}') -> str:
    return json.dumps({"at_ms": at_ms, "topic": SHELF, "payload": payload})


def write(folder: Path, *lines: str) -> Path:
    path = folder / "recording.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_a_recording_gives_the_stock_it_recorded(tmp_path: Path) -> None:
    inference = Inference(SITE)

    outcomes = list(replay(read(write(tmp_path, line(T0), "", line(T0 + 5000))), inference))

    told = [report for outcome in outcomes for report in outcome.reports]
    assert [(one.slot, one.count) for one in told if isinstance(one, StockEvent)] == [("A1", 5)]
    assert sum(outcome.readings for outcome in outcomes) == 6


def test_packed_and_binary_payloads_are_read(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl.gz"
    one = {"at_ms": T0, "topic": SHELF, "payload": base64.b64encode(b"\xff\x00").decode(), "encoding": "base64"}
    path.write_bytes(gzip.compress(json.dumps(one).encode()))

    assert [found.bytes() for found in read(path)] == [b"\xff\x00"]


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "null",
        '{"at_ms":1}',
        '{"at_ms":"1","topic":"t","payload":"p"}',
        '{"at_ms":1,"topic":"t","payload":"*","encoding":"base64"}',
        '{"at_ms":1,"topic":"t","payload":"p","encoding":"rot13"}',
        '{"at_ms":1,"topic":"t","payload":"p","x":' + "[" * 5000 + "]" * 5000 + "}",
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, broken: str) -> None:
    path = write(tmp_path, line(T0), broken)

    with pytest.raises(ValueError, match=r"recording\.jsonl, line 2: "):
        list(read(path))


@pytest.mark.parametrize("spoil", [lambda packed: packed[:-12], lambda packed: b"none" + packed])
def test_a_broken_archive_is_a_sentence(tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "recording.jsonl.gz"
    path.write_bytes(spoil(gzip.compress(line(T0).encode())))  # type: ignore[operator]

    with pytest.raises(ValueError, match=r"recording\.jsonl\.gz"):
        list(read(path))


def test_time_passes_between_the_lines(tmp_path: Path) -> None:
    lines = [line(T0), line(T0 + 100_000)]

    outcomes = list(replay(read(write(tmp_path, *lines)), Inference(SITE)))

    assert len(outcomes) == 2 + 100 + 1
    told = [one for outcome in outcomes for one in outcome.reports if isinstance(one, DeviceHealth)]
    assert [one.state for one in told if not one.unheard] == ["ok", "silent", "ok"]


@pytest.mark.parametrize("pause_ms", [86_400_000, T0 * 1000])
def test_a_long_pause_or_a_wrong_time_is_stepped_over(pause_ms: int) -> None:
    one = Line(T0, SHELF, '{"unit":"g","value":1350}')
    other = Line(T0 + pause_ms, SHELF, '{"unit":"g","value":1350}')

    outcomes = list(replay(iter([one, other]), Inference(SITE)))

    assert len(outcomes) == 2 + recording.TICKS_IN_A_PAUSE + 1 + 1


def test_a_line_that_goes_back_in_time_is_folded_too() -> None:
    lines = [Line(T0 + at, SHELF, '{"unit":"g","values":[1350,1350,1350]}') for at in (60_000, 0, 61_000)]

    outcomes = list(replay(iter(lines), Inference(SITE)))

    assert [one.count for outcome in outcomes for one in outcome.reports if isinstance(one, SlotLevel)] == [5]


def test_what_a_family_wants_published_is_left_out_of_a_replay() -> None:
    source = '[[sources]]\nid = "plant"\nformat = "sparkplug"\ntopics = ["spBv1.0/#"]\n'
    site = layout.parse(SITE_TEXT + source)
    unborn = Line(T0, "spBv1.0/WH1/DDATA/gw/shelf", base64.b64encode(b"\x18\x01").decode(), "base64")

    outcomes = list(replay(iter([unborn]), Inference(site)))

    assert [problem.code for one in outcomes for problem in one.problems] == ["sparkplug.not_born"]
