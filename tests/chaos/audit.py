"""The ledger check at the end of a run: everything that a broker has acknowledged is accounted for, exactly once."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import NamedTuple

import msgspec
from msgspec import Struct

from cloud.stores.history_sqlite import SqliteHistory
from edge.core.care.health import Pulse
from edge.core.inference import DeviceState
from protocols import ranges
from tests.chaos import given_up, told
from tests.chaos.fleet import EPCS, Fleet, Key
from tests.chaos.given_up import Excuses
from tests.chaos.plant import LONELY, Plant
from tests.chaos.site import FEW, GONE, READER
from tests.system.parts import eventually, run

WAIT_S = 180.0
PROOF_S = 120.0
"""A gateway tells of a device at least once a minute."""
TAGS_S = 120.0
"""When tags come or leave, the service knows of it within this time; else it does not."""
HEARD_AGAIN = 10
"""After so many messages of the reader every tag that is there was heard again."""
ALERT_S = 75.0
FIRED = """SELECT COUNT(*) FROM alert_transition AS t JOIN alert AS a ON a.id = t.alert
WHERE a.rule = ? AND a.subject = ? AND t.state = 'firing' AND t.before IN ('', 'pending')"""


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
    untold: int = 0
    """Stock events, tag moves, alarms, proposals, devices' states and thinnings that a gateway has numbered and that
    the ledger does not show."""
    made_up: int = 0
    """Movements that no gateway has numbered."""
    given_up_wrong: int = 0
    """By how many reports that were given up gateway and ledger differ."""
    looked: Counter[str] = Counter()
    """Events that were looked into, by kind."""
    not_looked: int = 0
    """Events that were gone from the gateway, on a full disk, before anybody looked."""
    doubled: int = 0
    """Samples without a time of their own that are there twice."""
    slots_wrong: int = 0
    tags_wrong: int = 0
    samples_lost: int = 0
    samples_told: int = 0
    """Climate samples given up on a full disk, in reports that the gateway has told of as `Thinned`."""
    samples_wrong: int = 0
    alerts_wrong: int = 0
    """Alerts that must have fired, once, and did not, or more than once; and those that are open twice."""
    needs_wrong: int = 0
    """The same of needs."""
    pending: int = 0
    refused: int = 0
    thinned: int = 0
    redelivered: int = 0
    plain_lost: int = 0
    plain_doubled: int = 0
    notes: list[str] = []


class Settled(NamedTuple):
    """How long it took, in s, until all was settled, and what was wrong of the tags while the reader still read."""

    took_s: float
    tags_wrong: list[str]


def settle(plant: Plant, fleet: Fleet) -> Settled:
    """Wait until what can come has come. After a long run also until tags that leave are gone."""
    began_s = time.monotonic()
    for name in ("broker", "service", "gateway"):
        eventually(partial(plant.answers, name), bool, f"the {name} serves", WAIT_S)
    reader = fleet.reader
    for device in fleet.devices:
        if device is not reader:
            device.rest()
    reader.gather()
    mark = Key(reader.device, 1, len(reader.said) + HEARD_AGAIN)
    truth = fleet.counts()
    eventually(plant.counts, lambda counts: counts == truth, f"the gateway counts {truth}", WAIT_S)
    eventually(lambda: _bundled(plant), lambda left: left == 0, "no sample waits for company", WAIT_S)
    # Tags that a crash made the gateway forget are heard again by then.
    eventually(lambda: _pulses(plant), lambda pulses: _holds(pulses, mark), "the gateway hears the reader", WAIT_S)
    _within(TAGS_S, lambda: not tags_wrong(plant, fleet))
    took_s = time.monotonic() - began_s
    if plant.alone.path.exists():
        reader.clear()
        _within(TAGS_S, lambda: not tags_wrong(plant, fleet))
    _within(ALERT_S, lambda: all(_fired(plant, *one) for one in _must_fire(plant)))
    wrong = tags_wrong(plant, fleet)  # when the reader says nothing more, all tags will be taken to have left
    began_s = time.monotonic()
    reader.rest()
    eventually(lambda: fleet.unsigned, lambda left: left == 0, "the broker acknowledges all", WAIT_S)
    eventually(lambda: _heard(plant, fleet), bool, "the gateway hears all that is left", WAIT_S)
    eventually(lambda: waiting(plant), lambda left: left == 0, "all is signed for", WAIT_S)
    return Settled(took_s + time.monotonic() - began_s, wrong)


def _within(patience_s: float, look: Callable[[], bool]) -> None:
    """Wait for what should be; whether it came is judged later."""
    end_s = time.monotonic() + patience_s
    while not look() and time.monotonic() < end_s:
        time.sleep(0.2)


def tags_wrong(plant: Plant, fleet: Fleet) -> list[str]:
    """The tags of which the service says something else than what the reader sees."""
    with closing(sqlite3.connect(plant.cloud / "ledger.db")) as db:
        said = dict(db.execute("SELECT epc, move FROM tag WHERE device = ?", [READER.device]).fetchall())
    true = {epc: "arrived" if epc in fleet.reader.present else "departed" for epc in EPCS}
    return [
        f"tag {epc}: {true.get(epc)}, and {said.get(epc)} is said"
        for epc in {*true, *said}
        if true.get(epc) != said.get(epc)
    ]


def _must_fire(plant: Plant) -> list[tuple[str, str]]:
    """The alerts, rule and subject, that this run must raise."""
    fire = [("stock_out", GONE)]
    return [*fire, ("broker_away", LONELY)] if plant.alone.path.exists() else fire


def _fired(plant: Plant, rule: str, subject: str) -> int:
    """How often an alert began to fire."""
    with closing(sqlite3.connect(plant.cloud / "ledger.db")) as db:
        return int(db.execute(FIRED, [rule, subject]).fetchone()[0])


def waiting(plant: Plant) -> int:
    """Reports without a receipt by `python -m edge outbox`; -1 when a lane's book does not balance."""
    done = run("edge", "outbox", "--state", str(plant.edge), "--json")
    books = [json.loads(line) for line in done.stdout.splitlines()]
    assert books, done.stderr
    return sum(book["pending"] for book in books) if all(book["balanced"] for book in books) else -1


