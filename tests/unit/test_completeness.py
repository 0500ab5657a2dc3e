"""The proof: complete is said only where it is so; what is missing is named with its times and what becomes of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud.core import completeness, lanes
from cloud.core.completeness import Again, DeviceGap, Gap, GivenUp, Marks, prove
from cloud.core.lanes import Hole, LaneState, Told
from protocols.reports import DeviceHealth, Heard, Lane
from protocols.sequences import Sequence
from protocols.uplink import Hello

EVENTS: tuple[str, Lane] = ("g1", "events")


def lane(*ranges: tuple[int, int], **more: object) -> LaneState:
    return LaneState(Sequence([[*one] for one in ranges], 0, 100), 0, 0, 1_000)._replace(**more)  # type: ignore[arg-type]


def device(*heard: Heard, lost: int = 0) -> DeviceHealth:
    return DeviceHealth("shelf-1", "ok", 1, 1, 5_000, lost, 2, 0, heard=[*heard])


def test_a_lane_without_gaps_is_complete_whatever_is_on_its_way() -> None:
    [proof] = prove({EVENTS: lane((0, 99), told=Told(130, 100))}, Marks(), []).lanes

    assert (proof.complete, proof.missing, proof.waiting, proof.gaps) == (True, 0, 30, [])


def test_a_gap_says_what_becomes_of_it() -> None:
    """Below the first number without a receipt it was signed for; from there on it comes by itself."""
    state = lane((0, 9), (40, 49), holes=(Hole(10, 39, 5, 7),))

    def gaps(told: Told) -> list[Gap]:
        return prove({EVENTS: state._replace(told=told)}, Marks(), []).lanes[0].gaps

    assert gaps(Told(50, 50)) == [Gap(10, 39, 5, 7, "asked")]
    assert gaps(Told(50, 10)) == [Gap(10, 39, 5, 7, "waiting")]
    assert gaps(Told(50, 20)) == [Gap(10, 19, 5, 7, "asked"), Gap(20, 39, 5, 7, "waiting")]
    assert gaps(Told(50, None)) == [Gap(10, 39, 5, 7, "unknown")]


def test_what_was_given_up_is_no_gap_and_is_told() -> None:
    gone = GivenUp(10, 39, 25, "outbox_full", 8)
    state = lanes.give_up(lane((0, 9), (40, 49)), 10, 39)

    found = prove({EVENTS: state}, Marks({EVENTS: [gone]}, {EVENTS: [Again(40, 49, 10, 9)]}), [])

    assert found.complete
    assert found.lanes[0].given_up == [gone]
    assert found.lanes[0].again == [Again(40, 49, 10, 9)]


def test_numbers_the_ledger_lost_track_of_are_not_called_complete() -> None:
    state = lane((0, 99))
    state.held.forgotten = 7

    [proof] = prove({EVENTS: state}, Marks(), []).lanes

    assert (proof.complete, proof.forgotten) == (False, 7)


def test_since_leaves_out_what_was_known_before_but_never_a_gap_without_a_time() -> None:
    state = lane((0, 9), (20, 29), (40, 49), (60, 69), holes=(Hole(10, 19, 5, 7), Hole(30, 39, 90, 95)))
    noticed = [DeviceGap(1, 3, 4, 50), DeviceGap(1, 8, 8, 150)]

    found = prove({EVENTS: state}, Marks(), [(device(Heard(1, [[0, 2], [5, 7], [9, 9]], 3)), noticed)], 80)

    assert [(gap.first, gap.last) for gap in found.lanes[0].gaps] == [(30, 39), (50, 59)]
    assert found.lanes[0].missing == 20
    assert found.devices[0].gaps == [DeviceGap(1, 8, 8, 150)]
    assert found.devices[0].missing == 1


def test_a_device_is_complete_when_every_number_was_heard() -> None:
    def proof(*heard: Heard, lost: int = 0) -> tuple[bool, bool, int]:
        [one] = prove({}, Marks(), [(device(*heard, lost=lost), completeness.notice([], heard, 9))]).devices
        return one.complete, one.numbered, one.missing

    assert proof(Heard(1, [[0, 9]], 0), Heard(2, [[0, 3]], 0)) == (True, True, 0)
    assert proof(Heard(1, [[0, 9], [12, 15]], 2)) == (False, True, 2)
    assert proof(Heard(1, [[900, 950]], 40)) == (False, True, 40), "older gaps than are listed"
    assert proof(lost=3) == (False, True, 3), "an older gateway only counts"
    assert proof() == (True, False, 0), "it numbers nothing"


def test_a_device_s_gap_keeps_the_time_it_was_seen_first_also_when_half_of_it_is_filled() -> None:
    first = completeness.notice([], [Heard(1, [[0, 9], [20, 29]], 10)], 1_000)
    then = completeness.notice(first, [Heard(1, [[0, 9], [14, 16], [20, 29], [31, 31]], 8)], 2_000)

    assert first == [DeviceGap(1, 10, 19, 1_000)]
    assert then == [DeviceGap(1, 10, 13, 1_000), DeviceGap(1, 17, 19, 1_000), DeviceGap(1, 30, 30, 2_000)]


def test_what_was_signed_for_and_is_not_here_is_asked_for_again() -> None:
    held = {EVENTS: lane((0, 9), (40, 49))}
    hello = Hello(2, "g1", "s", {"events": 80, "telemetry": 7}, {}, {"events": 60, "telemetry": 0})

    assert completeness.missing("g1", hello, held) == {"events": ((10, 39), (50, 59))}


def test_nothing_is_asked_of_a_gateway_of_the_first_version() -> None:
    assert completeness.missing("g1", Hello(1, "g1", "s", {"events": 80, "telemetry": 7}), {}) == {}


@given(st.sets(st.integers(0, 3_000), max_size=400), st.integers(0, 3_000))
def test_all_that_is_asked_for_fits_into_frames_and_is_asked_for_once(held: set[int], unsigned_from: int) -> None:
    state = lanes.nothing()
    for number in held:
        state.held.add(number)
    hello = Hello(2, "g1", "s", {"events": 4_000, "telemetry": 0}, {}, {"events": unsigned_from, "telemetry": 0})

    frames = completeness.resends(completeness.missing("g1", hello, {EVENTS: state}))

    asked = [number for frame in frames for first, last in frame.ranges for number in range(first, last + 1)]
    assert sorted(asked) == sorted(set(range(unsigned_from)) - held)
    assert all(len(frame.ranges) <= 100 for frame in frames)
