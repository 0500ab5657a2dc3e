"""What programs and the page ask for over HTTP: the snapshot and its parts, history, acknowledging, health."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core import view
from cloud.core.completeness import Completeness
from cloud.core.heat import HOUR_MS, HOURS_MAX
from cloud.core.view import AlertView, NeedView, SkuView, SlotView, Snapshot
from cloud.metrics import CONTENT_TYPE, Audience, Metrics
from cloud.web.desk import Desk, NotFound
from cloud.web.live import Live
from cloud.web.queries import Number, Text, Whole, number
from cloud.web.replies import Refusal, reply
from cloud.web.routing import Given, Media, Route, get, post
from cloud.web.sign_in import SignIn

POINTS_MAX = 5000
POINTS_DEFAULT = 500
DAY_MS = 24 * 3600 * 1000
PARTS = {
    "stock": ("skus", SkuView),
    "slots": ("slots", SlotView),
    "alerts": ("alerts", AlertView),
    "needs": ("needs", NeedView),
    "devices": ("devices", view.DeviceView),
    "zones": ("zones", view.ZoneView),
    "gateways": ("gateways", view.GatewayView),
}
"""The lists of the snapshot that have an address of their own under /api/v1, and what they are of."""
SERIES = Text("series", "The name of a series, from /api/v1/devices or /api/v1/zones.", required=True)
FROM = Whole("from", "Its beginning, in ms since 1970; left out, a day before the end.", None)
TO = Whole("to", "Its end, in ms since 1970; left out, now.", None)
POINTS = Whole("points", "How many points at most.", POINTS_DEFAULT, 2, POINTS_MAX)
SINCE = Whole("since", "Only what became known since then, in ms since 1970.", 0)
NUMBERED = {"id": Number}
HOURS = Whole("hours", "Of how many hours, the one that goes on with them.", 24, 1, HOURS_MAX)


class PicksOf(Struct, frozen=True):
    """Units that were taken out of a slot."""

    slot: str
    units: int


class Alive(Struct, frozen=True):
    """The process answers."""

    alive: bool


class Ready(Struct, frozen=True):
    """Whether the service can do its work, and why not, a sentence each."""

    ready: bool
    reasons: list[str]


class SeriesView(Struct, frozen=True):
    """A series of the history: times in ms since 1970, and values; null where there is a gap."""

    series: str
    times: Sequence[int]
    values: Sequence[float | None]


class Acknowledgement(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an acknowledgement; it may be left out."""

    note: Annotated[str, Meta(max_length=500)] = ""


class Api:
    """The routes under /api/v1, and the three that look after the service."""

    def __init__(self, desk: Desk, live: Live, sign_in: SignIn, metrics: Metrics, now_ms: Callable[[], int]) -> None:
        self._desk = desk
        self._live = live
        self._sign_in = sign_in
        self._metrics = metrics
        self._now_ms = now_ms

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            get("/healthz", self.health, None, Alive),
            get("/readyz", self.ready, None, Ready, also={503: Ready}),
            get("/metrics", self.metrics, "govern", Media(("text/plain",))),
            get("/api/v1/snapshot", self.snapshot, "look", Snapshot, also={304: None}),
            *(get(f"/api/v1/{part}", self.part, "look", list[kind]) for part, (_, kind) in PARTS.items()),  # type: ignore[valid-type]
            get("/api/v1/skus/{id}", self.sku, "look", SkuView),
            get("/api/v1/slots/{id}", self.slot, "look", SlotView),
            get("/api/v1/alerts/{id}", self.alert, "look", AlertView, named=NUMBERED),
            get("/api/v1/needs/{id}", self.need, "look", list[NeedView], named=NUMBERED),
            get("/api/v1/history", self.history, "look", SeriesView, SERIES, FROM, TO, POINTS, refusals=("unknown",)),
            get("/api/v1/picks", self.picks, "look", list[PicksOf], HOURS),
            get("/api/v1/completeness", self.completeness, "look", Completeness, SINCE),
            post(
                "/api/v1/alerts/{id}/ack", self.acknowledge, "respond", Acknowledgement, AlertView,
                named=NUMBERED, thing=self.alert,
            ),
        ]  # fmt: skip

    async def health(self, _: web.Request) -> object:
        """The process is alive and its event loop turns."""
        return Alive(True)

    async def ready(self, _: web.Request) -> object:
        """Whether the service can do its work, and if not, why not."""
        reasons = self._desk.ready()
        return reply(Ready(not reasons, reasons), status=503 if reasons else 200)

    async def metrics(self, _: web.Request) -> web.Response:
        """The service's figures for Prometheus."""
        live = self._live
        audience = Audience(live.clients, live.clients_max, live.clients_refused, self._sign_in.refused)
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

    async def part(self, request: web.Request) -> object:
        """One list of the snapshot."""
        return getattr(self._live.current, PARTS[request.path.rpartition("/")[2]][0])

    async def sku(self, request: web.Request) -> object:
        """One SKU."""
        return _one("SKU", self._live.current.skus, request.match_info["id"])

    async def slot(self, request: web.Request) -> object:
        """One slot."""
        return _one("slot", self._live.current.slots, request.match_info["id"])

    async def alert(self, request: web.Request) -> object:
        """One alert, however long ago it fired."""
        wanted = number(request, "alert")
        there = next((one for one in self._live.current.alerts if one.id == wanted), None)
        return there if there is not None else await self._desk.alert(wanted)

    async def need(self, request: web.Request) -> object:
        """Every version of a need, oldest first: what was proposed then, and why."""
        return await self._desk.need_versions(number(request, "need"))

    async def picks(self, request: web.Request) -> object:
        """Where people pick: the units taken out of each slot, most first."""
        found = self._desk.picks(self._now_ms() - (HOURS.of(request) - 1) * HOUR_MS)
        return [PicksOf(slot, units) for slot, units in sorted(found.items(), key=lambda one: (-one[1], one[0]))]

    async def history(self, request: web.Request) -> object:
        """A series of the history, thinned to so many points."""
        series, to_ms = SERIES.of(request), TO.of(request, self._now_ms())
        from_ms, points = FROM.of(request, max(0, to_ms - DAY_MS)), POINTS.of(request)
        if from_ms > to_ms:
            raise Refusal(400, "bad_request", "`from` is later than `to`", "swap them")
        return SeriesView(series, *await self._desk.history(series, from_ms, to_ms, points))

    async def completeness(self, request: web.Request) -> object:
        """What of all that gateways numbered is here, and what is not."""
        return await self._desk.completeness(SINCE.of(request))

    async def acknowledge(self, request: web.Request, given: Acknowledgement, by: Given) -> object:
        """Acknowledge an alert, with a note if wanted."""
        return await self._desk.acknowledge(number(request, "alert"), by.who.name, given.note)


def _one(kind: str, viewed: Sequence[SkuView] | Sequence[SlotView], wanted: str) -> SkuView | SlotView:
    for one in viewed:
        if str(one.id) == wanted:
            return one
    raise NotFound(f"there is no {kind} {wanted[:100]!r}", "the list without an id shows all there are")
