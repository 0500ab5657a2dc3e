"""A machine's channels, told one by one, are judged at work; what is unlike its normal is told, and so is wear."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from cloud.core.maintenance import quarters, wear
from cloud.core.maintenance.machines import DAY_MS, MINUTE_MS, Channels, Machine
from cloud.core.maintenance.quarters import CHANNELS_MAX, GONE_QUARTERS, QUARTER_MS, Quarters, Row
from cloud.core.maintenance.wear import Wear

START_MS = 1_700_006_400_000 // DAY_MS * DAY_MS
EVERY_MIN = 3
DAY = 1440
ORDER = ("1/power_w", "1/temperature_c", "2/vibration_mm_s")


def run(
    channels: Channels,
    minutes: range,
    hot: float = 0.0,
    loads: float = 1.0,
    shakes: float = 1.0,
    order: tuple[str, ...] = ORDER,
) -> list[int]:
    """Two hours at work, one at rest: power, temperature and vibration, each its own series; when it was told to be
    abnormal, and when that was over, in minutes."""
    found: list[int] = []
    was = channels.kept.abnormal_ms > 0
    for minute in minutes[::EVERY_MIN]:
        rng = np.random.default_rng(minute)
        works = minute // 60 % 3 < 2
        power, warmth, shake = rng.normal(0, 1, 3).tolist()
        samples = {
            "1/power_w": (900.0 * loads if works else 30.0) + 8 * power,
            "1/temperature_c": 40 + (10 * loads + hot) * works + 0.5 * warmth,
            "2/vibration_mm_s": (2.0 * shakes if works else 0.1) + 0.05 * shake,
        }
        for at, name in enumerate(order):
            told = channels.step(name, START_MS + minute * MINUTE_MS + 7_000 * at, samples[name])
            if told and was != (channels.kept.abnormal_ms > 0):
                was = not was
                found.append(minute)
    return found


@pytest.fixture(scope="module")
def eight_days() -> bytes:
    """What is kept of a machine after eight days in which nothing was wrong."""
    channels = Channels()
    assert run(channels, range(8 * DAY)) == []
    return msgspec.msgpack.encode(channels.kept)


@pytest.fixture
def known(eight_days: bytes) -> Channels:
    """That machine."""
    return Channels(msgspec.msgpack.decode(eight_days, type=Machine))


def test_a_machine_that_runs_as_it_learned_is_left_alone(known: Channels) -> None:
    assert run(known, range(8 * DAY, 16 * DAY)) == []
    assert known.kept.slow < 0.5


def test_one_that_runs_hot_for_its_power_is_told_within_two_hours_with_what_moved_and_so_is_its_end(
    known: Channels,
) -> None:
    [begun] = run(known, range(8 * DAY, 8 * DAY + 300), hot=15.0)
    name, now, low, high = known.kept.why[0]
    [over] = run(known, range(8 * DAY + 300, 9 * DAY))

    assert begun < 8 * DAY + 120
    assert name == "1/temperature_c"
    assert low < high < now
    assert over < 8 * DAY + 600
    assert known.kept.why == []


def test_a_load_a_fifth_higher_is_told_by_its_days(known: Channels) -> None:
    assert run(known, range(8 * DAY, 14 * DAY), loads=1.2)

    assert "1/power_w" in [name for name, *_ in known.kept.why]


def test_a_machine_that_shakes_more_is_told_one_that_shakes_less_or_is_cooler_is_not(
    known: Channels, eight_days: bytes
) -> None:
    calm = Channels(msgspec.msgpack.decode(eight_days, type=Machine))

    assert run(known, range(8 * DAY, 9 * DAY), shakes=1.6)[0] < 8 * DAY + 120
    assert run(calm, range(8 * DAY, 9 * DAY), shakes=0.6, hot=-5.0) == []


def test_what_is_odd_is_not_learned_and_what_stays_so_for_weeks_is_what_it_does_now(known: Channels) -> None:
    days = len(known.kept.known)
    run(known, range(8 * DAY, 20 * DAY), hot=15.0)
    assert len(known.kept.known) == days
    assert known.kept.abnormal_ms

    run(known, range(20 * DAY, 46 * DAY), hot=15.0)

    assert known.kept.abnormal_ms == 0
    assert run(known, range(46 * DAY, 48 * DAY), hot=15.0) == []


def test_the_order_in_which_channels_come_within_a_minute_changes_nothing() -> None:
    one, other = Channels(), Channels()
    run(one, range(2 * DAY))
    run(other, range(2 * DAY), order=(ORDER[2], ORDER[0], ORDER[1]))

    assert one.kept.today == other.kept.today
    assert one.kept.waiting == other.kept.waiting
    assert one.kept.wears == other.kept.wears


def test_it_goes_on_after_being_stored_which_is_small(known: Channels, eight_days: bytes) -> None:
    again = Channels(msgspec.msgpack.decode(eight_days, type=Machine))
    run(known, range(8 * DAY, 9 * DAY + 700), hot=2.0)
    run(again, range(8 * DAY, 8 * DAY + 1000), hot=2.0)
    again = Channels(msgspec.msgpack.decode(msgspec.msgpack.encode(again.kept), type=Machine))
    run(again, range(8 * DAY + 1000 // EVERY_MIN * EVERY_MIN + EVERY_MIN, 9 * DAY + 700), hot=2.0)

    assert again.kept == known.kept
    assert len(eight_days) < 30_000


def test_a_channel_that_falls_silent_does_not_silence_the_others(known: Channels) -> None:
    first = ORDER[:2]

    assert run(known, range(8 * DAY, 8 * DAY + 300), hot=15.0, order=first)
    run(known, range(8 * DAY + 300, 8 * DAY + 300 + (GONE_QUARTERS + 2) * 15), order=first)
    assert known.kept.gathered.channels == [*first]


def rows(minutes: int, value: float, works: float) -> list[Row]:
    """Quarters at work of a pump that works every other quarter of an hour, each minute a sample."""
    state, done = Quarters(), list[Row]()
    for minute in range(minutes):
        on = minute // 15 % 2
        for name, told in (("1/power_w", works if on else 5.0), ("1/vibration_mm_s", value * on)):
            done += quarters.take(state, name, START_MS + minute * MINUTE_MS, told) or ()
    return done


def test_only_quarters_at_work_are_judged_once_it_is_known_what_work_is() -> None:
    found = rows(2 * DAY, 2.0, 800.0)

    assert all((row.at_ms - QUARTER_MS - START_MS) // QUARTER_MS % 2 for row in found)
    assert [row.levels for row in found] == [[800.0, 2.0]] * len(found)
    assert len(found) == 2 * 96 / 2 - quarters.SEEN_MIN / 2


def test_channels_beyond_the_limit_are_counted_and_the_others_go_on() -> None:
    channels = Channels()
    for minute in range(100):
        for one in range(20):
            channels.step(f"{one}/current_a", START_MS + minute * MINUTE_MS, float(minute % 7 + one))

    assert len(channels.kept.gathered.channels) == CHANNELS_MAX
    assert channels.kept.gathered.too_many == 400


def worn(seed: int, days: int, levels: list[float], noise: float) -> Wear:
    """A wear that was told its levels, some a day."""
    rng, found = np.random.default_rng(seed), Wear("vibration_mm_s")
    for day in range(days):
        for quarter in range(8):
            wear.step(found, START_MS + day * DAY_MS + quarter * QUARTER_MS, levels[day] + float(rng.normal(0, noise)))
    return found


@pytest.mark.parametrize("way", ["by steps", "by shares"])
def test_vibration_that_grows_is_wear_with_days_left_that_hold(way: str) -> None:
    since = [max(0, day - 10) for day in range(31)]
    levels = [2.0 + 0.1 * day if way == "by steps" else 2.0 * 1.04**day for day in since]
    left = (7.1 - 4.0) / 0.1 if way == "by steps" else np.log(7.1 / 2.0) / np.log(1.04) - 20

    found = worn(3, 31, levels, 0.1)

    assert found.since_ms
    assert found.left is not None
    low, _, high = found.left
    assert low < left < high
    assert 0.2 * left < low
    assert high < 5 * left


def test_vibration_that_only_wanders_is_no_wear() -> None:
    levels = (2.0 + np.random.default_rng(4).normal(0, 0.15, 90)).tolist()

    assert worn(4, 90, levels, 0.1).since_ms == 0


def test_a_machine_whose_meter_rounds_it_to_nought_at_first_is_judged_too() -> None:
    assert worn(6, 20, [0.0] * 20, 0.0).since_ms == 0
    assert worn(6, 30, [0.0] * 15 + [0.1 * day for day in range(15)], 0.0).since_ms


def test_vibration_that_rose_once_and_stays_is_not_said_to_end_within_days() -> None:
    found = worn(5, 40, [2.0] * 15 + [3.5] * 25, 0.05)

    assert found.since_ms
    assert found.left is not None
    assert found.left[0] > 14
