"""What the rules of stock rest on: tags that leave or lie elsewhere, units that go missing, forecasts, lots."""

from __future__ import annotations

from math import nan
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.book.entries import Entry, sensed
from cloud.core.book.staking import Stake, stake
from cloud.core.counting.shrinkage import DAY_MS, Missing, Shrunk, shrunk
from cloud.core.forecasting.watched import DAYS, Strayed, strayed
from cloud.core.whereabouts import GONE_MS, PICKED_MS, TOLD_LATE_MS, Elsewhere, Whereabouts
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import TagMove

HOUR_MS = 3_600_000
T0 = 40 * DAY_MS
SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A"), Zone("b", "Aisle B"), Zone("dock", "Dock")],
    [Sku("bolt", "Bolt", 5.0, gtin="4006381333931"), Sku("nut", "Nut", 5.0)],
    [Slot("a1", "a", "bolt", "s1"), Slot("b1", "b", "nut", "s2")],
    [
        Device("s1", "shelf", "a"),
        Device("s2", "shelf", "b"),
        Device("gate", "rfid", "dock", outer=[1], inner=[2]),
        *(Device(f"r-{zone}", "rfid", zone) for zone in ("a", "b", "dock")),
    ],
)


def bolt(serial: int) -> str:
    """The tag of a bolt, GTIN 4006381333931 (SGTIN-96, GS1 EPC Tag Data Standard 14.6.1: a company of 7 digits)."""
    return f"{0x30 << 88 | 1 << 85 | 5 << 82 | 4006381 << 58 | 33393 << 38 | serial:024X}"


def gone(serial: int, at_ms: int = T0, move: str = "departed") -> TagMove:
    return TagMove(bolt(serial), "dock", move, at_ms, "gate")  # type: ignore[arg-type]


def heard(serial: int, zone: str, at_ms: int = T0, move: str = "arrived") -> TagMove:
    return TagMove(bolt(serial), zone, move, at_ms, f"r-{zone}")  # type: ignore[arg-type]


def seen(*moves: TagMove) -> Whereabouts:
    found = Whereabouts.of(SITE)
    for one in moves:
        found.hear(one)
    return found


def taken(units: int, at_ms: int) -> Entry:
    """The shelf saw it."""
    return sensed("a1", "bolt", -units, 50, at_ms, at_ms, "weight")


def told(units: int, at_ms: int, place: str = "") -> Entry:
    return Entry("pick", "bolt", -units, at_ms, at_ms, place, id=1)


def units_gone(tags: Whereabouts, *facts: Entry) -> int:
    found = tags.gone({"bolt": sorted(facts, key=lambda one: one.happened_ms)})
    return sum(one.units for one in found)


def test_what_leaves_by_the_gate_and_was_not_picked_is_told_of() -> None:
    tags = seen(gone(1), gone(2, T0 + 1000), gone(3, T0 + 2000))
    [found] = tags.gone({"bolt": []})
    assert (found.gate, found.zone, found.units, found.together, found.picked) == ("gate", "dock", 3, 3, 0)
    [found] = tags.gone({"bolt": [taken(2, T0 - HOUR_MS)]})
    assert (found.units, found.picked) == (1, 2)
    assert tags.gone({"bolt": [taken(2, T0 - HOUR_MS), told(1, T0 + HOUR_MS)]}) == []


def test_a_pick_lets_a_tag_leave_for_half_a_day_before_and_after() -> None:
    tags = seen(gone(1))
    assert units_gone(tags, taken(1, T0 - PICKED_MS)) == 0
    assert units_gone(tags, taken(1, T0 - PICKED_MS - 1)) == 1
    assert units_gone(tags, told(1, T0 + TOLD_LATE_MS)) == 0
    assert units_gone(tags, told(1, T0 + TOLD_LATE_MS + 1)) == 1
    assert units_gone(tags, Entry("receipt", "bolt", 5, T0, T0, id=2)) == 1


