"""The alerts page as the crew uses it: every tab an address, every act once, nothing lost in a dead spot."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.fake_crew import many
from tests.browser.fake_service import now_ms

BOTH = pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
FREEZER = "Temperature above limit"


def told(shop: Shop, kind: str) -> list[tuple[Any, ...]]:
    """What of this kind the crew's desk was told to do, in order."""
    return [one[1:] for one in shop.fake.crew.told if one[0] == kind]


def row(page: Page, title: str) -> Any:
    """The first alert of that title."""
    return page.locator(".alerts .rows > li", has_text=title).first


def offline(page: Page, yes: bool = True) -> None:
    page.context.set_offline(yes)


@BOTH
def test_each_tab_has_an_address_and_back_works(shop: Shop, visit: Visit, screen: dict[str, Any]) -> None:
    page = visit(shop, "#/alerts", screen=screen)
    tabs = page.get_by_role("navigation", name="Alerts")
    expect(tabs.get_by_role("link", name="Need action")).to_have_attribute("aria-current", "page")

    tabs.get_by_role("link", name="History").click()
    expect(page.locator(".alerts li.resolved")).to_contain_text(["The door stood open."])
    assert page.url.endswith("#/alerts/history")
    tabs.get_by_role("link", name="Acknowledged").click()
    expect(page.locator(".alerts li.acknowledged")).to_have_count(1)
    page.go_back()

    expect(page.locator(".alerts li.resolved")).to_have_count(1)
    for part, title in (("oncall", "On call now"), ("quality", "The ten noisiest"), ("notices", "Notices")):
        page.goto(f"{shop.base}#/alerts/{part}")
        expect(page.get_by_role("heading", name=title)).to_be_visible()


def test_what_is_looked_for_in_the_past_is_in_the_address_and_stays_when_one_is_opened(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, "#/alerts/history")

    page.get_by_label("How bad").select_option("2")
    expect(page).to_have_url(re.compile(r"#/alerts/history\?severity=2$"))
    page.reload()
    expect(page.get_by_label("How bad")).to_have_value("2")
    page.locator(".alerts li.resolved a.title").first.click()
    expect(page).to_have_url(re.compile(r"#/alerts/history/\d+\?severity=2$"))
    page.get_by_role("button", name="Show all").click()

    expect(page.get_by_label("How bad")).to_have_value("")


def test_a_tab_counts_what_needs_action_as_the_badge_does_and_what_has_no_data_by_itself(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, "#/alerts")
    shop.do(shop.fake.change_alert, 5, nodata=True)

    rows = page.locator(".alerts li.firing:not(.nodata)")
    expect(page.locator(".dark-head .note").first).to_have_text("1")
    for count in (page.get_by_role("link", name=re.compile("^Need action")).locator("b"), page.locator("nav .badge")):
        expect(count.first).to_have_text(str(rows.count()))


