"""Where an SKU stands, and what stock is worth, as people see it."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum

from cloud.core.book import value
from cloud.core.book.accounts import Account, Terms
from cloud.core.book.costing import KEPT as COSTING
from cloud.core.book.costing import course, in_force
from cloud.core.book.entries import taken_back
from cloud.core.book.lots import expiring, turns
from cloud.core.book.positions import Position
from cloud.core.stock_view import LayerView, LotView, Standing, UnexplainedView, UnseenView, Worth, WorthRow
from cloud.desks.accounts import entries_of
from cloud.stores.books import Books


def standing(sku: str, account: Account, position: Position, today: str, ends: Mapping[str, str]) -> Standing:
    """Where an SKU stands; `ends` as of `lots`."""
    held = account.lots
    lots = [LotView(lot, *held[lot], ends.get(lot, held[lot][1])) for _, lot in turns(account, ends)]
    layers = [LayerView(one.units, one.unit_cost) for one in account.layers.layers]
    return Standing(
        sku, position, position.available, position.projected, account.debts, lots, expiring(account, today, ends=ends),
        layers, account.value, [UnexplainedView(*one) for one in account.unexplained], _unseen(account),
    )  # fmt: skip


def _unseen(account: Account) -> list[UnseenView]:
    return [
        UnseenView(of.id, of.kind, slot, one.units, of.happened_ms)
        for slot, waiting in account.told.items()
        for one in waiting
        for of in (one.entry,)
    ]


def worth(books: Books, terms: Mapping[str, Terms], at_ms: int, known_ms: int) -> Worth:
    """What all stock was worth at a moment, by what was known at another and by the costing that was in force at the
    first. Reads the whole book."""
    terms = in_force(course(books.kept(COSTING)), terms, at_ms)
    facts = (one for _, of in books.facts_by_sku(at_ms, known_ms) for one in of)
    takers = (one for one in entries_of(books, known_ms) if taken_back(one) is not None)
    found = value.worth(value.accounts_at(facts, terms, takers, at_ms, known_ms))
    rows = [
        WorthRow(sku, one.units, round(one.value, 6), terms.get(sku, Terms()).costing)
        for sku, one in sorted(found.items())
    ]
    return Worth(at_ms, known_ms, fsum(one.value for one in found.values()), rows)
