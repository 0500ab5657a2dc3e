"""What suppliers did, measured from the versions of their orders, and the score that comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.purchasing.acting import Action, act
from cloud.core.purchasing.facts import DAY_MS, LINES_MAX, PRIOR_LINES, Came, Fact, facts, lead_time, shares
from cloud.core.purchasing.orders import Line, Order, draft
from cloud.core.purchasing.receiving import came_at, receive
from cloud.core.purchasing.scorecards import DELIVERY, QUALITY, Mark, scorecard, unfit_mark
from cloud.core.refusals import Refusal
from protocols.trade import Break, Buying, Offer

T0 = 1_763_762_400_000
DUE = T0 + 5 * DAY_MS
LATER = T0 + 100 * DAY_MS
LIMITS = Buying(buyer_limit=1e6, admin_limit=1e6)
Step = tuple[Action, int, dict[str, Any]]


def history(*steps: Step, units: int = 100) -> list[Order]:
    """An order's versions: approved and sent at T0, then each (action, at, what)."""
    order = draft("acme", [Line("bolt", units, 2.0, due_ms=DUE)], "kim", T0)
    assert isinstance(order, Order)
    versions = [order]
    begin: list[Step] = [("approve", T0, {}), ("send", T0, {})]
    for action, at_ms, what in [*begin, *steps]:
        after = act(versions[-1], action, "kim", "admin", at_ms, LIMITS, **what)
        assert isinstance(after, Order), after
        versions.append(after)
    return versions


def came(day: float, good: int = 100, bad: int = 0) -> Step:
    what = {"units": {"bolt": good}, "rejected": {"bolt": bad}, "note": "bent" if bad else "", "key": f"d{day}"}
    return ("receive", T0 + int(day * DAY_MS), what)


def fact(*steps: Step, units: int = 100) -> Fact:
    (one,) = facts(history(*steps, units=units))
    return one


def two_lines(*steps: Step) -> list[Order]:
    order = draft("acme", [Line(sku, 100, 2.0, due_ms=T0 + 5 * DAY_MS) for sku in ("bolt", "nut")], "kim", T0)
    assert isinstance(order, Order)
    versions = [order]
    begin: list[Step] = [("approve", T0, {}), ("send", T0, {})]
    for action, at_ms, what in [*begin, *steps]:
        after = act(versions[-1], action, "kim", "admin", at_ms, LIMITS, **what)
        assert isinstance(after, Order), after
        versions.append(after)
    return versions


def a_line(lead_days: float, number: int = 0) -> Fact:
    sent_ms = T0 + number * DAY_MS
    at_ms = sent_ms + round(lead_days * DAY_MS)
    return Fact("acme", "bolt", number, sent_ms, 10, sent_ms + 5 * DAY_MS, 2.0, [Came(at_ms, 10, 0)], at_ms)


def test_the_lead_time_of_a_line_is_from_sent_to_received_over_all_units() -> None:
    assert fact(came(4)).lead_days(LATER) == 4
    assert fact(came(4, 75), came(8, 25)).lead_days(LATER) == 5


def test_a_line_nobody_delivered_yet_has_waited_so_far_and_one_given_up_until_then() -> None:
    assert fact().lead_days(T0 + 9 * DAY_MS) == 9
    cancelled = fact(("cancel", T0 + 30 * DAY_MS, {}))
    assert cancelled.lead_days(LATER) == 30
    assert lead_time([cancelled], 3.0, 0.0, LATER).n == 1
    assert lead_time([fact(("cancel", T0 + DAY_MS, {}))], 3.0, 0.0, LATER).n == 0, "no longer than it was to take"


def test_a_late_line_that_the_site_strikes_or_cuts_was_late_and_one_struck_in_time_is_not_judged() -> None:
    struck, kept = facts(two_lines(("change", T0 + 30 * DAY_MS, {"units": {"bolt": 0}})))
    assert (struck.sku, struck.given_up, struck.judged(LATER), struck.on_time) == ("bolt", True, True, False)
    assert struck.lead_days(LATER) == 30
    assert (kept.sku, kept.given_up) == ("nut", False)
    early, _ = facts(two_lines(("change", T0 + DAY_MS, {"units": {"bolt": 0}})))
    assert (early.given_up, early.judged(LATER)) == (True, False)
    cut, _ = facts(two_lines(("change", T0 + 30 * DAY_MS, {"units": {"bolt": 40}}), came(31, 40)))
    assert (cut.in_full, cut.on_time, cut.given_up) == (False, False, False)
    lowered, _ = facts(two_lines(("change", T0 + DAY_MS, {"units": {"bolt": 40}}), came(5, 40)))
    assert (lowered.in_full, lowered.on_time) == (True, True)


