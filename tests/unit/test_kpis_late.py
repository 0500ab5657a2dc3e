"""Key figures are the same in whatever order facts come, how late ever, and however much time goes by between."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.kpis.courses import DAYS
from cloud.core.kpis.facts import Counted, Fact, Refused, Step, Told
from cloud.core.kpis.figures import Kpi, kpis
from cloud.core.kpis.tallies import Tallies, advance, retell, tell
from tests.unit.test_kpis import DAY, HOUR, MONDAY, TODAY, site, told

MOMENTS = st.integers(-30 * 24, 30 * 24).map(lambda hour: MONDAY + hour * HOUR + 1)
CHANGES = st.tuples(MOMENTS, st.sampled_from(["bolt", "nut"]), st.integers(-9, 12))
OTHERS = st.one_of(
    st.builds(Refused, st.sampled_from(["bolt", "nut"]), MOMENTS, st.integers(1, 9)),
    st.builds(Counted, st.just("bolt"), MOMENTS, st.integers(0, 9), st.integers(0, 9), st.booleans()),
)
FORECASTS = st.dictionaries(
    st.tuples(st.sampled_from(["bolt", "nut"]), st.integers(TODAY - 30, TODAY + 30)), st.floats(0, 9, width=32)
)


def steps(changes: list[tuple[int, str, int]], sku: str) -> list[Step]:
    """The steps of an SKU's changes in the order of time, its value falling with age so that a late one moves all."""
    found, on_hand = [], 0
    for number, (at_ms, _, units) in enumerate(sorted(one for one in changes if one[1] == sku)):
        on_hand += units
        value = on_hand * (1.0 + 0.1 * number)
        owed = min(-units, max(0, -on_hand)) if units < 0 else 0
        found.append(Step(sku, at_ms, on_hand, value, max(0, -units), max(0, -units) * 1.5, owed))
    return found


def near(one: Kpi) -> Any:
    rounded = {
        name: None if (v := getattr(one, name)) is None else pytest.approx(v, rel=1e-4, abs=1e-4)
        for name in ("value", "trend")
    }
    return replace(one, **rounded)


@settings(max_examples=60, deadline=None)
@given(
    st.data(), st.lists(CHANGES, max_size=14, unique_by=lambda one: one[:2]), st.lists(OTHERS, max_size=6), FORECASTS
)
def test_facts_that_come_late_and_in_any_order_end_in_the_same_figures(
    data: st.DataObject,
    changes: list[tuple[int, str, int]],
    others: list[Fact],
    forecasts: dict[tuple[str, int], float],
) -> None:
    end = MONDAY + 31 * DAY
    whole = site(end, "bolt", "nut")
    for sku in ("bolt", "nut"):
        told(whole, *steps(changes, sku))
    rest = [*others, *(Told(sku, day, units) for (sku, day), units in forecasts.items())]
    told(whole, *rest)

    late = site(MONDAY - 31 * DAY, "bolt", "nut")
    known: list[tuple[int, str, int]] = []
    news = data.draw(st.permutations([*changes, *rest]))
    for at, one in enumerate(news):
        advance(late, max(late.now_ms, _moment(one), MONDAY + (at - len(news)) * HOUR))
        if not isinstance(one, tuple):
            told(late, one)
            continue
        known.append(one)
        mine = steps(known, one[1])
        if mine[-1].at_ms != one[0] or tell(late, mine[-1]) == "late":
            assert retell(late, one[1], mine) == "taken"

    same(late, whole, end)


def _moment(one: Any) -> int:
    if isinstance(one, tuple):
        return int(one[0])
    return int(getattr(one, "at_ms", 0))


def same(one: Tallies, other: Tallies, end: int) -> None:
    """Not the figures alone, every sum they are made of."""
    assert kpis(one, end) == [near(kpi) for kpi in kpis(other, end)]
    for name, sums in one.days.items():
        assert [*sums] == pytest.approx([*other.days[name]], rel=1e-4, abs=1e-4), name
    for mine, theirs in ((one.openings, other.openings), (one.standing, other.standing)):
        assert mine == pytest.approx(theirs, rel=1e-4, abs=1e-4)
    assert one.out == other.out


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3 * DAYS), st.integers(-5, 9)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 3 * DAYS), st.integers(1, 9)), max_size=8),
    st.data(),
)
def test_days_long_gone_are_forgotten_but_their_stock_is_not(
    moves: list[tuple[int, int]], said: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Told day by day as time goes by, or at the end all at once, or with one step that comes years late: the same."""
    changes = [(MONDAY + day * DAY + at, "bolt", units) for at, (day, units) in enumerate(sorted(moves))]
    mine, end = steps(changes, "bolt"), MONDAY + (3 * DAYS + 1) * DAY
    foretold = {TODAY + day: Told("bolt", TODAY + day, float(units)) for day, units in said}
    others: list[Refused | Told] = [Refused("bolt", MONDAY + day * DAY, units) for day, units in said]
    others += foretold.values()
    slowly, atonce = site(MONDAY), told(site(end), *mine)
    for one in others:
        tell(atonce, one)
    news: list[tuple[int, Fact]] = [(one.at_ms, one) for one in mine]
    news += [(MONDAY + (one.day - TODAY) * DAY if isinstance(one, Told) else one.at_ms, one) for one in others]
    for at_ms, fact in sorted(news, key=lambda each: each[0]):
        advance(slowly, at_ms)
        told(slowly, fact)
    same(slowly, atonce, end)
    retell(slowly, "bolt", mine)
    same(slowly, atonce, end)
    assert all(len(one) == DAYS for one in slowly.days.values())

    missed = data.draw(st.integers(0, len(changes) - 1))
    late = site(end)
    retell(late, "bolt", steps([*changes[:missed], *changes[missed + 1 :]], "bolt"))
    for one in others:
        tell(late, one)
    assert retell(late, "bolt", mine) == "taken"
    same(late, atonce, end)
