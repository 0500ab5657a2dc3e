"""Two people at one order or supplier: what one did is told to the other, whose form stays; and amounts as typed."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from cloud.core.purchasing.acting import Action
from cloud.web.office import Came, Step, StepLine
from cloud.web.portal import Plan, PlanLine, Stock
from cloud.web.roles import Who
from tests.browser.conftest import PHONE, Shop, Visit

MARA = Who("mara", "admin")


def told(shop: Shop, kind: str) -> list[Any]:
    """What of this kind the service was told to do, in order."""
    return [what for name, what in shop.fake.trade.told if name == kind]


def opened(page: Page, order: int, step: str) -> Any:
    """The form of a step of an order, and its row."""
    row = page.locator(".order-row", has_text=f"Order no. {order}")
    row.get_by_role("button", name=f"{step}: Order no. {order}").click()
    return row, row.locator("form")


def done(shop: Shop, order: int, action: Action, step: Step) -> None:
    """Somebody else does this."""

    shop.do(asyncio.ensure_future, shop.fake.trade.step(order, action, step, MARA, f"other-{action}"))


def test_what_came_is_not_booked_twice_by_two_people_who_look_at_it_together(shop: Shop, visit: Visit) -> None:
    pages = [visit(shop, "#/orders/3"), visit(shop, "#/orders/3", who="mara")]
    (row, first), (other_row, second) = (opened(page, 3, "Receive") for page in pages)
    for form in (first, second):
        form.get_by_label("Nitrile gloves M: Good units").fill("30")

    second.get_by_role("button", name="Receive", exact=True).click()
    expect(other_row.locator("form")).to_have_count(0)
    expect(row).to_contain_text("mara changed this order meanwhile. It is now: Partly received.")
    expect(row).to_contain_text("received 0 → 30")
    first.get_by_role("button", name="Receive", exact=True).click()

    expect(row).to_contain_text("mara changed this meanwhile. Look at")
    expect(first.get_by_label("Nitrile gloves M: Good units")).to_have_value("30")
    assert len(told(shop, "receive")) == 1
    first.get_by_role("button", name="Go on with it as it is now").click()
    expect(first).to_contain_text("6 of 36")
    first.get_by_label("Nitrile gloves M: Good units").fill("6")
    first.get_by_role("button", name="Receive", exact=True).click()
    expect(row.locator("form")).to_have_count(0)
    assert [one.lines[0].received for one in told(shop, "receive")] == [30, 6]


def test_a_change_of_an_order_that_was_approved_meanwhile_is_not_taken_without_a_word(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment/drafts")
    row, form = opened(page, 5, "Change")
    form.get_by_label("Units").fill("40")
    form.get_by_label("Note").fill("more of it")

    done(shop, 5, "send", Step())
    expect(row).to_contain_text("mara changed this order meanwhile. It is now: Sent.")
    form.get_by_role("button", name="Change", exact=True).click()

    expect(row).to_contain_text("mara changed this meanwhile. Look at")
    expect(form.get_by_label("Note")).to_have_value("more of it")
    assert told(shop, "change") == []
    form.get_by_role("button", name="Leave it").click()
    expect(row).to_have_count(0)  # it is among those that were sent


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_form_stays_and_says_who_cancelled_the_order(shop: Shop, visit: Visit, language: str) -> None:
    page = visit(shop, "#/orders", language=language, screen=PHONE)
    row = page.locator(".orders-waiting .order-row", has_text="4,000")
    row.locator('[data-step="change"]').click()
    note = row.locator('form [name="note"]')
    note.fill("for the fair")

    done(shop, 4, "cancel", Step(note="no more"))

    meanwhile = row.locator(".meanwhile")
    expect(meanwhile).to_contain_text("mara")
    expect(meanwhile).to_contain_text({"en": "Cancelled", "zh": "已取消"}[language])
    expect(meanwhile.get_by_role("button")).to_have_count(0)
    expect(note).to_have_value("for the fair")


def test_of_two_who_score_a_supplier_the_second_is_told_and_the_cards_stay_where_they_are(
    shop: Shop, visit: Visit
) -> None:
    first, second = visit(shop, "#/suppliers"), visit(shop, "#/suppliers", who="mara")
    for page, points in ((first, "1"), (second, "20")):
        page.get_by_role("button", name="Enter: Innovation, Acme Medical").click()
        page.get_by_label("Points, 0 to 100").fill(points)
    names = second.locator(".supplier h3").all_text_contents()

    first.get_by_role("button", name="Save").click()
    expect(first.locator("form")).to_have_count(0)
    second.get_by_role("button", name="Save").click()

    part = second.locator(".supplier", has_text="Acme").locator(".parts li", has_text="Innovation")
    expect(part).to_contain_text("anna changed this meanwhile.")
    expect(part).to_contain_text("entered by anna")
    expect(second.get_by_label("Points, 0 to 100")).to_have_value("20")
    assert [one.value for one in told(shop, "score")] == [1.0]
    shop.fake.trade.rescored = {"acme": 12}
    second.get_by_role("button", name="Save").click()
    expect(second.locator("form")).to_have_count(0)
    expect(part).to_contain_text("entered by mara")
    expect(second.locator(".supplier", has_text="Acme").locator(".headline")).to_contain_text("12")
    assert second.locator(".supplier h3").all_text_contents() == names


def test_thousands_are_typed_as_the_page_writes_them_and_what_may_be_either_is_asked_about(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, "#/orders/5", who="mara")
    row, form = opened(page, 5, "Change")
    units, submit = form.get_by_label("Units"), form.get_by_role("button", name="Change", exact=True)

    units.fill("1.200")
    submit.click()
    expect(form).to_contain_text("this can be read as 1200 or as 1.2. Write the one that is meant.")
    expect(units).to_be_focused()
    units.fill("1,2000")
    submit.click()
    expect(form).to_contain_text("only whole numbers are counted")
    units.fill("1,200")
    submit.click()
    anyway = form.get_by_role("button", name="Do it anyway")
    expect(form.get_by_role("status").last).to_contain_text("its shelves hold")
    units.fill("0")
    expect(anyway).to_have_count(0)
    submit.click()
    expect(form).to_contain_text("Nothing would be left")
    expect(anyway).to_have_count(0)
    units.fill("1,200")
    submit.click()
    anyway.click()

    expect(row.locator("form")).to_have_count(0)
    assert [(one.lines[0].units, one.anyway) for one in told(shop, "change")] == [(1200, False)]


def test_a_line_of_an_order_is_never_left_out_without_a_word(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders")
    page.get_by_role("button", name="New order").click()
    form = page.locator("form")
    page.get_by_label("Supplier").select_option("nord")
    page.get_by_label("Article", exact=True).select_option("SKU-1009")
    page.get_by_label("Units", exact=True).fill("1 000")
    page.get_by_role("button", name="Another article").click()
    page.get_by_label("Article 2").select_option("SKU-1010")

    form.get_by_role("button", name="Make a draft").click()
    anyway = form.get_by_role("button", name="Do it anyway")
    anyway.click()
    expect(form.locator(".field.wrong")).to_contain_text("An article needs its units")
    expect(anyway).to_have_count(0)
    page.get_by_label("Units 2").fill("24")
    form.get_by_role("button", name="Make a draft").click()
    anyway.click()

    expect(page.locator(".order-row details[open]")).to_contain_text("1,000")
    expect(page.locator(".order-row details[open]")).to_contain_text("24")


def test_what_was_entered_before_others_received_is_asked_about_once_more(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders/3")
    row, form = opened(page, 3, "Receive")
    form.get_by_label("Nitrile gloves M: Good units").fill("10")
    submit = form.get_by_role("button", name="Receive", exact=True)
    done(shop, 3, "receive", Step(lines=[StepLine("SKU-1004", received=10)]))
    expect(row).to_contain_text("mara changed this order meanwhile.")
    submit.click()
    expect(form).to_contain_text("mara changed this meanwhile. Look at")

    form.get_by_role("button", name="Go on with it as it is now").click()
    expect(form).not_to_contain_text("mara changed this meanwhile. Look at")
    submit.click()

    expect(form).to_contain_text("is it to be booked on top?")
    assert len(told(shop, "receive")) == 1
    form.get_by_role("button", name="Do it anyway").click()
    expect(form).to_have_count(0)
    assert [one.lines[0].received for one in told(shop, "receive")] == [10, 10]


def test_what_came_and_somebody_else_booked_meanwhile_is_not_booked_twice(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders")
    page.get_by_role("button", name="Change …: Nitrile gloves M").click()
    form = page.locator(".arrivals form")
    form.get_by_label("Good units").fill("30")
    [arrival] = shop.fake.trade.arrivals()

    shop.do(asyncio.ensure_future, shop.fake.trade.confirm(arrival.id, Came(34), MARA, "theirs"))

    expect(form).to_contain_text("This changed meanwhile; what you entered stays.")
    expect(form).to_contain_text("Nitrile gloves M: 34 → 0 to book")
    expect(form.get_by_label("Good units")).to_have_value("30")
    form.get_by_role("button", name="Book it").click()
    expect(form.locator("p.trouble")).not_to_have_text("")
    assert told(shop, "confirm") == [Came(34)]
    form.get_by_role("button", name="Leave it").click()
    expect(page.locator(".arrivals")).to_have_count(0)


def test_more_that_comes_while_it_is_put_right_is_told_first(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders")
    page.get_by_role("button", name="Change …: Nitrile gloves M").click()
    form = page.locator(".arrivals form")
    form.get_by_label("Good units").fill("33")
    [arrival] = shop.fake.trade.arrivals()

    shop.do(shop.fake.trade.see, replace(arrival, units=36, taken=36, difference=0))
    expect(form).to_contain_text("Nitrile gloves M: 34 → 36 to book")
    form.get_by_role("button", name="Book it").click()
    expect(form).to_contain_text("It was changed meanwhile. Look at it again, then decide.")
    form.get_by_role("button", name="Go on with it as it is now").click()
    expect(form.locator(".meanwhile")).to_have_count(0)
    form.get_by_role("button", name="Book it").click()

    expect(page.locator(".arrivals")).to_have_count(0)
    assert told(shop, "confirm") == [Came(33)]


def test_a_count_that_nobody_has_shown_yet_is_not_approved(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting")
    row = page.locator(".differing .rows > li", has_text="A04-02")
    approve = row.get_by_role("button", name=re.compile("^Approve: "))
    expect(row).to_contain_text("31 counted, 18 expected")

    shop.do(shop.fake.counting.recounted, "A04-02", 900, "bea")
    approve.click()

    expect(row).to_contain_text("bea changed this meanwhile.")
    expect(row).to_contain_text("900 counted, 18 expected")
    assert shop.fake.counting.told == []
    approve.click()
    expect(row).to_have_count(0)
    assert shop.fake.counting.told == [("approve", "A04-02")]


def test_nobody_asks_for_another_count_of_what_was_counted_again_meanwhile(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting")
    row = page.locator(".differing .rows > li", has_text="A02-01")
    expect(row).to_contain_text("9 counted, 12 expected")

    shop.do(shop.fake.counting.recounted, "A02-01", 14, "bea")
    row.get_by_role("button", name=re.compile("^Count again: ")).click()

    expect(row).to_contain_text("bea changed this meanwhile.")
    expect(row).to_contain_text("14 counted, 12 expected")
    assert shop.fake.counting.told == []


def test_what_a_colleague_handed_in_meanwhile_is_told_before_it_is_planned_twice(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="vera")
    shelves = page.locator(".panel.shelves")
    page.get_by_role("button", name="Plan a delivery").click()
    form = shelves.get_by_role("form", name="Plan a delivery")
    units = form.get_by_label("Paper A4 80 g: Units")
    units.fill("20")

    plan = Plan([PlanLine("SKU-1002", 20)])
    shop.do(asyncio.ensure_future, shop.fake.trade.plan(plan, Who("sam", "supplier", "acme"), "theirs"))
    form.get_by_role("button", name="Hand in the plan").click()

    expect(form).to_contain_text("a colleague changed this meanwhile.")
    expect(form.locator(".meanwhile")).to_contain_text(re.compile("Paper A4 80 g: still to come .* → "))
    expect(units).to_have_value("20")
    assert len(told(shop, "plan")) == 1
    form.get_by_role("button", name="Go on with it as it is now").click()
    expect(form.locator(".meanwhile")).to_have_count(0)
    form.get_by_role("button", name="Hand in the plan").click()
    expect(shelves).to_contain_text("Handed in: it is order no. 9.")
    assert len(told(shop, "plan")) == 2


def test_what_a_colleague_told_to_have_is_not_replaced_without_a_word(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="vera")
    having = page.locator(".panel.having")
    having.get_by_role("button", name="Tell what you have").click()
    form = having.locator("form")
    pens = form.get_by_label("Insulin pens")
    pens.fill("222")

    stock = Stock({"SKU-1001": 1234})
    shop.do(asyncio.ensure_future, shop.fake.trade.stock(stock, Who("sam", "supplier", "acme")))
    form.get_by_role("button", name="Save").click()

    expect(form).to_contain_text("a colleague changed this meanwhile.")
    expect(form.locator(".meanwhile")).to_contain_text("1,234")
    expect(pens).to_have_value("222")
    assert [one.skus for one in told(shop, "stock")] == [{"SKU-1001": 1234}]
    form.get_by_role("button", name="Go on with it as it is now").click()
    form.get_by_role("button", name="Save").click()
    expect(having.get_by_role("status")).to_have_text("Noted.")
    assert [one.skus for one in told(shop, "stock")][1:] == [{"SKU-1001": 222}]


def test_an_address_of_no_order_says_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/orders/999")
    expect(page.get_by_text("There is no order no. 999.")).to_be_visible()

    page.evaluate("location.hash = '#/orders/3'")

    expect(page.locator(".order-row details[open]")).to_contain_text("Nitrile gloves M")
    expect(page.get_by_text("There is no order")).to_have_count(0)
