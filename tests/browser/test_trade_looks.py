"""The pages of trade on both screens, in both languages and themes: no barrier, nothing sideways, nothing unworded."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.fake_trade import LINK
from tests.browser.test_looks import OVERFLOW, SMALL_TARGETS, violations

PAGES: dict[str, list[str]] = {
    "#/replenishment": [".wanted .unfolds", ".tick-box input", ".wanted .decisions .act >> nth=2 >> button"],
    "#/replenishment/drafts": [],
    "#/replenishment/backtest": [],
    "#/replenishment/what_if": [],
    "#/stock/SKU-1002?days=42": [".as-table summary"],
    "#/orders": [
        ".arrivals li .acts button >> nth=1",
        ".order-row >> nth=1 >> summary",
        "[data-step=receive] >> nth=0",
    ],
    "#/counting": [],
    "#/suppliers": [".parts button >> nth=0", ".told-stock summary"],
    "#/figures": [".measures button >> nth=1"],
    "#/sku/SKU-1001": [],
    "#/sku/SKU-1002": [],
}
"""Each page, and what is unfolded on it before it is looked at."""
LOOKS: list[Any] = [
    pytest.param(DESKTOP, "zh", "dark", id="desktop-zh-dark"),
    pytest.param(PHONE, "en", "light", id="phone-en-light"),
    pytest.param(DESKTOP, "en", "light", id="desktop-en-light"),
    pytest.param(PHONE, "zh", "dark", id="phone-zh-dark"),
]
UNWORDED = re.compile(r"\b[a-z]+(_[a-z]+)?\.[a-z]+_[a-z_]+\b|\{\w+\}|undefined|NaN|\[object")


def seen(page: Page, where: str, *, phone: bool) -> list[str]:
    """What is not as it should be."""
    found = [f"{where} {one}" for one in violations(page)]
    if page.evaluate(OVERFLOW) > 0:
        found.append(f"{where}: scrolls sideways")
    if phone:
        found += [f"{where}: small {one}" for one in page.evaluate(SMALL_TARGETS)]
    return found + [f"{where}: unworded {one.group()}" for one in UNWORDED.finditer(page.inner_text("main"))]


@pytest.mark.parametrize(("screen", "language", "theme"), LOOKS)
def test_every_page_of_trade_unfolded_has_no_barrier(
    shop: Shop, visit: Visit, screen: dict[str, Any], language: str, theme: str
) -> None:
    page = visit(shop, who="mara", screen=screen, language=language, theme=theme)
    shop.do(shop.fake.trade.asked, 2)
    found: list[str] = []
    for path, unfolded in PAGES.items():
        page.goto(shop.base + path)
        for one in unfolded:
            expect(page.locator(one).first).to_be_visible(timeout=10_000)
            page.locator(one).first.click()
        expect(page.get_by_text(re.compile("^(Loading …|加载中……)$"))).to_have_count(0)
        found += seen(page, path, phone=screen is PHONE)

    assert found == []
    assert shop.log == []


@pytest.mark.parametrize(("screen", "language", "theme"), LOOKS[:2])
def test_the_portal_and_the_public_page_have_no_barrier(
    shop: Shop, visit: Visit, screen: dict[str, Any], language: str, theme: str
) -> None:
    shop.do(shop.fake.trade.asked, 2)
    shop.do(shop.fake.trade.proposed, "acme")
    page = visit(shop, who="vera", screen=screen, language=language, theme=theme)
    page.locator(".orders-handed-in summary").click()
    page.locator(".order-row .steps button").first.click()
    found = seen(page, "portal", phone=screen is PHONE)
    page = visit(shop, f"public/{LINK}", who="", screen=screen, theme=theme, waits="table")
    found += seen(page, "public", phone=screen is PHONE)

    assert found == []


def test_what_only_some_pages_need_is_not_in_the_first_load(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert not page.evaluate(
        "() => performance.getEntriesByType('resource').some((one) => one.name.includes('/trade'))"
    )

    page.goto(shop.base + "#/figures")

    expect(page.get_by_role("button", name="Fill rate")).to_be_visible()
    assert any("/trade-" in url for url in asked)  # its looks
    assert any("/trade_en-" in url for url in asked)  # its words
