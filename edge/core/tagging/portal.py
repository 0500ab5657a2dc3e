"""Which way a tag went through a gate, or that it only came near: from the order in which two sides heard it.

A tag that is carried through is loudest at one antenna first and then at the other. Per side the moment it passed is
the mean time of its reads, weighted by a power of their strength (so that the peak counts, not far reflections); the
order of the two moments is the direction. Whether it went through at all, or turned round, stood near by or passed
along one side, is told by a logistic regression of five features without units: the gap between the moments against
the spread of the reads on each side, and against that of all reads; the wider side's spread against that of all; the
share of reads on the rarer side; the difference in strength between the sides. Tags that are carried together say the
same: each is judged by the mean of its company, the tags that passed the same sides at the same moments.

Sums fade over `FADE_S` and begin anew while a tag only stands there, so that one that stood near the gate for an hour
is judged by its last seconds.

The weights were fitted to 60 real passes of a warehouse gate with all kinds of movement (Alfian et al., Future Internet
15, 2023; data set `rfid/gate_reads`): `python -m tests.bench.truth.gate --fit` prints them, and the bench judges every
pass by weights that were fitted without it.
"""

from __future__ import annotations

from math import exp, log10, sqrt
from typing import Literal

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from protocols.readings import TagRead

Way = Literal["in", "out", "none"]
"""`in`: from the outer side to the inner one. `none`: near the gate, but not through it."""

QUIET_MS = 2_500
"""A tag that was not heard for so long is past the gate."""
STAY_MS = 15_000
"""A tag that is heard on and on is judged this often all the same."""
SETTLED_MS = 4_000
"""A tag that is heard on and on is past the gate when it was loudest on both sides so long ago."""
COMPANY_MS = 8_000
"""So long a passage that was judged is still company for those judged later."""
TOGETHER_MS = 2_500.0
"""Tags whose moments differ by less were carried together."""
SHARP_S = 0.2
"""Spreads below it are not told apart."""
READS_MIN = 2.5
"""Reads a side needs before a moment is believed; with fewer a tag itself says nothing."""
FADE_S = 12.0
"""With it, three reads still count as enough a few seconds later."""
LOUD_DBM = -60.0
SHARPNESS = 0.4
"""Reads weigh 10 ** (SHARPNESS * dB): the fourth power of the received power."""
TRACES_MAX = 5_000
"""Tags near one gate at once; above it new ones are not taken and counted."""

WEIGHTS = (0.782, 0.504, -5.205, 9.023, -4.121)
BIAS = 0.011


class Side(Struct, array_like=True, gc=False):
    """The reads of a tag on one side: their number, weights and weighted times (s after the trace's `zero_ms`)."""

    reads: float = 0.0
    weight: float = 0.0
    time: float = 0.0
    square: float = 0.0


class Trace(Struct, array_like=True):
    """A tag near the gate."""

    zero_ms: int
    last_ms: int
    judged_ms: int
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(), Side()))
    done: bool = False


class Gate(Struct, array_like=True):
    """Two sides of antennas and the tags near them. Antennas named in neither set are not listened to."""

    outer: frozenset[int]
    inner: frozenset[int]
    traces: dict[str, Trace] = {}
    refused: int = 0
    """Reads of tags above the limit."""


class Passage(Struct, frozen=True, array_like=True):
    """One tag's way: `chance` is how probably it went through; `reads` are those on the outer and the inner side;
    `company` is how many tags were judged with it, itself included."""

    epc: str
    way: Way
    chance: float
    at_ms: int
    reads: tuple[int, int]
    company: int


def note(gate: Gate, reads: list[TagRead]) -> None:
    """Take the reads of one message."""
    for read in reads:
        which = 0 if read.antenna in gate.outer else 1 if read.antenna in gate.inner else -1
        if which < 0:
            continue
        trace = gate.traces.get(read.epc)
        if trace is None or trace.done:
            if trace is None and len(gate.traces) >= TRACES_MAX:
                gate.refused += 1
                continue
            trace = gate.traces[read.epc] = Trace(read.at_ms, read.at_ms, read.at_ms)
        _add(trace, which, read)


