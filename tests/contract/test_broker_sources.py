"""Devices of other makes at a broker: each source has its own user, who speaks on the source's topics and no other.

On the broker in the box and on Mosquitto, with the users and rights that we write for a site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import broker, rights
from protocols import layout
from protocols.layout import LayoutError
from protocols.topics import matches
from tests.contract.brokers import BoxBroker, Broker, MosquittoBroker, Peer, mosquitto_argv, until

SITE_TEXT = """
[site]
id = "s1"
name = "One"
[[zones]]
id = "z"
name = "Z"
[[sources]]
id = "plant"
format = "sparkplug"
topics = ["spBv1.0/plant/#"]
[[sources]]
id = "wide"
format = "sparkplug"
topics = ["spBv1.0/#"]
[[sources]]
id = "zigbee"
format = "zigbee2mqtt"
topics = ["zigbee2mqtt/#"]
[[sources]]
id = "lines"
format = "scales"
topics = ["v1.5/+/a.b", "/lead/+", "trail/+/"]
"""
SITE = layout.parse(SITE_TEXT)
DATA = "spBv1.0/plant/DDATA/gw.7/bin-1"
Join = Callable[..., Peer]


class SiteBox(BoxBroker):
    """The box, for a site."""

    def prepare(self) -> None:
        self.argv = broker.prepare(self.state, self.port, site=SITE).argv


class SiteMosquitto(MosquittoBroker):
    """Mosquitto, for a site."""

    def prepare(self) -> None:
        folder = broker.mosquitto_files(self.state, f"mqtt://127.0.0.1:{self.port}", SITE)
        self.argv = mosquitto_argv(folder, self.port)


@pytest.fixture(scope="module", params=[SiteBox, SiteMosquitto], ids=["box", "mosquitto"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    one: Broker = request.param(tmp_path_factory.mktemp("site"))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def join(request: pytest.FixtureRequest) -> Iterator[Join]:
    """Connect peers that leave with the test."""
    peers: list[Peer] = []

    def connect(to: Broker, user: str, role: str = "") -> Peer:
        peers.append(Peer(to, user, f"{request.node.originalname}-{role or user}"))
        return peers[-1]

    yield connect
    for peer in peers:
        peer.leave()


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("plant", DATA),
        ("plant", "spBv1.0/plant/NBIRTH/g.w..7"),
        ("wide", "spBv1.0/hall/NDEATH/gw"),
        ("wide", "spBv1.0/hall/DDATA/gw/bin-1"),
        ("zigbee", "zigbee2mqtt/attic"),
        ("zigbee", "zigbee2mqtt/hall/north.wall"),
        ("lines", "v1.5/x.y/a.b"),
        ("lines", "/lead/x"),
        ("lines", "trail/x/"),
    ],
)
def test_a_source_speaks_on_its_topics_however_they_are_spelled(
    running: Broker, join: Join, user: str, topic: str
) -> None:
    gateway = join(running, "gateway").subscribe("#", "/lead/#")

    join(running, user).publish(topic, b"x")

    until(lambda: (topic, b"x") in [(one.topic, one.payload) for one in gateway.got], topic)


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("plant", "spBv1.0/other/DDATA/gw.7/bin-1"),
        ("plant", "spBv1/0/plant/DDATA/gw"),
        ("wide", "spBv1.0/STATE/host"),
        ("wide", "spBv1.0/plant/NCMD/gw.7"),
        ("wide", "spBv1.0/other/DCMD/gw.7/bin-1"),
        ("plant", "zigbee2mqtt/attic"),
        ("plant", "wh/v1/s1/shelf-1/shelf"),
        ("zigbee", DATA),
        ("zigbee", "zigbee2mqttx/attic"),
        ("zigbee", "wh/v1/s1/shelf-1/cmd"),
        ("lines", "v1/5/x/a.b"),
        ("lines", "v1.5/x/a/b"),
        ("lines", "v1.5/x/y/a.b"),
        ("lines", "lead/x"),
        ("shelf", DATA),
        ("shelf", "zigbee2mqtt/attic"),
    ],
)
def test_a_source_does_not_speak_for_another(running: Broker, join: Join, user: str, topic: str) -> None:
    gateway = join(running, "gateway").subscribe("#", "/lead/#")

    join(running, user).publish(topic, b"forged")  # acknowledged, as MQTT 3.1.1 wants, and dropped
    join(running, "zigbee", "honest").publish("zigbee2mqtt/honest", b"honest")

    until(lambda: "zigbee2mqtt/honest" in [one.topic for one in gateway.got], "the honest message")
    assert [one.payload for one in gateway.got if one.payload == b"forged"] == []


def test_a_node_hears_the_commands_of_its_host_and_nobodys_data(running: Broker, join: Join) -> None:
    node = join(running, "plant").subscribe("spBv1.0/plant/NCMD/gw.7", "spBv1.0/STATE/+", DATA, "#", "wh/#")
    gateway = join(running, "gateway")

    join(running, "plant", "other").publish(DATA, b"secret")
    gateway.publish("spBv1.0/plant/NCMD/gw.7", b"reborn")
    gateway.publish("spBv1.0/STATE/host", b"online")

    until(lambda: {one.payload for one in node.got} >= {b"reborn", b"online"}, "what the host says")
    assert b"secret" not in {one.payload for one in node.got}


def test_a_blank_in_a_topic_is_carried_by_mosquitto_and_costs_its_sender_the_box(running: Broker, join: Join) -> None:
    """docs/brokers.md says so: a bridge with friendly names like `north wall` wants Mosquitto, or other names."""
    gateway = join(running, "gateway").subscribe("zigbee2mqtt/#")
    bridge, other = join(running, "zigbee"), join(running, "zigbee", "other")

    with suppress(RuntimeError, AssertionError):
        bridge.client.publish("zigbee2mqtt/north wall", b"4.5", qos=1)
    if isinstance(running, SiteMosquitto):
        assert gateway.hears(1) == [b"4.5"]
    else:
        until(lambda: bridge.cut_off, "the sender is cut off")
        assert gateway.got == []
    other.publish("zigbee2mqtt/door", b"1")

    until(lambda: b"1" in [one.payload for one in gateway.got], "the others go on")


@pytest.mark.parametrize("name", ["shelf", "gateway", "climate"])
def test_a_source_can_not_take_the_name_of_another_user(name: str) -> None:
    with pytest.raises(LayoutError, match=f"'{name}' has the name of a user of the broker"):
        rights.users_of(layout.parse(SITE_TEXT.replace('id = "zigbee"', f'id = "{name}"')))


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("wh/v1/+/+/cmd", "wh.v1.*.*.cmd"),
        ("spBv1.0/#", "spBv1//0.>"),
        ("a..b/+", "a////b.*"),
        ("/a", "/.a"),
        ("a/", "a./"),
        ("a//b", "a./.b"),
    ],
)
def test_a_filter_is_spelled_as_nats_server_does_inside(pattern: str, subject: str) -> None:
    assert rights.subject(pattern) == subject


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("#", "a/+", "a/+"),
        ("a/#", "+/b/#", "a/b/#"),
        ("a/+/c", "+/b/+", "a/b/c"),
        ("a/#", "a", "a"),
        ("a/b", "a", ""),
        ("a/b", "a/c", ""),
        ("spBv1.0/plant/#", "spBv1.0/+/NDATA/#", "spBv1.0/plant/NDATA/#"),
        ("tele/#", "spBv1.0/+/NDATA/#", ""),
    ],
)
def test_what_two_filters_cover_together(one: str, other: str, both: str) -> None:
    assert rights.common(one, other) == both == rights.common(other, one)


LEVELS = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=4)
FILTERS = st.tuples(st.lists(st.sampled_from(["a", "b", "", "+"]), min_size=1, max_size=4), st.booleans())


@given(FILTERS, FILTERS, LEVELS)
def test_a_topic_is_common_when_both_filters_cover_it(
    one: tuple[list[str], bool], other: tuple[list[str], bool], levels: list[str]
) -> None:
    first, second = ("/".join([*head, "#"] if deep else head) for head, deep in (one, other))
    topic, both = "/".join(levels), rights.common(first, second)

    if first and second and topic:
        covered = matches(first, topic) and matches(second, topic)
        assert covered == (bool(both) and matches(both, topic))
