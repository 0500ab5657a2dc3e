"""The site editor and the channels in a real browser: a flaw at its field, two people at once, the plan, a sheet."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from protocols import layout
from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit

LOOKS = [(DESKTOP, "en", "light"), (PHONE, "zh", "dark")]
SHEET = b"id;capacity;zone\nA-1;99;aisle\nA-7;ten;aisle\n"


def site_of(shop: Shop) -> layout.Site:
    return layout.parse(shop.fake.house.path.read_text())


def test_a_flaw_stands_at_its_field_and_what_was_typed_stays(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/site/slots/A-1", who="mara", screen=PHONE)
    page.get_by_label("Units that fit").fill("many")
    page.get_by_label("Channel").fill("2")
    page.get_by_role("button", name="Save").click()

    fits = page.get_by_label("Units that fit")
    expect(fits).to_have_attribute("aria-invalid", "true")
    expect(fits).to_have_accessible_description("Give a whole number, 1 or more.")
    expect(fits).to_have_value("many")
    expect(page.get_by_label("Channel")).to_have_accessible_description(
        "Slot K-1 uses channel 2 of shelf-1. Take another channel, or different SKUs and one tare."
    )
    expect(page.get_by_label("Channel")).to_be_focused()
    fits.fill("40")
    page.get_by_label("Channel").fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A-1 is saved.")).to_be_visible()
    expect(page.get_by_text("Saved, and not used yet.")).to_be_visible()
    assert site_of(shop).slot_by_id["A-1"].capacity == 40


def test_units_that_fit_are_never_other_than_was_meant(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/site/slots/A-1", who="mara")
    fits, save = page.get_by_label("Units that fit"), page.get_by_role("button", name="Save")
    fits.fill("")
    expect(fits).to_have_accessible_description("Left empty, it becomes 100, as usual.")
    fits.fill("1.000")
    save.click()
    expect(fits).to_have_accessible_description(re.compile("1.000 can be read as 1000 or as 1. Write the one"))

    fits.fill("1,000")
    save.click()
    expect(page.get_by_text("Units that fit: 36 → 1,000. Is that meant?")).to_be_visible()
    assert site_of(shop).slot_by_id["A-1"].capacity == 36
    page.get_by_role("button", name="Do it anyway").click()

    expect(page.get_by_text("A-1 is saved.")).to_be_visible()
    assert site_of(shop).slot_by_id["A-1"].capacity == 1000


def test_of_two_people_the_second_is_told_who_was_first_and_loses_nothing(shop: Shop, visit: Visit) -> None:
    mine, theirs = (visit(shop, "#/site/slots/A-1", who="mara") for _ in range(2))
    theirs.get_by_label("Units that fit").fill("50")
    theirs.get_by_role("button", name="Save").click()
    expect(theirs.get_by_text("A-1 is saved.")).to_be_visible()

    mine.get_by_label("Tare, g").fill("12,5")
    mine.get_by_role("button", name="Save").click()
    expect(mine.get_by_role("alert")).to_contain_text("mara changed this meanwhile.")
    expect(mine.get_by_role("alert")).to_contain_text("Units that fit: 36 → 50")
    expect(mine.get_by_label("Tare, g")).to_have_value("12,5")
    mine.get_by_role("button", name="Save mine all the same").click()

    expect(mine.get_by_text("A-1 is saved.")).to_be_visible()
    slot = site_of(shop).slot_by_id["A-1"]
    assert (slot.capacity, slot.tare_g) == (50, 12.5)


def test_a_rack_is_moved_by_keys_by_pointer_and_by_numbers(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/site/plan", who="mara")
    rack = page.get_by_role("button", name="Rack R1")
    rack.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(rack).to_have_accessible_name("Rack R1: 3 m from the left, 3 m from the top, 6 × 2 m")
    box = rack.locator("rect").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 20 + box["width"] / 6, box["y"] + 20, steps=4)
    page.mouse.up()
    expect(rack).to_have_accessible_name("Rack R1: 4 m from the left, 3 m from the top, 6 × 2 m")
    page.get_by_label("From the top, m").fill("4.5")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The plan is saved.")).to_be_visible()

    area = site_of(shop).rack_by_id["R1"].area
    assert area is not None
    assert (area.x_m, area.y_m, area.width_m, area.depth_m) == (4.0, 4.5, 6.0, 2.0)


def test_what_was_moved_on_the_plan_is_kept_until_it_is_saved(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/site/plan", who="mara")
    rack = page.get_by_role("button", name="Rack R1")
    rack.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("link", name="Zones").click()
    expect(page.locator(".site-zones .rows li").first).to_be_visible()

    page.get_by_role("link", name="Floor plan").click()

    expect(page.get_by_text("1 moved, not saved")).to_be_visible()
    expect(rack).to_have_accessible_name("Rack R1: 2.5 m from the left, 3 m from the top, 6 × 1.5 m")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The plan is saved.")).to_be_visible()


def test_a_place_that_can_not_be_is_told_at_its_field_and_what_holds_stays(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/site/plan", who="mara")
    rack = page.get_by_role("button", name="Rack R1")
    rack.focus()
    page.keyboard.press("Enter")
    left = page.get_by_label("From the left, m")
    before = left.input_value()
    for text, said in (("-5", "from 0 to 2,000"), ("", "m"), ("far", "not a number")):
        left.fill(text)
        page.keyboard.press("Tab")
        expect(left).to_have_attribute("aria-invalid", "true")
        expect(left).to_have_accessible_description(re.compile(f"{said}.*It is still {before} m"))
    left.fill("0,25")
    page.keyboard.press("Tab")

    expect(left).not_to_have_attribute("aria-invalid", "true")
    expect(rack).to_have_accessible_name(re.compile("Rack R1: 0.25 m from the left"))


def test_a_number_of_a_sheet_that_may_be_a_thousand_or_one_is_asked_about(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/site/import", who="mara", screen=PHONE)
    sheet = b"id;capacity\nA-1;1.000\n"
    page.locator("input[type=file]").set_input_files({"name": "slots.csv", "mimeType": "text/csv", "buffer": sheet})

    rows = page.get_by_role("table", name="Problems").locator("tbody tr")
    expect(rows).to_contain_text("1.000 can be read as 1000 or as 1.")
    expect(page.get_by_role("button", name="Apply")).to_have_count(0)


def test_a_column_that_is_no_field_is_told_with_what_may_be_meant(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/site/import", who="mara")
    sheet = b"sep=;\nid;capacty;A01-01\nA-1;40;x\n"
    page.locator("input[type=file]").set_input_files({"name": "slots.csv", "mimeType": "text/csv", "buffer": sheet})

    rows = page.get_by_role("table", name="Problems").locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("There is no field capacty. Is capacity meant?")
    expect(rows.nth(1)).to_contain_text("There is no field A01-01. Take one of: id, zone, sku")
    expect(page.get_by_text("2 problems")).to_be_visible()


def test_two_columns_of_one_name_are_told_in_the_language_that_is_shown(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/site/import", who="mara", screen=PHONE, language="zh")
    sheet = b"id;capacity;capacity\nA-1;40;41\n"
    page.locator("input[type=file]").set_input_files({"name": "slots.csv", "mimeType": "text/csv", "buffer": sheet})

    expect(page.locator(".import-found tbody tr td").last).to_have_text("有两列 capacity，请去掉一列。")


def test_only_what_stands_there_is_taken_back_and_put_to_use(shop: Shop, visit: Visit) -> None:
    theirs = visit(shop, "#/site/slots/A-1", who="mara")
    theirs.get_by_label("Units that fit").fill("50")
    theirs.get_by_role("button", name="Save").click()
    expect(theirs.get_by_text("A-1 is saved.")).to_be_visible()
    mine = visit(shop, "#/site", who="mara")
    back = mine.get_by_role("button", name="Take back")
    expect(back).to_be_visible()
    mine.route("**/api/v1/site", lambda route: None)  # the network is slow: it goes on showing what it showed

    theirs.goto(shop.base + "#/site/slots/A-1")
    theirs.get_by_label("Units that fit").fill("60")
    with theirs.expect_response(lambda one: one.request.method == "POST"):
        theirs.get_by_role("button", name="Save").click()
    for button in (back, mine.get_by_role("button", name="Put to use")):
        button.click()
    expect(mine.get_by_text("mara changed this meanwhile.")).to_have_count(2)

    assert site_of(shop).slot_by_id["A-1"].capacity == 60


def test_a_sheet_is_seen_with_every_problem_before_anything_is_done(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/site/import", who="mara", screen=PHONE)
    pick = page.locator("input[type=file]")
    pick.set_input_files({"name": "slots.csv", "mimeType": "text/csv", "buffer": SHEET})
    rows = page.get_by_role("table", name="Problems").locator("tbody tr")
    expect(rows.filter(has_text="capacity")).to_contain_text("Give a whole number, 1 or more.")
    expect(page.get_by_role("button", name="Apply")).to_have_count(0)

    good = SHEET.splitlines(keepends=True)
    pick.set_input_files({"name": "slots.csv", "mimeType": "text/csv", "buffer": b"".join(good[:2])})
    expect(page.get_by_text("Units that fit: 36 → 99")).to_be_visible()
    page.get_by_role("button", name="Apply 1 change").click()
    expect(page.get_by_text("Done: 0 added, 1 changed.")).to_be_visible()
    assert site_of(shop).slot_by_id["A-1"].capacity == 99


def test_a_channel_is_added_and_its_secret_told_once(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/channels", who="mara", screen=PHONE)
    expect(page.get_by_text("People name channels that are not here")).to_be_visible()
    page.get_by_role("button", name="New channel").click()
    page.get_by_label("Name").fill("e@rp")
    page.get_by_label("Address").fill("https://erp.example/hook")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("Name")).to_have_accessible_description("Name: use letters, digits, - and _ only.")
    page.get_by_label("Name").fill("erp")
    page.get_by_label("Kind").select_option("webhook")
    page.get_by_label("Address").fill("ftp://erp")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Address").fill("https://erp.example/hook")
    page.get_by_role("button", name="Add").click()

    expect(page.locator(".secret code")).to_contain_text("whsec_")
    page.get_by_role("button", name="I have noted it").click()
    expect(page.locator(".channels li", has_text="erp")).to_contain_text("tells ann")
    assert "erp.example" not in page.content()


def test_who_may_not_see_channels_is_told_so_and_offered_none(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/channels", who="anna")

    expect(page.get_by_text("Channels are for admins to see.")).to_be_visible()
    expect(page.get_by_role("button", name="New channel")).to_have_count(0)


@pytest.mark.parametrize("path", ["#/site", "#/site/plan", "#/site/slots/A-1", "#/site/import", "#/channels"])
@pytest.mark.parametrize(("screen", "language", "theme"), LOOKS, ids=["desktop", "phone"])
def test_these_pages_pass_axe_and_fit(
    shop: Shop, visit: Visit, path: str, screen: dict[str, Any], language: str, theme: Literal["light", "dark"]
) -> None:
    page = visit(shop, path, who="mara", screen=screen, language=language, theme=theme)
    page.wait_for_selector(".sited .panel .rows li, .sited svg, .sited .sheetlet, .sited .import")

    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
