"""What programs and the page ask for over HTTP: the snapshot and its parts, history, acknowledging, health."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.view import AlertView, SkuView, SlotView
from cloud.metrics import CONTENT_TYPE, Audience, Metrics
from cloud.web.desk import Desk, NotFound
from cloud.web.live import Live
from cloud.web.queries import TIME_MS_MAX, number, whole
from cloud.web.replies import Refusal, reply
from cloud.web.sign_in import SignIn
from cloud.web.writes import Given, Writes

POINTS_MAX = 5000
POINTS_DEFAULT = 500
DAY_MS = 24 * 3600 * 1000
PARTS = {
    "stock": "skus",
    "slots": "slots",
    "alerts": "alerts",
    "needs": "needs",
    "devices": "devices",
    "zones": "zones",
    "gateways": "gateways",
}
"""The lists of the snapshot that have an address of their own under /api/v1."""


class Acknowledgement(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an acknowledgement; it may be left out."""

    note: Annotated[str, Meta(max_length=500)] = ""


class Api:
    """The routes under /api/v1, and the three that look after the service."""

    def __init__(
        self, desk: Desk, live: Live, sign_in: SignIn, metrics: Metrics, writes: Writes, now_ms: Callable[[], int]
    ) -> None:
        self._desk = desk
        self._live = live
        self._sign_in = sign_in
        self._metrics = metrics
        self._now_ms = now_ms
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/healthz", self.health),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
            web.get("/api/v1/snapshot", self.snapshot),
            *(web.get(f"/api/v1/{part}", self.part) for part in PARTS),
            web.get("/api/v1/skus/{id}", self.sku),
            web.get("/api/v1/slots/{id}", self.slot),
            web.get("/api/v1/alerts/{id}", self.alert),
            web.get("/api/v1/needs/{id}", self.need),
            web.get("/api/v1/history", self.history),
            web.get("/api/v1/completeness", self.completeness),
            web.post("/api/v1/alerts/{id}/ack", self.acknowledge),
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
        """One alert, however long ago it fired."""
        wanted = number(request, "alert")
        there = next((one for one in self._live.current.alerts if one.id == wanted), None)
        return reply(there if there is not None else await self._desk.alert(wanted))

    async def need(self, request: web.Request) -> web.Response:
        """Every version of a need, oldest first: what was proposed then, and why."""
        return reply(await self._desk.need_versions(number(request, "need")))

    async def history(self, request: web.Request) -> web.Response:
        """A series: `series`, and if wanted `from`, `to` (ms; the last day) and `points` (at most 5000)."""
        series = request.query.get("series", "")
        if not 0 < len(series) <= 200:
            hint = "take a name from /api/v1/devices or /api/v1/zones"
            raise Refusal(400, "bad_request", "`series` has to name a series", hint)
        to_ms = whole(request, "to", self._now_ms(), 0, TIME_MS_MAX)
        from_ms = whole(request, "from", max(0, to_ms - DAY_MS), 0, TIME_MS_MAX)
        points = whole(request, "points", POINTS_DEFAULT, 2, POINTS_MAX)
        if from_ms > to_ms:
            raise Refusal(400, "bad_request", "`from` is later than `to`", "swap them")
        times, values = await self._desk.history(series, from_ms, to_ms, points)
        return reply({"series": series, "times": times, "values": values})

    async def completeness(self, request: web.Request) -> web.Response:
        """What of all that gateways numbered is here, and what is not; if wanted only what became known since `since`
        (ms)."""
        return reply(await self._desk.completeness(whole(request, "since", 0, 0, TIME_MS_MAX)))

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Acknowledge an alert, with a note if wanted. The same Idempotency-Key gets the same reply."""
        alert_id = number(request, "alert")

        async def act(given: Acknowledgement, by: Given) -> AlertView:
            return await self._desk.acknowledge(alert_id, by.who.name, given.note)

        return await self._writes.take(request, Acknowledgement, act)


def _one(kind: str, viewed: Sequence[SkuView] | Sequence[SlotView], wanted: str) -> SkuView | SlotView:
    for one in viewed:
        if str(one.id) == wanted:
            return one
    raise NotFound(f"there is no {kind} {wanted[:100]!r}", "the list without an id shows all there are")
