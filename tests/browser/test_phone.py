"""The page on a phone: it starts without a network, is told to forget, and takes up a newer build by itself."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from cloud.web.pages import build_of
from tests.browser.conftest import PHONE, Shop, Visit
from tests.browser.fake_service import STATIC
from tests.browser.test_counting import counted, press
from tests.browser.test_trade import told

KEPT = """async () => {
    const names = await caches.keys();
    const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return [names, kept.flat().map((one) => one.url)];
}"""
GONE = "async () => !(await navigator.serviceWorker.getRegistration()) && !(await caches.keys()).length"
SEEN_LAST = """() => new Promise((done) => {
    const asked = indexedDB.open("warehouse");
    asked.onsuccess = () => {
        const keys = asked.result.transaction("last").objectStore("last").getAllKeys();
        keys.onsuccess = () => done(keys.result.includes("book"));
    };
})"""


def ready(page: Page) -> None:
    """The page can start without a network from now on."""
    page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=20_000)
    page.wait_for_function(SEEN_LAST, timeout=20_000)


def test_without_a_network_the_page_starts_with_what_it_saw_last_visibly_stale_and_counts(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, "#/counting", screen=PHONE)
    expect(page.locator(".counting .rows > li")).to_have_count(4)
    ready(page)
    names, urls = page.evaluate(KEPT)
    assert names == [f"shell-{build_of(STATIC)}"]
    assert [one for one in urls if "/api/" in one] == []

    shop.stop()
    page.reload()

    expect(page.locator(".banner")).to_contain_text("No news since")
    expect(page.locator(".link.stale")).to_be_visible()
    expect(page.locator(".counting .rows > li")).to_have_count(4)
    page.get_by_role("link", name=re.compile("^Begin at ")).tap()
    press(page, "12")
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    page.goto(f"{shop.base}#/stock")
    expect(page.locator(".stock tbody tr").first).to_be_visible()
    shop.start()
    expect(page.locator(".link.live")).to_be_visible(timeout=20_000)
    expect(page.locator(".outbox-badge")).to_have_count(0, timeout=20_000)
    assert [units for _, units in counted(shop)] == [12]


def test_what_was_seen_is_forgotten_when_somebody_signs_out(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    ready(page)

    page.get_by_label("Settings and account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.wait_for_function(SEEN_LAST.replace('includes("book")', 'includes("book") === false'))

    shop.stop()
    page.reload()
    expect(page.get_by_text(re.compile("^The service does not answer"))).to_be_visible()
    expect(page.locator("main")).to_have_count(0)


def test_the_service_can_have_browsers_forget_it_and_nothing_that_waits_is_lost(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/counting/A03-02")
    ready(page)
    page.route("**/api/v1/counts", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.keyboard.type("33")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()

    shop.stop()
    shop.fake.offline = False
    shop.start()
    page.reload()

    page.wait_for_function(
        "async () => !(await navigator.serviceWorker.getRegistration()) && !(await caches.keys()).length",
        timeout=20_000,
    )
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()


def upgraded(tmp_path: Path) -> Path:
    """The page as another build."""
    after = tmp_path / "static"
    shutil.copytree(STATIC, after)
    mine, newer = build_of(STATIC), "0123456789abcdef"
    for name in ("index.html", "sw.js", "version.txt"):
        text = (after / name).read_text(encoding="utf-8")
        assert mine in text
        (after / name).write_text(text.replace(mine, newer), encoding="utf-8")
        (after / f"{name}.gz").unlink(missing_ok=True)
    return after


def test_after_an_upgrade_the_page_renews_itself_once_nothing_is_typed_and_sends_what_waited(
    shop: Shop, visit: Visit, tmp_path: Path
) -> None:
    page = visit(shop, "#/counting/A03-02")
    ready(page)
    page.route("**/api/v1/counts", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.keyboard.type("33")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    page.goto(f"{shop.base}#/counting/A01-01")
    page.keyboard.type("4")
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))

    shop.stop()
    shop.fake.static = upgraded(tmp_path)
    shop.do(shop.fake.become, v=build_of(shop.fake.static))
    shop.start()

    expect(page.locator(".banner")).to_contain_text("newer version", timeout=20_000)
    expect(page.locator(".counted")).to_have_value("4")
    assert loads == []
    page.unroute("**/api/v1/counts")
    page.keyboard.press("Backspace")
    expect(page.locator(f'meta[content="{build_of(shop.fake.static)}"]')).to_have_count(1)
    expect(page.locator(".link.live")).to_be_visible()
    expect(page.locator(".banner")).to_have_count(0)
    page.goto(f"{shop.base}#/outbox")
    expect(page.locator(".panel.sent")).to_contain_text("33 counted", timeout=20_000)
    assert len(loads) == 1
    assert [(one.place, one.counted) for one in told(shop, "count")] == [("A03-02", 33)]
    page.wait_for_function(
        "async (name) => String(await caches.keys()) === name",
        arg=f"shell-{build_of(shop.fake.static)}",
        timeout=20_000,
    )
