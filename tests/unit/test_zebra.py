"""Zebra readers as they are met: objects or arrays, any type or none, numbers as text, days first, health beside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocols.devices import NoOptions, zebra
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading, TagRead, TagReads

NOW_MS = 1_763_762_400_000
STAMP = "2025-11-21T22:00:00.000+0000"
EPC = "3034257BF7194E4000001A85"


def said(message: Any, name: str = "dock", zone: str = "UTC", memory: Any = None) -> list[Decoded]:
    """What the family makes of a message on a topic that names the reader."""
    context = Context(NOW_MS, False, zone, name, NoOptions(), memory)
    return zebra.decode("zebra/dock/data", json.dumps(message).encode(), context)


def reads(found: list[Decoded]) -> list[TagRead]:
    """The reads of the only message."""
    (seen,) = found
    assert isinstance(seen, TagReads)
    return seen.reads


@pytest.mark.parametrize(
    "kind", ["SIMPLE", "INVENTORY", "PORTAL", "CONVEYOR", "CUSTOM", "DIRECTIONALITY", "tagRead", None]
)
def test_a_tag_is_known_by_what_is_in_the_message_not_by_its_type(kind: str | None) -> None:
    message = {"data": {"idHex": EPC.lower(), "antenna": 3, "peakRssi": -58, "reads": 2}, "timestamp": STAMP}

    assert reads(said(message if kind is None else {**message, "type": kind})) == [TagRead(EPC, 3, NOW_MS, -58.0, 2)]


def test_an_array_and_its_only_object_say_the_same() -> None:
    message = {"data": {"idHex": EPC}, "timestamp": STAMP}

    assert said([message]) == said(message)
    assert said([]) == []


@pytest.mark.parametrize(
    ("stamp", "zone", "flags"),
    [
        ("2025-11-21T22:00:00.000+0000", "UTC", ()),
        ("2025-11-22T01:00:00+03:00", "UTC", ()),
        ("2025-11-21T22:00:00Z", "Asia/Tokyo", ()),
        ("2025-11-22T07:00:00", "Asia/Tokyo", ("zone_assumed",)),
        ("21/11/2025 22:00:00:000", "UTC", ("zone_assumed",)),
        ("21/11/2025 22:0:0", "UTC", ("zone_assumed",)),
        (None, "UTC", ("no_clock",)),
    ],
)
def test_times_are_read_with_any_zone_and_without_one(stamp: str | None, zone: str, flags: tuple[str, ...]) -> None:
    (seen,) = said({"data": {"idHex": EPC}, "timestamp": stamp}, zone=zone)

    assert isinstance(seen, TagReads)
    assert (seen.at_ms, seen.flags) == (NOW_MS, flags)


def test_the_thousandths_of_older_firmware_are_not_a_fraction() -> None:
    tags = [
        {"epc": EPC, "timeStamp": f"21/11/2025 21:59:7:{ms}", "antennaPort": "4", "seenCount": "3"} for ms in (9, 43)
    ]

    found = reads(said({"reader_name": "FX", "tag_reads": tags}))

    assert [one.at_ms - NOW_MS for one in found] == [-52_991, -52_957]
    assert [(one.antenna, one.seen) for one in found] == [(4, 3), (4, 3)]


def test_the_reader_names_itself_or_the_topic_names_it() -> None:
    tag = {"data": {"idHex": EPC}, "timestamp": STAMP}
    inside = {"data": {"idHex": EPC, "hostName": "FX1"}, "timestamp": STAMP}

    found = [
        said(tag),
        said({**tag, "reader_name": "FX0"}),
        said(inside),
        said({**tag, "mac_address": "84:24"}, name=""),
    ]

    assert [one.device for (one,) in found if isinstance(one, TagReads)] == ["dock", "FX0", "FX1", "84:24"]


def test_a_handheld_has_no_antenna_and_many_tags_in_one_message() -> None:
    tags = [{"EPCid": EPC, "TID": "E2003412013BFD", "seenCount": 4}, {"EPC": "ABCD", "peakRssi": "-39.5"}, "x"]

    seen, problem = said({"type": "BALANCED_PERFORMANCE", "timestamp": STAMP, "data": {"tagData": tags}})

    assert isinstance(seen, TagReads)
    assert seen.reads == [TagRead(EPC, 0, NOW_MS, None, 4, "E2003412013BFD"), TagRead("ABCD", 0, NOW_MS, -39.5)]
    assert isinstance(problem, Problem)


def test_a_direction_is_taken_where_it_is_in_or_out() -> None:
    for told, meant in (("IN", "in"), ("out", "out"), ("AWAY", ""), (7, "")):
        (one,) = reads(said({"data": {"idHex": EPC, "direction": told}, "timestamp": STAMP}))
        assert one.direction == meant


def test_the_warmth_of_a_reader_is_its_own_and_not_the_rooms() -> None:
    bare = {"system": {"temperature": {"ambient": 32.0}}, "timestamp": STAMP}
    wrapped = {
        "type": "heartbeat",
        "data": {"system": {"temperature": {"ambient": "32", "pa": None}}},
        "timestamp": STAMP,
    }

    for message in (bare, wrapped):
        status, warmth = said(message)
        assert status == DeviceStatus("dock", True, NOW_MS)
        assert warmth == Reading("dock", "reader/ambient", "temperature_c", NOW_MS, [32.0], flags=("internal",))


def test_an_impossible_warmth_is_a_problem() -> None:
    _, problem = said({"system": {"temperature": {"pa": 9999}}, "timestamp": STAMP})

    assert isinstance(problem, Problem)
    assert problem.code == "value.out_of_range"


def heartbeat(first: str, second: str) -> dict[str, Any]:
    """A heartbeat with the states of two antennas."""
    radio = {"antennas": {"1": first, "2": second}, "status": "running"}
    return {"data": {"radio_control": radio}, "timestamp": STAMP, "type": "heartbeat"}


def test_an_antenna_is_told_when_it_comes_off_and_not_at_every_heartbeat() -> None:
    memory = zebra.begin(NoOptions())

    def told(message: Any, name: str = "dock") -> list[tuple[str, str]]:
        return [(one.channel, one.text) for one in said(message, name, memory=memory) if isinstance(one, Notice)]

    first = [("antenna/1", "connected"), ("antenna/2", "connected"), ("radio", "running")]
    assert told(heartbeat("connected", "connected")) == first
    assert told(heartbeat("connected", "connected")) == []
    assert told(heartbeat("connected", "disconnected")) == [("antenna/2", "disconnected")]
    assert told(heartbeat("connected", "connected"), "gate") == first
    assert told(heartbeat("connected", "connected")) == [("antenna/2", "connected")]


def test_states_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zebra, "REMEMBERED_MAX", 4)
    memory = zebra.begin(NoOptions())

    for at in range(9):
        said(heartbeat("connected", "connected"), f"fx-{at}", memory=memory)

    assert len(memory.states) == 4
    assert ("fx-8", "radio") in memory.states


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ({"type": "gpi", "data": {"pin": 2, "state": "LOW"}}, Notice("dock", "gpi/2", "low", NOW_MS)),
        ({"type": "error", "data": {"code": 5, "text": "hot"}}, Notice("dock", "error", "code 5 text hot", NOW_MS)),
        (
            {"command": "get_status", "command_id": "7", "response": "success", "payload": {}},
            Notice("dock", "command/get_status", "success", NOW_MS),
        ),
        (
            {"command": "get_status", "requestId": "7", "response": {"code": 0, "description": "ok"}},
            Notice("dock", "command/get_status", "code 0 description ok", NOW_MS),
        ),
        ({"connectionState": "DISCONNECTED"}, DeviceStatus("dock", False, NOW_MS)),
        ({"connectionState": "CONNECTED"}, DeviceStatus("dock", True, NOW_MS)),
        ({"eventName": "heartbeat", "uptime": 7}, DeviceStatus("dock", True, NOW_MS)),
        ({"eventName": "heartbeat", "battery": 64}, DeviceStatus("dock", True, NOW_MS, battery_pct=64.0)),
    ],
)
def test_what_is_no_tag_is_a_notice_or_a_status(message: dict[str, Any], meant: Decoded) -> None:
    assert said({**message, "timestamp": STAMP}) == [meant]


def test_a_request_that_passes_by_says_nothing() -> None:
    assert said({"command": "get_status", "command_id": "7", "payload": {}}) == []


@pytest.mark.parametrize(("payload", "online"), [(b"online", True), (b'"OFFLINE"', False), (b"Disconnected\n", False)])
def test_a_bare_word_is_a_birth_or_a_last_will(payload: bytes, online: bool) -> None:
    found = zebra.decode("zebra/dock/state", payload, Context(NOW_MS, name="dock"))

    assert found == [DeviceStatus("dock", online, NOW_MS)]


def test_an_epc_by_another_name_is_one_too() -> None:
    assert reads(said({"data": {"EPC": EPC, "antenna": 1}, "timestamp": STAMP})) == [TagRead(EPC, 1, NOW_MS)]


def test_a_heartbeat_that_looks_like_a_tag_is_none() -> None:
    tags = [{"epc": "0000", "isHeartBeat": "true"}]

    assert said({"timestamp": STAMP, "tag_reads": tags}) == [DeviceStatus("dock", True, NOW_MS)]


def test_one_bad_tag_does_not_spoil_the_others() -> None:
    seen, *problems = said([{"data": {"idHex": EPC}, "timestamp": STAMP}, {"data": {"idHex": 7}}, 7, {}, {"data": []}])

    assert isinstance(seen, TagReads)
    assert [one.code for one in problems if isinstance(one, Problem)] == [
        "epc.invalid",
        "payload.invalid",
        "payload.invalid",
    ]
