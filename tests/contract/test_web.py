"""The web over real sockets on loopback: a real server, a real client."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, WSMsgType, WSServerHandshakeError

from cloud.core.view import Snapshot
from cloud.web.access import COOKIE, LEAST_ROLE, least_role
from cloud.web.app import answer, make_app, serving
from cloud.web.live import Live
from cloud.web.pages import build_of
from cloud.web.sign_in import ROLES, SESSION_MS, SignIn
from cloud.web.stream import CLOSE_SIGNED_OUT
from tests.desk import NOON_MS, PASSWORD, TOKEN, MemoryAccounts, MemoryDesk, recount, slot, snapshot

ACK = "/api/alerts/7/ack"


class Web:
    """A running service with its parts in reach, a clock that stands still, and clients."""

    def __init__(self, url: str, desk: MemoryDesk, live: Live, accounts: MemoryAccounts, stack: AsyncExitStack) -> None:
        self.url, self.desk, self.live, self.accounts = url, desk, live, accounts
        self.now_ms = NOON_MS
        self._stack = stack

    async def client(self, name: str = "", **headers: str) -> ClientSession:
        """A client as our page is one; signed in if a name is given."""
        made = ClientSession(
            self.url, cookie_jar=CookieJar(unsafe=True), headers={**self.own_page, **headers}, auto_decompress=True
        )
        await self._stack.enter_async_context(made)
        if name:
            async with made.post("/api/session", json={"user": name, "password": PASSWORD}) as response:
                assert response.status == 200
        return made

    @property
    def own_page(self) -> dict[str, str]:
        return {"X-Requested-With": "warehouse", "Origin": self.url}


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Depot</title>")
    assets = folder / "assets"
    assets.mkdir()
    (assets / "app-ABCD1234.js").write_text("let a = 1")
    (assets / "app-ABCD1234.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    (assets / "notes.txt").write_text("1f2e\n")
    (folder / "version.txt").write_text("1f2e\n")
    (tmp_path / "secret.txt").write_text("not for the web")
    return folder


@pytest.fixture
async def web(static: Path) -> AsyncIterator[Web]:
    live, accounts = Live(snapshot(), clients_max=3), MemoryAccounts()
    desk = MemoryDesk(live)
    async with AsyncExitStack() as stack:
        app = make_app(desk, live, SignIn(accounts), static, now_ms=lambda: made.now_ms, send_timeout_s=0.3)
        url = await stack.enter_async_context(serving(app))
        made = Web(url, desk, live, accounts, stack)
        yield made


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def error_of(response: ClientResponse) -> tuple[int, str]:
    """Status and code of an error, which always has its two sentences."""
    told = await response.json()
    assert set(told) == {"error", "detail", "hint"}
    assert told["detail"]
    return response.status, told["error"]


# --- roles -----------------------------------------------------------------------------------------------------------


def test_every_route_is_in_the_table_of_roles_and_the_table_has_no_others(static: Path) -> None:
    live = Live(snapshot())
    app = make_app(MemoryDesk(live), live, SignIn(MemoryAccounts()), static)

    routes = set()
    for route in app.router.routes():
        assert route.resource is not None
        least_role(route.method, route.resource.canonical)
        routes.add(("GET" if route.method == "HEAD" else route.method, route.resource.canonical))

    assert routes == set(LEAST_ROLE)


@pytest.mark.parametrize(("method", "pattern"), sorted(key for key, least in LEAST_ROLE.items() if least))
async def test_each_route_refuses_strangers_and_lesser_roles_and_lets_its_own_in(
    web: Web, method: str, pattern: str
) -> None:
    least = LEAST_ROLE[method, pattern]
    assert least is not None
    path = pattern.replace("{id}", "7")
    proxied = {"X-Forwarded-For": "192.0.2.1"}  # or /metrics would take us for someone at this machine
    stranger = await web.client()
    async with stranger.request(method, path, headers=proxied) as response:
        assert await error_of(response) == (401, "signed_out")
    for name, role in zip(("ada", "bo", "mo"), ROLES, strict=True):
        person = await web.client(name)
        async with person.request(method, path, headers=proxied) as response:
            if ROLES.index(role) < ROLES.index(least):
                assert await error_of(response) == (403, "forbidden")
            else:
                assert response.status not in (401, 403)


async def test_a_machines_token_looks_and_does_no_more(web: Web) -> None:
    machine = await web.client(Authorization=f"Bearer {TOKEN}")

    async with machine.get("/api/stock") as response:
        assert (response.status, (await response.json())[0]["id"]) == (200, "bolt")
    async with machine.post(ACK) as response:
        assert await error_of(response) == (403, "forbidden")
    async with machine.get("/api/stock", headers={"Authorization": "Bearer guess"}) as response:
        assert await error_of(response) == (401, "signed_out")


async def test_the_metrics_are_for_this_machine_but_not_through_a_proxy_or_a_foreign_name(web: Web) -> None:
    stranger = await web.client()

    async with stranger.get("/metrics") as response:
        page = await response.text()
        assert response.status == 200
    async with stranger.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}) as response:
        assert response.status == 401
    async with stranger.get("/metrics", headers={"Host": "rebound.example"}) as response:
        assert response.status == 401

    for line in (
        "warehouse_batches_total 3.0",
        "warehouse_reports_applied_total 40.0",
        "warehouse_reports_refused_total 2.0",
        "warehouse_gateways_connected 1.0",
        "warehouse_history_backlog 9.0",
        "warehouse_live_clients 0.0",
    ):
        assert line in page.splitlines()


async def test_metrics_name_patterns_and_never_paths(web: Web) -> None:
    person = await web.client("ada")
    for path in ("/api/slots/A01", "/api/slots/Z99", "/no/such/view", "/api/no/such"):
        async with person.get(path):
            pass

    async with person.get("/metrics") as response:
        page = await response.text()

    assert 'warehouse_http_request_seconds_count{route="/api/slots/{id}"} 2.0' in page
    assert "A01" not in page
    assert "such" not in page


# --- signing in ------------------------------------------------------------------------------------------------------


async def test_signing_in_and_out(web: Web) -> None:
    client = await web.client()

    async with client.post("/api/session", json={"user": "bo", "password": PASSWORD}) as response:
        assert await response.json() == {"user": "bo", "role": "crew"}
        cookie = response.headers["Set-Cookie"]
    async with client.get("/api/session") as response:
        assert await response.json() == {"user": "bo", "role": "crew"}
    token = next(iter(client.cookie_jar)).value
    async with client.delete("/api/session") as response:
        assert response.status == 204
    async with client.get("/api/session", headers={"Cookie": f"{COOKIE}={token}"}) as response:
        assert await error_of(response) == (401, "signed_out")

    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in cookie
    assert "Secure" not in cookie


async def test_the_cookie_is_secure_when_the_browser_speaks_https(web: Web) -> None:
    client = await web.client(**{"X-Forwarded-Proto": "https"})

    async with client.post("/api/session", json={"user": "bo", "password": PASSWORD}) as response:
        assert "Secure" in response.headers["Set-Cookie"]


async def test_a_session_expires_and_use_renews_it(web: Web) -> None:
    idle, busy = await web.client("ada"), await web.client("bo")

    web.now_ms += SESSION_MS - 1
    async with busy.get("/api/session") as response:
        assert response.status == 200
    web.now_ms += 1
    async with idle.get("/api/session") as response:
        assert response.status == 401
    async with busy.get("/api/session") as response:
        assert response.status == 200


async def test_wrong_passwords_run_into_the_limit_and_are_told_how_long_to_wait(web: Web) -> None:
    client = await web.client()
    wrong = {"user": "bo", "password": "wrong"}
    for _ in range(5):
        async with client.post("/api/session", json=wrong) as response:
            assert await error_of(response) == (401, "wrong_password")

    async with client.post("/api/session", json=wrong) as response:
        assert await error_of(response) == (429, "too_many_tries")
        assert response.headers["Retry-After"] == "300"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"user": "bo"}', b'{"user": 1, "password": "hush-hush"}'])
async def test_a_sign_in_that_can_not_be_read_is_refused_without_repeating_it(web: Web, body: bytes) -> None:
    client = await web.client()

    async with client.post("/api/session", data=body) as response:
        assert await error_of(response) == (400, "bad_request")
        assert "hush" not in await response.text()


# --- writes ----------------------------------------------------------------------------------------------------------


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
@pytest.mark.parametrize(("method", "path"), [("POST", ACK), ("POST", "/api/session"), ("DELETE", "/api/session")])
async def test_a_write_has_to_come_from_our_own_page(web: Web, headers: dict[str, str], method: str, path: str) -> None:
    person = await web.client("bo")

    async with person.request(method, path, headers=headers) as response:
        assert await error_of(response) == (403, "cross_site")

    assert web.desk.acknowledged == 0


async def test_an_acknowledgement_says_who_and_reaches_everyone(web: Web) -> None:
    person = await web.client("bo")

    async with person.post(ACK, json={"note": "on my way"}) as response:
        told = await response.json()
    async with person.get("/api/alerts/7") as response:
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

    async with bo.post("/api/alerts/8/ack", headers=key) as response:
        assert await error_of(response) == (409, "conflict")
    async with mo.post(ACK, headers=key) as response:
        assert (await response.json())["acknowledged_by"] == "bo"

    assert web.desk.acknowledged == 2


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/api/alerts/99/ack", b"", (404, "unknown")),
        ("/api/alerts/seven/ack", b"", (404, "unknown")),
        ("/api/alerts/8/ack", b"", (409, "conflict")),
        (ACK, b"{", (400, "bad_request")),
        (ACK, b'"on my way"', (400, "bad_request")),
        (ACK, b'{"note": 1}', (400, "bad_request")),
        (ACK, b'{"note": "' + b"x" * 501 + b'"}', (400, "bad_request")),
        (ACK, b'{"state": "resolved"}', (400, "bad_request")),
        (ACK, b"x" * (64 * 1024 + 1), (413, "too_large")),
        ("/api/session", b"x" * 1_000_000, (413, "too_large")),
        ("/api/stock", b"", (405, "wrong_method")),
    ],
)
async def test_a_bad_write_is_refused_in_words(web: Web, path: str, body: bytes, expected: tuple[int, str]) -> None:
    person = await web.client("bo")

    async with person.post(path, data=body) as response:
        assert await error_of(response) == expected

    assert web.live.current.q == 0


# --- reads -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_the_snapshot_comes_packed_or_plain_and_once(web: Web, encoding: str) -> None:
    person = await web.client("ada", **{"Accept-Encoding": encoding})

    async with person.get("/api/snapshot?view=overview") as response:
        seen = msgspec.json.decode(await response.read(), type=Snapshot)
        assert response.headers.get("Content-Encoding", "identity") == encoding
        tag = response.headers["ETag"]
    async with person.get("/api/snapshot", headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    web.live.publish(recount(web.live.current, 0, 1))
    async with person.get("/api/snapshot", headers={"If-None-Match": tag}) as response:
        assert response.status == 200

    assert seen.slots == snapshot().slots


async def test_the_parts_of_the_snapshot_have_addresses(web: Web) -> None:
    person = await web.client("ada")
    lengths = {}
    for part in ("stock", "slots", "alerts", "needs", "devices", "zones", "gateways"):
        async with person.get(f"/api/{part}") as response:
            lengths[part] = len(await response.json())

    assert lengths == {"stock": 1, "slots": 3, "alerts": 2, "needs": 0, "devices": 0, "zones": 0, "gateways": 0}


async def test_single_things_have_addresses(web: Web) -> None:
    person = await web.client("ada")

    for path, wanted in (("/api/skus/bolt", "bolt"), ("/api/slots/A01", "A01"), ("/api/alerts/7", 7)):
        async with person.get(path) as response:
            assert (await response.json())["id"] == wanted
    for path in ("/api/skus/nut", "/api/slots/%00", "/api/alerts/99", "/api/nothing", "/api"):
        async with person.get(path) as response:
            assert await error_of(response) == (404, "unknown")


async def test_history_is_a_column_of_times_and_one_of_values(web: Web) -> None:
    person = await web.client("ada")

    async with person.get("/api/history?series=hall.temperature&from=0&to=3000&points=3") as response:
        told = await response.json()

    assert told == {"series": "hall.temperature", "times": [0, 1000, 2000], "values": [4.5, None, 4.5]}


async def test_history_of_the_last_day_is_what_one_gets_without_asking_for_a_time(web: Web) -> None:
    person = await web.client("ada")

    async with person.get("/api/history?series=hall.temperature") as response:
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

    async with person.get(f"/api/history?{query}") as response:
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

    async with person.get("/api/history?series=hall.temperature") as response:
        assert await error_of(response) == (500, "broken")
        assert "postgresql" not in await response.text()
    assert "answering GET /api/history failed" in caplog.text


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/stock", "/assets/nothing.js", "/assets/app-ABCD1234.js"])
async def test_every_answer_carries_the_security_headers(web: Web, path: str) -> None:
    client = await web.client()

    async with client.get(path) as response:
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Referrer-Policy" in response.headers
        assert "Server" not in response.headers


async def test_the_page_is_asked_for_anew_and_hashed_files_are_for_good(web: Web) -> None:
    client = await web.client()

    async with client.get("/?wall") as response:
        assert "Depot" in await response.text()
        assert response.headers["Cache-Control"] == "no-cache"
    async with client.get("/assets/notes.txt") as response:
        assert response.headers["Cache-Control"] == "no-cache"
    async with client.get("/assets/app-ABCD1234.js") as response:
        assert await response.text() == "let a = 1"
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    async with client.get("/assets/gone-ABCD1234.js") as response:
        assert await error_of(response) == (404, "unknown")
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/assets/../../secret.txt", "/assets/..%2fsecret.txt", "/assets/%2e%2e", "/assets/a%00.js"],
)
async def test_nothing_outside_the_folder_is_served(web: Web, path: str) -> None:
    parts = urlsplit(web.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())

    told = await asyncio.wait_for(reader.read(), 10)
    writer.close()

    assert told.split()[1] in (b"400", b"404")
    assert b"not for the web" not in told


async def test_a_dashboard_that_is_not_built_says_how_to(tmp_path: Path) -> None:
    live = Live(snapshot())
    app = make_app(MemoryDesk(live), live, SignIn(MemoryAccounts()), tmp_path / "absent")

    status, body = await answer(app, "/")

    assert status == 503
    assert b"python hatch_build.py" in body
    assert build_of(tmp_path / "absent") == ""


def test_the_build_names_itself(static: Path) -> None:
    assert build_of(static) == "1f2e"


# --- the live stream -------------------------------------------------------------------------------------------------


async def next_frame(ws: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    message = await ws.receive(timeout=10)
    assert message.type is WSMsgType.TEXT
    told: dict[str, Any] = msgspec.json.decode(message.data)
    return told


async def test_a_stream_starts_with_a_snapshot_and_goes_on_with_deltas(web: Web) -> None:
    person = await web.client("ada")

    async with person.ws_connect("/ws") as ws:
        first = await next_frame(ws)
        web.live.publish(recount(web.live.current, 2, 9))
        second = await next_frame(ws)
        web.live.tick(web.live.current.t + 1000)
        third = await next_frame(ws)

    assert (first["k"], first["q"]) == ("s", 0)
    assert (second["k"], second["q"], second["slots"][0]["count"]) == ("d", 1, 9)
    assert third == {"k": "d", "q": 2, "t": web.live.current.t}


async def test_a_stream_that_was_cut_resumes_by_deltas(web: Web) -> None:
    person = await web.client("ada")
    for count in range(5):
        web.live.publish(recount(web.live.current, 0, count))

    async with person.ws_connect("/ws?since=2&epoch=epoch-1") as ws:
        frames = [await next_frame(ws) for _ in range(3)]
    async with person.ws_connect("/ws?since=2&epoch=of-another-start") as ws:
        other = await next_frame(ws)
    async with person.ws_connect("/ws?since=two&epoch=epoch-1") as ws:
        confused = await next_frame(ws)

    assert [(one["k"], one["q"]) for one in frames] == [("d", 3), ("d", 4), ("d", 5)]
    assert (other["k"], other["q"]) == (confused["k"], confused["q"]) == ("s", 5)


async def test_an_acknowledgement_appears_on_the_other_screen(web: Web) -> None:
    watcher, crew = await web.client("ada"), await web.client("bo")

    async with watcher.ws_connect("/ws?since=0&epoch=epoch-1") as ws:
        async with crew.post(ACK):
            pass
        told = await next_frame(ws)

    assert [(one["id"], one["acknowledged_by"]) for one in told["alerts"]] == [(7, "bo")]


@pytest.mark.parametrize("origin", ["http://elsewhere.example", ""])
async def test_a_stream_is_for_our_own_page(web: Web, origin: str) -> None:
    person = await web.client("ada")

    with pytest.raises(WSServerHandshakeError) as refused:
        await person.ws_connect("/ws", headers={"Origin": origin})

    assert refused.value.status == 403


async def test_a_machine_with_a_token_may_watch(web: Web) -> None:
    machine = await web.client(Authorization=f"Bearer {TOKEN}", Origin="")

    async with machine.ws_connect("/ws") as ws:
        assert (await next_frame(ws))["k"] == "s"


async def test_plain_http_is_told_to_speak_websocket(web: Web) -> None:
    person = await web.client("ada")

    async with person.get("/ws") as response:
        assert await error_of(response) == (426, "upgrade_required")


async def test_the_client_too_many_is_turned_away_and_counted(web: Web) -> None:
    person = await web.client("ada")
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(person.ws_connect("/ws"))
        with pytest.raises(WSServerHandshakeError) as refused:
            await person.ws_connect("/ws")
        async with person.get("/metrics") as response:
            page = await response.text()

    await until(lambda: web.live.clients == 0)
    assert refused.value.status == 503
    assert "warehouse_live_clients 3.0" in page
    assert "warehouse_live_clients_refused_total 1.0" in page
    async with person.ws_connect("/ws") as ws:
        assert (await next_frame(ws))["k"] == "s"


async def test_signing_out_ends_the_stream_and_watching_keeps_a_session(web: Web) -> None:
    person = await web.client("ada")
    async with person.ws_connect("/ws") as ws:
        await next_frame(ws)
        for _ in range(3):  # a wall display does nothing but watch
            web.now_ms += SESSION_MS - 1
            web.live.tick(web.now_ms)
            assert (await next_frame(ws))["k"] == "d"
        async with person.delete("/api/session"):
            pass
        web.now_ms += 5000
        web.live.tick(web.now_ms)
        await next_frame(ws)

        ended = await ws.receive(timeout=10)

    assert (ended.type, ended.data) == (WSMsgType.CLOSE, CLOSE_SIGNED_OUT)


@asynccontextmanager
async def mute_client(url: str, **headers: str) -> AsyncIterator[None]:
    """A client that asks for the stream and then never reads a byte."""
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    asked = {
        "Host": parts.netloc, "Origin": url, "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", **headers,
    }  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in asked.items())
    with socket.socket() as mute:
        mute.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        mute.setblocking(False)
        await loop.sock_connect(mute, (parts.hostname, parts.port))
        await loop.sock_sendall(mute, f"GET /ws HTTP/1.1\r\n{lines}\r\n".encode())
        yield


def all_changed(before: Snapshot, count: int) -> Snapshot:
    """3,000 slots, each with this count: a delta of about 700 KB."""
    return msgspec.structs.replace(before, slots=[slot(number, count) for number in range(3000)])


async def test_a_client_that_never_reads_is_dropped_and_the_others_are_served(web: Web) -> None:
    person = await web.client("ada")

    async with mute_client(web.url, Authorization=f"Bearer {TOKEN}"):
        await until(lambda: web.live.clients == 1)
        async with asyncio.timeout(20):
            count = 0
            while web.live.clients:
                count += 1
                web.live.publish(all_changed(web.live.current, count))
                await asyncio.sleep(0.02)
        async with person.ws_connect("/ws") as ws:
            assert (await next_frame(ws))["k"] == "s"


async def test_a_slow_client_does_not_grow_the_service(static: Path) -> None:
    live = Live(snapshot())
    app = make_app(MemoryDesk(live), live, SignIn(MemoryAccounts()), static)
    rounds, held = 60, []
    async with serving(app) as url, mute_client(url, Authorization=f"Bearer {TOKEN}"):
        await until(lambda: live.clients == 1)
        tracemalloc.start()
        try:
            for count in range(rounds):
                live.publish(all_changed(live.current, count))
                await asyncio.sleep(0.001)
                held.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
        assert live.clients == 1
    frame_bytes = len(live.after(live.current.q - 1)[0])  # type: ignore[index]

    grown_bytes = held[-1] - held[rounds // 2]  # the ring has long been full by then
    assert frame_bytes > 500_000
    assert grown_bytes < 4 * frame_bytes  # and not one for each round


async def test_stopping_the_service_ends_the_streams_at_once(static: Path) -> None:
    live = Live(snapshot())
    app = make_app(MemoryDesk(live), live, SignIn(MemoryAccounts()), static)
    async with ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        async with serving(app) as url:
            ws = await client.ws_connect(f"{url}/ws")
            await next_frame(ws)
            reading = asyncio.create_task(ws.receive(timeout=10))
        ended = await reading

    assert (ended.type, ended.data) == (WSMsgType.CLOSE, 1001)
    assert live.clients == 0


# --- without a server ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "status"), [("/api/stock", 200), ("/metrics", 200), ("/api/slots/nowhere", 404)])
async def test_one_request_can_be_answered_with_no_server_running(static: Path, path: str, status: int) -> None:
    live = Live(snapshot())
    app = make_app(MemoryDesk(live), live, SignIn(MemoryAccounts()), static)

    told = await answer(app, path)

    assert told[0] == status
    assert told[1]


async def test_what_is_no_path_is_not_asked_for(static: Path) -> None:
    live = Live(snapshot())
    app = make_app(MemoryDesk(live), live, SignIn(MemoryAccounts()), static)

    with pytest.raises(ValueError, match="slash"):
        await answer(app, "@elsewhere.example/")
