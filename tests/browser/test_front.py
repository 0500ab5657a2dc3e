"""The overview and the wall: figures with their course, the worst first, a flood in few rows, keys, sound, and a screen
that nobody touches."""

from __future__ import annotations

import base64
import re

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Locator, Page, expect

from cloud.core.trends import TrendView
from cloud.core.view import AlertView
from tests.browser import fake_site
from tests.browser.conftest import PHONE, Shop, Visit
from tests.browser.fake_service import now_ms

FLOOD = 500
ROWS_MAX = 30
DISTANCE_IN_HEIGHTS = 7
"""docs/wall.md: people stand no further from a wall screen than seven times its height."""
WALLS = pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)], ids=["1080p", "2160p"])
DIGIT_HEIGHT = """(figure) => {
    const pen = document.createElement('canvas').getContext('2d');
    const style = getComputedStyle(figure);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    return pen.measureText('0').actualBoundingBoxAscent;
}"""
CUT_ROWS = """() => [...document.querySelectorAll('.alerts li, .stock tr')].filter((row) => {
    const [one, body] = [row.getBoundingClientRect(), row.closest('.body').getBoundingClientRect()];
    const seen = one.left < body.right - 1 && one.top < body.bottom - 1;
    return seen && (one.bottom > body.bottom + 1 || one.right > body.right + 1);
}).map((row) => row.textContent)"""
WAKE_LOCK = """() => {
    globalThis.held = 0;
    const wakeLock = { request: async () => { globalThis.held += 1; } };
    Object.defineProperty(navigator, 'wakeLock', { get: () => wakeLock });
}"""
AUDIO = """() => {
    globalThis.tones = 0;
    const start = () => { globalThis.tones += 1; };
    const node = () => ({ connect: (next) => next, gain: {}, frequency: {}, start, stop() {} });
    globalThis.AudioContext = class {
        state = 'running'; currentTime = 0; resume() {}
        createOscillator() { return node(); } createGain() { return node(); }
    };
}"""
INKS = """async (png) => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
    const pen = new OffscreenCanvas(32, 32).getContext('2d');
    pen.drawImage(image, 0, 0, 32, 32);
    const { data } = pen.getImageData(0, 0, 32, 32);
    return Array.from({ length: 32 * 32 }, (_, n) => (data[4 * n] + data[4 * n + 1] + data[4 * n + 2]) / 3);
}"""


def flood(n: int) -> list[AlertView]:
    """So many silent devices in two zones."""
    t = now_ms()
    return [
        AlertView(
            1000 + i, "device_silent", f"shelf-{i:03}", ("dry", "cool")[i % 2], 3, "firing", t - i, t,
            {"state": "silent", "last_seen_ms": t, "period_ms": 5000}, "", 0, "",
        )
        for i in range(n)
    ]  # fmt: skip


CUT_NAMES = """() => [...document.querySelectorAll('.room .name, .room > .note > *, .stock tbody th > *')]
    .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth && one.clientWidth > 0)
    .map((one) => one.textContent)"""


