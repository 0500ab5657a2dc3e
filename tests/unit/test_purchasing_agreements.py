"""What a supplier sees and may do by its agreement: its SKUs and its orders, nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.purchasing.agreements import (
    FAR_MS,
    Known,
    Span,
    agreed,
    bounds,
    own_orders,
    plan,
    seen,
    shelves,
    step,
    waiting,
)
from cloud.core.purchasing.orders import Line, Order
from cloud.core.refusals import Refusal
from protocols.trade import Agreement, Break, Buying, Offer, Supplier

T0 = 1_763_762_400_000
ACME = Supplier("acme", "Acme")
DEAL = Agreement("acme", ["bolt", "nut"], "supplier", {"bolt": 50}, {"bolt": 200})
OTHER = Agreement("best", ["nail"])
SEEN = [
    Known("bolt", "Bolt", Position(60, reserved=5, on_order=20), 30, 90, 4.0, Span(90, 112.0, 130), T0),
    Known("nut", "Nut", Position(10), 30, 90),
    Known("nail", "Nail", Position(5), 30, 90),
]
OFFERS = [Offer("acme", "bolt", 2.0), Offer("best", "nut", 1.0), Offer("acme", "nail", 1.0)]


def order(supplier: str = "acme", state: Any = "sent", **changed: Any) -> Order:
    made = Order(supplier, [Line("bolt", 100, 2.0, due_ms=T0)], state, T0, T0, "kim", sent_ms=T0, id=3, needs=[9])
    return replace(made, **{"note": "between us", "keys": ["receive:n"], **changed})


def planned(units: dict[str, int], deal: Agreement = DEAL, orders: list[Order] | None = None, **what: Any) -> Any:
    supplier = what.pop("supplier", ACME)
    return plan(
        agreed([deal], "acme"), supplier, units, SEEN, OFFERS, orders or [], "acme", T0, **{"key": "p1", **what}
    )


def test_a_supplier_sees_the_shelves_of_its_agreements_and_no_other() -> None:
    found = shelves([DEAL, OTHER], "acme", SEEN, OFFERS, [])
    assert [one.sku for one in found] == ["bolt", "nut"]
    assert [one.sku for one in shelves([DEAL, OTHER], "best", SEEN, OFFERS, [])] == ["nail"]
    assert shelves([DEAL, OTHER], "third", SEEN, OFFERS, []) == []


def test_least_and_most_are_the_agreed_ones_else_the_plans() -> None:
    bolt, nut = shelves([DEAL], "acme", SEEN, OFFERS, [])
    assert (bolt.least, bolt.most, bolt.on_hand, bolt.available) == (50, 200, 60, 55)
    assert (nut.least, nut.most, nut.forecast_28) == (30, 90, None)


def test_what_others_are_to_deliver_is_neither_shown_nor_can_be_reckoned() -> None:
    """55 are available; 20 are on order of somebody else, 100 of Acme: it sees 155. Its plans are held against that."""
    before = shelves([DEAL], "acme", SEEN, OFFERS, [order()])
    assert before[0].projected == 155
    assert shelves([DEAL], "acme", SEEN, OFFERS, [order(), order("best"), order("best", "draft")]) == before
    assert shelves([DEAL], "acme", SEEN, OFFERS, [order("best")])[0].projected == 55
    refused = [planned({"bolt": 500}, orders=[order(), *more]) for more in ([], [order("best")])]
    assert refused[0] == refused[1]
    assert (refused[0].reason, refused[0].hint) == ("outside", "Plan 1 to 45.")


def test_a_supplier_sees_its_own_orders_once_sent_without_names_notes_and_needs() -> None:
    every = [order(), order("best"), order(state="draft", sent_ms=0), order(state="closed")]
    found = own_orders(every, "acme")
    assert [one.state for one in found] == ["sent", "closed"]
    said = msgspec.json.encode(found)
    assert not any(word in said for word in (b"kim", b"between", b"receive:n", b"9]"))


def test_a_plan_is_in_whole_packs_and_at_least_the_moq() -> None:
    offers = [Offer("acme", "bolt", 5.2, [Break(100, 4.9)], moq=20, pack=10)]

    def of(units: int) -> Any:
        return plan(agreed([DEAL], "acme"), ACME, {"bolt": units}, SEEN, offers, [], "acme", T0, key="p")

    assert (of(7).reason, of(7).hint[:8], of(101).hint[:16]) == ("not_a_lot", "Give 20.", "Give 100 or 110.")
    assert of(100).lines == [Line("bolt", 100, 4.9)]


def test_a_supplier_confirms_changes_dates_and_ships_its_own_orders_only() -> None:
    after = step(order(), "acme", "confirm", "acme", T0, Buying())
    assert isinstance(after, Order)
    assert after.state == "confirmed"
    moved = step(after, "acme", "change", "acme", T0, Buying(), dues={"bolt": T0 + 5})
    assert isinstance(moved, Order)
    assert moved.lines[0].due_ms == T0 + 5
    gone = step(after, "acme", "ship", "acme", T0, Buying(), units={"bolt": 60}, key="asn")
    assert isinstance(gone, Order)
    assert gone.lines[0].in_transit == 60
    strange = step(order(), "best", "confirm", "best", T0, Buying())
    unsent = step(order(state="draft", sent_ms=0), "acme", "confirm", "acme", T0, Buying())
    assert strange == unsent, "whose it is, and that it is there at all, is nobody's business"
    assert isinstance(strange, Refusal)


@pytest.mark.parametrize(
    ("action", "what", "reason"),
    [
        ("change", {"units": {"bolt": 50}}, "dates_only"),
        ("change", {"prices": {"bolt": 9.0}}, "dates_only"),
        ("cancel", {}, "not_allowed"),
        ("receive", {"units": {"bolt": 1}}, "not_allowed"),
        ("approve", {}, "not_allowed"),
    ],
)
def test_a_supplier_can_do_nothing_else(action: str, what: dict[str, Any], reason: str) -> None:
    after = step(order(), "acme", action, "acme", T0, Buying(approved_to=0.0, buyer_limit=1e6), **what)
    assert isinstance(after, Refusal)
    assert after.reason == reason


def test_where_the_supplier_decides_its_plan_is_an_order_at_once() -> None:
    made = planned({"bolt": 100}, dues={"bolt": T0 + 9})
    assert isinstance(made, Order)
    assert (made.state, made.sent_ms, made.confirmed_ms, made.by) == ("confirmed", T0, T0, "acme")
    assert made.lines == [Line("bolt", 100, 2.0, due_ms=T0 + 9)]


def test_where_the_site_decides_it_is_a_draft() -> None:
    made = planned({"bolt": 100}, replace(DEAL, decides="site"))
    assert isinstance(made, Order)
    assert (made.state, made.sent_ms) == ("draft", 0)


def test_what_the_site_made_of_a_plan_is_not_its_suppliers_until_it_is_sent() -> None:
    made = replace(planned({"bolt": 100}, replace(DEAL, decides="site")), id=7)
    ours = replace(made, lines=[Line("bolt", 50, 1.5)], version=2, note="cheaper elsewhere", by="kim", needs=[9])
    assert seen(made) == replace(made, by="", keys=[], said={}, proposed=[])
    assert seen(ours) == seen(made)
    assert seen(replace(ours, state="approved", version=3)) == seen(made)
    assert waiting([ours, order(), replace(made, supplier="best")], "acme") == [seen(made)]
    sent = replace(ours, state="sent", sent_ms=T0)
    assert (seen(sent).lines, seen(sent).note, waiting([sent], "acme")) == (ours.lines, "", [])
    early = replace(ours, proposed=[])
    assert seen(early).lines == [], "of a version before this one it is not known what was handed in"


def test_a_plan_told_twice_is_one_order() -> None:
    first = planned({"bolt": 100})
    assert planned({"bolt": 100}, orders=[first]) is first
    assert planned({"bolt": 100}, orders=[first], key="p2") is not first


@pytest.mark.parametrize(
    ("units", "reason"),
    [
        ({"bolt": 146}, "outside"),
        ({"nail": 10}, "not_yours"),
        ({"screw": 10}, "not_yours"),
        ({"nut": 30}, "no_offer"),
        ({}, "no_lines"),
        ({"bolt": 0}, "units"),
        ({"bolt": -3}, "units"),
    ],
)
def test_what_is_outside_the_agreement_is_refused(units: dict[str, int], reason: str) -> None:
    made = planned(units)
    assert isinstance(made, Refusal)
    assert made.reason == reason


def test_at_least_the_least_and_at_most_the_most_will_be_there_with_drafts_counted() -> None:
    assert isinstance(planned({"bolt": 145}), Order)
    short = replace(DEAL, least={"bolt": 100})
    made = planned({"bolt": 10}, short)
    assert isinstance(made, Refusal)
    assert made.hint == "Plan 45 to 145."
    waiting = [order(state="draft", sent_ms=0)]
    assert isinstance(planned({"bolt": 45}, orders=waiting), Order)
    assert isinstance(planned({"bolt": 46}, orders=waiting), Refusal)


def test_a_suspended_supplier_plans_nothing() -> None:
    made = planned({"bolt": 100}, supplier=replace(ACME, suspended=True))
    assert isinstance(made, Refusal)
    assert made.reason == "suspended"


TIGHT = Known("nut", "Nut", Position(10), 30, 31, 2.5)


@pytest.mark.parametrize(
    ("least", "most", "lot", "found"),
    [
        ({}, {}, 1, (30, 48)),  # seven days of 2.5
        ({}, {}, 100, (30, 130)),
        ({"nut": 40}, {}, 1, (40, 58)),
        ({}, {"nut": 35}, 1, (17, 35)),
        ({}, {"nut": 10}, 1, (0, 10)),
        ({}, {"nut": 90}, 1, (30, 90)),
        ({"nut": 40}, {"nut": 41}, 100, (40, 41)),
    ],
)
def test_between_a_bound_and_the_plans_there_is_room_for_a_lot_and_a_week(
    least: dict[str, int], most: dict[str, int], lot: int, found: tuple[int, int]
) -> None:
    assert bounds(Agreement("acme", ["nut"], "site", least, most), TIGHT, lot) == found


def test_without_a_plan_there_are_no_bounds_but_those_agreed_on() -> None:
    unknown = Known("nut", "Nut", Position(10))
    assert bounds(Agreement("acme", ["nut"]), unknown) == (None, None)
    assert bounds(Agreement("acme", ["nut"], least={"nut": 5}), unknown) == (5, None)


def test_a_suppliers_lot_always_fits_once_the_shelf_is_at_its_least() -> None:
    offer = Offer("acme", "nut", 1.0, moq=50, pack=25)
    low = replace(TIGHT, position=Position(30), forecast_day=None)
    deals = {"nut": Agreement("acme", ["nut"])}
    [shelf] = shelves(deals.values(), "acme", [low], [offer], [])
    assert (shelf.least, shelf.most) == (30, 80)
    assert isinstance(plan(deals, ACME, {"nut": 50}, [low], [offer], [], "acme", T0, key=""), Order)


def test_a_plan_may_be_of_two_agreements_as_long_as_the_same_decide() -> None:
    offers = [*OFFERS, Offer("acme", "nut", 1.0)]
    for second, state in (("supplier", "confirmed"), ("site", "")):
        deals = agreed([replace(DEAL, skus=["bolt"]), Agreement("acme", ["nut"], second)], "acme")  # type: ignore[arg-type]
        made = plan(deals, ACME, {"bolt": 100, "nut": 30}, SEEN, offers, [], "acme", T0, key="p1")
        if state:
            assert isinstance(made, Order)
            assert made.state == state
        else:
            assert isinstance(made, Refusal)
            assert (made.reason, "bolt" in made.detail) == ("two_plans", True)


DAY = 86_400_000


@pytest.mark.parametrize("due_ms", [1, T0 - DAY - 1, T0 + FAR_MS + 1, 253_370_764_800_000])
def test_a_supplier_names_no_day_that_is_over_or_years_off(due_ms: int) -> None:
    for action, what in (
        ("confirm", {}), ("change", {}), ("ship", {"units": {"bolt": 60}, "key": "asn"}),
    ):  # fmt: skip
        after = step(order(), "acme", action, "acme", T0, Buying(), dues={"bolt": due_ms}, **what)  # type: ignore[arg-type]
        assert isinstance(after, Refusal), action
        assert after.reason == "date"
    made = planned({"bolt": 100}, dues={"bolt": due_ms})
    assert isinstance(made, Refusal)
    assert made.reason == "date"


def test_a_day_that_is_agreed_already_or_not_known_is_no_new_one() -> None:
    later = T0 + 30 * DAY
    for due_ms in (T0, 0, later - DAY, later + DAY):
        after = step(order(), "acme", "confirm", "acme", later, Buying(), dues={"bolt": due_ms})
        assert isinstance(after, Order), due_ms
    late = step(order(), "acme", "ship", "acme", later, Buying(), units={"bolt": 6}, dues={"bolt": T0 + DAY}, key="a")
    assert isinstance(late, Order), "goods may be told of late"


def test_what_a_supplier_notes_is_kept_for_the_site() -> None:
    after = step(order(), "acme", "confirm", "acme", T0, Buying(), note="ten on Monday")
    assert isinstance(after, Order)
    assert (after.note, after.supplier_note) == ("between us", "ten on Monday")
    again = step(after, "acme", "confirm", "acme", T0 + 1, Buying(), note="ten on Monday")
    assert again is after
    gone = step(after, "acme", "ship", "acme", T0, Buying(), units={"bolt": 60}, key="asn", note="two pallets")
    assert isinstance(gone, Order)
    assert (gone.note, gone.supplier_note) == ("between us", "two pallets")
    assert [(one.note, one.supplier_note) for one in own_orders([gone], "acme")] == [("", "two pallets")]
    quiet = step(order(), "acme", "confirm", "acme", T0, Buying())
    assert isinstance(quiet, Order)
    assert quiet.note == "between us"
