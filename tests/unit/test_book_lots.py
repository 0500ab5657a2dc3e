"""Lots and expiry dates: what goes first, what is left out of a picking list, what runs out of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.book.accounts import Account, Terms, fold
from cloud.core.book.checks import withheld
from cloud.core.book.entries import Entry
from cloud.core.book.lots import Expiring, LeftOut, expires, expiring, fefo, fresh, unusable
from cloud.core.days import day_start_ms, iso_day
from tests.unit.book_facts import HOUR_MS, T0, Facts, by

TODAY = "2026-01-15"


@pytest.fixture
def facts() -> Facts:
    """Five units that have expired, ten each that will, two without a date."""
    made = Facts()
    made.say("receipt", 10, lot="L2", expiry="2026-03-31")
    made.say("receipt", 10, lot="L1", expiry="2026-02-01")
    made.say("receipt", 5, lot="L0", expiry="2026-01-14")
    made.say("receipt", 2)
    return made


def folded(facts: Facts) -> Account:
    return fold(facts.entries, by())


def test_a_picking_list_takes_what_expires_first_and_what_has_no_date_last(facts: Facts) -> None:
    picked = fefo(folded(facts), 21, TODAY)

    assert picked.lines == [("L1", 10), ("L2", 10), ("", 1)]
    assert (picked.missing, picked.left_out) == (0, [LeftOut("L0", 5, "expired")])


def test_what_expires_today_may_still_be_picked(facts: Facts) -> None:
    assert fefo(folded(facts), 3, "2026-01-14").lines == [("L0", 3)]


def test_quarantined_lots_are_left_out_of_a_picking_list_and_it_says_so(facts: Facts) -> None:
    facts.say("quarantine", 8, lot="L1")
    picked = fefo(folded(facts), 20, TODAY)

    assert picked.lines == [("L1", 2), ("L2", 10), ("", 2)]
    assert picked.missing == 6
    assert picked.left_out == [LeftOut("L0", 5, "expired"), LeftOut("L1", 8, "quarantined")]


def test_how_long_each_lot_can_be_used_is_told_today_with_the_days(facts: Facts) -> None:
    facts.say("quarantine", 4, lot="L2")

    assert fresh(folded(facts), "2026-01-31") == [(2, 10), (60, 6)]
    assert fresh(folded(facts), "2026-02-01") == [(1, 10), (59, 6)]
    assert fresh(folded(facts), "2026-04-01") == []


def test_units_set_aside_without_a_lot_are_kept_of_what_would_go_last(facts: Facts) -> None:
    facts.say("quarantine", 6)
    picked = fefo(folded(facts), 22, TODAY)

    assert picked.lines == [("L1", 10), ("L2", 6)]
    assert picked.missing == 6
    assert sum(one.units for one in picked.left_out if one.why == "quarantined") == 6


def test_what_has_expired_or_is_set_aside_is_not_to_be_used_and_no_unit_is_both(facts: Facts) -> None:
    assert [unusable(folded(facts), day) for day in ("2026-01-14", TODAY, "2026-02-02", "2026-12-31")] == [0, 5, 15, 25]
    assert unusable(folded(facts), "9999-12-31") == 25

    facts.say("quarantine", 3, lot="L0")
    assert [unusable(folded(facts), day) for day in ("2026-01-14", TODAY)] == [3, 5]
    facts.say("quarantine", 4)
    assert [unusable(folded(facts), day) for day in ("2026-01-14", TODAY, "2026-12-31")] == [7, 9, 27]


def test_what_is_not_to_be_used_changes_at_midnight_without_any_fact(facts: Facts) -> None:
    account = folded(facts)

    assert expires(account, "2026-02-01", "2026-02-02")
    assert expires(account, "2026-01-15", "2026-04-01")
    assert not expires(account, "2026-01-31", "2026-02-01")
    assert not expires(account, "2026-02-02", "2026-03-31")


def test_a_lot_that_warmth_aged_goes_by_the_day_until_which_it_is_still_good(facts: Facts) -> None:
    account, aged = folded(facts), {"L2": "2026-01-20"}
    past = {"L2": "2026-01-14"}

    assert fefo(account, 15, TODAY, aged).lines == [("L2", 10), ("L1", 5)]
    assert fefo(account, 15, TODAY, past).lines == [("L1", 10), ("", 2)]
    assert fefo(account, 15, TODAY, past).left_out == [LeftOut("L0", 5, "expired"), LeftOut("L2", 10, "expired")]
    assert (unusable(account, TODAY, aged), unusable(account, TODAY, past)) == (5, 15)
    assert fresh(account, TODAY, aged) == [(6, 10), (18, 10)]
    assert expires(account, TODAY, "2026-01-21", aged)
    assert expiring(account, TODAY, ends=aged)[1] == Expiring("L2", 10, "2026-01-20", 5, 30)
    no = withheld(Entry("pick", "bolt", -1, T0, T0, lot="L2"), account, (), TODAY, past)
    assert (no and no.detail) == "Lot L2 expired on 2026-01-14, 1 were asked."


def test_a_pick_that_names_no_lot_takes_the_first_to_expire_and_spares_what_is_in_quarantine(facts: Facts) -> None:
    facts.say("quarantine", 5, lot="L0")
    facts.say("pick", -3)
    account = folded(facts)

    assert account.lots["L0"] == (5, "2026-01-14")
    assert account.lots["L1"] == (7, "2026-02-01")
    assert [*account.lots] == ["L0", "L1", "L2", ""]


def test_a_pick_that_names_a_lot_takes_that_one(facts: Facts) -> None:
    facts.say("pick", -4, lot="L2")

    assert folded(facts).lots["L2"] == (6, "2026-03-31")


def test_a_receipt_names_the_lot_of_units_that_a_shelf_had_seen_before(facts: Facts) -> None:
    facts = Facts()
    facts.shelf("A1", 10)
    facts.shelf("A1", -3)
    facts.say("receipt", 10, lot="L9", expiry="2026-05-01")

    assert folded(facts).lots == {"L9": (7, "2026-05-01")}


@pytest.mark.parametrize("told_first", [True, False])
def test_a_person_says_of_which_lot_the_units_were_that_a_scale_saw_leaving(facts: Facts, told_first: bool) -> None:
    facts.shelf("A1", 27)
    steps: list[Callable[[], Entry]] = [lambda: facts.say("pick", -4, "A1", lot="L2"), lambda: facts.shelf("A1", -4)]
    for step in steps if told_first else steps[::-1]:
        step()
    lots = folded(facts).lots

    assert (lots["L0"][0], lots["L2"][0]) == (5, 6)


def test_a_lot_without_a_number_goes_by_its_date() -> None:
    facts = Facts()
    facts.say("receipt", 4, expiry="2026-02-01")
    facts.say("receipt", 3, lot="L1")
    facts.say("receipt", 0)

    assert folded(facts).lots == {"2026-02-01": (4, "2026-02-01"), "L1": (3, "")}


def test_a_date_that_is_told_anew_stands() -> None:
    facts = Facts()
    facts.say("receipt", 4, lot="L1", expiry="2026-02-01")
    facts.say("receipt", 3, lot="L2", expiry="2026-03-01")
    facts.say("receipt", 1, lot="L1", expiry="2026-04-01")

    assert [*folded(facts).lots.items()] == [("L2", (3, "2026-03-01")), ("L1", (5, "2026-04-01"))]


def test_a_count_of_one_lot_off_the_shelves_leaves_the_others(facts: Facts) -> None:
    facts.say("count", 7, lot="L1")
    account = folded(facts)

    assert (account.lots["L1"][0], account.lots["L2"][0], account.off) == (7, 10, 24)


def test_lots_that_run_out_of_time_are_told_by_thirty_sixty_and_ninety_days(facts: Facts) -> None:
    facts.say("receipt", 1, lot="L8", expiry="2026-12-31")

    assert expiring(folded(facts), TODAY) == [
        Expiring("L0", 5, "2026-01-14", -1, 0),
        Expiring("L1", 10, "2026-02-01", 17, 30),
        Expiring("L2", 10, "2026-03-31", 75, 90),
    ]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 9), st.sampled_from("abcdef"), st.sampled_from([f"2026-0{n}-01" for n in range(1, 10)])
        )
    ),
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["", *"abcdef"]))),
    st.integers(0, 60),
)
def test_a_picking_list_never_names_more_than_is_there_to_pick(
    came: list[tuple[int, str, str]], aside: list[tuple[int, str]], wanted: int
) -> None:
    facts = Facts()
    for units, lot, expiry in came:
        facts.say("receipt", units, lot=lot, expiry=expiry)
    for units, lot in aside:
        facts.say("quarantine", units, lot=lot)
    account = folded(facts)
    picked = fefo(account, wanted, "2026-04-15")

    assert sum(units for _, units in picked.lines) + picked.missing == wanted
    assert sum(units for _, units in picked.lines) <= max(0, account.on_hand)
    for lot, units in picked.lines:
        assert 0 < units <= account.lots[lot][0] - account.aside.get(lot, 0)
        assert account.lots[lot][1] >= "2026-04-15"
    dates = [account.lots[lot][1] for lot, _ in picked.lines]
    everything = fefo(account, 1_000, "2026-04-15")
    assert sum(units for _, units in everything.lines) >= account.on_hand - unusable(account, "2026-04-15")
    assert dates == sorted(dates)


def test_an_unnamed_pick_takes_what_the_list_names_and_what_expired_only_when_nothing_else_is_left() -> None:
    facts = Facts()
    day = iso_day("UTC", T0 + 3 * HOUR_MS)
    facts.say("receipt", 5, lot="OLD", expiry="2020-01-01")
    facts.say("receipt", 4, lot="TODAY", expiry=day)
    facts.say("receipt", 6)
    listed = fefo(folded(facts), 7, day).lines
    facts.say("pick", -7)
    picked = folded(facts)
    facts.say("transfer", -2, other="branch")
    facts.say("pick", -3)
    rest = folded(facts)

    assert listed == [("TODAY", 4), ("", 3)]
    assert {lot: units for lot, (units, _) in picked.lots.items()} == {"OLD": 5, "": 3}
    assert {lot: units for lot, (units, _) in rest.lots.items()} == {"OLD": 3}


@pytest.mark.parametrize("kind", ["loss", "adjustment"])
def test_what_is_lost_is_taken_for_what_had_expired(kind: Any) -> None:
    facts = Facts()
    facts.say("receipt", 5, lot="OLD", expiry="2020-01-01")
    facts.say("receipt", 6)
    facts.say(kind, -5)

    assert {*folded(facts).lots} == {""}


def test_what_a_scale_sees_leaving_is_taken_for_what_the_list_names() -> None:
    facts = Facts()
    facts.say("receipt", 5, lot="OLD", expiry="2020-01-01")
    facts.say("receipt", 6)
    facts.shelf("A1", 11)
    facts.shelf("A1", -6)

    assert {*folded(facts).lots} == {"OLD"}


def test_a_lot_expires_by_the_days_of_the_site() -> None:
    """At midnight UTC it is the next day in Tokyo already, and still the day before in Hawaii."""
    facts = Facts()
    facts.say("receipt", 5, lot="OLD", expiry="2026-01-14")
    facts.say("receipt", 5, lot="NEW", expiry="2026-01-15")
    midnight_ms = day_start_ms("UTC", date(2026, 1, 15).toordinal())
    pick = Entry("pick", "bolt", -1, midnight_ms, midnight_ms, id=9)
    left = {
        zone: [lot for lot, (units, _) in fold([*facts.entries, pick], Terms(zone=zone)).lots.items() if units == 4]
        for zone in ("Asia/Tokyo", "Pacific/Honolulu")
    }

    assert left == {"Asia/Tokyo": ["NEW"], "Pacific/Honolulu": ["OLD"]}
