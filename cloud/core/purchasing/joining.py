"""Which SKUs join an order that goes to their supplier anyway, since they would soon make one of their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import ceil, sqrt
from typing import Final, NamedTuple

from msgspec import Struct

from cloud.core.planning.amounts import lead_time_pmf
from cloud.core.planning.demand import Demand
from cloud.core.planning.joint import CanOrder, Member, can_order_levels
from cloud.core.planning.losses import Costs
from cloud.core.purchasing.facts import LeadTime
from cloud.core.purchasing.prices import unit_price
from protocols.trade import Action, Offer

LINE_SHARE: Final = 0.1
"""Of what an order costs, the part that each further line costs; the rest is paid once."""
MATES_MAX: Final = 8
"""Of a supplier's SKUs so many are weighed together: those whose stock lasts shortest."""
LEVELS_MAX: Final = 20
"""An economic lot is counted in at most about so many steps, for the levels are searched one by one."""


class Mate(Struct, frozen=True):
    """An SKU that may join: its offer, its position (drafts counted), a day's demand and its variance, lead time,
    money a day for a unit held and owed, what may be done without a person, and how many more fit on its shelves."""

    sku: str
    offer: Offer
    position: int
    daily: float
    variance: float
    lead: LeadTime
    holding_day: float
    backorder_day: float
    level: Action = "propose"
    room: int | None = None


class Joined(NamedTuple):
    """Units of an SKU that joins, and the position at or below which it does."""

    sku: str
    units: int
    price: float
    can: int


def joining(order_cost: float, mates: Sequence[Mate], going: Collection[str]) -> list[Joined]:
    """The SKUs that join an order in which `going` are, by can-order levels (`planning.joint`): those at or below their
    level c, up to S, in whole packs.

    The levels cost least when every line costs `LINE_SHARE` of the order and the rest is shared; so an SKU joins only
    where waiting for its own order is expected to cost more. Nothing is joined where its least lot is above S.
    """
    fit = [one for one in mates if one.daily > 0 and one.holding_day > 0 and one.backorder_day > 0]
    if not fit or order_cost <= 0:
        return []
    fit.sort(key=lambda one: (one.sku not in going, (one.position / one.daily) - one.lead.mean_days, one.sku))
    fit = fit[:MATES_MAX]
    steps = [_step(order_cost, one) for one in fit]
    members = [_member(order_cost, one, step) for one, step in zip(fit, steps, strict=True)]
    levels = can_order_levels((1 - LINE_SHARE) * order_cost, members)
    found = []
    for mate, level, step in zip(fit, levels, steps, strict=True):
        if mate.sku in going or mate.position > level.can * step:
            continue
        units = _units(mate, level, step)
        if units:
            found.append(Joined(mate.sku, units, unit_price(mate.offer, units), level.can * step))
    return found


def _units(mate: Mate, level: CanOrder, step: int) -> int:
    most = level.upto * step - mate.position
    if mate.room is not None:
        most = min(most, mate.room)
    if mate.offer.stock is not None:
        most = min(most, mate.offer.stock)
    units = most // mate.offer.pack * mate.offer.pack
    return units if units >= max(1, mate.offer.moq) else 0


def _step(order_cost: float, mate: Mate) -> int:
    economic = sqrt(2 * order_cost * mate.daily * (1 / mate.holding_day + 1 / mate.backorder_day))
    lead = mate.daily * mate.lead.mean_days
    spread = sqrt(mate.variance * max(1.0, mate.lead.mean_days)) + mate.daily * mate.lead.sd_days
    return max(1, ceil((economic + lead / 4 + 2 * spread) / (2 * LEVELS_MAX)))


def _member(order_cost: float, mate: Mate, step: int) -> Member:
    daily, variance = mate.daily / step, mate.variance / step**2
    mean, spread = Demand(daily, variance).moments(max(1.0, mate.lead.mean_days), mate.lead.sd_days**2)
    costs = Costs(LINE_SHARE * order_cost, mate.holding_day * step, mate.backorder_day * step)
    return Member(lead_time_pmf(daily, variance), lead_time_pmf(mean, spread), costs)
