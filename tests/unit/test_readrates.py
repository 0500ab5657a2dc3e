"""An antenna that reads less by tag than it did is told, one that died soon; goods that come and go are no loss."""

from __future__ import annotations

import msgspec
import numpy as np

from cloud.core.maintenance import readrates
from cloud.core.maintenance.readrates import HOUR_MS, Antenna

START_MS = 1_700_006_400_000
FIVE_MS = 300_000


def read(days: float, share: float = 1.0, seed: int = 1, antenna: Antenna | None = None, first: float = 0.0) -> Antenna:
    """An antenna among 10 to 200 tags that come and go; more tags share the air, and each is read less often."""
    rng = np.random.default_rng(seed)
    antenna = antenna or Antenna()
    for five in range(int(days * 288)):
        at_ms = START_MS + int(first * 288 + five) * FIVE_MS
        hour = at_ms // HOUR_MS % 24
        tags = int(rng.integers(10, 40) + (160 if 8 <= hour < 18 else 0))
        reads = share * tags * 60 / (1 + tags / 50) * float(rng.lognormal(0, 0.15))
        readrates.step(antenna, at_ms, float(rng.poisson(reads)), None)
        readrates.step(antenna, at_ms, None, float(tags))
    return antenna


def test_one_that_reads_as_ever_is_left_alone_for_months() -> None:
    for seed in range(3):
        antenna = read(60, seed=seed)
        assert antenna.learned
        assert (antenna.losing_ms, antenna.dead_ms) == (0, 0)


def test_a_loss_of_half_the_reads_is_told_within_days_with_its_size() -> None:
    antenna = read(7)

    read(3, 0.5, 2, antenna, 7)

    assert antenna.losing_ms >= START_MS + 7 * 24 * HOUR_MS - HOUR_MS
    assert 0.35 < 1 - np.exp(-antenna.rates.lost) < 0.6

    read(3, 1.0, 3, antenna, 10)

    assert antenna.losing_ms == 0


def test_tags_that_are_all_heard_as_often_but_weaker_are_a_loss_of_so_many_decibels() -> None:
    rng, antenna = np.random.default_rng(4), Antenna()
    for five in range(14 * 288):
        weaker = 3.0 if five >= 8 * 288 else 0.0
        at_ms, tags = START_MS + five * FIVE_MS, float(rng.integers(20, 60))
        readrates.step(antenna, at_ms, None, None, -58.0 - weaker + float(rng.normal(0, 1.0)))
        readrates.step(antenna, at_ms, 20 * tags, None)
        readrates.step(antenna, at_ms, None, tags)
        assert weaker or not antenna.losing_ms

    assert 8 * 24 - 2 <= (antenna.losing_ms - START_MS) / HOUR_MS <= 11 * 24
    assert 2.5 < antenna.strengths.lost < 3.5
    assert antenna.rates.losing_ms == 0


def test_a_dead_one_is_told_within_hours_and_lives_again_with_its_first_read() -> None:
    antenna = read(7)

    read(0.2, 0.0, 2, antenna, 7)

    assert antenna.dead_ms
    readrates.step(antenna, START_MS + 8 * 24 * HOUR_MS, 5.0, 1.0)
    assert antenna.dead_ms == 0


def test_an_empty_room_is_no_dead_antenna_where_it_often_is_empty() -> None:
    antenna = Antenna()
    for five in range(30 * 288):
        at_ms = START_MS + five * FIVE_MS
        by_day = 8 <= at_ms // HOUR_MS % 24 < 18
        readrates.step(antenna, at_ms, 100.0 if by_day else 0.0, 20.0 if by_day else 0.0)
    assert antenna.learned
    assert (antenna.losing_ms, antenna.dead_ms) == (0, 0)


def test_it_is_small_and_goes_on_after_being_stored() -> None:
    antenna = read(40)
    stored = msgspec.msgpack.encode(antenna)
    again = msgspec.msgpack.decode(stored, type=Antenna)

    assert len(stored) < 24_000
    assert read(2, 0.6, 5, again, 40) == read(2, 0.6, 5, antenna, 40)
