"""Buying over the web: orders and their life, arrivals, suppliers and their scores."""

from __future__ import annotations

import typing
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.purchasing.acting import ACTIONS, Action
from cloud.web.access import WHO
from cloud.web.desk import NotFound
from cloud.web.queries import TIME_MS_MAX, number
from cloud.web.replies import reply
from cloud.web.sign_in import Who
from cloud.web.writes import Given, Writes

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=500)]
Units = Annotated[int, Meta(ge=0, le=10**9)]
Money = Annotated[float, Meta(ge=0, le=1e9)]
TimeMs = Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
LINES_MAX = 500


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Units of an SKU to be ordered."""

    sku: Name
    units: Annotated[int, Meta(ge=1, le=10**9)]


class NewOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A draft by hand."""

    supplier: Name
    lines: Annotated[list[Wanted], Meta(min_length=1, max_length=LINES_MAX)]
    note: Text = ""


class From(Struct, frozen=True, forbid_unknown_fields=True):
    """From whom a need is to be ordered; left out, from the best."""

    supplier: Text = ""


class StepLine(Struct, frozen=True, forbid_unknown_fields=True):
    """What a step says of an SKU: units wanted or agreed or shipped, taken in or rejected, price, date."""

    sku: Name
    units: Units | None = None
    received: Units | None = None
    rejected: Units = 0
    unit_price: Money | None = None
    due_ms: TimeMs | None = None


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """A step in an order's life. `version` is the one that was looked at (0: whichever it is by now); `anyway`: though
    too much came, or the goods are on their way."""

    version: Annotated[int, Meta(ge=0)] = 0
    lines: Annotated[list[StepLine], Meta(max_length=LINES_MAX)] = []
    note: Text = ""
    anyway: bool = False
    key: Annotated[str, Meta(max_length=128)] = ""
    """The number of the delivery note or dispatch advice; left out, the Idempotency-Key."""
    came_ms: TimeMs = 0
    """When a delivery came; left out, now."""


