"""A past that is handed in at once: how often a channel speaks is learnt from what comes when it happens."""

from __future__ import annotations

from edge.core.care import patients
from firmware_sim.worlds.patients import HOUR_MS, START_MS
from tests.unit.test_patients import MINUTE_MS, Ward, minutes

DAYS = 14


def handed_in() -> Ward:
    """The doors of two weeks, 40 minutes apart, in two minutes; nobody touches the door while they come."""
    ward = Ward("door_open")
    began_ms = ward.now_ms = START_MS + DAYS * 24 * HOUR_MS
    ward.chart = patients.begin("door_open", began_ms)
    past = minutes(0, DAYS * 24, 40 * MINUTE_MS)
    for number, at_ms in enumerate(past):
        now_ms = began_ms + number * 2 * MINUTE_MS // len(past)
        ward._note(now_ms, patients.feel(ward.chart, at_ms, [float(number % 2)], 0, now_ms))
    return ward


def test_a_door_that_nobody_opens_after_its_past_was_handed_in_is_not_silent() -> None:
    ward = handed_in()
    ward.wait(ward.now_ms + 6 * HOUR_MS)
    assert ward.codes() == []


def test_its_silence_is_found_once_it_has_spoken_for_days() -> None:
    ward = handed_in()
    live = minutes(DAYS * 24 + 1, (DAYS + 3) * 24, 40 * MINUTE_MS)
    ward.feel(live, [float(number % 2) for number in range(len(live))])
    assert ward.codes() == []
    ward.wait(live[-1] + 12 * HOUR_MS)
    assert ward.codes() == [(True, "silent")]
    assert round(ward.changes[0].finding.evidence["usual_minutes"]) == 40
