"""A machine by its channels: rows joined from the series of a minute, watched together, and wear by its vibration.

Series come one by one; a row is the mean of what each channel said in one minute, and is judged once every channel is
past it, or some minutes later. `watching.Watch` learns the normal of each operating state. Wear is told against the
first days, never learned again: vibration at work, day by day, on its way to the limit where ISO 20816 says stop.
"""

from __future__ import annotations

from statistics import median

from msgspec import Struct, field
from msgspec.structs import replace

from cloud.core.maintenance import passing
from cloud.core.maintenance.assets import DAYS_MAX, Days
from cloud.core.maintenance.events import Event
from cloud.core.maintenance.watching import Watch

MINUTE_MS, DAY_MS = 60_000, 86_400_000
CHANNELS_MAX = 16
"""Further ones of a machine are not watched, and counted."""
GATHER_ROWS = 30
"""In so many minutes every channel has spoken once."""
LATE_MINUTES = 5
LEARN_ROWS = 1440
"""A day of minutes: a quiet night is not all that a machine does."""
WEARING = ("vibration_mm_s", "vibration_g")
AT_WORK = ("power_w", "current_a", "switch_on")
STOP_MM_S = 7.1
"""ISO 20816: the upper end of what a medium machine may shake for a while."""
STOP_TIMES = 2.5
"""Where no such limit is known (vibration_g): so many times its own normal; zone D begins so far above zone B's end."""
WEAR_DAYS, WEAR_KNOWN = 120, 7
WORK_MINUTES_MIN = 30
TODAY_MAX = 600
WEAR_SIGMAS, WEAR_SHARE = 4.0, 0.2
SIDE = 1.645
"""How many deviations a normal range is wide to each side, where each day counts."""
SPREAD_SHARE = 0.005
"""Of its usual vibration: no course is smoother."""
PAGE_SCORE = 0.8
"""What is told as abnormal; below, chance brings some (see docs)."""
ABNORMAL_MINUTES = 10
SCORES_MAX = 240


class Wear(Struct):
    """A channel's wear: the median at work of each day, and today's."""

    quantity: str
    days: list[tuple[int, float]] = field(default_factory=list)
    day: int = -1
    today: list[float] = field(default_factory=list)
    since_ms: int = 0
    left: Days | None = None

    @property
    def usual(self) -> tuple[float, float] | None:
        """The middle of its first days, and their spread; None while they are not known."""
        if len(self.days) < WEAR_KNOWN:
            return None
        first = [level for _, level in self.days[:WEAR_KNOWN]]
        middle = median(first)
        return middle, max(1.4826 * median([abs(one - middle) for one in first]), 0.02 * abs(middle), 1e-9)

    @property
    def normal(self) -> tuple[float, float] | None:
        """The range that a day's level keeps, rounded as it is told; None while that is not known."""
        usual = self.usual
        if usual is None:
            return None
        low, high = (float(f"{usual[0] + side * usual[1]:.4g}") for side in (-SIDE, SIDE))
        return low, high

    @property
    def limit(self) -> float:
        """Where it has to stop; 0 while that is not known."""
        usual = self.usual
        if usual is None:
            return 0.0
        return max(STOP_MM_S, STOP_TIMES * usual[0]) if self.quantity == "vibration_mm_s" else STOP_TIMES * usual[0]


class Machine(Struct):
    """All that is remembered of a machine but its watch, which is packed beside it."""

    channels: list[str] = field(default_factory=list)
    fixed: bool = False
    rows: dict[int, dict[str, tuple[float, int]]] = field(default_factory=dict)
    """Minute -> channel -> (sum, samples), of minutes that are not judged yet."""
    passed: dict[str, int] = field(default_factory=dict)
    done: int = 0
    """The last minute that was judged."""
    wears: dict[str, Wear] = field(default_factory=dict)
    work: dict[str, tuple[float, float]] = field(default_factory=dict)
    """The range of each channel that tells whether it works."""
    scores: list[tuple[int, float]] = field(default_factory=list)
    odd_minutes: int = 0
    abnormal_ms: int = 0
    calm_minutes: int = 0
    why: list[tuple[str, float, float, float]] = field(default_factory=list)
    packed: bytes = b""
    too_many: int = 0


BEHIND_MINUTES = 30
"""What comes so far behind what was judged belongs to a backlog; less is a channel that is slow, and left out."""


