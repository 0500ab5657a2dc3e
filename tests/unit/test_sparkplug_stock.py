"""A gateway's reports as Sparkplug metrics of shelves and zones."""

from __future__ import annotations

import pytest

from protocols import layout
from protocols.parsing.units import conversion
from protocols.readings import Reading
from protocols.reports import DeviceHealth, Report, Series, SlotLevel, StockEvent, TagMove
from protocols.sparkplug.node import STALE, EdgeNode, Presence, Update
from protocols.sparkplug.payload import DOUBLE, INT64
from protocols.sparkplug.stock import AMBIENT, MACHINE, Stock
from tests.unit.sparkplug_plant import NOW, Plant, of

SITE = layout.parse("""
[site]
id = "demo"
name = "Demo"
[[zones]]
id = "hall"
name = "Hall"
[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 250.0
[[devices]]
id = "shelf-1"
kind = "shelf"
zone = "hall"
[[devices]]
id = "cold-1"
kind = "climate"
zone = "hall"
[[slots]]
id = "A1"
zone = "hall"
sku = "bolt"
device = "shelf-1"
""")


@pytest.fixture
def stock() -> Stock:
    return Stock(SITE)


def level(count: int | None = 5, slot: str = "A1", reason: str = "") -> SlotLevel:
    return SlotLevel(slot, "bolt", count, 4, 6, 0.97, 1251.5, NOW, reason)


def series(device: str = "cold-1", quantity: str = "temperature_c", channel: str = "1") -> Series:
    return Series(device, channel, quantity, "hall", NOW - 1000, [0, 900, 400], [4.0, 5.0, 6.0])


def health(device: str, state: str, at_ms: int = NOW) -> DeviceHealth:
    return DeviceHealth(device, state, at_ms, at_ms, 1000, 0, 0, 0)  # type: ignore[arg-type]


def named(updates: list[Update | Presence]) -> dict[str, object]:
    return {one.name: one.value for one in updates if isinstance(one, Update)}


def test_every_bin_is_declared_before_anything_is_known(stock: Stock) -> None:
    assert named([*stock.declared()]) == dict.fromkeys(
        f"Bin/A1/{word}" for word in ("Count", "Low", "High", "Confidence", "Mass", "Reason")
    )


def test_a_level_is_the_bins_metrics_on_its_shelf(stock: Stock) -> None:
    found = stock.updates([level()])

    assert {one.device for one in found} == {"shelf-1"}
    assert named(found) == {
        "Bin/A1/Count": 5,
        "Bin/A1/Low": 4,
        "Bin/A1/High": 6,
        "Bin/A1/Confidence": 0.97,
        "Bin/A1/Mass": 1251.5,
        "Bin/A1/Reason": "",
    }


def test_a_count_that_can_not_be_told_is_null_with_its_reason(stock: Stock) -> None:
    found = named(stock.updates([level(None, reason="unsteady")]))

    assert (found["Bin/A1/Count"], found["Bin/A1/Reason"]) == (None, "unsteady")


def test_a_stock_event_is_the_bins_count(stock: Stock) -> None:
    found = stock.updates([StockEvent("A1", "bolt", -1, 4, NOW, 0.99)])

    assert found == [Update("shelf-1", "Bin/A1/Count", 4, INT64, NOW)]


def test_of_a_series_the_newest_sample_is_told_in_its_zone(stock: Stock) -> None:
    found = stock.updates([series(), series(quantity="power_w", channel="L1")])

    assert found == [
        Update("zone:hall", "Ambient/cold-1/Temperature", 5.0, DOUBLE, NOW - 100, "°C"),
        Update("zone:hall", "Machine/cold-1/L1/Power", 5.0, DOUBLE, NOW - 100, "W"),
    ]


@pytest.mark.parametrize(
    "report",
    [
        level(slot="gone"),
        StockEvent("gone", "bolt", -1, 4, NOW, 0.99),
        series(device="gone"),
        series(quantity="raw"),
        series(quantity="mass_g"),
        health("gone", "offline"),
        TagMove("E280", "hall", "arrived", NOW, "cold-1"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_has_no_place_there_is_not_told(stock: Stock, report: Report) -> None:
    assert stock.updates([report]) == []


def test_a_shelf_that_is_away_is_a_dead_device(stock: Stock) -> None:
    found = stock.updates([health("shelf-1", state) for state in ("silent", "offline", "ok")])

    assert found == [Presence("shelf-1", False), Presence("shelf-1", False), Presence("shelf-1", True)]


def test_the_values_of_a_sensor_that_is_away_are_stale_until_it_speaks(stock: Stock) -> None:
    stock.updates([series(), series(quantity="humidity_pct")])

    stale = stock.updates([health("cold-1", "silent", NOW + 50)])
    good = stock.updates([health("cold-1", "ok", NOW + 60), series()])

    assert [(one.name, one.value, one.quality, one.at_ms) for one in stale if isinstance(one, Update)] == [
        ("Ambient/cold-1/Temperature", 5.0, STALE, NOW + 50),
        ("Ambient/cold-1/Humidity", 5.0, STALE, NOW + 50),
    ]
    assert [one.quality for one in good if isinstance(one, Update)] == [192]


@pytest.mark.parametrize("quantity", [*AMBIENT, *MACHINE])
def test_our_own_host_reads_every_quantity_back(stock: Stock, quantity: str) -> None:
    """Names and units we write are names and units we know."""
    plant, node = Plant(), EdgeNode("G", "gw")
    node.connect(NOW)
    published = node.arrive(NOW) + node.tell(stock.updates([series(quantity=quantity), level()]), NOW)
    _, unit = (AMBIENT | MACHINE)[quantity]
    assert conversion(unit) is not None

    found = [one for message in published for one in plant.send(message.topic, message.payload)]

    zone = [one for one in of(found, Reading) if one.device == "gw/zone:hall"]
    if quantity in ("door_open", "switch_on"):  # 5 is neither open nor closed
        assert zone == []
    else:
        assert [(one.quantity, one.values) for one in zone] == [(quantity, [5.0])]
    bins = {one.channel: one.values for one in of(found, Reading) if one.device == "gw/shelf-1"}
    assert bins["Bin/A1/Mass"] == [1251.5]
    assert bins["Bin/A1/Count"] == [5.0]
