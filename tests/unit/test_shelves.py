"""What people and the book tell of a slot changes that and nothing else, is told once, and survives a restart."""

from __future__ import annotations

import random
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core import actions
from edge.core.actions import Action, ActionError, NoSuchSlotError
from edge.core.inference import Inference, Outcome
from edge.core.shelves import BACKDATE_MAX_MS, BOOKINGS_MAX, JUDGE_MS, LEVEL_REFRESH_MS
from edge.core.teaching import Taught
from protocols import layout
from protocols.readings import Reading
from protocols.reports import Report, SlotLevel, StockEvent
from tests.unit.test_inference import SITE, SITE_TEXT, T0, restored

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TWIN = SITE_TEXT + '[[slots]]\nid = "A3"\nzone = "hall"\nsku = "bolt"\ndevice = "shelf-1"\nchannel = "3"\n'


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
        return self._keep(self.inference.fold([reading], self.now_ms))

    def bolts(self, count: float) -> Outcome:
        """So many bolts lie in A1."""
        return self.weigh(100.0 + 250.0 * count)

    def act(self, action: Action, slot: str = "A1") -> dict[str, object]:
        self.now_ms += 500
        out, answer = self.inference.act(slot, action, self.now_ms)
        self._keep(out)
        return answer

    def live(self, span_ms: int, grams: float | None = None) -> list[Report]:
        """Let time pass, the scale speaking all along or not at all."""
        before, end_ms = len(self.told), self.now_ms + span_ms
        while self.now_ms < end_ms:
            if grams is not None:
                self.weigh(grams)
            self.now_ms = min(end_ms, self.now_ms + JUDGE_MS)
            self._keep(self.inference.tick(self.now_ms))
        return self.told[before:]

    def restart(self) -> None:
        self.inference = restored(self.inference, self.inference.site)

    def counts(self) -> dict[str, int | None]:
        return {slot: state.estimate.count for slot, state in self.inference.shelves.slots.items()}

    def _keep(self, out: Outcome) -> Outcome:
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


WRONG: list[tuple[Action, str]] = [
    (actions.Book(3, T0 - BACKDATE_MAX_MS - 1), "30 days"),
    (actions.Book(3, T0 + HOUR_MS), "future"),
    (actions.Book(3, -1), "30 days"),
    (actions.Book(0), "0 units"),
    (actions.Count(101), "holds 100 at most"),
    (actions.Teach(100_000), "tare it"),
    (actions.Calibrate(5.0), "too light"),
    (actions.Calibrate(900_000.0), "put the weight on"),
]


@pytest.mark.parametrize(("action", "said"), WRONG)
def test_what_can_not_be_done_says_why_and_changes_nothing(action: Action, said: str) -> None:
    hall = filled(0)
    before = whole(hall.inference)

    with pytest.raises(ActionError, match=said):
        hall.act(action)

    assert whole(hall.inference) == before
    assert hall.notes == []


@pytest.mark.parametrize("action", [actions.Teach(10), actions.Tare(), actions.Calibrate(1000.0)])
def test_a_scale_that_is_silent_or_not_at_rest_teaches_nothing(action: Action) -> None:
    never, moving, silent = Hall(), filled(4), filled(4)
    moving.weigh(1100.0, noise_g=400.0)
    silent.now_ms += 60_000

    for hall in (never, moving, silent):
        before = whole(hall.inference)
        with pytest.raises(ActionError, match="not at rest, or silent"):
            hall.act(action)
        assert whole(hall.inference) == before


def test_a_scale_that_speaks_every_minute_can_be_taught_too() -> None:
    hall = Hall()
    for _ in range(40):
        hall.now_ms += 60_000
        hall.inference.fold([Reading("shelf-1", "1", "mass_g", hall.now_ms, [2600.0])], hall.now_ms)

    hall.now_ms += 50_000
    assert hall.act(actions.Teach(10))["unit_mass_g"] == pytest.approx(250.0)


