"""LLRP readers behind their bridge: reads as they come, and a last will that is older than it looks."""

from __future__ import annotations

import json
from typing import Any

from protocols.devices import Format, format_of, llrp
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, TagRead, TagReads

NOW_MS = 1_763_762_400_000
EPC = "3034257BF7194E4000001A85"


def said(topic: str, message: dict[str, Any], name: str = "") -> list[Decoded]:
    """What the family makes of a message."""
    return llrp.decode(topic, json.dumps(message).encode(), Context(NOW_MS, name=name))


def test_its_topics_are_its_own() -> None:
    for topic in ("llrpkit/10.0.0.5/tags", "llrpkit/10.0.0.5/status"):
        family = format_of(topic)
        assert isinstance(family, Format)
        assert family.name == "llrp"


def test_what_the_reader_does_not_tell_is_left_open() -> None:
    tag = {"reader": "r:5084", "epc": EPC.lower(), "antenna": None, "rssi_dbm": None, "tid": None, "at": NOW_MS / 1000}

    assert said("llrpkit/r/tags", tag) == [TagReads("r:5084", NOW_MS, [TagRead(EPC, 1, NOW_MS)])]


def test_a_reader_without_a_label_has_the_name_of_its_topic() -> None:
    found = [
        said("llrpkit/r/tags", {"epc": EPC}),
        said("dock/tags", {"epc": EPC}),
        said("dock/tags", {"epc": EPC}, "x"),
    ]

    assert [one.device for (one,) in found if isinstance(one, TagReads)] == ["r", "dock", "x"]


def test_the_last_will_is_of_now_and_not_of_when_the_bridge_connected() -> None:
    will = {"status": "offline", "reader": "r:5084", "at": NOW_MS / 1000 - 86_400}

    assert said("llrpkit/r/status", will) == [DeviceStatus("r:5084", False, NOW_MS)]
    assert said("llrpkit/r/status", {**will, "status": "online"}) == [DeviceStatus("r:5084", True, NOW_MS - 86_400_000)]


def test_a_state_nobody_knows_is_a_notice() -> None:
    assert said("llrpkit/r/status", {"status": "resting", "at": NOW_MS / 1000}) == [
        Notice("r", "reader", "resting", NOW_MS)
    ]


def test_what_the_bridge_makes_of_its_reads_is_not_read_a_second_time() -> None:
    assert said("llrpkit/r/events", {"event": "departed", "reader": "r", "epc": EPC, "at": 0}) == []


def test_a_wrong_clock_is_told_and_the_tag_is_used() -> None:
    seen, doubt = said("llrpkit/r/tags", {"epc": EPC, "at": 12.5})

    assert seen == TagReads("r", NOW_MS, [TagRead(EPC, 1, NOW_MS)], flags=("clock",))
    assert isinstance(doubt, Problem)
    assert doubt.code == "clock.not_believable"
