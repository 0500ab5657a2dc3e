"""A booking and the step it explains are one movement: which waits for which, and what a booking says has happened.

People scan before the hand moves, after it, or hours later. A booking without a step waits (`Booking`), a step without
a booking too (`Step`), for `WAIT_MS`; none is counted twice, and what never finds the other is what the book got wrong.
"""

from __future__ import annotations

from itertools import combinations

from msgspec import Struct

from edge.core.slots.discrepancy import Rates

WAIT_MS = 8 * 3_600_000
YOUNG_MS = 10 * 60_000
"""A booking no older than this may be of a movement that the hand has not made yet."""
OPEN_MAX = 6
"""So many bookings, and so many steps, wait at most; the oldest then is taken for what it is."""
MORE_AT_ONCE = 0.3
"""Of two units lost at once, the second is so much rarer than the first; of three the third again."""

Kernel = dict[int, float]
"""Probability of each signed change of the count."""


class Booking(Struct, array_like=True, gc=False):
    """A booked change that no step was seen for yet."""

    delta: int
    at_ms: int


class Step(Struct, array_like=True):
    """A change of mass that nothing was booked for yet: what of it is unexplained, and its paths (count to count)."""

    at_ms: int
    rest: int
    before: list[int]
    after: list[int]
    p: list[float]


def happened(delta: int, rates: Rates) -> Kernel:
    """What truly happened when `delta` was booked: that; one more or less; nothing, or something near."""
    wrong = rates.wrong_share
    kernel = {delta: 1.0 - wrong}
    for change, share in ((delta - 1, 0.35), (delta + 1, 0.35), (0, 0.25), (delta - 2, 0.025), (delta + 2, 0.025)):
        kernel[change] = kernel.get(change, 0.0) + wrong * share
    return kernel


def unrecorded(days: float, rates: Rates) -> Kernel:
    """What happens in `days` without a record: units are lost, one or a few at once, seldom found."""
    lost, found = min(0.5, rates.lost_a_day * days), min(0.2, rates.found_a_day * days)
    kernel = {0: 1.0 - lost - found, 1: found}
    left = lost
    for units in range(1, 4):
        kernel[-units] = left * (1.0 - MORE_AT_ONCE)
        left *= MORE_AT_ONCE
    kernel[-4] = left
    return kernel


def convolved(one: Kernel, other: Kernel) -> Kernel:
    """The distribution of the sum of two independent changes, without what is less likely than 1e-9."""
    out: Kernel = {}
    for a, p in one.items():
        for b, q in other.items():
            if p * q > 1e-9:
                out[a + b] = out.get(a + b, 0.0) + p * q
    return out


def close(opened: list[Booking], live: bool, seen: int, at_ms: int) -> tuple[list[Booking], int]:
    """The bookings that still wait after a change of `seen` units was weighed, and how much of it the others explain.

    A live scale tells of each change: those that fit it are closed. One that is asked now and then has all behind it.
    """
    if not live:
        done = sum(one.delta for one in opened if at_ms - one.at_ms >= YOUNG_MS)
        young = [one for one in opened if at_ms - one.at_ms < YOUNG_MS]
        newest = sum(one.delta for one in young)
        if abs(seen - done - newest) < abs(seen - done):
            return [], done + newest
        return young, done
    best: tuple[Booking, ...] = ()
    gap = 2  # a number wrong by one is still this booking
    for size in range(1, len(opened) + 1):
        for some in combinations(opened, size):
            total = sum(one.delta for one in some)
            # Of those that fit alike the fewest and oldest.
            if total * seen > 0 and abs(total - seen) < gap:
                best, gap = some, abs(total - seen)
    if not best:
        return opened, 0
    # What the number differs by stays between count and book.
    return [one for one in opened if not any(one is done for done in best)], seen


def find(steps: list[Step], delta: int) -> Step | None:
    """The step that waits for a booking of `delta`: of its sign and, but for one, no smaller; the nearest, newest."""
    fitting = [step for step in steps if step.rest * delta > 0 and abs(delta) <= abs(step.rest) + 1]
    return min(fitting, key=lambda one: (abs(one.rest - delta), -one.at_ms), default=None)


def sharpened(step: Step, delta: int, rates: Rates) -> dict[int, float]:
    """By count after the step, how much likelier it is now that `delta` was booked for it."""
    chance = happened(delta, rates)
    pairs: dict[int, list[float]] = {}
    for before, after, p in zip(step.before, step.after, step.p, strict=True):
        pair = pairs.setdefault(after, [0.0, 0.0])
        pair[0] += p * (chance.get(after - before, 0.0) + FLOOR)
        pair[1] += p
    return {after: booked / p for after, (booked, p) in pairs.items() if p > 0.0}


FLOOR = 1e-3
"""A booking says at most so much against a count: it may be another movement's."""