def audit(plant: Plant, fleet: Fleet, settled: Settled) -> Account:
    """The account; stops the plant on its way."""
    proof = prove(plant)
    pending = waiting(plant)
    for device in fleet.devices:
        device.leave()
    plant.stop()
    account = judge(plant, fleet, proof, pending)
    account.tags_wrong = len(settled.tags_wrong)
    account.notes += settled.tags_wrong
    return account


def judge(plant: Plant, fleet: Fleet, proof: dict[str, int], pending: int) -> Account:
    """The account by what lies on the disks of a plant that is stopped."""
    account = Account(acknowledged=fleet.signed, pending=pending)
    _messages(plant, fleet, proof, account)
    _stock(plant, fleet, account)
    _numbers(plant, account)
    _history(plant, fleet, account)
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
    account.redelivered = sum(max(0, len(plant.tap.handed.get(payload, ())) - 1) for payload in said.values())


def _stock(plant: Plant, fleet: Fleet, account: Account) -> None:
    truth = fleet.counts()
    with closing(sqlite3.connect(plant.cloud / "ledger.db")) as db:
        levels = dict(db.execute("SELECT slot, count FROM level"))
        moved = dict(db.execute("SELECT slot, SUM(delta) FROM movement GROUP BY slot"))
        twice = "SELECT COUNT(*) FROM (SELECT 1 FROM need WHERE state = 'proposed' GROUP BY sku HAVING COUNT(*) > 1)"
        account.needs_wrong = _one(db, twice)
        few = _one(db, f"SELECT COUNT(*) FROM need WHERE sku = '{FEW}'")
        twice = "SELECT COUNT(*) FROM (SELECT 1 FROM alert WHERE state NOT IN ('resolved', 'lapsed')"
        account.alerts_wrong = _one(db, f"{twice} GROUP BY rule, subject HAVING COUNT(*) > 1)")
        account.refused = _one(db, "SELECT COUNT(*) FROM refused")
        account.thinned = _one(db, "SELECT COALESCE(SUM(count), 0) FROM thinned")
        why = "SELECT lane, why, COUNT(*), SUM(count), MIN(first), MAX(last) FROM thinned GROUP BY lane, why"
        for lane, said, times, count, first, last in db.execute(why):
            account.notes.append(f"{lane} given up {times} times, {count} reports of {first}-{last}: {said}")
    if few != 1:
        account.needs_wrong += 1
        account.notes.append(f"{FEW}, of which there was too little all the time, was needed {few} times, not once")
    for rule, subject in _must_fire(plant):
        fired = _fired(plant, rule, subject)
        if fired != 1:
            account.alerts_wrong += 1
            account.notes.append(f"{rule} of {subject} fired {fired} times, not once")
    for slot, count in truth.items():
        if levels.get(slot) != count or moved.get(slot) != count:
            account.slots_wrong += 1
            account.notes.append(f"{slot}: {count} there, {levels.get(slot)} said, {moved.get(slot)} moved")


