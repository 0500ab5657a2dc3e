"""What holds on every screen: weight, reach, contrast, size of targets, no sideways scroll, colour only for trouble."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from cloud.web.access import COOKIE
from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = [
    "", "#/map", "#/map/fill/SKU-1005", "#/alerts", "#/stock", "#/replenishment", "#/orders", "#/counting",
    "#/suppliers", "#/figures", "#/devices", "#/devices/gateway-1", "#/slot/A09-05", "#/sku/SKU-1005",
    "#/alerts/oncall", "#/equipment", "#/equipment/machine-31", "#/equipment/orders", "#/cold", "#/cold/1",
    "#/account", "#/users", "#/audit", "#/stock/SKU-1005",
]  # fmt: skip
LOAD_MAX_BYTES = 138_000
OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, summary, input')]
    .filter((one) => !one.closest('.note, .skip, dd, .what') && one.checkVisibility())
    .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
    .filter(([, height]) => height > 0 && height < 43.5)"""
LOW = """(all) => all.map((one) => [one.outerHTML, one.getBoundingClientRect().height])
    .filter(([, height]) => height < 43.5)"""
COLOURED = """async (png) => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
    const pen = new OffscreenCanvas(image.width, image.height).getContext('2d');
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(0, 0, image.width, image.height);
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
        const [r, g, b] = data.subarray(i, i + 3);
        const warm = r - Math.min(g, b) > 60, violet = b - g > 60 && r > g;
        if (warm || violet) coloured += 1;
    }
    return coloured;
}"""


def violations(page: Page) -> list[str]:
    """What axe finds, one line each."""
    found: Any = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary'][:200]}" for one in found for node in one["nodes"]
    ]


def test_on_a_phone_each_link_of_the_overviews_alerts_is_met_by_a_thumb(shop: Shop, visit: Visit) -> None:
    page = visit(shop, screen=PHONE)
    links = page.locator(".alerts li a")
    expect(links.first).to_be_visible()

    assert links.evaluate_all(LOW) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_overview_has_no_barrier(shop: Shop, visit: Visit, screen: dict[str, Any], theme: str) -> None:
    page = visit(shop, screen=screen, theme=theme)
    page.wait_for_selector(".trends .spark")

    assert violations(page) == []


def test_the_other_views_have_no_barrier(shop: Shop, visit: Visit) -> None:
    found = violations(visit(shop, who=""))
    page = visit(shop, language="zh")
    for path in PAGES[1:]:
        page.goto(shop.base + path)
        if not page.locator(".drawer").count() and page.locator("main summary").count():
            page.locator("main summary").first.click()
        found += [f"{path} {one}" for one in violations(page)]

    assert found == []


def test_the_dark_and_the_stale_view_have_no_barrier(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/sku/SKU-1005", theme="dark")
    found = violations(page)

    shop.fake.silent = True
    page.wait_for_selector(".banner")
    page.goto(shop.base + "#/stock")
    found += [f"stale {one}" for one in violations(page)]

    assert found == []


def test_the_first_load_is_light_and_asks_nobody_else(shop: Shop, chromium: Browser) -> None:
    context = chromium.new_context(**DESKTOP)
    context.add_cookies([{"name": COOKIE, "value": shop.do(shop.fake.pass_for, "anna"), "url": shop.base}])
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[int] = []
    wire.on("Network.loadingFinished", lambda done: sizes.append(done["encodedDataLength"]))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(shop.base)
    page.wait_for_selector(".trends .spark")
    context.close()

    assert [url for url in asked if not url.startswith((shop.base, "data:"))] == []
    assert sum(sizes) < LOAD_MAX_BYTES, sizes


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_never_scrolls_sideways_and_its_targets_are_large(shop: Shop, visit: Visit, width: int) -> None:
    page = visit(shop, who="mara", screen=PHONE | {"viewport": {"width": width, "height": 700}})
    for path in PAGES:
        page.goto(shop.base + path)
        page.wait_for_selector("main h2")

        assert page.evaluate(OVERFLOW) <= 0, path
        assert page.evaluate(SMALL_TARGETS) == [], path


def test_twice_the_letter_size_still_fits(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="mara", screen={"viewport": {"width": 720, "height": 450}})
    for path in PAGES:
        page.goto(shop.base + path)
        page.wait_for_selector("main h2")

        assert page.evaluate(OVERFLOW) <= 0, path


@pytest.mark.parametrize("path", ["", "wall"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_with_nothing_wrong_nothing_is_coloured(
    quiet_shop: Shop, visit: Visit, chromium: Browser, theme: str, path: str
) -> None:
    page = visit(quiet_shop, path, theme=theme)
    page.wait_for_selector(".trends .spark")
    page.locator(".legend").evaluate("(legend) => { legend.hidden = true; legend.style.display = 'none'; }")
    page.wait_for_timeout(300)
    png = base64.b64encode(page.screenshot()).decode()

    blank = chromium.new_page()
    coloured = blank.evaluate(COLOURED, png)
    blank.close()

    assert coloured == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_name_of_a_figure_is_cut_off_on_a_phone(shop: Shop, visit: Visit, language: str) -> None:
    page = visit(shop, screen=PHONE, language=language)

    for width in (390, 360, 320):
        page.set_viewport_size({"width": width, "height": 844})
        cut = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
        assert page.locator(".tile .label").evaluate_all(cut) == []


def test_the_last_time_below_a_chart_has_room(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/equipment/machine-31")
    page.wait_for_selector(".trend canvas")

    room = page.locator(".trend").first.evaluate(
        """(trend) => {
            const pen = document.createElement('canvas').getContext('2d');
            pen.font = '11px Inter, system-ui, sans-serif';
            const plot = trend.querySelector('.u-over').getBoundingClientRect();
            return trend.getBoundingClientRect().right - plot.right - pen.measureText('08:00').width / 2;
        }"""
    )

    assert room >= 0


def test_on_a_tall_window_the_map_ends_where_its_floor_does(quiet_shop: Shop, visit: Visit) -> None:
    page = visit(quiet_shop, screen={"viewport": {"width": 1440, "height": 3000}})
    page.wait_for_function("() => document.querySelector('.floor').style.getPropertyValue('--tall')")

    tall, floor, below = page.locator(".floor").evaluate(
        """(floor) => [parseFloat(floor.style.getPropertyValue('--tall')), floor.clientHeight,
            document.querySelector('.map').getBoundingClientRect().bottom - floor.getBoundingClientRect().bottom]"""
    )

    assert floor == pytest.approx(tall, abs=1)
    assert below < 60


def test_the_map_stays_where_it_is_when_its_first_slot_is_empty(quiet_shop: Shop, visit: Visit) -> None:
    page = visit(quiet_shop)
    expect(page.locator(".map .calm")).to_be_visible()
    before = page.locator(".floor canvas").bounding_box()
    slots = quiet_shop.fake.become().slots
    quiet_shop.do(quiet_shop.fake.become, slots=[replace(slots[0], count=0, low=0, high=0, status="empty"), *slots[1:]])

    expect(page.locator(".abnormal summary")).to_be_visible()
    assert page.locator(".floor canvas").bounding_box() == before
    quiet_shop.do(quiet_shop.fake.become, slots=slots)
    expect(page.locator(".map .calm")).to_be_visible()
