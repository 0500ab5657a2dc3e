"""Which greetings and batches of a gateway the service takes, and what it tells whom of the policies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.links import AHEAD_FOR_MS, ASK_AGAIN_MS, LOOK_AGAIN_MS, Link, Pace, PolicyBook, admit, greet
from protocols.uplink import VERSION, Batch, Hello, Policy

NOW = 1_763_762_400_000
SITE = "demo"


def hello(next_seq: int = 0, **changed: object) -> Hello:
    return Hello(**{"version": VERSION, "gateway": "gw", "site": SITE, "next_seq": {"events": next_seq}} | changed)  # type: ignore[arg-type]


def batch(*seqs: int, sent_ms: int = NOW) -> Batch:
    return Batch(1, "events", sent_ms, False, [*seqs], [b""] * len(seqs))


def greeted(link: Link, route: bytes, said: Hello, top: int = -1, now_ms: int = NOW) -> str:
    wrong = greet(link, "gw", SITE, route, said, {"events": top}, now_ms)
    return "" if wrong is None else wrong.reason


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (hello(version=VERSION + 1), "is not spoken here"),
        (hello(version=0), "is not spoken here"),
        (hello(gateway="other"), "belongs to 'gw'"),
        (hello(site="berlin"), "keeps site"),
        (hello(5), "from the start again"),
        (Hello(VERSION, "gw", SITE, {}), "from the start again"),
    ],
)
def test_a_greeting_that_is_refused_leaves_the_link_as_it_was(said: Hello, word: str) -> None:
    link = Link()
    assert greeted(link, b"a", hello(6), top=5) == ""

    assert word in greeted(link, b"b", said, top=5, now_ms=NOW + 1)

    assert (link.route, link.left, link.last_seen_ms, link.next_seq) == (b"a", [], NOW, {"events": 6})
    assert admit(link, "gw", b"a", batch(6), NOW) is None


def test_a_connection_that_was_left_never_comes_back() -> None:
    link = Link()
    for route in (b"a", b"b", b"c"):
        assert greeted(link, route, hello()) == ""

    for route in (b"a", b"b"):
        assert "came later" in greeted(link, route, hello())
        wrong = admit(link, "gw", route, batch(0), NOW)
        assert wrong is not None
        assert "came later" in wrong.reason
    assert admit(link, "gw", b"c", batch(0), NOW) is None
    assert link.taken_over == 4


def test_connections_without_number_are_forgotten_oldest_first() -> None:
    link = Link()
    for number in range(1000):
        greeted(link, b"%d" % number, hello())

    assert len(link.left) == 32
    assert link.left[-1] == b"998"


def test_what_comes_again_is_asked_for_once_in_a_while_and_at_once_of_a_new_connection() -> None:
    link = Link()
    greeted(link, b"a", hello())

    assert [link.ask(NOW + at_ms) for at_ms in (0, 1, ASK_AGAIN_MS - 1, ASK_AGAIN_MS)] == [True, False, False, True]

    greeted(link, b"b", hello())
    assert link.ask(NOW + ASK_AGAIN_MS + 1)


def test_what_is_lacking_is_looked_for_once_a_second_and_at_once_of_a_new_connection() -> None:
    link = Link()
    greeted(link, b"a", hello())

    assert [link.look(NOW + at_ms) for at_ms in (0, 1, LOOK_AGAIN_MS - 1, LOOK_AGAIN_MS)] == [True, False, False, True]

    greeted(link, b"b", hello())
    assert link.look(NOW + LOOK_AGAIN_MS + 1)


def test_a_pace_may_be_that_of_a_minute() -> None:
    pace = Pace(1, within_ms=60_000)

    assert [pace.step(NOW // 60_000 * 60_000 + at_ms) for at_ms in (0, 1000, 59_999, 60_000)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_clock_is_judged_by_the_batch_that_was_least_under_way() -> None:
    link = Link()
    greeted(link, b"a", hello())
    for late_ms in (500, 3, 40, 9000):
        assert admit(link, "gw", b"a", batch(0, sent_ms=NOW + 60_000 - late_ms), NOW) is None
    assert link.ahead_ms == 59_997

    later_ms = NOW + AHEAD_FOR_MS + 1
    admit(link, "gw", b"a", batch(0, sent_ms=later_ms - 20), later_ms)
    assert link.ahead_ms == -20, "it was set right since"


@given(st.lists(st.integers(0, 5000), max_size=60))
def test_no_second_holds_more_than_its_limit(steps: list[int]) -> None:
    pace = Pace(3)
    allowed: dict[int, int] = {}
    now_ms = 0
    for step in steps:
        now_ms += step
        if pace.step(now_ms):
            allowed[now_ms // 1000] = allowed.get(now_ms // 1000, 0) + 1
    assert all(count <= 3 for count in allowed.values())
    assert allowed.keys() == {now_ms // 1000 for now_ms in _moments(steps)}, "and none is silent"


def _moments(steps: list[int]) -> list[int]:
    return [sum(steps[: at + 1]) for at in range(len(steps))]


POLICIES = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)


@given(st.lists(st.tuples(POLICIES, st.booleans()), max_size=12))
def test_a_gateway_that_is_told_what_changed_knows_every_policy(steps: list[tuple[dict[str, int], bool]]) -> None:
    book, told = PolicyBook(), 0
    now: dict[str, Policy] = {}
    known: dict[str, Policy] = {}
    for points, listens in steps:
        now |= {sku: Policy(sku, point, 10, False) for sku, point in points.items()}
        book.note(now.values())
        if listens:
            changed, told = book.since(told), book.edition
            known |= {one.sku: one for one in changed}
            assert known == now
    assert book.since(book.edition) == []