def test_where_people_tell_of_what_they_take_a_shelf_alone_is_no_pick() -> None:
    month = [
        entry
        for day in range(20)
        for entry in (taken(3, T0 - (day + 2) * DAY_MS), told(3, T0 - (day + 2) * DAY_MS, "a1"))
    ]
    assert units_gone(seen(gone(1)), *month, taken(1, T0 - HOUR_MS)) == 1
    assert units_gone(seen(gone(1)), *month, taken(1, T0 - HOUR_MS), told(1, T0 - HOUR_MS, "a1")) == 0
    silent = [one for one in month if one.id == 0]
    assert units_gone(seen(gone(1)), *silent, taken(1, T0 - HOUR_MS)) == 0


def test_what_comes_back_was_not_stolen_whichever_way_it_comes() -> None:
    assert units_gone(seen(gone(1), gone(1, T0 + 1, "arrived"))) == 0
    assert units_gone(seen(gone(1), heard(1, "a", T0 + 60_000))) == 0
    assert units_gone(seen(gone(1), heard(1, "a", T0 - 60_000))) == 1, "that was before it left"
    tags = seen(gone(1))
    assert tags.leavers(T0 + GONE_MS - 1) == ["bolt"]
    assert tags.leavers(T0 + GONE_MS) == []
    assert tags.count == 0


def test_tags_that_are_no_goods_of_ours_are_let_go() -> None:
    tags = seen(TagMove("E28011606000", "dock", "departed", T0, "gate"), TagMove("ABCD", "b", "arrived", T0, "r-b"))
    assert (tags.leavers(T0), tags.elsewhere(), tags.count) == ([], [], 0)


def test_a_tag_among_others_goods_is_misplaced_but_not_one_on_its_way() -> None:
    assert seen(heard(1, "b"), heard(2, "b", T0 + 5)).elsewhere() == [Elsewhere("bolt", "b", "a", 2, T0)]
    assert seen(heard(1, "dock")).elsewhere() == []
    assert seen(heard(1, "a")).elsewhere() == []
    assert seen(heard(1, "b"), heard(1, "a")).elsewhere() == [], "two readers hear it, and one is right"
    assert seen(heard(1, "b"), heard(1, "b", T0 + 9, "departed")).elsewhere() == []
    assert seen(heard(1, "b"), gone(1, T0 + 9)).elsewhere() == []


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from(("a", "b", "dock", "gate")), st.booleans()), max_size=60))
@settings(max_examples=80, deadline=None)
def test_tags_are_counted_right_wherever_they_go(moves: list[tuple[int, str, bool]]) -> None:
    tags = Whereabouts.of(SITE)
    for at, (serial, zone, came) in enumerate(moves):
        move = "arrived" if came else "departed"
        tags.hear(gone(serial, T0 + at, move) if zone == "gate" else heard(serial, zone, T0 + at, move))
    here, left = tags.here.get("bolt", {}), tags.left.get("bolt", {})
    assert tags.count == len(here) + len(left)
    assert not here.keys() & left.keys()


def missing(sku: str, day: int, difference: int, expected: int = 40, slot: str = "a1") -> Missing:
    return Missing(sku, slot, T0 + day * DAY_MS, difference, expected)


def test_what_goes_missing_again_and_again_is_more_than_wrong_counting() -> None:
    now_ms = T0 + 29 * DAY_MS
    found = shrunk([missing("blade", day, -2) for day in (1, 8, 15, 22)], now_ms)
    assert found == [Shrunk("blade", "a1", 8, 4, found[0].usual, T0 + DAY_MS)]
    assert found[0].usual < 8
    assert shrunk([missing("blade", 1, -30)], now_ms) == [], "once is an accident"
    assert shrunk([missing("blade", 1, -30), missing("blade", 8, 30)], now_ms) == [], "it was found again"
    old = [missing("blade", day, -2) for day in (1, 2, 3, 4)]
    assert shrunk(old, T0 + 40 * DAY_MS) == []
    two = shrunk([missing("blade", 1, -5), missing("blade", 8, -5, slot="b1")], now_ms)
    assert [one.slot for one in two] == [""]


