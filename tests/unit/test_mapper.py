"""The mapper: rules of the site file over any JSON or text, refused when wrong, bounded whatever comes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices.mapper import Options, begin, decode
from protocols.parsing.paths import find, first, path_of
from protocols.parsing.payloads import VALUES_MAX
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Notice, Problem, Reading, TagRead, TagReads
from tests.unit.samples import AFTER_MS, needs_samples, row_of

NOW_MS = 1_763_762_400_000
NO_CLOCK: tuple[Flag, ...] = ("no_clock",)


def said(payload: Any, name: str = "topic", **options: Any) -> list[Decoded]:
    """What a message says by these options; what is no bytes is sent as JSON."""
    made = msgspec.convert(options, Options)
    context = Context(NOW_MS, name=name, timezone="Europe/Berlin", options=made, memory=begin(made))
    return decode("any/topic", payload if isinstance(payload, bytes) else json.dumps(payload).encode(), context)


def readings(found: list[Decoded]) -> list[tuple[str, str, str, float]]:
    """Device, channel, quantity and value of each reading."""
    return [
        (one.device, one.channel, one.quantity, round(one.values[0], 6)) for one in found if isinstance(one, Reading)
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b[0].c", [1]),
        ("a.b[-1].c", [2]),
        ("a.b[*].c", [1, 2]),
        ("a.b[n=two].c", [2]),
        ("a.b[k=7].c", [1]),
        ('["x.y"]', [3]),
        ("['x.y']", [3]),
        ("o[*]", [4, 5]),
        ("list[*]", [6, None]),
        ("a.none", []),
        ("a.b[9].c", []),
        ("a[0]", []),
        ("null", [None]),
    ],
)
def test_a_path_leads_where_it_says(path: str, expected: list[Any]) -> None:
    message = {
        "a": {"b": [{"c": 1, "n": "one", "k": 7}, {"c": 2, "n": "two", "k": 8.5}]},
        "x.y": 3,
        "o": {"p": 4, "q": 5},
        "list": [6, None],
        "null": None,
    }

    assert find(message, path_of(path)) == expected
    assert first(message, path_of(path)) == (expected[0] if expected else None)


@given(st.text(alphabet="ab.[]*=0-'\" ", max_size=20))
def test_any_text_is_a_path_or_refused_with_its_place(text: str) -> None:
    try:
        path = path_of(text)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = "path"
        find({"a": [{"b": 1}]}, path)
    assert "path" in refusal


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "at least one rule"),
        ({"values": [{"path": "a", "unit": "stone"}]}, "stone"),
        ({"values": [{"path": "a["}]}, "character 2"),
        ({"values": [{"path": "a..b"}]}, "key is missing"),
        ({"values": [{"path": "a", "only": {"path": "b", "equals": []}}]}, "equals"),
        ({"values": [{"path": "a", "chanel": "x"}]}, "chanel"),
        ({"values": [{"path": "a"}], "form": "lines"}, "columns"),
        ({"values": [{"path": "a"}], "timezone": "Mars/One"}, "Mars"),
        ({"values": [{"path": "a"}], "time_format": "%Q"}, "time_format"),
        ({"values": [{"path": "a"}], "separator": '"'}, "separator"),
        ({"tags": [{"antenna": "a"}]}, "epc"),
    ],
)
def test_a_rule_that_can_not_work_is_refused_when_the_site_file_is_read(options: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(options, Options)


def test_values_are_scaled_translated_and_left_out_as_the_rule_says() -> None:
    found = said(
        {"t": -185, "door": "OPEN", "u": -999, "w": "1.25", "n": None, "mode": "auto", "up": True},
        values=[
            {"path": "t", "unit": "Cel", "factor": 0.1, "channel": "cold"},
            {"path": "door", "unit": "door_open", "words": {"OPEN": 1, "SHUT": 0}},
            {"path": "u", "unit": "Cel", "absent": [-999]},
            {"path": "w", "unit": "kg", "offset": -0.25},
            {"path": "n", "unit": "kg"},
            {"path": "mode", "unit": "text", "channel": "mode"},
            {"path": "up", "unit": "online"},
        ],
    )

    assert readings(found) == [
        ("topic", "cold", "temperature_c", -18.5),
        ("topic", "1", "door_open", 1.0),
        ("topic", "1", "mass_g", 1000.0),
    ]
    assert Notice("topic", "mode", "auto", NOW_MS, NO_CLOCK) in found
    assert DeviceStatus("topic", True, NOW_MS) in found
    assert len(found) == 5


def test_each_entry_has_its_own_device_channel_unit_and_time() -> None:
    entries = [
        {"id": "s1", "name": "pan", "v": 1, "u": "kg", "at": "2025-11-21T22:00:00Z"},
        {"id": "s2", "name": "room", "v": 4, "u": "°C", "at": NOW_MS - 1000},
    ]

    found = said(
        {"gateway": "g", "entries": entries},
        device="gateway",
        values=[
            {"each": "entries[*]", "path": "v", "unit_path": "u", "channel_path": "name", "device": "id", "time": "at"},
            {"path": "entries[*].v", "channel": "all"},
        ],
    )

    assert readings(found) == [
        ("s1", "pan", "mass_g", 1000.0),
        ("s2", "room", "temperature_c", 4.0),
        ("g", "all", "raw", 1.0),
        ("g", "all", "raw", 4.0),
    ]
    assert [one.at_ms for one in found if isinstance(one, Reading)] == [NOW_MS, NOW_MS - 1000, NOW_MS, NOW_MS]


def test_a_table_of_points_is_read_by_their_flags_with_its_own_time_form() -> None:
    found = said(
        {
            "sensorDatas": [{"flag": "TEMP8", "value": 288}, {"flag": "HUMI8", "value": "450"}],
            "time": "22:00:00 11/21/2025 UTC",
        },
        time="time",
        time_format="%H:%M:%S %m/%d/%Y UTC",
        timezone="UTC",
        historical={"path": "retransmit", "equals": ["enable"]},
        values=[
            {"path": "sensorDatas[flag=TEMP8].value", "unit": "Cel", "factor": 0.1},
            {"path": "sensorDatas[flag=HUMI8].value", "unit": "%RH", "factor": 0.1},
        ],
    )

    assert readings(found) == [("topic", "1", "temperature_c", 28.8), ("topic", "1", "humidity_pct", 45.0)]
    assert all(one.at_ms == NOW_MS and one.flags == () for one in found if isinstance(one, Reading))


def test_a_zone_is_assumed_where_nobody_tells_it() -> None:
    (found,) = said({"v": 1, "t": "2025-11-21 23:00:00"}, time="t", values=[{"path": "v"}])

    assert isinstance(found, Reading)
    assert (found.at_ms, found.flags) == (NOW_MS, ("zone_assumed",))


def test_a_clock_that_is_not_believed_is_said_once_a_message() -> None:
    items = [{"v": 1, "t": 1}, {"v": 2, "t": 1}]

    found = said(items, each="[*]", time="t", values=[{"path": "v"}])

    assert [one.code for one in found if isinstance(one, Problem)] == ["clock.not_believable"]
    assert len(readings(found)) == 2


def test_tags_of_a_template_are_gathered_by_reader() -> None:
    reads = [
        {"e": "30 34 25 7b", "p": "3", "r": -6150, "d": "IN", "tid": "e280"},
        {"e": "3034257C", "p": "north", "r": None, "d": "sideways"},
    ]

    (found,) = said(
        {"reader": "dock", "reads": reads},
        device="reader",
        tags=[
            {
                "each": "reads[*]",
                "epc": "e",
                "antenna": "p",
                "rssi": "r",
                "rssi_factor": 0.01,
                "direction": "d",
                "tid": "tid",
            }
        ],
    )

    assert found == TagReads(
        "dock",
        NOW_MS,
        [
            TagRead("3034257B", 3, NOW_MS, -61.5, tid="E280", direction="in"),
            TagRead("3034257C", 1, NOW_MS),
        ],
        flags=NO_CLOCK,
    )


@pytest.mark.parametrize(("rssi", "expected"), [(-200, -200.0), (-201, None), ("x", None)])
def test_a_signal_strength_that_can_not_be_is_left_out(rssi: object, expected: float | None) -> None:
    (found,) = said({"e": "3034257B", "r": rssi}, tags=[{"epc": "e", "rssi": "r"}])

    assert isinstance(found, TagReads)
    assert found.reads[0].rssi_dbm == expected


def test_what_a_condition_leaves_out_is_no_problem() -> None:
    rule = {"path": "v", "unit": "kg", "only": {"path": "$.type", "equals": ["weight", 7, True]}}

    assert said({"type": "heartbeat"}, values=[rule]) == []
    for kind in ("weight", 7, 7.0, True):
        assert len(said({"type": kind, "v": 1}, values=[rule])) == 1


def test_a_message_in_which_nothing_is_found_names_its_fields() -> None:
    (found,) = said({"temp": 1, "hum": 2}, values=[{"path": "temperature"}])

    assert isinstance(found, Problem)
    assert found.code == "mapper.nothing"
    assert "temp, hum" in found.detail


def test_lines_are_parted_by_columns_header_or_pairs() -> None:
    values = [{"path": "kg", "unit": "kg"}]

    columns = said(b'a,"1,5"\r\nb,2.5,x\r\n', form="lines", columns=["id", "kg"], device="id", values=values)
    header = said(b"id;kg\nb;2.5\n", form="lines", separator=";", header=True, device="id", values=values)
    pairs = said(b"kg=2.5 id=b", form="lines", separator=" ", pairs="=", device="id", values=values)

    assert readings(columns) == readings(header) == readings(pairs) == [("b", "1", "mass_g", 2500.0)]
    assert [one.code for one in columns if isinstance(one, Problem)] == ["value.not_finite"]


def test_date_and_clock_in_two_columns_are_one_time() -> None:
    (found,) = said(
        b"21.11.2025;22:00:00;1",
        form="lines",
        separator=";",
        columns=["day", "clock", "kg"],
        time=["day", "clock"],
        time_format="%d.%m.%Y %H:%M:%S",
        timezone="UTC",
        values=[{"path": "kg", "unit": "kg"}],
    )

    assert isinstance(found, Reading)
    assert (found.at_ms, found.flags) == (NOW_MS, ())


def event(**more: Any) -> dict[str, Any]:
    """A CloudEvent."""
    return {"specversion": "1.0", "id": "1", "type": "t", "source": "/room", "time": "2025-11-21T22:00:00Z", **more}


def test_a_cloud_event_is_unwrapped_and_tells_time_and_source() -> None:
    rule: dict[str, Any] = {"values": [{"path": "temperature", "unit": "Cel"}], "envelope": "cloudevents"}

    (by_source,) = said(event(data={"temperature": 4}), name="", **rule)
    (by_subject,) = said(event(data={"temperature": 4}, subject="probe"), device="$.subject", **rule)
    batch = said([event(data={"temperature": 4}), event(data={"temperature": 5})], name="", **rule)

    assert by_source == Reading("/room", "1", "temperature_c", NOW_MS, [4.0])
    assert by_subject == Reading("probe", "1", "temperature_c", NOW_MS, [4.0])
    assert [one[3] for one in readings(batch)] == [4.0, 5.0]


@needs_samples
def test_the_cloud_event_of_the_standard_is_read() -> None:
    row = row_of("cloudevents/structured_reading.json")
    made = msgspec.convert({"values": [{"path": "temperature", "unit": "Cel"}], "envelope": "cloudevents"}, Options)

    (found,) = decode(row.topic, row.payload, Context(row.received_ms, options=made, memory=begin(made)))

    assert found == Reading("/mycontext/subcontext", "1", "temperature_c", row.received_ms - AFTER_MS, [21.5])


def test_without_a_site_file_the_mapper_says_what_is_missing() -> None:
    (found,) = decode("t", b"{}", Context(NOW_MS))

    assert isinstance(found, Problem)
    assert found.code == "source.no_options"


def test_a_message_made_to_keep_the_mapper_busy_is_left_unfinished() -> None:
    """The bound is on work, so it is the count of findings and the problem that show it, not a stopwatch."""
    many = [{"a": [{"k": "x", "v": 1}] * 50}] * 2000

    found = said(many, each="[*]", values=[{"each": "a[*]", "path": "$[*].a[k=x].v"}] * 20)

    assert len(found) <= VALUES_MAX + 2
    assert any(isinstance(one, Problem) and one.code == "payload.too_big" for one in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdt"), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_any_json_by_any_rule_is_values_or_problems(message: object) -> None:
    found = said(
        message,
        each="a[*]",
        device="d",
        time="t",
        values=[{"path": "b", "unit": "Cel"}, {"path": "b", "unit": "online"}, {"path": "[*]", "unit": "text"}],
        tags=[{"epc": "c", "antenna": "b", "rssi": "b", "tid": "c", "direction": "c"}],
    )

    for one in found:
        msgspec.json.encode(one)
