"""A receipt of an order that was taken back: the order, and what is learnt of its supplier, as if it had not been."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.entries import Entry
from cloud.core.purchasing.acting import Action, act
from cloud.core.purchasing.facts import DAY_MS, facts, lead_time, shares
from cloud.core.purchasing.orders import Line, Order, draft, in_transit, on_order, value
from cloud.core.purchasing.receiving import came_at, receipt_key
from cloud.core.purchasing.scorecards import scorecard
from cloud.core.purchasing.undoing import take_back
from cloud.core.refusals import Refusal
from protocols.trade import Buying, Offer

T0 = 1_763_762_400_000
DUE = T0 + 5 * DAY_MS
LATER = T0 + 100 * DAY_MS
BUYING = Buying(buyer_limit=1e6, admin_limit=1e6)
Step = tuple[Action, dict[str, Any]]


def receipt(units: int, sku: str = "bolt", key: str = "n", order: int = 3) -> Entry:
    return Entry("receipt", sku, units, T0, T0, ref=f"order:{order}", key=receipt_key(order, sku, key), id=9)


class History(list[Order]):
    """An order's versions: two lines of 100 and 40, approved and sent."""

    def __init__(self) -> None:
        made = draft("acme", [Line("bolt", 100, 2.0, due_ms=DUE), Line("nut", 40, 0.5, due_ms=DUE)], "kim", T0)
        assert isinstance(made, Order)
        super().__init__([replace(made, id=3)])
        self.do("approve")
        self.do("send")

    def do(self, action: Action, day: float = 0, **what: Any) -> Order | Refusal:
        """A step, kept where it could be done."""
        at_ms = T0 + round(day * DAY_MS)
        after = act(self[-1], action, "kim", "admin", at_ms, BUYING, **what)
        if isinstance(after, Order) and after is not self[-1]:
            self.append(after)
        return after

    def back(self, sku: str = "bolt", key: str = "n", day: float = 50) -> Order | Refusal:
        """What a delivery brought is taken back."""
        after = take_back(self, receipt(1, sku, key), "lou", T0 + round(day * DAY_MS))
        if isinstance(after, Order):
            self.append(after)
        return after


def opened(after: Order | Refusal) -> Order:
    assert isinstance(after, Order), after
    return after


def amounts(order: Order) -> list[tuple[int, int, int, int]]:
    return [(line.units, line.received, line.rejected, line.shipped) for line in order.lines]


def test_what_a_delivery_brought_of_a_line_leaves_the_order_good_and_rejected() -> None:
    told = History()
    told.do("receive", units={"bolt": 90, "nut": 40}, rejected={"bolt": 10}, note="bent", key="n")

    after = opened(told.back())

    assert amounts(after) == [(100, 0, 0, 0), (40, 40, 0, 40)]
    assert (after.state, after.by, after.version) == ("partly_received", "lou", told[-2].version + 1)
    assert (on_order([after], "bolt"), in_transit([after], "bolt")) == (100, 0)
    after = opened(told.back("nut"))
    assert (amounts(after), after.state) == ([(100, 0, 0, 0), (40, 0, 0, 0)], "sent")


def test_goods_that_the_supplier_shipped_are_on_their_way_again() -> None:
    told = History()
    told.do("confirm")
    told.do("ship", units={"bolt": 60}, key="a")
    told.do("receive", units={"bolt": 60}, key="n")
    told.do("receive", units={"bolt": 15}, key="m")

    after = opened(told.back())
    assert (amounts(after)[0], in_transit([after], "bolt")) == ((100, 15, 0, 60), 45)
    after = opened(told.back(key="m"))
    assert (amounts(after)[0], in_transit([after], "bolt"), after.state) == ((100, 0, 0, 60), 60, "confirmed")


def test_it_is_taken_back_once() -> None:
    told = History()
    told.do("receive", units={"bolt": 60}, key="n")
    opened(told.back())
    before = told[-1]

    refusal = told.back()

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "taken_back"
    assert told[-1] is before


@pytest.mark.parametrize("key", ["n", "n-2"])
def test_what_came_is_told_anew_under_a_number_of_its_own(key: str) -> None:
    told = History()
    told.do("receive", units={"bolt": 60}, key="n")
    opened(told.back())

    after = told.do("receive", units={"bolt": 6}, key=key)

    if key == "n":
        assert isinstance(after, Refusal)
        assert after.reason == "key_used"
    else:
        assert opened(after).lines[0].received == 6


def test_an_order_that_was_closed_with_all_in_waits_again_for_what_was_taken_back() -> None:
    told = History()
    told.do("receive", units={"bolt": 100, "nut": 40}, key="n")
    told.do("close", day=8)

    after = opened(told.back())

    assert (after.state, after.closed_ms, on_order([after], "bolt"), on_order([after], "nut")) == (
        "partly_received", 0, 100, 0,
    )  # fmt: skip
    told.do("receive", units={"bolt": 100}, key="m")
    assert told[-1].state == "received"


def test_what_was_given_up_when_an_order_was_closed_stays_given_up() -> None:
    told = History()
    told.do("receive", units={"bolt": 60}, key="n", day=4)
    told.do("close", day=8, note="no more")

    after = opened(told.back())

    assert (after.state, on_order([after], "bolt"), on_order([after], "nut")) == ("sent", 60, 0)
    assert value(after) == 120.0
    told.do("receive", units={"bolt": 6}, key="m", day=60)
    told.do("close", day=60)
    bolt, nut = facts(told)
    assert (bolt.asked, bolt.received, bolt.given_up, bolt.ended_ms) == (100, 6, True, T0 + 60 * DAY_MS)
    assert (nut.asked, nut.received, nut.given_up, nut.ended_ms) == (40, 0, True, T0 + 8 * DAY_MS)


