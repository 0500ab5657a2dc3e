"""The devices' clocks as a witness: those that speak live are heard, what waited in a queue proves nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.core.care.voices import FRESH_MS, Voices

T0 = 1_795_000_000_000
DAY_MS = 86_400_000
MINUTE_MS = 60_000


def spoken(voices: Voices, now_ms: int, for_ms: int = 3 * MINUTE_MS, **ahead_ms: int) -> int:
    """Each device speaks every ten seconds, its clock so far from ours; when the last word came."""
    for at_ms in range(now_ms, now_ms + for_ms + 1, 10_000):
        for device, ahead in ahead_ms.items():
            voices.hear(device, at_ms + ahead, at_ms)
    return now_ms + for_ms


def test_devices_that_speak_live_say_what_time_it_is() -> None:
    voices = Voices()
    assert voices.ahead_ms(T0) is None

    now_ms = spoken(voices, T0, a=-9 * 365 * DAY_MS, b=-9 * 365 * DAY_MS + 3_000, c=0)

    assert voices.ahead_ms(now_ms) == -9 * 365 * DAY_MS + 3_000
    assert voices.ahead_ms(now_ms + 2 * FRESH_MS) is None


def test_devices_of_which_no_most_agree_say_nothing() -> None:
    voices = Voices()

    now_ms = spoken(voices, T0, a=0, b=40 * DAY_MS, c=-40 * DAY_MS)

    assert voices.ahead_ms(now_ms) is None


@given(st.integers(0, 40 * DAY_MS), st.sampled_from((2, 10, 200)), st.integers(1, 9))
def test_a_queue_that_drains_is_no_clock_that_is_behind(behind_ms: int, times_faster: int, minutes: int) -> None:
    voices = Voices()
    for at_ms in range(0, minutes * MINUTE_MS, 5_000):
        voices.hear("a", T0 + min(at_ms, times_faster * at_ms - behind_ms), T0 + at_ms)
        said = voices.ahead_ms(T0 + at_ms)
        assert said is None or said >= -5_000


def test_a_backlog_between_live_words_changes_nothing() -> None:
    voices = Voices()
    for at_ms in range(T0, T0 + 5 * MINUTE_MS, 1_000):
        voices.hear("a", at_ms - 200, at_ms)
        voices.hear("a", at_ms - 3 * DAY_MS, at_ms)

    assert voices.ahead_ms(T0 + 5 * MINUTE_MS) == -200


def test_what_was_heard_of_another_time_of_ours_is_forgotten() -> None:
    voices = Voices()
    spoken(voices, T0 + 3000 * DAY_MS, a=-3000 * DAY_MS)

    now_ms = spoken(voices, T0, for_ms=30_000, a=0)

    assert voices.ahead_ms(now_ms) is None
    assert voices.ahead_ms(spoken(voices, now_ms, a=0)) == 0
