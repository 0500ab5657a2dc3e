"""Impinj readers as they are met: base64 or hex, no host name, signals in hundredths, and an app with its own ways."""

from __future__ import annotations

import base64
import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices import impinj
from protocols.parsing.payloads import VALUES_MAX
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, TagRead, TagReads

NOW_MS = 1_763_762_400_000
STAMP = "2025-11-21T22:00:00Z"
EPC = "3034257BF7194E4000001A85"


def said(event: Any, name: str = "dock", **options: Any) -> list[Decoded]:
    """What the family makes of an event on a topic that names the reader."""
    context = Context(NOW_MS, name=name, options=impinj.Options(**options))
    return impinj.decode("readers/dock", json.dumps(event).encode(), context)


def tag(**fields: Any) -> dict[str, Any]:
    """A tag event."""
    return {"timestamp": STAMP, "eventType": "tagInventory", "tagInventoryEvent": fields}


def read(found: list[Decoded]) -> TagRead:
    """The only read of the only message."""
    (seen,) = found
    assert isinstance(seen, TagReads)
    (one,) = seen.reads
    return one


@given(st.binary(min_size=2, max_size=62).filter(lambda raw: len(raw) % 2 == 0), st.booleans(), st.booleans())
def test_base64_is_read_in_both_alphabets_with_padding_or_without(raw: bytes, safe: bool, padded: bool) -> None:
    text = (base64.urlsafe_b64encode(raw) if safe else base64.b64encode(raw)).decode()

    seen, *doubts = said(tag(epc=text if padded else text.rstrip("=")))

    assert isinstance(seen, TagReads)
    assert seen.reads[0].epc == raw.hex().upper()
    assert {doubt.code for doubt in doubts if isinstance(doubt, Problem)} <= {"epc.looks_like_hex"}


@given(st.binary(min_size=8, max_size=62).filter(lambda raw: len(raw) % 2 == 0))
def test_hex_in_the_field_of_base64_is_read_where_the_site_says_so(raw: bytes) -> None:
    assert read(said(tag(epc=raw.hex()), epc="hex")).epc == raw.hex().upper()
    if not raw.hex().upper().startswith("AAA"):
        assert read(said(tag(epc=raw.hex()), epc="auto")).epc == raw.hex().upper()


@pytest.mark.parametrize("written", ["base64", "hex", "auto"])
def test_an_epc_of_more_than_496_bits_is_a_problem(written: Literal["base64", "hex", "auto"]) -> None:
    for raw in (b"\1" * 64, b"\1" * 5000):
        text = base64.b64encode(raw).decode() if written == "base64" else raw.hex()

        (found,) = said(tag(epc=text), epc=written)

        assert isinstance(found, Problem)
        assert found.code == "epc.invalid"


def test_the_reader_is_told_apart_by_its_setting_where_a_text_can_be_both() -> None:
    both = tag(epc="E200001234567890")

    seen, doubt = said(both)

    assert isinstance(seen, TagReads)
    assert seen.reads[0].epc == "136D34D34D76DF8E7AEFCF74"
    assert isinstance(doubt, Problem)
    assert doubt.code == "epc.looks_like_hex"
    assert "hex" in doubt.hint
    assert read(said(both, epc="hex")).epc == "E200001234567890"
    assert read(said(both, epc="auto")).epc == "E200001234567890"


def test_an_epc_that_begins_with_zeros_is_base64_for_auto() -> None:
    text = base64.b64encode(bytes.fromhex("000000000000000000003442")).decode()

    assert text == "AAAAAAAAAAAAADRC"
    assert read(said(tag(epc=text), epc="auto")).epc == "000000000000000000003442"
    assert read(said(tag(epc=text))).epc == "000000000000000000003442"


def test_hex_beside_base64_is_preferred() -> None:
    found = read(said(tag(epc="E200001234567890", epcHex=EPC.lower(), tid="4oARcA==", tidHex="E2801170200014CD")))

    assert (found.epc, found.tid) == (EPC, "E2801170200014CD")


def test_hundredths_of_a_decibel_become_decibels() -> None:
    assert read(said(tag(epcHex=EPC, peakRssiCdbm=-6150, antennaPort=2))) == TagRead(EPC, 2, NOW_MS, -61.5)
    assert read(said(tag(epcHex=EPC, peakRssiCdbm=-61500))).rssi_dbm is None


def test_the_time_is_when_the_tag_was_seen_last() -> None:
    assert read(said(tag(epcHex=EPC, lastSeenTime="2025-11-21T21:59:58.500000000Z"))).at_ms == NOW_MS - 1500


def test_an_antenna_that_is_told_by_name_has_the_number_of_the_site_file() -> None:
    assert read(said(tag(epcHex=EPC, antennaName="in"), antennas={"in": 4})).antenna == 4
    assert read(said(tag(epcHex=EPC, antennaName="out"), antennas={"in": 4})).antenna == 1
    assert read(said(tag(epcHex=EPC, antennaName="in", antennaPort=2), antennas={"in": 4})).antenna == 2


