"""A real session on five shelves (AIM3S), told as devices would tell it: is every event found, is its mass right?

`python -m tests.bench.truth.session`. Floor and frame shake under feet there: 2 g of noise become 60 g.
"""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.core.slots.weight import Cell, step
from tests.bench.table import Figure, show

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "loadcell"
SHELVES = range(1, 6)
START_MS = 1_000_000
STEP_MS = 17
NOISE_G = 1.0
"""What a site file says of a cell when nobody measured it: nothing here is fitted to the session."""
EVENT_G = 20.0
"""Less is no event: the lightest of the shop's products that weigh more than their packing varies."""
SLACK_MS = 1_500
MESSAGES = (1, 6, 60)
"""Samples a message."""


class Event(NamedTuple):
    """Something was taken (negative) or put on a shelf."""

    shelf: int
    start_ms: float
    end_ms: float
    delta_g: float


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    return show("real session", figures())


def figures() -> list[Figure]:
    """Events found, events invented, worst error; nothing where the data is not."""
    if not DATA.exists():
        print("the real data (../shared/data beside the project) is not here: the real session is not measured")
        return []
    truth, theirs = known("ground_truth"), known("detected_by_aim3s")
    found = {size: events(size) for size in MESSAGES}
    hits = min(sum(_match(one, ours) is not None for one in (*truth, *theirs)) for ours in found.values())
    extra = max(sum(all(_match(one, [our]) is None for one in truth) for our in ours) for ours in found.values())
    pairs = [(one, _match(one, ours)) for ours in found.values() for one in (*truth, *theirs)]
    worst_g = max((abs(our.delta_g - one.delta_g) for one, our in pairs if our is not None), default=np.inf)
    anchor_g = max(abs(our.delta_g - one.delta_g) for one, our in zip(truth, theirs, strict=True))
    want = len(truth) + len(theirs)
    return [
        Figure("events found", f"{want} of {want}", hits, want, "", f"{len(truth)} true, each also by AIM3S", True),
        Figure("events invented", "0", extra, 0, "", f"naive: {naive_events()} by last second's mean"),
        Figure("error of an event's mass, worst", "<= 15 g", worst_g, 15.0, "g", f"AIM3S {anchor_g:.1f} g"),
    ]


def known(source: str) -> list[Event]:
    """The events of the session, as labelled by hand or as AIM3S saw them."""
    with (DATA / "session_events.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == source]
    return [Event(int(row["shelf"]), *(float(row[key]) for key in ("start_ms", "end_ms", "delta_g"))) for row in rows]


def events(size: int) -> list[Event]:
    """What our cells see in the session, in messages of `size` samples: changes of the settled mass."""
    times_ms, masses = session()
    found = []
    for shelf in SHELVES:
        cell, settled = Cell(), []
        for at in range(0, len(times_ms), size):
            values = masses[at : at + size, shelf - 1].tolist()
            settled += step(cell, START_MS + round(times_ms[at]), values, STEP_MS if len(values) > 1 else 0, NOISE_G)
        before = settled[0]
        level_g = before.mass_g
        for one in settled[1:]:
            at_ms = one.at_ms - START_MS
            if abs(one.mass_g - level_g) > EVENT_G:
                found.append(Event(shelf, before.at_ms - START_MS, at_ms, one.mass_g - level_g))
            elif found and found[-1].shelf == shelf:
                found[-1] = found[-1]._replace(delta_g=found[-1].delta_g + one.mass_g - level_g)
            before, level_g = one, one.mass_g
    return found


def session() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times in ms, and the raw mass in g of each shelf."""
    with gzip.open(DATA / "session_5shelves_60hz.csv.gz", "rt") as file:
        rows = np.array(list(csv.reader(file))[1:], dtype=np.float64)
    return rows[:, 0], rows[:, 2::2]


def naive_events() -> int:
    """Events by a plain rule: the mean of a second differs from that of the second before."""
    _, masses = session()
    seconds = masses[: len(masses) // 60 * 60].reshape(-1, 60, len(SHELVES)).mean(axis=1)
    return int((np.abs(np.diff(seconds, axis=0)) > EVENT_G).sum())


def _match(one: Event, ours: list[Event]) -> Event | None:
    """Our event on that shelf that came to rest about the time the other ended."""
    near = [our for our in ours if our.shelf == one.shelf and one.start_ms < our.end_ms < one.end_ms + SLACK_MS]
    return near[0] if near else None


if __name__ == "__main__":
    sys.exit(main())
