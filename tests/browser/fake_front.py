"""How the fake site's tiles went, and its worst trends: a stretch is missing, as when a gateway was off."""

from __future__ import annotations

import math
from collections.abc import Callable

from cloud.core import trends
from cloud.core.tiles import HOUR_MS, HOURS, STEP_MS, STEPS, TileCourse, TilesView
from cloud.core.trends import TrendView
from cloud.core.view import Kpi, Snapshot

GAP = range(40, 47)


class FakeFront:
    """The front desk of a site in memory."""

    def __init__(
        self, now_ms: Callable[[], int], site: Callable[[], Snapshot], celsius: Callable[[str, int], float]
    ) -> None:
        self._now_ms, self._site, self._celsius = now_ms, site, celsius

    def tiles(self) -> TilesView:
        """See `cloud.web.desk.FrontDesk`."""
        first = self._now_ms() // STEP_MS - STEPS + 1
        return TilesView(first * STEP_MS, STEP_MS, [_course(self._site().kpi, name) for name in Kpi.__struct_fields__])

    async def trends(self) -> list[TrendView]:
        """See `cloud.web.desk.FrontDesk`."""
        now_ms = self._now_ms()
        every = 6 * HOUR_MS // trends.POINTS
        times = [now_ms - 6 * HOUR_MS + n * every for n in range(trends.POINTS) if n not in GAP]
        found = [
            trends.of_series(
                trends.Candidate("zone", zone.id, zone.series, zone.temperature_c or 0.0, zone.min_c, zone.max_c),
                times, [round(self._celsius(zone.id, at), 2) for at in times], now_ms,
            )
            for zone in self._site().zones
            if zone.series
        ]  # fmt: skip
        found += [
            _of_machine(one.id, one.health, now_ms, n)
            for n, one in enumerate(self._site().assets)
            if one.kind in ("machine", "refrigerator")
        ]
        return trends.worst(found, 6)


def _course(kpi: Kpi, name: str) -> TileCourse:
    """It came to what it is now in a slow wave, and is usual within a fifth of it."""
    now = float(getattr(kpi, name))
    share = name.endswith("_pct")
    waves = [now * (1 + (0.02 if share else 0.3) * math.sin((n - STEPS + 1) / 19)) for n in range(STEPS)]
    values = [None if n in GAP else round(one, 1) if share else float(round(one)) for n, one in enumerate(waves)]
    assert HOURS > STEPS
    return TileCourse(
        name,
        values,
        round(now * 0.9, 1) if share else round(now * 0.5),
        min(100.0, round(now * 1.1, 1)) if share else round(now * 1.2),
    )


def _of_machine(id_: str, health: float, now_ms: int, n: int) -> TrendView:
    times = [now_ms - (29 - day) * 24 * HOUR_MS for day in range(30)]
    lost = 60 * (1 - health)
    values = [round(2 + math.sin(day / 3 + n) + lost * max(0.0, (day - 14) / 15) ** 2, 1) for day in range(30)]
    bad = trends.badness(values[-1], -8.0, 8.0)
    return TrendView("asset", id_, "capacity_lost", "%", round(bad, 3), times[0], times[-1], times, values, -8.0, 8.0)
