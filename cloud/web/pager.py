"""Hands messages over: to Apprise, or to a webhook in Alertmanager's shape, signed as our other webhooks are; and keeps
the heartbeat, by which somebody outside sees that the service is well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout

from cloud import notify
from cloud.channels import Channel
from cloud.web.posting import posted
from protocols.documents import webhooks

TIMEOUT_S = 10.0
CONTENT = {"content-type": "application/json"}


class Message(NamedTuple):
    """A message on its way: its id, the same in each try, its words, and what a webhook gets."""

    id: str
    title: str
    body: str
    payload: bytes


class Pager:
    """Sends while it is open."""

    def __init__(self) -> None:
        self._client: ClientSession | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Meanwhile messages can be sent."""
        async with ClientSession(timeout=ClientTimeout(total=TIMEOUT_S)) as client:
            self._client = client
            try:
                yield
            finally:
                self._client = None

    async def send(self, channel: Channel, message: Message) -> str:
        """Try once; "" when it was taken, else why not (nothing of the address is in it)."""
        if channel.url:
            return await notify.send(channel.url, message.title, message.body)
        if self._client is None:
            return "nothing is sent now"
        signed = webhooks.sign(message.payload, message.id, int(time.time()), [webhooks.key_of(channel.secret)])
        status, _ = await posted(self._client, channel.webhook, message.payload, {**CONTENT, **signed})
        if 200 <= status < 300:
            return ""
        return f"answered {status}" if status else "no answer"

    async def beat(self, url: str) -> bool:
        """Say that the service is well; whether somebody heard it."""
        if self._client is None:
            return False
        try:
            async with self._client.get(url) as answer:
                return answer.status < 400
        except (ClientError, TimeoutError, OSError, ValueError):
            return False


async def beating(
    beat: Callable[[str], Awaitable[bool]],
    url: Callable[[], tuple[str, int]],
    well: Callable[[], bool],
    said: Callable[[bool], None],
) -> None:
    """Beat until cancelled, while all is well. `url` gives the address ("": none) and how often, in s."""
    while True:
        address, every_s = url()
        if address and well():
            said(await beat(address))
        await asyncio.sleep(every_s)
