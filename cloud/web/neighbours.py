"""Neighbour sites over the web: what this one can spare, for them to ask; and what each tells."""

from __future__ import annotations

import typing
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.web.replies import reply
from cloud.web.writes import Given, Writes

SKUS_MAX = 10_000


class Spares(Struct, frozen=True, forbid_unknown_fields=True):
    """Units by SKU that a neighbour can send, or, below 0, could use."""

    skus: Annotated[dict[str, Annotated[int, Meta(ge=-(10**9), le=10**9)]], Meta(max_length=SKUS_MAX)]


class Desk(typing.Protocol):
    """Who deals with neighbours, as the web sees it. Raises `DeskError`s."""

    def ours(self) -> object:
        """What this site can send, or could use."""

    async def tell(self, neighbour: str, spares: Spares) -> object:
        """What a neighbour can send, or could use."""


class Neighbours:
    """The routes of neighbours."""

    def __init__(self, desk: Desk, writes: Writes) -> None:
        self._desk = desk
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Both."""
        return [web.get("/api/v1/spare", self.ours), web.post("/api/v1/neighbours/{id}/spare", self.tell)]

    async def ours(self, _: web.Request) -> web.Response:
        """What this site can send to others, or could use."""
        return reply(self._desk.ours())

    async def tell(self, request: web.Request) -> web.Response:
        """What a neighbour can send, or could use."""

        async def act(spares: Spares, _: Given) -> object:
            return await self._desk.tell(request.match_info["id"], spares)

        return await self._writes.take(request, Spares, act)
