"""Asking gateways what their own API answers, over the link that they keep open to us."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Literal

from cloud.web.desk import Unavailable
from protocols.uplink import ASKED_AT_ONCE, Answer, Ask

WITHIN_S = 10.0
"""A gateway gives a device 5 s, and its API 8 s."""

Send = Callable[[str, Ask], Awaitable[bool]]
"""Sends it over the gateway's link; False where there is none that can be asked."""


class Asking:
    """What was asked and is not answered yet."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._numbers = count(1)
        self._open: dict[tuple[str, int], asyncio.Future[Answer]] = {}

    async def ask(
        self, gateway: str, method: Literal["GET", "POST"], path: str, by: str, body: bytes = b""
    ) -> tuple[int, bytes]:
        """Status and JSON of what a gateway's API answers. Raises `Unavailable`; then it may have been done all the
        same."""
        if sum(name == gateway for name, _ in self._open) >= ASKED_AT_ONCE:
            raise Unavailable(f"gateway {gateway} is asked too much at once", "try again in a moment")
        key = gateway, next(self._numbers)
        answer = self._open[key] = asyncio.get_running_loop().create_future()
        try:
            if not await self._send(gateway, Ask(key[1], method, path, body, by)):
                raise Unavailable(f"gateway {gateway} is not connected", "see its link on the page of devices")
            async with asyncio.timeout(WITHIN_S):
                found = await answer
        except TimeoutError:
            hint = "look whether it was done, then try again"
            raise Unavailable(f"gateway {gateway} did not answer within {WITHIN_S:g} s", hint) from None
        finally:
            del self._open[key]
        return found.status, found.body

    def answered(self, gateway: str, answer: Answer) -> None:
        """A gateway answers; what nobody waits for any more is left."""
        waiting = self._open.get((gateway, answer.id))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
