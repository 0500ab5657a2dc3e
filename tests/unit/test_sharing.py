"""Slots on one scale: counted together once somebody said what lies there, and unknown until then."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from edge.core.inference import Inference
from edge.core.slots import actions
from edge.core.slots.actions import Action, ActionError
from protocols import layout
from protocols.readings import Reading
from protocols.reports import SlotLevel, StockEvent
from tests.unit.test_inference import SITE_TEXT, T0, restored

SITE = layout.parse(SITE_TEXT.replace('device = "shelf-1"\nchannel = "2"', 'device = "shelf-1"\ntare_g = 100.0'))
BOLT_G, NUT_G, TARE_G = 250.0, 40.0, 100.0


class Scale:
    """Bolts (slot A1) and nuts (A2) on one scale."""

    def __init__(self) -> None:
        self.inference = Inference(SITE)
        self.rng, self.seq, self.now_ms = random.Random(3), 0, T0
        self.events: list[StockEvent] = []
        self.levels: dict[str, SlotLevel] = {}

    def lies(self, bolts: int, nuts: int) -> None:
        """So much comes to rest."""
        self.now_ms += 10_000
        grams = TARE_G + bolts * BOLT_G + nuts * NUT_G
        values = [self.rng.gauss(grams, 1.0) for _ in range(15)]
        reading = Reading("shelf-1", "1", "mass_g", self.now_ms - 1400, values, 100, 1, self.seq)
        self.seq += 1
        self.keep(self.inference.fold([reading], self.now_ms).reports)

    def act(self, slot: str, action: Action) -> dict[str, object]:
        """Do something to a slot."""
        out, answer = self.inference.act(slot, action, self.now_ms)
        self.keep(out.reports)
        return answer

    def keep(self, reports: Iterable[object]) -> None:
        """Remember what was told."""
        self.events += [one for one in reports if isinstance(one, StockEvent)]
        self.levels |= {one.slot: one for one in reports if isinstance(one, SlotLevel)}

    @property
    def counts(self) -> list[int | None]:
        """What was told last of bolts and nuts."""
        return [self.levels["A1"].count, self.levels["A2"].count]


@pytest.fixture
def counted() -> Scale:
    scale = Scale()
    scale.lies(6, 9)
    scale.act("A1", actions.Count(6))
    scale.act("A2", actions.Count(9))
    scale.lies(6, 9)
    return scale


def test_nothing_is_claimed_until_every_slot_was_counted() -> None:
    scale = Scale()
    scale.lies(6, 9)
    assert scale.counts == [None, None]
    assert {(one.reason, one.remedy) for one in scale.levels.values()} == {("uncounted", "recount")}

    scale.act("A1", actions.Count(6))
    assert scale.counts == [None, None]

    scale.act("A2", actions.Count(9))
    assert scale.counts == [6, 9]


def test_each_pick_is_that_of_its_article(counted: Scale) -> None:
    counted.lies(5, 9)
    assert counted.counts == [5, 9]
    counted.lies(5, 7)
    assert counted.counts == [5, 7]
    counted.lies(8, 7)
    assert counted.counts == [8, 7]

    assert [(one.slot, one.delta) for one in counted.events[2:]] == [("A1", -1), ("A2", -2), ("A1", 3)]


def test_an_emptied_and_tared_scale_begins_with_nothing() -> None:
    scale = Scale()
    scale.lies(0, 0)

    scale.act("A2", actions.Tare())
    scale.lies(0, 0)
    assert scale.counts == [0, 0]

    scale.lies(2, 0)
    assert scale.counts == [2, 0]


def test_a_stranger_makes_all_of_them_unknown_and_then_known_again(counted: Scale) -> None:
    counted.inference.fold([], counted.now_ms)
    counted.now_ms += 10_000
    values = [counted.rng.gauss(TARE_G + 6 * BOLT_G + 9 * NUT_G + 111.0, 1.0) for _ in range(15)]
    reading = Reading("shelf-1", "1", "mass_g", counted.now_ms - 1400, values, 100)
    counted.keep(counted.inference.fold([reading], counted.now_ms).reports)
    assert counted.counts == [None, None]

    counted.lies(6, 9)
    assert counted.counts == [6, 9]


def test_a_restart_and_a_recount_of_one_keep_the_other(counted: Scale) -> None:
    counted.inference = restored(counted.inference, SITE)
    counted.lies(6, 8)
    assert counted.counts == [6, 8]

    counted.act("A1", actions.Count(7))
    assert counted.counts == [7, 8]


def test_how_a_shared_number_came_about_is_told(counted: Scale) -> None:
    told = counted.inference.shelves.explain("A2", counted.now_ms)

    assert (told.slot, told.count, told.low, told.high) == ("A2", 9, 9, 9)
    assert [word.source for word in told.words] == ["mass"]


def test_what_can_not_be_done_changes_nothing(counted: Scale) -> None:
    with pytest.raises(ActionError, match="at most"):
        counted.act("A1", actions.Count(5000))
    counted.lies(5, 9)
    assert counted.counts == [5, 9]