def test_each_tile_tells_its_value_its_change_what_is_usual_and_its_course(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    tiles = page.locator(".tile")

    expect(tiles.locator(".spark")).to_have_count(7)
    for tile in tiles.all():
        expect(tile.locator(".note")).to_contain_text("1 h")
        expect(tile.locator(".note")).to_contain_text(re.compile(r"usual \d"))
        assert "GMT+8" in (tile.get_attribute("title") or "")
    fill = page.locator(".tile", has_text="Shelves full")
    expect(fill.locator(".unit")).to_have_text("%")
    assert (fill.locator(".line").get_attribute("d") or "").count("M") == 2  # a stretch is missing
    assert fill.locator(".band").count() == 1


def test_the_worst_trends_come_first_each_with_what_is_normal_and_its_gaps(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    trends = page.locator(".trends .room")

    expect(trends).to_have_count(6)
    expect(trends.first).to_contain_text("Cooler 1")
    expect(trends.first).to_contain_text("Out of range")
    expect(trends.first).to_contain_text("normal −8% to 8%")
    expect(page.locator(".trends .bad + .room:not(.bad) ~ .bad")).to_have_count(0)
    cold = trends.filter(has_text="Cold room 1")
    expect(cold).to_contain_text("normal 2 °C to 8 °C")
    assert (cold.locator(".line").get_attribute("d") or "").count("M") == 2
    assert cold.locator(".band").count() == 1
    expect(trends.first.locator(".tick.y").last).to_have_text(re.compile(r"^\d+%$"))
    expect(cold.locator(".tick.y").last).to_have_text("8 °C")
    trends.first.click()
    expect(page).to_have_url(re.compile("#/equipment/machine-31"))


def test_the_trend_of_a_slot_says_of_how_many_and_of_a_share_its_axis_is_in_percent(shop: Shop, visit: Visit) -> None:
    slot, machine = shop.fake.become().slots[0], shop.fake.become().assets[0]
    t = now_ms()
    runs = [0.2, 0.4, 0.6, 0.5, 0.4, 0.45]
    hours = [t - n * 3_600_000 for n in range(6, 0, -1)]

    async def found() -> list[TrendView]:
        return [
            TrendView("slot", slot.id, "count", "", 2.0, hours[0], t + 60_000, hours, [None] * 6, 5.0, 36.0),
            TrendView("asset", machine.id, "duty", "1", 1.0, hours[0], t, hours, runs, 0.43, 0.48),
        ]

    shop.do(setattr, shop.fake.front, "trends", found)
    shop.do(shop.fake.become, slots=[replace(slot, count=0, low=0, high=0, at_ms=t), *shop.fake.become().slots[1:]])
    page = visit(shop)

    expect(page.locator(".room").first.locator(".value")).to_have_text(f"0 of {slot.capacity}")
    expect(page.locator(".room").first).to_contain_text("Nothing is kept of these hours yet.")
    expect(page.locator(".room").last.locator(".value")).to_have_text("45%")
    assert all(one.endswith("%") for one in page.locator(".room").last.locator(".tick.y").all_inner_texts())


def test_five_hundred_alerts_at_once_are_a_few_rows_with_their_number(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    mine = page.get_by_role("button", name="Acknowledge: Gateway is silent")
    mine.focus()

    shop.do(lambda: shop.fake.become(alerts=[*shop.fake._live.current.alerts, *flood(FLOOD)]))

    rows = page.locator(".alerts li")
    expect(rows.filter(has_text=re.compile("25[01] alike"))).to_have_count(2)
    assert rows.count() <= ROWS_MAX
    expect(page.locator(".alerts .aside")).to_contain_text(f"{FLOOD + 7} to acknowledge")
    expect(mine).to_be_focused()


@WALLS
def test_a_wall_fits_is_read_from_afar_and_asks_for_no_hand(shop: Shop, visit: Visit, size: tuple[int, int]) -> None:
    page = visit(shop, "wall", screen={"viewport": {"width": size[0], "height": size[1]}})
    page.wait_for_selector(".trends .room")

    expect(page.locator("nav, .menu, main button, main input")).to_have_count(0)
    assert page.evaluate("() => document.documentElement.scrollHeight - innerHeight") <= 0
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(CUT_ROWS) == []
    assert page.evaluate(CUT_NAMES) == []
    for figure in page.locator(".tile .value b").all():
        assert figure.evaluate(DIGIT_HEIGHT) >= size[1] * DISTANCE_IN_HEIGHTS / 200


@WALLS
def test_on_a_wall_no_name_is_cut_however_long(shop: Shop, visit: Visit, size: tuple[int, int]) -> None:
    name = "Medicine refrigerator thermometer by the north door"
    zones = [replace(one, name=name) for one in shop.fake.become().zones]
    shop.do(lambda: shop.fake.become(zones=zones))
    page = visit(shop, "wall", screen={"viewport": {"width": size[0], "height": size[1]}})

    expect(page.locator(".trends .room", has_text=name).first).to_be_visible()
    assert page.evaluate(CUT_NAMES) == []
    assert page.evaluate("() => document.documentElement.scrollHeight - innerHeight") <= 0


def test_a_wall_keeps_awake_and_is_there_again_by_itself_after_the_service_was_away(
    shop: Shop, visit: Visit, chromium: Browser
) -> None:
    page = visit(shop, "wall", script=WAKE_LOCK)
    page.wait_for_function("() => globalThis.held === 1")

    shop.stop()
    expect(page.locator(".banner")).to_be_visible(timeout=8000)
    shop.do(shop.fake.add_alert)
    shop.start()
    expect(page.locator(".banner")).to_have_count(0, timeout=12_000)
    expect(page.locator(".alerts .aside")).to_contain_text("8 to acknowledge")

    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("() => globalThis.held === 2")


def test_keys_lead_to_pages_and_along_rows_and_can_be_switched_off(shop: Shop, visit: Visit) -> None:
    page = visit(shop)

    page.keyboard.type("ga")
    expect(page.locator(".on-alerts")).to_be_visible()
    page.keyboard.type("gs")
    expect(page.locator(".on-stock")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("tbody tr a").first).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("gel")
    expect(page.get_by_label("Search articles")).to_have_value("gel")
    page.locator("h2").first.click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.get_by_label("Settings and account").click()
    keys = page.get_by_role("group", name="Keyboard shortcuts")
    keys.get_by_role("button", name="Off").click()
    expect(keys.get_by_role("button", name="Off")).to_have_attribute("aria-pressed", "true")
    page.reload()
    page.wait_for_selector(".link.live")
    page.keyboard.type("go")
    expect(page.locator(".on-stock")).to_be_visible()


def test_a_new_worst_alert_sounds_only_for_who_turned_it_on(shop: Shop, visit: Visit) -> None:
    page = visit(shop, script=AUDIO)

    def tones() -> int:
        return int(page.evaluate("() => globalThis.tones"))

    shop.do(shop.fake.add_alert)
    expect(page.locator(".alerts li.firing")).to_have_count(8)
    assert tones() == 0
    page.get_by_label("Settings and account").click()
    sound = page.get_by_role("group", name="Sound at a new alert")
    expect(sound.get_by_role("button", name="Off")).to_have_attribute("aria-pressed", "true")
    sound.get_by_role("button", name="On").click()
    heard = tones()
    assert heard > 0
    shop.do(shop.fake.add_alert)
    page.wait_for_function("(before) => globalThis.tones > before", arg=heard)

    sound.get_by_role("button", name="Off").click()
    heard = tones()
    shop.do(shop.fake.add_alert)
    expect(page.locator(".alerts li.firing")).to_have_count(10)
    assert tones() == heard


@pytest.mark.parametrize("lacking", ["achromatopsia", "deuteranopia"])
def test_states_and_severities_are_told_apart_without_colours(
    shop: Shop, visit: Visit, chromium: Browser, lacking: str
) -> None:
    page = visit(shop, screen={"viewport": {"width": 1440, "height": 900}, "device_scale_factor": 2})
    page.context.new_cdp_session(page).send("Emulation.setEmulatedVisionDeficiency", {"type": lacking})
    marks = page.locator(".legend .status").all()
    marks += [page.locator(f".alerts .severity.s{n}").first for n in (1, 2, 3)]

    blank = chromium.new_page()
    drawn = [blank.evaluate(INKS, _png(mark)) for mark in marks]
    blank.close()

    assert len(drawn) == 9
    for i, one in enumerate(drawn):
        for other in drawn[i + 1 :]:
            # a twentieth of a mark clearly lighter or darker is a line of another shape
            assert sum(abs(a - b) > 48 for a, b in zip(one, other, strict=True)) > 32 * 32 / 20
    digits = [page.locator(f".alerts .severity.s{n} text").first.inner_html() for n in (1, 2, 3)]
    assert [digit.strip() for digit in digits] == ["1", "2", "3"]


def test_nothing_flashes_and_who_wants_no_motion_gets_none(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/slot/A09-05")
    styles = """() => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText)
        .filter((text) => /infinite|animation-iteration-count|<blink/.test(text))"""

    assert page.evaluate("() => document.getAnimations().length") == 0
    assert page.evaluate(styles) == []


def test_on_a_phone_it_goes_from_figures_to_alerts_cover_map_and_trends(shop: Shop, visit: Visit) -> None:
    page = visit(shop, screen=PHONE)
    page.wait_for_selector(".trends .room")

    tops = [_top(page, part) for part in (".kpis", ".alerts", ".stock", ".map", ".trends")]

    assert tops == sorted(tops)
    expect(page.locator(".stock .bullet").first).to_be_visible()


def _top(page: Page, part: str) -> float:
    box = page.locator(part).bounding_box()
    assert box
    return box["y"]


def _png(mark: Locator) -> str:
    return base64.b64encode(mark.screenshot()).decode()


def test_a_rooms_trend_tells_the_temperature_that_the_map_tells(
    shop: Shop, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_site, "temperature", lambda *_, **__: 21.79)
    zone = next(one for one in shop.fake.become().zones if one.temperature_c is not None)
    hours = [zone.at_ms - n * 3_600_000 for n in range(6, 0, -1)]

    async def found() -> list[TrendView]:
        ends = zone.at_ms + 60_000
        return [TrendView("zone", zone.id, "temperature_c", "Cel", 1.0, hours[0], ends, hours, [21.9] * 6, 2.0, 30.0)]

    shop.do(setattr, shop.fake.front, "trends", found)
    page = visit(shop)

    expect(page.locator(".trends .room .value")).to_have_text("21.8 °C")


def test_an_address_that_leads_nowhere_says_so_and_shows_the_way_home(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/nosuchpage")
    for address in ("#/nosuchpage", "#/map/zzz", "#/alerts/zzz"):
        page.goto(f"{shop.base}{address}")
        expect(page.get_by_text(f"The address {address} leads nowhere.")).to_be_visible()

    page.get_by_role("link", name="To the overview").click()

    expect(page.locator(".tile").first).to_be_visible()


@pytest.mark.parametrize(
    ("address", "english", "chinese"),
    [
        ("#/", "Overview", "总览"),
        ("#/alerts/history", "Alerts", "告警"),
        ("#/stock/SKU-1005", "Pallet wrap 500 · Stock", "Pallet wrap 500 · 库存"),
        ("#/slot/A09-05", "A09-05 · Overview", "A09-05 · 总览"),
        ("#/orders/4", "4 · Orders", "4 · 订单"),
        ("#/account", "My account", "我的账户"),
    ],
)
def test_each_page_has_a_title_of_its_own(shop: Shop, visit: Visit, address: str, english: str, chinese: str) -> None:
    expect(visit(shop, address)).to_have_title(f"{english} · Hangzhou DC 2 · Smart warehouse")
    expect(visit(shop, address, language="zh")).to_have_title(re.compile(f"^{chinese} · Hangzhou DC 2 · "))


def test_an_address_without_its_sign_leads_to_its_page(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    page.goto(f"{shop.base}stock")

    expect(page.locator(".stock").first).to_be_visible()
    assert page.url == f"{shop.base}#/stock"


def test_a_trend_of_equipment_carries_the_time_of_its_last_point_live_as_well_as_away(shop: Shop, visit: Visit) -> None:
    machine = shop.fake.become().assets[0]
    now, day_ms = now_ms(), 24 * 3_600_000
    days = [now - n * day_ms for n in (4, 3, 2)]

    async def found() -> list[TrendView]:
        lost = [2.0, 9.0, 26.7]
        return [TrendView("asset", machine.id, "capacity_lost", "%", 4.0, days[0], days[-1], days, lost, -5.8, 5.8)]

    shop.do(setattr, shop.fake.front, "trends", found)
    page = visit(shop)
    trend = page.locator(".trends .room")

    expect(trend.locator(".note").first).to_have_text(re.compile(r"of \w+,? \d+ \w+"))
    told = re.search(r"of (\w+,? \d+ \w+)", trend.locator(".note").first.inner_text())
    assert told
    shop.do(shop.fake.lose_gateway)
    expect(trend.locator(".note strong")).to_have_text(f"as of {told[1]}")


def test_tiles_of_shelves_are_as_of_then_when_all_slots_are_silent_though_the_gateway_is_there(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop)
    tiles = page.locator(".tile", has_text=re.compile("Articles out|Below reorder|Shelves full|Picks, last hour"))
    expect(tiles).to_have_count(4)
    expect(page.locator(".tile", has_text="as of")).to_have_count(0)  # two of many are silent here

    lost = [replace(one, status="silent") for one in shop.fake.become().slots]
    shop.do(lambda: shop.fake.become(slots=lost))

    for tile in tiles.all():
        expect(tile.locator(".note strong")).to_have_text(re.compile(r"^as of \d\d:\d\d$"))
