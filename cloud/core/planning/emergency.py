"""Whether to wait for the regular order, or to pay for an emergency order or a transfer from another site."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from msgspec import Struct

from cloud.core.planning.amounts import NONE, Pmf, added, moments, proper, total
from cloud.core.planning.levels import renewals
from cloud.core.planning.losses import losses
from cloud.core.planning.lots import ANY, Lots
from cloud.core.planning.refusals import not_negative, positive, share

Numbers = np.ndarray[Any, np.dtype[np.float64]]
HELP_MAX = 50_000
"""Nobody is asked for more steps at once."""
FAR_SD = 9.0


class Source(Struct, frozen=True):
    """Where units can be had sooner: after so many whole `periods`, at what that costs more than the regular order."""

    name: str
    periods: int
    fixed_cost: float
    unit_cost: float = 0.0
    lots: Lots = ANY

    def __post_init__(self) -> None:
        not_negative(periods=self.periods, fixed_cost=self.fixed_cost, unit_cost=self.unit_cost)


class Owning(Struct, frozen=True):
    """What having units sooner than they sell costs: `holding` a unit and period; and `price` for one thrown away that
    did not sell within `life` periods after it came. `coming` units are there or come anyway, less what is owed: they
    sell before one more does; `room` units more fit on the shelves. None: they last, there is room."""

    holding: float = 0.0
    coming: int = 0
    room: int | None = None
    life: int | None = None
    price: float = 0.0

    def __post_init__(self) -> None:
        not_negative(holding_cost=self.holding, price=self.price, room=self.room or 0, shelf_life=self.life or 0)


class Rescue(Struct, frozen=True):
    """What to do until the regular order arrives: `units` from `source`, or wait (None, 0 units).

    `risk` is the chance of a stock-out before that if nothing is done, `risk_after` if this is. `saves` is the expected
    money for units owed that it avoids, `costs` what it costs more: the order, dearer units, and owning them.
    """

    source: str | None
    units: int
    risk: float
    risk_after: float
    saves: float
    costs: float


FREE = Owning()
"""Owning costs nothing, and all fits."""


def rescue(
    day: Pmf,
    stock: int,
    regular_periods: int,
    backorder_cost: float,
    sources: Sequence[Source],
    owning: Owning = FREE,
) -> Rescue:
    """The source and units that save most above their cost, or to wait where none saves more than it costs.

    `stock` is on hand less what is owed; the regular order comes at the end of period `regular_periods`. A unit owed at
    the end of a period, before what arrives then, costs `backorder_cost`: p x sum over d of E[(D_d - stock)+].
    One more unit is there, beside all that comes anyway, until demand has used that and it: as long as it serves
    what would else be owed it costs nothing, and every other period `owning.holding` (`_owned`).
    """
    positive(backorder_cost=backorder_cost)
    not_negative(regular_periods=regular_periods)
    until, shorts = NONE, []
    for _ in range(regular_periods):
        until = added(until, proper(day))
        shorts.append(until)
    most = max(0, len(until) - stock)  # with so many more, nothing is ever short
    if owning.room is not None:
        most = min(most, owning.room)
    risk = _risk(until, stock)
    choice = Rescue(None, 0, risk, risk, 0.0, 0.0)
    for source in sources:
        sizes = source.lots.sizes(max(most, source.lots.least))
        bounds = [one for one in (source.lots.most, owning.room, HELP_MAX) if one is not None]
        sizes = sizes[sizes <= min(bounds)]  # what is not there, or does not fit, cannot be sent
        if not len(sizes):
            continue
        most_sent = int(sizes[-1])
        table = np.zeros(most_sent + 1)
        for pmf in shorts[source.periods :]:
            table += losses(pmf, stock, stock + most_sent)
        helped = table[0] - table
        saves = backorder_cost * helped[sizes]
        owned = owning.holding * (_owned(day, owning.coming, source.periods + 1, most_sent) - helped)
        costs = source.fixed_cost + source.unit_cost * sizes + np.maximum(owned, 0.0)[sizes]
        costs += owning.price * _expired(day, stock, source.periods, regular_periods, owning, most_sent)[sizes]
        gains = saves - costs
        if gains.max() > max(choice.saves - choice.costs, 1e-12):
            at = int(np.argmax(gains))
            units, saved = int(sizes[at]), float(saves[at])
            # what comes late cannot help before it comes
            early = _risk(shorts[source.periods - 1], stock) if 0 < source.periods <= len(shorts) else 0.0
            after = max(early, _risk(until, stock + units))
            choice = Rescue(source.name, units, risk, after, saved, float(costs[at]))
    return choice


def _owned(day: Pmf, coming: int, since: int, most: int) -> Numbers:
    """The unit-periods, from the end of period `since` on, for which 0 .. `most` units more are owned: the k-th of them
    while demand is below `coming` + k, counted exactly by the renewals of demand."""
    reach = max(1, coming + most)
    whole = np.cumsum(renewals(day, reach))  # periods, the present one with them, in which demand is below 1 .. reach
    until, before = NONE, np.zeros(reach)
    for _ in range(since):
        sums = np.cumsum(until)
        before += sums[np.minimum(np.arange(reach), len(sums) - 1)]
        until = added(until, day)
    each = (whole - before)[max(0, coming) : max(0, coming + most)]
    each = np.append(np.zeros(most - len(each)), each)  # what is owed is served as it comes
    return np.append(0.0, np.cumsum(each))


def _expired(day: Pmf, stock: int, since: int, regular: int, owning: Owning, most: int) -> Numbers:
    """How many units expire because of 0 .. `most` more: these themselves, or what comes after and waits for them."""
    if owning.life is None:
        return np.zeros(most + 1)
    found = np.zeros(most + 1)
    mean, variance = moments(day)
    for there, periods in ((stock, since + owning.life), (owning.coming, regular + owning.life)):
        if mean * periods - FAR_SD * sqrt(variance * periods) > there + most:
            continue
        sold = total(day, periods)
        left = np.arange(there, there + most + 1) + losses(sold, there, there + most)
        found = np.maximum(found, left - left[0])
    return found


def spare(stock: int, until_supplied: Pmf, level: float) -> int:
    """How many units a site can give away and still not run out before its own supply, with a chance of `level`."""
    share(level=level)
    enough = np.cumsum(proper(until_supplied)) >= level
    needed = int(np.argmax(enough)) if enough[-1] else len(enough) - 1
    return max(0, stock - needed)


def _risk(pmf: Pmf, stock: int) -> float:
    return float(pmf[stock + 1 :].sum()) if stock >= 0 else 1.0
