"""Native messages: what is hostile, absurd or untimely in them is a Problem with a hint, never an exception."""

from __future__ import annotations

import json
from math import isfinite

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import reports
from protocols.devices import Example, decode, format_of, formats
from protocols.readings import (
    FUTURE_LIMIT_MS,
    PAST_LIMIT_MS,
    Context,
    Decoded,
    Problem,
    Reading,
    TagReads,
)

NOW_MS = 1_763_762_400_000
NOW = Context(NOW_MS)
SHELF = "wh/v1/demo/shelf-1/shelf"
LEAVES = ("shelf", "rfid", "climate", "machine", "status", "ack")


def said(topic: str, payload: bytes) -> list[Decoded]:
    """What a message says, once it is certain that the gateway can work with it whatever it is."""
    found = decode(topic, payload, NOW)
    for one in found:
        msgspec.json.encode(one)
        if isinstance(one, Reading):
            assert one.values
            assert all(isfinite(value) for value in one.values)
            assert one.last_ms <= NOW_MS + FUTURE_LIMIT_MS
            assert one.at_ms >= NOW_MS - PAST_LIMIT_MS - 1
            offsets = [at * one.step_ms for at in range(len(one.values))]
            told = reports.Series(one.device, one.channel, one.quantity, "hall", one.at_ms, offsets, one.values)
            assert reports.decode(reports.encode(told)) == told, "what is taken here is taken by the service too"
        elif isinstance(one, TagReads):
            assert all(read.at_ms <= NOW_MS + FUTURE_LIMIT_MS for read in one.reads)
        elif isinstance(one, Problem):
            assert one.code
            assert one.detail
    return found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = (
    "boot",
    "seq",
    "ts",
    "unit",
    "value",
    "values",
    "step_ms",
    "channel",
    "reads",
    "online",
    "battery",
    "id",
    "ok",
)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("example", formats()["native"].examples, ids=lambda one: str(one.title))
def test_a_native_message_is_told_from_its_topic_alone(example: Example) -> None:
    family = format_of(example.topic)

    assert family is not None
    assert family.name == "native"


@given(
    st.sampled_from(LEAVES),
    st.dictionaries(st.sampled_from(FIELDS), JSON | NUMBERS | st.lists(NUMBERS, max_size=5)),
    st.sampled_from(["g", "kg", "Cel", "K", "bool", "W", "%"]),
)
def test_any_object_is_readings_or_a_problem(leaf: str, fields: dict[str, object], unit: str) -> None:
    said(f"wh/v1/demo/d/{leaf}", json.dumps({"unit": unit, **fields}).encode("utf-8", "replace"))


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_bytes_on_any_topic_are_readings_or_a_problem(topic: str, payload: bytes) -> None:
    said(topic, payload)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b'{"unit":"g","value":1e400}', "payload.invalid"),
        (b'{"unit":"g","value":' + b"9" * 5000 + b"}", "payload.invalid"),
        (b'{"unit":"g","values":[1,' + b"9" * 400 + b"]}", "payload.invalid"),
        (b'{"unit":"g","value":1,"ts":' + b"9" * 400 + b"}", "payload.invalid"),
        (b'{"unit":"g","value":1,"boot":9007199254740993}', "payload.invalid"),
        (b'{"unit":"g","value":1,"boot":-1}', "payload.invalid"),
        (b'{"unit":"g","value":1,"values":[1]}', "payload.invalid"),
        (b'{"unit":"g","values":[]}', "payload.invalid"),
        (b'{"unit":"g","value":1,"channel":""}', "payload.invalid"),
        (b'{"unit":"g","value":1,"channel":"a/b"}', "payload.invalid"),
        (b'{"unit":"g","value":1,"channel":"a\\u0000"}', "payload.invalid"),
        (b'{"unit":"g","values":[' + b"1," * 4096 + b"1]}", "payload.invalid"),
        (b'{"unit":"g","values":[1e308,1e308]}', "value.not_finite"),
        (b'{"unit":"\\ud800","value":1}', "payload.not_json"),
        (b'{"unit":"g","channel":"\xed\xa0\x80","value":1}', "payload.not_json"),
        (b'{"unit":"g","value":1,"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "payload.not_json"),
        (b"[" * 200_000, "payload.invalid"),
        (b"null", "payload.invalid"),
        (b"\xef\xbb\xbf{}", "payload.not_json"),
    ],
)
def test_a_hostile_message_is_one_problem_with_a_hint(payload: bytes, code: str) -> None:
    (problem,) = said(SHELF, payload)

    assert isinstance(problem, Problem)
    assert problem.code == code
    assert problem.hint
    assert problem.device == "shelf-1"
    assert len(problem.detail) <= 300


