"""Reorder proposals of the gateway's own, made by the service's last policies, or by hand, while the service is away.

An SKU's position is what its slots hold for certain: where a count is not known, from 0 or its interval's low end to
its high end. One proposal an SKU is open at a time; the service adopts it as its one open need (see decide in
cloud.core.replenishment), and one that the service orders already is not proposed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from protocols.layout import Site, Sku
from protocols.reports import Proposal
from protocols.uplink import Policy

HOLD_MS = 60_000
"""So long, watched, the position must have been at or below the point (or above it again): no hand causes an order,
and the service, when it is there, is first."""
AWAY_MS = 60_000
"""Time that passes in such a leap was not watched."""
REPEAT_MS = 600_000
"""How often an open proposal is told again while the link is up and the service does not order: the word was lost."""
CLOSED_MAX = 20
NEVER = -1
"""A reorder point at which nothing is ordered: the service says so of what nobody wants any more."""


class Position(NamedTuple):
    """Units between which the stock of an SKU certainly lies, and those that fit in its slots."""

    low: int
    high: int
    capacity: int


class Case(Struct, array_like=True):
    """One SKU: since when it is across its point, and its open proposal."""

    crossed_ms: int = 0
    open: Proposal | None = None
    told_ms: int = 0


class Book(Struct, array_like=True):
    """Every SKU that is across its point or proposed, by id, and the last `CLOSED_MAX` proposals that were closed."""

    cases: dict[str, Case] = {}
    closed: list[Proposal] = []
    at_ms: int = 0


def policy_of(sku: Sku, kept: Policy | None) -> Policy | None:
    """By what an SKU is ordered: what the site file says by hand, less what the service took off for goods under way,
    else what the service said last; None: by nothing, or it is not to be proposed."""
    if sku.discontinued or sku.replenish == "observe":
        return None
    if sku.reorder_point is not None:
        least = kept.quantity if kept is not None and kept.quantity > 0 else sku.least_lot
        point = sku.reorder_point if kept is None else min(sku.reorder_point, kept.reorder_point)
        made = Policy(sku.id, point, sku.order_quantity or least, kept is not None and kept.open)
        return made if point > NEVER else None
    return kept if kept is not None and kept.quantity > 0 and kept.reorder_point > NEVER else None


def step(
    book: Book,
    site: Site,
    position_of: Callable[[str], Position],
    kept: Mapping[str, Policy],
    now_ms: int,
    linked: bool = False,
) -> list[Proposal]:
    """Hold every SKU against its policy; what is to be told."""
    unwatched_ms = now_ms - book.at_ms if book.at_ms and now_ms - book.at_ms > AWAY_MS else 0
    book.at_ms = now_ms
    told: list[Proposal] = []
    for sku_id in book.cases.keys() - site.sku_by_id.keys():
        gone = book.cases.pop(sku_id).open
        if gone is not None:
            told.append(_close(book, gone, gone.position, now_ms))
    for sku in site.skus:
        policy = policy_of(sku, kept.get(sku.id))
        case = book.cases.get(sku.id)
        if policy is None and case is None:
            continue
        position = position_of(sku.id)
        if case is None:
            case = Case()
        elif case.crossed_ms:
            case.crossed_ms += unwatched_ms
        if case.open is None:
            said = _may_open(case, sku, policy, position, now_ms)
        else:
            said = _may_close(book, case, case.open, policy, position, now_ms, linked)
        told += said
        if case.open is not None or case.crossed_ms:
            book.cases[sku.id] = case
        else:
            book.cases.pop(sku.id, None)
    return told


def quantity_of(policy: Policy, position: Position, sku: Sku) -> int:
    """Units to order now: whole lots that bring the position above the point; no more than fits, in whole packs, but
    the least that can be ordered."""
    lots = ceil((policy.reorder_point + 1 - position.high) / policy.quantity) * policy.quantity
    room = position.capacity - position.high
    return lots if lots <= room else max(room // sku.pack * sku.pack, sku.least_lot)


def _may_open(case: Case, sku: Sku, policy: Policy | None, position: Position, now_ms: int) -> list[Proposal]:
    if policy is None or policy.open or position.high > policy.reorder_point:
        case.crossed_ms = 0
        return []
    case.crossed_ms = case.crossed_ms or now_ms
    if now_ms - case.crossed_ms < HOLD_MS:
        return []
    quantity = quantity_of(policy, position, sku)
    case.open = Proposal(sku.id, "open", quantity, position.high, policy.reorder_point, now_ms)
    case.crossed_ms, case.told_ms = 0, now_ms
    return [case.open]


def _may_close(
    book: Book, case: Case, made: Proposal, policy: Policy | None, position: Position, now_ms: int, linked: bool
) -> list[Proposal]:
    if policy is None or position.low > policy.reorder_point:
        case.crossed_ms = case.crossed_ms or now_ms
    elif position.high <= policy.reorder_point:
        case.crossed_ms = 0
    if case.crossed_ms:  # it was certainly above, and since then never certainly at or below
        if now_ms - case.crossed_ms < HOLD_MS:
            return []
        case.open, case.crossed_ms = None, 0
        return [_close(book, made, position.low, now_ms)]
    if policy is None or policy.open or not linked or now_ms - case.told_ms < REPEAT_MS:
        return []
    case.told_ms = now_ms
    return [made]  # with its time: by that it is known as the same one


def _close(book: Book, made: Proposal, position: int, now_ms: int) -> Proposal:
    closed = replace(made, state="closed", position=position, at_ms=now_ms)
    book.closed = [*book.closed, closed][-CLOSED_MAX:]
    return closed
