"""What was approved can not become dearer by anybody's word but who may approve that: a supplier's asks, and waits."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cloud.core.purchasing.acting import Action, act, possible
from cloud.core.purchasing.orders import AskedLine, Line, Order, value
from cloud.core.refusals import Refusal
from protocols.trade import Buying

T0 = 1_763_762_400_000
LIMITS = Buying(approved_to=0.0, buyer_limit=500.0, admin_limit=10_000.0)
ORDER = Order("acme", [Line("bolt", 100, 2.0), Line("nut", 100, 1.0)], "sent", T0, T0, "kim", sent_ms=T0, id=3)


def listed(sku: str, units: int) -> float:
    return {"bolt": 2.0, "nut": 1.0}.get(sku, 0.0)


def after(order: Order, action: Action, role: str, **what: Any) -> Order | Refusal:
    return act(order, action, "kim", role, T0 + 1, LIMITS, listed=listed, **what)


def done(order: Order, action: Action, role: str, **what: Any) -> Order:
    made = after(order, action, role, **what)
    assert isinstance(made, Order), made
    return made


def refused(order: Order, action: Action, role: str, **what: Any) -> str:
    made = after(order, action, role, **what)
    assert isinstance(made, Refusal), made
    return made.reason


def asking(**what: Any) -> Order:
    return done(ORDER, "confirm", "supplier", **what)


DEARER: list[dict[str, Any]] = [
    {"prices": {"bolt": 2.1}},
    {"units": {"bolt": 10}, "prices": {"bolt": 20.0}},
    {"units": {"bolt": 1}, "prices": {"bolt": 2.1}},
    {"units": {"nut": 0}, "prices": {"bolt": 2.5}},
]


@pytest.mark.parametrize("what", DEARER)
def test_a_suppliers_dearer_answer_is_kept_as_asking_and_nothing_is_agreed_to(what: dict[str, Any]) -> None:
    order = asking(**what, note="steel is dear")
    assert replace(order, asking=[], supplier_note="", version=1, changed_ms=T0) == ORDER
    assert (order.supplier_note, order.confirmed_ms, order.state) == ("steel is dear", 0, "sent")
    assert order.asking[0].sku == "bolt"
    assert done(order, "confirm", "supplier", **what, note="steel is dear") is order, "asked twice"
    assert "approve" in possible(order, ["buyer"])
    assert "approve" not in possible(order, ["supplier"])


@pytest.mark.parametrize("what", DEARER)
def test_who_may_not_approve_so_much_makes_no_line_dearer_of_an_order_that_another_approved(
    what: dict[str, Any],
) -> None:
    large = replace(ORDER, lines=[*ORDER.lines, Line("oil", 100, 9.0)])
    for order in (large, replace(large, state="approved", sent_ms=0)):
        assert refused(order, "change", "buyer", **what) == "above_limit"
    assert refused(large, "confirm", "buyer", **what) == "above_limit"
    assert done(large, "confirm", "admin", **what).state == "confirmed"
    assert done(ORDER, "change", "buyer", prices={"bolt": 2.1}).lines[0].unit_price == 2.1, "310 are within its limit"


def test_what_is_asked_for_is_agreed_to_by_who_may_spend_that_much() -> None:
    order = asking(prices={"bolt": 9.0}, dues={"bolt": T0 + 5})
    assert order.asking == [AskedLine("bolt", 100, 9.0, T0 + 5)]
    assert refused(order, "approve", "buyer") == "above_limit"
    agreed = done(order, "approve", "admin")
    assert (agreed.state, agreed.asking, value(agreed)) == ("confirmed", [], 1000.0)
    assert agreed.lines[0] == Line("bolt", 100, 9.0, due_ms=T0 + 5)
    assert done(agreed, "approve", "admin") is agreed


def test_what_is_asked_for_is_declined_by_staying_with_the_order_or_taken_back_by_another_answer() -> None:
    order = asking(prices={"bolt": 9.0})
    declined = done(order, "change", "buyer", note="no")
    assert (declined.asking, declined.lines, declined.state) == ([], ORDER.lines, "sent")
    for other in (
        done(order, "change", "buyer", units={"bolt": 90}),
        done(order, "cancel", "buyer"),
        done(order, "confirm", "supplier", prices={"bolt": 1.9}),
        done(order, "confirm", "buyer"),
    ):
        assert other.asking == []
    assert done(order, "confirm", "supplier").state == "confirmed", "it delivers as it was ordered"


def test_goods_that_come_while_it_asks_come_at_the_price_that_was_approved() -> None:
    order = done(asking(prices={"bolt": 9.0}), "receive", "buyer", units={"bolt": 60}, key="n")
    assert (order.lines[0].unit_price, order.lines[0].received) == (2.0, 60)
    assert done(order, "approve", "admin").lines[0] == Line("bolt", 100, 9.0, received=60, shipped=60)
    whole = done(order, "receive", "buyer", units={"bolt": 40, "nut": 100}, key="m")
    assert (whole.state, whole.asking) == ("received", [])


def test_keeping_more_than_was_ordered_is_spending() -> None:
    what: dict[str, Any] = {"key": "n", "anyway": True}
    assert done(ORDER, "receive", "buyer", units={"bolt": 190}, **what).lines[0].received == 190
    assert refused(ORDER, "receive", "buyer", units={"bolt": 210}, **what) == "above_limit"
    assert done(ORDER, "receive", "admin", units={"bolt": 210}, **what).lines[0].received == 210
    large = replace(ORDER, lines=[Line("bolt", 1000, 2.0)])
    assert done(large, "receive", "buyer", units={"bolt": 1050}, key="n").state == "received", "as always"
    assert refused(large, "receive", "buyer", units={"bolt": 1051}, **what) == "above_limit"


def test_what_the_supplier_does_not_offer_is_a_managers_to_add_at_a_price() -> None:
    order = replace(ORDER, state="approved", sent_ms=0)
    odd: dict[str, Any] = {"units": {"secret": 10}, "prices": {"secret": 1.0}}
    assert refused(order, "change", "buyer", **odd) == "no_offer"
    assert refused(order, "change", "admin", units={"secret": 10}, prices={"secret": 0.0}) == "price"
    assert done(order, "change", "admin", **odd).line("secret") == Line("secret", 10, 1.0)


def test_only_a_manager_says_that_something_costs_nothing() -> None:
    assert refused(ORDER, "change", "buyer", prices={"bolt": 0.0}) == "price"
    assert done(ORDER, "change", "admin", prices={"bolt": 0.0}).lines[0].unit_price == 0


def test_a_price_that_a_paper_rounds_is_not_dearer() -> None:
    order = replace(ORDER, lines=[Line("bolt", 100, 9.190476), Line("nut", 100, 1.0)])

    assert done(order, "confirm", "supplier", prices={"bolt": 9.1905}).state == "confirmed"
    assert done(order, "confirm", "supplier", prices={"bolt": 9.1907}).asking
