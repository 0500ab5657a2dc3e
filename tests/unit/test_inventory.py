"""The inventory: what the reports amount to, in whatever order they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.inventory import Inventory, Stock
from protocols.layout import Site
from protocols.reports import Report, Series, SlotLevel, StockEvent
from tests import depot
from tests.depot import DAY_MS, HOUR_MS, NOON_MS, health, level, stock

SITE = depot.site()


def folded(*reports: Report, site: Site = SITE) -> Inventory:
    inventory = Inventory(site)
    inventory.apply(reports)
    return inventory


def test_the_last_word_on_a_slot_or_a_device_is_what_is_known_whatever_its_time_says() -> None:
    ahead: list[Report] = [level("A1", 9, NOON_MS + HOUR_MS), health("shelf-1", "ok", NOON_MS + HOUR_MS)]

    inventory = folded(*ahead, level("A1", 7), health("shelf-1", "silent"))

    assert inventory.levels == {"A1": level("A1", 7)}
    assert inventory.devices == {"shelf-1": health("shelf-1", "silent")}


@given(st.lists(depot.warmths, min_size=1, max_size=20), st.data())
def test_whatever_comes_late_or_twice_the_newest_sample_is_what_is_known(
    given_reports: list[Report], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(given_reports)) + data.draw(st.lists(st.sampled_from(given_reports)))

    inventory = folded(*order)

    for series, now in inventory.now.items():
        of_series = [one for one in given_reports if isinstance(one, Series) and one.device == series.split("/")[0]]
        assert (now.at_ms, now.value) in [(one.at_ms, one.values[0]) for one in of_series]
        assert now.at_ms == max(one.at_ms for one in of_series)


@given(st.lists(depot.stocks, max_size=30), st.data())
def test_movements_add_up_in_any_order(moves: list[StockEvent], data: st.DataObject) -> None:
    order = data.draw(st.permutations(moves))

    inventory, other = folded(*moves), folded(*order)

    assert other.demand == inventory.demand
    assert {slot: at_ms for slot, (_, at_ms) in other.known.items()} == {
        slot: at_ms for slot, (_, at_ms) in inventory.known.items()
    }
    for hours in (0, 1, 5):
        assert other.picks_since(NOON_MS + hours * HOUR_MS) == inventory.picks_since(NOON_MS + hours * HOUR_MS)
    for sku, demand in inventory.demand.items():
        picked = sum(-one.delta for one in moves if one.sku == sku and one.source != "first" and one.delta < 0)
        assert sum(demand.units.values()) == picked


def test_stock_is_the_sum_over_the_slots() -> None:
    inventory = folded(level("A1", 40), level("A2", 3), level("C1", 7))

    assert inventory.stock("bolt") == Stock(43, 0, 0)
    assert inventory.stock("milk") == Stock(7, 0, 0)
    assert inventory.stock("never heard of") == Stock(0, 0, 0)


def test_a_slot_that_is_nearly_known_counts_with_the_middle_of_its_interval() -> None:
    inventory = folded(level("A1", 40), level("A2", None, low=10, high=13, sure=0.6))

    assert inventory.stock("bolt") == Stock(51, 1, 0)


def test_a_slot_of_which_nothing_is_known_now_counts_with_its_last_claim() -> None:
    inventory = folded(stock("A2", 9, 9, source="first"), level("A1", 40), level("A2", None, NOON_MS + 1, sure=0.0))

    assert inventory.stock("bolt") == Stock(49, 1, 1)


def test_a_slot_that_was_never_heard_of_is_blind() -> None:
    assert folded(level("A1", 40)).stock("bolt") == Stock(40, 1, 1)


def test_what_a_slot_held_of_another_article_is_not_stock_of_the_one_it_holds_now() -> None:
    """The slot was given to another article in the site file; its gateway has not spoken since."""
    moved = replace(SITE, slots=[replace(slot, sku="milk") if slot.id == "A2" else slot for slot in SITE.slots])
    before: list[Report] = [stock("A2", 30, 30, source="first"), level("A2", 30), level("C1", 4), level("A1", 1)]

    inventory = folded(*before, site=moved)

    assert inventory.stock("milk") == Stock(4, 1, 1)
    assert inventory.stock("bolt") == Stock(1, 0, 0)
    inventory.apply([SlotLevel("A2", "milk", 2, 2, 2, 0.99, 2000.0, NOON_MS + 1)])
    assert inventory.stock("milk") == Stock(6, 0, 0)


def test_first_counts_and_receipts_are_no_demand() -> None:
    inventory = folded(
        stock("A1", 50, 50, NOON_MS, "first"),
        stock("A1", -2, 48, NOON_MS + 1, "first"),
        stock("A1", -5, 45, NOON_MS + 2),
        stock("A1", 20, 65, NOON_MS + 3),
    )

    assert list(inventory.demand["bolt"].units.values()) == [5]
    assert inventory.demand["bolt"].since_ms == NOON_MS
    assert inventory.picks_since(NOON_MS) == 5


def test_demand_begins_with_the_oldest_movement_however_late_it_comes() -> None:
    inventory = folded(stock("A1", -1, 4), stock("A1", 5, 5, NOON_MS - 9 * DAY_MS, "first"))

    assert inventory.demand["bolt"].since_ms == NOON_MS - 9 * DAY_MS
    assert inventory.known["A1"] == (4, NOON_MS)


def test_a_long_backlog_does_not_push_the_last_hour_out() -> None:
    inventory = folded(stock("A1", -3, 4))

    inventory.apply(stock("A1", -1, 4, NOON_MS - DAY_MS - minute * 60_000) for minute in range(30_000))

    assert inventory.picks_since(NOON_MS - HOUR_MS) == 3


def test_the_newest_sample_of_a_report_is_the_one_that_counts() -> None:
    """Late samples of a device that was cut off may lie behind newer ones in the same report."""
    bundle = Series("thermo-2", "1", "temperature_c", "hall", NOON_MS, [0, 1000, 1000, -5000], [1.0, 2.0, 3.0, 4.0])

    inventory = folded(bundle)

    now = inventory.now["thermo-2/1/temperature_c"]
    assert (now.at_ms, now.value, now.series) == (NOON_MS + 1000, 3.0, "thermo-2/1/temperature_c")


def test_what_was_touched_is_told() -> None:
    inventory = folded(level("A1", 40, NOON_MS + 5))

    news = inventory.apply([stock("C1", -1, 3), level("A2", 3, NOON_MS + 9), stock("A2", -1, 3), health("shelf-1")])

    assert news.skus == {"milk": NOON_MS, "bolt": NOON_MS + 9}


def test_reports_of_what_the_site_does_not_list_disturb_nothing() -> None:
    inventory = folded(level("A1", 40))

    touched = inventory.apply(
        [
            SlotLevel("Z9", "gold", 7, 7, 7, 0.99, 7.0, NOON_MS),
            StockEvent("Z9", "gold", -1, 6, NOON_MS, 0.99),
            Series("Z9", "1", "power_w", "nowhere", NOON_MS, [0], [1.0]),
        ]
    )

    assert touched.skus == {"gold": NOON_MS}
    assert inventory.stock("bolt") == Stock(40, 1, 1)
