"""Buying over the web: orders and their life, arrivals, suppliers and their scores."""

from __future__ import annotations

import typing
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct
from msgspec.structs import replace

from cloud.core.purchasing.acting import ACTIONS, Action
from cloud.web.access import WHO
from cloud.web.desk import NotFound, Refused
from cloud.web.queries import TIME_MS_MAX, number
from cloud.web.replies import CONFLICTS, Refusal, reply
from cloud.web.sign_in import Who
from cloud.web.writes import Given, Writes
from protocols.documents.papers import BYTES_MAX
from protocols.readings import Problem

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


class Heard(Struct, frozen=True):
    """What came of a partner's paper: of each order in it the action and the order, or why not (`reason`, `detail`,
    `hint`); what was wrong with the paper. `again`: it had come before, and nothing was done now."""

    done: list[object]
    problems: list[Problem]
    again: bool = False

    @property
    def refusal(self) -> dict[str, str] | None:
        """Why nothing at all was done; None where something was."""
        no = [one for one in self.done if isinstance(one, dict) and "reason" in one]
        return no[0] if no and len(no) == len(self.done) else None


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

    async def hear(self, data: bytes, who: Who) -> Heard:
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
            web.get("/api/v1/orders", self.orders),
            web.post("/api/v1/orders", self.draft),
            web.get("/api/v1/orders/{id}", self.order),
            web.post("/api/v1/orders/{id}/{action}", self.step),
            web.get("/api/v1/orders/{id}/papers/{kind}", self.order_paper),
            web.get("/api/v1/needs/{id}/offers", self.offers),
            web.post("/api/v1/needs/{id}/order", self.order_need),
            web.get("/api/v1/arrivals", self.arrivals),
            web.post("/api/v1/arrivals/{id}/confirm", self.confirm),
            web.get("/api/v1/suppliers", self.suppliers),
            web.post("/api/v1/suppliers/{id}/scores", self.score),
            web.get("/api/v1/webhooks", self.webhooks),
            web.post("/api/v1/portal/orders/{id}/{action}", self.step),
            web.get("/api/v1/portal/orders/{id}/papers/{kind}", self.order_paper),
            web.get("/api/v1/portal/papers/{kind}", self.paper),
            web.post("/api/v1/portal/papers", self.hear),
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
            return await self._desk.step(order, action, told_once(action, step), by.who, by.key)

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
        """A supplier's paper: 855, 856, ORDRSP, DESADV. Where nothing of it was done, the answer is an error too."""
        told = await self._papers.hear(await _whole(request), request[WHO])
        if (no := told.refusal) is None:
            return reply(told)
        said = {"error": no["reason"], "detail": no["detail"], "hint": no["hint"], "done": told.done}
        return reply(said | {"problems": told.problems}, status=409 if no["reason"] in CONFLICTS else 422)

    async def _paper(self, request: web.Request, supplier: str, order: int) -> web.Response:
        content, body = await self._papers.paper(request.match_info["kind"], supplier, order)
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


async def _whole(request: web.Request) -> bytes:
    """The body of a paper, which may be larger than other writes."""
    body = bytearray()
    async for part in request.content.iter_chunked(64 * 1024):
        body += part
        if len(body) > BYTES_MAX:
            hint = "send it in parts, each under a number of its own"
            raise Refusal(413, "too_large", f"the paper is larger than {BYTES_MAX >> 20} MiB", hint)
    return bytes(body)
