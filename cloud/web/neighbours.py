"""Neighbour sites over the web: what this one can spare, for them to ask; and what each tells."""

from __future__ import annotations

import typing
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.office_view import Spare, SpareTaken
from cloud.web.routing import Given, Route, get, post

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

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Both."""
        return [
            get("/api/v1/spare", self.ours, "look", Spare),
            post("/api/v1/neighbours/{id}/spare", self.tell, "buy", Spares, SpareTaken),
        ]

    async def ours(self, _: web.Request) -> object:
        """What this site can send to others, or could use."""
        return self._desk.ours()

    async def tell(self, request: web.Request, spares: Spares, by: Given) -> object:
        """What a neighbour can send, or could use."""
        return await self._desk.tell(request.match_info["id"], spares)