def test_a_message_without_a_host_name_is_of_the_reader_that_the_topic_names() -> None:
    (without,) = said(tag(epcHex=EPC))
    (with_name,) = said({**tag(epcHex=EPC), "hostname": "impinj-1"})

    assert isinstance(without, TagReads)
    assert isinstance(with_name, TagReads)
    assert (without.device, with_name.device) == ("dock", "impinj-1")


def test_a_list_of_events_is_one_message_of_each_reader() -> None:
    events = [{**tag(epcHex=epc), "hostname": host} for host, epc in (("a", "AAAA"), ("b", "BBBB"), ("a", "CCCC"))]

    found = said(events)

    assert [(one.device, [read.epc for read in one.reads]) for one in found if isinstance(one, TagReads)] == [
        ("a", ["AAAA", "CCCC"]),
        ("b", ["BBBB"]),
    ]


def test_an_event_without_its_type_is_known_by_its_body() -> None:
    assert read(said({"timestamp": STAMP, "tagInventoryEvent": {"epcHex": EPC}})).epc == EPC


def test_what_came_of_reading_the_memory_rides_along() -> None:
    answer = {"command": "read", "identifier": "verify", "response": "success", "dataHex": "FCA7"}

    seen, notice = said(tag(epcHex=EPC, tagAccessResponses=[answer, 7]))

    assert isinstance(seen, TagReads)
    text = f"epc {EPC} command read identifier verify response success dataHex FCA7"
    assert notice == Notice("dock", "access/verify", text, NOW_MS)


@pytest.mark.parametrize(
    ("kind", "body", "channel", "text"),
    [
        ("antennaConnected", {"antennaPort": 2}, "antenna/2", "connected"),
        ("antennaDisconnected", {"antennaName": "in"}, "antenna/in", "disconnected"),
        ("gpiTransition", {"gpi": 1, "transition": "low-to-high"}, "gpi/1", "low-to-high"),
        ("inventoryStatus", {"inventoryStatus": "idle"}, "inventory", "idle"),
        ("overflow", {}, "reader", "overflow"),
        ("diagnostic", {"code": 3, "what": "hot", "inner": {}}, "reader", "diagnostic code 3 what hot"),
    ],
)
def test_what_is_no_tag_is_a_notice(kind: str, body: dict[str, Any], channel: str, text: str) -> None:
    event = {"timestamp": STAMP, "eventType": kind, f"{kind}Event": body}

    assert said(event) == [Notice("dock", channel, text, NOW_MS)]


def test_one_bad_event_does_not_spoil_the_others() -> None:
    seen, *problems = said([tag(epcHex=EPC), tag(epc="*"), tag(), 7, {"eventType": "x", "xEvent": []}, {}])

    assert isinstance(seen, TagReads)
    codes = [one.code for one in problems if isinstance(one, Problem)]
    assert codes == ["epc.invalid", "epc.invalid", "payload.invalid", "payload.invalid", "payload.invalid"]
    assert all(one.hint for one in problems if isinstance(one, Problem))


def test_a_clock_that_is_wrong_is_told_once_and_the_tags_are_used() -> None:
    events = [{**tag(epcHex=epc), "timestamp": "1970-01-01T00:00:07Z"} for epc in ("AAAA", "BBBB")]

    seen, doubt = said(events)

    assert isinstance(seen, TagReads)
    assert seen.flags == ("clock",)
    assert [one.at_ms for one in seen.reads] == [NOW_MS, NOW_MS]
    assert isinstance(doubt, Problem)
    assert doubt.code == "clock.not_believable"


def test_more_reads_than_a_message_may_have_are_counted_out() -> None:
    app = [{"epc": f"{at:08X}"} for at in range(VALUES_MAX + 7)]

    seen, problem = said({"tag_reads": app})

    assert isinstance(seen, TagReads)
    assert len(seen.reads) == VALUES_MAX
    assert isinstance(problem, Problem)
    assert problem.code == "payload.too_big"
    assert str(VALUES_MAX + 7) in problem.detail


def test_the_app_counts_in_microseconds_and_decibels() -> None:
    tags = [
        {"epc": EPC, "firstSeenTimestamp": (NOW_MS - 5) * 1000, "antennaPort": 2, "peakRssi": -58.5, "tid": "E2801160"},
        {"epc": "*****", "isHeartBeat": True, "firstSeenTimestamp": NOW_MS * 1000},
        {"epc": "*****"},
        None,
    ]

    seen, status, *problems = said({"readerName": "gate", "mac": "x", "tag_reads": tags})

    assert seen == TagReads("gate", NOW_MS - 5, [TagRead(EPC, 2, NOW_MS - 5, -58.5, tid="E2801160")])
    assert status == DeviceStatus("gate", True, NOW_MS)
    assert [one.code for one in problems if isinstance(one, Problem)] == ["epc.invalid", "payload.invalid"]
