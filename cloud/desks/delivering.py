"""Notices on their way: each person's channels in order, then again with growing rests, until one takes it.

That a try begins is stored before it, and what came of it after. So a stop in between is seen at the next start: then
what a receiver knows again by its id, and what is critical, is sent once more and says so; the rest is left `unsure`.
Each person has a queue of their own: nobody waits for another's broken channel, nothing new for what is tried again,
and nothing critical for a channel that is slow with something else.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from msgspec.structs import replace

from cloud.alerts.lifecycle import CRITICAL
from cloud.channels import Channel, Channels
from cloud.desks.refusing import OnDisk
from cloud.stores.database import LedgerUnavailable
from cloud.stores.notices import Kept, Notices
from protocols.crews import Person

log = logging.getLogger(__name__)

RETRY_S, RETRY_MAX_S = 2.0, 600.0
GIVE_UP_MS = 86_400_000
"""What nobody took for a day is given up; it stands in the log."""
WAITING_MAX = 500
"""Notices that wait for one person; at the limit the oldest of what is not critical is given up."""
CALM_AT_ONCE, CRITICAL_AT_ONCE = 1, 8
"""Notices on their way to one person at the same time."""
REPEATED = ("critical", "again")
"""What a later notice of the same alerts makes needless, where it waits still: it says the same, as it is by now."""

Send = Callable[[Channel, Kept, Person], Awaitable[str]]
"""Tries once; "" when it was taken, else why not. One that is `unsure` may have been taken before."""


class Post:
    """What waits for one person."""

    def __init__(self) -> None:
        self.waiting: dict[int, tuple[float, Kept]] = {}
        """By number: when it is tried next, in the loop's time, and the notice."""
        self.underway: dict[int, int] = {}
        """The severity of those that are being tried, by number."""
        self.news = asyncio.Event()

    def due(self, now_s: float) -> list[int]:
        """The numbers of what is to be tried now and has room, the worst and oldest first."""
        calm = sum(severity > CRITICAL for severity in self.underway.values())
        room = {True: CRITICAL_AT_ONCE - (len(self.underway) - calm), False: CALM_AT_ONCE - calm}
        found = []
        for severity, number in sorted((one.severity, one.id) for at_s, one in self.idle() if at_s <= now_s):
            if room[severity <= CRITICAL] > 0:
                room[severity <= CRITICAL] -= 1
                found.append(number)
        return found

    def idle(self) -> list[tuple[float, Kept]]:
        """What waits and is not being tried."""
        return [held for number, held in self.waiting.items() if number not in self.underway]

    def needless(self) -> list[Kept]:
        """What was tried in vain, and a later notice tells as well."""
        told: set[int] = set()
        found = []
        for _, one in sorted(self.idle(), key=lambda held: held[1].id, reverse=True):
            if one.kind in REPEATED and not one.only:
                if one.tries and not one.more and told.issuperset(one.alerts):
                    found.append(one)
                told.update(one.alerts)
        return found


