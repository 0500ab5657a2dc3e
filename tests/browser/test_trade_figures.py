"""The pages of figures, of suppliers and for customers: what they say of themselves, on a phone too."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Shop, Visit
from tests.browser.fake_trade import LINK


def test_on_a_phone_every_figure_can_be_opened_though_those_before_it_are_open(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/figures", screen=PHONE)
    tiles, meanings = page.locator(".measures .tile"), page.get_by_role("tooltip")
    for at in range(tiles.count()):
        tiles.nth(at).tap()
        expect(meanings).to_have_count(at + 1)
    for left in reversed(range(tiles.count())):
        meanings.first.tap()
        expect(meanings).to_have_count(left)


def test_a_supplier_says_whether_its_lead_time_is_quoted_or_measured_and_what_on_time_is(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, "#/suppliers")
    acme = page.locator(".supplier", has_text="Acme")
    expect(acme).to_contain_text("3.1 ± 0.6 d")
    expect(acme).to_contain_text("mean of its articles; order lines: 41")
    expect(acme).to_contain_text("at most 24 h late; early counts")
    expect(page.locator(".suppliers")).to_contain_text("score_weights of [buying]")


def test_the_public_page_says_for_whom_it_is_and_tells_the_sites_own_time(shop: Shop, visit: Visit) -> None:
    page = visit(shop, f"public/{LINK}", who="", waits="table")
    expect(page.locator("main")).to_contain_text("What Gold may have")
    expect(page.locator("main .note")).to_contain_text("UTC")
