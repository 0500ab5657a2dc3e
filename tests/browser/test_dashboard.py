"""The dashboard as a person meets it: signing in, watching, going about, losing the link and getting it back."""

from __future__ import annotations

import random
import re

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from tests.browser import fake_site
from tests.browser.conftest import Shop, Visit
from tests.browser.fake_service import PASSWORD, now_ms


def figure(page: Page, name: str) -> str:
    """A tile's value."""
    return page.locator(".tile", has_text=name).locator("b").inner_text()


def test_signing_in_needs_the_right_password_and_signing_out_ends_it(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="")

    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("not right"))
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Floor map")).to_be_visible()

    page.get_by_label("Settings and account").click()
    expect(page.get_by_text("anna, buyer")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_the_page_moves_with_the_service_and_complains_of_nothing(shop: Shop, visit: Visit) -> None:
    page = visit(shop)

    shop.do(shop.fake.add_alert)

    expect(page.locator(".alerts li.firing")).to_have_count(8)
    assert figure(page, "To acknowledge") == "8"
    assert shop.log == []


def test_silence_is_shown_within_five_seconds_and_ends_by_deltas(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    shop.fake.silent = True
    expect(page.locator(".banner")).to_contain_text("No news since", timeout=5500)
    assert "grayscale" in page.locator("main").evaluate("(main) => getComputedStyle(main).filter")
    shop.fake.silent = False
    shop.do(shop.fake.add_alert)

    expect(page.locator(".banner")).to_have_count(0)
    expect(page.locator(".alerts li.firing")).to_have_count(8)
    assert [url for url in asked if "snapshot" in url] == []


def test_a_service_that_started_again_is_followed_from_its_snapshot(shop: Shop, visit: Visit) -> None:
    page = visit(shop)

    shop.stop()
    expect(page.locator(".banner")).to_be_visible(timeout=8000)
    shop.do(shop.fake.add_alert)
    shop.start()

    expect(page.locator(".banner")).to_have_count(0, timeout=12_000)
    expect(page.locator(".alerts li.firing")).to_have_count(8)


def test_a_page_of_another_build_loads_itself_again_once(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))

    shop.stop()
    shop.do(shop.fake.become, v="newer")
    with page.expect_event("load"):
        shop.start()

    expect(page.locator(".banner")).to_contain_text("newer version", timeout=12_000)
    assert len(loads) == 1


@pytest.mark.parametrize(("language", "said"), [("en", "Temperature · last 24 hours"), ("zh", "温度 · 最近 24 小时")])
def test_what_a_slots_device_measures_is_named_in_words(shop: Shop, visit: Visit, language: str, said: str) -> None:
    drawer = visit(shop, "#/slot/A03-02", language=language).get_by_role("dialog")

    expect(drawer.get_by_role("heading", name=said)).to_be_visible()


def test_a_slot_and_an_article_have_addresses_and_back_works(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/slot/A09-05")
    drawer = page.get_by_role("dialog")

    expect(drawer).to_contain_text("The reading has not settled")
    expect(drawer).to_contain_text("12 – 18")
    drawer.get_by_role("link", name="Pallet wrap 500").click()
    expect(drawer.get_by_role("heading", level=2)).to_have_text("Pallet wrap 500")
    page.go_back()
    expect(drawer.get_by_role("heading", level=2)).to_have_text("Slot A09-05")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_closing_a_drawer_gives_the_focus_back(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/stock")
    page.get_by_role("link", name="Insulin pens").focus()

    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="Insulin pens")).to_be_focused()


def test_a_press_on_the_map_opens_the_slot(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    canvas = page.locator("canvas").first
    box = canvas.bounding_box()
    assert box

    page.mouse.click(box["x"] + 54, box["y"] + 40)

    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_have_text("Slot A01-01")


def test_the_why_of_a_proposal_can_be_unfolded(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")

    page.get_by_text("Insulin pens").first.click()

    card = page.locator(".why").first
    expect(card).to_contain_text("so it is time to order")
    expect(card).to_contain_text("Safety stock")
    expect(card).to_contain_text("meets 95% of the demand at once")


def test_the_why_is_still_there_after_the_stock_came(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    done = page.locator(".done li")

    expect(done.last).to_contain_text("Stock is back · 30 min ago")
    expect(done.first).to_contain_text("Withdrawn, no longer needed")
    done.last.locator("summary").click()

    expect(done.last.locator(".why")).to_contain_text("so it is time to order")
    expect(done.last.locator(".why")).to_contain_text("Safety stock")


def test_a_device_that_was_never_heard_is_told_apart_from_a_silent_one(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/devices")

    expect(page.locator("tr.unseen")).to_contain_text("Not seen yet")
    expect(page.locator("tr.unseen")).to_contain_text("never")
    expect(page.locator("tr.silent").first).to_contain_text("15 min ago")
    expect(page.locator("tr.ok").last).to_contain_text("now")


def test_going_from_address_to_address_complains_of_nothing(shop: Shop, visit: Visit) -> None:
    page = visit(shop)

    for path in ["#/sku/SKU-1005", "#/slot/C01-04", "#/alerts", "#/", "#/stock", "#/", "#/devices"]:
        page.goto(shop.base + path)
        page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 50)))")

    assert shop.log == []


def test_the_stock_is_searched_and_what_is_not_known_says_why(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/stock")

    page.get_by_label("Search articles").fill("hex")

    expect(page.locator("tbody tr:not(.more)")).to_have_count(1)
    expect(page.locator("tbody tr").first).to_contain_text("?")
    expect(page.locator("tbody tr.more")).to_contain_text("12 to 18 likely")
    expect(page.locator("tbody tr.more")).to_contain_text("not a whole number of units")


def test_what_was_searched_on_one_page_hides_nothing_on_another(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/stock")

    page.get_by_label("Search articles").fill("zzz")
    expect(page.locator(".stock")).to_contain_text("No article matches")
    page.get_by_role("link", name="Overview").click()

    expect(page.locator(".stock tbody tr").first).to_be_visible()
    expect(page.locator(".stock")).not_to_contain_text("No article matches")


def test_a_device_that_its_gateway_vouches_for_does_not_look_dead(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/devices")
    quiet_ms = now_ms() - 600_000
    devices = fake_site.first(random.Random(7), quiet_ms, "", quiet=True).devices
    fast, slow, alone = (replace(devices[n], within_ms=within) for n, within in enumerate((30_000, 78_000, 0)))

    shop.do(shop.fake.become, devices=[fast, slow, alone])

    rows = page.locator("tr", has_text="shelf-0")
    expect(rows.nth(0).locator("td.n").first).to_have_text("now")
    expect(rows.nth(1).locator("td.n").first).to_have_text(re.compile("^within 2 min"))
    expect(rows.nth(2).locator("td.n").first).to_have_text("10 min ago")


def test_the_language_and_the_theme_can_be_chosen_and_stay(shop: Shop, visit: Visit) -> None:
    page = visit(shop)

    page.get_by_label("Settings and account").click()
    page.get_by_role("button", name="中文").click()
    page.get_by_role("button", name="深色").click()
    page.reload()

    expect(page.get_by_role("heading", name="楼层地图")).to_be_visible()
    assert page.evaluate("() => [document.documentElement.lang, document.documentElement.dataset.theme]") == [
        "zh-Hans",
        "dark",
    ]
