"""What a supplier does in its portal beside its orders: its plan for the shelves it keeps, and what it has in stock."""

from __future__ import annotations

import typing
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.web.access import WHO
from cloud.web.office import LINES_MAX, Name, TimeMs
from cloud.web.replies import reply
from cloud.web.sign_in import Who
from cloud.web.writes import Given, Writes


class PlanLine(Struct, frozen=True, forbid_unknown_fields=True):
    """Units of an SKU that the supplier wants to bring, and when (0: not said)."""

    sku: Name
    units: Annotated[int, Meta(ge=1, le=10**9)]
    due_ms: TimeMs = 0


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """What a supplier plans for the shelves it keeps."""

    lines: Annotated[list[PlanLine], Meta(min_length=1, max_length=LINES_MAX)]


class Stock(Struct, frozen=True, forbid_unknown_fields=True):
    """What a supplier has of its offers, by SKU; null: it does not say any more."""

    skus: Annotated[dict[str, Annotated[int, Meta(ge=0, le=10**9)] | None], Meta(max_length=10_000)]


class Desk(typing.Protocol):
    """Who deals with suppliers, as their portal sees it. Raises `DeskError`s."""

    def portal(self, supplier: str) -> object:
        """All that a supplier sees."""

    async def plan(self, plan: Plan, who: Who, key: str) -> object:
        """A supplier's plan becomes an order, at once or as a draft, as was agreed."""

    async def stock(self, stock: Stock, who: Who) -> object:
        """A supplier says what it has."""


class Portal:
    """The routes of the portal."""

    def __init__(self, desk: Desk, writes: Writes) -> None:
        self._desk = desk
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/api/v1/portal", self.portal),
            web.post("/api/v1/portal/plan", self.plan),
            web.post("/api/v1/portal/stock", self.stock),
        ]

    async def portal(self, request: web.Request) -> web.Response:
        """A supplier's own shelves, forecast and orders."""
        return reply(self._desk.portal(request[WHO].supplier))

    async def plan(self, request: web.Request) -> web.Response:
        """What it wants to bring."""

        async def act(plan: Plan, by: Given) -> object:
            return await self._desk.plan(plan, by.who, by.key)

        return await self._writes.take(request, Plan, act)

    async def stock(self, request: web.Request) -> web.Response:
        """What it has."""

        async def act(stock: Stock, by: Given) -> object:
            return await self._desk.stock(stock, by.who)

        return await self._writes.take(request, Stock, act)
