"""How well refrigeration that fails is told from temperature alone, in worlds it was not tuned on; beside the plain
rule "8 C for 30 min" (freezers: 4 K above their warmest).

The worlds are `cooler_worlds.py`: four groups of rooms, other seeds than those the estimator was tuned on (1 to 7, 12,
13). Every second room has a thermometer in the hall; every room's state is packed and unpacked on day 17, as by a
restart. The *breach* is the end of the first six hours whose true mean is above the limit.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import NamedTuple

import msgspec
import numpy as np

from cloud.core.maintenance.ailments import of_device
from cloud.core.maintenance.keeping import Kept
from cloud.core.maintenance.refrigeration import State, step
from tests.bench.cooler_worlds import START_MS, Ill, Room, worlds
from tests.bench.table import Figure

DAY_MS = 86_400_000
DAYS, FAULT_DAY, LEARN_DAYS, RESTART_DAY = 50, 20.0, 6, 17
MONTH_DAYS = 30.4
SETTLED_DAYS = 3
"""So long after it was told the cause is asked for."""
ILLS: list[tuple[str, Ill, float]] = [
    ("leak 1.5 %/day", "leak", 0.015),
    ("leak 3 %/day", "leak", 0.03),
    ("leak 10 %/day", "leak", 0.1),
    ("coil ices up", "icing", 0.0),
    ("fan stops", "fan", 0.0),
    ("air blocked", "blocked", 0.0),
    ("door ajar 3-12 h", "door", 0.0),
]
SAID = ("refrigerant", "icing", "fan", "blocked_air", "door_open", "losing_capacity", "nothing")


class Told(NamedTuple):
    """What was said of one room: the days on which it was first said that something is wrong (`alarms`), the cause,
    and, some days before the breach, what was left with its interval."""

    alarms: list[float]
    cause: str
    left: list[tuple[float, tuple[float, float, float]]]
    spent_s: float


def told(room: Room, by_hall: bool) -> Told:
    """Live through a room's samples."""
    state, was, alarms, cause = State(limit_c=room.limit_c), False, [], "nothing"
    restarted, looked, settled = False, 0, 0.0
    left: list[tuple[float, tuple[float, float, float]]] = []
    started = time.process_time()
    outside = room.outside_c if by_hall else [None] * len(room.times_ms)
    for at_ms, inside_c, around_c in zip(room.times_ms, room.inside_c, outside, strict=True):
        step(state, at_ms, inside_c, around_c)
        ill = state.losing or state.warming.told_ms > 0 or state.loaded >= LOADED_RISES
        if ill == was and (not ill or at_ms - looked < DAY_MS // 4):
            continue
        day = (at_ms - START_MS) / DAY_MS
        if ill and not was:
            alarms.append(day)
        was, looked = ill, at_ms
        if ill and day >= room.fault_day:
            if not settled:
                settled = day + SETTLED_DAYS
            if day <= max(settled, alarms[-1] + 0.01) and day < room.breach_day:
                fault = of_device(Kept("x", coolers={"1": state}), "refrigerator", at_ms).faults
                cause = fault[0].code if fault else cause
            if state.left is not None and day < room.breach_day:
                left.append((day, state.left))
        if not restarted and day >= RESTART_DAY:
            restarted, state = True, msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)
    if cause == "nothing" and any(day >= room.fault_day for day in alarms):
        cause = "losing_capacity"
    return Told(alarms, cause, left, time.process_time() - started)


def plain(room: Room) -> list[float]:
    """Days on which the limit had been passed for half an hour."""
    since, found = 0, []
    for at_ms, inside_c in zip(room.times_ms, room.inside_c, strict=True):
        if inside_c <= room.limit_c:
            since = 0
            continue
        since = since or at_ms
        if since > 0 and at_ms - since >= 30 * 60_000:
            found.append((at_ms - START_MS) / DAY_MS)
            since = -1
        elif since < 0:
            continue
    return found


