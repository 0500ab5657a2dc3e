"""The life of an alert."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.alerts.lifecycle import (
    DAY_MS,
    REOPEN_MS,
    SHELVED_MAX_MS,
    Alert,
    Book,
    Condition,
    Delays,
    Refusal,
    Transition,
    acknowledge,
    enter,
    restore,
    shelve,
    step,
    view,
)
from cloud.desks.alerting import Alerting
from cloud.desks.refusing import OnDisk
from cloud.stores.ledger import Ledger

DELAYS = {"warm": Delays(hold_ms=10, clear_ms=5)}
WARM = Condition("warm", "cold-1", "cold", 2, {"value": 9.0})
SUSTAINED = Condition("warm", "cold-1", "cold", 2, {"value": 7.8}, sustain=True)


def run(moments: list[tuple[int, list[Condition]]], book: Book | None = None) -> tuple[Book, list[Transition]]:
    """Step through the moments."""
    book, all_transitions = book or Book(), []
    for now_ms, conditions in moments:
        book, transitions = step(book, conditions, DELAYS, now_ms)
        all_transitions += transitions
    return book, all_transitions


def states(transitions: list[Transition]) -> list[str]:
    """Just where they went."""
    return [one.alert.state for one in transitions]


def steady(transitions: list[Transition]) -> list[Transition]:
    """Without how often their conditions were gone meanwhile."""
    return [one._replace(alert=replace(one.alert, swings=0)) for one in transitions]


def firing() -> tuple[Book, Alert]:
    """A book with one firing alert."""
    book, _ = run([(0, [WARM]), (10, [WARM])])
    return book, book.open["warm", "cold-1"]


def test_nothing_at_nine_firing_at_ten() -> None:
    book, before = run([(0, [WARM]), (9, [WARM])])
    _, after = run([(10, [WARM])], book)

    assert states(before) == ["pending"]
    assert states(after) == ["firing"]
    assert (after[0].before, after[0].alert.since_ms, after[0].alert.changed_ms) == ("pending", 0, 10)


def test_what_became_of_it_by_itself_nobody_did() -> None:
    book, alert = firing()
    taken = acknowledge(alert, "ann", "", 11)
    assert isinstance(taken, Alert)
    book = enter(book, replace(taken, acted_by="ann", acted_ms=11))

    still, _ = run([(12, [WARM])], book)
    _, worse = run([(12, [replace(WARM, severity=1)])], book)
    _, over = run([(12, []), (20, [])], book)

    assert (still.open["warm", "cold-1"].acted_by, still.open["warm", "cold-1"].acted_ms) == ("ann", 11)
    assert [(one.alert.state, one.alert.acted_by, one.alert.acted_ms) for one in (worse[-1], over[-1])] == [
        ("firing", "", 0),
        ("resolved", "", 0),
    ]


def test_a_condition_that_passes_soon_never_fires() -> None:
    book, transitions = run([(0, [WARM]), (9, []), (10, [WARM]), (19, [WARM])])

    assert states(transitions) == ["pending", "lapsed", "pending"]
    assert [view(one.alert) for one in transitions] == [None, None, None]
    assert len(book.open) == 1


def test_an_alert_is_updated_and_not_repeated() -> None:
    book, alert = firing()

    book, transitions = run([(20, [Condition("warm", "cold-1", "cold", 2, {"value": 9.5})])], book)

    assert transitions == []
    assert book.open["warm", "cold-1"].params == {"value": 9.5}
    assert book.open["warm", "cold-1"].id == alert.id


def test_it_is_resolved_only_after_the_clearing_delay() -> None:
    book, _ = firing()

    book, transitions = run([(20, []), (24, []), (24, [WARM]), (30, []), (34, [])], book)
    assert transitions == []
    book, transitions = run([(35, [])], book)

    assert states(transitions) == ["resolved"]
    assert book.open == {}


def test_one_that_comes_back_is_a_new_alert() -> None:
    book, alert = firing()

    book, transitions = run([(20, []), (25, []), (30, [WARM])], book)

    assert states(transitions) == ["resolved", "pending"]
    assert transitions[1].alert.id == alert.id + 1


def test_the_dead_band_keeps_an_alert_but_starts_none() -> None:
    book, _ = firing()

    kept, quiet = run([(now_ms, [SUSTAINED]) for now_ms in range(20, 100)], book)
    none, _ = run([(now_ms, [SUSTAINED]) for now_ms in range(100)])

    assert quiet == []
    assert len(kept.open) == 1
    assert none.open == {}


def test_getting_worse_fires_again_and_getting_better_is_milder_again() -> None:
    book, alert = firing()
    taken = acknowledge(alert, "ada", "", 20)
    assert isinstance(taken, Alert)

    book, transitions = run([(30, [Condition("warm", "cold-1", "cold", 1, {})]), (31, [WARM])], enter(book, taken))

    assert [(one.alert.state, one.alert.severity) for one in transitions] == [("firing", 1), ("firing", 2)]
    assert book.open["warm", "cold-1"].acknowledged_by == ""


def test_one_that_comes_back_soon_is_the_same_again_and_whoever_took_it_on_still_has_it() -> None:
    book, alert = firing()
    taken = acknowledge(alert, "ada", "", 20)
    assert isinstance(taken, Alert)
    book, over = run([(30, []), (35, [])], enter(book, taken))
    assert states(over) == ["resolved"]

    book, back = run([(1_000, [WARM]), (1_010, [WARM])], book)

    assert [(one.before, one.alert.id, one.alert.state) for one in back] == [
        (None, 2, "pending"),
        ("pending", 2, "lapsed"),
        ("resolved", 1, "acknowledged"),
    ]
    assert book.open["warm", "cold-1"].reopened == 1


def test_what_is_critical_and_back_after_it_was_over_asks_for_somebody_again() -> None:
    """Who took it on was told that it is over, and may have turned back."""
    worst = replace(WARM, severity=1)
    book, _ = run([(0, [worst]), (10, [worst])])
    taken = acknowledge(book.open["warm", "cold-1"], "ada", "", 20)
    assert isinstance(taken, Alert)
    book, back = run([(30, []), (35, []), (1_000, [worst]), (1_010, [worst])], enter(book, taken))
    assert (back[-1].before, back[-1].alert.id, back[-1].alert.state) == ("resolved", 1, "firing")


def test_what_is_critical_and_comes_and_goes_stays_with_whoever_took_it_on() -> None:
    """Nobody was told that it is over, so whoever has it still sees to it."""
    worst = replace(WARM, severity=1)
    calm_ms = 40 * 60_000
    dips = [(30, []), (31, [worst]), (32, []), (33, [worst]), (40, []), (calm_ms, [])]
    book, _ = run([(0, [worst]), (10, [worst])])
    taken = acknowledge(book.open["warm", "cold-1"], "ada", "", 20)
    assert isinstance(taken, Alert)
    book, over = run(dips, enter(book, taken))
    assert [(one.alert.state, one.alert.comes_and_goes) for one in over] == [("resolved", True)]
    _, back = run([(calm_ms + 1, [worst]), (calm_ms + 11, [worst])], book)
    assert states(back)[-1] == "acknowledged"


def test_what_was_there_already_that_day_comes_and_goes_though_it_is_a_new_alert() -> None:
    book, _ = firing()
    book, _ = run([(20, []), (25, [])], book)
    soon, late = 25 + REOPEN_MS, 25 + DAY_MS
    again, _ = run([(soon, [WARM]), (soon + 10, [WARM])], book)
    assert [(one.id, one.comes_and_goes) for one in again.open.values()] == [(2, True)]
    other, _ = run([(late, [WARM]), (late + 10, [WARM])], book)
    assert [(one.id, one.comes_and_goes) for one in other.open.values()] == [(2, False)]


def test_one_that_comes_back_after_long_is_a_new_one() -> None:
    book, _ = firing()
    book, _ = run([(20, []), (25, [])], book)
    at_ms = 25 + REOPEN_MS
    book, back = run([(at_ms, [WARM]), (at_ms + 10, [WARM])], book)
    assert [one.alert.id for one in back] == [2, 2]


def test_one_that_comes_and_goes_is_one_alert_until_it_is_calm() -> None:
    minutes = [(minute * 60_000, [WARM] if minute % 4 < 2 else []) for minute in range(120)]
    book, transitions = run(minutes)
    fired = [one for one in transitions if one.alert.state == "firing"]
    assert len(fired) <= 4
    assert {one.alert.id for one in fired} == {1}
    book, after = run([(minute * 60_000, []) for minute in range(120, 240)], book)
    assert states(after) == ["resolved"]


def test_one_that_is_put_aside_is_back_when_its_time_is_over_or_it_gets_worse() -> None:
    book, alert = firing()
    aside = shelve(alert, "ada", "waiting for a part", 10_000, 20)
    assert isinstance(aside, Alert)
    book, calm = run([(30, [WARM]), (9_999, [WARM])], enter(book, aside))
    assert calm == []
    _, back = run([(10_000, [WARM])], book)
    assert states(back) == ["firing"]
    _, worse = run([(5_000, [Condition("warm", "cold-1", "cold", 1, {})])], book)
    assert states(worse) == ["firing"]


@pytest.mark.parametrize("severity", [1, 2])
def test_one_that_is_put_aside_gone_and_back_is_aside_until_its_time_is_over_and_fires_then(severity: int) -> None:
    warm = replace(WARM, severity=severity)
    book, _ = run([(0, [warm]), (10, [warm])])
    aside = shelve(book.open["warm", "cold-1"], "ada", "not now", 1_000, 20)
    assert isinstance(aside, Alert)
    gone, _ = run([(30, []), (35, [])], enter(book, aside))

    _, back = run([(100, [warm]), (110, [warm]), (999, [warm]), (1_000, [warm])], gone)
    assert [(one.alert.state, one.alert.acknowledged_by) for one in back[-2:]] == [("shelved", "ada"), ("firing", "")]
    _, late = run([(2_000, [warm]), (2_010, [warm])], gone)
    assert (states(late)[-1], late[-1].alert.acknowledged_by) == ("firing", "")
    _, worse = run([(100, [replace(warm, severity=0)]), (110, [replace(warm, severity=0)])], gone)
    assert states(worse)[-1] == "firing"


def test_what_another_rule_tells_of_has_no_alert_of_its_own_and_is_the_same_again_when_that_is_over() -> None:
    mild, worst = replace(WARM, told_by="hot"), replace(WARM, rule="hot", severity=1)
    delays = {**DELAYS, "hot": Delays(20, 0)}

    def then(book: Book, *moments: tuple[int, list[Condition]]) -> Book:
        for now_ms, seen in moments:
            book, _ = step(book, seen, delays, now_ms)
        return book

    book = then(Book(), (0, [WARM]), (10, [mild, worst]))
    assert {rule: one.state for (rule, _), one in book.open.items()} == {"warm": "firing", "hot": "pending"}
    book = then(book, (30, [mild, worst]), (31, [mild, worst]))
    assert [*book.open] == [("hot", "cold-1")]
    assert book.lately["warm", "cold-1"].told_by == "hot"
    late = then(book, (40, []), (2 * REOPEN_MS, [WARM]), (2 * REOPEN_MS + 10, [WARM]))
    assert [(one.id, one.state, one.comes_and_goes) for one in late.open.values()] == [(3, "firing", False)]
    book = then(book, (40, [WARM]), (41, [WARM]), (50, [WARM]))
    [back] = book.open.values()
    assert (back.rule, back.id, back.state, back.reopened, back.told_by) == ("warm", 1, "firing", 0, "")


def test_nothing_is_put_aside_without_a_reason_or_for_ever() -> None:
    _, alert = firing()
    assert isinstance(shelve(alert, "ada", " ", 10_000, 20), Refusal)
    assert isinstance(shelve(alert, "ada", "why not", 20, 20), Refusal)
    assert isinstance(shelve(alert, "ada", "why not", 20 + SHELVED_MAX_MS + 1, 20), Refusal)
    assert isinstance(shelve(replace(alert, state="resolved"), "ada", "why not", 10_000, 20), Refusal)


def test_acknowledging_twice_is_acknowledging_once() -> None:
    _, alert = firing()

    once = acknowledge(alert, "ada", "on my way", 20)
    assert isinstance(once, Alert)
    twice = acknowledge(once, "bob", "me too", 30)

    assert twice == once
    assert (once.state, once.acknowledged_by, once.note) == ("acknowledged", "ada", "on my way")


def test_what_is_over_can_not_be_acknowledged() -> None:
    book, _ = firing()
    _, transitions = run([(20, []), (25, [])], book)

    refused = acknowledge(transitions[0].alert, "ada", "", 30)

    assert isinstance(refused, Refusal)
    assert refused.code == "alert.over"
    assert "over since 25" in refused.detail


def test_people_are_shown_an_alert_that_came_again_once_as_it_is_now() -> None:
    desk = Alerting(cast(Ledger, None), cast(OnDisk, None), lambda: 0)
    desk.book, alert = firing()
    ended = view(replace(alert, state="resolved"))
    other = view(replace(alert, id=alert.id + 1, state="resolved"))
    assert ended is not None
    assert other is not None

    desk.resolved.extend([ended, other, ended])

    assert [(one.id, one.state) for one in desk.shown()] == [(other.id, "resolved"), (alert.id, "firing")]


def test_an_acknowledged_alert_is_resolved_with_its_note() -> None:
    book, alert = firing()
    taken = acknowledge(alert, "ada", "door was open", 20)
    assert isinstance(taken, Alert)

    _, transitions = run([(30, []), (35, [])], enter(book, taken))

    shown = view(transitions[0].alert)
    assert shown is not None
    assert (transitions[0].before, shown.state, shown.note) == ("acknowledged", "resolved", "door was open")


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.sets(st.sampled_from("abc")), st.booleans()),
        max_size=40,
    ),
    st.integers(0, 40),
)
def test_a_book_restored_from_its_transitions_fires_what_the_old_one_would(
    moments: list[tuple[int, set[str], bool]], cut: int
) -> None:
    """There are no clearing delays here, it is remembered how restless each is, and swings are left out: those alone
    begin again."""
    delays, now_ms = {"warm": Delays(10, 0)}, 0
    stored: dict[int, Alert] = {}
    kept = restarted = Book()
    for i, (pause_ms, subjects, taken) in enumerate(moments):
        now_ms += pause_ms
        conditions = [Condition("warm", subject, "z", 2, {}) for subject in sorted(subjects)]
        if i == cut:
            restarted = replace(restore(stored.values()), flaps=kept.flaps)
        kept, transitions = step(kept, conditions, delays, now_ms)
        restarted, again = step(restarted, conditions, delays, now_ms)
        assert steady(transitions) == steady(again)
        for transition in transitions:
            stored[transition.alert.id] = transition.alert
        for alert in list(kept.open.values()) if taken else []:
            after = acknowledge(alert, "ada", "", now_ms)
            if isinstance(after, Alert):
                kept, restarted, stored[after.id] = enter(kept, after), enter(restarted, after), after