@pytest.mark.parametrize("action", [actions.Count(1), actions.Book(1), actions.Tare()])
def test_a_slot_that_is_not_there_is_refused(action: Action) -> None:
    with pytest.raises(NoSuchSlotError, match="'Z9' is not in the site file of 'demo'"):
        Hall().act(action, "Z9")


def test_a_count_is_the_book_from_now_on_and_changes_no_sure_weight() -> None:
    hall = filled(5)

    answer = hall.act(actions.Count(5, "Ann"))

    assert (answer["slot"], answer["count"]) == ("A1", 5)
    assert events(hall.told) == [(5, 5, "first")]
    assert levels(hall.told)[-1].booked == 5
    assert hall.notes == [("count", "A1")]
    explained = hall.inference.shelves.explain("A1", hall.now_ms)
    assert [(word.source, word.count, word.by) for word in explained.words][-1] == ("counted", 5, "Ann")


def test_a_count_makes_known_what_no_scale_told() -> None:
    hall = Hall()

    assert hall.act(actions.Count(42))["count"] == 42

    assert events(hall.told) == [(42, 42, "first")]


def test_more_than_a_slot_holds_may_be_counted_only_where_the_scale_says_so() -> None:
    hall = filled(95)
    hall.bolts(105)

    assert hall.act(actions.Count(105))["count"] == 105
    with pytest.raises(ActionError, match="correct capacity in the site file"):
        hall.act(actions.Count(160))


def test_a_booking_moves_the_book_and_not_what_the_scale_shows() -> None:
    hall = filled(5)
    hall.act(actions.Count(5))

    answer = hall.act(actions.Book(-2, id="pick-1"))

    assert answer["count"] == 5
    assert levels(hall.told)[-1].booked == 3
    assert events(hall.told) == [(5, 5, "first")]


@pytest.mark.parametrize("restart", [False, True])
def test_a_booking_sent_twice_counts_once_also_after_a_restart(restart: bool) -> None:
    hall = Hall()
    hall.act(actions.Count(20))
    hall.act(actions.Book(5, id="in-1"))
    if restart:
        hall.restart()
    before = whole(hall.inference)

    answer = hall.act(actions.Book(5, id="in-1"))

    assert answer["repeated"] is True
    assert whole(hall.inference) == before
    assert hall.inference.shelves.slots["A1"].stock.book == 25
    assert [what for what, _ in hall.notes] == ["count", "book"]


def test_bookings_without_an_id_or_with_different_ones_each_count() -> None:
    hall = Hall()
    hall.act(actions.Count(20))
    for name in ("", "", "a", "b"):
        hall.act(actions.Book(1, id=name))

    assert hall.inference.shelves.slots["A1"].stock.book == 24


def test_only_the_latest_bookings_are_remembered() -> None:
    hall = Hall()
    hall.act(actions.Count(20))
    for number in range(BOOKINGS_MAX + 5):
        hall.act(actions.Book(1 if number % 2 else -1, id=str(number)))

    assert len(hall.inference.shelves.slots["A1"].bookings) == BOOKINGS_MAX
    assert "repeated" in hall.act(actions.Book(1, id=str(BOOKINGS_MAX + 4)))


@pytest.mark.parametrize("book_first", [True, False])
@pytest.mark.parametrize("restart", [True, False])
def test_a_booking_and_its_pick_are_one_movement_in_either_order(book_first: bool, restart: bool) -> None:
    hall = filled(10)
    hall.act(actions.Count(10))
    steps = [lambda: hall.act(actions.Book(-3)), lambda: hall.bolts(7)]

    for step in steps if book_first else reversed(steps):
        step()
        if restart:
            hall.restart()
        hall.live(HOUR_MS, 100.0 + 250.0 * float(hall.counts()["A1"] or 0))

    assert hall.counts()["A1"] == 7
    assert events(hall.told) == [(10, 10, "first"), (-3, 7, "weight")]
    assert not any(level.differs_ms for level in levels(hall.live(3 * DAY_MS, 1850.0)))
    explained = hall.inference.shelves.explain("A1", hall.now_ms)
    assert (explained.book, explained.gap, explained.waiting) == (7, 0, [])


