"""Why a count differs: the likely causes with their evidence, what explains all of it first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.accounts import Terms as Valued
from cloud.core.book.accounts import fold
from cloud.core.book.entries import Entry, sensed
from cloud.core.counting.causes import WINDOW_MS, Cause, Scene, explain, scene_of
from cloud.core.counting.findings import Finding, Terms, Tolerance, judge
from cloud.core.purchasing.orders import Line, Order
from protocols.layout import Sku
from protocols.reports import SlotLevel

NOW = 1_763_762_400_000
MINUTE = 60_000
TERMS = Terms("bolt", "A1", 2.0, Tolerance(0, 0.0, 0.0))


def finding(counted: int, expected: int, slot: str = "A1") -> Finding:
    made = judge(counted, NOW, lambda _: expected, Terms("bolt", slot, 2.0, Tolerance(0, 0.0, 0.0)))
    assert isinstance(made, Finding)
    return made


def codes(causes: list[Cause]) -> list[tuple[str, int]]:
    return [(one.code, one.units) for one in causes]


FULL = Scene(
    moves=[(NOW - MINUTE, -4)],
    unexplained=[(NOW - 90 * MINUTE, 4, "A1")],
    awaited=[(7, 4)],
    quarantined=4,
    elsewhere={"B1": -4},
    pack=2,
    level=SlotLevel("A1", "bolt", None, 0, 99, 0.5, 1.0, NOW, "unsteady", "recount"),
)


def test_what_does_not_differ_needs_no_cause() -> None:
    assert explain(finding(10, 10), FULL) == []


def test_where_nothing_speaks_for_a_cause_none_is_made_up() -> None:
    assert explain(finding(7, 10), Scene()) == []


def test_a_pick_just_before_the_count_was_counted_as_still_there() -> None:
    (cause,) = explain(finding(10, 7), Scene(moves=[(NOW - 3 * MINUTE, -1), (NOW - MINUTE, -3), (NOW + MINUTE, -5)]))
    assert cause == Cause(
        "moved_while_counting", 3, {"side": "before", "moves": 1, "from_ms": NOW - MINUTE, "to_ms": NOW - MINUTE}
    )


def test_picks_just_after_the_count_were_counted_as_gone() -> None:
    (cause,) = explain(finding(4, 10), Scene(moves=[(NOW + MINUTE, -2), (NOW + 2 * MINUTE, -4)]))
    assert (cause.units, cause.evidence["side"], cause.evidence["moves"]) == (-6, "after", 2)


def test_moves_hours_away_or_of_another_size_explain_nothing() -> None:
    assert explain(finding(10, 7), Scene(moves=[(NOW - WINDOW_MS - 1, -3)])) == []
    assert explain(finding(10, 7), Scene(moves=[(NOW - MINUTE, -2)])) == []
    assert explain(finding(7, 10), Scene(moves=[(NOW - MINUTE, -3)])) == []


def test_goods_missing_here_and_too_many_there_lie_in_the_wrong_slot() -> None:
    scene = Scene(elsewhere={"B1": 2, "C1": 3, "D1": -3, "A1": 3})
    assert explain(finding(7, 10), scene) == [Cause("wrong_slot", -3, {"slot": "C1", "difference": 3})]
    assert explain(finding(13, 10), scene) == [Cause("wrong_slot", 3, {"slot": "D1", "difference": -3})]


def test_a_slot_that_is_off_by_more_explains_no_more_than_differs() -> None:
    assert codes(explain(finding(7, 10), Scene(elsewhere={"B1": 50}))) == [("wrong_slot", -3)]
    assert codes(explain(finding(7, 10), Scene(elsewhere={"B1": 1}))) == [("wrong_slot", -1)]


def test_more_than_was_booked_is_a_receipt_that_nobody_has_entered() -> None:
    scene = Scene(unexplained=[(NOW - 9, 5, "B1"), (NOW - 5, 3, "A1")], awaited=[(7, 24), (8, 3)])
    assert explain(finding(13, 10), scene) == [
        Cause("receipt_not_booked", 3, {"put_units": 3, "slot": "A1", "at_ms": NOW - 5}),
        Cause("receipt_not_booked", 3, {"order": 8, "awaited": 3}),
    ]
    assert codes(explain(finding(19, 10), scene)) == [("receipt_not_booked", 8)]
    assert explain(finding(7, 10), scene) == []


def test_a_put_after_the_count_is_not_why_more_was_found() -> None:
    assert explain(finding(13, 10), Scene(unexplained=[(NOW + 1, 3, "A1")])) == []


def test_the_pile_that_is_set_aside_was_left_out_or_counted_twice() -> None:
    out, twice = (explain(finding(units, 10), Scene(quarantined=4)) for units in (6, 14))
    assert out == [Cause("quarantined", -4, {"quarantined": 4, "pile": "left_out"})]
    assert twice == [Cause("quarantined", 4, {"quarantined": 4, "pile": "counted_twice"})]
    assert explain(finding(7, 10), Scene(quarantined=4)) == []


def test_packs_taken_for_units_are_told_by_their_size() -> None:
    scene = Scene(pack=12)
    for counted, expected, said in ((5, 60, "packs_counted"), (60, 5, "packs_booked"), (84, 60, "whole_packs")):
        (cause,) = explain(finding(counted, expected), scene)
        assert (cause.code, cause.units, cause.evidence["slip"]) == ("unit_slip", counted - expected, said)
    assert explain(finding(59, 60), scene) == []
    assert explain(finding(72, 60), Scene(pack=1)) == []


def test_a_book_below_zero_can_not_be_right() -> None:
    assert explain(finding(2, -3), Scene()) == [Cause("debt", 3, {"owed": 3})]


def test_a_sensor_that_is_not_sure_itself_is_a_cause() -> None:
    level = SlotLevel("A1", "bolt", 10, 6, 12, 0.8, 50.0, NOW)
    (cause,) = explain(finding(7, 10), Scene(level=level))
    assert cause == Cause("sensor_doubt", -3, {"confidence": 0.8, "low": 6, "high": 12, "reason": ""})
    assert codes(explain(finding(3, 10), Scene(level=level))) == [("sensor_doubt", 0)]
    assert explain(finding(7, 10), Scene(level=SlotLevel("A1", "bolt", 10, 10, 10, 0.99, 50.0, NOW))) == []


def test_what_explains_all_of_it_comes_before_what_explains_a_part() -> None:
    scene = Scene(elsewhere={"B1": -1}, unexplained=[(NOW - 5, 3, "A1")], pack=3)
    assert codes(explain(finding(13, 10), scene)) == [
        ("receipt_not_booked", 3),
        ("unit_slip", 3),
        ("wrong_slot", 1),
    ]


def test_the_scene_of_a_count_is_told_by_the_book_and_the_orders() -> None:
    sku = Sku("bolt", "Bolt", 5.0, pack=6)
    facts = [
        sensed("A1", "bolt", 10, 10, NOW - 9_000, NOW - 9_000, "weight"),
        Entry("quarantine", "bolt", 2, NOW - 8_000, NOW - 8_000, id=1),
    ]
    account = fold(facts, Valued(slots=frozenset({"A1"})), without=())
    lines = [Line("bolt", 12, 1.0, received=5), Line("nut", 3, 1.0)]
    orders = [
        Order("acme", lines, "partly_received", 0, 0, "", id=7),
        Order("acme", [Line("bolt", 9, 1.0)], "draft", 0, 0, "", id=8),
    ]
    old = replace(finding(1, 10, "C1"), at_ms=NOW - 86_400_001)
    nuts = replace(finding(1, 10, "D1"), sku="nut")
    others = [old, nuts, finding(9, 10, "B1"), finding(4, 10, "B1")]
    scene = scene_of(finding(9, 10), sku, account, [(NOW, -1)], orders, others)
    assert scene == Scene([(NOW, -1)], [(NOW - 9_000, 10, "A1")], [(7, 7)], 2, {"B1": -6}, 6, None)
    assert scene_of(finding(9, 10), sku, None) == Scene((), [], [], 0, {}, 6, None)


SCENES = st.builds(
    Scene,
    st.lists(st.tuples(st.integers(NOW - WINDOW_MS, NOW + WINDOW_MS), st.integers(-5, 5)), max_size=6),
    st.lists(st.tuples(st.integers(NOW - 90, NOW + 9), st.integers(1, 9), st.just("A1")), max_size=3),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=3),
    st.integers(0, 9),
    st.dictionaries(st.sampled_from(["A1", "B1", "C1"]), st.integers(-9, 9)),
    st.integers(1, 6),
)


@given(st.integers(0, 20), st.integers(-5, 20), SCENES)
def test_no_cause_explains_more_than_differs_or_the_other_way(counted: int, expected: int, scene: Scene) -> None:
    made = finding(counted, expected)
    causes = explain(made, scene)
    for one in causes:
        assert abs(one.units) <= abs(made.difference)
        assert one.units * made.difference >= 0
    left = [abs(made.difference - one.units) for one in causes]
    assert left == sorted(left)
