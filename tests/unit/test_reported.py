"""Gateways' own alarms among the service's alerts: one thing is one alert, whoever saw it, in whatever order."""

from __future__ import annotations

from cloud.alerts import lifecycle, reported, rules
from cloud.alerts.facts import GatewayLink
from cloud.alerts.lifecycle import Alert, Book, Condition
from cloud.alerts.reported import GRACE_MS, LEASE_MS, Reported
from cloud.core.ordering import CALM_MS
from protocols.reports import Alarm

T0 = 1_763_762_400_000
UP = {"gw": GatewayLink(True, T0)}
DOWN = {"gw": GatewayLink(False, T0)}
DELAYS = rules.delays()
HOLD_MS, CLEAR_MS = DELAYS["zone_temperature"]
OURS = Condition("zone_temperature", "cold", "cold", 1, {"value": 9.0})


def warm(state: str, at_ms: int) -> Alarm:
    return Alarm("zone_temperature", "cold", "cold", state, T0, at_ms, {"value": 9.0, "limit": 8.0})  # type: ignore[arg-type]


def full(state: str, at_ms: int) -> Alarm:
    return Alarm("outbox_full", "gw", "", state, T0, at_ms, {"used_pct": 93.0})  # type: ignore[arg-type]


class Desk:
    """The service's alerts, a second at a time."""

    def __init__(self) -> None:
        self.words, self.book, self.told = Reported(), Book(), list[tuple[int, str]]()

    def run(self, from_ms: int, to_ms: int, ours: list[Condition], links: dict[str, GatewayLink] = UP) -> None:
        for now_ms in range(from_ms, to_ms, 1000):
            seen = [*ours, *self.words.conditions(ours, DELAYS, links, now_ms)]
            self.book, steps = lifecycle.step(self.book, seen, reported.with_delays(DELAYS, seen), now_ms)
            self.told += [(now_ms, one.alert.state) for one in steps if one.alert.state in ("firing", "resolved")]

    @property
    def open(self) -> list[Alert]:
        return [one for one in self.book.open.values() if one.state == "firing"]


def test_what_only_a_gateway_can_see_is_shown_at_once_as_from_there_and_ends_when_it_says_so() -> None:
    desk = Desk()
    desk.words.hear("gw", 7, full("firing", T0), T0)

    desk.run(T0, T0 + 10_000, [])
    (alert,) = desk.open
    assert (alert.severity, alert.params["gateway"], alert.params["used_pct"]) == (2, "gw", 93.0)
    desk.words.hear("gw", 8, full("resolved", T0 + 10_000), T0 + 10_000)
    desk.run(T0 + 10_000, T0 + 20_000, [])

    assert desk.told == [(T0, "firing"), (T0 + 10_000, "resolved")]


def test_what_our_rule_sees_too_is_our_one_alert_whichever_of_them_ends_first() -> None:
    desk = Desk()
    desk.run(T0, T0 + HOLD_MS, [OURS])
    desk.words.hear("gw", 7, warm("firing", T0 + HOLD_MS), T0 + HOLD_MS)
    desk.run(T0 + HOLD_MS, T0 + 2 * HOLD_MS, [OURS])
    ends_ms = T0 + 2 * HOLD_MS
    desk.run(ends_ms, ends_ms + CLEAR_MS + 20_000, [])  # the gateway's own end comes a little later
    desk.words.hear("gw", 8, warm("resolved", ends_ms + CLEAR_MS + 20_000), ends_ms + CLEAR_MS + 20_000)
    desk.run(ends_ms + CLEAR_MS + 20_000, ends_ms + 3 * CLEAR_MS, [])

    assert desk.told == [(T0 + HOLD_MS, "firing"), (ends_ms + CLEAR_MS, "resolved")]


