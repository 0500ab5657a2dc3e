"""The live stream over real sockets: snapshot, deltas, resuming, clients that never read, signing out."""

from __future__ import annotations

import asyncio
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from aiohttp import ClientSession, WSCloseCode, WSMsgType, WSServerHandshakeError

from cloud.core.view import Snapshot
from cloud.web.app import make_app, serving
from cloud.web.live import Live
from cloud.web.sign_in import SESSION_MS, SignIn
from cloud.web.stream import CLOSE_SIGNED_OUT
from tests.contract.web_service import Web, error_of, next_frame, until
from tests.desk import TOKEN, MemoryAccounts, MemoryDesk, desks, recount, slot, snapshot

ACK = "/api/v1/alerts/7/ack"


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
    assert "warehouse_live_clients_max 3.0" in page
    assert "warehouse_live_clients_refused_total 1.0" in page
    async with person.ws_connect("/ws") as ws:
        assert (await next_frame(ws))["k"] == "s"


async def test_one_account_keeps_nobody_else_from_watching(web: Web) -> None:
    greedy, person = await web.client("ada"), await web.client("bo")
    async with AsyncExitStack() as stack:
        *_, last = [await stack.enter_async_context(greedy.ws_connect("/ws")) for _ in range(3)]
        await next_frame(last)

        async with person.ws_connect("/ws") as ws:
            assert (await next_frame(ws))["k"] == "s"
            ended = await last.receive(timeout=10)

    assert (ended.type, ended.data) == (WSMsgType.CLOSE, WSCloseCode.TRY_AGAIN_LATER)


async def test_signing_out_ends_the_stream_and_watching_keeps_a_session(web: Web) -> None:
    person = await web.client("ada")
    async with person.ws_connect("/ws") as ws:
        await next_frame(ws)
        for _ in range(3):  # a wall display does nothing but watch
            web.now_ms += SESSION_MS - 1
            web.live.tick(web.now_ms)
            assert (await next_frame(ws))["k"] == "d"
        async with person.delete("/api/v1/session"):
            pass
        web.now_ms += 5000
        web.live.tick(web.now_ms)

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
    live = Live(snapshot(), ring_length=20)
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), static)
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
    assert frame_bytes > 50_000
    assert grown_bytes < 4 * frame_bytes  # and not one for each round


async def test_stopping_the_service_ends_the_streams_at_once(static: Path) -> None:
    live = Live(snapshot())
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), static)
    async with ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        async with serving(app) as url:
            ws = await client.ws_connect(f"{url}/ws")
            await next_frame(ws)
            reading = asyncio.create_task(ws.receive(timeout=10))
        ended = await reading

    assert (ended.type, ended.data) == (WSMsgType.CLOSE, 1001)
    assert live.clients == 0
