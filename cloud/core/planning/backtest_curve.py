"""How the policy would have done at several service levels, beside rules of thumb: cost against service, in one's own
past (`backtest`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from cloud.core.planning import backtest_policies as policies
from cloud.core.planning.backtest import Tally, course, first_judged, tally
from cloud.core.planning.backtest_course import Table
from cloud.core.planning.backtest_policies import Learner
from cloud.core.planning.items import Item
from cloud.core.planning.settling import DAYS_A_YEAR
from cloud.core.sku_view import BackTest, PastPolicy

LEVELS: Final = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
"""The service levels that the policy is lived through at."""
JUDGED_LEAST: Final = 5
"""Of fewer days nothing is told; of a few weeks it is an example rather than a proof, so the days are always told."""
CHUNK: Final = 10
"""SKUs lived through together, before it is asked whether there is time for more."""


def backtest_curve(
    sku: str, items: Sequence[Item], units: Table, ends_ms: int, go_on: Callable[[], bool] = lambda: True
) -> BackTest:
    """The points of these SKUs together; `units` [SKUs x days, NaN before an SKU existed], the last of which is over at
    `ends_ms`. It is over when `go_on` says no, after the first `CHUNK`: what is left is counted."""
    days = units.shape[1] if len(items) else 0
    first = first_judged(days)
    judged = days - first
    if not items or judged < JUDGED_LEAST:
        return BackTest(sku, 0, 0, max(0, judged), 0, [], [], "too_few_days" if items else "not_planned")
    sums: dict[str, Tally] = {}
    reached = 0
    for at in range(0, len(items), CHUNK):
        if at and not go_on():
            break
        part = slice(at, at + CHUNK)
        for name, learn in _learners(items[part]).items():
            found = tally(name, items[part], course(items[part], units[part], first, learn), judged)
            sums[name] = sums[name].plus(found) if name in sums else found
        reached += len(items[part])
    points = [_judged(sums[_name(level)], level) for level in LEVELS]
    rivals = [_judged(one, None) for name, one in sums.items() if name not in {_name(level) for level in LEVELS}]
    from_ms = ends_ms - judged * 86_400_000
    return BackTest(sku, reached, len(items) - reached, judged, from_ms, points, rivals)


def table_of(rows: Sequence[Sequence[float]]) -> Table:
    """Days of several SKUs, all until yesterday, as `units`."""
    width = max((len(row) for row in rows), default=0)
    table = np.full((len(rows), width), np.nan)
    for at, row in enumerate(rows):
        if len(row):
            table[at, -len(row) :] = row
    return table


def _learners(items: Sequence[Item]) -> dict[str, Learner]:
    """The policy at each level; as it is, with what was set by hand; and the rules of thumb."""
    aimed = {
        _name(level): policies.proposed([replace(one, service_level=level, backorder_cost=None) for one in items])
        for level in LEVELS
    }
    ours = {"in_force": policies.planned(items)}
    return aimed | ours | {"min_max": policies.min_max(items), "eoq_and_z": policies.eoq_and_z(items)}


def _name(level: float) -> str:
    return f"{level:.3f}"


def _judged(one: Tally, level: float | None) -> PastPolicy:
    years = one.days / DAYS_A_YEAR
    return PastPolicy(
        "at_level" if level is not None else one.policy,
        level,
        one.fill,
        one.holding_cost / years,
        one.ordering_cost / years,
        one.orders / years,
        one.stockout_days,
        one.stock_value,
    )
