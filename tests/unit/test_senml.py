"""SenML packs: base fields, relative times, sums, texts and data, in JSON and in CBOR."""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices.senml import Options, decode
from protocols.parsing.cbor import CborError, cbor_of
from protocols.parsing.payloads import VALUES_MAX
from protocols.readings import Context, Decoded, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000
NOW_S = NOW_MS // 1000


def said(*records: dict[str, Any], name: str = "", **options: Any) -> list[Decoded]:
    """What a pack says at a site with these options."""
    context = Context(NOW_MS, name=name, options=msgspec.convert(options, Options))
    return decode("any/topic", json.dumps(records).encode(), context)


def one_of(found: list[Decoded]) -> Reading:
    """The one reading."""
    (one,) = found
    assert isinstance(one, Reading), one
    return one


def test_base_fields_hold_from_their_record_on() -> None:
    found = said(
        {"bn": "a", "bu": "Cel", "bt": NOW_S, "bv": 20, "n": "in", "v": 1},
        {"n": "out", "v": -40, "t": -10},
        {"bn": "b", "bv": 0, "n": "x", "u": "%RH", "v": 40},
    )

    assert [
        (one.device, one.channel, one.quantity, one.at_ms, one.values) for one in found if isinstance(one, Reading)
    ] == [
        ("a", "in", "temperature_c", NOW_MS, [21.0]),
        ("a", "out", "temperature_c", NOW_MS - 10_000, [-20.0]),
        ("b", "x", "humidity_pct", NOW_MS, [40.0]),
    ]


@pytest.mark.parametrize(
    ("record", "name", "device", "channel"),
    [
        ({"bn": "urn:dev:1:", "n": "t"}, "", "urn:dev:1:", "t"),
        ({"bn": "urn:dev:1:", "n": "t"}, "topic", "urn:dev:1:", "t"),
        ({"bn": "urn:dev:1:"}, "", "urn:dev:1:", "1"),
        ({"n": "urn:dev:1"}, "", "urn:dev:1", "1"),
        ({"n": "t"}, "topic", "topic", "t"),
        ({}, "topic", "topic", "1"),
        ({"bn": "/3303/0/", "n": "5700"}, "topic", "topic", "3303/0/5700"),
    ],
)
def test_a_device_is_the_base_name_else_the_topics_else_the_name(
    record: dict[str, Any], name: str, device: str, channel: str
) -> None:
    found = one_of(said({"u": "Cel", "v": 1, **record}, name=name))

    assert (found.device, found.channel) == (device, channel)


@pytest.mark.parametrize(
    ("times", "at_ms", "flags"),
    [
        ({}, NOW_MS, ("no_clock",)),
        ({"t": -5}, NOW_MS - 5000, ("no_clock",)),
        ({"bt": NOW_S, "t": -0.25}, NOW_MS - 250, ()),
        ({"bt": NOW_S - 0.001}, NOW_MS - 1, ()),
    ],
)
def test_a_small_time_is_before_now_and_a_large_one_since_1970(
    times: dict[str, float], at_ms: int, flags: tuple[str, ...]
) -> None:
    found = one_of(said({"n": "a", "u": "Cel", "v": 1, **times}))

    assert (found.at_ms, found.flags) == (at_ms, flags)


def test_a_time_that_can_not_be_is_a_problem_and_the_value_stays() -> None:
    found = said({"n": "a", "u": "Cel", "v": 1, "bt": NOW_S + 86_400})

    assert [type(one) for one in found] == [Problem, Reading]
    assert [one.at_ms for one in found if isinstance(one, Reading)] == [NOW_MS]


def test_a_base_value_alone_is_the_value_and_a_sum_alone_is_none() -> None:
    assert one_of(said({"n": "a", "u": "kg", "bv": 2}, name="x")).values == [2000.0]
    assert said({"n": "a", "u": "kg"}, name="x") == []

    only_sum, value, both = said(
        {"bs": 7200, "bu": "W", "bv": 5, "n": "p", "s": 0}, {"n": "p", "v": 1}, {"bs": 0, "n": "p", "s": 3600}, name="x"
    )[:3]

    assert isinstance(only_sum, Reading)
    assert (only_sum.quantity, only_sum.values) == ("energy_wh", [2.0])
    assert isinstance(value, Reading)
    assert (value.quantity, value.values) == ("power_w", [6.0])
    assert isinstance(both, Reading)
    assert both.quantity == "energy_wh"


def test_the_newest_version_that_is_known_is_read() -> None:
    assert one_of(said({"bver": 10, "n": "a", "u": "kg", "v": 1})).values == [1000.0]


def test_texts_truths_and_data_are_kept() -> None:
    found = said({"n": "s", "vs": "ok"}, {"n": "b", "vb": True}, {"n": "d", "vd": "AQL_"}, name="x")

    assert [(one.channel, one.text) for one in found if isinstance(one, Notice)] == [("s", "ok"), ("d", "0102FF")]
    assert [(one.channel, one.quantity, one.values) for one in found if isinstance(one, Reading)] == [
        ("b", "raw", [1.0])
    ]


