"""Two who write the ledger's books at once: one is first, the other is told, and nothing is there twice or half.

Each has connections of its own, as two processes would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest
from msgspec.structs import replace

from cloud.core.book.entries import Entry
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Line, Order
from cloud.stores.books import Books, Changed, Ordered
from tests.contract.ledgers import DATABASES, POSTGRES, Place
from tests.depot import NOON_MS as T

ROUNDS = 8
Answer = TypeVar("Answer")


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    made.wipe()
    yield made
    made.wipe()


def at_once(*calls: Callable[[], Answer]) -> list[Answer | Changed]:
    """What each call, in a thread of its own, answers or says somebody else did first."""
    start = Barrier(len(calls))

    def one(call: Callable[[], Answer]) -> Answer | Changed:
        start.wait(10)
        try:
            return call()
        except Changed as refused:
            return refused

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def two(place: Place) -> tuple[Books, Books]:
    return place.ledger().books, place.ledger().books


def an_order(*needs: int) -> Order:
    return Order("acme", [Line("bolt", 10, 0.25)], "sent", T, T, "ada", needs=[*needs])


def later(order: Order, by: str) -> Order:
    return replace(order, version=order.version + 1, by=by, changed_ms=T + 1)


def test_of_two_who_post_under_one_key_both_are_answered_with_the_one_entry(place: Place) -> None:
    left, right = two(place)
    for i in range(ROUNDS):
        sides = [Entry("receipt", "bolt", 4, T, known, key=f"k{i}") for known in (T + 1, T + 2)]

        said = at_once(lambda: left.post([sides[0]]), lambda: right.post([sides[1]]))  # noqa: B023

        assert said[0] == said[1]
        assert len(left.entries()) == i + 1


def test_of_two_who_change_one_version_of_an_order_one_is_told_that_the_other_was_first(place: Place) -> None:
    left, right = two(place)
    for _ in range(ROUNDS):
        seen = left.keep_order(None, an_order(), "draft", "ada")

        said = at_once(
            lambda: left.keep_order(seen, later(seen, "ada"), "change", "ada"),  # noqa: B023
            lambda: right.keep_order(seen, later(seen, "bo"), "change", "bo"),  # noqa: B023
        )

        [kept] = [one for one in said if isinstance(one, Order)]
        assert sum(isinstance(one, Changed) for one in said) == 1
        assert right.orders()[-1] == kept
        assert [one.order for one in left.versions(seen.id)] == [seen, kept]


def test_of_two_who_order_for_one_need_one_orders(place: Place) -> None:
    left, right = two(place)
    for i in range(1, ROUNDS + 1):
        said = at_once(
            lambda: left.order_of_needs([an_order(i, i + 100)], "need", "left"),  # noqa: B023
            lambda: right.order_of_needs([an_order(i, i + 200)], "need", "right"),  # noqa: B023
        )

        [[made]] = [one for one in said if isinstance(one, list)]
        [refused] = [one for one in said if isinstance(one, Ordered)]
        assert (refused.need, refused.purchase) == (i, made.id)
        assert [one.needs for one in left.orders()].count(made.needs) == 1
        assert len(right.orders()) == i


def test_of_two_who_confirm_one_delivery_it_is_booked_once_and_both_are_answered_the_same(place: Place) -> None:
    left, right = two(place)
    for i in range(ROUNDS):
        sent = left.keep_order(None, an_order(), "draft", "ada")
        came = Entry("receipt", "bolt", 10, T, T + 1, ref=f"order:{sent.id}", key=f"note-{i}")
        after = replace(later(sent, "ada"), state="received")

        said = at_once(
            *(
                lambda books=books: books.receive(sent, after, "receive", "ada", [came])  # noqa: B023
                for books in (left, right)
            )
        )

        assert said[0] == said[1]
        assert not isinstance(said[0], Changed)
        assert [one.key for one in left.entries()].count(came.key) == 1
        assert len(right.versions(sent.id)) == 2


def test_of_two_who_take_in_different_deliveries_of_one_order_at_once_one_looks_again_and_none_is_half(
    place: Place,
) -> None:
    left, right = two(place)
    for i in range(ROUNDS):
        sent = left.keep_order(None, an_order(), "draft", "ada")
        notes = [Entry("receipt", "bolt", 5, T, T + 1, ref=f"order:{sent.id}", key=f"{side}{i}") for side in "lr"]

        said = at_once(
            lambda: left.receive(sent, later(sent, "ada"), "receive", "ada", [notes[0]]),  # noqa: B023
            lambda: right.receive(sent, later(sent, "bo"), "receive", "bo", [notes[1]]),  # noqa: B023
        )

        [(kept, [booked])] = [one for one in said if not isinstance(one, Changed)]
        assert left.orders()[-1] == kept
        assert [one for one in right.entries() if one.ref == f"order:{sent.id}"] == [booked]


def test_of_two_who_end_one_promise_one_does_and_its_goods_leave_once(place: Place) -> None:
    left, right = two(place)
    for i in range(ROUNDS):
        held = left.reserve(Reservation("bolt", 3, "gold", "Lee", T))
        taken = [Entry("pick", "bolt", -3, T, T, ref=f"reservation:{held.id}", key=f"{side}{i}") for side in "lr"]

        said = at_once(
            lambda: left.keep_reservation(held, replace(held, state="picked", by="ada"), [taken[0]]),  # noqa: B023
            lambda: right.keep_reservation(held, replace(held, state="picked", by="bo"), [taken[1]]),  # noqa: B023
        )

        [(picked, [gone])] = [one for one in said if not isinstance(one, Changed)]
        assert left.reservations()[-1] == picked
        assert [one for one in right.entries() if one.ref == f"reservation:{held.id}"] == [gone]


def test_of_two_who_promise_under_one_key_both_are_answered_with_the_one_promise(place: Place) -> None:
    left, right = two(place)
    for i in range(ROUNDS):
        wanted = Reservation("bolt", 3, "gold", "Lee", T, key=f"k{i}")

        said = at_once(lambda: left.reserve(wanted), lambda: right.reserve(wanted))  # noqa: B023

        assert said[0] == said[1]
        assert len(right.reservations()) == i + 1
