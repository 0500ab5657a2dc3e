"""What our edge node tells, and what it keeps while nobody can be told."""

from __future__ import annotations

import pytest

from protocols.sparkplug import node as module
from protocols.sparkplug.control import rebirth
from protocols.sparkplug.node import STALE, EdgeNode, Presence, Update
from protocols.sparkplug.payload import DOUBLE, INT64, STRING
from tests.unit.sparkplug_auditor import COMMANDS, count, living, present, said, told, values, weight
from tests.unit.sparkplug_plant import NOW
from tests.unit.sparkplug_statements import holds


@pytest.fixture
def live() -> EdgeNode:
    return living()


@holds("tck-id-payloads-nbirth-rebirth-req", "tck-id-topics-nbirth-rebirth-metric")
def test_births_say_the_session_then_every_metric_of_every_device(live: EdgeNode) -> None:
    live.tell([Update("zone:hall", "Ambient/t/Temperature", 4.5, DOUBLE, NOW - 9, "°C")], NOW)
    request = rebirth("WH", "gw", NOW)

    published = live.hear(request.topic, request.payload, NOW + 2000).publish

    assert told(published) == ["NBIRTH", "DBIRTH s1", "DBIRTH zone:hall"]
    shelf, zone = said(published[1]), said(published[2])
    assert [(m.name, m.value, m.datatype) for m in shelf.metrics] == [
        ("Bin/1/Count", None, INT64),
        ("Bin/1/Mass", None, DOUBLE),
    ]
    assert [m.properties for m in shelf.metrics] == [{}, {"engUnit": "g"}]
    assert [(m.name, m.value, m.at_ms, m.properties) for m in zone.metrics] == [
        ("Ambient/t/Temperature", 4.5, NOW - 9, {"engUnit": "°C"})
    ]


@holds(
    "tck-id-topics-ddata-payload",
    "tck-id-operational-behavior-data-publish-dbirth-change",
    "tck-id-principles-rbe-recommended",
    "tck-id-operational-behavior-data-publish-dbirth-order",
)
def test_only_what_changed_is_told(live: EdgeNode) -> None:
    (first,) = live.tell([count(5, NOW + 1), weight(1250.0, NOW)], NOW + 1)
    nothing = live.tell([count(5, NOW + 2), weight(1250.0, NOW + 2)], NOW + 2)
    (second,) = live.tell([count(4, NOW + 3), weight(1250.0, NOW + 3)], NOW + 3)

    assert values(first) == [1250.0, 5], "in the order of their times"
    assert nothing == []
    assert values(second) == [4]


def test_data_tells_its_datatypes_as_one_widespread_reader_needs_them(live: EdgeNode) -> None:
    (data,) = live.tell([count(5, NOW)], NOW)

    assert [(m.name, m.alias, m.datatype) for m in said(data).metrics] == [("", 1, INT64)]


def test_what_is_older_than_the_present_value_is_historical(live: EdgeNode) -> None:
    live.tell([count(5, NOW)], NOW)

    (late,) = live.tell([count(7, NOW - 5000)], NOW + 1)

    assert [(m.value, m.historical) for m in said(late).metrics] == [(7, True)]
    assert live.devices["s1"].facts["Bin/1/Count"].value == 5


@holds(
    "tck-id-topics-dbirth-metric-reqs",
    "tck-id-operational-behavior-data-publish-dbirth",
    "tck-id-operational-behavior-data-publish-nbirth",
    "tck-id-topics-nbirth-metric-reqs",
)
def test_a_metric_that_is_new_bears_its_device_again(live: EdgeNode) -> None:
    published = live.tell([Update("s1", "Bin/1/Reason", "moved", STRING, NOW), count(5, NOW)], NOW)

    assert told(published) == ["DBIRTH s1"]
    assert present(published[0]) == {
        "Bin/1/Count": 5,
        "Bin/1/Mass": None,
        "Bin/1/Reason": "moved",
    }


