"""In a large house slots are judged and told again some at a time, and none is forgotten."""

from __future__ import annotations

import random

from edge.core.inference import Inference, Outcome
from edge.core.slots import actions
from edge.core.slots.shelves import AT_ONCE, JUDGE_MS, LEVEL_REFRESH_MS
from protocols import layout
from protocols.readings import Reading, Said
from protocols.reports import SlotLevel, StockEvent
from tests.unit.hall import DAY_MS, HOUR_MS
from tests.unit.test_inference import SITE, T0, weights

SLOTS = 2 * AT_ONCE + 20
UNIT_G = 250.0
THIEF = "A7"


def house() -> Inference:
    """Ten bolts in each slot, as the book says."""
    lines = ['[site]\nid = "demo"\nname = "D"\n[[zones]]\nid = "h"\nname = "H"']
    lines.append(f'[[skus]]\nid = "S"\nname = "S"\nunit_mass_g = {UNIT_G}')
    for at in range(SLOTS):
        lines.append(f'[[devices]]\nid = "s{at}"\nkind = "shelf"\nzone = "h"')
        lines.append(f'[[slots]]\nid = "A{at}"\nzone = "h"\nsku = "S"\ndevice = "s{at}"')
    inference = Inference(layout.parse("\n".join(lines)))
    weigh(inference, T0, 1, {})
    for at in range(SLOTS):
        inference.act(f"A{at}", actions.Count(10), T0 + 3000)
    return inference


def weigh(inference: Inference, at_ms: int, seq: int, fewer: dict[str, int]) -> Outcome:
    """Every scale speaks."""
    said: list[Said] = []
    for at in range(SLOTS):
        grams = UNIT_G * (10 - fewer.get(f"A{at}", 0))
        values = [grams + 0.1 * (i % 3) for i in range(15)]
        said.append(Reading(f"s{at}", "1", "mass_g", at_ms - 1500, values, 100, 1, seq))
    return inference.fold(said, at_ms)


def found(hours: int, fewer: dict[str, int], counted_at_h: int = 0) -> list[tuple[int, str]]:
    """The slots whose books were found wrong, and in which hour."""
    inference = house()
    differ = []
    for hour in range(1, hours + 1):
        at_ms = T0 + hour * (JUDGE_MS + 60_000)
        weigh(inference, at_ms, 2 * hour, fewer)
        for second in range(10):
            if hour == counted_at_h and second == 1:
                # After the slot was looked at, before all are judged.
                inference.act(THIEF, actions.Book(-fewer[THIEF]), at_ms + second * 1000 + 500)
            out = inference.tick(at_ms + second * 1000 + 1000)
            differ += [(hour, note.about) for note in out.notes if note.what == "differs"]
    return differ


def test_the_one_wrong_book_of_a_large_house_is_found_unless_it_is_put_right_while_the_round_goes_on() -> None:
    ((hour, slot),) = found(24, {THIEF: 4})

    assert slot == THIEF
    assert found(hour, {THIEF: 4}, counted_at_h=hour) == []


def test_levels_are_told_again_some_at_a_time_and_each_in_its_turn() -> None:
    inference = house()
    told: list[str] = []
    for second in range(1, 10):
        out = inference.tick(T0 + HOUR_MS // 2 + LEVEL_REFRESH_MS + second * 1000)
        levels = [one.slot for one in out.reports if type(one) is SlotLevel]
        assert len(levels) <= AT_ONCE
        told += levels

    assert sorted(told) == sorted(f"A{at}" for at in range(SLOTS))


def test_after_levels_were_given_up_on_their_way_each_is_told_again() -> None:
    inference = house()
    now_ms = T0 + 4000
    assert not [one for one in inference.tick(now_ms).reports if type(one) is SlotLevel]

    inference.shelves.tell_again()

    out = [inference.tick(now_ms + second * 1000).reports for second in range(1, 5)]
    told = [one.slot for reports in out for one in reports if type(one) is SlotLevel]
    assert sorted(told) == sorted(f"A{at}" for at in range(SLOTS))


def test_what_a_scale_hands_in_of_its_past_keeps_its_days_though_the_round_comes_in_the_middle() -> None:
    rng, inference = random.Random(5), Inference(SITE)
    past = [weights(10 - hour % 5, T0 - 5 * DAY_MS + hour * HOUR_MS, hour, rng) for hour in range(5 * 24)]

    told = inference.fold(past[:40], T0).reports
    (unsure,) = [one for one in inference.tick(T0 + 1000).reports if type(one) is SlotLevel]
    told += inference.fold(past[40:], T0 + 2000).reports

    assert unsure.count is None
    moved = [one for one in told if type(one) is StockEvent]
    assert len(moved) == len(past)
    for one, weighed in zip(moved, past, strict=True):
        assert 0 <= one.at_ms - weighed.at_ms < 2000
