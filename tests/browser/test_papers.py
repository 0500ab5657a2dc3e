"""A supplier hands papers of its machine in, and reads what came of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.fake_partners import paper
from tests.browser.test_trade_looks import seen

LATER = (datetime.now(UTC) + timedelta(days=6)).strftime("%Y%m%d")
ANSWER = paper("855", "PR", "BAK*00*AD*PO-2*20251121")
DEARER = paper("855", "PR", "BAK*00*AC*PO-2*20251121", "PO1*1*48*EA*0.9*PE*BP*SKU-1009", f"ACK*IP*48*EA*068*{LATER}")
SHIPPED = paper(
    "856", "SH", f"BSN*00*ASN-9*{LATER}*1000", "HL*1**S", "HL*2*1*O", "PRF*PO-2", "HL*3*2*I", "LIN*1*BP*SKU-1009",
    "SN1*1*48*EA",
)  # fmt: skip
STRANGER = paper("855", "PR", "BAK*00*AD*PO-1*20251121")
CUT_OFF = ANSWER[: ANSWER.rindex(b"SE*")]


def given(name: str, data: bytes) -> FilePayload:
    """A file as it is chosen."""
    return {"name": name, "mimeType": "text/plain", "buffer": data}


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_papers_that_are_chosen_are_done_one_after_the_other_and_read_back_in_words(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, who="vera", screen=screen)
    panel = page.locator(".panel.handing")
    row = page.locator(".order-row", has_text="Order no. 2")
    expect(row).to_contain_text("Sent")

    panel.get_by_label("Choose files …").set_input_files(
        [
            given("answer.edi", ANSWER),
            given("asn.edi", SHIPPED),
            given("other.edi", STRANGER),
            given("cut.edi", CUT_OFF),
        ]
    )

    answer, sent, other, cut = [
        panel.locator(".heard > li", has_text=name) for name in ("answer.edi", "asn.edi", "other.edi", "cut.edi")
    ]
    expect(answer).to_contain_text("Order no. 2 is confirmed:")
    expect(answer).to_contain_text("48 × Hydraulic oil")
    expect(answer.locator(".tag")).to_have_text("Done")
    expect(sent).to_contain_text("Order no. 2, shipped:")
    expect(sent).to_contain_text("48 of 48 ×")
    expect(other.locator(".tag")).to_have_text("Nothing was done")
    expect(other).to_contain_text("there is none of yours by that number")
    expect(cut).to_contain_text("Noticed while reading:")
    expect(cut).to_contain_text("The interchange has no IEA: it may be cut off.")
    expect(row).to_contain_text("Confirmed")
    assert len([name for name, _ in shop.fake.trade.told if name == "hear"]) == 4
    assert seen(page, "portal", phone=screen is PHONE) == []
    told = [one for one in shop.log if "403" not in one and "422" not in one]
    assert told == []  # but that the site's own view is not for suppliers, and that of two papers nothing was done


def test_a_paper_that_asks_for_more_waits_for_the_site_and_one_that_came_before_says_so(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, who="vera")
    heard, field = page.locator(".heard > li"), page.locator(".panel.handing").get_by_label("Choose files …")

    field.set_input_files([given("dearer.edi", DEARER)])

    expect(heard.locator(".tag")).to_have_text("Waits for the site")
    expect(heard).to_contain_text(
        "Order no. 2: this is dearer than what was approved, and waits for the site to agree:"
    )
    expect(heard).to_contain_text("48 × Hydraulic oil 20 L · ¥0.90")
    expect(page.locator(".order-row", has_text="Order no. 2").locator(".asking")).to_contain_text("→ ¥0.90")
    field.set_input_files([given("again.edi", DEARER)])
    again = heard.filter(has_text="again.edi")
    expect(again.locator(".tag")).to_have_text("Came before")
    expect(again).to_contain_text("nothing was done now")
    assert seen(page, "portal", phone=False) == []


def test_what_is_no_paper_or_too_large_is_said_in_the_pages_language(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="vera", language="zh", screen=PHONE, theme="dark")
    panel = page.locator(".panel.handing")

    panel.locator("input").set_input_files([given("a.txt", b"hello there"), given("b.edi", b"ISA" + b" " * (8 << 20))])

    first = panel.locator(".heard > li", has_text="a.txt")
    expect(first).to_contain_text("单据无法读取。")
    expect(first.locator("small[lang=en]")).to_contain_text("no paper known here begins with")
    expect(panel.locator(".heard > li", has_text="b.edi")).to_contain_text("内容太大")
    panel.locator("input").set_input_files([given("c.edi", STRANGER), given("d.edi", CUT_OFF)])
    expect(panel.locator(".heard > li", has_text="c.edi")).to_contain_text("没有您的这张订单。")
    expect(panel.locator(".heard > li", has_text="d.edi")).to_contain_text("可能被截断")
    assert seen(page, "portal", phone=True) == []


def test_a_paper_that_is_dropped_is_handed_in_too(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="vera")
    drop = page.locator(".drop")
    dropped = page.evaluate_handle(
        """(text) => {
            const all = new DataTransfer();
            all.items.add(new File([text], "dropped.edi"));
            return all;
        }""",
        ANSWER.decode(),
    )

    drop.dispatch_event("drop", {"dataTransfer": dropped})

    expect(page.locator(".heard > li")).to_contain_text("Order no. 2 is confirmed:")


def test_who_agreed_on_no_papers_is_told_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="")
    page.route("**/api/v1/portal", lambda route: route.fulfill(json={**route.fetch().json(), "papers": []}))
    page.context.add_cookies(
        [{"name": "warehouse_session", "value": shop.do(shop.fake.pass_for, "vera"), "url": shop.base}]
    )
    page.reload()

    expect(page.locator(".panel.handing")).to_contain_text("No papers between machines are agreed on yet.")
    expect(page.locator(".panel.handing input")).to_have_count(0)
