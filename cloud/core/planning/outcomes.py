"""What a policy is expected to lead to: cost, stock, backorders, fill rate and orders a period, exactly.

A period ends with its demand, then the order, then what arrives; an order placed n periods ago has just come. So stock
less backorders is the position after ordering, n periods ago, less the demand of those n periods (*lead*).
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from cloud.core.planning.amounts import Pmf, added, moments
from cloud.core.planning.losses import Costs, losses


class Outcome(Struct, frozen=True):
    """Averages of a period, in the long run: money; units in stock and owed; orders. `fill` is the share of demand met
    from stock at once, `ready` the share of period ends at which nothing is owed, `waste` the units thrown away."""

    cost: float
    stock: float
    backorders: float
    fill: float
    ready: float
    orders: float
    waste: float = 0.0


def outcome(weights: Pmf, low: int, orders: float, day: Pmf, lead: Pmf, costs: Costs) -> Outcome:
    """Of a policy whose position after ordering is `low` + i with chance `weights[i]`, and that orders so often.

    What comes to be owed in a period is E[(D_{n+1} - y)+] - E[(D_n - y)+], in whatever batches demand comes.
    """
    high = low + len(weights) - 1
    short = losses(lead, low, high + 1)
    owed = float(weights @ short[:-1])
    newly = float(weights @ losses(added(lead, day), low, high)) - owed
    stock = float(weights @ np.arange(low, high + 1)) - moments(lead)[0] + owed
    late = float(weights @ np.where(np.arange(low, high + 1) < 0, 1.0, short[:-1] - short[1:]))
    cost = costs.order * orders + costs.holding * stock + costs.backorder * owed
    return Outcome(float(cost), stock, owed, 1 - newly / moments(day)[0], 1 - late, float(orders))
