"""The slow course of a load cell between what people do to it: drift of its zero, and creep after a load.

Masses are folded into medians of five minutes. What is added or taken shows as a step between two of them; the small
changes that remain sum up to the cell's own course, day by day. Over whole days the daily wave of temperature cancels.
"""

from __future__ import annotations

from math import exp

from msgspec import Struct

from edge.core.care.symptoms import MAD_SIGMAS, lower_quartile, median, spread

BUCKET_MS = 5 * 60_000
BUCKETS_A_DAY = 288
GAP_MAX = 3
"""Buckets further apart say nothing about drift."""
STEP_SIGMAS = 6.0
STEP_QUANTA = 1.5
"""What is a step: beyond so many sd of the usual changes, and so many of the smallest changes that are told."""
LEARNT = 48
"""Changes that must be known before steps can be told from them."""
DAY_SHARE = 1 / 3
"""The part of a day that must have been seen."""
DAYS_MAX = 28
DAYS_MIN = 5
WINDOWS = ((3, 1.3), (7, 1.0), (14, 1.0))
"""Days looked back, and how much surer few of them must be: single days stray further than their usual spread."""
DRIFT_SIGMAS, DRIFT_FEW = 4.0, 6.0
"""How far a mean of days lies from 0 in standard errors; these are themselves uncertain when few days are known."""
DRIFT_CLEAR_SIGMAS = 3.0
DRIFT_MIN_G = 1.0
"""Grams a day that matter."""
CREEP_UNKNOWN, CREEP_KNOWN = 1.5e-4, 5e-5
"""What creep may add to a day's sum, as a share of all that was put and taken."""
DRIFT_QUANTA = 2.0
"""The sd of a day's sum by rounding alone."""
MOVED_SHARE = 0.2

CREEP_TAU_MS = 600_000
CREEP_FROM, CREEP_TO = 1, 6
"""Creep is the change from the first whole bucket after a load to the sixth, half an hour later."""
CREEP_SEEN = exp(-(CREEP_FROM * BUCKET_MS) / CREEP_TAU_MS) - exp(-(CREEP_TO * BUCKET_MS) / CREEP_TAU_MS)
CREEP_LOAD_SIGMAS = 8000.0
"""A load must be so many sd of the usual changes for its creep to be seen."""
CREEP_STEP = 0.01
CREEP_USUAL, CREEP_MAX, CREEP_SURE, CREEP_CLEAR = 2.5e-4, 1e-3, 7e-4, 6e-4
"""OIML R 60 class C3 allows a load cell 2.5e-4 in half an hour: four times that is a sick one."""
SHARES_MIN = SHARES_MAX = 5


class Course(Struct, array_like=True, gc=False):
    """A cell's course. Buckets are numbered from 1970 on."""

    bucket: int = 0
    part: list[float] = []
    levels: list[tuple[int, float]] = []
    """The last buckets' medians, the newest last."""
    apart: list[float] = []
    """The sizes of today's changes."""
    scale: float = 0.0
    """The sd of usual changes from bucket to bucket; 0 while it is not known."""
    quantum: float = 0.0
    fell: float = 0.0
    spans: int = 0
    """The sum of today's small changes, and the buckets that they span."""
    days: list[float] = []
    """Grams a day."""
    waiting: tuple[float, int] | None = None
    """A small change, and its buckets, that counts unless a step follows it: the median of a bucket in which a step
    lies leans towards the other side of it."""
    stepped: bool = True
    """The last change was a step, or came after a gap: the next does not count either."""
    load: tuple[int, float] | None = None
    """(bucket, size) of the last large step, while its creep can still be seen."""
    shares: list[float] = []
    """Creep by load, of the last loads."""
    creep_g: float = 0.0
    """The creep that is in the level, as far as it is known."""
    moved: float = 0.0
    """What was put and taken today, and ..."""
    moved_a_day: float = 0.0


class Drift(Struct, frozen=True):
    """A drift over some days: grams a day, the standard error, and how far it is beyond doubt (1: just)."""

    per_day: float
    error: float
    days: int
    doubt: float


def follow(course: Course, times_ms: list[int], values: list[float], quantum: float) -> None:
    """Fold samples in order of time; `quantum` is the smallest change that the cell tells."""
    course.quantum = quantum
    begin, size = 0, len(times_ms)
    while begin < size:
        bucket = times_ms[begin] // BUCKET_MS
        end = begin + 1
        if times_ms[-1] < (bucket + 1) * BUCKET_MS:
            end = size
        while end < size and times_ms[end] < (bucket + 1) * BUCKET_MS:
            end += 1
        if bucket != course.bucket:
            if course.part:
                _level(course, course.bucket, median(course.part))
            course.bucket, course.part = bucket, []
        course.part.append(median(values[begin:end]))
        begin = end


