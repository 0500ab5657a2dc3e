"""What the desks hold of one SKU's facts: its account, and beside it what the account does not tell; and the fold."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from msgspec import Struct, field

from cloud.core.book import accounts
from cloud.core.book.accounts import Account, Terms
from cloud.core.book.entries import Entry, Sensed, order_of, taken_back
from cloud.core.kpis.facts import Step

MOVES = frozenset(("receipt", "pick", "put", "transfer", "loss"))
RISES_MAX = 256
"""Rises remembered of an SKU; beyond, the two oldest become one, of the time of the first."""


class Held(Struct):
    """`came_ms`: when goods last came. `counted_ms`: place -> when a person last counted there. `receipts` by order."""

    account: Account
    came_ms: int = 0
    rises: deque[tuple[int, int]] = field(default_factory=deque)
    """When more was on hand than before, and by how many units, however they came; the oldest first."""
    counted_ms: dict[str, int] = field(default_factory=dict)
    receipts: dict[int, list[Entry]] = field(default_factory=dict)
    picks: dict[int, tuple[int, int]] = field(default_factory=dict)
    """What was picked off the shelves' sight: entry -> units, and when. The shelves tell of theirs themselves."""


def opened(sku: str, by: Terms) -> Held:
    """Of an SKU of which nothing is known yet."""
    return Held(accounts.opened(sku, by))


def step(held: Held, entry: Entry, by: Terms) -> Step:
    """Fold a fact, and say what it did."""
    account = held.account
    cost, owed, there = account.flows.goods, -min(0, account.off), max(0, account.on_hand)
    accounts.post(account, entry, by)
    if account.on_hand > there:
        _rise(held.rises, entry.happened_ms, account.on_hand - there)
    if entry.kind == "count" and not (type(entry) is Sensed and entry.by == "first"):
        held.counted_ms[entry.place] = entry.happened_ms
    if entry.units > 0 and entry.kind in ("receipt", "put"):
        held.came_ms = entry.happened_ms
    if entry.kind == "receipt" and (number := order_of(entry)) is not None:
        held.receipts.setdefault(number, []).append(entry)
    # A pick that is told at a slot only explains what its scale saw.
    picked = -entry.units if entry.kind == "pick" and (type(entry) is Sensed or not entry.place) else 0
    if entry.kind == "pick" and not entry.place:
        held.picks[entry.id] = (-entry.units, entry.happened_ms)
    more = max(0, -min(0, account.off) - owed) if picked > 0 else 0
    spent = account.flows.goods - cost
    return Step(entry.sku, entry.happened_ms, account.on_hand, account.value, picked, spent, more, entry.kind in MOVES)


def _rise(rises: deque[tuple[int, int]], at_ms: int, units: int) -> None:
    rises.append((at_ms, units))
    if len(rises) > RISES_MAX:
        (first_ms, first), (_, second) = rises.popleft(), rises.popleft()
        rises.appendleft((first_ms, first + second))


def fold(sku: str, facts: Iterable[Entry], by: Terms, gone: Collection[int]) -> tuple[Held, list[Step]]:
    """What all facts of an SKU amount to; they come in the order of the book. `gone` were taken back."""
    held = opened(sku, by)
    return held, [
        step(held, one, by) for one in facts if type(one) is Sensed or (one.id not in gone and taken_back(one) is None)
    ]
