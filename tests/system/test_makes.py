"""Devices of many makes at one gateway: each source signs in with its own user and may speak on its own topics only,
and what they say comes out at the gateway's API as stock, climate, tags and problems under the site's names."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.broker import ready
from protocols.sparkplug.payload import BOOLEAN, DOUBLE, INT64, Metric, Payload, decode, encode
from protocols.sparkplug.topics import spell, state_of
from tests.contract.brokers import Peer
from tests.system.parts import Part, System, eventually
from tests.system.test_slots import Door

EPC = "3034257BF7194E4000001A85"
HOST = "open-smart-warehouse"
HEAD = """
[site]
id = "yard"
name = "Yard"
[[zones]]
id = "hall"
name = "Hall"
[[zones]]
id = "dock"
name = "Dock"
[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 250.0
"""
SLOTS = (
    ("T1", "scale-1", "HX711", 120.0),
    ("S1", "pan", "1", 0.0),
    ("B1", "bin-1", "Bin/A/Net", 0.0),
    ("N1", "native", "1", 0.0),
)
DEVICES = (
    ("scale-1", "shelf", "hall", "tasmota", ""),
    ("pan", "shelf", "hall", "lines", "pan"),
    ("bin-1", "shelf", "hall", "plant", "gw.7/bin-1"),
    ("native", "shelf", "hall", "", ""),
    ("north", "climate", "hall", "zigbee", "hall/north-wall"),
    ("probe", "climate", "dock", "packs", "urn:dev:mac:0024befffe804ff1"),
    ("plug", "machine", "dock", "shelly", "shellyplugsg3-a1b2"),
    ("door", "rfid", "dock", "impinj", ""),
)
SOURCES = (
    ("tasmota", "tasmota", ["tele/+/+"], ""),
    ("zigbee", "zigbee2mqtt", ["zigbee2mqtt/#"], ""),
    ("shelly", "shelly", ["shellyplugsg3-a1b2/events/rpc", "shellyplugsg3-a1b2/online"], ""),
    ("impinj", "impinj", ["readers/door"], ""),
    ("lines", "scales", ["packing/+/line"], "name_level = 1\n"),
    ("packs", "senml", ["senml/#"], ""),
    ("plant", "sparkplug", ["spBv1.0/#"], ""),
)


def site_text() -> str:
    lines = [HEAD]
    for slot, device, channel, tare_g in SLOTS:
        lines.append(f'[[slots]]\nid = "{slot}"\nzone = "hall"\nsku = "bolt"\ndevice = "{device}"')
        lines.append(f'channel = "{channel}"\ntare_g = {tare_g}')
    for device, kind, zone, source, address in DEVICES:
        lines.append(f'[[devices]]\nid = "{device}"\nkind = "{kind}"\nzone = "{zone}"')
        lines += [f'source = "{source}"'] * bool(source) + [f'address = "{address}"'] * bool(address)
    for source, family, topics, more in SOURCES:
        lines.append(f'[[sources]]\nid = "{source}"\nformat = "{family}"\ntopics = {json.dumps(topics)}\n{more}')
    return "\n".join(lines)


class Yard:
    """The running gateway, and one signed-in client for each source."""

    def __init__(self, system: System) -> None:
        self.system = system
        users = tomllib.loads(system.credentials.read_text())["users"]
        self.door = Door(system.ports["broker"], users)
        self.peers: dict[str, Peer] = {}

    def peer(self, user: str) -> Peer:
        """The client of a source, connected at its first use."""
        if user not in self.peers:
            self.peers[user] = Peer(self.door, user, f"test-makes-{user}")  # type: ignore[arg-type]
        assert self.peers[user].refusal is None, f"{user}: {self.peers[user].refusal}"
        return self.peers[user]

    def get(self, path: str) -> Any:
        """What the gateway's API says."""
        answer = self.system.gateway.get(path)
        assert answer.status == 200, answer
        return answer.value

    def sees(self, path: str, holds: Callable[[Any], bool], what: str) -> Any:
        """What the API says once it holds."""
        return eventually(lambda: self.get(path), holds, what)

    def stock(self, slot: str, count: int | None) -> dict[str, Any]:
        """The slot's row, once it holds so many."""

        def row(rows: list[dict[str, Any]]) -> dict[str, Any]:
            return next(one for one in rows if one["slot"] == slot)

        return row(self.sees("/api/v1/stock", lambda rows: row(rows)["count"] == count, f"{slot} holds {count}"))

    def climate(self, device: str, quantity: str) -> dict[str, Any]:
        """A device's newest value of a quantity, once there is one."""

        def found(status: dict[str, Any]) -> list[dict[str, Any]]:
            return [one for one in status["climate"] if (one["device"], one["quantity"]) == (device, quantity)]

        return found(self.sees("/api/v1/status", lambda status: bool(found(status)), f"{quantity} of {device}"))[0]

    def problem(self, code: str, text: str) -> dict[str, Any]:
        """The latest problem of a code whose detail holds a text, once there is one."""

        def found(said: dict[str, Any]) -> list[dict[str, Any]]:
            return [one for one in said["latest"] if one["code"] == code and text in one["detail"]]

        return found(self.sees("/api/v1/problems", lambda said: bool(found(said)), f"{code}: {text}"))[0]


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    system = System(tmp_path_factory.mktemp("makes"), site_text())
    system.parts["broker"].argv += ["--site", str(system.site)]
    one: Yard | None = None
    try:
        system.start("broker")
        system.start("gateway")
        one = Yard(system)
        yield one
        system.stop()
        assert not system.tracebacks()
    finally:
        for peer in one.peers.values() if one is not None else ():
            peer.leave()
        for part in system.parts.values():
            if part.alive:
                part.kill()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def stamp(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def test_every_source_has_a_user_of_its_own(yard: Yard) -> None:
    wanted = {"gateway", "shelf", "rfid", "climate", "machine", *(source for source, *_ in SOURCES)}

    assert set(yard.door.users) == wanted
    for source, *_ in SOURCES:
        assert yard.peer(source).refusal is None


def test_a_tasmota_scale_counts_and_its_probe_is_climate(yard: Yard) -> None:
    for second in range(5):
        at = stamp(now_ms() - 5000 + second * 1000)
        hx711 = {"Weight": 1, "WeightRaw": 120 + 4 * 250, "AbsRaw": 40000}
        said = {"Time": at, "DS18B20": {"Id": "0316A279", "Temperature": 4.6}, "HX711": hx711, "TempUnit": "C"}
        yard.peer("tasmota").publish("tele/scale-1/SENSOR", json.dumps(said).encode())

    assert yard.stock("T1", 4)["mass_g"] == 1120.0
    assert yard.climate("scale-1", "temperature_c") | {"at_ms": 0} == {
        "id": "hall",
        "device": "scale-1",
        "quantity": "temperature_c",
        "at_ms": 0,
        "value": 4.6,
    }


def test_a_probe_that_came_off_is_a_problem_and_no_climate(yard: Yard) -> None:
    said = {"Time": stamp(now_ms()), "DS18B20": {"Id": "0316A279", "Temperature": 85.0}, "TempUnit": "C"}

    yard.peer("tasmota").publish("tele/scale-1/SENSOR", json.dumps(said).encode())

    assert yard.problem("value.sentinel", "85")["device"] == "scale-1"
    assert all(one["value"] != 85.0 for one in yard.get("/api/v1/status")["climate"])


def test_the_lines_of_a_scale_count_and_unstable_ones_do_not(yard: Yard) -> None:
    pan = yard.peer("lines")
    pan.publish("packing/pan/line", b"ST,NT,+   2.250 kg\r\n" * 4)
    assert yard.stock("S1", 9)["mass_g"] == 2250.0

    pan.publish("packing/pan/line", b"US,NT,+   7.100 kg\r\n" * 4, b"garbage\r\n")

    assert yard.problem("payload.invalid", "garbage")["topic"] == "packing/pan/line"
    assert yard.stock("S1", 9)["mass_g"] == 2250.0
    devices = {one["id"]: one for one in yard.get("/api/v1/status")["devices"]}
    assert devices["pan"]["unfit"] == 4


def test_zigbee_shelly_and_senml_are_climate_and_machines(yard: Yard) -> None:
    at_ms = now_ms()
    seen = {"temperature": 5.25, "humidity": 61, "last_seen": at_ms}
    yard.peer("zigbee").publish("zigbee2mqtt/hall/north-wall", json.dumps(seen).encode())
    status = {"ts": at_ms / 1000, "switch:0": {"id": 0, "apower": 184.5, "output": True, "temperature": {"tC": 51.0}}}
    said = {"src": "shellyplugsg3-a1b2", "dst": "x", "method": "NotifyStatus", "params": status}
    yard.peer("shelly").publish("shellyplugsg3-a1b2/events/rpc", json.dumps(said).encode())
    pack = [{"bn": "urn:dev:mac:0024befffe804ff1:", "bt": at_ms / 1000, "n": "room", "u": "Cel", "v": 3.5}]
    yard.peer("packs").publish("senml/dock", json.dumps(pack).encode())

    found = {(name, what): yard.climate(name, what)["value"] for name, what in (
        ("north", "temperature_c"), ("north", "humidity_pct"), ("plug", "power_w"), ("probe", "temperature_c")
    )}  # fmt: skip

    assert list(found.values()) == [5.25, 61.0, 184.5, 3.5]
    internal = [one for one in yard.get("/api/v1/status")["climate"] if one["device"] == "plug"]
    assert "temperature_c" not in {one["quantity"] for one in internal}, "a plug's own warmth is no climate"


def test_the_reads_of_an_impinj_reader_are_tags_that_are_there(yard: Yard) -> None:
    begins_ms = now_ms() - 30_000
    events = []
    for second in range(30):
        body = {"epc": "AAAA", "epcHex": EPC, "antennaPort": 1, "peakRssiCdbm": -5500}
        at = stamp(begins_ms + second * 1000) + "Z"
        events.append(json.dumps({"timestamp": at, "eventType": "tagInventory", "tagInventoryEvent": body}).encode())
    yard.peer("impinj").publish("readers/door", *events)

    (tag,) = yard.sees("/api/v1/tags", bool, "a tag")

    assert (tag["epc"], tag["device"], tag["zone"]) == (EPC, "door", "dock")


def test_a_sparkplug_node_is_heard_and_asked_for_its_birth(yard: Yard) -> None:
    """Its topics have a dot in them, which nats-server maps to something else inside."""
    node = yard.peer("plant").subscribe(spell("NCMD", "plant", "gw.7"), state_of(HOST))
    begins = eventually(lambda: [one for one in node.got if one.topic == state_of(HOST)], bool, "the gateway's STATE")
    assert json.loads(begins[0].payload)["online"] is True
    at_ms = now_ms()

    node.publish(spell("DDATA", "plant", "gw.7", "bin-1"), _data(at_ms, 5, 1000.0))
    asked = eventually(lambda: [one for one in node.got if "/NCMD/" in one.topic], bool, "a request for the birth")
    wish = decode(asked[0].payload)
    assert isinstance(wish, Payload)
    assert [(one.name, one.value) for one in wish.metrics] == [("Node Control/Rebirth", True)]

    birth = [Metric("bdSeq", 1, INT64, at_ms=at_ms), Metric("Node Control/Rebirth", False, BOOLEAN, at_ms=at_ms)]
    node.publish(spell("NBIRTH", "plant", "gw.7"), encode(Payload(birth, at_ms, 0)))
    net = Metric("Bin/A/Net", 0.75, DOUBLE, 1, at_ms, properties={"engUnit": "kg"})
    node.publish(spell("DBIRTH", "plant", "gw.7", "bin-1"), encode(Payload([net], at_ms, 1)))
    for seq in range(2, 6):
        node.publish(spell("DDATA", "plant", "gw.7", "bin-1"), _data(at_ms + seq * 50, seq, 0.75))

    assert yard.stock("B1", 3)["mass_g"] == 750.0
    assert yard.problem("sparkplug.not_born", "")["topic"] == "spBv1.0/plant/DDATA/gw.7/bin-1"


def _data(at_ms: int, seq: int, value: float) -> bytes:
    return encode(Payload([Metric("", value, DOUBLE, 1, at_ms)], at_ms, seq))


def test_native_devices_need_no_source(yard: Yard) -> None:
    body = {"boot": 1, "seq": 0, "unit": "g", "step_ms": 100, "values": [500.0] * 15}

    yard.peer("shelf").publish("wh/v1/yard/native/shelf", json.dumps(body).encode())

    yard.stock("N1", 2)


def test_a_device_nobody_claims_is_shown_with_the_entry_it_needs(yard: Yard) -> None:
    yard.peer("zigbee").publish("zigbee2mqtt/attic", b'{"temperature":31.5}')
    yard.peer("tasmota").publish("tele/scale-9/SENSOR", b'{"HX711":{"WeightRaw":500}}')

    found = yard.sees("/api/v1/strangers", lambda said: len(said) == 2, "two strangers")

    assert {one["source"]: (one["address"], one["hint"]) for one in found} == {
        "zigbee": ("attic", 'add it under [[devices]] with source = "zigbee" and address = "attic"'),
        "tasmota": ("scale-9", 'add it under [[devices]] with source = "tasmota" and address = "scale-9"'),
    }
    assert 'address = "attic"' in yard.problem("device.unknown", "attic")["hint"]


FOREIGN = (
    ("tasmota", "zigbee2mqtt/hall/north-wall", b'{"temperature":99.0}'),
    ("zigbee", "tele/scale-1/SENSOR", b'{"HX711":{"WeightRaw":99000}}'),
    ("packs", "spBv1.0/plant/DDATA/gw.7/bin-1", b"\x00"),
    ("packs", "spBv1//0/plant/DDATA/gw/bin", b"\x00"),
    ("lines", "packing/pan", b"ST,NT,+  99.000 kg"),
    ("lines", "packing/a/b/line", b"ST,NT,+  99.000 kg"),
    ("shelly", "shellyplugsg3-ffff/events/rpc", b"{}"),
    ("impinj", "readers/other", b"{}"),
    ("plant", "wh/v1/yard/native/shelf", b'{"unit":"g","values":[99000,99000,99000],"step_ms":100}'),
    ("plant", "wh/v1/yard/native/cmd", b'{"id":"x","cmd":"reboot"}'),
    ("shelf", "zigbee2mqtt/hall/north-wall", b'{"temperature":99.0}'),
    ("shelf", "spBv1.0/STATE/" + HOST, b'{"online":false,"timestamp":1}'),
)


def test_nobody_speaks_on_the_topics_of_another(yard: Yard) -> None:
    """The broker acknowledges what it drops (MQTT 3.1.1); the ear is the gateway's user, who hears everything."""
    ear = yard.peer("gateway").subscribe("#")
    before = len(yard.get("/api/v1/problems")["latest"])

    for user, topic, payload in FOREIGN:
        yard.peer(user).publish(topic, payload)
    yard.peer("zigbee").publish("zigbee2mqtt/hall/north-wall", b'{"temperature":6.5}')

    eventually(lambda: [one for one in ear.got if b"6.5" in one.payload], bool, "the honest message")
    heard = {(one.topic, one.payload) for one in ear.got}
    assert not heard & {(topic, payload) for _, topic, payload in FOREIGN}
    yard.sees("/api/v1/status", lambda said: any(one["value"] == 6.5 for one in said["climate"]), "6.5 degrees")
    assert all(one["value"] != 99.0 for one in yard.get("/api/v1/status")["climate"])
    assert len(yard.get("/api/v1/problems")["latest"]) == before


def test_a_source_hears_only_what_is_meant_for_its_devices(yard: Yard) -> None:
    spy = Peer(yard.door, "zigbee", "test-makes-spy")  # type: ignore[arg-type]
    for wish in ("#", "tele/#", "spBv1.0/#", "wh/#", "zigbee2mqtt/#", "$MQTT/#"):
        spy.subscribe(wish)
    yard.peer("tasmota").publish("tele/scale-1/STATE", b"{}")
    yard.peer("zigbee").publish("zigbee2mqtt/hall/north-wall", b'{"temperature":6.75}')
    yard.sees("/api/v1/status", lambda said: any(one["value"] == 6.75 for one in said["climate"]), "6.75 degrees")

    assert spy.got == []
    spy.leave()


def test_a_source_that_is_listed_later_gets_its_user_at_the_next_start(tmp_path: Path) -> None:
    """The passwords of the others stay."""
    first, later = tmp_path / "first.toml", tmp_path / "later.toml"
    first.write_text(HEAD)
    later.write_text(site_text())
    passwords: list[dict[str, str]] = []
    (tmp_path / "state").mkdir()
    system = System(tmp_path / "state", HEAD)

    for site in (None, first, later):
        more = [] if site is None else ["--site", str(site)]
        part = Part("broker", [*system.parts["broker"].argv, *more], tmp_path / "log")
        part.start()
        eventually(lambda: ready("127.0.0.1", system.ports["broker"]), bool, "a broker")
        passwords.append(tomllib.loads(system.credentials.read_text())["users"])
        assert part.stop() in (0, 1)

    assert passwords[0] == passwords[1]
    assert passwords[2] == {**passwords[2], **passwords[0]}
    assert set(passwords[2]) - set(passwords[0]) == {source for source, *_ in SOURCES}
