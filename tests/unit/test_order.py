"""Stock follows the sequence of a device's messages, not its clock: set back, ahead, in 1970, in 2099, out of order."""

from __future__ import annotations

import random

from edge.core import order
from edge.core.inference import Inference
from edge.core.slots.actions import Count
from protocols.readings import Context, Reading, TagRead, TagReads, believable
from protocols.reports import DeviceHealth, SlotLevel, TagMove
from tests.unit.test_inference import SITE, T0, events, weights

HOUR_MS = 3_600_000


def later(one: Reading, by_ms: int, seq: int) -> Reading:
    return Reading(one.device, one.channel, one.quantity, one.at_ms + by_ms, one.values, one.step_ms, one.boot, seq)


def test_a_clock_set_back_in_mid_stream_stops_no_count() -> None:
    rng, inference = random.Random(1), Inference(SITE)
    inference.fold([weights(5, T0, 0, rng)], T0 + 1500)

    out = inference.fold([later(weights(3, T0 + 5000, 1, rng), -HOUR_MS, 1)], T0 + 6500)
    out.reports += inference.fold([later(weights(3, T0 + 9000, 2, rng), -HOUR_MS, 2)], T0 + 10_500).reports

    (moved,) = events(out.reports)
    assert (moved.delta, moved.count) == (-2, 3)
    assert T0 + 5000 <= moved.at_ms <= T0 + 10_500
    assert T0 + 6500 <= moved.heard_ms <= T0 + 10_500
    assert inference.devices["shelf-1"].late == 0


def test_a_backlog_out_of_order_does_not_overwrite_what_is_newer() -> None:
    rng, inference = random.Random(2), Inference(SITE)
    inference.fold([weights(5, T0, 0, rng), weights(2, T0 + 60_000, 9, rng)], T0 + 61_500)

    out = inference.fold([weights(8, T0 + 20_000 - at * 1000, 4 - at, rng) for at in range(3)], T0 + 62_000)

    assert events(out.reports) == []
    assert inference.shelves.slots["A1"].estimate.count == 2
    assert inference.devices["shelf-1"].late == 3


def test_an_older_number_with_a_newer_time_is_older() -> None:
    """Its clock ran ahead, was set right, and then what it had kept came."""
    rng, inference = random.Random(3), Inference(SITE)
    inference.fold([weights(2, T0, 5, rng)], T0 + 1500)

    out = inference.fold([later(weights(8, T0, 4, rng), 240_000, 4)], T0 + 2500)

    assert events(out.reports) == []
    assert inference.devices["shelf-1"].late == 1


def test_a_device_without_numbers_whose_clock_was_set_back_is_heard_again_before_long() -> None:
    rng, inference = random.Random(4), Inference(SITE)
    inference.fold([later(weights(5, T0, 0, rng), 0, -1)], T0 + 1500)

    counts = []
    for minute in range(1, 10):
        at_ms = T0 + minute * 60_000
        inference.fold([later(weights(3, at_ms, 0, rng), -HOUR_MS, -1)], at_ms + 1500)
        counts.append(inference.shelves.slots["A1"].estimate.count)

    assert counts[0] == 5
    assert counts[-1] == 3


def test_1970_and_2099_are_flagged_and_the_time_of_receipt_is_taken() -> None:
    context = Context(T0)

    assert believable(86_400_000, context) == (T0, ("clock",))
    assert believable(4_070_908_800_000, context) == (T0, ("clock",))
    assert believable(T0 - HOUR_MS, context) == (T0 - HOUR_MS, ())
    assert believable(None, context) == (T0, ("no_clock",))


def test_what_is_newer_looks_newer_though_the_scale_is_ahead_of_us() -> None:
    """The service takes the newest level by its time: a person's count now is newer than a scale's in 4 minutes."""
    rng, inference = random.Random(5), Inference(SITE)
    inference.fold([later(weights(5, T0, 0, rng), 240_000, 0)], T0 + 1500)
    before_ms = inference.shelves.slots["A1"].at_ms
    assert before_ms > T0 + 200_000

    out, _ = inference.act("A1", Count(4, "ada"), T0 + 10_000)

    (level,) = [one for one in out.reports if type(one) is SlotLevel]
    assert level.at_ms > before_ms


