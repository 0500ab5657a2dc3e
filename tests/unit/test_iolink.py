"""IO-Link: named values, bits as the IODD tells them, the sender's own verdicts."""

from __future__ import annotations

import json
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices.iolink import Options, decode
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000


def said(message: Any, **options: Any) -> list[Decoded]:
    """What a device named tank says at a site with these options."""
    context = Context(NOW_MS, name="tank", options=msgspec.convert(options, Options))
    return decode("line/tank", json.dumps(message).encode(), context)


def pdin(data: str, **bits: Any) -> list[Decoded]:
    """What process data of an ifm port says by one entry of the site file."""
    items = {"/iolinkmaster/port[2]/iolinkdevice/pdin": {"code": 200, "data": data}}
    ports = {"2": {"values": [{"channel": "x", **bits}]}}
    return said({"code": "event", "data": {"payload": items}}, ports=ports)


def number(found: list[Decoded]) -> float:
    """The value of the one reading."""
    (one,) = found
    assert isinstance(one, Reading), one
    return one.values[0]


def test_values_that_the_master_calls_invalid_are_bad() -> None:
    found = said({"ioLink": {"valid": False, "value": {"Distance": {"value": 55}}}})

    assert [one.flags for one in found if isinstance(one, Reading)] == [("no_clock", "bad")]


def test_a_unit_comes_with_the_value_or_from_the_site_file_and_else_it_is_a_plain_number() -> None:
    value = {
        "T": {"value": 4.5, "unit": "°C"},
        "P": {"value": 2},
        "Q": {"value": 1, "unit": "l/min"},
        "Z": {"value": 1},
    }

    found = said({"getData": {"iolink": {"value": value}}}, fields={"P": "bar", "Z": {"skip": True}})

    assert [(one.channel, one.quantity, one.values) for one in found if isinstance(one, Reading)] == [
        ("T", "temperature_c", [4.5]),
        ("P", "pressure_hpa", [2000.0]),
        ("Q", "raw", [1.0]),
    ]


def test_records_within_records_have_both_names() -> None:
    found = said({"ioLink": {"value": {"Valve": {"value": {"Open": {"value": True}}}}}, "cqValue": False})

    assert [(one.channel, one.values) for one in found if isinstance(one, Reading)] == [
        ("Valve.Open", [1.0]),
        ("cq", [0.0]),
    ]


@pytest.mark.parametrize(
    ("data", "bits", "expected"),
    [
        ("03B0", {}, 944.0),
        ("FF47", {"factor": 0.1}, -18.5),
        ("FF47", {"type": "uint"}, 65351.0),
        ("03B0", {"bit_offset": 4, "bit_length": 12}, 59.0),
        ("03B1", {"bit_length": 1, "type": "bool"}, 1.0),
        ("03B1", {"bit_offset": 1, "bit_length": 1, "type": "bool"}, 0.0),
        ("41A4000000", {"bit_offset": 8, "bit_length": 32, "type": "float"}, 20.5),
    ],
)
def test_bits_are_read_as_the_iodd_counts_them(data: str, bits: dict[str, Any], expected: float) -> None:
    assert number(pdin(data, **bits)) == pytest.approx(expected)


@given(st.integers(-(2**15) + 9, 2**15 - 9), st.integers(0, 8))
def test_a_signed_number_is_read_wherever_it_lies(value: int, shift: int) -> None:
    raw = ((value & 0xFFFF) << shift).to_bytes(3, "big").hex()

    assert number(pdin(raw, bit_offset=shift)) == value


@pytest.mark.parametrize("value", [32764, 32760, -32760])
def test_what_stands_for_no_measurement_is_a_problem(value: int) -> None:
    (found,) = pdin(struct.pack(">h", value).hex())

    assert isinstance(found, Problem)
    assert found.code == "value.sentinel"


def test_bits_beyond_the_data_are_a_problem_with_a_hint() -> None:
    (found,) = pdin("03", bit_length=16)

    assert isinstance(found, Problem)
    assert "IODD" in found.hint


def test_bytes_that_nobody_explains_are_a_notice() -> None:
    (by_hex,) = said(
        {"code": "event", "data": {"payload": {"/a/port[1]/iolinkdevice/pdin": {"code": 200, "data": "03b0"}}}}
    )
    (by_list,) = said({"ioLink": {"valid": True, "value": [15, 123]}})

    assert isinstance(by_hex, Notice)
    assert isinstance(by_list, Notice)
    assert (by_hex.text, by_list.text) == ("03b0", "0F7B")


def test_an_item_that_the_master_could_not_read_is_a_bad_notice_and_the_others_stay() -> None:
    items = {"/processdatamaster/temperature": {"code": 200, "data": 39}, "/a/pdin": {"code": 503}}

    temperature, missing = said({"code": "event", "data": {"payload": items}})

    assert isinstance(temperature, Reading)
    assert (temperature.quantity, temperature.flags) == ("temperature_c", ("no_clock", "internal"))
    assert isinstance(missing, Notice)
    assert (missing.text, missing.flags) == ("code 503", ("no_clock", "bad"))


def test_only_the_master_tells_of_itself() -> None:
    items = {"/iolinkmaster/port[1]/temperature": {"code": 200, "data": 39}}

    (found,) = said({"code": "event", "data": {"payload": items}})

    assert isinstance(found, Reading)
    assert (found.quantity, found.flags) == ("raw", ("no_clock",))


def test_records_nested_beyond_reason_are_left_alone() -> None:
    deep: Any = {"value": 1}
    for _ in range(20):
        deep = {"value": {"a": deep}}

    assert said({"ioLink": {"value": {"a": deep}}}) == []


def test_a_port_that_lost_its_device_is_offline() -> None:
    found = said({"statusInfo": "COMMUNICATION_LOST", "iolinkRevision": "1.1"})

    assert found[0] == DeviceStatus("tank", False, NOW_MS)


@pytest.mark.parametrize(
    "options",
    [
        {"ports": {"1": {"values": [{"channel": "a", "unit": "furlong"}]}}},
        {"ports": {"1": {"values": [{"channel": "a", "type": "float"}]}}},
        {"ports": {"1": {"values": [{"bit_length": 8}]}}},
        {"fields": {"a": "furlong"}},
    ],
)
def test_settings_that_can_not_work_are_refused_when_the_site_file_is_read(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, Options)


@pytest.mark.parametrize("payload", [b"{}", b"[]", b"7", b'{"ioLink":7}', b'{"code":"event","data":[]}', b"\xff"])
def test_what_is_no_message_of_a_master_is_a_problem(payload: bytes) -> None:
    (found,) = decode("line/tank", payload, Context(NOW_MS))

    assert isinstance(found, Problem)
