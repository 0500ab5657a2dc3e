"""How a cooler is, in numbers that people and other parts of the service read."""

from __future__ import annotations

from math import exp
from statistics import median
from typing import Literal

import numpy as np
from msgspec import Struct

from cloud.core.maintenance.baseline import DAY_MS, losses
from cloud.core.maintenance.causes import Cause
from cloud.core.maintenance.gathering import WINDOW_MS
from cloud.core.maintenance.refrigeration import CUSUM_LIMIT, RECOVERY_LIMIT, State


class Assessment(Struct, frozen=True):
    """How a cooler is.

    `learning`: fewer than `LEARN_DAYS_MIN` good days so far. `blind`: no cycle seen for a day. `score`: 1 nothing
    seen, 0.5 the alarm's limit, 0 twice that; `losing` is beyond it, and enough lost; `cause` says of what, as far as
    that can be told. `days_to_limit`: until it would run without pause at the day's heaviest load, on the present
    course, with a 90 % range; `days_high` is None when that is open-ended. `evidence`: what is seen now beside what
    is expected.
    """

    state: Literal["learning", "steady", "losing", "blind"]
    capacity_lost_pct: float
    score: float
    since_ms: int | None
    days_to_limit: float | None
    days_low: float | None
    days_high: float | None
    evidence: dict[str, float]
    cause: Cause = "losing_capacity"


def assess(state: State, now_ms: int) -> Assessment:
    """What the samples so far say at `now_ms`."""
    baseline = state.baseline
    score = round(1 - max(state.cusum / CUSUM_LIMIT, state.cusum_slower / RECOVERY_LIMIT) / 2, 3)
    if baseline is None:
        return Assessment("learning", 0.0, 1.0, None, None, None, None, {"learned_days": float(len(state.learned))})
    fresh = bool(state.recent) and state.recent[-1].at_ms > now_ms - DAY_MS - WINDOW_MS
    day = state.recent[-DAY_MS // WINDOW_MS :]
    lost = max(0.0, 1 - exp(-float(np.median(losses(baseline, day)))))
    evidence = {
        "duty": median(window.duty for window in day),
        "duty_expected": baseline.duty,
        "fall_min": median(window.fall_min for window in day),
        "fall_expected_min": baseline.fall_min,
        "rise_min": median(window.rise_min for window in day),
        "rise_expected_min": baseline.rise_min,
        "disturbances_day": float(sum(window.disturbances for window in day)),
        "learned_days": float(len(state.learned)),
    }
    low, middle, high = state.left or (None, None, None)
    return Assessment(
        "losing" if state.losing else "steady" if fresh else "blind",
        round(100 * lost, 1),
        max(0.0, score),
        state.since_ms if state.losing else None,
        middle,
        low,
        high,
        {name: round(value, 3) for name, value in evidence.items()},
        state.cause,
    )
