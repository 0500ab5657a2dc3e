"""The web of the service on loopback, with its parts in reach, and how the tests listen to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import msgspec
from aiohttp import ClientResponse, ClientSession, CookieJar, WSMsgType

from cloud.web.live import Live
from cloud.web.replies import ProblemDetails
from tests.desk import NOON_MS, PASSWORD, MemoryAccounts, MemoryDesk


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
            async with made.post("/api/v1/session", json={"user": name, "password": PASSWORD}) as response:
                assert response.status == 200
        return made

    @property
    def own_page(self) -> dict[str, str]:
        return {"X-Requested-With": "warehouse", "Origin": self.url}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def error_of(response: ClientResponse) -> tuple[int, str]:
    """Status and code of a problem, which always has its two sentences."""
    return response.status, code_of(response.status, response.content_type, await response.read())


def code_of(status: int, content_type: str, body: bytes) -> str:
    """The code of a problem (RFC 9457), which tells what happened and what to do."""
    told = msgspec.json.decode(body)
    assert content_type == "application/problem+json"
    known = msgspec.convert(told, ProblemDetails)
    assert known.detail
    assert msgspec.to_builtins(known) == told, "it tells more than a problem has"
    assert (told["status"], told["type"]) == (status, f"/api/v1/problems/{told['code']}")
    code: str = told["code"]
    return code


async def next_frame(ws: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    message = await ws.receive(timeout=10)
    assert message.type is WSMsgType.TEXT
    told: dict[str, Any] = msgspec.json.decode(message.data)
    return told
