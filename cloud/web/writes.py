"""Writes over the web: their body is read strictly, and the same Idempotency-Key gets the same reply."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
from aiohttp import web

from cloud.web import bodies, tags
from cloud.web.access import REPEATED, WHO
from cloud.web.channels import ChannelChange, ChannelMade, ChannelSettings, NewChannel
from cloud.web.desk import DeskError, Unavailable
from cloud.web.own import TokenMade
from cloud.web.passwords import hash_password, verify_password
from cloud.web.replies import JSON, PROBLEM, Refusal, refused, reply, reply_bytes
from cloud.web.routing import Given, Media, Route
from cloud.web.session import Passwords
from cloud.web.users import UserMade

log = logging.getLogger(__name__)

REPLIES_MAX = 1000
KEPT_BYTES_MAX = 64 * 1024
"""Of an answer that is kept over a restart."""
KEY_LENGTH_MAX = 128
SECRET = frozenset((
    Passwords, TokenMade, UserMade, NewChannel, ChannelChange, ChannelSettings, ChannelMade,
))  # fmt: skip
"""What holds something that is kept nowhere, or that a short password could be guessed from."""
ONCE = "once:"
"""Before what was sent, where what was answered is told once. Of what is secret it is kept as a password is."""
Key = tuple[str, str, str]
"""Who asked, at which path, with which Idempotency-Key."""
Done = TypeVar("Done")


class Reply(NamedTuple):
    """What a write was answered: `asked` is the SHA-256 of what was sent, or `ONCE` and a hash of that: it was done,
    and is told once. "": the same, and nobody knows what was sent."""

    asked: str
    status: int
    body: bytes
    tag: str


class Answers(Protocol):
    """The port to where answers outlive the service. Raises `DeskError`."""

    async def newest(self, most: int) -> list[tuple[Key, Reply]]:
        """So many of them, the oldest first."""

    async def keep(self, key: Key, reply: Reply, most: int) -> None:
        """Keep one, of at most so many: the oldest of who has most leave."""


class _Turn:
    """Who writes something goes before who waits for it."""

    def __init__(self) -> None:
        self.lock, self.wanted = asyncio.Lock(), 0


class _Kept:
    """So many replies. At the limit who has most forgets their oldest: nobody makes those of others forgotten."""

    def __init__(self, most: int) -> None:
        self._most, self._of = most, dict[str, OrderedDict[Key, Reply]]()
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._held.total()

    def get(self, key: Key) -> Reply | None:
        """The one under a key, which is then as if it were new."""
        of = self._of.get(key[0])
        if of is None or key not in of:
            return None
        of.move_to_end(key)
        return of[key]

    def put(self, key: Key, told: Reply) -> None:
        """One more."""
        self._of.setdefault(key[0], OrderedDict())[key] = told
        self._held[key[0]] = len(self._of[key[0]])
        while len(self) > self._most:
            [(greedy, _)] = self._held.most_common(1)
            self._of[greedy].popitem(last=False)
            self._held[greedy] -= 1


class Writes:
    """The replies to the last writes, by who asked, for what, with which key: one that was lost on its way can be asked
    for again, with `answers` also after a restart, but for one that was refused: that did nothing. At the limit the
    oldest of who has most is forgotten; a desk knows its own by the key, or is idempotent anyway."""

    def __init__(self, answers: Answers | None = None, limit: int = REPLIES_MAX) -> None:
        self._answers, self._limit = answers, limit
        self._recalled, self._recalling = answers is None, asyncio.Lock()
        self._kept = _Kept(limit)
        self._recollected: set[Key] = set()  # of these nobody may have heard, nor have written down who did it
        self._turns: dict[tuple[str, ...], _Turn] = {}  # one for each write under way: the server bounds them

    def __len__(self) -> int:
        return len(self._kept)

    async def take(self, request: web.Request, route: Route) -> web.Response:
        """Read the body that a route takes (nothing at all is one without fields), act, and reply with what came of
        it."""
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > KEY_LENGTH_MAX or not key.isprintable():
            hint = f"use at most {KEY_LENGTH_MAX} visible characters; a UUID is fine"
            raise Refusal(400, "bad_request", "the Idempotency-Key is too long or not readable", hint)
        body, given = await _read(request, route.body)
        who = request[WHO]
        known = (who.name, request.path, key)
        # If-Match is no part of it: whoever hears no answer asks again with the tag that they see by then.
        asked = hashlib.sha256(repr((request.method, request.query_string)).encode() + body).hexdigest()
        act, by = route.act, Given(who, f"{who.name}:{key}" if key else "")
        assert act is not None

        async def done() -> object:
            if route.thing is None:
                return await act(request, given, by)
            return await self._in_turn((request.path.rpartition("/")[0],), looked)

        async def looked() -> object:
            """What is looked at is what is changed: nobody else writes the same thing meanwhile."""
            if route.thing is not None and "If-Match" in request.headers:
                tags.check(request, tags.tag_of(await route.thing(request)))
            return await act(request, given, by)

        if not key:
            return answered(await done())
        # Sent again while the first is under way, it waits for that one's reply.
        return await self._in_turn(known, lambda: self._once(known, asked, request, route, done))

    async def _in_turn(self, what: tuple[str, ...], act: Callable[[], Awaitable[Done]]) -> Done:
        """One after the other, of who writes the same."""
        turn = self._turns.get(what)
        if turn is None:
            turn = self._turns[what] = _Turn()
        turn.wanted += 1
        try:
            async with turn.lock:
                return await act()
        finally:
            turn.wanted -= 1
            if not turn.wanted:
                del self._turns[what]

    async def _once(
        self, known: Key, asked: str, request: web.Request, route: Route, act: Callable[[], Awaitable[object]]
    ) -> web.Response:
        await self._recall()
        if (before := self._kept.get(known)) is not None:
            response = await _again(before, asked)
            if known not in self._recollected:
                request[REPEATED] = True
            self._recollected.discard(known)
            return response
        try:
            response = answered(await act())
        except Unavailable:
            raise  # says nothing about the matter: to be tried again under the same key
        except (DeskError, Refusal) as error:
            response = refused(error, request.path, request.rel_url.raw_path)
        assert isinstance(response.body, bytes)
        if response.status == 412:
            return response  # nothing was done: with the tag as it is now, the same may be wanted under the same key
        told = Reply(asked, response.status, response.body, response.headers.get("ETag", ""))
        self._kept.put(known, told)
        await self._keep(known, told, route)
        return response

    async def _recall(self) -> None:
        """Know again what was answered before the service started."""
        async with self._recalling:
            if not self._recalled and self._answers is not None:
                for key, told in await self._answers.newest(self._limit):
                    self._kept.put(key, told)
                    self._recollected.add(key)
                self._recalled = True

    async def _keep(self, key: Key, told: Reply, route: Route) -> None:
        """Keep an answer for the time after a restart; of what is secret, only that it was done. What was refused did
        nothing: asked for again it is looked at anew."""
        if self._answers is None or 400 <= told.status < 500:
            return
        secret = route.body in SECRET or route.answer in SECRET
        if secret or len(told.body) > KEPT_BYTES_MAX:
            if told.status >= 500:
                return
            asked = await asyncio.to_thread(hash_password, told.asked) if secret else told.asked
            told = Reply(ONCE + asked, told.status, b"", "")
        try:
            await self._answers.keep(key, told, self._limit)
        except DeskError as error:  # it was done: who asked hears of it all the same
            log.warning("what %s was answered is forgotten at the next start: %s", route.id, error.detail)


async def _again(told: Reply, asked: str) -> web.Response:
    kept = told.asked.removeprefix(ONCE)
    same = kept in ("", asked)
    if kept.startswith("$"):
        same = await asyncio.to_thread(verify_password, asked, kept)
    if not same:
        hint = "use a new key for each write"
        raise Refusal(409, "key_used", "this Idempotency-Key came with something else before", hint)
    if kept != told.asked or not kept:
        hint = "look what is there, or make it anew under a new key"
        raise Refusal(409, "told_once", "this was done already, and what it told is told once", hint)
    if told.status == 204:
        return answered(None)
    headers = {"ETag": told.tag} if told.tag else None
    return reply_bytes(
        told.body, status=told.status, headers=headers, content_type=JSON if told.status < 400 else PROBLEM
    )


def answered(value: object) -> web.Response:
    """What a handler gave, as JSON, with the tag of a thing that people change; nothing where it gave nothing."""
    if value is None:
        return web.Response(status=204, body=b"")
    response = reply(value)
    if (tag := tags.tag_of(value)) is not None:
        response.headers["ETag"] = f'"{tag.value}"'
    return response


async def _read(request: web.Request, kind: Any) -> tuple[bytes, Any]:
    """A body, and what it says; None where nothing is read. Raises `Refusal`."""
    if kind is None:
        return b"", None
    if isinstance(kind, Media):
        body = await bodies.whole(request, kind.bytes_max)
        return body, body
    body = await bodies.whole(request)
    fields = ", ".join(one.name + ("" if one.required else "?") for one in msgspec.structs.fields(kind))
    hint = f"send {fields}" if fields else "send nothing"
    return body, bodies.read_as(kind, body or b"{}", "what was sent", hint)
