"""How well refrigeration that fails is told from temperature alone, in worlds it was not tuned on; beside the plain
rule "8 C for 30 min" (freezers: 4 K above their warmest).

The worlds are `cooler_worlds.py`: four groups of rooms; a third of those that fail, and more than half of the healthy
ones, are odd in one of eight ways. Every second room has a thermometer in the hall; every room's state is packed and
unpacked on day 17, as by a restart. The *breach* is the end of the first six hours whose true mean is above the limit.
A device-month counts from the day on which the room was learned, and ends with its fault.

Run: python -m tests.bench.cooling_bench.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, get_args

import msgspec
import numpy as np

from cloud.core.maintenance.ailments import of_device
from cloud.core.maintenance.keeping import Kept
from cloud.core.maintenance.refrigeration import State, step, troubled
from tests.bench.cooler_worlds import GROUPS, START_MS, Odd, Plan, Room, worlds
from tests.bench.table import Figure, show

SEED, ROOMS = 7100, 24
"""The estimator was tuned on the rooms of 5100, looked at with those of 5200, and never on these."""
DAY_MS = 86_400_000
DAYS, FAULT_DAY, RESTART_DAY = 50, 20.0, 17
MONTH_DAYS = 30.4
SETTLED_DAYS = 3
"""So long after it was told the cause is asked for."""
HEALTHY_TIMES = 3
"""So many times as many healthy rooms as of each fault."""
ODDS: list[Odd] = [odd for odd in get_args(Odd) if odd]
ILLS: list[tuple[str, Plan]] = [
    ("leak 1.5 %/day", Plan("leak", 0.015)),
    ("leak 3 %/day", Plan("leak", 0.03)),
    ("leak 10 %/day", Plan("leak", 0.1)),
    ("condenser 3 %/day", Plan("condenser", 0.03)),
    ("coil ices up", Plan("icing")),
    ("fan stops", Plan("fan")),
    ("air blocked", Plan("blocked")),
    ("does not start", Plan("dead")),
    ("door ajar 3-12 h", Plan("door")),
]
SLOW, HEALTHY, FAULTS, ALL = "leak 3 %/day", "healthy", "faults, all but doors", "all"
SAID = ("refrigerant", "icing", "fan", "blocked_air", "door_open", "losing_capacity", "nothing")


class Told(NamedTuple):
    """What was said of one room: the days on which it was first said that something is wrong (`alarms`), the cause,
    since when it was learned (inf: never), and, some days before the breach, what was left with its interval."""

    alarms: list[float]
    cause: str
    learned_day: float
    left: list[tuple[float, tuple[float, float, float]]]
    spent_s: float


class Tally:
    """What is counted of rooms of one kind."""

    def __init__(self) -> None:
        self.rooms = self.learned = self.breaches = self.told = self.before = self.naive_before = 0
        self.false = self.naive_false = self.left = self.held = 0
        self.months = 0.0
        self.delays: list[float] = []
        self.leads: list[float] = []
        self.naive_leads: list[float] = []
        self.said: Counter[str] = Counter()

    def add(self, room: Room, said: Told, naive: list[float]) -> None:
        """Count one room."""
        until, breached = min(room.fault_day, DAYS), room.breach_day < DAYS
        self.rooms += 1
        self.learned += said.learned_day < until
        self.months += max(0.0, until - said.learned_day) / MONTH_DAYS
        self.false += sum(day < until for day in said.alarms)
        self.naive_false += sum(said.learned_day <= day < until for day in naive)
        if room.ill == "healthy":
            return
        hits, naive_hits = ([day for day in days if day >= room.fault_day] for days in (said.alarms, naive))
        self.said[said.cause if hits else "nothing"] += 1
        self.breaches += breached
        self.told += bool(hits)
        self.before += bool(hits) and hits[0] < room.breach_day
        self.naive_before += bool(naive_hits) and naive_hits[0] < room.breach_day
        self.delays += [hits[0] - room.fault_day] if hits else []
        self.leads += [room.breach_day - hits[0]] if hits and breached else []
        self.naive_leads += [room.breach_day - naive_hits[0]] if naive_hits and breached else []
        if room.ill == "leak" and breached:
            self.left += len(said.left)
            self.held += sum(low <= room.breach_day - day <= high for day, (low, _, high) in said.left)

    @property
    def rate(self) -> float:
        """False alarms a device-month."""
        return self.false / max(self.months, 1e-9)

    @property
    def naive_rate(self) -> float:
        """Those of the plain rule."""
        return self.naive_false / max(self.months, 1e-9)

    def line(self, name: str) -> str:
        """As a row."""
        rate = f"{self.false:5} {self.months:7.1f} {self.rate:7.3f} {self.naive_rate:7.2f}"
        if not self.said:
            return f"{name:>28} {self.rooms:5} {self.learned:7} {rate}"
        hours = f"{24 * float(np.median(self.delays)):8.1f}" if self.delays else f"{'-':>8}"
        lead = f"{np.percentile(self.leads, 10):6.1f} {np.median(self.leads):6.1f}" if self.leads else f"{'-':>13}"
        by_rule = f"{np.median(self.naive_leads):6.1f}" if self.naive_leads else f"{'-':>6}"
        return (
            f"{name:>28} {self.rooms:5} {self.learned:7} {rate} {self.breaches:7} {self.told:5} {self.before:7} "
            f"{self.naive_before:6} {hours} {lead} {by_rule}"
        )


HEAD = (
    f"{'':>28} rooms learned false  months a month   plain  breach  told  before  plain  after h  lead d 10 %, 50 %"
    "  plain"
)


def plans(rooms: int) -> list[tuple[str, Plan]]:
    """What becomes of the rooms, each with the name of its row."""
    found = [
        (name, plan._replace(odd=ODDS[(one // 3 + row) % len(ODDS)] if one % 3 == 2 else ""))
        for row, (name, plan) in enumerate(ILLS)
        for one in range(rooms)
    ]
    found += [(HEALTHY, Plan())] * (HEALTHY_TIMES * rooms)
    return found + [(f"{HEALTHY}, {odd}", Plan(odd=odd)) for odd in ODDS for _ in range(rooms // 2)]


def told(room: Room, by_hall: bool) -> Told:
    """Live through a room's samples."""
    state, was, alarms, cause = State(limit_c=room.limit_c), False, [], "nothing"
    restarted, looked, settled, learned = False, 0, 0.0, float("inf")
    left: list[tuple[float, tuple[float, float, float]]] = []
    times, inside = room.times_ms.tolist(), room.inside_c.tolist()
    outside = room.outside_c.tolist() if by_hall else [None] * len(times)
    started = time.process_time()
    for at_ms, inside_c, around_c in zip(times, inside, outside, strict=True):
        step(state, at_ms, inside_c, around_c)
        ill = troubled(state)
        if ill == was and at_ms - looked < DAY_MS // 4:
            continue
        day, looked = (at_ms - START_MS) / DAY_MS, at_ms
        if state.baseline is not None and day < learned:
            learned = day
        if ill and not was:
            alarms.append(day)
        was = ill
        if ill and day >= room.fault_day:
            settled = settled or day + SETTLED_DAYS
            if day <= max(settled, alarms[-1] + 0.01) and day < room.breach_day:
                fault = of_device(Kept("x", coolers={"1": state}), "refrigerator", at_ms).faults
                cause = fault[0].code if fault else cause
            if state.left is not None and day < room.breach_day:
                left.append((day, state.left))
        if not restarted and day >= RESTART_DAY:
            restarted, state = True, msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)
    if cause == "nothing" and any(day >= room.fault_day for day in alarms):
        cause = "losing_capacity"
    return Told(alarms, cause, learned, left, time.process_time() - started)