def test_the_site_file_tells_units() -> None:
    assert one_of(said({"n": "door", "vb": True}, name="x", units={"door": "door_open"})).quantity == "door_open"
    assert one_of(said({"n": "pan", "v": 2}, name="x", units={"pan": "kg"})).values == [2000.0]
    with pytest.raises(msgspec.ValidationError, match="stone"):
        msgspec.convert({"units": {"pan": "stone"}}, Options)


def test_a_sum_of_watts_is_energy_and_any_other_a_plain_number() -> None:
    energy, other = said({"n": "p", "u": "W", "bs": 3600, "s": 3600}, {"n": "q", "u": "m3/s", "s": 2}, name="x")

    assert isinstance(energy, Reading)
    assert isinstance(other, Reading)
    assert (energy.quantity, energy.values) == ("energy_wh", [2.0])
    assert (other.channel, other.quantity, other.values) == ("q.sum", "raw", [3602.0])


@pytest.mark.parametrize(
    ("unit", "channel", "quantity"),
    [("%", "battery", "battery_pct"), ("%", "humidity", "humidity_pct"), ("%", "level", "raw"), ("lx", "l", "raw")],
)
def test_a_percentage_is_of_what_its_name_says(unit: str, channel: str, quantity: str) -> None:
    assert one_of(said({"n": channel, "u": unit, "v": 40}, name="x")).quantity == quantity


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b'[{"bver":11,"n":"a","v":1}]', "senml.version"),
        (b'[{"n":"a","v":1,"crucial_":1}]', "senml.not_understood"),
        (b'[{"n":"a","v":"1"}]', "payload.invalid"),
        (b'{"n":"a"}', "payload.invalid"),
        (b"[{]", "payload.not_json"),
        (b'[{"b\xe6er":11,"_":"a","v":1}]', "payload.not_json"),
        (b'[{"n":"a","v":1,"crucial_":1e999}]', "senml.not_understood"),
        (b"\x81", "payload.not_cbor"),
        (b"\x07", "payload.invalid"),
    ],
)
def test_what_is_no_pack_is_a_problem(payload: bytes, code: str) -> None:
    (found,) = decode("t", payload, Context(NOW_MS))

    assert isinstance(found, Problem)
    assert found.code == code


def test_a_field_that_is_not_known_is_passed_over_whatever_it_holds() -> None:
    found = decode("t", b'[{"n":"th1","u":"Cel","v":21.5,"ext_ra":1e999}]', Context(NOW_MS))

    assert (one_of(found).quantity, one_of(found).values) == ("temperature_c", [21.5])


def test_more_records_than_are_read_are_refused() -> None:
    (found,) = said(*[{"n": "a", "v": 1}] * (VALUES_MAX + 1))

    assert isinstance(found, Problem)


def packed(value: object) -> bytes:
    """A value in CBOR (RFC 8949), for the tests."""

    def head(major: int, count: int) -> bytes:
        if count < 24:
            return bytes([major << 5 | count])
        size = next(size for size in range(4) if count < 1 << (8 << size))
        return bytes([major << 5 | 24 + size]) + count.to_bytes(1 << size, "big")

    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case None:
            return b"\xf6"
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return head(4, len(value)) + b"".join(map(packed, value))
        case dict():
            return head(5, len(value)) + b"".join(packed(key) + packed(one) for key, one in value.items())
    raise AssertionError(value)


SIMPLE = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.binary(max_size=30)
)
VALUES = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(-300, 300) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_cbor_reads_back_what_was_written(value: object) -> None:
    assert cbor_of(packed(value)) == value


@given(st.binary(max_size=80))
def test_any_bytes_are_a_cbor_value_or_refused(data: bytes) -> None:
    with suppress(CborError):
        cbor_of(data)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("7f657374726561646d696e67ff", "streaming"),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("c11a514b67b0", 1363896240),
        ("f93e00", 1.5),
        ("fa47c35000", 100000.0),
        ("f7", None),
    ],
)
def test_cbor_reads_the_examples_of_its_standard(data: str, value: object) -> None:
    assert cbor_of(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    "data", ["81" * 40 + "00", "9bffffffffffffffff", "bb0000000100000000", "5b7fffffffffffffff", "ff", "1c"]
)
def test_cbor_that_promises_too_much_is_refused(data: str) -> None:
    with pytest.raises(CborError):
        cbor_of(bytes.fromhex(data))


def test_a_pack_in_cbor_says_the_same_as_in_json() -> None:
    pack = [{-2: "dev", -3: NOW_S, -4: "Cel", 0: "in", 2: 21.5}, {0: "out", 2: -18, 6: -60}, {0: "d", 8: b"\1"}]
    text = [{"bn": "dev", "bt": NOW_S, "bu": "Cel", "n": "in", "v": 21.5}, {"n": "out", "v": -18, "t": -60}]

    by_cbor = decode("t", packed(pack), Context(NOW_MS))
    by_json = decode("t", json.dumps([*text, {"n": "d", "vd": "AQ"}]).encode(), Context(NOW_MS))

    assert by_cbor == by_json
    assert len(by_cbor) == 3
