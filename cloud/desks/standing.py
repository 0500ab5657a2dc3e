"""Where an SKU stands, and what stock is worth, as people see it."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import Any

from msgspec import Struct

from cloud.core.book import value
from cloud.core.book.accounts import Account, Terms
from cloud.core.book.costing import KEPT as COSTING
from cloud.core.book.costing import course, in_force
from cloud.core.book.entries import taken_back
from cloud.core.book.lots import expiring, turns
from cloud.core.book.positions import Position
from cloud.desks.accounts import entries_of
from cloud.stores.books import Books


class Standing(Struct, frozen=True):
    """Where an SKU stands, as people see it."""

    sku: str
    position: Position
    available: int
    projected: int
    debts: list[Any]
    lots: list[dict[str, object]]
    expiring: list[Any]
    layers: list[Any]
    value: float
    unexplained: list[Any]
    unseen: list[dict[str, object]]
    """What was told of slots whose scales saw nothing of it yet; after a day it holds no more."""


def standing(sku: str, account: Account, position: Position, today: str, ends: Mapping[str, str]) -> Standing:
    """Where an SKU stands; `ends` as of `lots`."""
    held = account.lots
    lots = [_lot(lot, *held[lot], ends) for _, lot in turns(account, ends)]
    layers = [{"units": one.units, "unit_cost": one.unit_cost} for one in account.layers.layers]
    return Standing(
        sku, position, position.available, position.projected, account.debts, lots, expiring(account, today, ends=ends),
        layers, account.value, [one._asdict() for one in account.unexplained], _unseen(account),
    )  # fmt: skip


def _lot(lot: str, units: int, expiry: str, ends: Mapping[str, str]) -> dict[str, object]:
    return {"lot": lot, "units": units, "expiry": expiry, "effective_expiry": ends.get(lot, expiry)}


def _unseen(account: Account) -> list[dict[str, object]]:
    return [
        {"entry": of.id, "kind": of.kind, "slot": slot, "units": one.units, "at_ms": of.happened_ms}
        for slot, waiting in account.told.items()
        for one in waiting
        for of in (one.entry,)
    ]


def worth(books: Books, terms: Mapping[str, Terms], at_ms: int, known_ms: int) -> dict[str, object]:
    """What all stock was worth at a moment, by what was known at another and by the costing that was in force at the
    first. Reads the whole book."""
    terms = in_force(course(books.kept(COSTING)), terms, at_ms)
    facts = (one for _, of in books.facts_by_sku(at_ms, known_ms) for one in of)
    takers = (one for one in entries_of(books, known_ms) if taken_back(one) is not None)
    found = value.worth(value.accounts_at(facts, terms, takers, at_ms, known_ms))
    rows = [
        {"sku": sku, "units": one.units, "value": round(one.value, 6), "costing": terms.get(sku, Terms()).costing}
        for sku, one in sorted(found.items())
    ]
    return {"at_ms": at_ms, "known_ms": known_ms, "total": fsum(one.value for one in found.values()), "skus": rows}
