"""What the service's doctor finds: each case is silent when all is well, and tells of the one thing that is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from cloud import backup, running
from cloud.backup import LastBackup
from cloud.core.lanes import LaneState, Told
from cloud.doctor import examining
from cloud.doctor.case import Case, Finding, Spooled
from cloud.doctor.examining import SCHEMAS, Urls, judge, look, scope
from cloud.running import LinkSaid, Said
from cloud.stores import checkup
from cloud.stores.checkup import LaneSeen, LedgerSeen, Loss
from cloud.stores.history import Samples, open_history
from cloud.stores.history_spool import SpooledHistory
from cloud.stores.ledger import Received
from protocols.reports import Thinned
from protocols.sequences import Sequence
from protocols.uplink import VERSION
from tests.contract.keepers import filled, now_ms, where
from tests.contract.ledgers import DATABASES, POSTGRES, Place, apply
from tests.depot import batch, health, stock

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NOW = now_ms()


def held(
    ranges: list[list[int]],
    given_up: tuple[tuple[int, int], ...] = (),
    unsigned_from: int | None = None,
    lane: str = "events",
    last_ms: int = NOW,
) -> LaneSeen:
    """A lane of g1; its gateway has numbered up to 100, and has receipts up to `unsigned_from`, if it says so."""
    told = None if unsigned_from is None else Told(100, unsigned_from)
    return LaneSeen("g1", lane, LaneState(Sequence(ranges), 40, 0, last_ms, 0, given_up, (), told))


@pytest.fixture
def well(tmp_path: Path) -> Case:
    """A service in which nothing is wrong."""
    places = filled(tmp_path / "cloud")
    at_ms = now_ms()
    lanes = [held([[0, 49]], lane=lane, last_ms=at_ms - 5000) for lane in ("events", "telemetry")]
    ledger = LedgerSeen(SCHEMAS["ledger.db"][-1], lanes, [], [], ["admin", "buyer"], {}, [])
    said = Said(at_ms, at_ms - HOUR_MS, 1, "http://127.0.0.1:8080", "tcp://0.0.0.0:7460", {"g1": LinkSaid(2, at_ms)})
    return Case(places, at_ms, True, said, ledger, None, frozenset({"g1"}), SCHEMAS)


def of(case: Case) -> dict[str, Finding]:
    """The findings by their codes."""
    return {one.code: one for one in judge(case)}


def test_where_all_is_well_nothing_is_found(well: Case) -> None:
    assert judge(well) == []
    assert judge(well._replace(runs=False, said=None)) == []


def test_every_finding_says_what_where_why_and_what_to_do(well: Case) -> None:
    assert well.ledger is not None
    bad = well._replace(ledger=well.ledger._replace(roles=[], unsafe=["fsync=off"]), allowed=frozenset({"g1", "g2"}))

    found = judge(bad)

    assert {one.code for one in found} == {"no_admin", "not_durable", "never_seen"}
    assert all(all(msgspec.structs.astuple(one)) for one in found)


class Wrong(NamedTuple):
    """A change to a well case, and what the doctor then says of it."""

    code: str
    said: str
    change: Callable[[Case], Case]


def ledger(**changes: Any) -> Callable[[Case], Case]:
    return lambda case: case._replace(ledger=case.ledger._replace(**changes) if case.ledger else None)


def links(*one: LinkSaid) -> Callable[[Case], Case]:
    return lambda case: case._replace(
        said=msgspec.structs.replace(case.said, links={"g1": one[0]}) if case.said is not None else None
    )


def listening(url: str, *troubles: str) -> Callable[[Case], Case]:
    return lambda case: case._replace(
        said=msgspec.structs.replace(case.said, url=url, troubles=list(troubles)) if case.said is not None else None
    )


GAP = [[0, 9], [20, 49]]
WRONG = [
    Wrong("never_seen", "g2", lambda case: case._replace(allowed=frozenset({"g1", "g2"}))),
    Wrong("not_allowed", "g1", lambda case: case._replace(allowed=frozenset())),
    Wrong("silent", "30 hours", lambda case: case._replace(now_ms=case.now_ms + 30 * HOUR_MS)),
    Wrong("version_skew", f"version {VERSION - 1}", links(LinkSaid(VERSION - 1, NOW))),
    Wrong("gateway_clock", "90 s ahead", links(LinkSaid(VERSION, NOW, 90_000))),
    Wrong("gateway_clock", "7200 s behind", links(LinkSaid(VERSION, NOW, -7_200_000))),
    Wrong("shared_clock", "3 of 3", ledger(offsets_ms={"a": 3_600_000, "b": 3_601_000, "c": 3_599_500, "d": 0})),
    Wrong("incomplete", "10 reports", ledger(lanes=[held(GAP)])),
    Wrong("incomplete", "5 reports", ledger(lanes=[held(GAP, given_up=((10, 14),))])),
    Wrong("incomplete", "3 reports of its lane events are not here, though", ledger(lanes=[held(GAP, (), 13)])),
    Wrong("incomplete", "20 reports", ledger(lanes=[held([[0, 49]], (), 70)])),
    Wrong("two_with_one_key", "9 times", links(LinkSaid(VERSION, NOW, taken_over=9))),
    Wrong("turned_away", "7 of its greetings", links(LinkSaid(VERSION, NOW, bad=7))),
    Wrong("given_up", "7 reports", ledger(given_up=[Loss("g1", "outbox_full", 7, NOW)])),
    Wrong("refused", "3 of its reports", ledger(refused=[Loss("g1", "no report", 3, NOW)])),
    Wrong("no_admin", "accounts", ledger(roles=["buyer", "viewer"])),
    Wrong("not_durable", "synchronous_commit=off", ledger(unsafe=["synchronous_commit=off"])),
    Wrong("spool_backlog", "600 samples", lambda case: case._replace(spooled=Spooled(600, 1000, 0))),
    Wrong("spool_refused", "4 runs", lambda case: case._replace(spooled=Spooled(0, 1000, 4))),
    Wrong("no_tls", "0.0.0.0", listening("http://0.0.0.0:8080")),
    Wrong("no_tls", "depot.lan", listening("http://depot.lan:8080")),
    Wrong("service_troubled", "can not be written", listening("http://localhost:8080", "it can not be written")),
    Wrong("store_away", "refused", lambda case: case._replace(troubles=(("ledger", "connection refused"),))),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: f"{one.code}: {one.said}")
def test_one_thing_that_is_wrong_is_the_one_that_is_found(well: Case, wrong: Wrong) -> None:
    found = judge(wrong.change(well))

    assert [one.code for one in found] == [wrong.code]
    assert wrong.said in f"{found[0].where}: {found[0].what}"


@pytest.mark.parametrize(
    "right",
    [
        ledger(lanes=[held(GAP, given_up=((8, 12), (13, 19)))]),
        ledger(lanes=[held(GAP, (), 10)]),
        links(LinkSaid(VERSION, NOW, taken_over=2, bad=2)),
        ledger(offsets_ms={"a": 3_600_000, "b": -50_000, "c": 9_000_000, "d": 40_000}),
        ledger(offsets_ms={"a": 3_600_000, "b": 3_600_000}),
        ledger(lanes=[held([])]),
        listening("http://[::1]:8080"),
        listening("https://depot.example"),
        links(LinkSaid(0, NOW, 20_000)),
        lambda case: case._replace(spooled=Spooled(50, 1000, 0)),
    ],
)
def test_what_is_not_wrong_is_not_told(well: Case, right: Callable[[Case], Case]) -> None:
    assert judge(right(well)) == []


def test_what_others_may_read_is_found(well: Case) -> None:
    state = well.where.state
    (state / "channels.toml").touch(mode=0o600)
    for path, mode in (
        (state / "channels.toml", 0o640),
        (state / "keys" / "service.key_secret", 0o640),
        (state / "gateways" / "g1.key", 0o622),
        (state / "ledger.db", 0o604),
        (state, 0o755),
    ):
        before = path.stat().st_mode
        path.chmod(mode)

        [found] = judge(well)

        assert (found.code, found.where) == ("open_to_others", str(path))
        assert "chmod" in found.remedy
        path.chmod(before)


@pytest.mark.parametrize(("free", "total", "told"), [(4, 100, True), (6, 100, False), (40, 1000, True)])
def test_a_disk_that_is_nearly_full_is_found(
    well: Case, monkeypatch: pytest.MonkeyPatch, free: int, total: int, told: bool
) -> None:
    usage = type("Usage", (), {"total": total << 30, "free": free << 30})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    assert ("disk_nearly_full" in of(well)) == told


def test_a_damaged_store_and_one_of_a_later_version_are_found(well: Case) -> None:
    history = well.where.of("history.db")
    body = bytearray(history.read_bytes())
    body[8192:16384] = os.urandom(8192)
    history.write_bytes(body)

    assert set(of(well)) == {"damaged"}
    assert set(of(well._replace(schemas=SCHEMAS | {"ledger.db": ("1",)}))) == {"damaged", "later_schema"}
    later = well._replace(schemas=SCHEMAS | {"ledger.db": (*SCHEMAS["ledger.db"], "99")})
    assert set(of(later)) == {"damaged", "earlier_schema"}
    assert set(of(later._replace(runs=False))) == {"damaged"}


def test_backups_that_were_never_made_or_long_ago_are_found(well: Case) -> None:
    state, at_ms = well.where.state, well.now_ms
    secret = state / "keys" / "service.key_secret"
    os.utime(secret, (at_ms / 1000 - 8 * 86_400, at_ms / 1000 - 8 * 86_400))
    assert set(of(well)) == {"no_backup"}

    running.write(state / backup.LAST, msgspec.json.encode(LastBackup(at_ms - 3 * DAY_MS, "there")))
    assert judge(well) == []

    running.write(state / backup.LAST, msgspec.json.encode(LastBackup(at_ms - 31 * DAY_MS, "there")))
    assert "31 days" in of(well)["backup_old"].what


def test_the_doctor_reads_what_the_stores_say_and_leaves_them_as_they_are(tmp_path: Path) -> None:
    places = filled(tmp_path / "cloud", 30)
    before = {name: places.of(name).read_bytes() for name in ("ledger.db", "history.db")}

    case = examining.look(places, Urls(f"sqlite:///{places.ledger}", ""), now_ms())

    assert case.ledger is not None
    assert [(one.gateway, one.lane, one.state.held.top) for one in case.ledger.lanes] == [
        ("g1", "events", 29),
        ("g1", "telemetry", 29),
    ]
    assert (case.ledger.roles, case.allowed, case.runs, case.said) == (["admin"], frozenset({"g1"}), False, None)
    assert before == {name: places.of(name).read_bytes() for name in before}


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    made.wipe()
    yield made
    made.wipe()


def test_a_ledger_is_looked_at_alike_in_every_database(place: Place) -> None:
    ledger = place.ledger()
    ledger.people.keep_account("ada", "buyer", "hash")
    late = Thinned(3, 9, 7, NOW, "outbox_full", "telemetry")
    reports = batch([stock("A1", -1, 4), late, health("shelf-1")])
    poison = Received("g1", "telemetry", [20], [b"poison"])
    apply(ledger, reports, poison, now_ms=NOW)
    ledger.close()

    seen = checkup.look(place.url, NOW - DAY_MS)

    assert [(one.gateway, one.lane, one.state.held.top, one.state.last_ms) for one in seen.lanes] == [
        ("g1", "events", 2, NOW),
        ("g1", "telemetry", 20, NOW),
    ]
    assert seen.lanes[1].state.given_up == ((3, 9),)
    assert [(one.gateway, one.why, one.count) for one in seen.given_up] == [("g1", "outbox_full", 7)]
    assert [(one.gateway, one.count) for one in seen.refused] == [("g1", 1)]
    assert (seen.schema, seen.roles, seen.offsets_ms) == (SCHEMAS["ledger.db"][-1], ["buyer"], {"shelf-1": 0})
    assert seen.unsafe == []
    later = checkup.look(place.url, NOW + DAY_MS)
    assert (later.given_up, later.refused) == ([], [])


if POSTGRES:  # like the ledger's own tests: where a database is named

    def test_postgresql_that_may_lose_a_commit_is_found(tmp_path: Path) -> None:
        place = Place(tmp_path, POSTGRES)
        place.wipe()
        place.ledger().close()
        asleep = f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csynchronous_commit%3Doff"

        assert checkup.look(asleep, 0).unsafe == ["synchronous_commit=off"]
        place.wipe()


def test_a_ledger_that_can_not_be_read_is_a_finding_and_not_an_error(tmp_path: Path) -> None:
    places = filled(tmp_path / "cloud")
    places.of("ledger.db").write_bytes(b"no database" * 1000)

    case = look(places, Urls(f"sqlite:///{places.ledger}", ""), now_ms())

    assert {"store_away", "damaged"} <= {one.code for one in judge(case)}
    assert "the ledger (it can not be read)" in scope(case)[1]


def test_a_history_that_is_away_and_what_waits_for_it_are_found(tmp_path: Path) -> None:
    filled(tmp_path / "cloud")
    url = "influxdb+http://127.0.0.1:9/org/bucket"
    spool = SpooledHistory(open_history(url), tmp_path / "cloud" / "history-spool.db")
    spool.append([Samples("a/1/x", [1, 2, 3], [1.0, 2.0, 3.0])])
    spool.close()
    places = backup.places(tmp_path / "cloud", "", url, tmp_path / "site.toml")

    case = examining.look(places, Urls(f"sqlite:///{places.ledger}", url), now_ms())

    assert case.spooled is not None
    assert case.spooled.waiting == 3
    assert [one for one, _ in case.troubles] == ["history"]
    assert "the history (it can not be read)" in scope(case)[1]


def test_an_empty_state_is_looked_at_without_an_error(tmp_path: Path) -> None:
    places = where(tmp_path / "cloud")
    places.state.mkdir(mode=0o700)

    case = look(places, Urls(f"sqlite:///{places.ledger}", ""), now_ms())

    assert judge(case) == []
    assert scope(case) == (
        [f"the files and disks of {places.state}"],
        [
            f"the ledger (there is none at {places.ledger})",
            f"the history (there is none at {places.history})",
            "what the service said last of its links to gateways (it never did)",
            "where it listens and what troubles it (it does not run)",
        ],
    )


def test_what_was_looked_at_is_said_of_a_service_that_runs_and_of_one_that_is_off(well: Case) -> None:
    listening = "where it listens and what troubles it"
    links = "what the service said last of its links to gateways"
    files = [f"the files and disks of {well.where.state}", "the ledger", "the history"]

    assert scope(well) == ([*files, links, listening], [])
    assert scope(well._replace(runs=False)) == ([*files, links], [f"{listening} (it does not run)"])
    assert scope(well._replace(said=None))[1] == [f"{links} (it never did)", f"{listening} (it has said nothing yet)"]
    far = well._replace(where=backup.places(well.where.state, "", "influxdb+http://far/o/b", well.where.site))
    assert "the history" in scope(far)[0]
    assert "the history's disk is full" in scope(far)[1][0]
