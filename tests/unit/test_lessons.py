"""What a person teaches a slot standing at it: its zero, its scale, its unit; and a count for a scale of changes."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.slots import actions
from edge.core.slots.actions import Action, ActionError
from edge.core.slots.teaching import Taught
from protocols import layout
from protocols.readings import Reading
from tests.unit.hall import Hall, events, filled, levels, whole
from tests.unit.test_inference import SITE_TEXT, restored

TWIN = SITE_TEXT + '[[slots]]\nid = "A3"\nzone = "hall"\nsku = "bolt"\ndevice = "shelf-1"\nchannel = "3"\n'


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
    with pytest.raises(ActionError, match="2 units lie in A1; empty it"):
        hall.act(actions.Tare())

    answer = hall.act(actions.Tare(anyway=True))
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
    for _ in range(3):
        hall.weigh(2600.0, noise_g=0.0)
        hall.act(actions.Teach(10))
    hall.weigh(2600.0, noise_g=0.0)

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


def test_a_scale_of_changes_needs_a_count_and_then_adds_up() -> None:
    hall = Hall()

    def change(grams: float, *flags: str) -> None:
        hall.now_ms += 5000
        said = Reading("shelf-1", "1", "mass_change_g", hall.now_ms, [grams], flags=flags)  # type: ignore[arg-type]
        hall.keep(hall.inference.fold([said], hall.now_ms))

    change(-250.0)
    assert (levels(hall.told)[-1].count, levels(hall.told)[-1].remedy) == (None, "recount")
    hall.act(actions.Count(10))
    change(-500.0)
    change(-250.0, "retained", "no_clock")
    change(-250.0, "retained")
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


def test_what_was_taught_wrongly_is_forgotten_and_all_is_counted_as_before() -> None:
    hall = filled(2)
    hall.act(actions.Teach(1, anyway=True))
    hall.bolts(2)
    assert hall.counts()["A1"] == 1

    hall.act(actions.Forget())
    hall.bolts(2)

    assert hall.counts()["A1"] == 2


def test_a_count_against_all_evidence_says_so_and_is_believed_the_second_time() -> None:
    hall = filled(12)

    first = hall.act(actions.Count(9))
    second = hall.act(actions.Count(9))

    assert (first["count"], first["overruled"]) == (12, True)
    assert (second["count"], second["overruled"]) == (9, False)


def test_a_booking_beyond_what_a_slot_holds_is_refused() -> None:
    hall = filled(3)
    with pytest.raises(ActionError, match=r"more than A1 holds \(100\)"):
        hall.act(actions.Book(300))
    hall.bolts(3)
    assert hall.counts()["A1"] == 3
