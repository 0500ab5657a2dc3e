"""A room of several thermometers, in whatever order they report: worst of all, learnt again where something came late,
and how long until a limit."""

from __future__ import annotations

from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.coldchain.approach import Lately, minutes_to
from cloud.core.coldchain.chamber import Chamber, Told, own_storage
from cloud.core.coldchain.exposure import Worn
from cloud.core.coldchain.kinetic import DAY_MS, HOUR_MS, MINUTE_MS
from cloud.core.coldchain.legs import Leg, own_mean
from cloud.core.coldchain.marks import Marks
from cloud.core.coldchain.rooms import room
from cloud.core.coldchain.thermometers import LAG_MS, Thermometers
from protocols.cold import PRESETS, Storage
from protocols.excursions import worst

FRIDGE = PRESETS["2-8"]
VACCINE = Storage("vaccine", 2, 8, 0, 15, 30)
Sample = tuple[int, str, float]
BEGIN_MS = 1_700_000_000_000 // DAY_MS * DAY_MS


def chamber(*storages: Storage) -> Chamber:
    made = Chamber()
    made.furnish({one.id: one for one in storages or (FRIDGE,)}, BEGIN_MS)
    return made


def worn(one: Chamber) -> dict[str, Worn]:
    return {name: kept.course.worn for name, kept in one.state.kept.items()}


def last(told: list[Told]) -> list[tuple[str, int, str, int, int]]:
    """What came of each excursion in the end."""
    ends = {(one.storage, one.excursion.began_ms): one.excursion for one in told}
    return [(name, began, one.kind, one.outside_ms, one.ended_ms) for (name, began), one in ends.items()]


def test_of_several_thermometers_the_one_outside_counts_else_the_warmest() -> None:
    assert worst(4, 9, FRIDGE) == 9
    assert worst(1, 7, FRIDGE) == 1
    assert worst(3, 7, FRIDGE) == 7
    assert worst(3, 7, Storage("x", low_c=2)) == 3


def test_pieces_of_several_thermometers_are_put_in_order_before_they_are_judged() -> None:
    both = Thermometers()
    assert both.hear("a", [(1_000 + n * 1_000, 4.0 + n) for n in range(5)], 10_000) is None
    assert both.due(6_000) != []
    both = Thermometers()
    both.hear("a", [(1_000, 4.0), (3_000, 5.0)], 3_000)
    both.hear("b", [(2_000, 7.0), (4_000, 8.0)], 4_000)
    assert [one[:3] for one in both.due(4_000)] == [(1_000, 4.0, 4.0), (2_000, 4.0, 7.0), (3_000, 5.0, 7.0)]
    assert [one[:3] for one in both.due(4_000 + LAG_MS)] == [(4_000, 5.0, 8.0)]


def test_a_thermometer_that_is_silent_holds_nobody_up_for_long() -> None:
    both = Thermometers()
    both.hear("b", [(1_000, 7.0)], 1_000)
    both.hear("a", [(1_500 + n * 10_000, 5.0) for n in range(20)], 200_000)
    assert len(both.due(200_000)) == 21


def test_what_comes_too_late_is_said_and_a_clock_that_is_ahead_is_not_believed() -> None:
    one = Thermometers()
    one.hear("a", [(100_000, 5.0)], 100_000)
    one.due(100_000)
    assert one.hear("a", [(50_000, 5.0), (70_000, 5.0)], 110_000) == 50_000
    assert one.hear("a", [(9_000_000, 5.0)], 110_000) is None
    assert one.ahead == 1
    assert one.due(300_000) == []


def walk(seed: int, minutes: int, names: tuple[str, ...] = ("a", "b")) -> list[Sample]:
    """Samples of some thermometers, in the order of time, that wander about 2 to 12 degC, with gaps."""
    rng, found, at = Random(seed), [], dict.fromkeys(names, 5.0)
    for minute in range(minutes):
        for number, name in enumerate(names):
            at[name] = min(14.0, max(0.0, at[name] + rng.gauss(0.02, 0.4)))
            if rng.random() > 0.03:
                found.append((BEGIN_MS + minute * MINUTE_MS + number * 7_000, name, round(at[name], 2)))
    return found


