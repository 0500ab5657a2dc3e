"""Scales by text and JSON: what is unstable says so, what is not understood is refused, a weight is never guessed."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices.scales import LINES_MAX, Options, decode
from protocols.readings import Context, Decoded, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000


def said(payload: bytes, **options: Any) -> list[Decoded]:
    """What a scale called pan says at a site with these options."""
    return decode("any/topic", payload, Context(NOW_MS, name="pan", options=msgspec.convert(options, Options)))


def told(payload: bytes, **options: Any) -> tuple[str, float, set[str]]:
    """The one reading in a message: quantity, value, flags but those of its clock."""
    (found,) = said(payload, **options)
    assert isinstance(found, Reading), found
    return found.quantity, round(found.values[0], 5), {str(flag) for flag in found.flags} - {"no_clock"}


@pytest.mark.parametrize(
    ("line", "grams", "flags"),
    [
        (b"ST,GS,+  1.240kg\r\n", 1240.0, {"gross"}),
        (b"ST,NT,+  1.240kg", 1240.0, set()),
        (b"US,NT,-   0.5 g", -0.5, {"unstable"}),
        (b"ST,+00123.45  g", 123.45, set()),
        (b"WT,+00123.45  g", 123.45, set()),
        (b"ST,NT,1,\xc4,   13.5 kg\r\n", 13500.0, set()),
        (b"US,GS,\x01,\xa0,   13.5 kg\r\n", 13500.0, {"unstable", "gross"}),
        (b"01ST,GS,   1.24,kg", 1240.0, {"gross"}),
        (b"01US,NT,   1.24,kg", 1240.0, {"unstable"}),
        (b"S S    125.67 g", 125.67, set()),
        (b"S D    125.60 g", 125.6, {"unstable"}),
        (b"S S     -0.010 kg", -10.0, set()),
        (b"\x02  1.234 kg ?\x03", 1234.0, {"unstable"}),
        (b"1.234 kg N", 1234.0, set()),
        (b"1.234 kg   G", 1234.0, {"gross"}),
        (b"N     +   123.45 g  ", 123.45, set()),
        (b"G     -   123.45 g", -123.45, {"gross"}),
        (b"Weight: 0.850 LB", 385.55351, set()),
        (b"Gross: 2 t", 2e6, {"gross"}),
        (b"4 oz", 113.39809, set()),
        (b"1.5 KG", 1500.0, set()),
        (b'"12.5 g"', 12.5, set()),
    ],
)
def test_a_line_of_a_scale_is_read(line: bytes, grams: float, flags: set[str]) -> None:
    assert told(line) == ("mass_g", grams, flags)


@pytest.mark.parametrize(
    "line", [b"OL", b"OL,GS,+ 9.999kg", b"S +", b"S -", b"01OL,GS,-------,kg", b"HHHHHH", b"^^^^^ kg"]
)
def test_beyond_its_range_a_scale_has_no_weight(line: bytes) -> None:
    (found,) = said(line)

    assert isinstance(found, Problem)
    assert found.code == "value.out_of_range"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"ES", "device.fault"),
        (b"ERR01", "payload.invalid"),
        (b"S I", "device.busy"),
        (b"nan", "value.not_finite"),
        (b"ST,GS,+ 1,240kg", "payload.invalid"),
        (b"1.2 kg 3.4 kg", "payload.invalid"),
        (b"12:30:01 ST,GS,1.2kg", "payload.invalid"),
        (b"ST,GS,+  1.240tl", "unit.unknown"),
        (b"Best before 2026 5 kg", "payload.invalid"),
        (b"5 % g", "payload.invalid"),
        (b"ST,GS,kg", "payload.invalid"),
        (b"1e5 g", "payload.invalid"),
        (b"\xff\xfe\xfa", "payload.invalid"),
        (b"1.2", "unit.unknown"),
        (b"9999999 kg", "value.out_of_range"),
        (b"x" * 300, "payload.invalid"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_reason(line: bytes, code: str) -> None:
    (found,) = said(line)

    assert isinstance(found, Problem)
    assert found.code == code
    assert found.detail


def test_a_decimal_comma_is_read_where_the_site_file_says_so() -> None:
    assert told(b"ST,GS,+  1,240kg", decimal=",") == ("mass_g", 1240.0, {"gross"})
    assert told(b"S S 12,5 g", decimal=",") == ("mass_g", 12.5, set())


def test_a_bare_number_has_the_unit_of_the_site_file() -> None:
    assert told(b"1873.42", unit="g") == ("mass_g", 1873.42, set())
    assert told(b"-0.25", unit="kg") == ("mass_g", -250.0, set())
    assert told(b"12.5 kg", unit="g") == ("mass_g", 12500.0, set())


def test_a_scale_that_leaves_its_unit_out_while_it_moves_is_unstable_then() -> None:
    assert told(b"N     +   123.45", unit="g", bare="unstable") == ("mass_g", 123.45, {"unstable"})
    assert told(b"N     +   123.45 g", unit="g", bare="unstable") == ("mass_g", 123.45, set())


def test_a_flag_is_said_once() -> None:
    (found,) = said(b"US,NT,1.5", unit="g", bare="unstable")

    assert isinstance(found, Reading)
    assert found.flags == ("no_clock", "unstable")


def test_a_scale_is_named_by_any_of_its_keys() -> None:
    by = {"device": "a", "deviceId": "b", "scale_id": "c", "id": "d"}
    for key, name in by.items():
        (found,) = decode("t", json.dumps({key: name, "weight": "1 kg"}).encode(), Context(NOW_MS))
        assert isinstance(found, Reading)
        assert found.device == name


def test_a_change_is_no_level() -> None:
    assert told(b"CHANGE:-350", unit="g") == ("mass_change_g", -350.0, set())
    assert told(b"DELTA: 0.5 kg") == ("mass_change_g", 500.0, set())
    assert told(b'{"change":-350}', unit="g") == ("mass_change_g", -350.0, set())


def test_pieces_are_counted_not_weighed() -> None:
    assert told(b"QT,+00000012 PC") == ("count", 12.0, set())


def test_a_tare_is_no_load() -> None:
    for line in (b"T S    100.00 g", b"TA A 100 g", b"Z A"):
        (found,) = said(line)
        assert isinstance(found, Notice)


def test_every_line_of_a_message_is_read_up_to_a_limit() -> None:
    found = said(b"ST,GS,1kg\r\nUS,GS,2kg\r\n\r\nST,GS,3kg")
    assert [one.values for one in found if isinstance(one, Reading)] == [[1000.0], [2000.0], [3000.0]]

    many = said(b"1 kg\n" * (LINES_MAX + 5))
    assert [one.code for one in many if isinstance(one, Problem)] == ["payload.too_big"]
    assert len(many) == LINES_MAX + 1


def test_nothing_says_nothing() -> None:
    assert said(b"") == said(b"\r\n\0") == []


@pytest.mark.parametrize(
    ("fields", "options", "expected"),
    [
        ({"weight": 1.25, "unit": "kg", "stable": True}, {}, ("mass_g", 1250.0, set())),
        ({"Weight": "1.25", "Unit": "KG", "Stable": False}, {}, ("mass_g", 1250.0, {"unstable"})),
        ({"value": "0.850 LB"}, {}, ("mass_g", 385.55351, set())),
        ({"value": "US,GS,1kg"}, {}, ("mass_g", 1000.0, {"unstable", "gross"})),
        ({"gross": 3, "net": 2, "uom": "kg"}, {}, ("mass_g", 2000.0, set())),
        ({"gross_weight": 3, "unit": "kg", "status": "MOTION"}, {}, ("mass_g", 3000.0, {"unstable", "gross"})),
        ({"weight": 512.3, "motion": True}, {"unit": "g"}, ("mass_g", 512.3, {"unstable"})),
        ({"weight": 512.3, "is_stable": 0}, {"unit": "g"}, ("mass_g", 512.3, {"unstable"})),
    ],
)
def test_an_object_is_read_whatever_the_spelling_of_its_keys(
    fields: dict[str, Any], options: dict[str, Any], expected: tuple[str, float, set[str]]
) -> None:
    assert told(json.dumps(fields).encode(), **options) == expected


def test_an_overload_in_an_object_is_a_problem() -> None:
    (found,) = said(b'{"weight":99,"unit":"kg","status":"OL"}')

    assert isinstance(found, Problem)
    assert found.code == "value.out_of_range"


def test_an_object_without_a_weight_names_its_fields() -> None:
    (found,) = said(b'{"id":"a","colour":"red"}')

    assert isinstance(found, Problem)
    assert "colour" in found.detail


def test_the_id_of_an_event_is_no_scale() -> None:
    event = b'{"id":"7f3c2c1e-8a52-4a57-9d5c-4f7d1c2b3a4d","value":"1 kg"}'
    (unnamed,) = decode("event/scale", event, Context(NOW_MS))
    (named,) = decode("event/scale", b'{"id":"lane-2","value":"1 kg"}', Context(NOW_MS))
    (topic,) = decode("event/scale", b'{"id":"lane-2","value":"1 kg"}', Context(NOW_MS, name="scale"))

    assert [one.device for one in (unnamed, named, topic) if isinstance(one, Reading)] == ["", "lane-2", "scale"]


def test_a_time_without_a_zone_is_of_the_site_unless_the_source_has_its_own() -> None:
    payload = b'{"weight":1,"unit":"kg","timestamp":"2025-11-21T22:00:00"}'
    context = Context(NOW_MS, timezone="Europe/Berlin")
    own = msgspec.structs.replace(context, options=Options(timezone="UTC"))

    (site,) = decode("s", payload, context)
    (utc,) = decode("s", payload, own)

    assert isinstance(site, Reading)
    assert isinstance(utc, Reading)
    assert (site.at_ms, site.flags) == (NOW_MS - 3_600_000, ("zone_assumed",))
    assert (utc.at_ms, utc.flags) == (NOW_MS, ())


@pytest.mark.parametrize(
    "options", [{"unit": "V"}, {"decimal": ";"}, {"channel": ""}, {"timezone": "Mars/One"}, {"units": "g"}]
)
def test_settings_that_can_not_work_are_refused_when_the_site_file_is_read(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, Options)


@given(
    st.sampled_from(["ST", "US"]),
    st.sampled_from(["GS", "NT"]),
    st.integers(-9_999_999, 9_999_999),
    st.integers(0, 3),
    st.sampled_from([("kg", 1000.0), ("g", 1.0), ("lb", 453.59237)]),
)
def test_what_an_indicator_prints_is_what_is_read(
    state: str, mode: str, steps: int, decimals: int, unit: tuple[str, float]
) -> None:
    number = steps / 10**decimals
    line = f"{state},{mode},{'-' if steps < 0 else '+'}{abs(number):9.{decimals}f}{unit[0]}\r\n".encode()

    (found,) = said(line)

    if isinstance(found, Problem):
        assert not -1e6 <= number * unit[1] <= 1e7
        return
    assert isinstance(found, Reading)
    assert found.values[0] == pytest.approx(number * unit[1])
    assert ("unstable" in found.flags, "gross" in found.flags) == (state == "US", mode == "GS")


@given(st.text(alphabet="STUSGNOLKkg 0123456789.,+-?:\r\n\x02", max_size=40))
def test_any_scribble_is_weights_notices_or_problems(text: str) -> None:
    for one in said(text.encode(), unit="g"):
        assert isinstance(one, Reading | Notice | Problem)
