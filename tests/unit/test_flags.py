"""What a sender, or the broker, says against a value is heeded: it moves no stock and is no climate of now."""

from __future__ import annotations

import pytest

from edge.core.inference import NO_COUNT, UNSTEADY_MS, Inference, Outcome
from protocols.readings import Flag, Notice, Reading
from protocols.reports import Series, SlotLevel, StockEvent
from tests.unit.test_inference import SITE, T0

FIVE_G, NINE_G = 1350.0, 2350.0


class Scale:
    """The scale of slot A1, a sample a second."""

    def __init__(self) -> None:
        self.inference, self.now_ms = Inference(SITE), T0
        self.out = Outcome()

    def says(self, grams: float, *flags: Flag, times: int = 4, at_ms: int = 0) -> list[StockEvent]:
        """What moved while it said so."""
        moved: list[StockEvent] = []
        for _ in range(times):
            self.now_ms += 1000
            said = Reading("shelf-1", "1", "mass_g", at_ms or self.now_ms, [grams], flags=flags)
            self.out = self.inference.fold([said], self.now_ms)
            moved += [one for one in self.out.reports if type(one) is StockEvent]
        return moved

    @property
    def count(self) -> int | None:
        state = self.inference.shelves.slots.get("A1")
        return state.estimate.count if state is not None else None


@pytest.mark.parametrize("flag", sorted(NO_COUNT))
def test_a_mass_that_is_not_what_lies_there_now_never_moves_stock(flag: Flag) -> None:
    scale = Scale()
    assert scale.says(NINE_G, flag) == []

    assert [one.count for one in scale.says(FIVE_G)] == [5]
    assert scale.says(NINE_G, flag) == []
    assert scale.says(NINE_G, flag, "clock") == []
    assert scale.says(FIVE_G) == []

    assert (scale.count, scale.inference.devices["shelf-1"].unfit) == (5, 12)


@pytest.mark.parametrize("flag", ["clock", "no_clock", "zone_assumed", "gross", "uncertain", "transient"])
def test_other_doubts_are_no_reason_not_to_count(flag: Flag) -> None:
    scale = Scale()

    assert [one.count for one in scale.says(FIVE_G, flag)] == [5]
    assert [one.delta for one in scale.says(NINE_G, flag)] == [4]


def test_a_scale_that_says_it_does_not_settle_makes_the_count_unknown_after_a_while() -> None:
    scale = Scale()
    scale.says(FIVE_G)

    scale.says(FIVE_G, "unstable", times=UNSTEADY_MS // 1000)
    assert scale.count == 5, "a hand takes its time"
    scale.says(FIVE_G, "unstable", times=3)

    state = scale.inference.shelves.slots["A1"]
    assert (state.estimate.count, state.estimate.reason, state.estimate.remedy) == (None, "unstable", "wait")
    scale.says(NINE_G)
    assert scale.count == 9


def test_what_was_unstable_long_ago_says_nothing_of_now() -> None:
    scale = Scale()
    scale.says(FIVE_G)

    scale.says(NINE_G, "historical", "unstable", at_ms=T0 - 3_600_000)
    scale.says(NINE_G, "unstable", at_ms=T0 - 3_600_000)
    scale.says(NINE_G, "historical", "unstable", times=15)
    scale.says(FIVE_G, times=1)

    assert scale.count == 5
    assert not [one for one in scale.out.reports if type(one) is SlotLevel]


def test_what_the_broker_kept_counts_only_as_a_first_word() -> None:
    """It may be old: better than nothing, worse than anything."""
    first, later = Scale(), Scale()

    first.says(FIVE_G, "retained", "no_clock", times=1)
    later.says(FIVE_G)

    assert first.inference.devices["shelf-1"].cells["1"].window == [FIVE_G]
    assert later.says(NINE_G, "retained", "no_clock") == []
    assert later.count == 5
    assert first.says(FIVE_G, "retained", "no_clock") == []
    assert [one.count for one in first.says(NINE_G)] == [9]


def test_what_the_broker_kept_with_its_time_is_late_or_news_like_any_other() -> None:
    scale = Scale()
    scale.says(FIVE_G)

    assert scale.says(NINE_G, "retained", at_ms=T0 - 1000) == []
    assert [one.count for one in scale.says(NINE_G, "retained")] == [9]


def climate(*values: tuple[float, tuple[Flag, ...]]) -> tuple[Inference, list[Series]]:
    inference, told = Inference(SITE), list[Series]()
    for at, (value, flags) in enumerate(values):
        now_ms = T0 + at * 1000
        said = Reading("cold-1", "1", "temperature_c", now_ms, [value], flags=flags)
        told += [one for one in inference.fold([said], now_ms).reports if type(one) is Series]
    told += [one for one in inference.tick(T0 + 60_000).reports if type(one) is Series]
    return inference, told


@pytest.mark.parametrize("flag", ["internal", "historical", "bad"])
def test_the_climate_of_now_is_not_that_of_a_chip_of_yesterday_or_of_a_broken_probe(flag: Flag) -> None:
    inference, _ = climate((4.0, ()), (55.0, (flag,)))

    assert inference.devices["cold-1"].now == {"temperature_c": (T0, 4.0)}


def test_what_is_bad_or_transient_is_not_stored_and_all_else_is() -> None:
    _, told = climate((4.0, ()), (1.0, ("bad",)), (2.0, ("transient",)), (3.0, ("historical",)), (5.0, ("internal",)))

    assert [one.values for one in told] == [[4.0, 3.0, 5.0]]


def test_an_older_sample_is_not_the_climate_of_now() -> None:
    inference = Inference(SITE)
    for at_ms, value in ((T0, 4.0), (T0 - 60_000, 9.0)):
        inference.fold([Reading("cold-1", "1", "temperature_c", at_ms, [value])], T0)

    assert inference.devices["cold-1"].now == {"temperature_c": (T0, 4.0)}


def test_notices_are_the_last_words_of_each_channel_up_to_a_limit() -> None:
    inference = Inference(SITE)

    for number in range(40):
        inference.fold([Notice("dock", f"gpi/{number}", "x" * 500, T0 + number)], T0 + number)
    inference.fold([Notice("dock", "gpi/30", "once more", T0 + 99)], T0 + 99)

    kept = inference.devices["dock"].notices
    assert list(kept) == [f"gpi/{number}" for number in (*range(24, 30), *range(31, 40), 30)]
    assert (kept["gpi/30"], len(kept["gpi/39"][1])) == ((T0 + 99, "once more"), 200)
