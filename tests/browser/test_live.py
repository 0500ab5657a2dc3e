"""The live stream as a person depends on it: cuts, second screens, silent sensors, the site's time, and addresses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import PHONE, Shop, Visit
from tests.browser.fake_service import now_ms

HOLLOW = """([x, y]) => {
    const canvas = document.querySelector("canvas"), k = canvas.width / canvas.getBoundingClientRect().width;
    const { data } = canvas.getContext("2d").getImageData((x - 4) * k, (y - 4) * k, 8 * k, 8 * k);
    const card = getComputedStyle(canvas).getPropertyValue("--card").trim();
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    pen.fillStyle = card;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
    const far = (i) => Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b);
    const pixels = Array.from({ length: data.length / 4 }, (_, n) => far(4 * n));
    return [pixels.filter((one) => one < 12).length / pixels.length, Math.max(...pixels)];
}"""
"""Of a piece of the floor map: how much of it is as empty as the ground, and how far its strongest pixel is from it."""


class Wire:
    """The way of a page's socket; `cut` also keeps the page from opening another."""

    def __init__(self, page: Page) -> None:
        self.cut_off = False
        self._open: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/ws"), self._opened)

    def _opened(self, mine: WebSocketRoute) -> None:
        if self.cut_off:
            mine.close(code=1011)
            return
        theirs = mine.connect_to_server()
        mine.on_message(theirs.send)
        theirs.on_message(mine.send)
        self._open.append(mine)

    def cut(self) -> None:
        """Nothing gets through any more."""
        self.cut_off = True
        for one in self._open:
            one.close(code=1011)


def test_after_a_cut_the_page_is_live_again_by_deltas_without_a_snapshot(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    wire = Wire(page)
    page.reload()
    expect(page.locator(".link.live")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    wire.cut()
    expect(page.locator(".banner")).to_contain_text("No news since", timeout=8000)
    shop.do(shop.fake.add_alert)
    wire.cut_off = False

    expect(page.locator(".link.live")).to_be_visible()
    expect(page.locator(".alerts li.firing")).to_have_count(8)
    assert [url for url in asked if "snapshot" in url] == []


def test_an_acknowledgement_made_in_a_dead_spot_is_on_a_second_screen_once_it_is_sent(shop: Shop, visit: Visit) -> None:
    page, other = visit(shop, "#/alerts", screen=PHONE), visit(shop, who="otto")
    page.get_by_role("button", name="Acknowledge: Temperature above limit").wait_for()
    page.context.set_offline(True)

    page.get_by_role("button", name="Acknowledge: Temperature above limit").tap()
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    expect(page.get_by_text("Waits to be sent.")).to_be_visible()
    expect(other.locator(".alerts li.firing")).to_have_count(7)
    page.context.set_offline(False)

    expect(page.locator(".outbox-badge")).to_have_count(0, timeout=20_000)
    row = other.locator(".alerts li.acknowledged", has_text="Temperature above limit")
    expect(row).to_contain_text("Acknowledged by anna", timeout=1000)


def test_a_slot_whose_sensor_is_silent_is_drawn_hollow_with_a_slash(quiet_shop: Shop, visit: Visit) -> None:
    page = visit(quiet_shop)
    page.wait_for_function("() => document.querySelector('canvas').width > 300")
    here = [54, 40]  # A01-01
    page.wait_for_function(f"(at) => ({HOLLOW})(at)[0] === 0", arg=here)

    slots = quiet_shop.fake._live.current.slots
    silent = [replace(one, status="silent") if one.id == "A01-01" else one for one in slots]
    quiet_shop.do(quiet_shop.fake.become, slots=silent)

    page.wait_for_function(f"(at) => ({HOLLOW})(at)[0] > 0.4", arg=here)
    assert page.evaluate(HOLLOW, here)[1] > 200


@pytest.mark.parametrize(("zone", "names"), [("Europe/Berlin", r"CES?T|GMT\+[12]"), ("Asia/Shanghai", r"GMT\+8|CST")])
def test_times_are_those_of_the_site_and_its_zone_is_named(shop: Shop, visit: Visit, zone: str, names: str) -> None:
    shop.do(shop.fake.become, site=replace(shop.fake._live.current.site, timezone=zone))
    page = visit(shop)

    shown = page.locator("header time")

    expect(shown.locator("small")).to_have_text(re.compile(names))
    expect(shown).to_have_attribute("title", re.compile(f"{zone}$"))
    there = page.evaluate(
        "([ms, timeZone]) => new Date(ms).toLocaleTimeString('en-GB', { timeZone, hour: '2-digit' })", [now_ms(), zone]
    )
    expect(shown.locator("b")).to_have_text(re.compile(f"^{there}:"))


NOWHERE: list[Any] = [
    ("#/nonsense", "There is no such page"), ("#/slot/NOPE", "NOPE"), ("#/sku/NOPE", "NOPE"), ("#/alerts/99999", "not"),
    ("#/counting/NOPE", "There is no place NOPE"), ("#/devices/NOPE", "NOPE"), ("#/equipment/NOPE", "NOPE"),
    ("#/map/nonsense", "Map"), ("#/outbox", "Nothing waits"),
]  # fmt: skip


def test_every_address_shows_something_whatever_it_names_and_back_works(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    silent: list[str] = []
    for path, words in NOWHERE:
        page.goto(shop.base + path)
        try:
            expect(page.locator(".shell")).to_contain_text(re.compile(words), timeout=3000)
        except AssertionError:
            silent.append(path)
    page.go_back()

    expect(page).to_have_url(f"{shop.base}{NOWHERE[-2][0]}")
    assert silent == []
    assert [one for one in shop.log if "404" not in one] == []
