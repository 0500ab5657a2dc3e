"""From a chart's numbers to findings: noise, spikes, stuck values, drift and creep, batteries.

A sensor is compared with its own past wherever that can be done; what is not yet known is not judged. The rules follow
the usual ones of data quality (spikes beyond 6 MAD of a running median, noise some times the usual, no change for many
times the usual run), with what makes each false in the field taken into account.
"""

from __future__ import annotations

from math import ceil, log

from edge.core.care import courses
from edge.core.care.charts import DAY_MS, HOUR_MS, Change, Chart, settle
from edge.core.care.symptoms import lower_quartile, slope, upper_quartile

NOISE_RATIO, NOISE_CLEAR = 2.5, 1.7
NOISE_HOURS = 2
"""So many hours in a row are noisy, or quiet again."""
NOISE_SLOTS_MIN = 6
"""Hours of the day that must be known before an hour is judged."""
NOISE_SHARE = 0.15
QUANTUM_NOISE = 0.5
"""Rounding to steps of 1 is noise of 0.29, and more where a sensor tells changes only."""

SPIKES_MIN, SPIKES_SHARE, SPIKES_ALWAYS = 6, 0.001, 0.05
"""Spikes in 24 h: so many, of so many samples; beyond the last share, whatever is usual."""
SPIKES_HOURS = 12
SPIKES_SIGMAS, SPIKES_CLEAR, SPIKES_SPREAD = 5.0, 2.0, 1.5
"""How far beyond the usual, in sd of a Poisson count that is spread somewhat wider."""
SPIKES_DAYS = 2

STUCK_MIN_MS = 30 * 60_000.0
STUCK_CHANCE = 1e-9
STUCK_TIMES, STUCK_TIMES_COARSE = 3.0, 8.0
"""A run is stuck when it is so many times the longest that was met; more for a coarse sensor, ..."""
COARSE = 0.9
"""... of whose samples such a share equal the one before in some hour."""
STILL_ALWAYS = 0.9999
STUCK_DAYS = 15
"""A coarse sensor is judged only once two weekends are known."""
PAIRS_MIN = 200

DRIFT_CLEAR = 0.5

BATTERY_LOW_PCT, BATTERY_FINE_PCT = 15.0, 25.0
BATTERY_EMPTY_PCT = 5.0
BATTERY_RENEWED_PCT = 15.0
BATTERY_DAYS, BATTERY_DAYS_CLEAR = 14.0, 28.0
BATTERY_LOOK_DAYS, BATTERY_DAYS_MIN, BATTERY_FALL_PCT = 14, 5, 2.0


def judge_noise(chart: Chart) -> list[Change]:
    """Compare the hour's noise with what is usual at this time of the day."""
    floor = QUANTUM_NOISE * chart.quantum
    noise = max(lower_quartile(chart.noises), floor)
    if noise <= 0.0:
        return []  # nothing ever changed
    slot = chart.hour % 24
    near = [chart.usual[at % 24] for at in (slot - 1, slot, slot + 1) if at % 24 in chart.usual]
    usual = max(near or chart.usual.values(), default=0.0)
    judged = len(chart.usual) >= NOISE_SLOTS_MIN and usual > 0.0
    is_open = "noisy" in chart.open
    if not judged or noise < NOISE_RATIO * usual:
        before = chart.usual.get(slot)
        chart.usual[slot] = noise if before is None else before * (noise / before) ** NOISE_SHARE
    if not judged:
        return []
    against = noise < NOISE_CLEAR * usual if is_open else noise > NOISE_RATIO * usual
    chart.noisy = chart.noisy + 1 if against else 0
    if chart.noisy < NOISE_HOURS:
        return []
    chart.noisy = 0
    evidence = {"now": noise, "usual": usual, "ratio": noise / usual}
    return settle(chart, "noisy", (chart.hour - NOISE_HOURS + 1) * HOUR_MS, None if is_open else evidence)


def judge_spikes(chart: Chart) -> list[Change]:
    """Compare the spikes of the last 24 hours with those of usual days."""
    samples = sum(one[1] for one in chart.spiked)
    count = sum(one[2] for one in chart.spiked)
    known = [day.spikes / day.samples for day in chart.days if day.samples]
    usual = upper_quartile(known) * samples if known else 0.0
    doubt = (SPIKES_SPREAD * usual + 1.0) ** 0.5
    many = count >= max(SPIKES_MIN, SPIKES_SHARE * samples)
    unusual = len(known) >= SPIKES_DAYS and count > usual + SPIKES_SIGMAS * doubt
    size = max((one[3] for one in chart.spiked), default=0.0)
    evidence = {"count": float(count), "share": count / max(samples, 1), "size": size}
    if "spikes" not in chart.open:
        always = len(chart.spiked) >= SPIKES_HOURS and count > SPIKES_ALWAYS * samples
        if many and (unusual or always):
            return settle(chart, "spikes", chart.spiked[0][0] * HOUR_MS, evidence)
    elif count < max(usual + SPIKES_CLEAR * doubt, 0.5 * SPIKES_MIN):
        return settle(chart, "spikes", 0, None)
    return []