@given(st.integers(0, 10_000), st.integers(30, 400), st.data())
def test_a_backlog_behind_newer_samples_ends_as_if_all_came_in_turn(
    seed: int, minutes: int, data: st.DataObject
) -> None:
    samples = walk(seed, minutes)
    in_turn = chamber(FRIDGE, VACCINE)
    told = in_turn.learn(samples)

    cut = sorted(data.draw(st.lists(st.integers(0, len(samples)), min_size=2, max_size=2)))
    late = chamber(FRIDGE, VACCINE)
    first = late.learn([*samples[: cut[0]], *samples[cut[1] :]])
    back = late.back_to(samples[cut[0]][0]) if cut[0] < cut[1] else late
    if back is None:  # nothing is kept of before
        back = late.fresh()
    again = back.learn([one for one in samples if one[0] > back.upto_ms])

    assert worn(back) == worn(in_turn)
    assert {name: one.course.room for name, one in back.state.kept.items()} == {
        name: one.course.room for name, one in in_turn.state.kept.items()
    }
    assert back.past.marks == in_turn.past.marks
    known = {(name, began) for name, began, *_ in last(first + again)}
    assert {(name, began) for name, began, *_ in last(told)} <= known


def seldom(minutes: int, celsius: float, count: int, course: Chamber, begin_ms: int = BEGIN_MS) -> int:
    """A thermometer that tells every so many minutes; when it told last."""
    course.learn([(begin_ms + (n + 1) * minutes * MINUTE_MS, "a", celsius) for n in range(count)])
    return begin_ms + count * minutes * MINUTE_MS


