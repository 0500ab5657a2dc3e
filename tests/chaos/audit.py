"""The ledger check at the end of a run: everything that a broker has acknowledged is accounted for, exactly once."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from contextlib import closing
from functools import partial

import msgspec
from msgspec import Struct

from cloud.stores.history_sqlite import SqliteHistory
from edge.core.care.health import Pulse
from edge.core.inference import DeviceState
from edge.core.series import HOLD_MS
from tests.chaos.fleet import Fleet, Key
from tests.chaos.plant import Plant
from tests.system.parts import eventually, run

WAIT_S = 180.0
PROOF_S = 120.0
"""A gateway tells of a device at least once a minute."""
OUTAGE_MS = 60_000
"""What the link's faults of a plan add up to at most, more or less."""


class Account(Struct):
    """What was found. All but the first and what is about the broker or the anchor should be 0."""

    acknowledged: int = 0
    lost: int = 0
    """Messages that the gateway signed for at the broker and does not hold; with the box: all it does not hold."""
    broker_lost: int = 0
    """Messages that the broker acknowledged and never got rid of, nor has: what it had not saved when it was killed."""
    silent: int = 0
    """Of those, how many the service's proof of completeness does not tell."""
    reports_missing: int = 0
    """Reports that `python -m cloud completeness` misses of the gateway."""
    doubled: int = 0
    """Movements, and samples, that are there twice."""
    slots_wrong: int = 0
    samples_lost: int = 0
    samples_told: int = 0
    """Climate samples given up on a full disk, in reports that the gateway has told of as `Thinned`."""
    samples_wrong: int = 0
    alerts_twice: int = 0
    needs_twice: int = 0
    pending: int = 0
    refused: int = 0
    thinned: int = 0
    redelivered: int = 0
    plain_lost: int = 0
    plain_doubled: int = 0
    notes: list[str] = []


def settle(plant: Plant, fleet: Fleet) -> float:
    """Wait until what can come has come; how long it took, in s."""
    began_s = time.monotonic()
    for name in ("broker", "service", "gateway"):
        eventually(partial(plant.answers, name), bool, f"the {name} serves", WAIT_S)
    for device in fleet.devices:
        device.rest()
    eventually(lambda: fleet.unsigned, lambda left: left == 0, "the broker acknowledges all", WAIT_S)
    truth = fleet.counts()
    eventually(plant.counts, lambda counts: counts == truth, f"the gateway counts {truth}", WAIT_S)
    eventually(lambda: _heard(plant, fleet), bool, "the gateway hears all that is left", WAIT_S)
    eventually(lambda: _bundled(plant), lambda left: left == 0, "no sample waits for company", WAIT_S)
    eventually(lambda: waiting(plant), lambda left: left == 0, "all is signed for", WAIT_S)
    return time.monotonic() - began_s


def waiting(plant: Plant) -> int:
    """Reports without a receipt by `python -m edge outbox`; -1 when a lane's book does not balance."""
    done = run("edge", "outbox", "--state", str(plant.edge), "--json")
    books = [json.loads(line) for line in done.stdout.splitlines()]
    assert books, done.stderr
    return sum(book["pending"] for book in books) if all(book["balanced"] for book in books) else -1


def audit(plant: Plant, fleet: Fleet, fills_ms: list[tuple[int, int]]) -> Account:
    """The account; stops the plant on its way. `fills_ms`: from when to when the gateway's disk was full."""
    proof = prove(plant)
    pending = waiting(plant)
    for device in fleet.devices:
        device.leave()
    plant.stop()
    return judge(plant, fleet, fills_ms, proof, pending)


def judge(plant: Plant, fleet: Fleet, fills_ms: list[tuple[int, int]], proof: dict[str, int], pending: int) -> Account:
    """The account by what lies on the disks of a plant that is stopped."""
    account = Account(acknowledged=fleet.signed, pending=pending)
    _messages(plant, fleet, proof, account)
    _stock(plant, fleet, account)
    _history(plant, fleet, fills_ms, account)
    _plain(plant, fleet, account)
    for name, said in plant.tracebacks().items():
        account.notes.append(f"{name} showed a traceback:\n{said[-2500:]}")
    return account


def prove(plant: Plant) -> dict[str, int]:
    """What the service says is missing: messages by device, and reports (`lanes`). It is asked until it agrees with the
    gateway, which tells of its devices now and then."""
    end_s = time.monotonic() + PROOF_S
    while True:
        done = run("cloud", "completeness", "--state", str(plant.cloud), "--site", str(plant.site), "--json")
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)
        missing: dict[str, int] = {one["device"]: one["missing"] for one in found["devices"]}
        lanes = sum(one["missing"] for one in found["lanes"])
        if (not lanes and missing == _missing(plant)) or time.monotonic() > end_s:
            return missing | {"lanes": lanes}
        time.sleep(1.0)


def _devices(plant: Plant) -> dict[str, DeviceState]:
    """What the gateway's store has of each device."""

    with closing(sqlite3.connect(plant.edge / "edge.db")) as db:
        rows = db.execute("SELECT id, state FROM device").fetchall()
    return {device: msgspec.msgpack.decode(state, type=DeviceState) for device, state in rows}


def _pulses(plant: Plant) -> dict[str, Pulse]:
    return {device: state.pulse for device, state in _devices(plant).items()}


def _bundled(plant: Plant) -> int:
    """Samples that are in no report yet."""
    return sum(len(bundle.values) for state in _devices(plant).values() for bundle in state.bundles.values())


def _missing(plant: Plant) -> dict[str, int]:
    return {device: sum(held.missing() for held in pulse.boots.values()) for device, pulse in _pulses(plant).items()}


