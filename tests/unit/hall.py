"""One small site whose clock and shelves a test moves, and what the gateway's fold makes of it."""

from __future__ import annotations

import random
from collections.abc import Iterable

import msgspec

from edge.core.inference import Inference, Outcome
from edge.core.slots.actions import Action
from edge.core.slots.shelves import JUDGE_MS
from protocols import layout
from protocols.readings import Reading
from protocols.reports import Report, SlotLevel, StockEvent
from tests.unit.test_inference import SITE_TEXT, T0, restored

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Hall:
    """A site whose clock and shelves a test moves; bolts of 250 g lie on channel 1, with 100 g of tare."""

    def __init__(self, text: str = SITE_TEXT, seed: int = 1) -> None:
        self.rng = random.Random(seed)
        self.inference = Inference(layout.parse(text))
        self.now_ms = T0
        self.seq = 0
        self.told: list[Report] = []
        self.notes: list[tuple[str, str]] = []

    def weigh(self, grams: float, channel: str = "1", noise_g: float = 1.0) -> Outcome:
        """The scale shows so much for one and a half seconds."""
        self.now_ms += 2000
        self.seq += 1
        values = [self.rng.gauss(grams, noise_g) for _ in range(15)]
        reading = Reading("shelf-1", channel, "mass_g", self.now_ms - 1500, values, 100, 1, self.seq)
        return self.keep(self.inference.fold([reading], self.now_ms))

    def bolts(self, count: float) -> Outcome:
        """So many bolts lie in A1."""
        return self.weigh(100.0 + 250.0 * count)

    def act(self, action: Action, slot: str = "A1") -> dict[str, object]:
        self.now_ms += 500
        out, answer = self.inference.act(slot, action, self.now_ms)
        self.keep(out)
        return answer

    def live(self, span_ms: int, grams: float | None = None) -> list[Report]:
        """Let time pass, the scale speaking all along or not at all."""
        before, end_ms = len(self.told), self.now_ms + span_ms
        while self.now_ms < end_ms:
            if grams is not None:
                self.weigh(grams)
            self.now_ms = min(end_ms, self.now_ms + JUDGE_MS)
            self.keep(self.inference.tick(self.now_ms))
        return self.told[before:]

    def restart(self) -> None:
        self.inference = restored(self.inference, self.inference.site)

    def counts(self) -> dict[str, int | None]:
        return {slot: state.estimate.count for slot, state in self.inference.shelves.slots.items()}

    def keep(self, out: Outcome) -> Outcome:
        self.told += out.reports
        self.notes += [(note.what, note.about) for note in out.notes]
        assert not out.problems
        return out


def events(reports: Iterable[Report], slot: str = "A1") -> list[tuple[int, int, str]]:
    return [(one.delta, one.count, one.source) for one in reports if type(one) is StockEvent and one.slot == slot]


def levels(reports: Iterable[Report], slot: str = "A1") -> list[SlotLevel]:
    return [one for one in reports if type(one) is SlotLevel and one.slot == slot]


def filled(count: int, text: str = SITE_TEXT) -> Hall:
    hall = Hall(text)
    hall.bolts(count)
    return hall


def whole(inference: Inference) -> object:
    """All of the state, as plain values."""
    shelves = inference.shelves
    return msgspec.to_builtins((shelves.slots, shelves.taught, shelves.rates, inference.devices))
