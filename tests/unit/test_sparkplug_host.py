"""We as a Sparkplug host application: deaths, other hosts, topics, limits."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices import sparkplug
from protocols.readings import Context, Decoded, DeviceStatus, Notice
from protocols.sparkplug import control, host, topics
from protocols.sparkplug.host import Settings
from protocols.sparkplug.payload import (
    BOOLEAN,
    INT32,
    INT64,
    Metric,
)
from protocols.sparkplug.schema import Message
from tests.unit.sparkplug_plant import BIRTH, NOW, Plant, codes, grams, message, of, weights
from tests.unit.sparkplug_statements import holds


@pytest.fixture
def plant() -> Plant:
    one = Plant()
    one.bear()
    return one


@holds(
    "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
    "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
    "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale",
    "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale",
)
def test_a_nodes_death_takes_all_its_devices_along_at_the_time_of_receipt(plant: Plant) -> None:
    plant.say("DBIRTH", "s2")
    plant.now_ms += 777

    found = plant.die(0)

    assert found == [DeviceStatus(name, False, NOW + 777) for name in ("gw", "gw/s1", "gw/s2")]
    assert codes(plant.say("DDATA", "s1", grams(1.0))) == ["sparkplug.not_born"]


@holds(
    "tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-offline",
    "tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale",
)
def test_a_devices_death_is_its_own_at_the_time_it_tells(plant: Plant) -> None:
    plant.now_ms += 777

    assert plant.say("DDEATH", "s1") == [DeviceStatus("gw/s1", False, NOW)]
    assert codes(plant.say("NDATA", "", Metric("Uptime", 6, INT64))) == []
    assert codes(plant.say("DDATA", "s1", grams(1.0))) == ["sparkplug.not_born"]
    assert plant.die(0) == [DeviceStatus("gw", False, NOW + 777)], "the device is dead already"


def test_the_death_of_an_earlier_connection_is_not_believed() -> None:
    plant = Plant()
    plant.bear(bd_seq=5)

    assert plant.die(4) == []
    assert weights(plant.say("DDATA", "s1", grams(2.0))) == [2000.0]
    assert len(plant.die(5)) == 2


def test_a_node_whose_bd_seq_never_moves_dies_and_comes_back(plant: Plant) -> None:
    """As the JavaScript library does it: always 0."""
    assert len(plant.die(0)) == 2
    assert len(of(plant.bear(bd_seq=0), DeviceStatus)) == 2
    assert len(plant.die(0)) == 2


def test_a_death_without_a_bd_seq_is_believed(plant: Plant) -> None:
    assert [one.online for one in of(plant.die(None), DeviceStatus)] == [False, False]


def test_the_death_of_an_unknown_node_is_its_own() -> None:
    assert Plant().die(3) == [DeviceStatus("gw", False, NOW)]


def test_a_device_that_is_not_born_again_with_its_node_is_gone_after_a_while(plant: Plant) -> None:
    plant.say("DBIRTH", "s2")

    plant.bear(bd_seq=1)

    assert plant.tick(host.LAPSE_MS - 1) == []
    assert plant.tick(1) == [DeviceStatus("gw/s2", False, plant.now_ms)]
    assert plant.tick(host.LAPSE_MS) == []


@holds(
    "tck-id-host-topic-phid-birth-payload",
    "tck-id-host-topic-phid-birth-payload-timestamp",
    "tck-id-host-topic-phid-birth-qos",
    "tck-id-host-topic-phid-birth-retain",
    "tck-id-host-topic-phid-birth-topic",
    "tck-id-host-topic-phid-death-payload",
    "tck-id-host-topic-phid-death-payload-timestamp-connect",
    "tck-id-host-topic-phid-death-qos",
    "tck-id-host-topic-phid-death-retain",
    "tck-id-host-topic-phid-death-topic",
    "tck-id-message-flow-phid-sparkplug-state-publish-payload",
    "tck-id-message-flow-phid-sparkplug-state-publish-payload-timestamp",
    "tck-id-operational-behavior-host-application-connect-birth-payload",
    "tck-id-operational-behavior-host-application-connect-birth-qos",
    "tck-id-operational-behavior-host-application-connect-birth-retained",
    "tck-id-operational-behavior-host-application-connect-birth-topic",
    "tck-id-operational-behavior-host-application-connect-will-payload",
    "tck-id-operational-behavior-host-application-connect-will-qos",
    "tck-id-operational-behavior-host-application-connect-will-retained",
    "tck-id-operational-behavior-host-application-connect-will-topic",
    "tck-id-operational-behavior-host-application-death-payload",
    "tck-id-operational-behavior-host-application-death-qos",
    "tck-id-operational-behavior-host-application-death-retained",
    "tck-id-operational-behavior-host-application-death-topic",
    "tck-id-payloads-state-birth-payload",
    "tck-id-payloads-state-will-message-payload",
    "tck-id-payloads-state-will-message-qos",
    "tck-id-payloads-state-will-message-retain",
)
def test_our_birth_and_our_will_carry_the_time_of_the_connection() -> None:
    birth, will = sparkplug.presence(Settings(host_id="warehouse"), NOW)

    assert {(one.topic, one.qos, one.retain) for one in (birth, will)} == {("spBv1.0/STATE/warehouse", 1, True)}
    assert msgspec.json.decode(birth.payload) == {"online": True, "timestamp": NOW}
    assert msgspec.json.decode(will.payload) == {"online": False, "timestamp": NOW}


@holds("tck-id-message-flow-hid-sparkplug-state-message-delivered")
def test_a_late_will_of_ours_is_answered_with_our_present_birth() -> None:
    plant = Plant(host_id="warehouse")
    birth, _ = sparkplug.presence(plant.options, NOW)
    _, old_will = sparkplug.presence(plant.options, NOW - 50_000)

    assert plant.send(old_will.topic, old_will.payload, retained=True) == [], "not yet born on this connection"
    assert plant.send(birth.topic, birth.payload) == []
    assert plant.send(old_will.topic, old_will.payload) == [birth]


def test_our_death_of_now_is_taken_back_unless_the_next_birth_does_so_itself() -> None:
    """A will comes back to us over a lasting session, on the connection after it."""
    for born_again in (True, False):
        plant = Plant(host_id="warehouse")
        birth, will = sparkplug.presence(plant.options, NOW)
        next_birth, _ = sparkplug.presence(plant.options, NOW + 900)
        plant.send(birth.topic, birth.payload)

        assert plant.send(will.topic, will.payload) == []
        if born_again:
            plant.send(next_birth.topic, next_birth.payload)
        answers = plant.tick(host.DENIED_MS) + plant.tick(host.DENIED_MS)

        assert answers == ([] if born_again else [control.state("warehouse", True, NOW + 1)])


@pytest.mark.parametrize("ahead_ms", [0, 5000, host.AHEAD_MS - 1, host.AHEAD_MS + 3000, 10**12])
def test_a_forged_death_of_ours_is_taken_back_later_than_it_claims_and_at_most_a_day_ahead(ahead_ms: int) -> None:
    plant = Plant(host_id="warehouse")
    birth, _ = sparkplug.presence(plant.options, NOW)
    forged = control.state("warehouse", False, NOW + ahead_ms)
    plant.send(birth.topic, birth.payload)

    assert plant.send(forged.topic, forged.payload) == []
    plant.send(birth.topic, birth.payload)  # an old birth, which no node believes, is no end of it
    answers = plant.tick(host.DENIED_MS)

    at_ms = min(NOW + ahead_ms + 1, NOW + host.DENIED_MS + host.AHEAD_MS)
    assert answers == [control.state("warehouse", True, at_ms)]


def test_repeated_forgery_does_not_put_the_answer_off() -> None:
    plant = Plant(host_id="warehouse")
    birth, _ = sparkplug.presence(plant.options, NOW)
    plant.send(birth.topic, birth.payload)
    answers = []
    for second in range(4):
        forged = control.state("warehouse", False, NOW + 1000 * second)
        plant.send(forged.topic, forged.payload)
        answers += plant.tick(1000)

    assert answers


def test_a_forged_birth_of_a_far_time_is_not_taken_for_ours() -> None:
    plant = Plant(host_id="warehouse")
    birth, _ = sparkplug.presence(plant.options, NOW)
    forged = control.state("warehouse", True, NOW + 2 * host.AHEAD_MS)
    plant.send(birth.topic, birth.payload)
    plant.send(forged.topic, forged.payload)

    assert plant.send(birth.topic, b'{"online":false,"timestamp":1}') == [birth]


@holds("tck-id-operational-behavior-host-application-multi-server-timestamp")
def test_our_time_is_kept_for_each_broker() -> None:
    first, second = Plant(host_id="warehouse"), Plant(host_id="warehouse")
    births = [sparkplug.presence(first.options, at_ms)[0] for at_ms in (NOW, NOW + 9)]
    first.send(births[0].topic, births[0].payload)
    second.send(births[1].topic, births[1].payload)

    for plant, birth in zip((first, second), births, strict=True):
        assert plant.send(birth.topic, b'{"online":false,"timestamp":1}') == [birth]


@pytest.mark.parametrize(
    ("topic", "payload", "text", "flags"),
    [
        ("spBv1.0/STATE/scada", b'{"online":true,"timestamp":%d}' % NOW, "online", ()),
        ("spBv1.0/STATE/scada", b'{"timestamp":%d,"online":false}' % NOW, "offline", ()),
        ("spBv1.0/STATE/scada", b'{"online":true}', "online", ("no_clock",)),
        ("STATE/scada", b"ONLINE", "online", ("no_clock",)),
        ("STATE/scada", b"OFFLINE", "offline", ("no_clock",)),
    ],
)
def test_other_hosts_are_legible_and_change_nothing(
    plant: Plant, topic: str, payload: bytes, text: str, flags: tuple[Any, ...]
) -> None:
    assert plant.send(topic, payload) == [Notice("scada", "STATE", text, NOW, flags)]
    assert weights(plant.say("DDATA", "s1", grams(1.0))) == [1000.0]


@pytest.mark.parametrize("payload", [b"{", b"[]", b'{"online":1}', b"null", b"\xff", b"[" * 2000])
def test_a_state_that_can_not_be_read_is_a_problem(plant: Plant, payload: bytes) -> None:
    assert codes(plant.send("spBv1.0/STATE/scada", payload)) == ["payload.invalid"]


def test_commands_of_others_are_words(plant: Plant) -> None:
    assert [
        one.text for one in of(plant.say("NCMD", "", Metric(control.REBIRTH, True, BOOLEAN), seq=None), Notice)
    ] == ["rebirth"]
    assert [one.text for one in of(plant.say("DCMD", "s1", Metric("Valve", 3, INT32), seq=None), Notice)] == [
        "Valve = 3"
    ]


@holds(
    "tck-id-topic-structure",
    "tck-id-topic-structure-namespace-a",
    "tck-id-topic-structure-namespace-device-id-associated-message-types",
    "tck-id-topic-structure-namespace-device-id-non-associated-message-types",
)
@pytest.mark.parametrize(
    "topic",
    [
        "spBv1.0",
        "spBv1.0/G",
        "spBv1.0/G/NDATA",
        "spBv1.0/G/DDATA/gw",
        "spBv1.0/G/NDATA/gw/s1",
        "spBv1.0/G/NBIRTH/",
        "spBv1.0//NDATA/gw",
        "spBv1.0/G/ndata/gw",
        "spBv1.0/G/DDATA/gw/s1/x",
        "spBv1.0/STATE",
        "spBv1.0/STATE/a/b",
        "spBv2.0/G/NDATA/gw",
        "spBv1.0/G+/NDATA/gw",
        "spBv1.0/G/NDATA/#",
    ],
)
def test_what_is_no_sparkplug_topic_is_a_problem(plant: Plant, topic: str) -> None:
    assert codes(plant.send(topic, b"")) == ["topic.malformed"]


@given(
    *[st.text(st.characters(codec="utf-8"), max_size=8)] * 3, st.sampled_from(topics.NODE_VERBS + topics.DEVICE_VERBS)
)
def test_a_topic_is_read_as_it_was_spelled(group: str, node: str, device: str, verb: str) -> None:
    device = device if verb in topics.DEVICE_VERBS else ""
    try:
        topic = topics.spell(verb, group, node, device)
    except ValueError:
        levels = [group, node, *([device] if verb in topics.DEVICE_VERBS else [])]
        assert any(not one or set(one) & set("+/#\0") for one in levels)
    else:
        if group != topics.STATE:
            assert topics.parse(topic) == (verb, group, node, device)


@holds("tck-id-topic-structure-namespace-duplicate-device-id-across-edge-node")
def test_devices_of_one_name_at_two_nodes_and_nodes_of_one_name_in_two_groups_stay_apart() -> None:
    plant = Plant(group_in_name=True)
    found: list[Decoded] = []
    for group, node in (("G", "a"), ("G", "b"), ("H", "a")):
        found += plant.send(f"spBv1.0/{group}/NBIRTH/{node}", message([], NOW, 0))
        found += plant.send(f"spBv1.0/{group}/DBIRTH/{node}/s1", message(BIRTH, NOW, 1))

    names = [one.device for one in of(found, DeviceStatus)]
    assert names == ["G/a", "G/a/s1", "G/b", "G/b/s1", "H/a", "H/a/s1"]
    assert plant.send("spBv1.0/G/NDEATH/a", message([])) == [
        DeviceStatus("G/a", False, NOW),
        DeviceStatus("G/a/s1", False, NOW),
    ]


def test_the_node_that_was_silent_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "NODES_MAX", 3)
    plant = Plant()
    for node in ("n0", "n1", "n2"):
        plant.bear(node=node)
    plant.say("NDATA", "", seq=2, node="n0")

    plant.bear(node="n3")

    assert list(plant.host.nodes) == [("G", node) for node in ("n2", "n0", "n3")]
    assert codes(plant.say("NDATA", "", seq=2, node="n1")) == ["sparkplug.not_born"]


def test_the_metrics_of_all_nodes_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "DEFINITIONS_MAX", 60)
    plant = Plant()
    for at in range(20):
        plant.bear(node=f"n{at}")
        assert plant.host.definitions == sum(node.size for node in plant.host.nodes.values()) <= 60
    for at in range(40):
        plant.say("DBIRTH", f"d{at}", *BIRTH, node="n19", seq=2 + at)
        assert plant.host.definitions == sum(node.size for node in plant.host.nodes.values()) <= 60
    assert list(plant.host.nodes) == [("G", "n19")]
    assert weights(plant.say("DDATA", "d39", grams(1.0), node="n19", seq=42)) == [1000.0]


def test_being_born_again_and_again_leaves_nothing_behind(plant: Plant) -> None:
    before = plant.host.definitions
    for number in range(50):
        plant.bear(bd_seq=number)
        plant.say("DBIRTH", "s1", *BIRTH)

    assert plant.host.definitions == before


def test_without_a_memory_a_birth_is_read_and_nothing_is_answered() -> None:
    birth = message(BIRTH, NOW, 1)

    assert codes(sparkplug.decode("spBv1.0/G/DDATA/gw/s1", birth, Context(NOW))) == ["sparkplug.not_born"]
    assert weights(sparkplug.decode("spBv1.0/G/NBIRTH/gw", birth, Context(NOW))) == [1500.0]


VERBS = [*topics.NODE_VERBS, *topics.DEVICE_VERBS]
SAID = st.lists(
    st.builds(
        lambda name, alias, at, value: {**name, **alias, **at, **value},
        st.sampled_from([{}, {"name": "bdSeq"}, {"name": "A/Weight"}, {"name": "B"}, {"name": "Node Control/Rebirth"}]),
        st.sampled_from([{}, {"alias": 0}, {"alias": 1}]),
        st.sampled_from([{}, {"timestamp": NOW}, {"timestamp": 5}, {"timestamp": 2**64 - 1}]),
        st.builds(
            lambda datatype, value: {"datatype": datatype, **value},
            st.integers(0, 35),
            st.sampled_from(
                [
                    {"int_value": 2**32 - 1},
                    {"long_value": 2**64 - 1},
                    {"double_value": float("nan")},
                    {"double_value": 1e308},
                    {"float_value": 1.5},
                    {"string_value": "x"},
                    {"bytes_value": b"abc"},
                    {"is_null": True},
                    {
                        "dataset_value": {
                            "columns": ["epc"],
                            "types": [12],
                            "rows": [{"elements": [{"int_value": 9999}]}],
                        }
                    },
                    {"template_value": {"metrics": [{"name": "Weight", "datatype": 10, "double_value": 2.0}]}},
                ]
            ),
        ),
    ),
    max_size=3,
)


@given(
    st.lists(
        st.tuples(st.sampled_from(VERBS), st.sampled_from("ab"), st.sampled_from("xy"), st.integers(-1, 6), SAID),
        max_size=12,
    )
)
def test_no_conversation_breaks_the_host(said: list[tuple[str, str, str, int, list[dict[str, Any]]]]) -> None:
    plant = Plant()
    for verb, node, device, seq, metrics in said:
        topic = topics.spell(verb, "G", node, device if verb.startswith("D") else "")
        fields = {"seq": seq} if seq >= 0 else {}
        for one in plant.send(topic, Message(metrics=metrics, timestamp=NOW, **fields).SerializeToString()):
            msgspec.json.encode(one)
        nodes = plant.host.nodes.values()
        assert plant.host.definitions == sum(known.size for known in nodes)
        assert plant.host.held_bytes == sum(held.said.size for known in nodes for held in known.held.values())
        for one in plant.tick(900):
            msgspec.json.encode(one)
