"""What an open alert tells: its figures in words, of when they are, and no calm where nothing is heard."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from tests.browser.conftest import Shop, Visit
from tests.browser.fake_service import now_ms

BROKEN_WORDS = """() => [...document.querySelectorAll('.measured td, .measured th')].flatMap((cell) =>
    [...cell.childNodes].flatMap((text) => [...(text.textContent ?? '').matchAll(/[A-Za-z]+/g)].filter((word) => {
        const range = new Range();
        range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);
        return range.getClientRects().length > 1;
    }).map((word) => word[0])))"""


def test_where_nothing_is_known_but_that_nothing_is_heard_it_is_not_said_that_all_is_calm(
    shop: Shop, visit: Visit
) -> None:
    dark = [replace(one, nodata=True) for one in shop.fake.become().alerts if one.state == "firing"][:1]
    shop.do(lambda: shop.fake.become(alerts=dark))
    page = visit(shop, "#/alerts")

    expect(page.locator(".alerts li.nodata")).to_have_count(1)
    expect(page.get_by_text("All is calm")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^Need action")).locator("b")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_open_alert_tells_its_figures_in_words_with_units_and_no_word_is_broken(
    shop: Shop, visit: Visit, language: str
) -> None:
    found = {"fault": "condenser", "feature": "duty", "value": 0.586, "unit": "", "normal_low": 0.375}
    found |= {"normal_high": 0.455, "duty": 0.59, "duty_expected": 0.41, "fall_min": 25.0, "fall_expected_min": 12.0}
    found |= {"rise_min": 17.0, "rise_expected_min": 16.0, "disturbances_day": 0.0, "learned_days": 6.0}
    shop.do(lambda: shop.fake.change_alert(7, rule="refrigeration_fault", subject="climate-cool", params=found))
    page = visit(shop, "#/alerts/need/7", language=language)
    figures = page.locator(".measured")

    expect(figures).to_contain_text("59")
    for code in ("fall", "rise", "disturbances", "learned", "expected_min"):
        assert re.search(rf"\b{code}\b", figures.inner_text()) is None
    normal = figures.locator("tbody tr", has_text="38").locator("td").last
    expect(normal).to_have_text(re.compile("38.*46"))
    if language == "en":
        expect(figures.locator("tr", has_text="Cools down in").locator("td")).to_have_text(
            [re.compile("^25 min"), re.compile("^12 min.* expected$")]
        )
    assert page.evaluate(BROKEN_WORDS) == []


def test_who_takes_an_alert_on_does_not_change_of_when_its_figures_are(shop: Shop, visit: Visit) -> None:
    t = now_ms()
    shop.do(lambda: shop.fake.change_alert(2, changed_ms=t - 40 * 60_000, state="acknowledged", acknowledged_by="li"))
    page = visit(shop, "#/alerts/acknowledged/2")

    told = page.locator(".measured caption").inner_text()

    clock = "(ms) => new Date(ms).toLocaleTimeString('en-GB', {timeZone: 'Asia/Shanghai'})"
    before = page.evaluate(clock, t - 40 * 60_000)
    assert before[:5] not in told
