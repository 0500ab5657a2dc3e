"""What comes to the web that is no whole request: refused in words or let go, and never an error of the service."""

from __future__ import annotations

import asyncio
import gzip
import logging
import resource
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientConnectionResetError, ClientError
from aiohttp.web import Application, BaseRequest, WebSocketResponse

from cloud.web import bodies, door
from cloud.web.access import COOKIE
from cloud.web.app import make_app, serving
from cloud.web.live import Live
from cloud.web.sign_in import SignIn
from tests.contract.web_service import Web, code_of, error_of
from tests.desk import MemoryAccounts, MemoryDesk, desks, snapshot

ACK = "/api/v1/alerts/7/ack"
SIGN_IN = "/api/v1/session"
Answer = tuple[int, dict[str, str], bytes]


@asynccontextmanager
async def line(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection to a web."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


async def answered(reader: asyncio.StreamReader) -> Answer:
    """Status, headers and body of the next answer."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
    first, *rest = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    return int(first.split()[1]), headers, await reader.readexactly(int(headers.get("content-length", "0")))


async def send(url: str, request: bytes) -> Answer:
    """The answer to bytes as they are."""
    async with line(url) as (reader, writer):
        writer.write(request)
        return await answered(reader)


def post(web: Web, path: str, body: bytes, *more: bytes, length: int | None = None) -> bytes:
    """A write as our page sends it."""
    lines = [
        f"POST {path} HTTP/1.1", f"Host: {web.url.removeprefix('http://')}", f"Origin: {web.url}",
        "X-Requested-With: warehouse", f"Content-Length: {len(body) if length is None else length}",
    ]  # fmt: skip
    return b"\r\n".join([*(one.encode() for one in lines), *more, b"", body])


async def cookie_of(web: Web, name: str = "bo") -> bytes:
    """The header of somebody who is signed in."""
    client = await web.client(name)
    (cookie,) = [one for one in client.cookie_jar if one.key == COOKIE]
    return f"Cookie: {COOKIE}={cookie.value}".encode()


def quiet(caplog: pytest.LogCaptureFixture) -> bool:
    """Whether nothing was logged as an error."""
    return [one for one in caplog.records if one.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    "header",
    [b"Authorization: Bearer \xe9", b"Cookie: warehouse_session=\xe9", b"Authorization: Bearer \xed\xa0\x80"],
)
@pytest.mark.parametrize("path", [b"/api/v1/session", b"/api/v1/stock", b"/ws", b"/metrics"])
async def test_a_token_that_is_no_text_is_nobodys(
    web: Web, caplog: pytest.LogCaptureFixture, header: bytes, path: bytes
) -> None:
    status, headers, body = await send(web.url, b"GET %b HTTP/1.1\r\nHost: depot\r\n%b\r\n\r\n" % (path, header))

    assert (status, code_of(status, headers["content-type"], body)) == (401, "signed_out")
    assert quiet(caplog)


async def test_a_host_that_is_no_text_is_refused_in_words(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    request = b"POST %b HTTP/1.1\r\nHost: \xe9\r\nX-Requested-With: warehouse\r\nContent-Length: 0\r\n\r\n"

    status, headers, body = await send(web.url, request % ACK.encode())

    assert (status, code_of(status, headers["content-type"], body)) == (403, "cross_site")
    assert quiet(caplog)


@pytest.mark.parametrize("host", [b"[::1", b"a]b", b"["])
async def test_a_host_that_can_not_be_is_not_this_machine(
    web: Web, caplog: pytest.LogCaptureFixture, host: bytes
) -> None:
    status, headers, body = await send(web.url, b"GET /metrics HTTP/1.1\r\nHost: %b\r\n\r\n" % host)

    assert (status, code_of(status, headers["content-type"], body)) == (401, "signed_out")
    assert quiet(caplog)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", b"no gzip at all"),
        (b"gzip", gzip.compress(b'{"note": "on my way"}', mtime=0)[:-12]),
        (b"deflate", b"\xff\xff\xff\xff"),
        (b"br", b"{}"),
        (b"zstd", b"{}"),
        (b"nonsense", b"{}"),
        (b"gzip, gzip", b"{}"),
    ],
)
@pytest.mark.parametrize("path", [ACK, SIGN_IN])
async def test_a_body_that_is_not_packed_as_it_says_is_refused(
    web: Web, caplog: pytest.LogCaptureFixture, path: str, encoding: bytes, body: bytes
) -> None:
    cookie = await cookie_of(web)

    status, headers, said = await send(web.url, post(web, path, body, b"Content-Encoding: " + encoding, cookie))

    assert (status, code_of(status, headers["content-type"], said)) == (400, "bad_request")
    assert (quiet(caplog), web.desk.acknowledged) == (True, 0)


async def test_a_body_that_is_packed_as_it_says_is_taken(web: Web) -> None:
    packed, cookie = gzip.compress(b'{"note": "on my way"}', mtime=0), await cookie_of(web)

    status, _, said = await send(web.url, post(web, ACK, packed, b"Content-Encoding: gzip", cookie))

    assert (status, msgspec.json.decode(said)["note"]) == (200, "on my way")


async def test_what_nobody_reads_may_be_packed_as_it_likes(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: depot\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone"

    assert (await send(web.url, request))[0] in (200, 400)
    assert quiet(caplog)


@pytest.mark.parametrize(("path", "route"), [(ACK, "/api/v1/alerts/{id}/ack"), (SIGN_IN, SIGN_IN)])
async def test_who_leaves_midway_is_no_error_of_the_service(
    web: Web, caplog: pytest.LogCaptureFixture, path: str, route: str
) -> None:
    cookie = await cookie_of(web)
    async with line(web.url) as (reader, writer):
        writer.write(post(web, path, b"{", cookie, b"Expect: 100-continue", length=50))
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    person = await web.client()
    async with asyncio.timeout(10):
        while True:
            async with person.get("/metrics") as response:
                figures = await response.text()
            if f'warehouse_http_request_seconds_count{{route="{route}"}} {1 + (path == SIGN_IN)}.0' in figures:
                break
            await asyncio.sleep(0.01)

    assert (quiet(caplog), web.desk.acknowledged) == (True, 0)
    assert 'status="5xx"' not in figures


async def test_a_page_that_gave_up_before_its_stream_began_is_no_error_of_the_service(
    web: Web, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def given_up(_: WebSocketResponse, request: BaseRequest) -> None:
        assert request.transport is not None
        request.transport.close()
        raise ClientConnectionResetError("Cannot write to closing transport")

    monkeypatch.setattr(WebSocketResponse, "prepare", given_up)
    person = await web.client("ada")

    with pytest.raises(ClientError):
        await person.ws_connect("/ws")
    async with person.get("/metrics") as response:
        figures = await response.text()

    assert quiet(caplog)
    assert 'status="5xx"' not in figures


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("/api/v1/site/skus", b'{"values": {"id": ', b"}}"),
        ("/api/v1/site/skus/bolt", b'{"values": {"id": ', b"}}"),
        (ACK, b'{"note": ', b"}"),
        (SIGN_IN, b'{"user": "mo", "password": ', b"}"),
        (SIGN_IN, b"", b""),
    ],
)
@pytest.mark.parametrize("depth", [40, 300, 900, 990, 20_000])
async def test_what_is_nested_too_deeply_is_refused(
    web: Web, caplog: pytest.LogCaptureFixture, path: str, before: bytes, after: bytes, depth: int
) -> None:
    person = await web.client("mo")

    async with person.post(path, data=before + b"[" * depth + b"]" * depth + after) as response:
        assert await error_of(response) == (400, "bad_request")

    assert quiet(caplog)


async def test_half_a_body_is_waited_for_so_long_and_no_longer(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.05)

    status, headers, said = await send(web.url, post(web, SIGN_IN, b"{", length=50))

    assert (status, code_of(status, headers["content-type"], said)) == (408, "too_slow")
    assert headers["connection"] == "close"


async def test_half_a_head_is_waited_for_so_long_and_no_longer(static: Path) -> None:
    async with serving(app(static), idle_s=0.05) as url, line(url) as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost:")
        assert await asyncio.wait_for(reader.read(), 10) == b""


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: depot\r\n\r\n"
BUSY = (
    b"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nX-Requested-With: warehouse\r\n"
    b"Content-Length: 50\r\nExpect: 100-continue\r\n\r\n"
)
"""A request that is under way: its body is still to come."""


@asynccontextmanager
async def busy(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection with a request under way."""
    async with line(url) as (reader, writer):
        writer.write(BUSY)
        assert await asyncio.wait_for(reader.readline(), 10) == b"HTTP/1.1 100 Continue\r\n"
        yield reader, writer


async def test_one_address_has_so_many_connections_and_leaves_room_for_others(
    static: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Told once, and counted; who is being served stays, and a place that is left is free again."""
    async with serving(app(static), connections_max=6) as url, AsyncExitStack() as inside:
        for _ in range(2):
            await inside.enter_async_context(busy(url))
        async with busy(url) as (reader, writer):
            for _ in range(4):
                async with line(url) as (late, _):
                    assert await asyncio.wait_for(late.read(), 10) == b""
            writer.write(b"x" * 50)
            await reader.readline()
            assert (await answered(reader))[0] == 400
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            _, _, figures = await answered(reader)
        await until_let_in(url)

    assert b"\nwarehouse_connections_refused_total 4.0\n" in figures
    assert len([one for one in caplog.records if "connections" in one.message]) == 1


@pytest.mark.parametrize("said", [b"", HEALTH[:30], HEALTH])
async def test_who_comes_takes_the_place_of_the_connection_that_waits_longest(static: Path, said: bytes) -> None:
    """One that nothing was asked on yet, whose head is not whole, and one that is kept: none stays for long in a full
    house."""
    async with serving(app(static), connections_max=6) as url, busy(url) as at_work, AsyncExitStack() as inside:
        waiting = [await inside.enter_async_context(line(url)) for _ in range(2)]
        for reader, writer in waiting:
            writer.write(said)
            if said == HEALTH:
                await answered(reader)

        async with line(url):
            assert await asyncio.wait_for(waiting[0][0].read(), 10) == b""
            waiting[1][1].write(HEALTH[len(said) % len(HEALTH) :])
            assert (await answered(waiting[1][0]))[0] == 200
            at_work[1].write(b"x" * 50)
            await at_work[0].readline()
            assert (await answered(at_work[0]))[0] >= 400


def test_as_many_files_may_be_open_as_all_connections_need(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[tuple[int, int]]()
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    for limits in ((1024, 20_000), (1024, 2_000), (1024, 1024), (50_000, 60_000), (1024, resource.RLIM_INFINITY)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, limits=limits: limits)
        door.widen()

    wanted = door.FILES_WANTED
    assert asked == [(wanted, 20_000), (2_000, 2_000), (wanted, resource.RLIM_INFINITY)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (wanted, wanted))
    assert door.room() == door.CONNECTIONS_MAX


async def until_let_in(url: str) -> None:
    """Ask until there is room."""
    async with asyncio.timeout(10):
        while True:
            async with line(url) as (reader, writer):
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: depot\r\n\r\n")
                if await reader.read(12) == b"HTTP/1.1 200":
                    return
            await asyncio.sleep(0.01)


def app(static: Path) -> Application:
    live = Live(snapshot())
    return make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), static)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
        b"GET /nothing HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_with_a_problem_and_no_version(
    web: Web, caplog: pytest.LogCaptureFixture, request_: bytes
) -> None:
    status, headers, body = await send(web.url, request_)

    assert code_of(status, headers["content-type"], body) == "bad_request"
    assert status == 400
    assert "aiohttp" not in headers.get("server", "")
    assert headers["x-content-type-options"] == "nosniff"
    assert quiet(caplog)
