"""How many tags answer, and what that says of the count: silent units stay silent, and go with the others."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.slots import tagcount
from edge.core.slots.discrepancy import Rates
from edge.core.slots.tagcount import SHADOWED_MAX, Column

NOON_MS = 1_760_000_000_000
DAY_MS = 86_400_000


def column(count: int, answering: dict[int, float]) -> Column:
    """A column of one count with a known distribution of answering tags, none shadowed."""
    first, last = min(answering), max(answering)
    rows = np.zeros((1, last - first + 1, SHADOWED_MAX + 1))
    for tags, p in answering.items():
        rows[0, tags - first, 0] = p
    return Column([count], first, rows.tobytes(), NOON_MS)


def distribution(held: Column, count: int) -> dict[int, float]:
    rows = np.frombuffer(held.rows).reshape(len(held.counts), -1, SHADOWED_MAX + 1).sum(axis=2)
    row = rows[held.counts.index(count)]
    return {held.first + i: float(p) for i, p in enumerate(row) if p > 1e-6}


def go(held: Column, before: int, after: int) -> Column:
    return tagcount.moved(held, np.array([before]), np.array([after]), np.ones(1), Rates())


def test_units_that_go_take_their_tags_along_as_often_as_chance_has_it() -> None:
    rng, trials = random.Random(3), 40_000
    drawn = Counter(sum(rng.sample([True] * 9 + [False] * 3, 8)) for _ in range(trials))

    left = distribution(go(column(12, {9: 1.0}), 12, 4), 4)

    assert sum(left.values()) == pytest.approx(1.0)
    for tags in range(1, 5):
        assert left.get(tags, 0.0) == pytest.approx(drawn[9 - tags] / trials, abs=0.01)


def test_an_emptied_slot_has_no_tags_and_one_that_was_never_tagged_gets_none() -> None:
    assert distribution(go(column(12, {9: 1.0}), 12, 0), 0) == {0: pytest.approx(1.0)}
    assert distribution(go(column(12, {0: 1.0}), 12, 5), 5) == {0: pytest.approx(1.0)}


def test_units_that_come_answer_mostly_or_not_at_all_when_nobody_tagged_the_lot() -> None:
    after = distribution(go(column(2, {2: 1.0}), 2, 12), 12)

    assert after[12] == pytest.approx(0.98 * 0.95**10, rel=0.01)
    assert after[2] == pytest.approx(tagcount.BARE_LOT, rel=0.01)


def test_after_a_look_a_pick_that_took_no_tag_was_of_a_silent_unit() -> None:
    held, _ = tagcount.meet(column(12, {10: 0.5, 11: 0.5}), tagcount.look([1.0] * 10), Rates(), NOON_MS)
    held = go(held, 12, 11)

    held, said = tagcount.meet(held, tagcount.look([1.0] * 10), Rates(), NOON_MS)

    assert said is not None
    assert distribution(held, 11)[10] > 0.9


def test_a_look_speaks_for_the_count_that_explains_it_and_how_strongly_depends_on_silent_units() -> None:
    counts = np.arange(8, 16)

    held, said = tagcount.begin(counts, tagcount.look([1.0] * 12), Rates(), NOON_MS)
    _, many_silent = tagcount.begin(counts, tagcount.look([1.0] * 12), Rates(silent=30.0), NOON_MS)

    assert counts[said.argmax()] == 12
    assert said[counts == 13][0] > said[counts == 15][0]
    assert said[counts == 12][0] - said[counts == 14][0] > many_silent[counts == 12][0] - many_silent[counts == 14][0]
    assert held.counts == counts.tolist()


def test_a_look_that_fits_nothing_is_not_used_until_it_keeps_coming() -> None:
    held, used = column(12, {12: 1.0}), []

    for hour in range(6):
        held, said = tagcount.meet(held, tagcount.look([]), Rates(), NOON_MS + hour * 3_600_000)
        used.append(said is not None)

    assert used == [False, False, False, True, True, True]


def test_a_shadowed_tag_is_expected_back_and_a_lost_one_less_from_day_to_day() -> None:
    held = tagcount.pass_time(column(12, {12: 1.0}), Rates(), NOON_MS + DAY_MS)
    held, _ = tagcount.meet(held, tagcount.look([1.0] * 11), Rates(), NOON_MS + DAY_MS)
    back_soon = distribution(tagcount.pass_time(held, Rates(), NOON_MS + 3 * DAY_MS), 12).get(12, 0.0)
    for day in range(2, 25):
        held, _ = tagcount.meet(held, tagcount.look([1.0] * 11), Rates(), NOON_MS + day * DAY_MS)
    back_late = distribution(tagcount.pass_time(held, Rates(), NOON_MS + 26 * DAY_MS), 12).get(12, 0.0)

    assert back_soon > 0.2
    assert back_late < 0.05


def test_undecided_tags_say_nothing_of_whether_they_are_there() -> None:
    seen = tagcount.look([1.0] * 10 + [0.4, 0.6, 0.5])

    inner = {seen.first + i: p for i, p in enumerate(seen.p.tolist())}
    assert [inner[tags] for tags in (10, 11, 12, 13)] == pytest.approx([inner[11]] * 4, rel=0.02)
    assert seen.tags == pytest.approx(11.5)


@given(st.lists(st.floats(0, 1), max_size=120))
def test_a_look_is_a_distribution_between_none_and_a_little_more_than_all(present: list[float]) -> None:
    seen = tagcount.look(present)

    assert float(seen.p.sum()) == pytest.approx(1.0)
    assert np.all(seen.p >= 0.0)
    assert seen.first >= 0
    assert seen.first + len(seen.p) - 1 <= len(present) + 2


@given(
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(-30, 40), st.integers(0, 40), st.integers(0, 20)), max_size=8),
)
def test_whatever_moves_a_row_stays_a_distribution(count: int, events: list[tuple[int, int, int]]) -> None:
    held, at_ms = column(count, {count: 1.0}), NOON_MS

    for change, tags, days in events:
        after = max(0, count + change)
        held = go(held, count, after)
        count, at_ms = after, at_ms + days * DAY_MS
        held, _ = tagcount.meet(held, tagcount.look([1.0] * tags), Rates(), at_ms)
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(held), type=Column)
        assert again == held
        assert held.counts == [count]
        assert sum(distribution(held, count).values()) == pytest.approx(1.0, abs=1e-3)
        assert held.first >= 0
    silent, shadowed = tagcount.silent(held, np.array([count]), np.ones(1))
    assert silent <= count + 1e-9
    assert 0.0 <= shadowed <= SHADOWED_MAX
