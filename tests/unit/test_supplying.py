"""What the planner learns of all SKUs together, and keeps; what it prepares of each, and uses again."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.days import day_start_ms
from cloud.core.demand import DailyDemand
from cloud.core.planning.deals import Deal
from cloud.core.replenishment import Stock
from cloud.core.supplying.histories import Days, days_of, outlooks, table
from cloud.core.supplying.learning import Learnt, Lesson, foretell, packed, study, unpacked
from cloud.core.supplying.preparing import Job, Sources, prepare
from protocols.layout import About, Site, Sku, Zone
from protocols.trade import Neighbour

TODAY = 739_900
NOW_MS = day_start_ms("UTC", TODAY) + 3_600_000
SKU = Sku("bolt", "Bolt", 5.0, unit_cost=2.0, lead_time_days=4)


def demand(daily: list[int], dry: int = 0) -> DailyDemand:
    """Whole days until yesterday, of which the last `dry` were out of stock."""
    one = DailyDemand("UTC", day_start_ms("UTC", TODAY - len(daily)))
    for at, units in enumerate(daily):
        one.add(day_start_ms("UTC", TODAY - len(daily) + at) + 1000, -units)
    if dry:
        one.turn("A1", day_start_ms("UTC", TODAY - dry), -1, 0)
    return one


def test_histories_of_unequal_length_end_together_and_days_out_of_stock_are_marked() -> None:
    rows = [days_of(demand([1, 2, 3]), ["A1"], NOW_MS), Days(), days_of(demand([4, 0], dry=1), ["A1"], NOW_MS)]

    units, dry = table(rows)

    expected = np.array([[1, 2, 3], [np.nan] * 3, [np.nan, 4, 0]])
    assert np.array_equal(units, expected, equal_nan=True)
    assert dry.tolist() == [[False] * 3, [False] * 3, [False, False, True]]
    assert [row.known for row in rows] == [3, 0, 1]


def test_weeks_out_of_stock_do_not_make_demand_die() -> None:
    random = np.random.default_rng(3)
    daily = [*random.poisson(5, 120).tolist(), *[0] * 40]
    seen, blind = (days_of(demand(daily, dry), ["A1"], NOW_MS) for dry in (40, 0))

    told, dying = outlooks([seen, blind])

    assert told is not None
    assert dying is not None
    assert 4 < told.mean < 6
    assert told.days == 120
    assert dying.mean < 2.5


def test_fewer_than_three_known_days_tell_nothing() -> None:
    assert outlooks([days_of(demand([5, 5, 5], dry=1), ["A1"], NOW_MS), Days()]) == [None, None]
    assert outlooks([]) == []


def test_one_sku_is_told_as_it_is_among_all() -> None:
    random = np.random.default_rng(4)
    rows = [days_of(demand(random.poisson(rate, 90 + 7 * rate).tolist()), ["A1"], NOW_MS) for rate in (1, 4, 9)]

    for row, among in zip(rows, outlooks(rows), strict=True):
        [alone] = outlooks([row])
        assert alone is not None
        assert among is not None
        assert (alone.mean, alone.variance) == pytest.approx((among.mean, among.variance), rel=1e-12)


def test_a_night_tells_the_classes_by_value_and_by_how_demand_varies_and_is_kept_whole() -> None:
    random = np.random.default_rng(6)
    steady, wild = random.poisson(20, 300).tolist(), (random.poisson(0.05, 300) * 30).tolist()
    lessons = [
        Lesson("dear", demand(steady), ["A1"], 90.0, 5.0),
        Lesson("cheap", demand(wild), ["A1"], 0.1, 5.0),
        Lesson("new", None, ["A1"], 5.0, 5.0),
    ]

    learnt = study(lessons, TODAY, NOW_MS)

    assert learnt.abc_xyz("dear") == ("A", "X")
    assert learnt.abc_xyz("cheap") == ("C", "Z")
    assert learnt.abc_xyz("new") == ("", ""), "nobody knows yet"
    assert learnt.abc_xyz("unheard") == ("", "")
    assert sum(learnt.cases) > 0
    assert unpacked(packed(learnt)) == learnt
    assert unpacked(None) is unpacked(b"what another version kept") is None
    assert study([], TODAY, NOW_MS) == Learnt(TODAY)


def test_a_calibration_of_another_shape_is_not_believed() -> None:
    rows = {"bolt": days_of(demand([5, 6, 7, 5, 4] * 10), ["A1"], NOW_MS)}
    fresh = foretell(rows, Learnt(0), (0.5, 0.95))[1]
    strange = foretell(rows, Learnt(0, {}, [[0.5]], [1.0]), (0.5, 0.95))[1]

    assert fresh is not None
    assert strange is not None
    assert (fresh.quantiles == strange.quantiles).all()
    assert foretell({"new": Days((1,), (False,))}, Learnt(0), (0.5,)) == ([], None)


def test_what_was_prepared_is_used_again_until_days_or_terms_change() -> None:
    days = days_of(demand([5, 6, 7, 5, 4] * 10), ["A1"], NOW_MS)
    stock = Stock(Position(9), 9, 0, 200)
    [first] = prepare([Job(SKU, days, stock, 0.95)])
    job = Job(SKU, days, replace(stock, position=Position(3, on_order=50)), 0.95, before=first)

    assert not job.lacking
    assert prepare([job]) == [first]
    for changed in (
        replace(job, level=0.9),
        replace(job, sku=replace(SKU, lead_time_days=9)),
        replace(job, stock=replace(stock, capacity=20)),
        replace(job, deals=(Deal("acme", 2.0, 20.0, 9.0),)),
        replace(job, days=Days((*days.units[1:], 99), days.dry)),
    ):
        assert changed.lacking
        [after] = prepare([changed])
        assert after != first
        assert after.settled is not first.settled


def test_whoever_has_some_is_a_source_by_what_it_asks_more_than_the_supply() -> None:
    neighbours = [Neighbour("north", "North", 1.5, 30.0, 0.2), Neighbour("south", "South")]
    place = Site(About("s", "S"), [Zone("h", "H")], [SKU], neighbours=neighbours)
    deals = (
        Deal("slow", 1.0, 9.0, 9.0),
        Deal("fast", 2.5, 7.0, 0.8, moq=5, stock=40),
        Deal("empty", 2.5, 7.0, 1.0, stock=0),
    )
    days = days_of(demand([5, 6, 7, 5, 4] * 10), ["A1"], NOW_MS)
    [made] = prepare([Job(SKU, days, Stock(Position(9), 9), 0.95, deals)])
    assert made.supply is not None
    assert made.supply.supplier == "slow"

    found = {one.name: one for one in Sources(place).of({"north": 12, "south": 0, "gone": 9}, made)}

    assert [*found] == ["neighbour:north", "supplier:slow", "supplier:fast"]
    north, _, fast = found.values()
    assert (north.periods, north.fixed_cost, north.unit_cost, north.lots.most) == (2, 30.0, 0.2, 12)
    assert (fast.periods, fast.fixed_cost, fast.unit_cost) == (1, 7.0, 1.5)
    assert (fast.lots.moq, fast.lots.most) == (5, 40)
