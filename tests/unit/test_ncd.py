"""NCD sensors: channels by axis, batteries as text, settings and recordings left alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from protocols.devices.ncd import Options, decode
from protocols.readings import Context, Decoded, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000


def said(data: Any, options: dict[str, Any] | None = None, **more: Any) -> list[Decoded]:
    """What a sensor with this `sensor_data` says."""
    message = {"addr": "00:13:a2", "sensor_data": data, "type": "sensor_data", "received": NOW_MS, **more}
    return decode("t", json.dumps(message).encode(), Context(NOW_MS, options=msgspec.convert(options or {}, Options)))


def values(found: list[Decoded]) -> dict[tuple[str, str], float]:
    """The readings by channel and quantity."""
    return {(one.channel, one.quantity): one.values[0] for one in found if isinstance(one, Reading)}


def test_a_largest_value_below_the_mean_is_taken_as_it_is() -> None:
    assert values(said({"x_rms_ACC_G": 0.086, "x_max_ACC_G": 0.065})) == {
        ("x", "vibration_g"): 0.086,
        ("x_max", "vibration_g"): 0.065,
    }


def test_a_second_probe_has_channels_of_its_own() -> None:
    found = values(said({"ch1_x_velocity_mm_sec": 1.5, "ch2_x_velocity_mm_sec": 2.5, "y_peak_two_Hz": 50}))

    assert found == {
        ("ch1_x", "vibration_mm_s"): 1.5,
        ("ch2_x", "vibration_mm_s"): 2.5,
        ("y_peak_two", "frequency_hz"): 50.0,
    }


def test_a_temperature_is_of_the_motor_only_where_a_vibration_probe_sits_on_it() -> None:
    assert ("motor", "temperature_c") in values(said({"temperature": 34, "x_rms_ACC_G": 0.1}))
    assert values(said({"temperature": 4, "humidity": 60})) == {
        ("temperature", "temperature_c"): 4.0,
        ("humidity", "humidity_pct"): 60.0,
    }


@pytest.mark.parametrize(("percent", "expected"), [("98.56", 98.56), ("100.36", 100.0), (125, 100.0), (50, 50.0)])
def test_a_fresh_battery_has_no_more_than_all(percent: object, expected: float) -> None:
    assert values(said({}, battery="3.34", battery_percent=percent)) == {
        ("battery", "voltage_v"): 3.34,
        ("1", "battery_pct"): expected,
    }


def test_a_battery_beyond_belief_is_a_problem() -> None:
    found = said({}, battery_percent="340")

    assert [one.code for one in found if isinstance(one, Problem)] == ["value.out_of_range"]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_whole_number_beyond_all_floats_is_a_problem_and_the_others_stay(sign: int) -> None:
    found = said({"x_rms_ACC_G": sign * 10**309, "spare": sign * 10**4000, "x_peak_one_Hz": 35})

    assert values(found) == {("x_peak_one", "frequency_hz"): 35.0}
    assert [one.code for one in found if isinstance(one, Problem)] == ["value.not_finite"] * 2


def test_settings_and_recordings_are_no_readings_and_an_error_is_a_notice() -> None:
    found = said({"mode": 1, "odr": "800Hz", "data": {"x": [1, 2]}, "error": "Time Series Data Stream Timeout"})

    assert [type(one) for one in found] == [Notice]


def test_the_site_file_tells_what_a_field_means() -> None:
    options = {"fields": {"channel_1": {"unit": "mA", "channel": "compressor"}, "spare": {"skip": True}}}

    assert values(said({"channel_1": 1500, "spare": 7}, options)) == {("compressor", "current_a"): 1.5}


@pytest.mark.parametrize(
    "payload", [b"[]", b"{}", b'{"sensor_data":7}', b"\xff", b'{"sensor_data":{"x_rms_ACC_G":"a"}}']
)
def test_what_is_no_message_of_a_sensor_is_a_problem(payload: bytes) -> None:
    found = decode("t", payload, Context(NOW_MS))

    assert any(isinstance(one, Problem) for one in found)
