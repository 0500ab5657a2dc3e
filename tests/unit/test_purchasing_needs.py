"""Needs become orders: one line a need ever, whatever is repeated, restarted or done by two at once."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.purchasing.acting import act
from cloud.core.purchasing.bills import Option
from cloud.core.purchasing.facts import DAY_MS, LeadTime
from cloud.core.purchasing.joining import Mate
from cloud.core.purchasing.lateness import Stakes
from cloud.core.purchasing.needs import Asked, Made, orders_of
from cloud.core.purchasing.orders import Line, Order, value
from cloud.core.purchasing.sourcing import Sourcing, Split, source
from cloud.core.refusals import Refusal
from protocols.trade import Action, Break, Buying, Offer, Supplier

T0 = 1_763_762_400_000
BUYING = Buying(approved_to=300.0, buyer_limit=1e6)
FROM = {"bolt": ["acme"], "nut": ["acme"], "nail": ["best"], "pair": ["acme", "best"]}


def sourced(sku: str, units: int) -> Sourcing | Refusal:
    """One supplier for most, two for the pair, none for the rest."""
    if sku not in FROM:
        return Refusal("no_offer", f"No supplier offers {sku}.", "Add an offer.")
    share = -(-units // len(FROM[sku]))
    return Sourcing([Split(one, share, 1.0, share + 20.0, 3.0, "cheapest") for one in FROM[sku]], [])


def made(asked: list[Asked], orders: list[Order] | None = None, **what: Any) -> Made:
    return orders_of(asked, orders or [], what.pop("source", sourced), what.pop("buying", BUYING), T0, **what)


def need(id: int, sku: str = "bolt", units: int = 50, level: Action = "order") -> Asked:
    return Asked(id, sku, units, level)


def test_needs_of_one_supplier_go_into_one_order_approved_up_to_its_limit() -> None:
    found = made([need(1), need(2, "nut"), need(3, "nail")])
    assert [(one.supplier, one.state, one.needs) for one in found.new] == [
        ("acme", "approved", [1, 2]),
        ("best", "approved", [3]),
    ]
    assert found.new[0].lines == [Line(sku, 50, 1.0, due_ms=T0 + 3 * DAY_MS) for sku in ("bolt", "nut")]
    assert [one.state for one in made([need(1, units=301)]).new] == ["draft"]


def test_what_is_only_proposed_waits_for_a_person_apart_from_what_goes_out() -> None:
    found = made([need(1), need(2, "nut", level="propose")])
    assert [(one.state, one.needs) for one in found.new] == [("draft", [2]), ("approved", [1])]


def test_what_is_only_observed_or_kept_by_its_supplier_or_offered_by_nobody_is_left_and_said() -> None:
    asked = [need(1, level="observe"), need(2, "nut"), need(3, "gold"), need(4, "nail"), need(5, "nail")]
    found = made(asked, managed={"nut"})
    assert found.left == [(1, "observed"), (2, "managed"), (3, "no_offer"), (5, "another_need")]
    assert [one.needs for one in found.new] == [[4]]


def test_a_fall_back_on_a_poor_supplier_is_looked_at_by_a_person() -> None:
    def fallback(sku: str, units: int) -> Sourcing:
        return Sourcing([Split("poor", units, 1.0, 70.0, 3.0, "fallback")], [])

    assert [one.state for one in made([need(1)], source=fallback).new] == ["draft"]


def test_a_need_on_any_order_is_never_ordered_again_though_that_was_cancelled() -> None:
    (order,) = made([need(1)]).new
    order = replace(order, id=1)
    assert made([need(1)], [order]).left == [(1, "ordered")]
    cancelled = act(order, "cancel", "kim", "admin", T0, BUYING)
    assert isinstance(cancelled, Order)
    assert made([need(1)], [cancelled]).new == []
    assert made([need(1)], [], ordered={1}).new == []


def test_a_need_joins_the_draft_that_waits_for_its_supplier() -> None:
    (waiting,) = made([need(1, level="propose")]).new
    waiting = replace(waiting, id=7)
    found = made([need(1, level="propose"), need(2, "nut", level="propose")], [waiting])
    assert found.new == []
    ((before, after),) = found.changed
    assert (before, after.version, after.needs, after.state) == (waiting, 2, [1, 2], "draft")
    assert [line.sku for line in after.lines] == ["bolt", "nut"]


def test_what_may_go_out_does_not_wait_with_a_draft() -> None:
    (waiting,) = made([need(1, level="propose")]).new
    found = made([need(2, "nut")], [replace(waiting, id=7)])
    assert found.changed == []
    assert [(one.state, one.needs) for one in found.new] == [("approved", [2])]


def test_a_persons_draft_of_the_same_sku_serves_the_need_too() -> None:
    own = Order("best", [Line("bolt", 30, 9.0)], "draft", T0, T0, "kim", id=4)
    found = made([need(1, units=50)], [own])
    ((_, after),) = found.changed
    assert (after.lines[0].units, after.lines[0].unit_price, after.needs, after.by) == (50, 9.0, [1], "service")
    assert found.new == []
    (again,) = made([need(1, units=20)], [own]).changed
    assert again[1].lines[0].units == 30


def test_what_a_supplier_proposed_holds_no_need_until_one_of_ours_has_touched_it() -> None:
    lines = [Line("bolt", 10, 5.2)]
    proposed = Order("best", lines, "draft", T0, T0, "best-erp", id=1, proposed=lines)
    for one in (proposed, replace(proposed, proposed=[], keys=["plan:best-erp:k"])):
        found = made([need(7)], [one])
        assert (found.changed, [order.state for order in found.new]) == ([], ["approved"])
    ((before, after),) = made([need(7)], [replace(proposed, version=2, by="kim")]).changed
    assert (before.id, after.lines[0].units, after.needs) == (1, 50, [7])


def test_a_draft_that_is_raised_has_whole_packs_at_the_price_of_their_break() -> None:
    offer = Offer("best", "bolt", 5.2, [Break(100, 4.9)], pack=10)

    def raised(price: float) -> Line:
        own = Order("best", [Line("bolt", 60, price)], "draft", T0, T0, "kim", id=4)
        ((_, after),) = made([need(1, units=164)], [own], offer=lambda sku, supplier: offer).changed
        return after.lines[0]

    assert raised(5.2) == Line("bolt", 170, 4.9)
    assert raised(4.0) == Line("bolt", 170, 4.0), "somebody's own price stays"


def test_a_split_need_is_on_both_its_orders_which_are_stored_together() -> None:
    (waiting,) = made([need(1, "nut", level="propose")]).new
    found = made([need(2, "pair", units=81, level="propose")], [replace(waiting, id=7)])
    assert found.changed == [], "not half of it on a draft that is stored by itself"
    assert [(one.supplier, one.lines[0].units, one.needs) for one in found.new] == [
        ("acme", 41, [2]),
        ("best", 41, [2]),
    ]
    assert list(found.sourced) == [2]


def test_an_sku_near_its_point_joins_a_new_order_and_only_with_leave() -> None:
    lead, offer = LeadTime(4.0, 1.0, 0), {sku: Offer("acme", sku, 2.0) for sku in ("bolt", "nut", "nail")}
    mates = [
        Mate("bolt", offer["bolt"], 5, 5.0, 8.0, lead, 0.002, 0.05, "order"),
        Mate("nut", offer["nut"], 30, 5.0, 8.0, lead, 0.002, 0.05, "order"),
        Mate("nail", offer["nail"], 30, 5.0, 8.0, lead, 0.002, 0.05, "propose"),
    ]
    rich = Buying(approved_to=1e6)
    (order,) = made([need(1)], mates={"acme": mates}, order_costs={"acme": 40.0}, buying=rich).new
    assert ([line.sku for line in order.lines], order.needs, order.state) == (["bolt", "nut"], [1], "approved")
    asked = [need(1, level="propose")]
    (order,) = made(asked, mates={"acme": mates}, order_costs={"acme": 40.0}).new
    assert sorted(line.sku for line in order.lines) == ["bolt", "nail", "nut"]
    other = Order("best", [Line("nut", 9, 1.0)], "draft", T0, T0, "kim", id=4)
    (order,) = made(asked, [other], mates={"acme": mates}, order_costs={"acme": 40.0}).new
    assert "nut" not in [line.sku for line in order.lines], "it is on a draft already"


def test_sourcing_and_ordering_fit_together() -> None:
    lead = LeadTime(3.0, 0.0, 0)
    options = [Option(Supplier(one, one), Offer(one, "bolt", 2.0, pack=12), lead) for one in ("acme", "best")]
    stakes = Stakes(5.0, 5.0, 10, 1.0, 0.01)
    (order,) = made([need(1)], source=lambda sku, units: source(sku, units, options, stakes, BUYING)).new
    assert (order.supplier, order.lines[0].units, value(order)) == ("acme", 60, 120.0)


class Stored:
    """A ledger that takes an order of needs all or not at all, and no need twice."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.claimed: dict[int, set[int]] = {}

    def claim(self, needs: set[int]) -> bool:
        return not needs & self.claimed.keys()

    def store(self, found: Made) -> None:
        fresh = {one for order in found.new for one in order.needs}
        if self.claim(fresh):
            for order in found.new:
                id = len(self.orders) + 1
                self.orders[id] = replace(order, id=id)
                for one in order.needs:
                    self.claimed.setdefault(one, set()).add(id)
        for before, after in found.changed:
            new = set(after.needs) - set(before.needs)
            if self.orders[before.id] == before and self.claim(new):
                self.orders[before.id] = after
                for one in new:
                    self.claimed.setdefault(one, set()).add(before.id)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["need", "decide", "decide", "decide_late", "approve", "cancel"]),
        st.integers(0, 3),
        st.integers(1, 200),
        st.sampled_from(["observe", "propose", "order"]),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(EVENTS)
