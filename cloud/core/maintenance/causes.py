"""Why a cooler cools less, as far as its temperature tells: from signs that the causes leave differently.

Refrigerant goes slowly, and all else stays as it was. A coil that ices up because its heater failed has no defrosts
any more. A fan that stops, or goods before the grille, weaken it from one hour to the next; without the fan the air
stands, and the thermometer follows more slowly. A door that stays open warms the room faster but takes no capacity.
Where signs are weak or speak for two, no cause is told.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

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
UNDISTURBED = 1.6
SLOW_SIGMAS = 2.0
VOTES_MIN, VOTES_SHARE = 4, 0.6
"""A cause is told once so many windows, and such a share of all since it was noticed, spoke for it."""


def tell(signs: Signs) -> Cause:
    """The cause these signs speak for."""
    if signs.undisturbed > UNDISTURBED and signs.cycling >= 0.5:
        return "icing"
    if signs.jump < JUMP_SHARE * signs.loss or signs.jump_sigmas < JUMP_SIGMAS or signs.jump < JUMP_MIN:
        return "refrigerant"
    if signs.cycling < 0.5:
        return "losing_capacity"
    if signs.swing < -SLOW_SIGMAS:
        return "fan"
    return "blocked_air" if abs(signs.swing) < SLOW_SIGMAS / 2 else "losing_capacity"


def elected(votes: dict[Cause, int]) -> Cause:
    """The cause that most windows spoke for, where these are enough."""
    cause = max(votes, key=lambda one: votes[one])
    total = sum(votes.values())
    return cause if votes[cause] >= max(VOTES_MIN, VOTES_SHARE * total) else "losing_capacity"