class Delivering:
    """The deliveries of one site. `send` tries once; `stands`: whether a notice is still worth telling."""

    def __init__(
        self,
        people: Mapping[str, Person],
        notices: Notices,
        on_disk: OnDisk,
        channels: Callable[[], Channels],
        send: Send,
        now_ms: Callable[[], int],
    ) -> None:
        self.stands: Callable[[Kept], bool] = lambda _: True
        self.retry_s = RETRY_S
        self._people, self._notices, self._on_disk = people, notices, on_disk
        self._channels, self._send, self._now_ms = channels, send, now_ms
        self._posts = {name: Post() for name in people}

    async def restore(self) -> None:
        """What waited, or was under way, when the service stopped. Raises `LedgerUnavailable`."""
        again = []
        for one in await self._on_disk(self._notices.waiting):
            if one.person not in self._people:
                await self._note(one, state="given_up", detail="nobody of that name is in the site file")
                continue
            if one.state == "sending":
                channel = self._channels().channels.get(one.channel)
                if one.severity > CRITICAL and not (channel is not None and channel.webhook):
                    await self._note(one, state="unsure", detail="the service stopped while it was sent")
                    continue
                one = replace(one, state="unsure")  # until it is tried
            again.append(one)
        self.offer(again)

    def offer(self, made: Iterable[Kept]) -> None:
        """Notices that are stored, to be sent at once."""
        for one in made:
            post = self._posts[one.person]
            post.waiting[one.id] = 0.0, one
            post.news.set()

    def waiting(self) -> int:
        """How many notices are on their way."""
        return sum(len(post.waiting) for post in self._posts.values())

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name in self._posts:
                group.create_task(self._serve(self._people[name], self._posts[name]))
            await asyncio.Event().wait()

    async def _serve(self, person: Person, post: Post) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                post.news.clear()
                await self._shed(post)
                due = post.due(loop.time())
                for number in due:
                    post.underway[number] = post.waiting[number][1].severity
                    group.create_task(self._one(number, person, post))
                if not due:
                    next_s = min((at_s for at_s, _ in post.idle() if at_s > loop.time()), default=None)
                    rest_s = None if next_s is None else max(0.0, next_s - loop.time())
                    with suppress(TimeoutError):
                        async with asyncio.timeout(rest_s):
                            await post.news.wait()

    async def _one(self, number: int, person: Person, post: Post) -> None:
        after = await self._try(post.waiting[number][1], person)
        del post.underway[number]
        if after.state == "waiting":
            rest_s = min(RETRY_MAX_S, self.retry_s * 2 ** min(after.tries, 20)) * random.uniform(0.75, 1.25)
            post.waiting[number] = asyncio.get_running_loop().time() + rest_s, after
        else:
            del post.waiting[number]
        post.news.set()

    async def _shed(self, post: Post) -> None:
        for one in post.needless():
            del post.waiting[one.id]
            await self._note(one, state="given_up", detail=f"a later one tells the same; {one.detail}"[:500])
        while len(post.waiting) > WAITING_MAX and (idle := post.idle()):
            calm = [one.id for _, one in idle if one.severity > CRITICAL]
            _, one = post.waiting.pop(min(calm or [one.id for _, one in idle]))
            await self._note(one, state="given_up", detail=f"more than {WAITING_MAX} waited")

    async def _try(self, one: Kept, person: Person) -> Kept:
        """All channels once, in order; the notice as it is then."""
        if self._now_ms() - one.made_ms > GIVE_UP_MS:
            return await self._note(one, state="given_up", detail=f"nobody took it for a day; {one.detail}")
        channels, failed = self._channels().channels, []
        for name in [one.only] if one.only else person.to:
            channel = channels.get(name)
            if channel is None:
                failed.append(f"{name}: there is no such channel")
                continue
            began = await self._note(one, state="sending", channel=name, tries=one.tries + 1)
            if not self.stands(one):  # asked last, so that whoever is told was to be told
                detail = "it was over, or taken on, before it could be told"
                return await self._note(began, state="given_up", detail=detail)
            why = await self._send(channel, one, person)
            if not why:
                return await self._note(began, state="delivered", detail="; ".join(failed))
            one = replace(began, state=one.state)
            failed.append(f"{name}: {why}")
        return await self._note(one, state="waiting", tries=max(1, one.tries), detail="; ".join(failed)[:500])

    async def _note(self, one: Kept, **values: Any) -> Kept:
        """Store what became of a notice. Where that can not be, it goes on: people come first."""
        values["changed_ms"] = self._now_ms()
        try:
            await asyncio.shield(self._on_disk(partial(self._notices.change, one.id, **values)))
        except LedgerUnavailable as error:
            log.warning("notices: %s; that notice %d is %s is not stored", error, one.id, values["state"])
        return replace(one, **values)