def judge_course(chart: Chart, course: courses.Course, now_ms: int) -> list[Change]:
    """Drift and creep of a load cell. While it creeps, its drift is that; of a noisy or a coarse one none is found."""
    found: list[Change] = []
    creep = courses.creep(course)
    if creep is not None:
        share, low = creep
        if "creep" in chart.open:
            if share < courses.CREEP_CLEAR:
                found += settle(chart, "creep", now_ms, None)
        elif share > courses.CREEP_MAX and low > courses.CREEP_SURE:
            evidence = {"share": share, "usual_share": courses.CREEP_USUAL, "loads": float(len(course.shares))}
            found += settle(chart, "creep", now_ms, evidence)
    drift = courses.drift(course)
    if _rounded(chart):
        drift = None
    if drift is None or drift.doubt < DRIFT_CLEAR or "creep" in chart.open:
        found += settle(chart, "drift", now_ms, None)
    elif drift.doubt > 1.0 and "drift" not in chart.open and "noisy" not in chart.open:
        evidence = {"per_day": drift.per_day, "error_per_day": drift.error, "days": float(drift.days)}
        found += settle(chart, "drift", now_ms - drift.days * DAY_MS, evidence)
    return found


def _rounded(chart: Chart) -> bool:
    """Whether there are hours in which nothing changes: the sensor's own noise is rounded away, and its course too."""
    return any(day.same >= STILL_ALWAYS for day in (*chart.days, chart.today) if day is not None)


def judge_battery(chart: Chart) -> list[Change]:
    """Low, or empty soon. A device that runs and says 0 % has no battery: it hangs on the mains."""
    found: list[Change] = []
    days = [day for day in chart.days if day.samples]
    level = days[-1].level
    if level <= 0.0:
        return found
    since_ms = days[-1].day * DAY_MS
    if "battery_low" not in chart.open:
        if level <= BATTERY_LOW_PCT:
            found += settle(chart, "battery_low", since_ms, {"pct": level})
    elif level >= BATTERY_FINE_PCT:
        found += settle(chart, "battery_low", since_ms, None)
    renewed = [at for at in range(1, len(days)) if days[at].level > days[at - 1].level + BATTERY_RENEWED_PCT]
    course = (days[renewed[-1] :] if renewed else days)[-BATTERY_LOOK_DAYS:]
    left = 1e9
    if len(course) >= BATTERY_DAYS_MIN and course[0].level - level >= BATTERY_FALL_PCT:
        per_day = slope([day.day for day in course], [day.level for day in course])
        if per_day < 0.0:
            left = max(0.0, (level - BATTERY_EMPTY_PCT) / -per_day)
            evidence = {"pct": level, "days_left": left, "per_day": per_day}
            if left <= BATTERY_DAYS and "battery_ending" not in chart.open:
                return found + settle(chart, "battery_ending", since_ms, evidence)
    if "battery_ending" in chart.open and left > BATTERY_DAYS_CLEAR:
        found += settle(chart, "battery_ending", since_ms, None)
    return found


def stuck_after_ms(chart: Chart) -> float:
    """How long a value may stand still; 0 while it can not be told.

    Two tests, the longer time counts. By chance: with a share p of samples equal to the one before (that of the
    stillest hour), a run of n has the chance p^n. By experience: some times the longest run that was met.
    """
    days = [*chart.days, chart.today] if chart.today is not None else chart.days
    if sum(day.samples for day in days) < PAIRS_MIN or not chart.period_ms:
        return 0.0
    same = max(max(day.same for day in days), 0.02)
    known = len(chart.days)
    if same > COARSE and known < STUCK_DAYS:
        return 0.0
    if _rounded(chart) and chart.quantity == "mass_g":
        return 0.0  # a load that nobody touches stands still for as long as they like
    samples = sum(day.samples for day in chart.days)
    every_ms = DAY_MS * known / samples if known and samples else chart.period_ms
    chance_ms = ceil(log(STUCK_CHANCE) / log(same)) * every_ms if same < STILL_ALWAYS else 0.0
    longest_ms = max(day.longest_run_ms for day in days)
    times = STUCK_TIMES_COARSE if same > COARSE else STUCK_TIMES
    return max(STUCK_MIN_MS, chance_ms, times * longest_ms)
