"""What a supplier does in its portal beside its orders: its plan for the shelves it keeps, and what it has in stock."""

from __future__ import annotations

import typing
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.office_view import Heard, PortalView, StockTaken
from cloud.core.purchasing.acting import Action
from cloud.core.trade_view import OrderView
from cloud.web import codes, office
from cloud.web.access import WHO
from cloud.web.office import LINES_MAX, NUMBERED, PAPERS, Name, PaperDesk, Step, TimeMs, told_once
from cloud.web.queries import number
from cloud.web.replies import CONFLICTS, Refusal
from cloud.web.roles import Who
from cloud.web.routing import Given, Media, Route, get, post
from protocols.documents.papers import BYTES_MAX


class PlanLine(Struct, frozen=True, forbid_unknown_fields=True):
    """Units of an SKU that the supplier wants to bring, and when (0: not said). `coming`: units of it that were to come
    already as this was planned (see its shelf); where it is another figure by now, the plan is refused. Left out, it
    counts whatever is to come."""

    sku: Name
    units: Annotated[int, Meta(ge=1, le=10**9)]
    due_ms: TimeMs = 0
    coming: int | None = None


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """What a supplier plans for the shelves it keeps."""

    lines: Annotated[list[PlanLine], Meta(min_length=1, max_length=LINES_MAX)]


class Stock(Struct, frozen=True, forbid_unknown_fields=True):
    """What a supplier has of its offers, by SKU; null: it does not say any more. `seen`: what it had told of these
    before as that was looked at (null: nothing); where it told another thing since, this is refused. Of an SKU that is
    not in it the last word holds."""

    skus: Annotated[dict[str, Annotated[int, Meta(ge=0, le=10**9)] | None], Meta(max_length=10_000)]
    seen: Annotated[dict[str, int | None], Meta(max_length=10_000)] = {}


class Desk(typing.Protocol):
    """Who deals with suppliers, as their portal sees it. Raises `DeskError`s."""

    def portal(self, supplier: str) -> object:
        """All that a supplier sees."""

    async def plan(self, plan: Plan, who: Who, key: str) -> object:
        """A supplier's plan becomes an order, at once or as a draft, as was agreed."""

    async def stock(self, stock: Stock, who: Who) -> object:
        """A supplier says what it has."""


class Orders(typing.Protocol):
    """Who keeps the orders. Raises `DeskError`s."""

    async def step(self, number: int, action: Action, step: Step, who: Who, key: str) -> object:
        """Take an order a step further; a supplier's only if it is its own."""


class Portal:
    """The routes of the portal."""

    def __init__(self, desk: Desk, orders: Orders, papers: PaperDesk) -> None:
        self._desk, self._orders, self._papers = desk, orders, papers

    def routes(self) -> list[Route]:
        """All of them."""
        order = "/api/v1/portal/orders/{id}"
        return [
            get("/api/v1/portal", self.portal, "portal", PortalView),
            post("/api/v1/portal/plan", self.plan, "portal", Plan, OrderView, refusals=codes.PLAN),
            post("/api/v1/portal/stock", self.stock, "portal", Stock, StockTaken),
            post(
                f"{order}/{{action}}", self.step, "portal", Step, OrderView,
                named=NUMBERED | {"action": Action}, refusals=codes.STEP,
            ),
            get(f"{order}/papers/{{kind}}", self.order_paper, "portal", PAPERS, named=NUMBERED, refusals=codes.PAPER),
            get("/api/v1/portal/papers/{kind}", self.paper, "portal", PAPERS, refusals=codes.PAPER),
            post(
                "/api/v1/portal/papers", self.hear, "portal", Media(("application/octet-stream",), BYTES_MAX), Heard,
                refusals=codes.HEAR,
            ),
        ]  # fmt: skip

    async def portal(self, request: web.Request) -> object:
        """A supplier's own shelves, forecast and orders."""
        return self._desk.portal(request[WHO].supplier)

    async def plan(self, _: web.Request, plan: Plan, by: Given) -> object:
        """What it wants to bring."""
        return await self._desk.plan(plan, by.who, by.key)

    async def stock(self, _: web.Request, stock: Stock, by: Given) -> object:
        """What it has."""
        return await self._desk.stock(stock, by.who)

    async def step(self, request: web.Request, step: Step, by: Given) -> object:
        """A supplier confirms or ships an order of its own, or says what it would change."""
        action = office.action_of(request)
        return await self._orders.step(number(request, "order"), action, told_once(action, step), by.who, by.key)

    async def paper(self, request: web.Request) -> web.Response:
        """A paper of a supplier's shelves."""
        return await office.paper(self._papers, request.match_info["kind"], request[WHO].supplier, 0)

    async def order_paper(self, request: web.Request) -> web.Response:
        """The paper of an order of its own."""
        order = number(request, "order")
        return await office.paper(self._papers, request.match_info["kind"], request[WHO].supplier, order)

    async def hear(self, _: web.Request, data: bytes, by: Given) -> object:
        """A supplier's paper: 855, 856, ORDRSP, DESADV. Where nothing of it was done, the answer is a problem, which
        tells the same."""
        told = await self._papers.hear(data, by.who)
        if (no := told.refusal) is None:
            return told
        more = {"done": told.done, "problems": told.problems}
        raise Refusal(409 if no.reason in CONFLICTS else 422, no.reason, no.detail, no.hint, more=more)