def judge(gate: Gate, now_ms: int) -> list[Passage]:
    """The passages that are over by `now_ms` (the reader's clock); a tag that stays near the gate is no passage yet."""
    over = []
    for epc, trace in list(gate.traces.items()):
        silent_ms = now_ms - trace.last_ms
        if trace.done:
            if silent_ms >= COMPANY_MS:
                del gate.traces[epc]
        elif silent_ms >= QUIET_MS or now_ms - trace.judged_ms >= STAY_MS:
            over.append((epc, trace, silent_ms >= QUIET_MS))
    if not over:
        return []
    company = [told for trace in gate.traces.values() if (told := _moments(trace)) is not None]
    when = np.array([(told.outer_ms, told.inner_ms, told.odds) for told in company], np.float64).reshape(-1, 3)
    passages = []
    for epc, trace, quiet in over:
        passage, moved_ms = _passage(epc, trace, when)
        trace.judged_ms = now_ms
        if not quiet and now_ms - moved_ms < SETTLED_MS:
            # It may be in the gate just now: look again soon.
            trace.judged_ms = now_ms - STAY_MS + SETTLED_MS
        elif quiet or passage.way != "none":
            trace.done = True
            passages.append(passage)
        else:
            # It only stood there so far; what it does next is told by what is heard next.
            trace.sides = (Side(), Side())
    return passages


def _add(trace: Trace, which: int, read: TagRead) -> None:
    later_s = (read.at_ms - trace.last_ms) / 1000.0
    if later_s > 0.0:
        fade = exp(-later_s / FADE_S)
        for side in trace.sides:
            side.reads *= fade
            side.weight *= fade
            side.time *= fade
            side.square *= fade
        trace.last_ms = read.at_ms
    weight = 1.0 if read.rssi_dbm is None else 10.0 ** (SHARPNESS * min(60.0, max(-60.0, read.rssi_dbm - LOUD_DBM)))
    at_s = (read.at_ms - trace.zero_ms) / 1000.0
    side = trace.sides[which]
    side.reads += 1.0
    side.weight += weight
    side.time += weight * at_s
    side.square += weight * at_s * at_s


class Moments(Struct, frozen=True, gc=False):
    """When a tag passed each side, and the log odds that it went through."""

    outer_ms: float
    inner_ms: float
    odds: float


def features(trace: Trace) -> list[float] | None:
    """What a tag is judged by, free of units; None with too few reads on a side."""
    outer, inner = trace.sides
    if min(outer.reads, inner.reads) < READS_MIN:
        return None
    outer_s, outer_sd_s = _spread(outer.time / outer.weight, outer.square / outer.weight)
    inner_s, inner_sd_s = _spread(inner.time / inner.weight, inner.square / inner.weight)
    # Both sides count alike, so that the louder one does not hide the other.
    squares = (outer.square / outer.weight + inner.square / inner.weight) / 2.0
    _, all_sd_s = _spread((outer_s + inner_s) / 2.0, squares)
    gap_s = abs(inner_s - outer_s)
    louder = abs(log10((outer.weight / outer.reads) / (inner.weight / inner.reads)))
    return [
        gap_s / sqrt(outer_sd_s**2 + inner_sd_s**2 + SHARP_S**2),
        gap_s / (all_sd_s + SHARP_S),
        max(outer_sd_s, inner_sd_s) / (all_sd_s + SHARP_S),
        min(outer.reads, inner.reads) / (outer.reads + inner.reads),
        louder / SHARPNESS / 10.0,
    ]


def _spread(mean: float, squares: float) -> tuple[float, float]:
    return mean, sqrt(max(0.0, squares - mean * mean))


def _moments(trace: Trace) -> Moments | None:
    told = features(trace)
    if told is None:
        return None
    outer_s, inner_s = (side.time / side.weight for side in trace.sides)
    odds = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, told, strict=True))
    return Moments(trace.zero_ms + 1000.0 * outer_s, trace.zero_ms + 1000.0 * inner_s, odds)


def _passage(epc: str, trace: Trace, when: NDArray[np.float64]) -> tuple[Passage, float]:
    """What a tag did, judged with its company, and when it was at the second side."""
    counts = round(trace.sides[0].reads), round(trace.sides[1].reads)
    own = _moments(trace)
    if own is None:
        return Passage(epc, "none", 0.0, trace.last_ms, counts, 0), 0.0
    near = (abs(when[:, 0] - own.outer_ms) < TOGETHER_MS) & (abs(when[:, 1] - own.inner_ms) < TOGETHER_MS)
    odds = float(when[near, 2].mean())
    chance = 1.0 / (1.0 + exp(-max(-30.0, min(30.0, odds))))
    way: Way = "none" if chance < 0.5 else "in" if own.inner_ms > own.outer_ms else "out"
    middle_ms = round((own.outer_ms + own.inner_ms) / 2.0)
    return Passage(epc, way, chance, middle_ms, counts, int(near.sum())), max(own.outer_ms, own.inner_ms)
