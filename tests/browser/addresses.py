"""Every view there is, a line each: what the sweeps look at (barriers, width, targets), and what is kept as pictures.

A page that is new gets a line here; tests/unit/test_addresses.py says so when it lacks one. The names are of the fake
service's site.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Shop
from tests.browser.fake_service import PASSWORD
from tests.browser.fake_trade import LINK

LOADED = """() => ![...document.querySelectorAll('[role=status]')]
    .some((one) => /^(Loading …|加载中……)$/.test(one.textContent.trim()))"""
DRAWN = """() => document.fonts.ready
    .then(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 120))))"""


class Address(NamedTuple):
    """One view: the page of route.ts that it belongs to ("" for none of them), its address, what it is called in the
    index of pictures, whose it is ("": nobody is signed in), and what is waited for."""

    page: str
    path: str
    title: str
    who: str = "mara"
    waits: str = "main h2"


ADDRESSES = (
    Address("overview", "", "Overview"),
    Address("map", "#/map", "Floor map"),
    Address("map", "#/map/fill/SKU-1005", "Floor map: how full, and where an article lies"),
    Address("slot", "#/slot/A09-05", "A slot, and how its number came about", waits="[role=dialog] h2"),
    Address("alerts", "#/alerts", "Alerts: need action"),
    Address("alerts", "#/alerts/1", "An alert"),
    Address("alerts", "#/alerts/oncall", "Who is on call"),
    Address("alerts", "#/alerts/notices", "Who was told"),
    Address("alerts", "#/alerts/quality", "How good the alerts are"),
    Address("alerts", "#/alerts/history", "Alerts that are over"),
    Address("stock", "#/stock", "Stock"),
    Address("sku", "#/sku/SKU-1002", "An article", waits="[role=dialog] h2"),
    Address("stock", "#/stock/SKU-1005", "The page of an article", waits=".article-course canvas"),
    Address("replenishment", "#/replenishment", "Replenishment"),
    Address("replenishment", "#/replenishment/backtest", "Replenishment: a back-test"),
    Address("replenishment", "#/replenishment/what_if", "Replenishment: what if"),
    Address("orders", "#/orders", "Orders"),
    Address("orders", "#/orders/4", "An order"),
    Address("counting", "#/counting", "Counting"),
    Address("suppliers", "#/suppliers", "Suppliers"),
    Address("figures", "#/figures", "Figures"),
    Address("equipment", "#/equipment", "Equipment"),
    Address("equipment", "#/equipment/machine-31", "A machine"),
    Address("equipment", "#/equipment/orders", "Maintenance orders"),
    Address("cold", "#/cold", "Cold rooms"),
    Address("cold", "#/cold/2", "An excursion"),
    Address("devices", "#/devices", "Devices"),
    Address("devices", "#/devices/gateway-1", "A gateway"),
    Address("devices", "#/devices/gateway-1/devices", "What a gateway hears"),
    Address("devices", "#/devices/gateway-1/quarantine", "Messages that could not be used"),
    Address("account", "#/account", "My account"),
    Address("outbox", "#/outbox", "What waits to be sent"),
    Address("users", "#/users", "Users"),
    Address("site", "#/site", "The site file"),
    Address("site", "#/site/plan", "The floor plan"),
    Address("site", "#/site/slots", "Slots of the site"),
    Address("site", "#/site/import", "Import of lists"),
    Address("channels", "#/channels", "Channels"),
    Address("audit", "#/audit", "Audit"),
    Address("", "", "Sign-in", who="", waits="form"),
    Address("", "", "The supplier's portal", who="vera", waits=".on-portal h2"),
    Address("", f"public/{LINK}", "What customers see", who="", waits="table"),
)


def enter(context: BrowserContext, shop: Shop, who: str) -> None:
    """Sign in by name and password; a pass as tests have it ends within a minute."""
    given, origin = {"user": who, "password": PASSWORD}, shop.base.rstrip("/")
    headers = {"X-Requested-With": "warehouse", "Origin": origin}
    said = context.request.post(f"{origin}/api/v1/session", data=given, headers=headers)
    assert said.ok, said.text()


def settled(page: Page, where: Address) -> None:
    """Wait until it stands: what is loaded later is there, charts are drawn, a frame has passed."""
    page.wait_for_selector(where.waits)
    page.wait_for_function(LOADED)
    page.evaluate(DRAWN)


def named(where: Address) -> str:
    """A name for files: page and what of it is meant."""
    words = re.sub(
        "[^a-z0-9]+", "-", where.title.split(":")[0].lower() if not where.page else where.path.lower()
    ).strip("-")
    return words or where.page
