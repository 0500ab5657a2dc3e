"""Every device format keeps its examples; whatever else comes in is a reading or a Problem, never an exception."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import reports
from protocols.devices import Example, Format, formats
from protocols.parsing.payloads import PAYLOAD_BYTES_MAX, VALUES_MAX
from protocols.readings import (
    FUTURE_LIMIT_MS,
    PAST_LIMIT_MS,
    RANGES,
    Context,
    Decoded,
    DeviceStatus,
    Notice,
    Problem,
    Publish,
    Reading,
    TagReads,
)
from protocols.topics import matches
from tests.unit.sample_routes import DOCUMENTS, context_of, lead_in, payload_of, route_of, topic_of
from tests.unit.samples import NOW_MS, rows

CUTS_MAX = 400
FLIPS = 60


class Message(NamedTuple):
    """One message of a family, an example or a real one, and what the family knows by then."""

    title: str
    family: Format
    topic: str
    payload: bytes
    context: Context


def _examples() -> Iterator[tuple[Format, Example]]:
    for family in formats().values():
        for example in family.examples:
            yield family, example


def prepared(family: Format, example: Example) -> Message:
    """The example with a fresh memory that has seen what came before."""
    options = msgspec.convert(example.options, family.options)
    memory = family.begin(options) if family.begin is not None else None
    context = Context(NOW_MS, name=example.name, options=options, memory=memory)
    for topic, payload in example.before:
        family.decode(topic, payload, context)
    return Message(f"{family.name}: {example.title}", family, example.topic, example.payload, context)


def _real() -> Iterator[Message]:
    for row in rows():
        route = route_of(row)
        if row.file.startswith(DOCUMENTS) or route is None or route.family not in formats():
            continue  # test_samples.py says so
        family, context = formats()[route.family], context_of(row, route)
        for topic, payload in lead_in(route):
            family.decode(topic, payload, context)
        yield Message(row.file, family, topic_of(row, route), payload_of(row, route), context)


EXAMPLES = list(_examples())
MESSAGES = [prepared(family, example) for family, example in EXAMPLES if len(example.payload) < 10_000] + list(_real())
TITLES = [one.title for one in MESSAGES]


def said(message: Message, payload: bytes) -> list[Decoded]:
    """What the family makes of a payload, once it is certain that the gateway can work with it whatever it is."""
    found = message.family.decode(message.topic, payload, message.context)
    assert len(found) <= VALUES_MAX + 100
    for one in found:
        msgspec.json.encode(one)
        _check(one, message.context.received_ms)
    return found


def _check(one: Decoded, now_ms: int) -> None:
    """Whether it lies within what can be kept: every time believable, every name and text within reports' limits."""
    match one:
        case Reading():
            low, high = RANGES[one.quantity]
            assert one.values
            assert all(isfinite(value) and low <= value <= high for value in one.values)
            _timely(one.at_ms, now_ms)
            _timely(one.last_ms, now_ms)
            offsets = [at * one.step_ms for at in range(len(one.values))]
            names = _name(one.device), _name(one.channel)
            _kept(reports.Series(*names, one.quantity, "hall", one.at_ms, offsets, one.values))
        case TagReads():
            _timely(one.at_ms, now_ms)
            for read in one.reads:
                _timely(read.at_ms, now_ms)
                assert re.fullmatch("[0-9A-F]{4,124}", read.epc)
                assert read.seen >= 1
                assert read.antenna >= 0
                assert read.direction in ("", "in", "out")
                assert read.rssi_dbm is None or isfinite(read.rssi_dbm)
                _kept(reports.TagMove(read.epc, "hall", "arrived", read.at_ms, _name(one.device)))
        case Notice():
            _timely(one.at_ms, now_ms)
            assert one.text
            _kept(reports.SlotLevel(_name(one.channel), "sku", None, 0, 1, 0.0, 0.0, one.at_ms, one.text))
        case DeviceStatus():
            _timely(one.at_ms, now_ms)
            battery = one.battery_pct
            _kept(reports.DeviceHealth(_name(one.device), "ok", one.at_ms, one.at_ms, 0, 0, 0, 0, battery))
        case Problem():
            assert re.fullmatch(r"[a-z_]+\.[a-z_]+", one.code)
            assert 0 < len(one.detail) <= 1000
        case Publish():
            assert one.topic
            assert not set("+#\0") & set(one.topic)
            assert len(one.payload) <= PAYLOAD_BYTES_MAX