def _numbers(plant: Plant, account: Account) -> None:
    for numbered in (plant.numbered, plant.alone) if plant.alone.path.exists() else (plant.numbered,):
        numbered.look()
        found = told.compare(plant.cloud / "ledger.db", numbered)
        account.untold += len(found.untold)
        account.made_up += len(found.made_up)
        account.given_up_wrong += found.thinned
        account.looked = account.looked + found.looked
        account.not_looked += ranges.size(numbered.unseen("events"))
        account.notes += [f"not in the ledger: {one}" for one in found.untold[:5]]
        account.notes += [f"not of the gateway: {one}" for one in found.made_up[:5]]


def _history(plant: Plant, fleet: Fleet, account: Account) -> None:
    signed = {device.said[key] for device in fleet.devices for key in device.signed}
    pulses = _pulses(plant)
    gone = given_up.told(plant.cloud / "ledger.db", plant.numbered)
    excuses = Excuses(gone, plant.numbered.reports["telemetry"], plant.tap.handed)
    store = SqliteHistory(plant.cloud / "history.db")
    try:
        for device in fleet.devices:
            if device.kind != "climate":
                continue
            held = {payload for key, payload in device.said.items() if _holds(pulses, key)} & signed
            kept = {value for value, payload in device.values.items() if payload in held}
            times, values = store.read(f"{device.device}/1/temperature_c", 0, 2**42)
            found = Counter(values)
            account.doubled += found.total() - len(found)
            known = device.times_ms
            strange = [at_ms for at_ms, value in zip(times, values, strict=True) if known.get(value, at_ms) != at_ms]
            account.samples_wrong += len(strange) + len(found.keys() - device.values.keys())
            missing = kept - found.keys()
            excused = excuses.of(device.device, missing, device.values)
            account.samples_told += len(excused)
            missing -= excused
            account.samples_lost += len(missing)
            account.notes += (
                [f"{device.device}: {len(missing)} samples lost, the first {min(missing)}"] if missing else []
            )
    finally:
        store.close()
    if account.samples_told:
        account.notes.append(f"{account.samples_told} climate samples were given up on a full disk, and told")


def _plain(plant: Plant, fleet: Fleet, account: Account) -> None:
    with closing(sqlite3.connect(plant.plain_rows)) as db:
        rows = Counter(bytes(payload) for (payload,) in db.execute("SELECT payload FROM message"))
    signed = {device.said[key] for device in fleet.devices for key in device.signed}
    account.plain_lost = len(signed - rows.keys())
    account.plain_doubled = sum(max(0, rows[payload] - 1) for payload in signed)


def _one(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
