"""The pages of accounts in a real browser: a password of one's own, sessions, tokens, users, the audit."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from cloud.web.deeds import DeedView
from tests.browser.conftest import DESKTOP, PHONE, Shop, Visit
from tests.browser.fake_people import SECRET
from tests.browser.fake_service import PASSWORD

LOOKS = [(DESKTOP, "en", "light"), (PHONE, "zh", "dark")]


def test_a_one_time_password_opens_nothing_but_its_change(shop: Shop, visit: Visit) -> None:
    people = shop.fake._accounts.people
    people["kim"] = replace(people["anna"], name="kim", once=True)
    page = visit(shop, who="", screen=PHONE)
    page.get_by_label("Name").fill("kim")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_label("Password that you have").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("four words in a row")
    page.get_by_label("New password again").fill("four words in a raw")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("alert")).to_have_text("The two new ones differ.")
    page.get_by_label("New password again").fill("four words in a row")
    assert not Axe().run(page).response["violations"]
    page.get_by_role("button", name="Change it").click()

    page.wait_for_selector(".link.live")
    assert people["kim"].once is False


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Please enter your name.", "Please enter your password.", "Name or password is not right"]),
        ("zh", ["请输入用户名。", "请输入密码。", "用户名或密码不正确"]),
    ],
)
def test_what_is_missing_or_too_long_at_the_door_is_told_by_the_page(
    shop: Shop, visit: Visit, language: str, said: list[str]
) -> None:
    page = visit(shop, who="", language=language)
    told, go = page.get_by_role("alert"), page.locator("button.main")
    go.click()
    expect(told).to_contain_text(said[0])
    expect(page.locator("[name=user]")).to_be_focused()
    page.locator("[name=user]").fill("x" * 65)
    go.click()
    expect(told).to_contain_text(said[1])
    expect(page.locator("[name=password]")).to_be_focused()
    page.locator("[name=password]").fill("x" * 1025)
    go.click()
    expect(told).to_contain_text(said[2])


def test_a_password_that_is_too_short_is_told_by_the_page_in_its_language(shop: Shop, visit: Visit) -> None:
    people = shop.fake._accounts.people
    people["kim"] = replace(people["anna"], name="kim", once=True)
    page = visit(shop, who="", language="zh", screen=PHONE)
    page.locator("[name=user]").fill("kim")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")

    page.locator("[name=new]").fill("short")
    page.locator("button.main").click()
    expect(page.get_by_role("alert")).to_have_text("请输入当前密码。")
    page.locator("[name=old]").fill(PASSWORD)
    page.locator("button.main").click()
    expect(page.get_by_role("alert")).to_have_text("密码须有 12 至 128 个字符，请换一个。")
    expect(page.locator("[name=new]")).to_be_focused()


def test_another_service_is_offered_where_there_is_one_and_its_refusal_is_told(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "?refused=oidc_no_role", who="", screen=PHONE)
    expect(page.get_by_role("alert")).to_contain_text("gives you no role here")
    expect(page.locator(".other")).to_have_count(0)
    page.route("**/api/v1/session/ways", lambda route: route.fulfill(json={"oidc": "Hospital ID"}))
    page.reload()
    expect(page.get_by_role("link", name="Sign in with Hospital ID")).to_have_attribute(
        "href", "api/v1/session/oidc/begin"
    )


def test_a_session_is_ended_and_a_token_made_and_taken_back(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/account", who="mara", screen=PHONE)
    sessions, tokens = page.locator(".panel.sessions"), page.locator(".panel.tokens")
    expect(sessions.locator("li")).to_have_count(2)
    expect(sessions.locator("li").first).to_contain_text("this one")

    page.get_by_role("button", name="New token").click()
    page.get_by_label("What it is for").fill("scales")
    page.get_by_role("button", name="book and count").click()
    page.get_by_role("button", name="Make it").click()
    expect(tokens.locator("code")).to_have_text(SECRET)
    made = tokens.locator("li", has_text="scales")
    expect(made).to_contain_text("look at everything, book and count")
    page.get_by_role("button", name="I have noted it").click()
    expect(tokens.locator("code")).to_have_count(0)
    made.get_by_role("button", name="Take back").click()
    expect(made).to_have_count(0)


def test_an_admin_lets_somebody_in_and_changes_a_role(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/users", who="mara")
    users = page.locator(".panel.users")

    page.get_by_role("button", name="New user").click()
    page.get_by_label("Name").fill("anna")
    page.get_by_role("button", name="Let them in").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a 'anna' already")
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Name").fill("noor")
    page.get_by_role("form", name="New user").get_by_label("Role").select_option("maintenance")
    page.get_by_role("button", name="Let them in").click()
    expect(users.locator(".secret")).to_contain_text("The one-time password of noor")
    expect(users.locator("li", has_text="noor")).to_contain_text("maintenance")
    page.get_by_role("button", name="Role: otto").click()
    page.get_by_role("form", name="Role: otto").get_by_label("Role").select_option("operator")
    page.get_by_role("button", name="Save").click()
    expect(users.locator("li", has_text="otto")).to_contain_text("operator")
    expect(page.get_by_role("button", name="Remove: mara")).to_have_count(0)


def test_of_two_admins_the_second_is_told_who_was_first_and_decides_again(shop: Shop, visit: Visit) -> None:
    mine, theirs = (visit(shop, "#/users", who="mara") for _ in range(2))
    for page, role in ((mine, "viewer"), (theirs, "maintenance")):
        page.get_by_role("button", name="Role: kim").click()
        page.get_by_role("form", name="Role: kim").get_by_label("Role").select_option(role)
    theirs.get_by_role("button", name="Save").click()
    kim = mine.locator(".panel.users li", has_text="kim")
    expect(theirs.locator(".panel.users li", has_text="kim").locator(".note").first).to_contain_text("maintenance")

    mine.get_by_role("button", name="Save").click()

    expect(kim).to_contain_text("mara changed this meanwhile. Look at what it is now, then decide.")
    expect(kim.locator(".note").first).to_contain_text("maintenance")
    mine.get_by_role("button", name="Save").click()
    expect(kim.locator(".note").first).to_contain_text("viewer")


def test_a_new_password_is_asked_about_before_it_signs_anybody_out(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/users", who="mara")

    page.get_by_role("button", name="New password: anna").click()
    expect(page.get_by_text("They are signed out everywhere")).to_be_visible()
    expect(page.locator(".secret")).to_have_count(0)
    page.get_by_role("button", name="New password for anna").click()

    expect(page.locator(".secret")).to_contain_text("The one-time password of anna")


def signed_in(shop: Shop, visit: Visit, who: str, path: str = "") -> Page:
    page = visit(shop, path, who="")
    page.get_by_label("Name").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".link.live, .on-portal")).to_be_visible()
    return page


def test_an_ended_session_shows_the_sign_in_in_the_portal_too(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="vera")
    page.clock.install()
    page.reload()
    expect(page.locator(".on-portal")).to_be_visible()

    shop.do(shop.fake.may_otherwise, "vera", "supplier", "acme")
    page.clock.run_for(21_000)

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.locator(".on-portal")).to_have_count(0)


def test_another_role_reaches_the_page_that_is_open(shop: Shop, visit: Visit) -> None:
    page = signed_in(shop, visit, "otto", "#/users")
    expect(page.locator("main")).to_contain_text("for admins to see")

    shop.do(shop.fake.may_otherwise, "otto", "admin")
    expect(page.get_by_role("button", name="New user")).to_be_visible()
    shop.do(shop.fake.may_otherwise, "otto", "supplier", "acme")
    expect(page.locator(".on-portal .order-row").first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("No connection")


def test_who_is_no_supplier_any_more_leaves_the_portal_with_its_next_answer(shop: Shop, visit: Visit) -> None:
    page = visit(shop, who="")
    page.clock.install()
    page.reload()
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".on-portal .order-row").first).to_be_visible()

    shop.do(shop.fake.may_otherwise, "vera", "maintenance")
    page.clock.run_for(21_000)

    expect(page.locator(".link.live")).to_be_visible()
    expect(page.locator(".on-portal")).to_have_count(0)


def test_only_an_admin_is_offered_users_and_the_audit(shop: Shop, visit: Visit) -> None:
    everything = ["My account", "Outbox", "Users", "Site", "Channels", "Audit"]
    for who, offered in (("anna", everything[:2]), ("mara", everything)):
        page = visit(shop, who=who)
        page.locator(".menu summary").click()
        expect(page.locator(".own-links a")).to_have_text(offered)


def test_the_audit_tells_who_did_what_and_is_searched(shop: Shop, visit: Visit) -> None:
    page = visit(shop, "#/audit", who="mara")
    rows = page.locator(".panel.audit li")
    expect(rows.first).to_contain_text("anna did a step of an order")
    expect(rows.filter(has_text="let a user in")).to_contain_text("users · kim: operator")
    turned_away = rows.filter(has_text="somebody unknown")
    expect(turned_away.locator(".tag")).to_have_text("refused")
    expect(turned_away).to_contain_text("Name and password do not match. Please check both.")

    page.get_by_label("Who, by the whole name").fill("otto")
    page.keyboard.press("Enter")
    page.get_by_label("When").focus()
    expect(rows).to_have_count(1)


def test_the_audit_words_roles_and_fields_in_the_language_that_is_shown(shop: Shop, visit: Visit) -> None:
    notes = {
        "post_users_name": "role: buyer, disabled: yes", "account": "role admin", "post_site_table_id": "capacity: 40",
    }  # fmt: skip
    for what, note in notes.items():
        shop.fake.people.told.append(DeedView(20, 0, "mara", "", what, "/api/v1/x", note, "", 200, ""))
    page = visit(shop, "#/audit", who="mara", language="zh")

    rows = page.locator(".panel.audit li")
    for said in ("角色: 采购员, 已停用", "角色: 管理员", "可放件数: 40"):
        expect(rows.filter(has_text=said)).to_have_count(1)
    expect(page.locator("select option").nth(1)).to_have_text("最近一天")


@pytest.mark.parametrize(("path", "said"), [("users", "Users are for admins"), ("audit", "The audit is for admins")])
def test_who_is_no_admin_is_told_so_kindly_and_offered_nothing(shop: Shop, visit: Visit, path: str, said: str) -> None:
    page = visit(shop, f"#/{path}", who="anna")

    expect(page.locator(f".panel.{path}")).to_contain_text(said)
    expect(page.locator("main .panel")).to_have_count(1)
    expect(page.locator("main").get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("path", ["#/account", "#/users", "#/audit"])
@pytest.mark.parametrize(("screen", "language", "theme"), LOOKS, ids=["desktop", "phone"])
def test_these_pages_pass_axe_and_fit(
    shop: Shop, visit: Visit, path: str, screen: dict[str, Any], language: str, theme: Literal["light", "dark"]
) -> None:
    page = visit(shop, path, who="mara", screen=screen, language=language, theme=theme)
    page.wait_for_selector(".panel .rows li")

    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
