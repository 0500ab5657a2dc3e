"""The alerts page on both screens, in both languages and themes: no barrier, nothing sideways, nothing unworded, and no
colour where nothing is wrong."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.fake_crew import many
from tests.browser.fake_service import now_ms
from tests.browser.test_looks import COLOURED, OVERFLOW, SMALL_TARGETS
from tests.browser.test_trade_looks import LOOKS, seen

PAGES: dict[str, list[str]] = {
    "#/alerts": [".pen >> nth=0"],
    "#/alerts/3": ["[name=shelve]"],
    "#/alerts/1": ["[name=assign]"],
    "#/alerts/acknowledged": [".judge button >> nth=0"],
    "#/alerts/shelved": [],
    "#/alerts/history/9": [".judge button >> nth=1"],
    "#/alerts/oncall": [".as-list summary", ".opening button"],
    "#/alerts/quality": [".as-list summary"],
    "#/alerts/notices": [],
}
"""Each tab, and what is unfolded on it before it is looked at."""


def gone_on(page: Page) -> None:
    expect(page.get_by_text(re.compile("^(Loading …|加载中……)$"))).to_have_count(0)


@pytest.mark.parametrize(("screen", "language", "theme"), LOOKS)
def test_every_tab_unfolded_has_no_barrier(
    shop: Shop, visit: Visit, screen: dict[str, Any], language: str, theme: str
) -> None:
    page = visit(shop, screen=screen, language=language, theme=theme)
    later = {"state": "shelved", "shelved_until_ms": now_ms() + 7_200_000, "acknowledged_by": "anna", "note": "Moved"}
    shop.do(shop.fake.change_alert, 5, **later)
    shop.do(shop.fake.change_alert, 7, nodata=True, reopened=2, assigned_to="li")
    found: list[str] = []
    for path, unfolded in PAGES.items():
        page.goto(shop.base + path)
        for one in unfolded:
            page.locator(one).first.click()
        gone_on(page)
        found += seen(page, path, phone=screen is PHONE)

    assert found == []
    assert [one for one in shop.log if "status of 4" not in one] == []


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_phone_nothing_goes_sideways_even_in_a_flood(shop: Shop, visit: Visit, width: int) -> None:
    page = visit(shop, screen=PHONE | {"viewport": {"width": width, "height": 700}})
    shop.do(shop.fake.become, alerts=many(list(shop.fake._live.current.alerts), 200, now_ms()))
    for path in PAGES:
        page.goto(shop.base + path)
        page.wait_for_selector("main h2")
        gone_on(page)

        assert page.evaluate(OVERFLOW) <= 0, path
        assert page.evaluate(SMALL_TARGETS) == [], path


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "/history", "/oncall", "/quality", "/notices"])
def test_with_nothing_wrong_no_tab_is_coloured(
    quiet_shop: Shop, visit: Visit, chromium: Browser, theme: str, path: str
) -> None:
    quiet_shop.fake.crew.empty = True
    page = visit(quiet_shop, f"#/alerts{path}", theme=theme)
    gone_on(page)
    png = base64.b64encode(page.screenshot()).decode()

    blank = chromium.new_page()
    coloured = blank.evaluate(COLOURED, png)
    blank.close()

    assert coloured == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_stale_page_has_no_barrier(shop: Shop, visit: Visit, theme: str) -> None:
    page = visit(shop, "#/alerts/3", screen=PHONE, theme=theme)
    shop.fake.silent = True
    page.wait_for_selector(".banner")

    assert seen(page, "stale", phone=True) == []


def test_the_screens_differ_in_nothing_but_size(shop: Shop, visit: Visit) -> None:
    """What can be done on a desk can be done on a phone."""
    acts = []
    for screen in (DESKTOP, PHONE):
        page = visit(shop, "#/alerts/3", screen=screen)
        page.locator(".doings").wait_for()
        acts.append(page.locator(".alerts li.open").locator("button, .button").all_inner_texts())

    assert acts[0] == acts[1]
