"""Where people pick is known by slot and hour, for a week."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud.core.heat import HOUR_MS, HOURS_MAX, Heat

TAKEN = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 9), st.integers(0, 400 * HOUR_MS)), max_size=40)


@given(TAKEN, st.integers(0, 400))
def test_it_is_the_sum_of_what_was_taken_in_these_hours(taken: list[tuple[str, int, int]], hour: int) -> None:
    heat = Heat()
    for slot, units, at_ms in sorted(taken, key=lambda one: one[2]):
        heat.take(slot, units, at_ms)
    newest = max((at_ms // HOUR_MS for *_, at_ms in taken), default=0)
    first = max(hour, newest - HOURS_MAX + 1)
    wanted: dict[str, int] = {}
    for slot, units, at_ms in taken:
        if at_ms // HOUR_MS >= first:
            wanted[slot] = wanted.get(slot, 0) + units
    assert heat.since(hour * HOUR_MS) == wanted


def test_what_is_told_late_counts_and_what_is_too_old_does_not() -> None:
    heat = Heat()
    heat.take("A", 2, 500 * HOUR_MS)
    heat.take("A", 3, 499 * HOUR_MS)
    heat.take("A", 9, (500 - HOURS_MAX) * HOUR_MS)
    assert heat.since(0) == {"A": 5}
