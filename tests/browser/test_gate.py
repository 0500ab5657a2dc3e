"""What gateways tell when they are asked from a page, and the floor map's layers."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Shop, Visit


def test_a_slots_drawer_tells_how_its_number_came_about_and_what_is_done_at_the_shelf(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/slot/A09-05", who="mara", screen=PHONE)
    drawer = page.get_by_role("dialog")

    expect(drawer.get_by_text("29 units, sure to 99.1")).to_be_visible()
    expect(drawer.get_by_text("1,450.0 g, alone it says 29")).to_be_visible()
    expect(drawer.get_by_text("−1 seen, not booked yet")).to_be_visible()
    expect(drawer.get_by_text("30, −1 off (right with 2%)")).to_be_visible()
    drawer.get_by_role("button", name="Light the way").click()
    expect(drawer.get_by_text("It is lit.")).to_be_visible()
    drawer.get_by_role("button", name="Learn what a unit weighs").click()
    drawer.get_by_label("Units on the shelf").fill("x")
    drawer.get_by_role("button", name="Learn", exact=True).click()
    expect(drawer.get_by_text("Give a whole number of units")).to_be_visible()
    drawer.get_by_label("Units on the shelf").fill("12")
    drawer.get_by_role("button", name="Learn", exact=True).click()
    expect(drawer.get_by_text("A unit weighs 50.25 g.")).to_be_visible()

    assert shop.fake.gate.asked[1] == (
        "/api/v1/slots/A09-05/actions", "mara", {"do": "teach", "pieces": 12},
    )  # fmt: skip


def test_a_gateway_that_is_away_is_told_as_such_and_asked_again(shop: Shop, visit: Visit) -> None:
    shop.fake.gate.away = True
    page = visit(shop, "#/slot/A09-05")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("can not be reached now")).to_be_visible()

    shop.fake.gate.away = False
    drawer.get_by_role("button", name="Ask again").click()
    expect(drawer.get_by_text("29 units, sure to")).to_be_visible()


def test_the_gateways_own_page_says_how_it_is_and_what_it_could_not_read(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/devices")
    page.get_by_role("link", name="gateway-1").click()

    expect(page.get_by_role("heading", name="Gateway gateway-1")).to_be_visible()
    expect(page.get_by_text("2 days of room with the cloud away")).to_be_visible()
    expect(page.get_by_text("14 reports wait")).to_be_visible()
    expect(page.get_by_text("byte 14: not JSON").first).to_be_visible()
    expect(page.get_by_text("0x00158d").first).to_be_visible()


def test_the_map_lights_what_is_sought_and_its_address_says_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/map")
    page.get_by_role("link", name="Fill").click()
    page.get_by_label("Find an article or a slot").fill("SKU-1005")

    expect(page.get_by_text("What was found")).to_be_visible()
    assert page.url.endswith("#/map/fill/SKU-1005")
    page.locator(".abnormal li a").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Find an article or a slot")).to_have_value("SKU-1005")
