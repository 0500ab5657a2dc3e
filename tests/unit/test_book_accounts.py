"""What an account says after facts that a person can follow by hand."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from cloud.core.book import state
from cloud.core.book.accounts import Account, Unexplained, fold, opened, out_of_turn, post
from cloud.core.book.entries import Entry, Sensed, sensed, take_back, taken_back, withdrawn
from cloud.core.book.positions import Position
from tests.unit.book_facts import COSTINGS, HOUR_MS, T0, Facts, by


@pytest.fixture
def facts() -> Facts:
    return Facts()


def folded(facts: Facts, costing: str = "fifo") -> Account:
    return fold(facts.entries, by(costing))


def test_available_is_what_nobody_has_been_promised_and_projected_what_is_still_to_come() -> None:
    position = Position(on_hand=10, reserved=3, quarantined=2, on_order=20, in_transit=5)

    assert (position.available, position.projected) == (5, 30)
    assert Position(-4, on_order=10).projected == 6


def test_a_shelf_draws_what_it_gains_from_off_the_shelves(facts: Facts) -> None:
    facts.say("receipt", 50, unit_cost=3.0, ref="order:1")
    facts.shelf("A1", 20)
    account = folded(facts)

    assert (account.on_hand, account.off, account.shelves, account.unexplained) == (50, 30, {"A1": 20}, [])
    assert account.value == account.flows.received == 150.0


def test_what_a_shelf_gained_without_a_receipt_is_unexplained_until_one_is_told(facts: Facts) -> None:
    facts.shelf("A1", 20)
    before = folded(facts)
    facts.say("receipt", 30, unit_cost=5.0)
    after = folded(facts)

    assert before.unexplained == [Unexplained(T0, 20, "A1")]
    assert (before.on_hand, before.value, before.flows.unbooked) == (20, 40.0, 40.0)
    assert (after.on_hand, after.off, after.unexplained) == (30, 10, [])
    assert (after.value, after.flows.unbooked, after.flows.received) == (150.0, 0.0, 150.0)


def test_units_sold_at_a_provisional_cost_are_corrected_by_the_receipt(facts: Facts) -> None:
    facts.shelf("A1", 10)
    facts.shelf("A1", -4)
    facts.say("receipt", 10, unit_cost=5.0)
    account = folded(facts)

    assert (account.flows.goods, account.flows.corrections, account.value) == (8.0, 12.0, 30.0)


def test_a_put_that_nobody_explains_for_a_month_takes_no_later_receipt(facts: Facts) -> None:
    facts.shelf("A1", 10)
    receipt = Entry("receipt", "bolt", 10, T0 + state.LAPSE_MS + 1, T0 + state.LAPSE_MS + 1, unit_cost=5.0, id=9)
    account = fold([*facts.entries, receipt], by())

    assert (account.on_hand, account.off, account.value) == (20, 10, 70.0)


def test_the_oldest_of_very_many_unexplained_puts_stays_as_it_is(facts: Facts) -> None:
    for at in range(state.PUTS_MAX + 10):
        facts.entries.append(sensed("A1", "bolt", 1, at + 1, T0 + at, T0 + at, "weight"))
    account = folded(facts)

    assert len(account.unexplained) == state.PUTS_MAX
    assert account.unexplained[0].at_ms == T0 + 10
    assert account.on_hand == state.PUTS_MAX + 10


def test_more_than_there_is_off_the_shelves_is_a_debt_with_its_cause_and_age(facts: Facts) -> None:
    facts.say("receipt", 5, unit_cost=3.0)
    facts.say("pick", -8, ref="reservation:3")
    owing = folded(facts)
    facts.say("receipt", 2, unit_cost=4.0)
    partly = folded(facts)

    assert [msgspec.structs.astuple(one) for one in owing.debts] == [(3, "reservation:3", T0 + HOUR_MS)]
    assert (owing.on_hand, owing.value) == (-3, -9.0)
    assert [one.units for one in partly.debts] == [1]
    assert (partly.on_hand, partly.value, partly.flows.corrections) == (-1, -3.0, 2.0)


def test_very_many_debts_are_added_to_the_last_and_still_settled(facts: Facts) -> None:
    for _ in range(state.DEBTS_MAX + 5):
        facts.say("pick", -1)
    owing = folded(facts)
    facts.say("receipt", state.DEBTS_MAX + 5, unit_cost=1.0)

    assert (len(owing.debts), owing.debts[-1].units) == (state.DEBTS_MAX, 6)
    assert folded(facts).debts == []


def test_a_new_shelf_takes_its_first_count_from_the_store_room(facts: Facts) -> None:
    facts.say("receipt", 50, unit_cost=3.0)
    facts.shelf("A1", 20, "first")
    account = folded(facts)

    assert (account.on_hand, account.off, account.flows.found) == (50, 30, 0.0)


def test_a_scale_that_missed_something_is_believed_and_the_difference_kept_apart(facts: Facts) -> None:
    facts.shelf("A1", 10, "first")
    facts.entries.append(sensed("A1", "bolt", -1, 7, facts.now_ms, facts.now_ms, "weight"))
    account = folded(facts)

    assert account.shelves == {"A1": 7}
    assert (account.flows.goods, account.flows.missing) == (2.0, 4.0)


def test_what_a_person_counted_at_a_slot_stands_until_its_scale_is_counted_or_empty(facts: Facts) -> None:
    facts.shelf("A1", 10, "first")
    facts.say("count", 8, "A1")
    facts.shelf("A1", -3)
    counted = folded(facts)
    facts.shelf("A1", -7)
    empty = folded(facts)

    assert (counted.on_hand, counted.bias, counted.flows.missing) == (5, {"A1": -2}, 4.0)
    assert (empty.on_hand, empty.bias) == (0, {})
    facts.shelf("A1", 6, "count")
    assert folded(facts).on_hand == 6


def test_a_correction_by_a_count_at_the_scale_ends_what_a_person_said(facts: Facts) -> None:
    facts.shelf("A1", 10, "first")
    facts.say("count", 8, "A1")
    facts.shelf("A1", -2, "count")
    facts.shelf("A1", -1)

    assert (folded(facts).on_hand, folded(facts).bias) == (7, {})


@pytest.mark.parametrize("told_first", [True, False])
def test_a_loss_told_at_a_slot_says_why_units_left_and_moves_no_count(facts: Facts, told_first: bool) -> None:
    facts.shelf("A1", 10, "first")
    steps: list[Callable[[], Entry]] = [
        lambda: facts.say("loss", -2, "A1", note="broken"),
        lambda: facts.shelf("A1", -2),
    ]
    for step in steps if told_first else steps[::-1]:
        step()
    facts.shelf("A1", -3)
    account = folded(facts)

    assert (account.on_hand, account.flows.losses, account.flows.goods) == (5, 4.0, 6.0)


@pytest.mark.parametrize("order", ["tell pick put", "pick tell put", "pick put tell", "put tell pick", "tell put pick"])
def test_a_transfer_between_slots_is_no_sale_and_needs_no_receipt(facts: Facts, order: str) -> None:
    facts.shelf("A1", 10, "first")
    facts.shelf("A2", 1, "first")
    does = {
        "tell": lambda: facts.say("transfer", -4, "A1", other="A2"),
        "pick": lambda: facts.shelf("A1", -4),
        "put": lambda: facts.shelf("A2", 4),
    }
    for step in order.split():
        does[step]()
    account = folded(facts)

    assert (account.on_hand, account.off, account.shelves) == (11, 0, {"A1": 6, "A2": 5})
    assert account.unexplained == []
    assert (account.flows.goods, account.flows.unbooked, account.value) == (0.0, 0.0, 22.0)


def test_goods_taken_from_a_slot_to_the_store_room_stay_on_hand(facts: Facts) -> None:
    facts.shelf("A1", 10, "first")
    facts.say("transfer", 4, "", other="A1")
    facts.shelf("A1", -4)
    account = folded(facts)

    assert (account.on_hand, account.off, account.flows.goods) == (10, 4, 0.0)


def test_a_transfer_to_another_site_leaves_and_one_from_it_comes(facts: Facts) -> None:
    facts.shelf("A1", 10, "first")
    facts.shelf("A1", -4)
    facts.say("transfer", -4, "A1", other="branch")
    facts.say("transfer", 6, "", other="branch", unit_cost=2.5)
    account = folded(facts)

    assert (account.on_hand, account.off) == (12, 6)
    assert (account.flows.moved_out, account.flows.goods, account.flows.moved_in) == (8.0, 0.0, 15.0)


def test_what_is_told_of_a_slot_and_never_seen_lapses_after_a_day(facts: Facts) -> None:
    facts.shelf("A1", 10, "first")
    facts.say("loss", -2, "A1")
    at_ms = T0 + 26 * HOUR_MS
    account = fold([*facts.entries, sensed("A1", "bolt", -2, 8, at_ms, at_ms, "weight")], by())

    assert (account.flows.losses, account.flows.goods, account.told) == (0.0, 4.0, {})


def test_a_late_fact_is_seen_to_be_late(facts: Facts) -> None:
    facts.say("receipt", 5)
    first = facts.entries[0]
    facts.say("pick", -2)
    account = folded(facts)

    assert account.last == (T0 + HOUR_MS, T0 + HOUR_MS, 2)
    assert out_of_turn(account, Entry("pick", "bolt", -1, T0, T0 + 10 * HOUR_MS, id=3))
    assert out_of_turn(account, take_back(first, T0 + 10 * HOUR_MS, "ann"))
    assert out_of_turn(account, take_back(facts.entries[-1], T0 + 10 * HOUR_MS, "ann"))
    assert not out_of_turn(account, Entry("pick", "bolt", -1, T0 + 2 * HOUR_MS, T0 + 2 * HOUR_MS, id=3))


def test_taking_back_what_takes_back_makes_the_first_stand_again() -> None:
    first = Entry("receipt", "bolt", 5, T0, T0, id=1)
    second = msgspec.structs.replace(take_back(first, T0 + 1, "ann"), id=2)
    third = msgspec.structs.replace(take_back(second, T0 + 2, "ann"), id=3)

    assert withdrawn([first, second]) == {1}
    assert withdrawn([first, second, third]) == {2}
    assert withdrawn([first, second, third], known_to_ms=T0 + 1) == {1}
    assert fold([first, second, third], by()).on_hand == 5
    assert [taken_back(Entry("pick", "bolt", 1, 0, 0, ref=ref)) for ref in ("entry:x", "order:1", "entry:")] == [
        None
    ] * 3


def test_a_number_of_a_shelf_movement_is_not_taken_for_that_of_an_entry(facts: Facts) -> None:
    moved = sensed("A1", "bolt", 5, 5, T0, T0, "weight", id=1)
    wrong = Entry("receipt", "bolt", 7, T0 + 1, T0 + 1, id=1)
    taker = msgspec.structs.replace(take_back(wrong, T0 + 2, "ann"), id=2)

    assert fold([moved, wrong, taker], by()).on_hand == 5


def test_an_entry_that_is_sensed_names_what_the_shelf_told() -> None:
    kinds = [sensed("A1", "bolt", delta, 5, 1, 2, source).kind for delta, source in ((-1, "weight"), (2, "tags"))]
    count = sensed("A1", "bolt", 5, 5, 1, 2, "first")

    assert kinds == ["pick", "put"]
    assert (count.kind, count.units, count.ref, type(count)) == ("count", 5, "sensed", Sensed)


@pytest.mark.parametrize(
    ("costing", "goods", "value"), [("fifo", 40.0, 60.0), ("lifo", 60.0, 40.0), ("average", 50.0, 50.0)]
)
def test_each_method_values_what_leaves_in_its_own_way(facts: Facts, costing: str, goods: float, value: float) -> None:
    facts.say("receipt", 10, unit_cost=2.0)
    facts.say("receipt", 20, unit_cost=4.0)
    facts.say("pick", -15)
    account = folded(facts, costing)

    assert (account.flows.goods, account.value) == pytest.approx((goods, value))


@pytest.mark.parametrize("costing", COSTINGS)
def test_a_partial_receipt_reprices_as_many_units_as_it_explains(facts: Facts, costing: str) -> None:
    facts.shelf("A1", 10)
    facts.shelf("A1", -4)
    facts.say("receipt", 5, unit_cost=5.0)
    account = folded(facts, costing)
    corrected = {"fifo": 12.0, "lifo": 0.0, "average": 0.0}[costing]

    assert (account.on_hand, account.unexplained[0].units) == (6, 5)
    assert account.flows.corrections == pytest.approx(corrected)
    assert account.flows.value_in == pytest.approx(25.0 + 10.0)
    assert account.value == pytest.approx(35.0 - 8.0 - corrected)


def test_what_is_set_aside_is_still_on_hand(facts: Facts) -> None:
    facts.say("receipt", 10, lot="L1", expiry="2026-01-31")
    facts.say("quarantine", 4, lot="L1")
    facts.say("quarantine", -1, lot="L1")
    account = folded(facts)

    assert (account.on_hand, account.quarantined, account.aside) == (10, 3, {"L1": 3})


def test_an_account_is_opened_empty_and_takes_facts_one_by_one(facts: Facts) -> None:
    account = opened("", by())
    post(account, facts.say("receipt", 5, unit_cost=2.0), by())

    assert (account.sku, account.on_hand, account.value) == ("bolt", 5, 10.0)


def test_a_fact_of_no_units_and_an_adjustment_of_a_weighed_slot_change_nothing(facts: Facts) -> None:
    facts.shelf("A1", 10, "first")
    facts.say("adjustment", 5, "A1")
    facts.say("pick", 0)

    assert (folded(facts).on_hand, folded(facts).value) == (10, 20.0)


def test_an_empty_shelf_ends_what_a_person_counted_there_too_many(facts: Facts) -> None:
    facts.shelf("A1", 10, "first")
    facts.say("count", 12, "A1")
    facts.shelf("A1", -10)
    account = folded(facts)

    assert (account.on_hand, account.value, account.flows.goods, account.flows.missing) == (0, 0.0, 20.0, 4.0)


def test_part_of_a_put_can_be_explained_after_all_that_was_left_of_it(facts: Facts) -> None:
    facts.shelf("A1", 10)
    facts.shelf("A1", -6)
    facts.say("receipt", 4, unit_cost=5.0)
    facts.say("receipt", 6, unit_cost=3.0)
    account = folded(facts, "lifo")

    assert (account.unexplained, account.value) == ([], 20.0)
    assert (account.flows.goods, account.flows.corrections) == (12.0, 6.0)


def test_a_month_old_put_is_forgotten_by_the_next_one(facts: Facts) -> None:
    facts.shelf("A1", 10)
    at_ms = T0 + state.LAPSE_MS + 1
    account = fold([*facts.entries, sensed("A1", "bolt", 5, 15, at_ms, at_ms, "weight")], by())

    assert [one.at_ms for one in account.unexplained] == [at_ms]


def test_what_had_only_been_away_is_the_next_to_leave_again(facts: Facts) -> None:
    facts.say("receipt", 4, unit_cost=1.0)
    facts.shelf("A1", 4)
    facts.say("receipt", 6, unit_cost=3.0)
    facts.shelf("A1", -2)
    facts.say("transfer", -2, "A1", other="")
    facts.say("transfer", -2, "", other="A1")
    facts.say("pick", -4)
    account = folded(facts)

    assert (account.on_hand, account.value, account.flows.goods) == (6, 18.0, 4.0)


def test_a_shelf_that_gains_units_while_some_are_owed_settles_their_cost_for_now(facts: Facts) -> None:
    facts.say("receipt", 1, unit_cost=6.0)
    facts.say("pick", -4)
    facts.say("transfer", 1, "", other="branch", unit_cost=2.0)
    facts.shelf("A1", 5)
    account = folded(facts)

    assert (account.on_hand, account.off, account.layers.shorts) == (3, -2, account.layers.shorts.__class__())
    assert account.flows.value_in - account.flows.value_out == pytest.approx(account.value) == 6.0
    assert account.flows.corrections == pytest.approx(-4.0 * 3)


def test_units_of_a_known_cost_are_not_taken_for_those_nobody_explained(facts: Facts) -> None:
    facts.shelf("A1", 5)
    facts.say("count", 4, "")  # closes the put: from here on its units are like others of that cost
    facts.shelf("A2", 9)
    facts.say("adjustment", 3, unit_cost=2.0)
    facts.say("receipt", 5, unit_cost=7.0)
    account = folded(facts)

    assert account.on_hand == 17
    assert account.value == pytest.approx(12 * 2.0 + 5 * 7.0)


def test_more_picks_than_a_person_had_found_leave_nothing_there_until_the_scale_is_counted_or_empty(
    facts: Facts,
) -> None:
    facts.shelf("A1", 49, "first")
    facts.say("count", 5, "A1")
    on_hand = []
    for _ in range(8):
        facts.shelf("A1", -1)
        on_hand.append(folded(facts).on_hand)
    account = folded(facts)

    assert on_hand == [4, 3, 2, 1, 0, 0, 0, 0]
    assert (account.bias, account.differs) == ({"A1": -41}, {"A1": facts.entries[-1].happened_ms})
    assert account.flows.found == (49 + 3) * 2.0
    facts.shelf("A1", 6)
    assert folded(facts).on_hand == 6
    facts.shelf("A1", -47)
    assert (folded(facts).on_hand, folded(facts).bias, folded(facts).differs) == (0, {}, {})


def test_a_scale_that_is_counted_or_a_person_who_counts_again_ends_that_they_differ(facts: Facts) -> None:
    facts.shelf("A1", 49, "first")
    facts.say("count", 0, "A1")
    facts.shelf("A1", -1)
    assert folded(facts).differs
    facts.say("count", 3, "A1")
    again = folded(facts)
    facts.shelf("A1", -2)
    facts.shelf("A1", -2)
    facts.shelf("A1", -4, "count")

    assert (again.on_hand, again.differs) == (3, {})
    assert (folded(facts).on_hand, folded(facts).differs) == (40, {})