def test_whatever_happens_between_each_need_has_its_lines_once(events: list[tuple[str, int, int, Action]]) -> None:
    """`decide_late`: somebody who looked before all the others stores only now, as after a restart or beside us."""
    ledger, asked, late = Stored(), list[Asked](), list[Made]()
    for number, (event, which, units, level) in enumerate(events):
        sku = ["bolt", "nut", "nail", "pair"][which]
        if event == "need":
            done = {one for order in ledger.orders.values() if order.state != "draft" for one in order.needs}
            if not any(one.sku == sku and one.need not in done for one in asked):  # one open need an SKU
                asked.append(Asked(number, sku, units, level))
        found = made(
            asked,
            [one for one in ledger.orders.values() if one.state not in ("closed", "cancelled")],
            ordered=set(ledger.claimed),
        )
        if event == "decide":
            ledger.store(found)
        elif event == "decide_late" and late:
            ledger.store(late.pop(0))
        late.append(found)
        for id, order in list(ledger.orders.items()):
            if event in ("approve", "cancel") and id % 2 == which % 2:
                after = act(order, event, "kim", "admin", T0, BUYING)  # type: ignore[arg-type]
                ledger.orders[id] = after if isinstance(after, Order) else order
        lines: dict[int, list[tuple[str, int]]] = {}
        for order in ledger.orders.values():
            for one in order.needs:
                lines.setdefault(one, []).append((order.supplier, order.id))
        by_need = {one.need: one for one in asked}
        for one, places in lines.items():
            mine = by_need[one]
            assert len(places) == len({supplier for supplier, _ in places})
            assert mine.level != "observe"
            if len(places) > 1:
                assert mine.sku == "pair"
            total = sum(line.units for _, id in places for line in ledger.orders[id].lines if line.sku == mine.sku)
            assert total >= mine.units
    ledger.store(made(asked, list(ledger.orders.values()), ordered=set(ledger.claimed)))
    again = made(asked, list(ledger.orders.values()), ordered=set(ledger.claimed))
    assert (again.new, again.changed) == ([], []), "deciding again changes nothing"
    wanted = {one.need for one in asked if one.level != "observe"}
    held = {one.need for one in asked if any(two.need < one.need and two.sku == one.sku for two in asked)}
    assert ledger.claimed.keys() >= wanted - held, "and none is forgotten"
