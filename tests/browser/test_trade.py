"""Stock, orders, suppliers, figures, counting and the portal, as people use them: a whole act on each."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from cloud.web.office import Came, Step
from tests.browser import fake_plan
from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.fake_service import PASSWORD
from tests.browser.fake_trade import LINK

Told = list[tuple[str, Any]]


def told(shop: Shop, kind: str) -> list[Any]:
    """What of this kind the service was told to do, in order."""
    return [what for name, what in shop.fake.trade.told if name == kind]


def test_a_need_is_ordered_once_however_often_it_is_pressed(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    keys: list[str] = []
    page.on(
        "request", lambda asked: keys.append(asked.headers["idempotency-key"]) if asked.url.endswith("/order") else None
    )
    button = page.get_by_role("button", name="Order 120 units: Insulin pens")

    button.dblclick()

    order = page.locator(".done").get_by_role("link", name=re.compile(r"Order no. \d+"))
    expect(order).to_have_count(1)
    expect(button).to_have_count(0)
    expect(page.locator(".done li", has_text="Insulin pens")).to_contain_text("Ordered: order no. 8")
    assert told(shop, "order_need") == [1]
    assert len(keys) == 1
    order.click()
    expect(page.locator(".order-row details[open]")).to_contain_text("Insulin pens")


def test_the_card_tells_position_forecast_policy_promise_and_what_was_rejected(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")

    page.get_by_label("Why: LED panel 40 W").click()

    card = page.locator(".opened .why")
    expect(card).to_contain_text("41 available and 5 coming make 46 projected")
    terms = card.locator(".terms > div")
    expect(terms.filter(has_text="Reserved")).to_contain_text("− 4")
    expect(terms.filter(has_text="Available")).to_contain_text("= 41")
    expect(terms.filter(has_text="Projected")).to_contain_text("= 46")
    expect(card.get_by_role("img")).to_have_attribute("aria-label", "41 available, 46 projected, reorder at 94")
    expect(card).to_contain_text("In nine of ten cases")
    expect(card.locator(".formula")).to_contain_text("Reorder point: the least that meets 95% of the demand at once")
    expect(card.locator("tbody tr")).to_have_count(3)
    page.get_by_label("Why: Insulin pens").click()
    expect(page.locator(".rescue")).to_contain_text("Site north could send 30 sooner.")
    expect(page.locator(".rescue")).to_contain_text("from 93% to 4%")


def test_an_articles_lots_are_told_by_what_warmth_left_of_them_and_its_curve_is_read_by_keyboard(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, "#/sku/SKU-1002")
    lot = page.locator(".places li", has_text="L-2291")
    expect(lot).to_contain_text("good until 2027-02-11, for the warmth it had; printed: 2027-02-28")
    curve = page.get_by_role("slider", name="What more service costs")

    expect(curve).to_have_attribute("aria-valuetext", re.compile("^Proposed: 95.2%"))
    curve.focus()
    page.keyboard.press("ArrowRight")

    expect(curve).to_have_attribute("aria-valuetext", re.compile("^96%"))
    expect(page.locator(".reading")).to_contain_text("96% met at once")


def test_an_arrival_is_booked_by_one_tap(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders", screen=PHONE)

    page.get_by_role("button", name="Confirm 34").dblclick()

    expect(page.locator(".arrivals")).to_have_count(0)
    expect(page.locator(".order-row", has_text="Order no. 3")).to_contain_text("Partly received")
    assert told(shop, "confirm") == [Came(34)]


def test_an_arrival_can_be_put_right_first_and_says_what_is_wrong_where(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders")
    page.get_by_role("button", name="Change …: Nitrile gloves M").click()
    units, form = page.get_by_label("Good units"), page.locator("form")

    units.fill("thirty")
    form.get_by_role("button", name="Book it").click()
    expect(form).to_contain_text("Good units: this is not a number. Enter one, such as 12.")
    expect(units).to_be_focused()
    units.fill("33")
    page.get_by_label("Rejected").fill("1")
    page.get_by_label("Expires").fill("2027-01-31")
    form.get_by_role("button", name="Book it").click()
    expect(form).to_contain_text("nobody says why")
    page.get_by_label("Note").fill("torn")
    form.get_by_role("button", name="Book it").click()

    expect(page.locator(".arrivals")).to_have_count(0)
    assert told(shop, "confirm") == [Came(33, 1, "", "2027-01-31", "torn")]


def test_an_order_above_the_limit_is_refused_kindly_and_a_manager_may(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders/4")
    row = page.locator(".order-row", has_text="Order no. 4")

    row.get_by_role("button", name="Approve").click()
    expect(row).to_contain_text("more than a buyer may")
    expect(row).to_contain_text("Raise buying.admin_limit")
    row.get_by_role("button", name="Change").click()
    page.get_by_label("M6 hex bolts: Units").fill("1000")
    page.locator("form").get_by_role("button", name="Change").click()
    expect(row).to_contain_text("¥15,800.00")
    boss = visit(shop, "#/orders/4", who="mara")
    boss.locator(".order-row", has_text="Order no. 4").get_by_role("button", name="Approve").click()

    expect(row).to_contain_text("Approved")
    expect(row.locator(".versions")).to_contain_text("M6 hex bolts: units 4,000 → 1,000")


def test_an_order_that_somebody_else_changed_says_so_and_shows_it(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders")
    row = page.locator(".order-row", has_text="Order no. 5")
    page.route(
        "**/orders/5/send",
        lambda route: route.fulfill(status=409, json={"code": "changed", "detail": "It is at version 3.", "hint": ""}),
    )

    row.get_by_role("button", name="Send").click()

    expect(row.get_by_role("status")).to_contain_text("It is at version 3.")


def test_late_orders_come_first_and_say_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders")

    first = page.locator(".orders-under_way .order-row").first
    expect(first).to_contain_text("Order no. 2")
    expect(first).to_contain_text("Late")


def test_a_draft_by_hand(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders")
    page.get_by_role("button", name="New order").click()
    form = page.locator("form")

    form.get_by_role("button", name="Make a draft").click()
    expect(form).to_contain_text("Supplier: this is needed.")
    page.get_by_label("Supplier").select_option("lido")
    page.get_by_label("Article").select_option("SKU-1009")
    page.get_by_label("Units").fill("24")
    form.get_by_role("button", name="Make a draft").click()
    expect(form).to_contain_text("Lido Packaging is suspended.")
    page.get_by_label("Supplier").select_option("nord")
    form.get_by_role("button", name="Make a draft").click()

    expect(page.locator(".order-row details[open]")).to_contain_text("Hydraulic oil")
    assert page.url.endswith("#/orders/8")


def test_who_buys_enters_what_is_not_measured_and_others_can_not(shop: Shop, visit: Visit) -> None:
    looking = visit(shop, "#/suppliers", who="lena")
    page = visit(shop, "#/suppliers", who="mara")
    expect(looking.locator(".supplier").first).to_contain_text("not known: nobody entered it")
    expect(looking.get_by_role("button", name="Enter")).to_have_count(0)

    page.get_by_role("button", name="Enter: Innovation, Acme Medical").click()
    page.get_by_label("Points, 0 to 100").fill("120")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("form")).to_contain_text("enter a number from 0 to 100")
    page.get_by_label("Points, 0 to 100").fill("75")
    page.get_by_role("button", name="Save").click()

    expect(page.locator(".parts li", has_text="Innovation").first).to_contain_text("entered by mara")
    expect(page.locator("form")).to_have_count(0)


def test_a_figure_says_what_it_means_on_hover_focus_and_tap_and_why_it_is_not_known(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/figures")
    tip = page.get_by_role("tooltip")

    page.get_by_role("button", name="Fill rate").hover()
    expect(tip).to_contain_text("met ÷ (met + lost)")
    page.keyboard.press("Escape")
    page.mouse.move(0, 0)
    expect(tip).to_have_count(0)
    page.get_by_role("button", name="Fill rate").focus()
    page.keyboard.press("Tab")
    expect(tip).to_contain_text("out of stock")
    phone = visit(shop, "#/figures", screen=PHONE)
    phone.get_by_role("button", name="Turnover").tap()
    expect(phone.get_by_role("tooltip")).to_contain_text("scaled to a year")
    expect(page.get_by_role("button", name="Forecast error")).to_contain_text("Not known yet: nothing is forecast.")
    expect(page.locator(".idle").first).to_contain_text("Return to the supplier")


def test_a_supplier_sees_its_portal_only_and_confirms_there(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="")
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    day = (datetime.now(UTC) + timedelta(days=6)).strftime("%Y-%m-%d")

    expect(page.locator("nav")).to_have_count(0)
    expect(page.locator(".order-row")).to_have_count(2)
    expect(page.locator(".shelves li").first).to_contain_text("below the least")
    page.get_by_role("button", name="Confirm or change dates: Order no. 2").click()
    page.get_by_label(re.compile(": Units")).fill("60")
    page.get_by_label(re.compile(": Due")).fill(day)
    submit = page.locator("form").get_by_role("button", name="Confirm or change dates")
    submit.click()
    expect(page.locator("form")).to_contain_text("enter a number from 0 to 48")
    page.get_by_label(re.compile(": Units")).fill("40")
    submit.dblclick()

    row = page.locator(".order-row", has_text="Order no. 2")
    expect(row).to_contain_text("Confirmed")
    expect(row).not_to_contain_text("Late")
    steps: list[Step] = told(shop, "confirm")
    assert len(steps) == 1
    assert steps[0].lines[0].units == 40
    assert [one for one in shop.log if "401" not in one] == []  # that nobody was signed in at first


def test_what_a_colleague_of_the_supplier_changed_is_told_and_shown_at_once(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="vera")
    row = page.locator(".order-row", has_text="Order no. 2")
    expect(row).not_to_contain_text("Confirmed")
    page.evaluate(
        """async () => {
            const headers = {"X-Requested-With": "warehouse", "Idempotency-Key": "theirs"};
            await fetch("api/v1/portal/orders/2/confirm", {method: "POST", headers, body: "{}"});
        }"""
    )

    page.get_by_role("button", name="Confirm or change dates: Order no. 2").click()
    page.get_by_label(re.compile(": Units")).fill("40")
    page.get_by_label(re.compile(": Due")).fill((datetime.now(UTC) + timedelta(days=6)).strftime("%Y-%m-%d"))
    submit = page.locator("form").get_by_role("button", name="Confirm or change dates")
    submit.click()

    expect(row).to_contain_text("vera changed this meanwhile.")
    expect(row.locator(".tags, summary").first).to_contain_text("Confirmed")
    page.get_by_role("button", name="Go on with it as it is now").click()
    submit.click()
    expect(page.locator("form")).to_have_count(0)
    steps: list[Step] = told(shop, "confirm")
    assert [one.version for one in steps][1:] != [0]


def test_an_amount_too_large_for_any_shelf_is_told_at_its_field(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="vera", language="zh")

    page.locator(".having .opening > button").click()
    page.locator(".having form input").first.fill("99999999999999")
    page.locator(".having form button[type=submit]").click()

    expect(page.locator(".having form").get_by_role("alert")).to_contain_text("1,000,000,000")


def test_a_supplier_is_led_from_confirming_to_shipping_with_the_number_of_its_dispatch_note(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, who="vera")
    row, form = page.locator(".order-row", has_text="Order no. 2"), page.locator("form")
    expect(row.locator(".steps > .acts button.main")).to_have_text("Confirm or change dates")
    row.locator(".steps > .acts button.main").click()
    price = page.get_by_label(re.compile(": Price of one"))
    expect(price).to_have_value("0.7333")
    page.get_by_label(re.compile(": Due")).fill((datetime.now(UTC) + timedelta(days=6)).strftime("%Y-%m-%d"))
    form.get_by_role("button", name="Confirm or change dates").click()

    expect(row.locator(".steps > .acts button.main")).to_have_text("Ship")
    row.locator(".steps > .acts button.main").click()
    form.get_by_label("Number of the dispatch note (ASN)").fill("ASN-77")
    form.get_by_role("button", name="Ship").click()

    expect(row.get_by_role("button", name="Ship: Order no. 2")).to_have_count(0)  # nothing is left to ship
    assert told(shop, "confirm")[0].lines[0].unit_price == 11 / 15
    assert told(shop, "ship")[0].key == "ASN-77"


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_supplier_sees_who_decides_plans_its_shelves_and_tells_what_it_has(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, who="vera", screen=screen)
    shelves, having = page.locator(".panel.shelves"), page.locator(".panel.having")
    expect(shelves.get_by_text("you decide")).to_have_count(3)
    expect(shelves.get_by_text("the site decides")).to_have_count(3)
    expect(shelves.locator(".papers a")).to_have_text(["852", "846", "EPCIS"])

    page.get_by_role("button", name="Plan a delivery").click()
    form = shelves.get_by_role("form", name="Plan a delivery")
    form.get_by_role("button", name="Hand in the plan").click()
    expect(shelves).to_contain_text("Nothing was planned.")
    page.get_by_role("button", name="Plan a delivery").click()
    form.get_by_label("Paper A4 80 g: Units").fill("20")
    form.get_by_role("button", name="Hand in the plan").click()
    expect(shelves).to_contain_text("Handed in: it is order no. 8.")
    expect(page.locator(".order-row", has_text="Order no. 8")).to_contain_text("Confirmed")

    page.get_by_role("button", name="Propose a delivery").click()
    shelves.get_by_label("Pallet wrap 500: Units").fill("12")
    shelves.get_by_role("button", name="Hand in the plan").click()
    expect(shelves).to_contain_text("once it is approved and sent")
    handed_in = page.locator(".orders-handed-in .order-row")
    expect(handed_in).to_contain_text("Waits for the site")
    expect(handed_in.get_by_role("button")).to_have_count(0)
    expect(having.locator(".told li")).to_contain_text("told 3 hr ago")

    having.get_by_role("button", name="Tell what you have").click()
    having.get_by_label("Insulin pens").fill("")
    having.get_by_label("Paper A4 80 g").fill("500")
    having.get_by_role("button", name="Save").click()
    expect(having.get_by_role("status")).to_have_text("Noted.")
    expect(having.locator(".told li")).to_have_text([re.compile("^Paper A4 80 g.*500$")])
    assert [(one.sku, one.units, one.due_ms) for one in told(shop, "plan")[0].lines] == [("SKU-1002", 20, 0)]
    assert told(shop, "stock")[0].skus == {"SKU-1001": None, "SKU-1002": 500}


def test_a_figure_opens_and_closes_by_tap_and_says_what_it_rests_on(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/figures", screen=PHONE)
    tile = page.get_by_role("button", name="Time out of stock")

    tile.tap()
    expect(page.get_by_role("tooltip")).to_contain_text("It rests on 1,800 article-days.")
    tile.tap()

    expect(page.get_by_role("tooltip")).to_have_count(0)
    expect(page.get_by_role("button", name="Cost of keeping stock")).to_contain_text("41,280 a year")


def test_where_slow_stock_is_not_known_nothing_says_there_is_none(shop: Shop, visit: Visit) -> None:
    known = fake_plan.measures(0)
    unknown = [replace(one, value=None, reason="no_forecast") if one.id == "slow_stock" else one for one in known]
    shop.do(shop.fake.become, measures=unknown)
    page = visit(shop)
    page.route("**/api/v1/measures/slow_stock", lambda route: route.fulfill(json={"id": "slow_stock", "rows": []}))
    page.goto(shop.base + "#/figures")

    expect(page.locator(".panel.slow_stock")).to_contain_text("Not known yet: nothing is forecast.")
    expect(page.locator(".panel.slow_stock")).not_to_contain_text("Nothing lasts")


def test_the_bar_of_lead_times_is_told_in_words(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/suppliers")

    expect(page.locator(".supplier", has_text="Acme").locator("figcaption")).to_contain_text(
        "about two of three deliveries take 2.5 to 3.7 days"
    )


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_public_page_shows_what_can_be_had_to_whoever_has_its_link(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, f"public/{LINK}", who="", screen=screen, waits="table")

    row = page.locator("tr", has_text="Insulin pens")
    expect(row.locator("td").first).to_have_text("0")
    expect(row.locator("td").last).to_have_text("Sat 28 Nov")
    lines = "all => all.map((one) => [one.textContent, one.getClientRects().length])"
    counts = page.locator("tbody b").evaluate_all(lines)
    assert [text for text, rows in counts if rows != 1] == []  # no number is broken over lines
    page.get_by_label("Search articles").fill("salmon")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(shop.base + "public/gold.wrong")
    expect(page.get_by_role("status")).to_contain_text("not valid")