def test_a_theft_against_the_book_is_told_and_a_count_closes_it() -> None:
    hall = filled(10)
    hall.act(actions.Count(10))
    hall.live(DAY_MS, 2600.0)
    assert not any(level.differs_ms for level in levels(hall.told))

    hall.bolts(6)
    told = hall.live(3 * DAY_MS, 1600.0)
    first = next(level for level in levels(told) if level.differs_ms)
    hall.restart()

    assert (first.count, first.booked) == (6, 10)
    assert T0 + DAY_MS < first.differs_ms < first.at_ms
    assert hall.notes.count(("differs", "A1")) == 1
    assert levels(hall.live(DAY_MS, 1600.0))[-1].differs_ms == first.differs_ms

    hall.act(actions.Count(6))

    assert (levels(hall.told)[-1].booked, levels(hall.told)[-1].differs_ms) == (6, 0)
    assert not any(level.differs_ms for level in levels(hall.live(3 * DAY_MS, 1600.0)))
    assert hall.notes.count(("differs", "A1")) == 1


def test_a_late_booking_closes_what_was_told_to_differ() -> None:
    hall = filled(10)
    hall.act(actions.Count(10))
    hall.bolts(6)
    assert levels(hall.live(3 * DAY_MS, 1600.0))[-1].differs_ms

    hall.act(actions.Book(-4, hall.now_ms - 2 * DAY_MS))

    assert levels(hall.live(HOUR_MS, 1600.0))[-1].differs_ms == 0


def test_a_lesson_counts_every_slot_of_the_article_anew_and_no_other() -> None:
    hall = filled(12, TWIN)
    hall.weigh(3000.0, "3")
    hall.weigh(400.0, "2")
    assert hall.counts() == {"A1": 12, "A3": 12, "A2": 10}

    answer = hall.act(actions.Teach(10))
    assert answer["unit_mass_g"] == pytest.approx(300.0, abs=0.5)
    assert answer["warnings"] == ()
    assert hall.counts()["A1"] == 10
    hall.weigh(3100.0)
    hall.weigh(3000.0, "3")
    hall.weigh(400.0, "2")

    assert hall.counts() == {"A1": 10, "A3": 10, "A2": 10}
    assert events(hall.told, "A3") == [(12, 12, "first"), (-2, 10, "weight")]
    assert events(hall.told, "A2") == [(10, 10, "first")]
    assert hall.notes == [("teach", "A1")]


def test_after_a_lesson_every_slot_is_counted_anew_even_if_the_gateway_died_at_once() -> None:
    """What the fold says has changed is what the shell stores."""
    hall = filled(12, TWIN)
    hall.weigh(3000.0, "3")
    stored = restored(hall.inference, hall.inference.site)

    out, _ = hall.inference.act("A1", actions.Teach(10), hall.now_ms)
    for name in out.devices:
        stored.devices[name] = hall.inference.devices[name]
    for slot in out.slots:
        stored.shelves.slots[slot] = hall.inference.shelves.slots[slot]
    stored.shelves.taught = hall.inference.shelves.taught
    hall.inference = restored(stored, hall.inference.site)
    hall.weigh(3000.0, "3")

    assert hall.counts()["A3"] == 10


def test_a_tare_makes_what_lies_there_nothing() -> None:
    hall = filled(2)

    answer = hall.act(actions.Tare())
    hall.weigh(600.0)
    hall.weigh(1600.0)

    assert answer["tare_g"] == pytest.approx(600.0, abs=1.0)
    assert events(hall.told) == [(2, 2, "first"), (-2, 0, "count"), (4, 4, "weight")]
    hall.restart()
    hall.weigh(1350.0)
    assert hall.counts()["A1"] == 3


