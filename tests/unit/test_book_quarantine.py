"""What is set aside: it stays with its units, wherever they go, and goes with them when they leave."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.core.book.accounts import Account, fold
from tests.unit.book_facts import Facts, by


@pytest.fixture
def facts() -> Facts:
    return Facts()


def folded(facts: Facts) -> Account:
    return fold(facts.entries, by())


@pytest.mark.parametrize("how", ["loss", "pick", "count", "lot_count", "adjustment", "transfer"])
def test_units_in_quarantine_that_leave_or_are_counted_away_take_it_with_them(facts: Facts, how: Any) -> None:
    facts.say("receipt", 5, lot="L1")
    facts.say("quarantine", 5, lot="L1")
    if how == "count":
        facts.say("count", 0)
    elif how == "lot_count":
        facts.say("count", 0, lot="L1")
    else:
        facts.say(how, -5, lot="L1", other="branch" if how == "transfer" else "")
    gone = folded(facts)
    facts.say("receipt", 5, lot="L2")
    fresh = folded(facts)

    assert (gone.on_hand, gone.quarantined, gone.aside) == (0, 0, {})
    assert (fresh.on_hand, fresh.quarantined) == (5, 0)


def test_a_part_of_a_lot_that_leaves_is_first_what_is_not_in_quarantine(facts: Facts) -> None:
    facts.say("receipt", 10, lot="L1")
    facts.say("receipt", 4)
    facts.say("quarantine", 6, lot="L1")
    facts.say("quarantine", 2)
    facts.say("loss", -5, lot="L1")
    some = folded(facts)
    facts.say("pick", -7)
    last = folded(facts)

    assert some.aside == {"L1": 5, "": 2}
    assert (last.on_hand, last.quarantined) == (2, 2)


@pytest.mark.parametrize("lot", ["", "L1"])
def test_what_is_in_quarantine_stays_so_when_it_is_carried_to_another_slot(facts: Facts, lot: str) -> None:
    facts.say("receipt", 10, lot="L1")
    facts.shelf("A1", 10)
    facts.say("quarantine", 5, lot=lot)
    facts.shelf("A1", -10)
    assert folded(facts).quarantined == 0
    facts.say("transfer", -10, "A1", other="A2")
    facts.shelf("A2", 10)
    account = folded(facts)

    assert (account.on_hand, account.shelves["A2"], account.aside) == (10, 10, {lot: 5})


def test_a_lot_that_a_person_names_later_leaves_the_others_in_quarantine(facts: Facts) -> None:
    facts.say("receipt", 5, lot="L1", expiry="2026-01-31")
    facts.say("receipt", 5, lot="L2", expiry="2026-02-28")
    facts.shelf("A1", 10)
    facts.say("quarantine", 5, lot="L1")
    facts.shelf("A1", -7)  # the scale can not tell: two of them seem to be of L1
    facts.say("pick", -5, "A1", lot="L2")
    account = folded(facts)

    assert (account.lots["L1"][0], account.aside) == (3, {"L1": 3})
