"""Buying over the web: orders and their life, arrivals, suppliers and their scores."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct
from msgspec.structs import replace

from cloud.core.office_view import Heard, OfferView, OrderDetail, SupplierView
from cloud.core.purchasing.acting import ACTIONS, Action
from cloud.core.purchasing.scorecards import Scorecard
from cloud.core.trade_view import ArrivalView, OrdersPage, OrderView
from cloud.web import codes
from cloud.web.desk import NotFound, Refused
from cloud.web.paging import Paging
from cloud.web.posting import WebhookView
from cloud.web.queries import TIME_MS_MAX, Number, number
from cloud.web.roles import Who
from cloud.web.routing import Given, Media, Route, get, post

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=500)]
Units = Annotated[int, Meta(ge=0, le=10**9)]
Money = Annotated[float, Meta(ge=0, le=1e9)]
TimeMs = Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
LINES_MAX = 500
Bought = Literal["approve", "send", "confirm", "change", "ship", "close", "cancel"]
"""The steps that are the buyer's; taking in what came has an address and a right of its own."""
BOUGHT: tuple[Bought, ...] = typing.get_args(Bought)
NUMBERED = {"id": Number}
ENDED = Paging("orders", 100, 1_000)
PAPERS = Media(("application/edi-x12", "application/edifact", "application/json"))


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Units of an SKU to be ordered."""

    sku: Name
    units: Annotated[int, Meta(ge=1, le=10**9)]


class NewOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A draft by hand."""

    supplier: Name
    lines: Annotated[list[Wanted], Meta(min_length=1, max_length=LINES_MAX)]
    note: Text = ""


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
    """What somebody thinks of a supplier. `seen_ms`: when the score that was looked at was given (0: there was none);
    where another was given since, this one is refused. Left out, it counts whatever was given."""

    criterion: Literal["service", "innovation"]
    value: Annotated[float, Meta(ge=0, le=100)]
    note: Text = ""
    seen_ms: TimeMs | None = None


class OfficeDesk(typing.Protocol):
    """The buyer, as the web sees it. Raises `DeskError`s."""

    def orders(self) -> object:
        """Open orders and the latest ended ones."""

    async def ended(self, before: int, limit: int) -> Sequence[OrderView]:
        """Those that are over, the newest first; with `before` (0: none) those of lower numbers."""

    async def order(self, number: int) -> object:
        """One, with its versions."""

    async def draft(self, wanted: NewOrder, by: str, key: str) -> object:
        """A draft by hand."""

    async def offers(self, need: int) -> object:
        """What each supplier would ask for what a need is of, the one that is proposed first."""

    async def order_need(self, need: int, units: int, supplier: str, who: Who) -> object:
        """Make orders of a need: so many units (0: as proposed), from a supplier ("": from the best)."""

    async def step(self, number: int, action: Action, step: Step, who: Who, key: str) -> object:
        """Take an order a step further; a supplier's only if it is its own."""

    def arrivals(self) -> Sequence[ArrivalView]:
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

    async def hear(self, data: bytes, who: Who) -> Heard:
        """A partner's paper: what it says is done with the supplier's own orders."""


