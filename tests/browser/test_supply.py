"""The page of an article and the page of replenishment: what they tell, what can be decided, by keyboard and by URL."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Shop, Visit
from tests.browser.fake_supply import DAY_MS

OUTSIDE = """() => [...document.querySelectorAll('.wanted')].flatMap((row) =>
    [...row.querySelectorAll('.deal > :last-child dd, .unfold')]
        .filter((one) => one.getBoundingClientRect().right > row.getBoundingClientRect().right - 4
            || one.scrollWidth > one.clientWidth && one.clientWidth > 0)
        .map((one) => one.outerHTML))"""


def told(shop: Shop, kind: str) -> list[Any]:
    """What of this kind the service was told to do, in order."""
    return [what for name, what in shop.fake.supply.told if name == kind]


def test_an_article_has_a_page_that_tells_how_it_stands_and_when_it_runs_out(shop: Shop, visit: Visit) -> None:
    led = next(one.id for one in shop.fake.become().skus if one.name == "LED panel 40 W")
    page = visit(shop, f"#/sku/{led}")
    page.get_by_role("link", name="Stock and forecast").click()

    expect(page.locator(".article h2")).to_have_text("LED panel 40 W")
    tiles = page.locator(".figures-row .tile")
    expect(tiles).to_have_count(5)
    expect(tiles.nth(1)).to_contain_text("4 reserved, 2 set aside")
    expect(tiles.nth(4)).to_contain_text("96.2%")
    expect(tiles.nth(4)).to_contain_text("no level is aimed at")
    expect(page.locator(".article-course .advice")).to_contain_text("If nothing is ordered it runs out about")
    expect(page.get_by_role("img", name=re.compile("^Stock over time: "))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Demand over time: "))).to_be_visible()
    expect(page.locator(".article-why")).to_contain_text("so it is time to order")
    expect(page.locator(".article-costs")).to_contain_text("L-2291")


def test_who_may_not_buy_sees_lots_and_no_costs(shop: Shop, visit: Visit) -> None:
    costs = visit(shop, "#/stock/SKU-1002", who="otto").locator(".article-costs")

    expect(costs).to_contain_text("What its stock cost is shown to buyers.")
    expect(costs).to_contain_text("L-2291")
    expect(costs.locator("table")).to_have_count(0)


def test_how_far_back_a_chart_reaches_is_in_the_address_and_back_works(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/stock/SKU-1002")
    ranges = page.locator(".ranges")
    expect(ranges.locator("[aria-current]")).to_have_text("6 weeks")

    ranges.get_by_text("2 weeks").click()

    expect(ranges.locator("[aria-current]")).to_have_text("2 weeks")
    assert page.url.endswith("#/stock/SKU-1002?days=14")
    page.go_back()
    expect(ranges.locator("[aria-current]")).to_have_text("6 weeks")


def test_both_charts_are_read_by_one_cursor_and_the_table_has_the_gaps_in_words(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/stock/SKU-1002?days=91")
    over = page.locator(".trend.course .u-over").first
    box = over.bounding_box()
    assert box

    over.hover(position={"x": box["width"] * 0.4, "y": box["height"] / 2})

    reading = page.locator(".courses .reading")
    expect(reading).to_contain_text("on hand:")
    expect(reading).to_contain_text("a day:")
    page.get_by_text("As a table").click()
    rows = page.locator(".as-table tbody tr")
    expect(rows.filter(has_text="out of stock")).to_have_count(2)
    expect(rows.filter(has_text="not known")).to_have_count(1)
    expect(page.locator(".as-table tr.foretold").first).to_contain_text("–")


def test_an_article_that_is_not_there_says_so(shop: Shop, visit: Visit) -> None:
    expect(visit(shop, "#/stock/nothing").locator("main")).to_contain_text("There is no such thing here: nothing")


def test_what_runs_out_first_stands_first_with_its_reasons(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    first = page.locator(".wanted").first

    expect(first).to_contain_text("runs out before a delivery in 3.1 days")
    expect(first.locator(".deal")).to_contain_text("Acme Medical")
    expect(first.locator(".stock-ahead")).to_have_attribute("aria-label", re.compile("days ahead. Out: "))
    first.locator(".unfolds").click()
    expect(first.locator(".legend")).to_contain_text("if 120 are ordered now")


def test_a_need_that_is_put_off_is_told_with_who_and_until_when_and_comes_back(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    count = page.locator(".wanted").count()
    page.get_by_role("button", name="Put off: LED panel 40 W").click()
    page.get_by_label("For how long").select_option("7")
    page.get_by_label("Why (for the others)").fill("the sale is over")
    page.keyboard.press("Enter")

    expect(page.locator(".wanted:not(.settled)")).to_have_count(count - 1)
    [(_, ahead_ms, note)] = told(shop, "snooze")
    assert (round(ahead_ms / DAY_MS), note) == (7, "the sale is over")
    page.get_by_role("link", name=re.compile("^Put off")).click()
    asleep = page.locator(".asleep")
    expect(asleep).to_contain_text("by anna")
    expect(asleep).to_contain_text("the sale is over")
    asleep.get_by_role("button", name="Decide now: LED panel 40 W").click()
    expect(asleep).to_have_count(0)


def test_of_two_who_edit_the_same_need_the_second_is_told(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    led = next(one.id for one in shop.fake.become().skus if one.name == "LED panel 40 W")
    row = page.locator(".wanted", has_text="LED panel 40 W")
    row.get_by_role("button", name="Edit: LED panel 40 W").click()
    need = next(one for one in shop.fake.become().needs if one.card and one.quantity == 120 and one.sku == led)
    until_ms = round(time.time() * 1000) + DAY_MS
    shop.do(shop.fake.supply.change, need.id, why={**need.why, "snoozed_until_ms": until_ms, "snoozed_by": "bob"})

    row.get_by_role("textbox", name="Units").fill("60")
    row.get_by_role("button", name="Order so many").click()

    expect(row).to_contain_text("bob changed this meanwhile")
    assert [one for one in shop.fake.trade.told if one[0] == "order_need"] == []


def test_while_one_edits_a_need_another_orders_it_and_the_input_stays_with_who_did(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    row = page.locator(".wanted", has_text="Insulin pens")
    row.get_by_role("button", name="Edit: Insulin pens").click()
    row.get_by_role("textbox", name="Units").fill("60")
    page.locator(".now time").hover()

    visit(shop, "#/replenishment", who="mara").get_by_role("button", name="Order 120 units: Insulin pens").click()

    expect(row).to_contain_text("Ordered by mara: Order no. 8")
    expect(row.get_by_role("textbox", name="Units")).to_have_value("60")
    row.get_by_role("button", name="Leave it").click()
    page.locator(".now time").hover()
    expect(row).to_have_count(0)


def test_rows_stay_under_a_pointer_that_is_about_to_press_one(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    first, button = page.locator(".wanted").first, page.get_by_role("button", name="Order 120 units: LED panel 40 W")
    expect(page.locator(".wanted .deal").first).to_be_visible()
    name = first.locator("strong").inner_text()
    button.hover()
    before = button.bounding_box()

    boss = visit(shop, "#/replenishment", who="mara")
    boss.get_by_role("button", name=f"Order 120 units: {name}").click()

    expect(first).to_contain_text("Ordered by mara: ")
    assert name != "LED panel 40 W"
    assert button.bounding_box() == before
    page.locator(".now time").hover()
    expect(page.locator(".wanted strong").first).not_to_have_text(name)


def test_what_is_on_a_draft_waits_no_longer_to_be_decided(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    page.get_by_label("Choose LED panel 40 W").check()
    page.get_by_role("button", name=re.compile("^Put on drafts")).click()
    page.get_by_role("link", name=re.compile("^Drafts")).click()

    page.get_by_role("link", name=re.compile("^To decide")).click()

    expect(page.locator(".wanted").first).to_be_visible()
    expect(page.locator(".wanted", has_text="LED panel 40 W")).to_have_count(0)


def test_more_than_anybody_can_use_or_put_away_is_asked_once_more(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    row = page.locator(".wanted", has_text="LED panel 40 W")
    row.get_by_role("button", name="Edit: LED panel 40 W").click()
    row.get_by_role("textbox", name="Units").fill("99999999")
    page.keyboard.press("Enter")

    expect(row).to_contain_text(re.compile(r"LED panel 40 W: so many last about [\d,]+ days"))
    expect(row).to_contain_text("its shelves hold")
    page.keyboard.press("Enter")
    assert told(shop, "units") == [] == [one for one in shop.fake.trade.told if one[0] == "order_need"]
    row.get_by_role("textbox", name="Units").fill("120")
    expect(row.get_by_role("button", name="Do it anyway")).to_have_count(0)
    row.get_by_role("textbox", name="Units").fill("99999999")
    page.keyboard.press("Enter")
    row.get_by_role("button", name="Do it anyway").click()
    expect(page.locator(".done li", has_text="LED panel 40 W")).to_contain_text("Ordered: order no.")


def test_what_is_chosen_goes_on_one_draft_which_stands_under_drafts(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    page.get_by_label("Choose LED panel 40 W").check()
    page.get_by_label("Choose Insulin pens").focus()
    page.keyboard.press("Space")
    expect(page.locator(".together")).to_contain_text("2 chosen")

    page.get_by_role("button", name=re.compile("^Put on drafts")).click()

    expect(page.locator(".together")).to_have_count(0)
    [needs] = told(shop, "draft")
    assert len(needs) == 2
    page.get_by_role("link", name=re.compile("^Drafts")).click()
    expect(page.locator(".order-row", has_text="LED panel 40 W")).to_contain_text("Insulin pens")


def test_who_only_looks_sees_the_queue_and_decides_nothing(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment", who="otto")

    expect(page.locator(".wanted").first).to_be_visible()
    expect(page.locator(".tick-box input")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^(Order|Edit|Put off)"))).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_no_cost_and_no_arrow_leaves_its_row(shop: Shop, visit: Visit, width: int) -> None:
    sku = shop.fake.become().skus
    long = [replace(one, name="Influenza vaccine, box of 10, with needles") for one in sku]
    shop.do(shop.fake.become, skus=long)
    page = visit(shop, "#/replenishment", screen={**PHONE, "viewport": {"width": width, "height": 844}})
    expect(page.locator(".wanted .deal").first).to_be_visible()

    page.locator(".deal > :nth-child(2) dd").evaluate_all(
        "(all) => all.forEach((one) => { one.textContent = 'Coldchain Pharma Netherlands'; })"
    )

    assert page.evaluate(OUTSIDE) == []


def test_what_if_answers_beside_what_is_planned_now(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment/what_if?sku=SKU-1002", screen=PHONE)
    orders = page.locator(".compared tr", has_text="Orders a year")
    expect(orders).to_contain_text("=")

    page.get_by_role("slider", name=re.compile("^Demand")).fill("200")

    expect(orders).not_to_contain_text("=")
    page.get_by_role("button", name="As it is").click()
    expect(orders).to_contain_text("=")


def test_leaving_the_edit_of_a_proposal_gives_the_focus_back_to_where_it_was_opened(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    for name in ("Edit", "Put off"):
        opener = page.locator(".wanted").first.get_by_role("button", name=re.compile(f"^{name}"))
        opener.click()
        expect(page.locator(".wanted form")).to_be_visible()

        page.keyboard.press("Escape")

        expect(page.locator(".wanted form")).to_have_count(0)
        expect(opener).to_be_focused()


def test_units_of_a_proposal_are_typed_as_the_page_writes_them(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")
    page.locator(".wanted").first.get_by_role("button", name=re.compile("^Edit")).click()
    form = page.locator(".wanted form")
    form.get_by_role("textbox").fill("1,000,000")

    form.get_by_role("button", name="Order so many").click()

    expect(form.get_by_role("button", name="Do it anyway")).to_be_visible()
    form.get_by_role("textbox").fill("1 0")
    form.get_by_role("button", name="Order so many").click()
    expect(form).to_contain_text("this is not a number")
    expect(form.get_by_role("button", name="Do it anyway")).to_have_count(0)


def test_what_goes_on_drafts_beside_what_was_chosen_is_said_before(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment")

    page.locator(".wanted .tick-box").first.click()

    expect(page.locator(".together")).to_contain_text("Other articles that it would soon be asked for")


def test_what_if_follows_its_address_and_the_address_keeps_what_is_set(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment/what_if?demand=300")
    demand = page.get_by_role("slider", name=re.compile("^Demand"))
    expect(demand).to_have_value("300")

    page.get_by_label("Article").select_option("SKU-1002")
    expect(page).to_have_url(re.compile(r"what_if\?sku=SKU-1002&demand=300$"))
    page.reload()
    expect(demand).to_have_value("300")
    page.evaluate("location.hash = '#/replenishment/what_if?sku=SKU-1002&demand=250&lead=no'")
    expect(demand).to_have_value("250")
    expect(page).to_have_url(re.compile(r"what_if\?sku=SKU-1002&demand=250$"))  # put right
    demand.fill("200")
    expect(page).to_have_url(re.compile(r"what_if\?sku=SKU-1002&demand=200$"))
    expect(page.locator(".compared tr", has_text="Risk to run out").locator("td").last).to_have_text(
        re.compile(r"^(=|[+−][\d.]+ points)$")
    )

    page.evaluate("location.hash = '#/replenishment/what_if?sku=nosuch'")
    expect(page.locator(".panel.what-if")).to_contain_text("There is no article nosuch here.")


def test_the_back_test_is_read_by_keyboard_and_names_the_days_it_judged(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/replenishment/backtest")
    curve = page.get_by_role("slider", name="How the policy would have done")
    expect(curve).to_have_attribute("aria-valuetext", re.compile("^aiming at 80%: "))

    curve.focus()
    page.keyboard.press("ArrowRight")

    expect(curve).to_have_attribute("aria-valuetext", re.compile("^aiming at 90%: "))
    expect(page.locator(".backtest-inside")).to_contain_text("24 days judged")
    expect(page.locator(".backtest-inside")).to_contain_text("an example, not a proof")


def test_on_paper_the_charts_are_light_and_as_wide_as_the_paper(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/stock/SKU-1002", theme="dark")
    page.wait_for_selector(".course canvas")
    page.emulate_media(media="print", color_scheme="dark")

    widest = page.evaluate(
        """async () => {
            dispatchEvent(new Event("beforeprint"));
            await null;
            document.body.style.width = "600px"; // paper comes without a word to who watches sizes
            const drawn = [...document.querySelectorAll(".course canvas")];
            return Math.max(...drawn.map((one) => one.getBoundingClientRect().right));
        }"""
    )

    assert widest <= 620
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_why_card_says_when_it_was_decided_and_what_is_there_by_now(shop: Shop, visit: Visit) -> None:
    need = next(one for one in shop.fake.become().needs if one.card is not None and one.order is None)
    now = next(one for one in shop.fake.become().skus if one.id == need.sku)
    decided = need.changed_ms - 7_200_000
    need = replace(need, why={**need.why, "decided_ms": decided}, revised=1)
    shop.do(lambda: shop.fake.become(needs=[need]))
    page = visit(shop, f"#/stock/{need.sku}")
    why = page.locator(".article-why")
    clock = page.evaluate("(ms) => new Date(ms).toLocaleTimeString('en-GB', {timeZone: 'Asia/Shanghai'})", decided)

    expect(why).to_contain_text(re.compile(rf"Decided at .*{clock[:5]}, by the figures of then"))
    expect(why).not_to_contain_text("Now ")
    expect(why).to_contain_text("revised once")
    shop.do(lambda: shop.fake.become(skus=[replace(now, available=now.available + 3)]))
    expect(why).to_contain_text(f"Now {now.available + 3} are available")


def test_what_runs_out_within_a_day_is_told_by_its_hours(shop: Shop, visit: Visit, monkeypatch: Any) -> None:
    asked = shop.fake.supply.course

    async def soon(sku: str, days: int) -> Any:
        told = await asked(sku, days)
        assert told.ahead is not None
        noon = (told.at_ms // DAY_MS + 2) * DAY_MS + 4 * 3_600_000  # noon at the site
        out = replace(told.ahead.out, early_ms=noon - 5_400_000, likely_ms=noon, late_ms=noon + 5_400_000)
        return replace(told, ahead=replace(told.ahead, out=out))

    monkeypatch.setattr(shop.fake.supply, "course", soon)
    page = visit(shop, "#/stock/SKU-1002")

    expect(page.locator(".article-course")).to_contain_text("in 8 of 10 cases on that day, between 10:30 and 13:30")
