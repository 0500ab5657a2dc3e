"""Writes over the web: their body is read strictly, and the same Idempotency-Key gets the same reply."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from cloud.web.access import WHO
from cloud.web.desk import DeskError, Unavailable
from cloud.web.replies import Refusal, refused, reply, reply_bytes
from cloud.web.sign_in import Who

REPLIES_MAX = 1000
KEY_LENGTH_MAX = 128

Body = TypeVar("Body", bound=Struct)


class Given(Struct, frozen=True):
    """Who writes, and by what key the same write is known again ("" where none was sent)."""

    who: Who
    key: str


class Writes:
    """The replies to the last writes, by who asked, for what, with which key: one that was lost on its way can be asked
    for again. At the limit the oldest is forgotten; a desk knows its own by the key, or is idempotent anyway."""

    def __init__(self, limit: int = REPLIES_MAX) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str, str], tuple[bytes, int, bytes]] = OrderedDict()
        self._underway: dict[tuple[str, str, str], asyncio.Lock] = {}

    def __len__(self) -> int:
        return len(self._kept)

    async def take(
        self, request: web.Request, kind: type[Body], act: Callable[[Body, Given], Awaitable[object]]
    ) -> web.Response:
        """Read a body of that `kind` (nothing at all is one without fields), act, and reply with what came of it."""
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > KEY_LENGTH_MAX or not key.isprintable():
            hint = f"use at most {KEY_LENGTH_MAX} visible characters; a UUID is fine"
            raise Refusal(400, "bad_request", "the Idempotency-Key is too long or not readable", hint)
        body = await request.read()
        try:
            given = msgspec.json.decode(body or b"{}", type=kind)
            json.loads(body or b"{}", object_pairs_hook=_plain)
        except ValueError as error:
            fields = ", ".join(one.name + ("" if one.required else "?") for one in msgspec.structs.fields(kind))
            raise Refusal(400, "bad_request", f"what was sent can not be read: {error}", f"send {fields}") from None
        who = request[WHO]
        known = (who.name, request.path, key)
        lock = self._underway.setdefault(known, asyncio.Lock()) if key else asyncio.Lock()
        try:
            async with lock:  # sent again while the first is under way, it waits for that one's reply
                return await self._once(known, body, request.path, lambda: act(given, Given(who, self._key(who, key))))
        finally:
            if not lock.locked():
                self._underway.pop(known, None)

    async def _once(
        self, known: tuple[str, str, str], body: bytes, path: str, act: Callable[[], Awaitable[object]]
    ) -> web.Response:
        key, asked = known[2], hashlib.sha256(body).digest()
        if key and known in self._kept:
            self._kept.move_to_end(known)
            before, status, said = self._kept[known]
            if before != asked:
                hint = "use a new key for each write"
                raise Refusal(409, "key_used", "this Idempotency-Key came with something else before", hint)
            return reply_bytes(said, status=status)
        try:
            response = reply(await act())
        except Unavailable:
            raise  # says nothing about the matter: to be tried again under the same key
        except (DeskError, Refusal) as error:
            response = refused(error, path)
        if key:
            assert isinstance(response.body, bytes)
            self._kept[known] = (asked, response.status, response.body)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return response

    @staticmethod
    def _key(who: Who, key: str) -> str:
        return f"{who.name}:{key}" if key else ""


def _plain(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of which each field was said once, in text that every database holds; raises `ValueError`."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field stands there twice")
    for name, value in pairs:
        if any(isinstance(one, str) and "\0" in one for one in (value if isinstance(value, list) else [value])):
            raise ValueError(f"there is a character 0 in `{name}`")
    return fields
