"""What the book refuses, each time in a sentence, with what to do about it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cloud.core.book.accounts import Account, fold
from cloud.core.book.checks import promised, told, unfit
from cloud.core.book.entries import Entry, Kind, order, take_back
from cloud.core.book.late import asks, untimely
from cloud.core.book.positions import Position
from cloud.core.refusals import Refusal
from protocols.layout import Sku
from tests.unit.book_facts import HOUR_MS, SLOTS, T0, Facts, by

BOLT = Sku("bolt", "Bolt", 5.0)
NOW_MS = T0 + 100 * HOUR_MS


def stocked() -> Account:
    """Ten on the shelf A1 after two had left it, eight off the shelves, five of them of lot L1, one of these aside."""
    facts = Facts()
    facts.say("receipt", 12)
    facts.shelf("A1", 12)
    facts.shelf("A1", -2)
    facts.say("receipt", 3)
    facts.say("receipt", 5, lot="L1", expiry="2026-03-31")
    facts.say("quarantine", 1, lot="L1")
    return fold(facts.entries, by())


def asked(kind: Kind, units: int, place: str = "", sku: Sku | None = BOLT, **more: Any) -> Refusal | None:
    known = {name: more.pop(name) for name in ("target", "gone", "elsewhere") if name in more}
    entry = Entry(kind, "bolt", units, more.pop("happened_ms", T0), NOW_MS, place, **more)
    return unfit(entry, stocked(), sku, SLOTS, now_ms=NOW_MS, **known)


@pytest.mark.parametrize(
    ("kind", "units", "more"),
    [
        ("receipt", 5, {"unit_cost": 0.0}),
        ("receipt", 5, {"place": "A1", "lot": "L2", "expiry": "2026-03-31"}),
        ("pick", -8, {}),
        ("pick", -12, {"place": "A1"}),
        ("pick", -2, {"lot": "L1"}),
        ("put", 1, {}),
        ("loss", -1, {}),
        ("adjustment", -8, {}),
        ("count", 0, {"place": "A1"}),
        ("transfer", -3, {"place": "A1", "other": "A2"}),
        ("transfer", -3, {"other": "branch"}),
        ("quarantine", 17, {}),
        ("quarantine", 4, {"lot": "L1"}),
        ("quarantine", -1, {"lot": "L1"}),
        ("pick", -1, {"happened_ms": NOW_MS + 5 * 60_000}),
    ],
)
def test_what_can_have_happened_enters(kind: Kind, units: int, more: dict[str, Any]) -> None:
    assert asked(kind, units, **more) is None


@pytest.mark.parametrize(
    ("kind", "units", "more", "reason", "said"),
    [
        ("pick", -1, {"sku": None}, "unknown_sku", "no SKU 'bolt'"),
        ("pick", -1, {"place": "B7"}, "unknown_slot", "no slot 'B7'"),
        ("transfer", -1, {"other": "moon", "elsewhere": ["branch"]}, "unknown_slot", "'moon' is no slot"),
        ("transfer", -1, {"place": "A1", "other": "A1"}, "same_place", "another place"),
        ("transfer", -1, {}, "same_place", "another place"),
        ("pick", 0, {}, "units", "0 units says nothing"),
        ("count", -1, {}, "units", "-1 units"),
        ("receipt", 2**50, {}, "units", "more than the book holds"),
        ("pick", 3, {}, "sign", "A pick leaves, and has 3 units."),
        ("loss", 3, {}, "sign", "leaves"),
        ("receipt", -3, {}, "sign", "comes in"),
        ("put", -3, {}, "sign", "comes in"),
        ("receipt", 3, {"unit_cost": float("nan")}, "unit_cost", "nan"),
        ("receipt", 3, {"unit_cost": -1.0}, "unit_cost", "-1"),
        ("adjustment", 3, {"place": "A1"}, "weighed", "weighs for itself"),
        ("receipt", 3, {"expiry": "31.3.2026"}, "expiry", "no date"),
        ("receipt", 3, {"expiry": "2026-02-30"}, "expiry", "no date"),
        ("receipt", 3, {"expiry": "20260228"}, "expiry", "no date"),
        ("pick", -1, {"lot": "L7"}, "unknown_lot", "nothing of lot 'L7'"),
        ("quarantine", 1, {"lot": "L7"}, "unknown_lot", "nothing of lot 'L7'"),
        ("count", 1, {"lot": "L1"}, "lot", "not told apart by place"),
        ("pick", -1, {"happened_ms": NOW_MS + 5 * 60_000 + 1}, "time", "more than 5 minutes from now"),
        ("receipt", 1, {"happened_ms": NOW_MS // 1000}, "time", "a moment before the year 2000"),
        ("count", 1, {"happened_ms": -1}, "time", "a moment before the year 2000"),
        ("receipt", 1, {"happened_ms": NOW_MS * 1000}, "time", "more than 5 minutes from now"),
        ("pick", -9, {}, "short", "8 are there off the shelves, 9 were asked; the shelves hold 10."),
        ("loss", -9, {}, "short", "8 are there"),
        ("adjustment", -9, {}, "short", "8 are there"),
        ("transfer", -9, {"other": "branch"}, "short", "8 are there"),
        ("pick", -13, {"place": "A1"}, "short", "A1 holds 10 and 2 just left it, 13 were asked."),
        ("quarantine", 18, {}, "quarantine", "17 are there"),
        ("quarantine", 5, {"lot": "L1"}, "quarantine", "4 of lot L1 are there"),
        ("quarantine", -2, {"lot": "L1"}, "quarantine", "1 of lot L1 are in quarantine, 2 were to be released."),
        ("quarantine", -1, {}, "quarantine", "0 are in quarantine"),
    ],
)
def test_what_can_not_have_happened_is_refused(
    kind: Kind, units: int, more: dict[str, Any], reason: str, said: str
) -> None:
    refusal = asked(kind, units, **more)

    assert refusal is not None
    assert refusal.reason == reason
    assert said in refusal.detail
    assert refusal.detail.endswith(".")
    assert refusal.hint.endswith((".", "?"))


def test_an_sku_that_may_be_owed_is_picked_below_zero() -> None:
    assert asked("pick", -9, sku=replace(BOLT, negative="allow")) is None


def test_an_sku_without_a_shelf_is_told_what_is_there() -> None:
    facts = Facts()
    facts.say("receipt", 3)
    account = fold(facts.entries, by())
    refusal = unfit(Entry("pick", "bolt", -5, T0, T0), account, BOLT, (), now_ms=NOW_MS)

    assert refusal == Refusal(
        "short", "3 are there, 5 were asked.", "Take 3, or book the receipt that is missing first."
    )


def taken_back(target: Entry | None, gone: tuple[int, ...] = (), **changes: Any) -> Refusal | None:
    entry = replace(take_back(Entry("pick", "bolt", -1, T0, T0, id=5), NOW_MS, "ann"), **changes)
    return unfit(entry, stocked(), BOLT, SLOTS, now_ms=NOW_MS, target=target, gone=gone)


def test_an_entry_is_taken_back_once_by_one_that_names_it() -> None:
    target = Entry("pick", "bolt", -1, T0, T0, id=5)
    reasons = [
        taken_back(target),
        taken_back(None),
        taken_back(target, ref="entry:6"),
        taken_back(target, ref="entry:x"),
        taken_back(target, gone=(5,)),
        taken_back(replace(target, ref="entry:4")),
        taken_back(replace(target, sku="nut")),
        taken_back(target, happened_ms=T0 + 1),
    ]

    assert [one and one.reason for one in reasons] == [
        None,
        "unknown_entry",
        "unknown_entry",
        "unknown_entry",
        "taken_back",
        "takes_back",
        "unknown_entry",
        "time",
    ]


@pytest.mark.parametrize(
    "ref", ["order:7", "reservation:3", "order:x", " order:1", "Order:1", "sensed", " Count", "Entry:5", " entry:5"]
)
def test_what_the_service_enters_itself_is_not_told_by_hand(ref: str) -> None:
    refusal = told(ref)

    assert refusal is not None
    assert (refusal.reason, ref in refusal.detail) == ("ref", True)
    assert [told(one) for one in ("", "entry:5", "ward 4", "count of May")] == [None] * 4


def test_a_receipt_of_an_order_may_be_taken_back_once() -> None:
    came = Entry("receipt", "bolt", 4, T0, T0, ref="order:7", id=5)
    back = take_back(came, NOW_MS, "ann")

    assert unfit(back, stocked(), BOLT, SLOTS, now_ms=NOW_MS, target=came) is None
    refusal = unfit(back, stocked(), BOLT, SLOTS, now_ms=NOW_MS, target=came, gone={5})
    assert refusal is not None
    assert refusal.reason == "taken_back"


def test_a_named_lot_that_has_too_few_is_refused_and_takes_nothing_from_another() -> None:
    for kind in ("pick", "loss", "adjustment"):
        refusal = asked(kind, -6, lot="L1")
        assert refusal is not None
        assert (refusal.reason, refusal.detail) == ("short", "5 of lot L1 are there, 6 were asked.")
    assert asked("pick", -5, lot="L1") is None


def test_of_a_slot_a_lot_that_just_left_may_be_named() -> None:
    facts = Facts()
    facts.say("receipt", 3, lot="L1")
    facts.shelf("A1", 3)
    facts.shelf("A1", -3)
    account = fold(facts.entries, by())

    def loss(units: int, place: str = "A1") -> Refusal | None:
        entry = Entry("loss", "bolt", -units, NOW_MS, NOW_MS, place, lot="L1")
        return unfit(entry, account, BOLT, SLOTS, now_ms=NOW_MS)

    assert [no and no.reason for no in (loss(3), loss(4), loss(1, ""))] == [None, "short", "unknown_lot"]


PICK = Entry("pick", "bolt", -5, T0, T0)
MEMBERS = replace(BOLT, members_only="gold")


@pytest.mark.parametrize(
    ("entry", "sku", "slots", "position", "reason"),
    [
        (PICK, BOLT, (), Position(10, 6), "reserved"),
        (PICK, BOLT, SLOTS, Position(10, 6), "reserved"),
        (PICK, replace(BOLT, negative="allow"), (), Position(10, 6), "reserved"),
        (PICK, BOLT, (), Position(10, 3, 3), "reserved"),
        (PICK, BOLT, (), Position(10, 5), None),
        (PICK, BOLT, (), Position(3), None),
        (PICK, MEMBERS, (), Position(10), "reserved"),
        (PICK, MEMBERS, SLOTS, Position(10), None),
        (replace(PICK, ref="reservation:3"), MEMBERS, (), Position(10, 10), None),
        (replace(PICK, place="A1"), BOLT, SLOTS, Position(10, 10), None),
        (replace(PICK, kind="loss"), MEMBERS, (), Position(10, 10), None),
        (replace(PICK, kind="transfer", other="branch"), BOLT, (), Position(10, 10), "reserved"),
        (replace(PICK, kind="transfer", other="A1"), BOLT, SLOTS, Position(10, 10), None),
        (replace(PICK, kind="receipt", units=5), MEMBERS, (), Position(0, 9), None),
    ],
)
def test_what_is_promised_is_picked_by_its_reservation_alone(
    entry: Entry, sku: Sku, slots: tuple[str, ...], position: Position, reason: str | None
) -> None:
    refusal = promised(entry, sku, slots, position)

    assert (refusal and refusal.reason) == reason
    assert refusal is None or "reservation" in refusal.hint


def late(entry: Entry, *more: Entry, sku: Sku = BOLT) -> Refusal | None:
    facts = [
        Entry("receipt", "bolt", 10, T0 + 10 * HOUR_MS, T0 + 10 * HOUR_MS, lot="L1", id=1),
        Entry("pick", "bolt", -8, T0 + 20 * HOUR_MS, T0 + 20 * HOUR_MS, id=2),
        Entry("receipt", "bolt", 20, T0 + 30 * HOUR_MS, T0 + 30 * HOUR_MS, id=3),
        *more,
    ]
    return untimely(entry, sorted(facts, key=order), sku, by(), frozenset())


def past(units: int, hours: int, **more: Any) -> Entry:
    return Entry("pick", "bolt", -units, T0 + hours * HOUR_MS, NOW_MS, **more)


def test_nothing_is_picked_in_the_past_that_was_not_there_then_or_was_needed_after_it() -> None:
    before, between = late(past(10, 5)), late(past(3, 15))

    assert before is not None
    assert before.reason == "short"
    assert before.detail == "When it is told to have happened: 0 are there, 10 were asked."
    assert between is not None
    assert (between.reason, between.detail) == (
        "short", "1 of them were there when it is told to have happened, and left since."
    )  # fmt: skip
    assert [late(past(2, 15)), late(past(20, 31)), late(past(10, 5), sku=replace(BOLT, negative="allow"))] == [None] * 3


def test_a_count_in_between_bears_what_was_picked_before_it() -> None:
    count = Entry("count", "bolt", 22, T0 + 40 * HOUR_MS, T0 + 40 * HOUR_MS, id=4)

    assert late(past(20, 35), count) is None


def test_a_lot_is_not_set_aside_before_it_came() -> None:
    early = late(replace(past(-1, 5, lot="L1"), kind="quarantine"))

    assert early is not None
    assert early.reason == "unknown_lot"
    assert late(replace(past(-10, 15, lot="L1"), kind="quarantine")) is None


def test_what_left_since_keeps_the_receipt_it_came_with() -> None:
    wrong = Entry("receipt", "bolt", 10, T0 + 10 * HOUR_MS, T0 + 10 * HOUR_MS, id=1)
    taker = take_back(wrong, NOW_MS, "ann")

    refusal = late(taker)

    assert refusal is not None
    assert refusal.reason == "short"
    assert refusal.detail == "8 of what that entry says came are needed for what left since."
    assert refusal.hint == "Tell first what came instead, or take back what left."
    instead = Entry("receipt", "bolt", 8, T0 + 10 * HOUR_MS, NOW_MS, id=9)
    assert late(taker, instead) is None
    assert late(taker, sku=replace(BOLT, negative="allow")) is None
    pick = Entry("pick", "bolt", -8, T0 + 20 * HOUR_MS, T0 + 20 * HOUR_MS, id=2)
    assert late(take_back(pick, NOW_MS, "ann")) is None


def test_a_count_of_the_past_is_refused_where_more_left_since_than_it_found() -> None:
    def counted(units: int, hours: int) -> Entry:
        return Entry("count", "bolt", units, T0 + hours * HOUR_MS, NOW_MS)

    refusal = late(counted(5, 15))

    assert refusal is not None
    assert (refusal.reason, refusal.detail) == ("short", "5 were counted then, and 3 more than that left since.")
    assert [late(counted(8, 15)), late(counted(0, 25)), late(counted(0, 5))] == [None] * 3
    assert late(counted(5, 15), sku=replace(BOLT, negative="allow")) is None


@pytest.mark.parametrize(
    ("kind", "units", "place", "hours", "is_asked"),
    [
        ("pick", -1, "", 5, True),
        ("count", 3, "", 5, True),
        ("quarantine", 1, "", 5, True),
        ("count", 3, "A1", 5, False),
        ("transfer", -1, "A1", 5, False),
        ("receipt", 3, "", 5, False),
        ("pick", -1, "", 10, False),
    ],
)
def test_only_what_may_be_missed_later_is_held_against_what_was_there_then(
    kind: Kind, units: int, place: str, hours: int, is_asked: bool
) -> None:
    last = (T0 + 10 * HOUR_MS, T0 + 10 * HOUR_MS, 7)

    assert asks(Entry(kind, "bolt", units, T0 + hours * HOUR_MS, NOW_MS, place), last) == is_asked
