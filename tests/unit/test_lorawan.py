"""LoRaWAN by The Things Stack and ChirpStack: fields by their names or the site file, bytes by a codec."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices import chirpstack, ttn
from protocols.parsing.fields import unit_of
from protocols.parsing.lorawan import Options
from protocols.parsing.lorawan_codecs import cayenne, milesight
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000
EUI = "A84041000181C061"
TTN = "v3/stock@ttn/devices/cold-1/up"
UP = f"application/1/device/{EUI}/event/up"


def site(**profiles: Any) -> Context:
    """What a decoder knows at a site with these profiles."""
    return Context(NOW_MS, options=msgspec.convert({"profiles": profiles}, Options))


def by_ttn(fields: dict[str, Any], context: Context = Context(NOW_MS), **more: Any) -> list[Decoded]:  # noqa: B008
    """What an uplink with these fields says; `more` goes beside them."""
    sent = {"decoded_payload": fields, "received_at": "2025-11-21T22:00:00Z", **more}
    message = {"end_device_ids": {"dev_eui": EUI, "device_id": "cold-1"}, "uplink_message": sent}
    return ttn.decode(TTN, json.dumps(message).encode(), context)


def by_chirpstack(context: Context = Context(NOW_MS), **fields: Any) -> list[Decoded]:  # noqa: B008
    """What an uplink in ChirpStack v4 says."""
    message = {"time": "2025-11-21T22:00:00Z", "deviceInfo": {"devEui": EUI}, **fields}
    return chirpstack.decode(UP, json.dumps(message).encode(), context)


def values(found: list[Decoded]) -> dict[tuple[str, str], float]:
    """The readings by channel and quantity."""
    return {(one.channel, one.quantity): round(one.values[0], 6) for one in found if isinstance(one, Reading)}


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("TempC_SHT", "Cel"),
        ("temperature_1", "Cel"),
        ("external_temperature", "Cel"),
        ("TempF", "degF"),
        ("Hum_SHT", "%RH"),
        ("relativeHumidity", "%RH"),
        ("soil_humidity", ""),
        ("BatV", "V"),
        ("Bat_mV", "mV"),
        ("energy_kWh", "kWh"),
        ("batteryVoltage", "V"),
        ("battery_level", "%"),
        ("Bat_status", ""),
        ("temperature_alarm", ""),
        ("TempC_max", ""),
        ("DOOR_OPEN_STATUS", "door_open"),
        ("DOOR_OPEN_TIMES", ""),
        ("LAST_DOOR_OPEN_DURATION", ""),
        ("magnet_status", "door_open"),
        ("barometer", "hPa"),
        ("weight", ""),
        ("current", ""),
        ("co2", ""),
    ],
)
def test_a_field_means_what_its_name_says_and_nothing_where_makers_differ(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_numbers_as_text_are_numbers_and_words_are_notices() -> None:
    found = by_ttn({"TempC_DS": "-18.50", "Ext_sensor": "Temperature Sensor", "SN": "6136B12345678901", "light": "17"})

    assert values(found) == {("TempC_DS", "temperature_c"): -18.5, ("light", "raw"): 17.0}
    assert {(one.channel, one.text) for one in found if isinstance(one, Notice)} == {
        ("Ext_sensor", "Temperature Sensor"),
        ("SN", "6136B12345678901"),
    }


@pytest.mark.parametrize("missing", [327.67, -327.68, 655.35, -127.0, "327.67"])
def test_a_probe_that_is_not_there_is_a_problem_and_no_temperature(missing: float | str) -> None:
    found = by_ttn({"TempC_DS": missing})

    assert not values(found)
    assert {one.code for one in found if isinstance(one, Problem)} <= {"value.sentinel", "value.out_of_range"}
    assert found


def test_a_battery_of_three_volts_is_no_battery_of_three_percent() -> None:
    (volts,) = by_ttn({"battery": 3.1})
    (percent,) = by_ttn({"battery": 92})

    assert isinstance(volts, Reading)
    assert (volts.quantity, volts.flags) == ("voltage_v", ("uncertain",))
    assert isinstance(percent, Reading)
    assert (percent.quantity, percent.flags) == ("battery_pct", ())


def test_the_site_file_tells_unit_channel_and_factor_and_leaves_fields_out() -> None:
    load = {"unit": "kg", "channel": "1", "factor": 0.01}
    context = site(**{EUI.lower(): {"fields": {"weight": load, "mode": {"skip": True}, "t": "Cel"}}})

    assert values(by_ttn({"weight": 1250, "mode": 3, "t": 4}, context)) == {
        ("1", "mass_g"): 12500.0,
        ("t", "temperature_c"): 4.0,
    }


def test_a_profile_is_found_by_eui_then_by_model_then_by_star() -> None:
    context = site(**{"lht65": {"fields": {"x": "Cel"}}, "*": {"fields": {"x": "kg"}}})

    assert values(by_ttn({"x": 1}, context, version_ids={"model_id": "lht65"})) == {("x", "temperature_c"): 1.0}
    assert values(by_ttn({"x": 1}, context)) == {("x", "mass_g"): 1000.0}
    named = {"devEui": EUI, "deviceProfileName": "lht65"}
    assert values(by_chirpstack(context, deviceInfo=named, object={"x": 1})) == {("x", "temperature_c"): 1.0}


def test_an_unknown_unit_in_a_profile_is_refused_when_the_site_file_is_read() -> None:
    with pytest.raises(msgspec.ValidationError, match="degrees"):
        site(a={"fields": {"t": "degrees"}})
    with pytest.raises(msgspec.ValidationError, match="codec"):
        site(a={"codec": "java"})


def test_the_time_is_the_gateways_unless_its_clock_is_far_off_the_networks() -> None:
    near = by_ttn({"t": 1}, rx_metadata=[{"time": "2025-11-21T21:59:59.5Z"}])
    far = by_ttn({"t": 1}, rx_metadata=[{"time": "2025-01-01T00:00:00Z"}])
    none = by_ttn({"t": 1}, rx_metadata=[{}])

    assert [one.at_ms for one in (*near, *far, *none) if isinstance(one, Reading)] == [NOW_MS - 500, NOW_MS, NOW_MS]


def test_the_best_gateway_tells_the_signal_strength() -> None:
    found = by_chirpstack(rxInfo=[{"rssi": -97}, {"rssi": -61}, {"snr": 3}])

    assert values(found) == {("rssi", "rssi_dbm"): -61.0}


def test_bytes_that_nobody_explains_are_kept_as_a_notice() -> None:
    (found,) = by_chirpstack(fPort=1, data="qg==")

    assert isinstance(found, Notice)
    assert (found.device, found.channel, found.text) == (EUI, "data", "AA")


def test_milesight_bytes_are_read_on_their_port_without_being_told_and_elsewhere_not() -> None:
    data = base64.b64encode(bytes.fromhex("01755C03673401046865")).decode()

    told = values(by_chirpstack(fPort=85, data=data))
    other = by_chirpstack(fPort=10, data=data)

    assert told == {
        ("battery", "battery_pct"): 92.0,
        ("temperature", "temperature_c"): 30.8,
        ("humidity", "humidity_pct"): 50.5,
    }
    assert [type(one) for one in other] == [Notice]


def test_values_that_a_milesight_kept_are_historical_at_their_own_time() -> None:
    kept = struct.pack("<BBIhBB", 0x20, 0xCE, NOW_MS // 1000 - 7200, -185, 101, 0)
    later = struct.pack("<BBIhBB", 0x20, 0xCE, NOW_MS // 1000 - 3600, -180, 102, 0)

    found = by_chirpstack(fPort=85, data=base64.b64encode(kept + later).decode())

    readings = [one for one in found if isinstance(one, Reading)]
    assert [(one.at_ms, one.values) for one in readings if one.quantity == "temperature_c"] == [
        (NOW_MS - 7_200_000, [-18.5]),
        (NOW_MS - 3_600_000, [-18.0]),
    ]
    assert all(one.flags == ("historical",) for one in readings)


def test_a_value_kept_back_by_a_device_without_a_clock_is_a_problem_and_not_the_present_one() -> None:
    kept = struct.pack("<BBIhBB", 0x20, 0xCE, 0, -185, 101, 0)

    found = by_chirpstack(fPort=85, data=base64.b64encode(kept).decode())

    assert {one.code for one in found if isinstance(one, Problem)} == {"clock.not_believable"}
    assert not values(found)


def test_history_that_a_network_server_decoded_is_historical_too() -> None:
    kept = {"timestamp": NOW_MS // 1000 - 3600, "temperature": -18.5}

    found = by_chirpstack(object={"temperature": -17, "history": [kept, {"temperature": 1}]})

    assert [(one.at_ms, one.values, one.flags) for one in found if isinstance(one, Reading)] == [
        (NOW_MS, [-17.0], ()),
        (NOW_MS - 3_600_000, [-18.5], ("historical",)),
    ]


def test_the_records_of_a_device_with_a_digital_input_are_longer() -> None:
    record = struct.pack("<BBIhBB", 0x20, 0xCE, NOW_MS // 1000 - 60, 215, 90, 1) + b"\x01\0\0\0\0"

    frame = milesight(record + record)

    assert not frame.trouble
    assert [value.value for value in frame.values] == [21.5, 45.0] * 2


@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(-32768, 32767), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_cayenne_reads_back_what_was_packed(items: list[tuple[int, int, int]]) -> None:
    data = b"".join(struct.pack(">BBhBBB", ch, 0x67, t, ch, 0x68, h) for ch, t, h in items)

    frame = cayenne(data)

    assert not frame.trouble
    assert [(one.channel, one.value) for one in frame.values] == [
        pair for ch, t, h in items for pair in ((str(ch), t / 10), (str(ch), h / 2))
    ]


@given(st.binary(max_size=64))
def test_any_bytes_end_a_codec_without_an_exception(data: bytes) -> None:
    for frame in (cayenne(data), milesight(data)):
        assert len(frame.values) <= 3 * len(data)


def test_a_weight_by_cayenne_is_grams() -> None:
    data = base64.b64encode(bytes.fromhex("027A0004B0")).decode()

    assert values(by_chirpstack(site(**{"*": {"codec": "cayenne"}}), data=data)) == {("2", "mass_g"): 1200.0}


def test_a_codec_that_does_not_fit_says_where_and_what_came_before_stays() -> None:
    data = base64.b64encode(bytes.fromhex("016700E1" + "01EE00")).decode()

    found = by_chirpstack(site(**{"*": {"codec": "cayenne"}}), data=data)

    assert values(found) == {("1", "temperature_c"): 22.5}
    assert [one.code for one in found if isinstance(one, Problem)] == ["payload.invalid"]


def test_what_goes_to_a_device_says_nothing() -> None:
    ids = {"end_device_ids": {"dev_eui": EUI}}
    queued = json.dumps({**ids, "downlink_queued": {"f_port": 1}}).encode()
    assert ttn.decode(f"{TTN[:-2]}down/queued", queued, Context(NOW_MS)) == []
    for event in ("event/ack", "event/txack", "event/location", "command/down"):
        topic = f"application/1/device/{EUI}/{event}"
        assert chirpstack.decode(topic, json.dumps({"devEui": EUI, "data": "AA=="}).encode(), Context(NOW_MS)) == []


def test_a_downlink_that_failed_is_a_notice() -> None:
    failed = {"end_device_ids": {"dev_eui": EUI}, "downlink_failed": {"error": {"message_format": "too long"}}}

    (found,) = ttn.decode(f"{TTN[:-2]}down/failed", json.dumps(failed).encode(), Context(NOW_MS))

    assert isinstance(found, Notice)
    assert "too long" in found.text


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"batteryLevel": 75.2}, 75.2),
        ({"battery": 127}, 50.0),
        ({"externalPowerSource": True}, None),
        ({"batteryLevelUnavailable": True, "batteryLevel": 3}, None),
        ({"battery": 255}, None),
        ({}, None),
    ],
)
def test_a_battery_level_is_told_only_where_there_is_one(status: dict[str, Any], expected: float | None) -> None:
    topic = f"application/1/device/{EUI}/event/status"
    message = {"devEUI": EUI, "margin": 10, **status}

    found = chirpstack.decode(topic, json.dumps(message).encode(), Context(NOW_MS))

    levels = [one.values[0] for one in found if isinstance(one, Reading)]
    assert levels == ([] if expected is None else [pytest.approx(expected)])


def test_a_join_says_that_the_device_is_there() -> None:
    topic = f"application/1/device/{EUI}/event/join"
    message = json.dumps({"time": "2025-11-21T22:00:00Z", "deviceInfo": {"devEui": EUI}, "devAddr": "01"}).encode()

    assert DeviceStatus(EUI, True, NOW_MS) in chirpstack.decode(topic, message, Context(NOW_MS))


def test_a_codec_error_that_the_network_reports_is_a_notice() -> None:
    topic = f"application/1/device/{EUI}/event/log"
    message = {"deviceInfo": {"devEui": EUI}, "level": "ERROR", "code": "UPLINK_CODEC", "description": "no decoder"}

    (found,) = chirpstack.decode(topic, json.dumps(message).encode(), Context(NOW_MS))

    assert isinstance(found, Notice)
    assert found.text == "ERROR UPLINK_CODEC: no decoder"


def test_the_temperature_of_a_board_is_internal() -> None:
    flags = {one.channel: one.flags for one in by_ttn({"board_temp": 40, "temp": 4}) if isinstance(one, Reading)}

    assert flags == {"board_temp": ("internal",), "temp": ()}


def test_an_error_of_chirpstack_3_is_a_notice_too() -> None:
    topic = f"application/1/device/{EUI}/event/error"

    (found,) = chirpstack.decode(topic, b'{"devEUI":"a8","type":"OTAA","error":"bad nonce"}', Context(NOW_MS))

    assert isinstance(found, Notice)
    assert found.text == "ERROR OTAA: bad nonce"


def test_entries_of_a_list_have_its_name_and_their_number() -> None:
    assert values(by_ttn({"temps": {"temperature": [1, 2]}})) == {
        ("temps.temperature.0", "temperature_c"): 1.0,
        ("temps.temperature.1", "temperature_c"): 2.0,
    }


def test_fields_nested_beyond_reason_are_left_alone() -> None:
    deep: Any = 1
    lists: Any = 1
    history: Any = 1
    for _ in range(40):
        deep, lists = {"a": deep}, [lists]
        history = {"history": [{"timestamp": NOW_MS // 1000, "temperature": history}]}

    found = by_ttn({"deep": deep, "lists": lists, "TempC_DS": 2, **history})

    assert values(found) == {("TempC_DS", "temperature_c"): 2.0}
