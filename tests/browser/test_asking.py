"""What is decided beside the usual: a dearer price that is asked for, more than was ordered, less than was promised."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from playwright.sync_api import Page, expect

from cloud.web.office import Came
from tests.browser.conftest import PHONE, Shop, Visit
from tests.browser.test_trade import told


def asks_for(page: Page, *, price: str, note: str) -> None:
    """A supplier confirms order 2 at a price that is dearer than what was approved."""
    page.get_by_role("button", name="Confirm or change dates: Order no. 2").click()
    page.get_by_label(re.compile(": Price of one")).fill(price)
    page.get_by_label(re.compile(": Due")).fill((datetime.now(UTC) + timedelta(days=6)).strftime("%Y-%m-%d"))
    page.get_by_label("Note").fill(note)
    page.locator("form").get_by_role("button", name="Confirm or change dates").click()
    expect(page.locator(".asking")).to_have_count(1)


def test_of_more_than_was_ordered_as_many_are_booked_as_are_taken_unasked(shop: Shop, visit: Visit) -> None:
    [seen] = shop.fake.trade.arrivals()
    shop.do(shop.fake.trade.see, replace(seen, units=42, taken=37, difference=6))
    page = visit(shop, "#/orders", screen=PHONE)
    row = page.locator(".arrivals li")
    expect(row).to_contain_text("37 can be booked at once")

    page.get_by_role("button", name="Confirm 37").tap()

    expect(page.locator(".arrivals")).to_have_count(0)
    assert told(shop, "confirm") == [Came(37)]


def test_all_that_came_can_be_kept_and_what_is_rejected_is_not(shop: Shop, visit: Visit) -> None:
    [seen] = shop.fake.trade.arrivals()
    shop.do(shop.fake.trade.see, replace(seen, units=42, taken=37, difference=6))
    page = visit(shop, "#/orders")
    page.get_by_role("button", name="Change …: Nitrile gloves M").click()
    form = page.locator("form")

    expect(page.get_by_label("Good units")).to_have_value("37")
    expect(form).to_contain_text("42 came, 5 more than can be booked at once.")
    page.get_by_label("Rejected").fill("1")
    page.get_by_label("Note").fill("torn")
    form.get_by_role("button", name="Keep all 42").click()

    expect(page.locator(".arrivals")).to_have_count(0)
    assert told(shop, "confirm") == [Came(41, 1, "", "", "torn", anyway=True)]


def test_what_a_supplier_asks_for_stands_beside_what_holds_and_is_agreed_to(shop: Shop, visit: Visit) -> None:
    theirs = visit(shop, who="vera")
    asks_for(theirs, price="0.9", note="The pulp is dearer.")
    mine = theirs.locator(".order-row", has_text="Order no. 2")
    expect(mine).to_contain_text("Waits for the site")
    expect(mine.locator(".asking")).to_contain_text("the order would come to ¥43.20 instead of ¥35.20")
    expect(mine.get_by_role("button", name="Agree")).to_have_count(0)
    page = visit(shop, "#/orders/2")
    row = page.locator(".orders-waiting .order-row", has_text="Order no. 2")

    expect(row.locator(".asking li")).to_have_text(re.compile("Price of one ¥0.73 → ¥0.90"))
    expect(row).to_contain_text("The supplier's note: The pulp is dearer.")
    expect(row.locator(".versions")).to_contain_text("The supplier asked for more")
    expect(row.locator(".versions")).to_contain_text("price 0.73 → 0.9, asked for")
    expect(row.get_by_role("button", name="Approve")).to_have_count(0)
    row.get_by_role("button", name="Agree: Order no. 2").dblclick()

    row = page.locator(".orders-under_way .order-row", has_text="Order no. 2")
    expect(row).to_contain_text("¥43.20")
    expect(row.locator(".asking")).to_have_count(0)
    assert len(told(shop, "approve")) == 1


def test_what_a_supplier_asks_for_is_declined_and_the_order_stays_as_it_was(shop: Shop, visit: Visit) -> None:
    asks_for(visit(shop, who="vera"), price="0.9", note="")
    page = visit(shop, "#/orders")

    page.get_by_role("button", name="Decline: Order no. 2").click()

    row = page.locator(".orders-under_way .order-row", has_text="Order no. 2")
    expect(row).to_contain_text("Sent")
    expect(row).to_contain_text("¥35.20")
    [step] = told(shop, "change")
    assert [(one.sku, one.units) for one in step.lines] == [("SKU-1009", 48)]


def test_who_does_not_get_what_was_promised_is_named(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/sku/SKU-1002")

    told_of = page.locator(".advice", has_text="Reservation")
    expect(told_of).to_have_text(
        [
            "Reservation 5 (Ward 5): 2 promised, but there for it: 1.",
            "Reservation 6 (Ward 7): 1 promised, and none is there for it.",
        ]
    )


def test_who_only_looks_sees_what_is_asked_and_no_button(shop: Shop, visit: Visit) -> None:
    shop.do(shop.fake.trade.asked, 2)
    page = visit(shop, "#/orders", who="otto")
    row = page.locator(".order-row", has_text="Order no. 2")

    expect(row.locator(".asking")).to_contain_text("Until you agree, it stays as it is.")
    expect(row.get_by_role("button")).to_have_count(0)


def test_what_a_supplier_told_it_has_unfolds_on_its_card(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/suppliers", who="mara", screen=PHONE)

    page.get_by_text("What it says it has (1)").tap()

    expect(page.locator(".told-stock li")).to_be_visible()
    expect(page.locator(".told-stock li")).to_contain_text("told 3 hr ago")
