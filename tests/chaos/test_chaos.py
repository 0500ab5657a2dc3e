"""A short chaos of real processes loses nothing, and the check that says so can fail. `make chaos` is the long one."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.stores.history import Samples
from cloud.stores.history_sqlite import SqliteHistory
from edge.core.alone import OWN
from edge.core.inference import DeviceState
from edge.core.series import SAMPLES_MAX
from protocols import ranges
from protocols.reports import Series, TagMove
from protocols.sequences import Sequence
from tests.chaos import plant
from tests.chaos.audit import Account, audit, judge, settle, tags_wrong
from tests.chaos.fleet import EPCS, Fleet
from tests.chaos.numbered import Numbered
from tests.chaos.plan import LINKS, PARTS, plan
from tests.chaos.plant import Plant
from tests.chaos.site import FEW
from tests.chaos.wire import Tap
from tests.contract.brokers import PROJECT

KILLS, SEED = 6, 13
SECONDS = 4.0


def test_after_kills_freezes_cuts_and_full_disks_everything_is_there_once() -> None:
    environment = {name: value for name, value in os.environ.items() if name != plant.NAMESPACE}
    argv = [sys.executable, "-m", "tests.chaos", "--kills", str(KILLS), "--seed", str(SEED)]
    done = subprocess.run(argv, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=180, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    for part in PARTS:
        assert f"kill {part}" in done.stdout


def test_a_plan_comes_again_from_its_seed_and_spares_nobody() -> None:
    faults = plan(7, 100)

    assert faults == plan(7, 100)
    assert faults != plan(8, 100)
    assert [one.at_s for one in faults] == sorted(one.at_s for one in faults)
    assert sum(one.kind == "kill" for one in faults) == 100
    assert {one.what for one in faults} == {*PARTS, *LINKS, "edge", "cloud"}
    assert {one.kind for one in faults} == {"kill", "freeze", "cut", "half_open", "slow", "full"}
    assert "full" not in {one.kind for one in plan(7, 100, disks=False)}
    assert faults[-1].at_s < 600


@given(st.integers(0, 1000), st.integers(1, 200))
def test_every_part_is_killed_a_third_of_the_times(seed: int, kills: int) -> None:
    dealt = Counter(one.what for one in plan(seed, kills) if one.kind == "kill")

    assert dealt.total() == kills
    assert all(kills // 3 <= dealt[part] <= kills // 3 + 1 for part in PARTS)


class Quiet(NamedTuple):
    """A plant without faults, stopped, and the account of it."""

    plant: Plant
    fleet: Fleet
    account: Account


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quiet]:
    with plant.running(tmp_path_factory.mktemp("quiet"), "box", 1) as system:
        fleet = system.begin()
        time.sleep(SECONDS)  # traffic, not a wait for something
        settled = settle(system, fleet)
        yield Quiet(system, fleet, audit(system, fleet, settled))


def again(quiet: Quiet) -> Account:
    """The account of what lies on the disks now."""
    return judge(quiet.plant, quiet.fleet, {}, 0)


def ledger(quiet: Quiet, *statements: str) -> None:
    """Spoil the ledger, and first what guards it."""
    with closing(sqlite3.connect(quiet.plant.cloud / "ledger.db")) as db, db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert db.execute(statement).rowcount > 0, statement


@pytest.fixture
def spoilt(quiet: Quiet) -> Iterator[Quiet]:
    """Whatever a test does to ledger and history, the next one finds them whole."""
    paths = [quiet.plant.cloud / "ledger.db", quiet.plant.cloud / "history.db"]
    kept = [path.read_bytes() for path in paths]
    yield quiet
    for path, whole in zip(paths, kept, strict=True):
        path.write_bytes(whole)


def test_without_faults_nothing_is_amiss(quiet: Quiet) -> None:
    account = quiet.account

    assert account.acknowledged > 100
    fine = {"acknowledged", "looked", "redelivered", "plain_lost", "plain_doubled"}
    assert not {name: value for name, value in msgspec.structs.asdict(account).items() if value and name not in fine}
    assert account.looked["StockEvent"] > 50
    assert account.looked["TagMove"] > 10
    assert account.redelivered > 0


def test_a_message_that_the_gateway_signed_for_and_does_not_hold_is_found(quiet: Quiet) -> None:
    with closing(sqlite3.connect(quiet.plant.edge / "edge.db")) as db, db:
        blob = db.execute("SELECT state FROM device WHERE id = 'dock'").fetchone()[0]
        state = msgspec.msgpack.decode(blob, type=DeviceState)
        state.pulse.boots[1].ranges[-1][1] -= 2
        db.execute("UPDATE device SET state = ? WHERE id = 'dock'", [msgspec.msgpack.encode(state)])

    account = again(quiet)

    assert (account.lost, account.broker_lost) == (2, 0)
    assert account.silent == 2


def test_what_a_broker_never_handed_over_is_the_brokers_loss(quiet: Quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet.plant, "which", "mosquitto")
    with closing(sqlite3.connect(quiet.plant.edge / "edge.db")) as db, db:
        db.execute("DELETE FROM device WHERE id = 'dock'")
    dock = next(device for device in quiet.fleet.devices if device.device == "dock")
    handed = set(sorted(dock.said.values())[3:])
    monkeypatch.setattr(quiet.plant.tap, "signed", handed)

    account = again(quiet)

    assert account.broker_lost == 3
    assert account.lost == len(dock.signed) - 3


def test_a_movement_that_is_missing_or_made_up_is_found(spoilt: Quiet) -> None:
    ledger(spoilt, "DELETE FROM movement WHERE id = (SELECT MIN(id) FROM movement WHERE delta != 0)")
    account = again(spoilt)
    assert (account.slots_wrong, account.untold, account.made_up) == (1, 1, 0)

    ledger(spoilt, "UPDATE movement SET seq = -seq WHERE id = (SELECT MAX(id) FROM movement WHERE delta != 0)")
    assert (again(spoilt).untold, again(spoilt).made_up) == (2, 1)

    ledger(spoilt, "UPDATE level SET count = count + 1")
    assert again(spoilt).slots_wrong == len(spoilt.fleet.counts())


def test_a_tag_that_is_not_told_or_otherwise_is_found(spoilt: Quiet) -> None:
    wrong = tags_wrong(spoilt.plant, spoilt.fleet)  # some may have been taken to have left, at the end
    one, other = [epc for epc in EPCS if not any(epc in told for told in wrong)][:2]

    ledger(spoilt, f"DELETE FROM tag WHERE epc = '{one}'")
    assert (len(tags_wrong(spoilt.plant, spoilt.fleet)), again(spoilt).untold) == (len(wrong) + 1, 1)

    turned = "CASE move WHEN 'arrived' THEN 'departed' ELSE 'arrived' END"
    ledger(spoilt, f"UPDATE tag SET move = {turned} WHERE epc = '{other}'")
    assert (len(tags_wrong(spoilt.plant, spoilt.fleet)), again(spoilt).untold) == (len(wrong) + 2, 2)


def test_tags_that_neither_gateway_nor_service_tell_of_are_found(
    spoilt: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = spoilt.plant.numbered.reports
    others = {seq: report for seq, report in reports["events"].items() if not isinstance(report, TagMove)}
    monkeypatch.setitem(reports, "events", others)
    monkeypatch.setattr(Numbered, "look", lambda _: None)
    ledger(spoilt, "DELETE FROM tag")

    assert len(tags_wrong(spoilt.plant, spoilt.fleet)) == len(EPCS)
    assert again(spoilt).untold == 0


def test_an_alert_or_need_that_was_not_raised_once_is_found(spoilt: Quiet) -> None:
    ledger(spoilt, f"DELETE FROM need WHERE sku = '{FEW}'")
    assert again(spoilt).needs_wrong == 1

    ledger(
        spoilt,
        "INSERT INTO alert_transition (alert, before, state, severity, at_ms, by, note)"
        " SELECT alert, before, state, severity, at_ms, by, note FROM alert_transition WHERE state = 'firing'",
    )
    assert again(spoilt).alerts_wrong == 1

    ledger(spoilt, "DELETE FROM alert_transition")
    assert again(spoilt).alerts_wrong == 1


def test_samples_that_are_missing_or_other_ones_are_found(spoilt: Quiet) -> None:
    device = next(device for device in spoilt.fleet.devices if device.habit == "timed")
    value = min(device.times_ms)
    device.times_ms[value] += 1
    assert again(spoilt).samples_wrong == 1
    device.times_ms[value] -= 1

    forget_history(spoilt)

    assert again(spoilt).samples_lost > 50


def test_a_sample_that_is_there_twice_is_found(spoilt: Quiet) -> None:
    device = next(device for device in spoilt.fleet.devices if device.habit == "untimed")
    with closing(SqliteHistory(spoilt.plant.cloud / "history.db")) as store:
        series = f"{device.device}/1/temperature_c"
        times, values = store.read(series, 0, 2**42)
        store.append([Samples(series, [max(times) + 1], [values[0]])])

    assert again(spoilt).doubled == 1


def test_samples_are_not_excused_by_what_others_gave_up(spoilt: Quiet) -> None:
    lost = lost_without_history(spoilt)
    telemetry = spoilt.plant.numbered.reports["telemetry"]
    series = min(seq for seq, report in telemetry.items() if isinstance(report, Series) and report.channel != OWN)

    for lane, seq in (("events", 9), ("telemetry", 10**9), ("telemetry", series)):  # the last one was delivered
        give_up(spoilt, lane, seq)
        account = again(spoilt)
        assert (account.samples_lost, account.samples_told) == (lost, 0)
        assert account.given_up_wrong > 0


def test_samples_of_a_report_that_was_given_up_are_excused_and_no_others(
    spoilt: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = lost_without_history(spoilt)
    telemetry = dict(spoilt.plant.numbered.reports["telemetry"])
    seq, report = min(
        (seq, report) for seq, report in telemetry.items() if isinstance(report, Series) and report.channel != OWN
    )
    assert isinstance(report, Series)
    give_up(spoilt, "telemetry", seq)
    with closing(sqlite3.connect(spoilt.plant.cloud / "ledger.db")) as db, db:
        blob = db.execute("SELECT held FROM lane WHERE lane = 'telemetry'").fetchone()[0]
        held = msgspec.msgpack.decode(blob, type=Sequence)
        held.ranges = [[*run] for run in ranges.minus(ranges.union(held.ranges), ((seq, seq),))]
        db.execute("UPDATE lane SET held = ? WHERE lane = 'telemetry'", [msgspec.msgpack.encode(held)])

    assert again(spoilt).samples_told == len(report.values)

    del telemetry[seq]  # nobody saw it
    monkeypatch.setitem(spoilt.plant.numbered.reports, "telemetry", telemetry)
    monkeypatch.setattr(Numbered, "look", lambda _: None)
    account = again(spoilt)
    assert len(report.values) <= account.samples_told <= SAMPLES_MAX
    assert account.samples_lost == lost - account.samples_told


def forget_history(quiet: Quiet) -> None:
    """No sample is there any more."""
    with closing(sqlite3.connect(quiet.plant.cloud / "history.db")) as db, db:
        db.execute("DELETE FROM journal")
        db.execute("DELETE FROM chunks")


def lost_without_history(quiet: Quiet) -> int:
    """No sample is there any more; how many there were."""
    forget_history(quiet)
    return again(quiet).samples_lost


def give_up(quiet: Quiet, lane: str, seq: int) -> None:
    """Let the ledger say that the gateway gave a report up."""
    columns = "gateway, lane, first, last, count, at_ms, known_ms, why"
    ledger(quiet, f"INSERT INTO thinned ({columns}) VALUES ('gateway', '{lane}', {seq}, {seq}, 1, 0, 0, 'disk_full')")


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=20), st.data())
def test_the_tap_reads_packets_however_the_wire_cuts_them(payloads: list[bytes], data: st.DataObject) -> None:
    tap = Tap()
    stream = b"".join(publish(mid, payload) for mid, payload in enumerate(payloads, 1))
    acknowledged = data.draw(st.sets(st.integers(1, len(payloads))))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)) | {0, len(stream)})

    for first, last in pairwise(cuts):
        tap.down(1, stream[first:last])
    for mid in acknowledged:
        tap.up(2, b"\x40\x02" + mid.to_bytes(2))  # another connection's numbers mean other messages
        tap.up(1, b"\x40\x02" + mid.to_bytes(2))

    assert sum(map(len, tap.handed.values())) == len(payloads)
    assert tap.signed == {payloads[mid - 1] for mid in acknowledged}


def publish(mid: int, payload: bytes) -> bytes:
    """A PUBLISH packet with QoS 1 (MQTT 3.1.1, 3.3)."""
    body = b"\x00\x03wh/" + mid.to_bytes(2) + payload
    length = len(body)
    size = bytes([length]) if length < 128 else bytes([length % 128 + 128, length // 128])
    return b"\x32" + size + body
