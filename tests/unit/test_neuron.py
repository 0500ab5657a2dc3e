"""Neuron: tags with their own errors, register maps from the site file, drivers that come and go."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from protocols.devices.neuron import NODES_MAX, Options, begin, decode
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000
TOPIC = "neuron/plant/upload"


def said(options: dict[str, Any] | None = None, **fields: Any) -> list[Decoded]:
    """What a group of tags says."""
    message = {"node": "plc", "group": "g", "timestamp": NOW_MS, **fields}
    options_made = msgspec.convert(options or {}, Options)
    return decode(TOPIC, json.dumps(message).encode(), Context(NOW_MS, options=options_made))


def heartbeat(context: Context, *states: tuple[str, int, int], version: str = "2.4.0") -> list[Decoded]:
    """What a heartbeat says."""
    told = [{"node": node, "link": link, "running": running} for node, link, running in states]
    message = {"version": version, "timestamp": NOW_MS, "states": told}
    return decode("neuron/plant/heartbeat", json.dumps(message).encode(), context)


def test_an_error_is_no_zero() -> None:
    for found in (
        said(tags=[{"name": "t", "error": 2014}, {"name": "u", "value": 0}]),
        said(values={"u": 0}, errors={"t": 2014}),
    ):
        assert {(one.channel, one.text, one.flags) for one in found if isinstance(one, Notice)} == {
            ("g/t", "error 2014", ("bad",))
        }
        assert {(one.channel, one.values[0]) for one in found if isinstance(one, Reading)} == {("g/u", 0.0)}


def test_an_error_of_zero_is_none() -> None:
    (found,) = said(tags=[{"name": "t", "value": 5, "error": 0}])

    assert isinstance(found, Reading)


def test_a_register_map_gives_unit_factor_and_channel() -> None:
    tags = {"g/t": {"unit": "Cel", "factor": 0.1, "offset": -40, "channel": "cold"}, "g/p": "kW", "g/x": {"skip": True}}

    found = said({"tags": tags}, values={"t": 215, "p": 1.5, "x": 9})

    assert [(one.channel, one.quantity, one.values) for one in found if isinstance(one, Reading)] == [
        ("cold", "temperature_c", [-18.5]),
        ("g/p", "power_w", [1500.0]),
    ]
    assert len(found) == 2


def test_texts_are_notices_and_lists_are_channels_of_their_own() -> None:
    found = said(values={"mode": "cool", "on": True, "phases": [1.0, 2.0]})

    assert [(one.channel, one.text) for one in found if isinstance(one, Notice)] == [("g/mode", "cool")]
    assert [(one.channel, one.values[0]) for one in found if isinstance(one, Reading)] == [
        ("g/on", 1.0),
        ("g/phases.0", 1.0),
        ("g/phases.1", 2.0),
    ]


def test_a_driver_is_said_in_words_only_when_something_changed() -> None:
    context = Context(NOW_MS, memory=begin(Options()))

    first = heartbeat(context, ("plc", 1, 3))
    same = heartbeat(context, ("plc", 1, 3))
    gone = heartbeat(context, ("plc", 0, 3))

    assert first == [DeviceStatus("plc", True, NOW_MS), Notice("plc", "link", "1 connected running", NOW_MS)]
    assert same == [DeviceStatus("plc", True, NOW_MS)]
    assert gone == [DeviceStatus("plc", False, NOW_MS), Notice("plc", "link", "0 disconnected running", NOW_MS)]


@pytest.mark.parametrize(
    ("version", "link", "online"),
    [
        ("2.1.0", 2, True),
        ("2.1.0", 1, False),
        ("2.0.1", 0, False),
        ("2.4.0", 1, True),
        ("", 1, True),
        ("3.0", 0, False),
    ],
)
def test_what_connected_is_written_as_depends_on_the_version(version: str, link: int, online: bool) -> None:
    found = heartbeat(Context(NOW_MS), ("plc", link, 3), version=version)

    assert found[0] == DeviceStatus("plc", online, NOW_MS)


def test_the_memory_of_drivers_has_an_end() -> None:
    memory = begin(Options())
    context = Context(NOW_MS, memory=memory)
    for number in range(NODES_MAX + 20):
        heartbeat(context, (f"plc-{number}", 1, 3))

    assert len(memory) == NODES_MAX
    assert "plc-0" not in memory


@pytest.mark.parametrize("payload", [b'{"node":"a"}', b"[]", b'{"tags":[{"value":1}]}', b"{", b"\xff"])
def test_what_is_no_group_of_tags_is_a_problem(payload: bytes) -> None:
    (found,) = decode(TOPIC, payload, Context(NOW_MS))

    assert isinstance(found, Problem)