def test_what_was_promised_first_holds_of_a_line_that_the_site_did_not_touch() -> None:
    promised = {"dues": {"bolt": T0 + 3 * DAY_MS, "nut": T0 + 3 * DAY_MS}}
    later = {"dues": {"bolt": T0 + 5 * DAY_MS, "nut": T0 + 5 * DAY_MS}}
    history = two_lines(
        ("confirm", T0, promised), ("change", T0 + DAY_MS, {"units": {"nut": 9}}), ("confirm", T0 + DAY_MS, later)
    )
    assert {one.sku: (one.due_ms - T0) // DAY_MS for one in facts(history)} == {"bolt": 3, "nut": 5}
    moved = two_lines(("confirm", T0, {}), ("confirm", T0 + DAY_MS, {"dues": {"bolt": T0 + 2 * DAY_MS}}))
    assert facts(moved)[0].due_ms == T0 + 5 * DAY_MS


def test_nothing_is_known_of_an_order_that_was_not_sent() -> None:
    assert facts(history()[:2]) == []


@pytest.mark.parametrize(
    ("day", "on_time"), [(0.1, True), (3.9, True), (5.0, True), (5.9, True), (6.0, False), (9.0, False)]
)
def test_on_time_is_on_the_promised_day_or_however_early(day: float, on_time: bool) -> None:
    assert fact(came(day)).on_time is on_time


def test_a_date_that_the_supplier_moves_later_excuses_nothing() -> None:
    moved = ("confirm", T0 + 2 * DAY_MS, {"dues": {"bolt": T0 + 30 * DAY_MS}})
    first: Step = ("confirm", T0, {"dues": {"bolt": T0 + 10 * DAY_MS}})
    late: Step = ("confirm", moved[1], moved[2])
    sooner: Step = ("confirm", T0, {"dues": {"bolt": T0 + 3 * DAY_MS}})
    assert fact(sooner, late, came(30)).due_ms == T0 + 3 * DAY_MS
    assert not fact(sooner, late, came(30)).on_time
    assert fact(first, late, came(30)).due_ms == DUE, "nor does a promise later than what was asked for"
    advice: Step = ("ship", T0 + 5 * DAY_MS, {"units": {"bolt": 100}, "dues": {"bolt": T0 + 30 * DAY_MS}, "key": "a"})
    assert fact(advice, came(30)).due_ms == DUE


def test_a_date_that_the_site_moves_is_the_new_promise() -> None:
    ours: Step = ("change", T0 + DAY_MS, {"dues": {"bolt": T0 + 20 * DAY_MS}})
    again: Step = ("confirm", T0 + DAY_MS, {})
    assert fact(ours, again, came(20)).on_time
    promise: Step = ("confirm", T0, {"dues": {"bolt": T0 + 4 * DAY_MS}})
    assert fact(promise, ours, came(20)).due_ms == T0 + 20 * DAY_MS, "the promise was for another day"
    fewer: Step = ("change", T0 + DAY_MS, {"units": {"bolt": 90}})
    later: Step = ("confirm", T0, {"dues": {"bolt": T0 + 30 * DAY_MS}})
    assert fact(later, fewer, again, came(30, 90)).due_ms == DUE, "the site asked for other units, not another day"


def test_a_supplier_that_confirms_less_than_asked_is_not_in_full() -> None:
    less: Step = ("confirm", T0, {"units": {"bolt": 80}})
    one = fact(less, came(5, 80))
    assert (one.asked, one.received, one.in_full, one.on_time) == (100, 80, False, True)


def test_a_line_that_was_cancelled_before_its_day_is_not_held_against_the_supplier() -> None:
    assert shares([fact(("cancel", T0 + DAY_MS, {}))], LATER).lines == 0
    assert shares([fact(("cancel", DUE + 2 * DAY_MS, {}))], LATER).on_time == 0


def test_a_line_is_judged_once_its_day_is_past_though_nothing_came() -> None:
    assert shares([fact()], DUE).lines == 0
    assert shares([fact()], DUE + DAY_MS).on_time_in_full == 0


def test_a_line_is_judged_when_all_is_in_or_else_a_day_after_its_date() -> None:
    late_ms = DUE + DAY_MS
    assert fact(came(2)).judged_ms(LATER) == T0 + 2 * DAY_MS
    assert fact(came(2)).judged_ms(T0 + 2 * DAY_MS) == T0 + 2 * DAY_MS
    assert fact(came(2, 60)).judged_ms(DUE) == 0
    assert fact(came(2, 60)).judged_ms(late_ms) == fact(came(9)).judged_ms(LATER) == late_ms
    assert fact(("cancel", T0 + DAY_MS, {})).judged_ms(LATER) == 0


def test_shares_of_lines() -> None:
    told = [fact(came(5)), fact(came(8)), fact(came(5, 90, 10)), fact(came(5, 60), came(9, 40))]
    found = shares(told, LATER)
    assert (found.lines, found.on_time, found.in_full, found.on_time_in_full) == (4, 0.5, 0.75, 0.25)
    assert found.checked == 4
    assert found.accepted == pytest.approx((3 + 0.9) / 4)


def test_goods_came_when_the_shelf_saw_them_not_when_somebody_booked_them() -> None:
    versions = history()
    made = receive(versions[-1], {"bolt": 100}, "kim", "buyer", T0 + 9 * DAY_MS, LIMITS, came_ms=DUE, key="n1")
    assert not isinstance(made, Refusal)
    (one,) = facts([*versions, made.order], came_at(0, made.entries))
    assert one.lead_days(LATER) == 5
    assert facts([*versions, made.order])[0].lead_days(LATER) == 9


def test_without_facts_the_lead_time_is_the_quoted_one() -> None:
    found = lead_time([], 5.0, 1.0, LATER)
    assert (found.mean_days, found.sd_days, found.n, found.seen_days) == (5.0, 1.0, 0, None)


def test_with_as_many_facts_as_the_prior_is_worth_word_and_fact_weigh_the_same() -> None:
    found = lead_time([a_line(9.0, n) for n in range(PRIOR_LINES)], 5.0, 0.0, LATER)
    assert found.mean_days == pytest.approx(7.0)
    assert found.sd_days == pytest.approx(2.0)  # sqrt(4 * 4 / 8 * 4^2 / 8)
    assert found.seen_days == pytest.approx(9.0)


def test_many_facts_speak_for_themselves_and_old_ones_are_forgotten() -> None:
    old = [a_line(30.0, n) for n in range(40)]
    new = [a_line(8.0 if n % 2 else 12.0, 100 + n) for n in range(LINES_MAX)]
    found = lead_time(old + new, 5.0, 1.0, LATER + 200 * DAY_MS)
    assert found.n == LINES_MAX
    assert found.mean_days == pytest.approx(10.0, abs=0.5)
    assert found.sd_days == pytest.approx(2.0, abs=0.6)


def test_a_line_that_is_overdue_counts_with_its_wait_so_far() -> None:
    waiting = Fact("acme", "bolt", 1, T0, 10, DUE, 2.0)
    assert lead_time([waiting], 5.0, 0.0, T0 + 4 * DAY_MS).n == 0
    assert lead_time([waiting], 5.0, 0.0, T0 + 15 * DAY_MS).mean_days == pytest.approx(7.0)


@given(st.lists(st.floats(0, 60), max_size=30), st.floats(0, 30), st.floats(0, 10))
def test_the_lead_time_lies_between_what_was_quoted_and_what_was_seen(
    days: list[float], quoted: float, spread: float
) -> None:
    found = lead_time([a_line(one, n) for n, one in enumerate(days)], quoted, spread, LATER)
    mean = sum(days) / len(days) if days else quoted
    assert min(mean, quoted) - 1e-6 <= found.mean_days <= max(mean, quoted) + 1e-6
    assert found.sd_days >= 0


OFFERS = [Offer("acme", "bolt", 2.0), Offer("best", "bolt", 1.5, breaks=[Break(100, 1.0)]), Offer("acme", "nut", 1.0)]


def test_a_score_weighs_what_is_known_and_says_what_is_not() -> None:
    card = scorecard("acme", [fact(came(5))] * 4, OFFERS, [], {}, LATER)
    assert card.missing == ["service", "innovation"]
    assert [part.n for part in card.parts] == [4, 4, 4, 0, 0]
    assert sum(part.share for part in card.parts) == pytest.approx(1)
    assert card.parts[0].share == pytest.approx(30 / 75)
    assert [part.value for part in card.parts[:3]] == pytest.approx([98.5, 72.5, 92.5])
    assert card.score == pytest.approx((30 * 98.5 + 25 * 72.5 + 20 * 92.5) / 75)


def test_without_any_evidence_there_is_no_score() -> None:
    card = scorecard("acme", [], OFFERS, [], {}, LATER)
    assert card.score is None
    assert len(card.missing) == 5


def test_one_bad_line_of_one_is_not_nought() -> None:
    card = scorecard("acme", [fact(came(30, 50, 50))], OFFERS, [], {}, LATER)
    assert card.parts[0].value == pytest.approx(100 * (4 * QUALITY.share + 0.5) / 5)
    assert card.parts[2].value == pytest.approx(100 * 4 * DELIVERY.share / 5)


def test_the_cost_of_what_nobody_else_offers_says_nothing() -> None:
    only = [Offer("acme", "bolt", 2.0)]
    assert scorecard("acme", [fact(came(5))], only, [], {}, LATER).parts[1].value is None


def test_what_never_came_was_not_paid_and_tells_nothing_of_the_cost() -> None:
    cancelled = fact(("cancel", T0 + DAY_MS, {}))
    card = scorecard("acme", [cancelled, fact()], OFFERS, [], {}, DUE)
    assert (card.score, [part.value for part in card.parts]) == (None, [None] * 5)
    alone = scorecard("acme", [fact(came(5))], OFFERS, [], {}, LATER).parts[1]
    assert scorecard("acme", [fact(came(5)), cancelled], OFFERS, [], {}, LATER).parts[1] == alone
    dear = Fact("acme", "bolt", 1, T0, 100, DUE, 10.0, [Came(DUE, 1, 0)], DUE, True)
    two = scorecard("acme", [fact(came(5)), dear], OFFERS, [], {}, LATER).parts[1]
    assert two.value == pytest.approx(100 * (4 * 0.95 + 2 * (100 + 1) / (200 + 10)) / 6)


def test_the_newest_mark_counts_and_others_facts_do_not() -> None:
    marks = [
        Mark("acme", "service", 80.0, T0 + 2, "lee"),
        Mark("acme", "service", 20.0, T0 + 1, "kim"),
        Mark("best", "innovation", 90.0, T0, "kim"),
    ]
    card = scorecard("acme", [], OFFERS, marks, {}, LATER)
    assert (card.score, card.parts[3].by, card.parts[3].n, card.parts[3].at_ms) == (80.0, "lee", 2, T0 + 2)
    assert scorecard("best", [fact(came(5))], OFFERS, marks, {}, LATER).score == 90.0


def test_weights_can_be_set_and_a_weight_of_nought_takes_a_criterion_out() -> None:
    marks = [Mark("acme", "service", 80.0, T0, "kim"), Mark("acme", "innovation", 20.0, T0, "kim")]
    assert scorecard("acme", [], [], marks, {"service": 10, "innovation": 30}, T0).score == pytest.approx(35.0)
    assert scorecard("acme", [], [], marks, {"innovation": 0}, T0).score == pytest.approx(80.0)


def test_what_is_measured_is_not_entered_and_marks_are_0_to_100() -> None:
    assert unfit_mark(Mark("acme", "service", 100.0, T0, "kim")) is None
    assert (unfit_mark(Mark("acme", "quality", 50.0, T0, "kim")) or Refusal("", "", "")).reason == "measured"
    for wrong in (-1.0, 101.0, float("nan")):
        assert (unfit_mark(Mark("acme", "service", wrong, T0, "kim")) or Refusal("", "", "")).reason == "mark"
