"""A sensor judged by its own samples: a value that stands still for too long, and noise that grew. A few numbers each.

How long a value may stand follows from how often neighbours are equal, and from the longest runs of past days: a sensor
that rounds its noise away may stand for hours, one whose last digit flickers never does. Where it always flickers, runs
get rarer from length to length by a share that is soon known: then a run is stuck that chance brings once in a hundred
months, be it six samples. Noise is told from steps and slopes by the smallest of three second differences in a row,
against the same hours of other days.
"""

from __future__ import annotations

from math import ceil, inf, log, sqrt

from msgspec import Struct, field

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
STILL = frozenset(("mass_g", "temperature_c", "humidity_pct", "pressure_hpa"))
"""What never stands still for long unless its sensor does."""
SHAKEN = frozenset((*STILL, "voltage_v", "raw"))
"""What has noise worth a look; a machine that shakes more is not a sensor that does."""

STUCK_MS = 22 * MINUTE_MS
"""No shorter run is stuck: 30 minutes are what a stuck sensor may stay unseen."""
STUCK_ROWS = 6
STUCK_CHANCE = 1e-9
"""A run so unlikely by the share of equal neighbours, in the stillest hour that was met, is stuck ..."""
STUCK_TIMES, STUCK_TIMES_COARSE = 2.5, 6.0
"""... when it is so many times the longest that was met, too: more where in some hour ..."""
COARSE = 0.9
"""... such a share of neighbours were equal."""
RECORDS = 4.0
"""And beyond the usual longest run of a day by so many spreads of it."""
COARSE_DAYS = 15
"""A coarse sensor is judged only once two weekends are known."""
QUICK_MONTHS = 100.0
"""Of a sensor that always flickers a run is stuck that chance brings once in so many months of ..."""
MONTH_DAYS = 30.4
QUICK_DAYS, QUICK_RUNS = 7, 50.0
"""... as its runs of so many days say: those beyond a length, as long as so many are known, get rarer by ..."""
QUICK_SIGMAS, QUICK_SAME = 0.5, 0.45
"""... a share, which is taken so many standard errors up, and may be no larger than this."""
LATELY, LATELY_SIGMAS, RUNS_KEPT = 1 / 24, 3.0, 24
"""The share of equal neighbours before the run: where it is more than usual, the noise has changed."""
STILL_ALWAYS = 0.9999
ROWS_MIN, HOURS_MIN, PAIRS_MIN, DAYS = 200, 3, 8, 28
CHANGES_OVER = 3
"""So many changes end a stuck value."""

NOISE_RATIO, NOISE_CLEAR, NOISE_PACE = 3.0, 1.7, 0.15
NOISE_HOURS, NOISE_KNOWN, TRIPLES_MIN = 2, 6, 4
"""Hours in a row that are noisy, or quiet again; hours of the day that must be known; an hour's triples."""
TRIPLE_SIGMAS = 0.4658
"""Mean of the smallest of three absolute second differences x - (before + after) / 2 of noise of sd 1 (in sd; drawn a
million times, neighbours sharing samples as they do)."""
QUANTUM_NOISE = 0.5


class Sensor(Struct, array_like=True):
    """All that is remembered of one series: some 2 KB at most. `still` and `noisy` are what it suffers from now: since
    when (0: not). Kept by place: what is new stands last."""

    judged_still: bool = True
    judged_noise: bool = True
    rows: int = 0
    last_ms: int = 0
    value: float = 0.0
    before: float = 0.0
    run_ms: int = 0
    run_rows: int = 1
    hour: int = -1
    pairs: int = 0
    alike: int = 0
    hours: int = 0
    same: float = 0.02
    """The largest share of equal neighbours in an hour."""
    longest_rows: int = 0
    today_rows: int = 0
    records: list[int] = field(default_factory=list)
    """The longest run of each of the last days."""
    day: int = -1
    stuck_rows: float = 0.0
    """A run of so many is stuck; 0 while that can not be told."""
    still_ms: int = 0
    found_ms: int = 0
    changes: int = 0
    quantum: float = 0.0
    seconds: int = 0
    smallest: float = 0.0
    triple: int = 0
    triples: int = 0
    noise_sum: float = 0.0
    usual: list[float] = field(default_factory=lambda: [0.0] * 24)
    now_noise: float = 0.0
    noisy: int = 0
    noisy_ms: int = 0
    noisy_ratio: float = 0.0
    runs: list[float] = field(default_factory=lambda: [0.0] * RUNS_KEPT)
    """Runs by length, the oldest faded; and of how many days."""
    run_days: float = 0.0
    quick_rows: int = 0
    """A run of so many is stuck where it flickers now as it always does; 0 where it does not always."""
    lately: float = 0.0
    lately_most: float = 0.0


