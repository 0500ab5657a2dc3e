"""What a breach set aside is there for nobody until somebody signed, whatever is counted, carried or told meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.book.accounts import Account, fold
from cloud.core.book.aside import waiting
from cloud.core.book.checks import held_back, unfit
from cloud.core.book.entries import Entry, withdrawn
from cloud.core.book.lots import fefo
from protocols.layout import Sku
from tests.unit.book_facts import SLOTS, Facts, by, slots, units

BOLT = Sku("bolt", "Bolt", 1.0)
LOTS = st.sampled_from(["", "L1", "L2", "L3"])
ACTS = st.one_of(
    st.tuples(st.sampled_from(["count", "put"]), st.integers(0, 40), st.just("")),
    st.tuples(st.sampled_from(["count", "put"]), st.integers(0, 40), LOTS),
    st.tuples(st.sampled_from(["pick", "loss", "adjustment", "quarantine", "transfer"]), units.map(lambda n: -n), LOTS),
    st.tuples(st.just("adjustment"), units, LOTS),
    st.tuples(st.just("quarantine"), units, LOTS),
    st.tuples(st.sampled_from(["shelved", "taken"]), units, slots),
)


def aside(facts: Facts, lot: str, n: int) -> Entry:
    return facts.say("quarantine", n, lot=lot, ref="cold:1")


def folded(facts: Facts) -> Account:
    return fold(facts.entries, by(), withdrawn(facts.entries))


def refused(account: Account, entry: Entry) -> bool:
    """Whether a person may not tell it."""
    no = held_back(entry, account, SLOTS)
    return no is not None or unfit(entry, account, BOLT, SLOTS, now_ms=entry.known_ms) is not None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([("L1", "L2"), ("", "")]), st.booleans(), st.lists(ACTS, max_size=12))
def test_what_was_set_aside_is_never_free_and_never_picked_without_a_signed_word(
    named: tuple[str, str], shelved: bool, acts: list[Any]
) -> None:
    facts = Facts()
    facts.say("receipt", 20, lot="L1", expiry="2026-01-31")
    facts.say("receipt", 10, lot="L2", expiry="2026-03-31")
    if shelved:
        facts.shelf("A1", 12)
    aside(facts, named[0], 20)
    aside(facts, named[1], 10)
    for kind, n, where in acts:
        before = folded(facts)
        if kind in ("shelved", "taken"):
            facts.shelf(where, n if kind == "shelved" else -min(n, facts.claims.get(where, 0)))
        else:
            entry = facts.say(kind, n, lot=where, other="branch" if kind == "transfer" else "")
            if refused(before, entry):
                facts.entries.pop()
                continue
        after = folded(facts)
        there = sum(after.batches.units.values())
        assert sum(after.held.values()) == 30
        assert there - after.quarantined <= max(0, there - 30), "nothing is free before all of it is there"
        if kind in ("pick", "loss", "adjustment", "transfer", "quarantine") and n < 0:
            assert sum(waiting(after).values()) >= sum(waiting(before).values())


@pytest.mark.parametrize("found", [("count", 30, ""), ("count", 30, "L1"), ("put", 30, "L1"), ("put", 30, "L9")])
@pytest.mark.parametrize("fewer", [("count", 0, ""), ("count", 0, "L1"), ("count", 25, "L1")])
def test_what_was_missing_is_in_quarantine_again_once_it_is_found(fewer: Any, found: Any) -> None:
    facts = Facts()
    facts.say("receipt", 30, lot="L1", expiry="2026-01-31")
    aside(facts, "L1", 30)
    facts.say(fewer[0], fewer[1], lot=fewer[2])
    some = folded(facts)
    assert (some.on_hand, some.quarantined) == (fewer[1], fewer[1])
    facts.say(found[0], found[1], lot=found[2])
    after = folded(facts)
    assert after.quarantined >= min(30, after.on_hand)
    if found[2] != "L9":
        assert (after.lots["L1"], after.aside["L1"]) == ((after.on_hand, "2026-01-31"), 30)
    facts.say("quarantine", -30, lot="L1", ref="cold:1")
    assert folded(facts).quarantined == 0


def test_goods_that_are_received_while_some_are_missing_are_free() -> None:
    facts = Facts()
    facts.say("receipt", 30, lot="L1")
    aside(facts, "L1", 30)
    facts.say("count", 0, lot="L1")
    facts.say("receipt", 12, lot="L2")
    assert (folded(facts).on_hand, folded(facts).quarantined) == (12, 0)


@pytest.mark.parametrize("lot", ["", "L1"])
def test_no_lot_is_free_beyond_what_is_free_of_all(lot: str) -> None:
    facts = Facts()
    facts.say("receipt", 30, lot="L1")
    facts.say("receipt", 20, lot="L2")
    aside(facts, "", 46)
    account = folded(facts)
    assert fefo(account, 30, "2026-01-01").missing == 26
    for kind, other in (("pick", ""), ("transfer", "branch"), ("loss", ""), ("adjustment", "")):
        entry = facts.say(kind, -5, lot=lot, other=other)  # type: ignore[arg-type]
        no = held_back(entry, account, SLOTS)
        assert no is not None
        assert no.reason == "held"
        facts.entries.pop()
        assert held_back(facts.say(kind, -4, lot=lot, other=other), account, SLOTS) is None  # type: ignore[arg-type]
        facts.entries.pop()


def test_what_is_taken_off_a_shelf_and_put_back_is_in_quarantine_still() -> None:
    facts = Facts()
    facts.shelf("A1", 12)
    aside(facts, "", 12)
    facts.shelf("A1", -12)
    assert folded(facts).quarantined == 0
    facts.shelf("A1", 12)
    assert folded(facts).aside == {"": 12}
    facts.say("loss", -12, "A1", ref="cold:1")
    assert folded(facts).aside == {"": 12}, "it was put back: what is scrapped has still to leave"


@pytest.mark.parametrize("counted", [False, True])
def test_what_is_to_be_scrapped_waits_until_its_scale_saw_just_that_leave(counted: bool) -> None:
    facts = Facts()
    facts.shelf("A1", 15)
    facts.shelf("A1", -2)  # sold before anything was wrong
    aside(facts, "", 12)
    facts.say("loss", -12, "A1", ref="cold:1")
    if counted:
        facts.say("count", 0)
    for _ in range(26):
        facts.say("quarantine", 0)  # hours go by
    assert folded(facts).aside == {"": 12}
    facts.shelf("A1", -5)
    assert (folded(facts).held, folded(facts).quarantined) == ({"": 7}, 7)
    facts.shelf("A1", -7)
    account = folded(facts)
    assert (account.on_hand, account.held, account.quarantined, account.told) == (1, {}, 0, {})
    assert account.flows.losses == 24


def test_an_entry_that_brought_held_goods_is_not_taken_back() -> None:
    facts = Facts()
    came = facts.say("receipt", 30, lot="L1")
    aside(facts, "L1", 25)
    account = folded(facts)
    back = facts.say("receipt", -30, lot="L1", ref=f"entry:{came.id}")
    assert held_back(back, account, SLOTS) is not None
