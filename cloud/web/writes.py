"""Writes over the web: their body is read strictly, and the same Idempotency-Key gets the same reply."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from cloud.web import tags
from cloud.web.access import WHO
from cloud.web.desk import DeskError, Unavailable
from cloud.web.replies import JSON, PROBLEM, Refusal, misread, refused, reply, reply_bytes
from cloud.web.routing import Given, Media, Route

REPLIES_MAX = 1000
KEY_LENGTH_MAX = 128
Done = TypeVar("Done")


class _Turn:
    """Who writes something goes before who waits for it."""

    def __init__(self) -> None:
        self.lock, self.wanted = asyncio.Lock(), 0


class Writes:
    """The replies to the last writes, by who asked, for what, with which key: one that was lost on its way can be asked
    for again. At the limit the oldest is forgotten; a desk knows its own by the key, or is idempotent anyway."""

    def __init__(self, limit: int = REPLIES_MAX) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str, str], tuple[bytes, int, bytes, str]] = OrderedDict()
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
        return await self._in_turn(known, lambda: self._once(known, body, request, done))

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
        self, known: tuple[str, str, str], body: bytes, request: web.Request, act: Callable[[], Awaitable[object]]
    ) -> web.Response:
        asked = hashlib.sha256(body).digest()
        if known in self._kept:
            self._kept.move_to_end(known)
            before, status, said, tag = self._kept[known]
            if before != asked:
                hint = "use a new key for each write"
                raise Refusal(409, "key_used", "this Idempotency-Key came with something else before", hint)
            headers = {"ETag": tag} if tag else None
            if status == 204:
                return answered(None)
            return reply_bytes(said, status=status, headers=headers, content_type=JSON if status < 400 else PROBLEM)
        try:
            response = answered(await act())
        except Unavailable:
            raise  # says nothing about the matter: to be tried again under the same key
        except (DeskError, Refusal) as error:
            response = refused(error, request.path, request.rel_url.raw_path)
        assert isinstance(response.body, bytes)
        self._kept[known] = (asked, response.status, response.body, response.headers.get("ETag", ""))
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return response


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
        whole = bytearray()
        async for part in request.content.iter_chunked(64 * 1024):
            whole += part
            if len(whole) > kind.bytes_max:
                hint = "send it in parts, each under a number of its own"
                raise Refusal(413, "too_large", f"the body is larger than {kind.bytes_max >> 20} MiB", hint)
        return bytes(whole), bytes(whole)
    body = await request.read()
    try:
        given = msgspec.json.decode(body or b"{}", type=kind)
        json.loads(body or b"{}", object_pairs_hook=_plain)
    except ValueError as error:
        fields = ", ".join(one.name + ("" if one.required else "?") for one in msgspec.structs.fields(kind))
        raise misread(error, "what was sent", f"send {fields}" if fields else "send nothing") from None
    return body, given


def _plain(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of which each field was said once, in text that every database holds; raises `ValueError`."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field stands there twice")
    for name, value in pairs:
        if any(isinstance(one, str) and "\0" in one for one in (value if isinstance(value, list) else [value])):
            raise ValueError(f"there is a character 0 in `{name}`")
    return fields
