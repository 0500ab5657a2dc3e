"""Reads become arrivals and departures; strays and a mute reader do not."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.tagging import tags
from edge.core.tagging.tags import Field, pass_time, present, see, sights
from protocols.readings import TagRead
from protocols.reports import TagMove

T0 = 1_763_762_400_000


def at(second: float) -> int:
    return T0 + round(second * 1000)


def read(field: Field, second: float, *epcs: str) -> list[TagMove]:
    return see(field, [TagRead(epc, 1, at(second)) for epc in epcs], "dock", "reader")


def watch(field: Field, seconds: range, rng: random.Random, rates: dict[str, float]) -> list[TagMove]:
    """A reader that sees each tag in a second with its rate, and time passing."""
    moves = []
    for second in seconds:
        seen = [epc for epc, rate in rates.items() if rng.random() < rate]
        if seen:
            moves += read(field, second + 0.5, *seen)
        moves += pass_time(field, at(second + 1), "dock", "reader")
    return moves


@pytest.mark.parametrize("rate", [0.3, 0.6, 0.95])
def test_a_tag_that_comes_stays_and_goes_moves_twice(rate: float) -> None:
    rng, field = random.Random(3), Field()

    there = watch(field, range(120), rng, {"AA": rate, "BB": 0.9})
    gone = watch(field, range(120, 500), rng, {"BB": 0.9})

    assert [(move.epc, move.move) for move in there] == [("BB", "arrived"), ("AA", "arrived")] or [
        (move.epc, move.move) for move in there
    ] == [("AA", "arrived"), ("BB", "arrived")]
    assert [(move.epc, move.move) for move in gone] == [("AA", "departed")]
    assert at(100) < gone[0].at_ms < at(120), "a tag departs when it was last seen"
    assert present(field) == 1


def test_a_good_tag_is_missed_soon() -> None:
    rng, field = random.Random(3), Field()
    watch(field, range(60), rng, {"AA": 1.0, "BB": 1.0})

    soon = watch(field, range(60, 100), rng, {"BB": 1.0})

    assert [move.epc for move in soon] == ["AA"]


def test_one_stray_read_is_no_arrival() -> None:
    field = Field()

    assert read(field, 0.5, "AA") == []
    assert pass_time(field, at(60), "dock", "reader") == []
    assert present(field) == 0


def test_many_reads_in_one_epoch_count_once() -> None:
    field = Field()

    assert see(field, [TagRead("AA", 1, T0 + ms) for ms in range(0, 900, 10)], "dock", "reader") == []


def test_the_silence_of_the_reader_is_no_departure() -> None:
    """While it is silent nobody judges; when it speaks again the seconds between have proved nothing."""
    rng, field = random.Random(4), Field()
    watch(field, range(60), rng, {"AA": 0.9, "BB": 0.9})

    back = read(field, 3660.5, "AA") + pass_time(field, at(3662), "dock", "reader")
    later = watch(field, range(3662, 3720), rng, {"AA": 0.9, "BB": 0.9})

    assert back == []
    assert later == []
    assert present(field) == 2


def test_a_tag_taken_away_during_the_silence_departs_afterwards() -> None:
    rng, field = random.Random(4), Field()
    watch(field, range(60), rng, {"AA": 0.9, "BB": 0.9})

    later = watch(field, range(3660, 3760), rng, {"AA": 0.9})

    assert [(move.epc, move.move) for move in later] == [("BB", "departed")]


def test_late_reads_change_nothing_that_is_known() -> None:
    rng, field = random.Random(5), Field()
    watch(field, range(60), rng, {"AA": 0.9})
    before = sights(field)

    assert read(field, 20.2, "AA") == []
    assert sights(field) == before
    assert field.late == 1


def test_only_so_many_tags_are_kept_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "TAGS_MAX", 50)
    rng, field = random.Random(6), Field()
    watch(field, range(30), rng, {f"{n:04X}": 1.0 for n in range(10)})

    for second in range(30, 60):
        read(field, second + 0.1, *(f"F{second:02}{n:02}" for n in range(20)), *(f"{n:04X}" for n in range(10)))
        pass_time(field, at(second + 1), "dock", "reader")

        assert len(field.rows) <= 50

    assert present(field) == 10
    assert field.forgotten > 0


def test_also_of_tags_that_are_all_there_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "TAGS_MAX", 50)

    field = Field()
    watch(field, range(20), random.Random(6), {f"{n:04X}": 1.0 for n in range(80)})

    assert len(field.rows) == 50
    assert field.forgotten > 0


def test_a_restart_between_any_two_steps_changes_nothing() -> None:
    rng, field, stored = random.Random(7), Field(), Field()

    for second in range(200):
        heard = [epc for epc, rate in (("AA", 0.6), ("BB", 0.9)) if rng.random() < rate and (epc == "AA") < second]
        for one in (field, stored):
            see(one, [TagRead(epc, 1, at(second), -61.5) for epc in heard], "dock", "reader")
        assert pass_time(field, at(second + 1), "dock", "reader") == pass_time(stored, at(second + 1), "dock", "reader")
        stored = msgspec.msgpack.decode(msgspec.msgpack.encode(stored), type=Field)

    assert msgspec.msgpack.encode(field) == msgspec.msgpack.encode(stored)
    assert present(field) == 2


def test_a_tag_is_known_with_its_probability_and_its_read_rate() -> None:
    rng, field = random.Random(8), Field()
    watch(field, range(400), rng, {"AA": 0.33, "BB": 0.95})

    said = {sight.epc: sight for sight in sights(field)}

    assert said["AA"].rate == pytest.approx(0.33, abs=0.12)
    assert said["BB"].rate == pytest.approx(0.95, abs=0.06)
    assert min(sight.chance for sight in said.values()) > 0.95
    assert all(sight.told for sight in said.values())


def test_reads_that_come_late_are_waited_for_from_then_on() -> None:
    """The reader hands in every read three seconds late, while time passes."""
    field = Field()

    for second in range(200):
        pass_time(field, at(second), "dock", "reader")
        read(field, second - 3 + 0.2, "AA")

    assert field.late < 10
    assert present(field) == 1


def test_a_reader_whose_clock_was_set_back_is_heard_again() -> None:
    rng, field = random.Random(9), Field()
    watch(field, range(3600, 3660), rng, {"AA": 0.9})

    watch(field, range(60), rng, {"BB": 0.9})

    assert {sight.epc for sight in sights(field) if sight.chance > 0.9} >= {"BB"}


def test_tags_that_left_long_ago_take_no_room() -> None:
    rng, field = random.Random(10), Field()
    for hour in range(4):
        since = hour * 400
        watch(field, range(since, since + 400), rng, {f"{hour}{n}": 0.9 for n in range(10)} | {"AA": 0.9})

    watch(field, range(1600, 3000), rng, {"AA": 0.9})

    assert set(field.rows) == {"AA"}
    assert field.forgotten == 0, "what left long ago is not lost by being forgotten"


def test_a_signal_through_the_wall_is_no_arrival() -> None:
    """Ten tags stand in the zone; five behind the wall are read as often, 25 dB weaker."""
    rng, field = random.Random(11), Field()
    arrived = set()

    for second in range(120):
        own = [TagRead(f"A{n}", 1, at(second), -48 - n + rng.gauss(0, 2)) for n in range(10) if rng.random() < 0.9]
        far = [TagRead(f"F{n}", 1, at(second), -73 + rng.gauss(0, 2)) for n in range(5) if rng.random() < 0.4]
        moves = see(field, own + far, "dock", "reader") + pass_time(field, at(second + 1), "dock", "reader")
        arrived |= {move.epc for move in moves}

    assert arrived == {f"A{n}" for n in range(10)}
    assert all(sight.stray > 0.5 for sight in sights(field) if sight.epc.startswith("F"))


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["AA", "BB", "CC"]), st.booleans()), max_size=80))
def test_moves_of_a_tag_alternate_in_any_order_of_reads(steps: list[tuple[int, str, bool]]) -> None:
    field, last = Field(), dict[str, str]()

    for second, epc, tick in steps:
        for move in pass_time(field, at(second), "dock", "r") if tick else read(field, second, epc):
            assert move.move != last.get(move.epc, "departed")
            last[move.epc] = move.move

    assert {epc for epc, row in field.rows.items() if field.told[row]} == {
        e for e, move in last.items() if move == "arrived"
    }