class Channels:
    """A machine at work: what is remembered, and its watch."""

    def __init__(self, machine: Machine | None = None) -> None:
        self.kept = machine or Machine()
        self._watch = Watch.unpacked(self.kept.packed) if self.kept.packed else None

    def packed(self) -> Machine:
        """All that is remembered."""
        self.kept.packed = self._watch.packed() if self._watch else b""
        return self.kept

    def misses(self, at_ms: int) -> bool:
        """Whether this is of a time that was judged without it, as when channels hand in their past in turn."""
        return at_ms // MINUTE_MS <= self.kept.done - BEHIND_MINUTES

    def step(self, channel: str, at_ms: int, value: float) -> bool:
        """Take one sample of a channel (`channel/quantity`); whether what is found may have changed."""
        kept, minute = self.kept, at_ms // MINUTE_MS
        if minute <= kept.done:
            return False
        row = kept.rows.get(minute)
        if row is None:
            if channel not in kept.channels and not self._admit(channel):
                return False
            row = kept.rows[minute] = {}
        elif channel not in row and channel not in kept.channels and not self._admit(channel):
            return False
        total, samples = row.get(channel, (0.0, 0))
        row[channel] = (total + value, samples + 1)
        if minute <= kept.passed.get(channel, 0):
            return False
        kept.passed[channel] = minute
        newest, oldest = max(kept.passed.values()), min(kept.passed.values())
        until = oldest - 1 if len(kept.passed) == len(kept.channels) else 0
        return self._judge(max(until, newest - LATE_MINUTES))

    def _admit(self, channel: str) -> bool:
        """A channel that is new: all is learned anew, for a row has one more."""
        kept = self.kept
        if len(kept.channels) >= CHANNELS_MAX:
            kept.too_many += 1
            return False
        kept.channels = sorted([*kept.channels, channel])
        kept.fixed, self._watch = False, None
        return True

    def _judge(self, until: int) -> bool:
        kept, told = self.kept, False
        if not kept.fixed:
            if len(kept.rows) < GATHER_ROWS or len(kept.channels) < 1:
                return False
            kept.fixed = True
            self._watch = Watch(kept.channels, LEARN_ROWS)
        ready = sorted(minute for minute in kept.rows if minute <= until)
        for minute in ready:
            row = kept.rows.pop(minute)
            kept.done = max(kept.done, minute)
            means = {name: total / samples for name, (total, samples) in row.items()}
            told = self._take(minute * MINUTE_MS, means) or told
        return told

    def _take(self, at_ms: int, means: dict[str, float]) -> bool:
        kept = self.kept
        told = self._wear(at_ms, means)
        if self._watch is None:
            return told
        judged = self._watch.take(at_ms, [means.get(name) for name in kept.channels])
        if not judged.judged:
            return told
        kept.scores.append((at_ms, round(judged.score, 3)))
        if len(kept.scores) > SCORES_MAX:
            del kept.scores[0]
        if judged.score >= PAGE_SCORE:
            kept.odd_minutes, kept.calm_minutes = kept.odd_minutes + 1, 0
        else:
            kept.calm_minutes += 1
            kept.odd_minutes = kept.odd_minutes if kept.calm_minutes < ABNORMAL_MINUTES else 0
        if kept.odd_minutes >= ABNORMAL_MINUTES and not kept.abnormal_ms:
            kept.abnormal_ms = at_ms - (ABNORMAL_MINUTES - 1) * MINUTE_MS
            told = True
        elif kept.abnormal_ms and not kept.odd_minutes and not judged.open:
            kept.abnormal_ms, kept.why, told = 0, [], True
        for event in judged.events:
            self._remember(event)
        return told

    def _remember(self, event: Event) -> None:
        if event.score >= PAGE_SCORE:
            self.kept.why = [(one.feature, one.value, one.low, one.high) for one in event.why][:3]

    def _wear(self, at_ms: int, means: dict[str, float]) -> bool:
        """Vibration of a minute in which the machine works."""
        kept, told = self.kept, False
        for name, value in means.items():
            quantity = name.rpartition("/")[2]
            if quantity in AT_WORK:
                low, high = kept.work.get(name, (value, value))
                kept.work[name] = (min(low, value), max(high, value))
                if high - low > 0.3 * abs(high) and value < (low + high) / 2:
                    return False
        for name, value in means.items():
            quantity = name.rpartition("/")[2]
            if quantity in WEARING:
                wear = kept.wears.setdefault(name, Wear(quantity))
                told = wear_of(wear, at_ms, value) or told
        return told


def wear_of(wear: Wear, at_ms: int, value: float) -> bool:
    """Take a minute's vibration at work; whether what is found may have changed."""
    day = at_ms // DAY_MS
    if day == wear.day:
        if len(wear.today) < TODAY_MAX:
            wear.today.append(value)
        return False
    told = False
    if len(wear.today) >= WORK_MINUTES_MIN:
        wear.days.append((wear.day, median(wear.today)))
        if len(wear.days) > WEAR_DAYS:
            del wear.days[WEAR_KNOWN]  # the first days stay: they are what was usual
        told = _judge_wear(wear, at_ms)
    wear.day, wear.today = day, [value]
    return told


def _judge_wear(wear: Wear, at_ms: int) -> bool:
    usual = wear.usual
    if usual is None or len(wear.days) < WEAR_KNOWN + 3:
        return False
    middle, spread = usual
    now = median([level for _, level in wear.days[-3:]])
    far = now - middle > max(WEAR_SIGMAS * spread, WEAR_SHARE * middle)
    was = wear.since_ms
    wear.since_ms = (wear.since_ms or at_ms) if far else 0
    wear.left = None
    if far and wear.limit > 0:
        if now >= wear.limit:
            wear.left = (0.0, 0.0, 0.0)
        else:
            path = passing.path([(float(day), level) for day, level in wear.days], wear.limit, 1.0)
            how = passing.course([path])
            if how is not None:
                least = SPREAD_SHARE * middle
                how = replace(how, sigma=max(how.sigma, least), noise=max(how.noise, least))
                low, mid, high = passing.ends(how, passing.believed(how, path), DAYS_MAX)[0].tolist()
                wear.left = (round(min(low, DAYS_MAX), 1), round(min(mid, DAYS_MAX), 1), round(min(high, DAYS_MAX), 1))
    return was != wear.since_ms or wear.left is not None
