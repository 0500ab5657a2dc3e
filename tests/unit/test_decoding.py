"""A site's messages find their family, and its devices their names in the site file."""

from __future__ import annotations

import pytest

from edge.core.decoding import Decoder
from edge.core.field import strangers
from protocols import devices, layout
from protocols.devices import Format, NoOptions
from protocols.readings import Context, Decoded, DeviceStatus, Problem, Publish, Reading

T0 = 1_763_762_400_000
HEAD = """
[site]
id = "demo"
name = "Demo"
timezone = "Europe/Berlin"
[[zones]]
id = "hall"
name = "Hall"
"""
SITE = (
    HEAD
    + """
[[devices]]
id = "cold-1"
kind = "climate"
zone = "hall"
source = "echo"
address = "A4:C1:38:6E"
[[devices]]
id = "cold-2"
kind = "climate"
zone = "hall"
source = "echo"
[[sources]]
id = "echo"
format = "echo"
topics = ["home/+/SENSOR", "home/+/lwt"]
name_level = 1
[sources.options]
unit = "Cel"
"""
)


class EchoOptions(NoOptions, frozen=True):
    """A unit."""

    unit: str = "g"


def echo(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """A family that shows what it was given."""
    context.memory.append(topic)
    if payload == b"?":
        return [Problem("payload.invalid", "what?", "", context.name), Publish("home/cmd", b"again")]
    name = payload.decode() or context.name
    seen = [context.options.unit == "Cel", context.timezone == "Europe/Berlin", context.retained]
    return [Reading(name, "1", "raw", context.received_ms, [float(one) for one in seen])]


ECHO = Format(
    "echo",
    (),
    echo,
    (),
    EchoOptions,
    lambda options: [],
    lambda memory, now_ms: [DeviceStatus("cold-2", False, now_ms)],
)


@pytest.fixture(autouse=True)
def _families(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**devices.formats(), "echo": ECHO}
    monkeypatch.setattr(devices, "formats", lambda: known)


def decoder(text: str = SITE) -> Decoder:
    return Decoder(layout.parse(text))


def test_native_topics_need_no_source() -> None:
    found = decoder().decode("wh/v1/demo/s/shelf", b'{"unit":"g","value":1}', T0)
    assert found == [Reading("s", "1", "mass_g", T0, [1.0], flags=("no_clock",))]


def test_what_the_broker_kept_of_a_native_device_is_marked() -> None:
    """Without a time of its own nobody knows how old it is."""
    (found,) = decoder().decode("wh/v1/demo/s/shelf", b'{"unit":"g","value":1}', T0, True)
    assert found == Reading("s", "1", "mass_g", T0, [1.0], flags=("no_clock", "retained"))


def test_a_source_gives_its_family_options_zone_and_the_name_in_the_topic() -> None:
    assert decoder().decode("home/cold-2/SENSOR", b"", T0, True) == [Reading("cold-2", "1", "raw", T0, [1.0, 1.0, 1.0])]


@pytest.mark.parametrize("address", ["a4c1386e", "A4-C1-38-6E", "A4:c1:38:6e"])
def test_an_address_is_known_however_it_is_written(address: str) -> None:
    (found,) = decoder().decode("home/x/SENSOR", address.encode(), T0)
    assert isinstance(found, Reading)
    assert found.device == "cold-1"


def test_a_device_nobody_claims_is_told_with_the_entry_it_needs() -> None:
    one = decoder()

    (problem,) = one.decode("home/x/SENSOR", b"b7:00", T0)

    assert isinstance(problem, Problem)
    assert problem.code == "device.unknown"
    assert 'source = "echo" and address = "b7:00"' in problem.hint
    assert [(key, met.at_ms) for key, met in one.strangers.met.items()] == [(("echo", "b7:00"), T0)]


def test_the_only_device_of_a_source_needs_no_name() -> None:
    text = SITE.replace('address = "A4:C1:38:6E"', 'address = "x"').replace("name_level = 1\n", "")
    two = decoder(text).decode("home/x/SENSOR", b"", T0)
    assert [one.code for one in two if isinstance(one, Problem)] == ["device.unnamed"]

    first, last = text.index('[[devices]]\nid = "cold-2"'), text.index("[[sources]]")
    (found,) = decoder(text[:first] + text[last:]).decode("home/x/SENSOR", b"", T0)
    assert isinstance(found, Reading)
    assert found.device == "cold-1"


def test_problems_and_requests_pass_through() -> None:
    found = decoder().decode("home/cold-2/SENSOR", b"?", T0)
    assert [type(one) for one in found] == [Problem, Publish]


def test_what_follows_from_time_comes_under_the_sites_names() -> None:
    assert decoder().tick(T0) == [DeviceStatus("cold-2", False, T0)]


def test_a_topic_no_source_covers_is_a_problem() -> None:
    (problem,) = decoder().decode("elsewhere/1", b"", T0)
    assert isinstance(problem, Problem)
    assert problem.code == "topic.unknown"


def test_what_is_subscribed_are_the_sources_topics() -> None:
    assert decoder().filters == ["home/+/SENSOR", "home/+/lwt"]


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('format = "echo"', 'format = "ekko"', "no format is called 'ekko'; there are"),
        ('unit = "Cel"', 'uint = "Cel"', "unknown field `uint`"),
    ],
)
def test_a_source_that_can_not_work_is_refused_at_the_start(wrong: str, right: str, said: str) -> None:
    with pytest.raises(layout.LayoutError, match=said):
        decoder(SITE.replace(wrong, right))


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('source = "echo"\naddress', 'source = "ekko"\naddress', "speaks by source 'ekko'"),
        ('address = "A4:C1:38:6E"', 'address = "COLD_2"', "as another one has"),
        ('id = "echo"\nformat', 'id = "e c"\nformat', "source|pattern"),
    ],
)
def test_a_site_file_whose_sources_do_not_fit_is_refused(wrong: str, right: str, said: str) -> None:
    with pytest.raises(layout.LayoutError, match=said):
        layout.parse(SITE.replace(wrong, right))


def test_strangers_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "STRANGERS_MAX", 3)
    one = decoder()
    for number in range(5):
        one.decode("home/x/SENSOR", f"b{number}".encode(), T0 + number)
    assert [address for _, address in one.strangers.met] == ["b2", "b3", "b4"]


def test_a_stranger_that_talks_all_day_is_told_once_an_hour() -> None:
    one = decoder()
    told = [len(one.decode("home/x/SENSOR", b"b7", T0 + minute * 60_000)) for minute in range(125)]
    assert sum(told) == 3
    assert one.strangers.met["echo", "b7"].at_ms == T0 + 124 * 60_000


def test_a_stranger_that_measures_nothing_is_no_problem() -> None:
    assert decoder(SITE.replace('id = "cold-2"', 'id = "cold-3"')).tick(T0) == []


def test_a_familys_mistake_stops_one_message_and_nothing_else() -> None:
    one = decoder()

    (problem,) = one.decode("home/cold-2/SENSOR", b"\xff", T0)
    again = one.decode("home/cold-2/SENSOR", b"", T0)

    assert isinstance(problem, Problem)
    assert problem.code == "decoder.failed"
    assert "UnicodeDecodeError" in problem.detail
    assert isinstance(again[0], Reading)
