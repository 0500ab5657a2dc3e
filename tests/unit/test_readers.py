"""A site's readers: which zone a tag is in, which way it went, and what its article's slot hears of it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from edge.core.inference import LOOK_MS, Inference
from edge.core.tagging import readers as module
from edge.core.tagging.readers import Readers
from protocols import layout
from protocols.gs1 import sgtin_96
from protocols.readings import DeviceStatus, TagRead, TagReads
from protocols.reports import SlotLevel, TagMove
from tests.unit.test_inference import restored
from tests.unit.test_portal import carried

T0 = 1_763_762_400_000
GTIN = "04006381333931"
SITE = layout.parse(
    """
[site]
id = "demo"
name = "Demo"
[[zones]]
id = "hall"
name = "Hall"
[[zones]]
id = "cage"
name = "Cage"
[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 250.0
gtin = "4006381333931"
[[skus]]
id = "nut"
name = "Nut"
unit_mass_g = 40.0
[[devices]]
id = "shelf-1"
kind = "shelf"
zone = "hall"
[[devices]]
id = "over"
kind = "rfid"
zone = "hall"
antennas = { "3" = "cage", "4" = "cage" }
[[devices]]
id = "gate"
kind = "rfid"
zone = "cage"
outer = [1]
inner = [2]
[[slots]]
id = "A1"
zone = "hall"
sku = "bolt"
device = "shelf-1"
reader = "over"
[[slots]]
id = "A2"
zone = "hall"
sku = "nut"
device = "shelf-1"
channel = "2"
"""
)
OVER, GATE = SITE.device_by_id["over"], SITE.device_by_id["gate"]
BOLTS = [sgtin_96(GTIN, serial, 7) for serial in range(8)]


def watch(one: Readers, seconds: range, heard: dict[str, int], rate: float = 0.9, seed: int = 1) -> list[TagMove]:
    """The reader over the hall hears each tag at its antenna, second by second."""
    rng, moves = random.Random(seed), list[TagMove]()
    for second in seconds:
        at_ms = T0 + second * 1000
        reads = [TagRead(epc, antenna, at_ms + 500) for epc, antenna in heard.items() if rng.random() < rate]
        if reads:
            moves += one.see(OVER, TagReads("over", at_ms + 500, reads))
        moves += one.pass_time(OVER, at_ms + 1000)
    return moves


def said(moves: Sequence[TagMove]) -> list[tuple[str, str, str]]:
    return sorted((move.epc, move.zone, move.move) for move in moves)


def test_a_tag_is_in_the_zone_whose_antenna_hears_it() -> None:
    one = Readers(SITE)

    moves = watch(one, range(60), {"AA": 1, "BB": 3, "CC": 4, "DD": 9})

    assert said(moves) == [
        ("AA", "hall", "arrived"),
        ("BB", "cage", "arrived"),
        ("CC", "cage", "arrived"),
        ("DD", "hall", "arrived"),
    ]
    assert {move.device for move in moves} == {"over"}
    assert one.present(OVER) == 4
    assert one.present(GATE) == 0


def test_a_tag_that_is_carried_from_zone_to_zone_departs_here_and_arrives_there() -> None:
    one = Readers(SITE)
    watch(one, range(60), {"AA": 1, "BB": 1, "CC": 3})

    moves = watch(one, range(60, 400), {"AA": 3, "BB": 1, "CC": 3})

    assert said(moves) == [("AA", "cage", "arrived"), ("AA", "hall", "departed")]


@pytest.mark.parametrize(("inbound", "move"), [(True, "arrived"), (False, "departed")])
def test_what_passes_a_gate_arrives_in_its_zone_or_departs_from_it(inbound: bool, move: str) -> None:
    one, reads = Readers(SITE), sorted(carried("AA", inbound, 3), key=lambda read: read.at_ms)

    moves: list[TagMove] = []
    for now_ms in range(T0 + 500, T0 + 30_000, 500):
        new = [read for read in reads if now_ms - 500 <= read.at_ms < now_ms]
        moves += one.see(GATE, TagReads("gate", now_ms, new)) if new else []
        moves += one.pass_time(GATE, now_ms)

    assert said(moves) == [("AA", "cage", move)]
    assert one.fields == {}, "what stands near a gate is not there"


def test_what_only_stands_near_a_gate_is_told_to_nobody() -> None:
    one = Readers(SITE)
    for now_ms in range(T0, T0 + 60_000, 250):
        one.see(GATE, TagReads("gate", now_ms, [TagRead("AA", 1, now_ms, -60.0)]))
        assert one.pass_time(GATE, now_ms) == []


@pytest.mark.parametrize(("way", "move"), [("in", "arrived"), ("out", "departed")])
def test_a_reader_that_tells_the_direction_itself_is_believed(way: str, move: str) -> None:
    one = Readers(SITE)

    moves = one.see(OVER, TagReads("over", T0, [TagRead("AA", 1, T0 + 7, direction=way), TagRead("BB", 1, T0)]))

    assert moves == [TagMove("AA", "hall", move, T0 + 7, "over")]  # type: ignore[arg-type]
    assert list(one.fields["over", "hall"].rows) == ["BB"], "who is judged by the gate is no inhabitant"


def test_the_tags_of_an_article_are_looked_at_for_its_slot() -> None:
    one = Readers(SITE)
    assert one.looks() == [], "a reader that never heard anything says nothing"

    watch(one, range(60), {**dict.fromkeys(BOLTS[:5], 1), BOLTS[5]: 3, sgtin_96("4012345678901", 1, 7): 1, "E2AA": 1})

    ((slot, present),) = one.looks()
    assert slot.id == "A1"
    assert len(present) == 6, "its article's tags in all zones of its reader, and no other one's"
    assert sum(present) == pytest.approx(6, abs=0.5)


def test_tags_that_left_are_looked_at_no_more() -> None:
    one = Readers(SITE)
    watch(one, range(60), dict.fromkeys(BOLTS[:5], 1))
    watch(one, range(60, 300), dict.fromkeys(BOLTS[:3], 1))

    ((_, present),) = one.looks()
    assert sum(present) == pytest.approx(3, abs=0.1)


def looked(silent: bool) -> tuple[Inference, list[SlotLevel]]:
    """A day of looks at six bolts whose slot somebody counted; or a reader that fell silent after them."""
    inference = Inference(SITE)
    reports = list[SlotLevel]()
    for second in range(60):
        now_ms = T0 + second * 1000
        reads = [TagRead(epc, 1, now_ms) for epc in BOLTS[:6]]
        inference.fold([TagReads("over", now_ms, reads, 1, second)], now_ms)
        inference.tick(now_ms)
    for step in range(1, 144):
        now_ms = T0 + 60_000 + step * LOOK_MS
        if silent:
            inference.fold([DeviceStatus("over", False, now_ms, 1)], now_ms)
        else:
            inference.fold([TagReads("over", now_ms, [TagRead(epc, 1, now_ms) for epc in BOLTS[:6]], 2, step)], now_ms)
        reports += [one for one in inference.tick(now_ms).reports if type(one) is SlotLevel]
    return inference, reports


def test_a_slot_without_a_word_of_its_scale_hears_its_tags() -> None:
    inference, levels = looked(silent=False)

    told = inference.shelves.explain("A1", levels[-1].at_ms)
    assert {level.slot for level in levels} == {"A1"}
    assert (told.likeliest, [(word.source, word.count) for word in told.words]) == (6, [("tags", 6)])
    assert told.probability > 0.5


def test_a_reader_that_is_away_says_nothing_of_a_slot() -> None:
    assert looked(silent=True)[1] == []


def test_after_a_restart_nothing_is_told_again_and_what_left_meanwhile_departs() -> None:
    inference = Inference(SITE)
    watch(inference.readers, range(60), {"AA": 1, "BB": 1, "CC": 1})

    back = restored(inference, SITE).readers
    moves = watch(back, range(60, 400), {"AA": 1, "BB": 1})

    assert said(moves) == [("CC", "hall", "departed")]


def test_what_was_told_after_the_tags_were_last_stored_is_set_right() -> None:
    """The tags are stored now and then, the moves with every group: the moves are the newer word."""
    one = Readers(SITE)
    watch(one, range(60), {"AA": 1, "BB": 1})

    one.retell({("over", "hall"): ["AA"], ("over", "cage"): ["BB"]})

    assert one.present(OVER) == 1
    assert said(watch(one, range(60, 64), {"AA": 1, "BB": 1})) == [("BB", "hall", "arrived")]


def test_tags_that_a_crash_made_unknown_stay_if_they_are_heard_and_depart_if_not() -> None:
    """They came in the last minute, so they are not among the tags that were stored; their moves are."""
    back = Readers(SITE)
    back.retell({("over", "hall"): ["AA", "BB"], ("gate", "cage"): ["CC"], ("over", "cage"): ["DD"]})

    assert said(watch(back, range(200), {"AA": 1})) == []
    assert said(watch(back, range(200, 400), {"AA": 1})) == [("BB", "hall", "departed")]
    assert said(watch(back, range(400, 800), {"EE": 1})) == [("AA", "hall", "departed"), ("EE", "hall", "arrived")]


def test_zones_beyond_the_limit_are_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIELDS_MAX", 1)
    one = Readers(SITE)

    moves = watch(one, range(60), {"AA": 1, "BB": 3})

    assert said(moves) == [("AA", "hall", "arrived")]
    assert len(one.fields) == 1
