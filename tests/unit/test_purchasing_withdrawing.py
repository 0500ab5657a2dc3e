"""Which lines of a draft are over, and what becomes of it."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.core.purchasing.needs import BY
from cloud.core.purchasing.orders import Line, Order
from cloud.core.purchasing.withdrawing import over, refused, withdrawn

T0 = 1_763_762_400_000
LINES = [Line("gear", 10, 50.0), Line("nut", 100, 0.2), Line("tape", 4, 2.0)]
DRAFT = Order("acme", LINES, "draft", T0, T0, BY, needs=[7, 9], id=3)


def test_a_line_is_over_when_its_need_is_and_all_are_when_every_need_is() -> None:
    both, ended = {7: "gear", 9: "nut"}, {"milk": 5}
    assert over(DRAFT, both, ended, ()) == []
    assert over(DRAFT, {9: "nut"}, {"gear": 7}, ()) == ["gear"], "tape joined it, and goes with what is left"
    assert over(DRAFT, {}, {"gear": 7, "nut": 9}, ()) == ["gear", "nut", "tape"]
    assert over(replace(DRAFT, state="approved"), {}, {"gear": 7, "nut": 9}, ()) == []
    assert over(replace(DRAFT, needs=[]), {}, {"gear": 7, "nut": 9}, ()) == [], "nobody needed it, somebody wanted it"


def test_a_need_that_was_ordered_elsewhere_too_or_that_nobody_knows_of_is_not_over() -> None:
    assert over(DRAFT, {9: "nut"}, {"gear": 7}, {7}) == [], "it is split, and its other half is on its way"
    assert over(DRAFT, {}, {}, ()) == []
    assert over(DRAFT, {}, {"milk": 5}, ()) == []
    assert over(replace(DRAFT, needs=[7, 11]), {11: "gear"}, {"gear": 7}, ()) == [], "it is wanted again, on this draft"


def test_what_is_over_is_struck_and_nothing_left_is_cancelled() -> None:
    less = withdrawn(DRAFT, ["gear"], T0 + 5)
    assert ([line.sku for line in less.lines], less.state, less.version, less.by) == (["nut", "tape"], "draft", 2, BY)
    gone = withdrawn(DRAFT, ["gear", "nut", "tape"], T0 + 5)
    assert (gone.lines, gone.state, gone.closed_ms, gone.note) == (LINES, "cancelled", T0 + 5, "not needed any more")
    no = refused(DRAFT, ["gear"])
    assert no is not None
    assert no.reason == "need_over"
    assert "gear" in no.detail
    assert refused(DRAFT, []) is None