def _heard(plant: Plant, fleet: Fleet) -> bool:
    """Whether nothing acknowledged is on its way any more: all is held, or nothing came for some seconds."""
    pulses = _pulses(plant)
    lacks = [key for key in _signed(fleet) if not _holds(pulses, key)]
    if not lacks:
        return True
    latest_ms = max(pulse.seen_ms for pulse in pulses.values())
    return time.time_ns() // 1_000_000 - latest_ms > 15_000


def _signed(fleet: Fleet) -> set[Key]:
    return {key for device in fleet.devices for key in device.signed}


def _holds(pulses: dict[str, Pulse], key: Key) -> bool:
    held = pulses[key.device].boots.get(key.boot) if key.device in pulses else None
    return held is not None and held.holds(key.seq)


def _messages(plant: Plant, fleet: Fleet, proof: dict[str, int], account: Account) -> None:
    pulses = _pulses(plant)
    said = {key: payload for device in fleet.devices for key, payload in device.said.items()}
    lacks = [key for key in _signed(fleet) if not _holds(pulses, key)]
    ours = [key for key in lacks if plant.which == "box" or said[key] in plant.tap.signed]
    account.lost = len(ours)
    account.broker_lost = len(lacks) - len(ours)
    account.notes += [f"lost: {key}" for key in ours[:5]]
    # Of numbers that were given up nothing can be said: a run must not have so many gaps.
    account.lost += sum(held.forgotten for pulse in pulses.values() for held in pulse.boots.values())
    by_device = Counter(key.device for key in lacks)
    account.silent = sum(max(0, count - proof.get(device, 0)) for device, count in by_device.items())
    if account.broker_lost:
        account.notes.append(f"the broker lost {account.broker_lost} messages that it had acknowledged")
    account.notes += [f"completeness tells of {told} missing {name}" for name, told in proof.items() if told]
    account.reports_missing = proof.get("lanes", 0)
    account.redelivered = sum(max(0, plant.tap.handed.get(payload, 0) - 1) for payload in said.values())


def _stock(plant: Plant, fleet: Fleet, account: Account) -> None:
    truth = fleet.counts()
    with closing(sqlite3.connect(plant.cloud / "ledger.db")) as db:
        levels = dict(db.execute("SELECT slot, count FROM level"))
        moved = dict(db.execute("SELECT slot, SUM(delta) FROM movement GROUP BY slot"))
        account.doubled += _one(db, "SELECT COUNT(*) - COUNT(DISTINCT gateway || '/' || seq) FROM movement")
        twice = "SELECT COUNT(*) FROM (SELECT 1 FROM need WHERE state = 'proposed' GROUP BY sku HAVING COUNT(*) > 1)"
        account.needs_twice = _one(db, twice)
        twice = "SELECT COUNT(*) FROM (SELECT 1 FROM alert WHERE state NOT IN ('resolved', 'lapsed')"
        account.alerts_twice = _one(db, f"{twice} GROUP BY rule, subject HAVING COUNT(*) > 1)")
        account.refused = _one(db, "SELECT COUNT(*) FROM refused")
        account.thinned = _one(db, "SELECT COALESCE(SUM(count), 0) FROM thinned")
        why = "SELECT lane, why, COUNT(*), SUM(count), MIN(first), MAX(last) FROM thinned GROUP BY lane, why"
        for lane, said, times, count, first, last in db.execute(why):
            account.notes.append(f"{lane} given up {times} times, {count} reports of {first}-{last}: {said}")
    for slot, count in truth.items():
        if levels.get(slot) != count or moved.get(slot) != count:
            account.slots_wrong += 1
            account.notes.append(f"{slot}: {count} there, {levels.get(slot)} said, {moved.get(slot)} moved")


def _history(plant: Plant, fleet: Fleet, fills_ms: list[tuple[int, int]], account: Account) -> None:
    signed = _signed(fleet)
    pulses = _pulses(plant)
    store = SqliteHistory(plant.cloud / "history.db")
    try:
        for device in fleet.devices:
            kept = {
                msgspec.json.decode(payload)["ts"]
                for key, payload in device.said.items()
                if key in signed and _holds(pulses, key)
            }
            for series, samples in device.samples.items():
                times, values = store.read(series, 0, 2**42)
                found = dict(zip(times, values, strict=True))
                account.doubled += len(times) - len(found)
                gone = kept - found.keys()
                told = {at_ms for at_ms in gone if account.thinned and _waited(at_ms, fills_ms)}
                account.samples_told += len(told)
                gone -= told
                account.samples_lost += len(gone)
                account.samples_wrong += sum(samples.get(at_ms) != value for at_ms, value in found.items())
                account.notes += [f"{series}: {len(gone)} samples lost, the first of {min(gone)}"] if gone else []
    finally:
        store.close()
    if account.samples_told:
        account.notes.append(f"{account.samples_told} climate samples were given up on a full disk, and told")


def _waited(at_ms: int, fills_ms: list[tuple[int, int]]) -> bool:
    """Whether a sample may have waited for the service while the gateway's disk was full."""
    return any(from_ms - OUTAGE_MS <= at_ms <= to_ms + HOLD_MS for from_ms, to_ms in fills_ms)


def _plain(plant: Plant, fleet: Fleet, account: Account) -> None:
    with closing(sqlite3.connect(plant.plain_rows)) as db:
        rows = Counter(bytes(payload) for (payload,) in db.execute("SELECT payload FROM message"))
    signed = {device.said[key] for device in fleet.devices for key in device.signed}
    account.plain_lost = len(signed - rows.keys())
    account.plain_doubled = sum(max(0, rows[payload] - 1) for payload in signed)


def _one(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
