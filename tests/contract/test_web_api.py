"""The service's API over real sockets: what is written has to come from our page, what is read has an address."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cloud.core.view import Snapshot
from tests.contract.web_service import Web, error_of
from tests.desk import NOON_MS, recount, snapshot

ACK = "/api/v1/alerts/7/ack"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Requested-With": ""},
        {"X-Requested-With": "XMLHttpRequest"},
        {"Origin": ""},
        {"Origin": "null"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "http://["},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", ACK), ("POST", "/api/v1/session"), ("DELETE", "/api/v1/session")]
)
async def test_a_write_has_to_come_from_our_own_page(web: Web, headers: dict[str, str], method: str, path: str) -> None:
    person = await web.client("bo")

    async with person.request(method, path, headers=headers) as response:
        assert await error_of(response) == (403, "cross_site")

    assert web.desk.acknowledged == 0


async def test_an_acknowledgement_says_who_and_reaches_everyone(web: Web) -> None:
    person = await web.client("bo")

    async with person.post(ACK, json={"note": "on my way"}) as response:
        told = await response.json()
    async with person.get("/api/v1/alerts/7") as response:
        seen = await response.json()

    assert (told["state"], told["acknowledged_by"], told["note"]) == ("acknowledged", "bo", "on my way")
    assert seen == told
    assert web.live.current.q == 1


async def test_the_same_key_gets_the_same_reply_and_acts_once(web: Web) -> None:
    person = await web.client("bo")
    replies = []
    for _ in range(3):
        async with person.post(ACK, headers={"Idempotency-Key": "k-1"}) as response:
            replies.append((response.status, await response.read()))

    async with person.post(ACK, headers={"Idempotency-Key": "k-2"}) as response:
        assert response.status == 200

    assert len(set(replies)) == 1
    assert web.desk.acknowledged == 2
    assert web.live.current.q == 1  # the second effect was none


async def test_a_key_belongs_to_who_used_it_for_what_it_was_used(web: Web) -> None:
    bo, mo = await web.client("bo"), await web.client("mo")
    key = {"Idempotency-Key": "k-1"}
    async with bo.post(ACK, headers=key):
        pass

    async with bo.post("/api/v1/alerts/8/ack", headers=key) as response:
        assert await error_of(response) == (409, "conflict")
    async with mo.post(ACK, headers=key) as response:
        assert (await response.json())["acknowledged_by"] == "bo"

    assert web.desk.acknowledged == 2


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/api/v1/alerts/99/ack", b"", (404, "unknown")),
        ("/api/v1/alerts/seven/ack", b"", (404, "unknown")),
        ("/api/v1/alerts/8/ack", b"", (409, "conflict")),
        (ACK, b"{", (400, "bad_request")),
        (ACK, b'"on my way"', (400, "bad_request")),
        (ACK, b'{"note": 1}', (400, "bad_request")),
        (ACK, b'{"note": "' + b"x" * 501 + b'"}', (400, "bad_request")),
        (ACK, b'{"state": "resolved"}', (400, "bad_request")),
        (ACK, b"x" * (64 * 1024 + 1), (413, "too_large")),
        ("/api/v1/session", b"x" * 1_000_000, (413, "too_large")),
        ("/api/v1/stock", b"", (405, "wrong_method")),
    ],
)
async def test_a_bad_write_is_refused_in_words(web: Web, path: str, body: bytes, expected: tuple[int, str]) -> None:
    person = await web.client("bo")

    async with person.post(path, data=body) as response:
        assert await error_of(response) == expected

    assert web.live.current.q == 0


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_the_snapshot_comes_packed_or_plain_and_once(web: Web, encoding: str) -> None:
    person = await web.client("ada", **{"Accept-Encoding": encoding})

    async with person.get("/api/v1/snapshot?view=overview") as response:
        seen = msgspec.json.decode(await response.read(), type=Snapshot)
        assert response.headers.get("Content-Encoding", "identity") == encoding
        tag = response.headers["ETag"]
    async with person.get("/api/v1/snapshot", headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    web.live.publish(recount(web.live.current, 0, 1))
    async with person.get("/api/v1/snapshot", headers={"If-None-Match": tag}) as response:
        assert response.status == 200

    assert seen.slots == snapshot().slots


async def test_the_parts_of_the_snapshot_have_addresses(web: Web) -> None:
    person = await web.client("ada")
    lengths = {}
    for part in ("stock", "slots", "alerts", "needs", "devices", "zones", "gateways"):
        async with person.get(f"/api/v1/{part}") as response:
            lengths[part] = len(await response.json())

    assert lengths == {"stock": 1, "slots": 3, "alerts": 2, "needs": 0, "devices": 0, "zones": 0, "gateways": 0}


async def test_single_things_have_addresses(web: Web) -> None:
    person = await web.client("ada")

    for path, wanted in (("/api/v1/skus/bolt", "bolt"), ("/api/v1/slots/A01", "A01"), ("/api/v1/alerts/7", 7)):
        async with person.get(path) as response:
            assert (await response.json())["id"] == wanted
    for path in ("/api/v1/skus/nut", "/api/v1/slots/%00", "/api/v1/alerts/99", "/api/v1/nothing", "/api/v1"):
        async with person.get(path) as response:
            assert await error_of(response) == (404, "unknown")


async def test_history_is_a_column_of_times_and_one_of_values(web: Web) -> None:
    person = await web.client("ada")

    async with person.get("/api/v1/history?series=hall.temperature&from=0&to=3000&points=3") as response:
        told = await response.json()

    assert told == {"series": "hall.temperature", "times": [0, 1000, 2000], "values": [4.5, None, 4.5]}


async def test_history_of_the_last_day_is_what_one_gets_without_asking_for_a_time(web: Web) -> None:
    person = await web.client("ada")

    async with person.get("/api/v1/history?series=hall.temperature") as response:
        times = (await response.json())["times"]

    assert times[0] == NOON_MS - 24 * 3600 * 1000
    assert len(times) == 500


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (400, "bad_request")),
        ("series=never.heard", (404, "unknown")),
        ("series=hall.temperature&points=5001", (400, "bad_request")),
        ("series=hall.temperature&points=1", (400, "bad_request")),
        ("series=hall.temperature&from=yesterday", (400, "bad_request")),
        ("series=hall.temperature&from=-1", (400, "bad_request")),
        ("series=hall.temperature&from=2&to=1", (400, "bad_request")),
        ("series=hall.temperature&to=" + "9" * 30, (400, "bad_request")),
    ],
)
async def test_a_history_that_can_not_be_told_is_refused_in_words(
    web: Web, query: str, expected: tuple[int, str]
) -> None:
    person = await web.client("ada")

    async with person.get(f"/api/v1/history?{query}") as response:
        assert await error_of(response) == expected


async def test_alive_is_not_ready(web: Web) -> None:
    stranger = await web.client()
    async with stranger.get("/readyz") as response:
        assert (response.status, await response.json()) == (200, {"ready": True, "reasons": []})

    web.desk.reasons = ["the ledger can not be reached"]

    async with stranger.get("/readyz") as response:
        assert (response.status, (await response.json())["reasons"]) == (503, web.desk.reasons)
    async with stranger.get("/healthz") as response:
        assert response.status == 200


async def test_an_unforeseen_error_is_logged_and_tells_nothing(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> Any:
        raise RuntimeError("postgresql://user:password@host")

    monkeypatch.setattr(web.desk, "history", broken)
    person = await web.client("ada")

    async with person.get("/api/v1/history?series=hall.temperature") as response:
        assert await error_of(response) == (500, "broken")
        assert "postgresql" not in await response.text()
    assert "answering GET /api/v1/history failed" in caplog.text


async def test_a_key_stays_open_where_somebody_was_first_and_is_answered_the_same_once_it_is_done(web: Web) -> None:
    person, key = await web.client("bo"), {"Idempotency-Key": "k-1"}
    async with person.get("/api/v1/alerts/7") as response:
        seen = response.headers["ETag"]

    for _ in range(2):
        async with person.post(ACK, headers={**key, "If-Match": '"another"'}) as response:
            assert await error_of(response) == (412, "changed")
    told = []
    for tag in (seen, seen, '"another"'):  # done by the first: whatever is seen by then, it is the same wish
        async with person.post(ACK, headers={**key, "If-Match": tag}) as response:
            told.append((response.status, await response.read()))

    assert (told[0][0], len(set(told)), web.desk.acknowledged) == (200, 1, 1)


@pytest.mark.parametrize("tag", ["", "  ", "another", '"a" "b'])
async def test_a_tag_that_is_none_is_another_tag(web: Web, tag: str) -> None:
    person = await web.client("bo")

    async with person.post(ACK, headers={"If-Match": tag}) as response:
        assert await error_of(response) == (412, "changed")

    assert web.desk.acknowledged == 0
