"""An order from draft to closed: who may do what when, what a step twice does, and that no unit is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.purchasing import steps
from cloud.core.purchasing.acting import ACTIONS, Action, act, possible
from cloud.core.purchasing.orders import (
    OPEN,
    Line,
    Order,
    draft,
    due_first,
    given_up,
    in_transit,
    on_order,
    value,
)
from cloud.core.purchasing.prices import offered
from cloud.core.purchasing.steps import OVER_SHARE
from cloud.core.refusals import Refusal
from protocols.trade import Break, Buying, Offer

T0 = 1_763_762_400_000
DAY = 86_400_000
BUYING = Buying(approved_to=100.0, buyer_limit=500.0, admin_limit=10_000.0)


def an_order(units: int = 100, price: float = 2.0, **changed: Any) -> Order:
    made = draft("acme", [Line("bolt", units, price, due_ms=T0 + 5 * DAY)], "kim", T0, [7])
    assert isinstance(made, Order)
    return replace(made, id=3, **changed)


def done(order: Order, action: Action, role: str = "admin", at_ms: int = T0, **what: Any) -> Order:
    after = act(order, action, "kim", role, at_ms, BUYING, **what)
    assert isinstance(after, Order), after
    return after


def refused(order: Order, action: Action, role: str = "admin", **what: Any) -> Refusal:
    after = act(order, action, "kim", role, T0, BUYING, **what)
    assert isinstance(after, Refusal), after
    assert after.reason
    assert after.detail.endswith(".")
    assert after.hint.endswith(".")
    return after


def sent(units: int = 100) -> Order:
    return done(done(an_order(units), "approve"), "send")


def test_an_order_goes_from_draft_to_closed() -> None:
    order, states = an_order(), []
    steps: list[tuple[Action, dict[str, Any]]] = [
        ("approve", {}),
        ("send", {}),
        ("confirm", {"dues": {"bolt": T0 + 6 * DAY}}),
        ("ship", {"units": {"bolt": 100}, "key": "asn-1"}),
        ("receive", {"units": {"bolt": 60}, "key": "note-1"}),
        ("receive", {"units": {"bolt": 40}, "key": "note-2"}),
        ("close", {}),
    ]
    for action, what in steps:
        order = done(order, action, **what)
        states.append(order.state)
    assert states == ["approved", "sent", "confirmed", "confirmed", "partly_received", "received", "closed"]
    assert order.version == 8
    assert order.lines == [Line("bolt", 100, 2.0, received=100, shipped=100, due_ms=T0 + 6 * DAY)]


@pytest.mark.parametrize(
    ("worth", "role", "who"),
    [
        (100.0, "nobody", ""),
        (101.0, "nobody", "Ask a buyer or an admin."),
        (500.0, "buyer", ""),
        (501.0, "buyer", "Ask an admin."),
        (10_000.0, "admin", ""),
        (10_001.0, "admin", "Raise buying.admin_limit in the site file, or order less"),
    ],
)
def test_who_may_approve_depends_on_the_value_and_a_refusal_says_who_may(worth: float, role: str, who: str) -> None:
    after = act(an_order(1, worth), "approve", "kim", role, T0, BUYING)
    if not who:
        assert isinstance(after, Order)
        assert after.state == "approved"
    else:
        assert isinstance(after, Refusal)
        assert after.reason == "above_limit"
        assert after.hint.startswith(who)


def test_an_operator_takes_in_what_was_ordered_and_decides_about_nothing_else() -> None:
    sent = done(done(an_order(10), "approve"), "send")
    assert possible(sent, ["operator"]) == ["receive"]
    assert done(sent, "receive", role="operator", units={"bolt": 10}, key="n").state == "received"
    assert refused(sent, "receive", role="operator", units={"bolt": 200}, key="n", anyway=True).hint == (
        "Ask a buyer or an admin."
    )
    for action in ("approve", "send", "change", "cancel", "close"):
        order = an_order(10) if action in ("approve", "change", "cancel") else sent
        if action in possible(order):
            assert refused(order, action, role="operator").reason == "not_allowed"


def test_what_cannot_be_done_now_is_refused_with_what_can() -> None:
    refusal = refused(an_order(), "receive", units={"bolt": 1}, key="n")
    assert refusal == Refusal(
        "not_now", "An order that is draft can not be received.", "Possible now: approve, change, cancel."
    )
    assert refused(done(an_order(), "cancel"), "send").hint == (
        "Nothing can be done with it any more; make a new order."
    )


def test_a_viewer_and_a_supplier_cannot_spend() -> None:
    assert refused(an_order(), "approve", role="viewer").reason == "not_allowed"
    assert refused(an_order(), "approve", role="supplier").reason == "not_allowed"
    assert refused(sent(), "receive", role="supplier", units={"bolt": 1}, key="n").reason == "not_allowed"


def test_making_an_approved_order_dearer_needs_who_may_approve_that_much() -> None:
    order = done(an_order(200), "approve", role="buyer")  # 400
    assert refused(order, "change", role="buyer", units={"bolt": 300}).reason == "above_limit"
    assert value(done(order, "change", role="admin", units={"bolt": 300})) == 600
    assert value(done(order, "change", role="buyer", units={"bolt": 100})) == 200


def test_a_supplier_cannot_raise_its_price_by_confirming_but_can_lower_it() -> None:
    assert value(done(sent(), "confirm", role="supplier", prices={"bolt": 2.1})) == 200
    assert value(done(sent(), "confirm", role="supplier", prices={"bolt": 1.5})) == 150


def test_a_supplier_confirms_fewer_units_but_never_more() -> None:
    assert refused(sent(), "confirm", role="supplier", units={"bolt": 101}).reason == "more_than_ordered"
    order = done(sent(), "confirm", role="supplier", units={"bolt": 80})
    assert (order.state, on_order([order], "bolt")) == ("confirmed", 80)
    assert refused(sent(), "confirm", units={"bolt": 0}).reason == "nothing_left"
    part = done(sent(), "receive", units={"bolt": 60}, key="n")
    assert refused(part, "confirm", units={"bolt": 59}).reason == "below_received"
    assert refused(part, "change", units={"bolt": 59}).reason == "below_received"
    assert done(part, "confirm", role="supplier", units={"bolt": 60}).state == "received"


def test_a_price_that_somebody_types_does_not_make_an_order_worth_less_for_the_limits() -> None:
    def listed(sku: str, units: int) -> float:
        return 2.0

    cheap = done(an_order(100), "change", role="buyer", units={"bolt": 100_000}, prices={"bolt": 0.001}, listed=listed)
    assert value(cheap) == 100
    assert refused(cheap, "approve", role="buyer", listed=listed).reason == "above_limit"
    assert done(cheap, "approve", role="admin", listed=listed).state == "approved"
    order = done(an_order(200), "approve", role="buyer", listed=listed)
    what: dict[str, Any] = {"units": {"bolt": 100_000}, "prices": {"bolt": 0.001}, "listed": listed}
    assert refused(order, "change", role="buyer", **what).reason == "above_limit"
    assert done(order, "change", role="admin", **what).lines[0].units == 100_000
    assert value(done(order, "change", role="buyer", prices={"bolt": 0.5}, listed=listed)) == 100
    order = done(done(cheap, "approve", role="admin"), "send")
    dearer: dict[str, Any] = {"prices": {"bolt": 1.9}, "listed": listed}
    assert refused(order, "confirm", role="buyer", **dearer).reason == "above_limit", "below the list is dearer too"


OFFER = Offer("acme", "bolt", 5.2, [Break(100, 4.9)], moq=20, pack=10)


def repriced(order: Order, units: dict[str, int], prices: dict[str, float] | None = None, **what: Any) -> Any:
    return offered(order, units, prices or {}, lambda sku, supplier: OFFER if sku == "bolt" else None, **what)


def test_other_units_have_the_price_of_their_break_unless_somebody_gave_one() -> None:
    assert repriced(an_order(60, 5.2), {"bolt": 120}) == {"bolt": 4.9}
    assert repriced(an_order(120, 4.9), {"bolt": 60}) == {"bolt": 5.2}
    assert repriced(an_order(60, 5.2), {"bolt": 120}, {"bolt": 4.0}) == {"bolt": 4.0}
    assert repriced(an_order(60, 4.0), {"bolt": 120}) == {"bolt": 4.0}, "it was typed before"
    assert repriced(an_order(60, 5.2), {"bolt": 60}) == {}
    assert repriced(an_order(60, 5.2), {"bolt": 0}) == {}
    assert repriced(an_order(60, 5.2), {"nut": 7}) == {}
    other = Order("acme", [Line("nut", 5, 1.0)], "draft", T0, T0, "kim")
    assert repriced(other, {"bolt": 100}) == {"bolt": 4.9}


@pytest.mark.parametrize(("units", "hint"), [(7, "Give 20"), (25, "Give 20 or 30"), (101, "Give 100 or 110")])
def test_a_broken_pack_or_too_few_are_refused_with_what_would_be_right(units: int, hint: str) -> None:
    refusal = repriced(an_order(60, 5.2), {"bolt": units})
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "not_a_lot"
    assert refusal.hint.startswith(hint)
    assert isinstance(repriced(an_order(60, 5.2), {"bolt": units}, anyway=True), dict)


def test_an_order_may_be_cut_to_what_has_come() -> None:
    part = done(sent(), "receive", units={"bolt": 57}, key="n")
    assert repriced(part, {"bolt": 57}) == {"bolt": 2.0}
    assert isinstance(repriced(part, {"bolt": 58}), Refusal)


def test_a_change_after_sending_has_to_be_confirmed_again() -> None:
    order = done(sent(), "confirm", at_ms=T0 + 1)
    changed = done(order, "change", units={"bolt": 90})
    assert (changed.state, changed.confirmed_ms, changed.sent_ms) == ("sent", 0, T0)
    again = done(changed, "confirm", at_ms=T0 + 2)
    assert (again.state, again.confirmed_ms) == ("confirmed", T0 + 2)
    part = done(order, "receive", units={"bolt": 10}, key="n")
    part = done(part, "change", dues={"bolt": T0 + 9 * DAY})
    assert (part.state, part.confirmed_ms) == ("partly_received", 0)


def test_a_draft_gains_and_loses_lines_a_sent_order_does_not_gain_any() -> None:
    order = done(an_order(), "change", units={"nut": 5}, prices={"nut": 0.5})
    assert [line.sku for line in order.lines] == ["bolt", "nut"]
    assert refused(an_order(), "change", units={"nut": 5}).reason == "price"
    assert [line.sku for line in done(order, "change", units={"bolt": 0}).lines] == ["nut"]
    assert refused(sent(), "change", units={"nut": 5}, prices={"nut": 0.5}).reason == "no_such_line"
    assert refused(an_order(), "change", units={"bolt": 0}).reason == "nothing_left"


def test_a_delivery_booked_twice_counts_once() -> None:
    order = done(sent(), "receive", units={"bolt": 30}, key="note-1")
    assert done(order, "receive", units={"bolt": 30}, key="note-1") is order
    assert done(order, "receive", units={"bolt": 30}, key="note-2").lines[0].received == 60
    assert refused(order, "receive", units={"bolt": 30}).reason == "no_key"


def test_too_much_is_taken_in_up_to_the_tolerance_or_when_somebody_means_it() -> None:
    order = sent()
    assert done(order, "receive", units={"bolt": 105}, key="n").state == "received"
    refusal = refused(order, "receive", units={"bolt": 106}, key="n")
    assert refusal.reason == "too_many"
    assert "At most 105" in refusal.hint
    assert done(order, "receive", units={"bolt": 106}, key="n", anyway=True).lines[0].received == 106


def test_rejected_units_need_a_reason_and_are_still_owed() -> None:
    assert refused(sent(), "receive", rejected={"bolt": 10}, key="n").reason == "no_reason"
    order = done(sent(), "receive", units={"bolt": 90}, rejected={"bolt": 10}, key="n", note="bent")
    assert (order.state, order.lines[0].rest, on_order([order], "bolt")) == ("partly_received", 10, 10)


def test_what_was_shipped_is_in_transit_and_no_longer_on_order() -> None:
    order = done(sent(), "ship", role="supplier", units={"bolt": 60}, key="asn")
    assert (on_order([order], "bolt"), in_transit([order], "bolt")) == (40, 60)
    order = done(order, "receive", units={"bolt": 50}, key="n")
    assert (on_order([order], "bolt"), in_transit([order], "bolt")) == (40, 10)
    assert refused(order, "ship", units={"bolt": 100}, key="asn-2").reason == "too_many"


def test_a_draft_counts_nowhere_and_an_approved_order_does() -> None:
    assert on_order([an_order()], "bolt") == 0
    assert on_order([done(an_order(), "approve")], "bolt") == 100
    assert due_first([done(an_order(), "approve"), sent()], "bolt") == T0 + 5 * DAY
    assert due_first([an_order()], "bolt") is None


def test_closing_short_and_cancelling_give_up_the_rest_only() -> None:
    part = done(sent(), "receive", units={"bolt": 30}, key="n")
    for action in ("close", "cancel"):
        ended = done(part, action)
        assert (ended.state, given_up(ended, "bolt"), value(ended)) == ("closed", 70, 60.0)
        assert on_order([ended], "bolt") == 0
    whole = done(sent(), "cancel")
    assert (whole.state, given_up(whole, "bolt"), value(whole)) == ("cancelled", 100, 0.0)


def test_goods_on_their_way_are_not_cancelled_by_accident() -> None:
    order = done(sent(), "ship", units={"bolt": 60}, key="asn")
    assert refused(order, "cancel").reason == "in_transit"
    assert done(order, "cancel", anyway=True).state == "cancelled"


def test_an_order_is_not_closed_unasked_while_goods_of_it_are_on_their_way() -> None:
    order = done(done(sent(), "ship", units={"bolt": 60}, key="a"), "receive", units={"bolt": 50}, key="n")
    assert refused(order, "close") == Refusal(
        "in_transit",
        "10 units of it are on their way.",
        "Receive or reject them first, or say that it is to be closed anyway.",
    )
    assert done(order, "close", anyway=True).state == "closed"
    rest = done(order, "receive", units={"bolt": 8}, rejected={"bolt": 2}, note="torn", key="m")
    assert done(rest, "close").state == "closed"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "no_lines"),
        ([Line("a", 1, 1.0), Line("a", 2, 1.0)], "sku_twice"),
        ([Line("a", 0, 1.0)], "units"),
        ([Line("a", 1, float("nan"))], "price"),
        ([Line("a", 1, -1.0)], "price"),
        ([Line("a", 1, 1.0, due_ms=-1)], "due"),
    ],
)
def test_an_order_that_can_not_be_is_refused(lines: list[Line], reason: str) -> None:
    made = draft("acme", lines, "kim", T0)
    assert isinstance(made, Refusal)
    assert made.reason == reason


def test_strange_figures_in_a_step_are_refused() -> None:
    assert refused(sent(), "change", prices={"bolt": float("inf")}).reason == "price"
    assert refused(sent(), "receive", units={"bolt": -5}, key="n").reason == "units"
    assert refused(sent(), "receive", units={"nail": 5}, key="n").reason == "no_such_line"
    assert refused(sent(), "receive", units={"bolt": 0}, key="n").reason == "nothing"
    assert refused(an_order(), "explode").reason == "unknown_action"  # type: ignore[arg-type]


def test_there_is_a_limit_of_deliveries_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "KEYS_MAX", 2)
    order = sent()
    for key in ("a", "b"):
        order = done(order, "receive", units={"bolt": 1}, key=key)
    assert refused(order, "receive", units={"bolt": 1}, key="c").reason == "too_many_keys"


AMOUNTS = st.dictionaries(st.sampled_from(["bolt", "nut"]), st.integers(0, 120), max_size=2)
STEPS = st.fixed_dictionaries(
    {
        "action": st.sampled_from(ACTIONS),
        "role": st.sampled_from(["admin", "buyer", "operator", "supplier", "nobody"]),
        "units": AMOUNTS,
        "rejected": st.just({}) | AMOUNTS,
        "prices": st.just({}) | st.dictionaries(st.sampled_from(["bolt", "nut"]), st.floats(0, 5), max_size=2),
        "dues": st.just({}) | st.dictionaries(st.sampled_from(["bolt", "nut"]), st.integers(0, T0), max_size=2),
        "note": st.sampled_from(["", "so it is"]),
        "key": st.text("abc", min_size=1, max_size=2),
        "anyway": st.booleans(),
    }
)
ONWARD: list[Action] = ["approve", "send", "confirm"]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 3), st.lists(STEPS, max_size=14))
def test_whatever_is_done_no_unit_and_no_money_is_lost(onward: int, steps: list[dict[str, Any]]) -> None:
    made = draft("acme", [Line("bolt", 100, 2.0), Line("nut", 40, 0.5)], "kim", T0)
    assert isinstance(made, Order)
    order, meant = made, False
    for action in ONWARD[:onward]:
        order = done(order, action)
    for number, told in enumerate(steps):
        what = {key: given for key, given in told.items() if key not in ("action", "role")}
        before, now_ms = order, T0 + number
        after = act(before, told["action"], "kim", told["role"], now_ms, BUYING, **what)
        if isinstance(after, Refusal):
            continue
        assert after is before or after.version == before.version + 1
        again = act(after, told["action"], "kim", told["role"], now_ms + 1, BUYING, **what)
        assert again is after, "a step twice changes nothing"
        if after.state in ("closed", "cancelled") and before.state not in ("closed", "cancelled"):
            gone = sum(given_up(after, line.sku) * line.unit_price for line in after.lines)
            over = sum(max(0, line.received - line.units) * line.unit_price for line in after.lines)
            assert value(after) + gone == pytest.approx(value(before) + over)
        meant = meant or (told["anyway"] and told["action"] == "receive")
        order = after
        for line in order.lines:
            assert line.shipped >= line.received + line.rejected
            if not meant:
                assert line.received <= line.units * (1 + OVER_SHARE)
            on_its_way = on_order([order], line.sku) + in_transit([order], line.sku)
            gone_units = given_up(order, line.sku)
            if order.state in OPEN or gone_units:
                assert on_its_way + line.received + gone_units == max(line.units, line.received)
        if order.state in ("partly_received", "received", "closed"):
            assert any(line.received for line in order.lines)
        if order.state == "received":
            assert not any(line.rest for line in order.lines)
        assert order.created_ms == T0
