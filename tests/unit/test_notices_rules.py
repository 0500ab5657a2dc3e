"""What never fails, whatever alerts come, get worse, are taken on, put aside and end, and when the service stops."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.alerts.lifecycle import Alert
from cloud.alerts.notices import AGAIN_MS, GROUP_MS, Board, Crew, Notice, step

STEP_S, MINUTES = 10, 150
ROSTER, STEPS = ("ann", "bob", "cy"), (5, 15, 30)


class Story(msgspec.Struct, frozen=True):
    """An alert: from when, for how long; from when on it is critical; when it is taken on, or put aside and for how
    long (seconds; None: never)."""

    begin: int
    length: int
    severity: int
    worse: int | None
    taken: int | None
    shelved: tuple[int, int] | None

    def at(self, number: int, second: int) -> Alert | None:
        """As it is then."""
        if not self.begin <= second < self.begin + self.length:
            return None
        passed = second - self.begin
        is_worse = self.worse is not None and passed >= self.worse
        state: Any = "firing"
        if self.taken is not None and passed >= self.taken and not (is_worse and self.worse > self.taken):  # type: ignore[operator]
            state = "acknowledged"
        elif self.shelved is not None and self.shelved[0] <= passed < sum(self.shelved):
            state = "shelved"
        return Alert(number, "warm", f"d{number}", "cold", 1 if is_worse else self.severity, state, 0, 0, {})


moments = st.none() | st.integers(0, 4000)
stories = st.lists(
    st.builds(
        Story, st.integers(0, 5000), st.integers(1, 6000), st.integers(1, 3), moments, moments,
        st.none() | st.tuples(st.integers(0, 2000), st.integers(10, 2000)),
    ),
    max_size=25,
)  # fmt: skip


def play(told: list[Story], quiet: bool, stops: set[int] = frozenset()) -> list[tuple[int, Notice]]:  # type: ignore[assignment]
    board, found = Board(), []
    crew = Crew(lambda _: (ROSTER, STEPS), lambda _: quiet)
    for second in range(0, MINUTES * 60, STEP_S):
        if second // STEP_S in stops:
            board = msgspec.msgpack.decode(msgspec.msgpack.encode(board), type=Board)
        now = [one for number, story in enumerate(told) if (one := story.at(number, second)) is not None]
        found += [(second, one) for one in step(board, now, crew, second * 1000)]
    return found


@given(stories, st.booleans())
@settings(max_examples=60, deadline=None)
def test_nothing_critical_that_nobody_took_on_is_missed_or_late(told: list[Story], quiet: bool) -> None:
    found = play(told, quiet)
    late = GROUP_MS // 1000 + STEP_S
    for number, story in enumerate(told):
        since: int | None = None
        for second in range(story.begin - story.begin % STEP_S, min(story.begin + story.length, MINUTES * 60), STEP_S):
            one = story.at(number, second)
            asks = one is not None and one.severity == 1 and one.state == "firing"
            since = (second if since is None else since) if asks else None
            if since is not None and second - since == late:
                kinds = {notice.kind for at, notice in found if since <= at <= second and number in notice.alerts}
                assert kinds & {"critical", "again"}, (number, since)


@given(stories, st.booleans())
@settings(max_examples=60, deadline=None)
def test_calm_news_keeps_to_its_places_and_critical_news_and_its_end_to_one_a_minute(
    told: list[Story], quiet: bool
) -> None:
    found = play(told, quiet)
    for person in ROSTER:
        calm = [at for at, one in found if one.person == person and one.kind in ("news", "digest")]
        assert all(sum(at - 3600 < other <= at for other in calm) <= 3 + 6 for at in calm)
        for kind in ("critical", "over"):
            told_at = [at for at, one in found if one.person == person and one.kind == kind]
            assert all(later - earlier >= GROUP_MS // 1000 for earlier, later in pairwise(told_at))
    if quiet:
        assert not [one for _, one in found if one.kind in ("news", "digest")]


@given(stories)
@settings(max_examples=60, deadline=None)
def test_nobody_is_told_the_same_twice_but_what_is_critical_and_nobody_took_on(told: list[Story]) -> None:
    found = play(told, quiet=False)
    asked = Counter((one.person, number) for _, one in found if one.kind in ("news", "digest") for number in one.alerts)
    for (_, number), times in asked.items():
        story = told[number]
        # It got worse, or was put aside and is back: that is news.
        assert times <= 1 + (story.worse is not None) + (story.shelved is not None)
    for number, story in enumerate(told):
        again = [at for at, one in found if one.person == "ann" and one.kind == "again" and number in one.alerts]
        assert len(again) <= 3 * (2 + len(told)) + MINUTES * 60_000 // AGAIN_MS
        for at in again:
            now = story.at(number, at)
            assert now is not None
            assert now.state == "firing"


@given(stories, st.sets(st.integers(0, MINUTES * 60 // STEP_S)))
@settings(max_examples=40, deadline=None)
def test_a_stop_at_any_moment_changes_nothing(told: list[Story], stops: set[int]) -> None:
    assert play(told, False, stops) == play(told, False)


def test_what_is_put_aside_and_back_is_told_again() -> None:
    found = play([Story(0, 9000, 1, None, None, (60, 600))], quiet=False)
    assert [(at, one.kind) for at, one in found if one.person == "ann"][:2] == [(0, "critical"), (660, "critical")]


def test_many_that_nobody_takes_on_are_repeated_together() -> None:
    found = play([Story(120 * number, 9000, 1, None, None, None) for number in range(10)], quiet=False)
    late = [at for at, one in found if one.person == "ann" and at > 4500]
    assert len(late) <= (MINUTES * 60 - 4500) * 1000 // AGAIN_MS + 1
    assert all(len(one.alerts) == 10 for at, one in found if one.person == "ann" and at > 4500)


def test_that_something_critical_is_over_is_told_in_quiet_hours_too() -> None:
    found = play([Story(0, 600, 1, None, None, None)], quiet=True)
    assert (600, Notice("ann", "over", (0,))) in found


def test_what_gets_milder_is_not_repeated() -> None:
    board, crew = Board(), Crew(lambda _: (ROSTER, STEPS), lambda _: False)
    one = Alert(1, "warm", "d", "cold", 1, "firing", 0, 0, {})
    assert step(board, [one], crew, 0)
    milder = msgspec.structs.replace(one, severity=2)
    assert not [told for minute in range(1, 120) for told in step(board, [milder], crew, minute * 60_000)]


def test_while_nobody_is_asked_nobody_is_late() -> None:
    """Work that was announced, say: when it is over the first is asked first."""
    board, asked = Board(), [False]
    crew = Crew(lambda _: (ROSTER, STEPS) if asked[0] else ((), ()), lambda _: False)
    one = Alert(1, "warm", "d", "cold", 1, "firing", 0, 0, {})
    for minute in range(60):
        assert not step(board, [one], crew, minute * 60_000)
    asked[0] = True
    assert [told.person for told in step(board, [one], crew, 3_600_000)] == ["ann"]


def test_what_a_gateway_told_while_the_service_was_away_is_not_told_again_but_escalated_from_then() -> None:
    board, crew = Board(), Crew(lambda _: (ROSTER, STEPS), lambda _: False)
    one = Alert(1, "warm", "d", "cold", 1, "firing", 0, 0, {"told_ms": 60_000})
    found = [(minute, told.person) for minute in range(3, 17) for told in step(board, [one], crew, minute * 60_000)]
    assert found[:2] == [(6, "ann"), (6, "bob")]
    assert (16, "cy") in found


def test_many_that_were_critical_and_end_one_after_the_other_are_told_to_be_over_together() -> None:
    found = play([Story(0, 1 + 10 * number, 1, None, None, None) for number in range(20)], quiet=False)
    over = [(at, len(one.alerts)) for at, one in found if one.kind == "over"]
    assert [at for at, _ in over] == [10, 70, 130, 190, 250]
    assert sum(many for _, many in over) == 20
