"""The parts of a maintenance order as the stock sees them: reserved from when they are wanted until they are taken.

An open order holds all that it wants and has not taken, also what is not there: less than nothing is available then,
which is what makes replenishment order it. What it can take is what is there for it, the earlier reservations first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.entries import Entry
from cloud.core.days import iso_day
from cloud.core.maintenance.work import WorkOrder
from cloud.core.promising.public import PROMISED
from cloud.core.promising.reservations import Reservation, covered
from cloud.core.purchasing.orders import Order
from cloud.core.refusals import Refusal
from protocols.trade import Tier

REF: Final = "work:"
"""A `ref` that begins so is of the maintenance order with that number."""


class Change(Struct, frozen=True):
    """A reservation that becomes another; `before` None: it is new."""

    before: Reservation | None
    after: Reservation


class Booked(Struct, frozen=True):
    """What an act does to the stock, to be stored with it: reservations, and entries of the book."""

    changes: list[Change] = []
    entries: list[Entry] = []


class Supply(Struct, frozen=True):
    """Of one part of an order the units that are there for it, those that are short, and when these are expected (None:
    nobody knows)."""

    there: int
    short: int
    expected_ms: int | None = None


def ref_of(order: WorkOrder) -> str:
    """What an order's reservations belong to."""
    return f"{REF}{order.id}"


def wanted(order: WorkOrder) -> dict[str, int]:
    """Units by SKU that are to be held for an order: what it wants and has not taken, as long as it is open."""
    return {one.sku: one.units - one.taken for one in order.parts if one.units > one.taken} if order.is_open else {}


def taken(before: WorkOrder | None, after: WorkOrder) -> dict[str, int]:
    """Units by SKU that an act takes off the stock."""
    was = {one.sku: one.taken for one in before.parts} if before is not None else {}
    return {one.sku: one.taken - was.get(one.sku, 0) for one in after.parts if one.taken > was.get(one.sku, 0)}


def booked(
    before: WorkOrder | None, after: WorkOrder, held: Sequence[Reservation], sensed: Collection[str], now_ms: int
) -> Booked:
    """What becomes of the reservations of an order, of which `held` are all, and what enters the book. Of an SKU that
    is `sensed`, the shelves see themselves what leaves and what is put back."""
    changes: list[Change] = []
    entries: list[Entry] = []
    target, takes = wanted(after), taken(before, after)
    for sku in sorted({one.sku for one in held} | target.keys()):
        keep, take = target.get(sku, 0), takes.get(sku, 0)
        for one in sorted((one for one in held if one.sku == sku), key=lambda one: (one.made_ms, one.id)):
            gone, stays = min(take, one.units), min(keep, one.units - min(take, one.units))
            take, keep = take - gone, keep - stays
            fresh = replace(one, changed_ms=now_ms, by=after.by)
            if gone:
                changes.append(Change(one, replace(fresh, units=gone, state="picked")))
                if sku not in sensed:
                    entries.append(_picked(one, gone, after, now_ms))
                if stays:
                    changes.append(Change(None, replace(fresh, units=stays, key="", id=0)))
            elif not stays:
                changes.append(Change(one, replace(fresh, state="released")))
            elif stays < one.units:
                changes.append(Change(one, replace(fresh, units=stays)))
        assert not take, "what is taken was held"
        if keep:
            made = Reservation(sku, keep, "", after.asset, now_ms, 0, "held", now_ms, ref_of(after), after.title)
            changes.append(Change(None, replace(made, by=after.by)))
    if not after.is_open and (before is None or before.is_open):
        back = {one.sku: one.taken - one.used for one in after.parts}
        entries += [_back(sku, units, after, now_ms) for sku, units in back.items() if units and sku not in sensed]
    return Booked(changes, entries)


def supplies(
    held: Iterable[Reservation], there: int, tiers: Sequence[Tier], coming: Iterable[Order], now_ms: int
) -> dict[str, Supply]:
    """By `ref` how everything stands that is `held` of one SKU, where `there` units are to be had for all of it and
    `coming` are the open purchase orders of the SKU. What comes serves the earlier reservations first, too."""
    by_id = {one.id: one for one in held}
    units: Counter[str] = Counter()
    have: Counter[str] = Counter()
    upto: dict[str, int] = {}
    every = 0
    for number, served in covered(by_id.values(), there, tiers).items():  # in the order in which they are served
        one = by_id[number]
        every += one.units
        units[one.ref] += one.units
        have[one.ref] += served
        upto[one.ref] = every
    arrivals = _arrivals(by_id.values(), coming, now_ms)
    return {
        ref: Supply(have[ref], wanted - have[ref], _expected(upto[ref] - max(0, there), arrivals))
        if have[ref] < wanted
        else Supply(wanted, 0)
        for ref, wanted in units.items()
    }


def not_there(order: WorkOrder, sku: str, asked: int, found: Supply, timezone: str) -> Refusal | None:
    """Why so many units of a part can not be taken; None where they are there."""
    if asked <= found.there:
        return None
    day = f"More is expected on {iso_day(timezone, found.expected_ms)}" if found.expected_ms else "Nobody knows when"
    more = f"{day}." if found.expected_ms else f"{day} more will come."
    said = f"{found.there} of {sku} are there for order {order.id}, {asked} were asked. {more}"
    return Refusal("not_there", said, "Take what is there; the rest stays reserved and is taken when it has come.")


def _arrivals(held: Iterable[Reservation], coming: Iterable[Order], now_ms: int) -> list[tuple[int, int]]:
    """When how many units will have come in all, as far as suppliers said: what is overdue is expected by nobody."""
    sku = next((one.sku for one in held), "")
    lines = (one.line(sku) for one in coming if one.state in PROMISED)
    due = sorted((one.due_ms, one.rest) for one in lines if one is not None and one.rest and one.due_ms >= now_ms)
    return [*zip((at_ms for at_ms, _ in due), accumulate(units for _, units in due), strict=True)]


def _expected(missing: int, arrivals: Iterable[tuple[int, int]]) -> int | None:
    return next((at_ms for at_ms, units in arrivals if units >= missing), None)


def _picked(one: Reservation, units: int, order: WorkOrder, now_ms: int) -> Entry:
    ref = f"reservation:{one.id}"
    return Entry("pick", one.sku, -units, now_ms, now_ms, ref=ref, by=order.by, note=ref_of(order), key=ref)


def _back(sku: str, units: int, order: WorkOrder, now_ms: int) -> Entry:
    """What was taken and not used, once an order."""
    key = f"{ref_of(order)}:back:{sku}"
    return Entry("put", sku, units, now_ms, now_ms, ref=ref_of(order), by=order.by, note=order.title, key=key)
