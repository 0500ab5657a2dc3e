"""Maintenance orders: what may be done with them, when, and what is told where it may not."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from cloud.core.maintenance.proposing import HORIZON_DAYS, PROPOSED_MAX, REST_MS, propose
from cloud.core.maintenance.work import (
    LIFE_LEFT,
    Cause,
    LateWork,
    Part,
    State,
    Window,
    WorkOrder,
    claim,
    covers,
    late,
    windows,
)
from cloud.core.maintenance.working import ACTIONS, KEYS_MAX, NOTES_MAX, POSSIBLE, WINDOW_MAX_MS, What, act, opened
from cloud.core.refusals import Refusal
from tests.contract.works import Ill

T = 1_763_762_400_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def order(state: State = "planned", **more: Any) -> WorkOrder:
    made = WorkOrder("cooler-1", "cold", "Look at the fan", state, T, T, "lee", id=7)
    return replace(made, **more)


def done(before: WorkOrder, action: Any, what: What | None = None, now_ms: int = T) -> WorkOrder:
    after = act(before, action, what or What(), "kim", now_ms)
    assert isinstance(after, WorkOrder), after
    return after


def refused(before: WorkOrder, action: Any, what: What | None = None, now_ms: int = T) -> str:
    after = act(before, action, what or What(), "kim", now_ms)
    assert isinstance(after, Refusal), after
    assert after.detail.endswith(".")
    assert after.hint.endswith(".")
    return after.reason


def test_what_a_person_opens_is_planned_and_what_the_service_proposes_is_a_draft_until_somebody_touches_it() -> None:
    made = opened("cooler-1", "cold", Cause(), What(title="Fan"), "lee", T)
    assert isinstance(made, WorkOrder)
    assert (made.state, made.by, made.version) == ("planned", "lee", 1)
    draft = order("draft", title="", cause=Cause(LIFE_LEFT))

    assert done(draft, "change", What(assigned_to="kim")).state == "planned"
    assert done(draft, "change", What()) == draft, "nobody said anything"
    assert done(draft, "start").state == "in_work"


@pytest.mark.parametrize("state", get_args(State))
def test_an_order_takes_the_steps_of_its_state_and_no_others(state: State) -> None:
    full = What(note="So.", found="A fan.", did="Changed it.", parts={"fan": 1})
    before = order(state, parts=[Part("fan", 2)])
    for action in ACTIONS:
        if action in POSSIBLE[state]:
            after = done(before, action, full)
            assert (after.version, after.by) == (2, "kim")
        elif (action, state) in (("start", "in_work"), ("cancel", "cancelled")):
            assert done(before, action, full) is before, "it is so already"
        else:
            assert refused(before, action, full) == "not_now"


def test_an_order_says_what_is_to_be_done() -> None:
    assert isinstance(opened("cooler-1", "", Cause(), What(title=" "), "lee", T), Refusal)
    assert isinstance(opened("cooler-1", "", Cause("door"), What(), "lee", T), WorkOrder), "its cause does"
    assert refused(order(), "change", What(title="")) == "untitled"


@pytest.mark.parametrize(
    ("from_ms", "until_ms"),
    [(T, 0), (0, T + 1), (T + 2, T + 1), (T - 9, T), (T, T + WINDOW_MAX_MS + 1), (T + 367 * DAY_MS, T + 368 * DAY_MS)],
)
def test_a_window_has_two_ends_to_come_not_too_far_apart(from_ms: int, until_ms: int) -> None:
    assert refused(order(), "change", What(from_ms=from_ms, until_ms=until_ms)) == "window"


def test_only_in_its_window_an_order_keeps_its_asset_silent() -> None:
    inside = order(from_ms=T, until_ms=T + HOUR_MS)
    zone = replace(inside, whole_zone=True, id=8)
    for now_ms, holds in ((T - 1, 0), (T, 1), (T + HOUR_MS - 1, 1), (T + HOUR_MS, 0)):
        assert len(windows([inside], now_ms)) == holds
    assert windows([inside, zone], T) == [
        Window("cooler-1", "", T, T + HOUR_MS, 7),
        Window("cooler-1", "cold", T, T + HOUR_MS, 8),
    ]
    assert windows([replace(inside, state=one) for one in ("draft", "done", "cancelled")], T) == []
    assert windows([order()], T) == [], "without a window nothing is silent"


def test_a_window_is_about_its_asset_and_its_parts_and_the_whole_zone_only_where_it_says_so() -> None:
    alone, whole = Window("reader-1", "", T, T + 1, 1), Window("reader-1", "cold", T, T + 1, 1)
    for subject in ("reader-1", "reader-1.2", "reader-1/rssi"):
        assert covers(alone, subject, "")
    for subject in ("reader-12", "reader", "cooler-1"):
        assert not covers(alone, subject, "cold")
        assert covers(whole, subject, "cold")
    assert not covers(alone, "site", "")
    assert not covers(whole, "cooler-1", "")


def test_who_begins_early_is_left_in_peace_from_then_on_and_who_begins_late_has_no_longer() -> None:
    planned = order(from_ms=T + HOUR_MS, until_ms=T + 2 * HOUR_MS)
    early = done(planned, "start", now_ms=T)
    assert (early.from_ms, early.until_ms, early.started_ms) == (T, T + 2 * HOUR_MS, T)
    begun = done(planned, "start", now_ms=T + 3 * HOUR_MS)

    assert (begun.from_ms, begun.until_ms) == (planned.from_ms, planned.until_ms)
    assert windows([begun], T + 3 * HOUR_MS) == []
    assert late([planned, begun], T + 3 * HOUR_MS) == [
        LateWork(7, "cooler-1", "cold", "not_started", planned.until_ms, ""),
        LateWork(7, "cooler-1", "cold", "overrun", planned.until_ms, ""),
    ]
    longer = done(begun, "change", What(until_ms=T + 4 * HOUR_MS), T + 3 * HOUR_MS)
    assert late([longer], T + 3 * HOUR_MS) == []
    assert len(windows([longer], T + 3 * HOUR_MS)) == 1


def test_who_begins_may_say_until_when_where_no_window_was_planned() -> None:
    begun = done(order(), "start", What(until_ms=T + HOUR_MS))

    assert windows([begun], T) == [Window("cooler-1", "", T, T + HOUR_MS, 7)]
    assert refused(order(), "start", What(until_ms=T + WINDOW_MAX_MS + 1)) == "window"
    far = order(from_ms=T + 10 * DAY_MS, until_ms=T + 20 * DAY_MS)
    assert refused(far, "start") == "window", "twenty days would be silent"


def test_what_an_order_wants_may_change_down_to_what_was_taken() -> None:
    before = order(parts=[Part("fan", 3, taken=2), Part("belt", 1)])

    after = done(before, "change", What(parts={"fan": 2, "oil": 4}))

    assert after.parts == [Part("fan", 2, taken=2), Part("oil", 4)]
    assert refused(before, "change", What(parts={"fan": 1})) == "below_taken"
    assert refused(before, "change", What(parts={"belt": 1})) == "below_taken"
    assert refused(before, "change", What(parts={"fan": 10_001})) == "units"
    assert refused(before, "change", What(parts={"fan": 2, **{f"p{i}": 1 for i in range(50)}})) == "too_many_parts"


def test_what_is_used_was_wanted_and_what_was_taken_is_accounted_for() -> None:
    before = order("in_work", parts=[Part("fan", 3, taken=2)], cause=Cause("door"))
    said = What(found="A fan.", did="Changed it.")

    assert done(before, "finish", said).parts == [Part("fan", 3, 2, 2)], "nobody says: what was taken was used"
    assert done(before, "finish", replace(said, used={"fan": 3})).parts == [Part("fan", 3, 3, 3)]
    assert done(before, "finish", replace(said, used={})).parts == [Part("fan", 3, 2, 0)]
    assert refused(before, "finish", replace(said, used={"fan": 4})) == "not_wanted"
    assert refused(before, "finish", replace(said, used={"oil": 1})) == "not_wanted"
    assert refused(before, "finish", What(found="A fan.")) == "no_outcome"
    assert refused(before, "cancel", What(note="No.")) == "say_used"
    assert refused(before, "cancel", What(note="No.", used={"fan": 3})) == "not_wanted"
    assert done(before, "cancel", What(note="No.", used={"fan": 1})).parts == [Part("fan", 3, 2, 1)]
    assert refused(order(), "finish", replace(said, verdict="right")) == "no_rule"


def test_a_key_is_one_act_and_the_oldest_keys_and_notes_leave_in_the_end() -> None:
    before = order(parts=[Part("fan", 10_000)])
    once = done(before, "take", What(parts={"fan": 1}, key="k"))
    assert done(once, "take", What(parts={"fan": 1}, key="k")) is once
    assert refused(once, "take", What(parts={"fan": 2}, key="k")) == "key_used"
    for i in range(KEYS_MAX + 5):
        once = done(once, "take", What(parts={"fan": 1}, key=f"k{i}", note=f"{i}"))

    assert (len(once.said), len(once.notes)) == (KEYS_MAX, NOTES_MAX)
    assert "take:k" not in once.said
    assert once.notes[-1].text == f"{KEYS_MAX + 4}"


def test_an_asset_is_proposed_once_by_the_low_end_of_what_it_has_left() -> None:
    ill = [Ill("a", "hall", (13.9, 50.0, 90.0)), Ill("b", "hall", (2.0, 50.0, 90.0)), Ill("c", "", (14.0, 14.0, 15.0))]
    ill += [Ill("d", "hall", None)]

    found = propose(ill, [], T)

    assert [(one.asset, one.state, one.cause.days) for one in found] == [
        ("b", "draft", (2.0, 50.0, 90.0)),
        ("a", "draft", (13.9, 50.0, 90.0)),
    ]
    assert HORIZON_DAYS == 14.0
    assert propose(ill, found, T + 1) == []
    assert propose(ill[:1] * 2, [], T) == found[1:], "told twice, it is one asset"


def test_nobody_is_asked_again_for_two_weeks_after_it_was_done_or_given_up() -> None:
    ill = [Ill("a", "hall", (2.0, 5.0, 9.0))]
    for state in ("done", "cancelled"):
        ended = order(state, asset="a", cause=Cause(LIFE_LEFT), ended_ms=T)
        assert propose(ill, [ended], T + REST_MS - 1) == []
        assert len(propose(ill, [ended], T + REST_MS)) == 1


def test_who_cares_for_an_asset_already_is_not_asked_to() -> None:
    ill = [Ill("a", "hall", (2.0, 5.0, 9.0))]

    assert propose(ill, [order(asset="a", cause=Cause("refrigeration_capacity"))], T) == []
    assert len(propose(ill, [order(asset="a")], T)) == 1, "a person's own reason says nothing of its life"


def test_a_site_that_looks_ill_as_a_whole_is_not_a_hundred_orders() -> None:
    ill = [Ill(f"a{i:03}", "hall", (i / 100, 5.0, 9.0)) for i in range(100)]
    first = propose(ill, [], T)

    assert [one.asset for one in first] == [f"a{i:03}" for i in range(PROPOSED_MAX)]
    assert propose(ill, first, T) == []


def test_one_life_is_one_cause_whatever_shortens_it() -> None:
    assert claim("a", Cause(LIFE_LEFT, "fan")) == claim("a", Cause(LIFE_LEFT, "icing")) != claim("b", Cause(LIFE_LEFT))
    assert claim("a", Cause("r", "fan")) != claim("a", Cause("r", "icing"))
    assert claim("a", Cause()) == "", "of a person's own reasons there may be several"
