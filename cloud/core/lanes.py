"""What the service holds of a gateway's lane, and which numbers it lacks.

A lane's numbers begin at 0. Each is *held* (applied or refused), *given up* (the gateway said that it will not come),
or lacking. A lacking number without a receipt comes by itself; one that was signed for has to be asked for again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from protocols import ranges
from protocols.ranges import Range, Ranges
from protocols.reports import Lane
from protocols.sequences import Sequence

RANGES_MAX = 2000
"""Ranges of held numbers, twice those that a gateway's outbox may have. Beyond it the lowest gap is given up: its
numbers are counted as forgotten, no longer told from what is held, and the lane is never called complete again."""
HOLES_MAX = 1000
"""Gaps of a lane whose times are kept; of the further, oldest ones nobody knows since when."""
GIVEN_UP_MAX = 2000
"""Ranges of given-up numbers. At the limit the oldest is forgotten: it is a gap again, and asked for again."""


class Told(NamedTuple):
    """What the gateway's last greeting said of a lane. `unsigned_from` is None where an older gateway does not say."""

    next_seq: int
    unsigned_from: int | None


class Hole(NamedTuple):
    """A gap and its neighbours' times: when the number before `first`, and the one after `last`, became known."""

    first: int
    last: int
    from_ms: int
    to_ms: int


class LaneState(NamedTuple):
    """What the ledger holds of one gateway's lane. `duplicates`: reports that came again, and were counted once."""

    held: Sequence
    applied: int
    refused: int
    last_ms: int
    duplicates: int = 0
    given_up: Ranges = ()
    holes: tuple[Hole, ...] = ()
    told: Told | None = None


class Lacking(NamedTuple):
    """What is not here of one gateway: how many reports, the lowest number of them and its lane, and since when none of
    its lanes' lowest gaps has moved while the gateway was connected."""

    missing: int
    lane: Lane
    first: int
    since_ms: int


def nothing() -> LaneState:
    """A lane of which nothing is known yet."""
    return LaneState(Sequence(limit=RANGES_MAX), 0, 0, 0)


def copy(state: LaneState) -> LaneState:
    """A state whose held numbers may be added to. One that was stored under a higher limit is brought below this."""
    held, forgotten = [[*one] for one in state.held.ranges], state.held.forgotten
    if len(held) > RANGES_MAX:
        oldest = held[: len(held) - RANGES_MAX + 1]
        first, last = oldest[0][0], oldest[-1][1]
        forgotten += last - first + 1 - ranges.size(oldest)
        held[: len(oldest)] = [[first, last]]
    return state._replace(held=Sequence(held, forgotten, RANGES_MAX))


def give_up(state: LaneState, first: int, last: int) -> LaneState:
    """The gateway said that these numbers will not come."""
    first, given_up = max(first, 0), state.given_up
    if last < first:
        return state
    at = bisect_left(given_up, first - 1, key=_last)  # the first of them that touches these
    end = bisect_right(given_up, last + 1, key=_first)
    if at < end:
        first, last = min(first, given_up[at][0]), max(last, given_up[end - 1][1])
    given_up = (*given_up[:at], (first, last), *given_up[end:])
    return state._replace(given_up=given_up[-GIVEN_UP_MAX:])


def gaps(state: LaneState, told: Told | None = None) -> Ranges:
    """The numbers that are lacking among those known to be numbered before the highest held or signed for."""
    told = told or state.told
    signed = told.unsigned_from if told is not None and told.unsigned_from is not None else 0
    last = max(state.held.top, signed - 1)
    return ranges.gaps(ranges.union(state.held.ranges, state.given_up), 0, last)


def lost(state: LaneState, told: Told) -> Ranges:
    """The numbers to be asked for again: they have been signed for, and are not here."""
    return ranges.below(gaps(state, told), told.unsigned_from) if told.unsigned_from is not None else ()


def dated(found: Ranges, state: LaneState) -> list[Hole]:
    """Gaps with their neighbours' times, 0 where nobody knows."""
    starts = [hole.first for hole in state.holes]
    holes = []
    for first, last in found:
        at = bisect_right(starts, first) - 1
        inside = state.holes[at] if at >= 0 and last <= state.holes[at].last else None
        if inside is not None:
            holes.append(Hole(first, last, inside.from_ms, inside.to_ms))
        else:
            holes.append(Hole(first, last, state.last_ms if first > state.held.top else 0, 0))
    return holes


def note_holes(before: LaneState, after: LaneState, now_ms: int) -> LaneState:
    """`after` with the times of its gaps: those that opened between `before` and now are bounded by these two. A gap
    only ever shrinks, so what is left of an older one keeps its times."""
    held, top = after.held.ranges, before.held.top
    if len(held) <= 1 and (not held or held[0][0] == 0) and not after.holes:
        return after  # as nearly always
    if held == before.held.ranges and after.given_up == before.given_up:
        return after  # all of it came again
    found = ranges.gaps(ranges.union(held, after.given_up), 0, after.held.top)
    holes = [
        Hole(hole.first, hole.last, before.last_ms, now_ms) if hole.first > top else hole
        for hole in dated(found, before._replace(holes=after.holes))
    ]
    return after._replace(holes=tuple(hole for hole in holes if hole.to_ms)[-HOLES_MAX:])


class Patience:
    """Since when each gateway's gaps have not shrunk though it was connected; as many as there are gateways.

    Kept in memory: after a restart every gap gets its time anew. A backlog comes lowest number first, and while the
    one of a lane comes the other lane waits, so one lane's progress is patience for both.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[tuple[tuple[Lane, int], ...], int]] = {}

    def look(
        self, lanes: Mapping[tuple[str, Lane], LaneState], connected: Mapping[str, bool], now_ms: int
    ) -> dict[str, Lacking]:
        """What is lacking now of each gateway that lacks something."""
        found: dict[str, dict[Lane, Ranges]] = {}
        for (gateway, lane), state in lanes.items():
            if lacking := gaps(state):
                found.setdefault(gateway, {})[lane] = lacking
        seen, said = {}, {}
        for gateway, of in found.items():
            lowest = tuple((lane, lacking[0][0]) for lane, lacking in sorted(of.items()))
            known = self._seen.get(gateway)
            stays = known is not None and known[0] == lowest and connected.get(gateway, False)
            since_ms = known[1] if known is not None and stays else now_ms
            seen[gateway] = (lowest, since_ms)
            said[gateway] = Lacking(sum(map(ranges.size, of.values())), *lowest[0], since_ms)
        self._seen = seen
        return said


def _first(one: Range) -> int:
    return one[0]


def _last(one: Range) -> int:
    return one[1]