def plain(room: Room) -> list[float]:
    """Days on which the limit had been passed for half an hour."""
    above = room.inside_c > room.limit_c
    edges = np.flatnonzero(np.diff(np.concatenate(([False], above, [False])).astype(int)))
    found = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        late = np.flatnonzero(room.times_ms[begin:end] - room.times_ms[begin] >= 30 * 60_000)
        if len(late):
            found.append(float(room.times_ms[begin + late[0]] - START_MS) / DAY_MS)
    return found


class Lived(NamedTuple):
    """A room that was lived through, and what was said of it."""

    row: str
    plan: Plan
    by_hall: bool
    room: Room
    said: Told
    naive: list[float]


def lived(rooms: int, seed: int) -> Iterator[Lived]:
    """Every room of these worlds."""
    named = plans(rooms)
    drawn = worlds(seed, [plan for _, plan in named], DAYS, FAULT_DAY)
    for one, ((name, plan), room) in enumerate(zip(named, drawn, strict=True)):
        by_hall = one // len(GROUPS) % 2 == 0
        yield Lived(name, plan, by_hall, room, told(room, by_hall), plain(room))


def figures(rooms: int = ROOMS, seed: int = SEED) -> tuple[list[Figure], list[str]]:
    """The figures, and the lines of the tables behind them: recall, false alarms, lead, what was said of what."""
    names = [*(name for name, _ in ILLS), HEALTHY, *(f"{HEALTHY}, {odd}" for odd in ODDS)]
    names += [f"faults, {odd or 'nothing odd'}" for odd in get_args(Odd)]
    names += [FAULTS, "all, nothing odd", "all, odd", "all, hall known", "all, hall unknown", ALL]
    rows = {name: Tally() for name in names}
    spent_s, samples = 0.0, 0
    for one in lived(rooms, seed):
        spent_s, samples = spent_s + one.said.spent_s, samples + len(one.room.times_ms)
        of = [one.row, "all, odd" if one.plan.odd else "all, nothing odd", ALL]
        of.append("all, hall known" if one.by_hall else "all, hall unknown")
        if one.plan.ill not in ("healthy", "door"):
            of += [FAULTS, f"faults, {one.plan.odd or 'nothing odd'}"]
        for name in of:
            rows[name].add(one.room, one.said, one.naive)
    lines = [HEAD, *(rows[name].line(name) for name in names)]
    lines += ["", f"{'what it was / said':>28} " + " ".join(f"{said:>15}" for said in SAID)]
    lines += [f"{name:>28} " + " ".join(f"{rows[name].said[said]:15}" for said in SAID) for name, _ in ILLS]
    everything, faults, slow = rows[ALL], rows[FAULTS], rows[SLOW]
    lines.append(f"days left, leaks that breach: the 90 % interval held {everything.held} of {everything.left} times")
    return [
        Figure(
            "refrigeration: faults told", ">= 0.95", faults.told / faults.rooms, 0.95, f"of {faults.rooms}",
            f"plain rule, before the breach, {faults.naive_before / faults.rooms:.2f}", True,
        ),
        Figure(
            "refrigeration: false alarms", "<= 0.05/device-month", everything.rate, 0.05,
            f"in {everything.months:.0f} months", f"plain rule {everything.naive_rate:.3g}",
        ),
        Figure(
            "leak of 3 %/day: lead, median", ">= 7 d", float(np.median(slow.leads or [0.0])), 7.0, "d",
            f"plain rule {np.median(slow.naive_leads or [0.0]):.2g} d", True,
        ),
        Figure("refrigeration: a sample", "<= 5 us", spent_s / samples * 1e6, 5.0, "us", "-"),
    ], lines  # fmt: skip


if __name__ == "__main__":
    found, shown = figures()
    print("\n".join(shown))
    sys.exit(show("refrigeration", found))
