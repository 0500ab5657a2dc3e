"""Why a cooler cools less, as far as its temperature tells: from signs that the causes leave differently.

Refrigerant goes slowly, and all else stays as it was. A coil that ices up because its heater failed has no defrosts
any more. A fan that stops, or goods before the grille, weaken it from one hour to the next; without the fan the air
stands, and the thermometer follows more slowly. A door that stays open warms the room faster but takes no capacity.
Where signs are weak or speak for two, no cause is told.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view

from cloud.core.maintenance.baseline import Baseline, Window, losses
from cloud.core.maintenance.gathering import NO_PAUSE_MIN
from cloud.core.maintenance.recovering import RECOVERIES_MIN

Cause = Literal["losing_capacity", "refrigerant", "fan", "blocked_air", "door_open", "icing"]
"""`losing_capacity`: cooling is weaker, the cause is not told."""


class Signs(Struct, frozen=True):
    """What is seen of the last day. `loss`: ln of capacity; `jump`: the most that half a day brought of it, also in
    usual deviations of a window (`jump_sigmas`); `swing`: ln against the usual, in usual deviations; `cycling`: the
    share of windows with cycles; `undisturbed`: since the last recovery from a defrost or a door, in the longest times
    without one before (0: not known)."""

    loss: float
    jump: float
    jump_sigmas: float
    swing: float
    cycling: float
    undisturbed: float


JUMP_SHARE, JUMP_SIGMAS, JUMP_MIN = 0.6, 5.0, 0.2
"""What came at once: half a day brought such a share of it, so many deviations, and so much."""
JUMP_WINDOWS = 4
"""Half a day: so many windows are compared with as many before."""
UNDISTURBED = 1.6
"""So many times the longest that it ever was without a defrost: its heater, or their timer, failed."""
CYCLING = 0.5
"""With cycles in less than such a share of windows its swing tells nothing."""
SLOW_SIGMAS = 2.0
"""A swing by so much smaller: the air stands, and the thermometer follows more slowly. By half of it: it does not."""
VOTES_MIN, VOTES_SHARE = 4, 0.6
"""A cause is told once so many windows, and such a share of all since it was noticed, spoke for it."""


def read(
    known: Baseline, recent: list[Window], lately: int, seen_ms: list[int], since_ms: int | None, now_ms: int
) -> Signs:
    """The signs as they are now: of windows, `lately` of them of the last day, and of when it recovered (`seen_ms`)."""
    cycling = [one for one in recent[-lately:] if one.fall_min < NO_PAUSE_MIN]
    swing = median(np.log(one.swing_c / known.swing_c) for one in cycling) if cycling else 0.0
    lost, jump = losses(known, recent), 0.0
    if len(lost) >= 2 * JUMP_WINDOWS:
        middles = np.median(sliding_window_view(lost, JUMP_WINDOWS), axis=1)
        jump = max(0.0, float((middles[JUMP_WINDOWS:] - middles[:-JUMP_WINDOWS]).max()))
    before = [at_ms for at_ms in seen_ms if since_ms is None or at_ms < since_ms]
    apart_ms = max((after - one for one, after in pairwise(before)), default=0)
    return Signs(
        loss=float(np.median(lost[-lately:])),
        jump=jump,
        jump_sigmas=jump / known.window_sigma,
        swing=float(swing) / known.swing_sigma,
        cycling=len(cycling) / lately,
        undisturbed=(now_ms - seen_ms[-1]) / apart_ms if apart_ms and len(before) >= RECOVERIES_MIN else 0.0,
    )


def tell(signs: Signs) -> Cause:
    """The cause these signs speak for."""
    if signs.undisturbed > UNDISTURBED and signs.cycling >= CYCLING:
        return "icing"
    if signs.jump < JUMP_SHARE * signs.loss or signs.jump_sigmas < JUMP_SIGMAS or signs.jump < JUMP_MIN:
        return "refrigerant"
    if signs.cycling < CYCLING:
        return "losing_capacity"
    if signs.swing < -SLOW_SIGMAS:
        return "fan"
    return "blocked_air" if abs(signs.swing) < SLOW_SIGMAS / 2 else "losing_capacity"


def elected(votes: dict[Cause, int]) -> Cause:
    """The cause that most windows spoke for, where these are enough."""
    cause = max(votes, key=lambda one: votes[one])
    total = sum(votes.values())
    return cause if votes[cause] >= max(VOTES_MIN, VOTES_SHARE * total) else "losing_capacity"
