"""Sparkplug messages in a wrong order, lost ones, and what is asked for then."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.readings import Decoded, DeviceStatus, Problem, Publish, Reading
from protocols.sparkplug import control, host
from protocols.sparkplug.payload import (
    BOOLEAN,
    DOUBLE,
    INT64,
    STRING,
    Metric,
    Payload,
    decode,
)
from tests.unit.sparkplug_plant import BIRTH, NOW, Plant, codes, grams, of, weights
from tests.unit.sparkplug_statements import holds


@pytest.fixture
def plant() -> Plant:
    one = Plant()
    one.bear()
    return one


@pytest.mark.parametrize("first", [0, 17, 254])
def test_one_number_counts_for_the_node_and_its_devices_and_begins_again_after_255(first: int) -> None:
    plant = Plant()
    plant.say("NBIRTH", "", seq=first)
    plant.say("DBIRTH", "s1", *BIRTH, seq=(first + 1) & 0xFF)

    for number in range(2, 600):
        verb, device = ("NDATA", "") if number % 3 else ("DDATA", "s1")
        metric = Metric("Uptime", number, INT64, at_ms=NOW)
        (reading,) = plant.say(verb, device, metric, seq=(first + number) & 0xFF)
        assert isinstance(reading, Reading)
        assert reading.values == [float(number)]


@holds("tck-id-operational-behavior-host-reordering-start", "tck-id-operational-behavior-host-reordering-success")
def test_messages_in_a_wrong_order_are_put_right(plant: Plant) -> None:
    found = [plant.say("DDATA", "s1", grams(float(seq)), seq=seq) for seq in (4, 3, 6, 2, 5)]

    assert [weights(one) for one in found] == [[], [], [], [2000.0, 3000.0, 4000.0], [5000.0, 6000.0]]
    assert plant.tick(60_000) == []


@holds(
    "tck-id-operational-behavior-host-reordering-rebirth",
    "tck-id-operational-behavior-host-reordering-param",
    "tck-id-operational-behavior-data-commands-ncmd-rebirth-name",
    "tck-id-operational-behavior-data-commands-ncmd-rebirth-value",
    "tck-id-operational-behavior-data-commands-ncmd-rebirth-verb",
    "tck-id-operational-behavior-data-commands-ncmd-verb",
    "tck-id-operational-behavior-data-commands-ncmd-metric-name",
    "tck-id-operational-behavior-data-commands-ncmd-metric-value",
    "tck-id-topics-ncmd-mqtt",
    "tck-id-topics-ncmd-payload",
    "tck-id-topics-ncmd-timestamp",
    "tck-id-topics-ncmd-topic",
    "tck-id-payloads-ncmd-qos",
    "tck-id-payloads-ncmd-retain",
    "tck-id-payloads-ncmd-seq",
    "tck-id-payloads-ncmd-timestamp",
    "tck-id-payloads-name-cmd-requirement",
)
def test_after_the_reorder_timeout_what_waits_is_read_and_the_node_asked_to_be_born_again() -> None:
    plant = Plant(reorder_ms=700)
    plant.bear()
    assert plant.say("DDATA", "s1", grams(5.0), seq=5) == []
    plant.now_ms += 300
    assert plant.say("DDATA", "s1", grams(4.0), seq=4) == []

    assert plant.tick(399) == []
    found = plant.tick(1)

    assert weights(found) == [4000.0, 5000.0]
    assert codes(found) == ["sequence.gap"]
    assert "2 messages of node 'gw' are missing" in of(found, Problem)[0].detail
    (asked,) = of(found, Publish)
    assert (asked.topic, asked.qos, asked.retain) == ("spBv1.0/G/NCMD/gw", 0, False)
    said = decode(asked.payload)
    assert isinstance(said, Payload)
    assert (said.seq, said.at_ms) == (None, plant.now_ms)
    assert [(one.name, one.value, one.datatype) for one in said.metrics] == [("Node Control/Rebirth", True, BOOLEAN)]
    assert weights(plant.say("DDATA", "s1", grams(6.0), seq=6)) == [6000.0]


def test_many_lost_messages_are_a_gap_whatever_the_number(plant: Plant) -> None:
    """Half a circle behind or ahead: a number tells no direction."""
    for seq in (200, 201):
        plant.say("DDATA", "s1", grams(float(seq)), seq=seq)

    assert weights(plant.tick(5000)) == [200_000.0, 201_000.0]


def test_a_message_that_comes_twice_is_read_once(plant: Plant) -> None:
    first = plant.say("DDATA", "s1", grams(2.0), seq=2)
    again = plant.say("DDATA", "s1", grams(2.0), seq=2)

    assert (weights(first), again) == ([2000.0], [])
    assert plant.tick(60_000) == []


def test_two_publishers_under_one_name_are_found_out(plant: Plant) -> None:
    plant.say("DDATA", "s1", grams(2.0), seq=9)

    found = plant.say("DDATA", "s1", grams(7.0), seq=9)

    assert weights(found) == [2000.0]
    assert "second publisher" in of(found, Problem)[0].hint


def test_too_many_waiting_messages_are_a_gap_at_once(plant: Plant) -> None:
    found = [plant.say("DDATA", "s1", grams(1.0), seq=seq) for seq in range(3, 3 + host.HELD_MAX + 1)]

    assert [len(weights(one)) for one in found] == [0] * host.HELD_MAX + [host.HELD_MAX + 1]


def test_waiting_messages_have_a_limit_in_bytes_of_all_nodes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "HELD_BYTES_MAX", 5000)
    plant = Plant()
    for node in ("a", "b"):
        plant.bear(node=node)
    texts = [Metric("Log", "x" * 1500, STRING, at_ms=NOW)]

    found = [plant.say("DDATA", "s1", *texts, seq=seq, node=node) for seq in (7, 9) for node in ("a", "b")]

    assert [[one.device for one in of(some, Problem)] for some in found] == [[], [], [], ["a"]]
    assert 0 < plant.host.held_bytes <= 5000
    plant.tick(60_000)
    assert plant.host.held_bytes == 0


def test_gaps_of_too_many_nodes_are_given_up_oldest_first() -> None:
    plant = Plant()
    for at in range(host.HELD_NODES_MAX + 1):
        plant.bear(node=f"n{at}")
    found = [plant.say("DDATA", "s1", grams(1.0), seq=9, node=f"n{at}") for at in range(host.HELD_NODES_MAX + 1)]

    assert [codes(one) for one in found[:-1]] == [[]] * host.HELD_NODES_MAX
    assert [one.device for one in of(found[-1], Problem)] == ["n0"]


def test_a_birth_ends_the_waiting(plant: Plant) -> None:
    plant.say("DDATA", "s1", grams(9.0), seq=9)

    found = plant.say("NBIRTH", "", Metric("bdSeq", 0, INT64))

    assert weights(found) == [9000.0]
    assert of(found, Publish) == [], "it was just born"
    assert plant.tick(60_000)[0] == DeviceStatus("gw/s1", False, plant.now_ms)


def test_data_without_a_number_is_read_as_it_comes(plant: Plant) -> None:
    assert weights(plant.say("DDATA", "s1", grams(2.0), seq=None)) == [2000.0]
    assert weights(plant.say("DDATA", "s1", grams(3.0), seq=2)) == [3000.0]


@given(st.permutations(range(2, 12)), st.randoms(use_true_random=False))
def test_however_they_are_shuffled_all_values_come_in_order(order: list[int], rng: random.Random) -> None:
    plant = Plant()
    plant.bear()

    found: list[Decoded] = []
    for seq in order:
        found += plant.say("DDATA", "s1", grams(float(seq)), seq=seq)
        if rng.random() < 0.2:  # some come twice
            found += plant.say("DDATA", "s1", grams(float(seq)), seq=seq)

    assert weights(found) == [1000.0 * seq for seq in range(2, 12)]


@pytest.mark.parametrize(("verb", "device"), [("NDATA", ""), ("DDATA", "s1"), ("DBIRTH", "s1"), ("DDEATH", "s1")])
def test_a_node_that_was_never_born_is_asked_for_a_birth(verb: str, device: str) -> None:
    plant = Plant()

    found = plant.say(verb, device, seq=7)

    assert codes(found) == ["sparkplug.not_born"]
    assert [one.topic for one in of(found, Publish)] == ["spBv1.0/G/NCMD/gw"]


def test_data_of_an_unknown_device_asks_for_a_birth(plant: Plant) -> None:
    found = plant.say("DDATA", "s2", grams(1.0))

    assert codes(found) == ["sparkplug.not_born"]
    assert len(of(found, Publish)) == 1


def test_an_unknown_alias_asks_for_a_birth_and_the_others_are_read(plant: Plant) -> None:
    found = plant.say("DDATA", "s1", Metric("", 1.0, DOUBLE, 55), grams(2.0), Metric("New", 1.0))

    assert weights(found) == [2000.0]
    assert "alias 55, name 'New'" in of(found, Problem)[0].detail
    assert len(of(found, Publish)) == 1


def test_a_node_is_not_asked_again_before_it_can_have_answered() -> None:
    plant = Plant()
    asked = []
    for _ in range(3600):
        plant.now_ms += 1000
        if of(plant.say("DDATA", "s1", grams(1.0)), Publish):
            asked.append((plant.now_ms - NOW) // 1000)

    assert asked == [1, 11, 31, 71, 151, 311, 631, 1271, 2171, 3071], "the wait doubles up to a quarter of an hour"


def test_a_request_that_was_lost_is_made_again_and_not_for_ever() -> None:
    plant = Plant()
    asked = len(of(plant.say("DDATA", "s1", grams(1.0)), Publish))

    for _ in range(7200):
        asked += len(of(plant.tick(1000), Publish))

    assert asked == control.TRIES_MAX
    assert len(of(plant.say("DDATA", "s1", grams(1.0)), Publish)) == 1, "it speaks again"


def test_a_node_that_obeyed_is_asked_soon_when_it_is_needed_again(plant: Plant) -> None:
    plant.say("DDATA", "s2")
    plant.now_ms += 3_600_000

    plant.bear()
    assert len(of(plant.say("DDATA", "s2"), Publish)) == 1
    plant.now_ms += control.EVERY_MS
    assert len(of(plant.say("DDATA", "s2"), Publish)) == 1


def test_many_nodes_are_asked_a_few_at_a_time_and_none_is_forgotten() -> None:
    plant = Plant()
    asked: list[str] = []
    for at in range(100):
        asked += [one.topic for one in of(plant.say("NDATA", "", node=f"n{at}"), Publish)]
    assert len(asked) == control.ASKS_PER_S

    for _ in range(4):
        asked += [one.topic for one in of(plant.tick(1000), Publish)]
    assert sorted(asked) == sorted(f"spBv1.0/G/NCMD/n{at}" for at in range(100))
    assert plant.tick(1000) == []


def test_a_birth_that_comes_by_itself_needs_no_asking() -> None:
    plant = Plant()
    for at in range(control.ASKS_PER_S):
        plant.say("NDATA", "", node=f"n{at}")
    assert of(plant.say("NDATA", ""), Publish) == []

    plant.bear()

    assert of(plant.tick(1000), Publish) == []


def test_the_dead_are_not_asked() -> None:
    plant = Plant()
    plant.bear()
    for at in range(control.ASKS_PER_S):
        plant.say("NDATA", "", node=f"n{at}")
    assert of(plant.say("DDATA", "s2"), Publish) == []

    plant.die(0)

    assert of(plant.tick(1000), Publish) == []


def test_a_host_that_may_not_ask_only_listens() -> None:
    plant = Plant(rebirth=False)

    assert codes(plant.say("DDATA", "s1")) == ["sparkplug.not_born"]
    assert of(plant.say("DDATA", "s1"), Publish) == []
    assert plant.tick(60_000) == []
