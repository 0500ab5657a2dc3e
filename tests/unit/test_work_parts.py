"""The parts of maintenance orders: whatever is done with them, what is held is what is wanted and not taken."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.maintenance.parts import REF, Booked, Supply, booked, not_there, ref_of, supplies, wanted
from cloud.core.maintenance.work import Cause, Part, WorkOrder
from cloud.core.maintenance.working import What, act, opened
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Line, Order
from cloud.core.refusals import Refusal

T = 1_763_762_400_000
DAY_MS = 86_400_000
SKUS = ("fan", "belt", "oil")
SENSED = {"oil"}
UNITS = st.dictionaries(st.sampled_from(SKUS), st.integers(0, 6))
ACTS = st.one_of(
    st.tuples(st.just("change"), st.builds(What, parts=UNITS)),
    st.tuples(st.just("take"), st.builds(What, parts=UNITS)),
    st.tuples(st.just("start"), st.just(What())),
    st.tuples(
        st.just("finish"), st.builds(What, found=st.just("x"), did=st.just("y"), used=st.one_of(st.none(), UNITS))
    ),
    st.tuples(st.just("cancel"), st.builds(What, note=st.just("no"), used=st.one_of(st.none(), UNITS))),
)


class Stock:
    """Reservations as a ledger keeps them, and what left and came back by the book."""

    def __init__(self) -> None:
        self.kept: dict[int, Reservation] = {}
        self.moved: dict[str, int] = {}
        self.keys: set[str] = set()

    def take(self, order: WorkOrder, made: Booked) -> None:
        for change in made.changes:
            if change.before is None:
                number = len(self.kept) + 1
                self.kept[number] = replace(change.after, id=number, ref=ref_of(order))
            else:
                assert self.kept[change.before.id] == change.before, "it is as it was looked at"
                assert change.before.state == "held", "what is over is never changed"
                self.kept[change.before.id] = change.after
        for entry in made.entries:
            assert entry.key not in self.keys, "nothing is booked twice"
            self.keys.add(entry.key)
            self.moved[entry.sku] = self.moved.get(entry.sku, 0) - entry.units

    def held(self) -> list[Reservation]:
        return [one for one in self.kept.values() if one.state == "held"]

    def units(self, state: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for one in self.kept.values():
            if one.state == state:
                found[one.sku] = found.get(one.sku, 0) + one.units
        return found


@settings(max_examples=300, deadline=None)
@given(UNITS, st.lists(ACTS, max_size=12))
def test_any_acts_in_any_order_hold_what_is_wanted_and_not_taken_and_book_what_was_used(
    first: dict[str, int], acts: list[tuple[Any, What]]
) -> None:
    order = opened("pump", "hall", Cause(), What(title="x", parts=first), "lee", T)
    assert isinstance(order, WorkOrder)
    stock, now_ms = Stock(), T
    made = booked(None, order, [], SENSED, now_ms)
    order = replace(order, id=1)
    stock.take(order, made)
    for action, what in acts:
        now_ms += 1000
        after = act(order, action, what, "kim", now_ms)
        if isinstance(after, Refusal):
            continue
        assert after is order or after.version == order.version + 1
        stock.take(after, booked(order, after, stock.held(), SENSED, now_ms))
        order = after
        assert stock.units("held") == wanted(order)
        lines = {one.sku: one for one in order.parts}
        assert stock.units("picked") == {sku: one.taken for sku, one in lines.items() if one.taken}
        gone = {sku: one.taken if order.is_open else one.used for sku, one in lines.items() if sku not in SENSED}
        assert {sku: units for sku, units in stock.moved.items() if units} == {s: n for s, n in gone.items() if n}
        assert all(one.ref == f"{REF}1" for one in stock.kept.values())
    if not order.is_open:
        assert stock.held() == []


def hold(id: int, units: int, ref: str = "", made_ms: int = T, tier: str = "") -> Reservation:
    return Reservation("fan", units, tier, "", made_ms, ref=ref, id=id)


def coming(*lines: tuple[int, int], state: Any = "confirmed") -> list[Order]:
    return [
        Order("acme", [Line("fan", units, 1.0, due_ms=due)], state, T, T, "lee", id=i)
        for i, (units, due) in enumerate(lines)
    ]


def test_what_is_there_serves_the_earlier_ones_first_and_what_comes_too() -> None:
    held = [hold(1, 3, made_ms=T - 1), hold(2, 4, "work:1"), hold(3, 9, made_ms=T + 1)]
    orders = coming((1, T + DAY_MS), (2, T + 2 * DAY_MS), (5, T + 3 * DAY_MS))

    assert supplies(held, 16, [], orders, T)["work:1"] == Supply(4, 0)
    assert supplies(held, 5, [], orders, T)["work:1"] == Supply(2, 2, T + 2 * DAY_MS)
    assert supplies(held, 4, [], orders, T)["work:1"] == Supply(1, 3, T + 2 * DAY_MS), "three will have come by then"
    assert supplies(held, 0, [], orders, T)["work:1"] == Supply(0, 4, T + 3 * DAY_MS)
    assert supplies(held, 0, [], [], T)["work:1"] == Supply(0, 4, None)


def test_nobody_expects_what_is_overdue_has_no_day_or_was_never_sent() -> None:
    held = [hold(2, 4, "work:1")]
    for orders in (coming((9, T - 1)), coming((9, 0)), coming((9, T + 1), state="approved")):
        assert supplies(held, 0, [], orders, T)["work:1"].expected_ms is None


def test_what_is_not_there_is_refused_with_the_day_it_is_expected() -> None:
    order = WorkOrder("pump", "hall", "x", "planned", T, T, "lee", parts=[Part("fan", 4)], id=1)
    assert not_there(order, "fan", 2, Supply(2, 2), "Europe/Berlin") is None
    said = not_there(order, "fan", 3, Supply(2, 2, T + 2 * DAY_MS), "Europe/Berlin")
    assert said is not None
    assert said.detail == "2 of fan are there for order 1, 3 were asked. More is expected on 2025-11-23."
    said = not_there(order, "fan", 3, Supply(2, 2), "Europe/Berlin")
    assert said is not None
    assert said.detail.endswith("Nobody knows when more will come.")
