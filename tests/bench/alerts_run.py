"""The way of alerts as the service goes it: facts -> rules -> life cycle -> notices, at moments one after the other,
beside crews who acknowledge after a while; and what an unshaped service would have told (the anchor)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from cloud.alerts import lifecycle, notices, reported, rules
from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Alert, Condition
from cloud.alerts.notices import Board, Crew, Notice

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
STEPS = (5, 15, 30)
NEW = (None, "pending", "resolved")
FRESH = ("critical", "news", "digest")


class Handed(NamedTuple):
    """A notice as it was handed over."""

    at_ms: int
    notice: Notice


class People(NamedTuple):
    """Who is asked of an alert, who has quiet hours, and after how many minutes an alert of a severity is taken on."""

    asked: Callable[[Alert], Sequence[str]]
    quiet: Callable[[str, int], bool] = lambda _person, _now_ms: False
    takes_min: Mapping[int, float] = {1: 4.0, 2: 20.0, 3: 60.0}


class Run(Struct):
    """One run. `raw` are conditions that began (when, rule): what would be told without any shaping."""

    people: People
    book: lifecycle.Book = field(default_factory=lifecycle.Book)
    board: Board = field(default_factory=Board)
    words: reported.Reported = field(default_factory=reported.Reported)
    handed: list[Handed] = field(default_factory=list)
    fired: list[tuple[int, Alert]] = field(default_factory=list)
    raw: list[tuple[int, str]] = field(default_factory=list)
    there: set[tuple[str, str]] = field(default_factory=set)
    twice: int = 0
    told: dict[tuple[str, int], int] = field(default_factory=dict)

    def tick(self, facts: Facts) -> list[Notice]:
        """One moment."""
        now_ms, delays = facts.now_ms, rules.delays(facts.site.tuning)
        self._take_on(now_ms)
        seen = rules.evaluate(facts)
        seen += self.words.conditions(seen, delays, facts.gateways, now_ms)
        self._count(seen, facts)
        self.book, transitions = lifecycle.step(self.book, seen, reported.with_delays(delays, seen), now_ms)
        self.fired += [(now_ms, one.alert) for one in transitions if one.alert.state == "firing" and one.before in NEW]
        crew = Crew(
            lambda alert: (self.people.asked(alert), STEPS),
            lambda person: self.people.quiet(person, now_ms),
            lifecycle.told_elsewhere(self.book),
        )
        found = notices.step(self.board, [*self.book.open.values()], crew, now_ms)
        for one in found:
            self.handed.append(Handed(now_ms, one))
            if one.kind in FRESH:
                self._look_for_repetitions(one)
            elif one.kind == "over":  # one that was told to be over may be told again
                for number in one.alerts:
                    self.told.pop((one.person, number), None)
        return found

    def _count(self, seen: list[Condition], facts: Facts) -> None:
        """An unshaped service tells of whatever is wrong, as soon as it is: also behind gateways that are away."""
        now = {(one.rule, one.subject) for one in seen}
        now |= {("device_silent", name) for name in facts.devices if facts.cut_off(name)}
        self.raw += [(facts.now_ms, rule) for rule, _ in now - self.there]
        self.there = now

    def _look_for_repetitions(self, notice: Notice) -> None:
        severity = {one.id: one.severity for one in self.book.open.values()}
        for number in notice.alerts:
            before = self.told.get((notice.person, number))
            self.twice += before is not None and severity[number] >= before
            self.told[notice.person, number] = severity[number]

    def _take_on(self, now_ms: int) -> None:
        for alert in [*self.book.open.values()]:
            told = self.board.told.get(alert.id)
            after_ms = self.people.takes_min[alert.severity] * MINUTE_MS
            if alert.state == "firing" and told is not None and told.people and now_ms - alert.changed_ms >= after_ms:
                taken = lifecycle.acknowledge(alert, told.people[0], "", now_ms)
                assert isinstance(taken, Alert)
                self.book = lifecycle.enter(self.book, taken)

    def first_told(self, rule: str, subject: str, from_ms: int) -> int | None:
        """When somebody was first told, from a moment on, of what fires of a rule and subject."""
        ids = {alert.id for _, alert in self.fired if (alert.rule, alert.subject) == (rule, subject)}
        times = (one.at_ms for one in self.handed if one.at_ms >= from_ms and ids & {*one.notice.alerts})
        return min(times, default=None)

    def about(self, rule: str, calls: bool) -> list[int]:
        """When somebody was told of what fired of a rule; `calls`: not those that only say that it is over."""
        ids = {alert.id for _, alert in self.fired if alert.rule == rule}
        told = [one for one in self.handed if ids & {*one.notice.alerts}]
        return [one.at_ms for one in told if not calls or one.notice.kind != "over"]


def most_an_hour(times: Iterable[int]) -> int:
    """The most that came within any hour."""
    ordered = sorted(times)
    return max((bisect_left(ordered, at + HOUR_MS) - begin for begin, at in enumerate(ordered)), default=0)
