"""Events of trading partners (EPCIS, CloudEvents) say what they say; no paper at all is an exception."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.documents import papers
from protocols.documents.papers import Envelope, Event, check_digit, day_of, number_of
from protocols.documents.reading import read
from protocols.readings import Reading
from tests.unit.test_documents import INVRPT, ISA, ORDER, ROWS, codes, only

EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-04-02T15:00:00+02:00",
    "action": "OBSERVE",
    "bizStep": "receiving",
    "epcList": ["urn:epc:id:sgtin:4012345.011111.9876"],
}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"type": "ObjectEvnt"}, "epcis.event_type"),
        ({"bizStep": "recieving"}, "epcis.vocabulary"),
        ({"action": "LOOK"}, "epcis.action"),
        ({"sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 1, "uom": "XX"}]}]}, "unit.unknown"),
        (
            {"sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": -5000, "uom": "CEL"}]}]},
            "value.out_of_range",
        ),
    ],
)
def test_what_the_official_schema_lets_through_is_told(changed: dict[str, Any], code: str) -> None:
    document = read(json.dumps({**EVENT, **changed}).encode())

    assert codes(document) == [code]
    assert isinstance(only(document), Event)


def test_an_event_without_a_time_is_left_out() -> None:
    document = read(json.dumps({**EVENT, "eventTime": "yesterday"}).encode())

    assert (document.contents, codes(document)) == ([], ["epcis.event_time"])


def test_a_stock_take_tells_what_is_there_in_kilograms_and_how_cold_it_was() -> None:
    element = {
        "sensorMetadata": {"deviceID": "urn:x:t1", "time": "2026-04-02T14:00:00Z"},
        "sensorReport": [
            {"type": "Temperature", "value": 41, "uom": "FAH"},
            {"type": "RelativeHumidity", "value": 60, "uom": "P1"},
        ],
    }
    goods = [{"epcClass": "urn:epc:class:lgtin:4012345.011111.L1", "quantity": 12.5, "uom": "KGM"}]
    event = {**EVENT, "bizStep": "cycle_counting", "quantityList": goods, "sensorElementList": [element]}
    (found,) = read(json.dumps({"type": "EPCISDocument", "epcisBody": {"eventList": [event]}}).encode()).contents

    assert isinstance(found, Event)
    assert (found.goods[0].quantity, found.goods[0].unit) == (12.5, "KGM")
    assert [(one.quantity, round(one.values[0], 6), one.flags) for one in found.readings] == [
        ("temperature_c", 5.0, ("historical",)),
        ("humidity_pct", 60.0, ("historical",)),
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_a_cloud_event_is_opened_when_it_carries_epcis(packed: bool) -> None:
    attributes = {
        "specversion": "1.0",
        "id": "1",
        "source": "/dock",
        "type": "org.gs1.epcis",
        "time": "2026-04-02T15:00Z",
    }
    data = {"data_base64": base64.b64encode(json.dumps(EVENT).encode()).decode()} if packed else {"data": EVENT}
    envelope, event = read(json.dumps([{**attributes, **data}]).encode()).contents

    assert isinstance(envelope, Envelope)
    assert (envelope.source, envelope.at_ms) == ("/dock", 1_775_142_000_000)
    assert isinstance(event, Event)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "document.unknown"),
        (b"hello", "document.unknown"),
        (b"ISA", "x12.no_envelope"),
        (b"ISA*00*", "x12.no_envelope"),
        (b"UNA", "edifact.una"),
        (b"UNB+", "edifact.unclosed"),
        (b"{}", "document.unknown"),
        (b'{"epcisBody":{}}', "epcis.no_events"),
        (b'{"epcisBody":' * 5000, "payload.not_json"),
        (b'{"specversion":"1.0"}', "cloudevents.attribute"),
        (b" " * (papers.BYTES_MAX + 1), "document.too_big"),
        (b"ISA" + b"*" * 100_000, "x12.no_envelope"),
        (b"UNB" + b"+" * 100_000, "edifact.unclosed"),
    ],
)
def test_what_is_no_paper_is_a_problem_with_a_hint(data: bytes, code: str) -> None:
    document = read(data)

    assert code in codes(document)
    assert document.problems[0].hint


def test_a_paper_made_to_hurt_is_read_to_its_limits_only() -> None:
    lines = 60_000
    document = read((ISA + "ST*846*1~BIA*00*SR*R*20260908~" + "LIN**VP*X~" * lines + "SE*2*1~").encode())
    released = read(b"UNB+UNOA'UNH+1+ORDERS'" + b"?'" * 200_000)

    assert len(only(document).lines) == papers.LINES_MAX
    assert "document.too_long" in codes(document)
    assert "edifact.unclosed" in codes(released)


GOOD = [
    ORDER.encode(),
    INVRPT.encode(),
    json.dumps({"specversion": "1.0", "data": EVENT}).encode(),
    json.dumps(EVENT).encode(),
]
EVERY = GOOD + [row.payload for row in ROWS]


def sound(data: bytes) -> None:
    """Reads it, and whatever comes out can be told and lies within the limits."""
    document = read(data)
    msgspec.json.encode(document)
    assert document.contents or document.problems
    assert len(document.problems) <= papers.PROBLEMS_MAX
    for content in document.contents:
        if isinstance(content, Event):
            assert all(isinstance(one, Reading) for one in content.readings)


@pytest.mark.parametrize("data", EVERY, ids=range(len(EVERY)))
def test_a_cut_off_or_spoilt_paper_is_no_exception(data: bytes) -> None:
    for end in range(0, len(data), max(1, len(data) // 400)):
        sound(data[:end])
    chance = random.Random(len(data))
    for _ in range(100):
        spoilt = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        sound(bytes(spoilt))


@given(st.sampled_from([b"", b"ISA", b"UNA", b"UNB", b"{", b"[", ISA.encode()]), st.binary(max_size=200))
def test_any_bytes_are_a_document(start: bytes, rest: bytes) -> None:
    sound(start + rest)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(EVENT)), inner, max_size=4),
    max_leaves=6,
)
PLACES = [*EVENT, "sensorElementList", "quantityList", "bizTransactionList", "readPoint", "eventID", "parentID"]


@given(st.dictionaries(st.sampled_from(PLACES), JSON, max_size=4), st.sampled_from(["alone", "document", "cloud"]))
def test_any_json_in_an_event_is_a_document(changed: dict[str, Any], within: str) -> None:
    event = {**EVENT, **changed}
    wrapped: Any = {
        "alone": event,
        "document": {"epcisBody": {"eventList": [event]}},
        "cloud": {"specversion": "1.0", "data": event},
    }

    sound(json.dumps(wrapped[within]).encode())


def test_check_digits_are_those_of_gs1s_own_examples() -> None:
    assert check_digit("629104150021") == "3"  # the GTIN-13 of GS1's check digit page
    assert check_digit("37610425002123456") == "9"  # its SSCC


@given(st.text(max_size=12))
def test_a_day_is_iso_or_nothing_and_a_quantity_finite_or_nothing(text: str) -> None:
    assert day_of(text) == "" or len(day_of(text)) == 10
    number = number_of(text)
    assert number is None or abs(number) < 1e15
