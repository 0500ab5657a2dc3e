"""How long a cooler that weakens will still hold its temperature: its margin as a Wiener process (`wiener.py`).

The margin is what it could lose before the day's heaviest load takes all that is left at the room's limit.
"""

from __future__ import annotations

from math import log

import numpy as np

from cloud.core.maintenance import wiener
from cloud.core.maintenance.baseline import DAY_MS, Baseline, Window, losses

WANDER = 0.02
"""The spread of ln capacity in a day that is no measurement error."""
DRIFT_SD = 0.06
"""A loss of some percent a day is usual for a leak; before anything is seen it may be any of these, or none."""
HORIZON_DAYS = 365.0
HEAVY_PCT = 85
LIFT_C = 18.0
LIMIT_SHARE = 0.4
"""Of what the warmer room takes off its load so much counts: the slower thermometer hides some of what is lost."""
MARGIN_DOUBT, MARGIN_SD = 0.5, 0.08
"""How far the margin itself may be off (standard deviation): what the walls and goods take is not seen."""
PARTS_MS = DAY_MS // 2


def margin(baseline: Baseline, windows: list[Window], limit_c: float | None) -> float:
    """What may still be lost (ln) before the heaviest hours of a day reach the limit: C UA (outside - limit) = Q.

    Where no limit is known, before it runs without pause; without a thermometer outside, `LIFT_C` is assumed."""
    heavy = max(0.01, min(0.999, float(np.percentile([window.duty for window in windows], HEAVY_PCT))))
    left = -log(heavy)
    if limit_c is not None:
        outsides = [window.outside_c for window in windows if window.outside_c is not None]
        lift = (float(np.percentile(outsides, HEAVY_PCT)) if outsides else baseline.usual_c + LIFT_C) - baseline.usual_c
        allowed = max(0.0, limit_c - baseline.usual_c)
        left += LIMIT_SHARE * log(lift / max(lift - allowed, 0.1 * lift)) if lift > 0 else 0.0
    return max(0.0, left)


def days_left(
    baseline: Baseline, windows: list[Window], since_ms: int | None, limit_c: float | None = None
) -> tuple[float, float, float] | None:
    """Days (low, middle, high) until it can not hold its temperature; None with too few windows since it began."""
    if since_ms is None or not windows:
        return None
    first_ms = since_ms - 2 * DAY_MS
    parts: dict[int, list[float]] = {}
    for window, lost in zip(windows, losses(baseline, windows).tolist(), strict=True):
        if window.at_ms >= first_ms:
            parts.setdefault(window.at_ms // PARTS_MS, []).append(lost)
    if len(parts) < 4:
        return None
    today = [window for window in windows if window.at_ms > windows[-1].at_ms - DAY_MS]
    numbers = sorted(parts)
    seen = [float(np.median(parts[number])) for number in numbers]
    noise = np.array([baseline.window_sigma**2 / 2])
    belief = wiener.begin(-seen[0], baseline.sigma, 0.0, DRIFT_SD)
    for before, number, lost in zip(numbers, numbers[1:], seen[1:], strict=False):
        belief = wiener.advance(belief, WANDER, np.array([(number - before) * PARTS_MS / DAY_MS]))
        belief = wiener.observe(belief, np.array([-lost]), noise)
    # From what is lost now to what is left before the heaviest hours take all.
    left = margin(baseline, today, limit_c)
    belief[:, 0] += seen[-1] + left
    belief[:, 2] += (MARGIN_DOUBT * left + MARGIN_SD) ** 2
    times = wiener.times_to(belief, WANDER, HORIZON_DAYS)
    chance = wiener.passage(belief, WANDER, times)
    low, middle, high = wiener.quantiles(chance, times, np.array([[0.05, 0.5, 0.95]]))[0].tolist()
    return round(min(low, HORIZON_DAYS), 1), round(min(middle, HORIZON_DAYS), 1), round(min(high, HORIZON_DAYS), 1)
