"""The audit: a sound book has no findings, and each promise that is broken is found and named."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec.structs import replace

from cloud.core.book import audit as auditing
from cloud.core.book.accounts import Account, fold
from cloud.core.book.audit import CHECKS, Beside, Finding, audit
from cloud.core.book.entries import NO_CLAIM, Entry, Kind, order, sensed, take_back, taken_back
from cloud.core.book.layers import Layer
from cloud.core.book.state import Debt
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Line, Order
from cloud.core.replenishment import Need
from protocols.reports import SlotLevel
from protocols.trade import Tier
from tests.unit.book_facts import HOUR_MS, T0, Facts, by

FIRST = Entry("receipt", "bolt", 10, T0, T0, unit_cost=2.0, ref="order:7", id=1)
ORDER = Order("acme", [Line("bolt", 20, 2.0, received=10)], "partly_received", T0, T0, "ann", needs=[3], id=7)
NEED = Need("bolt", 20, "proposed", T0, T0, {}, id=3)
LEVEL = SlotLevel("A1", "bolt", 4, 4, 4, 0.99, 20.0, T0 + 9 * HOUR_MS)


def book() -> list[Entry]:
    """Ten came by order 7, four of them are on a shelf."""
    facts = Facts()
    facts.entries.append(FIRST)
    facts.shelf("A1", 6, "first")
    facts.shelf("A1", -2)
    return facts.entries


def found(facts: list[Entry] | None = None, **beside: Any) -> list[Finding]:
    held = book() if facts is None else sorted(facts, key=order)
    takers = [one for one in held if taken_back(one) is not None]
    usual = {"orders": [ORDER], "needs": [NEED], "levels": {"A1": LEVEL}}
    findings = [*audit(held, takers, {"bolt": by()}, Beside(**{**usual, **beside}))]
    assert {one.check for one in findings} <= {*CHECKS}
    return findings


def only(findings: list[Finding]) -> tuple[str, str]:
    assert len(findings) == 1, findings
    return findings[0].check, findings[0].subject


def test_a_sound_book_has_no_findings() -> None:
    held = [Reservation("bolt", 8, "", "joe", T0), Reservation("bolt", 90, "", "joe", T0, state="released")]

    assert found(reservations=held, accounts={"bolt": fold(book(), by())}) == []


def test_a_count_that_does_not_follow_from_the_last_is_found() -> None:
    gap = sensed("A1", "bolt", -1, 9, T0 + 5 * HOUR_MS, T0 + 5 * HOUR_MS, "weight")
    anew = sensed("A1", "bolt", 5, 9, T0 + 5 * HOUR_MS, T0 + 5 * HOUR_MS, "count")

    assert only(found([*book(), gap], levels={})) == ("chain", "A1")
    assert found([*book(), anew], levels={}) == []


def test_a_level_that_claims_something_else_than_its_last_movement_is_found() -> None:
    assert only(found(levels={"A1": replace(LEVEL, count=5)})) == ("level", "A1")
    assert found(levels={"A1": replace(LEVEL, count=None)}) == []
    assert found(levels={"A1": replace(LEVEL, count=6, at_ms=T0)}) == []  # it was told before that movement


def test_units_in_the_book_of_an_sku_that_lies_there_no_more_are_found() -> None:
    assert only(found(levels={"A1": replace(LEVEL, sku="nut")})) == ("one_book", "A1")


def test_more_in_quarantine_or_promised_than_there_is_is_found() -> None:
    more, of_none = fold(book(), by()), fold(book(), by())
    more.aside[""] = more.on_hand + 1
    of_none.aside["L7"] = 1

    assert broken(more) == broken(of_none) == {"quarantine"}
    late = T0 + 9 * HOUR_MS
    [more_than_there] = found(reservations=[Reservation("bolt", 9, "", "joe", late)])
    assert (more_than_there.check, more_than_there.subject, more_than_there.breach) == ("promised", "bolt", True)
    assert only(found(reservations=[Reservation("nut", 1, "", "joe", late)])) == ("promised", "nut")


def test_what_the_world_took_of_what_was_promised_is_told_and_is_no_breach() -> None:
    gold = Reservation("bolt", 4, "gold", "ann", T0 + 3 * HOUR_MS, id=2)
    held = [Reservation("bolt", 4, "", "joe", T0 + 3 * HOUR_MS - 1, id=1), gold]
    tiers = [Tier("gold", "Gold")]

    def after(kind: Kind, units: int, **more: Any) -> list[Finding]:
        at_ms = T0 + 4 * HOUR_MS
        fact = Entry(kind, "bolt", units, more.pop("at_ms", at_ms), at_ms, id=9, **more)
        return found([*book(), fact], reservations=held, tiers=tiers)

    for world in (after("loss", -3), after("quarantine", 3), after("count", 1), after("loss", -3, at_ms=T0 + HOUR_MS)):
        assert [(one.check, one.subject, one.breach) for one in world] == [("promised", "bolt", False)]
        assert world[0].detail.endswith("not covered: 1")
    assert [one.breach for one in after("pick", -3)] == [True], "the service ought to have refused it"
    assert after("receipt", 3) == []


def test_units_of_a_slot_that_are_not_what_its_scale_and_its_counts_say_are_found() -> None:
    at_ms = T0 + 4 * HOUR_MS
    against = Entry("count", "bolt", 6, at_ms, at_ms, "A1", id=9)
    meanwhile = replace(against, other=NO_CLAIM)

    assert found([*book(), against]) == []
    [said] = found([*book(), meanwhile])
    assert (said.check, said.subject, said.breach) == ("shelf", "A1", False)
    assert found([*book(), meanwhile], levels={"A1": replace(LEVEL, count=None)}) == []
    assert only(found(levels={"A1": LEVEL, "A2": replace(LEVEL, slot="A2")})) == ("level", "A2")
    given = Entry("transfer", "bolt", -4, at_ms, at_ms, "A1", ref="slot:A1", id=9)
    assert found([*book(), given]) == found([*book(), given], levels={"A1": replace(LEVEL, sku="nut")}) == []


def test_an_sku_that_may_not_be_owed_and_is_below_zero_is_found_where_no_shelf_has_a_say() -> None:
    facts = Facts()
    facts.say("pick", -3)

    def below(strict: Collection[str], *slots: str) -> list[Finding]:
        terms = replace(by(), slots=frozenset(slots))
        return [*audit(facts.entries, [], {"bolt": terms}, Beside(strict=strict))]

    assert only(below({"bolt"})) == ("below_zero", "bolt")
    assert below({"nut"}) == below((), "A1") == below({"bolt"}, "A1") == []


def test_what_takes_back_what_is_not_there_or_twice_is_found() -> None:
    once = replace(take_back(FIRST, T0 + HOUR_MS, "ann"), id=5)
    none = replace(once, id=6, ref="entry:99")
    other = replace(once, id=6, sku="nut")
    orders = [replace(ORDER, lines=[Line("bolt", 20, 2.0)])]

    assert found([*book(), once], orders=orders) == []
    assert only(found([*book(), once, replace(once, id=6)], orders=orders)) == ("taken_back", "entry:1")
    assert only(found([*book(), none])) == ("taken_back", "entry:6")
    assert ("taken_back", "entry:6") in {(one.check, one.subject) for one in found([*book(), other], orders=orders)}


def test_receipts_that_do_not_add_up_to_their_order_are_found() -> None:
    assert only(found(orders=[replace(ORDER, lines=[Line("bolt", 20, 2.0, received=12)])])) == ("received", "order:7")
    assert only(found(orders=[])) == ("received", "order:7")
    assert found([*book(), replace(FIRST, id=9, ref="order:x")]) == []


def test_a_need_that_is_open_or_ordered_twice_is_found() -> None:
    assert only(found(needs=[NEED, replace(NEED, id=4)])) == ("one_need", "bolt")
    assert found(needs=[NEED, replace(NEED, id=4, state="fulfilled")]) == []
    again = replace(ORDER, id=8, lines=[Line("bolt", 20, 2.0)])
    assert only(found(orders=[ORDER, again])) == ("one_order", "need:3")
    assert found(orders=[ORDER, replace(again, supplier="bolt ltd")]) == []  # split in two by one decision
    later = replace(again, supplier="bolt ltd", created_ms=T0 + 1)
    assert only(found(orders=[ORDER, later])) == ("one_order", "need:3")


def test_an_account_that_is_not_what_its_facts_make_is_found() -> None:
    kept = fold(book(), by())
    kept.off += 1

    assert {one.check for one in found(accounts={"bolt": kept})} == {"kept"}
    dearer = fold(book(), by(unit_cost=9.0))
    dearer.layers.layers[0].unit_cost = 3.0
    assert only(found(accounts={"bolt": dearer})) == ("kept", "bolt")
    behind = fold(book()[:-1], by())
    assert found(accounts={"bolt": behind}) == []  # it is being folded


def broken(account: Account) -> set[str]:
    return {one.check for one in auditing.sums("bolt", account)}


def test_sums_that_do_not_hold_are_found() -> None:
    layers, value, lots, debts, below = (fold(book(), by()) for _ in range(5))
    layers.layers.layers[0].units += 1
    value.flows.received += 1.0
    lots.batches.units[""] += 1
    debts.owed.append(Debt(1, "pick", T0))
    below.layers.layers.append(Layer(-1, 2.0))

    assert broken(fold(book(), by())) == set()
    assert broken(layers) == {"layers", "value"}
    assert broken(value) == {"value"}
    assert broken(lots) == {"lots"}
    assert broken(debts) == {"debts"}
    assert "layer_below_zero" in broken(below)


def test_very_many_findings_of_a_check_are_counted() -> None:
    gaps = [sensed("A1", "bolt", -1, 50, T0 + n, T0 + n, "weight") for n in range(auditing.SHOWN_MAX + 6)]
    findings = found([*book()[:1], *gaps], levels={})

    assert len(findings) == auditing.SHOWN_MAX + 1
    assert findings[-1] == Finding("chain", "", "and 5 more")


def test_every_check_says_what_it_promises() -> None:
    assert all(said.endswith(".") for said in CHECKS.values())
