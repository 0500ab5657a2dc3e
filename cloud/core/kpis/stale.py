"""Stock that does not move, or hardly: what to do with it, by one stated rule, and what that saves.

The rule, for the units that are too many (all of a dead SKU; of a slow one what is not expected to sell in 180 days),
the first that fits:

1. expired units: **scrap**; they can not be sold, and cost their place.
2. a neighbour sells it: **transfer** what it can use, where a year's holding cost is more than the way costs.
3. a supplier still offers it, and it was received within `RETURN_DAYS`: **return** whole packs.
4. it is slow, may still be ordered, and is expected to sell within `PATIENCE_DAYS`: **stop** ordering until then.
5. else a **discount**; at `DISCOUNT` of its cost it frees money that keeping it does not.

What is saved a year is the holding cost of the units that go; an SKU that is stopped keeps what it has, and saves the
holding cost of the order that is not made.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import Final, Literal

from msgspec import Struct

from cloud.core.kpis.courses import a_day, excess, is_dead
from cloud.core.kpis.tallies import Tallies

RETURN_DAYS: Final = 365
"""Suppliers seldom take back what they delivered longer ago."""
RETURNED: Final = 0.85
"""Of what was paid, after a usual restocking fee of 15 %. An assumption: what was agreed stands above it."""
DISCOUNT: Final = 0.5
"""Of its cost, what stock that nobody wanted for half a year still brings. An assumption."""
PATIENCE_DAYS: Final = 365

Act = Literal["scrap", "transfer", "return", "stop", "discount"]


class Outlet(Struct, frozen=True):
    """Another site that sells the SKU: how many units it can use, and what the way costs, fixed and a unit."""

    id: str
    units: int
    fixed_cost: float
    unit_cost: float


class Prospects(Struct, frozen=True):
    """What is known of an SKU beside its tallies. `expired` units are on hand; `lot` is what an order would bring, 0
    where none is made any more; `supplier` still offers it, in packs of `pack`; `received_day` is that of its last
    receipt (a local ordinal, 0: not known)."""

    expired: int = 0
    lot: int = 0
    supplier: str = ""
    pack: int = 1
    received_day: int = 0
    outlets: Sequence[Outlet] = ()


class Proposal(Struct, frozen=True):
    """What to do with `units` of an SKU worth `value`: `with_whom` is the neighbour or supplier. `frees` money once,
    `saves` money a year. `idle_days` since the last movement, `cover_days` None where nothing is expected to sell."""

    sku: str
    kind: Literal["expired", "dead", "slow"]
    units: int
    value: float
    act: Act
    frees: float
    saves: float
    idle_days: int
    cover_days: float | None
    with_whom: str = ""


def stale_skus(site: Tallies) -> list[str]:
    """The SKUs that are dead or slow now, those with most value first."""
    found = [
        (-one.value, sku) for sku, one in site.courses.items() if is_dead(one, site.today) or excess(one, site.today)
    ]
    return [sku for _, sku in sorted(found)]


def proposal(site: Tallies, sku: str, known: Prospects) -> Proposal | None:
    """What to do with an SKU's idle stock; None where there is none."""
    course = site.courses.get(sku)
    if course is None or course.on_hand <= 0:
        return None
    there, dead = course.on_hand, is_dead(course, site.today)
    pace = a_day(course, site.today) or 0.0
    idle = site.today - max(course.moved_day, course.first_day)
    cover = there / pace if pace > 0 else None
    a_unit = course.value / there

    def made(kind: Literal["expired", "dead", "slow"], act: Act, units: int, back: float, who: str = "") -> Proposal:
        held = (known.lot if act == "stop" else units) * a_unit * course.rate
        return Proposal(sku, kind, units, units * a_unit, act, back, held, idle, cover, who)

    if known.expired > 0:
        return made("expired", "scrap", min(known.expired, there), 0.0)
    units = there if dead else floor(there * excess(course, site.today) + 1e-9)
    if units <= 0:
        return None
    kind: Literal["dead", "slow"] = "dead" if dead else "slow"
    ways = [(one, min(units, one.units)) for one in known.outlets if one.units > 0]
    gains = [(n * (a_unit * course.rate - one.unit_cost) - one.fixed_cost, one.id, one, n) for one, n in ways]
    if gains and (best := max(gains, key=lambda one: (one[0], one[1])))[0] > 0:
        _, _, outlet, n = best
        return made(kind, "transfer", n, n * (a_unit - outlet.unit_cost) - outlet.fixed_cost, outlet.id)
    whole = units // known.pack * known.pack
    if known.supplier and whole and known.received_day and site.today - known.received_day <= RETURN_DAYS:
        return made(kind, "return", whole, whole * a_unit * RETURNED, known.supplier)
    if not dead and known.lot and cover is not None and cover <= PATIENCE_DAYS:
        return made(kind, "stop", units, 0.0)
    return made(kind, "discount", units, units * a_unit * DISCOUNT)
