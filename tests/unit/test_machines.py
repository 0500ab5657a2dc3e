"""A machine's channels, told one by one, are judged as rows; what is unlike its normal is told, and so is wear."""

from __future__ import annotations

import msgspec
import numpy as np

from cloud.core.maintenance.machines import DAY_MS, MINUTE_MS, Channels, Machine, Wear, wear_of

START_MS = 1_700_006_400_000 // DAY_MS * DAY_MS


def run(
    channels: Channels, minutes: range, hot: float = 0.0, shakes: float = 1.0, order: tuple[int, ...] = (0, 1, 2)
) -> bool:
    """Two hours at work, one at rest: power, temperature and vibration, each its own series; whether it was ever told
    to be abnormal."""
    told = False
    for minute in minutes:
        rng = np.random.default_rng(minute)
        works = minute // 60 % 3 < 2
        samples = [
            ("1/power_w", (900.0 if works else 30.0) + float(rng.normal(0, 8))),
            ("1/temperature_c", 40 + 10 * works + (hot if works else 0.0) + float(rng.normal(0, 0.5))),
            ("2/vibration_mm_s", (2.0 * shakes if works else 0.1) + float(rng.normal(0, 0.05))),
        ]
        for one in order:
            name, value = samples[one]
            channels.step(name, START_MS + minute * MINUTE_MS + 7_000 * one, value)
        told = told or channels.kept.abnormal_ms > 0
    return told


def test_a_machine_that_runs_as_it_learned_is_left_alone() -> None:
    assert not run(Channels(), range(4 * 1440))


def test_one_that_runs_hot_for_its_power_is_told_and_so_is_its_end() -> None:
    channels = Channels()
    assert not run(channels, range(3 * 1440))

    assert run(channels, range(3 * 1440, 3 * 1440 + 110), hot=25.0)
    assert channels.kept.abnormal_ms >= START_MS + 3 * DAY_MS
    run(channels, range(3 * 1440 + 110, 3 * 1440 + 400))
    assert channels.kept.abnormal_ms == 0


def test_the_order_in_which_channels_come_within_a_minute_changes_nothing() -> None:
    one, other = Channels(), Channels()
    run(one, range(2000))
    run(other, range(2000), order=(2, 0, 1))

    assert one.packed().scores == other.packed().scores
    assert one.kept.wears == other.kept.wears


def test_it_goes_on_after_being_stored() -> None:
    whole, first = Channels(), Channels()
    run(whole, range(2500))
    run(first, range(1700))
    stored = msgspec.msgpack.encode(first.packed())
    again = Channels(msgspec.msgpack.decode(stored, type=Machine))
    run(again, range(1700, 2500))

    assert again.packed().scores == whole.packed().scores
    assert again.kept.wears == whole.kept.wears


def test_vibration_that_grows_is_wear_with_days_left_that_hold() -> None:
    rng, wear = np.random.default_rng(3), Wear("vibration_mm_s")
    for day in range(41):
        for minute in range(100):
            level = 2.0 + max(0, day - 10) * 0.1
            wear_of(wear, START_MS + day * DAY_MS + minute * MINUTE_MS, level + float(rng.normal(0, 0.1)))

    assert wear.since_ms
    assert wear.left is not None
    low, _, high = wear.left
    assert low < (7.1 - 4.9) / 0.1 < high


def test_vibration_that_only_wanders_is_no_wear() -> None:
    rng, wear = np.random.default_rng(4), Wear("vibration_mm_s")
    for day in range(60):
        level = 2.0 + float(rng.normal(0, 0.08))
        for minute in range(60):
            wear_of(wear, START_MS + day * DAY_MS + minute * MINUTE_MS, level)

    assert wear.since_ms == 0


def test_channels_beyond_the_limit_are_counted_and_the_others_go_on() -> None:
    channels = Channels()
    for minute in range(100):
        for one in range(20):
            channels.step(f"{one}/current_a", START_MS + minute * MINUTE_MS, float(minute % 7 + one))

    assert len(channels.kept.channels) == 16
    assert channels.kept.too_many == 400
    assert channels.kept.fixed
