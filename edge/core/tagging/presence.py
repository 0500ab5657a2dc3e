"""Which tags are there, from epochs in which each was heard or not: a filter over all tags of a reader at once.

A hidden Markov model per tag: *away*, *covered* (there, but hidden for a few epochs behind a fork-lift or a hand), or
*there* with one of nine read rates, whose posterior is carried along. How long tags stay, stay away and are covered,
and which rates they have, differs a hundredfold from reader to reader and is fitted to each while it runs: the expected
numbers of transitions are kept by forward smoothing (Cappé, Online EM algorithm for hidden Markov models, J. Comput.
Graph. Stat. 20, 2011) for a sample of its tags, and the habits follow from them.

The state lies in flat arrays of bytes, a row a tag: it is stored as it is, and a restart changes no bit of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

RATES: NDArray[np.float32] = np.array([0.03, 0.1, 0.2, 0.33, 0.48, 0.63, 0.78, 0.9, 0.985], np.float32)
"""The read rates per epoch that are told apart."""
GHOST = 1e-3
"""How often an epoch reads a tag that is away: a reflection, or one carried past."""
NEW_CHANCE = 0.02
"""What is believed of a tag that was never heard, the moment before its first read."""
DRIFT = 0.002
"""Share of the tags whose rate changes in an epoch while they are there: turned, or others put before them."""

AWAY, COVERED, THERE = 0, 1, 2
"""Columns of a belief: away, covered, and from here on there with each of the rates."""
WIDTH = THERE + len(RATES)
SAMPLE = 64
"""Tags of a reader whose transitions are counted."""
MEMORY_EPOCHS = 2000.0
"""Transitions are forgotten over so many epochs: a reader's habits may change."""
FIRST_EPOCHS = 60.0
"""What the starting habits weigh: as much as so many epochs of one tag."""
FIRST_LEAVE, FIRST_ARRIVE, FIRST_COVER, FIRST_UNCOVER = 0.008, 0.003, 0.003, 0.15
COVER_WEIGHT, UNCOVER_WEIGHT = 100.0, 30.0
MOVE_RANGE = (1e-4, 0.3)
COVER_RANGE = (1e-4, 0.05)
UNCOVER_RANGE = (0.08, 0.7)
COVERED_SHORTER = 4.0
"""Covers are so many times shorter than absences, or the two could not be told apart."""
RATE_GAIN = 0.002
RATE_FLOOR = 0.005
SURE_OF_RATE = 0.9
RATE_WEIGHT = 300.0
LEARNED_MAX = 1e6

FRESH = np.concatenate(([1.0 - NEW_CHANCE, 1e-6], np.full(len(RATES), NEW_CHANCE / len(RATES)))).astype(np.float32)
NO_TALLY = bytes(3 * 7 * 4)
# What a transition adds to the seven counts: arrivals, epochs away, departures, epochs there, covers, uncovers, epochs
# covered. Index: state after, state before, count; states away, covered, there.
_COUNTED = np.zeros((3, 3, 7), np.float32)
_COUNTED[:, AWAY, 1] = _COUNTED[:, COVERED, 6] = _COUNTED[:, THERE, 3] = 1.0
_COUNTED[THERE, AWAY, 0] = _COUNTED[AWAY, COVERED, 2] = _COUNTED[AWAY, THERE, 2] = 1.0
_COUNTED[COVERED, THERE, 4] = _COUNTED[THERE, COVERED, 5] = 1.0


class Crowd(Struct, array_like=True):
    """What is believed of every tag of one reader. `belief` is float32 [tags, 11], each row sums to one; `tally`
    float32 [min(tags, 64), 3, 7]: expected counts of transitions, given the state now."""

    belief: bytearray = field(default_factory=bytearray)
    tally: bytearray = field(default_factory=bytearray)
    leave: float = FIRST_LEAVE
    arrive: float = FIRST_ARRIVE
    cover: float = FIRST_COVER
    uncover: float = FIRST_UNCOVER
    rates: list[float] = field(default_factory=lambda: [1.0 / len(RATES)] * len(RATES))
    """Shares of the rates among the tags that are there."""
    learned: float = 0.0
    fresh: int = 0
    """Among the last so many rows are tags that joined and were not heard in any epoch yet; their belief is `FRESH`."""
    past: list[float] = field(default_factory=lambda: [0.0] * 7)
    """Counts of tags that are no longer kept."""


def _beliefs(crowd: Crowd) -> Floats:
    """The belief of every tag, as a view that may be written to; while one is held, no tag can join."""
    return np.frombuffer(crowd.belief, np.float32).reshape(-1, WIDTH)


def chances(crowd: Crowd) -> Floats:
    """The probability that each tag is there, covered or not."""
    return 1.0 - _beliefs(crowd)[:, AWAY]


def read_rates(crowd: Crowd) -> Floats:
    """The expected read rate per epoch of each tag, if it is there."""
    there = _beliefs(crowd)[:, THERE:]
    rates: Floats = (there @ RATES + 1e-9) / (there.sum(axis=1) + 1e-9 / RATES[0])
    return rates


def join(crowd: Crowd) -> None:
    """Take one more tag along, as the last row."""
    crowd.belief += FRESH.tobytes()
    crowd.fresh += 1
    if len(crowd.tally) < SAMPLE * len(NO_TALLY):
        crowd.tally += NO_TALLY


