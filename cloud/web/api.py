"""What programs and the page ask for over HTTP: the snapshot and its parts, history, acknowledging, health."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.view import AlertView, SkuView, SlotView
from cloud.metrics import CONTENT_TYPE, Audience, Metrics
from cloud.web.access import WHO
from cloud.web.desk import Desk, DeskError, NotFound, Unavailable
from cloud.web.live import Live
from cloud.web.replies import Refusal, refused, reply, reply_bytes
from cloud.web.sign_in import SignIn

POINTS_MAX = 5000
POINTS_DEFAULT = 500
DAY_MS = 24 * 3600 * 1000
TIME_MS_MAX = 2**53
REPLIES_MAX = 1000
KEY_LENGTH_MAX = 128
PARTS = {
    "stock": "skus",
    "slots": "slots",
    "alerts": "alerts",
    "needs": "needs",
    "devices": "devices",
    "zones": "zones",
    "gateways": "gateways",
}
"""The lists of the snapshot that have an address of their own under /api."""


class Acknowledgement(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an acknowledgement; it may be left out."""

    note: Annotated[str, Meta(max_length=500)] = ""


class Replies:
    """The replies to the last writes, by who asked, for what, with which Idempotency-Key: one that was lost on its way
    can be asked for again. At the limit the oldest is forgotten, which does no harm: the writes are idempotent too."""

    def __init__(self, limit: int = REPLIES_MAX) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str, str], tuple[int, bytes]] = OrderedDict()

    def find(self, key: tuple[str, str, str]) -> tuple[int, bytes] | None:
        """Status and body of the reply given before."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, key: tuple[str, str, str], status: int, body: bytes) -> None:
        """Remember a reply."""
        self._kept[key] = (status, body)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)


class Api:
    """The routes under /api, and the three that look after the service."""

    def __init__(self, desk: Desk, live: Live, sign_in: SignIn, metrics: Metrics, now_ms: Callable[[], int]) -> None:
        self._desk = desk
        self._live = live
        self._sign_in = sign_in
        self._metrics = metrics
        self._now_ms = now_ms
        self._replies = Replies()

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/healthz", self.health),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
            web.get("/api/snapshot", self.snapshot),
            *(web.get(f"/api/{part}", self.part) for part in PARTS),
            web.get("/api/skus/{id}", self.sku),
            web.get("/api/slots/{id}", self.slot),
            web.get("/api/alerts/{id}", self.alert),
            web.get("/api/history", self.history),
            web.get("/api/completeness", self.completeness),
            web.post("/api/alerts/{id}/ack", self.acknowledge),
        ]

    async def health(self, _: web.Request) -> web.Response:
        """The process is alive and its event loop turns."""
        return reply({"alive": True})

    async def ready(self, _: web.Request) -> web.Response:
        """Whether the service can do its work, and if not, why not."""
        reasons = self._desk.ready()
        return reply({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def metrics(self, _: web.Request) -> web.Response:
        """The service's figures for Prometheus."""
        audience = Audience(self._live.clients, self._live.clients_refused, self._sign_in.refused)
        page = self._metrics.page(self._desk.counts(), audience)
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE})

    async def snapshot(self, request: web.Request) -> web.Response:
        """Everything; serialised and packed once a number, however many ask."""
        accepts_gzip = "gzip" in request.headers.get("Accept-Encoding", "").lower()
        if accepts_gzip:
            q, body = await self._live.snapshot_gzip()
        else:
            q, body = self._live.current.q, self._live.snapshot_json()
        tag = f"{self._live.current.epoch}-{q}"
        if any(known.value == tag for known in request.if_none_match or ()):
            response = web.Response(status=304)
        else:
            response = web.Response(body=body, content_type="application/json")
            if accepts_gzip:
                response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["ETag"] = f'W/"{tag}"'
        return response

    async def part(self, request: web.Request) -> web.Response:
        """One list of the snapshot."""
        return reply(getattr(self._live.current, PARTS[request.path.rpartition("/")[2]]))

    async def sku(self, request: web.Request) -> web.Response:
        """One SKU."""
        return reply(_one("SKU", self._live.current.skus, request.match_info["id"]))

    async def slot(self, request: web.Request) -> web.Response:
        """One slot."""
        return reply(_one("slot", self._live.current.slots, request.match_info["id"]))

    async def alert(self, request: web.Request) -> web.Response:
        """One alert."""
        return reply(_one("alert", self._live.current.alerts, request.match_info["id"]))

    async def history(self, request: web.Request) -> web.Response:
        """A series: `series`, and if wanted `from`, `to` (ms; the last day) and `points` (at most 5000)."""
        series = request.query.get("series", "")
        if not 0 < len(series) <= 200:
            hint = "take a name from /api/devices or /api/zones"
            raise Refusal(400, "bad_request", "`series` has to name a series", hint)
        to_ms = _whole(request, "to", self._now_ms(), 0, TIME_MS_MAX)
        from_ms = _whole(request, "from", max(0, to_ms - DAY_MS), 0, TIME_MS_MAX)
        points = _whole(request, "points", POINTS_DEFAULT, 2, POINTS_MAX)
        if from_ms > to_ms:
            raise Refusal(400, "bad_request", "`from` is later than `to`", "swap them")
        times, values = await self._desk.history(series, from_ms, to_ms, points)
        return reply({"series": series, "times": times, "values": values})

    async def completeness(self, request: web.Request) -> web.Response:
        """What of all that gateways numbered is here, and what is not; if wanted only what became known since `since`
        (ms)."""
        return reply(await self._desk.completeness(_whole(request, "since", 0, 0, TIME_MS_MAX)))

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Acknowledge an alert, with a note if wanted. The same Idempotency-Key gets the same reply."""
        alert_id = _alert_id(request.match_info["id"])
        idempotency_key = request.headers.get("Idempotency-Key", "")
        if len(idempotency_key) > KEY_LENGTH_MAX:
            hint = f"use at most {KEY_LENGTH_MAX} characters; a UUID is fine"
            raise Refusal(400, "bad_request", "the Idempotency-Key is too long", hint)
        body = await request.read()
        try:
            given = msgspec.json.decode(body, type=Acknowledgement) if body else Acknowledgement()
        except ValueError as error:
            hint = 'send {"note": TEXT} with at most 500 characters, or nothing'
            raise Refusal(400, "bad_request", f"the acknowledgement can not be read: {error}", hint) from None
        user = request[WHO].name
        key = (user, str(alert_id), idempotency_key)
        if idempotency_key and (before := self._replies.find(key)):
            return reply_bytes(before[1], status=before[0])
        try:
            response = reply(await self._desk.acknowledge(alert_id, user, given.note))
        except Unavailable:
            raise  # says nothing about the alert: to be tried again under the same key
        except DeskError as error:
            response = refused(error, "an acknowledgement")
        if idempotency_key:
            assert isinstance(response.body, bytes)
            self._replies.keep(key, response.status, response.body)
        return response


def _one(
    kind: str, viewed: Sequence[SkuView] | Sequence[SlotView] | Sequence[AlertView], wanted: str
) -> SkuView | SlotView | AlertView:
    for one in viewed:
        if str(one.id) == wanted:
            return one
    raise NotFound(f"there is no {kind} {wanted[:100]!r}", "the list without an id shows all there are")


def _alert_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound(f"there is no alert {text[:100]!r}", "alerts are numbered; /api/alerts shows them")
    return int(text)


def _whole(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query.get(name, "")
    if not text:
        return default
    if text.isascii() and text.isdigit() and len(text) <= 18 and least <= int(text) <= most:
        return int(text)
    raise Refusal(400, "bad_request", f"`{name}` is not a whole number", f"send one from {least} to {most}")
