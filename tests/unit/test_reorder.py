"""Proposals of the gateway's own: by the policies it kept or by hand, one an SKU, and only of what is certain."""

from __future__ import annotations

import msgspec
import pytest

from edge.core import reorder
from edge.core.reorder import Book, Position, policy_of, step
from protocols.layout import LayoutError, Site, Sku, parse
from protocols.reports import Proposal, decode, encode
from protocols.uplink import Policy
from tests import depot

T0 = 1_763_762_400_000
SITE = depot.site()
KEPT = {"bolt": Policy("bolt", 10, 24, False)}
SECONDS = reorder.HOLD_MS // 1000


def run(
    book: Book,
    units: int | tuple[int, int],
    from_s: int,
    to_s: int,
    kept: dict[str, Policy] = KEPT,
    linked: bool = False,
    site: Site = SITE,
) -> list[Proposal]:
    """The stock of bolts, a second at a time."""
    low, high = units if isinstance(units, tuple) else (units, units)
    told = []
    for second in range(from_s, to_s):
        told += step(book, site, lambda _: Position(low, high, 200), kept, T0 + second * 1000, linked)
    return told


def test_what_stays_below_its_point_is_proposed_once_and_closed_when_stock_is_there_again() -> None:
    book = Book()

    assert run(book, 11, 0, 600) == []
    (proposed,) = run(book, 7, 600, 4000)
    assert proposed == Proposal("bolt", "open", 24, 7, 10, T0 + (600 + SECONDS) * 1000)
    assert decode(encode(proposed)) == proposed
    (closed,) = run(book, 31, 4000, 4500)
    assert (closed.state, closed.position, closed.at_ms) == ("closed", 31, T0 + (4000 + SECONDS) * 1000)
    assert book.cases == {}
    assert book.closed == [closed]


def test_a_hand_that_takes_and_puts_back_proposes_nothing() -> None:
    book = Book()
    for minute in range(20):
        assert run(book, 7 if minute % 2 else 11, minute * 50, minute * 50 + 50) == []


def test_an_unknown_stock_is_proposed_only_when_it_is_too_low_at_its_highest() -> None:
    assert run(Book(), (3, 11), 0, 300) == []
    (proposed,) = run(Book(), (3, 9), 0, 300)
    assert (proposed.position, proposed.quantity) == (9, 24)


def test_an_open_proposal_is_not_closed_by_what_may_be() -> None:
    book = Book()
    run(book, 7, 0, 100)

    assert run(book, (3, 200), 100, 1000) == []
    assert [one.state for one in run(book, (11, 200), 1000, 1100)] == ["closed"]


def test_what_the_service_orders_already_is_not_proposed_and_what_nobody_wants_neither() -> None:
    assert run(Book(), 0, 0, 300, {"bolt": Policy("bolt", 10, 24, True)}) == []
    assert run(Book(), 0, 0, 300, {"bolt": Policy("bolt", reorder.NEVER, 24, False)}) == []
    assert run(Book(), 0, 0, 300, {"bolt": Policy("bolt", 10, 0, False)}) == []
    assert run(Book(), 0, 0, 300, {}) == []


def test_an_open_proposal_is_repeated_while_the_link_is_up_until_the_service_orders() -> None:
    book = Book()
    run(book, 7, 0, 100)

    assert run(book, 7, 100, 4000) == []
    again = run(book, 7, 4000, 4000 + 1300, linked=True)
    assert [one.state for one in again] == ["open"] * 3
    assert run(book, 7, 5300, 9000, {"bolt": Policy("bolt", 10, 24, True)}, linked=True) == []


def test_a_proposal_survives_a_restart_and_time_off_is_no_time_below_the_point() -> None:
    book = Book()
    run(book, 7, 0, SECONDS // 2)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(book), type=Book)

    day = 86_400
    assert run(kept, 7, day, day + SECONDS // 2) == []
    assert len(run(kept, 7, day + SECONDS // 2, day + 2 * SECONDS)) == 1
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(kept), type=Book)
    assert run(again, 7, 2 * day, 2 * day + 600) == []


def test_the_quantity_is_whole_lots_and_no_more_than_fits() -> None:
    policy, sku = Policy("bolt", 100, 24, False), Sku("bolt", "Bolt", 5.0, moq=5, pack=10)

    assert reorder.quantity_of(policy, Position(7, 7, 500), sku) == 96
    assert reorder.quantity_of(policy, Position(7, 7, 90), sku) == 80
    assert reorder.quantity_of(policy, Position(7, 7, 9), sku) == 10


HAND = depot.SITE_TEXT.replace('name = "Bolt M8"', 'name = "Bolt M8"\nreorder_point = 20\norder_quantity = 50')


def test_a_policy_by_hand_needs_no_service_whose_word_only_takes_off_what_is_under_way() -> None:
    site = parse(HAND)

    (proposed,) = run(Book(), 15, 0, 100, {}, site=site)
    assert (proposed.reorder_point, proposed.quantity) == (20, 50)
    sku = site.sku_by_id["bolt"]
    assert policy_of(sku, Policy("bolt", 33, 7, True)) == Policy("bolt", 20, 50, True)
    assert policy_of(sku, Policy("bolt", 8, 7, False)) == Policy("bolt", 8, 50, False)
    assert policy_of(sku, Policy("bolt", reorder.NEVER, 7, False)) is None, "more than that is on its way"
    assert policy_of(msgspec.structs.replace(sku, order_quantity=None, moq=6, pack=4), None) == Policy(
        "bolt", 20, 8, False
    )


@pytest.mark.parametrize("changes", [{"replenish": "observe"}, {"discontinued": True}])
def test_what_is_only_observed_or_given_up_is_never_proposed(changes: dict[str, str]) -> None:
    sku = msgspec.structs.replace(parse(HAND).sku_by_id["bolt"], **changes)

    assert policy_of(sku, None) is policy_of(sku, Policy("bolt", 20, 50, False)) is None
    assert policy_of(msgspec.structs.replace(sku, reorder_point=None), Policy("bolt", 20, 50, False)) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("order_quantity = 50", "say at which reorder_point"),
        ("reorder_point = 20\norder_quantity = 50\npack = 12", "whole packs of 12"),
        ("reorder_point = 20\norder_quantity = 5\nmoq = 10", "at least 10"),
        ("reorder_point = -1", "reorder_point"),
    ],
)
def test_a_policy_by_hand_that_can_not_be_ordered_is_refused_with_its_reason(line: str, why: str) -> None:
    with pytest.raises(LayoutError, match=why):
        parse(depot.SITE_TEXT.replace('name = "Bolt M8"', f'name = "Bolt M8"\n{line}'))


def test_an_sku_that_is_no_longer_in_the_site_file_closes_its_proposal() -> None:
    book = Book()
    run(book, 7, 0, 100)
    site = msgspec.structs.replace(SITE, skus=[one for one in SITE.skus if one.id != "bolt"])

    assert [one.state for one in run(book, 7, 100, 101, site=site)] == ["closed"]