def _timely(at_ms: int, now_ms: int) -> None:
    assert now_ms - PAST_LIMIT_MS - 1 <= at_ms <= now_ms + FUTURE_LIMIT_MS


def _name(name: str) -> str:
    """As a series is named: a slash would split it; who tells no name gets that of the source."""
    return name.replace("/", ".") or "device"


def _kept(report: reports.Report) -> None:
    assert reports.decode(reports.encode(report)) == report, "what is taken here is taken by the service too"


@pytest.mark.parametrize(("family", "example"), EXAMPLES, ids=[f"{one.name}: {two.title}" for one, two in EXAMPLES])
def test_an_example_yields_what_it_says(family: Format, example: Example) -> None:
    found = said(prepared(family, example), example.payload)

    def compared(found: list[Decoded]) -> list[Decoded | str]:
        return [one.code if isinstance(one, Problem) else one for one in found]

    assert compared(found) == compared(example.yields)


@pytest.mark.parametrize("family", sorted(formats()))
def test_a_format_shows_good_messages_and_bad_ones(family: str) -> None:
    bad = [any(isinstance(one, Problem) for one in example.yields) for example in formats()[family].examples]

    assert any(bad)
    assert not all(bad)


@pytest.mark.parametrize("message", MESSAGES, ids=TITLES)
def test_a_cut_off_message_is_no_exception(message: Message) -> None:
    size = len(message.payload)
    for end in range(0, size, max(1, size // CUTS_MAX)):
        said(message, message.payload[:end])


@pytest.mark.parametrize("message", MESSAGES, ids=TITLES)
def test_a_spoilt_message_is_no_exception(message: Message) -> None:
    random_bytes = random.Random(len(message.payload))
    for _ in range(FLIPS if message.payload else 0):
        spoilt = bytearray(message.payload)
        for _ in range(random_bytes.randint(1, 3)):
            spoilt[random_bytes.randrange(len(spoilt))] = random_bytes.randrange(256)
        said(message, bytes(spoilt))


@given(st.sampled_from([one for one in MESSAGES if one.payload]), st.data())
def test_no_spoilt_message_is_found_that_is_an_exception(message: Message, data: st.DataObject) -> None:
    spoilt = bytearray(message.payload)
    for at in data.draw(st.lists(st.integers(0, len(spoilt) - 1), min_size=1, max_size=4)):
        spoilt[at] = data.draw(st.integers(0, 255))

    said(message, bytes(spoilt))


@given(st.sampled_from(MESSAGES), st.text(max_size=60), st.binary(max_size=60))
def test_any_bytes_on_any_topic_are_readings_or_a_problem(message: Message, topic: str, payload: bytes) -> None:
    said(message._replace(topic=topic), payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
JSONS = [one for one in MESSAGES if one.payload[:1] in (b"{", b"[")]


@given(st.sampled_from(JSONS), st.data())
def test_any_json_in_the_place_of_any_value_is_readings_or_a_problem(message: Message, data: st.DataObject) -> None:
    try:
        whole = msgspec.json.decode(message.payload)
    except msgspec.DecodeError:
        return  # a bad example
    places = list(_places(whole))
    if not places:
        return
    owner, key = data.draw(st.sampled_from(places))
    owner[key] = data.draw(JSON)

    said(message, json.dumps(whole).encode())


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (owner, key) in a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _places(inner)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield value, at
            yield from _places(inner)


def test_no_two_families_claim_one_topic() -> None:
    claimed = [(family.name, topic) for family in formats().values() for topic in family.filters]
    for name, topic in claimed:
        plain = topic.replace("+", "x").replace("#", "x/y")
        assert {other for other, pattern in claimed if matches(pattern, plain)} == {name}