def begin(quantity: str) -> Sensor:
    """A sensor of which nothing was heard."""
    return Sensor(quantity in STILL, quantity in SHAKEN)


def step(sensor: Sensor, at_ms: int, value: float) -> bool:
    """Take one sample, in order of time; whether what it suffers from may have changed."""
    hour = at_ms // HOUR_MS
    told = False
    if hour != sensor.hour:
        told = _close_hour(sensor, hour)
    rows = sensor.rows = sensor.rows + 1
    last = sensor.value
    if value == last and rows > 1:
        sensor.run_rows += 1
        sensor.pairs += 1
        sensor.alike += 1
        enough = sensor.run_rows >= STUCK_ROWS and at_ms - sensor.run_ms >= STUCK_MS
        if enough and not sensor.still_ms and sensor.run_rows >= (_limit(sensor) or inf):
            sensor.still_ms, sensor.found_ms, sensor.changes, told = sensor.run_ms, at_ms, 0, True
    else:
        if rows > 1:
            told = _changed(sensor, value, last) or told
        sensor.run_ms, sensor.run_rows = at_ms, 1
    # Second differences: two samples back, one back, this one.
    if rows > 2:
        apart = last - 0.5 * (sensor.before + value)
        if apart < 0:
            apart = -apart
        triple = sensor.triple
        if triple == 0 or apart < sensor.smallest:
            sensor.smallest = apart
        if triple == 2:
            sensor.noise_sum += sensor.smallest
            sensor.triples += 1
            sensor.triple = 0
        else:
            sensor.triple = triple + 1
    sensor.before, sensor.value, sensor.last_ms = last, value, at_ms
    return told


def interrupt(sensor: Sensor, at_ms: int) -> None:
    """Samples are missing: a run may have been broken unseen."""
    sensor.run_ms, sensor.run_rows, sensor.triple = at_ms, 1, 0


def noise(sensor: Sensor) -> tuple[float, float]:
    """The noise (sd) of the last whole hour, and what is usual at that hour (0 while not known)."""
    return sensor.now_noise, _usual(sensor, (sensor.hour - 1) % 24)


def allowed_ms(sensor: Sensor) -> float | None:
    """How long its value may stand still; None while that can not be told."""
    limit = _limit(sensor)
    if not limit or sensor.run_rows < 2:
        return None
    every_ms = (sensor.last_ms - sensor.run_ms) / (sensor.run_rows - 1)
    return max(STUCK_MS, (limit - 1) * every_ms)


def _limit(sensor: Sensor) -> float:
    """A run of so many rows is stuck; 0 while that can not be told."""
    if sensor.quick_rows and sensor.lately <= sensor.lately_most:
        return sensor.quick_rows
    return sensor.stuck_rows


def _changed(sensor: Sensor, value: float, last: float) -> bool:
    sensor.pairs += 1
    run = sensor.run_rows
    if sensor.last_ms // HOUR_MS - sensor.run_ms // HOUR_MS > 1 and not sensor.still_ms:
        sensor.same = max(sensor.same, (run - 1) / run)  # of a run beyond an hour nothing was learned meanwhile
    if run > sensor.today_rows and not sensor.still_ms:
        sensor.today_rows = run
    step_size = abs(value - last)
    if not sensor.quantum or step_size < sensor.quantum:
        sensor.quantum = step_size
    if not sensor.still_ms:
        if sensor.judged_still:
            sensor.runs[min(run, RUNS_KEPT) - 1] += 1.0
            if run > 1:
                sensor.lately = 1 - (1 - sensor.lately) * (1 - LATELY) ** (run - 1)
            sensor.lately *= 1 - LATELY
        return False
    sensor.changes += 1
    if sensor.changes < CHANGES_OVER:
        return False
    # A false finding is not repeated for long: what it lasted is what may be, and what chance brings is learned anew.
    sensor.today_rows = max(sensor.today_rows, round(sensor.stuck_rows))
    sensor.runs, sensor.run_days, sensor.quick_rows = [0.0] * RUNS_KEPT, 0.0, 0
    sensor.still_ms = sensor.found_ms = 0
    return True