class Came(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says of an arrival: units that are kept, and not."""

    units: Units
    rejected: Units = 0
    lot: Text = ""
    expiry: Text = ""
    note: Text = ""
    anyway: bool = False


class Score(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody thinks of a supplier."""

    criterion: Literal["service", "innovation"]
    value: Annotated[float, Meta(ge=0, le=100)]
    note: Text = ""


class OfficeDesk(typing.Protocol):
    """The buyer, as the web sees it. Raises `DeskError`s."""

    def orders(self) -> object:
        """Open orders and the latest ended ones."""

    async def order(self, number: int) -> object:
        """One, with its versions."""

    async def draft(self, wanted: NewOrder, by: str, key: str) -> object:
        """A draft by hand."""

    async def offers(self, need: int) -> object:
        """What each supplier would ask for what a need is of, the one that is proposed first."""

    async def order_need(self, need: int, supplier: str, who: Who) -> object:
        """Make orders of a need."""

    async def step(self, number: int, action: Action, step: Step, who: Who, key: str) -> object:
        """Take an order a step further; a supplier's only if it is its own."""

    def arrivals(self) -> object:
        """What the shelves saw coming, beside the orders it fits."""

    async def confirm(self, arrival: str, came: Came, who: Who, key: str) -> object:
        """A person says what came."""


class PartnerDesk(typing.Protocol):
    """Who deals with suppliers, as the web sees it. Raises `DeskError`s."""

    def suppliers(self) -> object:
        """Scorecards."""

    async def mark(self, supplier: str, score: Score, by: str) -> object:
        """Enter what is not measured."""

    def webhooks(self) -> object:
        """Where events are posted to, what waits, and what came of it."""


class PaperDesk(typing.Protocol):
    """Who makes and reads the papers of partners' machines. Raises `DeskError`s."""

    async def paper(self, kind: str, supplier: str, order: int) -> tuple[str, bytes]:
        """A paper (content type, bytes): of a supplier's shelves, or of one order (0: none)."""

    async def hear(self, data: bytes, who: Who) -> object:
        """A partner's paper: what it says is done with the supplier's own orders."""


class Office:
    """The routes of buying, and the portal."""

    def __init__(self, desk: OfficeDesk, partners: PartnerDesk, papers: PaperDesk, writes: Writes) -> None:
        self._desk = desk
        self._partners = partners
        self._papers = papers
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/api/orders", self.orders),
            web.post("/api/orders", self.draft),
            web.get("/api/orders/{id}", self.order),
            web.post("/api/orders/{id}/{action}", self.step),
            web.get("/api/orders/{id}/papers/{kind}", self.order_paper),
            web.get("/api/needs/{id}/offers", self.offers),
            web.post("/api/needs/{id}/order", self.order_need),
            web.get("/api/arrivals", self.arrivals),
            web.post("/api/arrivals/{id}/confirm", self.confirm),
            web.get("/api/suppliers", self.suppliers),
            web.post("/api/suppliers/{id}/scores", self.score),
            web.get("/api/webhooks", self.webhooks),
            web.post("/api/portal/orders/{id}/{action}", self.step),
            web.get("/api/portal/orders/{id}/papers/{kind}", self.order_paper),
            web.get("/api/portal/papers/{kind}", self.paper),
            web.post("/api/portal/papers", self.hear),
        ]

    async def orders(self, _: web.Request) -> web.Response:
        """Open orders and the latest ended ones."""
        return reply(self._desk.orders())

    async def order(self, request: web.Request) -> web.Response:
        """One order with its versions."""
        return reply(await self._desk.order(number(request, "order")))

    async def draft(self, request: web.Request) -> web.Response:
        """A draft by hand."""

        async def act(wanted: NewOrder, by: Given) -> object:
            return await self._desk.draft(wanted, by.who.name, by.key)

        return await self._writes.take(request, NewOrder, act)

    async def offers(self, request: web.Request) -> web.Response:
        """From whom a need may be ordered, and at what."""
        return reply(await self._desk.offers(number(request, "need")))

    async def order_need(self, request: web.Request) -> web.Response:
        """Order a need."""
        need = number(request, "need")

        async def act(wanted: From, by: Given) -> object:
            return await self._desk.order_need(need, wanted.supplier, by.who)

        return await self._writes.take(request, From, act)

    async def step(self, request: web.Request) -> web.Response:
        """Approve, send, confirm, change, ship, receive, close or cancel."""
        order = number(request, "order")
        action = next((one for one in ACTIONS if one == request.match_info["action"]), None)
        if action is None:
            raise NotFound(f"there is no {request.match_info['action'][:50]!r}", f"use one of {', '.join(ACTIONS)}")

        async def act(step: Step, by: Given) -> object:
            return await self._desk.step(order, action, step, by.who, by.key)

        return await self._writes.take(request, Step, act)

    async def arrivals(self, _: web.Request) -> web.Response:
        """What the shelves saw coming."""
        return reply(self._desk.arrivals())

    async def confirm(self, request: web.Request) -> web.Response:
        """Confirm an arrival."""
        arrival = request.match_info["id"]

        async def act(came: Came, by: Given) -> object:
            return await self._desk.confirm(arrival, came, by.who, by.key)

        return await self._writes.take(request, Came, act)

    async def suppliers(self, _: web.Request) -> web.Response:
        """Scorecards."""
        return reply(self._partners.suppliers())

    async def score(self, request: web.Request) -> web.Response:
        """Enter a score that is not measured."""
        supplier = request.match_info["id"]

        async def act(score: Score, by: Given) -> object:
            return await self._partners.mark(supplier, score, by.who.name)

        return await self._writes.take(request, Score, act)

    async def webhooks(self, _: web.Request) -> web.Response:
        """The log of webhooks, and what waits."""
        return reply(self._partners.webhooks())

    async def paper(self, request: web.Request) -> web.Response:
        """A supplier's paper of its shelves."""
        return await self._paper(request, request[WHO].supplier, 0)

    async def order_paper(self, request: web.Request) -> web.Response:
        """The paper of an order; a supplier's only of its own."""
        return await self._paper(request, request[WHO].supplier, number(request, "order"))

    async def hear(self, request: web.Request) -> web.Response:
        """A supplier's paper: 855, 856, ORDRSP, DESADV."""
        return reply(await self._papers.hear(await request.read(), request[WHO]))

    async def _paper(self, request: web.Request, supplier: str, order: int) -> web.Response:
        content, body = await self._papers.paper(request.match_info["kind"], supplier, order)
        return web.Response(body=body, content_type=content)