def test_a_calibration_makes_a_cell_show_true_grams() -> None:
    """A cell that shows 4 % too little: of 50 bolts it would miss two."""
    hall = Hall()
    hall.weigh(100.0)
    hall.act(actions.Tare())
    hall.weigh(100.0 + 0.96 * 5000.0)

    answer = hall.act(actions.Calibrate(5000.0))
    hall.weigh(100.0 + 0.96 * 12_500.0)

    assert answer["span"] == pytest.approx(1 / 0.96, rel=1e-3)
    assert hall.counts()["A1"] == 50


def test_teaching_the_same_once_more_does_not_leave_the_slot_unweighed() -> None:
    hall = filled(10)
    for _ in range(2):
        hall.act(actions.Teach(10))
        hall.weigh(2600.0)

    assert hall.inference.shelves.slots["A1"].stock.words.mass_ms == hall.now_ms - 100
    assert hall.counts()["A1"] == 10


def test_a_lesson_lasts_until_the_site_file_is_edited() -> None:
    hall = Hall()
    hall.weigh(100.0)
    hall.act(actions.Tare())
    hall.weigh(3100.0)
    hall.act(actions.Teach(10))
    hall.restart()
    hall.weigh(3100.0)
    assert hall.counts()["A1"] == 10

    edited = layout.parse(SITE_TEXT.replace("unit_mass_g = 250.0", "unit_mass_g = 600.0"))
    hall.inference = restored(hall.inference, edited)
    hall.weigh(3100.0)

    assert hall.counts()["A1"] == 5


def test_a_booking_after_a_lesson_leaves_the_taught_scale_alone() -> None:
    """Only a lesson makes the next mass news."""
    hall = filled(10)
    hall.act(actions.Teach(10))
    hall.weigh(2600.0)
    level_g = hall.inference.devices["shelf-1"].cells["1"].level_g

    hall.act(actions.Book(2))

    assert level_g is not None
    assert hall.inference.devices["shelf-1"].cells["1"].level_g == level_g


def test_a_stranger_makes_the_count_unknown_with_a_remedy_and_goes_again() -> None:
    hall = filled(8)

    hall.weigh(100.0 + 8 * 250.0 + 90.0)
    level = levels(hall.told)[-1]
    assert (level.count, level.reason, level.remedy) == (None, "not_integer", "check_shelf")
    hall.bolts(8)

    assert levels(hall.told)[-1].count == 8
    assert events(hall.told) == [(8, 8, "first")]


def test_an_overloaded_scale_tells_no_count_until_it_is_relieved() -> None:
    hall = filled(8)

    hall.weigh(30_500.0)
    level = levels(hall.told)[-1]
    assert (level.count, level.reason, level.remedy) == (None, "saturated", "check_shelf")
    hall.bolts(9)

    assert events(hall.told) == [(8, 8, "first"), (1, 9, "weight")]


def test_a_zero_that_moved_under_load_is_noted_when_the_shelf_is_empty_again() -> None:
    hall = filled(0)
    hall.bolts(4)
    for step in range(60):
        hall.weigh(1100.0 + 0.1 * step)
        hall.live(LEVEL_REFRESH_MS, 1100.0 + 0.1 * step)
    assert hall.notes == []

    hall.weigh(106.0)

    assert hall.counts()["A1"] == 0
    assert hall.notes == [("zeroed", "A1")]


def test_an_unmoved_load_is_followed_through_a_slow_drift() -> None:
    """Over a day the zero creeps by half a nut, a little at a time: no count changes."""
    hall = Hall()
    hall.weigh(40.0 * 12, "2")

    for step in range(288):
        hall.weigh(40.0 * 12 + 20.0 * step / 288, "2")
        hall.now_ms += LEVEL_REFRESH_MS
        hall._keep(hall.inference.tick(hall.now_ms))

    assert events(hall.told, "A2") == [(12, 12, "first")]
    assert hall.inference.shelves.slots["A2"].stock.words.mass_g == pytest.approx(500.0, abs=3.0)
    hall.weigh(40.0 * 11 + 20.0, "2")
    assert events(hall.told, "A2")[1:] == [(-1, 11, "weight")]


