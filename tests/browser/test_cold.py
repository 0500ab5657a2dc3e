"""Cold rooms, as people use them: rooms in trouble, decisions that are signed, what lots bore, reports."""

from __future__ import annotations

import base64
import re
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PHONE, Shop, Visit
from tests.browser.fake_cold import line
from tests.browser.test_looks import COLOURED
from tests.browser.test_plant import LOADING, LOOKS
from tests.browser.test_trade_looks import seen


def test_a_room_in_trouble_comes_first_and_says_how_far_how_long_and_how_soon(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold")

    first = page.locator(".cold-room").first
    expect(first).to_contain_text("Freezer 2")
    expect(first.locator(".room-state")).to_contain_text("Excursion")
    expect(first).to_contain_text("−25 to −18 °C")
    expect(first).to_contain_text(re.compile(r"−12.°C in about 49 mins? \(\d\d:\d\d\)"))
    cool = page.locator(".cold-room", has_text="kept as 2-8")
    expect(cool).to_contain_text("5.2 °C of 8 °C at most")
    expect(cool).to_contain_text("12 · 3 to decide")
    expect(cool.locator(".marked li")).to_have_count(2)
    expect(cool).to_contain_text("open 2 times, last ")
    expect(cool).to_contain_text(re.compile("Coldest · mean · warmest, 24 hrs.?3\\.\\d · \\d"))
    expect(page.locator(".cold-room", has_text="vaccine")).to_contain_text("8.3 °C above its limit of 8 °C")
    expect(cool.get_by_role("img")).to_have_attribute("aria-label", re.compile("last 24 hours.+stretches marked: 2"))


def test_what_is_marked_in_a_chart_leads_to_its_excursion(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold")

    page.get_by_role("link", name=re.compile("^Breach")).click()

    opened = page.locator(".excursion details[open]")
    expect(opened).to_contain_text("Excursion 2 · a lot's budget is used up")
    expect(opened).to_contain_text("Insulin pens")


def test_lots_are_released_and_scrapped_with_a_comment_and_a_signature(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold/2", who="mara", screen=PHONE)
    breach = page.locator(".excursion.breach.open")

    expect(page.locator(".quarantine li")).to_have_count(3)
    breach.get_by_role("button", name="Release 3 lots").click()
    expect(breach).to_contain_text("this is needed")
    breach.locator(".tick", has_text="Insulin pens").click()
    breach.get_by_label("Why it is released or scrapped").fill("Probe in the box stayed below 8 °C.")
    expect(breach).to_contain_text("You sign as mara, admin")
    breach.get_by_role("button", name="Release 2 lots").dblclick()
    expect(page.locator(".signatures")).to_contain_text("2 lots released by mara, admin")
    expect(page.locator(".quarantine li")).to_have_count(1)
    breach.get_by_label("Why it is released or scrapped").fill("Warm for too long.")
    breach.get_by_role("button", name="Scrap this lot").click()

    expect(page.locator(".quarantine")).to_have_count(0)
    expect(page.locator("li.excursion", has_text="Excursion 2")).to_contain_text("Decided")
    expect(page.locator(".signatures")).to_contain_text("Warm for too long.")
    assert shop.fake.cold.told == [
        ("release", (2, [2, 3], "Probe in the box stayed below 8 °C.")),
        ("scrap", (2, [1], "Warm for too long.")),
    ]


@pytest.mark.parametrize("width", [1440, 390])
def test_each_lots_tick_stands_on_the_line_of_its_own_figures(shop: Shop, visit: Visit, width: int) -> None:
    page = visit(shop, "#/cold/2", who="mara", screen={"viewport": {"width": width, "height": 900}})
    page.locator(".excursion.breach.open tbody tr .tick").first.wait_for()

    strays = page.evaluate(
        """() => [...document.querySelectorAll(".excursion.breach.open tbody tr")].filter((row) => {
            const line = row.getBoundingClientRect(), parts = [...row.querySelectorAll("input, .tick")];
            const off = (one) => one.top < line.top - 1 || one.bottom > line.bottom + 1;
            return parts.length < 2 || parts.some((one) => off(one.getBoundingClientRect()));
        }).length"""
    )

    assert strays == 0


def test_what_another_signs_leaves_what_is_typed_and_a_lot_that_joins_is_not_chosen(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold/2", who="mara")
    breach = page.locator(".excursion.breach.open")
    comment = breach.get_by_label("Why it is released or scrapped")
    comment.fill("The probe in the box stayed below 8 °C.")

    shop._run(shop.fake.cold.decide(2, False, [1], SimpleNamespace(name="ada", role="admin"), "Warm for too long."))
    expect(breach.locator(".signatures")).to_contain_text("One lot scrapped by ada, admin")
    expect(comment).to_have_value("The probe in the box stayed below 8 °C.")
    shop.do(lambda: shop.fake.cold._excursions[1]["lines"].append(line(4, "SKU-1014", "S-91", 8, 0)))
    joined = breach.locator("tbody tr", has_text="S-91")
    expect(joined).to_contain_text("joined meanwhile, not chosen")
    expect(breach).to_contain_text("Lots that joined meanwhile and are not chosen: 1.")
    expect(joined.locator("input")).not_to_be_checked()
    for row in breach.locator("tbody tr", has=page.locator("input:checked")).all()[::-1]:
        row.locator("input").uncheck()
    expect(breach).to_contain_text("Choose at least one lot to decide about.")
    breach.locator(".tick", has_text="B-17").click()
    breach.get_by_role("button", name="Release this lot").click()
    expect(comment).to_have_value("")

    told = [what for name, what in shop.fake.cold.told if name == "release"]
    assert told == [(2, [2], "The probe in the box stayed below 8 °C.")]


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_phone_names_of_two_lines_keep_clear_of_what_stands_below(shop: Shop, visit: Visit, width: int) -> None:
    page = visit(shop, "#/cold", who="mara", screen=PHONE | {"viewport": {"width": width, "height": 800}})
    page.locator(".quarantine a.name strong").first.wait_for()
    page.locator(".exposures a.name strong").first.wait_for()

    over = page.evaluate(
        """() => [...document.querySelectorAll("a.name")].filter((link) => {
            const name = link.querySelector("strong");
            name.textContent = "Insulin pens of the north pharmacy, box of 5 in a sleeve";
            const below = link.parentElement.querySelector(".note").getBoundingClientRect();
            return name.getBoundingClientRect().height < 30 || name.getBoundingClientRect().bottom > below.top + 1;
        }).length"""
    )

    assert over == 0


def test_a_refusal_to_decide_is_said_where_the_reason_was_written(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold/2", who="mara")
    form = page.get_by_role("form", name="Decide about excursion 2")

    form.get_by_label("Why it is released or scrapped").fill("ok")
    form.get_by_role("button", name="Scrap 3 lots").click()

    expect(form.get_by_role("alert")).to_contain_text("Say in a few words why.")


def test_on_paper_there_are_the_rooms_and_nothing_to_press(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold/2", who="mara")
    page.wait_for_selector(".cold-room canvas")

    page.emulate_media(media="print")

    expect(page.locator(".cold-room canvas").first).to_be_visible()
    expect(page.locator("li.excursion", has_text="Excursion 2")).to_be_visible()
    expect(page.locator("header.top")).not_to_be_visible()
    expect(page.locator(".panel.report")).not_to_be_visible()
    assert page.locator("button:visible").count() == 0


def test_only_an_admin_decides_about_goods(shop: Shop, visit: Visit) -> None:
    for who in ("anna", "otto"):
        page = visit(shop, "#/cold/2", who=who)

        expect(page.locator(".excursion.open")).to_contain_text("An admin decides about these lots.")
        expect(page.get_by_role("form", name="Decide about excursion 2")).to_have_count(0)


def test_what_lots_bore_is_shown_worst_first_and_searched(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold")
    lots = page.locator(".exposures > li")

    expect(lots.first).to_contain_text("Used up")
    expect(lots.first).to_contain_text("35 mins over its 24 hrs")
    expect(lots.nth(1)).to_contain_text("Good until")
    expect(lots.nth(1)).to_contain_text("printed: 2027-03-31")
    expect(lots.nth(1)).to_contain_text("61 days used, 81 left")
    expect(lots.nth(1)).to_contain_text("known for 93% of its time")
    page.get_by_label("Search for an article or a lot").fill("salmon")

    expect(lots).to_have_count(1)


def test_reports_are_plain_links_of_room_period_and_language(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold")
    report = page.locator(".panel.report")

    report.get_by_label("Room").select_option(label="Freezer 2 · frozen")
    report.get_by_label("From").fill("2026-11-01")
    report.get_by_label("Language").select_option(label="中文")
    href = report.get_by_role("link", name="Report as CSV").get_attribute("href") or ""
    with page.expect_download() as coming:
        report.get_by_role("link", name="Report as CSV").click()

    assert href.startswith("api/v1/cold/report?zone=freeze&storage=frozen&from=1793462400000&")
    assert coming.value.suggested_filename == "report.csv"
    assert [one["lang"] for kind, one in shop.fake.cold.told if kind == "report"] == ["zh"]


def test_a_period_that_no_report_can_have_is_told_at_its_field_and_offers_no_download(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/cold")
    report = page.locator(".panel.report")

    for day, said in (
        ("1999-01-01", "A report covers 400 days at most."),
        ("2099-11-01", "This day is still to come."),
        ("", "Choose a day."),
    ):
        report.get_by_label("From").fill(day)
        expect(report.get_by_label("From")).to_have_attribute("aria-invalid", "true")
        expect(report.locator(".field.wrong")).to_contain_text(said)
        expect(report.get_by_role("link")).to_have_count(0)


@pytest.mark.parametrize(("screen", "language", "theme"), LOOKS)
def test_the_page_of_cold_rooms_unfolded_has_no_barrier(
    shop: Shop, visit: Visit, screen: dict[str, Any], language: str, theme: str
) -> None:
    page = visit(shop, "#/cold/2", who="mara", screen=screen, language=language, theme=theme)
    page.wait_for_selector(".cold-room canvas")
    page.locator(".excursions header button").click()
    page.locator(".excursion summary").last.click()
    expect(page.get_by_text(LOADING)).to_have_count(0)

    page.evaluate("() => scrollTo(0, 0)")
    assert seen(page, "#/cold", phone=screen is PHONE) == []
    assert shop.log == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_with_all_rooms_within_their_limits_nothing_is_coloured(
    quiet_shop: Shop, visit: Visit, chromium: Browser, theme: str
) -> None:
    page = visit(quiet_shop, "#/cold", theme=theme)
    page.wait_for_selector(".cold-room canvas")
    page.wait_for_timeout(300)
    png = base64.b64encode(page.screenshot()).decode()
    blank = chromium.new_page()
    coloured = blank.evaluate(COLOURED, png)
    blank.close()

    assert coloured == 0
