"""What is learnt of all SKUs together, once a night: their classes, and how right the forecasts' quantiles were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import Struct

from cloud.core.demand import DAYS_MIN, DailyDemand
from cloud.core.forecasting import classes, recalibration
from cloud.core.forecasting.daily import HORIZON_DAYS, HORIZON_MAX_DAYS, Forecast, forecast, learn
from cloud.core.forecasting.history import read
from cloud.core.forecasting.recalibration import Calibration
from cloud.core.planning.demand_table import mean_days
from cloud.core.planning.settling import DAYS_A_YEAR
from cloud.core.supplying.histories import Days, days_of, table

KEY = "forecast"
"""Under which it is kept."""


class Learnt(Struct, frozen=True):
    """Of the night that began local day `day`: the ABC and XYZ letters of each SKU ("" where
    its demand is not known), and the calibration of quantiles
    (see `recalibration.Calibration`)."""

    day: int
    classes: dict[str, str] = {}
    came: list[list[float]] = []
    cases: list[float] = []

    @property
    def calibration(self) -> Calibration:
        """How often what was told came."""
        untold = recalibration.untold()
        came, cases = np.asarray(self.came, dtype=np.float64), np.asarray(self.cases, dtype=np.float64)
        fits = came.shape == untold.came.shape and cases.shape == untold.cases.shape
        return Calibration(came, cases) if fits else untold

    def abc_xyz(self, sku: str) -> tuple[str, str]:
        """An SKU's two letters; "" while they are not known."""
        both = self.classes.get(sku, "")
        return both[:1], both[1:]


class Lesson(NamedTuple):
    """One SKU as `study` takes it: its demand, its slots, what a unit costs, and the days until its supply comes."""

    sku: str
    demand: DailyDemand | None
    slots: Sequence[str]
    unit_cost: float
    lead_time_days: float


def study(lessons: Sequence[Lesson], day: int, now_ms: int) -> Learnt:
    """Everything that is learnt at night, which takes a second or so for each thousand SKUs."""
    days = [days_of(one.demand, one.slots, now_ms) for one in lessons]
    told = [at for at, row in enumerate(days) if row.known >= DAYS_MIN]
    letters = dict.fromkeys((one.sku for one in lessons), "")
    if not told:
        return Learnt(day, letters)
    units, dry = table([days[at] for at in told])
    means = mean_days(np.where(dry, np.nan, units))
    values = [mean * DAYS_A_YEAR * lessons[at].unit_cost for mean, at in zip(means, told, strict=True)]
    both = zip(classes.abc(values), classes.xyz(read(units, dry)), strict=True)
    letters |= {lessons[at].sku: abc + xyz for at, (abc, xyz) in zip(told, both, strict=True)}
    horizon = [min(HORIZON_MAX_DAYS, max(1, round(lessons[at].lead_time_days))) for at in told]
    found = learn(units, dry, horizon)
    return Learnt(day, letters, found.came.tolist(), found.cases.tolist())


def foretell(
    rows: Mapping[str, Days], learnt: Learnt, taus: Sequence[float], days: int = HORIZON_DAYS
) -> tuple[list[str], Forecast | None]:
    """The demand of the next `days` of these SKUs with its quantiles, corrected by what came of earlier ones: the SKUs
    of which enough is known, and the forecast of each in that order."""
    skus = [sku for sku, row in rows.items() if row.known >= DAYS_MIN]
    if not skus:
        return [], None
    units, dry = table([rows[sku] for sku in skus])
    return skus, forecast(units, dry, days, taus, learnt.calibration)


def packed(learnt: Learnt) -> bytes:
    """As it is kept."""
    return msgspec.msgpack.encode(learnt)


def unpacked(blob: bytes | None) -> Learnt | None:
    """As it was kept; None where nothing was, or nothing that can be read."""
    try:
        return None if blob is None else msgspec.msgpack.decode(blob, type=Learnt)
    except msgspec.DecodeError:
        return None
