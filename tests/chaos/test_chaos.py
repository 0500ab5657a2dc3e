"""A short chaos of real processes loses nothing, and the check that says so can fail. `make chaos` is the long one."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.inference import DeviceState
from tests.chaos import plant
from tests.chaos.audit import Account, audit, judge, settle
from tests.chaos.fleet import Fleet
from tests.chaos.plan import LINKS, PARTS, plan
from tests.chaos.plant import Plant
from tests.chaos.wire import Tap
from tests.contract.brokers import PROJECT

KILLS, SEED = 6, 23
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
        settle(system, fleet)
        yield Quiet(system, fleet, audit(system, fleet, []))


def again(quiet: Quiet) -> Account:
    """The account of what lies on the disks now."""
    return judge(quiet.plant, quiet.fleet, [], {}, 0)


def test_without_faults_nothing_is_amiss(quiet: Quiet) -> None:
    account = quiet.account

    assert account.acknowledged > 100
    amiss = msgspec.structs.astuple(msgspec.structs.replace(account, acknowledged=0, plain_lost=0))
    assert not any(amiss), account


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


def test_a_movement_that_is_missing_or_there_twice_is_found(quiet: Quiet) -> None:
    with closing(sqlite3.connect(quiet.plant.cloud / "ledger.db")) as db, db:
        db.execute("DELETE FROM movement WHERE id = (SELECT MIN(id) FROM movement WHERE delta != 0)")

    assert again(quiet).slots_wrong == 1

    with closing(sqlite3.connect(quiet.plant.cloud / "ledger.db")) as db, db:
        db.execute("UPDATE level SET count = count + 1")

    assert again(quiet).slots_wrong == len(quiet.fleet.counts())


def test_samples_that_are_missing_or_other_ones_are_found(quiet: Quiet) -> None:
    device = next(device for device in quiet.fleet.devices if device.kind == "climate")
    samples = next(iter(device.samples.values()))
    at_ms = min(samples)
    samples[at_ms] += 0.5
    assert again(quiet).samples_wrong == 1
    samples[at_ms] -= 0.5

    with closing(sqlite3.connect(quiet.plant.cloud / "history.db")) as db, db:
        db.execute("DELETE FROM journal")
        db.execute("DELETE FROM chunks")

    assert again(quiet).samples_lost > 0


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

    assert sum(tap.handed.values()) == len(payloads)
    assert tap.signed == {payloads[mid - 1] for mid in acknowledged}


def publish(mid: int, payload: bytes) -> bytes:
    """A PUBLISH packet with QoS 1 (MQTT 3.1.1, 3.3)."""
    body = b"\x00\x03wh/" + mid.to_bytes(2) + payload
    length = len(body)
    size = bytes([length]) if length < 128 else bytes([length % 128 + 128, length // 128])
    return b"\x32" + size + body
