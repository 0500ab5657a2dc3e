"""What the gateway tells people by itself: only while the service is away, each thing once, whatever else happens."""

from __future__ import annotations

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge.channels import written
from edge.core import alarms, telling
from edge.core.alarms import Book, Condition, told_by_us
from edge.core.telling import Board, Notice, done, due
from protocols.alarms import TOLD
from protocols.documents import alertmanager
from protocols.reports import Alarm

T0 = 1_763_762_400_000
MINUTE_MS = 60_000


class Hour:
    """A gateway's alarms and one channel, a second a step: which conditions hold, whether the service is heard, and
    what the channel answers, are functions of the second."""

    def __init__(self, status: int = 200) -> None:
        self.book, self.board = Book(), Board()
        self.status, self.posts = status, list[tuple[int, Notice]]()
        self.reports: list[Alarm] = []
        self.heard_s = 0

    def run(self, seconds: range, wrong: list[tuple[str, str, range]], away: range) -> None:
        for second in seconds:
            now_ms = T0 + second * 1000
            if second not in away:
                self.heard_s = second
            silent_ms = 1000 * (second - self.heard_s)
            seen = [
                Condition(rule, subject, subject, {"value": 9.0}) for rule, subject, when in wrong if second in when
            ]
            seen += alarms.of_gateway(alarms.Own("gw", silent_ms=silent_ms), now_ms)
            self.reports += alarms.step(self.book, seen, now_ms, linked=silent_ms == 0)
            for notice in due(self.board, ["pager"], self.book, now_ms):
                self.posts.append((second, notice))
                keys = done(self.board, notice, self.status, "", now_ms)
                self.reports += told_by_us(self.book, keys, now_ms)

    def told(self) -> list[tuple[int, list[str], list[str]]]:
        return [
            (at, list(map(telling.key_of, one.firing)), list(map(telling.key_of, one.over))) for at, one in self.posts
        ]


BREACH = "temperature_breach"


def test_a_breach_while_the_service_is_away_is_told_once_and_its_end_too() -> None:
    hour = Hour()

    hour.run(range(7200), [(BREACH, "cold", range(1800, 3000))], range(60, 3660))

    assert hour.told() == [
        (359, ["service_away/gw"], []),
        (1800, [f"{BREACH}/cold"], []),
        (3300, [], [f"{BREACH}/cold"]),
        (3660, [], ["service_away/gw"]),
    ]


def test_what_the_service_knew_before_it_went_away_is_told_by_the_service_alone() -> None:
    hour = Hour()

    hour.run(range(3600), [(BREACH, "cold", range(100, 3600))], range(1000, 3600))

    assert hour.told() == [(1299, ["service_away/gw"], [])]


def test_what_fired_moments_before_the_service_went_away_may_not_have_reached_it_and_is_told() -> None:
    hour = Hour()

    hour.run(range(1200), [(BREACH, "cold", range(950, 1200))], range(1000, 1200))
    hour.run(range(1200, 1400), [(BREACH, "cold", range(950, 1400))], range(1000, 1400))

    assert hour.told() == [(1299, ["service_away/gw", f"{BREACH}/cold"], [])]


def test_while_the_service_is_there_nothing_is_told_nor_after_it_is_back() -> None:
    hour = Hour()

    hour.run(range(3600), [(BREACH, "cold", range(100, 2000)), (BREACH, "hall", range(900, 3600))], range(300, 400))

    assert hour.told() == []


def test_a_storm_at_the_gateway_is_one_notice() -> None:
    hour = Hour()
    rooms = [(BREACH, f"room{number}", range(700, 3600)) for number in range(40)]

    hour.run(range(3600), rooms, range(60, 3600))

    assert [(at, len(firing), len(over)) for at, firing, over in hour.told()] == [(359, 1, 0), (700, 40, 0)]


def test_a_storm_that_comes_over_a_minute_is_two_notices_the_first_at_once() -> None:
    hour = Hour()
    rooms = [(BREACH, f"room{number}", range(700 + number, 3600)) for number in range(40)]

    hour.run(range(3600), rooms, range(60, 3600))

    assert [(at, len(firing)) for at, firing, _ in hour.told()] == [(359, 1), (700, 1), (760, 39)]


def test_what_is_not_critical_is_shown_and_not_told() -> None:
    hour = Hour()

    hour.run(range(3600), [("stock_out", "bolt", range(600, 3600)), ("disk_low", "gw", range(3600))], range(60, 3600))

    assert hour.told() == [(359, ["service_away/gw"], [])]


def test_an_alarm_that_comes_and_goes_is_told_once_an_hour() -> None:
    hour = Hour()
    chatter = [(BREACH, "cold", range(at, at + 200)) for at in range(600, 7200, 600)]

    hour.run(range(7200), chatter, range(60, 7200))

    begun = [at for at, firing, _ in hour.told() if f"{BREACH}/cold" in firing]
    assert len(begun) == 2
    assert begun[1] - begun[0] >= 3600


