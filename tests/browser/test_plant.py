"""Equipment and maintenance orders, as people use them: a whole act on each."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.fake_crew import PEOPLE
from tests.browser.test_looks import COLOURED
from tests.browser.test_trade_looks import seen

LOOKS: list[Any] = [
    pytest.param(DESKTOP, "zh", "dark", id="desktop-zh-dark"),
    pytest.param(PHONE, "en", "light", id="phone-en-light"),
    pytest.param(DESKTOP, "en", "light", id="desktop-en-light"),
    pytest.param(PHONE, "zh", "dark", id="phone-zh-dark"),
]
LOADING = re.compile("^(Loading …|加载中……)$")
PAGES: dict[str, list[str]] = {
    "#/equipment": [],
    "#/equipment/machine-31": ["[data-step=change]"],
    "#/equipment/orders": ["[data-step=take]", "[data-step=finish] >> nth=0", ".work summary >> nth=3"],
    "#/equipment/orders/new/shelf-03": [],
    "#/equipment/orders/5": [],
}
"""Each page, and what is unfolded on it before it is looked at."""


def told(shop: Shop, kind: str) -> list[Any]:
    """What of this kind was done with an order, in turn."""
    return [what for name, what in shop.fake.plant.told if name == kind]


def row(page: Page, number: int) -> Any:
    """An order of the list."""
    return page.locator(".work", has=page.get_by_label(re.compile(f"^Order {number},")))


def test_the_worst_equipment_comes_first_with_its_days_as_an_interval(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment", who="lena")

    first = page.locator(".assets > li").first
    expect(first).to_contain_text("Cooler 1")
    expect(first).to_contain_text("Either loses refrigerant, or its condenser is dirty, or its coil ices up")
    expect(first).to_contain_text("Share of time it runs 61%, normal 38% to 46%")
    expect(first).to_contain_text("41 / 100")
    expect(first).to_contain_text("9 to 31 days")
    expect(page.locator(".assets > li", has_text="Conveyor 2")).to_contain_text("at least 41 days")
    expect(page.locator(".assets > li", has_text="shelf-14")).to_contain_text("last heard 15 min ago")
    expect(page.locator(".assets > li").last).to_contain_text("Well")


def test_equipment_is_filtered_by_kind(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment", who="lena")

    page.get_by_role("button", name="Refrigerator 2").click()

    expect(page.locator(".assets > li")).to_have_count(2)
    expect(page.get_by_role("button", name="Refrigerator 2")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator(".assets > li")).to_have_count(2)


def test_on_the_narrowest_phone_a_long_name_keeps_clear_of_what_stands_below_it(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment", who="lena", screen=PHONE | {"viewport": {"width": 320, "height": 640}})
    page.locator(".assets a.name strong").first.wait_for()

    over = page.evaluate(
        """() => [...document.querySelectorAll(".assets .what")].filter((what) => {
            const name = what.querySelector("a.name strong");
            name.textContent = "Medicine refrigerator thermometer of the north hall";
            const lines = name.getBoundingClientRect(), below = what.querySelector(":scope > .note, .wrong-with");
            return lines.height < 30 || lines.bottom > below.getBoundingClientRect().top + 1;
        }).length"""
    )

    assert over == 0


def test_why_an_asset_is_sick_is_told_with_times_figures_and_courses(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/machine-31", who="lena")

    expect(page.locator(".faults")).to_contain_text("cooling lost in the last 24 hours 38%")
    moved = page.locator(".moved figure")
    expect(moved).to_have_count(2)
    expect(moved.first).to_contain_text("Not normal · normal 38% to 46%")
    expect(moved.first.get_by_role("img")).to_have_attribute("aria-label", re.compile("Share of time it runs: 61%"))
    expect(moved.first.locator("canvas")).to_be_visible()
    first = page.locator(".evidence li").first
    expect(first).to_contain_text(re.compile(r"began .+ · found .+ · not over"))
    expect(page.locator(".evidence li").last).to_contain_text(re.compile("icing up.+over"))
    page.get_by_role("button", name="7 days").click()
    expect(page.locator(".channels canvas")).to_be_visible()


def test_an_address_of_nothing_says_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/nowhere-9", who="lena")

    expect(page.locator("main")).to_contain_text("There is no such equipment here.")
    for path, said in (
        ("#/equipment/orders/999", "There is no maintenance order 999."),
        ("#/cold/999", "There is no excursion 999 in the last 60 days."),
        ("#/devices/gateway-1/nope", "There is no such page of a gateway."),
    ):
        page.goto(shop.base + path)
        expect(page.locator("main")).to_contain_text(said)


def test_an_order_is_opened_with_parts_found_by_search(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/machine-31", who="lena")
    page.get_by_role("button", name="Open an order").click()
    form = page.get_by_role("form", name="Open an order")

    expect(form.get_by_label("What is to be done")).to_have_value(
        "Either loses refrigerant, or its condenser is dirty, or its coil ices up"
    )
    whom = form.get_by_label("By whom")
    expect(whom.locator("option")).to_have_text(["Nobody yet", *sorted(PEOPLE.values())])
    whom.select_option(label="Li Wei")
    form.get_by_label("Until").fill("2020-01-01T10:00")
    form.get_by_role("button", name="Open an order").click()
    expect(form).to_contain_text("It would end before it begins. Enter a later end.")
    form.get_by_label("From").fill("2026-12-01T09:00")
    form.get_by_label("Until").fill("2026-12-01T11:30")
    form.get_by_label("Quiet in the window").select_option(label="Its whole zone")
    form.get_by_label("Search for a part").fill("filter")
    form.get_by_role("button", name=re.compile("Filter cartridge SKU-1019")).click()
    form.get_by_label("Units of Filter cartridge").fill("2")
    form.get_by_label("Search for a part").fill("insulin")
    page.keyboard.press("Enter")
    expect(form).to_contain_text("what is missing is ordered")
    form.get_by_role("button", name="Open an order").dblclick()

    opened = page.locator(".asset-orders .work", has_text="Order 7")
    expect(opened).to_contain_text("Tue 1 Dec, 09:00 to 11:30 · Li Wei")
    [sent] = told(shop, "open")
    assert sent["asset"] == "machine-31"
    assert sent["fault"] == "refrigerant"
    assert sent["parts"] == [{"sku": "SKU-1019", "units": 2}, {"sku": "SKU-1001", "units": 1}]
    assert sent["until_ms"] - sent["from_ms"] == 9_000_000
    assert sent["from_ms"] == 1_796_086_800_000  # nine o'clock at the site
    assert sent["whole_zone"] is True
    assert sent["assigned_to"] == "li"


def test_an_order_is_started_its_parts_taken_and_it_is_finished(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/orders/2", screen=PHONE, who="lena")
    order = row(page, 2)
    expect(order).to_contain_text("The ladder stands at dock 6.")

    order.get_by_role("button", name="Start: Order 2").click()
    expect(order).to_contain_text("In work")
    order.get_by_role("button", name="Take parts: Order 2").click()
    order.get_by_label(re.compile("Tape 50 mm: take now")).fill("3")
    order.locator("form").get_by_role("button", name=re.compile("Take parts")).click()
    expect(order).to_contain_text("enter a number from 0 to 2")
    order.get_by_label(re.compile("Tape 50 mm: take now")).fill("2")
    order.locator("form").get_by_role("button", name=re.compile("Take parts")).click()
    expect(order.locator("form")).to_have_count(0)
    order.get_by_role("button", name="Finish: Order 2").click()
    order.locator("form").get_by_role("button", name="Finish").click()
    expect(order).to_contain_text("What was found: this is needed.")
    order.get_by_label("What was found").fill("Empty.")
    order.get_by_label("What was done").fill("A new one.")
    order.get_by_label(re.compile("used up, of 2")).fill("1")
    order.locator("form").get_by_role("button", name="Finish").click()
    page.mouse.move(0, 0)  # under a hand rows keep their places

    expect(page.locator(".works-ended .work", has_text="Order 2")).to_contain_text("Done")
    [finished] = told(shop, "finish")
    assert finished["used"] == [{"sku": "SKU-1020", "units": 1}]
    assert finished["found"] == "Empty."


def test_an_order_is_cancelled_with_a_reason_and_a_proposal_judged(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/orders", who="lena")

    order = row(page, 4)
    order.get_by_role("button", name="Cancel it: Order 4").click()
    order.locator("form").get_by_role("button", name="Cancel it").click()
    expect(order.locator("form")).to_contain_text("this is needed")
    order.locator("form input").fill("It was sold.")
    order.locator("form").get_by_role("button", name="Cancel it").click()
    page.mouse.move(0, 0)
    expect(page.locator(".works-ended", has_text="New belt")).to_be_visible()
    row(page, 1).get_by_role("button", name="Not now: Order 1").click()

    expect(row(page, 1).get_by_role("button", name="Not now: Order 1")).to_have_count(0)
    assert [one["note"] for one in told(shop, "cancel")] == ["It was sold."]
    assert [one["said"] for one in told(shop, "verdict")] == ["not_now"]


def test_late_orders_and_missing_parts_say_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/orders/3", who="lena")

    expect(row(page, 3)).to_contain_text("Overrun")
    expect(row(page, 3)).to_contain_text("Its window ended 40 min ago, and it is not finished.")
    row(page, 4).locator("summary").click()
    expect(row(page, 4)).to_contain_text(re.compile(r"4 missing, expected \w+ \d+ \w+"))


def test_the_windows_of_two_weeks_are_a_strip_and_lead_to_their_orders(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/orders", who="lena")
    bars = page.locator(".fortnight li a")

    expect(bars).to_have_count(3)
    expect(page.locator(".fortnight .days span")).to_have_count(14)
    expect(page.locator(".fortnight")).to_contain_text("Open without a window: 1")
    page.get_by_role("link", name=re.compile("Order 4, Conveyor 2: New belt and bearings")).click()

    expect(row(page, 4).locator("details[open]")).to_be_visible()


def test_what_somebody_else_changed_meanwhile_is_told_before_it_is_written_over(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/orders/2", who="lena")
    order = row(page, 2)
    order.get_by_role("button", name="Change: Order 2").click()
    order.get_by_label("What is to be done").fill("Two new batteries")
    shop.do(shop.fake.plant._stepped, 2, "change", {"title": "Look at it", "assigned_to": "li"}, "mara", "k")
    expect(order.locator("summary")).to_contain_text("Li Wei")

    order.locator("form").get_by_role("button", name="Keep").click()
    expect(order.locator("form")).to_contain_text("Order 2 is at version 2 by now. Look at it again.")
    assert len(told(shop, "change")) == 1
    order.locator("form").get_by_role("button", name="Keep").click()

    expect(order.locator("summary")).to_contain_text("Two new batteries")
    expect(order.locator("summary")).to_contain_text("Li Wei")


def test_a_form_that_is_open_stays_where_it_is_while_others_take_its_order_on(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/orders", who="lena")
    order = row(page, 1)
    order.get_by_role("button", name="Plan it: Order 1").click()
    form = order.locator("form")
    form.get_by_label("Note").fill("The ladder stands at dock 6.")

    shop.do(shop.fake.plant._stepped, 1, "change", {"title": "New seal", "assigned_to": "li"}, "mara", "k")
    expect(form).to_contain_text("mara changed this order meanwhile. What you entered is still here.")
    expect(form).to_contain_text("By whom: – → Li Wei")
    expect(order.locator(".tags")).to_contain_text("Planned")
    shop.do(shop.fake.plant._stepped, 1, "cancel", {"note": "It was sold."}, "mara", "k2")
    expect(form).to_contain_text("Cancelled · mara")
    page.mouse.move(0, 0)

    expect(form.get_by_label("Note")).to_have_value("The ladder stands at dock 6.")
    expect(page.locator(".works-proposed .work", has_text="Order 1")).to_have_count(1)
    form.get_by_role("button", name="Keep").click()
    expect(form).to_contain_text("Order 1 is at version 3 by now.")
    form.get_by_role("button", name="Leave it").click()
    page.mouse.move(0, 0)
    expect(page.locator(".works-ended .work", has_text="Order 1")).to_have_count(1)


def test_orders_of_an_asset_keep_their_places_while_a_form_is_open(shop: Shop, visit: Visit) -> None:
    shop.do(shop.fake.plant._opened, {"asset": "machine-32", "title": "Oil it"}, "mara", "k")
    page = visit(shop, "#/equipment/machine-32", who="lena")
    names = page.locator(".asset-orders .work summary strong")
    expect(names).to_have_text(["New belt and bearings", "Oil it"])
    row(page, 7).get_by_role("button", name="Change: Order 7").click()

    shop.do(shop.fake.plant._stepped, 7, "start", {}, "mara", "k2")
    page.mouse.move(0, 0)

    expect(row(page, 7).locator(".tags")).to_contain_text("In work")
    expect(names).to_have_text(["New belt and bearings", "Oil it"])
    page.keyboard.press("Escape")
    expect(names).to_have_text(["Oil it", "New belt and bearings"])


def test_what_is_done_without_a_network_waits_visibly_and_is_sent_once(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/orders/2", screen=PHONE, who="lena")
    order = row(page, 2)
    expect(order.get_by_role("button", name="Start: Order 2")).to_be_visible()

    page.context.set_offline(True)
    order.get_by_role("button", name="Start: Order 2").click()
    expect(order).to_contain_text("Waiting to be sent: Start")
    order.get_by_role("button", name="Finish: Order 2").click()
    order.get_by_label("What was found").fill("Empty.")
    order.get_by_label("What was done").fill("A new one.")
    order.locator("form").get_by_role("button", name="Finish").click()
    expect(order).to_contain_text("Waiting to be sent: Finish")
    expect(order.locator(".tags")).to_contain_text("waiting to be sent")
    assert shop.fake.plant.told == []
    page.context.set_offline(False)

    expect(page.locator(".waiting-here")).to_have_count(0, timeout=20_000)
    page.mouse.move(0, 0)
    expect(page.locator(".works-ended .work", has_text="Order 2")).to_contain_text("Done")
    assert [name for name, _ in shop.fake.plant.told] == ["start", "finish"]


def test_what_waited_and_is_refused_then_is_said_and_can_be_dropped(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/orders/2", who="lena")
    order = row(page, 2)
    page.context.set_offline(True)
    order.get_by_role("button", name="Start: Order 2").click()
    expect(order).to_contain_text("Waiting to be sent: Start")
    boss = visit(shop, "#/equipment/orders/2", who="mara")
    row(boss, 2).get_by_role("button", name="Start: Order 2").click()
    expect(row(boss, 2)).to_contain_text("In work")
    page.context.set_offline(False)

    expect(order).to_contain_text("Not taken: Start", timeout=20_000)
    expect(order).to_contain_text("Order 2 is at version 2 by now.")
    order.get_by_role("button", name="Do not send it").click()
    expect(page.locator(".waiting-here")).to_have_count(0)


def test_a_viewer_sees_orders_and_may_change_none(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/orders/2", who="otto")

    expect(row(page, 2)).to_contain_text("Replace the battery")
    expect(page.get_by_role("button", name="Open an order")).to_have_count(0)
    expect(page.locator(".steps")).to_have_count(0)


@pytest.mark.parametrize(("screen", "language", "theme"), LOOKS)
def test_the_pages_of_equipment_unfolded_have_no_barrier(
    shop: Shop, visit: Visit, screen: dict[str, Any], language: str, theme: str
) -> None:
    page = visit(shop, who="mara", screen=screen, language=language, theme=theme)
    found: list[str] = []
    for path, unfolded in PAGES.items():
        page.goto(shop.base + path)
        page.wait_for_selector("main h2")
        for one in unfolded:
            page.locator(one).first.click()
        expect(page.get_by_text(LOADING)).to_have_count(0)
        page.evaluate("() => scrollTo(0, 0)")  # what is half below the header is not too small
        found += seen(page, path, phone=screen is PHONE)

    assert found == []
    assert shop.log == []


def test_with_nothing_wrong_no_equipment_is_coloured(quiet_shop: Shop, visit: Visit, chromium: Any) -> None:
    page = visit(quiet_shop, "#/equipment", who="lena")
    expect(page.locator(".assets > li")).to_have_count(15)
    png = base64.b64encode(page.screenshot()).decode()
    blank = chromium.new_page()
    coloured = blank.evaluate(COLOURED, png)
    blank.close()

    assert coloured == 0
