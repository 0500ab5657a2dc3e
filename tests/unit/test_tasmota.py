"""Tasmota: weights in grams, probes by their number, times without a zone, many devices behind one topic."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices.tasmota import Options, decode
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000
PAYLOADS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Temperature", "Id", "UID", "Weight", "Power", "Device", "Name", "x"]), inner
        )
    ),
    max_leaves=8,
)


def said(body: Any, topic: str = "tele/t1/SENSOR", **context: Any) -> list[Decoded]:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode(topic, payload, Context(NOW_MS, **context))


def values(found: list[Decoded]) -> dict[tuple[str, str, str], float]:
    return {(one.device, one.channel, one.quantity): one.values[0] for one in found if isinstance(one, Reading)}


def test_a_scale_that_rounds_to_kilograms_is_read_in_grams_and_with_its_tare() -> None:
    (reading,) = said({"HX711": {"Weight": 0, "WeightRaw": 482, "AbsRaw": 11004}})

    assert isinstance(reading, Reading)
    assert (reading.quantity, reading.values) == ("mass_g", [482.0])
    assert "gross" in reading.flags


def test_the_tare_that_the_device_takes_off_is_taken_where_the_source_says_so() -> None:
    body = {"HX711": {"Weight": 0.125, "WeightRaw": 482}}

    (reading,) = said(body, options=Options(weight="net"))

    assert isinstance(reading, Reading)
    assert (reading.values, "gross" in reading.flags) == ([125.0], False)


def test_a_weight_in_whole_kilograms_is_read_and_its_owner_told_what_to_set() -> None:
    reading, problem = said({"HX711": {"Weight": 3}})

    assert isinstance(reading, Reading)
    assert isinstance(problem, Problem)
    assert (problem.code, "WeightRes 3" in problem.hint) == ("value.coarse", True)


def test_a_bathroom_scale_behind_a_bridge_counts_when_it_has_come_to_rest_and_is_stood_on() -> None:
    def weighed(stable: int, removed: int) -> list[tuple[float, bool]]:
        body = {"mac": "70879e", "weight_removed": removed, "stabilized": stable, "weight_unit": "kg", "weight": 3}
        found = said({"MISCALE1568": body}, "stat/t1/SENSOR")
        return [(one.values[0], "unstable" in one.flags) for one in found if isinstance(one, Reading)]

    assert weighed(1, 0) == [(3000.0, False)]
    assert weighed(0, 0) == [(3000.0, True)]
    assert weighed(1, 1) == []


def test_the_percentage_of_a_radio_signal_is_no_signal_strength() -> None:
    assert said({"Wifi": {"AP": 1, "RSSI": 86}}, "tele/t1/STATE") == []
    assert values(said({"Wifi": {"RSSI": 86, "Signal": -57}}, "tele/t1/STATE")) == {("t1", "1", "rssi_dbm"): -57.0}


def test_a_probe_keeps_its_channel_when_another_drops_out() -> None:
    both = said({"DS18B20-1": {"Id": "AA", "Temperature": 1.5}, "DS18B20-2": {"Id": "BB", "Temperature": -18.5}})
    one = said({"DS18B20": {"Id": "BB", "Temperature": -18.0}})

    assert ("t1", "DS18B20:BB", "temperature_c") in values(both)
    assert list(values(one)) == [("t1", "DS18B20:BB", "temperature_c")]


@pytest.mark.parametrize("celsius", [85.0, -127.0])
def test_what_a_loose_probe_says_is_no_temperature(celsius: float) -> None:
    (problem,) = said({"DS18B20": {"Id": "AA", "Temperature": celsius}})

    assert isinstance(problem, Problem)
    assert problem.code == "value.sentinel"


def test_eighty_five_degrees_of_another_sensor_are_a_temperature() -> None:
    assert values(said({"BME280": {"Temperature": 85.0}})) == {("t1", "BME280", "temperature_c"): 85.0}


def test_a_sensor_that_failed_says_null_and_that_is_no_reading() -> None:
    assert said({"AM2301": {"Temperature": None, "Humidity": None}, "TempUnit": "C"}) == []


def test_fahrenheit_and_millimetres_of_mercury_are_converted() -> None:
    found = values(said({"BME280": {"Temperature": 41, "Pressure": 750}, "TempUnit": "F", "PressureUnit": "mmHg"}))

    assert found["t1", "BME280", "temperature_c"] == pytest.approx(5.0)
    assert found["t1", "BME280", "pressure_hpa"] == pytest.approx(999.918, abs=0.01)


@pytest.mark.parametrize("stamp", ["2025-11-21T23:00:00", "2025.11.21 23:00:00"])
def test_a_local_time_is_that_of_the_site(stamp: str) -> None:
    (reading,) = said({"Time": stamp, "AM2301": {"Temperature": 4}}, timezone="Europe/Berlin")

    assert isinstance(reading, Reading)
    assert (reading.at_ms, reading.flags) == (NOW_MS, ("zone_assumed",))


def test_a_device_that_has_not_found_the_time_is_read_at_the_time_of_receipt() -> None:
    reading, problem = said({"Time": "1970-01-01T00:00:14", "AM2301": {"Temperature": 4}})

    assert isinstance(reading, Reading)
    assert (reading.at_ms, reading.flags) == (NOW_MS, ("clock",))
    assert isinstance(problem, Problem)
    assert problem.code == "clock.not_believable"


def test_the_chip_of_the_device_is_not_the_room() -> None:
    (reading,) = said({"ESP32": {"Temperature": 51.5}})

    assert isinstance(reading, Reading)
    assert "internal" in reading.flags


def test_a_meter_with_two_totals_has_two_channels() -> None:
    found = values(said({"ENERGY": {"Total": [1.5, 2.5], "Power": [10, 20], "Voltage": 230}}))

    assert found["t1", "ENERGY/2", "energy_wh"] == 2500.0
    assert found["t1", "ENERGY", "voltage_v"] == 230.0


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("tele/bridge/SENSOR", {"ZbReceived": {"0x1A2B": {"Device": "0x1A2B", "Name": "cold", "Temperature": 3.5}}}),
        ("tele/bridge/SENSOR", {"ZbReceived": {"cold": {"Device": "0x1A2B", "Name": "cold", "Temperature": 3.5}}}),
        ("tele/bridge/cold/SENSOR", {"ZbReceived": {"Device": "0x1A2B", "Name": "cold", "Temperature": 3.5}}),
        ("tele/bridge/cold/ZbReceived", {"0x1A2B": {"Device": "0x1A2B", "Name": "cold", "Temperature": 3.5}}),
        ("tele/bridge/cold/ZbReceived", {"Device": "0x1A2B", "Name": "cold", "Temperature": 3.5}),
        ("tele/bridge/cold/ZbReceived", {"Temperature": 3.5, "Endpoint": 1}),
        ("tele/bridge/SENSOR", {"ZbReceived": {"cold": {"Temperature": 3.5}}}),
        ("tele/bridge/SENSOR", {"ZbReceived": {"0x1A2B": {"Name": "cold", "Temperature1": 3.5, "Endpoint": 1}}}),
    ],
)
def test_a_zigbee_device_goes_by_its_name_whatever_the_bridges_options(topic: str, body: dict[str, Any]) -> None:
    assert values(said(body, topic)) == {("cold", "1", "temperature_c"): 3.5}


def test_power_is_a_switch_behind_a_zigbee_bridge_and_watts_in_a_meter() -> None:
    bridge = values(said({"ZbReceived": {"0x1": {"Device": "0x1", "Power": 1, "ActivePower": 45}}}))
    meter = values(said({"ENERGY": {"Power": 45}}))

    assert bridge == {("0x1", "1", "switch_on"): 1.0, ("0x1", "1", "power_w"): 45.0}
    assert meter == {("t1", "ENERGY", "power_w"): 45.0}


def test_a_leak_behind_a_bridge_is_told() -> None:
    assert said({"ZbReceived": {"0x1": {"Name": "floor", "Water": 1}}}) == [
        Notice("floor", "Water", "1", NOW_MS, ("no_clock",))
    ]


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("tele/t1/LWT", "t1"),
        ("t1/tele/LWT", "t1"),
        ("hall/cold/tele/LWT", "hall/cold"),
        ("tele/hall/cold/LWT", "hall/cold"),
    ],
)
def test_the_device_is_what_its_full_topic_has_beside_the_prefix(topic: str, device: str) -> None:
    assert said(b"Online", topic) == [DeviceStatus(device, True, NOW_MS)]


def test_a_last_will_in_another_language_needs_an_option() -> None:
    options = Options(online="Aktywny", offline="Nieaktywny")

    (problem,) = said(b"Nieaktywny", "tele/t1/LWT")
    assert isinstance(problem, Problem)
    assert said(b"Nieaktywny", "tele/t1/LWT", options=options) == [DeviceStatus("t1", False, NOW_MS)]


def test_an_old_retained_message_says_that_it_is_one() -> None:
    (reading,) = said({"AM2301": {"Temperature": 4}}, retained=True)

    assert isinstance(reading, Reading)
    assert "retained" in reading.flags


def test_the_answer_to_a_command_says_no_more_than_switches() -> None:
    assert said({"WeightRes": 3}, "stat/t1/RESULT") == []
    assert values(said({"POWER2": "ON"}, "stat/t1/RESULT")) == {("t1", "POWER2", "switch_on"): 1.0}
    assert said({"Info1": {"Version": "14"}}, "tele/t1/INFO1") == []


@given(
    st.sampled_from(["HX711", "ENERGY", "ZbReceived", "RC522", "DS18B20-1", "Wifi", "ESP32", "StatusSNS", "Time"]),
    PAYLOADS,
)
def test_whatever_stands_in_a_sensor_is_readings_or_problems(key: str, body: Any) -> None:
    payload = json.dumps({key: body}).replace("NaN", "0").replace("-Infinity", "0").replace("Infinity", "0")
    for one in said(payload.encode()):
        assert not isinstance(one, Problem) or one.hint
