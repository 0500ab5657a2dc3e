"""Our own time is set back: nothing that was stamped in the time that never was wins over what is so now."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.alarms import Own
from edge.core.inference import Inference, Outcome
from edge.core.rewind import moved
from protocols.readings import FUTURE_LIMIT_MS, Flag, Reading, Said, TagRead, TagReads
from protocols.reports import Alarm, SlotLevel, TagMove
from tests.unit.test_inference import SITE, T0, events, restored, weights

DAY_MS = 86_400_000
YEARS_MS = 9 * 365 * DAY_MS


class House:
    """A gateway whose own time is `wrong_ms` ahead of the devices'."""

    def __init__(self) -> None:
        self.inference, self.rng = Inference(SITE), random.Random(7)
        self.at_ms, self.wrong_ms, self.seq = T0, 0, 0
        self.out = Outcome()

    def live(self, count: int, seconds: int = 30, own: Own | None = None) -> Outcome:
        """Scale, thermometer and reader speak for so long; all that it brought about."""
        whole = Outcome()
        for _ in range(seconds // 5):
            self.at_ms += 5000
            now_ms = self.at_ms + self.wrong_ms
            late: tuple[Flag, ...] = ("clock",) if self.wrong_ms else ()
            said: list[Said] = [
                msgspec.structs.replace(weights(count, now_ms - 1400, self.seq, self.rng), flags=late),
                Reading("cold-1", "1", "temperature_c", now_ms, [5.0 + self.rng.random()], 0, 1, self.seq, late),
                TagReads("dock", now_ms, [TagRead("30AB", 1, now_ms - at * 100) for at in range(20)], 1, self.seq),
            ]
            self.seq += 1
            for out in (self.inference.fold(said, now_ms), self.inference.tick(now_ms + 100, own)):
                whole.reports += out.reports
                whole.notes += out.notes
                whole.slots |= out.slots
        return whole


def stamps(value: Any) -> list[int]:
    """Every number in a state that may be a time."""
    if isinstance(value, dict):
        return [stamp for one in value.values() for stamp in stamps(one)]
    if isinstance(value, list | tuple):
        return [stamp for one in value for stamp in stamps(one)]
    return [value] if type(value) in (int, float) and value > T0 // 2 else []


@pytest.mark.parametrize("between", ["running", "restart"])
def test_after_years_in_the_wrong_time_everything_goes_on_at_once(between: str) -> None:
    house = House()
    house.wrong_ms = YEARS_MS
    house.live(20, 900, Own(clock_off_s=1.0))
    house.wrong_ms = 0
    if between == "restart":
        house.inference = restored(house.inference)
    now_ms = house.at_ms

    out = house.live(7, 120)

    (note,) = [one for one in out.notes if one.what == "time_set_back"]
    assert abs(note.params["by_s"] - YEARS_MS // 1000) < 10
    assert [one.count for one in events(out.reports)][-1] == 7
    assert all(one.at_ms <= house.at_ms for one in events(out.reports))
    levels = [one for one in out.reports if isinstance(one, SlotLevel) and one.slot == "A1"]
    assert levels[-1].count == 7
    assert now_ms < levels[-1].at_ms <= house.at_ms
    assert house.inference.devices["shelf-1"].late == 0
    over = [one for one in out.reports if isinstance(one, Alarm)]
    assert [(one.rule, one.state) for one in over] == [("clock_wrong", "resolved")]
    latest_ms = house.at_ms + FUTURE_LIMIT_MS
    for part in (house.inference.devices, house.inference.shelves.slots, house.inference.alone.alarms):
        assert max(stamps(msgspec.to_builtins(part))) <= latest_ms
    for chart in house.inference.ward.charts.values():
        assert chart.heard_ms <= latest_ms
        assert chart.hour <= latest_ms // 3_600_000
    gone = [house.inference.tick(house.at_ms + at * 1000) for at in range(400)]
    assert any(isinstance(one, TagMove) and one.move == "departed" for told in gone for one in told.reports)


def test_time_that_does_not_go_back_by_a_day_moves_nothing() -> None:
    house = House()
    house.live(5, 60)
    before = msgspec.to_builtins(house.inference.devices)

    out = house.inference.fold([], house.at_ms - DAY_MS + 1000)

    assert out.notes == []
    assert msgspec.to_builtins(house.inference.devices) == before


@given(
    st.recursive(
        st.integers(0, T0 + 2 * YEARS_MS) | st.floats(0, 1e9) | st.text() | st.none() | st.booleans(),
        lambda one: st.lists(one) | st.dictionaries(st.text(), one) | st.tuples(one, one),
        max_leaves=20,
    )
)
def test_only_what_was_the_future_is_moved_and_order_and_kind_stay(value: Any) -> None:
    before = msgspec.json.decode(msgspec.json.encode(value))

    after = msgspec.json.decode(msgspec.json.encode(moved(value, T0, YEARS_MS)))

    pairs = list(zip(flat(before), flat(after), strict=True))
    for was, now in pairs:
        late = type(was) in (int, float) and T0 + FUTURE_LIMIT_MS < was <= T0 + YEARS_MS + DAY_MS
        assert now == (was - YEARS_MS if late else was)


def flat(value: Any) -> list[Any]:
    """What lies in a value, in order."""
    if isinstance(value, dict):
        return [one for key in value for one in (key, *flat(value[key]))]
    return [leaf for one in value for leaf in flat(one)] if isinstance(value, list) else [value]


def test_a_leap_ahead_while_the_gateway_runs_is_no_time_in_which_a_zero_wandered_or_units_were_lost() -> None:
    house = House()
    house.live(20, 900)
    house.wrong_ms = YEARS_MS

    out = house.live(20, 120)

    levels = [one for one in out.reports if isinstance(one, SlotLevel) and one.slot == "A1"]
    assert levels[-1].count == 20