def test_what_our_rule_should_see_but_does_not_is_shown_after_the_rule_had_its_time() -> None:
    desk = Desk()
    desk.words.hear("gw", 7, warm("firing", T0), T0)

    desk.run(T0, T0 + HOLD_MS + GRACE_MS, [])
    assert desk.told == []
    desk.run(T0 + HOLD_MS + GRACE_MS, T0 + HOLD_MS + GRACE_MS + 1000, [])
    (alert,) = desk.open
    assert (alert.params["side"], alert.params["unit"], alert.params["gateway"]) == ("high", "Cel", "gw")
    desk.run(T0 + HOLD_MS + GRACE_MS + 1000, T0 + HOLD_MS + GRACE_MS + 5000, [OURS])  # now it does: the same alert

    assert [one.id for one in desk.open] == [alert.id]


def test_an_old_alarm_in_a_backlog_raises_nothing_when_its_end_comes_behind_or_came_before() -> None:
    for order in ((7, 8), (8, 7)):
        desk, now_ms = Desk(), T0 + 86_400_000
        for at, seq in enumerate(order):
            word = full("firing", T0) if seq == 7 else full("resolved", T0 + 60_000)
            desk.words.hear("gw", seq, word, now_ms + at * 1000)
            desk.run(now_ms + at * 1000, now_ms + at * 1000 + 1000, [])
        desk.run(now_ms + 2000, now_ms + 20_000, [])
        assert desk.told == []


def test_an_old_alarm_that_still_fires_is_shown_once_the_backlog_is_calm() -> None:
    desk, now_ms = Desk(), T0 + 86_400_000
    desk.words.hear("gw", 7, full("firing", T0), now_ms)
    desk.run(now_ms, now_ms + 10_000, [])

    assert desk.told == [(now_ms + CALM_MS, "firing")]


def test_a_gateway_that_is_away_keeps_its_alert_and_starts_none() -> None:
    desk = Desk()
    desk.words.hear("gw", 7, full("firing", T0), T0)
    desk.run(T0, T0 + 1000, [], DOWN)
    assert desk.told == []

    desk.run(T0 + 1000, T0 + 2000, [], UP)
    desk.run(T0 + 2000, T0 + 2 * LEASE_MS, [], DOWN)
    assert desk.told == [(T0 + 1000, "firing")]


def test_an_alarm_that_its_gateway_no_longer_repeats_is_over_though_its_end_was_lost() -> None:
    desk = Desk()
    desk.words.hear("gw", 7, full("firing", T0), T0)
    desk.run(T0, T0 + LEASE_MS, [])
    desk.words.hear("gw", 9, full("firing", T0 + LEASE_MS), T0 + LEASE_MS)
    desk.run(T0 + LEASE_MS, T0 + 2 * LEASE_MS + 5000, [])

    assert desk.told == [(T0, "firing"), (T0 + 2 * LEASE_MS + 1000, "resolved")]


def test_a_restart_of_the_service_neither_ends_nor_repeats_what_a_gateway_said() -> None:
    desk = Desk()
    desk.words.hear("gw", 7, full("firing", T0), T0)
    desk.run(T0, T0 + 1000, [])
    again = Desk()
    again.book = lifecycle.restore(desk.book.open.values())
    again.words.restore([("gw", 7, full("firing", T0))], again.book.open.values(), T0 + 60_000)

    again.run(T0 + 60_000, T0 + 120_000, [])
    assert again.told == []
    again.words.hear("gw", 8, full("resolved", T0 + 120_000), T0 + 120_000)
    again.run(T0 + 120_000, T0 + 121_000, [])
    assert [state for _, state in again.told] == ["resolved"]


def test_words_are_kept_up_to_a_limit_the_oldest_go() -> None:
    words = Reported()
    for at in range(reported.WORDS_MAX + 5):
        words.hear("gw", at, Alarm("outbox_full", f"n{at}", "", "firing", T0, T0, {}), T0 + at)

    assert len(words.words) == reported.WORDS_MAX
    assert ("gw", "outbox_full", "n0") not in words.words
