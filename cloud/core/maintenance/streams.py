"""Any one series watched as it comes: a score for each sample, and the events found, each with what moved.

Four features are kept of a series: its value, the median of its last samples, the mean of the last few against that of
many, and how far it is from what its time of day usually brings. Each remembers the range it kept; a sample that takes
one out of its range by more than a few percent of it is news, and what has just been told is not told again. Nothing is
assumed of the noise: the range of a series is its own measure.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from msgspec import Struct, field

from cloud.core.maintenance.events import Event, Kind
from cloud.core.maintenance.standing import CHANGES_MIN, STUCK_MS, STUCK_ROWS, STUCK_TIMES

FEATURES = ("level", "median", "change", "time of day")
LASTING = {"level", "median"}
"""What of them tells how long an event lasts."""
WEIGHTS = (1.0, 1.0, 0.5, 0.5)
"""The last two move more of themselves, so they count half."""
DAYS_MIN, WEIGHTS_AT_FIRST = 2, (1.0, 1.0, 0.5, 0.0)
"""What an hour usually brings is not known from fewer days."""
MEDIAN_ROWS = 30
SHORT_ROWS, LONG_ROWS = 10, 100
SEASON_ROWS = 20
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
HOUR_WEIGHT_MIN = 0.2
"""An hour's usual value is the mean of that hour of all days; those of more than a week ago fade."""
BLOCK_ROWS = 8000
"""A range is that of the last one to two blocks: an outlier hides nothing for ever."""
LEARN_ROWS = 100
"""So many first samples only make the ranges, and these count for the more the longer they have been kept."""
EVIDENCE_HALF = 0.03
"""To leave a range by this share of it is a score of one half, and begins an event."""
HOLD_ROWS = 50
"""So long after news only greater news is told; and so long quiet, an event is over."""
EVENT_ROWS_MAX = 500
"""What lasts longer has become the way things are: the event is over."""
STUCK_EVIDENCE = 0.5


class Range(Struct):
    """The range that a feature kept, and that of the block that will replace it."""

    low: float
    high: float
    next_low: float
    next_high: float


class Stream(Struct):
    """All that is remembered of a series: bounded (some 5 KB), serialisable. `step` changes it in place."""

    rows: int = 0
    recent: list[float] = field(default_factory=list)
    ordered: list[float] = field(default_factory=list)
    short: float = 0.0
    long: float = 0.0
    hour: int = -1
    hour_sum: float = 0.0
    hour_rows: int = 0
    usual: list[float | None] = field(default_factory=lambda: [None] * 24)
    days: list[int] = field(default_factory=lambda: [0] * 24)
    unusual: float = 0.0
    ranges: list[Range] = field(default_factory=list)
    told: list[tuple[int, float]] = field(default_factory=list)
    same_rows: int = 0
    same_since_ms: int = 0
    longest_rows: int = 0
    changes: int = 0
    stuck: bool = False
    event: Event | None = None
    event_rows: int = 0
    quiet_rows: int = 0


