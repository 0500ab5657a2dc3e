"""What the embedded history keeps of old samples: of each bucket of 15 minutes the least and the greatest sample at
their own times, and how many samples there were and their sum.

Least and greatest as they were measured, not at the bucket's middle: nothing is invented, a peak keeps its time, and a
read that thins a long time to extremes anyway finds the very same ones (`chunks.extremes`). The mean, sum by number, is
kept beside them. Buckets lie in cells of a week, one row each; what is old enough is decided by whole cells. A mean is
of the samples that were known when its bucket was made: late ones only widen least and greatest, for whether they
were in the sum already can not be told any more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from cloud.stores import chunks
from cloud.stores.chunks import EMPTY, Run

DAY_MS = 86_400_000
BUCKET_MS = 900_000
CELL_MS = 7 * DAY_MS
RAW_DAYS_MIN = 31
"""What was lost of a cooler's state is learned again from the samples of 30 days."""
YEARS_MAX = 200


class Retention(Struct, frozen=True):
    """How long what is kept: every sample for `raw_days` and up to a week more, then buckets, and nothing older than
    `years` of 365 days. 0: for ever."""

    raw_days: int = 90
    years: int = 10

    def __post_init__(self) -> None:
        """Raises `ValueError` where it makes no sense."""
        if self.raw_days and self.raw_days < RAW_DAYS_MIN:
            raise ValueError(f"{self.raw_days} days of raw samples are too few: give {RAW_DAYS_MIN} or more, or 0")
        if not 0 <= self.years <= YEARS_MAX or self.raw_days < 0:
            raise ValueError(f"{self.years} years of history make no sense: give 1 to {YEARS_MAX}, or 0 for ever")
        if self.years and self.raw_days > self.years * 365:
            raise ValueError(f"raw samples for {self.raw_days} days, but all dropped after {self.years} years")

    def raw_from(self, now_ms: int) -> int:
        """From when on every sample is kept: the beginning of a cell."""
        return _cell(now_ms - self.raw_days * DAY_MS) if self.raw_days else 0

    def kept_from(self, now_ms: int) -> int:
        """From when on anything is kept: the beginning of a cell."""
        return _cell(now_ms - self.years * 365 * DAY_MS) if self.years else 0


class Step(NamedTuple):
    """What one step of retention did: samples that went because buckets stand for them, samples that were dropped with
    their buckets, and whether nothing is left to do now."""

    thinned: int
    dropped: int
    done: bool


class Coarse(NamedTuple):
    """Buckets of one cell. `extremes`: samples; `sums` and `counts`: by the beginning of each bucket."""

    extremes: Run
    sums: Run
    counts: Run


NOTHING = Coarse(EMPTY, EMPTY, EMPTY)


def coarsened(cell_ms: int, run: Run, held: Coarse = NOTHING) -> Coarse:
    """The ascending samples `run` of the cell that begins at `cell_ms`, with the buckets it `held` already."""
    times, values = run
    extremes = chunks.extremes(chunks.merged([held.extremes, run]), cell_ms, cell_ms + CELL_MS, CELL_MS // BUCKET_MS)
    if not len(times):
        return Coarse(extremes, held.sums, held.counts)
    bucket = (times - cell_ms) // BUCKET_MS
    firsts: NDArray[np.intp] = np.append(0, np.flatnonzero(np.diff(bucket)) + 1)
    starts = cell_ms + bucket[firsts] * BUCKET_MS
    counts = np.diff(np.append(firsts, len(times))).astype(np.float64)
    return Coarse(
        extremes,
        chunks.merged([(starts, chunks.sums(values, firsts)), held.sums]),  # of two, what was held counts
        chunks.merged([(starts, counts), held.counts]),
    )


def encode(coarse: Coarse) -> tuple[bytes, bytes, bytes]:
    """The three columns of a row."""
    extremes, sums, counts = (chunks.encode(*run) for run in coarse)
    return extremes, sums, counts


def decode(extremes: bytes, sums: bytes, counts: bytes) -> Coarse:
    """The buckets in a row; raises `chunks.Damaged`."""
    return Coarse(chunks.decode(extremes), chunks.decode(sums), chunks.decode(counts))


def _cell(at_ms: int) -> int:
    return max(0, at_ms // CELL_MS * CELL_MS)
