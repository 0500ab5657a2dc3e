"""The proof that nothing is lost: what is here, what is not, what came twice, per gateway lane and per device.

A lane is complete when no number up to its highest is lacking but those the gateway gave up, which it says itself. A
device is complete when its gateway heard every number between its first and its last, of each of its latest boots.
Times are ms since 1970, UTC; 0 where nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from cloud.core import lanes
from cloud.core.lanes import Hole, LaneState
from protocols import ranges
from protocols.ranges import Ranges
from protocols.reports import DeviceHealth, Heard, Lane
from protocols.uplink import Hello, Resend

GAPS_SHOWN = 1000
"""Gaps listed of a lane, lowest first; their count is whole."""
ASKED_MAX = 1000
"""Ranges of a lane asked for at once; the rest after the next greeting."""
A_FRAME = 100


class Gap(Struct, frozen=True):
    """Reports `first`..`last` of a lane are not here; their neighbours became known at `from_ms` and `to_ms`.

    `waiting`: they lie at the gateway and come by themselves. `asked`: they had been signed for, and are asked for
    again. `unknown`: the gateway is of an older version and does not say.
    """

    first: int
    last: int
    from_ms: int
    to_ms: int
    state: Literal["waiting", "asked", "unknown"]


class GivenUp(Struct, frozen=True):
    """The gateway said at `at_ms` that `first`..`last` will not come, of which it still had `count`; why is a code."""

    first: int
    last: int
    count: int
    why: str
    at_ms: int


class Again(Struct, frozen=True):
    """`count` reports between `first` and `last` came again at `at_ms`; they were counted once."""

    first: int
    last: int
    count: int
    at_ms: int


class LaneProof(Struct, frozen=True):
    """One gateway's lane. `reports`: applied; `top`: the highest number held; `missing`: numbers in gaps; `waiting`:
    numbers above `top` that the gateway has given already; `duplicates`: reports that came again, since ever;
    `forgotten`: numbers this ledger lost track of, having held too many ranges."""

    gateway: str
    lane: Lane
    complete: bool
    reports: int
    top: int
    missing: int
    waiting: int
    refused: int
    duplicates: int
    forgotten: int
    gaps: list[Gap]
    given_up: list[GivenUp]
    again: list[Again]


class DeviceGap(Struct, frozen=True, array_like=True):
    """A device's messages `first`..`last` of one boot never reached its gateway; known since `at_ms`."""

    boot: int
    first: int
    last: int
    at_ms: int


class DeviceProof(Struct, frozen=True):
    """One device. `numbered`: its messages are, so that what is missing can be seen. `missing` counts older gaps than
    are listed, too. `duplicates`: messages its gateway heard again, since ever."""

    device: str
    complete: bool
    numbered: bool
    missing: int
    duplicates: int
    gaps: list[DeviceGap]


class Completeness(Struct, frozen=True):
    """All of it, limited to what became known since `since_ms`. `movements_gone`: of each gateway, how many movements
    that were booked are in the ledger no more, at whatever time; nothing brings them back but a backup."""

    complete: bool
    since_ms: int
    lanes: list[LaneProof]
    devices: list[DeviceProof]
    movements_gone: dict[str, int] = {}


class Marks(Struct, frozen=True):
    """What is on record of the lanes beside their numbers, by (gateway, lane)."""

    given_up: Mapping[tuple[str, Lane], list[GivenUp]] = {}
    again: Mapping[tuple[str, Lane], list[Again]] = {}


def prove(
    held: Mapping[tuple[str, Lane], LaneState],
    marks: Marks,
    devices: Iterable[tuple[DeviceHealth, list[DeviceGap]]],
    since_ms: int = 0,
) -> Completeness:
    """The proof over all lanes and devices; gaps of which no time is known are always in it."""
    proven = [
        _lane(*key, state, marks.given_up.get(key, []), marks.again.get(key, []), since_ms)
        for key, state in sorted(held.items())
    ]
    heard = sorted((_device(health, gaps, since_ms) for health, gaps in devices), key=lambda one: one.device)
    complete = all(one.complete for one in proven) and all(one.complete for one in heard)
    return Completeness(complete, since_ms, proven, heard)


