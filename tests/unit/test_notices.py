"""What is told to whom: each thing once, what is critical at once and again, all else together and not too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.alerts import lifecycle, people
from cloud.alerts.lifecycle import Alert, Book, Condition, Delays
from cloud.alerts.notices import AGAIN_MS, GROUP_MS, OVER_MS, TOKEN_MS, Board, Crew, Notice, forget, step
from protocols.crews import Person, Team, flaw

MINUTE_MS = 60_000
STEPS = (5, 15, 30)


def alert(number: int, severity: int = 3, state: Any = "firing") -> Alert:
    return Alert(number, "warm", f"d{number}", "cold", severity, state, 0, 0, {})


def crew(roster: tuple[str, ...] = ("ann", "bob", "cy"), quiet: bool = False) -> Crew:
    return Crew(lambda _: (roster, STEPS), lambda _: quiet)


def told(
    alerts: list[tuple[int, int, Alert]], minutes: int, crew_: Crew | None = None, board: Board | None = None
) -> list[tuple[int, Notice]]:
    """What is told, and in which second, of alerts that are there (from second, until second)."""
    board, found = board or Board(), []
    for second in range(0, minutes * 60, 5):
        now = [one for begin, end, one in alerts if begin <= second < end]
        found += [(second, one) for one in step(board, now, crew_ or crew(), second * 1000)]
    return found


def test_what_is_critical_is_told_at_once_and_escalates_until_all_are_told_and_again() -> None:
    found = told([(10, 10**6, alert(1, 1))], 62)
    assert found[0] == (10, Notice("ann", "critical", (1,)))
    firsts = {person: min(at for at, one in found if one.person == person) for person in ("ann", "bob", "cy")}
    assert firsts == {"ann": 10, "bob": 10 + 5 * 60, "cy": 10 + 15 * 60}
    again = [at for at, one in found if one.person == "ann"]
    assert again == [10, 310, 910, 1810, 1810 + AGAIN_MS // 1000, 1810 + 2 * AGAIN_MS // 1000]


def test_who_takes_it_on_is_not_told_again_but_when_it_gets_worse() -> None:
    board = Board()
    assert step(board, [alert(1, 1)], crew(), 0)
    taken = alert(1, 1, "acknowledged")
    assert not [one for minute in range(1, 120) for one in step(board, [taken], crew(), minute * MINUTE_MS)]
    board = Board()
    step(board, [alert(1, 2, "acknowledged")], crew(), 0)
    assert [one.kind for one in step(board, [alert(1, 1)], crew(), 5 * MINUTE_MS)] == ["critical"]


def test_a_storm_is_few_notices() -> None:
    storm = [(0, 3600, alert(number)) for number in range(500)]
    found = [one for _, one in told(storm, 59)]
    assert [one.kind for one in found] == ["news"]
    assert len(found[0].alerts) + found[0].more == 500
    critical = [(number % 7, 3600, alert(number, 1)) for number in range(500)]
    first_minutes = [one for at, one in told(critical, 4, crew(("ann",)))]
    assert [one.kind for one in first_minutes] == ["critical", "critical"]
    assert sum(len(one.alerts) + one.more for one in first_minutes) == 500


def test_what_comes_together_is_told_together() -> None:
    found = told([(0, 9000, alert(1)), (20, 9000, alert(2)), (50, 9000, alert(3))], 10)
    assert found == [(60, Notice("ann", "news", (1, 2, 3)))]


def test_what_is_over_within_the_minute_is_never_told() -> None:
    assert told([(0, 50, alert(1))], 60) == []


def test_one_after_another_is_told_as_a_digest_when_there_are_too_many() -> None:
    many = [(number * 120, 10**6, alert(number)) for number in range(1, 60)]
    found = told(many, 120)
    assert len(found) <= 3 + 120 * MINUTE_MS // TOKEN_MS
    assert found[-1][1].kind == "digest"
    named = [number for _, one in found for number in one.alerts]
    assert len(named) == len(set(named)) >= 52


def test_quiet_hours_hold_all_but_what_is_critical() -> None:
    quiet = crew(quiet=True)
    assert told([(0, 10**6, alert(1, 3)), (0, 10**6, alert(2, 2))], 60, quiet) == []
    found = told([(0, 10**6, alert(1, 3)), (0, 10**6, alert(2, 1))], 1, quiet)
    assert [one.alerts for _, one in found] == [(2,)]


def test_after_quiet_hours_all_comes_as_one_digest() -> None:
    board = Board()
    waiting = [alert(1), alert(2)]
    for minute in range(120):
        assert not step(board, waiting, crew(quiet=True), minute * MINUTE_MS)
    assert step(board, waiting, crew(), 120 * MINUTE_MS) == [Notice("ann", "digest", (1, 2))]


def test_who_was_told_is_told_that_it_is_over_at_once_where_it_was_critical() -> None:
    found = told([(0, 100, alert(1, 1))], 5)
    assert found[-1] == (100, Notice("ann", "over", (1,)))
    later = told([(0, 100, alert(1, 3))], 65)
    assert later[-1] == (100 + OVER_MS // 1000, Notice("ann", "over", (1,)))


def test_what_is_back_within_the_hour_is_not_told_again_unless_it_is_critical() -> None:
    calm = told([(0, 300, alert(1)), (900, 1200, alert(1)), (2400, 10**6, alert(1))], 120)
    assert [one.kind for _, one in calm] == ["news"]
    found = told([(0, 300, alert(1, 1)), (900, 10**6, alert(1, 1))], 16)
    assert [(at, one.kind) for at, one in found][:3] == [(0, "critical"), (300, "over"), (900, "critical")], "as new"


def test_of_what_comes_and_goes_nobody_is_told_that_it_is_over() -> None:
    swinging = replace(alert(1, 1), swings=2)
    found = told([(0, 60, swinging), (1200, 1300, swinging), (5000, 5100, replace(alert(2), reopened=1))], 180)
    assert [(at, one.kind) for at, one in found] == [(0, "critical"), (1200, "again"), (5060, "news")]


def test_the_last_word_on_what_is_critical_and_over_for_good_is_that_it_is_over() -> None:
    """Called at night for the second time, and told that it is over, too."""
    book, board, said = Book(), Board(), []
    for second in range(0, 3 * 3600, 10):
        seen = [Condition("warm", "cold", "cold", 1, {})] if second < 600 or 2400 <= second < 3300 else []
        book, _ = lifecycle.step(book, seen, {"warm": Delays(0, 5 * MINUTE_MS)}, second * 1000)
        told_now = step(board, [*book.open.values()], crew(("ann",), quiet=True), second * 1000)
        said += [one.kind for one in told_now if one.kind != "again"]
    assert said == ["critical", "over", "critical", "over"]


def test_what_another_alert_tells_of_is_not_said_to_be_over() -> None:
    board, mild, bad = Board(), alert(1), alert(2, 1)
    found = [one for at in (0, 61) for one in step(board, [mild], crew(), at * 1000)]
    told_by = crew()._replace(told_by={1})
    found += [one for at in range(70, 9000, 10) for one in step(board, [bad], told_by, at * 1000)]
    assert {one.kind for one in found} == {"news", "critical", "again"}
    assert {one.alerts for one in found[1:]} == {(2,)}


def test_whoever_is_asked_first_is_no_step_of_escalation() -> None:
    found = told([(0, 10**6, alert(1, 1)), (330, 10**6, alert(2, 1))], 8)
    assert [(at, one.person, one.kind, one.step) for at, one in found] == [
        (0, "ann", "critical", 0),
        (300, "ann", "again", 0),
        (300, "bob", "critical", 1),
        (330, "ann", "critical", 0),
    ]


def test_who_is_not_there_any_more_is_forgotten_and_those_who_are_hear_of_it() -> None:
    board = Board()
    step(board, [alert(1, 1), alert(2)], crew(("ann",)), 0)
    step(board, [alert(1, 1), alert(2)], crew(("ann",)), 2 * MINUTE_MS)
    forget(board, {"bob"})
    assert board.buckets == {}
    found = step(board, [alert(1, 1), alert(2)], crew(("bob",)), 3 * MINUTE_MS)
    assert [(one.person, one.alerts) for one in found] == [("bob", (1, 2))]


def test_nobody_on_the_roster_is_nobody_told() -> None:
    assert told([(0, 10**6, alert(1, 1))], 60, crew(())) == []


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 4000), st.integers(1, 3)), max_size=40),
    st.booleans(),
)
@example(spans=[(0, 1 + 60 * number, 1) for number in range(14)], quiet=False)
@settings(max_examples=40)
def test_no_critical_is_missed_and_nobody_is_told_too_often(spans: list[tuple[int, int, int]], quiet: bool) -> None:
    alerts = [(begin, begin + length, alert(number, rank)) for number, (begin, length, rank) in enumerate(spans)]
    found = told(alerts, 120, crew(quiet=quiet))
    for begin, end, one in alerts:
        if one.severity == 1 and end - begin > GROUP_MS // 1000 + 10:
            first = min(at for at, notice in found if one.id in notice.alerts)
            assert first - begin <= GROUP_MS // 1000 + 5
    for person in ("ann", "bob", "cy"):
        mine = [(at, one) for at, one in found if one.person == person and one.kind in ("news", "digest", "over")]
        # who is on the way hears at once that they may turn back
        back = [at for at, one in mine if one.kind == "over" and any(spans[number][2] == 1 for number in one.alerts)]
        assert all(after - before >= GROUP_MS // 1000 for before, after in pairwise(back))
        calm = [at for at, _ in mine if at not in back]
        for at in calm:
            assert sum(at - 3600 < other <= at for other in calm) <= 3 + 6
    news = [(one.person, number) for _, one in found if one.kind in ("news", "digest") for number in one.alerts]
    assert len(news) == len(set(news))


MONDAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
TEAM = Team("cold", "Cold chain", ["ann", "bob", "cy"])
PEOPLE = {name: Person(name, name.title(), ["phone"]) for name in ("ann", "bob", "cy")}


def test_turns_are_handed_over_at_the_hour() -> None:
    assert people.on_call(TEAM, PEOPLE, MONDAY) == ["ann", "bob", "cy"]
    assert people.on_call(TEAM, PEOPLE, MONDAY + timedelta(days=7, minutes=-1))[0] == "ann"
    assert people.on_call(TEAM, PEOPLE, MONDAY + timedelta(days=7)) == ["bob", "cy", "ann"]
    assert people.on_call(TEAM, PEOPLE, MONDAY - timedelta(minutes=1))[0] == "cy"


def test_who_is_away_is_asked_last() -> None:
    there = PEOPLE | {"ann": replace(PEOPLE["ann"], away=["2026-01-04/2026-01-06"])}
    assert people.on_call(TEAM, there, MONDAY) == ["bob", "cy", "ann"]
    assert people.on_call(TEAM, there, MONDAY + timedelta(days=2)) == ["ann", "bob", "cy"]


@pytest.mark.parametrize(
    ("begin", "end", "clock", "quiet"),
    [
        ("22:00", "07:00", "23:00", True),
        ("22:00", "07:00", "06:59", True),
        ("22:00", "07:00", "07:00", False),
        ("12:00", "13:00", "12:30", True),
        ("12:00", "13:00", "13:30", False),
    ],
)
def test_quiet_hours_may_go_over_midnight(begin: str, end: str, clock: str, quiet: bool) -> None:
    person = replace(PEOPLE["ann"], quiet_from=begin, quiet_until=end)
    assert people.is_quiet(person, datetime.fromisoformat(f"2026-01-05T{clock}")) is quiet


def test_the_first_team_that_is_for_an_alert_is_asked() -> None:
    cold, rest = replace(TEAM, zones=["cold"]), replace(TEAM, id="rest")
    stock = replace(TEAM, id="stock", rules=["stock_out"])
    found = [
        people.team_of([cold, stock, rest], rule, zone)
        for rule, zone in (("warm", "cold"), ("stock_out", "a"), ("x", ""))
    ]
    assert found == [cold, stock, rest]
    assert people.team_of([cold], "x", "a") is None


@pytest.mark.parametrize(
    ("persons", "teams", "says"),
    [
        ([replace(PEOPLE["ann"], quiet_from="22:00")], [], "one end of quiet hours"),
        ([replace(PEOPLE["ann"], quiet_from="22:00", quiet_until="22:00")], [], "to the same"),
        ([replace(PEOPLE["ann"], away=["2026-02-30"])], [], "is no day"),
        ([replace(PEOPLE["ann"], away=["2026-03-02/2026-03-01"])], [], "swap them"),
        ([PEOPLE["ann"]], [TEAM], "person 'bob'"),
        ([*PEOPLE.values()], [replace(TEAM, zones=["attic"])], "zone 'attic'"),
        ([*PEOPLE.values()], [replace(TEAM, rules=["warmth"])], "rule 'warmth'"),
        ([*PEOPLE.values()], [replace(TEAM, rules=["theft"])], ""),
        ([*PEOPLE.values()], [replace(TEAM, people=["ann", "bob", "ann"])], "names 'ann' twice"),
        ([*PEOPLE.values()], [replace(TEAM, escalate_minutes=[15, 5])], "later than the one before"),
        ([*PEOPLE.values()], [TEAM], ""),
    ],
)
def test_what_does_not_fit_is_said(persons: list[Person], teams: list[Team], says: str) -> None:
    found = flaw(persons, teams, ["cold"])
    assert says in found if says else not found
