"""What the tests of the ledger's books post, order and promise."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.core.book.entries import Entry, Kind
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Line, Order
from tests.depot import NOON_MS as T


def entry(units: int = 4, at_ms: int = T, sku: str = "bolt", kind: Kind = "receipt", key: str = "") -> Entry:
    return Entry(kind, sku, units, at_ms, at_ms + 5, key=key)


def an_order(units: int = 10, needs: tuple[int, ...] = ()) -> Order:
    return Order("acme", [Line("bolt", units, 0.25)], "draft", T, T, "ada", needs=[*needs])


def step(before: Order, state: str, at_ms: int = T + 1) -> Order:
    return replace(before, state=state, changed_ms=at_ms, version=before.version + 1)


def a_promise(key: str = "") -> Reservation:
    return Reservation("bolt", 3, "gold", "Lee", T, T + 1000, changed_ms=T, by="ada", key=key)
