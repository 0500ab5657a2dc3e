"""Whether to wait for the regular order, or to pay for an emergency order or a transfer from another site."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from cloud.core.planning.amounts import NONE, Pmf, added, proper
from cloud.core.planning.losses import losses
from cloud.core.planning.lots import ANY, Lots
from cloud.core.planning.refusals import not_negative, positive, share


class Source(Struct, frozen=True):
    """Where units can be had sooner: after so many whole `periods`, at what that costs more than the regular order."""

    name: str
    periods: int
    fixed_cost: float
    unit_cost: float = 0.0
    lots: Lots = ANY

    def __post_init__(self) -> None:
        not_negative(periods=self.periods, fixed_cost=self.fixed_cost, unit_cost=self.unit_cost)


class Rescue(Struct, frozen=True):
    """What to do until the regular order arrives: `units` from `source`, or wait (None, 0 units).

    `risk` is the chance of a stock-out before that if nothing is done, `risk_after` if this is. `saves` is the expected
    money for units owed that it avoids, `costs` what it costs more.
    """

    source: str | None
    units: int
    risk: float
    risk_after: float
    saves: float
    costs: float


def rescue(day: Pmf, stock: int, regular_periods: int, backorder_cost: float, sources: Sequence[Source]) -> Rescue:
    """The source and units that save most above their cost, or to wait where none saves more than it costs.

    `stock` is on hand less what is owed; the regular order comes at the end of period `regular_periods`. A unit owed at
    the end of a period, before what arrives then, costs `backorder_cost`: p x sum over d of E[(D_d - stock)+].
    """
    positive(backorder_cost=backorder_cost)
    not_negative(regular_periods=regular_periods)
    until, shorts = NONE, []
    for _ in range(regular_periods):
        until = added(until, proper(day))
        shorts.append(until)
    most = max(0, len(until) - stock)  # with so many more, nothing is ever short
    risk = _risk(until, stock)
    choice = Rescue(None, 0, risk, risk, 0.0, 0.0)
    for source in sources:
        sizes = source.lots.sizes(max(most, source.lots.least))
        if source.lots.most is not None:
            sizes = sizes[sizes <= source.lots.most]  # what is not there cannot be sent, whatever the MOQ
        table = np.zeros(most + 1)
        for pmf in shorts[source.periods :]:
            table += losses(pmf, stock, stock + most)
        saves = backorder_cost * (table[0] - table[np.minimum(sizes, most)])
        gains = saves - source.fixed_cost - source.unit_cost * sizes
        if len(sizes) and gains.max() > max(choice.saves - choice.costs, 1e-12):
            at = int(np.argmax(gains))
            units, saved = int(sizes[at]), float(saves[at])
            # what comes late cannot help before it comes
            early = _risk(shorts[source.periods - 1], stock) if 0 < source.periods <= len(shorts) else 0.0
            after = max(early, _risk(until, stock + units))
            choice = Rescue(source.name, units, risk, after, saved, saved - float(gains[at]))
    return choice


def spare(stock: int, until_supplied: Pmf, level: float) -> int:
    """How many units a site can give away and still not run out before its own supply, with a chance of `level`."""
    share(level=level)
    enough = np.cumsum(proper(until_supplied)) >= level
    needed = int(np.argmax(enough)) if enough[-1] else len(enough) - 1
    return max(0, stock - needed)


def _risk(pmf: Pmf, stock: int) -> float:
    return float(pmf[stock + 1 :].sum()) if stock >= 0 else 1.0
