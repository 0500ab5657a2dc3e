"""The whole fold: what devices say becomes stock, tags, climate and health, the same after any restart."""

from __future__ import annotations

import random
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge import memory
from edge.core.alarms import Own
from edge.core.inference import DeviceState, Inference, Outcome
from edge.core.slots.shelves import SlotState
from edge.store import Memory
from protocols import layout
from protocols.readings import CommandAck, DeviceStatus, Problem, Reading, Said, TagRead, TagReads
from protocols.reports import DeviceHealth, Report, Series, SlotLevel, StockEvent, TagMove

T0 = 1_763_762_400_000
SITE_TEXT = """
[site]
id = "demo"
name = "Demo"
[[zones]]
id = "hall"
name = "Hall"
[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 250.0
[[skus]]
id = "nut"
name = "Nut"
unit_mass_g = 40.0
[[devices]]
id = "shelf-1"
kind = "shelf"
zone = "hall"
[[devices]]
id = "dock"
kind = "rfid"
zone = "hall"
[[devices]]
id = "cold-1"
kind = "climate"
zone = "hall"
[[slots]]
id = "A1"
zone = "hall"
sku = "bolt"
device = "shelf-1"
tare_g = 100.0
[[slots]]
id = "A2"
zone = "hall"
sku = "nut"
device = "shelf-1"
channel = "2"
"""
SITE = layout.parse(SITE_TEXT)
UNIT_G = {"1": (100.0, 250.0), "2": (0.0, 40.0)}


def weights(count: int, at_ms: int, seq: int, rng: random.Random, channel: str = "1") -> Reading:
    tare_g, unit_g = UNIT_G[channel]
    values = [rng.gauss(tare_g + count * unit_g, 1.0) for _ in range(15)]
    return Reading("shelf-1", channel, "mass_g", at_ms, values, 100, 1, seq)


def restored(inference: Inference, site: layout.Site = SITE) -> Inference:
    """The same state after a way through MessagePack, as the store keeps it."""
    pack, unpack = msgspec.msgpack.encode, msgspec.msgpack.decode
    there = {
        key: [epc for epc, row in field.rows.items() if field.told[row]]
        for key, field in inference.readers.fields.items()
    }
    return memory.restore(
        site,
        Memory(
            {name: unpack(pack(state), type=DeviceState) for name, state in inference.devices.items()},
            {name: unpack(pack(state), type=SlotState) for name, state in inference.shelves.slots.items()},
            {**memory.settled(inference), **memory.slow(inference)},
            there,
        ),
    )


def events(reports: list[Report]) -> list[StockEvent]:
    return [report for report in reports if isinstance(report, StockEvent)]


def test_a_first_count_then_a_pick_then_a_put() -> None:
    rng, inference = random.Random(1), Inference(SITE)
    told: list[Report] = []

    for at, count in enumerate((5, 5, 3, 3, 4)):
        told += inference.fold([weights(count, T0 + at * 2000, at, rng)], T0 + at * 2000 + 1500).reports

    assert [(one.delta, one.count, one.source) for one in events(told)] == [
        (5, 5, "first"),
        (-2, 3, "weight"),
        (1, 4, "weight"),
    ]
    level = [report for report in told if isinstance(report, SlotLevel)][-1]
    assert (level.slot, level.count, level.low, level.high) == ("A1", 4, 4, 4)


@pytest.mark.parametrize("seed", range(3))
def test_singles_once_a_second_count_every_move(seed: int) -> None:
    rng, inference, count, seq = random.Random(seed), Inference(SITE), 10, 0
    told: list[Report] = []
    counts = [10]

    for _ in range(30):
        for _ in range(8):
            value = rng.gauss(100 + count * 250, 1.0)
            at_ms = T0 + seq * 1000
            told += inference.fold([Reading("shelf-1", "1", "mass_g", at_ms, [value], 0, 1, seq)], at_ms).reports
            seq += 1
        count = max(0, count + rng.choice((-3, -1, 1, 2)))
        counts.append(count)

    changes = [after - before for before, after in pairwise(counts[:-1]) if after != before]
    assert [one.delta for one in events(told)] == [10, *changes]


