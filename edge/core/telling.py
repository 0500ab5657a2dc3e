"""What the gateway tells people by itself while the service is away: each critical alarm once, and that it is over.

Beside the alarms stands what every channel has taken; what is to be told is the difference, so a retry, a restart or a
storm makes no second notice of the same thing. Told is that the service is away, and every critical alarm that it can
not have heard of; what it has, it tells. Whoever told that something began also tells that it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from edge.core import alarms
from protocols.reports import Alarm
from protocols.tuning import Tuning

AWAY = "service_away"
CRITICAL = 1
KNOWN_MS = 2 * 60_000
"""What fired so long before the service was heard last has reached it, and was told by it."""
GROUP_MS = 60_000
"""So long after a notice what is new waits for what comes with it; the first is never held."""
AGAIN_MS = 60 * 60_000
"""What was told and comes back within this is the same; it is told again when it is still there then."""
RETRY_MS, RETRY_MAX_MS = 5_000, 10 * 60_000
NOTICE_MAX = 50
"""Alarms a notice names, the oldest first; further ones come with the next."""
FOLLOWED_MAX = 1_000
"""Alarms that a channel is known to have been told of; then only how they end is told."""
LOG_MAX = 50
GONE = 410
"""The answer of a receiver that wants no more."""


class Line(Struct, array_like=True):
    """One channel: what it was told of that is not over, by `rule/subject`; when each was told last; failed tries in a
    row, and when the next is due."""

    told: dict[str, Alarm] = field(default_factory=dict)
    lately: dict[str, int] = field(default_factory=dict)
    tries: int = 0
    next_ms: int = 0
    gone: bool = False


class Try(Struct, frozen=True, array_like=True):
    """One try to tell: `status` is the receiver's answer, 0 where there was none; `outcome` told, again or gone."""

    channel: str
    at_ms: int
    firing: int
    over: int
    tries: int
    status: int
    outcome: str
    detail: str = ""


class Board(Struct, array_like=True):
    """What was told through every channel, and the last tries; kept over a restart."""

    lines: dict[str, Line] = field(default_factory=dict)
    log: list[Try] = field(default_factory=list)


class Notice(NamedTuple):
    """To be handed to a channel now: alarms that fire, and those that are over."""

    channel: str
    firing: list[Alarm]
    over: list[Alarm]


def due(
    board: Board,
    channels: Iterable[str],
    book: alarms.Book,
    now_ms: int,
    tuning: Mapping[str, Tuning] | None = None,
) -> list[Notice]:
    """The notices of this moment, one a channel at most."""
    wanted = _wanted(book, tuning)
    firing = {key for key, one in book.open.items() if one.state == "firing"}
    found = []
    for channel in channels:
        line = board.lines.setdefault(channel, Line())
        if line.gone or now_ms < line.next_ms <= now_ms + RETRY_MAX_MS:
            continue
        line.lately = {key: at_ms for key, at_ms in line.lately.items() if 0 <= now_ms - at_ms < AGAIN_MS}
        new = [one for key, one in wanted.items() if key not in line.told and key not in line.lately]
        over = [_over(one, book, now_ms) for key, one in line.told.items() if key not in firing]
        if new or over:
            new = new[: max(0, min(NOTICE_MAX, FOLLOWED_MAX - len(line.told)))]
            found.append(Notice(channel, new, over[:NOTICE_MAX]))
    return [one for one in found if one.firing or one.over]


def done(board: Board, notice: Notice, status: int, detail: str, now_ms: int) -> list[str]:
    """A channel answered, or did not (0). The keys of what people were told now."""
    line = board.lines.setdefault(notice.channel, Line())
    line.tries += 1
    taken = 200 <= status < 300
    outcome = "told" if taken else "gone" if status == GONE else "again"
    counted = len(notice.firing), len(notice.over)
    last = Try(notice.channel, now_ms, *counted, line.tries, status, outcome, detail[:200])
    board.log = [*board.log, last][-LOG_MAX:]
    line.gone = status == GONE
    if not taken:
        line.next_ms = now_ms + min(RETRY_MAX_MS, RETRY_MS * 2 ** min(line.tries - 1, 20))
        return []
    line.tries, line.next_ms = 0, now_ms + GROUP_MS
    for one in notice.over:
        line.told.pop(key_of(one), None)
    for one in notice.firing:
        line.told[key_of(one)] = one
        line.lately[key_of(one)] = now_ms
    return [key_of(one) for one in notice.firing]


def forget(board: Board, channels: Iterable[str]) -> None:
    """Channels that are listed no more; one that said it wants no more is asked again after a restart."""
    names = set(channels)
    board.lines = {name: line for name, line in board.lines.items() if name in names}
    for line in board.lines.values():
        line.gone = False


def key_of(alarm: Alarm) -> str:
    """By what an alarm is known: see `alarms.Book`."""
    return f"{alarm.rule}/{alarm.subject}"


def _wanted(book: alarms.Book, tuning: Mapping[str, Tuning] | None) -> Mapping[str, Alarm]:
    """What people are to be told of by us, oldest first: nothing while the service is there."""
    away = [one for one in book.open.values() if one.rule == AWAY and one.state == "firing"]
    if not away:
        return {}
    heard_ms = away[0].since_ms
    open_ones = sorted(book.open.items(), key=lambda item: (item[1].rule != AWAY, item[1].fired_ms))
    return {
        key: Alarm(one.rule, one.subject, one.zone, "firing", one.since_ms, one.fired_ms, one.params)
        for key, one in open_ones
        if one.state == "firing"
        and alarms.severity(one.rule, tuning) <= CRITICAL
        and (one.rule == AWAY or one.fired_ms > heard_ms - KNOWN_MS)
    }


def _over(told: Alarm, book: alarms.Book, now_ms: int) -> Alarm:
    """The end of what was told, as the book has it."""
    for one in reversed(book.over):
        if (one.rule, one.subject, one.since_ms) == (told.rule, told.subject, told.since_ms):
            return one
    return Alarm(told.rule, told.subject, told.zone, "resolved", told.since_ms, now_ms, told.params)