class Office:
    """The routes of buying."""

    def __init__(self, desk: OfficeDesk, partners: PartnerDesk, papers: PaperDesk) -> None:
        self._desk = desk
        self._partners = partners
        self._papers = papers

    def routes(self) -> list[Route]:
        """All of them."""
        order, stepped = "/api/v1/orders/{id}", NUMBERED | {"action": Bought}
        return [
            get("/api/v1/orders", self.orders, "look", list[OrderView]),
            post("/api/v1/orders", self.draft, "buy", NewOrder, OrderView, refusals=codes.DRAFT),
            get("/api/v1/orders/ended", self.ended, "look", OrdersPage, *ENDED.query),
            get(order, self.order, "look", OrderDetail, named=NUMBERED),
            post(
                f"{order}/receive", self.receive, "handle", Step, OrderView,
                named=NUMBERED, refusals=codes.RECEIVE, thing=self.order,
            ),
            post(
                f"{order}/{{action}}", self.step, "buy", Step, OrderView,
                named=stepped, refusals=codes.STEP, thing=self.order,
            ),
            get(f"{order}/papers/{{kind}}", self.paper, "buy", PAPERS, named=NUMBERED, refusals=codes.PAPER),
            get("/api/v1/needs/{id}/offers", self.offers, "look", list[OfferView], named=NUMBERED,
                refusals=codes.OFFERS),
            get("/api/v1/arrivals", self.arrivals, "look", list[ArrivalView]),
            get("/api/v1/arrivals/{id}", self.arrival, "look", ArrivalView),
            post(
                "/api/v1/arrivals/{id}/confirm", self.confirm, "handle", Came, OrderView,
                refusals=codes.RECEIVE, thing=self.arrival,
            ),
            get("/api/v1/suppliers", self.suppliers, "look", list[SupplierView]),
            post("/api/v1/suppliers/{id}/scores", self.score, "buy", Score, Scorecard, refusals=codes.SCORE),
            get("/api/v1/webhooks", self.webhooks, "buy", list[WebhookView]),
        ]  # fmt: skip

    async def orders(self, _: web.Request) -> object:
        """Open orders and the latest ended ones."""
        return self._desk.orders()

    async def ended(self, request: web.Request) -> object:
        """Orders that are over, newest first."""
        before, limit = ENDED.of(request)
        found = await self._desk.ended(before, limit)
        return OrdersPage([*found], ENDED.next(found, limit))

    async def order(self, request: web.Request) -> object:
        """One order with its versions."""
        return await self._desk.order(number(request, "order"))

    async def draft(self, _: web.Request, wanted: NewOrder, by: Given) -> object:
        """A draft by hand."""
        return await self._desk.draft(wanted, by.who.name, by.key)

    async def offers(self, request: web.Request) -> object:
        """From whom a need may be ordered, and at what."""
        return await self._desk.offers(number(request, "need"))

    async def receive(self, request: web.Request, step: Step, by: Given) -> object:
        """Take in what came of an order."""
        return await self._desk.step(number(request, "order"), "receive", told_once("receive", step), by.who, by.key)

    async def step(self, request: web.Request, step: Step, by: Given) -> object:
        """Approve, send, confirm, change, ship, close or cancel an order."""
        action = action_of(request, BOUGHT)
        return await self._desk.step(number(request, "order"), action, told_once(action, step), by.who, by.key)

    async def arrivals(self, _: web.Request) -> object:
        """What the shelves saw coming."""
        return self._desk.arrivals()

    async def arrival(self, request: web.Request) -> object:
        """One of these."""
        wanted = request.match_info["id"]
        found = next((one for one in self._desk.arrivals() if one.id == wanted), None)
        if found is None:
            raise NotFound(f"there is no arrival {wanted[:100]!r}", "the list shows all there are")
        return found

    async def confirm(self, request: web.Request, came: Came, by: Given) -> object:
        """A person says what came."""
        return await self._desk.confirm(request.match_info["id"], came, by.who, by.key)

    async def suppliers(self, _: web.Request) -> object:
        """Scorecards."""
        return self._partners.suppliers()

    async def score(self, request: web.Request, score: Score, by: Given) -> object:
        """Enter a score that is not measured."""
        return await self._partners.mark(request.match_info["id"], score, by.who.name)

    async def webhooks(self, _: web.Request) -> object:
        """The log of webhooks, and what waits."""
        return self._partners.webhooks()

    async def paper(self, request: web.Request) -> web.Response:
        """The paper of an order for its supplier's machine."""
        order = number(request, "order")
        return await paper(self._papers, request.match_info["kind"], "", order)


def action_of(request: web.Request, among: Sequence[Action] = ACTIONS) -> Action:
    """The step that the address names. Raises `NotFound`."""
    action = next((one for one in among if one == request.match_info["action"]), None)
    if action is None:
        raise NotFound(f"there is no {request.match_info['action'][:50]!r}", f"use one of {', '.join(among)}")
    return action


async def paper(desk: PaperDesk, kind: str, supplier: str, order: int) -> web.Response:
    """A paper as it is sent."""
    content, body = await desk.paper(kind, supplier, order)
    return web.Response(body=body, content_type=content)


def told_once(action: Action, step: Step) -> Step:
    """The step with one line an SKU: two pallets of one article are one line of what left, or came. Raises `Refused`
    where two lines of one can not both hold."""
    lines: dict[str, StepLine] = {}
    for one in step.lines:
        before = lines.get(one.sku)
        lines[one.sku] = one if before is None else _both(action, before, one)
    return step if len(lines) == len(step.lines) else replace(step, lines=[*lines.values()])


def _both(action: Action, one: StepLine, other: StepLine) -> StepLine:
    if action not in ("ship", "receive"):
        raise Refused("sku_twice", f"{one.sku} is named twice.", "Say in one line what holds of it.")
    if (one.due_ms, one.unit_price) != (other.due_ms, other.unit_price):
        said = f"{one.sku} is named twice, each time with another date or price."
        raise Refused("sku_twice", said, "Send what belongs together under a key of its own.")
    units, received = (
        None if had is None and more is None else (had or 0) + (more or 0)
        for had, more in ((one.units, other.units), (one.received, other.received))
    )
    return replace(one, units=units, received=received, rejected=one.rejected + other.rejected)