def close_day(course: Course) -> None:
    """A day is over: learn what changes are usual, and keep its sum."""
    if len(course.apart) >= LEARNT:
        course.scale = max(median(course.apart) / MAD_SIGMAS, 0.1 * course.quantum, 1e-6)
    if course.spans >= BUCKETS_A_DAY * DAY_SHARE:
        course.days = [*course.days, course.fell * BUCKETS_A_DAY / course.spans][-DAYS_MAX:]
    course.moved_a_day += (MOVED_SHARE if course.moved_a_day else 1.0) * (course.moved - course.moved_a_day)
    course.apart, course.fell, course.spans, course.moved = [], 0.0, 0, 0.0


def drift(course: Course) -> Drift | None:
    """The plainest drift of the last days; None while too few are known."""
    days = course.days
    if len(days) < DAYS_MIN:
        return None
    sd = max(spread(days), DRIFT_QUANTA * course.quantum, 1e-3)
    sure = DRIFT_SIGMAS * (1.0 + DRIFT_FEW / (len(days) - 1))
    least = max(DRIFT_MIN_G, course.moved_a_day * (CREEP_KNOWN if len(course.shares) >= SHARES_MIN else CREEP_UNKNOWN))
    found = None
    for window, surer in WINDOWS:
        if window > len(days):
            break
        mean = sum(days[-window:]) / window
        error = sd / window**0.5
        doubt = min(abs(mean) / error / (sure * surer), abs(mean) / least)
        if found is None or doubt > found.doubt:
            found = Drift(mean, error, window, doubt)
    return found


def creep(course: Course) -> tuple[float, float] | None:
    """(median, lower quartile) of the creep after the last loads, as shares of them; None while too few are known."""
    if len(course.shares) < SHARES_MIN:
        return None
    return median(course.shares), lower_quartile(course.shares)


def _level(course: Course, bucket: int, level: float) -> None:
    """A bucket is full."""
    before = course.levels[-1] if course.levels else None
    course.levels = [*course.levels, (bucket, level)][-(CREEP_TO + 2) :]
    if before is None or bucket - before[0] > GAP_MAX:
        _stepped(course)
        course.load = None
        return
    change, span = level - before[1], bucket - before[0]
    crept = _creep(course, level, span)
    course.apart.append(abs(change))
    if not course.scale:
        return
    limit = max(STEP_SIGMAS * course.scale, STEP_QUANTA * course.quantum) * span**0.5
    if course.load is not None:
        _stepped(course)
        _watch_load(course, bucket, level, change, limit)
        if course.load is not None:
            return  # it creeps: no drift
    if abs(change) > limit:
        _stepped(course)
        course.moved += abs(change)
        if abs(change) >= CREEP_LOAD_SIGMAS * course.scale and span == 1:
            course.load = (bucket, change)
        return
    if course.waiting is not None:
        course.fell += course.waiting[0]
        course.spans += course.waiting[1]
        course.waiting = (change - crept, span)
    elif course.stepped:
        course.stepped = False
    else:
        course.waiting = (change - crept, span)


def _creep(course: Course, level: float, span: int) -> float:
    """How much the level changed by the creep that is known of this cell."""
    if len(course.shares) < SHARES_MIN:
        return 0.0
    follows = 1.0 - exp(-span * BUCKET_MS / CREEP_TAU_MS)
    change = follows * (median(course.shares) * level - course.creep_g)
    course.creep_g += change
    return change


def _stepped(course: Course) -> None:
    """A step, or a gap: the change before it and the one after it do not count."""
    course.waiting, course.stepped = None, True


def _watch_load(course: Course, bucket: int, level: float, change: float, limit: float) -> None:
    """Whether the cell lies undisturbed after a load; what it crept, once half an hour is over."""
    assert course.load is not None
    loaded, size = course.load
    after = bucket - loaded
    settling = after <= CREEP_FROM  # the load itself may lie in two buckets
    same_way = change * size > 0 and abs(change) <= CREEP_STEP * abs(size)
    if not settling and not same_way and abs(change) > limit:
        course.load = (bucket, change) if abs(change) >= CREEP_LOAD_SIGMAS * course.scale else None
    elif settling and abs(change) > limit and not same_way:
        course.load = (loaded, size + change)
    elif after >= CREEP_TO:
        first = next((one for at, one in course.levels if at == loaded + CREEP_FROM), None)
        if after == CREEP_TO and first is not None:
            course.shares = [*course.shares, (level - first) / size / CREEP_SEEN][-SHARES_MAX:]
        course.load = None
