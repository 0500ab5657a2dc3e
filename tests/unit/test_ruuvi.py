"""Ruuvi: data format 5 to the last bit, and a measurement that is heard many times."""

from __future__ import annotations

import json
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices import ruuvi
from protocols.devices.ruuvi import Memory, decode
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000
MAC = "C1:00:00:00:00:07"
TOPIC = f"ruuvi/AA:BB:CC:00:00:01/{MAC}"
NONE = (-0x8000, 0xFFFF, 0xFFFF, 0x7FF)


def sent(temperature: int, humidity: int, pressure: int, volts: int, number: int = 7, mac: str = MAC) -> bytes:
    """A tag's advertisement by the table of data format 5 in docs.ruuvi.com, written independently of the decoder."""
    power = (volts << 5) | 22
    body = b"\x05" + pack(">hHH", temperature, humidity, pressure) + pack(">hhh", 4, -4, 1036)
    body += pack(">HBH", power, 66, number) + bytes.fromhex(mac.replace(":", ""))
    return b"\x02\x01\x06" + bytes([len(body) + 3]) + b"\xff\x99\x04" + body


def said(data: bytes | None, memory: Memory | None = None, at_ms: int = NOW_MS, **more: Any) -> list[Decoded]:
    body = {"gw_mac": "AA:BB:CC:00:00:01", "ts": at_ms // 1000, **more}
    if data is not None:
        body["data"] = data.hex().upper()
    return decode(TOPIC, json.dumps(body).encode(), Context(at_ms, memory=memory))


def values(found: list[Decoded]) -> dict[str, float]:
    return {one.quantity: one.values[0] for one in found if isinstance(one, Reading)}


@given(
    st.integers(-30_000, 0x7FFF),
    st.integers(0, 40_000),
    st.integers(0, 0xFFFE),
    st.integers(0, 0x7FE),
    st.integers(0, 0xFFFE),
)
def test_every_value_of_data_format_5_comes_out_as_it_went_in(
    temperature: int, humidity: int, pressure: int, volts: int, number: int
) -> None:
    found = values(said(sent(temperature, humidity, pressure, volts, number)))

    assert found["temperature_c"] == pytest.approx(temperature * 0.005, abs=1e-9)
    assert found["humidity_pct"] == pytest.approx(humidity * 0.0025, abs=1e-9)
    assert found["pressure_hpa"] == pytest.approx((pressure + 50_000) / 100, abs=1e-9)
    assert found["voltage_v"] == pytest.approx(1.6 + volts / 1000, abs=1e-9)


@pytest.mark.parametrize(
    ("field", "quantity"), [*enumerate(["temperature_c", "humidity_pct", "pressure_hpa", "voltage_v"])]
)
def test_what_a_tag_does_not_measure_is_no_value(field: int, quantity: str) -> None:
    sound = (1000, 20_000, 50_000, 1000)
    temperature, humidity, pressure, volts = (NONE[at] if at == field else sound[at] for at in range(4))

    found = values(said(sent(temperature, humidity, pressure, volts)))

    assert quantity not in found
    assert len(found) == 3


def test_a_wet_sensor_above_the_range_is_a_problem_and_the_rest_is_read() -> None:
    found = said(sent(1000, 60_000, 50_000, 1000))

    assert [one.code for one in found if isinstance(one, Problem)] == ["value.out_of_range"]
    assert len(values(found)) == 3


def test_a_measurement_is_taken_once_whoever_hears_it() -> None:
    memory = Memory()

    assert values(said(sent(1000, 1, 1, 1, 7), memory))
    assert said(sent(1000, 1, 1, 1, 7), memory, NOW_MS + 1000, gw_mac="AA:02") == []
    assert values(said(sent(1000, 1, 1, 1, 8), memory, NOW_MS + 2000))


def test_two_tags_with_one_number_are_two_measurements() -> None:
    memory = Memory()
    said(sent(1000, 1, 1, 1, 7), memory)

    assert values(said(sent(1000, 1, 1, 1, 7, "C1:00:00:00:00:08"), memory))


def test_a_tag_that_came_round_to_its_number_or_does_not_number_is_read() -> None:
    memory = Memory()
    said(sent(1000, 1, 1, 1, 7), memory)

    assert values(said(sent(1000, 1, 1, 1, 7), memory, NOW_MS + ruuvi.AGAIN_MS))
    for _ in range(2):
        assert values(said(sent(1000, 1, 1, 1, 0xFFFF), memory))


@pytest.mark.parametrize("stamp", [1763762400, "1763762400", 1763762400.0])
def test_seconds_are_read_as_a_number_and_as_text(stamp: object) -> None:
    reading = said(sent(1000, 1, 1, 1), ts=stamp)[0]

    assert isinstance(reading, Reading)
    assert (reading.at_ms, reading.flags) == (NOW_MS, ())


def test_a_gateway_without_a_clock_sends_a_count() -> None:
    body = json.dumps({"gw_mac": "AA", "cnt": 3, "data": sent(1000, 1, 1, 1).hex()}).encode()

    reading = decode(TOPIC, body, Context(NOW_MS))[0]

    assert isinstance(reading, Reading)
    assert (reading.at_ms, reading.flags) == (NOW_MS, ("no_clock",))


@pytest.mark.parametrize(("whole", "degrees"), [(0x1A, 26.3), (0x9A, -26.3), (0x00, 0.3), (0x80, -0.3)])
def test_data_format_3_has_a_sign_and_hundredths(whole: int, degrees: float) -> None:
    body = b"\x03\x29" + bytes([whole, 30]) + pack(">HhhhH", 52766, 1, 2, 3, 2899)

    found = values(said(bytes([len(body) + 3]) + b"\xff\x99\x04" + body))

    assert found == pytest.approx(
        {"temperature_c": degrees, "humidity_pct": 20.5, "pressure_hpa": 1027.66, "voltage_v": 2.899}
    )


@pytest.mark.parametrize("body", ["061729", "E1" + "00" * 39])
def test_formats_of_other_sensors_are_kept_in_hex(body: str) -> None:
    raw = bytes.fromhex(body)

    (notice,) = said(bytes([len(raw) + 3]) + b"\xff\x99\x04" + raw)

    assert isinstance(notice, Notice)
    assert notice.text == body


def test_the_gateway_is_named_by_itself_or_by_its_topic() -> None:
    def device(topic: str, **body: Any) -> str:
        (one,) = decode(topic, json.dumps(body).encode(), Context(NOW_MS))
        assert isinstance(one, DeviceStatus | Notice)
        return one.device

    assert device("ruuvi/AA:02/gw_status", state="online") == "AA:02"
    assert device("ruuvi/AA:02/gw_status", state="online", DEVICE_ADDR="AA:03") == "AA:03"
    assert device("gw_status", state="online") == ""
    assert device("any", DEVICE_ADDR="AA:03", RESET_REASON="POWER_ON") == "AA:03"


@given(st.binary(max_size=80))
def test_any_advertisement_is_values_a_notice_a_problem_or_not_ours(data: bytes) -> None:
    for one in said(data):
        assert isinstance(one, Reading | Notice | Problem)


@given(st.integers(0, 23))
def test_an_advertisement_cut_off_is_a_problem(length: int) -> None:
    whole = sent(1000, 1, 1, 1)[7:]

    (problem,) = said(bytes([length + 3]) + b"\xff\x99\x04" + whole[:length])

    assert isinstance(problem, Problem)


def test_the_memory_ends_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruuvi, "TAGS_MAX", 4)
    memory = Memory()
    for tag in range(10):
        said(sent(1000, 1, 1, 1, 7, f"C1:00:00:00:00:{tag:02X}"), memory)

    assert len(memory.last) == 4
