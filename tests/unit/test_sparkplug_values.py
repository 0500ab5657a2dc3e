"""What Sparkplug metrics become: readings with units and flags, tags, notices."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.readings import DeviceStatus, Notice, Problem, Reading, TagReads
from protocols.sparkplug.payload import (
    BOOLEAN,
    BYTES,
    DATASET,
    DATETIME,
    DOUBLE,
    INT32,
    STRING,
    TEMPLATE,
    Metric,
)
from protocols.sparkplug.schema import Message
from tests.unit.sparkplug_plant import NOW, Plant, codes, grams, message, of, weights


@pytest.fixture
def plant() -> Plant:
    one = Plant()
    one.bear()
    return one


def test_births_bring_node_and_device_online_with_their_values() -> None:
    found = Plant().bear()

    assert [(one.device, one.online) for one in of(found, DeviceStatus)] == [("gw", True), ("gw/s1", True)]
    assert [(one.device, one.channel, one.quantity, one.values) for one in of(found, Reading)] == [
        ("gw", "Uptime", "raw", [5.0]),
        ("gw/s1", "Bin/1/Weight", "mass_g", [1500.0]),
        ("gw/s1", "Bin/1/Count", "count", [6.0]),
    ]
    assert len(found) == 5


def test_data_is_read_by_the_alias_and_the_type_of_the_birth(plant: Plant) -> None:
    data = Message(metrics=[{"alias": 1, "int_value": 2**32 - 4, "timestamp": NOW}], seq=2)

    found = plant.send("spBv1.0/G/DDATA/gw/s1", data.SerializeToString())

    assert found == [Reading("gw/s1", "Bin/1/Count", "count", NOW, [-4.0])]


def test_data_by_name_needs_no_alias(plant: Plant) -> None:
    assert weights(plant.say("DDATA", "s1", Metric("Bin/1/Weight", 2.0, at_ms=NOW))) == [2000.0]


def test_data_that_tells_its_name_and_type_is_read_though_no_birth_named_it(plant: Plant) -> None:
    found = plant.say("DDATA", "s1", Metric("Bin/2/Weight", 2.0, DOUBLE, at_ms=NOW))

    assert weights(found) == [2000.0]
    assert len(found) == 1


def test_a_metric_without_a_time_has_that_of_its_message_or_else_of_receipt(plant: Plant) -> None:
    plant.now_ms = NOW + 500
    (first,) = of(plant.say("DDATA", "s1", Metric("", 2.0, 0, 0)), Reading)
    (second,) = of(plant.say("DDATA", "s1", Metric("", 2.0, 0, 0), at_ms=None), Reading)

    assert (first.at_ms, first.flags) == (NOW, ())
    assert (second.at_ms, second.flags) == (NOW + 500, ("no_clock",))


def test_a_wrong_clock_is_one_problem_a_message(plant: Plant) -> None:
    wrong = [Metric("", 2.0, 0, 0, 1000), Metric("", 3, 0, 1, 2000)]

    found = plant.say("DDATA", "s1", *wrong)

    assert [(one.at_ms, one.flags) for one in of(found, Reading)] == [(NOW, ("clock",))] * 2
    assert codes(found) == ["clock.not_believable"]


def test_historical_and_transient_values_say_so(plant: Plant) -> None:
    found = plant.say("DDATA", "s1", grams(1.0, historical=True), grams(2.0, transient=True), grams(3.0))

    assert [one.flags for one in of(found, Reading)] == [("historical",), ("transient",), ()]


@pytest.mark.parametrize(
    ("quality", "flags"), [(0, ("bad",)), (192, ()), (500, ("stale",)), (64, ("uncertain",)), (None, ())]
)
def test_the_senders_verdict_on_a_value_is_a_flag(plant: Plant, quality: int | None, flags: tuple[str, ...]) -> None:
    properties = {} if quality is None else {"Quality": quality}

    (reading,) = of(plant.say("DDATA", "s1", grams(1.0, properties=properties)), Reading)

    assert reading.flags == flags


def test_null_is_no_value(plant: Plant) -> None:
    assert plant.say("DDATA", "s1", Metric("", None, 0, 0, NOW)) == []


def test_a_value_of_another_type_than_its_birth_said_is_a_problem_and_the_others_are_read(plant: Plant) -> None:
    found = plant.say("DDATA", "s1", Metric("", "heavy", STRING, 1, NOW), grams(2.0))

    assert weights(found) == [2000.0]
    assert of(plant.say("DDATA", "s1", Metric("Bin/1/Count", 3.0, DOUBLE)), Reading)[0].values == [3.0]
    raw = Message(metrics=[{"alias": 1, "string_value": "many"}], seq=4).SerializeToString()
    assert codes(plant.send("spBv1.0/G/DDATA/gw/s1", raw)) == ["payload.invalid"]


def test_a_retained_birth_says_so() -> None:
    plant = Plant()
    found = plant.send("spBv1.0/G/NBIRTH/gw", message([Metric("T", 1.0, DOUBLE)], NOW, 0), retained=True)

    assert of(found, Reading)[0].flags == ("retained",)


@pytest.mark.parametrize(
    ("name", "datatype", "unit", "value", "quantity", "meant"),
    [
        ("A/Weight", DOUBLE, "", 2.0, "mass_g", 2000.0),
        ("A/Weight", DOUBLE, "lb", 2.0, "mass_g", 907.18474),
        ("A/Weight", DOUBLE, "bushel", 2.0, "raw", 2.0),
        ("A.B.Temperature", DOUBLE, "", 4.5, "temperature_c", 4.5),
        ("A/Temperature", DOUBLE, "°F", 41.0, "temperature_c", 5.0),
        ("A/Humidity", DOUBLE, "%", 40.0, "humidity_pct", 40.0),
        ("A/Battery", DOUBLE, "%", 40.0, "battery_pct", 40.0),
        ("A/Valve", DOUBLE, "%", 40.0, "raw", 40.0),
        ("A/Count", INT32, "", 7, "count", 7.0),
        ("A/Stock", INT32, "pcs", 7, "count", 7.0),
        ("A/Power", DOUBLE, "kW", 1.5, "power_w", 1500.0),
        ("A/Power", DOUBLE, "", 1.5, "raw", 1.5),
        ("A/Pressure", DOUBLE, "", 1.5, "raw", 1.5),
        ("A/Running", BOOLEAN, "", True, "switch_on", 1.0),
        ("A/Door", BOOLEAN, "", False, "door_open", 0.0),
        ("RSSI", INT32, "", -67, "rssi_dbm", -67.0),
    ],
)
def test_a_unit_comes_from_the_sender_else_from_the_name_else_it_is_raw(
    name: str, datatype: int, unit: str, value: Any, quantity: str, meant: float
) -> None:
    plant = Plant()
    plant.say("NBIRTH", "")
    properties = {"engUnit": unit} if unit else {}

    found = plant.say("DBIRTH", "s1", Metric(name, value, datatype, 1, NOW, properties=properties))

    (reading,) = of(found, Reading)
    assert reading.quantity == quantity
    assert reading.values == pytest.approx([meant])


def test_the_sites_own_units_come_before_all_others() -> None:
    plant = Plant(units={"*/Net": "g", "Secret*": "none", "Text*": "kg", "*/Code": ""})
    plant.say("NBIRTH", "")

    found = plant.say(
        "DBIRTH",
        "s1",
        Metric("A/Net", 5.0, DOUBLE, at_ms=NOW, properties={"engUnit": "kg"}),
        Metric("Secret/1", 5.0, DOUBLE, at_ms=NOW),
        Metric("TextWeight", "12.5", STRING, at_ms=NOW),
        Metric("TextWeight2", "heavy", STRING, at_ms=NOW),
        Metric("A/Code", 7, INT32, at_ms=NOW),
    )

    assert weights(found) == [5.0, 12500.0]
    assert [one.text for one in of(found, Notice)] == ["heavy", "7"]


def test_a_gross_weight_says_so() -> None:
    plant = Plant()
    plant.say("NBIRTH", "")

    (reading,) = of(plant.say("DBIRTH", "s1", Metric("A/Gross Weight", 5.0, DOUBLE, at_ms=NOW)), Reading)

    assert (reading.quantity, reading.flags) == ("mass_g", ("gross",))


def test_texts_and_dates_are_notices_and_empty_ones_nothing() -> None:
    plant = Plant()
    plant.say("NBIRTH", "")

    found = plant.say(
        "DBIRTH",
        "s1",
        Metric("Model", "XK\x003190", STRING, at_ms=NOW),
        Metric("Empty", "", STRING, at_ms=NOW),
        Metric("Installed", 1_700_000_000_000, DATETIME, at_ms=NOW),
        Metric("Never", 2**63, DATETIME, at_ms=NOW),
    )

    assert [one.text for one in of(found, Notice)] == ["XK3190", "2023-11-14T22:13:20Z", str(2**63)]


def test_what_can_not_be_read_at_all_is_said_once_at_the_birth() -> None:
    plant = Plant()
    plant.say("NBIRTH", "")
    birth = Message(
        metrics=[
            {"name": "Firmware", "alias": 1, "datatype": BYTES, "bytes_value": b"x"},
            {"name": "Wave", "alias": 2, "datatype": 30, "bytes_value": b"\0\0\0\0"},
        ],
        seq=1,
    )

    found = plant.send("spBv1.0/G/DBIRTH/gw/s1", birth.SerializeToString())
    data = Message(metrics=[{"alias": 2, "datatype": 30, "bytes_value": b"\0\0\0\0"}], seq=2).SerializeToString()

    assert codes(found) == ["metric.unread"]
    assert "Firmware, Wave" in of(found, Problem)[0].detail
    assert plant.send("spBv1.0/G/DDATA/gw/s1", data) == []


def test_a_name_without_end_is_not_read() -> None:
    plant = Plant()
    plant.say("NBIRTH", "")

    assert of(plant.say("DBIRTH", "s1", Metric("x" * 501, 1.0, DOUBLE, 1, NOW)), Reading) == []
    assert plant.host.nodes["G", "gw"].parts["s1"].size == 1


def test_a_long_name_stays_different_from_another_one() -> None:
    plant = Plant()
    plant.say("NBIRTH", "")
    names = ["Plant/" * 20 + "Weight", "Plant/" * 20 + "Weight/Weight"]

    found = of(plant.say("DBIRTH", "s1", *(Metric(name, 1.0, DOUBLE, at_ms=NOW) for name in names)), Reading)

    assert len({one.channel for one in found}) == 2
    assert all(len(one.channel) <= 64 for one in found)


def test_an_instance_of_a_template_is_its_members_and_a_definition_is_nothing() -> None:
    plant = Plant()
    members = [
        {"name": "Weight", "datatype": DOUBLE, "double_value": 1.5, "timestamp": NOW},
        {"name": "Offset", "datatype": 1, "int_value": 251, "timestamp": NOW},
    ]
    definition = {
        "name": "types/Bin",
        "datatype": TEMPLATE,
        "template_value": {"is_definition": True, "metrics": members},
    }
    instance = {
        "name": "Bin/1",
        "alias": 4,
        "datatype": TEMPLATE,
        "timestamp": NOW,
        "template_value": {"is_definition": False, "template_ref": "types/Bin", "metrics": members},
    }
    plant.send("spBv1.0/G/NBIRTH/gw", Message(metrics=[definition], seq=0).SerializeToString())

    born = plant.send("spBv1.0/G/DBIRTH/gw/s1", Message(metrics=[instance], seq=1).SerializeToString())
    part = {"alias": 4, "template_value": {"metrics": [{"name": "Offset", "int_value": 250}]}, "timestamp": NOW}
    data = plant.send("spBv1.0/G/DDATA/gw/s1", Message(metrics=[part], seq=2).SerializeToString())

    assert [(one.channel, one.values) for one in of(born, Reading)] == [
        ("Bin/1/Weight", [1500.0]),
        ("Bin/1/Offset", [-5.0]),
    ]
    assert [(one.channel, one.values) for one in of(data, Reading)] == [("Bin/1/Offset", [-6.0])]


def table(*rows: dict[str, Any]) -> bytes:
    columns = {"EPC": ("string_value", STRING), "antenna_port": ("int_value", INT32), "RSSI": ("double_value", DOUBLE)}
    columns["time"] = ("long_value", DATETIME)
    said = {
        "columns": list(columns),
        "types": [kind for _, kind in columns.values()],
        "rows": [
            {"elements": [{field: row[name]} if name in row else {} for name, (field, _) in columns.items()]}
            for row in rows
        ],
    }
    metric = {"name": "Reads", "datatype": DATASET, "dataset_value": said, "timestamp": NOW}
    data: bytes = Message(metrics=[metric], seq=2).SerializeToString()
    return data


def test_a_table_with_epcs_is_tag_reads(plant: Plant) -> None:
    row = {"EPC": "e280aa", "antenna_port": 3, "RSSI": -61.5, "time": NOW - 40}
    (seen,) = of(plant.send("spBv1.0/G/DDATA/gw/s1", table(row, {"EPC": "E280AB", "time": 5})), TagReads)

    first, second = seen.reads
    assert (first.epc, first.antenna, first.rssi_dbm, first.at_ms) == ("E280AA", 3, -61.5, NOW - 40)
    assert (second.epc, second.antenna, second.rssi_dbm, second.at_ms) == ("E280AB", 1, None, NOW)


def test_a_table_whose_epcs_are_not_hex_is_a_problem(plant: Plant) -> None:
    assert codes(plant.send("spBv1.0/G/DDATA/gw/s1", table({"EPC": "a pallet"}))) == ["payload.invalid"]