def _close_hour(sensor: Sensor, hour: int) -> bool:
    """An hour is over: what it taught; whether noise came or went."""
    told = False
    # A run that goes on may be one of a sensor that is stuck: it is learned once it is over.
    going_on = min(sensor.run_rows - 1, sensor.alike)
    pairs, alike = sensor.pairs - going_on, sensor.alike - going_on
    if pairs >= PAIRS_MIN and not sensor.still_ms:
        sensor.same = max(sensor.same, alike / pairs)
        sensor.hours += 1
    if sensor.judged_noise and sensor.triples >= TRIPLES_MIN and not sensor.still_ms:
        told = _judge_noise(sensor, sensor.hour)
    sensor.pairs = sensor.alike = sensor.triples = 0
    sensor.noise_sum, sensor.hour = 0.0, hour
    day = hour // 24
    if day != sensor.day:
        if sensor.day >= 0 and sensor.today_rows:
            sensor.records.append(sensor.today_rows)
            del sensor.records[:-DAYS]
            sensor.run_days += 1.0
            if sensor.judged_still:
                _learn_runs(sensor)
        sensor.day, sensor.today_rows = day, 0
        if len(sensor.records) == DAYS:  # what was stillest is forgotten slowly
            sensor.same = max(0.02, sensor.same - 0.01 * (1 - sensor.same))
    if sensor.judged_still and not sensor.still_ms:
        sensor.stuck_rows = _stuck_rows(sensor)
    return told


def _stuck_rows(sensor: Sensor) -> float:
    same, records = sensor.same, sensor.records
    if sensor.rows < ROWS_MIN or sensor.hours < HOURS_MIN or same >= STILL_ALWAYS:
        return 0.0
    coarse = same > COARSE
    if coarse and len(records) < COARSE_DAYS:
        return 0.0
    longest = max(sensor.today_rows, max(records, default=0))
    rows = max(STUCK_ROWS, log(STUCK_CHANCE) / log(same), (STUCK_TIMES_COARSE if coarse else STUCK_TIMES) * longest)
    if len(records) >= 5:
        mean = sum(records) / len(records)
        spread = sqrt(sum((one - mean) ** 2 for one in records) / (len(records) - 1))
        rows = max(rows, mean + 2 * RECORDS * spread)
    return rows


def _learn_runs(sensor: Sensor) -> None:
    """A day is over: how long a run chance can bring, where all days flicker."""
    sensor.quick_rows = 0
    beyond, total = [0.0] * (RUNS_KEPT + 1), 0.0
    for at in range(RUNS_KEPT - 1, -1, -1):
        total += sensor.runs[at]
        beyond[at] = total  # runs longer than `at` rows
    samples = sum(beyond)
    if sensor.run_days >= QUICK_DAYS and samples >= ROWS_MIN:
        length, share, left = 0, 0.0, samples
        # Of all samples in runs beyond a length, the share that is in their continuation.
        while left >= QUICK_RUNS and length < RUNS_KEPT - 1:
            more = 1 - min(1.0, beyond[length] / left)
            share = max(share, more + QUICK_SIGMAS * sqrt(more * (1 - more) / left))
            left -= beyond[length]
            length += 1
        if 0.0 < share <= QUICK_SAME:
            a_month = beyond[length - 1] * MONTH_DAYS / sensor.run_days
            rows = length + log(a_month * QUICK_MONTHS) / -log(share)
            usual = (samples - beyond[0]) / samples
            sensor.lately_most = usual + LATELY_SIGMAS * sqrt(usual * (1 - usual) * LATELY / (2 - LATELY)) + LATELY
            sensor.quick_rows = max(STUCK_ROWS, ceil(rows))
    fade = 1 - 1 / DAYS
    sensor.runs = [round(one * fade, 3) for one in sensor.runs]
    sensor.run_days *= fade


def _judge_noise(sensor: Sensor, hour: int) -> bool:
    slot = hour % 24
    floor = QUANTUM_NOISE * sensor.quantum
    now = sensor.now_noise = max(sensor.noise_sum / sensor.triples / TRIPLE_SIGMAS, floor)
    if now <= 0.0:
        return False
    usual = _usual(sensor, slot)
    known = sum(one > 0 for one in sensor.usual)
    judged = known >= NOISE_KNOWN and usual > 0
    if not judged or now < NOISE_RATIO * usual:
        before = sensor.usual[slot]
        sensor.usual[slot] = now if before == 0.0 else before * (now / before) ** NOISE_PACE
    if not judged:
        return False
    against = now < NOISE_CLEAR * usual if sensor.noisy_ms else now > NOISE_RATIO * usual
    sensor.noisy = sensor.noisy + 1 if against else 0
    if sensor.noisy < NOISE_HOURS:
        return False
    sensor.noisy = 0
    sensor.noisy_ratio = now / usual
    sensor.noisy_ms = 0 if sensor.noisy_ms else (hour - NOISE_HOURS + 1) * HOUR_MS
    return True


def _usual(sensor: Sensor, slot: int) -> float:
    near = [sensor.usual[at % 24] for at in (slot - 1, slot, slot + 1) if sensor.usual[at % 24] > 0]
    known = near or [one for one in sensor.usual if one > 0]
    return max(known, default=0.0)
