"""All SKUs planned from their daily demand: forecast in blocks, their cards made by a process a core."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice

from msgspec.structs import replace

from cloud.core.forecasting import classes, recalibration
from cloud.core.forecasting.daily import forecast_blocks
from cloud.core.forecasting.history import read
from cloud.core.planning.cards import Card, card
from cloud.core.planning.deals import dealt
from cloud.core.planning.demand_table import DemandTable, censored, mean_days
from cloud.core.planning.items import Item
from cloud.core.planning.settling import DAYS_A_YEAR, Outlook, settle

ALONE_MAX = 3_000
"""With more SKUs than this the cards are made by several processes."""
CHUNK = 500
AHEAD = 4
"""Chunks that wait for a process, of each."""

Job = tuple[Item, Outlook | None, str, str]


def plans(items: Mapping[str, Item], demand: DemandTable, why: bool = False) -> Iterator[Card]:
    """The card of every item, in the order of the demand's SKUs, those without demand last. `why`: with the policies
    that were rejected, which takes longer."""
    jobs = _jobs(items, demand)
    if len(items) <= ALONE_MAX:
        yield from _made(list(jobs), why)
        return
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        running: deque[Future[list[Card]]] = deque()
        while chunk := list(islice(jobs, CHUNK)):
            running.append(pool.submit(_made, chunk, why))
            if len(running) > AHEAD * (os.cpu_count() or 1):
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()


def _jobs(items: Mapping[str, Item], demand: DemandTable) -> Iterator[Job]:
    rows = [row for row, sku in enumerate(demand.skus) if sku in items]
    wanted = [items[demand.skus[row]] for row in rows]
    days = mean_days(demand.units[rows])
    abc = classes.abc([mean * DAYS_A_YEAR * item.unit_cost for mean, item in zip(days, wanted, strict=True)])
    units, hidden = censored(demand.units[rows])
    for part, told in forecast_blocks(units, hidden, taus=(0.5,), calibration=recalibration.untold()):
        xyz = classes.xyz(read(units[part], None if hidden is None else hidden[part]))
        for at, item in enumerate(wanted[part]):
            yield item, Outlook.of(told, at), abc[part.start + at], xyz[at]
    seen = {item.sku for item in wanted}
    yield from ((item, None, "C", "Z") for sku, item in items.items() if sku not in seen)


def _made(jobs: list[Job], why: bool) -> list[Card]:
    return [replace(_card(item, told, why), abc=abc, xyz=xyz) for item, told, abc, xyz in jobs]


def _card(item: Item, told: Outlook | None, why: bool) -> Card:
    made = dealt(item, told)
    settled = settle(made.item, told) if why else made.settled
    return replace(card(made.item, told, settled=settled), supply=made.supply)
