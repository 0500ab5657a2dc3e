"""The alerts inbox as a person uses it: acknowledging, with a note or without, and keeping the focus meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.fake_service import now_ms

FOCUSED = "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


def test_an_acknowledgement_shows_who_and_when_here_on_every_screen_and_after_a_reload(
    shop: Shop, visit: Visit
) -> None:
    page, other = visit(shop), visit(shop, who="otto")
    before = page.locator(".alerts li.firing").count()

    page.get_by_role("button", name="Acknowledge: Temperature above limit").click()

    for screen in (page, other):
        row = screen.locator(".alerts li.acknowledged", has_text="Temperature above limit")
        expect(row).to_contain_text("Acknowledged by anna")
        expect(screen.locator(".alerts li.firing")).to_have_count(before - 1)
    page.reload()
    expect(page.locator(".alerts li.acknowledged", has_text="Temperature above limit")).to_contain_text("anna")


def test_an_acknowledgement_by_keyboard_leaves_the_focus_in_the_list(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    first = page.get_by_role("button", name="Acknowledge: Temperature above limit")
    first.focus()

    page.keyboard.press("Enter")

    expect(first).to_have_count(0)
    page.wait_for_function("() => document.activeElement.closest('.alerts li.firing')")


def test_an_acknowledgement_whose_way_was_cut_waits_aloud_and_is_sent_by_itself_once(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    keys: list[str] = []
    page.on(
        "request", lambda asked: keys.append(asked.headers["idempotency-key"]) if asked.url.endswith("/ack") else None
    )
    page.route("**/ack", lambda route: route.abort())
    button = page.get_by_role("button", name="Acknowledge: Temperature above limit")

    button.click()
    expect(page.locator(".alerts li", has=button)).to_contain_text("Waits to be sent.")
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    page.unroute("**/ack")

    expect(button).to_have_count(0)
    expect(page.get_by_label("Waiting to be sent: 1")).to_have_count(0)
    assert len(keys) >= 2
    assert len(set(keys)) == 1


def test_an_alert_that_is_already_over_says_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    page.route("**/ack", lambda route: route.fulfill(status=409, body='{"code": "conflict"}'))

    page.get_by_role("button", name="Acknowledge: Out of stock").click()

    expect(page.get_by_text("This alert is already over.")).to_be_visible()


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_note_goes_with_the_acknowledgement_and_is_shown_with_it(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, "#/alerts", screen=screen)
    opener = page.get_by_label("Add a note: Temperature above limit")

    opener.click()
    expect(page.get_by_label("Note", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Door seal is torn")
    shop.do(shop.fake.add_alert)
    expect(page.locator(".alerts li.firing")).to_have_count(8)
    page.keyboard.press("Enter")

    row = page.locator(".alerts li.acknowledged", has_text="Door seal is torn")
    expect(row).to_contain_text("Acknowledged by anna · now")
    page.goto(f"{shop.base}#/alerts/acknowledged")
    page.reload()
    expect(row).to_have_count(1)


def test_a_note_that_was_not_sent_is_not_lost(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts")
    page.route("**/ack", lambda route: route.abort())
    page.get_by_label("Add a note: Temperature above limit").click()

    page.keyboard.type("Door seal is torn")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Waits to be sent.")).to_be_visible()
    expect(page.get_by_label("Note", exact=True)).to_have_value("Door seal is torn")


def test_an_alert_that_fires_again_can_be_acknowledged_again(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    button = page.get_by_role("button", name="Acknowledge: Temperature above limit")
    keys: list[str] = []
    page.on(
        "request", lambda asked: keys.append(asked.headers["idempotency-key"]) if asked.url.endswith("/ack") else None
    )
    with page.expect_response("**/ack"):  # it is gone from the page before the service has heard of it
        button.click()
    expect(button).to_have_count(0)

    shop.do(shop.fake.change_alert, 1, state="firing", changed_ms=now_ms() + 1)
    button.click()
    expect(button).to_have_count(0)

    assert len(set(keys)) == 2


def test_what_is_over_can_still_be_looked_up(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts")
    shop.do(shop.fake.change_alert, 8, state="resolved", changed_ms=now_ms())
    expect(page.locator(".alerts li")).to_have_count(6)
    page.get_by_role("link", name="History").click()

    over = page.locator(".done li.resolved")
    expect(over).to_have_count(2)
    expect(over.first).to_contain_text("Stock can not be counted")
    expect(over.last).to_contain_text("Acknowledged by otto")
    expect(over.last).to_contain_text("The door stood open.")


def test_a_viewer_has_nothing_to_press(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="otto")

    expect(page.locator(".alerts li.firing")).to_have_count(7)
    expect(page.locator(".alerts button")).to_have_count(0)


def test_live_updates_do_not_take_the_focus_away(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    page.get_by_role("button", name="Acknowledge: Gateway is silent").focus()

    for _ in range(3):
        shop.do(shop.fake.add_alert)
    shop.do(shop.fake.change_alert, 3, state="resolved")
    expect(page.locator(".alerts li.firing")).to_have_count(9)

    assert page.evaluate(FOCUSED) == "Acknowledge: Gateway is silent"


def test_when_the_focused_alert_leaves_the_next_one_gets_the_focus(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    page.get_by_role("button", name="Acknowledge: Gateway is silent").focus()

    shop.do(shop.fake.change_alert, 5, state="resolved")

    expect(page.locator(".alerts li.firing")).to_have_count(6)
    page.wait_for_function("() => document.activeElement.closest('.alerts li')")