def test_what_nobody_confirms_for_weeks_is_no_longer_claimed() -> None:
    """A scale that fell silent: units may have gone unseen, and the slot says so by itself."""
    hall = filled(20)
    assert levels(hall.live(DAY_MS))[-1].count == 20

    level = levels(hall.live(60 * DAY_MS))[-1]

    assert level.count is None
    assert level.low < 20
    assert events(hall.told) == [(20, 20, "first")]
    hall.act(actions.Count(20))
    assert levels(hall.told)[-1].count == 20


def test_a_scale_of_changes_needs_a_count_and_then_adds_up() -> None:
    hall = Hall()

    def change(grams: float, *flags: str) -> None:
        hall.now_ms += 5000
        said = Reading("shelf-1", "1", "mass_change_g", hall.now_ms, [grams], flags=flags)  # type: ignore[arg-type]
        hall._keep(hall.inference.fold([said], hall.now_ms))

    change(-250.0)
    assert (levels(hall.told)[-1].count, levels(hall.told)[-1].remedy) == (None, "recount")
    hall.act(actions.Count(10))
    change(-500.0)
    change(-250.0, "retained", "no_clock")
    hall.restart()
    change(250.0)

    assert events(hall.told) == [(10, 10, "first"), (-2, 8, "weight"), (1, 9, "weight")]
    hall.act(actions.Count(4))
    change(-250.0)
    assert hall.counts()["A1"] == 3


def test_what_was_taught_is_plain_and_small() -> None:
    hall = filled(10)
    hall.act(actions.Teach(10))
    packed = msgspec.msgpack.encode(hall.inference.shelves.taught)

    assert msgspec.msgpack.decode(packed, type=Taught) == hall.inference.shelves.taught
    assert len(packed) < 200


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("weigh"), st.integers(0, 30)),
        st.tuples(st.just("odd"), st.integers(1, 8000)),
        st.tuples(st.just("book"), st.integers(-9, 9).filter(bool)),
        st.tuples(st.just("count"), st.integers(0, 30)),
        st.tuples(st.just("teach"), st.integers(1, 30)),
        st.tuples(st.just("tare"), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    min_size=1,
    max_size=25,
)


@given(STEPS)
@settings(deadline=None, max_examples=60)
def test_the_deltas_add_up_to_the_last_known_count_whatever_is_weighed_booked_and_counted(
    steps: list[tuple[str, int]],
) -> None:
    hall = Hall()
    for what, number in steps:
        try:
            if what == "weigh":
                hall.bolts(number)
            elif what == "odd":
                hall.weigh(float(number))
            elif what == "book":
                hall.act(actions.Book(number))
            elif what == "count":
                hall.act(actions.Count(number))
            elif what == "teach":
                hall.act(actions.Teach(number))
            elif what == "tare":
                hall.act(actions.Tare())
            elif what == "wait":
                hall.live(number * HOUR_MS)
            else:
                hall.restart()
        except ActionError:
            continue

    told = events(hall.told)
    state = hall.inference.shelves.slots.get("A1")
    assert sum(delta for delta, _, _ in told) == (told[-1][1] if told else 0)
    assert (told[-1][1] if told else None) == (state.known if state is not None else None)
    assert [source for _, _, source in told].count("first") == (1 if told else 0)
    last = levels(hall.told)[-1:]
    assert all(level.count in (None, told[-1][1]) for level in last if told)


def test_a_site_without_slots_has_nothing_to_say() -> None:
    site = layout.parse('[site]\nid = "s"\nname = "S"\n[[zones]]\nid = "z"\nname = "Z"\n')
    out = Inference(site).tick(T0)
    assert (out.reports, out.notes, SITE.slots != []) == ([], [], True)