def figures(rooms: int = 24, seed: int = 700) -> tuple[list[Figure], list[str]]:
    """The figures, and the lines of the tables behind them: recall, false alarms, lead, what was said of what."""
    false = naive_false = 0
    months = 0.0
    matrix: dict[str, Counter[str]] = {}
    lines = [
        f"{'':>18} rooms  breach  told  before breach  plain rule   first told h  lead d (10 %, median)  plain  "
        "false/device-month"
    ]
    found_all = ill_all = held = left_all = 0
    slow_leads: list[float] = []
    naive_leads: list[float] = []
    spent_s, samples = 0.0, 0
    for number, (name, ill, loss) in enumerate([("healthy", "healthy", 0.0), *ILLS]):
        count = rooms * 2 if ill == "healthy" else rooms
        row_false = row_months = 0.0
        told_days, before, naive_before = [], 0, 0
        leads: list[float] = []
        plain_leads: list[float] = []
        breaches = 0
        for one, room in enumerate(worlds(seed + number, count, DAYS, ill, FAULT_DAY, loss)):
            said, naive = told(room, one % 2 == 0), plain(room)
            spent_s, samples = spent_s + said.spent_s, samples + len(room.times_ms)
            until = min(room.fault_day, DAYS)
            row_false += sum(day < until for day in said.alarms)
            row_months += (until - LEARN_DAYS) / MONTH_DAYS
            naive_false += sum(LEARN_DAYS <= day < until for day in naive)
            hits = [day for day in said.alarms if day >= room.fault_day]
            naive_hits = [day for day in naive if day >= room.fault_day]
            matrix.setdefault(name, Counter())[said.cause if hits else "nothing"] += 1
            if ill == "healthy":
                continue
            breached = room.breach_day < DAYS
            breaches += breached
            told_days += [hits[0] - room.fault_day] if hits else []
            before += bool(hits) and hits[0] < room.breach_day
            naive_before += bool(naive_hits) and naive_hits[0] < room.breach_day
            if hits and breached:
                leads.append(room.breach_day - hits[0])
            if naive_hits and breached:
                plain_leads.append(room.breach_day - naive_hits[0])
            if ill == "leak" and breached:
                for day, (low, _, high) in said.left:
                    left_all += 1
                    held += low <= room.breach_day - day <= high
        false, months = false + int(row_false), months + row_months
        if ill != "healthy":
            if ill != "door":
                found_all, ill_all = found_all + len(told_days), ill_all + count
            if name == "leak 3 %/day":
                slow_leads, naive_leads = leads, plain_leads
        hours = f"{24 * float(np.median(told_days)):12.1f}" if told_days else f"{'-':>12}"
        lead = f"{np.percentile(leads, 10):8.1f} {np.median(leads):8.1f}" if leads else f"{'-':>17}"
        by_rule = f"{np.median(plain_leads):8.1f}" if plain_leads else f"{'-':>8}"
        lines.append(
            f"{name:>18} {count:5} {breaches:7} {len(told_days):5} {before:14} {naive_before:11} {hours}  {lead}  "
            f"{by_rule}  {row_false / max(row_months, 1e-9):8.3f}"
        )
    lines += ["", f"{'what it was / said':>18} " + " ".join(f"{said:>15}" for said in SAID)]
    lines += [f"{name:>18} " + " ".join(f"{row[said]:15}" for said in SAID) for name, row in matrix.items()]
    lines.append(f"days left, leaks that breach: the 90 % interval held {held} of {left_all} times")
    return [
        Figure("refrigeration: faults told", ">= 0.95", found_all / ill_all, 0.95, f"of {ill_all}", "-", True),
        Figure(
            "refrigeration: false alarms", "<= 0.05/device-month", false / months, 0.05, f"in {months:.0f} months",
            f"plain rule {naive_false / months:.3g}",
        ),
        Figure(
            "leak of 3 %/day: lead, median", ">= 7 d", float(np.median(slow_leads or [0.0])), 7.0, "d",
            f"plain rule {np.median(naive_leads or [0.0]):.2g} d", True,
        ),
        Figure("refrigeration: a sample", "<= 5 us", spent_s / samples * 1e6, 5.0, "us", "-"),
    ], lines  # fmt: skip


if __name__ == "__main__":
    found, shown = figures()
    print("\n".join(shown))
    for one in found:
        print(one)
