"""From whom to order, why an order went where it did, what bounds an article, and refusals in the page's language."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from cloud.core.planning.bounds import Limit
from cloud.core.planning.emergency import Rescue
from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.test_trade import told
from tests.browser.test_trade_looks import seen

EN_AHEAD = [
    "does not order it again by itself before",
    "Supplier Nordfrisk could send 30 sooner.",
    "would fall from 93% to 4%. It costs ¥32.00 more, and is expected to save ¥255.00.",
    "Its shelves hold less than would be best",
    "expire before it is sold",
    "The smallest order is more than should be kept.",
    "can not be reached at a sound cost",
]
ZH_AHEAD = [
    "服务不会自动再次订购",
    "供应商 Nordfrisk 可以更快地提供 30 件。",
    "从 93% 降至 4%",
    "货架容量低于理想存量",
    "最小订货量",
]
DOUBLE_TAP_MS = 600


@pytest.mark.parametrize(("language", "words"), [("en", EN_AHEAD), ("zh", ZH_AHEAD)])
def test_an_article_tells_what_bounds_it_who_could_help_and_until_when_it_is_held(
    shop: Shop, visit: Visit, language: str, words: list[str]
) -> None:
    sku = shop.fake.become().skus[0]
    limits: list[Limit] = ["shelves_too_small", "expires_first", "least_lot_too_large", "promise_out_of_reach"]
    until_ms = shop.fake.become().t + 20 * 3_600_000
    known = replace(
        sku, limits=limits, rescue=Rescue("supplier:nord", 30, 0.93, 0.04, 255.0, 32.0), held_until_ms=until_ms
    )
    shop.do(shop.fake.become, skus=[known, *shop.fake.become().skus[1:]])
    page = visit(shop, f"#/sku/{sku.id}", language=language)

    drawer = page.locator(".drawer")
    for one in words:
        expect(drawer).to_contain_text(one)
    expect(drawer.locator(".limits li")).to_have_count(4)
    shop.do(shop.fake.become, skus=[sku, *shop.fake.become().skus[1:]])
    expect(drawer.locator(".held, .limits, .rescue")).to_have_count(0)


def test_where_several_offer_an_article_the_proposed_supplier_stands_first_and_another_can_be_chosen(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, "#/replenishment")
    row = page.locator(".orderly", has_text="LED panel 40 W")

    row.get_by_role("button", name="Order 120 units: LED panel 40 W").dblclick()

    options = row.get_by_role("radio")
    expect(options).to_have_count(3)
    expect(options.first).to_be_checked()
    expect(options.first).to_be_focused()
    first = row.locator(".option").first
    expect(first).to_contain_text("Acme Medical")
    expect(first).to_contain_text("Proposed")
    expect(first).to_contain_text("120 × ¥12.50")
    expect(first).to_contain_text("here in 3.1 days")
    expect(first).to_contain_text("score 88")
    expect(row.locator(".option").last).to_contain_text("gets no orders at present")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    assert told(shop, "order_need") == []
    page.wait_for_timeout(DOUBLE_TAP_MS)  # else it is the rest of a double tap
    row.get_by_role("button", name="Order 120 units: LED panel 40 W").click()
    page.wait_for_timeout(DOUBLE_TAP_MS)
    page.keyboard.press("ArrowDown")
    row.get_by_role("button", name="Order from Nordfrisk").click()

    order = page.get_by_role("link", name=re.compile(r"Order no. \d+")).first  # another stands in the row, held there
    expect(order).to_be_visible()
    assert told(shop, "order_need") == [(shop.fake.trade.orders_of("nord")[-1].needs[0], "nord")]
    order.click()
    why = page.locator(".sourced")
    expect(why).to_contain_text("120 from Nordfrisk: chosen by hand.")
    expect(why.locator("tr.chosen")).to_contain_text("Nordfrisk")
    expect(why.locator("tbody tr")).to_have_count(3)
    expect(why).to_contain_text("A lot of 480 would save ¥61.50 a year.")


def test_an_order_as_proposed_says_why_that_supplier(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment", language="zh")
    row = page.locator(".orderly", has_text="LED panel 40 W")
    row.locator("button.main").click()
    expect(row.get_by_role("radio")).to_have_count(3)
    page.wait_for_timeout(DOUBLE_TAP_MS)

    row.get_by_role("button", name="向Acme Medical订购").click()
    page.locator(".ordering a.button").first.click()

    why = page.locator(".sourced")
    expect(why).to_contain_text("Acme Medical 120 件：综合成本最低。")
    expect(why.locator("tbody tr").nth(1)).to_contain_text("预计延误较多")
    assert [type(one) for one in told(shop, "order_need")] == [int]  # no supplier was named: it is the service's choice


def test_a_refusal_on_the_chinese_page_is_chinese_with_the_services_own_words_small_below(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, "#/orders/4", language="zh")
    page.locator("#main .order-row", has=page.locator("details[open]")).get_by_role("button", name="批准").click()

    trouble = page.locator(".steps .trouble").filter(has_text="金额超出您的审批权限")
    expect(trouble).to_have_count(1)
    expect(trouble.locator("small[lang=en]")).to_contain_text("more than a buyer may")


@pytest.mark.parametrize(("screen", "language"), [(DESKTOP, "en"), (PHONE, "zh")], ids=["desktop-en", "phone-zh"])
def test_choosing_and_the_reasons_have_no_barrier(
    shop: Shop, visit: Visit, screen: dict[str, object], language: str
) -> None:
    page = visit(shop, "#/replenishment", screen=screen, language=language, theme="dark")
    row = page.locator(".orderly", has_text="LED panel 40 W")
    row.locator("button.main").click()
    expect(row.get_by_role("radio")).to_have_count(3)
    found = seen(page, "choice", phone=screen is PHONE)
    page.wait_for_timeout(DOUBLE_TAP_MS)

    row.locator("form button.main").click()
    page.locator(".ordering a.button").first.click()
    expect(page.locator(".sourced tbody tr")).to_have_count(3)
    found += seen(page, "reasons", phone=screen is PHONE)

    assert found == []
    assert shop.log == []


def test_as_many_are_ordered_as_were_seen_though_the_proposal_moved_meanwhile(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    row = page.locator(".wanted", has_text="LED panel 40 W")
    row.get_by_role("button", name="Order 120 units: LED panel 40 W").click()
    expect(row.locator(".option").first).to_contain_text("120 × ¥12.50")
    led = next(one.id for one in shop.fake.become().skus if one.name == "LED panel 40 W")
    need = next(one for one in shop.fake.become().needs if one.card and one.quantity == 120 and one.sku == led)
    shop.do(shop.fake.supply.change, need.id, quantity=300)
    page.wait_for_timeout(DOUBLE_TAP_MS)

    row.get_by_role("button", name=re.compile("^Order from ")).first.click()

    expect(row).to_contain_text("Ordered by anna")
    assert [line.units for line in shop.fake.trade.orders_of("acme")[-1].lines] == [120]
