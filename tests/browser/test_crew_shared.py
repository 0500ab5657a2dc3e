"""Two people at one alert: what one did is told to the other, whose form stays, and nothing is overwritten unsaid."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, Shop, Visit


def told(shop: Shop, kind: str) -> list[Any]:
    """What of this kind the service was told to do, in order."""
    return [what for what in shop.fake.crew.told if what[0] == kind]


def done(shop: Shop, act: Any) -> None:
    """Somebody else does this."""
    shop.do(asyncio.ensure_future, act)


def opened(page: Page, what: str) -> Any:
    """A form about the alert."""
    page.locator(f'.doings [name="{what}"]').click()
    return page.locator(".alerts form.sheetlet")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_shelf_that_somebody_else_put_an_alert_on_is_not_replaced_without_a_word(
    shop: Shop, visit: Visit, language: str
) -> None:
    page = visit(shop, "#/alerts/5", language=language, screen=PHONE)
    form = opened(page, "shelve")
    form.locator('[name="minutes"]').select_option("60")
    form.locator('[name="note"]').fill("short")

    done(shop, shop.fake.crew.shelve(5, "bea", 10_080, "a week off"))

    meanwhile = form.locator(".meanwhile")
    expect(meanwhile).to_contain_text("bea")
    expect(meanwhile).to_contain_text("a week off")
    expect(form.locator('[name="note"]')).to_have_value("short")
    form.locator("button.main").click()
    expect(form.locator(".trouble").last).to_contain_text("bea")
    assert [one[1:] for one in told(shop, "shelve")] == [(5, "bea", 10_080, "a week off")]
    meanwhile.get_by_role("button").click()
    expect(meanwhile).to_have_count(0)
    expect(form.locator(".trouble").last).to_have_text("")
    form.locator("button.main").click()
    expect(form).to_have_count(0)
    assert told(shop, "shelve")[1:] == [("shelve", 5, "anna", 60, "short")]


def test_who_gives_away_what_was_given_to_somebody_else_meanwhile_is_told_first(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/2")
    form = opened(page, "assign")
    form.get_by_label("To whom").select_option("Li Wei")

    done(shop, shop.fake.crew.assign(2, "bea", "otto", ""))
    expect(form).to_contain_text("bea did something about it meanwhile")
    expect(form.locator(".meanwhile")).to_contain_text("With Otto Kranz")
    form.get_by_role("button", name="Assign it").click()

    expect(form).to_contain_text("bea changed this meanwhile. Look at")
    expect(form.get_by_label("To whom")).to_have_value("li")
    assert [one[3] for one in told(shop, "assign")] == ["otto"]
    form.get_by_role("button", name="Go on with it as it is now").click()
    form.get_by_role("button", name="Assign it").click()
    expect(page.locator(".alerts")).to_contain_text("With Li Wei")
    assert [one[3] for one in told(shop, "assign")] == ["otto", "li"]


def test_a_form_about_an_alert_that_ended_meanwhile_stays_and_says_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/2")
    form = opened(page, "assign")
    form.locator('[name="note"]').fill("ask the north site")

    shop.do(shop.fake.change_alert, 2, state="resolved")

    expect(form).to_contain_text("It changed meanwhile. It is now:")
    expect(form).to_contain_text("This can not be done with it any more.")
    expect(form.locator('[name="note"]')).to_have_value("ask the north site")


def test_what_was_put_aside_anew_is_not_taken_off_by_who_saw_the_shelf_before(shop: Shop, visit: Visit) -> None:
    done(shop, shop.fake.crew.shelve(5, "otto", 60, "moving it"))
    page = visit(shop, "#/alerts/shelved")
    back = page.get_by_role("button", name="Take off the shelf: Gateway is silent")

    def first(route: Route) -> None:
        done(shop, shop.fake.crew.shelve(5, "bea", 10_080, "a week off"))
        route.continue_()

    page.route("**/api/v1/alerts/5", first, times=1)
    back.click()

    shelved = page.locator(".alerts li.shelved")
    expect(shelved).to_contain_text("bea changed this meanwhile. Look at")
    expect(shelved).to_contain_text("a week off")
    assert told(shop, "unshelve") == []
    back.click()
    expect(page.locator(".alerts li.firing")).to_contain_text("Gateway is silent")
