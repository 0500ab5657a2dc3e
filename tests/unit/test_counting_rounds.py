"""What to count today: the likeliest errors of the most value first, and every place in the end."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.counting.rounds import DAY_MS, Place, Rhythm, Round, plan_round, sensed_place
from protocols.layout import Sku
from protocols.reports import SlotLevel

NOW = 1_763_762_400_000
RHYTHM = Rhythm()


def ago(days: float) -> int:
    return round(NOW - days * DAY_MS)


def place(slot: str, abc: str = "B", units: int = 10, cost: float = 1.0, counted: float = 20.0) -> Place:
    return Place("sku-" + slot, slot, abc, units, cost, ago(counted))


def round_of(*places: Place, rhythm: Rhythm = RHYTHM, done: int = 0) -> Round:
    return plan_round(places, NOW, rhythm, done)


def slots(found: Round) -> list[str]:
    return [one.slot for one in found.today]


@pytest.mark.parametrize(("abc", "days"), [("A", 30), ("B", 90), ("C", 180), ("", 90)])
def test_a_place_is_counted_in_the_rhythm_of_its_class(abc: str, days: int) -> None:
    assert slots(round_of(place("a1", abc, counted=days - 0.01))) == []
    (task,) = round_of(place("a1", abc, counted=days)).today
    assert (task.reason, task.age_days) == ("due", days)


def test_the_rhythm_can_be_set() -> None:
    assert slots(round_of(place("a1", "A", counted=8), rhythm=Rhythm(days={"A": 7.0}))) == ["a1"]


def test_a_place_that_nobody_ever_counted_is_to_be_counted() -> None:
    (task,) = round_of(replace(place("a1"), counted_ms=0)).today
    assert (task.reason, task.age_days) == ("never", None)


def test_what_is_known_well_and_was_counted_lately_is_left_alone() -> None:
    assert round_of(place("a1"), place("b1")) == Round([], 0, 2 / 90, 0)


def test_a_slot_of_which_nothing_can_be_told_comes_first_and_a_second_count_before_it() -> None:
    unknown = replace(place("unknown", cost=0.01), unknown=True, doubt=1.0)
    again = replace(place("again", cost=0.01, counted=0), recount=True)
    dear = replace(place("dear", "A", units=1_000, cost=50.0, counted=300), differs_ms=ago(1), debt=5)
    found = round_of(dear, unknown, again)
    assert [(one.slot, one.reason) for one in found.today] == [
        ("again", "recount"),
        ("unknown", "unknown"),
        ("dear", "due"),
    ]


def test_a_certain_difference_comes_before_a_doubt_and_a_debt_between() -> None:
    found = round_of(
        replace(place("doubt"), doubt=0.4),
        replace(place("put"), unexplained=2),
        replace(place("debt"), debt=1),
        replace(place("differs"), differs_ms=ago(1)),
    )
    assert [one.reason for one in found.today] == ["differs", "debt", "unexplained", "doubt"]


def test_of_two_equal_doubts_the_one_that_more_money_hangs_on_comes_first() -> None:
    cheap, dear = (replace(place(name, cost=cost), doubt=0.3) for name, cost in (("cheap", 0.1), ("dear", 9.0)))
    found = round_of(cheap, dear)
    assert slots(found) == ["dear", "cheap"]
    assert [one.stake for one in found.today] == [90.0, 1.0]


def test_a_broken_scale_is_not_counted_again_every_day() -> None:
    broken = replace(place("a1", counted=6.9), unknown=True, doubt=1.0)
    assert slots(round_of(broken)) == []
    assert slots(round_of(replace(broken, counted_ms=ago(7)))) == ["a1"]


def test_a_difference_that_is_newer_than_the_last_count_does_not_wait() -> None:
    assert slots(round_of(replace(place("a1", counted=2), differs_ms=ago(1)))) == ["a1"]
    assert slots(round_of(replace(place("a1", counted=1), differs_ms=ago(2)))) == []


def test_no_more_than_the_days_counts_are_asked_for_and_those_done_are_taken_off() -> None:
    due = [place(f"s{i}", counted=100) for i in range(50)]
    assert len(round_of(*due).today) == 20
    found = round_of(*due, done=15)
    assert (len(found.today), found.waiting) == (5, 45)
    assert round_of(*due, done=99).today == []


def test_what_somebody_asked_for_is_on_the_list_however_much_was_counted_today() -> None:
    asked = [replace(place(f"r{i}", counted=0.01), recount=True) for i in range(3)]
    due = [place(f"s{i}", counted=100) for i in range(50)]
    found = round_of(*due, *asked, done=20)
    assert (slots(found), found.waiting) == (["r0", "r1", "r2"], 50)
    found = round_of(*due, *asked, done=15)  # they take seats of the round's own picks, as long as there are any
    assert (slots(found)[:3], len(found.today)) == (["r0", "r1", "r2"], 5)
    assert slots(round_of(*asked, rhythm=Rhythm(most_a_day=1), done=99)) == ["r0", "r1", "r2"]


def test_the_backlog_says_when_it_will_be_over_or_that_it_never_will() -> None:
    late = [place(f"s{i}", counted=100) for i in range(180)]  # two a day come anew
    found = round_of(*late, rhythm=Rhythm(most_a_day=12))
    assert (found.waiting, found.clears_days) == (168, 17)
    assert found.needed_a_day == pytest.approx(2.0)
    assert round_of(*late, rhythm=Rhythm(most_a_day=2)).clears_days is None


def test_doubts_never_take_all_the_days_counts() -> None:
    unknown = [replace(place(f"u{i}"), unknown=True) for i in range(40)]
    due = [place(f"d{i}", counted=91) for i in range(10)]
    found = round_of(*unknown, *due)
    assert [one.reason for one in found.today].count("due") == 5
    assert len(round_of(*unknown).today) == 20


def test_when_the_classes_have_their_share_of_the_day_the_score_alone_decides() -> None:
    dear = [place(f"d{i}", cost=1_000.0, counted=400) for i in range(10)]
    doubts = [replace(place(f"q{i}"), doubt=0.9) for i in range(30)]
    cheap = [place(f"z{i}", cost=0.01, counted=91) for i in range(10)]
    reasons = [one.reason for one in round_of(*dear, *doubts, *cheap).today]
    assert reasons == ["due"] * 10 + ["doubt"] * 10


def test_each_task_says_its_reasons_and_their_points() -> None:
    (task,) = round_of(replace(place("a1", counted=180), differs_ms=ago(3), unexplained=4)).today
    assert task.points == {"differs": 300.0, "unexplained": 100.0, "due": 100.0}
    assert task.reason == "differs"


def test_a_slots_level_tells_its_doubt() -> None:
    sku = Sku("bolt", "Bolt", 5.0, unit_cost=2.0)
    level = SlotLevel("a1", "bolt", 8, 7, 9, 0.9, 40.0, NOW, booked=9, differs_ms=5)
    told = sensed_place(sku, level, "a1", "A", 8, ago(1))
    assert replace(told, doubt=0.0) == Place("bolt", "a1", "A", 8, 2.0, ago(1), differs_ms=5)
    assert told.doubt == pytest.approx(0.1)
    assert sensed_place(sku, replace(level, count=None), "a1", "A", 8).unknown
    for silent in (None, replace(level, sku="nut")):
        assert (sensed_place(sku, silent, "a1", "A", 8).unknown, sensed_place(sku, silent, "a1", "A", 8).doubt) == (
            True,
            1.0,
        )


PLACES = st.lists(
    st.builds(
        Place,
        st.just("sku"),
        st.uuids().map(str),
        st.sampled_from(["A", "B", "C", ""]),
        st.integers(-50, 500),
        st.floats(0, 100),
        st.one_of(st.just(0), st.integers(0, 400).map(ago)),
        st.booleans(),
        st.floats(0, 1),
        st.one_of(st.just(0), st.integers(0, 400).map(ago)),
        st.integers(0, 5),
        st.integers(0, 5),
        st.booleans(),
    ),
    max_size=40,
    unique_by=lambda one: one.slot,
)


@given(PLACES, st.integers(0, 30), st.integers(0, 30), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_round_is_the_same_in_whatever_order_places_come_and_never_too_long(
    places: list[Place], most: int, done: int, chance: random.Random
) -> None:
    rhythm = Rhythm(most_a_day=most)
    found = plan_round(places, NOW, rhythm, done)
    mixed = list(places)
    chance.shuffle(mixed)
    again = plan_round(mixed, NOW, rhythm, done)
    assert [one.slot for one in again.today] == [one.slot for one in found.today]
    everything = plan_round(places, NOW, Rhythm(most_a_day=1_000))
    asked = sum(one.recount for one in places)
    seats = max(asked, most - done)
    assert len(found.today) == min(seats, len(everything.today))
    assert sum("recount" in one.points for one in found.today) == asked
    assert found.waiting == len(everything.today) - len(found.today)
    assert len({one.slot for one in found.today}) == len(found.today)


def test_every_place_is_counted_in_the_end_even_beside_slots_that_stay_unknown() -> None:
    """A year at a site where a third of the scales are broken and the counts a day just suffice."""
    places = {
        f"s{i}": Place("sku", f"s{i}", "AB"[i % 2], 10, 1.0, 0, unknown=i % 3 == 0, doubt=float(i % 3 == 0))
        for i in range(120)
    }
    rhythm = Rhythm(most_a_day=10)
    gaps = dict.fromkeys(places, 0.0)
    for day in range(365):
        now_ms = NOW + day * DAY_MS
        for task in plan_round(places.values(), now_ms, rhythm).today:
            if task.age_days is not None:
                gaps[task.slot] = max(gaps[task.slot], task.age_days)
            places[task.slot] = replace(places[task.slot], counted_ms=now_ms)
    assert all(one.counted_ms for one in places.values())
    for slot, one in places.items():
        age = (NOW + 365 * DAY_MS - one.counted_ms) / DAY_MS
        assert max(gaps[slot], age) <= 1.5 * rhythm.interval_days(one.abc), slot
