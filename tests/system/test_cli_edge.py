"""The gateway's command line where nothing runs: decode, replay, stock, outbox, key."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.keys import own_keys
from edge.store import Group, Store
from protocols.layout import parse
from protocols.reports import StockEvent
from tests.contract.brokers import PROJECT
from tests.system.parts import run, run_all

RECORDING = PROJECT / "firmware_sim" / "recordings" / "small.jsonl.gz"
SITE = RECORDING.with_name("small.site.toml")
SLOTS = {slot.id for slot in parse(SITE.read_text()).slots}


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def kinds(said: Iterable[dict[str, Any]]) -> set[str]:
    return {one["type"] for one in said}


def test_a_recording_is_decoded_line_by_line() -> None:
    whole, piped = run_all(["edge", "decode", str(RECORDING), "--json"], ["edge", "decode", str(RECORDING)])

    assert (whole.returncode, whole.stderr) == (0, "")
    said = lines(whole.stdout)
    assert kinds(said) == {"reading", "tag", "status"}
    assert piped.stdout == whole.stdout
    assert {one["quantity"] for one in said if one["type"] == "reading"} >= {"mass_g", "temperature_c", "power_w"}


def test_what_comes_on_stdin_is_decoded(tmp_path: Path) -> None:
    payload = b'{"boot":3,"seq":413,"ts":0,"unit":"kg","channel":"2","step_ms":100,"values":[1.5,2.5]}'
    some = gzip.decompress(RECORDING.read_bytes()).splitlines(keepends=True)[:5]

    single = run("edge", "decode", "-", "--topic", "wh/v1/demo/shelf-1/shelf", stdin=payload)
    stream = run("edge", "decode", "-", stdin=b"".join(some))

    assert single.returncode == stream.returncode == 0
    first, second = lines(single.stdout)
    assert (first["device"], first["channel"], first["value"], second["value"]) == ("shelf-1", "2", 1500.0, 2500.0)
    assert second["at_ms"] - first["at_ms"] == 100
    assert len(lines(stream.stdout)) >= 5


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("zigbee/lamp", b"{}", "topic.unknown"),
        ("wh/v1/demo/shelf-1/shelf", b"\xff", "payload.not_json"),
        ("wh/v1/demo/shelf-1/shelf", b'{"unit":"Cel","value":1}', "unit.unknown"),
    ],
)
def test_a_payload_that_can_not_be_used_is_shown_as_a_problem(
    tmp_path: Path, topic: str, payload: bytes, code: str
) -> None:
    file = tmp_path / "payload"
    file.write_bytes(payload)

    done = run("edge", "decode", str(file), "--topic", topic)

    problem = lines(done.stdout)[0]
    assert (done.returncode, problem["type"], problem["code"]) == (0, "problem", code)
    assert problem["detail"]
    assert problem["hint"]


def test_the_shipped_recording_replays_to_one_estimate_a_slot() -> None:
    as_json, as_text = run_all(
        ["edge", "replay", str(RECORDING), "--layout", str(SITE), "--json"],
        ["edge", "replay", str(RECORDING), "--layout", str(SITE)],
    )

    said = lines(as_json.stdout)
    final = said[-len(SLOTS) :]
    assert as_json.returncode == as_text.returncode == 0
    assert kinds(said) == {"event", "estimate"}
    assert kinds(final) == {"estimate"}
    assert {one["slot"] for one in final} == SLOTS
    assert all(one["count"] == one["low"] == one["high"] for one in final)
    events = [one for one in said if one["type"] == "event"]
    for one in final:
        assert sum(event["delta"] for event in events if event["slot"] == one["slot"]) == one["count"]
    assert len(as_text.stdout.splitlines()) == len(said)


def test_a_recorded_shop_is_replayed_and_scored_nearly_all_exact(tmp_path: Path) -> None:
    recorded, truth = tmp_path / "shop.jsonl.gz", tmp_path / "truth.jsonl"
    said = tmp_path / "said.jsonl"
    argv = ["firmware_sim", "record", "small", "--seed", "77", "--minutes", "20"]

    made = run(*argv, "--out", str(recorded), "--truth", str(truth))
    said.write_text(run("edge", "replay", str(recorded), "--layout", str(tmp_path / "shop.site.toml"), "--json").stdout)
    scored = run("firmware_sim", "score", str(truth), str(said), "--json")

    assert made.returncode == scored.returncode == 0, made.stderr + scored.stderr
    score = lines(scored.stdout)[0]
    assert score["stretches"] >= 40
    assert score["exact"] >= 0.97
    assert score["right_when_claimed"] >= 0.99
    assert score["exact"] >= score["naive_exact"] - 0.02


def test_stock_and_outbox_read_what_a_gateway_left(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db")
    store.commit(Group(1, reports=[StockEvent("A01-01", "tape", 5, 5, 1, 1.0, "first")]))
    store.close()

    stock, books, said = run_all(
        ["edge", "stock", "--state", str(tmp_path), "--json"],
        ["edge", "outbox", "--state", str(tmp_path), "--json"],
        ["edge", "outbox", "--state", str(tmp_path)],
    )

    assert (stock.returncode, stock.stdout, stock.stderr) == (0, "", "")
    events, telemetry = lines(books.stdout)
    assert (events["lane"], events["accepted"], events["pending"], events["balanced"]) == ("events", 1, 1, True)
    assert (telemetry["lane"], telemetry["accepted"]) == ("telemetry", 0)
    assert "lane=events  accepted=1  delivered=0  pending=1" in said.stdout


def test_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = run("edge", "key", "--state", str(tmp_path))
    again = run("edge", "key", "--state", str(tmp_path), "--json")

    key = first.stdout.strip()
    assert len(key) == 40
    assert lines(again.stdout) == [{"gateway": "gateway", "public_key": key}]
    kept = own_keys(tmp_path, "gateway")
    assert kept.public.decode() == key
    assert kept.secret.decode() not in first.stdout + again.stdout
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "keys").iterdir())


def test_every_verb_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("run", "broker", "key", "decode", "replay", "stock", "outbox"):
        with pytest.raises(SystemExit) as end:
            main([verb, "--help"])

        said = capsys.readouterr().out
        assert end.value.code == 0
        assert said.startswith(f"usage: python -m edge {verb}")
        assert "--json" in said, verb


RECORDINGS = ("text.gz", "cut.jsonl.gz", "binary.jsonl", "half.jsonl", "base64.jsonl", "nowhere", ".")


@pytest.mark.parametrize(
    "argv",
    [
        *(f"decode {name}" for name in RECORDINGS),
        *(f"replay {name} --layout SITE" for name in RECORDINGS),
        "decode nowhere --topic wh/v1/a/b/shelf",
        "decode . --topic wh/v1/a/b/shelf",
        "replay RECORDING --layout nowhere",
        "replay RECORDING --layout RECORDING",
        "replay RECORDING --layout .",
        *(f"{verb} --state {state}" for verb in ("stock", "outbox") for state in ("nowhere", "spoilt", "foreign")),
        "key --state text.gz",
        "key --name ../outside",
        "run --site SITE --broker http://here",
        "run --site SITE --broker mqtt://here:99999",
        "run --site SITE --cloud tcp://127.0.0.1:1",
        "run --site SITE --credentials nowhere",
        "run --site SITE --credentials .",
        "run --site SITE --credentials RECORDING",
    ],
)
def test_whatever_is_wrong_is_one_sentence_and_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argv: str
) -> None:
    files = {
        "text.gz": b"no gzip at all",
        "cut.jsonl.gz": RECORDING.read_bytes()[:2000],
        "binary.jsonl": bytes(range(256)),
        "half.jsonl": b'{"at_ms": 1, "topic": "x"',
        "base64.jsonl": b'{"at_ms":1,"topic":"x","payload":"!!!","encoding":"base64"}',
        "spoilt/edge.db": b"this is no database" * 100,
        "foreign/edge.db": b"",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with closing(sqlite3.connect(tmp_path / "foreign" / "edge.db")) as other, other:
        other.execute("CREATE TABLE lane (id TEXT)")
    monkeypatch.chdir(tmp_path)

    status = main(argv.replace("RECORDING", str(RECORDING)).replace("SITE", str(SITE)).split())

    said = capsys.readouterr().err
    assert status == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert len(said) > 20
