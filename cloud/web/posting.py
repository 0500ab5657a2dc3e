"""Webhooks: events posted to who subscribed, each in its order, tried again until taken; and a log of it.

Signed as Standard Webhooks has it, anew for each try. What waits is kept by whoever is given it, so that a restart
loses nothing; an event that nobody takes for three days is given up, and the log says so.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import ClientError, ClientSession, ClientTimeout
from msgspec import Struct

from cloud.core.purchasing import news
from cloud.core.refusals import Refusal
from protocols.documents.papers import Envelope
from protocols.trade import ASKED_FOR, Webhook

WAITING_MAX = 1_000
"""Events that wait for one subscriber; at the limit the oldest is given up, and the log says so."""
LOG_MAX = 500
TIMEOUT_S = 10.0
RETRY_S, RETRY_MAX_S = 2.0, 600.0
GIVE_UP_S = 3 * 86_400
GONE = 410
"""The answer of a subscriber that wants no more."""


class Waiting(Struct):
    """An event on its way."""

    event: Envelope
    since_s: float
    tries: int = 0


class Delivery(Struct, frozen=True):
    """One try: `status` is the HTTP answer, 0 where there was none; `outcome` delivered, again, given_up or gone."""

    webhook: str
    event: str
    type: str
    at_ms: int
    tries: int
    status: int
    outcome: str
    detail: str = ""


class WebhookView(Struct, frozen=True):
    """A webhook as a buyer sees it; `log`: the last tries, the newest last. Its secret is not in it."""

    id: str
    url: str
    events: list[str]
    supplier: str
    waiting: int
    oldest_ms: int | None
    log: list[Delivery]


Keep = Callable[[str, list[Waiting]], Awaitable[bool]]


async def posted(client: ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    """Post once: the HTTP status (0 where there was no answer), and what went wrong then."""
    try:
        async with client.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status, ""
    except (ClientError, TimeoutError, OSError, ValueError) as error:  # the last: an address that is none
        return 0, str(error)[:200] or type(error).__name__


class Posting:
    """The subscribers of one site. `secrets` are each one's, newest first, there before it runs; `kept` what waited
    when it last stopped. `keep` is not to raise: it says whether it could, and is asked again where it could not."""

    def __init__(
        self,
        hooks: Sequence[Webhook],
        secrets: Mapping[str, Sequence[str]],
        kept: Mapping[str, list[Waiting]],
        keep: Keep,
        retry_s: float = RETRY_S,
    ) -> None:
        self.log: deque[Delivery] = deque(maxlen=LOG_MAX)
        self.tried = asyncio.Event()
        """There is something new in the log; whoever keeps it clears this."""
        self._hooks = {one.id: one for one in hooks}
        self._secrets = secrets
        self._waiting = {one.id: deque(kept.get(one.id, [])) for one in hooks}
        self._news = {one.id: asyncio.Event() for one in hooks}
        self._keep = keep
        self._unkept: dict[str, int] = {}
        """How often in a row what waits could not be kept."""
        self._again: dict[str, asyncio.TimerHandle] = {}
        self._retry_s = retry_s

    def offer(self, event: Envelope, supplier: str = "", only: str = "") -> None:
        """Something happened; `supplier`: whom it concerns, "" nobody of them; `only`: for one subscriber."""
        for one in self._hooks.values():
            wanted = event.type in one.events if one.events else event.type not in ASKED_FOR
            if only not in ("", one.id) or not wanted:
                continue
            if one.supplier and one.supplier != supplier:
                continue
            queue = self._waiting[one.id]
            if any(held.event.id == event.id for held in queue):
                continue
            queue.append(Waiting(event, time.time()))
            if len(queue) > WAITING_MAX:
                self._note(one.id, queue.popleft(), 0, "given_up", f"more than {WAITING_MAX} waited")
            self._news[one.id].set()

    def waiting(self) -> dict[str, int]:
        """How many events wait for each subscriber."""
        return {name: len(queue) for name, queue in self._waiting.items()}

    def oldest_ms(self, name: str) -> int | None:
        """Since when the first of what waits for a subscriber does."""
        queue = self._waiting[name]
        return round(queue[0].since_s * 1000) if queue else None

    async def run(self) -> None:
        """Post until cancelled."""
        if not self._hooks:
            await asyncio.Event().wait()  # nobody is to be told anything, ever
        async with ClientSession(timeout=ClientTimeout(total=TIMEOUT_S)) as client, asyncio.TaskGroup() as group:
            for name in self._hooks:
                group.create_task(self._serve(name, client))

    async def _serve(self, name: str, client: ClientSession) -> None:
        queue, told = self._waiting[name], self._news[name]
        told.set()  # begin with what waits
        while True:
            await told.wait()
            while queue or told.is_set():
                if told.is_set():  # also what came meanwhile is kept before anybody hears of it
                    await self._store(name)
                elif await self._post(name, one := queue[0], client):
                    if queue and queue[0] is one:  # else it was given up meanwhile
                        queue.popleft()
                    told.set()
                else:
                    wait_s = min(RETRY_MAX_S, self._retry_s * 2 ** min(one.tries, 20))
                    await self._rest(name, wait_s * random.uniform(0.75, 1.25))

    async def _store(self, name: str) -> None:
        """Keep what waits. Where that can not be done it is tried again, though nothing else happens: what was
        delivered meanwhile would be told again after a restart."""
        told = self._news[name]
        told.clear()
        if (again := self._again.pop(name, None)) is not None:
            again.cancel()
        if await self._keep(name, [*self._waiting[name]]):
            self._unkept.pop(name, None)
            return
        self._unkept[name] = tries = self._unkept.get(name, 0) + 1
        wait_s = min(RETRY_MAX_S, self._retry_s * 2 ** min(tries, 20))
        self._again[name] = asyncio.get_running_loop().call_later(wait_s, told.set)

    async def _rest(self, name: str, wait_s: float) -> None:
        """Wait before the next try; what comes meanwhile is kept at once."""
        loop, told = asyncio.get_running_loop(), self._news[name]
        until_s = loop.time() + wait_s
        while (left_s := until_s - loop.time()) > 0:
            try:
                await asyncio.wait_for(told.wait(), left_s)
            except TimeoutError:
                return
            await self._store(name)

    async def _post(self, name: str, one: Waiting, client: ClientSession) -> bool:
        """Try once; whether the event is done with."""
        one.tries += 1
        post = news.signed(one.event, int(time.time()), self._secrets[name])
        if isinstance(post, Refusal):
            self._note(name, one, 0, "given_up", post.detail)
            return True
        status, detail = await posted(client, self._hooks[name].url, post.body, post.headers)
        if 200 <= status < 300:
            self._note(name, one, status, "delivered")
        elif status == GONE:
            self._note(name, one, status, "gone", "the subscriber wants no more of it")
        elif time.time() - one.since_s > GIVE_UP_S:
            self._note(name, one, status, "given_up", detail or f"answered {status} for three days")
        else:
            self._note(name, one, status, "again", detail)
            return False
        return True

    def _note(self, name: str, one: Waiting, status: int, outcome: str, detail: str = "") -> None:
        at_ms = time.time_ns() // 1_000_000
        event = one.event
        self.log.append(Delivery(name, event.id, event.type, at_ms, one.tries, status, outcome, detail))
        self.tried.set()