def test_a_mass_that_does_not_settle_makes_the_count_unknown_and_then_known_again() -> None:
    rng, inference = random.Random(2), Inference(SITE)
    inference.fold([weights(5, T0, 0, rng)], T0 + 1500)

    swinging = [
        Reading("shelf-1", "1", "mass_g", T0 + 2000 + at * 1000, [rng.uniform(0, 5000)], 0, 1, at + 1)
        for at in range(15)
    ]
    out = inference.fold(list(swinging), T0 + 17_000)
    (level,) = [report for report in out.reports if isinstance(report, SlotLevel)]
    assert (level.count, level.reason, level.remedy) == (None, "unstable", "wait")

    out = inference.fold([weights(5, T0 + 20_000, 16, rng)], T0 + 21_500)
    assert events(out.reports) == []
    assert [report.count for report in out.reports if isinstance(report, SlotLevel)] == [5]


def test_a_late_message_is_kept_out_of_the_count() -> None:
    rng, inference = random.Random(3), Inference(SITE)
    inference.fold([weights(5, T0, 1, rng)], T0 + 1500)

    out = inference.fold([weights(9, T0 - 60_000, 0, rng)], T0 + 1600)

    assert out.reports == []
    assert inference.devices["shelf-1"].late == 1


def test_an_unknown_device_is_one_problem_and_disturbs_nothing() -> None:
    rng = random.Random(4)
    known: list[Said] = [weights(5, T0, 0, rng), weights(3, T0 + 5000, 1, rng)]
    strange = Reading("ghost", "1", "mass_g", T0, [1.0])

    alone = Inference(SITE).fold(known, T0 + 7000)
    mixed = Inference(SITE).fold([known[0], strange, known[1]], T0 + 7000)

    assert mixed.reports == alone.reports
    assert [(problem.code, problem.device) for problem in mixed.problems] == [("device.unknown", "ghost")]
    assert mixed.blamed == [1], "so that the shell knows the bytes"
    assert mixed.devices == {"shelf-1"}


def test_a_channel_without_a_slot_is_one_problem_that_knows_its_message() -> None:
    out = Inference(SITE).fold([Problem("x", "y"), Reading("shelf-1", "9", "mass_g", T0, [1.0])], T0)

    assert [problem.code for problem in out.problems] == ["x", "channel.unwatched"]
    assert out.blamed == [0, 1]


def test_a_device_that_answers_a_command_is_not_told_to_be_silent() -> None:
    inference = Inference(SITE)

    assert inference.fold([CommandAck("shelf-1", "c-1", True)], T0).acks == [CommandAck("shelf-1", "c-1", True)]

    (told,) = inference.tick(T0 + 1000).reports
    assert isinstance(told, DeviceHealth)
    assert told.state == "ok"


def test_a_silence_while_the_broker_was_away_is_not_yet_the_devices_own() -> None:
    inference = Inference(SITE)
    told: list[Report] = []

    for second in range(900):
        away = 100 <= second < 400
        if second < 100:
            one = Reading("cold-1", "1", "temperature_c", T0 + second * 1000, [4.5], 0, 1, second)
            inference.fold([one], T0 + second * 1000)
        told += inference.tick(T0 + second * 1000 + 500, Own(broker=not away)).reports

    said = [(one.at_ms - T0, one.unheard) for one in told if type(one) is DeviceHealth and one.state == "silent"]
    assert [unheard for _, unheard in said] == [True, False]
    assert said[0][0] < 200_000
    assert said[1][0] > 430_000


