"""Verdicts by one tap, with a connection and without; who is on call, who was told, and how good the rules are."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Shop, Visit
from tests.browser.fake_service import now_ms
from tests.browser.test_crew import BOTH, FREEZER, offline, told


@BOTH
def test_one_tap_says_right_and_a_second_one_changes_nothing(shop: Shop, visit: Visit, screen: dict[str, Any]) -> None:
    page = visit(shop, "#/alerts/acknowledged", screen=screen)
    button = page.get_by_role("button", name="Right: Device is silent")

    button.dblclick()

    expect(page.get_by_text("You said: right")).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    [(alert, said, by, key)] = told(shop, "verdict")
    assert (alert, said, by) == (4, "right", "anna")
    assert len(key) == 32


def test_what_was_said_and_by_whom_is_seen_by_the_others(shop: Shop, visit: Visit) -> None:
    page, other = visit(shop, "#/alerts/4"), visit(shop, "#/alerts", who="otto")

    page.get_by_role("button", name="Wrong: Device is silent").click()
    expect(page.locator(".said-of")).to_contain_text("anna: Wrong · now")
    other.goto(f"{shop.base}#/alerts/4")

    expect(other.locator(".said-of")).to_contain_text("anna: Wrong · now")


def test_not_now_puts_the_alert_on_the_shelf(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/2")

    page.get_by_role("button", name="Not now · 4 h: Out of stock").click()

    expect(page.locator(".alerts li.shelved.open")).to_contain_text("Shelved by anna")
    assert told(shop, "shelve") == [(2, "anna", 240, "Not now")]


@BOTH
def test_a_verdict_in_a_dead_spot_waits_visibly_and_is_sent_once_as_of_then(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, "#/alerts/acknowledged", screen=screen)
    page.get_by_role("button", name="Right: Device is silent").wait_for()
    offline(page)
    said_ms = now_ms()

    page.get_by_role("button", name="Wrong: Device is silent").click()

    expect(page.locator(".judge")).to_contain_text("You said: wrong · waits to be sent")
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    assert told(shop, "verdict") == []
    page.wait_for_timeout(2_500)
    offline(page, False)
    expect(page.locator(".outbox-badge")).to_have_count(0, timeout=20_000)
    expect(page.locator(".judge")).not_to_contain_text("waits to be sent")
    assert [one[:3] for one in told(shop, "verdict")] == [(4, "wrong", "anna")]
    assert abs(shop.fake.crew.verdicts[4][-1]["at_ms"] - said_ms) < 2_000


def test_a_verdict_whose_answer_was_lost_is_not_given_twice(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/acknowledged")
    keys: list[Any] = []

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.on("request", lambda sent: keys.append(sent.headers["idempotency-key"]) if "/verdict" in sent.url else None)
    page.route("**/verdict", lose)
    page.get_by_role("button", name="Right: Device is silent").click()
    expect(page.locator(".judge")).to_contain_text("waits to be sent")
    page.unroute("**/verdict")

    page.reload()

    expect(page.locator(".judge")).to_contain_text("You said: right")
    expect(page.locator(".judge")).not_to_contain_text("waits to be sent")
    assert len(keys) >= 2, "the page may try again at once, too"
    assert len(set(keys)) == 1
    assert len(told(shop, "verdict")) == 1


def test_a_verdict_that_is_refused_is_taken_back_aloud(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/9")

    page.get_by_role("button", name=f"Wrong: {FREEZER}").click()

    expect(page.get_by_role("alert")).to_contain_text("Not taken:")
    expect(page.get_by_role("button", name=f"Wrong: {FREEZER}")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".outbox-badge")).to_have_count(0)


def test_what_one_person_left_unsent_is_not_sent_as_anothers(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/acknowledged")
    page.route("**/verdict", lambda route: route.abort())
    page.get_by_role("button", name="Right: Device is silent").click()
    expect(page.get_by_label("Waiting to be sent: 1")).to_be_visible()
    page.unroute("**/verdict")

    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": "warehouse_session", "value": shop.do(shop.fake.pass_for, "mara"), "url": shop.base}]
    )
    page.reload()

    expect(page.get_by_role("button", name="Right: Device is silent")).to_have_attribute("aria-pressed", "false")
    page.goto(f"{shop.base}#/outbox")
    expect(page.get_by_text("anna: 1 not sent")).to_be_visible()
    assert told(shop, "verdict") == []


@BOTH
def test_who_is_on_call_until_when_and_who_is_next(shop: Shop, visit: Visit, screen: dict[str, Any]) -> None:
    page = visit(shop, "#/alerts", screen=screen)
    tabs = page.get_by_role("navigation", name="Alerts")
    first, whole = shop.do(shop.fake.crew.on_call)["teams"]
    if screen is PHONE:
        expect(tabs.get_by_role("link", name="On call")).to_contain_text(first["now"][0]["name"])
    else:
        expect(page.locator(".on-call-line")).to_contain_text(first["now"][0]["name"])

    tabs.get_by_role("link", name="On call").click()

    team = page.locator(".teams li").first
    expect(team).to_contain_text("Cold store")
    expect(team).to_contain_text(re.compile(r"until \w{3} \d+ \w{3} 08:00, then "))
    expect(team).to_contain_text("Cold room 1, Freezer 2")
    expect(page.locator(".teams li").last).to_contain_text(f"{whole['now'][-1]['name']} (away)")
    strip = page.locator(".strip .turn")
    expect(strip.first).to_be_visible()
    assert strip.count() >= 9
    expect(page.locator(".turn.is-now")).to_have_count(2)
    page.get_by_text("As a list").click()
    expect(page.locator(".as-list ol li").first).to_contain_text("08:00")


def test_a_test_notice_is_sent_and_what_became_of_it_is_told(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/oncall")

    page.get_by_role("button", name="Send a test notice").click()
    page.get_by_label("To whom").select_option("Otto Kranz")
    page.get_by_role("button", name="Send it").click()
    expect(page.locator(".sheetlet")).to_contain_text("Otto Kranz was sent a test just now")
    page.get_by_label("To whom").select_option("Li Wei")
    page.get_by_role("button", name="Send it").click()

    expect(page.get_by_text("A test notice to Li Wei: Being sent.")).to_be_visible()
    assert told(shop, "test") == [("li", "")]
    page.goto(f"{shop.base}#/alerts/notices")
    expect(page.locator(".notice").first).to_contain_text("A test: all is well")


def test_that_nobody_can_be_told_is_said_loudly(shop: Shop, visit: Visit) -> None:
    shop.fake.crew.trouble = "channels.toml may be read by others"

    page = visit(shop, "#/alerts", screen=PHONE)

    expect(page.locator(".on-call-line")).to_contain_text("Nobody can be told: channels.toml may be read by others")


@BOTH
def test_precision_shows_its_interval_its_floor_and_what_asks_to_be_tuned(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, "#/alerts/quality", screen=screen)

    rules = page.locator(".precision .rows > li")
    expect(rules).to_have_count(4)
    expect(rules.first).to_contain_text("Stock can not be counted")
    expect(rules.first).to_contain_text("asks to be tuned")
    expect(rules.filter(has_text="counted since")).to_have_count(1)
    expect(rules.first).to_contain_text("2 right, 9 wrong · 1 not now")
    expect(rules.first.get_by_role("img")).to_have_attribute(
        "aria-label", "Stock can not be counted: right in 18%, likely between 5% and 45%, floor 50%"
    )
    expect(page.get_by_text("Rules nobody judged yet: 2")).to_be_visible()
    noisy = page.locator(".noisiest tbody tr")
    expect(noisy).to_have_count(9)
    expect(noisy.first).to_contain_text("61")
    expect(noisy.first).to_contain_text("15%")


def test_a_verdict_moves_the_figures_of_its_rule(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/acknowledged")
    page.get_by_role("button", name="Right: Device is silent").click()
    expect(page.get_by_text("You said: right")).to_be_visible()

    with page.expect_request("**/api/v1/precision"):
        page.get_by_role("link", name="Quality").click()


@BOTH
def test_the_log_of_notices_tells_who_what_how_and_whether_it_arrived(
    shop: Shop, visit: Visit, screen: dict[str, Any]
) -> None:
    page = visit(shop, "#/alerts/notices", screen=screen)
    notices = page.locator(".notice")

    expect(notices).to_have_count(50)
    given_up = page.locator(".notice.as-given_up").first
    expect(given_up).to_contain_text("Given up")
    expect(given_up).to_contain_text("tries: 6")
    expect(given_up).to_contain_text("ntfy: answered 403; mail: no answer")
    page.get_by_role("button", name="Older").click()
    expect(notices).to_have_count(70)
    expect(page.get_by_role("button", name="Older")).to_have_count(0)
    notices.locator("a").first.click()
    expect(page.locator(".alerts li.open")).to_have_count(1)


def test_what_could_not_be_asked_again_says_of_when_it_is(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/oncall")
    expect(page.locator(".teams li")).to_have_count(2)
    page.route("**/api/v1/oncall", lambda route: route.abort())

    page.get_by_role("link", name="Quality").click()
    page.reload()
    page.goto(f"{shop.base}#/alerts/oncall")

    expect(page.get_by_text("This could not be loaded.").first).to_be_visible()
    page.unroute("**/api/v1/oncall")
    page.get_by_role("button", name="Try again").first.click()
    expect(page.locator(".teams li")).to_have_count(2)


def test_what_was_heard_stays_when_it_can_not_be_asked_again_and_says_of_when_it_is(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/alerts/notices")
    expect(page.locator(".notice")).to_have_count(50)

    page.route("**/api/v1/notices*", lambda route: route.abort())

    stays = page.get_by_text(re.compile(r"Could not be asked again; as of \d\d:\d\d:\d\d\."))
    expect(stays).to_be_visible(timeout=25_000)
    expect(page.locator(".notice")).to_have_count(50)
