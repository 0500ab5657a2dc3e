"""Commissioning and counting a slot from the command line: a real broker, a real gateway, and the verbs of a person."""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from edge.cli import main
from protocols.topics import spell
from tests.contract.brokers import Peer, free_port
from tests.system.parts import System, eventually, run, running
from tests.unit.test_inference import SITE_TEXT


class Door(NamedTuple):
    """Where the broker is, for a `Peer`."""

    port: int
    users: dict[str, str]


class Depot:
    """A running system whose shelf `shelf-1` the test speaks for, and the command line beside it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.boot, self.seq = time.time_ns() // 1_000_000_000, 0
        users = tomllib.loads(system.credentials.read_text())["users"]
        self.peer = Peer(Door(system.ports["broker"], users), "shelf", "test-slots")  # type: ignore[arg-type]

    def weigh(self, slot: str, grams: float) -> None:
        """So much lies in the slot; returns when the gateway says so."""
        self.seq += 1
        channel = {"A1": "1", "A2": "2"}[slot]
        body = {"boot": self.boot, "seq": self.seq, "unit": "g", "channel": channel, "step_ms": 100}
        self.peer.publish(spell("demo", "shelf-1", "shelf"), json.dumps(body | {"values": [grams] * 15}).encode())
        eventually(lambda: self.row(slot)["mass_g"], lambda mass_g: mass_g == grams, f"{slot} shows {grams} g")

    def row(self, slot: str) -> dict[str, Any]:
        """The slot in the gateway's own stock."""
        (found,) = [row for row in self.system.gateway.get("/api/v1/stock").value if row["slot"] == slot]
        return dict(found)

    def argv(self, words: str) -> list[str]:
        """A command line to this gateway."""
        state = ["--state", str(self.system.edge)]
        reading = words.split()[0] in ("stock", "journal")
        return [*words.split(), *state, *([] if reading else ["--url", self.system.gateway.url])]

    def say(self, words: str) -> str:
        """What a verb prints; it must succeed."""
        done = run("edge", *self.argv(words))
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Depot]:
    with running(tmp_path_factory.mktemp("slots"), SITE_TEXT, "broker", "gateway") as system:
        one = Depot(system)
        yield one
        one.peer.leave()


def refused(capsys: pytest.CaptureFixture[str], argv: list[str]) -> str:
    """The one sentence a wrong command line is answered with."""
    status = main(argv)
    said = capsys.readouterr()
    assert (status, said.out, said.err[:7]) == (2, "", "error: ")
    assert said.err.count("\n") == 1
    return said.err


def test_a_slot_is_commissioned_counted_booked_and_explained(depot: Depot) -> None:
    depot.weigh("A1", 130.0)
    tared = depot.say("tare A1")
    depot.weigh("A1", 130.0 + 0.98 * 5000.0)
    calibrated = depot.say("calibrate A1 --mass-g 5000")
    depot.weigh("A1", 130.0 + 0.98 * 20 * 260.0)
    taught = depot.say("teach A1 --pieces 20")
    depot.weigh("A1", 130.0 + 0.98 * 20 * 260.0)
    counted = depot.say("count A1 20 --who Ann")
    booked = depot.say("book A1 --by=-3 --id pick-1")
    again = depot.say("book A1 --by -3 --id pick-1")
    as_json = json.loads(depot.say("book A1 --by=-3 --id pick-1 --json"))
    depot.weigh("A1", 130.0 + 0.98 * 17 * 260.0)

    assert tared.startswith("A1: 0 (")
    assert "the empty shelf shows 130 g" in tared
    assert "1.02041 times what the scale shows" in calibrated
    assert "a unit weighs 260 g, to within" in taught
    assert "units can be told apart" in taught
    assert counted.startswith("A1: 20 (")
    assert booked.startswith("A1: 20 (")
    assert "the book says 17" in booked
    assert "nothing was added" not in booked
    assert "this booking came before: nothing was added" in again
    assert (as_json["slot"], as_json["count"], as_json["booked"], as_json["repeated"]) == ("A1", 20, 17, True)
    row = depot.row("A1")
    assert (row["count"], row["booked"], row["differs"]) == (17, 17, False)

    told = depot.say("stock --explain A1")
    assert told.startswith("A1: 17 (")
    assert re.search(r"^  weight    4,420\.\d g at .*alone it says 17: for it", told, re.M)
    assert re.search(r"^  person    counted 20 by Ann at ", told, re.M)
    assert "the book says 17: right" in told
    assert len(re.findall(r"^  journal   \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ ", told, re.M)) == 5
    whole = json.loads(depot.say("stock --explain A1 --json"))
    assert (whole["count"], whole["book"], len(whole["journal"])) == (17, 17, 5)
    journal = [json.loads(line) for line in depot.say("journal --about A1 --json").splitlines()]
    assert [line["what"] for line in journal] == ["book", "count", "teach", "calibrate", "tare"]
    assert "units=20  who=Ann" in depot.say("journal --limit 2")


