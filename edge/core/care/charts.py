"""What is kept of a sensor, and what it can be found to suffer from: the values that the other parts share."""

from __future__ import annotations

from array import array
from typing import Literal, cast

from msgspec import Struct, field

from edge.core.care.courses import Course
from edge.core.rewind import moved
from protocols.readings import Quantity

Code = Literal["drift", "creep", "noisy", "stuck", "spikes", "silent", "battery_low", "battery_ending", "clock_off"]
Remedy = Literal[
    "tare", "calibrate", "check_mount", "check_wiring", "restart_device", "check_power", "replace_battery", "set_clock"
]
REMEDIES: dict[Code, Remedy] = {
    "drift": "calibrate",
    "creep": "check_mount",
    "noisy": "check_wiring",
    "stuck": "restart_device",
    "spikes": "check_wiring",
    "silent": "check_power",
    "battery_low": "replace_battery",
    "battery_ending": "replace_battery",
    "clock_off": "set_clock",
}

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DAYS_MAX = 28
SHAKEN: frozenset[Quantity] = frozenset(("mass_g", "temperature_c", "humidity_pct", "pressure_hpa", "voltage_v", "raw"))
"""What has noise and spikes worth a look. Machines' power and switches jump by nature, and one that shakes more is no
sensor that does."""
STILL: frozenset[Quantity] = frozenset(("mass_g", "temperature_c", "humidity_pct", "pressure_hpa"))
"""What never stands still for long unless its sensor does."""


class Finding(Struct, frozen=True, gc=False):
    """What a sensor suffers from, since when, the numbers that say so (units in their names), and what would help."""

    code: Code
    remedy: Remedy
    since_ms: int
    evidence: dict[str, float]


class Change(Struct, frozen=True):
    """A finding came, or went."""

    came: bool
    finding: Finding


class Day(Struct, array_like=True, gc=False):
    """A day (numbered from 1970 on) in numbers."""

    day: int
    level: float = 0.0
    samples: int = 0
    spikes: int = 0
    same: float = 0.0
    """The largest share of samples in an hour that equal the one before."""
    longest_run_ms: int = 0
    longest_gap_ms: int = 0


class Chart(Struct, array_like=True):
    """All that is remembered of one channel. `open`: what it suffers from now."""

    quantity: Quantity
    begun_ms: int
    open: dict[str, Finding] = {}
    days: list[Day] = []
    usual: dict[int, float] = {}
    """Noise by hour of the day (UTC)."""
    quantum: float = 0.0
    course: Course | None = None
    heard_ms: int = 0
    awake_ms: int = 0
    tick_ms: int = 0
    period_ms: float = 0.0
    gaps: int = 0
    """The usual time between messages, and of how many it was learnt."""
    silent_ms: float = 0.0
    """A silence as long as this is one; 0 while that can not be told."""
    last_ms: int = 0
    last: float = 0.0
    run_ms: int = 0
    """The last sample that was examined, and since when the value is that."""
    newest_ms: int = 0
    changes: int = 0
    """Changes since it was found stuck."""
    stuck_ms: float = 0.0
    """A run as long as this is a stuck value; 0 while that can not be told."""
    today: Day | None = None
    levels: list[float] = []
    hour: int = 0
    noises: list[float] = []
    noisy: int = 0
    """Hours in a row that were noisy or, while it is found noisy, quiet."""
    spiked: list[tuple[int, int, int, float]] = []
    """(hour, samples, spikes, largest) of the last 24 hours."""
    pairs: int = 0
    alike: float = 0.0
    """Samples of this hour, and how many of them equal the one before."""
    apart: list[tuple[int, float]] = []
    """(day, level above the middle of the others in its zone) of the last days."""
    held_ms: list[int] = field(default_factory=lambda: emptied()[0])
    held: list[float] = field(default_factory=lambda: emptied()[1])
    """Samples not yet examined."""


def settle(chart: Chart, code: Code, since_ms: int, evidence: dict[str, float] | None) -> list[Change]:
    """A finding comes (with its evidence) or goes (without)."""
    if evidence is None:
        return [Change(False, chart.open.pop(code))] if code in chart.open else []
    remedy: Remedy = "tare" if code == "drift" and chart.quantity == "mass_g" else REMEDIES[code]
    finding = chart.open[code] = Finding(code, remedy, since_ms, evidence)
    return [Change(True, finding)]


def set_back(chart: Chart, now_ms: int, by_ms: int) -> None:
    """Our time was set back (see `edge.core.rewind`): what was learnt stays, days that never were go, and what was
    going on begins again."""
    day, hour = now_ms // DAY_MS, now_ms // HOUR_MS
    moved(chart, now_ms, by_ms)
    if chart.hour <= hour:
        return
    chart.hour, chart.today, chart.levels, chart.noises = hour, Day(day), [], []
    chart.days = [one for one in chart.days if one.day < day]
    chart.spiked = [one for one in chart.spiked if one[0] < hour]
    chart.apart = [one for one in chart.apart if one[0] < day]
    chart.held_ms, chart.held = emptied()
    if chart.course is not None:
        chart.course.bucket, chart.course.part, chart.course.levels = 0, [], []
        chart.course.load, chart.course.waiting, chart.course.stepped = None, None, True


def emptied() -> tuple[list[int], list[float]]:
    """Nothing held yet: times and values in 8 bytes each, as thousands of charts hold a hundred samples. They do what
    lists do, but are never stored (see `patients.resting`)."""
    return cast(list[int], array("q")), cast(list[float], array("d"))
