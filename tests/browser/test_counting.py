"""Counting as people do it: place by place, blind, in a dead spot, by scanner; and what becomes of differences."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.test_trade import told
from tests.browser.test_trade_looks import seen

BOTH = [(PHONE, "en", "light"), (DESKTOP, "zh", "dark"), (PHONE, "zh", "dark")]


def press(page: Page, digits: str) -> None:
    """Count so many, by the keys on the screen."""
    keys = page.locator(".keys")
    for one in digits:
        keys.get_by_role("button", name=one, exact=True).tap()
    keys.get_by_role("button", name="OK").tap()


def scan(page: Page, code: str) -> None:
    """As a hand scanner does: all keys at once, and Enter."""
    page.evaluate(
        """(keys) => { for (const key of keys) (document.activeElement ?? document.body).dispatchEvent(
            new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })) }""",
        [*code, "Enter"],
    )


def counted(shop: Shop) -> list[tuple[str, int]]:
    """What reached the service."""
    return [(one.place, one.counted) for one in told(shop, "count")]


def test_counting_asks_again_where_much_differs_and_then_tells_the_causes(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting/A03-02", screen=PHONE)
    sheet = page.locator(".count-sheet")

    page.locator(".keys").get_by_role("button", name="OK").tap()
    expect(sheet).to_contain_text("Enter the number, 0 for an empty place.")
    press(page, "33")
    expect(sheet).to_contain_text("Please count once more.")
    expect(sheet).not_to_contain_text("+24")
    press(page, "33")

    expect(sheet).to_contain_text("33 counted, +24 against the book")
    expect(sheet).to_contain_text("Goods came that nobody booked")
    sheet.get_by_role("link", name=re.compile("^Next: ")).tap()
    expect(sheet.locator(".place")).not_to_have_text("A03-02")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    sheet.get_by_role("link", name="List", exact=True).tap()
    expect(page.locator(".done li", has_text="A03-02").first).to_contain_text("33 counted")
    assert [units for _, units in counted(shop)] == [33, 33, 7]


def test_what_is_no_whole_number_is_refused_at_the_field_and_not_made_one(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting/A03-02")
    field = page.locator("#counted")
    for text in ("1.5", "-3", "1e9", "1234567"):
        field.fill(text)
        page.keyboard.press("Enter")
        expect(field).to_have_value(text)
        expect(field).to_have_accessible_description(re.compile("This is no whole number"))
    field.fill("9")
    page.keyboard.press("Enter")

    expect(page.locator(".count-sheet")).to_contain_text("9: that agrees with the book.")
    page.goto(f"{shop.base}#/outbox")
    expect(page.locator(".panel.sent li")).to_contain_text("agrees with the book")
    assert counted(shop) == [("A03-02", 9)]


def test_who_signs_out_while_something_waits_is_asked_first(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting/A03-02")
    page.route("**/api/v1/counts", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.keyboard.type("33")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    page.locator(".menu summary").click()

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("alert")).to_contain_text("Not sent yet: 1.")
    page.get_by_role("button", name="Sign out all the same").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_slot_can_be_counted_from_its_drawer(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/slot/A03-02")

    page.get_by_role("link", name="Count it").click()
    expect(page.get_by_label("How many are there?")).to_be_focused()
    page.keyboard.type("9")
    page.keyboard.press("Enter")

    expect(page.locator(".count-sheet")).to_contain_text("9: that agrees with the book.")


def test_a_round_is_counted_in_a_dead_spot_and_sent_once_when_the_network_is_back(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting", screen=PHONE)
    left = page.locator(".counting .rows > li")
    expect(left).to_have_count(4)
    page.get_by_role("link", name=re.compile("^Begin at ")).tap()
    sheet = page.locator(".count-sheet")
    expect(sheet.locator("header")).to_contain_text("1 of 4")
    page.context.set_offline(True)

    press(page, "12")
    expect(sheet).to_contain_text("12: kept. It is sent when there is a connection")
    sheet.get_by_role("link", name=re.compile("^Next: ")).tap()
    expect(sheet.locator("header")).to_contain_text("2 of 4")
    press(page, "8")
    expect(page.get_by_label("Waiting to be sent: 2")).to_be_visible()
    sheet.get_by_role("link", name="List", exact=True).tap()
    expect(left).to_have_count(2)
    expect(page.locator(".done li").first).to_contain_text("8 counted · waits to be sent")
    assert counted(shop) == []
    page.context.set_offline(False)

    expect(page.locator(".outbox-badge")).to_have_count(0, timeout=20_000)
    assert [units for _, units in counted(shop)] == [12, 8]
    expect(page.locator(".done li").first).not_to_contain_text("waits to be sent")


def test_what_waits_survives_a_reload_and_two_windows_send_it_once(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting/A03-02")
    page.route("**/api/v1/counts", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.keyboard.type("33")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    page.unroute("**/api/v1/counts")

    other = page.context.new_page()
    other.goto(f"{shop.base}#/outbox")

    expect(other.locator(".panel.sent")).to_contain_text("33 counted: ")
    expect(page.locator(".outbox-badge")).to_have_count(0)
    assert counted(shop) == [("A03-02", 33)]


def test_what_was_refused_says_why_in_one_place_and_is_let_go(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting/A03-02", screen=PHONE)
    page.context.set_offline(True)
    press(page, "33")
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    problem = '{"code": "unknown_place", "detail": "it does not lie there", "hint": "", "status": 422}'
    page.route("**/api/v1/counts", lambda route: route.fulfill(status=422, body=problem))
    page.context.set_offline(False)
    badge = page.get_by_label("Not taken or waiting to be sent: 1")
    expect(badge).to_be_visible(timeout=20_000)

    badge.tap()

    expect(page.locator(".panel.outbox")).to_contain_text("Not taken: 33 counted:")
    expect(page.locator(".panel.outbox")).to_contain_text("It does not lie there.")
    page.get_by_role("button", name=re.compile("^Send again")).tap()
    expect(page.locator(".panel.outbox")).to_contain_text("It does not lie there.")
    page.get_by_role("button", name=re.compile("^Do not send it")).tap()
    expect(page.locator(".panel.outbox")).to_contain_text("Nothing waits.")
    expect(page.locator(".outbox-badge")).to_have_count(0)


def test_nothing_is_sent_as_somebody_who_signed_in_here_meanwhile_in_another_window(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting/A03-02")
    page.context.add_cookies(
        [{"name": "warehouse_session", "value": shop.do(shop.fake.pass_for, "mara"), "url": shop.base}]
    )

    page.keyboard.type("33")
    page.keyboard.press("Enter")

    page.goto(f"{shop.base}#/outbox")
    expect(page.locator(".panel.others-left")).to_contain_text("anna: 1 not sent")
    expect(page.locator(".panel.outbox")).to_contain_text("Nothing of yours waits.")
    expect(page.locator(".panel.outbox")).not_to_contain_text("has reached the service")
    assert counted(shop) == []


def test_a_place_is_left_out_with_a_reason_and_comes_last(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting", screen=PHONE)
    first = page.locator(".counting .rows > li").first
    place = first.locator("a").first.inner_text()
    page.get_by_role("link", name=re.compile("^Begin at ")).tap()

    page.get_by_role("button", name="Skip").tap()
    page.get_by_role("button", name="can not be reached").tap()

    expect(page.locator(".count-sheet .place")).not_to_have_text(place)
    page.get_by_role("link", name="List", exact=True).tap()
    expect(page.locator(".counting .rows > li").last).to_contain_text(f"{place} ·")
    expect(page.locator(".counting .rows > li").last).to_contain_text("left out: can not be reached")
    assert shop.fake.counting.told == [("skip", (place, "blocked", "anna"))]


def test_a_scanner_finds_the_place_and_types_nothing_into_the_count(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting")
    expect(page.locator(".counting .rows > li")).to_have_count(4)

    scan(page, "XYZ-99")
    expect(page.locator(".counting")).to_contain_text("XYZ-99 is no place or article that is known here.")
    scan(page, "a03-02")
    expect(page.locator(".count-sheet .place")).to_have_text("A03-02")
    scan(page, "A01-01")
    expect(page.locator(".count-sheet")).to_contain_text("A01-01 was scanned: that is not this place.")
    scan(page, "A03-02")
    expect(page.locator(".count-sheet")).to_contain_text("the right place")
    expect(page.locator(".counted")).to_have_value("")
    assert counted(shop) == []


def test_differences_are_approved_by_who_may_and_did_not_count(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting")
    rows = page.locator(".differing .rows > li")

    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("31 counted, 18 expected")
    rows.first.get_by_role("button", name=re.compile("^Approve: ")).click()

    expect(rows).to_have_count(1)
    assert shop.fake.counting.told == [("approve", "A04-02")]


def test_what_stands_is_asked_for_once_more_by_who_may(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting")
    row = page.locator(".differing .rows > li", has_text="A02-01")

    with page.expect_request("**/api/v1/counts"):  # so that today's list has it at once
        row.get_by_role("button", name=re.compile("^Count again: ")).click()

    expect(row).to_contain_text("to be counted once more")
    assert shop.fake.counting.told == [("again", "A02-01")]


def test_a_count_that_somebody_else_settled_meanwhile_is_not_asked_for_once_more(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting/A03-02", screen=PHONE)
    press(page, "33")
    page.get_by_role("link", name="List", exact=True).tap()
    row = page.locator(".done li", has_text="A03-02")
    expect(row).to_contain_text("Please count once more.")

    shop.do(shop.fake.trade._counted["A03-02"].append, 33)
    page.reload()

    expect(row).to_contain_text("33 counted · it differed, and is settled by now")
    expect(row).not_to_contain_text("Please count once more.")


@pytest.mark.parametrize(("screen", "language", "theme"), BOTH)
def test_counting_and_the_outbox_have_no_barrier(
    shop: Shop, visit: Visit, screen: dict[str, Any], language: str, theme: str
) -> None:
    phone = screen is PHONE
    page = visit(shop, "#/counting/A03-02", screen=screen, language=language, theme=theme)
    page.locator(".keys").wait_for()
    page.locator(".count-ways button").first.click()
    assert seen(page, "#/counting", phone=phone) == []
    page.context.set_offline(True)
    page.locator(".skip-reasons button").first.click()
    page.locator(".outbox-badge").wait_for()
    page.goto(f"{shop.base}#/outbox")
    page.locator(".panel.outbox li").wait_for()
    assert seen(page, "#/outbox", phone=phone) == []