def test_looking_works_with_the_gateway_off_and_doing_says_that_it_is(
    depot: Depot, capsys: pytest.CaptureFixture[str]
) -> None:
    depot.weigh("A2", 400.0)
    depot.say("count A2 10 --who Bo")
    depot.say("book A2 --by 2 --id in-1")
    gateway = depot.system.parts["gateway"]
    assert gateway.stop() == 0

    told = depot.say("stock --explain A2")
    lines = [json.loads(line) for line in depot.say("stock --json").splitlines()]
    journal = depot.say("journal --about A2")
    said = refused(capsys, depot.argv("count A2 10"))

    assert told.startswith("A2: 10 (")
    assert "waiting   +2 at" in told
    assert {line["slot"]: (line["count"], line["booked"]) for line in lines}["A2"] == (10, 12)
    assert [line.split()[2] for line in journal.splitlines()] == ["book", "count"]
    assert f"no gateway answers at {depot.system.gateway.url}" in said
    assert "is it running" in said

    gateway.start()
    eventually(lambda: depot.system.gateway.get("/readyz").status, lambda status: status == 200, "the gateway is back")
    assert "nothing was added" in depot.say("book A2 --by 2 --id in-1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("count Z9 5", "slot 'Z9' is not in the site file of 'demo'"),
        ("count a/b 5", "slot 'a/b' is not in the site file"),
        ("count ../../etc 5", "is not in the site file"),
        ("count Größe 5", "is not in the site file"),
        ("tare %41%31", "slot '%41%31' is not in the site file"),
        ("stock --explain Z9", "slot 'Z9' is not in the site file of 'demo'"),
        ("count A1 -5", "units: expected `int` >= 0"),
        ("count A1 500", "A1 holds 100 at most"),
        ("count A1 5 --who " + "x" * 101, "who: expected `str` of length <= 100"),
        ("book A1 --by 0", "a booking of 0 units says nothing"),
        ("book A1 --by 9999999", "by: expected `int` <= 100000"),
        ("teach A1 --pieces 0", "pieces: expected `int` >= 1"),
        ("calibrate A1 --mass-g -5", "mass_g: expected `float` > 0"),
        ("calibrate A1 --mass-g nan", "mass_g: expected `float`"),
        ("calibrate A1 --mass-g 1e30", "mass_g: expected `float` <= 1"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(
    depot: Depot, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    assert said in refused(capsys, depot.argv(words))


@pytest.mark.parametrize(
    "words", ["count A1", "count A1 five", "count", "book A1", "book A1 --by many", "teach A1", "calibrate A1", "tare"]
)
def test_a_half_command_shows_how_the_whole_one_goes(capsys: pytest.CaptureFixture[str], words: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(words.split())

    said = capsys.readouterr().err
    assert end.value.code == 2
    assert said.startswith(f"usage: python -m edge {words.split()[0]}")


def test_a_wrong_door_is_named(depot: Depot, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    state, broker = ["--state", str(depot.system.edge)], depot.system.ports["broker"]
    doors = {
        f"http://127.0.0.1:{free_port()}": "no gateway answers at",
        f"http://127.0.0.1:{broker}": "is --url right?",
        "http://nowhere.invalid:1": "no gateway answers at",
        "http://127.0.0.1:99999": "is --url right?",
        "http://": "is --url right?",
        "ftp://127.0.0.1": "is no address of a gateway",
        "127.0.0.1:8081": "use http://host:port",
    }

    for url, said in doors.items():
        assert said in refused(capsys, ["tare", "A1", *state, "--url", url]), url
    assert "--state names the folder of the running gateway" in refused(capsys, ["tare", "A1", "--state", "nowhere"])
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "api-token").write_text("another one")
    wrong = ["tare", "A1", "--state", str(tmp_path), "--url", depot.system.gateway.url]
    assert "--state" in refused(capsys, wrong)


def test_the_token_goes_to_the_gateway_and_to_no_proxy(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)

    assert main(depot.argv("book A2 --by 1 --id proxy")) == 0