def test_a_channel_that_takes_nothing_is_tried_less_and_less_often_and_told_all_when_it_does() -> None:
    hour = Hour(status=503)
    hour.run(range(3600), [(BREACH, "cold", range(600, 7200))], range(60, 7200))
    tries = len(hour.posts)
    assert 8 <= tries <= 16
    assert len(hour.board.log) == tries

    hour.status = 200
    hour.run(range(3600, 7200), [(BREACH, "cold", range(600, 7200))], range(60, 7200))

    assert hour.told()[tries:] == [(hour.posts[tries][0], ["service_away/gw", f"{BREACH}/cold"], [])]


def test_the_log_is_bounded_and_a_receiver_that_wants_no_more_is_left_alone() -> None:
    board = Board()
    for number in range(500):
        done(board, Notice("pager", [], []), 500, "x" * 1000, T0 + number)
    assert len(board.log) == telling.LOG_MAX
    assert max(len(one.detail) for one in board.log) == 200

    hour = Hour(status=410)
    hour.run(range(3600), [(BREACH, "cold", range(600, 3600))], range(60, 3600))
    assert len(hour.posts) == 1


def test_after_a_restart_nothing_is_told_twice() -> None:
    hour = Hour()
    hour.run(range(1800), [(BREACH, "cold", range(600, 3600))], range(60, 3600))
    before = len(hour.posts)

    hour.board = msgspec.msgpack.decode(msgspec.msgpack.encode(hour.board), type=Board)
    hour.book = msgspec.msgpack.decode(msgspec.msgpack.encode(hour.book), type=Book)
    telling.forget(hour.board, ["pager"])
    hour.run(range(1800, 3600), [(BREACH, "cold", range(600, 3600))], range(60, 3600))

    assert len(hour.posts) == before == 2


def test_the_service_learns_that_people_know_already() -> None:
    hour = Hour()

    hour.run(range(3700), [(BREACH, "cold", range(1800, 3700))], range(60, 3600))

    told = [one for one in hour.reports if one.rule == BREACH]
    assert [(one.state, one.params.get(TOLD)) for one in told] == [
        ("firing", None),
        ("firing", float(T0 + 1_800_000)),
        ("firing", float(T0 + 1_800_000)),
    ]


def test_a_notice_has_alertmanagers_shape_and_says_who_tells_in_both_languages() -> None:
    hour = Hour()
    hour.run(range(7200), [(BREACH, "cold", range(1800, 3000))], range(60, 3660))
    for language, word in (("en", "Gateway gw"), ("zh", "网关 gw")):
        message, body = written(hour.posts[1][1], language, "s1", "gw", T0)
        told = json.loads(body)

        assert (told["version"], told["status"], told["receiver"]) == ("4", "firing", "pager")
        [alert] = told["alerts"]
        labels = {"alertname": BREACH, "subject": "cold", "zone": "cold", "site": "s1", "severity": "critical"}
        assert alert["labels"] == labels == told["commonLabels"]
        assert alert["fingerprint"] == alertmanager.fingerprint("s1", BREACH, "cold")
        assert (alert["endsAt"], alert["status"]) == (alertmanager.NEVER, "firing")
        assert word in alert["annotations"]["description"]
        assert BREACH not in alert["annotations"]["summary"]
        assert message == written(hour.posts[1][1], language, "s1", "gw", T0 + 9)[0]
    over = json.loads(written(hour.posts[2][1], "en", "s1", "gw", T0)[1])
    assert (over["status"], over["alerts"][0]["status"]) == ("resolved", "resolved")
    assert over["alerts"][0]["endsAt"] > over["alerts"][0]["startsAt"]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.integers(1, 60)), max_size=8),
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), max_size=3),
    st.sampled_from([200, 503]),
)
def test_whatever_happens_each_start_is_told_before_its_end_and_no_start_twice_in_an_hour(
    wrong: list[tuple[str, int, int]], aways: list[tuple[int, int]], status: int
) -> None:
    hour = Hour(status)
    away = {minute for begin, long in aways for minute in range(begin, begin + long)}
    heard = 0
    open_now: set[str] = set()
    last: dict[str, int] = {}
    for minute in range(120):
        for half in (0, 30):
            now_ms = T0 + minute * MINUTE_MS + half * 1000
            heard = heard if minute in away else now_ms
            silent_ms = now_ms - heard if heard else 0
            seen = [Condition(BREACH, one, one, {}) for one, begin, long in wrong if begin <= minute < begin + long]
            seen += alarms.of_gateway(alarms.Own("gw", silent_ms=silent_ms), now_ms)
            alarms.step(hour.book, seen, now_ms)
            for notice in due(hour.board, ["pager"], hour.book, now_ms):
                assert minute in away or not notice.firing
                if not done(hour.board, notice, status, "", now_ms) and status != 200:
                    continue
                for one in notice.firing:
                    assert one.subject not in open_now
                    assert now_ms - last.get(one.subject, -telling.AGAIN_MS) >= telling.AGAIN_MS
                    open_now.add(one.subject)
                    last[one.subject] = now_ms
                for one in notice.over:
                    assert one.subject in open_now
                    open_now.discard(one.subject)
    assert status == 200 or not open_now
