"""A write whose answer was lost is asked for again under its key, also when the service died meanwhile.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest

from cloud.stores.answers import Answer
from cloud.stores.ledger import Ledger
from cloud.stores.tables_people import answer
from cloud.web.desk import Unavailable
from cloud.web.routing import Media
from cloud.web.sign_in import hash_token
from cloud.web.writes import KEPT_BYTES_MAX, SECRET, Key, Reply, Writes
from tests.contract.ledgers import Place
from tests.contract.test_web_session import routes
from tests.contract.trade_site import TradeSite

SCORES = "/api/v1/suppliers/acme/scores"
MARK = {"criterion": "service", "value": 90}
TELLING = re.compile(r"(?<!new_)(secret|password|passphrase|credential)|^(old|new|url|webhook|heartbeat)$")
"""What a field is called that holds what is kept nowhere in the clear."""


@pytest.fixture
async def keeping(trading: TradeSite) -> TradeSite:
    """A depot whose web keeps its answers."""
    trading.keeps_answers = True
    await trading.restart()
    return trading


async def test_a_write_is_done_once_and_answered_the_same_after_a_restart(keeping: TradeSite) -> None:
    first = await keeping.ask("mo", "POST", SCORES, MARK, "k-1")
    unknown = await keeping.ask("mo", "POST", "/api/v1/suppliers/x/scores", MARK, "k-1")
    assert (first[0], unknown[0]) == (200, 404)

    for _ in range(2):
        await keeping.restart()
        assert await keeping.ask("mo", "POST", SCORES, MARK, "k-1") == first
        assert await keeping.ask("mo", "POST", "/api/v1/suppliers/x/scores", MARK, "k-1") == unknown
        assert await keeping.refused(SCORES, {**MARK, "value": 80}, "mo", "k-1") == (409, "key_used")

    assert len(keeping.service.ledger.books.scores()) == 1
    await keeping.post(SCORES, MARK, "mo", "k-2")
    assert len(keeping.service.ledger.books.scores()) == 2


async def test_a_tag_and_an_empty_answer_come_back_too(keeping: TradeSite) -> None:
    path = "/api/v1/reservations"
    await keeping.post("/api/v1/book", {"kind": "receipt", "sku": "bolt", "units": 9})
    first = await keeping.request("bo", "POST", path, {"sku": "bolt", "units": 2}, {"Idempotency-Key": "k-1"})
    made = await keeping.post("/api/v1/tokens", {"name": "erp", "scopes": ["look"], "days": 9}, "mo")
    dropped = f"/api/v1/tokens/{made['token']['id']}"
    assert (await keeping.ask("mo", "DELETE", dropped, None, "k-1"))[0] == 204

    await keeping.restart()

    again = await keeping.request("bo", "POST", path, {"sku": "bolt", "units": 2}, {"Idempotency-Key": "k-1"})
    assert (again[0], again[1]["ETag"], again[2]) == (first[0], first[1]["ETag"], first[2])
    assert (await keeping.ask("mo", "DELETE", dropped, None, "k-1"))[0] == 204


async def test_what_is_told_once_is_neither_kept_nor_made_again(keeping: TradeSite) -> None:
    token: dict[str, object] = {"name": "erp", "scopes": ["look"], "days": 9}
    made = await keeping.post("/api/v1/tokens", token, "mo", "k-1")
    let_in = await keeping.post("/api/v1/users", {"name": "kim", "role": "viewer"}, "mo", "k-1")
    assert await keeping.post("/api/v1/tokens", token, "mo", "k-1") == made  # the service itself still knows
    assert await keeping.refused("/api/v1/users", {"name": "kim", "role": "viewer"}, "mo", "k-2") == (422, "name_taken")

    await keeping.restart()

    assert await keeping.refused("/api/v1/tokens", token, "mo", "k-1") == (409, "told_once")
    assert await keeping.refused("/api/v1/tokens", {**token, "days": 3}, "mo", "k-1") == (409, "key_used")
    assert await keeping.refused("/api/v1/users", {"name": "kim", "role": "viewer"}, "mo", "k-1") == (409, "told_once")
    assert [one.token_hash for one in keeping.service.ledger.people.tokens("mo")] == [hash_token(made["secret"])]
    with keeping.service.ledger._reading() as connection:
        kept = repr([*connection.execute(answer.select())])
    assert kept.count("k-1") == 2
    assert made["secret"] not in kept
    assert let_in["password"] not in kept


async def test_what_was_refused_did_nothing_and_is_looked_at_anew_after_a_restart(keeping: TradeSite) -> None:
    held = {"sku": "bolt", "units": 2}
    assert await keeping.refused("/api/v1/reservations", held, "bo", "k-1") == (422, "not_enough")
    await keeping.post("/api/v1/book", {"kind": "receipt", "sku": "bolt", "units": 9})
    assert await keeping.refused("/api/v1/reservations", held, "bo", "k-1") == (422, "not_enough")

    await keeping.restart()

    assert (await keeping.post("/api/v1/reservations", held, "bo", "k-1"))["state"] == "held"


async def test_nobody_makes_what_others_were_answered_forgotten(
    keeping: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by refusals nor by what they really do, with and without a restart."""
    monkeypatch.setattr(Writes.__init__, "__defaults__", (None, 6))
    await keeping.restart()
    first = await keeping.post(SCORES, MARK, "mo", "k-1")
    for number in range(9):
        await keeping.ask("ada", "DELETE", "/api/v1/tokens/none", None, f"a-{number}")
        await keeping.post("/api/v1/book", {"kind": "receipt", "sku": "bolt", "units": 1}, "bo", f"b-{number}")
    assert await keeping.post(SCORES, MARK, "mo", "k-1") == first

    await keeping.restart()

    assert await keeping.post(SCORES, MARK, "mo", "k-1") == first
    assert len(keeping.service.ledger.books.scores()) == 1