def test_a_reader_whose_clock_was_set_back_goes_on_seeing_its_tags() -> None:
    taken: dict[str, order.Taken] = {}

    def said(at_ms: int, seq: int) -> TagReads:
        return TagReads("gate", at_ms, [TagRead("30", 1, at_ms - 100)], 1, seq)

    assert order.in_order(taken, said(T0, 0), T0, 1000.0).at_ms == T0
    back = order.in_order(taken, said(T0 - HOUR_MS, 1), T0 + 1000, 1000.0)
    assert (back.at_ms, back.reads[0].at_ms) == (T0 + 1000, T0 + 900)
    late = said(T0 - HOUR_MS, 0)
    assert order.in_order(taken, late, T0 + 2000, 1000.0) is late


def test_the_health_of_a_device_proves_what_came_of_each_boot() -> None:
    rng, inference = random.Random(6), Inference(SITE)
    for seq in (0, 1, 2, 5, 6):
        inference.fold([weights(5, T0 + seq * 1000, seq, rng)], T0 + seq * 1000 + 1500)

    told = [one for one in inference.tick(T0 + 700_000).reports if type(one) is DeviceHealth]

    (heard,) = told[-1].heard
    assert (heard.ranges, heard.missing) == ([[0, 2], [5, 6]], 2)


def test_what_moved_says_when_the_gateway_heard_of_it() -> None:
    inference = Inference(SITE)
    passed = TagReads("dock", T0 - 5000, [TagRead("3034257BF7194E4000001A85", 1, T0 - 5000, direction="in")], 1, 0)

    (moved,) = [one for one in inference.fold([passed], T0).reports if type(one) is TagMove]

    assert (moved.at_ms, moved.heard_ms) == (T0 - 5000, T0)


class Scale:
    """The scale of slot A1, a batch every few seconds, whose clock is `ahead_ms` from ours."""

    def __init__(self, numbered: bool = True, ahead_ms: int = 0, every_ms: int = 3000) -> None:
        self.inference, self.rng = Inference(SITE), random.Random(8)
        self.numbered, self.ahead_ms, self.every_ms = numbered, ahead_ms, every_ms
        self.now_ms, self.seq = T0, 0

    def says(self, count: int, times: int = 1, at_ms: int = 0) -> list[int | None]:
        """The count after each message; `at_ms`: when it was sampled, where that is not now."""
        counts = []
        for _ in range(times):
            self.now_ms += self.every_ms
            sampled_ms = (at_ms or self.now_ms + self.ahead_ms) - 1400
            seq = self.seq if self.numbered else -1
            said = later(weights(count, sampled_ms, seq, self.rng), 0, seq)
            self.seq += 1
            self.inference.fold([said], self.now_ms)
            counts.append(self.inference.shelves.slots["A1"].estimate.count)
        return counts


def test_a_backlog_that_was_numbered_when_it_was_sent_is_old_all_the_same() -> None:
    scale = Scale()
    assert scale.says(5, 30)[-1] == 5

    backlog = [scale.says(9, 1, T0 - HOUR_MS + at * 60_000)[0] for at in range(40)]

    assert set(backlog) == {5}
    assert scale.inference.devices["shelf-1"].late == 40
    assert scale.says(6, 3)[-1] == 6


def test_a_clock_set_back_that_was_right_for_long_stops_no_count_for_longer_than_half_a_minute() -> None:
    scale = Scale()
    scale.says(5, 30)
    scale.ahead_ms = -HOUR_MS

    counts = scale.says(3, 12)

    assert counts[-1] == 3
    assert scale.says(4, 3)[-1] == 4
    scale.ahead_ms = 0
    assert scale.says(2, 2)[-1] == 2


def test_a_clock_set_right_without_numbers_freezes_no_shelf_for_longer_than_half_a_minute() -> None:
    scale = Scale(numbered=False, ahead_ms=240_000)
    assert scale.says(5, 30)[-1] == 5

    scale.ahead_ms = 0

    assert scale.says(3, 12)[-1] == 3
    assert scale.says(4, 3)[-1] == 4