def test_a_line_that_was_given_up_early_is_not_held_against_the_supplier_because_another_was_taken_back() -> None:
    def judged(told: History) -> int:
        return shares([one for one in facts(told) if one.sku == "nut"], LATER).lines

    told = History()
    told.do("receive", units={"bolt": 100}, key="n", day=1)
    told.do("close", day=2)
    assert judged(told) == 0
    told.back(day=3)
    assert judged(told) == 0
    told.do("receive", units={"bolt": 100}, key="m", day=4)
    assert judged(told) == 0
    told.do("close", day=9)
    assert judged(told) == 0


def test_an_order_to_which_nothing_is_missing_by_it_stays_closed() -> None:
    told = History()
    told.do("receive", units={"bolt": 100, "nut": 40}, key="n")
    told.do("receive", units={"bolt": 5}, key="m")
    told.do("close")

    after = opened(told.back(key="m"))

    assert (after.state, after.closed_ms, after.lines[0].received) == ("closed", T0, 100)


@pytest.mark.parametrize(
    "came",
    [
        receipt(1, key="other"),
        receipt(1, sku="tape"),
        receipt(1, order=4),
        replace(receipt(1), ref=""),
        replace(receipt(1), key="by hand"),
        replace(receipt(1), key="n"),
    ],
)
def test_what_the_order_does_not_know_is_refused_with_what_to_do_instead(came: Entry) -> None:
    told = History()
    told.do("receive", units={"bolt": 60}, key="n")

    refusal = take_back(told, came, "lou", LATER)

    assert isinstance(refusal, Refusal)
    assert (refusal.reason, "adjustment of -1" in refusal.hint) == ("of_order", True)
    assert isinstance(take_back([], came, "lou", LATER), Refusal)


def test_a_dispatch_under_the_same_number_stays() -> None:
    told = History()
    told.do("ship", units={"nut": 10}, key="n")
    told.do("receive", units={"bolt": 60}, key="n")

    assert amounts(opened(told.back())) == [(100, 0, 0, 0), (40, 0, 0, 10)]


def test_lead_times_and_scores_are_as_if_it_had_not_been() -> None:
    offers = [Offer("acme", "bolt", 2.0), Offer("best", "bolt", 1.5)]

    def learnt(told: Sequence[Order]) -> object:
        known = facts(told)
        card = scorecard("acme", known, offers, [], {}, LATER)
        return lead_time(known, 5.0, 1.0, LATER), shares(known, LATER), card

    wrong, right = History(), History()
    for one in (wrong, right):
        one.do("receive", units={"nut": 40}, key="a", day=2)
    wrong.do("receive", units={"bolt": 90}, rejected={"bolt": 10}, note="bent", key="n", day=20)
    assert learnt(wrong) != learnt(right)
    wrong.back()
    assert learnt(wrong) == learnt(right)
    for one in (wrong, right):
        one.do("receive", units={"bolt": 100}, key="m", day=60)
    assert learnt(wrong) == learnt(right)


def test_goods_came_when_the_shelf_saw_them_also_after_others_were_taken_back() -> None:
    told = History()
    told.do("receive", units={"bolt": 60}, key="n", day=9)
    told.do("receive", units={"bolt": 40}, key="m", day=9)
    told.back()
    seen = [replace(receipt(40, key="m"), happened_ms=DUE)]

    bolt, _ = facts(told, came_at(3, seen))

    assert [(one.at_ms, one.received) for one in bolt.came] == [(DUE, 40)]


GOODS = st.dictionaries(st.sampled_from(["bolt", "nut"]), st.integers(0, 60), max_size=2)
TOLD = st.tuples(st.sampled_from(["ship", "receive"]), GOODS, GOODS, st.booleans())


@settings(max_examples=300, deadline=None)
@given(st.lists(TOLD, max_size=8), st.data())
def test_whatever_is_told_and_taken_back_in_any_order_is_as_if_it_had_not_been(
    told: list[tuple[Action, dict[str, int], dict[str, int], bool]], data: st.DataObject
) -> None:
    """All deliveries some of which are taken back, some at once and some late, beside those alone that stay."""
    wrong, right = History(), History()
    later: list[tuple[str, str]] = []
    for number, (action, units, rejected, mistaken) in enumerate(told):
        key, what = f"k{number}", {"units": units, "anyway": True, "note": "so it is"}
        what |= {"rejected": rejected} if action == "receive" else {}
        gone = [sku for sku, n in units.items() if n and mistaken and action == "receive"]
        if isinstance(wrong.do(action, number, key=key, **what), Refusal):
            continue
        left = {sku: n for sku, n in units.items() if sku not in gone}
        bad = {sku: n for sku, n in rejected.items() if sku not in gone}
        right.do(action, number, key=key, **(what | {"units": left} | ({"rejected": bad} if rejected else {})))
        for sku in gone:
            if data.draw(st.booleans()):
                opened(wrong.back(sku, key, number))
            else:
                later.append((sku, key))
    for sku, key in data.draw(st.permutations(later)):
        opened(wrong.back(sku, key))

    assert amounts(wrong[-1]) == amounts(right[-1])
    assert wrong[-1].state == right[-1].state
    assert facts(wrong) == facts(right)
    for line in wrong[-1].lines:
        assert line.shipped >= line.received + line.rejected