@pytest.mark.parametrize("minutes", [31, 60, 90])
def test_a_logger_that_tells_seldom_is_waited_for_and_its_warm_days_are_a_breach(minutes: int) -> None:
    one = chamber(FRIDGE)
    at_ms = seldom(minutes, 5.0, 12, one)
    known = one.state.kept["2-8"].course.worn.known_ms
    assert known >= 8 * minutes * MINUTE_MS
    seldom(minutes, 14.0, 48 * 60 // minutes, one, at_ms)
    course = one.state.kept["2-8"].course
    assert course.room.now is not None
    assert course.room.now.kind == "breach"
    assert course.worn.outside_ms >= 46 * HOUR_MS


def test_one_that_tells_every_three_hours_is_not_known_in_between() -> None:
    one = chamber(FRIDGE)
    seldom(180, 14.0, 40, one)
    assert one.state.kept["2-8"].course.worn == Worn()


def test_a_thermometer_that_tells_often_and_falls_silent_holds_for_half_an_hour() -> None:
    one = chamber(FRIDGE)
    at_ms = seldom(1, 9.0, 60, one)
    one.learn([(at_ms + 31 * MINUTE_MS, "a", 9.0), (at_ms + 32 * MINUTE_MS, "a", 9.0)])
    assert one.state.kept["2-8"].course.worn.outside_ms == 60 * MINUTE_MS


def test_one_warm_logger_that_tells_hourly_is_not_forgotten_beside_a_cool_one_that_tells_each_minute() -> None:
    both = [(BEGIN_MS + minute * MINUTE_MS, "cool", 5.0) for minute in range(24 * 60)]
    both += [(BEGIN_MS + hour * HOUR_MS + 1, "warm", 12.0) for hour in range(24)]
    one = chamber(FRIDGE)
    one.learn(sorted(both))
    assert one.state.kept["2-8"].course.worn.outside_ms >= 22 * HOUR_MS


def test_one_sample_far_from_all_others_is_no_warmth_and_two_are() -> None:
    told = [(BEGIN_MS + n * 5_000, "a", 85.0 if n == 200 else 5.0) for n in range(400)]
    one = chamber(FRIDGE)
    assert one.learn(told) == []
    assert one.state.thermometers.left_out == 1
    two = chamber(FRIDGE)
    found = two.learn(
        [(at_ms, name, 85.0 if n in (200, 201) else celsius) for n, (at_ms, name, celsius) in enumerate(told)]
    )
    assert [one.excursion.kind for one in found] == ["excursion", "breach", "breach"]


@pytest.mark.parametrize("celsius", [-273.15, -5e300, 1e5, 1e300, 1000.0])
def test_a_number_that_is_no_temperature_stops_nothing(celsius: float) -> None:
    one = chamber(FRIDGE, Storage("aged", 2, 8, q10=10, kinetic_c=8))
    one.learn([(BEGIN_MS + n * MINUTE_MS, "a", celsius if n in (5, 6) else 5.0) for n in range(12)])
    assert one.state.kept["aged"].course.worn.known_ms >= 9 * MINUTE_MS


@given(st.integers(0, 10_000), st.integers(1, 299), st.integers(0, 59_999))
def test_what_was_counted_when_a_lot_came_is_known_exactly(seed: int, minute: int, ms: int) -> None:
    samples, at_ms = walk(seed, 300, ("a",)), BEGIN_MS + minute * MINUTE_MS + ms
    one = chamber(VACCINE)
    one.learn([sample for sample in samples if sample[0] <= at_ms])
    waits = one.pin("vaccine", at_ms)
    rest = [sample for sample in samples if sample[0] > at_ms]
    one.hear("a", [(when, celsius) for when, _, celsius in rest], BEGIN_MS + DAY_MS)
    one.advance(BEGIN_MS + DAY_MS)
    if waits and rest:
        counted = one.worn_at("vaccine", at_ms)
        one.learn([(one.upto_ms + n * MINUTE_MS, "a", 12.0) for n in range(1, 200)])
        assert one.worn_at("vaccine", at_ms) == counted
        whole = chamber(VACCINE)
        before = [sample for sample in samples if sample[0] <= at_ms]
        whole.learn([*before, (at_ms, "a", 5.0)] if rest[0][0] - before[-1][0] <= 30 * MINUTE_MS else before)
        assert counted == worn(whole)["vaccine"]


def test_the_past_of_a_room_is_kept_by_the_hour_and_then_by_the_day() -> None:
    marks = Marks()
    for hour in range(60 * 24):
        marks.note(BEGIN_MS + hour * HOUR_MS, Worn(known_ms=hour * HOUR_MS))
    assert len(marks.at_ms) < 36 * 24 + 26
    now = Worn(known_ms=60 * DAY_MS)
    assert marks.at(BEGIN_MS + 59 * DAY_MS + HOUR_MS // 2, now).known_ms == 59 * DAY_MS + HOUR_MS // 2
    assert marks.at(BEGIN_MS + 5 * DAY_MS + 12 * HOUR_MS, now).known_ms == 5 * DAY_MS + 12 * HOUR_MS
    assert marks.at(BEGIN_MS - DAY_MS, now) == Worn()
    marks.cut(BEGIN_MS + 58 * DAY_MS)
    assert marks.at_ms[-1] == BEGIN_MS + 58 * DAY_MS


def test_a_room_of_other_limits_is_learnt_anew_and_the_rest_of_it_stays() -> None:
    samples = walk(3, 300)
    one = chamber(FRIDGE, VACCINE)
    one.learn(samples)
    before = one.state.kept["vaccine"].course.worn
    assert one.furnish({"2-8": Storage("2-8", 2, 9), "vaccine": VACCINE}, BEGIN_MS) == {"2-8"}
    fresh = one.fresh()
    fresh.learn(samples)
    one.adopt(fresh, {"2-8"})
    assert one.state.kept["vaccine"].course.worn == before
    assert one.state.kept["2-8"].course.worn.known_ms == before.known_ms


def cycles(lately: Lately, hours: float, noise: float = 0.03, seed: int = 1) -> int:
    """A cooler that goes between 3 and 5 degC three times an hour; when that ends."""
    rng, minute = Random(seed), 0
    for minute in range(round(hours * 60)):
        warm = 3 + 2 * abs((minute % 20) - 10) / 10
        lately.add(BEGIN_MS + minute * MINUTE_MS, warm + rng.gauss(0, noise), quiet=True)
    return BEGIN_MS + minute * MINUTE_MS


def test_a_compressor_that_cycles_nears_no_limit() -> None:
    lately, rng = Lately(), Random(5)
    for minute in range(3 * 1440):
        at_ms = BEGIN_MS + minute * MINUTE_MS
        lately.add(at_ms, 3 + 2 * abs((minute % 50) - 25) / 25 + rng.gauss(0, 0.05), quiet=True)
        assert minutes_to(lately, 8, 1, at_ms) is None
        assert minutes_to(lately, 2, -1, at_ms) is None


@pytest.mark.parametrize(("ambient", "tau"), [(21.0, 180.0), (25.0, 90.0), (15.0, 60.0)])
def test_a_room_whose_cooling_failed_says_when_it_will_be_too_warm(ambient: float, tau: float) -> None:
    lately, rng = Lately(), Random(9)
    failed = cycles(lately, 6) // MINUTE_MS + 1
    truth = next(n for n in range(10_000) if ambient + (5 - ambient) * exp(-n / tau) > 8)
    first, errors = None, []
    for minute in range(truth):
        at_ms = (failed + minute) * MINUTE_MS
        lately.add(at_ms, ambient + (5 - ambient) * exp(-minute / tau) + rng.gauss(0, 0.03), quiet=True)
        left = minutes_to(lately, 8, 1, at_ms)
        if left is not None:
            first = first if first is not None else truth - minute
            errors.append(abs(left - (truth - minute)))
    assert first is not None, "it is said before it happens"
    assert first >= truth / 3
    assert sorted(errors)[len(errors) // 2] < max(3.0, truth * 0.15)


def test_a_room_that_will_come_to_rest_below_the_limit_reaches_none() -> None:
    lately = Lately()
    failed = cycles(lately, 6, noise=0.0) // MINUTE_MS + 1
    for minute in range(120):
        at_ms = (failed + minute) * MINUTE_MS
        lately.add(at_ms, 7.5 - 2.5 * exp(-minute / 20), quiet=True)
        if minute > 25:
            assert minutes_to(lately, 8, 1, at_ms) is None


def test_freezing_is_foretold_as_well() -> None:
    lately = Lately()
    failed = cycles(lately, 6, noise=0.0) // MINUTE_MS + 1
    for minute in range(22):
        lately.add((failed + minute) * MINUTE_MS, 2.8 - 0.03 * minute, quiet=True)
    assert minutes_to(lately, 2, -1, (failed + 21) * MINUTE_MS) == pytest.approx((2.8 - 0.63 - 2) / 0.03, abs=1)


def test_a_room_tells_what_it_is_in_and_whose_limits_are_its_own() -> None:
    one = chamber(VACCINE)
    for minute in range(60):
        one.hear("a", [(BEGIN_MS + minute * MINUTE_MS, 5.0 if minute < 10 else 9.5)], BEGIN_MS + minute * MINUTE_MS)
        one.advance(BEGIN_MS + minute * MINUTE_MS)
    now = room("cold", "vaccine", one.state.kept["vaccine"], BEGIN_MS + HOUR_MS, lots=2, excursion=7, open=1)
    assert (now.kind, now.why, now.side, now.peak_c, now.lots, now.excursion) == ("breach", "too_long", 1, 9.5, 2, 7)
    own = own_storage(-25, -15, cooled=True)
    assert own is not None
    assert (own.defrost_minutes, own.excursion_minutes) == (75, None)
    assert own_storage(None, None, cooled=True) is None


def test_a_lots_own_mean_is_of_the_rooms_it_was_in_and_of_nothing_before() -> None:
    cool, warm = chamber(FRIDGE), chamber(FRIDGE)
    seldom(10, 5.0, 48 * 6, cool)
    now_ms = seldom(10, 12.0, 48 * 6, warm)
    rooms, from_ms, moved_ms = {"cool": cool, "warm": warm}, now_ms - 24 * HOUR_MS, now_ms - 6 * HOUR_MS
    always = own_mean([Leg("warm", 0, now_ms)], rooms, "2-8", from_ms, now_ms)
    moved = own_mean([Leg("cool", 0, moved_ms), Leg("warm", moved_ms, now_ms)], rooms, "2-8", from_ms, now_ms)
    assert always == pytest.approx(12)
    assert moved == pytest.approx(7.4, abs=0.2)
    assert own_mean([Leg("warm", moved_ms, now_ms)], rooms, "2-8", from_ms, now_ms) is None, "it came six hours ago"