def test_on_the_narrowest_phone_the_arrow_stays_beside_the_title(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts", screen=PHONE | {"viewport": {"width": 320, "height": 640}})
    page.locator(".alerts .unfolder").first.wait_for()

    below = page.evaluate(
        """() => [...document.querySelectorAll(".alerts .rows > li:has(.unfolder)")].filter((row) => {
            const [arrow, what] = [".unfolder", ".what"].map((one) => row.querySelector(one).getBoundingClientRect());
            return arrow.left < what.right - 12;
        }).length"""
    )

    assert below == 0


@BOTH
def test_an_open_alert_says_what_it_means_what_to_do_and_its_figures_beside_what_is_normal(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, "#/alerts", screen=screen)

    page.get_by_role("link", name=FREEZER).first.click()

    shown = page.locator(".alerts li.open")
    assert page.url.endswith("#/alerts/need/1")
    expect(shown).to_contain_text("A zone is outside the temperature that is allowed there.")
    expect(shown.locator(".todo")).to_contain_text("Shut doors, look at the cooling or heating.")
    value = shown.locator(".measured tbody tr").filter(has_text="Value")
    expect(value).to_contain_text("−16.4 °C")
    expect(value).to_contain_text("-25 to −18 °C".replace("-", "−"))
    expect(shown.locator(".trend canvas")).to_be_visible()
    page.get_by_role("link", name=FREEZER).first.click()
    expect(page.locator(".alerts li.open")).to_have_count(0)


def test_an_address_of_an_alert_alone_finds_it_wherever_it_is_by_now(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/9")
    expect(page.locator(".alerts li.resolved.open")).to_contain_text("The door stood open.")

    page.goto(f"{shop.base}#/alerts/4")
    expect(page.locator(".alerts li.acknowledged.open")).to_contain_text("Device is silent")
    page.goto(f"{shop.base}#/alerts/need/9")
    page.get_by_role("link", name="is under “History” now").click()
    expect(page.locator(".alerts li.open")).to_contain_text("The door stood open.")
    page.goto(f"{shop.base}#/alerts/4711")
    expect(page.get_by_text("There is no alert 4711")).to_be_visible()
    page.goto(f"{shop.base}#/alerts/1060")
    page.get_by_role("link", name="is under “History” now").click()
    expect(page.locator(".alerts li.open")).to_contain_text("Over")


@BOTH
def test_older_alerts_come_on_demand_and_are_looked_for(shop: Shop, visit: Visit, screen: dict[str, Any]) -> None:
    page = visit(shop, "#/alerts/history", screen=screen)
    rows, older = page.locator(".alerts li.resolved"), page.get_by_role("button", name="Older")
    expect(rows).to_have_count(1)
    older.click()
    expect(rows).to_have_count(50)
    older.click()
    expect(rows).to_have_count(71)
    expect(older).to_have_count(0)

    page.get_by_label("How bad").select_option("1")
    expect(rows).to_have_count(24)
    page.get_by_label("When").select_option("7")
    expect(rows).to_have_count(3)
    page.get_by_label("Look for a device or zone").fill("attic")
    expect(page.get_by_text("No alert that is over fits.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(rows).to_have_count(1)


@BOTH
def test_the_main_act_on_an_open_alert_is_under_the_thumb_without_scrolling(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, "#/alerts/3", screen=screen)
    button = page.get_by_role("button", name="Acknowledge: Refrigeration")
    expect(button).to_be_visible()
    page.wait_for_timeout(300)

    box, height = button.bounding_box(), screen["viewport"]["height"]
    assert box is not None
    assert box["y"] + box["height"] <= height - (58 if screen is PHONE else 0)
    if screen is PHONE:
        assert box["height"] >= 44
        assert box["width"] >= 200
    button.click()
    expect(page.locator(".alerts li.open")).to_contain_text("Acknowledged by anna")


def test_what_was_taken_on_stays_in_its_place_until_the_tab_is_left(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts")
    place = "(row) => [...row.parentElement.children].indexOf(row)"
    before = row(page, FREEZER).evaluate(place)

    page.get_by_role("button", name=f"Acknowledge: {FREEZER}").click()

    mine = row(page, FREEZER)
    expect(mine).to_contain_text("Acknowledged by anna")
    assert mine.evaluate(place) == before
    tabs = page.get_by_role("navigation", name="Alerts")
    tabs.get_by_role("link", name="Acknowledged").click()
    expect(page.locator(".alerts li.acknowledged")).to_have_count(2)
    tabs.get_by_role("link", name="Need action").click()
    expect(page.locator(".alerts li", has_text=FREEZER)).to_have_count(0)


@BOTH
def test_an_alert_is_shelved_for_a_time_and_a_reason_and_taken_off_again(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, "#/alerts/5", screen=screen)
    opener = page.get_by_role("button", name="Shelve: Gateway is silent")

    opener.click()
    expect(page.get_by_label("For how long")).to_be_focused()
    page.get_by_role("button", name="Shelve it").click()
    expect(page.get_by_text("Why: this is needed.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("For how long").select_option("60")
    page.get_by_label("Why").fill("Its link is being moved")
    box = page.get_by_role("button", name="Shelve it").bounding_box()
    assert box is not None
    assert 0 < box["y"] < screen["viewport"]["height"] - 110
    page.get_by_role("button", name="Shelve it").dblclick()

    shelved = page.locator(".alerts li.shelved")
    expect(shelved).to_contain_text("Shelved until")
    expect(shelved).to_contain_text("Shelved by anna · now")
    expect(shelved).to_contain_text("Its link is being moved")
    assert told(shop, "shelve") == [(5, "anna", 60, "Its link is being moved")]
    page.goto(f"{shop.base}#/alerts/shelved")
    page.get_by_role("button", name="Take off the shelf: Gateway is silent").click()
    expect(page.locator(".alerts li.firing")).to_contain_text("Gateway is silent")
    assert told(shop, "unshelve") == [(5, "anna", "")]


def test_shelving_what_is_over_is_refused_aloud(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/need/5")
    page.get_by_role("button", name="Shelve: Gateway is silent").click()
    page.route(
        "**/shelve", lambda route: route.fulfill(status=409, json={"code": "conflict", "detail": "alert 5 is over"})
    )
    page.get_by_label("Why").fill("x")

    page.get_by_role("button", name="Shelve it").click()

    expect(page.get_by_text("Alert 5 is over.")).to_be_visible()
    expect(page.get_by_label("Why")).to_have_value("x")


@BOTH
def test_an_alert_is_given_to_a_person_and_everybody_sees_to_whom(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page, other = visit(shop, "#/alerts/2", screen=screen), visit(shop, "#/alerts", who="otto")

    page.get_by_role("button", name="Assign: Out of stock").click()
    page.get_by_label("To whom").select_option("Li Wei")
    page.get_by_role("textbox", name="Note").fill("Ask the north site")
    page.get_by_role("button", name="Assign it").click()

    for screen_ in (page, other):
        expect(row(screen_, "Out of stock")).to_contain_text("With Li Wei")
    assert told(shop, "assign") == [(2, "anna", "li", "Ask the north site")]
    page.get_by_role("button", name="Assign: Out of stock").click()
    page.get_by_label("To whom").select_option("nobody in particular")
    page.get_by_role("button", name="Assign it").click()
    expect(page.locator(".tag", has_text="With")).to_have_count(0)


def test_equipment_leads_to_its_page_and_an_article_does_not(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/3")
    expect(page.get_by_role("link", name="Maintenance order: machine-31")).to_have_attribute(
        "href", "#/equipment/machine-31"
    )

    page.goto(f"{shop.base}#/alerts/2")
    expect(page.locator(".alerts li.open")).to_contain_text("Insulin pens")
    expect(page.get_by_role("link", name="Maintenance order")).to_have_count(0)


def test_what_has_no_data_stands_apart_uncoloured_and_is_not_counted_as_trouble(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts")
    expect(page.locator("nav .badge").first).to_have_text("7")

    shop.do(shop.fake.change_alert, 7, nodata=True)

    dark = page.locator(".dark-head + li")
    expect(page.locator(".dark-head")).to_contain_text("Nothing is heard of these, so nothing is known to be wrong.")
    expect(page.locator(".alerts li.nodata")).to_have_count(1)
    expect(dark.get_by_role("img", name="No data")).to_be_visible()
    expect(page.locator("nav .badge").first).to_have_text("6")


def test_how_often_an_alert_came_back_is_told(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts")

    shop.do(shop.fake.change_alert, 2, reopened=3)

    expect(row(page, "Out of stock")).to_contain_text("came back: 3")


@BOTH
def test_a_flood_is_told_by_zones_and_can_still_be_worked_on(shop: Shop, visit: Visit, screen: dict[str, Any]) -> None:
    page = visit(shop, "#/alerts", screen=screen)
    alerts = shop.fake._live.current.alerts

    shop.do(shop.fake.become, alerts=many(list(alerts), 500, now_ms()))

    groups = page.locator(".zone-head > h3")
    expect(groups.filter(has_text="Freezer 2")).to_have_count(2)  # what is wrong, and what has no data
    shown = page.locator(".alerts .rows > li").count()
    assert shown < 60
    more = page.get_by_role("button", name=re.compile(r"^\d+ more$")).first
    more.click()
    expect(page.get_by_role("button", name="Fewer")).to_have_count(1)
    page.get_by_role("button", name=f"Acknowledge: {FREEZER}").click()
    expect(row(page, FREEZER)).to_contain_text("Acknowledged by anna")


def test_a_zone_in_a_flood_is_taken_on_by_two_taps_and_what_waits_says_so(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts", screen=PHONE)
    alerts = list(shop.fake._live.current.alerts)
    shop.do(shop.fake.become, alerts=many(alerts, 90, now_ms()))
    refused = next(one.id for one in many(alerts, 90, 0) if one.zone == "cool" and one.id > 20 and not one.nodata)
    page.route(f"**/alerts/{refused}/ack", lambda route: route.abort())
    button = page.get_by_role("button", name=re.compile(r"^Acknowledge all \d+: Cold room 1$")).first

    button.click()
    page.get_by_role("button", name=re.compile("^Yes, all")).click()

    expect(page.locator(".take-all", has_text="Waiting to be sent: 1")).to_be_visible()
    page.unroute(f"**/alerts/{refused}/ack")
    expect(page.locator(".outbox-badge")).to_have_count(0)
    expect(page.locator(".alerts li.acknowledged")).to_have_count(5)  # the others of the zone stay folded away
    now = {one.id: one for one in shop.fake._live.current.alerts}
    assert now[refused].acknowledged_by == "anna"


def test_a_viewer_sees_all_and_may_press_nothing(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/1", who="otto")

    expect(page.locator(".alerts li.open")).to_contain_text("What to do")
    expect(page.locator(".alerts button")).to_have_count(0)
    for part in ("acknowledged", "history/9", "oncall", "notices"):
        page.goto(f"{shop.base}#/alerts/{part}")
        expect(page.get_by_text("Loading …")).to_have_count(0)
        assert [one for one in page.locator("main button").all_inner_texts() if one != "Older"] == []


def test_all_of_it_goes_by_keyboard_and_live_updates_leave_the_focus(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts")
    page.get_by_role("link", name="Gateway is silent").focus()

    page.keyboard.press("Enter")
    expect(page.locator(".alerts li.open")).to_contain_text("A gateway is not heard here.")
    shop.do(shop.fake.change_alert, 3, state="resolved")
    expect(page.locator(".alerts li.firing")).to_have_count(6)
    assert page.evaluate("() => document.activeElement.textContent") == "Gateway is silent"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")

    expect(page.get_by_text("You said: right")).to_be_visible()


def test_the_stale_page_is_grey_and_still_there(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/3")
    expect(page.locator(".alerts li.open")).to_have_count(1)

    shop.fake.silent = True

    expect(page.locator(".banner")).to_contain_text("No news since", timeout=8_000)
    assert page.locator("main").evaluate("(main) => getComputedStyle(main).filter") == "grayscale(1)"
    expect(page.locator(".alerts li.open")).to_have_count(1)


def test_what_is_done_in_dead_spots_opens_there_once_the_app_has_been_open_for_a_while(
    shop: Shop, visit: Visit
) -> None:
    page = visit(shop, who="lena")
    page.wait_for_function(
        """() => ['crew', 'plant'].every((part) => [...document.styleSheets].some(
            (one) => one.href?.includes(`/${part}-`)))""",
        timeout=15_000,
    )
    offline(page)

    page.get_by_role("link", name="Alerts", exact=True).or_(
        page.get_by_role("link", name=re.compile("^Alerts"))
    ).first.click()

    expect(page.locator(".alerts li.firing")).to_have_count(7)
    page.evaluate("() => { location.hash = '#/equipment/orders' }")
    expect(page.get_by_role("button", name="Start: Order 2")).to_be_visible()


def test_an_alert_nobody_knows_is_still_shown_with_its_figures(shop: Shop, visit: Visit) -> None:
    alerts = list(shop.fake._live.current.alerts)
    odd = replace(
        alerts[0], id=77, rule="flooded", subject="cellar", params={"depth_mm": 4, "pump": "off", "none": None}
    )
    page = visit(shop, "#/alerts/77")

    shop.do(shop.fake.become, alerts=[*alerts, odd])

    expect(page.locator(".alerts li.open .measured")).to_contain_text("depth mm")