@given(st.integers(0, 10**6), st.integers(4, 400), st.integers(2, 12))
@settings(max_examples=300, deadline=None)
def test_wrong_counts_alone_are_hardly_ever_called_shrinkage(seed: int, expected: int, counts: int) -> None:
    """Nothing is lost; each count is off by what counts are, and the next one is held against it."""
    dice, before, found = Random(seed), 0, []
    for at in range(counts):
        error = round(dice.gauss(0, max(0.5, 0.01 * expected)))
        found.append(missing("blade", at, error - before, expected))
        before = error
    said = shrunk(found, T0 + 29 * DAY_MS)
    assert len(said) <= 1
    assert all(one.units > 2 for one in said)


def test_forecasts_that_are_wrong_the_same_way_are_told_of() -> None:
    dice = Random(4)
    noise = [dice.gauss(0, 2) for _ in range(DAYS)]
    past = [10 + dice.gauss(0, 2) for _ in range(90)]
    assert strayed("bolt", [10.0] * DAYS, [10 + one for one in noise], past) is None
    off = strayed("bolt", [10.0] * DAYS, [5 + one for one in noise], past)
    assert off is not None
    assert (off.sku, off.sure, off.days) == ("bolt", True, DAYS)
    assert (off.told, round(off.came)) == (280.0, round(sum(5 + one for one in noise)))
    one_large_order = [10.0] * (DAYS - 1) + [500.0]
    assert strayed("bolt", [10.0] * DAYS, one_large_order, past) is None
    assert strayed("bolt", [nan] * DAYS, [5.0] * DAYS, past) is None
    assert strayed("bolt", [10.0] * 5 + [nan] * (DAYS - 5), [2.0] * DAYS, past) is None, "five days say nothing"
    assert strayed("bolt", [0.1] * DAYS, [0.0] * DAYS, past) is None, "three units are no money"


def test_lumpy_demand_that_is_foretold_right_is_seldom_called_off() -> None:
    dice, wrong = Random(11), 0
    for _ in range(2000):
        came = [float(dice.choice((4, 8, 20))) if dice.random() < 0.15 else 0.0 for _ in range(DAYS)]
        past = [float(dice.choice((4, 8, 20))) if dice.random() < 0.15 else 0.0 for _ in range(182)]
        found = strayed("bolt", [0.15 * 32 / 3] * DAYS, came, past)
        wrong += isinstance(found, Strayed) and found.sure
    assert wrong <= 20


def test_units_at_stake_are_those_that_will_not_sell_by_their_day() -> None:
    assert stake([("L1", 100, 4)], 8.0) == Stake("L1", 4, 100, 60, 0, 1)
    assert stake([("L1", 30, 4)], 8.0) is None
    # The first lot uses up the demand of five days; of the second there are 40 more days, less what the first left.
    assert stake([("L1", 100, 4), ("L2", 100, 24)], 8.0) == Stake("L1", 4, 100, 60, 0, 1)
    assert stake([("L1", 40, 4), ("L2", 200, 24)], 8.0) == Stake("L2", 24, 200, 40, 0, 1)
    assert stake([("L0", 5, -1), ("L1", 30, 4)], 8.0) == Stake("L0", -1, 5, 5, 5, 1)
    assert stake([], 8.0) is None


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(-3, 60)), max_size=6), st.floats(0, 20))
@settings(deadline=None)
def test_no_more_is_at_stake_than_there_is_and_nothing_where_all_sells(
    lots: list[tuple[int, int]], daily: float
) -> None:
    told_ = [(f"L{at}", units, days) for at, (units, days) in enumerate(sorted(lots, key=lambda one: one[1]))]
    found = stake(told_, daily)
    at_stake = found.at_stake if found is not None else 0
    assert at_stake <= sum(units for units, _ in lots)
    assert (
        at_stake
        >= max((sum(u for u, d in lots if d <= day) - daily * max(0, day + 1) for _, day in lots), default=0) - 1e-6
    )