def test_silence_and_return_are_each_told_once() -> None:
    inference = Inference(SITE)
    told: list[Report] = []

    for second in range(200):
        if not 20 <= second < 150:
            one = Reading("cold-1", "1", "temperature_c", T0 + second * 1000, [4.5], 0, 1, second)
            inference.fold([one], T0 + second * 1000)
        told += inference.tick(T0 + second * 1000 + 500).reports

    states = [report.state for report in told if isinstance(report, DeviceHealth)]
    assert states == ["ok", "silent", "ok"]


def test_an_offline_status_is_told_at_once() -> None:
    out = Inference(SITE).fold([DeviceStatus("cold-1", False, T0, 1)], T0)

    assert [report.state for report in out.reports if isinstance(report, DeviceHealth)] == ["offline"]


def test_a_level_is_told_again_after_a_while() -> None:
    inference = Inference(SITE)
    inference.fold([weights(5, T0, 0, random.Random(5))], T0 + 1500)

    assert not [one for one in inference.tick(T0 + 60_000).reports if isinstance(one, SlotLevel)]
    (level,) = [one for one in inference.tick(T0 + 400_000).reports if isinstance(one, SlotLevel)]

    assert (level.slot, level.count) == ("A1", 5)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("unit_mass_g = 250.0", "unit_mass_g = 125.0", [(4, 8, "weight")]),
        ("tare_g = 100.0", "tare_g = 350.0", [(-1, 3, "weight")]),
        ('sku = "bolt"\ndevice', 'sku = "nut"\ndevice', [(25, 25, "first")]),
        ('name = "Hall"', 'name = "Long hall"', []),
    ],
)
def test_a_corrected_site_file_is_counted_by_without_anyone_touching_the_shelf(
    old: str, new: str, expected: list[tuple[int, int, str]]
) -> None:
    rng, inference = random.Random(6), Inference(SITE)
    inference.fold([weights(4, T0, 0, rng)], T0 + 1500)

    after = restored(inference, layout.parse(SITE_TEXT.replace(old, new)))
    out = after.fold([weights(4, T0 + 3000, 1, rng)], T0 + 4500)

    assert [(one.delta, one.count, one.source) for one in events(out.reports)] == expected


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["weigh", "weigh", "weigh", "swing", "climate", "tags", "status", "ghost", "tick"]),
        st.sampled_from(["1", "2"]),
        st.integers(0, 12),
        st.integers(0, 20_000),
        st.integers(-2, 3),
    ),
    min_size=1,
    max_size=30,
)


def script(steps: list[tuple[str, str, int, int, int]]) -> list[tuple[Said | None, int]]:
    """Messages (None: a tick) with the time they come, some of them twice or out of order."""
    rng, now_ms, plan = random.Random(9), T0, list[tuple[Said | None, int]]()
    for seq, (what, channel, number, later_ms, disorder) in enumerate(steps):
        now_ms += later_ms
        one: Said | None = None
        if what == "weigh":
            one = weights(number, now_ms - 1400, seq, rng, channel)
        elif what == "swing":
            values = [rng.uniform(0, 3000) for _ in range(15)]
            one = Reading("shelf-1", channel, "mass_g", now_ms - 1400, values, 100, 1, seq)
        elif what == "climate":
            one = Reading("cold-1", "1", "temperature_c", now_ms, [float(number)], 0, 1, seq)
        elif what == "tags":
            reads = [TagRead(f"AA{number:02}", 1, now_ms), TagRead("BBBB", 1, now_ms)]
            one = TagReads("dock", now_ms, reads, 1, seq)
        elif what == "status":
            one = DeviceStatus("shelf-1", number > 3, now_ms, number % 3)
        elif what == "ghost":
            one = Reading("ghost", channel, "mass_g", now_ms, [1.0])
        plan.append((one, now_ms))
        if disorder == 3 and one is not None:
            plan.append((one, now_ms))
        elif disorder < 0 and len(plan) > 3:
            plan[-1], plan[disorder - 1] = (plan[disorder - 1][0], now_ms), (one, plan[disorder - 1][1])
    return plan


