"""Alarms on wrong books: seldom false, told once, armed again; and the rates of a site, fitted."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.slots import discrepancy
from edge.core.slots.discrepancy import APART_MS, FALSE_SHARE, Doubt, Rates, Watch

NOON_MS = 1_760_000_000_000


def doubt(agree: float, at_ms: int = NOON_MS, slot: str = "A1", book: int = 12) -> Doubt:
    return Doubt(slot, book, agree, 11, 11, 12, at_ms)


def judged(watches: dict[str, Watch], *agrees: float, apart_ms: int = APART_MS) -> list[int]:
    """How many alarms each judgement raised."""
    return [len(discrepancy.judge(watches, [doubt(p, NOON_MS + i * apart_ms)])) for i, p in enumerate(agrees)]


def test_one_sure_look_raises_nothing_a_second_one_does_and_it_is_told_once() -> None:
    assert judged({}, 0.001, 0.001, 0.001, 0.0) == [0, 1, 0, 0]


def test_judgements_minutes_apart_are_one() -> None:
    assert judged({}, *[0.001] * 10, apart_ms=60_000) == [0] * 10


@pytest.mark.parametrize("agrees", [(0.02, 0.02, 0.02), (0.001, 0.3, 0.001), (0.001, 0.9, 0.001)])
def test_a_doubt_that_is_not_sure_twice_in_a_row_raises_nothing(agrees: tuple[float, ...]) -> None:
    assert judged({}, *agrees) == [0, 0, 0]


def test_it_is_armed_again_when_book_and_posterior_agree_or_somebody_counted() -> None:
    watches: dict[str, Watch] = {}
    first = judged(watches, 0.001, 0.001, 0.95, 0.001, 0.001)
    watches.pop("A1")
    after_a_count = judged(watches, 0.001, 0.001)

    assert first == [0, 1, 0, 0, 1]
    assert after_a_count == [0, 1]


def test_an_alarm_carries_its_evidence() -> None:
    watches: dict[str, Watch] = {}
    discrepancy.judge(watches, [doubt(0.001, NOON_MS)])

    (alarm,) = discrepancy.judge(watches, [doubt(0.002, NOON_MS + APART_MS)])

    assert (alarm.slot, alarm.book, alarm.count, alarm.low, alarm.high) == ("A1", 12, 11, 11, 12)
    assert (alarm.since_ms, alarm.at_ms, alarm.agree) == (NOON_MS, NOON_MS + APART_MS, 0.002)


def test_slots_that_are_gone_are_forgotten() -> None:
    watches: dict[str, Watch] = {}

    discrepancy.judge(watches, [doubt(0.001, slot=f"A{number}") for number in range(50)])
    discrepancy.judge(watches, [doubt(0.001, NOON_MS + APART_MS, "A7")])

    assert list(watches) == ["A7"]


@given(st.lists(st.floats(0, 1), max_size=40), st.floats(0, 1))
def test_the_chosen_set_keeps_its_share_of_false_alarms_and_no_surer_slot_is_left_out(
    agrees: list[float], share: float
) -> None:
    doubts = [doubt(p, slot=str(number)) for number, p in enumerate(agrees)]

    chosen = discrepancy.within(doubts, share)
    left = [one for one in doubts if one not in chosen]

    assert sum(one.agree for one in chosen) <= share * len(chosen) + 1e-9
    assert all(one.agree >= max((taken.agree for taken in chosen), default=0.0) for one in left)
    if left:
        least = min(left, key=lambda one: one.agree)
        assert sum(one.agree for one in [*chosen, least]) > share * (len(chosen) + 1)


def test_a_wave_of_lukewarm_doubts_does_not_become_a_wave_of_false_alarms() -> None:
    watches: dict[str, Watch] = {}
    doubts = [doubt(0.009, slot=str(number)) for number in range(200)]
    discrepancy.judge(watches, doubts)

    alarms = discrepancy.judge(watches, [doubt(0.009, NOON_MS + APART_MS, str(number)) for number in range(200)])

    assert FALSE_SHARE < 0.009
    assert alarms == []


@pytest.mark.parametrize(("loss", "wrong"), [(0.01, 0.01), (0.05, 0.002), (0.0, 0.0), (0.002, 0.05)])
def test_the_rates_of_a_site_are_found(loss: float, wrong: float) -> None:
    """Days without bookings and days with many tell loss and wrong bookings apart."""
    rng, rates = random.Random(5), Rates()

    for _ in range(30_000):
        bookings = rng.choice((0, 0, 1, 6))
        gap = -1 if rng.random() < loss else 0
        gap += sum(rng.choice((-1, 1)) for _ in range(bookings) if rng.random() < wrong)
        discrepancy.learn(rates, 1.0, bookings, float(gap < 0), float(gap > 0))

    assert rates.lost_a_day == pytest.approx(loss, rel=0.35, abs=0.002)
    assert rates.wrong_share == pytest.approx(wrong, rel=0.35, abs=0.002)


def test_a_suspicion_that_goes_away_leaves_the_rates_as_they_were() -> None:
    rates, calm = Rates(), Rates()

    for _ in range(100):
        blamed = discrepancy.learn(rates, 1.0, 2, 0.5, 0.0)
        discrepancy.learn(rates, 1.0, 2, -0.5, 0.0, blamed)
        discrepancy.learn(calm, 2.0, 4, 0.0, 0.0)

    assert rates.lost_a_day == pytest.approx(calm.lost_a_day, rel=0.01)
    assert rates.wrong_share == pytest.approx(calm.wrong_share, rel=0.01)


def test_the_loss_of_a_site_has_bounds_that_narrow_with_what_was_seen() -> None:
    early, late = discrepancy.losses(Rates()), discrepancy.losses(Rates(lost=100.0, slot_days=10_000.0))

    assert early.a_month == pytest.approx(late.a_month) == pytest.approx(0.304)
    assert early.low < late.low < 0.304 < late.high < early.high


def test_what_a_site_taught_wears_off() -> None:
    rates = Rates()
    for _ in range(60_000):
        discrepancy.learn(rates, 1.0, 1, 1.0, 0.0)
    for _ in range(200_000):
        discrepancy.learn(rates, 1.0, 1, 0.0, 0.0)

    assert rates.lost_a_day < 0.01
    assert rates.slot_days <= 2 * discrepancy.FORGET
