"""Daily demand of many SKUs as one table, days out of stock marked, and what is to be expected of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cloud.core.demand import DAYS_MIN, DailyDemand
from cloud.core.forecasting import recalibration
from cloud.core.forecasting.daily import forecast
from cloud.core.forecasting.history import Array, Flags
from cloud.core.planning.settling import Outlook


class Days(NamedTuple):
    """One SKU's whole days until yesterday, oldest first: units, and whether it was out of stock."""

    units: tuple[int, ...] = ()
    dry: tuple[bool, ...] = ()

    @property
    def known(self) -> int:
        """Days whose demand is known."""
        return len(self.units) - sum(self.dry)


def days_of(demand: DailyDemand | None, slots: Sequence[str], now_ms: int) -> Days:
    """The days of an SKU that these slots hold."""
    if demand is None:
        return Days()
    return Days(tuple(demand.whole_days(now_ms)), tuple(demand.dry_days(slots, now_ms)))


def table(rows: Sequence[Days]) -> tuple[Array, Flags]:
    """Units [SKUs x days], NaN before an SKU was watched, and days out of stock; the last column is yesterday."""
    width = max((len(row.units) for row in rows), default=0)
    units = np.full((len(rows), width), np.nan)
    dry = np.zeros((len(rows), width), dtype=np.bool_)
    for at, row in enumerate(rows):
        if row.units:
            units[at, -len(row.units) :] = row.units
            dry[at, -len(row.dry) :] = row.dry
    return units, dry


def outlooks(rows: Sequence[Days]) -> list[Outlook | None]:
    """What is to be expected of each SKU, all at once; None with fewer than `DAYS_MIN` known days."""
    told: list[Outlook | None] = [None] * len(rows)
    known = [at for at, row in enumerate(rows) if row.known >= DAYS_MIN]
    if known:
        units, dry = table([rows[at] for at in known])
        found = forecast(units, dry, taus=(0.5,), calibration=recalibration.untold())
        for row, at in enumerate(known):
            told[at] = Outlook.of(found, row)
    return told
