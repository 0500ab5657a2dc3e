"""The ledger's books: what was posted is there once and stays; facts come in the order in which they happened.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database (an SQLAlchemy URL), PostgreSQL too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.entries import Entry, Sensed, order, sensed
from cloud.core.purchasing.scorecards import Mark
from cloud.stores import tables
from cloud.stores.books import KEYS_MAX, Changed, Spare
from cloud.stores.database import LedgerUnfit
from tests.contract.books import a_promise, an_order, entry, step
from tests.contract.ledgers import DATABASES, POSTGRES, Place, apply
from tests.depot import NOON_MS as T
from tests.depot import SKU_OF, batch, level, stock


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    made.wipe()
    yield made
    made.wipe()


def test_what_was_posted_is_there_after_a_restart_with_all_that_was_said(place: Place) -> None:
    whole = Entry(
        "transfer", "bolt", -2, T, T + 1, "A1", "north", "L1", "2027-01-31", 0.25, "order:7", "ada", "two", "k"
    )
    ledger = place.ledger()
    posted = ledger.books.post([whole, entry(), entry()])
    ledger.close()

    again = place.ledger().books

    assert [one.id for one in posted] == sorted({one.id for one in posted})
    assert posted[0] == replace(whole, id=posted[0].id)
    assert again.entries() == posted
    assert list(again.facts("bolt")) == sorted(posted, key=order)


def test_the_same_posting_again_changes_nothing_and_is_answered_the_same(place: Place) -> None:
    books = place.ledger().books
    first = books.post([entry(4, key="a"), entry(5, key="b")])

    again = books.post([entry(4, T + 60_000, key="a"), entry(5, T + 60_000, key="b"), entry(6, key="c")])

    assert again[:2] == first
    assert books.entries() == again


def test_a_posting_is_kept_wholly_or_not_at_all(place: Place) -> None:
    books = place.ledger().books

    with pytest.raises(LedgerUnfit):
        books.post([entry(1, key="a"), entry(2**70)])

    assert books.entries() == []
    assert [one.units for one in books.post([entry(1, key="a")])] == [1]


def test_entries_are_read_page_by_page_and_by_what_happened_and_what_was_known_when(place: Place) -> None:
    books = place.ledger().books
    posted = books.post([Entry("pick", "bolt", -1, T + at, T + known) for at, known in ((0, 9), (3, 4), (7, 7))])
    books.post([entry(sku="milk")])

    assert books.entries("bolt", T + 3) == posted[1:]
    assert books.entries("bolt", to_ms=T + 3) == posted[:2]
    assert books.entries("bolt", known_to_ms=T + 7) == posted[1:]
    assert books.entries("bolt", limit=2) == posted[:2]
    assert books.entries("bolt", after_id=posted[1].id) == posted[2:]


_moments = st.tuples(st.integers(0, 4), st.integers(0, 4))
_told = st.tuples(st.just("told"), st.sampled_from(sorted({*SKU_OF.values()})), _moments)
_seen = st.tuples(st.just("seen"), st.sampled_from(sorted(SKU_OF)), _moments)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(st.one_of(_told, _seen), max_size=12), until=st.none() | st.integers(0, 4))
def test_what_was_told_and_what_was_sensed_come_in_the_books_order_however_they_came_in(
    place: Place, made: list[tuple[str, str, tuple[int, int]]], until: int | None
) -> None:
    place.wipe()
    ledger = place.ledger()
    posted: list[Entry] = []
    for seq, (how, name, (at, heard)) in enumerate(made):
        if how == "told":
            posted += ledger.books.post([Entry("pick", name, -1, T + at, T + heard)])
        else:
            apply(ledger, batch([stock(name, -1, 4, T + at, "first" if at == 2 else "weight")], seq), now_ms=T + heard)
    every = [*_sensed(place), *posted]

    limit = None if until is None else T + until
    for_sku = {sku: list(facts) for sku, facts in ledger.books.facts_by_sku(limit, limit)}

    known = [one for one in every if limit is None or max(one.happened_ms, one.known_ms) <= limit]
    for sku in {*SKU_OF.values()}:
        expected = sorted((one for one in known if one.sku == sku), key=order)
        assert list(ledger.books.facts(sku, limit, limit)) == expected
        assert for_sku.get(sku, []) == expected


def _sensed(place: Place) -> list[Sensed]:
    names = ("slot", "sku", "delta", "count", "happened_ms", "known_ms", "source", "id")
    return [sensed(*(row[name] for name in names)) for row in place.rows(tables.movement)]


def test_facts_are_streamed_so_that_a_long_history_needs_no_memory_and_stops_when_enough_is_read(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, batch([stock("A1", -1, 4, T + i) for i in range(5000)]))
    fetched = 0
    stream = ledger.books.facts("bolt")

    for fact in stream:
        fetched += 1
        if fact.happened_ms == T + 9:
            break
    ledger.books.post([entry()])  # while it is read
    rest = sum(1 for _ in stream)

    assert (fetched, rest) == (10, 4990), "what comes meanwhile is not in it"


def test_an_order_is_what_its_newest_version_says_and_every_version_stays(place: Place) -> None:
    ledger = place.ledger()
    draft = ledger.books.keep_order(None, an_order(), "draft", "ada")
    approved = ledger.books.keep_order(draft, step(draft, "approved"), "approve", "bo")
    ended = ledger.books.keep_order(None, replace(an_order(), state="cancelled"), "draft", "ada")
    ledger.close()

    books = place.ledger().books

    assert [draft.id, ended.id] == [1, 2]
    assert books.orders() == [approved, ended]
    assert books.orders(open_only=True) == [approved]
    told = [(one.order, one.at_ms, one.by, one.action) for one in books.versions(draft.id)]
    assert told == [(draft, T, "ada", "draft"), (approved, T + 1, "bo", "approve")]
    assert books.versions(99) == []


def test_who_changes_an_order_that_somebody_changed_meanwhile_is_told_and_nothing_is_lost(place: Place) -> None:
    books = place.ledger().books
    seen = books.keep_order(None, an_order(), "draft", "ada")
    approved = books.keep_order(seen, step(seen, "approved"), "approve", "bo")

    with pytest.raises(Changed, match="order 1 is at version 2 by now; version 1 was looked at"):
        books.keep_order(seen, step(seen, "cancelled"), "cancel", "ada")
    with pytest.raises(Changed, match="order 7 does not exist"):
        books.keep_order(replace(seen, id=7), step(replace(seen, id=7), "approved"), "approve", "ada")

    assert books.orders() == [approved]
    assert len(books.versions(seen.id)) == 2


def test_a_need_is_on_one_order_ever_and_who_comes_second_orders_nothing(place: Place) -> None:
    books = place.ledger().books
    [first, other] = books.order_of_needs([an_order(needs=(1, 2)), an_order(needs=(3,))], "need", "nobody")

    for late in ([an_order(needs=(9, 2))], [an_order(needs=(9,)), an_order(needs=(3,))]):
        with pytest.raises(Changed, match=r"need [23] is on order [12] already"):
            books.order_of_needs(late, "need", "nobody")
    cancelled = books.keep_order(first, step(first, "cancelled"), "cancel", "ada")
    with pytest.raises(Changed, match="need 1 is on order 1 already"):
        books.keep_order(None, an_order(needs=(1,)), "draft", "ada")
    with pytest.raises(Changed, match="need 1 is on order 1 already"):
        books.keep_order(other, replace(step(other, "draft"), needs=[3, 1]), "change", "ada")

    assert books.orders() == [cancelled, other]
    assert books.ordered() == {1: 1, 2: 1, 3: 2}
    assert len(books.versions(other.id)) == 1


def test_a_need_that_two_suppliers_share_is_ordered_from_both_at_once_and_never_again(place: Place) -> None:
    books = place.ledger().books

    halves = books.order_of_needs([an_order(4, needs=(5,)), an_order(6, needs=(5,))], "need", "nobody")
    sent = books.keep_order(halves[1], step(halves[1], "sent"), "send", "ada")

    assert books.orders() == [halves[0], sent]
    assert books.ordered() == {5: halves[0].id}
    with pytest.raises(Changed):
        books.order_of_needs([an_order(needs=(5,))], "need", "nobody")


def test_a_receipt_is_in_the_order_and_in_the_book_or_in_neither(place: Place) -> None:
    books = place.ledger().books
    sent = books.keep_order(None, replace(an_order(), state="sent"), "draft", "ada")
    came = replace(entry(10, key="note-1"), ref="order:1", unit_cost=0.25)

    received, posted = books.receive(sent, step(sent, "received"), "receive", "bo", [came])
    with pytest.raises(Changed, match="is at version 2"):
        books.receive(sent, step(sent, "received"), "receive", "bo", [replace(came, key="note-2")])

    assert books.orders() == [received]
    assert books.entries() == posted == [replace(came, id=1)]


def test_the_same_receipt_again_is_answered_as_before(place: Place) -> None:
    books = place.ledger().books
    sent = books.keep_order(None, replace(an_order(), state="sent"), "draft", "ada")
    came = replace(entry(10, key="note-1"), ref="order:1")
    first = books.receive(sent, step(sent, "received"), "receive", "bo", [came])

    again = books.receive(sent, step(sent, "received"), "receive", "bo", [replace(came, known_ms=T + 60_000)])
    with pytest.raises(Changed, match="with something else: note-1"):
        books.receive(first[0], step(first[0], "closed"), "close", "bo", [replace(came, units=11)])
    with pytest.raises(Changed, match="with something else: note-1, note-2"):
        books.receive(first[0], step(first[0], "closed"), "close", "bo", [came, entry(1, key="note-2")])

    assert again == first
    assert books.orders() == [first[0]]
    assert len(books.entries()) == 1


def test_a_promise_is_made_once_and_ends_once_with_what_was_taken_for_it(place: Place) -> None:
    ledger = place.ledger()
    books = ledger.books
    made = books.reserve(a_promise("k"))
    other = books.reserve(a_promise())
    assert books.reserve(replace(a_promise("k"), units=9)) == made
    assert [books.reservation_of(key) for key in ("k", "", "x")] == [[made], [], []]

    picked = replace(made, state="picked", changed_ms=T + 1)
    taken = entry(-3, kind="pick", key="p1")
    stored = books.keep_reservation(made, picked, [taken])
    with pytest.raises(Changed, match="reservation 1 is not held any more"):
        books.keep_reservation(made, replace(made, state="released"))
    with pytest.raises(Changed):
        books.keep_reservation(made, picked, [replace(taken, key="p2")])
    ledger.close()

    again = place.ledger().books
    assert again.keep_reservation(made, picked, [taken]) == stored == (picked, again.entries())
    assert again.reservations() == [picked, other]
    assert again.reservations(held_only=True) == [other]
    assert len(again.entries()) == 1


def test_what_is_read_as_of_one_moment_has_nothing_of_what_is_written_meanwhile(place: Place) -> None:
    here, other = place.ledger(), place.ledger()
    here.books.post([entry()])

    with here.still() as still:
        said = [*still.books.facts("bolt")]
        sent = other.books.keep_order(None, an_order(), "draft", "ada")
        other.books.receive(sent, step(sent, "received"), "receive", "ada", [entry(key="b")])
        other.books.reserve(a_promise())
        apply(other, batch([level("A1", 7)], lane="telemetry"))

        assert [*still.books.facts("bolt")] == still.books.entries() == said
        assert (still.books.reservations(), still.books.orders(), still.levels, still.needs) == ([], [], [], [])

    with here.still() as still:
        assert len([*still.books.facts("bolt")]) == 2
        assert (len(still.books.reservations()), len(still.books.orders()), len(still.levels)) == (1, 1, 1)


def test_scores_add_up_and_what_is_kept_is_the_last(place: Place) -> None:
    ledger = place.ledger()
    scores = [Mark("acme", "service", 70.0, T, "ada", "slow"), Mark("acme", "service", 80.0, T + 1, "ada")]
    for one in scores:
        ledger.books.score(one)
    ledger.books.keep("learning", b"one")
    ledger.books.keep("learning", b"two")
    ledger.close()

    again = place.ledger().books

    assert again.scores() == scores
    assert again.kept("learning") == b"two"
    assert again.kept("nothing") is None


def test_of_more_keys_than_one_question_may_hold_each_that_is_kept_is_found(place: Place) -> None:
    books, keys = place.ledger().books, [f"day:{number}" for number in range(2 * KEYS_MAX + 1)]
    kept = {key: key.encode() for key in (*keys[::7], keys[-1])}
    books.keep_all(kept | {"other": b"x"})

    assert books.kept_under(keys) == kept
    assert books.kept_under([]) == {}


def test_of_a_neighbours_spare_stock_its_last_word_counts_also_when_an_earlier_one_comes_late(place: Place) -> None:
    books = place.ledger().books
    books.tell_spare("north", {"bolt": 5, "milk": 2}, T)
    books.tell_spare("north", {"bolt": 3}, T + 9)
    books.tell_spare("north", {"bolt": 7}, T + 4)
    books.tell_spare("north", {}, T + 20)

    assert books.spares() == [Spare("north", "bolt", 3, T + 9), Spare("north", "milk", 2, T)]


def test_an_account_says_whose_person_it_is(place: Place) -> None:
    people = place.ledger().people
    people.keep_account("ada", "admin", "hash")
    people.keep_account("sam", "supplier", "hash", supplier="acme")

    assert [(one.name, one.supplier) for one in people.accounts()] == [("ada", ""), ("sam", "acme")]