def test_of_a_key_said_twice_the_last_counts() -> None:
    (reading,) = said(SHELF, b'{"unit":"g","value":1,"value":2}')

    assert isinstance(reading, Reading)
    assert reading.values == [2.0]


def test_a_clock_is_believed_within_its_limits_only() -> None:
    def flags(ts_ms: int) -> tuple[str, ...]:
        one, *doubts = said(SHELF, b'{"unit":"g","value":1,"ts":%d}' % ts_ms)
        assert isinstance(one, Reading)
        assert [doubt.code for doubt in doubts if isinstance(doubt, Problem)] == (
            ["clock.not_believable"] if "clock" in one.flags else []
        )
        return one.flags

    assert flags(NOW_MS + FUTURE_LIMIT_MS) == ()
    assert flags(NOW_MS + FUTURE_LIMIT_MS + 1) == ("clock",)
    assert flags(NOW_MS - PAST_LIMIT_MS) == ()
    assert flags(NOW_MS - PAST_LIMIT_MS - 1) == ("clock",)
    assert flags(0) == ("no_clock",)
    assert flags(-5) == ("clock",)


def test_tags_of_a_reader_without_a_clock_were_not_read_in_the_future() -> None:
    payload = b'{"reads":[{"epc":"ABCD","at":0},{"epc":"ABCE","at":4000}]}'

    (seen,) = said("wh/v1/demo/dock/rfid", payload)

    assert isinstance(seen, TagReads)
    assert [read.at_ms for read in seen.reads] == [NOW_MS - 4000, NOW_MS]


def test_a_topic_of_no_family_is_a_problem_that_names_it() -> None:
    (problem,) = said("factory/line/3", b"{}")

    assert isinstance(problem, Problem)
    assert (problem.code, problem.topic) == ("topic.unknown", "factory/line/3")


REPORTS: list[reports.Report] = [
    reports.StockEvent("A1", "bolt", -2, 3, NOW_MS, 0.99),
    reports.SlotLevel("A1", "bolt", None, 0, 9, 0.0, 12.5, NOW_MS, "noise", "tare"),
    reports.TagMove("ABCD", "hall", "arrived", NOW_MS, "dock"),
    reports.DeviceHealth("shelf-1", "ok", NOW_MS, NOW_MS, 1000, 0, 0, -12, 88.5, [], [reports.Heard(1, [[0, 9]], 0)]),
    reports.Series("cold-1", "1", "temperature_c", "cold", NOW_MS, [0, 100], [4.5, 4.6]),
    reports.Thinned(3, 9, 5, NOW_MS, "outbox_full"),
    reports.Proposal("bolt", "open", 100, 7, 8, NOW_MS),
    reports.Alarm("zone_warm", "cold", "cold", "firing", NOW_MS, NOW_MS, {"value_c": 9.5}),
]


@pytest.mark.parametrize("report", REPORTS, ids=[type(one).__name__ for one in REPORTS])
def test_a_report_travels_and_a_spoilt_one_is_a_value_error(report: reports.Report) -> None:
    blob = reports.encode(report)

    assert reports.decode(blob) == report
    for end in range(len(blob)):
        with pytest.raises(ValueError, match=r"."):
            reports.decode(blob[:end])
    assert {type(one) for one in REPORTS} == set(reports.LANE_OF)