def step(stream: Stream, at_ms: int, value: float, ended: list[Event]) -> float:
    """Take one finite sample, in order of time; its score, 0 to 1. An event that ends is put into `ended`."""
    rows = stream.rows = stream.rows + 1
    recent, ordered = stream.recent, stream.ordered
    if recent and value == recent[-1]:
        stream.same_rows += 1
    else:
        stream.changes += 1
        stream.longest_rows = max(stream.longest_rows, stream.same_rows)
        stream.same_rows, stream.same_since_ms, stream.stuck = 1, at_ms, False
    if recent:
        del ordered[bisect_left(ordered, recent.pop(0))]
        recent.append(value)
        insort(ordered, value)
    else:
        recent[:] = ordered[:] = [value] * MEDIAN_ROWS
    median = 0.5 * (ordered[MEDIAN_ROWS // 2 - 1] + ordered[MEDIAN_ROWS // 2])
    stream.short += (value - stream.short) / (rows if rows < SHORT_ROWS else SHORT_ROWS)
    stream.long += (value - stream.long) / (rows if rows < LONG_ROWS else LONG_ROWS)
    hour = at_ms // HOUR_MS % 24
    if hour != stream.hour:
        _close_hour(stream, hour)
    stream.hour_sum += value
    stream.hour_rows += 1
    usual = stream.usual[hour]
    stream.unusual += ((0.0 if usual is None else value - usual) - stream.unusual) / SEASON_ROWS
    features = (value, median, stream.short - stream.long, stream.unusual)
    ranges = stream.ranges
    if not ranges:
        ranges += [Range(one, one, one, one) for one in features]
    evidence = 0.0
    if stream.same_rows >= STUCK_ROWS and not stream.stuck and _is_stuck(stream, at_ms):
        evidence, stream.stuck = STUCK_EVIDENCE, True
    left = False
    weights = WEIGHTS if stream.days[hour] >= DAYS_MIN else WEIGHTS_AT_FIRST
    for now, kept, weight in zip(features, ranges, weights, strict=True):
        if now > kept.next_high:
            kept.next_high = now
        elif now < kept.next_low:
            kept.next_low = now
        if kept.low <= now <= kept.high:
            continue
        by = now - kept.high if now > kept.high else kept.low - now
        size = kept.high - kept.low
        evidence = max(evidence, weight * by / size if by < size else weight)
        left = True
    if rows <= LEARN_ROWS:
        evidence = 0.0
    elif evidence:
        evidence = _news(stream, rows, evidence * (1 - LEARN_ROWS / rows))
    score = evidence / (evidence + EVIDENCE_HALF)
    if score >= 0.5 or stream.event is not None:
        _follow(stream, at_ms, score, features, ended)
    if left:
        for now, kept in zip(features, ranges, strict=True):
            kept.low, kept.high = min(kept.low, now), max(kept.high, now)
    if rows % BLOCK_ROWS == 0:
        for now, kept in zip(features, ranges, strict=True):
            kept.low, kept.high, kept.next_low, kept.next_high = kept.next_low, kept.next_high, now, now
    return score


def _close_hour(stream: Stream, hour: int) -> None:
    """Learn what the hour that is over brought."""
    was = stream.hour
    if stream.hour_rows:
        mean, usual = stream.hour_sum / stream.hour_rows, stream.usual[was]
        stream.days[was] += 1
        weight = max(HOUR_WEIGHT_MIN, 1 / stream.days[was])
        stream.usual[was] = mean if usual is None else usual + weight * (mean - usual)
    stream.hour, stream.hour_sum, stream.hour_rows = hour, 0.0, 0


def _is_stuck(stream: Stream, at_ms: int) -> bool:
    """Whether the value has stood for far longer than it ever did."""
    enough = max(STUCK_ROWS, STUCK_TIMES * stream.longest_rows)
    return stream.changes >= CHANGES_MIN and stream.same_rows >= enough and at_ms - stream.same_since_ms >= STUCK_MS


def _news(stream: Stream, rows: int, evidence: float) -> float:
    """What of the evidence is greater than all told in the last `HOLD_ROWS` samples; falling in time and size."""
    told = stream.told
    while told and told[0][0] < rows - HOLD_ROWS:
        del told[0]
    fresh = not told or evidence > told[0][1]
    while told and told[-1][1] <= evidence:
        del told[-1]
    told.append((rows, evidence))
    return evidence if fresh else 0.0


def _follow(stream: Stream, at_ms: int, score: float, features: tuple[float, ...], ended: list[Event]) -> None:
    """Begin an event, carry it on, or end it."""
    if stream.event is not None and score >= 0.5 and stream.quiet_rows >= SHORT_ROWS:
        ended.append(close(stream))
    event = stream.event
    if event is None:
        begin_ms = stream.same_since_ms if stream.stuck else at_ms
        event = stream.event = Event(begin_ms, at_ms, "spike", score)
        stream.event_rows = stream.quiet_rows = 0
    stream.event_rows += 1
    event.score = max(event.score, score)
    if stream.stuck:
        event.moved("stuck", features[0], features[0], features[0])
    told = {one.feature: one for one in event.why}
    outside = set()
    for name, now, kept in zip(FEATURES, features, stream.ranges, strict=True):
        limits = told.get(name, kept)
        margin = EVIDENCE_HALF * (limits.high - limits.low)
        if not limits.low - margin <= now <= limits.high + margin:
            event.moved(name, now, limits.low, limits.high)
            outside.add(name)
    if LASTING & told.keys():  # a change, seen against a slow mean, outlasts its cause
        outside &= LASTING
    if outside or stream.stuck:
        event.end_ms, stream.quiet_rows = at_ms, 0
    else:
        stream.quiet_rows += 1
    lasting = stream.event_rows >= EVENT_ROWS_MAX and not stream.stuck
    if lasting or stream.quiet_rows >= HOLD_ROWS:
        ended.append(close(stream))


def close(stream: Stream) -> Event:
    """End the open event, as it must be where a series ends."""
    event, stream.event = stream.event, None
    assert event is not None, "close is asked of an open event"
    kinds: dict[str, Kind] = {"stuck": "stuck", "median": "shift", "level": "spike", "change": "change"}
    moved = {one.feature for one in event.why}
    event.kind = next((kind for feature, kind in kinds.items() if feature in moved), "time of day")
    return event
