"""What to do with stock that does not move: the first rule that fits, and what it saves."""

from __future__ import annotations

import pytest

from cloud.core.kpis.facts import Pace, Step
from cloud.core.kpis.stale import DISCOUNT, RETURNED, Outlet, Proposal, Prospects, proposal, stale_skus
from cloud.core.kpis.tallies import Tallies, enter, tallies, tell

DAY = 86_400_000
NOW = 1_780_272_000_000
HELD = 0.25


def shelf(on_hand: int, pace: float | None, idle_days: int, unit_cost: float = 2.0) -> Tallies:
    """A site with bolts that moved last so many days ago."""
    site = tallies("UTC", NOW)
    enter(site, "bolt", HELD)
    assert tell(site, Step("bolt", NOW - idle_days * DAY, on_hand, on_hand * unit_cost)) == "taken"
    if pace is not None:
        assert tell(site, Pace("bolt", pace, unit_cost)) == "taken"
    return site


def proposed(site: Tallies, known: Prospects) -> Proposal:
    found = proposal(site, "bolt", known)
    assert found is not None
    return found


def test_what_is_expired_is_scrapped_whatever_else_could_be_done() -> None:
    known = Prospects(expired=4, outlets=[Outlet("north", 99, 0.0, 0.0)])
    found = proposed(shelf(100, 0.0, 200), known)
    assert (found.kind, found.act, found.units, found.value, found.frees) == ("expired", "scrap", 4, 8.0, 0.0)
    assert found.saves == pytest.approx(4 * 2 * HELD)


def test_dead_stock_goes_to_the_neighbour_whose_transfer_pays_most() -> None:
    """100 units cost 50 a year to keep. North takes 80 for 10: saves 40 - 10. South takes all for 30: saves 50 - 30."""
    outlets = [Outlet("north", 80, 10.0, 0.0), Outlet("south", 100, 30.0, 0.0), Outlet("east", 0, 0.0, 0.0)]
    found = proposed(shelf(100, 0.0, 200), Prospects(outlets=outlets, supplier="acme", received_day=1))
    assert (found.kind, found.act, found.with_whom, found.units) == ("dead", "transfer", "north", 80)
    assert (found.saves, found.frees) == pytest.approx((40.0, 150.0))
    assert (found.idle_days, found.cover_days) == (200, None)


def test_a_transfer_that_costs_more_than_a_year_of_keeping_is_none() -> None:
    site = shelf(100, 0.0, 200)
    known = Prospects(
        outlets=[Outlet("north", 100, 51.0, 0.0)], supplier="acme", pack=30, received_day=site.today - 300
    )
    found = proposed(site, known)
    assert (found.act, found.with_whom, found.units) == ("return", "acme", 90)
    assert found.frees == pytest.approx(90 * 2 * RETURNED)


@pytest.mark.parametrize(
    "known",
    [
        Prospects(),
        Prospects(supplier="acme", received_day=1),
        Prospects(supplier="acme"),
        Prospects(supplier="acme", pack=101),
    ],
)
def test_what_nobody_takes_is_sold_for_less(known: Prospects) -> None:
    found = proposed(shelf(100, 0.0, 200), known)
    assert (found.act, found.units) == ("discount", 100)
    assert found.frees == pytest.approx(200 * DISCOUNT)


def test_slow_stock_that_will_sell_within_a_year_needs_no_new_order() -> None:
    """300 units at 1 a day: 120 too many; not ordering the next lot of 50 saves what keeping 50 costs."""
    found = proposed(shelf(300, 1.0, 3), Prospects(lot=50))
    assert (found.kind, found.act, found.units, found.cover_days) == ("slow", "stop", 120, 300.0)
    assert found.saves == pytest.approx(50 * 2 * HELD)


@pytest.mark.parametrize(("on_hand", "lot"), [(400, 50), (300, 0)])
def test_slow_stock_of_more_than_a_year_or_that_is_not_ordered_any_more_is_sold_for_less(
    on_hand: int, lot: int
) -> None:
    found = proposed(shelf(on_hand, 1.0, 3), Prospects(lot=lot))
    assert (found.act, found.units) == ("discount", on_hand - 180)


@pytest.mark.parametrize(
    "site",
    [shelf(0, 1.0, 300), shelf(180, 1.0, 3), shelf(5, None, 179), shelf(-3, 0.0, 300)],
    ids=["empty", "sells", "young", "owed"],
)
def test_stock_that_moves_and_an_empty_shelf_are_left_alone(site: Tallies) -> None:
    assert proposal(site, "bolt", Prospects(lot=9)) is None
    assert stale_skus(site) == []


def test_the_most_valuable_idle_stock_is_listed_first() -> None:
    site = shelf(10, 0.0, 200)
    for sku, value in (("nut", 500.0), ("washer", 5.0)):
        enter(site, sku, HELD)
        assert tell(site, Step(sku, NOW - 181 * DAY, 10, value)) == "taken"
    assert stale_skus(site) == ["nut", "bolt", "washer"]
    assert proposal(site, "gasket", Prospects()) is None
