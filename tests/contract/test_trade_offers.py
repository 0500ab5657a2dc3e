"""From whom a need may be ordered, at what, and what is kept of it with the order, through the real web."""

from __future__ import annotations

from tests.contract.test_trade_vendor import RIVAL
from tests.contract.trade_site import TradeSite, site_text


async def test_a_need_tells_what_each_supplier_asks_the_proposed_one_first(trading: TradeSite) -> None:
    trading.text = f"{site_text()}\n{RIVAL}"
    await trading.restart()
    need = await trading.needed("A1", 5)

    first, second = await trading.get(f"/api/v1/needs/{need['id']}/offers", "ada")

    assert (first["supplier"], second["supplier"]) == ("acme", "boltco")
    assert (first["units"], first["chosen"], second["chosen"]) == (need["quantity"], need["quantity"], 0)
    assert first["price"] == 0.5
    assert first["cost"] >= first["units"] * first["price"]
    assert first["total"] <= second["total"]
    assert (first["why"], bool(second["why"])) == ("cheapest", True)
    assert first["due_days"] == 3
    assert (await trading.ask("ada", "GET", "/api/v1/needs/12345/offers"))[0] == 404
    assert (await trading.ask("su", "GET", f"/api/v1/needs/{need['id']}/offers"))[0] == 403


async def test_an_order_keeps_why_its_supplier_was_chosen_and_what_the_others_asked(trading: TradeSite) -> None:
    trading.text = f"{site_text()}\n{RIVAL}"
    await trading.restart()
    need = await trading.needed("A1", 5)
    offered = await trading.get(f"/api/v1/needs/{need['id']}/offers")

    [made] = (await trading.post(f"/api/v1/needs/{need['id']}/order", {}, "mo"))["orders"]
    await trading.restart()

    [why] = (await trading.get(f"/api/v1/orders/{made['id']}"))["sourced"].values()
    assert why["by_hand"] is False
    assert [(one["supplier"], one["why"], one["chosen"]) for one in why["offers"]] == [
        (one["supplier"], one["why"], one["chosen"]) for one in offered
    ]


async def test_an_order_from_whom_a_person_named_says_so(trading: TradeSite) -> None:
    trading.text = f"{site_text()}\n{RIVAL}"
    await trading.restart()
    need = await trading.needed("A1", 5)

    [made] = (await trading.post(f"/api/v1/needs/{need['id']}/order", {"supplier": "boltco"}, "mo"))["orders"]

    assert made["supplier"] == "boltco"
    [why] = (await trading.get(f"/api/v1/orders/{made['id']}"))["sourced"].values()
    assert why["by_hand"] is True
    assert [(one["supplier"], bool(one["chosen"])) for one in why["offers"]] == [("boltco", True), ("acme", False)]
    assert all(one["total"] > 0 for one in why["offers"])
