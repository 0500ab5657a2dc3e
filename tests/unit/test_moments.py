"""Times as devices write them keep each of their milliseconds, in whichever form they are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.parsing.moments import told_ms

FROM_1973_TO_2255_MS = st.integers(10**11, 9 * 10**12)
"""Where a float still holds an epoch in s to the us. Smaller epochs in ms would pass for seconds."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(at_ms: int, offset_min: int) -> str:
    there = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(timezone(timedelta(minutes=offset_min)))
    return there.isoformat(timespec="milliseconds")


@given(FROM_1973_TO_2255_MS, st.integers(-14 * 60, 14 * 60))
def test_a_stamp_of_any_millisecond_comes_back_as_itself(at_ms: int, offset_min: int) -> None:
    text = iso(at_ms, offset_min)

    assert told_ms(text) == at_ms
    assert told_ms(iso(at_ms, 0).removesuffix("+00:00") + "Z") == at_ms
    assert told_ms(f"{text[:-6]}9{text[-6:]}") == at_ms  # what is finer than a millisecond is left away


@given(FROM_1973_TO_2255_MS)
def test_a_time_without_a_zone_keeps_its_milliseconds_in_the_zone_of_its_site(at_ms: int) -> None:
    there = iso(at_ms, 480).removesuffix("+08:00")

    assert told_ms(there, "Etc/GMT-8") == at_ms


@given(FROM_1973_TO_2255_MS, st.integers(0, 999), st.integers(0, 999))
def test_an_epoch_of_any_unit_keeps_its_milliseconds(at_ms: int, us: int, ns: int) -> None:
    at_us = at_ms * 1000 + us
    at_ns = at_us * 1000 + ns
    seconds = f"{at_ms // 1000}.{at_ms % 1000:03}"

    assert [told_ms(one) for one in (at_ms, at_us, at_ns)] == [at_ms] * 3
    assert [told_ms(str(one)) for one in (at_ms, at_us, at_ns)] == [at_ms] * 3
    assert [told_ms(one) for one in (seconds, float(seconds), float(at_ms * 1000), at_ms * 1e6)] == [at_ms] * 4
    assert told_ms(at_ms // 1000) == at_ms // 1000 * 1000


@pytest.mark.parametrize("stamp", [float("nan"), float("inf"), 10**22, -(10**400), "9" * 25, -1.5, "-0", 1e-9, True])
def test_what_is_no_time_tells_none(stamp: object) -> None:
    assert told_ms(stamp) is None


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00+14:00"])
def test_a_time_before_1970_is_no_time(text: str) -> None:
    assert told_ms(text) is None
