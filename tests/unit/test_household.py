"""What the gateway tells Home Assistant: devices and sensors that it takes, and how they are, and what goes again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.core.household import COMPONENTS_MAX, Household
from protocols.layout import Site, parse
from protocols.readings import Publish
from protocols.reports import Alarm, Series, SlotLevel, StockEvent
from tests.unit.household_schema import flaws

TEXT = """
[site]
id = "depot"
name = "Depot"
[[zones]]
id = "hall"
name = "Hall"
[[zones]]
id = "cold"
name = "Cold room"
min_c = 2
max_c = 8
[[skus]]
id = "bolt"
name = "Bolt M8"
unit_mass_g = 50.0
[[skus]]
id = "milk"
name = "牛奶"
unit_mass_g = 1000.0
[[devices]]
id = "shelf"
kind = "shelf"
zone = "hall"
[[devices]]
id = "probe"
kind = "climate"
zone = "cold"
[[devices]]
id = "chiller"
kind = "machine"
zone = "cold"
"""
SLOTS = {"A1": "bolt", "A2": "bolt", "B1": "milk"}
AT_MS = 1_763_762_400_000
GATEWAY = "homeassistant/device/wh_depot_gw/config"
HALL, COLD = (f"homeassistant/device/wh_depot_gw-{zone}/config" for zone in ("hall", "cold"))


def site(**slots: str) -> Site:
    text = "".join(
        f'[[slots]]\nid = "{slot}"\nzone = "hall"\nsku = "{sku}"\ndevice = "shelf"\nchannel = "{slot}"\n'
        for slot, sku in slots.items()
    )
    return parse(TEXT + text)


def level(slot: str, count: int | None, low: int = 0) -> SlotLevel:
    low = low if count is None else count
    return SlotLevel(slot, SLOTS[slot], count, low, low + 5, 0.99, 100.0, AT_MS)


def begun(home: Household, *retained: Publish) -> list[Publish]:
    """What is said at the beginning, where the broker has this of us."""
    for one in retained:
        home.heard(one.topic, one.payload)
    return home.heard(home.marker.topic, b"")


def said(told: list[Publish]) -> dict[str, Any]:
    """The last word on each topic."""
    assert all(one.retain and one.qos == 1 for one in told)
    return {one.topic.removeprefix("wh/ha/depot/gw/"): json.loads(one.payload or b"null") for one in told}


def test_home_assistant_takes_every_configuration() -> None:
    told = begun(Household(site(**SLOTS), "gw"))
    configs = {one.topic: json.loads(one.payload) for one in told if one.topic.endswith("/config")}

    assert set(configs) == {GATEWAY, HALL, COLD}
    assert [flaw for topic, config in configs.items() for flaw in flaws(topic, config)] == []
    assert [*configs[GATEWAY]["components"]] == ["alarms", "sku_bolt", "sku_milk"]
    assert [*configs[HALL]["components"]] == ["slot_A1", "slot_A2", "slot_B1"]
    assert [*configs[COLD]["components"]] == ["temperature"]
    ids = [one["unique_id"] for config in configs.values() for one in config["components"].values()]
    assert len({*ids}) == len(ids) == 7
    assert {config["availability_topic"] for config in configs.values()} == {"wh/ha/depot/gw/status"}


def test_an_sku_has_its_name_and_unit_and_a_slot_is_seen_only_where_somebody_enables_it() -> None:
    told = said(begun(Household(site(**SLOTS), "gw")))

    milk = told[GATEWAY]["components"]["sku_milk"]
    assert (milk["name"], milk["unit_of_measurement"], "enabled_by_default" in milk) == ("牛奶", "units", False)
    assert told[HALL]["components"]["slot_A1"]["enabled_by_default"] is False
    assert told[COLD]["device"]["suggested_area"] == "Cold room"


def test_an_sku_is_the_sum_of_its_slots_and_unknown_while_one_of_them_is() -> None:
    home = Household(site(**SLOTS), "gw")
    home.tell([level("A1", 4)])

    assert said(begun(home))["sku/bolt"] == {"units": None, "at_least": 4, "unknown": ["A2"]}
    assert said(home.tell([level("A2", 3)])) == {
        "slot/A2": {"units": 3, "at_least": 3},
        "sku/bolt": {"units": 7, "at_least": 7, "unknown": []},
    }
    assert said(home.tell([level("A2", None, 2)]))["sku/bolt"] == {"units": None, "at_least": 6, "unknown": ["A2"]}
    event = StockEvent("A2", "bolt", -1, 2, AT_MS, 0.99)
    assert said(home.tell([event]))["sku/bolt"]["units"] == 6


def test_only_what_changed_is_said_again() -> None:
    home = Household(site(**SLOTS), "gw")
    begun(home)
    home.tell([level("B1", 4)])

    assert home.tell([level("B1", 4)]) == []
    assert home.tell([StockEvent("gone", "bolt", 1, 1, AT_MS, 0.9)]) == []


def test_a_room_has_the_newest_temperature_of_its_thermometers_and_no_machines() -> None:
    home = Household(site(**SLOTS), "gw")
    begun(home)

    told = home.tell([Series("probe", "1", "temperature_c", "cold", AT_MS, [0, 60_000], [4.5, 4.75])])
    older = home.tell([Series("probe", "1", "temperature_c", "cold", AT_MS - 1, [0], [9.0])])
    machine = home.tell([Series("chiller", "1", "temperature_c", "cold", AT_MS + 90_000, [0], [60.0])])

    assert (said(told), older, machine) == ({"zone/cold": {"celsius": 4.75}}, [], [])


def test_an_alarm_is_a_problem_until_the_last_one_is_over() -> None:
    home = Household(site(**SLOTS), "gw")
    assert said(begun(home))["alarms"] == {"state": "OFF", "count": 0, "alarms": []}

    def alarm(rule: str, state: Any) -> list[Publish]:
        return home.tell([Alarm(rule, "probe", "cold", state, AT_MS, AT_MS)])

    assert said(alarm("too_warm", "firing"))["alarms"] == {"state": "ON", "count": 1, "alarms": ["too_warm probe"]}
    assert said(alarm("silent", "firing"))["alarms"]["count"] == 2
    assert said(alarm("too_warm", "resolved"))["alarms"]["state"] == "ON"
    assert said(alarm("silent", "resolved"))["alarms"]["state"] == "OFF"


def test_what_left_the_site_file_goes_by_a_message_that_names_it_bare_and_then_by_one_without_it() -> None:
    before = begun(Household(site(**SLOTS), "gw"))
    home = Household(site(A1="bolt"), "gw")
    smaller = begun(home, *before)
    hall = [json.loads(one.payload)["components"] for one in smaller if one.topic == HALL]

    assert [[*one] for one in hall] == [["slot_A1", "slot_A2", "slot_B1"], ["slot_A1"]]
    assert hall[0]["slot_A2"] == hall[0]["slot_B1"] == {"platform": "sensor"}
    assert flaws(HALL, json.loads(next(one.payload for one in smaller if one.topic == HALL))) == []
    emptied = {one.topic.removeprefix("wh/ha/depot/gw/") for one in smaller if not one.payload}
    assert emptied == {"slot/A2", "slot/B1"}


def test_a_device_that_is_no_more_is_emptied_and_what_others_retained_is_left_alone() -> None:
    before = begun(Household(site(**SLOTS), "gw"))
    foreign = [Publish("homeassistant/device/wh_depot_gw2/config", b"{}"), Publish(f"{HALL[:-7]}y/config", b"no json")]
    told = begun(Household(site(), "gw"), *before, *foreign)

    assert [one.topic for one in told if one.topic.endswith("/config") and not one.payload] == [
        HALL, "homeassistant/device/wh_depot_gw-hally/config",
    ]  # fmt: skip


def test_when_home_assistant_comes_back_it_is_told_everything_again() -> None:
    home = Household(site(**SLOTS), "gw")
    assert home.heard("homeassistant/status", b"online") == []
    first = begun(home)

    assert home.heard("homeassistant/status", b"online") == first
    assert home.heard("homeassistant/status", b"offline") == []


def test_after_a_lost_connection_nothing_is_said_before_the_beginning_was_made_anew() -> None:
    home = Household(site(**SLOTS), "gw")
    first = begun(home)
    home.lost()

    assert home.tell([level("B1", 4)]) == []
    assert said(begun(home)).keys() == said(first).keys()


def test_more_than_a_message_bears_is_left_out_and_counted() -> None:
    slots = {f"S{number}": "bolt" for number in range(COMPONENTS_MAX + 5)}
    home = Household(site(**slots), "gw")

    largest = max(len(one.payload) for one in begun(home))
    assert home.left_out == 5
    assert largest < 1_000_000


@pytest.mark.parametrize("prefix", ["", "home assistant", "a/#", "+", "/a"])
def test_a_prefix_that_can_be_no_topic_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="can not be a discovery prefix"):
        Household(site(), "gw", prefix)
