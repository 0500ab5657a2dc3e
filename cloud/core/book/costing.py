"""By which costing stock was valued when: the site file says it for now, and what it said before is kept.

The value of a past moment is that of all facts up to then, by the costing that was in force at that moment; so it does
not change when the site file does.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.state import Terms
from protocols.trade import Costing

KEPT = "costing"
"""Under this the ledger keeps it."""
CHANGES_MAX = 100
"""Changes remembered of an SKU; of more, the oldest leave, and what followed them holds for all time before."""


class Since(Struct, frozen=True, array_like=True):
    """From a moment on an SKU was valued so, and a unit cost so much before any receipt said it."""

    from_ms: int
    costing: Costing
    unit_cost: float


Course = dict[str, list[Since]]
"""SKU -> its costings, the oldest first; that one holds for the time before it, too."""


def course(blob: bytes | None) -> Course:
    """What was kept; nothing where it can not be read."""
    try:
        return msgspec.msgpack.decode(blob, type=Course) if blob is not None else {}
    except msgspec.DecodeError:
        return {}


def followed(before: Course, terms: Mapping[str, Terms], now_ms: int) -> Course:
    """The same once the site file says these terms, from now on; equal where they say nothing new."""
    after = dict(before)
    for sku, by in terms.items():
        known = before.get(sku, [])
        if not known or (known[-1].costing, known[-1].unit_cost) != (by.costing, by.unit_cost):
            after[sku] = [*known, Since(now_ms, by.costing, by.unit_cost)][-CHANGES_MAX:]
    return after


def in_force(known: Course, terms: Mapping[str, Terms], at_ms: int) -> dict[str, Terms]:
    """The terms with the costings of a moment; also of SKUs that are in the site file no more."""
    found = {**terms}
    for sku, changes in known.items():
        now = next((one for one in reversed(changes) if one.from_ms <= at_ms), changes[0])
        found[sku] = replace(terms.get(sku, Terms()), costing=now.costing, unit_cost=now.unit_cost)
    return found