def _lane(
    gateway: str, lane: Lane, state: LaneState, given_up: list[GivenUp], again: list[Again], since_ms: int
) -> LaneProof:
    told, top = state.told, state.held.top
    holes = [hole for hole in lanes.dated(lanes.gaps(state), state) if not 0 < hole.to_ms < since_ms]
    next_seq = told.next_seq if told is not None else 0
    first_waiting = max(top + 1, (told.unsigned_from or 0) if told is not None else 0)
    forgotten = state.held.forgotten if not since_ms else 0
    return LaneProof(
        gateway,
        lane,
        not holes and not forgotten,
        state.applied,
        top,
        sum(hole.last - hole.first + 1 for hole in holes),
        max(0, next_seq - first_waiting),
        state.refused,
        state.duplicates,
        state.held.forgotten,
        [gap for hole in holes[:GAPS_SHOWN] for gap in _gaps(hole, told.unsigned_from if told else None)],
        given_up,
        again,
    )


def _gaps(hole: Hole, unsigned_from: int | None) -> list[Gap]:
    """A hole, in two where its upper part still waits at the gateway."""
    first, last, from_ms, to_ms = hole
    if unsigned_from is None:
        return [Gap(first, last, from_ms, to_ms, "unknown")]
    if first >= unsigned_from:
        return [Gap(first, last, from_ms, to_ms, "waiting")]
    if last < unsigned_from:
        return [Gap(first, last, from_ms, to_ms, "asked")]
    lower = Gap(first, unsigned_from - 1, from_ms, to_ms, "asked")
    return [lower, Gap(unsigned_from, last, from_ms, to_ms, "waiting")]


def _device(health: DeviceHealth, noticed: list[DeviceGap], since_ms: int) -> DeviceProof:
    gaps = [gap for gap in noticed if gap.at_ms >= since_ms]
    missing = sum(gap.last - gap.first + 1 for gap in gaps)
    if not since_ms:
        missing = max(missing, sum(one.missing for one in health.heard) if health.heard else health.lost)
    numbered = bool(health.heard) or health.lost > 0
    return DeviceProof(health.device, missing == 0, numbered, missing, health.duplicates, gaps)


def notice(before: list[DeviceGap], heard: Iterable[Heard], now_ms: int) -> list[DeviceGap]:
    """The gaps that a device's gateway tells of now; what lies within one known `before` keeps its time."""
    found = []
    for one in heard:
        held = ranges.union(one.ranges)
        for first, last in ranges.gaps(held, held[0][0], held[-1][1]) if held else ():
            known = [gap.at_ms for gap in before if gap.boot == one.boot and gap.first <= first and last <= gap.last]
            found.append(DeviceGap(one.boot, first, last, min(known, default=now_ms)))
    return found


def missing(gateway: str, hello: Hello, held: Mapping[tuple[str, Lane], LaneState]) -> dict[Lane, Ranges]:
    """The numbers of each lane that a gateway, by its greeting, has been signed for and that are not here; at most
    `ASKED_MAX` ranges a lane. Nothing of a gateway whose version does not say what has been signed for."""
    found: dict[Lane, Ranges] = {}
    for lane, unsigned_from in hello.unsigned_from.items():
        state = held.get((gateway, lane)) or lanes.nothing()
        told = lanes.Told(hello.next_seq.get(lane, 0), unsigned_from)
        if lacking := lanes.lost(state, told):
            found[lane] = lacking[:ASKED_MAX]
    return found


def resends(lacking: Mapping[Lane, Ranges]) -> list[Resend]:
    """The frames that ask for these numbers again."""
    return [
        Resend(lane, [[*one] for one in found[at : at + A_FRAME]])
        for lane, found in lacking.items()
        for at in range(0, len(found), A_FRAME)
    ]
