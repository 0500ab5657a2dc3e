"""What is told to whom and when: each thing once, together what belongs together, again until somebody takes it on.

A fold over the open alerts. What is critical is told at once, then to the next one on the roster after each step of
escalation, and again. All else waits a minute for what comes with it, for a free place in the hour (a bucket of
tokens), and for the end of quiet hours; what had to wait comes as one digest. ISA-18.2: at most one in ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import NamedTuple

from msgspec import Struct, field

from cloud.alerts.lifecycle import CRITICAL, REOPEN_MS, Alert
from cloud.core.crews_view import Kind

GROUP_MS = 60_000
"""So long what is new waits for what comes with it; of what is or was critical the second and further ones."""
BURST, TOKEN_MS = 3.0, 10 * 60_000
"""So many notices at once, and one more each ten minutes, to one person; what is critical is never held for it."""
OVER_MS = REOPEN_MS
"""That something is over has no hurry, and is told when it can not be the same again; unless it was critical: whoever
is on the way can turn back."""
AGAIN_MS = 15 * 60_000
"""What is critical is told again so often to all who were told, until somebody takes it on."""
TOLD_MAX = 20_000
"""Alerts that are followed at once; further ones are told when others are over."""
LISTED_MAX = 2_000
"""A notice is about so many alerts, the worst first; one tap takes them on. It says how many more there are."""


class Notice(NamedTuple):
    """To be handed over to one person: why, about which alerts (ids, worst first), how many more; the step of
    escalation."""

    person: str
    kind: Kind
    alerts: tuple[int, ...]
    more: int = 0
    step: int = 0


class Told(Struct):
    """One alert as it was told: how severe at worst, since when it is to be (-1: nobody was asked yet), whom, how far
    it was escalated, when next; since when it is over, and whether they heard so. Of what comes and goes (`swings`)
    that is told to nobody."""

    severity: int
    since_ms: int = -1
    people: list[str] = field(default_factory=list)
    step: int = 0
    next_ms: int = 0
    calm: bool = False
    over_ms: int = 0
    swings: bool = False
    said_over: bool = False


class Bucket(Struct):
    """One person's places: how many are free, as of when; when something critical was told last as new, and when
    again; what is to be told as over, from when on, whether it was critical, and when anything was last."""

    tokens: float = BURST
    at_ms: int = 0
    critical_ms: int = -GROUP_MS
    again_ms: int = -GROUP_MS
    over: list[int] = field(default_factory=list)
    over_ms: int = 0
    urgent: bool = False
    said_over_ms: int = -GROUP_MS


class Board(Struct):
    """What was told so far, as of `at_ms`; kept over a restart."""

    told: dict[int, Told] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    at_ms: int = 0


class Asked(NamedTuple):
    """An alert that somebody is asked about, as it was told so far, and whether it is to be told again."""

    alert: Alert
    told: Told
    due: bool


class Crew(NamedTuple):
    """Who is asked of an alert: the roster from the first on and the minutes of escalation ([] and (): nobody), and
    whether somebody has quiet hours now. `told_by`: alerts that ended as another tells of the same."""

    asked: Callable[[Alert], tuple[Sequence[str], Sequence[int]]]
    quiet: Callable[[str], bool]
    told_by: Set[int] = frozenset()


def step(board: Board, alerts: Sequence[Alert], crew: Crew, now_ms: int) -> list[Notice]:
    """The notices of this moment; `alerts` are all that are not over. The board is changed."""
    if now_ms < board.at_ms:
        _set_back(board, board.at_ms - now_ms)
    board.at_ms = now_ms
    _end(board, {one.id for one in alerts}, crew.told_by, now_ms)
    asked: dict[str, list[Asked]] = {}
    for alert in sorted(alerts, key=lambda one: (one.severity, one.id)):
        if alert.state == "pending":
            continue
        told = _followed(board, alert, now_ms)
        if told is None or told.calm:
            continue
        people, steps = crew.asked(alert)
        if people and told.since_ms < 0:
            told.since_ms = told.next_ms = now_ms
            _told_elsewhere(alert, told, people[0], steps, now_ms)
        one = Asked(alert, told, told.next_ms <= now_ms)
        for person in _whom(alert, told, people, steps, now_ms):
            asked.setdefault(person, []).append(one)
    notices = []
    for person, about in asked.items():
        notices += _tell(_bucket(board, person, now_ms), person, about, crew, now_ms)
    return notices + _overs(board, crew, now_ms)


def _set_back(board: Board, by_ms: int) -> None:
    """The clock was set back: what was told so long ago was told so long ago all the same."""
    for told in board.told.values():
        told.since_ms = max(0, told.since_ms - by_ms) if told.since_ms >= 0 else told.since_ms
        told.next_ms -= by_ms
        told.over_ms = max(1, told.over_ms - by_ms) if told.over_ms else 0
    for bucket in board.buckets.values():
        bucket.at_ms -= by_ms
        bucket.critical_ms -= by_ms
        bucket.again_ms -= by_ms
        bucket.over_ms -= by_ms
        bucket.said_over_ms -= by_ms


def forget(board: Board, people: Set[str]) -> None:
    """Nobody but these is told any more: what others were told nobody was, and those who are asked now hear of it."""
    board.buckets = {name: one for name, one in board.buckets.items() if name in people}
    for told in board.told.values():
        told.people = [one for one in told.people if one in people]


def unsaid(board: Board) -> set[int]:
    """The alerts that are over, and are to be told so."""
    return {number for bucket in board.buckets.values() for number in bucket.over}


def _end(board: Board, there: Set[int], told_by: Set[int], now_ms: int) -> None:
    """Those who were told of what is not there any more are to be told so, unless they hear of another; what is back
    meanwhile was not over, and is escalated anew; where they were told that it was, it is new to them."""
    back = set()
    for number, told in [*board.told.items()]:
        if number in there:
            if told.over_ms and told.said_over:
                del board.told[number]
            elif told.over_ms:
                told.over_ms, told.since_ms, told.next_ms, told.step = 0, now_ms, now_ms, 0
                back.add(number)
        elif not told.over_ms:
            told.over_ms = now_ms
            urgent = told.severity <= CRITICAL
            over_ms = now_ms if urgent else now_ms + OVER_MS
            people = [] if told.swings or number in told_by else told.people
            told.said_over = urgent and bool(people)
            for person in people:
                bucket = _bucket(board, person, now_ms)
                bucket.over_ms = min(bucket.over_ms, over_ms) if bucket.over else over_ms
                bucket.urgent = bucket.urgent or urgent
                bucket.over.append(number)
        elif now_ms - told.over_ms >= REOPEN_MS:
            del board.told[number]
    for bucket in board.buckets.values() if back else ():
        bucket.over = [one for one in bucket.over if one not in back]
        bucket.urgent = bucket.urgent and bool(bucket.over)


def _followed(board: Board, alert: Alert, now_ms: int) -> Told | None:
    """What is known of an alert; once somebody took it on, or put it aside, it is told again only when it gets worse or
    is taken up again."""
    told = board.told.get(alert.id)
    if told is None:
        if len(board.told) >= TOLD_MAX and alert.severity > CRITICAL:
            return None
        told = board.told[alert.id] = Told(alert.severity)
    if alert.severity < told.severity or (told.calm and alert.state == "firing"):
        board.told[alert.id] = told = Told(min(alert.severity, told.severity))
    told.calm, told.swings = alert.state != "firing", alert.comes_and_goes
    return told


def _told_elsewhere(alert: Alert, told: Told, person: str, steps: Sequence[int], now_ms: int) -> None:
    """What a gateway told while we were away (`told_ms`) counts as told to the first, from then on."""
    told_ms = alert.params.get("told_ms")
    if isinstance(told_ms, int | float) and 0 < told_ms <= now_ms and alert.severity <= CRITICAL:
        told.since_ms = round(told_ms)
        _noted(told, person, steps, now_ms)


def _whom(alert: Alert, told: Told, people: Sequence[str], steps: Sequence[int], now_ms: int) -> list[str]:
    """Who is asked now: the first; with each step that is over the next, beside those who were. What is not critical is
    told once."""
    if not people:
        return []
    if alert.severity > CRITICAL:
        return [] if told.people else [people[0]]
    passed = sum(now_ms - told.since_ms >= minutes * 60_000 for minutes in steps)
    return list(people[: min(passed, len(people) - 1) + 1])


def _tell(bucket: Bucket, person: str, asked: list[Asked], crew: Crew, now_ms: int) -> list[Notice]:
    critical = [one for one in asked if one.alert.severity <= CRITICAL]
    waiting = [one for one in asked if one.alert.severity > CRITICAL]
    new = [one for one in critical if person not in one.told.people]
    # All that was told comes again together, so that many are not many repetitions.
    about = [one for one in critical if one.due or person not in one.told.people] if new else critical
    calm_ms = now_ms - (bucket.critical_ms if new else max(bucket.critical_ms, bucket.again_ms))
    if (new or any(one.due for one in critical)) and calm_ms >= GROUP_MS:
        if new:
            bucket.critical_ms = now_ms
        bucket.again_ms = now_ms
        bucket.tokens = max(0.0, bucket.tokens - 1)
        for one in about:
            _noted(one.told, person, crew.asked(one.alert)[1], now_ms)
        # What waits comes along: whoever looks now need not look again.
        along = [] if crew.quiet(person) else waiting
        for one in along:
            one.told.people.append(person)
        # Whoever is asked first is no step of escalation.
        after = [one for one in new or about if crew.asked(one.alert)[0][0] != person]
        step_now = max((one.told.step for one in after), default=0)
        return [_notice(person, "critical" if new else "again", about + along, step_now)]
    if not waiting or crew.quiet(person) or now_ms - min(one.told.since_ms for one in waiting) < GROUP_MS:
        return []
    if bucket.tokens < 1:
        return []
    bucket.tokens -= 1
    held = now_ms - min(one.told.since_ms for one in waiting) > 2 * GROUP_MS
    for one in waiting:
        one.told.people.append(person)
    return [_notice(person, "digest" if held else "news", waiting)]


def _noted(told: Told, person: str, steps: Sequence[int], now_ms: int) -> None:
    """One who was told; next is the next step of escalation, or the repetition after the last."""
    if person not in told.people:
        told.people.append(person)
    ahead = [told.since_ms + minutes * 60_000 for minutes in steps]
    told.step = sum(at_ms <= now_ms for at_ms in ahead)
    told.next_ms = min([at_ms for at_ms in ahead if at_ms > now_ms], default=now_ms + AGAIN_MS)


def _overs(board: Board, crew: Crew, now_ms: int) -> list[Notice]:
    """What is over, to those who were told: at once, in quiet hours too, where it was critical; but what ends within
    a minute of the last is told together."""
    notices = []
    for person, bucket in board.buckets.items():
        _refill(bucket, now_ms)
        free = bucket.urgent or (bucket.tokens >= 1 and not crew.quiet(person))
        due = now_ms >= max(bucket.over_ms, bucket.said_over_ms + GROUP_MS)
        if bucket.over and due and free:
            bucket.tokens = max(0.0, bucket.tokens - 1)
            bucket.urgent, bucket.said_over_ms = False, now_ms
            named = tuple(bucket.over[:LISTED_MAX])
            notices.append(Notice(person, "over", named, len(bucket.over) - len(named)))
            bucket.over.clear()
    return notices


def _notice(person: str, kind: Kind, about: list[Asked], step_now: int = 0) -> Notice:
    ids = tuple(one.alert.id for one in about)
    return Notice(person, kind, ids[:LISTED_MAX], max(0, len(ids) - LISTED_MAX), step_now)


def _bucket(board: Board, person: str, now_ms: int) -> Bucket:
    bucket = board.buckets.setdefault(person, Bucket(at_ms=now_ms))
    _refill(bucket, now_ms)
    return bucket


def _refill(bucket: Bucket, now_ms: int) -> None:
    bucket.tokens = min(BURST, bucket.tokens + max(0, now_ms - bucket.at_ms) / TOKEN_MS)
    bucket.at_ms = now_ms
