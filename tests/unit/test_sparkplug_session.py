"""Our edge node's sessions: whatever happens to it, what it publishes obeys the specification, and no value is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.readings import Reading
from protocols.sparkplug import node as module
from protocols.sparkplug.control import rebirth, state
from protocols.sparkplug.node import STALE, EdgeNode, Presence, Update
from protocols.sparkplug.payload import INT64
from tests.unit.sparkplug_auditor import COMMANDS, STATE, Auditor, count, living, said, told
from tests.unit.sparkplug_plant import NOW, of
from tests.unit.sparkplug_statements import holds


@pytest.fixture
def live() -> EdgeNode:
    return living()


@holds(
    "tck-id-payloads-ndeath-will-message",
    "tck-id-payloads-ndeath-bdseq",
    "tck-id-payloads-nbirth-bdseq-repeat",
    "tck-id-topics-nbirth-bdseq-matching",
    "tck-id-topics-ndeath-payload",
    "tck-id-payloads-ndeath-will-message-qos",
    "tck-id-payloads-ndeath-will-message-retain",
    "tck-id-payloads-ndeath-seq",
    "tck-id-topics-ndeath-seq",
    "tck-id-topics-ndeath-topic",
    "tck-id-topics-nbirth-bdseq-increment",
    "tck-id-topics-nbirth-bdseq-included",
    "tck-id-payloads-nbirth-bdseq",
    "tck-id-message-flow-edge-node-birth-publish-will-message-qos",
    "tck-id-message-flow-edge-node-birth-publish-will-message-topic",
    "tck-id-message-flow-edge-node-birth-publish-will-message-payload",
    "tck-id-message-flow-edge-node-birth-publish-will-message-will-retained",
)
def test_every_connection_has_the_next_number_in_will_and_birth_and_255_is_followed_by_0() -> None:
    node, auditor = EdgeNode("WH", "gw"), Auditor()

    for _ in range(300):
        auditor.will(node.connect(NOW))
        auditor.take(node.arrive(NOW))

    assert auditor.bd_seqs == [number & 0xFF for number in range(300)]


def test_after_255_the_numbers_of_a_session_begin_again_at_0(live: EdgeNode) -> None:
    auditor = Auditor()
    auditor.will(live.connect(NOW))
    auditor.take(live.arrive(NOW))

    for step in range(600):
        auditor.take(live.tell([count(step, NOW + step)], NOW + step))

    assert auditor.current["s1", "Bin/1/Count"] == 599


def test_a_dead_device_is_not_born_with_its_node(live: EdgeNode) -> None:
    live.tell([Presence("s1", False)], NOW)

    answer = live.hear(COMMANDS, rebirth("WH", "gw", NOW).payload, NOW + 2000)

    assert told(answer.publish) == ["NBIRTH"]


@holds(
    "tck-id-operational-behavior-data-commands-rebirth-action-1",
    "tck-id-operational-behavior-data-commands-rebirth-action-2",
    "tck-id-operational-behavior-data-commands-rebirth-action-3",
    "tck-id-operational-behavior-data-commands-rebirth-name",
    "tck-id-operational-behavior-data-commands-rebirth-name-aliases",
    "tck-id-operational-behavior-data-commands-rebirth-datatype",
    "tck-id-operational-behavior-data-commands-rebirth-value",
)
def test_a_rebirth_is_all_births_in_the_same_session(live: EdgeNode) -> None:
    auditor = Auditor()
    auditor.will(live.connect(NOW))
    auditor.take(live.arrive(NOW))
    live.tell([count(5, NOW)], NOW)

    answer = live.hear(COMMANDS, rebirth("WH", "gw", NOW).payload, NOW + 2000)

    auditor.take(answer.publish)
    assert not answer.hang_up
    assert told(answer.publish) == ["NBIRTH", "DBIRTH s1"]
    assert [said(one).seq for one in answer.publish] == [0, 1]


def waiting() -> EdgeNode:
    node = EdgeNode("WH", "gw", "scada")
    node.connect(NOW)
    assert node.arrive(NOW) == []
    return node


def host_says(node: EdgeNode, online: bool, at_ms: int) -> module.Answer:
    one = state("scada", online, at_ms)
    return node.hear(one.topic, one.payload, NOW + 5000)


@holds(
    "tck-id-message-flow-edge-node-birth-publish-phid-wait",
    "tck-id-message-flow-edge-node-birth-publish-phid-wait-online",
    "tck-id-message-flow-edge-node-birth-publish-phid-wait-id",
    "tck-id-operational-behavior-edge-node-birth-sequence-wait",
)
def test_births_wait_for_the_primary_host() -> None:
    node = waiting()
    assert STATE in node.filters

    assert host_says(node, False, NOW - 5).publish == []
    other = state("elsewhere", True, NOW)
    assert node.hear(other.topic, other.payload, NOW).publish == []
    assert node.hear(STATE, b"{", NOW).publish == []
    assert len(host_says(node, True, NOW).publish) == 1


@holds(
    "tck-id-message-flow-edge-node-birth-publish-phid-wait-timestamp",
    "tck-id-operational-behavior-edge-node-termination-host-offline-timestamp",
    "tck-id-operational-behavior-edge-node-termination-host-offline",
    "tck-id-message-flow-edge-node-birth-publish-phid-offline",
)
def test_the_state_of_an_earlier_session_of_the_host_is_not_believed() -> None:
    node = waiting()
    host_says(node, False, NOW)
    assert host_says(node, True, NOW - 1).publish == []
    assert len(host_says(node, True, NOW).publish) == 1

    assert host_says(node, False, NOW - 1) == module.Answer([])
    answer = host_says(node, False, NOW)

    assert [one.topic for one in answer.publish] == ["spBv1.0/WH/NDEATH/gw"]
    assert answer.hang_up


@holds("tck-id-operational-behavior-edge-node-termination-host-offline-reconnect")
def test_after_the_host_went_the_next_connection_waits_again() -> None:
    node = waiting()
    host_says(node, True, NOW)
    host_says(node, False, NOW)

    node.connect(NOW)
    assert node.arrive(NOW) == []
    assert node.tell([count(5, NOW)], NOW) == []
    published = host_says(node, True, NOW + 1).publish

    assert told(published) == ["NBIRTH", "DBIRTH s1"]


def test_on_every_connection_the_hosts_state_is_asked_anew() -> None:
    node = waiting()
    host_says(node, True, NOW)

    node.connect(NOW)

    assert node.arrive(NOW) == [], "it may have gone while we were away"


LINK = ("lost", "connect", "arrive", "rebirth", "leave", "tick")
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.sampled_from("ab"), st.sampled_from("mn"), st.integers(0, 3)),
        st.tuples(st.just("twice"), st.sampled_from("ab"), st.sampled_from("mn"), st.integers(0, 3)),
        st.tuples(st.just("late"), st.sampled_from("ab"), st.sampled_from("mn"), st.integers(0, 3)),
        st.tuples(st.just("presence"), st.sampled_from("ab"), st.booleans(), st.just(0)),
        st.tuples(st.sampled_from(LINK), st.just(""), st.just(""), st.just(0)),
        st.tuples(st.just("host"), st.just(""), st.booleans(), st.just(0)),
    ),
    max_size=40,
)


@holds(
    "tck-id-payloads-alias-uniqueness",
    "tck-id-payloads-alias-birth-requirement",
    "tck-id-payloads-alias-data-cmd-requirement",
    "tck-id-payloads-name-requirement",
    "tck-id-payloads-metric-datatype-value",
    "tck-id-payloads-metric-datatype-value-type",
    "tck-id-payloads-metric-propertyvalue-type-type",
    "tck-id-payloads-metric-propertyvalue-type-value",
    "tck-id-payloads-propertyset-keys-array-size",
    "tck-id-payloads-propertyset-values-array-size",
    "tck-id-payloads-propertyset-quality-value-type",
    "tck-id-payloads-propertyset-quality-value-value",
    "tck-id-payloads-sequence-num-incrementing",
    "tck-id-payloads-sequence-num-req-nbirth",
    "tck-id-payloads-ddata-seq-inc",
    "tck-id-payloads-ddeath-seq-number",
    "tck-id-message-flow-edge-node-birth-publish-nbirth-payload-seq",
    "tck-id-operational-behavior-data-publish-dbirth-values",
    "tck-id-operational-behavior-data-publish-nbirth-values",
    "tck-id-intro-group-id-string",
    "tck-id-intro-edge-node-id-string",
    "tck-id-intro-device-id-string",
    "tck-id-message-flow-edge-node-birth-publish-connect",
    "tck-id-payloads-dbirth-order",
    "tck-id-payloads-ddata-order",
    "tck-id-payloads-dbirth-seq",
    "tck-id-payloads-dbirth-seq-inc",
    "tck-id-payloads-dbirth-qos",
    "tck-id-payloads-dbirth-retain",
    "tck-id-payloads-dbirth-timestamp",
    "tck-id-payloads-ddata-qos",
    "tck-id-payloads-ddata-retain",
    "tck-id-payloads-ddata-seq",
    "tck-id-payloads-ddata-timestamp",
    "tck-id-payloads-ddeath-seq",
    "tck-id-payloads-ddeath-seq-inc",
    "tck-id-payloads-nbirth-qos",
    "tck-id-payloads-nbirth-retain",
    "tck-id-payloads-nbirth-seq",
    "tck-id-payloads-nbirth-timestamp",
    "tck-id-payloads-metric-datatype-req",
    "tck-id-payloads-metric-propertyvalue-type-req",
    "tck-id-payloads-name-birth-data-requirement",
    "tck-id-payloads-sequence-num-always-included",
    "tck-id-principles-birth-certificates-order",
    "tck-id-topics-dbirth-metrics",
    "tck-id-topics-dbirth-mqtt",
    "tck-id-topics-dbirth-seq",
    "tck-id-topics-dbirth-timestamp",
    "tck-id-topics-dbirth-topic",
    "tck-id-topics-ddata-mqtt",
    "tck-id-topics-ddata-seq-num",
    "tck-id-topics-ddata-timestamp",
    "tck-id-topics-ddata-topic",
    "tck-id-topics-ddeath-seq-num",
    "tck-id-topics-ddeath-topic",
    "tck-id-topics-nbirth-metrics",
    "tck-id-topics-nbirth-mqtt",
    "tck-id-topics-nbirth-seq-num",
    "tck-id-topics-nbirth-timestamp",
    "tck-id-topics-nbirth-topic",
    "tck-id-operational-behavior-data-publish-nbirth-order",
    "tck-id-message-flow-device-birth-publish-nbirth-wait",
    "tck-id-message-flow-device-birth-publish-dbirth-match-edge-node-topic",
    "tck-id-message-flow-device-birth-publish-dbirth-payload",
    "tck-id-message-flow-device-birth-publish-dbirth-payload-seq",
    "tck-id-message-flow-device-birth-publish-dbirth-qos",
    "tck-id-message-flow-device-birth-publish-dbirth-retained",
    "tck-id-message-flow-device-birth-publish-dbirth-topic",
    "tck-id-message-flow-edge-node-birth-publish-nbirth-payload",
    "tck-id-message-flow-edge-node-birth-publish-nbirth-qos",
    "tck-id-message-flow-edge-node-birth-publish-nbirth-retained",
    "tck-id-message-flow-edge-node-birth-publish-nbirth-topic",
)
@given(ACTS, st.booleans())
def test_whatever_happens_the_rules_hold_and_nothing_is_lost(acts: list[Any], with_host: bool) -> None:
    node, auditor = EdgeNode("WH", "gw", "scada" if with_host else ""), Auditor()
    changed: set[tuple[str, str, Any, int]] = set()
    now_ms, connecting = NOW, False
    for act, device, what, value in [*acts, ("lost", "", "", 0), ("connect", "", "", 0), ("arrive", "", "", 0)]:
        now_ms += 700
        if act in ("tell", "late", "twice"):
            at_ms = now_ms - (5000 if act == "late" else 0)
            before = node.devices[device].facts.get(what) if device in node.devices else None
            if before is None or before.value != (value or None):
                changed.add((device, what, value or None, at_ms))
            quality = STALE if value == 3 else 192
            updates = [Update(device, what, value or None, INT64, at_ms, "g", quality)]
            if act == "twice":
                updates.append(Update(device, what, 77, INT64, at_ms + 1, "g"))
                changed.add((device, what, 77, at_ms + 1))
            auditor.take(node.tell(updates, now_ms))
        elif act == "presence":
            auditor.take(node.tell([Presence(device, bool(what))], now_ms))
        elif act == "lost" and node.connected:
            node.lost()
            auditor.take([auditor.wills[-1]])
        elif act == "connect" and not node.connected:
            connecting = True
            auditor.will(node.connect(now_ms))
        elif act == "arrive" and connecting and not node.connected:
            connecting = False
            auditor.take(node.arrive(now_ms))
        elif act == "rebirth" and node.connected:
            auditor.take(node.hear(COMMANDS, rebirth("WH", "gw", now_ms).payload, now_ms).publish)
        elif act == "leave" and node.connected:
            auditor.take(node.leave(now_ms))
        elif act == "tick":
            auditor.take(node.tick(now_ms))
        elif act == "host" and node.connected and with_host:
            answer = node.hear(STATE, state("scada", bool(what), now_ms).payload, now_ms)
            auditor.take(answer.publish)
            assert not answer.hang_up or not node.connected
    auditor.take(node.hear(STATE, state("scada", True, now_ms).payload, now_ms).publish)
    auditor.take(node.tell([Presence("a", True), Presence("b", True)], now_ms + 1))

    assert node.live
    assert auditor.current == {(d, n): fact.value for d, one in node.devices.items() for n, fact in one.facts.items()}
    assert changed <= auditor.heard
    assert not node.stored
    assert of(auditor.plant.tick(60_000), Reading) == []
    online = {one.name for one in auditor.plant.host.nodes["WH", "gw"].parts.values() if one.online}
    assert online == {"gw", *(f"gw/{name}" for name in node.devices)}
