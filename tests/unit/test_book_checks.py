"""What the book refuses, each time in a sentence, with what to do about it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cloud.core.book.accounts import Account, fold
from cloud.core.book.checks import unfit
from cloud.core.book.entries import Entry, Kind, take_back
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
        ("pick", -1, {"happened_ms": NOW_MS + 23 * HOUR_MS}),
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
        ("pick", -1, {"happened_ms": NOW_MS + 25 * HOUR_MS}, "time", "more than a day from now"),
        ("pick", -1, {"happened_ms": -1}, "time", "before 1970"),
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