def play(inference: Inference, one: Said | None, now_ms: int) -> Outcome:
    return inference.tick(now_ms) if one is None else inference.fold([one], now_ms)


@given(MESSAGES)
@settings(deadline=None)
def test_the_deltas_of_every_slot_add_up_to_its_last_known_count(steps: list[tuple[str, str, int, int, int]]) -> None:
    inference, sums, last = Inference(SITE), dict[str, int](), dict[str, int]()

    for one, now_ms in script(steps):
        for event in events(play(inference, one, now_ms).reports):
            sums[event.slot] = sums.get(event.slot, 0) + event.delta
            last[event.slot] = event.count

    assert sums == last
    assert last == {slot: state.known for slot, state in inference.shelves.slots.items() if state.known is not None}


@given(MESSAGES, st.data())
@settings(deadline=None)
def test_a_restart_in_the_middle_changes_nothing(
    steps: list[tuple[str, str, int, int, int]], data: st.DataObject
) -> None:
    plan = script(steps)
    cut = data.draw(st.integers(0, len(plan)))
    through, stopped = Inference(SITE), Inference(SITE)

    expected = [play(through, one, now_ms) for one, now_ms in plan]
    found = [play(stopped, one, now_ms) for one, now_ms in plan[:cut]]
    stopped = restored(stopped)
    found += [play(stopped, one, now_ms) for one, now_ms in plan[cut:]]

    assert found == expected
    assert msgspec.to_builtins(stopped.devices) == msgspec.to_builtins(through.devices)
    assert msgspec.to_builtins(stopped.shelves.slots) == msgspec.to_builtins(through.shelves.slots)


def test_every_kind_of_report_comes_out_of_the_fold() -> None:
    rng, inference = random.Random(8), Inference(SITE)
    told: list[Report] = []

    for second in range(8):
        now_ms = T0 + second * 1000
        told += inference.fold(
            [
                weights(4, now_ms - 1400, second, rng),
                Reading("cold-1", "1", "temperature_c", now_ms, [4.0], 0, 1, second),
                TagReads("dock", now_ms, [TagRead("AAAA", 1, now_ms)], 1, second),
            ],
            now_ms,
        ).reports
        told += inference.tick(now_ms + 500).reports

    assert {type(report) for report in told} == {StockEvent, SlotLevel, TagMove, DeviceHealth, Series}


def test_a_slot_whose_state_was_lost_is_known_again_though_its_load_is_unmoved() -> None:
    inference = Inference(SITE)
    for second in range(0, 60, 5):
        at_ms = T0 + second * 1000
        inference.fold([Reading("shelf-1", "1", "mass_g", at_ms, [850.0] * 15, 100, 1, second)], at_ms)
    assert inference.shelves.slots["A1"].estimate.count == 3

    again = Inference(SITE, devices=inference.devices)
    for second in range(60, 120, 5):
        at_ms = T0 + second * 1000
        again.fold([Reading("shelf-1", "1", "mass_g", at_ms, [850.0] * 15, 100, 1, second)], at_ms)

    assert again.shelves.slots["A1"].estimate.count == 3


def test_a_tag_arrives_though_its_readers_clock_is_hours_behind_what_it_was_taken_for() -> None:
    inference, told = Inference(SITE), list[Report]()
    inference.fold([TagReads("dock", T0, [TagRead("BBBB", 1, T0)], 1, 0)], T0)
    behind_ms = 3 * 3_600_000
    for second in range(1, 240):
        now_ms = T0 + second * 1000
        epc = "AAAA" if second > 60 else "BBBB"
        said = TagReads("dock", now_ms - behind_ms, [TagRead(epc, 1, now_ms - behind_ms)], 1, second)
        told += inference.fold([said], now_ms).reports + inference.tick(now_ms + 500).reports

    moved = [(one.epc, one.move) for one in told if type(one) is TagMove]
    assert ("AAAA", "arrived") in moved