@holds("tck-id-operational-behavior-device-ddeath", "tck-id-topics-ddeath-mqtt", "tck-id-payloads-ddeath-timestamp")
def test_a_device_that_goes_dies_and_is_born_when_it_comes_back(live: EdgeNode) -> None:
    (death,) = live.tell([Presence("s1", False)], NOW)
    again = live.tell([Presence("s1", False)], NOW)
    meanwhile = live.tell([count(4, NOW + 5), count(3, NOW + 6)], NOW + 6)
    birth, missed = live.tell([Presence("s1", True)], NOW + 10)

    assert (death.topic, said(death).at_ms, said(death).metrics) == ("spBv1.0/WH/DDEATH/gw/s1", NOW, [])
    assert (again, meanwhile) == ([], [])
    assert birth.topic == "spBv1.0/WH/DBIRTH/gw/s1"
    assert present(birth)["Bin/1/Count"] == 3
    assert [(m.value, m.at_ms, m.historical) for m in said(missed).metrics] == [(4, NOW + 5, True)]


def test_a_stale_value_carries_its_quality_until_it_is_good_again(live: EdgeNode) -> None:
    live.tell([count(5, NOW)], NOW)

    (stale,) = live.tell([count(5, NOW + 1)._replace(quality=STALE)], NOW + 1)
    (good,) = live.tell([count(5, NOW + 2)], NOW + 2)

    assert said(stale).metrics[0].properties == {"Quality": STALE}
    assert said(good).metrics[0].properties == {}


@holds(
    "tck-id-payloads-ndeath-will-message-publisher",
    "tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt311",
    "tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath",
)
def test_who_leaves_says_its_death_once(live: EdgeNode) -> None:
    (death,) = live.leave(NOW)

    assert (death.topic, death.qos) == ("spBv1.0/WH/NDEATH/gw", 1)
    assert live.leave(NOW) == []
    assert live.tell([count(9, NOW)], NOW) == []


def test_a_flood_of_requests_is_answered_once_a_second(live: EdgeNode) -> None:
    request = rebirth("WH", "gw", NOW).payload
    born = [live.hear(COMMANDS, request, NOW + ms).publish for ms in range(500, 1000)]

    assert not any(born)
    assert live.tick(NOW + 999) == []
    assert len(live.tick(NOW + 1000)) == 2
    assert live.tick(NOW + 5000) == []


REFUSED = rebirth("WH", "gw", NOW).payload.replace(b"\x70\x01", b"\x70\x00")


@pytest.mark.parametrize("payload", [b"\xff", b"", REFUSED], ids=["bad", "empty", "false"])
def test_what_is_no_request_changes_nothing(live: EdgeNode, payload: bytes) -> None:
    assert live.hear(COMMANDS, payload, NOW + 5000).publish == []
    assert live.tick(NOW + 9000) == []


# --- while nobody can be told ---


def test_what_happened_while_away_is_historical_and_the_present_value_is_in_the_birth(live: EdgeNode) -> None:
    live.tell([count(5, NOW)], NOW)
    live.lost()
    for step in range(1, 4):
        assert live.tell([count(5 - step, NOW + step)], NOW + step) == []

    live.connect(NOW + 10)
    _, birth, missed = live.arrive(NOW + 10)

    assert present(birth)["Bin/1/Count"] == 2
    assert [(m.value, m.at_ms, m.historical) for m in said(missed).metrics] == [(4, NOW + 1, True), (3, NOW + 2, True)]
    assert live.stored == type(live.stored)()


def test_what_is_stored_has_a_limit_and_comes_in_batches(live: EdgeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STORED_MAX", 100)
    monkeypatch.setattr(module, "BATCH_MAX", 30)
    live.lost()
    for step in range(150):
        live.tell([count(step, NOW + step)], NOW + step)

    live.connect(NOW + 200)
    _, _, *missed = live.arrive(NOW + 200)

    assert live.dropped == 50
    assert [len(said(one).metrics) for one in missed] == [30, 30, 30, 9]
    assert values(missed[0])[0] == 50


def test_metrics_have_a_limit(live: EdgeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "METRICS_MAX", 5)

    live.tell([Update("s1", f"m{number}", 1.0, DOUBLE, NOW) for number in range(9)], NOW)

    assert live.untold == 6
    assert len(live.devices["s1"].facts) == 5


@holds(
    "tck-id-topic-structure-namespace-valid-edge-node-id",
    "tck-id-topic-structure-namespace-valid-group-id",
    "tck-id-intro-group-id-chars",
    "tck-id-intro-edge-node-id-chars",
)
@pytest.mark.parametrize("name", ["", "a/b", "a+", "#"])
def test_names_that_can_not_be_levels_are_refused(name: str) -> None:
    for group, node, host in ((name, "gw", ""), ("WH", name, "")):
        with pytest.raises(ValueError, match="can not be a Sparkplug name"):
            EdgeNode(group, node, host)