async def test_of_an_answer_too_large_to_keep_it_is_known_that_it_was_done(
    keeping: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.web.writes.KEPT_BYTES_MAX", 10)
    await keeping.post(SCORES, MARK, "mo", "k-1")

    await keeping.restart()

    assert await keeping.refused(SCORES, MARK, "mo", "k-1") == (409, "told_once")
    assert await keeping.refused(SCORES, {**MARK, "value": 80}, "mo", "k-1") == (409, "key_used")
    assert len(keeping.service.ledger.books.scores()) == 1


def test_every_write_that_holds_what_is_kept_nowhere_is_known_for_it() -> None:
    """A new one stands in `SECRET`, or its answer would lie open in the ledger."""
    found = {
        kind
        for one in routes()
        if one.act is not None
        for kind in (one.body, one.answer)
        if not isinstance(kind, Media) and any(TELLING.search(name) for name in fields(kind, set()))
    }

    assert {one.__name__ for one in found - SECRET} == set()


def fields(kind: Any, seen: set[int]) -> Iterator[str]:
    """The names of all text in a type, however deep."""
    if id(kind) in seen:
        return
    seen.add(id(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for name, inner in typing.get_type_hints(kind).items():
            if inner is not bool:
                yield name
            yield from fields(inner, seen)
    for inner in typing.get_args(kind):
        yield from fields(inner, seen)


class Away:
    """Nothing can be kept."""

    def __init__(self) -> None:
        self.asked = 0

    async def newest(self, most: int) -> list[tuple[Key, Reply]]:
        return []

    async def keep(self, key: Key, reply: Reply, most: int) -> None:
        self.asked += 1
        raise Unavailable("the disk is full", "make room")


async def test_what_was_done_is_answered_though_it_can_not_be_kept(
    keeping: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Away()
    monkeypatch.setattr("tests.contract.trade_site.LedgerAnswers", lambda _: away)
    await keeping.restart()

    first = await keeping.post(SCORES, MARK, "mo", "k-1")

    assert (await keeping.post(SCORES, MARK, "mo", "k-1"), away.asked) == (first, 1)


def test_the_newest_answers_stay_and_the_first_under_a_key(tmp_path: Any) -> None:
    place = Place(tmp_path)
    with closing(place.ledger()) as ledger:
        every = [Answer("bo", "/a", f"k-{number}", "ab", 200, b"\0" * KEPT_BYTES_MAX, "") for number in range(5)]
        for one in every:
            ledger.answers.keep(one, 3)
        ledger.answers.keep(every[4]._replace(status=404), 3)

    with closing(Ledger(place.url)) as again:
        assert again.answers.newest(10) == every[2:]
        assert again.answers.newest(2) == every[3:]


async def test_so_many_are_remembered_and_no_more() -> None:
    class Full(Away):
        async def newest(self, most: int) -> list[tuple[Key, Reply]]:
            return [(("bo", "/a", str(number)), Reply("ab", 200, b"", "")) for number in range(most + 5)]

    writes = Writes(Full(), limit=10)
    await writes._recall()

    assert len(writes) == 10
