"""What gateways tell when they are asked from a page, and the floor map's layers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Shop, Visit
from tests.browser.test_looks import OVERFLOW, SMALL_TARGETS, violations


def test_a_slots_drawer_tells_how_its_number_came_about_and_what_is_done_at_the_shelf(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/slot/A09-05", who="lena", screen=PHONE)
    drawer = page.get_by_role("dialog")

    expect(drawer.get_by_text("29 units, sure to 99.1")).to_be_visible()
    expect(drawer.get_by_text("1,450.0 g, alone it says 29")).to_be_visible()
    expect(drawer.get_by_text("−1 seen, not booked yet")).to_be_visible()
    expect(drawer.get_by_text("30, −1 off (right with 2%)")).to_be_visible()
    drawer.get_by_role("button", name="Light the way").click()
    expect(drawer.get_by_text("It is lit.")).to_be_visible()
    drawer.get_by_role("button", name="Learn what a unit weighs").click()
    drawer.get_by_label("Units on the shelf").fill("x")
    drawer.get_by_role("button", name="Begin").click()
    expect(drawer.get_by_text("Give a whole number of units")).to_be_visible()
    drawer.get_by_label("Units on the shelf").fill("12")
    drawer.get_by_role("button", name="Begin").click()
    expect(drawer.get_by_text("The scale is not at rest")).to_be_visible()

    assert shop.fake.gate.asked[1] == (
        "/api/v1/slots/A09-05/run", "lena", {"do": "teach", "pieces": 12},
    )  # fmt: skip
    page.reload()
    expect(drawer.get_by_text("The scale is not at rest")).to_be_visible()
    run = shop.fake.gate.run
    assert run is not None
    run.step, run.measured_g, run.result = "stored", 603.0, {"unit_mass_g": 50.25, "reach": 88}
    expect(drawer.get_by_text("A unit weighs 50.25 g. Up to 88 units can be told apart.")).to_be_visible()


def test_a_gateway_that_is_away_is_told_as_such_and_asked_again(shop: Shop, visit: Visit) -> None:
    shop.fake.gate.away = True
    page = visit(shop, "#/slot/A09-05")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("Gateway gateway-1 does not answer now.")).to_be_visible()

    shop.fake.gate.away = False
    drawer.get_by_role("button", name="Ask again").click()
    expect(drawer.get_by_text("29 units, sure to")).to_be_visible()


def test_one_thing_that_is_wrong_with_a_gateway_is_one_thing(shop: Shop, visit: Visit) -> None:
    shop.fake.gate.not_ready = ["the broker is away"]
    page = visit(shop, "#/devices")

    expect(page.locator(".gateway-cards").get_by_text("1 thing is wrong")).to_be_visible()


def test_with_its_gateway_away_nothing_is_shown_as_if_it_were_known_now(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/slot/A01-02")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("29 units, sure to")).to_be_visible()
    expect(drawer.get_by_text("Well")).to_be_visible()
    count = drawer.locator(".headline").inner_text().split("/")[0]
    before = shop.do(shop.fake.lose_gateway)

    expect(drawer.locator(".headline")).to_have_text(re.compile(rf"{count.strip()} / \d+\s+Silent"))
    expect(drawer.get_by_text(re.compile(r"Its gateway is away since \d\d:\d\d\. All here is"))).to_be_visible()
    expect(drawer.get_by_text("Well")).to_have_count(0)
    expect(drawer.get_by_text(re.compile(r"Gateway gateway-1 is away since \d\d:\d\d\."))).to_be_visible()
    page.goto(f"{shop.base}#/devices")
    card = page.locator(".gateway-cards li").filter(has_text="gateway-1")
    for name in ("Backlog", "Clock", "Readings"):
        fact = card.locator(".facts > div").filter(has_text=name)
        expect(fact).to_contain_text(re.compile(r"not known since \d\d:\d\d"))
    expect(page.get_by_text("0 of 34 well")).to_be_visible()
    page.goto(f"{shop.base}#/")
    expect(page.locator(".tile").filter(has_text="Silent devices")).to_contain_text("34")
    expect(page.locator(".tile.bad").filter(has_text="Counts known")).to_contain_text("0.0")
    expect(page.locator(".tile.warn").filter(has_text="Silent devices")).to_contain_text("34")
    for name in ("Articles out", "Below reorder", "Shelves full"):
        expect(page.locator(".tile").filter(has_text=name)).to_contain_text(re.compile(r"as of \d\d:\d\d"))
    expect(page.get_by_role("img", name="Silent 200")).to_be_visible()

    shop.do(shop.fake.find_gateway, before)
    expect(page.get_by_role("img", name="Silent 2")).to_be_visible()
    page.goto(f"{shop.base}#/devices")
    expect(card.get_by_text("1.5 h 14 reports wait")).to_be_visible()


def test_a_cold_room_whose_gateway_is_away_is_not_said_to_be_within_its_limits(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold")
    room = page.locator(".cold-room.within").first
    expect(room.get_by_text("Within its limits")).to_be_visible()
    devices = shop.do(shop.fake.become).devices
    thermometers = [replace(devices[0], id=f"climate-{zone}") for zone in ("cool", "freeze")]
    shop.do(shop.fake.become, devices=[*devices, *thermometers])
    shop.do(shop.fake.lose_gateway)

    expect(room.locator(".room-state").get_by_text("Not known now")).to_be_visible()
    expect(room.get_by_text(re.compile(r"as of \d\d:\d\d"))).to_be_visible()


def test_a_gateways_page_says_how_it_is_and_how_its_devices_are(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/devices")
    card = page.locator(".gateway-cards li").filter(has_text="gateway-1")
    expect(card.get_by_text("1.5 h 14 reports wait")).to_be_visible()
    expect(card.locator("div").filter(has_text="Last changed").get_by_text("1 min ago")).to_be_visible()
    card.get_by_role("link", name="gateway-1").click()

    expect(page.get_by_role("heading", name="Gateway gateway-1")).to_be_visible()
    expect(page.get_by_text("2 days of room with the cloud away")).to_be_visible()
    expect(page.get_by_text("14 reports wait")).to_be_visible()
    page.get_by_role("link", name="Devices", exact=True).last.click()
    first = page.locator(".device-cards > li").first
    expect(first.get_by_text("cold-1")).to_be_visible()
    expect(first.get_by_text("Battery low: replace it.")).to_be_visible()
    page.get_by_label("Find a device").fill("A2")
    expect(page.locator(".device-cards > li")).to_have_count(1)
    expect(page.get_by_text("1 hr ago")).to_be_visible()


def test_who_is_new_is_enrolled_at_a_place_and_approved_or_refused(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/devices/gateway-1/new", who="lena")
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    one = page.locator(".strangers li").filter(has_text="scale-77")
    expect(one.get_by_text("mass 1,350 g")).to_be_visible()
    one.get_by_role("button", name="Enrol").click()
    one.get_by_label("At the place").select_option("shelf-1")
    expect(one.get_by_text("It replaces shelf-1 at shelf-1")).to_be_visible()
    one.get_by_role("button", name="Ask for approval").click()
    expect(page.get_by_text("waits for approval, asked for by lena")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("approved by lena")).to_be_visible()
    other = page.locator(".strangers li").filter(has_text="0x00158d")
    other.get_by_role("button", name="Refuse", exact=True).click()
    other.get_by_label("Why").fill("next door's")
    other.get_by_role("button", name="Refuse it").click()
    expect(page.locator(".refused").get_by_text("next door's")).to_be_visible()
    page.get_by_role("link", name="Devices", exact=True).last.click()
    expect(page.get_by_text("Calibration due: its scale was replaced")).to_be_visible()

    assert [deed["do"] for _, by, deed in shop.fake.gate.asked] == ["enrol", "approve", "refuse"]
    assert broken == []


def test_only_of_a_scale_it_is_said_that_its_slots_are_to_be_tared(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/devices/gateway-1/new", who="lena")
    other = page.locator(".strangers li").filter(has_text="0x00158d")

    other.get_by_role("button", name="Enrol").click()
    expect(other.get_by_label("At the place").locator("option")).to_have_text(["–", re.compile("^cold-1")])
    other.get_by_label("At the place").select_option("cold-1")

    expect(other.get_by_text("It replaces cold-1 at cold-1. The history stays.")).to_be_visible()


@pytest.mark.parametrize(("language", "said"), [("en", "at most 10,000,000"), ("zh", "不超过 10,000,000")])
def test_a_weight_no_shelf_bears_is_told_at_the_form(shop: Shop, visit: Visit, language: str, said: str) -> None:
    page = visit(shop, "#/devices/gateway-1/devices", who="lena", language=language)
    card = page.locator(".device-cards > li").filter(has_text="shelf-1")

    card.locator("button", has_text="A1").click()
    card.locator(".run-at button").nth(1).click()
    card.locator(".run-form input").fill("1000000000")
    card.locator(".run-form button").click()

    expect(card.locator(".run-at [role=status]").last).to_contain_text(said)
    assert shop.fake.gate.asked == []


def test_messages_are_shown_as_they_come_and_what_could_not_be_used_is_replayed(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/devices/gateway-1/messages", who="lena")
    expect(page.get_by_text('{"unit": "g", "value": 1450.2}')).to_be_visible()
    expect(page.get_by_text("4 more came.")).to_be_visible()
    page.get_by_role("link", name="Quarantine").click()
    row = page.get_by_role("row").filter(has_text="unit.unknown")
    row.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("12 messages used, with 34 readings.")).to_be_visible()
    expect(page.get_by_text("3 are older than what is known")).to_be_visible()
    expect(row.get_by_role("button", name="Replay")).to_have_count(0)
    expect(page.get_by_text("Can not be replayed").first).to_be_visible()

    assert shop.fake.gate.asked == [("/api/v1/quarantine/replay", "lena", {"ids": [], "code": "unit.unknown"})]


def test_the_map_lights_what_is_sought_and_its_address_says_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/map")
    page.get_by_role("link", name="Fill").click()
    page.get_by_label("Find an article or a slot").fill("SKU-1005")

    expect(page.get_by_text("What was found")).to_be_visible()
    expect(page).to_have_url(re.compile("#/map/fill/SKU-1005$"))
    page.locator(".abnormal li a").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Find an article or a slot")).to_have_value("SKU-1005")


FIELD = [
    f"#/devices{more}" for more in ("", *(f"/gateway-1/{tab}" for tab in ("devices", "new", "messages", "quarantine")))
]


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (320, "dark")])
def test_a_gateways_pages_have_no_barrier_on_a_phone(shop: Shop, visit: Visit, width: int, theme: Any) -> None:
    page = visit(shop, who="lena", screen=PHONE | {"viewport": {"width": width, "height": 800}}, theme=theme)
    found: list[str] = []
    for path in FIELD:
        page.goto(shop.base + path)
        page.wait_for_selector("main .facts, main .rows, main ol li")
        for opens in page.locator("main button[aria-expanded=false]").all()[:2]:
            opens.click()
        found += [f"{path} {one}" for one in (*violations(page), *page.evaluate(SMALL_TARGETS))]
        assert page.evaluate(OVERFLOW) <= 0, path

    assert found == []


def test_on_the_narrowest_phone_the_table_of_devices_stays_in_its_panel(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/devices", screen=PHONE | {"viewport": {"width": 320, "height": 640}})
    table = page.locator(".devices table")
    table.wait_for()

    over = table.evaluate("it => it.getBoundingClientRect().right - it.parentElement.getBoundingClientRect().right")

    assert over <= 0


def test_with_its_gateway_away_an_articles_stock_is_told_as_of_then(shop: Shop, visit: Visit) -> None:
    sku = shop.fake.become().slots[0].sku
    page = visit(shop, f"#/stock/{sku}")
    head = page.locator(".panel.article")
    expect(head.locator(".tile").first).not_to_contain_text("as of")
    shop.do(shop.fake.lose_gateway)

    then = re.compile(r"as of \d\d:\d\d")
    expect(head.locator(".ident")).to_contain_text(then)
    expect(head.locator(".ident").get_by_role("img", name="Normal")).to_have_count(0)
    expect(head.locator(".tile").first).to_contain_text(then)
    page.goto(f"{shop.base}#/stock")
    expect(page.locator(".stock tbody tr", has_text=sku).first).to_contain_text(then)
    page.goto(f"{shop.base}#/sku/{sku}")
    expect(page.locator(".drawer .headline")).to_contain_text(then)