def keep(crowd: Crowd, kept: Bools) -> None:
    """Go on with the rows marked in `kept` only; what the others taught stays."""
    belief = _beliefs(crowd)
    tally = _tallies(crowd)
    size = len(tally)
    lost = ~kept[:size]
    counts = _expected(belief[:size][lost], tally[lost])
    crowd.past = [a + b for a, b in zip(crowd.past, counts.tolist(), strict=True)]
    crowd.tally = bytearray(tally[kept[:size]].tobytes())
    crowd.belief = bytearray(belief[kept].tobytes())
    crowd.fresh = int(kept[len(kept) - crowd.fresh :].sum())
    rows = min(SAMPLE, int(kept.sum()))
    crowd.tally += NO_TALLY * (rows - len(crowd.tally) // len(NO_TALLY))


def advance(crowd: Crowd, heard: Bools) -> None:
    """One epoch: `heard[i]` is whether tag i was read in it. About 0.3 us a tag."""
    belief = _beliefs(crowd)
    if not len(belief):
        return
    before = np.stack((belief[:, AWAY], belief[:, COVERED], belief[:, THERE:].sum(axis=1)), axis=1)
    move = np.array(
        [
            [1.0 - crowd.arrive, 0.0, crowd.arrive],
            [crowd.leave, 1.0 - crowd.leave - crowd.uncover, crowd.uncover],
            [crowd.leave, crowd.cover, 1.0 - crowd.leave - crowd.cover],
        ],
        np.float32,
    )
    _count(crowd, before, move)
    after = before @ move
    # A tag that was never heard before has not come back: it says nothing about how often tags do, and epochs in which
    # it was not yet heard say nothing about it. (It joins with the message that brings its first read, and that may
    # bring epochs before this read.)
    known = len(belief) - crowd.fresh
    new = known + np.flatnonzero(belief[known:, AWAY] == FRESH[AWAY])
    after[new] = before[new]
    tallies = _tallies(crowd)
    tallies[new[new < len(tallies)]] = 0.0
    waiting = new[~heard[new]]
    crowd.fresh = len(belief) - int(waiting[0]) if len(waiting) else 0
    shares = np.array(crowd.rates, np.float32)
    there = belief[:, THERE:]
    stayed = move[THERE, THERE]
    there *= stayed * np.float32(1.0 - DRIFT)
    newly = np.maximum(after[:, THERE] - before[:, THERE] * (stayed * np.float32(1.0 - DRIFT)), 0.0)
    there += newly[:, None] * shares
    likely = np.stack((1.0 - RATES, RATES))
    there *= likely[heard.astype(np.intp)]
    belief[:, :THERE] = after[:, :THERE] * np.where(heard, GHOST, 1.0 - GHOST).astype(np.float32)[:, None]
    belief /= belief.sum(axis=1, keepdims=True)
    belief[waiting] = FRESH
    _learn(crowd, belief)


def _tallies(crowd: Crowd) -> Floats:
    return np.frombuffer(crowd.tally, np.float32).reshape(-1, 3, 7)


def _count(crowd: Crowd, before: Floats, move: Floats) -> None:
    """Carry the expected counts one epoch on: along each way that leads to the state after, by its probability."""
    tally = _tallies(crowd)
    flow = before[: len(tally), :, None] * move
    came = np.swapaxes(flow, 1, 2) / flow.sum(axis=1)[:, :, None]
    tally[:] = (came @ tally + np.einsum("nji,jik->njk", came, _COUNTED)) * np.float32(1.0 - 1.0 / MEMORY_EPOCHS)


def _expected(belief: Floats, tally: Floats) -> Floats:
    state = np.stack((belief[:, AWAY], belief[:, COVERED], belief[:, THERE:].sum(axis=1)), axis=1)
    counts: Floats = np.einsum("ni,nik->k", state, tally, dtype=np.float64)
    return counts


def _learn(crowd: Crowd, belief: Floats) -> None:
    crowd.past = [count * (1.0 - 1.0 / MEMORY_EPOCHS) for count in crowd.past]
    tally = _tallies(crowd)
    now = _expected(belief[: len(tally)], tally).tolist()
    arrived, away, left, there, covers, uncovers, covered = (a + b for a, b in zip(now, crowd.past, strict=True))
    crowd.leave = _within(MOVE_RANGE, (left + FIRST_EPOCHS * FIRST_LEAVE) / (there + covered + FIRST_EPOCHS))
    crowd.arrive = _within(MOVE_RANGE, (arrived + FIRST_EPOCHS * FIRST_ARRIVE) / (away + FIRST_EPOCHS))
    crowd.cover = _within(COVER_RANGE, (covers + COVER_WEIGHT * FIRST_COVER) / (there + COVER_WEIGHT))
    low, high = UNCOVER_RANGE
    low = min(high, max(low, COVERED_SHORTER * crowd.arrive))
    crowd.uncover = _within((low, high), (uncovers + UNCOVER_WEIGHT * FIRST_UNCOVER) / (covered + UNCOVER_WEIGHT))
    sure = belief[belief[:, THERE:].sum(axis=1) > SURE_OF_RATE, THERE:]
    there = sure.sum(axis=0, dtype=np.float64)
    tags = float(there.sum())
    crowd.learned = min(crowd.learned + tags, LEARNED_MAX)
    gain = max(RATE_GAIN, 1.0 / (2.0 + crowd.learned / RATE_WEIGHT)) * min(1.0, tags / 10.0)
    shares = np.maximum(np.array(crowd.rates) * (1.0 - gain) + gain * there / (tags + 1e-9), RATE_FLOOR)
    crowd.rates = (shares / shares.sum()).tolist()


def _within(limits: tuple[float, float], value: float) -> float:
    return min(limits[1], max(limits[0], value))
