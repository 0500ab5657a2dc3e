"""Barriers on every page: axe, light and dark and stale, on a desktop and a phone; and what scrolls sideways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import axe_playwright_python
from playwright.sync_api import Browser, Page, TimeoutError

from tests.bench.dashboard_page import DESKTOP, PHONE
from tests.browser.addresses import ADDRESSES, Address, enter, settled
from tests.browser.conftest import Shop
from tests.browser.fake_service import FakeService

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCREENS = {"desktop": DESKTOP, "phone": PHONE}
NARROW = 320
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RUN = "(options) => axe.run(document, options).then(({ violations }) => violations)"
WIDER = "() => document.documentElement.scrollWidth - innerWidth"


class Swept(NamedTuple):
    """Views that were looked at, what axe found, addresses outside of the host, views that scroll sideways."""

    looked: int
    violations: list[str]
    foreign: list[str]
    wide: list[str]


def sweep(browser: Browser, only: Callable[[Address], bool] = lambda _: True) -> Swept:
    """Look at every view."""
    swept = Swept(0, [], [], [])
    for name, screen in SCREENS.items():
        for look in ("light", "dark", "stale"):
            swept = swept._replace(looked=swept.looked + _sweep(browser, name, screen, look, only, swept))
    return swept


def _sweep(
    browser: Browser, name: str, screen: dict[str, Any], look: str, only: Callable[[Address], bool], swept: Swept
) -> int:
    """All views in one look."""
    shop = Shop(FakeService())
    shop.start()
    theme: Literal["light", "dark"] = "dark" if look == "dark" else "light"
    pages: dict[str, Page] = {}
    looked = 0
    try:
        for where in filter(only, ADDRESSES):
            page = pages.get(where.who) or _page(browser, shop, where.who, screen, theme, swept.foreign)
            pages[where.who] = page
            is_app = where.waits in ("main h2", "[role=dialog] h2")
            if look == "stale" and not is_app:
                continue  # it shows nothing that goes on
            try:
                page.goto(shop.base + where.path)
                settled(page, where)
                if look == "stale" and not shop.fake.silent:
                    shop.fake.silent = True
                if look == "stale":
                    page.wait_for_selector(".banner")
            except TimeoutError:
                swept.violations.append(f"{where.path} {name} {look}: does not stand")
                continue
            looked += 1
            swept.violations.extend(f"{where.path} {name} {look}: {one}" for one in violations(page))
            if name == "phone" and look == "light":
                page.set_viewport_size({"width": NARROW, "height": 700})
                if page.evaluate(WIDER) > 0:
                    swept.wide.append(where.path)
                page.set_viewport_size(screen["viewport"])
    finally:
        for page in pages.values():
            page.context.close()
        shop.close()
    return looked


def violations(page: Page) -> list[str]:
    """What axe, which the page has from its start, finds, one line each."""
    found: Any = page.evaluate(RUN, {"runOnly": RULES, "resultTypes": ["violations"], "preload": False})
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def _page(
    browser: Browser, shop: Shop, who: str, screen: dict[str, Any], theme: Literal["light", "dark"], foreign: list[str]
) -> Page:
    context = browser.new_context(**screen, locale="en-GB", color_scheme=theme, reduced_motion="reduce")
    context.set_default_timeout(8_000)
    if who:
        enter(context, shop, who)
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.on("request", lambda one: foreign.append(one.url) if not one.url.startswith((shop.base, "data:")) else None)
    return page
