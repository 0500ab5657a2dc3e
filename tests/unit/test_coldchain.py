"""Cold chain: defrosts are left in peace, excursions and breaches are kept, and lots have what they went through."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.coldchain.exposure import Course, Worn, arrived, left
from cloud.core.coldchain.kinetic import DAY_MS, HOUR_MS, MINUTE_MS, Kinetic
from protocols.cold import PRESETS, Budget, Storage
from protocols.excursions import Excursion, Room, step

FREEZER = Path(__file__).resolve().parents[3] / "shared" / "data" / "coldchain" / "freezer_1min.csv.gz"
FRIDGE = PRESETS["2-8"]


def heard(samples: Iterable[tuple[float, float]], kept: Storage) -> list[Excursion]:
    """What is told of samples (minute, degC)."""
    room, told = Room(), []
    for minute, celsius in samples:
        room, one = step(room, round((minute + 1) * MINUTE_MS), celsius, kept)
        told += [one] if one is not None else []
    return told


def stays(*parts: tuple[float, float]) -> float:
    """The kinetic mean of a day of (hours, degC)."""
    mean, now = Kinetic(24 * HOUR_MS), 0
    for hours, celsius in parts:
        mean.add(now, now + round(hours * HOUR_MS), celsius)
        now += round(hours * HOUR_MS)
    found = mean.celsius()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(24, 5)], 5.0),
        ([(18, 5), (6, 14)], 8.2852),
        ([(23, 5), (1, 25)], 7.7564),
        ([(12, 2), (12, 8)], 5.5364),
        ([(19.48, 5), (4.52, 15)], 7.9995),
    ],
)
def test_the_kinetic_mean_is_that_of_the_formula(parts: list[tuple[float, float]], expected: float) -> None:
    assert stays(*parts) == pytest.approx(expected, abs=1e-3)


@given(st.lists(st.tuples(st.floats(0.2, 5), st.floats(-30, 40)), min_size=1, max_size=20))
def test_the_kinetic_mean_lies_between_the_mean_and_the_warmest(parts: list[tuple[float, float]]) -> None:
    window = Kinetic(1_000 * HOUR_MS)
    now = 0
    for hours, celsius in parts:
        window.add(now, now + round(hours * HOUR_MS), celsius)
        now += round(hours * HOUR_MS)
    found = window.celsius()
    plain = sum(hours * celsius for hours, celsius in parts) / sum(hours for hours, _ in parts)
    assert found is not None
    assert plain - 1e-3 <= found <= max(celsius for _, celsius in parts) + 1e-6


def test_what_is_older_than_the_window_is_forgotten() -> None:
    mean = Kinetic(24 * HOUR_MS)
    mean.add(0, DAY_MS, 30)
    mean.add(DAY_MS, 3 * DAY_MS, 5)
    assert mean.celsius() == pytest.approx(5)
    assert mean.ms <= DAY_MS


@pytest.mark.skipif(not FREEZER.exists(), reason="the real freezer's week is kept beside the project")
def test_a_real_freezers_week_has_its_defrosts_left_in_peace_and_its_excursion_kept() -> None:
    with gzip.open(FREEZER, "rt") as file:
        rows = [*csv.reader(file)][1:]
    samples = [(datetime.fromisoformat(row[0].replace("Z", "+00:00")).timestamp() / 60, float(row[1])) for row in rows]
    told = [one for one in heard(samples, PRESETS["frozen"]) if one.ended_ms]
    assert [one.kind for one in told] == ["defrost", "defrost", "breach", "defrost", "defrost"]
    assert told[2].peak_c == 8.4


def test_a_compressor_that_stops_is_no_defrost_for_longer_than_one_takes() -> None:
    told = heard([(minute, -20 + 0.3 * minute) for minute in range(200)], PRESETS["frozen"])
    assert [one.kind for one in told] == ["defrost", "breach"]
    began_ms = told[0].began_ms
    assert told[1].breach_ms - began_ms <= 76 * MINUTE_MS


def test_a_defrost_is_no_warmer_than_its_heater_makes_it() -> None:
    told = heard([(minute, 5 + 2.4 * minute) for minute in range(40)], FRIDGE)
    assert [(one.kind, one.why) for one in told] == [("defrost", ""), ("breach", "too_far")]
    assert told[1].peak_c < 30


def test_defrosts_one_after_another_are_none() -> None:
    peak = [*(-20 + n for n in range(15)), *(-5 - n for n in range(15))]
    told = heard([(minute, celsius) for minute, celsius in enumerate(peak * 3)], PRESETS["frozen"])
    assert [one.kind for one in told if one.ended_ms] == ["defrost", "excursion", "excursion"]


def test_a_fridge_left_open_is_an_excursion_and_a_breach_once_it_is_too_far() -> None:
    told = heard([(0, 5), (1, 11), (2, 12), (3, 16), (4, 6), (10, 5)], FRIDGE)
    assert [(one.kind, one.why) for one in told] == [("excursion", ""), ("breach", "too_far"), ("breach", "too_far")]
    assert told[-1].ended_ms > 0


def test_what_takes_too_long_is_a_breach_though_it_is_borne() -> None:
    kept = Storage("vaccine", 2, 8, excursion_minutes=30)
    told = heard([(0, 5), *((minute, 9.0) for minute in range(1, 60))], kept)
    assert [(one.kind, one.why) for one in told] == [("excursion", ""), ("breach", "too_long")]
    assert 30 * MINUTE_MS < told[1].outside_ms <= 31 * MINUTE_MS


def test_time_of_which_nothing_is_known_is_not_time_outside() -> None:
    told = heard([(0, 5), (1, 9), (600, 9), (601, 5), (610, 5)], Storage("x", 2, 8, excursion_minutes=30))
    assert [one.kind for one in told] == ["excursion", "excursion"]
    assert told[-1].outside_ms == 0


def test_around_a_limit_there_is_one_excursion() -> None:
    wobble = [(minute, 8.1 if minute % 2 else 7.9) for minute in range(40)]
    assert len(heard(wobble, Storage("x", 2, 8, excursion_minutes=60))) == 1


@given(st.lists(st.tuples(st.integers(-5, 60), st.floats(-30, 40)), max_size=60))
def test_whatever_comes_in_whatever_order_an_excursion_only_gets_worse(samples: list[tuple[int, float]]) -> None:
    ranks = {"defrost": 0, "excursion": 1, "breach": 2}
    now, last = 0, None
    for one in heard([(now := now + minutes, celsius) for minutes, celsius in samples], FRIDGE):
        if last is not None and not last.ended_ms:
            assert ranks[one.kind] >= ranks[last.kind]
            assert one.began_ms == last.began_ms
        last = one


def lived(kept: Storage, celsius: float, hours: int, course: Course | None = None, since_ms: int = 0) -> Course:
    course = course or Course.of(kept)
    for minute in range(hours * 60 + 1):
        course.take(since_ms + 1 + minute * MINUTE_MS, celsius, kept)
    return course


def test_a_lot_has_what_came_on_since_it_was_brought_and_what_it_had_before() -> None:
    kept = Storage("x", 2, 8, budgets=(Budget(600, above_c=8),), q10=2.0)
    warm, cold = lived(kept, 15, 2), lived(kept, 5, 2)
    stay = arrived(warm, 0, None)
    assert stay.worn(warm).outside_ms == 0
    lived(kept, 15, 3, warm, 2 * HOUR_MS)
    assert stay.worn(warm).outside_ms == 3 * HOUR_MS
    moved = stay.moved(5 * HOUR_MS, warm, cold)
    assert moved.worn(cold) == stay.worn(warm)
    lived(kept, 5, 1, cold, 2 * HOUR_MS)
    assert moved.worn(cold).outside_ms == 3 * HOUR_MS
    assert moved.worn(cold).known_ms == 4 * HOUR_MS


def test_a_budget_is_used_up_by_all_times_out_of_range_together() -> None:
    kept = Storage("x", 2, 8, budgets=(Budget(90, above_c=8), Budget(10, above_c=25)))
    course = lived(kept, 12, 1)
    assert left(course.worn, kept, 0, HOUR_MS).minutes == pytest.approx((30, 10), abs=0.1)
    lived(kept, 12, 1, course, HOUR_MS)
    assert left(course.worn, kept, 0, 2 * HOUR_MS).used_up


def test_a_day_ten_degrees_warmer_takes_q10_days_of_shelf_life() -> None:
    kept = Storage("x", 2, 25, q10=2.0, ageing_c=5)
    course = lived(kept, 15, 24)
    assert course.worn.aged_days == pytest.approx(2.0, rel=1e-6)
    assert left(course.worn, kept, 0, DAY_MS, 30).days == pytest.approx(28.0, abs=0.01)
    arrhenius = Storage("x", 2, 25, activation_kj=83.144, ageing_c=5)
    assert 3 < lived(arrhenius, 15, 24).worn.aged_days < 4


def test_time_of_which_nothing_is_known_ages_as_it_should_have_been_kept() -> None:
    kept = Storage("x", 2, 8, q10=2.0)
    found = left(Worn(), kept, 0, 10 * DAY_MS, 30)
    assert found.days == pytest.approx(20)
    assert found.known == 0


def test_a_warm_day_is_a_breach_by_its_kinetic_mean_whether_or_not_the_room_is_outside() -> None:
    kept = Storage("x", 2, 8, 0, 15, excursion_minutes=None, kinetic_c=8)
    course, told = lived(kept, 5, 14), []
    for minute in range(1, 48 * 60):
        at_ms = 14 * HOUR_MS + minute * MINUTE_MS
        course.take(at_ms, 14 if minute < 420 else 5, kept)
        told += [one for one in [course.mean(at_ms, kept)] if one is not None]
    [begun, over] = told
    assert (begun.kind, begun.why, begun.ended_ms) == ("breach", "kinetic", 0)
    assert over.began_ms == begun.began_ms
    assert over.peak_c > 8.3
    assert 12 < (over.ended_ms - begun.began_ms) / HOUR_MS < 24


def test_after_a_warm_summer_a_room_is_in_breach_once_however_often_its_door_is_opened() -> None:
    kept, told, at_ms = PRESETS["room"], [], 0
    course = Course.of(kept)
    days = [(24, 22.0)] * 16 + [(12, 29.5), (12, 24.0)] * 24 + [(23.5, 22.0), (0.5, 25.3)] * 20
    for hours, celsius in days:
        for _ in range(round(hours * 6)):
            at_ms += 10 * MINUTE_MS
            found = [course.take(at_ms, celsius, kept), course.mean(at_ms, kept)]
            told += [one for one in found if one is not None and one.kind == "breach"]
    assert [(one.why, one.ended_ms > 0) for one in told] == [("kinetic", False), ("kinetic", True)]
