"""aiohttp's client lives here: what people ask of this gateway from the service's pages, over the link, is answered by
its own API, as at its own page.

The service signed in whoever asks and knows what they may; a gateway trusts the service that it was given the key of.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import quote

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout

from edge.answers import BY
from protocols.uplink import ANSWER_BYTES_MAX, Answer, Ask

TIMEOUT_S = 8.0

Answers = Callable[[Ask], Awaitable[Answer]]


@asynccontextmanager
async def answering(url: str, token: str) -> AsyncIterator[Answers]:
    """Answers by the API at `url`, this gateway's own."""
    headers = {"Authorization": f"Bearer {token}"}

    async def answer(ask: Ask) -> Answer:
        try:
            asked = {**headers, BY: quote(ask.by)}
            async with client.request(ask.method, url + ask.path, data=ask.body or None, headers=asked) as told:
                found = await told.read()
                status = told.status
        except (ClientError, TimeoutError, OSError) as error:
            why = str(error) or f"its own API gave no answer within {TIMEOUT_S:g} s"
            return refusal(ask, 504, "no_answer", why, "try again in a moment")
        if len(found) > ANSWER_BYTES_MAX:
            return refusal(ask, 413, "too_large", f"the answer has {len(found)} bytes", "ask for less at once")
        return Answer(ask.id, status, found)

    async with ClientSession(timeout=ClientTimeout(total=TIMEOUT_S)) as client:
        yield answer


def refusal(ask: Ask, status: int, code: str, detail: str, hint: str) -> Answer:
    """An answer that says why there is none."""
    return Answer(ask.id, status, msgspec.json.encode({"code": code, "detail": detail, "hint": hint}))
